//! What is learned: how a batch becomes a loss, and what is measured.

use std::marker::PhantomData;

use anyhow::Result;
use candle_core::{D, Tensor};
use nn::ModuleT;
use rand::{Rng, seq::SliceRandom};

use crate::{
    Batch, Labelled, Run, State,
    metrics::{Average, ConfusionMatrix, argmax, top_k_accuracy},
};

/// Named scores in the order to show them.
pub type Scores = Vec<(String, f64)>;

/// A training problem: what the fit loop needs to know about it.
///
/// [`Classification`] is one; a project with several heads, sequences or masks writes its own.
pub trait Task {
    /// The network.
    type Model;
    /// What a step takes.
    type Batch: Batch;
    /// What is kept of each evaluated example, in the memory of the host.
    type Output;

    /// The loss of a batch in training (dropout on, batch statistics), a scalar tensor: the mean over its
    /// examples.
    fn loss(&self, model: &Self::Model, batch: &Self::Batch) -> Result<Tensor>;

    /// One output for each example of a batch, in order, with the model as it is used (dropout off).
    fn evaluate(&self, model: &Self::Model, batch: &Self::Batch) -> Result<Vec<Self::Output>>;

    /// The scores of a whole set from all its outputs; the first is the mean loss, called `loss`.
    fn scores(&self, outputs: &[Self::Output]) -> Scores;

    /// The score that chooses the best epoch, and whether more of it is better.
    fn goal(&self) -> (&str, bool) {
        ("loss", false)
    }

    /// Called after each epoch, before anything is saved: to write samples into the run folder, say.
    fn after_epoch(&self, _model: &Self::Model, _run: &Run, _state: &State) -> Result<()> {
        Ok(())
    }

    /// The columns of `predictions.csv` after the example's name.
    fn columns(&self) -> Vec<String>;

    /// The values of those columns.
    fn row(&self, output: &Self::Output) -> Vec<String>;
}

/// One of several classes for each example; the network gives logits (batch, classes).
pub struct Classification<M> {
    classes: Vec<String>,
    label_smoothing: f64,
    blend: Option<Blend>,
    class_weights: Option<Vec<f64>>,
    model: PhantomData<fn(M)>,
}

/// What a classifier said of one example.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassOutput {
    /// The true class.
    pub target: usize,
    /// The probability of each class.
    pub probabilities: Vec<f32>,
}

impl ClassOutput {
    /// The most probable class.
    pub fn predicted(&self) -> usize {
        argmax(&self.probabilities)
    }

    /// −log of the probability of the true class, in nats.
    pub fn loss(&self) -> f64 {
        -f64::from(self.probabilities[self.target].max(f32::MIN_POSITIVE)).ln()
    }
}

/// The examples that were named wrongly, by their place in `outputs`: first those whose true class got the least.
pub fn worst_mistakes(outputs: &[ClassOutput]) -> Vec<usize> {
    let wrong = |&index: &usize| outputs[index].predicted() != outputs[index].target;
    let mut mistakes: Vec<usize> = (0..outputs.len()).filter(wrong).collect();
    mistakes.sort_by(|&a, &b| outputs[b].loss().total_cmp(&outputs[a].loss()));
    mistakes
}

impl<M> Classification<M> {
    /// Plain cross-entropy over `classes`.
    pub fn new<S: ToString>(classes: &[S]) -> Self {
        Classification {
            classes: classes.iter().map(S::to_string).collect(),
            label_smoothing: 0.0,
            blend: None,
            class_weights: None,
            model: PhantomData,
        }
    }

    /// Trains towards 1 − `share` for the true class and spreads `share` over all (Szegedy et al. 2016).
    pub fn label_smoothing(mut self, share: f64) -> Self {
        self.label_smoothing = share;
        self
    }

