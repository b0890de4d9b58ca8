//! Spoken words: files named as in the Free Spoken Digit Dataset, Speech Commands' folders, a speaker held out.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic, in its helpers too"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use datasets::{Collection, DataError, Example, Options, background_noise, open_folder};
use tempfile::TempDir;

/// A folder with these files, each with its own name as content.
fn folder<S: AsRef<str>>(files: impl IntoIterator<Item = S>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        write(&folder, file.as_ref(), file.as_ref());
    }
    folder
}

fn write(folder: &TempDir, file: &str, text: &str) {
    let path = folder.path().join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Three digits by three speakers, `count` takes of each.
fn digits(prefix: &str, count: usize) -> Vec<String> {
    let mut files = Vec::new();
    for digit in ["0", "1", "2"] {
        for speaker in ["george", "jackson", "theo"] {
            files.extend((0..count).map(|index| format!("{prefix}{digit}_{speaker}_{index}.wav")));
        }
    }
    files
}

/// Two words by `speakers` speakers, two takes of each word.
fn commands(speakers: usize) -> Vec<String> {
    let mut files = Vec::new();
    for word in ["yes", "no"] {
        for speaker in 0..speakers {
            files.extend((0..2).map(|take| format!("{word}/{speaker:08x}_nohash_{take}.wav")));
        }
    }
    files
}

fn options<'a>() -> Options<'a> {
    Options::new(&["wav"])
}

fn hold_out<'a>(speaker: &str) -> Options<'a> {
    Options {
        hold_out: Some(speaker.into()),
        ..options()
    }
}

fn sizes(collection: &Collection) -> [usize; 3] {
    collection.parts().map(|(_, examples)| examples.len())
}

fn speakers(examples: &[Example]) -> BTreeSet<&str> {
    examples.iter().map(|example| example.source.as_str()).collect()
}

#[track_caller]
fn noted(collection: &Collection, words: &str) {
    assert!(
        collection.notes.iter().any(|note| note.contains(words)),
        "{words:?} is not in {:#?}",
        collection.notes
    );
}

fn index(example: &Example) -> usize {
    let stem = example.path.file_stem().unwrap().to_str().unwrap();
    stem.rsplit('_').next().unwrap().parse().unwrap()
}

#[test]
fn spoken_digits_open_from_their_folder_and_from_recordings() {
    let data = folder(digits("recordings/", 12));
    for script in [
        "metadata.py",
        "utils/trimmer.py",
        "acquire_data/say_numbers_prompt.py",
        "README.md",
    ] {
        write(&data, script, "");
    }
    for below in ["", "recordings"] {
        let spoken = open_folder(data.path().join(below), &options()).unwrap();
        assert_eq!(spoken.classes, ["0", "1", "2"]);
        assert_eq!(sizes(&spoken), [18, 45, 45]);
        assert!(spoken.test.iter().all(|example| index(example) < 5));
        assert!(
            spoken
                .valid
                .iter()
                .all(|example| (5..10).contains(&index(example)))
        );
        for (_, examples) in spoken.parts() {
            assert_eq!(
                speakers(examples).into_iter().collect::<Vec<_>>(),
                ["george", "jackson", "theo"]
            );
            assert!(examples.is_sorted_by_key(|example| &example.path));
            for example in examples {
                let name = example.path.file_name().unwrap().to_str().unwrap();
                let [digit, speaker, _] = name.split('_').collect::<Vec<_>>().try_into().unwrap();
                assert_eq!(
                    (
                        spoken.classes[example.label as usize].as_str(),
                        example.source.as_str()
                    ),
                    (digit, speaker)
                );
            }
        }
        noted(&spoken, "named CLASS_SPEAKER_INDEX");
        noted(
            &spoken,
            "3 speakers in two parts or more, so results flatter for a new speaker: george, jackson, theo",
        );
    }
}

#[test]
fn files_that_are_named_otherwise_are_told_and_a_heap_of_them_is_refused() {
    let mut files = digits("recordings/", 12);
    files.extend(["recordings/noise.wav", "recordings/a/hum.wav", "loose.wav"].map(String::from));
    let spoken = open_folder(folder(&files).path(), &options()).unwrap();
    assert_eq!(sizes(&spoken), [18, 45, 45]);
    noted(&spoken, "2 files directly in recordings are left out");
    noted(&spoken, "1 files directly in");

    let one_class: Vec<&String> = files.iter().filter(|file| file.contains("/0_")).collect();
    let mixed = ["a_b_1.wav", "c_d_2.wav", "x.wav", "y.wav", "z.wav"];
    for (files, name) in [
        (
            one_class
                .iter()
                .map(|file| file.replace("recordings/", ""))
                .collect::<Vec<_>>(),
            "one class",
        ),
        (mixed.map(String::from).to_vec(), "most are named otherwise"),
    ] {
        let error = open_folder(folder(files).path(), &options()).expect_err(name);
        assert!(matches!(error, DataError::NoClasses { .. }), "{name}: {error}");
        assert!(error.to_string().contains("7_jackson_32.wav"), "{error}");
    }
    // Where other folders hold sounds too, `recordings` is a class as any other.
    let data = folder(digits("recordings/", 2).into_iter().chain(digits("street/", 2)));
    assert_eq!(
        open_folder(data.path(), &options()).unwrap().classes,
        ["recordings", "street"]
    );
}

#[test]
fn few_takes_are_drawn_by_speaker() {
    let spoken = open_folder(folder(digits("", 4)).path(), &options()).unwrap();
    assert_eq!(sizes(&spoken), [12, 12, 12]);
    assert!(speakers(&spoken.train).is_disjoint(&speakers(&spoken.test)));
    noted(&spoken, "not split by their index");
    noted(&spoken, "whole speakers");
    let two: Vec<String> = digits("", 4)
        .into_iter()
        .filter(|file| !file.contains("theo"))
        .collect();
    let error = open_folder(folder(two).path(), &options())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("\"0\" has 2 different speakers, 3 are needed"),
        "{error}"
    );
}

