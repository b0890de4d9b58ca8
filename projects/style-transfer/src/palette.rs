//! The colours of a picture, in short: the means of red, green and blue, and how they vary together.

use candle_core::{D, Result, Tensor};
use serde::{Deserialize, Serialize};
use vision::RgbImage;

use crate::gram::gram;

/// Three numbers of three.
type Matrix = [[f64; 3]; 3];

/// Added to variances before anything is divided by them: what has one colour has none, and its noise would become a colour.
const LEAST: f64 = 1e-3;

/// The colours of a picture, values from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Palette {
    mean: [f64; 3],
    covariance: Matrix,
}

impl Palette {
    /// Those of `picture`.
    pub fn of(picture: &RgbImage) -> Self {
        let mut products = [[0f64; 4]; 4];
        for pixel in picture.pixels() {
            let [red, green, blue] = pixel.0.map(|value| f64::from(value) / 255.0);
            let values = [red, green, blue, 1.0];
            for (row, a) in products.iter_mut().zip(values) {
                for (sum, b) in row.iter_mut().zip(values) {
                    *sum += a * b;
                }
            }
        }
        let count = products[3][3].max(1.0);
        Palette::from_products(|a, b| products[a][b] / count)
    }

    /// From the mean products of every two of (red, green, blue, 1).
    fn from_products(product: impl Fn(usize, usize) -> f64) -> Self {
        let mean = std::array::from_fn(|channel| product(3, channel));
        let covariance =
            std::array::from_fn(|a| std::array::from_fn(|b| product(a, b) - product(3, a) * product(3, b)));
        Palette { mean, covariance }
    }

    /// Between `palettes`, by `shares` that are 1 in all.
    pub fn mix(palettes: &[Palette], shares: &[f32]) -> Self {
        let mean = |value: &dyn Fn(&Palette) -> f64| {
            let parts = palettes.iter().zip(shares);
            parts
                .map(|(palette, share)| value(palette) * f64::from(*share))
                .sum()
        };
        Palette {
            mean: std::array::from_fn(|channel| mean(&|palette| palette.mean[channel])),
            covariance: std::array::from_fn(|a| {
                std::array::from_fn(|b| mean(&|palette| palette.covariance[a][b]))
            }),
        }
    }

    fn spread(&self) -> Matrix {
        let mut spread = self.covariance;
        for (channel, row) in spread.iter_mut().enumerate() {
            row[channel] += LEAST;
        }
        spread
    }

    /// What changes pixels of these colours into pixels of `wanted`'s: of all matrices that do, the one that moves colours
    /// least (Pitié & Kokaram 2007, "The linear Monge-Kantorovitch linear colour mapping for example-based colour transfer").
    pub fn to(&self, wanted: &Palette) -> Recolouring {
        let (root, inverse) = square_root(&self.spread());
        let mut between = product(&root, &product(&wanted.covariance, &root));
        // Colours on a line have eigenvalues of 0, which rounding makes negative; those have no root.
        for (channel, row) in between.iter_mut().enumerate() {
            row[channel] += 1e-9;
        }
        let (middle, _) = square_root(&between);
        let matrix = product(&inverse, &product(&middle, &inverse));
        let shift = std::array::from_fn(|row| {
            let moved: f64 = (0..3).map(|column| matrix[row][column] * self.mean[column]).sum();
            wanted.mean[row] - moved
        });
        Recolouring { matrix, shift }
    }
}

/// A change of colours: a matrix and a summand.
#[derive(Clone, Copy, Debug)]
pub struct Recolouring {
    matrix: Matrix,
    shift: [f64; 3],
}

impl Recolouring {
    /// `picture` in the other colours.
    pub fn of(&self, picture: &RgbImage) -> RgbImage {
        let matrix = self.matrix.map(|row| row.map(|value| value as f32));
        let shift = self.shift.map(|value| (value * 255.0 + 0.5) as f32);
        let mut recoloured = picture.clone();
        for pixel in recoloured.pixels_mut() {
            let own = pixel.0.map(f32::from);
            pixel.0 = std::array::from_fn(|row| {
                let [red, green, blue] = matrix[row];
                (red * own[0] + green * own[1] + blue * own[2] + shift[row]).clamp(0.0, 255.0) as u8
            });
        }
        recoloured
    }
}

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    std::array::from_fn(|row| std::array::from_fn(|column| (0..3).map(|k| a[row][k] * b[k][column]).sum()))
}

