//! An episode as a GIF.

use anyhow::{Context, Result};
use games::{Environment, gif};

use crate::episode::Episode;

/// A picture more costs up to a megabyte of memory and some ten kilobytes of file.
const MOST_FRAMES: usize = 300;
/// Bytes of a film, unless it has but a few pictures: what a page still loads at once.
const MOST_BYTES: usize = 4 << 20;

/// A film of an episode.
pub struct Film {
    /// The GIF file.
    pub gif: Vec<u8>,
    /// It shows one in so many steps, and the last.
    pub every: usize,
}

/// Plays `episode` in `game` again and films it. Of a long one only every second step is shown, or every third, so that
/// the file stays below 4 MB.
///
/// # Errors
/// When the episode is not one of `game`.
pub fn film(game: &mut dyn Environment, episode: &Episode) -> Result<Film> {
    let mut every = (episode.actions.len() + 1).div_ceil(MOST_FRAMES);
    loop {
        game.reset(episode.seed);
        let mut frames = vec![game.render()];
        for (number, &action) in (1..).zip(&episode.actions) {
            game.step(usize::from(action))?;
            if number % every == 0 || number == episode.actions.len() {
                frames.push(game.render());
            }
        }
        // As fast as the game is, unless so few pictures a second would no longer look like moving.
        let steps = game.steps_per_second();
        let speed = (steps / every as u32).max(steps.min(10));
        let gif = gif(&frames, speed).context("the film cannot be written")?;
        if gif.len() <= MOST_BYTES || frames.len() <= 20 {
            return Ok(Film { gif, every });
        }
        every *= 2;
    }
}
