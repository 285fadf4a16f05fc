//! One invocation of a function that serves a place: take the operation over, advance it while it stands here, answer.
//!
//! A repeated delivery is harmless: if the operation stands elsewhere nothing is moved. If we die anywhere, the next
//! invocation raises the token, so what is left of us is fenced, and goes on from the journal.

use std::time::Duration;

use aurora_restore_app::config::WAIT_INSIDE_MAX;
use aurora_restore_core::{
    catalogue::ErrorCode,
    engine::{Advance, BeginOperation, Engine, EngineError, Place, Session, look_at, place},
    ids::{OperationId, Region},
    operation::{Failure, StepKind, StepStatus},
    ports::{JournalError, Ports, Side, TargetKey},
    request::{Request, Strategy},
};
use aurora_restore_ops::ports::Cause;
use jiff::SignedDuration;
use serde_json::{Map, Value};

use crate::{
    ask::{self, overtaken},
    begun,
    event::{AskKind, Event},
    failure::FunctionError,
    metrics::{Glimpse, Measure},
    place::Served,
    rehearsal::as_rehearsed,
    reply::{Asked, Reply},
    time::Hourglass,
};

/// What is kept of the time for the answer, and the least that a move is begun with.
const RESERVE_MIN: Duration = Duration::from_secs(3);
/// A move is begun only while this part of the time is left, so that a long one does not run into the end.
const RESERVE_PART: u32 = 4;
/// More moves than an invocation has time for.
const MOVES_MAX: u32 = 10_000;
/// So soon the machine calls again where only the time was up.
const AT_ONCE: SignedDuration = SignedDuration::from_secs(1);

/// Turns what an event asks for into a request, by the configuration.
pub type RequestReader<'a> = dyn Fn(&Map<String, Value>) -> Result<Request, FunctionError> + Send + Sync + 'a;

/// A function at work on one event.
pub struct Function<'a> {
    /// What it serves.
    pub served: Served,
    /// Where it runs: it restores into its own Region.
    pub region: &'a Region,
    /// Whether its stack lets `replace` delete a target and make a cluster under its name.
    pub allows_replace: bool,
    /// What it works with.
    pub ports: Ports<'a>,
    /// How it reads a request.
    pub request: &'a RequestReader<'a>,
    /// The time that it has.
    pub hourglass: &'a dyn Hourglass,
}

