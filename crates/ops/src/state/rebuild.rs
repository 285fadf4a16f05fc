//! The items of operations, written anew from their entries: what is done when the state table is lost and the audit table is not.
//!
//! An item says nothing that the entries do not say, except whose account the target is in before there is a plan: that has to be
//! told by whoever rebuilds it.

use aurora_restore_core::{
    ids::{AccountId, OperationId},
    journal::{StateItem, replay},
    ports::{Journal, JournalError},
};
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;

use super::{AT_ONCE, Imported, WholeJournal, check::target_key, patience::patiently, record::Proven};
use crate::ports::States;

/// Why an operation without a plan cannot be rebuilt.
const NO_ACCOUNT: &str =
    "it has no plan, so its entries do not say which account its target is in: give that with `--account`";

/// Which of the operations are wanted whose items are lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All of them: those that were purged, too, because nothing tells the two apart.
    All,
    /// Those that somebody still has to know of: they have not ended, hold their target, or keep a retired cluster.
    Unfinished,
}

/// What a look at the entries has shown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LostItems {
    /// Operations whose item is there.
    pub there: u64,
    /// Operations whose item is not there and was not wanted.
    pub not_wanted: u64,
    /// Items that are to be written, as the entries say them.
    pub lost: Vec<StateItem>,
    /// Operations whose item cannot be written, each with the reason.
    pub unusable: Vec<(OperationId, String)>,
}

/// An operation, by its entries alone.
enum ByEntries {
    There,
    Usable(Box<Proven>),
    Unusable(String),
}

impl WholeJournal<'_> {
    /// Looks for operations of which there are entries and no item. `account` is the target's for those without a plan. Only reads: all keys of the entries, an item for each operation,
    /// and the entries of those that have none.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub async fn lost_items(&self, wanted: Wanted, account: Option<&AccountId>) -> Result<LostItems, JournalError> {
        let mut found = LostItems::default();
        let mut cursor: Option<String> = None;
        // Bounded by the store, which ends.
        loop {
            let page = patiently(|| self.states.recorded(cursor.as_deref())).await?;
            let mut looks = stream::iter(&page.operations)
                .map(|id| async move { (id, by_entries(self.journal, id, account).await) })
                .buffered(AT_ONCE);
            while let Some((id, looked)) = looks.next().await {
                match looked? {
                    ByEntries::There => found.there += 1,
                    ByEntries::Unusable(reason) => found.unusable.push((id.clone(), reason)),
                    ByEntries::Usable(usable) if is_wanted(&usable.state, wanted) => found.lost.push(usable.state),
                    ByEntries::Usable(_) => found.not_wanted += 1,
                }
            }
            drop(looks);
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok(found);
            }
        }
    }

    /// Writes the items into an empty journal beside this one, from the entries alone, as if none was here. Only reads this one. The account
    /// of an operation without a plan, which for real has to be told, is what its item says; operations that were purged are left out.
    ///
    /// # Errors
    /// Where one of the two cannot be read or written.
    pub async fn rebuild_beside(&self, beside: &dyn States, now: Timestamp) -> Result<Imported, JournalError> {
        let mut rebuilt = Imported::default();
        let mut cursor: Option<String> = None;
        // Bounded by the store, which ends.
        loop {
            let page = patiently(|| self.states.recorded(cursor.as_deref())).await?;
            let mut looks = stream::iter(&page.operations)
                .map(|id| async move { (id, by_entries_of_what_is_there(self.journal, id).await) })
                .buffered(AT_ONCE);
            while let Some((id, looked)) = looks.next().await {
                match looked? {
                    None => {}
                    Some(Ok(proven)) => rebuilt.put_back(beside, proven, now).await?,
                    Some(Err(reason)) => rebuilt.differs.push((id.clone(), reason)),
                }
            }
            drop(looks);
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok(rebuilt);
            }
        }
    }

    /// Writes items that were found lost. Entries are read again, and what is there by now is left as it is. Repeatable: whoever dies in
    /// the middle runs it again.
    ///
    /// # Errors
    /// Where the journal cannot be read or written.
    pub async fn rebuild(&self, lost: &[StateItem], now: Timestamp) -> Result<Imported, JournalError> {
        let mut rebuilt = Imported::default();
        for item in lost {
            let id = &item.operation_id;
            match proven(self.journal, id, Some(&item.target_key.account)).await? {
                Ok(proven) => rebuilt.put_back(self.states, proven, now).await?,
                Err(reason) => rebuilt.differs.push((id.clone(), reason)),
            }
        }
        Ok(rebuilt)
    }
}

fn is_wanted(state: &StateItem, wanted: Wanted) -> bool {
    match wanted {
        Wanted::All => true,
        Wanted::Unfinished => is_unfinished(state),
    }
}

/// Whether somebody still has to know of an operation.
pub(super) fn is_unfinished(state: &StateItem) -> bool {
    !state.status.has_ended() || state.holds_target || state.retire_after.is_some()
}

/// What the entries say of an operation whose item is there; none where it was purged.
async fn by_entries_of_what_is_there(
    journal: &dyn Journal,
    id: &OperationId,
) -> Result<Option<Result<Proven, String>>, JournalError> {
    let account = match patiently(|| journal.state(id)).await {
        Ok(item) => Some(item.target_key.account),
        Err(JournalError::Refused { .. }) => None,
        Err(JournalError::UnknownOperation { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    proven(journal, id, account.as_deref()).await.map(Some)
}

async fn by_entries(
    journal: &dyn Journal,
    id: &OperationId,
    account: Option<&AccountId>,
) -> Result<ByEntries, JournalError> {
    match patiently(|| journal.state(id)).await {
        // One that cannot be read is there, too: `state audit` tells it.
        Ok(_) | Err(JournalError::Refused { .. }) => return Ok(ByEntries::There),
        Err(JournalError::UnknownOperation { .. }) => {}
        Err(error) => return Err(error),
    }
    Ok(match proven(journal, id, account.map(AccountId::as_str)).await? {
        Ok(proven) => ByEntries::Usable(Box::new(proven)),
        Err(reason) => ByEntries::Unusable(reason),
    })
}

/// What the entries of an operation say, or why that is no item.
async fn proven(
    journal: &dyn Journal,
    id: &OperationId,
    account: Option<&str>,
) -> Result<Result<Proven, String>, JournalError> {
    let entries = match patiently(|| journal.entries(id, 0)).await {
        Ok(entries) => entries,
        Err(JournalError::Refused { reason, .. }) => return Ok(Err(reason)),
        Err(error) => return Err(error),
    };
    let operation = match replay(&entries) {
        Ok((operation, _)) => operation,
        Err(refusal) => return Ok(Err(refusal.to_string())),
    };
    if operation.facts.plan.is_none() && account.is_none() {
        return Ok(Err(NO_ACCOUNT.to_owned()));
    }
    let state = StateItem::of(&operation, &target_key(&operation, account.unwrap_or_default()));
    Ok(Ok(Proven { operation, state, entries }))
}
