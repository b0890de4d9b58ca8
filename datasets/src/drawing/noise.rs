//! Noise that has a value everywhere, so that what is made of it looks the same at every size.

use nn::Random;

use super::dice::Dice;

/// A smooth field of chance: near 0 on the average, and within -1 and 1. Its bumps are one unit wide.
#[derive(Clone, Copy, Debug)]
pub struct Noise {
    seed: u32,
}

impl Noise {
    pub fn new(random: &mut Random) -> Self {
        Self {
            seed: random.between(0.0, 16_000_000.0) as u32,
        }
    }

    /// The value at a place.
    pub fn at(&self, x: f32, y: f32) -> f32 {
        let (column, row) = (x.floor(), y.floor());
        let (u, v) = (x - column, y - row);
        // Very far away, as on a frame of few pixels, the last whole number has no next.
        let slope = |right: i32, down: i32| {
            let (a, b) = self.slope(
                (column as i32).wrapping_add(right),
                (row as i32).wrapping_add(down),
            );
            a * (u - right as f32) + b * (v - down as f32)
        };
        let ease = |t: f32| t * t * t * (t * (6.0 * t - 15.0) + 10.0);
        let mix = |a: f32, b: f32, share: f32| a + (b - a) * share;
        let (across, along) = (ease(u), ease(v));
        let top = mix(slope(0, 0), slope(1, 0), across);
        1.4 * mix(top, mix(slope(0, 1), slope(1, 1), across), along)
    }

    /// Bumps with smaller bumps on them, and so on: clouds, and the outlines of hills.
    pub fn layered(&self, x: f32, y: f32, layers: u32) -> f32 {
        let (mut sum, mut share, mut scale) = (0.0, 0.55, 1.0);
        for layer in 0..layers {
            // Every layer is shifted, or all would be 0 in the same corners.
            let shift = 17.3 * layer as f32;
            sum += share * self.at(x * scale + shift, y * scale - shift);
            (share, scale) = (0.5 * share, 2.03 * scale);
        }
        sum
    }

    /// Sharp crests over wide valleys, from 0 to 1: mountains.
    pub fn ridged(&self, x: f32, y: f32, layers: u32) -> f32 {
        let (mut sum, mut share, mut scale, mut weight) = (0.0, 0.5, 1.0, 1.0);
        for layer in 0..layers {
            let shift = 31.7 * layer as f32;
            let crest = 1.0
                - (1.6 * self.at(x * scale + shift, y * scale + shift))
                    .abs()
                    .min(1.0);
            sum += share * weight * crest * crest;
            weight = crest;
            (share, scale) = (0.5 * share, 2.1 * scale);
        }
        sum
    }

    /// A number from 0 to 1, always the same for a pair of whole numbers.
    pub fn lot(&self, column: i32, row: i32) -> f32 {
        (self.hash(column, row) >> 8) as f32 / (1 << 24) as f32
    }

    fn slope(&self, column: i32, row: i32) -> (f32, f32) {
        // Sixteen directions are as good as all, and quicker than a sine.
        const STEPS: [(f32, f32); 4] = [(1.0, 0.0), (0.92, 0.38), (0.71, 0.71), (0.38, 0.92)];
        let hash = self.hash(column, row) >> 9;
        let (a, b) = STEPS[(hash & 3) as usize];
        match (hash >> 2) & 3 {
            0 => (a, b),
            1 => (-b, a),
            2 => (-a, -b),
            _ => (b, -a),
        }
    }

    fn hash(&self, column: i32, row: i32) -> u32 {
        let mut hash =
            self.seed ^ (column as u32).wrapping_mul(0x9e37_79b1) ^ (row as u32).wrapping_mul(0x85eb_ca77);
        hash = (hash ^ (hash >> 15)).wrapping_mul(0x2c1b_3c6d);
        hash = (hash ^ (hash >> 12)).wrapping_mul(0x297a_2d39);
        hash ^ (hash >> 15)
    }
}

/// From 0 to 1 as `x` goes from `low` to `high`, without a corner at either end.
pub fn smooth(low: f32, high: f32, x: f32) -> f32 {
    let share = ((x - low) / (high - low)).clamp(0.0, 1.0);
    share * share * (3.0 - 2.0 * share)
}
