//! 2048 (Gabriele Cirulli 2014): equal tiles that meet become one of twice the number.

use std::sync::LazyLock;

use nn::Random;
use rand::Rng;
use training::canvas::{Anchor, Canvas};
use training::colour::Colour;

use crate::{Environment, Frame, GameError, Info, Key, Observation, Space, Step, environment::check};

const NAME: &str = "2048";
/// Which way the tiles slide: the actions of [`Game2048`] and of [`Tiles::slide`].
const ACTIONS: [&str; 4] = ["up", "right", "down", "left"];
/// Squares of a side.
const SIDE: usize = 4;
const SQUARES: usize = SIDE * SIDE;
/// Numbers that a square can hold, as powers of two: none, then 2^1 … 2^15.
const EXPONENTS: usize = 16;
/// One new tile in so many is a 4, the others are 2.
const ONE_FOUR_IN: u32 = 10;

/// The 16 squares of 2048, row after row, in one word: four bits a square hold its number's power of two, 0 where
/// there is no tile, the first square's lowest.
///
/// ```
/// use games::Tiles;
/// let tiles = Tiles::from_numbers([[2, 2, 4, 0], [0; 4], [0; 4], [0; 4]])?;
/// let left = 3;
/// let (afterstate, points) = tiles.slide(left).expect("something moves");
/// assert_eq!(afterstate.numbers()[0], [4, 4, 0, 0]); // a tile that has just been made does not merge again
/// assert_eq!(points, 4);
/// # Ok::<(), games::GameError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tiles(u64);

/// What becomes of a row of four squares, 16 bits, when it slides.
#[derive(Clone, Copy)]
struct RowSlide {
    left: u16,
    right: u16,
    /// The same to the left and to the right.
    points: u32,
}

/// What becomes of every row there is: half a megabyte, made once, and a slide is four looks into it.
static ROWS: LazyLock<Vec<RowSlide>> = LazyLock::new(|| {
    let reversed = |row: u16| (row >> 12) | ((row >> 4) & 0xf0) | ((row << 4) & 0xf00) | (row << 12);
    (0..=u16::MAX)
        .map(|row| {
            let (left, points) = slide_left(row);
            let (right, _) = slide_left(reversed(row));
            RowSlide {
                left,
                right: reversed(right),
                points,
            }
        })
        .collect()
});

/// The rule itself, on one row: tiles fall to the left, and the first two equal neighbours become one, then the next
/// two of the others. Two tiles of 2^15 stay two: four bits count no further, and no game comes near.
fn slide_left(row: u16) -> (u16, u32) {
    let tiles = (0..SIDE as u32)
        .map(|square| (row >> (4 * square)) & 15)
        .filter(|tile| *tile != 0);
    let (mut slid, mut points): (Vec<u16>, u32) = (Vec::new(), 0);
    // The last tile of `slid`, as long as it may still merge.
    let mut single = None;
    for tile in tiles {
        if single == Some(tile) && tile < 15 {
            slid.pop();
            slid.push(tile + 1);
            points += 1 << (tile + 1);
            single = None;
        } else {
            slid.push(tile);
            single = Some(tile);
        }
    }
    let row = slid.iter().rev().fold(0, |row, tile| (row << 4) | tile);
    (row, points)
}

impl Tiles {
    /// The two tiles that a game begins with.
    pub fn start(random: &mut Random) -> Self {
        Tiles::default().spawn(random).spawn(random)
    }

    /// The tiles of a board that says their numbers, row after row, 0 where there is none.
    ///
    /// # Errors
    /// On a number that is not 0, 2, 4, 8 … 32768.
    pub fn from_numbers(numbers: [[u32; SIDE]; SIDE]) -> Result<Self, GameError> {
        let mut tiles = 0;
        for (square, number) in numbers.into_iter().flatten().enumerate() {
            let exponent = match number {
                0 => 0,
                2..=32_768 if number.is_power_of_two() => number.trailing_zeros(),
                _ => {
                    return Err(no_position(format!(
                        "a tile of {number}: tiles are 2, 4, 8 … 32768, none is 0"
                    )));
                }
            };
            tiles |= u64::from(exponent) << (4 * square);
        }
        Ok(Tiles(tiles))
    }