/// The matrix that multiplied by itself is `matrix`, symmetric and of positive eigenvalues, and its inverse (Newton and
/// Schulz's iteration; Higham 2008, "Functions of Matrices").
fn square_root(matrix: &Matrix) -> (Matrix, Matrix) {
    // So that no eigenvalue is above 1.
    let size = matrix
        .iter()
        .flatten()
        .map(|value| value * value)
        .sum::<f64>()
        .sqrt()
        .max(1e-12);
    let mut root = matrix.map(|row| row.map(|value| value / size));
    let mut inverse = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    for _ in 0..40 {
        let off = product(&inverse, &root);
        let step: Matrix = std::array::from_fn(|row| {
            std::array::from_fn(|column| (if row == column { 3.0 } else { 0.0 } - off[row][column]) / 2.0)
        });
        root = product(&root, &step);
        inverse = product(&step, &inverse);
    }
    (
        root.map(|row| row.map(|value| value * size.sqrt())),
        inverse.map(|row| row.map(|value| value / size.sqrt())),
    )
}

/// What pictures' colours are compared with, each style's in units of its own: away from its mean, by as much as it varies
/// itself that way. A hundredth of blue is much where all is grey, and nothing in a sunset.
#[derive(Clone)]
pub struct Palettes {
    /// (styles, 4, 4): from (red, green, blue, 1) to those units.
    units: Tensor,
    /// (styles, 4, 4): the mean products of every two, close to 1 for a number with itself and 0 for two.
    goals: Tensor,
}

impl Palettes {
    /// Those of `pictures`, each (1, 3, height, width) of values from 0 to 1.
    pub fn of(pictures: &[Tensor]) -> Result<Self> {
        let (mut units, mut goals) = (Vec::new(), Vec::new());
        for picture in pictures {
            let products = products(picture)?;
            let values = products.squeeze(0)?.to_vec2::<f32>()?;
            let palette = Palette::from_products(|a, b| values[a][b].into());
            let (_, inverse) = square_root(&palette.spread());
            let mut unit = [[0f32; 4]; 4];
            for (row, own) in unit.iter_mut().zip(inverse) {
                let mean: f64 = own.iter().zip(palette.mean).map(|(own, mean)| own * mean).sum();
                *row = [own[0], own[1], own[2], -mean].map(|value| value as f32);
            }
            unit[3][3] = 1.0;
            let unit = Tensor::new(&unit, picture.device())?.unsqueeze(0)?;
            goals.push(in_units(&products, &unit)?);
            units.push(unit);
        }
        Ok(Palettes {
            units: Tensor::cat(&units, 0)?,
            goals: Tensor::cat(&goals, 0)?,
        })
    }

    /// How far the colours of `pictures` (batch, 3, height, width) are from the style that is wanted of each (`wanted`:
    /// (batch)): (batch), 0 for the same means, variances and covariances. It grows with the logarithm of the squared
    /// distance, or a single picture far off would be all that a step of training is about.
    pub fn distance(&self, pictures: &Tensor, wanted: &Tensor) -> Result<Tensor> {
        let goals = self.goals.index_select(wanted, 0)?;
        let own = in_units(&products(pictures)?, &self.units.index_select(wanted, 0)?)?;
        let distance = ((own - &goals)?.sqr()?.sum((1, 2))? / goals.sqr()?.sum((1, 2))?)?;
        (distance + 1.0)?.log()
    }
}

/// The mean products of every two of (red, green, blue, 1): (batch, 4, 4). The last row has the means.
fn products(pictures: &Tensor) -> Result<Tensor> {
    let ones = pictures.narrow(1, 0, 1)?.ones_like()?;
    gram(&Tensor::cat(&[pictures, &ones], 1)?)
}

