//! Asking a store again that is not available now. Every call of the ports that are used here may be repeated.

use std::{future::Future, time::Duration};

use aurora_restore_core::ports::JournalError;
use tokio::time::sleep;

/// How often is asked again.
const TRIES_MAX: u32 = 6;
/// Before the second try; twice as long each time.
const PAUSE: Duration = Duration::from_millis(200);

/// Asks again while the store says that it is not available, for about thirteen seconds: a table that is throttled recovers
/// within that.
pub(crate) async fn patiently<T, F: Future<Output = Result<T, JournalError>>>(
    ask: impl Fn() -> F,
) -> Result<T, JournalError> {
    let mut tries = 0;
    // Bounded by the number of tries.
    loop {
        match ask().await {
            Err(JournalError::Unavailable { .. }) if tries < TRIES_MAX => {
                sleep(PAUSE * 2_u32.pow(tries)).await;
                tries += 1;
            }
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_store_that_is_busy_is_asked_again_and_one_that_stays_busy_is_told() {
        let busy = || JournalError::Unavailable { store: "tables".to_owned(), reason: "throttled".to_owned() };
        let ask = async |refusals: u32| {
            let left = AtomicU32::new(refusals);
            let left = &left;
            patiently(|| async move {
                match left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
                    Ok(_) => Err(busy()),
                    Err(_) => Ok(()),
                }
            })
            .await
        };
        assert_eq!(ask(TRIES_MAX).await, Ok(()));
        assert_eq!(ask(TRIES_MAX + 1).await, Err(busy()));
    }
}
