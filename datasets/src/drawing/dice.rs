//! Words for drawing lots.

use nn::Random;
use rand::Rng;

/// What a drawing asks of chance.
pub trait Dice {
    /// A number between two others, all equally likely.
    fn between(&mut self, low: f32, high: f32) -> f32;
    /// Whether something with this probability happens.
    fn chance(&mut self, probability: f32) -> bool;
    /// One of several things.
    fn choose<T: Copy>(&mut self, things: &[T]) -> T;

    /// Plus or minus one.
    fn sign(&mut self) -> f32 {
        if self.chance(0.5) { 1.0 } else { -1.0 }
    }
}

impl Dice for Random {
    fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.random::<f32>()
    }

    fn chance(&mut self, probability: f32) -> bool {
        self.random::<f32>() < probability
    }

    fn choose<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.random_range(0..things.len())]
    }
}