/// What mean products become when the numbers themselves are changed by `units`: both (batch, 4, 4).
fn in_units(products: &Tensor, units: &Tensor) -> Result<Tensor> {
    let turned = units.transpose(D::Minus1, D::Minus2)?.contiguous()?;
    units.matmul(&products.matmul(&turned)?)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use rand::Rng;

    use super::*;
    use crate::canvas::tensor;

    /// A picture whose three channels go together, around a mean.
    fn picture(seed: u64, mean: [f32; 3]) -> RgbImage {
        let mut random = nn::random(seed, "pixels");
        RgbImage::from_fn(30, 20, |_, _| {
            let (common, own): (f32, f32) = (random.random(), random.random());
            let value = |channel: usize| {
                let value = mean[channel] + 0.3 * (common - 0.5) + 0.15 * (own - 0.5) * channel as f32;
                (255.0 * value) as u8
            };
            image::Rgb([value(0), value(1), value(2)])
        })
    }

    fn wanted(number: u32) -> Result<Tensor> {
        Tensor::new(&[number], &Device::Cpu)
    }

    #[test]
    fn a_root_times_itself_is_the_matrix() {
        let matrix = [[0.08, 0.05, 0.03], [0.05, 0.06, 0.04], [0.03, 0.04, 0.0401]];
        let (root, inverse) = square_root(&matrix);
        let (again, one) = (product(&root, &root), product(&root, &inverse));
        for row in 0..3 {
            for column in 0..3 {
                assert!((again[row][column] - matrix[row][column]).abs() < 1e-9);
                assert!((one[row][column] - if row == column { 1.0 } else { 0.0 }).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn a_recoloured_picture_has_the_others_means_and_spread() {
        let (one, other) = (picture(1, [0.3, 0.5, 0.7]), picture(2, [0.6, 0.5, 0.3]));
        let palette = Palette::of(&other);
        let recoloured = Palette::of(&Palette::of(&one).to(&palette).of(&one));
        for a in 0..3 {
            assert!((recoloured.mean[a] - palette.mean[a]).abs() < 5e-3);
            for b in 0..3 {
                assert!((recoloured.covariance[a][b] - palette.covariance[a][b]).abs() < 3e-3);
            }
        }
        // In its own colours it stays nearly as it is.
        let own = Palette::of(&one);
        let same = own.to(&own).of(&one);
        assert!(
            same.as_raw()
                .iter()
                .zip(one.as_raw())
                .all(|(a, b)| a.abs_diff(*b) <= 12)
        );
        // Half of each is between them.
        let half = Palette::mix(&[own, palette], &[0.5, 0.5]);
        assert!((half.mean[0] - (own.mean[0] + palette.mean[0]) / 2.0).abs() < 1e-9);
    }

    /// Colours on a point, a line and a plane have no spread in some direction, at any size.
    #[test]
    fn paintings_of_few_colours_can_be_painted_in() {
        let photograph = picture(1, [0.3, 0.5, 0.7]);
        let full = Palette::of(&photograph);
        let painting = |colour: &dyn Fn(u32, u32) -> [u8; 3]| {
            RgbImage::from_fn(256, 341, |x, y| image::Rgb(colour(x, y)))
        };
        let one = |_: u32, _: u32| [200, 100, 50];
        let two = |x: u32, _: u32| if x < 90 { [200, 100, 50] } else { [20, 30, 90] };
        let plane = |x: u32, y: u32| [x as u8, (y % 256) as u8, 77];
        let colours: [&dyn Fn(u32, u32) -> [u8; 3]; 3] = [&one, &two, &plane];
        for (number, colour) in colours.into_iter().enumerate() {
            let wanted = Palette::of(&painting(colour));
            let recoloured = Palette::of(&full.to(&wanted).of(&photograph));
            for channel in 0..3 {
                let off = (recoloured.mean[channel] - wanted.mean[channel]).abs();
                assert!(off < 0.05, "{number}: {recoloured:?}, wanted {wanted:?}");
            }
            let flat = painting(colour);
            let back = Palette::of(&Palette::of(&flat).to(&full).of(&flat));
            assert!((back.mean[1] - full.mean[1]).abs() < 0.05, "{number}: {back:?}");
        }
    }

    #[test]
    fn other_colours_are_a_distance_and_other_places_are_none() -> Result<()> {
        let pictures = [picture(1, [0.3, 0.5, 0.7]), picture(2, [0.6, 0.5, 0.3])];
        let each = pictures
            .iter()
            .map(|picture| tensor([picture], &Device::Cpu))
            .collect::<Result<Vec<_>>>()?;
        let palettes = Palettes::of(&each)?;
        let distance = |pictures: &Tensor, number| -> Result<f32> {
            palettes
                .distance(pictures, &wanted(number)?)?
                .squeeze(0)?
                .to_scalar::<f32>()
        };
        let turned = each[0].flatten_from(2)?.reshape((1, 3, 10, 60))?;
        assert!(distance(&turned, 0)? < 1e-5);
        assert!(distance(&each[0], 1)? > 1.0 && distance(&each[1], 0)? > 1.0);
        // A style of one colour has no variance, and can be compared with all the same.
        let grey = Tensor::full(0.5f32, (1, 3, 8, 8), &Device::Cpu)?;
        let palettes = Palettes::of(std::slice::from_ref(&grey))?;
        assert!(palettes.distance(&grey, &wanted(0)?)?.to_vec1::<f32>()?[0] < 1e-5);
        assert!(palettes.distance(&each[0], &wanted(0)?)?.to_vec1::<f32>()?[0].is_finite());
        Ok(())
    }
}
