//! The command that paints one picture by optimisation.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use training::{DeviceChoice, Progress, choose_device, say, write_json, write_whole};
use vision::RgbImage;

use crate::{
    canvas::pictures,
    colours::keep_colours,
    descent::{Recipe, descend},
    features::{Eye, Features},
    paintings,
    predict::{fitted, open, stem},
    rows::triptych,
    style::Importance,
};

/// Paint one photograph by changing it step by step: slower than a trained painter, and needs no training
#[derive(clap::Args)]
pub struct Optimise {
    /// The photograph, or - for one on standard input
    content: PathBuf,
    /// The painting: a file, or one that is made here (mosaic, flow-field, halftone, hatching, woodblock, pointillism)
    style: String,
    /// Pixels of the longer side of what is painted: twice as many take four times as long
    #[arg(long, default_value_t = 256, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(32..=2048))]
    size: u32,
    /// Pixels of the painting's shorter side: more for larger strokes
    #[arg(long, default_value_t = 256, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(32..=1024))]
    style_size: u32,
    /// Steps at each size
    #[arg(long, default_value_t = 120, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// At how many sizes it is painted, each twice the one before
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=6))]
    sizes: u32,
    #[command(flatten)]
    importance: Importance,
    /// Keep the photograph's colours: only the strokes are the painting's
    #[arg(long)]
    keep_colours: bool,
    /// Which network looks
    #[arg(long, value_enum, default_value_t = Eye::Made)]
    network: Eye,
    /// Its weights, if they are not fetched
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Where the pictures go
    #[arg(long, default_value = "painted", value_name = "DIR")]
    out: PathBuf,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
}

/// The shortest side that the networks can look at.
const SHORTEST: u32 = 16;
/// Frames of the film, at most and about, and their longer side in pixels.
const FRAMES: usize = 40;
const FRAME_SIZE: u32 = 512;

pub fn optimise(arguments: &Optimise) -> Result<()> {
    let (device, _) = choose_device(arguments.device)?;
    arguments.importance.check()?;
    let mut found = paintings::open(std::slice::from_ref(&arguments.style), arguments.style_size)?;
    ensure!(
        found.len() == 1,
        "{}: {} paintings, where one is wanted",
        arguments.style,
        found.len()
    );
    let style = found.remove(0);
    let content = fitted(&open(&arguments.content)?, arguments.size)?;
    let (width, height) = content.dimensions();
    ensure!(
        width.min(height) >= SHORTEST,
        "{}: with --size {} it is {width} × {height} pixels, and there is nothing to paint in fewer than {SHORTEST}: choose \
         a larger --size, or cut it to a shape that is less long",
        arguments.content.display(),
        arguments.size
    );
    let features = Features::open(arguments.network, arguments.weights.as_deref(), &device)?;
    let recipe = Recipe {
        importance: arguments.importance,
        steps: arguments.steps as usize,
        sizes: arguments.sizes as usize,
    };
    let name = format!("{}-as-{}", stem(&arguments.content), style.name);
    let file = |ending: &str| arguments.out.join(format!("{name}{ending}"));

    let total = recipe.steps * recipe.sizes;
    let (every, frame_size) = (total.div_ceil(FRAMES), FRAME_SIZE.min(arguments.size));
    let mut frames: Vec<RgbImage> = vec![fitted(&content, frame_size)?];
    let mut progress = Progress::new("painting", total);
    let painted = descend(
        &features,
        std::slice::from_ref(&content),
        std::slice::from_ref(&style.picture),
        &[0],
        &recipe,
        |done, picture| {
            progress.set(done, "");
            if done.is_multiple_of(every) {
                let preview = vision::resize(&pictures(picture)?[0], frames[0].width(), frames[0].height());
                let preview = match arguments.keep_colours {
                    true => keep_colours(&preview, &frames[0]),
                    false => preview,
                };
                write_whole(&file("-preview.png"), &vision::png(&preview))?;
                frames.push(preview);
            }
            Ok(())
        },
    )?;
    drop(progress);
    let mut painted = painted.into_iter().next().context("one picture for one")?;
    if arguments.keep_colours {
        painted = keep_colours(&painted, &content);
    }
    frames.push(fitted(&painted, frame_size)?);
    write_whole(&file(".png"), &vision::png(&painted))?;
    write_whole(
        &file("-triptych.png"),
        &triptych(&content, &style.picture, &painted)?,
    )?;
    write_whole(&file(".gif"), &vision::gif(&frames, 12)?)?;
    write_json(
        &file(".json"),
        &serde_json::json!({
            "photograph": arguments.content.display().to_string(),
            "style": arguments.style,
            "network": arguments.network,
            "weights": arguments.weights.as_ref().map(|path| path.display().to_string()),
            "importance": recipe.importance,
            "size": arguments.size,
            "style_size": arguments.style_size,
            "steps": recipe.steps,
            "sizes": recipe.sizes,
            "keep_colours": arguments.keep_colours,
        }),
    )?;
    // It has become the picture.
    let _ = std::fs::remove_file(file("-preview.png"));
    for ending in [".png", "-triptych.png", ".gif"] {
        say(format!("written    {}", file(ending).display()));
    }
    Ok(())
}
