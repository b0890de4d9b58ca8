//! Has words said into a folder, to listen to them or to measure with other tools:
//! `cargo run -p datasets --example speech -- FOLDER SPEAKERS TEXT…`

use std::path::Path;

use datasets::speech::{RATE, Speaker, say};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, speakers, texts @ ..] = arguments.as_slice() else {
        eprintln!("say where, by how many and what: FOLDER SPEAKERS TEXT…");
        std::process::exit(2);
    };
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    std::fs::create_dir_all(folder)?;
    for number in 0..speakers.parse()? {
        let speaker = Speaker::new(1, &format!("example/{number}"));
        for text in texts {
            let samples = say(text, &speaker, &mut speaker.random(text))?;
            let path = Path::new(folder).join(format!("{}_{number:03}.wav", text.replace([' ', ','], "-")));
            let mut writer = hound::WavWriter::create(path, spec)?;
            for x in samples {
                writer.write_sample((x * 32767.0) as i16)?;
            }
            writer.finalize()?;
        }
    }
    Ok(())
}
