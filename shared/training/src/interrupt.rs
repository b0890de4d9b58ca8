//! Ctrl-C: the first finishes the step and saves, the second quits at once.

use std::sync::{
    Once,
    atomic::{AtomicBool, Ordering},
};

static LISTENING: AtomicBool = AtomicBool::new(false);
static REQUESTED: AtomicBool = AtomicBool::new(false);
static INSTALL: Once = Once::new();

/// What a shell reports for a program ended by Ctrl-C.
const INTERRUPTED: i32 = 130;

/// While it lives, a first Ctrl-C is a request that a loop reads with [`Interrupt::requested`]; outside, and
/// the second time, Ctrl-C ends the program as it always does.
pub struct Interrupt(());

impl Interrupt {
    /// Starts listening.
    pub fn listen() -> Self {
        INSTALL.call_once(|| {
            // Another handler in the program keeps its place: then Ctrl-C is that handler's business.
            let _ = ctrlc::set_handler(|| {
                if !LISTENING.load(Ordering::SeqCst) || REQUESTED.swap(true, Ordering::SeqCst) {
                    std::process::exit(INTERRUPTED);
                }
                eprintln!("\nstopping after this step; Ctrl-C again to quit without saving");
            });
        });
        REQUESTED.store(false, Ordering::SeqCst);
        LISTENING.store(true, Ordering::SeqCst);
        Interrupt(())
    }

    /// Whether the user has asked to stop.
    pub fn requested(&self) -> bool {
        REQUESTED.load(Ordering::SeqCst)
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        LISTENING.store(false, Ordering::SeqCst);
    }
}
