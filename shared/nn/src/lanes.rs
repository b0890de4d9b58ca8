//! A SIMD register as the innermost loops of convolutions and of recurrent networks use it.
//!
//! The register types of the instruction sets and not arrays: of a tile's 24 accumulators as arrays the compiler keeps
//! none in registers, and the product is 30 times slower. [`Portable`] is their bounds-checked twin, against which
//! `tiles` tests them; it also serves f64, in which gradients are proved.

use crate::float::Float;

/// A register of [`COUNT`](Lanes::COUNT) numbers.
pub(crate) trait Lanes: Copy {
    type Number: Float;
    const COUNT: usize;

    /// # Safety
    /// The processor must have the instructions of this type; this holds for every function here. `COUNT` numbers
    /// must be readable from `from`.
    unsafe fn load(from: *const Self::Number) -> Self;

    /// # Safety
    /// `COUNT` numbers must be writable at `to`.
    unsafe fn store(self, to: *mut Self::Number);

    /// # Safety
    /// As for [`load`](Lanes::load).
    unsafe fn splat(value: Self::Number) -> Self;

    /// `self + a·b`.
    ///
    /// # Safety
    /// As for [`load`](Lanes::load).
    unsafe fn plus(self, a: Self, b: Self) -> Self;

    /// The sum of its numbers.
    ///
    /// # Safety
    /// As for [`load`](Lanes::load).
    unsafe fn total(self) -> Self::Number;
}

#[derive(Clone, Copy)]
pub(crate) struct Portable<T>([T; 4]);

impl<T: Float> Lanes for Portable<T> {
    type Number = T;
    const COUNT: usize = 4;

    #[inline(always)]
    unsafe fn load(from: *const T) -> Self {
        // SAFETY: the caller's.
        Self(unsafe { from.cast::<[T; 4]>().read() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut T) {
        // SAFETY: the caller's.
        unsafe { to.cast::<[T; 4]>().write(self.0) }
    }

    #[inline(always)]
    unsafe fn splat(value: T) -> Self {
        Self([value; 4])
    }

    #[inline(always)]
    unsafe fn plus(self, a: Self, b: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane] + a.0[lane] * b.0[lane]))
    }

    #[inline(always)]
    unsafe fn total(self) -> T {
        let [a, b, c, d] = self.0;
        (a + c) + (b + d)
    }
}

/// Implements [`Lanes`] for a register of f32 by the instructions that are named.
#[allow(
    unused_macros,
    reason = "there are processors of whose registers nothing is known here"
)]
macro_rules! register {
    ($register:ident, $count:literal, $load:ident, $store:ident, $splat:ident, |$sum:ident, $a:ident, $b:ident| $plus:expr,
     |$all:ident| $total:expr) => {
        impl Lanes for $register {
            type Number = f32;
            const COUNT: usize = $count;

            #[inline(always)]
            unsafe fn load(from: *const f32) -> Self {
                // SAFETY: the caller's.
                unsafe { $load(from) }
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut f32) {
                // SAFETY: the caller's.
                unsafe { $store(to, self) }
            }

            #[inline(always)]
            unsafe fn splat(value: f32) -> Self {
                // SAFETY: the caller's.
                unsafe { $splat(value) }
            }

            #[inline(always)]
            unsafe fn plus(self, $a: Self, $b: Self) -> Self {
                let $sum = self;
                // SAFETY: the caller's.
                unsafe { $plus }
            }

            #[inline(always)]
            unsafe fn total(self) -> f32 {
                let $all = self;
                // SAFETY: the caller's.
                unsafe { $total }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Lanes;

    register!(
        __m512,
        16,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_set1_ps,
        |sum, a, b| _mm512_fmadd_ps(a, b, sum),
        |all| {
            let upper = _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(_mm512_castps_pd(all)));
            _mm256_add_ps(_mm512_castps512_ps256(all), upper).total()
        }
    );
    register!(
        __m256,
        8,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_set1_ps,
        |sum, a, b| _mm256_fmadd_ps(a, b, sum),
        |all| _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps::<1>(all)).total()
    );
    register!(
        __m128,
        4,
        _mm_loadu_ps,
        _mm_storeu_ps,
        _mm_set1_ps,
        |sum, a, b| _mm_add_ps(sum, _mm_mul_ps(a, b)),
        |all| {
            let pairs = _mm_add_ps(all, _mm_movehl_ps(all, all));
            _mm_cvtss_f32(_mm_add_ss(pairs, _mm_shuffle_ps::<1>(pairs, pairs)))
        }
    );
}

#[cfg(target_arch = "aarch64")]
mod arm {
    use std::arch::aarch64::*;

    use super::Lanes;

    register!(
        float32x4_t,
        4,
        vld1q_f32,
        vst1q_f32,
        vdupq_n_f32,
        |sum, a, b| vfmaq_f32(sum, a, b),
        |all| vaddvq_f32(all)
    );
}
