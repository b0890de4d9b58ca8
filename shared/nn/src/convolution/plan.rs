//! The sizes of one convolution, checked once.

use candle_core::{Result, Tensor, bail};
use candle_nn::{Conv1dConfig, Conv2dConfig, ConvTranspose1dConfig, ConvTranspose2dConfig};

/// How a window moves over an image: each pair is (along the height, along the width), in elements.
///
/// ```
/// let wide = nn::Geometry { stride: (1, 2), padding: (1, 3), ..Default::default() };
/// assert_eq!(wide.dilation, (1, 1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// The distance from one window to the next.
    pub stride: (usize, usize),
    /// Zeros put on each side of the input; in a transposed convolution, elements cut off each side of the output.
    pub padding: (usize, usize),
    /// Elements added at the end of a transposed convolution's output, to choose among the input sizes that a
    /// convolution of the same stride would map to one; smaller than the stride. Unused elsewhere.
    pub output_padding: (usize, usize),
    /// The distance between two taps of the kernel.
    pub dilation: (usize, usize),
    /// The channels are split into this many groups, convolved separately: as many as there are channels make a
    /// depthwise convolution.
    pub groups: usize,
}

impl Default for Geometry {
    fn default() -> Self {
        Self {
            stride: (1, 1),
            padding: (0, 0),
            output_padding: (0, 0),
            dilation: (1, 1),
            groups: 1,
        }
    }
}

/// A sequence is an image of height 1: the numbers of a 1-D configuration are those of the width.
impl From<Conv1dConfig> for Geometry {
    fn from(config: Conv1dConfig) -> Self {
        Self {
            stride: (1, config.stride),
            padding: (0, config.padding),
            dilation: (1, config.dilation),
            groups: config.groups,
            ..Self::default()
        }
    }
}

impl From<Conv2dConfig> for Geometry {
    fn from(config: Conv2dConfig) -> Self {
        Self {
            stride: (config.stride, config.stride),
            padding: (config.padding, config.padding),
            dilation: (config.dilation, config.dilation),
            groups: config.groups,
            ..Self::default()
        }
    }
}

impl From<ConvTranspose1dConfig> for Geometry {
    fn from(config: ConvTranspose1dConfig) -> Self {
        Self {
            stride: (1, config.stride),
            padding: (0, config.padding),
            output_padding: (0, config.output_padding),
            dilation: (1, config.dilation),
            groups: config.groups,
        }
    }
}

impl From<ConvTranspose2dConfig> for Geometry {
    fn from(config: ConvTranspose2dConfig) -> Self {
        Self {
            stride: (config.stride, config.stride),
            padding: (config.padding, config.padding),
            output_padding: (config.output_padding, config.output_padding),
            dilation: (config.dilation, config.dilation),
            groups: 1,
        }
    }
}

/// Elements beyond which a size is a mistake and not an image. Below it no product of sizes can wrap around, which
/// the kernels, where sizes become pointers, rely on.
const LARGEST: usize = 1 << 40;

/// The sizes of a convolution from `inputs` × `size` to `outputs` × `result`. A transposed convolution is the
/// same plan run backwards, from `result` to `size`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub batch: usize,
    pub groups: usize,
    /// Channels of one group.
    pub inputs: usize,
    pub outputs: usize,
    pub size: (usize, usize),
    pub result: (usize, usize),
    pub kernel: (usize, usize),
    pub stride: (usize, usize),
    pub padding: (usize, usize),
    pub dilation: (usize, usize),
}

impl Plan {
    /// The plan for `x` (batch, channels, height, width) and `weight` (out, in / groups, height, width).
    pub fn forward(x: &Tensor, weight: &Tensor, geometry: &Geometry) -> Result<Self> {
        let (batch, channels, height, width) = x.dims4()?;
        let (outputs, inputs, kernel_h, kernel_w) = weight.dims4()?;
        not_empty(x)?;
        let plan = Self::checked(geometry, inputs, outputs, (kernel_h, kernel_w))?;
        let takes = inputs.saturating_mul(geometry.groups);
        if channels != takes {
            bail!(
                "the convolution's weight {:?} in {} groups takes {takes} channels, but the input {:?} has {channels}",
                weight.dims(),
                geometry.groups,
                x.dims()
            )
        }
        let along = |size: usize, span: usize, padding: usize, stride: usize| {
            let padded = padding.checked_mul(2).and_then(|both| both.checked_add(size));
            match fits(padded, x, geometry)?.checked_sub(span) {
                Some(rest) => Ok(rest / stride + 1),
                None => bail!(
                    "the convolution's window spans {span} elements, but the input {:?} has only {size} and \
                     {padding} of padding on each side",
                    x.dims()
                ),
            }
        };
        let (span_h, span_w) = plan.span();
        Self {
            batch,
            size: (height, width),
            result: (
                along(height, span_h, plan.padding.0, plan.stride.0)?,
                along(width, span_w, plan.padding.1, plan.stride.1)?,
            ),
            ..plan
        }
        .fitting(x, geometry)
    }

