//! Snake: eat, grow, and do not bite yourself.

use std::sync::LazyLock;

use rand::Rng;
use training::{
    canvas::{Anchor, Canvas},
    colour::Colour,
};

use crate::{Environment, Frame, GameError, Info, Key, Observation, Space, Step, environment::check};

/// Cells in a row, and in a column.
const SIDE: usize = Snake::SIDE;
const CELLS: usize = SIDE * SIDE;
/// The board and one line of wall.
const VIEW: usize = Snake::VIEW;
/// How many parts a snake begins with.
const FIRST_LENGTH: usize = 3;
/// Steps without food after which the episode is cut off.
const PATIENCE: usize = 2 * CELLS;
/// What the head's row or column changes by in a step, looking up, right, down and left.
const DIRECTIONS: [(isize, isize); 4] = [(0, -1), (1, 0), (0, 1), (-1, 0)];

/// Snake on 10 × 10 cells: each apple is worth a point and makes the snake one part longer; to run into the wall or
/// into its own body ends the game, as does filling the board, which is the best that there is (97 apples). The cell
/// that the tail is just leaving may be entered.
///
/// **Actions** are seen from the snake: `left`, `straight`, `right`. It cannot turn round on the spot.
///
/// **Reward**: 1 for an apple, -1 for death, nothing else. [`Info::score`] counts the apples.
///
/// **Episode**: terminated by death or a full board; truncated after 200 steps without an apple, twice what a round
/// through all cells takes. How many steps have passed is not in the observation: the limit is no rule of the game, so
/// a value beyond it is to be estimated as if there were none.
///
/// **Observation**: planes of 11 × 11, `[4, 11, 11]`, all between 0 and 1, turned so that the snake looks up and
/// shifted so that its head is in the middle, at (5, 5):
///
/// | plane | |
/// |---|---|
/// | [`BODY`](Snake::BODY) | 1 where the head would bite the body in the next step: all of it but the tail, which leaves |
/// | [`TIME`](Snake::TIME) | how long a part stays: the square root of the steps until its cell is free, over the square root of 100. The root tells 1 step from 2 as well as 50 from 100 |
/// | [`FOOD`](Snake::FOOD) | 1 at the apple |
/// | [`WALL`](Snake::WALL) | 1 along one row and one column |
///
/// Why so: what is to the left of the head is then always at the same place of the input, whatever cell of the board
/// the head is in and wherever it looks, so that what was learned once holds everywhere. The usual price is a view of
/// 19 × 19, for the head may be in any corner of the board. Here the board is laid on a ring instead: beyond
/// the last column is one column of wall, and beyond that the first column again, and so for rows. All of the board
/// and where its walls are is seen, in a third of the numbers; what lies beyond a wall is the board's far side.
///
/// ```
/// use games::{Environment, Snake};
/// let mut game = Snake::default();
/// let (observation, _) = game.reset(7);
/// assert_eq!(observation.len(), 4 * 11 * 11);
/// let step = game.step(1)?; // straight on
/// assert!(!step.ended() && step.reward >= 0.0);
/// # Ok::<(), games::GameError>(())
/// ```
#[derive(Clone)]
pub struct Snake {
    /// The cells of the body (row × 10 + column) in a ring: where the head is in it is `head`, and the part that came
    /// before in the place before.
    body: [u8; CELLS],
    head: usize,
    length: usize,
    occupied: [bool; CELLS],
    /// Where the snake looks: up, right, down, left.
    direction: usize,
    /// None on a full board.
    food: Option<usize>,
    hungry: usize,
    playing: bool,
    dead: bool,
    random: nn::Random,
}

/// √(steps / 100), for no step should take a hundred roots.
static TIME: LazyLock<[f32; CELLS + 1]> =
    LazyLock::new(|| std::array::from_fn(|steps| (steps as f32 / CELLS as f32).sqrt()));

impl Default for Snake {
    fn default() -> Self {
        Snake {
            body: [0; CELLS],
            head: 0,
            length: 0,
            occupied: [false; CELLS],
            direction: 1,
            food: None,
            hungry: 0,
            playing: false,
            dead: false,
            random: nn::random(0, "snake"),
        }
    }
}

