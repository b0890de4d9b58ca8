use super::scale;
use crate::music::drums::Drum::{Kick, Pedal, Ride, Shaker, Snare};
use crate::music::presets::*;
use crate::music::song::{Effects, Song};

/// Swing: the ride cymbal's ding, ding-a-ding, the hi-hat chicked on two and four, a bass that walks in
/// quarters; chords of four and five tones round the circle of fifths (ii-V-I), thrown in off the beat, and a
/// soloist who runs through the changes in eighths.
pub(super) fn compose(song: &mut Song) {
    song.swing = song.habit("swing", 0.57, 0.67);
    let bass = song.player(
        "bass",
        &[upright_bass, upright_bass, electric_bass],
        -1.0,
        Effects::default(),
    );
    let warm = Effects {
        low_pass: 5000.0,
        ..Effects::default()
    };
    let keys = song.player(
        "keys",
        &[piano, electric_guitar, organ, vibraphone, piano],
        -5.0,
        warm,
    );
    let soloists = [
        horn,
        piano,
        vibraphone,
        electric_guitar,
        flute,
        horn,
        brass,
        singer,
    ];
    let solo = song.player("solo", &soloists, -1.0, Effects::default());
    song.drum_level = -2.0;

    let cymbal = song.artist.choose("cymbal", &[Ride, Ride, Shaker]);
    let lively = song.habit("comments", 0.1, 0.8);
    let phrases = [
        ".xxx xxxx",
        "xxxx xxx.",
        "..xx xxxx",
        "x-xx xxx-",
        "xxxx x-..",
        ".x.x xx.x",
        "x--- x-..",
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
        "x--- ----",
    ];

    let chords = song.pick(&[
        "ii7 V9 Imaj7 VI7 ii7 V9 Imaj7 Imaj7",
        "ii7,V13 Imaj9,VI7 ii7,V13 Imaj9,VI7 II7 II7 ii7 V13",
        "iib5 Valt i7 i7 iv7 bVII9 bIIImaj7 V7",
        "Imaj7,vi7 ii7,V9 iii7,VI7 ii7,V9 I7 IV7 iii7,VI7 ii7,V9",
        "I7 IV7 I7 I7 IV7 IV7 I7 VI7 ii7 V9 I7,VI7 ii7,V7",
    ]);
    let scale: &[f32] = if scale::is_minor(chords) {
        &scale::HARMONIC_MINOR
    } else {
        &scale::BEBOP
    };
    for bar in &song.bars(chords) {
        let ride = song.pick(&["x.xx x.xx", "X.xx X.xx", "x.xx x.x.", "x.x. x.xx"]);
        song.drum(bar, cymbal, ride);
        song.drum(bar, Pedal, "..x. ..x.");
        song.drum(bar, Kick, "o.o. o.o.");
        if song.chance(lively) {
            let comment = song.pick(&["...o ....", ".... .o..", ".o.. ...o", "...o o..x", ".... ...X"]);
            song.drum(bar, Snare, comment);
        }
        if bar.ends(8) {
            song.fill(bar);
        }
        song.walk(bar, bass, 31.0);
        let comp = song.pick(&comps);
        song.comp(bar, keys, 53.0, comp);
        song.sing(bar, solo, &mut tune, scale);
    }
}
