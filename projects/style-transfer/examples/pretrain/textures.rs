//! Textures of twenty kinds, made of formulas: what the eyes learn to tell apart.

use std::f32::consts::TAU;

use nn::Random;
use rand::Rng;
use vision::RgbImage;

/// How many kinds there are.
pub const KINDS: usize = 20;

/// A random number for each cell of a grid, the same whenever it is asked for.
#[derive(Clone, Copy)]
struct Grid(u32);

impl Grid {
    /// From 0 to 1.
    fn at(self, x: i32, y: i32) -> f32 {
        // Marsaglia's xorshift, after the coordinates are mixed.
        let mut bits = (x as u32).wrapping_mul(0x9E37_79B1) ^ (y as u32).wrapping_mul(0x85EB_CA77) ^ self.0;
        for shift in [13, 17, 5] {
            bits ^= if shift == 17 { bits >> shift } else { bits << shift };
            bits = bits.wrapping_mul(0xC2B2_AE3D);
        }
        (bits >> 8) as f32 / (1 << 24) as f32
    }

    /// Smooth between the cells.
    fn noise(self, x: f32, y: f32) -> f32 {
        let (column, row) = (x.floor(), y.floor());
        let ease = |t: f32| t * t * (3.0 - 2.0 * t);
        let (across, down) = (ease(x - column), ease(y - row));
        let corner = |dx: i32, dy: i32| self.at(column as i32 + dx, row as i32 + dy);
        let mix = |a: f32, b: f32, t: f32| a + (b - a) * t;
        mix(
            mix(corner(0, 0), corner(1, 0), across),
            mix(corner(0, 1), corner(1, 1), across),
            down,
        )
    }

    /// Coarse and fine noise together.
    fn clouds(self, x: f32, y: f32) -> f32 {
        let octave = |power: i32| {
            let scale = f32::powi(2.0, power);
            Grid(self.0 ^ power as u32).noise(x * scale, y * scale) / scale
        };
        (0..4).map(octave).sum::<f32>() / 1.875
    }

    /// The distances to the nearest and to the second nearest of points that are scattered one a cell, and the nearest's
    /// own number.
    fn cells(self, x: f32, y: f32) -> (f32, f32, f32) {
        let (column, row) = (x.floor() as i32, y.floor() as i32);
        let (mut first, mut second, mut own) = (f32::MAX, f32::MAX, 0.0);
        for dy in -1..=1 {
            for dx in -1..=1 {
                let (column, row) = (column + dx, row + dy);
                let place = |which: u32| 0.15 + 0.7 * Grid(self.0 ^ which).at(column, row);
                let distance = (column as f32 + place(1) - x).hypot(row as f32 + place(2) - y);
                if distance < first {
                    (second, first, own) = (first, distance, Grid(self.0 ^ 3).at(column, row));
                } else {
                    second = second.min(distance);
                }
            }
        }
        (first, second, own)
    }
}

/// 0 below, 1 above, and a ramp of width `soft` between.
fn step(value: f32, edge: f32, soft: f32) -> f32 {
    ((value - edge) / soft + 0.5).clamp(0.0, 1.0)
}

/// The part of a number after the point.
fn fraction(value: f32) -> f32 {
    value - value.floor()
}

