//! Temporal-difference learning of what boards of 2048 are worth (Szubert and Jaśkowski 2014), with a step size for
//! each entry of the tables that falls where errors cancel out: temporal coherence (Beal and Smith 1999; Jaśkowski
//! 2018). It needs no network, no batches, no exploration (new tiles bring enough of the unforeseen) and one thread.

use anyhow::Result;
use games::Tiles;
use serde::{Deserialize, Serialize};
use training::{Tensors, TrainingError, with_prefix, without_prefix};

use crate::{
    settings::Td,
    trial::Trial,
    tuples::{LOOKS, Looks, TuplePlayer, Tuples, list, tensor},
};

/// Where a training stands between two games, beside the tables.
#[derive(Default, Serialize, Deserialize)]
struct State {
    /// Slides so far.
    step: u64,
    /// Games so far.
    games: u64,
    recent: Recent,
}

/// Sums since the last evaluation, for its row.
#[derive(Default, Serialize, Deserialize)]
struct Recent {
    games: f64,
    points: f64,
    /// Games that came to a tile of 2048.
    won: f64,
    largest: u32,
    steps: f64,
    /// Absolute errors.
    error: f64,
}

/// What the errors at an entry were so far. If they agree about where it should go, it goes there fast; if they only
/// toss it to and fro, it stays.
#[derive(Clone, Copy, Default)]
struct Coherence {
    /// Their sum.
    net: f32,
    /// The sum of their absolute values.
    total: f32,
}

/// Trains tables for `trial`.
pub fn train(trial: &mut Trial<'_>, settings: &Td) -> Result<()> {
    let seed = trial.seed;
    let tuples = Tuples::new(settings.exponents)?;
    let mut coherence = vec![Coherence::default(); tuples.values.len()];
    let mut player = TuplePlayer { tuples };
    // The game under way: the points of each slide, and the entries of the board after it.
    let mut game: Vec<(f32, Looks)> = Vec::new();
    let mut state = State::default();
    if let Some((saved, tensors)) = trial.resume::<State>()? {
        state = saved;
        player.tuples.restore(&without_prefix("tuples/", &tensors))?;
        restore(&mut coherence, &without_prefix("coherence/", &tensors))?;
    }

    loop {
        // Evaluate, and write down how it goes.
        let over = state.step >= settings.steps;
        if trial.is_due(state.step, over) {
            let recent = std::mem::take(&mut state.recent);
            let values = [
                ("games", state.games as f64),
                ("mean score", recent.points / recent.games.max(1.0)),
                ("share of 2048", recent.won / recent.games.max(1.0)),
                ("largest", f64::from(recent.largest)),
                ("error", recent.error / recent.steps.max(1.0)),
            ];
            let weights = player.tuples.tensors()?;
            trial.evaluate(state.step, &values, &mut player, || Ok(weights))?;
        }
        if over || trial.must_save() {
            let mut tensors = with_prefix("tuples/", &player.tuples.tensors()?);
            tensors.extend(with_prefix("coherence/", &coherence_tensors(&coherence)?));
            trial.save(state.step, &state, tensors)?;
        }
        if over {
            return Ok(());
        }

        // Play a game, always what seems best.
        let tuples = &mut player.tuples;
        let mut random = nn::random(seed, &format!("td/game/{}", state.games));
        let mut board = Tiles::start(&mut random);
        game.clear();
        while let Some(choice) = tuples.best(board) {
            board = choice.afterstate.spawn(&mut random);
            game.push((choice.points, choice.looks));
        }

        // Learn from it, from its end to its start, so that what the end teaches reaches the start at once. The
        // board after a slide is worth what was earned from there on: to a share λ as it really came, for the rest as
        // the tables guess it after the next slide (the λ-return, Sutton 1988). After the last, nothing comes.
        let mut to_come = 0.0;
        for (points, looks) in game.iter().rev() {
            let error = to_come - tuples.value(looks);
            learn(tuples, &mut coherence, looks, error, settings.learning_rate);
            to_come = points + settings.trace * to_come + (1.0 - settings.trace) * tuples.value(looks);
            state.recent.points += f64::from(*points);
            state.recent.error += f64::from(error.abs());
        }
        if !state.recent.error.is_finite() {
            return Err(TrainingError::NotFinite {
                what: "error",
                value: state.recent.error,
                step: state.step,
                losses: Vec::new(),
                learning_rate: settings.learning_rate.into(),
            }
            .into());
        }
        state.step += game.len() as u64;
        state.games += 1;
        state.recent.steps += game.len() as f64;
        state.recent.games += 1.0;
        state.recent.won += f64::from(u8::from(board.largest() >= 2048));
        state.recent.largest = state.recent.largest.max(board.largest());
    }
}

/// Corrects the entries of a board whose value was wrong by `error`, each by its share and at its own pace.
#[inline]
fn learn(tuples: &mut Tuples, coherence: &mut [Coherence], looks: &Looks, error: f32, learning_rate: f32) {
    let share = learning_rate * error / LOOKS as f32;
    for &look in looks {
        let seen = &mut coherence[look as usize];
        let pace = if seen.total > 0.0 {
            seen.net.abs() / seen.total
        } else {
            1.0
        };
        tuples.values[look as usize] += pace * share;
        seen.net += error;
        seen.total += error.abs();
    }
}

