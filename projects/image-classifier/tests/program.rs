//! The image classifier: what it reaches, what it says of bad input, what it answers a competition.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic, in its helpers too"
)]

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use testing::{Place, place, text};
use vision::RgbImage;

const RUN: &str = "runs/image-classifier/001";
/// The data made here, by name: a bare command may train on yours by now.
const MADE: [&str; 3] = ["train", "--data", "made-cats-dogs"];

#[test]
fn it_tells_drawn_cats_from_dogs_and_a_linear_model_does_not() {
    let place = place!();
    place.succeed(&MADE);
    let result = place.json(&format!("{RUN}/result.json"));
    let accuracy = result["metrics"]["accuracy"].as_f64().unwrap();
    assert!(accuracy >= 0.95, "accuracy {accuracy}");
    assert!(
        result["baselines"]["linear"].as_f64().unwrap() <= 0.60,
        "the data is too easy: {}",
        result["baselines"]
    );
    assert!(result["parameters"].as_u64().unwrap() <= 100_000);
    let report = String::from_utf8(place.bytes(&format!("{RUN}/report.html"))).unwrap();
    for section in [
        "Result on the test set",
        "Accuracy by number of examples",
        "Confusion matrix",
        "Worst mistakes",
        "Right answers",
        "A batch",
        "Learning curves",
        "About the data",
    ] {
        assert!(report.contains(section), "the report lacks {section:?}");
    }
    from_weights_few_examples_go_further(&report);
    it_answers_files_folders_and_standard_input(&place);
    it_answers_a_competition(&place);
}

/// Reads the table below the curve: 40 examples a class, from scratch and from weights.
fn from_weights_few_examples_go_further(report: &str) {
    let row = report
        .split("<tr><td>40</td>")
        .nth(1)
        .expect("no row of 40 examples");
    let number = |at: usize| -> f64 {
        let cell = row.split("<td>").nth(at).unwrap();
        cell.split('<').next().unwrap().parse().unwrap()
    };
    let (scratch, transfer) = (number(1), number(2));
    assert!(
        transfer >= scratch + 0.08,
        "40 examples: {scratch} from scratch, {transfer} from weights"
    );
}

/// The folder of made drawings that the tests share.
fn drawings(part: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("data/made-cats-dogs/test")
        .join(part)
}

fn it_answers_files_folders_and_standard_input(place: &Place) {
    let cats = drawings("cat");
    let said = place.succeed(&["predict", cats.to_str().unwrap()]);
    let named = said.lines().filter(|line| line.ends_with("  cat")).count();
    assert!(named >= 230, "{named} of 250 cats");
    let one = fs::read_dir(&cats).unwrap().next().unwrap().unwrap().path();
    let mut child = place.start_with_input(&["predict", "-"]);
    child
        .stdin
        .take()
        .unwrap()
        .write_all(&fs::read(&one).unwrap())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success() && text(&output).starts_with("-  "),
        "{}",
        text(&output)
    );

    // Nothing like a drawing: noise. And files that are no pictures among good ones.
    let mut random = nn::random(1, "noise");
    let noise = RgbImage::from_fn(128, 128, |_, _| image::Rgb(rand::Rng::random(&mut random)));
    fs::write(place.path().join("noise.png"), vision::png(&noise)).unwrap();
    let said = place.succeed(&["predict", "noise.png"]);
    assert!(said.contains("not like anything I was trained on"), "{said}");
    fs::write(
        place.path().join("poem.jpg"),
        "Shall I compare thee to a summer's day?",
    )
    .unwrap();
    fs::write(place.path().join("nothing.png"), "").unwrap();
    let one = one.to_str().unwrap();
    let said = place.fail(&["predict", "poem.jpg", one, "nothing.png", "absent.gif"]);
    for part in ["poem.jpg", "nothing.png", "absent.gif", "3 of 4 pictures", one] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
}

