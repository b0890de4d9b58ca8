//! The page around the sections: title, style, order.

use std::path::Path;

use anyhow::Result;

use super::escape;
use crate::write_whole;

/// A part of the report: a heading and what stands below it, as HTML.
#[derive(Clone, Debug)]
pub struct Section {
    /// The heading, as plain text.
    pub title: String,
    /// What follows it, as HTML; [`escape`] whatever comes from data.
    pub html: String,
}

impl Section {
    /// A section of `html` under `title`.
    pub fn new(title: &str, html: String) -> Self {
        Section {
            title: title.to_string(),
            html,
        }
    }
}

/// Writes a page of `sections` under `title` to `path`.
pub fn write_report(path: &Path, title: &str, sections: &[Section]) -> Result<()> {
    let title = escape(title);
    let mut body = String::new();
    for section in sections {
        body += &format!(
            "<section>\n<h2>{}</h2>\n{}\n</section>\n",
            escape(&section.title),
            section.html
        );
    }
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{body}</body>\n</html>\n"
    );
    Ok(write_whole(path, page.as_bytes())?)
}

const STYLE: &str = "
:root { --ink: #1d2330; --soft: #667085; --line: #e4e7ec; --paper: #ffffff; --accent: #d9480f; }
body { font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: #f6f7f9; margin: 0 auto; max-width: 1000px; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.9rem; margin: 0 0 1.2rem; }
h2 { font-size: 1.15rem; margin: 0 0 .8rem; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 1.2rem 1.4rem; margin: 0 0 1.2rem; overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; text-align: right; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
.settings td { text-align: left; vertical-align: top; } .settings td:last-child { overflow-wrap: anywhere; }
thead th { color: var(--soft); font-weight: 600; }
p { margin: 0 0 .8rem; max-width: 46rem; }
.soft { color: var(--soft); }
.numbers { display: flex; flex-wrap: wrap; gap: 1rem 2.4rem; margin-bottom: 1rem; }
.numbers div { line-height: 1.2; } .numbers b { display: block; font-size: 1.9rem; }
.bar { display: grid; grid-template-columns: 11rem 1fr 4rem; gap: .8rem; align-items: center; margin: .25rem 0; max-width: 46rem; }
.bar i { display: block; height: .8rem; border-radius: 3px; background: #c3c9d4; } .bar.own i { background: var(--accent); } .bar span:last-child { text-align: right; }
.confusion td, .confusion th { text-align: center; border: 1px solid var(--paper); padding: .4rem .5rem; min-width: 2.2rem; }
.confusion th { font-weight: 500; border: 0; } .confusion tbody th { text-align: right; }
.many thead th { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; padding: .3rem .1rem; min-width: 0; font-size: .8rem; line-height: 1.2; }
.many td, .many tbody th { padding: .1rem .15rem; min-width: 1.2rem; font-size: .8rem; line-height: 1.2; }
.items { display: grid; grid-template-columns: repeat(auto-fill, minmax(270px, 1fr)); gap: 1rem; }
.items figure { margin: 0; } .items figcaption { font-size: .9rem; margin-bottom: .3rem; overflow-wrap: anywhere; } .items audio, .items img { width: 100%; }
svg { max-width: 100%; height: auto; } img { max-width: 100%; }
pre { font-size: .85rem; overflow-x: auto; margin: 0; }
";
