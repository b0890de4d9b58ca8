//! Utterances of any length, and what is said in them: digit strings, or sentences letter by letter.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use audio::{LogMel, Spectrogram};
use candle_core::{Device, Tensor};
use datasets::{DataError, Options, Transcribed, Utterance};
use nn::Random;
use serde::{Deserialize, Serialize};
use training::{Pass, Scores, Splits, Task, Told, metrics::ErrorRate};

use crate::{
    data::{
        BANDS, FRAME_RATE, Noises, SAMPLE_RATE, another_mouth, another_room, mask, mel_config, normalise,
        samples,
    },
    model::{StringNet, steps},
};

/// Longer utterances are left out: cut them into sentences.
const LONGEST_SECONDS: usize = 40;
/// Labellings that beam search follows in the test and in `predict`.
pub const BEAM: usize = 16;

/// The symbols that a network can write, each a character. Number 0 is the blank, in which nothing is said.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Alphabet {
    characters: Vec<char>,
}

impl Alphabet {
    /// `digits`, `letters` (with the apostrophe and the space), or the characters of `choice` themselves; without a choice digits
    /// if most of `texts` hold nothing else, or letters.
    pub fn choose(choice: Option<&str>, texts: &[&str]) -> Result<Self> {
        let only_digits = |text: &&&str| {
            text.chars()
                .all(|letter| letter.is_ascii_digit() || letter.is_whitespace())
        };
        let digits = 2 * texts.iter().filter(only_digits).count() > texts.len();
        let characters = match choice {
            None if digits => "0123456789",
            Some("digits") => "0123456789",
            None | Some("letters") => "abcdefghijklmnopqrstuvwxyz' ",
            Some(characters) => characters,
        };
        let mut characters: Vec<char> = characters.to_lowercase().chars().collect();
        characters.sort();
        characters.dedup();
        ensure!(
            !characters.is_empty(),
            "--alphabet is empty: give digits, letters, or the characters to write"
        );
        Ok(Alphabet { characters })
    }

    /// How many symbols there are, the blank among them.
    pub fn symbols(&self) -> usize {
        self.characters.len() + 1
    }

    /// What each symbol is called.
    pub fn names(&self) -> Vec<String> {
        let shown = |letter: &char| {
            if *letter == ' ' {
                "␣".to_string()
            } else {
                letter.to_string()
            }
        };
        std::iter::once("–".to_string())
            .chain(self.characters.iter().map(shown))
            .collect()
    }

    /// Whether words are told apart by spaces.
    pub fn has_words(&self) -> bool {
        self.characters.contains(&' ')
    }

    /// A text as symbols, in lower case. Spaces are left out if the alphabet has none: `4 0 7` and `407` are the same.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let text = text.to_lowercase();
        let words: Vec<&str> = text.split_whitespace().collect();
        let text = words.join(if self.has_words() { " " } else { "" });
        let symbol = |letter: char| match self.characters.binary_search(&letter) {
            Ok(place) => Ok(place as u32 + 1),
            Err(_) => anyhow::bail!(
                "its transcript {text:?} has {letter:?}, which is not in the alphabet {:?}: write it out, or give --alphabet",
                self.characters.iter().collect::<String>()
            ),
        };
        text.chars().map(symbol).collect()
    }

    /// Symbols as a text.
    pub fn decode(&self, symbols: &[u32]) -> String {
        symbols
            .iter()
            .map(|&symbol| self.characters[symbol as usize - 1])
            .collect()
    }
}

/// One part of the data.
pub struct Strings {
    /// The utterances, (40 bands, frames) each.
    sounds: Vec<Spectrogram>,
    targets: Vec<Vec<u32>>,
    files: Vec<PathBuf>,
    names: Vec<String>,
    noises: Noises,
    batch_size: usize,
}

/// Some utterances as tensors.
#[derive(Clone)]
pub struct Utterances {
    /// (batch, 40 bands, frames of the longest)
    pub sounds: Tensor,
    /// How many frames each has.
    pub frames: Vec<usize>,
    /// What is said in each.
    pub targets: Vec<Vec<u32>>,
}

impl training::Batch for Utterances {
    fn len(&self) -> usize {
        self.frames.len()
    }

    fn to_device(&self, device: &Device) -> candle_core::Result<Self> {
        Ok(Utterances {
            sounds: self.sounds.to_device(device)?,
            ..self.clone()
        })
    }
}

