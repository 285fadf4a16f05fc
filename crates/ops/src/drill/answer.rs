//! The verdict of a drill as the answer to a job of AWS Backup's restore testing.
//!
//! ```text
//!   AWS Backup restores a recovery point ─► a job, which waits for a verdict
//!   drill run --snapshot (the same one)  ─► a journal ─► Answer ─► the job holds it
//! ```
//! The verdict is about the recovery point, proven by a restore of our own: the cluster that AWS Backup made is never looked at. So
//! a job is answered only if it restored the very snapshot that the drill restored.
//!
//! May be repeated: a job that holds the verdict already is left as it is.

use aurora_restore_core::{ids::Arn, ports::Location};
use jiff::SignedDuration;
use thiserror::Error;

use super::{Record, RestoredSnapshot, Scenario, Verdict};
use crate::{
    follow::patiently,
    ports::{RestoreJob, RestoreJobId, RestoreJobStatus, RestoreTests, ServiceError, TestVerdict, Validation},
};

/// What AWS Backup calls an Aurora cluster.
const AURORA: &str = "Aurora";
/// The most characters of a message. The service documents no limit
/// (<https://docs.aws.amazon.com/aws-backup/latest/devguide/API_PutRestoreValidationResult.html>); whoever reads it has a table before
/// them.
const MESSAGE_CHARS_MAX: usize = 1_000;

/// What a drill has to say to a restore job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The drill's operation.
    pub drill: String,
    /// What it restored, and where jobs that restore it are.
    pub snapshot: RestoredSnapshot,
    /// The verdict.
    pub verdict: TestVerdict,
    /// What comes with it: one line with the drill and its figures.
    pub message: String,
}

/// What is to be done with a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// It waits: it is answered.
    Answer,
    /// It holds this verdict already: nothing is sent.
    AnsweredAlready,
}

/// Why a job is not answered. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The drill has no verdict yet.
    #[error("drill {drill} has no verdict yet: {stands}")]
    Unfinished {
        /// The drill.
        drill: String,
        /// Where it stands.
        stands: String,
    },
    /// The drill restored nothing on purpose, or not to the end.
    #[error("drill {drill} rehearsed {scenario}, which says nothing about a recovery point")]
    NotWhole {
        /// The drill.
        drill: String,
        /// What it rehearsed.
        scenario: Scenario,
    },
    /// The drill restored from something else, or never found its snapshot.
    #[error("the journal of drill {drill} names no snapshot: it restored from none, or failed before it was found")]
    NoSnapshot {
        /// The drill.
        drill: String,
    },
    /// There is no such job.
    #[error("restore job {job} does not exist in {location}")]
    NoJob {
        /// The job.
        job: RestoreJobId,
        /// Where it was looked for.
        location: Location,
    },
    /// The job restores something else than a cluster.
    #[error("restore job {job} is not of an Aurora cluster: AWS Backup calls it `{resource_type}`")]
    NotAurora {
        /// The job.
        job: RestoreJobId,
        /// Of what it is.
        resource_type: String,
    },
    /// The job has restored nothing, or not yet.
    #[error("restore job {job} is {} and not COMPLETED", status.as_str())]
    NotCompleted {
        /// The job.
        job: RestoreJobId,
        /// Where it stands.
        status: RestoreJobStatus,
    },
    /// The job is a restore and not a test of one.
    #[error("restore job {job} was made by no restore testing plan")]
    NotATest {
        /// The job.
        job: RestoreJobId,
    },
    /// The job and the drill restored different snapshots.
    #[error("restore job {job} restored {recovery_point}, and drill {drill} restored {snapshot}")]
    OtherSnapshot {
        /// The job.
        job: RestoreJobId,
        /// What it restored.
        recovery_point: Arn,
        /// The drill.
        drill: String,
        /// What that restored.
        snapshot: Arn,
    },
    /// The job holds something else than this verdict.
    #[error("restore job {job} holds {holds} already{}, and the drill says {}", with(message), verdict.as_str())]
    AnsweredOtherwise {
        /// The job.
        job: RestoreJobId,
        /// What it holds.
        holds: String,
        /// What came with it; empty if nothing.
        message: String,
        /// What the drill says.
        verdict: TestVerdict,
    },
}

