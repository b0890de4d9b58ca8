//! The rules of 2048, its new tiles, and what its observations say.
#![allow(clippy::unwrap_used, reason = "the helpers of tests, too, may panic")]

use std::collections::{HashMap, HashSet};

use games::{Environment, Game2048, GameError, Key, Tiles};

const UP: usize = 0;
const RIGHT: usize = 1;
const DOWN: usize = 2;
const LEFT: usize = 3;

/// A board whose first row is `row` and whose others are empty.
fn first_row(row: [u32; 4]) -> Tiles {
    Tiles::from_numbers([row, [0; 4], [0; 4], [0; 4]]).unwrap()
}

/// A board on which nothing moves.
fn stuck() -> Tiles {
    Tiles::from_numbers([[2, 4, 2, 4], [4, 2, 4, 2], [2, 4, 2, 4], [4, 2, 4, 2]]).unwrap()
}

#[test]
fn tiles_merge_once_and_from_the_wall() {
    let cases = [
        ([2, 0, 0, 2], [4, 0, 0, 0], [0, 0, 0, 4], 4),
        ([2, 2, 2, 2], [4, 4, 0, 0], [0, 0, 4, 4], 8),
        // The two at the wall that the tiles slide to are the ones that merge.
        ([2, 2, 2, 0], [4, 2, 0, 0], [0, 0, 2, 4], 4),
        ([0, 4, 4, 4], [8, 4, 0, 0], [0, 0, 4, 8], 8),
        // What has been made does not merge again.
        ([4, 2, 2, 0], [4, 4, 0, 0], [0, 0, 4, 4], 4),
        ([2, 2, 4, 8], [4, 4, 8, 0], [0, 4, 4, 8], 4),
        ([8, 4, 2, 2], [8, 4, 4, 0], [0, 8, 4, 4], 4),
        // Tiles do not jump over others.
        ([2, 4, 2, 0], [2, 4, 2, 0], [0, 2, 4, 2], 0),
        ([1024, 1024, 0, 0], [2048, 0, 0, 0], [0, 0, 0, 2048], 2048),
        // Four bits count no further than 2^15.
        (
            [32_768, 32_768, 0, 0],
            [32_768, 32_768, 0, 0],
            [0, 0, 32_768, 32_768],
            0,
        ),
    ];
    for (row, left, right, points) in cases {
        let tiles = first_row(row);
        for (action, expected) in [(LEFT, left), (RIGHT, right)] {
            let slid = (expected != row).then_some((first_row(expected), points));
            assert_eq!(tiles.slide(action), slid, "{row:?}, action {action}");
        }
    }
}

#[test]
fn all_four_ways_of_a_board() {
    let tiles = Tiles::from_numbers([[2, 0, 4, 8], [2, 4, 0, 8], [0, 4, 2, 16], [2, 0, 2, 0]]).unwrap();
    let expected = [
        (UP, [[4, 8, 4, 16], [2, 0, 4, 16], [0; 4], [0; 4]], 32),
        (
            RIGHT,
            [[0, 2, 4, 8], [0, 2, 4, 8], [0, 4, 2, 16], [0, 0, 0, 4]],
            4,
        ),
        (DOWN, [[0; 4], [0; 4], [2, 0, 4, 16], [4, 8, 4, 16]], 32),
        (LEFT, [[2, 4, 8, 0], [2, 4, 8, 0], [4, 2, 16, 0], [4, 0, 0, 0]], 4),
    ];
    for (action, numbers, points) in expected {
        let (afterstate, earned) = tiles.slide(action).unwrap();
        assert_eq!(
            (afterstate.numbers(), earned),
            (numbers, points),
            "action {action}"
        );
    }
    assert_eq!(tiles.slide(4), None);
}

/// Board after board of a game of random moves.
fn boards(seed: u64) -> Vec<Tiles> {
    let mut random = nn::random(seed, "boards of a test");
    let mut tiles = Tiles::start(&mut random);
    let mut boards = vec![tiles];
    for turn in 0.. {
        let mask = tiles.action_mask();
        if mask == [false; 4] {
            return boards;
        }
        let allowed: Vec<usize> = (0..4).filter(|action| mask[*action]).collect();
        tiles = tiles
            .slide(allowed[turn % allowed.len()])
            .unwrap()
            .0
            .spawn(&mut random);
        boards.push(tiles);
    }
    unreachable!("games of 2048 end")
}

