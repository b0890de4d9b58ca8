//! A sheet to draw on: filled and outlined shapes in the light of the scene, over `tiny-skia`.

use tiny_skia::{
    FillRule, GradientStop, LineCap, LineJoin, LinearGradient, Mask, Paint, Path, PathBuilder, Pixmap, Point,
    RadialGradient, Rect, Shader, SpreadMode, Stroke, Transform,
};

use super::colour::{Colour, WHITE, hex};

/// Where the light comes from, in the frame.
#[derive(Clone, Copy, Debug)]
pub struct Light {
    /// Direction towards the light, of length 1.
    pub towards: (f32, f32),
    /// How much shapes are shaded, 0 to 1.
    pub strength: f32,
    /// Its colour.
    pub tint: Colour,
}

/// Lines around shapes.
#[derive(Clone, Copy, Debug)]
pub struct Outline {
    /// In parts of the frame; 0 for none.
    pub width: f32,
    /// How much darker than the shape.
    pub darkness: f32,
}

/// The frame runs from 0 to 1 both ways, whatever its size in pixels.
#[derive(Clone)]
pub struct Canvas {
    pub(super) pixmap: Pixmap,
    transform: Transform,
    clip: Option<Mask>,
    pub light: Light,
    pub outline: Outline,
}

impl Canvas {
    /// # Panics
    /// If `size` is 0.
    pub fn new(size: u32, light: Light, outline: Outline) -> Self {
        let pixmap = Pixmap::new(size, size);
        Self {
            pixmap: pixmap.expect("a drawing has at least one pixel"),
            transform: Transform::from_scale(size as f32, size as f32),
            clip: None,
            light,
            outline,
        }
    }

    /// A sheet for what is neither outlined nor shaded.
    ///
    /// # Panics
    /// If `size` is 0.
    pub fn flat(size: u32) -> Self {
        let light = Light {
            towards: (0.7, -0.7),
            strength: 0.0,
            tint: WHITE,
        };
        let outline = Outline {
            width: 0.0,
            darkness: 0.0,
        };
        Self::new(size, light, outline)
    }

    /// Draws in other coordinates: where they lie in the present ones is said by `transform`.
    pub fn within(&mut self, transform: Transform, draw: impl FnOnce(&mut Self)) {
        let outside = self.transform;
        self.transform = outside.pre_concat(transform);
        draw(self);
        self.transform = outside;
    }

    /// Draws only inside a shape.
    pub fn clipped(&mut self, shape: &PathBuilder, draw: impl FnOnce(&mut Self)) {
        let outside = self.clip.take();
        let mask = Mask::new(self.pixmap.width(), self.pixmap.height());
        if let (Some(mut mask), Some(path)) = (mask, shape.clone().finish()) {
            mask.fill_path(&path, FillRule::Winding, true, self.transform);
            self.clip = Some(mask);
            draw(self);
        }
        self.clip = outside;
    }

    /// A part of a body: outlined, light on the side of the light and dark on the other.
    pub fn shape(&mut self, shape: PathBuilder, colour: Colour) {
        let Some(path) = shape.finish().and_then(|path| path.transform(self.transform)) else {
            return;
        };
        let size = self.pixmap.width() as f32;
        if self.outline.width > 0.0 {
            let stroke = round(2.0 * self.outline.width * size);
            let paint = plain(colour.darker(self.outline.darkness), 1.0);
            let clip = self.clip.as_ref();
            self.pixmap
                .stroke_path(&path, &paint, &stroke, Transform::identity(), clip);
        }
        let paint = self.shaded(&path, colour);
        let clip = self.clip.as_ref();
        self.pixmap
            .fill_path(&path, &paint, FillRule::Winding, Transform::identity(), clip);
    }

