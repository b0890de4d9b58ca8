//! `Cargo.toml` of a copy: the project's and the workspace's in one, with only what the copy needs.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use toml_edit::{Array, DocumentMut, Item, TableLike, value};

use super::name::Renamed;

/// The manifest of the copy, from the project's own, the root's and those of the shared crates that come along.
///
/// `members` are the folders of those crates, `needed` the names of all packages that the project stands on: other
/// dependencies, patches and build settings are left out. What stays keeps its comments.
pub fn of_the_copy(
    project: &str,
    root: &str,
    shared: &[String],
    members: &[String],
    needed: &BTreeSet<&str>,
    renamed: &Renamed,
) -> Result<String> {
    let mut used = dependencies(&parse(project)?);
    for manifest in shared {
        used.extend(dependencies(&parse(manifest)?));
    }

    let mut project = parse(project)?;
    project["package"]["name"] = value(&renamed.name);
    if let Some(package) = project["package"].as_table_like_mut() {
        package.remove("metadata");
    }

    let mut root = parse(root)?;
    let workspace = table(&mut root, "workspace")?;
    workspace.insert("members", value(members.iter().collect::<Array>()));
    workspace.remove("default-members");
    retain(table_in(workspace, "dependencies")?, |name| used.contains(name));
    let mut patches = false;
    if let Ok(patch) = table(&mut root, "patch") {
        for (_, source) in patch.iter_mut() {
            if let Some(source) = source.as_table_like_mut() {
                retain(source, |name| needed.contains(name));
                patches |= !source.is_empty();
            }
        }
    }
    if !patches {
        root.remove("patch");
    }
    let profile = table_in(table(&mut root, "profile")?, "dev")?;
    retain(table_in(profile, "package")?, |name| {
        name == "*" || needed.contains(name)
    });

    // What the root says of itself before its first table is said of another workspace.
    let root = root.to_string();
    let start = root.find("[workspace]").unwrap_or(0);
    Ok(format!(
        "{}\n\n{}",
        project.to_string().trim_end(),
        &root[start..]
    ))
}

fn parse(manifest: &str) -> Result<DocumentMut> {
    manifest
        .parse()
        .context("a Cargo.toml of this workspace is no TOML")
}

fn table<'a>(document: &'a mut DocumentMut, name: &str) -> Result<&'a mut dyn TableLike> {
    let item = document.get_mut(name).and_then(Item::as_table_like_mut);
    item.with_context(|| format!("the root Cargo.toml has no [{name}]"))
}

fn table_in<'a>(table: &'a mut dyn TableLike, name: &str) -> Result<&'a mut dyn TableLike> {
    let item = table.get_mut(name).and_then(Item::as_table_like_mut);
    item.with_context(|| format!("the root Cargo.toml has no table {name}"))
}

fn retain(table: &mut dyn TableLike, keep: impl Fn(&str) -> bool) {
    let names: Vec<String> = table.iter().map(|(name, _)| name.to_string()).collect();
    for name in names.iter().filter(|name| !keep(name)) {
        table.remove(name);
    }
}

/// The names of all dependencies, of whatever kind and for whatever system.
fn dependencies(manifest: &DocumentMut) -> BTreeSet<String> {
    const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    let mut tables: Vec<&Item> = vec![manifest.as_item()];
    if let Some(targets) = manifest.get("target").and_then(Item::as_table_like) {
        tables.extend(targets.iter().map(|(_, target)| target));
    }
    let mut names = BTreeSet::new();
    for kind in KINDS {
        for table in &tables {
            let found = table.get(kind).and_then(Item::as_table_like);
            names.extend(
                found
                    .into_iter()
                    .flat_map(|table| table.iter())
                    .map(|(name, _)| name.to_string()),
            );
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_copy_needs_stays_and_keeps_its_comments() {
        let project = "[package]\nname = \"alpha\"\nedition.workspace = true\n\n[dependencies]\nrand.workspace = true\n\n\
                       [target.'cfg(unix)'.dependencies]\nrustix.workspace = true\n\n[features]\nfast = []\n\n\
                       [package.metadata.kindling]\nyou-like = \"games\"\n";
        let root = "# The workspace.\n[workspace]\nmembers = [\"a\"]\ndefault-members = [\"a\"]\n\n[workspace.package]\n\
                    edition = \"2024\"\n\n[workspace.dependencies]\nimage = \"1\"\n# Dice.\nrand = \"0.9\"\nrustix = \"1\"\n\
                    nn = { path = \"shared/nn\" }\n\n[patch.crates-io]\nsdl2 = { path = \"shared/sdl2\" }\n\n[profile.dev]\n\
                    opt-level = 3\n\n[profile.dev.package.\"*\"]\ndebug = false\n\n[profile.dev.package]\n# Slow is enough.\n\
                    rand.opt-level = 0\nimage.opt-level = 0\n";
        let shared = ["[package]\nname = \"nn\"\n[dev-dependencies]\nnn.workspace = true\n".to_string()];
        let needed = BTreeSet::from(["alpha", "rand", "rustix", "nn"]);
        let renamed = Renamed::new("alpha", "zeta", &needed).unwrap();
        let copy = of_the_copy(project, root, &shared, &["shared/nn".into()], &needed, &renamed).unwrap();
        let parsed: DocumentMut = copy.parse().unwrap();
        assert_eq!(parsed["package"]["name"].as_str(), Some("zeta"));
        assert!(parsed["package"].get("metadata").is_none());
        assert_eq!(parsed["workspace"]["members"].as_array().unwrap().len(), 1);
        for (part, there) in [
            ("# Dice.", true),
            ("# Slow is enough.", true),
            ("[features]", true),
            ("edition = \"2024\"", true),
            ("rustix = \"1\"", true),
            ("nn = {", true),
            ("\"*\"", true),
            ("image", false),
            ("sdl2", false),
            ("patch", false),
            ("default-members", false),
            ("# The workspace.", false),
        ] {
            assert_eq!(copy.contains(part), there, "{part}:\n{copy}");
        }
    }
}
