//! Where a network looks: Grad-CAM (Selvaraju et al. 2017, section 3).

use candle_core::{D, Result, Tensor, Var};
use image::{Rgb, RgbImage};
use training::colour::heat;

/// How much each place of the last maps speaks for a class, 0 … 1 of the place that speaks most: (batch, height,
/// width).
///
/// `maps` (batch, channels, height, width) are the last maps of a network, `scores` goes from them to the logit of
/// the class in question, one number for each picture (batch). Each channel counts by the mean of its gradient; what
/// speaks against the class is left out.
///
/// # Errors
/// Those of the operations, and when the scores do not depend on the maps.
pub fn grad_cam(maps: &Tensor, scores: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    let maps = Var::from_tensor(&maps.detach())?;
    let gradients = nn::backward(&scores(maps.as_tensor())?.sum_all()?)?;
    let Some(gradient) = gradients.get(maps.as_tensor()) else {
        candle_core::bail!("the scores do not depend on the maps");
    };
    let importance = gradient.mean_keepdim((D::Minus2, D::Minus1))?;
    let evidence = maps.broadcast_mul(&importance)?.sum(1)?.relu()?;
    let most = evidence.flatten_from(1)?.max_keepdim(1)?.unsqueeze(2)?;
    evidence.broadcast_div(&(most + 1e-12)?)?.detach().contiguous()
}

/// A picture with a map (height, width) of values 0 … 1 laid over it in warm colours.
pub fn overlay(picture: &RgbImage, map: &[Vec<f32>]) -> RgbImage {
    let (rows, columns) = (map.len().max(1), map.first().map_or(1, Vec::len).max(1));
    let value = |row: usize, column: usize| {
        map.get(row)
            .and_then(|row| row.get(column))
            .copied()
            .unwrap_or(0.0)
    };
    let between = |at: f32, count: usize| {
        let at = (at * count as f32 - 0.5).clamp(0.0, (count - 1) as f32);
        (at.floor() as usize, at.fract())
    };
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let (row, down) = between((y as f32 + 0.5) / picture.height() as f32, rows);
        let (column, across) = between((x as f32 + 0.5) / picture.width() as f32, columns);
        let mix = |row: usize| {
            let next = (column + 1).min(columns - 1);
            value(row, column) * (1.0 - across) + value(row, next) * across
        };
        let strength = mix(row) * (1.0 - down) + mix((row + 1).min(rows - 1)) * down;
        let (under, over) = (picture[(x, y)].0, heat(strength));
        let share = 0.25 + 0.4 * strength;
        let blend =
            |channel: usize| f32::from(under[channel]) * (1.0 - share) + f32::from(over[channel]) * share;
        Rgb([blend(0) as u8, blend(1) as u8, blend(2) as u8])
    })
}
