//! A picture of any size, painted in a bounded part of the memory.
//!
//! A network of convolutions can paint a picture piece by piece, but its norms look at all of it at once: painted each by
//! itself, a dark and a bright tile would come out alike, and their seam would show. So the norms' statistics are taken from
//! the whole picture, made small, and then all tiles are painted by them. Each is painted with so much of what is around it
//! as its pixels depend on, and that is cut off again: two tiles agree to the bit where they meet.

use anyhow::Result;
use candle_core::{Device, Tensor};
use vision::RgbImage;

use crate::{
    canvas::{Window, pictures, sheet},
    model::{Painter, REACH, STRIDE, Statistics},
    palette::Palette,
};

/// Pixels that are painted at once: more would take over half a gigabyte.
const AT_ONCE: usize = 1 << 20;
/// The side of a tile, without what is around it.
const TILE: usize = 512;
/// Pixels that are painted around a picture and cut off. What lies around a picture for a convolution is black, and would be
/// painted as a frame.
const FRAME: usize = 24;

/// Paints `photograph` in the styles of `palettes`, so much of each as `shares` says, in all 1: in their colours first, then
/// with their strokes.
pub fn paint(
    painter: &Painter,
    photograph: &RgbImage,
    palettes: &[Palette],
    shares: &[f32],
    device: &Device,
) -> Result<RgbImage> {
    let wanted = Palette::mix(palettes, shares);
    let recoloured = Palette::of(photograph).to(&wanted).of(photograph);
    let mix = Tensor::new(shares, device)?.unsqueeze(0)?; // (1, styles)
    paint_in(painter, &recoloured, &mix, AT_ONCE, TILE)
}

fn paint_in(
    painter: &Painter,
    picture: &RgbImage,
    mix: &Tensor,
    at_once: usize,
    tile: usize,
) -> Result<RgbImage> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    if (width + 2 * FRAME) * (height + 2 * FRAME) <= at_once {
        let painted = paint_whole(painter, picture, mix, &Statistics::Own)?;
        return Ok(part(&painted, FRAME, width, height));
    }
    let statistics = statistics(painter, picture, mix, at_once)?;
    let mut whole = RgbImage::new(picture.width(), picture.height());
    for top in (0..height).step_by(tile) {
        for left in (0..width).step_by(tile) {
            let side = |length: usize| (tile.min(length).next_multiple_of(STRIDE) + 2 * REACH) as u32;
            let window = Window {
                left: left as i32 - REACH as i32,
                top: top as i32 - REACH as i32,
                width: side(width),
                height: side(height),
            };
            let sheet = sheet(picture, window, (0, 0), mix.device())?;
            let painted = pictures(&painter.paint(&sheet, mix, &statistics)?)?.remove(0);
            let painted = part(&painted, REACH, tile.min(width - left), tile.min(height - top));
            for (x, y, pixel) in painted.enumerate_pixels() {
                whole.put_pixel(left as u32 + x, top as u32 + y, *pixel);
            }
        }
    }
    Ok(whole)
}

/// Paints a picture with a frame around it, and below and to the right what is left of a stride.
fn paint_whole(
    painter: &Painter,
    picture: &RgbImage,
    mix: &Tensor,
    statistics: &Statistics,
) -> Result<RgbImage> {
    let side = |length: u32| (length as usize + 2 * FRAME).next_multiple_of(STRIDE) as u32;
    let window = Window {
        left: -(FRAME as i32),
        top: -(FRAME as i32),
        width: side(picture.width()),
        height: side(picture.height()),
    };
    let sheet = sheet(picture, window, (0, 0), mix.device())?;
    Ok(pictures(&painter.paint(&sheet, mix, statistics)?)?.remove(0))
}

