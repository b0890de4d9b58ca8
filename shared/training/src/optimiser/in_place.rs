//! The arithmetic of an optimiser step, written into the tensors that it changes.
//!
//! On the CPU one pass over memory does the whole update, where candle's own operations would make a dozen
//! temporary tensors for each parameter. Elsewhere the same formula is computed by candle's operations.

use std::cell::Cell;

use candle_core::{CpuStorage, DType, InplaceOp1, Layout, Result, Storage, Tensor, Var, bail};

/// Below this many numbers the work is done before other threads have woken up.
const CHUNK: usize = 1 << 15;

/// AdamW's change of one parameter and its two moments.
#[derive(Clone, Copy)]
pub(super) struct AdamStep {
    pub beta1: f64,
    pub beta2: f64,
    /// Learning rate / (1 − β₁ᵗ)
    pub rate: f64,
    /// 1 / √(1 − β₂ᵗ)
    pub second_scale: f64,
    pub epsilon: f64,
    /// 1 − learning rate · weight decay
    pub shrink: f64,
}

impl AdamStep {
    pub(super) fn apply(
        self,
        parameter: &Var,
        first: &Tensor,
        second: &Tensor,
        gradient: &Tensor,
    ) -> Result<()> {
        if !on_cpu(&[parameter, first, second, gradient]) {
            return self.apply_by_operations(parameter, first, second, gradient);
        }
        let gradient = gradient.contiguous()?;
        change(first, |first| {
            change(second, |second| {
                change(parameter, |parameter| {
                    read(&gradient, |gradient| {
                        let chunks = parameter.chunks_mut(CHUNK).zip(gradient.chunks(CHUNK));
                        let moments = first.chunks_mut(CHUNK).zip(second.chunks_mut(CHUNK));
                        let chunks = chunks.zip(moments).collect();
                        nn::share(
                            chunks,
                            || (),
                            |_, ((parameter, gradient), (first, second))| {
                                adam(self, gradient, first, second, parameter);
                            },
                        );
                    })
                })
            })
        })
    }

    fn apply_by_operations(
        self,
        parameter: &Var,
        first: &Tensor,
        second: &Tensor,
        gradient: &Tensor,
    ) -> Result<()> {
        decay_towards(first, gradient, self.beta1, 1.0 - self.beta1)?;
        decay_towards(second, &gradient.sqr()?, self.beta2, 1.0 - self.beta2)?;
        let scale = ((second.sqrt()? * self.second_scale)? + self.epsilon)?;
        let shrunk = (parameter.as_tensor() * self.shrink)?;
        parameter.set(&(shrunk - ((first * self.rate)? / scale)?)?)
    }
}

nn::simd! {
    fn adam<>(step: AdamStep, gradient: &[f32], first: &mut [f32], second: &mut [f32], parameter: &mut [f32]) {
        let (keep1, add1) = (step.beta1 as f32, (1.0 - step.beta1) as f32);
        let (keep2, add2) = (step.beta2 as f32, (1.0 - step.beta2) as f32);
        let (rate, second_scale) = (step.rate as f32, step.second_scale as f32);
        let (epsilon, shrink) = (step.epsilon as f32, step.shrink as f32);
        let moments = first.iter_mut().zip(second);
        for ((parameter, &gradient), (first, second)) in parameter.iter_mut().zip(gradient).zip(moments) {
            *first = keep1 * *first + add1 * gradient;
            *second = keep2 * *second + add2 * gradient * gradient;
            let scale = second.sqrt() * second_scale + epsilon;
            *parameter = shrink * *parameter - rate * *first / scale;
        }
    }
}

/// SGD's change of one parameter and its velocity.
#[derive(Clone, Copy)]
pub(super) struct SgdStep {
    pub rate: f64,
    pub decay: f64,
    pub momentum: f64,
    pub nesterov: bool,
}

impl SgdStep {
    /// There is a velocity where there is momentum.
    pub(super) fn apply(self, parameter: &Var, velocity: Option<&Tensor>, gradient: &Tensor) -> Result<()> {
        let tensors = [Some(parameter.as_tensor()), velocity, Some(gradient)];
        if !on_cpu(&tensors.into_iter().flatten().collect::<Vec<_>>()) {
            return self.apply_by_operations(parameter, velocity, gradient);
        }
        let gradient = gradient.contiguous()?;
        let Some(velocity) = velocity else {
            return change(parameter, |parameter| {
                read(&gradient, |gradient| {
                    let chunks = parameter.chunks_mut(CHUNK).zip(gradient.chunks(CHUNK));
                    nn::share(
                        chunks.collect(),
                        || (),
                        |_, (parameter, gradient)| descend(self, gradient, parameter),
                    );
                })
            });
        };
        change(velocity, |velocity| {
            change(parameter, |parameter| {
                read(&gradient, |gradient| {
                    let chunks = parameter.chunks_mut(CHUNK).zip(gradient.chunks(CHUNK));
                    let chunks = chunks.zip(velocity.chunks_mut(CHUNK)).collect();
                    nn::share(
                        chunks,
                        || (),
                        |_, ((parameter, gradient), velocity)| roll(self, gradient, velocity, parameter),
                    );
                })
            })
        })
    }

