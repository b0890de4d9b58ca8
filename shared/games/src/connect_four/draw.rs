//! The board as a picture: a blue wall with holes, red and yellow discs behind it.

use training::{
    canvas::{Anchor, Canvas},
    colour::Colour,
};

use super::{Board, COLUMNS, ROWS, Side};

/// Pixels from hole to hole.
const CELL: usize = 48;
/// Pixels around the holes.
const MARGIN: usize = 8;
/// Pixels above the board, for the numbers of the columns.
const HEAD: usize = 22;

const PAPER: Colour = [245, 246, 250];
const NUMBER: Colour = [110, 116, 130];
const WALL: Colour = [38, 84, 178];
const RIM: Colour = [26, 62, 140];
const RED: [Colour; 2] = [[226, 58, 60], [178, 36, 44]];
const YELLOW: [Colour; 2] = [[250, 204, 48], [206, 156, 20]];

/// The position, its last move marked with a dot, and a line that won with rings.
pub(super) fn picture(board: &Board, last: Option<usize>) -> Canvas {
    let (width, height) = (COLUMNS * CELL + 2 * MARGIN, ROWS * CELL + 2 * MARGIN);
    let mut canvas = Canvas::new(width, HEAD + height, PAPER);
    canvas.rounded((0.0, HEAD as f32), (width as f32, height as f32), 14.0, RIM);
    canvas.rounded(
        (2.0, HEAD as f32 + 2.0),
        (width as f32 - 4.0, height as f32 - 4.0),
        12.0,
        WALL,
    );
    let winning = board.winning_cells();
    for column in 0..COLUMNS {
        let middle = MARGIN + column * CELL + CELL / 2;
        let number = (column + 1).to_string();
        canvas.text(
            &number,
            (middle as i32, HEAD as i32 / 2),
            Anchor::Centre,
            14.0,
            NUMBER,
            true,
        );
        let highest = (0..ROWS).rev().find(|&row| board.disc(column, row).is_some());
        for row in 0..ROWS {
            let place = (
                middle as f32,
                (HEAD + MARGIN + (ROWS - 1 - row) * CELL + CELL / 2) as f32,
            );
            canvas.disc(place, 20.5, RIM);
            let Some(side) = board.disc(column, row) else {
                canvas.disc(place, 19.0, PAPER);
                continue;
            };
            let [light, dark] = match side {
                Side::First => RED,
                Side::Second => YELLOW,
            };
            canvas.disc(place, 19.0, dark);
            canvas.disc(place, 15.0, light);
            if winning.contains(&(column, row)) {
                canvas.disc(place, 19.0, [255; 3]);
                canvas.disc(place, 15.0, light);
            }
            if last == Some(column) && highest == Some(row) {
                canvas.disc(place, 5.0, [255; 3]);
            }
        }
    }
    canvas
}
