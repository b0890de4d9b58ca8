//! The genre classifier: what it reaches, how it survives, what it says of bad input.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic, in its helpers too"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use testing::{Place, place, root, text, wav};

const NAME: &str = "genre-classifier";
const RUN: &str = "runs/genre-classifier/001";
/// The data made here, by name: a bare command may train on yours by now.
const MADE: [&str; 3] = ["train", "--data", "made-music"];

#[test]
fn it_names_genres_of_artists_never_heard_and_a_linear_model_does_not() {
    let place = place!();
    place.succeed(&MADE);
    let result = place.json(&format!("{RUN}/result.json"));
    let accuracy = result["metrics"]["accuracy"].as_f64().unwrap();
    assert!(accuracy >= 0.85, "accuracy {accuracy}");
    assert!(result["metrics"]["macro_f1"].as_f64().unwrap() >= 0.85);
    assert!(
        result["baselines"]["linear"].as_f64().unwrap() <= 0.50,
        "the data is too easy: {}",
        result["baselines"]
    );
    assert!(result["baselines"]["majority"].as_f64().unwrap() <= 0.15);
    assert!(result["parameters"].as_u64().unwrap() <= 150_000);
    let report = String::from_utf8(place.bytes(&format!("{RUN}/report.html"))).unwrap();
    for section in [
        "Result on the test set",
        "Confusion matrix",
        "Worst mistakes",
        "Learning curves",
        "About the data",
    ] {
        assert!(report.contains(section), "the report lacks {section:?}");
    }

    // Files of every format, of which this crate knows only that they are a tone of about one second.
    let fixtures = root().join("shared/audio/tests/fixtures");
    let mut inputs: Vec<PathBuf> = ["mp3", "ogg", "flac", "m4a", "aiff", "au"]
        .map(|kind| fixtures.join(format!("tone.{kind}")))
        .into();
    inputs.push(whole_and_cut(&place));
    inputs.push(long(&place));
    let inputs: Vec<&str> = inputs.iter().map(|path| path.to_str().unwrap()).collect();
    let said = place.succeed(&[&["predict", "--out", "pictures"], &inputs[..]].concat());
    assert_eq!(said.matches(" %  ").count(), 3 * inputs.len(), "{said}");
    let pictures: Vec<_> = fs::read_dir(place.path().join("pictures")).unwrap().collect();
    assert_eq!(pictures.len(), inputs.len());
    assert!(said.contains("1200.0 s"), "{said}");

    // One bad file among good ones: the good ones are answered, the bad one is named, the exit code tells.
    fs::write(
        place.path().join("poem.wav"),
        "Shall I compare thee to a summer's day?",
    )
    .unwrap();
    fs::write(place.path().join("nothing.mp3"), "").unwrap();
    let said = place.fail(&["predict", "poem.wav", inputs[0], "nothing.mp3", "absent.ogg"]);
    for part in [
        "poem.wav",
        "nothing.mp3",
        "absent.ogg",
        "3 of 4 files",
        "tone.mp3  1.",
    ] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
    // A model folder of another project.
    let foreign = place.path().join("foreign");
    fs::create_dir(&foreign).unwrap();
    let model = place.bytes(&format!("{RUN}/model.safetensors"));
    let at = model
        .windows(NAME.len())
        .position(|window| window == NAME.as_bytes())
        .unwrap();
    let mut other = model.clone();
    let another = "x".repeat(NAME.len());
    other[at..at + NAME.len()].copy_from_slice(another.as_bytes());
    fs::write(foreign.join("model.safetensors"), other).unwrap();
    let said = place.fail(&["predict", "--model", "foreign", inputs[0]]);
    assert!(said.contains(&another) && said.contains(NAME), "{said}");
    fs::write(foreign.join("model.safetensors"), &model[..model.len() / 2]).unwrap();
    let said = place.fail(&["predict", "--model", "foreign", inputs[0]]);
    assert!(said.contains("cut off"), "{said}");
}

/// The first half of an mp3: a download that broke off.
fn whole_and_cut(place: &Place) -> PathBuf {
    let whole = fs::read(root().join("shared/audio/tests/fixtures/tone.mp3")).unwrap();
    let path = place.path().join("cut.mp3");
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    path
}

/// Twenty minutes of beeps.
fn long(place: &Place) -> PathBuf {
    let rate = 4_000;
    let beep = |n: usize| {
        if (n / 2_000).is_multiple_of(2) {
            0.4 * (n as f32 * 0.9).sin()
        } else {
            0.0
        }
    };
    let path = place.path().join("long.wav");
    audio::write_wav(
        &path,
        &(0..1_200 * rate).map(beep).collect::<Vec<_>>(),
        rate as u32,
    )
    .unwrap();
    path
}

