//! The rules of Connect Four, its opponents, and the environment around them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeSet;

use games::{
    Environment, GameError, Key,
    connect_four::{Board, COLUMNS, ConnectFour, OnePly, Opponent, ROWS, RandomPlayer, Side, TreeSearch},
};
use rand::Rng;

fn board(moves: &str) -> Board {
    moves.parse().unwrap()
}

/// All positions of `count` discs.
fn positions(count: usize) -> BTreeSet<Board> {
    let mut positions = BTreeSet::from([Board::new()]);
    for _ in 0..count {
        let next = |board: &Board| {
            board
                .legal_columns()
                .into_iter()
                .map(|column| board.after(column))
                .collect()
        };
        positions = positions
            .iter()
            .flat_map(|board| -> Vec<Board> { next(board) })
            .collect();
    }
    positions
}

/// How many games of `count` moves there are.
fn games(board: Board, count: usize) -> u64 {
    let columns = board.legal_columns();
    match count {
        1 => columns.len() as u64,
        _ => columns
            .into_iter()
            .map(|column| games(board.after(column), count - 1))
            .sum(),
    }
}

/// The counts are those of the On-Line Encyclopedia of Integer Sequences, A212693 (John Tromp).
#[test]
fn as_many_positions_as_are_known() {
    for (discs, count) in [1, 7, 49, 238, 1120, 4263, 16422, 54859, 184275]
        .into_iter()
        .enumerate()
    {
        assert_eq!(positions(discs).len(), count, "{discs} discs");
    }
}

/// In up to six moves no column is overfull and no game over; of the 7⁷ sequences of seven, those of one column are not
/// allowed.
#[test]
fn as_many_games_as_can_be_counted_by_hand() {
    for moves in 1..=6 {
        assert_eq!(games(Board::new(), moves), 7u64.pow(moves as u32));
    }
    assert_eq!(games(Board::new(), 7), 7u64.pow(7) - 7);
}

/// What is written on the board in plain loops, as a second opinion.
fn wins_by_looking(board: &Board, side: Side) -> bool {
    let at = |column: i32, row: i32| {
        (0..COLUMNS as i32).contains(&column)
            && (0..ROWS as i32).contains(&row)
            && board.disc(column as usize, row as usize) == Some(side)
    };
    let cells = (0..COLUMNS as i32).flat_map(|column| (0..ROWS as i32).map(move |row| (column, row)));
    let mut lines = cells.flat_map(|cell| [(1, 0), (0, 1), (1, 1), (1, -1)].map(|step| (cell, step)));
    lines.any(|((column, row), (across, up))| (0..4).all(|i| at(column + i * across, row + i * up)))
}

#[test]
fn bits_and_plain_loops_agree_in_thousands_of_games() {
    let mut random = nn::random(3, "games");
    let (mut wins, mut draws) = ([0, 0], 0);
    for _ in 0..3_000 {
        let mut board = Board::new();
        while !board.is_over() {
            let column = board.random_column(&mut random);
            let before = board;
            assert_eq!(board.wins_with(column), board.after(column).just_won());
            board.play(column).unwrap();
            assert_eq!(board.discs(), before.discs() + 1);
            assert_eq!(board.turn(), before.turn().other());
            for side in [Side::First, Side::Second] {
                assert_eq!(
                    board.winner() == Some(side),
                    wins_by_looking(&board, side),
                    "{board}"
                );
            }
            assert_eq!(board.mirror().mirror(), board);
            assert_eq!(board.mirror().winner(), board.winner());
            for (column, row) in (0..COLUMNS).flat_map(|column| (0..ROWS).map(move |row| (column, row))) {
                assert_eq!(
                    board.disc(column, row),
                    board.mirror().disc(COLUMNS - 1 - column, row)
                );
            }
            if !before.is_over() {
                assert_eq!(Board::from_planes(&board.planes()).unwrap(), board);
            }
        }
        match board.winner() {
            Some(Side::First) => wins[0] += 1,
            Some(Side::Second) => wins[1] += 1,
            None => draws += 1,
        }
    }
    // Of random games whoever begins wins some 56 %, and a few in a thousand are drawn.
    assert!((1_550..1_780).contains(&wins[0]), "{wins:?} {draws}");
    assert!((1..30).contains(&draws), "{wins:?} {draws}");
}

