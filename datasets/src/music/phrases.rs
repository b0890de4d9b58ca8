//! The phrases that genres are made of: strokes, chords in a rhythm, broken chords, bass lines, tunes.

use rand::Rng;

use super::drums::Drum;
use super::score::{Note, into_octave, steps};
use super::song::{Bar, Hit, Song};

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

impl Song {
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
    /// there (`1 3 5 b7 8`, see [`super::score::Chord::degree`]; `!` accents), `.` for a rest or `-` to hold. The root lies
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
