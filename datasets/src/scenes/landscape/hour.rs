//! The hour of the day and the season: from them come all colours of a landscape.

use nn::Random;

use crate::drawing::colour::{Colour, hex};
use crate::drawing::dice::Dice;

/// The number of the moonlit night among the hours.
const NIGHT: u32 = 4;

/// The light of an hour.
#[derive(Clone, Copy, Debug)]
pub struct Hour {
    /// The sky overhead, half-way down, and at the horizon.
    pub zenith: Colour,
    pub middle: Colour,
    pub low: Colour,
    pub sun: Colour,
    /// How high the sun or the moon stands, 0 just above the horizon and 1 overhead.
    pub height: f32,
    pub cloud: Colour,
    pub cloud_shade: Colour,
    /// What distance does to all colours.
    pub haze: Colour,
    /// What falls on the land.
    pub light: Colour,
    pub night: bool,
}

/// Colours of what grows.
#[derive(Clone, Copy, Debug)]
pub struct Season {
    pub grass: Colour,
    pub field: Colour,
    pub leaves: Colour,
    pub conifers: Colour,
    pub flowers: [Colour; 3],
    pub snow: bool,
}

impl Hour {
    pub fn new(random: &mut Random) -> Self {
        let number = random.choose(&[0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 7]);
        Self::numbered(number, random)
    }

    /// The hours by number; 0 is a clear day, and 1 a golden morning.
    pub fn numbered(number: u32, random: &mut Random) -> Self {
        let sky = |zenith, middle, low| (hex(zenith), hex(middle), hex(low));
        let (colours, sun, height, clouds, haze, light) = match number {
            // A clear day.
            0 => (
                sky(0x2a66ad, 0x6ba6dc, 0xd3e6f2),
                0xfff6dc,
                0.75,
                (0xffffff, 0x9db0c9),
                0xbfd6ea,
                0xffffff,
            ),
            // A golden morning.
            1 => (
                sky(0x4c7fb8, 0xa5c0d2, 0xfadfb2),
                0xffdf9e,
                0.3,
                (0xfff1da, 0xb19ca4),
                0xe6d0b4,
                0xfff0d6,
            ),
            // The sun goes down.
            2 => (
                sky(0x34407c, 0xb8637c, 0xfbae5c),
                0xffd488,
                0.1,
                (0xffb880, 0x6b4a72),
                0xcf8a86,
                0xd8a090,
            ),
            // It is about to go.
            3 => (
                sky(0x1f2550, 0x6a4f8a, 0xf0a48c),
                0xffc9a0,
                0.02,
                (0xe58f96, 0x46386a),
                0x80679a,
                0x8a7ca0,
            ),
            // A moonlit night.
            NIGHT => (
                sky(0x0b1433, 0x1d3163, 0x50709c),
                0xf6f2dc,
                0.6,
                (0x6b7fa8, 0x1c284e),
                0x3c5482,
                0x4c6296,
            ),
            // A pale day.
            5 => (
                sky(0x8794a2, 0xa7b3bc, 0xd6d9d6),
                0xf4f2ea,
                0.5,
                (0xdfe2e4, 0x77848f),
                0xb7c2c8,
                0xd0d8d8,
            ),
            // Dawn in teal.
            6 => (
                sky(0x285a7c, 0x7cb4b0, 0xfce6c4),
                0xfff0c8,
                0.16,
                (0xffe9d2, 0x6f97a2),
                0xa8c9c2,
                0xe6e6d6,
            ),
            // A rosy evening.
            _ => (
                sky(0x6f95c4, 0xdcb4c6, 0xffe2d0),
                0xfff0dc,
                0.22,
                (0xffeee6, 0xb08fae),
                0xd6b8c6,
                0xf2dcd8,
            ),
        };
        Self {
            zenith: colours.0,
            middle: colours.1,
            low: colours.2,
            sun: hex(sun),
            height: height + random.between(-0.04, 0.08),
            cloud: hex(clouds.0),
            cloud_shade: hex(clouds.1),
            haze: hex(haze),
            light: hex(light),
            night: number == NIGHT,
        }
    }

    /// A surface in this light; `haze` from 0, near, to 1, so far that it cannot be told from the air.
    pub fn on(&self, surface: Colour, haze: f32) -> Colour {
        surface.times(self.light).mix(self.haze, haze)
    }
}

impl Season {
    pub fn new(random: &mut Random) -> Self {
        Self::numbered(random.choose(&[0, 0, 1, 1, 2, 3, 4]))
    }

    /// The seasons by number; 0 is summer, 1 autumn and 2 spring.
    pub fn numbered(number: u32) -> Self {
        let (grass, field, leaves, conifers, flowers, snow) = match number {
            // Summer.
            0 => (
                0x6f9440,
                0xc9b65a,
                0x3f6b33,
                0x24483a,
                [0xf2efe0, 0xe8b93a, 0xc8404a],
                false,
            ),
            // Autumn.
            1 => (
                0xa98f42,
                0xd0a552,
                0xc7702a,
                0x33503a,
                [0xe0c070, 0xb0522e, 0xe8d9a8],
                false,
            ),
            // Spring.
            2 => (
                0x85b04c,
                0xbccb62,
                0xdc9bb4,
                0x2f5a3c,
                [0xffffff, 0xf6d84c, 0xe58fc0],
                false,
            ),
            // Heath and lavender.
            3 => (
                0x8a7a86,
                0xa98fc0,
                0x55704a,
                0x2f4a44,
                [0x9a6fc0, 0x7a58b0, 0xc9a8e0],
                false,
            ),
            // Winter.
            _ => (
                0xe4e9f0,
                0xd6dee8,
                0x7a6a62,
                0x2c4148,
                [0xffffff, 0xdfe8f2, 0xf4f6fa],
                true,
            ),
        };
        Self {
            grass: hex(grass),
            field: hex(field),
            leaves: hex(leaves),
            conifers: hex(conifers),
            flowers: flowers.map(hex),
            snow,
        }
    }
}
