//! Stands in for the bindings of SDL2, so that gym-rs builds and draws on a machine without SDL2, cmake or a screen.
//!
//! gym-rs uses SDL2 only to draw its games, yet asks for it always, and the real crate compiles a C library of windows,
//! sound and game pads. `[patch.crates-io]` in the root manifest puts this crate in its place: exactly the calls that
//! gym-rs 0.3 makes, under SDL2's names, drawing into memory. There is never a window, no event ever comes, and
//! nothing waits. That there is no window is also what lets a game be played by any thread (`Send`).

use event::Event;
use render::WindowCanvas;

/// Begins: the real crate loads its library here.
///
/// # Errors
/// Never.
pub fn init() -> Result<Sdl, String> {
    Ok(Sdl)
}

/// The library, once it has begun.
pub struct Sdl;

impl Sdl {
    /// The part that opens windows.
    ///
    /// # Errors
    /// Never.
    pub fn video(&self) -> Result<VideoSubsystem, String> {
        Ok(VideoSubsystem)
    }

    /// The part that hears keys and clicks.
    ///
    /// # Errors
    /// Never.
    pub fn event_pump(&self) -> Result<EventPump, String> {
        Ok(EventPump)
    }
}

/// What would have happened in a window: nothing.
pub struct EventPump;

impl EventPump {
    /// Nothing, in order.
    pub fn poll_iter(&mut self) -> impl Iterator<Item = Event> + '_ {
        std::iter::empty()
    }
}

/// Makes windows.
pub struct VideoSubsystem;

impl VideoSubsystem {
    /// Begins a window of so many pixels.
    pub fn window(&self, _title: &str, width: u32, height: u32) -> WindowBuilder {
        WindowBuilder { width, height }
    }
}

/// A window, then its canvas, on the way to being made: the settings that a picture in memory does not have are taken
/// and forgotten.
#[derive(Clone, Copy)]
pub struct WindowBuilder {
    width: u32,
    height: u32,
}

impl WindowBuilder {
    /// Taken and forgotten.
    pub fn position_centered(&mut self) -> &mut Self {
        self
    }

    /// Taken and forgotten.
    pub fn hidden(&mut self) -> &mut Self {
        self
    }

    /// The window.
    ///
    /// # Errors
    /// Never.
    pub fn build(&self) -> Result<Window, String> {
        Ok(Window(*self))
    }
}

/// A window that nobody sees.
pub struct Window(WindowBuilder);

impl Window {
    /// What to draw into.
    pub fn into_canvas(self) -> CanvasBuilder {
        CanvasBuilder(self.0)
    }
}

/// A canvas on the way to being made.
pub struct CanvasBuilder(WindowBuilder);

impl CanvasBuilder {
    /// Taken and forgotten.
    pub fn accelerated(self) -> Self {
        self
    }

    /// The canvas, all black.
    ///
    /// # Errors
    /// Never.
    pub fn build(self) -> Result<WindowCanvas, String> {
        Ok(WindowCanvas::new(self.0.width, self.0.height))
    }
}

/// What can happen in a window.
pub mod event {
    /// What can happen in a window.
    #[non_exhaustive]
    pub enum Event {
        /// It was closed.
        Quit {},
    }
}

/// Colours.
pub mod pixels {
    /// Red, green and blue, 0 to 255; always opaque.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Color(pub(crate) [u8; 3]);

    impl Color {
        /// (0, 0, 0)
        pub const BLACK: Color = Color([0; 3]);
        /// (255, 255, 255)
        pub const WHITE: Color = Color([255; 3]);

        /// A colour.
        #[allow(non_snake_case, reason = "SDL2's name")]
        pub const fn RGB(red: u8, green: u8, blue: u8) -> Color {
            Color([red, green, blue])
        }
    }

    /// How pixels lie in memory.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub enum PixelFormatEnum {
        /// Three bytes each: red, green, blue.
        RGB24,
    }
}

/// Places on a canvas.
pub mod rect {
    /// A pixel, from the upper left.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Point {
        pub(crate) x: i32,
        pub(crate) y: i32,
    }

    impl Point {
        /// Pixel `x` of row `y`.
        pub fn new(x: i32, y: i32) -> Point {
            Point { x, y }
        }
    }

    /// A part of a canvas. gym-rs names the type, for it always draws on all of it: there are no such parts.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Rect {}
}

pub mod gfx;
pub mod render;
