//! The changes of a stack, read from its records: each proven to follow the one before it.

use jiff::{SignedDuration, Timestamp};

use super::{
    project::Change,
    proposal::{ChangeId, ChangeKind},
    record::{Body, ChangeEvent},
    stage::Stage,
};
use crate::ports::SealedRecord;

/// The changes of a stack.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ledger {
    /// Those whose beginning is there, the oldest first.
    pub changes: Vec<Change>,
    /// The first thing that is wrong with the chain: nothing that such records say can be relied on.
    pub broken: Option<String>,
    newest: Option<Newest>,
}

/// The newest record, behind which the next one stands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Newest {
    sequence: u64,
    hash: String,
    /// When it was made; not known of one that cannot be read.
    at: Option<Timestamp>,
}

impl Ledger {
    /// Reads the records of a stack, in order. Records that have expired may be missing; others may not.
    pub fn read(records: &[SealedRecord], now: Timestamp) -> Self {
        let mut ledger = Self::default();
        for record in records {
            ledger.take_up(record, now);
        }
        ledger
    }

    /// The change of that id.
    pub fn find(&self, id: ChangeId) -> Option<&Change> {
        self.changes.iter().find(|change| change.id == id)
    }

    /// The changes that were begun and of which nobody has said how they ended.
    pub fn applying(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.stage == Stage::Applying)
    }

    /// Those of a kind, the newest first.
    pub fn applying_of(&self, kind: ChangeKind) -> Vec<Change> {
        let mut found: Vec<Change> = self.applying().filter(|change| change.proposal.kind == kind).cloned().collect();
        found.reverse();
        found
    }

    /// What happens next, sealed behind the newest record, and when it counts as made: times never go back in a chain, whatever
    /// the clocks of those who write it say.
    pub(super) fn next(
        &self,
        stack: &str,
        event: ChangeEvent,
        now: Timestamp,
        kept_for: SignedDuration,
    ) -> Result<(SealedRecord, Timestamp), String> {
        let newest = self.newest.as_ref();
        let before = newest.and_then(|newest| newest.at);
        let at = before.map_or(now, |before| before.max(now));
        let kept_until = before.map(|before| before.checked_add(kept_for).unwrap_or(Timestamp::MAX));
        let (sequence, hash) = newest.map_or((0, ""), |newest| (newest.sequence, newest.hash.as_str()));
        let sealed = Body::new(at, kept_until, event).seal(stack, sequence + 1, hash)?;
        Ok((sealed, at))
    }

    /// Takes up one more record.
    pub(super) fn take_up(&mut self, record: &SealedRecord, now: Timestamp) {
        let body = Body::open(record);
        let wrong = match &body {
            Err(wrong) => Some(wrong.clone()),
            Ok(body) => self.follows(record, body, now).err().or_else(|| self.project(record.sequence, body).err()),
        };
        if self.broken.is_none() {
            self.broken = wrong;
        }
        let at = body.ok().map(|body| body.at);
        self.newest = Some(Newest { sequence: record.sequence, hash: record.hash.clone(), at });
    }

    fn follows(&self, record: &SealedRecord, body: &Body, now: Timestamp) -> Result<(), String> {
        let number = record.sequence;
        let expected = self.newest.as_ref().map_or(1, |newest| newest.sequence + 1);
        if number == expected {
            let previous = self.newest.as_ref().map_or("", |newest| newest.hash.as_str());
            return if record.previous_hash == previous {
                Ok(())
            } else {
                Err(format!("record {number} does not follow the one before it"))
            };
        }
        match body.previous_kept_until {
            Some(until) if until <= now => Ok(()),
            Some(_) | None => Err(format!("record {} is missing and had not expired", number.saturating_sub(1))),
        }
    }

    fn project(&mut self, sequence: u64, body: &Body) -> Result<(), String> {
        if let ChangeEvent::Opened { by, proposal } = &body.event {
            self.changes.push(Change::opened(ChangeId(sequence), by.clone(), body.at, proposal.clone()));
            return Ok(());
        }
        let change = self.changes.iter_mut().find(|change| Some(change.id) == body.event.change());
        // Whose beginning has expired is history.
        let Some(change) = change else { return Ok(()) };
        change.apply(&body.event, body.at).map_err(|illegal| format!("record {sequence} cannot stand there: {illegal}"))
    }
}
