//! What else grows on a head: horns, a mane, wool, feathers.

use tiny_skia::PathBuilder;

use super::coat::Coat;
use super::head::Head;
use crate::drawing::canvas::{Canvas, blob, curve, ellipse, ellipses, tooth};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Crown {
    None,
    Horns {
        length: f32,
    },
    Mane {
        reach: f32,
    },
    Wool {
        reach: f32,
    },
    /// Discs of feathers around the eyes, and two tufts.
    Feathers {
        tuft: f32,
    },
    /// Eyes that sit on top of the head.
    Bumps,
}

impl Crown {
    /// What lies behind the head.
    pub fn behind(&self, canvas: &mut Canvas, head: &Head, coat: &Coat) {
        match *self {
            Crown::Horns { length } => {
                for side in [-1.0, 1.0] {
                    let x = side * 0.5 * head.width + 0.1 * head.yaw;
                    let horn = [
                        (x - 0.15, -0.7),
                        (x + side * 0.3 * length, -0.95 - 0.2 * length),
                        (x + side * 0.42 * length, -0.9 - length),
                        (x + side * (0.3 + 0.4 * length), -0.86 - 0.1 * length),
                        (x + 0.15, -0.6),
                    ];
                    canvas.shape(blob(&horn), coat.horn);
                }
            }
            Crown::Mane { reach } => {
                canvas.shape(
                    star(head, reach, 17),
                    coat.ears.mix(coat.tail_tip, 0.5).darker(0.3),
                );
                canvas.fill(star(head, 0.6 * reach, 15), coat.ears.darker(0.1), 0.6);
            }
            Crown::Wool { reach } => canvas.shape(curls(head, reach, 1.0), coat.base.lighter(0.2)),
            Crown::Feathers { tuft } => {
                for side in [-1.0, 1.0] {
                    let x = side * 0.62 * head.width;
                    let peak = (x + side * 0.26, -0.8 - tuft);
                    canvas.shape(tooth((x - 0.3, -0.6), (x + 0.3, -0.5), peak, 0.2, 0.1), coat.ears);
                }
            }
            Crown::None | Crown::Bumps => {}
        }
    }

    /// What lies on the face, below the eyes.
    pub fn on_face(&self, canvas: &mut Canvas, head: &Head, coat: &Coat, eyes: (f32, f32, f32)) {
        let (spacing, height, size) = eyes;
        match *self {
            Crown::Wool { reach } => {
                let cap: Vec<_> = [
                    (-0.42, -0.78),
                    (-0.16, -0.74),
                    (0.14, -0.72),
                    (0.42, -0.78),
                    (0.0, -1.0),
                ]
                .iter()
                .map(|&(x, y)| {
                    (
                        x * head.width + 0.3 * head.yaw,
                        y - 0.05,
                        0.3 + 0.2 * reach,
                        0.26 + 0.2 * reach,
                    )
                })
                .collect();
                canvas.shape(ellipses(&cap), coat.base.lighter(0.2));
            }
            Crown::Feathers { .. } => {
                for side in [-1.0, 1.0] {
                    let at = head.place(side * spacing, height + 0.03, 0.0);
                    let disc = |s: f32| ellipse(at.x, at.y, s * size * at.squeeze, s * size);
                    canvas.fill(disc(1.85), coat.muzzle.darker(0.12), 1.0);
                    canvas.fill(disc(1.6), coat.muzzle, 1.0);
                }
            }
            Crown::Bumps => {
                for side in [-1.0, 1.0] {
                    let at = head.place(side * spacing, height, 0.0);
                    canvas.shape(
                        ellipse(at.x, at.y, 1.5 * size * at.squeeze, 1.5 * size),
                        coat.base,
                    );
                }
            }
            Crown::Mane { .. } => {
                let lock =
                    [(-0.2, -0.98), (-0.05, -0.66), (0.06, -0.98)].map(|(x, y)| (x + 0.3 * head.yaw, y));
                canvas.line(curve(&lock), 0.12, coat.ears.darker(0.3), 1.0);
            }
            Crown::None | Crown::Horns { .. } => {}
        }
    }
}

/// A mane of pointed locks.
fn star(head: &Head, reach: f32, locks: usize) -> PathBuilder {
    let points: Vec<_> = (0..2 * locks)
        .map(|step| {
            let angle = step as f32 * std::f32::consts::PI / locks as f32;
            let out = 1.0 + if step % 2 == 0 { reach } else { 0.72 * reach };
            (out * head.width * angle.sin(), -out * angle.cos() * 0.98)
        })
        .collect();
    blob(&points)
}

/// Woolly curls all around.
fn curls(head: &Head, reach: f32, height: f32) -> PathBuilder {
    let mut all = vec![(0.0, 0.0, head.width, height)];
    for step in 0..14 {
        let angle = step as f32 * std::f32::consts::TAU / 14.0;
        let size = 0.24 + 0.2 * reach;
        all.push((
            head.width * (0.82 + reach) * angle.sin(),
            -(0.78 + reach) * height * angle.cos(),
            size,
            size,
        ));
    }
    ellipses(&all)
}
