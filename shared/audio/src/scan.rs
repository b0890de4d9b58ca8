//! A network's view of a sound of any length: windows of log-mel frames, a batch at a time, in bounded memory.

use std::path::Path;

use crate::{AudioError, LogMel, LogMelConfig, Reader, Spectrogram};

/// How a sound is cut into windows.
#[derive(Clone, Copy, Debug)]
pub struct Windows {
    /// Frames in a window.
    pub frames: usize,
    /// Frames from the start of one window to the start of the next; at most `frames`, or sound goes unheard.
    pub step: usize,
    /// Windows that are handed over together.
    pub batch: usize,
}

/// What came of scanning a file.
#[derive(Clone, Debug)]
pub struct Scan<A> {
    /// The answer to each window, in order.
    pub answers: Vec<A>,
    /// How long the sound is.
    pub seconds: f64,
    /// What was wrong with the file, where it could be heard nevertheless.
    pub warnings: Vec<String>,
    /// The whole sound, for a picture: frames are joined where it is long, and `overview_config` says how many.
    pub overview: Spectrogram,
    /// The sizes of the overview: those of the scan, with a larger hop.
    pub overview_config: LogMelConfig,
}

/// Columns of the overview at most, so that hours of sound take no more memory than minutes.
const COLUMNS: usize = 3000;

/// Reads the file at `path` block by block, cuts its log-mel spectrogram into `windows` and asks `answer` about
/// them, a batch at a time: it must give one answer for each. Only a batch of windows is ever in memory.
///
/// A sound shorter than a window is repeated until it fills one. The last window ends less than a step before the
/// sound does.
///
/// # Errors
/// Those of [`Reader`], and those of `answer`.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("tone.wav");
/// # audio::write_wav(&path, &vec![0.1; 5 * 16_000], 16_000)?;
/// let (config, windows) = (audio::LogMelConfig::default(), audio::Windows { frames: 125, step: 62, batch: 8 });
/// let loudest = |spectrograms: &[audio::Spectrogram]| -> Result<Vec<f32>, audio::AudioError> {
///     Ok(spectrograms.iter().map(|window| window.values.iter().copied().fold(f32::MIN, f32::max)).collect())
/// };
/// let scan = audio::scan(&path, &config, windows, loudest)?;
/// assert_eq!((scan.answers.len(), scan.seconds), (4, 5.0));
/// # Ok::<(), audio::AudioError>(())
/// ```
pub fn scan<A, E: From<AudioError>>(
    path: impl AsRef<Path>,
    config: &LogMelConfig,
    windows: Windows,
    mut answer: impl FnMut(&[Spectrogram]) -> Result<Vec<A>, E>,
) -> Result<Scan<A>, E> {
    let mut reader = Reader::open(path, config.sample_rate)?;
    let mel = LogMel::new(config);
    let mut stream = mel.stream();
    let mut overview = Overview {
        bands: config.bands,
        columns: Vec::new(),
        joined: 1,
        part: Vec::new(),
    };
    // Frames that the next window may need, and windows whose batch is not full.
    let (mut recent, mut waiting) = (Vec::new(), Vec::new());
    let (mut frames, mut answers, mut samples) = (Vec::new(), Vec::new(), 0);
    let mut ended = false;
    while !ended {
        match reader.next() {
            Some(block) => {
                let block = block?;
                samples += block.len();
                stream.push(&block, &mut frames);
            }
            None => ended = true,
        }
        if ended {
            // `finish` takes the stream; an empty one stands in for it.
            std::mem::replace(&mut stream, mel.stream()).finish(&mut frames);
        }
        overview.push(&frames);
        recent.append(&mut frames);
        let (length, step) = (windows.frames * config.bands, windows.step.max(1) * config.bands);
        let mut start = 0;
        while recent.len() >= start + length {
            waiting.push(Spectrogram::from_frames(
                config.bands,
                &recent[start..start + length],
            ));
            start += step;
            if waiting.len() == windows.batch.max(1) {
                answers.append(&mut answer(&waiting)?);
                waiting.clear();
            }
        }
        recent.drain(..start.min(recent.len()));
    }
    if answers.is_empty() && waiting.is_empty() {
        waiting.push(Spectrogram::from_frames(config.bands, &recent).crop(0, windows.frames));
    }
    if !waiting.is_empty() {
        answers.append(&mut answer(&waiting)?);
    }
    Ok(Scan {
        answers,
        seconds: samples as f64 / f64::from(config.sample_rate),
        warnings: reader.warnings().iter().map(ToString::to_string).collect(),
        overview: Spectrogram::from_frames(config.bands, &overview.columns),
        overview_config: LogMelConfig {
            hop: config.hop * overview.joined,
            ..config.clone()
        },
    })
}

