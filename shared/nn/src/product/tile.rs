//! The innermost loop of matrix products: a tile of results that stays in registers while its sums run.

use crate::float::Float;
use crate::lanes::{Lanes, Portable};

/// A tile of `from + a·b`.
pub(super) struct Tile<T> {
    pub k: usize,
    pub a: *const T,
    pub a_row: usize,
    pub a_column: usize,
    /// Its rows are consecutive.
    pub b: *const T,
    pub b_row: usize,
    /// What the sums start from; null for zeros.
    pub from: *const T,
    pub from_row: usize,
    pub c: *mut T,
    pub c_row: usize,
}

/// Computes a tile of some size.
pub(super) type Kernel<T> = unsafe fn(&Tile<T>);

/// The loops for one instruction set.
pub(crate) struct Tiles<T: 'static> {
    /// The numbers in a register.
    pub(super) lanes: usize,
    /// `tiles[registers - 1][rows - 1]` computes a tile of as many rows, as wide as so many registers.
    pub(super) tiles: &'static [&'static [Kernel<T>]],
}

impl<T> Tiles<T> {
    /// The most rows of a tile.
    pub(super) fn rows(&self) -> usize {
        self.tiles[0].len()
    }

    /// The most columns of a tile.
    pub(super) fn columns(&self) -> usize {
        self.tiles.len() * self.lanes
    }
}

/// # Safety
/// The processor must have the instructions of `L`; M rows of `a`, k rows of `b` and M rows of `from` (unless it is
/// null), each of V registers, must be readable, and as many of `c` writable.
#[inline(always)]
unsafe fn tile<L: Lanes, const V: usize, const M: usize>(tile: &Tile<L::Number>) {
    // SAFETY: the caller's.
    unsafe {
        let mut total = [[L::splat(L::Number::ZERO); V]; M];
        if !tile.from.is_null() {
            for (m, total) in total.iter_mut().enumerate() {
                for (v, total) in total.iter_mut().enumerate() {
                    *total = L::load(tile.from.add(m * tile.from_row + v * L::COUNT));
                }
            }
        }
        let (mut a, mut b) = (tile.a, tile.b);
        for _ in 0..tile.k {
            let mut values = [L::splat(L::Number::ZERO); V];
            for (v, value) in values.iter_mut().enumerate() {
                *value = L::load(b.add(v * L::COUNT));
            }
            for (m, total) in total.iter_mut().enumerate() {
                let factor = L::splat(*a.add(m * tile.a_row));
                for (total, &value) in total.iter_mut().zip(&values) {
                    *total = total.plus(factor, value);
                }
            }
            a = a.wrapping_add(tile.a_column);
            b = b.wrapping_add(tile.b_row);
        }
        for (m, total) in total.iter().enumerate() {
            for (v, total) in total.iter().enumerate() {
                total.store(tile.c.add(m * tile.c_row + v * L::COUNT));
            }
        }
    }
}

/// The loops compiled for an instruction set.
macro_rules! tiles {
    (@ $of:ident $v:literal [$($m:literal)*]) => { &[$($of::<$v, $m>),*] };
    ($lanes:ty, $number:ty, $(#[$target:meta])? registers: $($v:literal)*, rows: $rows:tt) => {{
        $(#[$target])?
        unsafe fn of<const V: usize, const M: usize>(job: &Tile<$number>) {
            // SAFETY: the caller's.
            unsafe { tile::<$lanes, V, M>(job) }
        }
        static TILES: Tiles<$number> = Tiles {
            lanes: <$lanes as Lanes>::COUNT,
            tiles: &[$(tiles!(@ of $v $rows)),*],
        };
        &TILES
    }};
}

/// The fastest loops that this processor has.
pub(crate) fn product_tiles_f32() -> &'static Tiles<f32> {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{__m128, __m256, __m512};
        if is_x86_feature_detected!("avx512f") {
            return tiles!(__m512, f32, #[target_feature(enable = "avx512f")]
                registers: 1 2 3, rows: [1 2 3 4 5 6 7 8]);
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return tiles!(__m256, f32, #[target_feature(enable = "avx2,fma")]
                registers: 1 2 3, rows: [1 2 3 4]);
        }
        return tiles!(__m128, f32, registers: 1 2 3, rows: [1 2 3 4]);
    }
    #[cfg(target_arch = "aarch64")]
    {
        use std::arch::aarch64::float32x4_t;
        return tiles!(float32x4_t, f32, registers: 1 2 3, rows: [1 2 3 4 5 6 7 8]);
    }
    #[allow(unreachable_code, reason = "for other processors")]
    portable_f32()
}

#[allow(dead_code, reason = "for other processors, and the twin in tests")]
pub(super) fn portable_f32() -> &'static Tiles<f32> {
    tiles!(Portable<f32>, f32, registers: 1 2, rows: [1 2 3 4])
}

pub(crate) fn product_tiles_f64() -> &'static Tiles<f64> {
    tiles!(Portable<f64>, f64, registers: 1 2, rows: [1 2 3 4])
}
