//! What a recogniser thought of each moment.

use std::path::Path;

use training::{
    canvas::{Anchor, Canvas},
    colour::{Colour, FAINT, INK, PAPER},
};

use super::axes::{Plot, SMALL};
use super::labels::{Label, arrange};
use super::{LEFT, WIDTH, heading, seconds};
use crate::{AudioError, LogMelConfig, Spectrogram};

/// The output of a network trained with CTC over time, above the spectrogram and on its time axis: a row for each
/// symbol, the darker the likelier. What was recognised, or where an alignment has put the true symbols, stands
/// above at its time.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("posteriors.png");
/// let config = audio::LogMelConfig::default();
/// let spectrogram = audio::LogMel::new(&config).compute(&vec![0.1; 16_000]);
/// let symbols = ["blank", "n", "o"].map(String::from); // "blank" is shown as –
/// let probabilities = [vec![0.9, 0.1, 0.0], vec![0.1, 0.9, 0.0], vec![0.2, 0.1, 0.7], vec![1.0, 0.0, 0.0]];
/// let picture = audio::PosteriorPicture {
///     title: "no.wav",
///     symbols: &symbols,
///     probabilities: &probabilities,
///     seconds_per_step: 0.25,
///     found: &[(0.25, 0.5, "n".to_string()), (0.5, 0.75, "o".to_string())],
///     truth: Some("no"),
///     spectrogram: &spectrogram,
///     config: &config,
/// };
/// picture.save(&path)?;
/// assert!(picture.png()?.starts_with(b"\x89PNG")); // the same, for a page
/// # Ok::<(), audio::AudioError>(())
/// ```
pub struct PosteriorPicture<'a> {
    /// The heading, usually the file's name.
    pub title: &'a str,
    /// Names of the symbols. `blank` is shown as –, a space as _.
    pub symbols: &'a [String],
    /// For each step in time a probability for each symbol.
    pub probabilities: &'a [Vec<f32>],
    /// Time from one step to the next; the first begins at 0.
    pub seconds_per_step: f64,
    /// Symbols or words, with the seconds at which they begin and end. Where there is no room for all, some are
    /// left out.
    pub found: &'a [(f64, f64, String)],
    /// What was said, to compare.
    pub truth: Option<&'a str>,
    /// What was listened to.
    pub spectrogram: &'a Spectrogram,
    /// The sizes it was made with.
    pub config: &'a LogMelConfig,
}

