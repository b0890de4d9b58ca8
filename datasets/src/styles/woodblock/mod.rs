//! Woodblock: breaking waves with fingers of foam, printed in few flat colours from boards whose grain shows.

mod inks;
mod wave;

use nn::Random;

use crate::drawing::canvas::{Canvas, blob, curve, ellipse, polygon, rectangle};
use crate::drawing::dice::Dice;
use crate::drawing::noise::{Noise, smooth};
use inks::Inks;
use wave::{Stand, wave};

/// Waves before a mountain.
pub fn draw(size: u32, random: &mut Random) -> Canvas {
    let inks = Inks::new(random);
    let noise = Noise::new(random);
    let way = random.sign();
    let mut canvas = Canvas::flat(size);
    backdrop(&mut canvas, inks, way, random);
    let place = |x: f32| 0.5 + way * (x - 0.5);
    swell(&mut canvas, inks, 0.66, 0.03, random);
    let small = Stand {
        foot: (place(0.86), 0.74),
        height: random.between(0.24, 0.3),
        way: -way,
    };
    wave(&mut canvas, inks, small, random);
    swell(&mut canvas, inks, 0.77, 0.04, random);
    let great = Stand {
        foot: (place(random.between(0.3, 0.36)), 0.86),
        height: random.between(0.58, 0.64),
        way,
    };
    wave(&mut canvas, inks, great, random);
    let near = Stand {
        foot: (place(random.between(0.66, 0.78)), 0.99),
        height: random.between(0.2, 0.26),
        way,
    };
    wave(&mut canvas, inks, near, random);
    swell(&mut canvas, inks, 0.93, 0.03, random);
    print(&mut canvas, inks, &noise, place(0.09));
    canvas
}

/// Sky, sun and mountain.
fn backdrop(canvas: &mut Canvas, inks: Inks, way: f32, random: &mut Random) {
    let band = random.between(0.2, 0.3);
    canvas.repaint(|_, y, _| {
        // The board is wiped by hand, so that the colour of the sky fades twice.
        let high = smooth(band, 0.0, y);
        let low = 0.5 * smooth(0.3, 0.62, y);
        inks.paper.mix(inks.sky, (0.95 * high + low).min(1.0))
    });
    let x = 0.5 + way * random.between(0.3, 0.36);
    let (y, radius) = (random.between(0.15, 0.19), random.between(0.065, 0.08));
    canvas.fill(ellipse(x, y, radius, radius), inks.sun, 1.0);
    for step in 0..3 {
        let y = y + radius * (0.2 + 0.45 * step as f32);
        let mist = [
            (x - 2.4 * radius, y + 0.008),
            (x - 0.2 * radius, y - 0.004),
            (x + 2.2 * radius, y + 0.006),
        ];
        canvas.line(curve(&mist), 0.012 - 0.002 * step as f32, inks.paper, 0.95);
    }
    let (x, top, foot) = (
        0.5 + way * random.between(0.06, 0.16),
        random.between(0.44, 0.48),
        0.68,
    );
    let side = |share: f32, sign: f32| {
        (
            x + sign * (0.018 + 0.3 * share.powf(1.5)),
            top + (foot - top) * share,
        )
    };
    let mut mountain: Vec<_> = (0..=8).map(|step| side(1.0 - step as f32 / 8.0, -1.0)).collect();
    mountain.extend((0..=8).map(|step| side(step as f32 / 8.0, 1.0)));
    canvas.fill(polygon(&mountain), inks.middle.mix(inks.sky, 0.35), 1.0);
    // Snow on its top, ragged below.
    let mut snow = vec![
        side(0.42, -1.0),
        side(0.2, -1.0),
        side(0.0, -1.0),
        side(0.0, 1.0),
        side(0.2, 1.0),
        side(0.42, 1.0),
    ];
    snow.extend((1..8).map(|step| {
        let share = 1.0 - 2.0 * step as f32 / 8.0;
        let depth = if step % 2 == 0 { 0.44 } else { 0.27 };
        (x + share * 0.1, top + (foot - top) * depth)
    }));
    canvas.fill(polygon(&snow), inks.paper, 1.0);
    canvas.line(curve(&mountain), 0.003, inks.line, 0.8);
}

/// Rolling water across the frame, in bands.
fn swell(canvas: &mut Canvas, inks: Inks, level: f32, height: f32, random: &mut Random) {
    let (phase, length) = (random.between(0.0, 6.0), random.between(7.0, 10.0));
    let crest = |x: f32, depth: f32| {
        let roll = (length * x + phase).sin() + 0.4 * (2.3 * length * x + phase).sin();
        level - height * roll * (1.0 - 0.5 * depth) + 0.11 * depth
    };
    let row = |depth: f32| {
        (0..=40)
            .map(move |step| step as f32 / 40.0)
            .map(move |x| (x, crest(x, depth)))
    };
    let down = |depth: f32| {
        let mut shape: Vec<_> = row(depth).collect();
        shape.extend([(1.0, 1.0), (0.0, 1.0)]);
        polygon(&shape)
    };
    for (depth, colour) in [
        (-0.1, inks.line),
        (-0.07, inks.paper),
        (0.1, inks.line),
        (0.13, inks.middle),
        (0.32, inks.deep),
        (0.5, inks.pale),
        (0.58, inks.deep),
        (0.85, inks.middle),
        (0.95, inks.deep),
    ] {
        canvas.fill(down(depth), colour, 1.0);
    }
}

/// What the board and the paper add: grain, fibres, a border and a seal.
fn print(canvas: &mut Canvas, inks: Inks, noise: &Noise, seal: f32) {
    canvas.repaint(|x, y, colour| {
        let rings = (90.0 * y + 9.0 * noise.layered(0.9 * x, 2.5 * y, 2)).sin();
        let pores = noise.at(6.0 * x, 240.0 * y);
        let grain = 0.035 * rings + 0.04 * pores;
        let worn = 0.16 * smooth(0.35, 0.6, noise.layered(24.0 * x, 48.0 * y, 3));
        colour
            .mix(inks.paper, (grain + worn).clamp(0.0, 0.3))
            .darker((-grain).max(0.0))
    });
    let edge = 0.03;
    for (left, top, right, bottom) in [
        (0.0, 0.0, 1.0, edge),
        (0.0, 1.0 - edge, 1.0, 1.0),
        (0.0, 0.0, edge, 1.0),
        (1.0 - edge, 0.0, 1.0, 1.0),
    ] {
        canvas.fill(rectangle(left, top, right, bottom), inks.paper, 1.0);
    }
    let frame = [
        (edge, edge),
        (1.0 - edge, edge),
        (1.0 - edge, 1.0 - edge),
        (edge, 1.0 - edge),
    ];
    canvas.line(polygon(&frame), 0.005, inks.line, 1.0);
    canvas.fill(rectangle(seal - 0.02, 0.07, seal + 0.02, 0.15), inks.sun, 0.95);
    for (y, bend) in [(0.085, 0.004), (0.11, -0.005), (0.132, 0.003)] {
        let stroke = [(seal - 0.011, y), (seal, y + bend), (seal + 0.011, y)];
        canvas.line(blob(&stroke), 0.005, inks.paper, 1.0);
    }
}
