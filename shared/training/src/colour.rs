//! Colours that the eye reads as even steps, made in the OKLab space (Ottosson 2020).

/// Red, green and blue, 0 … 255, in sRGB.
pub type Colour = [u8; 3];

/// What is written on.
pub const PAPER: Colour = [255, 255, 255];
/// What is written with.
pub const INK: Colour = [40, 40, 48];
/// Lines that are not to be seen at once.
pub const FAINT: Colour = [205, 205, 212];

/// The colour of this lightness (0 black … 1 white), chroma (0 grey … about 0.3) and hue (degrees). What sRGB cannot
/// show is clipped.
fn oklch(lightness: f32, chroma: f32, hue: f32) -> Colour {
    let (sine, cosine) = hue.to_radians().sin_cos();
    let (a, b) = (chroma * cosine, chroma * sine);
    let long = (lightness + 0.396_337_78 * a + 0.215_803_76 * b).powi(3);
    let medium = (lightness - 0.105_561_346 * a - 0.063_854_17 * b).powi(3);
    let short = (lightness - 0.089_484_18 * a - 1.291_485_5 * b).powi(3);
    let linear = [
        4.076_741_7 * long - 3.307_711_6 * medium + 0.230_969_94 * short,
        -1.268_438 * long + 2.609_757_4 * medium - 0.341_319_4 * short,
        -0.004_196_086_3 * long - 0.703_418_6 * medium + 1.707_614_7 * short,
    ];
    linear.map(|value| {
        let value = value.clamp(0.0, 1.0);
        let encoded = if value <= 0.003_130_8 {
            12.92 * value
        } else {
            1.055 * value.powf(1.0 / 2.4) - 0.055
        };
        (255.0 * encoded).round() as u8
    })
}

/// The colour map of spectrograms and heat maps: lightness rises evenly from 0 (near black) over violet, red and orange to 1 (pale
/// yellow), so it reads the same in grey and to the colour-blind. The chroma stays within what sRGB can show.
pub fn heat(value: f32) -> Colour {
    let value = value.clamp(0.0, 1.0);
    let chroma = 0.02 + 0.15 * (std::f32::consts::PI * value).sin();
    oklch(0.14 + 0.83 * value, chroma, 285.0 + 175.0 * value)
}

/// `count` colours that are easy to tell apart: hues all around, neighbours of different lightness.
pub fn palette(count: usize) -> Vec<Colour> {
    let colour = |i: usize| {
        let lightness = if i.is_multiple_of(2) { 0.62 } else { 0.78 };
        oklch(lightness, 0.13, 255.0 + 360.0 * i as f32 / count as f32)
    };
    (0..count).map(colour).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_only_grows_lighter() {
        let grey = |[r, g, b]: Colour| 0.2126 * f32::from(r) + 0.7152 * f32::from(g) + 0.0722 * f32::from(b);
        let map: Vec<f32> = (0..=64).map(|i| grey(heat(i as f32 / 64.0))).collect();
        assert!(map.windows(2).all(|pair| pair[0] < pair[1]), "{map:?}");
        assert!(map[0] < 25.0 && map[64] > 220.0, "{} … {}", map[0], map[64]);
        assert_eq!(oklch(1.0, 0.0, 0.0), [255, 255, 255]);
        assert_eq!(oklch(0.627_955, 0.257_68, 29.233), [255, 0, 0]);
    }
}
