//! The intent chatbot: what it understands that counting words does not, what it refuses, what it says of bad input.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic, in its helpers too"
)]

use std::{fmt::Write as _, fs, io::Write as _};

use serde_json::Value;
use testing::{Place, place, text};

const RUN: &str = "runs/intent-chatbot/001";

/// The number behind `name` in a line of scores.
fn score(line: &str, name: &str) -> f64 {
    let behind = line
        .split(&format!("{name} "))
        .nth(1)
        .unwrap_or_else(|| panic!("no {name} in {line}"));
    behind.split([',', '\n']).next().unwrap().trim().parse().unwrap()
}

#[test]
fn it_understands_order_and_negation_and_refuses_what_it_was_never_taught() {
    let place = place!();
    let said = place.succeed(&["train", "--data", "made-bank", "--epochs", "10"]);
    let line = |start: &str| {
        said.lines()
            .find(|line| line.starts_with(start))
            .unwrap_or_else(|| panic!("{said}"))
    };
    let (network, linear) = (line("test "), line("linear "));
    for (name, other, least) in [
        ("accuracy", "accuracy", 0.01),
        ("slot f1", "slot f1", 0.2),
        ("pairs accuracy", "pairs", 0.05),
    ] {
        let (network, linear) = (score(network, name), score(linear, other));
        assert!(
            network >= linear + least,
            "{name}: {network}, the linear model {linear}"
        );
    }
    assert!(score(network, "out of scope auroc") >= 0.9, "{network}");
    let result = place.json(&format!("{RUN}/result.json"));
    assert!(result["parameters"].as_u64().unwrap() <= 500_000);
    let report = String::from_utf8(place.bytes(&format!("{RUN}/report.html"))).unwrap();
    for section in [
        "Beside the linear model",
        "Intents confused most",
        "Slots",
        "What it was never taught",
        "Can its probabilities be trusted?",
        "The worst mistakes",
        "Answered without having been taught",
        "About the data",
    ] {
        assert!(report.contains(section), "the report lacks {section:?}");
    }
    it_answers_messages_and_files(&place);
    it_survives_any_message(&place);
    it_keeps_up_a_conversation(&place);
}

/// What `predict --json` says of messages.
fn predict(place: &Place, arguments: &[&str]) -> Vec<Value> {
    let said = place.succeed(&[&["predict", "--json"], arguments].concat());
    said.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn it_answers_messages_and_files(place: &Place) {
    let message = "how much did I spend on groceries last month?";
    let answer = &predict(place, &[message])[0];
    assert_eq!(answer["intent"], "spending_summary", "{answer}");
    let slots = answer["slots"].as_array().unwrap();
    let names: Vec<&str> = slots.iter().map(|slot| slot["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["category", "period"], "{answer}");
    let period = &slots[1];
    let (start, end) = (
        period["start"].as_u64().unwrap() as usize,
        period["end"].as_u64().unwrap() as usize,
    );
    assert_eq!(&message[start..end], period["value"].as_str().unwrap());
    let said = place.succeed(&["predict", "--top", "1", message]);
    assert!(
        said.contains("spending_summary") && said.contains("period: last month"),
        "{said}"
    );

    fs::write(
        place.path().join("messages.txt"),
        "\u{feff}freeze my card please\r\n\n  \nthank you so much\n",
    )
    .unwrap();
    let answers = predict(place, &["messages.txt"]);
    let intents: Vec<&Value> = answers.iter().map(|answer| &answer["intent"]).collect();
    assert_eq!(intents, ["freeze_card", "thanks"]);
    let mut child = place.start_with_input(&["predict", "-"]);
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"freeze my card please\n")
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success() && text(&output).contains("freeze_card"),
        "{}",
        text(&output)
    );
    fs::write(place.path().join("empty.txt"), "\n").unwrap();
    assert!(
        place
            .fail(&["predict", "empty.txt"])
            .contains("no message in empty.txt")
    );
}

fn it_survives_any_message(place: &Place) {
    let long = "please ".repeat(100_000 / 7);
    let one_word = "x".repeat(100_000);
    let odd = [
        "",
        " \t",
        &long,
        &one_word,
        "🙂🙃👩‍👩‍👧",
        "freeze 我的卡 сейчас 今すぐ",
        "fr\u{7}eeze\u{1b}[31m my\u{0}card\n\r",
        "\u{301}\u{200d}",
    ];
    // A text with a zero byte cannot be an argument of a program: all of them through standard input instead.
    let mut lines = String::new();
    for text in odd {
        writeln!(lines, "{}", text.replace(['\n', '\r'], " ")).unwrap();
    }
    let mut child = place.start_with_input(&["predict", "-"]);
    let mut input = child.stdin.take().unwrap();
    let write = std::thread::spawn(move || {
        input.write_all(lines.as_bytes()).unwrap();
        input.write_all(b"not \xff UTF-8\n").unwrap();
    });
    let output = child.wait_with_output().unwrap();
    write.join().unwrap();
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("only the first 128 words were read"), "{said}");
    assert!(
        !said.contains(['\u{7}', '\u{0}']),
        "control characters reach the terminal"
    );
    assert!(said.len() < 20_000, "a long message is shown whole");
    assert!(place.succeed(&["predict", " \t"]).contains("(no word in it)"));
    let answers = predict(place, &["", "🙂"]);
    assert_eq!(
        (&answers[0]["intent"], &answers[0]["refused"]),
        (&Value::Null, &Value::Bool(true))
    );
    assert_eq!(answers[1]["refused"], true, "{}", answers[1]);
}

