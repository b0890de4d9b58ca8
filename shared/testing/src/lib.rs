//! Runs a project's program as a user would, each time in a folder of its own, for the tests in `projects/NAME/tests`;
//! and [what every project must keep to](promises).
//!
//! ```no_run
//! # macro_rules! place { () => { testing::Place::new("target/debug/my-app", "target/tmp") } }
//! let place = place!(); // in a project's tests: testing::place!()
//! let said = place.succeed(&["--quick"]);
//! assert!(said.contains("report"));
//! assert!(place.path().join("runs/my-app/quick-001/report.html").exists());
//! ```

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic, in its helpers too"
)]

pub mod promises;
#[cfg(unix)]
pub mod terminal;

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use serde_json::Value;

/// The root of the workspace of the crate that is tested: the nearest folder above it that holds `shared`.
pub fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        // Asked for when the test runs: a crate may be built once for several workspaces that share a target folder.
        let crate_folder = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
        let mut above = crate_folder.ancestors();
        above
            .find(|folder| folder.join("shared").is_dir())
            .unwrap()
            .into()
    })
}

/// An empty folder to run the program of the project in that this is a test of.
#[macro_export]
macro_rules! place {
    () => {
        $crate::Place::new(
            env!(concat!("CARGO_BIN_EXE_", env!("CARGO_PKG_NAME"))),
            env!("CARGO_TARGET_TMPDIR"),
        )
    };
}

/// An empty folder to run a program in. Data sets that it makes are shared by all tests.
pub struct Place {
    folder: tempfile::TempDir,
    program: PathBuf,
    made: PathBuf,
}

impl Place {
    /// A place for `program`, with its data in `kept/data`. In a project's tests write [`place!`].
    pub fn new(program: impl Into<PathBuf>, kept: impl AsRef<Path>) -> Self {
        Place {
            folder: tempfile::tempdir().unwrap(),
            program: program.into(),
            made: kept.as_ref().join("data"),
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of the sets that programs make, the same for all places.
    pub fn made(&self) -> &Path {
        &self.made
    }

    /// The name of the project.
    pub fn project(&self) -> &str {
        self.program.file_stem().unwrap().to_str().unwrap()
    }

    /// The program, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .current_dir(self.path())
            .env("KINDLING_DATA", &self.made)
            .env_remove("KINDLING_MIRROR")
            .env_remove("RUST_BACKTRACE");
        command
    }

    /// Runs to the end, whatever that is.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs to a good end and gives what was printed.
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "{} {arguments:?} failed:\n{}",
            self.project(),
            text(&output)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs to a bad end, which must be a message and no panic, and gives all that was printed.
    pub fn fail(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = text(&output);
        assert!(
            !output.status.success(),
            "{} {arguments:?} succeeded:\n{said}",
            self.project()
        );
        assert!(
            output.status.code() == Some(1),
            "{} {arguments:?} ended by {:?}:\n{said}",
            self.project(),
            output.status
        );
        assert!(
            !said.contains("panicked"),
            "{} {arguments:?} panicked:\n{said}",
            self.project()
        );
        said
    }

    /// Starts and goes on.
    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Starts, to be told something on standard input.
    pub fn start_with_input(&self, arguments: &[&str]) -> Child {
        self.command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Waits until `epochs` epochs are in the `metrics.csv` of `run`.
    pub fn wait_for_epoch(&self, run: &str, epochs: usize) {
        let begun = Instant::now();
        loop {
            let metrics =
                std::fs::read_to_string(self.path().join(run).join("metrics.csv")).unwrap_or_default();
            if metrics.lines().count() > epochs {
                return;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(300),
                "no epoch {epochs} after 5 minutes"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A file below this place, as JSON.
    pub fn json(&self, file: &str) -> Value {
        serde_json::from_slice(&self.bytes(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    /// A file below this place, as bytes.
    pub fn bytes(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.path().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }
}

/// All that was printed.
pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A wav file at 16 kHz, written out by hand since no writer makes such files.
pub fn wav(format: u16, channels: u16, bits: u16, data: &[u8]) -> Vec<u8> {
    let frame = channels * bits / 8;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + data.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0");
    file.extend(format.to_le_bytes());
    file.extend(channels.to_le_bytes());
    file.extend(16_000u32.to_le_bytes());
    file.extend((16_000 * u32::from(frame)).to_le_bytes());
    file.extend(frame.to_le_bytes());
    file.extend(bits.to_le_bytes());
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}
