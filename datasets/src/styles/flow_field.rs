//! Flow field: a night of swirling air, painted in strokes that follow it.

use std::f32::consts::PI;

use nn::Random;

use crate::drawing::canvas::{Canvas, curve};
use crate::drawing::colour::{Colour, hex};
use crate::drawing::dice::Dice;
use crate::drawing::noise::{Noise, smooth};

/// Sky from dark to light, lights, hills from dark to light, and the dark of trees.
const PALETTES: [[&[u32]; 4]; 3] = [
    [
        &[0x10204a, 0x1c3a78, 0x2a5ea8, 0x4a8ec4, 0x8cc0d4, 0xd4e4cc],
        &[0xe8922c, 0xf6c23c, 0xfdf0b0],
        &[0x14263e, 0x22486a, 0x3a7080, 0x7aa890],
        &[0x101c1c, 0x1e3a2c, 0x46582c, 0x7a5a28],
    ],
    [
        &[0x231442, 0x47246a, 0x7a3a88, 0xb85c8c, 0xe898a0, 0xf8d8c0],
        &[0xe8603c, 0xf8a848, 0xfef0b8],
        &[0x1a1a3e, 0x34386e, 0x565a98, 0x9a8cb8],
        &[0x140f24, 0x2c1c3c, 0x4c2c48, 0x884a50],
    ],
    [
        &[0x06302e, 0x0e5450, 0x1f8074, 0x58ac90, 0xa4d4a8, 0xeaeec8],
        &[0xd8722c, 0xf0b43c, 0xfcf2c0],
        &[0x0e2436, 0x1c4456, 0x3c7070, 0x8aa878],
        &[0x0c1420, 0x1c2c30, 0x3a4430, 0x84602c],
    ],
];

struct Night {
    palette: [&'static [u32]; 4],
    /// Whirls: their middles, how wide they are, and which way they turn.
    whirls: Vec<(f32, f32, f32, f32)>,
    /// Stars, and the moon last: middles and radii.
    stars: Vec<(f32, f32, f32)>,
    /// Where the dark tree stands.
    tree: f32,
    noise: Noise,
}

/// A night in strokes.
pub fn draw(size: u32, random: &mut Random) -> Canvas {
    let night = Night::new(random);
    let mut canvas = Canvas::flat(size);
    canvas.repaint(|x, y, _| night.colour(x, y, 0.0).darker(0.2));
    // Long broad strokes first, short ones over them.
    for (count, length, width) in [(2600, 0.1, 0.02), (4200, 0.075, 0.014), (4200, 0.05, 0.0105)] {
        for _ in 0..count {
            let place = (random.between(-0.03, 1.03), random.between(-0.03, 1.03));
            night.stroke(
                &mut canvas,
                place,
                length * random.between(0.6, 1.2),
                width,
                random,
            );
        }
    }
    canvas
}

impl Night {
    fn new(random: &mut Random) -> Self {
        let tree = random.choose(&[0.14, 0.86]);
        let moon_side = if tree < 0.5 { 0.83 } else { 0.17 };
        let moon = (moon_side, random.between(0.14, 0.2), 0.06);
        let first = random.between(0.4, 0.5);
        let mut stars = Vec::new();
        for _ in 0..400 {
            let star = (
                random.between(0.04, 0.96),
                random.between(0.04, 0.5),
                random.between(0.02, 0.034),
            );
            let clear = (star.0 - tree).abs() > 0.13;
            let apart = |other: &(f32, f32, f32)| (other.0 - star.0).hypot(other.1 - star.1) > 0.17;
            if stars.len() < 9
                && clear
                && stars.iter().all(apart)
                && (moon.0 - star.0).hypot(moon.1 - star.1) > 0.26
            {
                stars.push(star);
            }
        }
        stars.push(moon);
        Self {
            palette: random.choose(&PALETTES),
            whirls: vec![
                (first, 0.3, 0.17, random.sign()),
                (first + random.sign() * 0.24, 0.38, 0.11, random.sign()),
                (moon.0, moon.1, 0.15, random.sign()),
            ],
            stars,
            tree,
            noise: Noise::new(random),
        }
    }

    /// The crest of the hills.
    fn hills(&self, x: f32) -> f32 {
        0.72 + 0.07 * (5.0 * x + 1.0).sin() * (0.6 + self.noise.at(1.5 * x, 0.5))
    }

    /// How deep a place is inside the tree; less than 0 outside.
    fn inside_tree(&self, x: f32, y: f32) -> f32 {
        let height = ((1.02 - y) / 0.9).clamp(0.0, 1.0);
        let flame = 0.085 * (height * PI).sin().max(0.0).powf(0.6) * (1.25 - height);
        let lick = 0.016 * (22.0 * y + 3.0 * self.noise.at(6.0 * y, 3.0)).sin();
        if y < 0.12 {
            -1.0
        } else {
            flame - (x - self.tree - lick).abs()
        }
    }

