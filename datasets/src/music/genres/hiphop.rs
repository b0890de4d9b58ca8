use super::scale;
use crate::music::drums::Drum::{Clap, Hat, Kick, OpenHat, Rim, Shaker, Snare};
use crate::music::presets::*;
use crate::music::song::{Effects, Song};

/// Boom-bap: a lazy, swung sixteenth grid, the kick off the beat and the snare on two and four; a loop of two
/// bars cut from an old record, muffled, that never changes, a long low bass under the kick, and a voice that
/// talks in sixteenths (or, on an instrumental, a horn or keys that toy with the loop).
pub(super) fn compose(song: &mut Song) {
    song.swing_unit = 0.5;
    song.swing = song.habit("swing", 0.53, 0.64);
    let muffled = Effects {
        low_pass: song.habit("muffle", 1500.0, 5000.0),
        ..Effects::default()
    };
    let records = [
        electric_piano,
        vibraphone,
        strings,
        piano,
        organ,
        brass,
        acoustic_guitar,
        electric_guitar,
    ];
    let record = song.player("record", &records, -4.0, muffled);
    let bass = song.player(
        "bass",
        &[sub_bass, sub_bass, synth_bass, upright_bass],
        0.0,
        Effects::default(),
    );
    let dry = Effects {
        room: 0.3,
        ..Effects::default()
    };
    let instrumental = song.often("instrumental", 0.25);
    let voice = if instrumental {
        song.player(
            "toy",
            &[horn, electric_piano, synth_pluck, singer],
            -4.0,
            Effects::default(),
        )
    } else {
        song.player("rapper", &[rapper], -1.0, dry)
    };
    song.drum_level = 4.0;

    let kick = song.pick(&[
        "X... ...x ..x. ....",
        "X..x ...x ..x. ....",
        "X.x. ...x .xx. ...o",
        "X... ..x. ..x. ...x",
        "X..x .... .xx. ....",
    ]);
    let backbeat = song.artist.choose("backbeat", &[Snare, Clap, Snare, Rim]);
    let hat = song.artist.choose("hat", &[Hat, Hat, Shaker]);
    let hats = song.artist.choose(
        "hats",
        &[
            "x.x. x.x. x.x. x.x.",
            "x.xx x.x. x.xx x.xo",
            "xoxo xoxo xoxo xoxo",
            "x.xo x.x. xxx. x.xo",
        ],
    );
    let cuts = [
        "x--- ..x. .x-- ....",
        "x--. x-.. ..x- x-..",
        "...x --.. x--- ..x.",
        "x-x. .x-. x-.. ....",
        "x--- ---- x--- ----",
    ];
    let cut = [song.pick(&cuts), song.pick(&cuts)];
    let broken = song.often("broken chords", 0.5);
    let riff = [0, 1, 2, 3, 2, 1].map(|tone| tone + song.pick(&[0, 1]));
    let flows: &[&str] = if instrumental {
        &[
            "x--- .x-. x--- ....",
            "..x- x--. x-x- ....",
            "x-.x -.x- x--- ....",
        ]
    } else {
        &[
            "x.xx xx.x xxx. x-..",
            "..xx x.xx xxx. x-..",
            "xxx. xxx. xx.x x-..",
            ".xxx .xxx x.xx xxx.",
            "xxxx x.x. xxxx x-..",
        ]
    };
    let low = if instrumental {
        60.0
    } else {
        song.habit("voice pitch", 43.0, 50.0)
    };
    let mut verse = song.tune("ABCDABCE", flows, low);

    let chords = song.pick(&["i7 iv7", "i7 bVImaj7", "ii7 V7", "i9 i9", "i7 bVII", "iv7 i7"]);
    let scale: &[f32] = if scale::is_minor(chords) {
        &scale::MINOR_PENTATONIC
    } else {
        &scale::MAJOR_PENTATONIC
    };
    for bar in &song.bars(chords) {
        song.drum(bar, Kick, kick);
        song.drum(bar, backbeat, ".... X... .... X...");
        song.drum(bar, hat, hats);
        if bar.ends(4) {
            song.drum(bar, OpenHat, ".... .... .... ..x.");
        }
        if broken {
            song.arpeggio(bar, record, 58.0, cut[bar.number % 2], &riff);
        } else {
            song.comp(bar, record, 55.0, cut[bar.number % 2]);
        }
        // The bass falls with the kick and holds.
        let strokes = kick.replace(' ', "");
        let words: Vec<&str> = strokes
            .chars()
            .map(|c| if c == '.' { "-" } else { "1" })
            .collect();
        song.line(bar, bass, 28.0, &words.join(" "));
        song.sing(bar, voice, &mut verse, scale);
    }
}
