//! Compressed sound (mp3, flac, ogg/vorbis, m4a and raw aac), decoded packet by packet with symphonia.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use symphonia::core::audio::SampleBuffer;
use symphonia::core::codecs::{CODEC_TYPE_MP3, CODEC_TYPE_NULL, CODEC_TYPE_OPUS, Decoder};
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatOptions, FormatReader, Packet};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::units::TimeBase;

use crate::AudioError;
use crate::guard::caught;
use crate::pcm::check_sample;

/// An open file of compressed packets.
pub(crate) struct Packets {
    path: PathBuf,
    format: Box<dyn FormatReader>,
    decoder: Box<dyn Decoder>,
    track: u32,
    time_base: Option<TimeBase>,
    /// Seconds that the header promises, where it can be trusted.
    pub promised: Option<f64>,
    /// Time at the end of the last packet seen, in seconds.
    pub reached: f64,
    /// Packets seen, and those of them that could not be decoded.
    pub seen: u64,
    pub skipped: u64,
    /// The container itself broke off, or an ogg file lacks its end mark.
    pub cut: bool,
}

impl Packets {
    pub fn open(path: &Path, mut file: File) -> Result<Self, AudioError> {
        let fail = |error| AudioError::from_io(path, error);
        if crate::lengths::absurd(&mut BufReader::new(&file)).map_err(fail)? {
            return Err(AudioError::damaged(
                path,
                "a length in its header is longer than the header",
            ));
        }
        let cut = ogg_lacks_end(&mut file).map_err(fail)?;
        let opened = caught(|| {
            let format = probe(path, file.try_clone().map_err(fail)?, true)?;
            let picked = pick_track(path, &*format)?;
            // Without an encoder's tag the length of an mp3 is only guessed from its first frame's bit rate, and
            // what goes beyond the guess would be trimmed.
            let parameters = picked.2.codec_params();
            if parameters.codec != CODEC_TYPE_MP3 || parameters.delay.is_some() {
                return Ok((format, picked, true));
            }
            file.seek(SeekFrom::Start(0)).map_err(fail)?;
            let format = probe(path, file, false)?;
            let picked = pick_track(path, &*format)?;
            Ok((format, picked, false))
        });
        let broken = || Err(AudioError::damaged(path, "its header contradicts itself"));
        let (format, (track, time_base, decoder), knows_length) = opened.unwrap_or_else(broken)?;
        let mut this = Self {
            path: path.to_path_buf(),
            format,
            decoder,
            track,
            time_base,
            promised: None,
            reached: 0.0,
            seen: 0,
            skipped: 0,
            cut,
        };
        if knows_length {
            let frames = this.decoder.codec_params().n_frames.filter(|&frames| frames > 0);
            this.promised = frames.and_then(|frames| this.seconds(frames));
        }
        Ok(this)
    }

    fn seconds(&self, timestamp: u64) -> Option<f64> {
        let time = self.time_base?.calc_time(timestamp);
        Some(time.seconds as f64 + time.frac)
    }

    /// Appends the next decoded packet, mixed down to mono, to `mono` and returns its sample rate; `None` at
    /// the end. Packets that cannot be decoded are counted and left out.
    pub fn next_block(&mut self, mono: &mut Vec<f32>) -> Result<Option<u32>, AudioError> {
        let mut strayed = 0;
        loop {
            let Some(packet) = caught(|| self.format.next_packet()) else {
                self.cut = true;
                return self.end();
            };
            match packet {
                Ok(packet) => {
                    if let Some(rate) = self.decode(&packet, mono)? {
                        return Ok(Some(rate));
                    }
                }
                // Another stream is chained on (ogg): go on with it.
                Err(Error::ResetRequired) => {
                    let picked = caught(|| pick_track(&self.path, &*self.format));
                    let broken = || {
                        Err(AudioError::damaged(
                            &self.path,
                            "its second stream contradicts itself",
                        ))
                    };
                    (self.track, self.time_base, self.decoder) = picked.unwrap_or_else(broken)?;
                    self.promised = None;
                }
                Err(Error::DecodeError(_)) if strayed < 100 => strayed += 1,
                Err(Error::IoError(error)) if error.kind() != io::ErrorKind::UnexpectedEof => {
                    return Err(AudioError::from_io(&self.path, error));
                }
                Err(error) => {
                    self.cut |= !matches!(error, Error::IoError(_));
                    return self.end();
                }
            }
        }
    }