    /// Trains on blends of two examples and their labels, the share of the first drawn from
    /// Beta(`alpha`, `alpha`) for each batch (mixup, Zhang et al. 2018). 0.2 is a usual alpha.
    pub fn mixup(mut self, alpha: f64) -> Self {
        self.blend = (alpha > 0.0).then_some(Blend::Mixup(alpha));
        self
    }

    /// Trains on pictures (batch, channels, height, width) with a rectangle of another one in them, and on both
    /// labels by their share of the area, drawn from Beta(`alpha`, `alpha`) for each batch (CutMix, Yun et al. 2019).
    /// 1 is a usual alpha. Inputs without width and height (features of a frozen body) are blended by mixup. Of
    /// `mixup` and `cutmix` the later call holds.
    pub fn cutmix(mut self, alpha: f64) -> Self {
        self.blend = (alpha > 0.0).then_some(Blend::CutMix(alpha));
        self
    }

    /// Weighs the loss of each class, for sets where some are rare.
    pub fn class_weights(mut self, weights: Vec<f64>) -> Self {
        self.class_weights = Some(weights);
        self
    }

    /// The names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The confusion matrix of `outputs`.
    pub fn confusion_matrix(&self, outputs: &[ClassOutput]) -> ConfusionMatrix {
        ConfusionMatrix::of(
            self.classes.len(),
            outputs.iter().map(|output| (output.target, output.predicted())),
        )
    }

    fn cross_entropy(&self, logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
        let options = nn::loss::CrossEntropyOptions {
            label_smoothing: self.label_smoothing,
            class_weights: self.class_weights.clone(),
            ..Default::default()
        };
        Ok(nn::loss::cross_entropy_with(logits, targets, &options)?)
    }
}

impl<M: ModuleT> Task for Classification<M> {
    type Model = M;
    type Batch = Labelled;
    type Output = ClassOutput;

    fn loss(&self, model: &M, batch: &Labelled) -> Result<Tensor> {
        let Some(blend) = self.blend else {
            let logits = model.forward_t(&batch.inputs, true)?;
            return self.cross_entropy(&logits, &batch.targets);
        };
        let mut random = nn::random_in_step();
        let (Blend::Mixup(alpha) | Blend::CutMix(alpha)) = blend;
        let mut share = symmetric_beta(&mut random, alpha);
        let mut partners: Vec<u32> = (0..batch.len() as u32).collect();
        partners.shuffle(&mut random);
        let partners = Tensor::new(partners, batch.inputs.device())?;
        let others = batch.inputs.index_select(&partners, 0)?;
        let blended = match (blend, batch.inputs.dims()) {
            (Blend::CutMix(_), &[_, _, height, width]) => {
                let cut = Rectangle::of_area(1.0 - share, height, width, &mut random);
                share = 1.0 - (cut.height * cut.width) as f64 / (height * width) as f64;
                cut.paste(&others, &batch.inputs)?
            }
            _ => ((&batch.inputs * share)? + (others * (1.0 - share))?)?,
        };
        let logits = model.forward_t(&blended, true)?;
        let own = self.cross_entropy(&logits, &batch.targets)?;
        let other = self.cross_entropy(&logits, &batch.targets.index_select(&partners, 0)?)?;
        Ok(((own * share)? + (other * (1.0 - share))?)?)
    }

    fn evaluate(&self, model: &M, batch: &Labelled) -> Result<Vec<ClassOutput>> {
        let logits = model.forward_t(&batch.inputs, false)?;
        let probabilities = nn::ops::softmax(&logits, D::Minus1)?.to_vec2::<f32>()?;
        let targets = batch.targets.to_vec1::<u32>()?;
        let mut outputs = Vec::with_capacity(targets.len());
        for (target, probabilities) in targets.into_iter().zip(probabilities) {
            let (target, classes) = (target as usize, self.classes.len());
            anyhow::ensure!(
                target < classes,
                "an example is labelled {target}, but there are {classes} classes, from 0"
            );
            anyhow::ensure!(
                probabilities.iter().all(|p| p.is_finite()),
                "the network's answer is no number ({probabilities:?}): its weights or its input are not finite"
            );
            outputs.push(ClassOutput {
                target,
                probabilities,
            });
        }
        Ok(outputs)
    }

