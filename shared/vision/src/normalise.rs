//! From bytes to the numbers that a network was trained on.

use candle_core::{Device, Result, Tensor};
use image::RgbImage;

/// What each channel becomes: (value − mean) / deviation, of values from 0 to 1.
///
/// A network that was trained elsewhere wants exactly the numbers that it knew there; with others nothing fails, it
/// only sees badly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalisation {
    /// Of red, green and blue.
    pub mean: [f32; 3],
    /// Of red, green and blue.
    pub deviation: [f32; 3],
}

impl Normalisation {
    /// To about −1 … 1.
    pub const PLAIN: Self = Normalisation {
        mean: [0.5; 3],
        deviation: [0.25; 3],
    };
    /// As networks of torchvision and timm want it: the statistics of ImageNet's photographs.
    pub const IMAGENET: Self = Normalisation {
        mean: [0.485, 0.456, 0.406],
        deviation: [0.229, 0.224, 0.225],
    };
    /// As EfficientNet-Lite wants it: (x − 127) / 128 of bytes.
    pub const LITE: Self = Normalisation {
        mean: [127.0 / 255.0; 3],
        deviation: [128.0 / 255.0; 3],
    };

    /// Appends a picture to `values`, plane after plane: (3, height, width).
    pub fn extend(&self, picture: &RgbImage, values: &mut Vec<f32>) {
        for (channel, (mean, deviation)) in self.mean.into_iter().zip(self.deviation).enumerate() {
            let (scale, shift) = (1.0 / (255.0 * deviation), -mean / deviation);
            let bytes = picture.as_raw().iter().skip(channel).step_by(3);
            values.extend(bytes.map(|byte| f32::from(*byte) * scale + shift));
        }
    }

    /// Pictures of one size as a tensor (batch, 3, height, width) on the CPU.
    ///
    /// # Errors
    /// When there is none, or when they differ in size.
    pub fn batch<'a>(&self, pictures: impl IntoIterator<Item = &'a RgbImage>) -> Result<Tensor> {
        let (mut values, mut count, mut size) = (Vec::new(), 0, (0, 0));
        for picture in pictures {
            if count > 0 && picture.dimensions() != size {
                candle_core::bail!(
                    "a picture of {:?} pixels in a batch of {size:?}",
                    picture.dimensions()
                );
            }
            size = picture.dimensions();
            self.extend(picture, &mut values);
            count += 1;
        }
        Tensor::from_vec(values, (count, 3, size.1 as usize, size.0 as usize), &Device::Cpu)
    }
}

impl std::fmt::Display for Normalisation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "less {:?}, divided by {:?}", self.mean, self.deviation)
    }
}
