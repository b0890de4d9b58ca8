//! Packed pictures, whole and damaged.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic, in its helpers too"
)]

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::{Compression, write::GzEncoder};
use tempfile::TempDir;
use vision::packed::{PackedSet, open};

const WIDTH: usize = 3;
const HEIGHT: usize = 2;
const PICTURE: usize = WIDTH * HEIGHT;

fn header(magic: u32, sizes: &[u32]) -> Vec<u8> {
    let numbers = std::iter::once(magic).chain(sizes.iter().copied());
    numbers.flat_map(u32::to_be_bytes).collect()
}

/// `count` pictures; pixel `i` of picture `n` is `10 * n + i`.
fn images(count: usize) -> Vec<u8> {
    let mut bytes = header(0x803, &[count as u32, HEIGHT as u32, WIDTH as u32]);
    bytes.extend((0..count).flat_map(|n| (0..PICTURE).map(move |i| (10 * n + i) as u8)));
    bytes
}

fn labels(labels: &[u8]) -> Vec<u8> {
    let mut bytes = header(0x801, &[labels.len() as u32]);
    bytes.extend(labels);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn write(folder: &Path, file: &str, bytes: &[u8]) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// A small MNIST: four pictures for training, two for test.
fn mnist() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "train-images-idx3-ubyte", &images(4));
    write(folder.path(), "train-labels-idx1-ubyte", &labels(&[3, 1, 4, 1]));
    write(folder.path(), "t10k-images-idx3-ubyte", &images(2));
    write(folder.path(), "t10k-labels-idx1-ubyte", &labels(&[9, 0]));
    folder
}

fn opened(folder: &Path) -> PackedSet {
    open(folder).unwrap().expect("a set is there")
}

#[track_caller]
fn refused(folder: &Path, words: &[&str]) {
    let message = open(folder).expect_err("should be refused").to_string();
    for word in words {
        assert!(message.contains(word), "{word:?} is not in {message:?}");
    }
}

#[test]
fn idx_files_open_plain_compressed_dotted_and_one_folder_down() {
    let data = mnist();
    let set = opened(data.path());
    assert_eq!(
        (set.train.len(), set.test.len(), set.train.is_empty()),
        (4, 2, false)
    );
    assert_eq!(
        (set.train.width, set.train.height, set.train.channels),
        (WIDTH, HEIGHT, 1)
    );
    assert_eq!(set.train.labels, [3, 1, 4, 1]);
    assert_eq!(set.classes[9], "9");
    let picture = set.train.picture(2);
    assert_eq!(
        (picture.dimensions(), picture.get_pixel(1, 1).0),
        ((3, 2), [24; 3])
    );
    let chosen = set.train.select(&[2, 0]);
    assert_eq!(
        (chosen.labels.as_slice(), chosen.planes(0)),
        (&[4, 3][..], set.train.planes(2))
    );
    assert_eq!(chosen.picture(1), set.train.picture(0));

    // What is compressed is seen by its content: here under a name without .gz, and the other way round.
    write(data.path(), "train-images-idx3-ubyte", &gzip(&images(4)));
    fs::rename(
        data.path().join("t10k-labels-idx1-ubyte"),
        data.path().join("t10k-labels.idx1-ubyte.gz"),
    )
    .unwrap();
    assert_eq!(opened(data.path()), set);

    let above = tempfile::tempdir().unwrap();
    assert!(open(above.path()).unwrap().is_none());
    fs::rename(data.path(), above.path().join("raw")).unwrap();
    assert_eq!(opened(above.path()), set);
    let second = mnist();
    fs::rename(second.path(), above.path().join("Fashion-MNIST")).unwrap();
    refused(
        above.path(),
        &["2 sets", "raw", "Fashion-MNIST", "give the folder of one"],
    );
    let fashion = opened(&above.path().join("Fashion-MNIST"));
    assert_eq!(fashion.classes[9], "ankle boot");
    write(
        above.path(),
        "Fashion-MNIST/classes.txt",
        "\u{feff}a\r\nb\r\n\r\nc\r\nd\r\ne\r\nf\r\ng\r\nh\r\ni\r\nj\r\n".as_bytes(),
    );
    assert_eq!(
        opened(&above.path().join("Fashion-MNIST")).classes,
        ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]
    );
}

