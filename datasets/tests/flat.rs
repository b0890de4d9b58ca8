//! Folders in which the files' names tell the class, as competitions pack them, and names in any language.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic, in its helpers too"
)]

use std::collections::BTreeSet;
use std::fs;

use datasets::{Collection, DataError, Options, open_folder};
use tempfile::TempDir;

/// A folder with these files, each with its own name as content.
fn folder<S: AsRef<str>>(files: impl IntoIterator<Item = S>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join(file.as_ref());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file.as_ref()).unwrap();
    }
    folder
}

fn cats_and_dogs(prefix: &str, numbers: std::ops::Range<usize>) -> Vec<String> {
    let both = |number| ["cat", "dog"].map(|class| format!("{prefix}{class}.{number}.jpg"));
    numbers.flat_map(both).collect()
}

fn open(folder: &TempDir, below: &str) -> datasets::Result<Collection> {
    open_folder(folder.path().join(below), &Options::new(&["jpg", "png"]))
}

fn sizes(collection: &Collection) -> [usize; 3] {
    collection.parts().map(|(_, examples)| examples.len())
}

fn noted(collection: &Collection, words: &str) -> bool {
    collection.notes.iter().any(|note| note.contains(words))
}

#[test]
fn dogs_vs_cats_opens_as_it_unpacks() {
    for (test, wrapper) in [("test", ""), ("test1", "dogs-vs-cats/")] {
        let mut files = cats_and_dogs(&format!("{wrapper}train/"), 0..10);
        files.extend((1..8).map(|number| format!("{wrapper}{test}/{number}.jpg")));
        files.extend([
            format!("{wrapper}train/Thumbs.db"),
            format!("{wrapper}train/.DS_Store"),
        ]);
        if wrapper.is_empty() {
            files.push("sample_submission.csv".into());
        }
        let data = folder(files);
        let pictures = open(&data, "").unwrap();
        assert_eq!(pictures.classes, ["cat", "dog"]);
        assert_eq!(sizes(&pictures), [12, 4, 4], "60 / 20 / 20 of what is labelled");
        for (_, examples) in pictures.parts() {
            for example in examples {
                let name = example.path.file_name().unwrap().to_str().unwrap();
                assert!(name.starts_with(&pictures.classes[example.label as usize]));
                assert!(example.source.ends_with(name.trim_end_matches(".jpg")));
            }
            assert!(examples.is_sorted_by_key(|example| &example.path));
        }
        assert!(noted(
            &pictures,
            &format!("7 unlabelled files in {test}: left out, as nothing tells their class")
        ));
        assert!(
            noted(&pictures, "1 .db") && noted(&pictures, "hidden"),
            "{:?}",
            pictures.notes
        );
        assert!(noted(&pictures, "file by file"));
        assert_eq!(pictures, open(&data, "").unwrap());
    }
}

#[test]
fn the_training_folder_alone_and_labelled_parts_open_too() {
    let data = folder(cats_and_dogs("train/", 0..5));
    let pictures = open(&data, "train").unwrap();
    assert_eq!((pictures.name.as_str(), sizes(&pictures)), ("train", [6, 2, 2]));

    let mut files = cats_and_dogs("train/", 0..5);
    files.extend(cats_and_dogs("valid/", 5..7));
    files.extend(cats_and_dogs("test/", 7..8));
    files.extend(["train/readme.png", "test/9.jpg"].map(String::from));
    let pictures = open(&folder(files), "").unwrap();
    assert_eq!(sizes(&pictures), [10, 4, 2]);
    assert!(
        noted(&pictures, "1 files directly in train are left out"),
        "{:?}",
        pictures.notes
    );
    assert!(noted(&pictures, "cat.0.jpg tells their class: 9.jpg"));
}

#[test]
fn class_folders_come_first_and_files_beside_them_are_told() {
    let mut files: Vec<String> = (0..5)
        .flat_map(|i| [format!("train/a/{i}.jpg"), format!("train/b/{i}.jpg")])
        .collect();
    files.extend(cats_and_dogs("train/", 0..2));
    files.extend(["test/1.jpg", "test/2.jpg"].map(String::from));
    let pictures = open(&folder(files), "").unwrap();
    assert_eq!(pictures.classes, ["a", "b"]);
    assert!(noted(&pictures, "4 files directly in train are left out"));
    assert!(noted(&pictures, "2 unlabelled files in test"));
}

