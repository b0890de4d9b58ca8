//! Embeddings: a vector for each word of a vocabulary, or for each set of its pieces.

use candle_core::{DType, Module, Result, Tensor, bail};
use candle_nn::VarBuilder;

use crate::cpu::{by_dtype, has_kernel, read};
use crate::float::Float;
use crate::pieces::fill;
use crate::tape::record;

/// Looks up the vector of each id, as candle's layer of this name.
#[derive(Clone, Debug)]
pub struct Embedding {
    embeddings: Tensor,
    hidden_size: usize,
}

impl Embedding {
    /// A layer of the given `embeddings`, (vocabulary, `hidden_size`).
    pub fn new(embeddings: Tensor, hidden_size: usize) -> Self {
        Self {
            embeddings,
            hidden_size,
        }
    }

    /// The vectors, (vocabulary, hidden size).
    pub fn embeddings(&self) -> &Tensor {
        &self.embeddings
    }

    /// How many numbers a vector has.
    pub fn hidden_size(&self) -> usize {
        self.hidden_size
    }
}

impl Module for Embedding {
    /// From ids (`u8`, `u32` or `i64`) of any shape (…) to vectors (…, hidden size).
    ///
    /// # Errors
    /// If an id is not in the vocabulary. (On a GPU, candle decides what becomes of it.)
    fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        if !matches!(ids.dtype(), DType::U8 | DType::U32 | DType::I64) {
            bail!("an embedding takes ids of u8, u32 or i64, not {:?}", ids.dtype())
        }
        let (vocabulary, width) = self.embeddings.dims2()?;
        if width != self.hidden_size {
            bail!(
                "embeddings of {width} numbers were declared to have {}",
                self.hidden_size
            )
        }
        let dims = [ids.dims(), &[width]].concat();
        if !ids.device().is_cpu() || !has_kernel(&self.embeddings) {
            let rows = self
                .embeddings
                .index_select(&ids.flatten_all()?.contiguous()?, 0)?;
            return rows.reshape(dims);
        }
        let ids = checked(ids, vocabulary)?;
        by_dtype!(self.embeddings.dtype(), T => look_up::<T>(&self.embeddings, ids, dims))
    }
}

/// The ids as numbers, all of them in the vocabulary.
fn checked(ids: &Tensor, vocabulary: usize) -> Result<Vec<usize>> {
    let ids = ids.to_dtype(DType::I64)?.flatten_all()?.to_vec1::<i64>()?;
    if let Some(place) = ids.iter().position(|id| !(0..vocabulary as i64).contains(id)) {
        bail!(
            "id {} (number {place} of {}) is not in the vocabulary of {vocabulary}",
            ids[place],
            ids.len()
        )
    }
    Ok(ids.into_iter().map(|id| id as usize).collect())
}

fn look_up<T: Float>(embeddings: &Tensor, ids: Vec<usize>, dims: Vec<usize>) -> Result<Tensor> {
    let (vocabulary, width) = embeddings.dims2()?;
    let rows = read([embeddings], |[table]: [&[T]; 1]| {
        fill(ids.len() * width, width.max(1), |at, row| {
            row.copy_from_slice(&table[ids[at / width] * width..][..width]);
        })
    })?;
    record(rows, dims, &[embeddings], move |gradient| {
        let places = Places::new(&ids, vocabulary);
        let sums = read([gradient], |[gradient]: [&[T]; 1]| {
            fill(vocabulary * width, width.max(1), |at, sum| {
                let mut places = places
                    .of(at / width)
                    .iter()
                    .map(|&place| &gradient[place * width..][..width]);
                match places.next() {
                    Some(first) => sum.copy_from_slice(first),
                    None => sum.fill(T::ZERO),
                }
                for row in places {
                    sum.iter_mut().zip(row).for_each(|(sum, &row)| *sum += row);
                }
            })
        })?;
        Ok(vec![Some(Tensor::from_vec(
            sums,
            (vocabulary, width),
            gradient.device(),
        )?)])
    })
}

/// The mean vector of each set of ids, as PyTorch's layer of this name with `mode="mean"` and `padding_idx=0`: for what a
/// word is made of, as its character n-grams (Bojanowski et al. 2017).
#[derive(Clone, Debug)]
pub struct EmbeddingBag {
    embeddings: Tensor,
}

impl EmbeddingBag {
    /// The vectors, (vocabulary, width). The first is never used: id 0 fills up sets that are smaller.
    pub fn embeddings(&self) -> &Tensor {
        &self.embeddings
    }
}

impl Module for EmbeddingBag {
    /// From ids (`u8`, `u32` or `i64`) of shape (…, set) to vectors (…, width). A set of zeros has the vector 0.
    ///
    /// # Errors
    /// If an id is not in the vocabulary. (On a GPU, candle decides what becomes of it.)
    fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        let (vocabulary, width) = self.embeddings.dims2()?;
        if ids.rank() == 0 || !matches!(ids.dtype(), DType::U8 | DType::U32 | DType::I64) {
            bail!(
                "an embedding bag takes ids (…, set) of u8, u32 or i64, not {:?} of {:?}",
                ids.shape(),
                ids.dtype()
            )
        }
        let size = ids.dims()[ids.rank() - 1];
        let dims = [&ids.dims()[..ids.rank() - 1], &[width]].concat();
        if !ids.device().is_cpu() || !has_kernel(&self.embeddings) {
            let dtype = self.embeddings.dtype();
            let used = ids
                .flatten_all()?
                .ne(0u32)?
                .to_dtype(dtype)?
                .reshape(((), size, 1))?;
            let rows = self
                .embeddings
                .index_select(&ids.flatten_all()?.contiguous()?, 0)?;
            let sums = rows.reshape(((), size, width))?.broadcast_mul(&used)?.sum(1)?;
            let counts = used.sum(1)?.maximum(1.0)?;
            return sums.broadcast_div(&counts)?.reshape(dims);
        }
        let ids = checked(ids, vocabulary)?;
        by_dtype!(self.embeddings.dtype(), T => look_up_means::<T>(&self.embeddings, ids, size, dims))
    }
}

