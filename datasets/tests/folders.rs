//! Folders as people have them, good and bad.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic, in its helpers too"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use datasets::{Collection, DataError, Example, Options, open_folder};
use tempfile::TempDir;

const SOUND: &[&str] = &["wav", "mp3", "au"];

/// A folder with these files, each with its own name as content.
fn folder<S: AsRef<str>>(files: &[S]) -> TempDir {
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

/// `count` files in each of two genres, under `prefix`.
fn two_genres(prefix: &str, count: usize) -> Vec<String> {
    let genres = ["blues", "rock"];
    genres
        .iter()
        .flat_map(|g| (0..count).map(move |i| format!("{prefix}{g}/{g}.{i:05}.wav")))
        .collect()
}

fn open(folder: &TempDir) -> datasets::Result<Collection> {
    open_folder(folder.path(), &Options::new(SOUND))
}

fn names(collection: &Collection, examples: &[Example]) -> Vec<String> {
    examples
        .iter()
        .map(|example| collection.short(&example.path))
        .collect()
}

fn sizes(collection: &Collection) -> (usize, usize, usize) {
    (
        collection.train.len(),
        collection.valid.len(),
        collection.test.len(),
    )
}

fn noted(collection: &Collection, words: &str) -> bool {
    collection.notes.iter().any(|note| note.contains(words))
}

/// The message of the error; fails where there is none.
#[track_caller]
fn refused(result: datasets::Result<Collection>, words: &[&str]) -> DataError {
    let error = result.expect_err("should be refused");
    let message = error.to_string();
    for word in words {
        assert!(message.contains(word), "{word:?} is not in {message:?}");
    }
    error
}

#[test]
fn class_folders_in_mixed_formats_are_split_60_20_20() {
    let mut files = two_genres("", 10);
    files[3] = "blues/live/deep.MP3".into();
    let data = folder(&files);
    let music = open(&data).unwrap();
    assert_eq!(music.classes, ["blues", "rock"]);
    assert_eq!(sizes(&music), (12, 4, 4));
    for (part, examples) in music.parts() {
        let labels: BTreeSet<u32> = examples.iter().map(|example| example.label).collect();
        assert_eq!(labels.len(), 2, "{part} lacks a class");
        let paths = names(&music, examples);
        assert!(paths.is_sorted(), "{part} is not sorted");
        assert!(
            examples
                .iter()
                .all(|e| music.short(&e.path).starts_with(&music.classes[e.label as usize]))
        );
    }
    assert!(noted(&music, "may be in two parts, so results may flatter"));
    assert_eq!(
        music,
        open(&data).unwrap(),
        "the same folder and seed, the same collection"
    );
    let other = open_folder(
        data.path(),
        &Options {
            seed: 1,
            ..Options::new(SOUND)
        },
    )
    .unwrap();
    assert_ne!(music.test, other.test);
}

#[test]
fn gtzan_is_found_in_its_folder_and_what_is_ignored_is_told() {
    for prefix in ["genres_original/", "genres/", "Data/genres_original/"] {
        let data = folder(&two_genres(prefix, 5));
        let wrapper = if prefix.starts_with("Data") { "Data/" } else { "" };
        for file in [
            "bextract.mf",
            "blues/._blues.00000.wav",
            "blues/.DS_Store",
            "blues/input.mf",
            "blues/notes.txt",
        ] {
            write(&data, &format!("{prefix}{file}"), file);
        }
        write(
            &data,
            &format!("{wrapper}images_original/blues/blues.00000.png"),
            "",
        );
        write(&data, &format!("{prefix}empty/readme.txt"), "");
        let music = open(&data).unwrap();
        assert_eq!(music.classes, ["blues", "rock"], "{prefix}");
        assert_eq!(sizes(&music), (6, 2, 2));
        assert!(noted(&music, "1 .mf"), "{:?}", music.notes);
        assert!(
            noted(&music, "2 .txt") && noted(&music, "2 hidden files") && noted(&music, "no class: empty")
        );
        let path = data.path().join(prefix).join("blues/blues.00000.wav");
        assert!(
            music
                .parts()
                .iter()
                .any(|(_, part)| part.iter().any(|example| example.path == path))
        );
    }
}

#[test]
fn part_folders_are_kept_and_a_missing_part_is_split_off_training() {
    let mut files = two_genres("train/", 8);
    files.extend(two_genres("Validation/", 1));
    files.extend(two_genres("test/", 2));
    let data = folder(&files);
    write(&data, "extra/blues/x.wav", "x");
    let music = open(&data).unwrap();
    assert_eq!(sizes(&music), (16, 2, 4));
    assert!(
        names(&music, &music.test)
            .iter()
            .all(|name| name.starts_with("test/"))
    );
    assert!(noted(&music, "no class: extra"));

    fs::remove_dir_all(data.path().join("Validation")).unwrap();
    let music = open(&data).unwrap();
    assert_eq!(
        sizes(&music),
        (12, 4, 4),
        "a quarter of training is a fifth of all"
    );
    assert!(
        names(&music, &music.valid)
            .iter()
            .all(|name| name.starts_with("train/"))
    );
    assert!(
        names(&music, &music.test)
            .iter()
            .all(|name| name.starts_with("test/"))
    );
}

#[test]
fn artists_are_never_in_two_parts() {
    let files = two_genres("genres_original/", 20);
    let data = folder(&files);
    // Five artists of each genre, four tracks each.
    let artist = |file: &str| {
        let number: usize = file[file.len() - 9..file.len() - 4].parse().unwrap();
        format!("{} {}", &file[16..20], number / 4)
    };
    let rows: String = files
        .iter()
        .map(|file| format!("{},\"{}, the\"\n", &file[16..], artist(file)))
        .collect();
    write(
        &data,
        "artists.csv",
        &format!("\u{feff}file,artist\r\n{rows}missing.wav,nobody\n"),
    );
    let music = open(&data).unwrap();
    let artists = |examples: &[Example]| examples.iter().map(|e| e.source.clone()).collect::<BTreeSet<_>>();
    let (train, valid, test) = (artists(&music.train), artists(&music.valid), artists(&music.test));
    assert!(train.is_disjoint(&valid) && train.is_disjoint(&test) && valid.is_disjoint(&test));
    assert!(train.iter().all(|artist| artist.ends_with(", the")));
    assert_eq!(sizes(&music).0 + sizes(&music).1 + sizes(&music).2, 40);
    assert!(noted(&music, "1 files that are missing: missing.wav"));
    assert!(noted(&music, "whole artists") && !noted(&music, "flatter"));

    let few = "file,artist\nblues/blues.00000.wav,one\n";
    write(&data, "few.csv", few);
    let options = Options {
        artists: Some(data.path().join("few.csv")),
        ..Options::new(SOUND)
    };
    let music = open_folder(data.path(), &options).unwrap();
    assert!(
        noted(&music, "no artist for 39 files"),
        "the map that is given comes before the one that is found"
    );
}

#[test]
fn too_few_artists_or_files_are_named_and_counted() {
    let data = folder(&two_genres("", 4));
    let rows: String = two_genres("", 4)
        .iter()
        .enumerate()
        .map(|(i, f)| format!("{f},{}\n", i % 2))
        .collect();
    write(&data, "artists.csv", &format!("file,artist\n{rows}"));
    refused(open(&data), &["\"blues\" has 2 different artists, 3 are needed"]);

    let mut files = two_genres("", 5);
    files.push("jazz/only.wav".into());
    refused(
        open(&folder(&files)),
        &[
            "\"jazz\" has 1 different files, 3 are needed",
            "training, validation, test",
        ],
    );
    // With parts given, training and test must have it, and each says which part lacks it.
    let mut files = two_genres("train/", 5);
    files.extend(two_genres("valid/", 2));
    files.push("test/blues/1.wav".into());
    refused(
        open(&folder(&files)),
        &["\"rock\"", "the test part would have none"],
    );
}

#[test]
fn fault_filtered_lists_are_read_across_extensions() {
    let files: Vec<String> = two_genres("genres/", 6)
        .iter()
        .map(|file| file.replace(".wav", ".au"))
        .collect();
    let data = folder(&files);
    let list = |numbers: &[usize]| -> String {
        let lines = ["blues", "rock"]
            .iter()
            .flat_map(|g| numbers.iter().map(move |n| format!("{g}/{g}.{n:05}.wav\r\n")));
        lines.collect()
    };
    write(&data, "lists/train_filtered.txt", &list(&[0, 1, 9]));
    write(&data, "lists/valid_filtered.txt", &list(&[2]));
    write(&data, "lists/test_filtered.txt", &list(&[3, 4]));
    let options = Options {
        split: Some(data.path().join("lists")),
        ..Options::new(SOUND)
    };
    let music = open_folder(data.path(), &options).unwrap();
    assert_eq!(
        names(&music, &music.test),
        [
            "genres/blues/blues.00003.au",
            "genres/blues/blues.00004.au",
            "genres/rock/rock.00003.au",
            "genres/rock/rock.00004.au"
        ]
    );
    assert_eq!(sizes(&music), (4, 2, 4));
    assert!(
        noted(
            &music,
            "2 files that are missing: blues/blues.00009.wav, rock/rock.00009.wav"
        ),
        "{:?}",
        music.notes
    );
    assert!(noted(&music, "2 files are in no list"));

    write(&data, "lists/test_filtered.txt", &list(&[3, 0]));
    refused(
        open_folder(data.path(), &options),
        &["train_filtered.txt, line 1", "blues/blues.00000", "one part only"],
    );
    write(&data, "lists/test_filtered.txt", "digits/7_jackson_1.wav\n");
    refused(
        open_folder(data.path(), &options),
        &["test_filtered.txt", "another set"],
    );
    let options = Options {
        split: Some(data.path().join("genres")),
        ..Options::new(SOUND)
    };
    refused(
        open_folder(data.path(), &options),
        &["no split lists", "train.txt"],
    );
}

#[test]
fn without_a_training_list_the_rest_is_for_training() {
    let data = folder(&two_genres("", 5));
    write(
        &data,
        "lists/validation_list.txt",
        "blues/blues.00000.wav\nrock/rock.00000.wav\n",
    );
    write(
        &data,
        "lists/testing_list.txt",
        "blues/blues.00001.wav\nrock/rock.00001.wav\n",
    );
    let options = Options {
        split: Some(data.path().join("lists")),
        ..Options::new(SOUND)
    };
    assert_eq!(sizes(&open_folder(data.path(), &options).unwrap()), (6, 2, 2));
}

#[test]
fn a_split_table_is_read_and_its_mistakes_are_told_by_line() {
    let data = folder(&two_genres("", 3));
    let table = data.path().join("split.csv");
    let options = Options {
        split: Some(table.clone()),
        ..Options::new(SOUND)
    };
    let parts = ["train", "dev", "TEST"];
    let rows: String = two_genres("", 3)
        .iter()
        .enumerate()
        .map(|(i, f)| format!("{},{f}\n", parts[i % 3]))
        .collect();
    fs::write(&table, format!("Split,Filename\n{rows}")).unwrap();
    assert_eq!(sizes(&open_folder(data.path(), &options).unwrap()), (2, 2, 2));

    for (text, words) in [
        (
            "file,split\nblues/blues.00000.wav,training\nblues/blues.00001.wav,third\n",
            &["line 3", "\"third\"", "train, valid or test"][..],
        ),
        ("name,part\nx,y\n", &["line 1", "name,part", "file,split"]),
        (
            "file,split\nblues/blues.00000.wav\n",
            &["line 2", "1 columns", "2"],
        ),
        (
            "file,split\n\"blues/blues.00000.wav,train\n",
            &["line 2", "not closed"],
        ),
        ("", &["no header"]),
    ] {
        fs::write(&table, text).unwrap();
        refused(open_folder(data.path(), &options), words);
    }
    fs::remove_file(&table).unwrap();
    refused(
        open_folder(data.path(), &options),
        &["split.csv", "no such folder of lists"],
    );
}

#[test]
fn the_class_list_of_a_model_fixes_the_labels() {
    let data = folder(&two_genres("", 3));
    let with = |classes: &[&str]| {
        let classes = Some(classes.iter().map(|class| class.to_string()).collect());
        open_folder(
            data.path(),
            &Options {
                classes,
                ..Options::new(SOUND)
            },
        )
    };
    let music = with(&["rock", "blues"]).unwrap();
    assert!(
        music
            .train
            .iter()
            .all(|e| (e.label == 0) == music.short(&e.path).starts_with("rock"))
    );
    refused(
        with(&["rock", "jazz"]),
        &["expected: rock, jazz", "found:    blues, rock"],
    );
    refused(with(&["rock"]), &["expected: rock\n", "blues, rock"]);
}

#[test]
fn what_is_no_data_set_is_refused_with_advice() {
    let data = folder(&two_genres("my-music/", 3));
    let music = data.path().join("my-music");
    let options = Options::new(SOUND);
    let open = |path: &Path| open_folder(path, &options);
    refused(
        open(&data.path().join("my-musik")),
        &["no folder", "did you mean", &music.display().to_string(), "gtzan"],
    );
    refused(
        open(&data.path().join("nowhere/at/all")),
        &["already", "nowhere does not exist"],
    );
    refused(
        open(&music.join("blues/blues.00000.wav")),
        &["is a file, not a folder"],
    );
    refused(
        open(&music.join("blues")),
        &["3 files but no class folders", "CLASS/FILE"],
    );
    refused(
        open(data.path()),
        &["one class only", "\"my-music\"", "sub-folders"],
    );
    let empty = folder::<&str>(&[]);
    refused(
        open(empty.path()),
        &["holds no wav, mp3, au file", "one folder for each class"],
    );
    let texts = folder(&["a/1.txt", "b/2.txt"]);
    refused(open(texts.path()), &["holds no wav", "2 .txt"]);
}

#[test]
fn copies_are_reported_removed_on_request_and_kept_together_by_our_own_split() {
    let mut files = two_genres("train/", 4);
    files.extend(two_genres("valid/", 2));
    files.extend(two_genres("test/", 3));
    let data = folder(&files);
    write(&data, "test/blues/blues.00001.wav", "train/blues/blues.00002.wav");
    write(&data, "test/rock/blank.wav", "");
    write(&data, "train/rock/blank.wav", "");
    let music = open(&data).unwrap();
    assert!(
        noted(&music, "1 files are in two parts"),
        "empty files are the decoder's: {:?}",
        music.notes
    );
    assert!(noted(
        &music,
        "test/blues/blues.00001.wav = train/blues/blues.00002.wav"
    ));
    let dropping = Options {
        drop_duplicates: true,
        ..Options::new(SOUND)
    };
    let fewer = open_folder(data.path(), &dropping).unwrap();
    assert_eq!(
        (fewer.train.len(), fewer.test.len() + 1),
        (music.train.len(), music.test.len())
    );

    // By our own split, twenty pairs of copies stay together, whatever the seed.
    let data = folder(&two_genres("", 20));
    for number in 0..20 {
        write(
            &data,
            &format!("blues/copy.{number}.wav"),
            &format!("blues/blues.{number:05}.wav"),
        );
    }
    write(&data, "rock/wrong.wav", "blues/blues.00000.wav");
    for seed in 0..3 {
        let music = open_folder(
            data.path(),
            &Options {
                seed,
                ..Options::new(SOUND)
            },
        )
        .unwrap();
        assert!(
            !noted(&music, "the same byte for byte;") && noted(&music, "20 files are there twice"),
            "{:?}",
            music.notes
        );
        assert!(noted(
            &music,
            "1 files are in two classes at once: blues/blues.00000.wav = blues/copy.0.wav = rock/wrong.wav"
        ));
    }
}

#[test]
fn artists_on_both_sides_of_a_given_split_are_told() {
    let mut files = two_genres("train/", 3);
    files.extend(two_genres("test/", 2));
    let data = folder(&files);
    let rows: String = files
        .iter()
        .enumerate()
        .map(|(i, f)| format!("{f},artist {}\n", if i > 5 { i - 6 } else { i }))
        .collect();
    write(&data, "artists.csv", &format!("file,artist\n{rows}"));
    let music = open(&data).unwrap();
    assert!(
        music
            .notes
            .iter()
            .any(|note| note.contains("artists in two parts") && note.contains("artist 3"))
    );
}

#[test]
fn unreadable_files_are_skipped_and_named() {
    let data = folder(&two_genres("", 5));
    let mut music = open(&data).unwrap();
    let bad = music.test[0].path.clone();
    music.skip(&bad, "not a wav file");
    music.skip(&bad, "again");
    assert_eq!(music.test.len(), 1);
    let report = music.report();
    let last = report.last().unwrap();
    assert!(
        last.contains("1 unreadable") && last.contains("blues.0") && last.contains("(not a wav file)"),
        "{last}"
    );
    let error = music.check().unwrap_err().to_string();
    assert!(
        error.contains("test has no example of class \"blues\"") && error.contains("not a wav file"),
        "{error}"
    );
    assert!(open(&data).unwrap().check().is_ok());
}

#[cfg(unix)]
#[test]
fn links_are_followed_but_not_in_circles() {
    use std::os::unix::fs::symlink;
    let data = folder(&two_genres("", 4));
    let elsewhere = folder(&["a.wav", "b.wav", "c.wav"]);
    symlink(elsewhere.path(), data.path().join("jazz")).unwrap();
    symlink("gone.wav", data.path().join("rock/broken.wav")).unwrap();
    let music = open(&data).unwrap();
    assert_eq!(music.classes, ["blues", "jazz", "rock"]);
    assert!(noted(&music, "links that lead nowhere: broken.wav"));
    symlink("..", data.path().join("rock/up")).unwrap();
    symlink(data.path(), data.path().join("blues/top")).unwrap();
    refused(open(&data), &["is a link back to", "remove the link"]);
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let data = folder(&two_genres("", 4));
    let closed = data.path().join("rock");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    // The administrator may read everything.
    if fs::read_dir(&closed).is_err() {
        refused(open(&data), &["cannot read", "rock", "who may read it"]);
    }
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
}
