//! The report: what is confused, which slots are found, what is refused, how far probabilities can be trusted, the worst mistakes.

use std::{fmt::Write, time::Instant};

use anyhow::Result;
use text::SlotScores;
use training::{
    Learner,
    metrics::{Calibration, ConfusionMatrix, Roc},
    report::{self, Section, escape, line_chart},
};

use crate::{
    baseline::Linear,
    data::{Messages, cut},
    predict::Reader,
    refusal,
    task::{Understanding, Understood},
};

type Trained = Learner<Understanding, Messages>;

/// All sections, in order.
pub fn sections(
    learner: &Trained,
    outputs: &[Understood],
    linear: &Linear,
    threshold: f32,
) -> Result<Vec<Section>> {
    let test = &learner.data.test;
    let mut sections = vec![beside_the_linear_model(learner, outputs, linear)];
    sections.extend(confusion(&learner.task.intents, outputs));
    if let Some(linear) = &linear.slots {
        sections.push(slots(&slot_scores(learner, outputs), linear));
    }
    if outputs.iter().any(|output| output.intent.is_none()) {
        sections.push(refusals(outputs, linear, test, threshold)?);
    }
    sections.push(calibration(outputs)?);
    sections.push(mistakes(learner, outputs));
    sections.extend(wrongly_trusted(learner, outputs, threshold));
    Ok(sections)
}

/// The share of the messages with an intent, and for which `counts`, that got the right one.
pub fn accuracy(test: &Messages, outputs: &[Understood], counts: impl Fn(&text::Message) -> bool) -> f64 {
    let (mut right, mut all) = (0, 0);
    for (message, output) in test.messages.iter().zip(outputs) {
        if output.intent.is_some() && counts(message) {
            all += 1;
            right += usize::from(output.intent == Some(output.predicted()));
        }
    }
    right as f64 / all.max(1) as f64
}

fn slot_scores(learner: &Trained, outputs: &[Understood]) -> SlotScores {
    let known = outputs.iter().filter(|output| output.intent.is_some());
    learner
        .task
        .tags
        .score(known.map(|output| (output.tags.as_slice(), output.found.as_slice())))
}

/// How well familiarity tells messages in scope from others.
pub fn roc(outputs: &[Understood]) -> Roc {
    let familiarity = |known: bool| -> Vec<f64> {
        let some = outputs.iter().filter(|output| output.intent.is_some() == known);
        some.map(|output| f64::from(output.familiarity)).collect()
    };
    Roc::of(&familiarity(true), &familiarity(false))
}

fn beside_the_linear_model(learner: &Trained, outputs: &[Understood], linear: &Linear) -> Section {
    let test = &learner.data.test;
    let mut rows = vec![(
        "intent, accuracy".to_string(),
        accuracy(test, outputs, |_| true),
        linear.accuracy(test, |_| true),
    )];
    for slice in test.slices() {
        let counts = |message: &text::Message| message.slice.as_ref() == Some(&slice);
        rows.push((
            format!("intent, accuracy on “{slice}” alone"),
            accuracy(test, outputs, counts),
            linear.accuracy(test, counts),
        ));
    }
    if let Some(slots) = &linear.slots {
        rows.push((
            "slots, F1".into(),
            slot_scores(learner, outputs).all.f1(),
            slots.all.f1(),
        ));
    }
    if outputs.iter().any(|output| output.intent.is_none()) {
        rows.push((
            "out of scope, area under the ROC".into(),
            roc(outputs).area(),
            linear.roc(test).area(),
        ));
    }
    let mut html = String::from(
        "<p class=\"soft\">The linear model counts words and pairs of neighbours (TF-IDF, support vector machines); for slots it sees \
         each word with two neighbours on either side. It needs a second to train.</p><table class=\"settings\"><thead><tr><th>test \
         messages</th><th>network</th><th>linear model</th></tr></thead><tbody>",
    );
    for (name, network, linear) in rows {
        let name = escape(&name);
        let _ = write!(
            html,
            "<tr><td>{name}</td><td>{network:.3}</td><td>{linear:.3}</td></tr>"
        );
    }
    html.push_str("</tbody></table>");
    Section::new("Beside the linear model", html)
}

/// Above so many intents a matrix cannot be read.
const MATRIX: usize = 20;

