//! What a board of 2048 is worth, as a sum of looks into tables: an n-tuple network (Szubert and Jaśkowski 2014). It
//! has no layer: its weights are the entries, and a board touches 32 of them.

use anyhow::{Context, Result, ensure};
use candle_core::{Device, Tensor};
use games::Tiles;
use training::Tensors;

use crate::player::{Player, Thoughts, View};

/// The tuples: which six squares of the board each table looks at, as two runs of three squares that lie in a row,
/// each given by its first square (the board's are numbered row after row). Two of the outer and two of the inner
/// rows: an L-shaped "axe" that takes a row and the next one's beginning, and a rectangle (Jaśkowski 2018).
const TUPLES: [[usize; 2]; 4] = [[0, 3], [4, 7], [0, 4], [4, 8]];
/// Turned and mirrored in all eight ways, a board looks the same to the rules: each table is looked into for each.
const IMAGES: usize = 8;
/// Entries that a board's value is the sum of.
pub const LOOKS: usize = IMAGES * TUPLES.len();

/// The places of a board's entries.
pub type Looks = [u32; LOOKS];

/// The tables.
pub struct Tuples {
    /// Powers of two that are told apart, from no tile on; larger tiles count as the largest of these.
    exponents: usize,
    /// For three squares, twelve bits: their number in the base of `exponents`.
    codes: Vec<u32>,
    /// Entries of a table.
    size: usize,
    /// One table after the other.
    pub values: Vec<f32>,
}

/// A slide and what it is worth.
pub struct Choice {
    /// The board after it, before the new tile.
    pub afterstate: Tiles,
    /// What the slide earns.
    pub points: f32,
    /// What is still to come, by the tables.
    pub value: f32,
    /// Whose sum that is.
    pub looks: Looks,
}

impl Tuples {
    /// Tables of zeros.
    ///
    /// # Errors
    /// When `exponents` is not 2 … 16.
    pub fn new(exponents: usize) -> Result<Self> {
        ensure!(
            (2..=16).contains(&exponents),
            "exponents = {exponents}: tables tell apart 2 to 16 powers of two"
        );
        let digit = |squares: usize, square: usize| ((squares >> (4 * square)) & 15).min(exponents - 1);
        let code = |squares| {
            (0..3)
                .map(|square| digit(squares, square) * exponents.pow(square as u32))
                .sum::<usize>() as u32
        };
        let size = exponents.pow(6);
        Ok(Tuples {
            exponents,
            codes: (0..1 << 12).map(code).collect(),
            size,
            values: vec![0.0; TUPLES.len() * size],
        })
    }

    /// The places of the entries of `board`.
    #[inline]
    pub fn looks(&self, board: Tiles) -> Looks {
        let mut looks = [0; LOOKS];
        for (image, looks) in board
            .images()
            .into_iter()
            .zip(looks.chunks_exact_mut(TUPLES.len()))
        {
            let code = |square: usize| self.codes[(image.bits() >> (4 * square)) as usize & 0xfff] as usize;
            for (table, ([first, second], look)) in TUPLES.into_iter().zip(looks).enumerate() {
                *look = (table * self.size + code(first) + self.exponents.pow(3) * code(second)) as u32;
            }
        }
        looks
    }

    /// The sum of the entries.
    #[inline]
    pub fn value(&self, looks: &Looks) -> f32 {
        looks.iter().map(|&look| self.values[look as usize]).sum()
    }

    /// The slide that is worth most, its points and what comes after; none where nothing moves. The new tile is not
    /// thought about: it is what the value of the board before it averages over.
    #[inline]
    pub fn best(&self, board: Tiles) -> Option<Choice> {
        let mut best: Option<Choice> = None;
        for action in 0..4 {
            let Some((afterstate, points)) = board.slide(action) else {
                continue;
            };
            let (points, looks) = (points as f32, self.looks(afterstate));
            let value = self.value(&looks);
            if best
                .as_ref()
                .is_none_or(|best| points + value > best.points + best.value)
            {
                best = Some(Choice {
                    afterstate,
                    points,
                    value,
                    looks,
                });
            }
        }
        best
    }

    /// The entries that are not zero, as two lists: most boards never come up, and the file is a third as large.
    pub fn tensors(&self) -> Result<Tensors> {
        let places: Vec<u32> = (0u32..)
            .zip(&self.values)
            .filter(|(_, value)| **value != 0.0)
            .map(|(place, _)| place)
            .collect();
        let values: Vec<f32> = places.iter().map(|place| self.values[*place as usize]).collect();
        Ok(vec![
            ("places".to_string(), tensor(places)?),
            ("values".to_string(), tensor(values)?),
        ])
    }

    /// Takes the entries that [`tensors`](Self::tensors) gave.
    ///
    /// # Errors
    /// When they are not of such tables.
    pub fn restore(&mut self, tensors: &Tensors) -> Result<()> {
        let places = list::<u32>(tensors, "places")?;
        let values = list::<f32>(tensors, "values")?;
        ensure!(
            places.len() == values.len(),
            "{} values of tables for {} places",
            values.len(),
            places.len()
        );
        self.values.fill(0.0);
        for (place, value) in places.into_iter().zip(values) {
            let entries = self.values.len();
            *self.values.get_mut(place as usize).with_context(|| {
                format!("place {place} of tables that have {entries}: they are of other settings")
            })? = value;
        }
        Ok(())
    }
}

