use candle_core::{Device, Result, Tensor};
use nn::loss::{self, CrossEntropyOptions};
use nn::ops;

use crate::table::{Table, any, distinct};

fn labels(values: &[u32]) -> Result<Tensor> {
    Tensor::new(values, &Device::Cpu)
}

/// 0 and 1 in turn, and a probability here and there.
fn targets(like: &Tensor) -> Result<Tensor> {
    let values: Vec<f64> = (0..like.elem_count())
        .map(|i| if i % 5 == 4 { 0.3 } else { (i % 2) as f64 })
        .collect();
    Tensor::from_vec(values, like.shape(), like.device())?.to_dtype(like.dtype())
}

pub fn cases(table: &mut Table) {
    classes(table);
    sequences(table);
    labellings(table);
    table.case("binary_cross_entropy_with_logit", "4x5", vec![any([4, 5])], |x| {
        loss::binary_cross_entropy_with_logit(&(&x[0] * 6.0)?, &targets(&x[0])?)
    });
    table.case(
        "binary_cross_entropy_with_logits",
        "3x4 transposed, a weight per label",
        vec![any([4, 3])],
        |x| {
            let x = x[0].t()?;
            let weight = Tensor::new(&[3f64, 0.5, 1.0, 2.0], &Device::Cpu)?;
            loss::binary_cross_entropy_with_logits(&x, &targets(&x)?, Some(&weight))
        },
    );
    for (name, function) in [
        ("mse", loss::mse as fn(&Tensor, &Tensor) -> Result<Tensor>),
        ("l1", loss::l1),
        ("huber", |x, y| loss::huber(x, y, 0.7)),
        ("smooth_l1", |x, y| loss::smooth_l1(x, y, 0.4)),
    ] {
        table.case(
            name,
            "3x7 to both sides, one transposed",
            vec![distinct([3, 7]), any([7, 3])],
            move |x| function(&(&x[0] * 3.0)?, &x[1].t()?),
        );
    }
}

fn sequences(table: &mut Table) {
    for (description, scale) in [("3x5x4, padded", 1.0), ("3x5x4, scores far apart", 300.0)] {
        table.layer("CRF::loss", description, vec![any([3, 4, 5])], move |vb, x| {
            let tags = [[0u32, 3, 3, 1, 2], [1, 1, 9, 9, 9], [2, 9, 9, 9, 9]];
            let emissions = (x[0].transpose(1, 2)? * scale)?;
            nn::crf(4, vb)?.loss(&emissions, &Tensor::new(&tags, &Device::Cpu)?, &[5, 2, 1])
        });
    }
    table.layer("crf", "one tag, one step", vec![any([2, 1, 1])], |vb, x| {
        let loss = nn::crf(1, vb)?.loss(
            &x[0],
            &Tensor::zeros((2, 1), candle_core::DType::U32, &Device::Cpu)?,
            &[1, 1],
        )?;
        loss + x[0].sqr()?.sum_all()?
    });
}

fn labellings(table: &mut Table) {
    for (description, scale) in [
        ("5x7x4, padded: repeats, empty, exact fit", 3.0),
        ("5x7x4, logits far apart", 300.0),
    ] {
        table.case("ctc", description, vec![any([5, 4, 7])], move |x| {
            let targets = [vec![1, 1, 3], vec![], vec![2, 2, 3, 3], vec![3], vec![1, 2, 1]];
            loss::ctc(&(x[0].transpose(1, 2)? * scale)?, &[7, 3, 6, 1, 5], &targets)
        });
    }
    table.case("ctc", "2x3x2, nothing is said", vec![any([2, 3, 2])], |x| {
        loss::ctc(&x[0], &[3, 2], &[vec![], vec![]])
    });
}

fn classes(table: &mut Table) {
    table.case("cross_entropy", "5x19", vec![any([5, 19])], |x| {
        loss::cross_entropy(&(&x[0] * 8.0)?, &labels(&[0, 18, 3, 3, 7])?)
    });
    table.case(
        "cross_entropy",
        "4x3 transposed, times 3",
        vec![any([3, 4])],
        |x| loss::cross_entropy(&x[0].t()?, &labels(&[2, 1, 0, 2])?)? * 3.0,
    );
    table.case("cross_entropy", "logits used twice", vec![any([3, 4])], |x| {
        loss::cross_entropy(&x[0], &labels(&[2, 1, 0])?)? + loss::mse(&x[0], &targets(&x[0])?)?
    });
    let weights = Some(vec![1.0, 0.2, 3.0, 0.5, 1.7]);
    for (description, label_smoothing, class_weights, ignore_index) in [
        ("6x5, smoothed", 0.1, None, None),
        ("6x5, weighted", 0.0, weights.clone(), None),
        ("6x5, a class ignored", 0.0, None, Some(2)),
        ("6x5, smoothed, weighted, ignored", 0.3, weights, Some(2)),
    ] {
        let options = CrossEntropyOptions {
            label_smoothing,
            class_weights,
            ignore_index,
        };
        table.case("cross_entropy_with", description, vec![any([6, 5])], move |x| {
            loss::cross_entropy_with(&(&x[0] * 3.0)?, &labels(&[4, 2, 0, 1, 2, 1])?, &options)
        });
    }
    table.case(
        "cross_entropy_with",
        "3x4, padding beyond the classes",
        vec![any([3, 4])],
        |x| {
            let options = CrossEntropyOptions {
                ignore_index: Some(u32::MAX),
                label_smoothing: 0.2,
                ..Default::default()
            };
            loss::cross_entropy_with(&x[0], &labels(&[1, u32::MAX, 3])?, &options)
        },
    );
    table.case(
        "soft_cross_entropy",
        "4x7, to logits and targets",
        vec![any([4, 7]), any([4, 7])],
        |x| loss::soft_cross_entropy(&x[0], &ops::softmax(&x[1], 1)?),
    );
    table.case("nll", "4x5", vec![any([4, 5])], |x| {
        loss::nll(&ops::log_softmax(&x[0], 1)?, &labels(&[4, 0, 1, 1])?)
    });
}
