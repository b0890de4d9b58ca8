//! CTC against its definition: the sum over every path.

#![allow(clippy::unwrap_used)] // the helpers of tests, too, may panic

use std::collections::BTreeMap;

use candle_core::{Device, Result, Tensor};
use nn::ctc::{Span, align, beam_search, greedy};
use nn::{loss, ops};
use rand::Rng;

fn logits(steps: usize, symbols: usize, place: &str) -> Tensor {
    let mut random = nn::random(4, place);
    let values: Vec<f64> = (0..steps * symbols)
        .map(|_| random.random_range(-2.0..2.0))
        .collect();
    Tensor::from_vec(values, (steps, symbols), &Device::Cpu).unwrap()
}

/// Every path, with its probability.
fn paths(logits: &Tensor) -> Vec<(Vec<u32>, f64)> {
    let rows = ops::softmax(logits, 1).unwrap().to_vec2::<f64>().unwrap();
    let mut paths = vec![(Vec::new(), 1.0)];
    for row in rows {
        let longer = |(path, probability): &(Vec<u32>, f64)| {
            let with = |(symbol, p): (u32, &f64)| ([&path[..], &[symbol]].concat(), probability * p);
            (0..).zip(&row).map(with).collect::<Vec<_>>()
        };
        paths = paths.iter().flat_map(longer).collect();
    }
    paths
}

/// Equal neighbours merged, blanks dropped.
fn collapse(path: &[u32]) -> Vec<u32> {
    let runs = path.chunk_by(|a, b| a == b).map(|run| run[0]);
    runs.filter(|symbol| *symbol != 0).collect()
}

/// Every labelling, with the sum over its paths.
fn labellings(logits: &Tensor) -> BTreeMap<Vec<u32>, f64> {
    let mut sums = BTreeMap::new();
    for (path, probability) in paths(logits) {
        *sums.entry(collapse(&path)).or_insert(0.0) += probability;
    }
    sums
}

const SIZES: [(usize, usize); 4] = [(1, 3), (4, 2), (5, 3), (6, 4)];

#[test]
fn the_loss_is_the_sum_over_paths() -> Result<()> {
    for (steps, symbols) in SIZES {
        let logits = logits(steps, symbols, "loss");
        for (target, probability) in labellings(&logits) {
            let loss = || {
                loss::ctc(&logits.unsqueeze(0)?, &[steps], std::slice::from_ref(&target))?.to_scalar::<f64>()
            };
            for loss in [loss()?, nn::composed(loss)?] {
                assert!((loss + probability.ln()).abs() < 1e-12, "{target:?}: {loss}");
            }
        }
    }
    Ok(())
}

#[test]
fn a_wide_beam_finds_every_labelling() -> Result<()> {
    for (steps, symbols) in SIZES {
        let logits = logits(steps, symbols, "beam");
        let all = labellings(&logits);
        let found = beam_search(&logits, 10_000)?;
        assert_eq!(found.len(), all.len());
        assert!(found.is_sorted_by(|a, b| a.log_probability >= b.log_probability));
        for labelling in &found {
            let expected = all[&labelling.symbols].ln();
            assert!(
                (labelling.log_probability - expected).abs() < 1e-12,
                "{labelling:?}"
            );
        }
        // What a narrow one drops is missing in its sums, never too much.
        for labelling in beam_search(&logits, 2)? {
            assert!(labelling.log_probability < all[&labelling.symbols].ln() + 1e-12);
        }
    }
    Ok(())
}

/// A beginning that was dropped and comes back is the same labelling, not a second one.
#[test]
fn a_narrow_beam_finds_each_labelling_once() -> Result<()> {
    for width in 1..30 {
        let found = beam_search(&logits(40, 5, "narrow"), width)?;
        let different: std::collections::BTreeSet<_> = found.iter().map(|found| &found.symbols).collect();
        assert_eq!((found.len(), different.len()), (width, width));
    }
    Ok(())
}

