//! Drives a drill: lets happen to it what its scenario says, and takes it back.
//!
//! Everything that it does is asked of the engine and stands in the journal, so a drill that is left anywhere is gone on with by
//! looking where it stands.

use std::collections::BTreeSet;

use aurora_restore_app::{DriveEnd, Follower, History, Services, Sink, Stop, caller, drive, executor};
use aurora_restore_core::{
    engine::{Engine, EngineError, Session, request_cancel},
    ids::OperationId,
    journal::Entry,
    operation::{CancelRequest, Event, Operation, Phase, Progress, Status, StepKind},
    ports::{Journal, JournalError},
};
use aurora_restore_ops::drill::{Record, Scenario, Verdict};
use tokio::sync::watch;

use super::super::drive as driving;
use crate::{
    context::Context,
    error::{CommandError, CommandResult},
    exit_code::ExitCode,
    render::{json_lines, words},
    ui::Format,
};

/// A stack has no function for drills: whoever names one is told what it is named for.
#[cfg(feature = "stack")]
pub(super) fn tell_where(context: &Context) {
    if let Some(stack) = context.stack_name() {
        context.ui().say(format_args!("the drill is driven from here, and kept in the tables of stack {stack}."));
    }
}

/// Without stacks there is nowhere else.
#[cfg(not(feature = "stack"))]
pub(super) fn tell_where(_: &Context) {}

/// A drill on its way.
pub(super) struct Rehearsal<'a> {
    pub(super) context: &'a Context,
    pub(super) services: &'a Services,
    pub(super) history: &'a History,
    pub(super) scenario: Scenario,
    /// Whether a person wants to stop.
    pub(super) stop: Stop,
}

impl Rehearsal<'_> {
    /// Drives the drill until everything is gone again, it is stuck, or the person has seen enough.
    pub(super) async fn to_the_end(
        &self,
        mut session: Session,
        mut follower: Follower,
    ) -> Result<Operation, CommandError> {
        let ports = self.services.ports();
        let engine = Engine::new(ports);
        let mut onlooker = Onlooker::new(self, &session);
        // Bounded: each turn ends the operation, loses an executor in another step, or gives up once.
        loop {
            let (lose, mut lost) = watch::channel(*self.stop.borrow());
            onlooker.lose = lose.clone();
            let end = {
                let driving = drive(&engine, ports.journal, &mut session, &mut follower, &mut onlooker, &mut lost);
                pass_on(self.stop.clone(), lose, driving).await?
            };
            match end {
                DriveEnd::Ended(Status::Completed) => engine.undo(&mut session, &caller()).await?,
                DriveEnd::Ended(_) | DriveEnd::RetirementEnded => return Ok(session.operation().clone()),
                DriveEnd::Detached if *self.stop.borrow() => return Ok(session.operation().clone()),
                DriveEnd::Detached => self.strike(&engine, &mut session).await?,
            }
        }
    }

    /// What the scenario does to a step that was begun.
    async fn strike(&self, engine: &Engine<'_>, session: &mut Session) -> Result<(), EngineError> {
        let ports = self.services.ports();
        let id = session.operation().id.clone();
        match self.scenario {
            Scenario::Restore
            | Scenario::UnavailableRegion
            | Scenario::LostJournal
            | Scenario::LostStateTable
            | Scenario::LostFunctionVersion => Ok(()),
            Scenario::HandedOver => {
                let other = executor().map_err(|error| {
                    EngineError::Journal(JournalError::Refused { operation: id.clone(), reason: error.to_string() })
                })?;
                *session = engine.attach(&id, &other).await?;
                Ok(())
            }
            Scenario::GivenUpIn(_) => {
                let request = CancelRequest { by: caller(), reason: Some(self.scenario.reason()) };
                request_cancel(ports.journal, &id, request, ports.clock.now()).await
            }
        }
    }
}

/// Lets a person stop what is being driven, too.
async fn pass_on<T>(mut person: Stop, lose: watch::Sender<bool>, driving: impl Future<Output = T>) -> T {
    let mut driving = std::pin::pin!(driving);
    tokio::select! {
        done = &mut driving => return done,
        _ = person.wait_for(|asked| *asked) => {}
    }
    lose.send_replace(true);
    driving.await
}

/// Shows what happens as any other restore, and stops its driver where the scenario strikes.
struct Onlooker<'a> {
    shown: Box<dyn Sink + 'a>,
    scenario: Scenario,
    /// The steps in which the scenario has struck.
    struck: BTreeSet<StepKind>,
    lose: watch::Sender<bool>,
}

impl<'a> Onlooker<'a> {
    fn new(rehearsal: &Rehearsal<'a>, session: &Session) -> Self {
        let operation = session.operation();
        // What stands in the journal already was shown to, or is told by, somebody else: only its last word counts here.
        let given_up = operation.cancel.is_some() || operation.phase != Phase::Forward;
        let struck = match rehearsal.scenario {
            Scenario::GivenUpIn(step) if given_up => BTreeSet::from([step]),
            Scenario::GivenUpIn(_)
            | Scenario::Restore
            | Scenario::HandedOver
            | Scenario::UnavailableRegion
            | Scenario::LostJournal
            | Scenario::LostStateTable
            | Scenario::LostFunctionVersion => BTreeSet::new(),
        };
        let shown = driving::sink(rehearsal.context.ui(), rehearsal.history);
        Self { shown, scenario: rehearsal.scenario, struck, lose: watch::channel(false).0 }
    }

