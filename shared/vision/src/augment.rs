//! Augmentation: other pictures of the same thing, so that a network learns the thing and not the picture.

use image::{Rgb, RgbImage};
use rand::Rng;

/// What may happen to a picture in training. Everything that moves happens in one resampling, so nothing blurs twice.
///
/// ```
/// use vision::Augment;
/// let picture = image::RgbImage::from_fn(80, 60, |x, y| image::Rgb([x as u8, y as u8, 0]));
/// let augment = Augment { rotation: 10.0, erase: 0.5, ..Augment::usual() };
/// let one = augment.apply(&picture, 64, 64, &mut nn::random(7, "epoch 3/example 17"));
/// assert_eq!(one.dimensions(), (64, 64));
/// // The same seed and place, the same picture.
/// assert_eq!(one, augment.apply(&picture, 64, 64, &mut nn::random(7, "epoch 3/example 17")));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Augment {
    /// Mirrored left to right, every second time.
    pub flip: bool,
    /// Upside down, every second time: for satellites and microscopes.
    pub flip_vertical: bool,
    /// Turned by up to this many degrees.
    pub rotation: f32,
    /// Moved by up to this share of the size, across and down.
    pub shift: f32,
    /// How much of the picture's shorter side is seen, from the least to the most: below 1 is nearer.
    pub zoom: (f32, f32),
    /// Stretched across by up to this factor, or down: 1 is not at all.
    pub stretch: f32,
    /// Brighter or darker by up to this share.
    pub brightness: f32,
    /// More or less contrast, by up to this share.
    pub contrast: f32,
    /// More or less colour, by up to this share.
    pub saturation: f32,
    /// All hues turned by up to this many degrees.
    pub hue: f32,
    /// How often a rectangle of 2 to 20 % of the area is filled with noise (random erasing, Zhong et al. 2017).
    pub erase: f32,
}

impl Augment {
    /// Nothing: the middle of the picture, as evaluation sees it.
    pub const fn none() -> Self {
        Augment {
            flip: false,
            flip_vertical: false,
            rotation: 0.0,
            shift: 0.0,
            zoom: (1.0, 1.0),
            stretch: 1.0,
            brightness: 0.0,
            contrast: 0.0,
            saturation: 0.0,
            hue: 0.0,
            erase: 0.0,
        }
    }

    /// What suits photographs of things and animals.
    pub const fn usual() -> Self {
        Augment {
            flip: true,
            rotation: 10.0,
            shift: 0.1,
            zoom: (0.7, 1.0),
            stretch: 1.15,
            brightness: 0.2,
            contrast: 0.2,
            saturation: 0.2,
            hue: 8.0,
            ..Augment::none()
        }
    }

    /// `picture` as `width` × `height` pixels, changed by chance. What lies beyond its edges is its mirror image.
    pub fn apply(&self, picture: &RgbImage, width: u32, height: u32, random: &mut impl Rng) -> RgbImage {
        let mut moved = self
            .place(picture, width, height, random)
            .resample(picture, width, height);
        self.colour(&mut moved, random);
        if self.erase > 0.0 && random.random::<f32>() < self.erase {
            erase(&mut moved, random);
        }
        moved
    }

    fn place(&self, picture: &RgbImage, width: u32, height: u32, random: &mut impl Rng) -> Placement {
        let either = |most: f32, random: &mut dyn rand::RngCore| match most > 0.0 {
            true => random.random_range(-most..=most),
            false => 0.0,
        };
        let flip = |may: bool, random: &mut dyn rand::RngCore| match may && random.random() {
            true => -1.0,
            false => 1.0,
        };
        let (nearest, farthest) = self.zoom;
        let zoom = nearest + (farthest - nearest) * random.random::<f32>();
        let stretch = self.stretch.max(1e-3).ln().abs();
        let stretch = either(stretch, random).exp().sqrt();
        let (sine, cosine) = either(self.rotation, random).to_radians().sin_cos();
        let mirror = (flip(self.flip, random), flip(self.flip_vertical, random));
        // Source pixels for one pixel of the result, so that at zoom 1 it is filled by the largest part that fits.
        let (have_width, have_height) = (picture.width() as f32, picture.height() as f32);
        let step = zoom * (have_width / width as f32).min(have_height / height as f32);
        let (across, down) = (step * stretch, step / stretch);
        // A longer side leaves room to look elsewhere than at the middle.
        let room = |have: f32, want: u32| match self.shift > 0.0 {
            true => ((have - step * want as f32) / 2.0).max(0.0),
            false => 0.0,
        };
        let shift_x =
            either(self.shift, random) * step * width as f32 + either(room(have_width, width), random);
        let shift_y =
            either(self.shift, random) * step * height as f32 + either(room(have_height, height), random);
        // What is only moved is moved by whole pixels: between them it would blur, which tells in tiny pictures.
        let only_moved = across == 1.0 && down == 1.0 && sine == 0.0;
        let (shift_x, shift_y) = match only_moved {
            true => (shift_x.round(), shift_y.round()),
            false => (shift_x, shift_y),
        };
        Placement {
            x: [
                across * cosine * mirror.0,
                -down * sine * mirror.1,
                have_width / 2.0 + shift_x,
            ],
            y: [
                across * sine * mirror.0,
                down * cosine * mirror.1,
                have_height / 2.0 + shift_y,
            ],
        }
    }

