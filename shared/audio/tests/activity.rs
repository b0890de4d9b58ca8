//! Sounds are found where they are, and not where none is.
#![allow(clippy::unwrap_used)] // the helpers of tests, too, may panic

use std::ops::Range;

use audio::{trim, voice_activity};
use rand::Rng;

fn noise(seconds: f64, rate: u32, deviation: f32, place: &str) -> Vec<f32> {
    let mut random = nn::random(1, place);
    // Even noise of this width has the deviation asked for.
    let half = deviation * 3f32.sqrt();
    let count = (seconds * f64::from(rate)) as usize;
    (0..count).map(|_| random.random_range(-half..=half)).collect()
}

fn add(samples: &mut [f32], start: f64, rate: u32, sound: &[f32]) {
    let start = (start * f64::from(rate)) as usize;
    for (sample, sound) in samples[start..].iter_mut().zip(sound) {
        *sample += sound;
    }
}

fn tone(seconds: f64, rate: u32, deviation: f32, hz: f32) -> Vec<f32> {
    let amplitude = deviation * 2f32.sqrt();
    let step = hz * std::f32::consts::TAU / rate as f32;
    let count = (seconds * f64::from(rate)) as usize;
    (0..count).map(|n| amplitude * (n as f32 * step).sin()).collect()
}

fn seconds(found: &[Range<usize>], rate: u32) -> Vec<(f64, f64)> {
    let seconds = |samples: usize| samples as f64 / f64::from(rate);
    found
        .iter()
        .map(|range| (seconds(range.start), seconds(range.end)))
        .collect()
}

fn check(found: &[Range<usize>], wanted: &[(f64, f64)], rate: u32, what: &str) {
    let found = seconds(found, rate);
    assert_eq!(found.len(), wanted.len(), "{what}: {found:?}");
    for (found, wanted) in found.iter().zip(wanted) {
        let worst = (found.0 - wanted.0).abs().max((found.1 - wanted.1).abs());
        assert!(worst <= 0.03, "{what}: {found:?} is not {wanted:?}");
    }
}

#[test]
fn bursts_in_noise_are_found_to_30_ms() {
    let wanted = [(0.8, 0.85), (1.5, 2.1)];
    for rate in [8_000, 16_000, 44_100] {
        for decibels in [10.0, 20.0, 30.0] {
            let level = 0.003 * 10f32.powf(decibels / 20.0);
            for (kind, first, second) in [
                (
                    "tones",
                    tone(0.05, rate, level, 440.0),
                    tone(0.6, rate, level, 1_800.0),
                ),
                (
                    "noise",
                    noise(0.05, rate, level, "first"),
                    noise(0.6, rate, level, "second"),
                ),
            ] {
                let mut sound = noise(3.0, rate, 0.003, "background");
                add(&mut sound, wanted[0].0, rate, &first);
                add(&mut sound, wanted[1].0, rate, &second);
                let what = format!("{kind} at {decibels} dB, {rate} Hz");
                check(&voice_activity(&sound, rate), &wanted, rate, &what);
                let kept = trim(&sound, rate).unwrap();
                check(&[kept], &[(0.76, 2.14)], rate, &what);
                // The same with an offset, and much too loud.
                let offset: Vec<f32> = sound.iter().map(|v| v + 0.3).collect();
                check(
                    &voice_activity(&offset, rate),
                    &wanted,
                    rate,
                    &format!("{what}, offset"),
                );
                let clipped: Vec<f32> = sound.iter().map(|v| (30.0 * v).clamp(-1.0, 1.0)).collect();
                if decibels < 15.0 {
                    check(
                        &voice_activity(&clipped, rate),
                        &wanted,
                        rate,
                        &format!("{what}, clipped"),
                    );
                }
            }
        }
    }
}

#[test]
fn nothing_is_found_where_nothing_is() {
    let mut click = vec![0.0; 16_000];
    click[8_000] = 1.0;
    let mut click_in_noise = noise(3.0, 16_000, 0.01, "around");
    click_in_noise[20_000] = -1.0;
    let offset = vec![0.5; 16_000];
    for (what, sound) in [
        ("no sample", vec![]),
        ("digital silence", vec![0.0; 40_000]),
        ("one sample of silence", vec![0.0]),
        ("an offset", offset),
        ("a click", click),
        ("a click in noise", click_in_noise),
        ("noise", noise(60.0, 16_000, 0.1, "long")),
        ("short noise", noise(0.6, 16_000, 0.1, "short")),
        ("faint noise", noise(5.0, 16_000, 0.0001, "faint")),
        ("hum", tone(5.0, 16_000, 0.1, 50.0)),
        ("no numbers", vec![f32::NAN; 16_000]),
    ] {
        for rate in [16_000, 8_000] {
            let found = voice_activity(&sound, rate);
            assert!(found.is_empty(), "{what} at {rate} Hz: {found:?}");
            assert_eq!(trim(&sound, rate), None, "{what} at {rate} Hz");
        }
    }
}

