//! Fetching from a server in this process that cuts off, lies and refuses.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::*;
use crate::Contents;

const PATIENCE: Patience = Patience {
    attempts: 3,
    pause: Duration::from_millis(1),
    silence: Duration::from_secs(5),
};

fn silent(_: &str, _: u64, _: u64) {}

fn leak<T: ?Sized>(thing: Box<T>) -> &'static T {
    Box::leak(thing)
}

fn sha256(bytes: &[u8]) -> &'static str {
    let hash: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    leak(hash.into_boxed_str())
}

/// Bytes that differ everywhere, so that no piece can be mistaken for another.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

fn remote(path: &'static str, urls: &[&str], content: &[u8]) -> RemoteFile {
    let urls: Vec<&'static str> = urls
        .iter()
        .map(|url| leak(url.to_string().into_boxed_str()))
        .collect();
    RemoteFile {
        path,
        urls: leak(urls.into_boxed_slice()),
        bytes: Some(content.len() as u64),
        sha256: leak(Box::new([sha256(content)])),
        unpack: None,
    }
}

fn card(files: Vec<RemoteFile>) -> Card {
    let source = Source::Files {
        files: leak(files.into_boxed_slice()),
        checked: "",
    };
    Card {
        name: "tones",
        title: "",
        what: "",
        licence: "",
        home: "https://tones.example",
        size: 1,
        layout: "",
        class_folders: false,
        split: "",
        faults: &[],
        mirror: "tones",
        source,
        contents: Contents {
            extensions: &["bin", "wav"],
            files: 1,
            sha256: None,
        },
    }
}

/// What the server does with one request.
#[derive(Clone)]
enum Reply {
    /// Serves the bytes, or the range asked for.
    Serve(Vec<u8>),
    /// The same, but the connection breaks after so many bytes of the answer's body.
    Cut(Vec<u8>, usize),
    /// Serves everything from the start, whatever range is asked for.
    Whole(Vec<u8>),
    /// This status, and no body.
    Status(u16),
}

/// The path and range of each request.
type Seen = Arc<Mutex<Vec<(String, Option<usize>)>>>;

struct Server {
    url: String,
    seen: Seen,
}

impl Server {
    /// The n-th request gets the n-th reply, those after the last one the last.
    fn new(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Seen::default();
        let log = Arc::clone(&seen);
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let reply = replies[number.min(replies.len() - 1)].clone();
                // A client that hangs up early, as on a wrong length, is its own affair.
                let _ = answer(stream.unwrap(), reply, &log);
            }
        });
        Self { url, seen }
    }

    fn at(&self, path: &str) -> String {
        format!("{}/{path}", self.url)
    }

    fn ranges(&self) -> Vec<Option<usize>> {
        self.seen
            .lock()
            .unwrap()
            .iter()
            .map(|(_, range)| *range)
            .collect()
    }
}