/// What the norms see in the picture, made as small as can be painted at once. Of a very long one they see the middle.
fn statistics(painter: &Painter, picture: &RgbImage, mix: &Tensor, at_once: usize) -> Result<Statistics> {
    const LONGEST: u32 = 16;
    let (width, height) = picture.dimensions();
    let most = LONGEST * width.min(height);
    let middle = vision::centre_crop(picture, width.min(most), height.min(most));
    let (width, height) = (f64::from(middle.width()), f64::from(middle.height()));
    // With its frame: (s w + f)(s h + f) pixels are to be as many as can be painted, a square equation in s.
    let (frame, most) = (2.0 * FRAME as f64, at_once as f64);
    let linear = frame * (width + height);
    let root = (linear * linear + 4.0 * width * height * (most - frame * frame).max(1.0)).sqrt();
    let scale = ((root - linear) / (2.0 * width * height)).min(1.0);
    let side = |length: f64| ((length * scale) as u32).max(1);
    let small = vision::resize(&middle, side(width), side(height));
    let all = Statistics::Record(Default::default());
    paint_whole(painter, &small, mix, &all)?;
    Ok(match all {
        Statistics::Record(all) => Statistics::Given(all.into_inner()),
        other => other,
    })
}

/// A rectangle of the picture, so far from its left and upper edge.
fn part(picture: &RgbImage, from: usize, width: usize, height: usize) -> RgbImage {
    RgbImage::from_fn(width as u32, height as u32, |x, y| {
        *picture.get_pixel(from as u32 + x, from as u32 + y)
    })
}

#[cfg(test)]
mod tests {
    use candle_core::DType;
    use nn::VarMap;

    use super::*;

    /// Not yet trained, and of strong strokes all the same.
    fn painter(device: &Device) -> Painter {
        let variables = VarMap::new();
        let painter = Painter::new(2, nn::seeded(&variables, 1, DType::F32, device)).expect("a painter");
        let all = variables.data().lock().expect("nothing else holds it");
        let last = &all["last.weight"];
        let strong = (last.as_detached_tensor() * 30.0).expect("it can be multiplied");
        last.set(&strong).expect("it can be set");
        drop(all);
        painter
    }

    fn photograph(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            let wave = |rate: f32| (127.0 + 127.0 * (rate * (x as f32 + 0.7 * y as f32)).sin()) as u8;
            image::Rgb([wave(0.05), wave(0.11), ((x * 255) / width) as u8])
        })
    }

    /// However it is cut, the same picture comes out to the bit.
    #[test]
    fn there_are_no_seams() -> Result<()> {
        let device = Device::Cpu;
        let (painter, mix) = (painter(&device), Tensor::new(&[[0.3f32, 0.7]], &device)?);
        let picture = photograph(211, 150);
        let with = |tile| paint_in(&painter, &picture, &mix, 64 * 64, tile);
        let small = with(32)?;
        assert_eq!(small.dimensions(), (211, 150));
        assert!(small == with(64)? && small == with(256)?);
        Ok(())
    }

    fn far(one: &RgbImage, other: &RgbImage) -> f64 {
        let pairs = one.as_raw().iter().zip(other.as_raw());
        pairs.map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / one.as_raw().len() as f64
    }

    /// A picture too large for one go looks as one that is not, also if the norms see it much smaller.
    #[test]
    fn tiles_look_as_the_whole_does() -> Result<()> {
        let device = Device::Cpu;
        let (painter, mix) = (painter(&device), Tensor::new(&[[1f32, 0.0]], &device)?);
        let picture = photograph(360, 288);
        let whole = paint_in(&painter, &picture, &mix, 1 << 20, 32)?;
        assert!(far(&whole, &picture) > 40.0, "nothing is painted");
        let barely = paint_in(&painter, &picture, &mix, 360 * 288, 96)?;
        assert!(far(&whole, &barely) < 15.0, "{} of 255", far(&whole, &barely));
        let third = paint_in(&painter, &picture, &mix, (120 + 48) * (96 + 48), 96)?;
        assert!(far(&whole, &third) < 25.0, "{} of 255", far(&whole, &third));
        Ok(())
    }

    #[test]
    fn a_line_of_pixels_is_painted_in_bounded_memory() -> Result<()> {
        let device = Device::Cpu;
        let (painter, mix) = (painter(&device), Tensor::new(&[[1f32, 0.0]], &device)?);
        let line = paint_in(&painter, &photograph(3000, 1), &mix, 1 << 14, 512)?;
        assert_eq!(line.dimensions(), (3000, 1));
        Ok(())
    }
}
