//! What the roles of a stack may do: their policies, what of it is used, and what IAM says when it is asked.

use async_trait::async_trait;
use jiff::Timestamp;

use super::ServiceResult;

/// A policy of a role: one of its own, or one that is attached to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolePolicy {
    /// Its name, or its ARN where it is attached.
    pub name: String,
    /// The document, as JSON.
    pub document: String,
}

/// A role with what it is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantedRole {
    /// Its ARN.
    pub arn: String,
    /// When it was made.
    pub made_at: Option<Timestamp>,
    /// Its policies, in the order of their names.
    pub policies: Vec<RolePolicy>,
}

/// When a service that a role may call was called by it last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceUse {
    /// The service as actions begin with it: `rds`.
    pub service: String,
    /// When; none if never within the months that IAM remembers.
    pub last_used_at: Option<Timestamp>,
}

/// What IAM is asked: may a role do each of these, on each of these, where the keys say this?
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Question {
    /// The actions.
    pub actions: Vec<String>,
    /// The ARNs.
    pub resources: Vec<String>,
    /// The keys of conditions with their values.
    pub keys: Vec<(String, Vec<String>)>,
}

/// Why something is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeniedBy {
    /// No statement allows it.
    Nothing,
    /// A statement denies it.
    Statement,
    /// The permissions boundary of the role.
    Boundary,
    /// A policy of the organization.
    Organization,
}

impl DeniedBy {
    /// Who denies it, as a fragment.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "no statement allows it",
            Self::Statement => "a statement denies it",
            Self::Boundary => "the permissions boundary of the role does not allow it",
            Self::Organization => "a policy of the organization does not allow it",
        }
    }
}

/// What IAM answers, for an action and a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The action.
    pub action: String,
    /// The resource.
    pub resource: String,
    /// Who denies it; none if it is allowed.
    pub denied: Option<DeniedBy>,
}

/// What roles may do. Nothing is changed by asking, and no call that is asked about is made.
#[async_trait]
pub trait Grants: Send + Sync {
    /// A role by its name; `None` if there is none.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn role(&self, name: &str) -> ServiceResult<Option<GrantedRole>>;

    /// Begins to gather what a role has used; gives the id by which it is asked for.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn gather(&self, role_arn: &str) -> ServiceResult<String>;

    /// What was gathered; `None` while that is not over.
    ///
    /// # Errors
    /// [`super::ServiceError`]; [`super::ServiceError::Refused`] where it failed.
    async fn gathered(&self, id: &str) -> ServiceResult<Option<Vec<ServiceUse>>>;

    /// What IAM would say to calls of a role, as its policies, its boundary and the organization's are now.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn decide(&self, role_arn: &str, question: &Question) -> ServiceResult<Vec<Decision>>;
}
