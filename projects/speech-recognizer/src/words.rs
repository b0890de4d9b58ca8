//! Words one by one: recordings of a second, each with its word; others that are unknown; and moments without any.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Result, bail, ensure};
use audio::{LogMel, Spectrogram};
use candle_core::{Device, Tensor};
use datasets::{Collection, DataError, Example, Options, UNKNOWN, speech};
use nn::Random;
use rand::{Rng, seq::SliceRandom};
use rayon::prelude::*;
use training::{Dataset, Labelled, Pass, Splits, Told, baseline::Table};

use crate::data::{
    BANDS, FRAME_RATE, Noises, RANGE, SAMPLE_RATE, another_mouth, another_room, mask, mel_config, normalise,
    samples,
};

/// Frames that the network hears at once: a second.
pub const WINDOW: usize = FRAME_RATE;
/// The class of moments in which nobody speaks.
pub const SILENCE: &str = "silence";
/// In validation, test and `predict` the network hears each window three times, as if from a longer and a shorter vocal tract
/// too, and its answers are averaged.
pub const MOUTHS: [f32; 3] = [0.87, 1.0, 1.15];

/// One part of the data.
pub struct Words {
    /// The recordings, (40 bands, frames) each.
    clips: Arc<Vec<Spectrogram>>,
    files: Vec<PathBuf>,
    names: Vec<String>,
    /// Every example: what it is made of, and its class.
    examples: Vec<(Sound, u32)>,
    /// `training`, `validation` or `test`.
    part: &'static str,
    noises: Arc<Noises>,
    /// How far words stand above noise that is added in evaluation, in decibels.
    signal_to_noise: Option<f32>,
}

/// What an example is made of.
#[derive(Clone, Copy)]
enum Sound {
    /// A recording.
    Clip(usize),
    /// A recording played backwards: no word, but as loud and as fast as one.
    Backwards(usize),
    /// The beginning or the end of a word, as a window hears it that moves over speech.
    Fragment(usize),
    /// Noise alone.
    Nothing,
}

/// The words to listen for where none are asked for and the set has others too; else every class is one.
fn usual_words(what: &str) -> Vec<String> {
    match what {
        "made-speech" => speech::WORDS.map(String::from).into(),
        // The ten commands that results on this set are given for (Warden 2018, section 4).
        "speech-commands" => {
            let words = [
                "yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go",
            ];
            words.map(String::from).into()
        }
        _ => Vec::new(),
    }
}

/// What a folder of noise is called among those of words, here and in other programs.
const SILENCES: [&str; 2] = [SILENCE, "_silence_"];
const UNKNOWNS: [&str; 2] = [UNKNOWN, "_unknown_"];

/// Opens the data named `what` and reads every recording. Gives the collection, the classes (the words, then `unknown` and
/// `silence`), and the three parts.
pub fn open(
    what: &str,
    asked: &[String],
    hold_out: Option<String>,
) -> Result<(Collection, Vec<String>, Splits<Words>)> {
    let told = Told::default();
    let on_progress = |doing: &str, done: u64, total: u64| told.tell(doing, done, total);
    let mut only = if asked.is_empty() {
        usual_words(what)
    } else {
        asked.to_vec()
    };
    if !only.is_empty() {
        let silences = SILENCES
            .into_iter()
            .filter(|name| Path::new(what).join(name).is_dir());
        only.extend(silences.map(String::from));
    }
    let options = Options {
        only,
        hold_out,
        on_progress: &on_progress,
        ..Options::new(&audio::EXTENSIONS)
    };
    let mut spoken = datasets::open(what, &options).map_err(|error| match error {
        DataError::OtherLayout { .. } | DataError::Empty { .. } | DataError::NoClasses { .. } => {
            anyhow::Error::new(error).context(
                "these are no folders of words; whole utterances with transcripts are learned with --strings",
            )
        }
        other => other.into(),
    })?;
    let texts = datasets::files_in(&spoken.root, &["txt"])?;
    if let Some(file) = texts
        .iter()
        .find(|file| file.to_string_lossy().ends_with(".trans.txt"))
    {
        bail!(
            "{} says that these are utterances with transcripts, not folders of words: add --strings to learn to write them down",
            file.display()
        );
    }
    let is_word =
        |class: &&String| !SILENCES.contains(&class.as_str()) && !UNKNOWNS.contains(&class.as_str());
    let mut classes: Vec<String> = spoken.classes.iter().filter(is_word).cloned().collect();
    ensure!(
        !classes.is_empty(),
        "no word to listen for: all of {what} is unknown or silence"
    );
    classes.extend([UNKNOWN, SILENCE].map(String::from));
    let class_of = |name: &String| match classes.iter().position(|class| class == name) {
        Some(place) => place as u32,
        None if SILENCES.contains(&name.as_str()) => classes.len() as u32 - 1,
        None => classes.len() as u32 - 2,
    };
    let class_of: Vec<u32> = spoken.classes.iter().map(class_of).collect();
    let silence = classes.len() as u32 - 1;
    let parts = spoken.read(&on_progress, |example| {
        hear(example, class_of[example.label as usize] == silence)
    })?;
    drop(told);

    let mut notes = Vec::new();
    let files = datasets::background_noise(&spoken.root, &audio::EXTENSIONS);
    let noises = Noises::open(&files, &mut notes);
    let mut words = Vec::new();
    for ((part, noises), name) in parts
        .into_iter()
        .zip(noises)
        .zip(["training", "validation", "test"])
    {
        let mut part = Words::new(&spoken, name, part, noises, &class_of);
        part.balance(classes.len(), &mut notes);
        ensure!(
            !part.examples.is_empty(),
            "the {name} part of {what} holds none of the words: name others with --words"
        );
        words.push(part);
    }
    spoken.notes.extend(notes);
    let [train, valid, test] = <[Words; 3]>::try_from(words).unwrap_or_else(|_| unreachable!("three parts"));
    for note in spoken.report() {
        training::say(format!("note      {note}"));
    }
    Ok((spoken, classes, Splits { train, valid, test }))
}

