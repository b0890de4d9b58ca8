//! Many environments of one kind, stepped together.

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::{Environment, GameError, Info, Observation, Space};

/// Environments that a thread gets at least: to hand out work takes some millionths of a second, as do this many
/// steps of a small game.
const AT_LEAST: usize = 32;

/// What came of one environment's action.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VectorStep {
    /// What the action earned.
    pub reward: f64,
    /// The game is over.
    pub terminated: bool,
    /// The episode was cut off: the value of `final_observation` is still to be estimated.
    pub truncated: bool,
    /// What there is to say about the observation that is now seen: after an episode's end, the next one's first.
    pub info: Info,
    /// What was seen last in an episode that has ended with this step.
    pub final_observation: Option<Observation>,
    /// What there was to say at its end: the score, and [`Info::episode`].
    pub final_info: Option<Info>,
}

impl VectorStep {
    /// Whether an episode has ended, in whatever way.
    pub fn ended(&self) -> bool {
        self.terminated || self.truncated
    }
}

/// Environments of one kind that are stepped together, on several threads where there are enough of them.
///
/// An environment whose episode ends is reset in the same step (Gymnasium's `AutoresetMode.SAME_STEP`): the observation
/// is then the first of the next episode, and the last one of the episode that has ended is
/// [`VectorStep::final_observation`].
///
/// What happens is a function of the seed and the actions, whatever the number of threads: see [`episode_seed`].
///
/// ```
/// use games::{Environment, EpisodeStatistics, Snake, VectorEnvironment};
/// let mut games = VectorEnvironment::new(4, 7, || EpisodeStatistics::new(Snake::default()));
/// assert_eq!(games.observations().len(), 4 * games.space().size());
/// for step in games.step(&[1, 1, 0, 2])? {
///     assert!(!step.ended());
/// }
/// let checkpoint = games.state(); // serde can write it
/// games.step(&[1; 4])?;
/// games.restore(&checkpoint)?; // one step back
/// # Ok::<(), games::GameError>(())
/// ```
pub struct VectorEnvironment<E> {
    lanes: Vec<Lane<E>>,
    seed: u64,
    space: Space,
    observations: Vec<f32>,
    steps: Vec<VectorStep>,
}

/// One of the environments, and what has happened in it.
struct Lane<E> {
    environment: E,
    number: usize,
    played: LaneState,
}

/// What a [`VectorEnvironment`] has to remember to go on later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VectorState {
    /// That all is a function of.
    pub seed: u64,
    /// One for each environment.
    pub environments: Vec<LaneState>,
}

/// Where one environment stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneState {
    /// The number of the episode under way, from 0.
    pub episode: u64,
    /// What was done in it so far.
    pub actions: Vec<usize>,
}

/// The seed of an environment's episode in a [`VectorEnvironment`], both counted from 0.
pub fn episode_seed(seed: u64, environment: usize, episode: u64) -> u64 {
    nn::random(seed, &format!("environment {environment}/episode {episode}")).random()
}

impl<E: Environment> Lane<E> {
    /// Begins the episode that `played` names.
    fn reset(&mut self, seed: u64, observation: &mut [f32]) -> Info {
        self.played.actions.clear();
        let seed = episode_seed(seed, self.number, self.played.episode);
        let (first, info) = self.environment.reset(seed);
        observation.copy_from_slice(&first);
        info
    }

    fn step(&mut self, seed: u64, action: usize, observation: &mut [f32]) -> Result<VectorStep, GameError> {
        let step = self.environment.step(action)?;
        self.played.actions.push(action);
        let mut outcome = VectorStep {
            reward: step.reward,
            terminated: step.terminated,
            truncated: step.truncated,
            info: step.info,
            ..VectorStep::default()
        };
        if outcome.ended() {
            self.played.episode += 1;
            let info = self.reset(seed, observation);
            outcome.final_info = Some(std::mem::replace(&mut outcome.info, info));
            outcome.final_observation = Some(step.observation);
        } else {
            observation.copy_from_slice(&step.observation);
        }
        Ok(outcome)
    }
}

impl<E: Environment> VectorEnvironment<E> {
    /// `count` environments that `make` makes, each in its first episode.
    pub fn new(count: usize, seed: u64, make: impl Fn() -> E) -> Self {
        let space = make().observation_space();
        let lane = |number| Lane {
            environment: make(),
            number,
            played: LaneState::default(),
        };
        let mut environments = VectorEnvironment {
            lanes: (0..count).map(lane).collect(),
            seed,
            observations: vec![0.0; count * space.size()],
            space,
            steps: vec![VectorStep::default(); count],
        };
        environments.reset(seed);
        environments
    }

