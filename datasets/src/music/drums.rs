//! The drum kit: each drum is struck once per track and the recording reused, as a sampler does.

use rand::Rng;

use super::artist::Artist;
use super::synthesis::{Filter, Noise, sine};
use nn::Random;

/// What a drummer can hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Drum {
    /// Bass drum.
    Kick,
    /// Snare drum.
    Snare,
    /// The stick laid across the snare and struck on the rim.
    Rim,
    /// Hands.
    Clap,
    /// Closed hi-hat.
    Hat,
    /// Open hi-hat.
    OpenHat,
    /// The hi-hat closed with the foot: a short soft chick.
    Pedal,
    /// Ride cymbal.
    Ride,
    /// Crash cymbal.
    Crash,
    /// High tom.
    Tom,
    /// Floor tom.
    FloorTom,
    /// A brush or shaker: a soft swish.
    Shaker,
    /// Cowbell.
    Cowbell,
    /// Conga.
    Conga,
}

/// How many kinds of drum there are.
pub const DRUMS: usize = 14;

/// How a kit is tuned and built; drawn from the artist's habits, in ranges that all genres share.
#[derive(Clone, Debug)]
pub struct Kit {
    tune: f32,
    ring: f32,
    snap: f32,
    metal: f32,
    hiss: f32,
    click: f32,
}

impl Kit {
    /// The artist's own kit.
    pub fn new(artist: &Artist) -> Self {
        Self {
            tune: artist.habit("drum tuning", 0.85, 1.2),
            ring: artist.habit("drum ring", 0.7, 1.4),
            snap: artist.habit("snare wires", 0.5, 1.0),
            metal: artist.habit("cymbal tuning", 0.8, 1.25),
            hiss: artist.habit("cymbal hiss", 0.4, 0.8),
            click: artist.habit("kick beater", 0.1, 0.5),
        }
    }

    /// The sound of one stroke on `drum`, as loud against the others as drummers have it: the kick's peak is 1.
    pub fn strike(&self, drum: Drum, rate: f32, random: &mut Random) -> Vec<f32> {
        let noise = &mut Noise::new(random);
        let (level, mut sound) = match drum {
            Drum::Kick => (1.0, self.skin(48.0, 110.0, 0.035, 0.16, self.click, rate, noise)),
            Drum::Snare => (0.9, self.snare(rate, noise)),
            Drum::Rim => (0.6, self.rim(rate)),
            Drum::Clap => (0.8, clap(rate, noise, random)),
            Drum::Hat => (0.5, self.cymbal(0.022, 5200.0, 0.0, rate, noise)),
            Drum::OpenHat => (0.5, self.cymbal(0.11, 4800.0, 0.0, rate, noise)),
            Drum::Pedal => (0.35, self.cymbal(0.016, 3600.0, 0.0, rate, noise)),
            Drum::Ride => (0.45, self.cymbal(0.22, 3300.0, 0.7, rate, noise)),
            Drum::Crash => (0.7, self.cymbal(0.45, 2600.0, 0.0, rate, noise)),
            Drum::Tom => (0.8, self.skin(130.0, 60.0, 0.05, 0.16, 0.1, rate, noise)),
            Drum::FloorTom => (0.9, self.skin(82.0, 45.0, 0.06, 0.2, 0.1, rate, noise)),
            Drum::Shaker => (0.4, swish(rate, noise)),
            Drum::Cowbell => (0.35, self.cowbell(rate)),
            Drum::Conga => (0.6, self.skin(210.0, 50.0, 0.02, 0.09, 0.15, rate, noise)),
        };
        let peak = sound.iter().fold(1e-6f32, |peak, x| peak.max(x.abs()));
        sound.iter_mut().for_each(|x| *x *= level / peak);
        sound
    }

    /// A skin: a tone that falls to `low` hertz from `low + fall`, and the click of the beater.
    #[allow(clippy::too_many_arguments)] // a drum's shape: named at the one place of call
    fn skin(
        &self,
        low: f32,
        fall: f32,
        bend: f32,
        decay: f32,
        click: f32,
        rate: f32,
        noise: &mut Noise,
    ) -> Vec<f32> {
        let decay = decay * self.ring;
        let length = (6.0 * decay * rate) as usize;
        let (mut phase, mut sweep, mut level, mut beat) = (0f32, 1f32, 1f32, click);
        let (sweep_fall, level_fall) = (fade(bend, rate), fade(decay, rate));
        let beat_fall = fade(0.004, rate);
        (0..length)
            .map(|_| {
                phase += self.tune * (low + fall * sweep) / rate;
                sweep *= sweep_fall;
                level *= level_fall;
                beat *= beat_fall;
                level * sine(phase) + beat * noise.sample()
            })
            .collect()
    }

