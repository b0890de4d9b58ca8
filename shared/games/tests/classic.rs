//! The games from gym-rs against Gymnasium: starts, dynamics, limits, and what is drawn.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic, in its helpers too"
)]

use games::{CartPole, Environment, Frame, GameError, Key, MountainCar, cart_pole, mountain_car};
use gym_rs::{
    core::Env,
    envs::classical_control::cartpole::{CartPoleEnv, CartPoleObservation},
    utils::renderer::RenderMode,
};

/// One step of an episode from Gymnasium.
struct Recorded {
    before: Vec<f64>,
    action: usize,
    reward: f64,
    terminated: bool,
    after: Vec<f64>,
}

/// The episodes of `game`, named, from the file that `reference/trajectories.py` wrote.
fn recorded(game: &str) -> Vec<(&'static str, Vec<Recorded>)> {
    let mut episodes: Vec<(&str, Vec<Recorded>)> = Vec::new();
    let mut lines = include_str!("reference/gymnasium.txt").lines();
    let numbers =
        |line: &str| -> Vec<f64> { line.split(' ').map(|number| number.parse().unwrap()).collect() };
    let (mut state, mut wanted) = (Vec::new(), false);
    while let Some(line) = lines.next() {
        if let Some((name, shows)) = line.split_once(' ').filter(|(name, _)| name.contains("-v")) {
            state = numbers(lines.next().unwrap());
            wanted = name == game;
            if wanted {
                episodes.push((shows, Vec::new()));
            }
            continue;
        }
        let step = numbers(line);
        let before = std::mem::replace(&mut state, step[3..].to_vec());
        if wanted {
            episodes.last_mut().unwrap().1.push(Recorded {
                before,
                action: step[0] as usize,
                reward: step[1],
                terminated: step[2] == 1.0,
                after: state.clone(),
            });
        }
    }
    episodes
}

fn close(found: &[f64], wanted: &[f64]) -> bool {
    found.len() == wanted.len() && found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-9)
}

#[test]
fn cart_pole_moves_as_in_gymnasium() {
    let mut game = CartPole::new();
    let episodes = recorded("CartPole-v1");
    for (shows, steps) in &episodes {
        for (number, step) in steps.iter().enumerate() {
            // From Gymnasium's state every time: a pole doubles what is lost in the last digit every few steps.
            game.begin(step.before.clone().try_into().unwrap()).unwrap();
            let found = game.step(step.action).unwrap();
            let place = format!("{shows}, step {number}");
            assert!(close(&game.state(), &step.after), "{place}: {:?}", game.state());
            assert_eq!(
                (found.reward, found.terminated),
                (step.reward, step.terminated),
                "{place}"
            );
            let rounded: Vec<f32> = step.after.iter().map(|&number| number as f32).collect();
            assert_eq!(found.observation.len(), rounded.len());
            assert!(
                found
                    .observation
                    .iter()
                    .zip(&rounded)
                    .all(|(a, b)| (a - b).abs() < 1e-6),
                "{place}"
            );
        }
    }
    // The file shows both ends on both sides, and an episode that goes on.
    let ends = |name: &str| {
        let (_, steps) = episodes.iter().find(|(shows, _)| *shows == name).unwrap();
        let last = steps.last().unwrap();
        (last.terminated, last.after[0], last.after[2])
    };
    assert!(!ends("balanced").0);
    assert!(ends("falls-left").0 && ends("falls-left").2 < -0.209);
    assert!(ends("falls-right").0 && ends("falls-right").2 > 0.209);
    assert!(ends("leaves-left").0 && ends("leaves-left").1 < -2.4);
    assert!(ends("leaves-right").0 && ends("leaves-right").1 > 2.4);
}

#[test]
fn mountain_car_moves_as_in_gymnasium() {
    let mut game = MountainCar::new();
    let episodes = recorded("MountainCar-v0");
    let (mut flags, mut walls, mut fastest) = (0, 0, 0.0_f64);
    for (shows, steps) in &episodes {
        game.begin(steps[0].before.clone().try_into().unwrap()).unwrap();
        for (number, step) in steps.iter().enumerate() {
            let found = game.step(step.action).unwrap();
            let place = format!("{shows}, step {number}");
            assert!(close(&game.state(), &step.after), "{place}: {:?}", game.state());
            assert_eq!(
                (found.reward, found.terminated),
                (step.reward, step.terminated),
                "{place}"
            );
            flags += usize::from(step.terminated);
            walls += usize::from(step.after == [-1.2, 0.0]);
            fastest = fastest.max(step.after[1]);
        }
    }
    // The file shows what is special: the flag, the wall on the left, the bound of speed.
    assert!(
        flags >= 2 && walls >= 1 && fastest == 0.07,
        "{flags}, {walls}, {fastest}"
    );
}

