use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

fn drawing(species: Species, size: u32, place: usize) -> Vec<u8> {
    draw(species, size, &mut nn::random(3, &format!("drawing {place}")))
}

#[test]
fn the_same_place_gives_the_same_drawing_and_another_place_another() {
    for species in Species::ALL {
        assert_eq!(drawing(species, 64, 0), drawing(species, 64, 0));
        assert_ne!(drawing(species, 64, 0), drawing(species, 64, 1));
    }
}

#[test]
fn every_species_is_drawn_at_every_size() {
    for species in Species::ALL {
        for (place, size) in [1, 2, 3, 32, 33, 64, 100, 128, 256].into_iter().enumerate() {
            for seed in 0..3 {
                let pixels = drawing(species, size, 100 * seed + place);
                assert_eq!(pixels.len(), (size * size * 3) as usize);
            }
        }
        for place in 0..60 {
            let pixels = drawing(species, 32, place);
            let (least, most) = (pixels.iter().min(), pixels.iter().max());
            assert!(
                most > least.map(|least| least + 60).as_ref(),
                "{species:?} {place} is blank"
            );
        }
    }
}

#[test]
fn a_cat_and_a_dog_of_the_same_lots_differ_in_ears_and_snout_alone() {
    let (size, count) = (64, 60);
    let mut same = 0;
    for place in 0..count {
        let (cat, dog) = (
            drawing(Species::Cat, size, place),
            drawing(Species::Dog, size, place),
        );
        let pixels = cat.chunks(3).zip(dog.chunks(3));
        let equal = pixels.filter(|(cat, dog)| cat == dog).count();
        assert!(equal < (size * size) as usize, "they do differ");
        same += equal;
    }
    let share = same as f32 / (count as u32 * size * size) as f32;
    assert!(share > 0.7, "{share} of the pixels are the same");
}

/// Mean of red, green and blue over drawings of 300 places.
fn mean_colour(species: Species, first: usize) -> [f32; 3] {
    let mut sums = [0.0; 3];
    let size = 32;
    for place in first..first + 300 {
        for pixel in drawing(species, size, place).chunks(3) {
            for (sum, value) in sums.iter_mut().zip(pixel) {
                *sum += *value as f32;
            }
        }
    }
    sums.map(|sum| sum / (300 * size * size) as f32)
}

#[test]
fn the_mean_colour_does_not_tell_cats_from_dogs() {
    // Drawings have a mean with a standard deviation of 40 or so: that of 300 is known to 2.3, a difference to 3.3.
    let (cats, dogs) = (mean_colour(Species::Cat, 1000), mean_colour(Species::Dog, 2000));
    for (cat, dog) in cats.into_iter().zip(dogs) {
        assert!((cat - dog).abs() < 9.0, "{cats:?} and {dogs:?}");
    }
}

#[test]
fn a_set_has_its_layout_and_the_same_bytes_on_any_number_of_threads() {
    let options = Options {
        species: vec![Species::Owl, Species::Cat],
        size: 40,
        train: 3,
        valid: 1,
        test: 2,
        ..Options::cats_and_dogs()
    };
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let calls = AtomicUsize::new(0);
    make(first.path(), &options, &|done, total| {
        assert!(done >= 1 && done <= total);
        calls.fetch_add(1, Ordering::Relaxed);
    })
    .unwrap();
    assert_eq!(calls.into_inner(), 12);
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    alone
        .install(|| make(second.path(), &options, &|_, _| {}))
        .unwrap();

    for (part, count) in [("train", 3), ("valid", 1), ("test", 2)] {
        for species in ["owl", "cat"] {
            let folder = first.path().join(part).join(species);
            assert_eq!(fs::read_dir(&folder).unwrap().count(), count);
            for number in 0..count {
                let name = format!("{part}/{species}/{species}.{number:05}.png");
                let bytes = fs::read(first.path().join(&name)).unwrap();
                let reader = png::Decoder::new(std::io::Cursor::new(&bytes))
                    .read_info()
                    .unwrap();
                let info = reader.info();
                assert_eq!((info.width, info.height), (40, 40));
                assert_eq!(info.color_type, png::ColorType::Rgb);
                assert!(
                    bytes == fs::read(second.path().join(&name)).unwrap(),
                    "{name} differs"
                );
            }
        }
    }
}

#[test]
fn no_two_drawings_of_a_set_are_alike_and_files_are_small() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        train: 20,
        valid: 0,
        test: 0,
        ..Options::cats_and_dogs()
    };
    make(folder.path(), &options, &|_, _| {}).unwrap();
    let mut files = Vec::new();
    for species in ["cat", "dog"] {
        for entry in fs::read_dir(folder.path().join("train").join(species)).unwrap() {
            files.push(fs::read(entry.unwrap().path()).unwrap());
        }
    }
    let total: usize = files.iter().map(Vec::len).sum();
    assert!(total / files.len() < 25_000, "{} bytes each", total / files.len());
    files.sort();
    files.dedup();
    assert_eq!(files.len(), 40);
}
