//! A submission against labels that were held back.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::path::Path;

use super::SubmissionError;
use super::error::few;
use super::measures::{area_under_curve, log_loss};
use super::table::{Row, Table, class_named, is_whole, number};

/// What a submission scores.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreReport {
    /// How many rows were scored: those that are in both tables.
    pub rows: usize,
    /// Labelled ids that the submission does not answer. A competition would refuse it.
    pub missing: Vec<String>,
    /// Ids of the submission that have no label.
    pub extra: Vec<String>,
    /// The share of rows whose most probable class is the true one.
    pub accuracy: f64,
    /// The mean of -ln p of the true class, p clipped at 1e-15, where the submission has probabilities.
    pub log_loss: Option<f64>,
    /// The area under the ROC curve, where there are two classes and both are among the labels.
    pub area_under_curve: Option<f64>,
}

impl fmt::Display for ScoreReport {
    /// One line of scores, then one for what is missing and one for what is too much.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows: accuracy {:.5}", self.rows, self.accuracy)?;
        if let Some(loss) = self.log_loss {
            write!(f, ", log loss {loss:.5}")?;
        }
        if let Some(area) = self.area_under_curve {
            write!(f, ", area under the ROC curve {area:.5}")?;
        }
        for (what, ids) in [
            ("not answered, and not scored", &self.missing),
            ("without a label", &self.extra),
        ] {
            if !ids.is_empty() {
                write!(
                    f,
                    "\n{} ids {what}: {}",
                    ids.len(),
                    few(ids.iter().map(String::as_str))
                )?;
            }
        }
        Ok(())
    }
}

/// Scores a submission against labels that were held back, a table whose first two columns are an id and a class: its
/// name or its number. `classes` tells which number is which class, in their order;
/// where it is not given, the classes are the submission's columns, or the names that occur, sorted.
///
/// Several columns are the probabilities of the classes that they are named after; each row is divided by its sum, as
/// Kaggle does. One column is a class name, a class number, or, if any value is written with a point, the probability of
/// the positive class, which is taken for the answer above 0.5: `positive`, else the class that the column is named
/// after, else the second of two.
///
/// # Errors
/// Where a table cannot be read, has an id twice, has values that are no class and no probability, or where no id is
/// in both tables.
pub fn score(
    submission: impl AsRef<Path>,
    labels: impl AsRef<Path>,
    classes: Option<&[String]>,
    positive: Option<&str>,
) -> Result<ScoreReport, SubmissionError> {
    let (submission, labels) = (Table::read(submission.as_ref())?, Table::read(labels.as_ref())?);
    let answers: HashMap<&str, &Row> = submission.rows.iter().map(|row| (row.id.as_str(), row)).collect();
    let labelled: BTreeSet<&str> = labels.rows.iter().map(|row| row.id.as_str()).collect();
    let pairs: Vec<(&Row, &Row)> = labels
        .rows
        .iter()
        .filter_map(|label| Some((*answers.get(label.id.as_str())?, label)))
        .collect();
    let missing = labels
        .rows
        .iter()
        .filter(|row| !answers.contains_key(row.id.as_str()));
    let extra = submission
        .rows
        .iter()
        .filter(|row| !labelled.contains(row.id.as_str()));
    let (missing, extra): (Vec<String>, Vec<String>) = (
        missing.map(|row| row.id.clone()).collect(),
        extra.map(|row| row.id.clone()).collect(),
    );
    if pairs.is_empty() {
        let problem = format!(
            "none of its ids ({}) is among the labels of {} ({})",
            few(extra.iter().map(String::as_str)),
            labels.path.display(),
            few(missing.iter().map(String::as_str))
        );
        return Err(submission.bad(0, problem));
    }
    let classes = known_classes(&submission, &labels, classes);
    let judge = Judge {
        positive: positive_class(&submission, &classes, positive)?,
        classes,
        submission: &submission,
        labels: &labels,
    };
    let (right, of_truth, ranked) = judge.all(&pairs)?;
    Ok(ScoreReport {
        rows: pairs.len(),
        missing,
        extra,
        accuracy: right as f64 / pairs.len() as f64,
        log_loss: of_truth.map(|of_truth| log_loss(&of_truth)),
        area_under_curve: area_under_curve(&ranked),
    })
}

/// The classes that are given; else the submission's columns, where they are several; else the names that occur.
fn known_classes(submission: &Table, labels: &Table, classes: Option<&[String]>) -> Vec<String> {
    if let Some(classes) = classes {
        return classes.to_vec();
    }
    if submission.value_columns().len() > 1 {
        return submission.value_columns().to_vec();
    }
    let names: BTreeSet<&str> = labels.first_values().collect();
    if names.iter().all(|name| is_whole(name)) {
        // Numbers count from 0; those of a probability, or of one class alone, are 0 and 1.
        let both = submission.first_values().chain(labels.first_values());
        let largest = both
            .filter(|value| is_whole(value))
            .filter_map(|value| value.parse::<u16>().ok())
            .max();
        return (0..=largest.unwrap_or(1).max(1))
            .map(|number| number.to_string())
            .collect();
    }
    let mut names = names;
    names.extend(submission.first_values().filter(|value| number(value).is_none()));
    names.into_iter().map(String::from).collect()
}