/// A recording as a spectrogram. Of speech that is longer than a second, what lies before and behind it is left out.
fn hear(example: &Example, silence: bool) -> Result<Spectrogram> {
    let (mut samples, _) = samples(&example.path)?;
    if silence {
        return Ok(LogMel::new(&mel_config()).compute(&samples));
    }
    if samples.len() > SAMPLE_RATE as usize {
        let speech = audio::trim(&samples, SAMPLE_RATE);
        let speech = speech.ok_or_else(|| anyhow::anyhow!("holds nothing but silence or steady noise"))?;
        samples = samples[speech].to_vec();
    }
    ensure!(
        samples.iter().any(|sample| *sample != samples[0]),
        "holds nothing but digital silence"
    );
    Ok(LogMel::new(&mel_config()).compute(&samples))
}

impl Words {
    fn new(
        spoken: &Collection,
        name: &'static str,
        part: Vec<(Example, Spectrogram)>,
        noises: Noises,
        class_of: &[u32],
    ) -> Self {
        let examples = part.iter().enumerate();
        let examples =
            examples.map(|(clip, (example, _))| (Sound::Clip(clip), class_of[example.label as usize]));
        let examples = examples.collect();
        let names = part
            .iter()
            .map(|(example, _)| spoken.short(&example.path))
            .collect();
        let (from, clips): (Vec<Example>, Vec<Spectrogram>) = part.into_iter().unzip();
        Words {
            clips: Arc::new(clips),
            files: from.into_iter().map(|example| example.path).collect(),
            names,
            examples,
            part: name,
            noises: Arc::new(noises),
            signal_to_noise: None,
        }
    }

