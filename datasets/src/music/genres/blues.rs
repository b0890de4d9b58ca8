use super::scale;
use crate::music::drums::Drum::{Hat, Kick, Ride, Snare};
use crate::music::presets::*;
use crate::music::song::{Effects, Song};

/// Twelve bars of dominant sevenths in a shuffle or in slow triplets. The guitar rocks between fifth and sixth,
/// the bass climbs the boogie ladder 1 3 5 6 b7, and a lead calls for two bars and leaves the third for the
/// answer, in a scale whose third is bent.
pub(super) fn compose(song: &mut Song) {
    let rhythm = song.player(
        "rhythm",
        &[electric_guitar, acoustic_guitar],
        -4.0,
        crunch(song, 0.3, 2.5),
    );
    let bass = song.player("bass", &[electric_bass, upright_bass], -1.0, Effects::default());
    let keys = song.player("keys", &[piano, organ], -7.0, Effects::default());
    let leads = [lead_guitar, harmonica, lead_guitar, singer, harmonica, piano];
    let lead = song.player("lead", &leads, 0.0, lead_amplifier(song, 1.2));
    song.drum_level = 0.0;

    // Slow blues counts twelve to the bar; otherwise eight, and they swing.
    let slow = song.often("slow blues", 0.25);
    song.swing = if slow {
        0.5
    } else {
        song.habit("swing", 0.62, 0.68)
    };
    let cymbal = song.artist.choose("ride", &[Hat, Ride]);
    let [kick, backbeat, time, chop, bass_line, low_guitar, high_guitar] = if slow {
        [
            "x.. ... x.x ...",
            "... X.. ... X..",
            "Xxx Xxx Xxx Xxx",
            "... x.. ... x.x",
            "1 . 1 3 . 3 5 . 5 6 . 5",
            "1 . 1 1 . 1 1 . 1 1 . 1",
            "5 . 5 6 . 6 5 . 5 6 . 6",
        ]
    } else {
        [
            song.artist
                .choose("kick", &["x... x...", "x.x. x.x.", "x... x..x"]),
            song.artist.choose("snare", &["..X. ..X.", "..X. .oX."]),
            song.artist
                .choose("time", &["Xx Xx Xx Xx", "X. Xx X. Xx", "Xx Xx Xx Xx"]),
            song.artist
                .choose("chop", &["..x. ...x", ".x.x .x.x", "..x. ..x."]),
            song.artist.choose(
                "bass line",
                &[
                    "1 1 3 3 5 5 6 6",
                    "1 . 3 . 5 . 6 .",
                    "1 1 8 8 b7 b7 5 5",
                    "1 . 5 . 6 . b7 6",
                ],
            ),
            "1 1 1 1 1 1 1 1",
            "5 5 6 6 5 5 6 6",
        ]
    };
    let rocks = song.often("boogie guitar", 0.9);
    let phrases = if slow {
        ["..x x-x x-- ...", "x-x x.x x-- ...", ".xx x.x x-- --."]
    } else {
        [
            "..xx x-x. xx-- ....",
            "x-x- xx.x x--- ....",
            ".xxx x-.x x-x- --..",
        ]
    };
    let mut calls = song.tune("ABACABAD", &phrases, 60.0);
    calls.slide = (0.5, song.habit("bend", 1.0, 2.0));

    let quick = song.pick(&["I7 I7 I7 I7", "I7 IV7 I7 I7"]);
    let turnaround = song.pick(&["V7 IV7 I7 V7", "V7 IV7 I7 I7,V7", "V7 V7 I7 IV7,V7"]);
    for bar in &song.bars(&format!("{quick} IV7 IV7 I7 I7 {turnaround}")) {
        song.drum(bar, Kick, kick);
        song.drum(bar, Snare, backbeat);
        song.drum(bar, cymbal, time);
        if bar.ends(4) {
            song.fill(bar);
        }
        song.line(bar, bass, 31.0, bass_line);
        if rocks {
            song.line(bar, rhythm, 40.0, low_guitar);
            song.line(bar, rhythm, 40.0, high_guitar);
        } else {
            song.comp(bar, rhythm, 52.0, chop);
        }
        song.comp(bar, keys, 57.0, chop);
        if bar.number % 4 < 3 {
            song.sing(bar, lead, &mut calls, &scale::BLUES);
        }
    }
}