/// A list as a tensor.
pub fn tensor<T: candle_core::WithDType>(list: Vec<T>) -> Result<Tensor> {
    let length = list.len();
    Ok(Tensor::from_vec(list, length, &Device::Cpu)?)
}

/// The list called `name` among `tensors`.
pub fn list<T: candle_core::WithDType>(tensors: &Tensors, name: &str) -> Result<Vec<T>> {
    let (_, tensor) = tensors
        .iter()
        .find(|(other, _)| other == name)
        .with_context(|| format!("no {name} in the file of tables: it is of another version"))?;
    Ok(tensor.to_vec1()?)
}

/// Plays by the tables.
pub struct TuplePlayer {
    /// What it plays by.
    pub tuples: Tuples,
}

impl Player for TuplePlayer {
    fn measure(&self) -> &'static str {
        "points to come"
    }

    fn think(&mut self, views: &[View<'_>]) -> Result<Vec<Thoughts>> {
        let think = |view: &View<'_>| {
            let board = Tiles::from_observation(view.observation)?;
            let worth = |action| {
                let (afterstate, points) = board.slide(action)?;
                Some(points as f32 + self.tuples.value(&self.tuples.looks(afterstate)))
            };
            let worth: Vec<Option<f32>> = (0..4).map(worth).collect();
            Ok(Thoughts {
                value: worth.iter().flatten().copied().reduce(f32::max),
                // What the rules do not allow earns nothing.
                actions: worth.into_iter().map(Option::unwrap_or_default).collect(),
            })
        };
        views.iter().map(think).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board() -> Tiles {
        Tiles::from_numbers([[2, 4, 8, 16], [0, 2, 32, 64], [0, 0, 4, 128], [2, 0, 0, 2048]]).unwrap()
    }

    #[test]
    fn images_of_a_board_have_the_same_entries() {
        let tuples = Tuples::new(12).unwrap();
        let sorted = |board| {
            let mut looks = tuples.looks(board);
            looks.sort_unstable();
            looks
        };
        for image in board().images() {
            assert_eq!(sorted(image), sorted(board()));
        }
    }

    #[test]
    fn a_look_is_the_number_that_six_squares_spell() {
        let tuples = Tuples::new(11).unwrap();
        // The first table's look at the board as it is: 2, 4, 8, 16, 0, 2, whose powers of two are 1, 2, 3, 4, 0, 1.
        let expected = [1, 2, 3, 4, 0, 1]
            .iter()
            .rev()
            .fold(0, |number, digit| 11 * number + digit);
        assert_eq!(tuples.looks(board())[0], expected);
        let end = tuples.values.len() as u32;
        assert_eq!(end, 4 * 11u32.pow(6));
        // Every table is looked into for all eight images, and no look is beyond the last.
        for (table, start) in (0..end).step_by(11usize.pow(6)).enumerate() {
            let looks = tuples.looks(board());
            let inside = looks
                .iter()
                .filter(|look| (start..start + 11u32.pow(6)).contains(*look));
            assert_eq!(inside.count(), 8, "table {table}");
        }
        // A tile of 2048 counts as one of 1024, the largest that is told apart.
        let mut numbers = board().numbers();
        numbers[3][3] = 1024;
        assert_eq!(
            tuples.looks(Tiles::from_numbers(numbers).unwrap()),
            tuples.looks(board())
        );
    }

    #[test]
    fn the_best_slide_has_most_points_and_hopes() {
        let mut tuples = Tuples::new(12).unwrap();
        let board = Tiles::from_numbers([[4, 4, 2, 0], [0; 4], [0; 4], [8, 0, 0, 0]]).unwrap();
        // Of right and left, which earn as much, the first.
        let best = tuples.best(board).unwrap();
        assert_eq!((best.points, Some((best.afterstate, 8))), (8.0, board.slide(1)));
        // Unless more is hoped for elsewhere.
        let (up, _) = board.slide(0).unwrap();
        for look in tuples.looks(up) {
            tuples.values[look as usize] = 1.0;
        }
        let best = tuples.best(board).unwrap();
        assert_eq!(best.afterstate, up);
        assert_eq!((best.points, best.value), (0.0, 32.0));
        let stuck = [[2, 4, 2, 4], [4, 2, 4, 2], [2, 4, 2, 4], [4, 2, 4, 2]];
        assert!(tuples.best(Tiles::from_numbers(stuck).unwrap()).is_none());
    }

    #[test]
    fn tables_are_written_and_read_and_others_refused() {
        let mut tuples = Tuples::new(5).unwrap();
        for (place, value) in [(0, 1.5), (7, -2.0), (4 * 5usize.pow(6) - 1, 3.25)] {
            tuples.values[place] = value;
        }
        let tensors = tuples.tensors().unwrap();
        assert_eq!(list::<u32>(&tensors, "places").unwrap(), [0, 7, 62_499]);
        let mut other = Tuples::new(5).unwrap();
        other.values[3] = 9.0;
        other.restore(&tensors).unwrap();
        assert_eq!(other.values, tuples.values);
        let error = Tuples::new(4).unwrap().restore(&tensors).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("place 62499 of tables that have 16384"),
            "{error}"
        );
        let error = Tuples::new(4)
            .unwrap()
            .restore(&tensors[..1].to_vec())
            .unwrap_err();
        assert!(error.to_string().contains("no values"), "{error}");
        assert!(Tuples::new(1).is_err());
        assert!(Tuples::new(17).is_err());
    }
}