#[test]
fn four_in_each_direction() {
    for (moves, cells) in [
        ("1212121", [(0, 0), (0, 1), (0, 2), (0, 3)]),
        ("1122334", [(0, 0), (1, 0), (2, 0), (3, 0)]),
        ("42241334473", [(0, 0), (1, 1), (2, 2), (3, 3)]),
        ("13124111322", [(0, 3), (1, 2), (2, 1), (3, 0)]),
    ] {
        let board = board(moves);
        assert_eq!(board.winner(), Some(Side::First), "{moves}\n{board}");
        assert_eq!(board.winning_cells(), cells, "{moves}");
        assert!(board.legal_columns().is_empty());
    }
    // Three at the top of a column and one at the foot of the next are no line.
    assert_eq!(board("211117171").winner(), None);
    assert_eq!(board("211117171").winning_cells(), []);
}

#[test]
fn what_is_not_allowed() {
    let mut full = board("111111");
    let error = full.play(0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "connect-four: column 1 is not allowed now: the column is full"
    );
    assert_eq!(full, board("111111"));
    assert_eq!(full.legal_columns(), [1, 2, 3, 4, 5, 6]);
    let mut over = board("1212121");
    assert!(over.play(3).unwrap_err().to_string().contains("the game is over"));
    assert_eq!(
        Board::new().play(7),
        Err(GameError::NoSuchAction {
            game: "connect-four",
            action: 7,
            count: 7
        })
    );
}

#[test]
fn strings_that_are_no_games() {
    for (moves, part) in [
        ("440", "move 3: '0' is no column"),
        ("48", "move 2: '8' is no column"),
        ("4a", "'a' is no column"),
        ("4４", "no column"),
        (
            "1111111",
            "move 7: connect-four: column 1 is not allowed now: the column is full",
        ),
        (
            "12121213",
            "move 8: connect-four: column 3 is not allowed now: the game is over",
        ),
    ] {
        let error = moves.parse::<Board>().unwrap_err().to_string();
        assert!(error.contains(part), "{moves}: {error}");
    }
    assert_eq!(board(""), Board::new());
    assert_eq!(
        board("4453").to_string(),
        ".......\n.......\n.......\n.......\n...O...\n..OXX..\n"
    );
}

#[test]
fn planes_that_are_no_positions() {
    let good = board("4453").planes();
    let wrong = |change: &dyn Fn(&mut Vec<f32>)| {
        let mut planes = good.clone();
        change(&mut planes);
        Board::from_planes(&planes).unwrap_err().to_string()
    };
    assert!(wrong(&|planes| planes.truncate(83)).contains("83 numbers"));
    assert!(wrong(&|planes| planes[38] = 0.5).contains("not of 0.5"));
    assert!(wrong(&|planes| planes[38] = f32::NAN).contains("not of NaN"));
    assert!(wrong(&|planes| planes[42 + 38] = 1.0).contains("two discs in one cell"));
    assert!(wrong(&|planes| planes[0] = 1.0).contains("floats"));
    assert!(wrong(&|planes| planes[35] = 1.0).contains("by turns"));
    let won_before = [35, 36, 37, 38, 42 + 28, 42 + 29, 42 + 30, 42 + 31];
    let mut planes = vec![0.0; 84];
    won_before.into_iter().for_each(|place| planes[place] = 1.0);
    assert!(
        Board::from_planes(&planes)
            .unwrap_err()
            .to_string()
            .contains("had won before")
    );
}

