//! The network: words and their pieces, read in both directions; an intent for the whole, a tag for each word.

use candle_core::{Result, Tensor};
use nn::{CRF, Dropout, Embedding, EmbeddingBag, GRU, GRUConfig, Linear, Module, VarBuilder};
use serde::{Deserialize, Serialize};

use crate::data::{Batch, Code};

/// The numbers that the network is built from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Size {
    /// Words in the vocabulary.
    pub words: usize,
    /// Numbers that character n-grams are hashed to.
    pub buckets: u32,
    /// Intents.
    pub intents: usize,
    /// Tags of slots: 1 where the data have no slots.
    pub tags: usize,
}

impl Size {
    /// What these words, intents and slots need.
    pub fn of(code: &Code) -> Self {
        Size {
            words: code.vocabulary.len(),
            buckets: code.buckets,
            intents: code.intents.len(),
            tags: code.tags.count(),
        }
    }
}

/// Numbers for a word, and for its pieces.
const WORD_WIDTH: usize = 48;
const PIECE_WIDTH: usize = 48;
/// What is remembered in each direction.
const HIDDEN: usize = 96;
/// How many times the message is looked over, each time for something else.
const HEADS: usize = 4;

/// Words and n-grams to an intent and to slots.
pub struct Network {
    words: Embedding,
    pieces: EmbeddingBag,
    gru: GRU,
    attention: Linear,
    intents: Linear,
    slots: Option<(Linear, CRF)>,
    inputs: Dropout,
    outputs: Dropout,
}

/// What the network says of a batch.
pub struct Answer {
    /// (batch, intents)
    pub logits: Tensor,
    /// (batch, words): how much each word counted for the intent; they sum to 1.
    pub attention: Tensor,
    /// (batch, words, tags)
    pub emissions: Option<Tensor>,
}

impl Network {
    pub fn new(size: &Size, vb: VarBuilder<'_>) -> Result<Self> {
        let both_ways = GRUConfig {
            bidirectional: true,
            ..GRUConfig::default()
        };
        let slots = match size.tags {
            1 => None,
            tags => Some((
                nn::linear(2 * HIDDEN, tags, vb.pp("slots"))?,
                nn::crf(tags, vb.pp("crf"))?,
            )),
        };
        Ok(Network {
            words: nn::embedding(size.words, WORD_WIDTH, vb.pp("words"))?,
            pieces: nn::embedding_bag(size.buckets as usize, PIECE_WIDTH, vb.pp("pieces"))?,
            gru: nn::gru(WORD_WIDTH + PIECE_WIDTH, HIDDEN, both_ways, vb.pp("gru"))?,
            attention: nn::linear(2 * HIDDEN, HEADS, vb.pp("attention"))?,
            intents: nn::linear((HEADS + 1) * 2 * HIDDEN, size.intents, vb.pp("intents"))?,
            slots,
            inputs: Dropout::new(0.3),
            outputs: Dropout::new(0.3),
        })
    }

    pub fn forward_t(&self, batch: &Batch, train: bool) -> Result<Answer> {
        // (batch, words, 96)
        let words = Tensor::cat(
            &[
                self.words.forward(&batch.words)?,
                self.pieces.forward(&batch.pieces)?,
            ],
            2,
        )?;
        let words = self.inputs.forward(&words, train)?;
        // (batch, words, 192): what each word means with all that stands before and behind it.
        let (read, _) = self.gru.forward_sequence(&words, None, Some(&batch.lengths))?;
        let (count, steps, width) = read.dims3()?;
        // Behind the end of a message: -10,000 for the softmax and the maximum, which is as good as never.
        let inside = text::mask(&batch.lengths, steps, read.device())?;
        let behind = ((inside - 1.0)? * 1e4)?.unsqueeze(1)?;
        // (batch, heads, words)
        let scores = self.attention.forward(&read)?.transpose(1, 2)?.contiguous()?;
        let weights = nn::ops::softmax(&scores.broadcast_add(&behind)?, 2)?;
        let looked_at = weights.matmul(&read)?.reshape((count, HEADS * width))?;
        let highest = read
            .transpose(1, 2)?
            .contiguous()?
            .broadcast_add(&behind)?
            .max(2)?;
        let whole = self
            .outputs
            .forward(&Tensor::cat(&[looked_at, highest], 1)?, train)?;
        let emissions = match &self.slots {
            Some((slots, _)) => Some(slots.forward(&self.outputs.forward(&read, train)?)?),
            None => None,
        };
        Ok(Answer {
            logits: self.intents.forward(&whole)?,
            attention: weights.mean(1)?,
            emissions,
        })
    }

    /// What finds the best sequence of tags, where the data have slots.
    pub fn crf(&self) -> Option<&CRF> {
        self.slots.as_ref().map(|(_, crf)| crf)
    }
}
