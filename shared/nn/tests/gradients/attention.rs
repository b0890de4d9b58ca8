use candle_core::{Device, Result, Tensor};
use nn::{AttentionMask, MultiHeadAttentionConfig};

use crate::table::{Table, any};

/// Two sequences of five keys: the second is padding behind its third.
fn padding() -> Result<Tensor> {
    Tensor::new(&[[1u8, 1, 1, 1, 1], [1, 1, 1, 0, 0]], &Device::Cpu)
}

pub fn cases(table: &mut Table) {
    let qkv = || vec![any([2, 3, 4, 6]), any([2, 3, 5, 6]), any([2, 3, 5, 7])];
    table.case("scaled_dot_product_attention", "4 queries, 5 keys", qkv(), |x| {
        nn::scaled_dot_product_attention(&x[0], &x[1], &x[2], &AttentionMask::default(), None)
    });
    table.case("scaled_dot_product_attention", "causal, padded", qkv(), |x| {
        let padding = padding()?;
        let mask = AttentionMask {
            keys: Some(&padding),
            ..AttentionMask::causal()
        };
        nn::scaled_dot_product_attention(&x[0], &x[1], &x[2], &mask, None)
    });
    let mut with_bias = qkv();
    with_bias.push(any([3, 1, 5]));
    table.case(
        "scaled_dot_product_attention",
        "to a bias per head",
        with_bias,
        |x| {
            let mask = AttentionMask {
                bias: Some(&x[3]),
                ..Default::default()
            };
            nn::scaled_dot_product_attention(&x[0], &x[1], &x[2], &mask, None)
        },
    );
    table.case(
        "scaled_dot_product_attention",
        "nothing to attend to in one",
        qkv(),
        |x| {
            let none = Tensor::new(&[[0u8, 0, 0, 0, 0], [0, 1, 0, 1, 1]], &Device::Cpu)?;
            let mask = AttentionMask {
                keys: Some(&none),
                ..Default::default()
            };
            nn::scaled_dot_product_attention(&x[0], &x[1], &x[2], &mask, None)
        },
    );
    table.case(
        "scaled_dot_product_attention",
        "one tensor, transposed, for all; dropout",
        vec![any([2, 4, 3, 6])],
        |x| {
            let x = x[0].transpose(1, 2)?;
            let dropout = nn::Dropout::new(0.3);
            nn::scaled_dot_product_attention(&x, &x, &x, &AttentionMask::causal(), Some(&dropout))
        },
    );
    table.case(
        "scaled_dot_product_attention",
        "70 queries in blocks, causal, constant bias",
        vec![any([1, 2, 70, 3]), any([1, 2, 75, 3]), any([1, 2, 75, 18])],
        |x| {
            let bias = Tensor::arange(0f64, 75.0, &Device::Cpu)?.affine(0.01, 0.0)?;
            let mask = AttentionMask {
                bias: Some(&bias),
                ..AttentionMask::causal()
            };
            nn::scaled_dot_product_attention(&x[0], &x[1], &x[2], &mask, None)
        },
    );
    table.case(
        "joined_attention",
        "2 heads, 4 queries, 5 keys, padded, dropout",
        vec![any([2, 4, 6]), any([2, 5, 6]), any([2, 5, 14])],
        |x| {
            let padding = padding()?;
            let mask = AttentionMask {
                keys: Some(&padding),
                ..AttentionMask::default()
            };
            nn::joined_attention(&x[0], &x[1], &x[2], 2, &mask, Some(&nn::Dropout::new(0.3)))
        },
    );
    table.case(
        "joined_attention",
        "3 heads, one tensor, transposed, for all; causal",
        vec![any([6, 5, 2])],
        |x| {
            let x = x[0].transpose(0, 2)?;
            nn::joined_attention(&x, &x, &x, 3, &AttentionMask::causal(), None)
        },
    );
    table.case(
        "self_attention",
        "2 heads of 2x5x(3x6), causal, padded",
        vec![any([2, 5, 18])],
        |x| {
            let padding = padding()?;
            let mask = AttentionMask {
                keys: Some(&padding),
                ..AttentionMask::causal()
            };
            nn::self_attention(&x[0], 2, &mask, None)
        },
    );
    table.case(
        "self_attention",
        "a part of a tensor; dropout, bias per head",
        vec![any([2, 7, 20]), any([3, 1, 4])],
        |x| {
            let mask = AttentionMask {
                bias: Some(&x[1]),
                ..Default::default()
            };
            let x = x[0].narrow(1, 2, 4)?.narrow(2, 1, 18)?;
            nn::self_attention(&x, 3, &mask, Some(&nn::Dropout::new(0.2)))
        },
    );
    let config = MultiHeadAttentionConfig {
        heads: 2,
        dropout: 0.2,
        bias: true,
    };
    table.layer(
        "multi_head_attention",
        "self, 2 heads of 2x5x6, causal, padded, dropout",
        vec![any([2, 5, 6])],
        move |vb, x| {
            let padding = padding()?;
            let mask = AttentionMask {
                keys: Some(&padding),
                ..AttentionMask::causal()
            };
            nn::multi_head_attention(6, config, vb)?.forward(&x[0], &x[0], &mask, true)
        },
    );
    table.layer(
        "multi_head_attention",
        "cross, 3 queries to 5 keys, no bias",
        vec![any([2, 3, 6]), any([2, 5, 6])],
        move |vb, x| {
            let config = MultiHeadAttentionConfig {
                heads: 3,
                bias: false,
                ..config
            };
            let attention = nn::multi_head_attention(6, config, vb)?;
            attention.forward(&x[0], &x[1], &AttentionMask::default(), false)
        },
    );
    table.case("rope", "2x3x5x6", vec![any([2, 3, 5, 6])], |x| {
        let (cos, sin) = nn::rope_angles(5, 6, 100.0, x[0].dtype(), &Device::Cpu)?;
        nn::rope(&x[0], &cos, &sin)
    });
}