/// The entries that have been touched, as three lists.
fn coherence_tensors(coherence: &[Coherence]) -> Result<Tensors> {
    let touched = (0u32..).zip(coherence).filter(|(_, seen)| seen.total > 0.0);
    let (mut places, mut net, mut total) = (Vec::new(), Vec::new(), Vec::new());
    for (place, seen) in touched {
        places.push(place);
        net.push(seen.net);
        total.push(seen.total);
    }
    Ok(vec![
        ("places".to_string(), tensor(places)?),
        ("net".to_string(), tensor(net)?),
        ("total".to_string(), tensor(total)?),
    ])
}

/// Takes what [`coherence_tensors`] gave.
fn restore(coherence: &mut [Coherence], tensors: &Tensors) -> Result<()> {
    let (net, total) = (list::<f32>(tensors, "net")?, list::<f32>(tensors, "total")?);
    let places = list::<u32>(tensors, "places")?;
    anyhow::ensure!(
        places.iter().all(|place| (*place as usize) < coherence.len())
            && places.len() == net.len()
            && places.len() == total.len(),
        "the checkpoint is of tables of other settings: start anew"
    );
    for ((place, net), total) in places.into_iter().zip(net).zip(total) {
        coherence[place as usize] = Coherence { net, total };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{path::Path, time::Instant};

    use games::{Environment, Game2048};
    use training::{Interrupt, RunFolder, read_tensors};

    use super::*;
    use crate::{
        NAME, agent,
        data::Game,
        episode::{mean, play},
        player::{Chance, View},
        settings::{Algorithm, Settings},
        trial::{Plan, Trained},
    };

    fn trained(folder: &Path, steps: u64) -> Trained {
        let Settings::Td(usual) = Settings::of(Game::Tiles, Algorithm::Td).unwrap() else {
            panic!("td has settings of its own");
        };
        // Small tables: to them all tiles from 128 on are the same. They soon are as good as they can be.
        let settings = Td {
            exponents: 8,
            evaluate_every: 25_000,
            ..usual
        };
        let plan = Plan {
            game: Game::Tiles,
            // The same for all, so that one of fewer steps can be gone on with.
            settings: Settings::Td(settings.clone()),
            lessons: Vec::new(),
            device: candle_core::Device::Cpu,
            quick: true,
            run_folder: folder.to_path_buf(),
            seconds_before: 0.0,
            began: Instant::now(),
            interrupt: Interrupt::listen(),
        };
        let mut trial = Trial::new(&plan, 3, folder);
        train(&mut trial, &Td { steps, ..settings }).unwrap();
        trial.finish().unwrap()
    }

    /// The bits of all that a checkpoint knows of the tables.
    fn learned(folder: &Path) -> Vec<(String, Vec<u32>)> {
        let path = folder.join(RunFolder::CHECKPOINT);
        let (_, tensors) = read_tensors::<serde_json::Value>(&path, "checkpoint", NAME).unwrap();
        let bits = |(name, tensor): &(String, candle_core::Tensor)| {
            let bits = match tensor.to_vec1::<f32>() {
                Ok(values) => values.into_iter().map(f32::to_bits).collect(),
                Err(_) => tensor.to_vec1::<u32>().unwrap(),
            };
            (name.clone(), bits)
        };
        let of_tables = tensors.iter().filter(|(name, _)| !name.starts_with("best/"));
        of_tables.map(bits).collect()
    }

    #[test]
    fn it_goes_on_to_the_bit() {
        let (whole, halves) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        trained(whole.path(), 60_000);
        trained(halves.path(), 30_000);
        assert_ne!(learned(halves.path()), learned(whole.path()));
        trained(halves.path(), 60_000);
        let (expected, found) = (learned(whole.path()), learned(halves.path()));
        assert_eq!(expected.len(), 5);
        assert!(expected[0].1.len() > 10_000, "{} entries", expected[0].1.len());
        assert!(found == expected, "the tables differ after a resume");
    }

    #[test]
    fn it_learns_and_its_model_plays() {
        let folder = tempfile::tempdir().unwrap();
        let trained = trained(folder.path(), 300_000);
        let (about, mut player) = agent::load(Some(&trained.model), &candle_core::Device::Cpu).unwrap();
        assert_eq!(about.game, Game::Tiles);
        let score = |player: &mut dyn crate::player::Player| {
            let episodes = play(Game::Tiles, player, 0..20).unwrap();
            mean(episodes.iter().map(|episode| episode.end.score))
        };
        let (by_tables, by_chance) = (score(&mut *player), score(&mut Chance::new(4, 0)));
        assert!(
            by_tables > 5.0 * by_chance,
            "{by_tables} against {by_chance} points at random"
        );

        // What the model thinks is what the tables say.
        let mut game = Game2048::new();
        let (observation, info) = game.reset(1);
        let view = View {
            observation: &observation,
            action_mask: &info.action_mask,
        };
        let thoughts = &player.think(&[view]).unwrap()[0];
        let (_, tensors) = read_tensors::<serde_json::Value>(&trained.model, "model", NAME).unwrap();
        let mut tuples = Tuples::new(8).unwrap();
        tuples.restore(&tensors).unwrap();
        let best = tuples.best(game.tiles()).unwrap();
        assert_eq!(thoughts.value, Some(best.points + best.value));
        let (slid, _) = game.tiles().slide(thoughts.best(view)).unwrap();
        assert_eq!(slid, best.afterstate);
        assert!(best.value > 500.0, "{} points to come", best.value);
    }
}
