//! What is checked in a restored database, and what a check found.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A check that the request brings along: SQL that gives one value, and what that value must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomCheck {
    /// Its name in the report.
    pub name: String,
    /// One `SELECT` that gives one row with one column. It runs in a read-only transaction.
    pub sql: String,
    /// The database to run it in; the restored cluster's first database without it.
    pub database: Option<String>,
    /// What must hold for the value.
    pub expect: Expectation,
}

/// What must hold for the value of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expectation {
    /// The value, as text, equals this.
    Equals(String),
    /// The value is a number and at least this.
    AtLeast(i64),
    /// The value is a number and at most this.
    AtMost(i64),
    /// The value is a time not older than the snapshot minus this.
    NewerThanSnapshotMinus(SignedDuration),
}

/// How deep the structure of tables and indexes is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum IntegrityDepth {
    /// Not at all.
    None,
    /// B-tree indexes with `amcheck` where the extension is available; otherwise a note.
    #[default]
    Indexes,
    /// Indexes, and every heap page.
    IndexesAndHeap,
}

/// Everything that is checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerificationSpec {
    /// The engine's version that the server must have; its major version must be the same.
    pub engine_version: String,
    /// Databases to look into; empty means every database that accepts connections.
    pub databases: Vec<String>,
    /// Fewer tables than this in all fail the restore.
    pub tables_min: u64,
    /// How deep the structure is checked.
    pub integrity: IntegrityDepth,
    /// The request's own checks.
    pub custom: Vec<CustomCheck>,
    /// When the snapshot was made, for the bounds on freshness.
    pub snapshot_at: Option<Timestamp>,
    /// How long all checks together may take, where whoever asks has no more time himself: a function of Lambda is ended. What can be
    /// left out then is left out, and its result says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<SignedDuration>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckOutcome {
    /// As it should be.
    Passed,
    /// Not as it should be: the restore is refused.
    Failed,
    /// A fact for the report that decides nothing.
    Noted,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// Its name, such as `row counts` or the name of the request's check.
    pub name: String,
    /// How it ended.
    pub outcome: CheckOutcome,
    /// The figure or text that was found.
    pub found: String,
    /// What was expected, where something was.
    pub expected: Option<String>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Single figures, such as the rows of each table.
    pub details: Vec<CheckDetail>,
}

/// One figure of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckDetail {
    /// What was measured, such as `shop.orders`.
    pub subject: String,
    /// The figure or text.
    pub value: String,
}
