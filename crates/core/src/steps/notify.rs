//! `notify`: tells people. Of a success as a step; of every other end besides, because an end must not depend on it.
//!
//! Idempotent because receivers tell repeats by operation id, outcome and how often it was stuck.

use crate::{
    catalogue::ErrorCode,
    operation::{Failure, NoticeSent, Operation, StepFacts, StepKind},
    ports::{Notice, NoticeOutcome, Ports},
    request::Strategy,
    steps::{StepContext, StepError, StepOutcome, Undo},
};

pub(super) const UNDO: Undo = Undo::Irreversible("a notice cannot be taken back; the end of the undo is told, too");

pub(super) async fn run(context: &StepContext<'_>) -> Result<StepOutcome, StepError> {
    let notice = notice(context.operation(), NoticeOutcome::Completed);
    context.notifier().notify(&notice).await.map_err(|error| {
        Failure::retryable(ErrorCode::NotifyFailed, error.to_string()).hint(ErrorCode::NotifyFailed.action())
    })?;
    Ok(StepOutcome::Done(StepFacts::Notify(NoticeSent { subject: notice.subject })))
}

/// Tells that an operation ends otherwise than completed; it is recorded next. The end must not depend on a notice: one that
/// cannot be sent is a warning in the log and nothing more.
pub(crate) async fn tell_about_end(ports: &Ports<'_>, operation: &Operation) {
    let Some(outcome) = NoticeOutcome::of(operation.status()).filter(|told| *told != NoticeOutcome::Completed) else {
        return;
    };
    if let Err(error) = ports.notifier.notify(&notice(operation, outcome)).await {
        tracing::warn!(operation = %operation.id, %error, "the notice of the end was not accepted");
    }
}

fn notice(operation: &Operation, outcome: NoticeOutcome) -> Notice {
    let target = &operation.request.target.cluster;
    let (subject, mut body) = match outcome {
        NoticeOutcome::Completed => (format!("{target} is restored"), completed_text(operation)),
        NoticeOutcome::Failed => (format!("the restore of {target} failed and was undone"), undone_text(operation)),
        NoticeOutcome::Cancelled => {
            (format!("the restore of {target} was cancelled and undone"), undone_text(operation))
        }
        NoticeOutcome::Stuck => (
            format!("the restore of {target} is stuck"),
            "A person must act; the report says what is where.".to_owned(),
        ),
        NoticeOutcome::Attention => {
            (format!("the restore of {target} wants a look"), "The report says what is where.".to_owned())
        }
    };
    if let Some(failure) = operation.failure.as_ref().filter(|_| outcome != NoticeOutcome::Completed) {
        body.push_str(&format!(" {}: {failure}.", failure.code));
    }
    body.push_str(&format!(" See `aurora-restore report {}`.", operation.id));
    Notice {
        operation_id: operation.id.clone(),
        target: target.clone(),
        outcome,
        times_stuck: operation.times_stuck,
        subject,
        body,
    }
}

fn completed_text(operation: &Operation) -> String {
    match (operation.request.strategy, &operation.facts.plan) {
        (Strategy::SideBySide, Some(plan)) => {
            format!("The verified new cluster is {}; the name is unchanged.", plan.names.staged)
        }
        (Strategy::SideBySide | Strategy::Swap | Strategy::Replace, _) => {
            "The name serves the verified new cluster.".to_owned()
        }
    }
}

fn undone_text(operation: &Operation) -> String {
    let Some(plan) = &operation.facts.plan else { return "Nothing was changed.".to_owned() };
    let switch_was_begun = operation.step(StepKind::SwitchOver).is_some_and(|step| step.started_at.is_some());
    match (&plan.existing, operation.request.strategy) {
        (None, _) => "Nothing bears the name, as before.".to_owned(),
        (Some(_), Strategy::Replace) if switch_was_begun => {
            "The old cluster has its name; where it had been deleted it was restored from its final snapshot."
                .to_owned()
        }
        (Some(_), Strategy::Swap | Strategy::SideBySide | Strategy::Replace) => {
            "The old cluster keeps serving.".to_owned()
        }
    }
}
