use nn::{Conv1dConfig, Conv2dConfig, ConvTranspose1dConfig, ConvTranspose2dConfig, Geometry, Module, ops};

use crate::table::{Table, any};

pub fn cases(table: &mut Table) {
    one_dimension(table);
    two_dimensions(table);
    geometries(table);
    transposed(table);
}

fn one_dimension(table: &mut Table) {
    table.layer("conv1d", "3x5x11 k3 p1", vec![any([3, 5, 11])], |vb, x| {
        let config = Conv1dConfig {
            padding: 1,
            ..Default::default()
        };
        nn::conv1d(5, 4, 3, config, vb)?.forward(&x[0])
    });
    table.layer(
        "conv1d",
        "2x4x17 k4 s3 p2 d2 g2, windows leave a rest",
        vec![any([2, 4, 17])],
        |vb, x| {
            let config = Conv1dConfig {
                padding: 2,
                stride: 3,
                dilation: 2,
                groups: 2,
                ..Default::default()
            };
            nn::conv1d(4, 6, 4, config, vb)?.forward(&x[0])
        },
    );
    table.layer(
        "conv1d",
        "2x6x9 k5 depthwise, twice",
        vec![any([2, 6, 9])],
        |vb, x| {
            let config = Conv1dConfig {
                padding: 2,
                groups: 6,
                ..Default::default()
            };
            let layer = nn::conv1d(6, 6, 5, config, vb)?;
            layer.forward(&layer.forward(&x[0])?)
        },
    );
    table.layer(
        "conv1d_no_bias",
        "1x1x40 k10 s5",
        vec![any([1, 1, 40])],
        |vb, x| {
            let config = Conv1dConfig {
                stride: 5,
                ..Default::default()
            };
            nn::conv1d_no_bias(1, 3, 10, config, vb)?.forward(&x[0])
        },
    );
}

fn two_dimensions(table: &mut Table) {
    let mut case = |description, input: [usize; 4], out, kernel, config: Conv2dConfig| {
        let channels = input[1];
        table.layer("conv2d", description, vec![any(input)], move |vb, x| {
            nn::conv2d(channels, out, kernel, config, vb)?.forward(&x[0])
        });
    };
    let plain = Conv2dConfig::default();
    case("2x3x5x7 k1, pointwise", [2, 3, 5, 7], 4, 1, plain);
    case(
        "2x3x5x7 k3 p1",
        [2, 3, 5, 7],
        4,
        3,
        Conv2dConfig { padding: 1, ..plain },
    );
    case(
        "2x3x6x7 k3 s2 p1, the spectrogram's",
        [2, 3, 6, 7],
        4,
        3,
        Conv2dConfig {
            padding: 1,
            stride: 2,
            ..plain
        },
    );
    case(
        "1x3x7x4 k2 s2, one column left over",
        [1, 3, 7, 4],
        2,
        2,
        Conv2dConfig { stride: 2, ..plain },
    );
    case(
        "1x2x9x8 k1 s2, between the windows",
        [1, 2, 9, 8],
        3,
        1,
        Conv2dConfig { stride: 2, ..plain },
    );
    case(
        "1x2x11x5 k7 s2 p3, the ResNet stem's",
        [1, 2, 11, 5],
        3,
        7,
        Conv2dConfig {
            padding: 3,
            stride: 2,
            ..plain
        },
    );
    case(
        "1x2x11x9 k3 d3 p2",
        [1, 2, 11, 9],
        3,
        3,
        Conv2dConfig {
            dilation: 3,
            padding: 2,
            ..plain
        },
    );
    case(
        "2x6x5x6 k3 s2 p1 g3",
        [2, 6, 5, 6],
        9,
        3,
        Conv2dConfig {
            stride: 2,
            padding: 1,
            groups: 3,
            ..plain
        },
    );
    case(
        "2x4x6x5 k3 p1 g4, depthwise",
        [2, 4, 6, 5],
        4,
        3,
        Conv2dConfig {
            padding: 1,
            groups: 4,
            ..plain
        },
    );
    case(
        "1x3x7x6 k3 s2 p1 g3, depthwise by 2",
        [1, 3, 7, 6],
        6,
        3,
        Conv2dConfig {
            stride: 2,
            padding: 1,
            groups: 3,
            ..plain
        },
    );
    case(
        "1x2x2x1 k5 p3, more padding than image",
        [1, 2, 2, 1],
        2,
        5,
        Conv2dConfig { padding: 3, ..plain },
    );
    case(
        "1x40x57x61 k3, several tiles and blocks",
        [1, 40, 57, 61],
        3,
        3,
        plain,
    );
    case(
        "19x2x4x5 k3 p1, several samples a part",
        [19, 2, 4, 5],
        3,
        3,
        Conv2dConfig { padding: 1, ..plain },
    );

    table.layer(
        "conv2d_no_bias",
        "2x3x5x7 k3 s2 p1, transposed input",
        vec![any([3, 2, 7, 5])],
        |vb, x| {
            let config = Conv2dConfig {
                stride: 2,
                padding: 1,
                ..Default::default()
            };
            nn::conv2d_no_bias(3, 2, 3, config, vb)?.forward(&x[0].transpose(0, 1)?.transpose(2, 3)?)
        },
    );
    table.case(
        "conv2d",
        "input used twice, weight used twice",
        vec![any([1, 3, 6, 5]), any([3, 3, 3, 3])],
        |x| {
            let geometry = Geometry {
                padding: (1, 1),
                ..Default::default()
            };
            let y = ops::conv2d(&x[0], &x[1], None, geometry)?;
            ops::conv2d(&y, &x[1], None, geometry)? + &x[0]
        },
    );
    table.layer(
        "conv2d",
        "first layer: the input is not trained",
        vec![any([1])],
        |vb, x| {
            let image = nn::seeded(&nn::VarMap::new(), 1, x[0].dtype(), x[0].device())
                .get_with_hints(
                    (2, 3, 5, 7),
                    "image",
                    nn::Init::Randn {
                        mean: 0.0,
                        stdev: 1.0,
                    },
                )?
                .detach();
            nn::conv2d(3, 2, 3, Conv2dConfig::default(), vb)?
                .forward(&image)?
                .broadcast_mul(&x[0])
        },
    );
}

