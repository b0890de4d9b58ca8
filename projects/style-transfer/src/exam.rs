//! The test: photographs that nothing was learned from are painted, and the judge sees them.

use anyhow::Result;
use training::{Dataset, Learner, Progress};
use vision::RgbImage;

use crate::{
    colours::match_histogram,
    data::{Photographs, TEST_SIDE},
    judge::{Judge, Verdict},
    painting::Painting,
    palette::Palette,
    tiles,
};

/// Photographs of training that the test's are mixed with, when it is asked what a painting shows.
const OTHERS: usize = 100;

/// What is known of one photograph of the test.
pub struct Case {
    /// Its number among the photographs of the test.
    pub number: usize,
    /// As large as it is painted.
    pub photograph: RgbImage,
    /// The style that is wanted of it.
    pub style: usize,
    /// What the painter made of it.
    pub painted: RgbImage,
    /// On the photograph as it was.
    pub unchanged: Verdict,
    /// On the photograph with the painting's histograms.
    pub matched: Verdict,
    /// On the photograph in the painting's colours, as the painter is given it.
    pub recoloured: Verdict,
    /// On what was painted.
    pub verdict: Verdict,
}

impl Case {
    /// How much of the distance from the style is left, 1 for the photograph as it was.
    pub fn left(&self) -> f64 {
        self.verdict.style / self.unchanged.style.max(1e-9)
    }
}

/// The photographs of the test, each painted in one of the styles by turns; in a quick run, two.
pub fn cases(
    learner: &Learner<Painting, Photographs>,
    paintings: &[RgbImage],
    judge: &Judge,
) -> Result<Vec<Case>> {
    let (task, test) = (&learner.task, &learner.data.test);
    let count = match learner.run.arguments.quick {
        true => test.len().min(2),
        false => test.len(),
    };
    let mut progress = Progress::new("painting the test", count);
    let mut cases = Vec::new();
    for index in 0..count {
        let (number, style) = test.example(index);
        let photograph = vision::cover(&test.pictures[number], TEST_SIDE, TEST_SIDE);
        let painted = tiles::paint(
            &learner.model,
            &photograph,
            &task.palettes,
            &task.only(style),
            &learner.run.device,
        )?;
        let matched = match_histogram(&photograph, &paintings[style]);
        let recoloured = Palette::of(&photograph).to(&task.palettes[style]).of(&photograph);
        cases.push(Case {
            number,
            unchanged: judge.verdict(&photograph, &photograph, style)?,
            matched: judge.verdict(&matched, &photograph, style)?,
            recoloured: judge.verdict(&recoloured, &photograph, style)?,
            verdict: judge.verdict(&painted, &photograph, style)?,
            photograph,
            style,
            painted,
        });
        progress.set(index + 1, "");
    }
    Ok(cases)
}

/// How far photographs are from each other that have nothing to do with each other, in the judge's eyes: the mean over those
/// of the test, each beside one of training.
pub fn strangers(learner: &Learner<Painting, Photographs>, judge: &Judge, cases: &[Case]) -> Result<f64> {
    let others = &learner.data.train.pictures;
    let mut sum = 0.0;
    for (index, case) in cases.iter().enumerate() {
        let other = &others[index * others.len() / cases.len()];
        let other = vision::cover(other, TEST_SIDE, TEST_SIDE);
        sum += judge.verdict(&other, &case.photograph, case.style)?.content;
    }
    Ok((sum / cases.len() as f64).max(1e-9))
}

/// How often the judge can tell which photograph a painting shows, of all of the test and some of training.
pub fn recognised(learner: &Learner<Painting, Photographs>, judge: &Judge, cases: &[Case]) -> Result<f64> {
    let (test, others) = (&learner.data.test.pictures, &learner.data.train.pictures);
    let photographs: Vec<RgbImage> = test
        .iter()
        .chain(others.iter().take(OTHERS))
        .map(|photograph| vision::cover(photograph, TEST_SIDE, TEST_SIDE))
        .collect();
    let painted: Vec<(&RgbImage, usize)> = cases.iter().map(|case| (&case.painted, case.number)).collect();
    judge.recognised(&painted, &photographs)
}
