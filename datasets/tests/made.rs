//! Sets that are made here: once, whole, and anew when they are stale.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use datasets::{DataError, MARKER, Recipe, animals, made_once, music, scenes, styles};

fn recipe(version: u32) -> Recipe<'static> {
    Recipe {
        name: "tones",
        version,
        options: "seed 7".into(),
    }
}

fn two_files(folder: &Path) -> std::io::Result<()> {
    fs::create_dir(folder.join("a"))?;
    fs::write(folder.join("a/1.wav"), "1")?;
    fs::write(folder.join("a/2.wav"), "2")
}

fn never(_: &Path) -> std::io::Result<()> {
    panic!("must not be made again")
}

#[test]
fn a_set_is_made_once_and_anew_when_its_recipe_changes_or_files_are_lost() {
    let data = tempfile::tempdir().unwrap();
    let make = |version, maker: fn(&Path) -> std::io::Result<()>| {
        made_once(data.path(), &recipe(version), &|_, _, _| {}, maker).unwrap()
    };
    let (folder, notes) = make(1, two_files);
    assert_eq!((folder.clone(), notes.len()), (data.path().join("tones"), 0));
    let marker = fs::read_to_string(folder.join(MARKER)).unwrap();
    assert!(
        marker.contains("\"version\": 1") && marker.contains("seed 7") && marker.contains("\"files\": 2"),
        "{marker}"
    );
    make(1, never);

    let (_, notes) = make(2, |folder| fs::write(folder.join("other.wav"), "3"));
    assert!(notes[0].contains("made anew") && notes[0].contains("another version"));
    assert!(!folder.join("a").exists(), "nothing of the stale set is left");

    fs::remove_file(folder.join("other.wav")).unwrap();
    let (_, notes) = make(2, two_files);
    assert!(notes[0].contains("1 of its 1 files were missing"), "{notes:?}");
    fs::write(folder.join("mine.txt"), "a file of the user's own harms nothing").unwrap();
    make(2, never);
}

#[test]
fn a_set_that_was_interrupted_is_not_taken_for_whole() {
    let data = tempfile::tempdir().unwrap();
    let interrupted = |folder: &Path| {
        fs::write(folder.join("half.wav"), "")?;
        Err(std::io::Error::other("stopped by the user"))
    };
    let error = made_once(data.path(), &recipe(1), &|_, _, _| {}, interrupted)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("making tones failed: stopped by the user"),
        "{error}"
    );
    assert!(!data.path().join("tones").exists());
    let (folder, _) = made_once(data.path(), &recipe(1), &|_, _, _| {}, two_files).unwrap();
    assert!(!folder.join("half.wav").exists());
}

#[test]
fn a_folder_of_the_users_own_is_not_overwritten() {
    let data = tempfile::tempdir().unwrap();
    fs::create_dir(data.path().join("tones")).unwrap();
    fs::write(data.path().join("tones/precious.wav"), "").unwrap();
    let error = made_once(data.path(), &recipe(1), &|_, _, _| {}, never).unwrap_err();
    assert!(
        matches!(error, DataError::InTheWay { .. }) && error.to_string().contains("move it away"),
        "{error}"
    );
    assert!(data.path().join("tones/precious.wav").exists());
}

#[test]
fn two_at_once_make_it_once() {
    let data = tempfile::tempdir().unwrap();
    let made = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let make = |folder: &Path| {
                    made.fetch_add(1, Ordering::SeqCst);
                    std::thread::sleep(std::time::Duration::from_millis(50));
                    two_files(folder)
                };
                made_once(data.path(), &recipe(1), &|_, _, _| {}, make).unwrap();
            });
        }
    });
    assert_eq!(made.load(Ordering::SeqCst), 1);
}

#[test]
fn made_music_goes_through_the_same_door_as_any_folder() {
    let data = tempfile::tempdir().unwrap();
    let options = music::Options {
        artists_per_genre: 3,
        tracks_per_artist: 1,
        seconds: 1,
        ..Default::default()
    };
    let recipe = Recipe {
        name: "little-music",
        version: 1,
        options: format!("{options:?}"),
    };
    let make = |folder: &Path| music::make(folder, &options, &|_, _| {});
    let (folder, _) = made_once(data.path(), &recipe, &|_, _, _| {}, make).unwrap();
    let collection = datasets::open_folder(&folder, &datasets::Options::new(&["wav"])).unwrap();
    let genres = music::GENRES.len();
    assert_eq!(collection.classes.len(), genres);
    assert_eq!(
        (
            collection.train.len(),
            collection.valid.len(),
            collection.test.len()
        ),
        (genres, genres, genres)
    );
    assert!(
        collection
            .train
            .iter()
            .all(|example| example.source.contains("artist")),
        "artists.csv is found"
    );
}

#[test]
fn drawn_animals_go_through_the_same_door_in_the_parts_that_their_folders_give() {
    let data = tempfile::tempdir().unwrap();
    let options = animals::Options {
        size: 32,
        train: 4,
        valid: 2,
        test: 3,
        ..animals::Options::cats_and_dogs()
    };
    let recipe = Recipe {
        name: "little-animals",
        version: 1,
        options: format!("{options:?}"),
    };
    let make = |folder: &Path| animals::make(folder, &options, &|_, _| {});
    let (folder, _) = made_once(data.path(), &recipe, &|_, _, _| {}, make).unwrap();
    let collection = datasets::open_folder(&folder, &datasets::Options::new(&["png"])).unwrap();
    assert_eq!(collection.classes, ["cat", "dog"]);
    let parts = [&collection.train, &collection.valid, &collection.test];
    assert_eq!(parts.map(Vec::len), [8, 4, 6]);
}

#[test]
fn the_cards_of_made_sets_say_how_many_files_are_made() {
    for (name, options) in [
        ("made-cats-dogs", animals::Options::cats_and_dogs()),
        ("made-animals", animals::Options::others()),
    ] {
        let card = datasets::cards::find(name).unwrap();
        let each = options.train + options.valid + options.test;
        assert_eq!(card.contents.files, options.species.len() * each, "{name}");
    }
    let options = scenes::Options::default();
    let scenes = scenes::Kind::ALL.len() * (options.train + options.valid + options.test);
    for (name, files) in [("made-scenes", scenes), ("made-styles", styles::Style::ALL.len())] {
        let card = datasets::cards::find(name).unwrap();
        assert_eq!(card.contents.files, files, "{name}");
    }
}

#[test]
fn drawn_scenes_go_through_the_same_door_in_the_parts_that_their_folders_give() {
    let data = tempfile::tempdir().unwrap();
    let options = scenes::Options {
        size: 16,
        train: 4,
        valid: 2,
        test: 3,
        ..scenes::Options::default()
    };
    let recipe = Recipe {
        name: "little-scenes",
        version: 1,
        options: format!("{options:?}"),
    };
    let make = |folder: &Path| scenes::make(folder, &options, &|_, _| {});
    let (folder, _) = made_once(data.path(), &recipe, &|_, _, _| {}, make).unwrap();
    let collection = datasets::open_folder(&folder, &datasets::Options::new(&["png"])).unwrap();
    assert_eq!(collection.classes, ["landscape", "portrait", "still-life"]);
    let parts = [&collection.train, &collection.valid, &collection.test];
    assert_eq!(parts.map(Vec::len), [12, 6, 9]);
}
