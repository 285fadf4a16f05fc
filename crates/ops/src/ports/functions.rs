//! Functions, their versions and their aliases.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::ServiceResult;

/// Whether a function or a version can be called as it was last asked to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// It can.
    Ready,
    /// It is being made or changed.
    Pending,
    /// It cannot.
    Failed {
        /// What was said.
        reason: String,
    },
}

/// A function, or one of its versions, as it is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionFacts {
    /// The number of the version; none for what can still be changed.
    pub version: Option<u64>,
    /// The SHA-256 of its package, in base64, as the service tells it.
    pub code_sha256: String,
    /// The bytes of its package.
    pub code_bytes: u64,
    /// Its memory, in megabytes.
    pub memory_mb: u32,
    /// What it runs on, such as `provided.al2023`.
    pub runtime: String,
    /// When it was changed for the last time; a version: when it was published.
    pub changed_at: Option<Timestamp>,
    /// Whether it can be called.
    pub readiness: Readiness,
    /// Changes with every change.
    pub revision: String,
}

/// A part of the calls that goes to another version.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Shift {
    /// The version.
    pub version: u64,
    /// The part, more than 0 and less than 1.
    pub part: f64,
}

/// Where an alias points to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pointing {
    /// The version that gets every call, or what is left of them.
    pub version: u64,
    /// The part that goes to another one.
    pub shift: Option<Shift>,
}

/// An alias as it is seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Alias {
    /// Where it points to.
    pub pointing: Pointing,
    /// What it tells of itself; empty where it tells nothing.
    pub description: String,
    /// Changes with every change.
    pub revision: String,
}

/// Where the package of a function is: a version of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeAt {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// The version.
    pub version: String,
}

/// What a call of a function took, as the service reports it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CallReport {
    /// Its duration, in milliseconds.
    pub duration_ms: f64,
    /// What is paid for, in milliseconds.
    pub billed_ms: u64,
    /// The memory that it had, in megabytes.
    pub memory_mb: u32,
    /// The most memory that it used, in megabytes.
    pub used_mb: u32,
    /// What the start of its environment took, in milliseconds, if there was one.
    pub init_ms: Option<f64>,
}

/// What a function answered.
#[derive(Debug, Clone, PartialEq)]
pub enum CallAnswer {
    /// A value.
    Answered(Value),
    /// An error with a name.
    Failed {
        /// Its name, such as `AuroraRestore.Refused`.
        name: String,
        /// What was said.
        message: String,
    },
}

/// One call of a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Called {
    /// What it answered.
    pub answer: CallAnswer,
    /// What it took, if the service has reported it.
    pub report: Option<CallReport>,
}

/// The functions of an account in a Region. `revision` of a call that changes something is a precondition: it is refused if somebody
/// else has changed the thing since it was seen.
#[async_trait]
pub trait Functions: Send + Sync {
    /// Looks at a function, or at one of its versions; none where there is none.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn describe(&self, function: &str, version: Option<u64>) -> ServiceResult<Option<FunctionFacts>>;

    /// Every published version, the oldest first.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn versions(&self, function: &str) -> ServiceResult<Vec<FunctionFacts>>;

    /// Looks at an alias; none where there is none.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn alias(&self, function: &str, alias: &str) -> ServiceResult<Option<Alias>>;

    /// Gives a function another package. After it returns the function has it, or is getting it; versions and aliases are as they were.
    ///
    /// # Errors
    /// [`super::ServiceError`]; `Refused` where the revision is another.
    async fn set_code(&self, function: &str, code: &CodeAt, revision: &str) -> ServiceResult<()>;

    /// Gives a function another size of memory, in megabytes. After it returns the function has it, or is getting it; versions and
    /// aliases are as they were.
    ///
    /// # Errors
    /// [`super::ServiceError`]; `Refused` where the revision is another.
    async fn set_memory(&self, function: &str, memory_mb: u32, revision: &str) -> ServiceResult<()>;

    /// Publishes a version of a function as it is. After it returns there is one of just this code and these settings: a new one, or the
    /// last one where nothing has changed since.
    ///
    /// # Errors
    /// [`super::ServiceError`]; `Refused` where the code is another than that.
    async fn publish(&self, function: &str, code_sha256: &str, about: &str) -> ServiceResult<u64>;

    /// Points an alias elsewhere, and in the same moment gives it another description, if there is one. After it returns new calls go
    /// there.
    ///
    /// # Errors
    /// [`super::ServiceError`]; `Refused` where the revision is another.
    async fn point(
        &self,
        function: &str,
        alias: &str,
        to: Pointing,
        description: Option<&str>,
        revision: &str,
    ) -> ServiceResult<()>;

    /// Calls a function, by an alias, a version or `$LATEST`, and waits for its answer.
    ///
    /// # Errors
    /// [`super::ServiceError`] where the function was not called, or nobody knows what it answered.
    async fn call(&self, function: &str, qualifier: &str, event: &Value) -> ServiceResult<Called>;
}
