//! A trial: somebody wants something of an operation, on one stage, and every moment of it is recorded so that it can be
//! tried again with trouble in it.

use std::sync::Arc;

use aurora_restore_core::{
    engine::is_past_point_of_no_return,
    journal::{JournalRefusal, SealedEntry, StateItem, replay, replay_more},
    operation::{Failure, Operation, StepKind, StepStatus},
    ports::Journal,
    request::Request,
};

use crate::{
    faults::{Fault, Hit, Script},
    run::block_on,
    scenario::{MOVES_MAX, Scenario, operation},
    view::{Glance, Witness},
};

use super::{
    coverage::Verdict,
    executor::{Executor, Moved, OPERATION, Want},
    judge::{self, Good},
    position::Position,
};

/// Something that somebody wants of an operation on one stage, not begun.
pub struct Trial {
    pub(super) first: Executor,
    pub(super) witness: Witness,
    /// The world that an undo has to bring back, where an undo is an allowed end.
    pub(super) before: Option<Scenario>,
}

/// How a trial ended.
pub struct End {
    /// The operation as its journal tells it.
    pub operation: Operation,
    /// The world, come to rest.
    pub world: Scenario,
    /// What it was stuck on in between.
    pub stuck: Vec<Failure>,
    pub(super) unheard: bool,
    pub(super) glance: Glance,
}

/// One move of an untroubled trial.
pub(super) struct Recorded {
    /// The moment before it.
    pub start: Executor,
    /// The calls that it makes.
    pub calls: Vec<(Hit, &'static str)>,
}

/// All moves of an untroubled trial with its end.
pub(super) struct Recording {
    pub moves: Vec<Recorded>,
    pub end: Arc<End>,
}

impl Trial {
    /// A restore on a stage. The witness says whether things that were made anew count as the same.
    pub fn new(stage: Scenario, request: Request, witness: Witness) -> Self {
        let before = Some(stage.fork());
        Self { first: Executor::new(stage, Want::Restore(Box::new(request))), witness, before }
    }

    /// Something that a person wants of the operation that stands on the stage. If it may end undone, `before` is the
    /// world that must be back then.
    pub fn afterwards(stage: Scenario, want: Want, witness: Witness, before: Option<Scenario>) -> Self {
        Self { first: Executor::new(stage, want), witness, before }
    }

    /// The operation of this trial, cancelled by a person in each of its steps up to the point of no return.
    ///
    /// # Errors
    /// A line that says why the untroubled run has no end.
    pub fn cancelled_in_each_step(&self) -> Result<Vec<(StepKind, Self)>, String> {
        let mut found: Vec<(StepKind, Self)> = Vec::new();
        for recorded in self.record()?.moves {
            let step = recorded.start.operation().filter(|operation| !is_past_point_of_no_return(operation));
            let step = step.and_then(|operation| operation.current_step());
            let Some(step) = step.filter(|step| step.status == StepStatus::Started).map(|step| step.kind) else {
                continue;
            };
            // The newest moment of each step counts: it has made the most by then.
            found.retain(|(earlier, _)| *earlier != step);
            let trial = Self { first: recorded.start.being_cancelled(), witness: self.witness, before: None };
            found.push((step, trial));
        }
        Ok(found)
    }

    /// Runs it without trouble.
    ///
    /// # Errors
    /// A line that says why there was no end.
    pub fn undisturbed(&self) -> Result<End, String> {
        end_of(self.first.fork().finish()?, None, self.witness)
    }

    /// Requires that an untroubled run ends undone, with the world as it was before the operation. What trouble may come of
    /// it is compared with the untroubled run.
    ///
    /// # Errors
    /// A line that says how it ended or what differs.
    pub fn is_undone_to(&self, before: &Scenario) -> Result<(), String> {
        judge::is_undone_to(&self.undisturbed()?, before, self.witness)
    }

    /// The world before, where it is known.
    pub fn before(&self) -> Option<&Scenario> {
        self.before.as_ref()
    }

    /// The world after an untroubled run, to go on from.
    ///
    /// # Errors
    /// A line that says why there was no end.
    pub fn played(&self) -> Result<Scenario, String> {
        Ok(self.first.fork().finish()?.world)
    }

    pub(super) fn record(&self) -> Result<Recording, String> {
        record(self.first.fork(), self.witness)
    }
}

/// Records every move from here to the end.
pub(super) fn record(mut executor: Executor, witness: Witness) -> Result<Recording, String> {
    let mut moves = Vec::new();
    for _ in 0..MOVES_MAX {
        let start = executor.fork();
        let script = Script::counting();
        let moved = executor.make_move(&script);
        moves.push(Recorded { start, calls: script.calls() });
        match moved {
            Moved::On => {}
            Moved::Ended => return Ok(Recording { moves, end: Arc::new(end_of(executor, None, witness)?) }),
            Moved::Crashed => return Err("an untroubled executor died".to_owned()),
            Moved::Refused(reason) => return Err(reason),
        }
    }
    Err(format!("the operation did not end within {MOVES_MAX} moves"))
}

impl Recorded {
    /// How many entries the journal has before the move.
    pub(super) fn entries(&self) -> usize {
        self.start.world.journal.since(&operation(OPERATION), 0).1.len()
    }

