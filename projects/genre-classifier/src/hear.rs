//! Hears a sound file of any length: three seconds at a time, one second apart, in bounded memory.

use std::path::Path;

use anyhow::Result;
use audio::{LogMel, Reader, Spectrogram};
use candle_core::{D, Device, Tensor};
use nn::ModuleT;

use crate::{
    data::{BANDS, CROP_FRAMES, SAMPLE_RATE, mel_config, normalise},
    model::GenreNet,
};

/// Frames from one window to the next: 1 second.
const STEP_FRAMES: usize = 62;
/// Windows that go through the network together.
const BATCH: usize = 32;
/// Columns of the drawn spectrogram at most, so that hours of sound take no more memory than minutes.
const COLUMNS: usize = 1500;

/// What the network made of a file.
pub struct Heard {
    /// For each window the probability of each genre.
    pub windows: Vec<Vec<f32>>,
    pub overview: Overview,
    /// How long it is.
    pub seconds: f64,
    /// What was wrong with the file, where it could be heard nevertheless.
    pub warnings: Vec<String>,
}

/// Reads `path` block by block; only the last few seconds of it are ever in memory.
pub fn hear(path: &Path, network: &GenreNet, device: &Device) -> Result<Heard> {
    let mut reader = Reader::open(path, SAMPLE_RATE)?;
    let mel = LogMel::new(&mel_config());
    let mut stream = mel.stream();
    let mut windows = Windows {
        network,
        device,
        recent: Vec::new(),
        waiting: Vec::new(),
        answers: Vec::new(),
    };
    let mut overview = Overview {
        columns: Vec::new(),
        joined: 1,
        part: Vec::new(),
    };
    let (mut frames, mut samples) = (Vec::new(), 0);
    for block in &mut reader {
        let block = block?;
        samples += block.len();
        stream.push(&block, &mut frames);
        windows.push(&frames)?;
        overview.push(&frames);
        frames.clear();
    }
    stream.finish(&mut frames);
    windows.push(&frames)?;
    overview.push(&frames);
    Ok(Heard {
        windows: windows.finish()?,
        overview,
        seconds: samples as f64 / f64::from(SAMPLE_RATE),
        warnings: reader.warnings().iter().map(ToString::to_string).collect(),
    })
}

/// Cuts frames into windows and asks the network about them, a batch at a time.
struct Windows<'a> {
    network: &'a GenreNet,
    device: &'a Device,
    /// Frames that the next window may need.
    recent: Vec<f32>,
    /// Windows that wait for their batch to be full.
    waiting: Vec<f32>,
    answers: Vec<Vec<f32>>,
}

impl Windows<'_> {
    fn push(&mut self, frames: &[f32]) -> Result<()> {
        self.recent.extend_from_slice(frames);
        let mut start = 0;
        while self.recent.len() - start >= CROP_FRAMES * BANDS {
            self.add(start, CROP_FRAMES * BANDS)?;
            start += STEP_FRAMES * BANDS;
        }
        self.recent.drain(..start);
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<Vec<f32>>> {
        if self.answers.is_empty() && self.waiting.is_empty() {
            // Shorter than a window: it is repeated until it fills one.
            self.add(0, self.recent.len())?;
        }
        self.ask()?;
        Ok(self.answers)
    }

    fn add(&mut self, start: usize, length: usize) -> Result<()> {
        let mut window =
            Spectrogram::from_frames(BANDS, &self.recent[start..start + length]).crop(0, CROP_FRAMES);
        normalise(&mut window);
        self.waiting.extend(window.values);
        if self.waiting.len() == BATCH * CROP_FRAMES * BANDS {
            self.ask()
        } else {
            Ok(())
        }
    }

    fn ask(&mut self) -> Result<()> {
        let count = self.waiting.len() / (CROP_FRAMES * BANDS);
        if count == 0 {
            return Ok(());
        }
        let windows = Tensor::from_vec(
            std::mem::take(&mut self.waiting),
            (count, 1, BANDS, CROP_FRAMES),
            self.device,
        )?;
        let logits = self.network.forward_t(&windows, false)?;
        self.answers
            .extend(nn::ops::softmax(&logits, D::Minus1)?.to_vec2::<f32>()?);
        Ok(())
    }
}

/// The spectrogram for the picture: when it has too many columns, each two become one.
pub struct Overview {
    columns: Vec<f32>,
    /// Frames that make one column.
    pub joined: usize,
    /// Frames of the column under way.
    part: Vec<f32>,
}

impl Overview {
    /// (64 bands, columns)
    pub fn spectrogram(&self) -> Spectrogram {
        Spectrogram::from_frames(BANDS, &self.columns)
    }

    fn push(&mut self, frames: &[f32]) {
        for frame in frames.chunks_exact(BANDS) {
            self.part.extend_from_slice(frame);
            if self.part.len() == self.joined * BANDS {
                self.columns.extend(mean_frame(&self.part));
                self.part.clear();
            }
            if self.columns.len() == 2 * COLUMNS * BANDS {
                self.columns = self
                    .columns
                    .chunks_exact(2 * BANDS)
                    .flat_map(mean_frame)
                    .collect();
                self.joined *= 2;
            }
        }
    }
}

fn mean_frame(frames: &[f32]) -> Vec<f32> {
    let count = (frames.len() / BANDS) as f32;
    (0..BANDS)
        .map(|band| frames.iter().skip(band).step_by(BANDS).sum::<f32>() / count)
        .collect()
}
