//! Ears. One is drawn in its own coordinates, base at (0, 0), tip upwards, outer side to the right.

use tiny_skia::Transform;

use super::coat::Coat;
use super::head::Head;
use crate::drawing::canvas::{Canvas, blob, ellipse, tooth};

/// The kinds of ears.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    None,
    /// They stand; `Ears::tip` tells pointed from round-tipped.
    Upright,
    /// They stand, and the upper half falls over.
    Folded,
    /// They hang.
    Drop,
    /// Like a disc.
    Round,
    /// Like a fan beside the head.
    Fan,
}

/// A pair of ears; lengths in half heights of the head.
#[derive(Clone, Copy, Debug)]
pub struct Ears {
    pub shape: Shape,
    pub length: f32,
    /// Half the width.
    pub width: f32,
    /// How round the tip is: 0 for sharp, 0.5 for a spoon.
    pub tip: f32,
    /// How far the sides bulge.
    pub bulge: f32,
    /// Where they stand on the head: degrees from its top.
    pub place: f32,
    /// Degrees that they lean outwards.
    pub lean: f32,
}

impl Ears {
    /// Hanging ears lie over the head, but for the far one of a turned head; all others are behind it.
    fn in_front(&self, side: f32, head: &Head) -> bool {
        self.shape == Shape::Drop && side * head.yaw < 0.16
    }

    /// Draws the ears that lie over the head, or those behind it.
    pub fn draw(&self, canvas: &mut Canvas, head: &Head, coat: &Coat, in_front: bool) {
        for side in [-1.0, 1.0] {
            if self.in_front(side, head) != in_front {
                continue;
            }
            let angle = self.place.to_radians();
            let x = side * 0.84 * head.width * angle.sin() * (0.8 * head.yaw).cos() + 0.1 * head.yaw;
            let y = -0.86 * angle.cos() - 0.25 * head.pitch;
            let squeeze = (1.0 - 0.3 * side * head.yaw).clamp(0.7, 1.05);
            let base = Transform::from_translate(x, y)
                .pre_scale(side * squeeze, 1.0)
                .pre_rotate(self.lean);
            canvas.within(base, |canvas| self.one(canvas, coat));
        }
    }

    fn one(&self, canvas: &mut Canvas, coat: &Coat) {
        let (w, l) = (self.width, self.length);
        // Ears of the colour of the head must still stand out from it.
        let outer = if self.shape == Shape::Drop {
            coat.ears.darker(0.14)
        } else {
            coat.ears
        };
        match self.shape {
            Shape::None => {}
            Shape::Upright => {
                let part = |size: f32, low: f32| {
                    tooth(
                        (-w * size, low),
                        (w * size, low),
                        (0.05, -l * (0.2 + 0.8 * size)),
                        self.bulge,
                        self.tip,
                    )
                };
                canvas.shape(part(1.0, 0.24), outer);
                canvas.fill(part(0.6, 0.1), coat.inner_ear, 0.95);
            }
            Shape::Folded => {
                let back = [
                    (-w, 0.2),
                    (-0.86 * w, -0.45 * l),
                    (-0.1 * w, -0.74 * l),
                    (0.8 * w, -0.5 * l),
                    (w, 0.2),
                ];
                canvas.shape(blob(&back), outer);
                let flap = tooth(
                    (-0.92 * w, -0.45 * l),
                    (0.9 * w, -0.56 * l),
                    (0.55 * w, 0.06 * l),
                    0.35,
                    self.tip,
                );
                canvas.shape(flap, outer.darker(0.12));
            }
            Shape::Drop => {
                let hanging = [
                    (-0.55 * w, 0.0),
                    (0.1 * w, -0.2),
                    (0.95 * w, -0.02),
                    (1.3 * w, 0.38 * l),
                    ((1.0 + self.bulge) * w, 0.82 * l),
                    (0.45 * w, l),
                    (-0.3 * w * self.tip, 0.84 * l),
                    (-0.3 * w, 0.4 * l),
                ];
                canvas.shape(blob(&hanging), outer);
            }
            Shape::Round => {
                canvas.shape(ellipse(0.0, -0.4 * l, w, 0.8 * l), outer);
                canvas.fill(ellipse(0.0, -0.34 * l, 0.6 * w, 0.5 * l), coat.inner_ear, 0.95);
            }
            Shape::Fan => {
                let fan = |s: f32| {
                    [
                        (-0.3, -0.3),
                        (0.3 * w, -0.75 * l),
                        (w, -0.6 * l),
                        (1.25 * w, 0.1 * l),
                        (0.85 * w, 0.75 * l),
                        (0.3 * w, l),
                        (-0.3, 0.5),
                    ]
                    .map(|(x, y)| (0.3 + (x - 0.3) * s, y * s))
                };
                canvas.shape(blob(&fan(1.0)), outer);
                canvas.fill(blob(&fan(0.72)), coat.inner_ear, 0.8);
            }
        }
    }
}