#[test]
fn gym_rs_still_needs_our_step() {
    // The day this fails, gym-rs moves the pole as Gymnasium does, and `CartPole::advance` can go.
    let mut furthest: f64 = 0.0;
    for (_, steps) in recorded("CartPole-v1") {
        for step in steps {
            let [x, x_velocity, angle, angle_velocity] =
                <[f64; 4]>::try_from(step.before).unwrap().map(Into::into);
            let mut game = CartPoleEnv::new(RenderMode::None);
            game.state = CartPoleObservation::new(x, x_velocity, angle, angle_velocity);
            let found = Vec::from(game.step(step.action).observation);
            for (found, wanted) in found.iter().zip(&step.after) {
                furthest = furthest.max((found - wanted).abs());
            }
        }
    }
    assert!(furthest > 0.1, "{furthest}");
}

#[test]
fn episodes_begin_where_gymnasium_begins_them() {
    let (mut pole, mut car) = (CartPole::new(), MountainCar::new());
    let (mut lowest, mut highest) = (f64::INFINITY, f64::NEG_INFINITY);
    for seed in 0..500 {
        pole.reset(seed);
        for number in pole.state() {
            assert!(number.abs() <= 0.05, "{number}");
            (lowest, highest) = (lowest.min(number), highest.max(number));
        }
        car.reset(seed);
        let [position, velocity] = car.state();
        assert!((-0.6..=-0.4).contains(&position) && velocity == 0.0);
    }
    assert!(lowest < -0.049 && highest > 0.049, "{lowest} … {highest}");
}

/// Always to the right until the end.
fn episode(game: &mut impl Environment, seed: u64) -> Vec<Vec<f32>> {
    let mut seen = vec![game.reset(seed).0];
    loop {
        let step = game.step(game.actions().len() - 1).unwrap();
        let ended = step.ended();
        seen.push(step.observation);
        if ended {
            return seen;
        }
    }
}

#[test]
fn an_episode_is_a_function_of_its_seed() {
    let (mut pole, mut car) = (cart_pole(), mountain_car());
    let (first, second) = (episode(&mut pole, 1), episode(&mut pole, 2));
    assert_ne!(first[0], second[0]);
    assert_eq!(first, episode(&mut pole, 1));
    assert_eq!(first, episode(&mut cart_pole(), 1));
    let (first, second) = (episode(&mut car, 1), episode(&mut car, 2));
    assert_ne!(first[0], second[0]);
    assert_eq!(first, episode(&mut mountain_car(), 1));
}

#[test]
fn limits_truncate_and_do_not_terminate() {
    let mut game = cart_pole();
    let (mut seen, _) = game.reset(0);
    for number in 1..=500 {
        // Leans against falling and, a little, against leaving.
        let lean = seen[2] + 0.3 * seen[3] + 0.05 * seen[0] + 0.1 * seen[1];
        let step = game.step(usize::from(lean > 0.0)).unwrap();
        assert_eq!(
            (step.terminated, step.truncated),
            (false, number == 500),
            "step {number}"
        );
        assert_eq!(step.info.score, f64::from(number));
        seen = step.observation;
    }
    assert_eq!(game.step(0), Err(GameError::NotPlaying { game: "cart-pole" }));

    let mut game = mountain_car();
    game.reset(0);
    for number in 1..=200 {
        let step = game.step(1).unwrap();
        assert_eq!(
            (step.terminated, step.truncated),
            (false, number == 200),
            "step {number}"
        );
        assert_eq!(step.reward, -1.0);
    }
    let ended = GameError::NotPlaying { game: "mountain-car" };
    assert_eq!(game.step(0), Err(ended));
}

#[test]
fn what_is_not_allowed_is_refused() {
    let mut game = CartPole::new();
    assert_eq!(game.step(0), Err(GameError::NotPlaying { game: "cart-pole" }));
    game.reset(0);
    let before = game.state();
    let message = game.step(2).unwrap_err().to_string();
    assert_eq!(message, "cart-pole: there is no action 2: it has 2, from 0 to 1");
    assert_eq!(game.state(), before);
    assert!(game.begin([0.0, 0.0, 0.3, 0.0]).is_err());
    assert!(game.begin([f64::NAN, 0.0, 0.0, 0.0]).is_err());

    let mut game = MountainCar::new();
    assert_eq!(game.step(0), Err(GameError::NotPlaying { game: "mountain-car" }));
    game.reset(0);
    assert!(game.step(3).is_err());
    assert!(game.begin([-1.3, 0.0]).is_err());
    assert!(game.begin([0.0, f64::NAN]).is_err());
}

