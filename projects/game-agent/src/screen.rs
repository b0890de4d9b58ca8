//! The terminal: pictures made of text that do not flicker, keys, and a terminal that is left as it was found.

use std::{
    io::{self, IsTerminal, Write, stdout},
    panic,
    sync::{Mutex, MutexGuard, Once, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use console::Style;
use crossterm::{
    cursor::{Hide, MoveTo, Show},
    event::{self, Event, KeyCode, KeyEventKind, KeyModifiers},
    execute, queue,
    style::{Print, ResetColor},
    terminal::{
        BeginSynchronizedUpdate, Clear, ClearType, DisableLineWrap, EnableLineWrap, EndSynchronizedUpdate,
        EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, size,
    },
};
use games::Key;

/// What a shell reports for a program ended by Ctrl-C.
const INTERRUPTED: i32 = 130;

/// Whether the terminal is ours. Who draws holds it, so that nothing is drawn after a signal gave the terminal back.
static OURS: Mutex<bool> = Mutex::new(false);

fn ours() -> MutexGuard<'static, bool> {
    OURS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a person sits at both ends: keys come from a terminal, and what is drawn goes to one.
pub fn is_terminal() -> bool {
    io::stdin().is_terminal() && stdout().is_terminal()
}

/// The whole terminal, while it lives. Afterwards, and after a panic, Ctrl-C or a signal that ends the program, the
/// terminal is as it was before.
pub struct Screen {
    shown: Vec<Line>,
    size: (usize, usize),
}

/// What a person did while a scene was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Press {
    /// Nothing: the time is over.
    Nothing,
    /// Pressed q, Escape, Ctrl-C or Ctrl-D.
    Quit,
    /// Pressed another key.
    Key(KeyCode),
}

impl Press {
    /// What a game understands by it.
    pub fn game_key(self) -> Option<Key> {
        match self {
            Press::Nothing => Some(Key::Nothing),
            Press::Key(KeyCode::Up | KeyCode::Char('w')) => Some(Key::Up),
            Press::Key(KeyCode::Down | KeyCode::Char('s')) => Some(Key::Down),
            Press::Key(KeyCode::Left | KeyCode::Char('a')) => Some(Key::Left),
            Press::Key(KeyCode::Right | KeyCode::Char('d')) => Some(Key::Right),
            Press::Key(KeyCode::Char(digit @ '1'..='9')) => {
                digit.to_digit(10).map(|n| Key::Digit(n as usize))
            }
            Press::Key(_) | Press::Quit => None,
        }
    }
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When the terminal refuses.
    pub fn open() -> Result<Self> {
        static PREPARE: Once = Once::new();
        PREPARE.call_once(|| {
            let before = panic::take_hook();
            panic::set_hook(Box::new(move |panic| {
                give_back();
                before(panic);
            }));
            // In raw mode Ctrl-C is a key; this is for what comes from outside: SIGINT, SIGTERM, SIGHUP.
            let _ = ctrlc::set_handler(|| {
                give_back();
                std::process::exit(INTERRUPTED);
            });
        });
        let mut ours = ours();
        enable_raw_mode().context("the terminal does not hand over its keys")?;
        *ours = true;
        let screen = Screen {
            shown: Vec::new(),
            size: (0, 0),
        };
        execute!(stdout(), EnterAlternateScreen, Hide, DisableLineWrap)
            .context("cannot draw in the terminal")?;
        Ok(screen)
    }

    /// Shows `scene` until a key is pressed or `time` is over, for ever where there is none. While the terminal is too
    /// small it says so instead, and the time stands still.
    pub fn show(&mut self, scene: &Scene, time: Option<Duration>) -> Result<Press> {
        let mut until = time.map(|time| Instant::now() + time);
        loop {
            let (width, height) = terminal_size()?;
            let drawn = Instant::now();
            let fits = match scene.lay_out(width, height) {
                Ok(lines) => self.draw(lines, (width, height)).map(|()| true)?,
                Err(needed) => {
                    self.draw(too_small((width, height), needed), (width, height))?;
                    false
                }
            };
            // Where no event tells of a new size, a look at it now and then does.
            const LOOK_EVERY: Duration = Duration::from_millis(250);
            let wait = until.map_or(LOOK_EVERY, |until| {
                until.saturating_duration_since(Instant::now()).min(LOOK_EVERY)
            });
            let pressed = read(if fits { wait } else { LOOK_EVERY })?;
            match pressed {
                Some(Press::Quit) => return Ok(Press::Quit),
                Some(press) if fits => return Ok(press),
                _ if !fits => until = until.map(|until| until + drawn.elapsed()),
                _ if until.is_some_and(|until| Instant::now() >= until) => return Ok(Press::Nothing),
                _ => {}
            }
        }
    }

    /// Draws what has changed, all at once.
    fn draw(&mut self, lines: Vec<Line>, size: (usize, usize)) -> Result<()> {
        let mut bytes = Vec::new();
        queue!(bytes, BeginSynchronizedUpdate)?;
        if self.size != size {
            queue!(bytes, Clear(ClearType::All))?;
            self.shown.clear();
            self.size = size;
        }
        for row in 0..lines.len().max(self.shown.len()) {
            let line = lines.get(row);
            if line != self.shown.get(row) {
                let text = line.map(Line::coloured).unwrap_or_default();
                queue!(
                    bytes,
                    MoveTo(0, row as u16),
                    Print(text),
                    Clear(ClearType::UntilNewLine)
                )?;
            }
        }
        queue!(bytes, EndSynchronizedUpdate)?;
        self.shown = lines;
        let ours = ours();
        if *ours {
            let mut out = stdout().lock();
            out.write_all(&bytes)
                .and_then(|()| out.flush())
                .context("cannot draw in the terminal")?;
        }
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Keys that were pressed too often are not for the shell.
        while event::poll(SHORTEST_WAIT).unwrap_or(false) && event::read().is_ok() {}
        give_back();
    }
}

/// Gives the terminal back as it was, if it is ours.
fn give_back() {
    let close = |ours: &mut bool| {
        if std::mem::replace(ours, false) {
            // Whoever ends wants to end: a terminal that has gone is no reason not to.
            let _ = execute!(stdout(), ResetColor, EnableLineWrap, Show, LeaveAlternateScreen);
            let _ = disable_raw_mode();
        }
    };
    // A terminal that takes no more output holds whoever draws for ever, but not whoever ends the program.
    for _ in 0..100 {
        match OURS.try_lock() {
            Ok(mut ours) => return close(&mut ours),
            Err(std::sync::TryLockError::Poisoned(ours)) => return close(&mut ours.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
    let _ = disable_raw_mode();
}

/// Columns and rows.
fn terminal_size() -> Result<(usize, usize)> {
    let (width, height) = size().context("the terminal does not say how large it is")?;
    // A terminal that nobody told its size, such as a serial line, says 0.
    Ok(match (width, height) {
        (0, _) | (_, 0) => (80, 24),
        (width, height) => (usize::from(width), usize::from(height)),
    })
}

/// A shorter wait does not look for keys at all.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// Waits for an event, and gives what was pressed if it is a key's.
fn read(wait: Duration) -> Result<Option<Press>> {
    match event::poll(wait.max(SHORTEST_WAIT)).context("the terminal is gone")? {
        true => Ok(press(&event::read().context("the terminal is gone")?)),
        false => Ok(None),
    }
}

/// What an event says, if it is a key's.
fn press(event: &Event) -> Option<Press> {
    let Event::Key(key) = event else { return None };
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('c' | 'd') if control => Some(Press::Quit),
        KeyCode::Char(_) if control => None,
        KeyCode::Char('q' | 'Q') | KeyCode::Esc => Some(Press::Quit),
        KeyCode::Char(letter) => Some(Press::Key(KeyCode::Char(letter.to_ascii_lowercase()))),
        code => Some(Press::Key(code)),
    }
}

/// A line of text in colours. Without colours where the user wants none (`NO_COLOR`) or the terminal has none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line(Vec<(String, Style)>);

impl Line {
    /// A line of one style.
    pub fn new(text: impl Into<String>, style: Style) -> Self {
        Line(vec![(text.into(), style)])
    }

    /// A line without a colour.
    pub fn plain(text: impl Into<String>) -> Self {
        Line::new(text, Style::new())
    }

    /// With more text at its end.
    #[must_use]
    pub fn and(mut self, text: impl Into<String>, style: Style) -> Self {
        self.0.push((text.into(), style));
        self
    }

    /// In columns. All that is drawn here is one column wide a character.
    pub fn width(&self) -> usize {
        self.0.iter().map(|(text, _)| text.chars().count()).sum()
    }

    /// With the codes for its colours.
    pub fn coloured(&self) -> String {
        let pieces = self.0.iter();
        pieces
            .map(|(text, style)| style.apply_to(text).to_string())
            .collect()
    }

    /// With spaces at its end, up to `width`.
    fn padded(mut self, width: usize) -> Self {
        let missing = width.saturating_sub(self.width());
        self.0.push((" ".repeat(missing), Style::new()));
        self
    }

    /// The first `width` columns.
    fn cut(mut self, width: usize) -> Self {
        let mut left = width;
        for (text, _) in &mut self.0 {
            *text = text.chars().take(left).collect();
            left -= text.chars().count();
        }
        self
    }

    fn followed_by(mut self, other: Line) -> Self {
        self.0.extend(other.0);
        self
    }
}

/// What is shown: a game, and what there is to say about it.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// Above all.
    pub title: Line,
    /// The game: see [`board`].
    pub board: Vec<Line>,
    /// What is the case: the score, the step. Few words.
    pub facts: Vec<Line>,
    /// What is thought, or to be said: lines of up to [`SAID`] columns.
    pub said: Vec<Line>,
    /// What keys do, at the bottom, with two spaces between.
    pub keys: String,
}

/// Columns to the left of all.
const MARGIN: usize = 2;
/// Columns between what stands side by side.
const GAP: usize = 3;
/// Columns for facts at least, so that nothing moves when a number becomes longer.
const FACTS: usize = 24;
/// Columns for what is said at least.
pub const SAID: usize = 38;

impl Scene {
    /// The lines of a terminal of this size, or the size that it would have to have.
    fn lay_out(&self, width: usize, height: usize) -> std::result::Result<Vec<Line>, (usize, usize)> {
        let board = Block::new(self.board.clone(), 0);
        let (facts, said) = (
            Block::new(self.facts.clone(), FACTS),
            Block::new(self.said.clone(), SAID),
        );
        let mut nearest: Option<(usize, (usize, usize))> = None;
        for middle in [
            board.clone().beside(facts.clone().above(said.clone())),
            board.clone().above(facts.clone().beside(said.clone())),
            board.above(facts.above(said)),
        ] {
            let columns = MARGIN + middle.width;
            let keys = wrapped(&self.keys, width.max(columns) - MARGIN);
            // The title and an empty line, and another one above the keys.
            let rows = 2 + middle.lines.len() + 1 + keys.len();
            if columns <= width && rows <= height {
                let keys = keys.into_iter().map(|keys| Line::new(keys, Style::new().dim()));
                let title = [self.title.clone(), Line::default()];
                let lines = title
                    .into_iter()
                    .chain(middle.lines)
                    .chain([Line::default()])
                    .chain(keys);
                let margin = || Line::plain(" ".repeat(MARGIN));
                return Ok(lines.map(|line| margin().followed_by(line).cut(width)).collect());
            }
            // Rows are twice as high as columns are wide.
            let missing = columns.saturating_sub(width) + 2 * rows.saturating_sub(height);
            if nearest.is_none_or(|(least, _)| missing < least) {
                nearest = Some((missing, (columns, rows)));
            }
        }
        Err(nearest.map_or((80, 24), |(_, needed)| needed))
    }
}

/// Lines, and the columns that they take.
#[derive(Clone)]
struct Block {
    lines: Vec<Line>,
    width: usize,
}

impl Block {
    fn new(lines: Vec<Line>, least: usize) -> Self {
        let width = lines.iter().map(Line::width).max().unwrap_or(0).max(least);
        Block { lines, width }
    }

    fn beside(mut self, mut right: Block) -> Self {
        let rows = self.lines.len().max(right.lines.len());
        self.lines.resize(rows, Line::default());
        right.lines.resize(rows, Line::default());
        let lines = self.lines.into_iter().zip(right.lines);
        let left = self.width + GAP;
        Block {
            lines: lines
                .map(|(line, right)| line.padded(left).followed_by(right))
                .collect(),
            width: left + right.width,
        }
    }

    /// With an empty line between.
    fn above(mut self, below: Block) -> Self {
        self.lines.push(Line::default());
        self.lines.extend(below.lines);
        Block {
            lines: self.lines,
            width: self.width.max(below.width),
        }
    }
}

/// `text` in lines of `width` columns, broken where two spaces are.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for piece in text.split("  ") {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 2 + piece.chars().count() <= width => {
                *line += "  ";
                *line += piece;
            }
            _ => lines.push(piece.to_string()),
        }
    }
    lines
}

