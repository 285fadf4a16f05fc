//! Bounds on trying again and on waiting. The engine is the one owner of retries: adapters do not retry.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::{
    catalogue::ErrorCode,
    engine::PROOF_AGE_MAX,
    operation::{Failure, FailureClass, Operation, Progress, StepKind, StepRecord},
    request::Limits,
    steps::LOOKS_AGE_MAX,
};

/// The first pause before a retry; each further one is twice as long.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(2);
/// The longest pause before a retry.
const PAUSE_MAX: SignedDuration = SignedDuration::from_mins(5);
/// After this long a change has landed or never will: the run that sent it began no earlier than [`LOOKS_AGE_MAX`] before,
/// its proof was no older than [`PROOF_AGE_MAX`], and no call is on its way for longer than a minute.
const LANDED_AFTER: SignedDuration = SignedDuration::from_secs(LOOKS_AGE_MAX.as_secs() + PROOF_AGE_MAX.as_secs() + 60);

/// The pause before the next attempt, if another one is allowed after this failure.
pub(super) fn pause_before_retry(
    operation: &Operation,
    step: StepKind,
    failure: &Failure,
    now: Timestamp,
) -> Option<SignedDuration> {
    let record = operation.step(step)?;
    let limit = step_limit(step, &operation.request.limits);
    let used = Used { attempts: record.failures_in_a_row(now), since: record.budget_since };
    pause(operation, record, failure, used, limit, now)
}

/// The pause before the next attempt to undo, if another one is allowed after this failure.
pub(super) fn pause_before_undo_retry(
    operation: &Operation,
    step: StepKind,
    failure: &Failure,
    now: Timestamp,
) -> Option<SignedDuration> {
    let record = operation.step(step)?;
    let limit = undo_limit(&operation.request.limits);
    let used = Used { attempts: record.failures_in_a_row(now), since: record.budget_since };
    pause(operation, record, failure, used, limit, now)
}

#[derive(Clone, Copy)]
struct Used {
    attempts: u32,
    since: Option<Timestamp>,
}

fn pause(
    operation: &Operation,
    record: &StepRecord,
    failure: &Failure,
    used: Used,
    limit: SignedDuration,
    now: Timestamp,
) -> Option<SignedDuration> {
    let over = used.attempts >= operation.request.limits.attempts_max
        || used.since.is_some_and(|since| now.duration_since(since) > limit);
    match failure.class {
        FailureClass::Retryable if !over => {
            let seed = format!("{}/{}/{}/{}", operation.id, record.kind, record.attempts, record.undo_attempts);
            // The pause is scaled to the poll interval, so that a setup with short phases also retries soon.
            Some(jittered(used.attempts, &seed).min(operation.request.limits.poll * 10))
        }
        FailureClass::Retryable | FailureClass::Terminal | FailureClass::NeedsOperator => None,
    }
}

/// Doubling pauses with jitter: between half and the whole of the doubled pause. The jitter is derived from the
/// operation and the attempt, so that a replay is the same and two operations still do not retry in step.
fn jittered(attempts: u32, seed: &str) -> SignedDuration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << attempts.saturating_sub(1).min(10)).min(PAUSE_MAX);
    let byte = Sha256::digest(seed.as_bytes()).first().copied().unwrap_or(0);
    let half = doubled / 2;
    half + half * i32::from(byte) / 255
}

/// Says that a step has waited too long, if it has, and for what it waited last.
pub(super) fn overdue(
    operation: &Operation,
    step: StepKind,
    last: Option<&Progress>,
    now: Timestamp,
) -> Option<Failure> {
    let record = operation.step(step)?;
    let limit = step_limit(step, &operation.request.limits);
    let waited = now.duration_since(record.budget_since?);
    (waited > limit).then(|| {
        let message = format!("{step} is not done after {}{}", spoken(waited), waited_for(last));
        timed_out(&message, timeout_code(step))
    })
}

/// Says that an undo has waited too long, if it has.
pub(super) fn undo_overdue(
    operation: &Operation,
    step: StepKind,
    last: Option<&Progress>,
    now: Timestamp,
) -> Option<Failure> {
    let record = operation.step(step)?;
    let waited = now.duration_since(record.budget_since?);
    (waited > undo_limit(&operation.request.limits)).then(|| {
        let message = format!("the undo of {step} is not done after {}{}", spoken(waited), waited_for(last));
        timed_out(&message, ErrorCode::UndoBlocked)
    })
}

