//! The data door on the command line: `cargo run -p datasets -- list`

use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use datasets::{Card, DataError, Result, Source, bytes, cards, data_dir, installed};

/// Data sets: list them, make, fetch, verify, find or remove them
#[derive(Parser)]
#[command(name = "cargo run -p datasets --", bin_name = "cargo run -p datasets --")]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List the sets that are known by name: size, licence, and whether they are here
    List,
    /// Print all that is known of a set
    Card {
        /// The set
        name: String,
    },
    /// Make sets that need no network
    Make {
        /// The sets
        #[arg(required = true)]
        names: Vec<String>,
    },
    /// Fetch public sets from a mirror or their home, after showing their size and licence
    Fetch {
        /// The sets
        #[arg(required = true)]
        names: Vec<String>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Check sets that are here against their cards
    Verify {
        /// The sets [default: all that are here]
        names: Vec<String>,
    },
    /// Print where data lives, or where a set is
    Where {
        /// The set
        name: Option<String>,
    },
    /// Remove sets that are here
    Remove {
        /// The sets
        #[arg(required = true)]
        names: Vec<String>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

fn main() -> ExitCode {
    match act(Arguments::parse().action) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints a line, and goes on when nobody listens any more (`| head`).
fn say(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn act(action: Action) -> Result<ExitCode> {
    match action {
        Action::List => list()?,
        Action::Card { name } => say(cards::named(&name)?),
        Action::Make { names } => make(&all(&names)?)?,
        Action::Fetch { names, yes } => return fetch(&all(&names)?, yes),
        Action::Verify { names } => return verify(&names),
        Action::Where { name } => return place(name.as_deref()),
        Action::Remove { names, yes } => return remove(&all(&names)?, yes),
    }
    Ok(ExitCode::SUCCESS)
}

/// The cards of all these names: a wrong one stops before anything is done.
fn all(names: &[String]) -> Result<Vec<&'static Card>> {
    names.iter().map(|name| cards::named(name)).collect()
}

fn list() -> Result<()> {
    say(format!(
        "{:26} {:>9}  {:18} {:7}  what",
        "name", "size", "licence", "here"
    ));
    let mut on_disk = 0;
    for card in cards::all() {
        let folder = installed::installed(card);
        if let Some(folder) = &folder {
            on_disk += installed::size_of(folder)?.0;
        }
        let licence: String = match card.source {
            Source::Made(_) => "made here".into(),
            _ => card
                .licence
                .split([';', ',', ':', '('])
                .next()
                .unwrap_or_default()
                .trim()
                .into(),
        };
        let licence: String = licence.chars().take(18).collect();
        say(format!(
            "{:26} {:>9}  {licence:18} {:7}  {}",
            card.name,
            bytes(card.size),
            if folder.is_some() { "yes" } else { "–" },
            card.title
        ));
    }
    say(format!(
        "\n{} of named sets in {}. `cargo run -p datasets -- card NAME` says all that is known of one.",
        bytes(on_disk),
        data_dir().display()
    ));
    Ok(())
}

fn make(cards: &[&Card]) -> Result<()> {
    for card in cards {
        if !matches!(card.source, Source::Made(_)) {
            return Err(DataError::NotMade {
                name: card.name.into(),
            });
        }
        obtain(card)?;
    }
    Ok(())
}

fn fetch(cards: &[&Card], yes: bool) -> Result<ExitCode> {
    for card in cards {
        // What is there is checked once more; what only a person can get says how.
        let by_hand =
            matches!(card.source, Source::ByHand(_)) && std::env::var_os("KINDLING_MIRROR").is_none();
        if installed::installed(card).is_some() || by_hand {
            obtain(card)?;
            continue;
        }
        if let Source::Made(_) = card.source {
            say(format!("{} is made here, {}", card.name, bytes(card.size)));
            obtain(card)?;
            continue;
        }
        say(format!("{}: {}", card.name, card.title));
        say(format!("  size     {}", bytes(card.size)));
        say(format!("  licence  {}", card.licence));
        say(format!("  home     {}", card.home));
        say(format!("  into     {}", data_dir().join(card.name).display()));
        if !(yes || agreed("Fetch it?")) {
            return Ok(not_agreed());
        }
        obtain(card)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn obtain(card: &Card) -> Result<()> {
    let terminal = std::io::stderr().is_terminal();
    let on_progress = |what: &str, done: u64, total: u64| {
        if terminal {
            // A failing terminal is no reason to stop.
            let _ = write!(std::io::stderr(), "\r\x1b[K{what}: {done} of {total}\r");
        }
    };
    let folder = datasets::fetch(card.name, &on_progress)?;
    if terminal {
        let _ = write!(std::io::stderr(), "\r\x1b[K");
    }
    let (size, files) = installed::size_of(&folder)?;
    say(format!(
        "{} is in {}: {files} files, {}",
        card.name,
        folder.display(),
        bytes(size)
    ));
    Ok(())
}

fn verify(names: &[String]) -> Result<ExitCode> {
    let (chosen, mut bad, mut here) = (all(names)?, false, 0);
    let cards: Vec<&Card> = match names.is_empty() {
        true => cards::all().into(),
        false => chosen,
    };
    for card in cards {
        match installed::installed(card) {
            Some(folder) => {
                here += 1;
                match installed::verify(card, &folder) {
                    Ok(what) => say(format!("{:26} good: {what}", card.name)),
                    Err(error) => {
                        say(format!("{:26} {error}", card.name));
                        bad = true;
                    }
                }
            }
            None if names.is_empty() => {}
            None => {
                say(format!("{:26} is not here", card.name));
                bad = true;
            }
        }
    }
    if names.is_empty() && here == 0 {
        say(format!("no named set is in {}", data_dir().display()));
    }
    Ok(if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn place(name: Option<&str>) -> Result<ExitCode> {
    let folder = match name {
        None => data_dir(),
        Some(name) => {
            let card = cards::named(name)?;
            let Some(folder) = installed::installed(card) else {
                let verb = if matches!(card.source, Source::Made(_)) {
                    "make"
                } else {
                    "fetch"
                };
                eprintln!("{name} is not here: `cargo run -p datasets -- {verb} {name}` gets it");
                return Ok(ExitCode::FAILURE);
            };
            folder
        }
    };
    say(std::path::absolute(&folder).unwrap_or(folder).display());
    Ok(ExitCode::SUCCESS)
}

fn remove(cards: &[&Card], yes: bool) -> Result<ExitCode> {
    for card in cards {
        let (folder, partial) = (installed::installed(card), installed::partial(card));
        if folder.is_none() && partial.is_none() {
            say(format!("{} is not here", card.name));
            continue;
        }
        for (what, place) in [("", folder), (" of an unfinished attempt", partial)] {
            if let Some(place) = place {
                let (size, files) = installed::size_of(&place)?;
                let place = place.display();
                say(format!("{place}: {files} files, {}{what}", bytes(size)));
            }
        }
        if !(yes || agreed("Remove it?")) {
            return Ok(not_agreed());
        }
        installed::remove(card, &|doing, _, _| say(doing))?;
        say(format!("{} is removed", card.name));
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks, where somebody can answer.
fn agreed(question: &str) -> bool {
    if !std::io::stdin().is_terminal() {
        return false;
    }
    let _ = write!(std::io::stderr(), "{question} [y/N] ");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    let _ = std::io::stdin().read_line(&mut answer);
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

fn not_agreed() -> ExitCode {
    if !std::io::stdin().is_terminal() {
        eprintln!("nothing was done: there is nobody to ask here, so say --yes");
    } else {
        eprintln!("nothing was done");
    }
    ExitCode::FAILURE
}
