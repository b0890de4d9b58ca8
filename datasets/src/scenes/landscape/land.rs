//! Mountains, hills and meadows, one behind the other.

use nn::Random;

use super::hour::{Hour, Season};
use crate::drawing::canvas::{Canvas, curve, ellipse};
use crate::drawing::colour::{Colour, WHITE, hex};
use crate::drawing::dice::Dice;
use crate::drawing::noise::{Noise, smooth};

/// What covers a fold of the land.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cover {
    /// Bare rock, with snow high up.
    Peaks,
    Woods,
    /// Grass, divided into fields.
    Fields,
}

/// One fold of the land, from its crest down.
pub struct Ridge {
    cover: Cover,
    /// Where its foot is in the frame.
    base: f32,
    height: f32,
    /// Bumps across the frame.
    frequency: f32,
    haze: f32,
    noise: Noise,
    rock: Colour,
    snow_line: f32,
}

impl Ridge {
    pub fn new(cover: Cover, base: f32, height: f32, haze: f32, random: &mut Random) -> Self {
        Self {
            cover,
            base,
            height,
            frequency: match cover {
                Cover::Peaks => random.between(1.1, 1.9),
                Cover::Woods => random.between(1.6, 2.8),
                Cover::Fields => random.between(0.9, 1.7),
            },
            haze,
            noise: Noise::new(random),
            rock: hex(random.choose(&[0x6a6e7a, 0x776a62, 0x5c6470, 0x82705e])),
            snow_line: random.between(0.25, 0.75),
        }
    }

    /// Where the crest is.
    pub fn crest(&self, x: f32) -> f32 {
        let x = x * self.frequency;
        self.base
            - self.height
                * match self.cover {
                    Cover::Peaks => 1.35 * self.noise.ridged(x, 0.5, 6),
                    Cover::Woods => 0.55 + 0.7 * self.noise.layered(x, 0.5, 4),
                    Cover::Fields => 0.55 + 0.7 * self.noise.layered(x, 0.5, 2),
                }
    }

    /// `towards` is 1 if the light comes from the right, -1 if from the left.
    pub fn draw(&self, canvas: &mut Canvas, hour: &Hour, season: &Season, towards: f32) {
        let pixel = canvas.pixel();
        // The crest is the same for a whole column, and the frame is painted in rows.
        let columns = (1.0 / pixel).round() as usize;
        let crests: Vec<f32> = (0..columns)
            .map(|column| self.crest((column as f32 + 0.5) * pixel))
            .collect();
        canvas.repaint(|x, y, behind| {
            let depth = y - crests[((x / pixel) as usize).min(columns - 1)];
            if depth < -pixel {
                return behind;
            }
            let surface = match self.cover {
                Cover::Peaks => self.rocks(x, depth, season, towards),
                Cover::Woods => self.woods(x, depth, season, towards),
                Cover::Fields => self.fields(x, depth, season),
            };
            // Mist lies in the valleys.
            let mist = 0.35 * self.haze * smooth(0.0, 1.0, depth / self.height);
            behind.mix(
                hour.on(surface, (self.haze + mist).min(1.0)),
                (depth / pixel + 0.5).clamp(0.0, 1.0),
            )
        });
    }

    fn rocks(&self, x: f32, depth: f32, season: &Season, towards: f32) -> Colour {
        let down = depth / self.height;
        // Faces go on below the crest as the crest runs, ever more crookedly.
        let crooked = x + 0.16 * down * self.noise.layered(3.0 * x, 7.0 + 4.0 * depth, 3);
        let slope = (self.crest(crooked + 0.012) - self.crest(crooked - 0.012)) / 0.024;
        let gully = self.noise.ridged(9.0 * x, 3.0 + 5.0 * depth, 4) - 0.4;
        let lit = (0.5 - 0.28 * towards * slope + 0.5 * gully).clamp(0.0, 1.0);
        let line = if season.snow { 2.0 } else { self.snow_line };
        let snow = smooth(
            -0.12,
            0.12,
            line - down + 0.5 * gully + 0.2 * self.noise.at(14.0 * x, 14.0 * depth),
        );
        let rock = self.rock.darker(0.5).mix(self.rock.lighter(0.25), lit);
        let white = hex(0x8ea3c6).mix(WHITE, smooth(0.1, 0.7, lit));
        rock.mix(white, snow)
    }

