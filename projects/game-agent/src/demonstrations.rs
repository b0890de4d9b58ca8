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

use training::say;

use crate::{
    data::{Game, TEST, VALIDATION},
    episode::Table,
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

/// Reads the games of `game` in a file that [`append`] wrote, and plays each again to be sure of it. A line that was cut
/// off, by a full disk say, is passed over with a word: the other games are whole.
///
/// # Errors
/// When the file cannot be read or holds no game; and, with its line, when one is of another game, is not as
/// [`Demonstration::replay`] wants it, or is one of those that agents are judged by.
pub fn read(path: &Path, game: Game) -> Result<Vec<Demonstration>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut demonstrations = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let here = || format!("{}, line {number}", path.display());
        if serde_json::from_str::<serde_json::Value>(line).is_err_and(|error| error.is_eof()) {
            say(format!("{}: cut off, so it is left out", here()));
            continue;
        }
        let demonstration = parse(line, game).with_context(here)?;
        demonstration.replay(|_, _| {}).with_context(here)?;
        ensure!(
            !VALIDATION.contains(&demonstration.seed) && !TEST.contains(&demonstration.seed),
            "{}: the game of seed {} is one that agents are judged by; learning from it would make the result worthless. \
             Take the line out",
            here(),
            demonstration.seed
        );
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A game of snake that runs straight into the wall.
    fn snake() -> Demonstration {
        let mut table = Table::new(Game::Snake.open(), 3);
        while !table.ended {
            table.step(1).expect("straight on is always allowed");
        }
        Demonstration {
            game: Game::Snake,
            seed: 3,
            actions: table.episode.actions.clone(),
            score: table.info.score,
            answers: Vec::new(),
        }
    }

    /// What is wrong with a file that holds this.
    fn wrong(text: &str, game: Game) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("played.jsonl");
        std::fs::write(&file, text).expect("a file");
        let error = read(&file, game).expect_err("it is wrong");
        let said = format!("{error:#}");
        assert!(said.contains(&file.display().to_string()), "{said}");
        said
    }

    #[test]
    fn what_was_written_is_read_again() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("played").join("snake.jsonl");
        let mut unfinished = snake();
        unfinished.actions.pop();
        append(&file, &snake())?;
        append(&file, &unfinished)?;
        assert_eq!(read(&file, Game::Snake)?, [snake(), unfinished]);
        Ok(())
    }

    #[test]
    fn a_line_that_was_cut_off_spoils_no_other() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("snake.jsonl");
        std::fs::write(&file, "{\"game\":\"sna")?;
        append(&file, &snake())?;
        let text = std::fs::read_to_string(&file)?;
        assert_eq!(text.lines().count(), 2);
        assert_eq!(
            parse(text.lines().nth(1).unwrap_or_default(), Game::Snake)?,
            snake()
        );
        assert_eq!(read(&file, Game::Snake)?, [snake()]);
        Ok(())
    }

    #[test]
    fn a_game_for_two_comes_with_its_answers() -> Result<()> {
        // The first player builds in column 1, the second in column 2, and the first is faster.
        let mut duel = Demonstration {
            game: Game::ConnectFour,
            seed: 0,
            actions: vec![0; 4],
            score: 1.0,
            answers: vec![1; 3],
        };
        let mut seen = Vec::new();
        let end = duel.replay(|view, action| seen.push((view.observation.iter().sum::<f32>(), action)))?;
        assert_eq!((end.score, end.length, end.total_reward), (1.0, 4, 1.0));
        // Before each action there are two discs more.
        assert_eq!(seen, [(0.0, 0), (2.0, 0), (4.0, 0), (6.0, 0)]);
        duel.answers.pop();
        let said = format!("{:#}", duel.replay(|_, _| {}).expect_err("an answer is missing"));
        assert!(said.contains("action 3 of 4"), "{said}");
        // The other begins.
        let second = Demonstration {
            seed: 1,
            actions: vec![1; 3],
            answers: vec![0; 4],
            score: 0.0,
            ..duel
        };
        assert_eq!(second.replay(|_, _| {})?.total_reward, -1.0);
        Ok(())
    }

    #[test]
    fn wrong_lines_are_named_and_explained() -> Result<()> {
        let good = serde_json::to_string(&snake())?;
        let with = |change: &dyn Fn(&mut Demonstration)| -> Result<String> {
            let mut changed = snake();
            change(&mut changed);
            Ok(format!("{good}\n{}\n", serde_json::to_string(&changed)?))
        };
        let said = wrong(&with(&|played| played.actions.push(1))?, Game::Snake);
        assert!(said.contains("line 2") && said.contains("over after"), "{said}");
        let said = wrong(&with(&|played| played.actions[0] = 9)?, Game::Snake);
        assert!(said.contains("line 2") && said.contains("no action 9"), "{said}");
        let said = wrong(&with(&|played| played.score = 55.0)?, Game::Snake);
        assert!(said.contains("line 2") && said.contains("55"), "{said}");
        let said = wrong(&with(&|played| played.seed = TEST.start)?, Game::Snake);
        assert!(said.contains("line 2"), "{said}");
        let said = wrong(&with(&|played| played.game = Game::Breakout)?, Game::Snake);
        assert!(said.contains("line 2") && said.contains("breakout"), "{said}");
        for (line, about) in [
            ("snake", "not a game that was played"),
            (
                "{\"game\":\"chess\",\"seed\":1,\"actions\":[],\"score\":0}",
                "chess",
            ),
            (
                "{\"game\":\"snake\",\"seed\":-1,\"actions\":[],\"score\":0}",
                "-1",
            ),
            (
                "{\"game\":\"snake\",\"seed\":1,\"actions\":[300],\"score\":0}",
                "300",
            ),
            ("{\"game\":\"snake\",\"seed\":1,\"actions\":[]}", "score"),
            (
                "{\"game\":\"snake\",\"seed\":1,\"actions\":[],\"score\":0,\"note\":1}",
                "note",
            ),
        ] {
            let said = wrong(&format!("{good}\n\n{line}\n"), Game::Snake);
            assert!(said.contains("line 3") && said.contains(about), "{said}");
        }
        assert!(wrong("", Game::Snake).contains("no game"));
        assert!(wrong("\n \n", Game::Snake).contains("no game"));
        Ok(())
    }
}
