//! Noses, muzzles, beaks and trunks.

use tiny_skia::Transform;

use super::coat::Coat;
use super::head::{Head, Spot};
use crate::drawing::canvas::{Canvas, blob, curve, ellipse, ellipses, polygon, tooth};
use crate::drawing::colour::{Colour, WHITE, hex};

/// The kinds of snouts; lengths in half heights of the head.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Snout {
    /// Two flat whisker pads under a small triangular nose: cats and lions.
    Pads {
        size: f32,
        nose: f32,
    },
    /// It stands out of the face and has an oval nose at its end: dogs, bears and foxes.
    Muzzle {
        length: f32,
        width: f32,
        nose: f32,
        jowl: f32,
        taper: f32,
    },
    /// A small nose over two teeth: rabbits.
    Teeth {
        nose: f32,
    },
    /// It runs to a point with a round nose on it: mice.
    Cone {
        length: f32,
    },
    /// A disc with two nostrils: pigs.
    Disc {
        width: f32,
    },
    /// A broad soft end with two nostrils: cows; narrow, it is a sheep's.
    Broad {
        width: f32,
        height: f32,
    },
    /// A nose like a spoon and no muzzle: koalas.
    Spoon {
        height: f32,
    },
    Beak {
        width: f32,
    },
    /// A mouth from ear to ear: frogs.
    Grin,
    Trunk {
        length: f32,
        swing: f32,
    },
}

/// What the mouth does.
#[derive(Clone, Copy, Debug)]
pub struct Mouth {
    /// Whether the tongue hangs out.
    pub tongue: bool,
    /// Corners up or down.
    pub smile: f32,
    /// How well whiskers are seen, 0 for none.
    pub whiskers: f32,
    pub whisker_colour: Colour,
    pub whisker_droop: f32,
}

impl Snout {
    pub fn draw(&self, canvas: &mut Canvas, head: &Head, coat: &Coat, mouth: &Mouth) {
        match *self {
            Snout::Pads { size, nose } => pads(canvas, head, coat, mouth, size, nose),
            Snout::Muzzle {
                length,
                width,
                nose,
                jowl,
                taper,
            } => muzzle(canvas, head, coat, mouth, [length, width, nose, jowl, taper]),
            Snout::Teeth { nose } => teeth(canvas, head, coat, mouth, nose),
            Snout::Cone { length } => cone(canvas, head, coat, mouth, length),
            Snout::Disc { width } => disc(canvas, head, coat, mouth, width),
            Snout::Broad { width, height } => broad(canvas, head, coat, mouth, width, height),
            Snout::Spoon { height } => spoon(canvas, head, coat, mouth, height),
            Snout::Beak { width } => beak(canvas, head, coat, width),
            Snout::Grin => grin(canvas, head, coat, mouth),
            Snout::Trunk { length, swing } => trunk(canvas, head, coat, length, swing),
        }
    }
}

/// Draws with `spot` as the origin, narrowed as things are there.
fn at(canvas: &mut Canvas, spot: Spot, draw: impl FnOnce(&mut Canvas)) {
    let place = Transform::from_translate(spot.x, spot.y).pre_scale(spot.squeeze, 1.0);
    canvas.within(place, draw);
}

fn pads(canvas: &mut Canvas, head: &Head, coat: &Coat, mouth: &Mouth, s: f32, nose: f32) {
    let spot = head.place(0.0, 0.4, 0.1);
    at(canvas, spot, |canvas| {
        let pads = [
            (-0.18 * s, 0.08 * s, 0.24 * s, 0.19 * s),
            (0.18 * s, 0.08 * s, 0.24 * s, 0.19 * s),
        ];
        let chin = ellipse(0.0, 0.27 * s, 0.14 * s, 0.1 * s);
        canvas.fill(chin, coat.muzzle.darker(0.08), 1.0);
        canvas.fill(ellipses(&pads), coat.muzzle, 1.0);
        let nose_y = -0.1 * s;
        let line = coat.muzzle.line();
        canvas.line(curve(&[(0.0, nose_y), (0.0, 0.1 * s)]), 0.035, line, 1.0);
        if mouth.tongue {
            canvas.fill(ellipse(0.0, 0.22 * s, 0.07 * s, 0.1 * s), coat.tongue, 1.0);
        }
        lips(canvas, 0.1 * s, 0.26 * s, 0.12 * s * (1.0 + mouth.smile), line);
        let triangle = [
            (-nose, nose_y - 0.6 * nose),
            (0.0, nose_y - 0.72 * nose),
            (nose, nose_y - 0.6 * nose),
            (0.45 * nose, nose_y + 0.2 * nose),
            (0.0, nose_y + 0.72 * nose),
            (-0.45 * nose, nose_y + 0.2 * nose),
        ];
        canvas.fill(blob(&triangle), coat.nose, 1.0);
        canvas.fill(
            ellipse(-0.3 * nose, nose_y - 0.35 * nose, 0.24 * nose, 0.13 * nose),
            WHITE,
            0.5,
        );
        whiskers(canvas, mouth, 0.3 * s, 0.08 * s);
    });
}

