//! Weights from elsewhere: which of them fit this network, and which do not.

use std::{
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
};

use anyhow::Result;
use candle_core::{DType, Device, Tensor};

use crate::{Dataset, Learner, Parameters, Task, TrainingError};

/// With less than this share of a body's numbers found, the file is of another network.
const ENOUGH: f64 = 0.95;
/// An old head leaves two tensors or so. More, and for four that fit one that does not: a larger relative of the network,
/// all of whose layers have the right names and shapes and the wrong neighbours.
const OLD_HEAD: usize = 4;

/// What became of the tensors of a weights file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// The file.
    pub file: PathBuf,
    /// Parameters and buffers that were set.
    pub matched: Vec<String>,
    /// Of the part to load, those that the file lacks: they stay as they were drawn.
    pub missing: Vec<String>,
    /// Those of another shape: (name, shape in the file, shape here).
    pub misshapen: Vec<(String, Vec<usize>, Vec<usize>)>,
    /// Tensors of the file that found no place, such as the old head.
    pub unused: Vec<String>,
}

impl fmt::Display for LoadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tensors of {}", self.matched.len(), self.file.display())?;
        if !self.unused.is_empty() {
            write!(f, "; not used: {}", some(&self.unused))?;
        }
        if !self.missing.is_empty() {
            write!(f, "; not in the file, so left as drawn: {}", some(&self.missing))?;
        }
        let shapes: Vec<String> = self
            .misshapen
            .iter()
            .map(|(name, file, here)| format!("{name} ({file:?} in the file, {here:?} here)"))
            .collect();
        if !shapes.is_empty() {
            write!(f, "; of another shape, so left as drawn: {}", some(&shapes))?;
        }
        Ok(())
    }
}

