//! Pictures side by side.

use anyhow::Result;
use training::{
    canvas::{Anchor, Canvas},
    colour::{INK, PAPER},
};
use vision::RgbImage;

/// Photograph, painting and result side by side, as a PNG file.
pub fn triptych(photograph: &RgbImage, painting: &RgbImage, painted: &RgbImage) -> Result<Vec<u8>> {
    let pictures = [
        (photograph, "photograph"),
        (painting, "painting"),
        (painted, "painted"),
    ];
    row(&pictures, 512)
}

/// Pictures side by side, as high as the highest and no higher than `highest`, each with a word below it if there is any.
pub fn row(pictures: &[(&RgbImage, &str)], highest: u32) -> Result<Vec<u8>> {
    const GAP: u32 = 10;
    let height = pictures
        .iter()
        .map(|(picture, _)| picture.height())
        .max()
        .unwrap_or(1)
        .clamp(64, highest);
    let words = if pictures.iter().any(|(_, word)| !word.is_empty()) {
        24
    } else {
        0
    };
    let scaled: Vec<RgbImage> = pictures
        .iter()
        .map(|(picture, _)| {
            let width = u64::from(picture.width()) * u64::from(height) / u64::from(picture.height().max(1));
            vision::resize(picture, (width as u32).clamp(8, 4 * highest), height)
        })
        .collect();
    let width = scaled.iter().map(|picture| picture.width() + GAP).sum::<u32>() + GAP;
    let mut canvas = Canvas::new(width as usize, (height + 2 * GAP + words) as usize, PAPER);
    let mut left = GAP;
    for (picture, (_, word)) in scaled.iter().zip(pictures) {
        let pixels: Vec<[u8; 3]> = picture.pixels().map(|pixel| pixel.0).collect();
        canvas.paste((left as i32, GAP as i32), picture.width() as usize, &pixels);
        let middle = (left + picture.width() / 2) as i32;
        let below = (height + GAP + 14) as i32;
        canvas.text(word, (middle, below), Anchor::Centre, 15.0, INK, false);
        left += picture.width() + GAP;
    }
    Ok(canvas.png()?)
}
