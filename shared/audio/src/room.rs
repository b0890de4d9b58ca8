//! The sound of a room, made up: reflections and reverberation.

use std::ops::RangeInclusive;

use nn::Random;
use rand::Rng;
use realfft::RealFftPlanner;

use crate::AudioError;
use crate::augment::gaussian;
use crate::error::check_rate;

/// Upper edges of bands of frequency in Hz, and their time of decay as a share of the middle's: air and furniture
/// swallow high frequencies first.
const BANDS: [(f32, f32); 4] = [(500.0, 1.2), (2_000.0, 1.0), (4_000.0, 0.8), (f32::INFINITY, 0.6)];

/// What rooms [`random_reverb`] draws from.
///
/// ```
/// let mut word: Vec<f32> = (0..16_000).map(|n| 0.1 * (n as f32 * 0.2).sin()).collect();
/// let mut random = nn::random(7, "augment/epoch 3/item 17");
/// audio::augment::random_reverb(&mut word, 16_000, &audio::Rooms::default(), &mut random)?;
/// assert_eq!(word.len(), 16_000);
/// # Ok::<(), audio::AudioError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Rooms {
    /// Time in which the reverberation falls by 60 dB, in seconds, around 1 kHz: a furnished room has 0.2 to 0.6, a
    /// bare office 1, a church 3 and more. Drawn evenly; limited to 0.02 … 10.
    pub reverberation: RangeInclusive<f32>,
    /// Energy of the direct sound over that of all that comes later, in dB: 10 close to the microphone, -5 across the
    /// room. Drawn evenly.
    pub direct_ratio: RangeInclusive<f32>,
}

impl Default for Rooms {
    /// Rooms that people live and work in: 0.15 to 0.8 s, 0 to 12 dB.
    fn default() -> Self {
        Self {
            reverberation: 0.15..=0.8,
            direct_ratio: 0.0..=12.0,
        }
    }
}

/// Plays the sound in a random room (Ko et al. 2017, "A study on data augmentation of reverberant speech", who
/// simulate rooms likewise): its convolution with [`impulse_response`], cut to the same length, at the same mean
/// power. What is heard directly keeps its place in time, so that labels stay true. Silence stays silence.
///
/// # Errors
/// [`AudioError::SampleRate`] for a rate that no sound has.
pub fn random_reverb(
    samples: &mut [f32],
    sample_rate: u32,
    rooms: &Rooms,
    random: &mut Random,
) -> Result<(), AudioError> {
    let reverberation = random.random_range(rooms.reverberation.clone());
    let ratio = random.random_range(rooms.direct_ratio.clone());
    let response = impulse_response(sample_rate, reverberation, ratio, random)?;
    let power = |samples: &[f32]| samples.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>();
    let before = power(samples);
    let heard = convolve(samples, &response);
    let factor = (before / power(&heard)).sqrt();
    // Silence, or numbers without sense.
    if factor.is_finite() && factor > 0.0 {
        for (sample, heard) in samples.iter_mut().zip(heard) {
            *sample = (f64::from(heard) * factor) as f32;
        }
    }
    Ok(())
}

/// What a room makes of a click at `sample_rate` Hz: the click itself as the first sample, at 1; three to eight
/// reflections off walls after 5 to 50 ms; and Gaussian noise that decays exponentially (Polack 1988): by 60 dB in
/// `reverberation` seconds from 500 Hz to 2 kHz, in 1.2 of that time below, in 0.8 up to 4 kHz and in 0.6 above. All
/// that comes after the first sample has `direct_ratio` dB less energy than it.
///
/// # Errors
/// [`AudioError::SampleRate`] for a rate that no sound has.
pub fn impulse_response(
    sample_rate: u32,
    reverberation: f32,
    direct_ratio: f32,
    random: &mut Random,
) -> Result<Vec<f32>, AudioError> {
    check_rate(sample_rate)?;
    let reverberation = reverberation.clamp(0.02, 10.0);
    let rate = sample_rate as f32;
    // 60 dB are a factor of 1000 = exp(6.908).
    let decay = |n: usize, share: f32| (-6.908 * n as f32 / (share * reverberation * rate)).exp();
    let length = (BANDS[0].1 * reverberation * rate) as usize;
    let mut later = vec![0.0; length.max(2)];
    let noise: Vec<f32> = later.iter().map(|_| gaussian(random)).collect();
    for ((_, share), band) in BANDS.into_iter().zip(divide(&noise, rate)) {
        let each = decay(1, share);
        let mut level = 1.0;
        for (value, noise) in later.iter_mut().zip(band) {
            *value += noise * level;
            level *= each;
        }
    }
    let power = later.iter().map(|value| value * value).sum::<f32>() / later.len() as f32;
    // A reflection carries as much energy as 10 ms of the noise do on average.
    let reflection = (0.01 * rate * power).sqrt();
    for _ in 0..random.random_range(3..=8) {
        let delay = (random.random_range(0.005..=0.05) * rate) as usize;
        let sign = if random.random::<bool>() { 1.0 } else { -1.0 };
        if let Some(value) = later.get_mut(delay) {
            *value += sign * reflection * decay(delay, 1.0);
        }
    }
    let energy: f32 = later.iter().skip(1).map(|value| value * value).sum();
    let factor = if energy > 0.0 {
        10f32.powf(-direct_ratio.clamp(-60.0, 60.0) / 20.0) / energy.sqrt()
    } else {
        0.0
    };
    later.iter_mut().for_each(|value| *value *= factor);
    later[0] = 1.0;
    Ok(later)
}

