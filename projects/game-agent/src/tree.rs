//! The tree search of AlphaZero: a network says which moves are worth a look and how good positions are, the tree looks
//! (Silver et al. 2018; the search is that of the 2017 paper on AlphaGo Zero, "Methods: Search algorithm", but that a move
//! that was never tried counts as good as its position, not as a draw).
//!
//! Many trees are searched in step, so that the network judges the positions of all of them at once.

use std::collections::{HashMap, HashSet};

use anyhow::Result;
use games::connect_four::{Board, COLUMNS};
use nn::Random;
use rand::Rng;

/// What a network says of a position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// How likely each column is to be the best; of those that are full, anything.
    pub policy: [f32; COLUMNS],
    /// What the player to move can hope for, from −1 for a loss to 1 for a win.
    pub value: f32,
}

impl Judgement {
    /// The same of the position in a mirror.
    fn mirror(mut self) -> Self {
        self.policy.reverse();
        self
    }
}

/// Judges positions, none of which is over.
pub trait Judge {
    /// A judgement for each of `boards`.
    fn judge(&self, boards: &[Board]) -> Result<Vec<Judgement>>;
}

/// Judgements that were made: much of what self-play asks has been asked before, in another game, in the search for the
/// move before, or by another order of moves. A position and its mirror image are one question, so play is symmetric
/// even where the network is not. Empty it when the network has changed.
#[derive(Default)]
pub struct Known {
    judgements: HashMap<Board, Judgement>,
    /// Positions that the network was asked for.
    pub judged: u64,
}

/// Of a position and its mirror image the one to ask for, and whether it is the image.
fn question(board: &Board) -> (Board, bool) {
    let image = board.mirror();
    match image < *board {
        true => (image, true),
        false => (*board, false),
    }
}

impl Known {
    fn get(&self, board: &Board) -> Option<Judgement> {
        let (board, mirrored) = question(board);
        let judgement = *self.judgements.get(&board)?;
        Some(if mirrored { judgement.mirror() } else { judgement })
    }

    /// Asks `judge` for those of `boards` that are not known.
    fn learn(&mut self, boards: &[Board], judge: &impl Judge) -> Result<()> {
        let mut new = HashSet::new();
        let boards = boards.iter().map(|board| question(board).0);
        let boards: Vec<Board> = boards
            .filter(|board| !self.judgements.contains_key(board) && new.insert(*board))
            .collect();
        self.judged += boards.len() as u64;
        let judgements = judge.judge(&boards)?;
        self.judgements.extend(boards.into_iter().zip(judgements));
        Ok(())
    }

    /// Forgets all, and the counts.
    pub fn clear(&mut self) {
        *self = Known::default();
    }
}

/// A position that has been looked at, and what is known of the moves in it.
struct Node {
    board: Board,
    /// What the player to move gets where the rules alone say it.
    decided: Option<f32>,
    /// How likely each column is to be the best, before any search; 0 where it is full.
    prior: [f32; COLUMNS],
    visits: [u32; COLUMNS],
    /// The sum of what those visits found, for the player to move here.
    total: [f32; COLUMNS],
    /// Where the position after the move is among the nodes; 0 where it was not looked at.
    next: [u32; COLUMNS],
    /// What the network, or the rules, say of the position.
    value: f32,
}

impl Node {
    fn new(board: Board) -> Self {
        let decided = match () {
            // Whoever moved last has four in a line.
            _ if board.just_won() => Some(-1.0),
            _ if board.is_full() => Some(0.0),
            // Whoever is to move has them next: a look at the rules spares the network's guess.
            _ if (0..COLUMNS).any(|column| board.wins_with(column)) => Some(1.0),
            _ => None,
        };
        Node {
            board,
            decided,
            prior: [0.0; COLUMNS],
            visits: [0; COLUMNS],
            total: [0.0; COLUMNS],
            next: [0; COLUMNS],
            value: decided.unwrap_or(0.0),
        }
    }

