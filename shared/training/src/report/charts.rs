//! Line charts as SVG, drawn by plotters.

use std::ops::Range;

use anyhow::{Result, anyhow};
use plotters::{
    coord::{
        Shift,
        ranged1d::{DefaultFormatting, KeyPointHint},
    },
    prelude::*,
};

use crate::checks::RateSweep;

const COLOURS: [RGBColor; 5] = [
    RGBColor(217, 72, 15),
    RGBColor(24, 100, 171),
    RGBColor(43, 138, 62),
    RGBColor(132, 94, 194),
    RGBColor(90, 98, 112),
];
const SIZE: (u32, u32) = (460, 300);

/// Lines over a shared horizontal axis of epochs, steps or shares, each with a name, as SVG.
///
/// The names stand where the lines are not: above lines that fall, below lines that rise.
pub fn line_chart(horizontal: &str, vertical: &str, lines: &[(&str, Vec<(f64, f64)>)]) -> Result<String> {
    band_chart(horizontal, vertical, lines, &[])
}

/// [`line_chart`], and behind the lines, in their colours and order, the area between two of their own: where most of
/// several runs are, say. (horizontal, low, high) for each place of a band.
pub fn band_chart(
    horizontal: &str,
    vertical: &str,
    lines: &[(&str, Vec<(f64, f64)>)],
    bands: &[Vec<(f64, f64, f64)>],
) -> Result<String> {
    let rise = |(_, points): &(&str, Vec<(f64, f64)>)| {
        points.last().map_or(0.0, |last| last.1) - points.first().map_or(0.0, |first| first.1)
    };
    let rising = lines.iter().map(rise).sum::<f64>() > 0.0;
    let place = if rising {
        SeriesLabelPosition::LowerRight
    } else {
        SeriesLabelPosition::UpperRight
    };
    let points = || {
        lines
            .iter()
            .flat_map(|(_, points)| points)
            .filter(|point| point.1.is_finite())
    };
    let bands: Vec<Vec<&(f64, f64, f64)>> = bands
        .iter()
        .map(|band| {
            band.iter()
                .filter(|(_, low, high)| low.is_finite() && high.is_finite())
                .collect()
        })
        .collect();
    let places = bands.iter().flatten().map(|(place, ..)| *place);
    let (left, right) = range(points().map(|point| point.0).chain(places), 0.0);
    let edges = bands.iter().flatten().flat_map(|(_, low, high)| [*low, *high]);
    let (low, high) = range(points().map(|point| point.1).chain(edges), 0.06);
    // Epochs are whole; of shares between 0 and 1 that would leave 0 and 1 alone.
    let decimals = if right - left < 3.0 { 1 } else { 0 };
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let mut chart = frame(&root)
            .build_cartesian_2d(left..right, low..high)
            .map_err(drawing)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(RGBColor(228, 231, 236))
            .axis_style(RGBColor(152, 162, 179))
            .x_desc(horizontal)
            .y_desc(vertical)
            .label_style(("sans-serif", 13))
            .x_labels(8)
            .x_label_formatter(&|value| format!("{value:.decimals$}"))
            .y_labels(6)
            .draw()
            .map_err(drawing)?;
        for (band, colour) in bands.iter().zip(COLOURS.iter().cycle()) {
            let below = band.iter().map(|(x, low, _)| (*x, *low));
            let above = band.iter().rev().map(|(x, _, high)| (*x, *high));
            let area = Polygon::new(below.chain(above).collect::<Vec<_>>(), colour.mix(0.18));
            chart.draw_series([area]).map_err(drawing)?;
        }
        for ((name, points), colour) in lines.iter().zip(COLOURS.iter().cycle()) {
            let line = LineSeries::new(
                points.iter().copied().filter(|point| point.1.is_finite()),
                colour.stroke_width(2),
            );
            let drawn = chart.draw_series(line).map_err(drawing)?;
            let key = move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2));
            drawn.label(*name).legend(key);
        }
        let labels = chart
            .configure_series_labels()
            .position(place)
            .margin(6)
            .label_font(("sans-serif", 13))
            .background_style(WHITE.mix(0.8))
            .draw();
        labels.map_err(drawing)?;
        root.present().map_err(drawing)?;
    }
    Ok(svg)
}

