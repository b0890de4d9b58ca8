//! The rules of Breakout, against those of MinAtar.
#![allow(clippy::unwrap_used)] // the helpers of tests, too, may panic

use games::{Breakout, Environment, GameError, Key, Step};
use rand::Rng;

const SIDE: usize = Breakout::SIDE;

/// The places (column, row) of what a plane shows.
fn places(observation: &[f32], plane: usize) -> Vec<(usize, usize)> {
    let plane = &observation[plane * SIDE * SIDE..(plane + 1) * SIDE * SIDE];
    let set = plane.iter().enumerate().filter(|(_, value)| **value == 1.0);
    set.map(|(cell, _)| (cell % SIDE, cell / SIDE)).collect()
}

/// An action that does not lose the ball: any of those there are when the ball is about to be caught, which makes it
/// bounce both ways; else the one that goes to where the ball is.
fn follow(game: &Breakout, observation: &[f32], random: &mut nn::Random) -> usize {
    let paddle = places(observation, Breakout::PADDLE)[0].0;
    let (wanted, row) = places(observation, Breakout::BALL)[0];
    let nearest = match paddle.cmp(&wanted) {
        std::cmp::Ordering::Less => 2,
        std::cmp::Ordering::Equal => 0,
        std::cmp::Ordering::Greater => 1,
    };
    let any = random.random_range(0..3);
    let first = if row == 8 { any } else { nearest };
    [first, nearest, 0, 1, 2]
        .into_iter()
        .find(|&action| !game.clone().step(action).unwrap().terminated)
        .unwrap_or(nearest)
}

#[test]
fn there_are_fourteen_openings() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..500 {
        let mut game = Breakout::new(0.0);
        let (observation, _) = game.reset(seed);
        assert_eq!(places(&observation, Breakout::BRICK).len(), 30);
        assert_eq!(places(&observation, Breakout::PADDLE), [(4, 9)]);
        let (column, row) = places(&observation, Breakout::BALL)[0];
        assert_eq!(
            (row, places(&observation, Breakout::TRAIL)),
            (4, vec![(column, row)])
        );
        let step = game.step(0).unwrap();
        seen.insert((column, places(&step.observation, Breakout::BALL)[0]));
    }
    // At either wall, both directions lead to different cells too: one bounces.
    assert_eq!(seen.len(), 14, "{seen:?}");
}

#[test]
fn a_ball_that_nobody_catches_is_lost() {
    for seed in 0..20 {
        let mut game = Breakout::new(0.0);
        game.reset(seed);
        // From row 4 to row 9, with the paddle in a corner that it does not come to.
        let to = [1, 2].into_iter().find(|&corner| {
            let mut game = game.clone();
            (0..5)
                .map(|_| game.step(corner).unwrap())
                .last()
                .unwrap()
                .terminated
        });
        let steps: Vec<Step> = (0..5).map(|_| game.step(to.unwrap()).unwrap()).collect();
        assert!(steps.iter().all(|step| step.reward == 0.0));
        assert_eq!(
            steps.iter().map(Step::ended).collect::<Vec<_>>(),
            [false, false, false, false, true]
        );
        assert!(steps[4].terminated && !steps[4].truncated);
        assert!(matches!(game.step(0), Err(GameError::NotPlaying { .. })));
    }
}

/// How MinAtar's ball flies, told in another way: by how far it goes across and down in a step.
struct Flies {
    across: isize,
    down: isize,
}

impl Flies {
    /// As the ball does in a game that has just begun.
    fn from(game: &Breakout) -> Self {
        let step = game.clone().step(0).unwrap();
        let (old, new) = (
            places(&step.observation, Breakout::TRAIL)[0],
            places(&step.observation, Breakout::BALL)[0],
        );
        // At a wall it has turned already.
        let across = match new.0 as isize - old.0 as isize {
            0 if old.0 == 0 => -1,
            0 => 1,
            across => across,
        };
        Flies { across, down: 1 }
    }

    fn across_from(&self, (column, _): (usize, usize)) -> isize {
        if (0..10).contains(&(column as isize + self.across)) {
            self.across
        } else {
            0
        }
    }

    /// The cell that it flies to, if nothing is there.
    fn ahead(&self, old: (usize, usize)) -> (usize, usize) {
        let column = old.0 as isize + self.across_from(old);
        (column as usize, (old.1 as isize + self.down).max(0) as usize)
    }