/// Opens the transcribed data named `what` and hears every utterance. What cannot be learned from is left out and named.
pub fn open(
    what: &str,
    alphabet: Option<&str>,
    hold_out: Option<String>,
    batch_size: usize,
) -> Result<(Transcribed, Alphabet, Splits<Strings>)> {
    let told = Told::default();
    let on_progress = |doing: &str, done: u64, total: u64| told.tell(doing, done, total);
    let options = Options {
        hold_out,
        on_progress: &on_progress,
        ..Options::new(&audio::EXTENSIONS)
    };
    let mut spoken = datasets::open_transcripts(what, &options).map_err(|error| match error {
        DataError::NoTranscripts { .. } => anyhow::Error::new(error).context(
            "these are no utterances with transcripts; folders of words are learned without --strings",
        ),
        other => other.into(),
    })?;
    let texts: Vec<&str> = spoken
        .train
        .iter()
        .map(|utterance| utterance.text.as_str())
        .collect();
    let alphabet = Alphabet::choose(alphabet, &texts)?;
    let parts = spoken.read(&on_progress, |utterance| hear(utterance, &alphabet))?;
    drop(told);
    for note in spoken.report() {
        training::say(format!("note      {note}"));
    }
    let [train, valid, test] = parts.map(|part| Strings::new(&spoken, part, batch_size));
    Ok((spoken, alphabet, Splits { train, valid, test }))
}

/// An utterance as a spectrogram and symbols; an error says why it cannot be learned from.
fn hear(utterance: &Utterance, alphabet: &Alphabet) -> Result<(Spectrogram, Vec<u32>)> {
    let target = alphabet.encode(&utterance.text)?;
    let (samples, _) = samples(&utterance.path)?;
    let seconds = samples.len() / SAMPLE_RATE as usize;
    ensure!(
        seconds <= LONGEST_SECONDS,
        "{seconds} seconds long: cut it into sentences of at most {LONGEST_SECONDS}"
    );
    // Only a check: in noise, words at the edges would be trimmed away.
    ensure!(
        audio::trim(&samples, SAMPLE_RATE).is_some(),
        "holds nothing but silence or steady noise"
    );
    let sound = LogMel::new(&mel_config()).compute(&samples);
    let (have, need) = (steps(sound.frames), nn::ctc::steps_needed(&target));
    ensure!(
        need <= have,
        "its transcript of {} characters takes {need} steps of 40 ms, and there are {have} in {:.2} s: is it another recording's?",
        target.len(),
        sound.frames as f64 / FRAME_RATE as f64
    );
    Ok((sound, target))
}

impl Strings {
    fn new(spoken: &Transcribed, part: Vec<(Utterance, (Spectrogram, Vec<u32>))>, batch_size: usize) -> Self {
        let names = part
            .iter()
            .map(|(utterance, _)| spoken.short(&utterance.path))
            .collect();
        let (from, heard): (Vec<Utterance>, Vec<_>) = part.into_iter().unzip();
        let (sounds, targets) = heard.into_iter().unzip();
        Strings {
            sounds,
            targets,
            files: from.into_iter().map(|utterance| utterance.path).collect(),
            names,
            noises: Noises::default(),
            batch_size,
        }
    }

    /// What is said in each utterance.
    pub fn targets(&self) -> &[Vec<u32>] {
        &self.targets
    }

    /// An utterance as it was heard.
    pub fn sound(&self, index: usize) -> &Spectrogram {
        &self.sounds[index]
    }

    /// An utterance as a wav file, for the report.
    pub fn recording(&self, index: usize) -> Option<Vec<u8>> {
        // A file that has gone meanwhile must not cost the report.
        let (samples, _) = samples(&self.files[index]).ok()?;
        audio::wav_bytes(&samples, SAMPLE_RATE).ok()
    }

    /// An utterance as it is trained on: never twice the same.
    fn varied(&self, index: usize, random: &mut Random) -> Spectrogram {
        let mut sound = another_mouth(&self.sounds[index], random);
        // Spoken faster, it might have too few steps for its symbols.
        if steps(sound.frames) < nn::ctc::steps_needed(&self.targets[index]) {
            sound = self.sounds[index].clone();
        }
        another_room(&mut sound, &self.noises, random);
        normalise(&mut sound);
        mask(&mut sound, random);
        sound
    }
}

/// Spectrograms of different lengths as one tensor (batch, 40 bands, frames of the longest), filled up with zeros.
pub fn pad(sounds: &[Spectrogram]) -> Result<Tensor> {
    let longest = sounds.iter().map(|sound| sound.frames).max().unwrap_or(0);
    let mut values = vec![0.0; sounds.len() * BANDS * longest];
    let rows = sounds
        .iter()
        .flat_map(|sound| sound.values.chunks(sound.frames.max(1)));
    for (row, values) in rows.zip(values.chunks_mut(longest.max(1))) {
        values[..row.len()].copy_from_slice(row);
    }
    Ok(Tensor::from_vec(
        values,
        (sounds.len(), BANDS, longest),
        &Device::Cpu,
    )?)
}

impl training::Dataset for Strings {
    type Batch = Utterances;

    fn len(&self) -> usize {
        self.sounds.len()
    }

