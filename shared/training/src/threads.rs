//! How many threads compute, where nobody has said it: as the first steps turn out to be fastest.

use std::time::{Duration, Instant};

/// Steps that are timed with each number of threads, after one that only warms up.
const STEPS: usize = 3;

/// Times the first steps of a run with all threads and with one, and stays with what was faster.
///
/// A convolution gains by every core; a small network, or a recurrent one over short sequences, loses more by handing
/// out its work than the work takes. No rule knows all networks and machines, but a few steps do, and the results
/// are the same bits either way.
pub(crate) struct ThreadTrial {
    all: usize,
    steps: usize,
    /// The fastest step with all threads, and with one.
    fastest: [Duration; 2],
}

impl ThreadTrial {
    /// A trial for a run on the CPU without a number of threads of its own; else there is nothing to try.
    pub(crate) fn new(wanted: bool) -> Self {
        let all = nn::threads();
        ThreadTrial {
            all,
            steps: if wanted && all > 1 { 0 } else { 1 + 2 * STEPS },
            fastest: [Duration::MAX; 2],
        }
    }

    /// Runs a step, and takes its time if the trial is not over.
    pub(crate) fn step<R>(&mut self, step: impl FnOnce() -> R) -> R {
        if self.steps > 2 * STEPS {
            return step();
        }
        let begin = Instant::now();
        let result = step();
        if let Some(timed) = self.steps.checked_sub(1) {
            let fastest = &mut self.fastest[timed / STEPS];
            *fastest = begin.elapsed().min(*fastest);
        }
        self.steps += 1;
        nn::use_threads(match self.steps {
            steps if steps <= STEPS => self.all,
            steps if steps <= 2 * STEPS => 1,
            _ if self.fastest[1] < self.fastest[0] => 1,
            _ => self.all,
        });
        result
    }
}

impl Drop for ThreadTrial {
    /// What was decided holds for this phase: the next may train another part of the network.
    fn drop(&mut self) {
        nn::use_threads(self.all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_faster_number_of_threads_stays() {
        let pause = |slow: bool| std::thread::sleep(Duration::from_millis(if slow { 20 } else { 1 }));
        let run = |slow_alone: bool| {
            nn::use_threads(2);
            let mut trial = ThreadTrial::new(true);
            let mut seen = Vec::new();
            for _ in 0..10 {
                seen.push(nn::threads());
                trial.step(|| pause((nn::threads() == 1) == slow_alone));
            }
            drop(trial);
            assert_eq!(nn::threads(), 2);
            seen
        };
        assert_eq!(run(true), [2, 2, 2, 2, 1, 1, 1, 2, 2, 2]);
        assert_eq!(run(false), [2, 2, 2, 2, 1, 1, 1, 1, 1, 1]);
    }
}
