//! Bodies, in the coordinates of the upright head: everything hangs below and beside (0, 0).

use nn::Random;

use super::coat::Coat;
use crate::drawing::canvas::{Canvas, blob, curve, ellipse, ellipses};
use crate::drawing::dice::Dice;

/// What the animal does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pose {
    CloseUp,
    Sitting,
    Lying,
    Walking,
    /// It looks over an edge.
    Peeking,
}

/// How the body is built.
#[derive(Clone, Copy, Debug)]
pub struct Body {
    pub pose: Pose,
    pub girth: f32,
    /// Length of the legs.
    pub legs: f32,
    pub tail: Tail,
    pub hooves: bool,
    pub wings: bool,
    pub wool: bool,
}

/// A tail; a width of 0 is none.
#[derive(Clone, Copy, Debug)]
pub struct Tail {
    pub width: f32,
    pub length: f32,
    /// How it curls, -1 to 1.
    pub curl: f32,
    /// Ends in a ball.
    pub tuft: bool,
}

impl Body {
    pub fn new(random: &mut Random) -> Self {
        let poses = [
            Pose::CloseUp,
            Pose::CloseUp,
            Pose::Sitting,
            Pose::Sitting,
            Pose::Lying,
            Pose::Walking,
            Pose::Peeking,
        ];
        Self {
            pose: random.choose(&poses),
            girth: random.between(0.8, 1.2),
            legs: random.between(0.75, 1.1),
            tail: Tail {
                width: random.between(0.16, 0.46),
                length: random.between(0.5, 1.1),
                curl: random.between(-1.0, 1.0),
                tuft: false,
            },
            hooves: false,
            wings: false,
            wool: false,
        }
    }

    /// What is seen behind the head.
    pub fn behind(&self, canvas: &mut Canvas, coat: &Coat) {
        let g = self.girth;
        match self.pose {
            Pose::CloseUp => self.trunk(canvas, coat, &[(0.0, 1.9, 1.15 * g, 1.2)], (-g, 1.0, g, 2.6)),
            Pose::Sitting => self.sitting(canvas, coat),
            Pose::Lying => {
                self.draw_tail(canvas, coat, (2.9 * g, 0.9), (0.5, -1.0));
                let back = [
                    (0.1, 0.6, 0.7, 0.75),
                    (1.0, 0.55, 1.1, 0.92 * g),
                    (2.0, 0.65, 1.05, 0.88 * g),
                ];
                self.trunk(canvas, coat, &back, (0.4, -0.4 * g, 3.0, 1.4));
                canvas.shape(ellipse(2.2, 0.98, 0.62, 0.5), coat.base);
                self.paw(canvas, coat, (1.75, 1.36), 0.36);
            }
            Pose::Walking => {
                self.draw_tail(canvas, coat, (3.1, 0.75), (0.6, -1.0));
                let floor = 1.5 + 0.95 * self.legs;
                for x in [0.95, 2.95] {
                    self.leg(canvas, coat, x, floor - 0.1, 0.22);
                }
                let back = [
                    (0.25, 0.55, 0.62, 0.7),
                    (0.8, 1.05, 0.75, 0.72 * g),
                    (1.6, 1.1, 0.9, 0.68 * g),
                    (2.5, 1.05, 0.8, 0.72 * g),
                ];
                self.trunk(canvas, coat, &back, (0.4, 0.4, 3.3, 1.7));
                for x in [0.5, 2.5] {
                    self.leg(canvas, coat, x, floor, 0.0);
                }
            }
            Pose::Peeking => self.trunk(canvas, coat, &[(0.0, 1.4, 1.1 * g, 1.1)], (-g, 0.6, g, 2.2)),
        }
    }

    /// What is seen before the head.
    pub fn before(&self, canvas: &mut Canvas, coat: &Coat) {
        match self.pose {
            Pose::Lying => {
                for x in [-0.55, 0.3] {
                    self.paw(canvas, coat, (x, 1.32), 0.36);
                }
            }
            Pose::Peeking if !self.wings => {
                for x in [-0.78, 0.78] {
                    self.paw(canvas, coat, (x, 1.12), 0.32);
                }
            }
            _ => {}
        }
    }

