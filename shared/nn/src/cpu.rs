//! What the CPU kernels share: reading tensors as slices, matrix products on all cores, and the switch between
//! a kernel and the composition of candle's own operations that stands for it elsewhere.

use std::cell::Cell;

use candle_core::{CpuStorage, DType, Layout, Result, Storage, Tensor, WithDType, bail};
use rayon::prelude::*;

thread_local! {
    static COMPOSED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f` with candle's own operations, as used on the GPU, in place of the CPU kernels.
///
/// This is how the gradients of the GPU path are proved on a machine without a GPU; it has no other use. It
/// holds for the current thread, and for the backward pass of what `f` computed.
pub fn composed<T>(f: impl FnOnce() -> T) -> T {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            COMPOSED.set(self.0);
        }
    }
    // On drop, so that a panic in `f` that someone catches does not leave the thread without kernels.
    let _restore = Restore(COMPOSED.replace(true));
    f()
}

/// The element types that the CPU kernels are written for: `f32` to train with, `f64` to prove gradients with.
pub(crate) trait Real: WithDType + std::iter::Sum {
    fn is_nan(self) -> bool;
}

impl Real for f32 {
    #[inline(always)]
    fn is_nan(self) -> bool {
        f32::is_nan(self)
    }
}

impl Real for f64 {
    #[inline(always)]
    fn is_nan(self) -> bool {
        f64::is_nan(self)
    }
}

/// Whether a CPU kernel computes on `x`, and not a composition of candle's operations.
pub(crate) fn has_kernel(x: &Tensor) -> bool {
    x.device().is_cpu() && matches!(x.dtype(), DType::F32 | DType::F64) && !COMPOSED.get()
}

/// `x`, in f32 if it is of half precision: squares of 256 overflow in f16, and bf16 sums lose all but 8 bits.
pub(crate) fn widen(x: &Tensor) -> Result<Tensor> {
    match x.dtype() {
        DType::F16 | DType::BF16 => x.to_dtype(DType::F32),
        _ => Ok(x.clone()),
    }
}

/// Evaluates `$body` with `$T` standing for the Rust type of `$dtype`, which is `f32` or `f64`.
macro_rules! by_dtype {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            candle_core::DType::F32 => {
                type $T = f32;
                $body
            }
            candle_core::DType::F64 => {
                type $T = f64;
                $body
            }
            other => candle_core::bail!("the CPU kernels compute in f32 and f64, not in {other:?}"),
        }
    };
}
pub(crate) use by_dtype;

/// The elements of a contiguous storage, in order.
pub(crate) fn slice<'a, T: Real>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [T]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&T::cpu_storage_as_slice(storage)?[start..end]),
        None => bail!("a CPU kernel was given a tensor that is not contiguous"),
    }
}

/// Calls `f` with the elements of `tensors`, each copied first where it is not contiguous.
pub(crate) fn read<T: Real, R, const N: usize>(
    tensors: [&Tensor; N],
    f: impl FnOnce([&[T]; N]) -> R,
) -> Result<R> {
    let tensors = tensors
        .iter()
        .map(|t| t.contiguous())
        .collect::<Result<Vec<_>>>()?;
    let locks: Vec<_> = tensors.iter().map(|t| t.storage_and_layout()).collect();
    let slices = locks
        .iter()
        .map(|(storage, layout)| match &**storage {
            Storage::Cpu(storage) => slice(storage, layout),
            _ => bail!("a CPU kernel was given a tensor that lives on a GPU"),
        })
        .collect::<Result<Vec<&[T]>>>()?;
    Ok(f(std::array::from_fn(|i| slices[i])))
}

/// A matrix in memory: where it starts, and how far apart its rows and columns are, in elements.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<T> {
    pub start: *const T,
    pub row: usize,
    pub column: usize,
}

impl<T> Matrix<T> {
    /// A view of `values`, whose rows have `width` elements.
    pub fn rows(values: &[T], width: usize) -> Self {
        Self {
            start: values.as_ptr(),
            row: width,
            column: 1,
        }
    }

    /// The same memory with rows and columns exchanged.
    pub fn transposed(self) -> Self {
        Self {
            row: self.column,
            column: self.row,
            ..self
        }
    }
}

/// On one thread: `c = a·b`, or `c += a·b` where `accumulate`; `a` is m×k, `b` is k×n, and row `i` of `c`
/// starts `i * c_row` elements behind `c`.
///
/// # Safety
/// The three matrices must lie within allocations that live through the call, and no other thread may
/// touch the elements of `c`.
pub(crate) unsafe fn multiply<T: Real>(
    (m, k, n): (usize, usize, usize),
    a: Matrix<T>,
    b: Matrix<T>,
    c: *mut T,
    c_row: usize,
    accumulate: bool,
) {
    // One thread per call: the caller splits the work the same way on every machine, so that the order of
    // each sum, and with it every bit, is independent of the number of cores.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c,
            1,
            c_row as isize,
            accumulate,
            a.start,
            a.column as isize,
            a.row as isize,
            b.start,
            b.column as isize,
            b.row as isize,
            T::one(),
            T::one(),
            false,
            false,
            false,
            gemm::Parallelism::None,
        )
    }
}

/// A pointer that tasks may share because each writes its own elements behind it.
#[derive(Clone, Copy)]
pub(crate) struct Shared<T>(*mut T);
// SAFETY: the users of `Shared` hand disjoint elements to their tasks.
unsafe impl<T: Send> Send for Shared<T> {}
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    pub fn new(values: &mut [T]) -> Self {
        Self(values.as_mut_ptr())
    }

    /// # Safety
    /// As for [`pointer::add`]; and no two tasks may write the same element.
    pub unsafe fn add(self, offset: usize) -> *mut T {
        unsafe { self.0.add(offset) }
    }
}

/// On all cores: `c = a·b`, or `c += a·b` where `accumulate`, for row-major `c` of m×n elements.
pub(crate) fn matmul<T: Real>(
    (m, k, n): (usize, usize, usize),
    a: Matrix<T>,
    b: Matrix<T>,
    c: &mut [T],
    accumulate: bool,
) {
    assert_eq!(c.len(), m * n);
    // Below about a tenth of a millisecond of work, handing out tasks costs more than it brings.
    let (tile_m, tile_n) = match m * k * n < 1 << 20 {
        true => (m, n),
        false => (128, 512),
    };
    if m == 0 || n == 0 {
        return;
    }
    let (a_start, b_start, c) = (a.start as usize, b.start as usize, Shared::new(c));
    let across = n.div_ceil(tile_n);
    let tile = |index: usize| {
        let (i, j) = (index / across * tile_m, index % across * tile_n);
        let size = (tile_m.min(m - i), k, tile_n.min(n - j));
        // SAFETY: i < m and j < n, so both starts lie in their matrices; tiles of `c` are disjoint.
        unsafe {
            let a = Matrix {
                start: (a_start as *const T).add(i * a.row),
                row: a.row,
                column: a.column,
            };
            let b = Matrix {
                start: (b_start as *const T).add(j * b.column),
                row: b.row,
                column: b.column,
            };
            multiply(size, a, b, c.add(i * n + j), n, accumulate);
        }
    };
    match m.div_ceil(tile_m) * across {
        1 => tile(0),
        tiles => (0..tiles).into_par_iter().for_each(tile),
    }
}
