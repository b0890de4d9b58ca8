//! A person plays: against the agent where a game is for two, else the same game as the agent, score beside score.

use std::{
    collections::VecDeque,
    io::BufRead,
    path::PathBuf,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result, ensure};
use candle_core::Device;
use console::Style;
use crossterm::event::KeyCode;
use games::{
    Environment, Key,
    connect_four::{Board, COLUMNS, ConnectFour, OnePly, Opponent},
};
use training::{DeviceChoice, choose_device, say};

use crate::{
    NAME,
    agent::{About, load, load_for, newest},
    data::Game,
    demonstrations::{self, Demonstration, Script},
    episode::Table,
    player::{Player, View},
    screen::{Line, Press, Scene, Screen, board, is_terminal},
    thoughts::{allowed, score, standing, think},
    watch::{Show, check_speed, title},
};

/// Play yourself: against the agent, or the same game as it
#[derive(clap::Args)]
pub struct Play {
    /// The game [default: what the newest trained agent plays]
    #[arg(long, value_name = "NAME")]
    game: Option<Game>,
    /// The run folder of a trained model [default: the newest]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// The seed of the first game; the next is one more [default: the time of day]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Who begins in connect-four [default: by turns]
    #[arg(long, value_enum)]
    first: Option<First>,
    /// How many times as fast as is easy to follow
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR")]
    speed: f64,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
}

/// Who begins a game for two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum First {
    /// You
    Me,
    /// The agent
    Agent,
}

pub fn play(arguments: &Play) -> Result<()> {
    check_speed(arguments.speed)?;
    let (device, _) = choose_device(arguments.device)?;
    let agent = find_agent(arguments, &device)?;
    // Without an agent and without a wish: the game that everybody knows.
    let game = arguments
        .game
        .or(agent.as_ref().map(|(about, _)| about.game))
        .unwrap_or(Game::Snake);
    ensure!(
        arguments.first.is_none() || game == Game::ConnectFour,
        "--first is for {}, and this is {}",
        Game::ConnectFour.name(),
        game.name()
    );
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seed = arguments
        .seed
        .unwrap_or_else(|| seconds.map_or(0, |time| time.as_secs() % 1_000_000));
    let mut session = Session {
        game,
        agent,
        first: arguments.first,
        speed: arguments.speed,
        seed,
        script: Script::default(),
        answers: Vec::new(),
        rows: Vec::new(),
    };
    if is_terminal() {
        let mut screen = Screen::open()?;
        let played = session.in_terminal(&mut screen);
        drop(screen);
        session.tell();
        return played;
    }
    ensure!(
        !session.by_the_clock(),
        "{} waits for nobody, so it needs a terminal to be played in: games that can be played through a pipe are {} and {}",
        game.name(),
        Game::ConnectFour.name(),
        Game::Tiles.name()
    );
    session.in_lines(std::io::stdin().lock())
}

/// The agent to play with. A person can play without one.
fn find_agent(arguments: &Play, device: &Device) -> Result<Option<(About, Box<dyn Player>)>> {
    match (arguments.game, &arguments.model) {
        (game, Some(model)) => load_for(game, Some(model), device).map(Some),
        (Some(game), None) => newest(game).map(|model| load(Some(&model), device)).transpose(),
        (None, None) => match training::find_model(NAME, None) {
            Ok(model) => load(Some(&model), device).map(Some),
            Err(_) => Ok(None),
        },
    }
}

/// The games that a person plays on end.
struct Session {
    game: Game,
    agent: Option<(About, Box<dyn Player>)>,
    first: Option<First>,
    speed: f64,
    /// That of the next game.
    seed: u64,
    /// Tells the game what the agent answers, in a game for two.
    script: Script,
    answers: Vec<u8>,
    rows: Vec<Row>,
}

/// A game that was played.
struct Row {
    seed: u64,
    mine: f64,
    /// What the agent reached in the same game, in a game for one.
    agents: Option<f64>,
    ended: bool,
}