#[test]
fn the_best_path_is_not_of_the_best_labelling() -> Result<()> {
    let logits = Tensor::new(&[[0.6f64, 0.4], [0.6, 0.4]], &Device::Cpu)?.log()?;
    assert_eq!(greedy(&logits)?, []);
    let found = beam_search(&logits, 2)?;
    assert_eq!(found[0].symbols, [1]);
    assert!((found[0].log_probability - 0.64f64.ln()).abs() < 1e-12);
    assert!((found[1].log_probability - 0.36f64.ln()).abs() < 1e-12);
    Ok(())
}

fn span(symbol: u32, first: usize, last: usize) -> Span {
    let probability = 0.8;
    Span {
        symbol,
        first,
        last,
        probability,
    }
}

/// Log-probabilities in which the path has 0.8, and each of the two other symbols 0.1.
fn saying(path: &[u32]) -> Tensor {
    let row =
        |&said: &u32| (0..3u32).map(move |symbol| if symbol == said { 0.8f64.ln() } else { 0.1f64.ln() });
    Tensor::from_iter(path.iter().flat_map(row), &Device::Cpu)
        .unwrap()
        .reshape((path.len(), 3))
        .unwrap()
}

fn assert_spans(found: &[Span], expected: &[Span]) {
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        let steps = |span: &Span| (span.symbol, span.first, span.last);
        assert_eq!(steps(found), steps(expected));
        assert!((found.probability - expected.probability).abs() < 1e-12);
    }
}

#[test]
fn repeats_are_merged_and_blanks_are_dropped() -> Result<()> {
    let found = greedy(&saying(&[0, 1, 1, 0, 1, 2, 2, 0, 0, 1]))?;
    assert_spans(
        &found,
        &[span(1, 1, 2), span(1, 4, 4), span(2, 5, 6), span(1, 9, 9)],
    );
    assert_spans(&greedy(&saying(&[0, 0]))?, &[]);
    Ok(())
}

#[test]
fn a_transcript_is_found_where_it_is_said() -> Result<()> {
    let logits = saying(&[0, 1, 1, 0, 1, 2, 2, 0]);
    assert_spans(
        &align(&logits, &[1, 1, 2])?,
        &[span(1, 1, 2), span(1, 4, 4), span(2, 5, 6)],
    );
    // What is not said must stand somewhere, and costs its probability.
    let found = align(&saying(&[0, 1, 0, 1, 2]), &[1, 2, 1, 2])?;
    let steps: Vec<_> = found
        .iter()
        .map(|span| (span.symbol, span.first, span.last))
        .collect();
    assert_eq!(steps, [(1, 1, 1), (2, 2, 2), (1, 3, 3), (2, 4, 4)]);
    assert!((found[1].probability - 0.1).abs() < 1e-12);
    Ok(())
}

#[test]
fn an_alignment_is_the_likeliest_path() -> Result<()> {
    for (steps, symbols) in SIZES {
        let logits = logits(steps, symbols, "align");
        let mut best: BTreeMap<Vec<u32>, (Vec<u32>, f64)> = BTreeMap::new();
        for (path, probability) in paths(&logits) {
            let entry = best.entry(collapse(&path)).or_insert((path.clone(), probability));
            if probability > entry.1 {
                *entry = (path, probability);
            }
        }
        for (target, (path, _)) in best {
            let found = align(&logits, &target)?;
            let symbols: Vec<u32> = found.iter().map(|span| span.symbol).collect();
            assert_eq!(symbols, target);
            let mut said = vec![0; steps];
            for span in &found {
                said[span.first..=span.last].fill(span.symbol);
            }
            assert_eq!(said, path);
        }
    }
    Ok(())
}

/// Probabilities of such sequences are far below what f64 can hold.
#[test]
fn long_sequences_keep_their_digits() -> Result<()> {
    let (steps, symbols) = (2000, 30);
    let logits = (logits(steps, symbols, "long") * 40.0)?.unsqueeze(0)?;
    let target: Vec<u32> = (0..300).map(|i| 1 + i * 7 % 29).collect();
    let loss = || loss::ctc(&logits, &[steps], std::slice::from_ref(&target))?.to_scalar::<f64>();
    let (kernel, composed) = (loss()?, nn::composed(loss)?);
    assert!(
        kernel > 10_000.0 && (kernel / composed - 1.0).abs() < 1e-12,
        "{kernel} {composed}"
    );
    Ok(())
}
