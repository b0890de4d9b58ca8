//! Water: what is above it, upside down and broken by ripples.

use nn::Random;

use super::hour::Hour;
use crate::drawing::canvas::Canvas;
use crate::drawing::colour::{Colour, hex};
use crate::drawing::dice::Dice;
use crate::drawing::noise::{Noise, smooth};

/// A sheet of water below a shore line.
pub struct Water {
    /// Height of the shore in the frame.
    shore: f32,
    colour: Colour,
    /// 0 is a mirror.
    ripples: f32,
    noise: Noise,
}

impl Water {
    pub fn new(shore: f32, ripples: f32, random: &mut Random) -> Self {
        Self {
            shore,
            colour: hex(random.choose(&[0x1f4f6b, 0x2a6268, 0x24456a, 0x3a5a5c])),
            ripples,
            noise: Noise::new(random),
        }
    }

    /// Paints it where `covers` says, from 0 to 1, that there is water. Under the sun at `sun` it glitters.
    pub fn draw(&self, canvas: &mut Canvas, hour: &Hour, sun: f32, covers: impl Fn(f32, f32) -> f32) {
        let above = canvas.clone();
        let deep = self.colour.times(hour.light);
        canvas.repaint(|x, y, behind| {
            let cover = covers(x, y);
            let depth = y - self.shore;
            if cover <= 0.0 || depth < 0.0 {
                return behind;
            }
            // Waves are as small and flat as they are far away.
            let near = 1.0 / (depth + 0.05);
            let wave = self.noise.layered(1.6 * x * near, 6.0 * near, 3);
            let reach = self.ripples * (0.15 + 1.2 * depth);
            let mirrored = (self.shore - depth * 1.05 + 0.35 * reach * wave).min(self.shore);
            let seen = above.colour_at(x + 0.12 * reach * wave, mirrored);
            let steep = smooth(0.0, 0.5, depth);
            let mut colour = seen.mix(deep, 0.14 + 0.4 * steep);
            let crest = smooth(0.1, 0.55, wave) * self.ripples;
            colour = colour.mix(hour.low.times(hour.light), 0.3 * crest);
            colour = colour.mix(deep.darker(0.3), 0.3 * smooth(0.1, 0.6, -wave) * self.ripples);
            let away = (x - sun) / (0.03 + 0.16 * depth);
            let sparkle = smooth(0.0, 0.35, self.noise.layered(4.0 * x * near, 14.0 * near, 2));
            colour = colour.mix(hour.sun, 0.75 * (-away * away).exp() * sparkle);
            behind.mix(colour, cover)
        });
    }
}
