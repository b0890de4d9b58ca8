//! Pictures of a game, and films of them.

use std::{collections::HashMap, io};

use training::{canvas::Canvas, colour::Colour};

/// A picture: Gymnasium's `rgb_array`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// In pixels.
    pub width: usize,
    /// In pixels.
    pub height: usize,
    /// Row after row, from the upper left.
    pub pixels: Vec<Colour>,
}

impl From<Canvas> for Frame {
    fn from(canvas: Canvas) -> Self {
        Frame {
            width: canvas.width,
            height: canvas.height,
            pixels: canvas.into_pixels(),
        }
    }
}

impl Frame {
    /// The picture as a PNG file.
    ///
    /// # Errors
    /// When there are no pixels, or not as many as width × height.
    pub fn png(&self) -> io::Result<Vec<u8>> {
        self.check()?;
        let mut canvas = Canvas::new(self.width, self.height, [0; 3]);
        canvas.paste((0, 0), self.width, &self.pixels);
        canvas.png()
    }

    fn check(&self) -> io::Result<()> {
        let (width, height, count) = (self.width, self.height, self.pixels.len());
        match count > 0 && width.checked_mul(height) == Some(count) {
            true => Ok(()),
            false => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("a picture of {width} × {height} with {count} pixels"),
            )),
        }
    }
}

/// The most colours a GIF has, but for the one that stands for a pixel that stays as it is.
const COLOURS: usize = 255;
/// The number of that one.
const STAYS: u8 = 255;

/// A film that goes round for ever, as a GIF file; `frames_per_second` up to 50, as browsers slow down what is faster.
/// The last frame stays for a second and a half. Only what changes from frame to frame is stored.
///
/// # Errors
/// When there is no frame, when they are not all of one size, when one has not a pixel for each place or none at all, or
/// when a side is longer than 65,535 pixels.
pub fn gif(frames: &[Frame], frames_per_second: u32) -> io::Result<Vec<u8>> {
    let invalid = |problem: &str| io::Error::new(io::ErrorKind::InvalidInput, problem.to_string());
    let first = frames.first().ok_or_else(|| invalid("a film without a frame"))?;
    let (width, height) = (first.width, first.height);
    if frames
        .iter()
        .any(|frame| (frame.width, frame.height) != (width, height))
    {
        return Err(invalid("the frames of a film must all be of one size"));
    }
    for frame in frames {
        frame.check()?;
    }
    let side = |length: usize| {
        u16::try_from(length).map_err(|_| invalid("a GIF's sides have at most 65,535 pixels"))
    };
    let palette = Palette::of(frames);
    let mut bytes = Vec::new();
    // Filled up, for `STAYS` must be one of the colours.
    let mut colours = palette.colours.concat();
    colours.resize(3 * (COLOURS + 1), 0);
    let mut encoder =
        gif::Encoder::new(&mut bytes, side(width)?, side(height)?, &colours).map_err(io::Error::other)?;
    encoder
        .set_repeat(gif::Repeat::Infinite)
        .map_err(io::Error::other)?;
    let mut before: Option<&Frame> = None;
    for (number, frame) in frames.iter().enumerate() {
        let (left, top, right, bottom) = changed(before, frame);
        let mut indices = Vec::with_capacity((right - left) * (bottom - top));
        for y in top..bottom {
            for at in y * width + left..y * width + right {
                let colour = frame.pixels[at];
                let stays = before.is_some_and(|before| before.pixels[at] == colour);
                indices.push(if stays { STAYS } else { palette.index[&colour] });
            }
        }
        // In hundredths of a second.
        let delay = if number + 1 == frames.len() {
            150
        } else {
            100 / frames_per_second.clamp(1, 50)
        };
        let picture = gif::Frame {
            delay: delay as u16,
            dispose: gif::DisposalMethod::Keep,
            transparent: before.map(|_| STAYS),
            left: side(left)?,
            top: side(top)?,
            width: side(right - left)?,
            height: side(bottom - top)?,
            buffer: indices.into(),
            ..gif::Frame::default()
        };
        encoder.write_frame(&picture).map_err(io::Error::other)?;
        before = Some(frame);
    }
    drop(encoder);
    Ok(bytes)
}

/// The corners (left, top, right, bottom; the latter two beyond it) of what differs; one pixel where nothing does.
fn changed(before: Option<&Frame>, frame: &Frame) -> (usize, usize, usize, usize) {
    let Some(before) = before else {
        return (0, 0, frame.width, frame.height);
    };
    let (mut left, mut top, mut right, mut bottom) = (frame.width, frame.height, 0, 0);
    let pairs = before.pixels.iter().zip(&frame.pixels).enumerate();
    for (at, _) in pairs.filter(|(_, (before, now))| before != now) {
        let (x, y) = (at % frame.width, at / frame.width);
        (left, right) = (left.min(x), right.max(x + 1));
        (top, bottom) = (top.min(y), bottom.max(y + 1));
    }
    if right == 0 {
        (0, 0, 1, 1)
    } else {
        (left, top, right, bottom)
    }
}

/// The colours of a film: exact where there are few, else the most frequent ones, and for each other its nearest.
struct Palette {
    colours: Vec<Colour>,
    index: HashMap<Colour, u8>,
}

impl Palette {
    fn of(frames: &[Frame]) -> Self {
        let mut counts: HashMap<Colour, u64> = HashMap::new();
        for frame in frames {
            // Long runs of one colour are counted at once.
            for run in frame.pixels.chunk_by(|a, b| a == b) {
                *counts.entry(run[0]).or_default() += run.len() as u64;
            }
        }
        let mut colours: Vec<Colour> = counts.keys().copied().collect();
        colours.sort_by_key(|colour| (std::cmp::Reverse(counts[colour]), *colour));
        let others = colours.split_off(colours.len().min(COLOURS));
        let mut index: HashMap<Colour, u8> = colours.iter().copied().zip(0..=u8::MAX).collect();
        for other in others {
            let distance = |colour: &Colour| -> i32 {
                colour
                    .iter()
                    .zip(other)
                    .map(|(a, b)| (i32::from(*a) - i32::from(b)).pow(2))
                    .sum()
            };
            let nearest = (0..=u8::MAX)
                .zip(&colours)
                .min_by_key(|(_, colour)| distance(colour));
            index.insert(other, nearest.map_or(0, |(number, _)| number));
        }
        Palette { colours, index }
    }
}
