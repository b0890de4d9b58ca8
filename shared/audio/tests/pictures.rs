//! Pictures are written whole, whatever is drawn.
#![allow(clippy::unwrap_used)] // the helpers of tests, too, may panic

use std::path::Path;

use audio::{LogMel, LogMelConfig, Spectrogram, TimelinePicture, save_spectrogram};

/// Size of a PNG, and the share of its pixels that are not white.
fn look(path: &Path) -> (u32, u32, f64) {
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let inked = pixels.chunks(3).filter(|pixel| pixel != &[255, 255, 255]).count();
    (info.width, info.height, inked as f64 / (pixels.len() / 3) as f64)
}

fn chirp() -> Spectrogram {
    let sound: Vec<f32> = (0..80_000).map(|n| (n as f32 * n as f32 * 1e-5).sin()).collect();
    LogMel::new(&LogMelConfig::default()).compute(&sound)
}

#[test]
fn spectrograms_of_any_size() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/picture.png");
    let config = LogMelConfig::default();
    let long = Spectrogram {
        bands: 64,
        frames: 700_000,
        values: vec![-3.0; 64 * 700_000],
    };
    let strange = Spectrogram {
        bands: 2,
        frames: 3,
        values: vec![f32::NAN, 1.0, f32::INFINITY, 0.0, -5.0, 2.0],
    };
    let empty = Spectrogram {
        bands: 0,
        frames: 0,
        values: vec![],
    };
    for (name, spectrogram) in [
        ("chirp", chirp()),
        ("long", long),
        ("strange", strange),
        ("empty", empty),
    ] {
        save_spectrogram(&path, name, &spectrogram, &config).unwrap();
        let (width, height, inked) = look(&path);
        assert_eq!((width, height), (1280, 480), "{name}");
        assert!((0.01..0.9).contains(&inked), "{name}: {inked}");
    }
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    assert!(save_spectrogram(folder.path(), "a folder", &chirp(), &config).is_err());
}

#[test]
fn timelines_of_any_classes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("picture.png");
    let (spectrogram, config) = (chirp(), LogMelConfig::default());
    let name = |i: usize| format!("class {i} {}", "\u{fc}ber ".repeat(i));
    for (classes, steps) in [(0, 0), (1, 1), (3, 0), (2, 5), (9, 2), (40, 3_000)] {
        let names: Vec<String> = (0..classes).map(name).collect();
        let mut probabilities = vec![vec![1.0 / classes.max(1) as f32; classes]; steps];
        if let Some(first) = probabilities.first_mut() {
            // Rows of another length or without sense are drawn as far as they go.
            *first = vec![f32::NAN, -1.0, 0.5];
        }
        let picture = TimelinePicture {
            title: &"a long title ".repeat(steps / 100 + 1),
            classes: &names,
            probabilities: &probabilities,
            seconds_per_step: 1.0,
            spectrogram: &spectrogram,
            config: &config,
        };
        picture.save(&path).unwrap();
        let (width, height, inked) = look(&path);
        assert_eq!((width, height), (1280, 720));
        assert!(inked > 0.3, "{classes} classes, {steps} steps: {inked}");
    }
}
