//! What the crate offers, read from its own source, so that a new operation cannot be forgotten in the table.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Public names without a case, each with the reason.
const NOT_DIFFERENTIATED: &[(&str, &str)] = &[
    ("align", "finds the steps of symbols"),
    ("backward", "every case runs through it"),
    ("beam_search", "finds symbols"),
    ("begin_step", "sets where random numbers come from"),
    ("composed", "runs what it is given; every case runs through it"),
    ("func", "wraps a closure of the caller"),
    ("func_t", "wraps a closure of the caller"),
    ("greedy", "finds symbols"),
    ("is_buffer", "reads a name"),
    ("random", "draws numbers"),
    ("random_in_step", "draws numbers"),
    ("rope_angles", "makes a table of constants"),
    ("seeded", "makes variables; the layers' cases run through it"),
    ("seq", "chains layers of the caller"),
    ("share", "runs a closure of the caller"),
    ("steps_needed", "counts"),
    ("threads", "tells a number"),
    ("use_threads", "says where kernels run"),
];

/// Fails if a public function, a layer, a public method that maps tensors to tensors, or a re-exported function of
/// candle-nn has neither a case nor a reason.
pub fn check(operations: &[&str]) {
    let mut source = Source::default();
    source.read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let offered = source.operations();
    // If the reading itself breaks, it finds too little and would pass anything.
    for known in ["linear", "random", "seq", "Dropout::forward"] {
        assert!(
            offered.contains(known),
            "the source no longer shows `{known}`: mend this test"
        );
    }

    let excused: BTreeSet<&str> = NOT_DIFFERENTIATED.iter().map(|(name, _)| *name).collect();
    let covered: BTreeSet<&str> = operations.iter().copied().collect();
    let known: BTreeSet<&str> = covered.union(&excused).copied().collect();
    let offered: BTreeSet<&str> = offered.iter().map(String::as_str).collect();
    let missing: Vec<_> = offered.difference(&known).collect();
    assert!(
        missing.is_empty(),
        "no gradient case for {missing:?}: add one in tests/gradients, or give a reason in inventory.rs"
    );
    let unknown: Vec<_> = known.difference(&offered).collect();
    assert!(
        unknown.is_empty(),
        "cases or reasons for {unknown:?}, which the crate does not offer"
    );
}

/// What was found in the source, which is read line by line as rustfmt lays it out.
#[derive(Default)]
struct Source {
    /// Free functions as `name`, with what they return; methods of tensors as `Type::name`.
    functions: BTreeMap<String, String>,
    /// Types with a forward pass.
    layers: BTreeSet<String>,
    /// All public types.
    types: BTreeSet<String>,
}

impl Source {
    /// The names that need a case. A layer that a function makes (`conv2d` returns `Conv2d`) is covered by that
    /// function's case; one that is made by `new` is asked for as `Type::forward`.
    fn operations(&self) -> BTreeSet<String> {
        let results: Vec<&str> = self.functions.values().flat_map(|result| words(result)).collect();
        let unmade = self
            .layers
            .iter()
            .filter(|layer| !results.contains(&layer.as_str()));
        let functions = self.functions.keys().cloned();
        functions
            .chain(unmade.map(|layer| format!("{layer}::forward")))
            .filter(|name| {
                name.split_once("::")
                    .is_none_or(|(owner, _)| self.types.contains(owner))
            })
            .collect()
    }

    fn read_folder(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => self.read_folder(&path),
                false => self.read(&std::fs::read_to_string(&path).unwrap()),
            }
        }
    }

    fn read(&mut self, text: &str) {
        // The type whose `impl` block the line is in, and how far that block is indented.
        let mut block: Option<(String, usize)> = None;
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let (indent, code) = (line.len() - line.trim_start().len(), line.trim());
            assert!(
                !code.contains("pub fn $"),
                "a macro makes public functions, which this test cannot see: {line}"
            );
            if code.starts_with("impl") && code.ends_with('{') {
                let owner = implemented_type(code);
                if words(code).any(|word| word == "Module" || word == "ModuleT") {
                    self.layers.insert(owner.clone());
                }
                block = Some((owner, indent));
            } else if code == "}" && block.as_ref().is_some_and(|(_, from)| *from == indent) {
                block = None;
            } else if let Some(rest) = code
                .strip_prefix("pub struct ")
                .or(code.strip_prefix("pub enum "))
            {
                let name = words(rest).next().filter(|_| !rest.starts_with('$'));
                self.types.extend(name.map(String::from));
            } else if code.starts_with("pub use candle_nn::") {
                let list = item(code, &mut lines, ';');
                let names = words(&list)
                    .skip(3)
                    .filter(|name| name.starts_with(char::is_lowercase));
                self.functions
                    .extend(names.map(|name| (name.to_string(), String::new())));
            } else if let Some(rest) = code.strip_prefix("pub fn ") {
                let signature = item(rest, &mut lines, '{');
                self.function(&signature, block.as_ref().map(|(owner, _)| owner.as_str()));
            }
        }
    }

    fn function(&mut self, signature: &str, owner: Option<&str>) {
        let (arguments, result) = signature.split_once("->").unwrap_or((signature, ""));
        let name = words(signature).next().unwrap();
        let maps = ["self", "Tensor"]
            .iter()
            .all(|word| words(arguments).any(|w| w == *word));
        match owner {
            None => _ = self.functions.insert(name.to_string(), result.to_string()),
            Some(owner) if name == "forward" || name == "forward_t" => {
                _ = self.layers.insert(owner.to_string())
            }
            Some(owner) if maps && words(result).any(|word| word == "Tensor") => {
                self.functions.insert(format!("{owner}::{name}"), String::new());
            }
            Some(_) => {}
        }
    }
}

/// The text of an item from its first line up to the line that contains `end`.
fn item<'a>(first: &str, lines: &mut impl Iterator<Item = &'a str>, end: char) -> String {
    let mut text = first.to_string();
    while !text.contains(end) {
        text.push(' ');
        text.push_str(lines.next().expect("an unfinished item").trim());
    }
    text
}

/// The identifiers and keywords in `code`.
fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
}

/// The type of an `impl` line: the word behind `for`, or else the first behind `impl` and its parameters.
fn implemented_type(line: &str) -> String {
    let subject = match (line.split_once(" for "), line.split_once("> ")) {
        (Some((_, subject)), _) => subject,
        (None, Some((parameters, subject))) if parameters.starts_with("impl<") => subject,
        _ => &line["impl".len()..],
    };
    words(subject).next().unwrap_or("?").to_string()
}
