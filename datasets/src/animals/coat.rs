//! Fur: its colours and markings. Every species draws its coat from the same lots, so that no coat gives one away.

use nn::Random;
use tiny_skia::{PathBuilder, Transform};

use super::head::Head;
use crate::drawing::canvas::{Canvas, blob, curve, ellipse, ellipses};
use crate::drawing::colour::{BLACK, Colour, WHITE, hex, hsl};
use crate::drawing::dice::Dice;

/// Colours that fur has, from dark to light.
const NATURAL: [u32; 20] = [
    0x2b2728, 0x38333a, 0x4a3b36, 0x54525c, 0x5d4231, 0x70757f, 0x7a5236, 0x8a7a6c, 0x8d96a3, 0x9a6a3f,
    0xa9a29b, 0xb5622f, 0xc98a4b, 0xd9893f, 0xd2ad79, 0xc9c6c4, 0xe0c08a, 0xeadcc0, 0xefe6da, 0xf4f1ee,
];

/// What covers the coat.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Pattern {
    Plain,
    Stripes,
    Spots,
    Patches,
    /// Dark around the eyes.
    Goggles,
    /// A light stripe down the face.
    Blaze,
}

/// The coat of one animal.
#[derive(Clone, Debug)]
pub struct Coat {
    pub base: Colour,
    pub ears: Colour,
    pub inner_ear: Colour,
    pub muzzle: Colour,
    pub belly: Colour,
    pub paws: Colour,
    pub tail_tip: Colour,
    pub nose: Colour,
    pub tongue: Colour,
    pub horn: Colour,
    marks: Colour,
    pattern: Pattern,
    /// Where markings lie, each coordinate from 0 to 1.
    places: [(f32, f32); 12],
}

impl Coat {
    /// A coat; `typical` are colours that this species likes to wear.
    pub fn new(random: &mut Random, typical: &[u32]) -> Self {
        let natural = hex(random.choose(&NATURAL));
        let fancy = hsl(
            random.between(0.0, 1.0),
            random.between(0.25, 0.5),
            random.between(0.25, 0.8),
        );
        let wears_typical = random.chance(0.5);
        let mut base = if random.chance(0.14) { fancy } else { natural };
        if wears_typical && !typical.is_empty() {
            base = hex(random.choose(typical));
        }
        let warmth = random.between(-0.05, 0.05);
        base = Colour(base.0 + warmth, base.1, base.2 - warmth);
        let light = base.lighter(random.between(0.6, 0.95));
        let dark = match base.lightness() {
            0.0..0.3 => base.lighter(random.between(0.22, 0.4)),
            _ => base.darker(random.between(0.35, 0.8)),
        };
        let accent = if random.chance(0.35) {
            hex(random.choose(&NATURAL))
        } else {
            dark
        };
        let mut part = |same: f32, bright: f32| match random.between(0.0, 1.0) {
            chance if chance < same => base,
            chance if chance < same + bright => light,
            _ => accent,
        };
        let (ears, muzzle, belly) = (part(0.6, 0.08), part(0.22, 0.56), part(0.4, 0.5));
        let (paws, tail_tip) = (part(0.5, 0.35), part(0.6, 0.2));
        let nose = match muzzle.lightness() {
            0.0..0.32 => random.choose(&[0xd98c94, 0xb9a7a4, 0xc77f79]),
            _ => random.choose(&[0x1d1a1e, 0x2b2224, 0x3b2a26, 0x6b3f36, 0xd4737f, 0x241d20]),
        };
        Self {
            base,
            ears,
            inner_ear: hex(random.choose(&[0xf0b2ae, 0xe89a9c, 0xd9a08c, 0xf2c6b8, 0x8c5b58]))
                .mix(ears, 0.25),
            muzzle,
            belly,
            paws,
            tail_tip,
            nose: hex(nose),
            tongue: hex(random.choose(&[0xf07f8c, 0xe56b78, 0xf29aa0])),
            horn: hex(random.choose(&[0xefe3c8, 0xd8c49a, 0x8d7a63, 0x5c5148])),
            marks: if random.chance(0.18) { light } else { accent },
            pattern: random.choose(&[
                Pattern::Plain,
                Pattern::Plain,
                Pattern::Plain,
                Pattern::Plain,
                Pattern::Plain,
                Pattern::Stripes,
                Pattern::Stripes,
                Pattern::Spots,
                Pattern::Patches,
                Pattern::Patches,
                Pattern::Goggles,
                Pattern::Blaze,
            ]),
            places: std::array::from_fn(|_| (random.between(0.0, 1.0), random.between(0.0, 1.0))),
        }
    }

    /// Dark patches around the eyes, dark ears and paws on a light coat, whatever was drawn.
    pub fn like_a_panda(mut self) -> Self {
        let (light, dark) = match self.base.lightness() {
            0.0..0.45 => (self.base.lighter(0.85), self.base),
            _ => (self.base, self.base.darker(0.8)),
        };
        (self.base, self.muzzle, self.belly) = (light, light, light);
        (self.ears, self.paws, self.marks) = (dark, dark, dark);
        self.pattern = Pattern::Goggles;
        self
    }

    /// Wool and feathers are of one colour.
    pub fn without_pattern(mut self) -> Self {
        self.pattern = Pattern::Plain;
        self
    }

