//! A cloth on the table.

use super::vector::Vector;
use crate::drawing::colour::Colour;
use crate::drawing::noise::{Noise, smooth};

/// What lies on the table.
#[derive(Clone, Copy, Debug)]
pub struct Cloth {
    pub colour: Colour,
    pub stripes: Colour,
    /// Cosine and sine of how it is turned.
    pub turn: (f32, f32),
    pub half: (f32, f32),
    pub middle: (f32, f32),
    pub checked: bool,
}

impl Cloth {
    /// 0 off the cloth, 1 on it, between them at its hem.
    pub fn covers(&self, at: Vector, noise: &Noise) -> f32 {
        let (u, v) = self.turned(at);
        let wavy = 0.03 * noise.layered(2.0 * at.0, 2.0 * at.2, 2);
        let inside = (self.half.0 - u.abs()).min(self.half.1 - v.abs()) + wavy;
        smooth(-0.03, 0.03, inside)
    }

    fn turned(&self, at: Vector) -> (f32, f32) {
        let (x, z) = (at.0 - self.middle.0, at.2 - self.middle.1);
        (
            x * self.turn.0 + z * self.turn.1,
            z * self.turn.0 - x * self.turn.1,
        )
    }

    /// Its colour at a place: woven, with stripes one way or both.
    pub fn colour_at(&self, at: Vector) -> Colour {
        let (u, v) = self.turned(at);
        let stripe = |x: f32| smooth(0.55, 0.65, (9.0 * x).sin());
        let share = match self.checked {
            true => 0.45 * (stripe(u) + stripe(v)),
            false => smooth(0.1, 0.06, ((self.half.0 - u.abs()) - 0.22).abs()),
        };
        let weave = 1.0 + 0.04 * (220.0 * u).sin() * (220.0 * v).sin();
        self.colour.mix(self.stripes, share).scaled(weave)
    }
}
