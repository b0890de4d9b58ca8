//! A speaker: a body and a bundle of habits.

use nn::{Random, random};
use rand::Rng;

use super::phonemes::{BEFORE_R, DIPHTHONGS, Formants, OPEN_BIRD, SCALE, SCHWA, VOWELS};

/// Whose average a speaker's formants and pitch are scattered about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// A vocal tract of some 17 cm.
    Man,
    /// Some 14.5 cm.
    Woman,
    /// Some 13 cm.
    Child,
}

/// What a speaker's dialect does to vowels and to r.
#[derive(Clone, Debug)]
pub struct Accent {
    /// Where the vowels lie between those of 1952 (0) and of 1995 (1).
    pub generation: f32,
    /// Whether an r is spoken that no vowel follows.
    pub rhotic: bool,
    /// How far forward, as a factor on F2, the vowel of *two* is said.
    pub fronted_two: f32,
    /// The same for *go*.
    pub fronted_go: f32,
    /// How much of the way of a diphthong is gone, 1 for all.
    pub glide: f32,
    /// How far all vowels are drawn towards the middle, 0..1.
    pub central: f32,
    /// What else is peculiar, as a factor on F1 and F2 of each of [`VOWELS`].
    pub peculiar: [[f32; 2]; VOWELS.len()],
}

/// How the glottis works.
#[derive(Clone, Debug)]
pub struct Quality {
    /// Standard deviation of a period against its neighbours', as a share.
    pub jitter: f32,
    /// The same of a pulse's height.
    pub shimmer: f32,
    /// Noise of the air that flows while the voice sounds, against the pulse.
    pub breath: f32,
    /// Hertz above which the pulse loses another 6 dB an octave.
    pub tilt: f32,
    /// The share of a period in which the glottis is open.
    pub open: f32,
    /// How open the nose is in every vowel, 0..1.
    pub nasality: f32,
}

/// How carefully a speaker articulates, and with what melody.
#[derive(Clone, Debug)]
pub struct Habits {
    /// Speaking rate: 1 is usual, 2 twice as fast.
    pub rate: f32,
    /// How far the pitch moves, as a factor on what is usual.
    pub melody: f32,
    /// How often an utterance ends with a rise.
    pub rise: f32,
    /// How often a final plosive is let go.
    pub release: f32,
    /// How often the t of *water* is a mere tap.
    pub flap: f32,
    /// How often the voice sounds already in the closure of an initial b, d or g.
    pub prevoicing: f32,
    /// Length of the breath after p, t, k, as a factor.
    pub aspiration: f32,
    /// How clearly r, l and the formants' targets are reached: transitions as a factor.
    pub slur: f32,
}

/// Who speaks. Every number depends on the seed and the speaker's place alone.
#[derive(Clone, Debug)]
pub struct Speaker {
    seed: u64,
    place: String,
    /// Man, woman or child.
    pub group: Group,
    /// Factors on the group's F1, F2 and F3 (the higher formants take the third).
    pub scale: Formants,
    /// Middle of the pitch in hertz.
    pub pitch: f32,
    /// Dialect.
    pub accent: Accent,
    /// Voice.
    pub quality: Quality,
    /// Manner of speaking.
    pub habits: Habits,
}

/// A number with mean 0 and standard deviation 1 that is never beyond ±3: the sum of three even ones.
pub(super) fn spread(random: &mut impl Rng) -> f32 {
    let sum: f32 = (0..3).map(|_| random.random::<f32>()).sum();
    2.0 * (sum - 1.5)
}

