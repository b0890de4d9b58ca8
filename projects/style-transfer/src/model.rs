//! The painter: a network that repaints a picture in one go (Johnson, Alahi & Fei-Fei 2016), in any of several styles or
//! between them (Dumoulin, Shlens & Kudlur 2017).

use std::cell::RefCell;

use candle_core::{Result, Tensor};
use nn::{Conv2d, Conv2dConfig, GroupNorm, Init, Module, VarBuilder, ops};

use crate::canvas::INPUTS;

/// Channels of the three sizes: the whole picture, half, a quarter.
const CHANNELS: [usize; 3] = [16, 32, 64];
/// Residual blocks at a quarter of the size.
const BLOCKS: usize = 3;
/// Added to variances.
const EPSILON: f64 = 1e-5;
/// How far what is painted in a pixel may depend on others: 37 pixels, in whole strides. At full size two convolutions of 5
/// reach 2 pixels each and two of 3 reach 1; at half the size two reach 2; at a quarter six reach 4; the rest is where in
/// its block of 4 a pixel lies.
pub const REACH: usize = 40;
/// Sides must be multiples of this, or what is halved twice does not fit when it is doubled twice.
pub const STRIDE: usize = 4;

/// Where the mean and the variance of each channel come from, by which a norm works.
pub enum Statistics {
    /// From the picture itself.
    Own,
    /// From the picture itself; they are written down for others: for each norm (mean, variance), (batch, channels, 1, 1).
    Record(RefCell<Vec<(Tensor, Tensor)>>),
    /// From another picture. Tiles of one picture are painted by those of the whole, or their edges would show.
    Given(Vec<(Tensor, Tensor)>),
}

/// Instance normalisation (Ulyanov et al. 2017) with a scale and a shift for each style: they are all in which styles
/// differ (Dumoulin et al. 2017, equation 5).
struct ConditionalNorm {
    /// The place among the network's norms.
    number: usize,
    /// (styles, channels).
    scales: Tensor,
    shifts: Tensor,
}

impl ConditionalNorm {
    fn new(number: usize, styles: usize, channels: usize, weights: VarBuilder<'_>) -> Result<Self> {
        let shape = (styles, channels);
        Ok(ConditionalNorm {
            number,
            scales: weights.get_with_hints(shape, "scale", Init::Const(1.0))?,
            shifts: weights.get_with_hints(shape, "shift", Init::Const(0.0))?,
        })
    }

    /// Takes maps (batch, channels, height, width) and, for each picture, how much of each style is wanted (batch, styles).
    fn forward(&self, maps: &Tensor, mix: &Tensor, statistics: &Statistics) -> Result<Tensor> {
        let (batch, channels, height, width) = maps.dims4()?;
        let (scales, shifts) = (mix.matmul(&self.scales)?, mix.matmul(&self.shifts)?); // (batch, channels)
        if let Statistics::Own = statistics {
            // As if all channels of all pictures were those of one.
            let all = batch * channels;
            let norm = GroupNorm::new(scales.flatten_all()?, shifts.flatten_all()?, all, all, EPSILON)?;
            let maps = norm.forward(&maps.reshape((1, all, height, width))?)?;
            return maps.reshape((batch, channels, height, width));
        }
        let (mean, variance) = match statistics {
            Statistics::Given(all) => all[self.number].clone(),
            _ => {
                let mean = maps.mean_keepdim((2, 3))?;
                let variance = maps.broadcast_sub(&mean)?.sqr()?.mean_keepdim((2, 3))?;
                (mean, variance)
            }
        };
        if let Statistics::Record(all) = statistics {
            all.borrow_mut().push((mean.clone(), variance.clone()));
        }
        let scales = (scales.reshape((batch, channels, 1, 1))? / (variance + EPSILON)?.sqrt()?)?;
        let shifts = (shifts.reshape((batch, channels, 1, 1))? - (mean * &scales)?)?;
        maps.broadcast_mul(&scales)?.broadcast_add(&shifts)
    }
}

