//! The command that lets a trained agent play games that it has never seen.

use std::path::PathBuf;

use anyhow::Result;
use training::{DeviceChoice, choose_device, say};

use crate::{
    agent,
    arena::{Entrant, contest},
    baselines,
    data::Game,
    episode::{bootstrap_interval, mean, play, share_of_2048},
    player::Player,
};

/// Let a trained agent play games that it has never seen, without exploring
#[derive(clap::Args)]
pub struct Evaluate {
    /// The run folder of the agent [default: the newest]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// The game, where the newest model of all is of another
    #[arg(long, value_name = "NAME")]
    game: Option<Game>,
    /// Games to play
    #[arg(long, default_value_t = 100, value_name = "N")]
    episodes: u64,
    /// The first game's seed; the test of a training begins at 2000000
    #[arg(long, default_value_t = 3_000_000, value_name = "N")]
    seed: u64,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
}

/// Plays, and prints the mean score beside that of simple players.
pub fn evaluate(arguments: &Evaluate) -> Result<()> {
    anyhow::ensure!(
        arguments.episodes > 0,
        "--episodes 0: at least one game must be played"
    );
    let (device, _) = choose_device(arguments.device)?;
    anyhow::ensure!(
        arguments.seed.checked_add(arguments.episodes).is_some(),
        "--seed {} leaves no room for {} games: choose a smaller one",
        arguments.seed,
        arguments.episodes
    );
    let (about, player) = agent::load_for(arguments.game, arguments.model.as_deref(), &device)?;
    if about.game == Game::ConnectFour {
        return against_everybody(player, arguments);
    }
    let mut players = vec![("agent", player)];
    players.extend(baselines::of(about.game, arguments.seed));
    say(format!("{}, {} games", about.game.name(), arguments.episodes));
    for (name, mut player) in players {
        let episodes = play(
            about.game,
            player.as_mut(),
            arguments.seed..arguments.seed + arguments.episodes,
        )?;
        let scores: Vec<f64> = episodes.iter().map(|episode| episode.end.score).collect();
        let (low, high) = bootstrap_interval(std::slice::from_ref(&scores));
        let most = scores
            .iter()
            .fold(f64::NEG_INFINITY, |most, score| most.max(*score));
        say(format!(
            "  {name:<8} score {:>9.2}  (mean between {low:.2} and {high:.2} with 95 %)  best {most:.2}",
            mean(scores.iter().copied())
        ));
        if about.game == Game::Tiles {
            say(format!(
                "           {:.0} % come to 2048",
                100.0 * share_of_2048(&episodes)?
            ));
        }
    }
    Ok(())
}

/// Connect Four: the agent against each of the simple players.
fn against_everybody(player: Box<dyn Player>, arguments: &Evaluate) -> Result<()> {
    let games = (arguments.episodes as usize).next_multiple_of(2);
    say(format!(
        "connect-four, {games} games against each, half of them as the first player"
    ));
    let mut agent = Entrant::agent("agent", player);
    for mut opponent in Entrant::standard() {
        let points = contest(&mut agent, &mut opponent, games, arguments.seed)?;
        let share = 100.0 * mean(points.iter().copied());
        let (low, high) = bootstrap_interval(&[points]);
        say(format!(
            "  against {:<10} {share:>5.1} % of the points  (between {:.1} and {:.1} % with 95 %)",
            opponent.name,
            100.0 * low,
            100.0 * high
        ));
    }
    Ok(())
}