impl Session {
    fn is_duel(&self) -> bool {
        self.game == Game::ConnectFour
    }

    /// Whether the game goes on when no key is pressed.
    fn by_the_clock(&self) -> bool {
        let mut game = self.game.open();
        game.reset(0);
        game.action_for(Key::Nothing).is_some()
    }

    /// Begins a game.
    fn table(&mut self) -> Result<Table> {
        let mut seed = self.seed;
        if !self.is_duel() {
            self.seed = seed.wrapping_add(1);
            return Ok(Table::new(self.game.open(), seed));
        }
        // The environment lets its opponent begin games of odd seeds.
        match self.first {
            Some(First::Me) => seed &= !1,
            Some(First::Agent) => seed |= 1,
            None => {}
        }
        self.seed = seed.wrapping_add(if self.first.is_some() { 2 } else { 1 });
        self.script = Script::default();
        self.answers.clear();
        if seed % 2 == 1 {
            self.answer(&Board::new())?;
        }
        let game = ConnectFour::new(self.script.clone());
        Ok(Table::new(Box::new(game), seed))
    }

    /// Lets the agent, or a simple rule where there is none, choose a column.
    fn answer(&mut self, board: &Board) -> Result<()> {
        let column = match &mut self.agent {
            Some((_, agent)) => {
                let planes = board.planes();
                let mask: Vec<bool> = (0..COLUMNS).map(|column| board.is_open(column)).collect();
                let view = View {
                    observation: &planes,
                    action_mask: &mask,
                };
                agent.act(&[view])?.pop().context("the agent has no answer")?
            }
            None => {
                let place = format!("play/{}", board.discs());
                OnePly.choose(board, &mut nn::random(self.seed, &place))
            }
        };
        self.script.tell(column);
        self.answers.push(column as u8);
        Ok(())
    }

    /// Does what the person wants, or says why that cannot be.
    fn act(&mut self, table: &mut Table, action: usize) -> Result<Option<String>> {
        if !table.view().allows(action) {
            return Ok(Some(format!(
                "{} is not allowed now; {}",
                table.game.actions().get(action).copied().unwrap_or("that"),
                one_of(&allowed(table))
            )));
        }
        if self.is_duel() {
            let mut board = Board::from_planes(&table.observation)?;
            board.play(action)?;
            if !board.is_over() {
                self.answer(&board)?;
            }
        }
        table.step(action)?;
        Ok(None)
    }

    /// Keeps what was played.
    fn keep(&mut self, table: &Table) -> Result<()> {
        if table.episode.actions.is_empty() {
            return Ok(());
        }
        let demonstration = Demonstration {
            game: self.game,
            seed: table.episode.seed,
            actions: table.episode.actions.clone(),
            score: table.info.score,
            answers: self.answers.clone(),
        };
        self.rows.push(Row {
            seed: table.episode.seed,
            mine: table.info.score,
            agents: None,
            ended: table.ended,
        });
        demonstrations::append(&demonstrations::path(self.game), &demonstration)
    }

    /// The games of a person at the keyboard.
    fn in_terminal(&mut self, screen: &mut Screen) -> Result<()> {
        let by_the_clock = self.by_the_clock();
        loop {
            let mut table = self.table()?;
            let goes_on = match by_the_clock {
                true => self.play_by_the_clock(screen, &mut table)?,
                false => self.play_by_turns(screen, &mut table)?,
            };
            self.keep(&table)?;
            if !goes_on {
                return Ok(());
            }
            if !self.is_duel() && self.agent.is_some() {
                let sees_on = self.ask(screen, &table, "space the agent plays the same game  q ends")?;
                if !sees_on || !self.agents_turn(screen, &table)? {
                    return Ok(());
                }
            }
            if !self.ask(screen, &table, "space another game  q ends")? {
                return Ok(());
            }
        }
    }

