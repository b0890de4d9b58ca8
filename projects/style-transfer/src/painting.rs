//! What the painter learns: the strokes of the styles, and what is to be seen.

use anyhow::Result;
use candle_core::{DType, Tensor};
use training::{Run, Scores, State, Task, write_whole};

use crate::{
    data::Commission,
    features::Features,
    model::{Painter, Statistics},
    palette::Palette,
    style::{Distances, Importance, Styles},
    tiles,
};

/// The task: what a batch is worth.
pub struct Painting {
    /// What looks.
    pub features: Features,
    /// What is compared with.
    pub goals: Styles,
    /// The names of the styles.
    pub names: Vec<String>,
    /// Their colours.
    pub palettes: Vec<Palette>,
    /// What counts how much.
    pub importance: Importance,
    /// A picture that is painted after each epoch, for the film.
    pub sample: vision::RgbImage,
}

/// How near a painted picture came.
#[derive(Clone, Copy, Debug)]
pub struct Nearness {
    /// What was made small.
    pub loss: f64,
    /// The number of the style that was wanted.
    pub wanted: u32,
    /// From the style's strokes.
    pub style: f64,
    /// From what is to be seen.
    pub content: f64,
}

/// The folder for the sample of each epoch, in the run's.
pub const SAMPLES: &str = "samples";

impl Painting {
    /// All of style number `style`: the share of each.
    pub fn only(&self, style: usize) -> Vec<f32> {
        let share = |other| if other == style { 1.0 } else { 0.0 };
        (0..self.names.len()).map(share).collect()
    }

    fn distances(&self, painter: &Painter, batch: &Commission) -> candle_core::Result<Distances> {
        let device = batch.wanted.device();
        let mix = Tensor::eye(self.names.len(), DType::F32, device)?.index_select(&batch.wanted, 0)?; // (batch, styles)
        let painted = painter.paint(&batch.sheets, &mix, &Statistics::Own)?;
        let original = self.features.see(&batch.photographs()?)?;
        self.goals
            .distances(&self.features, &painted, &original, &batch.wanted)
    }
}

impl Task for Painting {
    type Model = Painter;
    type Batch = Commission;
    type Output = Nearness;

    fn loss(&self, painter: &Painter, batch: &Commission) -> Result<Tensor> {
        let distances = self.distances(painter, batch)?;
        Ok(distances.loss(&self.importance)?.mean_all()?)
    }

    fn evaluate(&self, painter: &Painter, batch: &Commission) -> Result<Vec<Nearness>> {
        let distances = self.distances(painter, batch)?;
        let numbers = |tensor: &Tensor| tensor.detach().to_vec1::<f32>();
        let (losses, styles, contents) = (
            numbers(&distances.loss(&self.importance)?)?,
            numbers(&distances.strokes)?,
            numbers(&distances.content)?,
        );
        let wanted = batch.wanted.to_vec1::<u32>()?;
        let rows = losses.into_iter().zip(styles).zip(contents).zip(wanted);
        Ok(rows
            .map(|(((loss, style), content), wanted)| Nearness {
                loss: loss.into(),
                wanted,
                style: style.into(),
                content: content.into(),
            })
            .collect())
    }

    fn scores(&self, outputs: &[Nearness]) -> Scores {
        let mean = |value: fn(&Nearness) -> f64| {
            outputs.iter().map(value).sum::<f64>() / outputs.len().max(1) as f64
        };
        vec![
            ("loss".into(), mean(|one| one.loss)),
            ("style".into(), mean(|one| one.style)),
            ("content".into(), mean(|one| one.content)),
        ]
    }

    /// Paints the sample, so that one sees how the painter comes to paint.
    fn after_epoch(&self, painter: &Painter, run: &Run, state: &State) -> Result<()> {
        let painted = tiles::paint(painter, &self.sample, &self.palettes, &self.only(0), &run.device)?;
        let path = run
            .folder
            .file(SAMPLES)
            .join(format!("epoch-{:04}.png", state.epoch));
        write_whole(&path, &vision::png(&painted))?;
        Ok(())
    }

    fn columns(&self) -> Vec<String> {
        ["wanted", "style", "content"].map(String::from).to_vec()
    }

    fn row(&self, output: &Nearness) -> Vec<String> {
        let number = |value: f64| format!("{value:.4}");
        let name = self.names[output.wanted as usize].clone();
        vec![name, number(output.style), number(output.content)]
    }
}
