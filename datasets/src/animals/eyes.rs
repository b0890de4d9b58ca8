//! Eyes, which make a drawing look back. Every species draws them from the same lots; only size and place differ.

use nn::Random;
use tiny_skia::Transform;

use super::coat::Coat;
use super::head::Head;
use crate::drawing::canvas::{Canvas, Light, curve, ellipse, ellipses};
use crate::drawing::colour::{BLACK, Colour, WHITE, hex};
use crate::drawing::dice::Dice;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Style {
    /// An iris with a pupil.
    Iris,
    /// An iris with white beside it.
    White,
    /// All dark, with a light in it.
    Button,
    /// Closed in a smile.
    Happy,
}

/// A pair of eyes.
#[derive(Clone, Copy, Debug)]
pub struct Eyes {
    style: Style,
    iris: Colour,
    pub size: f32,
    /// From the middle of the face.
    pub spacing: f32,
    pub height: f32,
    /// Width of the pupil in parts of its height.
    pupil: f32,
    /// Degrees that the outer corners are raised.
    slant: f32,
    /// How far the lids are closed.
    lid: f32,
    look: (f32, f32),
    brows: bool,
    lashes: bool,
}

impl Eyes {
    pub fn new(random: &mut Random) -> Self {
        let styles = [
            Style::Iris,
            Style::Iris,
            Style::Iris,
            Style::White,
            Style::Button,
            Style::Button,
        ];
        Self {
            style: if random.chance(0.07) {
                Style::Happy
            } else {
                random.choose(&styles)
            },
            iris: hex(random.choose(&[
                0x6fae4f, 0xa9c04a, 0xe2b33c, 0xc7782e, 0x8a5a2b, 0x5b3a22, 0x5aa7c9, 0x3f7fb5, 0x8fb8a0,
            ])),
            size: random.between(0.135, 0.19),
            spacing: random.between(0.36, 0.48),
            height: random.between(-0.22, -0.04),
            pupil: random.choose(&[0.35, 0.55, 0.8, 1.0, 1.0]),
            slant: random.between(-10.0, 12.0),
            lid: if random.chance(0.15) {
                random.between(0.15, 0.4)
            } else {
                0.0
            },
            look: (random.between(-0.22, 0.22), random.between(-0.12, 0.15)),
            brows: random.chance(0.15),
            lashes: random.chance(0.2),
        }
    }

    pub fn draw(&self, canvas: &mut Canvas, head: &Head, coat: &Coat) {
        if self.brows {
            coat.mark_brows(canvas, head, self.spacing, self.height);
        }
        let light = canvas.light;
        for side in [-1.0, 1.0] {
            let at = head.place(side * self.spacing, self.height, 0.0);
            let place = Transform::from_translate(at.x, at.y)
                .pre_scale(self.size * side * at.squeeze, self.size)
                .pre_rotate(-self.slant);
            canvas.within(place, |canvas| self.one(canvas, coat, side, light));
        }
    }

    /// One eye of radius 1, its outer corner to the right.
    fn one(&self, canvas: &mut Canvas, coat: &Coat, side: f32, light: Light) {
        let line = coat.base.line();
        if self.style == Style::Happy {
            canvas.line(
                curve(&[(-0.95, 0.25), (0.0, -0.5), (0.95, 0.25)]),
                0.32,
                line,
                1.0,
            );
            return;
        }
        let tall = match self.style {
            Style::Iris => 0.94,
            _ => 1.06,
        };
        let ball = ellipse(0.0, 0.0, 1.0, tall);
        // A thin rim lifts dark eyes off a dark coat.
        let rim = if coat.base.lightness() < 0.3 {
            coat.base.lighter(0.4)
        } else {
            BLACK
        };
        canvas.fill(ellipse(0.0, 0.0, 1.14, tall + 0.14), rim, 0.9);
        let (x, y) = (self.look.0 * side, self.look.1);
        canvas.clipped(&ball, |canvas| match self.style {
            Style::White => {
                canvas.fill(ball.clone(), WHITE, 1.0);
                canvas.fill(ellipse(x, y, 0.72, 0.76), self.iris, 1.0);
                canvas.fill(ellipse(x, y, 0.46 * self.pupil.max(0.7), 0.5), BLACK, 1.0);
            }
            Style::Button => {
                canvas.fill(ball.clone(), BLACK.mix(self.iris, 0.12), 1.0);
                canvas.glow((0.0, 0.9), 0.9, self.iris, 0.55);
            }
            _ => {
                canvas.fill(ball.clone(), self.iris.darker(0.12), 1.0);
                canvas.glow((0.0, 0.75), 1.2, self.iris.lighter(0.45), 0.8);
                canvas.fill(ellipse(x * 0.6, y * 0.6, 0.62 * self.pupil, 0.68), BLACK, 1.0);
            }
        });
        let shine = (side * light.towards.0 * 0.36, light.towards.1.min(-0.2) * 0.42);
        let lights = ellipses(&[
            (shine.0, shine.1, 0.29, 0.29),
            (-shine.0 * 0.9, -shine.1 * 0.9, 0.13, 0.13),
        ]);
        canvas.fill(lights, WHITE, 0.96);
        if self.lid > 0.0 {
            let edge = -1.0 + 2.0 * self.lid;
            canvas.clipped(&ellipse(0.0, 0.0, 1.16, tall + 0.16), |canvas| {
                canvas.fill(ellipse(0.0, edge - 1.3, 2.0, 1.3), coat.base.darker(0.1), 1.0);
            });
            canvas.line(
                curve(&[(-1.0, edge - 0.2), (0.0, edge), (1.0, edge - 0.2)]),
                0.2,
                line,
                1.0,
            );
        }
        if self.lashes {
            for (x, y) in [(0.75, -0.7), (1.0, -0.4)] {
                canvas.line(curve(&[(x, y), (x * 1.35, y * 1.35)]), 0.16, line, 1.0);
            }
        }
    }
}
