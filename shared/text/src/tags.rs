//! Slots as a tag for each word, and back, and how well they were found.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Message, Slot, Word};

/// The tag of a word that belongs to no slot.
pub const OUTSIDE: u32 = 0;

/// The names of slots, and the tags that stand for them: 0 is outside of all; slot `n` begins with 2n + 1 and goes on with
/// 2n + 2 (the scheme BIO: begin, inside, outside).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tags {
    /// The names of the slots.
    pub slots: Vec<String>,
}

impl Tags {
    /// The slots that occur in `messages`, sorted.
    pub fn of(messages: &[Message]) -> Self {
        let names = messages.iter().flat_map(|message| &message.slots);
        let mut slots: Vec<String> = names.map(|slot| slot.name.clone()).collect();
        slots.sort();
        slots.dedup();
        Tags { slots }
    }

    /// Whether a slot begins with this tag.
    pub fn begins(&self, tag: u32) -> bool {
        tag % 2 == 1
    }

    /// How many tags there are.
    pub fn count(&self) -> usize {
        2 * self.slots.len() + 1
    }

    /// The tag of each word. A word that a slot covers in part belongs to it. A slot that is not among the names is outside.
    pub fn encode(&self, slots: &[Slot], words: &[Word]) -> Vec<u32> {
        let mut tags = vec![OUTSIDE; words.len()];
        for slot in slots {
            let Ok(number) = self.slots.binary_search(&slot.name) else {
                continue;
            };
            let mut begun = false;
            for (tag, word) in tags.iter_mut().zip(words) {
                if word.range.start < slot.end && slot.start < word.range.end {
                    *tag = 2 * number as u32 + 1 + u32::from(begun);
                    begun = true;
                }
            }
        }
        tags
    }

    /// The slots that the tags of `words` mean. An inside without its beginning begins one, as the scorer of CoNLL-2000
    /// reads it.
    pub fn decode(&self, tags: &[u32], words: &[Word]) -> Vec<Slot> {
        let spans = spans(tags).into_iter();
        spans
            .filter(|span| span.slot < self.slots.len() && span.end <= words.len())
            .map(|span| Slot {
                name: self.slots[span.slot].clone(),
                start: words[span.start].range.start,
                end: words[span.end - 1].range.end,
            })
            .collect()
    }

    /// Precision, recall and F1 of the slots of many messages: a slot counts only with the right name at exactly the right
    /// words, as in the shared task CoNLL-2000. `pairs` are true and predicted tags.
    pub fn score<'a>(&self, pairs: impl IntoIterator<Item = (&'a [u32], &'a [u32])>) -> SlotScores {
        let mut scores = SlotScores::default();
        for (truth, predicted) in pairs {
            let (truth, predicted) = (spans(truth), spans(predicted));
            let mut count = |span: &Span, change: fn(&mut SlotCounts)| {
                change(&mut scores.all);
                if let Some(name) = self.slots.get(span.slot) {
                    change(scores.by_slot.entry(name.clone()).or_default());
                }
            };
            truth
                .iter()
                .for_each(|span| count(span, |counts| counts.true_ += 1));
            for span in &predicted {
                count(span, |counts| counts.predicted += 1);
                if truth.contains(span) {
                    count(span, |counts| counts.right += 1);
                }
            }
        }
        scores
    }
}

/// How many slots there were, were predicted, and were predicted rightly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotCounts {
    /// Slots in the data.
    pub true_: usize,
    /// Slots in the predictions.
    pub predicted: usize,
    /// Those that are in both.
    pub right: usize,
}

impl SlotCounts {
    /// The share of the predicted that is right; 0 of none.
    pub fn precision(&self) -> f64 {
        self.right as f64 / self.predicted.max(1) as f64
    }

    /// The share of the true that was found; 0 of none.
    pub fn recall(&self) -> f64 {
        self.right as f64 / self.true_.max(1) as f64
    }

    /// The harmonic mean of both.
    pub fn f1(&self) -> f64 {
        training::metrics::f_beta(self.precision(), self.recall(), 1.0)
    }
}

/// The counts over all slots, and by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotScores {
    /// Over all slots.
    pub all: SlotCounts,
    /// By the slot's name.
    pub by_slot: BTreeMap<String, SlotCounts>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Span {
    slot: usize,
    start: usize,
    end: usize,
}

fn spans(tags: &[u32]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut before = 0;
    for (place, &tag) in tags.iter().enumerate() {
        if tag > 0 {
            let (slot, inside) = ((tag as usize - 1) / 2, tag % 2 == 0);
            let goes_on = inside && (before == tag || before + 1 == tag);
            match spans.last_mut() {
                Some(span) if goes_on => span.end = place + 1,
                _ => spans.push(Span {
                    slot,
                    start: place,
                    end: place + 1,
                }),
            }
        }
        before = tag;
    }
    spans
}
