//! What the painter is given: pieces of photographs, and the style that is wanted of each.

use anyhow::Result;
use candle_core::{Device, Tensor};
use rand::Rng;
use training::{Batch, Dataset, Pass, Splits};
use vision::RgbImage;

use crate::{
    canvas::{Window, sheet},
    palette::Palette,
    photographs::{self, Photograph},
};

/// Photographs are kept this much larger than what is cut from them.
const MARGIN: f32 = 1.5;
/// Pixels of the shorter side of the pictures that are tested on.
pub const TEST_SIDE: u32 = 256;

/// One part of the photographs.
pub struct Photographs {
    /// The shorter side at least as long as what is cut out.
    pub pictures: Vec<RgbImage>,
    names: Vec<String>,
    /// The colours of each.
    palettes: Vec<Palette>,
    /// Pixels across and down of what is cut out.
    side: u32,
    /// The colours of the styles that are to be painted in.
    styles: Vec<Palette>,
    /// How many examples: one of each photograph, or more where there are more styles.
    count: usize,
}

/// Pieces of photographs, and the style that is wanted of each.
#[derive(Clone)]
pub struct Commission {
    /// Photographs in the colours of their style, and grain: (batch, [`INPUTS`](crate::canvas::INPUTS), side, side).
    pub sheets: Tensor,
    /// (batch): numbers of styles.
    pub wanted: Tensor,
}

impl Commission {
    /// The photographs in the colours of their style, without grain: (batch, 3, side, side).
    pub fn photographs(&self) -> candle_core::Result<Tensor> {
        self.sheets.narrow(1, 0, 3)
    }
}

impl Batch for Commission {
    fn len(&self) -> usize {
        self.wanted.elem_count()
    }

    fn to_device(&self, device: &Device) -> candle_core::Result<Self> {
        Ok(Commission {
            sheets: self.sheets.to_device(device)?,
            wanted: self.wanted.to_device(device)?,
        })
    }
}

/// Opens the photographs named `what`, made if need be, to be painted in `styles`: the name of the set, what a reader of the
/// results should know, and the three parts.
pub fn open(what: &str, side: u32, styles: &[Palette]) -> Result<(String, Vec<String>, Splits<Photographs>)> {
    let shorter = ((side as f32 * MARGIN) as u32).max(TEST_SIDE);
    let found = photographs::open(what, shorter)?;
    for note in found.notes.iter().skip(1) {
        training::say(format!("note      {note}"));
    }
    let part = |photographs: Vec<Photograph>, least: usize| {
        let (pictures, names): (Vec<RgbImage>, Vec<String>) = photographs
            .into_iter()
            .map(|photograph| (photograph.picture, photograph.name))
            .unzip();
        Photographs {
            palettes: pictures.iter().map(Palette::of).collect(),
            count: pictures.len().max(least),
            pictures,
            names,
            side,
            styles: styles.to_vec(),
        }
    };
    let [train, valid, test] = found.parts;
    let splits = Splits {
        train: part(train, 1),
        // So that no style is left untested.
        valid: part(valid, styles.len()),
        test: part(test, styles.len()),
    };
    Ok((found.name, found.notes, splits))
}

impl Photographs {
    /// Example `index` where nothing is left to chance: which photograph, and the number of the style.
    pub fn example(&self, index: usize) -> (usize, usize) {
        (index % self.pictures.len(), index % self.styles.len())
    }
}

impl Dataset for Photographs {
    type Batch = Commission;

    fn len(&self) -> usize {
        self.count
    }

    /// In training a piece from anywhere, mirrored or not, for any of the styles; else the middle, for each style by turns.
    fn batch(&self, indices: &[usize], pass: Pass) -> Result<Commission> {
        let (mut sheets, mut wanted) = (Vec::new(), Vec::new());
        for &index in indices {
            let (number, mut style) = self.example(index);
            let picture = &self.pictures[number];
            let (piece, grain) = match pass.train {
                true => {
                    let mut random = pass.random(index);
                    let piece = piece(picture, self.side, &mut random);
                    style = random.random_range(0..self.styles.len());
                    (piece, (random.random(), random.random()))
                }
                false => (vision::cover(picture, self.side, self.side), (0, 0)),
            };
            let piece = self.palettes[number].to(&self.styles[style]).of(&piece);
            let all = Window {
                left: 0,
                top: 0,
                width: self.side,
                height: self.side,
            };
            sheets.push(sheet(&piece, all, grain, &Device::Cpu)?);
            wanted.push(style as u32);
        }
        Ok(Commission {
            sheets: Tensor::cat(&sheets, 0)?,
            wanted: Tensor::new(wanted, &Device::Cpu)?,
        })
    }

    fn name(&self, index: usize) -> String {
        self.names[self.example(index).0].clone()
    }
}

/// A square of `side` pixels from somewhere in the picture.
fn piece(picture: &RgbImage, side: u32, random: &mut nn::Random) -> RgbImage {
    let (width, height) = picture.dimensions();
    let (left, top) = (
        random.random_range(0..=width - side),
        random.random_range(0..=height - side),
    );
    let mirrored = random.random::<bool>();
    RgbImage::from_fn(side, side, |x, y| {
        let x = if mirrored { side - 1 - x } else { x };
        *picture.get_pixel(left + x, top + y)
    })
}
