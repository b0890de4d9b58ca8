//! Every hyper-parameter of every algorithm, and what each game is learned with.

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{data::Game, model::Size};

/// How an agent learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// Deep Q-network: learns what each action is worth, from a memory of what happened
    Dqn,
    /// Proximal policy optimisation: makes what turned out well likelier, in small steps
    Ppo,
    /// Advantage actor-critic: PPO's simpler forerunner
    A2c,
    /// Self-play with tree search; for connect-four
    AlphaZero,
    /// Temporal-difference learning of tables; for 2048
    Td,
}

impl Algorithm {
    /// What learns `game` best of what is here.
    pub fn best_for(game: Game) -> Self {
        match game {
            Game::MountainCar => Algorithm::Dqn,
            Game::CartPole | Game::Snake | Game::Breakout => Algorithm::Ppo,
            Game::ConnectFour => Algorithm::AlphaZero,
            Game::Tiles => Algorithm::Td,
        }
    }
}

/// The hyper-parameters of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "algorithm", rename_all = "kebab-case")]
pub enum Settings {
    /// Those of [`Algorithm::Dqn`].
    Dqn(Dqn),
    /// Those of [`Algorithm::Ppo`].
    Ppo(Ppo),
    /// Those of [`Algorithm::A2c`].
    A2c(A2c),
    /// Those of [`Algorithm::Td`].
    Td(Td),
    /// Those of [`Algorithm::AlphaZero`].
    AlphaZero(AlphaZero),
}

/// What a deep Q-network learns with (Mnih et al. 2015).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dqn {
    /// Steps in the game, over all copies of it.
    pub steps: u64,
    /// Copies of the game that are played side by side.
    pub environments: usize,
    /// Numbers in each hidden layer.
    pub hidden: usize,
    /// Channels of the two convolutions over planes; 0 takes the planes as one list of numbers, which is several times as fast.
    pub channels: usize,
    /// Adam's step size; it falls linearly to a tenth of it.
    pub learning_rate: f64,
    /// Transitions in a batch.
    pub batch_size: usize,
    /// γ: what a reward is worth one step later.
    pub discount: f64,
    /// Rewards that are added up before the network's own estimate takes over (Sutton 1988).
    pub return_steps: usize,
    /// Lets the trained network choose the best next action and the target network value it, which overestimates less
    /// (van Hasselt et al. 2016).
    pub double: bool,
    /// Learns the value of a state and the advantages of actions apart (Wang et al. 2016).
    pub duelling: bool,
    /// Transitions that are remembered.
    pub replay_capacity: usize,
    /// How strongly surprising transitions are preferred, from 0, not at all, to 1 (α of Schaul et al. 2016).
    pub priority: f64,
    /// How far the weights of a batch make up for that preference at the start; it rises linearly to 1, all of it (β of
    /// the same).
    pub priority_correction: f64,
    /// Steps before learning starts.
    pub learning_starts: u64,
    /// Steps in the game between updates.
    pub train_every: u64,
    /// Batches learned from at each update.
    pub batches: usize,
    /// Batches between copies of the trained network to the target network.
    pub target_every: u64,
    /// ε, the share of decisions that are made at random, at the start.
    pub epsilon_start: f64,
    /// ε at the end.
    pub epsilon_end: f64,
    /// The share of the run over which ε falls from the one to the other.
    pub exploration: f64,
    /// Whether an action at random is repeated for a number of steps that is drawn from a zeta distribution with
    /// exponent 2: most are done once, a few for very long (Dabney et al. 2021). It gets a car up a hill that no
    /// shaking would. More of the actions than ε are at random then.
    pub persistent: bool,
    /// The longest gradient; longer ones are shortened.
    pub clip_norm: f64,
    /// Steps between evaluations on the validation games.
    pub evaluate_every: u64,
}

