//! From messages to what the network sees: numbers of words and of their pieces, an intent, a tag for each word.

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
};

use anyhow::{Context, Result};
use candle_core::{Device, Tensor};
use datasets::intents::{self, IntentFile};
use nn::Random;
use rand::Rng;
use serde::{Deserialize, Serialize};
use text::{Corpus, Message, OUTSIDE, Slot, Tags, UNKNOWN, Vocabulary, Word};
use training::{Pass, Told};

use crate::answers::Answers;

/// Of a message that has more words, the first ones are read.
pub const MOST_WORDS: usize = 128;
/// Of a word that has more n-grams, the first ones are used.
const MOST_PIECES: usize = 20;
/// Numbers that character n-grams are hashed to.
const BUCKETS: u32 = 2000;

/// Opens messages: a made or public set by name, a file of intents (`.txt`), or a file or folder in one of the layouts of
/// [`text::layouts`]. Gives their name, the messages, and what is answered.
pub fn open(what: &str) -> Result<(String, Corpus, Answers)> {
    let told = Told::default();
    let on_progress = |doing: &str, done: u64, total: u64| told.tell(doing, done, total);
    let path = Path::new(what);
    let (folder, notes) = match datasets::cards::find(what) {
        Some(card) => (datasets::fetch(card.name, &on_progress)?, Vec::new()),
        None if path.extension().is_some_and(|end| end == "txt") && path.is_file() => {
            intents::open_file(path, &datasets::data_dir(), &on_progress)?
        }
        None if path.exists() => (path.to_path_buf(), Vec::new()),
        // Says which names are like it.
        None => (datasets::fetch(what, &on_progress)?, Vec::new()),
    };
    // What is taken for validation and test is the same for every seed of a run, or their results could not be compared.
    let mut corpus = text::open(&folder, 1)?;
    corpus.notes.splice(0..0, notes);
    let written = folder.join(intents::FILE);
    let answers = match written.is_file() {
        true => {
            let text = std::fs::read_to_string(&written)
                .with_context(|| format!("cannot read {}", written.display()))?;
            Answers::of(&IntentFile::parse(&written, &text)?)
        }
        false => Answers::default(),
    };
    let name = path
        .file_stem()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned();
    Ok((name, corpus, answers))
}

/// All that turns a text into numbers: it is saved with the model.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Code {
    /// The words.
    pub vocabulary: Vocabulary,
    /// Numbers that character n-grams are hashed to.
    pub buckets: u32,
    /// The intents, in the order of the network's answers.
    pub intents: Vec<String>,
    /// The slots.
    pub tags: Tags,
}

impl Code {
    /// Learns the words that occur twice, and what intents and slots there are.
    pub fn learn(train: &[Message], intents: &[String]) -> Self {
        let words: Vec<Vec<Word>> = train.iter().map(|message| cut(&message.text)).collect();
        let forms = words.iter().flatten().map(|word| word.form.as_str());
        Code {
            vocabulary: Vocabulary::new(forms, 2),
            buckets: BUCKETS,
            intents: intents.to_vec(),
            tags: Tags::of(train),
        }
    }

    fn encode(&self, message: &Message) -> Encoded {
        let words = cut(&message.text);
        let place = |intent: &String| self.intents.binary_search(intent).ok().map(|place| place as u32);
        Encoded {
            ids: words.iter().map(|word| self.vocabulary.id(&word.form)).collect(),
            pieces: (0..words.len())
                .map(|place| text::character_ngrams(&words, place, self.buckets, MOST_PIECES))
                .collect(),
            tags: self.tags.encode(&message.slots, &words),
            intent: message.intent.as_ref().and_then(place),
        }
    }
}

/// The words of a message, those that are read.
pub fn cut(text: &str) -> Vec<Word> {
    text::words(text, MOST_WORDS)
}

/// A message as numbers.
#[derive(Clone)]
struct Encoded {
    ids: Vec<u32>,
    pieces: Vec<Vec<u32>>,
    tags: Vec<u32>,
    intent: Option<u32>,
}