#[test]
fn damaged_idx_files_are_named_with_what_is_wrong() {
    let cut = images(4)[..30].to_vec();
    let mut long = images(4);
    long.push(0);
    let bomb_of = |declared: u32, real: usize| {
        let mut bytes = header(0x803, &[declared, 1, 1]);
        bytes.resize(16 + real, 0);
        gzip(&bytes)
    };
    let half = |bytes: Vec<u8>| bytes[..bytes.len() / 2].to_vec();
    let file = "train-images-idx3-ubyte";
    let cases: Vec<(Vec<u8>, &[&str])> = vec![
        (vec![], &["holds 0 bytes"]),
        (
            images(4)[..9].to_vec(),
            &["cut off within its header of 16 bytes"],
        ),
        (
            cut.clone(),
            &["declares 4 x 2 x 3 bytes but ends after 14", "fetch it again"],
        ),
        (long.clone(), &["goes on after the 4 x 2 x 3 bytes"]),
        (gzip(&cut), &["ends after 14"]),
        (gzip(&long), &["goes on after"]),
        (half(gzip(&images(4))), &["compressed data is damaged or cut off"]),
        (
            labels(&[1, 2]),
            &["0x00000801 (the mark of labels), not with 0x00000803 (pictures)"],
        ),
        (
            header(0xd03, &[1, 1, 1]),
            &["0x00000d03 (32-bit floating-point numbers)"],
        ),
        (b"<!DOCTYPE html>".to_vec(), &["a web page"]),
        (header(0x803, &[0, 28, 28]), &["declares 0 x 28 x 28"]),
        (
            header(0x803, &[u32::MAX, u32::MAX, u32::MAX]),
            &["declares 4294967295 x", "a file of 16 bytes cannot hold"],
        ),
        (
            header(0x803, &[60_000, 28, 28]),
            &["declares 60000 x 28 x 28", "cannot hold"],
        ),
        (
            gzip(&header(0x803, &[4_000_000_000, 1, 1])),
            &["declares 4000000000 x 1 x 1", "cannot hold"],
        ),
        // Far more than it declares: it is not unpacked to its end.
        (bomb_of(4, 50_000_000), &["goes on after the 4 x 1 x 1"]),
        (
            images(3),
            &["holds 4 labels for the 3 pictures", "not of one set"],
        ),
    ];
    for (bytes, words) in cases {
        let data = mnist();
        write(data.path(), file, &bytes);
        refused(data.path(), words);
    }
    let data = mnist();
    write(data.path(), "t10k-labels-idx1-ubyte", &labels(&[9, 10]));
    refused(
        data.path(),
        &[
            "t10k-labels",
            "label 10 of picture 1 is beyond the 10 classes",
            "classes.txt",
        ],
    );
    fs::remove_file(data.path().join("t10k-labels-idx1-ubyte")).unwrap();
    refused(data.path(), &["has no t10k-labels-idx1-ubyte", "fetch it too"]);
    let data = mnist();
    write(data.path(), "classes.txt", b"one\none\n");
    refused(data.path(), &["\"one\" is there twice"]);
    write(data.path(), "classes.txt", b"a\nb\n");
    refused(
        data.path(),
        &[
            "label 3 of picture 0 is beyond the 2 classes",
            "add the missing names",
        ],
    );
    refused(
        &data.path().join("nowhere"),
        &["cannot read", "nowhere", "spelling"],
    );
}

