//! Words one by one: recordings of a second, each with its word; others that are unknown; and moments without any.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Result, ensure};
use audio::{LogMel, Spectrogram};
use candle_core::{Device, Tensor};
use datasets::{Collection, Example, Options, UNKNOWN, speech};
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
        "made-speech" => speech::DIGITS
            .iter()
            .chain(&speech::COMMANDS)
            .map(ToString::to_string)
            .collect(),
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

/// Opens the data named `what` and reads every recording. Gives the collection, the classes (the words, then `unknown` and
/// `silence`), and the three parts.
pub fn open(
    what: &str,
    asked: &[String],
    hold_out: Option<String>,
) -> Result<(Collection, Vec<String>, Splits<Words>)> {
    let told = Told::default();
    let on_progress = |doing: &str, done: u64, total: u64| told.tell(doing, done, total);
    let options = Options {
        only: if asked.is_empty() {
            usual_words(what)
        } else {
            asked.to_vec()
        },
        hold_out,
        on_progress: &on_progress,
        ..Options::new(&audio::EXTENSIONS)
    };
    let mut spoken = datasets::open(what, &options)?;
    // A folder may also be called `_unknown_` or `_silence_`, as they are in other programs.
    let plain = |class: &String| class.trim_matches('_').to_string();
    let words = spoken
        .classes
        .iter()
        .filter(|class| ![UNKNOWN, SILENCE].contains(&plain(class).as_str()));
    let mut classes: Vec<String> = words.cloned().collect();
    ensure!(
        classes.len() > 1,
        "one word alone cannot be told from another: name two or more with --words"
    );
    classes.extend([UNKNOWN, SILENCE].map(String::from));
    let parts = spoken.read(&on_progress, hear)?;
    drop(told);

    let class_of = |label: u32| {
        let name = spoken.classes[label as usize].trim_matches('_');
        classes
            .iter()
            .position(|class| class == name)
            .unwrap_or(classes.len() - 2) as u32
    };
    let mut notes = Vec::new();
    let files = datasets::background_noise(&spoken.root, &audio::EXTENSIONS);
    let mut noises = |share| Arc::new(Noises::open(&files, share, &mut notes));
    let noises = [noises((0.0, 0.6)), noises((0.6, 0.8)), noises((0.8, 1.0))];
    let mut words = Vec::new();
    for ((part, noises), training) in parts.into_iter().zip(noises).zip([true, false, false]) {
        let mut part = Words::new(&spoken, part, noises, class_of);
        part.balance(classes.len(), training, &mut notes);
        words.push(part);
    }
    spoken.notes.extend(notes);
    let [train, valid, test] = <[Words; 3]>::try_from(words).unwrap_or_else(|_| unreachable!("three parts"));
    for note in spoken.report() {
        training::say(format!("note      {note}"));
    }
    Ok((spoken, classes, Splits { train, valid, test }))
}

/// A recording as a spectrogram. Of one that is longer than a second, what lies before and behind the speech is left out.
fn hear(example: &Example) -> Result<Spectrogram> {
    let (mut samples, _) = samples(&example.path)?;
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
        part: Vec<(Example, Spectrogram)>,
        noises: Arc<Noises>,
        class_of: impl Fn(u32) -> u32,
    ) -> Self {
        let examples = part.iter().enumerate();
        let examples = examples.map(|(clip, (example, _))| (Sound::Clip(clip), class_of(example.label)));
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
            noises,
            signal_to_noise: None,
        }
    }

    /// Makes about as many examples of `unknown` and of `silence` as there are of a word. Only in training are words played
    /// backwards, or noises made up: what is tested was recorded.
    fn balance(&mut self, classes: usize, training: bool, notes: &mut Vec<String>) {
        let (unknown, silence) = (classes as u32 - 2, classes as u32 - 1);
        let count = |class: u32| self.examples.iter().filter(|example| example.1 == class).count();
        let (unknowns, silences) = (count(unknown), count(silence));
        let each = (self.examples.len() - unknowns - silences).div_ceil(classes - 2);
        let mut random = nn::random(0, "balance");
        if unknowns == 0 && training {
            let backwards = |_| {
                (
                    Sound::Backwards(random.random_range(0..self.clips.len())),
                    unknown,
                )
            };
            self.examples.extend((0..each).map(backwards));
            notes
                .push("no other words to learn what is unknown from: words played backwards stand in".into());
        } else if unknowns > 3 * each {
            // Where ten words of 35 are listened for, the others would be most of what the network hears.
            let mut kept: Vec<bool> = (0..unknowns).map(|place| place < 3 * each).collect();
            kept.shuffle(&mut random);
            let mut kept = kept.into_iter();
            self.examples
                .retain(|example| example.1 != unknown || kept.next() == Some(true));
            notes.push(format!(
                "of {unknowns} recordings of other words {} are used, drawn at random",
                3 * each
            ));
        }
        if training {
            let fragment = |_| (Sound::Fragment(random.random_range(0..self.clips.len())), unknown);
            self.examples.extend((0..each).map(fragment));
        }
        if silences == 0 && (training || self.noises.is_recorded()) {
            self.examples.extend((0..each).map(|_| (Sound::Nothing, silence)));
        }
    }

    /// The class of each example.
    pub fn classes(&self) -> Vec<u32> {
        self.examples.iter().map(|example| example.1).collect()
    }

    /// The same examples among noise, so that the loudest moment of a word stands `decibels` above the loudest of the noise.
    pub fn in_noise(&self, decibels: f32) -> Self {
        Words {
            clips: self.clips.clone(),
            files: self.files.clone(),
            names: self.names.clone(),
            examples: self.examples.clone(),
            noises: self.noises.clone(),
            signal_to_noise: Some(decibels),
        }
    }

    /// An example as it is evaluated: in the middle of a second, as from a mouth of this size.
    fn plain(&self, index: usize, mouth: f32) -> Spectrogram {
        let mut random = nn::random(index as u64, "noise");
        let mut window = match self.examples[index].0 {
            Sound::Clip(clip) => centred(&self.clips[clip]),
            Sound::Backwards(clip) => centred(&backwards(&self.clips[clip])),
            Sound::Fragment(clip) => fragment(&self.clips[clip], &mut random),
            Sound::Nothing => return self.noises.draw(WINDOW, &mut random),
        };
        if let Some(decibels) = self.signal_to_noise {
            window.add_noise(&self.noises.draw(WINDOW, &mut random), 0, decibels);
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
                    &self.noises.draw(WINDOW, random),
                    0,
                    random.random_range(15.0..40.0),
                );
                window
            }
            Sound::Nothing => self.noises.draw(WINDOW, random),
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
        let (samples, _) = samples(&self.files[clip]).ok()?;
        audio::wav_bytes(&samples, SAMPLE_RATE).ok()
    }

    /// What the linear baseline knows of each example: the mean of each band over the second.
    pub fn mean_spectra(&self) -> Table {
        let mean = |index| {
            let mut window = self.plain(index, 1.0);
            let peak = window.values.iter().copied().fold(f32::MIN, f32::max);
            // As for the network, nothing far below the peak; but the means, which it does without, are all there is here.
            window
                .values
                .iter_mut()
                .for_each(|value| *value = value.max(peak - RANGE));
            window.mean_and_deviation()[..BANDS].to_vec()
        };
        Table {
            features: (0..self.examples.len()).into_par_iter().map(mean).collect(),
            classes: self.classes(),
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
    let heard = (random.random_range(0.1..0.45) * (last - first) as f32) as i32;
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
