//! The eyes that look at pictures: networks that once learned to tell things apart. What they see on the way, edges first and
//! shapes later, is what style and content are measured by.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use candle_core::{DType, Device, Tensor};
use nn::VarBuilder;
use serde::{Deserialize, Serialize};
use training::{Told, Weights};
use vision::{
    Normalisation,
    models::{Body, Pooling, efficientnet_lite0, vgg, vgg16, vgg19},
};

/// Which network looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Eye {
    /// This project's own: knows textures and drawings, and comes with it
    Made,
    /// EfficientNet-Lite0: knows a million photographs; fetched once
    EfficientnetLite0,
    /// VGG-16, with --weights FILE
    Vgg16,
    /// VGG-19, with --weights FILE
    Vgg19,
}

/// What our own two networks learned (`examples/pretrain`). The judge has seen other textures and is built differently, so
/// that it cannot be pleased by what only fools the painter. It pools as it was trained, by the largest number.
const PAINTER: &[u8] = include_bytes!("../weights/painter.safetensors");
const JUDGE: &[u8] = include_bytes!("../weights/judge.safetensors");
/// Channels of the painter's convolutions, block by block.
pub const PAINTER_CHANNELS: [&[usize]; 4] = [&[16, 16], &[32, 32], &[64, 64], &[96]];
/// Channels of the judge's.
pub const JUDGE_CHANNELS: [&[usize]; 4] = [&[24], &[40], &[56, 56], &[80]];

/// A network that looks, and which of its stages are asked what they see.
pub struct Features {
    body: Body,
    /// The stages whose maps say how something is painted, from fine to coarse.
    style: Vec<usize>,
    /// The stage whose maps say what is painted.
    content: usize,
    /// (1, 3, 1, 1): what pixels of 0 to 1 become.
    mean: Tensor,
    deviation: Tensor,
}

/// What was seen of a batch of pictures.
pub struct Seen {
    /// For each style stage (batch, channels, height, width).
    pub style: Vec<Tensor>,
    /// (batch, channels, height, width).
    pub content: Tensor,
}

impl Seen {
    /// What was seen of picture `number` of the batch.
    pub fn narrow(&self, number: usize) -> candle_core::Result<Self> {
        let one = |maps: &Tensor| maps.narrow(0, number, 1)?.contiguous();
        Ok(Seen {
            style: self.style.iter().map(one).collect::<candle_core::Result<_>>()?,
            content: one(&self.content)?,
        })
    }
}

impl Features {
    /// The network to paint by. `file` has its weights, where they do not come with the project or by its name.
    ///
    /// # Errors
    /// When there are no weights, or they are of another network.
    pub fn open(eye: Eye, file: Option<&Path>, device: &Device) -> Result<Self> {
        let weights = match (eye, file) {
            (Eye::Made, None) => Weights::parse(PAINTER, "painter")?,
            (_, Some(file)) => Weights::read(file)?,
            (Eye::EfficientnetLite0, None) => fetched()?,
            (Eye::Vgg16 | Eye::Vgg19, None) => anyhow::bail!(
                "the weights of VGG are half a gigabyte and have no place in this workspace: name a safetensors file of \
                 torchvision's by --weights FILE, or paint by --network efficientnet-lite0"
            ),
        };
        Features::with(eye, builder(weights, device), device).with_context(|| match file {
            Some(file) => format!(
                "{}: these are not the weights of the network that --network asks for",
                file.display()
            ),
            None => "the network that comes with this project".into(),
        })
    }

    fn with(eye: Eye, weights: VarBuilder<'_>, device: &Device) -> Result<Self> {
        // Style from several depths, content from where shapes are seen and colours are not all there is (Gatys et al. 2016,
        // section 2).
        Ok(match eye {
            Eye::Made => Features::new(
                vgg(&PAINTER_CHANNELS, Pooling::Average, weights)?,
                &[1, 3, 5, 6],
                5,
                Normalisation::PLAIN,
                device,
            )?,
            Eye::EfficientnetLite0 => Features::new(
                efficientnet_lite0(weights)?,
                &[0, 1, 2, 3, 4],
                3,
                Normalisation::LITE,
                device,
            )?,
            Eye::Vgg16 => Features::new(
                vgg16(Pooling::Average, weights)?,
                &[0, 2, 4, 7, 10],
                8,
                Normalisation::IMAGENET,
                device,
            )?,
            Eye::Vgg19 => Features::new(
                vgg19(Pooling::Average, weights)?,
                &[0, 2, 4, 8, 12],
                9,
                Normalisation::IMAGENET,
                device,
            )?,
        })
    }

    /// The network that says how well something is painted. Nothing is ever painted by it.
    pub fn judge(device: &Device) -> Result<Self> {
        let weights = builder(Weights::parse(JUDGE, "judge")?, device);
        Features::new(
            vgg(&JUDGE_CHANNELS, Pooling::Max, weights)?,
            &[0, 1, 3, 4],
            3,
            Normalisation::PLAIN,
            device,
        )
    }

    /// A network with its weights, the stages that are asked, and what pixels become for it.
    pub fn new(
        mut body: Body,
        style: &[usize],
        content: usize,
        normalisation: Normalisation,
        device: &Device,
    ) -> Result<Self> {
        // What comes later is never asked.
        let last = style.iter().copied().chain([content]).max().unwrap_or(0);
        ensure!(last < body.stages.len(), "the network has no stage {last}");
        body.stages.truncate(last + 1);
        let tensor = |values: &[f32; 3]| Tensor::new(values, device)?.reshape((1, 3, 1, 1));
        Ok(Features {
            body,
            style: style.to_vec(),
            content,
            mean: tensor(&normalisation.mean)?,
            deviation: tensor(&normalisation.deviation)?,
        })
    }

    /// Where it computes.
    pub fn device(&self) -> &Device {
        self.mean.device()
    }

    /// Looks at `pictures` (batch, 3, height, width) of values from 0 to 1.
    pub fn see(&self, pictures: &Tensor) -> candle_core::Result<Seen> {
        let mut maps = pictures
            .broadcast_sub(&self.mean)?
            .broadcast_div(&self.deviation)?;
        let (mut style, mut content) = (Vec::new(), None);
        for (number, stage) in self.body.stages.iter().enumerate() {
            maps = stage.layers.forward_t(&maps, false)?;
            if self.style.contains(&number) {
                style.push(maps.clone());
            }
            if number == self.content {
                content = Some(maps.clone());
            }
        }
        Ok(Seen {
            style,
            content: content.unwrap_or(maps),
        })
    }
}

fn builder(weights: Weights, device: &Device) -> VarBuilder<'static> {
    VarBuilder::from_tensors(weights.tensors.into_iter().collect(), DType::F32, device)
}

fn fetched() -> Result<Weights> {
    let progress = Told::default();
    let folder = datasets::fetch("efficientnet-lite0", &|doing, done, total| {
        progress.tell(doing, done, total);
    })
    .context("no weights to look with (name a file by --weights FILE, or paint by --network made)")?;
    Ok(Weights::read(&folder.join("efficientnet_lite0.safetensors"))?)
}
