//! The instruments that genres share, each built to the artist's taste.

use super::instruments::{Bell, Instrument, Organ, Plucked, Singer, Synth};
use super::song::{Effects, Song};
use super::synthesis::{Envelope, Wave};

fn envelope(attack: f32, decay: f32, sustain: f32, release: f32) -> Envelope {
    Envelope {
        attack,
        decay,
        sustain,
        release,
    }
}

/// A plucked string; the artist decides where and how hard.
fn plucked(song: &Song, name: &str, brightness: f32, ring: f32, damping: f32) -> Instrument {
    Instrument::String(Plucked {
        brightness: brightness * song.habit(&format!("{name} brightness"), 0.7, 1.3),
        ring: ring * song.habit(&format!("{name} ring"), 0.7, 1.3),
        position: song.habit(&format!("{name} position"), 0.1, 0.3),
        damping,
        course: 0.0,
    })
}

/// Double bass, plucked.
pub fn upright_bass(song: &Song) -> Instrument {
    plucked(song, "bass", 0.16, 1.6, 0.5)
}

/// Electric bass with flat or round strings.
pub fn electric_bass(song: &Song) -> Instrument {
    plucked(song, "bass", 0.3, 4.0, 0.4)
}

/// Acoustic steel-string guitar.
pub fn acoustic_guitar(song: &Song) -> Instrument {
    plucked(song, "guitar", 0.75, 2.2, 0.3)
}

/// Electric guitar, before its amplifier.
pub fn electric_guitar(song: &Song) -> Instrument {
    plucked(song, "guitar", 0.5, 5.0, 0.3)
}

/// Five-string banjo: bright and soon gone.
pub fn banjo(song: &Song) -> Instrument {
    plucked(song, "banjo", 1.0, 0.55, 0.2)
}

/// Harpsichord: two bright strings to a note.
pub fn harpsichord(song: &Song) -> Instrument {
    Instrument::String(Plucked {
        brightness: song.habit("harpsichord quill", 0.8, 1.2),
        ring: song.habit("harpsichord ring", 1.2, 2.2),
        position: 0.11,
        damping: 0.12,
        course: song.habit("harpsichord course", 2.0, 5.0),
    })
}

/// Piano: soft hammers on doubled strings.
pub fn piano(song: &Song) -> Instrument {
    Instrument::String(Plucked {
        brightness: song.habit("piano hammers", 0.2, 0.45),
        ring: song.habit("piano ring", 2.5, 5.0),
        position: 0.125,
        damping: 0.28,
        course: song.habit("piano course", 1.0, 6.0),
    })
}

/// Electric piano with tines.
pub fn electric_piano(song: &Song) -> Instrument {
    Instrument::Bell(Bell {
        ratio: song.artist.choose("tine ratio", &[1.0, 1.0, 14.0]),
        index: song.habit("tine index", 0.1, 0.3),
        strike: song.habit("tine strike", 0.15, 0.5),
        envelope: envelope(0.003, 0.9, 0.15, 0.1),
        tremolo: song.habit("tine tremolo", 0.0, 0.5),
    })
}

/// Vibraphone.
pub fn vibraphone(song: &Song) -> Instrument {
    Instrument::Bell(Bell {
        ratio: 4.0,
        index: song.habit("mallet index", 0.05, 0.2),
        strike: 0.08,
        envelope: envelope(0.002, 0.8, 0.0, 0.3),
        tremolo: song.habit("vibraphone motor", 0.2, 0.6),
    })
}

/// Electric organ.
pub fn organ(song: &Song) -> Instrument {
    let drawbar = |n: usize| song.habit(&format!("drawbar {n}"), 0.1, 0.7);
    Instrument::Organ(Organ {
        drawbars: [
            drawbar(0),
            0.9,
            drawbar(2),
            drawbar(3),
            drawbar(4),
            0.6 * drawbar(6),
            0.5 * drawbar(8),
        ],
        rotor: song.artist.choose("rotor", &[0.8, 6.2]),
    })
}

/// A section of bowed strings.
pub fn strings(song: &Song) -> Instrument {
    Instrument::Synth(Synth {
        wave: Wave::Saw,
        voices: 3,
        detune: song.habit("strings detune", 8.0, 16.0),
        envelope: envelope(song.habit("bow attack", 0.04, 0.1), 0.6, 0.8, 0.12),
        cutoff: song.habit("strings cutoff", 4.0, 8.0),
        sweep: 0.3,
        close: 0.4,
        resonance: 0.05,
        vibrato: song.habit("strings vibrato", 6.0, 18.0),
        breath: 0.06,
    })
}

