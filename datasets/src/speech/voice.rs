//! The voice: glottal pulses and noise through a row of resonators.
//!
//! As in Klatt, *Software for a cascade/parallel formant synthesizer* (1980): the formants in cascade, so that their
//! relative heights follow from their frequencies as in a vocal tract; a pole and a zero for the nose; noise that
//! arises in the mouth past them in parallel. The pulse is that of Klatt and Klatt, *Analysis, synthesis, and
//! perception of voice quality variations* (1990): the flow rises as x², falls as x³ and stops.

use std::f32::consts::{PI, TAU};

use nn::Random;

use super::RATE;
use super::articulation::Segment;
use super::phonemes::SCALE;
use super::speaker::{Speaker, spread};
use super::tracks::{FRAME_SECONDS, Frame};
use crate::music::synthesis::{Filter, Noise};

/// Samples in a frame.
const FRAME: usize = (FRAME_SECONDS * RATE as f32) as usize;
/// Brings a vowel to a root mean square of about 1, against which frication is measured.
const VOWEL_GAIN: f32 = 0.55;

/// A pair of poles: y = a·x + b·y₁ + c·y₂, of gain 1 at 0 Hz.
#[derive(Clone, Copy, Debug)]
struct Resonator {
    a: f32,
    b: f32,
    c: f32,
    first: f32,
    second: f32,
}

impl Resonator {
    /// One that lets everything pass.
    fn through() -> Self {
        Self {
            a: 1.0,
            b: 0.0,
            c: 0.0,
            first: 0.0,
            second: 0.0,
        }
    }

    fn tune(&mut self, hertz: f32, bandwidth: f32) {
        let rate = RATE as f32;
        if hertz > 0.485 * rate {
            (self.a, self.b, self.c) = (1.0, 0.0, 0.0);
            return;
        }
        let radius = (-PI * bandwidth / rate).exp();
        self.c = -radius * radius;
        self.b = 2.0 * radius * (TAU * hertz / rate).cos();
        self.a = 1.0 - self.b - self.c;
    }

    #[inline]
    fn sample(&mut self, x: f32) -> f32 {
        let y = self.a * x + self.b * self.first + self.c * self.second;
        self.second = self.first;
        self.first = y;
        y
    }

    /// The inverse filter: a pair of zeros.
    #[inline]
    fn inverse(&mut self, x: f32) -> f32 {
        let y = (x - self.b * self.first - self.c * self.second) / self.a;
        self.second = self.first;
        self.first = x;
        y
    }
}

/// What is left of a jump of height 1 at time 0 when it is band-limited (polyBLEP), `time` in samples from it.
#[inline]
fn rounded(time: f32) -> f32 {
    if !(-1.0..1.0).contains(&time) {
        0.0
    } else if time < 0.0 {
        0.5 * (time + 1.0) * (time + 1.0)
    } else {
        -0.5 * (1.0 - time) * (1.0 - time)
    }
}

/// The glottis: the derivative of its flow, pulse by pulse.
struct Glottis {
    /// Samples since the pulse began, its length, and how long the glottis is open.
    at: f32,
    period: f32,
    open: f32,
    height: f32,
}

impl Glottis {
    /// The next sample, and whether the glottis is open.
    #[inline]
    fn sample(&mut self, hertz: f32, speaker: &Speaker, random: &mut Random) -> (f32, bool) {
        self.at += 1.0;
        if self.at >= self.period {
            self.at -= self.period;
            let quality = &speaker.quality;
            self.period = RATE as f32 / hertz * (1.0 + quality.jitter * spread(random));
            self.open = self.period * (quality.open + 0.02 * spread(random)).clamp(0.3, 0.9);
            self.height = 1.0 + quality.shimmer * spread(random);
        }
        let x = self.at / self.open;
        let open = x < 1.0;
        let slope = if open { 2.0 * x - 3.0 * x * x } else { 0.0 };
        (self.height * (slope + rounded(self.at - self.open)), open)
    }
}

/// White noise in three bands and a little beside them, of root mean square 1.
struct Hiss {
    bands: [(Filter, f32); 3],
    flat: f32,
}

impl Hiss {
    fn new() -> Self {
        Self {
            bands: std::array::from_fn(|_| (Filter::default(), 0.0)),
            flat: 0.0,
        }
    }