/// What PPO learns with (Schulman et al. 2017).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ppo {
    /// Steps in the game, over all copies of it.
    pub steps: u64,
    /// Copies of the game that are played side by side.
    pub environments: usize,
    /// Steps of each copy between updates.
    pub rollout: usize,
    /// Numbers in each hidden layer.
    pub hidden: usize,
    /// Channels of the two convolutions over planes; 0 takes the planes as one list of numbers, which is several times as fast.
    pub channels: usize,
    /// Adam's step size; it falls linearly to zero.
    pub learning_rate: f64,
    /// Steps in a batch.
    pub batch_size: usize,
    /// Passes over each rollout.
    pub epochs: usize,
    /// γ: what a reward is worth one step later.
    pub discount: f64,
    /// λ of generalised advantage estimation (Schulman et al. 2016): 0 trusts the value network, 1 what happened.
    pub trace: f64,
    /// How far the probability of an action may move from what it was before it is no longer pushed.
    pub clip: f64,
    /// The weight of the value loss.
    pub value_weight: f64,
    /// The weight of the entropy: a reward for not making up one's mind too early.
    pub entropy_weight: f64,
    /// The longest gradient; longer ones are shortened.
    pub clip_norm: f64,
    /// Steps between evaluations on the validation games.
    pub evaluate_every: u64,
}

/// What A2C learns with (Mnih et al. 2016): PPO with one pass over each rollout and nothing clipped (Huang et al. 2022).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct A2c {
    /// Steps in the game, over all copies of it.
    pub steps: u64,
    /// Copies of the game that are played side by side.
    pub environments: usize,
    /// Steps in a batch: each copy plays its share of them between updates.
    pub batch_size: usize,
    /// Numbers in each hidden layer.
    pub hidden: usize,
    /// Channels of the two convolutions over planes; 0 takes the planes as one list of numbers, which is several times as fast.
    pub channels: usize,
    /// Adam's step size; it falls linearly to zero.
    pub learning_rate: f64,
    /// γ: what a reward is worth one step later.
    pub discount: f64,
    /// λ of generalised advantage estimation (Schulman et al. 2016): 0 trusts the value network, 1 what happened.
    pub trace: f64,
    /// The weight of the value loss.
    pub value_weight: f64,
    /// The weight of the entropy: a reward for not making up one's mind too early.
    pub entropy_weight: f64,
    /// The longest gradient; longer ones are shortened.
    pub clip_norm: f64,
    /// Steps between evaluations on the validation games.
    pub evaluate_every: u64,
}

/// What tables of 2048 are learned with (Szubert and Jaśkowski 2014; Jaśkowski 2018).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Td {
    /// Steps in the game; the game under way then is played to its end.
    pub steps: u64,
    /// Powers of two that the tables tell apart, from no tile on: with 12, all tiles from 2048 on are the same to
    /// them. A table has `exponents`⁶ entries.
    pub exponents: usize,
    /// β: the share of an error that is corrected, as long as all errors agree. Each entry's own step size is
    /// learned, so that 1 is right.
    pub learning_rate: f32,
    /// λ: 0 learns each board's value from the guess for the next, 1 from what was earned in the end (Sutton 1988).
    pub trace: f32,
    /// Steps between evaluations on the validation games.
    pub evaluate_every: u64,
}

