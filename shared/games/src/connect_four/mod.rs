//! Connect Four: discs fall into columns, and four in a line win. For an agent that plays against an opponent.

mod board;
mod draw;
mod opponent;
mod search;

use nn::Random;

pub use board::{Board, COLUMNS, ROWS, Side};
pub use opponent::{OnePly, Opponent, RandomPlayer};
pub use search::TreeSearch;

use crate::{Environment, Frame, GameError, Info, Key, Observation, Space, Step};

/// The name on the command line.
const NAME: &str = "connect-four";

/// Connect Four, 7 columns and 6 rows, against an [`Opponent`] that answers within the same step. The agent begins the
/// games of even seeds, the opponent those of odd ones.
///
/// The observation is (2, 6, 7), the upper row first: the agent's discs and the opponent's. The action is a column, and
/// the mask those that are not full. A win earns 1, a loss −1, a draw 0; the score is 1, 0 and ½.
pub struct ConnectFour {
    opponent: Box<dyn Opponent>,
    board: Board,
    /// The columns of all moves.
    moves: Vec<usize>,
    agent: Side,
    random: Random,
    playing: bool,
}

impl ConnectFour {
    /// A game against `opponent`.
    pub fn new(opponent: impl Opponent + 'static) -> Self {
        Self {
            opponent: Box::new(opponent),
            board: Board::new(),
            moves: Vec::new(),
            agent: Side::First,
            random: nn::random(0, NAME),
            playing: false,
        }
    }

    /// The position, with whoever is to move.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// The side that the agent plays.
    pub fn agent(&self) -> Side {
        self.agent
    }

    /// All moves as columns numbered from 1, as [`Board`] reads them: `4453`.
    pub fn moves(&self) -> String {
        self.moves.iter().map(|column| (column + 1).to_string()).collect()
    }

    fn play(&mut self, column: usize) -> Result<(), GameError> {
        self.board.play(column)?;
        self.moves.push(column);
        Ok(())
    }

    fn answer(&mut self) -> Result<(), GameError> {
        let column = self.opponent.choose(&self.board, &mut self.random);
        self.play(column)
    }

    /// What the agent sees: its own discs first, whoever is to move.
    fn observation(&self) -> Observation {
        let mut planes = self.board.planes();
        if self.board.turn() != self.agent {
            planes.rotate_left(ROWS * COLUMNS);
        }
        planes
    }

    fn info(&self) -> Info {
        Info {
            score: match self.board.winner() {
                Some(side) if side == self.agent => 1.0,
                Some(_) => 0.0,
                None if self.board.is_full() => 0.5,
                None => 0.0,
            },
            action_mask: (0..COLUMNS).map(|column| self.board.is_open(column)).collect(),
            episode: None,
        }
    }
}

impl Environment for ConnectFour {
    fn name(&self) -> &'static str {
        NAME
    }

    fn observation_space(&self) -> Space {
        Space {
            shape: vec![2, ROWS, COLUMNS],
            low: 0.0,
            high: 1.0,
        }
    }

    fn actions(&self) -> &'static [&'static str] {
        &[
            "column 1", "column 2", "column 3", "column 4", "column 5", "column 6", "column 7",
        ]
    }

    fn reset(&mut self, seed: u64) -> (Observation, Info) {
        self.board = Board::new();
        self.moves.clear();
        self.random = nn::random(seed, NAME);
        self.agent = match seed.is_multiple_of(2) {
            true => Side::First,
            false => Side::Second,
        };
        self.playing = true;
        // An opponent that plays by no rule, with a first disc in an eighth column, leaves the first move to the agent.
        if self.agent == Side::Second && self.answer().is_err() {
            self.agent = Side::First;
        }
        (self.observation(), self.info())
    }

    fn step(&mut self, action: usize) -> Result<Step, GameError> {
        if !self.playing {
            return Err(GameError::NotPlaying { game: NAME });
        }
        let before = (self.board, self.random.clone());
        self.play(action)?;
        if !self.board.is_over()
            && let Err(error) = self.answer()
        {
            (self.board, self.random) = before;
            self.moves.pop();
            return Err(error);
        }
        self.playing = !self.board.is_over();
        let reward = match self.board.winner() {
            Some(side) if side == self.agent => 1.0,
            Some(_) => -1.0,
            None => 0.0,
        };
        Ok(Step {
            observation: self.observation(),
            reward,
            terminated: !self.playing,
            truncated: false,
            info: self.info(),
        })
    }

    fn render(&mut self) -> Frame {
        draw::picture(&self.board, self.moves.last().copied()).into()
    }

    fn text(&self) -> String {
        let last = self.moves.last().map(|&column| {
            let height = (0..ROWS).take_while(|&row| self.board.disc(column, row).is_some());
            (column, height.count() - 1)
        });
        let mut text: String = (1..=COLUMNS).map(|number| format!(" {number} ")).collect();
        for row in (0..ROWS).rev() {
            text.push('\n');
            for column in 0..COLUMNS {
                let disc = match self.board.disc(column, row) {
                    Some(side) if side == self.agent => 'X',
                    Some(_) => 'O',
                    None => '.',
                };
                // The last move in brackets.
                text += &match last == Some((column, row)) {
                    true => format!("[{disc}]"),
                    false => format!(" {disc} "),
                };
            }
        }
        text
    }

    fn action_for(&self, key: Key) -> Option<usize> {
        match key {
            Key::Digit(number @ 1..=COLUMNS) => Some(number - 1),
            _ => None,
        }
    }

    fn steps_per_second(&self) -> u32 {
        1
    }

    /// The opponent thinks.
    fn is_slow(&self) -> bool {
        true
    }
}
