//! Log-mel and cepstrum against the reference, block by block against whole, and what augmentation may do.
#![allow(clippy::unwrap_used)] // the helpers of tests, too, may panic

use std::f64::consts::PI;

use audio::augment::{
    mix, random_crop, random_crop_frames, random_gain, random_noise, random_shift, random_speed,
};
use audio::{LOG_FLOOR, LogMel, LogMelConfig, SpecAugment, Spectrogram};

fn reference(text: &str) -> Spectrogram {
    let rows: Vec<Vec<f32>> = text
        .lines()
        .map(|line| line.split(',').map(|v| v.parse().unwrap()).collect())
        .collect();
    Spectrogram {
        bands: rows.len(),
        frames: rows[0].len(),
        values: rows.concat(),
    }
}

/// The sound of reference/make_reference.py.
fn sound() -> Vec<f32> {
    let sample = |n: usize| {
        let t = n as f64 / 16_000.0;
        let chirp = 0.4 * (2.0 * PI * (200.0 * t + 4_000.0 * t * t)).sin();
        let tone = if n > 3_000 {
            0.1 * (2.0 * PI * 3_000.0 * t).sin()
        } else {
            0.0
        };
        (chirp + tone + if n.is_multiple_of(500) { 0.3 } else { 0.0 }) as f32
    };
    (0..6_000).map(sample).collect()
}

fn mel() -> LogMel {
    LogMel::new(&LogMelConfig {
        bands: 40,
        ..LogMelConfig::default()
    })
}

fn worst(found: &Spectrogram, wanted: &Spectrogram) -> f32 {
    assert_eq!((found.bands, found.frames), (wanted.bands, wanted.frames));
    found
        .values
        .iter()
        .zip(&wanted.values)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
}

#[test]
fn log_mel_and_mfcc_are_librosas() {
    let found = mel().compute(&sound());
    let error = worst(&found, &reference(include_str!("reference/log_mel.csv")));
    assert!(error < 1e-3, "log-mel differs by {error}");
    let error = worst(&found.mfcc(20), &reference(include_str!("reference/mfcc.csv")));
    assert!(error < 2e-3, "mfcc differs by {error}");
}

#[test]
fn blocks_give_what_the_whole_gives() {
    let mel = mel();
    for length in [0, 1, 255, 256, 600, 6_000] {
        let sound = &sound()[..length];
        let whole = mel.compute(sound);
        assert_eq!(whole.frames, mel.config().frames(length));
        for size in [1, 100, 256, 4_096] {
            let (mut stream, mut frames) = (mel.stream(), Vec::new());
            sound
                .chunks(size)
                .for_each(|block| stream.push(block, &mut frames));
            stream.finish(&mut frames);
            assert_eq!(
                Spectrogram::from_frames(40, &frames),
                whole,
                "{length} samples by {size}"
            );
        }
    }
}

#[test]
fn silence_lies_on_the_floor_and_a_tone_in_its_band() {
    let mel = mel();
    assert!(
        mel.compute(&[0.0; 5_000])
            .values
            .iter()
            .all(|&v| v == LOG_FLOOR.ln())
    );
    let tone: Vec<f32> = (0..16_000)
        .map(|n| (n as f32 * 1_000.0 * 2.0 * PI as f32 / 16_000.0).sin())
        .collect();
    let found = mel.compute(&tone);
    let summary = found.mean_and_deviation();
    assert_eq!(summary.len(), 80);
    let loudest = (0..40)
        .max_by(|&a, &b| summary[a].total_cmp(&summary[b]))
        .unwrap();
    // 1 kHz is mel 15 of 0.45 … 45.2: band 15 / (44.8 / 41) - 1 = 12.3.
    assert!((12..=13).contains(&loudest), "band {loudest}");
    assert!(summary[40 + loudest] < 1.0);
}

#[test]
#[should_panic(expected = "mel bands from 30 to 8000 Hz do not fit into 0 to 4000 Hz")]
fn bands_beyond_nyquist_are_a_mistake() {
    LogMel::new(&LogMelConfig {
        sample_rate: 8_000,
        ..LogMelConfig::default()
    });
}

fn power(samples: &[f32]) -> f64 {
    samples.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / samples.len() as f64
}

