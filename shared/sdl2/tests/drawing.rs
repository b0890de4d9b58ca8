//! What gym-rs draws with, pixel by pixel, through the very calls that it makes.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic, in its helpers too"
)]

use sdl2::{
    gfx::primitives::DrawRenderer,
    pixels::{Color, PixelFormatEnum},
    rect::Point,
    render::WindowCanvas,
};

/// A white canvas of 8 × 6 pixels.
fn canvas() -> WindowCanvas {
    let video = sdl2::init().unwrap().video().unwrap();
    let window = video.window("", 8, 6).position_centered().build().unwrap();
    let mut canvas = window.into_canvas().accelerated().build().unwrap();
    canvas.set_draw_color(Color::WHITE);
    canvas.clear();
    canvas
}

/// The red of every pixel as a letter: `#` for 0, `.` for 255, `+` between them.
fn picture(canvas: &WindowCanvas) -> Vec<String> {
    let pixels = canvas.read_pixels(None, PixelFormatEnum::RGB24).unwrap();
    assert_eq!(pixels.len(), 8 * 6 * 3);
    let letter = |pixel: &[u8]| match pixel[0] {
        0 => '#',
        255 => '.',
        _ => '+',
    };
    pixels
        .chunks_exact(8 * 3)
        .map(|row| row.chunks_exact(3).map(letter).collect())
        .collect()
}

#[test]
fn shapes_are_where_they_should_be() {
    let mut square = canvas();
    let (xs, ys) = ([2, 2, 5, 5], [1, 4, 4, 1]);
    square.aa_polygon(&xs, &ys, Color::BLACK).unwrap();
    assert_eq!(picture(&square)[2], "..#..#..");
    square.filled_polygon(&xs, &ys, Color::BLACK).unwrap();
    let filled = [
        "........", "..####..", "..####..", "..####..", "..####..", "........",
    ];
    assert_eq!(picture(&square), filled);
    assert!(square.filled_polygon(&[1, 2], &[1], Color::BLACK).is_err());

    let mut disc = canvas();
    disc.filled_circle(3, 3, 2, Color::BLACK).unwrap();
    let filled = [
        "........", "...#....", "..###...", ".#####..", "..###...", "...#....",
    ];
    assert_eq!(picture(&disc), filled);
    disc.aa_circle(3, 3, 2, Color::BLACK).unwrap();
    assert_eq!(picture(&disc)[1], ".++#++..");

    let mut lines = canvas();
    lines.hline(-100, 100, 0, Color::BLACK).unwrap();
    lines.vline(7, 2, 100, Color::BLACK).unwrap();
    lines.set_draw_color(Color::RGB(0, 255, 255));
    lines
        .draw_lines(&[Point::new(0, 5), Point::new(3, 2), Point::new(5, 2)])
        .unwrap();
    let drawn = [
        "########", "........", "..+###.#", ".+#+...#", "+#+....#", "#+.....#",
    ];
    assert_eq!(picture(&lines), drawn);
}

#[test]
fn what_is_beyond_the_edges_is_left_out() {
    let mut canvas = canvas();
    canvas.filled_circle(-5, 40, 3, Color::BLACK).unwrap();
    canvas
        .aa_circle(i16::MAX, i16::MIN, i16::MAX, Color::BLACK)
        .unwrap();
    canvas.filled_polygon(&[], &[], Color::BLACK).unwrap();
    assert_eq!(picture(&canvas), ["........"; 6]);
}

#[test]
fn a_texture_is_mirrored_on_the_way() {
    let drawn = |flip_horizontal, flip_vertical| {
        let mut canvas = canvas();
        let mut texture = canvas
            .texture_creator()
            .create_texture_target(PixelFormatEnum::RGB24, 8, 6)
            .unwrap();
        let corner = |sheet: &mut WindowCanvas| {
            sheet.set_draw_color(Color::WHITE);
            sheet.clear();
            sheet.hline(0, 1, 0, Color::BLACK).unwrap();
        };
        canvas.with_texture_canvas(&mut texture, corner).unwrap();
        canvas
            .copy_ex(&texture, None, None, 0.0, None, flip_horizontal, flip_vertical)
            .unwrap();
        assert!(
            canvas
                .copy_ex(&texture, None, None, 90.0, None, false, false)
                .is_err()
        );
        canvas.present();
        picture(&canvas)
    };
    assert_eq!(drawn(false, false)[0], "##......");
    assert_eq!(drawn(true, false)[0], "......##");
    assert_eq!(drawn(false, true)[5], "##......");
    assert_eq!(drawn(false, true)[0], "........");
}
