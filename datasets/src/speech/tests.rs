use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::Path;

use realfft::RealFftPlanner;

use super::articulation::{Phase, Segment, articulate};
use super::noises::{Kind, render};
use super::phonemes::{Formants, Manner, VOWELS, manner};
use super::prosody::{Sound, melody};
use super::speaker::Group;
use super::words::pronunciation;
use super::*;

const SECOND: f32 = RATE as f32;

/// Someone of a group who is its average, of 1952, and speaks without melody.
fn average(group: Group, pitch: f32) -> Speaker {
    let mut speaker = Speaker::new(1, "average");
    speaker.group = group;
    speaker.scale = [1.0; 3];
    speaker.pitch = pitch;
    speaker.accent.generation = 0.0;
    speaker.accent.central = 0.0;
    speaker.accent.fronted_two = 1.0;
    speaker.accent.peculiar = [[1.0; 2]; VOWELS.len()];
    speaker.accent.rhotic = true;
    speaker.quality.nasality = 0.0;
    speaker.habits.melody = 0.0;
    speaker.habits.rate = 1.0;
    speaker
}

fn sound(symbol: &'static str, seconds: f32) -> Sound {
    Sound {
        symbol,
        word: 0,
        stressed: true,
        first: true,
        last: true,
        seconds,
    }
}

/// A sound alone, held for half a second, without its ends.
fn held(symbol: &'static str, speaker: &Speaker) -> Vec<f32> {
    let sounds = [sound("SIL", 0.05), sound(symbol, 0.5), sound("SIL", 0.05)];
    let random = &mut nn::random(1, symbol);
    let segments = articulate(&sounds, speaker, random);
    let samples = voiced_from(&sounds, &segments, speaker);
    samples[3200..7200].to_vec()
}

fn voiced_from(sounds: &[Sound], segments: &[Segment], speaker: &Speaker) -> Vec<f32> {
    let random = &mut nn::random(2, "voice");
    let pitch = melody(sounds, segments, speaker, random);
    voice::speak(
        segments,
        &tracks::frames(segments, speaker),
        &pitch,
        speaker,
        random,
    )
}

/// A text's segments, where each starts in samples, and its sound.
fn spoken(text: &str, speaker: &Speaker) -> (Vec<Segment>, Vec<usize>, Vec<f32>) {
    let random = &mut nn::random(3, text);
    let sounds = prosody::sounds(text, speaker, random).unwrap();
    let segments = articulate(&sounds, speaker, random);
    let mut time = 0.0;
    let starts = segments
        .iter()
        .map(|segment| {
            time += segment.seconds;
            ((time - segment.seconds) * SECOND) as usize
        })
        .collect();
    let samples = voiced_from(&sounds, &segments, speaker);
    (segments, starts, samples)
}

/// The power between two frequencies.
fn power(samples: &[f32], low: f32, high: f32) -> f32 {
    let length = samples.len();
    let mut input: Vec<f32> = (0..length)
        .map(|n| samples[n] * (std::f32::consts::PI * n as f32 / length as f32).sin().powi(2))
        .collect();
    let transform = RealFftPlanner::new().plan_fft_forward(length);
    let mut spectrum = transform.make_output_vec();
    transform.process(&mut input, &mut spectrum).unwrap();
    let bin = |hertz: f32| ((hertz * length as f32 / SECOND) as usize).min(spectrum.len());
    spectrum[bin(low)..bin(high)].iter().map(|x| x.norm_sqr()).sum()
}

fn level(samples: &[f32]) -> f32 {
    (samples.iter().map(|x| x * x).sum::<f32>() / samples.len() as f32).sqrt()
}

