//! Mosaic: a fish leaping before the sun, set in small stones that follow the outlines of things.

mod stones;

use std::f32::consts::TAU;

use nn::Random;

use crate::drawing::canvas::Canvas;
use crate::drawing::colour::{Colour, hex};
use crate::drawing::dice::Dice;
use crate::drawing::noise::Noise;
use stones::ROW;

const GOLD: [u32; 4] = [0xf2cf5a, 0xd9a52e, 0xb8801e, 0xfae9a0];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    Border,
    Sun,
    Sky,
    Wave(i32, i32),
    Fish,
    Fin(usize),
    Eye,
}

struct Picture {
    sun: (f32, f32),
    fish: (f32, f32),
    /// Cosine and sine of how the fish is turned, and whether it looks left or right.
    turn: (f32, f32),
    side: f32,
    sea: f32,
    palette: Palette,
    noise: Noise,
}

#[derive(Clone, Copy)]
struct Palette {
    sky: [u32; 4],
    sea: [u32; 4],
    back: [u32; 3],
    belly: [u32; 3],
    border: u32,
}

const PALETTES: [Palette; 3] = [
    Palette {
        sky: [0xf3dfb0, 0xe8c98c, 0xb9cfc4, 0x86b2b8],
        sea: [0x163a66, 0x24609a, 0x4a98b8, 0xdceae0],
        back: [0x1c3f58, 0x2f7a86, 0x6ab4a8],
        belly: [0xd8653c, 0xeea05a, 0xf8e0b4],
        border: 0x8c2f28,
    },
    Palette {
        sky: [0xf6d8a8, 0xeba880, 0xcf7f78, 0x8a5a7c],
        sea: [0x1c2c54, 0x34508c, 0x6a86b4, 0xe8dcd8],
        back: [0x5a2034, 0xa03c48, 0xd87858],
        belly: [0xe8a83c, 0xf4cc78, 0xfaeccc],
        border: 0x2c3c6a,
    },
    Palette {
        sky: [0xf8ecc8, 0xd8dca0, 0x9cc49c, 0x5c9c8c],
        sea: [0x0e4048, 0x1f7074, 0x58a898, 0xe8f0d8],
        back: [0x2a3c6c, 0x4a68a8, 0x88a8d0],
        belly: [0xc84a3c, 0xe8906c, 0xf8d8b8],
        border: 0x7c5220,
    },
];

/// A mosaic of stones in grey mortar.
pub fn draw(size: u32, random: &mut Random) -> Canvas {
    let picture = Picture::new(random);
    let mut canvas = Canvas::flat(size);
    let noise = picture.noise;
    canvas.repaint(|x, y, _| hex(0x6f665c).scaled(1.0 + 0.25 * noise.layered(90.0 * x, 90.0 * y, 2)));
    for stone in stones::lay(&|x, y| picture.at(x, y), random) {
        let colour = picture.colour(stone.part, stone.level, (stone.x, stone.y), random);
        stone.draw(&mut canvas, colour, random);
    }
    canvas
}

impl Picture {
    fn new(random: &mut Random) -> Self {
        let side = random.sign();
        let turn: f32 = -random.between(0.35, 0.6);
        Self {
            sun: (0.5 - 0.2 * side, random.between(0.3, 0.36)),
            fish: (0.5 + 0.03 * side, random.between(0.46, 0.5)),
            turn: (turn.cos(), turn.sin()),
            side,
            sea: random.between(0.66, 0.7),
            palette: random.choose(&PALETTES),
            noise: Noise::new(random),
        }
    }

    /// A place as the fish sees it: its head is to the right.
    fn of_fish(&self, x: f32, y: f32) -> (f32, f32) {
        let (u, v) = (self.side * (x - self.fish.0), y - self.fish.1);
        let (u, v) = (
            u * self.turn.0 + v * self.turn.1,
            v * self.turn.0 - u * self.turn.1,
        );
        // A leaping fish is bent.
        (u, v - 0.55 * u * u)
    }