#[test]
fn a_speaker_who_is_held_out_is_the_test_part_and_no_other() {
    let data = folder(digits("", 12));
    let spoken = open_folder(data.path(), &hold_out("jackson")).unwrap();
    assert_eq!(sizes(&spoken), [42, 30, 36]);
    assert_eq!(
        speakers(&spoken.test).into_iter().collect::<Vec<_>>(),
        ["jackson"]
    );
    assert_eq!(spoken.held_out.as_deref(), Some("jackson"));
    for examples in [&spoken.train, &spoken.valid] {
        assert_eq!(
            speakers(examples).into_iter().collect::<Vec<_>>(),
            ["george", "theo"]
        );
    }
    assert!(spoken.valid.iter().all(|example| index(example) < 5));
    noted(&spoken, "jackson is held out: the test part is all 36 files");
    noted(
        &spoken,
        "2 speakers in two parts or more, so validation flatters for a new speaker, the test does not",
    );

    let error = open_folder(data.path(), &hold_out("Jakson")).unwrap_err();
    assert!(matches!(error, DataError::NoSuchSource { .. }));
    let message = error.to_string();
    assert!(
        message.contains("no speaker") && message.contains("there are: jackson, george, theo"),
        "{message}"
    );
}

#[test]
fn holding_out_works_with_artists_and_given_parts_and_is_refused_where_nothing_is_known() {
    let mut files = Vec::new();
    for (part, count) in [("train", 4), ("valid", 2), ("test", 2)] {
        for class in ["blues", "rock"] {
            files.extend((0..count).map(|track| format!("{part}/{class}/{track}.wav")));
        }
    }
    let data = folder(&files);
    let error = open_folder(data.path(), &hold_out("anna")).unwrap_err();
    assert!(matches!(error, DataError::SourcesUnknown { .. }), "{error}");
    assert!(error.to_string().contains("artists.csv"), "{error}");

    // Anna has a track of blues in each part.
    let artist = |file: &str| match file.ends_with("blues/0.wav") {
        true => "anna".into(),
        false => file.replace('/', " "),
    };
    let rows: String = files
        .iter()
        .map(|file| format!("{file},{}\n", artist(file)))
        .collect();
    write(&data, "artists.csv", &format!("file,artist\n{rows}"));
    let mut music = open_folder(data.path(), &hold_out("anna")).unwrap();
    assert_eq!(
        sizes(&music),
        [7 + 3, 3, 3],
        "the others' test part is for training, their validation stays theirs"
    );
    assert_eq!(speakers(&music.test).into_iter().collect::<Vec<_>>(), ["anna"]);
    assert!(
        music
            .valid
            .iter()
            .all(|example| music.short(&example.path).starts_with("valid/"))
    );
    noted(&music, "anna has 1 of the 2 classes only");
    let first = music.test[0].path.clone();
    music.skip(&first, "noise");
    assert!(music.check().is_ok(), "the test part need not have every class");
    for example in music.test.clone() {
        music.skip(&example.path, "noise");
    }
    assert!(
        music
            .check()
            .unwrap_err()
            .to_string()
            .contains("test has no example")
    );
}

