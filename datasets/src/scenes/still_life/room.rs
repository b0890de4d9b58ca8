//! A table before a wall in the light of a window, and how things look there: every place of the frame follows a ray
//! of light backwards.

use super::cloth::Cloth;
use super::form::Form;
use super::matter::Matter;
use super::vector::Vector;
use crate::drawing::colour::Colour;
use crate::drawing::noise::{Noise, smooth};

/// Where the eye is, and what it looks at.
const EYE: Vector = Vector(0.0, 1.55, 5.0);
const GAZE: Vector = Vector(0.0, 0.52, 0.0);
/// Width of the frame at a distance of 1.
const FRAME: f32 = 0.52;
/// The wall behind the table.
const WALL: f32 = -1.7;

/// A thing on the table.
pub struct Thing {
    form: Form,
    matter: Matter,
    place: Vector,
    /// The middle and the radius of a ball that holds it, seen from its place.
    bounds: (Vector, f32),
}

/// The room, and all that is in it.
pub struct Room {
    pub things: Vec<Thing>,
    pub cloth: Option<Cloth>,
    /// Direction of the window.
    pub window: Vector,
    /// Light of the window, and of everything else.
    pub key: Colour,
    pub fill: Colour,
    pub wall: Colour,
    pub table: Colour,
    /// How much the table mirrors.
    pub polish: f32,
    pub noise: Noise,
}

#[derive(Clone, Copy)]
enum Met {
    Thing(usize),
    Table,
    Wall,
}

impl Room {
    /// What is seen at a place of the frame, in amounts of light.
    pub fn seen(&self, x: f32, y: f32) -> Colour {
        self.along(EYE, ray(x, y), None, 0)
    }

    /// Which thing is seen at a place of the frame, if any, and which way its surface faces there as seen by the eye:
    /// to the right, down the frame and towards the eye.
    pub fn relief(&self, x: f32, y: f32) -> (Option<usize>, (f32, f32, f32)) {
        let (right, up, ahead) = axes();
        let ray = ray(x, y);
        let (met, length) = self.meet(EYE, ray, None);
        let at = EYE + ray * length;
        let (thing, normal) = match met {
            Met::Thing(index) => (
                Some(index),
                normal(&self.things[index].form, at - self.things[index].place),
            ),
            Met::Table => (None, Vector(0.0, 1.0, 0.0)),
            Met::Wall => (None, Vector(0.0, 0.0, 1.0)),
        };
        (thing, (normal.dot(right), -normal.dot(up), -normal.dot(ahead)))
    }

    fn along(&self, from: Vector, ray: Vector, without: Option<usize>, depth: u32) -> Colour {
        let (met, length) = self.meet(from, ray, without);
        let at = from + ray * length;
        match met {
            Met::Thing(index) => self.thing(index, at, ray, depth),
            Met::Table => self.table(at, ray, depth),
            Met::Wall => self.wall(at),
        }
    }

    /// The first thing that a ray meets, and how far away.
    fn meet(&self, from: Vector, ray: Vector, without: Option<usize>) -> (Met, f32) {
        let to_wall = if ray.2 < 0.0 {
            (WALL - from.2) / ray.2
        } else {
            f32::MAX
        };
        let to_table = if ray.1 < 0.0 { -from.1 / ray.1 } else { f32::MAX };
        let mut nearest = match to_table < to_wall {
            true => (Met::Table, to_table),
            false => (Met::Wall, to_wall.min(20.0)),
        };
        for (index, thing) in self.things.iter().enumerate() {
            if without == Some(index) {
                continue;
            }
            let from = from - thing.place;
            let Some((enter, leave)) = thing.within(from, ray, 0.0) else {
                continue;
            };
            let mut length = enter;
            for _ in 0..70 {
                if length > leave.min(nearest.1) {
                    break;
                }
                let distance = thing.form.distance(from + ray * length);
                if distance < 0.0008 {
                    nearest = (Met::Thing(index), length);
                    break;
                }
                length += distance.max(0.0015);
            }
        }
        nearest
    }

    /// The share of the window's light that arrives.
    fn lit(&self, at: Vector) -> f32 {
        let mut lit = 1.0_f32;
        for thing in &self.things {
            let from = at - thing.place;
            let Some((enter, leave)) = thing.within(from, self.window, 0.1) else {
                continue;
            };
            let (mut length, mut own) = (enter.max(0.02), 1.0_f32);
            for _ in 0..40 {
                if length > leave || own < 0.01 {
                    break;
                }
                let distance = thing.form.distance(from + self.window * length);
                // A window is wide, so that the edges of shadows are the softer the farther they fall.
                own = own.min(0.5 + 0.5 * distance / (0.09 * length));
                length += distance.clamp(0.012, 0.12);
            }
            let own = smooth(0.0, 1.0, own.max(0.0));
            lit *= if thing.matter.glass {
                0.55 + 0.45 * own
            } else {
                own
            };
        }
        lit
    }

