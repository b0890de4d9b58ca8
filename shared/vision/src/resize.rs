//! Pictures of the size that a network takes.

use image::{
    RgbImage,
    imageops::{self, FilterType},
};

/// Resized to `width` × `height`; its proportions change where theirs do. Each pixel is a mean over what it covers
/// (a triangle as wide as two of the larger pixels), so that nothing flickers when it becomes much smaller.
pub fn resize(picture: &RgbImage, width: u32, height: u32) -> RgbImage {
    if picture.dimensions() == (width, height) {
        return picture.clone();
    }
    imageops::resize(picture, width.max(1), height.max(1), FilterType::Triangle)
}

/// Resized and cut so that it fills `width` × `height`: the middle of the picture, in its own proportions.
///
/// ```
/// let panorama = image::RgbImage::new(900, 30);
/// assert_eq!(vision::cover(&panorama, 64, 64).dimensions(), (64, 64));
/// ```
pub fn cover(picture: &RgbImage, width: u32, height: u32) -> RgbImage {
    let (have_width, have_height) = (u64::from(picture.width()), u64::from(picture.height()));
    let (want_width, want_height) = (u64::from(width.max(1)), u64::from(height.max(1)));
    // The largest part of the picture with the proportions that are wanted; cut first, so that an extreme picture
    // (10,000 × 1) never becomes a huge one.
    let part_width = (have_height * want_width / want_height).clamp(1, have_width) as u32;
    let part_height = (have_width * want_height / want_width).clamp(1, have_height) as u32;
    let part = centre_crop(picture, part_width, part_height);
    resize(&part, width.max(1), height.max(1))
}

/// Resized in its own proportions so that its shorter side is `side`; the longer side is cut (from the middle) to
/// `most_ratio` times that. What augmentation wants to cut from.
pub fn shrink(picture: &RgbImage, side: u32, most_ratio: f32) -> RgbImage {
    let (width, height) = picture.dimensions();
    let short = width.min(height) as f32;
    let most = (short * most_ratio.max(1.0)).ceil() as u32;
    let part = centre_crop(picture, width.min(most), height.min(most));
    let scale = side.max(1) as f32 / short;
    let scaled = |length: u32| ((length as f32 * scale).round() as u32).max(1);
    resize(&part, scaled(part.width()), scaled(part.height()))
}

/// The middle of a picture; all of it where it is smaller.
pub fn centre_crop(picture: &RgbImage, width: u32, height: u32) -> RgbImage {
    let (width, height) = (width.min(picture.width()), height.min(picture.height()));
    if (width, height) == picture.dimensions() {
        return picture.clone();
    }
    let (left, top) = ((picture.width() - width) / 2, (picture.height() - height) / 2);
    imageops::crop_imm(picture, left, top, width, height).to_image()
}
