//! Breakout: a ball, a paddle and three rows of bricks.

use rand::Rng;
use training::{
    canvas::{Anchor, Canvas},
    colour::Colour,
};

use crate::{Environment, Frame, GameError, Info, Key, Observation, Space, Step, environment::check};

const SIDE: usize = Breakout::SIDE;
/// The row in which the paddle is.
const BOTTOM: usize = SIDE - 1;
/// The rows of bricks, counted from the top.
const BRICK_ROWS: std::ops::Range<usize> = 1..4;
/// The row in which the ball begins: the first below the bricks.
const START_ROW: usize = 4;
/// How far from the paddle the first ball comes down at most: so far that who plays at random catches it now and then, or
/// nobody could learn to.
const REACH: usize = 3;
/// Steps after which an episode is cut off.
const LIMIT: usize = 2_000;

/// Breakout on 10 × 10 cells, after MinAtar's (Young and Tian 2019, "MinAtar: An Atari-inspired testbed for thorough
/// and reproducible reinforcement learning experiments").
///
/// **As in MinAtar**: the ball moves one cell diagonally in each step. It turns back from the walls, the
/// ceiling and bricks; a brick that it hits is gone and worth a point, but a brick met in the step after that is flown
/// over. Three rows of bricks; when all are gone, new ones come as the ball reaches the bottom row. There the
/// paddle, one cell wide, throws it back the way it would bounce when it is under the ball, and the way that it came
/// when it is where the ball is going to; else the ball is lost and the game over. The paddle slips: in one step of ten
/// what was done before is done again, whatever is wanted now ("sticky actions", Machado et al. 2018). So nobody can
/// learn a game by heart, and who comes to the ball's place at the last moment will miss it now and then.
///
/// **Not as in MinAtar**: the ball begins below the bricks, in any column and direction from which it comes down at most
/// three cells from the paddle: 14 openings, not 2. Actions that do nothing in this game are left out. Episodes are
/// truncated after 2,000 steps, which are not in the observation: a value beyond the limit is to be estimated as if
/// there were none.
///
/// **Actions**: `nothing`, `left`, `right`.
///
/// **Reward**: 1 for a brick, nothing else. [`Info::score`] counts the bricks.
///
/// **Observation**: planes of 0 and 1, `[4, 10, 10]`: [`PADDLE`](Breakout::PADDLE), [`BALL`](Breakout::BALL),
/// [`TRAIL`](Breakout::TRAIL) (where the ball was before the last step, which says where it flies),
/// [`BRICK`](Breakout::BRICK).
///
/// ```
/// use games::{Breakout, Environment};
/// let mut game = Breakout::default();
/// game.reset(7);
/// let step = game.step(2)?; // to the right
/// assert_eq!(step.observation[Breakout::PADDLE * 100 + 9 * 10 + 5], 1.0);
/// # Ok::<(), games::GameError>(())
/// ```
#[derive(Clone)]
pub struct Breakout {
    paddle: usize,
    /// Column and row.
    ball: (usize, usize),
    trail: (usize, usize),
    /// Whether the ball flies to the right, and whether downwards.
    rightwards: bool,
    downwards: bool,
    bricks: [bool; SIDE * SIDE],
    /// Whether a brick was met in the last step: the next one is spared, and flown over.
    struck: bool,
    score: usize,
    steps: usize,
    playing: bool,
    /// How often the paddle slips, and what it was told to do last.
    slips: f64,
    last_action: usize,
    random: nn::Random,
}

/// How often an action is not done, in MinAtar.
const SLIPS: f64 = 0.1;

impl Default for Breakout {
    fn default() -> Self {
        Breakout::new(SLIPS)
    }
}

fn full_rows() -> [bool; SIDE * SIDE] {
    std::array::from_fn(|cell| BRICK_ROWS.contains(&(cell / SIDE)))
}

impl Breakout {
    /// A game in which the action before is done again in place of the wanted one with a probability of `slips`, 0 to 1;
    /// what lies outside counts as the nearer of the two, and what is no number as 0.
    pub fn new(slips: f64) -> Self {
        Breakout {
            paddle: 4,
            ball: (0, START_ROW),
            trail: (0, START_ROW),
            rightwards: true,
            downwards: true,
            bricks: full_rows(),
            struck: false,
            score: 0,
            steps: 0,
            playing: false,
            slips: if slips.is_nan() {
                0.0
            } else {
                slips.clamp(0.0, 1.0)
            },
            last_action: 0,
            random: nn::random(0, "breakout"),
        }
    }