fn answer(mut stream: TcpStream, reply: Reply, log: &Seen) -> std::io::Result<()> {
    let lines: Vec<String> = BufReader::new(stream.try_clone()?)
        .lines()
        .map_while(|line| line.ok().filter(|l| !l.is_empty()))
        .collect();
    let path = lines[0].split(' ').nth(1).unwrap().to_string();
    let range = lines.iter().find_map(|line| {
        let line = line.to_lowercase();
        Some(
            line.strip_prefix("range: bytes=")?
                .trim_end_matches('-')
                .parse::<usize>()
                .unwrap(),
        )
    });
    log.lock().unwrap().push((path, range));
    let (bytes, from, cut) = match reply {
        Reply::Status(status) => {
            return write!(
                stream,
                "HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
        }
        Reply::Serve(bytes) => (bytes, range, usize::MAX),
        Reply::Cut(bytes, after) => (bytes, range, after),
        Reply::Whole(bytes) => (bytes, None, usize::MAX),
    };
    let start = from.unwrap_or(0);
    if start >= bytes.len() && start > 0 {
        return write!(
            stream,
            "HTTP/1.1 416 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
    }
    let body = &bytes[start..];
    match from {
        None => write!(stream, "HTTP/1.1 200 OK\r\n")?,
        Some(_) => {
            let (last, total) = (bytes.len() - 1, bytes.len());
            write!(
                stream,
                "HTTP/1.1 206 Part\r\nContent-Range: bytes {start}-{last}/{total}\r\n"
            )?;
        }
    }
    write!(
        stream,
        "Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(&body[..body.len().min(cut)])
}

/// Runs `install`; the data folder lives as long as the answer.
fn run(card: &Card, mirror: Option<&str>) -> (tempfile::TempDir, Result<PathBuf>) {
    let data = tempfile::tempdir().unwrap();
    let result = install(card, data.path(), mirror, PATIENCE, &silent);
    (data, result)
}

#[track_caller]
fn installed((data, result): (tempfile::TempDir, Result<PathBuf>), content: &[u8]) {
    let folder = result.unwrap();
    assert_eq!(fs::read(folder.join("tone.bin")).unwrap(), content);
    assert!(
        !data.path().join(".tones.part").exists(),
        "the working folder is cleared away"
    );
}

#[track_caller]
fn refused((data, result): (tempfile::TempDir, Result<PathBuf>), words: &[&str]) -> tempfile::TempDir {
    let message = result.unwrap_err().to_string();
    for word in words {
        assert!(message.contains(word), "{word:?} is not in {message:?}");
    }
    assert!(!data.path().join("tones").exists(), "nothing is installed");
    data
}

#[test]
fn a_file_is_fetched_verified_and_told_of() {
    let content = noise(300_000);
    let server = Server::new(vec![Reply::Serve(content.clone())]);
    let data = tempfile::tempdir().unwrap();
    let told = Mutex::new(Vec::new());
    let listen = |what: &str, done, total| told.lock().unwrap().push((what.to_string(), done, total));
    let card = card(vec![remote("tone.bin", &[&server.at("tone.bin")], &content)]);
    let result = install(&card, data.path(), None, PATIENCE, &listen);
    assert_eq!(
        told.lock().unwrap().last().unwrap(),
        &("downloading tone.bin".to_string(), 300_000, 300_000)
    );
    installed((data, result), &content);
}

#[test]
fn a_download_that_is_cut_off_goes_on_where_it_stopped() {
    let content = noise(50_000);
    let replies = vec![
        Reply::Cut(content.clone(), 20_000),
        Reply::Status(503),
        Reply::Cut(content.clone(), 0),
        Reply::Cut(content.clone(), 10_000),
        Reply::Serve(content.clone()),
    ];
    let server = Server::new(replies);
    let card = card(vec![remote("tone.bin", &[&server.at("tone.bin")], &content)]);
    installed(run(&card, None), &content);
    assert_eq!(
        server.ranges(),
        [None, Some(20_000), Some(20_000), Some(20_000), Some(30_000)]
    );
}

#[test]
fn a_server_that_ignores_ranges_is_taken_from_the_start() {
    let content = noise(50_000);
    let server = Server::new(vec![
        Reply::Cut(content.clone(), 20_000),
        Reply::Whole(content.clone()),
    ]);
    let card = card(vec![remote("tone.bin", &[&server.at("tone.bin")], &content)]);
    installed(run(&card, None), &content);
    assert_eq!(server.ranges(), [None, Some(20_000)]);
}

#[test]
fn a_download_given_up_is_kept_and_continued_by_the_next_call() {
    let content = noise(50_000);
    let server = Server::new(vec![Reply::Cut(content.clone(), 20_000), Reply::Status(500)]);
    let first = card(vec![remote("tone.bin", &[&server.at("tone.bin")], &content)]);
    let data = refused(
        run(&first, None),
        &["status 500", "20.0 kB are kept", "run the same command again"],
    );
    assert_eq!(
        server.ranges().len(),
        4,
        "three attempts in vain after the one that brought something"
    );

    let server = Server::new(vec![Reply::Serve(content.clone())]);
    let second = card(vec![remote("tone.bin", &[&server.at("tone.bin")], &content)]);
    let result = install(&second, data.path(), None, PATIENCE, &silent);
    installed((data, result), &content);
    assert_eq!(server.ranges(), [Some(20_000)]);
}

#[test]
fn two_halves_of_different_files_are_noticed_and_fetched_anew() {
    let content = noise(50_000);
    for stale in [&b"something else"[..], &noise(60_000)[..], &[7; 50_000][..]] {
        let server = Server::new(vec![Reply::Serve(content.clone())]);
        let card = card(vec![remote("tone.bin", &[&server.at("tone.bin")], &content)]);
        let data = tempfile::tempdir().unwrap();
        let downloads = data.path().join(".tones.part/downloads");
        fs::create_dir_all(&downloads).unwrap();
        fs::write(downloads.join("tone.bin.part"), stale).unwrap();
        let result = install(&card, data.path(), None, PATIENCE, &silent);
        installed((data, result), &content);
        assert_eq!(server.ranges().last(), Some(&None));
    }
}

#[test]
fn a_wrong_file_is_refused_and_not_kept() {
    let (content, wrong) = (noise(5_000), vec![0; 5_000]);
    let server = Server::new(vec![Reply::Serve(wrong.clone())]);
    let tones = card(vec![remote("tone.bin", &[&server.at("tone.bin")], &content)]);
    let data = refused(
        run(&tones, None),
        &[
            "SHA-256",
            sha256(&wrong),
            sha256(&content),
            "Nothing of it was kept",
        ],
    );
    assert!(!data.path().join(".tones.part").exists());
    assert_eq!(server.ranges(), [None], "it is not asked for again");

    // A page instead of the file is noticed by its length, before it is stored.
    let server = Server::new(vec![Reply::Serve(b"<html>".to_vec())]);
    let tones = card(vec![remote("tone.bin", &[&server.at("tone.bin")], &content)]);
    refused(
        run(&tones, None),
        &["offers 6 bytes where the card says 5000", "another file"],
    );
}

#[test]
fn a_file_that_has_gone_is_looked_for_at_the_next_address() {
    let content = noise(5_000);
    let (gone, there) = (
        Server::new(vec![Reply::Status(404)]),
        Server::new(vec![Reply::Serve(content.clone())]),
    );
    let both = card(vec![remote(
        "tone.bin",
        &[&gone.at("a.bin"), &there.at("b.bin")],
        &content,
    )]);
    installed(run(&both, None), &content);

    let one = card(vec![remote("tone.bin", &[&gone.at("a.bin")], &content)]);
    refused(
        run(&one, None),
        &["no such file", "https://tones.example", "KINDLING_MIRROR"],
    );
    let forbidden = Server::new(vec![Reply::Status(403)]);
    let one = card(vec![remote("tone.bin", &[&forbidden.at("a.bin")], &content)]);
    refused(run(&one, None), &["status 403", "by hand"]);
    assert_eq!(
        forbidden.ranges().len(),
        1,
        "what is forbidden is not asked for again"
    );
}

#[test]
fn without_a_network_the_message_says_what_to_do() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/tone.bin", listener.local_addr().unwrap());
    drop(listener);
    let card = card(vec![remote("tone.bin", &[&url], &noise(10))]);
    refused(
        run(&card, None),
        &[
            "cannot download",
            &url,
            "run the same command again",
            "KINDLING_MIRROR",
        ],
    );
}

/// A .tar.gz of these entries: path (written as it is), link or not, content.
fn archive(entries: &[(&str, bool, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(
        Vec::new(),
        flate2::Compression::fast(),
    ));
    for (path, link, content) in entries {
        let mut header = tar::Header::new_gnu();
        // `set_path` would refuse the paths that this test is about.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(if *link {
            tar::EntryType::Symlink
        } else {
            tar::EntryType::Regular
        });
        header.set_mode(0o444);
        header.set_size(content.len() as u64);
        header.set_cksum();
        tar.append(&header, *content).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn packed(server: &Server, bytes: &[u8], strip: usize) -> Card {
    let file = remote("tones.tar.gz", &[&server.at("tones.tar.gz")], bytes);
    card(vec![RemoteFile {
        unpack: Some(strip),
        ..file
    }])
}

#[test]
fn an_archive_is_unpacked_without_its_outer_folder() {
    let entries: &[(&str, bool, &[u8])] = &[
        ("tones-1.0/README", false, b"x"),
        ("tones-1.0/a/1.wav", false, b"1"),
        ("./tones-1.0/a/._1.wav", false, b"mac"),
        ("top.txt", false, b"has no inner path"),
    ];
    let bytes = archive(entries);
    let server = Server::new(vec![Reply::Serve(bytes.clone())]);
    let (_data, result) = run(&packed(&server, &bytes, 1), None);
    let folder = result.unwrap();
    let files = walk::files(&folder, &[], &mut Ignored::default()).unwrap();
    let names: Vec<String> = files.iter().map(|file| walk::relative(&folder, file)).collect();
    assert_eq!(names, ["README", "a/1.wav"]);
}

#[test]
fn archives_that_reach_outside_are_links_or_are_damaged_are_refused() {
    for (path, link) in [
        ("a/../../evil.wav", false),
        ("/evil.wav", false),
        ("evil.wav", true),
    ] {
        let bytes = archive(&[("a/1.wav", false, b"1"), (path, link, b"")]);
        let server = Server::new(vec![Reply::Serve(bytes.clone())]);
        let data = refused(
            run(&packed(&server, &bytes, 0), None),
            &["was refused", "evil.wav", "Nothing was installed"],
        );
        assert!(!data.path().join("evil.wav").exists() && !data.path().join(".tones.part").exists());
    }
    let mut bytes = archive(&[("a/1.wav", false, &noise(100_000))]);
    bytes.truncate(50_000);
    let server = Server::new(vec![Reply::Serve(bytes.clone())]);
    refused(run(&packed(&server, &bytes, 0), None), &["damaged"]);
}

#[test]
fn an_archive_without_a_lasting_checksum_is_checked_by_what_is_in_it() {
    let bytes = archive(&[
        ("a/1.wav", false, b"one"),
        ("b/2.wav", false, b"two"),
        ("c.txt", false, b"any"),
    ]);
    let server = Server::new(vec![Reply::Serve(bytes.clone())]);
    let mut tones = packed(&server, &bytes, 0);
    if let Source::Files { files, .. } = &mut tones.source {
        *files = leak(Box::new([RemoteFile {
            sha256: &[],
            bytes: None,
            ..files[0]
        }]));
    }
    // What sha256sum prints for the two.
    let list = format!("{}  a/1.wav\n{}  b/2.wav\n", sha256(b"one"), sha256(b"two"));
    tones.contents = Contents {
        extensions: &["wav"],
        files: 2,
        sha256: Some(sha256(list.as_bytes())),
    };
    run(&tones, None).1.unwrap();
    tones.contents.sha256 = Some(sha256(b"other"));
    let data = refused(run(&tones, None), &["checksum over its files"]);
    assert!(!data.path().join(".tones.part").exists());
    tones.contents = Contents {
        extensions: &["wav"],
        files: 3,
        sha256: None,
    };
    refused(run(&tones, None), &["2 wav files where the set has 3"]);
}

#[test]
fn a_mirror_folder_serves_files_and_unpacked_sets_and_both_are_checked() {
    let content = noise(5_000);
    let mirror = tempfile::tempdir().unwrap();
    let root = mirror.path().to_str().unwrap();
    fs::create_dir(mirror.path().join("tones")).unwrap();
    fs::write(mirror.path().join("tones/tone.bin"), &content).unwrap();
    let file = card(vec![remote("tone.bin", &[], &content)]);
    installed(run(&file, Some(root)), &content);
    fs::write(mirror.path().join("tones/tone.bin"), b"wrong").unwrap();
    refused(run(&file, Some(root)), &["SHA-256", "tone.bin"]);
    assert!(
        mirror.path().join("tones/tone.bin").exists(),
        "the mirror is left alone"
    );
    fs::remove_file(mirror.path().join("tones/tone.bin")).unwrap();
    refused(
        run(&file, Some(root)),
        &["not offered by its official home", "mirror does not have it"],
    );

    let mut by_hand = card(vec![]);
    by_hand.source = Source::ByHand("ask the authors");
    by_hand.contents = Contents {
        extensions: &["wav"],
        files: 1,
        sha256: Some(sha256(format!("{}  deep/1.wav\n", sha256(b"1")).as_bytes())),
    };
    refused(run(&by_hand, None), &["ask the authors", "KINDLING_MIRROR"]);
    refused(run(&by_hand, Some(root)), &["0 wav files where the set has 1"]);
    fs::create_dir(mirror.path().join("tones/deep")).unwrap();
    fs::write(mirror.path().join("tones/deep/1.wav"), "1").unwrap();
    fs::write(mirror.path().join("tones/LICENCE"), "free").unwrap();
    let (_data, result) = run(&by_hand, Some(root));
    assert!(result.unwrap().join("LICENCE").exists());
    fs::write(mirror.path().join("tones/deep/1.wav"), "2").unwrap();
    refused(run(&by_hand, Some(root)), &["checksum over its files"]);
    refused(
        run(&by_hand, Some("/no/such/mirror")),
        &["cannot read /no/such/mirror"],
    );
}

#[test]
fn a_mirror_address_comes_first_and_the_official_home_second() {
    let content = noise(5_000);
    let (mirror, home) = (
        Server::new(vec![Reply::Serve(content.clone()), Reply::Status(404)]),
        Server::new(vec![Reply::Serve(content.clone())]),
    );
    let card = card(vec![remote("tone.bin", &[&home.at("official.bin")], &content)]);
    let address = format!("{}/sets/", mirror.url);
    installed(run(&card, Some(&address)), &content);
    assert_eq!(mirror.seen.lock().unwrap()[0].0, "/sets/tones/tone.bin");
    assert!(home.ranges().is_empty());
    installed(run(&card, Some(&address)), &content);
    assert_eq!(home.ranges().len(), 1);
}

#[test]
fn what_is_there_is_used_what_is_half_there_is_not() {
    let content = noise(5_000);
    let server = Server::new(vec![Reply::Serve(content.clone())]);
    let card = card(vec![remote("tone.bin", &[&server.at("tone.bin")], &content)]);
    let data = tempfile::tempdir().unwrap();
    // Left by a process that was killed while it put the set together.
    fs::create_dir_all(data.path().join(".tones.part/whole")).unwrap();
    fs::write(data.path().join(".tones.part/whole/half.bin"), "").unwrap();
    let folder = std::thread::scope(|scope| {
        let fetch = || install(&card, data.path(), None, PATIENCE, &silent).unwrap();
        let both = [scope.spawn(fetch), scope.spawn(fetch)];
        both.map(|thread| thread.join().unwrap())[0].clone()
    });
    assert_eq!(server.ranges().len(), 1, "two at once fetch it once");
    assert!(!folder.join("half.bin").exists());
    fs::remove_file(folder.join("tone.bin")).unwrap();
    let error = install(&card, data.path(), None, PATIENCE, &silent)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("0 bin or wav files where the set has 1") && error.contains("move it away"),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_told_before_anything_is_fetched() {
    let mut card = card(vec![remote("tone.bin", &["http://127.0.0.1:1/"], b"x")]);
    card.size = 1 << 60;
    refused(
        run(&card, None),
        &["tones needs 1152921504.6 GB", "are free at", "KINDLING_DATA"],
    );
}

#[test]
fn every_card_is_complete_and_in_the_readme() {
    let readme = include_str!("../../README.md");
    let hexadecimal = |text: &str| {
        text.len() == 64
            && text
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    for card in cards::all() {
        assert!(
            readme.contains(&format!("| `{}` |", card.name)),
            "{} is not in the table of the README",
            card.name
        );
        assert!(
            cards::find(card.name).is_some_and(|found| found.title == card.title),
            "{} is there twice",
            card.name
        );
        assert!(
            card.size > 0 && card.contents.files > 0 && !card.licence.is_empty() && !card.split.is_empty()
        );
        assert!(card.contents.sha256.is_none_or(hexadecimal));
        if let Source::Files { files, checked } = card.source {
            assert!(
                !files.is_empty() && !checked.is_empty(),
                "{} does not say where its checksums come from",
                card.name
            );
            for file in files {
                let verified =
                    !file.sha256.is_empty() || (file.unpack.is_some() && card.contents.sha256.is_some());
                assert!(
                    verified && file.sha256.iter().all(|sum| hexadecimal(sum)),
                    "{} of {}",
                    file.path,
                    card.name
                );
                assert!(
                    file.urls.iter().all(|url| url.starts_with("http")),
                    "{} of {}",
                    file.path,
                    card.name
                );
            }
        }
    }
}
