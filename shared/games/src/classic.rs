//! Classic control: [`CartPole`] and [`MountainCar`], from gym-rs, held to Gymnasium's rules.
//!
//! The limits of time are not in here: gym-rs never says `truncated`, and Gymnasium too leaves that to a wrapper.
//! [`cart_pole`] and [`mountain_car`] are the games with their limits, as Gymnasium's `make` gives them.

use gym_rs::{
    core::Env,
    envs::classical_control::{
        cartpole::{CartPoleEnv, CartPoleObservation},
        mountain_car::{MountainCarEnv, MountainCarObservation},
    },
    spaces::BoxR,
    utils::renderer::{RenderColor, RenderFrame, RenderMode, Renders},
};

use crate::{
    Environment, Frame, GameError, Info, Key, Observation, Space, Step, TimeLimit, environment::check,
};

/// Gymnasium's CartPole-v1: [`CartPole`] for at most 500 steps.
pub fn cart_pole() -> TimeLimit<CartPole> {
    TimeLimit::new(CartPole::new(), 500)
}

/// Gymnasium's MountainCar-v0: [`MountainCar`] for at most 200 steps.
pub fn mountain_car() -> TimeLimit<MountainCar> {
    TimeLimit::new(MountainCar::new(), 200)
}

/// Keep a pole upright by pushing the cart that it stands on (Barto, Sutton and Anderson 1983).
///
/// Each step earns 1. The pole has fallen at 12 degrees, and the cart may not go further than 2.4 m from the middle.
/// An observation is the cart's position and velocity, the pole's angle (0 is upright, right is positive) and the
/// velocity of that: in metres, radians and seconds.
///
/// ```
/// use games::{CartPole, Environment};
/// let mut game = CartPole::new();
/// let (start, _) = game.reset(7);
/// assert!(start.iter().all(|number| number.abs() <= 0.05));
/// let step = game.step(1)?;
/// assert!(step.reward == 1.0 && step.observation[1] > start[1]); // pushed to the right
/// # Ok::<(), games::GameError>(())
/// ```
pub struct CartPole {
    /// Has the constants, draws the start and the pictures. It does not step: see [`CartPole::advance`].
    game: CartPoleEnv,
    state: [f64; 4],
    steps: usize,
    playing: bool,
    last_action: usize,
}

impl CartPole {
    /// The game without a limit of time; no episode is under way yet.
    pub fn new() -> Self {
        CartPole {
            game: CartPoleEnv::new(RenderMode::None),
            state: [0.0; 4],
            steps: 0,
            playing: false,
            last_action: 1,
        }
    }

    /// Begins an episode at a state of choice: position, velocity, angle, its velocity.
    ///
    /// # Errors
    /// When the game would be over there.
    pub fn begin(&mut self, state: [f64; 4]) -> Result<Observation, GameError> {
        if !state.iter().all(|number| number.is_finite()) || self.over(state) {
            return Err(GameError::Position {
                game: self.name(),
                reason: format!(
                    "{state:?}: the cart stays within 2.4 of the middle and the pole within 0.209 of upright"
                ),
            });
        }
        (self.state, self.steps, self.playing, self.last_action) = (state, 0, true, 1);
        Ok(rounded(&state))
    }

    /// Where things are, unrounded: position, velocity, angle, its velocity.
    pub fn state(&self) -> [f64; 4] {
        self.state
    }