    /// The number of each square, row after row, 0 where there is no tile.
    pub fn numbers(self) -> [[u32; SIDE]; SIDE] {
        let number = |square| match self.exponent(square) {
            0 => 0,
            exponent => 1 << exponent,
        };
        std::array::from_fn(|row| std::array::from_fn(|column| number(SIDE * row + column)))
    }

    /// The tiles that an observation `[16, 4, 4]` of [`Game2048`] shows: the inverse of
    /// [`observation`](Tiles::observation).
    ///
    /// # Errors
    /// When it is not of that size, or a square is not in exactly one plane.
    pub fn from_observation(observation: &[f32]) -> Result<Self, GameError> {
        if observation.len() != EXPONENTS * SQUARES {
            return Err(no_position(format!(
                "an observation of {} numbers: {EXPONENTS} planes of {SIDE} x {SIDE} have {}",
                observation.len(),
                EXPONENTS * SQUARES
            )));
        }
        let (mut tiles, mut planes_of) = (0, [0; SQUARES]);
        for (exponent, plane) in observation.chunks_exact(SQUARES).enumerate() {
            for (square, value) in plane.iter().enumerate() {
                if *value == 1.0 {
                    tiles |= (exponent as u64) << (4 * square);
                    planes_of[square] += 1;
                } else if *value != 0.0 {
                    return Err(no_position(format!("{value} in a plane: squares are 0 or 1")));
                }
            }
        }
        match planes_of.iter().position(|planes| *planes != 1) {
            None => Ok(Tiles(tiles)),
            Some(square) => Err(no_position(format!(
                "square {square} is in {} planes: it must be in exactly one",
                planes_of[square]
            ))),
        }
    }

    /// What a network sees, `[16, 4, 4]`: a plane for each power of two, 1 where a square holds it; the first
    /// plane's are the empty squares.
    pub fn observation(self) -> Observation {
        let mut planes = vec![0.0; EXPONENTS * SQUARES];
        for square in 0..SQUARES {
            planes[SQUARES * self.exponent(square) as usize + square] = 1.0;
        }
        planes
    }

    /// Four bits a square, the first square's lowest: what tables of values are indexed by.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// The power of two in a square, 0 … 15.
    fn exponent(self, square: usize) -> u32 {
        (self.0 >> (4 * square)) as u32 & 15
    }

    /// The largest number on the board; 0 where there is no tile.
    pub fn largest(self) -> u32 {
        self.numbers().into_iter().flatten().max().unwrap_or(0)
    }

    /// Slides all tiles up, right, down or left (0 … 3): the board before the new tile comes, its *afterstate*, and
    /// the points, which are the sum of the tiles made. Nothing where no tile moves, as the rules forbid that then,
    /// and where there is no such action.
    #[inline]
    pub fn slide(self, action: usize) -> Option<(Tiles, u32)> {
        let rows = &**ROWS;
        let sideways = if action.is_multiple_of(2) {
            self.transposed()
        } else {
            self
        };
        let (mut slid, mut points) = (0, 0);
        for shift in [0, 16, 32, 48] {
            let row = &rows[usize::from((sideways.0 >> shift) as u16)];
            let becomes = match action {
                0 | 3 => row.left,
                1 | 2 => row.right,
                _ => return None,
            };
            slid |= u64::from(becomes) << shift;
            points += row.points;
        }
        if slid == sideways.0 {
            return None;
        }
        let slid = Tiles(slid);
        Some((
            if action.is_multiple_of(2) {
                slid.transposed()
            } else {
                slid
            },
            points,
        ))
    }

    /// Which slides the rules allow.
    pub fn action_mask(self) -> [bool; 4] {
        std::array::from_fn(|action| self.slide(action).is_some())
    }

