//! Pointillism: pure colours side by side, which only the eye mixes.

use nn::Random;
use rand::seq::SliceRandom;

use crate::drawing::canvas::{Canvas, ellipse};
use crate::drawing::colour::{Colour, hex};
use crate::drawing::dice::Dice;
use crate::scenes::landscape;

/// What is on the palette: no earth, no black.
const PURE: [u32; 18] = [
    0x1f2f7a, 0x2c56b8, 0x4a8ed8, 0x8cc4ec, 0x1f6a5a, 0x3f9a58, 0x86bc4a, 0xc8d858, 0xf8e25a, 0xf4b838,
    0xee8430, 0xdc4a34, 0xc83a6a, 0xe88aa0, 0x7a4aa8, 0xb08ad0, 0xfbf0d8, 0xfbd8c4,
];

/// Dots across the frame.
const ACROSS: u32 = 74;

/// A bright day by the water, in dots.
pub fn draw(size: u32, random: &mut Random) -> Canvas {
    let scene = landscape::by_the_water(256, random);
    let mut canvas = Canvas::flat(size);
    canvas.repaint(|_, _, _| hex(0xf0e2c4));
    let step = 1.0 / ACROSS as f32;
    // Broad touches first, so that little canvas is left; then three layers of dots.
    for (layer, radius) in [(0, 0.8), (1, 0.56), (2, 0.5), (3, 0.42)] {
        let mut places: Vec<(f32, f32)> = (0..(ACROSS + 2) * (ACROSS + 2))
            .map(|index| {
                let (column, row) = ((index % (ACROSS + 2)) as f32, (index / (ACROSS + 2)) as f32);
                let shake = |random: &mut Random| random.between(-0.5, 0.5);
                (
                    (column - 0.5 + shake(random)) * step,
                    (row - 0.5 + shake(random)) * step,
                )
            })
            .collect();
        places.shuffle(random);
        for (x, y) in places {
            let seen = vivid(scene.colour_at(x, y));
            let stray = if layer == 0 { 0.12 } else { 0.21 };
            let colour = nearest(seen, stray, random);
            let radius = radius * step * random.between(0.8, 1.15);
            canvas.fill(ellipse(x, y, radius, 0.92 * radius), colour, 0.96);
        }
    }
    canvas
}

/// As it looks in bright sunshine.
fn vivid(colour: Colour) -> Colour {
    let grey = colour.lightness();
    let part = |x: f32| 0.52 + 1.2 * (grey + 1.6 * (x - grey) - 0.5);
    Colour(part(colour.0), part(colour.1), part(colour.2))
}

/// The pure colour nearest to this one, give or take: neighbours differ, and together they are right.
fn nearest(Colour(red, green, blue): Colour, stray: f32, random: &mut Random) -> Colour {
    let warm = stray * random.between(-1.0, 1.0);
    let light = 0.7 * stray * random.between(-1.0, 1.0);
    let sought = Colour(
        red + warm + light,
        green + 0.2 * warm + light,
        blue - warm + light,
    );
    let apart = |code: u32| {
        let Colour(red, green, blue) = hex(code);
        (red - sought.0).powi(2) + 1.4 * (green - sought.1).powi(2) + (blue - sought.2).powi(2)
    };
    let best = PURE.into_iter().min_by(|a, b| apart(*a).total_cmp(&apart(*b)));
    hex(best.unwrap_or(PURE[0]))
}
