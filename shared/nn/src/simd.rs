//! Loops compiled for the machine's SIMD instructions, and the sums and maxima that kernels are made of.

use crate::float::Float;

/// Compiles a function three times (for the platform's baseline, AVX2, AVX-512) and picks at run time, because a
/// build for any x86-64 may otherwise use no more than SSE2. It takes a plain function of loops over slices.
///
/// ```
/// nn::simd! {
///     /// y ← y + a·x
///     fn add_scaled<>(a: f32, x: &[f32], y: &mut [f32]) {
///         for (y, x) in y.iter_mut().zip(x) {
///             *y += a * x;
///         }
///     }
/// }
/// let mut y = [1.0, 2.0];
/// add_scaled(2.0, &[3.0, 4.0], &mut y);
/// assert_eq!(y, [7.0, 10.0]);
/// ```
#[macro_export]
macro_rules! simd {
    ($(#[$meta:meta])* $visibility:vis fn $name:ident<$($generic:ident: $bound:path),*>
     ($($arg:ident: $type:ty),* $(,)?) $(-> $ret:ty)? $body:block) => {
        $(#[$meta])*
        $visibility fn $name<$($generic: $bound),*>($($arg: $type),*) $(-> $ret)? {
            #[inline(always)]
            fn body<$($generic: $bound),*>($($arg: $type),*) $(-> $ret)? $body
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
                fn avx512<$($generic: $bound),*>($($arg: $type),*) $(-> $ret)? { body($($arg),*) }
                #[target_feature(enable = "avx2,fma")]
                fn avx2<$($generic: $bound),*>($($arg: $type),*) $(-> $ret)? { body($($arg),*) }
                if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512bw")
                {
                    // SAFETY: the features that the function is compiled for were just detected.
                    return unsafe { avx512($($arg),*) };
                }
                if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    // SAFETY: as above.
                    return unsafe { avx2($($arg),*) };
                }
            }
            body($($arg),*)
        }
    };
}
pub(crate) use simd;

/// Σ term(x) in 16 interleaved sums: fast, and more exact than one running sum.
#[inline(always)]
pub(crate) fn sum<T: Float>(x: &[T], term: impl Fn(T) -> T) -> T {
    let mut lanes = [T::ZERO; 16];
    let chunks = x.chunks_exact(16);
    let mut rest = T::ZERO;
    for &x in chunks.remainder() {
        rest += term(x);
    }
    for x in chunks {
        for lane in 0..16 {
            lanes[lane] += term(x[lane]);
        }
    }
    lanes.iter().fold(rest, |total, &lane| total + lane)
}

/// Σ term(x, y), summed as in [`sum`].
#[inline(always)]
pub(crate) fn sum2<T: Float>(x: &[T], y: &[T], term: impl Fn(T, T) -> T) -> T {
    let mut lanes = [T::ZERO; 16];
    let (xs, ys) = (x.chunks_exact(16), y.chunks_exact(16));
    let mut rest = T::ZERO;
    for (&x, &y) in xs.remainder().iter().zip(ys.remainder()) {
        rest += term(x, y);
    }
    for (x, y) in xs.zip(ys) {
        for lane in 0..16 {
            lanes[lane] += term(x[lane], y[lane]);
        }
    }
    lanes.iter().fold(rest, |total, &lane| total + lane)
}

/// The largest value. A NaN is passed over: the sum that follows every use of this meets it anyway.
#[inline(always)]
pub(crate) fn max<T: Float>(x: &[T]) -> T {
    let pick = |best: T, x: T| if x > best { x } else { best };
    let mut lanes = [-T::ONE / T::ZERO; 16];
    let chunks = x.chunks_exact(16);
    let rest = chunks.remainder().iter().fold(lanes[0], |best, &x| pick(best, x));
    for x in chunks {
        for lane in 0..16 {
            lanes[lane] = pick(lanes[lane], x[lane]);
        }
    }
    lanes.iter().fold(rest, |best, &x| pick(best, x))
}