#[test]
fn sliding_up_is_sliding_left_on_the_board_turned() {
    let turned = |tiles: Tiles| {
        let numbers = tiles.numbers();
        Tiles::from_numbers(std::array::from_fn(|row| {
            std::array::from_fn(|column| numbers[column][3 - row])
        }))
        .unwrap()
    };
    for tiles in boards(1) {
        // A quarter turn against the clock takes the top to the left, the right to the top, and so on.
        for (before, after) in [(UP, LEFT), (RIGHT, UP), (DOWN, RIGHT), (LEFT, DOWN)] {
            let slid = tiles.slide(before).map(|(slid, points)| (turned(slid), points));
            assert_eq!(turned(tiles).slide(after), slid);
        }
    }
}

#[test]
fn the_eight_images_are_the_same_game() {
    let tiles = Tiles::from_numbers([
        [2, 4, 8, 16],
        [32, 64, 128, 256],
        [512, 1024, 2048, 4096],
        [8192, 0, 0, 0],
    ])
    .unwrap();
    let images: HashSet<Tiles> = tiles.images().into_iter().collect();
    assert_eq!(images.len(), 8);
    assert_eq!(tiles.images()[0], tiles);
    for image in tiles.images() {
        let again: HashSet<Tiles> = image.images().into_iter().collect();
        assert_eq!(again, images);
    }
    // Whatever can be done on a board can be done on its image, to an image of the same board.
    for tiles in boards(2) {
        let outcomes = |tiles: Tiles| -> HashSet<([Tiles; 8], u32)> {
            let sorted = |tiles: Tiles| {
                let mut images = tiles.images();
                images.sort_by_key(|image| image.bits());
                images
            };
            (0..4)
                .filter_map(|action| tiles.slide(action))
                .map(|(slid, points)| (sorted(slid), points))
                .collect()
        };
        for image in tiles.images() {
            assert_eq!(outcomes(image), outcomes(tiles));
        }
    }
}

#[test]
fn new_tiles_come_to_every_empty_square_alike_and_one_in_ten_is_a_four() {
    let board = Tiles::from_numbers([[2, 0, 4, 8], [0, 4, 0, 8], [2, 4, 2, 16], [2, 0, 2, 0]]).unwrap();
    let mut random = nn::random(3, "spawn of a test");
    let mut counts: HashMap<(usize, u32), f64> = HashMap::new();
    let draws = 50_000;
    for _ in 0..draws {
        let (before, after) = (
            board.numbers().concat(),
            board.spawn(&mut random).numbers().concat(),
        );
        let changed: Vec<usize> = (0..16)
            .filter(|square| before[*square] != after[*square])
            .collect();
        assert_eq!(changed.len(), 1);
        assert_eq!(before[changed[0]], 0);
        *counts.entry((changed[0], after[changed[0]])).or_default() += 1.0;
    }
    for square in [1, 4, 6, 13, 15] {
        for (number, probability) in [(2, 0.9 / 5.0), (4, 0.1 / 5.0)] {
            let expected: f64 = f64::from(draws) * probability;
            let deviations = (counts[&(square, number)] - expected) / (expected * (1.0 - probability)).sqrt();
            assert!(
                deviations.abs() < 4.0,
                "{number} in square {square}: {deviations} standard deviations"
            );
        }
    }
    assert_eq!(counts.len(), 10);
    assert_eq!(stuck().spawn(&mut random), stuck());
}

#[test]
fn a_game_is_its_seed_and_its_actions() {
    let play = |seed| {
        let mut game = Game2048::new();
        let (mut observation, mut info) = game.reset(seed);
        let mut seen = Vec::new();
        let (mut earned, mut ended) = (0.0, false);
        while !ended {
            assert_eq!(Tiles::from_observation(&observation).unwrap(), game.tiles());
            assert_eq!(info.action_mask, game.tiles().action_mask());
            assert_eq!(info.score, earned);
            seen.push(game.tiles());
            // Into a corner, as beginners do.
            let action = [DOWN, LEFT, RIGHT, UP]
                .into_iter()
                .find(|action| info.action_mask[*action])
                .unwrap();
            let step = game.step(action).unwrap();
            earned += step.reward;
            assert!(!step.truncated);
            (observation, info, ended) = (step.observation, step.info, step.terminated);
        }
        assert_eq!(info.action_mask, [false; 4]);
        assert_eq!(game.tiles().action_mask(), [false; 4]);
        assert_eq!(game.step(DOWN), Err(GameError::NotPlaying { game: "2048" }));
        seen
    };
    let first = play(7);
    assert_eq!(play(7), first);
    assert_ne!(play(8), first);
    assert!(first.len() > 50, "{} moves", first.len());
    let start = first[0].numbers().concat();
    assert_eq!(start.iter().filter(|number| **number > 0).count(), 2);
}

