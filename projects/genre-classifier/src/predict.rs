//! Names the genre of sound files and draws it over time.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail, ensure};
use audio::{Scan, Windows};
use candle_core::{D, Device, Tensor};
use nn::ModuleT;
use serde::{Deserialize, Serialize};
use training::{DeviceChoice, choose_device, load_model, metrics::argmax};

use crate::{
    NAME,
    data::{BANDS, CROP_FRAMES, mel_config, normalise, preprocessing},
    model::GenreNet,
};

/// What `model.safetensors` knows beside the weights.
#[derive(Serialize, Deserialize)]
pub struct About {
    /// The genres, in the order of the network's answers.
    pub genres: Vec<String>,
    /// What the sound it was trained on went through: see [`preprocessing`].
    pub preprocessing: String,
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

pub fn predict(arguments: &Predict) -> Result<()> {
    let (device, _) = choose_device(arguments.device)?;
    let build = |about: &About, weights: nn::VarBuilder<'_>| GenreNet::new(about.genres.len(), weights);
    let (about, network) = load_model(NAME, arguments.model.as_deref(), &device, build)?;
    ensure!(
        about.preprocessing == preprocessing(),
        "the model was trained on {}, but this version of the program makes {}: train it anew",
        about.preprocessing,
        preprocessing()
    );
    let (mut failed, mut taken) = (0, HashSet::new());
    for input in &arguments.inputs {
        let picture = picture_of(input, arguments.out.as_deref(), &mut taken);
        let told = hear(input, &network, &device).and_then(|heard| tell(input, &about, &heard, &picture));
        if let Err(error) = told {
            eprintln!("{error:#}");
            failed += 1;
        }
    }
    match failed {
        0 => Ok(()),
        _ => bail!("{failed} of {} files could not be heard", arguments.inputs.len()),
    }
}

/// Asks the network about windows of three seconds, one second apart.
fn hear(path: &Path, network: &GenreNet, device: &Device) -> Result<Scan<Vec<f32>>> {
    let windows = Windows {
        frames: CROP_FRAMES,
        step: 62,
        batch: 32,
    };
    audio::scan(path, &mel_config(), windows, |windows| {
        let mut values = Vec::new();
        for window in windows {
            let mut window = window.clone();
            normalise(&mut window);
            values.extend(window.values);
        }
        // (windows, 1 crop, 64 bands, 188 frames)
        let crops = Tensor::from_vec(values, (windows.len(), 1, BANDS, CROP_FRAMES), device)?;
        let logits = network.forward_t(&crops, false)?;
        Ok(nn::ops::softmax(&logits, D::Minus1)?.to_vec2::<f32>()?)
    })
}

/// Prints the likeliest genres of a file and draws them over time.
fn tell(path: &Path, about: &About, heard: &Scan<Vec<f32>>, picture: &Path) -> Result<()> {
    let count = heard.answers.len() as f32;
    let mean: Vec<f32> = (0..about.genres.len())
        .map(|genre| heard.answers.iter().map(|window| window[genre]).sum::<f32>() / count)
        .collect();
    let mut ranked: Vec<usize> = (0..mean.len()).collect();
    ranked.sort_by(|a, b| mean[*b].total_cmp(&mean[*a]));
    let top = argmax(&mean);
    training::say(format!(
        "{}  {:.1} s  {}",
        path.display(),
        heard.seconds,
        about.genres[top]
    ));
    for genre in ranked.iter().take(3) {
        let bar = "█".repeat((mean[*genre] * 30.0).round() as usize);
        training::say(format!(
            "  {:>5.1} %  {:<12} {bar}",
            100.0 * mean[*genre],
            about.genres[*genre]
        ));
    }
    if heard.seconds < 3.0 {
        training::say("  note: shorter than the 3 seconds that the network listens to, so it was repeated");
    }
    for warning in &heard.warnings {
        training::say(format!("  note: {warning}"));
    }
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let timeline = audio::TimelinePicture {
        title: &format!("{name}: {}", about.genres[top]),
        classes: &about.genres,
        probabilities: &heard.answers,
        // Windows overlap: each stands for its share of the whole.
        seconds_per_step: heard.seconds / heard.answers.len() as f64,
        spectrogram: &heard.overview,
        config: &heard.overview_config,
    };
    timeline.save(picture)?;
    training::say(format!("  over time: {}", picture.display()));
    Ok(())
}

/// `song.mp3.genres.png`, with a number where another song of that name came before.
fn picture_of(input: &Path, folder: Option<&Path>, taken: &mut HashSet<PathBuf>) -> PathBuf {
    let name = input.file_name().unwrap_or(input.as_os_str()).to_string_lossy();
    let numbered = |number: usize| match number {
        1 => format!("{name}.genres.png"),
        _ => format!("{name}-{number}.genres.png"),
    };
    let mut paths = (1..).map(|number| folder.unwrap_or(Path::new(".")).join(numbered(number)));
    paths.find(|path| taken.insert(path.clone())).unwrap_or_default()
}
