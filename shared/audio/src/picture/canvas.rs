//! A sheet of pixels to fill and write on.

use std::path::Path;

use ab_glyph::{Font, FontRef, Glyph, ScaleFont, point};

use super::colour::{Colour, PAPER};
use crate::AudioError;

/// Which point of a text lies at the given place: horizontally one of these, vertically the middle of a digit.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Left,
    Centre,
    Right,
}

pub(super) struct Canvas {
    pub width: usize,
    pub height: usize,
    pixels: Vec<Colour>,
    regular: FontRef<'static>,
    bold: FontRef<'static>,
}

impl Canvas {
    pub fn new(width: usize, height: usize) -> Self {
        let font = |bytes| FontRef::try_from_slice(bytes).expect("the font is compiled in");
        Self {
            width,
            height,
            pixels: vec![PAPER; width * height],
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

    pub fn fill(&mut self, x: i32, y: i32, width: i32, height: i32, colour: Colour) {
        for y in y..y + height {
            for x in x..x + width {
                self.blend(x, y, colour, 1.0);
            }
        }
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
        let mut short = text.to_string();
        let mut kept = text.chars().count();
        while kept > 0 && self.text_width(&short, size, false) > most {
            kept -= 1;
            short = text.chars().take(kept).chain(['\u{2026}']).collect();
        }
        short
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
    pub fn save(&self, path: &Path) -> Result<(), AudioError> {
        let mut bytes = Vec::new();
        self.encode(&mut bytes).map_err(std::io::Error::other)?;
        Ok(training::write_whole(path, &bytes)?)
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
