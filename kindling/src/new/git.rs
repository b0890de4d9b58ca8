//! The copy's repository and its first commit.

use std::{path::Path, process::Command};

use super::name::Renamed;

/// Makes `folder` a repository with all its files in a first commit, and says so in a line. Without git, or where git
/// refuses, the copy is whole all the same: the line then says what to do.
pub fn first_commit(folder: &Path, renamed: &Renamed, from: &str) -> String {
    let message = format!("{}, from Kindling's {from}", renamed.name);
    let commit = ["commit", "--quiet", "--message", &message];
    // Who has never used git has told it no name yet.
    let nobody = ["-c", "user.name=nobody", "-c", "user.email=nobody@localhost"];
    let done = git(folder, &["init", "--quiet"])
        .and_then(|_| git(folder, &["add", "--all"]))
        .and_then(|_| match git(folder, &["var", "GIT_COMMITTER_IDENT"]) {
            Ok(_) => git(folder, &commit).map(|_| ""),
            Err(_) => git(folder, &[&nobody[..], &commit[..]].concat()).map(|_| {
                " as nobody (git knows no name of yours: `git config --global user.name NAME`, the same for user.email, \
                 then `git commit --amend --reset-author`)"
            }),
        })
        .and_then(|whose| Ok((git(folder, &["log", "-1", "--format=%h"])?, whose)));
    match done {
        Ok((commit, whose)) => format!("a new repository, first commit {commit}{whose}"),
        Err(reason) => {
            // Half a repository is none.
            let _ = std::fs::remove_dir_all(folder.join(".git"));
            format!("no repository, since {reason}; `git init` there makes one later")
        }
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut git = Command::new("git");
    git.current_dir(folder).args(arguments);
    // Set where git itself runs a program, as in a hook: they name another repository.
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        git.env_remove(name);
    }
    let output = git.output().map_err(|_| "git is not installed".to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_string());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "git {} failed: {}",
        arguments[0],
        said.lines().next().unwrap_or("it did not say why")
    ))
}