impl Function<'_> {
    /// Serves an event. What was measured is noted even where there is no answer.
    ///
    /// # Errors
    /// [`FunctionError`].
    pub async fn serve(&self, event: &Event, measures: &mut Vec<Measure>) -> Result<Reply, FunctionError> {
        match self.serve_once(event, measures).await {
            Err(FunctionError::Fenced(text)) if self.is_executed_by(event).await => Err(FunctionError::TryAgain(text)),
            other => other,
        }
    }

    /// Whether the fence is of this very execution: another delivery of the same event, which the machine may have given
    /// up, took the operation over. One of both has to go on.
    async fn is_executed_by(&self, event: &Event) -> bool {
        let found = look_at(self.ports.journal, &event.operation_id).await;
        found.is_ok_and(|operation| operation.executor == event.executor)
    }

    async fn serve_once(&self, event: &Event, measures: &mut Vec<Measure>) -> Result<Reply, FunctionError> {
        let engine = Engine::new(self.ports);
        let mut session = match self.take(&engine, event).await {
            Ok(session) => session,
            Err(error) => {
                let error = begun::told_of_executed(self.ports.journal, event, error).await;
                return Err(event.cause.as_ref().map_or(error.clone(), |cause| error.after(&cause.text())));
            }
        };
        let gone_on = self.go_on(&engine, &mut session, event, measures).await;
        gone_on.map_err(|error| begun::told_of_taken(session.operation(), error))
    }

    /// Goes on with an operation that was taken over.
    async fn go_on(
        &self,
        engine: &Engine<'_>,
        session: &mut Session,
        event: &Event,
        measures: &mut Vec<Measure>,
    ) -> Result<Reply, FunctionError> {
        if let Some(cause) = event.cause.as_ref().filter(|cause| cause.error != FunctionError::FENCED) {
            self.give_up(engine, session, cause, measures).await?;
        }
        let reply = self.advance(engine, session, measures).await?;
        if reply.outcome != crate::Outcome::Wait {
            let asked = match event.ask.as_ref().map(|ask| ask.kind) {
                Some(AskKind::Retire) => Asked::Retirement,
                Some(AskKind::Undo) => Asked::WayBack,
                _ if self.served == Served::Retire => Asked::Retirement,
                Some(AskKind::Resume | AskKind::Waive) | None => Asked::Nothing,
            };
            return Ok(Reply::elsewhere(session.operation(), asked));
        }
        Ok(reply)
    }

    /// Gives up the step whose function could not do its work, and turns back: that function would be the one to turn. If
    /// we die in between, the next delivery finds the step failed and turns.
    async fn give_up(
        &self,
        engine: &Engine<'_>,
        session: &mut Session,
        cause: &Cause,
        measures: &mut Vec<Measure>,
    ) -> Result<(), FunctionError> {
        let before = Glimpse::of(session.operation());
        engine.give_up_step(session, given_up(cause)).await?;
        before.compare(session.operation(), measures);
        for _ in 0..MOVES_MAX {
            let Place::Step(step) = place(session.operation()) else { return Ok(()) };
            let status = session.operation().step(step).map(|record| record.status);
            if status != Some(StepStatus::Failed) {
                return Ok(());
            }
            let _moved = engine.advance(session).await?;
        }
        Ok(())
    }

    /// Takes the operation over, or begins it.
    async fn take(&self, engine: &Engine<'_>, event: &Event) -> Result<Session, FunctionError> {
        let first = self.served == Served::FIRST;
        let operation = match look_at(self.ports.journal, &event.operation_id).await {
            Ok(operation) => operation,
            Err(EngineError::Journal(JournalError::UnknownOperation { .. })) if first => {
                return self.begin(engine, event).await;
            }
            Err(error) => return Err(error.into()),
        };
        match &event.ask {
            Some(ask) if first => ask::obey(engine, self.ports.journal, event, ask).await,
            Some(_) | None if operation.executor == event.executor => {
                match engine.attach(&event.operation_id, &event.executor).await {
                    Err(EngineError::Journal(JournalError::UnknownOperation { operation })) => {
                        Err(stateless(&operation))
                    }
                    attached => Ok(attached?),
                }
            }
            Some(_) | None if first => Err(FunctionError::Refused(format!(
                "operation {} exists already, and {} executes it; go on with it by `aurora-restore resume {}`, or start another \
                 one under an id of its own. Nothing was changed.",
                operation.id, operation.executor, operation.id
            ))),
            Some(_) | None => Err(overtaken(&operation, &event.executor)),
        }
    }

    async fn begin(&self, engine: &Engine<'_>, event: &Event) -> Result<Session, FunctionError> {
        let id = &event.operation_id;
        // In the journal's own words, by which a smoke test knows the answer.
        let unknown = |what: &str| {
            let unknown = JournalError::UnknownOperation { operation: id.clone() };
            FunctionError::Refused(format!(
                "{unknown}, {what}; `aurora-restore list` shows those that are. Nothing was changed."
            ))
        };
        if let Some(ask) = &event.ask {
            return Err(unknown(&format!("so it cannot be asked to {}", ask.kind.as_str())));
        }
        let Some(asked) = &event.request else {
            return Err(unknown("and the event holds no `request` to begin it with"));
        };
        let request = as_rehearsed(event, self.ports.cloud, (self.request)(asked)?).await?;
        self.require_possible(&request)?;
        let account = self.ports.cloud.account(Side::Target).await?;
        let target = TargetKey {
            account: account.to_string(),
            region: request.target.region.clone(),
            cluster: request.target.cluster.clone(),
        };
        let (executor, approved_plan) = (event.executor.clone(), event.approved_plan.clone());
        let new = BeginOperation { id: id.clone(), request, target, executor, approved_plan };
        Ok(engine.begin(new).await?)
    }

    /// Refuses what this stack cannot do, before anything is begun.
    fn require_possible(&self, request: &Request) -> Result<(), FunctionError> {
        if request.target.region != *self.region {
            return Err(FunctionError::Refused(format!(
                "the request's target is in {}, and this stack restores into {}; use the stack of that Region. Nothing was \
                 changed.",
                request.target.region, self.region
            )));
        }
        if request.strategy == Strategy::Replace && !self.allows_replace {
            return Err(FunctionError::Refused(
                "the request's strategy is `replace`, and this stack may neither delete a target nor make a cluster under a \
                 target's name; allow it with `aurora-restore stack deploy --parameter AllowReplace=yes`, or use the strategy \
                 `swap`. Nothing was changed."
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// Advances the operation while it stands here and there is time.
    async fn advance(
        &self,
        engine: &Engine<'_>,
        session: &mut Session,
        measures: &mut Vec<Measure>,
    ) -> Result<Reply, FunctionError> {
        let reserve = (self.hourglass.left() / RESERVE_PART).max(RESERVE_MIN);
        for number in 0..MOVES_MAX {
            if !self.served.serves(place(session.operation())) {
                break;
            }
            // One move is made in any case: otherwise an invocation with little time would come for nothing, for ever.
            if number > 0 && self.hourglass.left() < reserve {
                return Ok(Reply::wait(session.operation(), self.served, AT_ONCE));
            }
            let before = Glimpse::of(session.operation());
            let advance = engine.advance(session).await?;
            before.compare(session.operation(), measures);
            if let Advance::Wait { after, progress } = advance {
                let progress = progress.map(|progress| progress.text);
                tracing::debug!(seconds = after.as_secs(), progress, "waiting");
                if !self.has_time_for(after, reserve) {
                    return Ok(Reply::wait(session.operation(), self.served, after));
                }
                self.hourglass.wait(Duration::try_from(after).unwrap_or_default()).await;
            }
        }
        Ok(Reply::elsewhere(session.operation(), Asked::Nothing))
    }

    /// The checks of a restore get what is left of their invocation, and what they come to is final: each try has a whole one.
    fn has_time_for(&self, wait: SignedDuration, reserve: Duration) -> bool {
        if self.served == Served::Step(StepKind::VerifyRestore) {
            return false;
        }
        let needed = Duration::try_from(wait).unwrap_or_default() + reserve;
        wait <= WAIT_INSIDE_MAX && self.hourglass.left() >= needed
    }
}

/// The entries are there and the state is not, which is kept for a shorter time.
fn stateless(operation: &OperationId) -> FunctionError {
    FunctionError::Refused(format!(
        "operation {operation} was here before: its entries are kept, and its state was purged, has expired or was lost; start another \
         one under an id of its own, or write the state anew with `aurora-restore state rebuild`. Nothing was changed."
    ))
}

/// What is recorded of a step whose function could not do its work.
fn given_up(cause: &Cause) -> Failure {
    let code = match cause.error.as_str() {
        "States.Timeout" | "Sandbox.Timedout" => ErrorCode::StepTimeout,
        "AuroraRestore.TryAgain" => ErrorCode::Unavailable,
        // The configuration or a permission of that one function: whoever can serve the way back takes back what it did.
        FunctionError::BLOCKED => ErrorCode::AccessDenied,
        error if error.starts_with("Lambda.") => ErrorCode::Unavailable,
        _ => ErrorCode::Internal,
    };
    Failure::terminal(code, format!("the step's function could not do its work: {}", cause.text())).hint(code.action())
}
