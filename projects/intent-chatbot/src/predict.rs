//! Says what messages want, which details they have, and whether they are like nothing that was taught.

use std::{io::Read, path::PathBuf};

use anyhow::{Context, Result, ensure};
use candle_core::Device;
use serde::{Deserialize, Serialize};
use serde_json::json;
use text::Word;
use training::{DeviceChoice, choose_device, load_model};

use crate::{
    NAME,
    answers::Answers,
    data::{Batch, Code, MOST_WORDS, cut},
    dialogue::Heard,
    model::{Network, Size},
    task::{Understood, understand},
};

/// What `model.safetensors` knows beside the weights.
#[derive(Serialize, Deserialize)]
pub struct About {
    /// Words, intents and slots.
    pub code: Code,
    /// Below this familiarity a message is refused.
    pub threshold: f32,
    /// What is said.
    pub answers: Answers,
}

/// Say what messages want
#[derive(clap::Args)]
pub struct Predict {
    /// Messages, files of a message a line, or - for lines from standard input
    #[arg(required = true)]
    inputs: Vec<String>,
    /// Write a JSON object a line
    #[arg(long)]
    json: bool,
    /// How many intents to name for each
    #[arg(long, default_value_t = 3, value_name = "N")]
    top: usize,
    /// The run folder of a trained model [default: the newest]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
}

/// So many messages go through the network at once.
const TOGETHER: usize = 64;

pub fn predict(arguments: &Predict) -> Result<()> {
    let (device, _) = choose_device(arguments.device)?;
    let reader = Reader::load(arguments.model.as_deref(), device)?;
    let mut texts = Vec::new();
    for input in &arguments.inputs {
        texts.extend(lines(input)?);
    }
    ensure!(
        !texts.is_empty(),
        "there is no message in {}",
        arguments.inputs.join(", ")
    );
    for texts in texts.chunks(TOGETHER) {
        for (text, reading) in texts.iter().zip(reader.read(texts)?) {
            match arguments.json {
                true => training::say(reading.json(text)),
                false => reading.tell(text, arguments.top),
            }
        }
    }
    Ok(())
}

/// The messages that an argument stands for.
fn lines(input: &str) -> Result<Vec<String>> {
    let path = PathBuf::from(input);
    let bytes = match input {
        "-" => {
            let mut bytes = Vec::new();
            std::io::stdin()
                .read_to_end(&mut bytes)
                .context("cannot read standard input")?;
            bytes
        }
        _ if path.is_file() => std::fs::read(&path).with_context(|| format!("cannot read {input}"))?,
        _ => return Ok(vec![input.to_string()]),
    };
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.trim_start_matches('\u{feff}').lines();
    Ok(lines
        .filter(|line| !line.trim().is_empty())
        .map(String::from)
        .collect())
}

/// A trained network and all that it needs to read a message.
pub struct Reader {
    pub about: About,
    network: Network,
    device: Device,
}

impl Reader {
    pub fn load(model: Option<&std::path::Path>, device: Device) -> Result<Self> {
        let build =
            |about: &About, weights: nn::VarBuilder<'_>| Network::new(&Size::of(&about.code), weights);
        let (about, network) = load_model(NAME, model, &device, build)?;
        Ok(Reader {
            about,
            network,
            device,
        })
    }

    /// Reads messages.
    pub fn read<T: AsRef<str>>(&self, texts: &[T]) -> Result<Vec<Reading>> {
        let words: Vec<Vec<Word>> = texts.iter().map(|text| cut(text.as_ref())).collect();
        // What has no word is not shown to the network.
        let with_words: Vec<&str> = texts
            .iter()
            .zip(&words)
            .filter(|(_, words)| !words.is_empty())
            .map(|(text, _)| text.as_ref())
            .collect();
        let mut understood = Vec::new();
        if !with_words.is_empty() {
            let batch = training::Batch::to_device(&Batch::of(&with_words, &self.about.code)?, &self.device)?;
            understood = understand(&self.network, &batch)?;
        }
        let mut understood = understood.into_iter();
        let reading = |(text, words): (&T, Vec<Word>)| match words.is_empty() {
            true => Reading::default(),
            false => understood.next().map_or_else(Reading::default, |understood| {
                self.reading(text.as_ref(), &words, &understood)
            }),
        };
        Ok(texts.iter().zip(words).map(reading).collect())
    }