/// How bright kind `kind` is at a point, 0 to 1; `a`, `b` and `c` are its own numbers from 0 to 1.
fn brightness(kind: usize, x: f32, y: f32, grid: Grid, [a, b, c]: [f32; 3]) -> f32 {
    let soft = 0.05 + 0.25 * c;
    let share = 0.3 + 0.4 * a;
    match kind {
        // Stripes, a chessboard, dots in order, dots in no order.
        0 => step(fraction(x), share, soft),
        1 => step(
            (TAU * x / 2.0).sin() * (TAU * y / 2.0).sin() * 2.0,
            0.0,
            2.0 * soft,
        ),
        2 => {
            1.0 - step(
                (fraction(x) - 0.5).hypot(fraction(y) - 0.5),
                0.15 + 0.25 * a,
                soft,
            )
        }
        3 => 1.0 - step(grid.cells(x, y).0, 0.2 + 0.2 * a, soft),
        // A net of cracks, stones, rings, waves.
        4 => {
            let (first, second, _) = grid.cells(x, y);
            step(second - first, 0.08 + 0.1 * a, soft)
        }
        5 => grid.cells(x, y).2,
        6 => step(fraction((x - 2.0 * a).hypot(y - 2.0 * b)), share, soft),
        7 => step(
            fraction(y + (0.2 + 0.4 * a) * (TAU * x * (0.3 + 0.5 * b)).sin()),
            0.5,
            soft,
        ),
        // Clouds, marble, wood, bricks.
        8 => grid.clouds(x * (0.4 + 0.4 * a), y * (0.4 + 0.4 * a)),
        9 => 0.5 + 0.5 * (TAU * (x * 0.5 + (1.0 + 2.0 * a) * grid.clouds(x, y))).sin(),
        10 => fraction(0.5 * x.hypot(y * (0.1 + 0.2 * a)) + 1.5 * grid.noise(x * 0.5, y * 0.1)),
        11 => {
            let row = y.floor();
            let across = fraction((x + 0.5 * fraction(row / 2.0) * 2.0) / (1.5 + a));
            let gap = 0.04 + 0.06 * b;
            let edge = (across.min(1.0 - across) * (1.5 + a)).min(fraction(y).min(1.0 - fraction(y)));
            step(edge, gap, 0.5 * soft) * (0.6 + 0.4 * grid.at((x / (1.5 + a)) as i32, row as i32))
        }
        // A weave, scales, hatching, swirls.
        12 => {
            let over = (x.floor() + y.floor()).rem_euclid(2.0) < 1.0;
            let along = if over { fraction(y) } else { fraction(x) };
            (0.5 * TAU * along).sin() * if over { 1.0 } else { 0.5 + 0.3 * a }
        }
        13 => {
            let row = y.floor();
            let middle = fraction(x + 0.5 * row.rem_euclid(2.0)) - 0.5;
            step((middle * middle + (fraction(y) * 0.8).powi(2)).sqrt(), 0.45, soft)
        }
        14 => {
            let one = step(fraction(x + y), 0.12 + 0.1 * a, soft);
            let other = step(fraction((0.6 + 0.4 * b) * (x - y)), 0.12 + 0.1 * a, soft);
            one.min(other)
        }
        15 => {
            let turn = TAU * grid.clouds(x * 0.3, y * 0.3) * (1.0 + a);
            step(fraction(x * turn.cos() + y * turn.sin()), share, soft)
        }
        // Grains, crosses, zigzag, hexagons.
        16 => grid.at((3.0 * x).floor() as i32, (3.0 * y).floor() as i32),
        17 => {
            let arm = |u: f32, v: f32| f32::max((u - 0.5).abs() - 0.12, (v - 0.5).abs() - 0.38);
            let (u, v) = (fraction(x), fraction(y));
            1.0 - step(arm(u, v).min(arm(v, u)), 0.0, 0.4 * soft)
        }
        18 => step(
            fraction(y + (0.4 + 0.6 * a) * (2.0 * fraction(x * 0.5) - 1.0).abs()),
            0.5,
            soft,
        ),
        _ => {
            let wave = |angle: f32| (TAU * (x * angle.cos() + y * angle.sin())).cos();
            step(
                wave(0.0) + wave(TAU / 3.0) + wave(2.0 * TAU / 3.0),
                0.6 * a,
                4.0 * soft,
            )
        }
    }
}

/// A picture of a kind, `side` pixels across and down: somewhere, somehow turned, coarse or fine, in any colours.
pub fn texture(kind: usize, side: u32, random: &mut Random) -> RgbImage {
    let grid = Grid(random.random());
    let numbers = [random.random(), random.random(), random.random()];
    let angle = TAU * random.random::<f32>();
    let (sine, cosine) = angle.sin_cos();
    let period = random.random_range(6.0..24.0f32);
    let origin = [
        random.random_range(0.0..50.0f32),
        random.random_range(0.0..50.0f32),
    ];
    let mut colour = || -> [f32; 3] { std::array::from_fn(|_| random.random_range(0.0..255.0)) };
    let (dark, light) = (colour(), colour());
    let grain = random.random_range(0.0..16.0f32);
    let mut picture = RgbImage::new(side, side);
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let (across, down) = (x as f32 / period, y as f32 / period);
        let (u, v) = (
            across * cosine - down * sine + origin[0],
            across * sine + down * cosine + origin[1],
        );
        let value = brightness(kind, u, v, grid, numbers).clamp(0.0, 1.0);
        let noise = grain * (random.random::<f32>() - 0.5);
        for channel in 0..3 {
            let mixed = dark[channel] + (light[channel] - dark[channel]) * value;
            pixel.0[channel] = (mixed + noise).clamp(0.0, 255.0) as u8;
        }
    }
    picture
}