    /// The share of the room's light that arrives: little in corners.
    fn open(&self, at: Vector, normal: Vector) -> f32 {
        let mut open = 1.0_f32;
        for reach in [0.07, 0.22] {
            let place = at + normal * reach;
            for thing in &self.things {
                let (middle, radius) = thing.bounds;
                let local = place - thing.place;
                if (local - middle).length() < radius + reach {
                    open *= 1.0 - 0.42 * (1.0 - thing.form.distance(local) / reach).clamp(0.0, 1.0);
                }
            }
            open *= 1.0 - 0.3 * (1.0 - place.1 / reach).clamp(0.0, 1.0);
        }
        open
    }

    /// Light that a matt surface gives back.
    fn matt(&self, colour: Colour, at: Vector, normal: Vector) -> Colour {
        let facing = normal.dot(self.window);
        let lit = match facing > 0.0 {
            true => facing * self.lit(at + normal * 0.004),
            false => 0.0,
        };
        let sky = 0.65 + 0.35 * normal.1;
        let bounced = self.table.scaled(0.25 * (0.5 - 0.5 * normal.1));
        let around = self.fill.scaled(sky).plus(bounced).scaled(self.open(at, normal));
        colour.times(self.key.scaled(lit).plus(around))
    }

    fn thing(&self, index: usize, at: Vector, ray: Vector, depth: u32) -> Colour {
        let Thing {
            form, matter, place, ..
        } = &self.things[index];
        let local = at - *place;
        let normal = normal(form, local);
        let facing = (-ray.dot(normal)).clamp(0.0, 1.0);
        let edge = (1.0 - facing).powi(4);
        let mirrored = self
            .mirrored(ray.mirrored(normal))
            .scaled(matter.gloss + (0.6 - 0.6 * matter.gloss) * edge * matter.gloss.sqrt());
        if !matter.glass {
            return self
                .matt(matter.at(form, local, &self.noise), at, normal)
                .plus(mirrored);
        }
        if depth > 2 {
            return self.fill.times(matter.colour);
        }
        // Light is bent a little on its way through, and coloured the more the longer it takes.
        let bent = (ray - normal * (0.22 * (1.0 - facing))).unit();
        let behind = self.along(at, bent, Some(index), depth + 1);
        let tint = match local.1 < matter.filled {
            true => matter.colour.times(matter.second),
            false => matter.colour,
        };
        let thick = 0.35 + 1.6 * (1.0 - facing).powi(2);
        let through = Colour(tint.0.powf(thick), tint.1.powf(thick), tint.2.powf(thick));
        behind.times(through).plus(mirrored.scaled(1.6))
    }

    fn table(&self, at: Vector, ray: Vector, depth: u32) -> Colour {
        let (mut normal, mut colour, mut polish) = (Vector(0.0, 1.0, 0.0), self.boards(at), self.polish);
        if let Some(cloth) = &self.cloth {
            let share = cloth.covers(at, &self.noise);
            if share > 0.0 {
                let fold = |x: f32, z: f32| {
                    0.09 * self.noise.ridged(0.9 * x + 0.5 * z, 0.7 * z - 0.3 * x, 2)
                        + 0.006 * self.noise.at(7.0 * x, 7.0 * z)
                };
                let (x, z, step) = (at.0, at.2, 0.01);
                let slope = |dx: f32, dz: f32| (fold(x + dx, z + dz) - fold(x - dx, z - dz)) / (2.0 * step);
                normal = Vector(-slope(step, 0.0), 1.0, -slope(0.0, step)).unit();
                colour = colour
                    .scaled(1.0 - 0.6 * smooth(0.0, 0.4, share))
                    .mix(cloth.colour_at(at), smooth(0.4, 0.6, share));
                polish *= 1.0 - share;
            }
        }
        let seen = self.matt(colour, at, normal);
        if polish < 0.01 || depth > 0 {
            return seen;
        }
        let wavy = Vector(0.02 * self.noise.at(5.0 * at.0, 20.0 * at.2), 1.0, 0.0).unit();
        let mirror = self.along(at + wavy * 0.003, ray.mirrored(wavy), None, depth + 1);
        seen.plus(mirror.scaled(polish * (0.35 + 0.65 * (1.0 + ray.1).powi(3))))
    }