/// The double bow below a nose.
fn lips(canvas: &mut Canvas, y: f32, reach: f32, depth: f32, line: Colour) {
    for side in [-1.0, 1.0] {
        let bow = [
            (0.0, y),
            (side * 0.35 * reach, y + depth),
            (side * reach, y + 0.3 * depth),
        ];
        canvas.line(curve(&bow), 0.04, line, 1.0);
    }
}

fn whiskers(canvas: &mut Canvas, mouth: &Mouth, x: f32, y: f32) {
    if mouth.whiskers == 0.0 {
        return;
    }
    for side in [-1.0, 1.0] {
        for step in [-1.0, 0.0, 1.0] {
            let start = (side * x, y + 0.05 * step);
            let middle = (side * (x + 0.38), y + 0.13 * step - 0.03);
            let end = (side * (x + 0.8), y + 0.24 * step + mouth.whisker_droop);
            canvas.line(
                curve(&[start, middle, end]),
                0.017,
                mouth.whisker_colour,
                mouth.whiskers,
            );
        }
    }
}

fn muzzle(canvas: &mut Canvas, head: &Head, coat: &Coat, mouth: &Mouth, shape: [f32; 5]) {
    let [length, width, nose, jowl, taper] = shape;
    let root = head.place(0.0, 0.3, 0.0);
    let mut tip = head.place(0.0, 0.36, length);
    // What comes near looks larger, and a long snout hangs a little.
    tip.y += 0.16 * length;
    let near = 1.0 + 0.16 * length;
    let (w, h) = (width * near * (1.0 - taper), width * near * (0.8 - 0.3 * taper));
    let mut steps = Vec::new();
    for step in 0..=6 {
        let share = step as f32 / 6.0;
        let blend = |from: f32, to: f32| from + (to - from) * share;
        steps.push((
            blend(root.x, tip.x),
            blend(root.y, tip.y),
            blend(width * 0.86, w),
            blend(width * 0.74, h),
        ));
    }
    let y = tip.y;
    let line = coat.muzzle.line();
    // Lower jaw, tongue, upper jaw: each over the one before.
    canvas.shape(
        ellipse(tip.x, y + 0.62 * h, 0.62 * w, 0.62 * h),
        coat.muzzle.darker(0.16),
    );
    if mouth.tongue {
        let tongue = [
            (tip.x - 0.3 * w, y + 0.7 * h),
            (tip.x + 0.3 * w, y + 0.7 * h),
            (tip.x + 0.3 * w, y + 1.5 * h),
            (tip.x, y + 1.85 * h),
            (tip.x - 0.3 * w, y + 1.5 * h),
        ];
        canvas.shape(blob(&tongue), coat.tongue);
        canvas.line(
            curve(&[(tip.x, y + 0.9 * h), (tip.x, y + 1.4 * h)]),
            0.03,
            coat.tongue.darker(0.35),
            0.8,
        );
    }
    steps.push((
        tip.x - 0.45 * w,
        y + (0.3 + 0.3 * jowl) * h,
        0.6 * w,
        (0.62 + 0.25 * jowl) * h,
    ));
    steps.push((
        tip.x + 0.45 * w,
        y + (0.3 + 0.3 * jowl) * h,
        0.6 * w,
        (0.62 + 0.25 * jowl) * h,
    ));
    canvas.shape(ellipses(&steps), coat.muzzle);
    let nose_y = y - 0.42 * h;
    canvas.line(curve(&[(tip.x, nose_y), (tip.x, y + 0.55 * h)]), 0.04, line, 1.0);
    let place = Transform::from_translate(tip.x, y);
    canvas.within(place, |canvas| {
        lips(canvas, 0.55 * h, 0.85 * w, 0.34 * h * (1.0 + mouth.smile), line);
        whiskers(canvas, mouth, 0.75 * w, 0.25 * h);
    });
    let n = nose * near;
    let shape = [
        (tip.x - n, nose_y - 0.2 * n),
        (tip.x - 0.6 * n, nose_y - 0.68 * n),
        (tip.x + 0.6 * n, nose_y - 0.68 * n),
        (tip.x + n, nose_y - 0.2 * n),
        (tip.x + 0.5 * n, nose_y + 0.5 * n),
        (tip.x, nose_y + 0.72 * n),
        (tip.x - 0.5 * n, nose_y + 0.5 * n),
    ];
    canvas.fill(blob(&shape), coat.nose, 1.0);
    let nostrils =
        [-1.0, 1.0].map(|side: f32| (tip.x + side * 0.42 * n, nose_y + 0.12 * n, 0.17 * n, 0.13 * n));
    canvas.fill(ellipses(&nostrils), coat.nose.darker(0.7), 0.9);
    canvas.fill(
        ellipse(tip.x - 0.2 * n, nose_y - 0.4 * n, 0.36 * n, 0.15 * n),
        WHITE,
        0.55,
    );
}

