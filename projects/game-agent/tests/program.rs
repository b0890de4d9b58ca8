//! What `game-agent` learns, and that a stop changes nothing of it.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic, in its helpers too"
)]

use std::process::Command;
use testing::{Place, place, text};

/// The game that most of this is tried on, by name: a bare command may play yours by now.
const POLE: [&str; 2] = ["--game", "cart-pole"];

/// The score of the run in `folder`, and that of its best baseline.
fn scores(place: &Place, folder: &str) -> (f64, f64) {
    let result = place.json(&format!("{folder}/result.json"));
    let baselines = result["baselines"].as_object().unwrap().values();
    let best = baselines
        .filter_map(|score| score.as_f64())
        .fold(f64::NEG_INFINITY, f64::max);
    (result["metrics"]["score"].as_f64().unwrap(), best)
}

#[test]
fn the_pole_is_balanced_by_every_algorithm_that_can() {
    for (algorithm, least) in [("ppo", 475.0), ("dqn", 475.0), ("a2c", 400.0)] {
        let place = place!();
        let flags = ["train", "--algorithm", algorithm, "--device", "cpu"];
        place.succeed(&[&flags[..], &POLE].concat());
        let (score, baseline) = scores(&place, "runs/game-agent/001");
        assert!(
            score >= least && score > 5.0 * baseline,
            "{algorithm}: {score}, the baseline {baseline}"
        );
    }
}

#[test]
fn a_snake_learns_to_eat_and_a_car_to_drive_up_a_hill() {
    let place = place!();
    place.succeed(&["train", "--game", "snake", "--steps", "400000"]);
    let (score, baseline) = scores(&place, "runs/game-agent/001");
    assert!(
        score > baseline && score > 20.0,
        "{score}, the baseline {baseline}"
    );
    place.succeed(&["train", "--game", "mountain-car", "--steps", "60000"]);
    // It is cut off after 200 steps, and whoever does not explore for long in one direction never arrives before.
    let (score, _) = scores(&place, "runs/game-agent/002");
    assert!(score > -150.0, "{score}");
    // Each is found by its game, the newer of another game passed over.
    for game in ["snake", "mountain-car"] {
        let said = place.succeed(&["evaluate", "--game", game, "--episodes", "2"]);
        assert!(said.contains(&format!("{game}, 2 games")), "{said}");
    }
    let said = place.fail(&["evaluate", "--game", "breakout", "--episodes", "2"]);
    assert!(said.contains("no trained model of breakout"), "{said}");
}

#[test]
fn connect_four_is_learned_from_nothing_but_its_rules() {
    let place = place!();
    let flags = ["train", "--game", "connect-four", "--steps", "8000"];
    place.succeed(&flags);
    let metrics = &place.json("runs/game-agent/001/result.json")["metrics"];
    let against = |opponent: &str| metrics[format!("against_{opponent}")].as_f64().unwrap();
    assert!(
        against("random") >= 0.95 && against("one-ply") >= 0.7,
        "{metrics}"
    );
}

/// `metrics.csv` of the run in `folder`, but for the seconds.
fn without_seconds(place: &Place, folder: &str) -> Vec<String> {
    let metrics = String::from_utf8(place.bytes(&format!("{folder}/metrics.csv"))).unwrap();
    let row = |line: &str| {
        let mut fields: Vec<&str> = line.split(',').collect();
        fields.remove(2);
        fields.join(",")
    };
    metrics.lines().map(row).collect()
}

/// The most seconds of training in `metrics.csv`.
fn last_seconds(place: &Place, folder: &str) -> f64 {
    let metrics = String::from_utf8(place.bytes(&format!("{folder}/metrics.csv"))).unwrap();
    let seconds = |line: &str| line.split(',').nth(2)?.parse::<f64>().ok();
    metrics.lines().filter_map(seconds).fold(0.0, f64::max)
}