    /// Puts a new tile on an empty square, all equally likely: a 2, or once in ten times a 4. A full board stays.
    #[inline]
    pub fn spawn(self, random: &mut Random) -> Self {
        // The lowest bit of each square that is empty.
        let occupied = self.0 | (self.0 >> 1) | (self.0 >> 2) | (self.0 >> 3);
        let mut empty = !occupied & 0x1111_1111_1111_1111;
        if empty == 0 {
            return self;
        }
        // One draw for both the number and the square.
        let drawn = random.random_range(0..ONE_FOUR_IN * empty.count_ones());
        for _ in 0..drawn / ONE_FOUR_IN {
            empty &= empty - 1; // without its lowest bit
        }
        let exponent = if drawn.is_multiple_of(ONE_FOUR_IN) { 2 } else { 1 };
        Tiles(self.0 | (exponent << empty.trailing_zeros()))
    }

    /// The board mirrored at its diagonal: rows become columns.
    #[inline]
    fn transposed(self) -> Self {
        // The four blocks of 2 x 2 squares each in itself, then the upper right one for the lower left one.
        let board = self.0;
        let board = (board & 0xf0f0_0f0f_f0f0_0f0f)
            | ((board & 0x0000_f0f0_0000_f0f0) << 12)
            | ((board & 0x0f0f_0000_0f0f_0000) >> 12);
        Tiles(
            (board & 0xff00_ff00_00ff_00ff)
                | ((board & 0x0000_0000_ff00_ff00) << 24)
                | ((board & 0x00ff_00ff_0000_0000) >> 24),
        )
    }

    /// The board upside down: its four rows in the opposite order.
    #[inline]
    fn upside_down(self) -> Self {
        let halves = self.0.rotate_left(32);
        Tiles(((halves & 0x0000_ffff_0000_ffff) << 16) | ((halves >> 16) & 0x0000_ffff_0000_ffff))
    }

    /// The eight boards that turning and mirroring make of it, itself first: to the rules they are the same.
    #[inline]
    pub fn images(self) -> [Tiles; 8] {
        let transposed = self.transposed();
        let (flipped, turned) = (self.upside_down(), transposed.upside_down());
        // Mirrored left to right is transposed, upside down, transposed back.
        let mirrored = turned.transposed();
        let turned_back = flipped.transposed();
        [
            self,
            transposed,
            flipped,
            turned,
            mirrored,
            turned_back,
            mirrored.upside_down(),
            turned_back.upside_down(),
        ]
    }
}

fn no_position(reason: String) -> GameError {
    GameError::Position { game: NAME, reason }
}

/// The game: slide the tiles up, right, down or left; then a new 2 (or, once in ten times, 4) comes to an empty
/// square. The reward is the sum of the tiles that merging made, and the score what has been earned so far. It is
/// over when nothing can move; it goes on beyond the tile of 2048, which most people call winning.
///
/// Observations are [`Tiles::observation`], `[16, 4, 4]`; [`Tiles::from_observation`] reads them back.
pub struct Game2048 {
    tiles: Tiles,
    score: f64,
    /// Where the new tiles of an episode are drawn from; none before the first.
    random: Option<Random>,
}

impl Default for Game2048 {
    fn default() -> Self {
        Self::new()
    }
}

impl Game2048 {
    /// A game that waits for its first reset.
    pub fn new() -> Self {
        Game2048 {
            tiles: Tiles::default(),
            score: 0.0,
            random: None,
        }
    }

    /// The board now.
    pub fn tiles(&self) -> Tiles {
        self.tiles
    }

    fn info(&self) -> Info {
        Info {
            score: self.score,
            action_mask: self.tiles.action_mask().to_vec(),
            ..Info::default()
        }
    }
}

