use super::scale;
use crate::music::drums::Drum::{Clap, Conga, Cowbell, Hat, Kick, OpenHat, Shaker, Snare};
use crate::music::presets::*;
use crate::music::song::{Effects, Song};

/// Four on the floor, the hi-hat open on every off-beat, bass in octaves, a scratched guitar in sixteenths and
/// strings or brass that sweep over minor sevenths and ninths.
pub(super) fn compose(song: &mut Song) {
    let bass = song.player("bass", &[electric_bass, synth_bass], -1.0, Effects::default());
    let thin = Effects {
        high_pass: 450.0,
        chorus: 0.4,
        ..Effects::default()
    };
    let scratch = song.player(
        "scratch",
        &[electric_guitar, electric_guitar, electric_piano],
        -5.0,
        thin,
    );
    let wide = Effects {
        room: 1.8,
        ..Effects::default()
    };
    let section = song.player("section", &[strings, strings, brass, pad], -4.0, wide);
    let stabs = song.player("stabs", &[brass, piano, strings], -6.0, Effects::default());
    let lead = song.player(
        "lead",
        &[singer, singer, horn, synth_pluck],
        -3.0,
        Effects::default(),
    );
    song.drum_level = 3.0;

    let backbeat = song.artist.choose("backbeat", &[Snare, Clap, Snare]);
    let extra = song.artist.choose("percussion", &[Conga, Cowbell, Shaker]);
    let hats = song.artist.choose(
        "hats",
        &[
            "x..o x..o x..o x..o",
            "x.x. x.x. x.x. x.x.",
            "xx.x xx.x xx.x xx.x",
        ],
    );
    let octaves = song.artist.choose(
        "octaves",
        &[
            "1 8 1 8 1 8 1 8",
            "1 8 1 8 1 8 b7 8",
            "1 . 8 1 . 1 8 . 1 . 8 1 . 1 8 5",
            ". 8 1 8 . 8 1 8",
        ],
    );
    let strokes = song.artist.choose(
        "strokes",
        &[
            "o.xo o.xo ooxo o.xx",
            ".oxo .oxo .oxo .oxo",
            "x.ox .ox. x.ox .ox.",
        ],
    );
    let stab = song.artist.choose(
        "stab",
        &[
            "...x ..x. .... ....",
            ".... .... ..x. .x..",
            "x..x ..x. .... ....",
        ],
    );
    let mut sweep = song.tune(
        "ABAC",
        &[
            "x--- ---- x-x- x---",
            "x-xx x--- ---- ....",
            "xxxx xxxx x--- ----",
        ],
        65.0,
    );
    let mut tune = song.tune(
        "ABAC",
        &[
            "..x- x-x- x--- ....",
            "x-.x x-.x x--- ....",
            "x-x- x-x- .xx- x---",
        ],
        62.0,
    );

    let chords = song.pick(&[
        "i7 IV9 i7 IV9",
        "i7 bVII iv7 V7",
        "ii7 V7 Imaj7 vi7",
        "i7 i7 iv7 bVII",
        "vi7 ii7 V9 Imaj7",
    ]);
    let (wide, narrow) = if scale::is_minor(chords) {
        (&scale::DORIAN, &scale::MINOR_PENTATONIC)
    } else {
        (&scale::MAJOR, &scale::MAJOR_PENTATONIC)
    };
    for bar in &song.bars(chords) {
        song.drum(bar, Kick, "X... X... X... X...");
        song.drum(bar, backbeat, ".... x... .... x...");
        song.drum(bar, OpenHat, "..x. ..x. ..x. ..x.");
        song.drum(bar, Hat, hats);
        song.drum(bar, extra, "...o ..o. ...o .oo.");
        song.line(bar, bass, 33.0, octaves);
        song.comp(bar, scratch, 60.0, strokes);
        song.sing(bar, section, &mut sweep, wide);
        if bar.ends(2) {
            song.comp(bar, stabs, 58.0, stab);
        }
        song.sing(bar, lead, &mut tune, narrow);
        if bar.ends(8) {
            song.fill(bar);
        }
    }
}
