//! Draws animals into a folder, to look at them or to measure with other tools:
//! `cargo run -p datasets --example animals -- FOLDER cats-dogs|others [TRAIN VALID TEST [SEED]]`

use std::path::Path;

use datasets::animals::{Options, make};

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, which, numbers @ ..] = arguments.as_slice() else {
        eprintln!("say where and which: FOLDER cats-dogs|others [TRAIN VALID TEST [SEED]]");
        std::process::exit(2);
    };
    let mut options = match which.as_str() {
        "others" => Options::others(),
        _ => Options::cats_and_dogs(),
    };
    let number = |index: usize, default: usize| {
        let given = numbers.get(index).and_then(|text| text.parse().ok());
        given.unwrap_or(default)
    };
    options.train = number(0, options.train);
    options.valid = number(1, options.valid);
    options.test = number(2, options.test);
    options.seed = number(3, options.seed as usize) as u64;
    let start = std::time::Instant::now();
    make(Path::new(folder), &options, &|_, _| {})?;
    println!("drawn in {:.1} s", start.elapsed().as_secs_f32());
    Ok(())
}
