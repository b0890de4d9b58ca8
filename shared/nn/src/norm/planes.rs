//! The kernel behind batch, group and instance normalisation.
//!
//! A tensor (batch, channels, positions…) is a list of planes, the positions of one channel of one example.
//! Planes that share a mean and a variance make a set: all planes of a channel for batch normalisation, those
//! of a group of channels of one example for group normalisation. Scale and shift go by channel.

use candle_core::{Result, Tensor};

use super::moments::Moments;
use super::wanted;
use crate::cpu::{by_dtype, read};
use crate::float::Float;
use crate::pieces::{fill, map};
use crate::simd::{simd, sum2};
use crate::tape::record;

/// Which planes are normalised together.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Sets {
    /// All examples of a channel.
    Channel,
    /// So many channels of an example.
    Group { channels: usize },
}

impl Sets {
    fn of_plane(self, plane: usize, channels: usize) -> usize {
        match self {
            Sets::Channel => plane % channels,
            Sets::Group { channels: group } => plane / group,
        }
    }

    fn count(self, planes: usize, channels: usize) -> usize {
        match self {
            Sets::Channel => channels,
            Sets::Group { channels: group } => planes / group,
        }
    }
}

/// The positions of a plane: 1 for a tensor of (batch, channels).
fn positions(dims: &[usize]) -> usize {
    dims[2..].iter().product()
}

/// The moments of each set of `x`.
pub(super) fn moments(x: &Tensor, sets: Sets) -> Result<Vec<Moments>> {
    let (channels, size) = (x.dims()[1], positions(x.dims()));
    by_dtype!(x.dtype(), T => read([x], |[x]: [&[T]; 1]| {
        let planes = map(x.len() / size, size, |plane| Moments::of(&x[plane * size..][..size]));
        let mut total = vec![Moments::default(); sets.count(planes.len(), channels)];
        for (plane, moments) in planes.into_iter().enumerate() {
            let set = sets.of_plane(plane, channels);
            total[set] = total[set].merge(moments);
        }
        total
    }))
}

/// The normalisation of x (batch, channels, …), with a weight and a bias for each channel.
#[derive(Clone)]
pub(super) struct NormalisePlanes {
    pub sets: Sets,
    /// For each set, what is taken off and what the rest is multiplied by.
    pub statistics: Vec<(f64, f64)>,
    /// Whether the statistics were computed from x itself, so that they depend on it.
    pub of_input: bool,
    /// The rectifier that follows: in the same pass over memory, and without keeping its input.
    pub rectifier: Rectifier,
}

/// What holds results within bounds.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Rectifier {
    None,
    Relu,
    Relu6,
}

impl Rectifier {
    /// What the results are at least and at most.
    fn bounds<T: Float>(self) -> (T, T) {
        let infinity = f64::INFINITY;
        let (floor, ceiling) = match self {
            Rectifier::None => (-infinity, infinity),
            Rectifier::Relu => (0.0, infinity),
            Rectifier::Relu6 => (0.0, 6.0),
        };
        (T::of(floor), T::of(ceiling))
    }

    /// The same out of candle's own operations.
    pub fn composed(self, x: Tensor) -> Result<Tensor> {
        match self {
            Rectifier::None => Ok(x),
            Rectifier::Relu => x.relu(),
            Rectifier::Relu6 => x.clamp(0.0, 6.0),
        }
    }
}

impl NormalisePlanes {
    pub fn apply(self, x: &Tensor, weight_and_bias: Option<&(Tensor, Tensor)>) -> Result<Tensor> {
        let x = x.contiguous()?;
        let (weight, bias) = match weight_and_bias {
            Some((weight, bias)) => (weight.contiguous()?, bias.contiguous()?),
            None => {
                let zeros = Tensor::zeros(x.dims()[1], x.dtype(), x.device())?;
                (zeros.ones_like()?, zeros)
            }
        };
        let size = positions(x.dims());
        by_dtype!(x.dtype(), T => {
            let y = read([&x, &weight, &bias], |[x, w, b]: [&[T]; 3]| self.forward(x, w, b, size))?;
            let inputs = [x.clone(), weight.clone(), bias.clone()];
            record(y, x.shape(), &[&x, &weight, &bias], move |gradient| {
                let [x, weight, bias] = &inputs;
                let [dx, d_weight, d_bias] = read(
                    [x, weight, bias, gradient],
                    |arguments: [&[T]; 4]| self.backward(arguments, size),
                )?;
                Ok(vec![wanted(x, dx)?, wanted(weight, d_weight)?, wanted(bias, d_bias)?])
            })
        })
    }

    fn statistics<T: Float>(&self, plane: usize, channels: usize) -> (T, T) {
        let (mean, inverse) = self.statistics[self.sets.of_plane(plane, channels)];
        (T::of(mean), T::of(inverse))
    }

