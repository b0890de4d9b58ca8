//! What else is to be heard where people speak.

use nn::Random;
use rand::Rng;

use super::speaker::Speaker;
use super::words::{COMMANDS, DIGITS, OTHER_WORDS};
use super::{RATE, say};
use crate::music::synthesis::{Filter, Noise, loudness, sine};

/// A kind of noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The same power in every hertz: a bad line.
    White,
    /// The same power in every octave: a waterfall.
    Pink,
    /// 6 dB less an octave: distant traffic.
    Brown,
    /// A machine or a ventilator: harmonics that waver.
    Engine,
    /// Gusts.
    Wind,
    /// Keys being struck.
    Keyboard,
    /// Other people talking.
    Babble,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::White,
        Self::Pink,
        Self::Brown,
        Self::Engine,
        Self::Wind,
        Self::Keyboard,
        Self::Babble,
    ];

    /// Its file in `_background_noise_`.
    pub fn file(self) -> &'static str {
        match self {
            Self::White => "white_noise.wav",
            Self::Pink => "pink_noise.wav",
            Self::Brown => "brown_noise.wav",
            Self::Engine => "engine.wav",
            Self::Wind => "wind.wav",
            Self::Keyboard => "keyboard.wav",
            Self::Babble => "babble.wav",
        }
    }
}

/// So many samples of a noise, of loudness 1.
pub fn render(kind: Kind, length: usize, random: &mut Random) -> Vec<f32> {
    let mut samples = match kind {
        Kind::White => white(length, random),
        Kind::Pink => pink(length, random),
        Kind::Brown => brown(length, random),
        Kind::Engine => engine(length, random),
        Kind::Wind => wind(length, random),
        Kind::Keyboard => keyboard(length, random),
        Kind::Babble => babble(length, random),
    };
    let level = loudness(&samples).max(1e-9);
    samples.iter_mut().for_each(|x| *x /= level);
    samples
}

fn white(length: usize, random: &mut Random) -> Vec<f32> {
    let mut noise = Noise::new(random);
    (0..length).map(|_| noise.sample()).collect()
}

/// A sum of slow noises, each of a fixed share: within 0.5 dB of 3 dB an octave from 40 Hz on.
fn pink(length: usize, random: &mut Random) -> Vec<f32> {
    let mut noise = Noise::new(random);
    let mut slow = [0f32; 3];
    (0..length)
        .map(|_| {
            let x = noise.sample();
            slow[0] = 0.997_65 * slow[0] + 0.099 * x;
            slow[1] = 0.963 * slow[1] + 0.296_5 * x;
            slow[2] = 0.57 * slow[2] + 1.052_7 * x;
            slow[0] + slow[1] + slow[2] + 0.184_8 * x
        })
        .collect()
}

fn brown(length: usize, random: &mut Random) -> Vec<f32> {
    let mut noise = Noise::new(random);
    let mut at = 0.0;
    (0..length)
        .map(|_| {
            at = 0.985 * at + noise.sample();
            at
        })
        .collect()
}

/// Samples between two updates of whatever moves slowly.
const BLOCK: usize = 32;

fn engine(length: usize, random: &mut Random) -> Vec<f32> {
    let hertz = random.random_range(45.0f32..160.0);
    let heights: Vec<f32> = (1..=12)
        .map(|n| random.random_range(0.2..1.0) / n as f32)
        .collect();
    let mut noise = Noise::new(random);
    let mut air = Filter::new(random.random_range(300.0..1500.0), 0.2, RATE as f32);
    let air_level = random.random_range(0.3..2.0);
    let (mut phase, mut drift) = (0f32, 0f32);
    let mut out = Vec::with_capacity(length);
    while out.len() < length {
        drift = 0.97 * drift + 0.003 * noise.sample();
        let step = hertz * (1.0 + drift) / RATE as f32;
        for _ in 0..BLOCK {
            phase += step;
            let tone: f32 = heights
                .iter()
                .enumerate()
                .map(|(n, height)| height * sine(phase * (n + 1) as f32))
                .sum();
            out.push(tone + air_level * air.low(noise.sample()));
        }
        phase -= phase.floor();
    }
    out.truncate(length);
    out
}

fn wind(length: usize, random: &mut Random) -> Vec<f32> {
    let mut noise = Noise::new(random);
    let mut filter = Filter::new(400.0, 0.3, RATE as f32);
    let (mut gust, mut wanted) = (0.5f32, 0.5f32);
    let mut out = Vec::with_capacity(length);
    while out.len() < length {
        if random.random_range(0..150) == 0 {
            wanted = random.random_range(0.1..1.0);
        }
        gust += 0.01 * (wanted - gust);
        filter.tune(150.0 + 900.0 * gust * gust, 0.3, RATE as f32);
        for _ in 0..BLOCK {
            out.push(gust * filter.low(noise.sample()));
        }
    }
    out.truncate(length);
    out
}

fn keyboard(length: usize, random: &mut Random) -> Vec<f32> {
    let mut noise = Noise::new(random);
    // A quiet room under it.
    let mut out: Vec<f32> = (0..length).map(|_| 0.01 * noise.sample()).collect();
    let mut at = random.random_range(0..RATE as usize / 4);
    while at < length {
        let mut body = Filter::new(random.random_range(900.0..4500.0), 0.8, RATE as f32);
        let fade = 1.0 - random.random_range(0.003f32..0.012);
        let mut level = random.random_range(0.3..1.0);
        for x in out.iter_mut().skip(at).take(1500) {
            *x += level * body.band(noise.sample());
            level *= fade;
        }
        at += random.random_range(RATE as usize / 14..RATE as usize / 3);
    }
    out
}

fn babble(length: usize, random: &mut Random) -> Vec<f32> {
    let mut out = vec![0f32; length];
    for voice in 0..random.random_range(3..7) {
        let speaker = Speaker::new(random.random(), &format!("babble/{voice}"));
        let level = random.random_range(0.4f32..1.0);
        let mut at = 0;
        while at < length {
            let words: Vec<&str> = (0..4)
                .map(|_| {
                    let lists = [&DIGITS[..], &COMMANDS, &OTHER_WORDS];
                    let list = lists[random.random_range(0..3)];
                    list[random.random_range(0..list.len())]
                })
                .collect();
            // All words of the lists are known.
            let said = say(&words.join(" "), &speaker, random).unwrap_or_else(|_| vec![0.0; length]);
            // A short noise begins amid the talk.
            let skip = if at == 0 {
                random.random_range(0..said.len() / 2 + 1)
            } else {
                0
            };
            for (x, y) in out[at..].iter_mut().zip(&said[skip..]) {
                *x += level * y;
            }
            at += said.len() - skip + random.random_range(0..RATE as usize / 2);
        }
    }
    out
}
