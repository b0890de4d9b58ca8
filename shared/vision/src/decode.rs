//! From a file to red, green and blue, whatever the file is.

use std::{
    fs,
    io::Cursor,
    path::{Path, PathBuf},
};

use image::{DynamicImage, ImageDecoder, ImageReader, RgbImage, metadata::Orientation};

use crate::VisionError;

/// The extensions of files that can be decoded, in lower case: what counts as a picture in a folder.
pub const EXTENSIONS: [&str; 8] = ["png", "jpg", "jpeg", "jfif", "webp", "gif", "bmp", "dib"];

/// Pictures of more pixels are refused before memory is taken for them: a header of a few bytes can promise a
/// gigabyte.
pub const MOST_PIXELS: u64 = 150_000_000;

/// The picture in a file, upright: see [`decode`].
///
/// # Errors
/// See [`VisionError`].
pub fn open(path: impl AsRef<Path>) -> Result<RgbImage, VisionError> {
    let path = path.as_ref();
    let bytes = fs::read(path).map_err(|problem| VisionError::Unreadable {
        path: path.to_path_buf(),
        problem,
    })?;
    decode(&bytes, path)
}

/// The picture in `bytes`; `name` is what errors call it.
///
/// The form is told by the content, not by the name. Grey, 16-bit and CMYK pictures become red, green and blue of 8
/// bits each; what is transparent lies on white; of a moving picture it is the first frame; a camera held sideways
/// (EXIF orientation) is turned upright.
///
/// # Errors
/// When it is no picture, too large, cut off or damaged. A jpeg that is cut off would decode to a half grey picture
/// without a word: it is an error here.
///
/// ```
/// let bytes = vision::png(&image::RgbImage::from_pixel(3, 2, image::Rgb([200, 100, 0])));
/// let picture = vision::decode(&bytes, "sunset.png")?;
/// assert_eq!((picture.dimensions(), picture[(0, 0)].0), ((3, 2), [200, 100, 0]));
/// assert!(vision::decode(&bytes[..bytes.len() / 2], "sunset.png").is_err());
/// # Ok::<(), vision::VisionError>(())
/// ```
pub fn decode(bytes: &[u8], name: impl Into<PathBuf>) -> Result<RgbImage, VisionError> {
    let path: PathBuf = name.into();
    let damaged = |error: image::ImageError| VisionError::Damaged {
        path: path.clone(),
        problem: error.to_string(),
    };
    let unknown = || VisionError::UnknownFormat {
        path: path.clone(),
        what: what_it_seems(bytes).into(),
    };
    let format = image::guess_format(bytes).map_err(|_| unknown())?;
    if !format.reading_enabled() {
        return Err(unknown());
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    // Our own limit comes first; this one bounds what a decoder takes on the way.
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(8 * MOST_PIXELS);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(VisionError::TooLarge { path, width, height });
    }
    if width == 0 || height == 0 {
        return Err(VisionError::Damaged {
            path,
            problem: "it has no pixels".into(),
        });
    }
    if format == image::ImageFormat::Jpeg && !jpeg_has_an_end(bytes) {
        return Err(VisionError::CutOff { path });
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| match &error {
        image::ImageError::IoError(problem) if problem.kind() == std::io::ErrorKind::UnexpectedEof => {
            VisionError::CutOff { path: path.clone() }
        }
        _ => damaged(error),
    })?;
    picture.apply_orientation(orientation);
    Ok(match picture.color().has_alpha() {
        true => on_white(&picture),
        false => picture.into_rgb8(),
    })
}

/// Whether there is an end-of-image marker after the last start of a scan. (Within a scan these two bytes cannot
/// stand together; a thumbnail before it has an end of its own.)
fn jpeg_has_an_end(bytes: &[u8]) -> bool {
    let last = |marker: u8| bytes.windows(2).rposition(|pair| pair == [0xff, marker]);
    matches!((last(0xda), last(0xd9)), (Some(scan), Some(end)) if end > scan)
}

fn on_white(picture: &DynamicImage) -> RgbImage {
    let mut opaque = RgbImage::new(picture.width(), picture.height());
    for (over, out) in picture.to_rgba8().pixels().zip(opaque.pixels_mut()) {
        let [red, green, blue, alpha] = over.0.map(u32::from);
        out.0 = [red, green, blue].map(|value| ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8);
    }
    opaque
}

/// What else the first bytes are known from.
fn what_it_seems(bytes: &[u8]) -> &'static str {
    let at = |offset: usize, text: &[u8]| bytes.get(offset..offset + text.len()) == Some(text);
    match () {
        _ if bytes.is_empty() => "an empty file",
        _ if at(4, b"ftyphei") || at(4, b"ftypmif1") => "a HEIC picture",
        _ if at(4, b"ftypavif") => "an AVIF picture",
        _ if at(0, b"II*\0") || at(0, b"MM\0*") => "a TIFF or raw picture",
        _ if at(0, b"<svg") || at(0, b"<?xml") => "an SVG drawing",
        _ if at(0, b"%PDF") => "a PDF",
        _ if at(0, b"<!DOCTYPE") || at(0, b"<html") => "a web page, as failed downloads leave",
        _ if at(0, b"PK\x03\x04") => "a zip archive",
        _ if std::str::from_utf8(bytes.get(..64.min(bytes.len())).unwrap_or_default()).is_ok() => "text",
        _ => "an unknown kind of file",
    }
}

/// The picture as a PNG file.
pub fn png(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Into memory there is nothing that could fail: the sizes fit, or there would be no picture.
    let written = picture.write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png);
    debug_assert!(written.is_ok());
    bytes
}