    /// The air flows along the lines on which this is the same.
    fn stream(&self, x: f32, y: f32) -> f32 {
        let mut stream =
            y + 0.09 * self.noise.layered(1.8 * x, 2.6 * y, 2) + 0.03 * (7.0 * x + 3.0 * y).sin();
        for &(u, v, width, turn) in &self.whirls {
            let square = ((x - u).powi(2) + (y - v).powi(2)) / (width * width);
            stream += 1.25 * turn * width * (-square).exp() + 0.4 * turn * width * (-0.25 * square).exp();
        }
        for &(u, v, radius) in &self.stars {
            let square = ((x - u).powi(2) + (y - v).powi(2)) / (radius * radius * 3.2);
            stream += 4.6 * radius * (-square).exp();
        }
        stream
    }

    fn way(&self, x: f32, y: f32) -> (f32, f32) {
        if self.inside_tree(x, y) > 0.0 {
            let sway = 0.5 * (18.0 * y + 20.0 * (x - self.tree)).sin();
            return (sway / 1.2, -1.0);
        }
        if y > self.hills(x) {
            let slope = (self.hills(x + 0.01) - self.hills(x - 0.01)) / 0.02;
            let roll = 0.5 * self.noise.at(4.0 * x, 7.0 * y);
            return (1.0, slope * smooth(0.3, 0.0, y - self.hills(x)) + roll);
        }
        let step = 0.004;
        let across = self.stream(x + step, y) - self.stream(x - step, y);
        let down = self.stream(x, y + step) - self.stream(x, y - step);
        (down, -across)
    }

    /// The colour of a stroke; `stray` from -1 to 1 makes neighbours differ.
    fn colour(&self, x: f32, y: f32, stray: f32) -> Colour {
        let [sky, lights, hills, tree] = self.palette;
        let inside = self.inside_tree(x, y);
        if inside > 0.0 {
            return graded(
                tree,
                0.3 + 0.3 * (60.0 * (x - self.tree) + 9.0 * y).sin() + 0.35 * stray,
            );
        }
        let depth = y - self.hills(x);
        if depth > 0.0 {
            let village = self.noise.lot((x * 26.0) as i32, (y * 34.0) as i32);
            if depth > 0.035 && depth < 0.12 && village > 0.72 && self.noise.at(5.0 * x, 60.0) > 0.0 {
                return graded(lights, 0.5 + 0.4 * stray);
            }
            let fold = (46.0 * depth + 4.0 * self.noise.at(3.0 * x, 5.0 * y)).sin();
            return graded(hills, 0.42 + 0.34 * fold + 0.22 * stray - 0.4 * depth);
        }
        for (number, &(u, v, radius)) in self.stars.iter().enumerate() {
            let distance = (x - u).hypot(y - v) / radius;
            let reach = if number + 1 == self.stars.len() { 2.6 } else { 2.1 };
            if distance + 0.2 * stray < reach {
                // A bright heart, and rings around it that lose themselves in the sky.
                let ring = 0.5 + 0.5 * (4.2 * distance).cos();
                let light = graded(lights, 1.05 - 0.35 * distance + 0.25 * stray);
                let far = smooth(0.9, reach, distance);
                return light.mix(graded(sky, 0.72 + 0.2 * stray), far * (1.0 - 0.55 * ring));
            }
        }
        let band = 0.5 + 0.5 * (34.0 * self.stream(x, y)).sin();
        let low = smooth(0.25, 0.75, y);
        graded(
            sky,
            0.14 + 0.52 * band * (0.75 + 0.4 * low) + 0.2 * low + 0.2 * stray,
        )
    }

    fn stroke(&self, canvas: &mut Canvas, (x, y): (f32, f32), length: f32, width: f32, random: &mut Random) {
        let stray = random.between(-1.0, 1.0);
        let colour = self.colour(x, y, stray);
        let mut points = vec![(x, y)];
        let (mut u, mut v) = (x, y);
        let steps = 7;
        for _ in 0..steps {
            let (across, down) = self.way(u, v);
            let speed = length / steps as f32 / across.hypot(down).max(1e-5);
            (u, v) = (u + across * speed, v + down * speed);
            points.push((u, v));
        }
        let width = width * random.between(0.7, 1.15);
        // Thick paint: a dark edge below, and a light ridge above.
        let shifted = |by: f32| {
            curve(
                &points
                    .iter()
                    .map(|&(x, y)| (x + 0.5 * by, y + by))
                    .collect::<Vec<_>>(),
            )
        };
        canvas.line(shifted(0.16 * width), width, colour.darker(0.38), 0.7);
        canvas.line(curve(&points), 0.86 * width, colour, 1.0);
        canvas.line(shifted(-0.2 * width), 0.24 * width, colour.lighter(0.3), 0.6);
    }
}

/// A colour of a scale, from its first at 0 to its last at 1.
fn graded(scale: &[u32], share: f32) -> Colour {
    let place = share.clamp(0.0, 0.999) * (scale.len() - 1) as f32;
    hex(scale[place as usize]).mix(hex(scale[place as usize + 1]), place.fract())
}
