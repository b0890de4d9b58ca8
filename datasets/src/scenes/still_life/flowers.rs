//! Flowers in a vase.

use nn::Random;

use super::form::Form;
use super::matter::{Matter, Pattern};
use super::room::{Room, Thing};
use super::things::glaze;
use super::vector::Vector;
use crate::drawing::dice::Dice;

const VASE: [(f32, f32); 8] = [
    (0.0, 0.2),
    (0.05, 0.22),
    (0.35, 0.35),
    (0.55, 0.32),
    (0.8, 0.16),
    (0.9, 0.15),
    (0.97, 0.2),
    (1.0, 0.22),
];

/// Colours of petals and of hearts.
const PALETTES: [[(u32, u32); 3]; 6] = [
    [(0xf4f0e6, 0xe0a820), (0xe8b0b8, 0xc05a70), (0xd8486a, 0x8a1e3c)],
    [(0xe8742a, 0x5a2a14), (0xf0c040, 0x6a3a14), (0xb83a2a, 0x401410)],
    [(0x6a5ab8, 0xe8d060), (0xb09ad8, 0x5a3a8a), (0xf2ecf4, 0xe0b840)],
    [(0xf6dcd0, 0xd88a70), (0xf0f0e8, 0xd8c060), (0xe89a80, 0xb0503a)],
    [(0xc8283a, 0x2a1218), (0xf4f0ea, 0xe0b030), (0xe05a50, 0x5a1a20)],
    [(0x4a7ac8, 0xf0d860), (0xf4f2ee, 0xe8b830), (0x8ab0e0, 0x3a5a9a)],
];

/// A vase with a round bunch of flowers.
pub fn bouquet(room: &mut Room, foot: Vector, random: &mut Random) {
    let height = random.between(0.58, 0.7);
    room.things
        .push(Thing::new(Form::turned(&VASE, height, 0.02), glaze(random), foot));
    let mouth = foot + Vector(0.0, 0.97 * height, 0.0);
    let palette = random.choose(&PALETTES);
    let turn = random.between(0.0, 6.0);
    let count = 13;
    for number in 0..count {
        // Evenly over the upper half of a ball, as on a sunflower's head.
        let share = (number as f32 + 0.5) / count as f32;
        let angle = turn + 2.4 * number as f32;
        let (up, out) = (
            1.0 - 0.85 * share,
            (1.0 - (1.0 - 0.85 * share) * (1.0 - 0.85 * share)).sqrt(),
        );
        let way = Vector(out * angle.cos(), up, out * angle.sin()).unit();
        let reach = random.between(0.44, 0.56);
        let head = Vector(1.05 * way.0, 0.16 + way.1, 0.75 * way.2 + 0.06) * reach;
        stem(room, mouth, head);
        let (petals, heart) = random.choose(&palette);
        bloom(room, mouth + head, way, (petals, heart), random);
    }
    for number in 0..11 {
        let angle = turn + 1.7 * number as f32;
        let way = Vector(angle.cos(), random.between(0.05, 0.9), 0.8 * angle.sin()).unit();
        leaf(room, mouth + way * random.between(0.26, 0.42), way, random);
    }
}

fn stem(room: &mut Room, mouth: Vector, to: Vector) {
    room.things.push(Thing::new(
        Form::Stalk { to, radius: 0.011 },
        Matter::plain(0x4f7040, 0.0),
        mouth,
    ));
}

fn bloom(room: &mut Room, place: Vector, way: Vector, colours: (u32, u32), random: &mut Random) {
    // Flowers look outwards, and a little towards the viewer.
    let axis = (way + Vector(0.0, 0.15, 0.7)).unit();
    let across = axis.cross(Vector(0.3, 1.0, 0.2)).unit();
    let form = match random.choose(&[0, 0, 1, 1, 2]) {
        0 => Form::Bloom {
            axis,
            across,
            radius: random.between(0.15, 0.19),
            petals: random.choose(&[8.0, 11.0, 13.0]),
            cup: random.between(0.0, 0.3),
        },
        1 => Form::Rose {
            axis,
            across,
            radius: random.between(0.12, 0.16),
        },
        _ => Form::Bloom {
            axis,
            across,
            radius: random.between(0.13, 0.17),
            petals: 5.0,
            cup: random.between(0.4, 0.7),
        },
    };
    room.things.push(Thing::new(
        form,
        Matter::patterned(colours, Pattern::Petals, 0.0),
        place,
    ));
}

fn leaf(room: &mut Room, place: Vector, way: Vector, random: &mut Random) {
    let axis = (Vector(0.0, 1.0, 0.35) - way * 0.4).unit();
    room.things.push(Thing::new(
        Form::Bloom {
            axis,
            across: (way - axis * way.dot(axis)).unit(),
            radius: random.between(0.14, 0.2),
            petals: 2.0,
            cup: random.between(-0.3, 0.3),
        },
        Matter::plain(random.choose(&[0x4a6a3a, 0x5f8048, 0x38583a, 0x6f8f70]), 0.01),
        place,
    ));
}
