//! Words, their pieces, tags and the linear model.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use text::{
    LinearModel, LinearTagger, Pieces, Slot, Sparse, Tags, TfIdf, Word, character_ngrams, pad, words,
};
use training::{Pass, by_length};

fn forms(text: &str) -> Vec<String> {
    words(text, 100).into_iter().map(|word| word.form).collect()
}

#[test]
fn words_of_many_scripts() {
    assert_eq!(
        forms("I don’t KNOW 'that'"),
        ["i", "don't", "know", "'", "that", "'"]
    );
    assert_eq!(
        forms("£20, 1,250.75 and 3rd"),
        ["£", "00", ",", "0,000.00", "and", "0", "rd"]
    );
    assert_eq!(forms("２０元 ﬁne"), ["00", "元", "fine"]);
    assert_eq!(forms("café cafe\u{301}"), ["café", "café"]);
    assert_eq!(forms("привет мир, שלום"), ["привет", "мир", ",", "שלום"]);
    assert_eq!(forms("東京タワー"), ["東", "京", "タ", "ワ", "ー"]);
    // A thumb of any colour is a thumb; what has no width is nothing.
    assert_eq!(forms("ok👍🏽\u{200d}\u{feff}"), ["ok", "👍"]);
    assert_eq!(forms(" \u{0}\t\n\u{200b}"), [""; 0]);
}

#[test]
fn ranges_lead_back_to_the_text() {
    let text = "Überweise ５０ € an Zoë";
    let found: Vec<&str> = words(text, 100)
        .into_iter()
        .map(|word| &text[word.range])
        .collect();
    assert_eq!(found, ["Überweise", "５０", "€", "an", "Zoë"]);
    assert_eq!(words(&"word ".repeat(100_000), 128).len(), 128);
}

#[test]
fn misspelt_words_share_pieces() {
    let shared = |a: &str, b: &str| {
        let pieces = |text: &str| character_ngrams(&words(text, 9), 0, 1 << 20, 100);
        let other = pieces(b);
        pieces(a).iter().filter(|piece| other.contains(piece)).count()
    };
    assert!(shared("savings", "savngs") >= 4 && shared("savings", "mortgage") == 0);
    // A character that stands alone is known by its neighbours.
    let of = |text: &str, place| character_ngrams(&words(text, 9), place, 1 << 20, 100);
    assert_ne!(of("储蓄", 0), of("储户", 0));
    assert!(of("a", 0).iter().all(|piece| *piece > 0) && of("a", 0).len() == 1);
    assert_eq!(of("extraordinarily", 0).len(), 42);
}

fn slot(name: &str, start: usize, end: usize) -> Slot {
    Slot {
        name: name.into(),
        start,
        end,
    }
}

#[test]
fn slots_become_tags_and_come_back() {
    let text = "move £50 to rainy day savings";
    let words = words(text, 100);
    let tags = Tags {
        slots: vec!["amount".into(), "target".into()],
    };
    let slots = [slot("amount", 5, 9), slot("target", 13, 30)];
    let encoded = tags.encode(&slots, &words);
    assert_eq!(encoded, [0, 1, 2, 0, 3, 4, 4]);
    assert_eq!(tags.decode(&encoded, &words), slots);
    // A slot that ends within a word has the word; one that is not known is outside.
    assert_eq!(
        tags.encode(&[slot("target", 13, 15), slot("x", 0, 4)], &words),
        [0, 0, 0, 0, 3, 0, 0]
    );
}

/// The cases of the scorer of CoNLL-2000: an inside that follows nothing, or another slot, begins one.
#[test]
fn slots_are_scored_as_in_conll() {
    let tags = Tags {
        slots: vec!["a".into(), "b".into()],
    };
    let score = |truth: &[u32], found: &[u32]| {
        let all = tags.score([(truth, found)]).all;
        (all.true_, all.predicted, all.right)
    };
    assert_eq!(score(&[1, 2, 0, 3], &[1, 2, 0, 3]), (2, 2, 2));
    assert_eq!(score(&[1, 2, 0, 3], &[1, 0, 0, 3]), (2, 2, 1));
    assert_eq!(score(&[1, 2, 0], &[2, 2, 0]), (1, 1, 1));
    assert_eq!(score(&[1, 1], &[1, 2]), (2, 1, 0));
    assert_eq!(score(&[1, 4], &[1, 2]), (2, 1, 0));
    let scores = tags.score([(&[1, 0, 3][..], &[1, 0, 1][..])]);
    assert_eq!(
        (
            scores.all.f1(),
            scores.by_slot["a"].precision(),
            scores.by_slot["b"].recall()
        ),
        (0.5, 0.5, 0.0)
    );
}

