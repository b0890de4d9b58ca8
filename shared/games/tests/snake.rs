//! The rules of Snake, and what the snake sees.
#![allow(clippy::unwrap_used)] // the helpers of tests, too, may panic

use games::{Environment, GameError, Key, Observation, Snake, Step};

const LEFT: usize = 0;
const STRAIGHT: usize = 1;
const RIGHT: usize = 2;
const VIEW: usize = Snake::VIEW;

fn begin(seed: u64) -> (Snake, Observation) {
    let mut game = Snake::default();
    let (observation, _) = game.reset(seed);
    (game, observation)
}

/// What a plane holds at a place seen from the head: so many cells to the right, and so many ahead.
fn seen(observation: &[f32], plane: usize, right: isize, ahead: isize) -> f32 {
    let length = VIEW as isize;
    let (column, row) = ((5 + right).rem_euclid(length), (5 - ahead).rem_euclid(length));
    observation[plane * VIEW * VIEW + row as usize * VIEW + column as usize]
}

fn count(observation: &[f32], plane: usize) -> usize {
    let plane = &observation[plane * VIEW * VIEW..(plane + 1) * VIEW * VIEW];
    plane.iter().filter(|&&value| value > 0.0).count()
}

/// Goes once through all cells and back to the first: to the right in the odd rows, to the left in the even ones, and
/// down the first column. The action that keeps to it.
fn round_trip(cell: usize, direction: usize) -> usize {
    let (column, row) = (cell % 10, cell / 10);
    let wanted = match (column, row % 2) {
        (0, _) if row < 9 => 2,
        (9, 1) => 0,
        (_, 1) => 1,
        (1, 0) if row > 0 => 0,
        _ => 3,
    };
    [STRAIGHT, RIGHT, STRAIGHT, LEFT][(wanted + 4 - direction) % 4]
}

/// Plays the round trip to its end, and calls `check` with each step.
fn play_round_trip(seed: u64, mut check: impl FnMut(&Step)) -> (Snake, Step) {
    let (mut game, _) = begin(seed);
    let (mut cell, mut direction) = (54_isize, 1);
    loop {
        let action = round_trip(cell as usize, direction);
        direction = (direction + 3 + action) % 4;
        cell += [-10, 1, 10, -1][direction];
        let step = game.step(action).unwrap();
        check(&step);
        if step.ended() {
            return (game, step);
        }
    }
}

#[test]
fn the_first_observation_is_as_documented() {
    let (_, observation) = begin(1);
    // The head is in the middle of the board, at column 4 of 0 to 9 and row 5, and looks right: the wall is 6 columns
    // ahead, and as seen in that direction, row 10 is 5 to the right and row -1 is the same on the ring.
    for along in -5..=5 {
        assert_eq!(seen(&observation, Snake::WALL, along, 6), 1.0);
        assert_eq!(seen(&observation, Snake::WALL, 5, along), 1.0);
    }
    assert_eq!(count(&observation, Snake::WALL), 21);
    // Head, body and tail, and how long they stay.
    let time = [0, -1, -2].map(|ahead| seen(&observation, Snake::TIME, 0, ahead));
    for (time, steps) in time.into_iter().zip([3.0_f32, 2.0, 1.0]) {
        assert!(
            (time - (steps / 100.0).sqrt()).abs() < 1e-6,
            "{time} for {steps} steps"
        );
    }
    let body = [0, -1, -2].map(|ahead| seen(&observation, Snake::BODY, 0, ahead));
    assert_eq!(body, [1.0, 1.0, 0.0]);
    assert_eq!(count(&observation, Snake::TIME), 3);
    assert_eq!(count(&observation, Snake::FOOD), 1);
}

#[test]
fn what_is_ahead_is_in_front_of_the_head_wherever_it_looks() {
    for turns in 0..4 {
        let (mut game, mut observation) = begin(2);
        for _ in 0..turns {
            // A wide curve, which keeps clear of the body.
            game.step(LEFT).unwrap();
            observation = game.step(STRAIGHT).unwrap().observation;
        }
        // Straight on until the head is in front of the wall, which is then where death is.
        for _ in 0..10 {
            let wall_ahead = seen(&observation, Snake::WALL, 0, 1) == 1.0;
            let food_ahead = seen(&observation, Snake::FOOD, 0, 1) == 1.0;
            let step = game.step(STRAIGHT).unwrap();
            assert_eq!(step.terminated, wall_ahead, "{}", game.text());
            assert_eq!(
                step.reward,
                if wall_ahead {
                    -1.0
                } else {
                    f64::from(u8::from(food_ahead))
                }
            );
            if step.terminated {
                break;
            }
            observation = step.observation;
        }
        assert!(matches!(game.step(STRAIGHT), Err(GameError::NotPlaying { .. })));
    }
}

