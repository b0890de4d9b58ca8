//! A rectangle of the sheet with its axes, and what is drawn inside it.

use crate::mel::{hz_to_mel, mel_to_hz};
use crate::{LogMelConfig, Spectrogram};
use training::canvas::{Anchor, Canvas};
use training::colour::{Colour, FAINT, INK, PAPER, heat};

/// Size of the letters of axes and legends, in pixels.
pub(super) const SMALL: f32 = 15.0;

/// Decibels in one unit of a natural logarithm of power.
const DECIBELS: f32 = 10.0 / std::f32::consts::LN_10;

/// A plot: its first pixel and its size.
#[derive(Clone, Copy)]
pub(super) struct Plot {
    pub left: i32,
    pub top: i32,
    pub width: i32,
    pub height: i32,
}

impl Plot {
    /// A frame of one pixel around it.
    pub fn frame(&self, canvas: &mut Canvas) {
        let Self {
            left,
            top,
            width,
            height,
        } = *self;
        for (x, y, w, h) in [
            (left - 1, top - 1, width + 2, 1),
            (left - 1, top + height, width + 2, 1),
            (left - 1, top - 1, 1, height + 2),
            (left + width, top - 1, 1, height + 2),
        ] {
            canvas.fill(x, y, w, h, FAINT);
        }
    }

    /// Ticks and labels on the left at the given heights (0 bottom … 1 top), and what they mean beside them.
    pub fn left_axis(&self, canvas: &mut Canvas, name: &str, ticks: impl IntoIterator<Item = (f32, String)>) {
        for (height, label) in ticks {
            let y = self.top + ((1.0 - height) * (self.height - 1) as f32).round() as i32;
            canvas.fill(self.left - 7, y, 6, 1, INK);
            canvas.text(&label, (self.left - 12, y), Anchor::Right, SMALL, INK, false);
        }
        canvas.text_upwards(name, (self.left - 80, self.top + self.height / 2), SMALL, INK);
    }

    /// Ticks and times along the bottom.
    pub fn time_axis(&self, canvas: &mut Canvas, seconds: f64) {
        const STEPS: [f64; 18] = [
            0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0,
            1800.0, 3600.0,
        ];
        let most = f64::from(self.width) / 90.0;
        let step = STEPS.into_iter().find(|step| seconds / step <= most);
        let step = step.unwrap_or_else(|| 3600.0 * (seconds / 3600.0 / most).ceil());
        let bottom = self.top + self.height;
        for tick in 0..=(seconds / step) as usize {
            let time = tick as f64 * step;
            let x = self.left + (time / seconds * f64::from(self.width)).round() as i32;
            canvas.fill(x, bottom + 1, 1, 6, INK);
            canvas.text(
                &clock(time, seconds, step),
                (x, bottom + 20),
                Anchor::Centre,
                SMALL,
                INK,
                false,
            );
        }
        let name = if seconds < 60.0 { "seconds" } else { "minutes" };
        let name = if seconds < 3600.0 { name } else { "hours" };
        canvas.text(
            name,
            (self.left + self.width / 2, bottom + 46),
            Anchor::Centre,
            SMALL,
            INK,
            false,
        );
    }

    /// The spectrogram, its frequencies on the left and the scale of its colours on the right.
    pub fn spectrogram(&self, canvas: &mut Canvas, spectrogram: &Spectrogram, config: &LogMelConfig) {
        let (bottom, top) = range(spectrogram);
        let shade = |value: f32| heat((value - bottom) / (top - bottom));
        for x in 0..self.width {
            let column = column(spectrogram, x, self.width);
            for y in 0..self.height {
                let band = (self.height - y) as f32 / self.height as f32 * column.len() as f32 - 0.5;
                canvas.fill(self.left + x, self.top + y, 1, 1, shade(between(&column, band)));
            }
        }
        self.frame(canvas);
        let (low, high) = (hz_to_mel(config.low_hz.into()), hz_to_mel(config.high_hz.into()));
        let place = |hz: f64| ((hz_to_mel(hz) - low) / (high - low)) as f32;
        let label = |hz: f64| {
            if hz < 1000.0 {
                format!("{hz}")
            } else {
                format!("{}k", hz / 1000.0)
            }
        };
        let nice = [
            100.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16_000.0, 32_000.0,
        ];
        let inside = |hz: &f64| (mel_to_hz(low)..=mel_to_hz(high) * 1.0001).contains(hz);
        self.left_axis(
            canvas,
            "Hz",
            nice.into_iter().filter(inside).map(|hz| (place(hz), label(hz))),
        );
        let bar = Self {
            left: self.left + self.width + 24,
            width: 14,
            ..*self
        };
        for y in 0..bar.height {
            let colour = heat(1.0 - y as f32 / (bar.height - 1) as f32);
            canvas.fill(bar.left, bar.top + y, bar.width, 1, colour);
        }
        bar.frame(canvas);
        let span = (top - bottom) * DECIBELS;
        let step = if span > 45.0 { 20 } else { 10 };
        for decibels in (0..=span as i32).step_by(step) {
            let y = bar.top + (decibels as f32 / span * (bar.height - 1) as f32) as i32;
            canvas.fill(bar.left + bar.width + 1, y, 6, 1, INK);
            let label = if decibels == 0 {
                "0 dB".to_string()
            } else {
                format!("\u{2212}{decibels}")
            };
            canvas.text(
                &label,
                (bar.left + bar.width + 12, y),
                Anchor::Left,
                SMALL,
                INK,
                false,
            );
        }
    }

