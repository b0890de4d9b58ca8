//! From segments to smooth movements: what every control of the voice is at every moment.
//!
//! At a boundary the segment of higher rank decides where the formants are, as a function of where the other wants
//! them (Holmes, Mattingly and Shearme, *Speech synthesis by rule*, 1964): F2 by the locus equation of the consonant's
//! place. From there they move to the target of either side.

use super::articulation::{Phase, Segment};
use super::phonemes::{Formants, SCALE};
use super::speaker::Speaker;

/// Seconds from one frame to the next.
pub const FRAME_SECONDS: f32 = 0.002;

/// All controls at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// Which segment it lies in.
    pub segment: usize,
    /// F1, F2, F3 in hertz.
    pub formants: Formants,
    /// Their bandwidths in hertz.
    pub bandwidths: Formants,
    /// How open the nose is, 0..1.
    pub nasal: f32,
    /// Height of the glottal pulses.
    pub voicing: f32,
    /// Hertz above which they are muffled.
    pub muffle: f32,
    /// Noise at the glottis.
    pub breath: f32,
    /// Noise at the narrowest place of the mouth.
    pub hiss: f32,
}

/// F1, F2, F3, three bandwidths, the nose: what moves slowly.
type Slow = [f32; 7];

fn slow(segment: &Segment) -> Slow {
    let [f1, f2, f3] = segment.formants;
    let [b1, b2, b3] = segment.bandwidths;
    [f1, f2, f3, b1, b2, b3, segment.nasal]
}

/// Where the slow controls are at the boundary of two segments.
fn boundary(left: &Segment, right: &Segment, scale: f32) -> Slow {
    // In a pause the mouth stays as it was.
    match (left.phase, right.phase) {
        (_, Phase::Silence) => return slow(left),
        (Phase::Silence, _) => return slow(right),
        _ => {}
    }
    let (a, b) = (slow(left), slow(right));
    let mut middle: Slow = std::array::from_fn(|n| 0.5 * (a[n] + b[n]));
    let (leader, other) = if left.rank > right.rank { (a, b) } else { (b, a) };
    let place = if left.rank > right.rank {
        left.place
    } else {
        right.place
    };
    if let Some(place) = place
        && left.rank != right.rank
    {
        let (slope, intercept) = place.locus();
        middle[0] = leader[0] + 0.45 * (other[0] - leader[0]);
        middle[1] = slope * other[1] + intercept * scale;
    }
    if leader[6] == 1.0 {
        // The nose opens before the mouth closes; F1 hardly moves.
        middle[0] = leader[0] + 0.75 * (other[0] - leader[0]);
        middle[6] = 0.7;
    }
    middle
}

/// 1 at 0, 0 from 1 on, flat at both ends.
fn fall(x: f32) -> f32 {
    let x = x.clamp(0.0, 1.0);
    1.0 - x * x * (3.0 - 2.0 * x)
}

/// The controls of all segments, a frame every [`FRAME_SECONDS`].
pub fn frames(segments: &[Segment], speaker: &Speaker) -> Vec<Frame> {
    let scale = SCALE[speaker.group as usize] * speaker.scale[1];
    let mut frames = Vec::new();
    let mut start = 0.0;
    // Voicing, breath and hiss jump fast, from where they are.
    let mut levels = [0f32; 3];
    for (index, segment) in segments.iter().enumerate() {
        let target = slow(segment);
        let longest = 0.55 * segment.seconds;
        // What one side's boundary adds, and in how many seconds it is gone.
        let side = |neighbour: Option<&Segment>, value: Slow| {
            let neighbour = neighbour.unwrap_or(segment);
            let seconds = match neighbour.rank.cmp(&segment.rank) {
                std::cmp::Ordering::Greater => neighbour.transition.0,
                _ => segment.transition.1,
            };
            let offset: Slow = std::array::from_fn(|n| value[n] - target[n]);
            (offset, seconds.min(longest).max(1e-4))
        };
        let before = index.checked_sub(1).and_then(|index| segments.get(index));
        let after = segments.get(index + 1);
        let (left, left_seconds) = side(before, before.map_or(target, |b| boundary(b, segment, scale)));
        let (right, right_seconds) = side(after, after.map_or(target, |a| boundary(segment, a, scale)));
        // The nose moves slowly.
        let nose = |seconds: f32| (2.0 * seconds).min(longest).max(1e-4);
        let end = start + segment.seconds;
        let wanted = [segment.voicing, segment.breath, segment.hiss];
        let from = levels;
        while (frames.len() as f32) * FRAME_SECONDS < end {
            let time = frames.len() as f32 * FRAME_SECONDS;
            let (past, ahead) = (time - start, end - time);
            let value: Slow = std::array::from_fn(|n| {
                let (l, r) = match n {
                    6 => (nose(left_seconds), nose(right_seconds)),
                    _ => (left_seconds, right_seconds),
                };
                target[n] + left[n] * fall(past / l) + right[n] * fall(ahead / r)
            });
            let share = ((past + FRAME_SECONDS) / segment.onset.max(FRAME_SECONDS)).min(1.0);
            levels = std::array::from_fn(|n| from[n] + share * (wanted[n] - from[n]));
            frames.push(Frame {
                segment: index,
                formants: [value[0], value[1], value[2]],
                bandwidths: [value[3], value[4], value[5]],
                nasal: value[6].clamp(0.0, 1.0),
                voicing: levels[0],
                muffle: segment.muffle,
                breath: levels[1],
                hiss: levels[2],
            });
        }
        start = end;
    }
    fade(segments, &mut frames);
    frames
}

/// Before a pause the voice weakens.
fn fade(segments: &[Segment], frames: &mut [Frame]) {
    const SECONDS: f32 = 0.08;
    let mut ahead = f32::MAX;
    for frame in frames.iter_mut().rev() {
        match segments[frame.segment].phase {
            Phase::Silence => ahead = 0.0,
            _ => ahead += FRAME_SECONDS,
        }
        if ahead > 0.0 && ahead < SECONDS {
            frame.voicing *= 0.65 + 0.35 * ahead / SECONDS;
        }
    }
}
