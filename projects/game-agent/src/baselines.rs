//! Simple rules to compare an agent with.

use anyhow::Result;

use crate::{
    data::Game,
    player::{Chance, Player, Thoughts, View},
};

/// The simple players of `game`, by name: chance first.
pub fn of(game: Game, seed: u64) -> Vec<(&'static str, Box<dyn Player>)> {
    let actions = game.open().actions().len();
    let mut players: Vec<(&'static str, Box<dyn Player>)> =
        vec![("random", Box::new(Chance::new(actions, seed)))];
    match game {
        // Push to where the pole leans.
        Game::CartPole => players.push(("lean", Box::new(Rule(|see| usize::from(see[2] > 0.0))))),
        // Push to where the car rolls.
        Game::MountainCar => players.push(("swing", Box::new(Rule(|see| if see[1] < 0.0 { 0 } else { 2 })))),
        _ => {}
    }
    players
}

/// Plays by a rule from what it sees to what it does.
struct Rule(fn(&[f32]) -> usize);

impl Player for Rule {
    fn measure(&self) -> &'static str {
        "choice"
    }

    fn think(&mut self, views: &[View<'_>]) -> Result<Vec<Thoughts>> {
        let think = |view: &View<'_>| {
            let choice = (self.0)(view.observation);
            let mut actions = vec![0.0; choice + 1];
            actions[choice] = 1.0;
            Thoughts { actions, value: None }
        };
        Ok(views.iter().map(think).collect())
    }
}
