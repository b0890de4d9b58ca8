//! The products of a recurrence: at every step a few rows with the same matrix.
//!
//! A general product first copies its matrix into an order that suits its innermost loop. For the few rows of a step
//! that takes as long as the product, so here the matrix is copied once for all steps.

#![allow(
    clippy::needless_range_loop,
    reason = "rows and registers of a tile, by number on both sides"
)]

use crate::float::Float;
use crate::lanes::{Lanes, Portable};

/// Registers side by side in a tile of results: with 8 rows of 3 most of AVX-512's 32 hold sums.
const REGISTERS: usize = 3;

/// A matrix, cut into panels of some columns. Each is stored row after row, and so in the order in which it is read.
pub(super) struct Panels<T: 'static> {
    values: Vec<T>,
    depth: usize,
    width: usize,
    kernel: Kernel<T>,
}

impl<T: Number> Panels<T> {
    /// The matrix of `depth` rows and `columns` columns whose elements are `value(row, column)`.
    pub fn new(depth: usize, columns: usize, value: impl Fn(usize, usize) -> T) -> Self {
        Self::with(T::kernel(), depth, columns, value)
    }

    fn with(kernel: Kernel<T>, depth: usize, columns: usize, value: impl Fn(usize, usize) -> T) -> Self {
        let width = columns.next_multiple_of(kernel.lanes);
        let mut values = Vec::with_capacity(depth * width);
        for start in (0..width).step_by(REGISTERS * kernel.lanes) {
            let end = width.min(start + REGISTERS * kernel.lanes);
            for row in 0..depth {
                values.extend((start..end.min(columns)).map(|column| value(row, column)));
                values.extend((columns.max(start)..end).map(|_| T::ZERO));
            }
        }
        Self {
            values,
            depth,
            width,
            kernel,
        }
    }

    /// The columns, filled up to whole registers: from one row to the next of a result.
    pub fn width(&self) -> usize {
        self.width
    }

    /// `start`, or else what is there, plus the product of `rows` rows of `a`, which are `apart` elements apart, with
    /// the rows of this matrix from `from` to `to`.
    pub fn multiply(
        &self,
        (rows, from, to): (usize, usize, usize),
        (a, apart): (&[T], usize),
        start: Option<&[T]>,
        result: &mut [T],
    ) {
        assert!(rows > 0 && from <= to && to <= self.depth);
        assert!(a.len() >= (rows - 1) * apart + to - from && result.len() == rows * self.width);
        assert!(start.is_none_or(|start| start.len() == self.width));
        let product = Product {
            rows,
            a: a.as_ptr(),
            apart,
            panels: self.values.as_ptr(),
            depth: self.depth,
            from,
            count: to - from,
            start: start.map_or(result.as_ptr(), |start| start.as_ptr()),
            start_row: if start.is_none() { self.width } else { 0 },
            result: result.as_mut_ptr(),
            width: self.width,
        };
        // SAFETY: the kernel is for this processor, and the assertions are what it asks for.
        unsafe { (self.kernel.multiply)(&product) }
    }
}

/// What [`Panels::multiply`] computes. The result may be where it starts from.
struct Product<T> {
    rows: usize,
    a: *const T,
    apart: usize,
    panels: *const T,
    depth: usize,
    from: usize,
    count: usize,
    start: *const T,
    start_row: usize,
    result: *mut T,
    width: usize,
}

/// The loops for one instruction set.
#[derive(Clone, Copy)]
pub(super) struct Kernel<T: 'static> {
    /// Numbers in a register.
    lanes: usize,
    multiply: unsafe fn(&Product<T>),
}

/// The numbers that a recurrence computes with.
pub(super) trait Number: Float {
    /// The fastest loops that this processor has.
    fn kernel() -> Kernel<Self>;
}