impl PosteriorPicture<'_> {
    /// Rows at most. Of more symbols those are shown that reach 1 % at all, and of these the likeliest.
    const ROWS: usize = 30;
    /// Lines of symbols above the map, for those that stand too close for one.
    const LINES: usize = 3;

    /// Draws it into a PNG file, 1280 pixels wide, as high as its rows take.
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
        let rows = self.rows();
        let row_height = (420 / rows.len().max(1) as i32).clamp(14, 24);
        let width = WIDTH - LEFT - 120;
        let seconds = seconds(self.spectrogram, self.config);
        let pixel = |time: f64| {
            LEFT + (time / seconds * f64::from(width))
                .round()
                .clamp(0.0, width.into()) as i32
        };

        let measure = Canvas::new(1, 1, PAPER);
        let middle = |(start, end, _): &(f64, f64, String)| i32::midpoint(pixel(*start), pixel(*end));
        let label = |found: &(f64, f64, String)| {
            let wide = measure.text_width(shown(&found.2), SMALL, false).ceil() as i32 + 4;
            let left = (middle(found) - wide / 2).clamp(LEFT, (WIDTH - 8 - wide).max(LEFT));
            Label {
                left,
                right: left + wide,
                importance: 0.0,
            }
        };
        let labels: Vec<Label> = self.found.iter().map(label).collect();
        let places = arrange(&labels, Self::LINES);
        let lines = places.iter().flatten().max().map_or(0, |line| line + 1) as i32;

        let truth = 64;
        let found = truth + if self.truth.is_some() { 26 } else { 0 };
        let map = Plot {
            left: LEFT,
            top: found + 20 * lines + 6,
            width,
            height: row_height * rows.len().max(1) as i32,
        };
        let below = Plot {
            top: map.top + map.height + 24,
            height: 240,
            ..map
        };
        let mut canvas = Canvas::new(WIDTH as usize, (below.top + below.height + 76) as usize, PAPER);
        heading(&mut canvas, self.title);
        if let Some(text) = self.truth {
            let text = canvas.shorten(text, SMALL, width as f32);
            canvas.text("true", (LEFT - 12, truth), Anchor::Right, SMALL, INK, false);
            canvas.text(&text, (LEFT, truth), Anchor::Left, SMALL, INK, false);
        }
        if lines > 0 {
            let middle = found + 10 * (lines - 1);
            canvas.text("found", (LEFT - 12, middle), Anchor::Right, SMALL, INK, false);
        }
        // Lines lead from the symbols down, below everything else.
        for (symbol, line) in self.found.iter().zip(&places) {
            if let Some(line) = line {
                let top = found + 20 * *line as i32;
                canvas.fill(middle(symbol), top, 1, map.top - top, FAINT);
                canvas.fill(middle(symbol), map.top, 1, map.height, LINE);
            }
        }
        for (((_, _, text), label), line) in self.found.iter().zip(&labels).zip(&places) {
            if let Some(line) = line {
                let y = found + 20 * *line as i32;
                canvas.fill(label.left, y - 9, label.right - label.left, 18, PAPER);
                canvas.text(shown(text), (label.left + 2, y), Anchor::Left, SMALL, INK, false);
            }
        }
        self.map(&mut canvas, map, &rows, seconds);
        below.spectrogram(&mut canvas, self.spectrogram, self.config);
        below.time_axis(&mut canvas, seconds);
        canvas
    }

    /// The map of probabilities, the names of its rows and the scale of its shades.
    fn map(&self, canvas: &mut Canvas, plot: Plot, rows: &[usize], seconds: f64) {
        let height = plot.height / rows.len().max(1) as i32;
        let name_size = SMALL.min(height as f32);
        for (row, &symbol) in rows.iter().enumerate() {
            let top = plot.top + height * row as i32;
            if row > 0 {
                canvas.fill(plot.left, top, plot.width, 1, LINE);
            }
            let name = canvas.shorten(shown(&self.symbols[symbol]), name_size, (LEFT - 24) as f32);
            let place = (plot.left - 12, top + height / 2);
            canvas.text(&name, place, Anchor::Right, name_size, INK, false);
            for x in 0..plot.width {
                let time = |x: i32| f64::from(x) / f64::from(plot.width) * seconds / self.seconds_per_step;
                // The likeliest of the steps in a pixel: the peaks of CTC are one step wide.
                let (first, last) = (time(x) as usize, (time(x + 1).ceil() as usize).saturating_sub(1));
                let last = last.min(self.probabilities.len());
                let likeliest = (first..=last.max(first))
                    .map(|step| self.at(step, symbol))
                    .fold(0.0, f32::max);
                for y in top + 1..top + height {
                    canvas.blend(plot.left + x, y, DARK, likeliest);
                }
            }
        }
        plot.frame(canvas);
        let bar = Plot {
            left: plot.left + plot.width + 24,
            width: 14,
            ..plot
        };
        for y in 0..bar.height {
            for x in 0..bar.width {
                let probability = 1.0 - y as f32 / (bar.height - 1) as f32;
                canvas.blend(bar.left + x, bar.top + y, DARK, probability);
            }
        }
        bar.frame(canvas);
        for (share, text) in [(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")] {
            let y = bar.top + ((1.0 - share) * (bar.height - 1) as f32) as i32;
            canvas.fill(bar.left + bar.width + 1, y, 6, 1, INK);
            let place = (bar.left + bar.width + 12, y);
            canvas.text(text, place, Anchor::Left, SMALL, INK, false);
        }
    }

    fn at(&self, step: usize, symbol: usize) -> f32 {
        let value = self.probabilities.get(step).and_then(|step| step.get(symbol));
        value.copied().filter(|value| value.is_finite()).unwrap_or(0.0)
    }

    /// The symbols that get a row, in their order.
    fn rows(&self) -> Vec<usize> {
        let highest = |symbol: usize| {
            let steps = 0..self.probabilities.len();
            steps.map(|step| self.at(step, symbol)).fold(0.0, f32::max)
        };
        let mut rows: Vec<(usize, f32)> = (0..self.symbols.len())
            .map(|symbol| (symbol, highest(symbol)))
            .collect();
        if rows.len() > Self::ROWS {
            rows.retain(|(_, highest)| *highest > 0.01);
            rows.sort_by(|a, b| b.1.total_cmp(&a.1));
            rows.truncate(Self::ROWS);
        }
        let mut rows: Vec<usize> = rows.into_iter().map(|(symbol, _)| symbol).collect();
        rows.sort_unstable();
        rows
    }
}

/// Between rows: fainter than the frame.
const LINE: Colour = [236, 236, 240];
/// A probability of 1.
const DARK: Colour = [30, 40, 110];

fn shown(symbol: &str) -> &str {
    match symbol {
        "blank" => "\u{2013}",
        " " => "_",
        other => other,
    }
}
