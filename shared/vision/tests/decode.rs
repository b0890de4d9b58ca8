//! Every kind of picture is read rightly, every damage has a message and none a panic.
//!
//! `fixtures/cmyk.jpg`, `progressive.jpg` and `lossy.webp` are 32 × 16 pixels, red left and green right, written by
//! Pillow 13.0 since no encoder here makes such files; everything else is made below.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic, in its helpers too"
)]

use std::{fs, io::Cursor, path::Path};

use image::{
    DynamicImage, ExtendedColorType, Frame, GrayAlphaImage, GrayImage, ImageBuffer, ImageEncoder,
    ImageFormat, Luma, LumaA, Rgb, RgbImage, Rgba, RgbaImage, codecs::gif::GifEncoder,
    codecs::jpeg::JpegEncoder,
};
use vision::{VisionError, decode};

/// Red left, green right.
fn flag(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| match x < width / 2 {
        true => Rgb([220, 30, 30]),
        false => Rgb([30, 200, 40]),
    })
}

fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture
        .into()
        .write_to(&mut Cursor::new(&mut bytes), format)
        .unwrap();
    bytes
}

fn is_flag(picture: &RgbImage, tolerance: i32) {
    assert_eq!(picture.dimensions(), (32, 16));
    for (x, wanted) in [(4, [220, 30, 30]), (27, [30, 200, 40])] {
        let found = picture[(x, 8)].0;
        let near = |(a, b): (&u8, &u8)| (i32::from(*a) - i32::from(*b)).abs() <= tolerance;
        assert!(
            found.iter().zip(&wanted).all(near),
            "{found:?} at {x}, not {wanted:?}"
        );
    }
}

#[test]
fn every_format_is_told_by_its_content() {
    for format in [
        ImageFormat::Png,
        ImageFormat::Bmp,
        ImageFormat::Gif,
        ImageFormat::WebP,
        ImageFormat::Jpeg,
    ] {
        // The name says nothing: many files on the web have a wrong one.
        is_flag(&decode(&encoded(flag(32, 16), format), "photo.xyz").unwrap(), 12);
    }
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for file in ["progressive.jpg", "lossy.webp"] {
        is_flag(&vision::open(fixtures.join(file)).unwrap(), 12);
    }
    // Full cyan, magenta and yellow: how dark their mixtures are is the printer's business, so only the hue counts.
    let cmyk = vision::open(fixtures.join("cmyk.jpg")).unwrap();
    let ([r, g, _], [r2, g2, _]) = (cmyk[(4, 8)].0, cmyk[(27, 8)].0);
    assert!(
        r > 150 && g < 80 && g2 > 120 && r2 < 80,
        "{:?} {:?}",
        cmyk[(4, 8)],
        cmyk[(27, 8)]
    );
}

#[test]
fn grey_deep_and_transparent_pictures_become_red_green_and_blue() {
    let grey = decode(
        &encoded(GrayImage::from_pixel(3, 2, Luma([90])), ImageFormat::Png),
        "grey.png",
    )
    .unwrap();
    assert_eq!(grey[(2, 1)].0, [90; 3]);
    let deep: ImageBuffer<Rgb<u16>, _> = ImageBuffer::from_pixel(3, 2, Rgb([65_535u16, 32_896, 0]));
    let deep = decode(&encoded(deep, ImageFormat::Png), "deep.png").unwrap();
    assert_eq!(deep[(0, 0)].0, [255, 128, 0]);
    // What is hidden under transparency must not come out: it lies on white.
    let clear = RgbaImage::from_fn(2, 1, |x, _| Rgba([200, 0, 0, if x == 0 { 0 } else { 128 }]));
    let clear = decode(&encoded(clear, ImageFormat::Png), "clear.png").unwrap();
    assert_eq!((clear[(0, 0)].0, clear[(1, 0)].0), ([255; 3], [227, 127, 127]));
    let veil = GrayAlphaImage::from_pixel(2, 1, LumaA([0, 0]));
    assert_eq!(
        decode(&encoded(veil, ImageFormat::Png), "veil.png").unwrap()[(0, 0)].0,
        [255; 3]
    );
}

#[test]
fn a_moving_picture_shows_its_first_frame() {
    let mut bytes = Vec::new();
    {
        let mut encoder = GifEncoder::new(&mut bytes);
        for shade in [10, 120, 240] {
            let frame = RgbaImage::from_pixel(8, 8, Rgba([shade, 40, 90, 255]));
            encoder.encode_frame(Frame::new(frame)).unwrap();
        }
    }
    let first = decode(&bytes, "moving.gif").unwrap();
    assert_eq!((first.dimensions(), first[(4, 4)].0[0]), ((8, 8), 10));
}

