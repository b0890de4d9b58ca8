//! The inks of a print.

use nn::Random;

use crate::drawing::colour::{Colour, hex};
use crate::drawing::dice::Dice;

/// What is printed with; `paper` is where no board prints.
#[derive(Clone, Copy)]
pub struct Inks {
    pub line: Colour,
    pub deep: Colour,
    pub middle: Colour,
    pub pale: Colour,
    pub paper: Colour,
    pub sky: Colour,
    pub sun: Colour,
}

impl Inks {
    /// Blues for the water; the sky and the sun are drawn by lot.
    pub fn new(random: &mut Random) -> Self {
        let (sky, sun) = random.choose(&[(0x9fb4b8, 0xc8503c), (0xd8b48c, 0xb8402c), (0xb4a8a0, 0xd0643c)]);
        Self {
            line: hex(0x16244a),
            deep: hex(0x1f3d76),
            middle: hex(0x4a7aa8),
            pale: hex(0xa4c2cc),
            paper: hex(0xf1e6cb),
            sky: hex(sky),
            sun: hex(sun),
        }
    }
}
