//! The system's clock.

use aurora_restore_core::ports::Clock;
use jiff::Timestamp;

/// Says what the system says.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
