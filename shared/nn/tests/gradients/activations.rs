use candle_core::{Device, Result, Tensor};
use nn::{Activation, Module, ops};

use crate::table::{Table, any, distinct};

type Function = fn(&Tensor) -> Result<Tensor>;

pub fn cases(table: &mut Table) {
    let functions: [(&'static str, Function); 14] = [
        ("relu", ops::relu),
        ("leaky_relu", |x| ops::leaky_relu(x, 0.1)),
        ("elu", |x| ops::elu(x, 1.3)),
        ("selu", |x| ops::selu(x, 1.6732, 1.0507)),
        ("gelu_erf", ops::gelu_erf),
        ("gelu", ops::gelu),
        ("silu", ops::silu),
        ("sigmoid", ops::sigmoid),
        ("log_sigmoid", ops::log_sigmoid),
        ("tanh", ops::tanh),
        ("softplus", ops::softplus),
        ("hard_sigmoid", ops::hard_sigmoid),
        ("hard_swish", ops::hard_swish),
        ("mish", ops::mish),
    ];
    for (name, function) in functions {
        // Times 7: into the flat parts on both sides. Transposed: not contiguous. Used twice.
        table.case(
            name,
            "7x5, transposed, -7..7, used twice",
            vec![distinct([7, 5])],
            move |x| function(&(x[0].t()? * 7.0)?)? + x[0].t()?,
        );
    }
    table.case("swiglu", "3x10", vec![any([3, 10])], |x| ops::swiglu(&x[0]));
    for (description, activation) in [
        ("gelu", Activation::Gelu),
        ("new gelu", Activation::NewGelu),
        ("gelu by tanh", Activation::GeluPytorchTanh),
        ("relu", Activation::Relu),
        ("relu squared", Activation::Relu2),
        ("relu up to 6", Activation::Relu6),
        ("leaky relu", Activation::LeakyRelu(0.2)),
        ("elu", Activation::Elu(0.7)),
        ("silu", Activation::Silu),
        ("swish", Activation::Swish),
        ("swiglu", Activation::Swiglu),
        ("mish", Activation::Mish),
        ("sigmoid", Activation::Sigmoid),
        ("hard sigmoid", Activation::HardSigmoid),
        ("hard swish", Activation::HardSwish),
        ("tanh", Activation::Tanh),
        ("softplus", Activation::Softplus),
    ] {
        table.case(
            "Activation::forward",
            description,
            vec![distinct([3, 4])],
            move |x| activation.forward(&(&x[0] * 9.0)?),
        );
    }
    table.layer(
        "prelu",
        "2x3x5, a slope each",
        vec![distinct([2, 3, 5])],
        |vb, x| nn::prelu(Some(3), vb)?.forward(&x[0]),
    );
    table.layer("prelu", "4x3, one slope", vec![distinct([4, 3])], |vb, x| {
        nn::prelu(None, vb)?.forward(&x[0])
    });
    softmax(table);
}

fn softmax(table: &mut Table) {
    table.case("softmax", "3x5x7, dimension 1", vec![any([3, 5, 7])], |x| {
        ops::softmax(&(&x[0] * 4.0)?, 1)
    });
    table.case("softmax", "37 wide, used twice", vec![any([4, 37])], |x| {
        ops::softmax(&x[0], 1)? * &x[0]
    });
    table.case(
        "softmax",
        "3x6, a masked row and a masked value",
        vec![any([3, 6])],
        |x| {
            let mut mask = vec![0f64; 18];
            mask[6..12].fill(f64::NEG_INFINITY);
            mask[13] = f64::NEG_INFINITY;
            let mask = Tensor::from_vec(mask, (3, 6), &Device::Cpu)?.to_dtype(x[0].dtype())?;
            ops::softmax(&(&x[0] + mask)?, 1)
        },
    );
    table.case("softmax_last_dim", "2x3x19", vec![any([2, 3, 19])], |x| {
        ops::softmax_last_dim(&x[0])
    });
    table.case("softmax_last_dim", "9x4, transposed", vec![any([9, 4])], |x| {
        ops::softmax_last_dim(&x[0].t()?)
    });
    table.case("log_softmax", "3x21", vec![any([3, 21])], |x| {
        ops::log_softmax(&(&x[0] * 5.0)?, 1)
    });
    table.case("log_softmax", "4x5x3, dimension 0", vec![any([4, 5, 3])], |x| {
        ops::log_softmax(&x[0], 0)
    });
}
