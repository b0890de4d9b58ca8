use std::fs;

use super::*;

fn scene(kind: Kind, size: u32, place: usize) -> Vec<u8> {
    draw(kind, size, &mut nn::random(5, &format!("scene {place}")))
}

#[test]
fn the_same_place_gives_the_same_scene_and_another_place_another() {
    for kind in Kind::ALL {
        assert_eq!(scene(kind, 48, 0), scene(kind, 48, 0));
        assert_ne!(scene(kind, 48, 0), scene(kind, 48, 1));
    }
}

#[test]
fn every_kind_is_drawn_at_every_size() {
    for kind in Kind::ALL {
        for (place, size) in [1, 2, 3, 31, 64, 100].into_iter().enumerate() {
            assert_eq!(scene(kind, size, place).len(), (size * size * 3) as usize);
        }
    }
}

/// Means over squares of `step` × `step` pixels.
fn smaller(pixels: &[u8], size: usize, step: usize) -> Vec<f32> {
    let small = size / step;
    let mut sums = vec![0.0; small * small * 3];
    for (index, &value) in pixels.iter().enumerate() {
        let (x, y) = (index / 3 % size / step, index / 3 / size / step);
        sums[3 * (y * small + x) + index % 3] += f32::from(value) / (step * step) as f32;
    }
    sums
}

#[test]
fn a_scene_is_the_same_at_every_size() {
    for kind in Kind::ALL {
        for place in 0..4 {
            let small = scene(kind, 48, place);
            let large = smaller(&scene(kind, 144, place), 144, 3);
            let apart: f32 = small
                .iter()
                .zip(&large)
                .map(|(a, b)| (f32::from(*a) - b).abs())
                .sum();
            let mean = apart / small.len() as f32;
            assert!(mean < 9.0, "{kind:?} {place} differs by {mean} of 255");
        }
    }
}

#[test]
fn no_scene_is_nearly_of_one_colour() {
    for kind in Kind::ALL {
        for place in 0..20 {
            let pixels = scene(kind, 32, place);
            let mean = pixels.iter().map(|&value| f32::from(value)).sum::<f32>() / pixels.len() as f32;
            let squares = pixels.iter().map(|&value| (f32::from(value) - mean).powi(2));
            let spread = (squares.sum::<f32>() / pixels.len() as f32).sqrt();
            assert!(spread > 14.0, "{kind:?} {place}: {spread}");
        }
    }
}

#[test]
fn a_set_has_its_layout_and_the_same_bytes_on_any_number_of_threads() {
    let options = Options {
        size: 24,
        train: 3,
        valid: 1,
        test: 2,
        ..Options::default()
    };
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    make(first.path(), &options, &|_, total| assert_eq!(total, 18)).unwrap();
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    alone
        .install(|| make(second.path(), &options, &|_, _| {}))
        .unwrap();
    let mut all = Vec::new();
    for (part, count) in [("train", 3), ("valid", 1), ("test", 2)] {
        for kind in ["landscape", "portrait", "still-life"] {
            let folder = first.path().join(part).join(kind);
            assert_eq!(fs::read_dir(&folder).unwrap().count(), count);
            for number in 0..count {
                let name = format!("{part}/{kind}/{kind}.{number:05}.png");
                let bytes = fs::read(first.path().join(&name)).unwrap();
                let other = fs::read(second.path().join(&name)).unwrap();
                assert!(bytes == other, "{name} differs");
                all.push(bytes);
            }
        }
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 18, "no two scenes are alike");
}
