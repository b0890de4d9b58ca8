//! The networks, each with a batch to train on. `torch_steps.py` has the same ones under the same names.

use candle_core::{DType, Device, Result, Tensor, bail};
use nn::ops::{add, add_relu, relu};
use nn::{
    AttentionMask, BatchNorm, Conv2d, Conv2dConfig, Embedding, GRU, Init, InstanceNorm, LSTM, LayerNorm,
    Linear, Module, ModuleT, VarBuilder, VarMap,
};

/// Every model that [`problem`] knows.
pub const NAMES: [&str; 11] = [
    "lenet",
    "resnet20",
    "resnet18",
    "mobilenet",
    "mel",
    "gru",
    "lstm",
    "transformer",
    "lm",
    "mlp",
    "style",
];

/// A network, the batch that it is shown at every step, and what it shall answer.
pub struct Problem {
    network: Box<dyn Module>,
    inputs: Tensor,
    targets: Tensor,
    loss: fn(&Tensor, &Tensor) -> Result<Tensor>,
}

impl Problem {
    /// The loss of the batch, as a scalar.
    pub fn loss(&self) -> Result<Tensor> {
        (self.loss)(&self.network.forward(&self.inputs)?, &self.targets)
    }
}

/// The problem called `name`, one of [`NAMES`], with a network of `weights`.
pub fn problem(name: &str, weights: VarBuilder<'_>) -> Result<Problem> {
    let classify = |network: Box<dyn Module>, inputs: Tensor, labels: Tensor| Problem {
        network,
        inputs,
        targets: labels,
        loss: nn::loss::cross_entropy,
    };
    Ok(match name {
        "lenet" => classify(
            Box::new(LeNet::new(weights)?),
            noise(&[64, 1, 28, 28])?,
            labels(64, 10)?,
        ),
        "resnet20" => classify(
            Box::new(ResNet::twenty(weights)?),
            noise(&[64, 3, 32, 32])?,
            labels(64, 10)?,
        ),
        "resnet18" => classify(
            Box::new(ResNet::eighteen(weights)?),
            noise(&[8, 3, 224, 224])?,
            labels(8, 1000)?,
        ),
        "mobilenet" => classify(
            Box::new(MobileNet::new(weights)?),
            noise(&[8, 3, 224, 224])?,
            labels(8, 1000)?,
        ),
        "mel" => classify(
            Box::new(MelNet::new(weights)?),
            noise(&[32, 1, 64, 128])?,
            labels(32, 10)?,
        ),
        "gru" => classify(
            Box::new(Gru::new(weights)?),
            noise(&[32, 100, 64])?,
            labels(32, 10)?,
        ),
        "lstm" => classify(
            Box::new(Lstm::new(weights)?),
            noise(&[32, 100, 64])?,
            labels(32, 10)?,
        ),
        "transformer" => classify(
            Box::new(TextClassifier::new(weights)?),
            labels(64 * POSITIONS, VOCABULARY)?.reshape((64, POSITIONS))?,
            labels(64, 10)?,
        ),
        "lm" => classify(
            Box::new(LanguageModel::new(weights)?),
            labels(64 * POSITIONS, VOCABULARY)?.reshape((64, POSITIONS))?,
            labels(64 * POSITIONS, VOCABULARY)?,
        ),
        "mlp" => classify(Box::new(Mlp::new(weights)?), noise(&[64, 4])?, labels(64, 2)?),
        "style" => {
            let pictures = noise(&[4, 3, 128, 128])?;
            Problem {
                network: Box::new(StyleNet::new(weights)?),
                inputs: pictures.clone(),
                targets: pictures,
                loss: nn::loss::mse,
            }
        }
        _ => bail!("no model is named {name:?}"),
    })
}

/// Numbers of the standard normal distribution, the same in every run.
fn noise(shape: &[usize]) -> Result<Tensor> {
    let source = nn::seeded(&VarMap::new(), 0, DType::F32, &Device::Cpu);
    let standard_normal = Init::Randn {
        mean: 0.0,
        stdev: 1.0,
    };
    // Detached, for what is drawn is a variable, and no gradient of the inputs is wanted.
    Ok(source.get_with_hints(shape, "noise", standard_normal)?.detach())
}

/// `count` labels that visit all `classes`.
fn labels(count: usize, classes: usize) -> Result<Tensor> {
    Tensor::from_iter((0..count).map(|i| (i * 7 % classes) as u32), &Device::Cpu)
}

/// A convolution without a bias, and the batch normalisation that has one.
struct ConvBatchNorm {
    convolution: Conv2d,
    norm: BatchNorm,
}