    fn strikes_in(&self, step: StepKind) -> bool {
        match self.scenario {
            Scenario::Restore
            | Scenario::UnavailableRegion
            | Scenario::LostJournal
            | Scenario::LostStateTable
            | Scenario::LostFunctionVersion => false,
            Scenario::HandedOver => !self.struck.contains(&step),
            Scenario::GivenUpIn(wanted) => wanted == step && self.struck.is_empty(),
        }
    }
}

impl Sink for Onlooker<'_> {
    fn fact(&mut self, operation: &Operation, entry: &Entry) {
        self.shown.fact(operation, entry);
        if let Event::StepStarted { step, .. } = entry.event
            && operation.phase == Phase::Forward
            && self.strikes_in(step)
        {
            self.struck.insert(step);
            self.lose.send_replace(true);
        }
    }

    fn progress(&mut self, operation: &Operation, progress: &Progress) {
        self.shown.progress(operation, progress);
    }

    fn tick(&mut self, operation: &Operation) {
        self.shown.tick(operation);
    }

    fn trouble(&mut self, text: &str) {
        self.shown.trouble(text);
    }
}

/// Tells what the drill has shown.
pub(super) async fn tell(context: &Context, journal: &dyn Journal, operation: &Operation) -> CommandResult {
    let id = &operation.id;
    let record = record_of(context, journal, id).await?;
    let record = record.ok_or_else(|| CommandError::internal(format!("operation {id} is not a drill")))?;
    let exit = exit_of(&record.verdict, operation.status());
    if context.ui().format() == Format::Json {
        json_lines::end(context.ui(), id, operation.status(), exit);
    }
    match record.verdict {
        Verdict::Passed => {
            context.ui().done(format_args!("drill {id} has passed{}; everything is gone again.", figures(&record)));
            context.ui().hint(format_args!("See `aurora-restore drill report`, or `aurora-restore report {id}`."));
            Ok(exit)
        }
        Verdict::Failed { reasons } => {
            let told = CommandError::failed(format!("drill {id} has not passed: {}", reasons.join("; ")));
            Err(told.hint(format!("Everything is gone again. See `aurora-restore report {id}`.")))
        }
        Verdict::Unfinished { stands } if exit == ExitCode::Stuck => {
            let told = CommandError::told(exit, format!("drill {id}: {stands}"));
            Err(told.hint(format!(
                "Once the cause is gone: `aurora-restore resume {id}`, then `aurora-restore drill finish {id}`."
            )))
        }
        Verdict::Unfinished { .. } => {
            context.ui().say(format_args!("detached: drill {id} stands where it stands until it is finished."));
            context.ui().hint(format_args!("Go on:    aurora-restore drill finish {id}"));
            Ok(exit)
        }
    }
}

/// What the journal tells of a drill; none if the operation is not one.
pub(super) async fn record_of(
    context: &Context,
    journal: &dyn Journal,
    id: &OperationId,
) -> Result<Option<Record>, CommandError> {
    let entries = journal.entries(id, 0).await?;
    let refused = |source| EngineError::Refused { operation: id.clone(), source };
    Ok(Record::of_journal(&entries, context.now()).map_err(refused)?)
}

fn exit_of(verdict: &Verdict, status: Status) -> ExitCode {
    match (verdict, status) {
        (Verdict::Passed, _) => ExitCode::Done,
        (Verdict::Failed { .. }, _) => ExitCode::Failed,
        (Verdict::Unfinished { .. }, Status::Stuck) => ExitCode::Stuck,
        (Verdict::Unfinished { .. }, _) => ExitCode::StillRunning,
    }
}

/// What a recovery took, where there was one.
fn figures(record: &Record) -> String {
    if !record.scenario.is_timed() {
        return String::new();
    }
    let time = record.recovery_time.map(|time| format!(" in {}", words::duration(time))).unwrap_or_default();
    let point = record.recovery_point.map(|age| format!(", of data {} old", words::duration(age))).unwrap_or_default();
    let (passed, total) = (record.checks_passed, record.checks_total);
    match record.scenario {
        Scenario::LostJournal => {
            format!(": the journal was rebuilt and proven{time}{point}, {passed} of {total} operations")
        }
        Scenario::LostStateTable => {
            format!(": the items were rebuilt from their entries and proven{time}, {passed} of {total} operations")
        }
        Scenario::LostFunctionVersion => {
            format!(": the versions before those that serve have answered{time}, {passed} of {total} functions")
        }
        Scenario::Restore | Scenario::HandedOver | Scenario::UnavailableRegion | Scenario::GivenUpIn(_) => {
            format!(": restored and verified{time}{point}, {passed} of {total} checks")
        }
    }
}
