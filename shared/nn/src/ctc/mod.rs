//! Connectionist temporal classification (CTC; Graves et al. 2006): a network that says a symbol or *blank* at every
//! step is trained on what was said, without being told when.
//!
//! Symbol 0 is the blank. A *path* has a symbol for each step; it stands for the *labelling* that is left when equal
//! neighbours are merged and the blanks then dropped: of `- a a - a b b`, that is `a a b`. The probability of a
//! labelling is the sum over all of its paths, and [`loss::ctc`] is its negative logarithm. Here is
//! what happens after the training: [`greedy`] and [`beam_search`] find a labelling, [`align`] finds when each symbol
//! of a known one was said.
//!
//! Each takes the logits of one sequence, (steps, symbols), without the padding: of a batch (batch, steps, symbols),
//! `logits.get(number)?.narrow(0, 0, length)?`. Their softmax is taken here; that of log-probabilities is themselves,
//! so these may be given just as well.
//!
//! ```
//! use candle_core::{DType, Device, Tensor};
//! # fn main() -> candle_core::Result<()> {
//! // Of two symbols, over seven steps: - 1 1 - 1 2 2
//! let path = Tensor::new(&[0u32, 1, 1, 0, 1, 2, 2], &Device::Cpu)?.unsqueeze(1)?;
//! let logits = Tensor::new(&[[0u32, 1, 2]], &Device::Cpu)?.broadcast_eq(&path)?.to_dtype(DType::F32)?; // (7, 3)
//! let logits = (logits * 9.0)?;
//!
//! let found = nn::ctc::greedy(&logits)?;
//! let symbols: Vec<u32> = found.iter().map(|span| span.symbol).collect();
//! assert_eq!(symbols, [1, 1, 2]);
//! assert_eq!((found[0].first, found[0].last), (1, 2));
//! assert_eq!(nn::ctc::beam_search(&logits, 8)?[0].symbols, symbols);
//! assert_eq!(nn::ctc::align(&logits, &symbols)?, found);
//!
//! let loss = nn::loss::ctc(&logits.unsqueeze(0)?, &[7], &[symbols])?;
//! assert!(loss.to_scalar::<f32>()? < 0.01);
//! # Ok(()) }
//! ```

mod decode;
mod kernel;
pub(crate) mod loss;

pub use decode::{Labelling, Span, align, beam_search, greedy};

use candle_core::{Result, bail};

/// How many steps a labelling takes at least: one a symbol, and a blank between equal neighbours, which would be
/// merged without it. A network must keep as many steps of its input.
///
/// ```
/// assert_eq!(nn::ctc::steps_needed(&[3, 3, 4]), 4);
/// ```
pub fn steps_needed(target: &[u32]) -> usize {
    let equal = target.windows(2).filter(|pair| pair[0] == pair[1]);
    target.len() + equal.count()
}

/// Fails on a target that `steps` steps cannot say; `of` names the sequence.
fn check_target(of: &str, target: &[u32], steps: usize, symbols: usize) -> Result<()> {
    let wrong = |&symbol: &u32| symbol == 0 || symbol as usize >= symbols;
    if let Some(place) = target.iter().position(wrong) {
        bail!(
            "symbol {} at place {place} of the target of {of} is not one of those from 1 to {}: 0 is the blank, \
             which no target has, and the logits are of {symbols} symbols",
            target[place],
            symbols.saturating_sub(1)
        )
    }
    let needed = steps_needed(target);
    if needed > steps {
        bail!(
            "the target of {of} needs {needed} steps ({} symbols, and {} blanks between equal neighbours), and the \
             sequence has {steps}: have the network keep more steps, or leave the sequence out",
            target.len(),
            needed - target.len()
        )
    }
    Ok(())
}

/// The states that a path of `target` goes through: its symbols, with a blank before, between and behind them.
fn with_blanks(target: &[u32]) -> Vec<u32> {
    let pairs = target.iter().flat_map(|&symbol| [0, symbol]);
    pairs.chain([0]).collect()
}

/// Whether a path may come to each state from the one before the last: not over a blank between equal symbols, which
/// would merge, nor from blank to blank, over a symbol.
fn skips(states: &[u32]) -> Vec<bool> {
    let skip = |state: usize| state >= 2 && states[state] != states[state - 2];
    (0..states.len()).map(skip).collect()
}
