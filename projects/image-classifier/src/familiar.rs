//! Is a picture like those that the network was trained on at all?
//!
//! Its probabilities cannot tell: they are shares, and of two classes one always has more than half. What the body makes
//! of a picture can: pictures of a class lie around a centre, and what is far from every centre is something else (Lee
//! et al. 2018, "A Simple Unified Framework for Detecting Out-of-Distribution Samples", with the variance of each
//! feature in place of their covariance).

use std::sync::Arc;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use training::{Batch, Batches, Classification, Learner, Pass, Transfer};
use vision::models::Classifier;

use crate::{data::Pictures, predict::BATCH};

/// So many training pictures tell where the centres are.
const PICTURES: usize = 640;
/// This share of the validation pictures is farther away than what is taken for familiar.
const UNLIKE: f64 = 0.01;

/// Where the features of known pictures lie.
#[derive(Serialize, Deserialize)]
pub struct Familiar {
    /// The mean features of each class.
    centres: Vec<Vec<f32>>,
    /// The variance of each feature around its class's mean.
    variances: Vec<f32>,
    /// Known pictures are hardly ever farther from the nearest centre.
    farthest: f32,
}

impl Familiar {
    /// Measures the centres on training pictures, and how far from them validation pictures are.
    pub fn of(learner: &Learner<Classification<Classifier>, Pictures>) -> Result<Self> {
        let count = learner.task.classes().len();
        let quick = learner.run.batch_limit().map(|batches| batches * BATCH);
        let pictures = quick.unwrap_or(PICTURES.max(8 * count));
        let some = Arc::new(learner.data.train.some(pictures, learner.run.seed()));
        let (rows, classes) = features(learner, &some)?;
        let width = rows.first().context("no training picture to measure")?.len();
        let mut centres = vec![vec![0.0; width]; count];
        for (class, centre) in centres.iter_mut().enumerate() {
            let mine = || {
                rows.iter()
                    .zip(&classes)
                    .filter(|(_, other)| **other as usize == class)
            };
            let share = 1.0 / mine().count().max(1) as f32;
            for (row, _) in mine() {
                centre
                    .iter_mut()
                    .zip(row)
                    .for_each(|(sum, value)| *sum += share * value);
            }
        }
        let mut variances = vec![0.0; width];
        for (row, class) in rows.iter().zip(&classes) {
            let centre = &centres[*class as usize];
            for ((variance, value), mean) in variances.iter_mut().zip(row).zip(centre) {
                *variance += (value - mean).powi(2) / rows.len() as f32;
            }
        }
        // A class of which no picture was drawn has no centre.
        let mut number = 0;
        centres.retain(|_| {
            number += 1;
            classes.contains(&(number - 1))
        });
        let mut familiar = Familiar {
            centres,
            variances,
            farthest: 0.0,
        };
        let (rows, _) = features(learner, &learner.data.valid)?;
        let mut distances: Vec<f32> = rows.iter().map(|row| familiar.distance(row)).collect();
        distances.sort_by(f32::total_cmp);
        let last = distances.len().saturating_sub(1);
        familiar.farthest = distances[((1.0 - UNLIKE) * last as f64).round() as usize];
        Ok(familiar)
    }

    /// Whether a picture with these features is like the training pictures.
    pub fn knows(&self, features: &[f32]) -> bool {
        self.distance(features) <= self.farthest
    }

    /// The mean squared distance to the nearest centre, in variances.
    fn distance(&self, features: &[f32]) -> f32 {
        let to = |centre: &Vec<f32>| {
            let parts = features.iter().zip(centre).zip(&self.variances);
            let sum: f32 = parts
                .map(|((value, mean), variance)| (value - mean).powi(2) / (variance + 1e-6))
                .sum();
            sum / features.len() as f32
        };
        self.centres.iter().map(to).fold(f32::INFINITY, f32::min)
    }
}

/// What the body makes of pictures, in evaluation, and their classes.
fn features(
    learner: &Learner<Classification<Classifier>, Pictures>,
    pictures: &Arc<Pictures>,
) -> Result<(Vec<Vec<f32>>, Vec<u32>)> {
    let pass = Pass::evaluation(learner.run.seed());
    let (mut rows, mut classes) = (Vec::new(), Vec::new());
    for batch in Batches::new(pictures, BATCH, pass, 0, learner.run.batch_limit()) {
        let batch = batch?.to_device(&learner.run.device)?;
        rows.extend(learner.model.features(&batch.inputs)?.to_vec2::<f32>()?);
        classes.extend(batch.targets.to_vec1::<u32>()?);
    }
    Ok((rows, classes))
}
