//! A lock that was left, given up: looked at first, and deleted on condition that it is as it was seen.
//!
//! None of our programs leaves one: it is written together with the state of its operation, and given back together with it. Whoever wrote
//! into the store by hand did.

use aurora_restore_core::{
    ids::OperationId,
    ports::{Journal, JournalError, TargetKey},
};

use super::{
    Finding,
    audit::{NAMES_A_STRANGER, NAMES_NOBODY, outlived},
    check::check_operation,
    patience::patiently,
};
use crate::ports::{Forgotten, Lock, States, WholePage};

/// The lock of a target, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Locked {
    /// There is none.
    Free,
    /// An operation holds it that has not ended, be it for this target or another one.
    Held {
        /// The operation.
        holder: OperationId,
    },
    /// It names an operation that cannot be trusted: nothing is known of whether it has ended.
    Untrusted(Finding),
    /// It was left.
    Left {
        /// The lock.
        lock: Lock,
        /// Why it is none any more, as a fragment that follows it.
        evidence: String,
    },
}

/// Looks at the lock of a target. Reads the store page by page until it is found.
///
/// # Errors
/// Where the store cannot be read.
pub async fn look_at_lock(
    journal: &dyn Journal,
    states: &dyn States,
    target: &TargetKey,
) -> Result<Locked, JournalError> {
    let Some(lock) = find(states, &target.to_string()).await? else { return Ok(Locked::Free) };
    let left = |evidence: &str| Locked::Left { lock: lock.clone(), evidence: evidence.to_owned() };
    let Some(holder) = &lock.holder else { return Ok(left(NAMES_NOBODY)) };
    let state = match patiently(|| journal.state(holder)).await {
        Ok(state) => state,
        Err(JournalError::UnknownOperation { .. }) => return Ok(left(NAMES_A_STRANGER)),
        Err(error) => return Err(error),
    };
    if state.holds_target {
        return Ok(Locked::Held { holder: holder.clone() });
    }
    // That it has ended is what its item says, and an item can be set by hand.
    let checked = check_operation(journal, &state).await?;
    let wrong = checked.and_then(|checked| checked.findings.into_iter().next());
    Ok(wrong.map_or_else(|| left(&outlived(&state)), Locked::Untrusted))
}

/// Gives up a lock that was found left.
///
/// # Errors
/// Where the store cannot be written.
pub async fn unlock(states: &dyn States, lock: &Lock) -> Result<Forgotten, JournalError> {
    patiently(|| states.unlock(lock)).await
}

async fn find(states: &dyn States, target: &str) -> Result<Option<Lock>, JournalError> {
    let mut cursor: Option<String> = None;
    // Bounded by the store, which ends.
    loop {
        let WholePage { states: page, locks } = patiently(|| states.page(cursor.as_deref())).await?;
        if let Some(found) = locks.into_iter().find(|lock| lock.target == target) {
            return Ok(Some(found));
        }
        cursor = page.cursor;
        if cursor.is_none() {
            return Ok(None);
        }
    }
}
