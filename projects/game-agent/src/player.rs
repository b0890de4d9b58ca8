//! Whoever plays: a trained agent, a simple rule or chance. All see the same and no more.

use anyhow::Result;
use rand::Rng;

/// What a player sees.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The observation, of the shape that the game's `observation_space` says.
    pub observation: &'a [f32],
    /// Which actions the rules allow; empty where all are allowed.
    pub action_mask: &'a [bool],
}

impl View<'_> {
    /// Whether the rules allow `action`.
    pub fn allows(&self, action: usize) -> bool {
        self.action_mask.get(action).copied().unwrap_or(true)
    }
}

/// What a player thinks of a view.
#[derive(Clone, Debug, Default)]
pub struct Thoughts {
    /// How good each action seems; [`Player::measure`] says what the numbers are. The highest allowed one is played.
    pub actions: Vec<f32>,
    /// What the player hopes for from here on, if it has an idea.
    pub value: Option<f32>,
}

impl Thoughts {
    /// The best action that is allowed, of equals the first.
    pub fn best(&self, view: View<'_>) -> usize {
        let mut best: Option<(usize, f32)> = None;
        for (action, &worth) in self.actions.iter().enumerate() {
            if view.allows(action) && best.is_none_or(|(_, most)| worth > most) {
                best = Some((action, worth));
            }
        }
        best.map_or(0, |(action, _)| action)
    }
}

/// Plays.
pub trait Player: Send {
    /// What the numbers of [`Thoughts::actions`] are: "probability", say.
    fn measure(&self) -> &'static str;

    /// Thinks about several games at once, each by itself.
    fn think(&mut self, views: &[View<'_>]) -> Result<Vec<Thoughts>>;

    /// The action to take in each of several games.
    fn act(&mut self, views: &[View<'_>]) -> Result<Vec<usize>> {
        let thoughts = self.think(views)?;
        Ok(thoughts
            .iter()
            .zip(views)
            .map(|(thoughts, view)| thoughts.best(*view))
            .collect())
    }
}

impl Player for Box<dyn Player> {
    fn measure(&self) -> &'static str {
        (**self).measure()
    }

    fn think(&mut self, views: &[View<'_>]) -> Result<Vec<Thoughts>> {
        (**self).think(views)
    }
}

/// Plays at random, every allowed action as often as any other: the baseline below all others.
pub struct Chance {
    actions: usize,
    random: nn::Random,
}

impl Chance {
    /// A player of a game with so many `actions`.
    pub fn new(actions: usize, seed: u64) -> Self {
        Chance {
            actions,
            random: nn::random(seed, "player/chance"),
        }
    }
}

impl Player for Chance {
    fn measure(&self) -> &'static str {
        "lot"
    }

    fn think(&mut self, views: &[View<'_>]) -> Result<Vec<Thoughts>> {
        let mut lots = || (0..self.actions).map(|_| self.random.random()).collect();
        Ok(views
            .iter()
            .map(|_| Thoughts {
                actions: lots(),
                value: None,
            })
            .collect())
    }
}
