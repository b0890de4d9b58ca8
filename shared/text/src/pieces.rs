//! Pieces of words, by the crate `tokenizers`: read from a published vocabulary, or learned from texts.

use std::ops::Range;
use std::path::Path;

use tokenizers::models::TrainerWrapper;
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::{BertNormalizer, NFKC};
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{AddedToken, DecoderWrapper, ModelWrapper, NormalizerWrapper};
use tokenizers::{PostProcessorWrapper, PreTokenizerWrapper, TokenizerBuilder, TokenizerImpl};

use crate::error::At;
use crate::{Result, TextError};

type Tokenizer =
    TokenizerImpl<ModelWrapper, NormalizerWrapper, PreTokenizerWrapper, PostProcessorWrapper, DecoderWrapper>;

/// Cuts texts into pieces of words, of which there are some thousands: no word is unknown, and frequent ones stay whole.
///
/// ```
/// let texts = ["pay the rent", "pay the bill", "repay the bank"];
/// let pieces = text::Pieces::train_bpe(texts, 300)?;
/// let cut = pieces.cut("prepay")?;
/// assert_eq!(pieces.join(&cut.iter().map(|piece| piece.id).collect::<Vec<_>>())?, "prepay");
/// # Ok::<(), text::TextError>(())
/// ```
pub struct Pieces(Tokenizer);

/// A piece of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its number in the vocabulary.
    pub id: u32,
    /// Where it stands in the text, in bytes.
    pub range: Range<usize>,
}

impl Pieces {
    /// Learns at most `size` pieces from `texts` by byte-pair encoding (Sennrich et al. 2016) on bytes (Radford et al. 2019): the 256
    /// bytes, and the pairs that are most frequent. Id 0 is padding.
    ///
    /// # Errors
    /// If `size` is not above the 257 that there are in any case.
    pub fn train_bpe<'a>(texts: impl IntoIterator<Item = &'a str>, size: usize) -> Result<Self> {
        if size <= 257 {
            return Err(TextError::Pieces(format!(
                "{size} pieces are too few: 256 bytes and padding alone are 257"
            )));
        }
        let bytes = || ByteLevel::default().add_prefix_space(false);
        let mut tokenizer = TokenizerBuilder::new()
            .with_model(ModelWrapper::BPE(BPE::default()))
            .with_normalizer(Some(NormalizerWrapper::from(NFKC)))
            .with_pre_tokenizer(Some(PreTokenizerWrapper::from(bytes())))
            .with_post_processor(Some(PostProcessorWrapper::from(bytes())))
            .with_decoder(Some(DecoderWrapper::from(bytes())))
            .build()
            .map_err(problem)?;
        let mut trainer: TrainerWrapper = BpeTrainer::builder()
            .show_progress(false)
            .vocab_size(size)
            .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
            .special_tokens(vec![AddedToken::from("[PAD]", true)])
            .build()
            .into();
        let texts: Vec<String> = texts.into_iter().map(str::to_string).collect();
        tokenizer
            .train(&mut trainer, texts.into_iter())
            .map_err(problem)?;
        Ok(Pieces(tokenizer))
    }

    /// The word pieces of a published vocabulary (Schuster and Nakajima 2012; BERT's `vocab.txt`): a piece a line, `##` before those
    /// that go on a word, `[UNK]` among them. `lower_case` as the model was trained.
    ///
    /// # Errors
    /// If the file cannot be read, or has no `[UNK]`.
    pub fn word_pieces(vocabulary: &Path, lower_case: bool) -> Result<Self> {
        let path = vocabulary.display();
        std::fs::metadata(vocabulary).at(vocabulary)?;
        let model = WordPiece::from_file(&path.to_string()).build().map_err(problem)?;
        let tokenizer = TokenizerBuilder::new()
            .with_model(ModelWrapper::WordPiece(model))
            .with_normalizer(Some(NormalizerWrapper::from(BertNormalizer::new(
                true, true, None, lower_case,
            ))))
            .with_pre_tokenizer(Some(PreTokenizerWrapper::from(BertPreTokenizer)))
            .with_post_processor(None)
            .with_decoder(Some(DecoderWrapper::from(
                tokenizers::decoders::wordpiece::WordPiece::default(),
            )))
            .build()
            .map_err(problem)?;
        if tokenizer.token_to_id("[UNK]").is_none() {
            return Err(TextError::Pieces(format!(
                "{path} has no [UNK], so it is no vocabulary of word pieces: it has a piece a line"
            )));
        }
        Ok(Pieces(tokenizer))
    }

    /// How many pieces there are.
    pub fn len(&self) -> usize {
        self.0.get_vocab_size(true)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The pieces of a text.
    ///
    /// # Errors
    /// Where the vocabulary does not cover the text and has no piece for what is unknown.
    pub fn cut(&self, text: &str) -> Result<Vec<Piece>> {
        let encoding = self.0.encode(text, false).map_err(problem)?;
        let ranges = encoding.get_offsets().iter().map(|&(start, end)| start..end);
        let pieces = encoding.get_ids().iter().zip(ranges);
        Ok(pieces.map(|(&id, range)| Piece { id, range }).collect())
    }

    /// The text of pieces.
    ///
    /// # Errors
    /// If the pieces cannot be put together.
    pub fn join(&self, ids: &[u32]) -> Result<String> {
        self.0.decode(ids, true).map_err(problem)
    }

    /// Writes all that is needed to cut the same way again, in the format of the crate `tokenizers`.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let json = self.0.to_string(false).map_err(problem)?;
        training::write_whole(path, json.as_bytes()).map_err(|error| TextError::Pieces(error.to_string()))
    }

    /// Reads what [`Pieces::save`], or any other program with this crate, has written (`tokenizer.json`).
    ///
    /// # Errors
    /// If the file is no such file.
    pub fn read(path: &Path) -> Result<Self> {
        let read = Tokenizer::from_file(path);
        read.map(Pieces)
            .map_err(|error| TextError::Pieces(format!("{}: {error}", path.display())))
    }
}

fn problem(error: tokenizers::Error) -> TextError {
    TextError::Pieces(error.to_string())
}
