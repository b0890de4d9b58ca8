//! Pictures for training: decoding, resizing, augmentation, layouts, contact sheets and well-known networks.
//!
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("cat.png");
//! # std::fs::write(&path, vision::png(&image::RgbImage::from_pixel(300, 200, image::Rgb([90, 80, 70])))).unwrap();
//! // Any png, jpeg, webp, gif or bmp, upright, as red, green and blue.
//! let photo = vision::open(&path)?;
//!
//! // What a network looks at: 64 × 64 pixels, as a tensor (1, 3, 64, 64).
//! let seen = vision::cover(&photo, 64, 64);
//! let tensor = vision::Normalisation::IMAGENET.batch([&seen])?;
//! assert_eq!(tensor.dims(), [1, 3, 64, 64]);
//!
//! // What it looks at in the third epoch: nearer, mirrored, brighter.
//! let mut random = nn::random(7, "augment/epoch 3/item 17");
//! let other = vision::Augment::usual().apply(&photo, 64, 64, &mut random);
//! # assert_eq!(other.dimensions(), (64, 64));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod augment;
mod decode;
mod error;
mod grad_cam;
pub mod models;
mod normalise;
pub mod packed;
mod resize;
mod sheet;

pub use augment::Augment;
pub use decode::{EXTENSIONS, MOST_PIXELS, decode, open, png};
pub use error::VisionError;
pub use grad_cam::{grad_cam, overlay};
pub use image::RgbImage;
pub use normalise::Normalisation;
pub use resize::{centre_crop, cover, resize, shrink};
pub use sheet::{contact_sheet, gif};
