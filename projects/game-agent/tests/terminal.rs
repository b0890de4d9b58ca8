//! What only `game-agent` can show: that it leaves a terminal as it found it, and that people can play.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic, in its helpers too"
)]

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};
use testing::{Place, place, text};

/// The program, with its data in `place`.
fn command(place: &Place, arguments: &[&str]) -> Command {
    let mut command = place.command(arguments);
    command.env("KINDLING_DATA", place.path().join("data"));
    command
}

/// Runs the program and tells it `input`.
fn told(place: &Place, arguments: &[&str], input: &str) -> Output {
    let mut command = command(place, arguments);
    let pipes = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    // A program that refuses to play does not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
fn a_game_can_be_played_through_a_pipe_and_is_kept() {
    let place = place!();
    let arguments = ["play", "--game", "connect-four", "--first", "me", "--seed", "4"];
    let output = told(&place, &arguments, "4\n\n8\nsideways\ncolumn 4\nq\n");
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("\"8\" is no move") && said.contains("\"sideways\" is no move"),
        "{said}"
    );
    assert!(said.contains("not ended"), "{said}");
    let kept = String::from_utf8(place.bytes("data/played/connect-four.jsonl")).unwrap();
    assert!(
        kept.contains("\"seed\":4") && kept.contains("\"actions\":[3,3]"),
        "{kept}"
    );
    assert_eq!(kept.lines().count(), 1);

    // Another goes behind it.
    let arguments = [
        "play",
        "--game",
        "connect-four",
        "--first",
        "agent",
        "--seed",
        "4",
    ];
    let said = text(&told(&place, &arguments, "1\n"));
    assert!(said.contains("the input ended before the game did"), "{said}");
    let kept = String::from_utf8(place.bytes("data/played/connect-four.jsonl")).unwrap();
    assert_eq!(kept.lines().count(), 2, "{kept}");
    assert!(kept.lines().nth(1).unwrap().contains("\"seed\":5"), "{kept}");
}

#[test]
fn what_the_rules_forbid_is_explained_and_the_game_goes_on() {
    let place = place!();
    let columns = "1\n".repeat(7) + "2\nq\n";
    let output = told(
        &place,
        &["play", "--game", "connect-four", "--seed", "2"],
        &columns,
    );
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("column 1 is not allowed now; column 2, "), "{said}");
}

#[test]
fn a_game_that_waits_for_nobody_needs_a_terminal() {
    let place = place!();
    let output = told(&place, &["play", "--game", "snake"], "left\n");
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("needs a terminal") && said.contains("connect-four"),
        "{said}"
    );
}

#[test]
fn mistaken_flags_are_explained() {
    let place = place!();
    let said = place.fail(&["play", "--game", "2048", "--first", "me"]);
    assert!(said.contains("--first is for connect-four"), "{said}");
    let said = place.fail(&["play", "--game", "2048", "--speed", "0"]);
    assert!(said.contains("--speed 0"), "{said}");
    let said = place.fail(&["play", "--model", "no/such/run"]);
    assert!(said.contains("no/such/run"), "{said}");
    let said = place.fail(&["watch"]);
    assert!(said.contains("no trained model"), "{said}");
}

/// Where the quick training of a test leaves its agent.
const QUICK: &str = "runs/game-agent/quick-001";

#[test]
fn an_agent_is_filmed_where_nobody_watches() {
    let place = place!();
    place.succeed(&["train", "--game", "cart-pole", "--quick"]);
    let said = place.succeed(&["watch", "--model", QUICK, "--episodes", "2", "--seed", "5"]);
    let lines: Vec<&str> = said.lines().collect();
    assert!(
        lines[0].starts_with("seed 5") && lines[1].starts_with("seed 6"),
        "{said}"
    );
    assert!(lines[0].contains("score") && lines[0].contains("steps"), "{said}");
    assert!(said.contains("cart-pole.gif"), "{said}");
    let film = place.bytes("cart-pole.gif");
    assert!(film.starts_with(b"GIF89a"));
    place.succeed(&["watch", "--model", QUICK, "--seed", "5", "--gif", "again.gif"]);
    assert_eq!(place.bytes("again.gif"), film, "the same seed gave another film");
    let said = place.fail(&["watch", "--model", QUICK, "--opponent", "random"]);
    assert!(said.contains("--opponent is for connect-four"), "{said}");
    let said = place.fail(&["watch", "--model", QUICK, "--game", "snake"]);
    assert!(said.contains("plays cart-pole, not snake"), "{said}");
    let said = place.fail(&["watch", "--model", QUICK, "--gif", "cart-pole.gif/a.gif"]);
    assert!(said.contains("cart-pole.gif"), "{said}");
}