#[test]
fn names_that_tell_no_class_are_refused_with_both_layouts() {
    let refused: [(&str, &[&str]); 6] = [
        ("plain names", &["train/1.jpg", "train/2.jpg"]),
        (
            "underscores",
            &["cat_1.jpg", "dog_1.jpg", "cat_2.jpg", "dog_2.jpg"],
        ),
        ("no number", &["cat.one.jpg", "dog.two.jpg"]),
        ("one class", &["train/cat.1.jpg", "train/cat.2.jpg", "test/1.jpg"]),
        ("few of many", &["a.1.jpg", "b.2.jpg", "x.jpg", "y.jpg", "z.jpg"]),
        ("no class", &[".1.jpg", "a.1.jpg", "a.2.jpg"]),
    ];
    for (what, files) in refused {
        let error = open(&folder(files), "").expect_err(what);
        let message = error.to_string();
        assert!(matches!(error, DataError::NoClasses { .. }), "{what}: {message}");
        assert!(
            message.contains("/CLASS/FILE") && message.contains("CLASS.NUMBER.EXTENSION"),
            "{message}"
        );
    }
    let error = open(&folder(cats_and_dogs("train/", 0..2)), "")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("class \"cat\" has 2 different files, 3 are needed"),
        "{error}"
    );
}

#[test]
fn classes_may_be_named_in_any_language() {
    let names = [
        "猫",
        "собака",
        "golden retriever",
        "🐈‍⬛",
        "caf\u{e9}",
        "nin\u{303}o",
        "ערבית",
        "ไทย",
    ];
    let files = names
        .iter()
        .flat_map(|class| (0..5).map(move |i| format!("{class}/{class} {i}.jpg")));
    let pictures = open(&folder(files), "").unwrap();
    assert_eq!(
        pictures
            .classes
            .iter()
            .map(String::as_str)
            .collect::<BTreeSet<_>>()
            .len(),
        8
    );
    for name in [
        "猫",
        "собака",
        "golden retriever",
        "🐈‍⬛",
        "caf\u{e9}",
        "ni\u{f1}o",
        "ערבית",
        "ไทย",
    ] {
        assert!(pictures.classes.iter().any(|class| class == name), "{name}");
    }
    assert_eq!(sizes(&pictures), [24, 8, 8]);
    let flat = names
        .iter()
        .flat_map(|class| (0..5).map(move |i| format!("train/{class}.{i}.jpg")));
    assert_eq!(open(&folder(flat), "").unwrap().classes, pictures.classes);
}

#[test]
fn accents_composed_and_decomposed_are_one_class() {
    // A training folder packed on one system, a test folder packed on another.
    let part = |part: &'static str, e: &'static str| {
        (0..4).flat_map(move |i| {
            [
                format!("{part}/caf{e}/{part}{i}.jpg"),
                format!("{part}/the/{part}{i}.jpg"),
            ]
        })
    };
    let (composed, apart) = ("\u{e9}", "e\u{301}");
    let data = folder(part("train", apart).chain(part("test", composed)));
    let pictures = open(&data, "").unwrap();
    assert_eq!(pictures.classes, ["caf\u{e9}", "the"]);
    assert_eq!(sizes(&pictures), [6, 2, 8]);
    assert!(
        pictures.test.iter().all(|example| example.path.is_file()),
        "paths stay as they are"
    );

    // A model that knows the class by either spelling keeps its own, and lists find the files by either.
    let classes = ["the".to_string(), format!("caf{apart}")];
    let options = Options {
        classes: Some(classes.to_vec()),
        ..Options::new(&["jpg"])
    };
    let pictures = open_folder(data.path(), &options).unwrap();
    assert_eq!(pictures.classes, classes);
    assert!(
        pictures
            .test
            .iter()
            .all(|example| example.path.to_str().unwrap().contains("the") == (example.label == 0))
    );
    let rows: String = part("train", composed)
        .map(|file| format!("{file},{}\n", &file[file.len() - 5..]))
        .collect();
    fs::write(data.path().join("artists.csv"), format!("file,artist\n{rows}")).unwrap();
    let pictures = open(&data, "").unwrap();
    assert!(noted(&pictures, "no artist for 8 files"), "{:?}", pictures.notes);
}
