//! Uncompressed samples, read block by block.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::AudioError;
use crate::headers::{self, Encoding, Layout};

/// Bytes read at a time (or one frame, where that is longer).
const BLOCK: usize = 64 * 1024;

/// An open wav, aiff or au file.
pub(crate) struct Pcm {
    path: PathBuf,
    file: BufReader<File>,
    pub layout: Layout,
    /// Whole frames that the header promises; `None` where it does not know.
    pub promised: Option<u64>,
    /// Frames read so far.
    pub read: u64,
    buffer: Vec<u8>,
}

impl Pcm {
    pub fn open(path: &Path, file: File, magic: &[u8; 12]) -> Result<Self, AudioError> {
        let mut file = BufReader::new(file);
        let layout = headers::read(&mut file, magic, path)?;
        file.seek(SeekFrom::Start(layout.start))
            .map_err(|e| AudioError::from_io(path, e))?;
        let frame = (layout.width * layout.channels) as u64;
        Ok(Self {
            path: path.to_path_buf(),
            file,
            promised: layout.length.map(|bytes| bytes / frame),
            layout,
            read: 0,
            buffer: Vec::new(),
        })
    }

    /// Appends the next block, mixed down to mono, to `mono`; false at the end.
    pub fn next_block(&mut self, mono: &mut Vec<f32>) -> Result<bool, AudioError> {
        let Layout { width, channels, .. } = self.layout;
        let frame = width * channels;
        let frames = (BLOCK / frame).max(1) as u64;
        let frames = self.promised.map_or(frames, |all| frames.min(all - self.read));
        self.buffer.clear();
        (&mut self.file)
            .take(frames * frame as u64)
            .read_to_end(&mut self.buffer)
            .map_err(|e| AudioError::from_io(&self.path, e))?;
        let before = mono.len();
        for frame in self.buffer.chunks_exact(frame) {
            let sum: f64 = frame
                .chunks_exact(width)
                .map(|number| decode(&self.layout, number))
                .sum();
            let value = (sum / channels as f64) as f32;
            check_sample(&self.path, value, self.read, self.layout.sample_rate)?;
            mono.push(value);
            self.read += 1;
        }
        Ok(mono.len() > before)
    }
}

/// Refuses NaN, infinities and what is over 40 dB above full scale, naming the place.
pub(crate) fn check_sample(path: &Path, value: f32, index: u64, sample_rate: u32) -> Result<(), AudioError> {
    // Written so that NaN, which compares false with everything, fails it.
    if value.abs() <= 100.0 {
        return Ok(());
    }
    Err(AudioError::BadSample {
        path: path.to_path_buf(),
        index,
        seconds: index as f64 / f64::from(sample_rate),
        value,
    })
}

/// One stored number as -1 … 1. Integers are divided by their negative full scale, as everyone does: 16-bit
/// 32767 is 0.99997.
fn decode(layout: &Layout, stored: &[u8]) -> f64 {
    // Nearly every file: four times as fast as the way that fits all.
    if let (Encoding::Signed, &[first, second]) = (layout.encoding, stored) {
        let pair = if layout.big_endian {
            [first, second]
        } else {
            [second, first]
        };
        return f64::from(i16::from_be_bytes(pair)) / 32768.0;
    }
    // The bytes as a big-endian integer shifted to the top, so that all widths share one scale.
    let mut bytes = [0; 8];
    for (i, &byte) in stored.iter().enumerate() {
        let place = if layout.big_endian {
            i
        } else {
            stored.len() - 1 - i
        };
        bytes[place] = byte;
    }
    let bits = u64::from_be_bytes(bytes);
    match layout.encoding {
        Encoding::Unsigned8 => (f64::from(stored[0]) - 128.0) / 128.0,
        Encoding::Signed => bits as i64 as f64 / 2f64.powi(63),
        Encoding::Float if stored.len() == 4 => f32::from_bits((bits >> 32) as u32).into(),
        Encoding::Float => f64::from_bits(bits),
        Encoding::MuLaw => mu_law(stored[0]),
        Encoding::ALaw => a_law(stored[0]),
    }
}

/// ITU-T G.711, table 2: eight segments, each twice as coarse as the one below, stored inverted.
fn mu_law(code: u8) -> f64 {
    let code = !code;
    let magnitude = ((i32::from(code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4);
    f64::from(if code & 0x80 != 0 {
        0x84 - magnitude
    } else {
        magnitude - 0x84
    }) / 32768.0
}

/// ITU-T G.711, table 1: as µ-law but linear in the two lowest segments; every other bit is stored inverted.
fn a_law(code: u8) -> f64 {
    let code = code ^ 0x55;
    let step = (i32::from(code & 0x0F) << 4) + 8;
    let magnitude = match (code & 0x70) >> 4 {
        0 => step,
        segment => (step + 0x100) << (segment - 1),
    };
    f64::from(if code & 0x80 != 0 { magnitude } else { -magnitude }) / 32768.0
}
