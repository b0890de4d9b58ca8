//! A conversation: what was asked before, which details are known, what to say next.

use crate::answers::{Answers, DETAILS, Details};

/// What was understood of a message.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Intents, the most probable first.
    pub ranked: Vec<(String, f32)>,
    /// Whether it is like nothing that was taught.
    pub unknown: bool,
    /// Details and their values.
    pub details: Vec<(String, String)>,
}

/// Below this, and with a second intent that is nearly as probable, it is better to ask.
const SURE: f32 = 0.7;
/// A second intent that is less probable than this share of the first is not worth a question.
const CLOSE: f32 = 0.33;

/// A conversation with one customer.
pub struct Dialogue<'a> {
    answers: &'a Answers,
    /// What is being done.
    task: Option<String>,
    details: Details,
    /// The detail that was asked for.
    asked: Option<String>,
    /// The intents between which the customer is to choose, and what was heard.
    choice: Option<(Vec<String>, Heard)>,
}

impl<'a> Dialogue<'a> {
    pub fn new(answers: &'a Answers) -> Self {
        Dialogue {
            answers,
            task: None,
            details: Details::new(),
            asked: None,
            choice: None,
        }
    }

    /// What is being done, and the details that are known.
    pub fn task(&self) -> (Option<&str>, &Details) {
        (self.task.as_deref(), &self.details)
    }

    /// What to say to a message, and the state after it.
    pub fn reply(&mut self, text: &str, heard: Heard) -> String {
        let heard = match self.choice.take() {
            Some((intents, before)) => match chosen(text, &intents, self.answers) {
                Some(intent) => Heard {
                    ranked: vec![(intent, 1.0)],
                    unknown: false,
                    ..before
                },
                // A detail, before the choice is made: it is kept, and the question asked again.
                None if is_detail(&heard) => Heard {
                    details: [before.details, heard.details].concat(),
                    ..before
                },
                // Not a choice: something new was said.
                None => heard,
            },
            None => heard,
        };
        // A detail that was asked for may be a word that was never seen.
        let detail = self.asked.is_some() && !heard.details.is_empty();
        if heard.unknown && !detail {
            let words = "I am sorry, I was never taught that. What I can do: {titles}, and more.";
            let titles = self.answers.titles();
            let titles: Vec<&str> = titles.into_iter().take(3).collect();
            return self
                .answers
                .phrase("unknown", words)
                .replace("{titles}", &titles.join(" · "));
        }
        let Some((first, probability)) = heard.ranked.first().cloned() else {
            return String::new();
        };
        // An answer to a question is a detail, whatever else it looks like, unless it surely is something else.
        let answers_question = self.asked.as_ref().is_some_and(|asked| {
            let fits = |(slot, _): &(String, String)| slot == asked || self.answers.alike(slot, asked);
            heard.details.iter().any(fits) && (probability < SURE || first == DETAILS)
        });
        if !answers_question
            && probability < SURE
            && let Some((second, other)) = heard.ranked.get(1).cloned()
            && other > CLOSE * probability
        {
            let options = [&first, &second].map(|intent| self.answers.title(intent));
            self.choice = Some((vec![first, second], heard));
            let words = "I am not sure. Do you want to (1) {first}, or (2) {second}?";
            let words = self.answers.phrase("choose", words);
            return words
                .replace("{first}", &options[0])
                .replace("{second}", &options[1]);
        }
        let goes_on = answers_question || first == DETAILS;
        let task = match (&self.task, goes_on) {
            (Some(task), true) => task.clone(),
            _ => first,
        };
        // A new task begins without the details of the old one.
        if self.task.as_ref() != Some(&task) {
            self.details.clear();
            self.asked = None;
        }
        for (slot, value) in heard.details {
            let slot = match &self.asked {
                Some(asked) if goes_on && self.answers.alike(&slot, asked) => asked.clone(),
                _ => slot,
            };
            self.details.insert(slot, value);
        }
        self.task = Some(task.clone());
        if let Some((slot, question)) = self.answers.question(&task, &self.details) {
            self.asked = Some(slot.to_string());
            return question.to_string();
        }
        self.asked = None;
        let otherwise = || {
            let words = "(No answer is written for {intent}.)";
            self.answers.phrase("no_answer", words).replace("{intent}", &task)
        };
        self.answers
            .answer(&task, &self.details)
            .unwrap_or_else(otherwise)
    }
}

/// Whether a message is nothing but a detail.
fn is_detail(heard: &Heard) -> bool {
    !heard.unknown && heard.ranked.first().is_some_and(|(intent, _)| intent == DETAILS)
}

