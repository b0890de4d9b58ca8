use super::scale;
use crate::music::drums::Drum::{Clap, Hat, Kick, OpenHat, Rim, Snare};
use crate::music::presets;
use crate::music::song::{Effects, Song};

/// Boom-bap: a lazy, swung sixteenth grid, the kick off the beat and the snare on two and four; a loop of two
/// bars cut from an old record (keys or strings, muffled) that never changes, a long low bass under the kick,
/// and a voice that talks in sixteenths.
pub(super) fn compose(song: &mut Song) {
    song.swing_unit = 0.5;
    song.swing = song.habit("swing", 0.54, 0.64);
    let record = match song
        .artist
        .choose("record", &["keys", "vibraphone", "strings", "piano"])
    {
        "keys" => presets::electric_piano(song),
        "vibraphone" => presets::vibraphone(song),
        "strings" => presets::strings(song),
        _ => presets::piano(song),
    };
    let muffled = Effects {
        low_pass: song.habit("muffle", 1200.0, 3000.0),
        ..Effects::default()
    };
    let record = song.part(record, -5.0, muffled);
    let bass = song.part(presets::sub_bass(song), 0.0, Effects::default());
    let voice = song.part(
        presets::rapper(song),
        -2.0,
        Effects {
            room: 0.3,
            ..Effects::default()
        },
    );
    song.drum_level = 1.0;

    let kick = song.pick(&[
        "X... ...x ..x. ....",
        "X..x ...x ..x. ....",
        "X.x. ...x .xx. ...o",
        "X... ..x. ..x. ...x",
        "X..x .... .xx. ....",
    ]);
    let backbeat = song.artist.choose("backbeat", &[Snare, Clap, Snare, Rim]);
    let hats = song.artist.choose(
        "hats",
        &[
            "x.x. x.x. x.x. x.x.",
            "x.xx x.x. x.xx x.xo",
            "xoxo xoxo xoxo xoxo",
            "x.xo x.x. xxx. x.xo",
        ],
    );
    let loops = [
        "x--- ..x. .x-- ....",
        "x--. x-.. ..x- x-..",
        "...x --.. x--- ..x.",
        "x-x. .x-. x-.. ....",
    ];
    let cut = [song.pick(&loops), song.pick(&loops)];
    let riff = [0, 1, 2, 3, 2, 1].map(|tone| tone + song.pick(&[0, 1]));
    let broken = song.habit("broken chords", 0.0, 1.0) > 0.5;
    let flow = [
        "x.xx xx.x xxx. x-..",
        "..xx x.xx xxx. x-..",
        "xxx. xxx. xx.x x-..",
        ".xxx .xxx x.xx xxx.",
        "xxxx x.x. xxxx x-..",
    ];
    let mut verse = song.tune("ABCDABCE", &flow, song.habit("voice pitch", 43.0, 50.0));

    let chords = song.pick(&["i7 iv7", "i7 bVImaj7", "ii7 V7", "i9 i9", "i7 bVII", "iv7 i7"]);
    for bar in &song.bars(chords) {
        song.drum(bar, Kick, kick);
        song.drum(bar, backbeat, ".... X... .... X...");
        song.drum(bar, Hat, hats);
        if bar.ends(4) {
            song.drum(bar, OpenHat, ".... .... .... ..x.");
        }
        if broken {
            song.arpeggio(bar, record, 58.0, cut[bar.number % 2], &riff);
        } else {
            song.comp(bar, record, 55.0, cut[bar.number % 2]);
        }
        // The bass falls with the kick and holds.
        let low: Vec<String> = kick
            .chars()
            .filter(|c| *c != ' ')
            .map(|c| if c == '.' { "-".into() } else { "1".to_string() })
            .collect();
        song.line(bar, bass, 28.0, &low.join(" "));
        if bar.number % 8 < 7 {
            song.sing(bar, voice, &mut verse, &scale::MINOR_PENTATONIC);
        }
    }
}
