//! Which sounds a text has, how long each lasts, and the melody over them.

use nn::Random;
use rand::Rng;

use super::Error;
use super::articulation::Segment;
use super::phonemes::{Manner, find, manner, voiced, vowel_seconds};
use super::speaker::{Speaker, spread};
use super::tracks::FRAME_SECONDS;
use super::words::pronunciation;

/// A sound of an utterance.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// Its symbol; `SIL` is a pause.
    pub symbol: &'static str,
    /// Which word it belongs to.
    pub word: usize,
    /// Whether it is the vowel that bears the stress.
    pub stressed: bool,
    /// Whether its word begins with it.
    pub first: bool,
    /// Whether its word ends with it.
    pub last: bool,
    /// How long it lasts.
    pub seconds: f32,
}

/// The sounds of words separated by blanks; a comma behind a word is a pause. Pauses stand at both ends as well.
///
/// # Errors
/// If a word is not known, or there is none.
pub fn sounds(text: &str, speaker: &Speaker, random: &mut Random) -> Result<Vec<Sound>, Error> {
    let pause = |word, seconds| Sound {
        symbol: "SIL",
        word,
        stressed: false,
        first: false,
        last: false,
        seconds,
    };
    let mut sounds = vec![pause(0, 0.02)];
    for (word, written) in text.split_whitespace().enumerate() {
        let name = written.trim_end_matches(',');
        let spoken = pronunciation(name).ok_or_else(|| Error::Word {
            word: name.to_owned(),
        })?;
        let symbols: Vec<&'static str> = spoken.split(' ').collect();
        let last = symbols.len() - 1;
        sounds.extend(symbols.into_iter().enumerate().map(|(index, symbol)| Sound {
            symbol: symbol.trim_end_matches(['0', '1']),
            word,
            stressed: symbol.ends_with('1'),
            first: index == 0,
            last: index == last,
            seconds: 0.0,
        }));
        if written.ends_with(',') {
            sounds.push(pause(word, random.random_range(0.12..0.35)));
        }
    }
    if sounds.len() == 1 {
        return Err(Error::Word { word: String::new() });
    }
    if sounds.last().is_some_and(|sound| sound.symbol == "SIL") {
        sounds.pop();
    }
    sounds.push(pause(usize::MAX, 0.06));
    if !speaker.accent.rhotic {
        drop_r(&mut sounds);
    }
    for index in 0..sounds.len() {
        if sounds[index].symbol != "SIL" {
            sounds[index].seconds = seconds(&sounds, index, speaker) * (0.06 * spread(random)).exp();
        }
    }
    Ok(sounds)
}

/// Takes away each r that no vowel follows.
fn drop_r(sounds: &mut Vec<Sound>) {
    let mut index = 1;
    while index + 1 < sounds.len() {
        if sounds[index].symbol == "R" && manner(sounds[index + 1].symbol) != Manner::Vowel {
            if sounds[index - 1].symbol == "EH" {
                sounds[index].symbol = "AX"; // chair: a diphthong towards schwa
            } else {
                sounds[index - 1].last = sounds[index].last;
                sounds.remove(index);
            }
        }
        index += 1;
    }
}

/// How long a sound lasts: Klatt's rule, shortest + (inherent - shortest) · a product of factors for its place.
fn seconds(sounds: &[Sound], index: usize, speaker: &Speaker) -> f32 {
    let sound = &sounds[index];
    let vowel = manner(sound.symbol) == Manner::Vowel;
    let same_word = |other: &&Sound| other.word == sound.word && other.symbol != "SIL";
    let before = sounds[..index].last().filter(same_word);
    let after = sounds.get(index + 1).filter(same_word);
    // Whether a pause follows with no other syllable in between.
    let phrase_ends = sounds[index + 1..]
        .iter()
        .find(|other| other.symbol == "SIL" || manner(other.symbol) == Manner::Vowel)
        .is_none_or(|other| other.symbol == "SIL");
    let coda = !sounds[index..]
        .iter()
        .take_while(|other| other.word == sound.word)
        .skip(1)
        .any(|other| manner(other.symbol) == Manner::Vowel);
    let mut factor = 1.0;
    let (inherent, shortest) = if vowel {
        if !sound.stressed {
            factor *= 0.75;
        }
        let syllables = sounds.iter().filter(|other| other.word == sound.word);
        if syllables
            .filter(|other| manner(other.symbol) == Manner::Vowel)
            .count()
            > 1
        {
            factor *= 0.9;
        }
        factor *= match after.map(|other| (manner(other.symbol), voiced(other.symbol))) {
            None => 1.1,
            Some((Manner::Plosive | Manner::Affricate, false)) => 0.7,
            Some((Manner::Plosive | Manner::Affricate, true)) => 1.15,
            Some((Manner::Fricative, false)) => 0.85,
            Some((Manner::Fricative, true)) => 1.2,
            Some((Manner::Nasal, _)) => 0.95,
            Some(_) => 0.85,
        };
        factor *= if phrase_ends { 1.3 } else { 0.85 };
        vowel_seconds(sound.symbol)
    } else {
        let consonant =
            |other: Option<&Sound>| other.is_some_and(|other| manner(other.symbol) != Manner::Vowel);
        if consonant(before) || consonant(after) {
            factor *= 0.75;
        }
        if phrase_ends && coda {
            factor *= 1.25;
        }
        find(sound.symbol).map_or((0.07, 0.04), |consonant| consonant.seconds)
    };
    (shortest + (inherent - shortest) * factor) / speaker.habits.rate
}

