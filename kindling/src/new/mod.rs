//! Copies a project with all that it needs into a workspace of its own.

mod files;
mod git;
mod lock;
mod manifest;
mod name;
mod readme;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use crate::{
    house::{House, Project},
    leave::{self, Writing},
};
use name::Renamed;

/// Where to copy which project
#[derive(clap::Args)]
pub struct Arguments {
    /// The folder to make; it must not exist, or be empty
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// The project to copy: `list` shows them
    #[arg(long, value_name = "PROJECT")]
    pub from: String,
    /// What yours is called, as a crate [default: the folder's name]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
}

/// Copies a project into a workspace of its own and gives what was done, in lines.
///
/// The workspace is whole or not there: it is put together in a hidden folder beside its place, gets its first commit,
/// and only then its name. Errors where the place is taken, the name is none for a crate, or there is no such project,
/// and where Ctrl-C was pressed meanwhile.
pub fn new(house: &House, arguments: &Arguments) -> Result<String> {
    let (project, place, renamed, lock) = prepared(house, arguments)?;
    let needed = lock::closure(&lock, &project.name);

    let above = place.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(above).with_context(|| format!("cannot make the folder {}", above.display()))?;
    // Declared before the folder, so that it outlives it: Ctrl-C waits until that is removed.
    let _writing = Writing::begin();
    let site = tempfile::Builder::new()
        .prefix(&format!(".{}.part", renamed.name))
        .tempdir_in(above);
    let site =
        site.with_context(|| format!("cannot write into {}: choose another place", above.display()))?;
    let whole = site.path().join("whole");

    let mut shared: Vec<(&str, &Path)> = house
        .crates
        .iter()
        .filter(|(name, _)| needed.contains(name.as_str()) && *name != project.name)
        .map(|(name, folder)| (name.as_str(), folder.as_path()))
        .collect();
    shared.sort();
    let count = put_together(house, project, &shared, &renamed, &lock, &whole)?;
    let commit = git::first_commit(&whole, &renamed, &project.name);
    leave::unless_asked()?;
    // On Unix an empty folder is replaced in one step.
    if cfg!(not(unix)) && place.exists() {
        fs::remove_dir(&place).with_context(|| format!("cannot take the place of {}", place.display()))?;
    }
    fs::rename(&whole, &place)
        .with_context(|| format!("cannot put the copy in its place, {}", place.display()))?;

    let names: Vec<&str> = shared.iter().map(|(name, _)| *name).collect();
    Ok(format!(
        "new       {} from {}: {count} files, with {}\n\
         git       {commit}\n\
         next      cd \"{}\"\n          \
                   cargo run                  builds, 4 to 7 minutes the first time, and does what it did before\n          \
                   cargo test                 its own tests, which train it\n          \
                   README.md                  \"What to change first\"\n",
        renamed.name,
        project.name,
        names.join(", "),
        place.display(),
    ))
}

/// Errors where [`new`] would refuse these arguments; nothing is written.
pub fn check(house: &House, arguments: &Arguments) -> Result<()> {
    prepared(house, arguments).map(drop)
}

/// The project, the folder to make, the names, and the lock file of this workspace.
fn prepared<'a>(house: &'a House, arguments: &Arguments) -> Result<(&'a Project, PathBuf, Renamed, String)> {
    let project = house.project(&arguments.from)?;
    let place = place(house, &arguments.path)?;
    let lock_file = house.root.join("Cargo.lock");
    let lock = fs::read_to_string(&lock_file).with_context(|| {
        format!(
            "cannot read {}: it names the versions that the copy must keep",
            lock_file.display()
        )
    })?;
    // Git on Windows may have written it with carriage returns.
    let lock = lock.replace("\r\n", "\n");
    let needed = lock::closure(&lock, &project.name);
    ensure!(
        needed.contains(project.name.as_str()),
        "{} does not know {}: run `cargo metadata` here once, which writes it anew",
        lock_file.display(),
        project.name
    );
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None => place
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
    };
    let renamed = Renamed::new(&project.name, &name, &needed)?;
    Ok((project, place, renamed, lock))
}

/// The folder to make, absolute. Errors where something is there, or where it would lie inside this workspace.
fn place(house: &House, path: &Path) -> Result<PathBuf> {
    let absolute = std::path::absolute(path).with_context(|| format!("{} is no path", path.display()))?;
    // `a/../b`, and a name for the copy where the path is `.`.
    let mut place = PathBuf::new();
    for part in absolute.components() {
        match part {
            std::path::Component::ParentDir => {
                // Above a link is what is above the folder that it leads to.
                place = place.canonicalize().unwrap_or(place);
                place.pop();
            }
            part => place.push(part),
        }
    }
    ensure!(
        place.file_name().is_some(),
        "{} is no place for a project: give the path of a folder to make",
        path.display()
    );
    if let Ok(mut entries) = fs::read_dir(&place) {
        ensure!(
            entries.next().is_none(),
            "{} is not empty: give a folder that is not there yet, so that nothing of yours is touched",
            path.display()
        );
    }
    ensure!(
        !place.exists() || place.is_dir(),
        "{} is a file: give the path of a folder to make",
        path.display()
    );
    // The nearest folder above that exists may be reached by a link.
    let above = place.ancestors().find_map(|above| above.canonicalize().ok());
    let root = house.root.canonicalize().unwrap_or_else(|_| house.root.clone());
    ensure!(
        !above.is_some_and(|above| above.starts_with(&root)),
        "{} lies inside this workspace ({}): give a path outside it, such as ../{}. (To add a project to this workspace \
         instead, see \"Add a project\" in its README.)",
        path.display(),
        root.display(),
        place.file_name().unwrap_or_default().to_string_lossy()
    );
    Ok(place)
}

/// Writes the whole workspace into `whole` and gives the number of its files.
fn put_together(
    house: &House,
    project: &Project,
    shared: &[(&str, &Path)],
    renamed: &Renamed,
    lock: &str,
    whole: &Path,
) -> Result<usize> {
    let mut count = files::copy(&project.folder, whole, Some(renamed), &["results"])?;
    let mut manifests = Vec::new();
    for (_, folder) in shared {
        leave::unless_asked()?;
        let inside = folder.strip_prefix(&house.root).unwrap_or(folder);
        count += files::copy(folder, &whole.join(inside), None, &[])?;
        manifests.push(files::read(&folder.join("Cargo.toml"))?);
    }
    for file in [
        ".gitattributes",
        ".gitignore",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "clippy.toml",
        "rustfmt.toml",
    ] {
        fs::copy(house.root.join(file), whole.join(file))
            .with_context(|| format!("cannot copy {file} from {}", house.root.display()))?;
        count += 1;
    }
    let needed: BTreeSet<&str> = lock::closure(lock, &project.name);
    let members: Vec<String> = shared
        .iter()
        .filter_map(|(_, folder)| Some(folder.strip_prefix(&house.root).ok()?.display().to_string()))
        .map(|member| member.replace('\\', "/"))
        .collect();
    let manifest = manifest::of_the_copy(
        &files::read(&project.folder.join("Cargo.toml"))?,
        &files::read(&house.root.join("Cargo.toml"))?,
        &manifests,
        &members,
        &needed,
        renamed,
    )?;
    files::write(&whole.join("Cargo.toml"), &manifest)?;
    files::write(&whole.join("Cargo.lock"), &lock::of_the_copy(lock, renamed))?;
    let page = whole.join("README.md");
    files::write(&page, &readme::of_the_copy(&files::read(&page)?, renamed)?)?;
    Ok(count + 1)
}
