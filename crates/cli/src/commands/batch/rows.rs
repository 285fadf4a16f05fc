//! How the operations of a batch stand: one row each, from the journal.

use std::io::{self, Write};

use aurora_restore_app::ExecutorKind;
use aurora_restore_core::{
    engine::EngineError,
    ids::{ClusterId, OperationId},
    journal::{Entry, SealedEntry},
    operation::{Event, Status},
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

/// What has begun the items of a batch, as far as that tells them from operations that had their ids before.
#[derive(Debug, Clone, Copy)]
pub(super) enum Beginner {
    /// A process that enters itself into each as the executor of a batch.
    Process,
    /// Such a process, or a stack that keeps this journal.
    Anybody,
    /// The execution of a stack's batch that was started then. Step Functions forgets one ninety days after its end.
    #[cfg(feature = "stack")]
    Execution(Option<Timestamp>),
}

impl Beginner {
    /// Why it did not begin the operation whose journal begins with this entry, if it did not.
    fn disowns(self, first: &Entry) -> Option<String> {
        let id = &first.operation;
        let kind = match &first.event {
            Event::Requested { executor, .. } => ExecutorKind::of(executor),
            _ => ExecutorKind::Other,
        };
        match (self, kind) {
            (Self::Process | Self::Anybody, ExecutorKind::Batch) | (Self::Anybody, ExecutorKind::Other) => None,
            (Self::Process | Self::Anybody, _) => Some(format!(
                "its id was taken: operation {id} was asked for by itself on {}, and not by a batch",
                words::time(first.at)
            )),
            #[cfg(feature = "stack")]
            (Self::Execution(Some(started_at)), _) if first.at < started_at => Some(format!(
                "its id was taken before: operation {id} was asked for on {}, and the batch on {}",
                words::time(first.at),
                words::time(started_at)
            )),
            #[cfg(feature = "stack")]
            (Self::Execution(_), _) => None,
        }
    }
}

/// Whether nothing more is begun of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// What is not begun may be begun yet.
    MayBegin,
    /// What is not begun never will be.
    #[cfg(feature = "stack")]
    IsLost,
}

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
    /// Whether its id belongs to an operation that the batch did not begin: nothing was restored for it, and nothing will be.
    #[serde(skip)]
    is_taken: bool,
    /// Whether its execution has ended in the middle: nobody goes on with it.
    #[serde(rename = "left", skip_serializing_if = "std::ops::Not::not")]
    is_left: bool,
}

/// How the execution of a stack's batch has ended.
#[derive(Debug, Serialize)]
pub(super) struct BatchEnd {
    pub(super) status: &'static str,
    pub(super) why: Option<String>,
}

#[derive(Serialize)]
struct BatchDocument<'a> {
    version: u32,
    batch: &'a OperationId,
    /// Only of a stack's batch that did not come to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    execution: Option<&'a BatchEnd>,
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

/// Why the batch did not begin an operation that is in the journal, if it did not.
pub(super) async fn disowned(
    journal: &dyn Journal,
    id: &OperationId,
    beginner: Beginner,
) -> Result<Option<String>, CommandError> {
    disowned_by(&journal.entries(id, 0).await?, id, beginner)
}

fn disowned_by(entries: &[SealedEntry], id: &OperationId, beginner: Beginner) -> Result<Option<String>, CommandError> {
    let Some(first) = entries.first() else { return Ok(None) };
    let first = first.open(1, "").map_err(|source| EngineError::Refused { operation: id.clone(), source })?;
    Ok(beginner.disowns(&first))
}

/// One row, from the journal of an operation.
async fn row(journal: &dyn Journal, id: &OperationId, beginner: Beginner, now: Timestamp) -> Result<Row, CommandError> {
    let operation_id = id.clone();
    let unknown = Row {
        operation_id,
        target: None,
        status: None,
        recovery_time: None,
        failure: None,
        is_taken: false,
        is_left: false,
    };
    let entries = match journal.entries(id, 0).await {
        Err(JournalError::UnknownOperation { .. }) => return Ok(unknown),
        other => other?,
    };
    if let Some(why) = disowned_by(&entries, id, beginner)? {
        return Ok(Row { failure: Some(why), is_taken: true, ..unknown });
    }
    let refused = |source| EngineError::Refused { operation: id.clone(), source };
    let report = of_journal(&entries, now).map_err(refused)?;
    let failure = report.failure.as_ref().map(|failure| format!("{} [{}]", failure.message, failure.code));
    let (target, status) = (ClusterId::new(&report.target).ok(), Some(report.status));
    Ok(Row { target, status, recovery_time: report.figures.recovery_time, failure, ..unknown })
}

/// Every row, in order.
pub(super) async fn rows(
    journal: &dyn Journal,
    ids: &[OperationId],
    beginner: Beginner,
    now: Timestamp,
) -> Result<Vec<Row>, CommandError> {
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        rows.push(row(journal, id, beginner, now).await?);
    }
    Ok(rows)
}