/// The made test drawings as a competition would hand them out: one folder, numbers for names, rows in any order.
fn it_answers_a_competition(place: &Place) {
    let test = place.path().join("competition");
    fs::create_dir(&test).unwrap();
    let (mut sample, mut labels) = (String::from("id,label\n"), String::from("id,label\n"));
    for number in 0..300u32 {
        let number = number * 7_919 % 300;
        let class = ["cat", "dog"][number as usize % 2];
        let drawing = drawings(class).join(format!("{class}.{:05}.png", number / 2));
        fs::copy(&drawing, test.join(format!("{number}.png"))).unwrap();
        sample += &format!("{number},0.5\n");
        labels = format!("{labels}{number},{}\n", number % 2);
    }
    fs::write(place.path().join("sample.csv"), &sample).unwrap();
    fs::write(place.path().join("labels.csv"), labels).unwrap();
    place.succeed(&["submit", "--test", "competition", "--sample", "sample.csv"]);
    let answers = String::from_utf8(place.bytes("submission.csv")).unwrap();
    let ids = |table: &str| -> Vec<String> {
        table
            .lines()
            .map(|line| line.split(',').next().unwrap().to_string())
            .collect()
    };
    assert_eq!(ids(&answers), ids(&sample), "rows out of order");
    let said = place.succeed(&["score", "submission.csv", "labels.csv"]);
    let accuracy: f64 = said
        .split("accuracy ")
        .nth(1)
        .unwrap()
        .split([',', ' ', '\n'])
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(accuracy >= 0.93, "{said}");
    // A column named after the first class: `submit` writes its probability, and `score` must read it so.
    fs::write(
        place.path().join("cats.csv"),
        sample.replace("id,label", "id,cat"),
    )
    .unwrap();
    let names = ["cat", "dog"].map(|class| class.to_string());
    let truth: String = (0..300)
        .map(|number| format!("{number},{}\n", names[number % 2]))
        .collect();
    fs::write(place.path().join("names.csv"), format!("id,class\n{truth}")).unwrap();
    let said = place.succeed(&[
        "submit",
        "--test",
        "competition",
        "--sample",
        "cats.csv",
        "--out",
        "cats-answers.csv",
    ]);
    assert!(said.contains("the probability of \"cat\""), "{said}");
    let said = place.succeed(&["score", "cats-answers.csv", "names.csv"]);
    assert!(
        said.contains("accuracy 0.9") || said.contains("accuracy 1"),
        "{said}"
    );
    let said = place.fail(&["submit", "--test", "competition", "--sample", "no-sample.csv"]);
    assert!(said.contains("no-sample.csv"), "{said}");
}

fn picture(class: usize, number: u32) -> Vec<u8> {
    // A bright bar, upright or lying, somewhere.
    let at = 8 + number * 7 % 40;
    vision::png(&RgbImage::from_fn(64, 64, |x, y| {
        let along = if class == 0 { x } else { y };
        image::Rgb(
            [if along.abs_diff(at) < 5 {
                230
            } else {
                40 + (number * 11 % 60) as u8
            }; 3],
        )
    }))
}

/// A folder of two classes, each of `count` pictures.
fn folder(place: &Place, classes: [&str; 2], count: u32) -> PathBuf {
    let folder = place.path().join("pictures");
    for (number, class) in classes.iter().enumerate() {
        fs::create_dir_all(folder.join(class)).unwrap();
        for of in 0..count {
            fs::write(folder.join(class).join(format!("{of}.png")), picture(number, of)).unwrap();
        }
    }
    folder
}

#[test]
fn it_trains_on_a_folder_of_ones_own_and_names_what_it_could_not_read() {
    let place = place!();
    // Class names in any language.
    let classes = ["Котики и 猫", "собаки 犬 🐕"];
    let folder = folder(&place, classes, 12);
    let first = folder.join(classes[0]);
    let whole = fs::read(first.join("0.png")).unwrap();
    fs::write(first.join("cut.png"), &whole[..whole.len() / 2]).unwrap();
    fs::write(first.join("poem.jpg"), "Shall I compare thee to a summer's day?").unwrap();
    fs::write(first.join("notes.txt"), "not a picture, and not called one").unwrap();
    let huge = vision::RgbImage::new(1, 1);
    fs::write(first.join("tiny.png"), vision::png(&huge)).unwrap();
    let said = place.succeed(&["train", "--data", "pictures", "--epochs", "2"]);
    for part in ["cut.png", "poem.jpg", "1 .txt"] {
        assert!(said.contains(part), "{part} is not named: {said}");
    }
    assert!(
        !said.contains("tiny.png"),
        "a picture of one pixel is a picture: {said}"
    );
    let predictions = String::from_utf8(place.bytes(&format!("{RUN}/predictions.csv"))).unwrap();
    assert!(predictions.contains("собаки 犬 🐕"), "{predictions}");
}

