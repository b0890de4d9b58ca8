//! The sections that reports are made of.

use std::fmt::Write;

use anyhow::Result;
use serde_json::Value;

use super::{
    Section,
    charts::{error_tradeoff, line_chart},
    data_url, escape,
};
use crate::{ConfusionMatrix, EpochRow, Scores, metrics::Roc};

/// The scores on the test set, large, and below them a bar for `goal` and one for each baseline.
pub fn result(scores: &Scores, goal: &str, baselines: &[(&str, f64)], words: &str) -> Section {
    let mut html = String::from("<div class=\"numbers\">");
    for (name, value) in scores {
        let _ = write!(html, "<div><b>{value:.3}</b>{}</div>", escape(&readable(name)));
    }
    html.push_str("</div>");
    let own = scores
        .iter()
        .find(|(name, _)| name == goal)
        .map(|(_, value)| ("this network", *value));
    let all: Vec<_> = own.into_iter().chain(baselines.iter().copied()).collect();
    let most = all.iter().fold(1.0f64, |most, (_, value)| most.max(*value));
    // Scores below zero begin at the worst of them.
    let least = all.iter().fold(0.0f64, |least, (_, value)| least.min(*value));
    for (index, (name, value)) in all.iter().enumerate() {
        let class = if index == 0 { "bar own" } else { "bar" };
        let width = (100.0 * (value - least) / (most - least)).clamp(0.0, 100.0);
        let _ = write!(
            html,
            "<div class=\"{class}\"><span>{}</span><i style=\"width:{width:.1}%\"></i><span>{value:.3}</span></div>",
            escape(name)
        );
    }
    let _ = write!(html, "<p class=\"soft\">{}</p>", escape(words));
    Section::new("Result on the test set", html)
}

/// The loss and every other validation score over the epochs.
pub fn curves(history: &[EpochRow]) -> Result<Section> {
    let epoch = |row: &EpochRow| row.epoch as f64;
    let score = |row: &EpochRow, name: &str| {
        row.valid
            .iter()
            .find(|(other, _)| other == name)
            .map_or(f64::NAN, |(_, value)| *value)
    };
    let train = history.iter().map(|row| (epoch(row), row.train_loss)).collect();
    let valid = history
        .iter()
        .map(|row| (epoch(row), score(row, "loss")))
        .collect();
    let mut html = line_chart("epoch", "loss", &[("training", train), ("validation", valid)])?;
    let names = history
        .last()
        .map_or(&[][..], |row| &row.valid)
        .iter()
        .map(|(name, _)| name.as_str());
    let others: Vec<(String, Vec<(f64, f64)>)> = names
        .filter(|name| *name != "loss")
        .map(|name| {
            (
                readable(name),
                history.iter().map(|row| (epoch(row), score(row, name))).collect(),
            )
        })
        .collect();
    if !others.is_empty() {
        let others: Vec<_> = others
            .iter()
            .map(|(name, points)| (name.as_str(), points.clone()))
            .collect();
        html += &line_chart("epoch", "validation score", &others)?;
    }
    html += "<p class=\"soft\">The training loss is measured while the weights change, with whatever makes learning \
             harder on purpose (augmentation, dropout, mixup, label smoothing): it may well lie above the validation \
             loss. A validation loss that rises while the training loss falls is learning by heart.</p>";
    Ok(Section::new("Learning curves", html))
}