/// A convolution and its norm.
struct Layer {
    convolution: Conv2d,
    norm: ConditionalNorm,
}

impl Layer {
    fn forward(&self, maps: &Tensor, mix: &Tensor, statistics: &Statistics) -> Result<Tensor> {
        self.norm
            .forward(&self.convolution.forward(maps)?, mix, statistics)
    }

    fn forward_relu(&self, maps: &Tensor, mix: &Tensor, statistics: &Statistics) -> Result<Tensor> {
        ops::relu(&self.forward(maps, mix, statistics)?)
    }
}

/// The network.
pub struct Painter {
    /// From the picture to maps of a quarter of its size.
    down: Vec<Layer>,
    blocks: Vec<(Layer, Layer)>,
    /// Back to the whole size.
    up: Vec<Layer>,
    last: Conv2d,
}

impl Painter {
    /// A painter of `styles` styles.
    pub fn new(styles: usize, weights: VarBuilder<'_>) -> Result<Self> {
        let mut number = 0;
        let mut layer = |inputs, outputs, kernel, stride, name: String| {
            let config = Conv2dConfig {
                stride,
                padding: kernel / 2,
                ..Conv2dConfig::default()
            };
            let weights = weights.pp(name);
            let norm = ConditionalNorm::new(number, styles, outputs, weights.pp("norm"))?;
            number += 1;
            Ok::<_, candle_core::Error>(Layer {
                convolution: nn::conv2d_no_bias(inputs, outputs, kernel, config, weights.pp("convolution"))?,
                norm,
            })
        };
        let [whole, half, quarter] = CHANNELS;
        let down = vec![
            layer(INPUTS, whole, 5, 1, "down1".into())?,
            layer(whole, half, 3, 2, "down2".into())?,
            layer(half, quarter, 3, 2, "down3".into())?,
        ];
        let mut blocks = Vec::new();
        for block in 1..=BLOCKS {
            blocks.push((
                layer(quarter, quarter, 3, 1, format!("block{block}.first"))?,
                layer(quarter, quarter, 3, 1, format!("block{block}.second"))?,
            ));
        }
        let up = vec![
            layer(quarter, half, 3, 1, "up1".into())?,
            layer(half, whole, 3, 1, "up2".into())?,
        ];
        let config = Conv2dConfig {
            padding: 2,
            ..Conv2dConfig::default()
        };
        // Small, so that the first thing it paints is the photograph.
        let small = Init::Randn {
            mean: 0.0,
            stdev: 0.01,
        };
        let last = weights.pp("last");
        let last = Conv2d::new(
            last.get_with_hints((3, whole, 5, 5), "weight", small)?,
            Some(last.get_with_hints(3, "bias", Init::Const(0.0))?),
            config,
        );
        Ok(Painter {
            down,
            blocks,
            up,
            last,
        })
    }

