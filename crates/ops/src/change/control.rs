//! Recording changes: each record is decided from the ledger as it is, and added behind its newest record or not at all.

use aurora_restore_core::ports::{Clock, JournalError};
use jiff::{SignedDuration, Timestamp};

use super::{
    decide::{self, Demand},
    error::ChangeError,
    ledger::Ledger,
    project::Change,
    proposal::{ChangeId, Figures, Proposal, words},
    record::ChangeEvent,
    stage::{Move, Outcome, next},
};
use crate::{
    ports::{Appended, Changes},
    state::patiently,
};

/// How often a record is decided anew because another one was faster.
const TRIES_MAX: u32 = 8;

/// Whose changes are recorded, where, and by whom.
#[derive(Clone, Copy)]
pub struct ChangeControl<'p> {
    /// Where the records are kept.
    pub changes: &'p dyn Changes,
    /// What time it is.
    pub clock: &'p dyn Clock,
    /// The stack.
    pub stack: &'p str,
    /// The ARN of the caller.
    pub by: &'p str,
}

impl ChangeControl<'_> {
    /// The changes of the stack.
    ///
    /// # Errors
    /// [`ChangeError::Store`].
    pub async fn ledger(&self) -> Result<Ledger, ChangeError> {
        let records = patiently(|| self.changes.records(self.stack)).await?;
        Ok(Ledger::read(&records, self.clock.now()))
    }

    /// A change of a ledger.
    ///
    /// # Errors
    /// [`ChangeError::Unknown`].
    pub fn known<'l>(&self, ledger: &'l Ledger, change: ChangeId) -> Result<&'l Change, ChangeError> {
        decide::known(ledger, change)
    }

    /// A change of a ledger that the caller may agree to.
    ///
    /// # Errors
    /// [`ChangeError`] where they may not.
    pub fn approvable<'l>(
        &self,
        ledger: &'l Ledger,
        change: ChangeId,
        digest: Option<&str>,
    ) -> Result<&'l Change, ChangeError> {
        decide::approvable(ledger, change, digest, self.by)
    }

    /// Proposes something. Nothing is applied by it.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn open(&self, proposal: &Proposal) -> Result<Change, ChangeError> {
        let opened = || ChangeEvent::Opened { by: self.by.to_owned(), proposal: proposal.clone() };
        self.write(|_, _| Ok(opened())).await
    }

    /// Agrees to a change for some time, on behalf of somebody who has not opened it. With a digest: only if it is the change's.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn approve(
        &self,
        change: ChangeId,
        digest: Option<&str>,
        good_for: SignedDuration,
    ) -> Result<Change, ChangeError> {
        self.write(|ledger, now| {
            let digest = decide::approvable(ledger, change, digest, self.by)?.proposal.digest.clone();
            let until = now.checked_add(good_for).unwrap_or(Timestamp::MAX);
            Ok(ChangeEvent::Approved { change, by: self.by.to_owned(), digest, until })
        })
        .await
    }

    /// Whether a proposal may be applied. Records nothing; [`ChangeControl::begin`] looks again.
    ///
    /// # Errors
    /// [`ChangeError`] where the demand is not met.
    pub async fn check(&self, proposal: &Proposal, demand: Demand) -> Result<(), ChangeError> {
        self.check_any(std::slice::from_ref(proposal), demand).await
    }

    /// Whether any of some proposals may be applied: which one it will be is found out later, at some cost. Records nothing.
    ///
    /// # Errors
    /// [`ChangeError`] where the demand is met by none of them.
    pub async fn check_any(&self, proposals: &[Proposal], demand: Demand) -> Result<(), ChangeError> {
        let (ledger, now) = (self.ledger().await?, self.clock.now());
        let mut refused = None;
        for proposal in proposals {
            match decide::admit(&ledger, proposal, demand, now) {
                Ok(_) => return Ok(()),
                // That a change is not approved says more than that there is none.
                Err(ChangeError::NothingApproved) if refused.is_some() => {}
                Err(error) => refused = Some(error),
            }
        }
        refused.map_or(Ok(()), Err)
    }

    /// Records that a proposal is being applied. One that somebody has opened, or had begun to apply when they died, is gone on
    /// with; otherwise it is opened first.
    ///
    /// # Errors
    /// [`ChangeError`]; whoever gets it applies nothing.
    pub async fn begin(&self, proposal: &Proposal, demand: Demand, before: &Figures) -> Result<Change, ChangeError> {
        let admitted = decide::admit(&self.ledger().await?, proposal, demand, self.clock.now())?;
        let own = match admitted {
            Some(_) => None,
            // If we die here, a change is proposed that nobody applies; the next run goes on with it.
            None => Some(self.open(proposal).await?.id),
        };
        self.write(|ledger, now| {
            let change = match own {
                Some(own) => own,
                None => decide::admit(ledger, proposal, demand, now)?.ok_or(ChangeError::NothingApproved)?,
            };
            legal(ledger, change, Move::Begin)?;
            Ok(ChangeEvent::Began { change, by: self.by.to_owned(), before: before.clone() })
        })
        .await
    }

    /// Records how a change that was begun has ended.
    ///
    /// # Errors
    /// [`ChangeError`]; the change stays `applying` then.
    pub async fn end(
        &self,
        change: ChangeId,
        outcome: Outcome,
        note: Option<&str>,
        after: &Figures,
    ) -> Result<Change, ChangeError> {
        self.write(|ledger, _| {
            legal(ledger, change, Move::End(outcome))?;
            let (by, note) = (self.by.to_owned(), note.map(words));
            Ok(ChangeEvent::Ended { change, by, outcome, note, after: after.clone() })
        })
        .await
    }

    /// Writes what is decided from the ledger as it is. Gives the change as it is then.
    async fn write(
        &self,
        decide: impl Fn(&Ledger, Timestamp) -> Result<ChangeEvent, ChangeError>,
    ) -> Result<Change, ChangeError> {
        let mut ledger = self.ledger().await?;
        for _ in 0..TRIES_MAX {
            let now = self.clock.now();
            let event = decide(&ledger, now)?;
            let subject = event.change();
            let sealed = ledger.next(self.stack, event, now, self.changes.kept_for());
            let (record, at) = sealed.map_err(|reason| ChangeError::Unwritable { reason })?;
            let written = match self.changes.append(&record, at).await {
                Ok(Appended::Written) => true,
                Ok(Appended::Taken) => false,
                // Its reply may have been lost: whether it is there is looked at.
                Err(JournalError::Unavailable { .. }) => {
                    let there = patiently(|| self.changes.records(self.stack)).await?;
                    there.iter().any(|there| there.hash == record.hash)
                }
                Err(other) => return Err(other.into()),
            };
            if written {
                ledger.take_up(&record, now);
                return Ok(decide::known(&ledger, subject.unwrap_or(ChangeId(record.sequence)))?.clone());
            }
            ledger = self.ledger().await?;
        }
        Err(ChangeError::Busy)
    }
}

fn legal(ledger: &Ledger, change: ChangeId, what: Move) -> Result<(), ChangeError> {
    let stage = decide::known(ledger, change)?.stage;
    next(stage, what).map(|_| ()).map_err(|source| ChangeError::Illegal { change, source })
}
