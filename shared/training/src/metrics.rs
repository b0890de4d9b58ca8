//! Scores of a classifier or recogniser, computed over a whole set at once: the mean of batch scores is not the score of
//! the set when batches differ in size, and precision and recall have no meaning in a batch.

pub use crate::edits::{ErrorRate, edit_distance};

/// Counts of (true class, predicted class).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfusionMatrix {
    classes: usize,
    counts: Vec<usize>,
}

/// How per-class scores become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Average {
    /// The mean over classes: every class counts the same. Classes that occur neither as truth nor as
    /// prediction are left out.
    Macro,
    /// From the summed counts: every example counts the same.
    Micro,
}

impl ConfusionMatrix {
    /// An empty matrix for `classes` classes.
    pub fn new(classes: usize) -> Self {
        ConfusionMatrix {
            classes,
            counts: vec![0; classes * classes],
        }
    }

    /// The matrix of pairs (true class, predicted class); pairs beyond `classes` are an error in the caller
    /// and are not counted.
    pub fn of(classes: usize, pairs: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut matrix = Self::new(classes);
        for (truth, predicted) in pairs {
            if truth < classes && predicted < classes {
                matrix.counts[truth * classes + predicted] += 1;
            }
        }
        matrix
    }

    /// How many classes there are.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// How many examples of class `truth` were called `predicted`.
    pub fn count(&self, truth: usize, predicted: usize) -> usize {
        self.counts[truth * self.classes + predicted]
    }

    /// How many examples were counted.
    pub fn total(&self) -> usize {
        self.counts.iter().sum()
    }

    /// The share of examples called rightly; 0 of an empty matrix.
    pub fn accuracy(&self) -> f64 {
        let right: usize = (0..self.classes).map(|class| self.count(class, class)).sum();
        share(right, self.total())
    }

    /// Of what was called `class`, the share that was.
    pub fn precision_of(&self, class: usize) -> f64 {
        share(
            self.count(class, class),
            (0..self.classes).map(|truth| self.count(truth, class)).sum(),
        )
    }

    /// Of what was `class`, the share that was called so.
    pub fn recall_of(&self, class: usize) -> f64 {
        share(
            self.count(class, class),
            (0..self.classes)
                .map(|predicted| self.count(class, predicted))
                .sum(),
        )
    }

    /// F-beta of one class: beta 1 weighs precision and recall alike, 2 favours recall.
    pub fn f_beta_of(&self, class: usize, beta: f64) -> f64 {
        f_beta(self.precision_of(class), self.recall_of(class), beta)
    }

    /// Precision over all classes.
    pub fn precision(&self, average: Average) -> f64 {
        self.averaged(average, |class| self.precision_of(class))
    }

    /// Recall over all classes.
    pub fn recall(&self, average: Average) -> f64 {
        self.averaged(average, |class| self.recall_of(class))
    }

    /// F-beta over all classes; macro F is the mean of the classes' F, not the F of the mean precision.
    pub fn f_beta(&self, average: Average, beta: f64) -> f64 {
        self.averaged(average, |class| self.f_beta_of(class, beta))
    }

    /// With one answer to each example the micro averages of precision, recall and F are all the accuracy.
    fn averaged(&self, average: Average, score: impl Fn(usize) -> f64) -> f64 {
        if average == Average::Micro {
            return self.accuracy();
        }
        let occurs = |class: &usize| {
            (0..self.classes).any(|other| self.count(*class, other) + self.count(other, *class) > 0)
        };
        let classes: Vec<usize> = (0..self.classes).filter(occurs).collect();
        classes.iter().map(|&class| score(class)).sum::<f64>() / classes.len().max(1) as f64
    }

    /// The pairs (truth, predicted, count) of different classes that were confused, most often first.
    pub fn most_confused(&self) -> Vec<(usize, usize, usize)> {
        let mut pairs: Vec<_> = (0..self.classes)
            .flat_map(|truth| (0..self.classes).map(move |predicted| (truth, predicted)))
            .filter(|(truth, predicted)| truth != predicted)
            .map(|(truth, predicted)| (truth, predicted, self.count(truth, predicted)))
            .filter(|(_, _, count)| *count > 0)
            .collect();
        pairs.sort_by_key(|&(_, _, count)| std::cmp::Reverse(count));
        pairs
    }
}

/// The share of examples whose true class is among the `k` most probable.
///
/// ```
/// let rows = [vec![0.2, 0.5, 0.3], vec![0.6, 0.3, 0.1]];
/// let rows = || rows.iter().map(|row| (2, row.as_slice()));
/// assert_eq!(training::metrics::top_k_accuracy(rows(), 2), 0.5);
/// ```
pub fn top_k_accuracy<'a>(examples: impl IntoIterator<Item = (usize, &'a [f32])>, k: usize) -> f64 {
    let (mut hits, mut total) = (0, 0);
    for (truth, probabilities) in examples {
        total += 1;
        let Some(&own) = probabilities.get(truth) else {
            continue;
        };
        // Ties count as better, so that equal probabilities are never a hit by luck of the order.
        let better = probabilities
            .iter()
            .enumerate()
            .filter(|(class, p)| *class != truth && **p >= own);
        hits += usize::from(better.count() < k);
    }
    share(hits, total)
}

