//! What style and content are, as numbers that can be made smaller (Gatys, Ecker & Bethge 2016).

use candle_core::{D, Result, Tensor};

use crate::{
    features::{Features, Seen},
    gram::gram,
    palette::Palettes,
};

/// What counts how much.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize, clap::Args)]
pub struct Importance {
    /// How much the painting's strokes count
    #[arg(id = "style_weight", long = "style-weight", default_value_t = 8.0, value_name = "WEIGHT", value_parser = weight)]
    pub style: f64,
    /// How much its colours count
    #[arg(id = "colour_weight", long = "colour-weight", default_value_t = 2.0, value_name = "WEIGHT", value_parser = weight)]
    pub colour: f64,
    /// How much it counts what is to be seen
    #[arg(id = "content_weight", long = "content-weight", default_value_t = 1.0, value_name = "WEIGHT", value_parser = weight)]
    pub content: f64,
    /// How much calm areas count
    #[arg(id = "smooth_weight", long = "smooth-weight", default_value_t = 1.0, value_name = "WEIGHT", value_parser = weight)]
    pub smooth: f64,
}

impl Importance {
    /// # Errors
    /// When nothing counts.
    pub fn check(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.style + self.colour + self.content > 0.0,
            "--style-weight, --colour-weight and --content-weight are all 0: there is nothing to paint for"
        );
        Ok(())
    }
}

fn weight(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(weight) if weight.is_finite() && weight >= 0.0 => Ok(weight),
        _ => Err("a weight is a number from 0 up, such as 2.5".into()),
    }
}

/// How some styles are painted: what a picture is compared with.
#[derive(Clone)]
pub struct Styles {
    /// For each stage (styles, channels, channels).
    grams: Vec<Tensor>,
    /// For each stage (styles): the sum of squares of its matrix, so that stages and styles count alike.
    sizes: Vec<Tensor>,
    palettes: Palettes,
}

impl Styles {
    /// Those of `pictures`, each (1, 3, height, width), of whatever sizes.
    pub fn of(features: &Features, pictures: &[Tensor]) -> Result<Self> {
        let mut each = Vec::new();
        for picture in pictures {
            let seen = features.see(picture)?;
            each.push(seen.style.iter().map(gram).collect::<Result<Vec<_>>>()?);
        }
        let stages = each.first().map_or(0, Vec::len);
        let stage = |number: usize| {
            let grams: Vec<&Tensor> = each.iter().map(|grams| &grams[number]).collect();
            Tensor::cat(&grams, 0)
        };
        let grams = (0..stages).map(stage).collect::<Result<Vec<_>>>()?;
        let sizes = grams
            .iter()
            .map(|grams| grams.sqr()?.sum((1, 2)))
            .collect::<Result<_>>()?;
        Ok(Styles {
            grams,
            sizes,
            palettes: Palettes::of(pictures)?,
        })
    }

    /// How far each picture of a batch is from the strokes that are wanted of it (`wanted`: (batch), the numbers of styles):
    /// (batch), 0 where it is painted just so. Of each stage it is the distance of the Gram matrices, relative to the
    /// size of the style's, squared (equation 5); the mean over stages.
    pub fn strokes(&self, seen: &Seen, wanted: &Tensor) -> Result<Tensor> {
        let mut sum: Option<Tensor> = None;
        for ((maps, grams), sizes) in seen.style.iter().zip(&self.grams).zip(&self.sizes) {
            let goal = grams.index_select(wanted, 0)?; // (batch, channels, channels)
            let distance = (gram(maps)? - goal)?.sqr()?.sum((1, 2))?;
            let distance = (distance / sizes.index_select(wanted, 0)?)?;
            sum = Some(match sum {
                Some(sum) => (sum + distance)?,
                None => distance,
            });
        }
        let sum = sum.ok_or_else(|| candle_core::Error::Msg("no stage is asked about style".into()))?;
        sum / self.grams.len() as f64
    }

    /// How good `pictures` (batch, 3, height, width) are, if each is to show what was seen of `original` in the style that
    /// is wanted of it.
    pub fn distances(
        &self,
        features: &Features,
        pictures: &Tensor,
        original: &Seen,
        wanted: &Tensor,
    ) -> Result<Distances> {
        let seen = features.see(pictures)?;
        Ok(Distances {
            strokes: self.strokes(&seen, wanted)?,
            colours: self.palettes.distance(pictures, wanted)?,
            content: content_distance(&seen, original)?,
            restlessness: restlessness(pictures)?,
        })
    }
}

/// How far pictures are from what they are to be, each (batch).
pub struct Distances {
    /// From the style's strokes.
    pub strokes: Tensor,
    /// From its colours.
    pub colours: Tensor,
    /// From what is to be seen.
    pub content: Tensor,
    /// From calm.
    pub restlessness: Tensor,
}

impl Distances {
    /// All together, (batch).
    pub fn loss(&self, weights: &Importance) -> Result<Tensor> {
        let style = ((&self.strokes * weights.style)? + (&self.colours * weights.colour)?)?;
        let scene = ((&self.content * weights.content)? + (&self.restlessness * weights.smooth)?)?;
        style + scene
    }
}

