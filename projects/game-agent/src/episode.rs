//! Whole episodes, played with a player that no longer learns, and how sure the mean of them is.

use std::ops::Range;

use anyhow::Result;
use games::{Environment, EpisodeEnd, Game2048, Info, Observation};
use rand::Rng;

use crate::{
    data::Game,
    player::{Player, View},
};

/// An episode that can be played again: a game does the same for the same seed and actions.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Episode {
    /// What the game was reset with.
    pub seed: u64,
    /// What was done.
    pub actions: Vec<u8>,
    /// How it went.
    pub end: EpisodeEnd,
}

/// Episodes that are played side by side, so that a network thinks about many at once.
const SIDE_BY_SIDE: usize = 100;

/// An episode under way.
pub struct Table {
    /// What is played.
    pub game: Box<dyn Environment>,
    /// What the player sees now.
    pub observation: Observation,
    /// What else there is to say.
    pub info: Info,
    /// What was played so far.
    pub episode: Episode,
    /// Whether it has ended.
    pub ended: bool,
    /// Whether it has ended by the rules, not by a limit of time.
    pub terminated: bool,
}

/// Plays an episode of `game` for each of `seeds`.
pub fn play(game: Game, player: &mut dyn Player, seeds: Range<u64>) -> Result<Vec<Episode>> {
    let seeds: Vec<u64> = seeds.collect();
    let mut episodes = Vec::new();
    for seeds in seeds.chunks(SIDE_BY_SIDE) {
        let mut tables: Vec<Table> = seeds.iter().map(|seed| Table::new(game.open(), *seed)).collect();
        loop {
            let mut playing: Vec<&mut Table> = tables.iter_mut().filter(|table| !table.ended).collect();
            if playing.is_empty() {
                break;
            }
            let views: Vec<View<'_>> = playing.iter().map(|table| table.view()).collect();
            let actions = player.act(&views)?;
            for (table, action) in playing.iter_mut().zip(actions) {
                table.step(action)?;
            }
        }
        episodes.extend(tables.into_iter().map(|table| table.episode));
    }
    Ok(episodes)
}

impl Table {
    /// Begins an episode.
    pub fn new(mut game: Box<dyn Environment>, seed: u64) -> Self {
        let (observation, info) = game.reset(seed);
        Table {
            game,
            observation,
            info,
            episode: Episode {
                seed,
                actions: Vec::new(),
                end: EpisodeEnd::default(),
            },
            ended: false,
            terminated: false,
        }
    }

    /// What a player sees of it.
    pub fn view(&self) -> View<'_> {
        View {
            observation: &self.observation,
            action_mask: &self.info.action_mask,
        }
    }

    /// Does `action`.
    ///
    /// # Errors
    /// When there is no such action, the rules forbid it, or the episode has ended. All is as before then.
    pub fn step(&mut self, action: usize) -> Result<()> {
        let step = self.game.step(action)?;
        let Episode { actions, end, .. } = &mut self.episode;
        actions.push(action as u8);
        end.total_reward += step.reward;
        end.length += 1;
        end.score = step.info.score;
        self.ended = step.ended();
        self.terminated = step.terminated;
        self.observation = step.observation;
        self.info = step.info;
        Ok(())
    }
}

/// The share of games of 2048 that came to that tile, or a larger one: each is played again to see.
pub fn share_of_2048(episodes: &[Episode]) -> Result<f64> {
    let mut won = Vec::new();
    for episode in episodes {
        let mut game = Game2048::new();
        game.reset(episode.seed);
        for &action in &episode.actions {
            game.step(action.into())?;
        }
        won.push(if game.tiles().largest() >= 2048 { 1.0 } else { 0.0 });
    }
    Ok(mean(won.into_iter()))
}

/// The mean of `values`, 0 of none.
pub fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len().max(1) as f64;
    values.sum::<f64>() / count
}

/// Between which numbers the mean of several agents' `scores` lies with a probability of 95 %: the percentiles of the means
/// of 2,000 samples drawn with replacement, agents first and then games of each (Efron and Tibshirani 1993, chapter 13;
/// Agarwal et al. 2021 on why agents count, not games). Of one agent it speaks for that agent only.
pub fn bootstrap_interval(scores: &[Vec<f64>]) -> (f64, f64) {
    const SAMPLES: usize = 2_000;
    let mut random = nn::random(0, "bootstrap");
    let mut means: Vec<f64> = (0..SAMPLES)
        .map(|_| {
            let mut agent = || {
                let games = &scores[random.random_range(0..scores.len())];
                mean((0..games.len()).map(|_| games[random.random_range(0..games.len())]))
            };
            mean((0..scores.len()).map(|_| agent()))
        })
        .collect();
    means.sort_by(f64::total_cmp);
    (means[SAMPLES / 40], means[SAMPLES - 1 - SAMPLES / 40])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Games of one agent: the interval of the normal distribution. Agents that differ: theirs, however many games.
    #[test]
    fn intervals_are_as_wide_as_they_must_be() {
        let games: Vec<f64> = (0..400).map(|game| f64::from(game % 2)).collect();
        let (low, high) = bootstrap_interval(std::slice::from_ref(&games));
        let half = 1.96 * 0.5 / 20.0;
        assert!(
            (low - (0.5 - half)).abs() < 0.005 && (high - (0.5 + half)).abs() < 0.005,
            "{low} {high}"
        );
        let agents: Vec<Vec<f64>> = (0..4).map(|agent| vec![f64::from(agent % 2); 1_000]).collect();
        let (low, high) = bootstrap_interval(&agents);
        assert!(low <= 0.25 && high >= 0.75, "{low} {high}");
    }
}
