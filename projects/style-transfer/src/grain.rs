//! Grain for the painter's canvas. A clear sky has the same number everywhere, and what a network makes of it is the same
//! everywhere too: no stroke begins where nothing is. Noise gives it places to begin (Ulyanov et al. 2016, "Texture
//! Networks", who add it at several sizes, as here).

/// Channels of grain, and how many pixels a grain of each is wide.
pub const SIZES: [i32; 3] = [1, 4, 16];

/// The grain of a pixel: always the same at the same place, so that the tiles of a picture fit. Numbers around 0 with a
/// variance of about 1, the coarse ones smooth.
pub fn grain(x: i32, y: i32) -> [f32; SIZES.len()] {
    std::array::from_fn(|channel| {
        let size = SIZES[channel];
        if size == 1 {
            return noise(x, y, channel);
        }
        let (column, row) = (x.div_euclid(size), y.div_euclid(size));
        let share = |place: i32| place.rem_euclid(size) as f32 / size as f32;
        let mix = |a: f32, b: f32, share: f32| a + (b - a) * share;
        let at = |dx, dy| noise(column + dx, row + dy, channel);
        let above = mix(at(0, 0), at(1, 0), share(x));
        let below = mix(at(0, 1), at(1, 1), share(x));
        // What is mixed varies less than what it is mixed from.
        1.5 * mix(above, below, share(y))
    })
}

/// A random number of mean 0 and variance 1 for each place of a channel (Marsaglia's xorshift, after the places are mixed).
fn noise(x: i32, y: i32, channel: usize) -> f32 {
    let mut bits = (x as u32).wrapping_mul(0x9E37_79B1) ^ (y as u32).wrapping_mul(0x85EB_CA77);
    bits ^= (channel as u32 + 1).wrapping_mul(0x27D4_EB2F);
    for shift in [13, 17, 5] {
        bits ^= if shift == 17 { bits >> shift } else { bits << shift };
        bits = bits.wrapping_mul(0xC2B2_AE3D);
    }
    ((bits >> 8) as f32 / (1 << 23) as f32 - 1.0) * 3f32.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grain_is_of_mean_0_and_variance_1() {
        for channel in 0..SIZES.len() {
            let values: Vec<f32> = (-200..200)
                .flat_map(|y| (-200..200).map(move |x| grain(x, y)[channel]))
                .collect();
            let count = values.len() as f32;
            let mean = values.iter().sum::<f32>() / count;
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / count;
            assert!(mean.abs() < 0.15, "{channel}: {mean}");
            assert!((0.7..1.4).contains(&variance), "{channel}: {variance}");
        }
    }

    /// Neighbours in the coarse channels are nearly the same, in the fine one they have nothing to do with each other.
    #[test]
    fn coarse_grain_is_smooth() {
        let step = |channel: usize| -> f32 {
            (0..1000)
                .map(|x| (grain(x + 1, 7)[channel] - grain(x, 7)[channel]).abs())
                .sum::<f32>()
                / 1000.0
        };
        assert!(step(0) > 2.5 * step(1) && step(1) > 2.5 * step(2));
    }
}