    /// Shares that add up to 1 in every column, `shares[class][column]`, stacked from the bottom.
    pub fn stack(&self, canvas: &mut Canvas, shares: &[Vec<f32>], colours: &[Colour]) {
        for x in 0..self.width {
            let mut floor = (self.top + self.height) as f32;
            for (class, colour) in shares.iter().zip(colours) {
                let ceiling = floor - class[x as usize] * self.height as f32;
                canvas.fill_column(self.left + x, ceiling, floor, *colour);
                // A hair of paper keeps neighbours of similar colour apart.
                if floor - ceiling > 2.0 {
                    canvas.fill_column(self.left + x, ceiling, ceiling + 1.0, PAPER);
                }
                floor = ceiling;
            }
        }
        self.frame(canvas);
        let ticks = [0.0, 0.5, 1.0].map(|share| (share, format!("{} %", 100.0 * share)));
        self.left_axis(canvas, "probability", ticks);
    }
}

/// A moment as the length of the whole asks for: `2.5`, `1:05`, `1:02:05`.
fn clock(time: f64, whole: f64, step: f64) -> String {
    let (minutes, seconds) = ((time / 60.0) as u64, time % 60.0);
    if whole >= 3600.0 {
        format!("{}:{:02}:{:02.0}", minutes / 60, minutes % 60, seconds)
    } else if whole >= 60.0 {
        format!("{minutes}:{seconds:02.0}")
    } else {
        let decimals = if step < 0.1 { 2 } else { usize::from(step < 1.0) };
        format!("{time:.decimals$}")
    }
}

/// The values that get the darkest and the lightest colour: all but the loudest thousandth below the top, and at most
/// 70 dB of it.
fn range(spectrogram: &Spectrogram) -> (f32, f32) {
    let mut values: Vec<f32> = spectrogram
        .values
        .iter()
        .copied()
        .filter(|v| v.is_finite())
        .collect();
    if values.is_empty() {
        return (0.0, 1.0);
    }
    values.sort_unstable_by(f32::total_cmp);
    let top = values[(values.len() - 1) * 999 / 1000];
    let bottom = values[values.len() / 100].max(top - 70.0 / DECIBELS);
    // Silence has no range of its own.
    (bottom.min(top - 20.0 / DECIBELS), top)
}

/// The bands seen through pixel column `x` of `width`: the mean of the frames in it, or between the nearest two.
fn column(spectrogram: &Spectrogram, x: i32, width: i32) -> Vec<f32> {
    let per_pixel = spectrogram.frames as f32 / width as f32;
    let (first, end) = (
        (x as f32 * per_pixel) as usize,
        ((x + 1) as f32 * per_pixel) as usize,
    );
    let value = |band: usize| {
        let row = spectrogram.band(band);
        match row.get(first..end) {
            Some(inside) if end > first => inside.iter().sum::<f32>() / inside.len() as f32,
            _ => between(row, (x as f32 + 0.5) * per_pixel - 0.5),
        }
    };
    (0..spectrogram.bands).map(value).collect()
}

/// The value at a place between two entries; the first and the last go on beyond the ends. 0 of nothing.
pub(super) fn between(values: &[f32], place: f32) -> f32 {
    let Some(last) = values.len().checked_sub(1) else {
        return 0.0;
    };
    let place = place.clamp(0.0, last as f32);
    let (left, share) = (place as usize, place.fract());
    let right = (left + 1).min(last);
    values[left] + (values[right] - values[left]) * share
}
