//! What the door hands over: labelled files in three parts.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::text::some;
use crate::{DataError, OnProgress, Result};

/// One labelled file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The file.
    pub path: PathBuf,
    /// Index into [`Collection::classes`].
    pub label: u32,
    /// Who or what it comes from (artist, speaker, template): a source is never in two parts. The file's own
    /// name where nothing is known.
    pub source: String,
}

/// A file that was left out, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The file.
    pub path: PathBuf,
    /// What was wrong with it.
    pub reason: String,
}

/// A data set of labelled files in three parts. Everything is chosen on `valid`; `test` is read once, at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// The set's or the folder's name.
    pub name: String,
    /// The folder it was read from.
    pub root: PathBuf,
    /// The class names; a label is an index into them.
    pub classes: Vec<String>,
    /// What the network learns from, sorted by path.
    pub train: Vec<Example>,
    /// What choices are made on, sorted by path.
    pub valid: Vec<Example>,
    /// What the result is measured on, sorted by path.
    pub test: Vec<Example>,
    /// What a reader of the results should know: how it was split, what was ignored, what is doubtful.
    pub notes: Vec<String>,
    /// Files that turned out to be unreadable; see [`Collection::skip`].
    pub skipped: Vec<Skipped>,
    /// The source that all of `test` comes from, where one was [held out](crate::Options::hold_out). It need not have
    /// every class.
    pub held_out: Option<String>,
}

impl Collection {
    /// Leaves a file out, because it could not be decoded, say. It is named by [`Collection::report`].
    pub fn skip(&mut self, path: &Path, reason: impl Into<String>) {
        for part in [&mut self.train, &mut self.valid, &mut self.test] {
            part.retain(|example| example.path != path);
        }
        if !self.skipped.iter().any(|skipped| skipped.path == path) {
            let (path, reason) = (path.to_path_buf(), reason.into());
            self.skipped.push(Skipped { path, reason });
        }
    }

    /// Reads every file by `read`, on all cores, and hands over what was read, part by part and in order. Files that
    /// cannot be read are [skipped](Collection::skip), with the error as the reason.
    ///
    /// # Errors
    /// Those of [`Collection::check`], when too little is left.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # for file in ["a/1.txt", "a/2.txt", "a/3.txt", "a/4.txt", "b/1.txt", "b/2.txt", "b/3.txt"] {
    /// #     std::fs::create_dir_all(folder.path().join(file).parent().unwrap())?;
    /// #     std::fs::write(folder.path().join(file), file)?;
    /// # }
    /// let mut texts = datasets::open_folder(folder.path(), &datasets::Options::new(&["txt"]))?;
    /// let [train, valid, test] = texts.read(&|_, _, _| {}, |example| std::fs::read_to_string(&example.path))?;
    /// assert_eq!(train.len() + valid.len() + test.len(), 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read<T: Send, E: fmt::Display>(
        &mut self,
        on_progress: OnProgress<'_>,
        read: impl Fn(&Example) -> std::result::Result<T, E> + Sync,
    ) -> Result<[Vec<(Example, T)>; 3]> {
        let parts = [&self.train, &self.valid, &self.test].map(Vec::as_slice);
        let (good, bad) = read_all(parts, on_progress, read);
        bad.into_iter()
            .for_each(|(example, reason)| self.skip(&example.path, reason));
        self.check()?;
        Ok(good)
    }

    /// Whether there is enough left to train and measure on, after [`Collection::skip`]: an error names the part
    /// and the class that were lost.
    pub fn check(&self) -> Result<()> {
        let Some(first) = self.skipped.first() else {
            return Ok(());
        };
        for (part, examples) in self.parts() {
            for (label, class) in self.classes.iter().enumerate() {
                let present = examples.iter().any(|example| example.label as usize == label);
                let excused = part == "test" && self.held_out.is_some() && !examples.is_empty();
                if !present && !excused {
                    return Err(DataError::Skipped {
                        skipped: self.skipped.len(),
                        part,
                        class: class.clone(),
                        first: format!("{}: {}", first.path.display(), first.reason),
                    });
                }
            }
        }
        Ok(())
    }

    /// The notes, with one more for the files that were skipped.
    pub fn report(&self) -> Vec<String> {
        report(&self.notes, &self.skipped, &self.root, "unreadable files")
    }

    /// The path of a file below the root, with `/` on every system: the name to print and to write into tables.
    pub fn short(&self, path: &Path) -> String {
        crate::walk::relative(&self.root, path)
    }

    /// The three parts with their names.
    pub fn parts(&self) -> [(&'static str, &[Example]); 3] {
        [
            ("train", &self.train),
            ("valid", &self.valid),
            ("test", &self.test),
        ]
    }
}

/// What was read of each part, and what could not be, with the reason.
pub(crate) type ReadAll<E, T> = ([Vec<(E, T)>; 3], Vec<(E, String)>);

/// Reads the three parts on all cores, in order.
pub(crate) fn read_all<E: Clone + Send + Sync, T: Send, F: fmt::Display>(
    parts: [&[E]; 3],
    on_progress: OnProgress<'_>,
    read: impl Fn(&E) -> std::result::Result<T, F> + Sync,
) -> ReadAll<E, T> {
    let total: usize = parts.iter().map(|part| part.len()).sum();
    let done = AtomicUsize::new(0);
    let read_one = |example: &E| {
        let content = read(example).map_err(|error| error.to_string());
        let count = done.fetch_add(1, Ordering::Relaxed) + 1;
        on_progress("reading", count as u64, total as u64);
        (example.clone(), content)
    };
    let parts = parts.map(|part| part.par_iter().map(read_one).collect::<Vec<_>>());
    let (mut good, mut bad) = ([Vec::new(), Vec::new(), Vec::new()], Vec::new());
    for (part, good) in parts.into_iter().zip(&mut good) {
        for (example, content) in part {
            match content {
                Ok(content) => good.push((example, content)),
                Err(reason) => bad.push((example, reason)),
            }
        }
    }
    (good, bad)
}

/// The notes, with one more for the files that were skipped.
pub(crate) fn report(notes: &[String], skipped: &[Skipped], root: &Path, what: &str) -> Vec<String> {
    let mut notes = notes.to_vec();
    if !skipped.is_empty() {
        let name = |s: &Skipped| format!("{} ({})", crate::walk::relative(root, &s.path), s.reason);
        let (count, names) = (skipped.len(), some(skipped.iter().map(name), 20));
        notes.push(format!("{count} {what} were left out: {names}"));
    }
    notes
}

impl fmt::Display for Collection {
    /// One line: `made-music: 8 classes, 480 training + 160 validation + 160 test files in data/made-music`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (train, valid, test) = (self.train.len(), self.valid.len(), self.test.len());
        let (name, classes, root) = (&self.name, self.classes.len(), self.root.display());
        write!(
            f,
            "{name}: {classes} classes, {train} training + {valid} validation + {test} test files in {root}"
        )
    }
}
