//! The projects as a plain list, and one of them in detail.

use std::fmt::Write;
use std::path::Path;

use anyhow::Result;

use crate::{
    house::{House, Interest, Project},
    results::{self, duration, listed},
};

/// All projects by interest, for where there is no terminal.
pub fn all(house: &House) -> Result<String> {
    let mut text = String::from("What would you like to build?\n");
    for interest in Interest::ALL {
        let mut projects = house.projects.iter();
        if !projects.any(|project| project.about.you_like == interest) {
            continue;
        }
        write!(text, "\n{interest}\n")?;
        for project in house.projects.iter().filter(|project| project.about.you_like == interest) {
            text += &details(project)?;
        }
    }
    text += "\nTo copy one and make it yours:  cargo run -- new ../my-project --from NAME\n\
             What this machine has:          cargo run -- check\n\
             Data sets:                      cargo run -- data list\n";
    Ok(text)
}

/// What a project teaches, reaches and takes, and its command.
pub fn details(project: &Project) -> Result<String> {
    let (made, numbers) = (&project.about.made, project.about.made.numbers(&project.folder)?);
    let mut text = format!("\n  {}\n    {}\n", project.name, project.description);
    writeln!(text, "    teaches  {}", project.about.teaches)?;
    let of = |numbers: &[f64], words: &str| format!("{} {words}", listed(numbers));
    writeln!(
        text,
        "    reaches  {} ({}: {})",
        of(&numbers.scores, &made.of),
        made.beside_is,
        listed(&numbers.beside)
    )?;
    if let Some(real) = &project.about.real {
        let numbers = real.numbers(&project.folder)?;
        writeln!(
            text,
            "             {} ({}: {})",
            of(&numbers.scores, &real.of),
            real.beside_is,
            listed(&numbers.beside)
        )?;
    }
    let takes = match last_run_here(&project.name) {
        Some(seconds) => format!("{} here, when it last ran", duration((seconds, seconds))),
        None => format!(
            "{} where that was measured, on two cores; the first build takes some minutes more",
            duration(numbers.seconds)
        ),
    };
    writeln!(text, "    takes    {takes}")?;
    writeln!(text, "    command  cargo run -p {}", project.name)?;
    Ok(text)
}

/// The seconds of the newest whole run of the project in the folder `runs` here.
fn last_run_here(project: &str) -> Option<f64> {
    let runs = std::fs::read_dir(Path::new("runs").join(project)).ok()?;
    let mut runs: Vec<_> = runs.flatten().map(|entry| entry.path()).collect();
    runs.sort();
    let mut results = runs
        .iter()
        .rev()
        .filter_map(|run| results::read(&run.join("result.json")).ok());
    let whole = results.find(|result| result["quick"] == false)?;
    whole["seconds"].as_f64()
}
