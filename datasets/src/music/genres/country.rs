use super::scale;
use crate::music::drums::Drum::{Hat, Kick, Rim, Shaker, Snare};
use crate::music::presets::*;
use crate::music::song::{Effects, Song};

/// Boom-chicka-boom: the bass alternates root and fifth on one and three, the guitar answers on two and four, a
/// train of brushed sixteenths runs under it. Three major chords, walked up to; a pedal steel, a fiddle, a banjo
/// or a voice in the major pentatonic, with slides.
pub(super) fn compose(song: &mut Song) {
    let guitar = song.player(
        "guitar",
        &[acoustic_guitar, acoustic_guitar, electric_guitar],
        -2.0,
        Effects::default(),
    );
    song.parts[guitar].strum = song.habit("strum", 0.006, 0.014);
    let bass = song.player("bass", &[upright_bass, electric_bass], -1.0, Effects::default());
    let picker = song.player(
        "picker",
        &[banjo, acoustic_guitar, electric_guitar],
        -4.0,
        Effects::default(),
    );
    let leads = [pedal_steel, fiddle, singer, harmonica, lead_guitar];
    let lead = song.player("lead", &leads, -1.0, Effects::default());
    song.drum_level = -2.0;

    if song.often("country shuffle", 0.2) {
        song.swing = song.habit("swing", 0.56, 0.64);
    }
    let train = song.artist.choose(
        "train",
        &[
            "oxoo Xooo oxoo Xooo",
            "ooXo ooXo ooXo ooXo",
            "o.xo X.oo o.xo X.oo",
            "x.x. X.x. x.x. X.x.",
        ],
    );
    let brush = song.artist.choose("brush", &[Snare, Shaker, Hat]);
    let backbeat = song.artist.choose("backbeat", &[Snare, Rim]);
    let chicka = song
        .artist
        .choose("chicka", &["..x. ..x.", "..xo ..xo", "..xx ..x."]);
    let picks = song.often("picker", 0.5);
    let roll = song
        .artist
        .choose("roll", &[[0, 2, 3, 1, 2, 3, 0, 3], [2, 1, 0, 3, 2, 1, 3, 0]]);
    let mut tune = song.tune(
        "ABACABAD",
        &[
            "x--- x-x- x--- ....",
            "..x- x-x- x-x- x---",
            "x-x- x--- x-x- x---",
            "x--- ---- x-x- x-x-",
        ],
        62.0,
    );
    tune.slide = (0.4, 2.0);

    let chords = song.pick(&[
        "I I IV I I I V V",
        "I IV I V I IV V I",
        "I I V V IV I V I",
        "I IV V I I IV V V",
        "I vi IV V",
    ]);
    for bar in &song.bars(chords) {
        song.drum(bar, Kick, "x... x...");
        song.drum(bar, brush, train);
        song.drum(bar, backbeat, "..x. ..x.");
        let walks_up = bar.ends(2) && bar.next.root != bar.chord(0.0).root;
        song.line(
            bar,
            bass,
            33.0,
            if walks_up {
                "1 . 5 . 1 . 2 3"
            } else {
                "1 - . . 5 - . ."
            },
        );
        song.comp(bar, guitar, 55.0, chicka);
        if picks {
            song.arpeggio(bar, picker, 60.0, "xxxx xxxx xxxx xxxx", &roll);
        }
        if bar.ends(8) {
            song.fill(bar);
        }
        song.sing(bar, lead, &mut tune, &scale::MAJOR_PENTATONIC);
    }
}
