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
