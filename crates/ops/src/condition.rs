//! What the service's words for the status of a stack mean to whoever wants to change it. Pure.

use crate::{error::OpsError, ports::Stack};

/// What can be done with a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It has a name and no resources yet: a change set was made, and not executed.
    Reviewing,
    /// It is being changed. It comes to an end by itself.
    Changing,
    /// It is being deleted.
    Deleting,
    /// It can be changed.
    Usable,
    /// Its creation failed and was taken back: it can only be deleted.
    NeverMade,
    /// Taking a change back failed: a person has to help it on.
    HalfTakenBack,
    /// Deleting it failed: what is in the way has to go first.
    HalfDeleted,
    /// It is gone.
    Gone,
}

/// What a status means. A word that is not known counts as changing, so that nobody changes what is not understood.
pub fn condition(status: &str) -> Condition {
    match status {
        "REVIEW_IN_PROGRESS" => Condition::Reviewing,
        "DELETE_IN_PROGRESS" => Condition::Deleting,
        "CREATE_COMPLETE"
        | "UPDATE_COMPLETE"
        | "UPDATE_ROLLBACK_COMPLETE"
        | "IMPORT_COMPLETE"
        | "IMPORT_ROLLBACK_COMPLETE" => Condition::Usable,
        "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "CREATE_FAILED" => Condition::NeverMade,
        "UPDATE_ROLLBACK_FAILED" | "UPDATE_FAILED" | "IMPORT_ROLLBACK_FAILED" => Condition::HalfTakenBack,
        "DELETE_FAILED" => Condition::HalfDeleted,
        "DELETE_COMPLETE" => Condition::Gone,
        _ => Condition::Changing,
    }
}

/// Whether a status is the good end of a change.
pub fn is_made(status: &str) -> bool {
    matches!(status, "CREATE_COMPLETE" | "UPDATE_COMPLETE")
}

/// Why a stack cannot be changed, in the words of whoever has to do something about it.
pub fn refusal(stack: &Stack) -> OpsError {
    let name = &stack.name;
    let said = stack.reason.as_deref().map_or_else(String::new, |reason| format!(" ({reason})"));
    let (reason, hint) = match condition(&stack.status) {
        Condition::NeverMade => (
            format!("its creation failed and was taken back{said}, so it cannot be changed any more"),
            format!("Delete it with `aurora-restore stack delete --stack {name}`, then deploy again."),
        ),
        Condition::HalfTakenBack => (
            format!("a change of it could not be taken back{said}"),
            "Mend what its events name, continue or begin the rollback (ContinueUpdateRollback, RollbackStack), then deploy again.".to_owned(),
        ),
        Condition::HalfDeleted => (
            format!("deleting it failed{said}"),
            format!("Remove what its events name, then run `aurora-restore stack delete --stack {name}` once more."),
        ),
        Condition::Deleting | Condition::Gone => {
            ("it is being deleted".to_owned(), "Wait until it is gone, then deploy again.".to_owned())
        }
        Condition::Reviewing => (
            "it was never made: a change set waits for somebody to execute it".to_owned(),
            format!("Run `aurora-restore stack deploy --stack {name}`."),
        ),
        Condition::Changing | Condition::Usable => (
            "somebody else is changing it".to_owned(),
            format!("Look at it with `aurora-restore stack status --stack {name}`, and run this once more."),
        ),
    };
    OpsError::NotNow { stack: name.clone(), status: stack.status.clone(), reason, hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every status that CloudFormation documents for a stack.
    const STATUSES: &[(&str, Condition)] = &[
        ("CREATE_COMPLETE", Condition::Usable),
        ("CREATE_IN_PROGRESS", Condition::Changing),
        ("CREATE_FAILED", Condition::NeverMade),
        ("DELETE_COMPLETE", Condition::Gone),
        ("DELETE_FAILED", Condition::HalfDeleted),
        ("DELETE_IN_PROGRESS", Condition::Deleting),
        ("IMPORT_IN_PROGRESS", Condition::Changing),
        ("IMPORT_COMPLETE", Condition::Usable),
        ("IMPORT_ROLLBACK_IN_PROGRESS", Condition::Changing),
        ("IMPORT_ROLLBACK_FAILED", Condition::HalfTakenBack),
        ("IMPORT_ROLLBACK_COMPLETE", Condition::Usable),
        ("REVIEW_IN_PROGRESS", Condition::Reviewing),
        ("ROLLBACK_COMPLETE", Condition::NeverMade),
        ("ROLLBACK_FAILED", Condition::NeverMade),
        ("ROLLBACK_IN_PROGRESS", Condition::Changing),
        ("UPDATE_COMPLETE", Condition::Usable),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Condition::Changing),
        ("UPDATE_FAILED", Condition::HalfTakenBack),
        ("UPDATE_IN_PROGRESS", Condition::Changing),
        ("UPDATE_ROLLBACK_COMPLETE", Condition::Usable),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", Condition::Changing),
        ("UPDATE_ROLLBACK_FAILED", Condition::HalfTakenBack),
        ("UPDATE_ROLLBACK_IN_PROGRESS", Condition::Changing),
        ("SOMETHING_NEW", Condition::Changing),
    ];

    #[test]
    fn every_status_has_its_meaning() {
        for (status, meaning) in STATUSES {
            assert_eq!(condition(status), *meaning, "{status}");
        }
    }

    #[test]
    fn only_a_good_end_counts_as_made() {
        let made: Vec<&str> = STATUSES.iter().map(|(status, _)| *status).filter(|status| is_made(status)).collect();
        assert_eq!(made, ["CREATE_COMPLETE", "UPDATE_COMPLETE"]);
    }
}
