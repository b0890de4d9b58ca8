//! Trees and reeds.

use std::f32::consts::TAU;

use nn::Random;

use super::hour::{Hour, Season};
use crate::drawing::canvas::{Canvas, curve, ellipse, polygon};
use crate::drawing::colour::{Colour, WHITE, hex};
use crate::drawing::dice::Dice;
use crate::drawing::noise::smooth;

/// Where a tree stands and how it looks from there.
#[derive(Clone, Copy, Debug)]
pub struct Stand {
    pub x: f32,
    /// Where its foot is.
    pub y: f32,
    pub height: f32,
    pub haze: f32,
    /// 1 if light comes from the right, -1 if from the left.
    pub towards: f32,
}

/// A fir: rows of hanging branches, lit on one side.
pub fn conifer(canvas: &mut Canvas, at: Stand, hour: &Hour, season: &Season, random: &mut Random) {
    let Stand { x, y, height, .. } = at;
    let colour = season.conifers.mix(hex(0x3a4a28), random.between(0.0, 0.5));
    let tiers = 9;
    let width = height * random.between(0.17, 0.25);
    let trunk = polygon(&[
        (x - 0.02 * height, y),
        (x + 0.02 * height, y),
        (x, y - 0.5 * height),
    ]);
    canvas.fill(trunk, hour.on(hex(0x4a382c), at.haze), 1.0);
    for tier in 0..tiers {
        let share = (tier + 1) as f32 / tiers as f32;
        let (top, foot) = (
            y - height * (1.04 - 0.88 * (share - 0.11)),
            y - height * (1.0 - 0.9 * share),
        );
        let (left, right) = (
            width * share * random.between(0.8, 1.1),
            width * share * random.between(0.8, 1.1),
        );
        let branch = polygon(&[
            (x, top),
            (x + 0.55 * right, foot - 0.035 * height),
            (x + right, foot + 0.012 * height),
            (x + 0.4 * right, foot - 0.012 * height),
            (x, foot + 0.02 * height),
            (x - 0.4 * left, foot - 0.012 * height),
            (x - left, foot + 0.012 * height),
            (x - 0.55 * left, foot - 0.035 * height),
        ]);
        canvas.fill(branch, hour.on(colour.darker(0.45 - 0.2 * share), at.haze), 1.0);
        let side = at.towards * if at.towards > 0.0 { right } else { left };
        let lit = polygon(&[
            (x, top),
            (x + 0.55 * side, foot - 0.035 * height),
            (x + 0.95 * side, foot + 0.008 * height),
            (x + 0.3 * side, foot - 0.03 * height),
        ]);
        let (light, opacity) = match season.snow {
            true => (WHITE, 0.85),
            false => (colour.lighter(0.3), 0.6),
        };
        canvas.fill(lit, hour.on(light, at.haze), opacity);
    }
}

/// A broad tree: a crown of many tufts of leaves, dark below and light above.
pub fn broadleaf(canvas: &mut Canvas, at: Stand, hour: &Hour, season: &Season, random: &mut Random) {
    let Stand { x, y, height, .. } = at;
    let bark = hour.on(hex(0x4a3a30), at.haze);
    let lean = random.between(-0.06, 0.06) * height;
    canvas.line(
        curve(&[
            (x, y),
            (x + 0.3 * lean, y - 0.25 * height),
            (x + lean, y - 0.6 * height),
        ]),
        0.05 * height,
        bark,
        1.0,
    );
    for side in [-0.24, -0.1, 0.14, 0.26] {
        let branch = [
            (x + 0.4 * lean, y - 0.3 * height),
            (x + 0.6 * side * height, y - 0.48 * height),
            (x + lean + side * height, y - random.between(0.6, 0.8) * height),
        ];
        canvas.line(curve(&branch), 0.018 * height, bark, 1.0);
    }
    let leaves = season.leaves.mix(season.grass, random.between(0.0, 0.35));
    // A crown is thirteen boughs, each a ball of leaves. Near trees have more and smaller leaves to be seen.
    let fine = smooth(0.08, 0.6, height);
    let mut tufts = Vec::new();
    for _ in 0..13 {
        let (angle, reach) = (random.between(0.0, TAU), 0.72 * random.between(0.1, 1.0).sqrt());
        let bough = (reach * angle.cos(), reach * angle.sin());
        let spread = random.between(0.26, 0.42);
        for _ in 0..(9.0 + 60.0 * fine) as usize / if season.snow { 3 } else { 1 } {
            let (angle, reach) = (random.between(0.0, TAU), random.between(0.0, 1.0).sqrt());
            let (u, v) = (reach * angle.cos(), reach * angle.sin());
            let lit =
                0.45 * (0.5 * at.towards * u - 0.8 * v) + 0.5 * (0.5 * at.towards * bough.0 - 0.8 * bough.1);
            tufts.push((bough.0 + spread * u, bough.1 + spread * v, lit));
        }
    }
    tufts.sort_by(|a, b| a.2.total_cmp(&b.2));
    for (u, v, lit) in tufts {
        let size = random.between(0.035, 0.06) * (1.0 - 0.62 * fine);
        let share = (0.45 + 0.75 * lit + random.between(-0.16, 0.16)).clamp(0.0, 1.0);
        let mut colour = leaves.darker(0.55).mix(leaves.lighter(0.32), share);
        if season.snow {
            colour = colour.mix(WHITE, share);
        }
        let (u, v) = (
            x + lean + 0.34 * height * u,
            y - 0.68 * height + 0.32 * height * v,
        );
        canvas.fill(
            ellipse(u, v, size * height, 0.8 * size * height),
            hour.on(colour, at.haze),
            0.92,
        );
    }
}

/// Reeds and grasses at the lower edge of the frame, dark against the water.
pub fn reeds(canvas: &mut Canvas, from: f32, to: f32, colour: Colour, random: &mut Random) {
    for _ in 0..70 {
        // More in the middle of the tuft than at its ends.
        let share = 0.5 * (random.between(0.0, 1.0) + random.between(0.0, 1.0));
        let (x, height) = (
            from + (to - from) * share,
            random.between(0.06, 0.24) * (1.2 - (2.0 * share - 1.0).abs()),
        );
        let bend = random.between(-0.05, 0.07);
        let tip = (x + bend, 1.02 - height);
        let blade = [(x, 1.02), (x + 0.2 * bend, 1.02 - 0.6 * height), tip];
        let shade = colour.lighter(random.between(0.0, 0.2));
        canvas.line(curve(&blade), 0.0045, shade, 0.95);
        if random.chance(0.22) {
            let head = [tip, (tip.0 - 0.1 * bend, tip.1 + 0.03)];
            canvas.line(curve(&head), 0.011, hex(0x5a3d28).mix(colour, 0.3), 1.0);
        }
    }
}
