//! Speech made here: words and strings of digits, spoken by people who do not exist.
//!
//! [`make`] writes single words in the layout of Speech Commands, [`make_strings`] strings of digits in that of
//! LibriSpeech. What is said goes one way:
//!
//! 1. [`words`] tells the sounds of a word, [`phonemes`] where their formants lie;
//! 2. [`prosody`] gives each sound its time, and the whole its melody;
//! 3. [`articulation`] turns sounds into postures, closures, bursts and breath, [`tracks`] into smooth movements;
//! 4. [`voice`] makes them heard: pulses and noise through resonators, as in Klatt's synthesiser of 1980;
//! 5. [`room`] adds echo, one of the [`noises`], and the speaker's microphone.
//!
//! A [`Speaker`] has a vocal tract, a voice, an accent and habits of their own: split by speaker, or a model recognises
//! the voice instead of the word.

pub mod articulation;
mod clips;
mod files;
pub mod noises;
pub mod phonemes;
pub mod prosody;
pub mod room;
pub mod speaker;
mod strings;
pub mod tracks;
pub mod voice;
pub mod words;

use std::path::PathBuf;

use nn::Random;

pub use clips::{Options, make};
pub use speaker::Speaker;
pub use strings::{StringOptions, make_strings};
pub use words::{
    COMMANDS, DIGITS, OTHER_WORDS, OTHER_WORDS_OF_TEST, OTHER_WORDS_OF_TRAINING, OTHER_WORDS_OF_VALIDATION,
    WORDS,
};

/// Samples per second of everything here.
pub const RATE: u32 = 16_000;

/// Why speech could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The options ask for nothing or for more than there is.
    #[error("cannot make speech with {options}: {reason}")]
    Options {
        /// What was asked for.
        options: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A word that the synthesiser cannot pronounce.
    #[error(
        "the synthesiser cannot say {word:?}: it knows only the words in datasets/src/speech/words.rs; add it there"
    )]
    Word {
        /// The word.
        word: String,
    },
    /// A file could not be written.
    #[error("cannot write {path}: {source}; is there room on the disk, and may this user write there?")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
}

/// Says words separated by blanks, a comma for a pause, in a room without echo or noise: mono sound of [`RATE`]
/// within ±0.7.
///
/// ```
/// use datasets::speech::{Speaker, say};
/// let speaker = Speaker::new(7, "somebody");
/// let samples = say("four zero, seven one", &speaker, &mut speaker.random("first take"))?;
/// assert!(samples.len() > 16_000);
/// # Ok::<(), datasets::speech::Error>(())
/// ```
///
/// # Errors
/// If a word has no pronunciation in [`words::pronunciation`], or there is none.
pub fn say(text: &str, speaker: &Speaker, random: &mut Random) -> Result<Vec<f32>, Error> {
    let sounds = prosody::sounds(text, speaker, random)?;
    let segments = articulation::articulate(&sounds, speaker, random);
    let pitch = prosody::melody(&sounds, &segments, speaker, random);
    let frames = tracks::frames(&segments, speaker);
    let mut samples = voice::speak(&segments, &frames, &pitch, speaker, random);
    let peak = samples.iter().fold(0f32, |peak, x| peak.max(x.abs()));
    samples.iter_mut().for_each(|x| *x *= 0.7 / peak.max(1e-6));
    Ok(samples)
}

#[cfg(test)]
mod tests;