    /// Two modes of the shell and the wires under it.
    fn snare(&self, rate: f32, noise: &mut Noise) -> Vec<f32> {
        let length = (0.35 * rate) as usize;
        let mut wires = Filter::new(2600.0 * self.tune, 0.1, rate);
        let (mut shell, mut rattle) = (0.6f32, self.snap);
        let (shell_fall, rattle_fall) = (fade(0.05 * self.ring, rate), fade(0.065 * self.ring, rate));
        let step = self.tune / rate;
        (0..length)
            .map(|n| {
                let time = n as f32 * step;
                shell *= shell_fall;
                rattle *= rattle_fall;
                let (_, band, high) = wires.split(noise.sample());
                shell * (sine(185.0 * time) + 0.6 * sine(330.0 * time)) + rattle * (0.7 * band + 0.5 * high)
            })
            .collect()
    }

    fn rim(&self, rate: f32) -> Vec<f32> {
        let mut level = 1.0f32;
        let fall = fade(0.014 * self.ring, rate);
        let step = self.tune / rate;
        (0..(0.12 * rate) as usize)
            .map(|n| {
                let time = n as f32 * step;
                level *= fall;
                level * (0.6 * sine(480.0 * time) + 0.5 * sine(1720.0 * time))
            })
            .collect()
    }

    /// Six square waves out of tune and noise, above `low` hertz: the metal of an old drum machine. `ping`
    /// adds the stick's tone on a ride.
    fn cymbal(&self, decay: f32, low: f32, ping: f32, rate: f32, noise: &mut Noise) -> Vec<f32> {
        let length = ((0.04 + 5.0 * decay) * rate) as usize;
        let (mut steep, mut steeper) = (Filter::new(low, 0.2, rate), Filter::new(low * 0.8, 0.0, rate));
        let modes = [2.0f32, 3.04, 4.16, 5.43, 6.79, 8.21].map(|x| x * 205.0 * self.metal / rate);
        let mut phases = [0.1f32, 0.7, 0.3, 0.9, 0.5, 0.2];
        let (mut level, fall) = (1f32, fade(decay, rate));
        let (mut stick, stick_fall) = (ping, fade(0.035, rate));
        (0..length)
            .map(|n| {
                let mut metal = 0.0;
                for (phase, step) in phases.iter_mut().zip(modes) {
                    *phase += step;
                    *phase -= phase.floor();
                    metal += if *phase < 0.5 { 0.3 } else { -0.3 };
                }
                level *= fall;
                stick *= stick_fall;
                let raw = self.hiss * noise.sample() + (1.0 - self.hiss) * metal;
                let high = steeper.high(steep.high(raw));
                level * high + stick * sine(2750.0 * self.metal * n as f32 / rate)
            })
            .collect()
    }

    fn cowbell(&self, rate: f32) -> Vec<f32> {
        let mut pass = Filter::new(900.0, 0.3, rate);
        let (mut level, fall) = (1f32, fade(0.06 * self.ring, rate));
        let (low, high) = (555.0 * self.tune / rate, 834.0 * self.tune / rate);
        (0..(0.3 * rate) as usize)
            .map(|n| {
                level *= fall;
                let square = |step: f32| {
                    if (n as f32 * step).fract() < 0.5 {
                        0.5
                    } else {
                        -0.5
                    }
                };
                level * pass.band(square(low) + square(high))
            })
            .collect()
    }
}

/// The factor per sample of a level that falls to 1/e in `seconds`.
fn fade(seconds: f32, rate: f32) -> f32 {
    (-1.0 / (seconds * rate)).exp()
}

/// Several pairs of hands that never meet exactly.
fn clap(rate: f32, noise: &mut Noise, random: &mut Random) -> Vec<f32> {
    let mut pass = Filter::new(1250.0, 0.5, rate);
    let length = (0.3 * rate) as usize;
    let mut level = vec![0f32; length];
    for hand in 0..4 {
        let start = ((0.009 * hand as f32 + 0.003 * random.random::<f32>()) * rate) as usize;
        let decay = if hand == 3 { 0.05 } else { 0.006 };
        for (n, x) in level[start..].iter_mut().enumerate() {
            *x = x.max((-(n as f32) / (decay * rate)).exp());
        }
    }
    level
        .iter()
        .map(|level| 1.6 * level * pass.band(noise.sample()))
        .collect()
}

/// A brush drawn over the skin, or a shaker: noise that swells and fades.
fn swish(rate: f32, noise: &mut Noise) -> Vec<f32> {
    let mut pass = Filter::new(4200.0, 0.1, rate);
    let length = (0.11 * rate) as usize;
    (0..length)
        .map(|n| {
            let x = n as f32 / length as f32;
            4.0 * x * (1.0 - x) * (1.0 - x) * pass.high(noise.sample())
        })
        .collect()
}
