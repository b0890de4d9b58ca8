//! Times single operations, forward and back: `cargo bench -p nn`, or `cargo bench -p nn -- conv` for those whose name
//! contains a word.
//!
//! Each line says how long the fastest of many calls took, and how near it came to what the machine can do: of
//! operations that multiply (GFLOP/s) to a large matrix product, of those that move memory (GB/s, counting each tensor
//! that must be read or written once) to a sum of two tensors. The way back begins with a gradient of ones, which is
//! made in the time that is shown. Run it on a quiet machine.

use std::time::{Duration, Instant};

use candle_core::{DType, Device, Result, Tensor, Var};
use nn::{Conv2dConfig, Geometry, Module, VarMap};

#[global_allocator]
static MEMORY: nn::Pool = nn::Pool::new();

/// How long each operation is repeated.
const PATIENCE: Duration = Duration::from_millis(300);

fn main() -> Result<()> {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let peaks = Peaks::measure()?;
    println!(
        "{} threads; matrix product {:.0} GFLOP/s, copy {:.1} GB/s\n",
        nn::threads(),
        peaks.flops / 1e9,
        peaks.bytes / 1e9
    );
    println!("| operation | forward ms | rate | of peak | backward ms | rate | of peak |");
    println!("|---|---|---|---|---|---|---|");
    for bench in benches()? {
        if wanted.is_empty() || wanted.iter().any(|word| bench.name.contains(word)) {
            bench.run(&peaks)?;
        }
    }
    Ok(())
}

/// What the machine can do: operations in a second in a large matrix product, bytes in a second in a copy.
struct Peaks {
    flops: f64,
    bytes: f64,
}

impl Peaks {
    fn measure() -> Result<Self> {
        const SIZE: usize = 1024;
        let a = noise(&[SIZE, SIZE])?;
        let product = fastest(|| nn::ops::linear(&a, &a, None))?;
        let x = noise(&[16 << 20])?;
        let copy = fastest(|| nn::ops::add(&x, &x))?;
        Ok(Peaks {
            flops: 2.0 * (SIZE * SIZE * SIZE) as f64 / product,
            // Reads two tensors (of the same memory) and writes one.
            bytes: 2.0 * 4.0 * x.elem_count() as f64 / copy,
        })
    }
}

/// What an operation costs at least.
enum Work {
    /// Multiplications and additions of the forward pass. The way back takes twice as many, to input and weight.
    Flops(f64),
    /// Numbers that the forward pass reads and writes, and those of the backward pass.
    Moves(f64, f64),
}

type Operation = Box<dyn Fn(&[Tensor]) -> Result<Tensor>>;

struct Bench {
    name: String,
    inputs: Vec<Var>,
    work: Work,
    operation: Operation,
}

impl Bench {
    fn run(&self, peaks: &Peaks) -> Result<()> {
        let constants: Vec<Tensor> = self.inputs.iter().map(|var| var.as_detached_tensor()).collect();
        let variables: Vec<Tensor> = self.inputs.iter().map(|var| var.as_tensor().clone()).collect();
        let forward = fastest(|| (self.operation)(&constants))?;
        let y = (self.operation)(&variables)?;
        let backward = fastest(|| nn::backward(&y))?;
        let cell = |seconds: f64, flops: f64, moves: f64| {
            let (amount, peak, unit) = match flops > 0.0 {
                true => (flops, peaks.flops, "GFLOP/s"),
                false => (4.0 * moves, peaks.bytes, "GB/s"),
            };
            let rate = amount / seconds;
            format!(
                "{:.3} | {:.0} {unit} | {:.0} %",
                seconds * 1e3,
                rate / 1e9,
                100.0 * rate / peak
            )
        };
        let (forward, backward) = match self.work {
            Work::Flops(flops) => (cell(forward, flops, 0.0), cell(backward, 2.0 * flops, 0.0)),
            Work::Moves(there, back) => (cell(forward, 0.0, there), cell(backward, 0.0, back)),
        };
        println!("| {} | {forward} | {backward} |", self.name);
        Ok(())
    }
}

