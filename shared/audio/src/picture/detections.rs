//! What was spotted in a long recording, and where.

use std::path::Path;

use training::{
    canvas::{Anchor, Canvas},
    colour::{Colour, INK, PAPER, palette},
};

use super::axes::{Plot, SMALL};
use super::labels::{Label, arrange};
use super::{LEFT, WIDTH, heading, seconds};
use crate::{AudioError, LogMelConfig, Spectrogram};

/// Something spotted in a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Detection {
    /// Where it begins, in seconds.
    pub start: f64,
    /// Where it ends, in seconds.
    pub end: f64,
    /// What it is, such as a keyword.
    pub label: String,
    /// How sure the detector is, 0 … 1.
    pub confidence: f32,
}

/// Keywords, or other events, spotted in a recording: each with its name and confidence above the spectrogram, a
/// colour for each name. About sixty labels have room; where more crowd, the surest keep theirs, and the others
/// keep their marks.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("detections.png");
/// let config = audio::LogMelConfig::default();
/// let spectrogram = audio::LogMel::new(&config).compute(&vec![0.1; 60 * 16_000]);
/// let detection = |start, label: &str, confidence| audio::Detection {
///     start,
///     end: start + 0.8,
///     label: label.to_string(),
///     confidence,
/// };
/// let picture = audio::DetectionPicture {
///     title: "meeting.mp3",
///     detections: &[detection(4.0, "stop", 0.97), detection(31.5, "go", 0.62)],
///     spectrogram: &spectrogram,
///     config: &config,
/// };
/// picture.save(&path)?;
/// # Ok::<(), audio::AudioError>(())
/// ```
pub struct DetectionPicture<'a> {
    /// The heading, usually the file's name.
    pub title: &'a str,
    /// What was spotted, in any order.
    pub detections: &'a [Detection],
    /// What was listened to.
    pub spectrogram: &'a Spectrogram,
    /// The sizes it was made with.
    pub config: &'a LogMelConfig,
}

impl DetectionPicture<'_> {
    /// Lines of labels at most.
    const LINES: usize = 10;
    /// Height of a line of labels, in pixels.
    const LINE: i32 = 21;
    /// Names with a colour of their own; the others share a grey.
    const COLOURS: usize = 9;

    /// Draws it into a PNG file, 1280 pixels wide, as high as its labels take.
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
        let width = WIDTH - LEFT - 120;
        let seconds = seconds(self.spectrogram, self.config);
        let pixel = |time: f64| LEFT + (time / seconds * f64::from(width)).clamp(0.0, width.into()) as i32;
        let measure = Canvas::new(1, 1, PAPER);
        let text = |detection: &Detection| {
            let name = measure.shorten(&detection.label, SMALL, 180.0);
            format!("{name} {:.0} %", 100.0 * detection.confidence)
        };
        let label = |detection: &Detection| {
            let wide = measure.text_width(&text(detection), SMALL, false).ceil() as i32 + 14;
            // At the right edge it stands left of its place, so that it ends with the plot.
            let left = pixel(detection.start).min(WIDTH - 8 - wide);
            Label {
                left,
                right: left + wide,
                importance: detection.confidence,
            }
        };
        let labels: Vec<Label> = self.detections.iter().map(label).collect();
        let places = arrange(&labels, Self::LINES);
        let lines = places.iter().flatten().max().map_or(0, |line| line + 1) as i32;
        let plot = Plot {
            left: LEFT,
            top: 64 + Self::LINE * lines + 14,
            width,
            height: 340,
        };
        let mut canvas = Canvas::new(WIDTH as usize, (plot.top + plot.height + 76) as usize, PAPER);
        heading(&mut canvas, self.title);
        plot.spectrogram(&mut canvas, self.spectrogram, self.config);
        plot.time_axis(&mut canvas, seconds);

        let colours = self.colours();
        // The first line is the lowest, next to what it names.
        let height = |line: usize| plot.top - 24 - Self::LINE * line as i32;
        for ((detection, line), colour) in self.detections.iter().zip(&places).zip(&colours) {
            let (start, end) = (pixel(detection.start), pixel(detection.end));
            let end = end.max(start + 3);
            canvas.fill(start, plot.top - 8, end - start, 6, *colour);
            for side in [start, end - 1] {
                for y in plot.top..plot.top + plot.height {
                    canvas.blend(side, y, PAPER, 0.75);
                }
            }
            if let Some(line) = line {
                canvas.fill(start, height(*line), 1, plot.top - 8 - height(*line), *colour);
            }
        }
        // Labels cover the lines of those above them.
        for (((detection, label), line), colour) in
            self.detections.iter().zip(&labels).zip(&places).zip(&colours)
        {
            let Some(line) = line else { continue };
            let y = height(*line);
            canvas.fill(label.left, y - 9, label.right - label.left - 4, 19, PAPER);
            canvas.fill(label.left, y - 9, 3, 19, *colour);
            let place = (label.left + 7, y);
            canvas.text(&text(detection), place, Anchor::Left, SMALL, INK, false);
        }
        canvas
    }

    /// A colour for each detection, the same for the same name: the most frequent names have one of their own.
    fn colours(&self) -> Vec<Colour> {
        let mut names: Vec<(&str, usize)> = Vec::new();
        for detection in self.detections {
            match names.iter_mut().find(|(name, _)| *name == detection.label) {
                Some((_, count)) => *count += 1,
                None => names.push((&detection.label, 1)),
            }
        }
        names.sort_by_key(|&(name, count)| (std::cmp::Reverse(count), name));
        names.truncate(Self::COLOURS);
        let palette = palette(names.len());
        let colour = |detection: &Detection| {
            let number = names.iter().position(|(name, _)| *name == detection.label);
            number.map_or([150, 150, 158], |number| palette[number])
        };
        self.detections.iter().map(colour).collect()
    }
}
