//! A trained agent, from its file.

use std::path::Path;

use anyhow::Result;
use candle_core::{DType, Device};
use nn::VarBuilder;
use serde::{Deserialize, Serialize};
use training::{find_model, read_tensors};

use crate::{
    NAME,
    alpha_zero::{Network, Searcher},
    data::Game,
    model::{ActorCritic, NetworkPlayer, QNetwork, Shape},
    player::Player,
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
            QNetwork::new(&shape, dqn.hidden, dqn.duelling, weights())?,
            shape,
            device,
        )),
        Settings::Ppo(settings) | Settings::A2c(settings) => Box::new(NetworkPlayer::new(
            ActorCritic::new(&shape, settings.hidden, weights())?,
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
