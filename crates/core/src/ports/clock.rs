//! The time of day as a port, so that a test can turn it.

use jiff::Timestamp;

/// Says what time it is. The only way the domain learns the time.
pub trait Clock: Send + Sync {
    /// The time now. Used for records, ages and budgets, never for order: order comes from sequence numbers.
    fn now(&self) -> Timestamp;
}
