//! Reading a file of intents.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use crate::{DataError, Result};

/// What people want, how they say it, and what is answered.
#[derive(Clone, Debug, Default)]
pub struct IntentFile {
    /// In the order of the file.
    pub intents: Vec<Intent>,
    /// The values of each list.
    pub values: BTreeMap<String, Vec<String>>,
    /// What a program that answers says by itself: `unknown`, say.
    pub phrases: BTreeMap<String, String>,
    /// Messages that are none of the intents: how they are called (`near`, `far`), and what they say.
    pub out_of_scope: Vec<(String, String)>,
}

/// One thing that people want.
#[derive(Clone, Debug, Default)]
pub struct Intent {
    /// Its name.
    pub name: String,
    /// What completes "Do you want to …?".
    pub title: String,
    /// Answers with `{details}`, the one with the most first.
    pub answers: Vec<String>,
    /// Details that are asked for, and how.
    pub questions: Vec<(String, String)>,
    /// How people say it.
    pub utterances: Vec<Utterance>,
}

/// A way to say something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Utterance {
    /// Text and places in turn.
    pub pieces: Vec<Piece>,
    /// The name of the pair that it is one half of.
    pub pair: Option<String>,
}

/// A part of an utterance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// As it stands.
    Text(String),
    /// A detail, with a value from a list.
    Detail {
        /// The name of the detail.
        slot: String,
        /// The name of the list.
        list: String,
    },
    /// One of several, at random.
    Choice(Vec<Vec<Piece>>),
}

impl Utterance {
    /// All details in it, those within alternatives too: (slot, list).
    pub fn details(&self) -> Vec<(&str, &str)> {
        let mut found = Vec::new();
        details(&self.pieces, &mut found);
        found
    }

    /// Whether it is the same every time.
    pub fn is_fixed(&self) -> bool {
        self.pieces.iter().all(|piece| matches!(piece, Piece::Text(_)))
    }
}

fn details<'a>(pieces: &'a [Piece], found: &mut Vec<(&'a str, &'a str)>) {
    for piece in pieces {
        match piece {
            Piece::Text(_) => {}
            Piece::Detail { slot, list } => found.push((slot, list)),
            Piece::Choice(alternatives) => alternatives.iter().for_each(|pieces| details(pieces, found)),
        }
    }
}

/// Which section a line is in.
enum Section {
    Intent(usize),
    Values(String),
    Phrases,
    OutOfScope(String),
}

impl IntentFile {
    /// Reads the text of a file; `path` is what errors call it.
    ///
    /// # Errors
    /// [`DataError::List`] with the line that makes no sense, and why.
    pub fn parse(path: &Path, text: &str) -> Result<Self> {
        let mut file = IntentFile::default();
        let mut section = None;
        // Where each pair was first seen, for the message about a half that is alone.
        let mut pairs = HashMap::<String, Vec<(usize, usize)>>::new();
        // Lists that utterances name: they may stand further down.
        let mut wanted = BTreeMap::<String, usize>::new();
        let fail = |line: usize, problem: String| DataError::List {
            path: path.into(),
            line,
            problem,
        };
        for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let (number, line) = (number + 1, line.trim());
            if line.is_empty() || line.starts_with("# ") || line == "#" {
                continue;
            }
            if line.starts_with('[') {
                section = Some(file.begin(line).map_err(|problem| fail(number, problem))?);
                continue;
            }
            match &section {
                None => {
                    let problem = "a line before the first section: begin with the intent that it belongs to, as [save_money] put money aside";
                    return Err(fail(number, problem.into()));
                }
                Some(Section::Values(list)) => file.values.entry(list.clone()).or_default().push(line.into()),
                Some(Section::Phrases) => {
                    let Some((name, words)) = line.split_once(": ") else {
                        return Err(fail(
                            number,
                            "a phrase is written as “unknown: I was never taught that.”".into(),
                        ));
                    };
                    file.phrases.insert(name.trim().into(), words.trim().into());
                }
                Some(Section::OutOfScope(kind)) => file.out_of_scope.push((kind.clone(), line.into())),
                Some(Section::Intent(place)) => {
                    let intent = &mut file.intents[*place];
                    let lists = intent.read(line).map_err(|problem| fail(number, problem))?;
                    if let Some(pair) = intent.utterances.last().and_then(|last| last.pair.clone())
                        && line.starts_with('=')
                    {
                        pairs.entry(pair).or_default().push((*place, number));
                    }
                    lists
                        .into_iter()
                        .for_each(|list| _ = wanted.entry(list).or_insert(number));
                }
            }
        }
        for (list, line) in wanted {
            if file.values.get(&list).is_none_or(Vec::is_empty) {
                let problem =
                    format!("there is no list {list:?}: add a section [values {list}] with a value a line");
                return Err(fail(line, problem));
            }
        }
        for (pair, halves) in pairs {
            if halves.len() != 2 || halves[0].0 == halves[1].0 {
                let problem = format!(
                    "the pair ={pair} has {} lines: it needs two, in two different intents",
                    halves.len()
                );
                return Err(fail(halves[0].1, problem));
            }
        }
        file.check().map_err(|problem| fail(0, problem))?;
        Ok(file)
    }

    /// Begins a section.
    fn begin(&mut self, line: &str) -> std::result::Result<Section, String> {
        let Some((name, title)) = line[1..].split_once(']') else {
            return Err("a section begins with [name]: the bracket is not closed".into());
        };
        match name.split_once(' ') {
            Some(("values", list)) => Ok(Section::Values(list.trim().into())),
            Some(("out_of_scope", kind)) => Ok(Section::OutOfScope(kind.trim().into())),
            Some(_) => Err(format!(
                "[{name}] has a space: an intent is one word, as [save_money]; other sections are [values LIST], [out_of_scope NAME] and [phrases]"
            )),
            None if name == "phrases" => Ok(Section::Phrases),
            None if name == "out_of_scope" => Ok(Section::OutOfScope("far".into())),
            None if self.intents.iter().any(|intent| intent.name == name) => Err(format!(
                "the intent {name} stands in the file twice: put its lines together"
            )),
            None if name.is_empty() => Err("the intent has no name".into()),
            None => {
                self.intents.push(Intent {
                    name: name.into(),
                    title: if title.trim().is_empty() {
                        name.replace('_', " ")
                    } else {
                        title.trim().into()
                    },
                    ..Intent::default()
                });
                Ok(Section::Intent(self.intents.len() - 1))
            }
        }
    }

    fn check(&self) -> std::result::Result<(), String> {
        if self.intents.len() < 2 {
            return Err(format!(
                "{} intents: there is nothing to tell apart below two",
                self.intents.len()
            ));
        }
        for intent in &self.intents {
            if intent.utterances.is_empty() {
                return Err(format!(
                    "the intent {} has no utterance: write some, at least ten",
                    intent.name
                ));
            }
            // A detail of an answer may have been given for another intent's question: any known one will do.
            let known = |slot: &str| {
                let mut all = self.intents.iter().flat_map(|intent| &intent.utterances);
                all.any(|utterance| utterance.details().iter().any(|(known, _)| *known == slot))
            };
            for answer in &intent.answers {
                for piece in pieces(answer)? {
                    if let Piece::Detail { slot, .. } = piece
                        && !known(&slot)
                    {
                        return Err(format!(
                            "an answer of {} has {{{slot}}}, which no utterance has: it could never be given",
                            intent.name
                        ));
                    }
                }
            }
            if let Some((slot, _)) = intent.questions.iter().find(|(slot, _)| !known(slot)) {
                return Err(format!("{} asks for {slot}, which no utterance has", intent.name));
            }
        }
        Ok(())
    }
}

