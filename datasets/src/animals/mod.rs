//! Animals drawn here: portraits of fifteen species, no two alike.
//!
//! [`make`] writes a set of pictures in folders `train`, `valid` and `test`. A drawing comes about in layers:
//!
//! 1. [`species`](Species) says what tells the animal: ears, snout, and what else grows on its head;
//! 2. everything else — coat, eyes, head, body, pose, scene, props, light — is drawn from lots that are *the same for
//!    all*, so that neither colour nor place nor darkness tells a cat from a dog;
//! 3. scene, body, head and whatever is in front are painted in that order, then blurred and grained a little.
//!
//! That is the point of the set: a linear model on its pixels is hardly better than a coin, while anyone who sees
//! shapes is nearly always right.

mod animal;
mod body;
mod coat;
mod crown;
mod ears;
mod eyes;
mod finish;
mod head;
mod props;
mod scene;
mod snout;
mod species;

use std::io;
use std::path::Path;

use nn::Random;

use crate::drawing::canvas::Canvas;
use crate::drawing::write_all;

pub(crate) use animal::Animal;
pub use species::Species;

/// How many animals to draw, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Another seed, other animals.
    pub seed: u64,
    /// The classes.
    pub species: Vec<Species>,
    /// Width and height in pixels.
    pub size: u32,
    /// Drawings of each species to learn from.
    pub train: usize,
    /// Drawings of each species to make choices on.
    pub valid: usize,
    /// Drawings of each species for the last word.
    pub test: usize,
}

impl Options {
    /// 2,000 cats and dogs.
    pub fn cats_and_dogs() -> Self {
        Self {
            seed: 1,
            species: vec![Species::Cat, Species::Dog],
            size: 128,
            train: 600,
            valid: 150,
            test: 250,
        }
    }

    /// 6,760 animals of the thirteen other species.
    pub fn others() -> Self {
        let mut species = Species::ALL.to_vec();
        species.retain(|species| !matches!(species, Species::Cat | Species::Dog));
        Self {
            seed: 1,
            species,
            size: 128,
            train: 400,
            valid: 60,
            test: 60,
        }
    }
}

/// Draws one animal: red, green and blue of `size` × `size` pixels, row by row. All that chance decides comes from
/// `random`.
///
/// ```
/// use datasets::animals::{Species, draw};
/// let pixels = draw(Species::Cat, 64, &mut nn::random(7, "my cat"));
/// assert_eq!(pixels.len(), 64 * 64 * 3);
/// ```
///
/// # Panics
/// If `size` is 0.
pub fn draw(species: Species, size: u32, random: &mut Random) -> Vec<u8> {
    let animal = Animal::new(species, random);
    let mut canvas = Canvas::new(size, animal.staging.light, animal.staging.outline);
    animal.scene.draw(&mut canvas);
    animal.draw(&mut canvas);
    let mut pixels = canvas.bytes();
    animal.finish.apply(&mut pixels, size as usize);
    pixels
}

/// Draws the set into `folder`: `train/cat/cat.00000.png` … and so for `valid` and `test`. `on_progress` gets how
/// many drawings are done, of how many. The same options give the same bytes.
///
/// # Errors
/// If a file cannot be written.
pub fn make(folder: &Path, options: &Options, on_progress: &(dyn Fn(usize, usize) + Sync)) -> io::Result<()> {
    let parts = [
        ("train", options.train),
        ("valid", options.valid),
        ("test", options.test),
    ];
    let mut drawings = Vec::new();
    for (part, count) in parts {
        for &species in &options.species {
            let name = species.name();
            drawings.extend((0..count).map(|number| {
                let path = format!("{part}/{name}/{name}.{number:05}.png");
                (path.into(), (part, species, number))
            }));
        }
    }
    let draw = |&(part, species, number): &(&str, Species, usize)| {
        let place = format!("animals/{part}/{}/{number}", species.name());
        draw(species, options.size, &mut nn::random(options.seed, &place))
    };
    write_all(folder, &drawings, options.size, draw, on_progress)
}

#[cfg(test)]
mod tests;
