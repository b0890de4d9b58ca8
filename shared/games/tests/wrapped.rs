//! Wrappers, and many environments at once.
#![allow(clippy::unwrap_used)] // the helpers of tests, too, may panic

use games::{
    Breakout, Environment, EpisodeStatistics, FrameStack, GameError, Observation, RewardClip, Snake, Step,
    TimeLimit, VectorEnvironment, VectorState, episode_seed,
};
use rand::Rng;

fn play(game: &mut impl Environment, seed: u64, actions: &[usize]) -> (Observation, Vec<Step>) {
    let (first, _) = game.reset(seed);
    let steps = actions.iter().map_while(|&action| game.step(action).ok());
    (first, steps.collect())
}

#[test]
fn a_time_limit_truncates() {
    let mut plain = Snake::default();
    for limit in [1, 3, 5, 6, 100] {
        let mut limited = TimeLimit::new(Snake::default(), limit);
        // Straight into the wall, in six steps.
        let (first, steps) = play(&mut plain, 1, &[1; 20]);
        let (limited_first, limited_steps) = play(&mut limited, 1, &[1; 20]);
        assert_eq!(steps.len(), 6);
        assert_eq!((&first, limited_steps.len()), (&limited_first, limit.min(6)));
        let last = limited_steps.last().unwrap();
        assert_eq!(
            (last.truncated, last.terminated),
            (limit < 6, limit >= 6),
            "limit {limit}"
        );
        for (limited, plain) in limited_steps.iter().zip(&steps) {
            assert_eq!(
                (&limited.observation, limited.reward),
                (&plain.observation, plain.reward)
            );
        }
        assert_eq!(limited.step(1), Err(GameError::NotPlaying { game: "snake" }));
        // A bad action takes no time.
        limited.reset(1);
        assert!(matches!(limited.step(3), Err(GameError::NoSuchAction { .. })));
        assert_eq!(limited.step(1).unwrap().truncated, limit == 1);
    }
}

#[test]
fn stacked_frames_are_the_last_ones_in_order() {
    let actions = [0, 1, 2, 1];
    let (first, steps) = play(&mut Breakout::default(), 1, &actions);
    let mut stacked = FrameStack::new(Breakout::default(), 3);
    assert_eq!(stacked.observation_space().shape, [12, 10, 10]);
    let mut wanted = vec![first.clone(), first.clone(), first];
    let (stacked_first, stacked_steps) = play(&mut stacked, 1, &actions);
    assert_eq!(stacked_first, wanted.concat());
    for (stacked, step) in stacked_steps.iter().zip(&steps) {
        wanted.remove(0);
        wanted.push(step.observation.clone());
        assert_eq!(stacked.observation, wanted.concat());
    }
    // An episode begins without the frames of the one before, and a bad action adds none.
    let (first, _) = stacked.reset(1);
    assert_eq!(first, stacked_first);
    assert!(stacked.step(9).is_err());
    assert_eq!(stacked.step(0).unwrap(), stacked_steps[0]);
}

#[test]
fn statistics_are_of_one_episode_and_come_at_its_end() {
    let mut game = EpisodeStatistics::new(Snake::default());
    for seed in 0..20 {
        let (_, steps) = play(&mut game, seed, &[1; 20]);
        let (last, before) = steps.split_last().unwrap();
        assert!(before.iter().all(|step| step.info.episode.is_none()));
        let end = last.info.episode.unwrap();
        assert_eq!(end.length, 6);
        assert_eq!(
            end.total_reward,
            steps.iter().map(|step| step.reward).sum::<f64>()
        );
        assert_eq!((end.score, end.total_reward), (last.info.score, end.score - 1.0));
    }
}

/// A game whose rewards are what the test wants.
struct Rewards(Vec<f64>);

impl Environment for Rewards {
    fn name(&self) -> &'static str {
        "rewards"
    }
    fn observation_space(&self) -> games::Space {
        games::Space {
            shape: vec![1],
            low: 0.0,
            high: 0.0,
        }
    }
    fn actions(&self) -> &'static [&'static str] {
        &["on"]
    }
    fn reset(&mut self, _: u64) -> (Observation, games::Info) {
        (vec![0.0], games::Info::default())
    }
    fn step(&mut self, _: usize) -> Result<Step, GameError> {
        let reward = self.0.remove(0);
        let info = games::Info::default();
        Ok(Step {
            observation: vec![0.0],
            reward,
            terminated: self.0.is_empty(),
            truncated: false,
            info,
        })
    }
    fn render(&mut self) -> games::Frame {
        games::Frame {
            width: 1,
            height: 1,
            pixels: vec![[0; 3]],
        }
    }
    fn text(&self) -> String {
        String::new()
    }
    fn action_for(&self, _: games::Key) -> Option<usize> {
        None
    }
    fn steps_per_second(&self) -> u32 {
        1
    }
}

#[test]
fn rewards_are_clipped() {
    let given = [-7.5, -0.25, -0.0, 0.0, 0.25, 30.0];
    let clipped = |mut game: RewardClip<Rewards>| -> Vec<f64> {
        play(&mut game, 1, &[0; 6])
            .1
            .iter()
            .map(|step| step.reward)
            .collect()
    };
    let rewards = || Rewards(given.to_vec());
    assert_eq!(
        clipped(RewardClip::sign(rewards())),
        [-1.0, -1.0, 0.0, 0.0, 1.0, 1.0]
    );
    assert_eq!(
        clipped(RewardClip::range(rewards(), -0.5, 2.0)),
        [-0.5, -0.25, 0.0, 0.0, 0.25, 2.0]
    );
    // Wrappers wrap each other; the outer one counts what the inner one gives.
    let mut game = EpisodeStatistics::new(RewardClip::sign(rewards()));
    let (_, steps) = play(&mut game, 1, &[0; 6]);
    assert_eq!(steps[5].info.episode.unwrap().total_reward, 0.0);
    assert_eq!(game.name(), "rewards");
}

