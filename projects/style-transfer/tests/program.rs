//! Style transfer: what the painter reaches on photographs it has never seen, what it paints, and what it says of bad input.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic, in its helpers too"
)]

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use serde_json::Value;
use testing::{Place, place, text};
use vision::RgbImage;

const RUN: &str = "runs/style-transfer/001";
/// The data made here, by name: a bare command may train on yours by now.
const MADE: [&str; 5] = ["train", "--data", "made-scenes", "--style", "flow-field"];

/// A made landscape that nothing is learned from.
fn landscape() -> PathBuf {
    place!()
        .made()
        .join("made-scenes/test/landscape/landscape.00000.png")
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn it_paints_what_it_has_never_seen_and_colours_alone_do_not() {
    let place = place!();
    let said = place.succeed(&[&MADE[..], &["--epochs", "3", "--compare", "1"]].concat());
    assert!(said.contains("triptych.png"), "{said}");
    let result = place.json(&format!("{RUN}/result.json"));
    let (scores, baselines) = (&result["metrics"], &result["baselines"]);
    let left = number(&scores["style_left"]);
    assert!(left <= 0.20, "{left} of the distance from the style is left");
    assert!(number(&scores["recognised"]) >= 0.90, "{scores}");
    assert!(number(&baselines["histogram"]) >= 3.0 * left, "{baselines}");
    // On the photograph that is also painted by optimisation.
    let (painter, optimised) = (
        number(&scores["compared_style_left"]),
        number(&scores["optimised_style_left"]),
    );
    assert!(painter <= 1.5 * optimised, "{painter} and {optimised}");
    let report = String::from_utf8(place.bytes(&format!("{RUN}/report.html"))).unwrap();
    for section in [
        "Result on the test set",
        "What the numbers say",
        "How it comes to paint",
        "Beside painting step by step",
        "The test",
        "the best: ",
        "the worst: ",
        "this network",
        "style left, less is better",
        "Learning curves",
        "About the data",
    ] {
        assert!(report.contains(section), "the report lacks {section:?}");
    }
    // The photograph, and one after each epoch.
    assert_eq!(frames(&place.bytes(&format!("{RUN}/learning.gif"))), 4);
    let triptych = vision::decode(&place.bytes(&format!("{RUN}/triptych.png")), "triptych").unwrap();
    assert!(triptych.width() > 3 * 256);
    it_paints_files_folders_and_standard_input(&place);
    it_paints_pictures_of_any_shape(&place);
}

fn frames(gif: &[u8]) -> usize {
    use image::{AnimationDecoder, codecs::gif::GifDecoder};
    let decoder = GifDecoder::new(std::io::Cursor::new(gif)).unwrap();
    decoder.into_frames().collect_frames().unwrap().len()
}

fn open(place: &Place, path: &str) -> RgbImage {
    vision::open(place.path().join(path)).unwrap()
}

fn it_paints_files_folders_and_standard_input(place: &Place) {
    let landscape = landscape();
    let said = place.succeed(&["predict", landscape.to_str().unwrap()]);
    assert!(said.contains("painted/landscape.00000-flow-field.png"), "{said}");
    let painted = open(place, "painted/landscape.00000-flow-field.png");
    assert_eq!(painted.dimensions(), (256, 256));
    let how = place.json("painted/landscape.00000-flow-field.json");
    assert_eq!(how["network"], "made", "{how}");
    assert_eq!(how["shares"]["flow-field"], 1.0, "{how}");
    // Its own colours: where the photograph is bluer than red, what is painted is.
    place.succeed(&[
        "predict",
        "--keep-colours",
        "--out",
        "kept",
        landscape.to_str().unwrap(),
    ]);
    let kept = open(place, "kept/landscape.00000-flow-field-own-colours.png");
    let photograph = vision::open(&landscape).unwrap();
    let colour = |picture: &RgbImage, x, y| {
        let [red, _, blue] = picture.get_pixel(x, y).0.map(i32::from);
        blue - red
    };
    let (mut own, mut other) = (0, 0);
    for (x, y, _) in photograph.enumerate_pixels() {
        own += (colour(&kept, x, y) - colour(&photograph, x, y)).abs();
        other += (colour(&painted, x, y) - colour(&photograph, x, y)).abs();
    }
    assert!(own * 3 < other, "{own} and {other}");

    let mut child = place.start_with_input(&["predict", "-", "--size", "64"]);
    child
        .stdin
        .take()
        .unwrap()
        .write_all(&fs::read(&landscape).unwrap())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let small = open(place, "painted/photograph-flow-field.png");
    assert_eq!(small.dimensions(), (64, 64));
}

fn it_paints_pictures_of_any_shape(place: &Place) {
    let folder = place.path().join("album");
    fs::create_dir(&folder).unwrap();
    let save = |name: &str, width, height| {
        let picture = RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 120]));
        fs::write(folder.join(name), vision::png(&picture)).unwrap();
    };
    save("one.png", 1, 1);
    save("flat.png", 3000, 2);
    save("high.png", 3, 900);
    // More than is painted at once: in tiles.
    save("large.png", 1500, 900);
    place.succeed(&["predict", "album", "--out", "shapes"]);
    for (name, size) in [
        ("one", (1, 1)),
        ("flat", (3000, 2)),
        ("high", (3, 900)),
        ("large", (1500, 900)),
    ] {
        let painted = open(place, &format!("shapes/{name}-flow-field.png"));
        assert_eq!(painted.dimensions(), size, "{name}");
    }
    fs::write(folder.join("poem.jpg"), "Shall I compare thee to a summer's day?").unwrap();
    fs::write(folder.join("nothing.png"), "").unwrap();
    // Two of one name, and a name that is no text.
    fs::create_dir(folder.join("again")).unwrap();
    fs::copy(folder.join("one.png"), folder.join("again/one.png")).unwrap();
    place.succeed(&["predict", "album/one.png", "album/again", "--out", "twice"]);
    assert_eq!(open(place, "twice/one-2-flow-field.png").dimensions(), (1, 1));
    fs::remove_dir_all(folder.join("again")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let name = place.path().join(std::ffi::OsStr::from_bytes(b"\xff.png"));
        fs::copy(folder.join("one.png"), &name).unwrap();
        let mut command = place.command(&["predict", "--out", "bytes"]);
        let output = command.arg(&name).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
    }
    let said = place.fail(&["predict", "album", "absent.gif"]);
    for part in [
        "poem.jpg",
        "nothing.png",
        "absent.gif",
        "3 of 7 photographs",
        "one-flow-field.png",
    ] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
    let said = place.fail(&["predict", "album/one.png", "--styles", "mosaic:0.5"]);
    assert!(
        said.contains("\"mosaic\"") && said.contains("flow-field"),
        "{said}"
    );
}

