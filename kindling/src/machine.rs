//! What this machine has for training, with advice.

use std::{fmt::Write, path::Path, process::Command};

use sysinfo::{CpuRefreshKind, Disks, MemoryRefreshKind, RefreshKind, System};

/// Bytes in a gigabyte, as memory and disks are sold.
const GB: f64 = 1e9;

/// Lines on cores, instructions, memory, the disk that holds `here`, GPU, build and tools; advice behind an arrow where
/// there is any.
pub fn check(here: &Path) -> String {
    let what = RefreshKind::nothing()
        .with_memory(MemoryRefreshKind::everything())
        .with_cpu(CpuRefreshKind::everything());
    let system = System::new_with_specifics(what);
    let mut lines = Lines::default();
    processor(&mut lines, &system);
    memory(&mut lines, &system);
    disk(&mut lines, here);
    let gpu = graphics(&mut lines);
    build(&mut lines);
    tools(&mut lines, gpu);
    lines.0
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn say(&mut self, what: &str, value: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{what:<9} {value}");
    }

    fn advise(&mut self, advice: &str) {
        let _ = writeln!(self.0, "          → {advice}");
    }
}

fn processor(lines: &mut Lines, system: &System) {
    let model = system.cpus().first().map(|cpu| cpu.brand().trim().to_string());
    let model = model.filter(|model| !model.is_empty());
    lines.say(
        "processor",
        &model.unwrap_or_else(|| std::env::consts::ARCH.into()),
    );
    // What this process may use: a container or `taskset` can give it fewer than there are.
    let usable = std::thread::available_parallelism().map_or(1, usize::from);
    let (logical, physical) = (system.cpus().len().max(usable), System::physical_core_count());
    let physical = physical.map_or(String::new(), |cores| format!(", {cores} physical cores"));
    lines.say(
        "threads",
        &format!("{usable} to compute with, of {logical} in the machine{physical}"),
    );
    if usable == 1 {
        lines.advise("the times that the pages give are for two: expect twice as long");
    }
    let load = System::load_average().one;
    if load > 0.5 * usable as f64 {
        lines.advise(&format!(
            "other programs keep {load:.1} of them busy: what you train now takes longer"
        ));
    }
    let (instructions, advice) = instructions();
    lines.say("SIMD", instructions);
    if let Some(advice) = advice {
        lines.advise(advice);
    }
}

