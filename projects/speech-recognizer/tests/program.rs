//! The speech recognizer: what it hears of speakers it has never heard, in recordings of every kind, and what it says of bad ones.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic, in its helpers too"
)]

use std::{fmt::Write as _, fs, path::Path};
use testing::{Place, place};

const RUN: &str = "runs/speech-recognizer/001";
/// The data made here, by name: a bare command may train on yours by now.
const STRINGS: [&str; 4] = ["train", "--strings", "--data", "made-digit-strings"];
const RATE: u32 = 16_000;

/// A recording of the test part of made speech in which `word` is said.
fn said(word: &str) -> Vec<f32> {
    let set = place!().made().join("made-speech");
    let list = fs::read_to_string(set.join("testing_list.txt")).unwrap();
    let file = list
        .lines()
        .find(|line| line.starts_with(&format!("{word}/")))
        .unwrap();
    audio::load(set.join(file), RATE).unwrap().samples
}

#[test]
fn it_names_words_of_speakers_never_heard_and_finds_them_in_long_recordings() {
    let place = place!();
    place.succeed(&["train", "--data", "made-speech", "--epochs", "12"]);
    let result = place.json(&format!("{RUN}/result.json"));
    let accuracy = result["metrics"]["accuracy"].as_f64().unwrap();
    assert!(accuracy >= 0.88, "accuracy {accuracy}");
    let linear = result["baselines"]["linear"].as_f64().unwrap();
    assert!(linear <= 0.6, "a linear model reaches {linear}: too easy");
    assert!(result["parameters"].as_u64().unwrap() <= 100_000);
    let report = String::from_utf8(place.bytes(&format!("{RUN}/report.html"))).unwrap();
    for section in [
        "Confusion matrix",
        "Words in noise",
        "equal error rate",
        "Worst mistakes",
        "About the data",
    ] {
        assert!(report.contains(section), "the report lacks {section:?}");
    }
    it_hears_recordings_of_every_kind(&place);
    it_finds_words_in_a_long_recording(&place);
}

/// The word of each made recording is among the three that are printed, whatever was done to the recording.
fn it_hears_recordings_of_every_kind(place: &Place) {
    let word = said("seven");
    let write =
        |name: &str, samples: &[f32], rate| audio::write_wav(place.path().join(name), samples, rate).unwrap();
    write("plain.wav", &word, RATE);
    write("phone.wav", &audio::resample(&word, RATE, 8_000).unwrap(), 8_000);
    write(
        "studio.wav",
        &audio::resample(&word, RATE, 48_000).unwrap(),
        48_000,
    );
    let loudest = word.iter().fold(0f32, |most, sample| most.max(sample.abs()));
    let clipped: Vec<f32> = word
        .iter()
        .map(|sample| (sample * 3.0 / loudest).clamp(-1.0, 1.0))
        .collect();
    write("clipped.wav", &clipped, RATE);
    let offset: Vec<f32> = word.iter().map(|sample| 0.5 * sample + 0.3).collect();
    write("offset.wav", &offset, RATE);
    stereo(&place.path().join("stereo.wav"), &word);
    let names = [
        "plain.wav",
        "phone.wav",
        "studio.wav",
        "clipped.wav",
        "offset.wav",
        "stereo.wav",
    ];
    let told = place.succeed(&[&["predict"], &names[..]].concat());
    for name in names {
        let lines: Vec<&str> = told
            .lines()
            .skip_while(|line| !line.starts_with(name))
            .take(4)
            .collect();
        assert!(lines.iter().any(|line| line.contains("seven")), "{name}: {told}");
    }

    // A little longer than a second is still one word.
    for extra in [800, 2_400, 12_000] {
        let mut longer = word.clone();
        longer.extend(vec![0.0; extra]);
        write("longer.wav", &longer, RATE);
        let told = place.succeed(&["predict", "longer.wav"]);
        assert!(told.contains("seven"), "{extra} samples more: {told}");
    }

    write("short.wav", &word[6_000..6_800], RATE);
    write("silence.wav", &vec![0.0; RATE as usize], RATE);
    write("long-silence.wav", &vec![0.0; 5 * RATE as usize], RATE);
    let told = place.succeed(&["predict", "short.wav", "silence.wav", "long-silence.wav"]);
    assert!(told.contains("short.wav  0.05 s"), "{told}");
    assert_eq!(told.matches("nothing but silence").count(), 2, "{told}");

    fs::write(place.path().join("poem.wav"), "Shall I compare thee").unwrap();
    fs::write(place.path().join("empty.mp3"), "").unwrap();
    let told = place.fail(&["predict", "poem.wav", "plain.wav", "empty.mp3", "missing.wav"]);
    for part in [
        "poem.wav",
        "empty.mp3",
        "missing.wav",
        "seven",
        "3 of 4 files could not be heard",
    ] {
        assert!(told.contains(part), "no {part}: {told}");
    }
    let told = place.fail(&["predict", "plain.wav", "--threshold", "2"]);
    assert!(told.contains("--threshold 2"), "{told}");
}

