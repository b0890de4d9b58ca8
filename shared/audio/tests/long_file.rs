//! Twenty minutes pass through without being held.
#![allow(clippy::unwrap_used)] // the helpers of tests, too, may panic

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use audio::{LogMel, LogMelConfig, LoudnessMeter, Reader};

/// The system's allocator, keeping count of the bytes in use and their peak.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        PEAK.fetch_max(IN_USE.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn twenty_minutes_in_two_megabytes() {
    const SECONDS: usize = 20 * 60;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    for n in 0..SECONDS * 8_000 {
        writer
            .write_sample((n as i32 * 2_718 % 20_011 - 10_005) as i16)
            .unwrap();
    }
    writer.finalize().unwrap();

    let before = IN_USE.load(Relaxed);
    PEAK.store(before, Relaxed);
    let mut reader = Reader::open(&path, 16_000).unwrap();
    let mel = LogMel::new(&LogMelConfig::default());
    let (mut stream, mut frames, mut count) = (mel.stream(), Vec::new(), 0);
    let mut meter = LoudnessMeter::new(16_000).unwrap();
    let mut samples = 0;
    for block in &mut reader {
        let block = block.unwrap();
        samples += block.len();
        meter.push(&block);
        stream.push(&block, &mut frames);
        count += frames.len() / 64;
        frames.clear();
    }
    stream.finish(&mut frames);
    let peak = PEAK.load(Relaxed) - before;
    assert_eq!(samples, SECONDS * 16_000);
    assert_eq!(count + frames.len() / 64, mel.config().frames(samples));
    assert!(meter.loudness().is_some() && reader.warnings().is_empty());
    // The samples alone would be 77 MB.
    assert!(peak < 2 << 20, "peak {peak} bytes");
}
