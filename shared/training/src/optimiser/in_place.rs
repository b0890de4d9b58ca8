//! The arithmetic of an optimiser step, written into the tensors that it changes.
//!
//! On the CPU one pass over memory does the whole update, where candle's own operations would make a dozen
//! temporary tensors for each parameter. Elsewhere the same formula is computed by candle's operations.

use candle_core::{CpuStorage, InplaceOp2, InplaceOp3, Layout, Result, Tensor, Var, bail};
use rayon::prelude::*;

/// Below this many numbers the work is done before other threads have woken up.
const CHUNK: usize = 1 << 15;

/// target ← keep · target + add · source^power, with power 1 or 2.
pub(super) fn decay_towards(target: &Tensor, source: &Tensor, keep: f64, add: f64, power: u8) -> Result<()> {
    if target.device().is_cpu() && source.is_contiguous() {
        return target.inplace_op2(
            source,
            &Decay {
                keep: keep as f32,
                add: add as f32,
                power,
            },
        );
    }
    decay_by_operations(target, source, keep, add, power)
}

fn decay_by_operations(target: &Tensor, source: &Tensor, keep: f64, add: f64, power: u8) -> Result<()> {
    let source = if power == 2 { source.sqr()? } else { source.clone() };
    let value = ((target * keep)? + (source * add)?)?;
    // Flat, because a tensor without dimensions has none to write along.
    target
        .flatten_all()?
        .slice_set(&value.flatten_all()?.contiguous()?, 0, 0)
}

/// AdamW's change of one parameter from its two moments.
#[derive(Clone, Copy)]
pub(super) struct AdamStep {
    /// Learning rate / (1 − β₁ᵗ)
    pub rate: f32,
    /// 1 / √(1 − β₂ᵗ)
    pub second_scale: f32,
    pub epsilon: f32,
    /// 1 − learning rate · weight decay
    pub shrink: f32,
}

impl AdamStep {
    pub(super) fn apply(self, parameter: &Var, first: &Tensor, second: &Tensor) -> Result<()> {
        if parameter.device().is_cpu() {
            return parameter.inplace_op3(first, second, &self);
        }
        self.apply_by_operations(parameter, first, second)
    }

    fn apply_by_operations(self, parameter: &Var, first: &Tensor, second: &Tensor) -> Result<()> {
        let scale = ((second.sqrt()? * self.second_scale as f64)? + self.epsilon as f64)?;
        let shrunk = (parameter.as_tensor() * self.shrink as f64)?;
        parameter.set(&(shrunk - ((first * self.rate as f64)? / scale)?)?)
    }
}

struct Decay {
    keep: f32,
    add: f32,
    power: u8,
}

impl InplaceOp2 for Decay {
    fn name(&self) -> &'static str {
        "decay-towards"
    }

    fn cpu_fwd(
        &self,
        target: &mut CpuStorage,
        target_layout: &Layout,
        source: &CpuStorage,
        source_layout: &Layout,
    ) -> Result<()> {
        let target = floats_mut(target, target_layout)?;
        let source = floats(source, source_layout)?;
        let chunks = target.par_chunks_mut(CHUNK).zip(source.par_chunks(CHUNK));
        chunks.for_each(|(target, source)| {
            if self.power == 2 {
                for (target, source) in target.iter_mut().zip(source) {
                    *target = self.keep * *target + self.add * source * source;
                }
            } else {
                for (target, source) in target.iter_mut().zip(source) {
                    *target = self.keep * *target + self.add * source;
                }
            }
        });
        Ok(())
    }
}

impl InplaceOp3 for AdamStep {
    fn name(&self) -> &'static str {
        "adam-step"
    }

    fn cpu_fwd(
        &self,
        parameter: &mut CpuStorage,
        parameter_layout: &Layout,
        first: &CpuStorage,
        first_layout: &Layout,
        second: &CpuStorage,
        second_layout: &Layout,
    ) -> Result<()> {
        let parameter = floats_mut(parameter, parameter_layout)?;
        let (first, second) = (floats(first, first_layout)?, floats(second, second_layout)?);
        let moments = first.par_chunks(CHUNK).zip(second.par_chunks(CHUNK));
        parameter
            .par_chunks_mut(CHUNK)
            .zip(moments)
            .for_each(|(parameter, (first, second))| {
                for ((parameter, first), second) in parameter.iter_mut().zip(first).zip(second) {
                    let scale = second.sqrt() * self.second_scale + self.epsilon;
                    *parameter = self.shrink * *parameter - self.rate * first / scale;
                }
            });
        Ok(())
    }
}

fn floats<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&values[start..end]),
        _ => bail!(
            "an optimiser wants contiguous f32 tensors, got {:?}",
            layout.shape()
        ),
    }
}

fn floats_mut<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&mut values[start..end]),
        _ => bail!(
            "an optimiser wants contiguous f32 tensors, got {:?}",
            layout.shape()
        ),
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    /// What other devices compute must be what the CPU computes, for every rank.
    #[test]
    fn operations_agree_with_the_pass_over_memory() -> Result<()> {
        for shape in [vec![], vec![5], vec![2, 3]] {
            let fill = |value: f32| Tensor::full(value, shape.clone(), &Device::Cpu);
            for power in [1, 2] {
                let (fast, slow, source) = (fill(0.5)?, fill(0.5)?, fill(-3.0)?);
                decay_towards(&fast, &source, 0.9, 0.1, power)?;
                decay_by_operations(&slow, &source, 0.9, 0.1, power)?;
                let difference = (fast - slow)?.abs()?.sum_all()?.to_scalar::<f32>()?;
                assert!(difference < 1e-5, "power {power}, shape {shape:?}: {difference}");
            }
            let step = AdamStep {
                rate: 0.1,
                second_scale: 2.0,
                epsilon: 1e-8,
                shrink: 0.99,
            };
            let (fast, slow) = (Var::from_tensor(&fill(0.5)?)?, Var::from_tensor(&fill(0.5)?)?);
            step.apply(&fast, &fill(0.3)?, &fill(0.04)?)?;
            step.apply_by_operations(&slow, &fill(0.3)?, &fill(0.04)?)?;
            let difference = (fast.as_tensor() - slow.as_tensor())?
                .abs()?
                .sum_all()?
                .to_scalar::<f32>()?;
            assert!(difference < 1e-5, "shape {shape:?}: {difference}");
        }
        Ok(())
    }
}
