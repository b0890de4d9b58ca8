//! What is said: the answers of a file of intents, with details put in.

use std::collections::BTreeMap;

use datasets::intents::{IntentFile, Piece, Utterance, pieces};
use serde::{Deserialize, Serialize};

/// The details that are known, by name.
pub type Details = BTreeMap<String, String>;

/// Answers and questions, by the name of the intent. They are saved with the model.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Answers {
    intents: BTreeMap<String, Intent>,
    /// From which lists the values of a detail come.
    lists: BTreeMap<String, Vec<String>>,
    phrases: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Intent {
    title: String,
    answers: Vec<String>,
    questions: Vec<(String, String)>,
}

/// The intent whose messages are details of what was asked before.
pub const DETAILS: &str = "inform";

impl Answers {
    pub fn of(file: &IntentFile) -> Self {
        let mut answers = Answers {
            phrases: file.phrases.clone(),
            ..Answers::default()
        };
        for intent in &file.intents {
            let told = Intent {
                title: intent.title.clone(),
                answers: intent.answers.clone(),
                questions: intent.questions.clone(),
            };
            answers.intents.insert(intent.name.clone(), told);
            for (slot, list) in intent.utterances.iter().flat_map(Utterance::details) {
                let lists = answers.lists.entry(slot.to_string()).or_default();
                if !lists.iter().any(|known| known == list) {
                    lists.push(list.to_string());
                }
            }
        }
        answers
    }

    /// What completes "Do you want to …?".
    pub fn title(&self, intent: &str) -> String {
        let known = self.intents.get(intent).map(|intent| intent.title.clone());
        known.unwrap_or_else(|| intent.replace(['_', '-'], " "))
    }

    /// Some things that can be asked for.
    pub fn titles(&self) -> Vec<&str> {
        let helpful = self
            .intents
            .iter()
            .filter(|(name, intent)| *name != DETAILS && !intent.questions.is_empty());
        helpful.map(|(_, intent)| intent.title.as_str()).collect()
    }

    /// The detail that has to be asked for, and the question.
    pub fn question(&self, intent: &str, details: &Details) -> Option<(&str, &str)> {
        let questions = &self.intents.get(intent)?.questions;
        let missing = questions.iter().find(|(slot, _)| !details.contains_key(slot));
        missing.map(|(slot, words)| (slot.as_str(), words.as_str()))
    }

    /// The first answer of which all details are known.
    pub fn answer(&self, intent: &str, details: &Details) -> Option<String> {
        let answers = self.intents.get(intent)?.answers.iter();
        answers.filter_map(|answer| fill(answer, details)).next()
    }

    /// A phrase of the file's, or `otherwise`.
    pub fn phrase<'a>(&'a self, name: &str, otherwise: &'a str) -> &'a str {
        self.phrases.get(name).map_or(otherwise, String::as_str)
    }

    /// Whether a value of the detail `given` may be one of `wanted`: an account that is said where a source was asked for.
    pub fn alike(&self, given: &str, wanted: &str) -> bool {
        let lists = |slot: &str| self.lists.get(slot).map_or(&[][..], Vec::as_slice);
        lists(given).iter().any(|list| lists(wanted).contains(list))
    }
}

/// The answer with its details, where all of them are known.
fn fill(answer: &str, details: &Details) -> Option<String> {
    let pieces = pieces(answer).ok()?.into_iter().map(|piece| match piece {
        Piece::Text(words) => Some(words),
        Piece::Detail { slot, .. } => details.get(&slot).cloned(),
        Piece::Choice(_) => None,
    });
    pieces.collect()
}