/// Lines over a shared horizontal axis, each with a name, and their numbers in a table.
pub fn lines(
    title: &str,
    words: &str,
    (horizontal, vertical): (&str, &str),
    lines: &[(&str, Vec<(f64, f64)>)],
) -> Result<Section> {
    let mut html = format!("<p class=\"soft\">{}</p>", escape(words));
    html += &line_chart(horizontal, vertical, lines)?;
    let _ = write!(
        html,
        "<table class=\"settings\"><thead><tr><th>{}</th>",
        escape(horizontal)
    );
    for (name, _) in lines {
        let _ = write!(html, "<th>{}</th>", escape(name));
    }
    html.push_str("</tr></thead><tbody>");
    for (row, (x, _)) in lines
        .first()
        .map_or(&[][..], |(_, points)| points)
        .iter()
        .enumerate()
    {
        let _ = write!(html, "<tr><td>{x}</td>");
        for (_, points) in lines {
            let value = points.get(row).map_or(f64::NAN, |point| point.1);
            let _ = write!(html, "<td>{value:.3}</td>");
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table>");
    Ok(Section::new(title, html))
}

/// How misses fall as false alarms rise, for detectors of words, speakers or anything else (the DET curve of Martin
/// et al. 1997): a line each, (share of false alarms, share of misses) from the highest threshold to the lowest, as
/// [`Roc::errors`] gives them. Both axes go by the normal quantile, on which scores that are normally distributed give
/// straight lines; rates beyond the axes are drawn at their ends. The equal error rate of each line stands in a table
/// below.
///
/// # Errors
/// Those of drawing.
///
/// ```
/// use training::{metrics::Roc, report::detection_error_tradeoff};
/// let roc = Roc::of(&[0.9, 0.8, 0.7, 0.3], &[0.1, 0.2, 0.4, 0.6]);
/// let section = detection_error_tradeoff("Keywords", "On the test set.", &[("network", roc.errors())])?;
/// assert!(section.html.contains("25.00 %"));
/// # Ok::<(), anyhow::Error>(())
/// ```
pub fn detection_error_tradeoff(
    title: &str,
    words: &str,
    lines: &[(&str, Vec<(f64, f64)>)],
) -> Result<Section> {
    let mut html = format!("<p class=\"soft\">{}</p>", escape(words));
    html += &error_tradeoff(lines)?;
    html.push_str("<table><thead><tr><th></th><th>equal error rate</th></tr></thead><tbody>");
    for (name, errors) in lines {
        let points = errors.iter().map(|(alarms, misses)| (*alarms, 1.0 - misses));
        let roc = Roc {
            points: points.collect(),
        };
        let _ = write!(
            html,
            "<tr><td>{}</td><td>{:.2} %</td></tr>",
            escape(name),
            100.0 * roc.equal_error_rate()
        );
    }
    html.push_str("</tbody></table>");
    Ok(Section::new(title, html))
}

/// Which class was taken for which, and the pairs confused most.
pub fn confusion_matrix(classes: &[String], matrix: &ConfusionMatrix) -> Section {
    // The names of many classes stand upright, or the table would be wider than the page.
    let many = if classes.len() > 12 { " many" } else { "" };
    let mut html = format!(
        "<p class=\"soft\">Rows are the true classes, columns what the network said.</p><table class=\"confusion{many}\"><thead><tr><th></th>"
    );
    for class in classes {
        let _ = write!(html, "<th>{}</th>", escape(class));
    }
    html.push_str("<th>recall</th></tr></thead><tbody>");
    for (truth, class) in classes.iter().enumerate() {
        let of_class: usize = (0..classes.len())
            .map(|predicted| matrix.count(truth, predicted))
            .sum();
        let _ = write!(html, "<tr><th>{}</th>", escape(class));
        for predicted in 0..classes.len() {
            let count = matrix.count(truth, predicted);
            let share = count as f64 / of_class.max(1) as f64;
            let colour = if truth == predicted {
                "43,138,62"
            } else {
                "217,72,15"
            };
            let ink = if share > 0.6 { "#fff" } else { "inherit" };
            let shown = if count > 0 { count.to_string() } else { "·".into() };
            let _ = write!(
                html,
                "<td style=\"background:rgba({colour},{:.2});color:{ink}\">{shown}</td>",
                0.04 + 0.9 * share
            );
        }
        let _ = write!(html, "<td>{:.2}</td></tr>", matrix.recall_of(truth));
    }
    html.push_str("</tbody></table>");
    let confused = matrix.most_confused();
    if !confused.is_empty() {
        let pair = |&(truth, predicted, count): &(usize, usize, usize)| {
            format!("{} taken for {} ({count})", classes[truth], classes[predicted])
        };
        let pairs: Vec<String> = confused.iter().take(5).map(pair).collect();
        let _ = write!(
            html,
            "<p style=\"margin-top:.8rem\">Most confused: {}.</p>",
            escape(&pairs.join(", "))
        );
    }
    Section::new("Confusion matrix", html)
}

/// Sounds to listen to, each with a caption: (caption, wav file).
pub fn players(title: &str, words: &str, sounds: &[(String, Vec<u8>)]) -> Section {
    figures(title, words, sounds, |wav| {
        format!(
            "<audio controls preload=\"none\" src=\"{}\"></audio>",
            data_url("audio/wav", wav)
        )
    })
}

/// One picture over the whole width: (png file).
pub fn picture(title: &str, words: &str, png: &[u8]) -> Section {
    let html = format!(
        "<p class=\"soft\">{}</p><img alt=\"\" style=\"max-width:100%\" src=\"{}\">",
        escape(words),
        data_url("image/png", png)
    );
    Section::new(title, html)
}

/// Pictures to look at, each with a caption: (caption, png file).
pub fn pictures(title: &str, words: &str, pictures: &[(String, Vec<u8>)]) -> Section {
    figures(title, words, pictures, |png| {
        format!("<img alt=\"\" src=\"{}\">", data_url("image/png", png))
    })
}

/// Films to look at, each with a caption: (caption, gif file).
pub fn films(title: &str, words: &str, films: &[(String, Vec<u8>)]) -> Section {
    figures(title, words, films, |gif| {
        format!("<img alt=\"\" src=\"{}\">", data_url("image/gif", gif))
    })
}

fn figures(title: &str, words: &str, items: &[(String, Vec<u8>)], show: impl Fn(&[u8]) -> String) -> Section {
    let mut html = format!("<p class=\"soft\">{}</p><div class=\"items\">", escape(words));
    for (caption, bytes) in items {
        let _ = write!(
            html,
            "<figure><figcaption>{}</figcaption>{}</figure>",
            escape(caption),
            show(bytes)
        );
    }
    html.push_str("</div>");
    Section::new(title, html)
}

/// A table of names and values.
pub fn table(title: &str, rows: &[(String, String)]) -> Section {
    let mut html = String::from("<table class=\"settings\"><tbody>");
    for (name, value) in rows {
        let _ = write!(
            html,
            "<tr><td>{}</td><td>{}</td></tr>",
            escape(name),
            escape(value)
        );
    }
    html.push_str("</tbody></table>");
    Section::new(title, html)
}

/// Paragraphs of plain text.
pub fn notes(title: &str, notes: &[String]) -> Section {
    let paragraphs = notes.iter().map(|note| format!("<p>{}</p>", escape(note)));
    Section::new(title, paragraphs.collect())
}

/// Everything in `config.json`: the flags, the settings and the machine.
pub fn configuration(config: &Value) -> Section {
    let mut rows = Vec::new();
    flatten(config, "", &mut rows);
    table("Configuration and machine", &rows)
}

/// Nested values as rows of a table, `machine.threads` beside its value.
fn flatten(value: &Value, name: &str, rows: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let name = if name.is_empty() {
                    key.clone()
                } else {
                    format!("{name}.{key}")
                };
                flatten(value, &name, rows);
            }
        }
        Value::Null => {}
        Value::Array(items) => {
            let text = |item: &Value| item.as_str().map_or_else(|| item.to_string(), String::from);
            rows.push((
                name.to_string(),
                items.iter().map(text).collect::<Vec<_>>().join(", "),
            ));
        }
        Value::String(text) => rows.push((name.to_string(), text.clone())),
        other => rows.push((name.to_string(), other.to_string())),
    }
}

fn readable(name: &str) -> String {
    name.replace('_', " ")
}