#[test]
fn an_agent_says_what_it_would_do() {
    let place = place!();
    place.succeed(&["train", "--game", "cart-pole", "--quick"]);
    let said = place.succeed(&["predict", "0.02,-0.1,0.03,0.2", "--model", QUICK]);
    assert!(
        said.contains("left") && said.contains("right") && said.contains('\u{25b8}'),
        "{said}"
    );
    let said = place.succeed(&["predict", "--model", QUICK, "--", "-0.02,-0.1,0.03,0.2"]);
    assert!(said.contains("left"), "{said}");
    let said = place.fail(&[
        "predict",
        "--model",
        QUICK,
        "0.02,-0.1,0.03,0.2",
        "1,2",
        "a,b,c,d",
    ]);
    assert!(said.contains("2 of 3 positions"), "{said}");
    assert!(
        said.contains("1,2: 2 numbers, but 4") && said.contains("number 1 is \"a\""),
        "{said}"
    );
}

/// In a real terminal, or what a program cannot tell from one.
#[cfg(unix)]
mod in_a_terminal {
    use std::process::ExitStatus;

    use testing::terminal::{Signal, Terminal};

    use super::{Place, QUICK, command, place};

    const ENTER: &str = "\x1b[?1049h";
    const LEAVE: &str = "\x1b[?1049l";
    const DRAW: &str = "\x1b[?2026h";
    const SHOW_CURSOR: &str = "\x1b[?25h";

    fn start(place: &Place, arguments: &[&str], columns: u16, rows: u16) -> Terminal {
        Terminal::start(command(place, arguments), columns, rows)
    }

    /// Waits for the program's end; the terminal must be as it was before then.
    fn end_and_check(terminal: &mut Terminal) -> ExitStatus {
        let status = terminal.end();
        terminal.check_modes();
        // What is on its way to the person arrives.
        terminal.wait_for(LEAVE, 0);
        let written = terminal.written();
        assert_eq!(written.matches(ENTER).count(), 1, "{written:?}");
        assert_eq!(written.matches(LEAVE).count(), 1, "{written:?}");
        let (shown, hidden) = (written.rfind(SHOW_CURSOR), written.rfind("\x1b[?25l"));
        assert!(
            shown.is_some() && shown > hidden,
            "the cursor stays away: {written:?}"
        );
        status
    }

    const PLAY: [&str; 7] = ["play", "--game", "connect-four", "--first", "me", "--seed", "4"];

