//! Colours alone: giving one picture another's, and keeping its own.

use vision::RgbImage;

/// `picture` in the colours of `palette`: as many dark, middling and bright pixels of red, green and blue, each channel for
/// itself (histogram specification). No stroke of the brush is changed, which makes it the baseline that every style
/// transfer must beat.
pub fn match_histogram(picture: &RgbImage, palette: &RgbImage) -> RgbImage {
    let tables: [[u8; 256]; 3] =
        std::array::from_fn(|channel| table(&counts(picture, channel), &counts(palette, channel)));
    let mut matched = picture.clone();
    for pixel in matched.pixels_mut() {
        for (value, table) in pixel.0.iter_mut().zip(&tables) {
            *value = table[usize::from(*value)];
        }
    }
    matched
}

fn counts(picture: &RgbImage, channel: usize) -> [u64; 256] {
    let mut counts = [0; 256];
    for pixel in picture.pixels() {
        counts[usize::from(pixel.0[channel])] += 1;
    }
    counts
}

/// For each value the one that as large a share of the other picture's pixels lies below.
fn table(own: &[u64; 256], other: &[u64; 256]) -> [u8; 256] {
    let total = |counts: &[u64; 256]| counts.iter().sum::<u64>().max(1) as f64;
    let (own_total, other_total) = (total(own), total(other));
    let (mut below, mut reached, mut value) = (0, other[0], 0usize);
    std::array::from_fn(|here| {
        // The middle of those of this value.
        let share = (below as f64 + own[here] as f64 / 2.0) / own_total;
        below += own[here];
        while value < 255 && (reached as f64) < share * other_total {
            value += 1;
            reached += other[value];
        }
        value as u8
    })
}

/// How bright a pixel is (ITU-R BT.601), 0 to 255.
fn luminance([red, green, blue]: [u8; 3]) -> f32 {
    0.299 * f32::from(red) + 0.587 * f32::from(green) + 0.114 * f32::from(blue)
}

/// The brightness of `painted` with the colours of `original`, of the same size (Gatys et al. 2016, "Preserving color in
/// neural artistic style transfer", section 4): what is kept of the style is its strokes.
pub fn keep_colours(painted: &RgbImage, original: &RgbImage) -> RgbImage {
    let mut kept = painted.clone();
    for (pixel, own) in kept.pixels_mut().zip(original.pixels()) {
        let change = luminance(pixel.0) - luminance(own.0);
        for (value, own) in pixel.0.iter_mut().zip(own.0) {
            *value = (f32::from(own) + change).round().clamp(0.0, 255.0) as u8;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(pixels: &[[u8; 3]]) -> RgbImage {
        RgbImage::from_raw(pixels.len() as u32, 1, pixels.concat()).expect("three bytes a pixel")
    }

    #[test]
    fn a_matched_picture_has_the_others_colours_in_its_own_order() {
        let ramp: Vec<[u8; 3]> = (0..=255).map(|value| [value, value / 2, 255 - value]).collect();
        let dark: Vec<[u8; 3]> = (0..=255).map(|value| [value / 4, 200, 7]).collect();
        let matched = match_histogram(&picture(&ramp), &picture(&dark));
        let red: Vec<u8> = matched.pixels().map(|pixel| pixel.0[0]).collect();
        assert!(red.is_sorted() && red[255] >= 62 && red[0] <= 1, "{red:?}");
        assert!(matched.pixels().all(|pixel| pixel.0[1..] == [200, 7]));
        // A picture in its own colours is itself.
        assert_eq!(match_histogram(&picture(&ramp), &picture(&ramp)), picture(&ramp));
    }

    #[test]
    fn kept_colours_are_as_bright_as_what_was_painted() {
        let original = picture(&[[200, 60, 60], [60, 60, 200], [90, 90, 90]]);
        let painted = picture(&[[120, 120, 120], [90, 100, 80], [30, 200, 90]]);
        let kept = keep_colours(&painted, &original);
        for (pixel, painted) in kept.pixels().zip(painted.pixels()) {
            assert!((luminance(pixel.0) - luminance(painted.0)).abs() < 1.5);
        }
        assert!(kept.get_pixel(0, 0).0[0] > kept.get_pixel(0, 0).0[2] + 100);
    }
}