/// The first few of `names`, and how many more there are.
fn some(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(4).map(String::as_str).collect();
    match names.len().saturating_sub(shown.len()) {
        _ if names.is_empty() => "none".into(),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Named tensors from elsewhere.
#[derive(Clone, Debug)]
pub struct Weights {
    /// Where they are from, for messages.
    pub file: PathBuf,
    /// By name, sorted.
    pub tensors: Vec<(String, Tensor)>,
}

impl Weights {
    /// The tensors of a safetensors file. Errors with [`TrainingError::BadFile`] when it is none.
    pub fn read(file: &Path) -> Result<Self, TrainingError> {
        let bytes = std::fs::read(file).map_err(|error| TrainingError::BadFile {
            path: file.to_path_buf(),
            problem: format!("cannot read these weights: {error}"),
        })?;
        Self::parse(&bytes, file)
    }

    /// The tensors of a safetensors file in memory; `name` is what messages call it.
    pub fn parse(bytes: &[u8], name: impl Into<PathBuf>) -> Result<Self, TrainingError> {
        let file = name.into();
        match candle_core::safetensors::load_buffer(bytes, &Device::Cpu) {
            Ok(tensors) => {
                let mut tensors: Vec<(String, Tensor)> = tensors.into_iter().collect();
                tensors.sort_by(|a, b| a.0.cmp(&b.0));
                Ok(Weights { file, tensors })
            }
            Err(error) => Err(TrainingError::BadFile {
                path: file,
                problem: format!(
                    "not weights in safetensors form ({error}). Files of another form (.pth, .h5) must be converted \
                     first, with Python's safetensors.torch.save_file for example"
                ),
            }),
        }
    }
}

impl Parameters {
    /// Sets the parameters and buffers under `part` (`""`: all) from `weights`, by name and shape. A name there may
    /// be the whole name (`body.conv1.weight`) or the name below `part` (`conv1.weight`), as other programs write it.
    ///
    /// # Errors
    /// With [`TrainingError::BadFile`], before anything is changed, when there are numbers that are not finite, or
    /// less than 95 % of the part's, or many that belong elsewhere: weights of another network would leave this one partly
    /// random, or put together wrongly, without a word.
    pub fn load(&self, weights: &Weights, part: &str) -> Result<LoadReport> {
        let bad = |problem: String| TrainingError::BadFile {
            path: weights.file.clone(),
            problem,
        };
        let mut places = HashMap::new();
        for parameter in self.iter() {
            let below = match part {
                "" => Some(parameter.name.as_str()),
                _ => parameter
                    .name
                    .strip_prefix(part)
                    .and_then(|rest| rest.strip_prefix('.')),
            };
            if let Some(below) = below {
                places.insert(below.to_string(), parameter);
            }
        }
        if places.is_empty() {
            return Err(TrainingError::Settings(format!("the network has no part called {part:?}")).into());
        }
        let mut report = LoadReport {
            file: weights.file.clone(),
            ..Default::default()
        };
        let mut set = Vec::new();
        for (name, tensor) in &weights.tensors {
            let whole = name.strip_prefix(part).and_then(|rest| rest.strip_prefix('.'));
            let Some(place) = places.remove(whole.unwrap_or(name)) else {
                // A count that only PyTorch's own averaging of statistics needs.
                if !name.ends_with("num_batches_tracked") {
                    report.unused.push(name.clone());
                }
                continue;
            };
            if tensor.shape() != place.value.shape() {
                let shapes = (tensor.dims().to_vec(), place.value.dims().to_vec());
                report.misshapen.push((place.name.clone(), shapes.0, shapes.1));
                continue;
            }
            let value = tensor.to_dtype(DType::F32)?;
            if !all_finite(&value)? {
                return Err(bad(format!(
                    "{name} holds numbers that are not finite: the file is damaged"
                ))
                .into());
            }
            report.matched.push(place.name.clone());
            set.push((place, value));
        }
        report.missing = places.values().map(|parameter| parameter.name.clone()).collect();
        report.missing.sort();
        let matched: usize = set.iter().map(|(_, value)| value.elem_count()).sum();
        let misshapen: usize = report
            .misshapen
            .iter()
            .map(|(_, _, here)| here.iter().product::<usize>())
            .sum();
        let missing: usize = places
            .values()
            .map(|parameter| parameter.value.elem_count())
            .sum();
        let foreign = report.unused.len() > OLD_HEAD && 4 * report.unused.len() > report.matched.len();
        if foreign || (matched as f64) < ENOUGH * (matched + misshapen + missing) as f64 {
            return Err(bad(format!(
                "these are not the weights of this network: {} of its {} tensors were found. Not found: {}; {} \
                 tensors of the file have no place: {}. Name the network that the file belongs to, or another file",
                set.len(),
                set.len() + report.missing.len() + report.misshapen.len(),
                some(&[
                    report.missing.clone(),
                    report.misshapen.iter().map(|(name, _, _)| name.clone()).collect()
                ].concat()),
                report.unused.len(),
                some(&report.unused),
            ))
            .into());
        }
        for (place, value) in set {
            let value = value.to_dtype(place.value.dtype())?;
            place.value.set(&value.to_device(place.value.device())?)?;
        }
        Ok(report)
    }
}

fn all_finite(value: &Tensor) -> candle_core::Result<bool> {
    // A sum is finite only if every term is, short of an overflow that no weights come near.
    Ok(value.sum_all()?.to_scalar::<f32>()?.is_finite())
}

impl<T: Task, D: Dataset<Batch = T::Batch>> Learner<T, D> {
    /// Starts from `weights` instead of random ones, for the part of the network whose names begin with `part.`
    /// (`"body"`; `""`: all of it), and says what fitted. A resumed run keeps the weights of its checkpoint.
    ///
    /// Errors as [`Parameters::load`] does.
    pub fn with_weights(mut self, weights: &Weights, part: &str) -> Result<Self> {
        if self.resumed.is_none() {
            let report = self.parameters.load(weights, part)?;
            crate::say(format!("weights   {report}"));
        }
        self.run.record("weights", &weights.file)?;
        Ok(self)
    }
}
