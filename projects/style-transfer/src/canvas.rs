//! Between pictures of bytes and tensors of numbers from 0 to 1.

use candle_core::{Device, Result, Tensor};
use vision::RgbImage;

use crate::grain::{SIZES, grain};

/// What the painter is given for each pixel: red, green and blue, and grain.
pub const INPUTS: usize = 3 + SIZES.len();

/// Pictures of one size as (batch, 3, height, width).
pub fn tensor<'a>(pictures: impl IntoIterator<Item = &'a RgbImage>, device: &Device) -> Result<Tensor> {
    const FROM_0_TO_1: vision::Normalisation = vision::Normalisation {
        mean: [0.0; 3],
        deviation: [1.0; 3],
    };
    FROM_0_TO_1.batch(pictures)?.to_device(device)
}

/// Where something is in a picture: pixels from its left and upper edge, which may be beyond them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub left: i32,
    pub top: i32,
    pub width: u32,
    pub height: u32,
}

/// What the painter is given of a window: (1, [`INPUTS`], height, width), from 0 to 1 and around 0 for grain. Beyond the edges each
/// pixel is as its nearest. The grain is that of the place, counted from `origin`.
pub fn sheet(picture: &RgbImage, window: Window, origin: (i32, i32), device: &Device) -> Result<Tensor> {
    let (width, height) = (window.width as usize, window.height as usize);
    let plane = width * height;
    let mut values = vec![0f32; INPUTS * plane];
    let inside = |place: i32, length: u32| place.clamp(0, length as i32 - 1) as u32;
    for y in 0..height {
        let down = window.top + y as i32;
        for x in 0..width {
            let across = window.left + x as i32;
            let pixel = picture.get_pixel(inside(across, picture.width()), inside(down, picture.height()));
            let grain = grain(origin.0.wrapping_add(across), origin.1.wrapping_add(down));
            let place = y * width + x;
            let colours = pixel.0.iter().map(|value| f32::from(*value) / 255.0);
            for (channel, value) in colours.chain(grain).enumerate() {
                values[channel * plane + place] = value;
            }
        }
    }
    Tensor::from_vec(values, (1, INPUTS, height, width), device)
}

/// The pictures that a tensor (batch, 3, height, width) holds; what is too dark or too bright is cut off.
pub fn pictures(tensor: &Tensor) -> Result<Vec<RgbImage>> {
    let (batch, _, height, width) = tensor.dims4()?;
    let bytes = ((tensor.detach().clamp(0f32, 1f32)? * 255.0)? + 0.5)?
        .permute((0, 2, 3, 1))?
        .reshape((batch, height * width * 3))?
        .to_dtype(candle_core::DType::U8)?
        .to_device(&Device::Cpu)?
        .to_vec2::<u8>()?;
    let picture = |bytes| {
        RgbImage::from_raw(width as u32, height as u32, bytes)
            .ok_or_else(|| candle_core::Error::Msg(format!("no picture of {width} × {height}")))
    };
    bytes.into_iter().map(picture).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_has_colours_and_grain_also_beyond_the_edge() -> Result<()> {
        let picture = RgbImage::from_fn(4, 3, |x, y| image::Rgb([60 * x as u8, 100 * y as u8, 255]));
        let window = Window {
            left: -2,
            top: 1,
            width: 5,
            height: 4,
        };
        let sheet = sheet(&picture, window, (7, -9), &Device::Cpu)?
            .squeeze(0)?
            .to_vec3::<f32>()?;
        let reds: Vec<u8> = sheet[0][0]
            .iter()
            .map(|value| (255.0 * value).round() as u8)
            .collect();
        assert_eq!(reds, [0, 0, 0, 60, 120]);
        let greens: Vec<u8> = sheet[1]
            .iter()
            .map(|row| (255.0 * row[0]).round() as u8)
            .collect();
        assert_eq!(greens, [100, 200, 200, 200]);
        assert_eq!(
            [sheet[3][2][4], sheet[4][2][4], sheet[5][2][4]],
            grain(7 + 2, -9 + 3)
        );
        Ok(())
    }

    #[test]
    fn pictures_come_back_as_they_were() -> Result<()> {
        let one = RgbImage::from_fn(5, 7, |x, y| {
            image::Rgb([50 * x as u8, 36 * y as u8, (x * y) as u8])
        });
        let other = RgbImage::from_pixel(5, 7, image::Rgb([255, 0, 128]));
        assert_eq!(pictures(&tensor([&one, &other], &Device::Cpu)?)?, [one, other]);
        Ok(())
    }
}
