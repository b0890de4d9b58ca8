use super::scale;
use crate::music::drums::Drum::{Hat, Kick, Rim, Shaker, Snare};
use crate::music::presets;
use crate::music::song::{Effects, Song};

/// Boom-chicka-boom: the bass alternates root and fifth on one and three, the acoustic guitar answers on two
/// and four, a train of brushed sixteenths runs under it. Three major chords, walked up to; a pedal steel, a
/// fiddle or a banjo in the major pentatonic, with slides.
pub(super) fn compose(song: &mut Song) {
    let guitar = song.part(presets::acoustic_guitar(song), -2.0, Effects::default());
    song.parts[guitar].strum = song.habit("strum", 0.006, 0.014);
    let bass = song.part(presets::upright_bass(song), -1.0, Effects::default());
    let banjo = song.part(presets::banjo(song), -4.0, Effects::default());
    let lead = match song.artist.choose("lead", &["steel", "fiddle", "voice"]) {
        "steel" => presets::pedal_steel(song),
        "fiddle" => presets::fiddle(song),
        _ => presets::singer(song),
    };
    let lead = song.part(lead, -2.0, Effects::default());
    song.drum_level = -6.0;

    let rolls = song.habit("banjo", 0.0, 1.0) > 0.45;
    let train = song.artist.choose(
        "train",
        &[
            "oxoo Xooo oxoo Xooo",
            "ooXo ooXo ooXo ooXo",
            "o.xo X.oo o.xo X.oo",
        ],
    );
    let brush = song.artist.choose("brush", &[Snare, Shaker, Hat]);
    let backbeat = song.artist.choose("backbeat", &[Snare, Rim]);
    let chicka = song
        .artist
        .choose("chicka", &["..x. ..x.", "..xo ..xo", "..xx ..x."]);
    let roll = song
        .artist
        .choose("roll", &[[0, 2, 3, 1, 2, 3, 0, 3], [2, 1, 0, 3, 2, 1, 3, 0]]);
    let phrases = [
        "x--- x-x- x--- ....",
        "..x- x-x- x-x- x---",
        "x-x- x--- x-x- x---",
        "x--- ---- x-x- x-x-",
    ];
    let mut tune = song.tune("ABACABAD", &phrases, 62.0);
    tune.slide = (0.5, 2.0);

    let chords = song.pick(&[
        "I I IV I I I V V",
        "I IV I V I IV V I",
        "I I V V IV I V I",
        "I IV V I I IV V V",
    ]);
    for bar in &song.bars(chords) {
        song.drum(bar, Kick, "x... x...");
        song.drum(bar, brush, train);
        song.drum(bar, backbeat, "..x. ..x.");
        let line = if bar.next.root != bar.chord(0.0).root && bar.ends(2) {
            "1 . 5 . 1 . 2 3"
        } else {
            "1 - . . 5 - . ."
        };
        song.line(bar, bass, 33.0, line);
        song.comp(bar, guitar, 55.0, chicka);
        if rolls {
            song.arpeggio(bar, banjo, 62.0, "xxxx xxxx xxxx xxxx", &roll);
        }
        if bar.ends(8) {
            song.fill(bar);
        }
        song.sing(bar, lead, &mut tune, &scale::MAJOR_PENTATONIC);
    }
}
