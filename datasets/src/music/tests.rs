use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::drums::Drum;
use super::song::{Hit, Song};
use super::*;

fn small() -> Options {
    Options {
        seconds: 3,
        artists_per_genre: 2,
        tracks_per_artist: 1,
        ..Options::default()
    }
}

/// Where in its bar a stroke falls, in beats.
fn beat(song: &Song, hit: &Hit) -> f32 {
    hit.start.rem_euclid(song.beats)
}

/// Forty songs of a genre by ten artists.
fn songs(genre: &str) -> Vec<Song> {
    let options = Options::default();
    (0..40)
        .map(|n| write_song(genre, n / 4, n % 4, &options))
        .collect()
}

#[test]
fn a_set_has_the_layout_of_gtzan_and_the_same_bytes_on_any_number_of_threads() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let calls = AtomicUsize::new(0);
    make(first.path(), &small(), &|done, total| {
        assert!(done >= 1 && done <= total);
        calls.fetch_add(1, Ordering::Relaxed);
    })
    .unwrap();
    assert_eq!(calls.into_inner(), 20);
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    alone
        .install(|| make(second.path(), &small(), &|_, _| {}))
        .unwrap();

    let list = fs::read_to_string(first.path().join("artists.csv")).unwrap();
    let mut lines = list.lines();
    assert_eq!(lines.next(), Some("file,artist"));
    let rows: Vec<(&str, &str)> = lines.map(|line| line.split_once(',').unwrap()).collect();
    assert_eq!(rows.len(), 20);
    assert_eq!(rows[1], ("blues/blues.00001.wav", "blues-artist-01"));
    assert_eq!(rows.iter().map(|row| row.1).collect::<BTreeSet<_>>().len(), 20);
    for (file, _) in rows {
        let path = first.path().join("genres_original").join(file);
        let reader = hound::WavReader::open(&path).unwrap();
        let spec = reader.spec();
        assert_eq!(
            (spec.channels, spec.sample_rate, spec.bits_per_sample),
            (1, 16_000, 16)
        );
        assert_eq!(reader.duration(), 48_000);
        let other = second.path().join("genres_original").join(file);
        assert!(
            fs::read(path).unwrap() == fs::read(other).unwrap(),
            "{file} differs"
        );
    }
    let files = fs::read_dir(first.path().join("genres_original/jazz"))
        .unwrap()
        .count();
    assert_eq!(files, 2, "nothing temporary is left");
}

#[test]
fn tracks_are_sound_and_in_bounds() {
    let options = small();
    for genre in GENRES {
        for artist in 0..3 {
            let samples = compose(genre, artist, 0, &options);
            let name = format!("{genre} {artist}");
            assert_eq!(samples.len(), 48_000, "{name}");
            assert!(
                samples.iter().all(|x| x.abs() <= 0.98),
                "{name} clips or is not a number"
            );
            let power = samples.iter().map(|x| x * x).sum::<f32>() / samples.len() as f32;
            let level = 10.0 * power.log10();
            assert!((-23.0..-12.0).contains(&level), "{name} has {level} dB");
            let mean = samples.iter().sum::<f32>() / samples.len() as f32;
            assert!(mean.abs() < 0.002, "{name} is off centre by {mean}");
            let pause = samples
                .chunks(4000)
                .filter(|part| part.iter().all(|x| x.abs() < 1e-3));
            assert_eq!(pause.count(), 0, "{name} falls silent");
        }
    }
}

#[test]
fn seeds_artists_and_tracks_differ() {
    let options = Options {
        seconds: 1,
        ..Options::default()
    };
    let other_seed = Options {
        seed: 2,
        ..options.clone()
    };
    let tracks = [
        compose("rock", 0, 0, &options),
        compose("rock", 0, 1, &options),
        compose("rock", 1, 0, &options),
        compose("rock", 0, 0, &other_seed),
    ];
    for (n, a) in tracks.iter().enumerate() {
        for b in &tracks[..n] {
            let same = a.iter().zip(b).filter(|(a, b)| (*a - *b).abs() < 1e-4).count();
            assert!(same < a.len() / 4, "{same} samples are the same");
        }
    }
    assert!(tracks[0] == compose("rock", 0, 0, &options));
}

