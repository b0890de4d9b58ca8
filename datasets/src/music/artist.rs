//! An artist: a bundle of habits that all of their tracks share.

use nn::{Random, random};
use rand::Rng;

/// Whoever plays. Every habit is a number that depends on the seed, the genre, the artist and the habit's
/// name, and on nothing else: a new habit in one place changes no other.
#[derive(Clone, Debug)]
pub struct Artist {
    seed: u64,
    place: String,
}

impl Artist {
    /// Artist `number` of `genre` in the world of `seed`.
    pub fn new(seed: u64, genre: &str, number: usize) -> Self {
        Self {
            seed,
            place: format!("music/{genre}/artist {number}"),
        }
    }

    /// The stream of random numbers behind the habit `name`.
    pub fn random(&self, name: &str) -> Random {
        random(self.seed, &format!("{}/{name}", self.place))
    }

    /// A habit between `low` and `high`.
    pub fn habit(&self, name: &str, low: f32, high: f32) -> f32 {
        low + (high - low) * self.random(name).random::<f32>()
    }

    /// A habit that is one of several things.
    pub fn choose<T: Copy>(&self, name: &str, things: &[T]) -> T {
        things[self.random(name).random_range(0..things.len())]
    }
}
