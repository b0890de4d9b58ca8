//! Resizing, augmentation, normalisation and heat maps do what they say.

use candle_core::{Device, Tensor};
use vision::{Augment, Normalisation, RgbImage};

/// A picture whose red grows to the right and whose green grows downwards.
fn slope(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([(255 * x / (width - 1)) as u8, (255 * y / (height - 1)) as u8, 40])
    })
}

fn mean_difference(a: &RgbImage, b: &RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let differences = a
        .as_raw()
        .iter()
        .zip(b.as_raw())
        .map(|(a, b)| f64::from(a.abs_diff(*b)));
    differences.sum::<f64>() / a.as_raw().len() as f64
}

#[test]
fn extreme_pictures_fill_a_square_without_becoming_huge() {
    for (width, height) in [(1, 1), (10_000, 1), (1, 10_000), (3, 700), (640, 480)] {
        let picture = RgbImage::from_pixel(width, height, image::Rgb([7, 8, 9]));
        let covered = vision::cover(&picture, 48, 64);
        assert_eq!((covered.dimensions(), covered[(20, 30)].0), ((48, 64), [7, 8, 9]));
        let shrunk = vision::shrink(&picture, 32, 1.5);
        let (short, long) = (
            shrunk.width().min(shrunk.height()),
            shrunk.width().max(shrunk.height()),
        );
        assert!(short >= 32 && long <= 64, "{:?}", shrunk.dimensions());
    }
}

#[test]
fn covering_keeps_the_middle_in_its_proportions() {
    // A white disc in a wide picture stays a disc.
    let wide = RgbImage::from_fn(300, 100, |x, y| {
        let (x, y) = (x as f32 - 149.5, y as f32 - 49.5);
        image::Rgb([if x.hypot(y) < 40.0 { 255 } else { 0 }; 3])
    });
    let seen = vision::cover(&wide, 50, 50);
    let lit = |line: &dyn Fn(u32) -> u8| (0..50).filter(|at| line(*at) > 127).count();
    let (across, down) = (lit(&|x| seen[(x, 25)].0[0]), lit(&|y| seen[(25, y)].0[0]));
    assert!((39..=41).contains(&across) && across == down, "{across} {down}");
}

#[test]
fn no_augmentation_is_what_evaluation_sees() {
    let picture = slope(70, 70);
    let same = Augment::none().apply(&picture, 70, 70, &mut nn::random(1, "a"));
    assert_eq!(same, picture);
    let smaller = Augment::none().apply(&picture, 64, 64, &mut nn::random(1, "a"));
    assert!(mean_difference(&smaller, &vision::cover(&picture, 64, 64)) < 1.0);
}

#[test]
fn each_change_changes_what_it_says() {
    let picture = slope(64, 64);
    let of = |augment: Augment, place: &str| augment.apply(&picture, 64, 64, &mut nn::random(3, place));
    let places: Vec<String> = (0..20).map(|place| place.to_string()).collect();
    // Mirrored pictures are mirrored exactly, about half of the time.
    let flip = Augment {
        flip: true,
        ..Augment::none()
    };
    let mirror = image::imageops::flip_horizontal(&picture);
    let flipped = places.iter().filter(|place| {
        let seen = of(flip, place);
        assert!(mean_difference(&seen, &picture) < 1.0 || mean_difference(&seen, &mirror) < 1.0);
        mean_difference(&seen, &mirror) < 1.0
    });
    assert!((4..=16).contains(&flipped.count()));
    for (name, augment) in [
        (
            "rotation",
            Augment {
                rotation: 20.0,
                ..Augment::none()
            },
        ),
        (
            "shift",
            Augment {
                shift: 0.2,
                ..Augment::none()
            },
        ),
        (
            "zoom",
            Augment {
                zoom: (0.5, 0.6),
                ..Augment::none()
            },
        ),
        (
            "stretch",
            Augment {
                stretch: 1.5,
                ..Augment::none()
            },
        ),
        (
            "brightness",
            Augment {
                brightness: 0.5,
                ..Augment::none()
            },
        ),
        (
            "contrast",
            Augment {
                contrast: 0.6,
                ..Augment::none()
            },
        ),
        (
            "saturation",
            Augment {
                saturation: 0.8,
                ..Augment::none()
            },
        ),
        (
            "hue",
            Augment {
                hue: 60.0,
                ..Augment::none()
            },
        ),
        (
            "erase",
            Augment {
                erase: 1.0,
                ..Augment::none()
            },
        ),
    ] {
        let changed = places
            .iter()
            .map(|place| mean_difference(&of(augment, place), &picture));
        let mean = changed.sum::<f64>() / 20.0;
        assert!((1.0..80.0).contains(&mean), "{name} changes {mean} levels");
        assert_eq!(of(augment, "7"), of(augment, "7"), "{name} is not reproducible");
        assert_ne!(of(augment, "7"), of(augment, "8"), "{name} is always the same");
    }
    // A colour jitter that is off leaves every byte as it is; a hue turned keeps greys.
    let grey = RgbImage::from_fn(8, 8, |x, y| image::Rgb([(x * 20 + y * 9) as u8; 3]));
    let hue = Augment {
        hue: 90.0,
        saturation: 0.5,
        ..Augment::none()
    };
    assert!(mean_difference(&hue.apply(&grey, 8, 8, &mut nn::random(1, "h")), &grey) < 1.5);
}

