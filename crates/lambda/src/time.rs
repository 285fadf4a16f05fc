//! The time that an invocation has.

use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;

/// The time that an invocation has, and the only place where a function waits.
#[async_trait]
pub trait Hourglass: Send + Sync {
    /// How much is left.
    fn left(&self) -> Duration;

    /// Waits.
    async fn wait(&self, length: Duration);
}

/// The time until the deadline that Lambda gave.
#[derive(Debug)]
pub(crate) struct UntilDeadline(Instant);

impl UntilDeadline {
    /// The deadline is a time of day; what is counted from here on is not moved by a clock that is set.
    pub(crate) fn new(deadline: SystemTime) -> Self {
        let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
        Self(Instant::now() + left)
    }
}

#[async_trait]
impl Hourglass for UntilDeadline {
    fn left(&self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    async fn wait(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }
}
