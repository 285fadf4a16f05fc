//! Reads an operation's journal piece by piece: what is new since the last look. One pull interface for whoever shows an
//! operation, whether it is executed here or elsewhere.

use aurora_restore_core::{
    engine::EngineError,
    ids::OperationId,
    journal::{Entry, JournalRefusal, SealedEntry, replay, replay_more},
    operation::Operation,
    ports::Journal,
};

/// A place in the journal of one operation.
#[derive(Debug)]
pub struct Follower {
    id: OperationId,
    seen: Option<(Operation, String)>,
}

impl Follower {
    /// From the beginning.
    pub fn new(id: OperationId) -> Self {
        Self { id, seen: None }
    }

    /// The operation as of the last look; nothing before the first one.
    pub fn operation(&self) -> Option<&Operation> {
        self.seen.as_ref().map(|(operation, _)| operation)
    }

    /// What was recorded since the last look, in order.
    ///
    /// # Errors
    /// [`EngineError`] where the journal cannot be read or trusted. The place is unchanged then.
    pub async fn news(&mut self, journal: &dyn Journal) -> Result<Vec<Entry>, EngineError> {
        let after = self.seen.as_ref().map_or(0, |(operation, _)| operation.sequence);
        let sealed = journal.entries(&self.id, after).await?;
        let refused = |source| EngineError::Refused { operation: self.id.clone(), source };
        let (seen, entries) = match &self.seen {
            None => {
                let seen = replay(&sealed).map_err(refused)?;
                (seen, open(&sealed, 1, "").map_err(refused)?)
            }
            Some((operation, last_hash)) => {
                let mut operation = operation.clone();
                let entries = open(&sealed, operation.sequence + 1, last_hash).map_err(refused)?;
                let last_hash = replay_more(&mut operation, last_hash, &sealed).map_err(refused)?;
                ((operation, last_hash), entries)
            }
        };
        self.seen = Some(seen);
        Ok(entries)
    }
}

fn open(sealed: &[SealedEntry], first: u64, previous_hash: &str) -> Result<Vec<Entry>, JournalRefusal> {
    let mut previous = previous_hash;
    let mut entries = Vec::with_capacity(sealed.len());
    for (expected, sealed) in (first..).zip(sealed) {
        entries.push(sealed.open(expected, previous)?);
        previous = &sealed.hash;
    }
    Ok(entries)
}
