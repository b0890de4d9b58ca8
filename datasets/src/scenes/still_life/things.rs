//! What stands and lies on the table: bottles and jugs, bowls and cups, fruit.

use std::f32::consts::TAU;

use nn::Random;

use super::form::Form;
use super::matter::{Matter, Pattern};
use super::room::{Room, Thing};
use super::vector::Vector;
use crate::drawing::dice::Dice;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fruit {
    Apple,
    Pear,
    Orange,
    Lemon,
    Plum,
    Peach,
    Grapes,
}

pub const FRUITS: [Fruit; 7] = [
    Fruit::Apple,
    Fruit::Pear,
    Fruit::Orange,
    Fruit::Lemon,
    Fruit::Plum,
    Fruit::Peach,
    Fruit::Grapes,
];

const BOTTLE: [(f32, f32); 9] = [
    (0.0, 0.19),
    (0.02, 0.215),
    (0.52, 0.215),
    (0.62, 0.18),
    (0.7, 0.085),
    (0.93, 0.068),
    (0.94, 0.085),
    (0.98, 0.085),
    (1.0, 0.07),
];
const FLASK: [(f32, f32); 8] = [
    (0.0, 0.2),
    (0.06, 0.3),
    (0.25, 0.37),
    (0.42, 0.32),
    (0.58, 0.12),
    (0.9, 0.08),
    (0.97, 0.11),
    (1.0, 0.11),
];
const JUG: [(f32, f32); 8] = [
    (0.0, 0.22),
    (0.05, 0.25),
    (0.3, 0.36),
    (0.5, 0.35),
    (0.72, 0.2),
    (0.82, 0.18),
    (0.95, 0.22),
    (1.0, 0.24),
];
const POT: [(f32, f32); 7] = [
    (0.0, 0.26),
    (0.08, 0.36),
    (0.4, 0.48),
    (0.7, 0.4),
    (0.85, 0.3),
    (0.93, 0.3),
    (1.0, 0.36),
];
const BOWL: [(f32, f32); 6] = [
    (0.0, 0.55),
    (0.08, 0.55),
    (0.14, 0.5),
    (0.4, 1.1),
    (0.7, 1.4),
    (1.0, 1.55),
];
const CUP: [(f32, f32); 6] = [
    (0.0, 0.35),
    (0.06, 0.38),
    (0.15, 0.42),
    (0.5, 0.52),
    (0.9, 0.56),
    (1.0, 0.58),
];
const GOBLET: [(f32, f32); 9] = [
    (0.0, 0.24),
    (0.03, 0.22),
    (0.06, 0.05),
    (0.4, 0.03),
    (0.46, 0.06),
    (0.54, 0.18),
    (0.7, 0.23),
    (0.88, 0.22),
    (1.0, 0.2),
];
const PEAR: [(f32, f32); 8] = [
    (0.0, 0.08),
    (0.05, 0.22),
    (0.28, 0.39),
    (0.5, 0.32),
    (0.7, 0.19),
    (0.88, 0.15),
    (0.97, 0.08),
    (1.0, 0.02),
];

/// Something tall.
pub fn vessel(room: &mut Room, place: Vector, random: &mut Random) {
    let glaze = glaze(random);
    let (form, matter) = match random.choose(&[0, 0, 1, 2, 3]) {
        0 => {
            let glass = random.choose(&[0x3f7a4a, 0x2f5c3a, 0x8fb8b0, 0x6a4a24, 0x7aa0b8]);
            let matter = Matter::glass(glass, 0x6a1a2a, random.between(0.0, 0.7));
            (Form::turned(&BOTTLE, random.between(1.15, 1.4), 0.0), matter)
        }
        1 => {
            let glass = random.choose(&[0x5a94b8, 0xb86a3a, 0x7a4a7a, 0xbcd0c8]);
            (
                Form::turned(&FLASK, random.between(0.8, 1.0), 0.0),
                Matter::glass(glass, 0xd0a050, 0.2),
            )
        }
        2 => (Form::turned(&JUG, random.between(0.8, 1.0), 0.03), glaze),
        _ => (Form::turned(&POT, random.between(0.6, 0.75), 0.03), glaze),
    };
    room.things.push(Thing::new(form, matter, place));
}

/// A drinking vessel.
pub fn cup(room: &mut Room, place: Vector, random: &mut Random) {
    let (form, matter) = match random.chance(0.5) {
        true => (Form::turned(&CUP, random.between(0.3, 0.38), 0.02), glaze(random)),
        false => {
            let wine = random.choose(&[0x7a1226, 0xd8b458, 0xb8586a]);
            let height = random.between(0.72, 0.85);
            (
                Form::turned(&GOBLET, height, 0.0),
                Matter::glass(0xdce8e6, wine, 0.8 * height),
            )
        }
    };
    room.things.push(Thing::new(form, matter, place));
}