/// A wav of two channels, the second half as loud.
fn stereo(path: &Path, samples: &[f32]) {
    let data: Vec<u8> = samples
        .iter()
        .flat_map(|sample| [*sample, 0.5 * sample])
        .flat_map(|sample| ((sample * 32_000.0) as i16).to_le_bytes())
        .collect();
    fs::write(path, testing::wav(1, 2, 16, &data)).unwrap();
}

fn it_finds_words_in_a_long_recording(place: &Place) {
    let words = ["stop", "yes", "four", "blue", "yes"];
    let mut sound = vec![0.0; 2 * RATE as usize];
    for word in words {
        sound.extend(said(word));
        sound.extend(vec![0.0; 2 * RATE as usize]);
    }
    audio::write_wav(place.path().join("talk.wav"), &sound, RATE).unwrap();
    let told = place.succeed(&["predict", "talk.wav", "--threshold", "0.4"]);
    let found = words.iter().enumerate().filter(|(number, word)| {
        let middle = 2.5 + 3.0 * *number as f64;
        told.lines().any(|line| {
            let cells: Vec<&str> = line.split_whitespace().collect();
            let at = cells.first().and_then(|cell| cell.parse::<f64>().ok());
            at.is_some_and(|at| (at - middle).abs() < 0.7) && cells.contains(*word)
        })
    });
    assert!(found.count() >= 4, "{told}");
    assert!(
        told.lines().filter(|line| line.ends_with('%')).count() <= 6,
        "heard more than once: {told}"
    );
    assert!(place.path().join("talk.wav.heard.png").exists());
}

#[test]
fn it_writes_down_strings_that_were_never_in_training() {
    let place = place!();
    place.succeed(&[&STRINGS[..], &["--epochs", "6"]].concat());
    let result = place.json(&format!("{RUN}/result.json"));
    let rate = result["metrics"]["character_error_rate"].as_f64().unwrap();
    assert!(rate <= 0.1, "character error rate {rate}");
    assert!(result["baselines"]["linear"].as_f64().unwrap() > 0.5);
    let report = String::from_utf8(place.bytes(&format!("{RUN}/report.html"))).unwrap();
    for section in [
        "Kinds of errors",
        "What it hears when",
        "Worst mistakes",
        "About the data",
    ] {
        assert!(report.contains(section), "the report lacks {section:?}");
    }

    // Two strings with a pause between them are two utterances.
    let mut sound = Vec::new();
    let mut texts = Vec::new();
    for (text, path) in strings().into_iter().take(2) {
        sound.extend(vec![0.0; RATE as usize]);
        sound.extend(audio::load(path, RATE).unwrap().samples);
        texts.push(text.replace(' ', ""));
    }
    sound.extend(vec![0.0; RATE as usize]);
    audio::write_wav(place.path().join("call.wav"), &sound, RATE).unwrap();
    audio::write_wav(place.path().join("silence.wav"), &vec![0.0; RATE as usize], RATE).unwrap();
    let told = place.succeed(&["predict", "call.wav", "silence.wav"]);
    assert!(
        told.contains("2 utterances") && told.contains("nothing but silence"),
        "{told}"
    );
    assert!(
        texts.iter().any(|text| told.contains(text.as_str())),
        "{texts:?}: {told}"
    );
    assert!(place.path().join("call.wav.heard.png").exists());
    let told = place.fail(&["predict", "call.wav", "--threshold", "0.5"]);
    assert!(told.contains("--threshold is for models of words"), "{told}");
}

/// Transcripts and recordings of the test part of made strings.
fn strings() -> Vec<(String, std::path::PathBuf)> {
    let folder = place!().made().join("made-digit-strings/test");
    let mut found = Vec::new();
    for file in datasets::files_in(&folder, &["txt"]).unwrap() {
        for line in fs::read_to_string(&file).unwrap().lines() {
            let (name, text) = line.split_once(' ').unwrap();
            found.push((text.to_string(), file.with_file_name(format!("{name}.wav"))));
        }
    }
    found
}

