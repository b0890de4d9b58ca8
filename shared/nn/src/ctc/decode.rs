//! From logits to labellings, and to the steps at which their symbols are said.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Result, Tensor, bail};

use super::kernel::log_sum_exp;
use super::{check_target, skips, with_blanks};
use crate::softmax::log_softmax;

/// A symbol, and the steps at which a path says it.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Which symbol, from 1.
    pub symbol: u32,
    /// The first step of the path that says it.
    pub first: usize,
    /// The last one.
    pub last: usize,
    /// The mean of the symbol's probability over these steps.
    pub probability: f64,
}

/// What [`beam_search`] finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelling {
    /// The symbols, from 1, without blanks.
    pub symbols: Vec<u32>,
    /// The natural logarithm of the probability of all paths that were followed.
    pub log_probability: f64,
}

/// The labelling of the likeliest path: at every step the likeliest symbol, equal neighbours merged, blanks dropped
/// (Graves et al. 2006, section 3.2). `logits` are (steps, symbols).
///
/// A trained network says most symbols at a step or two, and blanks between them (figure 1 of that paper): the spans tell
/// where a symbol is, not how long it sounds. The likeliest path is mostly of the likeliest labelling, not always: see
/// [`beam_search`].
///
/// # Errors
/// If `logits` are not (steps, symbols) with at least one of each, or have a NaN.
pub fn greedy(logits: &Tensor) -> Result<Vec<Span>> {
    let rows = log_probabilities(logits)?;
    let path = rows.iter().map(|row| highest(row)).collect::<Vec<usize>>();
    let said = path.iter().map(|&symbol| symbol as u32);
    Ok(spans(&rows, &path, &said.collect::<Vec<u32>>()))
}

/// The likeliest labellings, the best first, of which there are at most `width`: prefix beam search (Hannun et al.
/// 2014, algorithm 1, without a language model). `logits` are (steps, symbols).
///
/// After each step the `width` likeliest beginnings are kept, so a labelling's probability may miss paths whose
/// beginning was once dropped; with a large width it is exact. Time grows with steps × symbols × width; 10 to 100 are
/// common. [`align`] tells when the symbols are said.
///
/// ```
/// # fn main() -> candle_core::Result<()> {
/// // At both steps, the blank has the probability 0.6, and symbol 1 has 0.4.
/// let logits = candle_core::Tensor::new(&[[0.6f32, 0.4], [0.6, 0.4]], &candle_core::Device::Cpu)?.log()?;
/// assert!(nn::ctc::greedy(&logits)?.is_empty()); // the path of two blanks, 0.36
/// let best = &nn::ctc::beam_search(&logits, 4)?[0]; // three paths say 1: 0.16 + 0.24 + 0.24
/// assert_eq!(best.symbols, [1]);
/// assert!((best.log_probability - 0.64f64.ln()).abs() < 1e-6);
/// # Ok(()) }
/// ```
///
/// # Errors
/// If `logits` are not (steps, symbols) with at least one of each, or have a NaN, or `width` is 0.
pub fn beam_search(logits: &Tensor, width: usize) -> Result<Vec<Labelling>> {
    let rows = log_probabilities(logits)?;
    if width == 0 {
        bail!("a beam search of width 0 keeps no labelling: its width is at least 1")
    }
    // Labellings share their beginnings in a tree. Each is a node: that of all but its last symbol, and that symbol.
    // The first node is the empty labelling.
    let mut nodes = vec![(0, 0)];
    let mut numbers = BTreeMap::from([((0, 0), 0)]);
    let mut beams = vec![(0, Ends { blank: 0.0, ..NEVER })];
    for row in &rows {
        // In order of the keys, so that equals come out in the same order each time.
        let mut next: BTreeMap<(usize, u32), Ends> = BTreeMap::new();
        for (number, ends) in &beams {
            let (parent, last) = nodes[*number];
            let all = ends.all();
            let same = next.entry((parent, last)).or_insert(NEVER);
            same.blank = log_add(same.blank, all + row[0]);
            same.symbol = log_add(same.symbol, ends.symbol + row[last as usize]);
            for (symbol, log) in (0..).zip(row).skip(1) {
                // The last symbol again is another one only behind a blank.
                let before = if symbol == last { ends.blank } else { all };
                let longer = next.entry((*number, symbol)).or_insert(NEVER);
                longer.symbol = log_add(longer.symbol, before + log);
            }
        }
        let mut ranked: Vec<_> = next
            .into_iter()
            .map(|(node, ends)| (ends.all(), node, ends))
            .collect();
        ranked.retain(|(all, ..)| *all > f64::NEG_INFINITY);
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        ranked.truncate(width);
        beams.clear();
        for (_, node, ends) in ranked {
            let number = *numbers.entry(node).or_insert(nodes.len());
            if number == nodes.len() {
                nodes.push(node);
            }
            beams.push((number, ends));
        }
    }
    let labelling = |(mut number, ends): (usize, Ends)| {
        let mut symbols = Vec::new();
        while number != 0 {
            let (parent, symbol) = nodes[number];
            symbols.push(symbol);
            number = parent;
        }
        symbols.reverse();
        let log_probability = ends.all();
        Labelling {
            symbols,
            log_probability,
        }
    };
    Ok(beams.into_iter().map(labelling).collect())
}

