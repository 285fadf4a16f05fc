//! One drill, as its journal tells it.

use std::collections::BTreeSet;

use aurora_restore_core::{
    ids::Arn,
    journal::{JournalRefusal, SealedEntry, replay},
    operation::{End, Event, Operation, Phase, StepKind, StepStatus, UndoReason},
    ports::Location,
    report::{Report, of_journal},
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{EarlierVersions, Rebuilt, Scenario, scenario_of};

/// What a drill has shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "word", rename_all = "kebab-case")]
pub enum Verdict {
    /// What it rehearses works.
    Passed,
    /// It does not.
    Failed {
        /// Why not.
        reasons: Vec<String>,
    },
    /// It has not come to its end: it may still run, or nobody goes on with it.
    Unfinished {
        /// Where it stands.
        stands: String,
    },
}

/// How long a step took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepTime {
    /// The step.
    pub step: StepKind,
    /// From its first attempt to its end.
    pub took: SignedDuration,
}

/// The snapshot that a drill restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RestoredSnapshot {
    /// Its ARN.
    pub arn: Arn,
    /// Through which account it was found, and in which Region.
    pub location: Location,
}

/// A drill.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// Its operation.
    pub operation_id: String,
    /// What was rehearsed.
    pub scenario: Scenario,
    /// What it has shown.
    pub verdict: Verdict,
    /// The name that it restored under.
    pub target: String,
    /// What it restored, or what the journal was rebuilt from.
    pub source: String,
    /// The snapshot that it restored; none before it was found, and where none is restored.
    pub snapshot: Option<RestoredSnapshot>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When everything was gone again.
    pub ended_at: Option<Timestamp>,
    /// From the request to the proof that the data are served, or from the loss to the proof of the rebuilt journal.
    pub recovery_time: Option<SignedDuration>,
    /// The age of the snapshot when the drill was asked for, or of the newest entry that came back when the journal was lost.
    pub recovery_point: Option<SignedDuration>,
    /// Checks of the data that passed; of a rebuilt journal, operations that came back as they were.
    pub checks_passed: usize,
    /// Of how many.
    pub checks_total: usize,
    /// How many executors went on with it, one after the other.
    pub executors: usize,
    /// What the finished steps took on the way forward.
    pub steps: Vec<StepTime>,
    /// How many entries its journal has.
    pub journal_entries: u64,
    /// The hash of the last one: who has it can prove that the journal was not changed since.
    pub journal_hash: String,
}

impl Record {
    /// Reads a drill from its journal; `None` if the operation is not a drill.
    ///
    /// # Errors
    /// [`JournalRefusal`] if the journal cannot be trusted; nothing is said of such a drill.
    pub fn of_journal(entries: &[SealedEntry], now: Timestamp) -> Result<Option<Self>, JournalRefusal> {
        let (operation, _) = replay(entries)?;
        let Some(scenario) = scenario_of(&operation.id) else { return Ok(None) };
        let course = Course::of(entries)?;
        let Report { figures, source, journal_hash, .. } = of_journal(entries, now)?;
        let record = Self {
            scenario,
            verdict: judge(&operation, scenario, &course),
            target: operation.request.target.cluster.to_string(),
            source,
            snapshot: snapshot(&operation),
            requested_at: operation.requested_at,
            ended_at: operation.ended_at.filter(|_| is_taken_back(&operation)),
            recovery_time: figures.recovery_time,
            recovery_point: figures.recovery_point,
            checks_passed: figures.checks_passed,
            checks_total: figures.checks_total,
            executors: course.executors,
            steps: course.steps,
            journal_entries: operation.sequence,
            journal_hash,
            operation_id: operation.id.to_string(),
        };
        let found = match scenario {
            Scenario::LostJournal | Scenario::LostStateTable => {
                Rebuilt::of(&operation).map(|rebuilt| record.of_rebuilt(&rebuilt))
            }
            Scenario::LostFunctionVersion => EarlierVersions::of(&operation).map(|found| record.of_versions(&found)),
            Scenario::Restore | Scenario::HandedOver | Scenario::UnavailableRegion | Scenario::GivenUpIn(_) => None,
        };
        Ok(Some(found.unwrap_or(record)))
    }

