//! Reading any sound file block by block.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use crate::AudioError;
use crate::packets::Packets;
use crate::pcm::Pcm;
use crate::resample::Resampler;

/// Damage that left something to hear; see [`Reader::warnings`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// The file ends before its sound does: a copy or download was cut off.
    Truncated {
        /// Seconds that are there.
        seconds: f64,
        /// Seconds that the header promises, where it says.
        promised: Option<f64>,
    },
    /// Damaged packets were left out, so the sound has gaps closed up.
    Skipped {
        /// How many were left out.
        packets: u64,
        /// Of how many.
        of: u64,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated {
                seconds,
                promised: Some(promised),
            } => write!(
                out,
                "cut off: {seconds:.2} s of {promised:.2} s are there; copy or download it again"
            ),
            Self::Truncated {
                seconds,
                promised: None,
            } => {
                write!(out, "cut off after {seconds:.2} s; copy or download it again")
            }
            Self::Skipped { packets, of } => {
                write!(out, "{packets} of {of} packets are damaged and were left out")
            }
        }
    }
}

enum Source {
    Pcm(Pcm),
    Packets(Box<Packets>),
}

/// A sound file being read: an iterator over blocks of mono samples at the wanted rate.
///
/// Memory stays the same however long the file is. Channels are averaged. The format is told by the file's first
/// bytes, not by its name. After an error the iteration ends.
///
/// ```no_run
/// let mut reader = audio::Reader::open("concert.mp3", 16_000)?;
/// for block in &mut reader {
///     let samples: Vec<f32> = block?; // some thousands, -1 … 1
/// }
/// for warning in reader.warnings() {
///     eprintln!("concert.mp3: {warning}");
/// }
/// # Ok::<(), audio::AudioError>(())
/// ```
pub struct Reader {
    path: PathBuf,
    source: Source,
    sample_rate: u32,
    /// The converter in use and the rate it converts from; a stream may change its rate midway.
    resampler: Option<(u32, Resampler)>,
    mono: Vec<f32>,
    given: u64,
    done: bool,
}

impl Reader {
    /// Opens a wav, flac, mp3, ogg/vorbis, m4a, aac, aiff or au file of any sample rate and channel count, to be
    /// read as mono at `sample_rate` Hz.
    ///
    /// # Errors
    /// Those of [`AudioError`], each naming the file, what is wrong and what to do. Damage further on is met while
    /// iterating.
    pub fn open(path: impl AsRef<Path>, sample_rate: u32) -> Result<Self, AudioError> {
        let path = path.as_ref();
        crate::error::check_rate(sample_rate)?;
        let fail = |error| AudioError::from_io(path, error);
        let kind = std::fs::metadata(path).map_err(fail)?;
        if !kind.is_file() {
            let what = if kind.is_dir() {
                "a folder"
            } else {
                "a pipe or device"
            };
            return Err(AudioError::NotAFile {
                path: path.to_path_buf(),
                what,
            });
        }
        let mut file = File::open(path).map_err(fail)?;
        let mut head = Vec::new();
        (&mut file).take(512).read_to_end(&mut head).map_err(fail)?;
        file.rewind().map_err(fail)?;
        if head.is_empty() {
            return Err(AudioError::EmptyFile {
                path: path.to_path_buf(),
            });
        }
        let mut magic = [0; 12];
        let known = head.len().min(12);
        magic[..known].copy_from_slice(&head[..known]);
        let source = match &magic {
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E']
            | [b'R', b'F', b'6', b'4', _, _, _, _, b'W', b'A', b'V', b'E']
            | [b'F', b'O', b'R', b'M', _, _, _, _, b'A', b'I', b'F', b'F' | b'C']
            | [b'.', b's', b'n', b'd', ..] => Source::Pcm(Pcm::open(path, file, &magic)?),
            // The last row: an mpeg frame (mp3, raw aac) begins with eleven set bits.
            [b'f', b'L', b'a', b'C', ..]
            | [b'O', b'g', b'g', b'S', ..]
            | [b'I', b'D', b'3', ..]
            | [_, _, _, _, b'f', b't', b'y', b'p', ..]
            | [0xFF, 0xE0..=0xFF, ..] => Source::Packets(Box::new(Packets::open(path, file)?)),
            _ => {
                let (path, looks_like) = (path.to_path_buf(), looks_like(&head));
                return Err(AudioError::NotAudio { path, looks_like });
            }
        };
        Ok(Self {
            path: path.to_path_buf(),
            source,
            sample_rate,
            resampler: None,
            mono: Vec::new(),
            given: 0,
            done: false,
        })
    }

