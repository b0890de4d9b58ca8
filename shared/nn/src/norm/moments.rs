//! Mean and variance without cancellation.

use crate::float::Float;
use crate::simd::{simd, sum};

/// How many values there are, their mean, and the sum of their squared distances from it.
#[derive(Clone, Copy, Default)]
pub(super) struct Moments {
    pub count: f64,
    pub mean: f64,
    pub squares: f64,
}

impl Moments {
    /// Two passes over pieces that stay in the cache, the pieces merged in f64: a mean of 10⁴ with a
    /// deviation of 1 keeps its digits in f32, where E[x²] - E[x]² would lose them all.
    pub fn of<T: Float>(x: &[T]) -> Self {
        x.chunks(4096).fold(Self::default(), |total, x| {
            let (mean, squares) = two_passes(x);
            total.merge(Self {
                count: x.len() as f64,
                mean: mean.f64(),
                squares: squares.f64(),
            })
        })
    }

    /// The moments of both sets together (Chan, Golub & LeVeque 1979).
    pub fn merge(self, other: Self) -> Self {
        let count = self.count + other.count;
        if count == 0.0 {
            return self;
        }
        let apart = other.mean - self.mean;
        Self {
            count,
            mean: self.mean + apart * other.count / count,
            squares: self.squares + other.squares + apart * apart * self.count * other.count / count,
        }
    }

    /// The mean squared distance from the mean: what normalisation divides by the root of.
    pub fn variance(self) -> f64 {
        self.squares / self.count
    }
}

simd! {
    fn two_passes<T: Float>(x: &[T]) -> (T, T) {
        let mean = sum(x, |x| x) / T::of(x.len() as f64);
        (mean, sum(x, |x| (x - mean) * (x - mean)))
    }
}