    /// The same with the figures of a rebuilt journal: each operation that came back is a check.
    fn of_rebuilt(&self, rebuilt: &Rebuilt) -> Self {
        let count = |of: u64| usize::try_from(of).unwrap_or(usize::MAX);
        Self {
            source: rebuilt.source(),
            recovery_time: Some(rebuilt.took),
            recovery_point: rebuilt.recovery_point(),
            checks_passed: count(rebuilt.sound),
            checks_total: count(rebuilt.sound.saturating_add(rebuilt.wrong)),
            ..self.clone()
        }
    }

    /// The same with the figures of earlier versions of functions: each of them is a check. No data were restored.
    fn of_versions(&self, found: &EarlierVersions) -> Self {
        let sound = usize::try_from(found.sound).unwrap_or(usize::MAX);
        Self {
            source: "the versions before those that serve".to_owned(),
            recovery_time: Some(found.took),
            recovery_point: None,
            checks_passed: sound,
            checks_total: sound.saturating_add(found.wrong.len()),
            ..self.clone()
        }
    }

    /// Whether it has passed.
    pub fn has_passed(&self) -> bool {
        self.verdict == Verdict::Passed
    }
}

/// What only the single entries tell.
struct Course {
    executors: usize,
    /// The steps in which an executor was lost.
    handed_over_in: BTreeSet<StepKind>,
    steps: Vec<StepTime>,
}

impl Course {
    fn of(entries: &[SealedEntry]) -> Result<Self, JournalRefusal> {
        let mut course = Self { executors: 1, handed_over_in: BTreeSet::new(), steps: Vec::new() };
        let mut under_way: Option<(StepKind, Timestamp)> = None;
        let mut previous = "";
        for sealed in entries {
            let entry = sealed.open(sealed.sequence, previous)?;
            previous = &sealed.hash;
            match entry.event {
                Event::StepStarted { step, attempt: 1 } => under_way = Some((step, entry.at)),
                Event::TakenOver { .. } => {
                    course.executors += 1;
                    course.handed_over_in.extend(under_way.map(|(step, _)| step));
                }
                Event::StepFinished { step, .. } => {
                    let began = under_way.take().filter(|(begun, _)| *begun == step);
                    course
                        .steps
                        .extend(began.map(|(step, began)| StepTime { step, took: entry.at.duration_since(began) }));
                }
                Event::StepStarted { .. }
                | Event::StepSkipped { .. }
                | Event::StepFailed { .. }
                | Event::CancelRequested { .. }
                | Event::Requested { .. }
                | Event::BecameStuck { .. }
                | Event::Unstuck { .. } => {}
                Event::StepAbandoned { .. }
                | Event::UndoStarted { .. }
                | Event::StepUndoStarted { .. }
                | Event::StepUndone { .. }
                | Event::StepUndoFailed { .. }
                | Event::StepUndoWaived { .. }
                | Event::RetireStarted { .. }
                | Event::RetireFinished { .. }
                | Event::RetireFailed { .. }
                | Event::Ended { .. } => under_way = None,
            }
        }
        Ok(course)
    }
}

fn snapshot(operation: &Operation) -> Option<RestoredSnapshot> {
    let plan = operation.facts.plan.as_deref()?;
    let arn = plan.snapshot.as_ref()?.arn.clone();
    Some(RestoredSnapshot { arn, location: plan.source_location.clone() })
}

/// Whether everything that the drill made is gone.
fn is_taken_back(operation: &Operation) -> bool {
    match operation.phase {
        Phase::Ended(End::Failed | End::Cancelled) => true,
        Phase::Ended(End::Completed) | Phase::Forward | Phase::Back | Phase::Retiring | Phase::Stuck(_) => false,
    }
}