#[test]
fn killed_or_stopped_and_resumed_it_ends_as_if_nothing_had_happened() {
    let flags = [&MADE[..], &["--epochs", "4", "--device", "cpu"]].concat();
    let whole = place!();
    whole.succeed(&flags);
    let unbroken = whole.bytes(&format!("{RUN}/model.safetensors"));

    let killed = place!();
    let mut process = killed.start(&flags);
    killed.wait_for_epoch(RUN, 2);
    process.kill().unwrap();
    process.wait().unwrap();
    killed.succeed(&["train", "--resume", RUN]);
    assert_eq!(
        killed.bytes(&format!("{RUN}/model.safetensors")),
        unbroken,
        "killed"
    );
    let (result, expected) = (
        killed.json(&format!("{RUN}/result.json")),
        whole.json(&format!("{RUN}/result.json")),
    );
    assert_eq!(
        (&result["metrics"], &result["baselines"]),
        (&expected["metrics"], &expected["baselines"])
    );

    if cfg!(unix) {
        let stopped = place!();
        let process = stopped.start(&flags);
        stopped.wait_for_epoch(RUN, 1);
        let status = Command::new("kill")
            .args(["-INT", &process.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
        let output = process.wait_with_output().unwrap();
        let said = text(&output);
        assert_eq!(output.status.code(), Some(130), "{said}");
        assert!(
            said.contains(&format!("cargo run -p {NAME} -- train --resume {RUN}")),
            "{said}"
        );
        stopped.succeed(&["train", "--resume", RUN]);
        assert_eq!(
            stopped.bytes(&format!("{RUN}/model.safetensors")),
            unbroken,
            "stopped"
        );
    }
}

/// A folder of two genres, each with `count` clips of two seconds.
fn music(place: &Place, count: usize) -> PathBuf {
    let folder = place.path().join("music");
    for (genre, step) in [("low", 0.05f32), ("high", 0.5)] {
        for number in 0..count {
            let beat = 2_000 + 300 * number;
            let tone = |n: usize| 0.5 * (n as f32 * step).sin() * (1.0 - (n % beat) as f32 / beat as f32);
            let samples: Vec<f32> = (0..32_000).map(tone).collect();
            audio::write_wav(folder.join(genre).join(format!("{number}.wav")), &samples, 16_000).unwrap();
        }
    }
    folder
}

#[test]
fn it_trains_on_a_folder_of_ones_own_and_names_what_it_could_not_read() {
    let place = place!();
    let folder = music(&place, 8);
    fs::write(
        folder.join("low/poem.wav"),
        "Shall I compare thee to a summer's day?",
    )
    .unwrap();
    fs::write(folder.join("low/empty.mp3"), "").unwrap();
    fs::write(
        folder.join("high/cut.wav"),
        &fs::read(folder.join("high/0.wav")).unwrap()[..30],
    )
    .unwrap();
    not_a_number(&folder.join("high/nan.wav"));
    many_channels(&folder.join("high/channels.wav"));
    audio::write_wav(folder.join("high/short.wav"), &[0.1; 1_600], 16_000).unwrap();
    let said = place.succeed(&["train", "--data", "music", "--epochs", "2"]);
    for part in ["poem.wav", "empty.mp3", "cut.wav", "nan.wav"] {
        assert!(said.contains(part), "{part} is not named: {said}");
    }
    for part in ["channels.wav", "short.wav"] {
        assert!(!said.contains(part), "{part} could have been read: {said}");
    }
    assert_eq!(place.json(&format!("{RUN}/result.json"))["data"], "music");
}

fn not_a_number(path: &Path) {
    // A wav of 32-bit floats, all of them NaN.
    let data: Vec<u8> = (0..8_000).flat_map(|_| f32::NAN.to_le_bytes()).collect();
    fs::write(path, wav(3, 1, 32, &data)).unwrap();
}

fn many_channels(path: &Path) {
    let data: Vec<u8> = (0..48 * 16_000i32)
        .flat_map(|n| ((n / 48 % 100 * 200) as i16).to_le_bytes())
        .collect();
    fs::write(path, wav(1, 48, 16, &data)).unwrap();
}

#[test]
fn folders_that_cannot_be_learned_from_are_refused_with_a_reason() {
    let place = place!();
    let refused = |data: &str| place.fail(&["train", "--data", data]);
    fs::create_dir_all(place.path().join("empty")).unwrap();
    assert!(refused("empty").contains("empty"));
    assert!(refused("made-musik").contains("made-music"), "no suggestion");

    let one = music(&place, 4);
    fs::remove_dir_all(one.join("low")).unwrap();
    let said = refused("music");
    assert!(said.contains("high") && said.contains("one class"), "{said}");

    music(&place, 4);
    for number in 1..4 {
        fs::remove_file(one.join(format!("low/{number}.wav"))).unwrap();
    }
    let said = refused("music");
    assert!(said.contains("low") && said.contains('1'), "{said}");

    music(&place, 4);
    for number in 0..4 {
        fs::write(
            one.join(format!("low/{number}.wav")),
            format!("no music {number}"),
        )
        .unwrap();
    }
    let said = refused("music");
    assert!(
        !place.path().join("runs/genre-classifier/001").exists(),
        "a run that never began left a folder"
    );
    assert!(said.contains("low") && said.contains(".wav"), "{said}");
}

#[test]
fn a_run_is_not_resumed_on_other_data() {
    let place = place!();
    let folder = music(&place, 6);
    place.succeed(&["train", "--data", "music", "--epochs", "1"]);
    fs::rename(folder.join("low"), folder.join("deep")).unwrap();
    let said = place.fail(&["train", "--resume", RUN]);
    assert!(
        said.contains("the data has changed") && said.contains("deep"),
        "{said}"
    );
}