#[test]
fn batches_are_of_nearly_one_length_and_lose_nothing() {
    let lengths: Vec<usize> = (0..1000).map(|number| 1 + number * 7919 % 40).collect();
    let pass = |epoch, train| Pass {
        seed: 3,
        epoch,
        train,
    };
    let order = by_length(&lengths, 16, pass(0, true));
    let mut sorted = order.clone();
    sorted.sort();
    assert!(sorted.into_iter().eq(0..1000));
    let filling = |order: &[usize]| -> usize {
        let batch = |batch: &[usize]| {
            let longest = batch.iter().map(|place| lengths[*place]).max().unwrap();
            batch.iter().map(|place| longest - lengths[*place]).sum::<usize>()
        };
        order.chunks(16).map(batch).sum()
    };
    assert!(10 * filling(&order) < filling(&training::order(1000, pass(0, true))));
    assert_ne!(order, by_length(&lengths, 16, pass(1, true)));
    assert!(by_length(&lengths, 16, pass(0, false)).into_iter().eq(0..1000));
    let padded = pad(&[vec![5, 6, 7], vec![], vec![8]])
        .unwrap()
        .to_vec2::<u32>()
        .unwrap();
    assert_eq!(padded, [[5, 6, 7], [0, 0, 0], [8, 0, 0]]);
}

/// The optimum of three points in the plane, found by hand: the two nearest of either side are support vectors.
#[test]
fn the_linear_model_finds_the_widest_margin() {
    let rows: Vec<Sparse> = vec![vec![(0, 1.0)], vec![(1, 1.0)], vec![(0, 0.9), (1, 0.1)]];
    let model = LinearModel::fit(&rows, &[0, 1, 0], 2, 2, 1);
    let sides = model.scores(&rows[1]);
    assert!(sides[1] > 0.3 && (sides[0] + sides[1]).abs() < 1e-3, "{sides:?}");
    assert!(model.scores(&rows[0])[0] > 0.3);
}

#[test]
fn the_linear_model_learns_words_and_pairs_of_words() {
    let texts = [
        "please block it",
        "block the card",
        "what a rate",
        "the rate please",
        "not block",
        "rate not",
    ];
    let words: Vec<Vec<Word>> = texts.iter().map(|text| words(text, 9)).collect();
    let counts = TfIdf::fit(words.iter().map(Vec::as_slice));
    let rows: Vec<Sparse> = words.iter().map(|words| counts.row(words)).collect();
    let length: f32 = rows[0].iter().map(|(_, value)| value * value).sum();
    assert!((length - 1.0).abs() < 1e-5);
    let model = LinearModel::fit(&rows, &[0, 0, 1, 1, 0, 1], 2, counts.columns(), 1);
    let sides = model.scores(&counts.row(&text::words("which rate today", 9)));
    assert!(sides[1] > sides[0]);
    let tags: Vec<Vec<u32>> = words
        .iter()
        .map(|words| words.iter().map(|word| u32::from(word.form == "card")).collect())
        .collect();
    let tagger = LinearTagger::fit(
        words
            .iter()
            .map(Vec::as_slice)
            .zip(tags.iter().map(Vec::as_slice)),
        2,
        1,
    );
    assert_eq!(tagger.tags(&text::words("block the card", 9)), [0, 0, 1]);
}

#[test]
fn pieces_cut_anything_and_put_it_together_again() {
    let texts: Vec<String> = (0..50)
        .map(|number| format!("paying the payment number {number}"))
        .collect();
    let pieces = Pieces::train_bpe(texts.iter().map(String::as_str), 300).unwrap();
    assert!(pieces.len() > 257 && pieces.len() <= 300);
    for text in ["paying", "往储蓄转账 👍", ""] {
        let cut = pieces.cut(text).unwrap();
        let ids: Vec<u32> = cut.iter().map(|piece| piece.id).collect();
        assert_eq!(pieces.join(&ids).unwrap(), text);
    }
    assert!(
        pieces.cut("paying").unwrap().len() < 4,
        "what is frequent stays whole"
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pieces.json");
    pieces.save(&path).unwrap();
    assert_eq!(
        Pieces::read(&path).unwrap().cut("payment").unwrap(),
        pieces.cut("payment").unwrap()
    );
    assert!(Pieces::train_bpe(["a"], 257).is_err());
    let error = Pieces::read(&folder.path().join("nothing.json"))
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("nothing.json"), "{error}");
}

#[test]
fn a_published_vocabulary_of_word_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vocab.txt");
    std::fs::write(&path, "[PAD]\n[UNK]\npay\n##ing\nthe\nrent\n").unwrap();
    let pieces = Pieces::word_pieces(&path, true).unwrap();
    let cut = pieces.cut("Paying the £ rent").unwrap();
    assert_eq!(
        cut.iter().map(|piece| piece.id).collect::<Vec<_>>(),
        [2, 3, 4, 1, 5]
    );
    assert_eq!(cut[1].range, 3..6);
    std::fs::write(&path, "pay\nrent\n").unwrap();
    assert!(
        Pieces::word_pieces(&path, true)
            .err()
            .unwrap()
            .to_string()
            .contains("[UNK]")
    );
    assert!(Pieces::word_pieces(&folder.path().join("no.txt"), true).is_err());
}
