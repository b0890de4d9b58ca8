//! What an agent can play: Gymnasium's interface (Towers et al. 2024), in Rust.

use crate::{Frame, GameError};

/// What the agent sees, as a flat list; [`Environment::observation_space`] says the shape.
pub type Observation = Vec<f32>;

/// What observations look like: Gymnasium's `Box`, with one bound for all of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    /// The shape, as the network gets it: `[4]`, or planes first, `[planes, height, width]`.
    pub shape: Vec<usize>,
    /// No number is below; may be infinite.
    pub low: f32,
    /// No number is above; may be infinite.
    pub high: f32,
}

impl Space {
    /// How many numbers an observation has.
    pub fn size(&self) -> usize {
        self.shape.iter().product()
    }
}

/// What Gymnasium's `info` says beside the observation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Info {
    /// What a person would call the score so far: apples eaten, bricks broken, points. Rewards may count otherwise.
    pub score: f64,
    /// Which actions the rules allow now; empty where all always are (`info["action_mask"]`).
    pub action_mask: Vec<bool>,
    /// How the episode went, in its last step; only [`EpisodeStatistics`](crate::EpisodeStatistics) fills it
    /// (`info["episode"]`).
    pub episode: Option<EpisodeEnd>,
}

/// How an episode went.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct EpisodeEnd {
    /// The sum of its rewards, undiscounted.
    pub total_reward: f64,
    /// Its steps.
    pub length: usize,
    /// [`Info::score`] at its end.
    pub score: f64,
}

/// What comes of an action.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What the agent sees now.
    pub observation: Observation,
    /// What the action earned.
    pub reward: f64,
    /// The game is over: there is no future to hope for, and its value is 0.
    pub terminated: bool,
    /// The episode was cut off by a limit of time: the future would have gone on, and its value must still be
    /// estimated from `observation`. To take one for the other is a classic mistake (Pardo et al. 2018).
    pub truncated: bool,
    /// What else there is to say.
    pub info: Info,
}

impl Step {
    /// Whether the episode has ended, in whatever way.
    pub fn ended(&self) -> bool {
        self.terminated || self.truncated
    }
}

/// What a person does at the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// An arrow, or `w`.
    Up,
    /// An arrow, or `s`.
    Down,
    /// An arrow, or `a`.
    Left,
    /// An arrow, or `d`.
    Right,
    /// A digit, 1 to 9.
    Digit(usize),
    /// No key was pressed while a frame was shown: what a game that waits for nobody goes on with.
    Nothing,
}

/// A game: it is reset with a seed, then takes one action after the other until the episode ends.
///
/// All that happens is a function of the seed and the actions.
pub trait Environment: Send {
    /// Its name: `snake`.
    fn name(&self) -> &'static str;

    /// What observations look like.
    fn observation_space(&self) -> Space;

    /// The names of the actions: Gymnasium's `Discrete(actions().len())`.
    fn actions(&self) -> &'static [&'static str];

    /// Begins an episode. Gives the first observation, and what else there is to say.
    fn reset(&mut self, seed: u64) -> (Observation, Info);

    /// Does `action`, an index into [`actions`](Environment::actions).
    ///
    /// # Errors
    /// When there is no such action, when the rules forbid it, and when no episode is under way. The game is as
    /// before then.
    fn step(&mut self, action: usize) -> Result<Step, GameError>;

    /// The game as a picture.
    fn render(&mut self) -> Frame;

    /// The game as text for a terminal: a line a row, as wide as each other, without control characters.
    fn text(&self) -> String;

    /// The action that a key means now, if it means one. [`Key::Nothing`] means one only in games that do not wait.
    fn action_for(&self, key: Key) -> Option<usize>;

    /// How many steps a second a person can follow.
    fn steps_per_second(&self) -> u32;

    /// Whether a step takes so long (more than some ten microseconds: an opponent thinks) that a thread of its own is worth
    /// it: see [`VectorEnvironment`](crate::VectorEnvironment).
    fn is_slow(&self) -> bool {
        false
    }
}

/// Whether `action` can be done now.
pub(crate) fn check(game: &impl Environment, playing: bool, action: usize) -> Result<(), GameError> {
    let (count, game) = (game.actions().len(), game.name());
    if !playing {
        return Err(GameError::NotPlaying { game });
    }
    if action >= count {
        return Err(GameError::NoSuchAction { game, action, count });
    }
    Ok(())
}

impl Environment for Box<dyn Environment> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn observation_space(&self) -> Space {
        (**self).observation_space()
    }

    fn actions(&self) -> &'static [&'static str] {
        (**self).actions()
    }

    fn reset(&mut self, seed: u64) -> (Observation, Info) {
        (**self).reset(seed)
    }

    fn step(&mut self, action: usize) -> Result<Step, GameError> {
        (**self).step(action)
    }

    fn render(&mut self) -> Frame {
        (**self).render()
    }

    fn text(&self) -> String {
        (**self).text()
    }

    fn action_for(&self, key: Key) -> Option<usize> {
        (**self).action_for(key)
    }

    fn steps_per_second(&self) -> u32 {
        (**self).steps_per_second()
    }

    fn is_slow(&self) -> bool {
        (**self).is_slow()
    }
}