impl Snake {
    /// Cells in a row of the board, and in a column.
    pub const SIDE: usize = 10;
    /// Cells in a row of the observation, and in a column.
    pub const VIEW: usize = Snake::SIDE + 1;
    /// The plane of what the head would bite.
    pub const BODY: usize = 0;
    /// The plane of how long the body stays.
    pub const TIME: usize = 1;
    /// The plane of the apple.
    pub const FOOD: usize = 2;
    /// The plane of the wall.
    pub const WALL: usize = 3;

    /// The cell of a part, the head being number 0.
    fn part(&self, number: usize) -> usize {
        usize::from(self.body[(self.head + CELLS - number) % CELLS])
    }

    fn score(&self) -> f64 {
        self.length.saturating_sub(FIRST_LENGTH) as f64
    }

    /// The cell before the head, if it is none of the wall's.
    fn ahead(&self) -> Option<usize> {
        let (right, down) = DIRECTIONS[self.direction];
        let column = (self.part(0) % SIDE).checked_add_signed(right)?;
        let row = (self.part(0) / SIDE).checked_add_signed(down)?;
        (column < SIDE && row < SIDE).then_some(row * SIDE + column)
    }

    fn grow_to(&mut self, cell: usize) {
        self.head = (self.head + 1) % CELLS;
        self.body[self.head] = cell as u8;
        self.length += 1;
        self.occupied[cell] = true;
    }

    /// An apple on a cell that is free, each as likely as the other.
    fn new_food(&mut self) {
        let free = CELLS - self.length;
        self.food = (free > 0)
            .then(|| self.random.random_range(0..free))
            .and_then(|chosen| {
                let mut cells = (0..CELLS).filter(|&cell| !self.occupied[cell]);
                cells.nth(chosen)
            });
    }

    fn observe(&self) -> Observation {
        let mut planes = vec![0.0; 4 * VIEW * VIEW];
        let (forward_x, forward_y) = DIRECTIONS[self.direction];
        let (head_x, head_y) = ((self.part(0) % SIDE) as isize, (self.part(0) / SIDE) as isize);
        const MIDDLE: isize = (VIEW / 2) as isize;
        // Both below a full turn, so that one comparison brings them back to the ring.
        let on_the_ring = |at: isize| {
            let length = VIEW as isize;
            (if at < 0 {
                at + length
            } else if at >= length {
                at - length
            } else {
                at
            }) as usize
        };
        let place = |x: usize, y: usize| {
            let (x, y) = (x as isize - head_x, y as isize - head_y);
            let ahead = forward_x * x + forward_y * y;
            let right = forward_x * y - forward_y * x;
            on_the_ring(MIDDLE - ahead) * VIEW + on_the_ring(MIDDLE + right)
        };
        let (body, rest) = planes.split_at_mut(VIEW * VIEW);
        let (time, rest) = rest.split_at_mut(VIEW * VIEW);
        let (food, wall) = rest.split_at_mut(VIEW * VIEW);
        for number in 0..self.length {
            let cell = self.part(number);
            let place = place(cell % SIDE, cell / SIDE);
            time[place] = TIME[self.length - number];
            body[place] = if number + 1 == self.length { 0.0 } else { 1.0 };
        }
        if let Some(cell) = self.food {
            food[place(cell % SIDE, cell / SIDE)] = 1.0;
        }
        for along in 0..VIEW {
            wall[place(along, SIDE)] = 1.0;
            wall[place(SIDE, along)] = 1.0;
        }
        planes
    }

    fn info(&self) -> Info {
        Info {
            score: self.score(),
            ..Info::default()
        }
    }
}