    /// The plan whose reverse maps `x` (batch, channels, height, width) through `weight` (in, out / groups, height,
    /// width).
    pub fn transposed(x: &Tensor, weight: &Tensor, geometry: &Geometry) -> Result<Self> {
        let (batch, channels, height, width) = x.dims4()?;
        let (inputs, outputs, kernel_h, kernel_w) = weight.dims4()?;
        not_empty(x)?;
        // Backwards: what the transposed convolution puts out, the convolution takes in.
        let plan = Self::checked(geometry, outputs, inputs, (kernel_h, kernel_w))?;
        if channels != inputs {
            bail!(
                "the transposed convolution's weight {:?} takes {inputs} channels, but the input {:?} has {channels}",
                weight.dims(),
                x.dims()
            )
        }
        let along = |size: usize, span: usize, padding: usize, extra: usize, stride: usize| {
            if extra >= stride {
                bail!(
                    "a transposed convolution's output padding ({extra}) must be smaller than its stride ({stride})"
                )
            }
            let whole = (size - 1)
                .checked_mul(stride)
                .and_then(|n| n.checked_add(span)?.checked_add(extra));
            match fits(whole, x, geometry)?.checked_sub(padding.saturating_mul(2)) {
                Some(length) if length > 0 => Ok(length),
                _ => bail!("a padding of {padding} leaves nothing of the transposed convolution's output"),
            }
        };
        let (span_h, span_w) = plan.span();
        let extra = geometry.output_padding;
        Self {
            batch,
            result: (height, width),
            size: (
                along(height, span_h, plan.padding.0, extra.0, plan.stride.0)?,
                along(width, span_w, plan.padding.1, extra.1, plan.stride.1)?,
            ),
            ..plan
        }
        .fitting(x, geometry)
    }

    fn checked(
        geometry: &Geometry,
        inputs: usize,
        all_outputs: usize,
        kernel: (usize, usize),
    ) -> Result<Self> {
        let Geometry {
            stride,
            padding,
            dilation,
            groups,
            ..
        } = *geometry;
        if [
            stride.0, stride.1, dilation.0, dilation.1, groups, kernel.0, kernel.1,
        ]
        .contains(&0)
        {
            bail!(
                "a convolution's kernel {kernel:?}, stride, dilation and groups are at least 1: {geometry:?}"
            )
        }
        if inputs == 0 || all_outputs == 0 {
            bail!("a convolution needs at least one channel on each side, not {inputs} and {all_outputs}")
        }
        if !all_outputs.is_multiple_of(groups) {
            bail!("{all_outputs} channels do not divide into {groups} groups")
        }
        let too_wide = |kernel: usize, dilation: usize| {
            let span = (kernel - 1).checked_mul(dilation);
            span.is_none_or(|span| span >= LARGEST)
        };
        if too_wide(kernel.0, dilation.0) || too_wide(kernel.1, dilation.1) {
            bail!("a convolution's kernel {kernel:?} with dilation {dilation:?} is too large to be meant")
        }
        Ok(Self {
            batch: 0,
            groups,
            inputs,
            outputs: all_outputs / groups,
            size: (0, 0),
            result: (0, 0),
            kernel,
            stride,
            padding,
            dilation,
        })
    }

    /// Itself, if every array that the convolution computes with has a size that can be meant.
    fn fitting(self, x: &Tensor, geometry: &Geometry) -> Result<Self> {
        let (from, to) = self.shapes();
        let columns = [self.inputs, self.kernel.0, self.kernel.1, self.result.1];
        // Flat images: the result's lines and columns and the reach of the taps, for each phase.
        let span = self.span();
        let flat = [
            self.inputs.max(self.outputs),
            self.taps().min(self.stride.0.saturating_mul(self.stride.1)),
            self.result.0 + (span.0 - 1) / self.stride.0,
            self.result.1 + (span.1 - 1) / self.stride.1,
        ];
        for sizes in [from, to, columns, flat] {
            // An empty batch is no excuse: its images have sizes too.
            let count = sizes
                .iter()
                .try_fold(1usize, |n, &size| n.checked_mul(size.max(1)));
            fits(count, x, geometry)?;
        }
        Ok(self)
    }

    /// The elements from a window's first to its last tap, both counted.
    pub fn span(&self) -> (usize, usize) {
        (
            self.dilation.0 * (self.kernel.0 - 1) + 1,
            self.dilation.1 * (self.kernel.1 - 1) + 1,
        )
    }

    /// Taps of the kernel in one channel.
    pub fn taps(&self) -> usize {
        self.kernel.0 * self.kernel.1
    }

    /// Elements of one channel of the input, and of the result.
    pub fn planes(&self) -> (usize, usize) {
        (self.size.0 * self.size.1, self.result.0 * self.result.1)
    }

    /// The dimensions of what goes in, and of what comes out.
    pub fn shapes(&self) -> ([usize; 4], [usize; 4]) {
        let Self {
            batch,
            groups,
            size,
            result,
            ..
        } = *self;
        (
            [batch, groups * self.inputs, size.0, size.1],
            [batch, groups * self.outputs, result.0, result.1],
        )
    }
}

/// `count`, unless its computation overflowed or it is larger than can be meant.
fn fits(count: Option<usize>, x: &Tensor, geometry: &Geometry) -> Result<usize> {
    match count {
        Some(count) if count <= LARGEST => Ok(count),
        _ => bail!(
            "the sizes of a convolution of {:?} overflow with {geometry:?}: look for a wrong padding or stride",
            x.dims()
        ),
    }
}

fn not_empty(x: &Tensor) -> Result<()> {
    if x.dims()[1..].contains(&0) {
        bail!("a convolution was given images without elements: {:?}", x.dims())
    }
    Ok(())
}
