//! The threads that help with a kernel.
//!
//! A step consists of hundreds of kernels of a tenth of a millisecond, so what counts is how soon the other threads
//! begin. rayon's go to sleep within some ten microseconds, and waking one costs as much again, between any two
//! kernels: a tenth of a transformer's step. These wait for the next kernel with open eyes for a while before they sleep.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError, TryLockError};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// How long a thread waits for the next kernel before it sleeps.
const PATIENCE: Duration = Duration::from_micros(200);

/// The work of one call: every thread runs it once.
type Work<'a> = &'a (dyn Fn() + Sync);

struct Team {
    helpers: Vec<Helper>,
    /// What is being worked at, while the gate is open or someone is inside.
    work: Mutex<Option<Work<'static>>>,
    /// [`OPEN`] while helpers may enter, [`INSIDE`] for each who is, and above these the number of the call.
    gate: AtomicU64,
    /// How many of the helpers are wanted.
    wanted: AtomicUsize,
    /// What a helper's panic left.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    /// Whose call it is.
    caller: Mutex<()>,
}

struct Helper {
    started: AtomicBool,
    asleep: AtomicBool,
    thread: OnceLock<Thread>,
}

const OPEN: u64 = 1;
const INSIDE: u64 = 2;
const CALL: u64 = 1 << 32;

/// Runs `work` on the calling thread, and on up to `helpers` others at the same time. Returns when all have ended.
pub(crate) fn run(helpers: usize, work: Work<'_>) {
    if helpers == 0 {
        return work();
    }
    let team = team();
    // Another caller, or this very thread further up: then there is no help to be had.
    let _caller = match team.caller.try_lock() {
        Ok(caller) => caller,
        Err(TryLockError::Poisoned(caller)) => caller.into_inner(),
        Err(TryLockError::WouldBlock) => return work(),
    };
    // SAFETY: only the lifetime changes. Helpers use the reference only while they are inside, and `Closing` lets
    // this function return, or unwind, when the gate is closed and no one is inside any more.
    let work: Work<'static> = unsafe { std::mem::transmute::<Work<'_>, Work<'static>>(work) };
    *lock(&team.work) = Some(work);
    // One that was left when the calling thread panicked too.
    *lock(&team.panic) = None;
    team.wanted.store(helpers, Ordering::Relaxed);
    team.gate.fetch_add(CALL + OPEN, Ordering::SeqCst);
    let closing = Closing(team);
    for (number, helper) in team.helpers.iter().enumerate().take(helpers) {
        // Only the caller, of whom there is one at a time, starts helpers.
        if !helper.started.load(Ordering::Relaxed) {
            helper.started.store(true, Ordering::Relaxed);
            start(team, number);
        }
        if helper.asleep.swap(false, Ordering::SeqCst)
            && let Some(thread) = helper.thread.get()
        {
            thread.unpark();
        }
    }
    work();
    drop(closing);
    if let Some(panic) = lock(&team.panic).take() {
        resume_unwind(panic);
    }
}

/// Closes the gate and waits for those inside.
struct Closing(&'static Team);

impl Drop for Closing {
    fn drop(&mut self) {
        let team = self.0;
        team.gate.fetch_and(!OPEN, Ordering::SeqCst);
        let mut turns = 0u32;
        while !team.gate.load(Ordering::Acquire).is_multiple_of(CALL) {
            turns += 1;
            // With more threads than processors the other may need this one's.
            match turns.is_multiple_of(64) {
                true => std::thread::yield_now(),
                false => std::hint::spin_loop(),
            }
        }
        *lock(&team.work) = None;
    }
}

/// The only team.
fn team() -> &'static Team {
    static TEAM: OnceLock<Team> = OnceLock::new();
    TEAM.get_or_init(|| Team {
        helpers: (1..crate::threads::most())
            .map(|_| Helper {
                started: AtomicBool::new(false),
                asleep: AtomicBool::new(false),
                thread: OnceLock::new(),
            })
            .collect(),
        work: Mutex::new(None),
        gate: AtomicU64::new(0),
        wanted: AtomicUsize::new(0),
        panic: Mutex::new(None),
        caller: Mutex::new(()),
    })
}

