//! What a competition wants in each row.

use super::error::few;
use super::table::{class_named, folded, is_whole, number};
use super::{Sample, SubmissionError};

/// What a row's value is, or its values are. [`Sample::form`] decides it from the header and the sample's values; where
/// the competition's page says otherwise, give another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// One column: the probability of this class.
    ProbabilityOf(usize),
    /// One column: 1 where this class is the most probable, else 0.
    Is(usize),
    /// One column: the name of the most probable class.
    ClassName,
    /// One column: the number of the most probable class, counted from 0.
    ClassNumber,
    /// A column for each class, in this order: its probability.
    ProbabilityOfEach(Vec<usize>),
}

impl Sample {
    /// What this sample wants of each row:
    ///
    /// | the sample has | form |
    /// |---|---|
    /// | several columns, named as the classes | the probability of each, in the sample's order |
    /// | one column named as a class | the probability of that class |
    /// | one column of class names | the class name |
    /// | one column of whole numbers | the class number; with `positive`, 1 for that class and 0 for others |
    /// | one column of other numbers (0.5, 0.0) | the probability of `positive`; of two classes, else of the second |
    ///
    /// Names may differ in case, and in space, hyphen and underscore.
    ///
    /// # Errors
    /// Where the columns or values are not those of the classes, or nothing tells what they are.
    pub fn form(&self, classes: &[String], positive: Option<&str>) -> Result<Form, SubmissionError> {
        let table = &self.table;
        let all = few(classes.iter().map(String::as_str));
        let positive = match positive {
            None => None,
            Some(name) => Some(
                class_named(name, classes).ok_or_else(|| SubmissionError::NoClass {
                    name: name.into(),
                    classes: all.clone(),
                })?,
            ),
        };
        let [column] = table.value_columns() else {
            return self.each(classes);
        };
        if let Some(class) = class_named(column, classes) {
            return Ok(Form::ProbabilityOf(class));
        }
        // Rows that are left empty tell nothing.
        let rows: Vec<(u64, &str)> = table
            .rows
            .iter()
            .map(|row| (row.line, row.values[0].as_str()))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        if rows.is_empty() {
            let problem = format!(
                "the column {column:?} is empty, so nothing tells what belongs there; write a value as the competition \
                 wants it into one row"
            );
            return Err(table.bad(0, problem));
        }
        let numbers = rows.iter().all(|(_, value)| number(value).is_some());
        let no_class = rows
            .iter()
            .find(|(_, value)| class_named(value, classes).is_none());
        match no_class {
            // Classes may be called "0" to "9": then their names are numbers, and either form writes the same.
            None if !numbers || positive.is_none() => return Ok(Form::ClassName),
            Some((line, value)) if !numbers => {
                let problem = format!(
                    "{value:?} is none of the classes ({all}), nor is the column one of numbers; is this the sample of \
                     another competition?"
                );
                return Err(table.bad(*line, problem));
            }
            _ => {}
        }
        if rows.iter().all(|(_, value)| is_whole(value)) {
            if let Some(class) = positive {
                return Ok(Form::Is(class));
            }
            let beyond = |value: &str| {
                value
                    .parse()
                    .map_or(true, |number: usize| number >= classes.len())
            };
            return match rows.iter().find(|(_, value)| beyond(value)) {
                None => Ok(Form::ClassNumber),
                Some((line, value)) => {
                    let count = classes.len();
                    let problem =
                        format!("the class number {value} is beyond the {count} classes, counted from 0");
                    Err(table.bad(*line, problem))
                }
            };
        }
        match (positive, classes.len()) {
            (Some(class), _) => Ok(Form::ProbabilityOf(class)),
            (None, 2) => Ok(Form::ProbabilityOf(1)),
            (None, count) => {
                let problem = format!(
                    "wants one probability, column {column:?}, and there are {count} classes: say of which class (`--positive CLASS`), one of {all}"
                );
                Err(table.bad(1, problem))
            }
        }
    }

    /// A column for each class.
    fn each(&self, classes: &[String]) -> Result<Form, SubmissionError> {
        let columns = self.table.value_columns();
        let found: Vec<Option<usize>> = columns
            .iter()
            .map(|column| class_named(column, classes))
            .collect();
        let strange = columns.iter().zip(&found).filter(|(_, class)| class.is_none());
        let strange: Vec<&str> = strange.map(|(column, _)| column.as_str()).collect();
        let order: Vec<usize> = found.iter().copied().flatten().collect();
        let lacking: Vec<&str> = (0..classes.len())
            .filter(|class| !order.contains(class))
            .map(|class| classes[class].as_str())
            .collect();
        let twice = (1..columns.len()).find(|&at| {
            columns[..at]
                .iter()
                .any(|column| folded(column) == folded(&columns[at]))
        });
        let mut problems = Vec::new();
        if !strange.is_empty() {
            problems.push(format!("columns that are no class: {}", few(strange)));
        }
        if !lacking.is_empty() {
            problems.push(format!("classes without a column: {}", few(lacking)));
        }
        if let Some(at) = twice {
            problems.push(format!("{:?} has two columns", columns[at]));
        }
        match problems.is_empty() {
            true => Ok(Form::ProbabilityOfEach(order)),
            false => {
                let problem = format!(
                    "{}. A model answers a sample whose columns are its own classes",
                    problems.join("; ")
                );
                Err(self.table.bad(1, problem))
            }
        }
    }
}
