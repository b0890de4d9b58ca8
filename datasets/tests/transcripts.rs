//! Sounds with transcripts beside them, good and bad.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic, in its helpers too"
)]

use std::collections::BTreeSet;
use std::fs;

use datasets::{DataError, Options, Transcribed, Utterance, open_transcripts};
use tempfile::TempDir;

fn write(folder: &TempDir, file: &str, text: impl AsRef<[u8]>) {
    let path = folder.path().join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Two utterances of one speaker in a chapter, with their transcript, as LibriSpeech has them.
fn chapter(folder: &TempDir, part: &str, speaker: usize) {
    let base = format!("{part}{speaker}/7/{speaker}-7");
    write(
        folder,
        &format!("{base}.trans.txt"),
        format!("{speaker}-7-0000 ONE TWO\r\n{speaker}-7-0001 THREE\r\n\r\n"),
    );
    for number in 0..2 {
        let sound = format!("{base}-000{number}.flac");
        write(folder, &sound, &sound);
    }
}

fn chapters(part: &str, speakers: std::ops::Range<usize>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    speakers.for_each(|speaker| chapter(&folder, part, speaker));
    folder
}

fn with(folder: &TempDir, options: &Options<'_>) -> datasets::Result<Transcribed> {
    open_transcripts(folder.path().to_str().unwrap(), options)
}

fn open(folder: &TempDir) -> datasets::Result<Transcribed> {
    with(folder, &Options::new(&["flac", "wav"]))
}

fn sizes(spoken: &Transcribed) -> [usize; 3] {
    spoken.parts().map(|(_, utterances)| utterances.len())
}

fn speakers(utterances: &[Utterance]) -> BTreeSet<&str> {
    utterances
        .iter()
        .map(|utterance| utterance.speaker.as_str())
        .collect()
}

fn names(spoken: &Transcribed, utterances: &[Utterance]) -> Vec<String> {
    utterances
        .iter()
        .map(|utterance| spoken.short(&utterance.path))
        .collect()
}

#[track_caller]
fn reported(spoken: &Transcribed, words: &str) {
    let report = spoken.report();
    assert!(
        report.iter().any(|note| note.contains(words)),
        "{words:?} is not in {report:#?}"
    );
}

#[track_caller]
fn refused(result: datasets::Result<Transcribed>, words: &[&str]) -> DataError {
    let error = result.expect_err("should be refused");
    let message = error.to_string();
    for word in words {
        assert!(message.contains(word), "{word:?} is not in {message:?}");
    }
    error
}

#[test]
fn librispeech_opens_as_it_unpacks() {
    for wrapper in ["", "LibriSpeech/"] {
        let data = tempfile::tempdir().unwrap();
        for (part, speakers) in [
            ("train-clean-100", 0..4),
            ("dev-clean", 4..6),
            ("test-clean", 6..7),
            ("test-other", 7..8),
        ] {
            speakers.for_each(|speaker| chapter(&data, &format!("{wrapper}{part}/"), speaker));
        }
        write(&data, &format!("{wrapper}SPEAKERS.TXT"), "0 | M");
        let spoken = open(&data).unwrap();
        assert_eq!(sizes(&spoken), [8, 4, 4]);
        let first = &spoken.train[0];
        assert_eq!((first.text.as_str(), first.speaker.as_str()), ("ONE TWO", "0"));
        assert_eq!(spoken.train[1].text, "THREE");
        assert_eq!(
            spoken.short(&first.path),
            format!("{wrapper}train-clean-100/0/7/0-7-0000.flac")
        );
        assert!(names(&spoken, &spoken.test)[3].contains("test-other/7/"));
        for (_, utterances) in spoken.parts() {
            assert!(utterances.is_sorted_by_key(|utterance| &utterance.path));
        }
        reported(&spoken, "1 .txt");
        assert!(
            !spoken
                .report()
                .iter()
                .any(|note| note.contains("split off") || note.contains("flatter"))
        );
        let line = format!(
            ": 8 training + 4 validation + 4 test utterances in {}",
            data.path().display()
        );
        assert!(spoken.to_string().ends_with(&line), "{spoken}");
    }
}

#[test]
fn parts_that_are_not_given_are_split_off_by_whole_speakers() {
    let data = chapters("", 0..10);
    let spoken = open(&data).unwrap();
    assert_eq!(sizes(&spoken), [12, 4, 4]);
    let [train, valid, test] = spoken.parts().map(|(_, utterances)| speakers(utterances));
    assert!(train.is_disjoint(&valid) && train.is_disjoint(&test) && valid.is_disjoint(&test));
    reported(
        &spoken,
        "validation and test split off, the same every time, whole speakers",
    );
    assert_eq!(spoken, open(&data).unwrap());
    let with_seed = |seed: u64| {
        let options = Options {
            seed,
            ..Options::new(&["flac"])
        };
        with(&data, &options).unwrap()
    };
    assert!((1..4).any(|seed| with_seed(seed).test != spoken.test));

    let data = chapters("train/", 0..8);
    chapter(&data, "Dev/", 8);
    chapter(&data, "valentina/", 9);
    let spoken = open(&data).unwrap();
    assert_eq!(sizes(&spoken), [12, 2, 4], "a quarter of training is for test");
    reported(
        &spoken,
        "2 utterances beside the parts are left out, in these folders: valentina",
    );

    let data = chapters("dev-clean/", 0..4);
    chapter(&data, "test-clean/", 4);
    let spoken = open(&data).unwrap();
    assert_eq!(sizes(&spoken), [6, 2, 2]);
    assert_eq!(speakers(&spoken.test).into_iter().collect::<Vec<_>>(), ["4"]);
    reported(&spoken, "no training part");
    let spoken = open(&chapters("test-clean/", 0..5)).unwrap();
    assert_eq!(sizes(&spoken), [6, 2, 2]);
    reported(&spoken, "a test part only");
}

#[test]
fn a_speaker_in_two_given_parts_is_told_and_one_can_be_held_out() {
    let data = chapters("train/", 0..4);
    (3..5).for_each(|speaker| chapter(&data, "valid/", speaker));
    chapter(&data, "test/", 3);
    // The copies of the third speaker are other recordings.
    for part in ["valid", "test"] {
        (0..2).for_each(|number| {
            write(
                &data,
                &format!("{part}/3/7/3-7-000{number}.flac"),
                format!("{part}{number}"),
            )
        });
    }
    let spoken = open(&data).unwrap();
    assert_eq!(sizes(&spoken), [8, 4, 2]);
    reported(
        &spoken,
        "1 speakers in two parts or more, so results flatter for a new speaker: 3",
    );

    let hold_out = |speaker: &str| Options {
        hold_out: Some(speaker.into()),
        ..Options::new(&["flac"])
    };
    let held = with(&data, &hold_out("4")).unwrap();
    assert_eq!(sizes(&held), [10, 2, 2]);
    assert_eq!(speakers(&held.test).into_iter().collect::<Vec<_>>(), ["4"]);
    refused(
        with(&data, &hold_out("9")),
        &["no speaker", "\"9\"", "there are: 0, 1, 2, 3, 4"],
    );

    let nobody = tempfile::tempdir().unwrap();
    for id in ["a", "b", "c"] {
        write(&nobody, &format!("{id}.wav"), id);
    }
    write(&nobody, "all.trans.txt", "a one\nb two\nc three\n");
    let wav = Options::new(&["wav"]);
    assert_eq!(sizes(&with(&nobody, &wav).unwrap()), [1, 1, 1]);
    let error = with(
        &nobody,
        &Options {
            hold_out: Some("a".into()),
            ..wav
        },
    )
    .unwrap_err();
    assert!(matches!(error, DataError::SourcesUnknown { .. }), "{error}");
}

#[test]
fn lines_and_files_that_are_of_no_use_are_counted_and_named() {
    let data = chapters("", 0..5);
    let lines: &[u8] = b"\xef\xbb\xbf9-1 first\n9-2\n9-3   \n9-4 caf\xe9\n9-5 said\n9-5 said\n9-6 this\n9-6 that\n9-7 nowhere\n9-8 in two formats\n";
    write(&data, "9/9.TRANS.txt", lines);
    for id in (1..7).chain([8, 9]) {
        write(&data, &format!("9/9-{id}.wav"), format!("sound {id}"));
    }
    write(&data, "9/9-8.flac", "sound 8, packed");
    let spoken = open(&data).unwrap();
    let all: Vec<&Utterance> = spoken
        .parts()
        .into_iter()
        .flat_map(|(_, utterances)| utterances)
        .collect();
    let nines: BTreeSet<String> = all
        .iter()
        .filter(|utterance| utterance.speaker == "9")
        .map(|utterance| format!("{} {}", spoken.short(&utterance.path), utterance.text))
        .collect();
    let expected = ["9/9-1.wav first", "9/9-5.wav said", "9/9-8.flac in two formats"];
    assert_eq!(nines, expected.map(String::from).into());
    assert_eq!(all.len(), 13);
    reported(
        &spoken,
        "1 lines of transcripts have no sound file beside them: 9-7 (9/9.TRANS.txt, line 9)",
    );
    reported(&spoken, "1 sound files are in no transcript: 9/9-9.wav");
    reported(
        &spoken,
        "1 sound files are left out, for their utterance is read in another format: 9/9-8.wav",
    );
    reported(
        &spoken,
        "1 utterances are there twice with the same text, and used once: 9-5",
    );
    let reasons: Vec<String> = spoken
        .skipped
        .iter()
        .map(|s| format!("{} {}", spoken.short(&s.path), s.reason))
        .collect();
    assert_eq!(
        reasons,
        [
            "9/9-2.wav 9/9.TRANS.txt, line 2 has no text",
            "9/9-3.wav 9/9.TRANS.txt, line 3 has no text",
            "9/9-4.wav 9/9.TRANS.txt, line 4 is not UTF-8",
            "9/9-6.wav 9/9.TRANS.txt, line 8 says something else than a line before",
        ]
    );
    reported(
        &spoken,
        "4 sound files were left out: 9/9-2.wav (9/9.TRANS.txt, line 2 has no text)",
    );
}

#[test]
fn ids_in_any_language_find_their_sound_however_accents_are_packed() {
    let data = tempfile::tempdir().unwrap();
    for (id, name) in [
        ("jos\u{e9}-1", "jose\u{301}-1"),
        ("猫-1", "猫-1"),
        ("o\u{308}-1.2", "\u{f6}-1.2"),
    ] {
        write(&data, &format!("{name}.flac"), name);
        write(&data, &format!("{name}.trans.txt"), format!("{id}\tgrüße"));
    }
    let spoken = open(&data).unwrap();
    assert_eq!(sizes(&spoken), [1, 1, 1], "{:#?}", spoken.report());
    assert_eq!(spoken.test[0].text, "grüße");
}

#[test]
fn what_cannot_be_read_is_skipped_until_a_part_is_empty() {
    let mut spoken = open(&chapters("", 0..10)).unwrap();
    let bad = spoken.test[0].path.clone();
    let read = |utterance: &Utterance| match utterance.path == bad {
        true => Err("not a sound"),
        false => Ok(utterance.text.len()),
    };
    let [train, valid, test] = spoken.read(&|_, _, _| {}, read).unwrap();
    assert_eq!([train.len(), valid.len(), test.len()], [12, 4, 3]);
    assert_eq!(train[0].1, train[0].0.text.len());
    reported(&spoken, "(not a sound)");
    let error = spoken
        .read(&|_, _, _| {}, |_| Err::<(), _>("silence"))
        .unwrap_err();
    assert!(
        matches!(error, DataError::SkippedAll { part: "train", .. }),
        "{error}"
    );
    assert!(error.to_string().contains("silence"));
}

#[test]
fn a_split_that_is_given_wins_over_folders() {
    let data = chapters("train/", 0..3);
    let rows: String = (0..3)
        .map(|i| format!("train/{i}/7/{i}-7-0000.flac,{}\n", ["train", "valid", "test"][i]))
        .collect();
    write(&data, "split.csv", format!("file,split\n{rows}"));
    let options = Options {
        split: Some(data.path().join("split.csv")),
        ..Options::new(&["flac"])
    };
    let spoken = with(&data, &options).unwrap();
    assert_eq!(sizes(&spoken), [1, 1, 1]);
    reported(&spoken, "3 files are in no list");
}

#[test]
fn what_holds_no_transcribed_speech_is_refused_with_advice() {
    let empty = tempfile::tempdir().unwrap();
    let error = refused(
        open(&empty),
        &["no transcripts", "*.trans.txt", "ID.flac", "no such sound either"],
    );
    assert!(matches!(error, DataError::NoTranscripts { .. }));
    let words = tempfile::tempdir().unwrap();
    ["yes/1.wav", "no/1.wav"]
        .iter()
        .for_each(|file| write(&words, file, file));
    refused(
        open(&words),
        &["2 sound files", "class folders (no, yes)", "labelled words"],
    );

    let lost = tempfile::tempdir().unwrap();
    write(&lost, "a.trans.txt", "1-1 one\n1-2\n");
    write(&lost, "1-2.wav", "");
    let error = refused(
        open(&lost),
        &["1 transcripts", "1-1 (a.trans.txt, line 1)", "line 2 has no text"],
    );
    assert!(matches!(error, DataError::NoUtterances { .. }));

    let error = refused(
        open(&chapters("", 0..2)),
        &["2 different speakers, 3 are needed", "train, dev, test"],
    );
    assert!(matches!(error, DataError::TooFewSources { .. }), "{error}");
    refused(
        open_transcripts("made-digit-stringz/x", &Options::new(&["wav"])),
        &["does not exist"],
    );
    let file = lost.path().join("1-2.wav");
    refused(
        open_transcripts(file.to_str().unwrap(), &Options::new(&["wav"])),
        &["is a file, not a folder"],
    );
}
