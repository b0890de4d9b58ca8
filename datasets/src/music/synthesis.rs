//! The building blocks of sound: oscillators, noise, envelopes, filters, distortion, reverb.
//!
//! Everything here is cheap per sample (no `sin` or `exp` in an inner loop), because a whole data set is
//! rendered while the learner waits.

use rand::Rng;

/// sin(2π · `phase`), the phase in turns. A parabola bent once towards the sine: at most 0.0011 off, which as
/// distortion is 60 dB below the tone, for a fifth of the cost of `sin`.
#[inline]
pub fn sine(phase: f32) -> f32 {
    let x = 2.0 * (phase - phase.floor()) - 1.0;
    let parabola = -4.0 * x * (1.0 - x.abs());
    parabola * (0.775 + 0.225 * parabola.abs())
}

/// The frequency in hertz of a MIDI note number: 69 is the A of 440 Hz, and 12 make an octave.
pub fn hertz(pitch: f32) -> f32 {
    440.0 * ((pitch - 69.0) / 12.0).exp2()
}

/// A level in decibels as a factor on amplitudes.
pub fn gain(decibels: f32) -> f32 {
    10f32.powf(decibels / 20.0)
}

/// White noise in -1..1 from a linear congruential generator, eight times as fast as a cryptographic one.
#[derive(Clone, Debug)]
pub struct Noise(u32);

impl Noise {
    /// A noise whose start is drawn from `random`.
    pub fn new(random: &mut impl Rng) -> Self {
        Self(random.random())
    }

    /// The next sample.
    #[inline]
    pub fn sample(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 * (2.0 / 16_777_216.0) - 1.0
    }
}

/// The waveform of an [`Oscillator`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wave {
    /// All harmonics, as of a bowed string or a brass lip.
    Saw,
    /// A rectangle that is high for this share of its period; 0.5 has odd harmonics only, as a clarinet.
    Pulse(f32),
}

/// A sawtooth or pulse without the aliases of a naive one: each jump is rounded over one sample to either
/// side (polyBLEP; Välimäki and Huovilainen, *Antialiasing oscillators in subtractive synthesis*, 2007).
#[derive(Clone, Debug)]
pub struct Oscillator {
    /// What it draws.
    pub wave: Wave,
    /// Where it is in its period, in turns.
    pub phase: f32,
}

impl Oscillator {
    /// The next sample, `step` turns (frequency / sample rate) on.
    #[inline]
    pub fn sample(&mut self, step: f32) -> f32 {
        self.phase += step;
        self.phase -= self.phase.floor();
        match self.wave {
            Wave::Saw => 2.0 * self.phase - 1.0 - jump(self.phase, step),
            Wave::Pulse(width) => {
                let fall = self.phase + 1.0 - width;
                let fall = fall - fall.floor();
                let level = if self.phase < width { 1.0 } else { -1.0 };
                level + jump(self.phase, step) - jump(fall, step) + 1.0 - 2.0 * width
            }
        }
    }
}

/// What to add around an upward jump of height 2 at phase 0 so that it is band-limited.
#[inline]
fn jump(phase: f32, step: f32) -> f32 {
    if phase < step {
        let x = phase / step;
        2.0 * x - x * x - 1.0
    } else if phase > 1.0 - step {
        let x = (phase - 1.0) / step;
        x * x + 2.0 * x + 1.0
    } else {
        0.0
    }
}

/// Attack, decay, sustain, release: how loud a note is over time.
#[derive(Clone, Copy, Debug)]
pub struct Envelope {
    /// Seconds from silence to full.
    pub attack: f32,
    /// Seconds in which the level falls two thirds of the way from full to `sustain`.
    pub decay: f32,
    /// The level held while the key is down, 0..1.
    pub sustain: f32,
    /// Seconds in which the level falls by two thirds after the key is let go.
    pub release: f32,
}

impl Envelope {
    /// How many samples a note sounds, release and all, if its key is held for `seconds`.
    pub fn samples(&self, seconds: f32, rate: f32) -> usize {
        ((seconds + 5.0 * self.release) * rate) as usize
    }

    /// The level `time` seconds into a note whose key is held for `seconds`. Called once per [`BLOCK`].
    pub fn level(&self, time: f32, seconds: f32) -> f32 {
        let held = time.min(seconds);
        let down = if held < self.attack {
            held / self.attack
        } else {
            self.sustain + (1.0 - self.sustain) * (-(held - self.attack) / self.decay.max(1e-3)).exp()
        };
        if time > seconds {
            down * (-(time - seconds) / self.release.max(1e-3)).exp()
        } else {
            down
        }
    }
}

/// Samples between two updates of envelopes, vibrato and filter settings; in between, levels are interpolated.
pub const BLOCK: usize = 16;

/// A state-variable filter: low, band and high pass at once, stable while its frequency moves (Zavalishin,
/// *The Art of VA Filter Design*, 2012, section 3.10).
#[derive(Clone, Debug, Default)]
pub struct Filter {
    g: f32,
    k: f32,
    a1: f32,
    first: f32,
    second: f32,
}

impl Filter {
    /// A filter at `cutoff` hertz; `resonance` from 0 (none) to below 1 (rings for long).
    pub fn new(cutoff: f32, resonance: f32, rate: f32) -> Self {
        let mut filter = Self::default();
        filter.tune(cutoff, resonance, rate);
        filter
    }

