//! The networks: one body for lists of numbers, one for planes, and what stands on them.

use anyhow::Result;
use candle_core::{D, DType, Device, Tensor};
use nn::{Conv2d, Conv2dConfig, Init, Linear, Module, VarBuilder, ops};
use training::{Parameter, Parameters};

use crate::{
    data::Game,
    player::{Player, Thoughts, View},
};

/// What goes in and what comes out.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// The shape of an observation: `[numbers]` or `[planes, height, width]`.
    pub observation: Vec<usize>,
    /// The number of actions.
    pub actions: usize,
}

impl Shape {
    /// That of `game`.
    pub fn of(game: Game) -> Self {
        let game = game.open();
        Shape {
            observation: game.observation_space().shape,
            actions: game.actions().len(),
        }
    }

    /// Numbers in an observation.
    pub fn size(&self) -> usize {
        self.observation.iter().product()
    }

    /// `count` observations, one after the other, as a batch.
    pub fn batch(&self, observations: Vec<f32>, device: &Device) -> candle_core::Result<Tensor> {
        let mut shape = vec![observations.len() / self.size()];
        shape.extend(&self.observation);
        Tensor::from_vec(observations, shape, device)
    }
}

/// What is added to the worth of an action that the rules forbid.
pub const FORBIDDEN: f32 = -1e9;

/// `FORBIDDEN` for each action that `mask` forbids, else 0.
pub fn penalties(mask: &[bool], actions: usize) -> impl Iterator<Item = f32> + '_ {
    (0..actions).map(|action| match mask.get(action) {
        Some(false) => FORBIDDEN,
        _ => 0.0,
    })
}

/// From observations to features.
enum Body {
    /// Two layers on a list of numbers.
    Numbers(Linear, Linear),
    /// Two convolutions and a layer on planes.
    Planes(Conv2d, Conv2d, Linear),
}

/// How large a network is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Numbers in each hidden layer.
    pub hidden: usize,
    /// Channels of the convolutions over planes; 0 takes planes as a list of numbers.
    pub channels: usize,
}

impl Body {
    fn new(
        shape: &[usize],
        Size { hidden, channels }: Size,
        weights: VarBuilder<'_>,
    ) -> candle_core::Result<Self> {
        if let ([planes, height, width], 1..) = (shape, channels) {
            let config = Conv2dConfig {
                padding: 1,
                ..Conv2dConfig::default()
            };
            return Ok(Body::Planes(
                nn::conv2d(*planes, channels, 3, config, weights.pp("conv1"))?,
                nn::conv2d(channels, channels, 3, config, weights.pp("conv2"))?,
                nn::linear(channels * height * width, hidden, weights.pp("hidden"))?,
            ));
        }
        let numbers = shape.iter().product();
        Ok(Body::Numbers(
            before_tanh(numbers, hidden, weights.pp("hidden1"))?,
            before_tanh(hidden, hidden, weights.pp("hidden2"))?,
        ))
    }

    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        match self {
            Body::Numbers(first, second) => {
                let x = ops::tanh(&first.forward(&x.flatten_from(1)?)?)?; // batch × hidden
                ops::tanh(&second.forward(&x)?)
            }
            Body::Planes(first, second, hidden) => {
                let x = ops::relu(&first.forward(x)?)?; // batch × channels × height × width
                let x = ops::relu(&second.forward(&x)?)?;
                ops::relu(&hidden.forward(&x.flatten_from(1)?)?) // batch × hidden
            }
        }
    }
}

/// What each action is worth: Q(s, a).
pub struct QNetwork {
    body: Body,
    actions: Linear,
    /// The value of the state, if it is learned apart from the advantages of the actions.
    value: Option<Linear>,
}

impl QNetwork {
    /// A network of this size, its first weights or trained ones from `weights`.
    pub fn new(
        shape: &Shape,
        size: Size,
        duelling: bool,
        weights: VarBuilder<'_>,
    ) -> candle_core::Result<Self> {
        let value = duelling
            .then(|| nn::linear(size.hidden, 1, weights.pp("value")))
            .transpose()?;
        Ok(QNetwork {
            body: Body::new(&shape.observation, size, weights.pp("body"))?,
            actions: nn::linear(size.hidden, shape.actions, weights.pp("actions"))?,
            value,
        })
    }

    /// The worth of each action, batch × actions.
    pub fn forward(&self, observations: &Tensor) -> candle_core::Result<Tensor> {
        let features = self.body.forward(observations)?;
        let actions = self.actions.forward(&features)?;
        match &self.value {
            // Advantages say how much better an action is than the mean of them (Wang et al. 2016, equation 9).
            Some(value) => actions
                .broadcast_sub(&actions.mean_keepdim(D::Minus1)?)?
                .broadcast_add(&value.forward(&features)?),
            None => Ok(actions),
        }
    }
}

/// What to do, π(a | s), and what to hope for, V(s).
pub struct ActorCritic {
    actor: Body,
    /// Planes share one body, for the features cost most there; lists of numbers do not, for the value's gradient would
    /// drown the policy's.
    critic: Option<Body>,
    actions: Linear,
    value: Linear,
}

impl ActorCritic {
    /// A network of this size, its first weights or trained ones from `weights`.
    pub fn new(shape: &Shape, size: Size, weights: VarBuilder<'_>) -> candle_core::Result<Self> {
        let apart = shape.observation.len() == 1;
        let critic = apart.then(|| Body::new(&shape.observation, size, weights.pp("critic")));
        Ok(ActorCritic {
            actor: Body::new(&shape.observation, size, weights.pp("actor"))?,
            critic: critic.transpose()?,
            actions: undecided(size.hidden, shape.actions, weights.pp("actions"))?,
            value: nn::linear(size.hidden, 1, weights.pp("value"))?,
        })
    }