/// Positions in which one column wins at once, or must be taken because the other would win there.
const FORCED: [(&str, usize); 6] = [
    ("121212", 0),
    ("112233", 3),
    ("1122336", 3),
    ("12131", 0),
    ("1336335445", 3),
    ("31314612521", 1),
];

#[test]
fn one_ply_sees_one_move() {
    let mut random = nn::random(5, "one-ply");
    for (moves, column) in FORCED {
        assert_eq!(OnePly.choose(&board(moves), &mut random), column, "{moves}");
    }
    // Without a need it plays anything.
    let columns: BTreeSet<usize> = (0..200)
        .map(|_| OnePly.choose(&Board::new(), &mut random))
        .collect();
    assert_eq!(columns.len(), COLUMNS);
}

#[test]
fn tree_search_wins_and_blocks() {
    for seed in 0..10 {
        let mut random = nn::random(seed, "tree");
        let mut search = TreeSearch::new(400);
        for (moves, column) in FORCED {
            assert_eq!(search.choose(&board(moves), &mut random), column, "{moves}");
        }
    }
}

#[test]
fn tree_search_counts_its_rollouts_and_leaves_full_columns_alone() {
    let board = board("111111");
    let mut random = nn::random(1, "tree");
    let visits = TreeSearch::new(300).visits(&board, &mut random);
    assert_eq!(visits.iter().sum::<u32>(), 300);
    assert_eq!(visits[0], 0);
    for rollouts in [0, 1, 2] {
        assert_ne!(
            TreeSearch::new(rollouts).choose(&board, &mut random),
            0,
            "{rollouts}"
        );
    }
    assert_eq!(TreeSearch::new(200).name(), "mcts-200");
}

/// A game of two players: 1 when the first of them wins, ½ for a draw.
fn game(first: &mut dyn Opponent, second: &mut dyn Opponent, seed: u64) -> f64 {
    let (mut board, mut random) = (Board::new(), nn::random(seed, "game"));
    while !board.is_over() {
        let column = match board.turn() {
            Side::First => first.choose(&board, &mut random),
            Side::Second => second.choose(&board, &mut random),
        };
        board.play(column).unwrap();
    }
    match board.winner() {
        Some(Side::First) => 1.0,
        Some(Side::Second) => 0.0,
        None => 0.5,
    }
}

#[test]
fn each_opponent_is_stronger_than_the_one_before() {
    let players = || -> [Box<dyn Opponent>; 4] {
        [
            Box::new(RandomPlayer),
            Box::new(OnePly),
            Box::new(TreeSearch::new(50)),
            Box::new(TreeSearch::new(500)),
        ]
    };
    for weaker in 0..3 {
        let (mut weak, mut strong) = (players(), players());
        let points: f64 = (0..20)
            .map(|seed| match seed % 2 {
                0 => game(&mut strong[weaker + 1], &mut weak[weaker], seed),
                _ => 1.0 - game(&mut weak[weaker], &mut strong[weaker + 1], seed),
            })
            .sum();
        assert!(points > 12.0, "{}: {points} of 20", strong[weaker + 1].name());
    }
}

#[test]
fn an_episode_is_a_function_of_seed_and_actions() {
    let play = |seed: u64| {
        let mut game = ConnectFour::new(TreeSearch::new(20));
        let mut seen = vec![game.reset(seed).0];
        let mut random = nn::random(seed, "agent");
        loop {
            let step = game.step(game.board().random_column(&mut random)).unwrap();
            seen.push(step.observation);
            if step.terminated {
                return (seen, step.reward, step.info.score, game.moves());
            }
        }
    };
    for seed in 0..6 {
        let episode = play(seed);
        assert_eq!(episode, play(seed));
        let (seen, reward, score, moves) = episode;
        assert_eq!(score, (reward + 1.0) / 2.0);
        assert!(board(&moves).is_over());
        // Who begins sees an empty board, who answers one disc, of the other.
        assert_eq!(seen[0].iter().sum::<f32>(), (seed % 2) as f32);
        assert_eq!(seen[0][..42].iter().sum::<f32>(), 0.0);
    }
    assert_ne!(play(0).3, play(2).3);
}

