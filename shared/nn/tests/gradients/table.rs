//! The table of cases, and how one is checked.
//!
//! The output of a case is multiplied by a fixed random tensor and summed, which gives a scalar loss. Its gradient
//! to every input and parameter is compared with the central difference (L(v + h) - L(v - h)) / 2h in f64. The
//! error of a tensor is the largest difference of an element, divided by the largest element of the numerical
//! gradient (or by 1e-3, where all of them are smaller): a figure relative to the scale of the whole gradient.

use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Result, Tensor, Var};
use nn::{VarBuilder, VarMap};
use rand::Rng;
use rand::seq::SliceRandom;

/// The step h of the differences. Their truncation error is of the order h², their rounding error 1e-16 / h.
const STEP: f64 = 1e-5;
/// The largest relative error in f64 that passes: wrong formulas are off by 1e-2 and more.
const TOLERANCE: f64 = 1e-6;
/// The largest relative difference between the gradients in f32 and in f64.
const TOLERANCE_F32: f64 = 1e-3;
/// In larger tensors, this many elements drawn at random are checked, not all.
const ELEMENTS: usize = 150;

/// How to draw an input.
pub enum Input {
    /// Uniform in -1..1.
    Any(Vec<usize>),
    /// Uniform in 0.5..2.
    Positive(Vec<usize>),
    /// Values 2/n apart, none nearer to zero than 0.3/n, in random order: for maxima, ReLU and
    /// whatever else has a kink, which no difference may step across.
    Distinct(Vec<usize>),
}

/// An input of uniform numbers in -1..1.
pub fn any(shape: impl Into<Vec<usize>>) -> Input {
    Input::Any(shape.into())
}

/// An input whose elements differ from each other and from zero.
pub fn distinct(shape: impl Into<Vec<usize>>) -> Input {
    Input::Distinct(shape.into())
}

impl Input {
    fn draw(&self, place: &str) -> Result<Tensor> {
        let mut random = nn::random(20, place);
        let (Input::Any(shape) | Input::Positive(shape) | Input::Distinct(shape)) = self;
        let n: usize = shape.iter().product();
        let mut values: Vec<f64> = match self {
            Input::Any(_) => (0..n).map(|_| random.random_range(-1.0..1.0)).collect(),
            Input::Positive(_) => (0..n).map(|_| random.random_range(0.5..2.0)).collect(),
            Input::Distinct(_) => (0..n)
                .map(|i| (2 * i + 1) as f64 / n as f64 - 1.0 + 0.3 / n as f64)
                .collect(),
        };
        if let Input::Distinct(_) = self {
            values.shuffle(&mut random);
        }
        Tensor::from_vec(values, shape.as_slice(), &Device::Cpu)
    }
}