/// The part of `noise` in each of [`BANDS`], in their order, by setting the rest of its Fourier transform to zero.
fn divide(noise: &[f32], rate: f32) -> Vec<Vec<f32>> {
    // A power of two is several times as fast as any length.
    let size = noise.len().next_power_of_two();
    let mut planner = RealFftPlanner::<f32>::new();
    let (forward, backward) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
    let (mut padded, mut spectrum) = (vec![0.0; size], forward.make_output_vec());
    padded[..noise.len()].copy_from_slice(noise);
    forward
        .process(&mut padded, &mut spectrum)
        .expect("the buffers were made by this plan");
    let mut lower = 0.0;
    let band = |(upper, _)| {
        let inside = |bin: usize| (lower..upper).contains(&(bin as f32 * rate / size as f32));
        let mut part = backward.make_input_vec();
        for (bin, (part, whole)) in part.iter_mut().zip(&spectrum).enumerate() {
            if inside(bin) {
                *part = whole / size as f32;
            }
        }
        lower = upper;
        let mut samples = vec![0.0; size];
        backward
            .process(&mut part, &mut samples)
            .expect("the buffers were made by this plan");
        samples.truncate(noise.len());
        samples
    };
    BANDS.into_iter().map(band).collect()
}

/// The first `samples.len()` samples of the convolution with `response`, by the product of their Fourier transforms,
/// block after block (overlap-add), so that memory does not grow with the sound.
fn convolve(samples: &[f32], response: &[f32]) -> Vec<f32> {
    let block = response.len().max(1024);
    let size = (2 * block).next_power_of_two();
    let block = size - response.len() + 1;
    let mut planner = RealFftPlanner::<f32>::new();
    let (forward, backward) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
    let transform = |values: &[f32]| {
        let (mut padded, mut spectrum) = (vec![0.0; size], forward.make_output_vec());
        padded[..values.len()].copy_from_slice(values);
        forward
            .process(&mut padded, &mut spectrum)
            .expect("the buffers were made by this plan");
        spectrum
    };
    let response = transform(response);
    let mut heard = vec![0.0; samples.len()];
    let mut echo = vec![0.0; size];
    for (number, samples) in samples.chunks(block).enumerate() {
        let mut spectrum = transform(samples);
        for (bin, factor) in spectrum.iter_mut().zip(&response) {
            *bin *= factor;
        }
        // The transform back refuses all but 0 here, even the NaN that infinite samples give.
        spectrum[0].im = 0.0;
        spectrum[size / 2].im = 0.0;
        backward
            .process(&mut spectrum, &mut echo)
            .expect("the buffers were made by this plan");
        for (heard, echo) in heard[number * block..].iter_mut().zip(&echo) {
            *heard += echo / size as f32;
        }
    }
    heard
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds for 60 dB: the slope from -5 to -25 dB of the energy still to come (Schroeder 1965), of the sum of
    /// several responses, for one alone goes up and down by chance.
    fn decay_time(responses: &[Vec<f32>], rate: u32) -> f64 {
        let energy = |n: usize| responses.iter().map(|v| f64::from(v[n]).powi(2)).sum::<f64>();
        let mut left: f64 = (0..responses[0].len()).map(energy).sum();
        let whole = left;
        let mut curve = Vec::new();
        for n in 0..responses[0].len() {
            curve.push(10.0 * (left / whole).log10());
            left -= energy(n);
        }
        let reaches = |decibels: f64| curve.iter().position(|level| *level <= decibels).unwrap() as f64;
        3.0 * (reaches(-25.0) - reaches(-5.0)) / f64::from(rate)
    }

    /// A filter without edges, for sharp ones ring for longer than rooms do: a Gaussian in frequency and so in time,
    /// three deviations wide on either side.
    fn ring(response: &[f32], centre: f32, half: f32) -> Vec<f32> {
        let deviation = half / 3.0;
        let reach = (1.0 / deviation) as i32;
        let tap = |n: i32| {
            let phase = std::f32::consts::TAU * n as f32;
            (-0.5 * (phase * deviation).powi(2)).exp() * (phase * centre).cos()
        };
        let taps: Vec<f32> = (-reach..=reach).map(tap).collect();
        let padded: Vec<f32> = response
            .iter()
            .copied()
            .chain(vec![0.0; 2 * reach as usize])
            .collect();
        convolve(&padded, &taps)
    }

    #[test]
    fn each_band_decays_as_asked() {
        for rate in [8_000, 16_000, 44_100] {
            for wanted in [0.2, 0.5, 1.2] {
                let response = |seed| {
                    let mut random = nn::random(seed, "room");
                    let mut response = impulse_response(rate, wanted, 0.0, &mut random).unwrap();
                    response[0] = 0.0;
                    response
                };
                let responses: Vec<_> = (0..8).map(response).collect();
                let mut lower = 0.0;
                for (upper, share) in BANDS.into_iter().filter(|band| band.0 < rate as f32 / 2.0) {
                    let centre = (lower + upper.min(rate as f32 / 2.0)) / 2.0;
                    let pass = |r: &Vec<f32>| ring(r, centre / rate as f32, (centre - lower) / rate as f32);
                    let bands: Vec<_> = responses.iter().map(pass).collect();
                    let found = decay_time(&bands, rate) / f64::from(wanted * share);
                    assert!(
                        (found - 1.0).abs() < 0.15,
                        "{found} of {wanted} s up to {upper} Hz, rate {rate}"
                    );
                    lower = upper;
                }
                // All in all, too, it is near: shorter where there is much treble.
                let all = decay_time(&responses, rate) / f64::from(wanted);
                assert!((0.6..1.15).contains(&all), "{all} of {wanted} s at {rate} Hz");
            }
        }
    }

    #[test]
    fn the_direct_sound_stands_out_as_asked() {
        for ratio in [-5.0, 0.0, 12.0] {
            let response = impulse_response(16_000, 0.4, ratio, &mut nn::random(3, "room")).unwrap();
            let later: f32 = response[1..].iter().map(|v| v * v).sum();
            assert!((-10.0 * later.log10() - ratio).abs() < 0.01);
            assert_eq!(response[0], 1.0);
        }
    }

    #[test]
    fn convolution_is_the_sum_it_stands_for() {
        let mut random = nn::random(4, "convolution");
        for (length, taps) in [(1, 1), (5, 9), (3_000, 700), (5_000, 1_500)] {
            let samples: Vec<f32> = (0..length).map(|_| gaussian(&mut random)).collect();
            let response: Vec<f32> = (0..taps).map(|_| gaussian(&mut random)).collect();
            for (n, found) in convolve(&samples, &response).into_iter().enumerate() {
                let terms = (0..=n.min(taps - 1)).map(|k| f64::from(response[k]) * f64::from(samples[n - k]));
                let wanted: f64 = terms.sum();
                assert!(
                    (f64::from(found) - wanted).abs() < 1e-3,
                    "{found} is not {wanted}"
                );
            }
        }
        assert!(convolve(&[], &[1.0, 0.5]).is_empty());
    }

    #[test]
    fn level_and_length_are_kept_and_silence_is() {
        let dry: Vec<f32> = (0..20_000)
            .map(|n| 0.1 * (n as f32 * n as f32 * 1e-5).sin())
            .collect();
        let power = |samples: &[f32]| samples.iter().map(|v| v * v).sum::<f32>();
        let wet = |seed| {
            let mut wet = dry.clone();
            random_reverb(&mut wet, 16_000, &Rooms::default(), &mut nn::random(seed, "room")).unwrap();
            wet
        };
        let first = wet(1);
        assert!((power(&first) / power(&dry) - 1.0).abs() < 1e-3);
        assert_eq!(first, wet(1));
        assert_ne!(first, wet(2));
        assert_ne!(first, dry);
        for mut silence in [vec![0.0; 500], vec![]] {
            let kept = silence.clone();
            random_reverb(&mut silence, 8_000, &Rooms::default(), &mut nn::random(1, "room")).unwrap();
            assert_eq!(silence, kept);
        }
        let error = random_reverb(&mut [0.1], 0, &Rooms::default(), &mut nn::random(1, "room"));
        assert!(matches!(error, Err(AudioError::SampleRate { rate: 0 })));
    }
}
