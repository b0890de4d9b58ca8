//! The way back through our operations, as candle's graph sees it.
//!
//! candle's backward pass adds every gradient to a tensor of zeros that it makes first: three passes over memory, on
//! one core, for each result of each operation. For a small convolution that is as long as the convolution. So what
//! stands in candle's graph between two of our operations is a *token*, a single number: the gradients themselves
//! go from operation to operation beside the graph, through slots, and are added only where two meet.
//!
//! ```text
//! the tensors of the user        y₁ = Value(token₁)       y₂ = Value(token₂)
//! the graph behind them    x  ←  token₁ = Step(x)    ←    token₂ = Step(token₁)
//! ```
//!
//! Each tensor that [`record`] returns hangs on the token of its operation. Who uses it in an operation of candle's
//! gets candle's bookkeeping: its gradient comes through `Value`. Who uses it in one of ours is linked to the token.
//! `loss.backward()` works as ever, whatever is mixed; [`backward`] also spares the zeros for the variables.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, Weak};

use candle_core::backprop::GradStore;
use candle_core::{
    CpuStorage, CustomOp1, CustomOp2, CustomOp3, Device, InplaceOp2, Layout, Result, Shape, Tensor, TensorId,
    bail,
};

use crate::cpu::{self, Real, by_dtype};
use crate::float::Float;
use crate::pieces::{TASK, fill, for_each_piece};

/// From the gradient of an operation's result to those of its inputs, in the order of [`record`]'s `inputs`. What it
/// leaves out has none.
type Backward = dyn Fn(&Tensor) -> Result<Vec<Option<Tensor>>> + Send + Sync;

/// The result of an operation on the CPU, and how to go back through it.
///
/// `backward` runs when all of the result's gradient has arrived. It must return a gradient for every input that
/// [tracks](Tensor::track_op) its operations, and keeps alive only what it captures.
pub(crate) fn record<T: Real>(
    values: Vec<T>,
    shape: impl Into<Shape>,
    inputs: &[&Tensor],
    backward: impl Fn(&Tensor) -> Result<Vec<Option<Tensor>>> + Send + Sync + 'static,
) -> Result<Tensor> {
    let shape = shape.into();
    if values.len() != shape.elem_count() {
        bail!(
            "an operation computed {} numbers for a result of {shape:?}",
            values.len()
        )
    }
    if !inputs.iter().any(|input| input.track_op()) {
        return Tensor::from_vec(values, shape, &Device::Cpu);
    }
    let slot = Arc::new(Slot::default());
    let mut edges = Vec::with_capacity(inputs.len());
    let mut nodes = Vec::with_capacity(inputs.len());
    for (place, input) in inputs.iter().enumerate().filter(|(_, input)| input.track_op()) {
        let (node, to) = match token_of(input) {
            Some(token) => (token.node.clone(), To::Slot(token.slot.clone())),
            None if input.is_variable() => ((*input).clone(), To::Variable(input.id())),
            None => ((*input).clone(), To::Candle),
        };
        edges.push(Edge { place, to });
        nodes.push(node);
    }
    let step = Step {
        slot: slot.clone(),
        edges,
        backward: Box::new(backward),
    };
    let node = match &nodes[..] {
        [a] => a.apply_op1(step)?,
        [a, b] => a.apply_op2(b, step)?,
        [a, b, c] => a.apply_op3(b, c, step)?,
        _ => bail!(
            "an operation of {} differentiated inputs: the tape takes three",
            nodes.len()
        ),
    };
    let token = Arc::new(Token { node, slot });
    let value = Value {
        token: token.clone(),
        values: Mutex::new(Some((T::to_cpu_storage_owned(values), shape))),
    };
    let result = token.node.apply_op1(value)?;
    TOKENS.with_borrow_mut(|tokens| tokens.insert(result.id(), &token));
    Ok(result)
}

/// [`record`] for an operation whose way back starts from its result: `backward` is given the result and its gradient.
pub(crate) fn record_with_result<T: Real>(
    values: Vec<T>,
    shape: impl Into<Shape>,
    inputs: &[&Tensor],
    backward: impl Fn(&Tensor, &Tensor) -> Result<Vec<Option<Tensor>>> + Send + Sync + 'static,
) -> Result<Tensor> {
    let kept = Arc::new(OnceLock::<Tensor>::new());
    let result = kept.clone();
    let y = record(values, shape, inputs, move |gradient| match kept.get() {
        Some(y) => backward(y, gradient),
        None => bail!("the backward pass of an operation came before its forward pass"),
    })?;
    // Without its own way back, which would close a circle that is never freed.
    _ = result.set(y.detach());
    Ok(y)
}

