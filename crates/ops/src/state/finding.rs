//! What maintenance finds wrong with the state of operations.

use std::fmt;

use aurora_restore_core::ids::OperationId;
use jiff::Timestamp;
use serde::Serialize;

use super::audit::target_of;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Nobody goes on with an operation.
    Stalled,
    /// An entry is missing, doubled, altered or out of place.
    BrokenChain,
    /// The entries say something that cannot have happened.
    Impossible,
    /// A newer version wrote it, or it is malformed.
    Unreadable,
    /// The item is not what its entries say.
    AlteredState,
    /// An item without entries.
    Orphaned,
    /// A lock that outlived what it was taken for.
    LockLeft,
    /// An operation that has not ended and does not hold its target.
    LockMissing,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Stalled,
        Self::BrokenChain,
        Self::Impossible,
        Self::Unreadable,
        Self::AlteredState,
        Self::Orphaned,
        Self::LockLeft,
        Self::LockMissing,
    ];

    /// One word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stalled => "stalled",
            Self::BrokenChain => "broken-chain",
            Self::Impossible => "impossible",
            Self::Unreadable => "unreadable",
            Self::AlteredState => "altered-state",
            Self::Orphaned => "orphaned",
            Self::LockLeft => "lock-left",
            Self::LockMissing => "lock-missing",
        }
    }
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// What. In JSON it has another name, because `kind` is that of the line that it stands in.
    #[serde(rename = "finding")]
    pub kind: Kind,
    /// Of which operation; none where a lock names none.
    pub operation: Option<OperationId>,
    /// The evidence, as a lower-case fragment.
    pub evidence: String,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
    /// What to do, as a sentence.
    pub action: String,
    /// The target whose lock was left, where that is what is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock: Option<String>,
    /// The command that writes the item anew, without the program's name, where nothing that is appended sets it right.
    #[serde(skip)]
    pub rebuild: Option<String>,
}

impl Finding {
    /// Something that is wrong with an operation.
    pub(crate) fn of(kind: Kind, operation: &OperationId, evidence: impl Into<String>) -> Self {
        let (operation, evidence) = (operation.clone(), evidence.into());
        let action = action(kind, &operation);
        Self { kind, operation: Some(operation), evidence, since: None, action, lock: None, rebuild: None }
    }

    /// An item that differs from its entries where no entry will follow that sets it right: what does is its loss, and `rebuild`,
    /// a command without the program's name.
    pub(super) fn of_item_to_rebuild(operation: &OperationId, evidence: impl Into<String>, rebuild: String) -> Self {
        let action = format!(
            "Somebody has set it by hand; the entries count. Do not wait for one that sets it right: delete the item of the \
             state table whose `operation_id` is `{operation}`, and write it anew from the entries with `aurora-restore \
             {rebuild}`; give that `--plan` first, which shows what else would come back. A journal in a file is brought \
             back from a backup."
        );
        Self { action, rebuild: Some(rebuild), ..Self::of(Kind::AlteredState, operation, evidence) }
    }

    /// The command that decides it or shows it whole, without the program's name.
    pub fn command(&self) -> String {
        if let Some(target) = self.lock.as_deref().filter(|target| target_of(target).is_some()) {
            return format!("state unlock {target}");
        }
        if let Some(rebuild) = &self.rebuild {
            return rebuild.clone();
        }
        match (self.kind, &self.operation) {
            (Kind::Stalled | Kind::LockMissing, Some(operation)) => {
                format!("state resolve {operation} --retry --note WHY")
            }
            (
                Kind::BrokenChain
                | Kind::Impossible
                | Kind::Unreadable
                | Kind::AlteredState
                | Kind::Orphaned
                | Kind::LockLeft,
                Some(operation),
            ) => format!("state show {operation}"),
            (_, None) => "state verify".to_owned(),
        }
    }

    /// A lock that nobody can give back by its operation.
    pub(super) fn of_lock(target: &str, operation: Option<&OperationId>, evidence: impl Into<String>) -> Self {
        let action = if target_of(target).is_some() {
            format!("Look that nobody restores into it, then give it up: `aurora-restore state unlock {target}`.")
        } else {
            format!("It names no target: delete the item `lock#{target}` of the state table.")
        };
        let evidence = format!("the lock of {target} {}", evidence.into());
        let lock = Some(target.to_owned());
        let operation = operation.cloned();
        Self { kind: Kind::LockLeft, operation, evidence, since: None, action, lock, rebuild: None }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.operation {
            Some(operation) => write!(formatter, "{} {operation}: {}", self.kind.as_str(), self.evidence),
            None => write!(formatter, "{}: {}", self.kind.as_str(), self.evidence),
        }
    }
}

fn action(kind: Kind, operation: &OperationId) -> String {
    match kind {
        Kind::Stalled => format!(
            "Decide with `aurora-restore state resolve {operation} --retry --note WHY`, or `--fail` in its place."
        ),
        Kind::BrokenChain | Kind::Impossible | Kind::Orphaned => format!(
            "Nothing is done with a journal that cannot be trusted: keep what `aurora-restore state show {operation}` \
             shows, find out who wrote into the store, and bring the operation back from a backup or an export."
        ),
        Kind::Unreadable => {
            "If a newer version wrote it, use that one; if it was altered, bring it back from an export or a backup."
                .to_owned()
        }
        Kind::AlteredState => format!(
            "Somebody has set it by hand; the entries count. Whatever `aurora-restore resume {operation}` or another \
             command appends next sets it right."
        ),
        Kind::LockLeft | Kind::LockMissing => format!(
            "Start nothing for its target. `aurora-restore state resolve {operation} --retry --note WHY` takes the lock \
             with its next entry; where that is refused, bring the store back from a backup."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_word_of_its_own_as_its_documents_say_it() {
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
