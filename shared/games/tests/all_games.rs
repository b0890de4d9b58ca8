//! What holds for every game of this room.
#![allow(clippy::unwrap_used)] // the helpers of tests, too, may panic

use std::io::Cursor;

use games::{
    Breakout, ConnectFour, Environment, Frame, Game2048, GameError, Info, Key, Observation, Snake, Step,
    VectorEnvironment, cart_pole, connect_four::RandomPlayer, gif, mountain_car,
};
use image::{AnimationDecoder, codecs::gif::GifDecoder};
use rand::Rng;

/// Every game: a new one is one more line here.
fn all() -> Vec<Box<dyn Environment>> {
    vec![
        Box::new(Breakout::default()),
        Box::new(cart_pole()),
        Box::new(ConnectFour::new(RandomPlayer)),
        Box::new(Game2048::new()),
        Box::new(mountain_car()),
        Box::new(Snake::default()),
    ]
}

/// Any action that the rules allow.
fn any_action(game: &dyn Environment, info: &Info, random: &mut nn::Random) -> usize {
    let actions = 0..game.actions().len();
    let allowed: Vec<usize> = actions
        .filter(|&action| info.action_mask.get(action) != Some(&false))
        .collect();
    assert!(
        !allowed.is_empty(),
        "{}: a game under way allows something",
        game.name()
    );
    allowed[random.random_range(0..allowed.len())]
}

/// Plays an episode, at most 3,000 steps of it, with random actions: what was seen first, and what came then.
fn play(game: &mut dyn Environment, seed: u64) -> (Observation, Vec<usize>, Vec<Step>) {
    let mut random = nn::random(seed, "actions");
    let (first, mut info) = game.reset(seed);
    let (mut actions, mut steps) = (Vec::new(), Vec::new());
    for _ in 0..3_000 {
        let action = any_action(game, &info, &mut random);
        let step = game.step(action).unwrap();
        info = step.info.clone();
        actions.push(action);
        let ended = step.ended();
        steps.push(step);
        if ended {
            break;
        }
    }
    (first, actions, steps)
}

#[test]
fn observations_are_of_the_space() {
    for mut game in all() {
        let space = game.observation_space();
        for seed in 0..20 {
            let (first, _, steps) = play(game.as_mut(), seed);
            for observation in std::iter::once(&first).chain(steps.iter().map(|step| &step.observation)) {
                assert_eq!(observation.len(), space.size(), "{}", game.name());
                let inside = |value: &f32| (space.low..=space.high).contains(value);
                assert!(observation.iter().all(inside), "{}: {observation:?}", game.name());
            }
        }
    }
}

#[test]
fn the_same_seed_and_actions_give_the_same_episode() {
    for (mut game, mut other) in all().into_iter().zip(all()) {
        let name = game.name();
        let episodes: Vec<_> = (0..10).map(|seed| play(game.as_mut(), seed)).collect();
        for (seed, (first, actions, steps)) in episodes.iter().enumerate().rev() {
            assert_eq!(other.reset(seed as u64).0, *first, "{name}");
            let again: Vec<Step> = actions
                .iter()
                .map(|&action| other.step(action).unwrap())
                .collect();
            assert_eq!(again, *steps, "{name}");
        }
        let differ = |seed: usize| episodes[0].0 != episodes[seed].0 || episodes[0].2 != episodes[seed].2;
        assert!((1..10).any(differ), "{name}: the seed changes something");
    }
}

#[test]
fn only_the_last_step_ends_an_episode_and_none_comes_after_it() {
    for mut game in all() {
        let name = game.name();
        assert_eq!(
            game.step(0),
            Err(GameError::NotPlaying { game: name }),
            "{name}: before any reset"
        );
        for seed in 0..10 {
            let (_, _, steps) = play(game.as_mut(), seed);
            let (last, before) = steps.split_last().unwrap();
            assert!(before.iter().all(|step| !step.ended()), "{name}");
            assert!(!(last.terminated && last.truncated), "{name}: one or the other");
            if last.ended() {
                for action in 0..game.actions().len() {
                    assert_eq!(
                        game.step(action),
                        Err(GameError::NotPlaying { game: name }),
                        "{name}"
                    );
                }
            }
        }
    }
}

