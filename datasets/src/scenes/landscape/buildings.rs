//! What people have built: houses and churches, lighthouses and boats.

use nn::Random;

use super::hour::Hour;
use crate::drawing::canvas::{Canvas, curve, ellipse, polygon, rectangle};
use crate::drawing::colour::{Colour, WHITE, hex};
use crate::drawing::dice::Dice;

const LAMP: Colour = hex(0xffd27a);

/// A village with its foot on a line; `size` is the height of a house.
pub fn village(
    canvas: &mut Canvas,
    middle: f32,
    foot: impl Fn(f32) -> f32,
    size: f32,
    hour: &Hour,
    towards: f32,
    random: &mut Random,
) {
    let church = random.sign() * random.between(0.2, 1.5) * size;
    steeple(
        canvas,
        (middle + church, foot(middle + church) + 0.2 * size),
        size,
        hour,
        towards,
    );
    let mut places: Vec<f32> = (0..9)
        .map(|_| middle + size * random.between(-4.5, 4.5))
        .collect();
    places.sort_by(|a, b| foot(*a).total_cmp(&foot(*b)));
    for x in places {
        let y = foot(x) + size * random.between(0.1, 0.6);
        house(
            canvas,
            (x, y),
            size * random.between(0.75, 1.15),
            hour,
            towards,
            random,
        );
    }
}

/// A house seen from a corner: a front with a gable, and a side with the slope of the roof.
fn house(canvas: &mut Canvas, (x, y): (f32, f32), size: f32, hour: &Hour, towards: f32, random: &mut Random) {
    let wall = hex(random.choose(&[0xf0e6d2, 0xe8d8c0, 0xd9b48a, 0xf4efe6, 0xcfa27a]));
    let roof = hex(random.choose(&[0xa8492f, 0x8f4030, 0x5a5f6a, 0x9a5a3a, 0x6b4438]));
    let (front, side) = (0.62 * size, random.between(0.8, 1.3) * size);
    let on = |colour: Colour| hour.on(colour, 0.12);
    // The front is towards the light, the side away from it.
    let u = |across: f32| x + towards * across;
    let (eaves, ridge) = (y - 0.6 * size, y - 1.1 * size);
    let long = polygon(&[(u(0.0), y), (u(-side), y), (u(-side), eaves), (u(0.0), eaves)]);
    canvas.fill(long, on(wall.darker(0.34)), 1.0);
    let gable = [
        (u(0.0), y),
        (u(front), y),
        (u(front), eaves),
        (u(front / 2.0), ridge),
        (u(0.0), eaves),
    ];
    canvas.fill(polygon(&gable), on(wall), 1.0);
    let slope = [
        (u(-0.06 * size), eaves + 0.04 * size),
        (u(front / 2.0), ridge - 0.03 * size),
        (u(front / 2.0 - side), ridge - 0.03 * size),
        (u(-side - 0.06 * size), eaves + 0.04 * size),
    ];
    canvas.fill(polygon(&slope), on(roof), 1.0);
    let verge = curve(&[
        (u(front / 2.0), ridge - 0.03 * size),
        (u(front + 0.05 * size), eaves + 0.05 * size),
    ]);
    canvas.line(verge, 0.06 * size, on(roof.darker(0.3)), 1.0);
    let pane = if hour.night { LAMP } else { on(hex(0x3a4250)) };
    for (across, width) in [
        (0.3 * front, 0.16 * size),
        (0.7 * front, 0.16 * size),
        (-0.3 * side, 0.14 * size),
        (-0.7 * side, 0.14 * size),
    ] {
        let left = u(across) - width / 2.0;
        canvas.fill(
            rectangle(left, y - 0.42 * size, left + width, y - 0.2 * size),
            pane,
            0.95,
        );
        if hour.night {
            canvas.glow((u(across), y - 0.3 * size), 0.5 * size, LAMP, 0.35);
        }
    }
}

