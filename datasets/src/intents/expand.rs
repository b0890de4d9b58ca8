//! From utterances with places to messages with values, split by wording and by value.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use nn::Random;
use rand::Rng;
use rand::seq::SliceRandom;
use serde_json::{Value, json};

use super::file::{IntentFile, Piece, Utterance};

/// A made message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it says.
    pub text: String,
    /// Its intent; none where it is out of scope.
    pub intent: Option<String>,
    /// Where its details stand.
    pub slots: Vec<Place>,
    /// `pairs` for one half of a pair, `near` or `far` for what is out of scope.
    pub slice: Option<String>,
    /// The utterance that it was made from.
    pub wording: String,
}

/// Where a detail stands, in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The detail's name.
    pub name: String,
    /// Its first character.
    pub start: usize,
    /// One behind its last character.
    pub end: usize,
}

impl Line {
    /// As a line of JSON.
    pub fn json(&self) -> Value {
        let slots = self.slots.iter();
        let slots: Vec<Value> = slots
            .map(|slot| json!({ "name": slot.name, "start": slot.start, "end": slot.end }))
            .collect();
        json!({
            "text": self.text,
            "intent": self.intent,
            "slots": slots,
            "slice": self.slice,
            "wording": self.wording,
        })
    }
}

/// The messages of a file in three parts.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// To train on.
    pub train: Vec<Line>,
    /// To choose on.
    pub valid: Vec<Line>,
    /// To measure on.
    pub test: Vec<Line>,
}

/// How many messages are made of an utterance, in training and in the other parts. In training, one without places or alternatives
/// is repeated as often, so that all utterances count the same.
const DRAWS: [usize; 3] = [4, 2, 2];

/// Which of the parts is for training.
const TRAIN: usize = 0;

/// The shares of validation and test.
const SHARES: [f64; 2] = [0.12, 0.2];

/// So many lines out of scope that stand together go into the same part.
const BLOCK: usize = 8;

/// Makes the messages. Of the utterances of each intent, and of the values of each list, a fifth goes to the test and 12 % to validation;
/// of what is out of scope 40 % and 20 %, in blocks of lines that stand together. A list of fewer than four values is shared by all parts.
pub fn expand(file: &IntentFile, seed: u64) -> Parts {
    let mut values: [BTreeMap<&str, Vec<&str>>; 3] = Default::default();
    for (list, all) in &file.values {
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let dealt = match all.len() {
            0..=3 => [all.clone(), all.clone(), all],
            _ => deal(all, SHARES, &mut nn::random(seed, &format!("values/{list}"))),
        };
        for (values, dealt) in values.iter_mut().zip(dealt) {
            values.insert(list, dealt);
        }
    }
    let mut parts = [Vec::new(), Vec::new(), Vec::new()];
    // Pairs are dealt out together, the pairs of two intents at a time.
    let mut couples = BTreeMap::<&str, BTreeSet<usize>>::new();
    for (number, intent) in file.intents.iter().enumerate() {
        let pairs = intent
            .utterances
            .iter()
            .filter_map(|utterance| utterance.pair.as_deref());
        pairs.for_each(|pair| _ = couples.entry(pair).or_default().insert(number));
    }
    let mut by_couple = BTreeMap::<&BTreeSet<usize>, Vec<&str>>::new();
    couples
        .iter()
        .for_each(|(pair, intents)| by_couple.entry(intents).or_default().push(pair));
    let mut part_of_pair = BTreeMap::<&str, usize>::new();
    for (number, pairs) in by_couple.into_values().enumerate() {
        let dealt = deal(pairs, SHARES, &mut nn::random(seed, &format!("pairs/{number}")));
        for (part, pairs) in dealt.into_iter().enumerate() {
            pairs
                .into_iter()
                .for_each(|pair| _ = part_of_pair.insert(pair, part));
        }
    }
    for intent in &file.intents {
        let (paired, single): (Vec<&Utterance>, Vec<&Utterance>) = intent
            .utterances
            .iter()
            .partition(|utterance| utterance.pair.is_some());
        let mut dealt = deal(
            single,
            SHARES,
            &mut nn::random(seed, &format!("utterances/{}", intent.name)),
        );
        for utterance in paired {
            let part = utterance.pair.as_deref().and_then(|pair| part_of_pair.get(pair));
            dealt[part.copied().unwrap_or(0)].push(utterance);
        }
        for (part, utterances) in dealt.into_iter().enumerate() {
            let mut random = nn::random(seed, &format!("messages/{}/{part}", intent.name));
            for utterance in utterances {
                let mut seen = HashSet::new();
                for _ in 0..DRAWS[part] {
                    let line = fill(utterance, &intent.name, &values[part], &mut random);
                    let repeated = part == TRAIN && utterance.is_fixed();
                    if seen.insert(line.text.clone()) || repeated {
                        parts[part].push(line);
                    }
                }
            }
        }
    }
    let mut kinds = BTreeMap::<&str, Vec<&str>>::new();
    file.out_of_scope
        .iter()
        .for_each(|(kind, text)| kinds.entry(kind).or_default().push(text));
    for (kind, texts) in kinds {
        // Lines that stand together are about the same thing: whole blocks of them, so that the test has other things than training.
        let blocks: Vec<&[&str]> = texts.chunks(BLOCK).collect();
        let [train, valid, test] = deal(
            blocks,
            [0.2, 0.4],
            &mut nn::random(seed, &format!("out of scope/{kind}")),
        );
        for (part, blocks) in [train, valid, test].into_iter().enumerate() {
            parts[part].extend(blocks.concat().into_iter().map(|text| Line {
                text: text.into(),
                intent: None,
                slots: Vec::new(),
                slice: Some(kind.into()),
                wording: text.into(),
            }));
        }
    }
    let [mut train, mut valid, test] = parts;
    // Two utterances with alternatives may come out alike.
    leave_out(&mut valid, &test);
    leave_out(&mut train, &test);
    leave_out(&mut train, &valid);
    Parts { train, valid, test }
}

