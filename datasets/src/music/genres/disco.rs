use super::scale;
use crate::music::drums::Drum::{Clap, Conga, Cowbell, Hat, Kick, OpenHat, Snare};
use crate::music::presets;
use crate::music::song::{Effects, Song};

/// Four on the floor, the hi-hat open on every off-beat, bass in octaves, a scratched guitar in sixteenths and
/// a string section that sweeps over minor sevenths and ninths.
pub(super) fn compose(song: &mut Song) {
    let bass = if song.habit("bass player", 0.0, 1.0) > 0.5 {
        presets::electric_bass(song)
    } else {
        presets::synth_bass(song)
    };
    let bass = song.part(bass, -1.0, Effects::default());
    let guitar = song.part(
        presets::electric_guitar(song),
        -6.0,
        Effects {
            high_pass: 500.0,
            chorus: 0.4,
            ..Effects::default()
        },
    );
    let strings = song.part(
        presets::strings(song),
        -4.0,
        Effects {
            room: 1.8,
            ..Effects::default()
        },
    );
    let stabs = song.part(presets::brass(song), -6.0, Effects::default());
    let voice = song.part(presets::singer(song), -4.0, Effects::default());
    song.drum_level = 0.0;

    let backbeat = song.artist.choose("backbeat", &[Snare, Clap, Snare]);
    let extra = song.artist.choose("percussion", &[Conga, Cowbell]);
    let octaves = song.artist.choose(
        "octaves",
        &[
            "1 8 1 8 1 8 1 8",
            "1 8 1 8 1 8 b7 8",
            "1 . 8 1 . 1 8 . 1 . 8 1 . 1 8 5",
            ". 8 1 8 . 8 1 8",
        ],
    );
    let scratch = song.artist.choose(
        "scratch",
        &[
            "o.xo o.xo ooxo o.xx",
            ".oxo .oxo .oxo .oxo",
            "x.ox .ox. x.ox .ox.",
        ],
    );
    let sings = song.habit("singer", 0.0, 1.0) > 0.4;
    let mut sweep = song.tune(
        "ABAC",
        &[
            "x--- ---- x-x- x---",
            "x-xx x--- ---- ....",
            "xxxx xxxx x--- ----",
        ],
        67.0,
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
    for bar in &song.bars(chords) {
        song.drum(bar, Kick, "X... X... X... X...");
        song.drum(bar, backbeat, ".... x... .... x...");
        song.drum(bar, OpenHat, "..x. ..x. ..x. ..x.");
        song.drum(bar, Hat, "x..o x..o x..o x..o");
        song.drum(bar, extra, "...o ..o. ...o .oo.");
        song.line(bar, bass, 33.0, octaves);
        song.comp(bar, guitar, 60.0, scratch);
        song.sing(bar, strings, &mut sweep, &scale::DORIAN);
        if bar.ends(2) {
            song.comp(
                bar,
                stabs,
                58.0,
                song.artist
                    .choose("stab", &["...x ..x. .... ....", ".... .... ..x. .x.."]),
            );
        }
        if sings {
            song.sing(bar, voice, &mut tune, &scale::MINOR_PENTATONIC);
        }
        if bar.ends(8) {
            song.fill(bar);
        }
    }
}