    /// Begins anew, with each environment's first episode.
    pub fn reset(&mut self, seed: u64) {
        self.seed = seed;
        let observations = self.observations.chunks_mut(self.space.size().max(1));
        for ((lane, observation), step) in self.lanes.iter_mut().zip(observations).zip(&mut self.steps) {
            lane.played.episode = 0;
            *step = VectorStep {
                info: lane.reset(seed, observation),
                ..VectorStep::default()
            };
        }
    }

    /// How many environments there are.
    pub fn len(&self) -> usize {
        self.lanes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    /// What one environment's observations look like.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// What is seen now, `[environments, …the space's shape]`, row after row.
    pub fn observations(&self) -> &[f32] {
        &self.observations
    }

    /// What came of the last step, one for each environment. Before the first step there is only `info` in it.
    pub fn steps(&self) -> &[VectorStep] {
        &self.steps
    }

    /// Does one action in each environment. What is then seen is in [`observations`](Self::observations).
    ///
    /// # Errors
    /// When there are not as many actions as environments, and when one of them does not exist or is not allowed.
    /// All environments are as before then.
    pub fn step(&mut self, actions: &[usize]) -> Result<&[VectorStep], GameError> {
        self.check(actions)?;
        let size = self.space.size().max(1);
        let seed = self.seed;
        let together = self.lanes.len().div_ceil(nn::threads()).max(AT_LEAST);
        let work = self
            .lanes
            .chunks_mut(together)
            .zip(self.observations.chunks_mut(together * size))
            .zip(self.steps.chunks_mut(together))
            .zip(actions.chunks(together));
        let mut failures = vec![None; work.len()];
        let work = work.zip(&mut failures).collect();
        nn::share(
            work,
            || (),
            |(), ((((lanes, observations), steps), actions), failure)| {
                let observations = observations.chunks_mut(size);
                for (((lane, observation), step), action) in
                    lanes.iter_mut().zip(observations).zip(steps).zip(actions)
                {
                    match lane.step(seed, *action, observation) {
                        Ok(outcome) => *step = outcome,
                        Err(error) => *failure = Some(error),
                    }
                }
            },
        );
        match failures.into_iter().flatten().next() {
            Some(error) => Err(error),
            None => Ok(&self.steps),
        }
    }

    /// Looks at all actions before the first is done, so that none is done where one is wrong.
    fn check(&self, actions: &[usize]) -> Result<(), GameError> {
        let Some(first) = self.lanes.first() else {
            return Ok(());
        };
        let game = first.environment.name();
        let names = first.environment.actions();
        if actions.len() != self.lanes.len() {
            return Err(GameError::Count {
                game,
                given: actions.len(),
                environments: self.lanes.len(),
            });
        }
        for ((action, step), number) in actions.iter().zip(&self.steps).zip(0..) {
            let Some(name) = names.get(*action) else {
                return Err(GameError::NoSuchAction {
                    game,
                    action: *action,
                    count: names.len(),
                });
            };
            if step.info.action_mask.get(*action) == Some(&false) {
                return Err(GameError::NotAllowed {
                    game,
                    action: (*name).to_string(),
                    reason: format!("the action mask of environment {number} says so"),
                });
            }
        }
        Ok(())
    }

    /// What to keep to go on later from here.
    pub fn state(&self) -> VectorState {
        VectorState {
            seed: self.seed,
            environments: self.lanes.iter().map(|lane| lane.played.clone()).collect(),
        }
    }

    /// Goes to where a state was taken, by doing again what was done in the episodes under way. What follows is then
    /// the same as it was there. [`steps`](Self::steps) has only `info` afterwards.
    ///
    /// # Errors
    /// When the state is of another number of environments, or of another game: when its actions cannot be done, or end
    /// an episode. All environments are then in their first episode.
    pub fn restore(&mut self, state: &VectorState) -> Result<(), GameError> {
        let seed = self.seed;
        let result = self.replay(state);
        if result.is_err() {
            self.reset(seed);
        }
        result
    }

    fn replay(&mut self, state: &VectorState) -> Result<(), GameError> {
        let game = self
            .lanes
            .first()
            .map_or("no game", |lane| lane.environment.name());
        if state.environments.len() != self.lanes.len() {
            return Err(GameError::Count {
                game,
                given: state.environments.len(),
                environments: self.lanes.len(),
            });
        }
        self.reset(state.seed);
        let observations = self.observations.chunks_mut(self.space.size().max(1));
        let lanes = self.lanes.iter_mut().zip(observations).zip(&mut self.steps);
        for (((lane, observation), step), then) in lanes.zip(&state.environments) {
            lane.played.episode = then.episode;
            step.info = lane.reset(state.seed, observation);
            for &action in &then.actions {
                let outcome = lane.step(state.seed, action, observation)?;
                if outcome.ended() {
                    return Err(GameError::Position {
                        game,
                        reason:
                            "its episode ends before the last of its actions: was it kept by another game?"
                                .to_string(),
                    });
                }
                step.info = outcome.info;
            }
        }
        Ok(())
    }
}
