//! What can be said, and how it is pronounced.

/// The digits, in the order of their value.
pub const DIGITS: [&str; 10] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
];

/// Words for commands; some differ by a sound or two only.
pub const COMMANDS: [&str; 20] = [
    "yes", "no", "on", "off", "up", "down", "left", "right", "stop", "go", "start", "play", "pause", "open",
    "close", "light", "door", "red", "green", "blue",
];

/// All words to be told apart: [`DIGITS`] and [`COMMANDS`].
pub const WORDS: [&str; 30] = {
    let mut words = [""; 30];
    let mut index = 0;
    while index < 30 {
        words[index] = if index < 10 {
            DIGITS[index]
        } else {
            COMMANDS[index - 10]
        };
        index += 1;
    }
    words
};

/// Other words, for the class "unknown", which speakers of all three parts say.
pub const OTHER_WORDS: [&str; 8] = ["house", "bird", "cat", "dog", "tree", "happy", "water", "book"];
/// Other words that only training has.
pub const OTHER_WORDS_OF_TRAINING: [&str; 8] =
    ["night", "pen", "boat", "shoe", "clay", "jam", "floor", "boy"];
/// Other words that only validation has.
pub const OTHER_WORDS_OF_VALIDATION: [&str; 5] = ["fish", "cup", "nut", "song", "lot"];
/// Other words that only the test has: a model that says "unknown" to these has learned what the commands are, not
/// what a few other words are.
pub const OTHER_WORDS_OF_TEST: [&str; 8] = [
    "goat", "net", "bread", "chair", "mother", "king", "moon", "sticks",
];

/// The sounds of a word in ARPAbet, vowels with 1 if stressed and 0 if not; none for a word that is not known.
pub fn pronunciation(word: &str) -> Option<&'static str> {
    Some(match word {
        "zero" => "Z IH1 R OW0",
        "one" => "W AH1 N",
        "two" => "T UW1",
        "three" => "TH R IY1",
        "four" => "F OR1 R",
        "five" => "F AY1 V",
        "six" => "S IH1 K S",
        "seven" => "S EH1 V AX0 N",
        "eight" => "EY1 T",
        "nine" => "N AY1 N",
        "yes" => "Y EH1 S",
        "no" => "N OW1",
        "on" => "AO1 N",
        "off" => "AO1 F",
        "up" => "AH1 P",
        "down" => "D AW1 N",
        "left" => "L EH1 F T",
        "right" => "R AY1 T",
        "stop" => "S T AA1 P",
        "go" => "G OW1",
        "start" => "S T AA1 R T",
        "play" => "P L EY1",
        "pause" => "P AO1 Z",
        "open" => "OW1 P AX0 N",
        "close" => "K L OW1 Z",
        "light" => "L AY1 T",
        "door" => "D OR1 R",
        "red" => "R EH1 D",
        "green" => "G R IY1 N",
        "blue" => "B L UW1",
        "house" => "HH AW1 S",
        "bird" => "B ER1 D",
        "cat" => "K AE1 T",
        "dog" => "D AO1 G",
        "tree" => "T R IY1",
        "happy" => "HH AE1 P IY0",
        "water" => "W AO1 T ER0",
        "book" => "B UH1 K",
        "night" => "N AY1 T",
        "pen" => "P EH1 N",
        "boat" => "B OW1 T",
        "shoe" => "SH UW1",
        "clay" => "K L EY1",
        "jam" => "JH AE1 M",
        "floor" => "F L OR1 R",
        "boy" => "B OY1",
        "fish" => "F IH1 SH",
        "cup" => "K AH1 P",
        "nut" => "N AH1 T",
        "song" => "S AO1 NG",
        "lot" => "L AA1 T",
        "goat" => "G OW1 T",
        "net" => "N EH1 T",
        "bread" => "B R EH1 D",
        "moon" => "M UW1 N",
        "chair" => "CH EH1 R",
        "mother" => "M AH1 DH ER0",
        "king" => "K IH1 NG",
        "sticks" => "S T IH1 K S",
        _ => return None,
    })
}
