//! Several copies of a game, stepped together.

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::{Environment, GameError, Info, Observation, Space, Step};

/// Copies that a thread gets at least: to hand out work takes some millionths of a second, as do this many steps of
/// a small game.
const AT_LEAST: usize = 32;

/// Copies of a game that are played side by side: Gymnasium's `VectorEnv`, with the automatic reset in the same step
/// (`AutoresetMode.SAME_STEP`). When an episode ends, its last observation is in the [`Step`], and
/// [`observations`](VectorEnvironment::observations) has the first of the next episode already.
///
/// Episode `k` of copy `i` is reset with [`episode_seed`]`(seed, i, k)`. Where there are many, the copies are shared out
/// over the threads that are [in use](nn::use_threads); the results are the same for any number.
///
/// ```
/// use games::{Environment, Snake, VectorEnvironment};
/// let mut games = VectorEnvironment::new(vec![Snake::default(); 4], 7);
/// assert_eq!(games.observations().len(), 4 * games.space().size());
/// for step in games.step(&[1, 1, 0, 2])? {
///     assert!(!step.ended());
/// }
/// let state = games.state(); // for a checkpoint: serde can write it
/// games.step(&[1; 4])?;
/// games.restore(&state)?; // one step back
/// # Ok::<(), games::GameError>(())
/// ```
pub struct VectorEnvironment<E> {
    copies: Vec<One<E>>,
    seed: u64,
    space: Space,
    /// copies × observation.
    observations: Vec<f32>,
    steps: Vec<Step>,
}

/// Where the copies of a game stand: all that is needed to go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VectorState {
    /// The seed that all is a function of.
    pub seed: u64,
    /// One for each copy.
    pub copies: Vec<CopyState>,
}

/// Where one copy stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyState {
    /// The number of the episode under way, from 0.
    pub episode: u64,
    /// What was done in it so far.
    pub actions: Vec<u16>,
}

/// What the episode of a copy is reset with, both counted from 0.
pub fn episode_seed(seed: u64, copy: usize, episode: u64) -> u64 {
    nn::random(seed, &format!("copy {copy}/episode {episode}")).random()
}

struct One<E> {
    game: E,
    number: usize,
    played: CopyState,
    info: Info,
}

impl<E: Environment> One<E> {
    /// Begins the episode that is its turn.
    fn reset(&mut self, seed: u64) -> Observation {
        self.played.actions.clear();
        let seed = episode_seed(seed, self.number, self.played.episode);
        let (observation, info) = self.game.reset(seed);
        self.info = info;
        observation
    }

    fn step(&mut self, seed: u64, action: usize, observation: &mut [f32]) -> Result<Step, GameError> {
        let step = self.game.step(action)?;
        self.played.actions.push(action as u16);
        if step.ended() {
            self.played.episode += 1;
            observation.copy_from_slice(&self.reset(seed));
        } else {
            observation.copy_from_slice(&step.observation);
            self.info.clone_from(&step.info);
        }
        Ok(step)
    }
}

impl<E: Environment> VectorEnvironment<E> {
    /// The copies, each in its first episode.
    ///
    /// # Panics
    /// When observations of the copies are not of one size.
    pub fn new(games: Vec<E>, seed: u64) -> Self {
        let space = games.first().map_or(
            Space {
                shape: vec![0],
                low: 0.0,
                high: 0.0,
            },
            E::observation_space,
        );
        let copies = games.into_iter().enumerate().map(|(number, game)| One {
            game,
            number,
            played: CopyState::default(),
            info: Info::default(),
        });
        let mut all = VectorEnvironment {
            copies: copies.collect(),
            seed,
            space,
            observations: Vec::new(),
            steps: Vec::new(),
        };
        all.observations.resize(all.copies.len() * all.space.size(), 0.0);
        all.begin(seed);
        all
    }

    /// The first episode of each copy.
    fn begin(&mut self, seed: u64) {
        self.seed = seed;
        self.steps.clear();
        let observations = self.observations.chunks_mut(self.space.size().max(1));
        for (copy, observation) in self.copies.iter_mut().zip(observations) {
            copy.played.episode = 0;
            observation.copy_from_slice(&copy.reset(seed));
        }
    }

    /// How many copies there are.
    pub fn len(&self) -> usize {
        self.copies.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.copies.is_empty()
    }

