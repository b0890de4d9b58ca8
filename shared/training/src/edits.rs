//! How far what was recognised is from what was said.

/// How many items must be replaced, inserted or deleted to make `a` into `b`, at least (Levenshtein 1966).
///
/// ```
/// let letters = |word: &str| word.chars().collect::<Vec<char>>();
/// assert_eq!(training::metrics::edit_distance(&letters("kitten"), &letters("sitting")), 3);
/// ```
pub fn edit_distance<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    count(a, b).edits()
}

/// The edits that make references into what was recognised, over a whole set. The rate is the sum of the edits over the
/// sum of the lengths: the mean of the sequences' rates would count a mistake in a short one more often.
///
/// ```
/// use training::metrics::ErrorRate;
/// // (what was said, what was recognised)
/// let pairs = [("turn left here", "turn here"), ("go", "go on"), ("stop", "shop")];
/// let words = ErrorRate::words(pairs);
/// assert_eq!((words.substitutions, words.insertions, words.deletions), (1, 1, 1));
/// assert_eq!(words.rate(), 3.0 / 5.0);
/// let characters = ErrorRate::characters(pairs);
/// assert_eq!((characters.edits(), characters.reference), (5 + 3 + 1, 14 + 2 + 4));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErrorRate {
    /// Items of the references that were taken for others.
    pub substitutions: usize,
    /// Items that were recognised and are not in the references.
    pub insertions: usize,
    /// Items of the references that were not recognised.
    pub deletions: usize,
    /// How many items the references have.
    pub reference: usize,
}

impl ErrorRate {
    /// From pairs (reference, recognised) of any items: phonemes, digits, tokens. Of ways that take equally many edits,
    /// the one with the most substitutions counts.
    pub fn of<'a, T: PartialEq + 'a>(pairs: impl IntoIterator<Item = (&'a [T], &'a [T])>) -> Self {
        let counts = pairs
            .into_iter()
            .map(|(reference, found)| count(reference, found));
        counts.fold(Self::default(), Self::plus)
    }

    /// The character error rate (CER) of pairs (reference, recognised): of Unicode code points as they are given,
    /// spaces and capitals among them, so bring both to the same form first.
    pub fn characters<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let characters = |text: &str| text.chars().collect::<Vec<char>>();
        let pairs = pairs.into_iter();
        let counts = pairs.map(|(reference, found)| count(&characters(reference), &characters(found)));
        counts.fold(Self::default(), Self::plus)
    }

    /// The word error rate (WER) of pairs (reference, recognised), which are split at white space.
    pub fn words<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let words = |text: &'a str| text.split_whitespace().collect::<Vec<&str>>();
        let counts = pairs
            .into_iter()
            .map(|(reference, found)| count(&words(reference), &words(found)));
        counts.fold(Self::default(), Self::plus)
    }

    /// All edits.
    pub fn edits(&self) -> usize {
        self.substitutions + self.insertions + self.deletions
    }

    /// Edits per item of the references: 0 is perfect, and insertions can bring it above 1. Where the references are
    /// empty, the number of the edits.
    pub fn rate(&self) -> f64 {
        self.edits() as f64 / self.reference.max(1) as f64
    }

    fn plus(self, other: Self) -> Self {
        ErrorRate {
            substitutions: self.substitutions + other.substitutions,
            insertions: self.insertions + other.insertions,
            deletions: self.deletions + other.deletions,
            reference: self.reference + other.reference,
        }
    }
}

/// The edits of one pair, in time of the product of both lengths.
fn count<T: PartialEq>(reference: &[T], found: &[T]) -> ErrorRate {
    let shorter = |a: ErrorRate, b: ErrorRate| {
        let cost = |way: &ErrorRate| (way.edits(), way.insertions + way.deletions);
        if cost(&b) < cost(&a) { b } else { a }
    };
    // From the part of the reference that was passed to each beginning of what was found.
    let inserted = (0..=found.len()).map(|insertions| ErrorRate {
        insertions,
        ..Default::default()
    });
    let mut ways: Vec<ErrorRate> = inserted.collect();
    for wanted in reference {
        let mut without_both = ways[0];
        ways[0].deletions += 1;
        for (place, item) in found.iter().enumerate() {
            let mut replaced = without_both;
            replaced.substitutions += usize::from(item != wanted);
            without_both = ways[place + 1];
            let mut deleted = ways[place + 1];
            deleted.deletions += 1;
            let mut inserted = ways[place];
            inserted.insertions += 1;
            ways[place + 1] = shorter(replaced, shorter(deleted, inserted));
        }
    }
    ErrorRate {
        reference: reference.len(),
        ..ways[found.len()]
    }
}