/// A word cut out tightly has no silence to learn the background from, and a beep is no background.
#[test]
fn what_is_all_sound_is_kept_whole() {
    for rate in [8_000, 16_000] {
        // Swells and fades by 40 dB, twice.
        let mut word = tone(0.5, rate, 0.1, 300.0);
        let length = word.len() as f32;
        for (n, sample) in word.iter_mut().enumerate() {
            let phase = std::f32::consts::TAU * (2.0 * n as f32 / length);
            *sample *= 10f32.powf(-1.0 - phase.cos());
        }
        assert_eq!(trim(&word, rate), Some(0..word.len()));
        for beep in [tone(0.05, rate, 0.1, 500.0), tone(0.3, rate, 0.01, 500.0)] {
            assert_eq!(trim(&beep, rate), Some(0..beep.len()));
        }
    }
}

#[test]
fn sounds_in_digital_silence_are_found_soft_ones_too() {
    let rate = 16_000;
    let mut sound = vec![0.0; 3 * 16_000];
    add(&mut sound, 0.5, rate, &tone(0.6, rate, 0.2, 300.0));
    add(&mut sound, 2.0, rate, &tone(0.4, rate, 0.002, 300.0));
    check(
        &voice_activity(&sound, rate),
        &[(0.5, 1.1), (2.0, 2.4)],
        rate,
        "tones",
    );
}

/// An *s* 25 dB below the vowel, in a rumble that is louder than it: only its high frequencies give it away.
#[test]
fn weak_consonants_at_the_ends_are_found() {
    let rate = 16_000;
    let mut sound = tone(3.0, rate, 0.008, 120.0);
    add(&mut sound, 0.0, rate, &noise(3.0, rate, 0.0005, "hiss"));
    let white = noise(0.15, rate, 0.002, "s");
    let consonant: Vec<f32> = white.windows(2).map(|pair| pair[1] - pair[0]).collect();
    add(&mut sound, 1.0, rate, &consonant);
    add(&mut sound, 1.15, rate, &tone(0.3, rate, 0.05, 200.0));
    add(&mut sound, 1.45, rate, &consonant);
    check(&voice_activity(&sound, rate), &[(1.0, 1.6)], rate, "a word");
}

/// Pauses of a tenth of a second are inside a word, those of half a second between words.
#[test]
fn pauses_divide_words_but_closures_do_not() {
    let rate = 16_000;
    let mut sound = noise(4.0, rate, 0.002, "background");
    for start in [1.0, 1.3, 2.1] {
        add(&mut sound, start, rate, &tone(0.2, rate, 0.1, 400.0));
    }
    check(
        &voice_activity(&sound, rate),
        &[(1.0, 1.5), (2.1, 2.3)],
        rate,
        "words",
    );
}

/// Noise that grows by 20 dB in a minute, a word every two seconds.
#[test]
fn the_background_is_followed() {
    let rate = 8_000;
    let mut sound = noise(60.0, rate, 0.002, "background");
    let length = sound.len() as f32;
    for (n, sample) in sound.iter_mut().enumerate() {
        *sample *= 10f32.powf(n as f32 / length);
    }
    let mut wanted = Vec::new();
    for word in 0..29 {
        let start = 1.0 + 2.0 * f64::from(word);
        let level = 0.02 * 10f32.powf(start as f32 / 60.0);
        add(&mut sound, start, rate, &tone(0.5, rate, level, 400.0));
        wanted.push((start, start + 0.5));
    }
    check(
        &voice_activity(&sound, rate),
        &wanted,
        rate,
        "words in growing noise",
    );
}

#[test]
fn strange_input_is_no_trouble() {
    let mut sound = noise(1.0, 16_000, 0.001, "background");
    add(&mut sound, 0.4, 16_000, &tone(0.2, 16_000, 0.1, 400.0));
    sound[100] = f32::NAN;
    sound[200] = f32::INFINITY;
    sound[300] = f32::MIN;
    let kept = trim(&sound, 16_000).unwrap();
    assert!((9_600..=10_720).contains(&kept.end), "{kept:?}");
    for rate in [0, 1, 99, 100, u32::MAX] {
        for length in [0, 1, 2, 160, 16_000] {
            for found in voice_activity(&sound[..length], rate) {
                assert!(found.start < found.end && found.end <= length);
            }
        }
    }
}
