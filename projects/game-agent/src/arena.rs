//! Who beats whom at Connect Four: everybody plays everybody, and the results become ratings.

use anyhow::{Context, Result};
use games::connect_four::{Board, OnePly, Opponent, RandomPlayer, Side, TreeSearch};

use crate::player::{Player, View};

/// Somebody who plays.
pub struct Entrant {
    /// The name in the table.
    pub name: String,
    mind: Mind,
}

enum Mind {
    Rule(Box<dyn Opponent>),
    Agent(Box<dyn Player>),
}

impl Entrant {
    /// A player without a network.
    pub fn rule(opponent: impl Opponent + 'static) -> Self {
        Entrant {
            name: opponent.name(),
            mind: Mind::Rule(Box::new(opponent)),
        }
    }

    /// A player who thinks about many games at once.
    pub fn agent(name: &str, player: impl Player + 'static) -> Self {
        Entrant {
            name: name.to_string(),
            mind: Mind::Agent(Box::new(player)),
        }
    }

    /// Those that every agent is measured against, chance first: it has the rating 0.
    pub fn standard() -> Vec<Self> {
        let searches = [50, 200, 1_000].map(|rollouts| Entrant::rule(TreeSearch::new(rollouts)));
        [Entrant::rule(RandomPlayer), Entrant::rule(OnePly)]
            .into_iter()
            .chain(searches)
            .collect()
    }

    /// Moves in each of `tables`, where it is to move.
    fn play(&mut self, tables: &mut [&mut Table]) -> Result<()> {
        match &mut self.mind {
            Mind::Rule(opponent) => {
                for table in tables {
                    let column = opponent.choose(&table.board, &mut table.random);
                    table.board.play(column).with_context(|| self.name.clone())?;
                }
            }
            Mind::Agent(player) => {
                let sights: Vec<(Vec<f32>, Vec<bool>)> = tables
                    .iter()
                    .map(|table| {
                        let open = (0..7).map(|column| table.board.is_open(column));
                        (table.board.planes(), open.collect())
                    })
                    .collect();
                let views: Vec<View<'_>> = sights
                    .iter()
                    .map(|(observation, action_mask)| View {
                        observation,
                        action_mask,
                    })
                    .collect();
                for (table, column) in tables.iter_mut().zip(player.act(&views)?) {
                    table.board.play(column).with_context(|| self.name.clone())?;
                }
            }
        }
        Ok(())
    }
}

/// A game under way.
struct Table {
    board: Board,
    /// Who of the two has the first move.
    first: usize,
    random: nn::Random,
}

/// Moves by chance before the players take over. Two players who leave nothing to chance would else play one game over
/// and over. Each opening is played twice, with sides changed.
const OPENING: usize = 2;

/// Plays `games` games, an even number, half of them with each side. Gives the points of `one` in each: 1 a win, ½ a draw.
pub fn contest(one: &mut Entrant, other: &mut Entrant, games: usize, seed: u64) -> Result<Vec<f64>> {
    let table = |number: usize| {
        let mut opening = nn::random(seed, &format!("arena/opening {}", number / 2));
        let mut board = Board::new();
        for _ in 0..OPENING {
            board.drop_into(board.random_column(&mut opening));
        }
        Table {
            board,
            first: number % 2,
            random: nn::random(seed, &format!("arena/{}/{}/{number}", one.name, other.name)),
        }
    };
    let mut tables: Vec<Table> = (0..games).map(table).collect();
    loop {
        let mut moved = false;
        for (seat, player) in [&mut *one, &mut *other].into_iter().enumerate() {
            let mut waiting: Vec<&mut Table> = tables
                .iter_mut()
                .filter(|table| !table.board.is_over() && table.to_move() == seat)
                .collect();
            moved |= !waiting.is_empty();
            player.play(&mut waiting)?;
        }
        if !moved {
            break;
        }
    }
    let points = tables.iter().map(|table| match table.board.winner() {
        None => 0.5,
        // The loser would be to move.
        Some(_) => table.to_move() as f64,
    });
    Ok(points.collect())
}

impl Table {
    /// Which of the two is to move: 0 or 1.
    fn to_move(&self) -> usize {
        match self.board.turn() {
            Side::First => self.first,
            Side::Second => 1 - self.first,
        }
    }
}

/// Who got how many points against whom.
#[derive(Clone, Debug, PartialEq)]
pub struct Standings {
    /// The players.
    pub names: Vec<String>,
    /// The points of each player (row) against each (column).
    pub points: Vec<Vec<f64>>,
    /// Games of each pair.
    pub games: usize,
}

/// Everybody against everybody, `games` games each.
pub fn round_robin(entrants: &mut [Entrant], games: usize, seed: u64) -> Result<Standings> {
    let count = entrants.len();
    let mut points = vec![vec![0.0; count]; count];
    let pairs = (1..count).flat_map(|second| (0..second).map(move |first| (first, second)));
    for (first, second) in pairs {
        let (before, rest) = entrants.split_at_mut(second);
        let won: f64 = contest(&mut before[first], &mut rest[0], games, seed)?
            .iter()
            .sum();
        points[first][second] = won;
        points[second][first] = games as f64 - won;
    }
    Ok(Standings {
        names: entrants.iter().map(|entrant| entrant.name.clone()).collect(),
        points,
        games,
    })
}

