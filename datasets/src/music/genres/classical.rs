use super::scale;
use crate::music::presets::*;
use crate::music::song::{Effects, Preset, Song};

/// No drums. Tonic, subdominant, dominant and a cadence every four bars; broken chords (Alberti's bass), an even
/// accompaniment or held chords under a tune in eighths and sixteenths, on keyboards, guitar, strings or winds.
pub(super) fn compose(song: &mut Song) {
    song.beats = song.artist.choose("metre", &[4.0, 4.0, 3.0]);
    let ensembles: [[Preset; 3]; 7] = [
        [harpsichord, harpsichord, harpsichord],
        [piano, piano, piano],
        [fiddle, strings, strings],
        [flute, strings, strings],
        [flute, harpsichord, strings],
        [acoustic_guitar, acoustic_guitar, acoustic_guitar],
        [organ, organ, organ],
    ];
    let [soprano, tenor, continuo] = song.artist.choose("ensemble", &ensembles);
    let hall = Effects {
        room: 2.5,
        ..Effects::default()
    };
    let first = song.player("soprano", &[soprano], 0.0, hall.clone());
    let second = song.player("alto", &[soprano], -4.0, hall.clone());
    let inner = song.player("tenor", &[tenor], -4.0, hall.clone());
    let bass = song.player("continuo", &[continuo], -4.0, hall);

    let minor = song.chance(0.4);
    let (chords, scale) = if minor {
        let chords = [
            "i iv V i i bVI,iv V i",
            "i V i V bVI iv i,V i",
            "i,V i iv,V bVI,iv i V i,V i",
        ];
        (song.pick(&chords), &scale::HARMONIC_MINOR)
    } else {
        let chords = [
            "I V I V I IV I,V I",
            "I IV,V I vi ii V I,V I",
            "I,V vi,iii IV,I IV,V I,V vi,iii IV,V I",
        ];
        (song.pick(&chords), &scale::MAJOR)
    };
    let three = song.beats == 3.0;
    let rhythms: &[&str] = if three {
        &[
            "x--- x--- x---",
            "x--- x-x- x-x-",
            "x--- ---- x-xx",
            "x-x- x-x- x---",
            "xxxx xxxx x---",
        ]
    } else {
        &[
            "x--- x-x- x--- x---",
            "x-xx xxxx x-x- x---",
            "x--x x-x- xxxx x-x-",
            "xxxx x-x- xxxx x---",
            "x--- ---- x-x- x-x-",
        ]
    };
    let mut tune = song.tune("ABACABAD", rhythms, song.habit("register", 62.0, 72.0));
    let mut answer = song.tune("ABAB", &rhythms[..3], 57.0);
    let counterpoint = song.often("counterpoint", 0.5);
    let order = song
        .artist
        .choose("figure", &[[0, 2, 1, 2], [0, 1, 2, 1], [0, 1, 2, 3]]);
    let broken = song.often("broken chords", 0.6);
    let figure = match (broken, three) {
        (true, true) => song.artist.choose("pulse", &["xx xx xx", "xxxx xxxx xxxx"]),
        (true, false) => song
            .artist
            .choose("pulse", &["xx xx xx xx", "xxxx xxxx xxxx xxxx"]),
        (false, true) => song.artist.choose("pulse", &[".xx", "x--", "xxx"]),
        (false, false) => song.artist.choose("pulse", &["xxxx", "x-x-", ".x.x .x.x"]),
    };
    for bar in &song.bars(chords) {
        song.sing(bar, first, &mut tune, scale);
        if counterpoint {
            song.sing(bar, second, &mut answer, scale);
        }
        if broken {
            song.arpeggio(bar, inner, 52.0, figure, &order);
        } else {
            song.comp(bar, inner, 54.0, figure);
        }
        let roots = match (bar.chords.len(), three) {
            (1, true) => "1 - 1",
            (1, false) => "1 - - - 5 - 1 -",
            (_, true) => "1 - - 1 - -",
            (_, false) => "1 - - - 1 - - -",
        };
        song.line(bar, bass, 38.0, roots);
    }
}
