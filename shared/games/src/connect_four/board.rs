//! The rules, on two words of bits.
//!
//! A column is seven bits, its lowest cell first, and the seventh stays empty: it keeps lines from running from the top
//! of one column into the next. To look for four in a line, all cells at once, takes eight instructions a direction.

use std::{fmt, str::FromStr};

use nn::Random;
use rand::Rng;

use super::NAME;
use crate::GameError;

/// Columns of the board.
pub const COLUMNS: usize = 7;
/// Rows of the board.
pub const ROWS: usize = 6;

/// Bits a column.
const HEIGHT: usize = ROWS + 1;
/// From a cell to its neighbour: above, to the right, and to the right below and above.
const DIRECTIONS: [usize; 4] = [1, HEIGHT, HEIGHT - 1, HEIGHT + 1];
/// The lowest cell of every column.
const BOTTOM: u64 = {
    let (mut bits, mut column) = (0, 0);
    while column < COLUMNS {
        bits |= 1 << (column * HEIGHT);
        column += 1;
    }
    bits
};
/// The highest cell of every column.
const TOP: u64 = BOTTOM << (ROWS - 1);

/// Who plays: whoever begins, or the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Begins.
    First,
    /// Answers.
    Second,
}

impl Side {
    /// The opponent of this one.
    pub fn other(self) -> Self {
        match self {
            Side::First => Side::Second,
            Side::Second => Side::First,
        }
    }
}

/// A position, seen by the player to move. Columns count from 0, at the left.
///
/// ```
/// use games::connect_four::{Board, Side};
/// // Columns as people number them, from 1: both build upwards, and the first is faster.
/// let board: Board = "1212121".parse()?;
/// assert_eq!(board.winner(), Some(Side::First));
/// # Ok::<(), games::GameError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Board {
    /// Discs of the player to move.
    own: u64,
    /// Discs of the player who has just moved.
    other: u64,
}

/// Whether there are four in a line.
fn has_four(discs: u64) -> bool {
    DIRECTIONS.iter().any(|&step| lines(discs, step) != 0)
}

/// The first cell of every line of four in this direction.
fn lines(discs: u64, step: usize) -> u64 {
    let pairs = discs & (discs >> step);
    pairs & (pairs >> (2 * step))
}

/// The bit of a cell; row 0 is the lowest.
fn cell(column: usize, row: usize) -> u64 {
    1 << (column * HEIGHT + row)
}

/// The columns in opposite order.
fn mirrored(discs: u64) -> u64 {
    let column = (1 << HEIGHT) - 1;
    (0..COLUMNS).fold(0, |bits, number| {
        (bits << HEIGHT) | ((discs >> (number * HEIGHT)) & column)
    })
}

impl Board {
    /// The empty board.
    pub fn new() -> Self {
        Self::default()
    }

    /// Drops a disc of the player to move into `column`.
    ///
    /// # Errors
    /// When there is no such column, when it is full, and when the game is over. The board is as before then.
    pub fn play(&mut self, column: usize) -> Result<(), GameError> {
        let reason = match () {
            _ if column >= COLUMNS => {
                return Err(GameError::NoSuchAction {
                    game: NAME,
                    action: column,
                    count: COLUMNS,
                });
            }
            _ if self.is_over() => "the game is over",
            _ if !self.is_open(column) => "the column is full",
            _ => {
                self.drop_into(column);
                return Ok(());
            }
        };
        Err(GameError::NotAllowed {
            game: NAME,
            action: format!("column {}", column + 1),
            reason: reason.to_string(),
        })
    }

    /// [`play`](Board::play) without a look at the rules, for searches: the column must be
    /// [open](Board::is_open) and the game not over.
    #[inline]
    pub fn drop_into(&mut self, column: usize) {
        // Adding 1 at the bottom of a column carries to its lowest empty cell.
        let all = self.own | self.other;
        let disc = (all + cell(column, 0)) & (((1 << HEIGHT) - 1) << (column * HEIGHT)) & !all;
        (self.own, self.other) = (self.other, self.own | disc);
    }