/// Some messages as tensors.
#[derive(Clone)]
pub struct Batch {
    /// (batch, words)
    pub words: Tensor,
    /// (batch, words, pieces)
    pub pieces: Tensor,
    /// (batch, words)
    pub tags: Tensor,
    /// How many words each message has.
    pub lengths: Vec<usize>,
    /// The intents; none where a message is out of scope.
    pub intents: Vec<Option<u32>>,
}

impl training::Batch for Batch {
    fn len(&self) -> usize {
        self.lengths.len()
    }

    fn to_device(&self, device: &Device) -> candle_core::Result<Self> {
        Ok(Batch {
            words: self.words.to_device(device)?,
            pieces: self.pieces.to_device(device)?,
            tags: self.tags.to_device(device)?,
            ..self.clone()
        })
    }
}

impl Batch {
    fn new(messages: &[Encoded]) -> Result<Self> {
        let lengths: Vec<usize> = messages.iter().map(|message| message.ids.len()).collect();
        let steps = lengths.iter().copied().max().unwrap_or(0).max(1);
        let all = messages.iter().flat_map(|message| &message.pieces);
        let most = all.map(Vec::len).max().unwrap_or(0).max(1);
        let mut pieces = vec![0; messages.len() * steps * most];
        for (message, rows) in messages.iter().zip(pieces.chunks_mut(steps * most)) {
            for (word, row) in message.pieces.iter().zip(rows.chunks_mut(most)) {
                row[..word.len()].copy_from_slice(word);
            }
        }
        let rows = |row: fn(&Encoded) -> &Vec<u32>| {
            text::pad(&messages.iter().map(|m| row(m).clone()).collect::<Vec<_>>())
        };
        Ok(Batch {
            words: rows(|message| &message.ids)?,
            pieces: Tensor::from_vec(pieces, (messages.len(), steps, most), &Device::Cpu)?,
            tags: rows(|message| &message.tags)?,
            lengths,
            intents: messages.iter().map(|message| message.intent).collect(),
        })
    }

    /// Texts that are to be read: each has at least one word.
    pub fn of(texts: &[&str], code: &Code) -> Result<Self> {
        let message = |text: &&str| {
            code.encode(&Message {
                text: text.to_string(),
                ..Message::default()
            })
        };
        Self::new(&texts.iter().map(message).collect::<Vec<_>>())
    }
}

/// One part of the data.
pub struct Messages {
    /// As they were written.
    pub messages: Vec<Message>,
    encoded: Vec<Encoded>,
    code: Code,
    batch_size: usize,
    /// The values that each slot has in these messages.
    values: HashMap<String, Vec<String>>,
    /// How often the value of a slot is hidden in training.
    novel: f64,
}

/// How often a word of a training message is hidden, so that its surroundings must do.
const HIDE: f64 = 0.05;
/// How often the value of a slot is exchanged for another one in training.
const SWAP: f64 = 0.9;
/// How often the value of a slot is hidden as a whole, as if it had never been seen, where no value of the validation messages has.
const NOVEL: f64 = 0.3;

impl Messages {
    pub fn new(messages: Vec<Message>, code: &Code, batch_size: usize) -> Self {
        let mut values = HashMap::<String, Vec<String>>::new();
        for message in &messages {
            for slot in &message.slots {
                values
                    .entry(slot.name.clone())
                    .or_default()
                    .push(message.value(slot).to_string());
            }
        }
        // Each value as often as it occurs would teach frequent ones only.
        for values in values.values_mut() {
            values.sort();
            values.dedup();
        }
        Messages {
            encoded: messages.iter().map(|message| code.encode(message)).collect(),
            messages,
            code: code.clone(),
            batch_size,
            values,
            novel: 0.0,
        }
    }

