//! Watches the loss and the gradient, and stops training when either is no longer a number.

use std::collections::VecDeque;

use anyhow::Result;
use candle_core::{DType, Tensor};

use crate::TrainingError;

/// How many losses the message of a stop shows.
const SHOWN: usize = 8;
/// On a GPU, reading a number waits for all work queued before it; so it is done once in this many batches.
const UNREAD: usize = 16;

struct Reading {
    step: u64,
    examples: usize,
    learning_rate: f64,
    loss: Tensor,
    norm: Option<Tensor>,
}

/// Collects losses and gradient norms on the device and reads them back in groups.
pub struct Guard {
    unread: Vec<Reading>,
    last: VecDeque<f64>,
    capacity: usize,
}

impl Guard {
    /// A guard for losses on `device`. On the CPU it reads each at once, before the weights are touched.
    pub fn new(device: &candle_core::Device) -> Self {
        Guard {
            unread: Vec::new(),
            last: VecDeque::new(),
            capacity: if device.is_cpu() { 1 } else { UNREAD },
        }
    }

    /// Takes the loss of a batch of `examples` and, when a step follows, the norm of its gradient. Gives the
    /// sum of losses over examples, and the number of examples, that were read back since the last call.
    pub fn watch(
        &mut self,
        step: u64,
        learning_rate: f64,
        examples: usize,
        loss: &Tensor,
        norm: Option<&Tensor>,
    ) -> Result<(f64, usize)> {
        self.unread.push(Reading {
            step,
            examples,
            learning_rate,
            loss: loss.detach(),
            norm: norm.map(Tensor::detach),
        });
        if self.unread.len() < self.capacity {
            Ok((0.0, 0))
        } else {
            self.read()
        }
    }

    /// Reads what is still unread.
    pub fn read(&mut self) -> Result<(f64, usize)> {
        let (mut sum, mut examples) = (0.0, 0);
        for reading in self.unread.drain(..) {
            let loss = number(&reading.loss)?;
            let norm = reading.norm.as_ref().map(number).transpose()?;
            for (what, value) in [("loss", Some(loss)), ("gradient norm", norm)] {
                if let Some(value) = value.filter(|value| !value.is_finite()) {
                    return Err(TrainingError::NotFinite {
                        what,
                        value,
                        step: reading.step,
                        losses: self.last.iter().copied().collect(),
                        learning_rate: reading.learning_rate,
                    }
                    .into());
                }
            }
            self.last.push_back(loss);
            if self.last.len() > SHOWN {
                self.last.pop_front();
            }
            sum += loss * reading.examples as f64;
            examples += reading.examples;
        }
        Ok((sum, examples))
    }

    /// The newest loss that was read.
    pub fn last_loss(&self) -> Option<f64> {
        self.last.back().copied()
    }
}

fn number(scalar: &Tensor) -> Result<f64> {
    Ok(scalar.to_dtype(DType::F64)?.to_scalar::<f64>()?)
}
