//! The universal checks: whatever the strategy and the source, an operation ends the same when a step is executed twice,
//! when an executor dies, or when a call fails, or it is undone to the world before.
//!
//! A [`Trial`] is one operation on one stage that has not begun. Each check runs it anew from the same beginning, once
//! for every call that an undisturbed run makes, and says what it found instead of panicking, so that a caller sees all
//! findings at once.

use aurora_restore_core::{
    engine::{Engine, Session},
    operation::{Operation, Status, StepRecord, StepStatus},
    request::Request,
    steps::left_by,
};

use crate::{
    drive::{DriveError, run_to_end},
    faults::{Fault, FaultyPorts, Hit, Script},
    run::{Outcome, block_on, block_on_until},
    scenario::{MOVES_MAX, Scenario, regions},
    view::{View, Witness},
};

const OPERATION: &str = "op-trial";

/// One operation on one stage.
pub struct Trial {
    stage: Scenario,
    request: Request,
    witness: Witness,
}

/// How a trial ended.
#[derive(Debug, Clone)]
pub struct End {
    /// The operation as its journal tells it.
    pub operation: Operation,
    /// The world.
    pub view: View,
}

/// What a check covered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Points tried.
    pub points: usize,
    /// How many of them ended completed.
    pub completed: usize,
    /// How many of them were undone.
    pub undone: usize,
    /// What was wrong; one line each.
    pub findings: Vec<String>,
}

impl Coverage {
    /// Adds what another check covered.
    pub fn add(&mut self, other: Self) {
        self.points += other.points;
        self.completed += other.completed;
        self.undone += other.undone;
        self.findings.extend(other.findings);
    }

    fn note(&mut self, what: &str, result: Result<Status, String>) {
        self.points += 1;
        match result {
            Ok(Status::Completed) => self.completed += 1,
            Ok(_) => self.undone += 1,
            Err(reason) => self.findings.push(format!("{what}: {reason}")),
        }
    }
}

impl Trial {
    /// A trial of a request on a stage. The witness says whether things that were made anew count as the same.
    pub fn new(stage: Scenario, request: Request, witness: Witness) -> Self {
        Self { stage, request, witness }
    }

    /// The world before.
    pub fn before(&self) -> View {
        self.stage.fork().view(self.witness)
    }

