//! A trained model as one file: the weights and all that is needed to use them.

use std::{collections::HashMap, path::Path};

use anyhow::{Context, Result};
use candle_core::{DType, Device};
use nn::VarBuilder;
use serde::{Serialize, de::DeserializeOwned};

use crate::{Parameters, files, find_model};

/// Writes the weights with `about`: the classes, the preprocessing, everything that `predict` must know.
pub fn save_model(path: &Path, project: &str, about: &impl Serialize, parameters: &Parameters) -> Result<()> {
    files::write_tensors(path, "model", project, about, &parameters.snapshot()?)
}

/// A trained model of `project`: the one at `given` (a run folder or a file), else the newest. Gives what was
/// saved about it and the network that `build` makes of its weights.
///
/// Errors when there is none, when it belongs to another project, when it is damaged, or when its weights
/// are not those of the network that `build` describes.
pub fn load_model<A: DeserializeOwned, M>(
    project: &str,
    given: Option<&Path>,
    device: &Device,
    build: impl FnOnce(&A, VarBuilder<'_>) -> candle_core::Result<M>,
) -> Result<(A, M)> {
    let path = find_model(project, given)?;
    let (about, tensors) = files::read_tensors::<A>(&path, "model", project)?;
    let tensors: HashMap<_, _> = tensors.into_iter().collect();
    let weights = VarBuilder::from_tensors(tensors, DType::F32, device);
    let model = build(&about, weights).with_context(|| {
        format!(
            "{}: the weights do not fit this version of the network: train it anew, or name another run with --model",
            path.display()
        )
    })?;
    Ok((about, model))
}
