//! Which device computes, and an honest word about why.

use anyhow::{Result, bail};
use candle_core::Device;
use serde::{Deserialize, Serialize};

/// The `--device` flag.
#[derive(clap::ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceChoice {
    /// A GPU that this build supports and this machine has, else the CPU.
    #[default]
    Auto,
    /// The processor. Same seed, same machine, same build: the same bits.
    Cpu,
    /// An NVIDIA GPU; needs a build with `--features cuda`.
    Cuda,
    /// An Apple GPU; needs a build with `--features metal`.
    Metal,
}

/// The device for `choice`, and one line that says which it is and, for the CPU, why not a GPU.
///
/// Errors when a GPU was asked for by name and cannot be had: falling back in silence would cost the user
/// hours without a word.
pub fn choose_device(choice: DeviceChoice) -> Result<(Device, String)> {
    match choice {
        DeviceChoice::Cpu => Ok((Device::Cpu, cpu("as asked"))),
        DeviceChoice::Cuda => match cuda() {
            Ok(device) => Ok((device, "NVIDIA GPU 0 (CUDA)".into())),
            Err(reason) => bail!("--device cuda: {reason}. Use --device cpu, or auto"),
        },
        DeviceChoice::Metal => match metal() {
            Ok(device) => Ok((device, "Apple GPU 0 (Metal)".into())),
            Err(reason) => bail!("--device metal: {reason}. Use --device cpu, or auto"),
        },
        DeviceChoice::Auto => {
            let reason = match (cuda(), metal()) {
                (Ok(device), _) => return Ok((device, "NVIDIA GPU 0 (CUDA)".into())),
                (_, Ok(device)) => return Ok((device, "Apple GPU 0 (Metal)".into())),
                (Err(cuda), Err(metal)) if cfg!(target_os = "macos") => {
                    if cfg!(feature = "cuda") {
                        cuda
                    } else {
                        metal
                    }
                }
                (Err(cuda), _) => cuda,
            };
            Ok((Device::Cpu, cpu(&reason)))
        }
    }
}

fn cpu(reason: &str) -> String {
    let threads = nn::threads();
    let plural = if threads == 1 { "" } else { "s" };
    format!("CPU, {threads} thread{plural} ({reason})")
}

fn cuda() -> Result<Device, String> {
    if !cfg!(feature = "cuda") {
        return Err("this build has no CUDA: add --features cuda to use an NVIDIA GPU".into());
    }
    Device::new_cuda(0).map_err(|error| format!("no usable NVIDIA GPU: {error}"))
}

fn metal() -> Result<Device, String> {
    if !cfg!(feature = "metal") {
        return Err("this build has no Metal: add --features metal to use an Apple GPU".into());
    }
    Device::new_metal(0).map_err(|error| format!("no usable Apple GPU: {error}"))
}