fn it_keeps_up_a_conversation(place: &Place) {
    let mut child = place.start_with_input(&["chat"]);
    let said = "hello there\nsend some money to Jamila\n£80\nwill it rain tomorrow in the mountains\nthank you very much\n";
    child.stdin.take().unwrap().write_all(said.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    let answers: Vec<&str> = said.lines().filter(|line| line.starts_with("bot>")).collect();
    assert_eq!(answers.len(), 5, "{said}");
    assert!(answers[0].contains("Kestrel Bank"), "{said}");
    // Whether it knew the name or asked for it, the amount belongs to the same task.
    assert!(
        answers[1].contains("How much") || answers[1].contains("Who"),
        "{said}"
    );
    assert!(said.contains("amount: £80"), "{said}");
    assert!(
        answers[2].contains("£80 is on its way") || answers[2].contains("Who"),
        "{said}"
    );
    assert!(answers[3].contains("never taught"), "{said}");
}

/// A shop of one's own: what the README tells to do.
#[test]
fn it_learns_intents_of_your_own() {
    let place = place!();
    let mut file = String::from(
        "[order_pizza] order a pizza\n> One {pizza}, coming up.\n> Pizza it is.\n? pizza: Which one?\n",
    );
    for words in [
        "i want a {pizza}",
        "a {pizza} please",
        "could you bring me one {pizza}",
        "{pizza}!",
        "we are hungry, send a {pizza}",
        "one more {pizza}",
    ] {
        writeln!(file, "{words}").unwrap();
    }
    file += "[opening_hours] know when we are open\n> From five to eleven.\n";
    for words in [
        "when do you open",
        "are you open now",
        "until when are you open",
        "opening hours?",
        "is it too late to come",
        "when do you close today",
    ] {
        writeln!(file, "{words}").unwrap();
    }
    file += "[complain] complain\nthis was cold\n[values pizza]\nmargherita\nfunghi\nquattro stagioni\ncalzone\nhawaii\n[out_of_scope near]\ncan i rent the kitchen\n";
    fs::write(place.path().join("pizzeria.txt"), &file).unwrap();
    let said = place.succeed(&[
        "train",
        "--data",
        "pizzeria.txt",
        "--epochs",
        "60",
        "--batch-size",
        "8",
    ]);
    assert!(said.contains("pizzeria"), "{said}");
    let report = String::from_utf8(place.bytes(&format!("{RUN}/report.html"))).unwrap();
    assert!(report.contains("About the data"));
    let answer = &predict(&place, &["i want a funghi please"])[0];
    assert_eq!(answer["ranked"][0]["intent"], "order_pizza", "{answer}");
    let mut child = place.start_with_input(&["chat"]);
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"when do you open\n")
        .unwrap();
    let said = text(&child.wait_with_output().unwrap());
    assert!(
        said.contains("From five to eleven.") || said.contains("never taught"),
        "{said}"
    );

    fs::write(
        place.path().join("pizzeria.txt"),
        file.replace("{pizza}!", "{pizza!"),
    )
    .unwrap();
    let said = place.fail(&["train", "--data", "pizzeria.txt", "--quick"]);
    assert!(said.contains("line 8") && said.contains("not closed"), "{said}");
}

#[test]
fn broken_files_are_named_by_their_line() {
    let place = place!();
    let mut lines = String::new();
    for number in 0..20 {
        writeln!(
            lines,
            "{{\"text\": \"hello number {number}\", \"intent\": \"greet\"}}"
        )
        .unwrap();
        writeln!(
            lines,
            "{{\"text\": \"good bye {number}\", \"intent\": \"leave\"}}"
        )
        .unwrap();
    }
    fs::create_dir(place.path().join("mine")).unwrap();
    let write = |name: &str, text: &str| fs::write(place.path().join("mine").join(name), text).unwrap();
    write("train.jsonl", &lines);
    // One intent of the test is in no training message; slots that overlap; a message without a word.
    write(
        "test.jsonl",
        "{\"text\": \"hello\", \"intent\": \"greet\"}\n{\"text\": \"dance\", \"intent\": \"dance\"}\n{\"text\": \" \", \"intent\": \"greet\"}\n",
    );
    place.succeed(&["train", "--data", "mine", "--quick"]);
    let report = String::from_utf8(place.bytes("runs/intent-chatbot/quick-001/report.html")).unwrap();
    for note in ["no training message has (dance)", "1 messages without a word"] {
        assert!(report.contains(note), "{note}");
    }
    write(
        "train.jsonl",
        &format!("{lines}{{\"text\": \"hello\", \"intent\": \n"),
    );
    let said = place.fail(&["train", "--data", "mine", "--quick"]);
    assert!(said.contains("train.jsonl") && said.contains("line 41"), "{said}");
    let said = place.fail(&[
        "train",
        "--data",
        "made-bank",
        "--false-refusals",
        "1.5",
        "--quick",
    ]);
    assert!(said.contains("--false-refusals 1.5"), "{said}");
}