/// What AlphaZero learns with (Silver et al. 2018), in a size for two cores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlphaZero {
    /// Moves that it plays against itself; the last iteration is played to its end.
    pub steps: u64,
    /// Games of an iteration, which are played in step: with few the network judges few positions at once, with many
    /// it learns seldom.
    pub games: usize,
    /// Channels of the network's convolutions.
    pub channels: usize,
    /// Residual blocks of the network.
    pub blocks: usize,
    /// Simulations for a move that is searched thoroughly, and learned from.
    pub simulations: u32,
    /// Simulations for all other moves.
    pub quick_simulations: u32,
    /// The share of moves that are searched thoroughly (p of Wu 2019, section 3.1).
    pub thorough: f64,
    /// Simulations for a move when it plays against others.
    pub play_simulations: u32,
    /// c of PUCT: how far what the network likes is preferred to what the search has found so far.
    pub exploration: f32,
    /// The share of noise among the priors at the root of a thorough search.
    pub noise: f32,
    /// The first moves of a game are drawn as the search's shares say, so that games differ; later ones are the best.
    pub varied_moves: u32,
    /// How far the value that is learned is that of the search, not the game's result: from 0 to 1.
    pub trust: f32,
    /// The most positions to learn from that are remembered.
    pub replay_capacity: usize,
    /// The share of all positions so far, the newest, that are remembered.
    pub replay_share: f64,
    /// How often a position is learned from.
    pub passes: f64,
    /// Positions in a batch.
    pub batch_size: usize,
    /// AdamW's step size; it falls linearly to a tenth of it.
    pub learning_rate: f64,
    /// AdamW's weight decay.
    pub weight_decay: f64,
    /// The weight of the value loss beside the policy's.
    pub value_weight: f64,
    /// The longest gradient; longer ones are shortened.
    pub clip_norm: f64,
    /// Moves between evaluations on the validation games.
    pub evaluate_every: u64,
}

impl Default for AlphaZero {
    fn default() -> Self {
        AlphaZero {
            steps: 300_000,
            games: 128,
            channels: 32,
            blocks: 3,
            simulations: 64,
            quick_simulations: 16,
            thorough: 0.25,
            play_simulations: 64,
            exploration: 2.0,
            noise: 0.25,
            varied_moves: 12,
            trust: 0.5,
            replay_capacity: 50_000,
            replay_share: 0.5,
            passes: 6.0,
            batch_size: 256,
            learning_rate: 2e-3,
            weight_decay: 1e-2,
            value_weight: 1.0,
            clip_norm: 5.0,
            evaluate_every: 25_000,
        }
    }
}

impl Settings {
    /// What `game` is learned with by `algorithm`.
    ///
    /// # Errors
    /// When the algorithm is made for another game.
    pub fn of(game: Game, algorithm: Algorithm) -> Result<Self> {
        Ok(match algorithm {
            Algorithm::Dqn => Settings::Dqn(Dqn::of(game)),
            Algorithm::Ppo => Settings::Ppo(Ppo::of(game)),
            Algorithm::A2c => Settings::A2c(A2c::of(game)),
            Algorithm::AlphaZero if game == Game::ConnectFour => Settings::AlphaZero(AlphaZero::default()),
            Algorithm::AlphaZero => {
                bail!("alpha-zero needs the rules of the game to search: it plays connect-four only")
            }
            Algorithm::Td if game == Game::Tiles => Settings::Td(Td::of_tiles()),
            Algorithm::Td => bail!("td learns tables of tiles: it plays 2048 only"),
        })
    }

    /// The same, for `--quick`.
    pub fn quick(self) -> Result<Self> {
        let changes = match self {
            Settings::Dqn(_) => "steps=2000 evaluate_every=1000 learning_starts=500",
            Settings::Ppo(_) => "steps=2000 evaluate_every=1000 environments=8 rollout=64 batch_size=128",
            Settings::A2c(_) => "steps=2000 evaluate_every=1000 environments=8 batch_size=128",
            Settings::AlphaZero(_) => "steps=300 evaluate_every=200 games=16",
            Settings::Td(_) => "steps=2000 evaluate_every=1000",
        };
        self.with(&changes.split(' ').map(String::from).collect::<Vec<_>>())
    }

    /// Whether the training keeps one thread busy and no more: networks as small as these gain nothing from a second.
    pub fn on_one_thread(&self) -> bool {
        match self {
            Settings::Dqn(Dqn { hidden, .. })
            | Settings::Ppo(Ppo { hidden, .. })
            | Settings::A2c(A2c { hidden, .. }) => *hidden <= 128,
            Settings::Td(_) => true,
            Settings::AlphaZero(_) => false,
        }
    }

