//! Things in front of the animal and things it wears. None of them covers ears or snout for long.

use nn::Random;

use super::body::Pose;
use super::head::Head;
use crate::drawing::canvas::{Canvas, blob, curve, ellipse, polygon, rectangle, tooth};
use crate::drawing::colour::{Colour, WHITE, hex, hsl};
use crate::drawing::dice::Dice;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Front {
    Nothing,
    Grass,
    Box,
    Fence,
    Leaf,
    Ball,
    Blanket,
    Flowers,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Wear {
    Nothing,
    Collar,
    Scarf,
    BowTie,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Hat {
    Nothing,
    Party,
    Flower,
    Beanie,
}

/// What surrounds and adorns the animal.
#[derive(Clone, Debug)]
pub struct Props {
    front: Front,
    wear: Wear,
    hat: Hat,
    colour: Colour,
    second: Colour,
    places: [(f32, f32); 10],
}

impl Props {
    pub fn new(random: &mut Random) -> Self {
        let fronts = [
            Front::Grass,
            Front::Box,
            Front::Fence,
            Front::Leaf,
            Front::Ball,
            Front::Blanket,
            Front::Flowers,
        ];
        let hats = [Hat::Party, Hat::Flower, Hat::Beanie];
        let wears = [Wear::Collar, Wear::Collar, Wear::Scarf, Wear::BowTie];
        Self {
            front: if random.chance(0.4) {
                random.choose(&fronts)
            } else {
                Front::Nothing
            },
            wear: if random.chance(0.4) {
                random.choose(&wears)
            } else {
                Wear::Nothing
            },
            hat: if random.chance(0.12) {
                random.choose(&hats)
            } else {
                Hat::Nothing
            },
            colour: hsl(
                random.between(0.0, 1.0),
                random.between(0.4, 0.8),
                random.between(0.3, 0.68),
            ),
            second: hsl(
                random.between(0.0, 1.0),
                random.between(0.4, 0.8),
                random.between(0.5, 0.85),
            ),
            places: std::array::from_fn(|_| (random.between(0.0, 1.0), random.between(0.0, 1.0))),
        }
    }

    /// Around the neck, below the head; in the head's coordinates.
    pub fn on_neck(&self, canvas: &mut Canvas) {
        let (colour, second) = (self.colour, self.second);
        match self.wear {
            Wear::Nothing => {}
            Wear::Collar => {
                canvas.limb(curve(&[(-0.72, 0.86), (0.0, 1.16), (0.72, 0.86)]), 0.2, colour);
            }
            Wear::Scarf => {
                canvas.limb(
                    curve(&[(0.4, 1.0), (0.62, 1.5), (0.55, 1.9)]),
                    0.34,
                    colour.darker(0.1),
                );
                canvas.limb(curve(&[(-0.74, 0.86), (0.0, 1.14), (0.74, 0.86)]), 0.4, colour);
                for x in [-0.4, 0.05, 0.5] {
                    canvas.line(curve(&[(x, 0.86), (x - 0.05, 1.3)]), 0.08, second, 0.9);
                }
            }
            Wear::BowTie => {
                canvas.limb(curve(&[(-0.7, 0.86), (0.0, 1.14), (0.7, 0.86)]), 0.12, colour);
            }
        }
    }

    /// What hangs from it, seen before a chin.
    pub fn under_chin(&self, canvas: &mut Canvas) {
        match self.wear {
            Wear::Collar => {
                canvas.shape(ellipse(0.0, 1.34, 0.15, 0.15), hex(0xf2c84b));
                canvas.fill(ellipse(0.0, 1.38, 0.04, 0.05), hex(0x6b4a10), 1.0);
            }
            Wear::BowTie => {
                for side in [-1.0, 1.0] {
                    let wing = [
                        (0.0, 1.24),
                        (side * 0.42, 1.06),
                        (side * 0.46, 1.26),
                        (side * 0.42, 1.46),
                    ];
                    canvas.shape(blob(&wing), self.colour);
                }
                canvas.shape(ellipse(0.0, 1.25, 0.1, 0.12), self.second);
            }
            Wear::Nothing | Wear::Scarf => {}
        }
    }

    /// Between the ears.
    pub fn on_head(&self, canvas: &mut Canvas, head: &Head) {
        let x = 0.25 * head.yaw;
        match self.hat {
            Hat::Nothing => {}
            Hat::Party => {
                canvas.shape(
                    tooth((x - 0.26, -0.84), (x + 0.26, -0.84), (x + 0.04, -1.55), 0.0, 0.03),
                    self.colour,
                );
                for (u, y) in [(-0.06, -1.0), (0.1, -1.08), (0.02, -1.26)] {
                    canvas.fill(ellipse(x + u, y, 0.05, 0.05), self.second, 1.0);
                }
                canvas.shape(ellipse(x + 0.04, -1.52, 0.09, 0.09), self.second);
            }
            Hat::Flower => {
                let x = x + 0.3;
                for step in 0..5 {
                    let angle = step as f32 * std::f32::consts::TAU / 5.0;
                    canvas.shape(
                        ellipse(x + 0.13 * angle.cos(), -0.84 + 0.13 * angle.sin(), 0.11, 0.11),
                        self.second,
                    );
                }
                canvas.fill(ellipse(x, -0.84, 0.09, 0.09), hex(0xffcf4a), 1.0);
            }
            Hat::Beanie => {
                canvas.shape(ellipse(x, -1.28, 0.11, 0.11), self.second);
                canvas.shape(
                    blob(&[
                        (x - 0.44, -0.82),
                        (x - 0.34, -1.14),
                        (x, -1.26),
                        (x + 0.34, -1.14),
                        (x + 0.44, -0.82),
                        (x, -0.78),
                    ]),
                    self.colour,
                );
                canvas.limb(
                    curve(&[(x - 0.4, -0.84), (x, -0.8), (x + 0.4, -0.84)]),
                    0.14,
                    self.second,
                );
            }
        }
    }

    /// The edge that an animal peeks over, at this height of the frame.
    pub fn edge(&self, canvas: &mut Canvas, y: f32) {
        let colour = self.colour.mix(hex(0x9c7a55), 0.4);
        canvas.shape(rectangle(-0.2, y, 1.2, 1.3), colour);
        canvas.fill(rectangle(-0.2, y, 1.2, y + 0.035), colour.lighter(0.3), 1.0);
        if self.places[0].0 > 0.5 {
            for number in 1..8 {
                let x = number as f32 / 8.0;
                canvas.line(curve(&[(x, y + 0.06), (x, 1.0)]), 0.008, colour.darker(0.4), 0.6);
            }
        }
    }

    /// In front of everything, in the coordinates of the frame; `free` is how low the face reaches.
    pub fn in_front(&self, canvas: &mut Canvas, pose: Pose, free: f32) {
        let top = free.max(0.7);
        match self.front {
            Front::Nothing => {}
            Front::Grass => {
                for number in 0..22 {
                    let (u, v) = self.places[number % 10];
                    let x = (number as f32 + u) / 22.0;
                    let blade = tooth(
                        (x - 0.025, 1.02),
                        (x + 0.025, 1.02),
                        (x + 0.1 * (v - 0.5), 1.0 - (1.0 - top) * (0.4 + 0.6 * v)),
                        0.0,
                        0.0,
                    );
                    canvas.fill(blade, hsl(0.22 + 0.14 * u, 0.45, 0.25 + 0.25 * v), 1.0);
                }
            }
            Front::Box if pose != Pose::Peeking => {
                let y = top.max(0.76);
                let card = hex(0xc79a63).mix(self.colour, 0.15);
                canvas.shape(
                    polygon(&[(0.02, y), (-0.1, y - 0.08), (-0.1, y + 0.05), (0.02, y + 0.12)]),
                    card.darker(0.2),
                );
                canvas.shape(
                    polygon(&[(0.98, y), (1.1, y - 0.08), (1.1, y + 0.05), (0.98, y + 0.12)]),
                    card.darker(0.2),
                );
                canvas.shape(rectangle(0.02, y, 0.98, 1.1), card);
                canvas.fill(rectangle(0.44, y, 0.56, y + 0.1), card.lighter(0.3), 0.8);
            }
            Front::Fence if pose != Pose::Peeking => {
                let y = top.max(0.74);
                let wood = WHITE.mix(self.colour, 0.3);
                for number in 0..6 {
                    let x = number as f32 * 0.19 - 0.02;
                    let picket = [(x + 0.045, y + 0.05), (x + 0.045, 1.1)];
                    canvas.limb(curve(&picket), 0.085, wood);
                }
                canvas.fill(rectangle(0.0, y + 0.12, 1.0, y + 0.17), wood.darker(0.12), 1.0);
            }
            Front::Leaf => {
                let green = hsl(0.24 + 0.12 * self.places[0].0, 0.45, 0.36);
                for (corner, side) in [(0.0, 1.0), (1.0, -1.0)] {
                    let tip = (corner + side * (0.16 + 0.14 * self.places[1].0), top + 0.08);
                    canvas.shape(
                        tooth((corner - 0.08, 1.05), (corner + 0.1, 1.05), tip, 0.7, 0.0),
                        green,
                    );
                    canvas.line(
                        curve(&[(corner + 0.01, 1.03), tip]),
                        0.008,
                        green.lighter(0.4),
                        0.8,
                    );
                }
            }
            Front::Ball => {
                let x = if self.places[0].0 < 0.5 { 0.16 } else { 0.84 };
                let r = 0.08 + 0.05 * self.places[1].0;
                canvas.shape(ellipse(x, 0.97 - r, r, r), self.colour);
                let seam = [
                    (x - 0.8 * r, 0.97 - 1.3 * r),
                    (x, 0.97 - 0.8 * r),
                    (x + 0.8 * r, 0.97 - 1.3 * r),
                ];
                canvas.line(curve(&seam), 0.016, self.second, 1.0);
                canvas.fill(
                    ellipse(x - 0.3 * r, 0.97 - 1.5 * r, 0.2 * r, 0.14 * r),
                    WHITE,
                    0.7,
                );
            }
            Front::Blanket => {
                let y = top.max(0.78);
                let fold = [
                    (-0.2, y),
                    (0.2, y + 0.04),
                    (0.5, y + 0.01),
                    (0.8, y + 0.05),
                    (1.2, y),
                    (1.2, 1.3),
                    (-0.2, 1.3),
                ];
                canvas.shape(blob(&fold), self.colour);
                for (u, v) in self.places {
                    canvas.fill(ellipse(u, y + 0.07 + 0.2 * v, 0.018, 0.018), self.second, 1.0);
                }
            }
            Front::Flowers => {
                for &(u, v) in &self.places[..5] {
                    let (x, y) = (u, top + 0.06 + (1.0 - top) * 0.7 * v);
                    canvas.line(curve(&[(x, y), (x + 0.02, 1.05)]), 0.014, hex(0x4f8a45), 1.0);
                    for step in 0..6 {
                        let angle = step as f32 * std::f32::consts::TAU / 6.0;
                        canvas.fill(
                            ellipse(x + 0.032 * angle.cos(), y + 0.032 * angle.sin(), 0.024, 0.024),
                            self.second,
                            1.0,
                        );
                    }
                    canvas.fill(ellipse(x, y, 0.022, 0.022), self.colour, 1.0);
                }
            }
            Front::Box | Front::Fence => {}
        }
    }
}
