//! Where the animal is: rooms, meadows, skies, or nothing but colour.

use nn::Random;

use crate::drawing::canvas::{Canvas, blob, curve, ellipse, ellipses, polygon, rectangle, tooth};
use crate::drawing::colour::{BLACK, Colour, WHITE, hex, hsl};
use crate::drawing::dice::Dice;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Gradient,
    Blobs,
    Dots,
    Stripes,
    Checks,
    Rays,
    Room,
    Sofa,
    Meadow,
    Hills,
    Sky,
    Night,
    Snow,
    Water,
}

const PLACES: [Place; 14] = [
    Place::Gradient,
    Place::Blobs,
    Place::Dots,
    Place::Stripes,
    Place::Checks,
    Place::Rays,
    Place::Room,
    Place::Sofa,
    Place::Meadow,
    Place::Hills,
    Place::Sky,
    Place::Night,
    Place::Snow,
    Place::Water,
];

/// A background with its colours.
#[derive(Clone, Debug)]
pub struct Scene {
    place: Place,
    main: Colour,
    second: Colour,
    third: Colour,
    horizon: f32,
    places: [(f32, f32, f32); 14],
}

impl Scene {
    /// A scene on which a coat of this lightness is seen: as often a dark one for a light coat as the other way round.
    pub fn new(random: &mut Random, coat: f32) -> Self {
        let mut main = hsl(0.0, 0.0, 0.5);
        for _ in 0..8 {
            main = hsl(
                random.between(0.0, 1.0),
                random.between(0.12, 0.62),
                random.between(0.14, 0.9),
            );
            if (main.lightness() - coat).abs() > 0.2 {
                break;
            }
        }
        let hue = random.between(0.0, 1.0);
        let second = main.mix(hsl(hue, 0.5, main.lightness()), 0.25);
        let second = match random.chance(0.5) {
            true => second.lighter(random.between(0.06, 0.16)),
            false => second.darker(random.between(0.05, 0.14)),
        };
        Self {
            place: random.choose(&PLACES),
            main,
            second,
            third: hsl(
                random.between(0.0, 1.0),
                random.between(0.3, 0.7),
                random.between(0.35, 0.75),
            ),
            horizon: random.between(0.52, 0.82),
            places: std::array::from_fn(|_| {
                (
                    random.between(0.0, 1.0),
                    random.between(0.0, 1.0),
                    random.between(0.0, 1.0),
                )
            }),
        }
    }