    /// Makes about as many examples of `silence` as there are of a word, and in training as many of what is not a word: parts of
    /// words, and where there are no others words played backwards. What is tested was recorded.
    fn balance(&mut self, classes: usize, notes: &mut Vec<String>) {
        let (unknown, silence) = (classes as u32 - 2, classes as u32 - 1);
        let (part, training) = (self.part, self.part == "training");
        let count = |class: u32| self.examples.iter().filter(|example| example.1 == class).count();
        let (unknowns, silences) = (count(unknown), count(silence));
        let words: Vec<usize> = (0..self.examples.len())
            .filter(|&clip| self.examples[clip].1 < unknown)
            .collect();
        let each = words.len().div_ceil(classes - 2);
        let mut random = nn::random(0, "balance");
        let long = self.clips.iter().filter(|clip| clip.frames > WINDOW + 2).count();
        if long > 0 {
            notes.push(format!(
                "{long} {part} recordings hold more than a second of speech: their middle is heard"
            ));
        }
        if each > 0 && unknowns > 3 * each {
            // Where ten words of 35 are listened for, the others would be most of what the network hears.
            let mut kept: Vec<bool> = (0..unknowns).map(|place| place < 3 * each).collect();
            kept.shuffle(&mut random);
            let mut kept = kept.into_iter();
            self.examples
                .retain(|example| example.1 != unknown || kept.next() == Some(true));
            notes.push(format!(
                "of {unknowns} {part} recordings of other words {} are used, drawn at random",
                3 * each
            ));
        }
        if training && each > 0 {
            let mut draw = || words[random.random_range(0..words.len())];
            let parts: Vec<_> = (0..each).map(|_| (Sound::Fragment(draw()), unknown)).collect();
            self.examples.extend(parts);
            if unknowns == 0 {
                let backwards: Vec<_> = (0..each).map(|_| (Sound::Backwards(draw()), unknown)).collect();
                self.examples.extend(backwards);
                notes.push(
                    "no other words to learn what is unknown from: words played backwards stand in".into(),
                );
            }
        }
        if silences == 0 && (training || self.noises.is_recorded()) {
            self.examples.extend((0..each).map(|_| (Sound::Nothing, silence)));
        }
    }

    /// The same examples among noise, so that the loudest moment of a word stands `decibels` above the loudest of the noise.
    pub fn in_noise(&self, decibels: f32) -> Self {
        Words {
            clips: self.clips.clone(),
            files: self.files.clone(),
            names: self.names.clone(),
            examples: self.examples.clone(),
            part: self.part,
            noises: self.noises.clone(),
            signal_to_noise: Some(decibels),
        }
    }

    /// An example as it is evaluated: in the middle of a second, as from a mouth of this size.
    fn plain(&self, index: usize, mouth: f32) -> Spectrogram {
        let mut random = nn::random(index as u64, &format!("noise of {}", self.part));
        let mut window = match self.examples[index].0 {
            Sound::Clip(clip) => centred(&self.clips[clip]),
            Sound::Backwards(clip) => centred(&backwards(&self.clips[clip])),
            Sound::Fragment(clip) => fragment(&self.clips[clip], &mut random),
            Sound::Nothing => return self.noises.draw(WINDOW, false, &mut random),
        };
        if let Some(decibels) = self.signal_to_noise {
            window.add_noise(&self.noises.draw(WINDOW, false, &mut random), decibels);
        }
        window.warp_formants(mouth, &mel_config())
    }

    /// An example as it is trained on: never twice the same.
    fn varied(&self, index: usize, random: &mut Random) -> Spectrogram {
        let mut window = match self.examples[index].0 {
            Sound::Clip(clip) => shifted(&another_mouth(&self.clips[clip], random), random),
            Sound::Backwards(clip) => shifted(&another_mouth(&backwards(&self.clips[clip]), random), random),
            Sound::Fragment(clip) => {
                let mut window = fragment(&another_mouth(&self.clips[clip], random), random);
                // Where the recording has ended it must not be told by perfect silence.
                window.add_noise(
                    &self.noises.draw(WINDOW, true, random),
                    random.random_range(15.0..40.0),
                );
                window
            }
            Sound::Nothing => self.noises.draw(WINDOW, true, random),
        };
        another_room(&mut window, &self.noises, random);
        window
    }

    /// The recording behind an example as a wav file, for the report; none of noise.
    pub fn recording(&self, index: usize) -> Option<Vec<u8>> {
        let (Sound::Clip(clip) | Sound::Backwards(clip) | Sound::Fragment(clip)) = self.examples[index].0
        else {
            return None;
        };
        // A file that has gone meanwhile must not cost the report.
        let (mut samples, _) = samples(&self.files[clip]).ok()?;
        samples.truncate(10 * SAMPLE_RATE as usize);
        audio::wav_bytes(&samples, SAMPLE_RATE).ok()
    }

    /// What the linear baseline knows of each recording and each silence: the mean of each band over the second. Parts of words, which
    /// no test has, would only confuse it.
    pub fn mean_spectra(&self) -> Table {
        let mean = |&index: &usize| {
            let mut window = self.plain(index, 1.0);
            let peak = window.values.iter().copied().fold(f32::MIN, f32::max);
            // As for the network, nothing far below the peak; but the means, which it does without, are all there is here.
            window
                .values
                .iter_mut()
                .for_each(|value| *value = value.max(peak - RANGE));
            window.mean_and_deviation()[..BANDS].to_vec()
        };
        let real = |index: &usize| matches!(self.examples[*index].0, Sound::Clip(_) | Sound::Nothing);
        let real: Vec<usize> = (0..self.examples.len()).filter(real).collect();
        Table {
            features: real.par_iter().map(mean).collect(),
            classes: real.iter().map(|&index| self.examples[index].1).collect(),
        }
    }
}