    fn set(&mut self, judgement: Judgement) {
        self.value = judgement.value;
        for column in 0..COLUMNS {
            let open = self.board.is_open(column);
            self.prior[column] = if open { judgement.policy[column] } else { 0.0 };
        }
        let sum: f32 = self.prior.iter().sum();
        self.prior
            .iter_mut()
            .for_each(|prior| *prior /= sum.max(f32::MIN_POSITIVE));
    }

    /// The mean of all that was found here.
    fn mean(&self) -> f32 {
        let visits: u32 = self.visits.iter().sum();
        (self.value + self.total.iter().sum::<f32>()) / (visits + 1) as f32
    }

    /// The open column of the highest Q + U: U is large for moves that the network likes and that were tried seldom.
    fn select(&self, exploration: f32) -> usize {
        let visits: u32 = self.visits.iter().sum();
        let spread = exploration * ((visits + 1) as f32).sqrt();
        // A move that was never tried counts as good as its position.
        let mean = self.mean();
        let mut best = (0, f32::NEG_INFINITY);
        for column in (0..COLUMNS).filter(|&column| self.board.is_open(column)) {
            let tried = self.visits[column] as f32;
            let quality = match self.visits[column] {
                0 => mean,
                _ => self.total[column] / tried,
            };
            let bound = quality + spread * self.prior[column] / (1.0 + tried);
            if bound > best.1 {
                best = (column, bound);
            }
        }
        best.0
    }
}

/// The search for one move.
pub struct Tree {
    nodes: Vec<Node>,
    exploration: f32,
    /// How many simulations are still to be made.
    left: u32,
    /// The share of noise among the root's priors, and the noise.
    noise: Option<(f32, [f32; COLUMNS])>,
    /// The moves (node, column) down to the newest node.
    path: Vec<(usize, usize)>,
    /// Whether the newest node waits for a judgement.
    waiting: bool,
}

impl Tree {
    /// A search of `simulations` from `board`, in which the game is not over. `exploration` is c of the PUCT formula.
    pub fn new(board: Board, simulations: u32, exploration: f32) -> Self {
        let root = Node::new(board);
        let mut tree = Tree {
            // The rules say what to do where a move wins at once.
            left: if root.decided.is_some() { 0 } else { simulations },
            waiting: root.decided.is_none(),
            nodes: Vec::new(),
            exploration,
            noise: None,
            path: Vec::new(),
        };
        tree.nodes.push(root);
        if tree.nodes[0].decided.is_some() {
            let wins = (0..COLUMNS).find(|&column| board.wins_with(column));
            let column = wins.or_else(|| (0..COLUMNS).find(|&column| board.is_open(column)));
            tree.nodes[0].prior[column.unwrap_or(0)] = 1.0;
        }
        tree
    }

    /// The same, but that a `share` of the root's priors is noise: with it self-play tries what the network does not
    /// think of. Drawn from a Dirichlet distribution with α = 1, under which all mixtures are equally likely (AlphaZero
    /// has about 10 / the number of moves).
    #[must_use]
    pub fn with_noise(mut self, share: f32, random: &mut Random) -> Self {
        let exponential = |_| -(1.0 - random.random::<f32>()).ln();
        self.noise = Some((share, std::array::from_fn(exponential)));
        self
    }

    /// How often each column was tried.
    #[cfg(test)]
    pub fn visits(&self) -> [u32; COLUMNS] {
        self.nodes[0].visits
    }

    /// The share of the simulations that each column got; without any, what the network, or the rules, say.
    pub fn policy(&self) -> [f32; COLUMNS] {
        let root = &self.nodes[0];
        match root.visits.iter().sum::<u32>() {
            0 => root.prior,
            sum => root.visits.map(|visits| visits as f32 / sum as f32),
        }
    }

    /// What the player to move can hope for.
    pub fn value(&self) -> f32 {
        match self.nodes[0].decided {
            Some(value) => value,
            None => self.nodes[0].mean(),
        }
    }

