//! Hears recordings: the words in them and when, or all that is said.

use std::{
    collections::HashSet,
    ops::Range,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail, ensure};
use audio::{Detection, DetectionPicture, LogMel, PosteriorPicture, Reader, Spectrogram, Windows};
use candle_core::{D, Device, Tensor};
use nn::ModuleT;
use serde::{Deserialize, Serialize};
use training::{DeviceChoice, choose_device, load_model, say};

use crate::{
    NAME,
    data::{BANDS, FRAME_RATE, SAMPLE_RATE, mel_config, normalise, preprocessing, samples},
    detector::{Detector, Heard, STEP_SECONDS},
    model::{FRAMES_PER_STEP, StringNet, WordNet},
    strings::{Alphabet, BEAM, pad, transcribe},
    words::{MOUTHS, WINDOW, centred},
};

/// What `model.safetensors` knows beside the weights.
#[derive(Serialize, Deserialize)]
pub struct About {
    /// What the network does.
    pub kind: Kind,
    /// What the sound it was trained on went through: see [`preprocessing`].
    pub preprocessing: String,
}

/// The two kinds of networks.
#[derive(Serialize, Deserialize)]
pub enum Kind {
    /// Names words.
    Words {
        /// The words and then `unknown` and `silence`, in the order of the network's answers.
        classes: Vec<String>,
        /// The probability from which a word in a longer recording counts as heard, chosen on the validation part.
        threshold: f32,
    },
    /// Writes down utterances.
    Strings {
        /// What it can write.
        alphabet: Alphabet,
    },
}

impl About {
    /// With the preprocessing of this version.
    pub fn new(kind: Kind) -> Self {
        About {
            kind,
            preprocessing: preprocessing(),
        }
    }
}

/// Hear recordings: the words in them and when, or all that is said
#[derive(clap::Args)]
pub struct Predict {
    /// Sound files: wav, flac, mp3, ogg, m4a, aac, aiff or au
    #[arg(required = true)]
    inputs: Vec<PathBuf>,
    /// The run folder of a trained model [default: the newest]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// How sure it must be of a word in a longer recording [default: as chosen on the validation part]
    #[arg(long, value_name = "PROBABILITY")]
    threshold: Option<f32>,
    /// Folder for the pictures [default: the working directory]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
}

/// A trained network of either kind.
enum Network {
    Words(WordListener),
    Strings(StringNet, Alphabet, Device),
}

/// A trained network that names words.
pub struct WordListener {
    network: WordNet,
    /// The words and then `unknown` and `silence`.
    pub classes: Vec<String>,
    /// The probability from which a word counts as heard.
    pub threshold: f32,
    device: Device,
}

fn load(model: Option<&Path>, device: Device) -> Result<Network> {
    enum Built {
        Words(WordNet),
        Strings(StringNet),
    }
    let build = |about: &About, weights: nn::VarBuilder<'_>| {
        Ok(match &about.kind {
            Kind::Words { classes, .. } => Built::Words(WordNet::new(classes.len(), weights)?),
            Kind::Strings { alphabet } => Built::Strings(StringNet::new(alphabet.symbols(), weights)?),
        })
    };
    let (about, built) = load_model(NAME, model, &device, build)?;
    ensure!(
        about.preprocessing == preprocessing(),
        "the model was trained on {}, but this version of the program makes {}: train it anew",
        about.preprocessing,
        preprocessing()
    );
    Ok(match (about.kind, built) {
        (Kind::Words { classes, threshold }, Built::Words(network)) => Network::Words(WordListener {
            network,
            classes,
            threshold,
            device,
        }),
        (Kind::Strings { alphabet }, Built::Strings(network)) => Network::Strings(network, alphabet, device),
        _ => unreachable!("the network was built for its kind"),
    })
}

/// A trained network that names words, from a run folder or the newest.
#[cfg(feature = "microphone")]
pub fn load_words(model: Option<&Path>, device: Device) -> Result<WordListener> {
    match load(model, device)? {
        Network::Words(listener) => Ok(listener),
        Network::Strings(..) => bail!(
            "the newest model writes down whole utterances: name one that was trained without --strings with --model"
        ),
    }
}

