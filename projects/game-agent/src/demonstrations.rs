//! Games that a person played, to be looked at and learned from: a JSON line each.

use std::{
    collections::VecDeque,
    fs::{File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result, bail, ensure};
use games::{
    Environment, EpisodeEnd,
    connect_four::{Board, ConnectFour, Opponent},
};
use nn::Random;
use serde::{Deserialize, Serialize};

use crate::{
    data::Game,
    evaluate::Table,
    player::View,
};

/// A game that was played: all that it takes to play it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demonstration {
    /// What was played.
    pub game: Game,
    /// What the game was reset with.
    pub seed: u64,
    /// What was done.
    pub actions: Vec<u8>,
    /// The score at the end.
    pub score: f64,
    /// What the other player did, in a game for two.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<u8>,
}

impl Demonstration {
    /// The game before the first action; in a game for two with an opponent that does the same again.
    pub fn table(&self) -> Table {
        let game: Box<dyn Environment> = match self.game {
            Game::ConnectFour => Box::new(ConnectFour::new(Script::new(&self.answers))),
            game => game.open(),
        };
        Table::new(game, self.seed)
    }

    /// Plays it again; `each` is shown what the player saw and what was done then.
    ///
    /// # Errors
    /// When it is no game by the rules, goes on after its end, or ends with another score than it says.
    pub fn replay(&self, mut each: impl FnMut(View<'_>, usize)) -> Result<EpisodeEnd> {
        let mut table = self.table();
        for (number, &action) in self.actions.iter().enumerate() {
            ensure!(
                !table.ended,
                "the game is over after {number} actions, but {} are told",
                self.actions.len()
            );
            each(table.view(), usize::from(action));
            table
                .step(usize::from(action))
                .with_context(|| format!("action {} of {}", number + 1, self.actions.len()))?;
        }
        ensure!(
            (table.info.score - self.score).abs() < 1e-6,
            "it says a score of {}, but these actions lead to {}",
            self.score,
            table.info.score
        );
        Ok(EpisodeEnd {
            score: table.info.score,
            ..table.episode.end
        })
    }
}

/// Where what a person plays is kept.
pub fn path(game: Game) -> PathBuf {
    datasets::data_dir()
        .join("played")
        .join(format!("{}.jsonl", game.name()))
}

/// Adds a game to `path`, as a line of its own.
///
/// # Errors
/// When the file cannot be written.
pub fn append(path: &Path, demonstration: &Demonstration) -> Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(cannot)?;
    }
    let file = OpenOptions::new().create(true).read(true).append(true).open(path);
    let mut file = file.with_context(cannot)?;
    let mut line = serde_json::to_vec(demonstration)?;
    line.push(b'\n');
    // A line that was cut off, by a full disk say, must not spoil the next one.
    if !ends_a_line(&mut file).with_context(cannot)? {
        line.insert(0, b'\n');
    }
    file.write_all(&line).with_context(cannot)
}

fn ends_a_line(file: &mut File) -> std::io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// Reads the games of `game` in a file that [`append`] wrote, and plays each again to be sure of it.
///
/// # Errors
/// When the file cannot be read or holds no game; and, with its line, when one is of another game or is not as
/// [`Demonstration::replay`] wants it.
pub fn read(path: &Path, game: Game) -> Result<Vec<Demonstration>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut demonstrations = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let here = || format!("{}, line {number}", path.display());
        let demonstration = parse(line, game).with_context(here)?;
        demonstration.replay(|_, _| {}).with_context(here)?;
        demonstrations.push(demonstration);
    }
    ensure!(
        !demonstrations.is_empty(),
        "{} holds no game: play some with `cargo run -p {} -- play --game {}`",
        path.display(),
        crate::NAME,
        game.name()
    );
    Ok(demonstrations)
}

/// One line.
pub fn parse(line: &str, game: Game) -> Result<Demonstration> {
    let demonstration: Demonstration = serde_json::from_str(line).context(
        "not a game that was played: {\"game\": …, \"seed\": …, \"actions\": […], \"score\": …} is expected",
    )?;
    if demonstration.game != game {
        bail!(
            "a game of {}, but {} is wanted",
            demonstration.game.name(),
            game.name()
        );
    }
    Ok(demonstration)
}

/// Plays what it is told, by a file of moves or by whoever holds a copy of it.
#[derive(Clone, Default)]
pub struct Script(Arc<Mutex<VecDeque<usize>>>);

impl Script {
    /// These moves, one after the other.
    pub fn new(moves: &[u8]) -> Self {
        let script = Script::default();
        moves.iter().for_each(|&column| script.tell(usize::from(column)));
        script
    }

    /// One move more.
    pub fn tell(&self, column: usize) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_back(column);
    }

    /// Forgets what was not played.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Opponent for Script {
    fn name(&self) -> String {
        "script".to_string()
    }

    fn choose(&mut self, _: &Board, _: &mut Random) -> usize {
        let mut moves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A column that does not exist: who plays then hears that the answer is missing.
        moves.pop_front().unwrap_or(usize::MAX)
    }
}
