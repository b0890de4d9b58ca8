//! Names the genre of sound files of any length: three seconds at a time, a step of one second apart.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use audio::{LogMel, Reader, Spectrogram};
use candle_core::{D, Device, Tensor};
use nn::ModuleT;
use serde::{Deserialize, Serialize};
use training::{DeviceChoice, choose_device, load_model, metrics::argmax};

use crate::{
    NAME,
    data::{BANDS, CROP_FRAMES, SAMPLE_RATE, mel_config, normalise},
    model::GenreNet,
};

/// What `model.safetensors` knows beside the weights.
#[derive(Serialize, Deserialize)]
pub struct About {
    /// The genres, in the order of the network's answers.
    pub genres: Vec<String>,
}

/// Name the genre of sound files
#[derive(clap::Args)]
pub struct Predict {
    /// Sound files: wav, flac, mp3, ogg, m4a, aac, aiff or au
    #[arg(required = true)]
    inputs: Vec<PathBuf>,
    /// The run folder of a trained model [default: the newest]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Folder for the pictures [default: the working directory]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
}

/// Frames from one window to the next: 1 second.
const STEP_FRAMES: usize = 62;
/// Windows that go through the network together.
const BATCH: usize = 32;
/// Columns of the drawn spectrogram at most, so that hours of sound take no more memory than minutes.
const COLUMNS: usize = 1500;

pub fn predict(arguments: &Predict) -> Result<()> {
    let (device, _) = choose_device(arguments.device)?;
    let build = |about: &About, weights: nn::VarBuilder<'_>| GenreNet::new(about.genres.len(), weights);
    let (about, network) = load_model(NAME, arguments.model.as_deref(), &device, build)?;
    let mut failed = 0;
    for input in &arguments.inputs {
        match listen(input, &network, &device).and_then(|heard| tell(input, &about, &heard, arguments.out.as_deref())) {
            Ok(()) => {}
            Err(error) => {
                eprintln!("{error:#}");
                failed += 1;
            }
        }
    }
    match failed {
        0 => Ok(()),
        _ => bail!("{failed} of {} files could not be heard", arguments.inputs.len()),
    }
}

/// What the network made of a file.
struct Heard {
    /// For each window the probability of each genre.
    windows: Vec<Vec<f32>>,
    /// The whole file, with frames joined where it is long.
    overview: Spectrogram,
    seconds: f64,
    warnings: Vec<String>,
}

/// Reads `path` block by block; only the last few seconds of it are ever in memory.
fn listen(path: &Path, network: &GenreNet, device: &Device) -> Result<Heard> {
    let mut reader = Reader::open(path, SAMPLE_RATE)?;
    let mel = LogMel::new(&mel_config());
    let mut stream = mel.stream();
    let mut windows = Windows { network, device, recent: Vec::new(), waiting: Vec::new(), answers: Vec::new() };
    let mut overview = Overview { columns: Vec::new(), joined: 1, part: Vec::new() };
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
        overview: Spectrogram::from_frames(BANDS, &overview.columns),
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
        let mut window = Spectrogram::from_frames(BANDS, &self.recent[start..start + length]).crop(0, CROP_FRAMES);
        normalise(&mut window);
        self.waiting.extend(window.values);
        if self.waiting.len() == BATCH * CROP_FRAMES * BANDS { self.ask() } else { Ok(()) }
    }

    fn ask(&mut self) -> Result<()> {
        let count = self.waiting.len() / (CROP_FRAMES * BANDS);
        if count == 0 {
            return Ok(());
        }
        let windows = Tensor::from_vec(std::mem::take(&mut self.waiting), (count, 1, BANDS, CROP_FRAMES), self.device)?;
        let logits = self.network.forward_t(&windows, false)?;
        self.answers.extend(nn::ops::softmax(&logits, D::Minus1)?.to_vec2::<f32>()?);
        Ok(())
    }
}

/// The spectrogram for the picture: when it has too many columns, each two become one.
struct Overview {
    columns: Vec<f32>,
    /// Frames that make one column.
    joined: usize,
    /// Frames of the column under way.
    part: Vec<f32>,
}

impl Overview {
    fn push(&mut self, frames: &[f32]) {
        for frame in frames.chunks_exact(BANDS) {
            self.part.extend_from_slice(frame);
            if self.part.len() == self.joined * BANDS {
                self.columns.extend(mean_frame(&self.part));
                self.part.clear();
            }
            if self.columns.len() == 2 * COLUMNS * BANDS {
                self.columns = self.columns.chunks_exact(2 * BANDS).flat_map(mean_frame).collect();
                self.joined *= 2;
            }
        }
    }
}

fn mean_frame(frames: &[f32]) -> Vec<f32> {
    let count = (frames.len() / BANDS) as f32;
    (0..BANDS).map(|band| frames.iter().skip(band).step_by(BANDS).sum::<f32>() / count).collect()
}

/// Prints the likeliest genres of a file and draws them over time.
fn tell(path: &Path, about: &About, heard: &Heard, out: Option<&Path>) -> Result<()> {
    let count = heard.windows.len() as f32;
    let mean: Vec<f32> = (0..about.genres.len())
        .map(|genre| heard.windows.iter().map(|window| window[genre]).sum::<f32>() / count)
        .collect();
    let mut ranked: Vec<usize> = (0..mean.len()).collect();
    ranked.sort_by(|a, b| mean[*b].total_cmp(&mean[*a]));
    let top = argmax(&mean);
    println!("{}  {:.1} s  {}", path.display(), heard.seconds, about.genres[top]);
    for genre in ranked.iter().take(3) {
        let bar = "█".repeat((mean[*genre] * 30.0).round() as usize);
        println!("  {:>5.1} %  {:<12} {bar}", 100.0 * mean[*genre], about.genres[*genre]);
    }
    for warning in &heard.warnings {
        println!("  note: {warning}");
    }
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let picture = out.unwrap_or(Path::new(".")).join(format!("{name}.genres.png"));
    let title = format!("{name}: {}", about.genres[top]);
    let timeline = audio::Timeline {
        title: &title,
        classes: &about.genres,
        probabilities: &heard.windows,
        seconds: heard.seconds,
        spectrogram: &heard.overview,
    };
    let png = timeline.png().with_context(|| format!("cannot draw {}", picture.display()))?;
    training::write_whole(&picture, &png)?;
    println!("  over time: {}", picture.display());
    Ok(())
}
