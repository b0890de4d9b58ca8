//! Where a model's first weights come from.

use candle_core::{DType, Device, Result, Shape, Tensor, Var, bail};
use candle_nn::init::NormalOrUniform;
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder, VarMap};
use rand::Rng;

use crate::random::{Random, random};

/// A builder that fills `vars` with trainable variables, each drawn from (`seed`, its name) alone.
///
/// The same seed gives the same weights on every machine and device, in whatever order the layers are made and
/// whatever else was drawn before. A name that `vars` already holds is returned as it is, so building the same
/// model twice shares its weights.
///
/// ```
/// use candle_core::{DType, Device};
/// use nn::{Init, VarMap};
/// # fn main() -> candle_core::Result<()> {
/// let draw = || nn::seeded(&VarMap::new(), 7, DType::F32, &Device::Cpu)
///     .pp("head")
///     .get_with_hints(3, "weight", Init::Uniform { lo: -1.0, up: 1.0 });
/// assert_eq!(draw()?.to_vec1::<f32>()?, draw()?.to_vec1::<f32>()?);
/// # Ok(()) }
/// ```
pub fn seeded(vars: &VarMap, seed: u64, dtype: DType, device: &Device) -> VarBuilder<'static> {
    let backend = Seeded {
        vars: vars.clone(),
        seed,
    };
    VarBuilder::from_backend(Box::new(backend), dtype, device.clone())
}

/// Whether the variable `name` is a buffer: saved with the model, but not trained. These are the running
/// statistics of batch normalisation.
pub fn is_buffer(name: &str) -> bool {
    let last = name.rsplit('.').next();
    matches!(last, Some("running_mean" | "running_var"))
}

/// PyTorch's default for the weights and biases of linear and convolution layers: uniform within
/// ±1/√fan_in, which is Kaiming's uniform initialisation with a = √5.
pub(crate) fn uniform(fan_in: usize) -> Init {
    let bound = 1.0 / (fan_in.max(1) as f64).sqrt();
    Init::Uniform {
        lo: -bound,
        up: bound,
    }
}

struct Seeded {
    vars: VarMap,
    seed: u64,
}

impl SimpleBackend for Seeded {
    fn get(&self, shape: Shape, name: &str, init: Init, dtype: DType, device: &Device) -> Result<Tensor> {
        if let Ok(found) = self.get_unchecked(name, dtype, device) {
            if found.shape() != &shape {
                bail!(
                    "the variable {name} has the shape {:?}, but the model asks for {shape:?}: \
                     two layers share a name, or the weights belong to another model",
                    found.shape()
                )
            }
            return Ok(found);
        }
        // Drawn on the host, so that every device gets the same numbers.
        let values = draw(&shape, init, &mut random(self.seed, &format!("init/{name}")));
        let values = Tensor::from_vec(values, shape, &Device::Cpu)?.to_dtype(dtype)?;
        let var = Var::from_tensor(&values.to_device(device)?)?;
        let tensor = var.as_tensor().clone();
        self.lock()?.insert(name.to_string(), var);
        Ok(tensor)
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> Result<Tensor> {
        match self.lock()?.get(name) {
            Some(var) => Ok(var.as_tensor().clone()),
            None => bail!("no variable is named {name}, and without a shape none can be made"),
        }
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.lock().is_ok_and(|vars| vars.contains_key(name))
    }
}

impl Seeded {
    fn lock(&self) -> Result<std::sync::MutexGuard<'_, std::collections::HashMap<String, Var>>> {
        match self.vars.data().lock() {
            Ok(vars) => Ok(vars),
            Err(_) => bail!("another thread panicked while it held the variables"),
        }
    }
}

/// The first values of a variable, in `f64`: rounding to the model's type comes last, so that `f32` and `f64`
/// models start from the same weights.
fn draw(shape: &Shape, init: Init, random: &mut Random) -> Vec<f64> {
    let count = shape.elem_count();
    let mut fill = |dist, centre: f64, spread: f64| {
        let mut one = || match dist {
            NormalOrUniform::Normal => normal(random),
            NormalOrUniform::Uniform => 2.0 * random.random::<f64>() - 1.0,
        };
        (0..count).map(|_| centre + spread * one()).collect()
    };
    match init {
        Init::Const(value) => vec![value; count],
        Init::Uniform { lo, up } => fill(NormalOrUniform::Uniform, (lo + up) / 2.0, (up - lo) / 2.0),
        Init::Randn { mean, stdev } => fill(NormalOrUniform::Normal, mean, stdev),
        Init::Kaiming {
            dist,
            fan,
            non_linearity,
        } => {
            // He et al. 2015, "Delving Deep into Rectifiers", section 2.2: standard deviation gain / √fan.
            let stdev = non_linearity.gain() / (fan.for_shape(shape) as f64).sqrt();
            let width = match dist {
                NormalOrUniform::Normal => 1.0,
                NormalOrUniform::Uniform => 3f64.sqrt(),
            };
            fill(dist, 0.0, stdev * width)
        }
    }
}

/// One number of the standard normal distribution (Box and Muller 1958).
fn normal(random: &mut Random) -> f64 {
    let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.random::<f64>()).cos()
}
