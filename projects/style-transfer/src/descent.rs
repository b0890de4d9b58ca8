//! Painting by optimisation (Gatys, Ecker & Bethge 2016): no network is trained, the picture itself is what is changed, until
//! it has the strokes of the one and shows what the other shows. The slowest way and the best: what the others are
//! measured by.

use anyhow::{Result, ensure};
use candle_core::{Tensor, Var};
use nn::{VarMap, ops};
use training::{
    Gradients, Guard, Parameters,
    optimiser::{AdamW, AdamWConfig, Optimiser},
};
use vision::RgbImage;

use crate::{
    canvas::{pictures, tensor},
    features::Features,
    palette::Palette,
    style::{Importance, Styles},
};

/// How a picture is optimised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recipe {
    /// What counts how much.
    pub importance: Importance,
    /// Steps at each size.
    pub steps: usize,
    /// Sizes: the picture is painted small first, then twice as large, and so on. Large strokes are found where the whole
    /// picture is small: a network sees only so far.
    pub sizes: usize,
}

/// The shorter side is not made smaller than this.
const SMALLEST: f64 = 48.0;
/// Pixels around a picture, each as its nearest, that are painted too and cut off at the end. What lies around a picture for
/// a convolution is grey, and its edge would be painted as one.
const FRAME: usize = 8;
/// Adam's step size, in logits of the pixels.
const LEARNING_RATE: f64 = 0.05;

/// Paints `contents`, all of one size and all at once, each as the one of `styles` that `wanted` says. `watch` is shown at
/// each step how many are done with it, and the pictures (pictures, 3, height, width) before it, at the size of the moment.
pub fn descend(
    features: &Features,
    contents: &[RgbImage],
    styles: &[RgbImage],
    wanted: &[u32],
    recipe: &Recipe,
    mut watch: impl FnMut(usize, &Tensor) -> Result<()>,
) -> Result<Vec<RgbImage>> {
    let device = features.device().clone();
    let Some(first) = contents.first() else {
        return Ok(Vec::new());
    };
    ensure!(
        contents
            .iter()
            .all(|content| content.dimensions() == first.dimensions()),
        "pictures of several sizes cannot be painted at once"
    );
    // In the colours of the style first: that needs no network.
    let recoloured = |(content, wanted): (&RgbImage, &u32)| {
        let style = &styles[*wanted as usize];
        Palette::of(content).to(&Palette::of(style)).of(content)
    };
    let contents: Vec<RgbImage> = contents.iter().zip(wanted).map(recoloured).collect();
    let wanted = Tensor::new(wanted, &device)?;
    let (mut painted, mut done): (Option<Tensor>, usize) = (None, 0);
    for size in (0..recipe.sizes.max(1)).rev() {
        // Both sides alike, so that nothing is stretched.
        let shorter = f64::from(first.width().min(first.height()));
        let scale = 0.5f64.powi(size as i32).max(SMALLEST / shorter).min(1.0);
        let side = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
        let (width, height) = (side(first.width()), side(first.height()));
        let small = |picture: &RgbImage| vision::resize(picture, width, height);
        let originals: Vec<RgbImage> = contents.iter().map(small).collect();
        let originals = framed(&tensor(&originals, &device)?)?; // (pictures, 3, height + 16, width + 16)
        let original = features.see(&originals)?;
        // Its strokes are to be as large, relative to the picture, at every size.
        let styles = styles
            .iter()
            .map(|style| tensor([&scaled(style, scale)], &device))
            .collect::<candle_core::Result<Vec<_>>>()?;
        let goal = Styles::of(features, &styles)?;

        let start = match &painted {
            None => originals.clone(),
            Some(painted) => framed(&nn::upsample_bilinear2d(
                &unframed(painted)?,
                height as usize,
                width as usize,
                false,
            )?)?,
        };
        let pyramid = Pyramid::new(&start)?;
        let parameters = Parameters::new(&pyramid.variables);
        let mut optimiser = AdamW::new(AdamWConfig {
            weight_decay: 0.0,
            ..AdamWConfig::default()
        });
        let mut guard = Guard::new(&device);
        for step in 0..recipe.steps {
            let picture = pyramid.picture()?;
            let loss = goal
                .distances(features, &picture, &original, &wanted)?
                .loss(&recipe.importance)?
                .sum_all()?;
            let gradients = Gradients::of(&loss, &parameters)?;
            // Long steps first, short ones in the end.
            let rate = LEARNING_RATE * (1.0 - 0.9 * step as f64 / recipe.steps as f64);
            guard.watch(done as u64, rate, contents.len(), &loss, None)?;
            optimiser.step(&parameters, &gradients, rate)?;
            done += 1;
            watch(done, &unframed(&picture.detach())?)?;
        }
        guard.read()?;
        painted = Some(pyramid.picture()?.detach());
    }
    match painted {
        Some(painted) => Ok(pictures(&unframed(&painted)?)?),
        None => Ok(contents),
    }
}

