//! Words of one second, in the layout of Speech Commands (Warden, *Speech Commands*, 2018).

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use nn::random;
use rand::Rng;
use rand::seq::SliceRandom;
use rayon::prelude::*;

use super::files::{create_folder, write, write_wav};
use super::noises::{Kind, render};
use super::room::record;
use super::words::{
    OTHER_WORDS, OTHER_WORDS_OF_TEST, OTHER_WORDS_OF_TRAINING, OTHER_WORDS_OF_VALIDATION, WORDS,
};
use super::{Error, RATE, Speaker, say};

/// How many people say how many words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Another seed, another world of speakers.
    pub seed: u64,
    /// Speakers in all: of five, three are for training, one for validation, one for the test.
    pub speakers: usize,
    /// How many of [`WORDS`] each says; over the speakers of a part, each word comes about equally often.
    pub words_per_speaker: usize,
    /// How many other words each says.
    pub others_per_speaker: usize,
    /// Length of each background noise in seconds.
    pub noise_seconds: usize,
}

impl Default for Options {
    /// 4,500 clips by 300 speakers, 78 of each word for training: 149 MB with the noises.
    fn default() -> Self {
        Self {
            seed: 1,
            speakers: 300,
            words_per_speaker: 13,
            others_per_speaker: 2,
            noise_seconds: 20,
        }
    }
}

impl Options {
    fn check(&self) -> Result<(), Error> {
        let reason = if !(5..=100_000).contains(&self.speakers) {
            "5 to 100000 speakers are needed, so that each part has some"
        } else if !(1..=WORDS.len()).contains(&self.words_per_speaker) {
            "a speaker says 1 to 30 words, none twice"
        } else if self.others_per_speaker > OTHER_WORDS.len() {
            "a speaker says at most 8 other words, none twice"
        } else if !(1..=60).contains(&self.noise_seconds) {
            "a background noise takes 1 to 60 seconds"
        } else {
            return Ok(());
        };
        Err(Error::Options {
            options: format!("{self:?}"),
            reason,
        })
    }
}

/// A clip to be made.
struct Clip {
    /// Its path below the set's folder, with `/`.
    path: String,
    word: &'static str,
    speaker: usize,
    part: usize,
}

/// The name of a speaker in files: eight hexadecimal digits, no two alike.
fn id(seed: u64, speaker: usize) -> String {
    let start: u32 = random(seed, "speech/ids").random();
    // Times an odd number is one to one.
    let id = (speaker as u32).wrapping_mul(2_654_435_761).wrapping_add(start);
    format!("{id:08x}")
}

fn plan(options: &Options) -> Vec<Clip> {
    let mut order = WORDS;
    order.shuffle(&mut random(options.seed, "speech/order of words"));
    let mut clips = Vec::new();
    let mut in_part = [0usize; 3];
    for speaker in 0..options.speakers {
        let part = [0, 0, 0, 1, 2][speaker % 5];
        let turn = in_part[part];
        in_part[part] += 1;
        let only = [
            &OTHER_WORDS_OF_TRAINING[..],
            &OTHER_WORDS_OF_VALIDATION,
            &OTHER_WORDS_OF_TEST,
        ][part];
        let mut others: Vec<&'static str> = OTHER_WORDS.iter().chain(only).copied().collect();
        others.shuffle(&mut random(
            options.seed,
            &format!("speech/other words {speaker}"),
        ));
        let words = (0..options.words_per_speaker)
            .map(|n| order[(turn * options.words_per_speaker + n) % order.len()])
            .chain(others.into_iter().take(options.others_per_speaker));
        let id = id(options.seed, speaker);
        clips.extend(words.map(|word| Clip {
            path: format!("{word}/{id}_nohash_0.wav"),
            word,
            speaker,
            part,
        }));
    }
    clips
}

/// A word somewhere within a second, recorded.
fn clip(word: &str, speaker: &Speaker, place: &str) -> Result<Vec<f32>, Error> {
    let random = &mut speaker.random(place);
    let mut speech = say(word, speaker, random)?;
    let length = RATE as usize;
    // Who takes longer is cut off at the end, as in the real set.
    speech.truncate(length);
    let free = length - speech.len();
    // Mostly near the middle, as people answer a prompt.
    let share = 0.5 * (random.random::<f32>() + random.random::<f32>());
    let before = (share * free as f32) as usize;
    Ok(record(&speech, [before, free - before], speaker, random))
}

/// Writes words under `root`: `WORD/SPEAKER_nohash_0.wav` (one second, 16 kHz, 16 bits, mono), `_background_noise_/`,
/// and, last of all, `validation_list.txt` and `testing_list.txt`, split by speaker. `on_progress` gets how many
/// clips are done, of how many. The same options give the same bytes.
///
/// # Errors
/// If the options make no sense or a file cannot be written.
pub fn make(
    root: &Path,
    options: &Options,
    on_progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<(), Error> {
    options.check()?;
    let clips = plan(options);
    for clip in &clips {
        create_folder(&root.join(clip.word))?;
    }
    let noises = root.join("_background_noise_");
    create_folder(&noises)?;
    Kind::ALL.into_par_iter().try_for_each(|kind| {
        let random = &mut random(options.seed, &format!("speech/noise {}", kind.file()));
        let mut samples = render(kind, options.noise_seconds * RATE as usize, random);
        let peak = samples.iter().fold(1e-6f32, |peak, x| peak.max(x.abs()));
        samples.iter_mut().for_each(|x| *x *= 0.5 / peak);
        write_wav(&noises.join(kind.file()), &samples)
    })?;
    let (done, total) = (AtomicUsize::new(0), clips.len());
    clips.par_iter().try_for_each(|clip| {
        let speaker = Speaker::new(options.seed, &format!("word/{}", clip.speaker));
        let samples = self::clip(clip.word, &speaker, clip.word)?;
        write_wav(&root.join(&clip.path), &samples)?;
        on_progress(1 + done.fetch_add(1, Ordering::Relaxed), total);
        Ok(())
    })?;
    for (part, list) in [(1, "validation_list.txt"), (2, "testing_list.txt")] {
        let mut paths: Vec<&str> = clips
            .iter()
            .filter(|clip| clip.part == part)
            .map(|clip| clip.path.as_str())
            .collect();
        paths.sort_unstable();
        write(&root.join(list), (paths.join("\n") + "\n").as_bytes())?;
    }
    Ok(())
}