    fn end(&self) -> Result<Option<u32>, AudioError> {
        if self.seen > 0 && self.skipped == self.seen {
            let what = format!("none of its {} packets can be decoded", self.seen);
            return Err(AudioError::damaged(&self.path, what));
        }
        Ok(None)
    }

    fn decode(&mut self, packet: &Packet, mono: &mut Vec<f32>) -> Result<Option<u32>, AudioError> {
        if packet.track_id() != self.track {
            return Ok(None);
        }
        self.seen += 1;
        if let Some(end) = self.seconds(packet.ts().saturating_add(packet.dur())) {
            self.reached = end;
        }
        let Some(Ok(decoded)) = caught(|| self.decoder.decode(packet)) else {
            self.skipped += 1;
            return Ok(None);
        };
        let spec = *decoded.spec();
        let channels = spec.channels.count();
        if decoded.frames() == 0 || channels == 0 {
            return Ok(None);
        }
        if crate::error::check_rate(spec.rate).is_err() {
            let what = format!("a packet says {} samples a second", spec.rate);
            return Err(AudioError::damaged(&self.path, what));
        }
        let mut samples = SampleBuffer::<f32>::new(decoded.capacity() as u64, spec);
        samples.copy_interleaved_ref(decoded);
        let before = mono.len();
        mono.extend(
            samples
                .samples()
                .chunks_exact(channels)
                .map(|frame| frame.iter().sum::<f32>() / channels as f32),
        );
        // A damaged packet that decodes to absurd values is a damaged packet like any other.
        if mono[before..]
            .iter()
            .any(|&value| check_sample(&self.path, value, 0, 1).is_err())
        {
            mono.truncate(before);
            self.skipped += 1;
            return Ok(None);
        }
        Ok(Some(spec.rate))
    }
}

/// Finds out the container. `trim` cuts the silence off that encoders add at both ends.
fn probe(path: &Path, file: File, trim: bool) -> Result<Box<dyn FormatReader>, AudioError> {
    let stream = MediaSourceStream::new(Box::new(file), Default::default());
    let options = FormatOptions {
        enable_gapless: trim,
        ..Default::default()
    };
    symphonia::default::get_probe()
        .format(&Default::default(), stream, &options, &Default::default())
        .map(|found| found.format)
        .map_err(|error| match error {
            Error::IoError(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
                AudioError::from_io(path, error)
            }
            Error::IoError(_) => {
                AudioError::damaged(path, "it was cut off before its first sound could be found")
            }
            error => AudioError::damaged(path, error.to_string()),
        })
}

type Picked = (u32, Option<TimeBase>, Box<dyn Decoder>);

/// The first track of sound (an mp4 may hold pictures too) and its decoder.
fn pick_track(path: &Path, format: &dyn FormatReader) -> Result<Picked, AudioError> {
    let is_sound = |codec| codec != CODEC_TYPE_NULL;
    let Some(track) = format
        .tracks()
        .iter()
        .find(|track| is_sound(track.codec_params.codec))
    else {
        return Err(AudioError::unsupported(
            path,
            "a file without a known kind of sound track",
        ));
    };
    let decoder = symphonia::default::get_codecs()
        .make(&track.codec_params, &Default::default())
        .map_err(|error| match error {
            _ if track.codec_params.codec == CODEC_TYPE_OPUS => AudioError::unsupported(path, "Opus"),
            Error::Unsupported(what) => AudioError::unsupported(path, format!("this encoding ({what})")),
            error => AudioError::damaged(path, error.to_string()),
        })?;
    Ok((track.id, track.codec_params.time_base, decoder))
}

/// Whether this is an ogg file whose last page does not carry the end-of-stream flag (RFC 3533, section 6).
fn ogg_lacks_end(file: &mut File) -> io::Result<bool> {
    // The longest page: a header of 27 bytes, 255 lengths and 255 segments of 255 bytes.
    const LONGEST_PAGE: u64 = 27 + 255 + 255 * 255;
    let mut magic = [0; 4];
    file.seek(SeekFrom::Start(0))?;
    let is_ogg = file.read(&mut magic)? == 4 && &magic == b"OggS";
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(LONGEST_PAGE)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    file.seek(SeekFrom::Start(0))?;
    let last = tail.windows(6).rev().find(|window| window.starts_with(b"OggS"));
    Ok(is_ogg && last.is_none_or(|page| page[5] & 0x04 == 0))
}
