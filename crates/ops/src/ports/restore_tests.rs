//! Jobs with which AWS Backup tests restores, and the verdicts that they are answered with.

use std::{fmt, str::FromStr};

use async_trait::async_trait;
use aurora_restore_core::ids::Arn;
use serde::Serialize;
use thiserror::Error;

use super::ServiceResult;

/// The most characters of an id; those that AWS Backup gives have 36.
const ID_CHARS_MAX: usize = 64;

/// The id of a restore job of AWS Backup.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct RestoreJobId(String);

/// Why a text is not the id of a restore job.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is not the id of a restore job: it has 1 to {ID_CHARS_MAX} letters, digits and hyphens")]
pub struct InvalidRestoreJobId {
    /// The text as given.
    pub text: String,
}

impl RestoreJobId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RestoreJobId {
    type Err = InvalidRestoreJobId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=ID_CHARS_MAX).contains(&text.len());
        if !fits || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(InvalidRestoreJobId { text: text.to_owned() });
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for RestoreJobId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreJobStatus {
    /// It waits.
    Pending,
    /// It restores.
    Running,
    /// What it restored is there.
    Completed,
    /// It was given up.
    Aborted,
    /// It restored nothing.
    Failed,
    /// Something that nobody knew when this was written.
    Other(String),
}

impl RestoreJobStatus {
    /// As AWS Backup writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Completed => "COMPLETED",
            Self::Aborted => "ABORTED",
            Self::Failed => "FAILED",
            Self::Other(word) => word,
        }
    }
}

/// What a job can be answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TestVerdict {
    /// What was restored is what it must be.
    Successful,
    /// It is not.
    Failed,
}

impl TestVerdict {
    /// As AWS Backup writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Successful => "SUCCESSFUL",
            Self::Failed => "FAILED",
        }
    }
}

/// What a job says about its validation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Validation {
    /// It waits for a verdict.
    Validating,
    /// It has one.
    Answered(TestVerdict),
    /// Nobody has answered within the time that the plan gives.
    TimedOut,
    /// Something that nobody knew when this was written.
    Other(String),
}

impl Validation {
    /// As AWS Backup writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Validating => "VALIDATING",
            Self::Answered(verdict) => verdict.as_str(),
            Self::TimedOut => "TIMED_OUT",
            Self::Other(word) => word,
        }
    }
}

/// A restore job, as far as an answer depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreJob {
    /// Where it stands.
    pub status: RestoreJobStatus,
    /// What it restores: `Aurora` for a cluster.
    pub resource_type: String,
    /// The recovery point that it restores. Of a cluster it is the snapshot, with the ARN that RDS gave it.
    pub recovery_point: Arn,
    /// The restore testing plan that made the job; none if a person or a program did.
    pub testing_plan: Option<String>,
    /// What it says about its validation; none where none was begun.
    pub validation: Option<Validation>,
    /// What came with the verdict.
    pub validation_message: Option<String>,
}

/// The restore jobs of an account and Region.
#[async_trait]
pub trait RestoreTests: Send + Sync {
    /// A job; `None` if there is none with that id.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn job(&self, id: &RestoreJobId) -> ServiceResult<Option<RestoreJob>>;

    /// Answers a job. Once this returns, the job holds the verdict and the message, and what it restored may be deleted. The same
    /// answer may be given twice.
    ///
    /// # Errors
    /// [`super::ServiceError`]; [`super::ServiceError::Missing`] where there is no such job.
    async fn answer(&self, id: &RestoreJobId, verdict: TestVerdict, message: &str) -> ServiceResult<()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_nothing_that_leads_elsewhere_in_a_path() {
        assert_eq!("1F0E1A3B-0D2C".parse::<RestoreJobId>().unwrap().as_str(), "1F0E1A3B-0D2C");
        for text in ["", "a/b", "..", "a b", "jöb", &"a".repeat(65)] {
            let error = text.parse::<RestoreJobId>().unwrap_err().to_string();
            assert!(error.contains(&format!("`{text}`")), "{error}");
        }
    }

    #[test]
    fn a_verdict_is_written_as_aws_backup_writes_it() {
        for verdict in [TestVerdict::Successful, TestVerdict::Failed] {
            assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.as_str());
        }
    }
}