    /// The rate of the samples that come out, in Hz.
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// How long the file says it is, in seconds; `None` where it does not say.
    pub fn promised_seconds(&self) -> Option<f64> {
        match &self.source {
            Source::Pcm(pcm) => Some(pcm.promised? as f64 / f64::from(pcm.layout.sample_rate)),
            Source::Packets(packets) => packets.promised,
        }
    }

    /// What was wrong with the part read so far; ask again at the end. An mp3 without an encoder's tag, and raw
    /// aac, cannot tell that they were cut.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let promised = self.promised_seconds();
        let (reached, cut) = match &self.source {
            Source::Pcm(pcm) => {
                let short = pcm.promised.is_some_and(|frames| pcm.read < frames);
                (pcm.read as f64 / f64::from(pcm.layout.sample_rate), short)
            }
            Source::Packets(packets) => {
                if packets.skipped > 0 {
                    warnings.push(Warning::Skipped {
                        packets: packets.skipped,
                        of: packets.seen,
                    });
                }
                // Encoders' padding makes lengths differ by a packet or two.
                let short = promised.is_some_and(|promised| packets.reached + 0.15 < promised);
                (packets.reached, packets.cut || short)
            }
        };
        if cut && self.done {
            let promised = promised.filter(|&promised| promised > reached);
            warnings.insert(
                0,
                Warning::Truncated {
                    seconds: reached,
                    promised,
                },
            );
        }
        warnings
    }

    /// One round: what the next block of the file gives after resampling, perhaps nothing.
    fn advance(&mut self) -> Result<Vec<f32>, AudioError> {
        self.mono.clear();
        let rate = match &mut self.source {
            Source::Pcm(pcm) => pcm.next_block(&mut self.mono)?.then_some(pcm.layout.sample_rate),
            Source::Packets(packets) => packets.next_block(&mut self.mono)?,
        };
        let mut output = Vec::new();
        if self.resampler.as_ref().map(|(from, _)| *from) != rate
            && let Some((_, finished)) = self.resampler.take()
        {
            finished.finish(&mut output);
        }
        match rate {
            Some(rate) => {
                let (_, resampler) = match self.resampler.take() {
                    Some(same) => self.resampler.insert(same),
                    None => self
                        .resampler
                        .insert((rate, Resampler::new(rate, self.sample_rate)?)),
                };
                resampler.push(&self.mono, &mut output);
            }
            None => {
                self.done = true;
                if self.given == 0 && output.is_empty() {
                    return Err(AudioError::NoSamples {
                        path: self.path.clone(),
                    });
                }
            }
        }
        self.given += output.len() as u64;
        Ok(output)
    }
}

impl Iterator for Reader {
    type Item = Result<Vec<f32>, AudioError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.done {
            match self.advance() {
                Ok(block) if block.is_empty() => {}
                Ok(block) => return Some(Ok(block)),
                Err(error) => {
                    self.done = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

/// What a file that is no sound seems to be, from its first bytes.
fn looks_like(head: &[u8]) -> &'static str {
    // The last character may be cut in two by the end of what was read.
    let text = std::str::from_utf8(head).or_else(|error| {
        let whole = if error.error_len().is_none() {
            error.valid_up_to()
        } else {
            0
        };
        std::str::from_utf8(&head[..whole])
    });
    match head {
        [0x89, b'P', b'N', b'G', ..] | [0xFF, 0xD8, 0xFF, ..] | [b'G', b'I', b'F', b'8', ..] => "a picture",
        [b'P', b'K', 3, 4, ..] | [0x1F, 0x8B, ..] | [b'7', b'z', 0xBC, ..] => {
            "a compressed archive; unpack it first"
        }
        [b'M', b'T', b'h', b'd', ..] => "MIDI (notes, not sound)",
        [0x1A, 0x45, 0xDF, 0xA3, ..] => "Matroska or WebM video",
        [b'%', b'P', b'D', b'F', ..] => "a PDF document",
        _ if head.iter().all(|&byte| byte == 0) => "nothing but zero bytes",
        _ => match text {
            Ok(text)
                if text
                    .trim_start()
                    .to_ascii_lowercase()
                    .starts_with("<!doctype html")
                    || text.trim_start().to_ascii_lowercase().starts_with("<html") =>
            {
                "a web page (a download that went wrong)"
            }
            Ok(text) if !text.is_empty() && !text.contains('\0') => "text",
            _ => "unknown data",
        },
    }
}