#[test]
fn speech_commands_keeps_its_split_its_speakers_and_its_noise() {
    let data = folder(commands(6));
    for file in [
        "_background_noise_/tap.wav",
        "_background_noise_/hum.wav",
        "_background_noise_/README.md",
        "LICENSE",
    ] {
        write(&data, file, file);
    }
    let list = |speaker: usize| -> String {
        let lines = commands(6)
            .into_iter()
            .filter(|file| file.contains(&format!("{speaker:08x}_")));
        lines.map(|file| file + "\n").collect()
    };
    write(&data, "testing_list.txt", &list(1));
    write(&data, "validation_list.txt", &list(2));
    let words = open_folder(data.path(), &options()).unwrap();
    assert_eq!(words.classes, ["no", "yes"]);
    assert_eq!(sizes(&words), [16, 4, 4]);
    assert_eq!(
        speakers(&words.test).into_iter().collect::<Vec<_>>(),
        ["00000001"]
    );
    assert_eq!(
        speakers(&words.valid).into_iter().collect::<Vec<_>>(),
        ["00000002"]
    );
    noted(
        &words,
        "split by the lists in the folder: testing_list.txt, validation_list.txt",
    );
    noted(&words, "all files that no list names are for training");
    assert!(
        words
            .notes
            .iter()
            .all(|note| !note.contains("no class") && !note.contains("flatter")),
        "{:#?}",
        words.notes
    );
    let names = ["hum.wav", "tap.wav"].map(|name| data.path().join("_background_noise_").join(name));
    assert_eq!(background_noise(&words.root, &["wav"]), names);
    assert!(background_noise(Path::new("nowhere"), &["wav"]).is_empty());

    let held = open_folder(data.path(), &hold_out("00000004")).unwrap();
    assert_eq!(sizes(&held), [16, 4, 4], "who was the test part is for training");
    assert_eq!(speakers(&held.test).into_iter().collect::<Vec<_>>(), ["00000004"]);

    // A split that is given wins over the lists that lie there.
    let rows = commands(6).into_iter().map(|file| {
        format!(
            "{file},{}\n",
            ["train", "valid", "test"][file.as_bytes()[file.len() - 14] as usize % 3]
        )
    });
    write(
        &data,
        "split.csv",
        &format!("file,split\n{}", rows.collect::<String>()),
    );
    let split = Some(data.path().join("split.csv"));
    let given = open_folder(data.path(), &Options { split, ..options() }).unwrap();
    assert_eq!(sizes(&given), [8, 8, 8]);

    write(&data, "testing_list.txt", "cat/1_nohash_0.wav\n");
    let error = open_folder(data.path(), &options()).unwrap_err().to_string();
    assert!(
        error.contains("testing_list.txt") && error.contains("another set"),
        "{error}"
    );
}