/// What is shown where there is no room for a scene.
fn too_small((width, height): (usize, usize), needed: (usize, usize)) -> Vec<Line> {
    let bold = Style::new().bold();
    let lines = [
        Line::new("Too small a window", bold),
        Line::plain(format!("it has  {width} x {height}")),
        Line::plain(format!("needed  {} x {}", needed.0, needed.1)),
        Line::plain("Enlarge it to go on"),
        Line::plain("q ends"),
    ];
    // In the smallest the size that is needed matters most.
    let first = if height < lines.len() { 2 } else { 0 };
    let lines = lines.into_iter().skip(first).take(height);
    lines.map(|line| line.cut(width)).collect()
}

/// A game's text in colours, in a frame if it has none of its own.
pub fn board(game: &str, text: &str) -> Vec<Line> {
    let lines = text.lines().map(|line| colours(game, line));
    if text.contains('┌') {
        return lines.collect();
    }
    let lines: Vec<Line> = lines.collect();
    let width = lines.iter().map(Line::width).max().unwrap_or(0) + 2;
    let dim = || Style::new().dim();
    let side = |left, right| Line::new(format!("{left}{}{right}", "─".repeat(width)), dim());
    let mut framed = vec![side('┌', '┐')];
    framed.extend(lines.into_iter().map(|line| {
        Line::new("│ ", dim())
            .followed_by(line.padded(width - 2))
            .and(" │", dim())
    }));
    framed.push(side('└', '┘'));
    framed
}

