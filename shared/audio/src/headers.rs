//! The headers of uncompressed sound: RIFF/WAVE, AIFF and AIFF-C, Sun/NeXT .au.
//!
//! They are read here rather than by a codec library because training data is mostly made of them, and recorders
//! leave them in every state: any channel count, lengths never filled in, chunks cut off.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::AudioError;

/// How one number is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Unsigned, 128 is silence (8-bit wav).
    Unsigned8,
    /// Two's complement of 1 to 4 bytes.
    Signed,
    /// IEEE 754 of 4 or 8 bytes.
    Float,
    /// ITU-T G.711 µ-law.
    MuLaw,
    /// ITU-T G.711 A-law.
    ALaw,
}

/// Where the samples lie in a file and how they are stored.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub encoding: Encoding,
    pub big_endian: bool,
    /// Bytes of one number.
    pub width: usize,
    pub channels: usize,
    pub sample_rate: u32,
    /// Offset of the first sample, in bytes.
    pub start: u64,
    /// Length of the samples in bytes as the header says; `None` where it says "unknown".
    pub length: Option<u64>,
}

/// The chunk length that a streaming writer leaves when it could not seek back.
const UNKNOWN: u32 = u32::MAX;

/// Reads the header of the file at the start of `input`; `magic` is its first 12 bytes.
pub(crate) fn read<R: Read + Seek>(
    input: &mut R,
    magic: &[u8; 12],
    path: &Path,
) -> Result<Layout, AudioError> {
    let layout = match &magic[..4] {
        b".snd" => au(input, path),
        b"FORM" => aiff(input, path, &magic[8..12] == b"AIFC"),
        _ => wav(input, path),
    };
    let layout = layout.map_err(|problem| match problem {
        Problem::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            AudioError::damaged(path, "the file ends inside its header")
        }
        Problem::Io(error) => AudioError::from_io(path, error),
        Problem::Audio(error) => error,
    })?;
    if layout.channels == 0 {
        return Err(AudioError::damaged(path, "the header says 0 channels"));
    }
    if crate::error::check_rate(layout.sample_rate).is_err() {
        let what = format!("the header says {} samples a second", layout.sample_rate);
        return Err(AudioError::damaged(path, what));
    }
    let wide_enough = match layout.encoding {
        Encoding::Float => matches!(layout.width, 4 | 8),
        Encoding::Signed => (1..=4).contains(&layout.width),
        _ => layout.width == 1,
    };
    if !wide_enough {
        let what = format!("{} bits a sample", 8 * layout.width);
        return Err(AudioError::unsupported(path, what));
    }
    Ok(layout)
}

