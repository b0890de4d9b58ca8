//! The door by name. One test in this file: it sets the environment of the process.

use std::fs;

use datasets::{DataError, Options, open, open_transcripts};

#[test]
fn names_open_sets_and_slips_are_answered() {
    let data = tempfile::tempdir().unwrap();
    // SAFETY: this process has one test, and nothing else has started a thread that reads the environment.
    unsafe {
        std::env::set_var("KINDLING_DATA", data.path());
        std::env::set_var("KINDLING_MIRROR", "");
    }
    assert_eq!(datasets::data_dir(), data.path());
    // A set put in place by hand is used if it is whole.
    for number in 0..1000 {
        let (genre, track) = (number / 100, number % 100);
        let folder = data.path().join(format!("gtzan/genres/genre{genre}"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(
            folder.join(format!("genre{genre}.{track:05}.wav")),
            number.to_string(),
        )
        .unwrap();
    }
    let options = Options::new(&["wav", "au"]);
    let music = open("gtzan", &options).unwrap();
    assert_eq!(
        music.to_string(),
        format!(
            "gtzan: 10 classes, 600 training + 200 validation + 200 test files in {}",
            data.path().join("gtzan").display()
        )
    );
    assert!(
        music
            .notes
            .iter()
            .any(|note| note.contains("known fault of gtzan") && note.contains("jazz.00054"))
    );
    let error = open_transcripts("gtzan", &options).unwrap_err();
    assert!(matches!(error, DataError::NoTranscripts { .. }), "{error}");
    fs::remove_file(&music.test[0].path).unwrap();
    let error = open("gtzan", &options).unwrap_err().to_string();
    assert!(
        error.contains("999 wav or au files where the set has 1000"),
        "{error}"
    );

    let recordings = data.path().join("free-spoken-digit-dataset/recordings");
    fs::create_dir_all(&recordings).unwrap();
    for number in 0..3000 {
        let (digit, speaker, index) = (number / 300, number / 50 % 6, number % 50);
        let name = format!("{digit}_speaker{speaker}_{index}.wav");
        fs::write(recordings.join(name), number.to_string()).unwrap();
    }
    let digits = open("free-spoken-digit-dataset", &options).unwrap();
    assert!(
        digits.to_string().starts_with(
            "free-spoken-digit-dataset: 10 classes, 2400 training + 300 validation + 300 test files in"
        ),
        "{digits}"
    );

    let snips = data.path().join("snips");
    fs::create_dir(&snips).unwrap();
    (0..14).for_each(|number| fs::write(snips.join(format!("{number}.json")), "{}").unwrap());
    let error = open("snips", &options).unwrap_err();
    assert!(matches!(error, DataError::OtherLayout { .. }), "{error}");

    let error = open("gtzna", &options).unwrap_err().to_string();
    assert!(
        error.contains("did you mean gtzan?") && error.contains("fashion-mnist"),
        "{error}"
    );
    let error = open("cats-dogs", &options).unwrap_err().to_string();
    assert!(
        error.contains("cannot be fetched by itself") && error.contains("KINDLING_MIRROR"),
        "{error}"
    );
    assert!(error.contains("https://") && error.contains("--data"), "{error}");
}