    /// The position after a disc in `column`, as [`drop_into`](Board::drop_into).
    #[inline]
    #[must_use]
    pub fn after(mut self, column: usize) -> Self {
        self.drop_into(column);
        self
    }

    /// Whether `column` has room, whatever else the rules say; false where there is no such column.
    #[inline]
    pub fn is_open(&self, column: usize) -> bool {
        column < COLUMNS && (self.own | self.other) & cell(column, ROWS - 1) == 0
    }

    /// The columns that the player to move may choose: none when the game is over.
    pub fn legal_columns(&self) -> Vec<usize> {
        let over = self.is_over();
        (0..COLUMNS)
            .filter(|&column| !over && self.is_open(column))
            .collect()
    }

    /// Whether the player who has just moved has four in a line.
    #[inline]
    pub fn just_won(&self) -> bool {
        has_four(self.other)
    }

    /// Whether no column has room.
    #[inline]
    pub fn is_full(&self) -> bool {
        (self.own | self.other) & TOP == TOP
    }

    /// Whether the game is over: won, or the board full.
    #[inline]
    pub fn is_over(&self) -> bool {
        self.just_won() || self.is_full()
    }

    /// Whether a disc in `column` wins at once.
    #[inline]
    pub fn wins_with(&self, column: usize) -> bool {
        self.is_open(column) && self.after(column).just_won()
    }

    /// The position as if the player to move had passed, which the rules do not allow: what would the other do?
    #[inline]
    #[must_use]
    pub fn passed(&self) -> Self {
        Board {
            own: self.other,
            other: self.own,
        }
    }

    /// Who has four in a line.
    pub fn winner(&self) -> Option<Side> {
        self.just_won().then(|| self.turn().other())
    }

    /// Who is to move.
    pub fn turn(&self) -> Side {
        match self.discs().is_multiple_of(2) {
            true => Side::First,
            false => Side::Second,
        }
    }

    /// How many discs lie.
    #[inline]
    pub fn discs(&self) -> u32 {
        (self.own | self.other).count_ones()
    }

    /// Whose disc lies in a cell; row 0 is the lowest. Outside of the board there is none.
    pub fn disc(&self, column: usize, row: usize) -> Option<Side> {
        if column >= COLUMNS || row >= ROWS {
            return None;
        }
        let bit = cell(column, row);
        match () {
            _ if self.own & bit != 0 => Some(self.turn()),
            _ if self.other & bit != 0 => Some(self.turn().other()),
            _ => None,
        }
    }

    /// The cells (column, row) of all lines of four that won; none in a game that is not won.
    pub fn winning_cells(&self) -> Vec<(usize, usize)> {
        let mut bits = 0;
        for step in DIRECTIONS {
            let first = lines(self.other, step);
            bits |= first | (first << step) | (first << (2 * step)) | (first << (3 * step));
        }
        let cells = (0..COLUMNS).flat_map(|column| (0..ROWS).map(move |row| (column, row)));
        cells
            .filter(|&(column, row)| bits & cell(column, row) != 0)
            .collect()
    }

    /// The same position in a mirror: what is true of one is true of the other, with its columns turned around.
    #[must_use]
    pub fn mirror(&self) -> Self {
        Board {
            own: mirrored(self.own),
            other: mirrored(self.other),
        }
    }

    /// An open column by chance, each as likely; the board must not be full.
    #[inline]
    pub fn random_column(&self, random: &mut Random) -> usize {
        // Most columns are open most of the time, so that the first draw nearly always will do.
        loop {
            let column = random.random_range(0..COLUMNS as u32) as usize;
            if self.is_open(column) {
                return column;
            }
        }
    }

    /// Plays by chance to the end: 1 when the player to move wins, 0 when the other does, ½ for a draw.
    #[inline]
    pub fn rollout(mut self, random: &mut Random) -> f32 {
        let mut to_move = true;
        loop {
            if self.just_won() {
                return if to_move { 0.0 } else { 1.0 };
            }
            if self.is_full() {
                return 0.5;
            }
            self.drop_into(self.random_column(random));
            to_move = !to_move;
        }
    }