#[test]
fn what_the_planes_show_is_what_happens() {
    // At every step of many games, each of the three cells around the head is tried in a copy of the game.
    let mut bites = 0;
    for seed in 0..40 {
        let (mut game, mut observation) = begin(seed);
        let mut score = 0.0;
        for number in 0.. {
            let cells = [(-1, 0), (0, 1), (1, 0)];
            let sees = |plane| cells.map(|(right, ahead)| seen(&observation, plane, right, ahead) == 1.0);
            let (body, food, wall) = (sees(Snake::BODY), sees(Snake::FOOD), sees(Snake::WALL));
            for action in 0..3 {
                let step = game.clone().step(action).unwrap();
                assert_eq!(step.terminated, body[action] || wall[action], "{}", game.text());
                assert_eq!(step.reward == 1.0, food[action]);
                assert_eq!(step.info.score, score + f64::from(u8::from(food[action])));
                bites += usize::from(body[action] && !wall[action]);
            }
            // Eats what it comes by, else wanders about without dying at once.
            let safe = |action: &usize| !body[*action] && !wall[*action];
            let eats = (0..3).find(|&action| food[action]);
            let wander = || {
                (0..3)
                    .map(|turn| (turn + number / 3 + seed as usize) % 3)
                    .find(safe)
            };
            let Some(action) = eats.or_else(wander) else { break };
            let step = game.step(action).unwrap();
            score = step.info.score;
            if step.ended() {
                break;
            }
            observation = step.observation;
        }
    }
    assert!(bites > 100, "the body was tried {bites} times only");
}

#[test]
fn the_cell_that_the_tail_is_leaving_may_be_entered() {
    // A snake of four parts in a square of four cells goes round for ever, until it is cut off for hunger.
    let mut tried = false;
    for seed in 0..200 {
        let (mut game, _) = begin(seed);
        let ate = (0..4).find(|_| game.step(STRAIGHT).unwrap().reward == 1.0);
        if ate.is_none() {
            continue;
        }
        let mut circle = game.clone();
        let steps: Vec<Step> = (0..200).map_while(|_| circle.step(RIGHT).ok()).collect();
        if steps.iter().any(|step| step.reward != 0.0) {
            continue; // an apple was in the square
        }
        tried = true;
        let last = steps.last().unwrap();
        assert!(last.truncated && !last.terminated);
        assert_eq!(
            steps.len(),
            200,
            "cut off after two hundred steps without an apple"
        );
    }
    assert!(tried);
}

#[test]
fn a_full_board_is_the_end_and_the_best_there_is() {
    for seed in 0..10 {
        let (mut length, mut score) = (3, 0.0);
        let (mut game, last) = play_round_trip(seed, |step| {
            assert!(step.reward >= 0.0, "the round trip never dies");
            length += usize::from(step.reward == 1.0);
            score += step.reward;
            assert_eq!(count(&step.observation, Snake::TIME), length);
            assert_eq!(step.info.score, score);
            // The apple is never on the body.
            let food = step.observation[Snake::FOOD * VIEW * VIEW..]
                .iter()
                .take(VIEW * VIEW);
            let time = step.observation[Snake::TIME * VIEW * VIEW..].iter();
            assert!(food.zip(time).all(|(food, time)| *food == 0.0 || *time == 0.0));
        });
        assert!(last.terminated && !last.truncated);
        assert_eq!((last.reward, last.info.score), (1.0, 97.0));
        assert_eq!(count(&last.observation, Snake::FOOD), 0);
        assert!(matches!(game.step(STRAIGHT), Err(GameError::NotPlaying { .. })));
    }
}

#[test]
fn apples_are_everywhere_equally_often() {
    let mut counts = [0_u32; 100];
    for seed in 0..9_700 {
        let (mut game, _) = begin(seed);
        let text = game.text();
        let lines = text.lines().skip(2).take(10).enumerate();
        let found = lines.filter_map(|(row, line)| {
            let column = line.chars().skip(1).position(|letter| letter == '●')?;
            Some(row * 10 + column / 2)
        });
        for cell in found {
            counts[cell] += 1;
        }
        game.step(STRAIGHT).unwrap();
    }
    assert_eq!(counts.iter().sum::<u32>(), 9_700);
    assert_eq!(counts[52..55], [0; 3], "where the snake begins");
    // 100 each, with a deviation of 10.
    let others = counts
        .iter()
        .enumerate()
        .filter(|(cell, _)| !(52..55).contains(cell));
    for (cell, count) in others {
        assert!((50..=150).contains(count), "cell {cell}: {count}");
    }
}

#[test]
fn keys_mean_directions_of_the_board() {
    let (mut game, _) = begin(1);
    let keys = [Key::Up, Key::Right, Key::Down, Key::Left];
    let means = |game: &Snake| keys.map(|key| game.action_for(key).unwrap());
    assert_eq!(
        means(&game),
        [LEFT, STRAIGHT, RIGHT, STRAIGHT],
        "it looks right; to turn round is to go on"
    );
    game.step(LEFT).unwrap();
    assert_eq!(means(&game), [STRAIGHT, RIGHT, STRAIGHT, LEFT], "it looks up");
    assert_eq!(game.action_for(Key::Nothing), Some(STRAIGHT));
    assert_eq!(game.action_for(Key::Digit(1)), None);
}
