//! The end of a run: the test, and a report that shows how the playing changed.

use anyhow::{Context, Result};
use training::{Outcome, Run, RunFolder, report, say, write_whole};

use crate::{
    agent,
    arena::{Entrant, contest, round_robin},
    baselines,
    data::{Game, TEST},
    episode::{Episode, bootstrap_interval, mean, play, share_of_2048},
    film::film,
    trial::{Row, Trained, metrics_csv, validation},
    value_map::value_map,
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
        baselines.push((name, mean_score(&episodes)));
    }
    let mut metrics = metrics(&tests);
    if game == Game::Tiles {
        let all: Vec<Episode> = tests.iter().flatten().cloned().collect();
        metrics.push(("reached_2048".to_string(), share_of_2048(&all)?));
    }

    // The model of the run is the agent that did best in the validation games.
    let (best, its_test) = trained
        .iter()
        .zip(&tests)
        .max_by(|(a, _), (b, _)| a.about.returns.total_cmp(&b.about.returns))
        .context("no agent was trained")?;
    if trained.len() > 1 {
        write_whole(&run.folder.file(RunFolder::MODEL), &std::fs::read(&best.model)?)?;
        let checkpoint = best.model.with_file_name(RunFolder::CHECKPOINT);
        write_whole(
            &run.folder.file(RunFolder::CHECKPOINT),
            &std::fs::read(checkpoint)?,
        )?;
        let rows: Vec<_> = trained
            .iter()
            .map(|agent| (agent.seed, agent.rows.as_slice()))
            .collect();
        write_whole(
            &run.folder.file(RunFolder::METRICS),
            metrics_csv(&rows).as_bytes(),
        )?;
    }

    let mut sections = vec![
        films(game, best, its_test)?,
        learning(&trained)?,
        each_agent(&trained, &tests),
    ];
    let (_, mut player) = agent::load(Some(&best.model), &run.device)?;
    if let Some(map) = value_map(game, player.as_mut(), game.open().actions())? {
        let words = match game {
            Game::CartPole => {
                "What the agent hopes for, and which way it pushes, with the cart in the middle and at rest."
            }
            _ => "What the agent hopes for, and which way it drives.",
        };
        sections.push(report::picture("What it thinks, everywhere", words, &map));
    }
    if game == Game::ConnectFour {
        let (points, section) = arena(run, &trained, best)?;
        metrics.extend(points);
        sections.push(section);
    }
    sections.push(diagnostics(best)?);

    let all = tests.iter().flatten().count();
    let outcome = Outcome {
        epochs: trained.iter().map(|agent| agent.rows.len()).sum(),
        parameters: agent::parameters(&best.model)?,
        examples: [0, validation(run.arguments.quick).count(), all],
        scores: &metrics,
        goal: ("score", true),
        baselines: &baselines,
        history: &[],
        predictions: predictions(&trained, &tests),
    };
    if let Some(episode) = its_test.first() {
        let path = run.folder.file("episode.gif");
        write_whole(&path, &film(game.open().as_mut(), episode)?.gif)?;
        say(format!("film      {}", path.display()));
    }
    run.finish("Game agent", &outcome, &sections)
}

fn scores(episodes: &[Episode]) -> Vec<f64> {
    episodes.iter().map(|episode| episode.end.score).collect()
}

fn mean_score(episodes: &[Episode]) -> f64 {
    mean(episodes.iter().map(|episode| episode.end.score))
}

/// The scores of all agents in all games.
fn metrics(tests: &[Vec<Episode>]) -> Vec<(String, f64)> {
    let all: Vec<&Episode> = tests.iter().flatten().collect();
    let (low, high) = bootstrap_interval(&tests.iter().map(|episodes| scores(episodes)).collect::<Vec<_>>());
    let of_agents = tests.iter().map(|episodes| mean_score(episodes));
    [
        ("score", mean(all.iter().map(|episode| episode.end.score))),
        ("score_from", low),
        ("score_to", high),
        ("score_of_worst_agent", of_agents.fold(f64::INFINITY, f64::min)),
        ("return", mean(all.iter().map(|episode| episode.end.total_reward))),
        (
            "length",
            mean(all.iter().map(|episode| episode.end.length as f64)),
        ),
    ]
    .map(|(name, value)| (name.to_string(), value))
    .to_vec()
}