fn geometries(table: &mut Table) {
    let mut case = |description, input: [usize; 4], out, kernel: (usize, usize), bias, geometry: Geometry| {
        let channels = input[1];
        table.layer(
            "conv2d_rectangular",
            description,
            vec![any(input)],
            move |vb, x| nn::conv2d_rectangular(channels, out, kernel, geometry, bias, vb)?.forward(&x[0]),
        );
    };
    let plain = Geometry::default();
    case(
        "2x3x5x9 k(3,5) p(1,2)",
        [2, 3, 5, 9],
        2,
        (3, 5),
        true,
        Geometry {
            padding: (1, 2),
            ..plain
        },
    );
    case(
        "2x2x9x10 k(1,3) s(2,1)",
        [2, 2, 9, 10],
        3,
        (1, 3),
        true,
        Geometry {
            stride: (2, 1),
            ..plain
        },
    );
    case(
        "1x4x8x13 k(4,2) s(3,2) p(0,1) d(1,3) g2, no bias",
        [1, 4, 8, 13],
        4,
        (4, 2),
        false,
        Geometry {
            stride: (3, 2),
            padding: (0, 1),
            dilation: (1, 3),
            groups: 2,
            ..plain
        },
    );
}

fn transposed(table: &mut Table) {
    table.layer(
        "conv_transpose1d",
        "2x4x7 k4 s2 p1",
        vec![any([2, 4, 7])],
        |vb, x| {
            let config = ConvTranspose1dConfig {
                stride: 2,
                padding: 1,
                ..Default::default()
            };
            nn::conv_transpose1d(4, 3, 4, config, vb)?.forward(&x[0])
        },
    );
    table.layer(
        "conv_transpose1d",
        "2x4x5 k3 s3 p1 op2 d2 g2",
        vec![any([2, 4, 5])],
        |vb, x| {
            let config = ConvTranspose1dConfig {
                stride: 3,
                padding: 1,
                output_padding: 2,
                dilation: 2,
                groups: 2,
            };
            nn::conv_transpose1d(4, 6, 3, config, vb)?.forward(&x[0])
        },
    );
    table.layer(
        "conv_transpose1d_no_bias",
        "1x3x6 k2 s5, gaps",
        vec![any([1, 3, 6])],
        |vb, x| {
            let config = ConvTranspose1dConfig {
                stride: 5,
                ..Default::default()
            };
            nn::conv_transpose1d_no_bias(3, 2, 2, config, vb)?.forward(&x[0])
        },
    );
    table.layer(
        "conv_transpose2d",
        "2x3x5x4 k3 s2 p1 op1",
        vec![any([2, 3, 5, 4])],
        |vb, x| {
            let config = ConvTranspose2dConfig {
                stride: 2,
                padding: 1,
                output_padding: 1,
                dilation: 1,
            };
            nn::conv_transpose2d(3, 4, 3, config, vb)?.forward(&x[0])
        },
    );
    table.layer(
        "conv_transpose2d",
        "1x2x3x6 k1, pointwise",
        vec![any([1, 2, 3, 6])],
        |vb, x| nn::conv_transpose2d(2, 4, 1, ConvTranspose2dConfig::default(), vb)?.forward(&x[0]),
    );
    table.layer(
        "conv_transpose2d_no_bias",
        "1x2x3x6 k2 s2",
        vec![any([1, 2, 3, 6])],
        |vb, x| {
            let config = ConvTranspose2dConfig {
                stride: 2,
                ..Default::default()
            };
            nn::conv_transpose2d_no_bias(2, 3, 2, config, vb)?.forward(&x[0])
        },
    );
    let geometry = Geometry {
        stride: (2, 3),
        padding: (2, 1),
        output_padding: (1, 2),
        dilation: (2, 1),
        groups: 2,
    };
    table.layer(
        "conv_transpose2d_rectangular",
        "2x4x3x5 k(3,2) s(2,3) p(2,1) op(1,2) d(2,1) g2",
        vec![any([2, 4, 3, 5])],
        move |vb, x| nn::conv_transpose2d_rectangular(4, 6, (3, 2), geometry, true, vb)?.forward(&x[0]),
    );
    table.case(
        "conv_transpose2d",
        "used twice",
        vec![any([1, 2, 3, 4]), any([2, 2, 3, 3]), any([2])],
        |x| {
            let geometry = Geometry {
                padding: (1, 1),
                ..Default::default()
            };
            let y = ops::conv_transpose2d(&x[0], &x[1], Some(&x[2]), geometry)?;
            ops::conv_transpose2d(&y, &x[1], Some(&x[2]), geometry)? + &x[0]
        },
    );
}
