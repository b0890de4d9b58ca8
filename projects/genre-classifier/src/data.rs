//! From a folder of music to what the network sees: crops of log-mel spectrograms, and their genres.

use std::path::PathBuf;

use anyhow::Result;
use audio::{AudioError, LogMel, LogMelConfig, Reader, SpecAugment, Spectrogram};
use candle_core::{Device, Tensor};
use datasets::{Collection, Example, Options};
use rayon::prelude::*;
use training::{Dataset, Labelled, Pass, Splits, Told, baseline::Table};

/// Everything is heard as mono at this rate, in Hz.
pub const SAMPLE_RATE: u32 = 16_000;
/// Mel bands, from 30 Hz to 8 kHz.
pub const BANDS: usize = 64;
/// Frames in what the network hears at once: 3 seconds at 62.5 frames a second.
pub const CROP_FRAMES: usize = 188;
/// Crops of a clip whose answers are averaged in validation and test.
const CROPS: usize = 6;
/// Cepstral coefficients of the linear baseline.
const COEFFICIENTS: usize = 20;

/// One part of the data: a spectrogram in memory for each clip, since decoding takes longer than training on it.
pub struct Clips {
    /// Whole clips, (64 bands, frames) each.
    spectrograms: Vec<Spectrogram>,
    /// The genre of each.
    genres: Vec<u32>,
    /// The file of each.
    files: Vec<PathBuf>,
    names: Vec<String>,
}

/// Opens the data named `what`, makes or fetches it if need be, and reads every file. What cannot be read is left
/// out and named in [`Collection::report`].
pub fn open(what: &str, split: Option<PathBuf>) -> Result<(Collection, Splits<Clips>)> {
    let progress = Told::default();
    let on_progress = |doing: &str, done: u64, total: u64| progress.tell(doing, done, total);
    let options = Options {
        split,
        on_progress: &on_progress,
        ..Options::new(&audio::EXTENSIONS)
    };
    let mut music = datasets::open(what, &options)?;
    let [train, valid, test] = music
        .read(&on_progress, log_mel)?
        .map(|part| Clips::new(&music, part));
    drop(progress);
    for note in music.report() {
        training::say(format!("note      {note}"));
    }
    Ok((music, Splits { train, valid, test }))
}

fn log_mel(example: &Example) -> Result<Spectrogram, AudioError> {
    let mel = LogMel::new(&mel_config());
    let (mut stream, mut frames) = (mel.stream(), Vec::new());
    for block in Reader::open(&example.path, SAMPLE_RATE)? {
        stream.push(&block?, &mut frames);
    }
    stream.finish(&mut frames);
    Ok(Spectrogram::from_frames(BANDS, &frames))
}

/// How sound becomes a spectrogram: in training, and in `predict` after it.
pub fn mel_config() -> LogMelConfig {
    LogMelConfig {
        sample_rate: SAMPLE_RATE,
        bands: BANDS,
        ..LogMelConfig::default()
    }
}

/// Everything that a sound goes through before the network, by name and number. It is stored with the weights:
/// another preprocessing would not fail, only make the network hear nonsense.
pub fn preprocessing() -> String {
    let mel = mel_config();
    format!(
        "mono at {} Hz, {} points every {}, {} mel bands from {} to {} Hz, crops of {CROP_FRAMES} frames less each band's mean",
        mel.sample_rate, mel.fft_size, mel.hop, mel.bands, mel.low_hz, mel.high_hz
    )
}

/// A crop (64 bands, 188 frames) as the network takes it: each band less its own mean over the crop.
///
/// That takes loudness, equaliser and microphone away and leaves what changes in time: rhythm, notes, attacks.
pub fn normalise(crop: &mut Spectrogram) {
    for band in crop.values.chunks_mut(crop.frames) {
        let mean = band.iter().sum::<f32>() / band.len() as f32;
        // Log-mel values of music vary by about 2 around their mean.
        band.iter_mut().for_each(|value| *value = (*value - mean) / 2.0);
    }
}

impl Dataset for Clips {
    type Batch = Labelled;

    fn len(&self) -> usize {
        self.spectrograms.len()
    }

    /// Inputs (batch, crops, 64 bands, 188 frames): one random crop of each clip in training, else six.
    fn batch(&self, indices: &[usize], pass: Pass) -> Result<Labelled> {
        let masks = SpecAugment {
            time_masks: 2,
            time_width: 20,
            frequency_masks: 2,
            frequency_width: 8,
        };
        let mut values = Vec::new();
        for &index in indices {
            let clip = &self.spectrograms[index];
            if pass.train {
                let mut random = pass.random(index);
                let mut crop = audio::augment::random_crop_frames(clip, CROP_FRAMES, &mut random);
                normalise(&mut crop);
                masks.apply(&mut crop, &mut random);
                values.extend(crop.values);
                continue;
            }
            for number in 0..CROPS {
                let room = clip.frames.saturating_sub(CROP_FRAMES);
                let mut crop = clip.crop(room * number / (CROPS - 1), CROP_FRAMES);
                normalise(&mut crop);
                values.extend(crop.values);
            }
        }
        let crops = if pass.train { 1 } else { CROPS };
        let genres: Vec<u32> = indices.iter().map(|&index| self.genres[index]).collect();
        Ok(Labelled {
            inputs: Tensor::from_vec(values, (indices.len(), crops, BANDS, CROP_FRAMES), &Device::Cpu)?,
            targets: Tensor::new(genres, &Device::Cpu)?,
        })
    }

    fn name(&self, index: usize) -> String {
        self.names[index].clone()
    }
}

impl Clips {
    fn new(music: &Collection, part: Vec<(Example, Spectrogram)>) -> Self {
        let names = part
            .iter()
            .map(|(example, _)| music.short(&example.path))
            .collect();
        let genres = part.iter().map(|(example, _)| example.label).collect();
        let (examples, spectrograms): (Vec<Example>, _) = part.into_iter().unzip();
        let files = examples.into_iter().map(|example| example.path).collect();
        Clips {
            spectrograms,
            genres,
            files,
            names,
        }
    }

    /// Six seconds from the middle of a clip as a wav file, for the report.
    pub fn excerpt(&self, index: usize) -> Result<Vec<u8>> {
        let sound = audio::load(&self.files[index], SAMPLE_RATE)?.samples;
        let length = (6 * SAMPLE_RATE as usize).min(sound.len());
        let start = (sound.len() - length) / 2;
        Ok(audio::wav_bytes(&sound[start..start + length], SAMPLE_RATE)?)
    }
}

/// What a reader of the report should know of the data.
pub fn about(music: &Collection) -> Vec<String> {
    let mut notes = vec![music.to_string()];
    if let Some(card) = datasets::cards::find(&music.name) {
        notes.push(format!("{} Licence: {}", card.what, card.licence));
    }
    notes.extend(music.report());
    notes
}

/// What the linear baseline knows of each clip: the mean of 20 cepstral coefficients over its whole length.
pub fn mean_mfccs(clips: &Splits<Clips>) -> Splits<Table> {
    let means = |clip: &Spectrogram| clip.mfcc(COEFFICIENTS).mean_and_deviation()[..COEFFICIENTS].to_vec();
    let table = |clips: &Clips| Table {
        features: clips.spectrograms.par_iter().map(means).collect(),
        classes: clips.genres.clone(),
    };
    Splits {
        train: table(&clips.train),
        valid: table(&clips.valid),
        test: table(&clips.test),
    }
}
