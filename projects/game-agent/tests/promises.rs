//! What every project promises, whatever it learns: see [`testing::promises`].

use testing::{place, promises};

/// What a bare command trains on as the project came: yours may train on something else by now.
const MADE: [&str; 3] = ["train", "--game", "cart-pole"];

#[test]
fn a_quick_run_leaves_a_whole_run_folder() {
    promises::a_quick_run_leaves_a_whole_run_folder(&place!(), &MADE);
}

#[test]
fn the_same_seed_gives_the_same_numbers() {
    promises::the_same_seed_gives_the_same_numbers(|| place!(), &MADE);
}

#[test]
fn mistaken_commands_are_explained() {
    promises::mistaken_commands_are_explained(&place!(), &MADE);
}