    /// The state after a fiftieth of a second with a push to the left (0) or to the right (1).
    ///
    /// These are Gymnasium's equations (Florian 2007, without friction, a step of Euler's method), for gym-rs's `step` has
    /// a mistake: its product of the pole's mass and half length is a sum, 0.1 + 0.5 where it should be 0.1 · 0.5. A pole
    /// pulls its cart 12 times too hard: a push takes a cart at rest to 0.341 m/s, not 0.195. Random play lasts 22 steps
    /// either way, so that nobody notices, but an agent has learned another game than everyone else's.
    fn advance(&self, action: usize) -> [f64; 4] {
        let game = &self.game;
        let (gravity, length, tau) = (*game.gravity, *game.length, *game.tau);
        let (pole_mass, total_mass) = (*game.masspole, *game.masspole + *game.masscart);
        let force = if action == 1 {
            *game.force_mag
        } else {
            -*game.force_mag
        };
        let [x, x_velocity, angle, angle_velocity] = self.state;
        let (sine, cosine) = angle.sin_cos();

        let pole_mass_length = pole_mass * length;
        let pull = (force + pole_mass_length * angle_velocity * angle_velocity * sine) / total_mass;
        let angle_acceleration = (gravity * sine - cosine * pull)
            / (length * (4.0 / 3.0 - pole_mass * cosine * cosine / total_mass));
        let x_acceleration = pull - pole_mass_length * angle_acceleration * cosine / total_mass;

        [
            x + tau * x_velocity,
            x_velocity + tau * x_acceleration,
            angle + tau * angle_velocity,
            angle_velocity + tau * angle_acceleration,
        ]
    }

    /// Whether the pole has fallen or the cart has left.
    fn over(&self, [x, _, angle, _]: [f64; 4]) -> bool {
        x.abs() > *self.game.x_threshold || angle.abs() > *self.game.theta_threshold_radians
    }
}

impl Default for CartPole {
    fn default() -> Self {
        Self::new()
    }
}

impl Environment for CartPole {
    fn name(&self) -> &'static str {
        "cart-pole"
    }

    fn observation_space(&self) -> Space {
        let BoxR { low, high } = self.game.observation_space.clone();
        space(low.into(), high.into())
    }

    fn actions(&self) -> &'static [&'static str] {
        &["left", "right"]
    }

    fn reset(&mut self, seed: u64) -> (Observation, Info) {
        // By itself gym-rs begins anywhere within 0.5, where more than half of the poles have fallen already.
        let corner =
            |bound: f64| CartPoleObservation::new(bound.into(), bound.into(), bound.into(), bound.into());
        let bounds = BoxR::new(corner(-0.05), corner(0.05));
        let (start, _) = self.game.reset(Some(seed), false, Some(bounds));
        self.state.copy_from_slice(&Vec::from(start));
        (self.steps, self.playing, self.last_action) = (0, true, 1);
        (rounded(&self.state), Info::default())
    }

    fn step(&mut self, action: usize) -> Result<Step, GameError> {
        check(self, self.playing, action)?;
        self.state = self.advance(action);
        self.steps += 1;
        self.last_action = action;
        self.playing = !self.over(self.state);
        Ok(Step {
            observation: rounded(&self.state),
            reward: 1.0,
            terminated: !self.playing,
            truncated: false,
            info: Info {
                score: self.steps as f64,
                ..Info::default()
            },
        })
    }

    /// 300 × 200 pixels.
    fn render(&mut self) -> Frame {
        let [x, x_velocity, angle, angle_velocity] = self.state.map(Into::into);
        self.game.state = CartPoleObservation::new(x, x_velocity, angle, angle_velocity);
        halved(&self.game.render(RenderMode::RgbArray))
    }

    fn text(&self) -> String {
        let [x, _, angle, _] = self.state;
        let mut sheet = Sheet::new(10);
        // A metre is 12.5 columns, and half as many rows, as letters are twice as high as they are wide.
        let column = |metres: f64| 30 + (metres * 12.5).round() as i32;
        let mut below = column(x);
        for row in 1..=6 {
            let here = column(x + f64::from(row) * 2.0 / 12.5 * angle.tan());
            let letter = match here.cmp(&below) {
                std::cmp::Ordering::Less => '\\',
                std::cmp::Ordering::Equal => '|',
                std::cmp::Ordering::Greater => '/',
            };
            sheet.put(here, 7 - row, letter);
            below = here;
        }
        for (from, letter) in (-2..).zip("[=o=]".chars()) {
            sheet.put(column(x) + from, 7, letter);
        }
        sheet.write(8, &"-".repeat(COLUMNS));
        let way = if angle < 0.0 { "left" } else { "right" };
        sheet.write(
            9,
            &format!(
                "cart {x:+.2} m   pole {:.1} degrees to the {way}",
                angle.abs().to_degrees()
            ),
        );
        sheet.text()
    }

    /// A push lasts until the other key is pressed: the cart is always pushed one way or the other.
    fn action_for(&self, key: Key) -> Option<usize> {
        match key {
            Key::Left => Some(0),
            Key::Right => Some(1),
            Key::Nothing => Some(self.last_action),
            _ => None,
        }
    }

    /// Half of real time, in which a pole that is pushed one way only has fallen after a fifth of a second.
    fn steps_per_second(&self) -> u32 {
        25
    }
}

