//! The innermost loops of a convolution: tiles of results that stay in registers while their sums run.
//!
//! They read *flat* images, in which every line is as long as a line of the result and the reach of the kernel
//! together, so that a window moves over line ends as over any other place, and each tap is one offset. What comes of
//! places that are no windows is dropped afterwards (see [`layout`](super::layout)).

#![allow(
    clippy::needless_range_loop,
    reason = "one number counts the registers of several arrays"
)]

use crate::float::Float;
use crate::lanes::{Lanes, Portable};

/// Elements that must be readable behind a flat image, and writable behind a line of sums: a tile's last register
/// reaches beyond the last place.
pub(super) const SLACK: usize = 16;

/// The sums of some results at `places` places: Σ weight·x over `channels` and taps.
pub(super) struct Sums<'a, T> {
    /// For each channel, each tap, each result: its weight.
    pub weights: *const T,
    /// The first channel at the first place.
    pub x: *const T,
    pub channels: usize,
    /// From one channel to the next.
    pub channel: usize,
    pub offsets: &'a [usize],
    pub places: usize,
    pub out: *mut T,
    /// From one result to the next in `out`.
    pub line: usize,
}

/// The products of M planes with COMBINATIONS others, each summed over all places of some images, added to `out`.
pub(super) struct Products<'a, T> {
    /// The M planes of the first image, and from one to the next.
    pub a: *const T,
    pub a_plane: usize,
    /// From one image to the next.
    pub a_image: usize,
    /// Of the other planes, where each starts.
    pub b: *const T,
    pub offsets: &'a [usize; COMBINATIONS],
    pub b_image: usize,
    pub images: usize,
    pub places: usize,
    pub out: &'a mut [[T; COMBINATIONS]],
}

/// Planes that [`Products`] takes on its second side.
pub(super) const COMBINATIONS: usize = 6;

/// The loops for one instruction set.
pub(crate) struct Tiles<T: 'static> {
    /// `sums[n - 1]` computes n results.
    pub(super) sums: &'static [unsafe fn(&Sums<'_, T>)],
    /// `products[n - 1]` multiplies n planes.
    pub(super) products: &'static [unsafe fn(&mut Products<'_, T>)],
}

/// `M` results, in tiles of `V` registers each.
///
/// # Safety
/// The processor must have the instructions of `L`. All that `sums` describes must be readable, and `SLACK` numbers
/// behind it; `out` must be writable likewise, and no one else's.
#[inline(always)]
unsafe fn sums<L: Lanes, const M: usize, const V: usize>(sums: &Sums<'_, L::Number>) {
    let mut place = 0;
    // The last tile may reach over the end, but by less than one register.
    while place + (V - 1) * L::COUNT < sums.places {
        // SAFETY: the caller's.
        unsafe { tile::<L, M, V>(sums, place) };
        place += V * L::COUNT;
    }
    while place < sums.places {
        // SAFETY: the caller's.
        unsafe { tile::<L, M, 1>(sums, place) };
        place += L::COUNT;
    }
}

/// # Safety
/// As for [`sums`]; and `place` + V·COUNT - COUNT must be below `places`.
#[inline(always)]
unsafe fn tile<L: Lanes, const M: usize, const V: usize>(sums: &Sums<'_, L::Number>, place: usize) {
    // SAFETY: the offsets of all channels, M weights for each, and V registers from `place` on lie within what the
    // caller vouches for.
    unsafe {
        let mut total = [[L::splat(L::Number::ZERO); V]; M];
        let mut weights = sums.weights;
        let mut x = sums.x.add(place);
        for _ in 0..sums.channels {
            for &offset in sums.offsets {
                let window = x.add(offset);
                let mut values = [L::splat(L::Number::ZERO); V];
                for v in 0..V {
                    values[v] = L::load(window.add(v * L::COUNT));
                }
                for m in 0..M {
                    let weight = L::splat(*weights.add(m));
                    for v in 0..V {
                        total[m][v] = total[m][v].plus(weight, values[v]);
                    }
                }
                weights = weights.add(M);
            }
            x = x.wrapping_add(sums.channel);
        }
        for m in 0..M {
            for v in 0..V {
                total[m][v].store(sums.out.add(m * sums.line + place + v * L::COUNT));
            }
        }
    }
}

