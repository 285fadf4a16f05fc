//! Who is told when an operation ends.

use async_trait::async_trait;
use serde::Serialize;

use crate::{
    ids::{ClusterId, OperationId},
    operation::Status,
};

/// What is told: how an operation ended, or that something wants a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NoticeOutcome {
    /// The name is served by the verified new cluster.
    Completed,
    /// The operation failed and was undone.
    Failed,
    /// The operation was cancelled and undone.
    Cancelled,
    /// A person must act.
    Stuck,
    /// Nothing ended: something around operations wants a person's look.
    Attention,
}

impl NoticeOutcome {
    /// What is told of an operation with this status; nothing while it is in progress.
    pub fn of(status: Status) -> Option<Self> {
        match status {
            Status::Completed => Some(Self::Completed),
            Status::Failed => Some(Self::Failed),
            Status::Cancelled => Some(Self::Cancelled),
            Status::Stuck => Some(Self::Stuck),
            Status::InProgress => None,
        }
    }
}

/// What is told. It never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// The operation.
    pub operation_id: OperationId,
    /// The name that clients use.
    pub target: ClusterId,
    /// How it ended.
    pub outcome: NoticeOutcome,
    /// How often the operation had become stuck by then. A channel that drops repeats tells by it an operation that is stuck
    /// once more from one of which it was told before; whoever tells again what was not recorded tells the same number.
    pub times_stuck: u32,
    /// One line for a subject.
    pub subject: String,
    /// A few sentences for the body.
    pub body: String,
}

/// Tells people. A notice may be delivered more than once; receivers tell repeats by operation id, outcome and how often it
/// was stuck. It goes out before what it tells is recorded: what counts is the report.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Hands the notice over; after it returns the channel has accepted it.
    ///
    /// # Errors
    /// [`NotifierError`] where the channel did not accept it.
    async fn notify(&self, notice: &Notice) -> Result<(), NotifierError>;
}

/// Why a notice could not be handed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the notice was not accepted by {channel}: {reason}")]
pub struct NotifierError {
    /// The channel, for example a topic's ARN.
    pub channel: String,
    /// What it said.
    pub reason: String,
}
