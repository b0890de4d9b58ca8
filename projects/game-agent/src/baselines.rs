//! Players that do not learn: the simple rules that a trained agent has to beat. They see what it sees.

use anyhow::Result;
use games::{Breakout, Environment, Snake};

use crate::{
    data::Game,
    player::{Chance, Player, Thoughts, View},
};

/// The baselines of `game`, by name.
pub fn of(game: Game, seed: u64) -> Vec<(&'static str, Box<dyn Player>)> {
    let chance = Chance::new(game.open().actions().len(), seed);
    let mut all: Vec<(&'static str, Box<dyn Player>)> = vec![("random", Box::new(chance))];
    match game {
        Game::Snake => all.push(("greedy", Box::new(Greedy))),
        Game::Breakout => all.push(("follow", Box::new(Follow))),
        _ => {}
    }
    all
}

/// Of the moves in Snake that do not kill at once, takes the one that brings the head nearest to the apple, of equally
/// near ones straight on.
pub struct Greedy;

impl Player for Greedy {
    fn measure(&self) -> &'static str {
        "nearness"
    }

    fn think(&mut self, views: &[View<'_>]) -> Result<Vec<Thoughts>> {
        Ok(views.iter().map(|view| nearness(view.observation)).collect())
    }
}

fn nearness(observation: &[f32]) -> Thoughts {
    const SIDE: usize = Snake::VIEW;
    let plane = |number: usize| &observation[number * SIDE * SIDE..(number + 1) * SIDE * SIDE];
    let (body, food, wall) = (plane(Snake::BODY), plane(Snake::FOOD), plane(Snake::WALL));
    // The board lies on a ring: its first row is the one below the row of wall, and so for columns.
    let wall_row = (0..SIDE).find(|row| wall[row * SIDE..(row + 1) * SIDE].iter().all(|&is| is > 0.0));
    let wall_column = (0..SIDE).find(|&column| (0..SIDE).all(|row| wall[row * SIDE + column] > 0.0));
    let on_the_board = |cell: usize| {
        let from = |line: usize, wall: Option<usize>| (line + SIDE - wall.unwrap_or(0) - 1) % SIDE;
        (from(cell / SIDE, wall_row), from(cell % SIDE, wall_column))
    };
    let apple = food.iter().position(|&is| is > 0.0).map(on_the_board);
    let head = SIDE / 2 * SIDE + SIDE / 2;
    let moves = [(head - 1, 0.5), (head - SIDE, 0.0), (head + 1, 0.5)]; // left, straight, right
    let worth = moves.map(|(cell, turning)| {
        if body[cell] > 0.0 || wall[cell] > 0.0 {
            return f32::NEG_INFINITY;
        }
        let (row, column) = on_the_board(cell);
        let steps = apple.map_or(0, |apple| apple.0.abs_diff(row) + apple.1.abs_diff(column));
        -(steps as f32) - turning
    });
    Thoughts {
        actions: worth.to_vec(),
        value: None,
    }
}

/// Keeps the paddle of Breakout under the ball.
pub struct Follow;

impl Player for Follow {
    fn measure(&self) -> &'static str {
        "choice"
    }

    fn think(&mut self, views: &[View<'_>]) -> Result<Vec<Thoughts>> {
        const SIDE: usize = Breakout::SIDE;
        let column = |view: &View<'_>, plane: usize| {
            let cells = view.observation[plane * SIDE * SIDE..(plane + 1) * SIDE * SIDE].iter();
            cells.take_while(|&&is| is == 0.0).count() % SIDE
        };
        let choose = |view: &View<'_>| {
            let (paddle, ball) = (column(view, Breakout::PADDLE), column(view, Breakout::BALL));
            let choice = [ball == paddle, ball < paddle, ball > paddle]; // nothing, left, right
            Thoughts {
                actions: choice.map(|yes| f32::from(u8::from(yes))).to_vec(),
                value: None,
            }
        };
        Ok(views.iter().map(choose).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data::TEST,
        evaluate::{mean, play},
    };

    /// The mean score of each baseline over the test games.
    fn scores(game: Game) -> Vec<(&'static str, f64)> {
        let score = |(name, mut player): (&'static str, Box<dyn Player>)| {
            let episodes = play(game, player.as_mut(), TEST).expect("baselines play by the rules");
            let lengths = mean(episodes.iter().map(|episode| episode.end.length as f64));
            let score = mean(episodes.iter().map(|episode| episode.end.score));
            println!("{} {name}: {score:.2} in {lengths:.0} steps", game.name());
            (name, score)
        };
        of(game, 0).into_iter().map(score).collect()
    }

    #[test]
    fn simple_rules_beat_chance_by_far() {
        let scores_of_snake = scores(Game::Snake);
        assert_eq!(
            scores_of_snake.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            ["random", "greedy"]
        );
        assert!(
            scores_of_snake[0].1 < 1.0 && scores_of_snake[1].1 > 15.0,
            "{scores_of_snake:?}"
        );
        let scores_of_breakout = scores(Game::Breakout);
        assert!(
            scores_of_breakout[1].1 > 10.0 * scores_of_breakout[0].1,
            "{scores_of_breakout:?}"
        );
    }
}
