//! The reports: what is confused, what noise does, how sure it is of what was said when, the worst mistakes to listen to.

use std::sync::Arc;

use anyhow::Result;
use audio::PosteriorPicture;
use candle_core::{D, Device};
use datasets::UNKNOWN;
use training::{
    ClassOutput, Classification, Dataset, Learner, Pass, Splits,
    metrics::Roc,
    report::{self, Section},
};

use crate::{
    data::{FRAME_RATE, mel_config},
    detector::CAUTIOUS,
    model::{FRAMES_PER_STEP, WordNet},
    strings::{Strings, Transcription, Written, errors},
    words::Words,
};

/// A learner of words.
pub type WordLearner = Learner<Classification<WordNet>, Words>;
/// A learner of strings.
pub type StringLearner = Learner<Transcription, Strings>;

/// How far the loudest moment of a word stands above the noise's loudest, in decibels.
const NOISES: [f32; 4] = [20.0, 10.0, 5.0, 0.0];

/// The test outputs at each signal-to-noise ratio, with a name for it.
pub fn in_noise(learner: &WordLearner) -> Result<Vec<(f32, Vec<ClassOutput>)>> {
    let mut all = Vec::new();
    for decibels in NOISES {
        let noisy = Arc::new(learner.data.test.in_noise(decibels));
        all.push((decibels, learner.evaluate(&noisy)?.outputs));
    }
    Ok(all)
}

/// The sections on words, in order.
pub fn words(
    learner: &WordLearner,
    outputs: &[ClassOutput],
    noisy: &[(f32, Vec<ClassOutput>)],
    threshold: Option<f32>,
) -> Result<Vec<Section>> {
    let classes = learner.task.classes();
    Ok(vec![
        report::confusion_matrix(classes, &learner.task.confusion_matrix(outputs)),
        detection_errors(outputs, noisy, classes.len() - 2, threshold)?,
        worst_words(&learner.data.test, classes, outputs),
    ])
}

/// How well each word is told from everything else, as recorded and in noise.
fn detection_errors(
    outputs: &[ClassOutput],
    noisy: &[(f32, Vec<ClassOutput>)],
    words: usize,
    threshold: Option<f32>,
) -> Result<Section> {
    let errors = |outputs: &[ClassOutput]| {
        let (mut said, mut not_said) = (Vec::new(), Vec::new());
        for output in outputs {
            for word in 0..words {
                let scores = if output.target == word {
                    &mut said
                } else {
                    &mut not_said
                };
                scores.push(f64::from(output.probabilities[word]));
            }
        }
        Roc::of(&said, &not_said).errors()
    };
    let mut lines = vec![("as recorded".to_string(), errors(outputs))];
    lines.extend(
        noisy
            .iter()
            .map(|(decibels, outputs)| (format!("{decibels:.0} dB"), errors(outputs))),
    );
    let lines: Vec<_> = lines
        .iter()
        .map(|(name, points)| (name.as_str(), points.clone()))
        .collect();
    let mut text = "Each word is listened for in every test recording. Misses: it was said, and its probability lay below a threshold; \
                    false alarms: something else was said, and it lay above. Each line is a sweep of the threshold. Noise of the test part, or made \
                    up where none was recorded, stands that far below the word, loudest moment against loudest moment. "
        .to_string();
    text += &match threshold {
        Some(threshold) => format!(
            "In longer recordings `predict` asks for {threshold:.2}, from which on at most 3 % of the words heard on the validation part are \
             wrong."
        ),
        None => format!(
            "In longer recordings `predict` asks for {CAUTIOUS:.2}: at no threshold fewer than 3 % of the words heard on the validation part \
             are wrong."
        ),
    };
    report::detection_error_tradeoff("Words in noise", &text, &lines)
}

/// The mistakes in which the true word got the least, to listen to.
fn worst_words(test: &Words, classes: &[String], outputs: &[ClassOutput]) -> Section {
    let mistakes = training::worst_mistakes(outputs);
    let mut players = Vec::new();
    for &index in &mistakes {
        let (output, predicted) = (&outputs[index], outputs[index].predicted());
        let caption = format!(
            "{}: {} ({:.0} %), is {}",
            test.name(index),
            classes[predicted],
            100.0 * output.probabilities[predicted],
            match classes[output.target].as_str() {
                UNKNOWN => "another word",
                truth => truth,
            }
        );
        if let Some(sound) = test.recording(index) {
            players.push((caption, sound));
        }
        if players.len() == 12 {
            break;
        }
    }
    let words = match mistakes.len() {
        0 => "None: every test recording was named rightly.".to_string(),
        count => format!(
            "In {count} of {} test recordings the network was wrong; here it gave the true word the least. Would you have known?",
            outputs.len()
        ),
    };
    report::players("Worst mistakes", &words, &players)
}

