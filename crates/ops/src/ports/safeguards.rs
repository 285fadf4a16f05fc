//! How the things of a stack are guarded: encryption, public access, recovery, age.

use async_trait::async_trait;
use jiff::Timestamp;

use super::ServiceResult;

/// How a table is guarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableGuard {
    /// The key of this account that encrypts it; none where the service's own does.
    pub key: Option<String>,
    /// Whether it can be brought back as it was at any moment of the last days.
    pub point_in_time: bool,
}

/// How a topic is guarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicGuard {
    /// The key that encrypts what waits for delivery.
    pub key: Option<String>,
    /// Who may do what with it: a policy document as JSON.
    pub policy: Option<String>,
}

/// How a log group is guarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogGuard {
    /// The key of this account that encrypts it.
    pub key: Option<String>,
    /// After how many days a line is forgotten; none for never.
    pub retention_days: Option<i32>,
}

/// How a bucket is guarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketGuard {
    /// Whether everything is refused that would make an object public.
    pub public_is_refused: bool,
}

/// How a secret is guarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretGuard {
    /// When its value was changed last; when it was made, if it never was.
    pub changed_at: Option<Timestamp>,
    /// Whether it is changed by itself.
    pub rotates: bool,
}

/// How things are guarded. `None` is the answer for a thing that is not there.
#[async_trait]
pub trait Safeguards: Send + Sync {
    /// A table.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn table(&self, name: &str) -> ServiceResult<Option<TableGuard>>;

    /// A topic, by its ARN.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn topic(&self, arn: &str) -> ServiceResult<Option<TopicGuard>>;

    /// A log group.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn log(&self, group: &str) -> ServiceResult<Option<LogGuard>>;

    /// A bucket.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn bucket(&self, name: &str) -> ServiceResult<Option<BucketGuard>>;

    /// A secret. Its value is not read.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn secret(&self, id: &str) -> ServiceResult<Option<SecretGuard>>;
}