#[test]
fn tempo_tells_no_genre() {
    let ranges = GENRES.map(|genre| {
        let mut tempos: Vec<f32> = songs(genre).iter().map(|song| song.tempo).collect();
        tempos.sort_by(f32::total_cmp);
        (genre, tempos[8], tempos[31])
    });
    for (a, slow, _) in ranges {
        assert!(slow > 80.0);
        for (b, _, fast) in ranges {
            assert!(
                slow < fast,
                "the slow fifth of {a} is faster than the fast fifth of {b}"
            );
            assert!(fast < 150.0);
        }
    }
}

/// The share of songs with drums in which `rule` holds for the first bar, unless a fill comes in between.
fn share(genre: &str, rule: impl Fn(&dyn Fn(Drum, f32) -> bool) -> bool) -> f32 {
    let songs: Vec<Song> = songs(genre)
        .into_iter()
        .filter(|song| song.hits.len() > 8)
        .collect();
    let holds = songs.iter().filter(|song| {
        (0..3).any(|bar| {
            let hits: Vec<&Hit> = song
                .hits
                .iter()
                .filter(|hit| (hit.start / song.beats).floor() as usize == bar)
                .collect();
            rule(&|drum, at| {
                hits.iter()
                    .any(|hit| hit.drum == drum && (beat(song, hit) - at).abs() < 0.01)
            })
        })
    });
    holds.count() as f32 / songs.len() as f32
}

#[test]
fn every_genre_keeps_its_beat() {
    use Drum::{Kick, Pedal, Snare};
    let floor = share("disco", |hit| (0..4).all(|at| hit(Kick, at as f32)));
    assert!(floor > 0.95, "disco has four on the floor in {floor}");
    let chick = share("jazz", |hit| hit(Pedal, 1.0) && !hit(Pedal, 0.0));
    assert!(chick > 0.9, "jazz closes the hi-hat on two in {chick}");
    let backbeat = share("rock", |hit| hit(Snare, 1.0) && hit(Snare, 3.0));
    assert!(backbeat > 0.9, "rock has a backbeat in {backbeat}");
    for song in songs("reggae") {
        let on_one = song
            .hits
            .iter()
            .any(|hit| hit.drum == Kick && beat(&song, hit) < 0.5);
        assert!(!on_one, "reggae drops the one");
    }
    assert!(
        songs("classical").iter().all(|song| song.hits.is_empty()),
        "no drums"
    );
    let kicks = |genre: &str| {
        let count = |song: &Song| song.hits.iter().filter(|hit| hit.drum == Kick).count();
        songs(genre).iter().map(count).sum::<usize>()
    };
    assert!(kicks("metal") > 2 * kicks("rock"), "metal has two bass drums");
}

#[test]
fn who_swings_and_who_does_not() {
    for (genre, least, most) in [
        ("jazz", 0.57, 0.67),
        ("hiphop", 0.53, 0.64),
        ("disco", 0.5, 0.5),
        ("rock", 0.5, 0.5),
        ("metal", 0.5, 0.5),
    ] {
        for song in songs(genre) {
            assert!((least..=most).contains(&song.swing), "{genre}: {}", song.swing);
        }
    }
}

#[test]
fn jazz_walks_in_quarters() {
    for song in songs("jazz")
        .iter()
        .filter(|song| !song.parts[0].notes.is_empty())
    {
        let bass = &song.parts[0].notes;
        assert!(bass.iter().all(|note| note.start.fract() == 0.0));
        let steps = bass
            .windows(2)
            .filter(|pair| pair[1].start - pair[0].start == 1.0)
            .count();
        assert!(steps * 10 >= (bass.len() - 1) * 9, "{steps} of {}", bass.len());
    }
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (options, reason) in [
        (
            Options {
                artists_per_genre: 0,
                ..small()
            },
            "at least one artist",
        ),
        (
            Options {
                tracks_per_artist: 100_000,
                ..small()
            },
            "five digits",
        ),
        (
            Options {
                seconds: 0,
                ..small()
            },
            "1 to 600",
        ),
        (
            Options {
                sample_rate: 100,
                ..small()
            },
            "between 8000 and 48000",
        ),
    ] {
        let error = make(folder.path(), &options, &|_, _| {}).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    let file = folder.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let error = make(&file, &small(), &|_, _| {}).unwrap_err().to_string();
    assert!(
        error.contains("file") && error.contains("cannot write"),
        "{error}"
    );
}