/// The sections on strings, in order.
pub fn strings(learner: &StringLearner, outputs: &[Written]) -> Result<Vec<Section>> {
    Ok(vec![
        kinds_of_errors(outputs),
        alignments(learner, outputs)?,
        worst_strings(learner, outputs),
    ])
}

fn kinds_of_errors(outputs: &[Written]) -> Section {
    let errors = errors(outputs);
    let share = |count: usize| {
        let percent = 100.0 * count as f64 / errors.reference.max(1) as f64;
        format!("{count} ({percent:.1} %)")
    };
    let rows = [
        ("characters that were said", errors.reference.to_string()),
        ("taken for another", share(errors.substitutions)),
        ("not heard", share(errors.deletions)),
        ("heard but not said", share(errors.insertions)),
    ];
    report::table(
        "Kinds of errors",
        &rows.map(|(name, value)| (name.to_string(), value)),
    )
}

/// Which utterances were written worst, by edits for each character.
fn by_errors(outputs: &[Written]) -> Vec<usize> {
    let rate = |index: &usize| errors(&outputs[*index..=*index]).rate();
    let mut order: Vec<usize> = (0..outputs.len()).collect();
    order.sort_by(|a, b| {
        rate(b)
            .total_cmp(&rate(a))
            .then(outputs[*b].loss.total_cmp(&outputs[*a].loss))
    });
    order
}

/// What the network thought at each step of the worst utterance, one in the middle, and the best.
fn alignments(learner: &StringLearner, outputs: &[Written]) -> Result<Section> {
    let order = by_errors(outputs);
    let mut shown: Vec<usize> = [0, order.len() / 2, order.len().saturating_sub(1)]
        .map(|place| order[place])
        .into();
    shown.dedup();
    let (test, alphabet) = (&learner.data.test, &learner.task.alphabet);
    let mut html = String::new();
    for index in shown {
        let batch = test.batch(&[index], Pass::evaluation(learner.run.seed()))?;
        let sounds = batch.sounds.to_device(&learner.run.device)?;
        let (logits, _) = learner.model.forward_t(&sounds, &batch.frames, false)?;
        let logits = logits.squeeze(0)?.to_device(&Device::Cpu)?; // (steps, symbols)
        let names = alphabet.names();
        let seconds = FRAMES_PER_STEP as f64 / FRAME_RATE as f64;
        let spans = nn::ctc::align(&logits, &outputs[index].found)?;
        let found = spans.iter().map(|span| {
            let (start, end) = (span.first as f64 * seconds, (span.last + 1) as f64 * seconds);
            (start, end, names[span.symbol as usize].clone())
        });
        let picture = PosteriorPicture {
            title: &test.name(index),
            symbols: &names,
            probabilities: &nn::ops::softmax(&logits, D::Minus1)?.to_vec2::<f32>()?,
            seconds_per_step: seconds,
            found: &found.collect::<Vec<_>>(),
            truth: Some(&alphabet.decode(&outputs[index].target)),
            spectrogram: test.sound(index),
            config: &mel_config(),
        };
        let caption = format!(
            "said {}, written {}",
            alphabet.decode(&outputs[index].target),
            alphabet.decode(&outputs[index].found)
        );
        html += &report::picture("", &caption, &picture.png()?).html;
    }
    let words = "<p class=\"soft\">The worst test utterance, one in the middle, and the best. Rows are symbols, the darker the likelier at that moment; above \
                 them stands what was written, where it fits best (forced alignment), and what was said. Nobody told the network when each was spoken: it \
                 found out by itself, mostly says nothing (–), and names a symbol for a moment once it has heard enough.</p>";
    Ok(Section::new("What it hears when", words.to_string() + &html))
}

fn worst_strings(learner: &StringLearner, outputs: &[Written]) -> Section {
    let wrong: Vec<usize> = by_errors(outputs)
        .into_iter()
        .filter(|&index| outputs[index].target != outputs[index].found)
        .collect();
    let (test, alphabet) = (&learner.data.test, &learner.task.alphabet);
    let mut players = Vec::new();
    for &index in wrong.iter().take(12) {
        let texts = [&outputs[index].target, &outputs[index].found].map(|symbols| alphabet.decode(symbols));
        let caption = format!("{}: said {}, written {}", test.name(index), texts[0], texts[1]);
        if let Some(sound) = test.recording(index) {
            players.push((caption, sound));
        }
    }
    let words = match wrong.len() {
        0 => "None: every test utterance was written rightly.".to_string(),
        count => format!(
            "{count} of {} test utterances have at least one error; these have the most. What do you hear?",
            outputs.len()
        ),
    };
    report::players("Worst mistakes", &words, &players)
}

/// What the simple baselines know of each example.
pub fn tables(learner: &WordLearner) -> Splits<training::baseline::Table> {
    Splits {
        train: learner.data.train.mean_spectra(),
        valid: learner.data.valid.mean_spectra(),
        test: learner.data.test.mean_spectra(),
    }
}
