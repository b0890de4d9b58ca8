//! What every project promises, whatever it learns: see [`testing::promises`].

use testing::{place, promises};

#[test]
fn a_quick_run_leaves_a_whole_run_folder() {
    promises::a_quick_run_leaves_a_whole_run_folder(&place!());
}

#[test]
fn the_same_seed_gives_the_same_numbers() {
    promises::the_same_seed_gives_the_same_numbers(|| place!());
}

#[test]
fn mistaken_commands_are_explained() {
    promises::mistaken_commands_are_explained(&place!());
}