    fn forward<T: Float>(&self, x: &[T], weight: &[T], bias: &[T], size: usize) -> Vec<T> {
        let channels = weight.len();
        fill(x.len(), size, |at, y| {
            let (plane, channel) = (at / size, at / size % channels);
            let (mean, inverse) = self.statistics(plane, channels);
            scale(
                &x[at..],
                mean,
                inverse * weight[channel],
                bias[channel],
                self.rectifier.bounds(),
                y,
            );
        })
    }

    /// The gradients of x, weight and bias.
    fn backward<T: Float>(&self, arguments: [&[T]; 4], size: usize) -> [Vec<T>; 3] {
        let [x, weight, bias, gradient] = arguments;
        let channels = weight.len();
        // The gradient of what is beyond the bounds is 0: `result` tells it from x.
        let result = |plane: usize, inverse: T| Line {
            slope: inverse * weight[plane % channels],
            bias: bias[plane % channels],
            bounds: self.rectifier.bounds(),
        };
        // For each plane the sums of the gradient and of its product with the normalised values.
        let sums = map(x.len() / size, size, |plane| {
            let (mean, inverse) = self.statistics(plane, channels);
            let at = plane * size..(plane + 1) * size;
            let pieces = x[at.clone()].chunks(4096).zip(gradient[at].chunks(4096));
            pieces.fold((0.0, 0.0), |(s, t), (x, gradient)| {
                let (a, b) = gradient_sums(x, gradient, mean, inverse, result(plane, inverse));
                (s + a.f64(), t + b.f64())
            })
        });
        let (mut d_weight, mut d_bias) = (vec![0.0; channels], vec![0.0; channels]);
        // The same sums over each set, of the gradient of the normalised values, divided by their number.
        let mut means = vec![(0.0, 0.0); self.statistics.len()];
        let per_set = (x.len() / self.statistics.len().max(1)) as f64;
        for (plane, (s, t)) in sums.into_iter().enumerate() {
            let channel = plane % channels;
            d_bias[channel] += s;
            d_weight[channel] += t;
            if self.of_input {
                let set = &mut means[self.sets.of_plane(plane, channels)];
                set.0 += s * weight[channel].f64() / per_set;
                set.1 += t * weight[channel].f64() / per_set;
            }
        }
        let dx = fill(x.len(), size, |at, dx| {
            let plane = at / size;
            let (mean, inverse) = self.statistics(plane, channels);
            let (s, t) = means[self.sets.of_plane(plane, channels)];
            let (s, t) = (T::of(s) * inverse, T::of(t) * inverse * inverse);
            input_gradient(
                (&x[at..], &gradient[at..]),
                mean,
                result(plane, inverse),
                s,
                t,
                dx,
            );
        });
        let convert = |values: Vec<f64>| values.into_iter().map(T::of).collect();
        [dx, convert(d_weight), convert(d_bias)]
    }
}

/// What becomes of a value's distance from the mean.
#[derive(Clone, Copy)]
struct Line<T> {
    slope: T,
    bias: T,
    bounds: (T, T),
}

impl<T: Float> Line<T> {
    /// `gradient`, where the result of a value so far from the mean is between the bounds.
    #[inline(always)]
    fn pass(self, distance: T, gradient: T) -> T {
        let y = distance * self.slope + self.bias;
        // `|` and not `||`: without a branch the loop stays in SIMD registers.
        if (y <= self.bounds.0) | (y >= self.bounds.1) {
            T::ZERO
        } else {
            gradient
        }
    }
}

simd! {
    fn scale<T: Float>(x: &[T], mean: T, slope: T, bias: T, bounds: (T, T), y: &mut [T]) {
        for (y, &x) in y.iter_mut().zip(x) {
            *y = ((x - mean) * slope + bias).at_least(bounds.0).at_most(bounds.1);
        }
    }
}

simd! {
    /// The sums of the gradient, and of its product with the normalised values.
    fn gradient_sums<T: Float>(x: &[T], gradient: &[T], mean: T, inverse: T, line: Line<T>) -> (T, T) {
        let products = sum2(x, gradient, |x, gradient| (x - mean) * inverse * line.pass(x - mean, gradient));
        (sum2(x, gradient, |x, gradient| line.pass(x - mean, gradient)), products)
    }
}

simd! {
    fn input_gradient<T: Float>(
        plane: (&[T], &[T]), mean: T, line: Line<T>, s: T, t: T, dx: &mut [T],
    ) {
        for ((dx, &x), &gradient) in dx.iter_mut().zip(plane.0).zip(plane.1) {
            let distance = x - mean;
            *dx = line.slope * line.pass(distance, gradient) - s - distance * t;
        }
    }
}
