//! Paints photographs with a trained painter.

use std::{
    collections::{BTreeMap, HashSet},
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use training::{DeviceChoice, choose_device, find_model, load_model, say, write_json, write_whole};
use vision::RgbImage;

use crate::{
    NAME, colours::keep_colours, features::Eye, model::Painter, palette::Palette, style::Importance, tiles,
};

/// What the model file says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct About {
    /// The styles, in the order of their numbers.
    pub styles: Vec<String>,
    /// Their colours.
    pub palettes: Vec<Palette>,
    /// What looked while it was trained.
    pub network: Eye,
    /// What counted how much.
    pub importance: Importance,
}

/// Paint photographs with a trained painter
#[derive(clap::Args)]
pub struct Predict {
    /// Photographs (png, jpeg, webp, gif, bmp), folders of them, or - for one on standard input
    #[arg(required = true)]
    inputs: Vec<PathBuf>,
    /// In which style, or how much of which: mosaic, or mosaic:0.7,woodblock:0.3 [default: in each]
    #[arg(long, value_name = "STYLE:SHARE,…")]
    styles: Option<String>,
    /// Keep the photograph's colours: only the strokes are the painting's
    #[arg(long)]
    keep_colours: bool,
    /// Resize the photograph before it is painted, so that its longer side is this long; strokes are as many pixels wide in
    /// any size, so fewer pixels have broader strokes [default: as it is]
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(1..=20_000))]
    size: Option<u32>,
    /// Where the pictures go
    #[arg(long, default_value = "painted", value_name = "DIR")]
    out: PathBuf,
    /// The run folder of a trained painter [default: the newest]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
}

pub fn predict(arguments: &Predict) -> Result<()> {
    let (device, _) = choose_device(arguments.device)?;
    let build = |about: &About, weights: nn::VarBuilder<'_>| Painter::new(about.styles.len(), weights);
    // Found first, so that one can be told which of several painters it was.
    let model = find_model(NAME, arguments.model.as_deref())?;
    let (about, painter) = load_model(NAME, Some(&model), &device, build)?;
    say(format!(
        "painter   {} ({})",
        model.display(),
        about.styles.join(", ")
    ));
    let asked: Vec<&String> = match &arguments.styles {
        Some(text) => vec![text],
        None => about.styles.iter().collect(),
    };
    let mix = |text: &String| -> Result<(String, Vec<f32>)> {
        let name = text.replace(':', "-").replace(',', "+").replace(' ', "");
        Ok((name, shares(text, &about.styles)?))
    };
    let mixes = asked.into_iter().map(mix).collect::<Result<Vec<_>>>()?;
    let inputs = photographs(&arguments.inputs)?;
    let mut failed = 0;
    let mut taken = HashSet::new();
    for path in &inputs {
        // Two photographs of one name in two folders, and one with two endings, are painted beside each other.
        let stem = unique(&stem(path), &mut taken);
        let painted = photograph(path, arguments.size).and_then(|photograph| {
            for (name, shares) in &mixes {
                let painted = tiles::paint(&painter, &photograph, &about.palettes, shares, &device)?;
                let colours = if arguments.keep_colours {
                    "-own-colours"
                } else {
                    ""
                };
                let file = arguments.out.join(format!("{stem}-{name}{colours}.png"));
                write(
                    arguments,
                    &about,
                    &photograph,
                    painted,
                    (name, shares),
                    (path, &model, &file),
                )?;
                say(format!("{} → {}", path.display(), file.display()));
            }
            Ok(())
        });
        if let Err(error) = painted {
            eprintln!("{error:#}");
            failed += 1;
        }
    }
    match failed {
        0 => Ok(()),
        _ => bail!("{failed} of {} photographs could not be painted", inputs.len()),
    }
}

/// Writes what was painted, and beside it how.
fn write(
    arguments: &Predict,
    about: &About,
    photograph: &RgbImage,
    painted: RgbImage,
    (style, shares): (&str, &[f32]),
    (path, model, file): (&Path, &Path, &Path),
) -> Result<()> {
    let painted = match arguments.keep_colours {
        true => keep_colours(&painted, photograph),
        false => painted,
    };
    write_whole(file, &vision::png(&painted))?;
    let shares: BTreeMap<&String, &f32> = about.styles.iter().zip(shares).collect();
    write_json(
        &file.with_extension("json"),
        &serde_json::json!({
            "photograph": path.display().to_string(),
            "painter": model.display().to_string(),
            "style": style,
            "shares": shares,
            "network": about.network,
            "importance": about.importance,
            "keep_colours": arguments.keep_colours,
            "pixels": [painted.width(), painted.height()],
        }),
    )
}