pub fn predict(arguments: &Predict) -> Result<()> {
    let (device, _) = choose_device(arguments.device)?;
    let mut network = load(arguments.model.as_deref(), device)?;
    match &mut network {
        Network::Words(listener) => listener.ask_for(arguments.threshold)?,
        Network::Strings(..) => ensure!(
            arguments.threshold.is_none(),
            "--threshold is for models of words, and this one writes down whole utterances"
        ),
    }
    let (mut failed, mut taken) = (0, HashSet::new());
    for input in &arguments.inputs {
        let picture = picture_of(input, arguments.out.as_deref(), &mut taken);
        let told = match &network {
            Network::Words(listener) => tell_words(input, listener, &picture),
            Network::Strings(network, alphabet, device) => {
                tell_string(input, network, alphabet, device, &picture)
            }
        };
        if let Err(error) = told {
            eprintln!("{error:#}");
            failed += 1;
        }
    }
    match failed {
        0 => Ok(()),
        _ => bail!("{failed} of {} files could not be heard", arguments.inputs.len()),
    }
}

impl WordListener {
    /// Asks for another probability than the one chosen on the validation part.
    pub fn ask_for(&mut self, threshold: Option<f32>) -> Result<()> {
        let Some(threshold) = threshold else { return Ok(()) };
        ensure!(
            (0.0..=1.0).contains(&threshold),
            "--threshold {threshold}: it is a probability, from 0 to 1"
        );
        self.threshold = threshold;
        Ok(())
    }

    /// The probabilities of every class in seconds of sound.
    pub fn hear(&self, windows: &[Spectrogram]) -> Result<Vec<Vec<f32>>> {
        let mut values = Vec::new();
        for window in windows {
            for mouth in MOUTHS {
                let mut window = window.warp_formants(mouth, &mel_config());
                normalise(&mut window);
                values.extend(window.values);
            }
        }
        // (windows, 3 mouths, 40 bands, 100 frames)
        let shape = (windows.len(), MOUTHS.len(), BANDS, WINDOW);
        let logits = self
            .network
            .forward_t(&Tensor::from_vec(values, shape, &self.device)?, false)?;
        let mut probabilities = nn::ops::softmax(&logits, D::Minus1)?.to_vec2::<f32>()?;
        for (window, row) in windows.iter().zip(&mut probabilities) {
            // Digital silence has nothing that the network could hear, so it is not asked.
            if window.values.iter().all(|value| *value <= audio::LOG_FLOOR.ln()) {
                row.fill(0.0);
                row[self.classes.len() - 1] = 1.0;
            }
        }
        Ok(probabilities)
    }

    /// How many of the classes are words: all but `unknown` and `silence`.
    pub fn words(&self) -> usize {
        self.classes.len() - 2
    }
}

/// The samples of a file of up to two seconds, and what was wrong with it; none of a longer one.
fn short(path: &Path) -> Result<Option<(Vec<f32>, Vec<String>)>> {
    let mut count = 0;
    for block in Reader::open(path, SAMPLE_RATE)? {
        count += block?.len();
        if count > 2 * SAMPLE_RATE as usize {
            return Ok(None);
        }
    }
    Ok(Some(samples(path)?))
}

fn tell_words(path: &Path, listener: &WordListener, picture: &Path) -> Result<()> {
    // One word at most, and treated as those that the network was trained on.
    if let Some((samples, warnings)) = short(path)? {
        let speech = audio::trim(&samples, SAMPLE_RATE);
        let second = SAMPLE_RATE as usize;
        if samples.len() <= second || speech.as_ref().is_none_or(|speech| speech.len() <= second) {
            return tell_one_word(path, &samples, speech, &warnings, listener);
        }
    }
    let windows = Windows {
        frames: WINDOW,
        step: (STEP_SECONDS * FRAME_RATE as f64) as usize,
        batch: 64,
    };
    let scan = audio::scan(path, &mel_config(), windows, |windows| listener.hear(windows))?;
    let mut detector = Detector::new(listener.words(), listener.threshold);
    let mut heard: Vec<Heard> = scan.answers.iter().filter_map(|row| detector.push(row)).collect();
    heard.extend(detector.finish());

    say(format!(
        "{}  {:.1} s  {}",
        path.display(),
        scan.seconds,
        counted(heard.len(), "word")
    ));
    let silence = listener.classes.len() - 1;
    if heard.is_empty()
        && scan
            .answers
            .iter()
            .all(|row| training::metrics::argmax(row) == silence)
    {
        say("  nothing but silence or noise");
    }
    for word in &heard {
        say(format!(
            "  {:>7}  {:<12} {:>3.0} %",
            clock(word.start + 0.5),
            listener.classes[word.class],
            100.0 * word.probability
        ));
    }
    tell_warnings(&scan.warnings);
    let detections = heard.iter().map(|word| Detection {
        start: word.start,
        end: word.start + 1.0,
        label: listener.classes[word.class].clone(),
        confidence: word.probability,
    });
    let detections: Vec<Detection> = detections.collect();
    let drawn = DetectionPicture {
        title: &name_of(path),
        detections: &detections,
        spectrogram: &scan.overview,
        config: &scan.overview_config,
    };
    drawn.save(picture)?;
    say(format!("  over time: {}", picture.display()));
    Ok(())
}

