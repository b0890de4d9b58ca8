//! Contact sheets: many pictures on one page, each with a word below it.

use image::RgbImage;
use training::{
    canvas::{Anchor, Canvas},
    colour::{INK, PAPER},
};

use crate::cover;

const GAP: u32 = 8;
const LETTERS: f32 = 13.0;
const CAPTION: u32 = 20;

/// Pictures with captions as a PNG file, in `columns` columns of `side` pixels: what a batch looks like
/// (fast.ai's `show_batch`), before anyone wonders why nothing is learned.
///
/// ```
/// let red = image::RgbImage::from_pixel(40, 30, image::Rgb([220, 40, 20]));
/// let png = vision::contact_sheet(&[(red.clone(), "red".into()), (red, "red again".into())], 2, 96)?;
/// assert_eq!(vision::decode(&png, "sheet.png")?.dimensions(), (216, 132));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Those of writing the PNG.
pub fn contact_sheet(pictures: &[(RgbImage, String)], columns: u32, side: u32) -> std::io::Result<Vec<u8>> {
    let columns = columns.clamp(1, pictures.len().max(1) as u32);
    let rows = (pictures.len() as u32).div_ceil(columns);
    let (across, down) = (side + GAP, side + CAPTION + GAP);
    let mut canvas = Canvas::new(
        (GAP + columns * across) as usize,
        (GAP + rows * down) as usize,
        PAPER,
    );
    for (number, (picture, caption)) in (0u32..).zip(pictures) {
        let left = (GAP + number % columns * across) as i32;
        let top = (GAP + number / columns * down) as i32;
        let cell = cover(picture, side, side);
        let pixels: Vec<[u8; 3]> = cell.pixels().map(|pixel| pixel.0).collect();
        canvas.paste((left, top), side as usize, &pixels);
        let caption = canvas.shorten(caption, LETTERS, side as f32);
        let middle = (left + side as i32 / 2, top + side as i32 + CAPTION as i32 / 2);
        canvas.text(&caption, middle, Anchor::Centre, LETTERS, INK, false);
    }
    canvas.png()
}
