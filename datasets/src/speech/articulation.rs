//! What the mouth does for a row of sounds: segments, each with a posture and with what sounds in it.

use nn::Random;
use rand::Rng;

use super::phonemes::{
    Consonant, Formants, Frication, Manner, Place, SCALE, find, frication, manner, voiced,
};
use super::prosody::Sound;
use super::speaker::Speaker;

/// What part of a sound a segment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// A pause.
    Silence,
    /// A vowel or a consonant that can be held.
    Steady,
    /// The passage is closed: silent, but for the voice of b, d, g.
    Closure,
    /// The passage bursts open.
    Burst,
    /// The breath between the burst and the voice.
    Breath,
}

/// A stretch of time with one target for everything.
#[derive(Clone, Debug)]
pub struct Segment {
    /// The sound that it belongs to.
    pub sound: usize,
    /// What part of it.
    pub phase: Phase,
    /// How long it lasts.
    pub seconds: f32,
    /// Where the formants move to.
    pub formants: Formants,
    /// Their bandwidths in hertz.
    pub bandwidths: Formants,
    /// Who decides where the formants are at a boundary: the higher of two.
    pub rank: u8,
    /// The place of a consonant whose neighbours bend towards it.
    pub place: Option<Place>,
    /// Seconds that the formants move within the neighbour, and within this segment.
    pub transition: (f32, f32),
    /// Height of the glottal pulses, 1 in a vowel.
    pub voicing: f32,
    /// Hertz above which the voice is muffled by closed walls.
    pub muffle: f32,
    /// Noise at the glottis.
    pub breath: f32,
    /// Noise at the passage, as root mean square against a vowel's.
    pub hiss: f32,
    /// Its colour.
    pub frication: Frication,
    /// How open the nose is, 0..1.
    pub nasal: f32,
    /// Seconds in which the levels change from those of the segment before.
    pub onset: f32,
}

/// Bandwidths of a vowel's formants in hertz.
const VOWEL_BANDWIDTHS: Formants = [75.0, 100.0, 160.0];
/// Bandwidths while the glottis is open.
const BREATH_BANDWIDTHS: Formants = [280.0, 150.0, 220.0];
/// Noise at the glottis in h and after p, t, k.
const BREATH: f32 = 0.07;
/// "Not muffled".
const CLEAR: f32 = 20_000.0;

/// The segments of a row of sounds that begins and ends with a pause.
pub fn articulate(sounds: &[Sound], speaker: &Speaker, random: &mut Random) -> Vec<Segment> {
    let mut mouth = Mouth {
        sounds,
        speaker,
        random,
        segments: Vec::with_capacity(3 * sounds.len()),
    };
    for index in 0..sounds.len() {
        mouth.say(index);
    }
    mouth.segments
}

struct Mouth<'a> {
    sounds: &'a [Sound],
    speaker: &'a Speaker,
    random: &'a mut Random,
    segments: Vec<Segment>,
}

