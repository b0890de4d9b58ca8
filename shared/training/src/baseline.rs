//! The trivial answers that a network must beat to have learned anything.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{Context, Result};
use candle_core::{DType, Device, Tensor};
use nn::{Module, VarMap};

use crate::{
    Batches, ClassOutput, Classification, Gradients, InMemory, Parameters, Pass, Schedule, Splits, Task,
    optimiser::{AdamW, AdamWConfig, Optimiser},
};

/// The accuracy on `test` of always naming the class that is most frequent in `train`.
pub fn majority(train: &[u32], test: &[u32]) -> f64 {
    let mut counts = BTreeMap::<u32, usize>::new();
    for class in train {
        *counts.entry(*class).or_default() += 1;
    }
    // Of equally frequent classes the one with the lowest number.
    let most = counts
        .iter()
        .rev()
        .max_by_key(|(_, count)| **count)
        .map(|(class, _)| class);
    let right = test.iter().filter(|class| Some(*class) == most).count();
    right as f64 / test.len().max(1) as f64
}

/// Rows of simple features, each with its class.
pub struct Table {
    /// One row an example, all of the same length.
    pub features: Vec<Vec<f32>>,
    /// The class of each row.
    pub classes: Vec<u32>,
}

const EPOCHS: usize = 60;

/// The test accuracy of a linear model (multinomial logistic regression) on standardised features, trained by
/// the parts of this crate, its best epoch chosen on the validation part.
///
/// This function is also the shortest example of a training loop of one's own.
pub fn linear(tables: &Splits<Table>, classes: usize, seed: u64) -> Result<f64> {
    let scale =
        Standardise::fit(&tables.train.features).context("the linear baseline has no training rows")?;
    let data = |table: &Table| -> Result<Arc<InMemory>> {
        let targets = Tensor::new(table.classes.as_slice(), &Device::Cpu)?;
        Ok(Arc::new(InMemory::new(scale.apply(&table.features)?, targets)?))
    };
    let (train, valid, test) = (data(&tables.train)?, data(&tables.valid)?, data(&tables.test)?);

    let variables = VarMap::new();
    let weights = nn::seeded(&variables, seed, DType::F32, &Device::Cpu);
    let model = nn::linear(scale.means.len(), classes, weights.pp("linear"))?;
    let parameters = Parameters::new(&variables);
    let mut optimiser = AdamW::new(AdamWConfig::default());
    let names: Vec<usize> = (0..classes).collect();
    let task = Classification::<nn::Linear>::new(&names);
    let accuracy = |data: &Arc<InMemory>| -> Result<f64> {
        let mut outputs: Vec<ClassOutput> = Vec::new();
        for batch in Batches::new(data, 256, Pass::evaluation(seed), 0, None) {
            outputs.extend(task.evaluate(&model, &batch?)?);
        }
        Ok(task.confusion_matrix(&outputs).accuracy())
    };

    let steps = EPOCHS * tables.train.classes.len().div_ceil(64);
    let (mut step, mut best) = (0, (f64::NEG_INFINITY, parameters.snapshot()?));
    for epoch in 0..EPOCHS {
        for batch in Batches::new(
            &train,
            64,
            Pass {
                seed,
                epoch,
                train: true,
            },
            0,
            None,
        ) {
            let batch = batch?;
            let loss = nn::loss::cross_entropy(&model.forward(&batch.inputs)?, &batch.targets)?;
            let gradients = Gradients::of(&loss, &parameters)?;
            optimiser.step(
                &parameters,
                &gradients,
                Schedule::OneCycle.rate(step, steps as u64, 0.02, 0),
            )?;
            step += 1;
        }
        let valid_accuracy = accuracy(&valid)?;
        if valid_accuracy > best.0 {
            best = (valid_accuracy, parameters.snapshot()?);
        }
    }
    parameters.restore(&best.1)?;
    accuracy(&test)
}

/// Features with mean 0 and variance 1, both measured on the training rows.
struct Standardise {
    means: Vec<f32>,
    deviations: Vec<f32>,
}

impl Standardise {
    fn fit(rows: &[Vec<f32>]) -> Option<Self> {
        let width = rows.first()?.len();
        let count = rows.len() as f32;
        let mut means = vec![0.0; width];
        let mut deviations = vec![0.0; width];
        for row in rows {
            means
                .iter_mut()
                .zip(row)
                .for_each(|(mean, value)| *mean += value / count);
        }
        for row in rows {
            for ((deviation, value), mean) in deviations.iter_mut().zip(row).zip(&means) {
                *deviation += (value - mean).powi(2) / count;
            }
        }
        // A feature that never changes says nothing, and must not be divided by zero.
        deviations
            .iter_mut()
            .for_each(|deviation| *deviation = if *deviation > 1e-12 { deviation.sqrt() } else { 1.0 });
        Some(Standardise { means, deviations })
    }

    fn apply(&self, rows: &[Vec<f32>]) -> Result<Tensor> {
        let width = self.means.len();
        let mut values = Vec::with_capacity(rows.len() * width);
        for row in rows {
            anyhow::ensure!(
                row.len() == width,
                "a row of {} features among rows of {width}",
                row.len()
            );
            values.extend(
                row.iter()
                    .zip(self.means.iter().zip(&self.deviations))
                    .map(|(value, (mean, deviation))| (value - mean) / deviation),
            );
        }
        Ok(Tensor::from_vec(values, (rows.len(), width), &Device::Cpu)?)
    }
}
