//! Answers a competition: its test pictures in, a table of answers in the order of its sample submission out.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::{Result, ensure};
use training::{
    DeviceChoice,
    submission::{self, Form, Sample},
};

use crate::predict::Eye;

/// Answer a competition: a table in the row order of its sample submission
#[derive(clap::Args)]
pub struct Submit {
    /// The folder of test pictures
    #[arg(long, value_name = "DIR")]
    test: PathBuf,
    /// The competition's sample submission: its ids are pictures' names, its columns say what is wanted
    #[arg(long, value_name = "CSV")]
    sample: PathBuf,
    /// The class whose probability a single column wants [default: the second of two]
    #[arg(long, value_name = "CLASS")]
    positive: Option<String>,
    /// Where to write the answers
    #[arg(long, default_value = "submission.csv", value_name = "CSV")]
    out: PathBuf,
    /// The run folder of a trained model [default: the newest]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
}

/// Score a submission against labels that were held back
#[derive(clap::Args)]
pub struct Score {
    /// The answers
    submission: PathBuf,
    /// The truth: a table of id and class
    labels: PathBuf,
    /// The class whose probability a single column has [default: the one that the column is named after, else the
    /// second of two]
    #[arg(long, value_name = "CLASS")]
    positive: Option<String>,
}

pub fn submit(arguments: &Submit) -> Result<()> {
    let eye = Eye::open(arguments.model.as_deref(), arguments.device)?;
    let classes = &eye.about.classes;
    let sample = Sample::read(&arguments.sample)?;
    let form = sample.form(classes, arguments.positive.as_deref())?;
    let files = datasets::files_in(&arguments.test, &vision::EXTENSIONS)?;
    let names: Vec<String> = files
        .iter()
        .map(|file| {
            file.strip_prefix(&arguments.test)
                .unwrap_or(file)
                .to_string_lossy()
                .replace('\\', "/")
        })
        .collect();
    ensure!(
        !files.is_empty(),
        "{} holds no picture ({}): --test wants the folder of test pictures",
        arguments.test.display(),
        vision::EXTENSIONS.join(", ")
    );
    let matched = sample.match_files(&names)?;
    // A sample that asks for other pictures is told of now, not after all have been looked at.
    let equal = vec![1.0 / classes.len() as f32; classes.len()];
    let blank = matched
        .pairs(&sample)
        .map(|(id, _)| (id.to_string(), equal.clone()));
    sample.fill(&form, classes, &blank.collect())?;
    let mut answers = BTreeMap::new();
    let wanted: Vec<(&str, usize)> = matched.pairs(&sample).collect();
    for some in wanted.chunks(crate::predict::BATCH) {
        let paths: Vec<PathBuf> = some.iter().map(|(_, file)| files[*file].clone()).collect();
        for ((id, _), answer) in some.iter().zip(eye.look(&paths)?) {
            let probabilities = match answer {
                Ok(answer) => answer.probabilities,
                // A competition wants every row: what cannot be seen may be anything.
                Err(error) => {
                    eprintln!("{error:#}: answered with equal shares");
                    equal.clone()
                }
            };
            answers.insert(id.to_string(), probabilities);
        }
    }
    let filled = sample.fill(&form, classes, &answers)?;
    training::write_whole(&arguments.out, filled.csv.as_bytes())?;
    training::say(format!(
        "{} rows in {}: {}",
        sample.ids().len(),
        arguments.out.display(),
        written(&form, classes)
    ));
    if !matched.extra.is_empty() {
        training::say(format!(
            "note: {} pictures are in no row of the sample",
            matched.extra.len()
        ));
    }
    Ok(())
}

/// What a submission holds, so that nobody sends class numbers where probabilities are wanted.
fn written(form: &Form, classes: &[String]) -> String {
    let all = classes.join(", ");
    match form {
        Form::ProbabilityOf(class) => format!(
            "the probability of {:?} (--positive names another)",
            classes[*class]
        ),
        Form::Is(class) => format!(
            "1 for {:?}, 0 for others, as the sample has whole numbers",
            classes[*class]
        ),
        Form::ClassName => "class names".into(),
        Form::ClassNumber => format!(
            "class numbers from 0 ({all}), as the sample has whole numbers. If probabilities are wanted, write 0.5 into the \
             sample"
        ),
        Form::ProbabilityOfEach(_) => "the probability of each class".into(),
    }
}

pub fn score(arguments: &Score) -> Result<()> {
    let positive = arguments.positive.as_deref();
    let report = submission::score(&arguments.submission, &arguments.labels, None, positive)?;
    training::say(report);
    Ok(())
}