impl Intent {
    /// Takes a line; gives the lists that it draws from.
    fn read(&mut self, line: &str) -> std::result::Result<Vec<String>, String> {
        if let Some(answer) = line.strip_prefix("> ") {
            if pieces(answer)?
                .iter()
                .any(|piece| matches!(piece, Piece::Choice(_)))
            {
                return Err("an answer has no alternatives (a|b): write two answers".into());
            }
            self.answers.push(answer.trim().into());
            return Ok(Vec::new());
        }
        if let Some(question) = line.strip_prefix("? ") {
            let Some((slot, words)) = question.split_once(':') else {
                return Err("a question is written as “? amount: How much?”: the colon is missing".into());
            };
            self.questions.push((slot.trim().into(), words.trim().into()));
            return Ok(Vec::new());
        }
        let (pair, words) = match line.strip_prefix('=') {
            Some(rest) => {
                let Some((pair, words)) = rest.split_once(' ') else {
                    return Err("one half of a pair is written as “=name words”: there are no words".into());
                };
                (Some(pair.to_string()), words.trim())
            }
            None => (None, line),
        };
        let pieces = pieces(words)?;
        let utterance = Utterance { pieces, pair };
        let lists = utterance
            .details()
            .into_iter()
            .map(|(_, list)| list.to_string())
            .collect();
        self.utterances.push(utterance);
        Ok(lists)
    }
}

/// A text cut at its `{places}` and its `(alternatives|of words)`.
pub fn pieces(text: &str) -> std::result::Result<Vec<Piece>, String> {
    let (mut pieces, mut words, mut rest) = (Vec::new(), String::new(), text);
    while let Some(first) = rest.chars().next() {
        let behind = &rest[first.len_utf8()..];
        let (piece, behind) = match first {
            '{' => {
                let Some((place, behind)) = behind.split_once('}') else {
                    return Err(format!("“{text}” has a {{ that is not closed"));
                };
                (Some(detail(place)?), behind)
            }
            '}' => return Err(format!("“{text}” has a }} that was not opened")),
            // Brackets without a bar are only brackets.
            '(' => match behind.split_once(')') {
                Some((inside, _)) if inside.contains('(') && inside.contains('|') => {
                    return Err(format!(
                        "“{text}” has alternatives within alternatives: write two lines"
                    ));
                }
                Some((inside, behind)) if inside.contains('|') => {
                    let alternatives = inside.split('|').map(self::pieces);
                    let alternatives: std::result::Result<_, String> = alternatives.collect();
                    (Some(Piece::Choice(alternatives?)), behind)
                }
                _ => (None, behind),
            },
            _ => (None, behind),
        };
        match piece {
            None => words.push(first),
            Some(piece) => {
                if !words.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut words)));
                }
                pieces.push(piece);
            }
        }
        rest = behind;
    }
    if !words.is_empty() {
        pieces.push(Piece::Text(words));
    }
    Ok(pieces)
}

fn detail(place: &str) -> std::result::Result<Piece, String> {
    let (slot, list) = place.split_once('=').unwrap_or((place, place));
    let (slot, list) = (slot.trim().to_string(), list.trim().to_string());
    match slot.is_empty() || list.is_empty() {
        true => Err(format!(
            "{{{place}}} names nothing: write {{detail}} or {{detail=list}}"
        )),
        false => Ok(Piece::Detail { slot, list }),
    }
}