    /// Hides values in training as often as values of `valid` are new to these messages: the more, the more often.
    pub fn hide_values_as_for(&mut self, valid: &[Message]) {
        let slots = valid
            .iter()
            .flat_map(|message| message.slots.iter().map(move |slot| (slot, message.value(slot))));
        let (mut all, mut new) = (0, 0);
        for (slot, value) in slots {
            let known = self.values.get(&slot.name);
            all += 1;
            new += usize::from(
                known.is_none_or(|known| known.binary_search_by(|known| known.as_str().cmp(value)).is_err()),
            );
        }
        self.novel = NOVEL * f64::from(new as u32) / f64::from(all.max(1) as u32);
    }

    /// The intent of each message; none where it is out of scope.
    pub fn targets(&self) -> impl Iterator<Item = Option<u32>> + '_ {
        self.encoded.iter().map(|message| message.intent)
    }

    /// The intent of each message that has one: of training messages, all.
    pub fn intents(&self) -> Vec<u32> {
        self.targets().flatten().collect()
    }

    /// The names of the parts that are to be reported apart, among messages that have an intent.
    pub fn slices(&self) -> Vec<String> {
        let known = self.messages.iter().filter(|message| message.intent.is_some());
        let slices: BTreeSet<String> = known.filter_map(|message| message.slice.clone()).collect();
        slices.into_iter().collect()
    }

    /// The message with other values for some of its slots.
    fn swapped(&self, message: &Message, random: &mut Random) -> Message {
        let mut swapped = Message {
            text: String::with_capacity(message.text.len()),
            slots: Vec::new(),
            ..message.clone()
        };
        let mut end = 0;
        for slot in &message.slots {
            swapped.text.push_str(&message.text[end..slot.start]);
            let (start, values) = (swapped.text.len(), &self.values[&slot.name]);
            let value = match random.random_bool(SWAP) {
                true => &values[random.random_range(0..values.len())],
                false => message.value(slot),
            };
            swapped.text.push_str(value);
            swapped.slots.push(Slot {
                name: slot.name.clone(),
                start,
                end: swapped.text.len(),
            });
            end = slot.end;
        }
        swapped.text.push_str(&message.text[end..]);
        swapped
    }

    fn varied(&self, index: usize, pass: Pass) -> Encoded {
        let mut random = pass.random(index);
        let message = &self.messages[index];
        let mut encoded = match message.slots.is_empty() {
            true => self.encoded[index].clone(),
            false => self.code.encode(&self.swapped(message, &mut random)),
        };
        let (known, buckets) = (UNKNOWN..self.code.vocabulary.len() as u32, self.code.buckets);
        let mut novel = false;
        for ((id, pieces), tag) in encoded.ids.iter_mut().zip(&mut encoded.pieces).zip(&encoded.tags) {
            novel = match self.code.tags.begins(*tag) {
                true => random.random_bool(self.novel),
                false => novel && *tag != OUTSIDE,
            };
            if novel || random.random_bool(HIDE) {
                // A name that was never seen is often made of words that were: "Summer", "Bill".
                *id = if novel && random.random_bool(0.9) {
                    random.random_range(known.clone())
                } else {
                    UNKNOWN
                };
                pieces
                    .iter_mut()
                    .for_each(|piece| *piece = random.random_range(1..buckets));
            }
        }
        encoded
    }
}

impl training::Dataset for Messages {
    type Batch = Batch;

    fn len(&self) -> usize {
        self.messages.len()
    }

    fn batch(&self, indices: &[usize], pass: Pass) -> Result<Batch> {
        let message = |&index: &usize| match pass.train {
            true => self.varied(index, pass),
            false => self.encoded[index].clone(),
        };
        Batch::new(&indices.iter().map(message).collect::<Vec<_>>())
    }

    fn order(&self, pass: Pass) -> Vec<usize> {
        let lengths: Vec<usize> = self.encoded.iter().map(|message| message.ids.len()).collect();
        training::by_length(&lengths, self.batch_size, pass)
    }

    fn name(&self, index: usize) -> String {
        self.messages[index].text.clone()
    }
}
