//! Pictures of sound, as PNG files.

mod axes;
mod detections;
mod labels;
mod posterior;

use std::path::Path;

use axes::{Plot, SMALL, between};
use training::{
    canvas::{Anchor, Canvas},
    colour::{INK, PAPER, palette},
};

use crate::{AudioError, LogMelConfig, Spectrogram};
pub use detections::{Detection, DetectionPicture};
pub use posterior::PosteriorPicture;

const WIDTH: i32 = 1280;
const LEFT: i32 = 110;
const TITLE: f32 = 20.0;

/// Draws a log-mel spectrogram with time and frequency axes and the scale of its colours, 1280 × 480 pixels.
///
/// # Errors
/// Those of writing the file.
pub fn save_spectrogram(
    path: impl AsRef<Path>,
    title: &str,
    spectrogram: &Spectrogram,
    config: &LogMelConfig,
) -> Result<(), AudioError> {
    let mut canvas = Canvas::new(WIDTH as usize, 480, PAPER);
    let plot = Plot {
        left: LEFT,
        top: 64,
        width: WIDTH - LEFT - 120,
        height: 340,
    };
    heading(&mut canvas, title);
    plot.spectrogram(&mut canvas, spectrogram, config);
    plot.time_axis(&mut canvas, seconds(spectrogram, config));
    Ok(canvas.save(path.as_ref())?)
}

fn heading(canvas: &mut Canvas, title: &str) {
    // Bold letters are about a tenth wider than those that shortening measures.
    let title = canvas.shorten(title, TITLE, 0.9 * (WIDTH - LEFT - 30) as f32);
    canvas.text(&title, (LEFT, 32), Anchor::Left, TITLE, INK, true);
}

fn seconds(spectrogram: &Spectrogram, config: &LogMelConfig) -> f64 {
    spectrogram.frames.max(1) as f64 / config.frame_rate()
}

/// What a classifier heard over time: its probabilities as stacked bands above the spectrogram, on one time axis,
/// with a legend that gives each class its mean.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("timeline.png");
/// let config = audio::LogMelConfig::default();
/// let spectrogram = audio::LogMel::new(&config).compute(&vec![0.1; 6 * 16_000]);
/// let classes = ["speech".to_string(), "music".to_string()];
/// let probabilities = [vec![0.9, 0.1], vec![0.3, 0.7]]; // 0 to 3 s, 3 to 6 s
/// audio::TimelinePicture {
///     title: "radio.mp3",
///     classes: &classes,
///     probabilities: &probabilities,
///     seconds_per_step: 3.0,
///     spectrogram: &spectrogram,
///     config: &config,
/// }
/// .save(&path)?;
/// # Ok::<(), audio::AudioError>(())
/// ```
pub struct TimelinePicture<'a> {
    /// The heading, usually the file's name.
    pub title: &'a str,
    /// Names of the classes.
    pub classes: &'a [String],
    /// For each step in time a probability for each class. Rows are scaled to add up to 1.
    pub probabilities: &'a [Vec<f32>],
    /// Time from one step to the next; the first begins at 0.
    pub seconds_per_step: f64,
    /// What was listened to.
    pub spectrogram: &'a Spectrogram,
    /// The sizes it was made with.
    pub config: &'a LogMelConfig,
}