    /// The colour from the lit to the shaded side of a path.
    fn shaded(&self, path: &Path, colour: Colour) -> Paint<'static> {
        let (bounds, light) = (path.bounds(), self.light);
        let middle = (
            bounds.left() + bounds.width() / 2.0,
            bounds.top() + bounds.height() / 2.0,
        );
        let reach = (bounds.width() + bounds.height()) / 4.0;
        let at = |way: f32| {
            Point::from_xy(
                middle.0 + way * reach * light.towards.0,
                middle.1 + way * reach * light.towards.1,
            )
        };
        let stops = vec![
            GradientStop::new(0.0, colour.mix(light.tint, 0.34 * light.strength).opaque(1.0)),
            GradientStop::new(0.45, colour.opaque(1.0)),
            GradientStop::new(1.0, colour.mix(hex(0x1a1430), 0.42 * light.strength).opaque(1.0)),
        ];
        let gradient = LinearGradient::new(at(1.0), at(-1.0), stops, SpreadMode::Pad, Transform::identity());
        gradient.map_or_else(|| plain(colour, 1.0), painted)
    }

    /// A flat shape without an outline.
    pub fn fill(&mut self, shape: PathBuilder, colour: Colour, opacity: f32) {
        if let Some(path) = shape.finish() {
            let clip = self.clip.as_ref();
            let paint = plain(colour, opacity);
            self.pixmap
                .fill_path(&path, &paint, FillRule::Winding, self.transform, clip);
        }
    }

    /// A line with round ends.
    pub fn line(&mut self, shape: PathBuilder, width: f32, colour: Colour, opacity: f32) {
        if let Some(path) = shape.finish() {
            let clip = self.clip.as_ref();
            self.pixmap.stroke_path(
                &path,
                &plain(colour, opacity),
                &round(width),
                self.transform,
                clip,
            );
        }
    }

    /// A limb: a thick line, outlined like a shape.
    pub fn limb(&mut self, shape: PathBuilder, width: f32, colour: Colour) {
        let Some(path) = shape.finish() else { return };
        if let Some(limb) = path.stroke(&round(width), 24.0) {
            let mut builder = PathBuilder::new();
            builder.push_path(&limb);
            self.shape(builder, colour);
        }
    }

    /// A glow, or a shadow, that fades outwards from a point.
    pub fn glow(&mut self, (x, y): (f32, f32), radius: f32, colour: Colour, opacity: f32) {
        let stops = vec![
            GradientStop::new(0.0, colour.opaque(opacity)),
            GradientStop::new(1.0, colour.opaque(0.0)),
        ];
        let centre = Point::from_xy(x, y);
        let gradient = RadialGradient::new(
            centre,
            centre,
            radius,
            stops,
            SpreadMode::Pad,
            Transform::identity(),
        );
        if let (Some(gradient), Some(path)) = (gradient, ellipse(x, y, radius, radius).finish()) {
            let clip = self.clip.as_ref();
            self.pixmap
                .fill_path(&path, &painted(gradient), FillRule::Winding, self.transform, clip);
        }
    }

    /// The whole frame, from one colour to another along a direction.
    pub fn wash(&mut self, towards: (f32, f32), from: (Colour, f32), to: (Colour, f32)) {
        let at = |way: f32| Point::from_xy(0.5 + way * towards.0 / 2.0, 0.5 + way * towards.1 / 2.0);
        let stops = vec![
            GradientStop::new(0.0, from.0.opaque(from.1)),
            GradientStop::new(1.0, to.0.opaque(to.1)),
        ];
        let gradient = LinearGradient::new(at(-1.0), at(1.0), stops, SpreadMode::Pad, Transform::identity());
        let frame = Rect::from_xywh(0.0, 0.0, 1.0, 1.0);
        if let (Some(gradient), Some(frame)) = (gradient, frame) {
            self.pixmap
                .fill_rect(frame, &painted(gradient), self.transform, None);
        }
    }

    /// Red, green and blue of every pixel, row by row.
    pub fn bytes(&self) -> Vec<u8> {
        let pixels = self.pixmap.data().chunks_exact(4);
        pixels.flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect()
    }
}

fn plain(colour: Colour, opacity: f32) -> Paint<'static> {
    painted(Shader::SolidColor(colour.opaque(opacity)))
}

