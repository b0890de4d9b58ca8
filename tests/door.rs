//! The front door: the list, the menu, the machine, the data.

use std::{fs, path::Path, process::Command};

use crate::workspace::{program, projects, root};

/// What the front door prints without a terminal, when all goes well.
fn said(arguments: &[&str]) -> String {
    let output = door(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn door(arguments: &[&str]) -> Command {
    let mut command = Command::new(program("kindling"));
    command
        .args(arguments)
        .env("CARGO", env!("CARGO"))
        .stdin(std::process::Stdio::null());
    command
}

#[test]
fn without_a_terminal_it_lists_every_project_with_what_one_wants_to_know() {
    for arguments in [&[][..], &["list"]] {
        let list = said(arguments);
        for project in projects() {
            let at = list
                .find(&format!("\n  {project}\n"))
                .unwrap_or_else(|| panic!("no {project} in {list}"));
            let about = &list[at..];
            let about = &about[..about.find(&format!("command  cargo run -p {project}\n")).unwrap()];
            for part in ["teaches  ", "reaches  ", "takes    "] {
                assert!(about.contains(part), "{project}: no {part} in {about}");
            }
        }
        assert!(list.contains("cargo run -- new"), "{list}");
    }
}

#[test]
fn the_time_is_that_of_the_last_whole_run_here() {
    let place = tempfile::tempdir().unwrap();
    for (run, quick, seconds) in [("001", false, 33.0), ("002", false, 44.0), ("003", true, 1.0)] {
        let folder = place.path().join("runs/genre-classifier").join(run);
        fs::create_dir_all(&folder).unwrap();
        let result = format!("{{\"quick\": {quick}, \"data\": \"made-music\", \"seconds\": {seconds}}}");
        fs::write(folder.join("result.json"), result).unwrap();
    }
    let output = door(&["list"]).current_dir(place.path()).output().unwrap();
    let list = String::from_utf8(output.stdout).unwrap();
    assert!(list.contains("44 s here, when it last ran"), "{list}");
}

/// The front door, with a cargo that only says what it is asked to run, and ends with 7.
#[cfg(unix)]
fn door_with_cargo_told(arguments: &[&str]) -> Command {
    let mut command = door(arguments);
    command
        .env("CARGO", root().join("tests/programs/cargo"))
        .env("REAL_CARGO", env!("CARGO"));
    command
}

#[cfg(unix)]
#[test]
fn the_data_door_is_a_program_of_its_own_that_gets_every_word_and_whose_end_is_kept() {
    let output = door_with_cargo_told(&["data", "fetch", "clinc150", "--yes", "--help"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let manifest = root().join("Cargo.toml");
    let told = format!(
        "cargo run --manifest-path {} -p datasets -- fetch clinc150 --yes --help\n",
        manifest.display()
    );
    assert_eq!(said, told);
    assert_eq!(output.status.code(), Some(7));
}

#[test]
fn it_says_what_the_machine_has() {
    let check = said(&["check"]);
    for part in [
        "processor",
        "threads",
        "SIMD",
        "memory",
        "disk",
        "GPU",
        "build",
        "cargo",
    ] {
        assert!(
            check.lines().any(|line| line.starts_with(part)),
            "no {part} in {check}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_gpu_is_named_and_a_driver_that_fails_is_not_taken_for_none() {
    let programs = root().join("tests/programs/gpu");
    let path = format!("{}:/usr/bin:/bin", programs.display());
    for (gpus, part) in [
        ("", "nvidia-smi is here and fails: the driver is not loaded"),
        (
            "A Card, 8192 MiB, 1.0",
            "A Card, 8192 MiB, 1.0, by `--features cuda`",
        ),
    ] {
        let output = door(&["check"])
            .env("PATH", &path)
            .env("GPUS", gpus)
            .output()
            .unwrap();
        let check = String::from_utf8(output.stdout).unwrap();
        assert!(check.contains(part), "no {part:?} in {check}");
    }
}

#[test]
fn mistaken_commands_are_explained() {
    for (arguments, part) in [
        (&["lits"][..], "list"),
        (&["new", "x"], "--from"),
        (&["genre-classifier"], "cargo run -p genre-classifier"),
        (&["train"], "cargo run -p NAME -- train"),
    ] {
        let output = door(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && said.contains(part),
            "{arguments:?}: {said}"
        );
    }
}

/// The data door in a data folder of its own, with a mirror.
struct Data {
    folder: tempfile::TempDir,
    mirror: tempfile::TempDir,
}

impl Data {
    fn run(&self, arguments: &[&str]) -> (bool, String) {
        let output = Command::new(program("datasets"))
            .args(arguments)
            .env("KINDLING_DATA", self.folder.path())
            .env("KINDLING_MIRROR", self.mirror.path())
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("panicked"), "{said}");
        (output.status.success(), said)
    }

    fn well(&self, arguments: &[&str]) -> String {
        let (well, said) = self.run(arguments);
        assert!(well, "{arguments:?}: {said}");
        said
    }

    fn badly(&self, arguments: &[&str]) -> String {
        let (well, said) = self.run(arguments);
        assert!(!well, "{arguments:?}: {said}");
        said
    }
}

#[test]
fn a_set_is_made_found_verified_and_removed() {
    let data = Data {
        folder: tempfile::tempdir().unwrap(),
        mirror: tempfile::tempdir().unwrap(),
    };
    assert!(data.badly(&["where", "made-styles"]).contains("make made-styles"));
    assert!(data.well(&["make", "made-styles"]).contains("made-styles is in"));
    let list = data.well(&["list"]);
    let line = list
        .lines()
        .find(|line| line.starts_with("made-styles "))
        .unwrap();
    assert!(line.contains(" yes "), "{list}");
    let place = data.well(&["where", "made-styles"]);
    let place = Path::new(place.trim());
    assert!(
        place.is_absolute() && place.join("mosaic.png").is_file(),
        "{place:?}"
    );
    assert!(data.well(&["verify"]).contains("none missing"));
    fs::remove_file(place.join("mosaic.png")).unwrap();
    assert!(data.badly(&["verify", "made-styles"]).contains("1 of its"));
    // Nobody is there to be asked.
    assert!(data.badly(&["remove", "made-styles"]).contains("--yes"));
    assert!(place.is_dir());
    data.well(&["remove", "made-styles", "--yes"]);
    assert!(!place.exists());
    // What was cut off is found too; what was not made here is not touched.
    fs::create_dir_all(data.folder.path().join(".made-styles.part/whole")).unwrap();
    assert!(
        data.well(&["remove", "made-styles", "--yes"])
            .contains("unfinished attempt")
    );
    fs::create_dir(place).unwrap();
    fs::write(place.join("mine.png"), "mine").unwrap();
    data.badly(&["remove", "made-styles", "--yes"]);
    assert!(place.join("mine.png").is_file());
    fs::remove_dir_all(place).unwrap();
    let left: Vec<_> = fs::read_dir(data.folder.path()).unwrap().flatten().collect();
    assert!(
        left.iter()
            .all(|entry| entry.file_name().to_string_lossy().ends_with(".lock")),
        "{left:?}"
    );
}

#[test]
fn a_public_set_is_fetched_after_its_size_and_licence_were_shown() {
    let data = Data {
        folder: tempfile::tempdir().unwrap(),
        mirror: tempfile::tempdir().unwrap(),
    };
    let said = data.badly(&["fetch", "clinc150"]);
    for part in ["size ", "licence  CC BY 3.0", "home ", "into ", "--yes"] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
    assert!(!data.folder.path().join("clinc150").exists());
    // Another file than the card's is refused, and nothing is installed.
    let set = data.mirror.path().join("clinc150");
    fs::create_dir(&set).unwrap();
    fs::write(set.join("data_full.json"), "{}").unwrap();
    assert!(data.badly(&["fetch", "clinc150", "--yes"]).contains("clinc150"));
    assert!(!data.folder.path().join("clinc150").exists());
    assert!(data.badly(&["make", "clinc150"]).contains("fetch clinc150"));
    assert!(data.badly(&["card", "clinc15"]).contains("clinc150"));
    assert!(data.well(&["card", "clinc150"]).contains("CC BY 3.0"));
    assert!(data.badly(&["verify", "clinc150"]).contains("not here"));
}

/// With arrow keys, in what the program cannot tell from a terminal.
#[cfg(unix)]
mod in_a_terminal {
    use testing::terminal::Terminal;

    use super::{door, door_with_cargo_told};

    const DOWN: &str = "\x1b[B";

    #[test]
    fn arrow_keys_lead_to_a_project_and_out_again() {
        let mut terminal = Terminal::start(door_here(), 100, 40);
        let at = terminal.wait_for("What do you like?", 0);
        terminal.wait_for("leave", at);
        terminal.press(DOWN);
        terminal.press("\r");
        let at = terminal.wait_for("Which one?", at);
        terminal.wait_for("genre-classifier", at);
        terminal.press("\r");
        let at = terminal.wait_for("cargo run -p genre-classifier", at);
        let at = terminal.wait_for("And now?", at);
        terminal.press(DOWN);
        terminal.press(DOWN);
        terminal.press("\r");
        let at = terminal.wait_for("What do you like?", at);
        terminal.press("\x1b");
        assert!(terminal.end().success());
        terminal.check_modes();
        terminal.wait_for("\x1b[?25h", at);
    }

    #[test]
    fn a_project_is_run_from_the_menu() {
        let mut terminal = Terminal::start(door_with_cargo_told(&[]), 200, 40);
        let at = terminal.wait_for("What do you like?", 0);
        terminal.press(&format!("{DOWN}{DOWN}\r"));
        let at = terminal.wait_for("Which one?", at);
        terminal.press("\r");
        let at = terminal.wait_for("And now?", at);
        terminal.press("\r");
        terminal.wait_for("Cargo.toml -p game-agent", at);
        assert_eq!(terminal.end().code(), Some(7));
        terminal.check_modes();
    }

    #[test]
    fn a_copy_is_made_where_the_menu_is_told() {
        let place = tempfile::tempdir().unwrap();
        let mut command = door_here();
        command.current_dir(place.path());
        let mut terminal = Terminal::start(command, 100, 40);
        let at = terminal.wait_for("What do you like?", 0);
        terminal.press(&format!("{DOWN}{DOWN}\r"));
        let at = terminal.wait_for("Which one?", at);
        terminal.press("\r");
        let at = terminal.wait_for("And now?", at);
        terminal.press(&format!("{DOWN}\r"));
        let at = terminal.wait_for("Folder for your project", at);
        terminal.press("\x15player\r");
        terminal.wait_for("next ", at);
        assert!(terminal.end().success());
        assert!(place.path().join("player/src/main.rs").is_file());
    }

    #[test]
    fn ctrl_c_leaves_the_cursor_where_it_was() {
        let mut terminal = Terminal::start(door_here(), 100, 40);
        let at = terminal.wait_for("What do you like?", 0);
        terminal.wait_for("leave", at);
        terminal.press("\x03");
        assert_eq!(terminal.end().code(), Some(130));
        terminal.check_modes();
        // What is on its way to the person arrives.
        terminal.wait_for("\x1b[?25h", at);
    }

    /// The front door with somebody before it.
    fn door_here() -> std::process::Command {
        door(&[])
    }
}