impl ConvBatchNorm {
    fn new(
        in_channels: usize,
        out_channels: usize,
        kernel: usize,
        config: Conv2dConfig,
        weights: VarBuilder<'_>,
    ) -> Result<Self> {
        let convolution = weights.pp("convolution");
        Ok(ConvBatchNorm {
            convolution: nn::conv2d_no_bias(in_channels, out_channels, kernel, config, convolution)?,
            norm: nn::batch_norm(out_channels, 1e-5, weights.pp("norm"))?,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.norm.forward_t(&self.convolution.forward(x)?, true)
    }

    fn forward_relu(&self, x: &Tensor) -> Result<Tensor> {
        self.norm.forward_relu_t(&self.convolution.forward(x)?, true)
    }
}

/// As many pixels come out of a convolution as go in, or half as many along each side with stride 2.
fn same_size(kernel: usize, stride: usize) -> Conv2dConfig {
    Conv2dConfig {
        padding: kernel / 2,
        stride,
        ..Default::default()
    }
}

/// Two convolutions, each with max pooling, and two linear layers, for pictures of 28 × 28.
struct LeNet {
    first: Conv2d,
    second: Conv2d,
    hidden: Linear,
    head: Linear,
}

impl LeNet {
    fn new(weights: VarBuilder<'_>) -> Result<Self> {
        Ok(LeNet {
            first: nn::conv2d(1, 32, 3, Conv2dConfig::default(), weights.pp("first"))?,
            second: nn::conv2d(32, 64, 3, Conv2dConfig::default(), weights.pp("second"))?,
            hidden: nn::linear(64 * 5 * 5, 128, weights.pp("hidden"))?,
            head: nn::linear(128, 10, weights.pp("head"))?,
        })
    }
}

impl Module for LeNet {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        // (batch, 1, 28, 28) → (batch, 32, 13, 13)
        let x = nn::max_pool2d(&relu(&self.first.forward(x)?)?, 2, 2, 0)?;
        // (batch, 64, 5, 5)
        let x = nn::max_pool2d(&relu(&self.second.forward(&x)?)?, 2, 2, 0)?;
        // (batch, 128)
        let x = relu(&self.hidden.forward(&x.flatten_from(1)?)?)?;
        self.head.forward(&x)
    }
}

/// Two convolutions beside a shortcut (He et al. 2015, <https://arxiv.org/abs/1512.03385>).
struct ResidualBlock {
    first: ConvBatchNorm,
    second: ConvBatchNorm,
    /// Brings the input to the output's shape where that is another.
    shortcut: Option<ConvBatchNorm>,
}

impl ResidualBlock {
    fn new(in_channels: usize, out_channels: usize, stride: usize, weights: VarBuilder<'_>) -> Result<Self> {
        let layer = |name: &str, in_channels, kernel, stride| {
            let config = same_size(kernel, stride);
            ConvBatchNorm::new(in_channels, out_channels, kernel, config, weights.pp(name))
        };
        let reshapes = stride != 1 || in_channels != out_channels;
        Ok(ResidualBlock {
            first: layer("first", in_channels, 3, stride)?,
            second: layer("second", out_channels, 3, 1)?,
            shortcut: match reshapes {
                true => Some(layer("shortcut", in_channels, 1, stride)?),
                false => None,
            },
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        // (batch, channels, height, width) → (batch, out_channels, height / stride, width / stride)
        let y = self.second.forward(&self.first.forward_relu(x)?)?;
        match &self.shortcut {
            Some(shortcut) => add_relu(&y, &shortcut.forward(x)?),
            None => add_relu(&y, x),
        }
    }
}

/// A residual network, for small pictures or for large ones.
struct ResNet {
    stem: ConvBatchNorm,
    pool: bool,
    blocks: Vec<ResidualBlock>,
    head: Linear,
}

impl ResNet {
    /// ResNet-20, for pictures of 32 × 32 and 10 classes.
    fn twenty(weights: VarBuilder<'_>) -> Result<Self> {
        let stem = ConvBatchNorm::new(3, 16, 3, same_size(3, 1), weights.pp("stem"))?;
        Self::with(stem, false, &[16, 32, 64], 3, 10, weights)
    }

    /// ResNet-18, for pictures of 224 × 224 and 1000 classes.
    fn eighteen(weights: VarBuilder<'_>) -> Result<Self> {
        let stem = ConvBatchNorm::new(3, 64, 7, same_size(7, 2), weights.pp("stem"))?;
        Self::with(stem, true, &[64, 128, 256, 512], 2, 1000, weights)
    }

    fn with(
        stem: ConvBatchNorm,
        pool: bool,
        stages: &[usize],
        blocks_a_stage: usize,
        classes: usize,
        weights: VarBuilder<'_>,
    ) -> Result<Self> {
        let mut blocks = Vec::new();
        let mut channels = stages[0];
        for (stage, &out_channels) in stages.iter().enumerate() {
            for number in 0..blocks_a_stage {
                let stride = if stage > 0 && number == 0 { 2 } else { 1 };
                let weights = weights.pp(format!("stage{stage}.block{number}"));
                blocks.push(ResidualBlock::new(channels, out_channels, stride, weights)?);
                channels = out_channels;
            }
        }
        Ok(ResNet {
            stem,
            pool,
            blocks,
            head: nn::linear(channels, classes, weights.pp("head"))?,
        })
    }
}

impl Module for ResNet {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        // ResNet-18: (batch, 3, 224, 224) → (batch, 64, 112, 112)
        let mut x = self.stem.forward_relu(x)?;
        if self.pool {
            // (batch, 64, 56, 56)
            x = nn::max_pool2d(&x, 2, 2, 0)?;
        }
        for block in &self.blocks {
            x = block.forward(&x)?;
        }
        // (batch, 512, 7, 7) → (batch, 512) → (batch, classes)
        self.head.forward(&x.mean((2, 3))?)
    }
}

/// Convolutions within each channel and across channels by turns (Howard et al. 2017,
/// <https://arxiv.org/abs/1704.04861>).
struct MobileNet {
    stem: ConvBatchNorm,
    blocks: Vec<[ConvBatchNorm; 2]>,
    head: Linear,
}

impl MobileNet {
    fn new(weights: VarBuilder<'_>) -> Result<Self> {
        // Channels and stride of each block.
        let plan = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)]
            .into_iter()
            .chain([(512, 1); 5])
            .chain([(1024, 2), (1024, 1)]);
        let mut channels = 32;
        let mut blocks = Vec::new();
        for (number, (out_channels, stride)) in plan.enumerate() {
            let weights = weights.pp(format!("block{number}"));
            let depthwise = Conv2dConfig {
                groups: channels,
                ..same_size(3, stride)
            };
            blocks.push([
                ConvBatchNorm::new(channels, channels, 3, depthwise, weights.pp("depthwise"))?,
                ConvBatchNorm::new(
                    channels,
                    out_channels,
                    1,
                    same_size(1, 1),
                    weights.pp("pointwise"),
                )?,
            ]);
            channels = out_channels;
        }
        Ok(MobileNet {
            stem: ConvBatchNorm::new(3, 32, 3, same_size(3, 2), weights.pp("stem"))?,
            blocks,
            head: nn::linear(channels, 1000, weights.pp("head"))?,
        })
    }
}

