//! What the agent would do in a position.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use console::Style;
use games::{CartPole, Environment, MountainCar, Space};
use training::{DeviceChoice, choose_device, say};

use crate::{
    agent,
    data::Game,
    demonstrations::{Demonstration, parse},
    episode::Table,
    player::View,
    screen::{Line, board},
    thoughts::lines,
};

/// Ask what the agent would do in a position
#[derive(clap::Args)]
pub struct Predict {
    /// Positions: the columns played so far in connect-four (4453, or start), sixteen numbers in 2048 (0 where there is
    /// no tile), the numbers of an observation, with commas between (0.02,-0.1,0.03,0.2), or FILE:LINE:STEP of a game
    /// that was played (data/played/snake.jsonl:3:120). One that begins with a minus goes behind --
    #[arg(required = true)]
    inputs: Vec<String>,
    /// The run folder of a trained model [default: the newest]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// The game, where the newest model of all is of another
    #[arg(long, value_name = "NAME")]
    game: Option<Game>,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
}

pub fn predict(arguments: &Predict) -> Result<()> {
    let (device, _) = choose_device(arguments.device)?;
    let (about, mut agent) = agent::load_for(arguments.game, arguments.model.as_deref(), &device)?;
    let actions = about.game.open().actions();
    let mut failed = 0;
    for input in &arguments.inputs {
        let position = match Position::read(about.game, input) {
            Ok(position) => position,
            Err(error) => {
                eprintln!("{input}: {error:#}");
                failed += 1;
                continue;
            }
        };
        say(Line::new(input, Style::new().bold()).coloured());
        for line in &position.shown {
            say(format!("  {}", line.coloured()));
        }
        let view = position.view();
        if position.ended || (0..actions.len()).all(|action| !view.allows(action)) {
            say("  the game is over");
            continue;
        }
        let thoughts = agent.think(&[view])?.pop().context("the agent has no thought")?;
        for line in lines(&thoughts, view, actions, agent.measure()) {
            say(format!("  {}", line.coloured()).trim_end());
        }
    }
    match failed {
        0 => Ok(()),
        _ => bail!(
            "{failed} of {} positions could not be read",
            arguments.inputs.len()
        ),
    }
}

/// Where the agent is asked.
struct Position {
    observation: Vec<f32>,
    action_mask: Vec<bool>,
    /// The game as text.
    shown: Vec<Line>,
    ended: bool,
}

impl From<Table> for Position {
    fn from(table: Table) -> Self {
        Position {
            shown: board(table.game.name(), &table.game.text()),
            observation: table.observation,
            action_mask: table.info.action_mask,
            ended: table.ended,
        }
    }
}