/// Peaks of the spectrum that linear prediction of order 18 finds, in hertz: the formants.
fn formants(samples: &[f32]) -> Vec<f32> {
    const ORDER: usize = 18;
    let length = samples.len() - 1;
    let shaped: Vec<f64> = (0..length)
        .map(|n| {
            let window = 0.5 - 0.5 * (std::f64::consts::TAU * n as f64 / length as f64).cos();
            window * f64::from(samples[n + 1] - 0.97 * samples[n])
        })
        .collect();
    let correlation: Vec<f64> = (0..=ORDER)
        .map(|lag| shaped[lag..].iter().zip(&shaped).map(|(a, b)| a * b).sum())
        .collect();
    // Levinson and Durbin.
    let mut filter = vec![1.0];
    let mut error = correlation[0] * (1.0 + 1e-9);
    for order in 1..=ORDER {
        let sum: f64 = (0..order).map(|n| filter[n] * correlation[order - n]).sum();
        let reflection = -sum / error;
        filter.push(0.0);
        let reversed: Vec<f64> = filter.iter().rev().copied().collect();
        for (a, b) in filter.iter_mut().zip(reversed) {
            *a += reflection * b;
        }
        error *= 1.0 - reflection * reflection;
    }
    let height = |hertz: f32| {
        let turn = std::f64::consts::TAU * f64::from(hertz / SECOND);
        let (mut re, mut im) = (0.0, 0.0);
        for (n, a) in filter.iter().enumerate() {
            re += a * (turn * n as f64).cos();
            im -= a * (turn * n as f64).sin();
        }
        1.0 / (re * re + im * im)
    };
    let heights: Vec<f64> = (0..1000).map(|n| height(n as f32 * 5.0)).collect();
    (20..999)
        .filter(|&n| heights[n] > heights[n - 1] && heights[n] > heights[n + 1])
        .map(|n| n as f32 * 5.0)
        .collect()
}

#[test]
fn vowels_have_the_formants_that_were_measured() {
    for (group, pitch) in [(Group::Man, 100.0), (Group::Woman, 125.0), (Group::Child, 140.0)] {
        let speaker = average(group, pitch);
        for vowel in VOWELS {
            let wanted: Formants = vowel.peterson_barney[group as usize];
            // The vowel of two moves, and is seen in its middle.
            let steady = vowel.symbol != "UW";
            let found = formants(&held(vowel.symbol, &speaker));
            for n in 0..3 {
                // Linear prediction is drawn to the nearest harmonic, half a pitch away at most.
                let tolerance = if steady {
                    0.5 * pitch + 0.03 * wanted[n]
                } else {
                    0.2 * wanted[n] + 50.0
                };
                let nearest = found.iter().copied().fold(f32::MAX, |best, x| {
                    if (x - wanted[n]).abs() < (best - wanted[n]).abs() {
                        x
                    } else {
                        best
                    }
                });
                assert!(
                    (nearest - wanted[n]).abs() < tolerance,
                    "{group:?} {}: F{} at {wanted:?}, found {found:?}",
                    vowel.symbol,
                    n + 1
                );
            }
        }
    }
}

#[test]
fn the_pitch_is_what_was_asked_for() {
    for pitch in [90.0, 140.0, 220.0, 310.0] {
        let samples = held("AA", &average(Group::Woman, pitch));
        let likeness = |lag: usize| -> f32 { samples[lag..].iter().zip(&samples).map(|(a, b)| a * b).sum() };
        let lag = (SECOND / 400.0) as usize..(SECOND / 70.0) as usize;
        let best = lag.max_by(|&a, &b| likeness(a).total_cmp(&likeness(b))).unwrap();
        let found = SECOND / best as f32;
        assert!((found / pitch - 1.0).abs() < 0.03, "{pitch} became {found}");
    }
}

#[test]
fn fricatives_hiss_where_they_should() {
    for group in [Group::Man, Group::Woman] {
        let speaker = average(group, 120.0);
        let [s, sh, f, z] = ["S", "SH", "F", "Z"].map(|symbol| held(symbol, &speaker));
        let all = |samples: &[f32]| power(samples, 0.0, 8000.0);
        assert!(power(&s, 4000.0, 8000.0) > 0.85 * all(&s), "s lies above 4 kHz");
        assert!(
            power(&sh, 2000.0, 4600.0) > 0.6 * all(&sh),
            "sh lies around 3 kHz"
        );
        assert!(level(&f) < 0.5 * level(&s), "f is weak");
        assert!(
            power(&z, 50.0, 400.0) > 20.0 * power(&s, 50.0, 400.0),
            "z has a voice"
        );
    }
}

