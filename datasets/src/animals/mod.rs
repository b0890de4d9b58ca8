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

mod body;
mod canvas;
mod coat;
mod colour;
mod crown;
mod dice;
mod ears;
mod eyes;
mod finish;
mod head;
mod props;
mod scene;
mod snout;
mod species;

use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use nn::Random;
use rayon::prelude::*;
use tiny_skia::Transform;

use body::{Body, Pose};
use canvas::{Canvas, Light, Outline};
use coat::Coat;
use colour::{BLACK, hex};
use crown::Crown;
use dice::Dice;
use eyes::Eyes;
use finish::Finish;
use head::Head;
use props::Props;
use scene::Scene;

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

/// Where the animal is in the frame, and what light falls on it.
struct Staging {
    /// Half the height of the head.
    scale: f32,
    /// Middle of the head.
    x: f32,
    y: f32,
    /// Degrees that the head is tilted.
    tilt: f32,
    mirrored: f32,
    light: Light,
    outline: Outline,
}

impl Staging {
    fn new(random: &mut Random, body: &Body) -> Self {
        let between = |random: &mut Random, (low, high): (f32, f32)| random.between(low, high);
        let (scale, x, y) = match body.pose {
            Pose::CloseUp => ((0.3, 0.39), (0.35, 0.65), (0.44, 0.61)),
            Pose::Sitting => ((0.23, 0.29), (0.27, 0.73), (0.35, 0.49)),
            Pose::Lying => ((0.25, 0.32), (0.28, 0.48), (0.43, 0.63)),
            Pose::Walking => ((0.22, 0.27), (0.28, 0.44), (0.36, 0.5)),
            Pose::Peeking => ((0.27, 0.37), (0.31, 0.69), (0.43, 0.61)),
        };
        let angle = random.between(0.0, std::f32::consts::TAU);
        Self {
            scale: between(random, scale),
            x: between(random, x),
            y: between(random, y),
            tilt: random.between(-18.0, 18.0),
            mirrored: random.sign(),
            light: Light {
                towards: (angle.cos(), -angle.sin().abs().max(0.15)),
                strength: random.between(0.15, 1.0),
                tint: hex(random.choose(&[0xfff6e0, 0xffe2b0, 0xffffff, 0xdcecff])),
            },
            outline: Outline {
                width: random.choose(&[0.006, 0.008, 0.01]),
                darkness: random.between(0.7, 1.0),
            },
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
    // First what all species draw from the same lots …
    let mut coat = Coat::new(random, species.typical_colours());
    let mut head = Head::new(random);
    let mut eyes = Eyes::new(random);
    let mut body = Body::new(random);
    let staging = Staging::new(random, &body);
    let scene = Scene::new(random, coat.base.lightness());
    let props = Props::new(random);
    let finish = Finish::new(random);
    // … then what makes the species.
    let (ears, snout, crown) = species.face(random);
    let mouth = species.mouth(random);
    species.fit(&mut head, &mut eyes, &mut body);
    coat = match species {
        Species::Panda => coat.like_a_panda(),
        Species::Owl | Species::Sheep => coat.without_pattern(),
        _ => coat,
    };

    let mut canvas = Canvas::new(size, staging.light, staging.outline);
    scene.draw(&mut canvas);
    let Staging {
        scale, x, mirrored, ..
    } = staging;
    // Long ears make the rest smaller.
    let scale = scale * (1.0 - 0.25 * species.headroom());
    let y = (staging.y + 0.5 * scale * species.headroom()).min(0.66);
    let upright = Transform::from_translate(x_of(x, mirrored), y).pre_scale(scale * mirrored, scale);
    let tilted = upright.pre_rotate(staging.tilt);
    canvas.within(upright, |canvas| {
        canvas.glow((0.6, 1.2), 2.4, BLACK, 0.16);
        body.behind(canvas, &coat);
        props.on_neck(canvas);
    });
    canvas.within(tilted, |canvas| {
        crown.behind(canvas, &head, &coat);
        ears.draw(canvas, &head, &coat, false);
        let outline = head.outline();
        canvas.shape(outline.clone(), coat.base);
        canvas.clipped(&outline, |canvas| coat.mark_head(canvas, &head));
        crown.on_face(canvas, &head, &coat, (eyes.spacing, eyes.height, eyes.size));
        eyes.draw(canvas, &head, &coat);
        snout.draw(canvas, &head, &coat, &mouth);
        ears.draw(canvas, &head, &coat, true);
        props.on_head(canvas, &head);
    });
    if body.pose == Pose::Peeking {
        props.edge(&mut canvas, y + 1.12 * scale);
    }
    canvas.within(upright, |canvas| {
        if crown == Crown::None && !matches!(body.pose, Pose::Peeking | Pose::Lying) {
            props.under_chin(canvas);
        }
        body.before(canvas, &coat);
    });
    props.in_front(&mut canvas, body.pose, y + 1.25 * scale);
    let mut pixels = canvas.bytes();
    finish.apply(&mut pixels, size as usize);
    pixels
}

/// A place across the frame, or its mirror image.
fn x_of(x: f32, mirrored: f32) -> f32 {
    if mirrored > 0.0 { x } else { 1.0 - x }
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
            fs::create_dir_all(folder.join(part).join(species.name()))?;
            drawings.extend((0..count).map(|number| (part, species, number)));
        }
    }
    let done = AtomicUsize::new(0);
    drawings.par_iter().try_for_each(|&(part, species, number)| {
        let name = species.name();
        let mut random = nn::random(options.seed, &format!("animals/{part}/{name}/{number}"));
        let pixels = draw(species, options.size, &mut random);
        let path = folder
            .join(part)
            .join(name)
            .join(format!("{name}.{number:05}.png"));
        fs::write(path, png(&pixels, options.size)?)?;
        on_progress(1 + done.fetch_add(1, Ordering::Relaxed), drawings.len());
        Ok(())
    })
}

/// The bytes of a PNG file.
fn png(pixels: &[u8], size: u32) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size, size);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