fn colours(game: &str, line: &str) -> Line {
    let mut coloured = Line::default();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        // A number is of one colour, and so is what is drawn with the same character.
        let same = |other: char| match first.is_ascii_digit() {
            true => other.is_ascii_digit(),
            false => other == first,
        };
        let end = rest.find(|other| !same(other)).unwrap_or(rest.len());
        coloured = coloured.and(&rest[..end], colour(game, first, &rest[..end]));
        rest = &rest[end..];
    }
    coloured
}

fn colour(game: &str, first: char, text: &str) -> Style {
    let style = Style::new();
    match first {
        '0'..='9' if game == "2048" => tile(text.parse().unwrap_or(0)),
        '─' | '│' | '┌' | '┐' | '└' | '┘' | '╭' | '╮' | '╰' | '╯' | '.' | '·' | '_' => {
            style.dim()
        }
        '█' => style.green(),
        '▲' | '▶' | '▼' | '◀' => style.green().bright().bold(),
        '●' if game == "breakout" => style.white().bright().bold(),
        '●' | 'X' => style.red().bright().bold(),
        'O' => style.yellow().bright().bold(),
        '▓' | '▒' | '░' => style.cyan(),
        '▀' | '▄' => style.yellow().bold(),
        '[' | ']' => style.bold(),
        _ => style,
    }
}

