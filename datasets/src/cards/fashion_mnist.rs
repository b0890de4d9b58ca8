use crate::{Card, Contents, RemoteFile, Source};

// Two forms of each file: the official one, then the same data as Debian's package dataset-fashion-mnist compresses
// it. With that package installed, KINDLING_MIRROR=/usr/share/datasets serves this set.
pub(super) const CARD: Card = Card {
    name: "fashion-mnist",
    title: "Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017)",
    what: "70,000 grey pictures of 28 by 28 pixels of clothes from a shop, in ten classes; as easy to use as the digits \
           of MNIST and harder to read.",
    licence: "MIT",
    home: "https://github.com/zalandoresearch/fashion-mnist",
    size: 30_878_645,
    layout: "IDX files, compressed: train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-…",
    class_folders: false,
    split: "official: 60,000 for training (take validation from its end), 10,000 for test",
    faults: &["shirts, T-shirts, pullovers and coats overlap: no reader gets them all right"],
    mirror: "fashion-mnist",
    source: Source::Files {
        files: &[
            file(
                "train-images-idx3-ubyte.gz",
                &["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-images-idx3-ubyte.gz"],
                26_421_880,
                &[
                    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                    "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7",
                ],
            ),
            file(
                "train-labels-idx1-ubyte.gz",
                &["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-labels-idx1-ubyte.gz"],
                29_515,
                &[
                    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                    "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056",
                ],
            ),
            file(
                "t10k-images-idx3-ubyte.gz",
                &["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/t10k-images-idx3-ubyte.gz"],
                4_422_102,
                &[
                    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                    "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa",
                ],
            ),
            file(
                "t10k-labels-idx1-ubyte.gz",
                &["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/t10k-labels-idx1-ubyte.gz"],
                5_148,
                &[
                    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                    "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05",
                ],
            ),
        ],
        checked: "of files whose MD5 is the one that the official README states, and of Debian's",
    },
    contents: Contents {
        extensions: &["gz"],
        files: 4,
        sha256: None,
    },
};

const fn file(
    path: &'static str,
    urls: &'static [&'static str],
    bytes: u64,
    sha256: &'static [&'static str],
) -> RemoteFile {
    RemoteFile {
        path,
        urls,
        bytes: Some(bytes),
        sha256,
        unpack: None,
    }
}