/// The log-probabilities of a labelling's paths that end in a blank, and of those that end in its last symbol.
#[derive(Clone, Copy)]
struct Ends {
    blank: f64,
    symbol: f64,
}

const NEVER: Ends = Ends {
    blank: f64::NEG_INFINITY,
    symbol: f64::NEG_INFINITY,
};

impl Ends {
    fn all(&self) -> f64 {
        log_add(self.blank, self.symbol)
    }
}

/// When each symbol of `target` is said: its likeliest path (Viterbi 1967) through `logits` (steps, symbols), for one
/// span a symbol.
///
/// # Errors
/// If `logits` are not (steps, symbols) with at least one of each, or have a NaN; if the target has a symbol that is
/// not one of those from 1, or takes [more steps](super::steps_needed) than there are; or if all of its paths have the
/// probability 0.
pub fn align(logits: &Tensor, target: &[u32]) -> Result<Vec<Span>> {
    let rows = log_probabilities(logits)?;
    check_target("the sequence", target, rows.len(), rows[0].len())?;
    let symbols = with_blanks(target);
    let skips = skips(&symbols);
    let mut best = vec![f64::NEG_INFINITY; symbols.len()];
    best.iter_mut().take(2).for_each(|score| *score = 0.0);
    // (steps, states): from how many states before each was best reached.
    let mut moves: Vec<Vec<usize>> = Vec::with_capacity(rows.len());
    for (step, row) in rows.iter().enumerate() {
        let reach = |state: usize| {
            let furthest = if step == 0 {
                0
            } else {
                state.min(1 + usize::from(skips[state]))
            };
            let from: Vec<f64> = (0..=furthest).map(|back| best[state - back]).collect();
            highest(&from)
        };
        let back: Vec<usize> = (0..symbols.len()).map(reach).collect();
        let score = |state: usize| best[state - back[state]] + row[symbols[state] as usize];
        best = (0..symbols.len()).map(score).collect();
        moves.push(back);
    }
    let end = symbols.len() - 1; // a path ends in the last blank, or in the symbol before it
    let mut state = if end > 0 && best[end - 1] > best[end] {
        end - 1
    } else {
        end
    };
    if best[state] == f64::NEG_INFINITY {
        bail!(
            "the logits give every path of the target {target:?} the probability 0, so that none is the likeliest"
        )
    }
    let mut path = Vec::with_capacity(rows.len());
    for back in moves.iter().rev() {
        path.push(state);
        state -= back[state];
    }
    path.reverse();
    let said: Vec<u32> = path.iter().map(|&state| symbols[state]).collect();
    Ok(spans(&rows, &path, &said))
}

/// The spans of a path through `states`, of which equal neighbours are one, that says `symbols`.
fn spans(rows: &[Vec<f64>], states: &[usize], symbols: &[u32]) -> Vec<Span> {
    let mut first = 0;
    let mut spans = Vec::new();
    for run in states.chunk_by(|a, b| a == b) {
        let (last, symbol) = (first + run.len() - 1, symbols[first]);
        if symbol != 0 {
            let sum: f64 = rows[first..=last]
                .iter()
                .map(|row| row[symbol as usize].exp())
                .sum();
            let probability = sum / run.len() as f64;
            spans.push(Span {
                symbol,
                first,
                last,
                probability,
            });
        }
        first = last + 1;
    }
    spans
}

/// The logarithms of the softmax of each row of checked logits.
fn log_probabilities(logits: &Tensor) -> Result<Vec<Vec<f64>>> {
    if logits.rank() != 2 || logits.elem_count() == 0 {
        bail!(
            "a CTC decoder takes the logits of one sequence, (steps, symbols) and at least one of each, not {:?}",
            logits.shape()
        )
    }
    // On the CPU, because Metal has no f64.
    let logits = logits.detach().to_device(&Device::Cpu)?.to_dtype(DType::F64)?;
    let rows = log_softmax(&logits, 1)?.to_vec2::<f64>()?;
    if let Some(step) = rows.iter().position(|row| row.iter().any(|log| log.is_nan())) {
        bail!("the logits of step {step} have a NaN, or an infinity that leaves no probabilities")
    }
    Ok(rows)
}

/// The first place of the highest value.
fn highest(values: &[f64]) -> usize {
    let better = |best: usize, next: usize| if values[next] > values[best] { next } else { best };
    (0..values.len()).fold(0, better)
}

fn log_add(a: f64, b: f64) -> f64 {
    match a.max(b) {
        f64::NEG_INFINITY => f64::NEG_INFINITY,
        _ => log_sum_exp(&[a, b]),
    }
}
