//! A sine stays the same sine, nothing folds back, and lengths are exact.
#![allow(clippy::unwrap_used)] // the helpers of tests, too, may panic

use std::f64::consts::PI;

use audio::{AudioError, Resampler, resample};

fn sine(frequency: f64, rate: u32, seconds: f64) -> Vec<f32> {
    let step = 2.0 * PI * frequency / f64::from(rate);
    (0..(seconds * f64::from(rate)) as usize)
        .map(|n| (n as f64 * step).sin() as f32)
        .collect()
}

/// Worst difference in the middle half, in dB below full scale.
fn worst(found: &[f32], wanted: &[f32]) -> f64 {
    let middle = found.len() / 4..found.len() * 3 / 4;
    let pairs = found[middle.clone()].iter().zip(&wanted[middle]);
    let worst = pairs.map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max);
    20.0 * worst.max(1e-12).log10()
}

const RATES: [(u32, u32); 9] = [
    (44_100, 16_000),
    (48_000, 16_000),
    (22_050, 16_000),
    (8_000, 16_000),
    (16_000, 8_000),
    (11_025, 44_100),
    (96_000, 16_000),
    (192_000, 8_000),
    (44_101, 16_000),
];

/// The error allowed, in dB: the huge transforms that coprime rates need round more.
fn limit(from: u32) -> f64 {
    if from == 44_101 { -75.0 } else { -100.0 }
}

#[test]
fn sine_stays_a_sine_in_phase() {
    for (from, to) in RATES {
        let nyquist = f64::from(from.min(to)) / 2.0;
        for frequency in [50.0, 0.3 * nyquist, 0.9 * nyquist] {
            let found = resample(&sine(frequency, from, 1.0), from, to).unwrap();
            let wanted = sine(frequency, to, 1.0);
            assert_eq!(found.len(), wanted.len());
            let error = worst(&found, &wanted);
            assert!(
                error < limit(from),
                "{from} -> {to} at {frequency} Hz: {error:.0} dB"
            );
        }
    }
}

#[test]
fn what_the_new_rate_cannot_hold_is_removed() {
    for (from, to) in RATES.into_iter().filter(|(from, to)| from > to) {
        for share in [1.05, 1.3, 1.9] {
            let frequency = share * f64::from(to) / 2.0;
            if frequency < f64::from(from) / 2.0 {
                let found = resample(&sine(frequency, from, 1.0), from, to).unwrap();
                let left = worst(&found, &vec![0.0; found.len()]);
                assert!(
                    left < limit(from),
                    "{from} -> {to}: {frequency} Hz leaves {left:.0} dB"
                );
            }
        }
    }
}

#[test]
fn lengths_are_exact_and_blocks_do_not_matter() {
    for (from, to) in RATES {
        for length in [0, 1, 2, 159, 1_000, 44_100] {
            let sound: Vec<f32> = sine(440.0, from, 1.0).into_iter().cycle().take(length).collect();
            let whole = resample(&sound, from, to).unwrap();
            let wanted = (length as u64 * u64::from(to)).div_ceil(from.into()) as usize;
            assert_eq!(whole.len(), wanted, "{length} samples, {from} -> {to}");
            let (mut stream, mut blocks) = (Resampler::new(from, to).unwrap(), Vec::new());
            for block in sound.chunks(613) {
                stream.push(block, &mut blocks);
            }
            stream.finish(&mut blocks);
            assert!(whole == blocks, "{length} samples, {from} -> {to}");
        }
    }
}

#[test]
fn a_constant_keeps_its_value_up_to_the_edges_of_the_filter() {
    let found = resample(&vec![0.5; 44_100], 44_100, 16_000).unwrap();
    assert!(found[500..15_500].iter().all(|&v| (v - 0.5).abs() < 1e-5));
}

#[test]
fn absurd_rates_are_refused() {
    for (from, to) in [(0, 16_000), (16_000, 0), (16_000, u32::MAX)] {
        let error = resample(&[0.0; 10], from, to).unwrap_err();
        assert!(matches!(error, AudioError::SampleRate { .. }));
        assert!(
            error
                .to_string()
                .ends_with("give one from 100 to 1000000, such as 16000"),
            "{error}"
        );
    }
}