    fn woods(&self, x: f32, depth: f32, season: &Season, towards: f32) -> Colour {
        let scale = 44.0 + 50.0 * self.haze;
        let tree = |x: f32| self.noise.ridged(scale * x, 40.0 + 0.8 * scale * depth, 2);
        let relief = self.noise.layered(4.0 * x, 20.0 + 6.0 * depth, 3);
        let lit = (0.5 + 1.1 * (tree(x - 0.3 * towards / scale) - tree(x)) + 0.6 * relief).clamp(0.0, 1.0);
        let mixed = smooth(0.0, 0.5, self.noise.at(0.4 * scale * x, 90.0 + scale * depth));
        let leaves = season
            .conifers
            .mix(season.leaves, if season.snow { 0.1 } else { 0.55 * mixed });
        let colour = leaves.darker(0.35).mix(leaves.lighter(0.22), lit);
        match season.snow {
            true => colour.mix(WHITE, 0.35 * smooth(0.4, 0.8, lit)),
            false => colour,
        }
    }

    fn fields(&self, x: f32, depth: f32, season: &Season) -> Colour {
        let warp = 0.06 * self.noise.at(3.0 * x, 5.0 * depth);
        let (u, v) = (5.0 * (x + warp) + 3.0 * depth, 16.0 * depth / (1.0 + 2.0 * depth));
        let lot = self.noise.lot(u.floor() as i32, v.floor() as i32);
        let edge = (u.fract().min(1.0 - u.fract()) / 5.0).min(v.fract().min(1.0 - v.fract()) / 12.0);
        let crop = season.grass.mix(season.field, smooth(0.3, 0.9, lot));
        let furrows = if lot > 0.55 {
            0.05 * (160.0 * (x + 0.5 * depth)).sin()
        } else {
            0.0
        };
        let relief = 0.3 * self.noise.layered(2.5 * x, 6.0 * depth, 3) + furrows;
        let colour = crop
            .lighter((0.12 + relief).max(0.0))
            .darker((0.1 - relief).max(0.0));
        colour.mix(season.conifers, 0.7 * (1.0 - smooth(0.0, 0.007, edge)))
    }
}

/// The grass at the viewer's feet, from `top` down: blades, and flowers that grow larger the nearer they are.
pub fn meadow(
    canvas: &mut Canvas,
    top: impl Fn(f32) -> f32,
    hour: &Hour,
    season: &Season,
    random: &mut Random,
) {
    let noise = Noise::new(random);
    let pixel = canvas.pixel();
    canvas.repaint(|x, y, behind| {
        let depth = y - top(x);
        if depth < -pixel {
            return behind;
        }
        let near = 1.0 / (depth + 0.12);
        let sway = 0.6 * noise.at(4.0 * x, 6.0 * y);
        let tufts = noise.layered(5.0 * (x - 0.5) * near + sway, 7.0 * near, 3);
        let blades = 0.7 * tufts + 0.6 * noise.at(30.0 * (x - 0.5) * near.min(3.0) + 2.0 * sway, 9.0 * near);
        let broad = noise.layered(2.0 * x, 5.0 * depth, 3);
        let colour = season.grass.mix(season.field, smooth(-0.2, 0.7, broad));
        let lit = 0.6 * blades + 0.3 * broad - 0.5 * depth;
        let colour = colour
            .lighter(0.5 * lit.max(0.0))
            .darker(0.9 * (-lit).clamp(0.0, 1.0));
        behind.mix(
            hour.on(colour, 0.12 * smooth(0.25, 0.0, depth)),
            (depth / pixel + 0.5).clamp(0.0, 1.0),
        )
    });
    if season.snow {
        return;
    }
    let mut flowers: Vec<(f32, f32, Colour)> = (0..260)
        .map(|_| {
            let (x, depth) = (random.between(0.0, 1.0), random.between(0.0, 1.0).powf(1.4));
            let start = top(x);
            (
                x,
                start + 0.02 + depth * (1.0 - start),
                random.choose(&season.flowers),
            )
        })
        .filter(|&(x, y, _)| noise.layered(3.0 * x, 4.0 * y, 2) > 0.05)
        .collect();
    flowers.sort_by(|a, b| a.1.total_cmp(&b.1));
    for (x, y, colour) in flowers {
        let size = 0.0025 + 0.011 * ((y - top(x)) / 0.4).clamp(0.0, 1.0);
        let stalk = curve(&[(x, y), (x + 0.3 * size, y + 3.0 * size)]);
        canvas.line(stalk, 0.35 * size, hour.on(season.grass.darker(0.4), 0.0), 0.8);
        let petals = ellipse(x, y, size, 0.75 * size);
        canvas.fill(petals, hour.on(colour, 0.0), 0.95);
        let heart = ellipse(x, y, 0.35 * size, 0.3 * size);
        canvas.fill(heart, hour.on(hex(0xd9982e), 0.0), 0.9);
    }
}