/// A second of a word that is not a word: two tones whose order and pitch are those of the word's letters.
fn tones(word: &str, number: usize) -> Vec<f32> {
    let pitch =
        |place: usize| 0.05 * f32::from(word.as_bytes()[place % word.len()] - 96) + 0.002 * number as f32;
    let sound = |n: usize| match n {
        2_000..6_000 => 0.4 * (n as f32 * pitch(0)).sin(),
        6_000..10_000 => 0.4 * (n as f32 * pitch(1)).sin(),
        _ => 0.0,
    };
    (0..RATE as usize).map(sound).collect()
}

/// A folder of words in the layout of Speech Commands, without lists.
fn words(place: &Place) {
    for word in ["ab", "cd", "ef", "gh"] {
        for number in 0..8 {
            let file = format!("words/{word}/speaker{}_nohash_0.wav", number);
            audio::write_wav(place.path().join(file), &tones(word, number), RATE).unwrap();
        }
    }
}

#[test]
fn it_trains_on_folders_of_ones_own() {
    let place = place!();
    words(&place);
    audio::write_wav(
        place.path().join("words/_background_noise_/hum.wav"),
        &tones("yz", 3),
        RATE,
    )
    .unwrap();
    fs::write(place.path().join("words/ab/poem.wav"), "no sound").unwrap();
    audio::write_wav(place.path().join("words/cd/mute.wav"), &[0.0; 8_000], RATE).unwrap();
    let told = place.succeed(&["train", "--data", "words", "--words", "ab,cd", "--epochs", "1"]);
    for part in ["poem.wav", "mute.wav", "digital silence"] {
        assert!(told.contains(part), "{part} is not named: {told}");
    }
    let header = String::from_utf8(place.bytes(&format!("{RUN}/predictions.csv"))).unwrap();
    assert!(
        header.starts_with("name,target,predicted,p(ab),p(cd),p(unknown),p(silence)\n"),
        "{header}"
    );

    let told = place.fail(&["train", "--data", "words", "--words", "ab,cx"]);
    assert!(told.contains("cx") && told.contains("cd"), "{told}");
    let told = place.fail(&["train", "--data", "words", "--hold-out-speaker", "speaker9"]);
    assert!(told.contains("speaker9") && told.contains("speaker1"), "{told}");
    let told = place.succeed(&[
        "train",
        "--data",
        "words",
        "--hold-out-speaker",
        "speaker3",
        "--epochs",
        "1",
        "--out",
        "held",
    ]);
    assert!(told.contains("speaker3 is held out"), "{told}");
    let told = place.fail(&["train", "--data", "words", "--strings"]);
    assert!(told.contains("without --strings"), "{told}");

    // A folder of silence is one, also beside words that were asked for, and noise that lasts is no reason to leave it out.
    for number in 0..8 {
        let mut random = nn::random(number, "hiss");
        let hiss: Vec<f32> = (0..3 * RATE)
            .map(|_| 0.01 * rand::Rng::random_range(&mut random, -1.0..1.0))
            .collect();
        let file = format!("words/_silence_/speaker{number}_nohash_0.wav");
        audio::write_wav(place.path().join(file), &hiss, RATE).unwrap();
    }
    place.succeed(&[
        "train", "--data", "words", "--words", "ab", "--epochs", "1", "--out", "wake",
    ]);
    let rows = String::from_utf8(place.bytes("wake/predictions.csv")).unwrap();
    assert!(
        rows.starts_with("name,target,predicted,p(ab),p(unknown),p(silence)\n"),
        "{rows}"
    );
    assert!(
        rows.lines()
            .any(|row| row.starts_with("_silence_/") && row.contains(".wav,silence,")),
        "{rows}"
    );
}

