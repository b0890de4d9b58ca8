//! A sample submission with the answers in it.

use std::collections::{BTreeMap, BTreeSet};

use super::error::few;
use super::{Form, Sample, SubmissionError};

/// A submission that is ready to be written and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// The table: the sample's header and ids in the sample's order, with the answers as values.
    pub csv: String,
    /// Ids that were answered but that no row asks for.
    pub extra: Vec<String>,
}

impl Sample {
    /// Puts the answers into the sample's rows. `answers` has, for each id as the sample writes it, the probability of
    /// each of the `classes`. Numbers are written in plain decimals, as exactly as they are known.
    ///
    /// # Errors
    /// Where a row has no answer (all such are counted, the first are named), an answer is not a probability for each
    /// class, or `form` is not one of this sample and these classes.
    pub fn fill(
        &self,
        form: &Form,
        classes: &[String],
        answers: &BTreeMap<String, Vec<f32>>,
    ) -> Result<Filled, SubmissionError> {
        self.check(form, classes)?;
        let missing: Vec<&str> = self.ids().filter(|id| !answers.contains_key(*id)).collect();
        if !missing.is_empty() {
            return Err(SubmissionError::Unanswered {
                path: self.table.path.clone(),
                missing: missing.len(),
                rows: self.table.rows.len(),
                first: few(missing.iter().take(5).copied()),
            });
        }
        let mut writer = csv::Writer::from_writer(Vec::new());
        let failed = |error: csv::Error| self.table.bad(0, format!("cannot be written out again: {error}"));
        writer.write_record(self.columns()).map_err(failed)?;
        for id in self.ids() {
            let answer = &answers[id];
            let sound = answer.iter().all(|probability| (0.0..=1.0).contains(probability));
            if !sound || answer.len() != classes.len() {
                return Err(SubmissionError::BadAnswer {
                    id: id.into(),
                    answer: answer.clone(),
                    classes: classes.len(),
                });
            }
            let values = cells(form, classes, answer);
            writer
                .write_record(std::iter::once(id.to_string()).chain(values))
                .map_err(failed)?;
        }
        let bytes = writer
            .into_inner()
            .map_err(|error| failed(error.into_error().into()))?;
        let asked: BTreeSet<&str> = self.ids().collect();
        let extra = answers.keys().filter(|id| !asked.contains(id.as_str()));
        Ok(Filled {
            csv: String::from_utf8_lossy(&bytes).into_owned(),
            extra: extra.cloned().collect(),
        })
    }

    /// Whether a form, which may have been given by hand, goes with the sample and the classes.
    fn check(&self, form: &Form, classes: &[String]) -> Result<(), SubmissionError> {
        let (columns, largest) = match form {
            Form::ProbabilityOf(class) | Form::Is(class) => (1, Some(*class)),
            Form::ClassName | Form::ClassNumber => (1, classes.len().checked_sub(1)),
            Form::ProbabilityOfEach(order) => (order.len(), order.iter().copied().max()),
        };
        let have = self.columns().len() - 1;
        if columns == have && largest.is_some_and(|class| class < classes.len()) {
            return Ok(());
        }
        let count = classes.len();
        let problem =
            format!("the form {form:?} does not go with {have} columns of values and {count} classes");
        Err(self.table.bad(1, problem))
    }
}

/// The values of a row.
fn cells(form: &Form, classes: &[String], answer: &[f32]) -> Vec<String> {
    // Of equals the first, so that the same answers are the same submission everywhere.
    let best = (0..answer.len()).fold(
        0,
        |best, class| if answer[class] > answer[best] { class } else { best },
    );
    match form {
        Form::ProbabilityOf(class) => vec![answer[*class].to_string()],
        Form::Is(class) => vec![u8::from(best == *class).to_string()],
        Form::ClassName => vec![classes[best].clone()],
        Form::ClassNumber => vec![best.to_string()],
        Form::ProbabilityOfEach(order) => order.iter().map(|&class| answer[class].to_string()).collect(),
    }
}
