//! From a text to its words.

use std::ops::Range;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A word, a number, a sign, or a single character of a script that is written without spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Where it stands in the text, in bytes.
    pub range: Range<usize>,
    /// What it is taken for: compatibility-normalised (NFKC), in lower case, each digit as 0, so that "Ｆｉｖｅ" and "five",
    /// or £20 and £35, look alike.
    pub form: String,
}

/// The words of `text`, `most` at most: a text that has more is cut off there.
///
/// Letters with their marks and inner apostrophes are one word; digits with inner points and commas are one; every other sign,
/// and every character of Chinese and of the Japanese syllabaries, stands alone. Spaces, control characters and what has
/// no width of its own separate. Nothing is ever an error.
///
/// ```
/// let words = text::words("Don't move £1,250 到储蓄账户!", 100);
/// let forms: Vec<&str> = words.iter().map(|word| word.form.as_str()).collect();
/// assert_eq!(forms, ["don't", "move", "£", "0,000", "到", "储", "蓄", "账", "户", "!"]);
/// ```
pub fn words(text: &str, most: usize) -> Vec<Word> {
    let mut words = Vec::new();
    let mut characters = text.char_indices().peekable();
    while let Some((start, first)) = characters.next() {
        if words.len() == most {
            break;
        }
        let kind = Kind::of(first);
        if kind == Kind::Nothing {
            continue;
        }
        let mut end = start + first.len_utf8();
        while let Some(&(at, next)) = characters.peek() {
            let inside = match (kind, Kind::of(next)) {
                _ if is_combining_mark(next) => true,
                (Kind::Letter, Kind::Letter) | (Kind::Digit, Kind::Digit) => true,
                // An apostrophe, point or comma belongs to it if it goes on behind.
                (Kind::Letter, _) => {
                    matches!(next, '\'' | '’' | '＇') && follows(text, at + next.len_utf8(), Kind::Letter)
                }
                (Kind::Digit, _) => {
                    matches!(next, '.' | ',' | '．' | '，')
                        && follows(text, at + next.len_utf8(), Kind::Digit)
                }
                _ => false,
            };
            if !inside {
                break;
            }
            end = at + next.len_utf8();
            characters.next();
        }
        words.push(Word {
            range: start..end,
            form: form(&text[start..end]),
        });
    }
    words
}

/// Whether the character at byte `at` is of this kind.
fn follows(text: &str, at: usize, kind: Kind) -> bool {
    text[at..]
        .chars()
        .next()
        .is_some_and(|next| Kind::of(next) == kind)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nothing,
    Letter,
    Digit,
    Alone,
}

impl Kind {
    fn of(character: char) -> Self {
        match character {
            _ if character.is_whitespace() || character.is_control() || is_invisible(character) => {
                Self::Nothing
            }
            _ if stands_alone(character) => Self::Alone,
            _ if character.is_numeric() => Self::Digit,
            _ if character.is_alphabetic() || is_combining_mark(character) => Self::Letter,
            _ => Self::Alone,
        }
    }
}

/// Characters that change how others look and are nothing by themselves.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0000}'..='\u{e01ef}')
}

/// Whether a character belongs to a script that is written without spaces, of which every character is a word here.
pub(crate) fn stands_alone(character: char) -> bool {
    matches!(character,
        '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

fn form(text: &str) -> String {
    let lower = text.nfkc().flat_map(char::to_lowercase);
    lower
        .map(|character| match character {
            '’' => '\'',
            _ if character.is_numeric() => '0',
            _ => character,
        })
        .collect()
}