fn judge(operation: &Operation, scenario: Scenario, course: &Course) -> Verdict {
    if !is_taken_back(operation) {
        let stands = match operation.phase {
            Phase::Ended(_) => "it is restored and was not taken back".to_owned(),
            Phase::Stuck(_) => format!("it is stuck: {}", told(operation)),
            Phase::Forward | Phase::Back | Phase::Retiring => "it is not at its end".to_owned(),
        };
        return Verdict::Unfinished { stands };
    }
    let mut reasons = match scenario {
        Scenario::Restore => restored(operation),
        Scenario::HandedOver => [restored(operation), handed_over(operation, course)].concat(),
        Scenario::GivenUpIn(step) => given_up(operation, step),
        Scenario::UnavailableRegion => [restored(operation), without_the_source(operation)].concat(),
        Scenario::LostJournal | Scenario::LostStateTable => {
            not_restored(operation, Rebuilt::of(operation).map(|rebuilt| rebuilt.reasons()))
        }
        Scenario::LostFunctionVersion => {
            not_restored(operation, EarlierVersions::of(operation).map(|found| found.wrong))
        }
    };
    let waived = operation.steps.iter().filter(|step| step.status == StepStatus::Waived);
    reasons.extend(waived.map(|step| format!("a person had to deal with what {} had made", step.kind)));
    if reasons.is_empty() { Verdict::Passed } else { Verdict::Failed { reasons } }
}

/// What is missing to a restore that was proven and then taken back on purpose.
fn restored(operation: &Operation) -> Vec<String> {
    let proven = operation.facts.verified.is_some() && operation.facts.switch_over.is_some();
    match &operation.undo_reason {
        Some(UndoReason::Asked { .. }) if proven => Vec::new(),
        Some(UndoReason::Failed { step }) => vec![format!("{step} failed: {}", told(operation))],
        Some(UndoReason::Cancelled(request)) => vec![format!("it was cancelled by {}", request.by)],
        Some(UndoReason::Asked { by }) => vec![format!("{by} took it back before it was proven")],
        None => vec!["nothing was taken back".to_owned()],
    }
}

/// What of the restore came from another Region than the target's.
fn without_the_source(operation: &Operation) -> Vec<String> {
    let target = &operation.request.target.region;
    let mut used = BTreeSet::from([&operation.request.source.region]);
    if let Some(plan) = &operation.facts.plan {
        used.insert(&plan.source_location.region);
        used.extend(plan.hops.iter().map(|hop| &hop.location.region));
    }
    used.into_iter().filter(|region| *region != target).map(|region| format!("Region {region} was used")).collect()
}

/// Why what was rehearsed without a restore is not as it should be: `found` is what is recorded of it.
fn not_restored(operation: &Operation, found: Option<Vec<String>>) -> Vec<String> {
    if let Some(step) = operation.steps.iter().find(|step| step.attempts > 0) {
        return vec![format!("a restore was begun with {} instead", step.kind)];
    }
    found.unwrap_or_else(|| vec!["nothing is recorded of what was rehearsed".to_owned()])
}

/// The steps that were begun and in which no executor was lost.
fn handed_over(operation: &Operation, course: &Course) -> Vec<String> {
    let begun = operation.steps.iter().filter(|step| step.attempts > 0);
    let kept = begun.filter(|step| !course.handed_over_in.contains(&step.kind));
    kept.map(|step| format!("nobody else took over in {}", step.kind)).collect()
}

/// What is missing to an operation that was given up in a step, and in no other.
fn given_up(operation: &Operation, wanted: StepKind) -> Vec<String> {
    match &operation.undo_reason {
        Some(UndoReason::Failed { step }) => return vec![format!("{step} failed: {}", told(operation))],
        Some(UndoReason::Cancelled(_)) => {}
        Some(UndoReason::Asked { .. }) | None => return vec![format!("it was not given up in {wanted}")],
    }
    let furthest = operation.steps.iter().rev().find(|step| step.attempts > 0).map(|step| step.kind);
    match furthest {
        Some(furthest) if furthest == wanted => Vec::new(),
        Some(furthest) => vec![format!("it was given up in {furthest} and not in {wanted}")],
        None => vec![format!("it was given up before {wanted}")],
    }
}

fn told(operation: &Operation) -> String {
    operation.failure.as_ref().map_or_else(|| "no reason is recorded".to_owned(), ToString::to_string)
}
