//! A sheet of pixels to fill and write on, in letters that come with the program: no font of the system is needed.

use std::{io, path::Path};

use ab_glyph::{Font, FontRef, Glyph, ScaleFont, point};

use crate::colour::Colour;

/// Which point of a text lies at the given place: horizontally one of these, vertically the middle of a digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its left end.
    Left,
    /// Its middle.
    Centre,
    /// Its right end.
    Right,
}

/// A sheet of pixels, (0, 0) at the top left.
///
/// ```
/// use training::canvas::{Anchor, Canvas};
/// let mut canvas = Canvas::new(200, 40, [255; 3]);
/// canvas.text("a title", (10, 20), Anchor::Left, 16.0, [30; 3], false);
/// assert!(canvas.png()?.starts_with(b"\x89PNG"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Canvas {
    /// In pixels.
    pub width: usize,
    /// In pixels.
    pub height: usize,
    pixels: Vec<Colour>,
    regular: FontRef<'static>,
    bold: FontRef<'static>,
}

impl Canvas {
    /// A sheet all of one colour.
    pub fn new(width: usize, height: usize, paper: Colour) -> Self {
        let font = |bytes| FontRef::try_from_slice(bytes).expect("the font is compiled in");
        Self {
            width,
            height,
            pixels: vec![paper; width * height],
            regular: font(notosans::REGULAR_TTF),
            bold: font(notosans::BOLD_TTF),
        }
    }

