//! How the two tables are laid out: what CloudFormation makes, and what an operator finds in them.
//!
//! | table | key | attribute for expiry |
//! |---|---|---|
//! | state | `operation_id` (S) | `ttl` |
//! | audit | `operation_id` (S), `sequence` (N) | `ttl` |
//!
//! | index of the state table | key | attributes | for |
//! |---|---|---|---|
//! | `status-last_updated_at-index` | `status` (S), `last_updated_at` (S) | all | lists |
//! | `kind-operation_id-index` | `kind` (S), `operation_id` (S) | keys only | ids of which a person gives the beginning |
//!
//! Locks are items of the state table whose key begins with `lock#`. They have neither `status` nor `kind`, so no query by
//! status and no index shows them, and no `ttl`, so they never expire. `kind` is the same word for every operation: the
//! second index is written once for each of them and read by people, so its single partition is never busy.
//!
//! The records of changes to a stack are items of the audit table under `change#<stack>`, which is no operation's key: whoever reads
//! entries asks for those of an operation, so nobody meets them who does not ask for them. They expire as entries do.

use aurora_restore_core::{
    ids::{OperationId, Region},
    journal::StateItem,
    ports::TargetKey,
};
use jiff::SignedDuration;

use crate::{endpoint::EndpointUrl, table_name::TableName};

/// The index on status and time of the state table.
pub const STATUS_INDEX: &str = "status-last_updated_at-index";

/// The index on ids of the state table.
pub const ID_INDEX: &str = "kind-operation_id-index";

/// The kind of an item that is an operation's state.
pub(super) const KIND_OPERATION: &str = "operation";

/// The names of attributes. They are a contract: procedures of operators name them.
pub(super) mod name {
    pub(crate) const OPERATION_ID: &str = "operation_id";
    pub(crate) const SEQUENCE: &str = "sequence";
    pub(crate) const KIND: &str = "kind";
    pub(crate) const STATUS: &str = "status";
    pub(crate) const LAST_UPDATED_AT: &str = "last_updated_at";
    pub(crate) const STEP: &str = "step";
    pub(crate) const VERSION: &str = "version";
    pub(crate) const TTL: &str = "ttl";
    pub(crate) const TOKEN: &str = "token";
    pub(crate) const EXECUTOR: &str = "executor";
    pub(crate) const TARGET: &str = "target";
    pub(crate) const TARGET_ACCOUNT: &str = "target_account";
    pub(crate) const TARGET_REGION: &str = "target_region";
    pub(crate) const HOLDS_TARGET: &str = "holds_target";
    pub(crate) const REQUESTED_AT: &str = "requested_at";
    pub(crate) const ENDED_AT: &str = "ended_at";
    pub(crate) const RETIRE_AFTER: &str = "retire_after";
    pub(crate) const FAILURE: &str = "failure";
    pub(crate) const PROGRESS: &str = "progress";
    pub(crate) const STATE: &str = "state";
    pub(crate) const HOLDER: &str = "holder";
    pub(crate) const RECORDED_AT: &str = "recorded_at";
    pub(crate) const PREVIOUS_HASH: &str = "previous_hash";
    pub(crate) const HASH: &str = "hash";
    pub(crate) const BODY: &str = "body";
    pub(crate) const BODY_DEFLATED: &str = "body_deflated";
}

/// Which tables, and how long they keep what has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TablesOptions {
    /// One item for each operation, and the locks.
    pub state_table: TableName,
    /// The entries.
    pub audit_table: TableName,
    /// How long the state of an operation is kept after its end.
    pub state_retention: SignedDuration,
    /// How long an entry is kept after it was recorded. It cannot be counted from the end of the operation, because an
    /// entry is never changed once it is written: it has to be longer than any operation lasts.
    pub audit_retention: SignedDuration,
    /// DynamoDB elsewhere than at AWS.
    pub endpoint: Option<EndpointUrl>,
}

impl TablesOptions {
    /// The usual names.
    pub const STATE_TABLE: &str = "AuroraRestoreStateTable";
    /// The usual names.
    pub const AUDIT_TABLE: &str = "AuroraRestoreAuditTable";
    /// How long entries are usually kept.
    pub const AUDIT_RETENTION: SignedDuration = SignedDuration::from_hours(24 * 365);
}

impl TablesOptions {
    /// How long the state of an operation is kept after its end: that of a drill as long as its entries, because the history of
    /// drills is read from both.
    pub(crate) fn state_kept(&self, operation: &OperationId) -> SignedDuration {
        if operation.is_drill() { self.state_retention.max(self.audit_retention) } else { self.state_retention }
    }
}

impl Default for TablesOptions {
    fn default() -> Self {
        Self {
            state_table: TableName::new(Self::STATE_TABLE).expect("a constant that is a name"),
            audit_table: TableName::new(Self::AUDIT_TABLE).expect("a constant that is a name"),
            state_retention: StateItem::KEPT_AFTER_END,
            audit_retention: Self::AUDIT_RETENTION,
            endpoint: None,
        }
    }
}

impl TablesOptions {
    /// What errors call the two.
    pub(super) fn described(&self, region: &Region) -> String {
        format!("DynamoDB ({} and {} in {region})", self.state_table, self.audit_table)
    }
}

/// What the key of a lock begins with.
const LOCK: &str = "lock#";

/// The key of the item that is a target's lock.
pub(super) fn lock_key(target: &TargetKey) -> String {
    lock_key_of(&target.to_string())
}

/// The same for a target as its lock names it.
pub(super) fn lock_key_of(target: &str) -> String {
    format!("{LOCK}{target}")
}

/// The target whose lock a key is, if it is one.
pub(super) fn lock_target(key: &str) -> Option<&str> {
    key.strip_prefix(LOCK)
}

/// The key of the records of changes to a stack.
pub(super) fn changes_key(stack: &str) -> String {
    format!("change#{stack}")
}

/// Whether a key is an operation's: locks and changes have a sign in theirs that no operation's id has.
pub(super) fn operation_of(key: &str) -> Option<OperationId> {
    OperationId::new(key).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_never_taken_for_an_operation_or_a_lock() {
        let key = changes_key("nightly-2026-11-22");
        assert_eq!((operation_of(&key), lock_target(&key)), (None, None));
    }

    #[test]
    fn a_lock_is_never_taken_for_an_operation() {
        let target = TargetKey {
            account: "111122223333".into(),
            region: Region::new("eu-central-1").unwrap(),
            cluster: aurora_restore_core::ids::ClusterId::new("staging").unwrap(),
        };
        assert_eq!(lock_key(&target), "lock#111122223333/eu-central-1/staging");
        assert_eq!(operation_of(&lock_key(&target)), None);
        assert_eq!(lock_target(&lock_key(&target)), Some("111122223333/eu-central-1/staging"));
        assert_eq!(lock_target("nightly-2026-11-22"), None);
        assert!(operation_of("nightly-2026-11-22").is_some());
    }
}