#[test]
fn what_is_only_moved_stays_sharp() {
    let checks = RgbImage::from_fn(28, 28, |x, y| {
        image::Rgb([if (x + y) % 2 == 0 { 255 } else { 0 }; 3])
    });
    let shift = Augment {
        shift: 0.1,
        flip: true,
        ..Augment::none()
    };
    for place in 0..10 {
        let moved = shift.apply(&checks, 28, 28, &mut nn::random(4, &place.to_string()));
        assert!(
            moved.as_raw().iter().all(|value| [0, 255].contains(value)),
            "grey between black and white"
        );
    }
}

#[test]
fn a_turned_picture_turns_around_its_middle() {
    let mut dot = RgbImage::new(65, 65);
    for (x, y) in [(32, 32), (32, 31), (31, 32), (33, 32), (32, 33)] {
        dot.put_pixel(x, y, image::Rgb([255; 3]));
    }
    let turn = Augment {
        rotation: 180.0,
        flip: true,
        flip_vertical: true,
        stretch: 1.3,
        ..Augment::none()
    };
    for place in 0..10 {
        let turned = turn.apply(&dot, 65, 65, &mut nn::random(2, &place.to_string()));
        assert!(turned[(32, 32)].0[0] > 200, "the middle has moved");
    }
}

#[test]
fn normalisation_gives_the_numbers_that_are_asked_for() {
    let picture = RgbImage::from_fn(2, 1, |x, _| image::Rgb([127 + 128 * x as u8, 0, 255]));
    let tensor = Normalisation::LITE.batch([&picture]).unwrap();
    assert_eq!(tensor.dims(), [1, 3, 1, 2]);
    let values = tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let wanted = [0.0, 1.0, -127.0 / 128.0, -127.0 / 128.0, 1.0, 1.0];
    assert!(
        values.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-5),
        "{values:?}"
    );
    let other = RgbImage::new(3, 1);
    assert!(Normalisation::PLAIN.batch([&picture, &other]).is_err());
}

#[test]
fn a_heat_map_shows_where_the_evidence_is() {
    // Two channels; the class counts channel 1 only, which is lit at one place.
    let mut maps = vec![0.3f32; 2 * 4 * 5];
    maps[20 + 2 * 5 + 3] = 2.0;
    let maps = Tensor::from_vec(maps, (1, 2, 4, 5), &Device::Cpu).unwrap();
    let heat = vision::grad_cam(&maps, |maps| {
        let weights = Tensor::new(&[-1f32, 1.0], &Device::Cpu)?.reshape((1, 2))?;
        maps.mean((2, 3))?.broadcast_mul(&weights)?.sum(1)
    })
    .unwrap();
    let heat = heat.to_vec3::<f32>().unwrap();
    assert!((heat[0][2][3] - 1.0).abs() < 1e-6);
    let others: f32 = heat[0].iter().flatten().sum::<f32>() - heat[0][2][3];
    assert!(others.abs() < 1e-6, "{heat:?}");
    let shown = vision::overlay(&RgbImage::new(50, 40), &heat[0]);
    assert!(shown[(35, 25)].0[0] > shown[(5, 5)].0[0]);
}
