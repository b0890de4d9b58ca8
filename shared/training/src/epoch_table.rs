//! The table that grows by a line an epoch while a network trains, narrow enough for a terminal of 80 columns.

use crate::EpochRow;

/// The heading for rows like `row`. All but the first column of losses are of the validation set.
pub(crate) fn header(row: &EpochRow) -> String {
    let mut line = String::from("epoch  train loss");
    for (name, _) in &row.valid {
        line += &format!("  {}", column(name));
    }
    line + &format!("  {:>7}  {:>6}", "rate", "time")
}

/// One epoch; a star marks the best so far.
pub(crate) fn line(row: &EpochRow, kept: bool) -> String {
    let mut line = format!("{:>5}  {:>10.3}", row.epoch, row.train_loss);
    for (name, value) in &row.valid {
        let width = column(name).len();
        line += &format!("  {value:>width$.3}");
    }
    let mark = if kept { " *" } else { "" };
    line + &format!("  {:>7.1e}  {:>5.1}s{mark}", row.learning_rate, row.seconds)
}

/// `valid loss`, `accuracy`, `top 3` for top_3_accuracy.
fn column(name: &str) -> String {
    let words = name.replace('_', " ");
    let short = words.strip_suffix(" accuracy").unwrap_or(&words);
    format!("{:>8}", if name == "loss" { "valid loss" } else { short })
}
