//! From a folder of pictures to what the network sees: small pictures as tensors, and their classes.

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use crate::model::Network;
use anyhow::{Context, Result, ensure};
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
        ensure!(
            split.is_none(),
            "--split goes with folders of pictures, not with packed files such as those in {what}: leave it out"
        );
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
        return from_packed(what, set, view);
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
        // A copy of a training picture in the test set would be a point for nothing.
        drop_duplicates: true,
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
pub fn reduced(picture: &RgbImage, side: u32) -> RgbImage {
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

/// Takes a twelfth of the training pictures for validation: the last ones or, where classes would be missing among them
/// because the file is in order, every twelfth.
fn from_packed(what: &str, set: packed::PackedSet, view: View) -> Result<(About, Splits<Pictures>)> {
    let count = set.train.len();
    let classes = |indices: &[usize]| -> BTreeSet<u32> {
        indices.iter().map(|&index| set.train.labels[index]).collect()
    };
    let all: Vec<usize> = (0..count).collect();
    let (mut train, mut valid) = (
        all[..count - count / 12].to_vec(),
        all[count - count / 12..].to_vec(),
    );
    let at_the_end = classes(&valid) == classes(&all);
    if !at_the_end {
        (valid, train) = all.iter().partition(|index| **index % 12 == 11);
    }
    ensure!(
        classes(&valid) == classes(&all),
        "{what} has {count} training pictures, too few to take a twelfth with every class in it for validation"
    );
    let part = |packed: &packed::Packed, indices: &[usize], name: &str| Pictures {
        stored: indices
            .iter()
            .map(|&index| Stored::Memory(packed.picture(index)))
            .collect(),
        classes: indices.iter().map(|&index| packed.labels[index]).collect(),
        names: indices.iter().map(|index| format!("{name}/{index}")).collect(),
        view,
    };
    let tested: Vec<usize> = (0..set.test.len()).collect();
    let splits = Splits {
        train: part(&set.train, &train, "train"),
        valid: part(&set.train, &valid, "train"),
        test: part(&set.test, &tested, "test"),
    };
    let name = Path::new(what)
        .file_name()
        .map_or(what.into(), |name| name.to_string_lossy().into_owned());
    let (train, valid, test) = (train.len(), valid.len(), set.test.len());
    let how = if at_the_end { "the end" } else { "every twelfth" };
    let size = format!("{} × {} pixels", set.train.width, set.train.height);
    let mut notes = vec![format!(
        "{name}: {} classes, {train} training + {valid} validation + {test} test pictures of {size} ({}); validation is {how} \
         of the training file",
        set.classes.len(),
        set.layout
    )];
    notes.extend(card_notes(what));
    let classes = set.classes;
    let about = About {
        name,
        classes,
        notes,
        tiny: true,
    };
    Ok((about, splits))
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

    /// `count` of the pictures, drawn by chance, in their own order; all where there are no more.
    pub fn some(&self, count: usize, seed: u64) -> Self {
        let pass = Pass {
            seed,
            epoch: 0,
            train: true,
        };
        let mut order = training::order(self.len(), pass);
        order.truncate(count);
        order.sort_unstable();
        self.select(&order)
    }

    /// How many pictures the class has that has the fewest.
    pub fn smallest_class(&self) -> usize {
        let mut counts = HashMap::<u32, usize>::new();
        self.classes
            .iter()
            .for_each(|class| *counts.entry(*class).or_default() += 1);
        counts.into_values().min().unwrap_or(0)
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
/// At most `most` of each part.
pub fn pixels(pictures: &Splits<Pictures>, most: Option<usize>, seed: u64) -> Result<Splits<Table>> {
    let table = |pictures: &Pictures, mine: usize| -> Result<Table> {
        // By chance: the files lie class by class.
        let pictures = pictures.some(most.unwrap_or(mine).min(mine), seed);
        let row = |index: usize| -> Result<Vec<f32>> {
            let small = vision::resize(&pictures.seen(index)?, BASELINE_SIDE, BASELINE_SIDE);
            Ok(small
                .as_raw()
                .iter()
                .map(|byte| f32::from(*byte) / 255.0)
                .collect())
        };
        Ok(Table {
            features: (0..pictures.len())
                .into_par_iter()
                .map(row)
                .collect::<Result<_>>()?,
            classes: pictures.classes,
        })
    };
    Ok(Splits {
        train: table(&pictures.train, BASELINE_PICTURES)?,
        valid: table(&pictures.valid, BASELINE_PICTURES)?,
        test: table(&pictures.test, usize::MAX)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pictures of 28 × 28, `each` of both classes, class by class.
    fn in_order(each: u32) -> packed::Packed {
        packed::Packed {
            width: 28,
            height: 28,
            channels: 1,
            pixels: vec![90; 2 * each as usize * 28 * 28],
            labels: (0..2 * each).map(|index| index / each).collect(),
        }
    }

    fn open(each: u32) -> Result<(About, Splits<Pictures>)> {
        let set = packed::PackedSet {
            layout: "IDX",
            classes: vec!["a".into(), "b".into()],
            train: in_order(each),
            test: in_order(5),
        };
        let view = View {
            side: 28,
            normalisation: Normalisation::PLAIN,
            augment: Augment::none(),
        };
        from_packed("a-set", set, view)
    }

    #[test]
    fn files_in_order_of_class_still_give_every_part_every_class() {
        let (about, parts) = open(60).unwrap();
        assert!(about.notes[0].contains("every twelfth"), "{:?}", about.notes);
        assert_eq!((parts.train.len(), parts.valid.len()), (110, 10));
        assert!([0, 1].iter().all(|class| parts.valid.classes.contains(class)));
        assert!(open(3).is_err(), "six pictures have no twelfth of both classes");
        // Fewer for the baseline than there are: of both classes, though the first of them are all of one.
        let tables = pixels(&parts, Some(20), 1).unwrap();
        assert_eq!(tables.train.classes.len(), 20);
        assert!([0, 1].iter().all(|class| tables.train.classes.contains(class)));
        assert_eq!(tables.train.features.len(), 20);
    }
}