    /// What lies at a place, and how deep inside it: stones are laid in rows of the same depth.
    fn at(&self, x: f32, y: f32) -> (Part, f32) {
        let border = x.min(1.0 - x).min(y).min(1.0 - y);
        if border < 5.0 * ROW {
            return (Part::Border, border);
        }
        let (u, v) = self.of_fish(x, y);
        let eye = (u - 0.185).hypot(v + 0.022);
        if eye < 2.0 * ROW {
            return (Part::Eye, eye);
        }
        let body = 0.125 - v.abs() - 0.125 * (u / 0.3).powi(2) * (1.0 - 0.25 * u / 0.3);
        if body > 0.0 && u > -0.29 {
            return (Part::Fish, body * 0.9);
        }
        // Two lobes of the tail, a fin above and one below.
        let lens = |(u0, v0): (f32, f32), angle: f32, half: f32, wide: f32| {
            let (a, b) = (u - u0, v - v0);
            let (a, b) = (
                a * angle.cos() + b * angle.sin(),
                b * angle.cos() - a * angle.sin(),
            );
            wide * (1.0 - (a / half).powi(2)) - b.abs()
        };
        let fins = [
            lens((-0.345, -0.062), 0.75, 0.11, 0.042),
            lens((-0.345, 0.062), -0.75, 0.11, 0.042),
            lens((0.0, -0.145), -0.25, 0.13, 0.05),
            lens((0.03, 0.14), 0.5, 0.085, 0.035),
        ];
        for (number, depth) in fins.into_iter().enumerate() {
            if depth > 0.0 {
                return (Part::Fin(number), depth);
            }
        }
        // Waves overlap like scales, the nearer ones over the farther.
        let (wide, tall) = (0.105, 0.058);
        for row in (0..8).rev() {
            let shift = if row % 2 == 0 { 0.0 } else { wide };
            let column = ((x - shift) / (2.0 * wide)).round();
            let middle = (column * 2.0 * wide + shift, self.sea + 0.105 + row as f32 * tall);
            let distance = (x - middle.0).hypot(y - middle.1);
            if distance < wide {
                return (Part::Wave(row, column as i32), distance);
            }
        }
        let distance = (x - self.sun.0).hypot(y - self.sun.1);
        match distance < 0.145 {
            true => (Part::Sun, distance),
            false => (Part::Sky, distance),
        }
    }

    fn colour(&self, part: Part, level: f32, (x, y): (f32, f32), random: &mut Random) -> Colour {
        let row = (level / ROW) as usize;
        let palette = &self.palette;
        let gold = hex(random.choose(&GOLD));
        let any = |codes: &[u32], random: &mut Random| hex(random.choose(codes));
        match part {
            Part::Border => match row {
                0 | 4 => hex(0x2a2a34),
                1 | 3 => gold,
                _ => {
                    let along = if x.min(1.0 - x) < y.min(1.0 - y) { y } else { x };
                    let turn = (along / 0.075).rem_euclid(1.0);
                    if turn < 0.5 {
                        hex(palette.border)
                    } else {
                        hex(0xf0e6d0)
                    }
                }
            },
            Part::Sun => {
                let angle = ((y - self.sun.1).atan2(x - self.sun.0) * 16.0 / TAU).rem_euclid(1.0);
                match row {
                    0..=3 => gold.mix(hex(0xfff0b0), 0.25),
                    4 => hex(0xc8502c),
                    _ if angle < 0.5 => gold,
                    _ => any(&[0xe88a34, 0xd86a2c, 0xf0a848], random),
                }
            }
            Part::Sky => {
                let far = ((level - 0.145) / 0.5).clamp(0.0, 1.0) * 3.0 + random.between(-0.45, 0.45);
                let colour = hex(palette.sky[far.clamp(0.0, 3.0).round() as usize]);
                // Rays: a golden stone now and then in every third row.
                if row.is_multiple_of(3) && random.chance(0.5 - 0.12 * far) {
                    gold
                } else {
                    colour
                }
            }
            Part::Wave(..) => match row {
                5.. => hex(palette.sea[3]),
                4 => hex(palette.sea[2]),
                3 => hex(palette.sea[1]),
                2 => any(&[palette.sea[1], palette.sea[2]], random),
                _ => hex(palette.sea[0]),
            },
            Part::Fish => {
                let (u, v) = self.of_fish(x, y);
                let gill = (u - 0.115 - 0.9 * v * v).abs() < 0.5 * ROW;
                let above = v < 0.012;
                match row {
                    0 => hex(palette.back[0]),
                    _ if gill => hex(palette.back[0]),
                    1 if above => hex(palette.back[1]),
                    1 => hex(palette.belly[0]),
                    _ if above && random.chance(0.22) => gold,
                    _ if above => any(&palette.back[1..], random),
                    2 => hex(palette.belly[1]),
                    _ => any(&palette.belly[1..], random),
                }
            }
            Part::Fin(_) if row == 0 => hex(palette.back[0]),
            Part::Fin(_) => any(&[palette.belly[0], palette.belly[1]], random),
            Part::Eye if row == 0 => hex(0x14141c),
            Part::Eye => hex(0xfaf4e4),
        }
    }
}
