//! The model that most networks for text do not beat: counts of words, weighed, and a hyperplane for each class.

use std::collections::HashMap;

use rand::seq::SliceRandom;

use crate::Word;

/// A row of few numbers among many zeros: (column, value), each column once.
pub type Sparse = Vec<(u32, f32)>;

/// Words and pairs of neighbours as weighed counts: how often they occur in the message, times how rare they are in the training
/// messages (term frequency, inverse document frequency), each row of length 1.
pub struct TfIdf {
    columns: HashMap<String, u32>,
    rarity: Vec<f32>,
}

impl TfIdf {
    /// Learns the columns and their rarity: ln((1 + n) / (1 + messages with it)) + 1.
    pub fn fit<'a>(messages: impl IntoIterator<Item = &'a [Word]>) -> Self {
        let (mut columns, mut counts, mut total) = (HashMap::new(), Vec::<usize>::new(), 0);
        for words in messages {
            total += 1;
            let mut terms: Vec<String> = terms(words).collect();
            terms.sort();
            terms.dedup();
            for term in terms {
                let column = *columns.entry(term).or_insert(counts.len() as u32) as usize;
                if column == counts.len() {
                    counts.push(0);
                }
                counts[column] += 1;
            }
        }
        let rarity = |count: &usize| ((1.0 + total as f32) / (1.0 + *count as f32)).ln() + 1.0;
        TfIdf {
            columns,
            rarity: counts.iter().map(rarity).collect(),
        }
    }

    /// How many columns there are.
    pub fn columns(&self) -> usize {
        self.rarity.len()
    }

    /// The row of a message. Words that were not seen in training are nothing.
    pub fn row(&self, words: &[Word]) -> Sparse {
        let known = terms(words).filter_map(|term| self.columns.get(&term).copied());
        let mut columns: Vec<u32> = known.collect();
        columns.sort();
        let runs = columns.chunk_by(|a, b| a == b);
        unit(
            runs.map(|run| (run[0], run.len() as f32 * self.rarity[run[0] as usize]))
                .collect(),
        )
    }
}

/// The words and the pairs of neighbours of a message.
fn terms(words: &[Word]) -> impl Iterator<Item = String> {
    let single = words.iter().map(|word| word.form.clone());
    let pairs = words
        .windows(2)
        .map(|pair| format!("{} {}", pair[0].form, pair[1].form));
    single.chain(pairs)
}

/// The row divided by its length.
fn unit(mut row: Sparse) -> Sparse {
    let length = row.iter().map(|(_, value)| value * value).sum::<f32>().sqrt();
    row.iter_mut()
        .for_each(|(_, value)| *value /= length.max(f32::MIN_POSITIVE));
    row
}

/// One linear support vector machine for each class against all others, with squared hinge loss and C = 1, solved by dual coordinate
/// descent (Hsieh et al. 2008, algorithm 1). It has no choices that need a validation set.
pub struct LinearModel {
    /// (columns + 1) for each class; the last is the bias.
    weights: Vec<Vec<f32>>,
}

/// Passes over the rows. The hyperplanes hardly move after ten.
const PASSES: usize = 20;

impl LinearModel {
    /// Fits `rows` of `columns` columns to their `targets`, each below `classes`.
    pub fn fit(rows: &[Sparse], targets: &[u32], classes: usize, columns: usize, seed: u64) -> Self {
        // The same order for all classes: they are fitted at the same time on several threads.
        let mut random = nn::random(seed, "linear model");
        let mut order: Vec<usize> = (0..rows.len()).collect();
        let orders: Vec<Vec<usize>> = (0..PASSES)
            .map(|_| {
                order.shuffle(&mut random);
                order.clone()
            })
            .collect();
        let mut weights = vec![Vec::new(); classes];
        let work = weights.iter_mut().enumerate().collect();
        nn::share(
            work,
            || (),
            |_, (class, weights): (usize, &mut Vec<f32>)| {
                *weights = separate(rows, targets, class as u32, columns, &orders);
            },
        );
        LinearModel { weights }
    }