/// Leaves out the lines that another part has, but for capitals, signs, and the values of details.
fn leave_out(lines: &mut Vec<Line>, other: &[Line]) {
    let plain = |line: &Line| -> String {
        let letters = line
            .wording
            .chars()
            .filter(|character| character.is_alphanumeric() || "{}".contains(*character));
        letters.flat_map(char::to_lowercase).collect()
    };
    let other: HashSet<String> = other.iter().map(plain).collect();
    lines.retain(|line| !other.contains(&plain(line)));
}

/// Some things in three parts, in a random order: the shares of validation and test, and the rest; of three at least one each, of fewer all
/// in the first part.
fn deal<T>(mut things: Vec<T>, [valid, test]: [f64; 2], random: &mut Random) -> [Vec<T>; 3] {
    things.shuffle(random);
    let count = things.len();
    let share = |part: f64| match count {
        0..=2 => 0,
        _ => ((count as f64 * part).round() as usize).max(1),
    };
    let test = things.split_off(count - share(test));
    let valid = things.split_off(things.len() - share(valid));
    [things, valid, test]
}

fn fill(
    utterance: &Utterance,
    intent: &str,
    values: &BTreeMap<&str, Vec<&str>>,
    random: &mut Random,
) -> Line {
    let mut line = Line {
        text: String::new(),
        intent: Some(intent.into()),
        slots: Vec::new(),
        slice: utterance.pair.as_ref().map(|_| "pairs".into()),
        wording: String::new(),
    };
    write(&utterance.pieces, values, &mut HashSet::new(), random, &mut line);
    line
}

fn write<'a>(
    pieces: &[Piece],
    values: &BTreeMap<&str, Vec<&'a str>>,
    used: &mut HashSet<&'a str>,
    random: &mut Random,
    line: &mut Line,
) {
    for piece in pieces {
        match piece {
            Piece::Text(words) => {
                line.text.push_str(words);
                line.wording.push_str(words);
            }
            Piece::Detail { slot, list } => {
                let values = &values[list.as_str()];
                // Nobody moves money from an account to the same one; with a single value there is no choice.
                let fresh: Vec<&&str> = values.iter().filter(|value| !used.contains(**value)).collect();
                let value = match fresh.len() {
                    0 => values[random.random_range(0..values.len())],
                    count => fresh[random.random_range(0..count)],
                };
                used.insert(value);
                let start = line.text.chars().count();
                line.text.push_str(value);
                line.wording.push_str(&format!("{{{slot}}}"));
                line.slots.push(Place {
                    name: slot.clone(),
                    start,
                    end: line.text.chars().count(),
                });
            }
            Piece::Choice(alternatives) => {
                let chosen = &alternatives[random.random_range(0..alternatives.len())];
                write(chosen, values, used, random, line);
            }
        }
    }
}
