//! The layouts of labelled messages: read as they should be, mended and told of, refused with a line where they contradict themselves.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use text::{Corpus, Message, TextError, open};

/// Files of a folder for a test.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn read(files: &[(&str, &str)]) -> Corpus {
    open(folder(files).path(), 1).unwrap()
}

fn values(message: &Message) -> Vec<(&str, &str)> {
    message
        .slots
        .iter()
        .map(|slot| (slot.name.as_str(), message.value(slot)))
        .collect()
}

fn noted(corpus: &Corpus, words: &str) -> bool {
    corpus.notes.iter().any(|note| note.contains(words))
}

const GOO: [(&str, &str); 6] = [
    (
        "train/seq.in",
        "fly to new york please\nfares from boston\nfly to new york please\nfares from boston\n",
    ),
    (
        "train/seq.out",
        "O O B-city I-city O\nO O B-city\nO O B-city I-city O\nO O B-city\n",
    ),
    ("train/label", "flight\nfare\nflight\nfare\n"),
    ("test/seq.in", "york or boston\n"),
    ("test/seq.out", "B-city O B-city\n"),
    ("test/label", "flight\n"),
];

#[test]
fn three_files_a_part() {
    let corpus = read(&GOO);
    assert_eq!(corpus.intents, ["fare", "flight"]);
    let first = corpus
        .train
        .iter()
        .chain(&corpus.valid)
        .find(|m| m.text.starts_with("fly"))
        .unwrap();
    assert_eq!(
        (first.text.as_str(), values(first)),
        ("fly to new york please", vec![("city", "new york")])
    );
    assert_eq!(values(&corpus.test[0]), [("city", "york"), ("city", "boston")]);
    let mut broken = GOO;
    broken[1].1 = "O O B-city\nO O B-city\nO O O O O\nO O O\n";
    let error = open(folder(&broken).path(), 1).unwrap_err();
    assert!(matches!(error, TextError::Line { line: 1, .. }), "{error}");
    assert!(error.to_string().contains("3 tags for 5 words"), "{error}");
    broken[1].1 = "O\n";
    assert!(
        open(folder(&broken).path(), 1)
            .unwrap_err()
            .to_string()
            .contains("4 lines, seq.out 1")
    );
}

#[test]
fn one_json_file_with_parts_and_messages_out_of_scope() {
    let text = r#"{"train": [["hi", "greet"], ["bye", "leave"]], "oos_train": [["rain?", "oos"]],
        "val": [["hello", "greet"]], "oos_val": [["snow?", "oos"]], "test": [["ciao", "leave"]], "oos_test": [["wind?", "oos"]]}"#;
    let corpus = read(&[("data_full.json", text)]);
    assert_eq!(
        (corpus.train.len(), corpus.valid.len(), corpus.test.len()),
        (3, 2, 2)
    );
    assert_eq!((&corpus.train[2].intent, &corpus.test[1].intent), (&None, &None));
    assert_eq!(corpus.intents, ["greet", "leave"]);
    let note = "out of scope are 1 training, 1 validation and 1 test messages";
    assert!(noted(&corpus, note), "{:?}", corpus.notes);
    let broken = folder(&[("data_full.json", "{\"train\": [[\"hi\", \"greet\"],\n [\"hi\"]]}")]);
    let error = open(broken.path(), 1).unwrap_err();
    assert!(matches!(error, TextError::Line { line: 2, .. }), "{error}");
}