/// Why a job was not answered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AnswerError {
    /// It must not be.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// AWS Backup says no, or nothing.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Answer {
    /// What a drill has to say.
    ///
    /// # Errors
    /// [`Refusal`] where its record is no verdict about a recovery point.
    pub fn of(record: &Record) -> Result<Self, Refusal> {
        let drill = record.operation_id.clone();
        if !record.scenario.is_whole_restore() {
            return Err(Refusal::NotWhole { drill, scenario: record.scenario });
        }
        let (verdict, reasons) = match &record.verdict {
            Verdict::Unfinished { stands } => return Err(Refusal::Unfinished { drill, stands: stands.clone() }),
            Verdict::Passed => (TestVerdict::Successful, None),
            Verdict::Failed { reasons } => (TestVerdict::Failed, Some(reasons.join("; "))),
        };
        let Some(snapshot) = record.snapshot.clone() else { return Err(Refusal::NoSnapshot { drill }) };
        Ok(Self { message: message(record, reasons.as_deref()), drill, snapshot, verdict })
    }

    /// What is to be done with a job, as it was found.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn course(&self, id: &RestoreJobId, job: Option<&RestoreJob>) -> Result<Course, Refusal> {
        let job_id = || id.clone();
        let Some(job) = job else {
            return Err(Refusal::NoJob { job: job_id(), location: self.snapshot.location.clone() });
        };
        if job.resource_type != AURORA {
            return Err(Refusal::NotAurora { job: job_id(), resource_type: job.resource_type.clone() });
        }
        if job.status != RestoreJobStatus::Completed {
            return Err(Refusal::NotCompleted { job: job_id(), status: job.status.clone() });
        }
        if job.testing_plan.is_none() {
            return Err(Refusal::NotATest { job: job_id() });
        }
        if job.recovery_point != self.snapshot.arn {
            return Err(Refusal::OtherSnapshot {
                job: job_id(),
                recovery_point: job.recovery_point.clone(),
                drill: self.drill.clone(),
                snapshot: self.snapshot.arn.clone(),
            });
        }
        self.beside(id, job)
    }

    /// What is to be done beside the verdict that a job holds.
    fn beside(&self, id: &RestoreJobId, job: &RestoreJob) -> Result<Course, Refusal> {
        match &job.validation {
            None | Some(Validation::Validating) => Ok(Course::Answer),
            Some(Validation::Answered(held)) if *held == self.verdict => Ok(Course::AnsweredAlready),
            Some(other @ (Validation::Answered(_) | Validation::TimedOut | Validation::Other(_))) => {
                Err(Refusal::AnsweredOtherwise {
                    job: id.clone(),
                    holds: other.as_str().to_owned(),
                    message: job.validation_message.clone().unwrap_or_default(),
                    verdict: self.verdict,
                })
            }
        }
    }
}

/// Looks at a job, and says what is to be done with it. Only reads.
///
/// # Errors
/// [`AnswerError`].
pub async fn look(tests: &dyn RestoreTests, id: &RestoreJobId, answer: &Answer) -> Result<Course, AnswerError> {
    let job = patiently(|| tests.job(id)).await?;
    Ok(answer.course(id, job.as_ref())?)
}

/// Gives a job the answer. If we die before this returns, `look` tells whether it arrived.
///
/// # Errors
/// [`AnswerError::Service`].
pub async fn give(tests: &dyn RestoreTests, id: &RestoreJobId, answer: &Answer) -> Result<(), AnswerError> {
    Ok(patiently(|| tests.answer(id, answer.verdict, &answer.message)).await?)
}

/// One line for whoever looks at the job: which drill, its figures, and the hash by which its journal is recognised. The reasons come
/// last, because they are what is cut.
fn message(record: &Record, reasons: Option<&str>) -> String {
    let figures = [
        record.recovery_time.map(|time| format!("recovery time {}", in_seconds(time))),
        record.recovery_point.map(|age| format!("recovery point {} old", in_seconds(age))),
        Some(format!("{} of {} checks passed", record.checks_passed, record.checks_total)),
        Some(format!("last journal entry {}", record.journal_hash)),
    ];
    let figures = figures.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let word = if reasons.is_none() { "has passed" } else { "has not passed" };
    let because = reasons.map(|reasons| format!("; {reasons}")).unwrap_or_default();
    one_line(&format!("aurora-restore drill {} {word}: {figures}{because}", record.operation_id))
}

fn in_seconds(duration: SignedDuration) -> String {
    format!("{:#}", SignedDuration::from_secs(duration.as_secs()))
}

/// Without characters that move a cursor, and no longer than it may be.
fn one_line(text: &str) -> String {
    let shown = text.chars().map(|character| if character.is_control() { ' ' } else { character });
    if text.chars().count() <= MESSAGE_CHARS_MAX {
        return shown.collect();
    }
    shown.take(MESSAGE_CHARS_MAX - 1).chain(['…']).collect()
}

fn with(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(" (\"{}\")", one_line(message)) }
}

#[cfg(test)]
mod tests;