/// The spectrogram for a picture: when it has too many columns, each two become one.
struct Overview {
    bands: usize,
    columns: Vec<f32>,
    /// Frames that make one column.
    joined: usize,
    /// Frames of the column under way.
    part: Vec<f32>,
}

impl Overview {
    fn push(&mut self, frames: &[f32]) {
        let bands = self.bands;
        for frame in frames.chunks_exact(bands) {
            self.part.extend_from_slice(frame);
            if self.part.len() == self.joined * bands {
                self.columns.extend(mean_frame(&self.part, bands));
                self.part.clear();
            }
            if self.columns.len() == COLUMNS * bands {
                let pairs = self.columns.chunks_exact(2 * bands);
                self.columns = pairs.flat_map(|pair| mean_frame(pair, bands)).collect();
                self.joined *= 2;
            }
        }
    }
}

fn mean_frame(frames: &[f32], bands: usize) -> Vec<f32> {
    let count = (frames.len() / bands) as f32;
    let mean = |band: usize| frames.iter().skip(band).step_by(bands).sum::<f32>() / count;
    (0..bands).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The windows of a scan are the crops of the whole spectrogram, and every frame but the last few is in one.
    #[test]
    fn windows_are_those_of_the_whole_spectrogram() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sweep.wav");
        let sweep: Vec<f32> = (0..100_000)
            .map(|n| 0.5 * (n as f32 * n as f32 * 1e-6).sin())
            .collect();
        crate::write_wav(&path, &sweep, 16_000).unwrap();
        let config = LogMelConfig::default();
        let whole = LogMel::new(&config).compute(&crate::load(&path, 16_000).unwrap().samples);
        for batch in [1, 3, 100] {
            let windows = Windows {
                frames: 100,
                step: 40,
                batch,
            };
            let keep = |windows: &[Spectrogram]| Ok::<_, AudioError>(windows.to_vec());
            let scan = scan(&path, &config, windows, keep).unwrap();
            assert_eq!(scan.answers.len(), (whole.frames - 100) / 40 + 1);
            for (number, window) in scan.answers.iter().enumerate() {
                assert_eq!(
                    *window,
                    whole.crop(40 * number, 100),
                    "window {number} of batches of {batch}"
                );
            }
            assert_eq!(scan.overview, whole);
        }
    }

    #[test]
    fn short_sounds_are_repeated_and_long_ones_joined() {
        let folder = tempfile::tempdir().unwrap();
        let config = LogMelConfig::default();
        let count = |windows: &[Spectrogram]| {
            Ok::<_, AudioError>(windows.iter().map(|window| window.frames).collect())
        };
        let short = folder.path().join("short.wav");
        crate::write_wav(&short, &[0.1; 500], 16_000).unwrap();
        let windows = Windows {
            frames: 188,
            step: 62,
            batch: 32,
        };
        assert_eq!(scan(&short, &config, windows, count).unwrap().answers, [188]);
        let long = folder.path().join("long.wav");
        crate::write_wav(&long, &vec![0.1; 256 * 7_000], 16_000).unwrap();
        let scan = scan(&long, &config, windows, count).unwrap();
        assert_eq!(scan.overview_config.hop, 4 * 256);
        assert!(
            (1_700..=1_760).contains(&scan.overview.frames),
            "{}",
            scan.overview.frames
        );
    }
}