    /// Markings of the head, in its coordinates.
    pub fn mark_head(&self, canvas: &mut Canvas, head: &Head) {
        let spot = |x: f32, y: f32| {
            let spot = head.place(x * head.width, y, 0.0);
            (spot.x, spot.y)
        };
        let line =
            |points: &[(f32, f32)]| curve(&points.iter().map(|&(x, y)| spot(x, y)).collect::<Vec<_>>());
        match self.pattern {
            Pattern::Plain => {}
            Pattern::Stripes => {
                for (x, length) in [(-0.3, 0.3), (0.0, 0.42), (0.3, 0.3)] {
                    let top = [(x * 1.1, -0.97), (x, -0.97 + length), (x * 0.8, -0.9 + length)];
                    canvas.line(line(&top), 0.11, self.marks, 0.9);
                }
                for side in [-1.0, 1.0] {
                    for (y, length) in [(0.05, 0.28), (0.32, 0.34), (0.58, 0.26)] {
                        let cheek = [
                            (side, y - 0.06),
                            (side * (1.0 - length / 2.0), y),
                            (side * (1.0 - length), y - 0.02),
                        ];
                        canvas.line(line(&cheek), 0.09, self.marks, 0.9);
                    }
                }
            }
            Pattern::Spots => {
                for (x, y) in self.places {
                    let (x, y) = spot(1.8 * x - 0.9, 1.8 * y - 0.95);
                    canvas.fill(ellipse(x, y, 0.1, 0.085), self.marks, 0.95);
                }
            }
            Pattern::Patches => {
                let side = if self.places[0].0 < 0.5 { -1.0 } else { 1.0 };
                let (x, y) = spot(side * 0.48, -0.18);
                canvas.fill(ragged(x, y, 0.48, 0.52, &self.places), self.marks, 1.0);
                let (x, y) = spot(
                    -side * (0.3 + 0.5 * self.places[1].0),
                    -0.95 + 0.3 * self.places[1].1,
                );
                canvas.fill(ragged(x, y, 0.42, 0.3, &self.places[3..]), self.belly, 1.0);
            }
            Pattern::Goggles => {
                for side in [-1.0, 1.0] {
                    let at = head.place(side * 0.42, 0.0, 0.0);
                    let turn = Transform::from_translate(at.x, at.y).pre_scale(side * at.squeeze, 1.0);
                    canvas.within(turn.pre_rotate(-28.0), |canvas| {
                        canvas.fill(ellipse(0.02, 0.04, 0.27, 0.36), self.marks, 1.0);
                    });
                }
            }
            Pattern::Blaze => {
                let light = self.muzzle.mix(WHITE, 0.7);
                let points = [
                    (-0.06, -1.0),
                    (0.06, -1.0),
                    (0.13, -0.2),
                    (0.5, 0.45),
                    (0.4, 1.0),
                    (-0.4, 1.0),
                    (-0.5, 0.45),
                    (-0.13, -0.2),
                ];
                canvas.fill(blob(&points.map(|(x, y)| spot(x, y))), light, 1.0);
            }
        }
    }

    /// Markings of a body that fills the rectangle.
    pub fn mark_body(&self, canvas: &mut Canvas, (left, top, right, bottom): (f32, f32, f32, f32)) {
        let at = |(x, y): (f32, f32)| (left + (right - left) * x, top + (bottom - top) * y);
        match self.pattern {
            Pattern::Stripes => {
                let along = right - left > bottom - top;
                for step in 0..6 {
                    let share = (step as f32 + 0.6) / 6.5;
                    let points = match along {
                        true => [(share, -0.05), (share + 0.05, 0.25), (share + 0.02, 0.6)],
                        false if step % 2 == 0 => [(0.0, share), (0.16, share + 0.03), (0.3, share)],
                        false => [(1.0, share - 0.1), (0.84, share - 0.07), (0.7, share - 0.1)],
                    };
                    canvas.line(curve(&points.map(at)), 0.12, self.marks, 0.9);
                }
            }
            Pattern::Spots => {
                for place in self.places {
                    let (x, y) = at(place);
                    canvas.fill(ellipse(x, y, 0.15, 0.13), self.marks, 0.95);
                }
            }
            Pattern::Patches => {
                for step in 0..3 {
                    let (x, y) = at(self.places[step]);
                    let colour = if step == 2 { self.belly } else { self.marks };
                    canvas.fill(ragged(x, y, 0.6, 0.5, &self.places[step + 2..]), colour, 1.0);
                }
            }
            Pattern::Plain | Pattern::Goggles | Pattern::Blaze => {}
        }
    }

    /// Brows as two dots, seen on any coat.
    pub fn mark_brows(&self, canvas: &mut Canvas, head: &Head, eye_spacing: f32, eye_height: f32) {
        let dots = [-1.0, 1.0].map(|side: f32| {
            let at = head.place(side * eye_spacing * 0.8, eye_height - 0.4, 0.0);
            (at.x, at.y, 0.09, 0.07)
        });
        let colour = if self.base.lightness() < 0.4 {
            self.base.lighter(0.5)
        } else {
            self.base.mix(BLACK, 0.4)
        };
        canvas.fill(ellipses(&dots), colour, 0.9);
    }
}

/// A patch with an uneven edge.
fn ragged(x: f32, y: f32, width: f32, height: f32, places: &[(f32, f32)]) -> PathBuilder {
    let points: Vec<_> = (0..8)
        .map(|step| {
            let angle = step as f32 * std::f32::consts::TAU / 8.0;
            let reach = 0.8 + 0.4 * places[step % places.len()].1;
            (x + width * reach * angle.cos(), y + height * reach * angle.sin())
        })
        .collect();
    blob(&points)
}