    fn sitting(&self, canvas: &mut Canvas, coat: &Coat) {
        let g = self.girth;
        let floor = 1.9 + 1.1 * self.legs;
        self.draw_tail(canvas, coat, (0.8 * g, floor - 0.3), (1.0, -0.5));
        if !self.wings {
            for side in [-1.0, 1.0] {
                canvas.shape(ellipse(side * 0.86 * g, floor - 0.46, 0.52 * g, 0.56), coat.base);
                self.paw(canvas, coat, (side * 1.0 * g, floor - 0.06), 0.32);
            }
        }
        let trunk = [
            (0.0, 1.1, 0.72 * g, 0.7),
            (0.0, 1.6, 0.84 * g, 0.8),
            (0.0, floor - 0.75, 0.98 * g, 0.78),
        ];
        self.trunk(canvas, coat, &trunk, (-g, 0.7, g, floor));
        canvas.fill(ellipse(0.0, 1.5, 0.46 * g, 0.66), coat.belly, 1.0);
        if self.wings {
            for side in [-1.0, 1.0] {
                let wing = [(0.7, 0.9), (1.15, 1.5), (1.05, 2.4), (0.7, 2.6), (0.55, 1.7)];
                canvas.shape(blob(&wing.map(|(x, y)| (side * x * g, y))), coat.ears.darker(0.1));
                canvas.shape(ellipse(side * 0.34, floor + 0.02, 0.24, 0.12), coat.horn);
            }
            return;
        }
        for side in [-1.0, 1.0] {
            let leg = [(side * 0.32, 1.7), (side * 0.34, floor - 0.2)];
            canvas.limb(curve(&leg), 0.46, coat.base);
            self.paw(canvas, coat, (side * 0.36, floor - 0.02), 0.33);
        }
    }

    fn trunk(
        &self,
        canvas: &mut Canvas,
        coat: &Coat,
        parts: &[(f32, f32, f32, f32)],
        marks: (f32, f32, f32, f32),
    ) {
        let mut parts = parts.to_vec();
        if self.wool {
            for &(x, y, w, h) in &parts.clone() {
                for step in 0..10 {
                    let angle = step as f32 * std::f32::consts::TAU / 10.0;
                    parts.push((x + w * angle.cos(), y + h * angle.sin(), 0.3, 0.3));
                }
            }
        }
        let colour = if self.wool {
            coat.base.lighter(0.2)
        } else {
            coat.base
        };
        let shape = ellipses(&parts);
        canvas.shape(shape.clone(), colour);
        canvas.clipped(&shape, |canvas| coat.mark_body(canvas, marks));
    }

    fn leg(&self, canvas: &mut Canvas, coat: &Coat, x: f32, floor: f32, darkness: f32) {
        canvas.limb(
            curve(&[(x, 1.2), (x + 0.04, floor - 0.2)]),
            0.44,
            coat.base.darker(darkness),
        );
        self.paw(canvas, coat, (x - 0.06, floor), 0.3);
    }

    fn paw(&self, canvas: &mut Canvas, coat: &Coat, (x, y): (f32, f32), size: f32) {
        if self.hooves {
            let hoof = [
                (x - 0.7 * size, y - 0.7 * size),
                (x + 0.7 * size, y - 0.7 * size),
                (x + 0.85 * size, y + 0.4 * size),
                (x - 0.85 * size, y + 0.4 * size),
            ];
            canvas.shape(blob(&hoof), coat.horn.darker(0.5));
            return;
        }
        canvas.shape(ellipse(x, y - 0.1, size, 0.7 * size), coat.paws);
        for toe in [-0.3, 0.3] {
            let (x, y) = (x + toe * size, y - 0.1);
            canvas.line(
                curve(&[(x, y + 0.15 * size), (x, y + 0.5 * size)]),
                0.04,
                coat.paws.line(),
                0.75,
            );
        }
    }

    /// From its root towards somewhere, with a curl at the end.
    fn draw_tail(&self, canvas: &mut Canvas, coat: &Coat, root: (f32, f32), way: (f32, f32)) {
        let Tail {
            width,
            length,
            curl,
            tuft,
        } = self.tail;
        if width == 0.0 {
            return;
        }
        let reach = 1.7 * length;
        let (x, y) = way;
        let at = |share: f32| {
            let bend = curl * share * share * 0.8;
            (
                root.0 + reach * share * (x * 0.7 - y * bend),
                root.1 + reach * share * (y * 0.7 + x * bend),
            )
        };
        let points: Vec<_> = (0..=5).map(|step| at(step as f32 / 5.0)).collect();
        canvas.limb(curve(&points), width, coat.base);
        canvas.limb(curve(&points[4..]), width, coat.tail_tip);
        if tuft {
            let (x, y) = points[5];
            canvas.shape(ellipse(x, y, 0.26, 0.26), coat.tail_tip);
        }
    }
}