impl Position {
    fn view(&self) -> View<'_> {
        View {
            observation: &self.observation,
            action_mask: &self.action_mask,
        }
    }

    fn read(game: Game, input: &str) -> Result<Self> {
        if let Some(position) = Self::of_a_played_game(game, input)? {
            return Ok(position);
        }
        match game {
            Game::ConnectFour => Self::of_columns(input),
            Game::Tiles => Self::of_tiles(input),
            _ => Self::of_numbers(game, &game.open().observation_space(), input),
        }
    }

    /// `FILE:LINE:STEP`, if it is one.
    fn of_a_played_game(game: Game, input: &str) -> Result<Option<Self>> {
        let Some((file, step)) = input.rsplit_once(':') else {
            return Ok(None);
        };
        let (file, line) = file
            .rsplit_once(':')
            .context("a step of a game that was played is FILE:LINE:STEP")?;
        let number = |what: &str, text: &str| -> Result<usize> {
            text.parse()
                .with_context(|| format!("{text:?} is no number of a {what}"))
        };
        let (line, step) = (number("line", line)?, number("step", step)?);
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?;
        let found = line.checked_sub(1).and_then(|before| text.lines().nth(before));
        let found = found.with_context(|| {
            format!(
                "{file} has {} lines, counted from 1: there is no line {line}",
                text.lines().count()
            )
        })?;
        let played = parse(found, game).with_context(|| format!("{file}, line {line}"))?;
        ensure!(
            step <= played.actions.len(),
            "{file}, line {line}: the game has {} steps: there is no step {step}",
            played.actions.len()
        );
        after(&played, step)
            .map(Some)
            .with_context(|| format!("{file}, line {line}"))
    }

    /// Columns, as they were played by turns.
    fn of_columns(input: &str) -> Result<Self> {
        let columns = if input == "start" { "" } else { input };
        columns.parse::<games::connect_four::Board>()?;
        let moves: Vec<u8> = columns.bytes().map(|digit| digit - b'1').collect();
        // Whoever is to move is the agent, and its opponent begins the games of odd seeds.
        let odd = moves.len() % 2;
        let every_second = |from: usize| moves.iter().skip(from).step_by(2).copied().collect::<Vec<u8>>();
        let played = Demonstration {
            game: Game::ConnectFour,
            seed: odd as u64,
            actions: every_second(odd),
            answers: every_second(1 - odd),
            score: 0.0,
        };
        after(&played, played.actions.len())
    }

    /// Sixteen numbers, row after row.
    fn of_tiles(input: &str) -> Result<Self> {
        let numbers = numbers::<u32>(
            input,
            16,
            "the squares from the upper left, row after row, 0 where there is no tile",
        )?;
        let rows = std::array::from_fn(|row| std::array::from_fn(|column| numbers[4 * row + column]));
        let tiles = games::Tiles::from_numbers(rows)?;
        let text = numbers
            .chunks(4)
            .map(|row| {
                let square = |&number: &u32| match number {
                    0 => format!("{:>7}", "·"),
                    number => format!("{number:>7}"),
                };
                row.iter().map(square).collect::<String>()
            })
            .collect::<Vec<_>>()
            .join("\n");
        Ok(Position {
            observation: tiles.observation(),
            action_mask: tiles.action_mask().to_vec(),
            shown: board("2048", &text),
            ended: false,
        })
    }

    /// The numbers of an observation.
    fn of_numbers(game: Game, space: &Space, input: &str) -> Result<Self> {
        ensure!(
            space.shape.len() == 1,
            "{} is seen as {:?} numbers, too many to write: name a step of a game that was played, FILE:LINE:STEP, such as \
             data/played/{}.jsonl:1:20",
            game.name(),
            space.shape,
            game.name()
        );
        let state = numbers::<f64>(input, space.size(), meaning(game))?;
        let (observation, text) = match (game, state.as_slice()) {
            (Game::CartPole, &[position, velocity, angle, angular_velocity]) => {
                let mut game = CartPole::new();
                let observation = game.begin([position, velocity, angle, angular_velocity])?;
                (observation, game.text())
            }
            (Game::MountainCar, &[position, velocity]) => {
                let mut game = MountainCar::new();
                (game.begin([position, velocity])?, game.text())
            }
            _ => bail!("{} cannot be begun in the middle", game.name()),
        };
        Ok(Position {
            observation,
            action_mask: Vec::new(),
            shown: board(game.name(), &text),
            ended: false,
        })
    }
}

/// The position after `step` actions of a game that was played.
fn after(played: &Demonstration, step: usize) -> Result<Position> {
    let mut table = played.table();
    for (number, &action) in (1..).zip(&played.actions[..step]) {
        table
            .step(usize::from(action))
            .with_context(|| format!("action {number}"))?;
    }
    Ok(table.into())
}

/// `count` numbers with commas between; `meaning` says what they are.
fn numbers<T: std::str::FromStr>(input: &str, count: usize, meaning: &str) -> Result<Vec<T>> {
    let pieces: Vec<&str> = input.split(',').map(str::trim).collect();
    let number = |(place, piece): (usize, &&str)| {
        let parsed = piece.parse();
        parsed.map_err(|_| anyhow::anyhow!("number {} is {piece:?}; expected are {meaning}", place + 1))
    };
    let numbers: Vec<T> = pieces.iter().enumerate().map(number).collect::<Result<_>>()?;
    ensure!(
        numbers.len() == count,
        "{} numbers, but {count} are expected: {meaning}",
        numbers.len()
    );
    Ok(numbers)
}

