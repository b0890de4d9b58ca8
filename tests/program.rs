//! Runs the projects' programs as a user would, each in a folder of its own.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use serde_json::Value;

/// The root of the workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// What cargo says of the workspace's packages.
pub fn packages() -> &'static Vec<Value> {
    static PACKAGES: OnceLock<Vec<Value>> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        let output = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
        let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
        metadata["packages"].as_array().unwrap().clone()
    })
}

/// The names of the projects.
pub fn projects() -> Vec<String> {
    let projects = root().join("projects");
    let of_projects =
        |package: &&Value| Path::new(package["manifest_path"].as_str().unwrap()).starts_with(&projects);
    packages()
        .iter()
        .filter(of_projects)
        .map(|package| package["name"].as_str().unwrap().to_string())
        .collect()
}

fn cargo(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments).current_dir(root());
    // What cargo tells this test of its own package would look like a change to build scripts that watch it, and
    // they would be run, and all that depends on them built, again.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "cargo {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// The program of `project`, built together with all others so that cargo finds its dependencies built already.
pub fn program(project: &str) -> PathBuf {
    static PROGRAMS: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    let programs = PROGRAMS.get_or_init(|| {
        let output = cargo(&["build", "--workspace", "--message-format", "json"]);
        let messages = String::from_utf8(output.stdout).unwrap();
        let message = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        let built = messages.lines().map(message).filter_map(|message| {
            let name = message["target"]["name"].as_str()?.to_string();
            Some((name, PathBuf::from(message["executable"].as_str()?)))
        });
        built.collect()
    });
    programs
        .get(project)
        .unwrap_or_else(|| panic!("{project} has no program"))
        .clone()
}

/// The folder of the sets that the programs make, shared by all tests.
pub fn made() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("data")
}

/// An empty folder to run programs in. Data sets made by them are shared by all tests.
pub struct Place(tempfile::TempDir);

impl Place {
    pub fn new() -> Self {
        Place(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The program, not yet started.
    pub fn command(&self, project: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program(project));
        command
            .args(arguments)
            .current_dir(self.path())
            .env("KINDLING_DATA", made())
            .env_remove("KINDLING_MIRROR")
            .env_remove("RUST_BACKTRACE");
        command
    }

    /// Runs to the end, whatever that is.
    pub fn run(&self, project: &str, arguments: &[&str]) -> Output {
        self.command(project, arguments).output().unwrap()
    }

    /// Runs to a good end and gives what was printed.
    pub fn succeed(&self, project: &str, arguments: &[&str]) -> String {
        let output = self.run(project, arguments);
        assert!(
            output.status.success(),
            "{project} {arguments:?} failed:\n{}",
            text(&output)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs to a bad end, which must be a message and no panic, and gives all that was printed.
    pub fn fail(&self, project: &str, arguments: &[&str]) -> String {
        let output = self.run(project, arguments);
        let said = text(&output);
        assert!(
            !output.status.success(),
            "{project} {arguments:?} succeeded:\n{said}"
        );
        assert!(
            output.status.code() == Some(1),
            "{project} {arguments:?} ended by {:?}:\n{said}",
            output.status
        );
        assert!(
            !said.contains("panicked"),
            "{project} {arguments:?} panicked:\n{said}"
        );
        said
    }

    /// Starts and goes on.
    pub fn start(&self, project: &str, arguments: &[&str]) -> Child {
        self.command(project, arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Starts, to be told something on standard input.
    pub fn start_with_input(&self, project: &str, arguments: &[&str]) -> Child {
        self.command(project, arguments)
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

    pub fn json(&self, file: &str) -> Value {
        serde_json::from_slice(&self.bytes(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    pub fn bytes(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.path().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }
}

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