/// The header and the rows of `predictions.csv`: a row a test game.
fn predictions(trained: &[Trained], tests: &[Vec<Episode>]) -> Vec<Vec<String>> {
    let mut rows = vec![
        ["agent", "episode", "return", "length", "score"]
            .map(String::from)
            .to_vec(),
    ];
    for (agent, episodes) in trained.iter().zip(tests) {
        rows.extend(episodes.iter().map(|episode| {
            vec![
                agent.seed.to_string(),
                episode.seed.to_string(),
                episode.end.total_reward.to_string(),
                episode.end.length.to_string(),
                episode.end.score.to_string(),
            ]
        }));
    }
    rows
}

/// An early, a middle and the last episode.
fn films(game: Game, agent: &Trained, test: &[Episode]) -> Result<report::Section> {
    let stages = agent.films.iter().map(|stage| (stage.step, &stage.episode));
    let last = test.first().map(|episode| (agent.about.step, episode));
    let mut films = Vec::new();
    for (step, episode) in stages.chain(last) {
        let film = film(game.open().as_mut(), episode)?;
        let thinned = match film.every {
            1 => String::new(),
            every => format!("; one step in {every} is shown"),
        };
        let (score, length) = (episode.end.score, episode.end.length);
        let caption = format!("after {step} steps of learning: score {score} in {length} steps{thinned}");
        films.push((caption, film.gif));
    }
    let words = "The same agent before it has learned anything, half-way through, and at its best. It does not explore here.";
    Ok(report::films("How its playing changed", words, &films))
}

/// The return in the validation games over the steps: of one agent, or of several with the interval that their mean lies in.
fn learning(trained: &[Trained]) -> Result<report::Section> {
    let axes = ("steps in the game", "mean return");
    let rows = trained.iter().map(|agent| agent.rows.len()).min().unwrap_or(0);
    let of_place = |place: usize| -> Vec<&Row> { trained.iter().map(|agent| &agent.rows[place]).collect() };
    let mut means = Vec::new();
    let mut band = Vec::new();
    for place in 0..rows {
        let rows = of_place(place);
        let returns: Vec<Vec<f64>> = rows.iter().map(|row| vec![row.returns]).collect();
        let (low, high) = bootstrap_interval(&returns);
        // Each was evaluated at the first chance after the same number of steps.
        let step = mean(rows.iter().map(|row| row.step as f64));
        means.push((step, mean(rows.iter().map(|row| row.returns))));
        band.push((step, low, high));
    }
    let (words, html) = match trained.len() {
        1 => (
            "The mean return of 40 games that the agent does not learn from, played without exploring. One agent says little \
             about an algorithm: --seeds 5 trains five."
                .to_string(),
            report::line_chart(axes.0, axes.1, &[("return", means)])?,
        ),
        count => {
            let mut html = report::band_chart(axes.0, axes.1, &[("mean", means)], &[band])?;
            let names: Vec<String> = trained.iter().map(|agent| format!("seed {}", agent.seed)).collect();
            let lines: Vec<(&str, Vec<(f64, f64)>)> = trained
                .iter()
                .zip(&names)
                .map(|(agent, name)| {
                    let points = agent.rows.iter().map(|row| (row.step as f64, row.returns));
                    (name.as_str(), points.collect())
                })
                .collect();
            html += &report::line_chart(axes.0, axes.1, &lines)?;
            (
                format!(
                    "The mean return of 40 games that the agents do not learn from, played without exploring: the mean of {count} \
                     agents with its 95 % bootstrap interval over agents, and each agent."
                ),
                html,
            )
        }
    };
    let html = format!("<p class=\"soft\">{}</p>{html}", report::escape(&words));
    Ok(report::Section::new("Learning curves", html))
}

