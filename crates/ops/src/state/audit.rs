//! The audit: every operation proven, every lock accounted for, everything that stands still.
//!
//! It reads the whole store, page by page, and the entries of each operation. What moves meanwhile is looked at again before
//! anything is said of it.

use std::collections::{BTreeMap, BTreeSet};

use aurora_restore_core::{
    ids::{ClusterId, OperationId, Region},
    journal::StateItem,
    ports::{Journal, JournalError, TargetKey},
};
use futures_util::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};

use super::{
    AT_ONCE, Finding, Kind, StalledSearch,
    check::{check_lock, check_operation},
    patience::patiently,
};
use crate::ports::{Executions, Lock, STATES_PAGE_MAX, States, StoredState, WholePage};

/// An audit of a journal.
pub struct Audit<'a> {
    /// The journal.
    pub journal: &'a dyn Journal,
    /// What stands beside its entries.
    pub states: &'a dyn States,
    /// Whom to ask whether an execution still runs; nobody where there is no state machine.
    pub executions: Option<&'a dyn Executions>,
    /// What time it is.
    pub now: Timestamp,
    /// An operation without news for so long or longer has stalled.
    pub stalled_after: SignedDuration,
}

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Audited {
    /// How many operations were proven.
    pub operations: u64,
    /// How many entries they have.
    pub entries: u64,
    /// How many locks were accounted for.
    pub locks: u64,
    /// What is wrong, by kind and operation.
    pub findings: Vec<Finding>,
    /// What could not be asked, each with the reason.
    pub troubles: Vec<String>,
}

impl Audit<'_> {
    /// Proves everything and searches for what stands still.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub async fn run(&self) -> Result<Audited, JournalError> {
        let mut audited = self.verify().await?;
        let search = StalledSearch {
            journal: Some(self.journal),
            states: self.states,
            executions: self.executions,
            now: self.now,
            older_than: self.stalled_after,
            page: STATES_PAGE_MAX,
        };
        let found = search.find().await?;
        audited.findings.extend(found.stalled.iter().map(super::Stalled::finding));
        audited.troubles.extend(found.troubles);
        audited.findings.sort();
        audited.findings.dedup();
        Ok(audited)
    }

    /// Proves everything: chains, replays, items and locks.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub async fn verify(&self) -> Result<Audited, JournalError> {
        let mut audited = Audited::default();
        let mut holding = BTreeSet::new();
        let mut locks = BTreeMap::new();
        let mut cursor: Option<String> = None;
        // Bounded by the store, which ends.
        loop {
            let WholePage { states, locks: more } = patiently(|| self.states.page(cursor.as_deref())).await?;
            locks.extend(more.into_iter().map(|lock| (lock.target, lock.holder)));
            for refused in states.refused {
                audited.findings.push(Finding::of(Kind::Unreadable, &refused.operation, refused.reason));
            }
            holding.extend(states.items.iter().filter(|stored| stored.state.holds_target).map(key));
            self.prove(&states.items, &mut audited).await?;
            cursor = states.cursor;
            if cursor.is_none() {
                break;
            }
        }
        audited.locks = u64::try_from(locks.len()).unwrap_or(u64::MAX);
        self.account(&locks, holding, &mut audited).await?;
        audited.findings.sort();
        Ok(audited)
    }

    async fn prove(&self, items: &[StoredState], audited: &mut Audited) -> Result<(), JournalError> {
        // At most a page of them.
        let checks: Vec<_> = items.iter().map(|stored| check_operation(self.journal, &stored.state)).collect();
        let mut checks = stream::iter(checks).buffer_unordered(AT_ONCE);
        while let Some(checked) = checks.next().await {
            let Some(checked) = checked? else { continue };
            audited.operations += 1;
            audited.entries += u64::try_from(checked.entries.len()).unwrap_or(u64::MAX);
            audited.findings.extend(checked.findings);
        }
        Ok(())
    }

    /// Locks and those who should hold them. Locks are few: one for each operation that has not ended.
    async fn account(
        &self,
        locks: &BTreeMap<String, Option<OperationId>>,
        holding: BTreeSet<OperationId>,
        audited: &mut Audited,
    ) -> Result<(), JournalError> {
        for (target, holder) in locks {
            let lock = Lock { target: target.clone(), holder: holder.clone() };
            audited.findings.extend(self.left(&lock).await?);
        }
        let locked: BTreeSet<&OperationId> = locks.values().flatten().collect();
        for id in holding.iter().filter(|id| !locked.contains(id)) {
            audited.findings.extend(check_lock(self.journal, id).await?);
        }
        Ok(())
    }

    /// What is wrong with a lock: it names nobody, or one that does not hold the target, or one that is gone.
    async fn left(&self, lock: &Lock) -> Result<Option<Finding>, JournalError> {
        let Some(holder) = &lock.holder else {
            return Ok(Some(Finding::of_lock(&lock.target, None, NAMES_NOBODY)));
        };
        let evidence = match patiently(|| self.journal.state(holder)).await {
            Ok(state) if state.holds_target && state.target_key.to_string() == lock.target => return Ok(None),
            Ok(state) if state.holds_target => format!("names an operation that holds {}", state.target_key),
            Ok(state) => outlived(&state),
            Err(JournalError::UnknownOperation { .. }) => NAMES_A_STRANGER.to_owned(),
            // It is told as unreadable already.
            Err(JournalError::Refused { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        // It may have been given back since it was read.
        if let Some(target) = target_of(&lock.target)
            && let Ok(now) = patiently(|| self.journal.holder(&target)).await
            && now.as_ref() != Some(holder)
        {
            return Ok(None);
        }
        Ok(Some(Finding::of_lock(&lock.target, Some(holder), evidence)))
    }
}

/// What is wrong with a lock, each as a fragment that follows it.
pub(super) const NAMES_NOBODY: &str = "names no operation";
pub(super) const NAMES_A_STRANGER: &str = "names an operation that is not in the journal";

pub(super) fn outlived(state: &StateItem) -> String {
    format!("outlived its operation, which is {}", state.status.as_str())
}

fn key(stored: &StoredState) -> OperationId {
    stored.state.operation_id.clone()
}

/// The target that a text of a lock names: account, Region and cluster.
pub fn target_of(text: &str) -> Option<TargetKey> {
    let mut parts = text.splitn(3, '/');
    let (account, region, cluster) = (parts.next()?, parts.next()?, parts.next()?);
    Some(TargetKey {
        account: account.to_owned(),
        region: Region::new(region).ok()?,
        cluster: ClusterId::new(cluster).ok()?,
    })
}
