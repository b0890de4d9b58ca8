use super::scale;
use crate::music::drums::Drum::{Crash, Hat, Kick, Ride, Snare};
use crate::music::presets;
use crate::music::song::{Effects, Song};

/// Walls of distortion: palm-muted gallops on the low string broken by power chords from the dark scales, two
/// bass drums rolling in sixteenths, the bass in unison with the guitars, and a lead that shreds.
pub(super) fn compose(song: &mut Song) {
    let drive = song.habit("gain", 12.0, 30.0);
    let cabinet = Effects {
        drive,
        low_pass: song.habit("cabinet", 3800.0, 5500.0),
        high_pass: 80.0,
        room: 0.5,
        ..Effects::default()
    };
    let guitar = song.part(presets::electric_guitar(song), 0.0, cabinet.clone());
    let twin = song.part(presets::electric_guitar(song), -2.0, cabinet);
    let bass = song.part(
        presets::electric_bass(song),
        -4.0,
        Effects {
            drive: 2.0,
            ..Effects::default()
        },
    );
    let lead = song.part(
        presets::lead_guitar(song),
        -4.0,
        presets::lead_amplifier(song, 15.0),
    );
    song.drum_level = 0.0;
    // A low tuning: the open string is the tonic.
    let open = 36.0 + (song.key - 4.0).rem_euclid(12.0).min(7.0);
    song.key = open % 12.0;

    let riffs = [
        "1 . 1 1 1 . 1 1 1 . 1 1 1 . 1 1",
        "1 1 1 . 1 1 1 . 1 1 1 . 1 1 1 1",
        "1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "1 . 1 1 1 . 1 1 1 1 1 1 1 . 1 1",
    ];
    let ends = ["b3 - b2 -", "b5 - 4 -", "b2 - 1 -", "b7 - b6 -", "b3 - 4 b5"];
    let riff = song.pick(&riffs);
    let ends = [song.pick(&ends), song.pick(&ends)];
    let kicks = song.artist.choose(
        "double kick",
        &[
            "xxxx xxxx xxxx xxxx",
            "x.xx x.xx x.xx x.xx",
            "xxx. xxx. xxx. xxxx",
        ],
    );
    let snares = song.artist.choose(
        "snare",
        &[
            ".... X... .... X...",
            ".... X... .... X...",
            "..X. ..X. ..X. ..X.",
        ],
    );
    let cymbal = song.artist.choose("cymbal", &[Hat, Ride, Crash]);
    let solos = song.chance(0.5);
    let runs = [
        "xxxx xxxx xxxx xxxx",
        "x-x- xxxx x-xx xxxx",
        "xxxx x--- xxxx x---",
    ];
    let mut tune = song.tune("ABAC", &runs, 64.0);
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
        song.drum(bar, cymbal, "x.x. x.x. x.x. x.x.");
        if bar.number % 4 == 0 {
            song.drum(bar, Crash, "X... .... .... ....");
        }
        if bar.ends(4) {
            song.fill(bar);
        }
        let words: Vec<&str> = riff.split(' ').collect();
        let line = format!("{} {}", words[..12].join(" "), ends[bar.number % 2]);
        for player in [guitar, twin] {
            // Root and fifth; palm-muted strokes are single steps and short, the ends ring.
            song.line(bar, player, open, &line);
            for at in song.parts[player]
                .notes
                .clone()
                .iter()
                .filter(|n| n.start >= bar.start)
            {
                let mut fifth = at.clone();
                fifth.pitch += 7.0;
                song.parts[player].notes.push(fifth);
            }
        }
        song.line(bar, bass, open - 12.0, &line);
        if solos {
            song.sing(bar, lead, &mut tune, &scale::PHRYGIAN);
        }
    }
}
