//! The results of convolution, pooling and resizing against loops that say what the operations mean.

#![allow(clippy::unwrap_used)] // the helpers of tests, too, may panic

use candle_core::{DType, Device, Result, Tensor};
use nn::{Geometry, ops};
use rand::Rng;

/// An image or kernel: (first, second, height, width), read anywhere.
struct Array {
    dims: [usize; 4],
    values: Vec<f64>,
}

impl Array {
    fn random(dims: [usize; 4], place: &str) -> Self {
        let mut random = nn::random(3, place);
        let values = (0..dims.iter().product())
            .map(|_| random.random_range(-1.0..1.0))
            .collect();
        Self { dims, values }
    }

    fn of(x: &Tensor) -> Result<Self> {
        let (a, b, c, d) = x.dims4()?;
        Ok(Self {
            dims: [a, b, c, d],
            values: x.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?,
        })
    }

    fn tensor(&self, dtype: DType) -> Result<Tensor> {
        Tensor::from_vec(self.values.clone(), &self.dims, &Device::Cpu)?.to_dtype(dtype)
    }

    fn index(&self, at: [usize; 4]) -> usize {
        at.iter()
            .zip(self.dims)
            .fold(0, |index, (i, size)| index * size + i)
    }

    /// The element at a place that may lie outside, where there are zeros.
    fn at(&self, [n, c]: [usize; 2], y: isize, x: isize) -> f64 {
        let inside = |i: isize, size: usize| (0..size as isize).contains(&i);
        match inside(y, self.dims[2]) && inside(x, self.dims[3]) {
            true => self.values[self.index([n, c, y as usize, x as usize])],
            false => 0.0,
        }
    }

    /// Calls `f` with every place of an array of `dims`.
    fn build(dims: [usize; 4], mut f: impl FnMut([usize; 4]) -> f64) -> Self {
        let mut values = Vec::new();
        for n in 0..dims[0] {
            for c in 0..dims[1] {
                for y in 0..dims[2] {
                    values.extend((0..dims[3]).map(|x| f([n, c, y, x])));
                }
            }
        }
        Self { dims, values }
    }

    /// Compares the result of `f` in f64 and f32, by the kernels and by candle's operations.
    fn check(&self, what: &str, f: impl Fn(DType) -> Result<Tensor>) {
        for (dtype, tolerance) in [(DType::F64, 1e-12), (DType::F32, 1e-5)] {
            for (path, result) in [("kernel", f(dtype)), ("composed", nn::composed(|| f(dtype)))] {
                let result = Array::of(&result.unwrap()).unwrap();
                assert_eq!(result.dims, self.dims, "{what}, {path}");
                for (i, (a, b)) in self.values.iter().zip(&result.values).enumerate() {
                    assert!(
                        (a - b).abs() <= tolerance * (1.0 + a.abs()),
                        "{what}, {path}, {dtype:?}, {i}: {a} {b}"
                    );
                }
            }
        }
    }
}

type Size = (usize, usize);

/// Kernel size, geometry, input size.
fn geometries() -> Vec<(Size, Geometry, Size)> {
    let plain = Geometry::default();
    vec![
        ((1, 1), plain, (4, 5)),
        (
            (3, 3),
            Geometry {
                padding: (1, 1),
                ..plain
            },
            (5, 7),
        ),
        (
            (3, 3),
            Geometry {
                padding: (1, 1),
                stride: (2, 2),
                ..plain
            },
            (6, 7),
        ),
        (
            (7, 7),
            Geometry {
                padding: (3, 3),
                stride: (2, 2),
                ..plain
            },
            (11, 8),
        ),
        (
            (1, 1),
            Geometry {
                stride: (2, 3),
                ..plain
            },
            (9, 8),
        ),
        (
            (2, 4),
            Geometry {
                stride: (3, 1),
                padding: (0, 2),
                dilation: (2, 3),
                ..plain
            },
            (10, 12),
        ),
        (
            (3, 2),
            Geometry {
                stride: (2, 2),
                padding: (1, 0),
                groups: 2,
                ..plain
            },
            (7, 6),
        ),
        (
            (3, 3),
            Geometry {
                stride: (1, 2),
                padding: (2, 2),
                dilation: (2, 2),
                groups: 4,
                ..plain
            },
            (9, 8),
        ),
        (
            (5, 1),
            Geometry {
                padding: (4, 2),
                groups: 2,
                ..plain
            },
            (2, 3),
        ),
        (
            (3, 3),
            Geometry {
                padding: (1, 1),
                ..plain
            },
            (70, 90),
        ),
    ]
}

