//! Whose is it? Nothing is changed or deleted before this is answered.

use std::collections::BTreeMap;

use crate::{
    catalogue::ErrorCode,
    ids::OperationId,
    operation::{Failure, Operation},
    ports::Tags,
};

/// The tag that says which operation made a thing. Sent in the very call that makes it.
pub const OPERATION_TAG: &str = "aurora-restore:operation-id";
/// The tag that says for which target.
pub const TARGET_TAG: &str = "aurora-restore:target";
/// The tag that says what it was made as.
pub const ROLE_TAG: &str = "aurora-restore:role";
/// The tag on a retired cluster and on its instances: which operation took their names.
pub const RETIRED_BY_TAG: &str = "aurora-restore:retired-by";
/// The tag on the old cluster: when its name was first taken, as RFC 3339.
pub(super) const SWITCH_STARTED_TAG: &str = "aurora-restore:switch-started-at";
/// The tag on the new cluster: since when it has served under the target's name, as RFC 3339.
pub(super) const SERVING_SINCE_TAG: &str = "aurora-restore:serving-since";
/// The tag on the new cluster: that its settings were sent.
pub(super) const SETTINGS_SENT_TAG: &str = "aurora-restore:settings-sent";

/// What a thing was made as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A copy of a snapshot.
    Copy,
    /// The new cluster and its instances.
    Staged,
    /// A last snapshot of the cluster that bore the name before.
    FinalSnapshot,
    /// The old cluster, restored from its last snapshot while an operation was undone.
    BroughtBack,
}

impl Role {
    /// The tag's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Staged => "staged",
            Self::FinalSnapshot => "final-snapshot",
            Self::BroughtBack => "brought-back",
        }
    }
}

/// The tags of a thing that the operation makes: the user's, the request's, and ours. What is brought back gets its own
/// and ours only: it is not what the request asked for.
pub(super) fn tags(operation: &Operation, role: Role, user: Option<&BTreeMap<String, String>>) -> Tags {
    let mut tags: Tags = user.cloned().unwrap_or_default();
    match role {
        Role::Copy | Role::Staged | Role::FinalSnapshot => tags.extend(operation.request.tags.clone()),
        Role::BroughtBack => {}
    }
    tags.insert(OPERATION_TAG.to_owned(), operation.id.to_string());
    tags.insert(TARGET_TAG.to_owned(), operation.request.target.cluster.to_string());
    tags.insert(ROLE_TAG.to_owned(), role.as_str().to_owned());
    tags
}

/// Whether the tags say that the operation made the thing.
pub(super) fn is_ours(operation: &OperationId, tags: &Tags) -> bool {
    tags.get(OPERATION_TAG).is_some_and(|value| value == operation.as_str())
}

/// Whether the operation made the thing as this.
pub(super) fn is_ours_as(operation: &OperationId, tags: &Tags, role: Role) -> bool {
    is_ours(operation, tags) && tags.get(ROLE_TAG).is_some_and(|value| value == role.as_str())
}

/// Refuses a thing that bears a name of ours and is not ours. It is never adopted.
pub(super) fn require_ours(operation: &Operation, tags: &Tags, what: &str) -> Result<(), Failure> {
    if is_ours(&operation.id, tags) {
        return Ok(());
    }
    let owner = tags.get(OPERATION_TAG).map_or_else(
        || "it bears no tag of this product".to_owned(),
        |other| format!("it belongs to operation {other}"),
    );
    Err(Failure::terminal(ErrorCode::NameTaken, format!("{what} exists and is not of this operation: {owner}"))
        .hint(ErrorCode::NameTaken.action()))
}

/// The same for a snapshot, which must also have been made as what it is taken for. A cluster may copy its tags to every
/// snapshot that is taken of it, so the operation's tag alone proves nothing there.
pub(super) fn require_ours_as(operation: &Operation, tags: &Tags, role: Role, what: &str) -> Result<(), Failure> {
    require_ours(operation, tags, what)?;
    if is_ours_as(&operation.id, tags, role) {
        return Ok(());
    }
    let found = tags.get(ROLE_TAG).map_or("nothing", String::as_str);
    let reason = format!("{what} was not made by this operation: its tags, made for {found}, are a cluster's");
    Err(Failure::terminal(ErrorCode::NameTaken, reason).hint(ErrorCode::NameTaken.action()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_operations_own_tag_makes_a_thing_its_own() {
        let ours = OperationId::new("op-1").unwrap();
        let tag = |value: &str| Tags::from([(OPERATION_TAG.to_owned(), value.to_owned())]);
        assert!(is_ours(&ours, &tag("op-1")));
        assert!(!is_ours(&ours, &tag("op-10")));
        assert!(!is_ours(&ours, &Tags::new()));
        let copied = Tags::from([
            (OPERATION_TAG.to_owned(), "op-1".to_owned()),
            (ROLE_TAG.to_owned(), Role::Staged.as_str().to_owned()),
        ]);
        assert!(is_ours_as(&ours, &copied, Role::Staged));
        assert!(!is_ours_as(&ours, &copied, Role::FinalSnapshot));
    }
}
