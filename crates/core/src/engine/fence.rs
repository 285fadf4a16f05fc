//! The fence: asked before every change, so that an executor that was overtaken changes nothing any more.

use jiff::SignedDuration;

use crate::{
    ids::OperationId,
    ports::{Clock, FencingToken, Journal, JournalError},
};

/// A proof that is older than this proves nothing any more.
pub const PROOF_AGE_MAX: SignedDuration = SignedDuration::from_secs(15);
/// So many proofs in a row may come too late.
const LATE_PROOFS_MAX: u32 = 5;

/// Proves before a change that the operation is still this executor's.
///
/// RDS knows no fencing tokens, so between the proof and RDS's acting on the call another executor may take over. That
/// window is kept short: a proof that took longer than [`PROOF_AGE_MAX`] is asked for again, so an executor that hangs in
/// between finds out. What is left is the time that one call is on its way, and it is harmless: names are fixed, every
/// change finds its own work by name and tag, and whoever undoes looks again once such a call must have landed.
#[derive(Clone, Copy)]
pub struct Fence<'a> {
    pub(super) journal: &'a dyn Journal,
    pub(super) operation: &'a OperationId,
    pub(super) token: FencingToken,
}

impl Fence<'_> {
    /// Proves it, as of a moment ago.
    ///
    /// # Errors
    /// [`JournalError::Fenced`] if another executor has taken over; [`JournalError::Unavailable`] if the answers come too
    /// late, one after the other.
    pub async fn check(&self, clock: &dyn Clock) -> Result<(), JournalError> {
        for _ in 0..LATE_PROOFS_MAX {
            let asked = clock.now();
            let head = self.journal.head(self.operation).await?;
            if head.token != self.token {
                return Err(JournalError::Fenced { operation: self.operation.clone() });
            }
            if clock.now().duration_since(asked) <= PROOF_AGE_MAX {
                return Ok(());
            }
        }
        let reason = format!("it takes longer than {PROOF_AGE_MAX:#} to answer");
        Err(JournalError::Unavailable { store: "the journal".to_owned(), reason })
    }
}
