//! What is no sound is refused with a message that says what it is and what to do.
#![allow(clippy::unwrap_used)] // the helpers of tests, too, may panic

use std::path::{Path, PathBuf};

use audio::{AudioError, Reader, load, write_wav};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// Writes `bytes` as `name` and returns the message of loading it, less the path in front.
fn message(name: &str, bytes: &[u8]) -> String {
    let folder = folder();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    refused(&path)
}

fn refused(path: &Path) -> String {
    let message = match load(path, 16_000) {
        Ok(clip) => panic!("{} s read from {}", clip.seconds(), path.display()),
        Err(error) => error.to_string(),
    };
    let start = format!("{}: ", path.display());
    message
        .strip_prefix(&start)
        .unwrap_or_else(|| panic!("no path in front: {message}"))
        .to_string()
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures")
            .join(name),
    )
    .unwrap()
}

#[test]
fn paths_that_lead_to_no_file() {
    let folder = folder();
    assert_eq!(
        refused(&folder.path().join("gone.wav")),
        "no such file; check the spelling, and that the path is relative to the folder you run in"
    );
    assert_eq!(
        refused(folder.path()),
        "not a file but a folder; name one audio file"
    );
}

#[cfg(unix)]
#[test]
fn unreadable_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let path = folder.path().join("secret.wav");
    write_wav(&path, &[0.1; 100], 8_000).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o000)).unwrap();
    // The superuser may read everything; there is nothing to refuse then.
    if std::fs::File::open(&path).is_err() {
        assert_eq!(
            refused(&path),
            "permission denied; make it accessible to you (on Unix: chmod u+rw)"
        );
    }
}

#[cfg(unix)]
#[test]
fn devices_are_not_waited_for() {
    assert_eq!(
        refused(Path::new("/dev/zero")),
        "not a file but a pipe or device; name one audio file"
    );
}

#[test]
fn other_files_under_an_audio_name() {
    let expected = "expected wav, flac, mp3, ogg, m4a, aac, aiff or au";
    for (bytes, looks_like) in [
        (&b"These are notes about the song.\n"[..], "text"),
        (
            "Ein Text mit \u{fc} und einem Rest \u{20ac}"
                .as_bytes()
                .split_last()
                .unwrap()
                .1,
            "text",
        ),
        (
            b"<!DOCTYPE html><html>404</html>",
            "a web page (a download that went wrong)",
        ),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a picture"),
        (b"\xFF\xD8\xFF\xE0\0\x10JFIF", "a picture"),
        (b"PK\x03\x04\x14\0\0\0", "a compressed archive; unpack it first"),
        (b"MThd\0\0\0\x06\0\x01", "MIDI (notes, not sound)"),
        (&[0; 4096], "nothing but zero bytes"),
        (b"\x07\x01\x80\x99 what is this", "unknown data"),
        (b"RIFF\x10\0\0\0AVI LIST", "unknown data"),
    ] {
        assert_eq!(
            message("a.wav", bytes),
            format!("not an audio file: it looks like {looks_like}; {expected}")
        );
    }
}

#[test]
fn nothing_inside() {
    assert_eq!(
        message("a.wav", b""),
        "the file is empty (0 bytes); copy or download it again"
    );
    let folder = folder();
    let path = folder.path().join("a.wav");
    write_wav(&path, &[], 8_000).unwrap();
    let none = "holds no sound (0 samples); record or export it again, or leave it out";
    assert_eq!(refused(&path), none);
    assert_eq!(message("a.au", &fixture("tone.au")[..44]), none);
}

#[test]
fn headers_that_contradict_themselves() {
    let wav = |change: &dyn Fn(&mut Vec<u8>)| {
        let folder = folder();
        let path = folder.path().join("a.wav");
        write_wav(&path, &[0.1; 50], 8_000).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        change(&mut bytes);
        message("a.wav", &bytes)
    };
    let again = "; copy or download it again";
    assert_eq!(
        wav(&|b| b.truncate(30)),
        format!("damaged: the file ends inside its header{again}")
    );
    assert_eq!(
        wav(&|b| b.truncate(36)),
        format!("damaged: no `data` chunk: the samples are missing{again}")
    );
    assert_eq!(
        wav(&|b| b[22] = 0),
        format!("damaged: the header says 0 channels{again}")
    );
    assert_eq!(
        wav(&|b| b[27] = 1),
        format!("damaged: the header says 16785216 samples a second{again}")
    );
    assert_eq!(
        wav(&|b| b[24..28].fill(0)),
        format!("damaged: the header says 0 samples a second{again}")
    );
    assert_eq!(
        wav(&|b| b[20] = 2),
        "wav encoding 0x0002 cannot be read; convert it, for example: ffmpeg -i IN out.flac"
    );
    assert_eq!(
        wav(&|b| b[34] = 64),
        "64 bits a sample cannot be read; convert it, for example: ffmpeg -i IN out.flac"
    );
}

#[test]
fn compressed_files_of_which_nothing_is_left() {
    let cut = "damaged: it was cut off before its first sound could be found; copy or download it again";
    for (name, bytes) in [
        ("tone.ogg", 1_000),
        ("tone.m4a", 5_000),
        ("tone.mp3", 20),
        ("tone.flac", 40),
    ] {
        assert_eq!(message(name, &fixture(name)[..bytes]), cut, "{name}");
    }
    let mut noise = fixture("tone.flac");
    noise[42..].fill(0x55);
    let found = message("noise.flac", &noise);
    assert!(
        found.starts_with("damaged: ") || found.starts_with("holds no sound"),
        "{found}"
    );
}

#[test]
fn samples_that_are_no_numbers() {
    let folder = folder();
    let path = folder.path().join("a.wav");
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 8_000,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    for (bad, shown) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf"), (-32_000.0, "-16000")] {
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        for i in 0..40_000 {
            writer
                .write_sample(if i == 24_000 { bad } else { 0.0f32 })
                .unwrap();
        }
        writer.finalize().unwrap();
        assert_eq!(
            refused(&path),
            format!(
                "sample 12000 (1.500 s) is {shown}, not a sound between -1 and 1; repair or rescale the file \
                 (integers written as floats need dividing by 32768)"
            )
        );
        // What comes before is given, then the error, then nothing more.
        let blocks: Vec<_> = Reader::open(&path, 8_000).unwrap().collect();
        assert_eq!(blocks.iter().filter(|block| block.is_err()).count(), 1);
        assert!(blocks.last().unwrap().is_err() && blocks[0].is_ok());
    }
}

#[test]
fn writing_refuses_what_cannot_be_written() {
    let folder = folder();
    let path = folder.path().join("a.wav");
    let error = write_wav(&path, &[0.0, f32::NAN], 8_000).unwrap_err();
    assert!(matches!(error, AudioError::BadSample { index: 1, .. }), "{error}");
    assert!(!path.exists());
    std::fs::create_dir(&path).unwrap();
    assert!(write_wav(&path, &[0.0], 8_000).is_err());
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    assert!(write_wav(file.join("a.wav"), &[0.0], 8_000).is_err());
    // Nothing half-written stays behind.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}