#[test]
fn a_folder_for_each_intent_with_pieces() {
    let piece = |intent: &str, text: &str| {
        format!(r#"{{"{intent}": [{{"data": {text}}}, {{"data": [{{"text": "once more"}}]}}]}}"#)
    };
    let play = piece(
        "Play",
        r#"[{"text": "play "}, {"text": " jazz ", "entity": "genre"}, {"text": "now"}]"#,
    );
    let rate = piece("Rate", r#"[{"text": "five stars"}]"#);
    let corpus = read(&[
        ("Play/train_Play.json", "not read, for there is a fuller one"),
        ("Play/train_Play_full.json", &play),
        ("Play/validate_Play.json", &play),
        ("Rate/train_Rate.json", &rate),
        ("LICENSE", "free"),
    ]);
    assert_eq!(corpus.intents, ["Play", "Rate"]);
    assert_eq!(
        (corpus.test[0].text.as_str(), values(&corpus.test[0])),
        ("play  jazz now", vec![("genre", "jazz")])
    );
}

#[test]
fn tables_with_quotes_and_tabs() {
    let rows = "text,category\n\"Where is it, please?\",where\nlost,lost\nwhere,where\ngone,lost\n";
    let corpus = read(&[("train.csv", rows), ("test.csv", rows)]);
    assert!(
        corpus
            .train
            .iter()
            .chain(&corpus.valid)
            .any(|m| m.text == "Where is it, please?")
    );
    assert!(
        noted(&corpus, "also in training, word for word"),
        "{:?}",
        corpus.notes
    );
    let tabs = folder(&[(
        "mine.tsv",
        "label\tmessage\na\tone two\nb\tthree\na\tfour\nb\tfive\n",
    )]);
    assert_eq!(open(tabs.path().join("mine.tsv"), 1).unwrap().intents, ["a", "b"]);
    let error = open(folder(&[("train.csv", "words,kind\nhello,a\n")]).path(), 1).unwrap_err();
    assert!(
        error.to_string().contains("line 1: the columns are words, kind"),
        "{error}"
    );
}

#[test]
fn lines_of_json_count_characters() {
    let lines = r#"{"text": "往储蓄转500元", "intent": "save", "slots": [{"name": "amount", "start": 4, "end": 8}]}
{"text": "hello", "label": "greet"}
{"text": "what?", "intent": null}
{"text": "bye", "label": "greet"}
"#;
    let corpus = read(&[
        ("train.jsonl", lines),
        ("valid.jsonl", lines),
        ("test.jsonl", lines),
    ]);
    assert_eq!(values(&corpus.train[0]), [("amount", "500元")]);
    assert_eq!((corpus.train.len(), corpus.test.len()), (4, 4));
    for (line, problem) in [
        ("{\"text\": \"a\"", "line 5: this is not the JSON of a message"),
        (
            r#"{"text": "ab", "intent": "x", "slots": [{"name": "s", "start": 1, "end": 5}]}"#,
            "line 5: the slot s is said to be from character 1 to 5",
        ),
        (
            r#"{"text": "ab", "intent": "x", "slots": [{"name": "s", "start": 1, "end": 1}]}"#,
            "line 5",
        ),
        (r#"{"intent": "x"}"#, "missing field `text`"),
    ] {
        let broken = folder(&[("train.jsonl", &format!("{lines}{line}\n"))]);
        let error = open(broken.path(), 1).unwrap_err().to_string();
        assert!(
            error.contains(problem) && error.contains("train.jsonl"),
            "{error}"
        );
    }
}

#[test]
fn what_cannot_be_taught_is_mended_and_told() {
    let lines = r#"{"text": "pay Anna 20", "intent": "pay", "slots": [{"name": "all", "start": 0, "end": 11}, {"name": "amount", "start": 9, "end": 11}]}
{"text": " \t\u0000", "intent": "pay"}
{"text": "pay up", "intent": "pay"}
{"text": "stop", "intent": "stop"}
"#;
    let test = r#"{"text": "dance", "intent": "dance"}
{"text": "pay UP", "intent": "pay"}
"#;
    let corpus = read(&[("train.jsonl", lines), ("dev.jsonl", test), ("test.jsonl", test)]);
    assert_eq!(values(&corpus.train[0]), [("all", "pay Anna 20")]);
    for note in [
        "1 messages without a word were left out",
        "1 slots overlap another and were left out: amount in “pay Anna 20”",
        "only one training message: stop",
        "1 test messages have an intent that no training message has (dance): they count as out of scope",
        "1 test messages are also in training",
    ] {
        assert!(noted(&corpus, note), "{note}: {:?}", corpus.notes);
    }
    assert_eq!(corpus.test[0].intent, None);
}

#[test]
fn parts_that_are_missing_are_drawn_intent_by_intent_and_the_same_every_time() {
    let mut lines = String::new();
    for number in 0..40 {
        lines += &format!(
            "{{\"text\": \"a {number}\", \"intent\": \"a\"}}\n{{\"text\": \"b {}\", \"intent\": \"b\"}}\n",
            number / 2
        );
    }
    let folder = folder(&[("mine.jsonl", &lines)]);
    let open = |seed| open(folder.path().join("mine.jsonl"), seed).unwrap();
    let corpus = open(1);
    let count = |messages: &[Message], intent: &str| {
        messages
            .iter()
            .filter(|m| m.intent.as_deref() == Some(intent))
            .count()
    };
    assert_eq!(
        [
            count(&corpus.train, "a"),
            count(&corpus.valid, "a"),
            count(&corpus.test, "a")
        ],
        [29, 3, 8]
    );
    // Messages that say the same stay together.
    let texts = |messages: &[Message]| {
        messages
            .iter()
            .map(|m| m.text.clone())
            .collect::<std::collections::HashSet<_>>()
    };
    assert!(
        texts(&corpus.train).is_disjoint(&texts(&corpus.test))
            && texts(&corpus.train).is_disjoint(&texts(&corpus.valid))
    );
    assert_eq!(corpus.test, open(1).test);
    assert_ne!(corpus.test, open(2).test);
}

#[test]
fn folders_without_messages_say_what_could_be_there() {
    let error = open(folder(&[("notes.md", "hello")]).path(), 1)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("train.jsonl") && error.contains("seq.in"),
        "{error}"
    );
    let one = folder(&[("train.jsonl", "{\"text\": \"a\", \"intent\": \"a\"}\n")]);
    assert!(
        open(one.path(), 1)
            .unwrap_err()
            .to_string()
            .contains("at least two intents")
    );
    assert!(
        open(Path::new("nowhere"), 1)
            .unwrap_err()
            .to_string()
            .contains("cannot read nowhere")
    );
    let odd = folder(&[("mine.docx", "hello")]);
    assert!(
        open(odd.path().join("mine.docx"), 1)
            .unwrap_err()
            .to_string()
            .contains(".jsonl")
    );
}

#[test]
fn bytes_that_are_not_utf8_are_told() {
    let folder = folder(&[]);
    let mut bytes = b"\xef\xbb\xbftext,intent\ncaf\xe9,a\nb,b\nc,a\nd,b\n".to_vec();
    bytes.extend(b"e,a\n");
    fs::write(folder.path().join("train.csv"), bytes).unwrap();
    let corpus = open(folder.path(), 1).unwrap();
    assert!(noted(&corpus, "not all UTF-8"), "{:?}", corpus.notes);
}

/// The public sets, where a mirror has them.
#[test]
fn public_sets_have_the_counts_of_their_papers() {
    let Some(mirror) = std::env::var_os("KINDLING_MIRROR") else {
        return println!("skipped: KINDLING_MIRROR is not set, so there are no public sets to read");
    };
    let clinc = Path::new(&mirror).join("clinc150");
    if clinc.is_dir() {
        let corpus = open(&clinc, 1).unwrap();
        assert_eq!(
            (corpus.train.len(), corpus.valid.len(), corpus.test.len()),
            (15_100, 3_100, 5_500)
        );
        assert_eq!(corpus.intents.len(), 150);
    }
    let snips = Path::new(&mirror).join("snips");
    if snips.is_dir() {
        let corpus = open(&snips, 1).unwrap();
        assert_eq!(
            (corpus.train.len() + corpus.valid.len(), corpus.test.len()),
            (13_784, 700)
        );
        assert_eq!(text::Tags::of(&corpus.train).slots.len(), 39);
    }
}
