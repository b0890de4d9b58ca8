use super::scale;
use crate::music::drums::Drum::{Hat, Kick, Rim, Shaker, Snare};
use crate::music::presets::*;
use crate::music::song::{Effects, Song};

/// One drop: nothing on one; kick and rim together on three. A guitar or piano chops two and four short, the
/// organ bubbles on the off-beats, and the bass, the loudest of all, sings a tune with holes in it. Echoes.
pub(super) fn compose(song: &mut Song) {
    song.swing = song.habit("swing", 0.5, 0.6);
    let echo = song.habit("echo", 0.0, 0.4);
    let thin = Effects {
        high_pass: 300.0,
        echo,
        ..Effects::default()
    };
    let skank = song.player(
        "skank",
        &[electric_guitar, piano, electric_guitar, organ],
        -2.0,
        thin,
    );
    let deep = Effects {
        low_pass: song.habit("bass tone", 700.0, 2000.0),
        ..Effects::default()
    };
    let bass = song.player("bass", &[electric_bass, electric_bass, synth_bass], 1.0, deep);
    let bubble = song.player(
        "bubble",
        &[organ, organ, electric_piano],
        -5.0,
        Effects::default(),
    );
    let dub = Effects {
        echo,
        room: 1.5,
        ..Effects::default()
    };
    let lead = song.player("lead", &[singer, brass, singer, flute, harmonica], -2.0, dub);
    song.drum_level = 1.0;

    let drop = song.artist.choose("drop", &[Rim, Rim, Snare]);
    let hat = song.artist.choose("hat", &[Hat, Hat, Shaker]);
    let hats = song
        .artist
        .choose("hats", &["x.x. x.x.", "xoxo xoxo", "xxxo xxxo"]);
    let lines = [
        "1 . . 1 3 . 5 .",
        ". . 1 1 . 3 5 .",
        "1 - . 5 . 3 1 .",
        ". 1 1 . 5 . 4 3",
        "1 . 1 . 5 5 . 3",
        "1 . 5 . 6 . 5 3",
    ];
    let riddim = [song.pick(&lines), song.pick(&lines)];
    let chop = song
        .artist
        .choose("chop", &["..x. ..x.", "..x. ..x.", "..xo ..xo"]);
    let bubbles = song
        .artist
        .choose("bubbles", &[".x.x .x.x", ".xox .xox", ".x.. .x.."]);
    let mut tune = song.tune(
        "ABAC",
        &[
            "..x- x-x- x--- ....",
            "x--- ..x- x-x- ....",
            "..x- x--- ..x- x---",
            ".... ..xx x-x- x---",
        ],
        60.0,
    );

    let chords = song.pick(&[
        "I IV I IV",
        "i bVII i bVII",
        "I IV V IV",
        "i iv i V7",
        "I ii I ii",
        "vi IV I V",
    ]);
    let scale: &[f32] = if scale::is_minor(chords) {
        &scale::MINOR_PENTATONIC
    } else {
        &scale::MAJOR_PENTATONIC
    };
    for bar in &song.bars(chords) {
        song.drum(bar, Kick, ".... X...");
        song.drum(bar, drop, ".... X...");
        song.drum(bar, hat, hats);
        if bar.ends(4) {
            song.fill(bar);
        }
        song.line(bar, bass, 31.0, riddim[bar.number % 2]);
        song.comp(bar, skank, 58.0, chop);
        song.comp(bar, bubble, 62.0, bubbles);
        if bar.number % 4 < 3 {
            song.sing(bar, lead, &mut tune, scale);
        }
    }
}