/// Makes a helper's thread, the first time that it is wanted.
fn start(team: &'static Team, number: usize) {
    let thread = std::thread::Builder::new().name(format!("kernel {}", number + 1));
    // Without a thread, as where there is no memory for one, the others do its work.
    _ = thread.spawn(move || help(team, number));
}

/// The life of a helper.
fn help(team: &'static Team, number: usize) {
    let helper = &team.helpers[number];
    _ = helper.thread.set(std::thread::current());
    let mut idle = Instant::now();
    let (mut turns, mut served) = (0u32, 0);
    loop {
        if number < team.wanted.load(Ordering::Relaxed) && enter(team, &mut served) {
            let work = *lock(&team.work);
            if let Some(work) = work
                && let Err(panic) = catch_unwind(AssertUnwindSafe(work))
            {
                lock(&team.panic).get_or_insert(panic);
            }
            team.gate.fetch_sub(INSIDE, Ordering::Release);
            idle = Instant::now();
            continue;
        }
        turns = turns.wrapping_add(1);
        if !turns.is_multiple_of(64) {
            std::hint::spin_loop();
        } else if idle.elapsed() < PATIENCE {
            std::thread::yield_now();
        } else {
            helper.asleep.store(true, Ordering::SeqCst);
            // The caller looks who is asleep after it has opened the gate: one of the two sees the other.
            let gate = team.gate.load(Ordering::SeqCst);
            if gate & OPEN == 0 || gate / CALL == served {
                std::thread::park();
            }
            helper.asleep.store(false, Ordering::SeqCst);
            idle = Instant::now();
        }
    }
}

/// Goes inside, if the gate is open for a call that was not `served` yet.
fn enter(team: &Team, served: &mut u64) -> bool {
    let mut gate = team.gate.load(Ordering::Acquire);
    while gate & OPEN != 0 && gate / CALL != *served {
        match team
            .gate
            .compare_exchange_weak(gate, gate + INSIDE, Ordering::AcqRel, Ordering::Acquire)
        {
            Ok(_) => {
                *served = gate / CALL;
                return true;
            }
            Err(now) => gate = now,
        }
    }
    false
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use crate::threads::{map, share};

    #[test]
    fn every_item_is_worked_at_once() {
        for count in (0..200).chain([10_000]) {
            let total = AtomicU64::new(0);
            let add = |_: &mut (), item: u64| _ = total.fetch_add(item, super::Ordering::Relaxed);
            share((0..count).collect(), || (), add);
            assert_eq!(total.into_inner(), count * count.saturating_sub(1) / 2);
        }
    }

    #[test]
    fn calls_within_calls_and_beside_calls_end() {
        fn nested(i: u64) -> u64 {
            map((0..50).collect(), |j: u64| i * j).iter().sum()
        }
        let all = || map((0..50).collect(), nested).iter().sum::<u64>();
        let threads: Vec<_> = (0..4)
            .map(|_| std::thread::spawn(move || (0..50).map(|_| all()).collect::<Vec<_>>()))
            .collect();
        for thread in threads {
            assert!(thread.join().unwrap().iter().all(|&sum| sum == 1225 * 1225));
        }
    }

    #[test]
    fn a_panic_comes_out_and_the_team_goes_on() {
        for _ in 0..20 {
            let result = std::panic::catch_unwind(|| {
                share(
                    (0..100).collect(),
                    || (),
                    |_, item: u32| assert!(item != 57, "at {item}"),
                );
            });
            assert!(result.is_err());
            assert_eq!(map((0..100).collect(), |item: u32| item).len(), 100);
        }
    }

    #[test]
    fn sleepers_wake() {
        for _ in 0..5 {
            std::thread::sleep(super::PATIENCE * 3);
            assert_eq!(map((0..100).collect(), |item: u32| item + 1)[99], 100);
        }
    }
}