    /// A game that waits for the person; false when the person wants no more.
    fn play_by_turns(&mut self, screen: &mut Screen, table: &mut Table) -> Result<bool> {
        let mut said = Vec::new();
        while !table.ended {
            let hint = if self.agent.is_some() { "h hint  " } else { "" };
            let keys = format!("{}  {hint}q ends", how_to_move(self.game));
            match screen.show(&self.scene(table, &said, &keys), None)? {
                Press::Quit => return Ok(false),
                Press::Key(KeyCode::Char('h')) => said = self.hint(table)?,
                press => {
                    let action = press.game_key().and_then(|key| table.game.action_for(key));
                    let Some(action) = action else { continue };
                    if self.is_duel() && self.agent.is_some() {
                        let thinks = [Line::new("The agent thinks …", Style::new().dim())];
                        screen.show(&self.scene(table, &thinks, &keys), Some(Duration::ZERO))?;
                    }
                    let complaint = self.act(table, action)?;
                    said = complaint.map(warning).into_iter().flatten().collect();
                }
            }
        }
        Ok(true)
    }

    /// A game that goes on by itself; false when the person wants no more.
    fn play_by_the_clock(&mut self, screen: &mut Screen, table: &mut Table) -> Result<bool> {
        let keys = format!("{}  space pauses  q ends", how_to_move(self.game));
        let period = 1.0 / (f64::from(table.game.steps_per_second().max(1)) * self.speed);
        let mut waiting = Some("Press a key to begin");
        // What was pressed and not yet done: two, so that a fast turn around a corner is not lost.
        let mut pressed: VecDeque<Key> = VecDeque::new();
        while !table.ended {
            let due = Instant::now() + Duration::from_secs_f64(period);
            loop {
                let said = waiting.map(|word| Line::new(word, Style::new().yellow().bold()));
                let scene = self.scene(table, said.as_slice(), &keys);
                let left = due.saturating_duration_since(Instant::now());
                let press = screen.show(&scene, waiting.is_none().then_some(left))?;
                match press {
                    Press::Quit => return Ok(false),
                    Press::Nothing => break,
                    Press::Key(KeyCode::Char(' ' | 'p')) if waiting.is_none() => {
                        waiting = Some("Paused: a key goes on");
                    }
                    press => {
                        let key = press.game_key();
                        if pressed.len() < 2 && key.is_some() && pressed.back() != key.as_ref() {
                            pressed.extend(key);
                        }
                        if waiting.take().is_some() {
                            break;
                        }
                    }
                }
            }
            let action = pressed.pop_front().and_then(|key| table.game.action_for(key));
            let action = action.or_else(|| table.game.action_for(Key::Nothing));
            table.step(action.unwrap_or(0))?;
        }
        Ok(true)
    }

    /// Shows what the agent does in the same game, in a game for one; false when the person wants no more.
    fn agents_turn(&mut self, screen: &mut Screen, mine: &Table) -> Result<bool> {
        let Some((about, agent)) = &mut self.agent else {
            return Ok(true);
        };
        let mut table = Table::new(self.game.open(), mine.episode.seed);
        let title = title(about).and(
            format!("  in the same game; you reached {}", score(mine.info.score)),
            Style::new(),
        );
        let goes_on = Show::new(screen, title, self.speed).episode(&mut table, agent.as_mut())?;
        finish(&mut table, agent.as_mut())?;
        if let Some(row) = self.rows.last_mut() {
            row.agents = Some(table.info.score);
        }
        Ok(goes_on)
    }

    /// Shows the end of a game until the person goes on; false when the person wants no more.
    fn ask(&mut self, screen: &mut Screen, table: &Table, keys: &str) -> Result<bool> {
        let said = [self.verdict(table)];
        let scene = self.scene(table, &said, keys);
        loop {
            match screen.show(&scene, None)? {
                Press::Quit => return Ok(false),
                Press::Key(KeyCode::Char(' ') | KeyCode::Enter) => return Ok(true),
                _ => {}
            }
        }
    }

