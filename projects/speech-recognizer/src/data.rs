//! From sound to what both networks hear: a log-mel spectrogram and, in training, the same words from other mouths, in
//! other rooms, over other lines.

use std::path::{Path, PathBuf};

use audio::{AudioError, LogMel, LogMelConfig, Reader, SpecAugment, Spectrogram};
use nn::Random;
use rand::Rng;
use rayon::prelude::*;

/// Everything is heard as mono at this rate, in Hz.
pub const SAMPLE_RATE: u32 = 16_000;
/// Mel bands, from 60 Hz to 7.6 kHz.
pub const BANDS: usize = 40;
/// Frames in a second.
pub const FRAME_RATE: usize = 100;
/// What lies further below the loudest moment is not heard, in natural logarithms of power: 35 dB.
pub const RANGE: f32 = 8.0;

/// How sound becomes a spectrogram: in training, and in `predict` after it.
pub fn mel_config() -> LogMelConfig {
    LogMelConfig::speech()
}

/// Everything that a sound goes through before a network, by name and number. It is stored with the weights: another
/// preprocessing would not fail, only make the network hear nonsense.
pub fn preprocessing() -> String {
    let mel = mel_config();
    format!(
        "mono at {} Hz, {} points every {}, {} mel bands from {} to {} Hz, not below {RANGE} under the peak, each band with mean 0 and deviation 1",
        mel.sample_rate, mel.fft_size, mel.hop, mel.bands, mel.low_hz, mel.high_hz
    )
}

/// What a reader of the report should know of the data.
pub fn about(name: &str, summary: &str, notes: Vec<String>) -> Vec<String> {
    let mut about = vec![summary.to_string()];
    if let Some(card) = datasets::cards::find(name) {
        about.push(format!("{} Licence: {}", card.what, card.licence));
    }
    about.extend(notes);
    about
}

/// A recording as samples, and what was wrong with it where it could be heard nevertheless.
pub fn samples(path: &Path) -> Result<(Vec<f32>, Vec<String>), AudioError> {
    let mut reader = Reader::open(path, SAMPLE_RATE)?;
    let mut samples = Vec::new();
    for block in reader.by_ref() {
        samples.append(&mut block?);
    }
    Ok((
        samples,
        reader.warnings().iter().map(ToString::to_string).collect(),
    ))
}

/// A spectrogram (40 bands, frames) as a network takes it: nothing far below its peak, and each band with mean 0 and deviation
/// about 1.
///
/// That takes loudness, microphone and the hiss of the line away and leaves what changes in time, which is the words.
pub fn normalise(sound: &mut Spectrogram) {
    let peak = sound.values.iter().copied().fold(f32::MIN, f32::max);
    for band in sound.values.chunks_mut(sound.frames.max(1)) {
        band.iter_mut().for_each(|value| *value = value.max(peak - RANGE));
        let count = band.len() as f32;
        let mean = band.iter().sum::<f32>() / count;
        let variance = band.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / count;
        // A band in which nothing happens, as above what a telephone lets through, must not be blown up to noise.
        let deviation = variance.sqrt() + 0.3;
        band.iter_mut()
            .for_each(|value| *value = (*value - mean) / deviation);
    }
}

/// The same words from another mouth: formants from a quarter lower to a third higher, speech from a fifth slower to a
/// quarter faster. Of six speakers it makes hundreds; nothing else helps so much with speakers never heard.
pub fn another_mouth(speech: &Spectrogram, random: &mut Random) -> Spectrogram {
    let vocal_tract = random.random_range(-0.3f32..0.3).exp();
    let rate = random.random_range(-0.25f32..0.25).exp();
    speech.warp_formants(vocal_tract, &mel_config()).change_rate(rate)
}

/// The same sound in another room with other noise, at times over a telephone. Loudness needs no change: [`normalise`] takes
/// it away.
pub fn another_room(sound: &mut Spectrogram, noises: &Noises, random: &mut Random) {
    if random.random_bool(0.3) {
        let (seconds, decibels) = (random.random_range(0.1..0.6), random.random_range(3.0..15.0));
        sound.add_echo(seconds, decibels, &mel_config());
    }
    if random.random_bool(0.5) {
        let decibels = random.random_range(5.0..40.0);
        sound.add_noise(&noises.draw(sound.frames, true, random), decibels);
    }
    if random.random_bool(0.15) {
        sound.cut_above(random.random_range(3_000.0..7_000.0), &mel_config());
    }
}

/// Blots out stretches of time and of pitch.
pub fn mask(sound: &mut Spectrogram, random: &mut Random) {
    let masks = SpecAugment {
        time_masks: 2,
        time_width: 12,
        frequency_masks: 2,
        frequency_width: 6,
    };
    masks.apply(sound, random);
}

/// What is heard where nobody speaks: recordings of noise, or where there are none noise that is made here.
#[derive(Default)]
pub struct Noises {
    recorded: Vec<Spectrogram>,
}

impl Noises {
    /// Noises for training, validation and test: of each recording in `files` the first 60 %, the next fifth and the last, so
    /// that training never hears the noise of the test. Recordings that cannot be read are left out, with a note.
    pub fn open(files: &[PathBuf], notes: &mut Vec<String>) -> [Self; 3] {
        let mel = LogMel::new(&mel_config());
        let read = |file: &PathBuf| {
            let (samples, _) = samples(file)?;
            let place = |fifths: usize| fifths * samples.len() / 5;
            let stretches = [0..place(3), place(3)..place(4), place(4)..samples.len()];
            Ok(stretches.map(|stretch| mel.compute(&samples[stretch])))
        };
        let read: Vec<Result<[Spectrogram; 3], AudioError>> = files.par_iter().map(read).collect();
        let mut parts = [(); 3].map(|()| Noises::default());
        for result in read {
            match result {
                Ok(stretches) => {
                    for (part, stretch) in parts.iter_mut().zip(stretches) {
                        part.recorded.push(stretch);
                    }
                }
                Err(error) => notes.push(format!("a noise was left out: {error}")),
            }
        }
        parts
    }

    /// Whether there are recordings.
    pub fn is_recorded(&self) -> bool {
        !self.recorded.is_empty()
    }

    /// Some noise of `frames` frames: from a recording, or where there is none, and in training every third time, made here.
    pub fn draw(&self, frames: usize, training: bool, random: &mut Random) -> Spectrogram {
        let made = !self.is_recorded() || training && random.random_bool(0.33);
        if !made {
            let noise = &self.recorded[random.random_range(0..self.recorded.len())];
            return audio::augment::random_crop_frames(noise, frames, random);
        }
        // Steady, with a spectrum that falls or rises evenly; each value is the power of a few bins, which varies.
        let tilt = random.random_range(-0.12..0.03f32);
        let value = |place: usize, random: &mut Random| {
            tilt * (place / frames) as f32 + random.random_range(-0.7..0.7f32)
        };
        Spectrogram {
            bands: BANDS,
            frames,
            values: (0..BANDS * frames).map(|place| value(place, random)).collect(),
        }
    }
}
