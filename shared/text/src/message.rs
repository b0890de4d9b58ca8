//! A message, what its writer wants, and the details in it.

use serde::{Deserialize, Serialize};

/// A detail in a message: `amount` in "move **50 pounds** to savings".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// What kind of detail it is.
    pub name: String,
    /// Where it begins in the text, in bytes.
    pub start: usize,
    /// Where it ends in the text, in bytes.
    pub end: usize,
}

/// A message with its labels.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Message {
    /// As it was written.
    pub text: String,
    /// What its writer wants; `None` where it is out of scope.
    pub intent: Option<String>,
    /// The details, in the order of the text; none overlaps another.
    pub slots: Vec<Slot>,
    /// A part of the data that is to be reported apart, such as `pairs`.
    pub slice: Option<String>,
}

impl Message {
    /// The text of a slot.
    pub fn value(&self, slot: &Slot) -> &str {
        &self.text[slot.start..slot.end]
    }
}
