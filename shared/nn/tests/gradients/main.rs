//! Every gradient against central differences: the proof of the crate's promise.
//!
//! `cargo test -p nn --test gradients -- --nocapture` prints the table. To add a case, see [`table::Table::case`]
//! and [`table::Table::layer`].

#![allow(clippy::unwrap_used)] // the helpers of tests, too, may panic

mod inventory;
mod table;

mod activations;
mod attention;
mod convolution;
mod linear;
mod losses;
mod norms;
mod pooling;
mod recurrent;
mod regular;

fn table() -> table::Table {
    let mut table = table::Table::default();
    convolution::cases(&mut table);
    linear::cases(&mut table);
    pooling::cases(&mut table);
    regular::cases(&mut table);
    activations::cases(&mut table);
    losses::cases(&mut table);
    norms::cases(&mut table);
    attention::cases(&mut table);
    recurrent::cases(&mut table);
    table
}

#[test]
fn every_gradient_is_right() {
    table().check();
}

#[test]
fn every_public_operation_has_a_case() {
    inventory::check(&table().operations());
}

/// The table must see candle's own mistakes, or its silence means nothing.
#[test]
#[should_panic(expected = "3 of 3 cases")]
#[allow(
    clippy::disallowed_methods,
    reason = "the wrong gradients are what is looked for"
)]
fn wrong_gradients_are_seen() {
    use table::{any, distinct};
    let mut table = table::Table::default();
    table.case(
        "max_pool2d",
        "divided by four",
        vec![distinct([1, 2, 4, 4])],
        |x| x[0].max_pool2d(2),
    );
    table.case(
        "upsample_nearest2d",
        "overwritten",
        vec![any([1, 2, 3, 3])],
        |x| {
            let features = x[0].sqr()?;
            features.upsample_nearest2d(6, 6)?.sum_all()? + features.sqr()?.sum_all()?
        },
    );
    table.case("softmax_last_dim", "no gradient", vec![any([3, 4])], |x| {
        candle_nn::ops::softmax_last_dim(&x[0])
    });
    table.check();
}
