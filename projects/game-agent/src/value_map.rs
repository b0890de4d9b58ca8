//! What an agent hopes for and does everywhere in a game of two numbers: a map of values, and a map of actions.

use anyhow::Result;
use training::{
    canvas::{Anchor, Canvas},
    colour::{Colour, FAINT, INK, PAPER, heat, palette},
};

use crate::{
    data::Game,
    player::{Player, View},
};

/// Points along each side of a map.
const POINTS: usize = 61;
/// Pixels of a point.
const PIXELS: usize = 5;
/// Pixels around the maps.
const MARGIN: i32 = 56;

/// The two numbers that are drawn: what they are called, and from where to where they go.
struct Axes {
    across: (&'static str, f32, f32),
    upwards: (&'static str, f32, f32),
    /// The whole observation at a point.
    observation: fn(f32, f32) -> Vec<f32>,
}

fn axes(game: Game) -> Option<Axes> {
    match game {
        // The cart stands in the middle.
        Game::CartPole => Some(Axes {
            across: ("angle of the pole, radians", -0.21, 0.21),
            upwards: ("its velocity, radians a second", -2.0, 2.0),
            observation: |angle, velocity| vec![0.0, 0.0, angle, velocity],
        }),
        Game::MountainCar => Some(Axes {
            across: ("position of the car", -1.2, 0.6),
            upwards: ("its velocity", -0.07, 0.07),
            observation: |position, velocity| vec![position, velocity],
        }),
        _ => None,
    }
}

/// The maps as a PNG file, for games that have two numbers to draw; `actions` are the names of the actions.
pub fn value_map(game: Game, player: &mut dyn Player, actions: &[&str]) -> Result<Option<Vec<u8>>> {
    let Some(axes) = axes(game) else { return Ok(None) };
    let at = |(_, from, to): (&str, f32, f32), point: usize| {
        from + (to - from) * point as f32 / (POINTS - 1) as f32
    };
    let mut observations = Vec::new();
    for row in 0..POINTS {
        for column in 0..POINTS {
            // The first row is the highest.
            let up = POINTS - 1 - row;
            observations.push((axes.observation)(at(axes.across, column), at(axes.upwards, up)));
        }
    }
    let views: Vec<View<'_>> = observations
        .iter()
        .map(|observation| View {
            observation,
            action_mask: &[],
        })
        .collect();
    let thoughts = player.think(&views)?;
    let values: Vec<f32> = thoughts
        .iter()
        .map(|thoughts| thoughts.value.unwrap_or(0.0))
        .collect();
    let (low, high) = values
        .iter()
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| {
            (low.min(*value), high.max(*value))
        });
    let choices: Vec<usize> = thoughts
        .iter()
        .zip(&views)
        .map(|(thoughts, view)| thoughts.best(*view))
        .collect();
    let colours = palette(actions.len());

    let side = (POINTS * PIXELS) as i32;
    let (width, height) = (2 * side + 3 * MARGIN, side + 2 * MARGIN);
    let mut canvas = Canvas::new(width as usize, height as usize, PAPER);
    let map = |canvas: &mut Canvas, left: i32, title: &str, colour: &dyn Fn(usize) -> Colour| {
        canvas.text(title, (left, MARGIN / 2 + 4), Anchor::Left, 15.0, INK, true);
        for point in 0..POINTS * POINTS {
            let (x, y) = ((point % POINTS * PIXELS) as i32, (point / POINTS * PIXELS) as i32);
            canvas.fill(left + x, MARGIN + y, PIXELS as i32, PIXELS as i32, colour(point));
        }
        let below = MARGIN + side;
        let ((across, from, to), (upwards, bottom, top)) = (axes.across, axes.upwards);
        canvas.text(
            across,
            (left + side / 2, below + 34),
            Anchor::Centre,
            13.0,
            INK,
            false,
        );
        canvas.text(
            &from.to_string(),
            (left, below + 14),
            Anchor::Left,
            12.0,
            INK,
            false,
        );
        canvas.text(
            &to.to_string(),
            (left + side, below + 14),
            Anchor::Right,
            12.0,
            INK,
            false,
        );
        canvas.text_upwards(upwards, (left - 34, MARGIN + side / 2), 13.0, INK);
        canvas.text(
            &bottom.to_string(),
            (left - 6, below - 6),
            Anchor::Right,
            12.0,
            INK,
            false,
        );
        canvas.text(
            &top.to_string(),
            (left - 6, MARGIN + 6),
            Anchor::Right,
            12.0,
            INK,
            false,
        );
        canvas.fill(left, below, side, 1, FAINT);
    };
    let title = format!("value: {low:.0} (dark) to {high:.0} (pale)");
    map(&mut canvas, MARGIN, &title, &|point| {
        heat((values[point] - low) / (high - low).max(1e-6))
    });
    let right = 2 * MARGIN + side;
    map(&mut canvas, right, "", &|point| colours[choices[point]]);
    let mut place = right;
    for (name, colour) in actions.iter().zip(&colours) {
        canvas.fill(place, MARGIN / 2 - 3, 14, 14, *colour);
        canvas.text(name, (place + 20, MARGIN / 2 + 4), Anchor::Left, 15.0, INK, true);
        place += 44 + canvas.text_width(name, 15.0, true) as i32;
    }
    Ok(Some(canvas.png()?))
}