    /// Paints sheets (batch, [`INPUTS`], height, width), as [`sheet`](crate::canvas::sheet) makes them, sides in multiples of 4, not both 4:
    /// (batch, 3, height, width) from 0 to 1. `mix` (batch, styles) says how much of each style is wanted of each, in
    /// all 1.
    pub fn paint(&self, sheets: &Tensor, mix: &Tensor, statistics: &Statistics) -> Result<Tensor> {
        let photograph = sheets.narrow(1, 0, 3)?;
        let grain = sheets.narrow(1, 3, INPUTS - 3)?;
        let mut maps = Tensor::cat(&[((&photograph - 0.5)? * 4.0)?, grain], 1)?;
        for layer in &self.down {
            maps = layer.forward_relu(&maps, mix, statistics)?; // (batch, 64, height / 4, width / 4) in the end
        }
        for (first, second) in &self.blocks {
            let change = first.forward_relu(&maps, mix, statistics)?;
            maps = (maps + second.forward(&change, mix, statistics)?)?;
        }
        for layer in &self.up {
            // Nearest, then a convolution: a transposed convolution leaves a chequered pattern (Odena et al. 2016).
            let (_, _, height, width) = maps.dims4()?;
            maps = nn::upsample_nearest2d(&maps, 2 * height, 2 * width)?;
            maps = layer.forward_relu(&maps, mix, statistics)?;
        }
        // What is painted is painted over the photograph: the network learns what changes, and starts from what is to be seen.
        let photograph = photograph.clamp(0.02f32, 0.98f32)?;
        let photograph = (&photograph / (1.0 - &photograph)?)?.log()?;
        ops::sigmoid(&(photograph + self.last.forward(&maps)?)?)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use nn::VarMap;
    use rand::Rng;

    use super::*;

    fn painter() -> Result<Painter> {
        Painter::new(2, nn::seeded(&VarMap::new(), 1, DType::F32, &Device::Cpu))
    }

    fn noise(height: usize, width: usize) -> Result<Tensor> {
        let mut random = nn::random(1, "noise");
        let values: Vec<f32> = (0..INPUTS * height * width).map(|_| random.random()).collect();
        Tensor::from_vec(values, (1, INPUTS, height, width), &Device::Cpu)
    }

    fn furthest(a: &Tensor, b: &Tensor) -> Result<f32> {
        (a - b)?.abs()?.flatten_all()?.max(0)?.to_scalar::<f32>()
    }

    #[test]
    fn what_is_painted_is_as_large_and_within_0_and_1() -> Result<()> {
        let mix = Tensor::new(&[[1f32, 0.0]], &Device::Cpu)?;
        for (height, width) in [(8, 8), (4, 64), (32, 20)] {
            let painted = painter()?.paint(&noise(height, width)?, &mix, &Statistics::Own)?;
            assert_eq!(painted.dims(), [1, 3, height, width]);
            let values = painted.flatten_all()?.to_vec1::<f32>()?;
            assert!(values.iter().all(|value| (0.0..=1.0).contains(value)));
        }
        Ok(())
    }

    #[test]
    fn given_statistics_are_as_good_as_own_ones() -> Result<()> {
        let (painter, picture) = (painter()?, noise(32, 24)?);
        let mix = Tensor::new(&[[0.4f32, 0.6]], &Device::Cpu)?;
        let own = painter.paint(&picture, &mix, &Statistics::Own)?;
        let record = Statistics::Record(RefCell::default());
        assert!(furthest(&painter.paint(&picture, &mix, &record)?, &own)? < 1e-4);
        let Statistics::Record(all) = record else {
            unreachable!("it was made above")
        };
        let given = Statistics::Given(all.into_inner());
        assert!(furthest(&painter.paint(&picture, &mix, &given)?, &own)? < 1e-4);
        Ok(())
    }

    /// With statistics from elsewhere, a pixel changes those within reach, and none beyond.
    #[test]
    fn pixels_beyond_reach_do_not_matter() -> Result<()> {
        let (painter, picture) = (painter()?, noise(32, 160)?);
        let mix = Tensor::new(&[[1f32, 0.0]], &Device::Cpu)?;
        let record = Statistics::Record(RefCell::default());
        painter.paint(&picture, &mix, &record)?;
        let Statistics::Record(all) = record else {
            unreachable!("it was made above")
        };
        let given = Statistics::Given(all.into_inner());
        let before = painter.paint(&picture, &mix, &given)?;
        // The left 80 columns are painted over.
        let black = Tensor::zeros((1, INPUTS, 32, 80), DType::F32, &Device::Cpu)?;
        let other = Tensor::cat(&[&black, &picture.narrow(3, 80, 80)?], 3)?;
        let after = painter.paint(&other, &mix, &given)?;
        let changed = |from: usize, count: usize| {
            furthest(&before.narrow(3, from, count)?, &after.narrow(3, from, count)?)
        };
        assert!(changed(80, 8)? > 1e-3);
        assert_eq!(changed(80 + REACH, 80 - REACH)?, 0.0);
        Ok(())
    }
}