#[test]
fn one_network_paints_in_several_styles_and_between_them() {
    let place = place!();
    let flags = [
        "--style",
        "flow-field",
        "--style",
        "woodblock",
        "--epochs",
        "1",
        "--compare",
        "0",
    ];
    place.succeed(&[&["train", "--data", "made-scenes"], &flags[..]].concat());
    let landscape = landscape();
    let landscape = landscape.to_str().unwrap();
    place.succeed(&["predict", landscape]);
    place.succeed(&["predict", landscape, "--styles", "flow-field:0.5,woodblock:0.5"]);
    let painted = |styles: &str| open(&place, &format!("painted/landscape.00000-{styles}.png"));
    let (one, other) = (painted("flow-field"), painted("woodblock"));
    let between = painted("flow-field-0.5+woodblock-0.5");
    let far = |a: &RgbImage, b: &RgbImage| -> f64 {
        let pairs = a.as_raw().iter().zip(b.as_raw());
        pairs.map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / a.as_raw().len() as f64
    };
    let apart = far(&one, &other);
    assert!(apart > 20.0, "both styles are the same: {apart}");
    assert!(far(&one, &between) < apart && far(&other, &between) < apart);
}

#[test]
fn one_photograph_is_painted_step_by_step() {
    let place = place!();
    // Makes them, if no test has.
    place.succeed(&[&MADE[..], &["--quick"]].concat());
    let landscape = landscape();
    let landscape = landscape.to_str().unwrap();
    let small = ["--size", "96", "--style-size", "96", "--steps", "24"];
    place.succeed(&[&["optimise", landscape, "woodblock"], &small[..]].concat());
    let name = "painted/landscape.00000-as-woodblock";
    assert_eq!(open(&place, &format!("{name}.png")).dimensions(), (96, 96));
    // The photograph, one in two steps, and what came of it.
    assert_eq!(frames(&place.bytes(&format!("{name}.gif"))), 1 + 24 + 1);
    let triptych = open(&place, &format!("{name}-triptych.png"));
    assert!(triptych.width() > 3 * 96);
    assert!(!place.path().join(format!("{name}-preview.png")).exists());
    let how = place.json(&format!("{name}.json"));
    assert_eq!((&how["network"], &how["steps"]), (&"made".into(), &24.into()));
    // A photograph that is the painting has nowhere to go, and stays.
    let style = place!().made().join("made-styles/woodblock.png");
    let style = style.to_str().unwrap();
    place.succeed(&[&["optimise", style, style, "--out", "same"], &small[..]].concat());
    let (before, after) = (
        open_at(Path::new(style)),
        open(&place, "same/woodblock-as-woodblock.png"),
    );
    let before = vision::resize(&before, 96, 96);
    let pairs = before.as_raw().iter().zip(after.as_raw());
    let change = pairs.map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / before.as_raw().len() as f64;
    assert!(change < 25.0, "{change} of 255");
}

