//! Games that an agent can learn: environments in Gymnasium's terms, what wraps them, and pictures of play.
//!
//! Every game is a function of the seed given to [`Environment::reset`] and of the actions that follow: the same
//! episode can be played again, which is how a checkpoint keeps a game that is under way.
//!
//! ```
//! use games::{Environment, EpisodeStatistics, Snake, gif};
//! let mut game = EpisodeStatistics::new(Snake::default());
//! game.reset(7);
//! let mut film = vec![game.render()];
//! let end = loop {
//!     let step = game.step(1)?; // straight on, into the wall
//!     film.push(game.render());
//!     if step.ended() {
//!         break step.info.episode.expect("it has ended");
//!     }
//! };
//! println!("{}\n{} apples in {} steps", game.text(), end.score, end.length);
//! assert!(gif(&film, game.steps_per_second())?.starts_with(b"GIF89a"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod breakout;
mod classic;
pub mod connect_four;
mod environment;
mod error;
mod frame;
mod snake;
mod twenty_forty_eight;
mod vectorised;
mod wrappers;

pub use breakout::Breakout;
pub use classic::{CartPole, MountainCar, cart_pole, mountain_car};
pub use connect_four::ConnectFour;
pub use environment::{Environment, EpisodeEnd, Info, Key, Observation, Space, Step};
pub use error::GameError;
pub use frame::{Frame, gif};
pub use snake::Snake;
pub use twenty_forty_eight::{Game2048, Tiles};
pub use vectorised::{CopyState, VectorEnvironment, VectorState, episode_seed};
pub use wrappers::{EpisodeStatistics, FrameStack, RewardClip, TimeLimit};
