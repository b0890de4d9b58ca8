//! Lengths and counts inside mp4 and flac headers, checked before a decoder believes them.
//!
//! The decoder reserves memory for as many entries as a header claims. One flipped bit claims billions, and a program
//! that cannot get its memory is ended at once: no error, no panic to catch.

use std::io::{self, Read, Seek, SeekFrom};

/// Whether some part of the file's header claims to be longer than what it lies in. False for other formats, and for
/// headers cut off by the end of the file, which the decoder reports itself.
pub(crate) fn absurd<R: Read + Seek>(input: &mut R) -> io::Result<bool> {
    let end = input.seek(SeekFrom::End(0))?;
    input.seek(SeekFrom::Start(0))?;
    let mut check = || match (word(input)? as u32).to_be_bytes() {
        [b'f', b'L', b'a', b'C'] => flac_tags(input),
        _ if &(word(input)? as u32).to_be_bytes() == b"ftyp" => atoms(input, 0, end, 0),
        _ => Ok(false),
    };
    match check() {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        found => found,
    }
}

fn word(input: &mut impl Read) -> io::Result<u64> {
    let mut bytes = [0; 4];
    input.read_exact(&mut bytes)?;
    Ok(u32::from_be_bytes(bytes).into())
}

/// ISO/IEC 14496-12: atoms of a length, a name and a content, some of which hold further atoms.
fn atoms<R: Read + Seek>(input: &mut R, mut start: u64, end: u64, depth: u32) -> io::Result<bool> {
    while start + 8 <= end {
        input.seek(SeekFrom::Start(start))?;
        let mut length = word(input)?;
        let mut name = [0; 4];
        input.read_exact(&mut name)?;
        let mut content = start + 8;
        if length == 1 {
            length = (word(input)? << 32) + word(input)?;
            content += 8;
        }
        let next = if length == 0 {
            Some(end)
        } else {
            start.checked_add(length)
        };
        let Some(next) = next.filter(|&next| next >= content && (next <= end || depth == 0)) else {
            return Ok(true);
        };
        let absurd = match &name {
            b"moov" | b"trak" | b"mdia" | b"minf" | b"stbl" | b"udta" | b"ilst" if depth < 8 => {
                atoms(input, content, next.min(end), depth + 1)?
            }
            b"meta" => atoms(input, content + 4, next.min(end), depth + 1)?,
            b"stts" => table(input, 4, 8, next)?,
            b"stsc" => table(input, 4, 12, next)?,
            b"stco" => table(input, 4, 4, next)?,
            b"co64" => table(input, 4, 8, next)?,
            b"stsz" => table(input, 8, 4, next)?,
            // The shortest handler that has a name.
            b"hdlr" => next - content < 24,
            _ => false,
        };
        if absurd {
            return Ok(true);
        }
        start = next;
    }
    Ok(false)
}

/// Whether a table of `count` entries of `width` bytes does not fit before `end`; `skip` bytes precede the count. The
/// table of sample sizes says there which one size all have, and then has no entries.
fn table<R: Read + Seek>(input: &mut R, skip: u64, width: u64, end: u64) -> io::Result<bool> {
    let mut before = 0;
    for _ in 0..skip / 4 {
        before = word(input)?;
    }
    let one_size = skip == 8 && before != 0;
    let count = word(input)?;
    Ok(!one_size && input.stream_position()? + count * width > end)
}

/// RFC 9639, section 8: blocks of a type and a length; tags and pictures inside them have lengths of their own.
fn flac_tags<R: Read + Seek>(input: &mut R) -> io::Result<bool> {
    let mut start = 4;
    loop {
        input.seek(SeekFrom::Start(start))?;
        let head = word(input)?;
        let end = start + 4 + (head & 0xFF_FFFF);
        let fits = match (head >> 24) & 0x7F {
            4 => flac_comment(input, end)?,
            6 => flac_picture(input, end)?,
            _ => true,
        };
        if !fits || head >> 31 == 1 {
            return Ok(!fits);
        }
        start = end;
    }
}

/// The name of the writer, the number of tags, and the tags: little-endian, as in Vorbis.
fn flac_comment<R: Read + Seek>(input: &mut R, end: u64) -> io::Result<bool> {
    let little = |word: u64| u64::from((word as u32).swap_bytes());
    if !skip_text(input, end, little)? {
        return Ok(false);
    }
    for _ in 0..little(word(input)?) {
        if !skip_text(input, end, little)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A number, two texts, four numbers and the picture's bytes.
fn flac_picture<R: Read + Seek>(input: &mut R, end: u64) -> io::Result<bool> {
    word(input)?;
    let texts = skip_text(input, end, |word| word)? && skip_text(input, end, |word| word)?;
    input.seek(SeekFrom::Current(16))?;
    Ok(texts && skip_text(input, end, |word| word)?)
}

/// Passes over a length and as many bytes; false when they do not fit before `end`.
fn skip_text<R: Read + Seek>(input: &mut R, end: u64, order: impl Fn(u64) -> u64) -> io::Result<bool> {
    let length = order(word(input)?);
    let fits = input.stream_position()? + length <= end;
    if fits {
        input.seek(SeekFrom::Current(length as i64))?;
    }
    Ok(fits)
}
