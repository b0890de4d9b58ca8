//! A wave that breaks: its back, its hollow face, and fingers of foam.

use std::f32::consts::PI;

use nn::Random;

use super::inks::Inks;
use crate::drawing::canvas::{Canvas, curve, ellipse, polygon};
use crate::drawing::colour::Colour;
use crate::drawing::dice::Dice;

type Place = (f32, f32);

/// The back of a wave, from far behind it up over its crest to the tip that falls; up is positive.
const BACK: [Place; 10] = [
    (-1.6, -0.3),
    (-1.15, -0.02),
    (-0.75, 0.3),
    (-0.42, 0.62),
    (-0.1, 0.88),
    (0.2, 1.0),
    (0.48, 0.98),
    (0.7, 0.84),
    (0.8, 0.66),
    (0.79, 0.52),
];
/// Its hollow face, from below the tip down to the trough.
const FACE: [Place; 8] = [
    (0.79, 0.52),
    (0.66, 0.62),
    (0.46, 0.66),
    (0.27, 0.56),
    (0.18, 0.36),
    (0.24, 0.14),
    (0.55, -0.1),
    (1.2, -0.3),
];

/// Where a wave stands, how high it is, and which way it breaks.
#[derive(Clone, Copy)]
pub struct Stand {
    pub foot: Place,
    pub height: f32,
    pub way: f32,
}

/// A place on a smooth line through points, `share` of the way along.
fn along(points: &[Place], share: f32) -> Place {
    let last = points.len() - 1;
    let place = share.clamp(0.0, 0.9999) * last as f32;
    let (index, t) = (place as usize, place.fract());
    let at = |index: usize| points[index.min(last)];
    let (a, b, c, d) = (
        at(index.saturating_sub(1)),
        at(index),
        at(index + 1),
        at(index + 2),
    );
    let part = |a: f32, b: f32, c: f32, d: f32| {
        b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
    };
    (part(a.0, b.0, c.0, d.0), part(a.1, b.1, c.1, d.1))
}

/// Draws a wave: its body, the bands of water in it, and its foam.
pub fn wave(canvas: &mut Canvas, inks: Inks, stand: Stand, random: &mut Random) {
    let Stand { foot, height, way } = stand;
    let lean = random.between(-0.06, 0.08);
    let at = |(x, y): Place| (foot.0 + way * height * (x + lean * y), foot.1 - height * y);
    let back = |share: f32| along(&BACK, share);
    let face = |share: f32| along(&FACE, share);
    let line = |places: &[Place]| places.iter().map(|&place| at(place)).collect::<Vec<_>>();
    let steps = |count: usize| (0..=count).map(move |step| step as f32 / count as f32);
    let mut outline: Vec<Place> = steps(36).map(back).chain(steps(30).skip(1).map(face)).collect();
    outline.extend([(1.2, -1.6), (-1.6, -1.6)]);
    canvas.fill(polygon(&line(&outline)), inks.deep, 1.0);
    // Bands of water rise along the hollow and over into the crest.
    let bands = 7;
    for band in 0..bands {
        let share = (band as f32 + 0.55) / bands as f32;
        let streak = |offset: f32| {
            move |t: f32| {
                let (from, to) = (face(1.0 - t), back(0.06 + 0.94 * t));
                // Narrow where the wave curls, wide at its foot.
                let share = share + offset * (0.25 + 0.75 * (PI * t).sin());
                (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share)
            }
        };
        let (low, high) = (streak(-0.034), streak(0.034));
        let mut shape: Vec<Place> = steps(24).map(low).collect();
        shape.extend(steps(24).map(|t| high(1.0 - t)));
        let colour = if band % 3 == 2 { inks.pale } else { inks.middle };
        canvas.fill(polygon(&line(&shape)), colour, 1.0);
    }
    canvas.line(
        curve(&line(&steps(30).map(face).collect::<Vec<_>>())),
        0.012 * height,
        inks.line,
        1.0,
    );
    canvas.line(
        curve(&line(&steps(30).map(back).collect::<Vec<_>>())),
        0.012 * height,
        inks.line,
        1.0,
    );
    foam(canvas, inks, stand, &at, random);
}