/// Drive a car out of a valley that is too steep for it, by swinging (Moore 1990).
///
/// Each step earns −1 until the car is at the flag. An observation is its position, −1.2 … 0.6 (the valley's bottom is
/// at −0.52, the flag at 0.5), and its velocity, −0.07 … 0.07 a step.
pub struct MountainCar {
    game: MountainCarEnv,
    steps: usize,
    playing: bool,
}

impl MountainCar {
    /// The game without a limit of time; no episode is under way yet.
    pub fn new() -> Self {
        MountainCar {
            game: MountainCarEnv::new(RenderMode::None),
            steps: 0,
            playing: false,
        }
    }

    /// Begins an episode at a state of choice: position and velocity.
    ///
    /// # Errors
    /// When it is outside of the game's bounds, or at the flag, where the game is over.
    pub fn begin(&mut self, state: [f64; 2]) -> Result<Observation, GameError> {
        let [position, velocity] = state;
        let positions = *self.game.min_position..=*self.game.max_position;
        let velocities = -*self.game.max_speed..=*self.game.max_speed;
        let arrived = position >= *self.game.goal_position && velocity >= *self.game.goal_velocity;
        if !positions.contains(&position) || !velocities.contains(&velocity) || arrived {
            return Err(GameError::Position {
                game: self.name(),
                reason: format!(
                    "{state:?}: the position is within -1.2 and 0.5, where the flag is, the velocity within 0.07"
                ),
            });
        }
        self.game.state = MountainCarObservation::new(position.into(), velocity.into());
        (self.steps, self.playing) = (0, true);
        Ok(rounded(&state))
    }

    /// Where the car is, unrounded: position and velocity.
    pub fn state(&self) -> [f64; 2] {
        [*self.game.state.position, *self.game.state.velocity]
    }
}

impl Default for MountainCar {
    fn default() -> Self {
        Self::new()
    }
}

