//! The fence: asked before every change, so that an executor that was overtaken changes nothing any more.

use crate::{
    ids::OperationId,
    ports::{FencingToken, Journal, JournalError},
};

/// Proves before a change that the operation is still this executor's.
///
/// RDS knows no fencing tokens, so between the proof and RDS's acting on the call another executor may take over. What
/// is left of that window is harmless: names are fixed, every change finds its own work by name and tag, and renames
/// name the present owner of a name, so a late one is refused or does what the newer executor does, too.
#[derive(Clone, Copy)]
pub struct Fence<'a> {
    pub(super) journal: &'a dyn Journal,
    pub(super) operation: &'a OperationId,
    pub(super) token: FencingToken,
}

impl Fence<'_> {
    /// Proves it.
    ///
    /// # Errors
    /// [`JournalError::Fenced`] if another executor has taken over.
    pub async fn check(&self) -> Result<(), JournalError> {
        let head = self.journal.head(self.operation).await?;
        if head.token == self.token { Ok(()) } else { Err(JournalError::Fenced { operation: self.operation.clone() }) }
    }
}