fn painted(shader: Shader<'static>) -> Paint<'static> {
    Paint {
        shader,
        anti_alias: true,
        ..Paint::default()
    }
}

fn round(width: f32) -> Stroke {
    Stroke {
        width,
        line_cap: LineCap::Round,
        line_join: LineJoin::Round,
        ..Stroke::default()
    }
}

/// An ellipse by its middle and half axes.
pub fn ellipse(x: f32, y: f32, half_width: f32, half_height: f32) -> PathBuilder {
    ellipses(&[(x, y, half_width, half_height)])
}

/// Several ellipses as one shape.
pub fn ellipses(all: &[(f32, f32, f32, f32)]) -> PathBuilder {
    let mut builder = PathBuilder::new();
    for &(x, y, half_width, half_height) in all {
        let (w, h) = (half_width.abs().max(1e-4), half_height.abs().max(1e-4));
        if let Some(rect) = Rect::from_xywh(x - w, y - h, 2.0 * w, 2.0 * h) {
            builder.push_oval(rect);
        }
    }
    builder
}

/// A rectangle by its corners.
pub fn rectangle(left: f32, top: f32, right: f32, bottom: f32) -> PathBuilder {
    polygon(&[(left, top), (right, top), (right, bottom), (left, bottom)])
}

/// A shape with straight sides.
pub fn polygon(points: &[(f32, f32)]) -> PathBuilder {
    let mut builder = PathBuilder::new();
    for (index, &(x, y)) in points.iter().enumerate() {
        match index {
            0 => builder.move_to(x, y),
            _ => builder.line_to(x, y),
        }
    }
    builder.close();
    builder
}

/// A smooth closed shape through points (Catmull-Rom).
pub fn blob(points: &[(f32, f32)]) -> PathBuilder {
    let at = |index: usize| points[index % points.len()];
    let mut builder = PathBuilder::new();
    builder.move_to(at(0).0, at(0).1);
    for index in 0..points.len() {
        let before = at(index + points.len() - 1);
        segment(&mut builder, before, at(index), at(index + 1), at(index + 2));
    }
    builder.close();
    builder
}

/// A smooth line through points.
pub fn curve(points: &[(f32, f32)]) -> PathBuilder {
    let last = points.len() - 1;
    let at = |index: usize| points[index.min(last)];
    let mut builder = PathBuilder::new();
    builder.move_to(at(0).0, at(0).1);
    for index in 0..last {
        let before = at(index.saturating_sub(1));
        segment(&mut builder, before, at(index), at(index + 1), at(index + 2));
    }
    builder
}

type Place = (f32, f32);

fn segment(builder: &mut PathBuilder, before: Place, from: Place, to: Place, after: Place) {
    builder.cubic_to(
        from.0 + (to.0 - before.0) / 6.0,
        from.1 + (to.1 - before.1) / 6.0,
        to.0 - (after.0 - from.0) / 6.0,
        to.1 - (after.1 - from.1) / 6.0,
        to.0,
        to.1,
    );
}

/// A leaf-like tooth on the line from `left` to `right`, as ears and blades have it: it bulges, and its tip is as
/// round as `tip` says.
pub fn tooth(left: Place, right: Place, peak: Place, bulge: f32, tip: f32) -> PathBuilder {
    let near = |end: Place, share: f32| {
        (
            peak.0 + (end.0 - peak.0) * share,
            peak.1 + (end.1 - peak.1) * share,
        )
    };
    let middle = ((left.0 + right.0) / 2.0, (left.1 + right.1) / 2.0);
    // Half-way up either side, pushed outwards from the middle line.
    let side = |end: Place| {
        let half = near(end, 0.5);
        let (x, y) = (end.0 - middle.0, end.1 - middle.1);
        (half.0 + x * bulge, half.1 + y * bulge)
    };
    let mut builder = PathBuilder::new();
    let (up, down) = (near(left, tip), near(right, tip));
    builder.move_to(left.0, left.1);
    builder.quad_to(side(left).0, side(left).1, up.0, up.1);
    builder.quad_to(peak.0, peak.1, down.0, down.1);
    builder.quad_to(side(right).0, side(right).1, right.0, right.1);
    builder.close();
    builder
}