    /// Makes the move with one fault in it. Whoever died is followed by somebody else.
    pub(super) fn struck(&self, at: usize, fault: Fault, next: &'static str) -> Result<Executor, String> {
        let script = Script::with(at, fault);
        let mut executor = self.start.fork();
        let moved = executor.make_move(&script);
        let is_notice = self.calls.get(at).is_some_and(|(hit, _)| *hit == Hit::Notice);
        executor.unheard |= is_notice && !fault.is_crash();
        executor.world.sim.with_world(|world, _| world.clear_faults());
        match moved {
            _ if script.struck() != 1 => Err("the call was not made again".to_owned()),
            Moved::On | Moved::Ended => Ok(executor),
            Moved::Crashed => Ok(executor.successor(next)),
            Moved::Refused(reason) => Err(reason),
        }
    }
}

/// The end of an executor's work: what the world looks like once it has come to rest, and what the journal tells. `known`
/// is the operation as an earlier part of the same journal tells it, so that only the rest has to be replayed.
pub(super) fn end_of(executor: Executor, known: Option<&Operation>, witness: Witness) -> Result<End, String> {
    let world = executor.world;
    let operation = executor.session.as_ref().map(|session| session.operation().clone());
    let operation = operation.ok_or("nobody executed the operation")?;
    world.settle();
    journal_is_whole(&world, &operation, known)?;
    Ok(End { glance: world.glance(witness), world, stuck: executor.stuck, unheard: executor.unheard, operation })
}

/// Proves that the stored journal is whole, and that it tells the operation, the state and who holds the target.
fn journal_is_whole(world: &Scenario, operation: &Operation, known: Option<&Operation>) -> Result<(), String> {
    let stored = world.journal.stored(&operation.id);
    let replayed = replayed(&stored, known).map_err(|refusal| refusal.to_string())?;
    if replayed != *operation {
        return Err(format!("the journal tells another operation than the session, at entry {}", replayed.sequence));
    }
    let state = block_on(world.journal.state(&operation.id)).map_err(|error| error.to_string())?;
    let told = StateItem { progress: state.progress.clone(), ..StateItem::of(operation, &Scenario::target_key()) };
    if state != told {
        return Err(format!("the state item is {state:?}"));
    }
    let holder = block_on(world.journal.holder(&Scenario::target_key())).map_err(|error| error.to_string())?;
    if holder.is_some() != operation.phase.holds_target() {
        return Err(format!("the target is held by {holder:?} at the end"));
    }
    Ok(())
}

fn replayed(stored: &[SealedEntry], known: Option<&Operation>) -> Result<Operation, JournalRefusal> {
    let before = known.and_then(|known| Some((known, usize::try_from(known.sequence).ok()?)));
    match before {
        Some((known, entries)) if entries > 0 && entries <= stored.len() => {
            let mut operation = known.clone();
            replay_more(&mut operation, &stored[entries - 1].hash, &stored[entries..]).map(|_| operation)
        }
        Some(_) | None => replay(stored).map(|(operation, _)| operation),
    }
}

/// Judges each position once.
pub(super) struct Judged<'a> {
    pub good: &'a Good<'a>,
    known: Vec<(Position, Verdict)>,
}

impl<'a> Judged<'a> {
    pub(super) fn new(good: &'a Good<'a>) -> Self {
        Self { good, known: Vec::new() }
    }

    /// Goes on from here without trouble and judges the end, unless the same position was judged before.
    pub(super) fn judge(&mut self, executor: Result<Executor, String>, recorded: &Recorded) -> Verdict {
        let executor = match executor {
            Ok(executor) => executor,
            Err(reason) => return Verdict { ending: Err(reason), was_stuck: false },
        };
        let position = Position::of(&executor, recorded.entries());
        if let Some((_, verdict)) = self.known.iter().find(|(known, _)| *known == position) {
            return verdict.clone();
        }
        let known = recorded.start.operation();
        let end = executor.finish().and_then(|executor| end_of(executor, known, self.good.witness));
        let verdict = match end {
            Ok(end) => judge::verdict(&end, self.good),
            Err(reason) => Verdict { ending: Err(reason), was_stuck: false },
        };
        self.known.push((position, verdict.clone()));
        verdict
    }

    /// How many positions were judged.
    pub(super) fn positions(&self) -> usize {
        self.known.len()
    }
}
