//! How the learning rate changes over a training run.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// A learning-rate schedule.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Up from peak/25 to the peak over the first quarter, then down to peak/100,000, both along a half
    /// cosine (Smith and Topin 2018; the shape and numbers are fast.ai's). The best first choice.
    OneCycle,
    /// Linearly up over `warm_up` steps, then down to 0 along a half cosine (Loshchilov and Hutter 2017).
    Cosine {
        /// Steps before the peak is reached.
        warm_up: u64,
    },
    /// The peak throughout.
    Constant,
    /// The peak, multiplied with `factor` whenever the watched score has not improved for more than `patience`
    /// epochs (PyTorch's rule).
    ReduceOnPlateau {
        /// What the rate is multiplied with, below 1.
        factor: f64,
        /// Epochs without improvement that are borne.
        patience: usize,
    },
}

impl Schedule {
    /// The learning rate of optimiser step `step` (from 0) of `total`, with the given peak, after
    /// `reductions` plateaus.
    ///
    /// ```
    /// use training::Schedule;
    /// let rate = |step| Schedule::OneCycle.rate(step, 100, 1e-2, 0);
    /// assert!((rate(0) - 4e-4).abs() < 1e-12 && (rate(25) - 1e-2).abs() < 1e-12 && rate(99) < 1e-4);
    /// ```
    pub fn rate(&self, step: u64, total: u64, peak: f64, reductions: u32) -> f64 {
        let total = total.max(1) as f64;
        let position = step as f64;
        match *self {
            Schedule::Constant => peak,
            Schedule::ReduceOnPlateau { factor, .. } => peak * factor.powi(reductions as i32),
            Schedule::Cosine { warm_up } if step < warm_up => peak * (position + 1.0) / warm_up as f64,
            Schedule::Cosine { warm_up } => {
                let rest = (total - warm_up as f64).max(1.0);
                along_cosine(peak, 0.0, (position - warm_up as f64) / rest)
            }
            Schedule::OneCycle => {
                let rise = 0.25 * total;
                match position < rise {
                    true => along_cosine(peak / 25.0, peak, position / rise),
                    false => along_cosine(peak, peak / 1e5, (position - rise) / (total - rise)),
                }
            }
        }
    }
}

/// From `start` to `end` along half a cosine, as `share` goes from 0 to 1.
fn along_cosine(start: f64, end: f64, share: f64) -> f64 {
    end + (start - end) * (1.0 + (PI * share.clamp(0.0, 1.0)).cos()) / 2.0
}
