//! The end of a run: the test, and a report that shows how the playing changed.

use anyhow::{Context, Result};
use training::{Outcome, Run, RunFolder, report, say, write_whole};

use crate::{
    agent, baselines,
    data::{Game, TEST, VALIDATION},
    evaluate::{Episode, bootstrap_interval, mean, play, share_of_2048},
    film::film,
    trial::{Trained, metrics_csv},
};

/// Lets every agent and every simple player play the test games once, and writes result, predictions and report.
pub fn finish(run: &mut Run, game: Game, trained: Vec<Trained>) -> Result<()> {
    let games = if run.arguments.quick {
        8
    } else {
        TEST.end - TEST.start
    };
    let seeds = TEST.start..TEST.start + games;
    let mut tests = Vec::new();
    for agent in &trained {
        let (_, mut player) = agent::load(Some(&agent.model), &run.device)?;
        tests.push(play(game, player.as_mut(), seeds.clone())?);
    }
    let mut baselines = Vec::new();
    for (name, mut player) in baselines::of(game, run.seed()) {
        let episodes = play(game, player.as_mut(), seeds.clone())?;
        baselines.push((name, mean(episodes.iter().map(|episode| episode.end.score))));
    }

    let all: Vec<&Episode> = tests.iter().flatten().collect();
    let scores: Vec<f64> = all.iter().map(|episode| episode.end.score).collect();
    let of_seed = |episodes: &Vec<Episode>| mean(episodes.iter().map(|episode| episode.end.score));
    let (low, high) = bootstrap_interval(&scores);
    let mut metrics = vec![
        ("score".to_string(), mean(scores.iter().copied())),
        ("score_from".to_string(), low),
        ("score_to".to_string(), high),
        (
            "score_of_worst_seed".to_string(),
            tests.iter().map(of_seed).fold(f64::INFINITY, f64::min),
        ),
        (
            "return".to_string(),
            mean(all.iter().map(|episode| episode.end.total_reward)),
        ),
        (
            "length".to_string(),
            mean(all.iter().map(|episode| episode.end.length as f64)),
        ),
    ];
    if game == Game::Tiles {
        let all = tests.concat();
        metrics.push(("share_of_2048".to_string(), share_of_2048(&all)?));
    }

    let rows: Vec<_> = trained
        .iter()
        .map(|agent| (agent.seed, agent.rows.as_slice()))
        .collect();
    write_whole(
        &run.folder.file(RunFolder::METRICS),
        metrics_csv(&rows).as_bytes(),
    )?;
    // The model of the run is the agent that did best in the validation games.
    let best = trained
        .iter()
        .zip(&tests)
        .max_by(|(a, _), (b, _)| a.about.returns.total_cmp(&b.about.returns))
        .context("no agent was trained")?;
    if trained.len() > 1 {
        write_whole(&run.folder.file(RunFolder::MODEL), &std::fs::read(&best.0.model)?)?;
    }

    let mut predictions = vec![
        ["agent", "episode", "return", "length", "score"]
            .map(String::from)
            .to_vec(),
    ];
    for (agent, episodes) in trained.iter().zip(&tests) {
        predictions.extend(episodes.iter().map(|episode| {
            vec![
                agent.seed.to_string(),
                episode.seed.to_string(),
                episode.end.total_reward.to_string(),
                episode.end.length.to_string(),
                episode.end.score.to_string(),
            ]
        }));
    }
    let mut sections = vec![films(game, best.0, best.1)?, learning(&trained)?];
    sections.extend(diagnostics(best.0)?);
    let outcome = Outcome {
        epochs: trained.iter().map(|agent| agent.rows.len()).sum(),
        parameters: 0,
        examples: [0, (VALIDATION.end - VALIDATION.start) as usize, all.len()],
        scores: &metrics,
        goal: ("score", true),
        baselines: &baselines,
        history: &[],
        predictions,
    };
    run.finish("Game agent", &outcome, &sections)?;
    let (_, last) = best;
    if let Some(episode) = last.first() {
        let path = run.folder.file("episode.gif");
        write_whole(&path, &film(game.open().as_mut(), episode)?.gif)?;
        say(format!("film      {}", path.display()));
    }
    Ok(())
}

/// An early, a middle and the last episode.
fn films(game: Game, agent: &Trained, last: &[Episode]) -> Result<report::Section> {
    let mut html = String::from("<div class=\"items\">");
    let stages = agent.films.iter().map(|stage| (stage.step, &stage.episode));
    for (step, episode) in stages.chain(last.first().map(|episode| (agent.about.step, episode))) {
        let film = film(game.open().as_mut(), episode)?;
        let every = film.every;
        let thinned = if every > 1 {
            format!(", every {every}th step shown")
        } else {
            String::new()
        };
        html += &format!(
            "<figure><figcaption>after {step} steps of learning: score {}, {} steps{thinned}</figcaption><img alt=\"\" src=\"{}\"></figure>",
            episode.end.score,
            episode.end.length,
            report::data_url("image/gif", &film.gif)
        );
    }
    html += "</div>";
    Ok(report::Section::new("How the playing changed", html))
}

/// The return in the validation games over the steps, for all seeds.
fn learning(trained: &[Trained]) -> Result<report::Section> {
    let names: Vec<String> = trained
        .iter()
        .map(|agent| format!("seed {}", agent.seed))
        .collect();
    let lines: Vec<(&str, Vec<(f64, f64)>)> = trained
        .iter()
        .zip(&names)
        .map(|(agent, name)| {
            let points = agent.rows.iter().map(|row| (row.step as f64, row.returns));
            (name.as_str(), points.collect())
        })
        .collect();
    Ok(report::Section::new(
        "Learning curves",
        report::line_chart("steps in the game", "mean return", &lines)?,
    ))
}

/// What the algorithm says of itself.
fn diagnostics(agent: &Trained) -> Result<Vec<report::Section>> {
    let Some(first) = agent.rows.first() else {
        return Ok(Vec::new());
    };
    let mut html = String::new();
    for (place, (name, _)) in first.values.iter().enumerate() {
        let points = agent
            .rows
            .iter()
            .skip(1)
            .map(|row| (row.step as f64, row.values[place].1));
        html += &report::line_chart("steps in the game", name, &[(name.as_str(), points.collect())])?;
    }
    Ok(vec![report::Section::new("Inside the learning", html)])
}
