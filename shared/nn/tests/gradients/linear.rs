use nn::Module;

use crate::table::{Table, any};

pub fn cases(table: &mut Table) {
    table.layer("linear", "5x4 to 3", vec![any([5, 4])], |vb, x| {
        nn::linear(4, 3, vb)?.forward(&x[0])
    });
    table.layer(
        "linear",
        "2x3x2x5 to 4, leading dimensions",
        vec![any([2, 3, 2, 5])],
        |vb, x| nn::linear(5, 4, vb)?.forward(&x[0]),
    );
    table.layer("linear", "a vector of 6 to 1", vec![any([6])], |vb, x| {
        nn::linear(6, 1, vb)?.forward(&x[0])
    });
    table.layer(
        "linear",
        "270x130 to 530, several tiles",
        vec![any([270, 130])],
        |vb, x| nn::linear(130, 530, vb)?.forward(&x[0]),
    );
    table.layer(
        "linear",
        "transposed input, used twice",
        vec![any([4, 5])],
        |vb, x| {
            let layer = nn::linear(4, 4, vb)?;
            layer.forward(&layer.forward(&x[0].t()?)?)? + x[0].t()?
        },
    );
    table.layer("linear_no_bias", "5x4 to 3", vec![any([5, 4])], |vb, x| {
        nn::linear_no_bias(4, 3, vb)?.forward(&x[0])
    });
    table.layer("linear_b", "5x4 to 3, with bias", vec![any([5, 4])], |vb, x| {
        nn::linear_b(4, 3, true, vb)?.forward(&x[0])
    });
    table.layer(
        "linear_b",
        "3x5 to 2, without bias",
        vec![any([3, 5])],
        |vb, x| nn::linear_b(5, 2, false, vb)?.forward(&x[0]),
    );
    table.case(
        "linear",
        "weight used twice",
        vec![any([5, 4]), any([4, 4]), any([4])],
        |x| {
            let y = nn::ops::linear(&x[0], &x[1], Some(&x[2]))?;
            nn::ops::linear(&y, &x[1], None)
        },
    );
}
