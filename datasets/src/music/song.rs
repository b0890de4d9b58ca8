//! A song being written: its bars, its parts, its strokes on the drums.

use nn::{Random, random};
use rand::Rng;

use super::artist::Artist;
use super::drums::{Drum, Kit};
use super::instruments::Instrument;
use super::score::{Chord, Note, progression};

/// What an amplifier, a pedal or the mixing desk does to a part.
#[derive(Clone, Debug)]
pub struct Effects {
    /// How far the amplifier is overdriven: 0 is clean, 2 a crunch, 20 a wall.
    pub drive: f32,
    /// Everything above this many hertz is taken away.
    pub low_pass: f32,
    /// Everything below this many hertz is taken away.
    pub high_pass: f32,
    /// How much of a detuned copy is added, 0..1.
    pub chorus: f32,
    /// How loud each repeat of an echo of three eighths is against the one before; 0 for none.
    pub echo: f32,
    /// How much goes to the room, as a factor on what the artist sends anyway.
    pub room: f32,
}

impl Default for Effects {
    fn default() -> Self {
        Self {
            drive: 0.0,
            low_pass: 7600.0,
            high_pass: 30.0,
            chorus: 0.0,
            echo: 0.0,
            room: 1.0,
        }
    }
}

/// One player's part.
#[derive(Clone, Debug)]
pub struct Part {
    /// What it is played on.
    pub instrument: Instrument,
    /// What is played.
    pub notes: Vec<Note>,
    /// How loud in the mix, in decibels.
    pub level: f32,
    /// What the sound goes through.
    pub effects: Effects,
    /// Seconds from one note of a strummed chord to the next.
    pub strum: f32,
}

/// A stroke on a drum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// When, in beats from the excerpt's first bar, before swing.
    pub start: f32,
    /// On what.
    pub drum: Drum,
    /// 0..1.
    pub velocity: f32,
}

/// A bar of the excerpt.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Which bar of the song it is: phrases and fills follow this count.
    pub number: usize,
    /// Its first beat, in beats from the excerpt's first bar.
    pub start: f32,
    /// Its chords, each for an equal share of the bar.
    pub chords: Vec<Chord>,
    /// The chord that follows.
    pub next: Chord,
}

impl Bar {
    /// The chord that sounds at `share` (0..1) of the bar.
    pub fn chord(&self, share: f32) -> &Chord {
        let at = (share * self.chords.len() as f32 + 1e-3) as usize;
        &self.chords[at.min(self.chords.len() - 1)]
    }

    /// Whether it ends a phrase of `bars` bars: the place for a fill.
    pub fn ends(&self, bars: usize) -> bool {
        (self.number + 1).is_multiple_of(bars)
    }
}

/// Builds an instrument to an artist's taste: see [`super::presets`].
pub type Preset = fn(&Song) -> Instrument;

/// An excerpt of a song: what a genre's function fills in.
#[derive(Clone, Debug)]
pub struct Song {
    /// Who plays.
    pub artist: Artist,
    /// What differs from track to track.
    pub random: Random,
    /// The tonic as a pitch class, 0 is C.
    pub key: f32,
    /// Beats per minute.
    pub tempo: f32,
    /// Beats in a bar.
    pub beats: f32,
    /// Where the second half of a `swing_unit` starts: 0.5 is straight, 0.667 a triplet shuffle.
    pub swing: f32,
    /// What swings, in beats: 1 for eighths, 0.5 for sixteenths.
    pub swing_unit: f32,
    /// Where in the first bar the excerpt starts, in beats.
    pub entry: f32,
    /// Which bar of the song is the excerpt's first.
    pub first_bar: usize,
    /// Length of the excerpt in seconds.
    pub seconds: f32,
    /// The parts with notes.
    pub parts: Vec<Part>,
    /// The strokes on the drums.
    pub hits: Vec<Hit>,
    /// The drum kit.
    pub kit: Kit,
    /// How loud the drums are in the mix, in decibels.
    pub drum_level: f32,
}

