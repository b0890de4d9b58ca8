use super::scale;
use crate::music::drums::Drum::{Hat, Kick, Rim, Snare};
use crate::music::presets;
use crate::music::song::{Effects, Song};

/// One drop: nothing on one; kick and rim together on three. The guitar chops two and four short, the organ
/// bubbles on the off-beats, and the bass, the loudest of all, sings a tune with holes in it. Echoes.
pub(super) fn compose(song: &mut Song) {
    song.swing = song.habit("swing", 0.5, 0.6);
    let bass = song.part(
        presets::electric_bass(song),
        2.0,
        Effects {
            low_pass: 900.0,
            ..Effects::default()
        },
    );
    let echo = song.habit("echo", 0.15, 0.45);
    let skank = song.part(
        presets::electric_guitar(song),
        -2.0,
        Effects {
            high_pass: 350.0,
            echo,
            ..Effects::default()
        },
    );
    let organ = song.part(presets::organ(song), -5.0, Effects::default());
    let lead = if song.habit("lead", 0.0, 1.0) > 0.4 {
        presets::singer(song)
    } else {
        presets::brass(song)
    };
    let lead = song.part(
        lead,
        -3.0,
        Effects {
            echo,
            room: 1.5,
            ..Effects::default()
        },
    );
    song.drum_level = -2.0;

    let drop = song.artist.choose("drop", &[Rim, Rim, Snare]);
    let hats = song
        .artist
        .choose("hats", &["x.x. x.x.", "xoxo xoxo", "xxxo xxxo"]);
    let lines = [
        "1 . . 1 3 . 5 .",
        ". . 1 1 . 3 5 .",
        "1 - . 5 . 3 1 .",
        ". 1 1 . 5 . 4 3",
        "1 . 1 . 5 5 . 3",
    ];
    let riddim = [song.pick(&lines), song.pick(&lines)];
    let chop = song
        .artist
        .choose("chop", &["..x. ..x.", "..x. ..x.", "..xo ..xo"]);
    let bubble = song.artist.choose("bubble", &[".x.x .x.x", ".xox .xox"]);
    let phrases = [
        "..x- x-x- x--- ....",
        "x--- ..x- x-x- ....",
        "..x- x--- ..x- x---",
        ".... ..xx x-x- x---",
    ];
    let mut tune = song.tune("ABAC", &phrases, 60.0);

    let chords = song.pick(&[
        "I IV I IV",
        "i bVII i bVII",
        "I IV V IV",
        "i iv i V7",
        "I ii I ii",
        "vi IV I V",
    ]);
    for bar in &song.bars(chords) {
        song.drum(bar, Kick, ".... X...");
        song.drum(bar, drop, ".... X...");
        song.drum(bar, Hat, hats);
        if bar.ends(4) {
            song.fill(bar);
        }
        song.line(bar, bass, 31.0, riddim[bar.number % 2]);
        song.comp(bar, skank, 58.0, chop);
        song.comp(bar, organ, 62.0, bubble);
        if bar.number % 4 < 3 {
            song.sing(bar, lead, &mut tune, &scale::MAJOR_PENTATONIC);
        }
    }
}