    /// Searches on, until the search is over or a judgement is wanted that is not known.
    fn go_on(&mut self, known: &Known) {
        loop {
            if self.waiting {
                let newest = self.nodes.len() - 1;
                let Some(judgement) = known.get(&self.nodes[newest].board) else {
                    return;
                };
                self.nodes[newest].set(judgement);
                self.waiting = false;
                match newest {
                    0 => self.add_noise(),
                    _ => self.back_up(judgement.value),
                }
            }
            if self.left == 0 {
                return;
            }
            self.left -= 1;
            self.descend();
        }
    }

    /// The position that waits for a judgement.
    fn wanted(&self) -> Option<Board> {
        self.waiting.then(|| self.nodes[self.nodes.len() - 1].board)
    }

    fn add_noise(&mut self) {
        let Some((share, noise)) = self.noise else { return };
        let root = &mut self.nodes[0];
        let open = |column: &usize| root.board.is_open(*column);
        let sum: f32 = (0..COLUMNS).filter(open).map(|column| noise[column]).sum();
        for column in (0..COLUMNS).filter(|&column| root.board.is_open(column)) {
            root.prior[column] = (1.0 - share) * root.prior[column] + share * noise[column] / sum;
        }
    }

    /// From the root by the best moves to a position that is new, or that the rules decide.
    fn descend(&mut self) {
        self.path.clear();
        let mut at = 0;
        loop {
            let column = self.nodes[at].select(self.exploration);
            self.path.push((at, column));
            let next = self.nodes[at].next[column] as usize;
            if next == 0 {
                let node = Node::new(self.nodes[at].board.after(column));
                self.nodes[at].next[column] = self.nodes.len() as u32;
                let decided = node.decided;
                self.nodes.push(node);
                match decided {
                    Some(value) => self.back_up(value),
                    None => self.waiting = true,
                }
                return;
            }
            if let Some(value) = self.nodes[next].decided {
                return self.back_up(value);
            }
            at = next;
        }
    }

    /// Adds `value`, that of the player to move at the end of the path, to all moves of it.
    fn back_up(&mut self, mut value: f32) {
        for &(at, column) in self.path.iter().rev() {
            // What is good for one is bad for the other, who moved there.
            value = -value;
            self.nodes[at].visits[column] += 1;
            self.nodes[at].total[column] += value;
        }
    }
}

