//! The last touch, as a camera or a printer gives it: tone, contrast, blur and a little noise.

use nn::Random;
use rand::Rng;

use crate::drawing::dice::Dice;

/// What happens to a finished drawing.
#[derive(Clone, Debug)]
pub struct Finish {
    blur: f32,
    exposure: f32,
    contrast: f32,
    /// How much more red, and less blue.
    warmth: f32,
    noise: f32,
    /// Where the noise comes from.
    grain: Random,
}

impl Finish {
    pub fn new(random: &mut Random) -> Self {
        Self {
            blur: if random.chance(0.18) {
                random.between(0.2, 0.9)
            } else {
                0.0
            },
            exposure: random.between(0.86, 1.14),
            contrast: random.between(0.82, 1.12),
            warmth: random.between(-0.07, 0.07),
            noise: if random.chance(0.3) {
                random.between(0.5, 1.6)
            } else {
                0.0
            },
            grain: random.clone(),
        }
    }

    /// Changes the bytes of a drawing.
    pub fn apply(mut self, pixels: &mut [u8], size: usize) {
        if self.blur > 0.0 {
            blur(pixels, size, self.blur);
        }
        let tables = [1.0 + self.warmth, 1.0, 1.0 - self.warmth].map(|gain| {
            let tone = |value: usize| 128.0 + (value as f32 * self.exposure * gain - 128.0) * self.contrast;
            std::array::from_fn::<f32, 256, _>(tone)
        });
        for pixel in pixels.chunks_exact_mut(3) {
            let grain = match self.noise > 0.0 {
                true => self.noise * (2.0 * self.grain.random::<f32>() - 1.0),
                false => 0.0,
            };
            for (value, table) in pixel.iter_mut().zip(&tables) {
                *value = (table[*value as usize] + grain).round().clamp(0.0, 255.0) as u8;
            }
        }
    }
}

/// Mixes every pixel with its four neighbours.
fn blur(pixels: &mut [u8], size: usize, amount: f32) {
    let sharp = pixels.to_vec();
    let (own, other) = (1.0 - 0.7 * amount, 0.175 * amount);
    for y in 1..size.saturating_sub(1) {
        for x in 3..3 * size - 3 {
            let at = 3 * size * y + x;
            let around = [at - 3, at + 3, at - 3 * size, at + 3 * size];
            let sum: f32 = around.iter().map(|&at| sharp[at] as f32).sum();
            pixels[at] = (own * sharp[at] as f32 + other * sum).round() as u8;
        }
    }
}