    pub fn draw(&self, canvas: &mut Canvas) {
        let (main, second, third, horizon) = (self.main, self.second, self.third, self.horizon);
        let (a, b, c) = self.places[0];
        let slope = (0.8 * (a - 0.5), 1.0);
        canvas.wash(slope, (main, 1.0), (main.mix(second, 0.45), 1.0));
        match self.place {
            Place::Gradient => canvas.wash((a - 0.5, b - 0.5), (main, 1.0), (second.mix(third, 0.3), 1.0)),
            Place::Blobs => {
                for &(x, y, size) in &self.places[1..8] {
                    let colour = if size > 0.6 { main.mix(third, 0.35) } else { second };
                    canvas.fill(ellipse(x, y, 0.06 + 0.2 * size, 0.06 + 0.17 * size), colour, 0.75);
                }
            }
            Place::Dots => {
                let step = 0.11 + 0.1 * b;
                let count = (1.0 / step) as usize + 2;
                let mut dots = Vec::new();
                for row in 0..count {
                    for column in 0..count {
                        let shift = if row % 2 == 0 { 0.0 } else { step / 2.0 };
                        dots.push((
                            column as f32 * step + shift - 0.02,
                            row as f32 * step,
                            0.2 * step,
                            0.2 * step,
                        ));
                    }
                }
                canvas.fill(ellipses(&dots), second, 0.9);
            }
            Place::Stripes => {
                let step = 0.07 + 0.12 * b;
                for number in 0..(1.6 / step) as usize {
                    let x = number as f32 * step - 0.3;
                    let lean = 0.6 * (c - 0.5);
                    let stripe = [
                        (x + lean, 0.0),
                        (x + lean + step / 2.0, 0.0),
                        (x + step / 2.0 - lean, 1.0),
                        (x - lean, 1.0),
                    ];
                    canvas.fill(polygon(&stripe), second, 0.85);
                }
            }
            Place::Checks => {
                let step = 0.12 + 0.12 * b;
                for number in 0..(1.0 / step) as usize + 1 {
                    let from = number as f32 * step;
                    canvas.fill(rectangle(from, 0.0, from + step / 2.0, 1.0), second, 0.5);
                    canvas.fill(rectangle(0.0, from, 1.0, from + step / 2.0), second, 0.5);
                }
            }
            Place::Rays => {
                for number in 0..8 {
                    let angle = |step: f32| (number as f32 + step) * std::f32::consts::TAU / 8.0 + c;
                    let (from, to) = (angle(0.0), angle(0.5));
                    let ray = [
                        (a, b),
                        (a + 2.0 * from.cos(), b + 2.0 * from.sin()),
                        (a + 2.0 * to.cos(), b + 2.0 * to.sin()),
                    ];
                    canvas.fill(polygon(&ray), second, 0.6);
                }
            }
            Place::Room => self.room(canvas),
            Place::Sofa => {
                let seat = third.mix(main, 0.5);
                canvas.shape(
                    blob(&[
                        (-0.1, 0.5),
                        (0.2, 0.36),
                        (0.8, 0.36),
                        (1.1, 0.5),
                        (1.1, 1.1),
                        (-0.1, 1.1),
                    ]),
                    seat,
                );
                canvas.line(curve(&[(0.5, 0.4), (0.5, 0.75)]), 0.012, seat.darker(0.4), 0.7);
                canvas.shape(
                    blob(&[(-0.2, 0.76), (0.5, 0.7), (1.2, 0.76), (1.2, 1.2), (-0.2, 1.2)]),
                    seat.darker(0.12),
                );
                let x = if b < 0.5 { 0.14 } else { 0.86 };
                let cushion = [
                    (x - 0.14, 0.46),
                    (x, 0.5),
                    (x + 0.14, 0.46),
                    (x + 0.12, 0.72),
                    (x, 0.7),
                    (x - 0.12, 0.72),
                ];
                canvas.shape(blob(&cushion), second);
            }
            Place::Meadow | Place::Hills | Place::Snow => self.land(canvas),
            Place::Sky => {
                for &(x, y, size) in &self.places[1..5] {
                    cloud(canvas, x, y, 0.05 + 0.06 * size, main.lighter(0.6));
                }
            }
            Place::Night => {
                let sky = main.mix(hex(0x141b3f), 0.35);
                canvas.wash(slope, (sky, 1.0), (main, 1.0));
                canvas.fill(ellipse(a, 0.2 * b + 0.1, 0.1, 0.1), hex(0xf8efc4), 1.0);
                canvas.fill(ellipse(a + 0.045, 0.2 * b + 0.08, 0.09, 0.09), sky, 1.0);
                let stars: Vec<_> = self
                    .places
                    .iter()
                    .map(|&(x, y, s)| (x, y, 0.004 + 0.007 * s, 0.004 + 0.007 * s))
                    .collect();
                canvas.fill(ellipses(&stars), WHITE, 0.9);
                canvas.fill(rectangle(0.0, horizon + 0.1, 1.0, 1.0), main.darker(0.3), 1.0);
            }
            Place::Water => {
                canvas.fill(rectangle(0.0, horizon, 1.0, 1.0), third.mix(main, 0.5), 1.0);
                for &(x, y, size) in &self.places[1..9] {
                    let y = horizon + 0.04 + y * (0.94 - horizon);
                    let wave = [(x - 0.08, y), (x, y + 0.015 + 0.01 * size), (x + 0.08, y)];
                    canvas.line(curve(&wave), 0.01, WHITE, 0.5);
                }
            }
        }
    }

    fn room(&self, canvas: &mut Canvas) {
        let (main, second, third, horizon) = (self.main, self.second, self.third, self.horizon);
        let (_, b, c) = self.places[0];
        let floor = second.mix(third, 0.35);
        canvas.fill(rectangle(0.0, horizon, 1.0, 1.0), floor, 1.0);
        canvas.fill(
            rectangle(0.0, horizon - 0.03, 1.0, horizon),
            main.lighter(0.4),
            1.0,
        );
        for number in 1..6 {
            let x = number as f32 / 6.0;
            let board = [(0.5 + (x - 0.5) * 0.9, horizon), (0.5 + (x - 0.5) * 1.8, 1.0)];
            canvas.line(curve(&board), 0.006, floor.darker(0.4), 0.6);
        }
        let x = 0.06 + 0.6 * b;
        let frame = if c < 0.5 { third.darker(0.3) } else { WHITE };
        canvas.shape(rectangle(x, 0.08, x + 0.28, 0.36), frame);
        let (sky, cross) = (hex(0xa9d3ee).mix(third, 0.2), c > 0.5);
        canvas.fill(rectangle(x + 0.025, 0.105, x + 0.255, 0.335), sky, 1.0);
        if cross {
            canvas.line(curve(&[(x + 0.14, 0.1), (x + 0.14, 0.34)]), 0.016, frame, 1.0);
            canvas.line(curve(&[(x + 0.02, 0.22), (x + 0.26, 0.22)]), 0.016, frame, 1.0);
        } else {
            canvas.fill(
                blob(&[
                    (x + 0.03, 0.33),
                    (x + 0.1, 0.2),
                    (x + 0.17, 0.28),
                    (x + 0.22, 0.22),
                    (x + 0.25, 0.33),
                ]),
                second,
                1.0,
            );
        }
    }