/// Which of the offered intents is meant: by number, or by words of its title.
fn chosen(text: &str, intents: &[String], answers: &Answers) -> Option<String> {
    let text = text.trim().trim_matches(['(', ')', '.']).to_lowercase();
    if let Ok(number) = text.parse::<usize>() {
        return intents.get(number.checked_sub(1)?).cloned();
    }
    let named = |intent: &&String| answers.title(intent).to_lowercase().contains(&text) || **intent == text;
    let mut found = intents.iter().filter(named);
    // Words that both titles have choose neither.
    let first = found.next()?;
    (text.chars().count() > 1 && found.next().is_none()).then(|| first.clone())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use datasets::intents::IntentFile;

    use super::*;

    const FILE: &str = "
[save_money] put money aside
> {amount} goes from {source} into your savings.
> {amount} goes into your savings.
> I can put money aside.
? amount: How much?
put {amount} aside
put {amount} aside from {source=account}
[freeze_card] block a card
> Your {card} is blocked.
? card: Which card?
block my {card}
[inform] tell me more
> What shall I do with it?
{amount}
{account}
the {card}
[values amount]
£20
[values account]
savings
[values card]
blue card
";

    fn answers() -> Answers {
        Answers::of(&IntentFile::parse(Path::new("test"), FILE).unwrap())
    }

    fn heard(ranked: &[(&str, f32)], details: &[(&str, &str)]) -> Heard {
        Heard {
            ranked: ranked
                .iter()
                .map(|(intent, p)| (intent.to_string(), *p))
                .collect(),
            unknown: false,
            details: details
                .iter()
                .map(|(slot, value)| (slot.to_string(), value.to_string()))
                .collect(),
        }
    }

    #[test]
    fn a_detail_that_is_missing_is_asked_for_and_kept() {
        let answers = answers();
        let mut dialogue = Dialogue::new(&answers);
        assert_eq!(
            dialogue.reply("put something aside", heard(&[("save_money", 0.9)], &[])),
            "How much?"
        );
        let detail = heard(&[("inform", 0.9)], &[("amount", "£20")]);
        assert_eq!(dialogue.reply("£20", detail), "£20 goes into your savings.");
        // Another turn of the same task adds to what is known.
        let more = heard(&[("save_money", 0.9)], &[("source", "the blue account")]);
        assert_eq!(
            dialogue.reply("from …", more),
            "£20 goes from the blue account into your savings."
        );
        // Another task forgets it.
        assert_eq!(
            dialogue.reply("block", heard(&[("freeze_card", 0.9)], &[])),
            "Which card?"
        );
        assert!(dialogue.task().1.is_empty());
        let detail = heard(&[("freeze_card", 0.5), ("inform", 0.4)], &[("card", "blue card")]);
        assert_eq!(
            dialogue.reply("the blue card", detail),
            "Your blue card is blocked."
        );
    }

    #[test]
    fn two_close_intents_are_asked_about() {
        let answers = answers();
        for choice in ["2", "block", "(2)"] {
            let mut dialogue = Dialogue::new(&answers);
            let question = dialogue.reply(
                "hm",
                heard(
                    &[("save_money", 0.5), ("freeze_card", 0.4)],
                    &[("card", "blue card")],
                ),
            );
            assert_eq!(
                question,
                "I am not sure. Do you want to (1) put money aside, or (2) block a card?"
            );
            let nothing = heard(&[("inform", 0.5)], &[]);
            assert_eq!(dialogue.reply(choice, nothing), "Your blue card is blocked.");
        }
        // A detail does not make the choice, and is not lost.
        let mut dialogue = Dialogue::new(&answers);
        let question = dialogue.reply("hm", heard(&[("save_money", 0.5), ("freeze_card", 0.4)], &[]));
        let detail = heard(&[("inform", 0.9)], &[("amount", "£20")]);
        assert_eq!(dialogue.reply("£20", detail), question);
        let nothing = heard(&[("inform", 0.5)], &[]);
        assert_eq!(dialogue.reply("1", nothing), "£20 goes into your savings.");
        // Who says something else is listened to.
        let mut dialogue = Dialogue::new(&answers);
        dialogue.reply("hm", heard(&[("save_money", 0.5), ("freeze_card", 0.4)], &[]));
        let other = heard(&[("save_money", 0.9)], &[("amount", "£20")]);
        assert_eq!(
            dialogue.reply("put £20 aside", other),
            "£20 goes into your savings."
        );
    }

    #[test]
    fn what_was_not_taught_is_admitted_and_forgets_nothing() {
        let answers = answers();
        let mut dialogue = Dialogue::new(&answers);
        dialogue.reply("put something aside", heard(&[("save_money", 0.9)], &[]));
        let unknown = Heard {
            unknown: true,
            ..heard(&[("save_money", 0.4)], &[])
        };
        assert!(dialogue.reply("will it rain", unknown).contains("never taught"));
        let detail = Heard {
            unknown: true,
            ..heard(&[("inform", 0.3)], &[("amount", "£20")])
        };
        assert_eq!(dialogue.reply("twenty", detail), "£20 goes into your savings.");
    }

    #[test]
    fn an_account_answers_the_question_where_from() {
        let file = FILE.replace(
            "? amount: How much?",
            "? amount: How much?\n? source: Where from?",
        );
        let answers = Answers::of(&IntentFile::parse(Path::new("test"), &file).unwrap());
        let mut dialogue = Dialogue::new(&answers);
        assert_eq!(
            dialogue.reply(
                "put £20 aside",
                heard(&[("save_money", 0.9)], &[("amount", "£20")])
            ),
            "Where from?"
        );
        let detail = heard(&[("inform", 0.9)], &[("account", "savings")]);
        assert_eq!(
            dialogue.reply("savings", detail),
            "£20 goes from savings into your savings."
        );
    }

    #[test]
    fn intents_without_answers_say_so() {
        let answers = Answers::default();
        let mut dialogue = Dialogue::new(&answers);
        let said = dialogue.reply("hello", heard(&[("greeting", 0.9)], &[]));
        assert_eq!(said, "(No answer is written for greeting.)");
    }
}