/// From pale to glowing, of the 256 colours of terminals.
fn tile(number: u32) -> Style {
    const COLOURS: [u8; 12] = [252, 229, 222, 215, 208, 202, 196, 227, 226, 220, 214, 201];
    let power = number.max(2).ilog2() as usize - 1;
    Style::new()
        .bold()
        .color256(COLOURS[power.min(COLOURS.len() - 1)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene() -> Scene {
        Scene {
            title: Line::plain("snake"),
            board: board("snake", "▲ ●\n█  "),
            facts: vec![Line::plain("score 3")],
            said: vec![Line::plain("turns left")],
            keys: "space pauses  q ends".to_string(),
        }
    }

    fn text(lines: &[Line]) -> Vec<String> {
        let plain = |line: &Line| line.0.iter().map(|(text, _)| text.as_str()).collect::<String>();
        lines
            .iter()
            .map(|line| plain(line).trim_end().to_string())
            .collect()
    }

    #[test]
    fn what_has_no_frame_gets_one_and_words_stand_beside() {
        let lines = scene().lay_out(80, 24).expect("there is room");
        assert_eq!(
            text(&lines),
            [
                "  snake",
                "",
                "  ┌─────┐   score 3",
                "  │ ▲ ● │",
                "  │ █   │   turns left",
                "  └─────┘",
                "",
                "  space pauses  q ends",
            ]
        );
    }

    #[test]
    fn words_go_below_where_there_is_no_room_beside() {
        let mut wide = scene();
        wide.board = board("cart-pole", &"_".repeat(60));
        let lines = wide.lay_out(80, 24).expect("there is room");
        assert_eq!(
            text(&lines)[5..7],
            ["", "  score 3                    turns left"]
        );
        let lines = scene().lay_out(MARGIN + SAID, 24).expect("there is room");
        assert_eq!(text(&lines)[5..9], ["  └─────┘", "", "  score 3", ""]);
    }

    #[test]
    fn the_size_that_is_asked_for_is_enough_and_no_larger_than_it_must_be() {
        for (width, height) in [(79, 3), (10, 40), (1, 1), (44, 7)] {
            let (columns, rows) = scene().lay_out(width, height).expect_err("there is no room");
            assert!(scene().lay_out(columns, rows).is_ok(), "{columns} x {rows}");
            assert!(scene().lay_out(columns - 1, rows).is_err(), "{columns} x {rows}");
            assert!(scene().lay_out(columns, rows - 1).is_err(), "{columns} x {rows}");
        }
    }

    #[test]
    fn keys_are_told_in_as_many_lines_as_they_need() {
        assert_eq!(wrapped("a is one  b is two  c", 16), ["a is one", "b is two  c"]);
    }

    #[test]
    fn a_line_is_cut_in_characters() {
        let line = Line::plain("▲●").and("ab", Style::new()).cut(3);
        assert_eq!(
            (text(std::slice::from_ref(&line)), line.width()),
            (vec!["▲●a".to_string()], 3)
        );
    }
}
