use super::scale;
use crate::music::drums::Drum::{Crash, Hat, Kick, OpenHat, Ride, Snare};
use crate::music::presets::*;
use crate::music::song::{Effects, Song};

/// Straight eighths on the hi-hat, a hard backbeat, and a band that leans on it: power chords in a riff of I,
/// bVII and IV, from clean to crunching, a bass that pumps roots in eighths, and a voice or a pentatonic lead.
pub(super) fn compose(song: &mut Song) {
    let guitar = song.player("guitar", &[electric_guitar], 0.0, crunch(song, 0.8, 6.0));
    song.parts[guitar].strum = 0.006;
    let second = song.player(
        "second",
        &[acoustic_guitar, electric_guitar, organ, piano],
        -6.0,
        Effects::default(),
    );
    let bass = song.player("bass", &[electric_bass], -1.0, crunch(song, 0.1, 1.0));
    let lead = song.player(
        "lead",
        &[lead_guitar, singer, singer, lead_guitar],
        -1.0,
        lead_amplifier(song, 2.0),
    );
    song.drum_level = 3.0;

    let kick = song.pick(&[
        "X... ..x. x... ....",
        "X... .... x.x. ....",
        "X... ...x x... ..x.",
        "X.x. .... x.x. ....",
        "X... .... X... ....",
    ]);
    let cymbal = song.artist.choose("cymbal", &[Hat, Hat, OpenHat, Ride]);
    let riff = song.pick(&[
        "x-x- xxx- x-x- x-x-",
        "x--- x-x- --x- x---",
        "x-x- x-x- x-x- x-x-",
        "x--x --x- x--x --x-",
        "x-xx .xx- x-xx .xx-",
        "x--- ---- x--- x-x-",
    ]);
    let colour = song.artist.choose(
        "colour",
        &["x---------------", "x--- x-x- x--- x-x-", "x-x- x-x- x-x- x-x-"],
    );
    let pump = song
        .artist
        .choose("pump", &["1 1 1 1 1 1 1 1", "1 1 1 1 1 1 5 5", "1 - 1 1 . 1 1 -"]);
    let mut tune = song.tune(
        "ABAC",
        &[
            "x-x- x--- x-xx x---",
            "..x- x-x- xxx- x---",
            "x--- ---- x-x- x-x-",
            "x-xx x-xx x--- ....",
        ],
        60.0,
    );
    tune.slide = (0.3, 2.0);

    let chords = song.pick(&[
        "I5 bVII5 IV5 I5",
        "I5,I5 bVII5,IV5",
        "i5 bVI5 bVII5 i5",
        "I5 I5 IV5 V5",
        "I5 IV5 bVII5 IV5",
        "i5 bIII5 bVII5 IV5",
    ]);
    for bar in &song.bars(chords) {
        song.drum(bar, Kick, kick);
        song.drum(bar, Snare, ".... X... .... X...");
        song.drum(bar, cymbal, "x.x. x.x. x.x. x.x.");
        if bar.number % 4 == 0 {
            song.drum(bar, Crash, "X... .... .... ....");
        }
        if bar.ends(4) {
            song.fill(bar);
        }
        song.comp(bar, guitar, 43.0, riff);
        song.comp(bar, second, 55.0, colour);
        song.line(bar, bass, 30.0, pump);
        song.sing(bar, lead, &mut tune, &scale::MINOR_PENTATONIC);
    }
}