#[test]
fn an_action_that_is_none_changes_nothing() {
    for (mut game, mut other) in all().into_iter().zip(all()) {
        let name = game.name();
        let (_, actions, steps) = play(game.as_mut(), 3);
        let mut mask = other.reset(3).1.action_mask;
        for (action, step) in actions.iter().zip(&steps) {
            let count = other.actions().len();
            for bad in [count, count + 1, usize::MAX] {
                let error = GameError::NoSuchAction {
                    game: name,
                    action: bad,
                    count,
                };
                assert_eq!(other.step(bad), Err(error));
            }
            for (forbidden, _) in mask.iter().enumerate().filter(|(_, allowed)| !**allowed) {
                assert!(
                    matches!(other.step(forbidden), Err(GameError::NotAllowed { .. })),
                    "{name}"
                );
            }
            assert_eq!(other.step(*action).unwrap(), *step, "{name}");
            mask.clone_from(&step.info.action_mask);
        }
    }
}

#[test]
fn texts_are_rectangles_without_control_characters() {
    for mut game in all() {
        let mut random = nn::random(1, "texts");
        for seed in 0..5 {
            let (_, mut info) = game.reset(seed);
            for _ in 0..200 {
                let text = game.text();
                let widths: Vec<usize> = text.lines().map(|line| line.chars().count()).collect();
                assert!(widths.len() > 1 && widths[0] > 0, "{}", game.name());
                assert!(
                    widths.iter().all(|&width| width == widths[0]),
                    "{}\n{text}",
                    game.name()
                );
                assert!(
                    text.lines().all(|line| !line.contains(char::is_control)),
                    "{}",
                    game.name()
                );
                let action = any_action(game.as_ref(), &info, &mut random);
                let step = game.step(action).unwrap();
                if step.ended() {
                    break;
                }
                info = step.info;
            }
        }
    }
}

#[test]
fn keys_mean_actions_that_there_are() {
    for mut game in all() {
        game.reset(1);
        let keys = [Key::Up, Key::Down, Key::Left, Key::Right, Key::Nothing];
        let keys = keys.into_iter().chain((1..=9).map(Key::Digit));
        let meant: Vec<usize> = keys.filter_map(|key| game.action_for(key)).collect();
        assert!(!meant.is_empty(), "{}: a person can play it", game.name());
        assert!(
            meant.iter().all(|&action| action < game.actions().len()),
            "{}",
            game.name()
        );
        assert!((1..=60).contains(&game.steps_per_second()), "{}", game.name());
    }
}

#[test]
fn pictures_are_of_one_size_and_show_what_happens() {
    for mut game in all() {
        let name = game.name();
        let mut random = nn::random(1, "pictures");
        let (_, mut info) = game.reset(5);
        let mut film = vec![game.render()];
        for _ in 0..30 {
            let action = any_action(game.as_ref(), &info, &mut random);
            let step = game.step(action).unwrap();
            film.push(game.render());
            if step.ended() {
                break;
            }
            info = step.info;
        }
        let (width, height) = (film[0].width, film[0].height);
        assert!(
            film.iter()
                .all(|frame| (frame.width, frame.height) == (width, height)),
            "{name}"
        );
        assert!(
            film.iter().all(|frame| frame.pixels.len() == width * height),
            "{name}"
        );
        assert!(
            film.windows(2).any(|pair| pair[0] != pair[1]),
            "{name}: nothing moves"
        );
        assert_eq!(game.render(), game.render(), "{name}: to look changes nothing");
        let png = image::load_from_memory(&film[0].png().unwrap())
            .unwrap()
            .to_rgb8();
        assert_eq!((png.width() as usize, png.height() as usize), (width, height));
        assert_eq!(png.as_raw(), film[0].pixels.as_flattened(), "{name}");
        // Before the first reset there is something to look at, too.
        assert!(all().iter_mut().all(|fresh| !fresh.render().pixels.is_empty()));

        // A film decodes to its frames, but for colours beyond the 255 most frequent, which are few and near.
        let decoded = decode(&gif(&film, game.steps_per_second()).unwrap());
        assert_eq!(decoded.len(), film.len());
        for (frame, (pixels, _)) in film.iter().zip(&decoded) {
            let far = |(a, b): (&[u8; 3], &[u8; 3])| a.iter().zip(b).any(|(a, b)| a.abs_diff(*b) > 40);
            let wrong = frame.pixels.iter().zip(pixels).filter(|pair| far(*pair)).count();
            assert_eq!(wrong, 0, "{name}: pixels of another colour");
        }
    }
}