/// Fired clay with a shining skin.
pub fn glaze(random: &mut Random) -> Matter {
    let colours = random.choose(&[
        (0xf0ebe0, 0x2f4f8f),
        (0x3f6a8a, 0x9fc0c8),
        (0xb8683a, 0x5a2f1e),
        (0x5f7a5a, 0xc8c49a),
        (0xe8dcc4, 0x9a5a3a),
        (0x2c3e50, 0x6a8aa0),
        (0xd8a848, 0x7a4a24),
        (0xc85a4a, 0xf0d8c0),
    ]);
    let pattern = random.choose(&[Pattern::Plain, Pattern::Bands, Pattern::Painted]);
    Matter::patterned(colours, pattern, random.between(0.03, 0.09))
}

/// A bowl, filled.
pub fn bowl_of_fruit(room: &mut Room, place: Vector, random: &mut Random) {
    let height = 0.36;
    room.things.push(Thing::new(
        Form::turned(&BOWL, height, 0.03),
        glaze(random),
        place,
    ));
    let (first, second) = (random.choose(&FRUITS[..6]), random.choose(&FRUITS[..6]));
    let turn = random.between(0.0, 6.0);
    for number in 0..7 {
        let fruit = if number % 3 == 0 { second } else { first };
        let angle = turn + number as f32 * 1.047;
        let (reach, lift) = if number == 6 { (0.05, 0.3) } else { (0.27, 0.16) };
        let rest = Vector(reach * angle.cos(), lift, reach * angle.sin());
        self::fruit(room, fruit, place + rest, random);
    }
    if random.chance(0.4) {
        self::fruit(room, Fruit::Grapes, place + Vector(0.2, 0.34, 0.2), random);
    }
}

/// A fruit that lies on the table, or on others.
pub fn fruit(room: &mut Room, fruit: Fruit, place: Vector, random: &mut Random) {
    let ball = |radius: f32, stretch, hollow, point| Form::Ball {
        radius,
        stretch,
        hollow,
        point,
    };
    let blush = |colours, gloss| Matter::patterned(colours, Pattern::Blush, gloss);
    let even = Vector(1.0, 1.0, 1.0);
    let (form, matter, lift) = match fruit {
        Fruit::Apple => {
            let colours = random.choose(&[(0xd8b84a, 0xb0242c), (0xa02028, 0x78141e), (0x9ab848, 0xc8c060)]);
            (
                ball(0.19, Vector(1.0, 0.92, 1.0), 0.3, 0.0),
                blush(colours, 0.05),
                0.165,
            )
        }
        Fruit::Pear => {
            let colours = random.choose(&[(0xc8c050, 0xb8803a), (0xa0a848, 0x8a6a30), (0xd8b850, 0xc0502e)]);
            (Form::turned(&PEAR, 0.5, 0.0), blush(colours, 0.03), 0.0)
        }
        Fruit::Orange => (ball(0.185, even, 0.1, 0.0), Matter::plain(0xe8801c, 0.03), 0.18),
        Fruit::Lemon => (
            ball(0.145, Vector(1.2, 1.0, 1.0), 0.0, 0.28),
            Matter::plain(0xf0d030, 0.035),
            0.145,
        ),
        Fruit::Plum => (
            ball(0.13, Vector(1.0, 1.06, 1.0), 0.12, 0.0),
            blush((0x4a2a5a, 0x7a2a48), 0.02),
            0.13,
        ),
        Fruit::Peach => (
            ball(0.175, even, 0.2, 0.0),
            blush((0xf0b868, 0xd05a44), 0.0),
            0.165,
        ),
        Fruit::Grapes => return grapes(room, place, random),
    };
    if matches!(fruit, Fruit::Apple | Fruit::Pear) {
        let top = if fruit == Fruit::Apple { 0.27 } else { 0.48 };
        room.things.push(Thing::new(
            Form::Stalk {
                to: any_way(random) * 0.03 + Vector(0.0, 0.1, 0.0),
                radius: 0.011,
            },
            Matter::plain(0x4a3420, 0.0),
            place + Vector(0.0, top, 0.0),
        ));
    }
    room.things
        .push(Thing::new(form, matter, place + Vector(0.0, lift, 0.0)));
}

fn grapes(room: &mut Room, place: Vector, random: &mut Random) {
    let matter = Matter::patterned(
        random.choose(&[(0x3a2248, 0x5a2a4a), (0x9ab04a, 0xb8b860)]),
        Pattern::Blush,
        0.06,
    );
    let way = any_way(random);
    for number in 0..16 {
        let along = number as f32 / 15.0;
        let wide = 0.11 * (1.0 - along) + 0.015;
        let aside = any_way(random) * random.between(0.2, 1.0);
        let lift = 0.065 + 0.07 * (1.0 - along) * random.between(0.0, 1.0);
        room.things.push(Thing::new(
            Form::Ball {
                radius: 0.064,
                stretch: Vector(1.0, 1.08, 1.0),
                hollow: 0.0,
                point: 0.0,
            },
            matter,
            place + way * (0.3 * (along - 0.5)) + aside * wide + Vector(0.0, lift, 0.0),
        ));
    }
}

/// A direction in the plane of the table.
fn any_way(random: &mut Random) -> Vector {
    let angle = random.between(0.0, TAU);
    Vector(angle.cos(), 0.0, angle.sin())
}
