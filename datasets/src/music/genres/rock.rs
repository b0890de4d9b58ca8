use super::scale;
use crate::music::drums::Drum::{Crash, Hat, Kick, OpenHat, Ride, Snare};
use crate::music::presets;
use crate::music::song::{Effects, Song};

/// Straight eighths on the hi-hat, a hard backbeat, and a band that leans on it: crunching power chords in a
/// riff of I, bVII and IV, a bass that pumps roots in eighths, a pentatonic lead guitar or a shouting voice.
pub(super) fn compose(song: &mut Song) {
    let crunch = Effects {
        drive: song.habit("crunch", 2.0, 5.0),
        low_pass: song.habit("cabinet", 3800.0, 5500.0),
        high_pass: 80.0,
        ..Effects::default()
    };
    let guitar = song.part(presets::electric_guitar(song), 0.0, crunch);
    song.parts[guitar].strum = 0.006;
    let bass = song.part(presets::electric_bass(song), -2.0, Effects::default());
    let organ = song.part(
        presets::organ(song),
        -9.0,
        Effects {
            drive: 0.8,
            ..Effects::default()
        },
    );
    let (lead, amplifier) = if song.habit("lead", 0.0, 1.0) > 0.4 {
        (presets::lead_guitar(song), presets::lead_amplifier(song, 4.0))
    } else {
        (
            presets::singer(song),
            Effects {
                drive: 0.7,
                ..Effects::default()
            },
        )
    };
    let lead = song.part(lead, -2.0, amplifier);
    song.drum_level = 0.0;

    let kick = song.pick(&[
        "X... ..x. x... ....",
        "X... .... x.x. ....",
        "X... ...x x... ..x.",
        "X.x. .... x.x. ....",
    ]);
    let cymbal = song.artist.choose("cymbal", &[Hat, OpenHat, Ride]);
    let riff = song.pick(&[
        "x-x- xxx- x-x- x-x-",
        "x--- x-x- --x- x---",
        "x-x- x-x- x-x- x-x-",
        "x--x --x- x--x --x-",
        "x-xx .xx- x-xx .xx-",
    ]);
    let has_organ = song.habit("organ", 0.0, 1.0) > 0.65;
    let phrases = [
        "x-x- x--- x-xx x---",
        "..x- x-x- xxx- x---",
        "x--- ---- x-x- x-x-",
        "x-xx x-xx x--- ....",
    ];
    let mut tune = song.tune("ABAC", &phrases, 62.0);
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
        song.line(bar, bass, 30.0, "1 1 1 1 1 1 1 1");
        if has_organ {
            song.comp(bar, organ, 58.0, "x---------------");
        }
        song.sing(bar, lead, &mut tune, &scale::MINOR_PENTATONIC);
    }
}
