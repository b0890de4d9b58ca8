//! Progress for a person: a bar in a terminal, plain lines elsewhere.

use std::{
    fmt::Display,
    io::{IsTerminal, Write},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

/// Where there is no terminal to draw a bar in, lines are printed: the first soon, so that nobody wonders, then
/// rarely.
const FIRST_LINE_AFTER: Duration = Duration::from_secs(1);
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Prints a line. Unlike `println!` it goes on when nobody listens any more (`| head`): hours of training must not
/// end because a pipe did.
pub fn say(line: impl Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// The progress of some work of known length.
pub struct Progress {
    bar: Option<ProgressBar>,
    label: String,
    total: usize,
    done: usize,
    next_line: Instant,
}

impl Progress {
    /// Starts showing `label` and how many of `total` are done.
    pub fn new(label: &str, total: usize) -> Self {
        let bar = (std::io::stderr().is_terminal() && std::io::stdout().is_terminal()).then(|| {
            let style = ProgressStyle::with_template("{prefix}  {bar:32} {pos}/{len}  {msg}  {eta} left");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = ProgressBar::new(total as u64).with_style(style.progress_chars("━━─"));
            bar.set_prefix(label.to_string());
            bar.tick();
            bar
        });
        Progress {
            bar,
            label: label.to_string(),
            total,
            done: 0,
            next_line: Instant::now() + FIRST_LINE_AFTER,
        }
    }

    /// Says that `done` are done, with a word about how it goes.
    pub fn set(&mut self, done: usize, message: &str) {
        self.done = done;
        match &self.bar {
            Some(bar) => {
                bar.set_message(message.to_string());
                bar.set_position(done as u64);
            }
            None if Instant::now() >= self.next_line => {
                self.next_line = Instant::now() + LINE_EVERY;
                say(format!("{}  {done} of {}  {message}", self.label, self.total));
            }
            None => {}
        }
    }

    /// One more is done.
    pub fn advance(&mut self) {
        self.set(self.done + 1, "");
    }

    /// Prints a line that stays.
    pub fn print(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| say(line)),
            None => say(line),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A [`Progress`] that begins with the first word of it and may be told from several threads: what a callback needs
/// (`datasets::Options::on_progress`).
#[derive(Default)]
pub struct Told(Mutex<Option<(String, Progress)>>);

impl Told {
    /// Says that `done` of `total` are done of what is called `doing`; another name begins another bar.
    pub fn tell(&self, doing: &str, done: u64, total: u64) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.as_ref().is_none_or(|(name, _)| name != doing) {
            *told = Some((doing.to_string(), Progress::new(doing, total as usize)));
        }
        if let Some((_, progress)) = told.as_mut() {
            progress.set(done as usize, "");
        }
    }
}