/// One violin or fiddle.
pub fn fiddle(song: &Song) -> Instrument {
    Instrument::Synth(Synth {
        wave: Wave::Saw,
        voices: 1,
        detune: 0.0,
        envelope: envelope(song.habit("bow attack", 0.02, 0.06), 0.4, 0.8, 0.06),
        cutoff: song.habit("fiddle cutoff", 5.0, 9.0),
        sweep: 0.5,
        close: 0.2,
        resonance: 0.1,
        vibrato: song.habit("fiddle vibrato", 10.0, 30.0),
        breath: 0.12,
    })
}

/// Trumpets and trombones together.
pub fn brass(song: &Song) -> Instrument {
    Instrument::Synth(Synth {
        wave: Wave::Saw,
        voices: 2,
        detune: song.habit("brass detune", 4.0, 12.0),
        envelope: envelope(0.025, 0.25, 0.7, 0.05),
        cutoff: song.habit("brass cutoff", 2.0, 3.5),
        sweep: song.habit("brass sweep", 1.0, 2.0),
        close: 0.18,
        resonance: 0.1,
        vibrato: song.habit("brass vibrato", 0.0, 12.0),
        breath: 0.03,
    })
}

/// Saxophone, clarinet or muted trumpet: one horn that can play a solo.
pub fn horn(song: &Song) -> Instrument {
    Instrument::Synth(Synth {
        wave: song
            .artist
            .choose("horn", &[Wave::Saw, Wave::Pulse(0.5), Wave::Pulse(0.25)]),
        voices: 1,
        detune: 0.0,
        envelope: envelope(0.03, 0.3, 0.75, 0.05),
        cutoff: song.habit("horn cutoff", 2.5, 5.0),
        sweep: song.habit("horn sweep", 0.5, 1.2),
        close: 0.15,
        resonance: song.habit("horn resonance", 0.1, 0.4),
        vibrato: song.habit("horn vibrato", 12.0, 35.0),
        breath: song.habit("horn breath", 0.1, 0.4),
    })
}

/// Flute or recorder.
pub fn flute(song: &Song) -> Instrument {
    Instrument::Synth(Synth {
        wave: Wave::Pulse(0.5),
        voices: 1,
        detune: 0.0,
        envelope: envelope(0.05, 0.3, 0.85, 0.06),
        cutoff: song.habit("flute cutoff", 1.2, 2.2),
        sweep: 0.3,
        close: 0.1,
        resonance: 0.05,
        vibrato: song.habit("flute vibrato", 8.0, 25.0),
        breath: song.habit("flute breath", 0.2, 0.5),
    })
}

/// Blues harp: a reed that the hands open.
pub fn harmonica(song: &Song) -> Instrument {
    Instrument::Synth(Synth {
        wave: Wave::Pulse(0.3),
        voices: 2,
        detune: 6.0,
        envelope: envelope(0.035, 0.3, 0.8, 0.05),
        cutoff: song.habit("harp cutoff", 3.0, 5.0),
        sweep: -1.0,
        close: 0.1,
        resonance: 0.35,
        vibrato: song.habit("harp vibrato", 15.0, 35.0),
        breath: 0.3,
    })
}

/// A lead guitar: bends and sustains as a plucked string here cannot.
pub fn lead_guitar(song: &Song) -> Instrument {
    Instrument::Synth(Synth {
        wave: Wave::Pulse(song.habit("pickup", 0.12, 0.35)),
        voices: 1,
        detune: 0.0,
        envelope: envelope(0.004, 0.5, 0.35, 0.06),
        cutoff: song.habit("lead cutoff", 3.0, 6.0),
        sweep: 1.2,
        close: 0.12,
        resonance: 0.15,
        vibrato: song.habit("lead vibrato", 20.0, 45.0),
        breath: 0.03,
    })
}

/// Pedal steel: no attack, all glide.
pub fn pedal_steel(song: &Song) -> Instrument {
    Instrument::Synth(Synth {
        wave: Wave::Pulse(0.2),
        voices: 1,
        detune: 0.0,
        envelope: envelope(song.habit("steel swell", 0.03, 0.12), 1.2, 0.5, 0.15),
        cutoff: song.habit("steel cutoff", 2.5, 4.0),
        sweep: 0.8,
        close: 0.3,
        resonance: 0.1,
        vibrato: song.habit("steel vibrato", 15.0, 40.0),
        breath: 0.0,
    })
}

