//! What is put around an environment to change it a little, as Gymnasium's wrappers do.

use std::collections::VecDeque;

use crate::{Environment, EpisodeEnd, Frame, GameError, Info, Key, Observation, Space, Step};

/// What a wrapper leaves as it is.
macro_rules! as_before {
    () => {
        fn name(&self) -> &'static str {
            self.environment.name()
        }

        fn actions(&self) -> &'static [&'static str] {
            self.environment.actions()
        }

        fn render(&mut self) -> Frame {
            self.environment.render()
        }

        fn text(&self) -> String {
            self.environment.text()
        }

        fn action_for(&self, key: Key) -> Option<usize> {
            self.environment.action_for(key)
        }

        fn steps_per_second(&self) -> u32 {
            self.environment.steps_per_second()
        }

        fn is_slow(&self) -> bool {
            self.environment.is_slow()
        }
    };
}

/// Cuts episodes off: the last step that it allows is truncated, unless the game is over with it.
pub struct TimeLimit<E> {
    environment: E,
    steps: usize,
    /// How many steps are left; 0 when no episode is under way.
    left: usize,
}

impl<E: Environment> TimeLimit<E> {
    /// Allows `steps` steps an episode, at least one.
    pub fn new(environment: E, steps: usize) -> Self {
        TimeLimit {
            environment,
            steps: steps.max(1),
            left: 0,
        }
    }
}

impl<E: Environment> Environment for TimeLimit<E> {
    as_before!();

    fn observation_space(&self) -> Space {
        self.environment.observation_space()
    }

    fn reset(&mut self, seed: u64) -> (Observation, Info) {
        self.left = self.steps;
        self.environment.reset(seed)
    }

    fn step(&mut self, action: usize) -> Result<Step, GameError> {
        if self.left == 0 {
            return Err(GameError::NotPlaying { game: self.name() });
        }
        let mut step = self.environment.step(action)?;
        self.left -= 1;
        step.truncated |= self.left == 0 && !step.terminated;
        if step.ended() {
            self.left = 0;
        }
        Ok(step)
    }
}

/// Shows the last few observations at once, the oldest first, one after the other along the first axis: `[4]` becomes
/// `[4 × count]`, and `[planes, height, width]` becomes `[planes × count, height, width]`. At the beginning of an
/// episode, the first observation stands for those before it.
pub struct FrameStack<E> {
    environment: E,
    count: usize,
    last: VecDeque<Observation>,
}

impl<E: Environment> FrameStack<E> {
    /// Shows `count` observations, at least one.
    pub fn new(environment: E, count: usize) -> Self {
        FrameStack {
            environment,
            count: count.max(1),
            last: VecDeque::new(),
        }
    }

    fn stacked(&self) -> Observation {
        self.last.iter().flatten().copied().collect()
    }
}

impl<E: Environment> Environment for FrameStack<E> {
    as_before!();

    fn observation_space(&self) -> Space {
        let mut space = self.environment.observation_space();
        if let Some(first) = space.shape.first_mut() {
            *first *= self.count;
        }
        space
    }

    fn reset(&mut self, seed: u64) -> (Observation, Info) {
        let (observation, info) = self.environment.reset(seed);
        self.last = vec![observation; self.count].into();
        (self.stacked(), info)
    }

    fn step(&mut self, action: usize) -> Result<Step, GameError> {
        let mut step = self.environment.step(action)?;
        self.last.pop_front();
        self.last.push_back(std::mem::take(&mut step.observation));
        step.observation = self.stacked();
        Ok(step)
    }
}

/// Adds up rewards and steps, and says in [`Info::episode`] of the last step how the episode went. Around
/// [`RewardClip`] it adds what was clipped; inside of it, what the game gave.
pub struct EpisodeStatistics<E> {
    environment: E,
    total_reward: f64,
    length: usize,
}

impl<E: Environment> EpisodeStatistics<E> {
    /// Counts what happens in `environment`.
    pub fn new(environment: E) -> Self {
        EpisodeStatistics {
            environment,
            total_reward: 0.0,
            length: 0,
        }
    }
}

impl<E: Environment> Environment for EpisodeStatistics<E> {
    as_before!();

    fn observation_space(&self) -> Space {
        self.environment.observation_space()
    }

    fn reset(&mut self, seed: u64) -> (Observation, Info) {
        (self.total_reward, self.length) = (0.0, 0);
        self.environment.reset(seed)
    }

    fn step(&mut self, action: usize) -> Result<Step, GameError> {
        let mut step = self.environment.step(action)?;
        self.total_reward += step.reward;
        self.length += 1;
        step.info.episode = step.ended().then_some(EpisodeEnd {
            total_reward: self.total_reward,
            length: self.length,
            score: step.info.score,
        });
        Ok(step)
    }
}

/// Keeps rewards small, so that one setting fits many games. It changes what is best: ten points are then worth no
/// more than one.
pub struct RewardClip<E> {
    environment: E,
    clip: Clip,
}

enum Clip {
    Sign,
    Range(f64, f64),
}

impl<E: Environment> RewardClip<E> {
    /// Rewards become -1, 0 or 1 (Mnih et al. 2015).
    pub fn sign(environment: E) -> Self {
        RewardClip {
            environment,
            clip: Clip::Sign,
        }
    }

    /// Rewards below `low` become `low`, and those above `high` become `high`.
    ///
    /// # Panics
    /// When `low` is not below `high`.
    pub fn range(environment: E, low: f64, high: f64) -> Self {
        assert!(
            low < high,
            "rewards between {low} and {high}: the first must be lower"
        );
        RewardClip {
            environment,
            clip: Clip::Range(low, high),
        }
    }
}

impl<E: Environment> Environment for RewardClip<E> {
    as_before!();

    fn observation_space(&self) -> Space {
        self.environment.observation_space()
    }

    fn reset(&mut self, seed: u64) -> (Observation, Info) {
        self.environment.reset(seed)
    }

    fn step(&mut self, action: usize) -> Result<Step, GameError> {
        let mut step = self.environment.step(action)?;
        step.reward = match self.clip {
            Clip::Sign if step.reward == 0.0 => 0.0,
            Clip::Sign => step.reward.signum(),
            Clip::Range(low, high) => step.reward.clamp(low, high),
        };
        Ok(step)
    }
}
