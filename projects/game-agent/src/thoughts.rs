//! What a player thinks, as lines for a person.

use console::Style;
use games::Environment;

use crate::{
    episode::Table,
    player::{Player, Thoughts, View},
    screen::Line,
};

/// Columns of a whole bar.
const BAR: usize = 16;

/// A bar for each action, the action that was chosen marked, and the value.
pub fn lines(thoughts: &Thoughts, view: View<'_>, actions: &[&str], measure: &str) -> Vec<Line> {
    let best = thoughts.best(view);
    let longest = actions.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let numbers = || (0..thoughts.actions.len()).filter(|&action| view.allows(action));
    let worths = || {
        numbers()
            .map(|action| thoughts.actions[action])
            .filter(|worth| worth.is_finite())
    };
    let (lowest, highest) = (worths().fold(0.0, f32::min), worths().fold(f32::MIN, f32::max));
    // Probabilities fill their bars; of anything else the highest does, and the lowest, or 0, is empty.
    let (lowest, highest) = match lowest >= 0.0 && highest <= 1.0 {
        true => (0.0, 1.0),
        // Values of states lie close together, and what is between them is what matters.
        false => (worths().fold(f32::MAX, f32::min).min(highest - 1e-6), highest),
    };
    let mut lines = vec![Line::new(format!("thinks  ({measure})"), Style::new().dim())];
    for (action, (name, &worth)) in actions.iter().zip(&thoughts.actions).enumerate() {
        let chosen = action == best;
        let (mark, style) = match (view.allows(action), chosen) {
            (true, true) => ("▸ ", Style::new().bold()),
            (true, false) => ("  ", Style::new()),
            (false, _) => ("  ", Style::new().dim()),
        };
        let line = Line::new(format!("{mark}{name:<longest$}  "), style.clone());
        lines.push(match view.allows(action) {
            true => {
                let bar = bar((worth - lowest) / (highest - lowest));
                let colour = if chosen {
                    Style::new().green()
                } else {
                    Style::new().blue()
                };
                line.and(bar, colour).and(number(worth), style)
            }
            false => line.and("not allowed", style),
        });
    }
    if let Some(value) = thoughts.value {
        lines.push(Line::default());
        lines.push(Line::plain(format!("hopes for {}", number(value).trim_start())));
    }
    lines
}

/// What `player` thinks of the game on `table`.
pub fn think(player: &mut dyn Player, table: &Table) -> anyhow::Result<(Thoughts, Vec<Line>)> {
    let thoughts = player
        .think(&[table.view()])?
        .pop()
        .ok_or_else(|| anyhow::anyhow!("the player has no thought"))?;
    let lines = lines(&thoughts, table.view(), table.game.actions(), player.measure());
    Ok((thoughts, lines))
}

/// A bar for a share of 1, in eighths of a column.
fn bar(share: f32) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * (8 * BAR) as f32).round() as usize;
    let bar = "█".repeat(eighths / 8) + EIGHTHS[eighths % 8];
    format!("{bar:<BAR$}")
}

/// A number in eight columns.
fn number(worth: f32) -> String {
    match worth.abs() {
        size if size < 10.0 => format!("{worth:>8.3}"),
        size if size < 100_000.0 => format!("{worth:>8.1}"),
        _ => format!("{worth:>8.0}"),
    }
}

/// The score, the step and whatever else is true of every game.
pub fn standing(table: &Table) -> Vec<Line> {
    let bold = || Style::new().bold();
    vec![
        Line::plain("score   ").and(score(table.info.score), bold()),
        Line::plain("step    ").and(table.episode.end.length.to_string(), bold()),
        Line::plain("return  ").and(score(table.episode.end.total_reward), bold()),
    ]
}

/// A score as a person writes it: without decimals that say nothing.
pub fn score(score: f64) -> String {
    let text = format!("{score:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// The names of the actions that the rules allow now.
pub fn allowed(table: &Table) -> Vec<&'static str> {
    let names = table.game.actions().iter().enumerate();
    names
        .filter(|(action, _)| table.view().allows(*action))
        .map(|(_, name)| *name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_grow_in_eighths() {
        assert_eq!(bar(0.0), " ".repeat(BAR));
        assert_eq!(bar(2.0), "█".repeat(BAR));
        assert_eq!(bar(0.5).trim_end(), "█".repeat(BAR / 2));
        assert_eq!(bar(1.0 / (8 * BAR) as f32).trim_end(), "▏");
        assert_eq!(bar(f32::NAN), " ".repeat(BAR));
    }

    #[test]
    fn scores_are_written_as_people_do() {
        assert_eq!([3.0, 0.5, -1.25, 100.0].map(score), ["3", "0.5", "-1.25", "100"]);
    }

    #[test]
    fn what_is_forbidden_has_no_bar_and_is_not_chosen() {
        let thoughts = Thoughts {
            actions: vec![0.9, -3.0, 20.0],
            value: Some(1.0),
        };
        let mask = [true, true, false];
        let view = View {
            observation: &[],
            action_mask: &mask,
        };
        let lines = lines(&thoughts, view, &["up", "down", "left"], "value");
        let text: Vec<String> = lines.iter().map(|line| format!("{line:?}")).collect();
        assert!(
            text[1].contains("▸ up") && text[1].contains("0.900"),
            "{}",
            text[1]
        );
        assert!(
            text[2].contains("-3.000") && !text[2].contains('█'),
            "{}",
            text[2]
        );
        assert!(text[3].contains("not allowed"), "{}", text[3]);
    }
}
