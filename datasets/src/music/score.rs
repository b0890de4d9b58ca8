//! What a musician writes down: chords, patterns on a bar's grid, notes, a song's bars.

/// A chord: its root in semitones above the key's tonic, and its tones above that root.
#[derive(Clone, Debug, PartialEq)]
pub struct Chord {
    /// Semitones from the tonic to the root, 0..12.
    pub root: f32,
    /// Semitones from the root to every tone, the root's 0 first.
    pub tones: Vec<f32>,
}

/// Semitones of the degrees 1..7 of the major scale.
const MAJOR: [f32; 7] = [0.0, 2.0, 4.0, 5.0, 7.0, 9.0, 11.0];

impl Chord {
    /// Reads a roman numeral: `bVII`, `ii7`, `V7`, `Imaj7`, `IV9`, `i5`. Capitals are major and small letters
    /// minor; the root is a degree of the major scale, lowered by `b` or raised by `#`. `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (shift, rest) = match text.as_bytes().first()? {
            b'b' => (-1.0, &text[1..]),
            b'#' => (1.0, &text[1..]),
            _ => (0.0, text),
        };
        let split = rest.find(|c: char| !"IViv".contains(c)).unwrap_or(rest.len());
        let (numeral, quality) = rest.split_at(split);
        let degree = ["I", "II", "III", "IV", "V", "VI", "VII"]
            .iter()
            .position(|name| *name == numeral.to_uppercase())?;
        let third = if numeral.starts_with(|c: char| c.is_lowercase()) {
            3.0
        } else {
            4.0
        };
        let tones = match quality {
            "" => vec![0.0, third, 7.0],
            "5" => vec![0.0, 7.0, 12.0],
            "6" => vec![0.0, third, 7.0, 9.0],
            "7" => vec![0.0, third, 7.0, 10.0],
            "9" => vec![0.0, third, 7.0, 10.0, 14.0],
            "13" => vec![0.0, third, 7.0, 10.0, 14.0, 21.0],
            "maj7" => vec![0.0, third, 7.0, 11.0],
            "maj9" => vec![0.0, third, 7.0, 11.0, 14.0],
            "sus" => vec![0.0, 5.0, 7.0],
            "add9" => vec![0.0, third, 7.0, 14.0],
            "dim" => vec![0.0, 3.0, 6.0],
            "b5" => vec![0.0, 3.0, 6.0, 10.0],
            "alt" => vec![0.0, 4.0, 10.0, 13.0, 20.0],
            _ => return None,
        };
        Some(Self {
            root: (MAJOR[degree] + shift + 12.0) % 12.0,
            tones,
        })
    }

    /// Whether the third is minor.
    pub fn is_minor(&self) -> bool {
        self.tones.contains(&3.0)
    }

    /// Semitones above the root of a scale degree: `3` and `7` follow the chord, `b` and `#` shift, `8` is the
    /// octave. `None` where `text` is no degree.
    pub fn degree(&self, text: &str) -> Option<f32> {
        let shift = text.matches('#').count() as f32 - text.matches('b').count() as f32;
        let degree: usize = text.trim_matches(['b', '#']).parse().ok()?;
        let degree = degree.checked_sub(1)?;
        let step = match degree % 7 {
            2 if self.is_minor() && shift == 0.0 => 3.0,
            6 if !self.tones.contains(&11.0) && shift == 0.0 => 10.0,
            degree => MAJOR[degree],
        };
        Some(step + shift + 12.0 * (degree / 7) as f32)
    }

    /// The chord's tones as MIDI notes, each put into the octave that starts at `low`: a close voicing. `key`
    /// is the tonic, 0..12.
    pub fn voiced(&self, key: f32, low: f32) -> Vec<f32> {
        let mut pitches: Vec<f32> = self
            .tones
            .iter()
            .map(|tone| into_octave(key + self.root + tone, low))
            .collect();
        pitches.sort_by(f32::total_cmp);
        pitches.dedup();
        pitches
    }

    /// The root as the MIDI note in the octave that starts at `low`.
    pub fn bass(&self, key: f32, low: f32) -> f32 {
        into_octave(key + self.root, low)
    }
}

/// `pitch` moved by octaves into `low..low + 12`.
pub fn into_octave(pitch: f32, low: f32) -> f32 {
    low + (pitch - low).rem_euclid(12.0)
}

/// A progression: chords separated by blanks, one a bar; chords joined by `,` share a bar.
///
/// # Panics
/// On a word that is no chord: progressions are written in this crate, and a test reads them all.
pub fn progression(text: &str) -> Vec<Vec<Chord>> {
    let chord = |word: &str| Chord::parse(word).unwrap_or_else(|| panic!("{word:?} in {text:?} is no chord"));
    text.split_whitespace()
        .map(|bar| bar.split(',').map(chord).collect())
        .collect()
}

/// A note on the grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// When it starts, in beats from the excerpt's first bar, before swing.
    pub start: f32,
    /// How long it is held, in beats.
    pub length: f32,
    /// MIDI note number.
    pub pitch: f32,
    /// 0..1.
    pub velocity: f32,
    /// From how many semitones off it slides in.
    pub slide: f32,
}

/// One step that sounds in a pattern: where in the bar and for how long (shares of the bar), and how hard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// 0..1 of the bar.
    pub start: f32,
    /// Share of the bar.
    pub length: f32,
    /// 0..1.
    pub velocity: f32,
}

/// Reads a pattern that divides the bar evenly: `X` accent, `x` stroke, `o` ghost, `-` holds what is before,
/// `.` rest; blanks are for the eye. `"x... x... x... x..."` is four on the floor in sixteenths.
pub fn steps(pattern: &str) -> Vec<Step> {
    let cells: Vec<char> = pattern.chars().filter(|c| !c.is_whitespace()).collect();
    let cell = 1.0 / cells.len() as f32;
    let mut steps: Vec<Step> = Vec::new();
    for (at, mark) in cells.iter().enumerate() {
        let velocity = match mark {
            'X' => 1.0,
            'x' => 0.8,
            'o' => 0.42,
            '-' => {
                if let Some(last) = steps.last_mut() {
                    last.length += cell;
                }
                continue;
            }
            _ => continue,
        };
        steps.push(Step {
            start: at as f32 * cell,
            length: cell,
            velocity,
        });
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_roman_numerals() {
        let chord = Chord::parse("bVII").unwrap();
        assert_eq!((chord.root, chord.tones), (10.0, vec![0.0, 4.0, 7.0]));
        let chord = Chord::parse("ii7").unwrap();
        assert_eq!((chord.root, chord.is_minor()), (2.0, true));
        assert_eq!(chord.voiced(0.0, 60.0), [60.0, 62.0, 65.0, 69.0]);
        assert_eq!(Chord::parse("V7").unwrap().degree("b7"), Some(10.0));
        assert_eq!(Chord::parse("i").unwrap().degree("3"), Some(3.0));
        assert_eq!(Chord::parse("I").unwrap().degree("8"), Some(12.0));
        for word in ["", "VIII", "H7", "I77", "b"] {
            assert_eq!(Chord::parse(word), None, "{word}");
        }
    }

    #[test]
    fn reads_patterns() {
        let read = steps("X-.. x... .... ...o");
        assert_eq!(
            read.iter().map(|step| step.start).collect::<Vec<_>>(),
            [0.0, 0.25, 0.9375]
        );
        assert_eq!(read[0].length, 0.125);
        assert!(read[0].velocity > read[1].velocity && read[1].velocity > read[2].velocity);
    }
}