/// A picture as a sum of ever coarser ones, which are what the optimiser changes. Adam takes steps of one length whatever the
/// gradient's: pixel by pixel that makes noise long before it makes a dark sky. A coarse level moves many pixels as one
/// (Kolkin, Salavon & Shakhnarovich 2019 do it with a Laplacian pyramid).
struct Pyramid {
    variables: VarMap,
    levels: Vec<Var>,
}

/// How many levels; each has half the sides of the one before.
const LEVELS: usize = 5;

impl Pyramid {
    /// That of pictures (batch, 3, height, width): they are the finest level, and the others are 0.
    fn new(pictures: &Tensor) -> candle_core::Result<Self> {
        let (batch, _, height, width) = pictures.dims4()?;
        // A sum may be any number, a pixel is from 0 to 1: logits.
        let pixels = pictures.detach().clamp(0.02f32, 0.98f32)?;
        let logits = (&pixels / (1.0 - &pixels)?)?.log()?;
        let mut levels = vec![Var::from_tensor(&logits)?];
        for level in 1..LEVELS {
            let shape = (batch, 3, height.div_ceil(1 << level), width.div_ceil(1 << level));
            levels.push(Var::zeros(shape, pictures.dtype(), pictures.device())?);
        }
        let variables = VarMap::new();
        let mut all = variables
            .data()
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        for (number, level) in levels.iter().enumerate() {
            all.insert(format!("level{number}"), level.clone());
        }
        drop(all);
        Ok(Pyramid { variables, levels })
    }

    /// The pictures: (batch, 3, height, width).
    fn picture(&self) -> candle_core::Result<Tensor> {
        let finest = self.levels[0].as_tensor();
        let (_, _, height, width) = finest.dims4()?;
        let mut sum = finest.clone();
        for level in &self.levels[1..] {
            sum = (sum + nn::upsample_bilinear2d(level.as_tensor(), height, width, false)?)?;
        }
        ops::sigmoid(&sum)
    }
}

fn framed(pictures: &Tensor) -> candle_core::Result<Tensor> {
    pictures
        .pad_with_same(2, FRAME, FRAME)?
        .pad_with_same(3, FRAME, FRAME)
}

fn unframed(pictures: &Tensor) -> candle_core::Result<Tensor> {
    let (_, _, height, width) = pictures.dims4()?;
    pictures
        .narrow(2, FRAME, height - 2 * FRAME)?
        .narrow(3, FRAME, width - 2 * FRAME)
}

/// `picture` with its sides `scale` times as long.
fn scaled(picture: &RgbImage, scale: f64) -> RgbImage {
    let side = |length: u32| ((f64::from(length) * scale).round() as u32).max(16);
    vision::resize(picture, side(picture.width()), side(picture.height()))
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};

    use super::*;

    /// With nothing changed the pyramid is the picture, at any size; a coarse level moves all of it.
    #[test]
    fn a_pyramid_starts_as_its_picture() -> Result<()> {
        for (height, width) in [(64, 64), (17, 90), (1, 33)] {
            let ramp = Tensor::arange(0f32, (3 * height * width) as f32, &Device::Cpu)?;
            let ramp = ((ramp / (3 * height * width) as f64)? * 0.9)? + 0.05;
            let ramp = ramp?.reshape((1, 3, height, width))?;
            let pyramid = Pyramid::new(&ramp)?;
            let off = (pyramid.picture()? - &ramp)?.abs()?.flatten_all()?.max(0)?;
            assert!(off.to_scalar::<f32>()? < 1e-5);
            let coarsest = &pyramid.levels[LEVELS - 1];
            coarsest.set(&Tensor::full(-9f32, coarsest.dims(), &Device::Cpu)?)?;
            let darkest = pyramid.picture()?.to_dtype(DType::F32)?.flatten_all()?.max(0)?;
            assert!(darkest.to_scalar::<f32>()? < 0.05);
        }
        Ok(())
    }
}
