//! `report.html`: one self-contained file that a browser opens without a network.

mod charts;
mod page;
mod sections;

pub(crate) use charts::rate_sweep;
pub use charts::{band_chart, line_chart};
pub use page::{Section, write_report};
pub use sections::{
    configuration, confusion_matrix, curves, detection_error_tradeoff, films, lines, notes, picture,
    pictures, players, result, table,
};

/// `text` with the characters that HTML would read as its own replaced.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// `bytes` as the address of a picture or a sound inside the page.
pub fn data_url(media_type: &str, bytes: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    format!("data:{media_type};base64,{}", STANDARD.encode(bytes))
}
