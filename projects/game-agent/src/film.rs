//! Episodes as films.

use anyhow::Result;
use games::{Frame, gif};

use crate::{data::Game, evaluate::Episode};

/// The most frames of a film: a report with three of them stays small enough to open.
const FRAMES: usize = 300;

/// Plays `episode` again and films it, as a GIF. Of a long one only every k-th step is shown; gives k as well.
pub fn film(game: Game, episode: &Episode) -> Result<(Vec<u8>, usize)> {
    let every = episode.actions.len().div_ceil(FRAMES).max(1);
    let mut playing = game.open();
    playing.reset(episode.seed);
    let mut frames: Vec<Frame> = vec![playing.render()];
    for (number, &action) in episode.actions.iter().enumerate() {
        playing.step(action.into())?;
        if (number + 1) % every == 0 || number + 1 == episode.actions.len() {
            frames.push(playing.render());
        }
    }
    Ok((gif(&frames, playing.steps_per_second())?, every))
}
