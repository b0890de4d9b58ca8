//! The band plays a [`Song`]: notes to sound, effects, mix, room.

use nn::Random;
use rand::Rng;

use super::drums::DRUMS;
use super::instruments::Tone;
use super::song::{Effects, Part, Song};
use super::synthesis::{Filter, gain, hertz, loudness, reverb, saturate, sine};

/// Plays the excerpt: `song.seconds` of mono sound at `rate` samples per second, not yet mastered.
pub fn perform(song: &Song, rate: f32) -> Vec<f32> {
    let mut random = song.random.clone();
    let artist = &song.artist;
    let skip = (seconds_at(song, song.entry) * rate) as usize;
    let length = skip + (song.seconds * rate) as usize;
    // Nobody plays to the millisecond.
    let loose = artist.habit("looseness", 0.001, 0.008);
    let room_level = gain(artist.habit("room level", -24.0, -12.0));

    let mut mix = vec![0f32; length];
    let mut room = vec![0f32; length];
    let mut add = |sound: &[f32], level: f32, send: f32| {
        let scale = level / loudness(sound).max(1e-6);
        for ((mix, room), x) in mix.iter_mut().zip(&mut room).zip(sound) {
            *mix += scale * x;
            *room += send * scale * x;
        }
    };

    let mut recorded: [Option<Vec<f32>>; DRUMS] = Default::default();
    let mut drums = vec![0f32; length];
    for hit in &song.hits {
        let at = seconds_at(song, hit.start) + loose * random.random_range(-1.0f32..1.0);
        let at = (at.max(0.0) * rate) as usize;
        let level = hit.velocity * random.random_range(0.9..1.1);
        let sound =
            recorded[hit.drum as usize].get_or_insert_with(|| song.kit.strike(hit.drum, rate, &mut random));
        for (out, x) in drums.iter_mut().skip(at).zip(sound.iter()) {
            *out += level * x;
        }
    }
    if !song.hits.is_empty() {
        let level = song.drum_level + artist.habit("drum level", -2.5, 2.5);
        add(&drums, gain(level), artist.habit("drum room", 0.3, 0.8));
    }
    for part in song.parts.iter().filter(|part| !part.notes.is_empty()) {
        let mut sound = vec![0f32; length];
        play(song, part, loose, rate, &mut random, &mut sound);
        affect(&mut sound, &part.effects, song.tempo, rate);
        add(&sound, gain(part.level), part.effects.room);
    }

    let size = artist.habit("room size", 0.6, 1.5);
    let echo = reverb(
        &room,
        size,
        artist.habit("room seconds", 0.5, 1.6),
        artist.habit("room damping", 0.2, 0.6),
        rate,
    );
    mix.iter()
        .zip(&echo)
        .skip(skip)
        .map(|(x, echo)| x + room_level * echo)
        .collect()
}

/// When a beat falls, in seconds, with swing.
fn seconds_at(song: &Song, beat: f32) -> f32 {
    let units = beat / song.swing_unit;
    let (whole, part) = (units.floor(), units - units.floor());
    let swung = if part < 0.5 {
        2.0 * part * song.swing
    } else {
        song.swing + 2.0 * (part - 0.5) * (1.0 - song.swing)
    };
    (whole + swung) * song.swing_unit * 60.0 / song.tempo
}

fn play(song: &Song, part: &Part, loose: f32, rate: f32, random: &mut Random, out: &mut [f32]) {
    let mut strummed = (-1.0, 0.0);
    for note in &part.notes {
        // The notes of a chord follow one another by the time the plectrum takes.
        strummed = if strummed.0 == note.start {
            (note.start, strummed.1 + part.strum)
        } else {
            (note.start, 0.0)
        };
        let start = seconds_at(song, note.start);
        let end = seconds_at(song, note.start + note.length);
        let at = start + strummed.1 + loose * random.random_range(-1.0f32..1.0);
        let at = ((at.max(0.0) * rate) as usize).min(out.len());
        let tone = Tone {
            hertz: hertz(note.pitch),
            slide: note.slide,
            seconds: (end - start).max(0.03),
            velocity: (note.velocity * random.random_range(0.85..1.1)).min(1.0),
            rate,
        };
        part.instrument.play(&tone, random, &mut out[at..]);
    }
}

/// Sends a part through its amplifier and pedals.
fn affect(sound: &mut [f32], effects: &Effects, tempo: f32, rate: f32) {
    if effects.drive > 0.0 {
        let push = effects.drive / loudness(sound).max(1e-6);
        // What goes in without its lowest octave comes out tight instead of muddy.
        let mut tight = Filter::new(90.0, 0.0, rate);
        for x in sound.iter_mut() {
            *x = saturate(push * tight.high(*x));
        }
    }
    if effects.chorus > 0.0 {
        let dry = sound.to_vec();
        for (n, x) in sound.iter_mut().enumerate() {
            let delay = rate * (0.012 + 0.003 * sine(0.7 * n as f32 / rate));
            let at = n as f32 - delay;
            if at >= 0.0 {
                let (whole, part) = (at as usize, at.fract());
                *x += effects.chorus * (dry[whole] + part * (dry[whole + 1] - dry[whole]));
            }
        }
    }
    if effects.echo > 0.0 {
        let delay = (1.5 * 60.0 / tempo * rate) as usize;
        for n in delay..sound.len() {
            sound[n] += effects.echo * sound[n - delay];
        }
    }
    let mut low = Filter::new(effects.low_pass, 0.0, rate);
    let mut high = Filter::new(effects.high_pass, 0.0, rate);
    for x in sound.iter_mut() {
        *x = high.high(low.low(*x));
    }
}