/// How far what is painted is from what was: (batch), 0 for the same picture, about 1 and more for two that have nothing in common.
/// The squared distance of the maps, relative to the size of the original's (equation 1).
pub fn content_distance(seen: &Seen, original: &Seen) -> Result<Tensor> {
    let flat = |maps: &Tensor| maps.flatten_from(1);
    let (maps, original) = (flat(&seen.content)?, flat(&original.content)?);
    let distance = (maps - &original)?.sqr()?.mean(D::Minus1)?;
    distance / (original.sqr()?.mean(D::Minus1)? + 1e-8)?
}

/// How restless pictures (batch, 3, height, width) are from pixel to pixel: the mean squared step across and down, (batch).
pub fn restlessness(pictures: &Tensor) -> Result<Tensor> {
    let (_, _, height, width) = pictures.dims4()?;
    let step = |dim: usize, size: usize| -> Result<Tensor> {
        let after = pictures.narrow(dim, 1, size - 1)?;
        let before = pictures.narrow(dim, 0, size - 1)?;
        (after - before)?.sqr()?.flatten_from(1)?.mean(D::Minus1)
    };
    step(2, height)? + step(3, width)?
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use nn::VarMap;
    use vision::{
        Normalisation,
        models::{Pooling, vgg},
    };

    use super::*;

    fn close(tensor: &Tensor, wanted: &[f32]) {
        let values = tensor
            .flatten_all()
            .and_then(|flat| flat.to_vec1::<f32>())
            .expect("numbers");
        let near = values.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-5);
        assert!(near && values.len() == wanted.len(), "{values:?}, not {wanted:?}");
    }

    fn eye() -> anyhow::Result<Features> {
        let weights = nn::seeded(&VarMap::new(), 3, DType::F32, &Device::Cpu);
        Features::new(
            vgg(&[&[6], &[8]], Pooling::Average, weights)?,
            &[0, 1],
            1,
            Normalisation::PLAIN,
            &Device::Cpu,
        )
    }

    fn noise(seed: u64, height: usize, width: usize) -> Result<Tensor> {
        use rand::Rng;
        let mut random = nn::random(seed, "noise");
        let values: Vec<f32> = (0..3 * height * width).map(|_| random.random()).collect();
        Tensor::from_vec(values, (1, 3, height, width), &Device::Cpu)
    }

    #[test]
    fn a_picture_is_near_to_itself_and_far_from_others() -> anyhow::Result<()> {
        let eye = eye()?;
        let (one, other) = (noise(1, 16, 20)?, (noise(2, 16, 20)? * 0.2)?);
        let styles = Styles::of(&eye, &[one.clone(), other.clone()])?;
        let both = eye.see(&Tensor::cat(&[&one, &other], 0)?)?;
        let own = styles.strokes(&both, &Tensor::new(&[0u32, 1], &Device::Cpu)?)?;
        close(&own, &[0.0, 0.0]);
        let swapped = styles
            .strokes(&both, &Tensor::new(&[1u32, 0], &Device::Cpu)?)?
            .to_vec1::<f32>()?;
        assert!(swapped.iter().all(|distance| *distance > 0.05), "{swapped:?}");
        close(&content_distance(&both, &both)?, &[0.0, 0.0]);
        let other = eye.see(&other)?;
        assert!(content_distance(&both.narrow(0)?, &other)?.to_vec1::<f32>()?[0] > 0.05);
        Ok(())
    }

    #[test]
    fn restlessness_is_the_mean_square_of_steps() -> Result<()> {
        let picture = Tensor::new(&[[[[0f32, 1.0], [0.0, 3.0]]]], &Device::Cpu)?;
        // Across: 1, 3; down: 0, 2.
        close(&restlessness(&picture)?, &[(1.0 + 9.0) / 2.0 + (0.0 + 4.0) / 2.0]);
        Ok(())
    }

    /// The gradient of all four by the picture, against central differences.
    #[test]
    fn gradients_are_those_of_the_losses() -> anyhow::Result<()> {
        let eye = eye()?;
        let (style, original) = (noise(3, 12, 12)?, eye.see(&noise(4, 8, 8)?)?);
        let styles = Styles::of(&eye, &[style])?;
        let wanted = Tensor::new(&[0u32], &Device::Cpu)?;
        let weights = Importance {
            style: 1.0,
            colour: 0.1,
            content: 1.0,
            smooth: 1.0,
        };
        let loss = |picture: &Tensor| -> Result<Tensor> {
            let distances = styles.distances(&eye, picture, &original, &wanted)?;
            distances.loss(&weights)?.sum_all()
        };
        let picture = candle_core::Var::from_tensor(&noise(5, 8, 8)?)?;
        let gradients = nn::backward(&loss(picture.as_tensor())?)?;
        let gradient = gradients
            .get(&picture)
            .expect("a gradient")
            .flatten_all()?
            .to_vec1::<f32>()?;
        let values = picture.as_detached_tensor().flatten_all()?.to_vec1::<f32>()?;
        for place in [0, 17, 63, 64, 100, 150, 191] {
            let at = |change: f32| -> Result<f32> {
                let mut values = values.clone();
                values[place] += change;
                loss(&Tensor::from_vec(values, (1, 3, 8, 8), &Device::Cpu)?)?.to_scalar::<f32>()
            };
            let slope = (at(3e-3)? - at(-3e-3)?) / 6e-3;
            assert!(
                (slope - gradient[place]).abs() < 2e-3 + 0.05 * slope.abs(),
                "{place}: {slope}, {}",
                gradient[place]
            );
        }
        Ok(())
    }
}