    fn apply_by_operations(
        self,
        parameter: &Var,
        velocity: Option<&Tensor>,
        gradient: &Tensor,
    ) -> Result<()> {
        let mut step = (gradient + (parameter.as_tensor() * self.decay)?)?;
        if let Some(velocity) = velocity {
            decay_towards(velocity, &step, self.momentum, 1.0)?;
            step = match self.nesterov {
                true => (step + (velocity * self.momentum)?)?,
                false => velocity.clone(),
            };
        }
        decay_towards(parameter, &step, 1.0, -self.rate)
    }
}

nn::simd! {
    fn descend<>(step: SgdStep, gradient: &[f32], parameter: &mut [f32]) {
        let (rate, decay) = (step.rate as f32, step.decay as f32);
        for (parameter, &gradient) in parameter.iter_mut().zip(gradient) {
            *parameter -= rate * (gradient + decay * *parameter);
        }
    }
}

nn::simd! {
    fn roll<>(step: SgdStep, gradient: &[f32], velocity: &mut [f32], parameter: &mut [f32]) {
        let (rate, decay, momentum) = (step.rate as f32, step.decay as f32, step.momentum as f32);
        // What of the gradient and of the velocity goes into the step.
        let (ahead, along) = if step.nesterov { (1.0, momentum) } else { (0.0, 1.0) };
        for ((parameter, &gradient), velocity) in parameter.iter_mut().zip(gradient).zip(velocity) {
            let gradient = gradient + decay * *parameter;
            *velocity = momentum * *velocity + gradient;
            *parameter -= rate * (ahead * gradient + along * *velocity);
        }
    }
}

/// target ← keep · target + add · source, by candle's operations.
fn decay_towards(target: &Tensor, source: &Tensor, keep: f64, add: f64) -> Result<()> {
    let value = ((target * keep)? + (source * add)?)?;
    // Flat, because a tensor without dimensions has none to write along.
    target
        .flatten_all()?
        .slice_set(&value.flatten_all()?.contiguous()?, 0, 0)
}

fn on_cpu(tensors: &[&Tensor]) -> bool {
    let fits = |x: &&Tensor| x.device().is_cpu() && x.dtype() == DType::F32;
    tensors.iter().all(fits)
}

/// Lets `f` change the numbers of `tensor`, which is contiguous.
fn change(tensor: &Tensor, f: impl FnOnce(&mut [f32]) -> Result<()>) -> Result<()> {
    tensor.inplace_op1(&Change(Cell::new(Some(f))))
}

struct Change<F>(Cell<Option<F>>);

impl<F: FnOnce(&mut [f32]) -> Result<()>> InplaceOp1 for Change<F> {
    fn name(&self) -> &'static str {
        "optimiser-step"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        match (storage, layout.contiguous_offsets(), self.0.take()) {
            (CpuStorage::F32(values), Some((start, end)), Some(f)) => f(&mut values[start..end]),
            _ => bail!(
                "an optimiser wants contiguous f32 tensors, got {:?}",
                layout.shape()
            ),
        }
    }
}

fn read(tensor: &Tensor, f: impl FnOnce(&[f32])) -> Result<()> {
    match (
        &*tensor.storage_and_layout().0,
        tensor.layout().contiguous_offsets(),
    ) {
        (Storage::Cpu(CpuStorage::F32(values)), Some((start, end))) => {
            f(&values[start..end]);
            Ok(())
        }
        _ => bail!(
            "an optimiser wants contiguous f32 tensors, got {:?}",
            tensor.shape()
        ),
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    fn distance(a: &Tensor, b: &Tensor) -> Result<f32> {
        (a - b)?.abs()?.sum_all()?.to_scalar::<f32>()
    }

    /// What other devices compute must be what the CPU computes, for every rank.
    #[test]
    fn operations_agree_with_the_pass_over_memory() -> Result<()> {
        for shape in [vec![], vec![5], vec![2, 3]] {
            let fill = |value: f32| Tensor::full(value, shape.clone(), &Device::Cpu);
            let start =
                || Ok::<_, candle_core::Error>((Var::from_tensor(&fill(0.5)?)?, fill(0.3)?, fill(0.04)?));
            let gradient = fill(-3.0)?;
            let step = AdamStep {
                beta1: 0.9,
                beta2: 0.999,
                rate: 0.1,
                second_scale: 2.0,
                epsilon: 1e-8,
                shrink: 0.99,
            };
            let (fast, slow) = (start()?, start()?);
            step.apply(&fast.0, &fast.1, &fast.2, &gradient)?;
            step.apply_by_operations(&slow.0, &slow.1, &slow.2, &gradient)?;
            assert!(distance(&fast.0, &slow.0)? < 1e-5, "shape {shape:?}");
            assert!(distance(&fast.1, &slow.1)? < 1e-5, "shape {shape:?}");
            assert!(distance(&fast.2, &slow.2)? < 1e-5, "shape {shape:?}");
            for (momentum, nesterov) in [(0.0, false), (0.9, false), (0.9, true)] {
                let step = SgdStep {
                    rate: 0.1,
                    decay: 0.01,
                    momentum,
                    nesterov,
                };
                let (fast, slow) = (start()?, start()?);
                let velocity = |tensor| (momentum > 0.0).then_some(tensor);
                step.apply(&fast.0, velocity(&fast.1), &gradient)?;
                step.apply_by_operations(&slow.0, velocity(&slow.1), &gradient)?;
                assert!(
                    distance(&fast.0, &slow.0)? < 1e-5,
                    "shape {shape:?}, momentum {momentum}"
                );
                assert!(
                    distance(&fast.1, &slow.1)? < 1e-5,
                    "shape {shape:?}, momentum {momentum}"
                );
            }
        }
        Ok(())
    }
}
