//! Files of intents: what they may say, what is made of them, and that the test has other words and other values than training.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic, in its helpers too"
)]

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use datasets::DataError;
use datasets::intents::{CHINESE, ENGLISH, IntentFile, Line, Parts, Piece, Place, expand};

const SMALL: &str = "\u{feff}# for the reader
[save] put money aside
> {amount} is put aside.
? amount: How much?
put (aside|by|) {amount}
=1 from {from=account} to {to=account}, not back
#1 is what I want

[take]
=1 not from {from=account} to {to=account}, back
take it (all)

[values amount]
£5
[values account]
savings
card
[phrases]
unknown: What?
[out_of_scope near]
a loan?
";

fn parse(text: &str) -> Result<IntentFile, DataError> {
    IntentFile::parse(Path::new("mine.txt"), text)
}

fn parts(text: &str) -> Parts {
    expand(&parse(text).unwrap(), 1)
}

fn all(parts: &Parts) -> impl Iterator<Item = &Line> {
    parts.train.iter().chain(&parts.valid).chain(&parts.test)
}

#[test]
fn a_file_is_read_as_it_is_meant() {
    let file = parse(SMALL).unwrap();
    let [save, take] = &file.intents[..] else {
        panic!("{:?}", file.intents)
    };
    assert_eq!(
        (save.title.as_str(), take.title.as_str()),
        ("put money aside", "take")
    );
    assert_eq!(save.answers, ["{amount} is put aside."]);
    assert_eq!(save.questions, [("amount".to_string(), "How much?".to_string())]);
    assert_eq!(
        save.utterances.len(),
        3,
        "a # without a space behind it is no comment"
    );
    assert_eq!(
        save.utterances[1].details(),
        [("from", "account"), ("to", "account")]
    );
    assert_eq!(take.utterances[1].pieces, [Piece::Text("take it (all)".into())]);
    assert_eq!(file.phrases["unknown"], "What?");
    assert_eq!(file.out_of_scope, [("near".to_string(), "a loan?".to_string())]);
}

#[test]
fn what_makes_no_sense_is_named_with_its_line() {
    for (text, line, words) in [
        ("hello\n", 1, "before the first section"),
        ("[a]\nx\n[a]\ny\n", 3, "twice"),
        ("[a b]\nx\n", 1, "has a space"),
        ("[a\nx\n", 1, "not closed"),
        ("[a]\npay {amount\n", 2, "not closed"),
        ("[a]\npay amount}\n", 2, "not opened"),
        ("[a]\npay {}\n", 2, "names nothing"),
        ("[a]\npay {amount}\n[b]\nx\n", 2, "no list \"amount\""),
        ("[a]\n(x|(y|z))\n", 2, "within alternatives"),
        ("[a]\n> (x|y)\n", 2, "no alternatives"),
        ("[a]\n? amount\nx\n", 2, "colon"),
        ("[a]\n=p\n", 2, "no words"),
        ("[a]\n=p x\n[b]\ny\n", 2, "needs two"),
        ("[a]\n=p x\n=p y\n[b]\ny\n", 2, "two different intents"),
        ("[a]\nx\n[b]\ny\n[phrases]\nunknown\n", 6, "a phrase is written"),
        ("[a]\nx\n", 0, "nothing to tell apart"),
        ("[a]\nx\n[b]\n", 0, "no utterance"),
        ("[a]\n> {n} is paid.\nx\n[b]\ny\n", 0, "could never be given"),
        ("[a]\n? n: How many?\nx\n[b]\ny\n", 0, "which no utterance has"),
    ] {
        let error = parse(text).unwrap_err();
        let DataError::List { line: found, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(*found, line, "{text}: {error}");
        let error = error.to_string();
        assert!(
            error.contains("mine.txt") && error.contains(words),
            "{text}: {error}"
        );
    }
}

/// What a detail of a line says.
fn value(line: &Line, slot: &Place) -> String {
    let characters = line.text.chars().skip(slot.start);
    characters.take(slot.end - slot.start).collect()
}

#[test]
fn details_stand_where_it_is_said() {
    for line in all(&parts(SMALL)) {
        for slot in &line.slots {
            let value = value(line, slot);
            let values: &[&str] = if slot.name == "amount" {
                &["£5"]
            } else {
                &["savings", "card"]
            };
            assert!(values.contains(&value.as_str()), "{line:?}");
        }
        if let [from, to] = &line.slots[..] {
            assert!(from.end < to.start && line.text.contains("savings") && line.text.contains("card"));
        }
    }
}

/// The values of a part, by the list that they come from.
fn values(file: &IntentFile, lines: &[Line]) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::<String, BTreeSet<String>>::new();
    for line in lines {
        for slot in &line.slots {
            let value = value(line, slot);
            let known = |list: &&String| file.values[*list].contains(&value);
            let list = file
                .values
                .keys()
                .find(known)
                .unwrap_or_else(|| panic!("{value} is in no list"));
            found.entry(list.clone()).or_default().insert(value);
        }
    }
    found
}

