use super::scale;
use crate::music::drums::Drum::{Clap, Hat, Kick, OpenHat, Shaker, Snare};
use crate::music::presets;
use crate::music::song::{Effects, Song};

/// Four chords for ever (I V vi IV and its turns), a drum machine with claps, a bass in even eighths, pads and
/// a plucked synthesiser in broken chords; on top a voice with a hook that comes back every two bars.
pub(super) fn compose(song: &mut Song) {
    let bass = song.part(presets::synth_bass(song), -2.0, Effects::default());
    let pad = song.part(
        presets::pad(song),
        -6.0,
        Effects {
            room: 1.5,
            ..Effects::default()
        },
    );
    let pluck = song.part(
        presets::synth_pluck(song),
        -5.0,
        Effects {
            echo: song.habit("echo", 0.0, 0.4),
            ..Effects::default()
        },
    );
    let voice = song.part(
        presets::singer(song),
        1.0,
        Effects {
            chorus: 0.3,
            ..Effects::default()
        },
    );
    let harmony = song.part(
        presets::singer(song),
        -6.0,
        Effects {
            room: 1.5,
            ..Effects::default()
        },
    );
    song.drum_level = -1.0;

    let kick = song.artist.choose(
        "kick",
        &[
            "X... ..x. .... ....",
            "X..x ..x. ..x. ....",
            "X... ...x ..x. ....",
            "X... .... x.x. ....",
        ],
    );
    let clap = song.artist.choose("clap", &[Clap, Clap, Snare]);
    let hats = song.artist.choose(
        "hats",
        &[
            "x.x. x.x. x.x. x.x.",
            "xoxo xoxo xoxo xoxo",
            "..x. ..x. ..x. ..x.",
        ],
    );
    let shaker = song.artist.choose("shaker", &[Hat, Shaker]);
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
    let mut hook = song.tune("ABABABAC", &hooks, song.habit("voice pitch", 58.0, 65.0));
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
        song.line(bar, bass, 33.0, "1 1 1 1 1 1 1 1");
        song.comp(bar, pad, 55.0, "x---------------");
        song.arpeggio(bar, pluck, 64.0, figure, &order);
        song.sing(bar, voice, &mut hook, &scale::MAJOR);
        if bar.number % 8 >= 4 {
            song.comp(bar, harmony, 60.0, "x------- x-------");
        }
    }
}
