//! A change as its records tell it.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    proposal::{ChangeId, Figures, Proposal},
    record::ChangeEvent,
    stage::{IllegalMove, Move, Outcome, Stage, next},
};

/// Who did something, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signature {
    /// The ARN of the caller.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Somebody's agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Approval {
    /// Whose.
    #[serde(flatten)]
    pub signature: Signature,
    /// To what.
    pub digest: String,
    /// Until when it is good.
    pub until: Timestamp,
}

/// How a change ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ending {
    /// Who says so.
    #[serde(flatten)]
    pub signature: Signature,
    /// How.
    pub outcome: Outcome,
    /// What there is to say about it.
    pub note: Option<String>,
}

/// A change as its records tell it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Its id.
    pub id: ChangeId,
    /// Where it stands.
    pub stage: Stage,
    /// Who opened it.
    pub opened: Signature,
    /// What it is about.
    #[serde(flatten)]
    pub proposal: Proposal,
    /// The newest agreement.
    pub approval: Option<Approval>,
    /// Who began to apply it last.
    pub began: Option<Signature>,
    /// How it ended.
    pub ended: Option<Ending>,
    /// What was measured before it was applied for the first time.
    pub before: Figures,
    /// What was measured afterwards.
    pub after: Figures,
}

impl Change {
    pub(super) fn opened(id: ChangeId, by: String, at: Timestamp, proposal: Proposal) -> Self {
        Self {
            id,
            stage: Stage::Proposed,
            opened: Signature { by, at },
            proposal,
            approval: None,
            began: None,
            ended: None,
            before: Figures::new(),
            after: Figures::new(),
        }
    }

    /// Takes up what happened to it.
    pub(super) fn apply(&mut self, event: &ChangeEvent, at: Timestamp) -> Result<(), IllegalMove> {
        let signed = |by: &str| Signature { by: by.to_owned(), at };
        match event {
            // A record opens one change, and this one is open.
            ChangeEvent::Opened { .. } => {}
            ChangeEvent::Approved { by, digest, until, .. } => {
                self.stage = next(self.stage, Move::Approve)?;
                self.approval = Some(Approval { signature: signed(by), digest: digest.clone(), until: *until });
            }
            ChangeEvent::Began { by, before, .. } => {
                self.stage = next(self.stage, Move::Begin)?;
                if self.began.is_none() {
                    self.before.clone_from(before);
                }
                self.began = Some(signed(by));
            }
            ChangeEvent::Ended { by, outcome, note, after, .. } => {
                self.stage = next(self.stage, Move::End(*outcome))?;
                self.ended = Some(Ending { signature: signed(by), outcome: *outcome, note: note.clone() });
                self.after.clone_from(after);
            }
        }
        Ok(())
    }
}

impl ChangeEvent {
    /// The change that it is about; none for the one that it opens.
    pub(super) fn change(&self) -> Option<ChangeId> {
        match self {
            Self::Opened { .. } => None,
            Self::Approved { change, .. } | Self::Began { change, .. } | Self::Ended { change, .. } => Some(*change),
        }
    }
}