/// A row for each agent: its mean score in the test games, and how sure that is.
fn each_agent(trained: &[Trained], tests: &[Vec<Episode>]) -> report::Section {
    let mut html = String::from(
        "<p class=\"soft\">The test games are the same for all. The interval is a bootstrap over games.</p><table><thead><tr>\
         <th>seed</th><th>mean score</th><th>95 % interval</th><th>worst game</th><th>best game</th><th>chosen after step</th>\
         <th>seconds of training</th></tr></thead><tbody>",
    );
    for (agent, episodes) in trained.iter().zip(tests) {
        let scores = scores(episodes);
        let (low, high) = bootstrap_interval(std::slice::from_ref(&scores));
        html += &format!(
            "<tr><td>{}</td><td>{:.2}</td><td>{low:.2} … {high:.2}</td><td>{}</td><td>{}</td><td>{}</td><td>{:.1}</td></tr>",
            agent.seed,
            mean(scores.iter().copied()),
            scores.iter().copied().fold(f64::INFINITY, f64::min),
            scores.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            agent.about.step,
            agent.seconds
        );
    }
    html += "</tbody></table>";
    report::Section::new("Each agent", html)
}

/// What the algorithm says of itself, for the best agent.
fn diagnostics(agent: &Trained) -> Result<report::Section> {
    let mut html = String::new();
    let names = agent.rows.first().map_or(&[][..], |row| &row.values);
    for (place, (name, _)) in names.iter().enumerate() {
        // Before the first step there is nothing to say.
        let points = agent
            .rows
            .iter()
            .skip(1)
            .map(|row| (row.step as f64, row.values[place].1));
        html += &report::line_chart("steps in the game", name, &[(name.as_str(), points.collect())])?;
    }
    Ok(report::Section::new("Inside the learning", html))
}

/// Games of each pair in the arena, and of the agents against each simple player.
const ARENA_GAMES: usize = 20;
const AGENT_GAMES: usize = 100;

/// Connect Four: every agent against the simple players, and everybody against everybody for ratings.
fn arena(run: &Run, trained: &[Trained], best: &Trained) -> Result<(Vec<(String, f64)>, report::Section)> {
    let (games, pairs) = if run.arguments.quick {
        (4, 2)
    } else {
        (AGENT_GAMES, ARENA_GAMES)
    };
    let load = |agent: &Trained| agent::load(Some(&agent.model), &run.device).map(|(_, player)| player);
    let mut metrics = Vec::new();
    for mut opponent in Entrant::standard() {
        let mut shares = Vec::new();
        for agent in trained {
            let mut own = Entrant::agent("agent", load(agent)?);
            shares.push(mean(
                contest(&mut own, &mut opponent, games, run.seed())?.into_iter(),
            ));
        }
        metrics.push((format!("against_{}", opponent.name), mean(shares.iter().copied())));
        if trained.len() > 1 {
            let worst = shares.iter().copied().fold(f64::INFINITY, f64::min);
            metrics.push((format!("worst_against_{}", opponent.name), worst));
        }
    }
    let mut entrants = Entrant::standard();
    if let Some(network) = agent::without_search(&best.model, &run.device)? {
        entrants.push(Entrant::agent("agent without search", network));
    }
    entrants.push(Entrant::agent("agent", load(best)?));
    let standings = round_robin(&mut entrants, pairs, run.seed())?;
    let mut html = format!(
        "<p class=\"soft\">Everybody plays {pairs} games against everybody, half with each side, after two moves by chance. Ratings \
         are those under which the results are likeliest (Bradley and Terry 1952); 400 points more mean ten of eleven points, \
         random play has 0, and each pair counts as if it had drawn one game more. Points of the row's player:</p>\
         <table><thead><tr><th></th><th>Elo</th><th>points</th>"
    );
    for name in &standings.names {
        html += &format!("<th>{}</th>", report::escape(name));
    }
    html += "</tr></thead><tbody>";
    for (name, elo, share, points) in standings.lines() {
        html += &format!(
            "<tr><th>{}</th><td>{elo:.0}</td><td>{:.0} %</td>",
            report::escape(&name),
            100.0 * share
        );
        for (other, points) in standings.names.iter().zip(points) {
            html += &if *other == name {
                "<td>·</td>".to_string()
            } else {
                format!("<td>{points}</td>")
            };
        }
        html += "</tr>";
        if name == "agent" {
            metrics.push(("elo".to_string(), elo));
        }
    }
    html += "</tbody></table>";
    Ok((metrics, report::Section::new("Arena", html)))
}