/// Trains with `flags` to the end, and again with a stop in between: both must come to the same bits.
fn a_stop_changes_nothing(flags: &[&str]) {
    let place = place!();
    let unbroken = [&["train", "--out", "unbroken", "--threads", "1"], flags].concat();
    place.succeed(&unbroken);

    let broken = [&["train", "--out", "broken", "--threads", "1"], flags].concat();
    let running = place.start(&broken);
    let first = if flags.contains(&"--seeds") {
        "broken/seed-1"
    } else {
        "broken"
    };
    place.wait_for_epoch(first, 2);
    let stopped = Command::new("kill")
        .args(["-INT", &running.id().to_string()])
        .status();
    assert!(stopped.unwrap().success());
    let output = running.wait_with_output().unwrap();
    let said = text(&output);
    assert_eq!(
        output.status.code(),
        Some(130),
        "{flags:?} was too fast to be stopped:\n{said}"
    );
    assert!(said.contains("--resume broken"), "{said}");
    place.succeed(&["train", "--resume", "broken", "--threads", "1"]);
    let metrics = without_seconds(&place, "broken");
    assert_eq!(metrics, without_seconds(&place, "unbroken"), "{flags:?}");
    // There is nothing more to learn, and to try it changes nothing.
    place.succeed(&["train", "--resume", "broken", "--threads", "1"]);
    assert_eq!(metrics, without_seconds(&place, "broken"), "{flags:?}");
    let seconds = place.json("broken/result.json")["seconds"].as_f64().unwrap();
    assert!(seconds + 0.1 >= last_seconds(&place, "broken"), "{seconds}");
    for file in ["model.safetensors", "predictions.csv"] {
        assert_eq!(
            place.bytes(&format!("broken/{file}")),
            place.bytes(&format!("unbroken/{file}")),
            "{flags:?}: {file}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_stopped_training_goes_on_to_the_same_end() {
    let dqn = ["--algorithm", "dqn", "--steps", "20000", "--set", "priority=0.5"];
    a_stop_changes_nothing(&[&dqn[..], &POLE].concat());
    for algorithm in ["ppo", "a2c"] {
        let flags = ["--algorithm", algorithm, "--steps", "60000"];
        a_stop_changes_nothing(&[&flags[..], &POLE].concat());
    }
    a_stop_changes_nothing(&[&["--steps", "40000", "--seeds", "2"], &POLE[..]].concat());
    let small = ["games=8", "simulations=16", "evaluate_every=200"].map(|set| ["--set", set]);
    let flags = [
        &["--game", "connect-four", "--steps", "3000"][..],
        &small.concat(),
    ]
    .concat();
    a_stop_changes_nothing(&flags);
    let flags = [
        "--game",
        "2048",
        "--steps",
        "400000",
        "--set",
        "evaluate_every=20000",
        "--set",
        "exponents=8",
    ];
    a_stop_changes_nothing(&flags);
}

#[test]
fn several_agents_are_trained_and_the_best_is_kept() {
    let place = place!();
    let flags = [
        "train", "--seeds", "3", "--steps", "10000", "--seed", "7", "--out", "run",
    ];
    place.succeed(&[&flags[..], &POLE].concat());
    let models = [7, 8, 9].map(|seed| place.bytes(&format!("run/seed-{seed}/model.safetensors")));
    assert!(models[0] != models[1] && models[1] != models[2]);
    assert!(models.contains(&place.bytes("run/model.safetensors")));
    let metrics = String::from_utf8(place.bytes("run/metrics.csv")).unwrap();
    for seed in ["7,", "8,", "9,"] {
        assert!(metrics.lines().any(|line| line.starts_with(seed)), "{metrics}");
    }
    let predictions = String::from_utf8(place.bytes("run/predictions.csv")).unwrap();
    assert_eq!(predictions.lines().count(), 1 + 3 * 100);

    // Each agent is what it would have been alone.
    let flags = ["train", "--steps", "10000", "--seed", "8", "--out", "alone"];
    place.succeed(&[&flags[..], &POLE].concat());
    assert_eq!(place.bytes("alone/model.safetensors"), models[1]);

    let said = place.succeed(&["evaluate", "--model", "run", "--episodes", "10"]);
    assert!(said.contains("agent") && said.contains("random"), "{said}");
}

#[test]
fn an_agent_begins_where_a_person_left_off() {
    let place = place!();
    let line = r#"{"game":"cart-pole","seed":1,"actions":[0,1,0,1],"score":4}"#;
    std::fs::write(place.path().join("mine.jsonl"), format!("{line}\n")).unwrap();
    for algorithm in ["dqn", "ppo", "a2c"] {
        let flags = [
            "train",
            "--algorithm",
            algorithm,
            "--data",
            "mine.jsonl",
            "--quick",
        ];
        let said = place.succeed(&[&flags[..], &POLE].concat());
        assert!(said.contains("imitating 1 games"), "{said}");
    }
    let said = place.fail(&["train", "--game", "snake", "--data", "mine.jsonl"]);
    assert!(said.contains("line 1") && said.contains("cart-pole"), "{said}");
}

#[test]
fn what_does_not_fit_is_explained() {
    let place = place!();
    for (flags, words) in [
        (&["train", "--algorithm", "td"][..], "2048 only"),
        (&["train", "--algorithm", "alpha-zero"], "connect-four only"),
        (&["train", "--seeds", "0"], "--seeds 0"),
        (&["train", "--set", "discont=0.9"], "is it discount?"),
        (&["train", "--set", "discount"], "NAME=VALUE"),
        (&["train", "--set", "hidden=many"], "hidden=many"),
        (&["train", "--set", "hidden=-3"], "no value for hidden"),
        (&["train", "--set", "environments=0"], "environments"),
        (&["train", "--set", "discount=2"], "discount"),
        (
            &["train", "--overfit-one-batch"],
            "makes its data while it learns",
        ),
    ] {
        let said = place.fail(&[flags, &POLE].concat());
        assert!(said.contains(words), "{flags:?}: {said}");
    }
    let output = place.run(&["train", "--game", "snak"]);
    assert!(
        text(&output).contains("similar value exists: 'snake'"),
        "{}",
        text(&output)
    );
    assert!(!place.path().join("runs/game-agent").join("001").exists());
}
