//! From what the network says of every tenth of a second to words, each once.

use std::collections::VecDeque;

use training::ClassOutput;

/// Seconds from one window to the next.
pub const STEP_SECONDS: f64 = 0.1;
/// Windows whose probabilities are averaged: a word is heard in several, a click in one.
const SMOOTHED: usize = 3;
/// Words less than so many seconds apart count as one, the surer of them.
const APART: f64 = 0.5;

/// The probability to ask for where the validation part says none.
pub const CAUTIOUS: f32 = 0.95;

/// A word that was heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// Index into the classes.
    pub class: usize,
    /// Its probability where it is highest.
    pub probability: f32,
    /// When the second in which it was heard begins.
    pub start: f64,
}

/// Takes the probabilities of overlapping windows in turn and gives each word once, at the window that heard it best.
pub struct Detector {
    /// Classes from 0 to this one are words; the others are not.
    words: usize,
    /// The probability that a word must reach.
    threshold: f32,
    recent: VecDeque<Vec<f32>>,
    /// Windows taken so far.
    windows: usize,
    /// The best window of the word that is being heard.
    best: Option<Heard>,
    /// The word that was given last, until its probability has fallen: till then it is the same one.
    fading: Option<usize>,
}

impl Detector {
    /// A detector of classes 0 to `words` - 1.
    pub fn new(words: usize, threshold: f32) -> Self {
        Detector {
            words,
            threshold,
            recent: VecDeque::new(),
            windows: 0,
            best: None,
            fading: None,
        }
    }

    /// Takes the probabilities of the next window. Gives a word when it is over.
    pub fn push(&mut self, probabilities: &[f32]) -> Option<Heard> {
        self.recent.push_back(probabilities.to_vec());
        if self.recent.len() > SMOOTHED {
            self.recent.pop_front();
        }
        self.windows += 1;
        let mean =
            |class: usize| self.recent.iter().map(|row| row[class]).sum::<f32>() / self.recent.len() as f32;
        let likeliest = (0..self.words)
            .map(|class| (class, mean(class)))
            .max_by(|a, b| a.1.total_cmp(&b.1))?;
        // The middle one of the windows that were averaged.
        let middle = self.windows.saturating_sub(1 + SMOOTHED / 2);
        let now = Heard {
            class: likeliest.0,
            probability: likeliest.1,
            start: middle as f64 * STEP_SECONDS,
        };
        if self
            .fading
            .is_some_and(|class| mean(class) < 0.5 * self.threshold)
        {
            self.fading = None;
        }
        let over = match &self.best {
            Some(best) if now.start - best.start > APART - 1e-9 => self.best.take(),
            _ => None,
        };
        if let Some(over) = &over {
            self.fading = Some(over.class);
        }
        let better = self
            .best
            .as_ref()
            .is_none_or(|best| now.probability > best.probability);
        if now.probability >= self.threshold && better && self.fading != Some(now.class) {
            self.best = Some(now);
        }
        over
    }

    /// The word that was being heard when the sound ended.
    pub fn finish(self) -> Option<Heard> {
        self.best
    }
}

/// The probability that a word in a longer recording must reach to count as heard: the lowest, from one half up, at which no more
/// than 3 % of the words heard in `outputs`, those of the validation part, are wrong. None where no threshold does that.
pub fn threshold(outputs: &[ClassOutput], words: usize) -> Option<f32> {
    let mut heard: Vec<(f32, bool)> = outputs
        .iter()
        .map(|output| (output.predicted(), output))
        .filter(|(predicted, _)| *predicted < words)
        .map(|(predicted, output)| (output.probabilities[predicted], predicted == output.target))
        .collect();
    heard.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut wrong, mut all, mut lowest) = (0, 0, None);
    // Equal probabilities are on the same side of every threshold.
    for equal in heard.chunk_by(|a, b| a.0 == b.0) {
        wrong += equal.iter().filter(|(_, right)| !right).count();
        all += equal.len();
        if wrong as f64 <= 0.03 * all as f64 {
            lowest = Some(equal[0].0.max(0.5));
        }
    }
    lowest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(rows: &[[f32; 3]]) -> Vec<(usize, f64)> {
        let mut detector = Detector::new(2, 0.5);
        let mut all: Vec<Heard> = rows.iter().filter_map(|row| detector.push(row)).collect();
        all.extend(detector.finish());
        all.iter()
            .map(|heard| (heard.class, (heard.start * 10.0).round() / 10.0))
            .collect()
    }

    const NOTHING: [f32; 3] = [0.0, 0.0, 1.0];
    const FIRST: [f32; 3] = [0.9, 0.1, 0.0];
    const SECOND: [f32; 3] = [0.1, 0.9, 0.0];

    #[test]
    fn a_word_in_many_windows_is_one_word() {
        let mut rows = vec![NOTHING; 5];
        rows.extend([FIRST; 6]);
        rows.extend([NOTHING; 8]);
        let found = heard(&rows);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, 0);
        assert!((0.5..=1.0).contains(&found[0].1), "{found:?}");
    }

    #[test]
    fn however_many_windows_hear_it_and_wherever_its_peak_is() {
        for windows in [1, 2, 8, 12, 30] {
            assert_eq!(heard(&vec![FIRST; windows]).len(), 1, "{windows} windows");
        }
        let mut early = vec![NOTHING, [0.97, 0.02, 0.01]];
        early.extend([FIRST; 9]);
        early.extend([NOTHING; 9]);
        assert_eq!(heard(&early).len(), 1);
    }

    #[test]
    fn a_click_in_one_window_is_none() {
        let mut rows = vec![NOTHING; 5];
        rows.push(FIRST);
        rows.extend([NOTHING; 5]);
        assert!(heard(&rows).is_empty());
    }

    #[test]
    fn the_threshold_is_the_lowest_that_lets_few_wrong_words_through() {
        let output = |target, probability| ClassOutput {
            target,
            probabilities: vec![probability, 0.0, 1.0 - probability],
        };
        let mut outputs: Vec<ClassOutput> = (0..50).map(|n| output(0, 0.99 - 0.001 * n as f32)).collect();
        outputs.extend([output(1, 0.8), output(1, 0.7), output(0, 0.6)]);
        assert_eq!(threshold(&outputs, 2), Some(0.8));
        assert_eq!(threshold(&[output(1, 0.9)], 2), None);
        assert_eq!(threshold(&[output(0, 0.99)], 2), Some(0.99));
    }

    #[test]
    fn words_one_after_the_other_are_two_and_the_last_is_not_lost() {
        let mut rows = vec![FIRST; 6];
        rows.extend([NOTHING; 3]);
        rows.extend([SECOND; 6]);
        assert_eq!(
            heard(&rows).iter().map(|found| found.0).collect::<Vec<_>>(),
            [0, 1]
        );
        rows.extend([NOTHING; 6]);
        rows.extend([SECOND; 6]);
        rows.extend([NOTHING; 6]);
        assert_eq!(
            heard(&rows).iter().map(|found| found.0).collect::<Vec<_>>(),
            [0, 1, 1]
        );
    }
}
