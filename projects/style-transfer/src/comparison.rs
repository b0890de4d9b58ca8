//! Some photographs of the test painted by optimisation too, beside what the painter makes of them.

use std::time::Instant;

use anyhow::Result;
use training::{
    Learner, Told,
    report::{self, Section},
};
use vision::RgbImage;

use crate::{
    data::Photographs,
    descent::{Recipe, descend},
    exam::Case,
    judge::{Judge, Verdict},
    painting::Painting,
    rows::row,
    tiles,
};

/// Photographs that are painted at once: more would take more memory, and no less time.
const AT_ONCE: usize = 4;

/// How painter and optimisation compare on the same photographs.
pub struct Comparison {
    /// How much of the distance from the style is left.
    pub painter_style: f64,
    pub optimised_style: f64,
    /// For the report.
    pub section: Section,
}

/// Paints `count` of the `cases` step by step, from all over the test.
pub fn compare(
    learner: &Learner<Painting, Photographs>,
    paintings: &[RgbImage],
    judge: &Judge,
    cases: &[Case],
    count: usize,
) -> Result<Comparison> {
    let count = count.min(cases.len());
    let some: Vec<&Case> = (0..count)
        .map(|number| &cases[number * cases.len() / count])
        .collect();
    let recipe = Recipe {
        importance: learner.task.importance,
        steps: 120,
        sizes: 2,
    };
    let steps = recipe.steps * recipe.sizes;
    let progress = Told::default();
    let begun = Instant::now();
    let mut optimised = Vec::new();
    for (turn, cases) in some.chunks(AT_ONCE).enumerate() {
        let photographs: Vec<RgbImage> = cases.iter().map(|case| case.photograph.clone()).collect();
        let wanted: Vec<u32> = cases.iter().map(|case| case.style as u32).collect();
        let total = steps * count.div_ceil(AT_ONCE);
        optimised.extend(descend(
            &learner.task.features,
            &photographs,
            paintings,
            &wanted,
            &recipe,
            |done, _| {
                let done = (turn * steps + done) as u64;
                progress.tell("painting some by optimisation", done, total as u64);
                Ok(())
            },
        )?);
    }
    drop(progress);
    let by_steps = begun.elapsed();
    let begun = Instant::now();
    for case in &some {
        let task = &learner.task;
        let shares = task.only(case.style);
        tiles::paint(
            &learner.model,
            &case.photograph,
            &task.palettes,
            &shares,
            &learner.run.device,
        )?;
    }
    let times = by_steps.as_secs_f64() / begun.elapsed().as_secs_f64().max(1e-9);

    let (mut sums, mut shown) = ([0.0; 5], Vec::new());
    for (case, optimised) in some.iter().zip(&optimised) {
        let verdict = judge.verdict(optimised, &case.photograph, case.style)?;
        let Verdict { style, content } = verdict;
        let own = case.verdict;
        let all = [case.unchanged.style, own.style, style, own.content, content];
        for (sum, value) in sums.iter_mut().zip(all) {
            *sum += value;
        }
        let pictures = [&case.photograph, &case.painted, optimised];
        shown.push((
            format!(
                "distance from the style left: painter {:.2}, optimised {:.2}",
                case.left(),
                style / case.unchanged.style.max(1e-9)
            ),
            row(&pictures.map(|picture| (picture, "")), 256)?,
        ));
    }
    let [unchanged, own_style, style, own_content, content] = sums;
    let words = format!(
        "The photograph, what the painter makes of it in one go, and the same painted by changing it {steps} times (Gatys et al. \
         2016), which took {times:.0} times as long here. The painter's distance from the photographs is {:.2} times that of the steps.",
        own_content / content.max(1e-9)
    );
    Ok(Comparison {
        painter_style: own_style / unchanged.max(1e-9),
        optimised_style: style / unchanged.max(1e-9),
        section: report::pictures("Beside painting step by step", &words, &shown),
    })
}
