//! Someone at work on an operation, one move at a time, so that every moment can be forked and tried with trouble in it.
//!
//! An executor that dies is a future that is dropped; whoever finds the operation is a new executor on the same world.
//! What people do around the engine (begin, ask for an undo, cancel, go on with what is stuck, ask again after no answer)
//! is done here as the command does it.

use std::sync::Arc;

use aurora_restore_core::{
    engine::{Advance, Engine, EngineError, Session, request_cancel},
    operation::{CancelRequest, Direction, End, Failure, Operation, Phase, Status, StepKind},
    ports::{JournalError, Ports},
    request::Request,
};
use jiff::SignedDuration;

use crate::{
    faults::{FaultyPorts, Script},
    run::{Outcome, block_on_until},
    scenario::{MOVES_MAX, Scenario, executor, operation, regions},
};

/// The operation of every trial.
pub(super) const OPERATION: &str = "op-trial";
/// How long whoever got no answer of the journal waits before asking again.
const PAUSE: SignedDuration = SignedDuration::from_secs(1);
/// How often a person asks again before giving up.
const ASKED_MAX: u32 = 5;
const PERSON: &str = "a person";
/// What a person says about something that they have dealt with.
pub(super) const NOTE: &str = "left as it is";

/// What somebody wants of an operation.
#[derive(Debug, Clone)]
pub enum Want {
    /// That it is begun, and ends.
    Restore(Box<Request>),
    /// That it goes on to its end.
    GoOn,
    /// That it goes on to its end without the undo of these steps, where it is stuck on one of them.
    Waive(Vec<StepKind>),
    /// That it is undone, completed as it is or stuck on its way forward.
    Undo,
    /// That its retired cluster is ended.
    Retire,
    /// That it is cancelled while its executor is at work.
    Cancel,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Todo {
    Begin,
    Attach,
    Ask,
    Cancel,
    Advance,
}

/// What came of a move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Moved {
    On,
    Ended,
    Crashed,
    Refused(String),
}

/// Someone at work.
pub(super) struct Executor {
    pub(super) world: Scenario,
    pub(super) session: Option<Session>,
    pub(super) todo: Todo,
    /// What the operation was stuck on, each time that it was.
    pub(super) stuck: Vec<Failure>,
    /// A notice of it was not accepted, so nobody can ask for it.
    pub(super) unheard: bool,
    want: Arc<Want>,
    name: &'static str,
    asked: u32,
}

impl Executor {
    pub(super) fn new(world: Scenario, want: Want) -> Self {
        let todo = match want {
            Want::Restore(_) => Todo::Begin,
            Want::GoOn | Want::Waive(_) | Want::Undo | Want::Retire | Want::Cancel => Todo::Attach,
        };
        let name = if todo == Todo::Begin { "first" } else { "later" };
        Self { world, session: None, todo, stuck: Vec::new(), unheard: false, want: Arc::new(want), name, asked: 0 }
    }

    /// The same, with somebody who asks to cancel while this executor is at work.
    pub(super) fn being_cancelled(self) -> Self {
        Self { want: Arc::new(Want::Cancel), todo: Todo::Cancel, ..self }
    }

    /// The same moment, to be tried otherwise.
    pub(super) fn fork(&self) -> Self {
        Self {
            world: self.world.fork(),
            session: self.session.clone(),
            todo: self.todo,
            stuck: self.stuck.clone(),
            unheard: self.unheard,
            want: Arc::clone(&self.want),
            name: self.name,
            asked: self.asked,
        }
    }

    /// Whoever finds the operation after this executor has died.
    pub(super) fn successor(self, name: &'static str) -> Self {
        // Whoever asks to cancel does not execute: if they die, the executor goes on, and somebody asks again.
        if self.todo == Todo::Cancel {
            return self;
        }
        let known = !self.world.journal.stored(&operation(OPERATION)).is_empty();
        let todo = if known { Todo::Attach } else { Todo::Begin };
        Self { session: None, todo, name, ..self }
    }

    /// The operation as this executor knows it.
    pub(super) fn operation(&self) -> Option<&Operation> {
        self.session.as_ref().map(Session::operation)
    }

    /// Makes the next move with the trouble that the script has.
    pub(super) fn make_move(&mut self, script: &Script) -> Moved {
        let faulty = FaultyPorts::new(self.world.ports(), script, &regions()).over(&self.world.sim);
        let work = Work { ports: faulty.ports(), want: &self.want, name: self.name, todo: self.todo };
        let outcome = block_on_until(work.make(&mut self.session), || script.has_crashed());
        drop(faulty);
        match outcome {
            Outcome::Finished(made) => self.take_up(made),
            Outcome::Crashed => Moved::Crashed,
        }
    }