#[test]
fn folders_that_cannot_be_learned_from_are_refused_with_a_reason() {
    let place = place!();
    let refused = |data: &str| place.fail(&["train", "--data", data]);
    assert!(
        refused("made-cats-dog").contains("made-cats-dogs"),
        "no suggestion"
    );
    let folder = folder(&place, ["left", "right"], 6);
    fs::remove_dir_all(folder.join("left")).unwrap();
    assert!(refused("pictures").contains("one class"));
    #[cfg(unix)]
    {
        fs::create_dir_all(folder.join("left")).unwrap();
        fs::write(folder.join("left/1.png"), picture(0, 1)).unwrap();
        std::os::unix::fs::symlink(&folder, folder.join("left/again")).unwrap();
        let said = refused("pictures");
        assert!(said.contains("again") && said.contains("link"), "{said}");
    }
    let said = place.fail(&[&MADE[..], &["--weights", "no/such.safetensors"]].concat());
    assert!(said.contains("no/such.safetensors"), "{said}");
    fs::write(place.path().join("weights.pth"), b"\x80\x02cpickle").unwrap();
    let said = place.fail(&[&MADE[..], &["--weights", "weights.pth"]].concat());
    assert!(
        said.contains("weights.pth") && said.contains("converted"),
        "{said}"
    );
}

#[test]
fn weights_of_another_network_are_refused() {
    let place = place!();
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("weights/drawn-animals.safetensors");
    let flags = ["--network", "resnet18", "--size", "32", "--quick", "--weights"];
    let said = place.fail(&[&MADE[..], &flags, &[ours.to_str().unwrap()]].concat());
    assert!(said.contains("not the weights of this network"), "{said}");
}

#[test]
fn a_resumed_fine_tuning_ends_as_an_unbroken_one() {
    let place = place!();
    folder(&place, ["left", "right"], 40);
    let flags = [
        "train",
        "--data",
        "pictures",
        "--weights",
        "drawn-animals",
        "--epochs",
        "3",
        "--device",
        "cpu",
    ];
    place.succeed(&flags);
    let unbroken = place.bytes(&format!("{RUN}/model.safetensors"));
    let mut process = place.start(&flags);
    let metrics = place.path().join("runs/image-classifier/002/metrics.csv");
    // The header, twelve epochs of the head, and the first of the whole network.
    while fs::read_to_string(&metrics).unwrap_or_default().lines().count() < 14 {
        assert!(
            process.try_wait().unwrap().is_none(),
            "it ended before it could be killed"
        );
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let _ = process.kill();
    process.wait().unwrap();
    place.succeed(&["train", "--resume", "runs/image-classifier/002"]);
    assert_eq!(
        place.bytes("runs/image-classifier/002/model.safetensors"),
        unbroken
    );
}

/// The real photographs, where there are: EfficientNet-Lite0 with a frozen body already tells cats from dogs.
#[test]
fn real_photographs_are_told_apart_from_features_alone() {
    let Some(mirror) = std::env::var_os("KINDLING_MIRROR") else {
        println!("skipped: KINDLING_MIRROR names no folder with cats-dogs and weights");
        return;
    };
    let place = place!();
    let data = PathBuf::from(&mirror).join("cats-dogs");
    let weights = PathBuf::from(&mirror).join("weights/efficientnet_lite0.safetensors");
    if !data.exists() || !weights.exists() {
        println!("skipped: {} has no cats-dogs or no weights", mirror.display());
        return;
    }
    let (data, weights) = (data.to_str().unwrap(), weights.to_str().unwrap());
    let flags = [
        "--network",
        "efficientnet-lite0",
        "--size",
        "128",
        "--epochs",
        "1",
    ];
    place.succeed(&[&["train", "--data", data, "--weights", weights], &flags[..]].concat());
    let accuracy = place.json(&format!("{RUN}/result.json"))["metrics"]["accuracy"]
        .as_f64()
        .unwrap();
    assert!(accuracy >= 0.93, "{accuracy}");
}
