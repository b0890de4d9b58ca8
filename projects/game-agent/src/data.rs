//! The games, by name, and which of their episodes are for training, for choosing and for the test.

use std::ops::Range;

use games::{
    Breakout, ConnectFour, Environment, Game2048, Snake, cart_pole, connect_four::TreeSearch, mountain_car,
};
use serde::{Deserialize, Serialize};

/// A game to learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Game {
    /// Balance a pole on a cart
    #[value(alias = "cartpole", alias = "CartPole-v1")]
    CartPole,
    /// Swing a weak car up a hill
    #[value(alias = "mountaincar", alias = "MountainCar-v0")]
    MountainCar,
    /// Eat apples and do not bite yourself
    Snake,
    /// Break bricks with a ball
    Breakout,
    /// Four in a row, for two
    #[value(alias = "connect4", alias = "connectfour")]
    ConnectFour,
    /// Slide tiles until they add up to 2048
    #[serde(rename = "2048")]
    #[value(name = "2048")]
    Tiles,
}

/// Seeds of the episodes that a run may look at while it learns, to choose among its weights.
pub const VALIDATION: Range<u64> = 1_000_000..1_000_040;
/// Seeds of the episodes that are played once, when all is chosen.
pub const TEST: Range<u64> = 2_000_000..2_000_100;

/// Random games a move of the tree search that Connect Four is played against.
pub const OPPONENT_ROLLOUTS: usize = 200;

impl Game {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Game::CartPole => "cart-pole",
            Game::MountainCar => "mountain-car",
            Game::Snake => "snake",
            Game::Breakout => "breakout",
            Game::ConnectFour => "connect-four",
            Game::Tiles => "2048",
        }
    }

    /// The game, ready to be reset.
    pub fn open(self) -> Box<dyn Environment> {
        match self {
            Game::CartPole => Box::new(cart_pole()),
            Game::MountainCar => Box::new(mountain_car()),
            // Limits of time that only a player who does nothing reaches are in the games themselves.
            Game::Snake => Box::new(Snake::default()),
            Game::Breakout => Box::new(Breakout::default()),
            Game::Tiles => Box::new(Game2048::new()),
            Game::ConnectFour => Box::new(ConnectFour::new(TreeSearch::new(OPPONENT_ROLLOUTS))),
        }
    }
}
