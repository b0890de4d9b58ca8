//! What makes each genre itself, a file a genre, to be read by a musician.
//!
//! All draw tempo from the same range and drums, rooms and mixes from the same habits: what differs is rhythm,
//! harmony, bass, tune and who plays.

mod blues;
mod classical;
mod country;
mod disco;
mod hiphop;
mod jazz;
mod metal;
mod pop;
mod reggae;
mod rock;

use super::song::Song;

/// The genres, in alphabetical order.
pub const GENRES: [&str; 10] = [
    "blues",
    "classical",
    "country",
    "disco",
    "hiphop",
    "jazz",
    "metal",
    "pop",
    "reggae",
    "rock",
];

/// The function that writes songs of a genre.
///
/// # Panics
/// If `genre` is not one of [`GENRES`].
pub fn composer(genre: &str) -> fn(&mut Song) {
    match genre {
        "blues" => blues::compose,
        "classical" => classical::compose,
        "country" => country::compose,
        "disco" => disco::compose,
        "hiphop" => hiphop::compose,
        "jazz" => jazz::compose,
        "metal" => metal::compose,
        "pop" => pop::compose,
        "reggae" => reggae::compose,
        "rock" => rock::compose,
        _ => panic!("{genre:?} is not one of {GENRES:?}"),
    }
}

/// Scales in semitones above the tonic.
mod scale {
    use crate::music::score::progression;

    /// Whether these chords come home to a minor chord.
    pub fn is_minor(chords: &str) -> bool {
        progression(chords)
            .concat()
            .iter()
            .any(|chord| chord.root == 0.0 && chord.is_minor())
    }

    pub const MAJOR: [f32; 7] = [0.0, 2.0, 4.0, 5.0, 7.0, 9.0, 11.0];
    pub const HARMONIC_MINOR: [f32; 7] = [0.0, 2.0, 3.0, 5.0, 7.0, 8.0, 11.0];
    pub const DORIAN: [f32; 7] = [0.0, 2.0, 3.0, 5.0, 7.0, 9.0, 10.0];
    pub const PHRYGIAN: [f32; 7] = [0.0, 1.0, 3.0, 5.0, 7.0, 8.0, 10.0];
    pub const MAJOR_PENTATONIC: [f32; 5] = [0.0, 2.0, 4.0, 7.0, 9.0];
    pub const MINOR_PENTATONIC: [f32; 5] = [0.0, 3.0, 5.0, 7.0, 10.0];
    pub const BLUES: [f32; 6] = [0.0, 3.0, 5.0, 6.0, 7.0, 10.0];
    pub const BEBOP: [f32; 8] = [0.0, 2.0, 4.0, 5.0, 7.0, 9.0, 10.0, 11.0];
}
