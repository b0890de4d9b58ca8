//! Downloading over http(s): resumed where it was cut off, given up only when nothing more comes.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use ureq::{Agent, Proxy};

use crate::error::At;
use crate::{DataError, OnProgress, Result};

/// How long to keep trying.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Attempts in a row that bring not one byte.
    pub attempts: u32,
    /// The wait before the second attempt; it doubles each time.
    pub pause: Duration,
    /// The longest wait for an answer, or for the next byte.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 5,
            pause: Duration::from_secs(1),
            silence: Duration::from_secs(30),
        }
    }
}

enum Trouble {
    /// Worth another attempt: the connection broke, the server is busy.
    Passing(String),
    /// Not worth another attempt.
    Final {
        reason: String,
        missing: bool,
    },
    Disk(DataError),
}

/// Fetches `url` into `to`, going on from what is there already. `false`: the server has no such file.
pub(crate) fn download(
    url: &str,
    to: &Path,
    bytes: Option<u64>,
    patience: Patience,
    on_progress: OnProgress<'_>,
) -> Result<bool> {
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(patience.silence))
        .timeout_recv_response(Some(patience.silence))
        .timeout_per_read(Some(patience.silence))
        // A mirror on this machine is not behind the proxy that the rest of the world is behind.
        .proxy(if is_local(url) {
            None
        } else {
            Proxy::try_from_env()
        })
        .user_agent(concat!("kindling/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let label = format!("downloading {}", url.rsplit('/').next().unwrap_or(url));
    let mut in_vain = 0;
    loop {
        let before = length(to);
        let reason = match attempt(&agent, url, to, bytes, &label, on_progress) {
            Ok(()) => return Ok(true),
            Err(Trouble::Disk(error)) => return Err(error),
            Err(Trouble::Final { missing: true, .. }) => return Ok(false),
            Err(Trouble::Final { reason, .. }) => {
                return Err(DataError::Download {
                    url: url.into(),
                    reason,
                    next: "Get the file by hand or set KINDLING_MIRROR to a folder that has it".into(),
                });
            }
            Err(Trouble::Passing(reason)) => reason,
        };
        in_vain = if length(to) > before { 0 } else { in_vain + 1 };
        if in_vain >= patience.attempts {
            let next = format!(
                "{} are kept: run the same command again to go on, or set KINDLING_MIRROR to a folder that has the file",
                crate::bytes(length(to))
            );
            return Err(DataError::Download {
                url: url.into(),
                reason,
                next,
            });
        }
        std::thread::sleep(patience.pause * 2u32.pow(in_vain));
    }
}

fn attempt(
    agent: &Agent,
    url: &str,
    to: &Path,
    bytes: Option<u64>,
    label: &str,
    on_progress: OnProgress<'_>,
) -> std::result::Result<(), Trouble> {
    let mut have = length(to);
    if bytes == Some(have) {
        return Ok(());
    }
    let mut request = agent.get(url);
    if have > 0 {
        request = request.header("Range", format!("bytes={have}-"));
    }
    let mut answer = request.call().map_err(trouble)?;
    match answer.status().as_u16() {
        // The server starts from the beginning, whether we asked for that or not.
        200 => have = 0,
        206 if range_start(answer.headers().get("content-range")) == Some(have) => {}
        // Another range than asked for, or none such: what we have is no beginning of what it has.
        206 | 416 => {
            fs::remove_file(to).at("remove", to).map_err(Trouble::Disk)?;
            return Err(Trouble::Passing(
                "the server could not go on where the download was cut off".into(),
            ));
        }
        status @ (404 | 410) => {
            return Err(Trouble::Final {
                reason: format!("status {status}, not found"),
                missing: true,
            });
        }
        status @ (408 | 425 | 429 | 500..=599) => {
            return Err(Trouble::Passing(format!(
                "the server answers with status {status}"
            )));
        }
        status => {
            return Err(Trouble::Final {
                reason: format!("the server answers with status {status}"),
                missing: false,
            });
        }
    }
    let total = answer.body().content_length().map(|rest| have + rest);
    let odd = |found: u64, expected: u64| Trouble::Final {
        reason: format!("the server offers {found} bytes where the card says {expected}: it is another file"),
        missing: false,
    };
    if let (Some(found), Some(expected)) = (total, bytes)
        && found != expected
    {
        return Err(odd(found, expected));
    }
    let total = bytes.or(total);
    let mut file = OpenOptions::new()
        .create(true)
        .append(have > 0)
        .truncate(have == 0)
        .write(true)
        .open(to)
        .at("write", to)
        .map_err(Trouble::Disk)?;
    let mut body = answer.body_mut().as_reader();
    let mut buffer = vec![0; 128 << 10];
    loop {
        let count = body
            .read(&mut buffer)
            .map_err(|error| Trouble::Passing(format!("the connection broke ({error})")))?;
        if count == 0 {
            break;
        }
        write(&mut file, &buffer[..count], to)?;
        have += count as u64;
        on_progress(label, have, total.unwrap_or(0));
        if let Some(expected) = bytes.filter(|&expected| have > expected) {
            return Err(odd(have, expected));
        }
    }
    match total {
        Some(total) if have < total => Err(Trouble::Passing(format!(
            "the connection broke after {have} of {total} bytes"
        ))),
        _ => Ok(()),
    }
}

fn write(file: &mut File, bytes: &[u8], to: &Path) -> std::result::Result<(), Trouble> {
    file.write_all(bytes).at("write", to).map_err(Trouble::Disk)
}

/// `bytes 100-199/200` → 100.
fn range_start(header: Option<&ureq::http::HeaderValue>) -> Option<u64> {
    let text = header?.to_str().ok()?;
    text.strip_prefix("bytes ")?
        .split('-')
        .next()?
        .trim()
        .parse()
        .ok()
}

fn is_local(url: &str) -> bool {
    let host = url.split("://").nth(1).unwrap_or(url);
    ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|local| host.starts_with(local))
}

fn trouble(error: ureq::Error) -> Trouble {
    match error {
        ureq::Error::BadUri(_)
        | ureq::Error::Http(_)
        | ureq::Error::TooManyRedirects
        | ureq::Error::RedirectFailed => Trouble::Final {
            reason: error.to_string(),
            missing: false,
        },
        error => Trouble::Passing(error.to_string()),
    }
}

pub(crate) fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |data| data.len())
}