/// What the design promises of both sets, for each language.
#[test]
fn both_banks_test_other_words_and_other_values_than_they_teach() {
    let mut names = Vec::new();
    for text in [ENGLISH, CHINESE] {
        let file = parse(text).unwrap();
        names.push(
            file.intents
                .iter()
                .map(|intent| intent.name.clone())
                .collect::<Vec<_>>(),
        );
        assert!(file.intents.len() >= 20);
        for intent in &file.intents {
            assert!(
                intent.utterances.len() >= 60,
                "{}: {}",
                intent.name,
                intent.utterances.len()
            );
            assert!(!intent.answers.is_empty(), "{} has no answer", intent.name);
        }
        let near = file
            .out_of_scope
            .iter()
            .filter(|(kind, _)| kind == "near")
            .count();
        assert!(file.out_of_scope.len() >= 300 && 2 * near >= file.out_of_scope.len());

        let parts = expand(&file, 1);
        let wordings = |lines: &[Line]| {
            lines
                .iter()
                .map(|line| line.wording.clone())
                .collect::<HashSet<_>>()
        };
        let (train, valid, test) = (
            wordings(&parts.train),
            wordings(&parts.valid),
            wordings(&parts.test),
        );
        assert!(train.is_disjoint(&test) && valid.is_disjoint(&test) && train.is_disjoint(&valid));
        let (train, test) = (values(&file, &parts.train), values(&file, &parts.test));
        for (list, test) in test {
            assert!(train[&list].is_disjoint(&test), "{list}");
        }
        // Pairs: whole, and of all intents that have some.
        let pairs = |lines: &[Line]| {
            lines
                .iter()
                .filter(|line| line.slice.as_deref() == Some("pairs"))
                .count()
        };
        assert!(pairs(&parts.test) >= 100, "{}", pairs(&parts.test));
        for name in &names[0] {
            let of = |lines: &[Line]| {
                lines
                    .iter()
                    .filter(|line| line.intent.as_ref() == Some(name))
                    .count()
            };
            assert!(of(&parts.train) >= 60 && of(&parts.test) >= 10, "{name}");
        }
        assert_eq!(parts.test, expand(&file, 1).test, "the same every time");
        assert_ne!(parts.test, expand(&file, 2).test);
    }
    assert_eq!(names[0], names[1], "the same intents in both languages");
}

#[test]
fn both_halves_of_a_pair_come_into_the_same_part() {
    let file = parse(ENGLISH).unwrap();
    let mut part_of = BTreeMap::<String, usize>::new();
    let parts = expand(&file, 1);
    for (part, lines) in [&parts.train, &parts.valid, &parts.test].into_iter().enumerate() {
        for line in lines {
            part_of.insert(format!("{:?} {}", line.intent, line.wording), part);
        }
    }
    let mut halves = BTreeMap::<&str, Vec<usize>>::new();
    for intent in &file.intents {
        for utterance in &intent.utterances {
            let (Some(pair), false) = (
                &utterance.pair,
                utterance
                    .pieces
                    .iter()
                    .any(|piece| matches!(piece, Piece::Choice(_))),
            ) else {
                continue;
            };
            let wording: String = utterance
                .pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(words) => words.clone(),
                    Piece::Detail { slot, .. } => format!("{{{slot}}}"),
                    Piece::Choice(_) => String::new(),
                })
                .collect();
            let part = part_of[&format!("{:?} {wording}", Some(&intent.name))];
            halves.entry(pair).or_default().push(part);
        }
    }
    assert!(halves.len() > 100);
    for (pair, parts) in halves {
        assert!(parts.iter().all(|part| *part == parts[0]), "{pair}: {parts:?}");
    }
}

#[test]
fn a_users_own_file_is_made_once_and_anew_when_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.txt");
    std::fs::write(&path, "[a]\nx\n[b]\ny\nz\nw\nv\n").unwrap();
    let open = || datasets::intents::open_file(&path, folder.path(), &|_, _, _| {});
    let (made, notes) = open().unwrap();
    assert!(notes.is_empty() && made.join("train.jsonl").is_file() && made.join("intents.txt").is_file());
    assert!(open().unwrap().1.is_empty());
    std::fs::write(&path, "[a]\nx\n[b]\nanother\n").unwrap();
    let (made, notes) = open().unwrap();
    assert!(notes[0].contains("made anew"), "{notes:?}");
    let train = std::fs::read_to_string(made.join("train.jsonl")).unwrap();
    assert!(train.contains("another"), "{train}");
    std::fs::write(&path, b"\xff\xfe").unwrap();
    assert!(open().unwrap_err().to_string().contains("mine.txt"));
}