#[test]
fn what_the_rules_forbid_changes_nothing() {
    let mut game = Game2048::new();
    assert_eq!(game.step(UP), Err(GameError::NotPlaying { game: "2048" }));
    // Down and left until only the others are left.
    let (_, mut info) = game.reset(1);
    while let Some(action) = [DOWN, LEFT].into_iter().find(|action| info.action_mask[*action]) {
        info = game.step(action).unwrap().info;
    }
    let tiles = game.tiles();
    let error = game.step(DOWN).unwrap_err();
    assert_eq!(
        error.to_string(),
        "2048: down is not allowed now: no tile would move"
    );
    let error = game.step(4).unwrap_err();
    assert_eq!(
        error,
        GameError::NoSuchAction {
            game: "2048",
            action: 4,
            count: 4
        }
    );
    assert_eq!(game.tiles(), tiles);
    let allowed = info.action_mask.iter().position(|allowed| *allowed).unwrap();
    // As if nothing had been tried in between: the same new tile comes.
    let mut same = Game2048::new();
    let (_, mut info) = same.reset(1);
    while let Some(action) = [DOWN, LEFT].into_iter().find(|action| info.action_mask[*action]) {
        info = same.step(action).unwrap().info;
    }
    assert_eq!(game.step(allowed), same.step(allowed));
}

#[test]
fn the_largest_tile_and_the_end() {
    assert_eq!(Tiles::default().largest(), 0);
    assert_eq!(first_row([2, 2048, 4, 0]).largest(), 2048);
    assert_eq!(stuck().action_mask(), [false; 4]);
    assert_eq!(first_row([2, 0, 0, 0]).action_mask(), [false, true, true, false]);
}

#[test]
fn boards_that_cannot_be_are_refused() {
    for number in [1, 3, 6, 65_536] {
        let error = Tiles::from_numbers([[number, 0, 0, 0], [0; 4], [0; 4], [0; 4]]).unwrap_err();
        assert!(
            error.to_string().contains(&format!("a tile of {number}")),
            "{error}"
        );
    }
    let observation = first_row([2, 0, 0, 0]).observation();
    assert_eq!(observation.len(), 256);
    let refused = |change: &dyn Fn(&mut Vec<f32>)| {
        let mut changed = observation.clone();
        change(&mut changed);
        Tiles::from_observation(&changed).unwrap_err().to_string()
    };
    assert!(refused(&|planes| planes.truncate(255)).contains("255 numbers"));
    assert!(refused(&|planes| planes[16] = 0.0).contains("square 0 is in 0 planes"));
    assert!(refused(&|planes| planes[33] = 1.0).contains("square 1 is in 2 planes"));
    assert!(refused(&|planes| planes[33] = f32::NAN).contains("NaN in a plane"));
}

#[test]
fn it_is_shown_and_played_with_arrows() {
    let mut game = Game2048::new();
    game.reset(5);
    let frame = game.render();
    assert_eq!(
        (frame.width, frame.height, frame.pixels.len()),
        (320, 320, 320 * 320)
    );
    assert!(frame.png().unwrap().starts_with(b"\x89PNG"));
    let text = game.text();
    let widths: HashSet<usize> = text.lines().map(|line| line.chars().count()).collect();
    assert_eq!((text.lines().count(), widths), (4, HashSet::from([28])));
    let shown: Vec<u32> = text
        .split_whitespace()
        .map(|word| word.parse().unwrap_or(0))
        .collect();
    assert_eq!(shown, game.tiles().numbers().concat());
    let arrows = [Key::Up, Key::Right, Key::Down, Key::Left].map(|key| game.action_for(key).unwrap());
    assert_eq!(
        arrows.map(|action| game.actions()[action]),
        ["up", "right", "down", "left"]
    );
    assert_eq!(game.action_for(Key::Nothing), None);
}