impl Environment for MountainCar {
    fn name(&self) -> &'static str {
        "mountain-car"
    }

    fn observation_space(&self) -> Space {
        let BoxR { low, high } = self.game.observation_space.clone();
        space(low.into(), high.into())
    }

    fn actions(&self) -> &'static [&'static str] {
        &["left", "nothing", "right"]
    }

    fn reset(&mut self, seed: u64) -> (Observation, Info) {
        // At rest, within -0.6 and -0.4: gym-rs's bounds are Gymnasium's here.
        self.game.reset(Some(seed), false, None);
        (self.steps, self.playing) = (0, true);
        (rounded(&self.state()), Info::default())
    }

    fn step(&mut self, action: usize) -> Result<Step, GameError> {
        check(self, self.playing, action)?;
        let step = self.game.step(action);
        self.steps += 1;
        self.playing = !step.done;
        Ok(Step {
            observation: rounded(&self.state()),
            reward: *step.reward,
            terminated: step.done,
            truncated: false,
            info: Info {
                score: -(self.steps as f64),
                ..Info::default()
            },
        })
    }

    /// 300 × 200 pixels.
    fn render(&mut self) -> Frame {
        // With this mode gym-rs would draw at every step, and without it never.
        self.game.render_mode = RenderMode::SingleRgbArray;
        let picture = self.game.render(RenderMode::SingleRgbArray);
        self.game.render_mode = RenderMode::None;
        halved(&picture)
    }

    fn text(&self) -> String {
        let [position, velocity] = self.state();
        let mut sheet = Sheet::new(19);
        let (left, right) = (*self.game.min_position, *self.game.max_position);
        let column =
            |position: f64| ((position - left) / (right - left) * (COLUMNS - 1) as f64).round() as i32;
        // The hills are as high as they are in the pictures: 0.1 to 1, of which a row is 0.06.
        let row = |column: i32| {
            let position = left + f64::from(column) * (right - left) / (COLUMNS - 1) as f64;
            17 - (((3.0 * position).sin() * 0.45 + 0.45) / 0.06).round() as i32
        };
        for column in 0..COLUMNS as i32 {
            let (before, here, after) = (row(column - 1), row(column), row(column + 1));
            let letter = if after < here {
                '/'
            } else if before < here {
                '\\'
            } else {
                '_'
            };
            sheet.put(column, here, letter);
        }
        let flag = column(*self.game.goal_position);
        sheet.put(flag, row(flag) - 1, 'P');
        let car = column(position);
        sheet.put(car, row(car) - 1, 'O');
        sheet.write(18, &format!("position {position:+.2}   velocity {velocity:+.3}"));
        sheet.text()
    }

    fn action_for(&self, key: Key) -> Option<usize> {
        match key {
            Key::Left => Some(0),
            Key::Nothing | Key::Down => Some(1),
            Key::Right => Some(2),
            _ => None,
        }
    }

    fn steps_per_second(&self) -> u32 {
        self.game.metadata.render_fps
    }
}

/// What the agent sees: single precision, as in Gymnasium.
fn rounded(state: &[f64]) -> Observation {
    state.iter().map(|&number| number as f32).collect()
}

/// One bound for all of a box.
fn space(low: Vec<f64>, high: Vec<f64>) -> Space {
    Space {
        shape: vec![low.len()],
        low: low.into_iter().fold(f64::INFINITY, f64::min) as f32,
        high: high.into_iter().fold(f64::NEG_INFINITY, f64::max) as f32,
    }
}

/// gym-rs's picture of 600 × 400 at half its size: each pixel is the mean of four.
fn halved(renders: &Renders) -> Frame {
    let empty = RenderFrame::new(Vec::new());
    let RenderFrame(rows) = match renders {
        Renders::SingleRgbArray(picture) => picture,
        _ => &empty,
    };
    let mut pixels = Vec::with_capacity(rows.len() / 2 * 300);
    for pair in rows.chunks_exact(2) {
        for (upper, lower) in pair[0].chunks_exact(2).zip(pair[1].chunks_exact(2)) {
            let mut sums = [0_u16; 3];
            for RenderColor::RGB(red, green, blue) in upper.iter().chain(lower) {
                for (sum, part) in sums.iter_mut().zip([red, green, blue]) {
                    *sum += u16::from(*part);
                }
            }
            pixels.push(sums.map(|sum| (sum / 4) as u8));
        }
    }
    Frame {
        width: rows.first().map_or(0, Vec::len) / 2,
        height: rows.len() / 2,
        pixels,
    }
}

/// How wide a view as text is.
const COLUMNS: usize = 61;

/// A sheet of letters.
struct Sheet(Vec<[char; COLUMNS]>);

impl Sheet {
    fn new(rows: usize) -> Self {
        Sheet(vec![[' '; COLUMNS]; rows])
    }

    /// Nothing happens beyond the edges.
    fn put(&mut self, column: i32, row: i32, letter: char) {
        let (Ok(column), Ok(row)) = (usize::try_from(column), usize::try_from(row)) else {
            return;
        };
        if let Some(place) = self.0.get_mut(row).and_then(|row| row.get_mut(column)) {
            *place = letter;
        }
    }

    fn write(&mut self, row: i32, line: &str) {
        for (column, letter) in (0..).zip(line.chars()) {
            self.put(column, row, letter);
        }
    }

    fn text(&self) -> String {
        let rows: Vec<String> = self.0.iter().map(|row| row.iter().collect()).collect();
        rows.join("\n")
    }
}