    fn reading(&self, text: &str, words: &[Word], understood: &Understood) -> Reading {
        let code = &self.about.code;
        let mut ranked: Vec<(String, f32)> = code
            .intents
            .iter()
            .cloned()
            .zip(understood.probabilities.iter().copied())
            .collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        let slots = code.tags.decode(&understood.found, words).into_iter();
        let detail = |slot: text::Slot| Detail {
            value: text[slot.start..slot.end].to_string(),
            name: slot.name,
            start: slot.start,
            end: slot.end,
        };
        Reading {
            ranked,
            familiarity: Some(understood.familiarity),
            unknown: understood.familiarity < self.about.threshold,
            details: slots.map(detail).collect(),
            cut_off: words.len() == MOST_WORDS,
        }
    }
}

/// What was understood of a message; nothing where it has no word.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Intents, the most probable first.
    pub ranked: Vec<(String, f32)>,
    /// How much it is like what was taught.
    pub familiarity: Option<f32>,
    /// Whether it is like nothing that was taught.
    pub unknown: bool,
    /// Details in the order of the text.
    pub details: Vec<Detail>,
    /// Whether it has more words than are read.
    pub cut_off: bool,
}

/// A detail that was found in a message.
#[derive(Clone, Debug, Serialize)]
pub struct Detail {
    pub name: String,
    pub value: String,
    /// Its first byte in the text.
    pub start: usize,
    /// One behind its last byte.
    pub end: usize,
}

impl Reading {
    /// What a conversation needs of it.
    pub fn heard(&self) -> Heard {
        let details = self.details.iter();
        Heard {
            ranked: self.ranked.iter().take(2).cloned().collect(),
            unknown: self.unknown,
            details: details
                .map(|detail| (detail.name.clone(), detail.value.clone()))
                .collect(),
        }
    }

    /// As a JSON object. Places are counted in characters, as in files of messages.
    fn json(&self, text: &str) -> String {
        let characters = |byte: usize| text[..byte].chars().count();
        let slots: Vec<_> = self
            .details
            .iter()
            .map(|detail| {
                json!({ "name": detail.name, "value": detail.value,
                        "start": characters(detail.start), "end": characters(detail.end) })
            })
            .collect();
        let ranked: Vec<_> = self
            .ranked
            .iter()
            .take(3)
            .map(|(intent, p)| json!({ "intent": intent, "probability": p }))
            .collect();
        let intent = self
            .ranked
            .first()
            .filter(|_| !self.unknown)
            .map(|(intent, _)| intent);
        json!({ "text": text, "intent": intent, "refused": self.unknown || self.ranked.is_empty(), "ranked": ranked, "slots": slots,
                "familiarity": self.familiarity })
        .to_string()
    }

    fn tell(&self, text: &str, top: usize) {
        let Some((first, _)) = self.ranked.first() else {
            return training::say(format!("{}  (no word in it)", self.shown(text)));
        };
        let answer = if self.unknown { "(not taught)" } else { first };
        training::say(format!("{}  {answer}", self.shown(text)));
        for (intent, probability) in self.ranked.iter().take(top) {
            let bar = "█".repeat((probability * 30.0).round() as usize);
            training::say(format!("  {:>5.1} %  {intent:<24} {bar}", 100.0 * probability));
        }
        for detail in &self.details {
            training::say(format!("  {}: {}", detail.name, detail.value));
        }
        if self.unknown {
            training::say("  note: not like anything I was taught, so do not trust this");
        }
        if self.cut_off {
            training::say(format!("  note: only the first {MOST_WORDS} words were read"));
        }
    }

    /// The message as it is shown: on one line, its details in colour, and only the beginning of a long one.
    pub fn shown(&self, text: &str) -> String {
        let (mut shown, mut end) = (String::new(), 0);
        let clean = |text: &str| {
            text.chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect::<String>()
        };
        for detail in &self.details {
            shown += &clean(&text[end..detail.start]);
            let value = console::style(clean(&text[detail.start..detail.end]));
            shown += &value.cyan().bold().to_string();
            end = detail.end;
        }
        let rest = clean(&text[end..]);
        shown += &rest.chars().take(200).collect::<String>();
        if rest.chars().count() > 200 {
            shown += " …";
        }
        shown
    }
}
