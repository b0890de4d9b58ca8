//! Listens to the microphone and says each word as it hears it.

use std::{path::PathBuf, sync::mpsc, time::Duration};

use anyhow::{Context, Result, bail};
use audio::{LogMel, Resampler, Spectrogram};
use cpal::{
    FromSample, Sample, SizedSample, StreamConfig,
    traits::{DeviceTrait, HostTrait, StreamTrait},
};
use training::{DeviceChoice, Interrupt, choose_device, say};

use crate::{
    data::{BANDS, FRAME_RATE, SAMPLE_RATE, mel_config},
    detector::{Detector, Heard, STEP_SECONDS},
    predict::{WordListener, clock, load_words},
    words::WINDOW,
};

/// Listen to the microphone and name each word as it is heard, until Ctrl-C
#[derive(clap::Args)]
pub struct Listen {
    /// The run folder of a model of words [default: the newest]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// How sure it must be of a word [default: as chosen on the validation part]
    #[arg(long, value_name = "PROBABILITY")]
    threshold: Option<f32>,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
}

pub fn listen(arguments: &Listen) -> Result<()> {
    let (device, _) = choose_device(arguments.device)?;
    let mut listener = load_words(arguments.model.as_deref(), device)?;
    listener.ask_for(arguments.threshold)?;

    let microphone = cpal::default_host().default_input_device().context(
        "no microphone was found: plug one in, or let this program use it in the system's settings",
    )?;
    let config = microphone
        .default_input_config()
        .context("the microphone does not say how it records")?;
    let (sender, samples) = mpsc::channel();
    let format = config.sample_format();
    let config: StreamConfig = config.into();
    let stream = match format {
        cpal::SampleFormat::F32 => record::<f32>(&microphone, &config, sender),
        cpal::SampleFormat::I16 => record::<i16>(&microphone, &config, sender),
        cpal::SampleFormat::U16 => record::<u16>(&microphone, &config, sender),
        cpal::SampleFormat::I32 => record::<i32>(&microphone, &config, sender),
        other => bail!(
            "the microphone records {other}, which cannot be read here: choose another in the system's settings"
        ),
    }?;
    stream.play().context("the microphone does not start")?;
    say(format!(
        "microphone  {} Hz, {} channels, {format}",
        config.sample_rate.0, config.channels
    ));
    say(format!(
        "listening for {}; Ctrl-C ends",
        listener.classes[..listener.words()].join(", ")
    ));

    let interrupt = Interrupt::listen();
    let mel = LogMel::new(&mel_config());
    let (mut resampler, mut frames_of) = (Resampler::new(config.sample_rate.0, SAMPLE_RATE)?, mel.stream());
    let mut detector = Detector::new(listener.words(), listener.threshold);
    let (mut heard, mut frames) = (Vec::new(), Vec::new());
    let step = (STEP_SECONDS * FRAME_RATE as f64) as usize * BANDS;
    while !interrupt.requested() {
        match samples.recv_timeout(Duration::from_millis(200)) {
            Ok(block) => resampler.push(&block.context("the microphone has gone")?, &mut heard),
            Err(_) => continue,
        }
        frames_of.push(&heard, &mut frames);
        heard.clear();
        while frames.len() >= WINDOW * BANDS {
            let window = Spectrogram::from_frames(BANDS, &frames[..WINDOW * BANDS]);
            frames.drain(..step);
            if let Some(word) = detector.push(&listener.hear(&[window])?[0]) {
                tell(&word, &listener);
            }
        }
    }
    if let Some(word) = detector.finish() {
        tell(&word, &listener);
    }
    Ok(())
}

fn tell(word: &Heard, listener: &WordListener) {
    say(format!(
        "  {:>7}  {:<12} {:>3.0} %",
        clock(word.start + 0.5),
        listener.classes[word.class],
        100.0 * word.probability
    ));
}

/// Sends what the microphone hears, its channels averaged, as it comes.
fn record<T: SizedSample>(
    microphone: &cpal::Device,
    config: &StreamConfig,
    sender: mpsc::Sender<Result<Vec<f32>, cpal::StreamError>>,
) -> Result<cpal::Stream>
where
    f32: FromSample<T>,
{
    let channels = usize::from(config.channels.max(1));
    let errors = sender.clone();
    let heard = move |block: &[T], _: &cpal::InputCallbackInfo| {
        let mean = |frame: &[T]| {
            let sum: f32 = frame.iter().map(|&sample| f32::from_sample(sample)).sum();
            // A driver may deliver what is no number; one such sample would silence all that follows.
            if sum.is_finite() {
                sum.clamp(-100.0, 100.0) / channels as f32
            } else {
                0.0
            }
        };
        // Nobody listens any more when the program ends.
        let _ = sender.send(Ok(block.chunks_exact(channels).map(mean).collect()));
    };
    let failed = move |error| {
        let _ = errors.send(Err(error));
    };
    Ok(microphone.build_input_stream(config, heard, failed, None)?)
}
