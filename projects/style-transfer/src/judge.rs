//! Who says how well something is painted: another network than the one that it was painted by, on pictures that nothing was
//! learned from.

use anyhow::Result;
use candle_core::{Device, Tensor};
use vision::RgbImage;

use crate::{
    canvas::tensor,
    features::Features,
    style::{Styles, content_distance},
};

/// A network and the styles that it compares with.
pub struct Judge {
    features: Features,
    goals: Styles,
}

/// How near a picture is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// How far from the style.
    pub style: f64,
    /// How far from what was to be seen.
    pub content: f64,
}

impl Judge {
    /// For paintings in `styles`.
    pub fn new(styles: &[RgbImage], device: &Device) -> Result<Self> {
        let features = Features::judge(device)?;
        let pictures = styles
            .iter()
            .map(|style| tensor([style], device))
            .collect::<candle_core::Result<Vec<_>>>()?;
        let goals = Styles::of(&features, &pictures)?;
        Ok(Judge { features, goals })
    }

    /// Judges `painted`, which shows `original` in style number `style`.
    pub fn verdict(&self, painted: &RgbImage, original: &RgbImage, style: usize) -> Result<Verdict> {
        let device = self.features.device();
        let both = self.features.see(&tensor([painted, original], device)?)?;
        let (seen, of_original) = (both.narrow(0)?, both.narrow(1)?);
        let wanted = Tensor::new(&[style as u32], device)?;
        let number = |tensor: Tensor| -> Result<f64> { Ok(tensor.to_vec1::<f32>()?[0].into()) };
        Ok(Verdict {
            style: number(self.goals.strokes(&seen, &wanted)?)?,
            content: number(content_distance(&seen, &of_original)?)?,
        })
    }

    /// How often one can tell what a painting shows: the share of `painted` that, of all `photographs`, are most like the one
    /// with their number. The judge looks at coarse maps, 16 × 16, and compares where in each map something is, not how
    /// much of it there is: that is style.
    pub fn recognised(&self, painted: &[(&RgbImage, usize)], photographs: &[RgbImage]) -> Result<f64> {
        let device = self.features.device();
        let look = |picture: &RgbImage| -> Result<Tensor> {
            let seen = self.features.see(&tensor([picture], device)?)?;
            let maps = nn::adaptive_avg_pool2d(&seen.content, 16)?.flatten_from(2)?; // (1, channels, 256)
            let maps = maps.broadcast_sub(&maps.mean_keepdim(2)?)?;
            let spread = (maps.sqr()?.mean_keepdim(2)? + 1e-6)?.sqrt()?;
            Ok(maps.broadcast_div(&spread)?.flatten_from(1)?)
        };
        let photographs = photographs.iter().map(look).collect::<Result<Vec<_>>>()?;
        let photographs = Tensor::cat(&photographs, 0)?;
        let mut right = 0;
        for (picture, own) in painted {
            let likeness = look(picture)?.matmul(&photographs.t()?)?; // (1, photographs)
            right += usize::from(likeness.argmax(1)?.to_vec1::<u32>()? == [*own as u32]);
        }
        Ok(right as f64 / painted.len().max(1) as f64)
    }
}