#[test]
fn crops_come_from_anywhere_and_repeat_what_is_short() {
    let ramp: Vec<f32> = (0..100).map(|n| n as f32).collect();
    let mut starts: Vec<usize> = (0..2_000)
        .map(|i| {
            let crop = random_crop(&ramp, 90, &mut nn::random(1, &format!("crop {i}")));
            assert!(crop.len() == 90 && crop.windows(2).all(|pair| pair[1] == pair[0] + 1.0));
            crop[0] as usize
        })
        .collect();
    starts.sort_unstable();
    starts.dedup();
    assert_eq!(starts, (0..=10).collect::<Vec<_>>());
    let mut random = nn::random(1, "crop");
    let long = random_crop(&ramp, 250, &mut random);
    assert!(long.windows(2).all(|pair| pair[1] == (pair[0] + 1.0) % 100.0));
    assert_eq!(random_crop(&[], 5, &mut random), [0.0; 5]);
    let spectrogram = Spectrogram {
        bands: 2,
        frames: 3,
        values: vec![0., 1., 2., 10., 11., 12.],
    };
    let crop = random_crop_frames(&spectrogram, 7, &mut random);
    assert_eq!((crop.bands, crop.frames), (2, 7));
    assert!(
        crop.band(0)
            .iter()
            .zip(crop.band(1))
            .all(|(low, high)| low + 10.0 == *high)
    );
    assert_eq!(random_crop_frames(&spectrogram, 3, &mut random), spectrogram);
}

#[test]
fn noise_has_the_ratio_asked_for() {
    let clean = sound();
    for ratio in [0.0, 10.0, 30.0] {
        let mut noisy = clean.clone();
        random_noise(&mut noisy, ratio..=ratio, &mut nn::random(2, "noise"));
        let noise: Vec<f32> = noisy.iter().zip(&clean).map(|(a, b)| a - b).collect();
        let found = 10.0 * (power(&clean) / power(&noise)).log10();
        assert!((found - f64::from(ratio)).abs() < 0.01, "{found} dB");
    }
    let mut silence = vec![0.0; 100];
    random_noise(&mut silence, 0.0..=10.0, &mut nn::random(2, "noise"));
    mix(&mut silence, &[1.0], 0.0);
    assert_eq!(silence, vec![0.0; 100]);
}

#[test]
fn gain_shift_and_speed_do_what_they_say() {
    let mut random = nn::random(3, "gain");
    let mut loud = sound();
    random_gain(&mut loud, -6.0..=-6.0, &mut random);
    assert!((power(&loud) / power(&sound()) - 0.2512).abs() < 1e-3);
    let mut seen = std::collections::BTreeSet::new();
    for i in 0..500 {
        let mut one = [0.0, 0.0, 1.0, 2.0, 0.0, 0.0];
        random_shift(&mut one, 2, &mut nn::random(3, &format!("shift {i}")));
        assert_eq!(one.iter().sum::<f32>(), 3.0);
        seen.insert(one.iter().position(|&v| v == 1.0).unwrap());
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    random_shift(&mut [], 10, &mut random);
    assert_eq!(
        random_speed(&sound(), 1.25..=1.25, &mut random).unwrap().len(),
        4_800
    );
}

#[test]
fn masks_cover_what_they_may_and_the_same_seed_the_same() {
    let plain = mel().compute(&sound());
    let masks = SpecAugment {
        time_masks: 1,
        time_width: 100,
        frequency_masks: 1,
        frequency_width: 5,
    };
    let mut covered = [0usize; 2];
    for i in 0..200 {
        let mut first = plain.clone();
        masks.apply(&mut first, &mut nn::random(4, &format!("item {i}")));
        let mut again = plain.clone();
        masks.apply(&mut again, &mut nn::random(4, &format!("item {i}")));
        assert_eq!(first, again);
        let changed = |band: usize, frame: usize| {
            first.values[band * plain.frames + frame] != plain.values[band * plain.frames + frame]
        };
        let columns = (0..plain.frames)
            .filter(|&t| (0..40).all(|b| changed(b, t)))
            .count();
        let rows = (0..40)
            .filter(|&b| (0..plain.frames).all(|t| changed(b, t)))
            .count();
        // A fifth of 24 frames is less than the 100 that were allowed.
        assert!(
            columns <= plain.frames / 5 && rows <= 5,
            "{columns} frames, {rows} bands"
        );
        covered = [covered[0].max(columns), covered[1].max(rows)];
    }
    assert_eq!(covered, [plain.frames / 5, 5]);
    let mut empty = Spectrogram {
        bands: 0,
        frames: 0,
        values: vec![],
    };
    masks.apply(&mut empty, &mut nn::random(4, "empty"));
}