#[test]
fn a_camera_held_sideways_is_turned_upright() {
    let mut jpeg = Vec::new();
    let (picture, mut wanted) = (flag(32, 16), Vec::new());
    let encoder = JpegEncoder::new_with_quality(&mut jpeg, 95);
    encoder
        .write_image(picture.as_raw(), 32, 16, ExtendedColorType::Rgb8)
        .unwrap();
    for orientation in 1..=8u8 {
        // An APP1 segment with one entry, the orientation, after the start of the file.
        let tiff: [u8; 26] = [
            b'M',
            b'M',
            0,
            42,
            0,
            0,
            0,
            8,
            0,
            1,
            1,
            18,
            0,
            3,
            0,
            0,
            0,
            1,
            0,
            orientation,
            0,
            0,
            0,
            0,
            0,
            0,
        ];
        let mut file = jpeg[..2].to_vec();
        file.extend([0xff, 0xe1, 0, (2 + 6 + tiff.len()) as u8]);
        file.extend(b"Exif\0\0");
        file.extend(tiff);
        file.extend(&jpeg[2..]);
        let upright = decode(&file, "sideways.jpg").unwrap();
        let reddest = |x: u32, y: u32| upright[(x, y)].0[0] > 120;
        let (right, bottom) = (upright.width() - 1, upright.height() - 1);
        wanted.push((
            upright.width(),
            reddest(1, 1),
            reddest(right - 1, 1),
            reddest(1, bottom - 1),
        ));
    }
    // (width, red at the top left, at the top right, at the bottom left), as the EXIF standard has it.
    let (wide, high) = (32, 16);
    assert_eq!(
        wanted,
        [
            (wide, true, false, true),
            (wide, false, true, false),
            (wide, false, true, false),
            (wide, true, false, true),
            (high, true, true, false),
            (high, true, true, false),
            (high, false, false, true),
            (high, false, false, true),
        ]
    );
}

#[test]
fn damage_is_told_and_nothing_panics() {
    for format in [
        ImageFormat::Png,
        ImageFormat::Bmp,
        ImageFormat::Gif,
        ImageFormat::WebP,
        ImageFormat::Jpeg,
    ] {
        let whole = encoded(flag(64, 48), format);
        for length in [
            3,
            12,
            whole.len() / 4,
            whole.len() / 2,
            whole.len() * 9 / 10,
            whole.len() - 3,
        ] {
            let said = match decode(&whole[..length], "cut.file") {
                Err(error) => error.to_string(),
                // The last bytes of some formats carry no pixels.
                Ok(picture) => {
                    assert!(
                        length > whole.len() / 2 && format != ImageFormat::Jpeg,
                        "{format:?} of {length}"
                    );
                    assert_eq!(picture.dimensions(), (64, 48));
                    continue;
                }
            };
            assert!(said.starts_with("cut.file"), "{said}");
        }
        for at in (0..whole.len()).step_by(7) {
            let mut broken = whole.clone();
            broken[at] ^= 0x55;
            let _ = decode(&broken, "broken.file");
        }
    }
    let said = |bytes: &[u8]| decode(bytes, "file").unwrap_err().to_string();
    assert!(said(b"").contains("an empty file"), "{}", said(b""));
    assert!(said(b"Shall I compare thee").contains("text"));
    assert!(said(b"\0\0\0\x18ftypheic").contains("HEIC"));
    let missing = vision::open("no/such/picture.png").unwrap_err();
    assert!(matches!(missing, VisionError::Unreadable { .. }));
}

#[test]
fn a_header_that_promises_a_gigabyte_is_refused_before_memory_is_taken() {
    let mut png = encoded(flag(8, 8), ImageFormat::Png);
    png[16..20].copy_from_slice(&30_000u32.to_be_bytes());
    png[20..24].copy_from_slice(&30_000u32.to_be_bytes());
    // The checksum of the changed header, so that nothing but its size is wrong with it.
    let mut crc = u32::MAX;
    for byte in &png[12..29] {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    png[29..33].copy_from_slice(&(!crc).to_be_bytes());
    let error = decode(&png, "huge.png").unwrap_err();
    assert!(
        matches!(
            error,
            VisionError::TooLarge {
                width: 30_000,
                height: 30_000,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_folder_of_links_and_unreadable_files_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("poem.png");
    fs::write(&path, "Shall I compare thee to a summer's day?").unwrap();
    assert!(matches!(
        vision::open(&path),
        Err(VisionError::UnknownFormat { .. })
    ));
    assert!(vision::open(folder.path()).is_err());
}