impl Environment for Snake {
    fn name(&self) -> &'static str {
        "snake"
    }

    fn observation_space(&self) -> Space {
        Space {
            shape: vec![4, VIEW, VIEW],
            low: 0.0,
            high: 1.0,
        }
    }

    fn actions(&self) -> &'static [&'static str] {
        &["left", "straight", "right"]
    }

    fn reset(&mut self, seed: u64) -> (Observation, Info) {
        *self = Snake {
            random: nn::random(seed, "snake"),
            playing: true,
            ..Snake::default()
        };
        for part in 0..FIRST_LENGTH {
            self.grow_to(SIDE / 2 * SIDE + SIDE / 2 - FIRST_LENGTH + part);
        }
        self.new_food();
        (self.observe(), self.info())
    }

    fn step(&mut self, action: usize) -> Result<Step, GameError> {
        check(self, self.playing, action)?;
        self.direction = (self.direction + 3 + action) % 4;
        self.hungry += 1;
        let tail = self.part(self.length - 1);
        let mut reward = 0.0;
        match self.ahead() {
            Some(cell) if Some(cell) == self.food => {
                self.grow_to(cell);
                self.new_food();
                self.hungry = 0;
                reward = 1.0;
            }
            Some(cell) if !self.occupied[cell] || cell == tail => {
                self.occupied[tail] = false;
                self.length -= 1;
                self.grow_to(cell);
            }
            _ => {
                self.dead = true;
                reward = -1.0;
            }
        }
        let terminated = self.dead || self.food.is_none();
        let truncated = !terminated && self.hungry >= PATIENCE;
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
        let mut cells = [' '; CELLS];
        for number in (0..self.length).rev() {
            cells[self.part(number)] = match number {
                0 if self.dead => 'X',
                0 => ['▲', '▶', '▼', '◀'][self.direction],
                _ if number + 1 == self.length => '·',
                _ => '█',
            };
        }
        if let Some(cell) = self.food {
            cells[cell] = '●';
        }
        let row = |row: &[char]| -> String {
            let doubled: Vec<String> = row
                .iter()
                .map(|&cell| {
                    if cell == '█' {
                        "██".into()
                    } else {
                        format!("{cell} ")
                    }
                })
                .collect();
            format!("│{}│", doubled.concat())
        };
        let line = "──".repeat(SIDE);
        let mut lines = vec![
            format!(
                "{:<width$}",
                format!("score {}", self.score()),
                width = 2 * SIDE + 2
            ),
            format!("┌{line}┐"),
        ];
        lines.extend(cells.chunks(SIDE).map(row));
        lines.push(format!("└{line}┘"));
        lines.join("\n")
    }

    fn action_for(&self, key: Key) -> Option<usize> {
        let wanted = match key {
            Key::Up => 0,
            Key::Right => 1,
            Key::Down => 2,
            Key::Left => 3,
            Key::Nothing => return Some(1),
            Key::Digit(_) => return None,
        };
        // To turn round is to go straight on.
        Some([1, 2, 1, 0][(wanted + 4 - self.direction) % 4])
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
const LIGHT: Colour = [170, 215, 81];
const DARK: Colour = [162, 209, 73];
const WHITE: Colour = [255, 255, 255];
const PUPIL: Colour = [28, 36, 60];
const APPLE: Colour = [226, 62, 48];
const SHINE: Colour = [246, 140, 124];
const STALK: Colour = [106, 68, 40];
const LEAF: Colour = [46, 125, 50];
/// From the head to the tail, each for several parts, so that a step changes few of them.
const SHADES: [Colour; 8] = [
    [48, 84, 212],
    [63, 102, 217],
    [77, 119, 222],
    [92, 137, 227],
    [106, 155, 231],
    [121, 173, 236],
    [135, 190, 241],
    [150, 208, 246],
];
/// How many parts have the same shade.
const PARTS_A_SHADE: usize = 8;
/// What a dead snake looks like.
const PALE: Colour = [128, 136, 150];

/// The middle of a cell, in pixels.
fn middle(cell: usize) -> (f32, f32) {
    let along = |start: usize, number: usize| (start + number * CELL) as f32 + CELL as f32 / 2.0;
    (along(MARGIN, cell % SIDE), along(HEADER, cell / SIDE))
}

fn draw(game: &Snake) -> Canvas {
    let board = SIDE * CELL;
    let mut canvas = Canvas::new(board + 2 * MARGIN, HEADER + board + MARGIN, PAPER);
    let side = CELL as i32;
    for cell in 0..CELLS {
        let (column, row) = (cell % SIDE, cell / SIDE);
        let colour = if (column + row).is_multiple_of(2) {
            LIGHT
        } else {
            DARK
        };
        let (x, y) = ((MARGIN + column * CELL) as i32, (HEADER + row * CELL) as i32);
        canvas.fill(x, y, side, side, colour);
    }
    let title = (MARGIN as i32, HEADER as i32 / 2);
    canvas.text("Snake", title, Anchor::Left, 18.0, WHITE, true);
    let score = format!("{}", game.score());
    let place = ((MARGIN + board) as i32, HEADER as i32 / 2);
    canvas.text(&score, place, Anchor::Right, 18.0, WHITE, true);
    let apple = place.0 as f32 - canvas.text_width(&score, 18.0, true) - 16.0;
    draw_apple(&mut canvas, (apple, place.1 as f32 + 1.0), 7.0);

    if let Some(cell) = game.food {
        let (x, y) = middle(cell);
        draw_apple(&mut canvas, (x, y + 2.0), 9.0);
    }
    // From the tail on, so that the head lies on top.
    for number in (0..game.length).rev() {
        let shade = if game.dead {
            PALE
        } else {
            SHADES[(number / PARTS_A_SHADE).min(SHADES.len() - 1)]
        };
        let at = middle(game.part(number));
        // The tail is thinner than the rest.
        let half = match number + 1 == game.length && number > 0 {
            true => 8.5,
            false => 11.5,
        };
        let corner = (at.0 - half, at.1 - half);
        canvas.rounded(corner, (2.0 * half, 2.0 * half), 9.0, shade);
        if number > 0 {
            // What joins it to the part before it.
            let next = middle(game.part(number - 1));
            let (left, top) = (at.0.min(next.0), at.1.min(next.1));
            let (right, bottom) = (at.0.max(next.0), at.1.max(next.1));
            let (width, height) = match right > left {
                true => (right - left, 2.0 * half),
                false => (2.0 * half, bottom - top),
            };
            let corner = match right > left {
                true => (left, top - half),
                false => (left - half, top),
            };
            canvas.rounded(corner, (width, height), 0.0, shade);
        }
    }
    if game.length > 0 {
        draw_eyes(&mut canvas, game);
    }
    canvas
}

fn draw_apple(canvas: &mut Canvas, (x, y): (f32, f32), radius: f32) {
    canvas.disc((x, y), radius, APPLE);
    canvas.disc((x - radius * 0.4, y - radius * 0.3), radius * 0.22, SHINE);
    let stalk = (x - 1.0, y - radius - 3.0);
    canvas.rounded(stalk, (2.0, 5.0), 1.0, STALK);
    // A leaf is what two discs have in common.
    let (leaf_x, leaf_y, bow) = (x + radius * 0.5, y - radius * 1.05, radius * 0.55);
    let reach = radius;
    canvas.fill_shape(
        (leaf_x - reach, leaf_y - reach),
        (leaf_x + reach, leaf_y + reach),
        LEAF,
        |at_x, at_y| {
            let above = (at_x - leaf_x).hypot(at_y - leaf_y + bow * 0.6) - bow;
            let below = (at_x - leaf_x).hypot(at_y - leaf_y - bow * 0.6) - bow;
            above.max(below)
        },
    );
}

fn draw_eyes(canvas: &mut Canvas, game: &Snake) {
    let (x, y) = middle(game.part(0));
    let (forward_x, forward_y) = DIRECTIONS[game.direction];
    let (forward_x, forward_y) = (forward_x as f32, forward_y as f32);
    for side in [-5.0, 5.0] {
        let eye = (
            x + 3.0 * forward_x - side * forward_y,
            y + 3.0 * forward_y + side * forward_x,
        );
        if game.dead {
            canvas.text(
                "×",
                (eye.0 as i32, eye.1 as i32),
                Anchor::Centre,
                15.0,
                WHITE,
                true,
            );
        } else {
            canvas.disc(eye, 4.0, WHITE);
            let pupil = (eye.0 + 1.5 * forward_x, eye.1 + 1.5 * forward_y);
            canvas.disc(pupil, 2.0, PUPIL);
        }
    }
}