    fn batch(&self, indices: &[usize], pass: Pass) -> Result<Utterances> {
        let sound = |&index: &usize| match pass.train {
            true => self.varied(index, &mut pass.random(index)),
            false => {
                let mut sound = self.sounds[index].clone();
                normalise(&mut sound);
                sound
            }
        };
        let sounds: Vec<Spectrogram> = indices.iter().map(sound).collect();
        Ok(Utterances {
            sounds: pad(&sounds)?,
            frames: sounds.iter().map(|sound| sound.frames).collect(),
            targets: indices.iter().map(|&index| self.targets[index].clone()).collect(),
        })
    }

    fn order(&self, pass: Pass) -> Vec<usize> {
        let lengths: Vec<usize> = self.sounds.iter().map(|sound| sound.frames).collect();
        training::by_length(&lengths, self.batch_size, pass)
    }

    fn name(&self, index: usize) -> String {
        self.names[index].clone()
    }
}

/// Writing down what is said.
pub struct Transcription {
    /// What can be written.
    pub alphabet: Alphabet,
    /// Labellings that beam search follows; 1 takes the likeliest symbol of each step, which is enough to choose an epoch.
    pub beam: usize,
}

/// What was written down for an utterance.
#[derive(Clone, Debug)]
pub struct Written {
    /// What was said.
    pub target: Vec<u32>,
    /// What was found.
    pub found: Vec<u32>,
    /// −log of the probability of what was said, in nats.
    pub loss: f64,
}

/// The likeliest symbols of an utterance by its logits (steps, symbols).
pub fn transcribe(logits: &Tensor, beam: usize) -> Result<Vec<u32>> {
    if beam < 2 {
        return Ok(nn::ctc::greedy(logits)?
            .into_iter()
            .map(|span| span.symbol)
            .collect());
    }
    let best = nn::ctc::beam_search(logits, beam)?.into_iter().next();
    Ok(best.map(|labelling| labelling.symbols).unwrap_or_default())
}

impl Task for Transcription {
    type Model = StringNet;
    type Batch = Utterances;
    type Output = Written;

    fn loss(&self, model: &StringNet, batch: &Utterances) -> Result<Tensor> {
        let (logits, lengths) = model.forward_t(&batch.sounds, &batch.frames, true)?;
        Ok(nn::loss::ctc(&logits, &lengths, &batch.targets)?)
    }

    fn evaluate(&self, model: &StringNet, batch: &Utterances) -> Result<Vec<Written>> {
        let (logits, lengths) = model.forward_t(&batch.sounds, &batch.frames, false)?;
        let logits = logits.to_device(&Device::Cpu)?;
        let mut written = Vec::new();
        for (number, (target, &length)) in batch.targets.iter().zip(&lengths).enumerate() {
            let logits = logits.narrow(0, number, 1)?.narrow(1, 0, length)?; // (1, steps, symbols)
            let loss = nn::loss::ctc(&logits, &[length], std::slice::from_ref(target))?.to_scalar::<f32>()?;
            ensure!(
                loss.is_finite(),
                "the network's answer is no number: its weights are not finite"
            );
            written.push(Written {
                target: target.clone(),
                found: transcribe(&logits.squeeze(0)?, self.beam)?,
                loss: loss.into(),
            });
        }
        Ok(written)
    }

    fn scores(&self, outputs: &[Written]) -> Scores {
        let count = outputs.len().max(1) as f64;
        let right = outputs
            .iter()
            .filter(|output| output.target == output.found)
            .count();
        let mut scores = vec![
            (
                "loss".to_string(),
                outputs.iter().map(|output| output.loss).sum::<f64>() / count,
            ),
            ("character_error_rate".to_string(), errors(outputs).rate()),
        ];
        if self.alphabet.has_words() {
            let text = |symbols: &[u32]| self.alphabet.decode(symbols);
            let pairs: Vec<_> = outputs
                .iter()
                .map(|output| (text(&output.target), text(&output.found)))
                .collect();
            let pairs = pairs
                .iter()
                .map(|(target, found)| (target.as_str(), found.as_str()));
            scores.push(("word_error_rate".to_string(), ErrorRate::words(pairs).rate()));
        }
        scores.push(("all_right".to_string(), right as f64 / count));
        scores
    }

    fn goal(&self) -> (&str, bool) {
        ("character_error_rate", false)
    }

    fn columns(&self) -> Vec<String> {
        ["target", "found", "loss"].map(String::from).into()
    }

    fn row(&self, output: &Written) -> Vec<String> {
        let texts = [&output.target, &output.found].map(|symbols| self.alphabet.decode(symbols));
        texts.into_iter().chain([format!("{:.4}", output.loss)]).collect()
    }
}

/// The edits that lead from what was said to what was found, over all utterances.
pub fn errors(outputs: &[Written]) -> ErrorRate {
    ErrorRate::of(
        outputs
            .iter()
            .map(|output| (output.target.as_slice(), output.found.as_slice())),
    )
}