    /// Colours one pixel to the share `cover`, 0 … 1; nothing happens beyond the edges.
    pub fn blend(&mut self, x: i32, y: i32, colour: Colour, cover: f32) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return;
        };
        if x >= self.width || y >= self.height {
            return;
        }
        let pixel = &mut self.pixels[y * self.width + x];
        for (under, over) in pixel.iter_mut().zip(colour) {
            let (below, above) = (f32::from(*under), f32::from(over));
            *under = (below + (above - below) * cover.clamp(0.0, 1.0)).round() as u8;
        }
    }

    /// Copies a picture of `width` pixels a row to the place of its upper left corner; what is beyond the edges is
    /// left out.
    pub fn paste(&mut self, (x, y): (i32, i32), width: usize, pixels: &[Colour]) {
        for (at, colour) in pixels.iter().enumerate() {
            self.blend(x + (at % width) as i32, y + (at / width) as i32, *colour, 1.0);
        }
    }

    /// Fills a rectangle.
    pub fn fill(&mut self, x: i32, y: i32, width: i32, height: i32, colour: Colour) {
        for y in y..y + height {
            for x in x..x + width {
                self.blend(x, y, colour, 1.0);
            }
        }
    }

    /// Fills a shape that is given by the distance of each place (in pixels, the middles of pixels at halves) to its
    /// edge, negative inside: the edge comes out smooth. Only the rectangle from `from` to `to` is looked at.
    pub fn fill_shape(
        &mut self,
        from: (f32, f32),
        to: (f32, f32),
        colour: Colour,
        distance: impl Fn(f32, f32) -> f32,
    ) {
        // What lies beyond the sheet would be looked at in vain.
        let most = |value: f32, side: usize| value.clamp(-1.0, side as f32 + 1.0);
        for y in most(from.1.floor(), self.height) as i32..most(to.1.ceil(), self.height) as i32 {
            for x in most(from.0.floor(), self.width) as i32..most(to.0.ceil(), self.width) as i32 {
                let cover = 0.5 - distance(x as f32 + 0.5, y as f32 + 0.5);
                if cover > 0.0 {
                    self.blend(x, y, colour, cover);
                }
            }
        }
    }

    /// Fills a disc.
    pub fn disc(&mut self, (x, y): (f32, f32), radius: f32, colour: Colour) {
        let reach = radius + 1.0;
        self.fill_shape(
            (x - reach, y - reach),
            (x + reach, y + reach),
            colour,
            |at_x, at_y| (at_x - x).hypot(at_y - y) - radius,
        );
    }

    /// Fills a rectangle with round corners.
    pub fn rounded(&mut self, (x, y): (f32, f32), (width, height): (f32, f32), radius: f32, colour: Colour) {
        let (half_width, half_height) = (width / 2.0, height / 2.0);
        let radius = radius.min(half_width).min(half_height);
        self.fill_shape((x, y), (x + width, y + height), colour, |at_x, at_y| {
            let outside_x = (at_x - x - half_width).abs() - half_width + radius;
            let outside_y = (at_y - y - half_height).abs() - half_height + radius;
            let corner = outside_x.max(0.0).hypot(outside_y.max(0.0));
            corner + outside_x.max(outside_y).min(0.0) - radius
        });
    }

    /// The pixels, row after row.
    pub fn into_pixels(self) -> Vec<Colour> {
        self.pixels
    }

    /// Fills one column of pixels from `top` to `bottom`, which may lie between pixels.
    pub fn fill_column(&mut self, x: i32, top: f32, bottom: f32, colour: Colour) {
        for y in top.floor() as i32..bottom.ceil() as i32 {
            let cover = bottom.min(y as f32 + 1.0) - top.max(y as f32);
            self.blend(x, y, colour, cover);
        }
    }

    /// The text, its end replaced by an ellipsis where it is wider than `most` pixels.
    pub fn shorten(&self, text: &str, size: f32, most: f32) -> String {
        let wide = |text: &str| self.text_width(text, size, false) > most;
        if !wide(text) {
            return text.to_string();
        }
        let short = |kept: usize| -> String { text.chars().take(kept).chain(['\u{2026}']).collect() };
        // Halving what is in question, for names may be thousands of letters long.
        let (mut fits, mut too_long) = (0, text.chars().count());
        while too_long - fits > 1 {
            let middle = usize::midpoint(fits, too_long);
            if wide(&short(middle)) {
                too_long = middle;
            } else {
                fits = middle;
            }
        }
        short(fits)
    }

    /// Width of a line of text in pixels.
    pub fn text_width(&self, text: &str, size: f32, bold: bool) -> f32 {
        self.lay_out(text, size, bold).1
    }

    /// The glyphs of a line that begins at 0, and its width.
    fn lay_out(&self, text: &str, size: f32, bold: bool) -> (Vec<Glyph>, f32) {
        let font = if bold { &self.bold } else { &self.regular };
        // The library counts a font's size from the top of Å to the bottom of g; everyone else counts the em.
        let line = font.height_unscaled() / font.units_per_em().unwrap_or(1000.0);
        let font = font.as_scaled(size * line);
        let (mut glyphs, mut x, mut previous) = (Vec::new(), 0.0, None);
        for id in text.chars().map(|character| font.glyph_id(character)) {
            x += previous.map_or(0.0, |previous| font.kern(previous, id));
            glyphs.push(id.with_scale_and_position(font.scale(), point(x, 0.0)));
            x += font.h_advance(id);
            previous = Some(id);
        }
        (glyphs, x)
    }

    /// Writes one line of `size` pixels an em.
    pub fn text(
        &mut self,
        text: &str,
        (x, y): (i32, i32),
        anchor: Anchor,
        size: f32,
        colour: Colour,
        bold: bool,
    ) {
        self.draw_text(text, anchor, size, bold, colour, |along, across| {
            (x + along, y + across)
        });
    }

    /// Writes one line that runs upwards, centred on the place.
    pub fn text_upwards(&mut self, text: &str, (x, y): (i32, i32), size: f32, colour: Colour) {
        self.draw_text(text, Anchor::Centre, size, false, colour, |along, across| {
            (x + across, y - along)
        });
    }

    fn draw_text(
        &mut self,
        text: &str,
        anchor: Anchor,
        size: f32,
        bold: bool,
        colour: Colour,
        place: impl Fn(i32, i32) -> (i32, i32),
    ) {
        let (glyphs, width) = self.lay_out(text, size, bold);
        let start = match anchor {
            Anchor::Left => 0.0,
            Anchor::Centre => -width / 2.0,
            Anchor::Right => -width,
        };
        let font = if bold {
            self.bold.clone()
        } else {
            self.regular.clone()
        };
        // Half the height of a digit lies above the place, half below.
        let baseline = (size * 0.36).round();
        for mut glyph in glyphs {
            glyph.position = point(glyph.position.x + start, baseline);
            if let Some(outline) = font.outline_glyph(glyph) {
                let corner = outline.px_bounds().min;
                outline.draw(|dx, dy, cover| {
                    let (x, y) = place(corner.x as i32 + dx as i32, corner.y as i32 + dy as i32);
                    self.blend(x, y, colour, cover);
                });
            }
        }
    }

    /// Writes the sheet as a PNG, whole or not at all.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        crate::write_whole(path, &self.png()?)
    }

    /// The sheet as a PNG file.
    pub fn png(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.encode(&mut bytes).map_err(io::Error::other)?;
        Ok(bytes)
    }

    fn encode(&self, bytes: &mut Vec<u8>) -> Result<(), png::EncodingError> {
        let mut encoder = png::Encoder::new(bytes, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(self.pixels.as_flattened())?;
        writer.finish()
    }
}
