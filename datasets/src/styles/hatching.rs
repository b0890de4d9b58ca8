//! Hatching: pen and ink on warm paper. Where it is darker there are more strokes, in more directions, and they run
//! around the forms.

use nn::Random;

use crate::drawing::canvas::{Canvas, curve};
use crate::drawing::colour::{Colour, hex};
use crate::drawing::dice::Dice;
use crate::drawing::noise::{Noise, smooth};
use crate::scenes::still_life;

/// What the pen knows of the scene is looked up on a grid of this width.
const GRID: usize = 384;

struct Study {
    /// Lightness, 0 to 1.
    tones: Vec<f32>,
    things: Vec<Option<usize>>,
    normals: Vec<(f32, f32, f32)>,
    noise: Noise,
}

/// A still life in ink.
pub fn draw(size: u32, random: &mut Random) -> Canvas {
    let study = Study::new(random);
    let mut canvas = Canvas::flat(size);
    let (paper, ink) = (hex(0xf3e8d0), hex(0x231b18));
    canvas.repaint(|x, y, _| {
        let fibres = study.noise.layered(70.0 * x, 34.0 * y, 3);
        let stain = study.noise.layered(2.0 * x, 2.0 * y, 3);
        paper.scaled(1.0 + 0.022 * fibres + 0.025 * stain)
    });
    // Each layer is laid where it is darker than its tone, turned against the one before.
    for (tone, turn, spacing) in [
        (0.84, 0.0, 0.0118),
        (0.62, 1.1, 0.0112),
        (0.44, -0.7, 0.0108),
        (0.29, 0.45, 0.0104),
        (0.16, 0.85, 0.01),
    ] {
        study.layer(&mut canvas, ink, (tone, turn, spacing), random);
    }
    study.contours(&mut canvas, ink);
    canvas
}

impl Study {
    fn new(random: &mut Random) -> Self {
        let room = still_life::compose(random);
        // Outlines have to be sharp, tones do not.
        let scene = still_life::paint(&room, GRID as u32 / 2);
        let noise = Noise::new(random);
        let (mut tones, mut things, mut normals) = (Vec::new(), Vec::new(), Vec::new());
        for index in 0..GRID * GRID {
            let place = |index: usize| (index as f32 + 0.5) / GRID as f32;
            let (x, y) = (place(index % GRID), place(index / GRID));
            let (thing, normal) = room.relief(x, y);
            let seen = scene.colour_at(x, y).lightness();
            // The sketch ends before the paper does, and lets the wall be mostly paper.
            let wall = thing.is_none() && normal.1.abs() < 0.4;
            let tone = if wall { 0.34 + 0.72 * seen } else { 0.02 + seen };
            let rim = x.min(1.0 - x).min(y.min(1.0 - y)) + 0.03 * noise.layered(5.0 * x, 5.0 * y, 3);
            tones.push(tone + smooth(0.09, 0.03, rim));
            things.push(thing);
            normals.push(normal);
        }
        Self {
            tones,
            things,
            normals,
            noise,
        }
    }

    fn index(x: f32, y: f32) -> usize {
        let place = |x: f32| ((x * GRID as f32) as usize).min(GRID - 1);
        place(y.max(0.0)) * GRID + place(x.max(0.0))
    }

    /// The way a stroke takes: around the form, as a hoop lies around a barrel.
    fn way(&self, x: f32, y: f32, turn: f32) -> (f32, f32) {
        let (right, down, near) = self.normals[Self::index(x, y)];
        let flat = self.things[Self::index(x, y)].is_none();
        let (across, along) = match flat {
            // A wall is hatched slantwise, a table along its edge.
            true if down.abs() < 0.4 => (0.8, -0.6),
            true => (1.0, 0.06),
            false => (near + 0.25, -0.55 * right - 0.12 * down),
        };
        let angle = along.atan2(across) + turn + 0.1 * self.noise.at(9.0 * x, 9.0 * y);
        (angle.cos(), angle.sin())
    }

