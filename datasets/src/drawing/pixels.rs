//! A canvas as so many pixels: what is computed for every place rather than drawn as a shape.

use tiny_skia::PremultipliedColorU8;

use super::canvas::Canvas;
use super::colour::Colour;

impl Canvas {
    /// Width of a pixel, in parts of the frame.
    pub fn pixel(&self) -> f32 {
        1.0 / self.pixmap.width() as f32
    }

    /// Repaints the whole frame: `colour` gets a place and the colour that is there, and says the new one.
    pub fn repaint(&mut self, colour: impl Fn(f32, f32, Colour) -> Colour) {
        let pixel = self.pixel();
        let size = self.pixmap.width() as usize;
        for (index, old) in self.pixmap.pixels_mut().iter_mut().enumerate() {
            let (x, y) = middle(index, size, pixel);
            *old = packed(colour(x, y, unpacked(*old)));
        }
    }

    /// Lays a sheet of the same size over this one; where nothing was drawn on it, this one is seen. `colour` is given
    /// the place and the colour of what is laid there, and may change it.
    pub fn lay(&mut self, sheet: &Canvas, colour: impl Fn(f32, f32, Colour) -> Colour) {
        let pixel = self.pixel();
        let size = self.pixmap.width() as usize;
        let laid = sheet.pixmap.pixels().iter().zip(self.pixmap.pixels_mut());
        for (index, (new, old)) in laid.enumerate() {
            let opacity = f32::from(new.alpha()) / 255.0;
            if opacity > 0.0 {
                let (x, y) = middle(index, size, pixel);
                let own = unpacked(*new).scaled(1.0 / opacity);
                *old = packed(unpacked(*old).mix(colour(x, y, own), opacity));
            }
        }
    }

    /// The colour at a place, between pixels too; outside of the frame that of its edge.
    pub fn colour_at(&self, x: f32, y: f32) -> Colour {
        let size = self.pixmap.width();
        let place = |x: f32| (x * size as f32 - 0.5).clamp(0.0, (size - 1) as f32);
        let (x, y) = (place(x), place(y));
        let at = |right: u32, down: u32| {
            let (column, row) = ((x as u32 + right).min(size - 1), (y as u32 + down).min(size - 1));
            unpacked(self.pixmap.pixels()[(row * size + column) as usize])
        };
        let top = at(0, 0).mix(at(1, 0), x.fract());
        top.mix(at(0, 1).mix(at(1, 1), x.fract()), y.fract())
    }

    /// Blurs the frame as a lens does that looks at something nearer; `radius` is in parts of the frame:
    /// 1.7 standard deviations, rounded to whole pixels. Below 0.85 pixels nothing is blurred.
    pub fn blur(&mut self, radius: f32) {
        let size = self.pixmap.width() as usize;
        let reach = (radius * size as f32 / 1.7).round() as usize;
        let mut colours: Vec<Colour> = self.pixmap.pixels().iter().copied().map(unpacked).collect();
        // Three running means, in rows and then in columns, are as good as a bell curve.
        for _ in 0..3 {
            running_mean(&mut colours, size, 1, size, reach);
            running_mean(&mut colours, size, size, 1, reach);
        }
        for (pixel, colour) in self.pixmap.pixels_mut().iter_mut().zip(colours) {
            *pixel = packed(colour);
        }
    }
}

/// Replaces every colour by the mean over `reach` neighbours on either side, along lines of pixels `step` apart; one
/// line is `line` away from the next.
fn running_mean(colours: &mut [Colour], size: usize, step: usize, line: usize, reach: usize) {
    let share = 1.0 / (2 * reach + 1) as f32;
    for start in 0..size {
        let old: Vec<Colour> = (0..size)
            .map(|index| colours[start * line + index * step])
            .collect();
        let at = |index: isize| old[index.clamp(0, size as isize - 1) as usize];
        let reach = reach as isize;
        let mut sum = (-reach..=reach).fold(Colour(0.0, 0.0, 0.0), |sum, index| sum.plus(at(index)));
        for index in 0..size {
            colours[start * line + index * step] = sum.scaled(share);
            let here = index as isize;
            sum = sum.plus(at(here + reach + 1)).plus(at(here - reach).scaled(-1.0));
        }
    }
}

fn middle(index: usize, size: usize, pixel: f32) -> (f32, f32) {
    (
        ((index % size) as f32 + 0.5) * pixel,
        ((index / size) as f32 + 0.5) * pixel,
    )
}

fn unpacked(pixel: PremultipliedColorU8) -> Colour {
    Colour(pixel.red().into(), pixel.green().into(), pixel.blue().into()).scaled(1.0 / 255.0)
}

fn packed(colour: Colour) -> PremultipliedColorU8 {
    colour.opaque(1.0).premultiply().to_color_u8()
}
