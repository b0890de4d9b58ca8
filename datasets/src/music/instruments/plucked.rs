//! Plucked and struck strings.

use nn::Random;

use super::Tone;
use crate::music::synthesis::Noise;

/// A string as a delay line that loses its highs with every round (Karplus and Strong, *Digital synthesis of
/// plucked-string and drum timbres*, 1983; tuned as Jaffe and Smith do).
#[derive(Clone, Debug)]
pub struct Plucked {
    /// 0 a thumb or a felt hammer, 1 a hard plectrum near the bridge.
    pub brightness: f32,
    /// Seconds until the string has fallen by 60 dB.
    pub ring: f32,
    /// Where along the string it is plucked, 0..0.5: harmonics with a node there are missing.
    pub position: f32,
    /// How much of the highs a round costs, 0..0.5.
    pub damping: f32,
    /// A second string this many cents apart, as in a piano or a twelve-string; 0 for one string.
    pub course: f32,
}

impl Plucked {
    pub(super) fn play(&self, tone: &Tone, random: &mut Random, out: &mut [f32]) {
        let mut noise = Noise::new(random);
        self.string(tone, tone.hertz, &mut noise, out);
        if self.course > 0.0 {
            self.string(tone, tone.hertz * (self.course / 1200.0).exp2(), &mut noise, out);
        }
    }

    fn string(&self, tone: &Tone, hertz: f32, noise: &mut Noise, out: &mut [f32]) {
        let period = tone.rate / hertz;
        // The loop filter delays by `damping` samples and the all-pass by 0.1..1.1: the line takes the rest.
        let whole = (period - self.damping - 0.1).floor().max(2.0);
        let rest = period - self.damping - whole;
        let tuning = (1.0 - rest) / (1.0 + rest);
        let mut line = self.pluck(whole as usize, tone.velocity, noise);
        let loss = 10f32.powf(-3.0 * period / (self.ring * tone.rate));
        let damp = (-1.0 / (0.03 * tone.rate)).exp();
        let held = (tone.seconds * tone.rate) as usize;
        let length = (held + (0.15 * tone.rate) as usize).min(out.len());
        let (mut at, mut before, mut input, mut output, mut level) = (0, 0f32, 0f32, 0f32, 1f32);
        for (n, out) in out[..length].iter_mut().enumerate() {
            let x = line[at];
            let filtered = loss * ((1.0 - self.damping) * x + self.damping * before);
            before = x;
            output = tuning * (filtered - output) + input;
            input = filtered;
            line[at] = output;
            at += 1;
            if at == line.len() {
                at = 0;
            }
            if n >= held {
                level *= damp;
            }
            *out += level * x;
        }
    }

    /// The shape of the string when it is let go: noise, softened by a soft finger or stroke.
    fn pluck(&self, length: usize, velocity: f32, noise: &mut Noise) -> Vec<f32> {
        let soften = 1.0 - (0.04 + 0.96 * self.brightness * (0.4 + 0.6 * velocity)).min(1.0);
        let raw: Vec<f32> = (0..length).map(|_| noise.sample()).collect();
        let mut smooth = raw[length - 1];
        // Twice round, so that the softened shape closes on itself.
        let shape: Vec<f32> = (0..2 * length)
            .map(|n| {
                smooth += (1.0 - soften) * (raw[n % length] - smooth);
                smooth
            })
            .skip(length)
            .collect();
        let picked = ((self.position * length as f32) as usize).clamp(1, length - 1);
        let plucked: Vec<f32> = (0..length)
            .map(|n| shape[n] - shape[(n + length - picked) % length])
            .collect();
        let power = plucked.iter().map(|x| x * x).sum::<f32>() / length as f32;
        let mean = plucked.iter().sum::<f32>() / length as f32;
        let scale = 0.5 * velocity / power.sqrt().max(1e-3);
        plucked.iter().map(|x| scale * (x - mean)).collect()
    }
}