/// The pictures of a GIF as they are shown, and for how many milliseconds each.
fn decode(bytes: &[u8]) -> Vec<(Vec<[u8; 3]>, u32)> {
    let decoder = GifDecoder::new(Cursor::new(bytes)).unwrap();
    let frames = decoder.into_frames().collect_frames().unwrap();
    let shown = frames.iter().map(|frame| {
        let pixels = frame
            .buffer()
            .pixels()
            .map(|pixel| [pixel[0], pixel[1], pixel[2]]);
        (pixels.collect(), frame.delay().numer_denom_ms().0)
    });
    shown.collect()
}

#[test]
fn a_film_decodes_to_its_frames() {
    // 200 colours in all: more would not be kept exactly. Some pixels change, some frames are as the one before.
    let frame = |number: usize| Frame {
        width: 31,
        height: 17,
        pixels: (0..31 * 17)
            .map(|at| match (at * 7 + number / 2 * 13) % 200 {
                colour if colour < 50 + number => [colour as u8, 255 - colour as u8, 7],
                colour => [colour as u8, 255 - colour as u8, 9],
            })
            .map(|[red, _, _]| [red, red / 2, 255 - red])
            .collect(),
    };
    let film: Vec<Frame> = (0..12).map(frame).collect();
    for (frames_per_second, delay) in [(8, 120), (10, 100), (50, 20), (1_000, 20), (0, 1_000)] {
        let decoded = decode(&gif(&film, frames_per_second).unwrap());
        assert_eq!(decoded.len(), film.len());
        for (number, (pixels, milliseconds)) in decoded.iter().enumerate() {
            assert_eq!(*pixels, film[number].pixels, "frame {number}");
            let wanted = if number == 11 { 1_500 } else { delay };
            assert_eq!(
                *milliseconds, wanted,
                "frame {number} at {frames_per_second} a second"
            );
        }
    }
}

#[test]
fn films_that_are_none_are_errors() {
    let frame = |width: usize| Frame {
        width,
        height: 2,
        pixels: vec![[0; 3]; width * 2],
    };
    for (film, what) in [
        (vec![], "without a frame"),
        (vec![frame(2), frame(3)], "of one size"),
        (vec![frame(70_000)], "65,535"),
    ] {
        let error = gif(&film, 10).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    }
    // A film of frames that are all alike is a short one.
    let still = gif(&vec![frame(300); 500], 10).unwrap();
    assert!(still.len() < 20_000, "{} bytes", still.len());
}

/// Copies that are put where others stand go on as they do, and what the rules forbid moves none of them.
#[test]
fn copies_go_on_where_others_were() {
    for number in 0..all().len() {
        let copies = |seed| {
            let games: Vec<_> = (0..3).map(|_| all().swap_remove(number)).collect();
            VectorEnvironment::new(games, seed)
        };
        let one = all().swap_remove(number);
        let (mut games, mut others) = (copies(3), copies(99));
        let mut random = nn::random(1, "copies");
        let (mut ended, mut forbidden) = (0, 0);
        for step in 0..150 {
            let mut action = |copy| any_action(one.as_ref(), games.info(copy), &mut random);
            let mut actions: Vec<usize> = (0..3).map(&mut action).collect();
            if step == 40 {
                others.restore(&games.state()).unwrap();
            }
            if step >= 40 {
                assert_eq!(others.observations(), games.observations(), "{}", one.name());
                assert_eq!(others.step(&actions).unwrap().len(), 3);
            }
            let steps = games.step(&actions).unwrap().to_vec();
            ended += steps.iter().filter(|step| step.ended()).count();
            if let Some(action) = games.info(2).action_mask.iter().position(|allowed| !allowed) {
                let before = games.state();
                actions = (0..3)
                    .map(|copy| any_action(one.as_ref(), games.info(copy), &mut random))
                    .collect();
                actions[2] = action;
                assert!(matches!(games.step(&actions), Err(GameError::NotAllowed { .. })));
                assert_eq!(games.state(), before);
                forbidden += 1;
            }
        }
        let has_rules = matches!(one.name(), "2048" | "connect-four");
        assert_eq!(forbidden > 0, has_rules, "{}", one.name());
        assert!(
            ended > 0 || matches!(one.name(), "mountain-car" | "2048"),
            "{}",
            one.name()
        );
    }
}