    #[test]
    fn a_terminal_is_whole_after_every_end() {
        for key in ["q", "\x03", "\x04", "\x1b"] {
            let place = place!();
            let mut terminal = start(&place, &PLAY, 80, 24);
            terminal.wait_for("q ends", 0);
            terminal.press(key);
            let status = end_and_check(&mut terminal);
            assert!(status.success(), "{key:?}: {status}");
        }
        for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
            let place = place!();
            let mut terminal = start(&place, &PLAY, 80, 24);
            terminal.wait_for("q ends", 0);
            terminal.signal(signal);
            let status = end_and_check(&mut terminal);
            assert_eq!(status.code(), Some(130), "{signal:?}: {status}");
        }
    }

    #[test]
    fn two_signals_at_once_do_no_harm() {
        let place = place!();
        let mut terminal = start(&place, &PLAY, 80, 24);
        terminal.wait_for("q ends", 0);
        terminal.signal(Signal::TERM);
        terminal.signal(Signal::INT);
        end_and_check(&mut terminal);
    }

    #[test]
    fn the_program_ends_when_the_terminal_goes() {
        let place = place!();
        let terminal = start(&place, &PLAY, 80, 24);
        terminal.wait_for("q ends", 0);
        assert_eq!(terminal.hang_up().code(), Some(130));
    }

    #[test]
    fn a_window_may_become_too_small_and_large_again() {
        let place = place!();
        let mut terminal = start(&place, &PLAY, 80, 24);
        let at = terminal.wait_for("q ends", 0);
        terminal.resize(30, 6);
        let at = terminal.wait_for("Too small a window", at);
        let at = terminal.wait_for("needed", at);
        // No key plays while the game is not seen: it has been read when the window was drawn twice more.
        terminal.press("4");
        let at = terminal.wait_for(DRAW, at);
        let at = terminal.wait_for(DRAW, at);
        terminal.resize(100, 30);
        let at = terminal.wait_for("drop a disc", at);
        terminal.press("1");
        let at = terminal.wait_for("moves", at);
        terminal.resize(60, 40);
        terminal.wait_for("drop a disc", at);
        terminal.press("q");
        end_and_check(&mut terminal);
        let kept = String::from_utf8(place.bytes("data/played/connect-four.jsonl")).unwrap();
        assert!(kept.contains("\"actions\":[0]"), "{kept}");
    }

    #[test]
    fn a_window_may_be_too_small_from_the_start() {
        for (columns, rows) in [(20, 5), (1, 1), (200, 4), (20, 100)] {
            let place = place!();
            let mut terminal = start(&place, &PLAY, columns, rows);
            terminal.wait_for(ENTER, 0);
            if columns > 1 {
                terminal.wait_for("needed", 0);
            }
            terminal.press("q");
            assert!(end_and_check(&mut terminal).success());
        }
        let place = place!();
        let mut terminal = start(&place, &PLAY, 20, 5);
        let at = terminal.wait_for("needed", 0);
        terminal.resize(80, 24);
        terminal.wait_for("drop a disc", at);
        terminal.press("q");
        assert!(end_and_check(&mut terminal).success());
    }

    #[test]
    fn a_game_by_the_clock_waits_for_its_first_key_and_goes_on_by_itself() {
        let place = place!();
        let arguments = ["play", "--game", "snake", "--seed", "1", "--speed", "20"];
        let mut terminal = start(&place, &arguments, 80, 30);
        let at = terminal.wait_for("Press a key to begin", 0);
        terminal.press("a");
        // Straight on into the wall.
        terminal.wait_for("another game", at);
        terminal.press("q");
        assert!(end_and_check(&mut terminal).success());
        assert!(terminal.written().contains("kept in"));
    }

    #[test]
    fn an_agent_is_watched_and_the_terminal_stays_whole() {
        let place = place!();
        place.succeed(&["train", "--game", "cart-pole", "--quick"]);
        let arguments = ["watch", "--model", QUICK, "--episodes", "50", "--speed", "0.5"];
        for key in ["q", "\x03"] {
            let mut terminal = start(&place, &arguments, 80, 24);
            let at = terminal.wait_for("q ends", 0);
            terminal.press(" ");
            let at = terminal.wait_for("paused", at);
            // A step while it is paused, then on.
            terminal.press("\x1b[C+ ");
            let at = terminal.wait_for("0.75", at);
            terminal.resize(20, 10);
            let at = terminal.wait_for("needed", at);
            terminal.resize(100, 40);
            terminal.wait_for("space pauses", at);
            terminal.press(key);
            assert!(end_and_check(&mut terminal).success());
            let end = terminal.written().rfind(LEAVE).unwrap();
            terminal.wait_for("cart-pole.gif", end);
            assert!(place.bytes("cart-pole.gif").starts_with(b"GIF89a"));
        }
        let mut terminal = start(&place, &arguments, 80, 24);
        terminal.wait_for("q ends", 0);
        terminal.signal(Signal::TERM);
        assert_eq!(end_and_check(&mut terminal).code(), Some(130));
    }
}