/// # Safety
/// The processor must have the instructions of `L`; M planes of `images`, COMBINATIONS others, and `SLACK` numbers
/// behind each must be readable; `a` must be 0 behind its last place.
#[inline(always)]
unsafe fn products<L: Lanes, const M: usize>(job: &mut Products<'_, L::Number>) {
    // SAFETY: the caller's.
    unsafe {
        let mut total = [[L::splat(L::Number::ZERO); COMBINATIONS]; M];
        for image in 0..job.images {
            let (mut a, mut b) = (job.a.add(image * job.a_image), job.b.add(image * job.b_image));
            let offsets = *job.offsets;
            for _ in 0..job.places.div_ceil(L::COUNT) {
                let mut lines = [L::splat(L::Number::ZERO); M];
                for m in 0..M {
                    lines[m] = L::load(a.add(m * job.a_plane));
                }
                for c in 0..COMBINATIONS {
                    let other = L::load(b.add(offsets[c]));
                    for m in 0..M {
                        total[m][c] = total[m][c].plus(lines[m], other);
                    }
                }
                a = a.wrapping_add(L::COUNT);
                b = b.wrapping_add(L::COUNT);
            }
        }
        // By numbers: an iterator over the registers would have them kept in memory all along.
        for m in 0..M {
            for c in 0..COMBINATIONS {
                job.out[m][c] += total[m][c].total();
            }
        }
    }
}

/// The loops compiled for an instruction set: for each number of results, of `registers` as many as there is room for.
macro_rules! tiles {
    ($name:ident, $lanes:ty, $number:ty, $(#[$target:meta])? sums: $(($m:literal, $v:literal))*, products: $($p:literal)*) => {
        {
            $(#[$target])?
            unsafe fn sums_of<const M: usize, const V: usize>(job: &Sums<'_, $number>) {
                // SAFETY: the caller's.
                unsafe { sums::<$lanes, M, V>(job) }
            }
            $(#[$target])?
            unsafe fn products_of<const M: usize>(job: &mut Products<'_, $number>) {
                // SAFETY: the caller's.
                unsafe { products::<$lanes, M>(job) }
            }
            static $name: Tiles<$number> = Tiles {
                sums: &[$(sums_of::<$m, $v>),*],
                products: &[$(products_of::<$p>),*],
            };
            &$name
        }
    };
}

/// The fastest loops that this processor has.
pub(crate) fn tiles_f32() -> &'static Tiles<f32> {
    #[cfg(target_arch = "x86_64")]
    {
        avx512().or_else(avx2).unwrap_or_else(sse2)
    }
    #[cfg(target_arch = "aarch64")]
    {
        neon()
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        portable()
    }
}

/// 32 registers: of 8 results 3 tiles, and the registers that feed them.
#[cfg(target_arch = "x86_64")]
fn avx512() -> Option<&'static Tiles<f32>> {
    let all = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq");
    all.then(|| {
        tiles!(AVX512, std::arch::x86_64::__m512, f32, #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
            sums: (1, 12) (2, 9) (3, 7) (4, 6) (5, 4) (6, 4) (7, 3) (8, 3), products: 1 2 3 4)
    })
}

/// 16 registers.
#[cfg(target_arch = "x86_64")]
fn avx2() -> Option<&'static Tiles<f32>> {
    let all = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    all.then(|| {
        tiles!(AVX2, std::arch::x86_64::__m256, f32, #[target_feature(enable = "avx2,fma")]
            sums: (1, 6) (2, 4) (3, 3) (4, 3) (5, 2) (6, 2), products: 1 2)
    })
}

#[cfg(target_arch = "x86_64")]
fn sse2() -> &'static Tiles<f32> {
    tiles!(SSE2, std::arch::x86_64::__m128, f32, sums: (1, 6) (2, 4) (3, 3) (4, 2), products: 1 2)
}

