//! Dealing whole sources out to training, validation and test.

use std::collections::BTreeMap;

use rand::RngCore;

/// A part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Train,
    Valid,
    Test,
}

/// What the sources of a set are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sources {
    /// Nothing tells who or what a file comes from, so each counts as a source of its own.
    Files,
    Artists,
    Speakers,
}

impl Sources {
    /// Several of them, in messages and notes.
    pub fn several(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Artists => "artists",
            Self::Speakers => "speakers",
        }
    }

    /// One of them.
    pub fn one(self) -> &'static str {
        match self {
            Self::Files => "file",
            Self::Artists => "artist",
            Self::Speakers => "speaker",
        }
    }
}

/// Shares of the three parts where nothing is given: 60 % to learn from, 20 % to choose on, 20 % to measure on.
pub(crate) const SHARES: [(Part, f64); 3] = [(Part::Train, 0.6), (Part::Valid, 0.2), (Part::Test, 0.2)];

/// Deals sources out so that each part gets near its share of every class and at least one source of each.
/// `items` are (source, label) of each example; the answer is each example's part, or `None` where some class
/// cannot be in every part.
///
/// A source's turn is drawn from (seed, its name), so the order in which files were found does not matter.
pub(crate) fn divide(items: &[(&str, u32)], shares: &[(Part, f64)], seed: u64) -> Option<Vec<Part>> {
    let classes = items.iter().map(|(_, label)| *label as usize + 1).max()?;
    let mut totals = vec![0usize; classes];
    let mut sources: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (source, label) in items {
        totals[*label as usize] += 1;
        sources.entry(source).or_insert_with(|| vec![0; classes])[*label as usize] += 1;
    }
    // One deal nearly always does. Only sources of several classes (a speaker who says every word) can need more.
    (0..50).find_map(|attempt| {
        let deal = deal(&sources, &totals, shares, seed, attempt)?;
        Some(items.iter().map(|(source, _)| deal[source]).collect())
    })
}

fn deal<'a>(
    sources: &BTreeMap<&'a str, Vec<usize>>,
    totals: &[usize],
    shares: &[(Part, f64)],
    seed: u64,
    attempt: u32,
) -> Option<BTreeMap<&'a str, Part>> {
    let turn = |source: &str| {
        let place = format!("split/{attempt}/{source}");
        nn::random(seed, &place).next_u64()
    };
    // Large sources first: they are the hard ones to place.
    let mut order: Vec<(std::cmp::Reverse<usize>, u64, &str)> = sources
        .iter()
        .map(|(source, counts)| (std::cmp::Reverse(counts.iter().sum()), turn(source), *source))
        .collect();
    order.sort();
    let mut have = vec![vec![0usize; totals.len()]; shares.len()];
    let mut dealt = BTreeMap::new();
    for (_, _, source) in order {
        let counts = &sources[source];
        // How full a part would be with half of this source, as its classes see it (Sainte-Laguë's rule for dealing
        // out seats by votes); an empty part comes before any other. Rounded, so that ties are ties: training first.
        let fullness = |part: usize| -> u64 {
            let mine = (0..totals.len()).filter(|&class| counts[class] > 0);
            let filled = mine.map(|class| match have[part][class] {
                0 => 0.0,
                some => {
                    let count = counts[class] as f64;
                    count * (some as f64 + count / 2.0) / (shares[part].1 * totals[class] as f64)
                }
            });
            (filled.sum::<f64>() * 1e9).round() as u64
        };
        let part = (0..shares.len()).min_by_key(|&part| fullness(part))?;
        for (mine, count) in have[part].iter_mut().zip(counts) {
            *mine += count;
        }
        dealt.insert(source, shares[part].0);
    }
    let everywhere = have
        .iter()
        .all(|part| (0..totals.len()).all(|class| totals[class] == 0 || part[class] > 0));
    everywhere.then_some(dealt)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(parts: &[Part], part: Part) -> usize {
        parts.iter().filter(|&&p| p == part).count()
    }

    #[test]
    fn files_of_two_classes_are_dealt_60_20_20_within_each_class() {
        let names: Vec<String> = (0..100).map(|i| format!("file {i}")).collect();
        let items: Vec<(&str, u32)> = names
            .iter()
            .enumerate()
            .map(|(i, n)| (n.as_str(), u32::from(i >= 40)))
            .collect();
        let parts = divide(&items, &SHARES, 1).unwrap();
        assert_eq!(
            [Part::Train, Part::Valid, Part::Test].map(|p| count(&parts[..40], p)),
            [24, 8, 8]
        );
        assert_eq!(
            [Part::Train, Part::Valid, Part::Test].map(|p| count(&parts[40..], p)),
            [36, 12, 12]
        );
        assert_eq!(parts, divide(&items, &SHARES, 1).unwrap());
        assert_ne!(parts, divide(&items, &SHARES, 2).unwrap());
    }

    #[test]
    fn few_sources_are_rounded_towards_training() {
        for (sources, expected) in [(3, [1, 1, 1]), (5, [3, 1, 1]), (10, [6, 2, 2]), (12, [8, 2, 2])] {
            let names: Vec<String> = (0..sources * 4).map(|i| format!("artist {}", i / 4)).collect();
            let items: Vec<(&str, u32)> = names.iter().map(|name| (name.as_str(), 0)).collect();
            let parts = divide(&items, &SHARES, 4).unwrap();
            let counts = [Part::Train, Part::Valid, Part::Test].map(|part| count(&parts, part) / 4);
            assert_eq!(counts, expected);
        }
    }

    #[test]
    fn a_source_stays_whole_and_three_suffice() {
        let items: Vec<(&str, u32)> = ["a", "b", "c", "a", "a", "a"].map(|s| (s, 0)).to_vec();
        let parts = divide(&items, &SHARES, 3).unwrap();
        assert!([3, 4, 5].iter().all(|&i| parts[i] == parts[0]));
        assert_eq!(parts[0], Part::Train, "the largest source belongs to training");
        let mut all = parts.clone();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 3);
        assert_eq!(divide(&items[..2], &SHARES, 3), None);
    }

    #[test]
    fn sources_of_many_classes_are_dealt_until_every_part_has_every_class() {
        // "both" must not share a part with all of another class's sources.
        let items = [("both", 0), ("both", 1), ("p", 0), ("q", 0), ("r", 1), ("s", 1)];
        let parts = divide(&items, &SHARES, 0).unwrap();
        for label in 0..2 {
            let mut mine: Vec<Part> = (0..6)
                .filter(|&i| items[i].1 == label)
                .map(|i| parts[i])
                .collect();
            mine.sort();
            mine.dedup();
            assert_eq!(mine.len(), 3);
        }
    }
}
