//! The head: a ball with a face on it. Its middle is (0, 0), it is two units high, and y grows downwards.

use nn::Random;
use tiny_skia::PathBuilder;

use crate::drawing::canvas::{blob, tooth};
use crate::drawing::dice::Dice;

/// The shape of a head and where it looks.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// Half its width.
    pub width: f32,
    /// How far down it stays wide.
    pub cheek: f32,
    /// Width of the jaw, in parts of `width`.
    pub jaw: f32,
    /// Tufts of fur at the cheeks, 0 for none.
    pub fluff: f32,
    /// Turn to the right, in radians.
    pub yaw: f32,
    /// Nod, in radians.
    pub pitch: f32,
}

/// A place on the turned head.
#[derive(Clone, Copy, Debug)]
pub struct Spot {
    pub x: f32,
    pub y: f32,
    /// How much narrower things look there.
    pub squeeze: f32,
}

impl Head {
    pub fn new(random: &mut Random) -> Self {
        Self {
            width: random.between(0.94, 1.24),
            cheek: random.between(0.86, 1.02),
            jaw: random.between(0.46, 0.7),
            fluff: if random.chance(0.2) {
                random.between(0.08, 0.24)
            } else {
                0.0
            },
            yaw: random.between(-0.36, 0.36),
            pitch: random.between(-0.16, 0.2),
        }
    }

    pub fn outline(&self) -> PathBuilder {
        let w = self.width;
        let right = [
            (0.34 * w, -0.93),
            (0.76 * w, -0.66),
            (w, -0.05),
            (self.cheek * w, 0.42),
            (self.jaw * w, 0.82),
        ];
        let mut points = vec![(0.0, -0.97)];
        points.extend(right);
        points.push((0.0, 0.97));
        points.extend(right.iter().rev().map(|&(x, y)| (-x, y)));
        let mut shape = blob(&points);
        if self.fluff > 0.0 {
            for side in [-1.0, 1.0] {
                for (y, reach) in [(0.12, 0.7), (0.34, 1.0), (0.56, 0.75)] {
                    let edge = side * w * (self.cheek - 0.5 * (y - 0.3_f32).max(0.0) - 0.06);
                    let peak = (edge + side * (0.06 + self.fluff * reach), y + 0.12);
                    let (above, below) = ((edge, y - 0.14), (edge - side * 0.08, y + 0.16));
                    // Both sides run the same way round as the head, or the overlap would be a hole.
                    let tuft = match side > 0.0 {
                        true => tooth(above, below, peak, 0.1, 0.1),
                        false => tooth(below, above, peak, 0.1, 0.1),
                    };
                    if let Some(tuft) = tuft.finish() {
                        shape.push_path(&tuft);
                    }
                }
            }
        }
        shape
    }

    /// Where a point of the face is seen when the head turns and nods; `lift` is how far it stands out of the face.
    pub fn place(&self, x: f32, y: f32, lift: f32) -> Spot {
        let across = x / self.width;
        let depth = 0.75 * (1.0 - across * across - y * y).max(0.02).sqrt() + lift;
        Spot {
            x: x * self.yaw.cos() + depth * self.yaw.sin(),
            y: y * self.pitch.cos() + depth * self.pitch.sin(),
            squeeze: (self.yaw.cos() - 0.7 * across * self.yaw.sin()).clamp(0.55, 1.05),
        }
    }
}