/// (1 + β²) · P · R / (β² · P + R); 0 when both are.
pub fn f_beta(precision: f64, recall: f64, beta: f64) -> f64 {
    let squared = beta * beta;
    let denominator = squared * precision + recall;
    if denominator > 0.0 {
        (1.0 + squared) * precision * recall / denominator
    } else {
        0.0
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// The number of the largest value; the first of equals, 0 of none.
pub fn argmax(values: &[f32]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}

/// The receiver operating characteristic of a score that should be high for some examples (the positive ones) and low for others: at
/// each threshold, what share of either lies at or above it.
#[derive(Clone, Debug)]
pub struct Roc {
    /// (share of the negative, share of the positive) at or above a threshold, from the highest threshold on; both from 0 to 1.
    pub points: Vec<(f64, f64)>,
}

impl Roc {
    /// From the scores of the positive and of the negative examples.
    ///
    /// ```
    /// use training::metrics::Roc;
    /// assert_eq!(Roc::of(&[0.9, 0.8], &[0.1, 0.2]).area(), 1.0);
    /// assert_eq!(Roc::of(&[0.9, 0.1], &[0.5, 0.5]).area(), 0.5);
    /// ```
    pub fn of(positive: &[f64], negative: &[f64]) -> Self {
        let positive = positive.iter().map(|score| (*score, true));
        let mut all: Vec<(f64, bool)> = positive
            .chain(negative.iter().map(|score| (*score, false)))
            .collect();
        all.sort_by(|a, b| b.0.total_cmp(&a.0));
        let totals = all.iter().filter(|(_, positive)| *positive).count();
        let (mut above, mut points) = ((0, 0), vec![(0.0, 0.0)]);
        // Equal scores are on the same side of every threshold.
        for equal in all.chunk_by(|a, b| a.0 == b.0) {
            let positive = equal.iter().filter(|(_, positive)| *positive).count();
            above = (above.0 + equal.len() - positive, above.1 + positive);
            points.push((share(above.0, all.len() - totals), share(above.1, totals)));
        }
        Roc { points }
    }

    /// The area under the curve: the probability that a positive example scores higher than a negative one, equal scores counted half.
    pub fn area(&self) -> f64 {
        let trapezoid = |pair: &[(f64, f64)]| (pair[1].0 - pair[0].0) * (pair[1].1 + pair[0].1) / 2.0;
        self.points.windows(2).map(trapezoid).sum()
    }

    /// The share of errors at the threshold where as large a share of the negative is accepted as of the positive
    /// is missed, between the two points around it. Half where scores say nothing, 0 where they say all.
    ///
    /// ```
    /// use training::metrics::Roc;
    /// assert_eq!(Roc::of(&[0.9, 0.8], &[0.1, 0.2]).equal_error_rate(), 0.0);
    /// // At a threshold of 0.5 one in four is wrong on either side.
    /// let roc = Roc::of(&[0.9, 0.8, 0.7, 0.3], &[0.1, 0.2, 0.4, 0.6]);
    /// assert_eq!(roc.equal_error_rate(), 0.25);
    /// ```
    pub fn equal_error_rate(&self) -> f64 {
        // How much more is missed than falsely accepted: from 1 at the highest threshold to -1 at the lowest.
        let surplus = |(accepted, found): (f64, f64)| 1.0 - found - accepted;
        for pair in self.points.windows(2) {
            let (before, after) = (surplus(pair[0]), surplus(pair[1]));
            if after <= 0.0 {
                let share = if before > after {
                    before / (before - after)
                } else {
                    0.0
                };
                return pair[0].0 + share.clamp(0.0, 1.0) * (pair[1].0 - pair[0].0);
            }
        }
        // Only without examples of one kind.
        0.5
    }

    /// (share of the negative accepted, share of the positive missed) at each threshold, for a chart of detection error
    /// trade-off.
    pub fn errors(&self) -> Vec<(f64, f64)> {
        let errors = |&(accepted, found): &(f64, f64)| (accepted, 1.0 - found);
        self.points.iter().map(errors).collect()
    }
}

/// How well probabilities mean what they say (Guo et al. 2017, section 2): of what is said with a confidence of 80 %, 80 % should be right.
#[derive(Clone, Debug)]
pub struct Calibration {
    /// (mean confidence, share that is right, how many) of ten equal ranges of confidence; ranges without an example are left out.
    pub bins: Vec<(f64, f64, usize)>,
}

impl Calibration {
    /// From (confidence, whether it was right).
    ///
    /// ```
    /// let calibration = training::metrics::Calibration::of([(0.75, true), (0.75, true), (0.75, false), (0.75, true)]);
    /// assert_eq!((calibration.bins.len(), calibration.expected_error()), (1, 0.0));
    /// ```
    pub fn of(examples: impl IntoIterator<Item = (f64, bool)>) -> Self {
        let mut sums = [(0.0, 0, 0); 10];
        for (confidence, right) in examples {
            let (sum, hits, all) = &mut sums[((confidence * 10.0) as usize).min(9)];
            *sum += confidence;
            *hits += usize::from(right);
            *all += 1;
        }
        let filled = sums.into_iter().filter(|(_, _, all)| *all > 0);
        let bins = filled.map(|(sum, hits, all)| (sum / all as f64, share(hits, all), all));
        Calibration { bins: bins.collect() }
    }

    /// The mean distance between confidence and share right, over all examples: the expected calibration error.
    pub fn expected_error(&self) -> f64 {
        let all: usize = self.bins.iter().map(|(.., count)| count).sum();
        let distance =
            |(confidence, right, count): &(f64, f64, usize)| (confidence - right).abs() * *count as f64;
        self.bins.iter().map(distance).sum::<f64>() / all.max(1) as f64
    }
}