fn teeth(canvas: &mut Canvas, head: &Head, coat: &Coat, mouth: &Mouth, nose: f32) {
    at(canvas, head.place(0.0, 0.4, 0.1), |canvas| {
        let line = coat.muzzle.line();
        canvas.fill(
            ellipses(&[(-0.2, 0.06, 0.26, 0.22), (0.2, 0.06, 0.26, 0.22)]),
            coat.muzzle,
            1.0,
        );
        let pair = polygon(&[(-0.11, 0.14), (0.11, 0.14), (0.1, 0.36), (-0.1, 0.36)]);
        canvas.fill(pair, WHITE, 1.0);
        canvas.line(curve(&[(0.0, 0.16), (0.0, 0.35)]), 0.025, line, 0.7);
        canvas.line(curve(&[(0.0, -0.12), (0.0, 0.1)]), 0.035, line, 1.0);
        lips(canvas, 0.08, 0.26, 0.1, line);
        let y = -0.14;
        canvas.fill(
            blob(&[
                (-nose, y - 0.5 * nose),
                (nose, y - 0.5 * nose),
                (0.0, y + 0.7 * nose),
            ]),
            coat.nose,
            1.0,
        );
        whiskers(canvas, mouth, 0.3, 0.06);
    });
}

fn cone(canvas: &mut Canvas, head: &Head, coat: &Coat, mouth: &Mouth, length: f32) {
    let root = head.place(0.0, 0.4, 0.0);
    let mut tip = head.place(0.0, 0.46, length);
    tip.y += 0.1;
    let steps: Vec<_> = (0..=6)
        .map(|step| {
            let share = step as f32 / 6.0;
            let size = 0.42 - 0.26 * share;
            (
                root.x + (tip.x - root.x) * share,
                root.y + (tip.y - root.y) * share,
                size,
                size,
            )
        })
        .collect();
    canvas.shape(ellipses(&steps), coat.muzzle);
    at(canvas, tip, |canvas| {
        whiskers(canvas, mouth, 0.12, 0.06);
        lips(canvas, 0.18, 0.16, 0.08, coat.muzzle.line());
        canvas.fill(ellipse(0.0, 0.0, 0.13, 0.12), coat.nose, 1.0);
        canvas.fill(ellipse(-0.03, -0.05, 0.05, 0.03), WHITE, 0.6);
    });
}

fn disc(canvas: &mut Canvas, head: &Head, coat: &Coat, mouth: &Mouth, width: f32) {
    let spot = head.place(0.0, 0.34, 0.3);
    let line = coat.muzzle.line();
    at(canvas, spot, |canvas| {
        let smile = [(-0.34, 0.34), (0.0, 0.46 + 0.06 * mouth.smile), (0.34, 0.34)];
        canvas.line(curve(&smile), 0.05, line, 1.0);
        canvas.shape(
            ellipse(0.0, 0.04, 1.05 * width, 0.84 * width),
            coat.muzzle.darker(0.22),
        );
        canvas.shape(
            ellipse(0.0, 0.0, width, 0.76 * width),
            coat.muzzle.mix(coat.tongue, 0.25),
        );
        let nostrils = [-1.0, 1.0].map(|side: f32| (side * 0.38 * width, 0.0, 0.15 * width, 0.26 * width));
        canvas.fill(ellipses(&nostrils), coat.muzzle.darker(0.75), 1.0);
    });
}

