//! Where in a recording something sounds, and where only the background does.

use std::ops::Range;

/// Frames a second: levels are taken over 10 ms, as Rabiner and Sambur do.
const FRAMES: u32 = 100;
/// What lies below this level is silence whatever surrounds it: -75 dB of full scale, the hiss of a good microphone.
const SILENCE: f32 = -75.0;
/// A sound begins where a frame stands this many dB above the background …
const BEGIN: f32 = 8.0;
/// … and lasts while frames stand this many above it.
const LAST: f32 = 4.0;
/// Frames of quiet that do not end a sound: the closure before a *t* or *k* is up to 0.15 s long.
const BRIDGE: usize = 15;
/// Frames that must sound: what is shorter than 30 ms and alone is a click.
const SHORTEST: usize = 3;
/// Frames over which the background is learned anew: 10 s.
const MEMORY: usize = 1000;
/// Frames at one level that it takes to believe in a background; half as many may be an *s* or *n* in a word cut
/// out tightly.
const STEADY: usize = 20;
/// Frames that [`trim`] leaves on either side.
const MARGIN: usize = 5;

/// The stretches of sound that stand out from the background, in samples, in order. None in silence, steady noise or
/// around a lone click.
///
/// After Rabiner and Sambur (1975, "An algorithm for determining the endpoints of isolated utterances"): levels of
/// frames of 10 ms, a background learned from the recording itself, a higher level to begin a sound and a lower one to
/// stay in it. Where they look for weak consonants (*f*, *th*) at the edges by counting zero crossings, which hum and
/// offset disturb, this takes the level of the differences between samples, in which high frequencies are loud,
/// against a background of its own. Their background is the first 0.1 s; here it is what the softest tenth of
/// the 10 s around a moment keep to, so that recordings may begin with a word, and noise may change slowly. An offset
/// and rumble below 80 Hz are filtered out first.
///
/// Where no level is kept for 0.2 s, as in a word cut out tightly, there is no background to learn: all that is louder
/// than -67 dB of full scale is then sound. The same holds for less than half a second of steady sound, which may be a
/// vowel as well as noise. A sound that goes on unchanged for ten seconds becomes background. Noise between stretches
/// of digital silence, as of a clip that was filled up with zeros, is sound.
///
/// Pauses up to 0.15 s belong to the sound around them. Ends are true to 30 ms where a sound begins and ends at
/// once, at 10 dB above the noise or more. Any sample rate will do; 0 counts as 100.
///
/// ```
/// let mut sound = vec![0.0; 16_000];
/// sound.extend((0..8_000).map(|n| 0.1 * (n as f32 * 0.3).sin())); // from 1 to 1.5 s
/// sound.extend(vec![0.0; 16_000]);
/// let found = audio::voice_activity(&sound, 16_000);
/// assert_eq!((found.len(), found[0].start), (1, 16_000));
/// assert!(found[0].end.abs_diff(24_000) < 480);
/// let kept = audio::trim(&sound, 16_000).expect("a tone is not silent");
/// assert_eq!(kept, found[0].start - 800..found[0].end + 800);
/// ```
pub fn voice_activity(samples: &[f32], sample_rate: u32) -> Vec<Range<usize>> {
    let frame = frame_length(sample_rate);
    let [low, high] = levels(samples, sample_rate);
    let above = |levels: &[f32], background: Vec<f32>| -> Vec<f32> {
        levels
            .iter()
            .zip(background)
            .map(|(level, background)| level - background)
            .collect()
    };
    let excess = |low: Vec<f32>, high: Vec<f32>| -> Vec<f32> {
        low.iter().zip(&high).map(|(low, high)| low.max(*high)).collect()
    };
    let mut found = stretches(&excess(
        above(&low, background(&low)),
        above(&high, background(&high)),
    ));
    if found.is_empty() && low.len() < FRAMES as usize / 2 {
        found = stretches(&above(&low, vec![SILENCE; low.len()]));
    }
    // The last frame reaches to the end.
    let end = |frames: usize| {
        if frames == low.len() {
            samples.len()
        } else {
            frames * frame
        }
    };
    found
        .into_iter()
        .map(|frames| frames.start * frame..end(frames.end))
        .collect()
}