/// The widest vector instructions that the kernels of this workspace would use here.
#[cfg(target_arch = "x86_64")]
fn instructions() -> (&'static str, Option<&'static str>) {
    let avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512bw");
    if avx512 {
        ("AVX-512: used, found out at run time", None)
    } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        ("AVX2 and FMA: used, found out at run time", None)
    } else {
        (
            "neither AVX2 nor AVX-512",
            Some(
                "training works, several times more slowly than the pages say; a virtual machine may be hiding them",
            ),
        )
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn instructions() -> (&'static str, Option<&'static str>) {
    if cfg!(target_arch = "aarch64") {
        ("NEON: used", None)
    } else {
        ("whatever the compiler knows of this processor", None)
    }
}

fn memory(lines: &mut Lines, system: &System) {
    let (total, free) = (
        system.total_memory() as f64 / GB,
        system.available_memory() as f64 / GB,
    );
    lines.say("memory", &format!("{free:.1} of {total:.1} GB free"));
    // The default runs take 0.1 to 0.8 GB; the compiler's largest crates about 1.5 GB each.
    if free < 2.0 {
        lines.advise(
            "the default runs need less than 1 GB, but building can take 2: close other programs, or build with `-j 1`",
        );
    }
}

fn disk(lines: &mut Lines, here: &Path) {
    let disks = Disks::new_with_refreshed_list();
    let here = here.canonicalize().unwrap_or_else(|_| here.into());
    let disk = disks
        .iter()
        .filter(|disk| here.starts_with(disk.mount_point()))
        .max_by_key(|disk| disk.mount_point().as_os_str().len());
    let Some(disk) = disk else {
        return lines.say("disk", "cannot tell how much is free");
    };
    let free = disk.available_space() as f64 / GB;
    lines.say("disk", &format!("{free:.0} GB free where you are"));
    if free < 6.0 {
        lines.advise("all projects built and their data made take about 6 GB; one project about 2");
    }
}

/// The feature that would use a GPU of this machine.
fn graphics(lines: &mut Lines) -> Option<&'static str> {
    if cfg!(all(target_os = "macos", target_arch = "aarch64")) {
        lines.say("GPU", "Apple's, by `--features metal`");
        lines.advise(
            "cargo run -p NAME --features metal; the small default networks are often as fast without",
        );
        return Some("metal");
    }
    let query = [
        "--query-gpu=name,memory.total,driver_version",
        "--format=csv,noheader",
    ];
    let found = match Command::new("nvidia-smi").args(query).output() {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
        Ok(output) => {
            let (told, complained) = (output.stdout, output.stderr);
            let told =
                String::from_utf8_lossy(if told.is_empty() { &complained } else { &told }).into_owned();
            let told = told.lines().next().unwrap_or("it does not say why");
            lines.say("GPU", &format!("nvidia-smi is here and fails: {told}"));
            lines.advise("an NVIDIA driver that is newer or loaded may help; no default run needs a GPU");
            return None;
        }
        Err(_) => {
            lines.say(
                "GPU",
                "none that a feature of this workspace would use (no nvidia-smi, no Apple processor)",
            );
            lines.advise("no default run needs one");
            return None;
        }
    };
    if found.trim().is_empty() {
        lines.say("GPU", "none: nvidia-smi lists no GPU");
        return None;
    }
    for gpu in found.lines() {
        lines.say("GPU", &format!("{}, by `--features cuda`", gpu.trim()));
    }
    Some("cuda")
}

fn build(lines: &mut Lines) {
    // The workspace's profile builds `cargo run` optimised and without these; a profile or a variable of the user's
    // may have brought them back.
    if cfg!(debug_assertions) {
        lines.say("build", "with debug assertions: training is 2 to 4 times slower");
        lines.advise(
            "is CARGO_PROFILE_DEV_DEBUG_ASSERTIONS or another profile set, in the environment or in a .cargo/config.toml?",
        );
    } else {
        lines.say(
            "build",
            "without debug assertions, as the workspace's profile says; `--release` adds nothing",
        );
    }
}

fn tools(lines: &mut Lines, gpu: Option<&str>) {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let version = said(&cargo, &["--version"]).unwrap_or_else(|| "cargo cannot be started".into());
    lines.say("cargo", version.trim());
    if !cfg!(windows) && said("cc", &["--version"]).is_none() {
        lines.say("cc", "no C compiler found");
        lines.advise(
            "install one (Debian: build-essential; macOS: xcode-select --install); the first build needs it",
        );
    }
    if said("git", &["--version"]).is_none() {
        lines.say("git", "not found");
        lines.advise("`new` then copies a project without making it a repository");
    }
    if gpu == Some("cuda") {
        match said("nvcc", &["--version"]) {
            Some(version) => {
                let release = version.lines().find(|line| line.contains("release"));
                lines.say("CUDA", release.unwrap_or("toolkit found").trim());
                lines.advise(
                    "cargo run -p NAME --features cuda, for large networks: the default ones are no faster on it, and the first build takes ten minutes more",
                );
            }
            None => {
                lines.say("CUDA", "the toolkit (nvcc) is not on the path");
                lines.advise("install NVIDIA's CUDA toolkit to build with `--features cuda`; nothing needs it otherwise");
            }
        }
    }
}

/// What a program prints, if there is one of this name and it ends well.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_string();
    (output.status.success() && !text.is_empty()).then_some(text)
}
