//! Submissions: read, filled, scored, and in the sample's order however the files were read.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic, in its helpers too"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use candle_core::{Device, Tensor};
use rand::{RngCore, seq::SliceRandom};
use tempfile::TempDir;
use training::submission::{Form, Sample, ScoreReport, SubmissionError, score};
use training::{Batches, Dataset, Labelled, Pass};

/// A file of this content; the folder goes when it is dropped.
fn file(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn read(text: &str) -> Result<Sample, SubmissionError> {
    let (_folder, path) = file(text);
    Sample::read(path)
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}

fn answers(rows: &[(&str, &[f32])]) -> BTreeMap<String, Vec<f32>> {
    rows.iter()
        .map(|(id, answer)| (id.to_string(), answer.to_vec()))
        .collect()
}

fn scored(submission: &str, labels: &str, classes: Option<&[&str]>) -> Result<ScoreReport, SubmissionError> {
    let ((_a, submission), (_b, labels)) = (file(submission), file(labels));
    score(submission, labels, classes.map(names).as_deref(), None)
}

#[track_caller]
fn refused<T>(result: Result<T, SubmissionError>, words: &[&str]) {
    let message = result.map(|_| ()).expect_err("should be refused").to_string();
    for word in words {
        assert!(message.contains(word), "{word:?} is not in {message:?}");
    }
}

#[test]
fn every_form_is_told_by_header_and_values_and_filled_in_the_samples_order() {
    let two = names(&["cat", "dog"]);
    let given = answers(&[("007", &[0.25, 0.75]), ("7", &[1.0, 1e-10]), ("a,b", &[0.5, 0.5])]);
    let cases: [(&str, Option<&str>, Form, &str); 9] = [
        (
            "id,label\n7,0.5\n007,0.5\n",
            None,
            Form::ProbabilityOf(1),
            "id,label\n7,0.0000000001\n007,0.75\n",
        ),
        (
            "id,label\n007,0.0\n7,0.0\n",
            Some("Cat"),
            Form::ProbabilityOf(0),
            "id,label\n007,0.25\n7,1\n",
        ),
        (
            "id,Cat\n007,0\n",
            None,
            Form::ProbabilityOf(0),
            "id,Cat\n007,0.25\n",
        ),
        (
            "id,label\n007,0\n7,0\n",
            None,
            Form::ClassNumber,
            "id,label\n007,1\n7,0\n",
        ),
        (
            "id,label\n007,0\n7,0\n",
            Some("cat"),
            Form::Is(0),
            "id,label\n007,0\n7,1\n",
        ),
        (
            "\u{feff}id,label\r\n007,cat\r\n7, cat\r\n",
            None,
            Form::ClassName,
            "id,label\n007,dog\n7,cat\n",
        ),
        (
            "id,label\n\"a,b\",dog\n7,\n",
            None,
            Form::ClassName,
            "id,label\n\"a,b\",cat\n7,cat\n",
        ),
        (
            "\"id\",\"dog\",\"cat\"\n007,0,0\n",
            None,
            Form::ProbabilityOfEach(vec![1, 0]),
            "id,dog,cat\n007,0.75,0.25\n",
        ),
        (
            "Id,DOG,CAT\n7,0.5,0.5\n007,0.5,0.5\n",
            None,
            Form::ProbabilityOfEach(vec![1, 0]),
            "Id,DOG,CAT\n7,0.0000000001,1\n007,0.75,0.25\n",
        ),
    ];
    for (text, positive, form, csv) in cases {
        let sample = read(text).unwrap();
        assert_eq!(sample.form(&two, positive).unwrap(), form, "{text}");
        let filled = sample.fill(&form, &two, &given).unwrap();
        assert_eq!(filled.csv, csv);
        assert_eq!(filled.extra.len(), 3 - sample.ids().len());
    }
    let dogs = names(&["golden retriever", "pug"]);
    let sample = read("id,pug,Golden_Retriever\n1,0,0\n").unwrap();
    assert_eq!(
        sample.form(&dogs, None).unwrap(),
        Form::ProbabilityOfEach(vec![1, 0])
    );
}

#[test]
fn samples_that_do_not_go_with_the_classes_are_refused() {
    let three = names(&["a", "b", "c"]);
    let form = |text: &str, positive| read(text).unwrap().form(&three, positive);
    refused(
        form("id,label\n1,0.5\n", None),
        &["line 1", "one probability", "3 classes", "\"a\", \"b\", \"c\""],
    );
    refused(form("id,label\n1,0.5\n", Some("d")), &["no class \"d\""]);
    refused(
        form("id,label\n1,a\n2,zebra\n", None),
        &["line 3", "\"zebra\" is none of the classes"],
    );
    refused(
        form("id,label\n1,2\n2,3\n", None),
        &["line 3", "class number 3 is beyond the 3 classes"],
    );
    refused(form("id,label\n1,\n2,\n", None), &["\"label\" is empty"]);
    refused(
        form("id,a,b,x\n1,0,0,0\n", None),
        &["no class: \"x\"", "without a column: \"c\""],
    );
    refused(form("id,a,b,c,A\n1,0,0,0,0\n", None), &["\"A\" has two columns"]);

    refused(
        read("id,label\n1,0\n2,0\n1,0\n"),
        &["table.csv, line 4", "\"1\" is on line 2 already"],
    );
    refused(
        read("id,label\n1,0\n2\n"),
        &["line 3", "1 cells where the header has 2"],
    );
    refused(read("id\n1\n"), &["line 1", "at least one of values"]);
    refused(read("id,label\n"), &["no row"]);
    refused(read("id,label\n,1\n"), &["line 2", "no id"]);
    refused(
        Sample::read("nowhere.csv"),
        &["cannot read nowhere.csv", "spelling"],
    );

    let sample = read("id,label\n1,a\n2,a\n3,a\n").unwrap();
    let fill = |rows: &[(&str, &[f32])]| sample.fill(&Form::ClassName, &three, &answers(rows));
    refused(
        fill(&[("2", &[1.0, 0.0, 0.0])]),
        &["2 of 3 rows", "\"1\", \"3\"", "the file's name"],
    );
    let good: (&str, &[f32]) = ("1", &[1.0, 0.0, 0.0]);
    refused(
        fill(&[good, ("2", &[f32::NAN, 0.0, 1.0]), ("3", good.1)]),
        &["\"2\"", "NaN"],
    );
    refused(
        fill(&[good, ("2", good.1), ("3", &[1.0])]),
        &["\"3\"", "not 3 probabilities"],
    );
    let form = Form::ProbabilityOfEach(vec![0, 1]);
    refused(
        sample.fill(&form, &three, &answers(&[])),
        &["does not go with 1 columns"],
    );
}

#[test]
fn ids_find_their_files_with_or_without_folder_and_extension() {
    let matched = |ids: &[&str], files: &[&str]| {
        let rows: String = ids.iter().map(|id| format!("{id},0\n")).collect();
        read(&format!("id,label\n{rows}")).unwrap().match_files(files)
    };
    let files = ["test/10.jpg", "test/007.jpg", "test/7.jpg", "test/1.jpg"];
    for ids in [
        ["7", "007", "1"],
        ["7.jpg", "007.jpg", "1.jpg"],
        ["test/7.jpg", "test/007.jpg", "./test/1"],
    ] {
        let found = matched(&ids, &files).unwrap();
        assert_eq!(
            (found.rows, found.extra),
            (vec![Some(2), Some(1), Some(3)], vec![0]),
            "{ids:?}"
        );
    }
    let found = matched(&["deep/test/7.jpg", "8"], &["7.jpg", "9.jpg"]).unwrap();
    assert_eq!((found.rows, found.extra), (vec![Some(0), None], vec![1]));
    assert_eq!(
        matched(&["a/7.jpg"], &["b/7.jpg"]).unwrap().rows,
        [None],
        "never by name alone across folders"
    );
    assert_eq!(
        matched(&["1.jpg"], &["1.jpg.png", "1.jpg"]).unwrap().rows,
        [Some(1)]
    );
    assert_eq!(
        matched(&["1.jpg"], &["1.jpg", "old/1.jpg"]).unwrap().rows,
        [Some(0)]
    );
    refused(
        matched(&["1"], &["1.jpg", "1.png"]),
        &["the id \"1\"", "\"1.jpg\", \"1.png\"", "rename"],
    );
    refused(
        matched(&["1.jpg"], &["a/1.jpg", "b/1.jpg"]),
        &["a/1.jpg", "b/1.jpg"],
    );
    refused(
        matched(&["1", "1.jpg"], &["1.jpg"]),
        &["the file \"1.jpg\"", "\"1\" and \"1.jpg\""],
    );
}

#[test]
fn scores_are_those_of_the_competitions() {
    let near =
        |found: Option<f64>, expected: f64| assert!((found.unwrap() - expected).abs() < 1e-12, "{found:?}");
    // Against numbers computed in Python. One certain mistake, clipped at 1e-15; 0.5 is no yes.
    let labels = "id,label\n1,dog\n2,cat\n3,dog\n4,dog\n";
    let submission = "id,label\n4,0.0\n3,0.5\n2,0.2\n1,0.9\n";
    for (labels, classes) in [
        (labels, Some(&["cat", "dog"][..])),
        (labels, None),
        ("id,label\n1,1\n2,0\n3,1\n4,1\n", None),
    ] {
        let report = scored(submission, labels, classes).unwrap();
        assert_eq!((report.rows, report.accuracy), (4, 0.5));
        near(report.log_loss, LOSS_OF_TWO);
        near(report.area_under_curve, 2.0 / 3.0);
    }
    // Several columns, in another order than the classes, not summing to one.
    let submission = "id,c,a,b\nx,.5,.2,.3\ny,1,2,1\nz,.6,0,.4\n";
    for labels in [
        "id,class,Usage\nx,c,Public\ny,A,Private\nz,b,Public\n",
        "id,class\nz,1\nx,2\ny,0\n",
    ] {
        let report = scored(submission, labels, Some(&["a", "b", "c"])).unwrap();
        assert_eq!((report.accuracy, report.area_under_curve), (2.0 / 3.0, None));
        near(report.log_loss, LOSS_OF_THREE);
    }
    // Class names and numbers are no probabilities.
    for (submission, labels) in [
        ("id,l\n1,dog\n2,dog\n", "id,l\n1,1\n2,0\n"),
        ("id,l\n1,1\n2,1\n", "id,l\n1,dog\n2,cat\n"),
    ] {
        let report = scored(submission, labels, Some(&["cat", "dog"])).unwrap();
        assert_eq!((report.accuracy, report.log_loss), (0.5, None));
    }
    let report = scored("id,l\n1,a\n2,b\n9,b\n", "id,l\n1,a\n2,a\n007,b\n", None).unwrap();
    assert_eq!((report.rows, report.accuracy), (2, 0.5));
    assert_eq!(
        (report.missing.as_slice(), report.extra.as_slice()),
        (&["007".to_string()][..], &["9".to_string()][..])
    );
    let text = report.to_string();
    assert!(
        text.contains("2 rows: accuracy 0.50000")
            && text.contains("1 ids not answered, and not scored: \"007\""),
        "{text}"
    );

    refused(
        scored("id,l\n1,a\n1,b\n", "id,l\n1,a\n", None),
        &["line 3", "on line 2 already"],
    );
    refused(
        scored("id,l\n1,a\n", "id,l\n2,a\n", None),
        &["none of its ids (\"1\")", "(\"2\")"],
    );
    refused(
        scored("id,l\n1,a\n", "id,l\n1,z\n", Some(&["a", "b"])),
        &["line 2", "\"z\" is none of the classes"],
    );
    refused(
        scored("id,l\n1,1.5\n", "id,l\n1,1\n", None),
        &["line 2", "1.5 is no probability"],
    );
    refused(
        scored("id,l\n1,-0.5\n", "id,l\n1,1\n", None),
        &["\"-0.5\" is no probability"],
    );
    refused(
        scored("id,a,b\n1,0,0\n", "id,l\n1,a\n", None),
        &["line 2", "are 0"],
    );
    refused(
        scored("id,a,x\n1,0,1\n", "id,l\n1,a\n", Some(&["a", "b"])),
        &["\"x\"", "are not the classes"],
    );
    refused(
        scored("id,l\n1,0.5\n", "id,l\n1,a\n", Some(&["a", "b", "c"])),
        &["one probability a row"],
    );
}

const LOSS_OF_TWO: f64 = 8.890106910610667;
const LOSS_OF_THREE: f64 = 0.7675283643313485;

/// Files that take a random time to read; what is in one is a function of its name.
struct Slow {
    files: Vec<String>,
}

fn picture(file: &str) -> f32 {
    nn::random(1, file).next_u32() as f32 / u32::MAX as f32
}

impl Dataset for Slow {
    type Batch = Labelled;

    fn len(&self) -> usize {
        self.files.len()
    }

    fn batch(&self, indices: &[usize], _pass: Pass) -> anyhow::Result<Labelled> {
        for &index in indices {
            let wait = nn::random(2, &self.files[index]).next_u64() % 1500;
            std::thread::sleep(Duration::from_micros(wait));
        }
        let inputs: Vec<f32> = indices.iter().map(|&index| picture(&self.files[index])).collect();
        let places: Vec<u32> = indices.iter().map(|&index| index as u32).collect();
        Ok(Labelled {
            inputs: Tensor::new(inputs, &Device::Cpu)?,
            targets: Tensor::new(places, &Device::Cpu)?,
        })
    }
}

#[test]
fn the_samples_order_survives_files_that_are_read_shuffled_on_many_threads() {
    let classes = names(&["cat", "dog"]);
    let ids: Vec<String> = (1..=300).map(|number| number.to_string()).collect();
    for seed in 0..5 {
        // The sample's order, the order of the files in the folder and the order of reading are all different.
        let (mut asked, mut files) = (
            ids.clone(),
            ids.iter().map(|id| format!("test/{id}.jpg")).collect::<Vec<_>>(),
        );
        asked.shuffle(&mut nn::random(seed, "sample"));
        files.shuffle(&mut nn::random(seed, "folder"));
        let rows: String = asked.iter().map(|id| format!("{id},0.5\n")).collect();
        let sample = read(&format!("id,label\n{rows}")).unwrap();
        let form = sample.form(&classes, None).unwrap();

        let one_by_one = asked
            .iter()
            .map(|id| format!("{id},{}\n", picture(&format!("test/{id}.jpg"))));
        let expected = format!("id,label\n{}", one_by_one.collect::<String>());

        let matched = sample.match_files(&files).unwrap();
        let id_of: BTreeMap<usize, &str> = matched.pairs(&sample).map(|(id, file)| (file, id)).collect();
        let data = Arc::new(Slow { files });
        let shuffled = Pass {
            seed,
            epoch: 0,
            train: true,
        };
        let mut answers = BTreeMap::new();
        let mut visited = Vec::new();
        for batch in Batches::new(&data, 7, shuffled, 0, None) {
            let batch = batch.unwrap();
            let (inputs, places) = (
                batch.inputs.to_vec1::<f32>().unwrap(),
                batch.targets.to_vec1::<u32>().unwrap(),
            );
            for (dog, place) in inputs.into_iter().zip(places) {
                visited.push(place);
                answers.insert(id_of[&(place as usize)].to_string(), vec![1.0 - dog, dog]);
            }
        }
        assert!(
            visited.len() == 300 && !visited.is_sorted(),
            "all are read, and not in order"
        );
        assert_eq!(
            sample.fill(&form, &classes, &answers).unwrap().csv,
            expected,
            "seed {seed}"
        );
    }
}
