//! A clock that stands still until it is turned.

use std::sync::atomic::{AtomicI64, Ordering};

use aurora_restore_core::ports::Clock;
use jiff::{SignedDuration, Timestamp};

/// A clock that is turned by hand, in nanoseconds since 1970: the engine's pauses have a fraction, and a clock that is
/// coarser would stop just before their end for ever.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows this time.
    pub fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(i64::try_from(now.as_nanosecond()).unwrap_or(i64::MAX)))
    }

    /// Turns the clock; never backwards.
    pub fn turn(&self, by: SignedDuration) {
        let nanos = i64::try_from(by.as_nanos()).unwrap_or(i64::MAX).max(0);
        let _ = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| Some(now.saturating_add(nanos)));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanosecond(i128::from(self.0.load(Ordering::SeqCst))).unwrap_or(Timestamp::MAX)
    }
}
