//! A song being written: its bars, its parts and the phrases that genres are made of.

use nn::{Random, random};
use rand::Rng;

use super::artist::Artist;
use super::drums::{Drum, Kit};
use super::instruments::Instrument;
use super::score::{Chord, Note, into_octave, progression, steps};

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

/// A tune: a few short motifs that return, as rhythms with contours.
#[derive(Clone, Debug)]
pub struct Tune {
    /// Each motif: a pattern, and by how many steps of the scale each note moves on.
    motifs: Vec<(String, Vec<i32>)>,
    /// Which motif sounds in which bar.
    form: Vec<usize>,
    /// The range, in MIDI notes.
    low: f32,
    high: f32,
    /// Where the tune is.
    pitch: f32,
    /// How often a note slides into place, and from how many semitones below.
    pub slide: (f32, f32),
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

    /// Strokes on a drum: see [`steps`] for the pattern.
    pub fn drum(&mut self, bar: &Bar, drum: Drum, pattern: &str) {
        let (start, beats) = (bar.start, self.beats);
        self.hits.extend(steps(pattern).iter().map(|step| Hit {
            start: start + step.start * beats,
            drum,
            velocity: step.velocity,
        }));
    }

    /// A fill over the last half of the bar on the drummer's snare and toms: takes away what was there.
    pub fn fill(&mut self, bar: &Bar) {
        let from = bar.start + self.beats - self.pick(&[1.0, 2.0]);
        self.hits
            .retain(|hit| hit.start < from || hit.start >= bar.start + self.beats || hit.drum == Drum::Kick);
        let rolls = ["xxxx", "x.xx", "xx.x", "x.x.", "oxoX"];
        let mut beat = from;
        for drum in [Drum::Snare, Drum::Tom, Drum::FloorTom].iter().cycle() {
            if beat >= bar.start + self.beats - 0.01 {
                break;
            }
            let roll = self.pick(&rolls);
            self.hits.extend(steps(roll).iter().map(|step| Hit {
                start: beat + step.start,
                drum: *drum,
                velocity: step.velocity,
            }));
            beat += 1.0;
        }
    }

    /// One note: `start` and `length` as shares of the bar.
    #[allow(clippy::too_many_arguments)] // a note, spelled out
    pub fn note(
        &mut self,
        bar: &Bar,
        part: usize,
        start: f32,
        length: f32,
        pitch: f32,
        velocity: f32,
        slide: f32,
    ) {
        let note = Note {
            start: bar.start + start * self.beats,
            length: length * self.beats,
            pitch,
            velocity,
            slide,
        };
        self.parts[part].notes.push(note);
    }

    /// The bar's chords in a rhythm, voiced closely in the octave above `low`.
    pub fn comp(&mut self, bar: &Bar, part: usize, low: f32, pattern: &str) {
        for step in steps(pattern) {
            for pitch in bar.chord(step.start).voiced(self.key, low) {
                self.note(bar, part, step.start, step.length, pitch, step.velocity, 0.0);
            }
        }
    }

    /// The bar's chords broken up: each stroke of the pattern takes the next tone of `order` (0 the lowest;
    /// beyond the chord an octave up).
    pub fn arpeggio(&mut self, bar: &Bar, part: usize, low: f32, pattern: &str, order: &[usize]) {
        for (step, &tone) in steps(pattern).iter().zip(order.iter().cycle()) {
            let pitches = bar.chord(step.start).voiced(self.key, low);
            let pitch = pitches[tone % pitches.len()] + 12.0 * (tone / pitches.len()) as f32;
            self.note(bar, part, step.start, step.length, pitch, step.velocity, 0.0);
        }
    }

    /// A line over the bar's chords: words that divide the bar evenly, each a degree of the chord that sounds
    /// there (`1 3 5 b7 8`, see [`Chord::degree`]; `!` accents), `.` for a rest or `-` to hold. The root lies
    /// in the octave above `low`.
    pub fn line(&mut self, bar: &Bar, part: usize, low: f32, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let pattern: String = words
            .iter()
            .map(|word| match *word {
                "." | "-" => word,
                word if word.ends_with('!') => "X",
                _ => "x",
            })
            .collect();
        let degrees = words.iter().filter(|word| !matches!(**word, "." | "-"));
        for (step, word) in steps(&pattern).iter().zip(degrees) {
            let chord = bar.chord(step.start);
            if let Some(degree) = chord.degree(word.trim_end_matches('!')) {
                let pitch = chord.bass(self.key, low) + degree;
                self.note(
                    bar,
                    part,
                    step.start,
                    0.96 * step.length,
                    pitch,
                    step.velocity,
                    0.0,
                );
            }
        }
    }