#[cfg(target_arch = "aarch64")]
fn neon() -> &'static Tiles<f32> {
    tiles!(NEON, std::arch::aarch64::float32x4_t, f32,
        sums: (1, 12) (2, 9) (3, 7) (4, 6) (5, 4) (6, 4) (7, 3) (8, 3), products: 1 2 3 4)
}

#[cfg(any(test, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
fn portable() -> &'static Tiles<f32> {
    tiles!(PORTABLE, Portable<f32>, f32, sums: (1, 2) (2, 2) (3, 1) (4, 1), products: 1 2)
}

pub(crate) fn tiles_f64() -> &'static Tiles<f64> {
    tiles!(PORTABLE, Portable<f64>, f64, sums: (1, 2) (2, 2) (3, 1) (4, 1), products: 1 2)
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    /// The loops of every instruction set that this processor has.
    fn all() -> Vec<&'static Tiles<f32>> {
        let mut all = vec![portable(), tiles_f32()];
        #[cfg(target_arch = "x86_64")]
        all.extend(avx512().into_iter().chain(avx2()).chain([sse2()]));
        all
    }

    fn noise(len: usize, place: &str) -> Vec<f32> {
        let mut random = crate::random(1, place);
        (0..len).map(|_| random.random_range(-1.0..1.0)).collect()
    }

    /// Against plain loops over slices, whose bounds are checked.
    #[test]
    fn sums_are_those_of_plain_loops() {
        let (channels, channel, offsets) = (3, 400, [0, 1, 2, 30, 31, 32]);
        let x = noise(channels * channel + SLACK, "x");
        for tiles in all() {
            for (results, places) in
                (1..=tiles.sums.len()).flat_map(|m| [1, 15, 48, 61, 203, 360].map(|p| (m, p)))
            {
                let weights = noise(channels * offsets.len() * results, "weights");
                let line = places + SLACK;
                let mut out = vec![0.0; results * line];
                let job = Sums {
                    weights: weights.as_ptr(),
                    x: x.as_ptr(),
                    channels,
                    channel,
                    offsets: &offsets,
                    places,
                    out: out.as_mut_ptr(),
                    line,
                };
                unsafe { tiles.sums[results - 1](&job) };
                for (result, place) in (0..results).flat_map(|m| (0..places).map(move |p| (m, p))) {
                    let mut expected = 0.0;
                    for (i, (c, offset)) in (0..channels).flat_map(|c| offsets.map(|o| (c, o))).enumerate() {
                        expected += weights[i * results + result] * x[c * channel + place + offset];
                    }
                    let got = out[result * line + place];
                    assert!(
                        (got - expected).abs() < 1e-5,
                        "{results} results, {places} places: {got}, not {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn products_are_those_of_plain_loops() {
        let (images, a_plane, b_image, offsets) = (2, 208, 600, [0, 1, 17, 30, 200, 391]);
        let b = noise(images * b_image + SLACK, "b");
        for tiles in all() {
            for (count, places) in
                (1..=tiles.products.len()).flat_map(|m| [1, 15, 16, 61, 200].map(|p| (m, p)))
            {
                let a_image = count * a_plane;
                let mut a = noise(images * a_image + SLACK, "a");
                a.chunks_mut(a_plane)
                    .for_each(|plane| plane.iter_mut().skip(places).for_each(|v| *v = 0.0));
                let mut out = vec![[0.5; COMBINATIONS]; count];
                let mut job = Products {
                    a: a.as_ptr(),
                    a_plane,
                    a_image,
                    b: b.as_ptr(),
                    offsets: &offsets,
                    b_image,
                    images,
                    places,
                    out: &mut out,
                };
                unsafe { tiles.products[count - 1](&mut job) };
                for (m, c) in (0..count).flat_map(|m| (0..COMBINATIONS).map(move |c| (m, c))) {
                    let mut expected = 0.5;
                    for (image, place) in (0..images).flat_map(|i| (0..places).map(move |p| (i, p))) {
                        expected += a[image * a_image + m * a_plane + place]
                            * b[image * b_image + offsets[c] + place];
                    }
                    let got = out[m][c];
                    assert!(
                        (got - expected).abs() < 1e-4,
                        "{count} planes, {places} places: {got}, not {expected}"
                    );
                }
            }
        }
    }
}
