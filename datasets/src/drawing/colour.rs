//! Colours: mixed, and named as painters do, by hue, strength and lightness.

/// Red, green and blue, from 0 to 1 for paint; amounts of light may be more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Colour(pub f32, pub f32, pub f32);

pub const BLACK: Colour = Colour(0.06, 0.05, 0.07);
pub const WHITE: Colour = Colour(1.0, 0.99, 0.97);

/// A colour as on the web: `hex(0xff8800)`.
pub const fn hex(code: u32) -> Colour {
    Colour(
        ((code >> 16) & 255) as f32 / 255.0,
        ((code >> 8) & 255) as f32 / 255.0,
        (code & 255) as f32 / 255.0,
    )
}

/// A colour by hue (0 to 1, red at both ends), strength and lightness.
pub fn hsl(hue: f32, strength: f32, lightness: f32) -> Colour {
    let reach = strength * lightness.min(1.0 - lightness);
    let part = |offset: f32| {
        let k = (offset + hue * 12.0).rem_euclid(12.0);
        lightness - reach * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0)
    };
    Colour(part(0.0), part(8.0), part(4.0))
}

impl Colour {
    /// This colour with a share of another.
    pub fn mix(self, other: Self, share: f32) -> Self {
        let part = |a: f32, b: f32| a + (b - a) * share;
        Self(
            part(self.0, other.0),
            part(self.1, other.1),
            part(self.2, other.2),
        )
    }

    /// This much of it.
    pub fn scaled(self, share: f32) -> Self {
        Self(self.0 * share, self.1 * share, self.2 * share)
    }

    /// Both lights together.
    pub fn plus(self, other: Self) -> Self {
        Self(self.0 + other.0, self.1 + other.1, self.2 + other.2)
    }

    /// This light on a surface of another colour.
    pub fn times(self, other: Self) -> Self {
        Self(self.0 * other.0, self.1 * other.1, self.2 * other.2)
    }

    pub fn darker(self, share: f32) -> Self {
        self.mix(BLACK, share)
    }

    pub fn lighter(self, share: f32) -> Self {
        self.mix(WHITE, share)
    }

    /// How light it looks, 0 to 1.
    pub fn lightness(self) -> f32 {
        0.3 * self.0 + 0.59 * self.1 + 0.11 * self.2
    }

    /// A line on this colour that can be seen: dark on light, and light on dark.
    pub fn line(self) -> Self {
        match self.lightness() {
            0.0..0.25 => self.lighter(0.42),
            0.25..0.4 => self.darker(0.8),
            _ => self.darker(0.72),
        }
    }

    pub fn opaque(self, opacity: f32) -> tiny_skia::Color {
        let part = |x: f32| x.clamp(0.0, 1.0);
        tiny_skia::Color::from_rgba(part(self.0), part(self.1), part(self.2), part(opacity))
            .unwrap_or(tiny_skia::Color::BLACK)
    }
}
