//! The bucket from which a stack takes its functions' code and a template that is too large to be sent.

use async_trait::async_trait;

use super::ServiceResult;

/// A bucket that is there and belongs to the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Whether an object that is overwritten can still be had. A stack names versions, so it has to be.
    pub versioned: bool,
}

/// One version of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectVersion {
    /// The id of the version.
    pub id: String,
    /// Where CloudFormation finds it.
    pub url: String,
}

/// The buckets of the account. A bucket of somebody else under the same name counts as a refusal, never as ours.
#[async_trait]
pub trait Artifacts: Send + Sync {
    /// Looks at a bucket; `None` where no account has one of that name.
    ///
    /// # Errors
    /// [`super::ServiceError`]; `Denied` also where it belongs to another account.
    async fn bucket(&self, bucket: &str) -> ServiceResult<Option<Bucket>>;

    /// Makes a bucket, or finishes making it. After it returns it is versioned, encrypted and closed to the public,
    /// and to whatever is not sent over TLS where that is spoken at all.
    ///
    /// # Errors
    /// [`super::ServiceError`]; repeating it after any of them is safe.
    async fn make_bucket(&self, bucket: &str) -> ServiceResult<()>;

    /// The newest version of an object, if it has just this content; `None` where there is none, or it holds something
    /// else: a name proves nothing about what somebody has put there.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn holding(&self, bucket: &str, key: &str, content: &[u8]) -> ServiceResult<Option<ObjectVersion>>;

    /// The content of a version of an object; of the newest where none is named. `None` where there is no such thing.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn content(&self, bucket: &str, key: &str, version: Option<&str>) -> ServiceResult<Option<Vec<u8>>>;

    /// Puts an object. After it returns the version is there as a whole; its bytes were checked on their way.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn put(&self, bucket: &str, key: &str, content: &[u8]) -> ServiceResult<ObjectVersion>;
}
