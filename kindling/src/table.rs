//! The table of projects in the root README.

use anyhow::Result;

use crate::{
    house::{House, Interest},
    results::{duration, listed},
};

/// The table in Markdown, from the manifests and the result files: a row for each project.
pub fn table(house: &House) -> Result<String> {
    let mut table = String::from(
        "| you like | project | what it does | on data made here | on real data | a simpler answer reaches | time |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for interest in Interest::ALL {
        let projects = house.projects.iter();
        for project in projects.filter(|project| project.about.you_like == interest) {
            let (made, of_made) = (&project.about.made, project.about.made.numbers(&project.folder)?);
            let mut beside = format!("{}: {}", made.beside_is, listed(&of_made.beside));
            let mut on_real = String::from("–");
            if let Some(real) = &project.about.real {
                let numbers = real.numbers(&project.folder)?;
                on_real = format!("{} {}", listed(&numbers.scores), real.of);
                beside += &format!("; on real data {}", listed(&numbers.beside));
            }
            let name = &project.name;
            table += &format!(
                "| {interest} | [`{name}`](projects/{name}) | {} | {} {} | {on_real} | {beside} | {} |\n",
                project.description,
                listed(&of_made.scores),
                made.of,
                duration(of_made.seconds),
            );
        }
    }
    Ok(table)
}
