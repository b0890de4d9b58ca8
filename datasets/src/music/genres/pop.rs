use super::scale;
use crate::music::drums::Drum::{Clap, Hat, Kick, OpenHat, Shaker, Snare};
use crate::music::presets::*;
use crate::music::song::{Effects, Song};

/// Four chords for ever (I V vi IV and its turns), a drum machine with claps, a bass in even eighths, held pads
/// and something plucked in broken chords; on top a voice with a hook that comes back every two bars.
pub(super) fn compose(song: &mut Song) {
    let voice = song.player(
        "voice",
        &[singer],
        0.0,
        Effects {
            chorus: 0.3,
            ..Effects::default()
        },
    );
    let bass = song.player(
        "bass",
        &[synth_bass, synth_bass, electric_bass],
        -2.0,
        Effects::default(),
    );
    let wide = Effects {
        room: 1.5,
        ..Effects::default()
    };
    let held = song.player("held", &[pad, strings, organ, piano], -6.0, wide.clone());
    let echoing = Effects {
        echo: song.habit("echo", 0.0, 0.35),
        ..Effects::default()
    };
    let broken = song.player(
        "broken",
        &[synth_pluck, acoustic_guitar, electric_guitar, electric_piano],
        -5.0,
        echoing,
    );
    let choir = song.player("choir", &[singer], -6.0, wide);
    song.drum_level = 2.0;

    let kick = song.artist.choose(
        "kick",
        &[
            "X... ..x. .... ....",
            "X..x ..x. ..x. ....",
            "X... ...x ..x. ....",
            "X... .... x.x. ....",
            "X... x... x... x...",
        ],
    );
    let clap = song.artist.choose("clap", &[Clap, Clap, Snare]);
    let hats = song.artist.choose(
        "hats",
        &[
            "x.x. x.x. x.x. x.x.",
            "xoxo xoxo xoxo xoxo",
            "x.xx x.xx x.xx x.xx",
        ],
    );
    let shaker = song.artist.choose("shaker", &[Hat, Shaker]);
    let pump = song.artist.choose(
        "pump",
        &[
            "1 1 1 1 1 1 1 1",
            "1 1 1 1 1 1 1 5",
            "1 - . 1 1 - 1 .",
            "1 - - 1 - - 1 -",
        ],
    );
    let order = song.artist.choose(
        "order",
        &[
            [0, 1, 2, 3, 2, 1, 2, 1],
            [0, 2, 1, 3, 2, 3, 1, 2],
            [0, 1, 2, 3, 4, 3, 2, 1],
        ],
    );
    let figure = song.artist.choose(
        "figure",
        &[
            "x.x. x.x. x.x. x.x.",
            "xxxx xxxx xxxx xxxx",
            "x..x ..x. x..x ..x.",
        ],
    );
    let hooks = [
        "x-x- x-x- x--- ....",
        "..x- x-xx -x-- ....",
        "x-.x -.x- x-x- x---",
        "xxx- x-x- x--- --..",
        "..xx x-x- x-x- x---",
    ];
    let mut hook = song.tune("ABABABAC", &hooks, song.habit("voice pitch", 57.0, 66.0));
    hook.slide = (0.15, 1.0);

    let chords = song.pick(&["I V vi IV", "vi IV I V", "I vi IV V", "IV I V vi", "I IV vi V"]);
    for bar in &song.bars(chords) {
        song.drum(bar, Kick, kick);
        song.drum(bar, clap, ".... X... .... X...");
        song.drum(bar, shaker, hats);
        if bar.ends(4) {
            song.drum(bar, OpenHat, ".... .... .... ..x.");
        }
        if bar.ends(8) {
            song.fill(bar);
        }
        song.line(bar, bass, 33.0, pump);
        song.comp(bar, held, 55.0, "x---------------");
        song.arpeggio(bar, broken, 62.0, figure, &order);
        song.sing(bar, voice, &mut hook, &scale::MAJOR);
        if bar.number % 8 >= 4 {
            song.comp(bar, choir, 60.0, "x------- x-------");
        }
    }
}