/// An axis of shares from [`LEAST`](Self::LEAST) to [`MOST`](Self::MOST), drawn by the normal quantile.
struct NormalDeviates;

impl NormalDeviates {
    const LEAST: f64 = 0.0007;
    const MOST: f64 = 0.55;
    const MARKS: [f64; 9] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4];
}

impl Ranged for NormalDeviates {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, share: &f64, pixels: (i32, i32)) -> i32 {
        let (low, high) = (probit(Self::LEAST), probit(Self::MOST));
        let place = (probit(*share).clamp(low, high) - low) / (high - low);
        pixels.0 + (place * f64::from(pixels.1 - pixels.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        Self::MARKS.to_vec()
    }

    fn range(&self) -> Range<f64> {
        Self::LEAST..Self::MOST
    }
}

/// Miss rate over false alarm rate, (false alarms, misses) as shares, both axes by the normal quantile from 0.1 % to
/// 40 % and a little around; as SVG.
pub(super) fn error_tradeoff(lines: &[(&str, Vec<(f64, f64)>)]) -> Result<String> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (520, 520)).into_drawing_area();
        let mut chart = frame(&root)
            .build_cartesian_2d(NormalDeviates, NormalDeviates)
            .map_err(drawing)?;
        let label = |share: &f64| format!("{}", (1000.0 * share).round() / 10.0);
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(RGBColor(228, 231, 236))
            .axis_style(RGBColor(152, 162, 179))
            .x_desc("false alarms, %")
            .y_desc("misses, %")
            .label_style(("sans-serif", 13))
            .x_label_formatter(&label)
            .y_label_formatter(&label)
            .draw()
            .map_err(drawing)?;
        let equal = LineSeries::new([(0.0, 0.0), (1.0, 1.0)], RGBColor(190, 196, 208));
        chart.draw_series(equal).map_err(drawing)?;
        for ((name, points), colour) in lines.iter().zip(COLOURS.iter().cycle()) {
            let line = LineSeries::new(visible(points), colour.stroke_width(2));
            let drawn = chart.draw_series(line).map_err(drawing)?;
            let key = move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2));
            drawn.label(*name).legend(key);
        }
        let labels = chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .margin(6)
            .label_font(("sans-serif", 13))
            .background_style(WHITE.mix(0.8))
            .draw();
        labels.map_err(drawing)?;
        root.present().map_err(drawing)?;
    }
    Ok(svg)
}

/// The number that a standard normal one stays below with the probability `share`, within 0.0005; -8 and 8 for 0 and 1
/// (Abramowitz and Stegun 1964, 26.2.23).
fn probit(share: f64) -> f64 {
    let tail = share.min(1.0 - share).max(1e-15);
    let t = (-2.0 * tail.ln()).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    (t - above / below).copysign(share - 0.5)
}

/// The points that can be told apart in a drawing: thousands of thresholds lie on one pixel.
fn visible(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let place = |share: f64| (probit(share.clamp(0.0005, 0.9995)) * 100.0).round() as i32;
    let mut visible = points.to_vec();
    visible.retain(|(alarms, misses)| alarms.is_finite() && misses.is_finite());
    visible.dedup_by_key(|(alarms, misses)| (place(*alarms), place(*misses)));
    visible
}

