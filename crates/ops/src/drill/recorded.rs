//! What a drill without a restore has found, as it is recorded: a mark and a JSON form, as the reason for which its operation is cancelled.

use aurora_restore_core::operation::{Operation, UndoReason};
use serde::{Serialize, de::DeserializeOwned};

/// The text of a finding.
pub(super) fn text(mark: &str, found: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(format!("{mark}{}", serde_json::to_string(found)?))
}

/// The finding behind a mark; `None` where there is none, or none of this form.
pub(super) fn read<T: DeserializeOwned>(mark: &str, operation: &Operation) -> Option<T> {
    let Some(UndoReason::Cancelled(request)) = &operation.undo_reason else { return None };
    serde_json::from_str(request.reason.as_deref()?.strip_prefix(mark)?).ok()
}