    /// Wood: boards with grain.
    fn boards(&self, at: Vector) -> Colour {
        let board = (at.2 * 1.6).floor();
        let seam = smooth(
            0.0,
            0.02,
            ((at.2 * 1.6).fract().abs()).min(1.0 - (at.2 * 1.6).fract().abs()),
        );
        let tone = 0.8 + 0.4 * self.noise.lot(board as i32, 7);
        let grain = self.noise.layered(
            1.2 * at.0 + 7.0 * board,
            24.0 * at.2 + 1.5 * self.noise.at(0.8 * at.0, board),
            4,
        );
        self.table
            .scaled(tone * (1.0 + 0.35 * grain) * (0.5 + 0.5 * seam))
    }

    fn wall(&self, at: Vector) -> Colour {
        let plaster = 1.0 + 0.1 * self.noise.layered(1.5 * at.0, 1.5 * at.1, 5);
        // The window lights the far side of the wall, and leaves the near corner dark.
        let side = -self.window.0.signum() * at.0;
        let pool = smooth(-1.9, 1.9, side + 0.25 * at.1) * smooth(3.6, 0.4, at.1);
        let shadow = 0.45 + 0.55 * self.lit(at + Vector(0.0, 0.0, 0.01));
        let low = 0.6 + 0.4 * smooth(0.0, 0.5, at.1);
        let light = self
            .key
            .scaled(0.5 * pool * shadow)
            .plus(self.fill.scaled(0.55 * low));
        self.wall.scaled(plaster).times(light)
    }

    /// What a shining surface mirrors: the window with its bars, the room, the table.
    fn mirrored(&self, ray: Vector) -> Colour {
        let right = self.window.cross(Vector(0.0, 1.0, 0.0)).unit();
        let up = right.cross(self.window);
        let (ahead, x, y) = (ray.dot(self.window), ray.dot(right), ray.dot(up));
        let mut seen = match ray.1 < 0.0 {
            true => self.table.times(self.fill.plus(self.key.scaled(0.35))),
            false => self.wall.times(self.fill).scaled(0.8 + 0.4 * ray.1),
        };
        if ahead > 0.0 {
            let (x, y) = (x / ahead, y / ahead);
            let pane = smooth(0.32, 0.28, x.abs()) * smooth(0.42, 0.38, y.abs());
            let bars = smooth(0.015, 0.035, x.abs()) * smooth(0.015, 0.035, y.abs());
            seen = seen.plus(self.key.scaled(5.5 * pane * bars));
        }
        seen
    }
}

impl Thing {
    pub fn new(form: Form, matter: Matter, place: Vector) -> Self {
        let bounds = form.bounds();
        Self {
            form,
            matter,
            place,
            bounds,
        }
    }

    /// Where a ray enters and leaves the ball around the thing; `from` is seen from the thing's place. The ball grows
    /// with the distance by `widening`.
    fn within(&self, from: Vector, ray: Vector, widening: f32) -> Option<(f32, f32)> {
        let (middle, radius) = self.bounds;
        let towards = middle - from;
        let along = towards.dot(ray);
        let radius = radius + widening * along.max(0.0);
        let square = radius * radius - (towards.dot(towards) - along * along);
        let half = (square > 0.0).then(|| square.sqrt())?;
        (along + half > 0.0).then(|| ((along - half).max(0.0), along + half))
    }
}

/// Right, up and ahead, as the eye looks.
fn axes() -> (Vector, Vector, Vector) {
    let ahead = (GAZE - EYE).unit();
    let right = ahead.cross(Vector(0.0, 1.0, 0.0)).unit();
    (right, right.cross(ahead), ahead)
}

/// The way from the eye through a place of the frame.
fn ray(x: f32, y: f32) -> Vector {
    let (right, up, ahead) = axes();
    (ahead + right * (FRAME * (x - 0.5)) + up * (FRAME * (0.5 - y))).unit()
}

fn normal(form: &Form, at: Vector) -> Vector {
    // Four places around it are enough to tell the slope.
    let step = 0.0012;
    let corners = [
        Vector(1.0, -1.0, -1.0),
        Vector(-1.0, -1.0, 1.0),
        Vector(-1.0, 1.0, -1.0),
        Vector(1.0, 1.0, 1.0),
    ];
    let slopes = corners.map(|corner| corner * form.distance(at + corner * step));
    (slopes[0] + slopes[1] + slopes[2] + slopes[3]).unit()
}