/// The loss over the learning rate, with the suggestion marked, as SVG.
pub(crate) fn rate_sweep(sweep: &RateSweep) -> Result<String> {
    let logarithm = |(rate, loss): &(f64, f64)| (rate.log10(), *loss);
    let points: Vec<(f64, f64)> = sweep.points.iter().map(logarithm).collect();
    let (left, right) = range(points.iter().map(|point| point.0), 0.0);
    let (low, high) = range(points.iter().map(|point| point.1), 0.06);
    let mark = sweep.suggestion.log10();
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (640, 400)).into_drawing_area();
        let mut chart = frame(&root)
            .build_cartesian_2d(left..right, low..high)
            .map_err(drawing)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(RGBColor(228, 231, 236))
            .x_desc("learning rate")
            .y_desc("smoothed loss")
            .label_style(("sans-serif", 13))
            .x_label_formatter(&|value| format!("{:.0e}", 10f64.powf(*value)))
            .draw()
            .map_err(drawing)?;
        chart
            .draw_series(LineSeries::new(points, COLOURS[1].stroke_width(2)))
            .map_err(drawing)?;
        let line = LineSeries::new([(mark, low), (mark, high)], COLOURS[0].stroke_width(2));
        let label = format!("suggestion {:.1e}", sweep.suggestion);
        let drawn = chart.draw_series(line).map_err(drawing)?;
        drawn
            .label(label)
            .legend(|(x, y)| PathElement::new([(x, y), (x + 16, y)], COLOURS[0].stroke_width(2)));
        chart
            .configure_series_labels()
            .label_font(("sans-serif", 13))
            .background_style(WHITE.mix(0.8))
            .draw()
            .map_err(drawing)?;
        root.present().map_err(drawing)?;
    }
    Ok(svg)
}

fn frame<'a, 'b, B: DrawingBackend>(root: &'a DrawingArea<B, Shift>) -> ChartBuilder<'a, 'b, B> {
    let mut builder = ChartBuilder::on(root);
    builder.margin(10).x_label_area_size(40).y_label_area_size(54);
    builder
}

/// The range of `values`, widened by `margin` of itself and never empty.
fn range(values: impl Iterator<Item = f64>, margin: f64) -> (f64, f64) {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values {
        (low, high) = (low.min(value), high.max(value));
    }
    match (low.is_finite() && high.is_finite(), low < high) {
        (false, _) => (0.0, 1.0),
        (true, false) => (low - 0.5, high + 0.5),
        (true, true) => (low - margin * (high - low), high + margin * (high - low)),
    }
}

fn drawing(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("cannot draw the chart: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table in Abramowitz and Stegun (1964), 26.1 and 26.5.
    #[test]
    fn probit_is_the_quantile_of_the_normal_distribution() {
        for (share, quantile) in [
            (0.5, 0.0),
            (0.975, 1.959_963_985),
            (0.1, -1.281_551_566),
            (0.001, -3.090_232_306),
        ] {
            assert!(
                (probit(share) - quantile).abs() < 5e-4,
                "{share}: {}",
                probit(share)
            );
        }
        assert_eq!((probit(0.0).round(), probit(1.0).round()), (-8.0, 8.0));
    }

    #[test]
    fn rates_beyond_the_axes_are_drawn_at_their_ends() {
        let lines = [
            ("all", vec![(0.0, 1.0), (0.01, 0.1), (f64::NAN, 0.5), (1.0, 0.0)]),
            ("empty", vec![]),
        ];
        let svg = error_tradeoff(&lines).unwrap();
        let line = |wanted: &str| svg.lines().any(|line| line == wanted);
        assert!(line("0.1") && line("40") && !svg.contains("NaN"));
        let place = |share| NormalDeviates.map(&share, (0, 1000));
        assert_eq!((place(0.0), place(NormalDeviates::LEAST)), (0, 0));
        assert_eq!((place(1.0), place(NormalDeviates::MOST)), (1000, 1000));
        // Equal distances are equal numbers of standard deviations: these are 2.5, 2, 1.5 and 1 below the middle.
        let places = [0.006_209_7, 0.022_750_1, 0.066_807_2, 0.158_655_3].map(place);
        assert!(
            ((places[1] - places[0]) - (places[3] - places[2])).abs() <= 1,
            "{places:?}"
        );
    }
}