fn photograph(path: &Path, size: Option<u32>) -> Result<RgbImage> {
    let photograph = open(path)?;
    match size {
        Some(size) => fitted(&photograph, size),
        None => Ok(photograph),
    }
}

/// The picture in a file, or on standard input for `-`.
pub fn open(path: &Path) -> Result<RgbImage> {
    if path != Path::new("-") {
        return Ok(vision::open(path)?);
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .read_to_end(&mut bytes)
        .context("cannot read standard input")?;
    Ok(vision::decode(&bytes, "standard input")?)
}

/// What a photograph is called: its file's name without the ending.
pub fn stem(path: &Path) -> String {
    match path.file_stem() {
        Some(stem) if stem != "-" => stem.to_string_lossy().into_owned(),
        _ => "photograph".into(),
    }
}

/// `stem`, with a number if it is taken.
fn unique(stem: &str, taken: &mut HashSet<String>) -> String {
    let mut number = 1;
    let mut name = stem.to_string();
    while !taken.insert(name.clone()) {
        number += 1;
        name = format!("{stem}-{number}");
    }
    name
}

/// The picture with its longer side `size` pixels long.
///
/// # Errors
/// When it were larger than pictures may be.
pub fn fitted(picture: &RgbImage, size: u32) -> Result<RgbImage> {
    let longer = f64::from(picture.width().max(picture.height()));
    let side = |length: u32| ((f64::from(length) * f64::from(size) / longer).round() as u32).max(1);
    let (width, height) = (side(picture.width()), side(picture.height()));
    ensure!(
        u64::from(width) * u64::from(height) <= vision::MOST_PIXELS,
        "--size {size}: {width} × {height} pixels are more than {} million; choose a smaller one",
        vision::MOST_PIXELS / 1_000_000
    );
    Ok(vision::resize(picture, width, height))
}

/// How much of each style `text` wants, in all 1: `mosaic`, `mosaic:0.7,woodblock:0.3`.
fn shares(text: &str, known: &[String]) -> Result<Vec<f32>> {
    let mut shares = vec![0.0; known.len()];
    // A file's name may hold a comma or a colon.
    if let Some(number) = known.iter().position(|known| known == text) {
        shares[number] = 1.0;
        return Ok(shares);
    }
    for part in text.split(',') {
        let (name, share) = part.split_once(':').unwrap_or((part, "1"));
        let number = known
            .iter()
            .position(|known| known == name.trim())
            .with_context(|| {
                format!(
                    "--styles {text}: this painter has not learned {:?}; it knows {}",
                    name.trim(),
                    known.join(", ")
                )
            })?;
        let share: f32 = share
            .trim()
            .parse()
            .ok()
            .filter(|share: &f32| share.is_finite() && *share >= 0.0)
            .with_context(|| format!("--styles {text}: {share:?} is no share of a style, such as 0.7"))?;
        shares[number] += share;
    }
    let sum: f32 = shares.iter().sum();
    ensure!(sum > 0.0, "--styles {text}: at least one share must be above 0");
    Ok(shares.into_iter().map(|share| share / sum).collect())
}

/// The files, with folders replaced by the pictures in them.
fn photographs(inputs: &[PathBuf]) -> Result<Vec<PathBuf>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_a_whole() -> Result<()> {
        let known = ["mosaic", "waves"].map(String::from);
        assert_eq!(shares("mosaic", &known)?, [1.0, 0.0]);
        assert_eq!(shares("mosaic:3, waves:1", &known)?, [0.75, 0.25]);
        for (text, word) in [
            ("mosaik", "mosaic, waves"),
            ("mosaic:x", "\"x\""),
            ("mosaic:0", "above 0"),
            ("mosaic:-1,waves", "\"-1\""),
        ] {
            let error = shares(text, &known).expect_err(text).to_string();
            assert!(error.contains(word), "{error}");
        }
        Ok(())
    }
}