fn confusion(intents: &[String], outputs: &[Understood]) -> Vec<Section> {
    let pairs = outputs
        .iter()
        .filter_map(|output| Some((output.intent?, output.predicted())));
    let matrix = ConfusionMatrix::of(intents.len(), pairs);
    if intents.len() <= MATRIX {
        return vec![report::confusion_matrix(intents, &matrix)];
    }
    let confused = matrix.most_confused().into_iter().take(20);
    let rows: Vec<(String, String)> = confused
        .map(|(truth, predicted, count)| {
            (
                format!("{} taken for {}", intents[truth], intents[predicted]),
                count.to_string(),
            )
        })
        .collect();
    vec![report::table("Intents confused most", &rows)]
}

fn slots(network: &SlotScores, linear: &SlotScores) -> Section {
    let mut html = String::from(
        "<p class=\"soft\">A slot counts as found only with the right name at exactly the right words (as in CoNLL-2000).</p>\
         <table class=\"settings\"><thead><tr><th>slot</th><th>in the test</th><th>precision</th><th>recall</th><th>F1</th>\
         <th>linear F1</th></tr></thead><tbody>",
    );
    let all = network
        .by_slot
        .iter()
        .map(|(name, counts)| (name.as_str(), counts, linear.by_slot.get(name)));
    for (name, counts, linear) in all.chain([("all", &network.all, Some(&linear.all))]) {
        let _ = write!(
            html,
            "<tr><td>{}</td><td>{}</td><td>{:.3}</td><td>{:.3}</td><td>{:.3}</td><td>{:.3}</td></tr>",
            escape(name),
            counts.true_,
            counts.precision(),
            counts.recall(),
            counts.f1(),
            linear.map_or(0.0, |counts| counts.f1()),
        );
    }
    html.push_str("</tbody></table>");
    Section::new("Slots", html)
}

fn refusals(outputs: &[Understood], linear: &Linear, test: &Messages, threshold: f32) -> Result<Section> {
    let (network, linear) = (roc(outputs), linear.roc(test));
    let (false_refusals, refused) = refusal::refused(outputs, threshold);
    let mut html = format!(
        "<p class=\"soft\">Both models give a message a number that is high where it is like what they were taught. Each threshold on it \
         accepts some share of the messages in scope (upwards) and some of those that are not (to the right): the nearer a line comes to \
         the upper left corner, the better. The area under it is {:.3} for the network and {:.3} for the linear model. The threshold that \
         was chosen on validation messages refuses {:.1} % of the test messages in scope and {:.1} % of those out of scope.</p>",
        network.area(),
        linear.area(),
        100.0 * false_refusals,
        100.0 * refused,
    );
    html += &line_chart(
        "accepted of those out of scope",
        "accepted of those in scope",
        &[("network", thinned(&network)), ("linear", thinned(&linear))],
    )?;
    let slices = |output: &Understood| output.intent.is_none();
    let mut by_kind = std::collections::BTreeMap::<&str, (usize, usize)>::new();
    for (message, output) in test
        .messages
        .iter()
        .zip(outputs)
        .filter(|(_, output)| slices(output))
    {
        let (refused, all) = by_kind
            .entry(message.slice.as_deref().unwrap_or("out of scope"))
            .or_default();
        *refused += usize::from(output.familiarity < threshold);
        *all += 1;
    }
    html.push_str("<table class=\"settings\"><tbody>");
    for (kind, (refused, all)) in by_kind {
        let _ = write!(
            html,
            "<tr><td>refused of “{}”</td><td>{refused} of {all}</td></tr>",
            escape(kind)
        );
    }
    html.push_str("</tbody></table>");
    Ok(Section::new("What it was never taught", html))
}

/// Some hundred points of a curve that may have thousands.
fn thinned(roc: &Roc) -> Vec<(f64, f64)> {
    let step = (roc.points.len() / 200).max(1);
    let last = roc.points.last().copied();
    roc.points.iter().copied().step_by(step).chain(last).collect()
}

