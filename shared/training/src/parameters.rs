//! The parameters of a model by name: which are trained, at what rate, and what their gradients are.

use anyhow::Result;
use candle_core::{Tensor, Var};
use nn::VarMap;

use crate::TrainingError;

/// One variable of a model.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name in the checkpoint: `conv1.weight`.
    pub name: String,
    /// Its value.
    pub value: Var,
    /// Whether the optimiser may change it; never true of a buffer such as `running_mean`.
    pub trainable: bool,
    /// Whether it was frozen by name; a frozen buffer keeps its value too.
    pub frozen: bool,
    /// What the learning rate is multiplied with for this parameter.
    pub rate_scale: f64,
    /// Whether weight decay shrinks it. As is usual, biases and the weights of norms (rank 1) are left alone.
    pub decay: bool,
}

/// The variables of a model, sorted by name (a `VarMap` lists them in another order at every run).
#[derive(Clone, Debug)]
pub struct Parameters(Vec<Parameter>);

impl Parameters {
    /// All variables of `variables`; buffers are kept but not trained.
    pub fn new(variables: &VarMap) -> Self {
        let variables = variables
            .data()
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut parameters: Vec<Parameter> = variables
            .iter()
            .map(|(name, value)| Parameter {
                name: name.clone(),
                value: value.clone(),
                trainable: !nn::is_buffer(name),
                frozen: false,
                rate_scale: 1.0,
                decay: value.rank() > 1,
            })
            .collect();
        parameters.sort_by(|a, b| a.name.cmp(&b.name));
        Parameters(parameters)
    }

    /// Every variable, buffers included, sorted by name.
    pub fn iter(&self) -> std::slice::Iter<'_, Parameter> {
        self.0.iter()
    }

    /// The names of the parameters that are trained.
    pub fn trained(&self) -> Vec<&str> {
        let trained = self.iter().filter(|parameter| parameter.trainable);
        trained.map(|parameter| parameter.name.as_str()).collect()
    }

    /// How many numbers the model learns, frozen ones included, buffers not.
    pub fn count(&self) -> usize {
        let learned = self.iter().filter(|parameter| !nn::is_buffer(&parameter.name));
        learned.map(|parameter| parameter.value.elem_count()).sum()
    }

    /// Stops training of the parameters whose name is `prefix` or begins with `prefix.`; `""` means all. The
    /// running statistics of their batch norms stay as they are too, though in training a batch norm still
    /// normalises by the batch. Gradients are still passed through: detach what comes out of a frozen body to
    /// save that time. Errors when there is none.
    pub fn freeze(&mut self, prefix: &str) -> Result<()> {
        self.change(prefix, |parameter| {
            parameter.trainable = false;
            parameter.frozen = true;
        })
    }

    /// Takes up training of the parameters whose name is `prefix` or begins with `prefix.`; `""` means all.
    /// Errors when there is none.
    pub fn unfreeze(&mut self, prefix: &str) -> Result<()> {
        self.change(prefix, |parameter| {
            parameter.trainable = !nn::is_buffer(&parameter.name);
            parameter.frozen = false;
        })
    }

    /// Multiplies the learning rate of the parameters under `prefix` with `scale`: a tenth for a pretrained
    /// backbone, say. Errors when there is no such parameter.
    pub fn scale_rate(&mut self, prefix: &str, scale: f64) -> Result<()> {
        self.change(prefix, |parameter| parameter.rate_scale = scale)
    }

    /// Applies `change` to every parameter under `prefix`. Errors when there is none, so that a misspelt
    /// name is not a silent no-op.
    pub fn change(&mut self, prefix: &str, change: impl Fn(&mut Parameter)) -> Result<()> {
        let mut found = false;
        for parameter in &mut self.0 {
            let rest = parameter.name.strip_prefix(prefix);
            if prefix.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.')) {
                change(parameter);
                found = true;
            }
        }
        if !found {
            let names: Vec<&str> = self.iter().map(|parameter| parameter.name.as_str()).collect();
            anyhow::bail!(
                "no parameter is named {prefix:?} or {prefix:?}.…; there are {}",
                names.join(", ")
            );
        }
        Ok(())
    }

    /// The frozen buffers and copies of their values, to be put back after each step.
    pub(crate) fn frozen_buffers(&self) -> candle_core::Result<Vec<(Var, Tensor)>> {
        let frozen = self
            .iter()
            .filter(|parameter| parameter.frozen && nn::is_buffer(&parameter.name));
        frozen
            .map(|buffer| Ok((buffer.value.clone(), buffer.value.as_tensor().copy()?)))
            .collect()
    }

    /// Copies of the values of all variables, for a checkpoint or to go back to.
    pub fn snapshot(&self) -> candle_core::Result<Vec<(String, Tensor)>> {
        self.iter()
            .map(|parameter| Ok((parameter.name.clone(), parameter.value.as_tensor().copy()?)))
            .collect()
    }

    /// Sets every variable from `values`. Errors, before anything is changed, when a variable is missing
    /// there or has another shape: a partial load would leave a network that is half random.
    pub fn restore(&self, values: &[(String, Tensor)]) -> Result<()> {
        let mut found = Vec::with_capacity(self.0.len());
        for parameter in self.iter() {
            let value = values.iter().find(|(name, _)| *name == parameter.name);
            let Some((_, value)) = value else {
                anyhow::bail!("there is no {:?} among the stored values", parameter.name);
            };
            anyhow::ensure!(
                value.shape() == parameter.value.shape(),
                "{:?} is stored with shape {:?}, but this network has {:?}",
                parameter.name,
                value.shape(),
                parameter.value.shape()
            );
            found.push(value);
        }
        for (parameter, value) in self.iter().zip(found) {
            parameter.value.set(&value.to_device(parameter.value.device())?)?;
        }
        Ok(())
    }
}

