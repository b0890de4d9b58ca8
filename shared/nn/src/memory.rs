//! The memory of tensors, kept from step to step.
//!
//! A training step frees every activation and gradient, and the next step asks for the same sizes again. The system's
//! allocator gives blocks so large back to the operating system, which fills new ones with zeros, page by page: a
//! quarter of the time of a ResNet-18's step. A program that trains takes [`Pool`] for its allocator instead.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An allocator that keeps large blocks when they are freed, and hands them out again.
///
/// It never holds more than one and a half times what the program itself had in use at its highest point (what is
/// freed beyond that goes back to the system), so a program's memory does not grow by it from step to step.
///
/// A program has one allocator, so it is the program that names it, in its `main.rs`:
///
/// ```
/// #[global_allocator]
/// static MEMORY: nn::Pool = nn::Pool::new();
/// # fn main() {
/// let numbers = vec![1f32; 1 << 20];
/// assert_eq!(numbers.len(), 1 << 20);
/// # }
/// ```
pub struct Pool(Mutex<Shelves>);

/// Smaller blocks are the system's: it keeps those itself.
const SMALLEST: usize = 1 << SMALLEST_BITS;
const SMALLEST_BITS: u32 = 16;
/// Two cache lines, as the matrix products ask for. Loads that cross a line take twice as long.
const ALIGNMENT: usize = 128;
/// From this size on blocks begin at a large page of the system's, and ask for large pages: 40 MB in pages of 4 kB take
/// as long to get as a softmax over them.
const LARGE: usize = 4 << 20;
const LARGE_PAGE: usize = 2 << 20;
/// Sizes between one power of two and the next. Each block is rounded up to one of them.
const STEPS: usize = 8;
const SIZES: usize = (usize::BITS - SMALLEST_BITS) as usize * STEPS;

struct Shelves {
    /// Of each size the first free block.
    free: [Option<Block>; SIZES],
    /// Bytes on the shelves, and bytes that the program has in use: now, and at most.
    kept: usize,
    used: usize,
    most: usize,
}

/// A free block. Its first bytes hold the next free block of the same size.
#[derive(Clone, Copy)]
struct Block(NonNull<Option<Block>>);

// SAFETY: a free block belongs to the shelves alone, which a mutex guards.
unsafe impl Send for Block {}

impl Pool {
    /// An allocator that holds nothing yet.
    pub const fn new() -> Self {
        Self(Mutex::new(Shelves {
            free: [None; SIZES],
            kept: 0,
            used: 0,
            most: 0,
        }))
    }

    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Pool {
    fn default() -> Self {
        Self::new()
    }
}

/// Has the C library give each block that goes back to it to the operating system. On its own account GNU's keeps blocks
/// that the pool frees beyond its bound, and a program holds twice what it uses.
fn return_what_is_freed() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use std::sync::atomic::{AtomicBool, Ordering};
        static DONE: AtomicBool = AtomicBool::new(false);
        if !DONE.swap(true, Ordering::Relaxed) {
            // SAFETY: it sets a number, under the C library's own lock.
            unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, SMALLEST as i32) };
        }
    }
}