/// From the first sound to the last with 0.05 s around, in samples; `None` where nothing stands out. See
/// [`voice_activity`].
pub fn trim(samples: &[f32], sample_rate: u32) -> Option<Range<usize>> {
    let found = voice_activity(samples, sample_rate);
    let margin = MARGIN * frame_length(sample_rate);
    let (first, last) = (found.first()?, found.last()?);
    Some(first.start.saturating_sub(margin)..(last.end + margin).min(samples.len()))
}

fn frame_length(sample_rate: u32) -> usize {
    (sample_rate / FRAMES).max(1) as usize
}

/// The level of each frame in dB of full scale, at least [`SILENCE`]: of the sound, and of the differences between its
/// samples. What does not fill a frame at the end belongs to the last.
fn levels(samples: &[f32], sample_rate: u32) -> [Vec<f32>; 2] {
    let frame = frame_length(sample_rate);
    let frames = (samples.len() / frame).max(usize::from(!samples.is_empty()));
    let keep = (-std::f32::consts::TAU * 80.0 / sample_rate.max(FRAMES) as f32).exp();
    let finite = |sample: f32| {
        if sample.is_finite() {
            sample.clamp(-100.0, 100.0)
        } else {
            0.0
        }
    };
    let mut before = samples.first().map_or(0.0, |sample| finite(*sample));
    let mut passed = 0.0;
    let mut levels = [Vec::with_capacity(frames), Vec::with_capacity(frames)];
    for index in 0..frames {
        let end = if index + 1 == frames {
            samples.len()
        } else {
            (index + 1) * frame
        };
        let samples = &samples[index * frame..end];
        let mut powers = [0.0f64; 2];
        for sample in samples {
            let sample = finite(*sample);
            let high_passed = sample - before + keep * passed;
            let difference = high_passed - passed;
            (before, passed) = (sample, high_passed);
            powers[0] += f64::from(high_passed).powi(2);
            powers[1] += f64::from(difference).powi(2);
        }
        for (levels, power) in levels.iter_mut().zip(powers) {
            let level = 10.0 * (power / samples.len() as f64).log10() as f32;
            levels.push(level.max(SILENCE));
        }
    }
    levels
}

/// The level of the background at each frame.
fn background(levels: &[f32]) -> Vec<f32> {
    let around = |frame: usize| {
        let start = frame
            .saturating_sub(MEMORY / 2)
            .min(levels.len().saturating_sub(MEMORY));
        &levels[start..(start + MEMORY).min(levels.len())]
    };
    let mut background = Vec::with_capacity(levels.len());
    // Once a second is often enough.
    for second in levels.chunks(FRAMES as usize) {
        let around = around(background.len() + second.len() / 2);
        background.resize(background.len() + second.len(), steady_level(around));
    }
    background
}

/// What the softest tenth of the frames keep to; [`SILENCE`] where they keep to nothing, or are silence themselves.
fn steady_level(levels: &[f32]) -> f32 {
    let mut sorted = levels.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let Some(soft) = sorted.get(sorted.len() / 10) else {
        return SILENCE;
    };
    let near = |level: &f32| (level - soft).abs() < LAST;
    let longest = levels.split(|level| !near(level)).map(<[f32]>::len).max();
    if longest.is_some_and(|frames| frames >= STEADY) {
        *soft
    } else {
        SILENCE
    }
}

/// The stretches of frames that stand out, given by how many dB each does.
fn stretches(excess: &[f32]) -> Vec<Range<usize>> {
    // Each stretch with the number of its frames that sound, for its pauses do not count.
    let mut found: Vec<(Range<usize>, usize)> = Vec::new();
    let mut frame = 0;
    for run in excess.chunk_by(|a, b| (*a >= LAST) == (*b >= LAST)) {
        let (start, end) = (frame, frame + run.len());
        frame = end;
        if !run.iter().any(|excess| *excess >= BEGIN) {
            continue;
        }
        match found.last_mut() {
            Some((last, sounding)) if start - last.end <= BRIDGE => {
                last.end = end;
                *sounding += run.len();
            }
            _ => found.push((start..end, run.len())),
        }
    }
    found.retain(|(_, sounding)| *sounding >= SHORTEST);
    found.into_iter().map(|(frames, _)| frames).collect()
}
