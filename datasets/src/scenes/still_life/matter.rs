//! What things are made of: their colours, and how they take the light.

use super::form::{Form, around};
use super::vector::Vector;
use crate::drawing::colour::{Colour, hex};
use crate::drawing::noise::{Noise, smooth};

/// How a surface is coloured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pattern {
    Plain,
    /// Ripe on one side.
    Blush,
    /// Bands of glaze.
    Bands,
    /// Leaves and dots painted with a brush.
    Painted,
    /// From the heart of a flower outwards.
    Petals,
}

/// A material. Its colours are amounts of light, not of paint: see [`light`].
#[derive(Clone, Copy, Debug)]
pub struct Matter {
    pub colour: Colour,
    pub second: Colour,
    pub pattern: Pattern,
    /// How much it mirrors when looked at straight, 0 to 1.
    pub gloss: f32,
    /// Whether what is behind is seen through it.
    pub glass: bool,
    /// Glass is filled up to here.
    pub filled: f32,
}

impl Matter {
    pub fn plain(code: u32, gloss: f32) -> Self {
        Self {
            colour: light(code),
            second: light(code),
            pattern: Pattern::Plain,
            gloss,
            glass: false,
            filled: 0.0,
        }
    }

    pub fn patterned(codes: (u32, u32), pattern: Pattern, gloss: f32) -> Self {
        Self {
            second: light(codes.1),
            pattern,
            ..Self::plain(codes.0, gloss)
        }
    }

    pub fn glass(code: u32, wine: u32, filled: f32) -> Self {
        Self {
            glass: true,
            second: light(wine),
            filled,
            ..Self::plain(code, 0.05)
        }
    }

    /// Colour at a place of the form.
    pub fn at(&self, form: &Form, at: Vector, noise: &Noise) -> Colour {
        let (colour, second) = (self.colour, self.second);
        match self.pattern {
            Pattern::Plain => {
                colour.scaled(1.0 + 0.12 * noise.layered(9.0 * at.0 + 3.0 * at.2, 9.0 * at.1, 3))
            }
            Pattern::Blush => {
                let streaks = noise.layered(16.0 * at.0 - 9.0 * at.2, 4.0 * at.1, 3);
                let side = 2.2 * (at.0 + 0.6 * at.1) + 0.9 * streaks;
                let speckle = smooth(0.55, 0.7, noise.at(50.0 * (at.0 + at.2), 50.0 * at.1));
                colour
                    .mix(second, smooth(-0.35, 0.5, side))
                    .mix(light(0xf4e6b8), 0.35 * speckle)
            }
            Pattern::Bands => {
                let drip = 0.05 * noise.layered(5.0 * at.0, 5.0 * at.2, 3);
                colour.mix(second, smooth(-0.02, 0.02, (11.0 * (at.1 + drip)).sin() - 0.45))
            }
            Pattern::Painted => {
                let angle = at.2.atan2(at.0);
                let (u, v) = (angle * 2.5, at.1 * 9.0);
                let (column, row) = (u.floor(), v.floor());
                let (u, v) = (u - column - 0.5, v - row - 0.5);
                let bend = u + 0.35 * v * if (row as i32) % 2 == 0 { 1.0 } else { -1.0 };
                let leaf = 0.16 - bend.abs() - 0.5 * v * v;
                let vine = 0.05 - (u - 0.16 * (3.1 * at.1 * 9.0).sin()).abs();
                colour.mix(second, 0.9 * smooth(-0.02, 0.03, leaf.max(vine)))
            }
            Pattern::Petals => match form {
                Form::Bloom {
                    axis, across, radius, ..
                } => {
                    let (out, angle, _) = around(at, *axis, *across);
                    let out = out / radius;
                    if out < 0.27 {
                        let grain = 0.8 + 0.4 * noise.at(60.0 * at.0, 60.0 * at.1);
                        return second.scaled(grain);
                    }
                    let veins = 1.0 + 0.1 * (38.0 * angle).sin() * out;
                    colour
                        .mix(second, 0.35 * smooth(0.6, 0.25, out))
                        .scaled(veins * (0.72 + 0.3 * out))
                }
                Form::Rose { radius, .. } => {
                    let deep = smooth(0.8, 0.98, at.length() / radius);
                    second.mix(colour, 0.3 + 0.7 * deep)
                }
                // Nothing else has petals.
                _ => colour,
            },
        }
    }
}

/// The amount of light that a screen gives for a colour.
pub fn light(code: u32) -> Colour {
    let Colour(red, green, blue) = hex(code);
    Colour(red.powf(2.2), green.powf(2.2), blue.powf(2.2))
}
