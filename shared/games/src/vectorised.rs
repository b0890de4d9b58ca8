//! Several copies of a game, stepped together.

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::{Environment, GameError, Info, Observation, Step};

/// Copies of a game that are played side by side: Gymnasium's `VectorEnv`, with the automatic reset in the same step
/// (`AutoresetMode.SAME_STEP`). When an episode ends, its last observation is in the [`Step`], and
/// [`observations`](VectorEnvironment::observations) has the first of the next episode already.
///
/// Episode `k` of copy `i` is reset with a number drawn from (seed, `i`, `k`). The copies are shared out over the threads
/// that are [in use](nn::use_threads); the results are the same for any number.
pub struct VectorEnvironment<E> {
    copies: Vec<Copy<E>>,
    seed: u64,
    /// Numbers in an observation.
    size: usize,
    /// copies × observation.
    observations: Vec<f32>,
    steps: Vec<Step>,
}

/// Where the copies of a game stand: with the seed, all that is needed to go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VectorState {
    /// For each copy the episodes that it has ended, and the actions of the one under way.
    copies: Vec<(u64, Vec<u16>)>,
}

struct Copy<E> {
    game: E,
    number: usize,
    episode: u64,
    actions: Vec<u16>,
    observation: Observation,
    info: Info,
}

impl<E: Environment> Copy<E> {
    fn reset(&mut self, seed: u64) {
        let place = format!("copy {}/episode {}", self.number, self.episode);
        (self.observation, self.info) = self.game.reset(nn::random(seed, &place).random());
        self.actions.clear();
    }

    fn step(&mut self, action: usize, seed: u64) -> Result<Step, GameError> {
        let step = self.game.step(action)?;
        self.actions.push(action as u16);
        if step.ended() {
            self.episode += 1;
            self.reset(seed);
        } else {
            self.observation.clone_from(&step.observation);
            self.info.clone_from(&step.info);
        }
        Ok(step)
    }
}

impl<E: Environment> VectorEnvironment<E> {
    /// The copies, each in its first episode.
    ///
    /// # Panics
    /// Without any copy.
    pub fn new(games: Vec<E>, seed: u64) -> Self {
        assert!(!games.is_empty(), "a vector of no environments");
        let size = games[0].observation_space().size();
        let copies = games.into_iter().enumerate().map(|(number, game)| Copy {
            game,
            number,
            episode: 0,
            actions: Vec::new(),
            observation: Vec::new(),
            info: Info::default(),
        });
        let mut all = VectorEnvironment {
            copies: copies.collect(),
            seed,
            size,
            observations: Vec::new(),
            steps: Vec::new(),
        };
        for copy in &mut all.copies {
            copy.reset(seed);
        }
        all.gather();
        all
    }

    /// How many copies there are.
    pub fn len(&self) -> usize {
        self.copies.len()
    }

    /// Whether there is none; there always is.
    pub fn is_empty(&self) -> bool {
        self.copies.is_empty()
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
    /// When an action is not allowed; the other copies have done theirs then.
    ///
    /// # Panics
    /// When there are not as many actions as copies.
    pub fn step(&mut self, actions: &[usize]) -> Result<&[Step], GameError> {
        assert_eq!(actions.len(), self.copies.len(), "an action for each copy");
        let seed = self.seed;
        let mut results: Vec<Option<Result<Step, GameError>>> = actions.iter().map(|_| None).collect();
        let items = self.copies.iter_mut().zip(actions).zip(&mut results).collect();
        nn::share(
            items,
            || (),
            |_, ((copy, action), result): ((&mut Copy<E>, &usize), &mut Option<_>)| {
                *result = Some(copy.step(*action, seed));
            },
        );
        self.steps.clear();
        for result in results.into_iter().flatten() {
            self.steps.push(result?);
        }
        self.gather();
        Ok(&self.steps)
    }

    /// Where the copies stand.
    pub fn state(&self) -> VectorState {
        let copies = self
            .copies
            .iter()
            .map(|copy| (copy.episode, copy.actions.clone()));
        VectorState {
            copies: copies.collect(),
        }
    }

    /// Puts the copies where `state` says, by playing the episodes under way again.
    ///
    /// # Errors
    /// When the state is of other games: an action is not allowed, or an episode ends too early.
    pub fn restore(&mut self, state: &VectorState) -> Result<(), GameError> {
        if state.copies.len() != self.copies.len() {
            return Err(GameError::Position {
                game: self.copies[0].game.name(),
                reason: format!(
                    "a state of {} copies for {}",
                    state.copies.len(),
                    self.copies.len()
                ),
            });
        }
        for (copy, (episode, actions)) in self.copies.iter_mut().zip(&state.copies) {
            copy.episode = *episode;
            copy.reset(self.seed);
            for &action in actions {
                copy.step(action.into(), self.seed)?;
                if copy.episode != *episode {
                    return Err(GameError::Position {
                        game: copy.game.name(),
                        reason: format!(
                            "episode {episode} ends before its {} actions are done",
                            actions.len()
                        ),
                    });
                }
            }
        }
        self.gather();
        Ok(())
    }

    fn gather(&mut self) {
        self.observations.clear();
        self.observations.reserve(self.copies.len() * self.size);
        for copy in &self.copies {
            self.observations.extend_from_slice(&copy.observation);
        }
    }
}