/// A synthesiser's bass.
pub fn synth_bass(song: &Song) -> Instrument {
    Instrument::Synth(Synth {
        wave: song
            .artist
            .choose("bass wave", &[Wave::Saw, Wave::Pulse(0.5), Wave::Pulse(0.3)]),
        voices: 1,
        detune: 0.0,
        envelope: envelope(0.004, 0.3, 0.6, 0.03),
        cutoff: song.habit("bass cutoff", 2.0, 4.0),
        sweep: song.habit("bass sweep", 0.8, 2.0),
        close: 0.12,
        resonance: song.habit("bass resonance", 0.1, 0.5),
        vibrato: 0.0,
        breath: 0.0,
    })
}

/// The bass drum of a drum machine, tuned and long: a sine with a knock.
pub fn sub_bass(song: &Song) -> Instrument {
    Instrument::Bell(Bell {
        ratio: 2.0,
        index: song.habit("sub index", 0.05, 0.2),
        strike: 0.06,
        envelope: envelope(0.005, song.habit("sub decay", 0.4, 1.0), 0.2, 0.05),
        tremolo: 0.0,
    })
}

/// A soft synthesiser that holds chords.
pub fn pad(song: &Song) -> Instrument {
    Instrument::Synth(Synth {
        wave: song.artist.choose("pad wave", &[Wave::Saw, Wave::Pulse(0.4)]),
        voices: 3,
        detune: song.habit("pad detune", 10.0, 22.0),
        envelope: envelope(0.08, 1.0, 0.8, 0.25),
        cutoff: song.habit("pad cutoff", 3.0, 6.0),
        sweep: 0.6,
        close: 0.6,
        resonance: 0.1,
        vibrato: 4.0,
        breath: 0.0,
    })
}

/// A synthesiser that plucks.
pub fn synth_pluck(song: &Song) -> Instrument {
    Instrument::Synth(Synth {
        wave: song
            .artist
            .choose("pluck wave", &[Wave::Saw, Wave::Pulse(0.5), Wave::Pulse(0.2)]),
        voices: 2,
        detune: 8.0,
        envelope: envelope(0.003, song.habit("pluck decay", 0.08, 0.25), 0.05, 0.06),
        cutoff: 2.0,
        sweep: song.habit("pluck sweep", 1.5, 3.0),
        close: 0.1,
        resonance: 0.25,
        vibrato: 0.0,
        breath: 0.0,
    })
}

/// A singer.
pub fn singer(song: &Song) -> Instrument {
    Instrument::Singer(Singer {
        mouth: song.habit("mouth", 0.95, 1.25),
        vibrato: song.habit("voice vibrato", 15.0, 50.0),
        breath: song.habit("voice breath", 0.02, 0.2),
        speaks: false,
    })
}

/// A rapper.
pub fn rapper(song: &Song) -> Instrument {
    Instrument::Singer(Singer {
        mouth: song.habit("mouth", 0.95, 1.2),
        vibrato: 0.0,
        breath: song.habit("voice breath", 0.1, 0.3),
        speaks: true,
    })
}

/// The amplifier of a lead guitar: from clean to singing.
pub fn lead_amplifier(song: &Song, drive: f32) -> Effects {
    Effects {
        drive: drive * song.habit("lead drive", 0.7, 1.4),
        low_pass: song.habit("lead cabinet", 3000.0, 4800.0),
        high_pass: 120.0,
        ..Effects::default()
    }
}

/// A growl: a voice too close to its limit.
pub fn growl(song: &Song) -> Instrument {
    Instrument::Singer(Singer {
        mouth: song.habit("mouth", 0.75, 0.95),
        vibrato: 0.0,
        breath: song.habit("voice breath", 0.6, 1.2),
        speaks: true,
    })
}

/// What a clean guitar goes through, and what an organ or a singer does not mind.
pub fn crunch(song: &Song, low: f32, high: f32) -> Effects {
    Effects {
        drive: song.habit("crunch", low, high),
        low_pass: song.habit("cabinet", 3500.0, 5500.0),
        high_pass: 80.0,
        ..Effects::default()
    }
}