fn steeple(canvas: &mut Canvas, (x, y): (f32, f32), size: f32, hour: &Hour, towards: f32) {
    let on = |colour: Colour| hour.on(colour, 0.14);
    let half = 0.28 * size;
    let top = y - 2.0 * size;
    canvas.fill(
        rectangle(x - half, top, x + half, y),
        on(hex(0xd8cbb4)).darker(0.3),
        1.0,
    );
    let (from, to) = if towards > 0.0 {
        (x, x + half)
    } else {
        (x - half, x)
    };
    canvas.fill(rectangle(from, top, to, y), on(hex(0xece2d0)), 1.0);
    let spire = polygon(&[
        (x - 1.2 * half, top),
        (x + 1.2 * half, top),
        (x, top - 1.5 * size),
    ]);
    canvas.fill(spire, on(hex(0x4f5a66)), 1.0);
    let lit = polygon(&[(x, top), (x + 1.2 * half * towards, top), (x, top - 1.5 * size)]);
    canvas.fill(lit, on(hex(0x6f7d8a)), 1.0);
    let pane = if hour.night { LAMP } else { on(hex(0x3a4250)) };
    canvas.fill(ellipse(x, top + 0.4 * size, 0.08 * size, 0.16 * size), pane, 1.0);
}

/// A white tower with red bands; at night its lamp throws a beam.
pub fn lighthouse(canvas: &mut Canvas, (x, y): (f32, f32), height: f32, hour: &Hour, towards: f32) {
    let half = |up: f32| height * (0.1 - 0.035 * up);
    let slice = |low: f32, high: f32, from: f32, to: f32| {
        let at = |up: f32, side: f32| (x + side * half(up), y - height * up);
        polygon(&[at(low, from), at(low, to), at(high, to), at(high, from)])
    };
    let lamp = (x, y - 0.86 * height);
    if hour.night {
        let away = -towards;
        let beam = polygon(&[
            lamp,
            (x + away * 2.0, lamp.1 - 0.5 * height),
            (x + away * 2.0, lamp.1 + 0.3 * height),
        ]);
        canvas.fill(beam, LAMP, 0.16);
    }
    for band in 0..5 {
        let (low, high) = (0.16 * band as f32, 0.16 * (band + 1) as f32);
        let paint = if band % 2 == 0 {
            hex(0xf4efe6)
        } else {
            hex(0xc23b34)
        };
        // Round: from the dark side to the lit one in strips.
        for strip in 0..8 {
            let (from, to) = (strip as f32 / 4.0 - 1.0, (strip + 1) as f32 / 4.0 - 0.99);
            let lit = 0.5 + 0.5 * towards * (from + to) / 2.0;
            canvas.fill(
                slice(low, high, from, to),
                hour.on(paint.darker(0.5 * (1.0 - lit)), 0.05),
                1.0,
            );
        }
    }
    let iron = hour.on(hex(0x39404a), 0.05);
    canvas.fill(slice(0.8, 0.82, -1.6, 1.6), iron, 1.0);
    canvas.fill(
        slice(0.82, 0.91, -0.8, 0.8),
        if hour.night {
            LAMP
        } else {
            hour.on(hex(0xbfd4dc), 0.0)
        },
        1.0,
    );
    let roof = polygon(&[
        (x - 0.075 * height, y - 0.91 * height),
        (x + 0.075 * height, y - 0.91 * height),
        (x, y - height),
    ]);
    canvas.fill(roof, hour.on(hex(0xa8332e), 0.05), 1.0);
    if hour.night {
        canvas.glow(lamp, 0.5 * height, LAMP, 0.8);
    }
}

/// A boat under sail; `size` is the height of its mast.
pub fn boat(
    canvas: &mut Canvas,
    (x, y): (f32, f32),
    size: f32,
    hour: &Hour,
    towards: f32,
    random: &mut Random,
) {
    let on = |colour: Colour| hour.on(colour, 0.1);
    let sail = hex(random.choose(&[0xfaf4e6, 0xf2e3c4, 0xd9694a, 0xe8b45a])).mix(WHITE, 0.1);
    let at = |across: f32, up: f32| (x + towards * across * size, y - up * size);
    let hull = [at(-0.42, 0.14), at(0.5, 0.17), at(0.34, 0.0), at(-0.32, 0.0)];
    canvas.fill(polygon(&hull), on(hex(0x3a2c28)), 1.0);
    canvas.line(
        curve(&[at(-0.4, 0.12), at(0.46, 0.145)]),
        0.03 * size,
        on(hex(0xe9dcc0)),
        1.0,
    );
    canvas.line(
        curve(&[at(0.02, 0.14), at(0.02, 1.0)]),
        0.025 * size,
        on(hex(0x5a4436)),
        1.0,
    );
    canvas.fill(
        polygon(&[at(-0.02, 0.98), at(-0.4, 0.24), at(-0.02, 0.22)]),
        on(sail.darker(0.18)),
        1.0,
    );
    canvas.fill(
        polygon(&[at(0.06, 0.95), at(0.46, 0.24), at(0.06, 0.22)]),
        on(sail),
        1.0,
    );
}