impl Standings {
    /// Elo ratings: 400 points more mean that ten of eleven points are won. They are those under which the results are
    /// likeliest (the model of Bradley and Terry 1952, a draw half a win), found by Hunter's (2004) iteration, and the
    /// first player's is 0.
    ///
    /// Whoever has won all games would rate infinitely; so each pair counts as if it had played one more game, a draw.
    /// With 100 games a pair, 100 : 0 then means about 920 points of difference, not more.
    pub fn elo(&self) -> Vec<f64> {
        let count = self.names.len();
        let games = self.games as f64 + 1.0;
        let won: Vec<f64> = (0..count)
            .map(|one| self.points[one].iter().sum::<f64>() + 0.5 * (count - 1) as f64)
            .collect();
        let mut strength = vec![1.0; count];
        for _ in 0..10_000 {
            let next: Vec<f64> = (0..count)
                .map(|one| {
                    let others = (0..count).filter(|&other| other != one);
                    let weight = |other| games / (strength[one] + strength[other]);
                    won[one] / others.map(weight).sum::<f64>()
                })
                .collect();
            // Only ratios count; fixing one keeps the numbers from drifting.
            let scale = next[0];
            let next: Vec<f64> = next.into_iter().map(|value| value / scale).collect();
            let moved = next
                .iter()
                .zip(&strength)
                .map(|(new, old)| (new / old - 1.0).abs());
            let most = moved.fold(0.0, f64::max);
            strength = next;
            if most < 1e-12 {
                break;
            }
        }
        strength.into_iter().map(|value| 400.0 * value.log10()).collect()
    }

    /// A line for each player, the best first: name, rating, share of all points, and the points against each other
    /// player, for a table.
    pub fn lines(&self) -> Vec<(String, f64, f64, Vec<f64>)> {
        let total = (self.games * (self.names.len() - 1)) as f64;
        let mut lines: Vec<_> = self
            .elo()
            .into_iter()
            .enumerate()
            .map(|(number, elo)| {
                let points = self.points[number].clone();
                let share = points.iter().sum::<f64>() / total.max(1.0);
                (self.names[number].clone(), elo, share, points)
            })
            .collect();
        lines.sort_by(|a, b| b.1.total_cmp(&a.1));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standings(points: &[&[f64]], games: usize) -> Standings {
        Standings {
            names: (0..points.len()).map(|number| number.to_string()).collect(),
            points: points.iter().map(|row| row.to_vec()).collect(),
            games,
        }
    }

    #[test]
    fn ratings_of_made_results() {
        // Two players: the ratio of points is all there is, one drawn game added to both.
        let elo = standings(&[&[0.0, 25.0], &[75.0, 0.0]], 100).elo();
        assert_eq!(elo[0], 0.0);
        assert!(
            (elo[1] - 400.0 * (75.5f64 / 25.5).log10()).abs() < 1e-6,
            "{elo:?}"
        );
        // Nobody rates infinitely.
        let elo = standings(&[&[0.0, 0.0], &[100.0, 0.0]], 100).elo();
        assert!(
            (elo[1] - 400.0 * (100.5f64 / 0.5).log10()).abs() < 1e-6,
            "{elo:?}"
        );
        // Equal players rate alike.
        let elo = standings(&[&[0.0, 5.0, 5.0], &[5.0, 0.0, 5.0], &[5.0, 5.0, 0.0]], 10).elo();
        assert!(elo.iter().all(|rating| rating.abs() < 1e-9), "{elo:?}");
    }

    /// Points that are exactly what the model expects of known ratings give the ratings back, less the little that the
    /// added draws pull them together.
    #[test]
    fn ratings_come_back() {
        let known: [f64; 4] = [0.0, 150.0, 400.0, 520.0];
        let games = 100_000;
        let expected = |one: f64, other: f64| games as f64 / (1.0 + 10f64.powf((other - one) / 400.0));
        let points: Vec<Vec<f64>> = (0..4)
            .map(|one| {
                let against = |other| {
                    if one == other {
                        0.0
                    } else {
                        expected(known[one], known[other])
                    }
                };
                (0..4).map(against).collect()
            })
            .collect();
        let rows: Vec<&[f64]> = points.iter().map(Vec::as_slice).collect();
        let elo = standings(&rows, games).elo();
        for (rating, known) in elo.iter().zip(known) {
            assert!((rating - known).abs() < 0.1, "{elo:?}");
        }
    }

    #[test]
    fn everybody_plays_everybody_with_both_sides() -> Result<()> {
        let entrants = || {
            [
                Entrant::rule(RandomPlayer),
                Entrant::rule(OnePly),
                Entrant::rule(TreeSearch::new(50)),
            ]
        };
        let standings = round_robin(&mut entrants(), 20, 1)?;
        assert_eq!(standings, round_robin(&mut entrants(), 20, 1)?);
        for (one, other) in [(0, 1), (0, 2), (1, 2)] {
            assert_eq!(standings.points[one][other] + standings.points[other][one], 20.0);
            assert!(standings.points[other][one] > 10.0, "{standings:?}");
        }
        let lines = standings.lines();
        assert_eq!(lines[2].0, "random");
        assert_eq!(lines[2].1, 0.0);
        assert!(lines[0].1 > lines[1].1);
        Ok(())
    }
}
