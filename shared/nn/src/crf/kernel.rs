//! Forward-backward and Viterbi on the CPU, one sequence a task, in f64.
//!
//! Sums over tags are taken as products of exponentials: exp(a + b) = exp(a) · exp(b), so that a step over K tags takes
//! K exponentials and not K². Where all of the products vanish (scores hundreds apart), the sum is taken the slow way.

use candle_core::{Result, Tensor};

use crate::cpu::{by_dtype, read};
use crate::float::Float;
use crate::pieces::map;
use crate::tape::record;

/// The mean loss of checked arguments.
pub(super) fn loss(
    emissions: &Tensor,
    transitions: &Tensor,
    rows: Vec<Vec<u32>>,
    lengths: Vec<usize>,
) -> Result<Tensor> {
    let (batch, steps, tags) = emissions.dims3()?;
    let wants_gradient = emissions.track_op() || transitions.track_op();
    by_dtype!(emissions.dtype(), T => {
        let sequences = read([emissions, transitions], |[emissions, transitions]: [&[T]; 2]| {
            let table = Transitions::new(transitions, tags);
            // The inner loop is of `tags`² steps, on a step of each sequence.
            map(batch, steps * tags * tags, |number| {
                let (length, start) = (lengths[number], number * steps * tags);
                let emissions: Vec<f64> =
                    emissions[start..][..length * tags].iter().map(|value| value.f64()).collect();
                table.pass(&emissions, &rows[number][..length], wants_gradient)
            })
        })?;
        let mean = sequences.iter().map(|sequence| sequence.loss).sum::<f64>() / batch as f64;
        let shape = (batch, steps, tags);
        record(vec![T::of(mean)], (), &[emissions, transitions], move |gradient| {
            let factor = gradient.to_scalar::<T>()?.f64() / batch as f64;
            let mut of_emissions = vec![T::ZERO; batch * steps * tags];
            let mut of_transitions = vec![0.0; (tags + 1) * (tags + 1)];
            for (sequence, rows) in sequences.iter().zip(of_emissions.chunks_mut(steps * tags)) {
                for (to, from) in rows.iter_mut().zip(&sequence.emissions) {
                    *to = T::of(factor * from);
                }
                for (to, from) in of_transitions.iter_mut().zip(&sequence.transitions) {
                    *to += factor * from;
                }
            }
            let of_transitions: Vec<T> = of_transitions.into_iter().map(T::of).collect();
            Ok(vec![
                Some(Tensor::from_vec(of_emissions, shape, gradient.device())?),
                Some(Tensor::from_vec(of_transitions, (tags + 1, tags + 1), gradient.device())?),
            ])
        })
    })
}

/// The loss of one sequence, and its derivatives where they are wanted: expected minus observed counts.
#[derive(Default)]
struct Sequence {
    loss: f64,
    /// (length, K)
    emissions: Vec<f64>,
    /// (K + 1, K + 1)
    transitions: Vec<f64>,
}

struct Transitions {
    tags: usize,
    /// (K + 1, K + 1)
    scores: Vec<f64>,
    highest: f64,
    /// exp(score - highest), (K from, K to)
    exponentials: Vec<f64>,
    /// The same, (K to, K from)
    transposed: Vec<f64>,
}

impl Transitions {
    fn new<T: Float>(scores: &[T], tags: usize) -> Self {
        let scores: Vec<f64> = scores.iter().map(|score| score.f64()).collect();
        let between = |from: usize, to: usize| scores[from * (tags + 1) + to];
        let all = (0..tags).flat_map(|from| (0..tags).map(move |to| (from, to)));
        let highest = all
            .clone()
            .map(|(from, to)| between(from, to))
            .fold(f64::MIN, f64::max);
        let exponentials = all.clone().map(|(from, to)| (between(from, to) - highest).exp());
        let exponentials: Vec<f64> = exponentials.collect();
        let transposed = all.map(|(to, from)| exponentials[from * tags + to]).collect();
        Self {
            tags,
            highest,
            exponentials,
            transposed,
            scores,
        }
    }

    fn score(&self, from: usize, to: usize) -> f64 {
        self.scores[from * (self.tags + 1) + to]
    }

    /// For each tag, the logarithm of the sum over the others of exp(their value + the transition's score): from them to
    /// it, or from it to them where `backwards`.
    fn sums(&self, values: &[f64], backwards: bool) -> Vec<f64> {
        let table = if backwards {
            &self.exponentials
        } else {
            &self.transposed
        };
        let highest = values.iter().copied().fold(f64::MIN, f64::max);
        let weights: Vec<f64> = values.iter().map(|value| (value - highest).exp()).collect();
        let rows = table.chunks(self.tags).enumerate();
        rows.map(|(tag, row)| {
            let sum: f64 = row.iter().zip(&weights).map(|(a, b)| a * b).sum();
            if sum > 1e-200 {
                return sum.ln() + highest + self.highest;
            }
            let score = |other| {
                if backwards {
                    self.score(tag, other)
                } else {
                    self.score(other, tag)
                }
            };
            let terms = values
                .iter()
                .enumerate()
                .map(|(other, value)| value + score(other));
            log_sum_exp(&terms.collect::<Vec<f64>>())
        })
        .collect()
    }