    /// Steps between evaluations.
    pub fn evaluate_every(&self) -> u64 {
        match self {
            Settings::Dqn(settings) => settings.evaluate_every,
            Settings::Ppo(settings) => settings.evaluate_every,
            Settings::A2c(settings) => settings.evaluate_every,
            Settings::Td(settings) => settings.evaluate_every,
            Settings::AlphaZero(settings) => settings.evaluate_every,
        }
    }

    /// Examples in a batch; tables learn from one slide after the other.
    pub fn batch_size(&self) -> usize {
        match self {
            Settings::Dqn(settings) => settings.batch_size,
            Settings::Ppo(settings) => settings.batch_size,
            Settings::A2c(settings) => settings.batch_size,
            Settings::AlphaZero(settings) => settings.batch_size,
            Settings::Td(_) => 1,
        }
    }

    /// Steps in the game of a whole training.
    pub fn steps(&self) -> u64 {
        match self {
            Settings::Dqn(dqn) => dqn.steps,
            Settings::Ppo(settings) => settings.steps,
            Settings::A2c(settings) => settings.steps,
            Settings::Td(td) => td.steps,
            Settings::AlphaZero(settings) => settings.steps,
        }
    }

    /// The same with `changes`, each `NAME=VALUE`, the names as in `config.json`.
    ///
    /// # Errors
    /// When a name is unknown (the nearest is suggested) or a value does not fit.
    pub fn with(self, changes: &[String]) -> Result<Self> {
        let mut all = serde_json::to_value(&self)?;
        for change in changes {
            let (name, text) = change
                .split_once('=')
                .with_context(|| format!("--set {change}: write it as NAME=VALUE"))?;
            let name = name.trim().replace('-', "_");
            let Some(fields) = all.as_object_mut() else {
                continue;
            };
            if name == "algorithm" || !fields.contains_key(&name) {
                let known: Vec<&str> = fields
                    .keys()
                    .map(String::as_str)
                    .filter(|known| *known != "algorithm")
                    .collect();
                let nearest = nearest(&name, &known);
                bail!(
                    "--set {change}: there is no {name}; is it {nearest}? There are {}",
                    known.join(", ")
                );
            }
            let value: Value = serde_json::from_str(text.trim())
                .with_context(|| format!("--set {change}: {text:?} is neither a number nor true or false"))?;
            fields.insert(name.clone(), value);
            // One at a time, so that the message names the one that does not fit.
            serde_json::from_value::<Settings>(all.clone())
                .with_context(|| format!("--set {change}: no value for {name}"))?;
        }
        let settings: Settings = serde_json::from_value(all)?;
        settings.check()?;
        Ok(settings)
    }

    /// Errors where a number makes no sense.
    fn check(&self) -> Result<()> {
        let all = serde_json::to_value(self)?;
        for (name, value) in all.as_object().into_iter().flatten() {
            if let (Some(value), Some((low, high))) = (value.as_f64(), self.range(name))
                && !(low..=high).contains(&value)
            {
                bail!("{name} is {value}: it must lie between {low} and {high}");
            }
        }
        if let Settings::A2c(A2c {
            batch_size,
            environments,
            ..
        }) = self
            && batch_size % environments != 0
        {
            bail!(
                "batch_size is {batch_size}: {environments} copies of the game are played, so it must be a multiple of that"
            );
        }
        Ok(())
    }

