//! Strings of digits spoken in one go, in the layout of LibriSpeech (Panayotov and others, 2015).

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use nn::{Random, random};
use rand::Rng;
use rayon::prelude::*;

use super::files::{create_folder, write, write_wav};
use super::room::record;
use super::words::DIGITS;
use super::{Error, RATE, Speaker, say};

/// How many strings of digits to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StringOptions {
    /// Another seed, another world of speakers.
    pub seed: u64,
    /// Strings for training.
    pub train: usize,
    /// Strings for validation, which LibriSpeech calls dev.
    pub dev: usize,
    /// Strings for the test.
    pub test: usize,
    /// How many each speaker says.
    pub strings_per_speaker: usize,
}

impl Default for StringOptions {
    /// 1,500 strings by 252 speakers: 99 MB.
    fn default() -> Self {
        Self {
            seed: 1,
            train: 1100,
            dev: 200,
            test: 200,
            strings_per_speaker: 6,
        }
    }
}

impl StringOptions {
    fn check(&self) -> Result<(), Error> {
        let reason = if self.train == 0 || self.dev == 0 || self.test == 0 {
            "each part needs at least one string"
        } else if self.train > 50_000 || self.dev > 400 || self.test > 400 {
            "at most 50000 strings for training and 400 for dev and for test can be kept apart"
        } else if !(1..=1000).contains(&self.strings_per_speaker) {
            "a speaker says 1 to 1000 strings"
        } else {
            return Ok(());
        };
        Err(Error::Options {
            options: format!("{self:?}"),
            reason,
        })
    }
}

/// A string to be spoken.
struct Line {
    part: &'static str,
    /// Counts over all parts.
    speaker: usize,
    /// Counts over the speaker's strings.
    number: usize,
    digits: Vec<u8>,
}

impl Line {
    /// `SPEAKER/CHAPTER` and `SPEAKER-CHAPTER`.
    fn chapter(&self) -> (String, String) {
        let (speaker, chapter) = (101 + self.speaker, 1001 + self.speaker);
        (
            format!("{}/{speaker}/{chapter}", self.part),
            format!("{speaker}-{chapter}"),
        )
    }
}

fn draw(random: &mut Random) -> Vec<u8> {
    let length = random.random_range(3..=7);
    (0..length).map(|_| random.random_range(0..10)).collect()
}

fn contains(long: &[u8], short: &[u8]) -> bool {
    long.windows(short.len()).any(|part| part == short)
}

/// All strings. None comes twice, and none of dev is part of one of test, or the other way round.
fn plan(options: &StringOptions) -> Vec<Line> {
    let random = &mut random(options.seed, "speech/strings");
    let mut seen = HashSet::new();
    let mut dev: Vec<Vec<u8>> = Vec::new();
    let mut lines = Vec::new();
    let mut first = 0;
    for (part, count) in [
        ("dev", options.dev),
        ("test", options.test),
        ("train", options.train),
    ] {
        let mut number = 0;
        while number < count {
            let digits = draw(random);
            let overlaps = part == "test"
                && dev
                    .iter()
                    .any(|other| contains(other, &digits) || contains(&digits, other));
            if overlaps || !seen.insert(digits.clone()) {
                continue;
            }
            if part == "dev" {
                dev.push(digits.clone());
            }
            lines.push(Line {
                part,
                speaker: first + number / options.strings_per_speaker,
                number: number % options.strings_per_speaker,
                digits,
            });
            number += 1;
        }
        first += count.div_ceil(options.strings_per_speaker);
    }
    lines
}

/// A string, recorded.
fn speak(line: &Line, seed: u64) -> Result<Vec<f32>, Error> {
    let mut speaker = Speaker::new(seed, &format!("string/{}", line.speaker));
    // A number is said faster than a word alone.
    speaker.habits.rate *= 1.16;
    let random = &mut speaker.random(&format!("string {}", line.number));
    let halting = random.random_range(0.0f32..1.0).powi(2) * 0.4;
    let mut text = String::new();
    for (index, &digit) in line.digits.iter().enumerate() {
        if index > 0 {
            text += if random.random::<f32>() < halting {
                ", "
            } else {
                " "
            };
        }
        text += DIGITS[usize::from(digit)];
    }
    let speech = say(&text, &speaker, random)?;
    let padding = [0, 1].map(|_| random.random_range(RATE as usize / 50..RATE as usize / 6));
    Ok(record(&speech, padding, &speaker, random))
}

/// Writes strings of three to seven digits under `root`: `train|dev|test/SPEAKER/CHAPTER/SPEAKER-CHAPTER-0000.wav`
/// (16 kHz, 16 bits, mono) and `SPEAKER-CHAPTER.trans.txt` beside them, a line `SPEAKER-CHAPTER-0000 4 0 7 1` for
/// each. No speaker and no string is in two parts. `on_progress` gets how many strings are done, of how many. The
/// same options give the same bytes.
///
/// # Errors
/// If the options make no sense or a file cannot be written.
pub fn make_strings(
    root: &Path,
    options: &StringOptions,
    on_progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<(), Error> {
    options.check()?;
    let lines = plan(options);
    let (done, total) = (AtomicUsize::new(0), lines.len());
    let chapters: Vec<&[Line]> = lines.chunk_by(|a, b| a.speaker == b.speaker).collect();
    chapters.into_par_iter().try_for_each(|chapter| {
        let (folder, name) = chapter[0].chapter();
        let folder = root.join(folder);
        create_folder(&folder)?;
        let mut transcript = String::new();
        for line in chapter {
            let samples = speak(line, options.seed)?;
            write_wav(&folder.join(format!("{name}-{:04}.wav", line.number)), &samples)?;
            let digits: Vec<String> = line.digits.iter().map(u8::to_string).collect();
            transcript += &format!("{name}-{:04} {}\n", line.number, digits.join(" "));
            on_progress(1 + done.fetch_add(1, Ordering::Relaxed), total);
        }
        write(&folder.join(format!("{name}.trans.txt")), transcript.as_bytes())
    })
}
