//! Randomness as a function of *where you are*, never of what was drawn before.
//!
//! A stream is named by a seed and a place (`"init/conv1.weight"`, `"augment/epoch 3/item 17"`). The same
//! seed and place give the same numbers on every machine, whatever was drawn elsewhere and in whatever order
//! threads run. A resumed run therefore needs no saved generator: it only needs to know its epoch and step.

use std::cell::Cell;

use rand::SeedableRng;
use sha2::{Digest, Sha256};

/// The generator behind every random number of the workspace: ChaCha with 8 rounds, which gives the same
/// stream on every platform (`rand`'s `StdRng` does not promise that).
pub type Random = rand_chacha::ChaCha8Rng;

/// The stream of random numbers that belongs to `place` under `seed`.
///
/// ```
/// use rand::Rng;
/// let mut a = nn::random(7, "init/conv1.weight");
/// let mut b = nn::random(7, "init/conv1.weight");
/// assert_eq!(a.random::<u64>(), b.random::<u64>());
/// ```
pub fn random(seed: u64, place: &str) -> Random {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(place.as_bytes());
    Random::from_seed(hash.finalize().into())
}

/// Where the current thread stands in training: what the next dropout mask is drawn from.
#[derive(Clone, Copy)]
struct Position {
    seed: u64,
    step: u64,
    calls: u64,
}

thread_local! {
    static POSITION: Cell<Position> = const { Cell::new(Position { seed: 0, step: 0, calls: 0 }) };
}

/// Says that the current thread begins training step `step`: the dropout masks that follow are drawn from
/// (`seed`, `step`, first call, second call …). The fit loop calls it before every forward pass; a loop of
/// your own should too, or its masks depend on how many were drawn since the thread started.
pub fn begin_step(seed: u64, step: u64) {
    POSITION.set(Position { seed, step, calls: 0 });
}

/// The stream for the next random draw of this thread's training step: what dropout and mixup draw from.
pub fn random_in_step() -> Random {
    let position = POSITION.get();
    POSITION.set(Position {
        calls: position.calls + 1,
        ..position
    });
    random(
        position.seed,
        &format!("step {}/call {}", position.step, position.calls),
    )
}