    fn colour(&self, picture: &mut RgbImage, random: &mut impl Rng) {
        if self.brightness == 0.0 && self.contrast == 0.0 && self.saturation == 0.0 && self.hue == 0.0 {
            return;
        }
        let mut around_one = |most: f32| 1.0 + most * random.random_range(-1.0..=1.0f32);
        let (brightness, contrast) = (around_one(self.brightness), around_one(self.contrast));
        let saturation = around_one(self.saturation);
        let (sine, cosine) = (self.hue * random.random_range(-1.0..=1.0f32))
            .to_radians()
            .sin_cos();
        let mean = picture.as_raw().iter().map(|byte| u64::from(*byte)).sum::<u64>() as f32
            / picture.as_raw().len().max(1) as f32;
        for pixel in picture.pixels_mut() {
            let [red, green, blue] = pixel.0.map(f32::from);
            // Luma and two differences of colour (YIQ): turning the differences turns the hue, and scaling them
            // changes the saturation.
            let luma = 0.299 * red + 0.587 * green + 0.114 * blue;
            let in_phase = 0.596 * red - 0.274 * green - 0.322 * blue;
            let quadrature = 0.211 * red - 0.523 * green + 0.312 * blue;
            let (i, q) = (
                saturation * (cosine * in_phase - sine * quadrature),
                saturation * (sine * in_phase + cosine * quadrature),
            );
            let luma = brightness * (mean + contrast * (luma - mean));
            let values = [
                luma + 0.956 * i + 0.621 * q,
                luma - 0.272 * i - 0.647 * q,
                luma - 1.106 * i + 1.703 * q,
            ];
            *pixel = Rgb(values.map(|value| value.round().clamp(0.0, 255.0) as u8));
        }
    }
}

/// An affine map from pixels of the result, counted from its middle, to places in the source.
struct Placement {
    x: [f32; 3],
    y: [f32; 3],
}

impl Placement {
    /// Looks up every pixel of the result between its four nearest in `picture`.
    fn resample(&self, picture: &RgbImage, width: u32, height: u32) -> RgbImage {
        let (columns, rows) = (picture.width() as i32, picture.height() as i32);
        let source = picture.as_raw();
        let pixel = |x: i32, y: i32| {
            let at = 3 * (mirrored(y, rows) * columns as usize + mirrored(x, columns));
            [source[at], source[at + 1], source[at + 2]]
        };
        RgbImage::from_fn(width, height, |x, y| {
            let (x, y) = (
                x as f32 + 0.5 - width as f32 / 2.0,
                y as f32 + 0.5 - height as f32 / 2.0,
            );
            let across = self.x[0] * x + self.x[1] * y + self.x[2] - 0.5;
            let down = self.y[0] * x + self.y[1] * y + self.y[2] - 0.5;
            let (left, top) = (across.floor(), down.floor());
            let (right_share, low_share) = (across - left, down - top);
            let (left, top) = (left as i32, top as i32);
            let corners = [
                pixel(left, top),
                pixel(left + 1, top),
                pixel(left, top + 1),
                pixel(left + 1, top + 1),
            ];
            let mut mixed = [0; 3];
            for (channel, value) in mixed.iter_mut().enumerate() {
                let [a, b, c, d] = corners.map(|corner| f32::from(corner[channel]));
                let (high, low) = (a + (b - a) * right_share, c + (d - c) * right_share);
                *value = (high + (low - high) * low_share + 0.5) as u8;
            }
            Rgb(mixed)
        })
    }
}

/// The place that a mirror at either edge shows at `at`.
fn mirrored(at: i32, length: i32) -> usize {
    if (0..length).contains(&at) {
        return at as usize;
    }
    let there = at.rem_euclid(2 * length);
    there.min(2 * length - 1 - there) as usize
}

/// Fills a rectangle with noise.
fn erase(picture: &mut RgbImage, random: &mut impl Rng) {
    let (width, height) = picture.dimensions();
    let area = random.random_range(0.02..0.2f32) * (width * height) as f32;
    let ratio = random.random_range(-1.0..1.0f32).exp();
    let across = ((area * ratio).sqrt().round() as u32).clamp(1, width);
    let down = ((area / ratio).sqrt().round() as u32).clamp(1, height);
    let (left, top) = (
        random.random_range(0..=width - across),
        random.random_range(0..=height - down),
    );
    for y in top..top + down {
        for x in left..left + across {
            picture.put_pixel(x, y, Rgb(random.random()));
        }
    }
}