enum Problem {
    Io(io::Error),
    Audio(AudioError),
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<AudioError> for Problem {
    fn from(error: AudioError) -> Self {
        Self::Audio(error)
    }
}

fn bytes<const N: usize>(input: &mut impl Read) -> io::Result<[u8; N]> {
    let mut buffer = [0; N];
    input.read_exact(&mut buffer)?;
    Ok(buffer)
}

/// Calls `chunk(input, id, length)` for each chunk from offset 12 until it returns true. Chunks begin at even
/// offsets; running out of file ends the search without error, and the caller says what it missed. So does a
/// thousand chunks: real files have a dozen, while a file of zeros would be walked through 8 bytes at a time.
fn each_chunk<R: Read + Seek>(
    input: &mut R,
    big_endian: bool,
    mut chunk: impl FnMut(&mut R, &[u8; 4], u32) -> Result<bool, Problem>,
) -> Result<(), Problem> {
    let mut position = 12;
    for _ in 0..1000 {
        input.seek(SeekFrom::Start(position))?;
        let (id, length) = match bytes::<8>(input) {
            Ok([a, b, c, d, length @ ..]) => ([a, b, c, d], length),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let length = if big_endian {
            u32::from_be_bytes(length)
        } else {
            u32::from_le_bytes(length)
        };
        if chunk(input, &id, length)? {
            return Ok(());
        }
        position += 8 + u64::from(length) + u64::from(length % 2);
    }
    Ok(())
}

/// RIFF/WAVE, and RF64 for files beyond 4 GiB (EBU Tech 3306).
fn wav<R: Read + Seek>(input: &mut R, path: &Path) -> Result<Layout, Problem> {
    let (mut format, mut long_length, mut layout) = (None, None, None);
    each_chunk(input, false, |input, id, length| {
        match id {
            b"ds64" => {
                let sizes = bytes::<16>(input)?;
                long_length = sizes[8..].try_into().ok().map(u64::from_le_bytes);
            }
            b"fmt " => {
                let head = bytes::<16>(input)?;
                let mut tag = u16::from_le_bytes([head[0], head[1]]);
                if tag == 0xFFFE && length >= 40 {
                    // WAVE_FORMAT_EXTENSIBLE: the real tag opens the sub-format, after size, bits and mask.
                    let extension = bytes::<10>(input)?;
                    tag = u16::from_le_bytes([extension[8], extension[9]]);
                }
                format = Some((tag, head));
            }
            b"data" => {
                let Some((tag, head)) = format else {
                    return Err(AudioError::damaged(path, "no `fmt ` chunk before the samples").into());
                };
                let bits = u16::from_le_bytes([head[14], head[15]]);
                let encoding = match (tag, bits) {
                    (1, ..=8) => Encoding::Unsigned8,
                    (1, _) => Encoding::Signed,
                    (3, _) => Encoding::Float,
                    (6, _) => Encoding::ALaw,
                    (7, _) => Encoding::MuLaw,
                    _ => {
                        let what = format!("wav encoding 0x{tag:04x}");
                        return Err(AudioError::unsupported(path, what).into());
                    }
                };
                layout = Some(Layout {
                    encoding,
                    big_endian: false,
                    width: usize::from(bits).div_ceil(8),
                    channels: u16::from_le_bytes([head[2], head[3]]).into(),
                    sample_rate: u32::from_le_bytes([head[4], head[5], head[6], head[7]]),
                    start: input.stream_position()?,
                    length: if length == UNKNOWN {
                        long_length
                    } else {
                        Some(length.into())
                    },
                });
                return Ok(true);
            }
            _ => {}
        }
        Ok(false)
    })?;
    layout.ok_or_else(|| AudioError::damaged(path, "no `data` chunk: the samples are missing").into())
}

/// AIFF, and AIFF-C where its "compression" is only another way to store numbers.
fn aiff<R: Read + Seek>(input: &mut R, path: &Path, compressed: bool) -> Result<Layout, Problem> {
    let (mut common, mut place) = (None, None);
    each_chunk(input, true, |input, id, length| {
        match id {
            b"COMM" => {
                let head = bytes::<18>(input)?;
                let kind = if compressed { bytes::<4>(input)? } else { *b"NONE" };
                common = Some((head, kind));
            }
            b"SSND" => {
                let [a, b, c, d, ..] = bytes::<8>(input)?;
                let offset = u32::from_be_bytes([a, b, c, d]);
                let start = input.stream_position()? + u64::from(offset);
                place = Some((
                    start,
                    (length != UNKNOWN).then(|| u64::from(length).saturating_sub(8)),
                ));
            }
            _ => {}
        }
        Ok(common.is_some() && place.is_some())
    })?;
    let Some((head, kind)) = common else {
        return Err(AudioError::damaged(path, "no `COMM` chunk: the format is missing").into());
    };
    let Some((start, length)) = place else {
        return Err(AudioError::damaged(path, "no `SSND` chunk: the samples are missing").into());
    };
    let bits = u16::from_be_bytes([head[6], head[7]]);
    let (encoding, big_endian, bits) = match &kind {
        b"NONE" | b"twos" => (Encoding::Signed, true, bits),
        b"sowt" => (Encoding::Signed, false, bits),
        b"raw " => (Encoding::Unsigned8, true, bits),
        b"fl32" | b"FL32" => (Encoding::Float, true, 32),
        b"fl64" | b"FL64" => (Encoding::Float, true, 64),
        b"ulaw" | b"ULAW" => (Encoding::MuLaw, true, 8),
        b"alaw" | b"ALAW" => (Encoding::ALaw, true, 8),
        _ => {
            let what = format!("aiff encoding `{}`", kind.escape_ascii());
            return Err(AudioError::unsupported(path, what).into());
        }
    };
    Ok(Layout {
        encoding,
        big_endian,
        width: usize::from(bits).div_ceil(8),
        channels: u16::from_be_bytes([head[0], head[1]]).into(),
        sample_rate: extended(&head[8..18]),
        start,
        length,
    })
}

/// The 80-bit float of the 68881 in which AIFF keeps its rate, rounded to a whole number.
fn extended(bytes: &[u8]) -> u32 {
    let exponent = i32::from(u16::from_be_bytes([bytes[0], bytes[1]]) & 0x7FFF) - 16383 - 63;
    let mantissa = bytes[2..10]
        .iter()
        .fold(0u64, |sum, &byte| (sum << 8) | u64::from(byte));
    (mantissa as f64 * 2f64.powi(exponent)).round() as u32
}

/// Sun and NeXT .au (also .snd): 24 bytes, all big-endian, and an annotation of any length.
fn au<R: Read + Seek>(input: &mut R, path: &Path) -> Result<Layout, Problem> {
    input.seek(SeekFrom::Start(4))?;
    let mut word = || bytes::<4>(input).map(u32::from_be_bytes);
    let (start, length, code, sample_rate, channels) = (word()?, word()?, word()?, word()?, word()?);
    let (encoding, width) = match code {
        1 => (Encoding::MuLaw, 1),
        2..=5 => (Encoding::Signed, code as usize - 1),
        6 => (Encoding::Float, 4),
        7 => (Encoding::Float, 8),
        27 => (Encoding::ALaw, 1),
        _ => return Err(AudioError::unsupported(path, format!("au encoding {code}")).into()),
    };
    // Beyond any real device, and enough to make the buffer of one frame a gigabyte.
    if channels > 65_535 {
        return Err(AudioError::damaged(path, format!("the header says {channels} channels")).into());
    }
    Ok(Layout {
        encoding,
        big_endian: true,
        width,
        channels: channels as usize,
        sample_rate,
        start: start.into(),
        length: (length != UNKNOWN).then_some(length.into()),
    })
}
