//! Pooling and resizing.

use crate::table::{Table, any, distinct};

pub fn cases(table: &mut Table) {
    maximum(table);
    mean(table);
    resizing(table);
}

fn maximum(table: &mut Table) {
    table.case("max_pool1d", "2x3x11 k3 s2 p1", vec![distinct([2, 3, 11])], |x| {
        nn::max_pool1d(&x[0], 3, 2, 1)
    });
    table.case("max_pool2d", "2x3x4x6 k2 s2", vec![distinct([2, 3, 4, 6])], |x| {
        nn::max_pool2d(&x[0], 2, 2, 0)
    });
    table.case(
        "max_pool2d",
        "2x3x7x5 k2 s2, odd sizes",
        vec![distinct([2, 3, 7, 5])],
        |x| nn::max_pool2d(&x[0], 2, 2, 0),
    );
    table.case(
        "max_pool2d",
        "2x3x9x8 k3 s2 p1, the ResNet stem's",
        vec![distinct([2, 3, 9, 8])],
        |x| nn::max_pool2d(&x[0], 3, 2, 1),
    );
    table.case(
        "max_pool2d",
        "1x2x8x9 k(2,3) s(3,1) p(1,0)",
        vec![distinct([1, 2, 8, 9])],
        |x| nn::max_pool2d(&x[0], (2, 3), (3, 1), (1, 0)),
    );
    table.case(
        "max_pool2d",
        "transposed, used twice",
        vec![distinct([3, 1, 6, 5])],
        |x| {
            let x = x[0].transpose(0, 1)?.transpose(2, 3)?;
            nn::max_pool2d(&x, 3, 1, 1)? + x
        },
    );
    table.case(
        "adaptive_max_pool1d",
        "2x3x10 to 4",
        vec![distinct([2, 3, 10])],
        |x| nn::adaptive_max_pool1d(&x[0], 4),
    );
    table.case(
        "adaptive_max_pool2d",
        "2x2x7x9 to 3x4",
        vec![distinct([2, 2, 7, 9])],
        |x| nn::adaptive_max_pool2d(&x[0], (3, 4)),
    );
    table.case(
        "adaptive_max_pool2d",
        "1x2x3x2 to 5x2, larger",
        vec![distinct([1, 2, 3, 2])],
        |x| nn::adaptive_max_pool2d(&x[0], (5, 2)),
    );
}

fn mean(table: &mut Table) {
    table.case("avg_pool1d", "2x3x11 k4 s3 p2", vec![any([2, 3, 11])], |x| {
        nn::avg_pool1d(&x[0], 4, 3, 2)
    });
    table.case(
        "avg_pool2d",
        "2x3x7x5 k2 s2, odd sizes",
        vec![any([2, 3, 7, 5])],
        |x| nn::avg_pool2d(&x[0], 2, 2, 0),
    );
    table.case(
        "avg_pool2d",
        "1x2x8x9 k(2,3) s(3,1) p(1,1)",
        vec![any([1, 2, 8, 9])],
        |x| nn::avg_pool2d(&x[0], (2, 3), (3, 1), 1),
    );
    table.case(
        "avg_pool2d",
        "transposed, used twice",
        vec![any([3, 1, 6, 5])],
        |x| {
            let x = x[0].transpose(0, 1)?.transpose(2, 3)?;
            nn::avg_pool2d(&x, 3, 1, 1)? * x
        },
    );
    table.case("adaptive_avg_pool1d", "2x3x10 to 4", vec![any([2, 3, 10])], |x| {
        nn::adaptive_avg_pool1d(&x[0], 4)
    });
    table.case(
        "adaptive_avg_pool2d",
        "2x3x7x9 to 3x4",
        vec![any([2, 3, 7, 9])],
        |x| nn::adaptive_avg_pool2d(&x[0], (3, 4)),
    );
    table.case(
        "adaptive_avg_pool2d",
        "2x3x5x7 to 1, global",
        vec![any([2, 3, 5, 7])],
        |x| nn::adaptive_avg_pool2d(&x[0], 1),
    );
}

fn resizing(table: &mut Table) {
    table.case("upsample_nearest1d", "2x3x5 to 12", vec![any([2, 3, 5])], |x| {
        nn::upsample_nearest1d(&x[0], 12)
    });
    table.case(
        "upsample_nearest2d",
        "2x3x3x5 to 6x10",
        vec![any([2, 3, 3, 5])],
        |x| nn::upsample_nearest2d(&x[0], 6, 10),
    );
    table.case(
        "upsample_nearest2d",
        "1x2x3x5 to 9x5, not uniform",
        vec![any([1, 2, 3, 5])],
        |x| nn::upsample_nearest2d(&x[0], 9, 5),
    );
    table.case(
        "upsample_nearest2d",
        "1x2x4x6 to 7x4, not whole",
        vec![any([1, 2, 4, 6])],
        |x| nn::upsample_nearest2d(&x[0], 7, 4),
    );
    table.case(
        "upsample_nearest2d",
        "used twice, the U-Net's skip",
        vec![any([1, 2, 3, 5])],
        |x| {
            let features = x[0].sqr()?;
            let larger = nn::upsample_nearest2d(&features, 6, 10)?;
            nn::avg_pool2d(&larger, 2, 2, 0)? * features
        },
    );
    for (align_corners, description) in [
        (false, "2x2x3x5 to 7x8"),
        (true, "2x2x3x5 to 7x8, aligned corners"),
    ] {
        table.case(
            "upsample_bilinear2d",
            description,
            vec![any([2, 2, 3, 5])],
            move |x| nn::upsample_bilinear2d(&x[0], 7, 8, align_corners),
        );
    }
    table.case(
        "upsample_bilinear2d",
        "1x2x5x1 to 3x4, aligned, twice",
        vec![any([1, 2, 5, 1])],
        |x| nn::upsample_bilinear2d(&x[0], 3, 4, true)? * nn::upsample_bilinear2d(&x[0], 3, 4, false)?,
    );
}
