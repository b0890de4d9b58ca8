//! What the report shows in pictures: a batch as the network sees it, its mistakes, and where it looked.

use std::sync::Arc;

use anyhow::Result;
use candle_core::Tensor;
use training::{
    Batch, ClassOutput, Classification, Dataset, Learner, Pass, Run, Splits,
    report::{self, Section},
};
use vision::{RgbImage, models::Classifier};

use crate::data::Pictures;

/// Pixels across of a picture in the report.
const SHOWN: u32 = 160;

/// Writes `batch.png`: training pictures as the network will see them, with their classes.
pub fn show_batch(pictures: &Pictures, classes: &[String], run: &Run) -> Result<()> {
    let side = pictures.view.side;
    let mut sheet = Vec::new();
    let pass = Pass {
        seed: run.seed(),
        epoch: 0,
        train: true,
    };
    for &index in pictures.order(pass).iter().take(24) {
        let seen =
            pictures
                .view
                .augment
                .apply(&pictures.picture(index)?, side, side, &mut pass.random(index));
        sheet.push((seen, classes[pictures.classes[index] as usize].clone()));
    }
    let path = run.folder.file("batch.png");
    training::write_whole(&path, &vision::contact_sheet(&sheet, 6, 128)?)?;
    training::say(format!("a batch   {}", path.display()));
    Ok(())
}

type Trained = Learner<Classification<Classifier>, Pictures>;

/// The worst mistakes and some right answers, each beside what spoke for the answer.
pub fn sections(learner: &Trained, classes: &[String], outputs: &[ClassOutput]) -> Result<Vec<Section>> {
    let mistakes = training::worst_mistakes(outputs);
    let words = match mistakes.len() {
        0 => "None: every test picture was named rightly.",
        _ => {
            "Here the network gave the true class the least. Right of each picture: where it looked for its answer \
             (Grad-CAM: bright places spoke for it). Some may be labelled wrongly."
        }
    };
    let worst: Vec<usize> = mistakes.into_iter().take(12).collect();
    let mut sections = vec![report::pictures(
        "Worst mistakes",
        words,
        &figures(learner, classes, outputs, &worst)?,
    )];
    // The first right ones of each class: not chosen, so that they are what is usual.
    let each = if classes.len() > 6 { 1 } else { 2 };
    let mut right = Vec::new();
    for class in 0..classes.len() {
        let of_class = |&index: &usize| outputs[index].target == class && outputs[index].predicted() == class;
        right.extend((0..outputs.len()).filter(of_class).take(each));
    }
    right.truncate(12);
    let words =
        "The first of a class in the test set, of twelve classes at most. Does it look where you would?";
    sections.push(report::pictures(
        "Right answers",
        words,
        &figures(learner, classes, outputs, &right)?,
    ));
    if let Ok(sheet) = std::fs::read(learner.run.folder.file("batch.png")) {
        let words = "What training feeds the network: changed by chance, otherwise in every epoch.";
        sections.push(report::picture("A batch", words, &sheet));
    }
    Ok(sections)
}

/// Pictures with a caption, each beside its heat map.
fn figures(
    learner: &Trained,
    classes: &[String],
    outputs: &[ClassOutput],
    indices: &[usize],
) -> Result<Vec<(String, Vec<u8>)>> {
    let Splits { test, .. } = &learner.data;
    let mut figures = Vec::new();
    for (&index, map) in indices.iter().zip(heat_maps(learner, test, outputs, indices)?) {
        let (output, predicted) = (&outputs[index], outputs[index].predicted());
        let (said, truth) = (&classes[predicted], &classes[output.target]);
        let share = 100.0 * output.probabilities[predicted];
        let caption = match predicted == output.target {
            true => format!("{}: {said} ({share:.0} %)", test.name(index)),
            false => format!("{}: {said} ({share:.0} %), is {truth}", test.name(index)),
        };
        let picture = vision::resize(&test.seen(index)?, SHOWN, SHOWN);
        figures.push((
            caption,
            vision::png(&side_by_side(&picture, &vision::overlay(&picture, &map))),
        ));
    }
    Ok(figures)
}

/// For each picture a map (height, width) of what spoke for the network's answer.
fn heat_maps(
    learner: &Trained,
    pictures: &Arc<Pictures>,
    outputs: &[ClassOutput],
    indices: &[usize],
) -> Result<Vec<Vec<Vec<f32>>>> {
    if indices.is_empty() {
        return Ok(Vec::new());
    }
    let device = &learner.run.device;
    let batch = pictures
        .batch(indices, Pass::evaluation(learner.run.seed()))?
        .to_device(device)?;
    let answers: Vec<u32> = indices
        .iter()
        .map(|&index| outputs[index].predicted() as u32)
        .collect();
    let answers = Tensor::new(answers, device)?.unsqueeze(1)?;
    let maps = learner.model.maps(&batch.inputs, false)?;
    let heat = vision::grad_cam(&maps, |maps| {
        learner.model.classify(maps, false)?.gather(&answers, 1)
    })?;
    Ok(heat.to_vec3::<f32>()?)
}

fn side_by_side(left: &RgbImage, right: &RgbImage) -> RgbImage {
    let width = left.width();
    RgbImage::from_fn(width + right.width(), left.height(), |x, y| match x < width {
        true => left[(x, y)],
        false => right[(x - width, y)],
    })
}
