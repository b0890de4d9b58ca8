//! The front door: what would you like to build? `cargo run`

use std::{
    io::Write,
    path::Path,
    process::{Command, ExitCode},
};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand, error::ErrorKind};
use kindling::{house::House, leave, list, machine, menu, new};

/// Choose a project by what you like, get data for it, copy it and make it yours
#[derive(Parser)]
#[command(name = "cargo run --", bin_name = "cargo run --")]
struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand)]
enum Action {
    /// List the projects: what each teaches, reaches and takes
    List,
    /// Data sets: list them, make, fetch, verify, find or remove them (`data --help` has the commands)
    #[command(disable_help_flag = true)]
    Data {
        /// A command of the data door and what it needs
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// What this machine has for training, with advice
    Check,
    /// Copy a project with all that it needs into a workspace of its own
    New(new::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::try_parse().unwrap_or_else(|mistake| {
        let _ = mistake.print();
        if mistake.kind() == ErrorKind::InvalidSubcommand {
            hint();
        }
        std::process::exit(mistake.exit_code())
    });
    match act(arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            if leave::asked() {
                leave::now();
            }
            ExitCode::FAILURE
        }
    }
}

fn act(arguments: Arguments) -> Result<ExitCode> {
    if let Some(Action::Check) = arguments.action {
        show(&machine::check(Path::new(".")));
        return Ok(ExitCode::SUCCESS);
    }
    let house = House::open()?;
    leave::by_ctrl_c();
    match arguments.action {
        None if !menu::in_a_terminal() => show(&list::all(&house)?),
        None => match menu::choose(&house)? {
            Some(menu::Choice::Run(project)) => return run(house.run(&project, &[])),
            Some(menu::Choice::New(arguments)) => show(&new::new(&house, &arguments)?),
            None => {}
        },
        Some(Action::List) => show(&list::all(&house)?),
        Some(Action::New(arguments)) => show(&new::new(&house, &arguments)?),
        // A program of its own: it stands on the crate that makes and fetches data, which takes minutes to build once.
        Some(Action::Data { arguments }) => return run(house.run("datasets", &arguments)),
        Some(Action::Check) => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// What somebody may have meant who gave the name of a project for a command, or a command of a project.
fn hint() {
    let word = std::env::args().nth(1).unwrap_or_default();
    match House::open() {
        Ok(house) if house.projects.iter().any(|project| project.name == word) => {
            eprintln!("\n{word} is a project: cargo run -p {word}");
        }
        _ if ["train", "predict"].contains(&word.as_str()) => {
            eprintln!("\nA project is run by its name: cargo run -p NAME -- {word}");
        }
        _ => {}
    }
}

/// Prints, and goes on when nobody listens any more (`| head`).
fn show(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Runs cargo where the user is, and ends as it does. On Unix it takes this program's place, so that Ctrl-C reaches the
/// project alone, which finishes its step and saves.
fn run(mut cargo: Command) -> Result<ExitCode> {
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        Err(cargo.exec()).context("cannot start cargo: is it still installed?")
    }
    #[cfg(not(unix))]
    {
        let status = cargo
            .status()
            .context("cannot start cargo: is it still installed?")?;
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
    }
}