/// Searches all of `trees` to their end.
pub fn search(trees: &mut [Tree], judge: &impl Judge, known: &mut Known) -> Result<()> {
    loop {
        let all = trees.iter_mut().collect();
        nn::share(all, || (), |_, tree: &mut Tree| tree.go_on(known));
        let wanted: Vec<Board> = trees.iter().filter_map(Tree::wanted).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        known.learn(&wanted, judge)?;
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    /// Knows nothing: every column and every outcome is as likely as any other.
    struct Ignorant;

    impl Judge for Ignorant {
        fn judge(&self, boards: &[Board]) -> Result<Vec<Judgement>> {
            assert!(boards.iter().all(|board| !board.is_over()));
            let judgement = Judgement {
                policy: [1.0 / COLUMNS as f32; COLUMNS],
                value: 0.0,
            };
            Ok(vec![judgement; boards.len()])
        }
    }

    /// Has an opinion that differs from position to position, and from a position to its mirror image.
    struct Opinionated;

    impl Judge for Opinionated {
        fn judge(&self, boards: &[Board]) -> Result<Vec<Judgement>> {
            let judge = |board: &Board| {
                let mut random = nn::random(1, &board.to_string());
                Judgement {
                    policy: std::array::from_fn(|_| random.random()),
                    value: 2.0 * random.random::<f32>() - 1.0,
                }
            };
            Ok(boards.iter().map(judge).collect())
        }
    }

    fn searched(board: &str, simulations: u32, judge: &impl Judge) -> Result<Tree> {
        let mut trees = [Tree::new(board.parse()?, simulations, 2.0)];
        search(&mut trees, judge, &mut Known::default())?;
        let [tree] = trees;
        Ok(tree)
    }

    fn best(tree: &Tree) -> Option<usize> {
        let most = tree.policy().into_iter().fold(0.0, f32::max);
        tree.policy().iter().position(|&share| share == most)
    }

    #[test]
    fn wins_and_blocks_without_knowing_anything() -> Result<()> {
        for (moves, column) in [
            ("121212", 0),
            ("1122336", 3),
            ("12131", 0),
            ("1336335445", 3),
            ("31314612521", 1),
        ] {
            let tree = searched(moves, 64, &Ignorant)?;
            assert_eq!(best(&tree), Some(column), "{moves}: {:?}", tree.policy());
        }
        // Where the rules alone decide, nobody is asked.
        let won = searched("121212", 64, &Ignorant)?;
        assert_eq!((won.value(), won.visits()), (1.0, [0; 7]));
        // Two open ends: whatever is played, the other wins.
        assert!(searched("33445", 200, &Ignorant)?.value() < -0.5);
        Ok(())
    }

    #[test]
    fn every_simulation_is_counted_once() -> Result<()> {
        for moves in ["", "44", "4444441", "111111222222555555666666"] {
            for simulations in [1, 7, 100] {
                let tree = searched(moves, simulations, &Opinionated)?;
                assert_eq!(tree.visits().iter().sum::<u32>(), simulations, "{moves}");
                assert!((tree.policy().iter().sum::<f32>() - 1.0).abs() < 1e-5);
                assert!(tree.value().abs() <= 1.0);
                let board: Board = moves.parse()?;
                for column in (0..COLUMNS).filter(|&column| !board.is_open(column)) {
                    assert_eq!(tree.visits()[column], 0);
                }
            }
            // Without a search, the policy is what is thought at first sight.
            assert!((searched(moves, 0, &Opinionated)?.policy().iter().sum::<f32>() - 1.0).abs() < 1e-5);
        }
        Ok(())
    }

    #[test]
    fn many_trees_are_searched_as_each_alone() -> Result<()> {
        let moves = ["", "4", "4433", "1234567", "4"];
        let tree = |moves: &&str| Ok(Tree::new(moves.parse()?, 50, 2.0));
        let mut trees = moves.iter().map(tree).collect::<Result<Vec<Tree>>>()?;
        let mut known = Known::default();
        search(&mut trees, &Opinionated, &mut known)?;
        for (moves, tree) in moves.iter().zip(&trees) {
            assert_eq!(
                tree.visits(),
                searched(moves, 50, &Opinionated)?.visits(),
                "{moves}"
            );
        }
        // The fifth is the same as the second, which is also in the first.
        assert!(known.judged < 5 * 51 - 51, "{}", known.judged);
        Ok(())
    }

    #[test]
    fn positions_and_their_mirror_images_are_one_question() -> Result<()> {
        let mut known = Known::default();
        let board: Board = "1223".parse()?;
        known.learn(&[board, board.mirror(), board], &Opinionated)?;
        assert_eq!(known.judged, 1);
        let judgement = known.get(&board).context("it was asked for")?;
        assert_eq!(known.get(&board.mirror()), Some(judgement.mirror()));
        assert_eq!(known.get(&Board::new()), None);
        Ok(())
    }

    #[test]
    fn noise_is_a_share_of_the_roots_priors() -> Result<()> {
        let board: Board = "444444".parse()?;
        let mut tree = [Tree::new(board, 0, 2.0).with_noise(0.25, &mut nn::random(1, "noise"))];
        search(&mut tree, &Ignorant, &mut Known::default())?;
        let noisy = tree[0].policy();
        assert!((noisy.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert_eq!(noisy[3], 0.0);
        let plain = 0.75 / 6.0;
        assert!(
            (0..7)
                .filter(|&column| column != 3)
                .all(|column| noisy[column] > plain)
        );
        Ok(())
    }
}
