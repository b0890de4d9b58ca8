//! Plain Monte Carlo tree search: upper confidence bounds and random play to the end (Kocsis and Szepesvári 2006, UCT;
//! Coulom 2006). It knows nothing but the rules.

use nn::Random;

use super::{Board, COLUMNS, Opponent};

/// How much the bound of a move that was tried less is widened, where a win counts 1 and a loss 0. With 200 rollouts 0.5 was
/// the best of 0.35, 0.5, 0.7, 1 and √2: it had 54 % of 1,000 games against all of them, √2 had 45 %.
const EXPLORATION: f32 = 0.5;

/// UCT with a number of random games for each move: the more, the stronger and the slower.
///
/// ```
/// use games::connect_four::{Board, Opponent, TreeSearch};
/// // Three in a row, open at the right end: the fourth wins.
/// let board: Board = "112233".parse()?;
/// let column = TreeSearch::new(200).choose(&board, &mut nn::random(1, "doc"));
/// assert_eq!(column, 3);
/// # Ok::<(), games::GameError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TreeSearch {
    rollouts: usize,
    nodes: Vec<Node>,
}

/// A position of the tree. The position itself is found by the moves that lead there.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// The move that led here.
    column: u8,
    /// How many positions follow; 0 as long as none has been looked at.
    children: u8,
    /// Where they begin among the nodes.
    first_child: u32,
    /// How many games have come through here.
    visits: u32,
    /// What they earned the player who moved here: 1 a win, ½ a draw.
    earned: f32,
}

impl Node {
    fn new(column: usize) -> Self {
        Node {
            column: column as u8,
            children: 0,
            first_child: 0,
            visits: 0,
            earned: 0.0,
        }
    }
}

impl TreeSearch {
    /// A search of `rollouts` random games a move; at least one.
    pub fn new(rollouts: usize) -> Self {
        Self {
            rollouts: rollouts.max(1),
            nodes: Vec::new(),
        }
    }

    /// How many of the random games began with each column, for a position in which the game is not over.
    pub fn visits(&mut self, board: &Board, random: &mut Random) -> [u32; COLUMNS] {
        self.nodes.clear();
        self.nodes.push(Node::new(0));
        for _ in 0..self.rollouts {
            self.simulate(*board, random);
        }
        let root = self.nodes[0];
        let mut visits = [0; COLUMNS];
        for child in &self.nodes[root.first_child as usize..][..root.children as usize] {
            visits[child.column as usize] = child.visits;
        }
        visits
    }

    /// One way down the tree, one random game from its end, and the way back.
    fn simulate(&mut self, mut board: Board, random: &mut Random) {
        let mut path = Vec::with_capacity(16);
        let mut at = 0;
        path.push(at);
        // A position is given children when it is met the second time (the root the first).
        while !board.is_over() && (self.nodes[at].visits > 0 || at == 0) {
            if self.nodes[at].children == 0 {
                self.expand(at, &board, random);
            }
            at = self.select(at);
            board.drop_into(self.nodes[at].column as usize);
            path.push(at);
        }
        // For the player who moved to the last position, and by turns for those before.
        let mut earned = 1.0 - board.rollout(random);
        for &at in path.iter().rev() {
            self.nodes[at].visits += 1;
            self.nodes[at].earned += earned;
            earned = 1.0 - earned;
        }
    }

    /// Gives a position its children, in random order: they are tried in this order.
    fn expand(&mut self, at: usize, board: &Board, random: &mut Random) {
        let first = self.nodes.len();
        let open = (0..COLUMNS).filter(|&column| board.is_open(column));
        self.nodes.extend(open.map(Node::new));
        rand::seq::SliceRandom::shuffle(&mut self.nodes[first..], random);
        self.nodes[at].first_child = first as u32;
        self.nodes[at].children = (self.nodes.len() - first) as u8;
    }

    /// The child of the highest upper bound; first those that no game has come through.
    fn select(&self, at: usize) -> usize {
        let node = self.nodes[at];
        let first = node.first_child as usize;
        let children = &self.nodes[first..][..node.children as usize];
        let spread = (node.visits as f32).ln();
        let bound = |child: &Node| {
            let visits = child.visits as f32;
            child.earned / visits + EXPLORATION * (spread / visits).sqrt()
        };
        let mut best = (0, f32::NEG_INFINITY);
        for (number, child) in children.iter().enumerate() {
            if child.visits == 0 {
                return first + number;
            }
            let bound = bound(child);
            if bound > best.1 {
                best = (number, bound);
            }
        }
        first + best.0
    }
}

impl Opponent for TreeSearch {
    fn name(&self) -> String {
        format!("mcts-{}", self.rollouts)
    }

    fn choose(&mut self, board: &Board, random: &mut Random) -> usize {
        let visits = self.visits(board, random);
        // Even of a single random game one open column has it, and no full one has any.
        let most = visits.iter().copied().max().unwrap_or(0);
        visits.iter().position(|&count| count == most).unwrap_or(0)
    }
}