#[test]
fn a_closure_is_silent_and_the_breath_of_t_is_longer_than_that_of_d() {
    let speaker = average(Group::Man, 110.0);
    let voice_onset = |text: &str| {
        let (segments, starts, samples) = spoken(text, &speaker);
        let burst = segments
            .iter()
            .position(|segment| segment.phase == Phase::Burst)
            .unwrap();
        let closure = starts[burst - 1] + 200..starts[burst] - 40;
        let loudest = samples.chunks(160).map(level).fold(0.0, f32::max);
        if !text.starts_with('d') {
            assert!(level(&samples[closure]) < 0.02 * loudest, "the closure of {text}");
        }
        // The voice is what is below 400 Hz.
        let low = |at: usize| power(&samples[at..at + 256], 60.0, 400.0);
        let full = (starts[burst]..samples.len() - 256)
            .step_by(32)
            .map(low)
            .fold(0.0, f32::max);
        let onset = (starts[burst]..)
            .step_by(32)
            .find(|&at| low(at) > 0.1 * full)
            .unwrap();
        (onset - starts[burst]) as f32 / SECOND
    };
    let (t, d, st) = (voice_onset("two"), voice_onset("door"), voice_onset("stop"));
    assert!(
        (0.035..0.1).contains(&t) && d < 0.025 && st < 0.03,
        "{t} {d} {st}"
    );
}

#[test]
fn formants_move() {
    let speaker = average(Group::Man, 100.0);
    // F2 within a word at a share of its vowels' time.
    let second = |text: &str, share: f32| {
        let (segments, starts, samples) = spoken(text, &speaker);
        let random = &mut nn::random(3, text);
        let sounds = prosody::sounds(text, &speaker, random).unwrap();
        let vowel = |segment: &Segment| manner(sounds[segment.sound].symbol) == Manner::Vowel;
        let first = segments.iter().position(vowel).unwrap();
        let last = segments.iter().rposition(vowel).unwrap();
        let end = starts[last + 1];
        let at = starts[first] + (share * (end - starts[first]) as f32) as usize;
        let frames = tracks::frames(&segments, &speaker);
        assert!(samples.len() >= end);
        frames[(at as f32 / SECOND / tracks::FRAME_SECONDS) as usize].formants
    };
    assert!(
        second("five", 0.9)[1] > second("five", 0.2)[1] + 350.0,
        "F2 rises in five"
    );
    assert!(
        second("down", 0.1)[1] > second("down", 0.8)[1] + 150.0,
        "F2 falls in down"
    );
    assert!(second("right", 0.0)[2] < 1950.0, "F3 is low after r");
    assert!(second("light", 0.0)[2] > 2400.0, "but not after l");
}

#[test]
fn every_word_can_be_said_by_everyone() {
    let lists = [
        &WORDS[..],
        &OTHER_WORDS,
        &OTHER_WORDS_OF_TRAINING,
        &OTHER_WORDS_OF_VALIDATION,
        &OTHER_WORDS_OF_TEST,
    ];
    let words: Vec<&str> = lists.concat();
    assert_eq!(
        words.iter().collect::<HashSet<_>>().len(),
        words.len(),
        "none is twice"
    );
    let mut symbols = BTreeSet::new();
    for word in words {
        let sounds = pronunciation(word).unwrap();
        symbols.extend(
            sounds
                .split(' ')
                .map(|symbol| symbol.trim_end_matches(['0', '1'])),
        );
        assert_eq!(sounds.matches('1').count(), 1, "{word} has one stress");
        for number in 0..4 {
            let speaker = Speaker::new(5, &number.to_string());
            let samples = say(word, &speaker, &mut speaker.random(word)).unwrap();
            assert!(samples.iter().all(|x| x.abs() <= 0.701), "{word}");
            let seconds = samples.len() as f32 / SECOND;
            assert!((0.2..1.2).contains(&seconds), "{word} takes {seconds} s");
        }
    }
    assert!(symbols.len() >= 33, "most sounds of English occur: {symbols:?}");
}