fn broad(canvas: &mut Canvas, head: &Head, coat: &Coat, mouth: &Mouth, width: f32, height: f32) {
    let spot = head.place(0.0, 0.52, 0.22);
    let line = coat.muzzle.line();
    let skin = coat.muzzle.mix(coat.tongue, 0.18);
    at(canvas, spot, |canvas| {
        let end = [
            (-0.8 * width, -height),
            (0.8 * width, -height),
            (width, 0.1 * height),
            (0.62 * width, height),
            (-0.62 * width, height),
            (-width, 0.1 * height),
        ];
        canvas.shape(blob(&end), skin);
        for side in [-1.0, 1.0] {
            let nostril =
                Transform::from_translate(side * 0.48 * width, -0.3 * height).pre_rotate(side * 24.0);
            canvas.within(nostril, |canvas| {
                canvas.fill(ellipse(0.0, 0.0, 0.12 * width + 0.02, 0.2 * height), line, 1.0);
            });
        }
        let smile = [
            (-0.5 * width, 0.34 * height),
            (0.0, (0.52 + 0.1 * mouth.smile) * height),
            (0.5 * width, 0.34 * height),
        ];
        canvas.line(curve(&smile), 0.045, line, 1.0);
    });
}

fn spoon(canvas: &mut Canvas, head: &Head, coat: &Coat, mouth: &Mouth, height: f32) {
    at(canvas, head.place(0.0, 0.3, 0.12), |canvas| {
        let line = coat.muzzle.line();
        canvas.fill(ellipse(0.0, 0.3, 0.36, 0.24), coat.muzzle, 1.0);
        canvas.line(
            curve(&[(-0.18, 0.38), (0.0, 0.44 + 0.04 * mouth.smile), (0.18, 0.38)]),
            0.04,
            line,
            1.0,
        );
        let nose = [
            (-0.16, -height),
            (0.16, -height),
            (0.24, 0.1),
            (0.13, 0.28),
            (-0.13, 0.28),
            (-0.24, 0.1),
        ];
        canvas.shape(blob(&nose), coat.nose.mix(hex(0x1d1a1e), 0.4));
        canvas.fill(ellipse(-0.06, -0.5 * height, 0.07, 0.3 * height), WHITE, 0.35);
    });
}

fn beak(canvas: &mut Canvas, head: &Head, coat: &Coat, width: f32) {
    let colour = coat.horn.mix(hex(0xf0a030), 0.6);
    at(canvas, head.place(0.0, 0.18, 0.16), |canvas| {
        canvas.shape(
            tooth((-width, -0.06), (width, -0.06), (0.0, 0.46), 0.5, 0.2),
            colour,
        );
        canvas.line(curve(&[(-0.02, 0.0), (-0.04, 0.2)]), 0.05, WHITE, 0.5);
    });
}

fn grin(canvas: &mut Canvas, head: &Head, coat: &Coat, mouth: &Mouth) {
    let line = coat.base.line();
    let spot = |x: f32, y: f32| {
        let spot = head.place(x * head.width, y, 0.0);
        (spot.x, spot.y)
    };
    let wide = [
        spot(-0.8, 0.2),
        spot(-0.4, 0.42 + 0.06 * mouth.smile),
        spot(0.0, 0.47 + 0.1 * mouth.smile),
        spot(0.4, 0.42 + 0.06 * mouth.smile),
        spot(0.8, 0.2),
    ];
    canvas.line(curve(&wide), 0.06, line, 1.0);
    let nostrils = [spot(-0.1, 0.1), spot(0.1, 0.1)].map(|(x, y)| (x, y, 0.035, 0.03));
    canvas.fill(ellipses(&nostrils), line, 1.0);
}

fn trunk(canvas: &mut Canvas, head: &Head, coat: &Coat, length: f32, swing: f32) {
    let top = head.place(0.0, 0.2, 0.1);
    let path = |share: f32| {
        let bend = (share * 2.2).sin() * swing * share;
        (
            top.x + 0.5 * head.yaw * share + bend,
            top.y + length * share - 0.25 * swing.abs() * share * share,
        )
    };
    for side in [-1.0, 1.0] {
        let tusk = head.place(side * 0.3, 0.5, 0.2);
        let peak = (tusk.x + side * 0.14, tusk.y + 0.42);
        canvas.shape(
            tooth((tusk.x - 0.08, tusk.y), (tusk.x + 0.08, tusk.y), peak, 0.3, 0.2),
            coat.horn.lighter(0.5),
        );
    }
    let steps: Vec<_> = (0..=14)
        .map(|step| {
            let share = step as f32 / 14.0;
            let (x, y) = path(share);
            let size = 0.31 - 0.15 * share;
            (x, y, size, size)
        })
        .collect();
    canvas.shape(ellipses(&steps), coat.base);
    for step in 2..7 {
        let (x, y) = path(step as f32 / 7.5);
        let reach = 0.2 - 0.016 * step as f32;
        canvas.line(
            curve(&[(x - reach, y - 0.02), (x, y + 0.05), (x + reach, y - 0.02)]),
            0.03,
            coat.base.line(),
            0.5,
        );
    }
}