    fn tune(&mut self, segment: &Segment, scale: f32) {
        let rate = RATE as f32;
        let mut power = segment.frication.flat * segment.frication.flat;
        for ((filter, gain), (hertz, width, level)) in self.bands.iter_mut().zip(segment.frication.bands) {
            let hertz = (hertz * scale).min(0.47 * rate);
            filter.tune(hertz, (2.0 - width) / 1.98, rate);
            *gain = level;
            // A band passes π/2 times its width, of all that reaches to half the rate.
            power += level * level * (PI * hertz * width / rate).min(1.0);
        }
        // Even noise in ±1 has a power of 1/3.
        let norm = (3.0 / power.max(1e-9)).sqrt();
        self.bands.iter_mut().for_each(|band| band.1 *= norm);
        self.flat = norm * segment.frication.flat;
    }

    #[inline]
    fn sample(&mut self, noise: f32) -> f32 {
        let mut sum = self.flat * noise;
        for (filter, gain) in &mut self.bands {
            sum += *gain * filter.band(noise);
        }
        sum
    }
}

/// Speaks: mono sound at [`RATE`], of root mean square about 1 in a stressed vowel.
///
/// `pitch` is in hertz, one for each frame.
pub fn speak(
    segments: &[Segment],
    frames: &[Frame],
    pitch: &[f32],
    speaker: &Speaker,
    random: &mut Random,
) -> Vec<f32> {
    let rate = RATE as f32;
    let quality = &speaker.quality;
    let scale = SCALE[speaker.group as usize] * speaker.scale[2];
    let mut noise = Noise::new(random);
    let mut glottis = Glottis {
        at: 0.0,
        period: 1.0,
        open: 0.5,
        height: 0.0,
    };
    let mut moving = [Resonator::through(); 3];
    // F4 and all above stay where the length of the tract puts them.
    let mut higher = [Resonator::through(); 5];
    for (index, resonator) in higher.iter_mut().enumerate() {
        let hertz = (3500.0 + 1000.0 * index as f32) * scale;
        resonator.tune(hertz, 180.0 + 80.0 * index as f32);
    }
    let (mut nose, mut nose_zero) = (Resonator::through(), Resonator::through());
    nose.tune(270.0 * scale, 100.0);
    let low_pass = |hertz: f32| 1.0 - (-TAU * hertz / rate).exp();
    let tilt = low_pass(quality.tilt);
    let (mut tilted, mut muffled, mut muffled_twice) = (0f32, 0f32, 0f32);
    let mut hiss = Hiss::new();
    let mut segment = usize::MAX;
    let mut muffle = 1.0;
    let mut last = [0f32; 3];
    let mut out = Vec::with_capacity(frames.len() * FRAME);
    for (frame, &hertz) in frames.iter().zip(pitch) {
        for (n, resonator) in moving.iter_mut().enumerate() {
            resonator.tune(frame.formants[n], frame.bandwidths[n]);
        }
        nose_zero.tune((270.0 + 200.0 * frame.nasal) * scale, 100.0);
        if frame.segment != segment {
            segment = frame.segment;
            if segments[segment].hiss > 0.0 {
                hiss.tune(&segments[segment], scale);
            }
        }
        // Muffling sets in over some 10 ms.
        let wanted = if frame.muffle > 0.45 * rate {
            1.0
        } else {
            low_pass(frame.muffle)
        };
        muffle += 0.2 * (wanted - muffle);
        let now = [frame.voicing, frame.breath, frame.hiss];
        let step: [f32; 3] = std::array::from_fn(|n| (now[n] - last[n]) / FRAME as f32);
        for _ in 0..FRAME {
            for n in 0..3 {
                last[n] += step[n];
            }
            let [voicing, breath, level] = last;
            let (pulse, open) = glottis.sample(hertz, speaker, random);
            let white = noise.sample();
            // Air hisses through the glottis most while it is open.
            let air = if open { 1.0 } else { 0.3 };
            tilted += tilt * (voicing * pulse - tilted);
            muffled += muffle * (tilted - muffled);
            muffled_twice += muffle * (muffled - muffled_twice);
            let air = white
                * (breath * (if voicing > 0.05 { air } else { 1.0 })
                    + quality.breath * voicing * air * muffle);
            let mut sound = nose_zero.inverse(muffled_twice + air);
            sound = nose.sample(sound);
            for resonator in &mut moving {
                sound = resonator.sample(sound);
            }
            for resonator in &mut higher {
                sound = resonator.sample(sound);
            }
            out.push(VOWEL_GAIN * sound + level * hiss.sample(noise.sample()));
        }
        last = now;
    }
    out
}
