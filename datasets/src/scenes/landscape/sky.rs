//! The sky: its colours, sun or moon, clouds and stars.

use nn::Random;

use super::hour::Hour;
use crate::drawing::canvas::{Canvas, ellipse};
use crate::drawing::colour::{Colour, WHITE};
use crate::drawing::dice::Dice;
use crate::drawing::noise::{Noise, smooth};

/// A sky above a horizon.
pub struct Sky {
    hour: Hour,
    horizon: f32,
    pub sun: (f32, f32),
    /// Share of the sky that clouds leave open.
    open: f32,
    /// How large the clouds are.
    scale: f32,
    clouds: Noise,
    stars: Vec<(f32, f32, f32)>,
}

impl Sky {
    pub fn new(hour: Hour, horizon: f32, random: &mut Random) -> Self {
        let beside = random.sign() * random.between(0.12, 0.34);
        Self {
            hour,
            horizon,
            sun: (0.5 + beside, horizon * (0.94 - 0.8 * hour.height)),
            open: random.between(-0.2, 0.26),
            scale: random.between(0.35, 0.7),
            clouds: Noise::new(random),
            stars: (0..90)
                .map(|_| {
                    let place = (random.between(0.0, 1.0), random.between(0.0, horizon));
                    (place.0, place.1, random.between(0.0, 1.0).powi(3))
                })
                .collect(),
        }
    }

    pub fn draw(&self, canvas: &mut Canvas) {
        canvas.repaint(|x, y, _| self.clear(x, y));
        if self.hour.night {
            for &(x, y, brightness) in &self.stars {
                let radius = 0.0012 + 0.0022 * brightness;
                canvas.fill(ellipse(x, y, radius, radius), WHITE, 0.35 + 0.6 * brightness);
            }
        }
        let (x, y) = self.sun;
        let radius = if self.hour.night { 0.04 } else { 0.034 };
        canvas.fill(ellipse(x, y, radius, radius), self.hour.sun.lighter(0.6), 1.0);
        canvas.repaint(|x, y, colour| self.clouded(x, y, colour));
    }

    fn clear(&self, x: f32, y: f32) -> Colour {
        let hour = &self.hour;
        let height = (1.0 - y / self.horizon).clamp(0.0, 1.0);
        let colour = match height < 0.4 {
            true => hour.low.mix(hour.middle, smooth(0.0, 1.0, height / 0.4)),
            false => hour.middle.mix(hour.zenith, ((height - 0.4) / 0.6).powf(0.85)),
        };
        // Air near the sun is bright, most of all along the horizon.
        let (across, up) = (x - self.sun.0, y - self.sun.1);
        let glow = (-(2.5 * across * across + 9.0 * up * up)).exp();
        let colour = colour.mix(hour.sun, if hour.night { 0.16 } else { 0.42 } * glow);
        let halo = (-across.hypot(up) / 0.055).exp();
        colour.mix(hour.sun, (0.9 * halo).min(1.0))
    }

    /// Clouds lie in a plane overhead, so they are smaller and flatter the nearer to the horizon.
    fn clouded(&self, x: f32, y: f32, behind: Colour) -> Colour {
        let height = self.horizon - y;
        if height <= 0.0 {
            return behind;
        }
        let distance = 1.0 / (height + 0.22);
        let density = |x: f32, y: f32| {
            let distance = 1.0 / (self.horizon - y + 0.22);
            let (u, v) = ((x - 0.5) * distance, 1.3 * distance);
            let cover = self.clouds.layered(u / self.scale, v / self.scale, 6);
            smooth(self.open, self.open + 0.5, cover)
        };
        let here = density(x, y);
        if here == 0.0 {
            return behind;
        }
        // Where there is less of the cloud towards the sun, its light comes through.
        let (across, up) = (self.sun.0 - x, self.sun.1 - y);
        let length = 0.035 * distance / 2.0 / across.hypot(up).max(0.05);
        let towards = density(x + across * length, (y + up * length).min(self.horizon - 0.001));
        let lit = (0.55 + 0.9 * (here - towards) - 0.25 * here * here).clamp(0.0, 1.0);
        let colour = self.hour.cloud_shade.mix(self.hour.cloud, lit);
        let far = smooth(0.0, 0.16, height);
        behind.mix(colour, 0.92 * here * far)
    }
}
