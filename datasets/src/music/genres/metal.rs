use super::scale;
use crate::music::drums::Drum::{Crash, Hat, Kick, OpenHat, Ride, Snare};
use crate::music::presets::*;
use crate::music::song::{Effects, Song};

/// Walls of distortion: palm-muted gallops on the low string broken by power chords from the dark scales, two
/// bass drums rolling in sixteenths (or a heavy half-time), the bass in unison with the guitars, and a lead that
/// shreds or a voice that growls.
pub(super) fn compose(song: &mut Song) {
    let wall = Effects {
        drive: song.habit("gain", 5.0, 25.0),
        room: 0.5,
        ..crunch(song, 1.0, 1.0)
    };
    let guitar = song.player("guitar", &[electric_guitar], 0.0, wall.clone());
    let twin = song.player("twin", &[electric_guitar], -2.0, wall);
    let pushed = Effects {
        drive: song.habit("bass drive", 0.5, 3.0),
        ..Effects::default()
    };
    let bass = song.player("bass", &[electric_bass], -3.0, pushed);
    let lead = song.player(
        "lead",
        &[lead_guitar, growl, singer, growl],
        -3.0,
        lead_amplifier(song, 6.0),
    );
    song.drum_level = 3.0;
    // A low tuning: the open string, E or below, is the tonic.
    let open = 33.0 + song.pick(&[0.0, 2.0, 4.0, 5.0, 7.0]);
    song.key = open % 12.0;

    let riff = song.pick(&[
        "1 . 1 1 1 . 1 1 1 . 1 1",
        "1 1 1 . 1 1 1 . 1 1 1 .",
        "1 1 1 1 1 1 1 1 1 1 1 1",
        "1 . 1 1 1 . 1 1 1 1 1 1",
        "1 - - . 1 1 . 1 - - 1 1",
    ]);
    let ends = ["b3 - b2 -", "b5 - 4 -", "b2 - 1 -", "b7 - b6 -", "b3 - 4 b5"];
    let ends = [song.pick(&ends), song.pick(&ends)];
    let kicks = song.artist.choose(
        "double kick",
        &[
            "xxxx xxxx xxxx xxxx",
            "x.xx x.xx x.xx x.xx",
            "xxx. xxx. xxx. xxxx",
            "X.xx ..xx X.x. ..xx",
        ],
    );
    let snares = song.artist.choose(
        "snare",
        &[
            ".... X... .... X...",
            ".... X... .... X...",
            "..X. ..X. ..X. ..X.",
            ".... .... X... ....",
        ],
    );
    let cymbal = song.artist.choose("cymbal", &[Hat, Ride, OpenHat]);
    let pulse = song
        .artist
        .choose("pulse", &["x.x. x.x. x.x. x.x.", "x... x... x... x..."]);
    let runs = [
        "xxxx xxxx xxxx xxxx",
        "x-x- xxxx x-xx xxxx",
        "xxxx x--- xxxx x---",
        "x-x- x-x- x--- ....",
        "x--- --x- x--- ....",
    ];
    let mut tune = song.tune("ABAC", &runs, song.habit("register", 50.0, 66.0));
    tune.slide = (0.1, 2.0);

    let chords = song.pick(&[
        "i5 i5 bVI5 bVII5",
        "i5 i5 i5 bII5",
        "i5 bVI5 i5 bV5",
        "i5 i5 bIII5 bII5",
    ]);
    for bar in &song.bars(chords) {
        song.drum(bar, Kick, kicks);
        song.drum(bar, Snare, snares);
        song.drum(bar, cymbal, pulse);
        if bar.number % 4 == 0 {
            song.drum(bar, Crash, "X... .... .... ....");
        }
        if bar.ends(4) {
            song.fill(bar);
        }
        let line = format!("{riff} {}", ends[bar.number % 2]);
        for player in [guitar, twin] {
            song.line(bar, player, open, &line);
            song.line(bar, player, open + 7.0, &line);
        }
        song.line(bar, bass, open - 12.0, &line);
        song.sing(bar, lead, &mut tune, &scale::PHRYGIAN);
    }
}
