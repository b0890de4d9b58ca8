//! Plays a trained agent, to be watched: live in the terminal, and as a GIF.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};
use console::Style;
use crossterm::event::KeyCode;
use games::{Environment, connect_four::ConnectFour};
use training::{DeviceChoice, choose_device, say, write_whole};

use crate::{
    agent::{self, About},
    data::Game,
    episode::{Episode, Table},
    film::film,
    opponents::OpponentName,
    player::Player,
    screen::{Line, Press, Scene, Screen, board, is_terminal},
    thoughts::{score, standing, think},
};

/// Watch a trained agent play, in the terminal and as a GIF
#[derive(clap::Args)]
pub struct Watch {
    /// The run folder of a trained model [default: the newest]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// The game, where the newest model of all is of another
    #[arg(long, value_name = "NAME")]
    game: Option<Game>,
    /// How many episodes to play
    #[arg(long, default_value_t = 3, value_name = "N")]
    episodes: u64,
    /// The seed of the first episode; the next is one more
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,
    /// Where the first episode goes as a GIF [default: GAME.gif]
    #[arg(long, value_name = "FILE")]
    gif: Option<PathBuf>,
    /// How many times as fast as a person could follow
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR")]
    speed: f64,
    /// Who plays against it in connect-four: random, one-ply or mcts-N
    #[arg(long, value_name = "NAME")]
    opponent: Option<OpponentName>,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
}

pub fn watch(arguments: &Watch) -> Result<()> {
    ensure!(arguments.episodes > 0, "--episodes 0: there is nothing to watch");
    check_speed(arguments.speed)?;
    let (device, _) = choose_device(arguments.device)?;
    let (about, mut player) = agent::load_for(arguments.game, arguments.model.as_deref(), &device)?;
    if arguments.opponent.is_some() && about.game != Game::ConnectFour {
        bail!(
            "--opponent is for {}, and this agent plays {}",
            Game::ConnectFour.name(),
            about.game.name()
        );
    }
    let open = || -> Box<dyn Environment> {
        match arguments.opponent {
            Some(opponent) => Box::new(ConnectFour::new(opponent.open())),
            None => about.game.open(),
        }
    };
    let seeds = arguments.seed..arguments.seed.saturating_add(arguments.episodes);
    let mut episodes = Vec::new();
    if is_terminal() {
        let mut screen = Screen::open()?;
        let mut show = Show::new(&mut screen, title(&about), arguments.speed);
        for seed in seeds {
            let mut table = Table::new(open(), seed);
            let goes_on = show.episode(&mut table, player.as_mut())?;
            episodes.push(table.episode);
            if !goes_on {
                break;
            }
        }
    } else {
        for seed in seeds {
            let mut table = Table::new(open(), seed);
            while !table.ended {
                let action = player.act(&[table.view()])?.pop().unwrap_or(0);
                table.step(action)?;
            }
            tell(&table.episode);
            episodes.push(table.episode);
        }
    }
    if is_terminal() {
        episodes.iter().for_each(tell);
    }
    let Some(first) = episodes.first().filter(|episode| !episode.actions.is_empty()) else {
        return Ok(());
    };
    let path = arguments
        .gif
        .clone()
        .unwrap_or_else(|| format!("{}.gif", about.game.name()).into());
    let film = film(open().as_mut(), first)?;
    write_whole(&path, &film.gif)?;
    let thinned = match film.every {
        1 => String::new(),
        every => format!("; it is long, so the film shows one in {every} steps"),
    };
    say(format!("film      {}{thinned}", path.display()));
    Ok(())
}

/// The bounds of a factor of the speed.
const SLOWEST: f64 = 0.01;
const FASTEST: f64 = 1000.0;

/// A factor of the speed that makes sense.
pub fn check_speed(speed: f64) -> Result<()> {
    ensure!(
        (SLOWEST..=FASTEST).contains(&speed),
        "--speed {speed}: it is a factor, from {SLOWEST} to {FASTEST}"
    );
    Ok(())
}

