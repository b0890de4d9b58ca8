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
        for project in house
            .projects
            .iter()
            .filter(|project| project.about.you_like == interest)
        {
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
    let made = project.about.made.numbers(&project.folder);
    let mut text = format!("\n  {}\n    {}\n", project.name, project.description);
    writeln!(text, "    teaches  {}", project.about.teaches)?;
    let mut word = "reaches";
    for reached in [Some(&project.about.made), project.about.real.as_ref()]
        .into_iter()
        .flatten()
    {
        // A project whose runs are still to come is shown all the same.
        let reaches = match reached.numbers(&project.folder) {
            Ok(numbers) => format!(
                "{} {} ({}: {})",
                listed(&numbers.scores),
                reached.of,
                reached.beside_is,
                listed(&numbers.beside)
            ),
            Err(_) => format!("not measured yet: {}", reached.of),
        };
        writeln!(text, "    {word:7}  {reaches}")?;
        word = "";
    }
    let takes = match (last_run_here(project), made) {
        (Some(seconds), _) => format!("{} here, when it last ran", duration(seconds)),
        (None, Ok(numbers)) => format!(
            "{} where that was measured, on two cores; the first build takes some minutes more",
            duration(numbers.seconds)
        ),
        (None, Err(_)) => "not measured yet".into(),
    };
    writeln!(text, "    takes    {takes}")?;
    writeln!(text, "    command  cargo run -p {}", project.name)?;
    Ok(text)
}

/// The seconds of the newest whole run here, in the folder `runs`, on the data that the default command makes.
fn last_run_here(project: &Project) -> Option<f64> {
    let made = project.about.made.files(&project.folder).ok()?;
    let data = results::read(made.first()?).ok()?["data"].clone();
    let runs = std::fs::read_dir(Path::new("runs").join(&project.name)).ok()?;
    let mut runs: Vec<_> = runs.flatten().map(|entry| entry.path()).collect();
    runs.sort();
    let mut results = runs
        .iter()
        .rev()
        .filter_map(|run| results::read(&run.join("result.json")).ok());
    let whole = results.find(|result| result["quick"] == false && result["data"] == data)?;
    whole["seconds"].as_f64()
}
