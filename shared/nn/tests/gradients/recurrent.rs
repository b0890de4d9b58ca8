use candle_core::{Result, Tensor};
use nn::{GRUConfig, GRUState, LSTMConfig, LSTMState, Module, RNN};

use crate::table::{Table, any};

const BOTH_WAYS: GRUConfig = GRUConfig {
    layers: 2,
    bidirectional: true,
    bias: true,
};

pub fn cases(table: &mut Table) {
    gru(table);
    lstm(table);
}

fn gru(table: &mut Table) {
    table.layer("gru", "3x5x4 to 6", vec![any([3, 5, 4])], |vb, x| {
        nn::gru(4, 6, GRUConfig::default(), vb)?.forward(&x[0])
    });
    table.layer(
        "gru",
        "33x3x2 to 3, no bias, three tasks",
        vec![any([33, 3, 2])],
        |vb, x| nn::gru(2, 3, GRUConfig::default_no_bias(), vb)?.forward(&x[0]),
    );
    table.layer(
        "gru",
        "one step, both directions",
        vec![any([2, 1, 3])],
        |vb, x| {
            let config = GRUConfig {
                bidirectional: true,
                ..Default::default()
            };
            nn::gru(3, 2, config, vb)?.forward(&x[0])
        },
    );
    table.layer(
        "GRU::forward_sequence",
        "2 layers both ways, padded, used twice, last states",
        vec![any([3, 3, 5])],
        |vb, x| {
            let x = x[0].transpose(1, 2)?;
            let (y, last) = nn::gru(3, 4, BOTH_WAYS, vb)?.forward_sequence(&x, None, Some(&[5, 2, 3]))?;
            let last: Vec<Tensor> = last.into_iter().map(|state| state.h).collect();
            (y.sum_all()? + Tensor::cat(&last, 1)?.sqr()?.sum_all()?)? + x.sum_all()?
        },
    );
    table.layer(
        "GRU::forward_sequence",
        "initial state, a sequence of length 0",
        vec![any([3, 4, 3]), any([3, 5])],
        |vb, x| {
            let initial = [GRUState { h: x[1].clone() }];
            let gru = nn::gru(3, 5, GRUConfig::default(), vb)?;
            let (y, last) = gru.forward_sequence(&x[0], Some(&initial), Some(&[4, 0, 1]))?;
            y.sum(1)? * &last[0].h
        },
    );
    table.layer(
        "GRU::forward_sequence",
        "wider than a block, both ways, the last states alone",
        vec![any([2, 3, 2])],
        |vb, x| {
            let config = GRUConfig {
                bidirectional: true,
                ..Default::default()
            };
            let (_, last) = nn::gru(2, 35, config, vb)?.forward_sequence(&x[0], None, Some(&[2, 3]))?;
            &last[0].h * &last[1].h
        },
    );
    table.layer(
        "gru",
        "step by step and as a sequence",
        vec![any([2, 4, 3])],
        |vb, x| {
            let gru = nn::gru(3, 5, GRUConfig::default(), vb)?;
            let once = gru.step(&x[0].get_on_dim(1, 0)?, &gru.zero_state(2)?)?;
            gru.states_to_tensor(&gru.seq_init(&x[0], &once)?)
        },
    );
}

fn lstm(table: &mut Table) {
    table.layer("lstm", "3x5x4 to 6", vec![any([3, 5, 4])], |vb, x| {
        nn::lstm(4, 6, LSTMConfig::default(), vb)?.forward(&x[0])
    });
    table.layer(
        "lstm",
        "35x3x2 to 3, no bias, three tasks",
        vec![any([35, 3, 2])],
        |vb, x| nn::lstm(2, 3, LSTMConfig::default_no_bias(), vb)?.forward(&x[0]),
    );
    table.layer(
        "LSTM::forward_sequence",
        "2 layers both ways, padded, used twice, last states",
        vec![any([3, 3, 5])],
        |vb, x| {
            let x = x[0].transpose(1, 2)?;
            let (y, last) = nn::lstm(3, 4, BOTH_WAYS, vb)?.forward_sequence(&x, None, Some(&[2, 5, 4]))?;
            let products: Vec<Tensor> = last
                .iter()
                .map(|state| &state.h * &state.c)
                .collect::<Result<_>>()?;
            (y.sum_all()? + Tensor::cat(&products, 1)?.sum_all()?)? + x.sum_all()?
        },
    );
    table.layer(
        "LSTM::forward_sequence",
        "initial state, a sequence of length 0",
        vec![any([3, 4, 3]), any([3, 5]), any([3, 5])],
        |vb, x| {
            let initial = [LSTMState::new(x[1].clone(), x[2].clone())];
            let lstm = nn::lstm(3, 5, LSTMConfig::default(), vb)?;
            let (y, last) = lstm.forward_sequence(&x[0], Some(&initial), Some(&[1, 0, 4]))?;
            y.sum(1)? + (&last[0].h * &last[0].c)?
        },
    );
    table.layer(
        "LSTM::forward_sequence",
        "wider than a block, both ways, the last states alone",
        vec![any([2, 3, 2])],
        |vb, x| {
            let config = LSTMConfig {
                bidirectional: true,
                ..Default::default()
            };
            let (_, last) = nn::lstm(2, 35, config, vb)?.forward_sequence(&x[0], None, Some(&[2, 3]))?;
            &last[0].h * &last[1].c
        },
    );
    table.layer(
        "lstm",
        "step by step and as a sequence",
        vec![any([2, 4, 3])],
        |vb, x| {
            let lstm = nn::lstm(3, 5, LSTMConfig::default(), vb)?;
            let once = lstm.step(&x[0].get_on_dim(1, 0)?, &lstm.zero_state(2)?)?;
            let states = lstm.seq_init(&x[0], &once)?;
            states[3].c() * lstm.states_to_tensor(&states)?.sum(1)?
        },
    );
}
