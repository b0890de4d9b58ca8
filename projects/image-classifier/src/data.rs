//! From a folder of pictures to what the network sees: small pictures as tensors, and their classes.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use crate::model::Network;
use anyhow::{Context, Result};
use candle_core::{Device, Tensor};
use datasets::{Collection, Example, Options};
use rayon::prelude::*;
use training::{Dataset, Labelled, Pass, Splits, Told, baseline::Table};
use vision::{Augment, Normalisation, RgbImage, VisionError, packed};

/// Pictures are kept in memory a little larger than the network sees them, for augmentation to cut from.
const MARGIN: f32 = 1.15;
/// So much memory pictures may take; what does not fit is read from its file whenever it is needed.
const MEMORY: usize = 1 << 30;
/// Pixels across of what the linear baseline sees.
const BASELINE_SIDE: u32 = 32;
/// So many training pictures it learns from at most: a linear model gains little from more, and would take minutes.
const BASELINE_PICTURES: usize = 6_000;

/// How pictures are seen.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Pixels across and down.
    pub side: u32,
    /// What the pixels become.
    pub normalisation: Normalisation,
    /// What may happen to a picture in training.
    pub augment: Augment,
}

/// What may happen to photographs in training: mirrored, turned, nearer, lighter, a piece covered.
pub const FOR_PHOTOGRAPHS: Augment = Augment {
    erase: 0.1,
    ..Augment::usual()
};

/// What may happen to tiny pictures of one thing in the middle: mirrored, moved by two pixels.
pub const FOR_TINY_PICTURES: Augment = Augment {
    flip: true,
    shift: 0.07,
    ..Augment::none()
};

/// What is known of the data beside its pictures.
pub struct About {
    /// The set's or the folder's name.
    pub name: String,
    /// The classes, in the order of their numbers.
    pub classes: Vec<String>,
    /// What a reader of the report should know.
    pub notes: Vec<String>,
    /// Whether they are pictures of a few pixels, packed in files as MNIST is.
    pub tiny: bool,
}

/// One part of the data.
#[derive(Clone)]
pub struct Pictures {
    stored: Vec<Stored>,
    /// The class of each.
    pub classes: Vec<u32>,
    names: Vec<String>,
    /// How they are seen.
    pub view: View,
}

#[derive(Clone)]
enum Stored {
    Memory(RgbImage),
    /// Read anew every time: memory has no room for it.
    File(PathBuf),
}

/// Opens the data named `what`, makes or fetches it if need be, and reads every picture. What cannot be read is left
/// out and named in the notes.
pub fn open(
    what: &str,
    split: Option<PathBuf>,
    side: Option<u32>,
    flip: bool,
    network: Network,
) -> Result<(About, Splits<Pictures>)> {
    let progress = Told::default();
    let on_progress = |doing: &str, done: u64, total: u64| progress.tell(doing, done, total);
    if let Some(set) = open_packed(what, &on_progress)? {
        // A mirrored 3 is no digit.
        let digits = set.classes.iter().all(|class| class.parse::<u8>().is_ok());
        let view = View {
            side: side.unwrap_or(set.train.width as u32),
            normalisation: network.normalisation(),
            augment: Augment {
                flip: flip && !digits,
                ..FOR_TINY_PICTURES
            },
        };
        return Ok(from_packed(what, set, view));
    }
    let view = View {
        side: side.unwrap_or(network.side()),
        normalisation: network.normalisation(),
        augment: Augment {
            flip,
            ..FOR_PHOTOGRAPHS
        },
    };
    let options = Options {
        split,
        on_progress: &on_progress,
        ..Options::new(&vision::EXTENSIONS)
    };
    let mut collection = datasets::open(what, &options)?;
    let used = AtomicUsize::new(0);
    let parts = collection.read(&on_progress, |example| read(&example.path, view.side, &used))?;
    let [train, valid, test] = parts.map(|part| Pictures::new(&collection, part, view));
    drop(progress);
    let about = about(&collection);
    Ok((about, Splits { train, valid, test }))
}

/// The picture in a file, reduced to what training needs of it, as long as there is room.
fn read(path: &Path, side: u32, used: &AtomicUsize) -> Result<Stored, VisionError> {
    let picture = reduced(&vision::open(path)?, side);
    let bytes = picture.as_raw().len();
    match used.fetch_add(bytes, Ordering::Relaxed) + bytes <= MEMORY {
        true => Ok(Stored::Memory(picture)),
        false => Ok(Stored::File(path.to_path_buf())),
    }
}

/// A margin wider than the network sees it, and not too wide or too high.
fn reduced(picture: &RgbImage, side: u32) -> RgbImage {
    vision::shrink(picture, (side as f32 * MARGIN) as u32, 1.5)
}

/// The set that `what` names if it is packed in files as MNIST and CIFAR are, else nothing.
fn open_packed(what: &str, on_progress: datasets::OnProgress<'_>) -> Result<Option<packed::PackedSet>> {
    let folder = match datasets::cards::find(what) {
        Some(card) if card.class_folders => return Ok(None),
        Some(card) => datasets::fetch(card.name, on_progress)?,
        None if Path::new(what).is_dir() => PathBuf::from(what),
        // What is nothing at all the other door explains.
        None => return Ok(None),
    };
    Ok(packed::open(&folder)?)
}