fn open_at(path: &Path) -> RgbImage {
    vision::open(path).unwrap()
}

#[test]
fn what_cannot_be_painted_is_refused_with_a_reason() {
    let place = place!();
    let save = |name: &str, width, height| {
        let picture = RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 120]));
        fs::write(place.path().join(name), vision::png(&picture)).unwrap();
    };
    save("one.png", 1, 1);
    save("flat.png", 2000, 3);
    save("good.png", 64, 64);
    fs::write(
        place.path().join("poem.jpg"),
        "Shall I compare thee to a summer's day?",
    )
    .unwrap();
    // A few bytes that promise ten gigabytes.
    let mut vast = vision::png(&RgbImage::new(1, 1));
    vast[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
    let sum = crc32(&vast[12..29]);
    vast[29..33].copy_from_slice(&sum.to_be_bytes());
    fs::write(place.path().join("vast.png"), vast).unwrap();

    let refused = |arguments: &[&str], parts: &[&str]| {
        let said = place.fail(arguments);
        for part in parts {
            assert!(said.contains(part), "{arguments:?}: {part:?} is not in {said}");
        }
    };
    refused(&["optimise", "flat.png", "mosaic"], &["flat.png", "256 × 1"]);
    refused(&["optimise", "poem.jpg", "mosaic"], &["poem.jpg"]);
    refused(&["optimise", "good.png", "one.png"], &["one.png", "1 × 1"]);
    refused(&["optimise", "good.png", "poem.jpg"], &["poem.jpg"]);
    refused(&["optimise", "good.png", "vast.png"], &["vast.png", "60000"]);
    refused(&["optimise", "good.png", "made-styles"], &["6 paintings"]);
    refused(&["optimise", "good.png", "mosaik"], &["mosaik", "mosaic"]);
    let said = place.run(&["optimise", "good.png", "mosaic", "--style-weight=-1"]);
    assert!(
        !said.status.success() && text(&said).contains("from 0 up"),
        "{}",
        text(&said)
    );
    let nothing = [
        "--style-weight",
        "0",
        "--colour-weight",
        "0",
        "--content-weight",
        "0",
    ];
    refused(
        &[&["optimise", "good.png", "mosaic"], &nothing[..]].concat(),
        &["all 0"],
    );
    let foreign = Path::new(env!("CARGO_MANIFEST_DIR")).join("weights/judge.safetensors");
    let foreign = foreign.to_str().unwrap();
    refused(
        &[
            "optimise",
            "good.png",
            "mosaic",
            "--network",
            "vgg19",
            "--weights",
            foreign,
        ],
        &["judge.safetensors", "not the weights"],
    );
    refused(
        &["optimise", "good.png", "mosaic", "--network", "vgg19"],
        &["--weights", "efficientnet-lite0"],
    );
    refused(&["train", "--style", "vast.png"], &["vast.png"]);
    refused(&["train", "--style", "mosaic", "--style", "mosaic"], &["mosaic"]);
    fs::create_dir(place.path().join("few")).unwrap();
    fs::copy(place.path().join("good.png"), place.path().join("few/good.png")).unwrap();
    refused(&["train", "--data", "few"], &["few", "1 pictures", "ten"]);
}

