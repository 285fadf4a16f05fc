//! How tables are paid for, how they grow, and which indexes they have.

use async_trait::async_trait;
use serde::Serialize;

use super::ServiceResult;

/// How a table is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "mode", rename_all = "kebab-case")]
pub enum Billing {
    /// By request: it grows with what is asked of it.
    OnDemand,
    /// With a capacity of its own, in units a second.
    Provisioned {
        /// Reads.
        read: u32,
        /// Writes.
        write: u32,
    },
}

/// Between which capacities a table grows and shrinks by itself, reads and writes alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Scaling {
    /// The least, in units a second.
    pub least: u32,
    /// The most.
    pub most: u32,
}

/// What of an item an index has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Projection {
    /// Everything.
    All,
    /// The keys.
    Keys,
    /// Something else.
    Other,
}

/// The shape of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndexShape {
    /// Its name.
    pub name: String,
    /// The attribute that its items are found by; a text.
    pub hash: String,
    /// The attribute that they are sorted by; a text.
    pub range: Option<String>,
    /// What of an item it has.
    pub projection: Projection,
}

/// An index of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableIndex {
    /// Its shape.
    pub shape: IndexShape,
    /// Whether it can be asked and nothing is being done with it.
    pub is_ready: bool,
}

/// A table as it is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSettings {
    /// How it is paid for.
    pub billing: Billing,
    /// Its indexes, by name.
    pub indexes: Vec<TableIndex>,
    /// Whether nothing is being done with it.
    pub is_ready: bool,
}

/// The settings of tables. A change is begun, and seen once the table is ready again.
#[async_trait]
pub trait Tables: Send + Sync {
    /// Looks at a table; `None` where there is none of that name.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn settings(&self, table: &str) -> ServiceResult<Option<TableSettings>>;

    /// Begins to have a table paid for otherwise, its indexes with it.
    ///
    /// # Errors
    /// [`super::ServiceError`]; [`super::ServiceError::Refused`] where it is paid so already.
    async fn pay(&self, table: &str, billing: Billing) -> ServiceResult<()>;

    /// Begins to make an index. Attributes of keys are texts.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn make_index(&self, table: &str, index: &IndexShape) -> ServiceResult<()>;

    /// Begins to delete an index.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn delete_index(&self, table: &str, index: &str) -> ServiceResult<()>;

    /// Between which capacities a table grows and shrinks by itself; `None` where it does not.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn scaling(&self, table: &str) -> ServiceResult<Option<Scaling>>;

    /// Has a table and its indexes grow and shrink by themselves, or not any more.
    ///
    /// # Errors
    /// [`super::ServiceError`]; repeating it is safe.
    async fn scale(&self, table: &str, scaling: Option<Scaling>) -> ServiceResult<()>;
}
