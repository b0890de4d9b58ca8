//! Thousands of damaged files: whatever the damage, an answer, no panic, no hang, no flood of memory.
#![allow(clippy::unwrap_used)] // the helpers of tests, too, may panic

use std::path::Path;

use audio::Reader;
use rand::Rng;

/// Flipped bytes, a cut, a stretch of noise, or two of these.
fn damage(bytes: &mut Vec<u8>, random: &mut nn::Random) {
    for _ in 0..random.random_range(1..=2) {
        let length = bytes.len().max(1);
        match random.random_range(0..4) {
            0 => bytes.truncate(random.random_range(0..length)),
            // The header is where damage does most.
            1 => (0..random.random_range(1..4)).for_each(|_| {
                let at = random.random_range(0..length.min(64));
                bytes
                    .iter_mut()
                    .skip(at)
                    .take(1)
                    .for_each(|byte| *byte = random.random());
            }),
            2 => (0..random.random_range(1..30)).for_each(|_| {
                let at = random.random_range(0..length);
                bytes
                    .iter_mut()
                    .skip(at)
                    .take(1)
                    .for_each(|byte| *byte ^= 1 << random.random_range(0..8));
            }),
            _ => {
                let at = random.random_range(0..length);
                bytes
                    .iter_mut()
                    .skip(at)
                    .take(random.random_range(1..500))
                    .for_each(|byte| *byte = random.random());
            }
        }
    }
}

#[test]
fn damaged_files_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let path = folder.path().join("damaged");
    // KINDLING_DAMAGE=2000 for a thorough search.
    let rounds = std::env::var("KINDLING_DAMAGE").map_or(60, |n| n.parse().unwrap());
    for name in [
        "tone.mp3",
        "tone.flac",
        "tone.ogg",
        "tone.m4a",
        "tone.aac",
        "tone.aiff",
        "tone.au",
    ] {
        let whole = std::fs::read(fixtures.join(name)).unwrap();
        let (mut refused, mut read) = (0, 0);
        for round in 0..rounds {
            let mut bytes = whole.clone();
            damage(&mut bytes, &mut nn::random(5, &format!("{name} {round}")));
            std::fs::write(&path, &bytes).unwrap();
            let result = Reader::open(&path, 16_000).and_then(|reader| {
                let mut samples = 0;
                for block in reader {
                    let block = block?;
                    assert!(block.iter().all(|v| v.is_finite()), "{name} {round}");
                    samples += block.len();
                }
                Ok(samples)
            });
            match result {
                Ok(samples) => {
                    // At the lowest rate a header may claim, 100 Hz, these 13 kB last two minutes.
                    assert!(
                        samples > 0 && samples < 200 * 16_000,
                        "{name} {round}: {samples} samples"
                    );
                    read += 1;
                }
                Err(error) => {
                    assert!(
                        error.to_string().starts_with(&path.display().to_string()),
                        "{name} {round}: {error}"
                    );
                    refused += 1;
                }
            }
        }
        println!("{name}: {read} read, {refused} refused");
        assert!(
            read > 0 && refused > 0,
            "{name}: the damage is too weak or too strong to try anything"
        );
    }
}