    /// Moves the filter without a click.
    pub fn tune(&mut self, cutoff: f32, resonance: f32, rate: f32) {
        let turns = (cutoff / rate).clamp(1e-4, 0.47);
        self.g = (std::f32::consts::PI * turns).tan();
        self.k = 2.0 - 1.98 * resonance;
        self.a1 = 1.0 / (1.0 + self.g * (self.g + self.k));
    }

    /// One sample through the filter: (low, band, high). The band's peak gain is 1.
    #[inline]
    pub fn split(&mut self, input: f32) -> (f32, f32, f32) {
        let high = (input - self.second - (self.g + self.k) * self.first) * self.a1;
        let band = self.first + self.g * high;
        let low = self.second + self.g * band;
        self.first = band + self.g * high;
        self.second = low + self.g * band;
        (low, self.k * band, high)
    }

    /// One sample through the low pass.
    #[inline]
    pub fn low(&mut self, input: f32) -> f32 {
        self.split(input).0
    }

    /// One sample through the band pass.
    #[inline]
    pub fn band(&mut self, input: f32) -> f32 {
        self.split(input).1
    }

    /// One sample through the high pass.
    #[inline]
    pub fn high(&mut self, input: f32) -> f32 {
        self.split(input).2
    }
}

/// A valve pushed too hard: straight near 0, flat at ±1 (a rational stand-in for tanh).
#[inline]
pub fn saturate(x: f32) -> f32 {
    let x = x.clamp(-3.0, 3.0);
    x * (27.0 + x * x) / (27.0 + 9.0 * x * x)
}

/// The level of a sound while it sounds: the root of Σx⁴ / Σx², so that silence between notes counts for
/// nothing and a mix can be balanced whether a part plays once a bar or all the time. 0 for silence.
pub fn loudness(samples: &[f32]) -> f32 {
    let (mut fourth, mut second) = (0f64, 0f64);
    for &x in samples {
        let power = f64::from(x * x);
        second += power;
        fourth += power * power;
    }
    if second > 0.0 {
        (fourth / second).sqrt() as f32
    } else {
        0.0
    }
}

/// A room: four delay lines that feed each other through a Hadamard matrix (Jot and Chaigne's feedback delay
/// network, 1991), darker with every round. Returns the echo of `input`, without `input` itself.
///
/// `size` scales the delays (1 is a hall of some 20 m); `seconds` is the time in which the echo falls by 60 dB.
pub fn reverb(input: &[f32], size: f32, seconds: f32, damping: f32, rate: f32) -> Vec<f32> {
    // Lengths without common factors in milliseconds: echoes of different lines never pile up.
    let mut lines = [29.7f32, 37.1, 41.1, 53.3]
        .map(|milliseconds| vec![0f32; ((milliseconds * size * rate / 1000.0) as usize).max(8)]);
    let feedback: Vec<f32> = lines
        .iter()
        .map(|line| 10f32.powf(-3.0 * line.len() as f32 / (seconds * rate)))
        .collect();
    let mut at = [0usize; 4];
    let mut dark = [0f32; 4];
    let mut echo = Vec::with_capacity(input.len());
    for &x in input {
        let mut out = [0f32; 4];
        for line in 0..4 {
            dark[line] += (1.0 - damping) * (lines[line][at[line]] - dark[line]);
            out[line] = dark[line] * feedback[line];
        }
        let (sum, difference) = (out[0] + out[1], out[0] - out[1]);
        let (sum2, difference2) = (out[2] + out[3], out[2] - out[3]);
        let mixed = [
            sum + sum2,
            difference + difference2,
            sum - sum2,
            difference - difference2,
        ];
        for line in 0..4 {
            lines[line][at[line]] = x + 0.5 * mixed[line];
            at[line] += 1;
            if at[line] == lines[line].len() {
                at[line] = 0;
            }
        }
        echo.push(0.35 * (out[0] - out[1] + out[2] - out[3]));
    }
    echo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sine_is_a_sine() {
        for n in -2000..2000 {
            let phase = n as f32 / 700.0;
            let exact = (std::f32::consts::TAU * phase).sin();
            assert!((sine(phase) - exact).abs() < 0.0012, "{phase}");
        }
    }

    #[test]
    fn a_low_pass_keeps_lows_and_takes_highs() {
        let through = |hertz: f32| {
            let mut filter = Filter::new(500.0, 0.0, 16_000.0);
            let out: Vec<f32> = (0..8000)
                .map(|n| filter.low(sine(n as f32 * hertz / 16_000.0)))
                .collect();
            loudness(&out[4000..]) / loudness(&[1.0, -1.0]) / 0.866
        };
        assert!(through(50.0) > 0.95 && through(4000.0) < 0.03);
    }

    #[test]
    fn an_echo_dies_away_in_its_time() {
        let mut click = vec![0.0; 32_000];
        click[0] = 1.0;
        let echo = reverb(&click, 1.0, 1.0, 0.1, 16_000.0);
        let power = |part: &[f32]| part.iter().map(|x| x * x).sum::<f32>();
        let fall = 10.0 * (power(&echo[..4000]) / power(&echo[16_000..20_000])).log10();
        assert!((50.0..90.0).contains(&fall), "{fall} dB in a second");
        assert!(echo.iter().all(|x| x.abs() < 1.0));
    }
}