    /// The logits of the actions, batch × actions, and the values, batch.
    pub fn forward(&self, observations: &Tensor) -> candle_core::Result<(Tensor, Tensor)> {
        let features = self.actor.forward(observations)?;
        let logits = self.actions.forward(&features)?;
        let value = match &self.critic {
            Some(critic) => self.value.forward(&critic.forward(observations)?)?,
            None => self.value.forward(&features)?,
        };
        Ok((logits, value.squeeze(1)?))
    }
}

/// A layer before a tanh. Its weights begin with a deviation of 1.41 / √inputs, the biases at 0, as in PPO's first
/// implementation (Huang et al. 2022, detail 2; there they are orthogonal, too). PyTorch's usual weights are less than half
/// as large, and PPO takes half as many steps more to balance the pole with them.
fn before_tanh(from: usize, to: usize, weights: VarBuilder<'_>) -> candle_core::Result<Linear> {
    let init = Init::Randn {
        mean: 0.0,
        stdev: 1.41 / (from as f64).sqrt(),
    };
    let weight = weights.get_with_hints((to, from), "weight", init)?;
    let bias = weights.get_with_hints(to, "bias", Init::Const(0.0))?;
    Ok(Linear::new(weight, Some(bias)))
}

/// A layer that at first says nearly the same of every action: weights a hundredth of the usual, so that the first steps
/// explore evenly (Andrychowicz et al. 2021, section 3.2).
fn undecided(features: usize, actions: usize, weights: VarBuilder<'_>) -> candle_core::Result<Linear> {
    let bound = 0.01 / (features as f64).sqrt();
    let init = Init::Uniform {
        lo: -bound,
        up: bound,
    };
    let weight = weights.get_with_hints((actions, features), "weight", init)?;
    Ok(Linear::new(
        weight,
        Some(weights.get_with_hints(actions, "bias", init)?),
    ))
}

/// The same weights for looking only: nothing is recorded for a backward pass, which is what costs most in networks as
/// small as these, and what the optimiser does to the weights is seen at once, for they share their memory.
pub fn looking_only(parameters: &Parameters, device: &Device) -> VarBuilder<'static> {
    // A batch norm copies what is no variable, and its statistics would stay what they were at first.
    let share = |parameter: &Parameter| match nn::is_buffer(&parameter.name) {
        true => parameter.value.as_tensor().clone(),
        false => parameter.value.as_detached_tensor(),
    };
    let tensors = parameters
        .iter()
        .map(|parameter| (parameter.name.clone(), share(parameter)))
        .collect();
    VarBuilder::from_tensors(tensors, DType::F32, device)
}

/// A network that can be asked what to do.
pub trait Advice: Send {
    /// What the numbers for the actions are.
    const MEASURE: &'static str;

    /// For each observation of a batch a number for each action, batch × actions, and perhaps a value, batch.
    /// `penalties`, batch × actions, are what forbidden actions are fined.
    fn advise(
        &self,
        observations: &Tensor,
        penalties: &Tensor,
    ) -> candle_core::Result<(Tensor, Option<Tensor>)>;
}

impl Advice for QNetwork {
    const MEASURE: &'static str = "value";

    fn advise(
        &self,
        observations: &Tensor,
        penalties: &Tensor,
    ) -> candle_core::Result<(Tensor, Option<Tensor>)> {
        let values = self.forward(observations)?;
        let best = (&values + penalties)?.max(D::Minus1)?;
        Ok((values, Some(best)))
    }
}

impl Advice for ActorCritic {
    const MEASURE: &'static str = "probability";

    fn advise(
        &self,
        observations: &Tensor,
        penalties: &Tensor,
    ) -> candle_core::Result<(Tensor, Option<Tensor>)> {
        let (logits, value) = self.forward(observations)?;
        Ok((ops::softmax(&(logits + penalties)?, 1)?, Some(value)))
    }
}

/// Plays what a network thinks best.
pub struct NetworkPlayer<N> {
    network: N,
    shape: Shape,
    device: Device,
}

impl<N: Advice> NetworkPlayer<N> {
    /// A player of a game of this shape.
    pub fn new(network: N, shape: Shape, device: &Device) -> Self {
        NetworkPlayer {
            network,
            shape,
            device: device.clone(),
        }
    }
}

impl<N: Advice> Player for NetworkPlayer<N> {
    fn measure(&self) -> &'static str {
        N::MEASURE
    }

    fn think(&mut self, views: &[View<'_>]) -> Result<Vec<Thoughts>> {
        if views.is_empty() {
            return Ok(Vec::new());
        }
        let observations = views.iter().flat_map(|view| view.observation).copied().collect();
        let count = self.shape.actions;
        let fines: Vec<f32> = views
            .iter()
            .flat_map(|view| penalties(view.action_mask, count))
            .collect();
        let (actions, value) = self.network.advise(
            &self.shape.batch(observations, &self.device)?,
            &Tensor::from_vec(fines, (views.len(), count), &self.device)?,
        )?;
        let values = value.map(|value| value.to_vec1::<f32>()).transpose()?;
        let thoughts = actions.to_vec2::<f32>()?.into_iter().enumerate();
        Ok(thoughts
            .map(|(number, actions)| Thoughts {
                actions,
                value: values.as_ref().map(|values| values[number]),
            })
            .collect())
    }
}