/// The class whose probability a single column has: the one that is asked for, else the one that the column is named
/// after, else the second.
fn positive_class(
    submission: &Table,
    classes: &[String],
    asked: Option<&str>,
) -> Result<usize, SubmissionError> {
    let Some(asked) = asked else {
        let of_column = submission.value_columns().first();
        return Ok(of_column
            .and_then(|column| class_named(column, classes))
            .unwrap_or(1));
    };
    class_named(asked, classes).ok_or_else(|| {
        let problem = format!("{asked:?} is none of the classes: {}", classes.join(", "));
        submission.bad(0, problem)
    })
}

struct Judge<'a> {
    classes: Vec<String>,
    /// The class whose probability a single column has.
    positive: usize,
    submission: &'a Table,
    labels: &'a Table,
}

/// How many answers are right, the probabilities of the true classes, and each row's score with whether it is positive.
type Judged = (usize, Option<Vec<f64>>, Vec<(f64, bool)>);

impl Judge<'_> {
    fn all(&self, pairs: &[(&Row, &Row)]) -> Result<Judged, SubmissionError> {
        let (mut right, mut of_truth, mut ranked) = (0, Vec::new(), Vec::new());
        let columns = self.columns()?;
        let probability = columns.is_none() && self.submission.first_values().any(is_probability);
        if probability && self.classes.len() != 2 {
            let problem = format!(
                "has one probability a row, which tells two classes apart, not {}",
                self.classes.len()
            );
            return Err(self.submission.bad(1, problem));
        }
        for (answer, label) in pairs {
            let truth = self.class(self.labels, label)?;
            let probabilities = match &columns {
                Some(columns) => self.each(answer, columns)?,
                None if probability => {
                    let positive = self.probability(answer, &answer.values[0])?;
                    if positive > 1.0 {
                        let problem = format!("{positive} is no probability; they go from 0 to 1");
                        return Err(self.submission.bad(answer.line, problem));
                    }
                    let mut both = vec![1.0 - positive; 2];
                    both[self.positive] = positive;
                    both
                }
                None => {
                    let class = self.class(self.submission, answer)?;
                    (0..self.classes.len())
                        .map(|other| f64::from(u8::from(other == class)))
                        .collect()
                }
            };
            let best = (0..probabilities.len()).fold(0, |best, class| {
                if probabilities[class] > probabilities[best] {
                    class
                } else {
                    best
                }
            });
            right += usize::from(best == truth);
            of_truth.push(probabilities[truth]);
            if let [_, positive] = probabilities.as_slice() {
                ranked.push((*positive, truth == 1));
            }
        }
        let of_truth = (probability || columns.is_some()).then_some(of_truth);
        Ok((right, of_truth, ranked))
    }

    /// The class of each column, where there are several.
    fn columns(&self) -> Result<Option<Vec<usize>>, SubmissionError> {
        let names = self.submission.value_columns();
        if names.len() == 1 {
            return Ok(None);
        }
        let classes: Option<Vec<usize>> = names
            .iter()
            .map(|name| class_named(name, &self.classes))
            .collect();
        let distinct = classes.iter().flatten().collect::<BTreeSet<_>>().len();
        match classes.filter(|_| distinct == names.len() && distinct == self.classes.len()) {
            Some(classes) => Ok(Some(classes)),
            None => {
                let (names, classes) = (
                    names.iter().map(String::as_str),
                    self.classes.iter().map(String::as_str),
                );
                let problem = format!(
                    "its columns ({}) are not the classes ({})",
                    few(names),
                    few(classes)
                );
                Err(self.submission.bad(1, problem))
            }
        }
    }

    /// The probabilities of the classes in a row of several columns.
    fn each(&self, row: &Row, columns: &[usize]) -> Result<Vec<f64>, SubmissionError> {
        let mut probabilities = vec![0.0; self.classes.len()];
        for (value, &class) in row.values.iter().zip(columns) {
            probabilities[class] = self.probability(row, value)?;
        }
        let sum: f64 = probabilities.iter().sum();
        if sum <= 0.0 {
            return Err(self
                .submission
                .bad(row.line, "all its probabilities are 0".into()));
        }
        probabilities
            .iter_mut()
            .for_each(|probability| *probability /= sum);
        Ok(probabilities)
    }

    fn probability(&self, row: &Row, value: &str) -> Result<f64, SubmissionError> {
        number(value).filter(|number| *number >= 0.0).ok_or_else(|| {
            let problem = format!("{value:?} is no probability; write a number from 0 to 1");
            self.submission.bad(row.line, problem)
        })
    }

    /// The class that the first value of a row names, or whose number it is.
    fn class(&self, table: &Table, row: &Row) -> Result<usize, SubmissionError> {
        let value = row.values[0].as_str();
        let by_number = || {
            value
                .parse()
                .ok()
                .filter(|number| is_whole(value) && *number < self.classes.len())
        };
        class_named(value, &self.classes)
            .or_else(by_number)
            .ok_or_else(|| {
                let names = few(self.classes.iter().map(String::as_str));
                let problem = format!(
                    "{value:?} is none of the classes ({names}) and no number of one, counted from 0"
                );
                table.bad(row.line, problem)
            })
    }
}

/// A number that is not the number of a class.
fn is_probability(value: &str) -> bool {
    number(value).is_some() && !is_whole(value)
}