    /// Runs it without trouble; gives the end and every call that was made.
    ///
    /// # Panics
    /// If it does not complete.
    pub fn undisturbed(&self) -> (End, Vec<(Hit, &'static str)>) {
        let script = Script::counting();
        let end = self.run(&script).unwrap_or_else(|reason| panic!("an undisturbed run ended badly: {reason}"));
        let failure = &end.operation.failure;
        assert_eq!(end.operation.status(), Status::Completed, "an undisturbed run failed: {failure:?}");
        (end, script.calls())
    }

    /// Runs it with a script. If the executor dies, another one takes over without trouble.
    ///
    /// # Errors
    /// A line that says why there was no end.
    pub fn run(&self, script: &Script) -> Result<End, String> {
        let scenario = self.stage.fork();
        let faulty = FaultyPorts::new(scenario.ports(), script, &regions());
        let first = block_on_until(execute(&scenario, &faulty, self.request.clone()), || script.has_crashed());
        match first {
            Outcome::Finished(Ok(session)) => Ok(self.end(&scenario, session.operation())),
            Outcome::Finished(Err(error)) => Err(format!("the engine stopped: {error}")),
            Outcome::Crashed => {
                let operation = self.after_crash(&scenario)?;
                Ok(self.end(&scenario, &operation))
            }
        }
    }

    /// What whoever finds the operation does after a crash: begin it if it never began, else take it over.
    fn after_crash(&self, scenario: &Scenario) -> Result<Operation, String> {
        let known = !scenario.journal.stored(&crate::scenario::operation(OPERATION)).is_empty();
        let ended =
            if known { scenario.resume(OPERATION, "second") } else { scenario.run(OPERATION, self.request.clone()) };
        match ended {
            Ok((_, session)) => Ok(session.operation().clone()),
            Err(error) => Err(format!("the second executor stopped: {error}")),
        }
    }

    fn end(&self, scenario: &Scenario, operation: &Operation) -> End {
        scenario.settle();
        End { operation: operation.clone(), view: scenario.view(self.witness) }
    }
}

async fn execute(scenario: &Scenario, faulty: &FaultyPorts<'_>, request: Request) -> Result<Session, DriveError> {
    let engine = Engine::new(faulty.ports());
    let begin = scenario.begin(OPERATION, request);
    let mut session = match engine.begin(begin.clone()).await {
        Ok(session) => session,
        // The journal did not answer; the command would say so and be called again.
        Err(_) => match engine.begin(begin.clone()).await {
            Ok(session) => session,
            Err(_) => engine.attach(&begin.id, &begin.executor).await?,
        },
    };
    run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await?;
    Ok(session)
}

/// Judges an end: completed like the undisturbed run, or undone to the world before.
fn judge(end: &End, good: &End, before: &View) -> Result<Status, String> {
    let status = end.operation.status();
    let (wanted, differences) = match status {
        Status::Completed => ("the undisturbed end", good.view.differences(&end.view)),
        Status::Failed | Status::Cancelled => ("the world before", before.differences(&end.view)),
        Status::Stuck | Status::InProgress => {
            return Err(format!("ended {}: {:?}", status.as_str(), end.operation.failure));
        }
    };
    // What an abandoned step leaves is in the report, as is what an undo keeps; nothing else may be left.
    let told: Vec<String> = end.operation.steps.iter().flat_map(|step| told_by(step, &end.operation)).collect();
    let is_told = |line: &String| {
        thing_of(line).is_some_and(|thing| told.iter().any(|text| text.split([' ', ',']).any(|word| word == thing)))
    };
    let unexplained: Vec<String> = differences.into_iter().filter(|line| !is_told(line)).collect();
    if unexplained.is_empty() {
        return Ok(status);
    }
    Err(format!("{} and not {wanted}; {:?}\n  {}", status.as_str(), end.operation.failure, unexplained.join("\n  ")))
}

fn told_by(step: &StepRecord, operation: &Operation) -> Vec<String> {
    match step.status {
        StepStatus::Abandoned => left_by(step.kind, operation),
        StepStatus::Undone => step.note.iter().cloned().collect(),
        StepStatus::Pending
        | StepStatus::Started
        | StepStatus::Retrying
        | StepStatus::Finished
        | StepStatus::Skipped
        | StepStatus::Failed
        | StepStatus::UndoStarted
        | StepStatus::UndoRetrying
        | StepStatus::UndoFailed => Vec::new(),
    }
}

/// The name of the thing that a difference is about: `snapshot ACCOUNT/REGION/NAME: …`.
fn thing_of(difference: &str) -> Option<&str> {
    let thing = difference.split(' ').nth(1).unwrap_or_default().trim_end_matches(':');
    let is_whole = difference.ends_with("is too many") || difference.ends_with("is missing");
    // The target itself must never differ: only things beside it can be explained.
    (is_whole || difference.starts_with("snapshot")).then(|| thing.rsplit('/').next()).flatten()
}

/// A fault at every call that the faults make sense at.
pub fn fault_at_every_call(trial: &Trial, faults: &[Fault]) -> Coverage {
    let (good, calls) = trial.undisturbed();
    let before = trial.before();
    let mut coverage = Coverage::default();
    for (at, (hit, what)) in calls.iter().enumerate() {
        for fault in faults.iter().filter(|fault| makes_sense(**fault, *hit)) {
            let script = Script::with(at, *fault);
            let result = trial.run(&script).and_then(|end| {
                if script.struck() == 1 { judge(&end, &good, &before) } else { Err("was not struck".to_owned()) }
            });
            coverage.note(&format!("{fault:?} at call {at} ({hit:?} {what})"), result);
        }
    }
    coverage
}

fn makes_sense(fault: Fault, hit: Hit) -> bool {
    let reads_only = matches!(hit, Hit::RdsRead | Hit::Account | Hit::JournalRead | Hit::Secret);
    match fault {
        Fault::Fails | Fault::CrashBefore => true,
        // A journal that denies is a configuration that is wrong from the start.
        Fault::Denied => !matches!(hit, Hit::JournalRead | Hit::JournalWrite | Hit::JournalProgress),
        // A read has no effect: these are the same as a failure and as a crash before the next call.
        Fault::ReplyLost | Fault::CrashAfter => !reads_only,
    }
}

/// Every step executed twice: the executor dies when the step is done and its outcome is not yet recorded.
pub fn every_step_twice(trial: &Trial) -> Coverage {
    let (good, calls) = trial.undisturbed();
    let before = trial.before();
    let mut coverage = Coverage::default();
    for at in writes(&calls) {
        let script = Script::with(at, Fault::CrashBefore);
        let result = trial.run(&script).and_then(|end| judge(&end, &good, &before));
        coverage.note(&format!("crash before append {at}"), result);
    }
    coverage
}

/// Every undo executed twice: the operation fails at the end of each step, and while it is undone the executor dies
/// before each append.
pub fn every_undo_twice(trial: &Trial) -> Coverage {
    let (good, calls) = trial.undisturbed();
    let before = trial.before();
    let mut coverage = Coverage::default();
    for failing in last_calls_of_steps(&calls) {
        let failed = Script::with(failing, Fault::Denied);
        let Ok(end) = trial.run(&failed) else { continue };
        if end.operation.status() != Status::Failed {
            continue;
        }
        for at in writes(&failed.calls()).filter(|at| *at > failing) {
            let script = Script::with(failing, Fault::Denied).and(at, Fault::CrashBefore);
            let result = trial.run(&script).and_then(|end| judge(&end, &good, &before));
            coverage.note(&format!("denied at call {failing}, crash before append {at}"), result);
        }
    }
    coverage
}

fn writes(calls: &[(Hit, &'static str)]) -> impl Iterator<Item = usize> {
    calls.iter().enumerate().filter(|(_, (hit, _))| *hit == Hit::JournalWrite).map(|(at, _)| at)
}

/// The last call before each append that can be denied.
fn last_calls_of_steps(calls: &[(Hit, &'static str)]) -> Vec<usize> {
    let mut last = Vec::new();
    let mut candidate = None;
    for (at, (hit, _)) in calls.iter().enumerate() {
        match hit {
            Hit::JournalWrite => last.extend(candidate.take()),
            Hit::RdsChange | Hit::RdsRead | Hit::Database | Hit::Secret => candidate = Some(at),
            Hit::Account | Hit::JournalRead | Hit::JournalProgress | Hit::Notice => {}
        }
    }
    last
}

/// Runs a future of the engine without a runtime; for tests that need a step of their own in between.
pub fn now<F: Future>(future: F) -> F::Output {
    block_on(future)
}