/// Foam lies along the crest, and reaches out of it with fingers.
fn foam(canvas: &mut Canvas, inks: Inks, stand: Stand, at: &impl Fn(Place) -> Place, random: &mut Random) {
    let size = stand.height;
    let mut fingers = Vec::new();
    let count = 26;
    for number in 0..count {
        let share = number as f32 / (count - 1) as f32;
        let t = 0.36 + 0.64 * share;
        let (here, next) = (along(&BACK, t - 0.01), along(&BACK, t + 0.01));
        let heading = (next.1 - here.1).atan2(next.0 - here.0);
        // Outwards from the crest, and forwards with it.
        let outwards = heading + PI / 2.0 - random.between(0.1, 0.55);
        fingers.push((
            along(&BACK, t),
            outwards,
            0.07 + 0.1 * share * random.between(0.7, 1.3),
        ));
    }
    for number in 0..9 {
        let t = 0.02 + 0.36 * number as f32 / 8.0;
        let heading = -PI / 2.0 + random.between(-0.3, 0.35);
        fingers.push((along(&FACE, t), heading, random.between(0.08, 0.14)));
    }
    // The line under everything, then the foam itself, so that it is one shape with one outline.
    for (grown, colour) in [(0.013, inks.line), (0.0, inks.paper)] {
        for number in 0..=150 {
            let share = number as f32 / 150.0;
            let (x, y) = at(along(&BACK, 0.3 + 0.7 * share));
            let radius = size * (0.016 + 0.04 * share + 0.008 * (9.0 * share * PI).sin()) + grown * 0.45;
            canvas.fill(ellipse(x, y, radius, radius), colour, 1.0);
        }
        for &finger in &fingers {
            claw(canvas, finger, (grown, colour), size, at);
        }
    }
    for &(root, heading, length) in fingers.iter().step_by(2) {
        // A blue crease in every other finger.
        let end = (
            root.0 + 0.75 * length * heading.cos(),
            root.1 + 0.75 * length * heading.sin(),
        );
        let middle = ((root.0 + end.0) / 2.0 + 0.1 * length, (root.1 + end.1) / 2.0);
        canvas.line(
            curve(&[at(root), at(middle), at(end)]),
            0.009 * size,
            inks.middle,
            0.9,
        );
    }
    for _ in 0..34 {
        let (x, y) = along(&BACK, random.between(0.45, 1.0));
        let away = random.between(0.1, 0.36);
        let angle = random.between(-0.4, 1.3);
        let (x, y) = at((x + away * angle.cos(), y + away * angle.sin()));
        let radius = size * random.between(0.006, 0.014);
        canvas.fill(ellipse(x, y, radius + 0.002, radius + 0.002), inks.line, 0.9);
        canvas.fill(ellipse(x, y, radius, radius), inks.paper, 1.0);
    }
}

/// Three hooked fingers on one root.
fn claw(
    canvas: &mut Canvas,
    (root, heading, length): (Place, f32, f32),
    (grown, colour): (f32, Colour),
    size: f32,
    at: &impl Fn(Place) -> Place,
) {
    for (turn, long) in [(0.55, 0.75), (0.0, 1.0), (-0.55, 0.8)] {
        let (reach, heading) = (length * long, heading + turn);
        for step in 0..=16 {
            let share = step as f32 / 16.0;
            // A finger bends over towards its tip.
            let bent = heading - 0.85 * share * share;
            let (x, y) = at((
                root.0 + reach * share * bent.cos(),
                root.1 + reach * share * bent.sin(),
            ));
            let radius = size * reach * 0.25 * (1.0 - 0.66 * share) + 0.45 * grown;
            canvas.fill(ellipse(x, y, radius, radius), colour, 1.0);
        }
    }
}