/// Backpropagates `loss`: as `loss.backward()`, and faster.
///
/// ```
/// # fn main() -> candle_core::Result<()> {
/// let weight = candle_core::Var::new(&[[1f32, 2.0]], &candle_core::Device::Cpu)?;
/// let x = candle_core::Tensor::new(&[[3f32, 4.0]], &candle_core::Device::Cpu)?;
/// let loss = nn::ops::linear(&x, &weight, None)?.sum_all()?;
/// let gradients = nn::backward(&loss)?;
/// assert_eq!(gradients.get(&weight).map(|g| g.to_vec2::<f32>()).transpose()?, Some(vec![vec![3.0, 4.0]]));
/// # Ok(()) }
/// ```
pub fn backward(loss: &Tensor) -> Result<GradStore> {
    struct Stop;
    impl Drop for Stop {
        fn drop(&mut self) {
            COLLECTED.set(None);
        }
    }
    // On drop, so that an error half-way does not leave the thread collecting.
    let _stop = Stop;
    COLLECTED.set(Some(HashMap::new()));
    let mut store = loss.backward()?;
    for (id, Deposit { gradient, .. }) in COLLECTED.take().unwrap_or_default() {
        // From a use of the variable in one of candle's own operations.
        let sum = match store.get_id(id) {
            Some(other) => (other + gradient)?,
            None => gradient,
        };
        store.insert_id(id, sum);
    }
    Ok(store)
}

thread_local! {
    static TOKENS: RefCell<Tokens> = RefCell::default();
    static COLLECTED: RefCell<Option<HashMap<TensorId, Deposit>>> = const { RefCell::new(None) };
}

/// The tokens of the living results of this thread. (A result that is used on another thread takes candle's way.)
#[derive(Default)]
struct Tokens {
    by_result: HashMap<TensorId, Weak<Token>>,
    sweep_at: usize,
}

impl Tokens {
    fn insert(&mut self, result: TensorId, token: &Arc<Token>) {
        if self.by_result.len() >= self.sweep_at {
            self.by_result.retain(|_, token| token.strong_count() > 0);
            self.sweep_at = 2 * self.by_result.len() + 64;
        }
        self.by_result.insert(result, Arc::downgrade(token));
    }
}

fn token_of(tensor: &Tensor) -> Option<Arc<Token>> {
    TOKENS.with_borrow(|tokens| tokens.by_result.get(&tensor.id()).and_then(Weak::upgrade))
}

/// An operation's place in candle's graph.
struct Token {
    node: Tensor,
    slot: Arc<Slot>,
}

/// What has arrived of a result's gradient, and in how many parts.
#[derive(Default)]
struct Slot(Mutex<(usize, Option<Deposit>)>);

impl Slot {
    fn add(&self, deposit: Deposit) -> Result<()> {
        let mut slot = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        slot.0 += 1;
        slot.1 = Some(match slot.1.take() {
            None => deposit,
            Some(before) => before.plus(deposit)?,
        });
        Ok(())
    }

    fn take(&self) -> (usize, Option<Deposit>) {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }
}

/// A gradient on its way.
struct Deposit {
    gradient: Tensor,
    /// Whether nobody else reads its memory, so that more may be added in place.
    own: bool,
}

impl Deposit {
    fn plus(self, other: Deposit) -> Result<Deposit> {
        let (into, from) = if self.own { (self, other) } else { (other, self) };
        let from = from.gradient.contiguous()?;
        if into.own && into.gradient.is_contiguous() {
            into.gradient.inplace_op2(&from, &AddInPlace)?;
            return Ok(into);
        }
        let gradient = by_dtype!(from.dtype(), T => cpu::read([&into.gradient, &from], |[a, b]: [&[T]; 2]| {
            let sum = fill(a.len(), TASK, |at, sum| {
                sum.iter_mut().zip(&a[at..]).zip(&b[at..]).for_each(|((sum, a), b)| *sum = *a + *b);
            });
            Tensor::from_vec(sum, from.shape(), &Device::Cpu)
        })?)?;
        Ok(Deposit { gradient, own: true })
    }
}

struct AddInPlace;

impl InplaceOp2 for AddInPlace {
    fn name(&self) -> &'static str {
        "add in place"
    }

    fn cpu_fwd(
        &self,
        sum: &mut CpuStorage,
        sum_layout: &Layout,
        term: &CpuStorage,
        layout: &Layout,
    ) -> Result<()> {
        let Some((start, end)) = sum_layout.contiguous_offsets() else {
            bail!("a gradient that is added to lies in pieces")
        };
        match sum {
            CpuStorage::F32(sum) => add(&mut sum[start..end], cpu::slice(term, layout)?),
            CpuStorage::F64(sum) => add(&mut sum[start..end], cpu::slice(term, layout)?),
            _ => bail!("gradients are added in f32 and f64"),
        }
        Ok(())
    }
}

