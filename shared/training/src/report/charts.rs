//! Line charts as SVG, drawn by plotters.

use anyhow::{Result, anyhow};
use plotters::{coord::Shift, prelude::*};

use crate::checks::RateSweep;

const COLOURS: [RGBColor; 4] = [
    RGBColor(217, 72, 15),
    RGBColor(24, 100, 171),
    RGBColor(43, 138, 62),
    RGBColor(132, 94, 194),
];
const SIZE: (u32, u32) = (460, 300);

/// Lines over a shared horizontal axis of epochs, steps or shares, each with a name, as SVG.
///
/// The names stand where the lines are not: above lines that fall, below lines that rise.
pub fn line_chart(horizontal: &str, vertical: &str, lines: &[(&str, Vec<(f64, f64)>)]) -> Result<String> {
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
    let (left, right) = range(points().map(|point| point.0), 0.0);
    let (low, high) = range(points().map(|point| point.1), 0.06);
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