/// Takes validation pictures from the end of the training pictures: a twelfth of them.
fn from_packed(what: &str, set: packed::PackedSet, view: View) -> (About, Splits<Pictures>) {
    let count = set.train.len();
    let border = count - count / 12;
    let part = |packed: &packed::Packed, from: usize, to: usize, name: &str| Pictures {
        stored: (from..to)
            .map(|index| Stored::Memory(packed.picture(index)))
            .collect(),
        classes: packed.labels[from..to].to_vec(),
        names: (from..to).map(|index| format!("{name}/{index}")).collect(),
        view,
    };
    let splits = Splits {
        train: part(&set.train, 0, border, "train"),
        valid: part(&set.train, border, count, "train"),
        test: part(&set.test, 0, set.test.len(), "test"),
    };
    let name = Path::new(what)
        .file_name()
        .map_or(what.into(), |name| name.to_string_lossy().into_owned());
    let (train, valid, test) = (border, count - border, set.test.len());
    let size = format!("{} × {} pixels", set.train.width, set.train.height);
    let mut notes = vec![format!(
        "{name}: {} classes, {train} training + {valid} validation + {test} test pictures of {size} ({}); validation is \
         the end of the training file",
        set.classes.len(),
        set.layout
    )];
    notes.extend(card_notes(what));
    let classes = set.classes;
    (
        About {
            name,
            classes,
            notes,
            tiny: true,
        },
        splits,
    )
}

fn about(collection: &Collection) -> About {
    let mut notes = vec![collection.to_string()];
    notes.extend(card_notes(&collection.name));
    notes.extend(collection.report());
    for note in collection.report() {
        training::say(format!("note      {note}"));
    }
    About {
        name: collection.name.clone(),
        classes: collection.classes.clone(),
        notes,
        tiny: false,
    }
}

fn card_notes(name: &str) -> Option<String> {
    let card = datasets::cards::find(name)?;
    Some(format!("{} Licence: {}", card.what, card.licence))
}

impl Dataset for Pictures {
    type Batch = Labelled;

    fn len(&self) -> usize {
        self.stored.len()
    }

    /// Inputs (batch, 3, side, side): changed by chance in training, else the middle of each picture.
    fn batch(&self, indices: &[usize], pass: Pass) -> Result<Labelled> {
        let mut seen = Vec::with_capacity(indices.len());
        for &index in indices {
            seen.push(match pass.train {
                true => {
                    let (side, mut random) = (self.view.side, pass.random(index));
                    let picture = self.picture(index)?;
                    self.view.augment.apply(&picture, side, side, &mut random)
                }
                false => self.seen(index)?,
            });
        }
        let classes: Vec<u32> = indices.iter().map(|&index| self.classes[index]).collect();
        Ok(Labelled {
            inputs: self.view.normalisation.batch(&seen)?,
            targets: Tensor::new(classes, &Device::Cpu)?,
        })
    }

    fn name(&self, index: usize) -> String {
        self.names[index].clone()
    }
}

impl Pictures {
    fn new(collection: &Collection, part: Vec<(Example, Stored)>, view: View) -> Self {
        let names = part
            .iter()
            .map(|(example, _)| collection.short(&example.path))
            .collect();
        let classes = part.iter().map(|(example, _)| example.label).collect();
        Pictures {
            stored: part.into_iter().map(|(_, stored)| stored).collect(),
            classes,
            names,
            view,
        }
    }

    /// A picture with the margin that augmentation cuts from.
    pub fn picture(&self, index: usize) -> Result<RgbImage> {
        match &self.stored[index] {
            Stored::Memory(picture) => Ok(picture.clone()),
            Stored::File(path) => {
                let picture = vision::open(path).context("a picture that could be read before")?;
                Ok(reduced(&picture, self.view.side))
            }
        }
    }

    /// A picture as the network sees it in evaluation.
    pub fn seen(&self, index: usize) -> Result<RgbImage> {
        Ok(vision::cover(
            &self.picture(index)?,
            self.view.side,
            self.view.side,
        ))
    }

    /// Some `count` of the pictures, of all classes.
    pub fn some(&self, count: usize, seed: u64) -> Self {
        let pass = Pass {
            seed,
            epoch: 0,
            train: true,
        };
        let order = training::order(self.len(), pass);
        self.select(&order[..count.min(order.len())])
    }

    fn select(&self, indices: &[usize]) -> Self {
        Pictures {
            stored: indices.iter().map(|&index| self.stored[index].clone()).collect(),
            classes: indices.iter().map(|&index| self.classes[index]).collect(),
            names: indices.iter().map(|&index| self.names[index].clone()).collect(),
            view: self.view,
        }
    }

    /// The same pictures, but only the first `count` of each class.
    pub fn first_of_each_class(&self, count: usize) -> Self {
        let mut taken = HashMap::<u32, usize>::new();
        let mut first = |index: &usize| {
            let taken = taken.entry(self.classes[*index]).or_default();
            *taken += 1;
            *taken <= count
        };
        let indices: Vec<usize> = (0..self.len()).filter(|index| first(index)).collect();
        self.select(&indices)
    }
}

/// What the linear baseline knows of each picture: its pixels, 32 × 32.
pub fn pixels(pictures: &Splits<Pictures>) -> Result<Splits<Table>> {
    let table = |pictures: &Pictures, most: usize| -> Result<Table> {
        let count = pictures.len().min(most);
        let row = |index: usize| -> Result<Vec<f32>> {
            let small = vision::resize(&pictures.seen(index)?, BASELINE_SIDE, BASELINE_SIDE);
            Ok(small
                .as_raw()
                .iter()
                .map(|byte| f32::from(*byte) / 255.0)
                .collect())
        };
        Ok(Table {
            features: (0..count).into_par_iter().map(row).collect::<Result<_>>()?,
            classes: pictures.classes[..count].to_vec(),
        })
    };
    Ok(Splits {
        train: table(&pictures.train, BASELINE_PICTURES)?,
        valid: table(&pictures.valid, BASELINE_PICTURES)?,
        test: table(&pictures.test, usize::MAX)?,
    })
}