#[test]
fn unknown_words_are_refused() {
    let speaker = Speaker::new(1, "0");
    for text in ["seven xylophone", "", "  "] {
        let error = say(text, &speaker, &mut speaker.random("x")).unwrap_err();
        assert!(matches!(error, Error::Word { .. }), "{text:?}: {error}");
    }
    let error = say("seven xylophone", &speaker, &mut speaker.random("x")).unwrap_err();
    assert!(error.to_string().contains("xylophone"));
}

#[test]
fn speakers_differ_and_long_tracts_have_low_voices() {
    let speakers: Vec<Speaker> = (0..300).map(|n| Speaker::new(1, &format!("word/{n}"))).collect();
    let mean = |group: Group, of: &dyn Fn(&Speaker) -> f32| {
        let some: Vec<f32> = speakers.iter().filter(|s| s.group == group).map(of).collect();
        assert!(some.len() >= 10, "{group:?}");
        some.iter().sum::<f32>() / some.len() as f32
    };
    let pitch = |group| mean(group, &|speaker| speaker.pitch);
    let f2 = |group| mean(group, &|speaker| speaker.vowel("IY").0[1]);
    assert!((105.0..135.0).contains(&pitch(Group::Man)));
    assert!((190.0..230.0).contains(&pitch(Group::Woman)));
    assert!(pitch(Group::Child) > pitch(Group::Woman));
    assert!((1.1..1.3).contains(&(f2(Group::Woman) / f2(Group::Man))));
}

#[test]
fn noises_have_their_colours() {
    for kind in Kind::ALL {
        let noise = render(kind, 32_000, &mut nn::random(1, kind.file()));
        assert_eq!(noise.len(), 32_000);
        assert!(
            noise.iter().all(|x| x.is_finite()) && level(&noise) > 0.05,
            "{kind:?}"
        );
        // Decibels from the octave at 500 Hz to that at 2 kHz.
        let slope = 10.0 * (power(&noise, 2000.0, 4000.0) / power(&noise, 500.0, 1000.0)).log10();
        let wanted = match kind {
            Kind::White => 4.0..8.0,
            Kind::Pink => -2.0..2.0,
            Kind::Brown => -8.0..-4.0,
            _ => continue,
        };
        assert!(wanted.contains(&slope), "{kind:?}: {slope} dB");
    }
}

fn small() -> Options {
    Options {
        speakers: 10,
        words_per_speaker: 5,
        noise_seconds: 1,
        ..Options::default()
    }
}