impl Environment for Game2048 {
    fn name(&self) -> &'static str {
        NAME
    }

    fn observation_space(&self) -> Space {
        Space {
            shape: vec![EXPONENTS, SIDE, SIDE],
            low: 0.0,
            high: 1.0,
        }
    }

    fn actions(&self) -> &'static [&'static str] {
        &ACTIONS
    }

    fn reset(&mut self, seed: u64) -> (Observation, Info) {
        let mut random = nn::random(seed, NAME);
        self.tiles = Tiles::start(&mut random);
        self.random = Some(random);
        self.score = 0.0;
        (self.tiles.observation(), self.info())
    }

    fn step(&mut self, action: usize) -> Result<Step, GameError> {
        let over = self.tiles.action_mask() == [false; 4];
        check(self, self.random.is_some() && !over, action)?;
        let Some((afterstate, points)) = self.tiles.slide(action) else {
            return Err(GameError::NotAllowed {
                game: NAME,
                action: ACTIONS[action].to_string(),
                reason: "no tile would move".to_string(),
            });
        };
        if let Some(random) = &mut self.random {
            self.tiles = afterstate.spawn(random);
        }
        self.score += f64::from(points);
        let info = self.info();
        Ok(Step {
            observation: self.tiles.observation(),
            reward: f64::from(points),
            terminated: !info.action_mask.contains(&true),
            truncated: false,
            info,
        })
    }

    fn render(&mut self) -> Frame {
        let mut canvas = Canvas::new(PICTURE, PICTURE, PAPER);
        let tile = (PICTURE as f32 - GAP * (SIDE as f32 + 1.0)) / SIDE as f32;
        for (row, numbers) in self.tiles.numbers().into_iter().enumerate() {
            for (column, number) in numbers.into_iter().enumerate() {
                let x = GAP + (tile + GAP) * column as f32;
                let y = GAP + (tile + GAP) * row as f32;
                let exponent = self.tiles.exponent(SIDE * row + column) as usize;
                canvas.rounded((x, y), (tile, tile), 9.0, COLOURS[exponent]);
                if number == 0 {
                    continue;
                }
                let text = number.to_string();
                // As large as fits, and no larger than two digits need.
                let size = 32.0 - 5.0 * (text.len() as f32 - 2.0).max(0.0);
                let ink = if exponent <= 3 { DARK_INK } else { LIGHT_INK };
                let middle = ((x + tile / 2.0) as i32, (y + tile / 2.0) as i32);
                canvas.text(&text, middle, Anchor::Centre, size, ink, true);
            }
        }
        canvas.into()
    }

    fn text(&self) -> String {
        let row = |numbers: [u32; SIDE]| -> String {
            let square = |number| match number {
                0 => format!("{:>7}", "·"),
                number => format!("{number:>7}"),
            };
            numbers.map(square).concat()
        };
        self.tiles.numbers().map(row).join("\n")
    }

    fn action_for(&self, key: Key) -> Option<usize> {
        match key {
            Key::Up => Some(0),
            Key::Right => Some(1),
            Key::Down => Some(2),
            Key::Left => Some(3),
            Key::Digit(_) | Key::Nothing => None,
        }
    }

    fn steps_per_second(&self) -> u32 {
        6
    }
}

/// A picture's side, in pixels.
const PICTURE: usize = 320;
/// Between the tiles, in pixels.
const GAP: f32 = 8.0;
const PAPER: Colour = [58, 62, 86];
const DARK_INK: Colour = [62, 58, 84];
const LIGHT_INK: Colour = [255, 250, 240];
/// Of an empty square, then of 2, 4, 8 …: from pale over amber and red to a glow in the dark.
const COLOURS: [Colour; EXPONENTS] = [
    [76, 81, 108],
    [236, 236, 226],
    [246, 228, 186],
    [250, 206, 130],
    [246, 171, 82],
    [241, 139, 70],
    [233, 105, 66],
    [217, 72, 72],
    [196, 52, 92],
    [170, 40, 112],
    [139, 36, 128],
    [104, 36, 142],
    [72, 44, 150],
    [44, 62, 150],
    [22, 94, 140],
    [10, 124, 112],
];