    /// How a game went, in a line.
    fn verdict(&self, table: &Table) -> Line {
        let bold = |text: String| Line::new(text, Style::new().bold());
        if self.is_duel() {
            return bold(outcome(table.info.score).to_string());
        }
        let mine = table.info.score;
        match self.rows.last().and_then(|row| row.agents) {
            Some(agents) => bold(format!("You {}  the agent {}", score(mine), score(agents))),
            None => bold(format!("The end: {}", score(mine))),
        }
    }

    fn scene(&self, table: &Table, said: &[Line], keys: &str) -> Scene {
        let mut title = Line::new(self.game.name(), Style::new().bold());
        if self.is_duel() {
            let rival = if self.agent.is_some() {
                "the agent"
            } else {
                "one-ply"
            };
            title = title
                .and("  you ", Style::new())
                .and("X", Style::new().red().bright().bold())
                .and(format!("  {rival} "), Style::new())
                .and("O", Style::new().yellow().bright().bold());
        }
        if self.agent.is_none() {
            title = title.and("  (no agent is trained yet)", Style::new().dim());
        }
        let mut facts = match self.is_duel() {
            true => vec![Line::plain("moves   ").and(
                (self.answers.len() + table.episode.actions.len()).to_string(),
                Style::new().bold(),
            )],
            false => standing(table),
        };
        facts.push(Line::default());
        facts.extend(self.standings());
        // Room for what may be said, so that the game does not move when it is.
        let most = 3 + table.game.actions().len();
        let mut said = said.to_vec();
        said.resize(said.len().max(most), Line::default());
        Scene {
            title,
            board: board(table.game.name(), &table.game.text()),
            facts,
            said,
            keys: keys.to_string(),
        }
    }

    /// The session so far, in few lines.
    fn standings(&self) -> Vec<Line> {
        let ended: Vec<&Row> = self.rows.iter().filter(|row| row.ended).collect();
        if ended.is_empty() {
            return Vec::new();
        }
        let bold = || Style::new().bold();
        let mut lines = Vec::new();
        if self.is_duel() {
            let count = |score: f64| ended.iter().filter(|row| row.mine == score).count().to_string();
            lines.push(
                Line::plain("won ")
                    .and(count(1.0), bold())
                    .and("  drawn ", Style::new())
                    .and(count(0.5), bold())
                    .and("  lost ", Style::new())
                    .and(count(0.0), bold()),
            );
        } else {
            lines.push(Line::new("game      you    agent", Style::new().dim()));
            let first = ended.len().saturating_sub(SHOWN);
            for (number, row) in (1..).zip(&ended).skip(first) {
                lines.push(Line::plain(format!(
                    "{number:<5}{:>8} {:>8}",
                    score(row.mine),
                    row.agents.map_or("-".to_string(), score)
                )));
            }
        }
        lines
    }

    fn hint(&mut self, table: &Table) -> Result<Vec<Line>> {
        match &mut self.agent {
            Some((_, agent)) => Ok(think(agent.as_mut(), table)?.1),
            None => Ok(warning("There is no trained agent to ask".to_string())),
        }
    }

    /// A game whose moves are lines of text.
    fn in_lines(&mut self, input: impl BufRead) -> Result<()> {
        let mut table = self.table()?;
        say(format!(
            "{}, seed {}: a move a line: {}; h for a hint, q ends",
            self.game.name(),
            table.episode.seed,
            one_of(table.game.actions())
        ));
        say(table.game.text());
        let mut lines = input.split(b'\n');
        while !table.ended {
            let Some(line) = lines.next() else {
                say("the input ended before the game did");
                break;
            };
            let line = String::from_utf8_lossy(&line.context("cannot read standard input")?)
                .trim()
                .to_lowercase();
            match line.as_str() {
                "" => continue,
                "q" | "quit" => break,
                "h" | "hint" => {
                    for line in self.hint(&table)? {
                        say(line.coloured());
                    }
                    continue;
                }
                _ => {}
            }
            let complaint = match action(&table, &line) {
                Some(action) => self.act(&mut table, action)?,
                None => Some(format!("{line:?} is no move; {}", one_of(&allowed(&table)))),
            };
            match complaint {
                Some(complaint) => say(complaint),
                None => say(format!("\n{}", table.game.text())),
            }
        }
        self.keep(&table)?;
        if !self.is_duel()
            && let Some((_, agent)) = &mut self.agent
            && let Some(row) = self.rows.last_mut()
        {
            let mut agents = Table::new(self.game.open(), table.episode.seed);
            finish(&mut agents, agent.as_mut())?;
            row.agents = Some(agents.info.score);
        }
        self.tell();
        Ok(())
    }

