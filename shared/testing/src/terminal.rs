//! A terminal, or what a program cannot tell from one.

use std::{
    ffi::OsStr,
    fs::{File, OpenOptions},
    io::{Read, Write},
    os::unix::{ffi::OsStrExt, process::CommandExt},
    process::{Child, Command, ExitStatus},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

pub use rustix::process::Signal;
use rustix::{
    process::{Pid, ioctl_tiocsctty, kill_process, setsid},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    stdio::stdin,
    termios::{Termios, Winsize, tcgetattr, tcsetwinsize},
};

/// A terminal with a program in it.
pub struct Terminal {
    /// The person's end.
    person: File,
    /// The program's end, held open to be looked at after the program has ended.
    line: File,
    program: Child,
    written: Arc<Mutex<Vec<u8>>>,
    before: Termios,
}

fn size(columns: u16, rows: u16) -> Winsize {
    Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

impl Terminal {
    /// Starts `command` in a terminal of this size.
    pub fn start(mut command: Command, columns: u16, rows: u16) -> Self {
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let name = ptsname(&person, Vec::new()).unwrap();
        let line = OpenOptions::new()
            .read(true)
            .write(true)
            .open(OsStr::from_bytes(name.as_bytes()))
            .unwrap();
        tcsetwinsize(&person, size(columns, rows)).unwrap();
        let before = tcgetattr(&line).unwrap();
        command
            .env("TERM", "xterm-256color")
            .env_remove("NO_COLOR")
            .stdin(line.try_clone().unwrap())
            .stdout(line.try_clone().unwrap())
            .stderr(line.try_clone().unwrap());
        // SAFETY: two system calls, which are allowed between fork and exec. They make the terminal the program's
        // own, which signals of its size and its end need.
        unsafe {
            command.pre_exec(|| {
                setsid()?;
                Ok(ioctl_tiocsctty(stdin())?)
            });
        }
        let program = command.spawn().unwrap();
        let person = File::from(person);
        let written = Arc::new(Mutex::new(Vec::new()));
        let (mut reader, sink) = (person.try_clone().unwrap(), Arc::clone(&written));
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                sink.lock().unwrap().extend(&bytes[..count]);
            }
        });
        Terminal {
            person,
            line,
            program,
            written,
            before,
        }
    }

    /// All that the program has written.
    pub fn written(&self) -> String {
        String::from_utf8_lossy(&self.written.lock().unwrap()).into_owned()
    }

    /// Waits until `text` is written behind the first `from` bytes; gives the place behind it.
    pub fn wait_for(&self, text: &str, from: usize) -> usize {
        let begun = Instant::now();
        loop {
            let written = self.written();
            if let Some(at) = written.get(from..).and_then(|written| written.find(text)) {
                return from + at + text.len();
            }
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "no {text:?} in {:?}",
                &written[from..]
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Presses keys.
    pub fn press(&mut self, keys: &str) {
        self.person.write_all(keys.as_bytes()).unwrap();
    }

    /// Changes the size of the window.
    pub fn resize(&self, columns: u16, rows: u16) {
        tcsetwinsize(&self.person, size(columns, rows)).unwrap();
    }

    /// Sends the program a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.program), signal).unwrap();
    }

    /// Waits for the program's end.
    pub fn end(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.program.try_wait().unwrap() {
                return status;
            }
            if begun.elapsed() > Duration::from_secs(60) {
                self.program.kill().unwrap();
                panic!("it does not end: {:?}", self.written());
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Closes the window, and waits for the program's end.
    pub fn hang_up(mut self) -> ExitStatus {
        // The thread that reads holds another copy of the person's end, so the line is hung up by a signal, as a
        // shell whose window is closed does it.
        drop((self.person, self.line));
        kill_process(Pid::from_child(&self.program), Signal::HUP).unwrap();
        self.program.wait().unwrap()
    }

    /// The terminal must be in the modes that it was in before the program began.
    pub fn check_modes(&self) {
        let after = tcgetattr(&self.line).unwrap();
        assert_eq!(after.input_modes, self.before.input_modes);
        assert_eq!(after.output_modes, self.before.output_modes);
        assert_eq!(after.control_modes, self.before.control_modes);
        assert_eq!(after.local_modes, self.before.local_modes);
    }
}