fn tell(episode: &Episode) {
    say(format!(
        "seed {:<4}  score {:<8} return {:<8} {} steps",
        episode.seed,
        score(episode.end.score),
        score(episode.end.total_reward),
        episode.end.length
    ));
}

/// What is said above an agent's game.
pub fn title(about: &About) -> Line {
    Line::new(about.game.name(), Style::new().bold()).and(
        format!("  an agent that has seen {} steps", about.step),
        Style::new().dim(),
    )
}

/// The keys, as they are told.
const KEYS: &str = "space pauses  \u{2192} one step  + - speed  e to the end  q ends";
/// How long the end of an episode stays.
const END_STAYS: Duration = Duration::from_secs(2);

/// A live view of an agent that plays.
pub struct Show<'a> {
    screen: &'a mut Screen,
    title: Line,
    speed: f64,
    paused: bool,
    hurries: bool,
}

impl<'a> Show<'a> {
    /// A view that plays at `speed` times the speed that a person can follow.
    pub fn new(screen: &'a mut Screen, title: Line, speed: f64) -> Self {
        Show {
            screen,
            title,
            speed,
            paused: false,
            hurries: false,
        }
    }

    /// Plays an episode to its end, or to the wish to end it: false then.
    pub fn episode(&mut self, table: &mut Table, player: &mut dyn Player) -> Result<bool> {
        self.hurries = false;
        let mut due = Instant::now();
        while !table.ended {
            let (thoughts, lines) = think(player, table)?;
            // An agent that thinks for long does not hurry afterwards.
            due = (due + self.period(table)).max(Instant::now());
            if !self.wait(table, &lines, due)? {
                return Ok(false);
            }
            let action = thoughts.best(table.view());
            table.step(action)?;
        }
        let ended = [Line::new("The end of this episode", Style::new().bold())];
        self.hurries = false;
        self.wait(table, &ended, Instant::now() + END_STAYS)
    }

    /// The time of a step.
    fn period(&self, table: &Table) -> Duration {
        match self.hurries {
            true => Duration::ZERO,
            false => {
                Duration::from_secs_f64(1.0 / (f64::from(table.game.steps_per_second().max(1)) * self.speed))
            }
        }
    }

    /// Shows the game until `until`, or for as long as it is paused; false when it is to end.
    fn wait(&mut self, table: &Table, thoughts: &[Line], mut until: Instant) -> Result<bool> {
        loop {
            let scene = self.scene(table, thoughts);
            let left = (!self.paused).then(|| until.saturating_duration_since(Instant::now()));
            match self.screen.show(&scene, left)? {
                Press::Quit => return Ok(false),
                Press::Nothing => return Ok(true),
                Press::Key(KeyCode::Right) if self.paused => return Ok(true),
                Press::Key(KeyCode::Char(' ')) => self.paused = !self.paused,
                Press::Key(KeyCode::Char('e')) => (self.hurries, self.paused) = (true, false),
                Press::Key(KeyCode::Char('+' | '=')) => self.speed = (self.speed * 1.5).min(FASTEST),
                Press::Key(KeyCode::Char('-' | '_')) => self.speed = (self.speed / 1.5).max(SLOWEST),
                Press::Key(_) => continue,
            }
            until = Instant::now() + self.period(table);
        }
    }

    fn scene(&self, table: &Table, thoughts: &[Line]) -> Scene {
        let mut facts = standing(table);
        let speed = match self.paused {
            true => Line::plain("speed   ").and("paused", Style::new().yellow().bold()),
            false => {
                Line::plain("speed   ").and(format!("\u{d7} {}", score(self.speed)), Style::new().bold())
            }
        };
        let seed = Line::plain("seed    ").and(table.episode.seed.to_string(), Style::new().bold());
        facts.extend([speed, seed]);
        Scene {
            title: self.title.clone(),
            board: board(table.game.name(), &table.game.text()),
            facts,
            said: thoughts.to_vec(),
            keys: KEYS.to_string(),
        }
    }
}