/// Digits in the layout of the Free Spoken Digit Dataset.
#[test]
fn it_knows_the_layout_of_free_spoken_digits() {
    let place = place!();
    for digit in ["0", "1"] {
        for speaker in ["ann", "bob", "cid"] {
            for index in 0..12 {
                let file = format!("digits/recordings/{digit}_{speaker}_{index}.wav");
                let samples = &tones(if digit == "0" { "cf" } else { "fc" }, index)[2_000..10_000];
                audio::write_wav(
                    place.path().join(file),
                    &audio::resample(samples, RATE, 8_000).unwrap(),
                    8_000,
                )
                .unwrap();
            }
        }
    }
    let told = place.succeed(&["train", "--data", "digits", "--epochs", "1"]);
    assert!(
        told.contains("30 test") && told.contains("split by the index"),
        "{told}"
    );
    let told = place.succeed(&[
        "train",
        "--data",
        "digits",
        "--hold-out-speaker",
        "bob",
        "--epochs",
        "1",
    ]);
    assert!(told.contains("24 test"), "{told}");
    let told = place.succeed(&[
        "train",
        "--data",
        "digits",
        "--words",
        "0",
        "--hold-out-speaker",
        "cid",
        "--epochs",
        "1",
    ]);
    assert!(
        told.contains("cid is held out") && told.contains("24 test"),
        "{told}"
    );
}

#[test]
fn transcripts_that_cannot_be_learned_from_are_named_and_counted() {
    let place = place!();
    let mut chapters = std::collections::BTreeMap::<String, String>::new();
    for (number, (text, path)) in strings().into_iter().take(30).enumerate() {
        let speaker = format!("s{}", number % 6);
        fs::create_dir_all(place.path().join("talks").join(&speaker)).unwrap();
        fs::copy(
            path,
            place
                .path()
                .join(format!("talks/{speaker}/{speaker}-{number}.wav")),
        )
        .unwrap();
        let text = match number {
            1 => "four 7 x".to_string(),
            2 => "0123456789".repeat(20),
            _ => text,
        };
        writeln!(
            chapters.entry(speaker.clone()).or_default(),
            "{speaker}-{number} {text}"
        )
        .unwrap();
    }
    writeln!(chapters.get_mut("s3").unwrap(), "s3-99 1 2 3").unwrap();
    audio::write_wav(
        place.path().join("talks/s4/s4-98.wav"),
        &vec![0.0; RATE as usize],
        RATE,
    )
    .unwrap();
    writeln!(chapters.get_mut("s4").unwrap(), "s4-98 5 5 5").unwrap();
    for (speaker, lines) in chapters {
        fs::write(
            place.path().join(format!("talks/{speaker}/{speaker}.trans.txt")),
            lines,
        )
        .unwrap();
    }
    let told = place.succeed(&["train", "--strings", "--data", "talks", "--epochs", "1"]);
    for part in [
        "s1-1.wav",
        "'f'",
        "not in the alphabet",
        "s2-2.wav",
        "200 steps",
        "s3-99",
        "s4-98.wav",
        "silence",
        "3 sound files were left out",
    ] {
        assert!(told.contains(part), "no {part:?}: {told}");
    }
    let told = place.fail(&["train", "--data", "talks"]);
    assert!(
        told.contains("s0.trans.txt") && told.contains("--strings"),
        "{told}"
    );
    let told = place.fail(&["train", "--strings", "--data", "talks", "--alphabet", "xyz"]);
    assert!(told.contains("not in the alphabet"), "{told}");
}

#[test]
fn a_killed_run_of_strings_ends_as_if_nothing_had_happened() {
    let flags = [&STRINGS[..], &["--epochs", "3", "--device", "cpu"]].concat();
    let whole = place!();
    whole.succeed(&flags);
    let killed = place!();
    let mut process = killed.start(&flags);
    killed.wait_for_epoch(RUN, 1);
    process.kill().unwrap();
    process.wait().unwrap();
    killed.succeed(&["train", "--resume", RUN]);
    for file in ["model.safetensors", "predictions.csv"] {
        assert_eq!(
            killed.bytes(&format!("{RUN}/{file}")),
            whole.bytes(&format!("{RUN}/{file}")),
            "{file}"
        );
    }
}

/// The floor of the README on recordings of people, where they are at hand.
#[test]
fn it_names_digits_that_people_said() {
    let Some(mirror) = std::env::var_os("KINDLING_MIRROR") else {
        println!("skipped: KINDLING_MIRROR names no folder with free-spoken-digit-dataset");
        return;
    };
    let place = place!();
    let data = Path::new(&mirror).join("free-spoken-digit-dataset");
    let data = data.to_str().unwrap();
    place.succeed(&[
        "train",
        "--data",
        data,
        "--hold-out-speaker",
        "jackson",
        "--epochs",
        "10",
    ]);
    let result = place.json(&format!("{RUN}/result.json"));
    let accuracy = result["metrics"]["accuracy"].as_f64().unwrap();
    assert!(accuracy >= 0.75, "accuracy {accuracy}");
}