fn benches() -> Result<Vec<Bench>> {
    let mut all = Vec::new();
    // (name, batch, in, out, size, kernel, stride, groups)
    type Convolution = (&'static str, usize, usize, usize, usize, usize, usize, usize);
    let convolutions: [Convolution; 12] = [
        ("resnet20, first stage", 64, 16, 16, 32, 3, 1, 1),
        ("resnet20, last stage", 64, 64, 64, 8, 3, 1, 1),
        ("resnet18, stem", 8, 3, 64, 224, 7, 2, 1),
        ("resnet18, first stage", 8, 64, 64, 56, 3, 1, 1),
        ("resnet18, second stage", 8, 128, 128, 28, 3, 1, 1),
        ("resnet18, third stage", 8, 256, 256, 14, 3, 1, 1),
        ("resnet18, last stage", 8, 512, 512, 7, 3, 1, 1),
        ("stride 2", 8, 128, 256, 28, 3, 2, 1),
        ("style, last layer", 4, 32, 3, 128, 9, 1, 1),
        ("pointwise", 8, 256, 256, 28, 1, 1, 1),
        ("pointwise, small planes", 8, 1024, 1024, 7, 1, 1, 1),
        ("grouped", 8, 128, 128, 28, 3, 1, 8),
    ];
    for (name, batch, inputs, outputs, size, kernel, stride, groups) in convolutions {
        let config = Conv2dConfig {
            padding: kernel / 2,
            stride,
            groups,
            ..Default::default()
        };
        let weight = [outputs, inputs / groups, kernel, kernel];
        let pixels = batch * size.div_ceil(stride) * size.div_ceil(stride);
        all.push(Bench {
            name: format!("conv2d {kernel}×{kernel}, {inputs}→{outputs} at {size}×{size} ({name})"),
            inputs: vec![var(&[batch, inputs, size, size])?, var(&weight)?],
            work: Work::Flops(2.0 * (pixels * weight.iter().product::<usize>()) as f64),
            operation: Box::new(move |x| nn::ops::conv2d(&x[0], &x[1], None, Geometry::from(config))),
        });
    }
    for (size, stride) in [(112, 1), (112, 2), (14, 1)] {
        let config = Conv2dConfig {
            padding: 1,
            stride,
            groups: 128,
            ..Default::default()
        };
        let numbers = (8 * 128 * size * size) as f64;
        let moves = numbers * (1.0 + 1.0 / (stride * stride) as f64);
        all.push(Bench {
            name: format!("conv2d depthwise 3×3, 128 at {size}×{size}, stride {stride}"),
            inputs: vec![var(&[8, 128, size, size])?, var(&[128, 1, 3, 3])?],
            work: Work::Moves(moves, moves + numbers),
            operation: Box::new(move |x| nn::ops::conv2d(&x[0], &x[1], None, Geometry::from(config))),
        });
    }
    for (m, k, n) in [
        (2048, 128, 512),
        (2048, 512, 128),
        (2048, 128, 5000),
        (64, 1600, 128),
    ] {
        all.push(Bench {
            name: format!("linear {k}→{n}, {m} rows"),
            inputs: vec![var(&[m, k])?, var(&[n, k])?, var(&[n])?],
            work: Work::Flops(2.0 * (m * k * n) as f64),
            operation: Box::new(|x| nn::ops::linear(&x[0], &x[1], Some(&x[2]))),
        });
    }
    all.extend(recurrent()?);
    all.extend(movers()?);
    Ok(all)
}

/// Whole sequences through recurrent layers.
fn recurrent() -> Result<Vec<Bench>> {
    let (batch, steps, inputs, hidden) = (32, 100, 64, 128);
    let weights = nn::seeded(&VarMap::new(), 1, DType::F32, &Device::Cpu);
    let gru = nn::gru(inputs, hidden, Default::default(), weights.pp("gru"))?;
    let lstm = nn::lstm(inputs, hidden, Default::default(), weights.pp("lstm"))?;
    let flops = |gates: usize| 2.0 * (batch * steps * gates * hidden * (inputs + hidden)) as f64;
    let bench = |name: &str, gates, layer: Box<dyn Module>| -> Result<Bench> {
        Ok(Bench {
            name: format!("{name} {inputs}→{hidden}, batch {batch}, {steps} steps"),
            inputs: vec![var(&[batch, steps, inputs])?],
            work: Work::Flops(flops(gates)),
            operation: Box::new(move |x| layer.forward(&x[0])),
        })
    };
    Ok(vec![
        bench("gru", 3, Box::new(gru))?,
        bench("lstm", 4, Box::new(lstm))?,
    ])
}

/// What moves memory more than it computes.
fn movers() -> Result<Vec<Bench>> {
    let weights = nn::seeded(&VarMap::new(), 1, DType::F32, &Device::Cpu);
    let image = [32, 32, 64, 64];
    let batch_norm = nn::batch_norm(32, 1e-5, weights.pp("batch"))?;
    let instance_norm = nn::instance_norm(32, 1e-5, weights.pp("instance"))?;
    let layer_norm = nn::layer_norm(256, 1e-5, weights.pp("layer"))?;
    let labels = Tensor::from_vec((0..2048u32).collect(), 2048, &Device::Cpu)?;
    let cases: Vec<(&str, &[usize], f64, f64, Operation)> = vec![
        ("relu", &image, 2.0, 3.0, Box::new(|x| nn::ops::relu(&x[0]))),
        (
            "gelu_erf",
            &image,
            2.0,
            3.0,
            Box::new(|x| nn::ops::gelu_erf(&x[0])),
        ),
        ("silu", &image, 2.0, 3.0, Box::new(|x| nn::ops::silu(&x[0]))),
        (
            "add_relu",
            &image,
            3.0,
            3.0,
            Box::new(|x| nn::ops::add_relu(&x[0], &x[0])),
        ),
        (
            "batch_norm and relu",
            &image,
            3.0,
            5.0,
            Box::new(move |x| batch_norm.forward_relu_t(&x[0], true)),
        ),
        (
            "instance_norm",
            &image,
            3.0,
            5.0,
            Box::new(move |x| instance_norm.forward(&x[0])),
        ),
        (
            "layer_norm 256",
            &[16384, 256],
            2.0,
            3.0,
            Box::new(move |x| layer_norm.forward(&x[0])),
        ),
        (
            "softmax 256",
            &[16384, 256],
            2.0,
            3.0,
            Box::new(|x| nn::ops::softmax_last_dim(&x[0])),
        ),
        (
            "max_pool2d 2",
            &image,
            1.25,
            1.25,
            Box::new(|x| nn::max_pool2d(&x[0], 2, 2, 0)),
        ),
        (
            "avg_pool2d 2",
            &image,
            1.25,
            1.25,
            Box::new(|x| nn::avg_pool2d(&x[0], 2, 2, 0)),
        ),
        (
            "upsample_nearest2d ×2",
            &image,
            5.0,
            5.0,
            Box::new(|x| nn::upsample_nearest2d(&x[0], 128, 128)),
        ),
        (
            "cross_entropy of 5000 classes",
            &[2048, 5000],
            1.0,
            2.0,
            Box::new(move |x| nn::loss::cross_entropy(&x[0], &labels)),
        ),
    ];
    let bench = |(name, dims, there, back, operation): (&str, &[usize], f64, f64, Operation)| {
        let numbers = dims.iter().product::<usize>() as f64;
        Ok(Bench {
            name: format!("{name}, {dims:?}"),
            inputs: vec![var(dims)?],
            work: Work::Moves(there * numbers, back * numbers),
            operation,
        })
    };
    cases.into_iter().map(bench).collect()
}

/// The least time of a call, in seconds.
fn fastest<R>(mut call: impl FnMut() -> Result<R>) -> Result<f64> {
    call()?;
    let (begin, mut least) = (Instant::now(), Duration::MAX);
    while begin.elapsed() < PATIENCE {
        let start = Instant::now();
        std::hint::black_box(call()?);
        least = least.min(start.elapsed());
    }
    Ok(least.as_secs_f64())
}

fn noise(dims: &[usize]) -> Result<Tensor> {
    use rand::Rng;
    let mut random = nn::random(1, "bench");
    let values: Vec<f32> = (0..dims.iter().product())
        .map(|_| random.random_range(-1.0..1.0))
        .collect();
    Tensor::from_vec(values, dims, &Device::Cpu)
}

fn var(dims: &[usize]) -> Result<Var> {
    Var::from_tensor(&noise(dims)?)
}