#[test]
fn spaces_hold_what_is_seen() {
    let space = MountainCar::new().observation_space();
    assert_eq!(
        (space.shape.as_slice(), space.low, space.high),
        (&[2][..], -1.2, 0.6)
    );
    let space = CartPole::new().observation_space();
    assert_eq!(space.shape, [4]);
    assert_eq!((space.low, space.high), (f32::NEG_INFINITY, f32::INFINITY));
}

#[test]
fn keys_steer() {
    let mut game = CartPole::new();
    game.reset(0);
    assert_eq!(
        [Key::Left, Key::Right, Key::Up].map(|key| game.action_for(key)),
        [Some(0), Some(1), None]
    );
    for action in [0, 1, 0] {
        game.step(action).unwrap();
        assert_eq!(game.action_for(Key::Nothing), Some(action));
    }
    let game = MountainCar::new();
    let keys = [Key::Left, Key::Nothing, Key::Right, Key::Digit(1)];
    assert_eq!(
        keys.map(|key| game.action_for(key)),
        [Some(0), Some(1), Some(2), None]
    );
}

/// The middle of the pixels of about this colour, from the upper left.
fn middle(frame: &Frame, colour: [u8; 3]) -> (f64, f64) {
    let alike = |pixel: &[u8; 3]| pixel.iter().zip(colour).all(|(&a, b)| a.abs_diff(b) < 12);
    let places: Vec<usize> = (0..frame.pixels.len())
        .filter(|&at| alike(&frame.pixels[at]))
        .collect();
    assert!(places.len() > 20, "{} pixels of {colour:?}", places.len());
    let mean = |of: fn(usize, usize) -> usize| {
        let sum: usize = places.iter().map(|&at| of(at, frame.width)).sum();
        sum as f64 / places.len() as f64
    };
    (mean(|at, width| at % width), mean(|at, width| at / width))
}

#[test]
fn pictures_show_the_state() {
    const POLE: [u8; 3] = [202, 152, 101];
    let mut game = CartPole::new();
    let mut draw = |state| {
        game.begin(state).unwrap();
        game.render()
    };
    let upright = draw([0.0; 4]);
    assert_eq!(
        (upright.width, upright.height, upright.pixels.len()),
        (300, 200, 60_000)
    );
    let (cart, pole) = (middle(&upright, [0; 3]), middle(&upright, POLE));
    assert!(
        (cart.0 - 149.5).abs() < 1.5 && pole.1 < cart.1 - 20.0,
        "{cart:?} {pole:?}"
    );
    let right = draw([0.0, 0.0, 0.2, 0.0]);
    assert!(middle(&right, POLE).0 > pole.0 + 4.0);
    let left = draw([0.0, 0.0, -0.2, 0.0]);
    assert!(middle(&left, POLE).0 < pole.0 - 4.0);
    let away = draw([1.0, 0.0, 0.0, 0.0]);
    assert!((middle(&away, [0; 3]).0 - cart.0 - 62.5).abs() < 1.5);

    let mut game = MountainCar::new();
    let mut draw = |position| {
        game.begin([position, 0.0]).unwrap();
        game.render()
    };
    let (bottom, hill) = (draw(-0.52), draw(0.4));
    assert_ne!(bottom, hill);
    let (low, high) = (middle(&bottom, [0; 3]), middle(&hill, [0; 3]));
    assert!(
        high.0 > low.0 + 100.0 && high.1 < low.1 - 50.0,
        "{low:?} {high:?}"
    );
    // The flag, to the right and above the valley.
    let flag = middle(&bottom, [204, 204, 0]);
    assert!(flag.0 > 280.0 && flag.1 < 60.0, "{flag:?}");
    // To draw does not touch the game, nor does the game draw by itself afterwards.
    let before = game.state();
    game.render();
    assert_eq!(game.state(), before);
}

#[test]
fn texts_show_the_state() {
    let mut pole = CartPole::new();
    pole.begin([1.0, 0.0, 0.2, 0.0]).unwrap();
    let text = pole.text();
    assert!(text.lines().all(|line| line.len() == 61), "{text}");
    let column = |row: usize, letter: char| text.lines().nth(row).unwrap().find(letter);
    assert_eq!(column(7, 'o'), Some(43), "{text}");
    assert!(column(1, '/').or(column(1, '|')) > Some(44), "{text}");
    assert!(text.contains("pole 11.5 degrees to the right"), "{text}");

    let mut car = MountainCar::new();
    car.begin([-1.2, 0.0]).unwrap();
    let text = car.text();
    assert!(text.lines().all(|line| line.len() == 61), "{text}");
    assert!(text.lines().any(|line| line.starts_with('O')), "{text}");
    assert!(text.contains('P'), "{text}");
}