impl Speaker {
    /// The speaker of a place, such as `"train/17"`, in the world of `seed`.
    pub fn new(seed: u64, place: &str) -> Self {
        let mut random = random(seed, &format!("speech/speaker {place}"));
        let group = match random.random::<f32>() {
            share if share < 0.46 => Group::Man,
            share if share < 0.92 => Group::Woman,
            _ => Group::Child,
        };
        // Long tracts go with low voices, though loosely.
        let size = (0.045 * spread(&mut random)).exp();
        let average = [119.0, 208.0, 265.0][group as usize];
        let pitch = average * size.powf(0.8) * (0.13 * spread(&mut random)).exp();
        let mut scatter = |deviation: f32| size * (deviation * spread(&mut random)).exp();
        let scale = [scatter(0.025), scatter(0.02), scatter(0.015)];
        Self {
            group,
            scale,
            pitch,
            accent: Accent {
                generation: random.random(),
                rhotic: random.random::<f32>() < 0.75,
                fronted_two: 1.0 + random.random_range(0.0f32..0.35),
                fronted_go: 1.0 + random.random_range(0.0f32..0.25),
                glide: random.random_range(0.75..1.1),
                central: random.random_range(0.0..0.1),
                peculiar: std::array::from_fn(|_| [0.03, 0.03].map(|x: f32| (x * spread(&mut random)).exp())),
            },
            quality: Quality {
                jitter: random.random_range(0.003..0.012),
                shimmer: random.random_range(0.02..0.08),
                breath: random.random_range(0.01f32..0.05) + if group == Group::Man { 0.0 } else { 0.02 },
                tilt: random.random_range(1500.0..4500.0),
                open: random.random_range(0.45..0.7) + if group == Group::Man { 0.0 } else { 0.08 },
                nasality: random.random_range(0.0..0.15),
            },
            habits: Habits {
                rate: (0.12 * spread(&mut random)).exp(),
                melody: (0.3 * spread(&mut random)).exp(),
                rise: random.random_range(0.0f32..1.0).powi(3),
                release: random.random_range(0.4..1.0),
                flap: random.random_range(0.3..1.0),
                prevoicing: random.random_range(0.1..0.8),
                aspiration: random.random_range(0.75..1.25),
                slur: random.random_range(0.8..1.25),
            },
            seed,
            place: place.to_owned(),
        }
    }

    /// The stream of random numbers behind what this speaker does at `name`.
    pub fn random(&self, name: &str) -> Random {
        random(self.seed, &format!("speech/speaker {}/{name}", self.place))
    }

    /// The name of the speaker in files: eight hexadecimal digits, as in Speech Commands.
    pub fn id(&self) -> String {
        format!("{:08x}", self.random("id").random::<u32>())
    }

    /// An average man's formants as this speaker has them.
    pub fn scaled(&self, man: Formants) -> Formants {
        std::array::from_fn(|n| man[n] * SCALE[self.group as usize] * self.scale[n])
    }

    /// Where a vowel starts and where it ends, in this speaker's mouth: the same place unless it is a diphthong.
    pub fn vowel(&self, symbol: &str) -> (Formants, Formants) {
        if let Some(diphthong) = DIPHTHONGS.iter().find(|diphthong| diphthong.symbol == symbol) {
            let mut from = self.scaled(diphthong.from);
            let mut to = self.scaled(diphthong.to);
            for n in 0..3 {
                to[n] = from[n] + self.accent.glide * (to[n] - from[n]);
            }
            if symbol == "OW" {
                from[1] *= self.accent.fronted_go;
                to[1] *= self.accent.fronted_go;
            }
            return (self.centred(from), self.centred(to));
        }
        if symbol == "OR" {
            let close = self.centred(self.scaled(BEFORE_R));
            return (close, close);
        }
        let Some(index) = VOWELS.iter().position(|vowel| vowel.symbol == symbol) else {
            let schwa = self.scaled(SCHWA);
            return (schwa, schwa);
        };
        if symbol == "ER" && !self.accent.rhotic {
            let open = self.scaled(OPEN_BIRD);
            return (open, open);
        }
        let (old, new) = (
            VOWELS[index].peterson_barney[self.group as usize],
            VOWELS[index].hillenbrand[self.group as usize],
        );
        let mut formants: Formants =
            std::array::from_fn(|n| (old[n] + self.accent.generation * (new[n] - old[n])) * self.scale[n]);
        formants[0] *= self.accent.peculiar[index][0];
        formants[1] *= self.accent.peculiar[index][1];
        if symbol == "UW" {
            // Nobody holds it still: it moves back.
            formants[1] *= self.accent.fronted_two;
            let mut from = formants;
            from[1] *= 1.1;
            return (self.centred(from), self.centred(formants));
        }
        let formants = self.centred(formants);
        (formants, formants)
    }

    fn centred(&self, formants: Formants) -> Formants {
        let middle = self.scaled(SCHWA);
        std::array::from_fn(|n| {
            let pull = if n < 2 { self.accent.central } else { 0.0 };
            formants[n] + pull * (middle[n] - formants[n])
        })
    }
}
