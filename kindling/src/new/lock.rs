//! `Cargo.lock`: what a project needs, and the part of it that a copy keeps, so that the copy builds from the very
//! versions that were tested.

use std::collections::{BTreeMap, BTreeSet};

use super::name::Renamed;

/// A `[[package]]` of the file.
struct Package<'a> {
    name: &'a str,
    version: &'a str,
    /// As they are written: a name, or a name and a version where there are several.
    needs: Vec<&'a str>,
    text: &'a str,
}

fn packages(lock: &str) -> impl Iterator<Item = Package<'_>> {
    lock.split("\n\n")
        .filter(|block| block.starts_with("[[package]]"))
        .map(|block| {
            let value = |key: &str| {
                let line = block.lines().find_map(|line| line.strip_prefix(key));
                line.map_or("", |value| value.trim_matches('"'))
            };
            let needs = block
                .lines()
                .filter_map(|line| line.strip_prefix(" \"")?.strip_suffix("\","));
            Package {
                name: value("name = "),
                version: value("version = "),
                needs: needs.collect(),
                text: block,
            }
        })
}

/// The packages that `project` needs, itself and those of its tests among them, as (name, version).
fn needed<'a>(lock: &'a str, project: &str) -> BTreeSet<(&'a str, &'a str)> {
    let mut by_name: BTreeMap<&str, Vec<Package<'_>>> = BTreeMap::new();
    for package in packages(lock) {
        by_name.entry(package.name).or_default().push(package);
    }
    let (mut found, mut open) = (BTreeSet::new(), vec![project]);
    while let Some(need) = open.pop() {
        let mut words = need.split(' ');
        let (name, version) = (words.next().unwrap_or(need), words.next());
        for package in by_name.get(name).into_iter().flatten() {
            let meant = version.is_none_or(|version| version == package.version);
            if meant && found.insert((package.name, package.version)) {
                open.extend(&package.needs);
            }
        }
    }
    found
}

/// The names of the packages that `project` needs, its own among them.
pub fn closure<'a>(lock: &'a str, project: &str) -> BTreeSet<&'a str> {
    needed(lock, project).into_iter().map(|(name, _)| name).collect()
}

/// The lock file of the copy, as cargo itself would write it.
pub fn of_the_copy(lock: &str, renamed: &Renamed) -> String {
    let needed = needed(lock, &renamed.old);
    let head = lock.split("[[package]]").next().unwrap_or_default();
    let mut blocks: Vec<(String, &str, String)> = packages(lock)
        .filter(|package| needed.contains(&(package.name, package.version)))
        .map(|package| {
            let text = plain_where_there_is_one(package.text, &needed);
            match package.name == renamed.old {
                true => (renamed.name.clone(), package.version, renamed.text(&text)),
                false => (package.name.to_string(), package.version, text),
            }
        })
        .collect();
    // Cargo keeps them sorted.
    blocks.sort();
    let blocks: Vec<&str> = blocks.iter().map(|(_, _, text)| text.trim_end()).collect();
    format!("{head}{}\n", blocks.join("\n\n"))
}

/// A package that names versions of what it needs only where several are left.
fn plain_where_there_is_one(text: &str, needed: &BTreeSet<(&str, &str)>) -> String {
    let one = |name: &str| needed.iter().filter(|(other, _)| *other == name).count() == 1;
    let plain = |line: &str| {
        let (name, _) = line.strip_prefix(" \"")?.strip_suffix("\",")?.split_once(' ')?;
        one(name).then(|| format!(" \"{name}\","))
    };
    let lines: Vec<String> = text
        .lines()
        .map(|line| plain(line).unwrap_or_else(|| line.to_string()))
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"# made by cargo
version = 4

[[package]]
name = "alpha"
version = "0.1.0"
dependencies = [
 "rand 0.9.5",
 "shared",
]

[[package]]
name = "beta"
version = "0.1.0"
dependencies = [
 "rand 0.8.0",
]

[[package]]
name = "rand"
version = "0.8.0"
source = "elsewhere"

[[package]]
name = "rand"
version = "0.9.5"
source = "elsewhere"

[[package]]
name = "shared"
version = "0.1.0"
dependencies = [
 "alpha-tools",
]

[[package]]
name = "alpha-tools"
version = "1.0.0"
"#;

    #[test]
    fn a_copy_keeps_the_versions_that_its_project_needs_and_no_others() {
        assert_eq!(
            closure(LOCK, "alpha"),
            BTreeSet::from(["alpha", "alpha-tools", "rand", "shared"])
        );
        let renamed = Renamed::new("alpha", "zeta", &closure(LOCK, "alpha")).unwrap();
        let copy = of_the_copy(LOCK, &renamed);
        assert!(
            copy.starts_with("# made by cargo\nversion = 4\n\n[[package]]\nname = \"alpha-tools\""),
            "{copy}"
        );
        assert!(
            copy.contains("version = \"0.9.5\"") && !copy.contains("0.8.0") && !copy.contains("beta"),
            "{copy}"
        );
        assert!(
            copy.ends_with(
                "name = \"zeta\"\nversion = \"0.1.0\"\ndependencies = [\n \"rand\",\n \"shared\",\n]\n"
            ),
            "{copy}"
        );
    }
}
