//! SDL2's extension: shapes, and a clock.

/// A clock that holds a program back.
pub mod framerate {
    /// Would wait until the next picture is due; pictures in memory have no hurry to be late for, so it never does.
    #[derive(Default)]
    pub struct FPSManager;

    impl FPSManager {
        /// A clock.
        pub fn new() -> Self {
            FPSManager
        }

        /// Taken and forgotten.
        ///
        /// # Errors
        /// Never.
        pub fn set_framerate(&mut self, _pictures_per_second: u32) -> Result<(), String> {
            Ok(())
        }

        /// Returns at once.
        pub fn delay(&mut self) {}
    }
}

/// Shapes.
pub mod primitives {
    use crate::{pixels::Color, render::WindowCanvas};

    /// Shapes, in pixels from the upper left. `aa_` means the smooth outline alone: gym-rs draws it, then fills it.
    pub trait DrawRenderer {
        /// The outline of the polygon with these corners.
        ///
        /// # Errors
        /// When there are not as many `ys` as `xs`.
        fn aa_polygon(&mut self, xs: &[i16], ys: &[i16], color: Color) -> Result<(), String>;

        /// The pixels whose middles are inside of the polygon with these corners.
        ///
        /// # Errors
        /// When there are not as many `ys` as `xs`.
        fn filled_polygon(&mut self, xs: &[i16], ys: &[i16], color: Color) -> Result<(), String>;

        /// The outline of a circle.
        ///
        /// # Errors
        /// Never.
        fn aa_circle(&mut self, x: i16, y: i16, radius: i16, color: Color) -> Result<(), String>;

        /// The pixels whose middles are inside of a circle.
        ///
        /// # Errors
        /// Never.
        fn filled_circle(&mut self, x: i16, y: i16, radius: i16, color: Color) -> Result<(), String>;

        /// A level line.
        ///
        /// # Errors
        /// Never.
        fn hline(&mut self, from_x: i16, to_x: i16, y: i16, color: Color) -> Result<(), String>;

        /// An upright line.
        ///
        /// # Errors
        /// Never.
        fn vline(&mut self, x: i16, from_y: i16, to_y: i16, color: Color) -> Result<(), String>;
    }

    impl DrawRenderer for WindowCanvas {
        fn aa_polygon(&mut self, xs: &[i16], ys: &[i16], color: Color) -> Result<(), String> {
            for (from, to) in sides(xs, ys)? {
                self.line(from, to, color);
            }
            Ok(())
        }

        fn filled_polygon(&mut self, xs: &[i16], ys: &[i16], color: Color) -> Result<(), String> {
            let sides = sides(xs, ys)?;
            let of = |places: &[i16]| -> Vec<i32> { places.iter().map(|&place| place.into()).collect() };
            self.shade(&of(xs), &of(ys), color, |x, y| {
                // Inside of an outline is where the way to the left crosses it an odd number of times.
                let crossed = sides.iter().filter(|(from, to)| {
                    let [(x0, y0), (x1, y1)] = [*from, *to].map(|(x, y)| (f64::from(x), f64::from(y)));
                    (y0 <= y) != (y1 <= y) && x0 + (y - y0) / (y1 - y0) * (x1 - x0) <= x
                });
                (crossed.count() % 2) as f64
            });
            Ok(())
        }

        fn aa_circle(&mut self, x: i16, y: i16, radius: i16, color: Color) -> Result<(), String> {
            circle(self, x, y, radius, color, |distance| {
                1.0 - (distance - f64::from(radius)).abs()
            });
            Ok(())
        }

        fn filled_circle(&mut self, x: i16, y: i16, radius: i16, color: Color) -> Result<(), String> {
            circle(self, x, y, radius, color, |distance| {
                f64::from(u8::from(distance <= f64::from(radius)))
            });
            Ok(())
        }

        fn hline(&mut self, from_x: i16, to_x: i16, y: i16, color: Color) -> Result<(), String> {
            self.line((from_x.into(), y.into()), (to_x.into(), y.into()), color);
            Ok(())
        }

        fn vline(&mut self, x: i16, from_y: i16, to_y: i16, color: Color) -> Result<(), String> {
            self.line((x.into(), from_y.into()), (x.into(), to_y.into()), color);
            Ok(())
        }
    }

    /// Where a side of a polygon begins and ends.
    type Side = ((i32, i32), (i32, i32));

    /// The sides of a polygon, the last back to its first corner.
    fn sides(xs: &[i16], ys: &[i16]) -> Result<Vec<Side>, String> {
        if xs.len() != ys.len() {
            return Err(format!("a polygon of {} columns and {} rows", xs.len(), ys.len()));
        }
        let corners: Vec<(i32, i32)> = xs.iter().zip(ys).map(|(&x, &y)| (x.into(), y.into())).collect();
        let next = corners.iter().cycle().skip(1);
        Ok(corners.iter().copied().zip(next.copied()).collect())
    }

    /// Shades around (`x`, `y`) by the distance from there.
    fn circle(
        canvas: &mut WindowCanvas,
        x: i16,
        y: i16,
        radius: i16,
        color: Color,
        cover: impl Fn(f64) -> f64,
    ) {
        let (x, y, radius) = (i32::from(x), i32::from(y), i32::from(radius));
        let around = |middle: i32| [middle - radius, middle + radius];
        canvas.shade(&around(x), &around(y), color, |at_x, at_y| {
            cover(f64::hypot(at_x - f64::from(x), at_y - f64::from(y)))
        });
    }
}
