use super::scale;
use crate::music::drums::Drum::{Hat, Kick, Ride, Snare};
use crate::music::presets;
use crate::music::song::{Effects, Song};

/// Twelve bars of dominant sevenths in a shuffle. The guitar rocks between fifth and sixth, the bass climbs the
/// boogie ladder 1 3 5 6 b7, and a lead — guitar, harp or voice — calls for two bars and leaves two for the
/// answer, in a scale whose third is bent.
pub(super) fn compose(song: &mut Song) {
    song.swing = song.habit("swing", 0.62, 0.68);
    let rhythm = song.part(
        presets::electric_guitar(song),
        -5.0,
        Effects {
            drive: song.habit("crunch", 0.4, 1.5),
            low_pass: 4500.0,
            ..Effects::default()
        },
    );
    let bass = song.part(presets::electric_bass(song), -2.0, Effects::default());
    let piano = song.part(presets::piano(song), -9.0, Effects::default());
    let (lead, amplifier) = match song.artist.choose("lead", &["guitar", "guitar", "harp"]) {
        "guitar" => (presets::lead_guitar(song), presets::lead_amplifier(song, 1.2)),
        _ => (presets::harmonica(song), presets::lead_amplifier(song, 0.8)),
    };
    let lead = song.part(lead, -2.0, amplifier);
    song.drum_level = -3.0;

    let shuffle = song.artist.choose("ride", &[Hat, Ride]);
    let ladder = song.artist.choose(
        "bass line",
        &[
            "1 1 3 3 5 5 6 6",
            "1 . 3 . 5 . 6 .",
            "1 1 3 3 5 5 b7 6",
            "1 1 8 8 b7 b7 5 5",
        ],
    );
    let plays_piano = song.habit("piano", 0.0, 1.0) > 0.5;
    let calls = [
        "..xx x-x. xx-- ....",
        "x-x- xx.x x--- ....",
        "..x. x.xx x.x- --..",
        ".xxx x-.x x-x- --..",
    ];
    let mut tune = song.tune("ABACABAD", &calls, 60.0);
    tune.slide = (0.45, song.habit("bend", 1.0, 2.0));

    let quick = song.pick(&["I7 I7 I7 I7", "I7 IV7 I7 I7"]);
    let turnaround = song.pick(&["V7 IV7 I7 V7", "V7 IV7 I7 I7,V7", "V7 V7 I7 IV7,V7"]);
    for bar in &song.bars(&format!("{quick} IV7 IV7 I7 I7 {turnaround}")) {
        song.drum(bar, Kick, "x... x...");
        song.drum(bar, Snare, "..X. ..X.");
        song.drum(bar, shuffle, "XxXx XxXx");
        if bar.ends(4) {
            song.fill(bar);
        }
        song.line(bar, bass, 31.0, ladder);
        song.line(bar, rhythm, 40.0, "1 1 1 1 1 1 1 1");
        song.line(bar, rhythm, 40.0, "5 5 6 6 5 5 6 6");
        if plays_piano {
            song.comp(bar, piano, 57.0, "..x. ...x");
        }
        if bar.number % 4 < 3 {
            song.sing(bar, lead, &mut tune, &scale::BLUES);
        }
    }
}
