//! What every project promises, whatever it learns. Its tests call each of these with the command that trains on what is
//! made here, `["train", "--data", "made-music"]`: a bare one may train on something else by now.

use crate::Place;

/// What a finished run holds.
const FILES: [&str; 7] = [
    "config.json",
    "metrics.csv",
    "result.json",
    "predictions.csv",
    "model.safetensors",
    "checkpoint.safetensors",
    "report.html",
];

/// `--quick` leaves a whole run folder, and a report that needs nothing from outside.
pub fn a_quick_run_leaves_a_whole_run_folder(place: &Place, made: &[&str]) {
    let project = place.project().to_string();
    place.succeed(&[made, &["--quick"]].concat());
    let folder = format!("runs/{project}/quick-001");
    for file in FILES {
        assert!(
            place.path().join(&folder).join(file).exists(),
            "{project} left no {file}"
        );
    }
    let result = place.json(&format!("{folder}/result.json"));
    for key in [
        "project",
        "data",
        "device",
        "seed",
        "epochs",
        "parameters",
        "seconds",
    ] {
        assert!(!result[key].is_null(), "{project}: result.json has no {key}");
    }
    assert_eq!(result["project"], project.as_str());
    for key in ["metrics", "baselines"] {
        let scores = result[key]
            .as_object()
            .unwrap_or_else(|| panic!("{project}: result.json has no {key}"));
        assert!(
            !scores.is_empty()
                && scores
                    .values()
                    .all(|score| score.as_f64().is_some_and(f64::is_finite)),
            "{project}: {scores:?}"
        );
    }
    let report = String::from_utf8(place.bytes(&format!("{folder}/report.html"))).unwrap();
    for outside in ["src=\"http", "href=\"http", "url(http", "src=\"/", "@import"] {
        assert!(
            !report.contains(outside),
            "{project}: the report needs something outside: {outside}"
        );
    }
}

/// The same seed gives the same numbers, another one others.
pub fn the_same_seed_gives_the_same_numbers(place: impl Fn() -> Place, made: &[&str]) {
    let project = place().project().to_string();
    let run = |seed: &str| {
        let place = place();
        place.succeed(&[made, &["--quick", "--seed", seed, "--device", "cpu"]].concat());
        let folder = format!("runs/{project}/quick-001");
        let result = place.json(&format!("{folder}/result.json"));
        let predictions = place.bytes(&format!("{folder}/predictions.csv"));
        (
            result["metrics"].clone(),
            result["baselines"].clone(),
            predictions,
        )
    };
    let first = run("3");
    assert_eq!(first, run("3"), "{project} is not reproducible");
    assert_ne!(first.2, run("4").2, "{project} ignores its seed");
}

/// Mistaken commands end with a message that says what to do.
pub fn mistaken_commands_are_explained(place: &Place, made: &[&str]) {
    let project = place.project();
    let said = place.fail(&["predict", "nothing.here"]);
    assert!(
        said.contains("no trained model") && said.contains(&format!("cargo run -p {project}")),
        "{said}"
    );
    let said = place.fail(&[made, &["--batch-size", "0", "--quick"]].concat());
    assert!(said.contains("--batch-size 0"), "{said}");
    let said = place.fail(&["train", "--data", "no/such/place"]);
    assert!(said.contains("no/such/place"), "{said}");
    let said = place.fail(&["train", "--resume", "no/such/run"]);
    assert!(said.contains("no/such/run"), "{said}");
    let said = place.fail(&[made, &["--device", "cuda", "--quick"]].concat());
    assert!(said.contains("--features cuda"), "{said}");
}
