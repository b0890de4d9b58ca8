//! What can go wrong in a game.

/// Why a game could not go on.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum GameError {
    /// There is no such action.
    #[error("{game}: there is no action {action}: it has {count}, from 0 to {last}", last = count - 1)]
    NoSuchAction {
        /// The game's name.
        game: &'static str,
        /// What was asked for.
        action: usize,
        /// How many there are.
        count: usize,
    },
    /// The rules do not allow the action now.
    #[error("{game}: {action} is not allowed now: {reason}")]
    NotAllowed {
        /// The game's name.
        game: &'static str,
        /// The action's name.
        action: String,
        /// Which rule forbids it.
        reason: String,
    },
    /// The episode has ended, or none has begun.
    #[error("{game}: no episode is under way: call reset with a seed first")]
    NotPlaying {
        /// The game's name.
        game: &'static str,
    },
    /// A position that no game can lead to.
    #[error("{game}: no such position: {reason}")]
    Position {
        /// The game's name.
        game: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Not one for each copy of a game.
    #[error("{game}: {given} given for {copies} copies: there must be one for each")]
    Count {
        /// The game's name.
        game: &'static str,
        /// How many were given.
        given: usize,
        /// How many copies there are.
        copies: usize,
    },
}
