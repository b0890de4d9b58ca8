//! Games that an agent can learn: environments in Gymnasium's terms, what wraps them, and pictures of play.
//!
//! Every game is a function of the seed given to [`Environment::reset`] and of the actions that follow: the same
//! episode can be played again, which is how a checkpoint keeps a game that is under way.

pub mod connect_four;
mod environment;
mod error;
mod frame;
mod twenty_forty_eight;
mod vectorised;

pub use connect_four::ConnectFour;
pub use environment::{Environment, EpisodeEnd, Info, Key, Observation, Space, Step};
pub use error::GameError;
pub use frame::{Frame, gif};
pub use twenty_forty_eight::{Game2048, Tiles};
pub use vectorised::{VectorEnvironment, VectorState};
