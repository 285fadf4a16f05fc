//! How the resources of a stack differ from what its template has made of them.

use async_trait::async_trait;

use super::ServiceResult;

/// A property that somebody changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyDrift {
    /// Where it is, such as `/Policies/0/PolicyDocument`.
    pub path: String,
    /// What the template says; nothing where it says nothing.
    pub expected: Option<String>,
    /// What it is; nothing where it is gone.
    pub actual: Option<String>,
}

/// A resource that is not what the template says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceDrift {
    /// What it is, such as `AWS::IAM::Role`.
    pub kind: String,
    /// What it is called where it lives.
    pub physical: String,
    /// Its properties that differ; none where the resource itself is gone.
    pub differences: Option<Vec<PropertyDrift>>,
}

/// Compares what is with what should be. The service reads every resource with the permissions of whoever asks; nothing is
/// changed by it.
#[async_trait]
pub trait Drifts: Send + Sync {
    /// Begins to compare; gives the comparison's id.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn begin(&self, stack: &str) -> ServiceResult<String>;

    /// What differs; `None` while the comparison is not over.
    ///
    /// # Errors
    /// [`super::ServiceError`]; [`super::ServiceError::Refused`] where the comparison failed.
    async fn found(&self, stack: &str, comparison: &str) -> ServiceResult<Option<Vec<ResourceDrift>>>;
}