    fn land(&self, canvas: &mut Canvas) {
        let (main, third, horizon) = (self.main, self.third, self.horizon);
        let (a, b, c) = self.places[0];
        let grass = match self.place {
            Place::Snow => main.lighter(0.75),
            _ => hsl(0.2 + 0.2 * c, 0.4, 0.25 + 0.4 * b).mix(main, 0.25),
        };
        if c > 0.3 {
            let sun = if self.place == Place::Snow {
                WHITE
            } else {
                hex(0xffe08a)
            };
            canvas.glow((a, 0.15), 0.25, sun, 0.6);
            canvas.fill(ellipse(a, 0.15, 0.08, 0.08), sun, 1.0);
        }
        cloud(canvas, b, 0.12 + 0.2 * c, 0.06, main.lighter(0.6));
        if self.place != Place::Meadow {
            for &(x, y, size) in &self.places[1..4] {
                let hill = ellipse(x, horizon + 0.12, 0.3 + 0.2 * size, 0.2 + 0.15 * y);
                canvas.fill(hill, grass.mix(main, 0.45), 1.0);
            }
            let x = 0.1 + 0.8 * self.places[4].0;
            let trunk = [(x, horizon + 0.06), (x, horizon - 0.08)];
            canvas.line(curve(&trunk), 0.025, grass.mix(hex(0x5a4030), 0.6), 1.0);
            let leaves = [
                (x, horizon - 0.2, 0.085, 0.08),
                (x - 0.06, horizon - 0.13, 0.08, 0.07),
                (x + 0.06, horizon - 0.13, 0.08, 0.07),
            ];
            canvas.fill(ellipses(&leaves), grass.darker(0.35), 1.0);
        }
        let ground = [
            (-0.2, horizon),
            (0.25, horizon - 0.04 * a),
            (0.7, horizon + 0.03),
            (1.2, horizon - 0.03 * b),
            (1.2, 1.3),
            (-0.2, 1.3),
        ];
        canvas.fill(blob(&ground), grass, 1.0);
        for &(x, y, size) in &self.places[5..13] {
            let y = horizon + 0.05 + y * (1.0 - horizon);
            match self.place {
                Place::Snow => {
                    canvas.fill(ellipse(x, size, 0.008 + 0.008 * y, 0.008 + 0.008 * y), WHITE, 0.9)
                }
                Place::Meadow if size > 0.5 => {
                    let petals = [(0.0, -1.0), (0.95, -0.3), (0.6, 0.8), (-0.6, 0.8), (-0.95, -0.3)];
                    canvas.fill(
                        ellipses(&petals.map(|(u, v)| (x + 0.016 * u, y + 0.016 * v, 0.012, 0.012))),
                        third.lighter(0.4),
                        1.0,
                    );
                    canvas.fill(ellipse(x, y, 0.01, 0.01), hex(0xffd34d), 1.0);
                }
                _ => {
                    let blade = tooth((x - 0.012, y), (x + 0.012, y), (x + 0.02, y - 0.06), 0.0, 0.0);
                    canvas.fill(blade, grass.mix(BLACK, 0.25), 0.8);
                }
            }
        }
    }
}

fn cloud(canvas: &mut Canvas, x: f32, y: f32, size: f32, colour: Colour) {
    let puffs = [
        (x, y, 1.3 * size, size),
        (x - 1.3 * size, y + 0.3 * size, size, 0.7 * size),
        (x + 1.3 * size, y + 0.25 * size, size, 0.75 * size),
    ];
    canvas.fill(ellipses(&puffs), colour, 0.8);
}
