//! What everything that is drawn here is drawn with: a sheet, colours, lots and noise.

pub mod canvas;
pub mod colour;
pub mod dice;
pub mod noise;
mod pixels;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

/// Draws pictures of `size` × `size` pixels into the files named, below `folder`, on all cores. `draw` must return
/// `size` × `size` × 3 bytes: rows of red, green and blue. `on_progress` gets how many are done, of how many. Only
/// folders of pictures are made: where there are none, `folder` itself is not.
///
/// # Errors
/// If a folder or a file cannot be written, or `draw` returns another number of bytes.
pub fn write_all<T: Sync>(
    folder: &Path,
    pictures: &[(PathBuf, T)],
    size: u32,
    draw: impl Fn(&T) -> Vec<u8> + Sync,
    on_progress: &(dyn Fn(usize, usize) + Sync),
) -> io::Result<()> {
    for (path, _) in pictures {
        if let Some(below) = path.parent() {
            fs::create_dir_all(folder.join(below))?;
        }
    }
    let done = AtomicUsize::new(0);
    pictures.par_iter().try_for_each(|(path, what)| {
        fs::write(folder.join(path), png(&draw(what), size)?)?;
        on_progress(1 + done.fetch_add(1, Ordering::Relaxed), pictures.len());
        Ok(())
    })
}

/// The bytes of a PNG file of red, green and blue.
fn png(pixels: &[u8], size: u32) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size, size);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}