/// Names the one word of a short recording.
fn tell_one_word(
    path: &Path,
    samples: &[f32],
    speech: Option<Range<usize>>,
    warnings: &[String],
    listener: &WordListener,
) -> Result<()> {
    let seconds = samples.len() as f64 / f64::from(SAMPLE_RATE);
    let Some(speech) = speech else {
        say(format!(
            "{}  {seconds:.2} s  nothing but silence or steady noise",
            path.display()
        ));
        tell_warnings(warnings);
        return Ok(());
    };
    let heard = if samples.len() > SAMPLE_RATE as usize {
        &samples[speech.clone()]
    } else {
        samples
    };
    let window = centred(&LogMel::new(&mel_config()).compute(heard));
    let probabilities = listener.hear(&[window])?.remove(0);
    let mut ranked: Vec<usize> = (0..probabilities.len()).collect();
    ranked.sort_by(|a, b| probabilities[*b].total_cmp(&probabilities[*a]));
    let from_to = speech_seconds(&speech);
    say(format!(
        "{}  {seconds:.2} s  {}, from {from_to} s",
        path.display(),
        listener.classes[ranked[0]]
    ));
    for class in ranked.into_iter().take(3) {
        let bar = "█".repeat((probabilities[class] * 30.0).round() as usize);
        say(format!(
            "  {:>5.1} %  {:<12} {bar}",
            100.0 * probabilities[class],
            listener.classes[class]
        ));
    }
    if seconds < 0.15 {
        say("  note: shorter than any word takes");
    }
    tell_warnings(warnings);
    Ok(())
}

fn tell_warnings(warnings: &[String]) {
    for warning in warnings {
        say(format!("  note: {warning}"));
    }
}

fn speech_seconds(speech: &Range<usize>) -> String {
    let seconds = |place: usize| place as f64 / f64::from(SAMPLE_RATE);
    format!("{:.2} to {:.2}", seconds(speech.start), seconds(speech.end))
}

/// Samples between two utterances at least, beside the silence around each: 0.3 s.
const PAUSE: usize = 3 * SAMPLE_RATE as usize / 10;
/// Samples of an utterance at most: one that goes on without a pause is cut after 20 s.
const LONGEST: usize = 20 * SAMPLE_RATE as usize;
/// Seconds in a picture at most.
const PICTURE_SECONDS: f64 = 30.0;

/// The utterances in a recording: stretches of speech, short pauses among them, with some silence around. A short recording of one
/// utterance is taken whole, as those of the training were.
fn utterances(samples: &[f32]) -> Vec<Range<usize>> {
    let margin = SAMPLE_RATE as usize / 5;
    let mut found: Vec<Range<usize>> = Vec::new();
    for speech in audio::voice_activity(samples, SAMPLE_RATE) {
        let speech = speech.start.saturating_sub(margin)..(speech.end + margin).min(samples.len());
        match found.last_mut() {
            Some(last) if speech.start < last.end + PAUSE && speech.end - last.start <= LONGEST => {
                last.end = speech.end
            }
            _ => found.push(speech),
        }
    }
    if found.len() == 1 && samples.len() <= LONGEST {
        found[0] = 0..samples.len();
    }
    let pieces = found.into_iter().flat_map(|all| {
        let starts = (all.start..all.end).step_by(LONGEST);
        starts.map(move |start| start..(start + LONGEST).min(all.end))
    });
    pieces.collect()
}

