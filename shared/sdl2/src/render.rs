//! The canvas.

use crate::{
    pixels::{Color, PixelFormatEnum},
    rect::{Point, Rect},
};

/// What is drawn on: rows of pixels, from the upper left.
pub struct WindowCanvas {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 3]>,
    draw_color: Color,
}

/// A second sheet, of which a canvas can be made for a while.
pub struct Texture(WindowCanvas);

/// Makes textures.
pub struct TextureCreator;

impl TextureCreator {
    /// A black sheet of so many pixels.
    ///
    /// # Errors
    /// Never.
    pub fn create_texture_target(
        &self,
        _format: PixelFormatEnum,
        width: u32,
        height: u32,
    ) -> Result<Texture, String> {
        Ok(Texture(WindowCanvas::new(width, height)))
    }
}

impl WindowCanvas {
    pub(crate) fn new(width: u32, height: u32) -> Self {
        let (width, height) = (width as usize, height as usize);
        WindowCanvas {
            width,
            height,
            pixels: vec![[0; 3]; width * height],
            draw_color: Color::BLACK,
        }
    }

    /// What makes textures for this canvas.
    pub fn texture_creator(&self) -> TextureCreator {
        TextureCreator
    }

    /// Lets `draw` draw on the texture as if it were the canvas.
    ///
    /// # Errors
    /// Never.
    pub fn with_texture_canvas(
        &mut self,
        texture: &mut Texture,
        draw: impl FnOnce(&mut WindowCanvas),
    ) -> Result<(), String> {
        draw(&mut texture.0);
        Ok(())
    }

    /// Copies the texture, mirrored or not. The games' heights count upwards and rows of pixels downwards, so gym-rs
    /// mirrors every picture vertically.
    ///
    /// # Errors
    /// When it is to be turned, or is of another size: gym-rs asks for neither.
    #[allow(clippy::too_many_arguments, reason = "SDL2's")]
    pub fn copy_ex(
        &mut self,
        texture: &Texture,
        _from: Option<Rect>,
        _to: Option<Rect>,
        angle: f64,
        _center: Option<Point>,
        flip_horizontal: bool,
        flip_vertical: bool,
    ) -> Result<(), String> {
        let Texture(source) = texture;
        if angle != 0.0 || (source.width, source.height) != (self.width, self.height) {
            return Err("a texture is copied unturned, to a canvas of its own size".to_string());
        }
        let rows = source.pixels.chunks_exact(source.width);
        for (y, row) in rows.enumerate() {
            let y = if flip_vertical { self.height - 1 - y } else { y };
            let to = &mut self.pixels[y * self.width..][..self.width];
            to.copy_from_slice(row);
            if flip_horizontal {
                to.reverse();
            }
        }
        Ok(())
    }

    /// Shows what was drawn: there is nobody to show it to.
    pub fn present(&mut self) {}

    /// The colour of what is drawn from now on with [`clear`](Self::clear) and [`draw_lines`](Self::draw_lines).
    pub fn set_draw_color(&mut self, color: Color) {
        self.draw_color = color;
    }

    /// Fills all of it.
    pub fn clear(&mut self) {
        self.pixels.fill(self.draw_color.0);
    }

    /// A line from each point to the next. SDL2's have steps; these are smooth.
    ///
    /// # Errors
    /// Never.
    pub fn draw_lines(&mut self, points: &[Point]) -> Result<(), String> {
        for pair in points.windows(2) {
            let [from, to] = [pair[0], pair[1]].map(|point| (point.x, point.y));
            self.line(from, to, self.draw_color);
        }
        Ok(())
    }

    /// The pixels in rows from the upper left, three bytes each.
    ///
    /// # Errors
    /// Never.
    pub fn read_pixels(&self, _part: Option<Rect>, _format: PixelFormatEnum) -> Result<Vec<u8>, String> {
        Ok(self.pixels.as_flattened().to_vec())
    }

    /// A smooth line between the middles of two pixels, one pixel wide.
    pub(crate) fn line(&mut self, from: (i32, i32), to: (i32, i32), color: Color) {
        let [(x0, y0), (x1, y1)] = [from, to].map(|(x, y)| (f64::from(x), f64::from(y)));
        let (right, down) = (x1 - x0, y1 - y0);
        let squared = (right * right + down * down).max(f64::MIN_POSITIVE);
        self.shade(&[from.0, to.0], &[from.1, to.1], color, |x, y| {
            // How far along the line its nearest point is, then how far away that is.
            let along = (((x - x0) * right + (y - y0) * down) / squared).clamp(0.0, 1.0);
            1.0 - f64::hypot(x - x0 - along * right, y - y0 - along * down)
        });
    }

    /// Blends `color` into each pixel near the points of a shape by the share of it, 0 … 1, that `cover(x, y)` says the
    /// shape covers; nothing happens beyond the edges.
    pub(crate) fn shade(&mut self, xs: &[i32], ys: &[i32], color: Color, cover: impl Fn(f64, f64) -> f64) {
        for y in near(ys, self.height) {
            for x in near(xs, self.width) {
                let cover = cover(x as f64, y as f64).clamp(0.0, 1.0);
                let pixel = &mut self.pixels[y * self.width + x];
                for (old, new) in pixel.iter_mut().zip(color.0) {
                    *old = (f64::from(*old) * (1.0 - cover) + f64::from(new) * cover).round() as u8;
                }
            }
        }
    }
}

/// From the least to the greatest and one beyond, as far as there are pixels.
fn near(places: &[i32], pixels: usize) -> std::ops::Range<usize> {
    let inside = |place: i32| (place.max(0) as usize).min(pixels);
    let least = places.iter().min().map_or(0, |&least| least - 1);
    let greatest = places.iter().max().map_or(0, |&greatest| greatest + 2);
    inside(least)..inside(greatest)
}
