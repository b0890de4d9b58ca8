//! Every format gives back the tone that went in.
#![allow(clippy::unwrap_used)] // the helpers of tests, too, may panic

use std::f64::consts::PI;
use std::path::{Path, PathBuf};

use audio::{Clip, Reader, Warning, load, write_wav};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

fn sine(frequency: f64, rate: u32, count: usize) -> Vec<f32> {
    let step = 2.0 * PI * frequency / f64::from(rate);
    (0..count)
        .map(|n| (0.5 * (n as f64 * step).sin()) as f32)
        .collect()
}

/// Amplitude of `frequency` in the middle half of a clip, and the root mean square of all that remains.
fn analyse(clip: &Clip, frequency: f64) -> (f64, f64) {
    let middle = &clip.samples[clip.samples.len() / 4..clip.samples.len() * 3 / 4];
    let step = 2.0 * PI * frequency / f64::from(clip.sample_rate);
    let (mut sine, mut cosine) = (0.0, 0.0);
    for (n, &v) in middle.iter().enumerate() {
        sine += f64::from(v) * (n as f64 * step).sin() * 2.0 / middle.len() as f64;
        cosine += f64::from(v) * (n as f64 * step).cos() * 2.0 / middle.len() as f64;
    }
    let rest = |(n, &v): (usize, &f32)| {
        (f64::from(v) - sine * (n as f64 * step).sin() - cosine * (n as f64 * step).cos()).powi(2)
    };
    let rest = middle.iter().enumerate().map(rest).sum::<f64>() / middle.len() as f64;
    (sine.hypot(cosine), rest.sqrt())
}

#[test]
fn every_format_holds_its_tone() {
    // Lossy codecs may add their padding: up to two packets.
    let cases = [
        ("tone.mp3", 1.0, 0.06),
        ("tone.flac", 1.0, 0.0),
        ("tone.ogg", 1.0, 0.0),
        ("tone.m4a", 1.0, 0.05),
        ("tone.aac", 1.0, 0.07),
        ("tone.aiff", 0.8, 0.0),
        ("tone.au", 1.0, 0.0),
    ];
    for (name, seconds, padding) in cases {
        let mut reader = Reader::open(fixture(name), 16_000).unwrap();
        let mut samples = Vec::new();
        for block in &mut reader {
            samples.extend(block.unwrap());
        }
        assert_eq!(reader.warnings(), [], "{name}");
        let clip = Clip {
            samples,
            sample_rate: 16_000,
        };
        let found = clip.seconds();
        assert!(
            (seconds..=seconds + padding).contains(&found),
            "{name}: {found} s"
        );
        // LAME plays at 0.95, and ffmpeg's aac is noisy. Any other tone would leave 0.35 as the remainder.
        let (amplitude, rest) = analyse(&clip, 440.0);
        assert!((amplitude - 0.5).abs() < 0.03, "{name}: amplitude {amplitude}");
        assert!(rest < 0.05, "{name}: remainder {rest}");
        assert_eq!(load(fixture(name), 16_000).unwrap(), clip, "{name}");
    }
}

#[test]
fn variable_bit_rate_without_a_tag_is_read_to_its_end() {
    let seconds = load(fixture("variable.mp3"), 16_000).unwrap().seconds();
    assert!((2.0..2.15).contains(&seconds), "{seconds} s");
}

#[test]
fn content_counts_and_not_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let misnamed = folder.path().join("song.wav");
    std::fs::copy(fixture("tone.mp3"), &misnamed).unwrap();
    assert_eq!(
        load(misnamed, 8_000).unwrap(),
        load(fixture("tone.mp3"), 8_000).unwrap()
    );
}

#[test]
fn wav_round_trip_is_exact_to_16_bits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new folder/tone.wav");
    let tone = sine(1000.0, 16_000, 5_000);
    write_wav(&path, &tone, 16_000).unwrap();
    let back = load(&path, 16_000).unwrap().samples;
    assert_eq!(back.len(), tone.len());
    let worst = tone
        .iter()
        .zip(&back)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max);
    assert!(worst <= 0.5 / 32768.0, "{worst}");
    // What was read is written without change, at both ends of the scale too.
    let extremes = [0.0, -1.0, 32767.0 / 32768.0, 1.5, -1.5];
    write_wav(&path, &extremes, 16_000).unwrap();
    let back = load(&path, 16_000).unwrap().samples;
    assert_eq!(back, [0.0, -1.0, 32767.0 / 32768.0, 32767.0 / 32768.0, -1.0]);
    // Nothing but the finished file is left in the folder.
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    assert_eq!(hound::WavReader::open(&path).unwrap().spec().bits_per_sample, 16);
}

