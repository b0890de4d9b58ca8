//! x
use std::time::Instant;
fn main() {
    for path in std::env::args().skip(1) {
        let start = Instant::now();
        match audio::Reader::open(&path, 16_000) {
            Ok(mut r) => {
                let mut n = 0;
                let mut err = None;
                for b in &mut r {
                    match b {
                        Ok(b) => n += b.len(),
                        Err(e) => err = Some(e),
                    }
                }
                let s = n as f64 / 16000.0;
                println!(
                    "{path}: {s:.2} s, promised {:?}, {:.0}x, {:?} {:?}",
                    r.promised_seconds(),
                    s / start.elapsed().as_secs_f64(),
                    r.warnings(),
                    err.map(|e| e.to_string())
                );
            }
            Err(e) => println!("{e}"),
        }
    }
}
