//! What the CPU kernels share: reading tensors as slices, matrix products on all cores, and the switch between
//! a kernel and the composition of candle's own operations that stands for it elsewhere.

use std::cell::Cell;

use candle_core::{CpuStorage, DType, Layout, Result, Storage, Tensor, WithDType, bail};

use crate::threads::for_each;

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

// SAFETY: a matrix is only read, through the safety conditions of `multiply`.
unsafe impl<T: Sync> Sync for Matrix<T> {}
unsafe impl<T: Sync> Send for Matrix<T> {}

impl<T> Matrix<T> {
    /// A view of `values`, whose rows have `width` elements.
    pub fn rows(values: &[T], width: usize) -> Self {
        Self {
            start: values.as_ptr(),
            row: width,
            column: 1,
        }
    }

    /// The part that begins at (`row`, `column`).
    ///
    /// # Safety
    /// The element must lie in the matrix.
    pub unsafe fn from(self, row: usize, column: usize) -> Self {
        let start = unsafe { self.start.add(row * self.row + column * self.column) };
        Self { start, ..self }
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

    pub fn from(start: *mut T) -> Self {
        Self(start)
    }

    /// # Safety
    /// As for [`std::slice::from_raw_parts_mut`], except that what is written first need not be initialised; and no
    /// two tasks may have overlapping slices at a time.
    pub unsafe fn slice<'a>(self, offset: usize, len: usize) -> &'a mut [T] {
        unsafe { std::slice::from_raw_parts_mut(self.0.add(offset), len) }
    }

    /// # Safety
    /// As for [`pointer::add`]; and no two tasks may write the same element.
    pub unsafe fn add(self, offset: usize) -> *mut T {
        unsafe { self.0.add(offset) }
    }
}

/// On all cores: `a·b`, plus `bias` in each row, as a row-major matrix of m×n elements.
pub(crate) fn product<T: Real>(
    (m, k, n): (usize, usize, usize),
    a: Matrix<T>,
    b: Matrix<T>,
    bias: Option<&[T]>,
) -> Vec<T> {
    let mut values: Vec<T> = Vec::with_capacity(m * n);
    let c = Shared(values.as_mut_ptr());
    let (tile_m, tile_n) = tile((m, k, n));
    let across = n.div_ceil(tile_n);
    let compute = |index: usize| {
        let (i, j) = (index / across * tile_m, index % across * tile_n);
        let (rows, columns) = (tile_m.min(m - i), tile_n.min(n - j));
        // SAFETY: i < m and j < n, so both starts lie in their matrices; tiles of `c` are disjoint, within its
        // capacity, and written before they are read: by the bias, or by the product that does not accumulate.
        unsafe {
            let (a, b) = (a.from(i, 0), b.from(0, j));
            let target = c.add(i * n + j);
            if let Some(bias) = bias {
                let bias = bias[j..j + columns].as_ptr();
                (0..rows).for_each(|row| target.add(row * n).copy_from_nonoverlapping(bias, columns));
            }
            multiply((rows, k, columns), a, b, target, n, bias.is_some());
        }
    };
    for_each(m.div_ceil(tile_m) * across, compute);
    // SAFETY: every element of every tile has been written.
    unsafe { values.set_len(m * n) };
    values
}

/// The rows and columns of a product that one task computes: by the sizes alone, not by the number of cores.
fn tile((m, k, n): (usize, usize, usize)) -> (usize, usize) {
    // Below about a tenth of a millisecond of work, handing out tasks costs more than it brings.
    if m * k * n < 1 << 20 {
        return (m.max(1), n.max(1));
    }
    let (mut rows, mut columns) = (128, 512);
    while m.div_ceil(rows) * n.div_ceil(columns) < 8 && (rows > 32 || columns > 64) {
        match rows > 32 && (columns <= 64 || m.div_ceil(rows) * columns < n.div_ceil(columns) * rows) {
            true => rows /= 2,
            false => columns /= 2,
        }
    }
    (rows, columns)
}