    /// Makes all further moves without trouble.
    ///
    /// # Errors
    /// A line that says why there was no end.
    pub(super) fn finish(mut self) -> Result<Self, String> {
        for _ in 0..MOVES_MAX {
            let work = Work { ports: self.world.ports(), want: &self.want, name: self.name, todo: self.todo };
            let outcome = block_on_until(work.make(&mut self.session), || false);
            let Outcome::Finished(made) = outcome else { return Err("an untroubled executor died".to_owned()) };
            match self.take_up(made) {
                Moved::On => {}
                Moved::Ended => return Ok(self),
                Moved::Crashed => return Err("an untroubled executor died".to_owned()),
                Moved::Refused(reason) => return Err(reason),
            }
        }
        Err(format!("the operation did not end within {MOVES_MAX} moves"))
    }

    fn take_up(&mut self, made: Result<Made, EngineError>) -> Moved {
        match made {
            Ok(Made::Now(todo)) => self.todo = todo,
            Ok(Made::After(pause)) => self.world.clock.turn(pause),
            Ok(Made::Ended(status)) => return self.ended(status),
            // No answer: ask again. The engine records nothing that it did not do, so that is always right.
            Err(EngineError::Journal(JournalError::Unavailable { .. })) => self.world.clock.turn(PAUSE),
            Err(EngineError::Journal(JournalError::OperationExists { .. })) if self.todo == Todo::Begin => {
                self.todo = Todo::Attach;
            }
            Err(EngineError::NotPossible { .. }) if self.todo == Todo::Ask && self.asked < ASKED_MAX => {
                self.asked += 1;
                self.world.clock.turn(PAUSE);
            }
            Err(error) => return Moved::Refused(format!("{:?} was refused: {error}", self.todo)),
        }
        Moved::On
    }

    /// Ended, unless a person has still to do something: go on with what is stuck, or ask again for what was not done.
    fn ended(&mut self, status: Status) -> Moved {
        let Some(operation) = self.operation() else { return Moved::Ended };
        let undone = matches!(*self.want, Want::Retire) && operation.keeps_retired_cluster();
        if let (Status::Stuck, Some(failure)) = (status, &operation.failure) {
            self.stuck.push(failure.clone());
        } else if !undone {
            return Moved::Ended;
        }
        self.asked += 1;
        if self.asked > ASKED_MAX {
            return Moved::Refused(format!("{} and nobody could help: {:?}", status.as_str(), self.stuck));
        }
        self.todo = Todo::Ask;
        Moved::On
    }
}

/// What one move needs.
struct Work<'a> {
    ports: Ports<'a>,
    want: &'a Want,
    name: &'static str,
    todo: Todo,
}

enum Made {
    Now(Todo),
    After(SignedDuration),
    Ended(Status),
}

impl Work<'_> {
    async fn make(&self, session: &mut Option<Session>) -> Result<Made, EngineError> {
        let engine = Engine::new(self.ports);
        let id = operation(OPERATION);
        match (self.todo, session) {
            (Todo::Begin, session) => match self.want {
                Want::Restore(request) => {
                    let begin = Scenario::beginning(OPERATION, (**request).clone(), self.name);
                    *session = Some(engine.begin(begin).await?);
                    Ok(Made::Now(Todo::Advance))
                }
                Want::GoOn | Want::Waive(_) | Want::Undo | Want::Retire | Want::Cancel => Ok(Made::Now(Todo::Attach)),
            },
            (Todo::Attach, session) => {
                *session = Some(engine.attach(&id, &executor(self.name)).await?);
                Ok(Made::Now(Todo::Ask))
            }
            (Todo::Cancel, _) => {
                let cancel = CancelRequest { by: PERSON.to_owned(), reason: None };
                request_cancel(self.ports.journal, &id, cancel, self.ports.clock.now()).await?;
                Ok(Made::Now(Todo::Advance))
            }
            (Todo::Ask, Some(session)) => {
                self.ask(&engine, session).await?;
                Ok(Made::Now(Todo::Advance))
            }
            (Todo::Advance, Some(session)) => match engine.advance(session).await? {
                Advance::Moved => Ok(Made::Now(Todo::Advance)),
                Advance::Wait { after, .. } => Ok(Made::After(after)),
                Advance::Ended(status) => Ok(Made::Ended(status)),
            },
            (Todo::Ask | Todo::Advance, None) => Ok(Made::Now(Todo::Attach)),
        }
    }

    /// Says what is wanted, if it was not said before.
    async fn ask(&self, engine: &Engine<'_>, session: &mut Session) -> Result<(), EngineError> {
        let phase = session.operation().phase;
        let undoing = session.operation().step_to_undo().map(|step| step.kind);
        match (self.want, phase) {
            (Want::Undo, Phase::Ended(End::Completed) | Phase::Stuck(Direction::Forward)) => {
                engine.undo(session, PERSON).await
            }
            (Want::Waive(steps), Phase::Stuck(Direction::Back))
                if undoing.is_some_and(|step| steps.contains(&step)) =>
            {
                engine.waive_undo(session, PERSON, NOTE).await
            }
            (_, Phase::Stuck(_)) => engine.unstick(session, PERSON).await,
            (Want::Retire, Phase::Ended(End::Completed)) if session.operation().keeps_retired_cluster() => {
                engine.retire(session, PERSON).await
            }
            (Want::Restore(_) | Want::GoOn | Want::Waive(_) | Want::Undo | Want::Retire | Want::Cancel, _) => Ok(()),
        }
    }
}
