//! Stones of a mosaic: they are laid in rows, and a row keeps its depth inside the thing that it is part of.

use std::collections::HashMap;

use nn::Random;
use tiny_skia::PathBuilder;

use crate::drawing::canvas::{Canvas, polygon};
use crate::drawing::colour::{Colour, WHITE};
use crate::drawing::dice::Dice;

/// Width of a row of stones.
pub const ROW: f32 = 0.0182;

/// A stone of a picture whose parts are told apart by `P`.
pub struct Stone<P> {
    pub x: f32,
    pub y: f32,
    /// The way its row runs.
    along: (f32, f32),
    pub part: P,
    /// How deep it lies inside its part.
    pub level: f32,
}

/// Lays stones row by row: wherever one fits, its row is followed one way. `at` says which part of the picture lies at
/// a place, and how deep inside it.
pub fn lay<P: Copy + PartialEq>(at: &impl Fn(f32, f32) -> (P, f32), random: &mut Random) -> Vec<Stone<P>> {
    let mut laid = Laid::new();
    let steps = (1.5 / ROW) as usize;
    for index in 0..steps * steps {
        let (column, row) = ((index % steps) as f32, (index / steps) as f32);
        let mut place = ((column + 0.5) / steps as f32, (row + 0.5) / steps as f32);
        let way = random.sign();
        while let Some(stone) = fitting(at, place, &laid) {
            let (x, y, (across, down)) = (stone.x, stone.y, stone.along);
            laid.add(stone);
            place = (x + way * 0.98 * ROW * across, y + way * 0.98 * ROW * down);
        }
    }
    laid.stones
}

/// A stone in the row nearest to a place, if there is room for it.
fn fitting<P: Copy + PartialEq>(
    at: &impl Fn(f32, f32) -> (P, f32),
    (mut x, mut y): (f32, f32),
    laid: &Laid<P>,
) -> Option<Stone<P>> {
    let (part, _) = at(x, y);
    for _ in 0..3 {
        let (own, level) = at(x, y);
        if own != part {
            return None;
        }
        let (across, down) = slope(at, x, y);
        let off = ((level / ROW).floor() + 0.5) * ROW - level;
        (x, y) = (x + off * across, y + off * down);
    }
    let (own, level) = at(x, y);
    let inside = (0.0..1.0).contains(&x) && (0.0..1.0).contains(&y);
    if own != part || !inside || laid.taken(x, y, part, level) {
        return None;
    }
    let (across, down) = slope(at, x, y);
    Some(Stone {
        x,
        y,
        along: (-down, across),
        part,
        level,
    })
}

/// Which way depth grows.
fn slope<P: PartialEq>(at: &impl Fn(f32, f32) -> (P, f32), x: f32, y: f32) -> (f32, f32) {
    let step = 0.0015;
    let (part, here) = at(x, y);
    let along = |right: f32, down: f32| {
        let other = at(x + right, y + down);
        if other.0 == part {
            other.1 - here
        } else {
            here - at(x - right, y - down).1
        }
    };
    let (across, down) = (along(step, 0.0), along(0.0, step));
    let length = across.hypot(down).max(1e-6);
    (across / length, down / length)
}

/// The stones that are laid, by where they are.
struct Laid<P> {
    stones: Vec<Stone<P>>,
    cells: HashMap<(i32, i32), Vec<usize>>,
}

impl<P: PartialEq> Laid<P> {
    fn new() -> Self {
        Self {
            stones: Vec::new(),
            cells: HashMap::new(),
        }
    }

    fn cell(x: f32, y: f32) -> (i32, i32) {
        ((x / ROW).floor() as i32, (y / ROW).floor() as i32)
    }

    fn add(&mut self, stone: Stone<P>) {
        let cell = Self::cell(stone.x, stone.y);
        self.cells.entry(cell).or_default().push(self.stones.len());
        self.stones.push(stone);
    }

    /// Whether another stone is too near: in the same row a little nearer is allowed than across rows.
    fn taken(&self, x: f32, y: f32, part: P, level: f32) -> bool {
        let (column, row) = Self::cell(x, y);
        let near = (-1..=1).flat_map(|down| (-1..=1).map(move |right| (column + right, row + down)));
        let mut others = near.filter_map(|cell| self.cells.get(&cell)).flatten();
        others.any(|&index| {
            let other = &self.stones[index];
            let same = other.part == part && (other.level - level).abs() < 0.4 * ROW;
            (x - other.x).hypot(y - other.y) < if same { 0.86 } else { 0.76 } * ROW
        })
    }
}

impl<P> Stone<P> {
    /// Draws it in about this colour.
    pub fn draw(&self, canvas: &mut Canvas, colour: Colour, random: &mut Random) {
        let tone = random.between(-0.1, 0.1);
        let colour = Colour(colour.0 + tone, colour.1 + tone, colour.2 + 0.8 * tone);
        let half = 0.43 * ROW;
        let mut corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].map(|(u, v)| {
            let (u, v) = (
                u * half * random.between(0.84, 1.04),
                v * half * random.between(0.84, 1.0),
            );
            let (across, down) = self.along;
            (self.x + u * across - v * down, self.y + u * down + v * across)
        });
        canvas.fill(polygon(&corners), colour.darker(0.45), 1.0);
        // The face, a little smaller and towards the light, and a glint along its upper edge.
        for corner in &mut corners {
            corner.0 += 0.1 * (self.x - corner.0) - 0.04 * ROW;
            corner.1 += 0.1 * (self.y - corner.1) - 0.05 * ROW;
        }
        canvas.fill(polygon(&corners), colour, 1.0);
        corners.sort_by(|a, b| (a.0 + 2.0 * a.1).total_cmp(&(b.0 + 2.0 * b.1)));
        let mut glint = PathBuilder::new();
        glint.move_to(corners[0].0, corners[0].1);
        glint.line_to(corners[1].0, corners[1].1);
        canvas.line(glint, 0.09 * ROW, WHITE, 0.35);
    }
}
