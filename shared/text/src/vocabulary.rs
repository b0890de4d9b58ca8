//! Numbers for words, and for the pieces that unknown words are made of.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::words::{Word, stands_alone};

/// The id of what fills a sequence up to the length of its batch.
pub const PADDING: u32 = 0;
/// The id of every word that the vocabulary does not have.
pub const UNKNOWN: u32 = 1;

/// The words that a model knows, each with an id from 2: frequent ones first.
///
/// ```
/// let forms = ["to", "pay", "to", "rent"];
/// let vocabulary = text::Vocabulary::new(forms, 2);
/// assert_eq!((vocabulary.id("to"), vocabulary.id("rent")), (2, text::UNKNOWN));
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct Vocabulary {
    forms: Vec<String>,
    ids: HashMap<String, u32>,
}

impl Vocabulary {
    /// The forms that occur at least `least` times.
    pub fn new<'a>(forms: impl IntoIterator<Item = &'a str>, least: usize) -> Self {
        let mut counts = HashMap::<&str, usize>::new();
        for form in forms {
            *counts.entry(form).or_default() += 1;
        }
        let mut kept: Vec<(&str, usize)> = counts.into_iter().filter(|(_, count)| *count >= least).collect();
        // By the alphabet where two are equally frequent: the map's own order is another in every run.
        kept.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let kept: Vec<String> = kept.into_iter().map(|(form, _)| form.to_string()).collect();
        kept.into()
    }

    /// How many ids there are, those of padding and unknown words among them.
    pub fn len(&self) -> usize {
        self.forms.len() + 2
    }

    /// Whether it knows no word.
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }

    /// The id of a form.
    pub fn id(&self, form: &str) -> u32 {
        self.ids.get(form).copied().unwrap_or(UNKNOWN)
    }
}

impl From<Vec<String>> for Vocabulary {
    fn from(forms: Vec<String>) -> Self {
        let ids = forms.iter().zip(UNKNOWN + 1..);
        Vocabulary {
            ids: ids.map(|(form, id)| (form.clone(), id)).collect(),
            forms,
        }
    }
}

impl From<Vocabulary> for Vec<String> {
    fn from(vocabulary: Vocabulary) -> Self {
        vocabulary.forms
    }
}

/// The character n-grams of the word at `place`, as numbers from 1 below `buckets`: what a misspelt or unseen word shares with
/// known ones (Bojanowski et al. 2017, with hashed n-grams). Of a word of letters these are its pieces of 3 to 5
/// characters with `<` and `>` at its ends; of a character that stands alone, itself with its neighbours. At most `most`.
pub fn character_ngrams(words: &[Word], place: usize, buckets: u32, most: usize) -> Vec<u32> {
    let mut ngrams = Vec::new();
    let mut add = |piece: &[char]| {
        if ngrams.len() < most {
            ngrams.push(1 + (hash(piece) % u64::from(buckets - 1)) as u32);
        }
    };
    let form = words[place].form.as_str();
    if form.chars().count() == 1 && form.chars().all(stands_alone) {
        let near = |offset: isize| -> char {
            let word = place
                .checked_add_signed(offset)
                .and_then(|place| words.get(place));
            word.and_then(|word| word.form.chars().next()).unwrap_or('|')
        };
        let around = [near(-2), near(-1), near(0), near(1), near(2)];
        for piece in [
            &around[1..3],
            &around[2..4],
            &around[1..4],
            &around[..3],
            &around[2..],
        ] {
            add(piece);
        }
        return ngrams;
    }
    let characters: Vec<char> = ['<'].into_iter().chain(form.chars()).chain(['>']).collect();
    for length in 3..=5 {
        characters.windows(length).for_each(&mut add);
    }
    if ngrams.is_empty() {
        // A sign or a letter of its own.
        ngrams.push(1 + (hash(&characters) % u64::from(buckets - 1)) as u32);
    }
    ngrams
}

/// FNV-1a over the characters: the same on every machine and in every version.
fn hash(characters: &[char]) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325;
    let mixed = characters.iter().fold(start, |hash: u64, &character| {
        (hash ^ u64::from(u32::from(character))).wrapping_mul(0x0100_0000_01b3)
    });
    // The low bits of FNV follow those of the last character; the high ones do not.
    mixed ^ (mixed >> 29)
}
