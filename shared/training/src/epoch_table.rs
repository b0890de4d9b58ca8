//! The table that grows by a line an epoch while a network trains.

use crate::EpochRow;

/// The heading for rows like `row`.
pub(crate) fn header(row: &EpochRow) -> String {
    let mut line = format!("{:>5}  {:>10}", "epoch", "train loss");
    for (name, _) in &row.valid {
        line += &format!("  {}", column(name));
    }
    line + &format!("  {:>9}  {:>7}", "rate", "time")
}

/// One epoch; `kept` marks the best so far.
pub(crate) fn line(row: &EpochRow, kept: bool) -> String {
    let mut line = format!("{:>5}  {:>10.4}", row.epoch, row.train_loss);
    for (name, value) in &row.valid {
        let width = column(name).len();
        line += &format!("  {value:>width$.4}");
    }
    let mark = if kept { "  best" } else { "" };
    line + &format!("  {:>9.1e}  {:>6.1}s{mark}", row.learning_rate, row.seconds)
}

fn column(name: &str) -> String {
    format!("{:>10}", format!("valid {}", name.replace('_', " ")))
}
