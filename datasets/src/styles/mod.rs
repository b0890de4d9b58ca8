//! Style sheets drawn here: six pictures, each in a manner of its own, to paint other pictures in.
//!
//! [`make`] writes them into one folder, `mosaic.png` and so on. They are pictures in their own right, made as such
//! pictures are made: stones are laid in rows, strokes follow a field, dots of three inks are printed over each other,
//! a pen goes around forms, boards of flat colours are printed one after the other, dots of pure colour are set side by
//! side. Three start from a picture by the same pencils as the content: halftone from an animal, hatching from a still
//! life, pointillism from a landscape. Another seed gives other pictures in the same manners.

mod flow_field;
mod halftone;
mod hatching;
mod mosaic;
mod pointillism;
mod woodblock;

use std::io;
use std::path::Path;

use nn::Random;

use crate::drawing::write_all;

/// A manner of making pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// Brush strokes that follow swirling air.
    FlowField,
    /// A comic in dots of three inks, with black lines.
    Halftone,
    /// Pen and ink on warm paper.
    Hatching,
    /// Small stones in mortar, some of them golden.
    Mosaic,
    /// Dots of pure colours.
    Pointillism,
    /// Waves printed from boards.
    Woodblock,
}

impl Style {
    /// All of them, by name.
    pub const ALL: [Style; 6] = [
        Style::FlowField,
        Style::Halftone,
        Style::Hatching,
        Style::Mosaic,
        Style::Pointillism,
        Style::Woodblock,
    ];

    /// Its name, which is also that of its file.
    pub fn name(self) -> &'static str {
        match self {
            Style::FlowField => "flow-field",
            Style::Halftone => "halftone",
            Style::Hatching => "hatching",
            Style::Mosaic => "mosaic",
            Style::Pointillism => "pointillism",
            Style::Woodblock => "woodblock",
        }
    }
}

/// Which style sheets to draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Another seed, other pictures in the same manners.
    pub seed: u64,
    /// Width and height in pixels.
    pub size: u32,
}

impl Default for Options {
    /// Of the first few seeds, the one whose six pictures look best side by side.
    fn default() -> Self {
        Self { seed: 4, size: 512 }
    }
}

/// Draws one style sheet: red, green and blue of `size` × `size` pixels, row by row. All that chance decides comes
/// from `random`.
///
/// ```
/// use datasets::styles::{Style, draw};
/// let pixels = draw(Style::Woodblock, 64, &mut nn::random(7, "my waves"));
/// assert_eq!(pixels.len(), 64 * 64 * 3);
/// ```
///
/// # Panics
/// If `size` is 0.
pub fn draw(style: Style, size: u32, random: &mut Random) -> Vec<u8> {
    let canvas = match style {
        Style::FlowField => flow_field::draw(size, random),
        Style::Halftone => halftone::draw(size, random),
        Style::Hatching => hatching::draw(size, random),
        Style::Mosaic => mosaic::draw(size, random),
        Style::Pointillism => pointillism::draw(size, random),
        Style::Woodblock => woodblock::draw(size, random),
    };
    canvas.bytes()
}

/// Draws all six into `folder`: `mosaic.png` … `on_progress` gets how many are done, of how many. The same options
/// give the same bytes.
///
/// # Errors
/// If a file cannot be written.
pub fn make(folder: &Path, options: &Options, on_progress: &(dyn Fn(usize, usize) + Sync)) -> io::Result<()> {
    let sheets = Style::ALL.map(|style| (format!("{}.png", style.name()).into(), style));
    let draw = |&style: &Style| {
        let place = format!("styles/{}", style.name());
        draw(style, options.size, &mut nn::random(options.seed, &place))
    };
    write_all(folder, &sheets, options.size, draw, on_progress)
}

#[cfg(test)]
mod tests;