impl TimelinePicture<'_> {
    /// Classes with a colour of their own; the others share one grey band.
    const SHOWN: usize = 9;

    /// Draws it into a PNG file of 1280 × 720 pixels.
    ///
    /// # Errors
    /// Those of writing the file.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), AudioError> {
        Ok(self.draw().save(path.as_ref())?)
    }

    /// The same as the bytes of a PNG file, for a report.
    ///
    /// # Errors
    /// Those of packing the picture, which memory alone can cause.
    pub fn png(&self) -> Result<Vec<u8>, AudioError> {
        Ok(self.draw().png()?)
    }

    fn draw(&self) -> Canvas {
        let mut canvas = Canvas::new(WIDTH as usize, 720, PAPER);
        heading(&mut canvas, self.title);

        let order = self.order();
        let shown = &order[..order.len().min(Self::SHOWN)];
        let name = |class: usize| canvas.shorten(&self.classes[class], SMALL, 240.0);
        let mut names: Vec<String> = shown.iter().map(|&(class, _)| name(class)).collect();
        let mut means: Vec<f32> = shown.iter().map(|&(_, mean)| mean).collect();
        let mut colours = palette(shown.len());
        if order.len() > shown.len() {
            names.push("others".to_string());
            means.push(1.0 - means.iter().sum::<f32>());
            colours.push([170, 170, 178]);
        }

        // The legend takes the room that its longest name needs.
        let widest = names
            .iter()
            .map(|name| canvas.text_width(name, SMALL, false))
            .fold(40.0, f32::max);
        let legend = widest as i32 + 115;
        let plot = Plot {
            left: LEFT,
            top: 64,
            width: WIDTH - LEFT - legend,
            height: 230,
        };
        let seconds = seconds(self.spectrogram, self.config);
        let mut shares: Vec<Vec<f32>> = shown
            .iter()
            .map(|&(class, _)| self.share(class, plot.width, seconds))
            .collect();
        if order.len() > shown.len() {
            let rest = |x: usize| 1.0 - shares.iter().map(|class| class[x]).sum::<f32>();
            shares.push((0..plot.width as usize).map(rest).collect());
        }
        plot.stack(&mut canvas, &shares, &colours);
        for (i, ((name, mean), colour)) in names.iter().zip(&means).zip(&colours).enumerate() {
            let (x, y) = (plot.left + plot.width + 24, plot.top + 10 + 23 * i as i32);
            canvas.fill(x, y - 7, 14, 14, *colour);
            canvas.text(name, (x + 24, y), Anchor::Left, SMALL, INK, false);
            let share = format!("{:.0} %", 100.0 * mean);
            canvas.text(&share, (WIDTH - 16, y), Anchor::Right, SMALL, INK, false);
        }

        let below = Plot {
            top: plot.top + plot.height + 24,
            height: 320,
            ..plot
        };
        below.spectrogram(&mut canvas, self.spectrogram, self.config);
        below.time_axis(&mut canvas, seconds);
        canvas
    }

    /// The probability of a class at a step, as a share of the step's sum.
    fn at(&self, step: &[f32], class: usize) -> f32 {
        let clean = |value: &f32| if value.is_finite() { value.max(0.0) } else { 0.0 };
        let sum: f32 = step.iter().map(clean).sum();
        step.get(class)
            .map(clean)
            .filter(|_| sum > 0.0)
            .map_or(0.0, |value| value / sum)
    }

    /// The classes and their means, the likeliest first.
    fn order(&self) -> Vec<(usize, f32)> {
        let steps = self.probabilities.len().max(1) as f32;
        let mean = |class| {
            self.probabilities
                .iter()
                .map(|step| self.at(step, class))
                .sum::<f32>()
                / steps
        };
        let mut order: Vec<(usize, f32)> = (0..self.classes.len())
            .map(|class| (class, mean(class)))
            .collect();
        order.sort_by(|a, b| b.1.total_cmp(&a.1));
        order
    }

    /// The share of a class in each of `width` columns: between the middles of the nearest two steps.
    fn share(&self, class: usize, width: i32, seconds: f64) -> Vec<f32> {
        let steps: Vec<f32> = self
            .probabilities
            .iter()
            .map(|step| self.at(step, class))
            .collect();
        let per_column = seconds / f64::from(width) / self.seconds_per_step;
        let place = |x: i32| ((f64::from(x) + 0.5) * per_column - 0.5) as f32;
        (0..width).map(|x| between(&steps, place(x))).collect()
    }
}
