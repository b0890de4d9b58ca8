//! Dropout and embedding.

use candle_core::Tensor;
use nn::{Module, ModuleT};

use crate::table::{Table, any};

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
    table.layer("embedding", "ids that repeat", vec![any([1])], |vb, x| {
        let ids = Tensor::new(&[[4u32, 0, 4], [4, 2, 0]], x[0].device())?;
        nn::embedding(5, 3, vb)?.forward(&ids)?.broadcast_mul(&x[0])
    });
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
