//! What messages and files are called and made of; it knows nothing else of this crate.

/// The file in a made set that tells what it was made from. It is written last, into a folder that is not yet in
/// its place, so that a set with this file is whole.
pub const MARKER: &str = "made.json";

/// The first `limit` of some names, and how many more there are.
pub(crate) fn some(names: impl Iterator<Item = String>, limit: usize) -> String {
    let names: Vec<String> = names.collect();
    let shown = names[..names.len().min(limit)].join(", ");
    match names.len().saturating_sub(limit) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
