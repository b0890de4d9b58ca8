//! A trained agent, from its file.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use candle_core::{DType, Device};
use nn::VarBuilder;
use serde::{Deserialize, Serialize};
use training::{find_model, models, read_header, read_tensors};

use crate::{
    NAME,
    data::Game,
    model::{ActorCritic, NetworkPlayer, QNetwork, Shape},
    player::Player,
    searcher::{Network, Searcher},
    settings::Settings,
    tuples::{TuplePlayer, Tuples},
};

/// What a model file says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct About {
    /// What it plays.
    pub game: Game,
    /// What it was learned with.
    pub settings: Settings,
    /// The seed of its training.
    pub seed: u64,
    /// Steps in the game that it had learned from.
    pub step: u64,
    /// Its mean return in the validation games.
    pub returns: f64,
}

/// The agent at `given`, else the newest of `game`, if one is named, else the newest.
///
/// # Errors
/// When there is none, it is damaged, or it plays another game.
pub fn load_for(
    game: Option<Game>,
    given: Option<&Path>,
    device: &Device,
) -> Result<(About, Box<dyn Player>)> {
    let Some(game) = game else {
        return load(given, device);
    };
    let path = match given {
        Some(given) => given.to_path_buf(),
        None => newest(game).with_context(|| {
            format!(
                "no trained model of {name} in runs/{NAME}: train one with `cargo run -p {NAME} -- train --game {name}`, \
                 run this where you trained, or name a run with --model DIR",
                name = game.name()
            )
        })?,
    };
    let (about, player) = load(Some(&path), device)?;
    ensure!(
        about.game == game,
        "the agent at {} plays {}, not {}: name another with --model, or leave out --game",
        path.display(),
        about.game.name(),
        game.name()
    );
    Ok((about, player))
}

/// The newest model that plays `game`. Whichever cannot be read, by damage or because it is of another version of this
/// program, is passed over.
pub fn newest(game: Game) -> Option<PathBuf> {
    let plays_it =
        |model: &PathBuf| read_header::<About>(model, "model", NAME).is_ok_and(|about| about.game == game);
    models(NAME).into_iter().find(plays_it)
}

/// The agent at `given`, a run folder or a model file, else the newest.
///
/// # Errors
/// When there is none, or it is damaged.
pub fn load(given: Option<&Path>, device: &Device) -> Result<(About, Box<dyn Player>)> {
    let path = find_model(NAME, given)?;
    let (about, tensors) = read_tensors::<About>(&path, "model", NAME)?;
    let shape = Shape::of(about.game);
    let weights = || VarBuilder::from_tensors(tensors.iter().cloned().collect(), DType::F32, device);
    let player: Box<dyn Player> = match &about.settings {
        Settings::Dqn(dqn) => Box::new(NetworkPlayer::new(
            QNetwork::new(&shape, dqn.size(), dqn.duelling, weights())?,
            shape,
            device,
        )),
        Settings::Ppo(ppo) => Box::new(NetworkPlayer::new(
            ActorCritic::new(&shape, ppo.size(), weights())?,
            shape,
            device,
        )),
        Settings::A2c(a2c) => Box::new(NetworkPlayer::new(
            ActorCritic::new(&shape, a2c.size(), weights())?,
            shape,
            device,
        )),
        Settings::Td(td) => {
            let mut tuples = Tuples::new(td.exponents)?;
            tuples.restore(&tensors)?;
            Box::new(TuplePlayer { tuples })
        }
        Settings::AlphaZero(settings) => Box::new(Searcher::new(
            Network::new(settings.channels, settings.blocks, weights())?,
            settings,
        )),
    };
    Ok((about, player))
}

/// How many numbers the model at `path` has learned.
pub fn parameters(path: &Path) -> Result<usize> {
    let (_, tensors) = read_tensors::<About>(path, "model", NAME)?;
    // A table's places are no parameters, and neither are a norm's running statistics.
    let learned = tensors
        .iter()
        .filter(|(name, tensor)| tensor.dtype().is_float() && !nn::is_buffer(name));
    Ok(learned.map(|(_, tensor)| tensor.elem_count()).sum())
}

/// The agent at `path` playing at sight, if it is one that searches.
pub fn without_search(path: &Path, device: &Device) -> Result<Option<Box<dyn Player>>> {
    let (about, tensors) = read_tensors::<About>(path, "model", NAME)?;
    let Settings::AlphaZero(settings) = &about.settings else {
        return Ok(None);
    };
    let weights = VarBuilder::from_tensors(tensors.into_iter().collect(), DType::F32, device);
    let network = Network::new(settings.channels, settings.blocks, weights)?;
    Ok(Some(Box::new(
        Searcher::new(network, settings).with_simulations(0),
    )))
}
