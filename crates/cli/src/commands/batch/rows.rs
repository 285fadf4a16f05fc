//! How the operations of a batch stand: one row each, from the journal.

use std::io::{self, Write};

use aurora_restore_core::{
    ids::{ClusterId, OperationId},
    operation::Status,
    ports::{Journal, JournalError},
    report::of_journal,
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::{
    context::Context,
    error::CommandError,
    exit_code::ExitCode,
    render::{printable::printable, status_text, words},
    ui::{FAINT, Format, HEADING},
};

/// The most operations of a batch that are looked at; more than a manifest has items.
const ROWS_MAX: usize = 2_000;

/// One operation of a batch.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    operation_id: OperationId,
    target: Option<ClusterId>,
    /// Nothing where it was not begun.
    status: Option<Status>,
    recovery_time: Option<SignedDuration>,
    failure: Option<String>,
}

#[derive(Serialize)]
struct BatchDocument<'a> {
    version: u32,
    batch: &'a OperationId,
    items: &'a [Row],
    exit_code: u8,
}

/// The operations of a batch that the journal knows.
pub(super) async fn of_batch(journal: &dyn Journal, batch: &OperationId) -> Result<Vec<OperationId>, CommandError> {
    let prefix = format!("{batch}-");
    let found = journal.ids_beginning_with(&prefix, ROWS_MAX).await?;
    if found.len() == ROWS_MAX {
        return Err(CommandError::usage(format!("more than {ROWS_MAX} operations begin with `{prefix}`"))
            .hint("Give the whole id of the batch."));
    }
    let is_item = |id: &OperationId| id.as_str().strip_prefix(&prefix).is_some_and(|item| !item.contains('-'));
    let mut ids: Vec<OperationId> = found.into_iter().filter(is_item).collect();
    ids.sort_unstable();
    Ok(ids)
}

/// One row, from the journal of an operation.
pub(super) async fn row(journal: &dyn Journal, id: &OperationId, now: Timestamp) -> Result<Row, CommandError> {
    let unknown = Row { operation_id: id.clone(), target: None, status: None, recovery_time: None, failure: None };
    let entries = match journal.entries(id, 0).await {
        Err(JournalError::UnknownOperation { .. }) => return Ok(unknown),
        other => other?,
    };
    let refused = |source| aurora_restore_core::engine::EngineError::Refused { operation: id.clone(), source };
    let report = of_journal(&entries, now).map_err(refused)?;
    let failure = report.failure.as_ref().map(|failure| format!("{} [{}]", failure.message, failure.code));
    let (target, status) = (journal.state(id).await?.target, Some(report.status));
    Ok(Row { target: Some(target), status, recovery_time: report.figures.recovery_time, failure, ..unknown })
}

/// Every row, in order.
pub(super) async fn rows(journal: &dyn Journal, ids: &[OperationId], now: Timestamp) -> Result<Vec<Row>, CommandError> {
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        rows.push(row(journal, id, now).await?);
    }
    Ok(rows)
}

#[cfg(feature = "stack")]
impl Row {
    /// The operation, if nothing of it is in the journal.
    pub(super) fn not_begun(&self) -> Option<&OperationId> {
        self.status.is_none().then_some(&self.operation_id)
    }

    /// Why nothing of it is there.
    pub(super) fn explain(&mut self, why: String) {
        self.failure = Some(why);
    }
}

/// What a batch comes to: a stuck operation weighs most, then a failed one, then one that goes on.
pub(super) fn exit(rows: &[Row]) -> ExitCode {
    let any = |wanted: &[Option<Status>]| rows.iter().any(|row| wanted.contains(&row.status));
    if any(&[Some(Status::Stuck)]) {
        ExitCode::Stuck
    } else if any(&[Some(Status::Failed), Some(Status::Cancelled)]) {
        ExitCode::Failed
    } else if any(&[Some(Status::InProgress), None]) {
        ExitCode::StillRunning
    } else {
        ExitCode::Done
    }
}

/// Tells all of them.
pub(super) fn tell(context: &Context, batch: &OperationId, rows: &[Row], exit: ExitCode) -> Result<(), CommandError> {
    let ui = context.ui();
    match ui.format() {
        Format::Json => ui.json(&BatchDocument { version: 1, batch, items: rows, exit_code: exit.number() }),
        Format::Text => Ok(write(&mut ui.data(), rows)?),
    }
}

fn write(out: &mut dyn Write, rows: &[Row]) -> io::Result<()> {
    let widest = |lengths: &mut dyn Iterator<Item = usize>, least: usize| lengths.max().unwrap_or(0).max(least);
    let id = widest(&mut rows.iter().map(|row| row.operation_id.as_str().len()), "OPERATION".len());
    let target_of = |row: &Row| row.target.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
    let target = widest(&mut rows.iter().map(|row| target_of(row).len()), "TARGET".len());
    let heading =
        format!("{:<id$}  {:<target$}  {:<11}  {:<8}  {}", "OPERATION", "TARGET", "STATUS", "RECOVERY", "FAILURE");
    writeln!(out, "{HEADING}{heading}{HEADING:#}")?;
    for row in rows {
        let (word, status) = match row.status {
            Some(status) => (status.as_str().len(), status_text::status(status)),
            None => ("not begun".len(), format!("{FAINT}not begun{FAINT:#}")),
        };
        // Colour codes have no width: the word is padded by hand.
        let padding = " ".repeat(11_usize.saturating_sub(word));
        let recovery = row.recovery_time.map_or_else(|| "-".to_owned(), words::duration);
        let failure = row.failure.as_deref().map(printable).unwrap_or_default();
        let line = format!(
            "{:<id$}  {:<target$}  {status}{padding}  {recovery:<8}  {failure}",
            row.operation_id.as_str(),
            target_of(row)
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(statuses: &[Option<Status>]) -> ExitCode {
        let row = |status: &Option<Status>| Row {
            operation_id: OperationId::new("b-01").unwrap(),
            target: None,
            status: *status,
            recovery_time: None,
            failure: None,
        };
        exit(&statuses.iter().map(row).collect::<Vec<_>>())
    }

    #[test]
    fn the_worst_operation_says_what_a_batch_comes_to() {
        let (done, failed, stuck) = (Some(Status::Completed), Some(Status::Failed), Some(Status::Stuck));
        assert_eq!(of(&[done, done]), ExitCode::Done);
        assert_eq!(of(&[done, Some(Status::InProgress)]), ExitCode::StillRunning);
        assert_eq!(of(&[done, None]), ExitCode::StillRunning);
        assert_eq!(of(&[failed, None, done]), ExitCode::Failed);
        assert_eq!(of(&[Some(Status::Cancelled)]), ExitCode::Failed);
        assert_eq!(of(&[failed, stuck, done]), ExitCode::Stuck);
    }
}
