//! The catalogue of named data sets: a card for each.

use crate::{Card, Result, names};

mod cats_dogs;
mod clinc150;
mod efficientnet_lite0;
mod fashion_mnist;
mod free_spoken_digits;
mod gtzan;
mod made_animals;
mod made_bank;
mod made_bank_chinese;
mod made_cats_dogs;
mod made_digit_strings;
mod made_music;
mod made_scenes;
mod made_speech;
mod made_styles;
mod mobilenet_v2;
mod resnet18;
mod resnet34;
mod snips;
mod speech_commands;

/// All cards, by name.
pub fn all() -> [&'static Card; 20] {
    [
        &cats_dogs::CARD,
        &clinc150::CARD,
        &efficientnet_lite0::CARD,
        &fashion_mnist::CARD,
        &free_spoken_digits::CARD,
        &gtzan::CARD,
        &made_animals::CARD,
        &made_bank::CARD,
        &made_bank_chinese::CARD,
        &made_cats_dogs::CARD,
        &made_digit_strings::CARD,
        &made_music::CARD,
        &made_scenes::CARD,
        &made_speech::CARD,
        &made_styles::CARD,
        &mobilenet_v2::CARD,
        &resnet18::CARD,
        &resnet34::CARD,
        &snips::CARD,
        &speech_commands::CARD,
    ]
}

/// The card with this name.
///
/// ```
/// let card = datasets::cards::find("gtzan").unwrap();
/// assert!(card.faults.iter().any(|fault| fault.contains("jazz.00054")));
/// println!("{card}");
/// ```
pub fn find(name: &str) -> Option<&'static Card> {
    all().into_iter().find(|card| card.name == name)
}

/// The card with this name. Errors with near names where there is none.
pub fn named(name: &str) -> Result<&'static Card> {
    find(name).ok_or_else(|| names::unknown(name))
}