    /// What the observations of one copy look like.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// What is seen in each copy now, copies × observation.
    pub fn observations(&self) -> &[f32] {
        &self.observations
    }

    /// What else there is to say of copy `number` now: the mask of its next action.
    pub fn info(&self, number: usize) -> &Info {
        &self.copies[number].info
    }

    /// Does an action in each copy, and begins the next episode where one has ended.
    ///
    /// # Errors
    /// When there are not as many actions as copies, and when one of them does not exist or the action masks forbid it: all
    /// copies are as before then. And when a game fails within its step, as where an opponent breaks the rules: other copies
    /// may have gone on then.
    pub fn step(&mut self, actions: &[usize]) -> Result<&[Step], GameError> {
        self.check(actions)?;
        let (seed, size) = (self.seed, self.space.size().max(1));
        let slow = self.copies.first().is_some_and(|copy| copy.game.is_slow());
        let least = if slow { 1 } else { AT_LEAST };
        let together = self.copies.len().div_ceil(nn::threads()).max(least);
        let mut results: Vec<Option<Result<Step, GameError>>> = actions.iter().map(|_| None).collect();
        let work = self
            .copies
            .chunks_mut(together)
            .zip(self.observations.chunks_mut(together * size))
            .zip(actions.chunks(together))
            .zip(results.chunks_mut(together));
        nn::share(
            work.collect(),
            || (),
            |(), (((copies, observations), actions), results)| {
                let observations = observations.chunks_mut(size);
                let copies = copies.iter_mut().zip(observations);
                for (((copy, observation), action), result) in copies.zip(actions).zip(results) {
                    *result = Some(copy.step(seed, *action, observation));
                }
            },
        );
        self.steps.clear();
        for result in results.into_iter().flatten() {
            self.steps.push(result?);
        }
        Ok(&self.steps)
    }

    /// Looks at all actions before the first is done, so that none is done where one is wrong.
    fn check(&self, actions: &[usize]) -> Result<(), GameError> {
        self.check_count(actions.len())?;
        for (action, copy) in actions.iter().zip(&self.copies) {
            let (game, names) = (copy.game.name(), copy.game.actions());
            let Some(name) = names.get(*action) else {
                return Err(GameError::NoSuchAction {
                    game,
                    action: *action,
                    count: names.len(),
                });
            };
            if copy.info.action_mask.get(*action) == Some(&false) {
                return Err(GameError::NotAllowed {
                    game,
                    action: (*name).to_string(),
                    reason: format!("the action mask of copy {} says so", copy.number),
                });
            }
        }
        Ok(())
    }

    fn check_count(&self, given: usize) -> Result<(), GameError> {
        match given == self.copies.len() {
            true => Ok(()),
            false => Err(GameError::Count {
                game: self.copies.first().map_or("no game", |first| first.game.name()),
                given,
                copies: self.copies.len(),
            }),
        }
    }

    /// Where the copies stand.
    pub fn state(&self) -> VectorState {
        VectorState {
            seed: self.seed,
            copies: self.copies.iter().map(|copy| copy.played.clone()).collect(),
        }
    }

    /// Puts the copies where `state` says, by playing the episodes under way again. What follows is then the same as it
    /// was there.
    ///
    /// # Errors
    /// When the state is of another number of copies or of another game: an action is not allowed, or an episode ends
    /// too early. The copies are in their first episodes then.
    pub fn restore(&mut self, state: &VectorState) -> Result<(), GameError> {
        let seed = self.seed;
        let result = self.replay(state);
        if result.is_err() {
            self.begin(seed);
        }
        result
    }

    fn replay(&mut self, state: &VectorState) -> Result<(), GameError> {
        self.check_count(state.copies.len())?;
        self.begin(state.seed);
        let observations = self.observations.chunks_mut(self.space.size().max(1));
        for ((copy, observation), then) in self.copies.iter_mut().zip(observations).zip(&state.copies) {
            copy.played.episode = then.episode;
            observation.copy_from_slice(&copy.reset(state.seed));
            for &action in &then.actions {
                if copy.step(state.seed, action.into(), observation)?.ended() {
                    return Err(GameError::Position {
                        game: copy.game.name(),
                        reason: format!(
                            "episode {} ends before its {} actions are done",
                            then.episode,
                            then.actions.len()
                        ),
                    });
                }
            }
        }
        Ok(())
    }
}
