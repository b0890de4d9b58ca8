//! A conversation in the terminal.

use std::{
    io::{BufRead, IsTerminal},
    path::PathBuf,
};

use anyhow::Result;
use console::style;
use rustyline::{DefaultEditor, error::ReadlineError};
use training::{DeviceChoice, choose_device};

use crate::{
    dialogue::Dialogue,
    predict::{Reader, Reading},
};

/// Talk to it in the terminal
#[derive(clap::Args)]
pub struct Chat {
    /// The run folder of a trained model [default: the newest]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
}

pub fn chat(arguments: &Chat) -> Result<()> {
    let (device, _) = choose_device(arguments.device)?;
    let reader = Reader::load(arguments.model.as_deref(), device)?;
    // A single message is too little work to share.
    nn::use_threads(1);
    let mut dialogue = Dialogue::new(&reader.about.answers);
    let mut respond = |line: &str| -> Result<()> {
        let reading = reader.read(&[line])?.pop().unwrap_or_default();
        if reading.ranked.is_empty() {
            return Ok(());
        }
        let said = dialogue.reply(line, reading.heard());
        training::say(style(understood(&reading, &dialogue)).dim());
        training::say(format!("{} {said}\n", style("bot>").green().bold()));
        Ok(())
    };
    if !std::io::stdin().is_terminal() {
        for line in std::io::stdin().lock().split(b'\n') {
            let line = String::from_utf8_lossy(&line?).trim().to_string();
            if !line.is_empty() {
                training::say(format!("you> {line}"));
                respond(&line)?;
            }
        }
        return Ok(());
    }
    training::say("Write what you want; an empty line, Ctrl-C or Ctrl-D ends it.\n");
    let mut editor = DefaultEditor::new()?;
    loop {
        match editor.readline("you> ") {
            Ok(line) if line.trim().is_empty() => return Ok(()),
            Ok(line) => {
                // It stays in memory: what customers write belongs in no file.
                editor.add_history_entry(&line)?;
                respond(&line)?;
            }
            Err(ReadlineError::Interrupted | ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// One line on what was understood: the intent, how sure that is, the details, and what is still known from before.
fn understood(reading: &Reading, dialogue: &Dialogue<'_>) -> String {
    let mut line = match reading.ranked.first() {
        Some((intent, _)) if reading.unknown => format!("     not taught (nearest: {intent})"),
        Some((intent, probability)) => format!("     {intent} {:.0} %", 100.0 * probability),
        None => String::new(),
    };
    for detail in &reading.details {
        line += &format!(" · {}: {}", detail.name, style(&detail.value).cyan().bold());
    }
    let (_, known) = dialogue.task();
    let before: Vec<String> = known
        .iter()
        .filter(|(_, value)| !reading.details.iter().any(|detail| detail.value == **value))
        .map(|(slot, value)| format!("{slot}: {value}"))
        .collect();
    if !before.is_empty() {
        line += &format!(" · from before {}", before.join(", "));
    }
    line
}