impl Module for MobileNet {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        // (batch, 3, 224, 224) → (batch, 32, 112, 112)
        let mut x = self.stem.forward_relu(x)?;
        for [depthwise, pointwise] in &self.blocks {
            x = pointwise.forward_relu(&depthwise.forward_relu(&x)?)?;
        }
        // (batch, 1024, 7, 7) → (batch, 1024) → (batch, 1000)
        self.head.forward(&x.mean((2, 3))?)
    }
}

/// Four convolutions, each with max pooling, over a log-mel spectrogram of 64 bands and 128 frames.
struct MelNet {
    blocks: Vec<(Conv2d, BatchNorm)>,
    head: Linear,
}

impl MelNet {
    fn new(weights: VarBuilder<'_>) -> Result<Self> {
        let mut blocks = Vec::new();
        for (number, pair) in [1, 16, 32, 64, 128].windows(2).enumerate() {
            let weights = weights.pp(format!("block{number}"));
            blocks.push((
                nn::conv2d(pair[0], pair[1], 3, same_size(3, 1), weights.pp("convolution"))?,
                nn::batch_norm(pair[1], 1e-5, weights.pp("norm"))?,
            ));
        }
        Ok(MelNet {
            blocks,
            head: nn::linear(128, 10, weights.pp("head"))?,
        })
    }
}

impl Module for MelNet {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut x = x.clone();
        for (convolution, norm) in &self.blocks {
            // (batch, channels, bands, frames) → (batch, out_channels, bands / 2, frames / 2)
            let y = norm.forward_relu_t(&convolution.forward(&x)?, true)?;
            x = nn::max_pool2d(&y, 2, 2, 0)?;
        }
        // (batch, 128, 4, 8) → (batch, 128) → (batch, 10)
        self.head.forward(&x.mean((2, 3))?)
    }
}

