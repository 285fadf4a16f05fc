//! What a step gets to work with: the operation, reads, and changes that pass the fence.

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use crate::{
    catalogue::ErrorCode,
    engine::Fence,
    ids::SecretId,
    operation::{Failure, Operation, Progress, StepKind},
    plan::Plan,
    plan::secrets::{MasterLogin, read_master},
    ports::{
        Change, Database, DatabaseError, DatabaseLogin, Endpoint, JournalError, Location, Notifier, Ports, RdsError,
        RdsReads, Secrets, Side,
    },
    request::Limits,
    steps::{StepOutcome, UndoOutcome, failure},
    verification::CheckResult,
};

/// Why a step could not go on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StepError {
    /// The step failed; the class says what follows.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The restored data are refused: the failure, and every check with its figure.
    #[error("{failure}")]
    Refused {
        /// What follows.
        failure: Failure,
        /// Every check, those that passed among them.
        checks: Vec<CheckResult>,
    },
    /// The journal did not answer, or another executor has taken over: this executor stops here.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What was seen is too old to act upon, or it is too late to act: nothing was sent, and the step looks again.
    #[error("what the step saw is older than {LOOKS_AGE_MAX:#}, or its time is over")]
    Outdated,
}

/// A change rests on what its run of the step saw. A run that was held up for longer than this, for instance because the
/// machine slept, looks again before it changes anything: a name that it saw may be another thing's by now.
pub(crate) const LOOKS_AGE_MAX: SignedDuration = SignedDuration::from_mins(2);

impl From<RdsError> for StepError {
    fn from(error: RdsError) -> Self {
        Self::Failed(failure::failure_of_rds(&error))
    }
}

impl From<DatabaseError> for StepError {
    fn from(error: DatabaseError) -> Self {
        Self::Failed(failure::failure_of_database(&error))
    }
}

/// What a step gets.
#[derive(Clone, Copy)]
pub struct StepContext<'a> {
    operation: &'a Operation,
    ports: Ports<'a>,
    fence: Fence<'a>,
    begun: Timestamp,
    only_looks: bool,
}

impl<'a> StepContext<'a> {
    /// For one run of a step, which begins now.
    pub(crate) fn new(operation: &'a Operation, ports: Ports<'a>, fence: Fence<'a>) -> Self {
        Self { operation, ports, fence, begun: ports.clock.now(), only_looks: false }
    }

    /// The same run, which makes no change any more: where one would be made the run ends with [`StepError::Outdated`].
    pub(crate) fn only_looking(self) -> Self {
        Self { only_looks: true, ..self }
    }

    /// When this run of the step began: all that it has seen, it saw since.
    pub fn begun(&self) -> Timestamp {
        self.begun
    }

    /// The operation.
    pub fn operation(&self) -> &'a Operation {
        self.operation
    }

    /// The ports, for making a plan, which only reads.
    pub(super) fn ports(&self) -> &Ports<'a> {
        &self.ports
    }

    /// The plan.
    ///
    /// # Errors
    /// A terminal failure if there is none, which the order of the steps rules out.
    pub fn plan(&self) -> Result<&'a Plan, Failure> {
        self.operation.facts.plan.as_deref().ok_or_else(|| missing("the plan"))
    }

    /// Makes sure that the source account is the one that the plan was made with, where something of the plan lies there. Another one
    /// answers "not found" for all of it, which would be taken for "gone".
    ///
    /// # Errors
    /// A failure for an operator where it is another one; others where the account cannot be asked.
    pub(super) async fn require_planned_source(&self) -> Result<(), StepError> {
        let Some(planned) = self.plan()?.source_worked_in() else { return Ok(()) };
        let found = self.ports.cloud.account(Side::Source).await.map_err(|error| failure::failure_of_cloud(&error))?;
        if found == planned {
            return Ok(());
        }
        let message = format!("account {found} answers for the source, and the plan was made with {planned}");
        let code = ErrorCode::OtherAccount;
        Err(Failure::needs_operator(code, message).hint(code.action()).into())
    }

    /// The same before something of the plan is looked for at a place, if that is in the source account.
    ///
    /// # Errors
    /// As [`Self::require_planned_source`].
    pub(super) async fn require_planned(&self, location: &Location) -> Result<(), StepError> {
        match location.side {
            Side::Source => self.require_planned_source().await,
            Side::Target => Ok(()),
        }
    }

    /// The bounds.
    pub fn limits(&self) -> &'a Limits {
        &self.operation.request.limits
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// Reads of RDS at a place.
    pub fn rds(&self, location: &Location) -> &'a dyn RdsReads {
        self.ports.cloud.rds(location)
    }

    /// Makes a change, if the operation is still this executor's and what the step saw is not too old.
    ///
    /// # Errors
    /// As [`crate::ports::Rds::change`]; [`JournalError::Fenced`] if another executor has taken over;
    /// [`StepError::Outdated`] if the step began longer ago than [`LOOKS_AGE_MAX`], or only looks.
    pub async fn change(&self, location: &Location, change: Change) -> Result<Result<(), RdsError>, StepError> {
        self.fence.check(self.ports.clock).await?;
        if self.only_looks || self.now().duration_since(self.begun) > LOOKS_AGE_MAX {
            return Err(StepError::Outdated);
        }
        tracing::info!(action = change.action(), object = change.object(), %location, "changing");
        Ok(self.ports.cloud.rds(location).change(&change).await)
    }

    /// What is done inside the database.
    pub fn database(&self) -> &'a dyn Database {
        self.ports.database
    }

    /// Where passwords are kept.
    pub fn secrets(&self) -> &'a dyn Secrets {
        self.ports.secrets
    }

    /// Who is told.
    pub fn notifier(&self) -> &'a dyn Notifier {
        self.ports.notifier
    }

    /// The master login that the new cluster shall have.
    ///
    /// # Errors
    /// Where the secret is missing or malformed.
    pub async fn master(&self) -> Result<MasterLogin, StepError> {
        let id: &SecretId = &self.operation.request.secrets.master;
        read_master(self.secrets(), id).await.map_err(StepError::Failed)
    }

    /// How the master logs in at an endpoint.
    ///
    /// # Errors
    /// Where the secret is missing or malformed.
    pub async fn master_login(&self, endpoint: &Endpoint) -> Result<DatabaseLogin, StepError> {
        let master = self.master().await?;
        Ok(DatabaseLogin {
            endpoint: endpoint.clone(),
            database: master.database,
            username: master.username,
            password: master.password,
        })
    }

    /// Waits, and says why.
    pub fn wait(&self, step: StepKind, after: SignedDuration, text: impl Into<String>) -> StepOutcome {
        StepOutcome::Wait { after, progress: Some(Progress { step, text: text.into(), percent: None }) }
    }

    /// Waits while undoing, and says why.
    pub fn wait_undo(&self, step: StepKind, after: SignedDuration, text: impl Into<String>) -> UndoOutcome {
        UndoOutcome::Wait { after, progress: Some(Progress { step, text: text.into(), percent: None }) }
    }
}

/// A fact that an earlier step must have left is not there: a broken invariant, told and not acted upon.
pub(super) fn missing(what: &str) -> Failure {
    Failure::terminal(ErrorCode::Internal, format!("{what} is missing in the journal"))
}