    /// What a network sees: two planes (2, 6, 7), the upper row first, of 0 and 1: the discs of the player to move, and
    /// the other's.
    pub fn planes(&self) -> Vec<f32> {
        let mut planes = vec![0.0; 2 * ROWS * COLUMNS];
        self.write_planes(&mut planes);
        planes
    }

    /// Writes [`planes`](Board::planes) into `planes`, which has room for exactly 84 numbers.
    pub fn write_planes(&self, planes: &mut [f32]) {
        let halves = planes.chunks_exact_mut(ROWS * COLUMNS);
        for (plane, discs) in halves.zip([self.own, self.other]) {
            for (place, value) in plane.iter_mut().enumerate() {
                let (row, column) = (ROWS - 1 - place / COLUMNS, place % COLUMNS);
                *value = ((discs >> (column * HEIGHT + row)) & 1) as f32;
            }
        }
    }

    /// The position that [`planes`](Board::planes) were written of.
    ///
    /// # Errors
    /// When there are not 84 numbers, all 0 or 1, or when no game leads there: two discs in a cell, one that floats, or
    /// counts that do not fit.
    pub fn from_planes(planes: &[f32]) -> Result<Self, GameError> {
        let wrong = |reason: String| GameError::Position { game: NAME, reason };
        if planes.len() != 2 * ROWS * COLUMNS {
            return Err(wrong(format!("planes of {} numbers, not of 84", planes.len())));
        }
        let mut discs = [0; 2];
        for (place, value) in planes.iter().enumerate() {
            let (plane, place) = (place / (ROWS * COLUMNS), place % (ROWS * COLUMNS));
            match value {
                0.0 => {}
                1.0 => discs[plane] |= cell(place % COLUMNS, ROWS - 1 - place / COLUMNS),
                _ => return Err(wrong(format!("planes are of 0 and 1, not of {value}"))),
            }
        }
        let [own, other] = discs;
        let all = own | other;
        if own & other != 0 {
            return Err(wrong("two discs in one cell".to_string()));
        }
        // Of each column, the cells without the one below them.
        if all & !((all << 1) | BOTTOM) != 0 {
            return Err(wrong("a disc floats above an empty cell".to_string()));
        }
        let lead = other.count_ones().wrapping_sub(own.count_ones());
        if lead > 1 {
            return Err(wrong(format!(
                "{} discs of the player to move and {} of the other: they move by turns",
                own.count_ones(),
                other.count_ones()
            )));
        }
        if has_four(own) {
            return Err(wrong("the player to move had won before".to_string()));
        }
        Ok(Board { own, other })
    }
}

/// The columns of all moves, numbered from 1: `4453`.
impl FromStr for Board {
    type Err = GameError;

    fn from_str(moves: &str) -> Result<Self, GameError> {
        let mut board = Board::new();
        for (number, letter) in moves.chars().enumerate() {
            let wrong = |reason: String| GameError::Position {
                game: NAME,
                reason: format!("{moves:?}, move {}: {reason}", number + 1),
            };
            let column = letter
                .to_digit(10)
                .and_then(|digit| (digit as usize).checked_sub(1))
                .filter(|&column| column < COLUMNS)
                .ok_or_else(|| wrong(format!("{letter:?} is no column from 1 to 7")))?;
            board.play(column).map_err(|error| wrong(error.to_string()))?;
        }
        Ok(board)
    }
}

/// Six rows of seven cells: `X` of who began, `O` of the other, `.` where none lies.
impl fmt::Display for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in (0..ROWS).rev() {
            let cells = (0..COLUMNS).map(|column| match self.disc(column, row) {
                Some(Side::First) => 'X',
                Some(Side::Second) => 'O',
                None => '.',
            });
            writeln!(f, "{}", cells.collect::<String>())?;
        }
        Ok(())
    }
}
