//! What may be done with a change, decided from the ledger alone.

use jiff::Timestamp;

use super::{
    error::ChangeError,
    ledger::Ledger,
    project::Change,
    proposal::{ChangeId, Proposal},
    stage::{Move, Stage, next},
};

/// What has to be agreed to before something is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// Nothing.
    Nothing,
    /// Somebody has approved just this, under whatever id.
    Approval,
    /// This change is approved, and is just this.
    ApprovalOf(ChangeId),
}

/// The change that a proposal goes on with; none: it needs one of its own.
///
/// # Errors
/// [`ChangeError`] where the demand is not met.
pub(super) fn admit(
    ledger: &Ledger,
    proposal: &Proposal,
    demand: Demand,
    now: Timestamp,
) -> Result<Option<ChangeId>, ChangeError> {
    let same = |change: &&Change| {
        change.proposal.kind == proposal.kind && change.proposal.digest == proposal.digest && !change.stage.has_ended()
    };
    match demand {
        Demand::Nothing => Ok(ledger.changes.iter().rev().find(same).map(|change| change.id)),
        Demand::Approval => {
            require_whole(ledger)?;
            let candidates = || ledger.changes.iter().rev().filter(same);
            if let Some(change) = candidates().find(|change| approved(change, now).is_ok()) {
                return Ok(Some(change.id));
            }
            let nearest = candidates().next();
            Err(nearest.map_or(ChangeError::NothingApproved, |change| {
                approved(change, now).err().unwrap_or(ChangeError::NotApproved { change: change.id })
            }))
        }
        Demand::ApprovalOf(id) => {
            require_whole(ledger)?;
            let change = known(ledger, id)?;
            let _applying =
                next(change.stage, Move::Begin).map_err(|source| ChangeError::Illegal { change: id, source })?;
            if change.proposal.kind != proposal.kind {
                let (is, wanted) = (change.proposal.kind.command(), proposal.kind.command());
                return Err(ChangeError::OtherKind { change: id, is, wanted });
            }
            approved(change, now)?;
            if change.proposal.digest == proposal.digest {
                Ok(Some(id))
            } else {
                Err(ChangeError::Stale { change: id, now: proposal.digest.clone() })
            }
        }
    }
}

/// Whether somebody has agreed in time. One that was begun in time may be gone on with.
fn approved(change: &Change, now: Timestamp) -> Result<(), ChangeError> {
    let approval = change.approval.as_ref().filter(|approval| approval.digest == change.proposal.digest);
    match approval {
        None => Err(ChangeError::NotApproved { change: change.id }),
        Some(approval) if approval.until <= now && change.stage != Stage::Applying => {
            Err(ChangeError::Expired { change: change.id, at: approval.until })
        }
        Some(_) => Ok(()),
    }
}

/// Whether somebody may agree to a change. Gives it.
///
/// # Errors
/// [`ChangeError`] where they may not.
pub(super) fn approvable<'l>(
    ledger: &'l Ledger,
    id: ChangeId,
    digest: Option<&str>,
    by: &str,
) -> Result<&'l Change, ChangeError> {
    require_whole(ledger)?;
    let change = known(ledger, id)?;
    let _approved = next(change.stage, Move::Approve).map_err(|source| ChangeError::Illegal { change: id, source })?;
    if change.opened.by == by {
        return Err(ChangeError::Own { change: id, by: by.to_owned() });
    }
    match digest {
        Some(digest) if digest != change.proposal.digest => {
            Err(ChangeError::OtherDigest { change: id, is: change.proposal.digest.clone() })
        }
        Some(_) | None => Ok(change),
    }
}

pub(super) fn known(ledger: &Ledger, id: ChangeId) -> Result<&Change, ChangeError> {
    ledger.find(id).ok_or(ChangeError::Unknown { change: id })
}

/// An approval that stands in a chain with something wrong in it proves nothing.
fn require_whole(ledger: &Ledger) -> Result<(), ChangeError> {
    match &ledger.broken {
        Some(reason) => Err(ChangeError::Broken { reason: reason.clone() }),
        None => Ok(()),
    }
}