    /// Cells in a row, and in a column.
    pub const SIDE: usize = 10;
    /// The plane of the paddle.
    pub const PADDLE: usize = 0;
    /// The plane of the ball.
    pub const BALL: usize = 1;
    /// The plane of where the ball was.
    pub const TRAIL: usize = 2;
    /// The plane of the bricks.
    pub const BRICK: usize = 3;

    /// The column where the ball of an opening comes down.
    fn lands_at(&self) -> usize {
        let mut ahead = self.clone();
        while ahead.downwards && !ahead.fly().1 {}
        ahead.ball.0
    }

    /// Moves the ball. Gives the reward, and whether the ball is lost.
    fn fly(&mut self) -> (f64, bool) {
        let (column, row) = self.ball;
        self.trail = self.ball;
        let mut reward = 0.0;
        let mut lost = false;
        let mut struck = false;
        let wall = if self.rightwards { SIDE - 1 } else { 0 };
        let new_column = match (column == wall, self.rightwards) {
            (true, _) => column,
            (false, true) => column + 1,
            (false, false) => column - 1,
        };
        if column == wall {
            self.rightwards = !self.rightwards;
        }
        let mut new_row = match self.downwards {
            true => row + 1,
            false => row.saturating_sub(1),
        };
        let cell = new_row * SIDE + new_column;
        if row == 0 && !self.downwards {
            self.downwards = true;
        } else if self.bricks[cell] {
            struck = true;
            if !self.struck {
                self.bricks[cell] = false;
                reward = 1.0;
                new_row = row;
                self.downwards = !self.downwards;
            }
        } else if new_row == BOTTOM {
            if !self.bricks.contains(&true) {
                self.bricks = full_rows();
            }
            if column == self.paddle {
                self.downwards = false;
                new_row = row;
            } else if new_column == self.paddle {
                self.downwards = false;
                self.rightwards = !self.rightwards;
                new_row = row;
            } else {
                lost = true;
            }
        }
        self.struck = struck;
        self.ball = (new_column, new_row);
        (reward, lost)
    }

    fn observe(&self) -> Observation {
        let mut planes = vec![0.0; 4 * SIDE * SIDE];
        let mut set = |plane: usize, (column, row): (usize, usize)| {
            planes[(plane * SIDE + row) * SIDE + column] = 1.0;
        };
        set(Self::PADDLE, (self.paddle, BOTTOM));
        set(Self::BALL, self.ball);
        set(Self::TRAIL, self.trail);
        let bricks = planes[Self::BRICK * SIDE * SIDE..].iter_mut().zip(self.bricks);
        bricks.for_each(|(place, brick)| *place = f32::from(u8::from(brick)));
        planes
    }

    fn info(&self) -> Info {
        Info {
            score: self.score as f64,
            ..Info::default()
        }
    }
}