/// Numbers that are squared and added up in one go.
const CHUNK: usize = 1 << 15;

/// In one pass over memory, where candle's operations would take three, on one core.
fn sum_of_squares(gradient: &Tensor) -> candle_core::Result<f64> {
    let gradient = gradient.to_dtype(candle_core::DType::F32)?.contiguous()?;
    let (storage, layout) = gradient.storage_and_layout();
    let (candle_core::Storage::Cpu(storage), Some((start, end))) = (&*storage, layout.contiguous_offsets())
    else {
        candle_core::bail!("a gradient on the CPU is not in its memory")
    };
    let chunks: Vec<&[f32]> = storage.as_slice::<f32>()?[start..end].chunks(CHUNK).collect();
    let mut squares = vec![0.0; chunks.len()];
    let items = squares.iter_mut().zip(chunks).collect();
    nn::share(
        items,
        || (),
        |_, (square, chunk): (&mut f64, &[f32])| *square = squares_of(chunk),
    );
    Ok(squares.iter().sum())
}

nn::simd! {
    fn squares_of<>(values: &[f32]) -> f64 {
        let mut lanes = [0f32; 16];
        let chunks = values.chunks_exact(16);
        let rest: f32 = chunks.remainder().iter().map(|value| value * value).sum();
        for chunk in chunks {
            for (lane, value) in lanes.iter_mut().zip(chunk) {
                *lane += value * value;
            }
        }
        lanes.iter().map(|&lane| lane as f64).sum::<f64>() + rest as f64
    }
}

/// The gradient of a loss for each parameter, in the order of [`Parameters`]; `None` for what is not trained.
///
/// It stands between "the gradient of a batch" and "apply the step": accumulation, clipping and an all-reduce
/// over machines work on it.
pub struct Gradients(Vec<Option<Tensor>>);

impl Gradients {
    /// Backpropagates `loss` (a scalar tensor).
    pub fn of(loss: &Tensor, parameters: &Parameters) -> candle_core::Result<Self> {
        let store = nn::backward(loss)?;
        let gradient = |parameter: &Parameter| {
            let gradient = parameter.trainable.then(|| store.get(&parameter.value));
            // Detached, or the next step's graph would hang on this one's.
            gradient.flatten().map(Tensor::detach)
        };
        Ok(Gradients(parameters.iter().map(gradient).collect()))
    }

    /// The gradient of each parameter.
    pub fn iter(&self) -> std::slice::Iter<'_, Option<Tensor>> {
        self.0.iter()
    }

    /// Errors with [`TrainingError::NoGradient`] when a trainable parameter received none, or when none is
    /// trainable.
    pub fn check_complete(&self, parameters: &Parameters) -> Result<(), TrainingError> {
        let trainable = parameters
            .iter()
            .zip(&self.0)
            .filter(|(parameter, _)| parameter.trainable);
        let total = trainable.clone().count();
        if total == 0 {
            return Err(TrainingError::Settings(
                "no parameter is trainable: unfreeze what is to be trained".into(),
            ));
        }
        let names: Vec<String> = trainable
            .filter(|(_, gradient)| gradient.is_none())
            .map(|(parameter, _)| parameter.name.clone())
            .collect();
        match names.is_empty() {
            true => Ok(()),
            false => Err(TrainingError::NoGradient { names, total }),
        }
    }

    /// Adds `other`, gradient by gradient.
    pub fn add(&mut self, other: Gradients) -> candle_core::Result<()> {
        for (sum, term) in self.0.iter_mut().zip(other.0) {
            *sum = match (sum.take(), term) {
                (Some(sum), Some(term)) => Some((sum + term)?),
                (sum, term) => sum.or(term),
            };
        }
        Ok(())
    }

    /// The length of all gradients taken as one vector, as a scalar tensor on the device.
    pub fn norm(&self) -> candle_core::Result<Tensor> {
        if self.0.iter().flatten().all(|gradient| gradient.device().is_cpu()) {
            let squares = self.0.iter().flatten().map(sum_of_squares);
            let total = squares.sum::<candle_core::Result<f64>>()?;
            return Tensor::new(total.sqrt() as f32, &candle_core::Device::Cpu);
        }
        let mut squares = Vec::new();
        for gradient in self.0.iter().flatten() {
            squares.push(gradient.sqr()?.sum_all()?);
        }
        match squares.is_empty() {
            true => Tensor::new(0f32, &candle_core::Device::Cpu),
            false => Tensor::stack(&squares, 0)?.sum_all()?.sqrt(),
        }
    }

    /// Shortens the gradient to length `max_norm` when it is longer (Pascanu et al. 2013, algorithm 1), and
    /// gives the length it had. Nothing is read back from a GPU.
    pub fn clip_norm(&mut self, max_norm: f64) -> candle_core::Result<Tensor> {
        let norm = self.norm()?;
        // Reading the number waits for a GPU; on the CPU it spares a pass over all gradients in nearly every step.
        if norm.device().is_cpu() && norm.to_scalar::<f32>()? as f64 <= max_norm {
            return Ok(norm);
        }
        let scale = (norm.affine(1.0 / max_norm, 1e-12)?.recip()?).minimum(1f64)?;
        for gradient in self.0.iter_mut().flatten() {
            *gradient = gradient.broadcast_mul(&scale.to_dtype(gradient.dtype())?)?;
        }
        Ok(norm)
    }
}
