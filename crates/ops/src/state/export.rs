//! Writing operations out, with their entries and a digest.

use std::io::{self, Write};

use aurora_restore_core::{
    ids::OperationId,
    journal::{SealedEntry, StateItem},
    ports::Journal,
};
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;

use super::{
    AT_ONCE, StateError, Summary,
    check::{Checked, check_operation},
    finding::{Finding, Kind},
    patience::patiently,
    record::{Digested, EntryRecord, FORM, Line},
};
use crate::ports::States;

/// Where an export is written: it is there, whole and durable, once it is kept, and not under its name before.
pub trait Shelf: Write {
    /// Keeps what was written. After it returns, the export is durable under its name.
    ///
    /// # Errors
    /// Where that cannot be; nothing is under its name then.
    fn keep(self: Box<Self>) -> io::Result<()>;
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Exported {
    /// What is in the export.
    pub summary: Summary,
    /// Why operations were left out, or items were not believed.
    pub findings: Vec<Finding>,
}

/// An export that is being written.
pub(super) struct Exporter {
    out: Digested<Box<dyn Shelf>>,
    summary: Summary,
}

impl Exporter {
    /// Writes the header.
    pub(super) fn begin(shelf: Box<dyn Shelf>, now: Timestamp) -> io::Result<Self> {
        let mut out = Digested::new(shelf);
        out.line(&Line::Header { version: FORM, made_at: now })?;
        Ok(Self { out, summary: Summary::default() })
    }

    /// Writes an operation whose entries were proven.
    pub(super) fn add(&mut self, state: &StateItem, entries: &[SealedEntry]) -> io::Result<()> {
        self.summary.operations += 1;
        self.summary.entries += u64::try_from(entries.len()).unwrap_or(u64::MAX);
        // The line of progress is of a moment, and when an item expires is the business of where it is.
        let state = Box::new(StateItem { progress: None, ttl: None, ..state.clone() });
        self.out.line(&Line::Operation { state, entries: entries.iter().map(EntryRecord::of).collect() })
    }

    /// Writes that an operation is not in it.
    fn leave_out(&mut self, operation: &OperationId, reason: &str) -> io::Result<()> {
        self.summary.left_out += 1;
        self.out.line(&Line::LeftOut { operation_id: operation.clone(), reason: reason.to_owned() })
    }

    /// Ends and keeps it.
    pub(super) fn keep(mut self) -> io::Result<Summary> {
        self.out.end(&mut self.summary)?.keep()?;
        Ok(self.summary)
    }
}

/// Writes every operation of a journal. One whose entries cannot be trusted is left out and told.
///
/// # Errors
/// [`StateError`]; nothing is kept then.
pub async fn export(
    journal: &dyn Journal,
    states: &dyn States,
    shelf: Box<dyn Shelf>,
    now: Timestamp,
) -> Result<Exported, StateError> {
    let mut exporter = Exporter::begin(shelf, now).map_err(StateError::Write)?;
    let mut findings = Vec::new();
    let mut cursor: Option<String> = None;
    // Bounded by the store, which ends.
    loop {
        let page = patiently(|| states.page(cursor.as_deref())).await?.states;
        for refused in page.refused {
            exporter.leave_out(&refused.operation, &refused.reason).map_err(StateError::Write)?;
            findings.push(Finding::of(Kind::Unreadable, &refused.operation, refused.reason));
        }
        let mut checks =
            stream::iter(&page.items).map(|stored| check_operation(journal, &stored.state)).buffered(AT_ONCE);
        while let Some(checked) = checks.next().await {
            let Some(Checked { state, entries, findings: wrong, .. }) = checked? else { continue };
            // An item that was set by hand is written as it is: an import believes the entries.
            let untrusted = wrong.iter().find(|finding| finding.kind != Kind::AlteredState);
            let written = match untrusted {
                Some(finding) => exporter.leave_out(&state.operation_id, &finding.evidence),
                None => exporter.add(&state, &entries),
            };
            written.map_err(StateError::Write)?;
            findings.extend(wrong);
        }
        drop(checks);
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    let summary = exporter.keep().map_err(StateError::Write)?;
    Ok(Exported { summary, findings })
}