#[test]
fn convolution_is_what_its_definition_says() {
    for (kernel, geometry, size) in geometries() {
        let what = format!("{kernel:?} {geometry:?} {size:?}");
        let (inputs, outputs) = (4 / geometry.groups, 8 / geometry.groups);
        let x = Array::random([3, 4, size.0, size.1], "x");
        let weight = Array::random([8, inputs, kernel.0, kernel.1], "weight");
        let bias = Array::random([1, 1, 1, 8], "bias");
        let along = |size, kernel, stride, padding, dilation| {
            (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1
        };
        let Geometry {
            stride,
            padding,
            dilation,
            ..
        } = geometry;
        let height = along(size.0, kernel.0, stride.0, padding.0, dilation.0);
        let width = along(size.1, kernel.1, stride.1, padding.1, dilation.1);
        let truth = Array::build([3, 8, height, width], |[n, o, y, z]| {
            let mut sum = bias.values[o];
            for i in 0..inputs {
                for (ky, kx) in (0..kernel.0).flat_map(|ky| (0..kernel.1).map(move |kx| (ky, kx))) {
                    let y = (y * stride.0 + ky * dilation.0) as isize - padding.0 as isize;
                    let z = (z * stride.1 + kx * dilation.1) as isize - padding.1 as isize;
                    let w = weight.values[weight.index([o, i, ky, kx])];
                    sum += w * x.at([n, o / outputs * inputs + i], y, z);
                }
            }
            sum
        });
        truth.check(&what, |dtype| {
            let bias = bias.tensor(dtype)?.flatten_all()?;
            ops::conv2d(&x.tensor(dtype)?, &weight.tensor(dtype)?, Some(&bias), geometry)
        });
    }
}

#[test]
fn transposed_convolution_is_what_its_definition_says() {
    // The one with more padding than image would leave nothing.
    for (kernel, geometry, size) in geometries().into_iter().filter(|(kernel, ..)| *kernel != (5, 1)) {
        let extra = (geometry.stride.0 - 1, geometry.stride.1 - 1);
        let geometry = Geometry {
            output_padding: extra,
            ..geometry
        };
        let Geometry {
            stride,
            padding,
            dilation,
            groups,
            ..
        } = geometry;
        let what = format!("{kernel:?} {geometry:?} {size:?}");
        let (inputs, outputs) = (4 / groups, 6 / groups.min(2));
        let x = Array::random([2, 4, size.0, size.1], "x");
        let weight = Array::random([4, outputs, kernel.0, kernel.1], "weight");
        let along =
            |size: usize, kernel: usize, stride: usize, padding: usize, dilation: usize, extra: usize| {
                (size - 1) * stride + dilation * (kernel - 1) + 1 + extra - 2 * padding
            };
        let height = along(size.0, kernel.0, stride.0, padding.0, dilation.0, extra.0);
        let width = along(size.1, kernel.1, stride.1, padding.1, dilation.1, extra.1);
        let mut truth = Array::build([2, outputs * groups, height, width], |_| 0.0);
        // Every input element stamps the kernel onto the result.
        Array::build(x.dims, |[n, i, y, z]| {
            for o in 0..outputs {
                for (ky, kx) in (0..kernel.0).flat_map(|ky| (0..kernel.1).map(move |kx| (ky, kx))) {
                    let row = (y * stride.0 + ky * dilation.0).wrapping_sub(padding.0);
                    let column = (z * stride.1 + kx * dilation.1).wrapping_sub(padding.1);
                    if row < height && column < width {
                        let to = truth.index([n, i / inputs * outputs + o, row, column]);
                        let w = weight.values[weight.index([i, o, ky, kx])];
                        truth.values[to] += w * x.values[x.index([n, i, y, z])];
                    }
                }
            }
            0.0
        });
        truth.check(&what, |dtype| {
            ops::conv_transpose2d(&x.tensor(dtype)?, &weight.tensor(dtype)?, None, geometry)
        });
    }
}

#[test]
fn pooling_is_what_its_definition_says() {
    for (kernel, stride, padding, size) in [
        ((2, 2), (2, 2), (0, 0), (4, 6)),
        ((2, 2), (2, 2), (0, 0), (7, 5)),
        ((3, 3), (2, 2), (1, 1), (9, 8)),
        ((3, 2), (1, 3), (1, 0), (5, 11)),
        ((1, 4), (2, 4), (0, 2), (6, 9)),
    ] {
        let what = format!("{kernel:?} {stride:?} {padding:?} {size:?}");
        let x = Array::random([2, 3, size.0, size.1], "x");
        let height = (size.0 + 2 * padding.0 - kernel.0) / stride.0 + 1;
        let width = (size.1 + 2 * padding.1 - kernel.1) / stride.1 + 1;
        let window = |y: usize, z: usize| {
            let (y, z) = (
                (y * stride.0) as isize - padding.0 as isize,
                (z * stride.1) as isize - padding.1 as isize,
            );
            (0..kernel.0 as isize).flat_map(move |ky| (0..kernel.1 as isize).map(move |kx| (y + ky, z + kx)))
        };
        let inside =
            |&(y, z): &(isize, isize)| (0..size.0 as isize).contains(&y) && (0..size.1 as isize).contains(&z);
        let maxima = Array::build([2, 3, height, width], |[n, c, y, z]| {
            window(y, z)
                .filter(inside)
                .map(|(y, z)| x.at([n, c], y, z))
                .fold(f64::NEG_INFINITY, f64::max)
        });
        maxima.check(&what, |dtype| {
            nn::max_pool2d(&x.tensor(dtype)?, kernel, stride, padding)
        });
        let means = Array::build([2, 3, height, width], |[n, c, y, z]| {
            window(y, z).map(|(y, z)| x.at([n, c], y, z)).sum::<f64>() / (kernel.0 * kernel.1) as f64
        });
        means.check(&what, |dtype| {
            nn::avg_pool2d(&x.tensor(dtype)?, kernel, stride, padding)
        });
    }
}

#[test]
fn adaptive_windows_and_resizing_follow_pytorch() -> Result<()> {
    let x = Tensor::arange(0f64, 5.0, &Device::Cpu)?.reshape((1, 1, 5))?;
    let values = |y: Tensor| y.flatten_all()?.to_vec1::<f64>();
    // Windows [0, 2), [1, 4), [3, 5).
    assert_eq!(values(nn::adaptive_avg_pool1d(&x, 3)?)?, [0.5, 2.0, 3.5]);
    assert_eq!(values(nn::adaptive_max_pool1d(&x, 3)?)?, [1.0, 3.0, 4.0]);
    assert_eq!(
        values(nn::adaptive_max_pool1d(&x, 7)?)?,
        [0.0, 1.0, 2.0, 2.0, 3.0, 4.0, 4.0]
    );
    assert_eq!(
        values(nn::upsample_nearest1d(&x, 8)?)?,
        [0.0, 0.0, 1.0, 1.0, 2.0, 3.0, 3.0, 4.0]
    );

    let x = Tensor::new(&[[[[1f64, 2.0], [3.0, 4.0]]]], &Device::Cpu)?;
    let half = values(nn::upsample_bilinear2d(&x, 2, 4, false)?)?;
    assert_eq!(half, [1.0, 1.25, 1.75, 2.0, 3.0, 3.25, 3.75, 4.0]);
    let aligned = values(nn::upsample_bilinear2d(&x, 3, 3, true)?)?;
    assert_eq!(aligned, [1.0, 1.5, 2.0, 2.0, 2.5, 3.0, 3.0, 3.5, 4.0]);
    Ok(())
}
