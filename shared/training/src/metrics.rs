//! Scores of a classifier, computed over a whole set at once: the mean of batch scores is not the score of
//! the set when batches differ in size, and precision and recall have no meaning in a batch.

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