fn look_up_means<T: Float>(
    embeddings: &Tensor,
    ids: Vec<usize>,
    size: usize,
    dims: Vec<usize>,
) -> Result<Tensor> {
    let (vocabulary, width) = embeddings.dims2()?;
    let share = move |set: &[usize]| {
        let count = set.iter().filter(|id| **id > 0).count();
        T::of(1.0 / count.max(1) as f64)
    };
    let means = read([embeddings], |[table]: [&[T]; 1]| {
        fill(dims.iter().product(), width.max(1), |at, mean| {
            let set = &ids[at / width * size..][..size];
            mean.fill(T::ZERO);
            for &id in set.iter().filter(|id| **id > 0) {
                let row = &table[id * width..][..width];
                mean.iter_mut().zip(row).for_each(|(sum, &value)| *sum += value);
            }
            let share = share(set);
            mean.iter_mut().for_each(|value| *value *= share);
        })
    })?;
    record(means, dims, &[embeddings], move |gradient| {
        let places = Places::new(&ids, vocabulary);
        let shares: Vec<T> = ids.chunks(size.max(1)).map(share).collect();
        let sums = read([gradient], |[gradient]: [&[T]; 1]| {
            fill(vocabulary * width, width.max(1), |at, sum| {
                sum.fill(T::ZERO);
                let id = at / width;
                for set in places.of(id).iter().map(|place| place / size).filter(|_| id > 0) {
                    let row = &gradient[set * width..][..width];
                    sum.iter_mut()
                        .zip(row)
                        .for_each(|(sum, &value)| *sum += value * shares[set]);
                }
            })
        })?;
        Ok(vec![Some(Tensor::from_vec(
            sums,
            (vocabulary, width),
            gradient.device(),
        )?)])
    })
}

/// Where each id occurs: so every vector of the gradient is summed by one task, in the order of the places.
struct Places {
    /// Sorted by id, then by place.
    places: Vec<usize>,
    /// Where those of an id begin; one more at the end.
    starts: Vec<usize>,
}

impl Places {
    fn new(ids: &[usize], vocabulary: usize) -> Self {
        let mut starts = vec![0; vocabulary + 1];
        ids.iter().for_each(|&id| starts[id + 1] += 1);
        for id in 0..vocabulary {
            starts[id + 1] += starts[id];
        }
        let (mut next, mut places) = (starts.clone(), vec![0; ids.len()]);
        for (place, &id) in ids.iter().enumerate() {
            places[next[id]] = place;
            next[id] += 1;
        }
        Self { places, starts }
    }

    fn of(&self, id: usize) -> &[usize] {
        &self.places[self.starts[id]..self.starts[id + 1]]
    }
}

/// An [`Embedding`] of `in_size` words in vectors of `out_size` numbers, which start from the standard normal
/// distribution.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use nn::Module;
/// # fn main() -> candle_core::Result<()> {
/// let vb = nn::seeded(&nn::VarMap::new(), 7, DType::F32, &Device::Cpu);
/// let words = nn::embedding(100, 8, vb.pp("words"))?;
/// let ids = Tensor::new(&[[4u32, 0, 4], [99, 2, 0]], &Device::Cpu)?;
/// assert_eq!(words.forward(&ids)?.dims(), [2, 3, 8]);
/// # Ok(()) }
/// ```
pub fn embedding(in_size: usize, out_size: usize, vb: VarBuilder<'_>) -> Result<Embedding> {
    let init = candle_nn::Init::Randn {
        mean: 0.0,
        stdev: 1.0,
    };
    let embeddings = vb.get_with_hints((in_size, out_size), "weight", init)?;
    Ok(Embedding::new(embeddings, out_size))
}

/// An [`EmbeddingBag`] of `in_size` pieces in vectors of `out_size` numbers, which start from the standard normal distribution.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use nn::Module;
/// # fn main() -> candle_core::Result<()> {
/// let vb = nn::seeded(&nn::VarMap::new(), 7, DType::F32, &Device::Cpu);
/// let pieces = nn::embedding_bag(100, 8, vb.pp("pieces"))?;
/// let ids = Tensor::new(&[[4u32, 9, 0], [99, 0, 0]], &Device::Cpu)?; // two words, of two pieces and of one
/// assert_eq!(pieces.forward(&ids)?.dims(), [2, 8]);
/// # Ok(()) }
/// ```
pub fn embedding_bag(in_size: usize, out_size: usize, vb: VarBuilder<'_>) -> Result<EmbeddingBag> {
    let Embedding { embeddings, .. } = embedding(in_size, out_size, vb)?;
    Ok(EmbeddingBag { embeddings })
}
