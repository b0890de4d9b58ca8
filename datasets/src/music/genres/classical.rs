use super::scale;
use crate::music::presets;
use crate::music::song::{Effects, Song};

/// No drums. Tonic, subdominant, dominant and a cadence every four bars; broken chords (Alberti's bass) or a
/// walking continuo under a tune in even eighths and sixteenths, on harpsichord, piano, strings or winds.
pub(super) fn compose(song: &mut Song) {
    song.beats = song.pick(&[4.0, 4.0, 3.0]);
    let hall = Effects {
        room: 2.5,
        ..Effects::default()
    };
    let ensemble = song
        .artist
        .choose("ensemble", &["harpsichord", "piano", "quartet", "winds"]);
    let (tune_by, chords_by) = match ensemble {
        "harpsichord" => (presets::harpsichord(song), presets::harpsichord(song)),
        "piano" => (presets::piano(song), presets::piano(song)),
        "quartet" => (presets::fiddle(song), presets::strings(song)),
        _ => (presets::flute(song), presets::strings(song)),
    };
    let first = song.part(tune_by.clone(), 0.0, hall.clone());
    let second = song.part(tune_by, -5.0, hall.clone());
    let inner = song.part(chords_by, -5.0, hall.clone());
    let cello = song.part(
        if ensemble == "piano" {
            presets::piano(song)
        } else {
            presets::strings(song)
        },
        -5.0,
        hall,
    );

    let minor = song.chance(0.35);
    let (chords, scale) = if minor {
        let chords = [
            "i iv V i i VI,iv V i",
            "i V i V VI iv i,V i",
            "i,V i iv,V i bVI,iv i,V i,V i",
        ];
        (song.pick(&chords), [0.0, 2.0, 3.0, 5.0, 7.0, 8.0, 11.0])
    } else {
        let chords = [
            "I V I V I IV I,V I",
            "I IV,V I vi ii V I,V I",
            "I,V vi,iii IV,I IV,V I,V vi,iii IV,V I",
        ];
        (song.pick(&chords), scale::MAJOR)
    };
    let chords = chords
        .replace("VI", if minor { "bVI" } else { "VI" })
        .replace("bb", "b");
    let three = song.beats == 3.0;
    let rhythms: &[&str] = if three {
        &["x- x- x-", "x- xx xx", "x-- x x-", "xx xx x-"]
    } else {
        &[
            "x--- x-x- x--- x---",
            "x-xx xxxx x-x- x---",
            "x--x x-x- xxxx x-x-",
            "xxxx x-x- xxxx x---",
            "x-x- x-x- x-xx x-x-",
        ]
    };
    let mut tune = song.tune("ABACABAD", rhythms, 67.0);
    let mut answer = song.tune("ABAB", &rhythms[..2], 60.0);
    let alberti = song
        .artist
        .choose("figure", &[[0, 2, 1, 2], [0, 1, 2, 1], [0, 2, 1, 2]]);
    let counterpoint = song.habit("counterpoint", 0.0, 1.0) > 0.4;
    let figure = match (ensemble, three) {
        ("harpsichord" | "piano", true) => "xx xx xx",
        ("harpsichord" | "piano", false) => song
            .artist
            .choose("figure speed", &["xx xx xx xx", "xxxx xxxx xxxx xxxx"]),
        (_, true) => "x x x",
        (_, false) => "x-x- x-x-",
    };
    for bar in &song.bars(&chords) {
        song.sing(bar, first, &mut tune, &scale);
        if counterpoint {
            song.sing(bar, second, &mut answer, &scale);
        }
        if ensemble == "harpsichord" || ensemble == "piano" {
            song.arpeggio(bar, inner, 52.0, figure, &alberti);
        } else {
            song.comp(bar, inner, 54.0, figure);
        }
        let roots = match (bar.chords.len(), three) {
            (1, true) => "1 - 1",
            (1, false) => "1 - - - 5 - 1 -",
            (_, true) => "1 - - 1 - -",
            (_, false) => "1 - - - 1 - - -",
        };
        song.line(bar, cello, 38.0, roots);
    }
}
