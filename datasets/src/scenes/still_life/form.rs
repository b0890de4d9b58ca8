//! Forms, each told by how far a place is from it.

use std::f32::consts::TAU;

use super::vector::Vector;

/// How many rings a turned form is made of.
const RINGS: usize = 40;

/// A form with its foot, or its middle, at (0, 0, 0).
#[derive(Clone, Debug)]
pub enum Form {
    /// Made on a potter's wheel or blown: a radius for every height.
    Turned {
        radii: [f32; RINGS + 1],
        height: f32,
        /// Thickness of the wall; 0 for something solid.
        wall: f32,
    },
    /// A ball, stretched, with a hollow at its top as apples have it, and pointed ends as lemons have them.
    Ball {
        radius: f32,
        stretch: Vector,
        hollow: f32,
        point: f32,
    },
    /// A stalk from the origin to a place.
    Stalk { to: Vector, radius: f32 },
    /// Petals around an axis.
    Bloom {
        axis: Vector,
        across: Vector,
        radius: f32,
        petals: f32,
        /// How much they rise towards their tips.
        cup: f32,
    },
    /// A ball of many petals.
    Rose {
        axis: Vector,
        across: Vector,
        radius: f32,
    },
}

impl Form {
    /// A turned form through points of height and radius, in parts of `height`.
    pub fn turned(points: &[(f32, f32)], height: f32, wall: f32) -> Self {
        let mut radii = [0.0; RINGS + 1];
        for (ring, radius) in radii.iter_mut().enumerate() {
            let share = ring as f32 / RINGS as f32;
            let pair = points.windows(2).find(|pair| share <= pair[1].0);
            *radius = height
                * pair.map_or(points[points.len() - 1].1, |pair| {
                    let (from, to) = (pair[0], pair[1]);
                    from.1 + (to.1 - from.1) * (share - from.0) / (to.0 - from.0)
                });
        }
        // Hands and clay make no corners.
        for _ in 0..4 {
            let old = radii;
            for ring in 1..RINGS {
                radii[ring] = 0.25 * old[ring - 1] + 0.5 * old[ring] + 0.25 * old[ring + 1];
            }
        }
        Self::Turned { radii, height, wall }
    }

    /// No more than the distance from the surface; less than 0 inside.
    pub fn distance(&self, at: Vector) -> f32 {
        match self {
            Self::Turned { radii, height, wall } => {
                let (radius, slope) = ring(radii, *height, at.1);
                let side = (at.0.hypot(at.2) - radius) / (1.0 + slope * slope).sqrt();
                let solid = side.max(at.1 - height).max(-at.1);
                match *wall > 0.0 {
                    true => solid.max(-(side + wall).max(wall - at.1)),
                    false => solid,
                }
            }
            Self::Ball {
                radius,
                stretch,
                hollow,
                point,
            } => {
                let at = Vector(at.0 / stretch.0, at.1 / stretch.1, at.2 / stretch.2);
                let length = at.length();
                let (up, along) = (at.1 / length.max(1e-4), (at.0 / length.max(1e-4)).abs());
                let dent = hollow * (-(1.0 - up) * 9.0).exp() + 0.4 * hollow * (-(1.0 + up) * 14.0).exp();
                let surface = radius * (1.0 - dent + point * (-(1.0 - along) * 22.0).exp());
                (length - surface) * 0.8 * stretch.0.min(stretch.1).min(stretch.2)
            }
            Self::Stalk { to, radius } => {
                let share = (at.dot(*to) / to.dot(*to)).clamp(0.0, 1.0);
                (at - *to * share).length() - radius
            }
            Self::Bloom {
                axis,
                across,
                radius,
                petals,
                cup,
            } => {
                let (out, angle, height) = around(at, *axis, *across);
                let heart = Vector(out, height - 0.06 * radius, 0.0).length() - 0.26 * radius;
                let reach = radius * (0.62 + 0.38 * (0.5 * petals * angle).cos().abs().sqrt());
                let rise = cup * out * out / radius + 0.05 * radius * (petals * angle).cos();
                let blade = (height - rise).abs() - 0.05 * radius;
                0.55 * blade.max(out - reach).min(heart)
            }
            Self::Rose { axis, across, radius } => {
                let length = at.length();
                let (_, angle, height) = around(at, *axis, *across);
                let tilt = (height / length.max(1e-4)).clamp(-1.0, 1.0).acos();
                // Petals wind around the axis, each under the next.
                let wave = 0.24 * (5.0 * angle + 3.0 * tilt).sin();
                let petal = (angle / TAU + 2.7 * tilt + wave).rem_euclid(1.0);
                0.45 * (length - radius * (0.84 + 0.16 * petal))
            }
        }
    }

    /// The middle and the radius of a ball that holds all of it.
    pub fn bounds(&self) -> (Vector, f32) {
        let middle = Vector(0.0, 0.0, 0.0);
        match self {
            Self::Turned { radii, height, .. } => {
                let widest = radii.iter().copied().fold(0.0, f32::max);
                (
                    Vector(0.0, height / 2.0, 0.0),
                    (height / 2.0).hypot(widest) + 0.01,
                )
            }
            Self::Ball {
                radius,
                stretch,
                point,
                ..
            } => (
                middle,
                radius * (1.02 + point) * stretch.0.max(stretch.1).max(stretch.2),
            ),
            Self::Stalk { to, radius } => (*to * 0.5, to.length() / 2.0 + radius),
            Self::Bloom { radius, cup, .. } => (middle, radius * (1.1 + cup * cup)),
            Self::Rose { radius, .. } => (middle, 1.02 * radius),
        }
    }
}

/// Radius at a height, and how fast it grows there: smooth, so that light glides over the form.
fn ring(radii: &[f32; RINGS + 1], height: f32, y: f32) -> (f32, f32) {
    let step = height / RINGS as f32;
    let place = (y / step).clamp(0.0, RINGS as f32 - 0.001);
    let (index, t) = (place as usize, place.fract());
    let at = |index: usize| radii[index.min(RINGS)];
    let (a, b, c, d) = (
        at(index.saturating_sub(1)),
        at(index),
        at(index + 1),
        at(index + 2),
    );
    let (second, third) = (a - 2.5 * b + 2.0 * c - 0.5 * d, 1.5 * (b - c) + 0.5 * (d - a));
    let first = 0.5 * (c - a);
    (
        b + t * (first + t * (second + t * third)),
        (first + t * (2.0 * second + 3.0 * t * third)) / step,
    )
}

/// Distance from an axis, angle around it and height along it.
pub fn around(at: Vector, axis: Vector, across: Vector) -> (f32, f32, f32) {
    let height = at.dot(axis);
    let (u, v) = (at.dot(across), at.dot(axis.cross(across)));
    (u.hypot(v), v.atan2(u), height)
}
