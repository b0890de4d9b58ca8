//! The result of a trained painter, and a report that shows what it paints.

use std::path::PathBuf;

use anyhow::{Context, Result};
use rayon::prelude::*;
use training::{
    Dataset, Learner, Outcome, Scores,
    report::{self, Section},
    say, write_whole,
};
use vision::RgbImage;

use crate::{
    comparison::compare,
    data::Photographs,
    exam::{self, Case},
    judge::Judge,
    painting::{Painting, SAMPLES},
    rows::{row, triptych},
};

/// Photographs of the test that the report shows.
const SHOWN: usize = 60;
/// Passes that the film shows.
const FRAMES: usize = 24;

/// What is painted after each epoch: the first photograph that the painter does not learn from.
pub fn sample(photographs: &Photographs) -> Result<RgbImage> {
    let first = photographs
        .pictures
        .first()
        .context("there is no photograph to validate on")?;
    Ok(vision::cover(first, 192, 192))
}

/// Paints the test photographs, lets the judge see them, and writes result and report.
pub fn finish(
    learner: &Learner<Painting, Photographs>,
    paintings: &[RgbImage],
    count: usize,
    notes: &[String],
) -> Result<()> {
    let judge = Judge::new(paintings, &learner.run.device)?;
    let cases = exam::cases(learner, paintings, &judge)?;
    let strangers = exam::strangers(learner, &judge, &cases)?;
    let mean = |value: &dyn Fn(&Case) -> f64| cases.iter().map(value).sum::<f64>() / cases.len() as f64;
    let unchanged = mean(&|case| case.unchanged.style).max(1e-9);
    let mut scores: Scores = vec![
        ("style_left".into(), mean(&|case| case.verdict.style) / unchanged),
        (
            "content_lost".into(),
            mean(&|case| case.verdict.content) / strangers,
        ),
        ("recognised".into(), exam::recognised(learner, &judge, &cases)?),
    ];
    let baselines = [
        ("unchanged", 1.0),
        ("histogram", mean(&|case| case.matched.style) / unchanged),
        ("recoloured", mean(&|case| case.recoloured.style) / unchanged),
    ];

    let mut sections = vec![
        report::notes("What the numbers say", &meanings()),
        films(learner)?,
    ];
    if count > 0 && !learner.run.arguments.quick {
        let comparison = compare(learner, paintings, &judge, &cases, count)?;
        scores.push(("compared_style_left".into(), comparison.painter_style));
        scores.push(("optimised_style_left".into(), comparison.optimised_style));
        sections.push(comparison.section);
    }
    sections.push(gallery(learner, paintings, &cases)?);
    sections.push(report::notes("About the data", notes));

    if let Some(case) = cases.first() {
        let path = learner.run.folder.file("triptych.png");
        let triptych = triptych(&case.photograph, &paintings[case.style], &case.painted)?;
        write_whole(&path, &triptych)?;
        say(format!("triptych  {}", path.display()));
    }
    let outcome = Outcome {
        epochs: learner.state.epoch,
        parameters: learner.parameters.count(),
        examples: [learner.data.train.len(), learner.data.valid.len(), cases.len()],
        scores: &scores,
        goal: ("style_left", false),
        baselines: &baselines,
        history: &learner.state.history,
        predictions: predictions(learner, &cases),
    };
    learner.run.finish("Style transfer", &outcome, &sections)
}

/// What each score says, for a reader of the report.
fn meanings() -> Vec<String> {
    [
        "Style left: how much of the distance from the painting's strokes is left, 1 for the photograph as it was; of all \
         photographs of the test.",
        "Content lost: the distance from the photograph; 1 is that of a photograph of something else.",
        "Recognised: how often one can tell which photograph a painting shows, of all of the test and some of training.",
        "Compared and optimised style left: the same of those that are also painted step by step, by the painter and by \
         the steps.",
        "Histogram: the photograph with as many dark, middling and bright pixels of each colour as the painting has. \
         Recoloured: the photograph as the painter is given it.",
    ]
    .map(String::from)
    .to_vec()
}

/// The table of the test: a row a photograph.
fn predictions(learner: &Learner<Painting, Photographs>, cases: &[Case]) -> Vec<Vec<String>> {
    let header = [
        "name",
        "style",
        "style_left",
        "style_distance",
        "content_distance",
    ];
    let mut rows = vec![header.map(String::from).to_vec()];
    for (index, case) in cases.iter().enumerate() {
        let number = |value: f64| format!("{value:.4}");
        rows.push(vec![
            learner.data.test.name(index),
            learner.task.names[case.style].clone(),
            number(case.left()),
            number(case.verdict.style),
            number(case.verdict.content),
        ]);
    }
    rows
}

/// The sample after each epoch, as a film.
fn films(learner: &Learner<Painting, Photographs>) -> Result<Section> {
    let folder = learner.run.folder.file(SAMPLES);
    let paths: Vec<PathBuf> = datasets::files_in(&folder, &["png"])?;
    let mut frames = vec![learner.task.sample.clone()];
    // Some of many, the last always among them.
    let every = paths.len().div_ceil(FRAMES).max(1);
    for path in paths
        .iter()
        .rev()
        .step_by(every)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
    {
        frames.push(vision::open(path)?);
    }
    let film = vision::gif(&frames, 2)?;
    write_whole(&learner.run.folder.file("learning.gif"), &film)?;
    let words = "A photograph that it does not learn from, painted after each pass.";
    let caption = format!("{} passes", paths.len());
    Ok(report::films("How it comes to paint", words, &[(caption, film)]))
}

/// The photographs of the test in the order of their names, the best and the worst marked.
fn gallery(
    learner: &Learner<Painting, Photographs>,
    paintings: &[RgbImage],
    cases: &[Case],
) -> Result<Section> {
    let order = |a: &(usize, &Case), b: &(usize, &Case)| a.1.left().total_cmp(&b.1.left());
    let best = cases.iter().enumerate().min_by(order).map(|(index, _)| index);
    let worst = cases.iter().enumerate().max_by(order).map(|(index, _)| index);
    let show = |index: &usize| *index < SHOWN || Some(*index) == best || Some(*index) == worst;
    let indices: Vec<usize> = (0..cases.len()).filter(show).collect();
    let shown: Vec<(String, Vec<u8>)> = indices
        .par_iter()
        .map(|index| {
            let case = &cases[*index];
            let mark = match Some(*index) {
                index if index == best => "the best: ",
                index if index == worst => "the worst: ",
                _ => "",
            };
            let caption = format!(
                "{mark}{}: {:.2} of the distance left, {:.2} by histograms alone",
                learner.task.names[case.style],
                case.left(),
                case.matched.style / case.unchanged.style.max(1e-9)
            );
            let pictures = [
                (&case.photograph, ""),
                (&paintings[case.style], ""),
                (&case.painted, ""),
            ];
            Ok((caption, row(&pictures, 160)?))
        })
        .collect::<Result<_>>()?;
    let which = match shown.len() {
        all if all == learner.data.test.len() => "Every photograph of the test, none left out".into(),
        some if cases.len() == some => format!("The first {some} photographs of the test"),
        _ => format!("The first {SHOWN} photographs of the test, the best and the worst of all"),
    };
    let words = format!(
        "{which}: the photograph, the painting whose strokes are wanted, and what was painted. The distance is measured by a \
         network that nothing was painted by."
    );
    Ok(report::pictures("The test", &words, &shown))
}