    fn layer(
        &self,
        canvas: &mut Canvas,
        ink: Colour,
        (tone, turn, spacing): (f32, f32, f32),
        random: &mut Random,
    ) {
        let mut drawn = Drawn::new(spacing);
        for _ in 0..40_000 {
            let (x, y) = (random.between(0.02, 0.98), random.between(0.02, 0.98));
            if self.tones[Self::index(x, y)] > tone || drawn.near(x, y, 1.0) {
                continue;
            }
            let thing = self.things[Self::index(x, y)];
            let length = random.between(0.07, 0.13);
            let mut points = Vec::new();
            for forwards in [-1.0, 1.0] {
                let (mut u, mut v) = (x, y);
                let mut half = vec![(u, v)];
                for _ in 0..(length / 0.012) as usize {
                    let (across, down) = self.way(u, v, turn);
                    (u, v) = (u + forwards * 0.006 * across, v + forwards * 0.006 * down);
                    let here = Self::index(u, v);
                    if self.things[here] != thing || self.tones[here] > tone + 0.06 || drawn.near(u, v, 0.62)
                    {
                        break;
                    }
                    half.push((u, v));
                }
                if forwards < 0.0 {
                    half.reverse();
                    half.pop();
                }
                points.extend(half);
            }
            if points.len() < 4 {
                continue;
            }
            points.iter().for_each(|&(x, y)| drawn.add(x, y));
            let dark = smooth(tone, tone - 0.4, self.tones[Self::index(x, y)]);
            // Pressed in the middle, lifted at the ends.
            let width = 0.0024 + 0.0018 * dark;
            canvas.line(curve(&points), 0.7 * width, ink, 0.85);
            let inner = points.len() / 5;
            canvas.line(curve(&points[inner..points.len() - inner]), width, ink, 0.9);
        }
    }

    /// Lines where one thing ends and another begins.
    fn contours(&self, canvas: &mut Canvas, ink: Colour) {
        canvas.repaint(|x, y, colour| {
            let shaken = (
                x + 0.0015 * self.noise.at(30.0 * x, 30.0 * y),
                y + 0.0015 * self.noise.at(30.0 * x, 9.0 + 30.0 * y),
            );
            let reach = 0.0034 + 0.0014 * self.noise.at(7.0 * x, 7.0 * y);
            let at = |right: f32, down: f32| {
                self.things[Self::index(shaken.0 + right * reach, shaken.1 + down * reach)]
            };
            let around = [at(1.0, 0.0), at(-1.0, 0.0), at(0.0, 1.0), at(0.0, -1.0)];
            let here = at(0.0, 0.0);
            let edges = around.iter().filter(|&&thing| thing != here).count();
            let rim = x.min(1.0 - x).min(y.min(1.0 - y));
            colour.mix(ink, (0.5 * edges as f32).min(0.92) * smooth(0.035, 0.06, rim))
        });
    }
}

/// Where there is ink of this layer already.
struct Drawn {
    spacing: f32,
    across: usize,
    cells: Vec<Vec<(f32, f32)>>,
}

impl Drawn {
    fn new(spacing: f32) -> Self {
        let across = (1.0 / spacing) as usize + 2;
        Self {
            spacing,
            across,
            cells: vec![Vec::new(); across * across],
        }
    }

    fn cell(&self, x: f32, y: f32) -> (usize, usize) {
        let place = |x: f32| ((x.max(0.0) / self.spacing) as usize).min(self.across - 1);
        (place(x), place(y))
    }

    fn add(&mut self, x: f32, y: f32) {
        let (column, row) = self.cell(x, y);
        self.cells[row * self.across + column].push((x, y));
    }

    /// Whether there is ink nearer than this share of the spacing.
    fn near(&self, x: f32, y: f32, share: f32) -> bool {
        let (column, row) = self.cell(x, y);
        let reach = |place: usize| place.saturating_sub(1)..=(place + 1).min(self.across - 1);
        reach(row).any(|row| {
            reach(column).any(|column| {
                let points = &self.cells[row * self.across + column];
                points
                    .iter()
                    .any(|&(u, v)| (x - u).hypot(y - v) < share * self.spacing)
            })
        })
    }
}
