//! Halftone: a panel of a comic, printed in three inks as dots of many sizes, with black lines over them.

use std::f32::consts::TAU;

use nn::Random;

use crate::animals::{Animal, Species};
use crate::drawing::canvas::{Canvas, Light, Outline, polygon, rectangle};
use crate::drawing::colour::{Colour, WHITE, hex};
use crate::drawing::dice::Dice;
use crate::drawing::noise::smooth;

const BLACK_INK: Colour = hex(0x17121c);
/// Dots across the frame.
const SCREEN: f32 = 44.0;
/// Each ink's colour, and how its screen is turned, so that dots lie beside dots.
const INKS: [(Colour, f32); 3] = [(hex(0x1ea4dc), 0.26), (hex(0xe8388c), 1.31), (hex(0xffe23a), 0.0)];

/// An animal before a burst of rays.
pub fn draw(size: u32, random: &mut Random) -> Canvas {
    let species = random.choose(&[
        Species::Cat,
        Species::Dog,
        Species::Fox,
        Species::Lion,
        Species::Owl,
        Species::Panda,
    ]);
    let mut animal = Animal::new(species, random);
    while !animal.sits_light_and_whole() {
        animal = Animal::new(species, random);
    }
    let (rays, shade) = random.choose(&[
        (hex(0xffd21e), hex(0xf0502e)),
        (hex(0x48c8ec), hex(0x1c48b0)),
        (hex(0xff8cae), hex(0xb81e78)),
    ]);
    let light = Light {
        strength: 1.0,
        ..animal.staging.light
    };
    let outline = Outline {
        width: 0.011,
        darkness: 1.0,
    };
    // Everything in full colours first.
    let mut full = Canvas::new(size, light, outline);
    let (x0, y0) = animal.middle();
    full.repaint(|x, y, _| {
        let (angle, distance) = ((y - y0).atan2(x - x0), (x - x0).hypot(y - y0));
        let ray = (angle * 16.0 / TAU).rem_euclid(1.0) < 0.5;
        let paper = if ray { rays } else { rays.mix(WHITE, 0.82) };
        paper.mix(shade, 0.95 * smooth(0.25, 0.85, distance))
    });
    let mut sheet = Canvas::new(size, light, outline);
    animal.draw(&mut sheet);
    full.lay(&sheet, |_, _, colour| bright(colour));
    let printed = full.clone();
    let pixel = full.pixel();
    full.repaint(|x, y, colour| {
        if colour.lightness() < 0.16 {
            return BLACK_INK;
        }
        let soft = 1.3 * SCREEN * pixel;
        INKS.iter()
            .enumerate()
            .fold(hex(0xfbf6e8), |paper, (number, &(ink, turn))| {
                let (u, v) = (
                    (x * turn.cos() + y * turn.sin()) * SCREEN,
                    (y * turn.cos() - x * turn.sin()) * SCREEN,
                );
                let (u0, v0) = (u.floor() + 0.5, v.floor() + 0.5);
                // The dot is as large as the colour in its middle asks for.
                let middle = (
                    (u0 * turn.cos() - v0 * turn.sin()) / SCREEN,
                    (v0 * turn.cos() + u0 * turn.sin()) / SCREEN,
                );
                let asked = amounts(printed.colour_at(middle.0, middle.1))[number];
                let own = amounts(colour)[number];
                let amount = if (asked - own).abs() > 0.3 { own } else { asked };
                let radius = 0.76 * amount.sqrt();
                let dot = smooth(radius + 0.5 * soft, radius - 0.5 * soft, (u - u0).hypot(v - v0));
                paper.times(WHITE.mix(ink, if amount < 0.04 { 0.0 } else { dot }))
            })
    });
    frame(&mut full);
    full
}

/// Colours of a comic: light and strong, and black where they were dark.
fn bright(colour: Colour) -> Colour {
    let grey = colour.lightness();
    if grey < 0.16 {
        return BLACK_INK;
    }
    let part = |x: f32| (grey + 1.5 * (x - grey)).clamp(0.0, 1.0).powf(0.62);
    Colour(part(colour.0), part(colour.1), part(colour.2))
}

/// How much cyan, magenta and yellow a colour needs, in few steps and strongly, as cheap print has it.
fn amounts(Colour(red, green, blue): Colour) -> [f32; 3] {
    [red, green, blue].map(|part| {
        let amount = 1.3 * (1.0 - part) - 0.14;
        (0.4 * amount + 0.6 * (5.0 * amount).round() / 5.0).clamp(0.0, 1.0)
    })
}

/// White paper around the panel, and a black line that somebody drew with a ruler, nearly straight.
fn frame(canvas: &mut Canvas) {
    let edge = 0.022;
    for (left, top, right, bottom) in [
        (0.0, 0.0, 1.0, edge),
        (0.0, 1.0 - edge, 1.0, 1.0),
        (0.0, 0.0, edge, 1.0),
        (1.0 - edge, 0.0, 1.0, 1.0),
    ] {
        canvas.fill(rectangle(left, top, right, bottom), hex(0xfbf6e8), 1.0);
    }
    let line = polygon(&[
        (edge, edge + 0.001),
        (1.0 - edge, edge),
        (0.999 - edge, 1.0 - edge),
        (edge + 0.001, 1.0 - edge),
    ]);
    canvas.line(line, 0.013, BLACK_INK, 1.0);
}
