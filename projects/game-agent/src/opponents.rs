//! Whom a Connect Four agent can be set against.

use std::str::FromStr;

use anyhow::{Result, bail};
use games::connect_four::{OnePly, Opponent, RandomPlayer, TreeSearch};

/// An opponent, by its name on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpponentName {
    /// `random`: plays any open column.
    Random,
    /// `one-ply`: wins and blocks where it sees it.
    OnePly,
    /// `mcts-200`: tree search with so many random games a move.
    TreeSearch(usize),
}

impl OpponentName {
    /// The opponent itself.
    pub fn open(self) -> Box<dyn Opponent> {
        match self {
            OpponentName::Random => Box::new(RandomPlayer),
            OpponentName::OnePly => Box::new(OnePly),
            OpponentName::TreeSearch(rollouts) => Box::new(TreeSearch::new(rollouts)),
        }
    }
}

impl FromStr for OpponentName {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        if let Some(rollouts) = name.strip_prefix("mcts-").and_then(|count| count.parse().ok())
            && (1..=1_000_000).contains(&rollouts)
        {
            return Ok(OpponentName::TreeSearch(rollouts));
        }
        match name {
            "random" => Ok(OpponentName::Random),
            "one-ply" => Ok(OpponentName::OnePly),
            _ => bail!("there is random, one-ply, and mcts-200 for tree search with 200 random games a move"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opponents_go_by_their_names() -> Result<()> {
        assert_eq!("mcts-200".parse::<OpponentName>()?, OpponentName::TreeSearch(200));
        assert_eq!("one-ply".parse::<OpponentName>()?, OpponentName::OnePly);
        for name in ["mcts-0", "mcts-", "mcts-x", "stockfish", ""] {
            assert!(name.parse::<OpponentName>().is_err(), "{name}");
        }
        Ok(())
    }
}