    fn pass(&self, emissions: &[f64], tags: &[u32], wants_gradient: bool) -> Sequence {
        let (k, length) = (self.tags, tags.len());
        let mut alphas = Vec::with_capacity(length * k);
        alphas.extend((0..k).map(|tag| self.score(k, tag) + emissions[tag]));
        for step in 1..length {
            let sums = self.sums(&alphas[(step - 1) * k..], false);
            alphas.extend(
                sums.iter()
                    .zip(&emissions[step * k..])
                    .map(|(sum, emission)| sum + emission),
            );
        }
        let ends: Vec<f64> = (0..k)
            .map(|tag| alphas[(length - 1) * k + tag] + self.score(tag, k))
            .collect();
        let all = log_sum_exp(&ends);
        let mut sequence = Sequence {
            loss: all - self.path(emissions, tags),
            ..Sequence::default()
        };
        if wants_gradient {
            self.differentiate(emissions, tags, &alphas, all, &mut sequence);
        }
        sequence
    }

    /// The score of the given tags.
    fn path(&self, emissions: &[f64], tags: &[u32]) -> f64 {
        let mut before = self.tags;
        let mut score = 0.0;
        for (step, &tag) in tags.iter().enumerate() {
            let tag = tag as usize;
            score += self.score(before, tag) + emissions[step * self.tags + tag];
            before = tag;
        }
        score + self.score(before, self.tags)
    }

    fn differentiate(
        &self,
        emissions: &[f64],
        tags: &[u32],
        alphas: &[f64],
        all: f64,
        sequence: &mut Sequence,
    ) {
        let (k, length) = (self.tags, tags.len());
        let mut of_emissions = vec![0.0; length * k];
        let mut of_transitions = vec![0.0; (k + 1) * (k + 1)];
        // beta: what can still follow a tag.
        let mut beta: Vec<f64> = (0..k).map(|tag| self.score(tag, k)).collect();
        for step in (0..length).rev() {
            let alpha = &alphas[step * k..][..k];
            for (tag, gradient) in of_emissions[step * k..][..k].iter_mut().enumerate() {
                *gradient = (alpha[tag] + beta[tag] - all).exp();
            }
            if step == 0 {
                break;
            }
            let ahead: Vec<f64> = beta
                .iter()
                .zip(&emissions[step * k..])
                .map(|(b, e)| b + e)
                .collect();
            self.expect(&alphas[(step - 1) * k..][..k], &ahead, all, &mut of_transitions);
            beta = self.sums(&ahead, true);
        }
        for tag in 0..k {
            of_transitions[k * (k + 1) + tag] = of_emissions[tag];
            of_transitions[tag * (k + 1) + k] = of_emissions[(length - 1) * k + tag];
        }
        let mut before = k;
        for (step, &tag) in tags.iter().enumerate() {
            let tag = tag as usize;
            of_emissions[step * k + tag] -= 1.0;
            of_transitions[before * (k + 1) + tag] -= 1.0;
            before = tag;
        }
        of_transitions[before * (k + 1) + k] -= 1.0;
        sequence.emissions = of_emissions;
        sequence.transitions = of_transitions;
    }

    /// Adds the probability of every transition of one step.
    fn expect(&self, alpha: &[f64], ahead: &[f64], all: f64, sums: &mut [f64]) {
        let k = self.tags;
        let (left, right) = (
            alpha.iter().copied().fold(f64::MIN, f64::max),
            ahead.iter().copied().fold(f64::MIN, f64::max),
        );
        let factor = left + right + self.highest - all;
        // Beyond that the products lose digits, because all that matter are tiny.
        if factor > 300.0 {
            for (from, a) in alpha.iter().enumerate() {
                for (to, b) in ahead.iter().enumerate() {
                    sums[from * (k + 1) + to] += (a + self.score(from, to) + b - all).exp();
                }
            }
            return;
        }
        let ahead: Vec<f64> = ahead.iter().map(|b| (b - right).exp()).collect();
        for (from, a) in alpha.iter().enumerate() {
            let a = (a - left + factor).exp();
            let row = &self.exponentials[from * k..][..k];
            let sums = sums[from * (k + 1)..].iter_mut();
            sums.zip(row)
                .zip(&ahead)
                .for_each(|((sum, e), b)| *sum += a * e * b);
        }
    }
}

fn log_sum_exp(values: &[f64]) -> f64 {
    let highest = values.iter().copied().fold(f64::MIN, f64::max);
    values
        .iter()
        .map(|value| (value - highest).exp())
        .sum::<f64>()
        .ln()
        + highest
}

/// The likeliest tags under `emissions` (length, K) and `transitions` (K + 1, K + 1).
pub(super) fn viterbi(emissions: &[f32], transitions: &[f32], tags: usize) -> Vec<u32> {
    let score = |from: usize, to: usize| transitions[from * (tags + 1) + to];
    let mut best: Vec<f32> = (0..tags).map(|tag| score(tags, tag) + emissions[tag]).collect();
    let mut from = Vec::with_capacity(emissions.len());
    for row in emissions.chunks(tags).skip(1) {
        let mut next = Vec::with_capacity(tags);
        for (tag, emission) in row.iter().enumerate() {
            let reach = |before: &usize| best[*before] + score(*before, tag);
            let before = highest((0..tags).map(|before| reach(&before)));
            next.push(reach(&before) + emission);
            from.push(before as u32);
        }
        best = next;
    }
    let mut tag = highest((0..tags).map(|tag| best[tag] + score(tag, tags))) as u32;
    let mut path = vec![tag];
    for row in from.chunks(tags).rev() {
        tag = row[tag as usize];
        path.push(tag);
    }
    path.reverse();
    path
}

/// The first place of the highest value.
fn highest(values: impl Iterator<Item = f32>) -> usize {
    let better = |best: (usize, f32), next: (usize, f32)| if next.1 > best.1 { next } else { best };
    values.enumerate().fold((0, f32::NEG_INFINITY), better).0
}
