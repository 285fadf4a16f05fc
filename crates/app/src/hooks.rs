//! What the tests of the binaries pin, so that whole screens can be compared: the time of day and the random digits of an
//! operation id. Obeyed in debug builds only; a released program cannot be told a wrong time.
//!
//! * `AURORA_RESTORE_TEST_NOW`: the time, as 2026-11-22T10:15:00Z;
//! * `AURORA_RESTORE_TEST_SEED`: the digits, as a number up to 65535;
//! * `AURORA_RESTORE_TEST_PANIC`: a function panics with this text instead of working.

use aurora_restore_core::ports::Clock;
use jiff::Timestamp;

fn hook<T: std::str::FromStr>(name: &str) -> Option<T> {
    if !cfg!(debug_assertions) {
        return None;
    }
    std::env::var(name).ok()?.parse().ok()
}

pub(crate) fn seed() -> Option<u16> {
    hook("AURORA_RESTORE_TEST_SEED")
}

/// Panics if a test wants to see what becomes of it.
pub fn panic_if_asked() {
    if let Some(text) = hook::<String>("AURORA_RESTORE_TEST_PANIC") {
        panic!("{text}");
    }
}

/// The clock of this process.
pub fn clock() -> Box<dyn Clock> {
    match hook("AURORA_RESTORE_TEST_NOW") {
        Some(now) => Box::new(Pinned(now)),
        None => Box::new(SystemClock),
    }
}

/// The operating system's clock.
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that stands.
struct Pinned(Timestamp);

impl Clock for Pinned {
    fn now(&self) -> Timestamp {
        self.0
    }
}