fn calibration(outputs: &[Understood]) -> Result<Section> {
    let known = outputs.iter().filter(|output| output.intent.is_some());
    let told = known.map(|output| {
        let predicted = output.predicted();
        (
            f64::from(output.probabilities[predicted]),
            output.intent == Some(predicted),
        )
    });
    let calibration = Calibration::of(told);
    let mut html = format!(
        "<p class=\"soft\">Of the answers that it gives with 80 %, 80 % should be right. Where the line lies above the diagonal it is too \
         modest, below it too sure. On average it is off by {:.1} points.</p>",
        100.0 * calibration.expected_error()
    );
    let points: Vec<(f64, f64)> = calibration
        .bins
        .iter()
        .map(|(said, right, _)| (*said, *right))
        .collect();
    html += &line_chart(
        "probability said",
        "share that is right",
        &[
            ("test messages", points),
            ("as it should be", vec![(0.0, 0.0), (1.0, 1.0)]),
        ],
    )?;
    Ok(Section::new("Can its probabilities be trusted?", html))
}

const SHOWN: usize = 15;

fn mistakes(learner: &Trained, outputs: &[Understood]) -> Section {
    let wrong = |&place: &usize| {
        let output = &outputs[place];
        output.intent.is_some() && output.intent != Some(output.predicted())
    };
    let sure = |place: usize| outputs[place].probabilities[outputs[place].predicted()];
    let mut places: Vec<usize> = (0..outputs.len()).filter(wrong).collect();
    places.sort_by(|a, b| sure(*b).total_cmp(&sure(*a)));
    let words = format!(
        "{} of the test messages got another intent than theirs; these are the ones that it was surest of. The darker a word, the more \
         it counted.",
        places.len()
    );
    let rows = places.into_iter().take(SHOWN).map(|place| {
        let output = &outputs[place];
        let intents = &learner.task.intents;
        let truth = output.intent.map_or("", |intent| &intents[intent]);
        let told = format!(
            "{} ({:.0} %), not {truth}",
            intents[output.predicted()],
            100.0 * sure(place)
        );
        (
            marked(&learner.data.test.messages[place].text, &output.attention),
            told,
        )
    });
    messages("The worst mistakes", &words, rows)
}

/// What is out of scope and was answered all the same.
fn wrongly_trusted(learner: &Trained, outputs: &[Understood], threshold: f32) -> Option<Section> {
    let trusted = |&place: &usize| outputs[place].intent.is_none() && outputs[place].familiarity >= threshold;
    let mut places: Vec<usize> = (0..outputs.len()).filter(trusted).collect();
    if places.is_empty() {
        return None;
    }
    places.sort_by(|a, b| outputs[*b].familiarity.total_cmp(&outputs[*a].familiarity));
    let words = format!(
        "{} messages that are none of the intents were answered all the same; these seemed most familiar.",
        places.len()
    );
    let rows = places.into_iter().take(SHOWN).map(|place| {
        let output = &outputs[place];
        let told = format!("taken for {}", learner.task.intents[output.predicted()]);
        (
            marked(&learner.data.test.messages[place].text, &output.attention),
            told,
        )
    });
    Some(messages("Answered without having been taught", &words, rows))
}

fn messages(title: &str, words: &str, rows: impl Iterator<Item = (String, String)>) -> Section {
    let mut html = format!(
        "<p class=\"soft\">{}</p><table class=\"settings\"><tbody>",
        escape(words)
    );
    for (message, told) in rows {
        let _ = write!(html, "<tr><td>{message}</td><td>{}</td></tr>", escape(&told));
    }
    html.push_str("</tbody></table>");
    Section::new(title, html)
}

/// The message with its words in the colour of what they counted.
fn marked(text: &str, attention: &[f32]) -> String {
    let highest = attention.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let (mut html, mut end) = (String::new(), 0);
    for (word, weight) in cut(text).iter().zip(attention) {
        html += &escape(&text[end..word.range.start]);
        let word_text = escape(&text[word.range.clone()]);
        let _ = write!(
            html,
            "<span style=\"background:rgba(230,120,40,{:.2});border-radius:3px\">{word_text}</span>",
            0.7 * weight / highest
        );
        end = word.range.end;
    }
    html + &escape(&text[end..])
}

/// The median time in milliseconds in which one message is read, alone, on one thread.
pub fn latency(reader: &Reader, test: &Messages) -> Result<f64> {
    let before = nn::threads();
    nn::use_threads(1);
    let mut times = Vec::new();
    for message in test.messages.iter().take(200) {
        let start = Instant::now();
        reader.read(&[&message.text])?;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    nn::use_threads(before);
    times.sort_by(f64::total_cmp);
    Ok(times.get(times.len() / 2).copied().unwrap_or(0.0))
}
