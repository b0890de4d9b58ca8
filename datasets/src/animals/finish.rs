//! The last touch, as a camera or a printer gives it: tone, contrast, blur and a little noise.

use nn::Random;
use rand::Rng;

use super::dice::Dice;

/// Changes the bytes of a finished drawing.
pub fn finish(pixels: &mut [u8], size: usize, random: &mut Random) {
    if random.chance(0.25) {
        blur(pixels, size, random.between(0.2, 0.9));
    }
    let exposure = random.between(0.78, 1.16);
    let contrast = random.between(0.76, 1.12);
    let warmth = random.between(-0.07, 0.07);
    let gains = [1.0 + warmth, 1.0, 1.0 - warmth];
    let table = gains.map(|gain| {
        let tone = |value: usize| 128.0 + (value as f32 * exposure * gain - 128.0) * contrast;
        std::array::from_fn::<f32, 256, _>(tone)
    });
    let noise = if random.chance(0.3) {
        random.between(0.5, 1.6)
    } else {
        0.0
    };
    for pixel in pixels.chunks_exact_mut(3) {
        let grain = if noise > 0.0 {
            noise * (2.0 * random.random::<f32>() - 1.0)
        } else {
            0.0
        };
        for (value, table) in pixel.iter_mut().zip(&table) {
            *value = (table[*value as usize] + grain).round().clamp(0.0, 255.0) as u8;
        }
    }
}

/// Mixes every pixel with its four neighbours.
fn blur(pixels: &mut [u8], size: usize, amount: f32) {
    let sharp = pixels.to_vec();
    let (own, other) = (1.0 - 0.7 * amount, 0.175 * amount);
    for y in 1..size - 1 {
        for x in 3..3 * (size - 1) {
            let at = 3 * size * y + x;
            let around = [at - 3, at + 3, at - 3 * size, at + 3 * size];
            let sum: f32 = around.iter().map(|&at| sharp[at] as f32).sum();
            pixels[at] = (own * sharp[at] as f32 + other * sum).round() as u8;
        }
    }
}
