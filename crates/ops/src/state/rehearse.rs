//! Rehearsing the recovery of the journal: its tables restored to a point in time beside it, proven, compared with it, deleted.
//!
//! If we die in the middle, the tables of the rehearsal stay; the same rehearsal under its name goes on, and ends with deleting
//! them. Nothing is ever written to the journal itself.

use std::{collections::BTreeSet, time::Duration};

use aurora_restore_core::{
    ids::OperationId,
    ports::{Clock, Journal, JournalError},
};
use futures_util::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use super::{
    AT_ONCE, Finding, Kind,
    check::{Checked, check_operation},
    patience::patiently,
};
use crate::ports::{RecoveryWindow, RehearsalName, RehearsalStatus, Rehearsals, RehearsedJournal, States};

/// The time between two looks at tables that are being made.
const POLL: Duration = Duration::from_secs(5);
/// The most looks: some hours, within which DynamoDB restores tables of any size that ours have.
const LOOKS_MAX: u32 = 5_000;

/// A rehearsal.
pub struct Rehearsal<'a> {
    /// The journal that would be lost.
    pub journal: &'a dyn Journal,
    /// What it keeps beside its entries.
    pub states: &'a dyn States,
    /// Its recovery.
    pub rehearsals: &'a dyn Rehearsals,
    /// What time it is.
    pub clock: &'a dyn Clock,
}

/// What a rehearsal has shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsed {
    /// The point in time.
    pub at: Timestamp,
    /// How long it took until the recovered journal was proven.
    pub took: SignedDuration,
    /// What is in it.
    pub compared: Compared,
}

/// How the recovered journal compares with the one that is used.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Compared {
    /// Operations that are the same in both.
    pub same: u64,
    /// Operations that have gone on since.
    pub moved_on: u64,
    /// Operations that were begun since.
    pub begun_since: u64,
    /// Operations whose item has been forgotten since.
    pub forgotten_since: u64,
    /// What is wrong with the recovered journal.
    pub findings: Vec<Finding>,
}

/// Why a recovery was not rehearsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RehearsalError {
    /// It is off.
    #[error("point-in-time recovery is off for the tables of the journal")]
    Off,
    /// The time is none to which the tables can be recovered.
    #[error("the tables can be recovered to a time from {} to {}, and not to {at}", window.earliest, window.latest)]
    OutOfWindow {
        /// The time.
        at: Timestamp,
        /// The times that can be.
        window: RecoveryWindow,
    },
    /// The tables were not made in time; they stay.
    #[error("the tables of rehearsal {name} are not there after hours")]
    TooLong {
        /// Its name.
        name: RehearsalName,
    },
    /// The tables say no.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl Rehearsal<'_> {
    /// The time to which the tables would be recovered: the one that is wished, or the latest.
    ///
    /// # Errors
    /// [`RehearsalError::Off`], [`RehearsalError::OutOfWindow`].
    pub async fn point(&self, wished: Option<Timestamp>) -> Result<Timestamp, RehearsalError> {
        let window = patiently(|| self.rehearsals.window()).await?.ok_or(RehearsalError::Off)?;
        match wished {
            None => Ok(window.latest),
            Some(at) if (window.earliest..=window.latest).contains(&at) => Ok(at),
            Some(at) => Err(RehearsalError::OutOfWindow { at, window }),
        }
    }

    /// Restores the tables beside the journal, waits for them, proves and compares them. They stay.
    ///
    /// # Errors
    /// [`RehearsalError`].
    pub async fn run(&self, name: &RehearsalName, at: Timestamp) -> Result<Rehearsed, RehearsalError> {
        let began = self.clock.now();
        patiently(|| self.rehearsals.begin(name, at)).await?;
        self.usable(name).await?;
        let recovered = self.rehearsals.journal(name)?;
        let compared = self.compare(&recovered, at).await?;
        Ok(Rehearsed { at, took: self.clock.now().duration_since(began), compared })
    }

    async fn usable(&self, name: &RehearsalName) -> Result<(), RehearsalError> {
        for _ in 0..LOOKS_MAX {
            match patiently(|| self.rehearsals.status(name)).await? {
                RehearsalStatus::Usable => return Ok(()),
                // What was begun may not show yet.
                RehearsalStatus::Making | RehearsalStatus::Missing => sleep(POLL).await,
            }
        }
        Err(RehearsalError::TooLong { name: name.clone() })
    }

    async fn compare(&self, recovered: &RehearsedJournal, at: Timestamp) -> Result<Compared, RehearsalError> {
        let mut compared = Compared::default();
        let mut there = BTreeSet::new();
        let mut cursor: Option<String> = None;
        // Bounded by the store, which ends.
        loop {
            let page = patiently(|| recovered.states.page(cursor.as_deref())).await?.states;
            for refused in page.refused {
                compared.findings.push(Finding::of(Kind::Unreadable, &refused.operation, refused.reason));
                there.insert(refused.operation);
            }
            let mut checks = stream::iter(&page.items)
                .map(|stored| check_operation(recovered.journal.as_ref(), &stored.state))
                .buffer_unordered(AT_ONCE);
            while let Some(checked) = checks.next().await {
                let Some(checked) = checked? else { continue };
                there.insert(checked.state.operation_id.clone());
                self.compare_one(checked, &mut compared).await?;
            }
            drop(checks);
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        self.missing(&there, at, &mut compared).await?;
        compared.findings.sort();
        Ok(compared)
    }

    /// What is in both has to begin in the same way.
    async fn compare_one(&self, recovered: Checked, compared: &mut Compared) -> Result<(), RehearsalError> {
        let id = &recovered.state.operation_id;
        if !recovered.findings.is_empty() {
            compared.findings.extend(recovered.findings);
            return Ok(());
        }
        let now = match patiently(|| self.journal.state(id)).await {
            Ok(_) => patiently(|| self.journal.entries(id, 0)).await?,
            Err(JournalError::UnknownOperation { .. }) => {
                compared.forgotten_since += 1;
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        if !now.starts_with(&recovered.entries) {
            let evidence = "its recovered entries are not a beginning of those that are there now";
            compared.findings.push(Finding::of(Kind::BrokenChain, id, evidence));
        } else if now.len() == recovered.entries.len() {
            compared.same += 1;
        } else {
            compared.moved_on += 1;
        }
        Ok(())
    }

    /// What is there now and was not recovered has to be younger than the point in time.
    async fn missing(
        &self,
        there: &BTreeSet<OperationId>,
        at: Timestamp,
        compared: &mut Compared,
    ) -> Result<(), RehearsalError> {
        let mut cursor: Option<String> = None;
        loop {
            let page = patiently(|| self.states.page(cursor.as_deref())).await?.states;
            for stored in page.items.iter().filter(|stored| !there.contains(&stored.state.operation_id)) {
                let state = &stored.state;
                if state.requested_at >= at {
                    compared.begun_since += 1;
                } else {
                    let evidence = format!("it was asked for at {}, and was not recovered", state.requested_at);
                    compared.findings.push(Finding::of(Kind::Orphaned, &state.operation_id, evidence));
                }
            }
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }
}
