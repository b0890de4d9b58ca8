//! What a data set is to the training core: a length, and a batch for any list of indices.

use anyhow::Result;
use candle_core::{DType, Device, Tensor};
use nn::Random;

use crate::batches::order;

/// The three parts of a data set. Train on the first, choose everything on the second, read the third once.
pub struct Splits<D> {
    /// What the weights are fitted to.
    pub train: D,
    /// What every choice is made on: the best epoch, the learning rate, a threshold.
    pub valid: D,
    /// What the result is measured on, once, at the end.
    pub test: D,
}

/// One part of a data set.
pub trait Dataset: Send + Sync + 'static {
    /// What a training step takes.
    type Batch: Batch;

    /// How many examples there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The examples at `indices` as one batch in the memory of the CPU. Called on background threads.
    ///
    /// Draw augmentation from [`Pass::random`], and only when `pass.train`: evaluation must see the same
    /// input every time.
    fn batch(&self, indices: &[usize], pass: Pass) -> Result<Self::Batch>;

    /// The order in which a pass visits the examples: shuffled in training, else as they stand. Give another for
    /// batches of equal length, for rare classes drawn more often, or for pairs; draw it from `pass` alone.
    fn order(&self, pass: Pass) -> Vec<usize> {
        order(self.len(), pass)
    }

    /// What to call example `index` in `predictions.csv`: its file, say.
    fn name(&self, index: usize) -> String {
        index.to_string()
    }
}

/// Which pass over the data a batch is made for.
#[derive(Clone, Copy, Debug)]
pub struct Pass {
    /// The seed of the run.
    pub seed: u64,
    /// The epoch, counted from 0 over the whole run.
    pub epoch: usize,
    /// Whether to augment.
    pub train: bool,
}

impl Pass {
    /// A pass that evaluates: no augmentation, the same every time.
    pub fn evaluation(seed: u64) -> Self {
        Pass {
            seed,
            epoch: 0,
            train: false,
        }
    }

    /// The random numbers of example `index` in this pass, the same whichever thread asks and whenever.
    pub fn random(&self, index: usize) -> Random {
        nn::random(
            self.seed,
            &format!("augment/epoch {}/example {index}", self.epoch),
        )
    }
}

/// What a training step takes: some tensors that move to a device together.
pub trait Batch: Send + Sized + 'static {
    /// How many examples it holds.
    fn len(&self) -> usize;

    /// Whether it holds none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same batch on `device`.
    fn to_device(&self, device: &Device) -> candle_core::Result<Self>;
}

/// The usual batch: inputs and, for each, the number of its class (or another target).
#[derive(Clone, Debug)]
pub struct Labelled {
    /// (batch, …)
    pub inputs: Tensor,
    /// (batch), `u32` class numbers in classification
    pub targets: Tensor,
}

impl Batch for Labelled {
    fn len(&self) -> usize {
        self.inputs.dims().first().copied().unwrap_or(0)
    }

    fn to_device(&self, device: &Device) -> candle_core::Result<Self> {
        Ok(Labelled {
            inputs: self.inputs.to_device(device)?,
            targets: self.targets.to_device(device)?,
        })
    }
}

/// Examples that are already in memory as two tensors: tables, embeddings, small pictures.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use training::{Dataset, InMemory, Pass};
/// let inputs = Tensor::zeros((3, 4), candle_core::DType::F32, &Device::Cpu)?;
/// let targets = Tensor::new(&[0u32, 1, 1], &Device::Cpu)?;
/// let data = InMemory::new(inputs, targets)?;
/// assert_eq!(data.batch(&[2, 0], Pass::evaluation(1))?.targets.to_vec1::<u32>()?, [1, 0]);
/// # anyhow::Ok(())
/// ```
#[derive(Clone, Debug)]
pub struct InMemory {
    inputs: Tensor,
    targets: Tensor,
}

impl InMemory {
    /// `inputs` (examples, …) and `targets` (examples, …), moved to the CPU. Errors when their lengths differ.
    pub fn new(inputs: Tensor, targets: Tensor) -> Result<Self> {
        anyhow::ensure!(
            inputs.rank() > 0 && targets.rank() > 0 && inputs.dim(0)? == targets.dim(0)?,
            "{:?} inputs do not go with {:?} targets: the first dimension must be the same",
            inputs.shape(),
            targets.shape()
        );
        Ok(InMemory {
            inputs: inputs.to_device(&Device::Cpu)?,
            targets: targets.to_device(&Device::Cpu)?,
        })
    }
}

impl Dataset for InMemory {
    type Batch = Labelled;

    fn len(&self) -> usize {
        self.inputs.dims()[0]
    }

    fn batch(&self, indices: &[usize], _pass: Pass) -> Result<Labelled> {
        let indices: Vec<u32> = indices.iter().map(|&index| index as u32).collect();
        let indices = Tensor::new(indices, &Device::Cpu)?;
        Ok(Labelled {
            inputs: self.inputs.index_select(&indices, 0)?,
            targets: self.targets.index_select(&indices, 0)?,
        })
    }
}

/// Sequences of different lengths as one tensor, the short ones filled up with zeros at their end.
///
/// Takes `sequences` of shape (length, …) with the same trailing dimensions, gives a tensor (batch, longest,
/// …) and the lengths as `u32` (batch): hand those to the layer that must not look at the filling
/// (`nn::gru`, attention masks, CTC).
///
/// ```
/// use candle_core::{Device, Tensor};
/// let a = Tensor::new(&[1f32, 2., 3.], &Device::Cpu)?;
/// let b = Tensor::new(&[4f32], &Device::Cpu)?;
/// let (padded, lengths) = training::pad_sequences(&[a, b])?;
/// assert_eq!(padded.to_vec2::<f32>()?, [[1., 2., 3.], [4., 0., 0.]]);
/// assert_eq!(lengths.to_vec1::<u32>()?, [3, 1]);
/// # candle_core::Result::Ok(())
/// ```
pub fn pad_sequences(sequences: &[Tensor]) -> candle_core::Result<(Tensor, Tensor)> {
    let Some(first) = sequences.first() else {
        candle_core::bail!("pad_sequences was given no sequence");
    };
    let mut longest = 0;
    for sequence in sequences {
        if sequence.rank() == 0 || sequence.dims()[1..] != first.dims()[1..] {
            candle_core::bail!(
                "pad_sequences wants (length, …) with equal trailing dimensions, got {:?} beside {:?}",
                sequence.shape(),
                first.shape()
            );
        }
        longest = longest.max(sequence.dim(0)?);
    }
    let padded = sequences
        .iter()
        .map(|sequence| sequence.pad_with_zeros(0, 0, longest - sequence.dim(0)?))
        .collect::<candle_core::Result<Vec<_>>>()?;
    let lengths = sequences
        .iter()
        .map(|sequence| Ok(sequence.dim(0)? as u32))
        .collect::<candle_core::Result<Vec<_>>>()?;
    let lengths = Tensor::new(lengths, first.device())?.to_dtype(DType::U32)?;
    Ok((Tensor::stack(&padded, 0)?, lengths))
}
