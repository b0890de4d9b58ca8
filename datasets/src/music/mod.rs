//! Music made here: songs of ten genres, composed and played by artists who do not exist.
//!
//! [`make`] writes a set in the layout of GTZAN (Tzanetakis and Cook, 2002): ten folders of wav files, with the
//! list of artists that GTZAN lacks beside them. A track is an excerpt from the middle of a song:
//!
//! 1. [`genres`] *compose*: chords, bass line, drum grid, tune, form — everything that makes the genre;
//! 2. [`performance`] plays the score on synthesised instruments ([`presets`], [`instruments`], [`drums`]) in a room;
//! 3. [`mastering`] takes the average colour away, so that only the music tells the genre.
//!
//! An [`Artist`] plays one genre, with a timbre, tempo, key, room, equaliser and habits of their own: split by
//! artist, or a model recognises the artist instead of the genre.

pub mod artist;
pub mod drums;
pub mod genres;
pub mod instruments;
pub mod mastering;
pub mod performance;
pub mod phrases;
pub mod presets;
pub mod score;
pub mod song;
pub mod spectrum;
pub mod synthesis;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use artist::Artist;
use rayon::prelude::*;
use song::Song;

pub use genres::GENRES;

/// How much music to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Another seed, another world of artists.
    pub seed: u64,
    /// Artists of each genre.
    pub artists_per_genre: usize,
    /// Tracks by each artist.
    pub tracks_per_artist: usize,
    /// Length of a track.
    pub seconds: u32,
    /// Samples per second.
    pub sample_rate: u32,
}

impl Default for Options {
    /// 480 tracks of 8 seconds at 16 kHz, 48 by 16 artists in each genre: 123 MB.
    fn default() -> Self {
        Self {
            seed: 1,
            artists_per_genre: 16,
            tracks_per_artist: 3,
            seconds: 8,
            sample_rate: 16_000,
        }
    }
}

/// Why music could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The options ask for nothing or for more than the layout holds.
    #[error("cannot make music with {options:?}: {reason}")]
    Options {
        /// What was asked for.
        options: Options,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A file could not be written.
    #[error("cannot write {path}: {source}; is there room on the disk, and may this user write there?")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
}

impl Options {
    fn check(&self) -> Result<(), Error> {
        let reason = if self.artists_per_genre == 0 || self.tracks_per_artist == 0 {
            "at least one artist and one track are needed"
        } else if self.artists_per_genre * self.tracks_per_artist > 100_000 {
            "file names have five digits, for at most 100000 tracks of a genre"
        } else if !(1..=600).contains(&self.seconds) {
            "a track takes 1 to 600 seconds"
        } else if !(8_000..=48_000).contains(&self.sample_rate) {
            "the sample rate must lie between 8000 and 48000"
        } else {
            return Ok(());
        };
        Err(Error::Options {
            options: self.clone(),
            reason,
        })
    }
}

/// Composes track `track` of artist `artist` of a genre of [`GENRES`], without playing it.
///
/// # Panics
/// If `genre` is not one of [`GENRES`].
pub fn write_song(genre: &str, artist: usize, track: usize, options: &Options) -> Song {
    let place = format!("artist {artist}/track {track}");
    let artist = Artist::new(options.seed, genre, artist);
    let mut song = Song::new(&artist, options.seed, genre, &place, options.seconds as f32);
    genres::composer(genre)(&mut song);
    song.arrange();
    song
}

/// Composes, plays and masters a track: `options.seconds` of mono sound within ±0.98.
///
/// ```
/// use datasets::music::{Options, compose};
/// let options = Options { seconds: 2, ..Options::default() };
/// let samples = compose("reggae", 0, 0, &options);
/// assert_eq!(samples.len(), 2 * 16_000);
/// ```
///
/// # Panics
/// If `genre` is not one of [`GENRES`].
pub fn compose(genre: &str, artist: usize, track: usize, options: &Options) -> Vec<f32> {
    let song = write_song(genre, artist, track, options);
    let rate = options.sample_rate as f32;
    let mut samples = performance::perform(&song, rate);
    mastering::master(&mut samples, &song.artist, &mut song.random.clone(), rate);
    samples
}

/// The name of an artist as the list has it: `blues-artist-03`.
pub fn artist_name(genre: &str, artist: usize) -> String {
    format!("{genre}-artist-{artist:02}")
}

/// Writes the set under `root`: `genres_original/blues/blues.00000.wav` … (16 bits, mono) and, last of all,
/// `artists.csv` with a row `file,artist` for every track. `on_progress` gets how many tracks are done, of how
/// many. The same options give the same bytes.
///
/// # Errors
/// If the options make no sense or a file cannot be written.
pub fn make(
    root: &Path,
    options: &Options,
    on_progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<(), Error> {
    options.check()?;
    let folder = root.join("genres_original");
    for genre in GENRES {
        let path = folder.join(genre);
        fs::create_dir_all(&path).map_err(|source| Error::Write { path, source })?;
    }
    let each = options.artists_per_genre * options.tracks_per_artist;
    let total = each * GENRES.len();
    let done = AtomicUsize::new(0);
    (0..total).into_par_iter().try_for_each(|index| {
        let (genre, number) = (GENRES[index / each], index % each);
        let (artist, track) = (
            number / options.tracks_per_artist,
            number % options.tracks_per_artist,
        );
        let samples = compose(genre, artist, track, options);
        write_wav(
            &folder.join(track_name(genre, number)),
            &samples,
            options.sample_rate,
        )?;
        on_progress(1 + done.fetch_add(1, Ordering::Relaxed), total);
        Ok(())
    })?;
    let mut list = String::from("file,artist\n");
    for genre in GENRES {
        for number in 0..each {
            let artist = artist_name(genre, number / options.tracks_per_artist);
            list += &format!("{},{artist}\n", track_name(genre, number));
        }
    }
    write(&root.join("artists.csv"), list.as_bytes())
}

/// The file of track `number` of a genre, under `genres_original`.
fn track_name(genre: &str, number: usize) -> String {
    format!("{genre}/{genre}.{number:05}.wav")
}

fn write_wav(path: &Path, samples: &[f32], sample_rate: u32) -> Result<(), Error> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = std::io::Cursor::new(Vec::with_capacity(44 + 2 * samples.len()));
    let mut encode = || -> Result<(), hound::Error> {
        let mut writer = hound::WavWriter::new(&mut bytes, spec)?;
        for x in samples {
            writer.write_sample((x * 32767.0).round() as i16)?;
        }
        writer.finalize()
    };
    encode().map_err(|error| Error::Write {
        path: path.to_owned(),
        source: std::io::Error::other(error),
    })?;
    write(path, bytes.get_ref())
}

/// Writes a file straight to its place: it is the folder that the door gives its name only when it is whole.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    fs::write(path, bytes).map_err(|source| Error::Write {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests;