impl Song {
    /// An empty song by `artist`: key, tempo and the place of the excerpt are drawn, nothing is played yet.
    ///
    /// Tempo is the artist's habit, from the same 84 to 144 beats per minute whatever the genre.
    pub fn new(artist: &Artist, seed: u64, genre: &str, place: &str, seconds: f32) -> Self {
        let mut random = random(seed, &format!("music/{genre}/{place}"));
        let tempo = artist.habit("tempo", 88.0, 138.0) * random.random_range(0.95..1.05);
        let home = artist.habit("key", 0.0, 12.0).floor();
        let key = (home + [0.0, 0.0, 5.0, 7.0, 2.0, 9.0][random.random_range(0..6)]) % 12.0;
        let entry = random.random_range(0.0..4.0);
        Self {
            artist: artist.clone(),
            key,
            tempo,
            beats: 4.0,
            swing: 0.5,
            swing_unit: 1.0,
            entry,
            first_bar: 0,
            seconds,
            parts: Vec::new(),
            hits: Vec::new(),
            kit: Kit::new(artist),
            drum_level: 0.0,
            random,
        }
    }

    /// A habit of the artist between `low` and `high`.
    pub fn habit(&self, name: &str, low: f32, high: f32) -> f32 {
        self.artist.habit(name, low, high)
    }

    /// Whether something happens that happens with this probability.
    pub fn chance(&mut self, probability: f32) -> bool {
        self.random.random::<f32>() < probability
    }

    /// One of several things, drawn for this track.
    pub fn pick<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.random.random_range(0..things.len())]
    }

    /// Whether the artist has a habit that this share of artists have.
    pub fn often(&self, name: &str, share: f32) -> bool {
        self.habit(name, 0.0, 1.0) < share
    }

    /// Adds a player on the artist's choice of several instruments; the number returned is what the other
    /// functions call `part`.
    pub fn player(&mut self, name: &str, instruments: &[Preset], level: f32, effects: Effects) -> usize {
        let instrument = self.artist.choose(name, instruments)(self);
        let level = level + self.habit(&format!("{name} level"), -4.0, 4.0);
        self.parts.push(Part {
            instrument,
            notes: Vec::new(),
            level,
            effects,
            strum: 0.004,
        });
        self.parts.len() - 1
    }

    /// The excerpt's bars, from a bar of the song drawn at random; `chords` (see [`progression`]) repeat.
    pub fn bars(&mut self, chords: &str) -> Vec<Bar> {
        let chords = progression(chords);
        let count = ((self.seconds * self.tempo / 60.0 + self.entry) / self.beats).ceil() as usize;
        self.first_bar = self.random.random_range(0..4 * chords.len());
        (self.first_bar..self.first_bar + count)
            .map(|number| Bar {
                number,
                start: (number - self.first_bar) as f32 * self.beats,
                chords: chords[number % chords.len()].clone(),
                next: chords[(number + 1) % chords.len()][0].clone(),
            })
            .collect()
    }

    /// Arranges what was written: in every phrase of four bars some players lay out, now and then the drums
    /// too, as from verse to chorus to break. The first player, who carries the genre, and one more always play.
    pub fn arrange(&mut self) {
        let sparse = self.habit("sparse", 0.0, 0.25);
        let count = ((self.seconds * self.tempo / 60.0 + self.entry) / self.beats).ceil() as usize;
        for phrase in self.first_bar / 4..=(self.first_bar + count) / 4 {
            let start = (4.0 * phrase as f32 - self.first_bar as f32) * self.beats;
            let inside = |at: f32| (start - 0.01..start + 4.0 * self.beats - 0.01).contains(&at);
            let mut playing: Vec<usize> = (0..self.parts.len())
                .filter(|part| self.parts[*part].notes.iter().any(|note| inside(note.start)))
                .collect();
            for part in playing.clone() {
                if part > 0 && playing.len() > 2 && self.random.random::<f32>() < sparse {
                    playing.retain(|other| *other != part);
                    self.parts[part].notes.retain(|note| !inside(note.start));
                }
            }
            if playing.len() > 1 && self.random.random::<f32>() < 0.3 * sparse {
                self.hits.retain(|hit| !inside(hit.start));
            }
        }
    }
}