#[cfg(feature = "stack")]
impl Row {
    /// The operation, if nothing of it is in the journal.
    pub(super) fn not_begun(&self) -> Option<&OperationId> {
        (self.status.is_none() && !self.is_taken).then_some(&self.operation_id)
    }

    /// Its id belongs to another one.
    pub(super) fn take(&mut self, why: String) {
        self.is_taken = true;
        self.failure = Some(why);
    }

    /// The operation, if it has not ended.
    pub(super) fn goes_on(&self) -> Option<&OperationId> {
        (self.status == Some(Status::InProgress)).then_some(&self.operation_id)
    }

    /// Nobody goes on with it.
    pub(super) fn leave(&mut self, why: String) {
        self.is_left = true;
        self.failure = Some(why);
    }

    /// Whether nobody goes on with it.
    pub(super) fn was_left(&self) -> bool {
        self.is_left
    }

    /// Why nothing of it is there.
    pub(super) fn explain(&mut self, why: String) {
        self.failure = Some(why);
    }
}

/// What a batch comes to: a stuck operation weighs most, then one that failed or never will be begun, then one that goes on.
pub(super) fn exit(rows: &[Row], rest: Rest) -> ExitCode {
    let of_row = |row: &Row| match row.status {
        Some(status) => ExitCode::of_status(status),
        None if row.is_taken || rest != Rest::MayBegin => ExitCode::Failed,
        None => ExitCode::StillRunning,
    };
    let ends: Vec<ExitCode> = rows.iter().map(of_row).collect();
    let by_weight = [ExitCode::Stuck, ExitCode::Failed, ExitCode::StillRunning];
    by_weight.into_iter().find(|end| ends.contains(end)).unwrap_or(ExitCode::Done)
}

/// Tells all of them.
pub(super) fn tell(
    context: &Context,
    batch: &OperationId,
    execution: Option<&BatchEnd>,
    rows: &[Row],
    exit: ExitCode,
) -> Result<(), CommandError> {
    let ui = context.ui();
    match ui.format() {
        Format::Json => ui.json(&BatchDocument { version: 1, batch, execution, items: rows, exit_code: exit.number() }),
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
    use aurora_restore_app::{executor, executor_of_batch};
    use aurora_restore_core::ids::ExecutorId;
    use aurora_restore_testing::scenario::{Scenario, Stage};

    use super::*;

    fn row(status: Option<Status>) -> Row {
        Row {
            operation_id: OperationId::new("b-01").unwrap(),
            target: None,
            status,
            recovery_time: None,
            failure: None,
            is_taken: false,
            is_left: false,
        }
    }

    fn of(statuses: &[Option<Status>]) -> ExitCode {
        exit(&statuses.iter().copied().map(row).collect::<Vec<_>>(), Rest::MayBegin)
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

    #[test]
    fn an_item_whose_id_was_taken_has_failed() {
        let taken = Row { is_taken: true, ..row(None) };
        assert_eq!(exit(&[row(Some(Status::Completed)), taken], Rest::MayBegin), ExitCode::Failed);
    }

    #[cfg(feature = "stack")]
    #[test]
    fn of_a_batch_that_has_ended_only_what_is_begun_goes_on() {
        assert_eq!(exit(&[row(Some(Status::Completed)), row(None)], Rest::IsLost), ExitCode::Failed);
        assert_eq!(exit(&[row(Some(Status::InProgress))], Rest::IsLost), ExitCode::StillRunning);
    }

    fn begun_by(executor: ExecutorId) -> Entry {
        let operation = OperationId::new("night-a").unwrap();
        let request = Box::new(Scenario::new(Stage::default()).swap());
        let at = "2026-11-22T10:15:00Z".parse().unwrap();
        Entry { operation, sequence: 1, at, event: Event::Requested { request, executor, approved_plan: None } }
    }

    #[test]
    fn a_batch_from_here_knows_its_own_items_by_their_first_executor() {
        let (alone, in_batch) = (begun_by(executor().unwrap()), begun_by(executor_of_batch().unwrap()));
        let by_stack = begun_by(ExecutorId::new("night-a").unwrap());
        assert_eq!(Beginner::Process.disowns(&in_batch), None);
        assert!(Beginner::Process.disowns(&alone).unwrap().starts_with("its id was taken: operation night-a"));
        assert!(Beginner::Process.disowns(&by_stack).is_some());
        assert_eq!((Beginner::Anybody.disowns(&in_batch), Beginner::Anybody.disowns(&by_stack)), (None, None));
        assert!(Beginner::Anybody.disowns(&alone).is_some());
    }

    #[cfg(feature = "stack")]
    #[test]
    fn a_batch_of_the_stack_did_not_begin_what_was_there_before_it() {
        let entry = begun_by(ExecutorId::new("night-a").unwrap());
        let seconds = |seconds| Some(entry.at + SignedDuration::from_secs(seconds));
        assert_eq!(Beginner::Execution(seconds(-1)).disowns(&entry), None);
        assert_eq!(Beginner::Execution(None).disowns(&entry), None);
        assert!(Beginner::Execution(seconds(1)).disowns(&entry).unwrap().contains("taken before"));
    }
}
