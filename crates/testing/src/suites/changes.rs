//! The conformance suite of the changes port.

use aurora_restore_core::{
    ids::OperationId,
    ports::{Journal, JournalError, OperationFilter},
};
use aurora_restore_ops::ports::{Appended, Changes, SealedRecord, States};
use jiff::Timestamp;

use super::{Broken, Case, CaseResult, holds, same, verdict};

/// What is kept beside the records must not be disturbed by them.
#[derive(Clone, Copy)]
pub struct Beside<'s> {
    /// The journal of operations.
    pub journal: &'s dyn Journal,
    /// Its items.
    pub states: &'s dyn States,
}

/// More than one page of a store that gives a mebibyte at once.
const MANY: u64 = 40;
const LONG: usize = 40_000;

/// Runs every case, on a store without records.
pub async fn run(changes: &dyn Changes, beside: Beside<'_>) -> Vec<CaseResult> {
    let cases: [(&'static str, Case); 4] = [
        (
            "a stack of which nothing was recorded has no records",
            same("records", &records(changes, "none").await, &Ok(vec![])),
        ),
        ("records come back as they were written, in order, and each stack has its own", kept(changes).await),
        ("a number is given once, and what stands there is not written over", taken(changes).await),
        ("the journal of operations does not show them", unseen(changes, beside).await),
    ];
    cases.map(|(case, result)| CaseResult { case, verdict: verdict(result) }).into()
}

async fn records(changes: &dyn Changes, stack: &str) -> Result<Vec<SealedRecord>, String> {
    changes.records(stack).await.map_err(|error| error.to_string())
}

fn record(stack: &str, sequence: u64, body: &str) -> SealedRecord {
    SealedRecord {
        stack: stack.to_owned(),
        sequence,
        previous_hash: if sequence == 1 { String::new() } else { format!("hash-{}", sequence - 1) },
        hash: format!("hash-{sequence}"),
        body: body.to_owned(),
    }
}

async fn kept(changes: &dyn Changes) -> Case {
    let at = Timestamp::now();
    let body = "x".repeat(LONG);
    let written: Vec<SealedRecord> = (1..=MANY).map(|number| record("suite-one", number, &body)).collect();
    for record in &written {
        same("a new record", &changes.append(record, at).await?, &Appended::Written)?;
    }
    let other = record("suite-two", 1, "{}");
    same("the other's record", &changes.append(&other, at).await?, &Appended::Written)?;
    holds("they come back", changes.records("suite-one").await? == written)?;
    same("the other's records", &changes.records("suite-two").await?, &vec![other])?;
    holds("they are kept for some time", changes.kept_for().is_positive())
}

async fn taken(changes: &dyn Changes) -> Case {
    let at = Timestamp::now();
    let (first, second) = (record("suite-race", 1, "first"), record("suite-race", 1, "second"));
    same("the first", &changes.append(&first, at).await?, &Appended::Written)?;
    same("the second", &changes.append(&second, at).await?, &Appended::Taken)?;
    same("what stands there", &changes.records("suite-race").await?, &vec![first])
}

async fn unseen(changes: &dyn Changes, beside: Beside<'_>) -> Case {
    // The name of a stack may be that of an operation.
    let stack = "suite-unseen";
    same("a record", &changes.append(&record(stack, 1, "{}"), Timestamp::now()).await?, &Appended::Written)?;
    let listed = beside.journal.list(&OperationFilter::default()).await?;
    same("operations", &(listed.items.len(), listed.refused.len()), &(0, 0))?;
    let whole = beside.states.page(None).await?;
    same("items", &(whole.states.items.len(), whole.states.refused.len(), whole.locks.len()), &(0, 0, 0))?;
    let id = OperationId::new(stack).map_err(|invalid| Broken(invalid.to_string()))?;
    match beside.journal.entries(&id, 0).await {
        Err(JournalError::UnknownOperation { .. }) => Ok(()),
        other => Err(Broken(format!("an operation of the stack's name has {other:?}"))),
    }
}