/// A gated recurrent unit that reads a sequence and classifies it by its last state.
struct Gru {
    recurrent: GRU,
    head: Linear,
}

impl Gru {
    fn new(weights: VarBuilder<'_>) -> Result<Self> {
        Ok(Gru {
            recurrent: nn::gru(64, 128, Default::default(), weights.pp("recurrent"))?,
            head: nn::linear(128, 10, weights.pp("head"))?,
        })
    }
}

impl Module for Gru {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        // (batch, 100 steps, 64) → (batch, 128)
        let (_, last) = self.recurrent.forward_sequence(x, None, None)?;
        self.head.forward(last[0].h())
    }
}

/// The same with a long short-term memory.
struct Lstm {
    recurrent: LSTM,
    head: Linear,
}

impl Lstm {
    fn new(weights: VarBuilder<'_>) -> Result<Self> {
        Ok(Lstm {
            recurrent: nn::lstm(64, 128, Default::default(), weights.pp("recurrent"))?,
            head: nn::linear(128, 10, weights.pp("head"))?,
        })
    }
}

impl Module for Lstm {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        // (batch, 100 steps, 64) → (batch, 128)
        let (_, last) = self.recurrent.forward_sequence(x, None, None)?;
        self.head.forward(last[0].h())
    }
}

const VOCABULARY: usize = 5000;
const POSITIONS: usize = 32;
const WIDTH: usize = 128;
const HEADS: usize = 4;

/// Attention and a feed-forward network, each after a layer normalisation and beside a shortcut.
struct TransformerLayer {
    attention_norm: LayerNorm,
    query_key_value: Linear,
    output: Linear,
    forward_norm: LayerNorm,
    expand: Linear,
    contract: Linear,
}

impl TransformerLayer {
    fn new(weights: VarBuilder<'_>) -> Result<Self> {
        Ok(TransformerLayer {
            attention_norm: nn::layer_norm(WIDTH, 1e-5, weights.pp("attention_norm"))?,
            query_key_value: nn::linear(WIDTH, 3 * WIDTH, weights.pp("query_key_value"))?,
            output: nn::linear(WIDTH, WIDTH, weights.pp("output"))?,
            forward_norm: nn::layer_norm(WIDTH, 1e-5, weights.pp("forward_norm"))?,
            expand: nn::linear(WIDTH, 4 * WIDTH, weights.pp("expand"))?,
            contract: nn::linear(4 * WIDTH, WIDTH, weights.pp("contract"))?,
        })
    }

    fn attend(&self, x: &Tensor) -> Result<Tensor> {
        // (batch, positions, 3 · width) → (batch, positions, width)
        let projected = self.query_key_value.forward(x)?;
        let attended = nn::self_attention(&projected, HEADS, &AttentionMask::default(), None)?;
        self.output.forward(&attended)
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = add(x, &self.attend(&self.attention_norm.forward(x)?)?)?;
        let hidden = relu(&self.expand.forward(&self.forward_norm.forward(&x)?)?)?;
        add(&x, &self.contract.forward(&hidden)?)
    }
}

/// A transformer's body: embeddings of words and positions, and two layers.
struct Transformer {
    words: Embedding,
    positions: Tensor,
    layers: Vec<TransformerLayer>,
}

impl Transformer {
    fn new(weights: VarBuilder<'_>) -> Result<Self> {
        let small = Init::Randn {
            mean: 0.0,
            stdev: 0.02,
        };
        let layer = |number| TransformerLayer::new(weights.pp(format!("layer{number}")));
        Ok(Transformer {
            words: nn::embedding(VOCABULARY, WIDTH, weights.pp("words"))?,
            positions: weights.get_with_hints((POSITIONS, WIDTH), "positions", small)?,
            layers: (0..2).map(layer).collect::<Result<_>>()?,
        })
    }

    fn forward(&self, words: &Tensor) -> Result<Tensor> {
        // (batch, positions) → (batch, positions, width)
        let mut x = add(&self.words.forward(words)?, &self.positions)?;
        for layer in &self.layers {
            x = layer.forward(&x)?;
        }
        Ok(x)
    }
}

/// Classifies a text by the mean over its positions.
struct TextClassifier {
    body: Transformer,
    head: Linear,
}

impl TextClassifier {
    fn new(weights: VarBuilder<'_>) -> Result<Self> {
        Ok(TextClassifier {
            body: Transformer::new(weights.pp("body"))?,
            head: nn::linear(WIDTH, 10, weights.pp("head"))?,
        })
    }
}

impl Module for TextClassifier {
    fn forward(&self, words: &Tensor) -> Result<Tensor> {
        // (batch, positions, width) → (batch, width) → (batch, 10)
        self.head.forward(&self.body.forward(words)?.mean(1)?)
    }
}

