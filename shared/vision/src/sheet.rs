//! Contact sheets: many pictures on one page, each with a word below it.

use image::{
    Delay, DynamicImage, Frame, RgbImage,
    codecs::gif::{GifEncoder, Repeat},
};
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

/// A film that goes round for ever, as a GIF file: `frames_per_second` up to 50, the last frame for two seconds. Each frame
/// has 256 colours of its own, chosen for it.
///
/// # Errors
/// When there is no frame, and those of the encoder.
pub fn gif(frames: &[RgbImage], frames_per_second: u32) -> std::io::Result<Vec<u8>> {
    let Some((last, others)) = frames.split_last() else {
        let problem = "a film without a frame";
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, problem));
    };
    let mut bytes = Vec::new();
    // 1 to 30: how much time the choice of colours may take; 10 is a good deal.
    let mut encoder = GifEncoder::new_with_speed(&mut bytes, 10);
    encoder
        .set_repeat(Repeat::Infinite)
        .map_err(std::io::Error::other)?;
    let mut add = |frame: &RgbImage, milliseconds: u32| {
        let frame = DynamicImage::ImageRgb8(frame.clone()).into_rgba8();
        let delay = Delay::from_numer_denom_ms(milliseconds, 1);
        encoder
            .encode_frame(Frame::from_parts(frame, 0, 0, delay))
            .map_err(std::io::Error::other)
    };
    for frame in others {
        add(frame, 1000 / frames_per_second.clamp(1, 50))?;
    }
    add(last, 2000)?;
    drop(encoder);
    Ok(bytes)
}