/// What the numbers of an observation are.
fn meaning(game: Game) -> &'static str {
    match game {
        Game::CartPole => {
            "the cart's position and velocity, the pole's angle (in radians) and its angular velocity"
        }
        Game::MountainCar => "the car's position and velocity",
        _ => "the numbers of an observation",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(game: Game, input: &str) -> String {
        match Position::read(game, input) {
            Ok(_) => panic!("{input} was read"),
            Err(error) => format!("{error:#}"),
        }
    }

    #[test]
    fn columns_lead_to_the_player_who_is_to_move() -> Result<()> {
        for (columns, discs) in [("start", 0), ("4", 1), ("4453", 4), ("12121", 5)] {
            let position = Position::read(Game::ConnectFour, columns)?;
            let board = games::connect_four::Board::from_planes(&position.observation)?;
            assert_eq!(board.discs(), discs, "{columns}");
            assert!(!position.ended);
        }
        assert!(Position::read(Game::ConnectFour, "1212121")?.ended);
        assert!(Position::read(Game::ConnectFour, "41212121")?.ended);
        Ok(())
    }

    #[test]
    fn wrong_columns_are_explained() {
        assert!(wrong(Game::ConnectFour, "4480").contains("move 3"));
        assert!(wrong(Game::ConnectFour, "nothing.here").contains("no column"));
        assert!(wrong(Game::ConnectFour, "4444444").contains("move 7"));
        assert!(wrong(Game::ConnectFour, "12121211").contains("move 8"));
    }

    #[test]
    fn wrong_tiles_are_explained() -> Result<()> {
        let said = wrong(Game::Tiles, "2,4,8");
        assert!(said.contains("3 numbers") && said.contains("16"), "{said}");
        let said = wrong(Game::Tiles, "2,4,x,0,0,0,0,0,0,0,0,0,0,0,0,0");
        assert!(said.contains("number 3") && said.contains("\"x\""), "{said}");
        assert!(wrong(Game::Tiles, "3,4,0,0,0,0,0,0,0,0,0,0,0,0,0,0").contains('3'));
        let position = Position::read(Game::Tiles, "2,2,0,0,0,0,0,0,0,0,0,0,0,0,0,0")?;
        assert_eq!(position.action_mask, [false, true, true, true]);
        Ok(())
    }

    #[test]
    fn wrong_observations_are_explained() {
        let said = wrong(Game::CartPole, "0.1,2");
        assert!(said.contains("2 numbers") && said.contains("velocity"), "{said}");
        let said = wrong(Game::CartPole, "0.1,inf,0,0");
        assert!(said.contains("inf"), "{said}");
        assert!(wrong(Game::MountainCar, "3,0").contains("-1.2"));
        assert!(wrong(Game::Snake, "1,2,3").contains("FILE:LINE:STEP"));
    }

    #[test]
    fn a_step_of_a_file_that_is_not_there_is_explained() -> Result<()> {
        assert!(wrong(Game::Snake, "no/such.jsonl:1:1").contains("no/such.jsonl"));
        assert!(wrong(Game::Snake, "a:b").contains("FILE:LINE:STEP"));
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("snake.jsonl");
        std::fs::write(
            &file,
            "{\"game\":\"snake\",\"seed\":1,\"actions\":[1],\"score\":0.0}\n",
        )?;
        let at = |rest: &str| format!("{}:{rest}", file.display());
        assert!(wrong(Game::Snake, &at("2:0")).contains("no line 2"));
        assert!(wrong(Game::Snake, &at("0:0")).contains("no line 0"));
        assert!(wrong(Game::Snake, &at("1:2")).contains("no step 2"));
        assert!(wrong(Game::Breakout, &at("1:0")).contains("snake"));
        assert!(wrong(Game::Snake, &at("x:0")).contains("\"x\""));
        assert!(!Position::read(Game::Snake, &at("1:1"))?.shown.is_empty());
        Ok(())
    }
}