#[test]
fn class_folders_with_transcripts_in_them_are_doubted() {
    let data = folder(digits("yes/", 2).into_iter().chain(digits("no/", 2)));
    write(&data, "no/a.trans.txt", "a one");
    let words = open_folder(data.path(), &options()).unwrap();
    noted(&words, "1 transcripts (*.trans.txt) lie here");
}

#[test]
fn without_lists_speakers_known_from_names_are_kept_whole() {
    let mut files = commands(10);
    files.push("yes/mine.wav".into());
    let words = open_folder(folder(&files).path(), &options()).unwrap();
    let [train, valid, test] = words.parts().map(|(_, examples)| speakers(examples));
    assert!(train.is_disjoint(&valid) && train.is_disjoint(&test) && valid.is_disjoint(&test));
    assert_eq!(train.len() + valid.len() + test.len(), 11);
    noted(&words, "whole speakers");
    noted(&words, "1 files are not named SPEAKER_nohash_NUMBER");

    // Few such names say nothing; an artist map says more than names.
    let mut files = commands(1);
    files.extend((0..6).flat_map(|i| [format!("yes/{i}.wav"), format!("no/{i}.wav")]));
    let words = open_folder(folder(&files).path(), &options()).unwrap();
    noted(&words, "file by file");
    let data = folder(commands(6));
    let rows: String = commands(6)
        .iter()
        .map(|file| format!("{file},{}\n", &file[file.len() - 14..file.len() - 13]))
        .collect();
    write(&data, "artists.csv", &format!("file,artist\n{rows}"));
    noted(&open_folder(data.path(), &options()).unwrap(), "whole artists");
}

#[test]
fn the_real_spoken_digits_open_where_a_mirror_has_them() {
    let Some(mirror) = std::env::var_os("KINDLING_MIRROR") else {
        println!("skipped: KINDLING_MIRROR names no folder with free-spoken-digit-dataset");
        return;
    };
    let folder = Path::new(&mirror).join("free-spoken-digit-dataset");
    if !folder.is_dir() {
        println!("skipped: {} is not there", folder.display());
        return;
    }
    let digits = open_folder(&folder, &options()).unwrap();
    assert_eq!((digits.classes.len(), sizes(&digits)), (10, [2400, 300, 300]));
    assert_eq!(speakers(&digits.train).len(), 6);
    let held = open_folder(&folder, &hold_out("theo")).unwrap();
    assert_eq!(sizes(&held), [2250, 250, 500]);
}

#[test]
fn some_words_are_told_apart_and_the_others_are_one_class() {
    let data = folder(digits("recordings/", 12));
    let only = |classes: &[&str], speaker: Option<&str>| Options {
        only: classes.iter().map(ToString::to_string).collect(),
        hold_out: speaker.map(String::from),
        ..options()
    };
    let two = open_folder(data.path(), &only(&["0", "1"], None)).unwrap();
    assert_eq!(two.classes, ["0", "1", "unknown"]);
    // The split by index and the speakers are those of the files' own names.
    assert_eq!(sizes(&two), [18, 45, 45]);
    assert_eq!(speakers(&two.test), BTreeSet::from(["george", "jackson", "theo"]));
    let held = open_folder(data.path(), &only(&["2"], Some("theo"))).unwrap();
    assert_eq!(speakers(&held.test), BTreeSet::from(["theo"]));
    assert!(!speakers(&held.train).contains("theo"));

    let error = open_folder(data.path(), &only(&["0", "3"], None)).unwrap_err();
    assert!(matches!(error, DataError::NoSuchClass { .. }), "{error}");
    assert!(error.to_string().contains("\"3\""), "{error}");
}
