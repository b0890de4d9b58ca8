//! The linear model that the network has to beat: weighed counts of words and pairs of words, and a tag for each word by itself.

use text::{LinearModel, LinearTagger, Message, SlotScores, TfIdf, Word};
use training::{
    metrics::{Roc, argmax},
    say,
};

use crate::data::{Code, Messages, cut};

/// What the linear model reaches on the test messages.
pub struct Linear {
    /// Which intent each test message got.
    pub intents: Vec<u32>,
    /// How far each test message lies on the side of that intent.
    pub scores: Vec<f32>,
    /// How well it found slots, where the data have some.
    pub slots: Option<SlotScores>,
}

impl Linear {
    /// Fits to the training messages, answers the test messages.
    pub fn measure(train: &Messages, test: &Messages, code: &Code, seed: u64) -> Self {
        let words = |messages: &[Message]| {
            messages
                .iter()
                .map(|message| cut(&message.text))
                .collect::<Vec<_>>()
        };
        let (seen, asked) = (words(&train.messages), words(&test.messages));
        let counts = TfIdf::fit(seen.iter().map(Vec::as_slice));
        let rows: Vec<_> = seen.iter().map(|words| counts.row(words)).collect();
        let known = train.targets().zip(rows).filter(|(target, _)| target.is_some());
        let rows: Vec<_> = known.map(|(_, row)| row).collect();
        let model = LinearModel::fit(
            &rows,
            &train.intents(),
            code.intents.len(),
            counts.columns(),
            seed,
        );
        let sides: Vec<Vec<f32>> = asked
            .iter()
            .map(|words| model.scores(&counts.row(words)))
            .collect();
        let best: Vec<usize> = sides.iter().map(|sides| argmax(sides)).collect();
        Linear {
            intents: best.iter().map(|intent| *intent as u32).collect(),
            scores: sides.iter().zip(best).map(|(sides, best)| sides[best]).collect(),
            slots: (code.tags.count() > 1).then(|| slots(train, test, (&seen, &asked), code, seed)),
        }
    }

    /// The share of the test messages with an intent, and for which `counts`, that got the right one.
    pub fn accuracy(&self, test: &Messages, counts: impl Fn(&Message) -> bool) -> f64 {
        let (mut right, mut all) = (0, 0);
        for ((message, target), intent) in test.messages.iter().zip(test.targets()).zip(&self.intents) {
            if let (Some(target), true) = (target, counts(message)) {
                all += 1;
                right += usize::from(target == *intent);
            }
        }
        right as f64 / all.max(1) as f64
    }

    /// How well its scores tell messages in scope from others.
    pub fn roc(&self, test: &Messages) -> Roc {
        let scores = |known: bool| -> Vec<f64> {
            let all = test.targets().zip(&self.scores);
            all.filter(|(target, _)| target.is_some() == known)
                .map(|(_, score)| f64::from(*score))
                .collect()
        };
        Roc::of(&scores(true), &scores(false))
    }

    /// A line for the terminal.
    pub fn tell(&self, test: &Messages) {
        let mut parts = vec![format!("accuracy {:.3}", self.accuracy(test, |_| true))];
        if let Some(slots) = &self.slots {
            parts.push(format!("slot f1 {:.3}", slots.all.f1()));
        }
        if test.targets().any(|target| target.is_none()) {
            parts.push(format!("out of scope auroc {:.3}", self.roc(test).area()));
        }
        for slice in test.slices() {
            parts.push(format!(
                "{slice} {:.3}",
                self.accuracy(test, |message| message.slice.as_ref() == Some(&slice))
            ));
        }
        say(format!("linear    {}", parts.join(", ")));
    }
}

fn slots(
    train: &Messages,
    test: &Messages,
    (seen, asked): (&[Vec<Word>], &[Vec<Word>]),
    code: &Code,
    seed: u64,
) -> SlotScores {
    let tags = |messages: &[Message], words: &[Vec<Word>]| -> Vec<Vec<u32>> {
        let pairs = messages.iter().zip(words);
        pairs
            .map(|(message, words)| code.tags.encode(&message.slots, words))
            .collect()
    };
    let seen_tags = tags(&train.messages, seen);
    let examples = seen
        .iter()
        .map(Vec::as_slice)
        .zip(seen_tags.iter().map(Vec::as_slice));
    let tagger = LinearTagger::fit(examples, code.tags.count(), seed);
    let truth = tags(&test.messages, asked);
    let found: Vec<Vec<u32>> = asked.iter().map(|words| tagger.tags(words)).collect();
    let known = test
        .targets()
        .zip(truth.iter().zip(&found))
        .filter(|(target, _)| target.is_some());
    code.tags
        .score(known.map(|(_, (truth, found))| (truth.as_slice(), found.as_slice())))
}