#[test]
fn rewards_are_the_agents() {
    // An agent that plays one-ply against chance wins nearly always, as first and as second player.
    let mut wins = 0;
    for seed in 0..20 {
        let mut game = ConnectFour::new(RandomPlayer);
        game.reset(seed);
        let mut random = nn::random(seed, "agent");
        let last = loop {
            let step = game
                .step(OnePly.choose(&game.board().clone(), &mut random))
                .unwrap();
            if step.ended() {
                break step;
            }
            assert_eq!((step.reward, step.info.score), (0.0, 0.0));
        };
        let expected = match game.board().winner() {
            Some(side) if side == game.agent() => (1.0, 1.0),
            Some(_) => (-1.0, 0.0),
            None => (0.0, 0.5),
        };
        assert_eq!((last.reward, last.info.score), expected, "seed {seed}");
        assert_eq!(game.agent() == Side::First, seed % 2 == 0);
        assert_eq!(game.step(0), Err(GameError::NotPlaying { game: "connect-four" }));
        wins += usize::from(last.reward == 1.0);
    }
    assert!(wins >= 17, "{wins} of 20");
}

#[test]
fn a_step_that_is_refused_changes_nothing() {
    let mut game = ConnectFour::new(RandomPlayer);
    assert_eq!(game.step(3), Err(GameError::NotPlaying { game: "connect-four" }));
    game.reset(4);
    let before = (game.text(), game.moves());
    assert!(matches!(game.step(7), Err(GameError::NoSuchAction { .. })));
    assert_eq!((game.text(), game.moves()), before);
    // Fills column 1, unless the game ends before.
    let mut random = nn::random(0, "fill");
    'games: for seed in 0..50 {
        let (_, mut info) = game.reset(seed);
        while info.action_mask[0] {
            let step = game.step(0).unwrap();
            info = step.info;
            if step.terminated {
                continue 'games;
            }
        }
        let before = (game.text(), game.moves());
        assert!(matches!(game.step(0), Err(GameError::NotAllowed { .. })));
        assert_eq!((game.text(), game.moves()), before);
        assert!(!game.step(1 + random.random_range(0..3)).unwrap().info.action_mask[0]);
    }
}

/// An opponent whose moves are not allowed is an error, not a panic, and the game stays as it is.
#[test]
fn an_opponent_that_plays_by_no_rule() {
    struct Cheat;
    impl Opponent for Cheat {
        fn name(&self) -> String {
            "cheat".to_string()
        }
        fn choose(&mut self, _: &Board, _: &mut nn::Random) -> usize {
            9
        }
    }
    let mut game = ConnectFour::new(Cheat);
    game.reset(0);
    assert!(matches!(
        game.step(2),
        Err(GameError::NoSuchAction { action: 9, .. })
    ));
    assert_eq!(game.moves(), "");
    game.reset(1);
    assert_eq!(game.agent(), Side::First);
}

#[test]
fn keys_text_and_picture() {
    let mut game = ConnectFour::new(OnePly);
    game.reset(0);
    assert_eq!(game.action_for(Key::Digit(7)), Some(6));
    for key in [Key::Digit(0), Key::Digit(8), Key::Left, Key::Nothing] {
        assert_eq!(game.action_for(key), None);
    }
    let empty = game.render();
    assert_eq!((empty.width, empty.height), (352, 326));
    game.step(3).unwrap();
    let text = game.text();
    assert!(text.lines().all(|line| line.chars().count() == 21), "{text}");
    assert_eq!(text.lines().count(), 7);
    assert_eq!(text.matches(" X ").count(), 1, "{text}");
    assert_eq!(text.matches("[O]").count(), 1, "{text}");
    assert_ne!(game.render(), empty);
}