    /// Between which numbers the setting of this name makes sense.
    fn range(&self, name: &str) -> Option<(f64, f64)> {
        /// Above zero, for all that is done here.
        const SMALL: f64 = 1e-9;
        Some(match (name, self) {
            ("channels", Settings::AlphaZero(_)) => (1.0, 1024.0),
            ("exploration", Settings::AlphaZero(_)) => (0.0, 100.0),
            // Advantages are brought to deviation 1 within a batch: of one alone nothing would be left.
            ("batch_size", Settings::Ppo(_)) => (2.0, 1e6),
            ("steps" | "evaluate_every" | "train_every" | "target_every", _) => (1.0, 1e15),
            ("replay_capacity" | "rollout" | "batch_size", _) => (1.0, 1e8),
            ("environments" | "hidden" | "games" | "epochs" | "batches" | "return_steps", _) => (1.0, 1e4),
            ("simulations" | "quick_simulations" | "play_simulations", _) => (1.0, 1e5),
            ("learning_starts", _) => (0.0, 1e15),
            ("channels", _) => (0.0, 1024.0),
            ("blocks", _) => (0.0, 100.0),
            ("exponents", _) => (2.0, 16.0),
            ("varied_moves", _) => (0.0, 42.0),
            ("learning_rate", _) => (SMALL, 1.0),
            ("clip_norm" | "clip", _) => (SMALL, 1e9),
            ("passes", _) => (0.01, 1e3),
            ("thorough" | "replay_share", _) => (0.01, 1.0),
            ("value_weight" | "entropy_weight", _) => (0.0, 1e3),
            (
                "discount"
                | "trace"
                | "priority"
                | "priority_correction"
                | "epsilon_start"
                | "epsilon_end"
                | "exploration"
                | "noise"
                | "trust"
                | "weight_decay",
                _,
            ) => (0.0, 1.0),
            _ => return None,
        })
    }
}

/// The word of `known` that takes the fewest letters to change.
fn nearest<'a>(word: &str, known: &[&'a str]) -> &'a str {
    let letters = |word: &str| word.chars().collect::<Vec<char>>();
    let far = |other: &&&str| training::metrics::edit_distance(&letters(word), &letters(other));
    known.iter().min_by_key(far).copied().unwrap_or_default()
}

impl Dqn {
    /// How large the network is.
    pub fn size(&self) -> Size {
        Size {
            hidden: self.hidden,
            channels: self.channels,
        }
    }

    fn of(game: Game) -> Self {
        let usual = Dqn {
            steps: 100_000,
            environments: 4,
            hidden: 64,
            channels: 0,
            learning_rate: 1e-3,
            batch_size: 128,
            discount: 0.99,
            return_steps: 10,
            double: true,
            duelling: false,
            replay_capacity: 50_000,
            priority: 0.0,
            priority_correction: 0.4,
            learning_starts: 1_000,
            train_every: 4,
            batches: 1,
            target_every: 500,
            epsilon_start: 1.0,
            epsilon_end: 0.02,
            exploration: 0.2,
            persistent: false,
            clip_norm: 10.0,
            evaluate_every: 2_500,
        };
        match game {
            Game::CartPole => usual,
            Game::MountainCar => Dqn {
                hidden: 128,
                return_steps: 5,
                target_every: 200,
                exploration: 0.5,
                persistent: true,
                ..usual
            },
            _ => Dqn {
                steps: 1_000_000,
                environments: 16,
                hidden: 256,
                return_steps: 5,
                train_every: 16,
                learning_starts: 10_000,
                learning_rate: 3e-4,
                evaluate_every: 50_000,
                ..usual
            },
        }
    }
}

impl Ppo {
    /// How large the network is.
    pub fn size(&self) -> Size {
        Size {
            hidden: self.hidden,
            channels: self.channels,
        }
    }