/// The pitch in hertz for every frame: it sinks over a phrase, rises on each stressed vowel, falls at the end (or
/// rises, as the speaker's habit is), is raised a little after voiceless consonants, and flutters.
pub fn melody(sounds: &[Sound], segments: &[Segment], speaker: &Speaker, random: &mut Random) -> Vec<f32> {
    let mut spans = vec![(f32::MAX, 0f32); sounds.len()];
    let mut time = 0.0;
    for segment in segments {
        let span = &mut spans[segment.sound];
        *span = (span.0.min(time), time + segment.seconds);
        time += segment.seconds;
    }
    let melody = speaker.habits.melody;
    let mut semitones = vec![0f32; (time / FRAME_SECONDS).ceil() as usize + 1];
    let mut add = |from: f32, to: f32, shape: &dyn Fn(f32) -> f32| {
        let first = (from / FRAME_SECONDS).max(0.0) as usize;
        let last = ((to / FRAME_SECONDS) as usize).min(semitones.len());
        for (frame, value) in semitones.iter_mut().enumerate().take(last).skip(first) {
            *value += shape((frame as f32 * FRAME_SECONDS - from) / (to - from));
        }
    };
    let rise = random.random::<f32>() < speaker.habits.rise;
    let pauses: Vec<usize> = (0..sounds.len()).filter(|&n| sounds[n].symbol == "SIL").collect();
    for phrase in pauses.windows(2) {
        let (start, end) = (spans[phrase[0]].1, spans[phrase[1]].0);
        let sink = melody * random.random_range(1.0..2.0);
        add(start, end, &|x| sink * (1.0 - 2.0 * x));
        let ends_all = phrase[1] + 1 == sounds.len();
        let turn = match (ends_all, rise) {
            (true, false) => -random.random_range(2.5..5.0),
            (true, true) => random.random_range(2.0..6.0),
            (false, _) => random.random_range(-1.0..3.0),
        };
        add(end - 0.22, end, &|x| turn * melody * x * x);
        add(end, end + sounds[phrase[1]].seconds, &|_| turn * melody);
    }
    for (index, sound) in sounds.iter().enumerate() {
        let (start, end) = spans[index];
        if sound.stressed {
            let peak = start + random.random_range(0.2..0.5) * (end - start);
            let height = melody * random.random_range(1.5..4.0);
            // A bump that rises in 0.13 s and falls in as much.
            add(peak - 0.13, peak + 0.13, &|x| {
                height * (1.0 - (2.0 * x - 1.0).powi(2)).powi(2)
            });
        }
        if manner(sound.symbol) == Manner::Vowel && index > 0 {
            let before = sounds[index - 1].symbol;
            let obstruent = !matches!(
                manner(before),
                Manner::Approximant | Manner::Nasal | Manner::Vowel
            );
            if obstruent && before != "SIL" {
                let push = if voiced(before) { -0.6 } else { 0.9 };
                add(start, start + 0.08, &|x| push * (1.0 - x));
            }
        }
    }
    // Klatt and Klatt 1990: three slow waves make it human.
    let phases: [f32; 3] = std::array::from_fn(|_| random.random_range(0.0..std::f32::consts::TAU));
    semitones
        .iter()
        .enumerate()
        .map(|(frame, value)| {
            let time = frame as f32 * FRAME_SECONDS * std::f32::consts::TAU;
            let flutter = (12.7 * time + phases[0]).sin()
                + (7.1 * time + phases[1]).sin()
                + (4.7 * time + phases[2]).sin();
            (speaker.pitch * ((value + 0.06 * flutter) / 12.0).exp2()).clamp(60.0, 500.0)
        })
        .collect()
}
