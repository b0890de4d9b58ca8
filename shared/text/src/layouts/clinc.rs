//! One JSON file of parts, each a list of pairs of a text and its intent (Larson et al. 2019).

use std::collections::HashMap;
use std::path::Path;

use super::{Found, not_json, text};
use crate::{Message, Result, TextError};

pub(super) fn file(path: &Path) -> Result<Found> {
    let mut found = Found {
        layout: "CLINC150",
        ..Found::default()
    };
    let text = text(path, &mut found.notes)?;
    let parts: Result<HashMap<String, Vec<(String, String)>>> =
        serde_json::from_str(&text).map_err(|error| not_json(path, error.line(), &error));
    let mut parts = parts?;
    if !parts.contains_key("train") {
        return Err(TextError::Layout {
            path: path.into(),
            problem: "has no list called train: CLINC150's file has train, val, test, oos_train, oos_val and oos_test".into(),
        });
    }
    let mut part = |names: [&str; 2]| -> Vec<Message> {
        let lists = names
            .iter()
            .filter_map(|name| Some((name.starts_with("oos_"), parts.remove(*name)?)));
        let messages = lists.flat_map(|(out_of_scope, list)| {
            list.into_iter().map(move |(text, intent)| Message {
                text,
                intent: (!out_of_scope).then_some(intent),
                ..Message::default()
            })
        });
        messages.collect()
    };
    found.train = part(["train", "oos_train"]);
    found.valid = part(["val", "oos_val"]);
    found.test = part(["test", "oos_test"]);
    Ok(found)
}