/// Records of `labels` bytes, the last of them the class, and planes of 10, 20 and 30 plus the class.
fn records(labels: usize, classes: &[u8]) -> Vec<u8> {
    let record = |class: u8| {
        let mut bytes = vec![7; labels - 1];
        bytes.push(class);
        [10, 20, 30]
            .iter()
            .for_each(|plane| bytes.extend(vec![plane + class; 1024]));
        bytes
    };
    classes.iter().flat_map(|&class| record(class)).collect()
}

#[test]
fn cifar_opens_with_its_names_or_without() {
    let data = tempfile::tempdir().unwrap();
    let below = data.path().join("cifar-10-batches-bin");
    for batch in 1..=5 {
        write(
            &below,
            &format!("data_batch_{batch}.bin"),
            &records(1, &[batch, 9]),
        );
    }
    write(&below, "test_batch.bin", &records(1, &[6]));
    let set = opened(data.path());
    assert_eq!(set.train.labels, [1, 9, 2, 9, 3, 9, 4, 9, 5, 9]);
    assert_eq!(
        (set.train.width, set.train.height, set.train.channels),
        (32, 32, 3)
    );
    assert_eq!(set.train.picture(2).get_pixel(31, 31).0, [12, 22, 32]);
    assert_eq!(
        (set.layout, set.classes[6].as_str()),
        ("CIFAR-10, binary version", "frog")
    );
    let names = "zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n\n";
    write(&below, "batches.meta.txt", names.as_bytes());
    assert_eq!(
        (opened(&below).classes[9].as_str(), opened(&below).classes.len()),
        ("nine", 10)
    );

    write(&below, "data_batch_3.bin", &records(1, &[1, 2])[..4000]);
    refused(
        data.path(),
        &[
            "data_batch_3.bin",
            "4000 bytes, 1 whole records of 3073 and 927 bytes more",
        ],
    );
    write(&below, "data_batch_3.bin", b"");
    refused(data.path(), &["data_batch_3.bin", "holds 0 bytes"]);
    write(&below, "data_batch_3.bin", &records(1, &[1, 10]));
    refused(data.path(), &["label 10 of picture 1 is beyond the 10 classes"]);
    fs::remove_file(below.join("data_batch_3.bin")).unwrap();
    refused(
        data.path(),
        &["has no data_batch_3.bin", "cifar-10-binary.tar.gz"],
    );

    let python = tempfile::tempdir().unwrap();
    write(python.path(), "data_batch_1", b"");
    write(python.path(), "batches.meta", b"");
    refused(python.path(), &["for Python", "cifar-10-binary.tar.gz"]);

    let hundred = tempfile::tempdir().unwrap();
    write(hundred.path(), "train.bin", &records(2, &[99, 0]));
    assert!(
        open(hundred.path()).unwrap().is_none(),
        "a train.bin alone may be anything"
    );
    write(hundred.path(), "test.bin", &records(2, &[50]));
    let set = opened(hundred.path());
    assert_eq!(
        (set.train.labels.as_slice(), set.classes.len()),
        (&[99, 0][..], 100)
    );
    assert_eq!(set.test.picture(0).get_pixel(0, 0).0, [60, 70, 80]);
}

#[test]
fn the_real_fashion_mnist_opens() {
    let folder = std::env::var("KINDLING_MIRROR").map(|mirror| Path::new(&mirror).join("fashion-mnist"));
    let Some(folder) = folder.ok().filter(|folder| folder.is_dir()) else {
        println!("skipped: set KINDLING_MIRROR to a folder that holds fashion-mnist");
        return;
    };
    let set = opened(&folder);
    assert_eq!((set.train.len(), set.test.len()), (60_000, 10_000));
    assert_eq!((set.train.width, set.train.height), (28, 28));
    for class in 0..10 {
        assert_eq!(
            set.train.labels.iter().filter(|&&label| label == class).count(),
            6000
        );
    }
    // The first picture for training is known to be an ankle boot.
    assert_eq!(set.classes[set.train.labels[0] as usize], "ankle boot");
}