    /// How far `row` lies on the side of each class.
    pub fn scores(&self, row: &Sparse) -> Vec<f32> {
        let score = |weights: &Vec<f32>| dot(weights, row);
        self.weights.iter().map(score).collect()
    }
}

/// The hyperplane between a class and all others.
fn separate(rows: &[Sparse], targets: &[u32], class: u32, columns: usize, orders: &[Vec<usize>]) -> Vec<f32> {
    const C: f32 = 1.0;
    let mut weights = vec![0.0; columns + 1];
    let mut alphas = vec![0f32; rows.len()];
    for order in orders {
        for &row in order {
            let (values, alpha) = (&rows[row], alphas[row]);
            let side = if targets[row] == class { 1.0 } else { -1.0 };
            let gradient = side * dot(&weights, values) - 1.0 + alpha / (2.0 * C);
            if alpha == 0.0 && gradient >= 0.0 {
                continue;
            }
            let squares: f32 = values.iter().map(|(_, value)| value * value).sum();
            let next = (alpha - gradient / (squares + 1.0 + 1.0 / (2.0 * C))).max(0.0);
            let change = (next - alpha) * side;
            values
                .iter()
                .for_each(|&(column, value)| weights[column as usize] += change * value);
            weights[columns] += change;
            alphas[row] = next;
        }
    }
    weights
}

/// The product of a row with weights whose last is the bias.
fn dot(weights: &[f32], row: &Sparse) -> f32 {
    let sum: f32 = row
        .iter()
        .map(|&(column, value)| weights[column as usize] * value)
        .sum();
    sum + weights[weights.len() - 1]
}

/// A [`LinearModel`] that names the slot tag of each word from the word, two on either side, its beginning and its end.
pub struct LinearTagger {
    columns: HashMap<String, u32>,
    model: LinearModel,
}

impl LinearTagger {
    /// Fits the tags of the words of messages, each tag below `count`.
    pub fn fit<'a>(
        messages: impl IntoIterator<Item = (&'a [Word], &'a [u32])>,
        count: usize,
        seed: u64,
    ) -> Self {
        let (mut columns, mut rows, mut targets) = (HashMap::<String, u32>::new(), Vec::new(), Vec::new());
        for (words, tags) in messages {
            for (place, tag) in tags.iter().enumerate() {
                let named = surroundings(words, place).into_iter().map(|name| {
                    let next = columns.len() as u32;
                    (*columns.entry(name).or_insert(next), 1.0)
                });
                rows.push(unit(named.collect()));
                targets.push(*tag);
            }
        }
        let model = LinearModel::fit(&rows, &targets, count, columns.len(), seed);
        LinearTagger { columns, model }
    }

    /// The tag of each word.
    pub fn tags(&self, words: &[Word]) -> Vec<u32> {
        let tag = |place| {
            let names = surroundings(words, place).into_iter();
            let known = names.filter_map(|name| Some((*self.columns.get(&name)?, 1.0)));
            training::metrics::argmax(&self.model.scores(&unit(known.collect()))) as u32
        };
        (0..words.len()).map(tag).collect()
    }
}

fn surroundings(words: &[Word], place: usize) -> Vec<String> {
    let near = |offset: isize| -> &str {
        let place = place.checked_add_signed(offset);
        place
            .and_then(|place| words.get(place))
            .map_or("|", |word| &word.form)
    };
    let own = near(0);
    let start: String = own.chars().take(3).collect();
    let end: String = own.chars().skip(own.chars().count().saturating_sub(3)).collect();
    vec![
        format!("0 {own}"),
        format!("-1 {}", near(-1)),
        format!("+1 {}", near(1)),
        format!("-2 {}", near(-2)),
        format!("+2 {}", near(2)),
        format!("-10 {} {own}", near(-1)),
        format!("01 {own} {}", near(1)),
        format!("< {start}"),
        format!("> {end}"),
    ]
}
