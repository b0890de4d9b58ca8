//! Lists the named data sets; with names, prints their cards and fetches or makes them:
//! `cargo run -p datasets --example sets -- gtzan`
//!
//! Stopped and called again, a download goes on where it was.

use std::io::{IsTerminal, Write};

use datasets::cards;

fn main() -> datasets::Result<()> {
    let names: Vec<String> = std::env::args().skip(1).collect();
    if names.is_empty() {
        for card in cards::all() {
            println!("{:26} {}", card.name, card.title);
        }
    }
    let terminal = std::io::stderr().is_terminal();
    let on_progress = |what: &str, done: u64, total: u64| {
        if terminal {
            // A failing terminal is no reason to stop.
            let _ = write!(std::io::stderr(), "\r\x1b[K{what}: {done} of {total}\r");
        }
    };
    for name in &names {
        if let Some(card) = cards::find(name) {
            println!("{card}");
        }
        println!("{name} is in {}", datasets::fetch(name, &on_progress)?.display());
    }
    Ok(())
}
