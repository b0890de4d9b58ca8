//! The numbers that our CPU kernels compute with. A kernel is written once for `f32` and `f64`: training
//! runs the first, the gradient proofs run the second.

use std::ops::Neg;

use crate::convolution::{Tiles, tiles_f32, tiles_f64};
use crate::cpu::Real;
use crate::product::{self, product_tiles_f32, product_tiles_f64};

/// `f32` or `f64`, with functions that the compiler can vectorise for `f32`.
pub(crate) trait Float: Real + Neg<Output = Self> {
    const ZERO: Self;
    const ONE: Self;
    const LOWEST: Self;
    /// The innermost loops of convolutions.
    fn tiles() -> &'static Tiles<Self>;
    /// The innermost loops of matrix products.
    fn product_tiles() -> &'static product::Tiles<Self>;
    fn of(value: f64) -> Self;
    fn f64(self) -> f64;
    fn exp(self) -> Self;
    fn tanh(self) -> Self;
    fn ln_1p(self) -> Self;
    fn abs(self) -> Self;
    /// The normal distribution's density and cumulative probability at `self`.
    fn normal(self) -> (Self, Self);

    /// Not `f32::max`: a NaN in `self` stays, so that it reaches the loss and is seen.
    #[inline(always)]
    fn at_least(self, other: Self) -> Self {
        if self < other { other } else { self }
    }

    #[inline(always)]
    fn at_most(self, other: Self) -> Self {
        if self > other { other } else { self }
    }

    #[inline(always)]
    fn sigmoid(self) -> Self {
        Self::ONE / (Self::ONE + (-self).exp())
    }
}

const INVERSE_SQRT_2_PI: f64 = 0.398_942_280_401_432_7;

impl Float for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const LOWEST: Self = f32::MIN;

    fn tiles() -> &'static Tiles<Self> {
        tiles_f32()
    }

    fn product_tiles() -> &'static product::Tiles<Self> {
        product_tiles_f32()
    }

    #[inline(always)]
    fn of(value: f64) -> Self {
        value as f32
    }

    #[inline(always)]
    fn f64(self) -> f64 {
        self as f64
    }

    /// Within 2 units in the last place; without branches, so a loop of it becomes SIMD code, which the
    /// system's `expf` does not. Below -87.3 (where the result would be subnormal) it is exactly 0.
    #[inline(always)]
    fn exp(self) -> Self {
        // 1.5·2²³: adding it rounds to an integer and leaves that integer in the lowest bits.
        const ROUND: f32 = 12_582_912.0;
        let x = self.at_least(-88.0).at_most(89.0);
        let shifted = x * std::f32::consts::LOG2_E + ROUND;
        let n = shifted - ROUND;
        // x - n·ln 2, with ln 2 in two parts so that the first product is exact.
        let r = (x - n * 0.693_359_4) + n * 2.121_944_4e-4;
        let series = 0.001_390_13 * r + 0.008_363_2;
        let series = (series * r + 0.041_666_854) * r + 0.166_665_76;
        let series = (series * r + 0.5) * r * r + r + 1.0;
        // 2ⁿ⁻¹ · 2, because 2¹²⁸ itself has no f32.
        let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(126 << 23));
        if self < -87.3 { 0.0 } else { series * power * 2.0 }
    }

    #[inline(always)]
    fn tanh(self) -> Self {
        let x = self.abs();
        let square = x * x;
        let series = (-0.005_923_972_5 * square + 0.020_873_67) * square - 0.053_823_814;
        let series = (series * square + 0.133_325_85) * square - 0.333_333_3;
        let small = x + x * square * series;
        let large = 1.0 - 2.0 / (Float::exp(x + x) + 1.0);
        let magnitude = if x < 0.625 { small } else { large };
        magnitude.copysign(self)
    }

    #[inline(always)]
    fn ln_1p(self) -> Self {
        f32::ln_1p(self)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        f32::abs(self)
    }

    /// Φ(-|x|) = exp(-x²/2) · P(1 / (1 + 0.3 |x|)), P a polynomial fitted to a relative error of 1.2e-7.
    #[inline(always)]
    fn normal(self) -> (Self, Self) {
        let t = 1.0 / (1.0 + 0.3 * self.abs());
        let series = (0.036_089_36 * t - 0.158_935_76) * t + 0.209_349_63;
        let series = ((series * t - 0.056_452_844) * t + 0.130_033_96) * t + 0.099_464_69;
        let series = ((series * t + 0.120_826_37) * t + 0.119_624_54) * t;
        let bell = Float::exp(-0.5 * self * self);
        let tail = bell * series;
        let below = if self > 0.0 { 1.0 - tail } else { tail };
        (bell * INVERSE_SQRT_2_PI as f32, below)
    }
}

impl Float for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const LOWEST: Self = f64::MIN;

    fn tiles() -> &'static Tiles<Self> {
        tiles_f64()
    }

    fn product_tiles() -> &'static product::Tiles<Self> {
        product_tiles_f64()
    }

    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn f64(self) -> f64 {
        self
    }

    #[inline(always)]
    fn exp(self) -> Self {
        f64::exp(self)
    }

    #[inline(always)]
    fn tanh(self) -> Self {
        f64::tanh(self)
    }

    #[inline(always)]
    fn ln_1p(self) -> Self {
        f64::ln_1p(self)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        f64::abs(self)
    }

    #[inline(always)]
    fn normal(self) -> (Self, Self) {
        let density = f64::exp(-0.5 * self * self) * INVERSE_SQRT_2_PI;
        let below = 0.5 * candle_core::cpu::erf::erfc_f64(-self * std::f64::consts::FRAC_1_SQRT_2);
        (density, below)
    }
}

#[cfg(test)]
mod tests {
    use super::Float;

    /// The largest relative error of the f32 function against f64 over `range`.
    fn worst(range: (f32, f32), fast: impl Fn(f32) -> f32, exact: impl Fn(f64) -> f64) -> f64 {
        let steps = 200_000;
        (0..=steps)
            .map(|i| range.0 + (range.1 - range.0) * i as f32 / steps as f32)
            .map(|x| {
                let expected = exact(x as f64);
                (fast(x) as f64 - expected).abs() / expected.abs().max(1e-30)
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn the_f32_functions_are_as_good_as_f32_allows() {
        assert!(worst((-87.0, 88.7), Float::exp, f64::exp) < 3e-7);
        assert!(worst((-20.0, 20.0), Float::tanh, f64::tanh) < 4e-7);
        assert!(worst((-80.0, 80.0), Float::sigmoid, Float::sigmoid) < 4e-7);
        assert!(worst((-5.0, 9.0), |x| x.normal().1, |x| x.normal().1) < 2e-6);
    }

    #[test]
    fn extremes_are_exact_and_nan_stays() {
        assert_eq!(Float::exp(f32::NEG_INFINITY), 0.0);
        assert_eq!(Float::exp(-1e4f32), 0.0);
        assert_eq!(Float::exp(0f32), 1.0);
        assert_eq!(Float::exp(1e4f32), f32::INFINITY);
        assert_eq!(Float::sigmoid(-1e4f32), 0.0);
        assert_eq!(Float::sigmoid(1e4f32), 1.0);
        assert_eq!(Float::tanh(-1e4f32), -1.0);
        for f in [Float::exp, Float::tanh, Float::sigmoid, |x: f32| x.normal().1] {
            assert!(f(f32::NAN).is_nan());
        }
    }
}
