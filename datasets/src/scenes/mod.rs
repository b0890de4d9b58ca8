//! Scenes drawn here: landscapes, still lifes and portraits of animals, no two alike.
//!
//! [`make`] writes a set of pictures in folders `train`, `valid` and `test`. They stand in for photographs where those
//! are wanted as *content*, to be painted in another style: light that changes smoothly, many colours, edges of all
//! kinds, and empty places such as skies and walls.
//!
//! - Landscapes are painted from far to near in the colours of an hour and a season; water mirrors what is above it.
//! - Still lifes are seen by following rays of light backwards through a room with a table and a window.
//! - Portraits are the [`animals`](crate::animals), furred, before a landscape out of focus, a cloth or lights.
//!
//! Everything is computed in parts of the frame, so that a scene is the same at every size.

pub(crate) mod landscape;
mod portrait;
pub(crate) mod still_life;

use std::io;
use std::path::Path;

use nn::Random;

use crate::drawing::write_all;

/// What a scene shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "their names say it all")]
pub enum Kind {
    Landscape,
    Portrait,
    StillLife,
}

impl Kind {
    /// All of them, by name.
    pub const ALL: [Kind; 3] = [Kind::Landscape, Kind::Portrait, Kind::StillLife];

    /// Its name, which is also that of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Landscape => "landscape",
            Kind::Portrait => "portrait",
            Kind::StillLife => "still-life",
        }
    }
}

/// How many scenes to draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Another seed, other scenes.
    pub seed: u64,
    /// Width and height in pixels.
    pub size: u32,
    /// Scenes of each kind to learn from.
    pub train: usize,
    /// Scenes of each kind to make choices on.
    pub valid: usize,
    /// Scenes of each kind for the last word.
    pub test: usize,
}

impl Default for Options {
    /// 288 scenes.
    fn default() -> Self {
        Self {
            seed: 1,
            size: 256,
            train: 80,
            valid: 8,
            test: 8,
        }
    }
}

/// Draws one scene: red, green and blue of `size` × `size` pixels, row by row. All that chance decides comes from
/// `random`.
///
/// ```
/// use datasets::scenes::{Kind, draw};
/// let pixels = draw(Kind::Landscape, 64, &mut nn::random(7, "my lake"));
/// assert_eq!(pixels.len(), 64 * 64 * 3);
/// ```
///
/// # Panics
/// If `size` is 0.
pub fn draw(kind: Kind, size: u32, random: &mut Random) -> Vec<u8> {
    let canvas = match kind {
        Kind::Landscape => landscape::draw(size, random),
        Kind::Portrait => portrait::draw(size, random),
        Kind::StillLife => still_life::draw(size, random),
    };
    canvas.bytes()
}

/// Draws the set into `folder`: `train/landscape/landscape.00000.png` … and so for `valid` and `test`. `on_progress`
/// gets how many scenes are done, of how many. The same options give the same bytes.
///
/// # Errors
/// If a file cannot be written.
pub fn make(folder: &Path, options: &Options, on_progress: &(dyn Fn(usize, usize) + Sync)) -> io::Result<()> {
    let parts = [
        ("train", options.train),
        ("valid", options.valid),
        ("test", options.test),
    ];
    let mut scenes = Vec::new();
    for (part, count) in parts {
        for kind in Kind::ALL {
            let name = kind.name();
            scenes.extend((0..count).map(|number| {
                let path = format!("{part}/{name}/{name}.{number:05}.png");
                (path.into(), (part, kind, number))
            }));
        }
    }
    let draw = |&(part, kind, number): &(&str, Kind, usize)| {
        let place = format!("scenes/{part}/{}/{number}", kind.name());
        draw(kind, options.size, &mut nn::random(options.seed, &place))
    };
    write_all(folder, &scenes, options.size, draw, on_progress)
}

#[cfg(test)]
mod tests;
