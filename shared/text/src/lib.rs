//! Text for training: words, numbers for them, slots as tags, batches of nearly one length, the layouts of labelled messages,
//! and the linear model that a network has to beat.
//!
//! ```
//! use text::{Tags, Message, Slot, Vocabulary, words};
//! let message = Message {
//!     text: "move £50 to my savings".into(),
//!     intent: Some("transfer".into()),
//!     slots: vec![Slot { name: "amount".into(), start: 5, end: 9 }],
//!     slice: None,
//! };
//! let words = words(&message.text, 100);
//! let vocabulary = Vocabulary::new(words.iter().map(|word| word.form.as_str()), 1);
//! let tags = Tags::of(&[message.clone()]);
//! assert_eq!(tags.encode(&message.slots, &words), [0, 1, 2, 0, 0, 0]);
//! assert_eq!(tags.decode(&[0, 1, 2, 0, 0, 0], &words), message.slots);
//! assert!(vocabulary.id("savings") > text::UNKNOWN && vocabulary.id("rent") == text::UNKNOWN);
//! ```

mod error;
pub mod layouts;
mod linear;
mod message;
mod padding;
mod pieces;
mod tags;
mod vocabulary;
mod words;

pub use error::{Result, TextError};
pub use layouts::{Corpus, open};
pub use linear::{LinearModel, LinearTagger, Sparse, TfIdf};
pub use message::{Message, Slot};
pub use padding::{mask, pad};
pub use pieces::{Piece, Pieces};
pub use tags::{OUTSIDE, SlotCounts, SlotScores, Tags};
pub use vocabulary::{PADDING, UNKNOWN, Vocabulary, character_ngrams};
pub use words::{Word, words};
