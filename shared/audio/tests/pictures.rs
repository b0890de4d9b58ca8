//! Pictures are written whole, whatever is drawn.
#![allow(clippy::unwrap_used)] // the helpers of tests, too, may panic

use std::path::Path;

use audio::{
    Detection, DetectionPicture, LogMel, LogMelConfig, PosteriorPicture, Spectrogram, TimelinePicture,
    save_spectrogram,
};

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

/// The pixels of a PNG from `left` to `right` in a row.
fn row(png: &[u8], y: usize, left: usize, right: usize) -> Vec<[u8; 3]> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let start = 3 * y * info.width as usize;
    let line = &pixels[start + 3 * left..start + 3 * right];
    line.chunks(3)
        .map(|pixel| [pixel[0], pixel[1], pixel[2]])
        .collect()
}

#[test]
fn posteriors_of_any_symbols() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("picture.png");
    let (spectrogram, config) = (chirp(), LogMelConfig::default());
    for (symbols, steps, found) in [(0, 0, 0), (1, 1, 1), (3, 0, 5), (29, 120, 60), (500, 900, 900)] {
        let names: Vec<String> = (0..symbols).map(|i| "\u{fc}ber".repeat(i % 9 + 1)).collect();
        let mut probabilities = vec![vec![1.0 / symbols.max(1) as f32; symbols]; steps];
        if let Some(first) = probabilities.first_mut() {
            *first = vec![f32::NAN, -1.0, 7.0, f32::INFINITY];
        }
        let at = |i: usize| {
            (
                f64::from(i as u32) * 0.1,
                f64::from(i as u32) * 0.1 + 0.05,
                "long".repeat(i % 20),
            )
        };
        let mut found: Vec<_> = (0..found).map(at).collect();
        found.extend([
            (f64::NAN, 1.0, "x".into()),
            (-5.0, f64::INFINITY, " ".into()),
            (3.0, 1.0, "".into()),
        ]);
        for seconds_per_step in [0.04, 0.0] {
            let picture = PosteriorPicture {
                title: "any",
                symbols: &names,
                probabilities: &probabilities,
                seconds_per_step,
                found: &found,
                truth: (symbols > 1).then_some("what was said"),
                spectrogram: &spectrogram,
                config: &config,
            };
            picture.save(&path).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), picture.png().unwrap());
            let (width, height, inked) = look(&path);
            assert_eq!(width, 1280);
            assert!(
                (400..1_000).contains(&height) && inked > 0.2,
                "{height} high, {inked}"
            );
        }
    }
}

/// The likeliest symbol is the darkest, at its time; a peak of one step among thousands is seen.
#[test]
fn posteriors_are_where_they_belong() {
    let config = LogMelConfig::default();
    let (symbols, spectrogram) = (["blank", "n", "o"].map(String::from), chirp());
    for steps in [10, 20_000] {
        let mut probabilities = vec![vec![1.0, 0.0, 0.0]; steps];
        probabilities[steps / 2] = vec![0.0, 1.0, 0.0];
        let picture = PosteriorPicture {
            title: "one peak",
            symbols: &symbols,
            probabilities: &probabilities,
            seconds_per_step: spectrogram.frames as f64 / config.frame_rate() / steps as f64,
            found: &[],
            truth: None,
            spectrogram: &spectrogram,
            config: &config,
        };
        let png = picture.png().unwrap();
        // Three rows of 24 pixels from 70 on, and 1050 columns from 110 on.
        let dark = |number: usize| -> Vec<usize> {
            let pixels = row(&png, 70 + 24 * number + 12, 110, 1_160);
            (0..1_050).filter(|&x| pixels[x][0] < 60).collect()
        };
        let peak = dark(1);
        assert!((525..=526).contains(peak.first().unwrap()), "{peak:?}");
        assert_eq!(peak.len(), if steps == 10 { 105 } else { 1 });
        assert!(dark(2).is_empty() && dark(0).len() >= 945);
    }
}

#[test]
fn detections_of_any_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("picture.png");
    let config = LogMelConfig::default();
    let empty = Spectrogram {
        bands: 0,
        frames: 0,
        values: vec![],
    };
    for spectrogram in [&chirp(), &empty] {
        for count in [0, 1, 60, 500] {
            let detection = |i: usize| Detection {
                start: f64::from(i as u32) * 0.08,
                end: f64::from(i as u32) * 0.08 + 0.05,
                label: format!("word {} {}", i % 13, "\u{fc}ber".repeat(i % 20)),
                confidence: (i as f32).sin().abs(),
            };
            let mut detections: Vec<_> = (0..count).map(detection).collect();
            detections.push(Detection {
                start: f64::NAN,
                end: f64::NEG_INFINITY,
                label: String::new(),
                confidence: f32::NAN,
            });
            let picture = DetectionPicture {
                title: "any",
                detections: &detections,
                spectrogram,
                config: &config,
            };
            picture.save(&path).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), picture.png().unwrap());
            let (width, height, inked) = look(&path);
            assert_eq!(width, 1280);
            assert!(
                (480..800).contains(&height) && inked > 0.02,
                "{height} high, {inked}"
            );
        }
    }
}
