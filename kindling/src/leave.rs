//! Ctrl-C leaves nothing behind: neither a hidden cursor nor half a copy.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use anyhow::{Result, ensure};

static ASKED: AtomicBool = AtomicBool::new(false);
static WRITING: AtomicBool = AtomicBool::new(false);

/// From here on Ctrl-C ends the program by [`now`], or while something is [`Writing`] makes [`unless_asked`] an error.
pub fn by_ctrl_c() {
    // Refused where it was asked for before, which is as good.
    let _ = ctrlc::set_handler(|| {
        ASKED.store(true, SeqCst);
        if !WRITING.load(SeqCst) {
            now();
        }
    });
}

/// While one of these lives, what is being written is ended in order: by whoever writes it, with [`unless_asked`].
pub struct Writing(());

impl Writing {
    /// Begins to write.
    pub fn begin() -> Self {
        WRITING.store(true, SeqCst);
        Writing(())
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        WRITING.store(false, SeqCst);
    }
}

/// Whether Ctrl-C was pressed.
pub fn asked() -> bool {
    ASKED.load(SeqCst)
}

/// Errors where Ctrl-C was pressed.
pub fn unless_asked() -> Result<()> {
    ensure!(!asked(), "stopped by Ctrl-C: nothing was made");
    Ok(())
}

/// Ends as a shell expects of a program that was told to by Ctrl-C, with the cursor in sight.
pub fn now() -> ! {
    let _ = console::Term::stderr().show_cursor();
    std::process::exit(130)
}