/// All files below a folder with their bytes.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            found.extend(
                files(&path)
                    .into_iter()
                    .map(|(rest, bytes)| (format!("{name}/{rest}"), bytes)),
            );
        } else {
            found.insert(name, fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn words_have_the_layout_of_speech_commands_and_the_same_bytes_on_any_number_of_threads() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    make(first.path(), &small(), &|done, total| {
        assert!(done >= 1 && done <= total)
    })
    .unwrap();
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    alone
        .install(|| make(second.path(), &small(), &|_, _| {}))
        .unwrap();
    let made = files(first.path());
    assert!(made == files(second.path()), "the bytes differ");

    let list = |name: &str| -> BTreeSet<String> {
        let text = String::from_utf8(made[name].clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    };
    let (validation, testing) = (list("validation_list.txt"), list("testing_list.txt"));
    let mut speakers: [BTreeSet<&str>; 3] = Default::default();
    let mut clips = 0;
    for (path, bytes) in made.iter().filter(|(path, _)| path.ends_with(".wav")) {
        let reader = hound::WavReader::new(&bytes[..]).unwrap();
        assert_eq!(
            (reader.spec().sample_rate, reader.spec().bits_per_sample),
            (RATE, 16)
        );
        assert_eq!(reader.duration(), RATE, "{path}");
        let (word, name) = path.split_once('/').unwrap();
        if word == "_background_noise_" {
            continue;
        }
        clips += 1;
        let speaker = name.strip_suffix("_nohash_0.wav").unwrap();
        assert!(
            speaker.len() == 8 && u32::from_str_radix(speaker, 16).is_ok(),
            "{path}"
        );
        let part = match (validation.contains(path), testing.contains(path)) {
            (true, false) => 1,
            (false, true) => 2,
            _ => 0,
        };
        speakers[part].insert(speaker);
        let only = [
            &OTHER_WORDS_OF_TRAINING[..],
            &OTHER_WORDS_OF_VALIDATION,
            &OTHER_WORDS_OF_TEST,
        ];
        for (other, words) in only.iter().enumerate() {
            assert!(other == part || !words.contains(&word), "{word} in part {part}");
        }
    }
    assert_eq!(clips, 10 * 7);
    assert_eq!(speakers.each_ref().map(BTreeSet::len), [6, 2, 2]);
    assert_eq!(
        speakers.iter().flatten().collect::<BTreeSet<_>>().len(),
        10,
        "split by speaker"
    );
    assert_eq!(
        made.keys()
            .filter(|path| path.starts_with("_background_noise_/"))
            .count(),
        7
    );
}

#[test]
fn digit_strings_have_the_layout_of_librispeech_and_parts_share_nothing() {
    let options = StringOptions {
        train: 20,
        dev: 6,
        test: 6,
        strings_per_speaker: 4,
        ..StringOptions::default()
    };
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    make_strings(first.path(), &options, &|_, _| {}).unwrap();
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    alone
        .install(|| make_strings(second.path(), &options, &|_, _| {}))
        .unwrap();
    let made = files(first.path());
    assert!(made == files(second.path()), "the bytes differ");

    let mut strings: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut speakers: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (path, bytes) in made.iter().filter(|(path, _)| path.ends_with(".trans.txt")) {
        let [part, speaker, chapter, name] = path.split('/').collect::<Vec<_>>()[..] else {
            panic!("{path}");
        };
        assert_eq!(name, format!("{speaker}-{chapter}.trans.txt"));
        speakers.insert((speaker, part));
        for line in std::str::from_utf8(bytes).unwrap().lines() {
            let (id, digits) = line.split_once(' ').unwrap();
            let wav = &made[&format!("{part}/{speaker}/{chapter}/{id}.wav")];
            let seconds = hound::WavReader::new(&wav[..]).unwrap().duration() as f32 / SECOND;
            let count = digits.split(' ').count();
            assert!(
                digits.split(' ').all(|digit| digit.len() == 1 && digit < ":"),
                "{line}"
            );
            assert!((3..=7).contains(&count), "{line}");
            assert!(
                (0.2 * count as f32..1.2 * count as f32 + 0.5).contains(&seconds),
                "{line}: {seconds} s"
            );
            assert!(strings.entry(part).or_default().insert(digits.to_owned()));
        }
    }
    let counts = ["train", "dev", "test"].map(|part| strings[part].len());
    assert_eq!(counts, [20, 6, 6]);
    assert_eq!(speakers.len(), 5 + 2 + 2);
    let all: HashSet<&String> = strings.values().flatten().collect();
    assert_eq!(all.len(), 32, "no string is in two parts");
}

#[test]
fn options_without_sense_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let bad = [
        Options {
            speakers: 4,
            ..small()
        },
        Options {
            words_per_speaker: 31,
            ..small()
        },
        Options {
            others_per_speaker: 9,
            ..small()
        },
        Options {
            noise_seconds: 0,
            ..small()
        },
    ];
    for options in bad {
        let error = make(root.path(), &options, &|_, _| {}).unwrap_err();
        assert!(
            error.to_string().starts_with("cannot make speech with Options {"),
            "{error}"
        );
    }
    for options in [
        StringOptions {
            dev: 0,
            ..StringOptions::default()
        },
        StringOptions {
            test: 401,
            ..StringOptions::default()
        },
        StringOptions {
            strings_per_speaker: 0,
            ..StringOptions::default()
        },
    ] {
        assert!(
            make_strings(root.path(), &options, &|_, _| {}).is_err(),
            "{options:?}"
        );
    }
    assert_eq!(
        fs::read_dir(root.path()).unwrap().count(),
        0,
        "nothing was written"
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    let error = make(&file, &small(), &|_, _| {}).unwrap_err();
    assert!(error.to_string().contains("file/"), "{error}");
}