fn hound_file(path: &Path, channels: u16, bits: u16, format: hound::SampleFormat, samples: &[f32]) {
    let spec = hound::WavSpec {
        channels,
        sample_rate: 11_025,
        bits_per_sample: bits,
        sample_format: format,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for &sample in samples {
        for _ in 0..channels {
            match format {
                hound::SampleFormat::Float => writer.write_sample(sample).unwrap(),
                hound::SampleFormat::Int => {
                    let scale = 2f32.powi(i32::from(bits) - 1);
                    writer.write_sample((sample * scale) as i32).unwrap();
                }
            }
        }
    }
    writer.finalize().unwrap();
}

#[test]
fn wav_of_every_width_and_channel_count() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wav");
    let tone = sine(440.0, 11_025, 3_000);
    use hound::SampleFormat::{Float, Int};
    for (channels, bits, format) in [
        (1, 8, Int),
        (2, 16, Int),
        (6, 24, Int),
        (1, 32, Int),
        (48, 16, Int),
        (2, 32, Float),
        (48, 32, Float),
    ] {
        hound_file(&path, channels, bits, format, &tone);
        let back = load(&path, 11_025).unwrap().samples;
        assert_eq!(back.len(), tone.len());
        let worst = tone
            .iter()
            .zip(&back)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(
            worst <= 1.01 / 2f32.powi(i32::from(bits.min(24)) - 1),
            "{channels} × {bits} {format:?}: {worst}"
        );
    }
}

#[test]
fn channels_are_averaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wav");
    let spec = hound::WavSpec {
        channels: 48,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    for i in 0..48 * 100 {
        writer
            .write_sample(if i % 48 == 7 { 16_384i16 } else { 0 })
            .unwrap();
    }
    writer.finalize().unwrap();
    assert_eq!(load(&path, 8_000).unwrap().samples, vec![0.5 / 48.0; 100]);
}

/// A .au file of `code` with data as given, and its length unknown if so wished.
fn au(code: u32, length: u32, data: &[u8]) -> Vec<u8> {
    let mut bytes = b".snd".to_vec();
    for word in [28, length, code, 8_000, 1, 0] {
        bytes.extend(u32::to_be_bytes(word));
    }
    bytes.extend(data);
    bytes
}

#[test]
fn au_in_every_encoding() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.au");
    let quarter = 0.25f64;
    let scaled = (quarter * 2f64.powi(31)) as i32;
    let cases: [(u32, Vec<u8>, f32); 8] = [
        // What Python's audioop gives for these two.
        (1, vec![0x9F], 8316.0 / 32768.0),
        (2, vec![0x20], 0.25),
        (3, scaled.to_be_bytes()[..2].to_vec(), 0.25),
        (4, scaled.to_be_bytes()[..3].to_vec(), 0.25),
        (5, scaled.to_be_bytes().to_vec(), 0.25),
        (6, (quarter as f32).to_be_bytes().to_vec(), 0.25),
        (7, quarter.to_be_bytes().to_vec(), 0.25),
        (27, vec![0x30], -11_008.0 / 32768.0),
    ];
    for (code, number, value) in cases {
        let data = number.repeat(50);
        for length in [data.len() as u32, u32::MAX] {
            std::fs::write(&path, au(code, length, &data)).unwrap();
            let found = load(&path, 8_000).unwrap().samples;
            assert_eq!(found, vec![value; 50], "encoding {code}");
        }
    }
}

#[test]
fn one_sample_is_a_sound() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wav");
    write_wav(&path, &[0.5], 8_000).unwrap();
    assert_eq!(load(&path, 8_000).unwrap().samples, [0.5]);
    assert_eq!(load(&path, 16_000).unwrap().samples.len(), 2);
    assert_eq!(load(&path, 4_000).unwrap().samples.len(), 1);
}

#[test]
fn truncated_files_give_what_is_there_and_say_so() {
    let folder = tempfile::tempdir().unwrap();
    // An m4a keeps its index at the end and an aac says nothing about its length.
    for name in ["tone.mp3", "tone.flac", "tone.ogg", "tone.aiff", "tone.au"] {
        let path = folder.path().join(name);
        let bytes = std::fs::read(fixture(name)).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() * 4 / 5]).unwrap();
        let mut reader = Reader::open(&path, 16_000).unwrap();
        let count: usize = (&mut reader).map(|block| block.unwrap().len()).sum();
        let seconds = count as f64 / 16_000.0;
        assert!((0.1..0.9).contains(&seconds), "{name}: {seconds} s");
        let warnings = reader.warnings();
        assert!(
            matches!(warnings[0], Warning::Truncated { seconds: there, .. } if (there - seconds).abs() < 0.1),
            "{name}: {warnings:?}"
        );
        assert!(warnings[0].to_string().starts_with("cut off"), "{}", warnings[0]);
    }
}
