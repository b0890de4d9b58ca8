//! Still lifes: fruit, crockery, bottles and flowers on a table in the light of a window.

mod cloth;
mod flowers;
mod form;
mod matter;
mod room;
mod things;
mod vector;

use nn::Random;

use crate::drawing::canvas::Canvas;
use crate::drawing::colour::Colour;
use crate::drawing::dice::Dice;
use crate::drawing::noise::Noise;
use cloth::Cloth;
use matter::light;
use room::Room;
use vector::Vector;

/// Neighbours that differ by more than this lie on an edge.
const EDGE: f32 = 0.05;

/// A still life that is the same at every size. All that chance decides comes from `random`.
pub fn draw(size: u32, random: &mut Random) -> Canvas {
    paint(&compose(random), size)
}

/// The table as it is seen. No chance is left in it: the same room gives the same picture.
pub fn paint(room: &Room, size: u32) -> Canvas {
    let mut canvas = Canvas::flat(size);
    canvas.repaint(|x, y, _| exposed(room.seen(x, y)));
    // Edges are looked at more closely.
    let (rough, pixel) = (canvas.clone(), canvas.pixel());
    canvas.repaint(|x, y, colour| {
        let around = [(pixel, 0.0), (-pixel, 0.0), (0.0, pixel), (0.0, -pixel)];
        let differs = |&(right, down): &(f32, f32)| {
            let other = rough.colour_at(x + right, y + down);
            let apart = other.plus(colour.scaled(-1.0));
            apart.0.abs().max(apart.1.abs()).max(apart.2.abs()) > EDGE
        };
        if !around.iter().any(differs) {
            return colour;
        }
        let corners = [(0.12, 0.37), (0.37, -0.12), (-0.12, -0.37), (-0.37, 0.12)];
        let sum = corners.iter().fold(Colour(0.0, 0.0, 0.0), |sum, &(right, down)| {
            sum.plus(exposed(room.seen(x + right * pixel, y + down * pixel)))
        });
        sum.scaled(0.25)
    });
    canvas
}

/// An amount of light as a film shows it: highlights are held back, and shadows opened.
fn exposed(Colour(red, green, blue): Colour) -> Colour {
    let tone = |x: f32| {
        let x = x.max(0.0);
        (x * (1.0 + 0.25 * x) / (1.0 + x)).min(1.0).powf(1.0 / 2.2) * 1.18
    };
    Colour(tone(red), tone(green), tone(blue))
}

/// Sets a table.
pub fn compose(random: &mut Random) -> Room {
    // Walls, tables, and the light in between: warm and dark, cool and bright, and so on.
    let (wall, table, key, fill) = random.choose(&[
        (0x6b5a48, 0x6a4530, 0xfff0d4, 0x505664),
        (0x8fa0a8, 0x9a7654, 0xfff6ea, 0x8a98aa),
        (0xc9b694, 0x84552f, 0xffeed2, 0x8a8478),
        (0x5c6b5e, 0x7a5a40, 0xfff2dc, 0x5c686c),
        (0xc4a49c, 0x9c7c60, 0xfff0e6, 0x948a94),
        (0x3f4a5e, 0x5a4032, 0xffe9c4, 0x48546c),
        (0xd6d2c8, 0xa08c74, 0xfffaf2, 0xa0aab4),
        (0x8a4f3c, 0x4f3628, 0xffe6c0, 0x5a505a),
    ]);
    let side = random.sign();
    let window = Vector(
        side * random.between(0.6, 1.0),
        random.between(0.6, 0.95),
        random.between(0.3, 0.7),
    );
    let mut room = Room {
        things: Vec::new(),
        cloth: random.chance(0.6).then(|| cloth(random)),
        window: window.unit(),
        key: light(key).scaled(random.between(1.9, 2.5)),
        fill: light(fill).scaled(random.between(0.75, 1.15)),
        wall: light(wall),
        table: light(table),
        polish: random.choose(&[0.0, 0.25, 0.5]),
        noise: Noise::new(random),
    };
    let mut taken: Vec<(f32, f32, f32)> = Vec::new();
    let tall = random.between(0.2, 0.62) * random.sign();
    let flowers = random.chance(0.45);
    if flowers {
        let foot = Vector(0.5 * tall, 0.0, -0.25);
        taken.push((foot.0, foot.2, 0.34));
        flowers::bouquet(&mut room, foot, random);
    }
    let bowl = random.chance(0.62);
    if bowl {
        let foot = Vector(
            if flowers {
                -1.25 * tall.signum() * 0.55
            } else {
                -0.6 * tall
            },
            0.0,
            0.25,
        );
        taken.push((foot.0, foot.2, 0.62));
        things::bowl_of_fruit(&mut room, foot, random);
    }
    // Tall things stand behind, small ones lie in front.
    let tall_ones = if flowers { 1 } else { random.choose(&[2, 3]) };
    for number in 0..tall_ones {
        let middle = if number == 0 {
            tall
        } else {
            tall - 0.55 * number as f32 * tall.signum()
        };
        let across = (middle - 0.1, middle + 0.1);
        if let Some(foot) = free_place(&taken, across, (-0.75, -0.35), 0.26, random) {
            taken.push((foot.0, foot.2, 0.26));
            things::vessel(&mut room, foot, random);
        }
    }
    if random.chance(0.5)
        && let Some(foot) = free_place(&taken, (-1.0, 1.0), (0.0, 0.6), 0.24, random)
    {
        taken.push((foot.0, foot.2, 0.24));
        things::cup(&mut room, foot, random);
    }
    let kind = random.choose(&things::FRUITS);
    for number in 0..random.choose(&[2, 3, 4, 5]) {
        let fruit = if number < 3 {
            kind
        } else {
            random.choose(&things::FRUITS)
        };
        if let Some(foot) = free_place(&taken, (-1.1, 1.1), (0.1, 1.15), 0.19, random) {
            taken.push((foot.0, foot.2, 0.19));
            things::fruit(&mut room, fruit, foot, random);
        }
    }
    room
}

fn cloth(random: &mut Random) -> Cloth {
    let (colour, stripes) = random.choose(&[
        (0xe0d8ca, 0x4a6a9a),
        (0xe2dacc, 0xb8443c),
        (0xe6dcc6, 0x8a6a48),
        (0x3a5a78, 0xd8d0c0),
        (0xd8c8a8, 0x5a7a58),
        (0xb05a48, 0xe8d4b0),
        (0xe2ded8, 0xc8c4bc),
    ]);
    let turn = random.between(-0.35, 0.35);
    Cloth {
        colour: light(colour),
        stripes: light(stripes),
        turn: (turn.cos(), turn.sin()),
        half: (random.between(0.7, 1.2), random.between(0.6, 1.1)),
        middle: (random.between(-0.5, 0.5), random.between(0.3, 0.7)),
        checked: random.chance(0.4),
    }
}

/// A place on the table that is not taken yet, if one is found; x and z lie within the bounds given.
fn free_place(
    taken: &[(f32, f32, f32)],
    across: (f32, f32),
    along: (f32, f32),
    radius: f32,
    random: &mut Random,
) -> Option<Vector> {
    for _ in 0..24 {
        let place = Vector(
            random.between(across.0, across.1),
            0.0,
            random.between(along.0, along.1),
        );
        let free =
            |&(x, z, other): &(f32, f32, f32)| (place.0 - x).hypot(place.2 - z) > 0.9 * (radius + other);
        if taken.iter().all(free) {
            return Some(place);
        }
    }
    None
}