    /// Says what the session came to.
    fn tell(&self) {
        if self.agent.is_none() {
            say(how_to_train(self.game));
        }
        if self.rows.is_empty() {
            return;
        }
        say(format!("{:<10} {:>9} {:>9}", "seed", "you", "agent"));
        for row in &self.rows {
            let (mine, agents) = match (self.is_duel(), row.ended) {
                (true, true) => (outcome(row.mine).to_string(), String::new()),
                (true, false) => ("not ended".to_string(), String::new()),
                (false, _) => (score(row.mine), row.agents.map_or("-".to_string(), score)),
            };
            let note = if row.ended || self.is_duel() {
                ""
            } else {
                "  (not ended)"
            };
            say(format!("{:<10} {mine:>9} {agents:>9}{note}", row.seed).trim_end());
        }
        say(format!(
            "kept in    {}",
            demonstrations::path(self.game).display()
        ));
    }
}

/// Games of a session that are listed while it goes on.
const SHOWN: usize = 5;

/// Plays to the end.
fn finish(table: &mut Table, player: &mut dyn Player) -> Result<()> {
    while !table.ended {
        let action = player.act(&[table.view()])?.pop().unwrap_or(0);
        table.step(action)?;
    }
    Ok(())
}

/// What a line of text means.
fn action(table: &Table, line: &str) -> Option<usize> {
    let named = table
        .game
        .actions()
        .iter()
        .position(|name| name.eq_ignore_ascii_case(line));
    let key = match line {
        "up" | "w" => Some(Key::Up),
        "down" | "s" => Some(Key::Down),
        "left" | "a" => Some(Key::Left),
        "right" | "d" => Some(Key::Right),
        digit => digit.parse().ok().map(Key::Digit),
    };
    named.or_else(|| key.and_then(|key| table.game.action_for(key)))
}

fn how_to_move(game: Game) -> &'static str {
    match game {
        Game::ConnectFour => "1 to 7 drop a disc",
        Game::Tiles => "arrows or w a s d slide",
        Game::Snake => "arrows or w a s d turn",
        _ => "\u{2190} \u{2192} or a d move",
    }
}

/// For whoever plays without an agent.
fn how_to_train(game: Game) -> String {
    format!(
        "no agent is trained yet that plays this: train one with `cargo run -p {NAME} -- train --game {}`",
        game.name()
    )
}

fn outcome(score: f64) -> &'static str {
    match score {
        score if score > 0.75 => "You win",
        score if score > 0.25 => "A draw",
        _ => "You lose",
    }
}

/// `names` as a choice.
fn one_of(names: &[&str]) -> String {
    match names {
        [] => "nothing is".to_string(),
        [only] => only.to_string(),
        [others @ .., last] => format!("{} or {last}", others.join(", ")),
    }
}

/// A complaint, in lines that fit beside the game.
fn warning(complaint: String) -> Vec<Line> {
    let mut lines = vec![String::new()];
    for word in complaint.split(' ') {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() < crate::screen::SAID => *line += &format!("{word} "),
            _ => lines.push(format!("{word} ")),
        }
    }
    let style = Style::new().yellow();
    lines
        .into_iter()
        .map(|line| Line::new(line, style.clone()))
        .collect()
}