type Games = VectorEnvironment<EpisodeStatistics<TimeLimit<Snake>>>;

fn make() -> EpisodeStatistics<TimeLimit<Snake>> {
    EpisodeStatistics::new(TimeLimit::new(Snake::default(), 25))
}

/// So many of them.
fn copies(count: usize, seed: u64) -> Games {
    Games::new((0..count).map(|_| make()).collect(), seed)
}

fn random_actions(games: &Games, random: &mut nn::Random) -> Vec<usize> {
    (0..games.len()).map(|_| random.random_range(0..3)).collect()
}

#[test]
fn many_are_as_each_alone() {
    let mut games = copies(5, 11);
    let mut alone: Vec<_> = (0..5).map(|_| make()).collect();
    let size = games.space().size();
    let mut episodes = [0_u64; 5];
    for (number, game) in alone.iter_mut().enumerate() {
        let (first, _) = game.reset(episode_seed(11, number, 0));
        assert_eq!(games.observations()[number * size..][..size], first);
    }
    let mut random = nn::random(1, "many");
    let (mut terminated, mut truncated) = (0, 0);
    for _ in 0..400 {
        let actions = random_actions(&games, &mut random);
        let steps = games.step(&actions).unwrap().to_vec();
        for (number, game) in alone.iter_mut().enumerate() {
            let step = game.step(actions[number]).unwrap();
            assert_eq!(steps[number], step);
            let (seen, info) = if step.ended() {
                episodes[number] += 1;
                terminated += usize::from(step.terminated);
                truncated += usize::from(step.truncated);
                assert!(step.info.episode.is_some());
                game.reset(episode_seed(11, number, episodes[number]))
            } else {
                (step.observation, step.info)
            };
            assert_eq!(*games.info(number), info);
            assert_eq!(games.observations()[number * size..][..size], seen);
        }
    }
    assert!(
        terminated > 10 && truncated > 10,
        "{terminated} ended, {truncated} cut off"
    );
}

/// What 60 steps of many environments come to.
fn run(games: &mut Games, steps: usize, random: &mut nn::Random) -> Vec<(Vec<f32>, Vec<Step>)> {
    let mut seen = Vec::new();
    for _ in 0..steps {
        let actions = random_actions(games, random);
        let outcome = games.step(&actions).unwrap().to_vec();
        seen.push((games.observations().to_vec(), outcome));
    }
    seen
}

#[test]
fn the_number_of_threads_changes_nothing() {
    // More environments than one thread is given, and not a multiple of it.
    let with = |threads: usize| {
        nn::use_threads(threads);
        run(&mut copies(133, 5), 60, &mut nn::random(2, "threads"))
    };
    let one = with(1);
    for threads in [2, 3, 8] {
        assert!(with(threads) == one, "{threads} threads");
    }
}

#[test]
fn what_is_restored_goes_on_as_it_would_have() {
    let mut games = copies(7, 3);
    let mut random = nn::random(3, "before");
    run(&mut games, 57, &mut random);
    let written = serde_json::to_string(&games.state()).unwrap();
    let observations = games.observations().to_vec();
    let wanted = run(&mut games, 80, &mut random.clone());

    let state: VectorState = serde_json::from_str(&written).unwrap();
    let mut resumed = copies(7, 999);
    resumed.restore(&state).unwrap();
    assert_eq!(resumed.observations(), observations);
    assert_eq!(resumed.state(), state);
    assert!(run(&mut resumed, 80, &mut random) == wanted);
}

#[test]
fn states_that_do_not_fit_are_errors() {
    let mut games = copies(3, 3);
    let fresh = games.observations().to_vec();
    let state = games.state();
    let mut random = nn::random(4, "wrong");
    run(&mut games, 9, &mut random);

    let mut few = state.clone();
    few.copies.pop();
    let error = games.restore(&few).unwrap_err().to_string();
    assert!(error.contains("2 given for 3 copies"), "{error}");
    assert_eq!((games.observations(), games.state()), (&fresh[..], state.clone()));

    let mut unknown = state.clone();
    unknown.copies[1].actions = vec![1, 7];
    assert!(matches!(
        games.restore(&unknown),
        Err(GameError::NoSuchAction { .. })
    ));
    let mut too_long = state.clone();
    too_long.copies[2].actions = vec![1; 6];
    assert!(matches!(
        games.restore(&too_long),
        Err(GameError::Position { .. })
    ));
    assert_eq!((games.observations(), games.state()), (&fresh[..], state));
}

#[test]
fn bad_actions_change_no_environment() {
    let mut games = copies(4, 3);
    run(&mut games, 5, &mut nn::random(5, "bad"));
    let (before, state) = (games.observations().to_vec(), games.state());
    let error = GameError::NoSuchAction {
        game: "snake",
        action: 3,
        count: 3,
    };
    assert_eq!(games.step(&[1, 1, 1, 3]).unwrap_err(), error);
    let error = GameError::Count {
        game: "snake",
        given: 3,
        copies: 4,
    };
    assert_eq!(games.step(&[1, 1, 1]).unwrap_err(), error);
    assert_eq!((games.observations(), games.state()), (&before[..], state));
    // None at all is a number, too.
    let mut none = copies(0, 3);
    assert!(none.is_empty() && none.step(&[]).unwrap().is_empty());
}
