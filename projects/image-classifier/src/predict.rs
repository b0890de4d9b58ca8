//! Says what is on pictures: files, whole folders, or one from standard input.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use candle_core::{D, Device};
use nn::ModuleT;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use training::{Classification, DeviceChoice, Learner, Transfer, choose_device, load_model};
use vision::{Normalisation, RgbImage, models::Classifier};

use crate::{
    NAME,
    data::{self, Pictures},
    familiar::Familiar,
    model::Network,
};

/// So many pictures go through the network at once.
pub const BATCH: usize = 32;
/// What `model.safetensors` knows beside the weights.
#[derive(Serialize, Deserialize)]
pub struct About {
    /// The classes, in the order of the network's answers.
    pub classes: Vec<String>,
    /// The network whose weights these are.
    pub network: Network,
    /// Pixels across and down that it sees.
    pub side: u32,
    /// Whether it was trained on packed pictures of just that size.
    pub tiny: bool,
    /// What it wants the pixels as: with other numbers nothing would fail, it would only see nonsense.
    pub mean: [f32; 3],
    /// See [`Normalisation`].
    pub deviation: [f32; 3],
    /// What is like the pictures that it was trained on.
    pub familiar: Familiar,
}

impl About {
    /// What there is to know of a trained network.
    pub fn of(
        learner: &Learner<Classification<Classifier>, Pictures>,
        classes: &[String],
        network: Network,
        tiny: bool,
    ) -> Result<Self> {
        let view = learner.data.valid.view;
        Ok(About {
            classes: classes.to_vec(),
            network,
            side: view.side,
            tiny,
            mean: view.normalisation.mean,
            deviation: view.normalisation.deviation,
            familiar: Familiar::of(learner)?,
        })
    }

    fn normalisation(&self) -> Normalisation {
        Normalisation {
            mean: self.mean,
            deviation: self.deviation,
        }
    }
}

/// Say what is on pictures
#[derive(clap::Args)]
pub struct Predict {
    /// Pictures (png, jpeg, webp, gif, bmp), folders of them, or - for one from standard input
    #[arg(required = true)]
    inputs: Vec<PathBuf>,
    /// How many classes to name for each
    #[arg(long, default_value_t = 3, value_name = "N")]
    top: usize,
    /// The run folder of a trained model [default: the newest]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
}

/// What a network said of one picture.
pub struct Answer {
    /// Of each class.
    pub probabilities: Vec<f32>,
    familiar: bool,
}

/// A trained network, ready to look.
pub struct Eye {
    /// What is known of it.
    pub about: About,
    network: Classifier,
    device: Device,
}

impl Eye {
    /// The trained network in `model` (a run folder), else the newest.
    pub fn open(model: Option<&Path>, device: DeviceChoice) -> Result<Self> {
        let (device, _) = choose_device(device)?;
        let build = |about: &About, weights: nn::VarBuilder<'_>| {
            about.network.build(about.side, about.classes.len(), weights)
        };
        let (about, network) = load_model(NAME, model, &device, build)?;
        Ok(Eye {
            about,
            network,
            device,
        })
    }

    /// Looks at the pictures in some files, all at once; of one that cannot be seen the error says why.
    pub fn look(&self, paths: &[PathBuf]) -> Result<Vec<Result<Answer>>> {
        let side = self.about.side;
        let seen: Vec<Result<RgbImage>> = paths
            .par_iter()
            .map(|path| {
                let picture = open(path)?;
                // The very way that test pictures took, or it would see others than it was tested on.
                Ok(match self.about.tiny {
                    true => vision::cover(&picture, side, side),
                    false => vision::cover(&data::reduced(&picture, side), side, side),
                })
            })
            .collect();
        let good: Vec<&RgbImage> = seen.iter().flatten().collect();
        let mut answers = Vec::new();
        if !good.is_empty() {
            let inputs = self.about.normalisation().batch(good)?.to_device(&self.device)?;
            let features = self.network.features(&inputs)?;
            let logits = self.network.forward_t(&features, false)?;
            let probabilities = nn::ops::softmax(&logits, D::Minus1)?.to_vec2::<f32>()?;
            answers.extend(features.to_vec2::<f32>()?.into_iter().zip(probabilities));
        }
        let mut answers = answers.into_iter();
        let mut answer = |seen: Result<RgbImage>| {
            seen?;
            let (features, probabilities) = answers.next().context("the network gave no answer")?;
            Ok(Answer {
                probabilities,
                familiar: self.about.familiar.knows(&features),
            })
        };
        Ok(seen.into_iter().map(&mut answer).collect())
    }
}

pub fn predict(arguments: &Predict) -> Result<()> {
    let eye = Eye::open(arguments.model.as_deref(), arguments.device)?;
    let inputs = pictures_of(&arguments.inputs)?;
    let mut failed = 0;
    for some in inputs.chunks(BATCH) {
        for (path, answer) in some.iter().zip(eye.look(some)?) {
            match answer {
                Ok(answer) => tell(path, &eye.about, &answer, arguments.top),
                Err(error) => {
                    eprintln!("{error:#}");
                    failed += 1;
                }
            }
        }
    }
    match failed {
        0 => Ok(()),
        _ => bail!("{failed} of {} pictures could not be seen", inputs.len()),
    }
}

/// The files, with folders replaced by the pictures in them, and - as it is.
fn pictures_of(inputs: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for input in inputs {
        match input.is_dir() {
            false => paths.push(input.clone()),
            true => {
                let found = datasets::files_in(input, &vision::EXTENSIONS)?;
                ensure!(
                    !found.is_empty(),
                    "{} holds no picture ({})",
                    input.display(),
                    vision::EXTENSIONS.join(", ")
                );
                paths.extend(found);
            }
        }
    }
    Ok(paths)
}

fn open(path: &Path) -> Result<RgbImage> {
    if path != Path::new("-") {
        return Ok(vision::open(path)?);
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .read_to_end(&mut bytes)
        .context("cannot read standard input")?;
    Ok(vision::decode(&bytes, "standard input")?)
}

/// Prints the likeliest classes of a picture.
fn tell(path: &Path, about: &About, answer: &Answer, top: usize) {
    let mut ranked: Vec<usize> = (0..about.classes.len()).collect();
    ranked.sort_by(|a, b| answer.probabilities[*b].total_cmp(&answer.probabilities[*a]));
    training::say(format!("{}  {}", path.display(), about.classes[ranked[0]]));
    for class in ranked.into_iter().take(top.max(1)) {
        let share = answer.probabilities[class];
        let bar = "█".repeat((share * 30.0).round() as usize);
        training::say(format!(
            "  {:>5.1} %  {:<12} {bar}",
            100.0 * share,
            about.classes[class]
        ));
    }
    if !answer.familiar {
        training::say("  note: not like anything I was trained on, so do not trust this");
    }
}