/// The loops of a register type, with tiles of 8 rows where there are 32 of them, else of 4.
macro_rules! kernel {
    ($lanes:ty, $number:ty, $tall:literal $(, #[$target:meta])?) => {{
        $(#[$target])?
        unsafe fn multiply_all(product: &Product<$number>) {
            // SAFETY: the caller's.
            unsafe { multiply::<$lanes, $tall>(product) }
        }
        Kernel { lanes: <$lanes as Lanes>::COUNT, multiply: multiply_all }
    }};
}

impl Number for f32 {
    fn kernel() -> Kernel<f32> {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::x86_64::{__m128, __m256, __m512};
            if is_x86_feature_detected!("avx512f") {
                return kernel!(__m512, f32, true, #[target_feature(enable = "avx512f")]);
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return kernel!(__m256, f32, false, #[target_feature(enable = "avx2,fma")]);
            }
            return kernel!(__m128, f32, false);
        }
        #[cfg(target_arch = "aarch64")]
        {
            return kernel!(std::arch::aarch64::float32x4_t, f32, true);
        }
        #[allow(unreachable_code, reason = "for other processors")]
        portable_f32()
    }
}

#[allow(dead_code, reason = "for other processors, and the twin in tests")]
fn portable_f32() -> Kernel<f32> {
    kernel!(Portable<f32>, f32, false)
}

impl Number for f64 {
    fn kernel() -> Kernel<f64> {
        kernel!(Portable<f64>, f64, false)
    }
}

/// # Safety
/// The processor must have the instructions of `L`. All that `product` describes must be readable; its result must be
/// writable, and no one else's.
#[inline(always)]
unsafe fn multiply<L: Lanes, const TALL: bool>(product: &Product<L::Number>) {
    let mut column = 0;
    while column < product.width {
        let registers = REGISTERS.min((product.width - column) / L::COUNT);
        // SAFETY: the caller's; so many registers are left.
        unsafe {
            match registers {
                3 => panel::<L, 3, TALL>(product, column),
                2 => panel::<L, 2, TALL>(product, column),
                _ => panel::<L, 1, TALL>(product, column),
            }
        }
        column += registers * L::COUNT;
    }
}

/// All rows of the panel that begins at `column` and is `V` registers wide.
///
/// # Safety
/// As for [`multiply`]; and there must be such a panel.
#[inline(always)]
unsafe fn panel<L: Lanes, const V: usize, const TALL: bool>(product: &Product<L::Number>, column: usize) {
    let mut row = 0;
    // SAFETY: the caller's; so many rows are left.
    unsafe {
        while TALL && row + 8 <= product.rows {
            tile::<L, 8, V>(product, row, column);
            row += 8;
        }
        while row + 4 <= product.rows {
            tile::<L, 4, V>(product, row, column);
            row += 4;
        }
        while row < product.rows {
            tile::<L, 1, V>(product, row, column);
            row += 1;
        }
    }
}

/// `M` rows of a panel.
///
/// # Safety
/// As for [`panel`]; and there must be `M` rows from `row` on.
#[inline(always)]
unsafe fn tile<L: Lanes, const M: usize, const V: usize>(p: &Product<L::Number>, row: usize, column: usize) {
    // SAFETY: the caller's; a panel has V·COUNT columns, and those before it hold column·depth elements.
    unsafe {
        let start = p.start.add(row * p.start_row + column);
        let mut total = [[L::splat(L::Number::ZERO); V]; M];
        for m in 0..M {
            for v in 0..V {
                total[m][v] = L::load(start.add(m * p.start_row + v * L::COUNT));
            }
        }
        let a = p.a.add(row * p.apart);
        let mut panel = p.panels.add(column * p.depth + p.from * V * L::COUNT);
        for k in 0..p.count {
            let mut values = [L::splat(L::Number::ZERO); V];
            for v in 0..V {
                values[v] = L::load(panel.add(v * L::COUNT));
            }
            for m in 0..M {
                let factor = L::splat(*a.add(m * p.apart + k));
                for v in 0..V {
                    total[m][v] = total[m][v].plus(factor, values[v]);
                }
            }
            panel = panel.add(V * L::COUNT);
        }
        let result = p.result.add(row * p.width + column);
        for m in 0..M {
            for v in 0..V {
                total[m][v].store(result.add(m * p.width + v * L::COUNT));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows and columns that leave every kind of rest, for each kernel that this processor has.
    #[test]
    fn products_are_those_of_the_definition() {
        let mut kernels = vec![f32::kernel(), portable_f32()];
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::x86_64::{__m128, __m256};
            kernels.push(kernel!(__m128, f32, false));
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                kernels.push(kernel!(__m256, f32, false, #[target_feature(enable = "avx2,fma")]));
            }
        }
        for kernel in kernels {
            for (rows, depth, columns) in [(1, 1, 1), (13, 7, 5), (9, 12, 49), (8, 3, 97), (16, 5, 80)] {
                check(kernel, rows, depth, columns);
            }
        }
    }

    /// Small integers, whose sums are exact in any order.
    fn check(kernel: Kernel<f32>, rows: usize, depth: usize, columns: usize) {
        let element = |row: usize, column: usize| ((3 * row + 5 * column) % 7) as f32 - 3.0;
        let matrix = Panels::with(kernel, depth, columns, element);
        let width = matrix.width();
        let apart = depth + 2;
        let a: Vec<f32> = (0..rows * apart).map(|i| (i % 5) as f32 - 2.0).collect();
        let start: Vec<f32> = (0..width).map(|column| column as f32).collect();
        let mut result = vec![f32::NAN; rows * width];
        let middle = depth / 2;
        matrix.multiply((rows, 0, middle), (&a, apart), Some(&start), &mut result);
        matrix.multiply((rows, middle, depth), (&a[middle..], apart), None, &mut result);
        for row in 0..rows {
            for column in 0..columns {
                let sum: f32 = (0..depth).map(|k| a[row * apart + k] * element(k, column)).sum();
                assert_eq!(result[row * width + column], start[column] + sum);
            }
        }
    }
}