    fn of(game: Game) -> Self {
        let usual = Ppo {
            steps: 100_000,
            environments: 8,
            rollout: 128,
            hidden: 64,
            channels: 0,
            learning_rate: 1e-3,
            batch_size: 128,
            epochs: 10,
            discount: 0.99,
            trace: 0.95,
            clip: 0.2,
            value_weight: 0.5,
            entropy_weight: 0.0,
            clip_norm: 0.5,
            evaluate_every: 5_000,
        };
        match game {
            Game::CartPole | Game::MountainCar => usual,
            // The ball's way is easier to see in pictures than in a list of numbers.
            Game::Breakout => Ppo {
                steps: 1_500_000,
                environments: 64,
                hidden: 128,
                channels: 16,
                learning_rate: 2e-3,
                batch_size: 1024,
                epochs: 3,
                entropy_weight: 0.01,
                evaluate_every: 50_000,
                ..usual
            },
            _ => Ppo {
                steps: 4_000_000,
                environments: 64,
                hidden: 256,
                batch_size: 1024,
                epochs: 3,
                entropy_weight: 0.01,
                evaluate_every: 100_000,
                ..usual
            },
        }
    }
}

impl A2c {
    /// How large the network is.
    pub fn size(&self) -> Size {
        Size {
            hidden: self.hidden,
            channels: self.channels,
        }
    }

    fn of(game: Game) -> Self {
        let usual = A2c {
            steps: 100_000,
            environments: 8,
            batch_size: 128,
            hidden: 64,
            channels: 0,
            learning_rate: 2e-3,
            discount: 0.99,
            trace: 0.95,
            value_weight: 0.5,
            entropy_weight: 0.0,
            clip_norm: 0.5,
            evaluate_every: 5_000,
        };
        match game {
            Game::CartPole | Game::MountainCar => usual,
            _ => A2c {
                steps: 4_000_000,
                environments: 64,
                batch_size: 1024,
                hidden: 256,
                learning_rate: 1e-3,
                entropy_weight: 0.01,
                evaluate_every: 100_000,
                ..usual
            },
        }
    }
}

impl Td {
    fn of_tiles() -> Self {
        Td {
            steps: 20_000_000,
            exponents: 12,
            learning_rate: 1.0,
            trace: 0.5,
            evaluate_every: 2_000_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    /// All games with all algorithms that can learn them.
    fn all() -> Vec<Settings> {
        let pairs = Game::value_variants()
            .iter()
            .flat_map(|game| Algorithm::value_variants().iter().map(|way| (*game, *way)));
        pairs
            .filter_map(|(game, algorithm)| Settings::of(game, algorithm).ok())
            .collect()
    }

    #[test]
    fn every_number_has_a_range_and_lies_in_it() -> Result<()> {
        assert_eq!(all().len(), 6 * 3 + 2);
        for settings in all() {
            settings.check()?;
            settings.clone().quick()?;
            for (name, value) in serde_json::to_value(&settings)?.as_object().into_iter().flatten() {
                let has_range = settings.range(name).is_some();
                assert_eq!(has_range, value.is_number(), "{name} of {settings:?}");
            }
        }
        Ok(())
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (game, algorithm, change) in [
            (Game::CartPole, Algorithm::Ppo, "clip_norm=-1"),
            (Game::CartPole, Algorithm::Ppo, "batch_size=1"),
            (Game::CartPole, Algorithm::A2c, "batch_size=100"),
            (Game::CartPole, Algorithm::Dqn, "batches=0"),
            (Game::CartPole, Algorithm::Dqn, "discount=1.5"),
            (Game::ConnectFour, Algorithm::AlphaZero, "thorough=0"),
            (Game::ConnectFour, Algorithm::AlphaZero, "channels=0"),
            (Game::ConnectFour, Algorithm::AlphaZero, "exploration=-5"),
            (
                Game::ConnectFour,
                Algorithm::AlphaZero,
                "play_simulations=4000000000",
            ),
            (Game::Tiles, Algorithm::Td, "learning_rate=1e30"),
        ] {
            let (name, _) = change.split_once('=').unwrap_or_default();
            let settings = Settings::of(game, algorithm).expect("the algorithm is for the game");
            let error = settings.with(&[change.to_string()]).expect_err(change);
            assert!(error.to_string().contains(name), "{change}: {error}");
        }
    }
}