    fn scores(&self, outputs: &[ClassOutput]) -> Scores {
        let confusion = self.confusion_matrix(outputs);
        let losses: f64 = outputs.iter().map(ClassOutput::loss).sum();
        let rows = outputs
            .iter()
            .map(|output| (output.target, output.probabilities.as_slice()));
        let mut scores = vec![
            ("loss".to_string(), losses / outputs.len().max(1) as f64),
            ("accuracy".to_string(), confusion.accuracy()),
            ("macro_f1".to_string(), confusion.f_beta(Average::Macro, 1.0)),
        ];
        if self.classes.len() > 5 {
            scores.push(("top_3_accuracy".to_string(), top_k_accuracy(rows, 3)));
        }
        scores
    }

    fn goal(&self) -> (&str, bool) {
        ("accuracy", true)
    }

    fn columns(&self) -> Vec<String> {
        let fixed = ["target", "predicted"].map(String::from);
        fixed
            .into_iter()
            .chain(self.classes.iter().map(|class| format!("p({class})")))
            .collect()
    }

    fn row(&self, output: &ClassOutput) -> Vec<String> {
        let names = [output.target, output.predicted()].map(|class| self.classes[class].clone());
        names
            .into_iter()
            .chain(output.probabilities.iter().map(|p| format!("{p:.5}")))
            .collect()
    }
}

/// How two examples become one.
#[derive(Clone, Copy)]
enum Blend {
    /// A weighted mean of both.
    Mixup(f64),
    /// A rectangle of the other one.
    CutMix(f64),
}

/// A rectangle within pictures.
struct Rectangle {
    top: usize,
    left: usize,
    height: usize,
    width: usize,
}

impl Rectangle {
    /// About `share` of the area of a picture, with its proportions, its middle anywhere; cut off at the edges.
    fn of_area(share: f64, height: usize, width: usize, random: &mut impl Rng) -> Self {
        let side = |length: usize, random: &mut dyn rand::RngCore| {
            let half = (share.sqrt() * length as f64 / 2.0).round() as usize;
            let middle = random.random_range(0..length.max(1));
            let start = middle.saturating_sub(half);
            (start, (middle + half).min(length) - start)
        };
        let (top, height) = side(height, random);
        let (left, width) = side(width, random);
        Rectangle {
            top,
            left,
            height,
            width,
        }
    }

    /// `pictures` with what `others` have in the rectangle; both (batch, channels, height, width).
    fn paste(&self, others: &Tensor, pictures: &Tensor) -> candle_core::Result<Tensor> {
        let (.., height, width) = pictures.dims4()?;
        let inside = |y: usize, x: usize| {
            (self.top..self.top + self.height).contains(&y)
                && (self.left..self.left + self.width).contains(&x)
        };
        let mask: Vec<u8> = (0..height * width)
            .map(|at| inside(at / width, at % width).into())
            .collect();
        let mask = Tensor::from_vec(mask, (1, 1, height, width), pictures.device())?;
        mask.broadcast_as(pictures.shape())?.where_cond(others, pictures)
    }
}

/// A draw from Beta(alpha, alpha), as the quotient of two gamma draws by Jöhnk's method, which is meant for
/// alpha ≤ 1, the range that mixup uses; larger values are drawn as 1.
fn symmetric_beta(random: &mut impl Rng, alpha: f64) -> f64 {
    let power = 1.0 / alpha.min(1.0);
    loop {
        let (x, y) = (
            random.random::<f64>().powf(power),
            random.random::<f64>().powf(power),
        );
        // Both can underflow to 0 for a tiny alpha.
        if x + y > 0.0 && x + y <= 1.0 {
            return x / (x + y);
        }
    }
}