fn tell_string(
    path: &Path,
    network: &StringNet,
    alphabet: &Alphabet,
    device: &Device,
    picture: &Path,
) -> Result<()> {
    let (samples, warnings) = samples(path)?;
    let seconds = samples.len() as f64 / f64::from(SAMPLE_RATE);
    let utterances = utterances(&samples);
    let number = match utterances.len() {
        0 => "nothing but silence or steady noise".to_string(),
        number => counted(number, "utterance"),
    };
    say(format!("{}  {seconds:.2} s  {number}", path.display()));
    let mel = LogMel::new(&mel_config());
    let step_seconds = FRAMES_PER_STEP as f64 / FRAME_RATE as f64;
    // What the network thought of each step of the whole recording; in pauses that nothing is said.
    let mut blank = vec![0.0; alphabet.symbols()];
    blank[0] = 1.0;
    let steps = (seconds.min(PICTURE_SECONDS) / step_seconds).ceil().max(1.0) as usize;
    let (mut thought, mut found) = (vec![blank; steps], Vec::new());
    for utterance in utterances {
        let start = utterance.start as f64 / f64::from(SAMPLE_RATE);
        let mut sound = mel.compute(&samples[utterance.clone()]);
        normalise(&mut sound);
        let frames = [sound.frames];
        let (logits, _) = network.forward_t(&pad(&[sound])?.to_device(device)?, &frames, false)?;
        let logits = logits.squeeze(0)?.to_device(&Device::Cpu)?; // (steps, symbols)
        let symbols = transcribe(&logits, BEAM)?;
        say(format!(
            "  {} s  {}",
            speech_seconds(&utterance),
            if symbols.is_empty() {
                "nothing that it knows".to_string()
            } else {
                alphabet.decode(&symbols)
            }
        ));
        let first = (start / step_seconds).round() as usize;
        let rows = nn::ops::softmax(&logits, D::Minus1)?.to_vec2::<f32>()?;
        for (place, row) in thought.iter_mut().skip(first).zip(rows) {
            *place = row;
        }
        let names = alphabet.names();
        found.extend(nn::ctc::align(&logits, &symbols)?.into_iter().map(|span| {
            let at = |step: usize| start + step as f64 * step_seconds;
            (
                at(span.first),
                at(span.last + 1),
                names[span.symbol as usize].clone(),
            )
        }));
    }
    tell_warnings(&warnings);
    if found.is_empty() {
        return Ok(());
    }
    found.retain(|(_, end, _)| *end <= PICTURE_SECONDS);
    let shown = &samples[..samples.len().min(PICTURE_SECONDS as usize * SAMPLE_RATE as usize)];
    let drawn = PosteriorPicture {
        title: &name_of(path),
        symbols: &alphabet.names(),
        probabilities: &thought,
        seconds_per_step: step_seconds,
        found: &found,
        truth: None,
        spectrogram: &mel.compute(shown),
        config: &mel_config(),
    };
    drawn.save(picture)?;
    let part = if seconds > PICTURE_SECONDS {
        ", the first 30 s"
    } else {
        ""
    };
    say(format!("  over time{part}: {}", picture.display()));
    Ok(())
}

fn counted(number: usize, what: &str) -> String {
    match number {
        0 => format!("no {what}"),
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

/// `3.4 s`, `1:02:03.4`
pub fn clock(seconds: f64) -> String {
    let (minutes, rest) = ((seconds / 60.0) as usize, seconds % 60.0);
    match minutes {
        0 => format!("{rest:.1} s"),
        1..60 => format!("{minutes}:{rest:04.1}"),
        _ => format!("{}:{:02}:{rest:04.1}", minutes / 60, minutes % 60),
    }
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

/// `call.mp3.heard.png`, with a number where another recording of that name came before.
fn picture_of(input: &Path, folder: Option<&Path>, taken: &mut HashSet<PathBuf>) -> PathBuf {
    let name = name_of(input);
    let numbered = |number: usize| match number {
        1 => format!("{name}.heard.png"),
        _ => format!("{name}-{number}.heard.png"),
    };
    let mut paths = (1..).map(|number| folder.unwrap_or(Path::new(".")).join(numbered(number)));
    paths.find(|path| taken.insert(path.clone())).unwrap_or_default()
}
