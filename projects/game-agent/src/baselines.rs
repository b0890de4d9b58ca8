//! Simple rules to compare an agent with.

use anyhow::Result;
use games::{
    Breakout, Snake, Tiles,
    connect_four::{Board, COLUMNS, OnePly, Opponent},
};
use rand::Rng;

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
        Game::Snake => players.push(("greedy", Box::new(Rule(towards_the_apple)))),
        Game::Breakout => players.push(("follow", Box::new(Rule(under_the_ball)))),
        Game::ConnectFour => players.push((
            "one-ply",
            Box::new(LooksOneMoveAhead(nn::random(seed, "player/one-ply"))),
        )),
        Game::Tiles => players.push(("greedy", Box::new(MostPoints(nn::random(seed, "player/greedy"))))),
        // A game of your own: chance alone, until you think of a rule.
        #[allow(unreachable_patterns, reason = "reached by games that are added")]
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

/// Of the moves in Snake that do not kill at once, the one that brings the head nearest to the apple; of equally near
/// ones straight on.
fn towards_the_apple(see: &[f32]) -> usize {
    const SIDE: usize = Snake::VIEW;
    let plane = |number: usize| &see[number * SIDE * SIDE..(number + 1) * SIDE * SIDE];
    let (body, food, wall) = (plane(Snake::BODY), plane(Snake::FOOD), plane(Snake::WALL));
    // The board lies on a ring: its first row is the one below the row of wall, and so for columns.
    let wall_row = (0..SIDE).find(|row| wall[row * SIDE..(row + 1) * SIDE].iter().all(|&is| is > 0.0));
    let wall_column = (0..SIDE).find(|&column| (0..SIDE).all(|row| wall[row * SIDE + column] > 0.0));
    let on_the_board = |cell: usize| {
        let from = |line: usize, wall: Option<usize>| (line + SIDE - wall.unwrap_or(0) - 1) % SIDE;
        (from(cell / SIDE, wall_row), from(cell % SIDE, wall_column))
    };
    let apple = food.iter().position(|&is| is > 0.0).map(on_the_board);
    let steps_left = |cell: usize| {
        let (row, column) = on_the_board(cell);
        apple.map_or(0, |apple| apple.0.abs_diff(row) + apple.1.abs_diff(column))
    };
    let head = SIDE / 2 * SIDE + SIDE / 2;
    [(1, head - SIDE), (0, head - 1), (2, head + 1)] // straight, left, right
        .into_iter()
        .filter(|&(_, cell)| body[cell] == 0.0 && wall[cell] == 0.0)
        .min_by_key(|&(_, cell)| steps_left(cell))
        .map_or(1, |(action, _)| action)
}

/// Where to push the paddle of Breakout to have it under the ball.
fn under_the_ball(see: &[f32]) -> usize {
    const SIDE: usize = Breakout::SIDE;
    let column = |plane: usize| {
        let cells = see[plane * SIDE * SIDE..(plane + 1) * SIDE * SIDE].iter();
        cells.take_while(|&&is| is == 0.0).count() % SIDE
    };
    match column(Breakout::PADDLE).cmp(&column(Breakout::BALL)) {
        std::cmp::Ordering::Equal => 0,
        std::cmp::Ordering::Greater => 1,
        std::cmp::Ordering::Less => 2,
    }
}

/// Slides the tiles of 2048 to where most points are earned at once; of equals, anywhere.
struct MostPoints(nn::Random);

impl Player for MostPoints {
    fn measure(&self) -> &'static str {
        "points and lot"
    }

    fn think(&mut self, views: &[View<'_>]) -> Result<Vec<Thoughts>> {
        let think = |view: &View<'_>| {
            let board = Tiles::from_observation(view.observation)?;
            // Points are whole numbers, so a fraction drawn decides only between equals.
            let mut worth = |action| {
                let points = board.slide(action).map_or(0, |(_, points)| points);
                points as f32 + self.0.random::<f32>() / 2.0
            };
            let actions = (0..4).map(&mut worth).collect();
            Ok(Thoughts { actions, value: None })
        };
        views.iter().map(think).collect()
    }
}

/// Wins at Connect Four where it can in one move, blocks where it must, and else plays anywhere.
struct LooksOneMoveAhead(nn::Random);

impl Player for LooksOneMoveAhead {
    fn measure(&self) -> &'static str {
        "choice"
    }

    fn think(&mut self, views: &[View<'_>]) -> Result<Vec<Thoughts>> {
        let think = |view: &View<'_>| {
            let column = OnePly.choose(&Board::from_planes(view.observation)?, &mut self.0);
            let mut actions = vec![0.0; COLUMNS];
            actions[column] = 1.0;
            Ok(Thoughts { actions, value: None })
        };
        views.iter().map(think).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data::TEST,
        episode::{mean, play},
    };

    /// The mean score of each baseline over the test games.
    fn scores(game: Game) -> Vec<f64> {
        let score = |(name, mut player): (&'static str, Box<dyn Player>)| {
            let episodes = play(game, player.as_mut(), TEST).expect("baselines play by the rules");
            let length = mean(episodes.iter().map(|episode| episode.end.length as f64));
            let score = mean(episodes.iter().map(|episode| episode.end.score));
            println!("{} {name}: {score:.2} in {length:.0} steps", game.name());
            score
        };
        of(game, 0).into_iter().map(score).collect()
    }

    #[test]
    fn simple_rules_beat_chance_by_far() {
        for game in [Game::Snake, Game::Breakout] {
            let scores = scores(game);
            assert!(scores[1] > 10.0 * scores[0] && scores[1] > 8.0, "{scores:?}");
        }
    }
}
