use nn::{BatchNormConfig, LayerNormConfig, Module, ModuleT};

use crate::table::{Table, any, distinct};

pub fn cases(table: &mut Table) {
    for (description, shape) in [
        ("6x3, training", vec![6, 3]),
        ("4x3x5, training", vec![4, 3, 5]),
        ("3x4x5x7, training", vec![3, 4, 5, 7]),
        ("1x2x71x73, training, several pieces", vec![1, 2, 71, 73]),
    ] {
        table.layer("batch_norm", description, vec![any(shape)], |vb, x| {
            let channels = x[0].dim(1)?;
            nn::batch_norm(channels, 1e-5, vb)?.forward_t(&((&x[0] * 3.0)? + 5.0)?, true)
        });
    }
    table.layer(
        "BatchNorm::forward_eval",
        "4x3x5x7, evaluation",
        vec![any([4, 3, 5, 7])],
        |vb, x| nn::batch_norm(3, 1e-5, vb)?.forward_eval(&x[0]),
    );
    table.layer("batch_norm", "4x3, evaluation", vec![any([4, 3])], |vb, x| {
        nn::batch_norm(3, 1e-5, vb)?.forward_t(&x[0], false)
    });
    table.layer(
        "batch_norm",
        "not affine, transposed, used twice",
        vec![any([3, 5, 4])],
        |vb, x| {
            let config = BatchNormConfig {
                affine: false,
                ..Default::default()
            };
            let x = x[0].transpose(1, 2)?;
            nn::batch_norm(4, config, vb)?.forward_train(&x)? * x
        },
    );
    table.layer(
        "BatchNorm::forward_train",
        "3x4x3, a layer used twice",
        vec![any([3, 4, 3])],
        |vb, x| {
            let norm = nn::batch_norm(4, 1e-5, vb)?;
            norm.forward_train(&norm.forward_train(&x[0])?.sqr()?)
        },
    );
    for (description, train) in [("3x4x5x7, training", true), ("3x4x5x7, evaluation", false)] {
        table.layer(
            "BatchNorm::forward_relu_t",
            description,
            vec![distinct([3, 4, 5, 7])],
            move |vb, x| nn::batch_norm(4, 1e-5, vb)?.forward_relu_t(&(&x[0] * 0.7)?, train),
        );
        // Normalised values seldom reach 6: times 9, they often do.
        table.layer(
            "BatchNorm::forward_relu6_t",
            description,
            vec![distinct([3, 4, 5, 7]), any([4]), any([4])],
            move |vb, x| {
                let zeros = x[1].zeros_like()?;
                let tensors = [
                    ("weight", (&x[1] * 9.0)?),
                    ("bias", x[2].clone()),
                    ("running_var", zeros.ones_like()?),
                    ("running_mean", zeros),
                ];
                let tensors = tensors.map(|(name, tensor)| (name.to_string(), tensor)).into();
                let vb = nn::VarBuilder::from_tensors(tensors, vb.dtype(), vb.device());
                nn::batch_norm(4, 1e-5, vb)?.forward_relu6_t(&x[0], train)
            },
        );
    }
    table.layer(
        "GroupNorm::forward_relu",
        "2x6x5x3, 3 groups",
        vec![distinct([2, 6, 5, 3])],
        |vb, x| nn::group_norm(3, 6, 1e-5, vb)?.forward_relu(&x[0]),
    );
    table.layer(
        "InstanceNorm::forward_relu",
        "2x3x5x4, used twice",
        vec![distinct([2, 3, 5, 4])],
        |vb, x| {
            let y = nn::instance_norm(3, 1e-5, vb)?.forward_relu(&x[0])?;
            &y * &y + &y
        },
    );
    rows(table);
    functions(table);
    groups(table);
}

fn rows(table: &mut Table) {
    table.layer("layer_norm", "5x37", vec![any([5, 37])], |vb, x| {
        nn::layer_norm(37, 1e-5, vb)?.forward(&x[0])
    });
    table.layer(
        "layer_norm",
        "2x3x7, transposed, used twice",
        vec![any([2, 7, 3])],
        |vb, x| {
            let x = x[0].transpose(1, 2)?;
            nn::layer_norm(7, 1e-5, vb)?.forward(&x)? * x
        },
    );
    table.layer(
        "layer_norm",
        "9100x9, several tasks",
        vec![any([9100, 9])],
        |vb, x| nn::layer_norm(9, 1e-5, vb)?.forward(&x[0]),
    );
    table.layer(
        "layer_norm",
        "the mean stays, bias",
        vec![any([4, 6])],
        |vb, x| {
            let config = LayerNormConfig {
                remove_mean: false,
                ..Default::default()
            };
            nn::layer_norm(6, config, vb)?.forward(&x[0])
        },
    );
    table.layer("layer_norm_no_bias", "3x2x8", vec![any([3, 2, 8])], |vb, x| {
        nn::layer_norm_no_bias(8, 1e-5, vb)?.forward(&x[0])
    });
    table.layer("rms_norm", "4x35", vec![any([4, 35])], |vb, x| {
        nn::rms_norm(35, 1e-6, vb)?.forward(&x[0])
    });
    table.layer(
        "rms_norm",
        "7x4, transposed, used twice",
        vec![any([7, 4])],
        |vb, x| {
            let x = x[0].t()?;
            nn::rms_norm(7, 1e-6, vb)?.forward(&x)? + x
        },
    );
}

fn functions(table: &mut Table) {
    table.case(
        "layer_norm",
        "the function, to 3x5, weight and bias",
        vec![any([3, 5]), any([5]), any([5])],
        |x| nn::ops::layer_norm(&x[0], &x[1], &x[2], 1e-5),
    );
    table.case(
        "rms_norm",
        "the function, to 3x5 and weight",
        vec![any([3, 5]), any([5])],
        |x| nn::ops::rms_norm(&x[0], &x[1], 1e-5),
    );
}

fn groups(table: &mut Table) {
    table.layer(
        "group_norm",
        "2 groups of 2x6x3x5",
        vec![any([2, 6, 3, 5])],
        |vb, x| nn::group_norm(2, 6, 1e-5, vb)?.forward(&x[0]),
    );
    table.layer(
        "group_norm",
        "3 groups of 3x6x7",
        vec![any([3, 6, 7])],
        |vb, x| nn::group_norm(3, 6, 1e-5, vb)?.forward(&x[0]),
    );
    table.layer("group_norm", "1 group of 4x6", vec![any([4, 6])], |vb, x| {
        nn::group_norm(1, 6, 1e-5, vb)?.forward(&x[0])
    });
    table.layer("instance_norm", "2x3x5x7", vec![any([2, 3, 5, 7])], |vb, x| {
        nn::instance_norm(3, 1e-5, vb)?.forward(&x[0])
    });
    table.case(
        "instance_norm_no_affine",
        "2x9x3, transposed, used twice",
        vec![any([2, 9, 3])],
        |x| {
            let x = x[0].transpose(1, 2)?;
            nn::instance_norm_no_affine(3, 1e-5)?.forward(&x)? * x
        },
    );
}
