//! Times full training steps: `cargo run -p nn --release --example step_times -- MODEL SECONDS`.
//!
//! A step is what a training loop does with a batch: forward, loss, backward, AdamW. The program prints one line
//! of JSON. `torch_steps.py` does the same with PyTorch, and `compare.py` runs both by turns and prints ratios,
//! which mean more than times: a machine's speed drifts.

mod models;

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use candle_core::{DType, Device};
use nn::VarMap;
use serde::Serialize;
use training::optimiser::{AdamW, AdamWConfig, Optimiser};
use training::{Gradients, Parameters};

/// The memory that a training step frees is kept for the next one.
#[global_allocator]
static MEMORY: nn::Pool = nn::Pool::new();

const LEARNING_RATE: f64 = 1e-3;

/// What is printed. What this platform cannot tell is left out.
#[derive(Serialize)]
struct Times {
    model: String,
    mode: &'static str,
    /// The least and the median of a step's wall-clock time.
    min_ms: f64,
    med_ms: f64,
    /// The least processor time of a step, of all threads together.
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_min: Option<f64>,
    /// How many steps there were. The first, which also warms up, is in none of the times.
    n: usize,
    /// The losses of the first step and of the last.
    loss0: f32,
    #[serde(rename = "lossN")]
    loss_n: f32,
    threads: usize,
    parameters: usize,
    /// Memory in use before there was a model, and the most that ever was.
    #[serde(skip_serializing_if = "Option::is_none")]
    base_mb: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_mb: Option<f64>,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (model, seconds) = match &arguments[..] {
        [model, seconds] if models::NAMES.contains(&model.as_str()) => (model, seconds.parse()),
        _ => {
            eprintln!(
                "usage: step_times MODEL SECONDS\nmodels: {}",
                models::NAMES.join(" ")
            );
            std::process::exit(2);
        }
    };
    let times = train(model, Duration::try_from_secs_f64(seconds?)?)?;
    println!("{}", serde_json::to_string(&times)?);
    Ok(())
}

/// Trains `model` for at least three steps, until `limit` is over, at most 3000 steps.
fn train(model: &str, limit: Duration) -> Result<Times> {
    let base_mb = memory_mb("VmRSS");
    let variables = VarMap::new();
    let problem = models::problem(model, nn::seeded(&variables, 0, DType::F32, &Device::Cpu))?;
    let mut parameters = Parameters::new(&variables);
    // PyTorch's AdamW decays every parameter unless it is told otherwise.
    parameters.change("", |parameter| parameter.decay = true)?;
    let mut optimiser = AdamW::new(AdamWConfig::default());

    let mut step = || -> Result<f32> {
        let loss = problem.loss()?;
        let gradients = Gradients::of(&loss, &parameters)?;
        gradients.check_complete(&parameters)?;
        optimiser.step(&parameters, &gradients, LEARNING_RATE)?;
        Ok(loss.to_scalar()?)
    };
    let (mut losses, mut wall_ms, mut cpu_ms) = (Vec::new(), Vec::new(), Vec::new());
    let begin = Instant::now();
    while losses.len() < 3 || (begin.elapsed() < limit && losses.len() < 3000) {
        let (wall, cpu) = (Instant::now(), processor_time());
        losses.push(step()?);
        wall_ms.push(wall.elapsed().as_secs_f64() * 1e3);
        if let (Some(before), Some(after)) = (cpu, processor_time()) {
            cpu_ms.push((after - before).as_secs_f64() * 1e3);
        }
    }
    let (loss0, loss_n) = (losses[0], losses[losses.len() - 1]);
    ensure!(loss_n.is_finite(), "the loss went from {loss0} to {loss_n}");

    wall_ms.remove(0);
    wall_ms.sort_by(f64::total_cmp);
    Ok(Times {
        model: model.to_string(),
        mode: "train",
        min_ms: wall_ms[0],
        med_ms: wall_ms[wall_ms.len() / 2],
        cpu_min: cpu_ms.into_iter().skip(1).min_by(f64::total_cmp),
        n: losses.len(),
        loss0,
        loss_n,
        threads: nn::threads(),
        parameters: parameters.count(),
        base_mb,
        peak_mb: memory_mb("VmHWM"),
    })
}

/// The processor time that all threads of this process have used.
#[cfg(unix)]
fn processor_time() -> Option<Duration> {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the call writes `time` and nothing else.
    let answer = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    (answer == 0).then(|| Duration::new(time.tv_sec as u64, time.tv_nsec as u32))
}

#[cfg(not(unix))]
fn processor_time() -> Option<Duration> {
    None
}

/// A line of Linux's `/proc/self/status`: `VmRSS` is the memory in use, `VmHWM` the most that ever was.
fn memory_mb(key: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    let kilobytes = line.trim_matches(|c: char| !c.is_ascii_digit()).parse::<f64>();
    Some(kilobytes.ok()? / 1024.0)
}
