use super::scale;
use crate::music::drums::Drum::{Kick, Pedal, Ride, Snare};
use crate::music::presets;
use crate::music::song::{Effects, Song};

/// Swing: the ride cymbal's ding, ding-a-ding, the hi-hat chicked on two and four, a bass that walks in
/// quarters; chords of four and five tones round the circle of fifths (ii-V-I), thrown in off the beat, and a
/// horn, piano or vibraphone that runs through the changes in eighths.
pub(super) fn compose(song: &mut Song) {
    song.swing = song.habit("swing", 0.58, 0.67);
    let bass = song.part(presets::upright_bass(song), -1.0, Effects::default());
    let keys = if song.habit("comping", 0.0, 1.0) > 0.3 {
        presets::piano(song)
    } else {
        presets::electric_guitar(song)
    };
    let keys = song.part(
        keys,
        -6.0,
        Effects {
            low_pass: 5000.0,
            ..Effects::default()
        },
    );
    let solo = match song
        .artist
        .choose("solo", &["horn", "horn", "piano", "vibraphone"])
    {
        "horn" => presets::horn(song),
        "piano" => presets::piano(song),
        _ => presets::vibraphone(song),
    };
    let solo = song.part(solo, -1.0, Effects::default());
    song.drum_level = -5.0;

    let phrases = [
        ".xxx xxxx",
        "xxxx xxx.",
        "..xx xxxx",
        "x-xx xxx-",
        "xxxx x-..",
        ".x.x xx.x",
    ];
    let mut tune = song.tune("ABCADEBC", &phrases, song.habit("register", 55.0, 64.0));
    tune.slide = (0.12, 1.0);
    let comps = [
        "x..x ....",
        ".x.. .x..",
        "...x ..x.",
        ".... x..x",
        "x-.. ...x",
        ".x.x ....",
    ];

    let chords = song.pick(&[
        "ii7 V9 Imaj7 VI7 ii7 V9 Imaj7 Imaj7",
        "ii7,V13 Imaj9,VI7 ii7,V13 Imaj9,VI7 II7 II7 ii7 V13",
        "iib5 Valt i7 i7 iv7 bVII9 bIIImaj7 V7",
        "Imaj7,vi7 ii7,V9 iii7,VI7 ii7,V9 I7 IV7 iii7,VI7 ii7,V9",
    ]);
    for bar in &song.bars(chords) {
        let ride = song.pick(&["x.xx x.xx", "X.xx X.xx", "x.xx x.x.", "x.x. x.xx"]);
        song.drum(bar, Ride, ride);
        song.drum(bar, Pedal, "..x. ..x.");
        song.drum(bar, Kick, "o.o. o.o.");
        let comment = song.pick(&["........", "...o ....", ".... .o..", ".o.. ...o", "...o o..x"]);
        song.drum(bar, Snare, comment);
        song.walk(bar, bass, 31.0);
        let comp = song.pick(&comps);
        song.comp(bar, keys, 53.0, comp);
        song.sing(bar, solo, &mut tune, &scale::BEBOP);
    }
}
