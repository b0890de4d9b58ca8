//! Dropout, embedding, residual sums, and the ways that gradients take through them.

use candle_core::Tensor;
use nn::{Module, ModuleT};

use crate::table::{Table, any, distinct};

pub fn cases(table: &mut Table) {
    table.case("Dropout::forward", "7x5, p 0.4", vec![any([7, 5])], |x| {
        nn::Dropout::new(0.4).forward(&x[0], true)
    });
    table.case(
        "Dropout::forward",
        "two masks, input used twice",
        vec![any([3, 2, 4])],
        |x| {
            let dropout = nn::Dropout::new(0.5);
            dropout.forward_t(&x[0], true)? * dropout.forward_t(&x[0], true)?
        },
    );
    table.case("add", "3x4x5", vec![any([3, 4, 5]), any([3, 4, 5])], |x| {
        nn::ops::add(&x[0], &x[1])
    });
    table.case(
        "add",
        "results used by candle's operations and by ours, several times",
        vec![any([3, 4]), any([3, 4])],
        |x| {
            let y = nn::ops::add(&x[0].sqr()?, &x[1])?;
            let twice = nn::ops::add(&y, &y)?;
            let z = nn::ops::add(&nn::ops::tanh(&y)?, &(&twice * &y)?)?;
            nn::ops::add(&z, &(y.sin()? + nn::ops::sigmoid(&twice)?)?)
        },
    );
    table.case(
        "add",
        "a result that is reshaped between",
        vec![any([2, 6])],
        |x| {
            let y = nn::ops::tanh(&x[0])?;
            let z = nn::ops::sigmoid(&y.reshape((3, 4))?)?.t()?;
            nn::ops::add(&z.flatten_all()?, &y.flatten_all()?)
        },
    );
    table.case(
        "add_relu",
        "5x7, used twice",
        vec![distinct([5, 7]), distinct([5, 7])],
        |x| {
            let y = nn::ops::add_relu(&(&x[0] * 0.3)?, &x[1])?;
            nn::ops::add(&y, &y.sqr()?)
        },
    );
    table.case(
        "add",
        "positions to words",
        vec![any([2, 4, 3]), any([4, 3])],
        |x| nn::ops::add(&x[0].sqr()?, &x[1]),
    );
    table.layer("embedding", "ids that repeat", vec![any([1])], |vb, x| {
        let ids = Tensor::new(&[[4u32, 0, 4], [4, 2, 0]], x[0].device())?;
        nn::embedding(5, 3, vb)?.forward(&ids)?.broadcast_mul(&x[0])
    });
    table.layer(
        "embedding_bag",
        "sets of different sizes",
        vec![any([1])],
        |vb, x| {
            let ids = Tensor::new(
                &[[[4u32, 0, 4], [4, 2, 0]], [[0, 0, 0], [1, 2, 3]]],
                x[0].device(),
            )?;
            nn::embedding_bag(5, 3, vb)?.forward(&ids)?.broadcast_mul(&x[0])
        },
    );
    table.layer(
        "embedding",
        "and an output layer that shares its weight",
        vec![any([4, 3])],
        |vb, x| {
            let ids = Tensor::new(&[1u32, 1, 3, 0], x[0].device())?;
            let words = nn::embedding(5, 3, vb)?;
            nn::ops::linear(&(words.forward(&ids)? * &x[0])?, words.embeddings(), None)
        },
    );
}