type Function = Box<dyn Fn(VarBuilder<'_>, &[Tensor]) -> Result<Tensor>>;

struct Case {
    operation: &'static str,
    description: &'static str,
    inputs: Vec<Input>,
    function: Function,
}

/// The cases of all files, in order.
#[derive(Default)]
pub struct Table {
    cases: Vec<Case>,
}

impl Table {
    /// Adds a case for a function of tensors. `operation` is its public name; all of `inputs` are differentiated,
    /// so a tensor that is not (labels, indices, masks) is made inside the closure. Such constants take the
    /// inputs' dtype, because a case also runs in f32.
    ///
    /// `table.case("max_pool2d", "2x3x7x9, 3x3 stride 2", vec![distinct([2, 3, 7, 9])], |x| nn::max_pool2d(&x[0], 3, 2, 1));`
    pub fn case(
        &mut self,
        operation: &'static str,
        description: &'static str,
        inputs: Vec<Input>,
        function: impl Fn(&[Tensor]) -> Result<Tensor> + 'static,
    ) {
        self.layer(operation, description, inputs, move |_, x| function(x));
    }

    /// Adds a case for a layer: as [`Table::case`], but the closure makes the layer from the builder, and every
    /// parameter made from it is checked too. Parameters start from random numbers, never from zeros or ones.
    ///
    /// `table.layer("linear", "5x4 to 3", vec![any([5, 4])], |vb, x| nn::linear(4, 3, vb)?.forward(&x[0]));`
    pub fn layer(
        &mut self,
        operation: &'static str,
        description: &'static str,
        inputs: Vec<Input>,
        function: impl Fn(VarBuilder<'_>, &[Tensor]) -> Result<Tensor> + 'static,
    ) {
        self.cases.push(Case {
            operation,
            description,
            inputs,
            function: Box::new(function),
        });
    }

    /// The names of the operations that have a case.
    pub fn operations(&self) -> Vec<&'static str> {
        self.cases.iter().map(|case| case.operation).collect()
    }

    /// Runs every case on the CPU kernels and on candle's own operations, prints the table, and fails at the end
    /// if a case failed.
    pub fn check(&self) {
        println!("relative error of the gradient in f64: CPU kernels, candle's operations; f32 against f64");
        let mut failures = Vec::new();
        for case in &self.cases {
            let line = format!("{:<28} {:<58}", case.operation, case.description);
            match case.check() {
                Ok([kernel, composed, single]) => {
                    println!("{line} {kernel:8.1e} {composed:8.1e} {single:8.1e}");
                    if !(kernel < TOLERANCE && composed < TOLERANCE && single < TOLERANCE_F32) {
                        failures.push(format!(
                            "{line} is off by {kernel:.1e}, {composed:.1e}, {single:.1e}"
                        ));
                    }
                }
                Err(error) => {
                    // Without the backtrace that candle adds where RUST_BACKTRACE asks for one.
                    let error = error.to_string();
                    failures.push(format!("{line} {}", error.lines().next().unwrap_or_default()));
                }
            }
        }
        let all = self.cases.len();
        println!("{all} cases, {} wrong", failures.len());
        assert!(
            failures.is_empty(),
            "{} of {all} cases:\n{}",
            failures.len(),
            failures.join("\n")
        );
    }
}

impl Case {
    /// The errors of the kernels and of the composition in f64, and of the kernels in f32 against f64.
    fn check(&self) -> Result<[f64; 3]> {
        let double = Setting::new(self, DType::F64)?;
        let kernel = double.error(self)?;
        let composed = nn::composed(|| double.error(self))?;
        let (a, b) = (double.forward(self)?, nn::composed(|| double.forward(self))?);
        let parity = distance(&a.flatten_all()?.to_vec1()?, &b.flatten_all()?.to_vec1()?);
        if parity > 1e-10 {
            candle_core::bail!("the CPU kernel and the composition differ by {parity:.1e} in their outputs")
        }
        let single = Setting::new(self, DType::F32)?.gradients(self)?;
        let truth = double.gradients(self)?;
        let single = truth.iter().zip(&single).map(|(a, b)| distance(a, b));
        Ok([kernel, composed, single.fold(0.0, f64::max)])
    }
}

/// The largest difference, relative to the largest element of `truth`.
fn distance(truth: &[f64], other: &[f64]) -> f64 {
    let scale = truth.iter().fold(1e-3, |a: f64, b| a.max(b.abs()));
    // Not f64::max, which would drop a NaN.
    truth
        .iter()
        .zip(other)
        .fold(0.0, |worst, (a, b)| match (a - b).abs() / scale {
            error if error <= worst => worst,
            error => error,
        })
}

/// A case with its variables made.
struct Setting {
    place: String,
    parameters: VarMap,
    inputs: Vec<Var>,
    /// What the output is multiplied by.
    weights: Tensor,
    dtype: DType,
}

impl Setting {
    fn new(case: &Case, dtype: DType) -> Result<Self> {
        let place = format!("{} {}", case.operation, case.description);
        let inputs = case.inputs.iter().enumerate();
        let inputs = inputs
            .map(|(i, input)| Var::from_tensor(&input.draw(&format!("{place} {i}"))?.to_dtype(dtype)?))
            .collect::<Result<_>>()?;
        let weights = Tensor::zeros((), dtype, &Device::Cpu)?;
        let mut setting = Self {
            place,
            parameters: VarMap::new(),
            inputs,
            weights,
            dtype,
        };
        let output = setting.forward(case)?;
        let weights = Input::Any(output.dims().to_vec()).draw(&format!("{} output", setting.place))?;
        // None near zero, or a case with a single output could show next to nothing.
        let weights = (&weights + (weights.sign()? * 0.25)?)?;
        setting.weights = weights.to_dtype(dtype)?;
        for (name, var) in setting.trained() {
            // The scales of normalisation stay positive, as in use; everything else is in -0.6..0.6.
            let drawn = Input::Positive(var.dims().to_vec()).draw(&name)?;
            let is_scale = name.ends_with("weight") && var.rank() == 1;
            let drawn = if is_scale { drawn } else { ((drawn - 1.25)? * 0.8)? };
            var.set(&drawn.to_dtype(dtype)?)?;
        }
        Ok(setting)
    }

    /// The parameters in order of their names, without buffers.
    fn trained(&self) -> Vec<(String, Var)> {
        let vars = self.parameters.data().lock().unwrap();
        let mut vars: Vec<_> = vars
            .iter()
            .map(|(name, var)| (name.clone(), var.clone()))
            .collect();
        vars.retain(|(name, _)| !nn::is_buffer(name));
        vars.sort_by(|a, b| a.0.cmp(&b.0));
        vars
    }

    fn variables(&self) -> Vec<Var> {
        let trained = self.trained().into_iter().map(|(_, var)| var);
        self.inputs.iter().cloned().chain(trained).collect()
    }

    fn forward(&self, case: &Case) -> Result<Tensor> {
        nn::begin_step(20, 0);
        let vb = nn::seeded(&self.parameters, 20, self.dtype, &Device::Cpu);
        let inputs: Vec<Tensor> = self.inputs.iter().map(|x| x.as_tensor().clone()).collect();
        (case.function)(vb, &inputs)
    }

    fn loss(&self, case: &Case) -> Result<Tensor> {
        (self.forward(case)? * &self.weights)?.sum_all()
    }

    /// By candle's backward pass, and by [`nn::backward`] over the same graph, which must agree.
    fn gradients(&self, case: &Case) -> Result<Vec<Vec<f64>>> {
        let loss = self.loss(case)?;
        let theirs = self.values(&loss.backward()?)?;
        let ours = self.values(&nn::backward(&loss)?)?;
        // To the last bit, but for the order in which the parts of a gradient are added.
        let tolerance = if self.dtype == DType::F64 { 1e-12 } else { 1e-5 };
        for (theirs, ours) in theirs.iter().zip(&ours) {
            let difference = distance(theirs, ours);
            if difference > tolerance {
                candle_core::bail!("nn::backward and Tensor::backward differ by {difference:e}")
            }
        }
        Ok(ours)
    }

    fn values(&self, gradients: &GradStore) -> Result<Vec<Vec<f64>>> {
        let of = |var: &Var| match gradients.get(var) {
            Some(gradient) if gradient.dims() != var.dims() => {
                candle_core::bail!(
                    "a gradient of the shape {:?} for a variable of {:?}",
                    gradient.dims(),
                    var.dims()
                )
            }
            Some(gradient) => gradient.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>(),
            None => candle_core::bail!("a variable of the shape {:?} received no gradient", var.dims()),
        };
        self.variables().iter().map(of).collect()
    }

    /// The largest relative error over all variables.
    fn error(&self, case: &Case) -> Result<f64> {
        let gradients = self.gradients(case)?;
        let (mut worst, mut largest) = (0.0, 0f64);
        for (i, (var, gradient)) in self.variables().iter().zip(&gradients).enumerate() {
            let mut elements: Vec<usize> = (0..gradient.len()).collect();
            elements.shuffle(&mut nn::random(20, &format!("{} elements of {i}", self.place)));
            elements.truncate(ELEMENTS);
            let numerical = self.differences(case, var, &elements)?;
            let analytical: Vec<f64> = elements.iter().map(|&i| gradient[i]).collect();
            let error = distance(&numerical, &analytical);
            // A NaN counts as the worst.
            worst = if error <= worst { worst } else { error };
            largest = numerical.iter().fold(largest, |a, b| a.max(b.abs()));
        }
        if largest < 1e-3 {
            candle_core::bail!("every gradient is zero, so the case shows nothing")
        }
        Ok(worst)
    }

    fn differences(&self, case: &Case, var: &Var, elements: &[usize]) -> Result<Vec<f64>> {
        let values = var.flatten_all()?.to_vec1::<f64>()?;
        let shape = var.shape().clone();
        let loss = |element: usize, step: f64| {
            let mut moved = values.clone();
            moved[element] += step;
            var.set(&Tensor::from_vec(moved, &shape, &Device::Cpu)?)?;
            self.loss(case)?.to_scalar::<f64>()
        };
        let difference = |&i: &usize| Ok((loss(i, STEP)? - loss(i, -STEP)?) / (2.0 * STEP));
        let differences = elements.iter().map(difference).collect();
        var.set(&Tensor::from_vec(values.clone(), &shape, &Device::Cpu)?)?;
        differences
    }
}
