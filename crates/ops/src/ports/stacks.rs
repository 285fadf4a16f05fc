//! Stacks and their change sets.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;

use super::ServiceResult;

/// The most bytes of a template that can be sent as it is. A larger one is read from a bucket.
pub const TEMPLATE_BYTES_MAX: usize = 51_200;

/// A stack as it is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// Its id, which still answers when the name has been given up.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The service's word for where it stands.
    pub status: String,
    /// What the service says about that.
    pub reason: Option<String>,
    /// When it was changed for the last time.
    pub changed_at: Option<Timestamp>,
    /// What it was made with.
    pub parameters: BTreeMap<String, String>,
    /// What it gives.
    pub outputs: BTreeMap<String, String>,
    /// The tags that it bears, beside those of its resources.
    pub tags: BTreeMap<String, String>,
}

/// A resource of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackResource {
    /// Its name in the template.
    pub logical: String,
    /// What it is, such as `AWS::Lambda::Function`.
    pub kind: String,
    /// What it is called where it lives.
    pub physical: String,
}

impl StackResource {
    /// What the resources of a kind are called where they live.
    pub fn names<'r>(resources: &'r [Self], kind: &'r str) -> impl Iterator<Item = &'r str> {
        resources.iter().filter(move |resource| resource.kind == kind).map(|resource| resource.physical.as_str())
    }
}

/// The template of a change set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateSource {
    /// Its text.
    Text(String),
    /// Where its text is.
    Url(String),
    /// The one that the stack has.
    Previous,
}

/// The value of a parameter in a change set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterValue {
    /// This one.
    Given(String),
    /// The one that the stack has.
    Previous,
}

/// What a change set is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeSetKind {
    /// A stack that is not there yet.
    Create,
    /// A stack that is there.
    Update,
}

/// A change set to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChangeSet {
    /// The stack's name.
    pub stack: String,
    /// The change set's own.
    pub name: String,
    /// What it is made for.
    pub kind: ChangeSetKind,
    /// The template.
    pub template: TemplateSource,
    /// The parameters that do not have the template's defaults.
    pub parameters: BTreeMap<String, ParameterValue>,
    /// The tags that the stack bears from then on; none leaves those that it has.
    pub tags: BTreeMap<String, String>,
}

/// How far a change set is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeSetStatus {
    /// It is being made.
    Pending,
    /// It can be executed.
    Ready,
    /// It cannot be executed, and why.
    Failed {
        /// What was said.
        reason: String,
    },
}

/// What becomes of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is made.
    Add,
    /// It is changed where it is.
    Modify,
    /// A new one is made in its place, and it is deleted.
    Replace,
    /// It is replaced if a value turns out to be another; only the execution tells.
    MayReplace,
    /// It is deleted.
    Remove,
    /// Something else; the service's own word stands with it.
    Other,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// What becomes of it.
    pub action: Action,
    /// Its name in the template.
    pub resource: String,
    /// What it is.
    pub kind: String,
    /// What it is called where it lives, if it is there.
    pub physical: Option<String>,
    /// Which of its properties change.
    pub properties: Vec<String>,
}

/// A change set as it is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeSet {
    /// How far it is.
    pub status: ChangeSetStatus,
    /// Every change, all pages.
    pub changes: Vec<Change>,
}

/// Something that happened to a stack or one of its resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackEvent {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// The resource's name in the template; the stack's own name for itself.
    pub resource: String,
    /// What it is.
    pub kind: String,
    /// What it is called where it lives.
    pub physical: Option<String>,
    /// The service's word for where it stands now.
    pub status: String,
    /// What is said about that.
    pub reason: Option<String>,
}

impl StackEvent {
    /// Whether the resource failed by itself, and not because another one had.
    pub fn is_first_hand_failure(&self) -> bool {
        let reason = self.reason.as_deref().unwrap_or_default();
        self.status.ends_with("_FAILED") && !reason.contains("cancelled")
    }
}

/// The stacks of an account in a Region. `stack` is a name, or an id where the name may have been given up.
#[async_trait]
pub trait Stacks: Send + Sync {
    /// Looks at a stack; `None` where there is none.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn describe(&self, stack: &str) -> ServiceResult<Option<Stack>>;

    /// Asks for a change set. After it returns the set is being made; nothing of the stack has changed, but that a new one
    /// has its name.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn create_change_set(&self, new: &NewChangeSet) -> ServiceResult<()>;

    /// Looks at a change set.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn change_set(&self, stack: &str, name: &str) -> ServiceResult<ChangeSet>;

    /// Begins to make the changes. After it returns the stack is in progress, or has ended.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn execute_change_set(&self, stack: &str, name: &str) -> ServiceResult<()>;

    /// Forgets a change set. After it returns there is none of that name; one that was not there is no failure.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn delete_change_set(&self, stack: &str, name: &str) -> ServiceResult<()>;

    /// The id of what happened last, so that [`Stacks::events_after`] tells what happens from here on.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn newest_event(&self, stack: &str) -> ServiceResult<Option<String>>;

    /// What happened after an event, in order; everything that is remembered without one.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn events_after(&self, stack: &str, event: Option<&str>) -> ServiceResult<Vec<StackEvent>>;

    /// What the stack consists of now: every resource that has been made and not been deleted.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn resources(&self, stack: &str) -> ServiceResult<Vec<StackResource>>;

    /// The template that the stack was made with.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn template(&self, stack: &str) -> ServiceResult<String>;

    /// Begins to delete a stack. After it returns it is being deleted or gone; one that was not there is no failure.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn delete(&self, stack: &str) -> ServiceResult<()>;
}