/// Has Linux back a new large block with large pages, where it can.
fn ask_for_large_pages(start: *mut u8, size: usize) {
    #[cfg(target_os = "linux")]
    if size >= LARGE && !start.is_null() {
        // SAFETY: the block begins at a page, and how it is backed changes nothing that a program can see.
        unsafe { libc::madvise(start.cast(), size / LARGE_PAGE * LARGE_PAGE, libc::MADV_HUGEPAGE) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (start, size);
}

/// Which size a block for `layout` has, by number; none for what the system shall manage.
fn number(layout: Layout) -> Option<usize> {
    if layout.size() < SMALLEST || layout.align() > ALIGNMENT || layout.size() > isize::MAX as usize / 4 {
        return None;
    }
    // The leading bit says between which powers of two, the next three which eighth of the way, rounded up.
    let below = layout.size() - 1;
    let bits = usize::BITS - 1 - below.leading_zeros();
    let step = (below >> (bits - STEPS.trailing_zeros())) - STEPS + 1;
    Some((bits as usize + 1 - SMALLEST_BITS as usize) * STEPS + step - STEPS)
}

/// The block of size `number`.
fn layout_of(number: usize) -> Layout {
    let (power, step) = (number / STEPS, number % STEPS);
    let size = (SMALLEST + step * (SMALLEST / STEPS)) << power;
    let alignment = if size >= LARGE { LARGE_PAGE } else { ALIGNMENT };
    // SAFETY: `number` gave the number for a size that is no more than isize::MAX / 4, of which this is at most twice
    // as much; the alignment is a power of two.
    unsafe { Layout::from_size_align_unchecked(size, alignment) }
}

impl Shelves {
    /// A free block of this size, if there is one. Either way the program has so much more in use.
    fn take(&mut self, number: usize) -> Option<Block> {
        let size = layout_of(number).size();
        self.used += size;
        self.most = self.most.max(self.used);
        let block = self.free[number]?;
        // SAFETY: a free block holds the next.
        self.free[number] = unsafe { block.0.read() };
        self.kept -= size;
        Some(block)
    }

    /// Puts a block that the program gave back on its shelf.
    ///
    /// # Safety
    /// It must be of this size, and in use by no one.
    unsafe fn put(&mut self, number: usize, block: Block) {
        let size = layout_of(number).size();
        self.used = self.used.saturating_sub(size);
        self.kept += size;
        // SAFETY: the block is as large as a pointer, and the caller gave it away.
        unsafe { block.0.write(self.free[number]) };
        self.free[number] = Some(block);
    }

    /// What to give back to the system, so that no more is held than one and a half times what the program has used
    /// at most: the largest first.
    fn excess(&mut self) -> Option<(usize, Block)> {
        if self.used + self.kept <= self.most + self.most / 2 {
            return None;
        }
        let number = self.free.iter().rposition(Option::is_some)?;
        let block = self.free[number]?;
        // SAFETY: as in `take`.
        self.free[number] = unsafe { block.0.read() };
        self.kept -= layout_of(number).size();
        Some((number, block))
    }

    fn trim(&mut self) {
        while let Some((number, block)) = self.excess() {
            // SAFETY: every block on a shelf came from the system with this layout.
            unsafe { System.dealloc(block.0.as_ptr().cast(), layout_of(number)) };
        }
    }
}

// SAFETY: blocks of `layout_of(number(layout))` are as large and as aligned as `layout` asks for, and are handed out to
// one user at a time: `take` removes them from their shelf. Whether a block is the system's depends on its layout
// alone, so it goes back where it came from.
unsafe impl GlobalAlloc for Pool {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(number) = number(layout) else {
            // SAFETY: the caller's.
            return unsafe { System.alloc(layout) };
        };
        let mut shelves = self.shelves();
        if let Some(block) = shelves.take(number) {
            return block.0.as_ptr().cast();
        }
        shelves.trim();
        drop(shelves);
        return_what_is_freed();
        // SAFETY: no layout of a number is empty.
        let start = unsafe { System.alloc(layout_of(number)) };
        ask_for_large_pages(start, layout_of(number).size());
        start
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let Some(number) = number(layout) else {
            // SAFETY: the caller's.
            return unsafe { System.alloc_zeroed(layout) };
        };
        let mut shelves = self.shelves();
        if let Some(block) = shelves.take(number) {
            drop(shelves);
            let start: *mut u8 = block.0.as_ptr().cast();
            // SAFETY: the block has at least the layout's size.
            unsafe { start.write_bytes(0, layout.size()) };
            return start;
        }
        shelves.trim();
        drop(shelves);
        return_what_is_freed();
        // SAFETY: as in `alloc`.
        let start = unsafe { System.alloc_zeroed(layout_of(number)) };
        ask_for_large_pages(start, layout_of(number).size());
        start
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        match (number(layout), NonNull::new(start)) {
            (Some(number), Some(start)) => {
                let mut shelves = self.shelves();
                // SAFETY: the caller gives away a block that `alloc` made for this layout.
                unsafe { shelves.put(number, Block(start.cast())) };
                shelves.trim();
            }
            // SAFETY: the caller's.
            _ => unsafe { System.dealloc(start, layout) },
        }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller vouches for the size.
        let new = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        match (number(layout), number(new)) {
            // SAFETY: the caller's.
            (None, None) => unsafe { System.realloc(start, layout, new_size) },
            (Some(old), Some(new)) if old == new => start,
            // SAFETY: both blocks are as large as what is copied, and different.
            _ => unsafe {
                let to = self.alloc(new);
                if !to.is_null() {
                    to.copy_from_nonoverlapping(start, layout.size().min(new_size));
                    self.dealloc(start, layout);
                }
                to
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, 8).unwrap()
    }

    #[test]
    fn blocks_are_large_enough_and_never_much_larger() {
        for size in (SMALLEST..4 * SMALLEST).chain([1 << 30, (1 << 30) + 1, 3 << 33]) {
            let block = layout_of(number(layout(size)).unwrap()).size();
            assert!(
                block >= size && block <= size + size / STEPS,
                "{size} became {block}"
            );
        }
        assert_eq!(number(layout(SMALLEST - 1)), None);
        assert_eq!(number(Layout::from_size_align(1 << 20, 4096).unwrap()), None);
    }

    #[test]
    fn a_freed_block_is_handed_out_again() {
        let pool = Pool::new();
        unsafe {
            let (a, b) = (pool.alloc(layout(100_000)), pool.alloc(layout(100_000)));
            assert!(a != b && (a as usize).is_multiple_of(ALIGNMENT));
            a.write_bytes(7, 100_000);
            pool.dealloc(a, layout(100_000));
            let again = pool.alloc_zeroed(layout(99_000));
            assert_eq!(again, a);
            assert!(
                std::slice::from_raw_parts(again, 99_000)
                    .iter()
                    .all(|&byte| byte == 0)
            );
            pool.dealloc(again, layout(99_000));
            pool.dealloc(b, layout(100_000));
        }
        let shelves = pool.shelves();
        assert_eq!((shelves.used, shelves.kept > 0), (0, true));
    }

    #[test]
    fn growing_keeps_what_was_written() {
        let pool = Pool::new();
        unsafe {
            let mut start = pool.alloc(layout(10));
            start.write_bytes(9, 10);
            for (from, to) in [(10, 70_000), (70_000, 71_000), (71_000, 1 << 20), (1 << 20, 40)] {
                start = pool.realloc(start, layout(from), to);
                let kept = std::slice::from_raw_parts(start, 10);
                assert!(kept.iter().all(|&byte| byte == 9), "from {from} to {to}");
            }
            pool.dealloc(start, layout(40));
        }
    }

    /// A program whose sizes change from step to step: what is held stays within what was once in use.
    #[test]
    fn what_is_held_is_bounded() {
        let pool = Pool::new();
        let mut most = 0;
        for step in 1..200usize {
            let sizes: Vec<usize> = (1..20)
                .map(|i| SMALLEST + (step * 7919 * i) % (20 * SMALLEST))
                .collect();
            let blocks: Vec<_> = sizes
                .iter()
                .map(|&size| unsafe { pool.alloc(layout(size)) })
                .collect();
            most = most.max(pool.shelves().used);
            let holds = |shelves: MutexGuard<'_, Shelves>| shelves.used + shelves.kept;
            assert!(holds(pool.shelves()) <= most + most / 2, "step {step}");
            for (block, &size) in blocks.into_iter().zip(&sizes) {
                unsafe { pool.dealloc(block, layout(size)) };
            }
            assert!(holds(pool.shelves()) <= most + most / 2, "step {step}");
            assert_eq!(pool.shelves().used, 0);
        }
        assert_eq!(pool.shelves().most, most);
    }
}