fn add<T: Float>(sum: &mut [T], term: &[T]) {
    for_each_piece(sum, TASK, |at, sum| {
        sum.iter_mut()
            .zip(&term[at..])
            .for_each(|(sum, term)| *sum += *term);
    });
}

/// Where the gradient of an input goes.
enum To {
    /// To the operation of ours that made it.
    Slot(Arc<Slot>),
    Variable(TensorId),
    Candle,
}

struct Edge {
    /// Of the input among all inputs of the operation.
    place: usize,
    to: To,
}

/// An operation in candle's graph: from the gradient in its slot to those of its inputs.
struct Step {
    slot: Arc<Slot>,
    edges: Vec<Edge>,
    backward: Box<Backward>,
}

impl Step {
    /// What candle is to add to the gradient of each edge: the number 1 where that is a token.
    fn back(&self, parts: &Tensor) -> Result<Vec<Option<Tensor>>> {
        let (arrived, deposit) = self.slot.take();
        let Some(Deposit { gradient, own }) = deposit else {
            bail!("the gradient of an operation's result did not arrive")
        };
        // Each part came with a 1 through the graph. More in the slot than that is left from another time.
        if parts.to_scalar::<f32>()? != arrived as f32 {
            bail!(
                "an earlier backward pass through this graph ended half-way, or another runs at the same time: \
                 compute the forward pass again"
            )
        }
        let mut gradients = (self.backward)(&gradient)?;
        let memory: Vec<_> = gradients.iter().map(|g| g.as_ref().map(address)).collect();
        let come = address(&gradient);
        drop(gradient);
        let pass_on = |edge: &Edge| {
            let Some(gradient) = gradients.get_mut(edge.place).and_then(Option::take) else {
                bail!("an operation left out the gradient of its input {}", edge.place)
            };
            let at = Some(address(&gradient));
            let alone = memory.iter().filter(|&&other| other == at).count() == 1;
            let deposit = Deposit {
                own: alone && (own || at != Some(come)),
                gradient,
            };
            match &edge.to {
                To::Slot(slot) => {
                    slot.add(deposit)?;
                    Ok(Some(Tensor::new(1f32, &Device::Cpu)?))
                }
                To::Variable(id) => collect(*id, deposit),
                To::Candle => Ok(Some(deposit.gradient)),
            }
        };
        self.edges.iter().map(pass_on).collect()
    }
}

/// Keeps a variable's gradient for [`backward`], where that runs; else it is candle's to add.
fn collect(id: TensorId, deposit: Deposit) -> Result<Option<Tensor>> {
    COLLECTED.with_borrow_mut(|collected| {
        let Some(collected) = collected else {
            return Ok(Some(deposit.gradient));
        };
        let sum = match collected.remove(&id) {
            None => deposit,
            Some(before) => before.plus(deposit)?,
        };
        collected.insert(id, sum);
        Ok(None)
    })
}

/// Tells tensors that share memory from others.
fn address(tensor: &Tensor) -> usize {
    &raw const *tensor.storage_and_layout().0 as usize
}

/// The storage of a token; its value is never read.
fn token() -> Result<(CpuStorage, Shape)> {
    Ok((CpuStorage::F32(vec![0.0]), Shape::from(())))
}

impl CustomOp1 for Step {
    fn name(&self) -> &'static str {
        "step"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        token()
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, parts: &Tensor) -> Result<Option<Tensor>> {
        Ok(self.back(parts)?.pop().flatten())
    }
}

impl CustomOp2 for Step {
    fn name(&self) -> &'static str {
        "step"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        token()
    }

    fn bwd(
        &self,
        _: &Tensor,
        _: &Tensor,
        _: &Tensor,
        parts: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let mut gradients = self.back(parts)?.into_iter();
        let mut next = || gradients.next().flatten();
        Ok((next(), next()))
    }
}

impl CustomOp3 for Step {
    fn name(&self) -> &'static str {
        "step"
    }

    fn cpu_fwd(
        &self,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        token()
    }

    fn bwd(
        &self,
        _: &Tensor,
        _: &Tensor,
        _: &Tensor,
        _: &Tensor,
        parts: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let mut gradients = self.back(parts)?.into_iter();
        let mut next = || gradients.next().flatten();
        Ok((next(), next(), next()))
    }
}

/// A result as candle's own operations see it.
struct Value {
    token: Arc<Token>,
    /// Until candle has taken them for the tensor.
    values: Mutex<Option<(CpuStorage, Shape)>>,
}

impl CustomOp1 for Value {
    fn name(&self) -> &'static str {
        "value"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        let values = self
            .values
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .take();
        values.ok_or_else(|| candle_core::Error::Msg("a value was taken twice".into()))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        self.token.slot.add(Deposit {
            gradient: gradient.clone(),
            own: true,
        })?;
        Ok(Some(Tensor::new(1f32, &Device::Cpu)?))
    }
}