    /// Where it is after a step.
    fn on(&mut self, old: (usize, usize), paddle: usize, breaks: bool) -> (usize, usize) {
        let ahead = self.ahead(old);
        if self.across_from(old) == 0 {
            self.across = -self.across;
        }
        let ceiling = old.1 == 0 && self.down < 0;
        let caught = ahead.1 == 9 && (paddle == old.0 || paddle == ahead.0);
        if ceiling {
            self.down = 1;
            return ahead;
        }
        if breaks || caught {
            self.down = -self.down;
            // Thrown back the way that it came, where the paddle is only where the ball is going to.
            if caught && paddle != old.0 {
                self.across = -self.across;
            }
            return (ahead.0, old.1);
        }
        ahead
    }
}

#[test]
fn every_step_keeps_to_the_rules() {
    let (mut broken, mut renewed, mut spared) = (0, 0, 0);
    for seed in 0..20 {
        let mut game = Breakout::new(0.0);
        let (mut before, _) = game.reset(seed);
        let mut random = nn::random(seed, "bounces");
        let (mut score, mut struck) = (0.0, false);
        let mut flies = Flies::from(&game);
        for number in 1.. {
            let step = game.step(follow(&game, &before, &mut random)).unwrap();
            let now = &step.observation;
            let (old, new) = (places(&before, Breakout::BALL)[0], places(now, Breakout::BALL)[0]);
            assert_eq!(places(now, Breakout::TRAIL), [old]);
            // One cell at most in either direction.
            assert!(old.0.abs_diff(new.0) <= 1 && old.1.abs_diff(new.1) <= 1);
            let (bricks, bricks_before) = (places(now, Breakout::BRICK), places(&before, Breakout::BRICK));
            let gone: Vec<_> = bricks_before
                .iter()
                .filter(|brick| !bricks.contains(brick))
                .collect();
            assert_eq!(step.reward, gone.len() as f64, "a point a brick");
            let paddle = places(now, Breakout::PADDLE)[0].0;
            let met = bricks_before.contains(&flies.ahead(old));
            let expected = flies.on(old, paddle, met && !struck);
            assert_eq!(new, expected, "from {old:?}, the paddle at {paddle}");
            assert_eq!(gone.len(), usize::from(met && !struck));
            broken += gone.len();
            spared += usize::from(met && struck);
            struck = met;
            if bricks.len() > bricks_before.len() {
                assert_eq!(
                    (bricks_before.len(), bricks.len()),
                    (0, 30),
                    "new bricks when all are gone"
                );
                renewed += 1;
            }
            score += step.reward;
            assert_eq!(step.info.score, score);
            if step.ended() {
                assert_eq!(step.truncated, number == 2_000);
                break;
            }
            before = step.observation;
        }
    }
    assert!(broken > 600, "{broken} bricks broken");
    assert!(renewed > 10, "new bricks came {renewed} times");
    assert!(spared > 0);
}

#[test]
fn the_paddle_stays_on_the_board_and_keys_move_it() {
    for (key, edge) in [(Key::Left, 0), (Key::Right, 9)] {
        let mut game = Breakout::new(0.0);
        // The ball is down after five steps, and the paddle at the edge: at the left one it has been pushed on for a step.
        game.reset(0);
        let action = game.action_for(key).unwrap();
        let steps: Vec<Step> = (0..5).map(|_| game.step(action).unwrap()).collect();
        assert_eq!(places(&steps[4].observation, Breakout::PADDLE), [(edge, 9)]);
    }
    let game = Breakout::new(0.0);
    assert_eq!(game.action_for(Key::Nothing), Some(0));
    assert_eq!(game.action_for(Key::Up), None);
}

#[test]
fn the_paddle_slips_in_one_step_of_ten() {
    let (mut slipped, mut steps) = (0, 0);
    for seed in 0..2_000 {
        let mut game = Breakout::default();
        let (observation, _) = game.reset(seed);
        let mut paddle = places(&observation, Breakout::PADDLE)[0].0;
        // To the left and back, until the first slip: it repeats the step before.
        for number in 0..4 {
            let step = game.step(1 + number % 2).unwrap();
            let wanted = if number % 2 == 0 { paddle - 1 } else { paddle + 1 };
            paddle = places(&step.observation, Breakout::PADDLE)[0].0;
            steps += 1;
            slipped += usize::from(paddle != wanted);
            if step.ended() || paddle != wanted {
                break;
            }
        }
    }
    let share = slipped as f64 / steps as f64;
    assert!((share - 0.1).abs() < 0.02, "{share}");
}