impl Mouth<'_> {
    fn symbol(&self, index: usize) -> &'static str {
        self.sounds.get(index).map_or("SIL", |sound| sound.symbol)
    }

    fn chance(&mut self, probability: f32) -> bool {
        self.random.random::<f32>() < probability
    }

    fn say(&mut self, index: usize) {
        let symbol = self.sounds[index].symbol;
        match (manner(symbol), find(symbol)) {
            (Manner::Silence, _) => {
                // The tongue rests where it is.
                let posture = match self.segments.last() {
                    Some(last) => last.formants,
                    None => self.shape(index + 1),
                };
                let onset = if self.segments.is_empty() { 0.0 } else { 0.035 };
                self.push(Segment {
                    phase: Phase::Silence,
                    voicing: 0.0,
                    onset,
                    ..self.open(index, posture)
                });
            }
            (Manner::Aspirate, _) => {
                let posture = self.shape(index + 1);
                let between = voiced(self.symbol(index.wrapping_sub(1)));
                self.push(Segment {
                    bandwidths: BREATH_BANDWIDTHS,
                    voicing: if between { 0.25 } else { 0.0 },
                    breath: BREATH,
                    onset: 0.03,
                    ..self.open(index, posture)
                });
            }
            (Manner::Vowel, _) => self.vowel(index),
            (Manner::Plosive, Some(consonant)) => self.plosive(index, consonant),
            (Manner::Affricate, Some(consonant)) => self.affricate(index, consonant),
            (_, Some(consonant)) => self.held(index, consonant),
            (_, None) => {}
        }
    }

    fn push(&mut self, segment: Segment) {
        self.segments.push(segment);
    }

    /// The posture at the start of a sound.
    fn shape(&self, index: usize) -> Formants {
        let symbol = self.symbol(index);
        match manner(symbol) {
            Manner::Vowel => self.speaker.vowel(symbol).0,
            Manner::Aspirate => self.shape(index + 1),
            _ => find(symbol).map_or(self.speaker.vowel("AX").0, |c| self.speaker.scaled(c.formants)),
        }
    }

    /// A vowel-like segment.
    fn open(&self, index: usize, formants: Formants) -> Segment {
        Segment {
            sound: index,
            phase: Phase::Steady,
            seconds: self.sounds[index].seconds,
            formants,
            bandwidths: VOWEL_BANDWIDTHS,
            rank: 0,
            place: None,
            transition: (0.05, 0.05),
            voicing: 1.0,
            muffle: CLEAR,
            breath: 0.0,
            hiss: 0.0,
            frication: frication(self.symbol(index)),
            nasal: self.speaker.quality.nasality,
            onset: 0.012,
        }
    }

    fn vowel(&mut self, index: usize) {
        let sound = &self.sounds[index];
        let (mut from, mut to) = self.speaker.vowel(sound.symbol);
        let before =
            find(self.symbol(index.wrapping_sub(1))).map(|consonant| (consonant.symbol, consonant.place));
        if sound.symbol == "UW" && before.is_some_and(|(name, place)| name != "L" && place == Place::Alveolar)
        {
            // After t, d, n or s the tongue is in front already, and for most Americans stays there.
            from[1] *= 1.3;
            to[1] *= 1.15;
        }
        // Half of the breath before it is the vowel's time.
        let breath = self.segments.last().filter(|last| last.phase == Phase::Breath);
        let seconds = (sound.seconds - breath.map_or(0.0, |last| 0.5 * last.seconds)).max(0.05);
        let onset = match self.segments.last().map(|last| last.phase) {
            Some(Phase::Silence) => 0.02,
            Some(Phase::Burst) => 0.006,
            _ => 0.012,
        };
        let level = if sound.stressed { 1.0 } else { 0.75 };
        // Rounded lips let little of the high pass.
        let muffle = if sound.symbol == "UW" { 2200.0 } else { CLEAR };
        let steady = Segment {
            seconds,
            rank: 1,
            voicing: level,
            muffle,
            onset,
            ..self.open(index, from)
        };
        if from == to {
            self.push(steady);
        } else {
            let (first, second) = (0.5 * seconds, 0.5 * seconds);
            let move_in = |part: f32| (0.9 * part, 0.9 * part);
            self.push(Segment {
                seconds: first,
                transition: move_in(first),
                ..steady.clone()
            });
            self.push(Segment {
                seconds: second,
                transition: move_in(second),
                formants: to,
                ..steady
            });
        }
    }

    /// A segment in the posture of a consonant.
    fn posture(&self, index: usize, consonant: &Consonant) -> Segment {
        Segment {
            formants: self.speaker.scaled(consonant.formants),
            bandwidths: consonant.bandwidths,
            rank: 6,
            place: Some(consonant.place),
            transition: (consonant.place.transition() * self.speaker.habits.slur, 0.02),
            nasal: 0.0,
            ..self.open(index, [0.0; 3])
        }
    }

    /// An approximant, a nasal or a fricative.
    fn held(&mut self, index: usize, consonant: &Consonant) {
        let symbol = consonant.symbol;
        let before = self.symbol(index.wrapping_sub(1));
        let after = self.symbol(index + 1);
        let posture = self.posture(index, consonant);
        let slur = self.speaker.habits.slur;
        match consonant.manner {
            Manner::Approximant => {
                let move_out = match symbol {
                    "L" => 0.05,
                    "R" => 0.085,
                    _ => 0.075,
                };
                // The breath of p, t, k takes half of it.
                let breath = self.segments.last().filter(|last| last.phase == Phase::Breath);
                let seconds = posture.seconds - breath.map_or(0.0, |last| 0.6 * last.seconds);
                self.push(Segment {
                    seconds: seconds.max(0.03),
                    rank: 3,
                    place: None,
                    transition: (move_out * slur, 0.04),
                    voicing: 0.75,
                    muffle: if symbol == "R" { CLEAR } else { 2200.0 },
                    onset: 0.02,
                    ..posture
                });
            }
            Manner::Nasal => self.push(Segment {
                rank: 4,
                transition: (0.04 * slur, 0.02),
                voicing: 0.75,
                muffle: 4000.0,
                nasal: 1.0,
                onset: 0.012,
                ..posture
            }),
            _ => {
                let level = posture.frication.level;
                // Beside a pause or a voiceless sound, z is half an s.
                let whole = voiced(before) && voiced(after);
                let (voicing, hiss) = match (consonant.voiced, whole) {
                    (false, _) => (0.0, level),
                    (true, true) => (0.5, 0.45 * level),
                    (true, false) => (0.3, 0.7 * level),
                };
                self.push(Segment {
                    rank: 5,
                    voicing,
                    muffle: 900.0,
                    hiss,
                    onset: 0.025,
                    ..posture
                });
            }
        }
    }

    fn affricate(&mut self, index: usize, consonant: &Consonant) {
        let posture = self.posture(index, consonant);
        let bar = self.voice_bar(index, consonant);
        let level = posture.frication.level;
        self.push(Segment {
            phase: Phase::Closure,
            voicing: bar,
            muffle: 300.0,
            ..posture.clone()
        });
        let seconds = if consonant.voiced { 0.05 } else { 0.08 } / self.speaker.habits.rate;
        self.push(Segment {
            phase: Phase::Burst,
            seconds,
            voicing: 0.5 * bar,
            muffle: 500.0,
            hiss: level,
            onset: 0.003,
            ..posture
        });
    }

    /// How loud the voice is behind a closure.
    fn voice_bar(&mut self, index: usize, consonant: &Consonant) -> f32 {
        if !consonant.voiced {
            return 0.0;
        }
        let after_pause = self.symbol(index.wrapping_sub(1)) == "SIL" || index == 0;
        let prevoicing = self.speaker.habits.prevoicing;
        if after_pause && !self.chance(prevoicing) {
            0.0
        } else {
            0.35
        }
    }

    fn plosive(&mut self, index: usize, consonant: &Consonant) {
        let sounds = self.sounds;
        let sound = &sounds[index];
        let (before, after) = (self.symbol(index.wrapping_sub(1)), self.symbol(index + 1));
        let stressed_next = sounds[index + 1..]
            .iter()
            .take_while(|other| other.symbol != "SIL")
            .find(|other| manner(other.symbol) == Manner::Vowel)
            .is_some_and(|other| other.stressed);
        let posture = self.posture(index, consonant);
        let between_vowels = manner(before) == Manner::Vowel && manner(after) == Manner::Vowel;
        let tap = matches!(consonant.symbol, "T" | "D") && between_vowels && !(sound.first && stressed_next);
        let (flap, rate) = (self.speaker.habits.flap, self.speaker.habits.rate);
        // Within a word the next vowel is unstressed; across words a tap is rarer.
        if tap && !sound.first && self.chance(if sound.last { 0.5 * flap } else { flap }) {
            self.push(Segment {
                phase: Phase::Closure,
                seconds: 0.026 / rate,
                transition: (0.035, 0.012),
                voicing: 0.4,
                muffle: 700.0,
                onset: 0.006,
                ..posture
            });
            return;
        }
        let bar = self.voice_bar(index, consonant);
        self.push(Segment {
            phase: Phase::Closure,
            voicing: bar,
            muffle: 300.0,
            onset: if before == "SIL" { 0.03 } else { 0.008 },
            ..posture.clone()
        });

        let release = match manner(after) {
            Manner::Silence if manner(before) == Manner::Fricative => 1.0,
            Manner::Silence => self.speaker.habits.release,
            Manner::Plosive | Manner::Affricate | Manner::Nasal => 0.25,
            _ => 1.0,
        };
        if !self.chance(release) {
            return;
        }
        let seconds = match consonant.place {
            Place::Labial => 0.008,
            Place::Velar => 0.02,
            _ => 0.014,
        };
        let vowel = self.next_posture(index + 1);
        let mut noise = posture.frication;
        if consonant.place == Place::Velar {
            // At F2 before back vowels, between F2 and F3 before front ones.
            let scale = SCALE[self.speaker.group as usize];
            let (slope, intercept) = Place::Velar.locus();
            let second = slope * vowel[1] + intercept * scale;
            let front = vowel[1] > 1600.0 * scale;
            noise.bands[0].0 = if front {
                0.6 * second + 0.4 * vowel[2]
            } else {
                1.05 * second
            } / scale;
        }
        let weak = if matches!(manner(after), Manner::Silence) {
            0.5
        } else {
            1.0
        };
        self.push(Segment {
            phase: Phase::Burst,
            seconds,
            voicing: 0.0,
            hiss: noise.level * weak * if consonant.voiced { 0.6 } else { 1.0 },
            frication: noise,
            breath: if consonant.voiced { 0.0 } else { 0.3 * BREATH },
            onset: 0.002,
            ..posture.clone()
        });
        if consonant.voiced {
            return;
        }
        let after_s = !sound.first && before == "S" && self.sounds[index - 1].first;
        let voice_onset = match (manner(after), after_s, stressed_next) {
            (Manner::Vowel | Manner::Approximant, true, _) => 0.006,
            (Manner::Vowel | Manner::Approximant, false, true) => match consonant.place {
                Place::Labial => 0.045,
                Place::Velar => 0.065,
                _ => 0.055,
            },
            (Manner::Vowel | Manner::Approximant, false, false) => 0.02,
            (Manner::Silence, ..) => 0.04,
            _ => return,
        };
        let breath = if manner(after) == Manner::Silence {
            0.35 * BREATH
        } else {
            BREATH
        };
        // When the voice sets in, the tongue is half-way.
        let scale = SCALE[self.speaker.group as usize];
        let (slope, intercept) = consonant.place.locus();
        let mut halfway = vowel;
        halfway[1] += 0.6 * (slope * vowel[1] + intercept * scale - vowel[1]);
        self.push(Segment {
            phase: Phase::Breath,
            seconds: voice_onset * self.speaker.habits.aspiration / rate,
            bandwidths: BREATH_BANDWIDTHS,
            rank: 1,
            voicing: 0.0,
            breath,
            // The passage is still narrow.
            hiss: 0.15 * noise.level,
            frication: noise,
            onset: 0.008,
            ..self.open(index, halfway)
        });
    }

    /// The posture that a plosive opens into.
    fn next_posture(&self, index: usize) -> Formants {
        match manner(self.symbol(index)) {
            Manner::Vowel | Manner::Approximant | Manner::Aspirate => self.shape(index),
            _ => self.speaker.vowel("AX").0,
        }
    }
}