    /// Invents a tune: a motif for each letter of `form`, a bar each, whose rhythm is one of `rhythms`.
    pub fn tune(&mut self, form: &str, rhythms: &[&str], low: f32) -> Tune {
        let low = low.round();
        let mut letters: Vec<char> = form.chars().collect();
        letters.sort_unstable();
        letters.dedup();
        let motifs = letters
            .iter()
            .map(|_| {
                let rhythm = self.pick(rhythms);
                let contour = (0..rhythm.len())
                    .map(|_| self.pick(&[-2, -1, -1, -1, 0, 1, 1, 1, 2, 3]))
                    .collect();
                (rhythm.to_owned(), contour)
            })
            .collect();
        let form = form
            .chars()
            .filter_map(|c| letters.iter().position(|x| *x == c))
            .collect();
        let slide = (0.0, 1.0);
        Tune {
            motifs,
            form,
            low,
            high: low + 17.0,
            pitch: low + 8.0,
            slide,
        }
    }

    /// Sings the tune's next bar: it starts on a tone of the chord and moves along `scale` (semitones above
    /// the tonic), turning back at the ends of its range.
    pub fn sing(&mut self, bar: &Bar, part: usize, tune: &mut Tune, scale: &[f32]) {
        let (rhythm, contour) = tune.motifs[tune.form[bar.number % tune.form.len()]].clone();
        let on = |pitch: f32, tones: &[f32], tonic: f32| {
            tones
                .iter()
                .any(|tone| (pitch - tonic - tone).rem_euclid(12.0) < 0.1)
        };
        let key = self.key;
        let range: Vec<f32> = (0..=(tune.high - tune.low) as usize)
            .map(|semitone| tune.low + semitone as f32)
            .filter(|pitch| on(*pitch, scale, key))
            .collect();
        for (at, (step, moves)) in steps(&rhythm).iter().zip(&contour).enumerate() {
            let chord = bar.chord(step.start);
            let nearest = |tune: &Tune, wanted: &dyn Fn(f32) -> bool| {
                (tune.low as i32..=tune.high as i32)
                    .map(|pitch| pitch as f32)
                    .filter(|pitch| wanted(*pitch))
                    .min_by(|a, b| (a - tune.pitch).abs().total_cmp(&(b - tune.pitch).abs()))
            };
            tune.pitch = if at == 0 {
                nearest(tune, &|pitch| on(pitch, &chord.tones, key + chord.root)).unwrap_or(tune.pitch)
            } else {
                let place = range.iter().position(|p| *p >= tune.pitch).unwrap_or(0) as i32;
                let mut target = place + moves;
                if target < 0 || target >= range.len() as i32 {
                    target = place - moves;
                }
                range[target.clamp(0, range.len() as i32 - 1) as usize]
            };
            let slide = if self.random.random::<f32>() < tune.slide.0 {
                -tune.slide.1
            } else {
                0.0
            };
            self.note(
                bar,
                part,
                step.start,
                0.92 * step.length,
                tune.pitch,
                step.velocity,
                slide,
            );
        }
    }

    /// Walks the bass through the bar in quarters: root, tones of the chord, and a half step into the next
    /// chord's root.
    pub fn walk(&mut self, bar: &Bar, part: usize, low: f32) {
        let quarters = self.beats as usize;
        for beat in 0..quarters {
            let share = beat as f32 / self.beats;
            let chord = bar.chord(share).clone();
            let root = chord.bass(self.key, low);
            let starts = (beat * bar.chords.len()).is_multiple_of(quarters);
            let pitch = if starts {
                root
            } else if beat + 1 == quarters {
                let target = into_octave(self.key + bar.next.root, low);
                target + self.pick(&[-1.0, 1.0, -2.0])
            } else {
                let degree = self.pick(&["2", "3", "5", "6", "8"]);
                root + chord.degree(degree).unwrap_or(7.0)
            };
            self.note(bar, part, share, 0.23, pitch, 0.85, 0.0);
        }
    }
}