impl Dataset for Words {
    type Batch = Labelled;

    fn len(&self) -> usize {
        self.examples.len()
    }

    /// Inputs (batch, mouths, 40 bands, 100 frames): one in training, else three.
    fn batch(&self, indices: &[usize], pass: Pass) -> Result<Labelled> {
        let mut values = Vec::new();
        for &index in indices {
            if pass.train {
                let mut random = pass.random(index);
                let mut window = self.varied(index, &mut random);
                normalise(&mut window);
                mask(&mut window, &mut random);
                values.extend(window.values);
                continue;
            }
            for mouth in MOUTHS {
                let mut window = self.plain(index, mouth);
                normalise(&mut window);
                values.extend(window.values);
            }
        }
        let mouths = if pass.train { 1 } else { MOUTHS.len() };
        let classes: Vec<u32> = indices.iter().map(|&index| self.examples[index].1).collect();
        Ok(Labelled {
            inputs: Tensor::from_vec(values, (indices.len(), mouths, BANDS, WINDOW), &Device::Cpu)?,
            targets: Tensor::new(classes, &Device::Cpu)?,
        })
    }

    fn name(&self, index: usize) -> String {
        match self.examples[index].0 {
            Sound::Clip(clip) => self.names[clip].clone(),
            Sound::Backwards(clip) => format!("{} backwards", self.names[clip]),
            Sound::Fragment(clip) => format!("part of {}", self.names[clip]),
            Sound::Nothing => format!("noise {index}"),
        }
    }
}

fn backwards(clip: &Spectrogram) -> Spectrogram {
    let rows = clip.values.chunks(clip.frames.max(1));
    Spectrogram {
        values: rows.flat_map(|row| row.iter().rev()).copied().collect(),
        ..*clip
    }
}

/// A second at whose beginning or end less than half of the clip's word is heard.
fn fragment(clip: &Spectrogram, random: &mut Random) -> Spectrogram {
    let power = |frame: usize| {
        clip.values[frame..]
            .iter()
            .step_by(clip.frames)
            .map(|value| value.exp())
            .sum::<f32>()
    };
    let powers: Vec<f32> = (0..clip.frames).map(power).collect();
    // The word is what lies within 25 dB of the loudest frame.
    let least = powers.iter().copied().fold(0.0, f32::max) * 0.003;
    let first = powers.iter().position(|power| *power >= least).unwrap_or(0) as i32;
    let last = powers.iter().rposition(|power| *power >= least).unwrap_or(0) as i32;
    let heard = ((random.random_range(0.1..0.45) * (last - first) as f32) as i32).max(5);
    let start = match random.random_bool(0.5) {
        true => heard - last,
        false => WINDOW as i32 - heard - first,
    };
    window(clip, start)
}

/// A second with the clip in its middle; of a longer one, its middle.
pub fn centred(clip: &Spectrogram) -> Spectrogram {
    window(clip, (WINDOW as i32 - clip.frames as i32) / 2)
}

/// A second with the clip anywhere in it; of a longer one, about its middle.
fn shifted(clip: &Spectrogram, random: &mut Random) -> Spectrogram {
    let room = WINDOW as i32 - clip.frames as i32;
    let start = match room > 10 {
        true => random.random_range(0..=room),
        false => room / 2 + random.random_range(-10..=10),
    };
    window(clip, start)
}

/// A second in which the clip begins at frame `start`, which may lie before it. What the clip does not reach is silent.
fn window(clip: &Spectrogram, start: i32) -> Spectrogram {
    let mut values = Vec::with_capacity(clip.bands * WINDOW);
    for band in 0..clip.bands {
        let row = clip.band(band);
        let at = |frame: i32| {
            usize::try_from(frame - start)
                .ok()
                .and_then(|place| row.get(place))
        };
        values.extend((0..WINDOW as i32).map(|frame| at(frame).copied().unwrap_or(audio::LOG_FLOOR.ln())));
    }
    Spectrogram {
        bands: clip.bands,
        frames: WINDOW,
        values,
    }
}