/// The check sum of a part of a png file (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = (sum >> 1) ^ if sum & 1 == 1 { 0xEDB8_8320 } else { 0 };
        }
    }
    !sum
}

#[test]
fn it_learns_from_a_folder_of_ones_own_and_names_what_it_could_not_read() {
    let place = place!();
    let folder = place.path().join("фотографии");
    fs::create_dir(&folder).unwrap();
    for number in 0..12u32 {
        let picture = RgbImage::from_fn(60 + number * 7, 80, |x, y| {
            image::Rgb([(x * (number + 1)) as u8, (y * 3) as u8, (x + y) as u8])
        });
        fs::write(folder.join(format!("{number}.png")), vision::png(&picture)).unwrap();
    }
    let whole = fs::read(folder.join("3.png")).unwrap();
    fs::write(folder.join("cut.png"), &whole[..whole.len() / 2]).unwrap();
    fs::write(folder.join("tiny.png"), vision::png(&RgbImage::new(1, 1))).unwrap();
    let flags = ["--style", "фотографии/5.png", "--epochs", "2", "--compare", "1"];
    let said = place.succeed(&[&["train", "--data", "фотографии"], &flags[..]].concat());
    assert!(said.contains("cut.png") && !said.contains("tiny.png"), "{said}");
}

#[test]
fn a_resumed_painter_ends_as_an_unbroken_one() {
    let place = place!();
    let flags = [
        "--epochs",
        "2",
        "--size",
        "64",
        "--compare",
        "0",
        "--device",
        "cpu",
    ];
    let flags = [&MADE[..], &flags].concat();
    place.succeed(&flags);
    let files = ["model.safetensors", "predictions.csv"];
    let unbroken = files.map(|file| place.bytes(&format!("{RUN}/{file}")));
    let mut process = place.start(&flags);
    place.wait_for_epoch("runs/style-transfer/002", 1);
    assert!(
        process.try_wait().unwrap().is_none(),
        "it ended before it could be killed"
    );
    let _ = process.kill();
    process.wait().unwrap();
    place.succeed(&["train", "--resume", "runs/style-transfer/002"]);
    let resumed = files.map(|file| place.bytes(&format!("runs/style-transfer/002/{file}")));
    assert!(resumed == unbroken);
}

/// The weights that know photographs, where there are.
#[test]
fn it_paints_by_a_network_that_knows_photographs() {
    let weights = std::env::var_os("KINDLING_MIRROR")
        .map(|mirror| PathBuf::from(mirror).join("weights/efficientnet_lite0.safetensors"));
    let Some(weights) = weights.filter(|weights| weights.exists()) else {
        println!("skipped: KINDLING_MIRROR names no folder with weights/efficientnet_lite0.safetensors");
        return;
    };
    let place = place!();
    let network = [
        "--network",
        "efficientnet-lite0",
        "--weights",
        weights.to_str().unwrap(),
    ];
    place.succeed(&[&MADE[..], &["--quick"], &network[..]].concat());
    let landscape = landscape();
    let flags = [
        "optimise",
        landscape.to_str().unwrap(),
        "mosaic",
        "--size",
        "64",
        "--steps",
        "4",
    ];
    place.succeed(&[&flags[..], &network[..]].concat());
    let how = place.json("painted/landscape.00000-as-mosaic.json");
    assert_eq!(how["network"], "efficientnet-lite0", "{how}");
}