/// Names a word for every position.
struct LanguageModel {
    body: Transformer,
    head: Linear,
}

impl LanguageModel {
    fn new(weights: VarBuilder<'_>) -> Result<Self> {
        Ok(LanguageModel {
            body: Transformer::new(weights.pp("body"))?,
            head: nn::linear(WIDTH, VOCABULARY, weights.pp("head"))?,
        })
    }
}

impl Module for LanguageModel {
    fn forward(&self, words: &Tensor) -> Result<Tensor> {
        // (batch, positions, width) → (batch · positions, width) → (batch · positions, vocabulary)
        self.head.forward(&self.body.forward(words)?.flatten_to(1)?)
    }
}

/// Three linear layers, as small as a game's agent has them.
struct Mlp {
    first: Linear,
    second: Linear,
    head: Linear,
}

impl Mlp {
    fn new(weights: VarBuilder<'_>) -> Result<Self> {
        Ok(Mlp {
            first: nn::linear(4, 64, weights.pp("first"))?,
            second: nn::linear(64, 64, weights.pp("second"))?,
            head: nn::linear(64, 2, weights.pp("head"))?,
        })
    }
}

impl Module for Mlp {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        // (batch, 4) → (batch, 64) → (batch, 2)
        let x = relu(&self.first.forward(x)?)?;
        let x = relu(&self.second.forward(&x)?)?;
        self.head.forward(&x)
    }
}

/// A convolution, and a normalisation of each channel of each picture.
struct ConvInstanceNorm {
    convolution: Conv2d,
    norm: InstanceNorm,
}

impl ConvInstanceNorm {
    fn new(
        in_channels: usize,
        out_channels: usize,
        kernel: usize,
        stride: usize,
        weights: VarBuilder<'_>,
    ) -> Result<Self> {
        let (config, convolution) = (same_size(kernel, stride), weights.pp("convolution"));
        Ok(ConvInstanceNorm {
            convolution: nn::conv2d(in_channels, out_channels, kernel, config, convolution)?,
            norm: nn::instance_norm(out_channels, 1e-5, weights.pp("norm"))?,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.norm.forward(&self.convolution.forward(x)?)
    }

    fn forward_relu(&self, x: &Tensor) -> Result<Tensor> {
        self.norm.forward_relu(&self.convolution.forward(x)?)
    }
}

/// Makes a picture of a picture (Johnson et al. 2016, <https://arxiv.org/abs/1603.08155>): down to a quarter of the
/// size, three residual blocks, and up again.
struct StyleNet {
    down: [ConvInstanceNorm; 3],
    residual: Vec<[ConvInstanceNorm; 2]>,
    up: [ConvInstanceNorm; 2],
    last: Conv2d,
}

impl StyleNet {
    fn new(weights: VarBuilder<'_>) -> Result<Self> {
        let layer = |name: &str, in_channels, out_channels, kernel, stride| {
            ConvInstanceNorm::new(in_channels, out_channels, kernel, stride, weights.pp(name))
        };
        let block = |number| {
            Ok([
                layer(&format!("residual{number}.first"), 128, 128, 3, 1)?,
                layer(&format!("residual{number}.second"), 128, 128, 3, 1)?,
            ])
        };
        Ok(StyleNet {
            down: [
                layer("down0", 3, 32, 9, 1)?,
                layer("down1", 32, 64, 3, 2)?,
                layer("down2", 64, 128, 3, 2)?,
            ],
            residual: (0..3).map(block).collect::<Result<_>>()?,
            up: [layer("up0", 128, 64, 3, 1)?, layer("up1", 64, 32, 3, 1)?],
            last: nn::conv2d(32, 3, 9, same_size(9, 1), weights.pp("last"))?,
        })
    }
}

impl Module for StyleNet {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut x = x.clone();
        for layer in &self.down {
            // (batch, 3, 128, 128) → (batch, 32, 128, 128) → (batch, 64, 64, 64) → (batch, 128, 32, 32)
            x = layer.forward_relu(&x)?;
        }
        for [first, second] in &self.residual {
            x = add(&second.forward(&first.forward_relu(&x)?)?, &x)?;
        }
        for layer in &self.up {
            // (batch, 128, 32, 32) → (batch, 64, 64, 64) → (batch, 32, 128, 128)
            let (_, _, height, width) = x.dims4()?;
            x = layer.forward_relu(&nn::upsample_nearest2d(&x, 2 * height, 2 * width)?)?;
        }
        // (batch, 3, 128, 128)
        self.last.forward(&x)
    }
}