/// Where ending the retired cluster stands in its time.
pub(super) enum RetireTime {
    /// Changes may be made.
    Running,
    /// It takes too long: no change is begun any more, and one that was sent before may be on its way.
    Closing,
    /// It takes too long, and whatever was sent has landed.
    Over(Failure),
}

/// What time is left for ending the retired cluster. Counted from the newest entry, which began it or says who took it over.
///
/// The failure is recorded only once nothing can be on its way, because the operation has ended after it. A deletion that RDS
/// has accepted may still be going on; whoever asks for an undo then is refused. The clocks of two executors may differ by a
/// part of [`LANDED_AFTER`].
pub(super) fn retire_time(operation: &Operation, looked: Timestamp) -> RetireTime {
    let waited = looked.duration_since(operation.updated_at);
    let limit = operation.request.limits.step;
    if waited <= limit {
        RetireTime::Running
    } else if waited <= limit + LANDED_AFTER {
        RetireTime::Closing
    } else {
        let message = format!("the retired cluster is not gone after {}", spoken(waited));
        RetireTime::Over(timed_out(&message, ErrorCode::RetireRefused))
    }
}

/// A time that is over, and what the last look at it failed with.
pub(super) fn with_last_look(over: Failure, last: &Failure) -> Failure {
    Failure { message: format!("{}; the last look failed: {}", over.message, last.message), ..over }
}

fn timed_out(message: &str, code: ErrorCode) -> Failure {
    Failure::terminal(code, message)
}

fn waited_for(last: Option<&Progress>) -> String {
    last.map(|last| format!(": {}", last.text)).unwrap_or_default()
}

fn spoken(duration: SignedDuration) -> String {
    match duration.as_mins() {
        0..=1 => format!("{} seconds", duration.as_secs()),
        minutes => format!("{minutes} minutes"),
    }
}

fn step_limit(step: StepKind, limits: &Limits) -> SignedDuration {
    match step {
        StepKind::CopySnapshot => limits.copy,
        StepKind::RestoreSnapshot => limits.restore,
        StepKind::CreateInstances => limits.instances,
        StepKind::SnapshotCheck
        | StepKind::ApplySettings
        | StepKind::SetupDbUsers
        | StepKind::VerifyRestore
        | StepKind::SwitchOver
        | StepKind::ArchiveSnapshot
        | StepKind::Notify => limits.step,
    }
}

/// The longest that an operation may last by its bounds: every step one after the other, and then the way back.
pub fn longest(limits: &Limits) -> SignedDuration {
    let steps = StepKind::ALL.into_iter().map(|step| step_limit(step, limits));
    steps.fold(undo_limit(limits), SignedDuration::saturating_add)
}

/// An undo may have to restore a cluster from its final snapshot.
fn undo_limit(limits: &Limits) -> SignedDuration {
    limits.restore.max(limits.step)
}

fn timeout_code(step: StepKind) -> ErrorCode {
    match step {
        StepKind::CopySnapshot => ErrorCode::CopyTimeout,
        StepKind::RestoreSnapshot => ErrorCode::RestoreTimeout,
        StepKind::CreateInstances => ErrorCode::InstanceTimeout,
        StepKind::SnapshotCheck
        | StepKind::ApplySettings
        | StepKind::SetupDbUsers
        | StepKind::VerifyRestore
        | StepKind::SwitchOver
        | StepKind::ArchiveSnapshot
        | StepKind::Notify => ErrorCode::StepTimeout,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound_and_are_jittered_between_half_and_whole() {
        for attempts in 1..40 {
            let whole = FIRST_PAUSE.saturating_mul(1 << (attempts - 1).min(10)).min(PAUSE_MAX);
            for seed in ["a", "b", "c", "d"] {
                let pause = jittered(attempts, seed);
                assert!(pause >= whole / 2 && pause <= whole, "{attempts} {pause:?}");
            }
        }
        assert_eq!(jittered(3, "a"), jittered(3, "a"));
    }

    #[test]
    fn a_short_wait_is_told_in_seconds_and_a_long_one_in_minutes() {
        assert_eq!(spoken(SignedDuration::from_millis(4_300)), "4 seconds");
        assert_eq!(spoken(SignedDuration::from_secs(119)), "119 seconds");
        assert_eq!(spoken(SignedDuration::from_hours(6)), "360 minutes");
    }
}
