use rayon::prelude::*;

use super::*;

fn sheet(style: Style, size: u32, seed: u64) -> Vec<u8> {
    draw(style, size, &mut nn::random(seed, "sheet"))
}

/// What a style looks like from afar, from 0 to 1: how light and how colourful it is, how much the lightness varies,
/// and how much from one pixel to the fourth from it, which is what strokes and dots do.
fn looks(pixels: &[u8]) -> [f32; 4] {
    let light: Vec<f32> = pixels
        .chunks(3)
        .map(|pixel| pixel.iter().map(|&value| f32::from(value) / 765.0).sum())
        .collect();
    let colourful = pixels.chunks(3).map(|pixel| {
        let (least, most) = (pixel.iter().min(), pixel.iter().max());
        f32::from(most.unwrap() - least.unwrap()) / 255.0
    });
    let count = light.len() as f32;
    let mean = light.iter().sum::<f32>() / count;
    let spread = (light.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / count).sqrt();
    let texture = light.windows(5).map(|row| (row[0] - row[4]).abs()).sum::<f32>() / count;
    [mean, colourful.sum::<f32>() / count, spread, texture]
}

/// Means over eighths of the frame, in which no single stroke counts.
fn rough(pixels: &[u8], size: usize) -> [f32; 192] {
    let mut sums = [0.0; 192];
    for (index, &value) in pixels.iter().enumerate() {
        let (x, y) = (index / 3 % size * 8 / size, index / 3 / size * 8 / size);
        sums[3 * (8 * y + x) + index % 3] += f32::from(value) * 64.0 / (size * size) as f32;
    }
    sums
}

/// One test for all that is asked of a sheet, because to draw one takes half a second.
#[test]
fn sheets_are_the_same_again_and_at_every_size_and_differ_by_seed_and_by_style() {
    let looks = Style::ALL.par_iter().map(|&style| {
        let (small, large) = (sheet(style, 64, 1), sheet(style, 128, 1));
        assert_eq!((small.len(), large.len()), (64 * 64 * 3, 128 * 128 * 3));
        assert!(small == sheet(style, 64, 1), "{style:?} is not the same again");
        assert!(
            small != sheet(style, 64, 2),
            "{style:?} is the same for every seed"
        );
        assert_eq!(sheet(style, 1, 2).len(), 3);
        let (small, rest) = (rough(&small, 64), rough(&large, 128));
        let apart = small.iter().zip(&rest).map(|(a, b)| (a - b).abs()).sum::<f32>() / 192.0;
        assert!(apart < 8.0, "{style:?} differs by {apart} of 255 with its size");
        (style, looks(&large))
    });
    let all: Vec<_> = looks.collect();
    for (index, (style, own)) in all.iter().enumerate() {
        assert!(own[2] > 0.08, "{style:?} is nearly of one colour: {own:?}");
        assert!(own[3] > 0.045, "{style:?} is too smooth to be a style: {own:?}");
        for (other, others) in &all[index + 1..] {
            let apart: f32 = own.iter().zip(others).map(|(a, b)| (a - b).abs()).sum();
            assert!(apart > 0.1, "{style:?} {own:?} and {other:?} {others:?}");
        }
    }
}

#[test]
fn all_six_lie_in_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { seed: 4, size: 16 };
    make(folder.path(), &options, &|_, total| assert_eq!(total, 6)).unwrap();
    for name in [
        "flow-field",
        "halftone",
        "hatching",
        "mosaic",
        "pointillism",
        "woodblock",
    ] {
        let bytes = std::fs::read(folder.path().join(format!("{name}.png"))).unwrap();
        let reader = png::Decoder::new(std::io::Cursor::new(&bytes))
            .read_info()
            .unwrap();
        assert_eq!((reader.info().width, reader.info().height), (16, 16));
    }
}