impl Environment for Breakout {
    fn name(&self) -> &'static str {
        "breakout"
    }

    fn observation_space(&self) -> Space {
        Space {
            shape: vec![4, SIDE, SIDE],
            low: 0.0,
            high: 1.0,
        }
    }

    fn actions(&self) -> &'static [&'static str] {
        &["nothing", "left", "right"]
    }

    fn reset(&mut self, seed: u64) -> (Observation, Info) {
        let mut random = nn::random(seed, "breakout");
        loop {
            let start = (random.random_range(0..SIDE), START_ROW);
            *self = Breakout {
                ball: start,
                trail: start,
                rightwards: random.random(),
                playing: true,
                ..Breakout::new(self.slips)
            };
            if self.lands_at().abs_diff(self.paddle) <= REACH {
                self.random = random;
                return (self.observe(), self.info());
            }
        }
    }

    fn step(&mut self, action: usize) -> Result<Step, GameError> {
        check(self, self.playing, action)?;
        let done = match self.random.random_bool(self.slips) {
            true => self.last_action,
            false => action,
        };
        self.last_action = done;
        self.paddle = match done {
            0 => self.paddle,
            1 => self.paddle.saturating_sub(1),
            _ => (self.paddle + 1).min(SIDE - 1),
        };
        let (reward, terminated) = self.fly();
        self.score += reward as usize;
        self.steps += 1;
        let truncated = !terminated && self.steps >= LIMIT;
        self.playing = !terminated && !truncated;
        Ok(Step {
            observation: self.observe(),
            reward,
            terminated,
            truncated,
            info: self.info(),
        })
    }

    fn render(&mut self) -> Frame {
        draw(self).into()
    }

    fn text(&self) -> String {
        let cell = |column: usize, row: usize| match (column, row) {
            at if at == self.ball => "● ",
            (column, BOTTOM) if column == self.paddle => "▀▀",
            (column, row) if self.bricks[row * SIDE + column] => "▓▓",
            at if at == self.trail => "· ",
            _ => "  ",
        };
        let line = "──".repeat(SIDE);
        let mut lines = vec![
            format!(
                "{:<width$}",
                format!("score {}", self.score),
                width = 2 * SIDE + 2
            ),
            format!("┌{line}┐"),
        ];
        for row in 0..SIDE {
            let cells: String = (0..SIDE).map(|column| cell(column, row)).collect();
            lines.push(format!("│{cells}│"));
        }
        lines.push(format!("└{line}┘"));
        lines.join("\n")
    }

    fn action_for(&self, key: Key) -> Option<usize> {
        match key {
            Key::Nothing => Some(0),
            Key::Left => Some(1),
            Key::Right => Some(2),
            Key::Up | Key::Down | Key::Digit(_) => None,
        }
    }

    fn steps_per_second(&self) -> u32 {
        8
    }
}

/// The side of a cell, in pixels.
const CELL: usize = 29;
/// What is around the board: left, right and below it, and above it for the score.
const MARGIN: usize = 15;
const HEADER: usize = 40;

const PAPER: Colour = [38, 50, 56];
const BOARD: Colour = [24, 31, 42];
const WHITE: Colour = [255, 255, 255];
const TRAIL: Colour = [74, 86, 104];
const PADDLE: Colour = [96, 184, 255];
/// One for each row of bricks, from above: its face, and the light edge along its top.
const BRICKS: [(Colour, Colour); 3] = [
    ([229, 86, 76], [242, 136, 126]),
    ([240, 160, 60], [248, 194, 120]),
    ([120, 190, 90], [164, 216, 140]),
];

fn draw(game: &Breakout) -> Canvas {
    let board = SIDE * CELL;
    let mut canvas = Canvas::new(board + 2 * MARGIN, HEADER + board + MARGIN, PAPER);
    canvas.fill(MARGIN as i32, HEADER as i32, board as i32, board as i32, BOARD);
    let title = (MARGIN as i32, HEADER as i32 / 2);
    canvas.text("Breakout", title, Anchor::Left, 18.0, WHITE, true);
    let place = ((MARGIN + board) as i32, HEADER as i32 / 2);
    let score = format!("{}", game.score);
    canvas.text(&score, place, Anchor::Right, 18.0, WHITE, true);

    let side = CELL as f32;
    let corner =
        |(column, row): (usize, usize)| ((MARGIN + column * CELL) as f32, (HEADER + row * CELL) as f32);
    for cell in (0..SIDE * SIDE).filter(|&cell| game.bricks[cell]) {
        let (x, y) = corner((cell % SIDE, cell / SIDE));
        let (face, edge) = BRICKS[(cell / SIDE - BRICK_ROWS.start) % BRICKS.len()];
        canvas.rounded((x + 1.0, y + 5.0), (side - 2.0, side - 10.0), 4.0, face);
        canvas.rounded((x + 4.0, y + 7.0), (side - 8.0, 3.0), 1.5, edge);
    }
    let (x, y) = corner((game.paddle, BOTTOM));
    canvas.rounded((x + 1.0, y + 10.0), (side - 2.0, 9.0), 4.5, PADDLE);
    let middle = |at| {
        let (x, y) = corner(at);
        (x + side / 2.0, y + side / 2.0)
    };
    canvas.disc(middle(game.trail), 4.0, TRAIL);
    canvas.disc(middle(game.ball), 8.0, WHITE);
    canvas
}
