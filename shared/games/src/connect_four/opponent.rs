//! Who plays against the agent.

use nn::Random;

use super::{Board, COLUMNS};

/// A player that is part of the environment.
pub trait Opponent: Send {
    /// Its name in tables: `one-ply`.
    fn name(&self) -> String;

    /// An open column of `board`, in which the game is not over. All that is left to chance is drawn from `random`.
    fn choose(&mut self, board: &Board, random: &mut Random) -> usize;
}

impl Opponent for Box<dyn Opponent> {
    fn name(&self) -> String {
        (**self).name()
    }

    fn choose(&mut self, board: &Board, random: &mut Random) -> usize {
        (**self).choose(board, random)
    }
}

/// Plays any open column.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomPlayer;

impl Opponent for RandomPlayer {
    fn name(&self) -> String {
        "random".to_string()
    }

    fn choose(&mut self, board: &Board, random: &mut Random) -> usize {
        board.random_column(random)
    }
}

/// Wins where it can, else blocks where it must, else plays any open column: it looks one move ahead.
#[derive(Clone, Copy, Debug, Default)]
pub struct OnePly;

impl Opponent for OnePly {
    fn name(&self) -> String {
        "one-ply".to_string()
    }

    fn choose(&mut self, board: &Board, random: &mut Random) -> usize {
        let wins = |board: &Board| (0..COLUMNS).find(|&column| board.wins_with(column));
        // What the other would win with, were it to move.
        wins(board)
            .or_else(|| wins(&board.passed()))
            .unwrap_or_else(|| board.random_column(random))
    }
}
