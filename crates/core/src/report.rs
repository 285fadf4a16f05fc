//! The report of an operation: its whole story with its figures, derived from the journal alone.
//!
//! A plain value for every renderer (text, JSON, HTML). Times are UTC; durations end where the report was made if the
//! thing is not over.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::{
    journal::{JournalRefusal, SealedEntry, replay},
    operation::{Direction, End, Event, Failure, Operation, Phase, Status, StepKind, StepStatus, UndoReason},
    plan::{Outline, Plan},
    ports::{Endpoint, UserSetupOutcome},
    request::{FinalSnapshot, Request, Strategy},
    settings::SettingComparison,
    steps,
    verification::CheckResult,
};

/// The version of the report's JSON form.
pub const REPORT_VERSION: u32 = 1;

/// The report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The version of this form.
    pub version: u32,
    /// The operation.
    pub operation_id: String,
    /// When the report was made.
    pub made_at: Timestamp,
    /// The public status.
    pub status: Status,
    /// The strategy.
    pub strategy: Strategy,
    /// The target's name.
    pub target: String,
    /// Where the target is, as `account/region/name`.
    pub target_key: Option<String>,
    /// The source in one line.
    pub source: String,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it came to its end.
    pub ended_at: Option<Timestamp>,
    /// The figures that people ask for first.
    pub figures: Figures,
    /// Where clients connect.
    pub endpoint: Option<Endpoint>,
    /// The steps with their attempts.
    pub timeline: Vec<StepLine>,
    /// What else happened: cancel, undo, stuck, retire, other executors.
    pub incidents: Vec<Incident>,
    /// The failure that counts.
    pub failure: Option<Failure>,
    /// Warnings of the plan and of steps that were given up after the point of no return.
    pub warnings: Vec<String>,
    /// Every check of the restored data, also where they were refused.
    pub checks: Vec<CheckResult>,
    /// The users, with the proofs.
    pub users: Option<UserSetupOutcome>,
    /// The settings, wished and found.
    pub settings: Vec<SettingComparison>,
    /// What was to be made, changed and deleted.
    pub outline: Option<Outline>,
    /// What was made, and what became of it.
    pub resources: Vec<ResourceLine>,
    /// The hash of the journal's last entry: who has it can prove that the journal was not changed since.
    pub journal_hash: String,
    /// How many entries the journal has.
    pub journal_entries: u64,
}

/// The figures that people ask for first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct Figures {
    /// Recovery time: from the request to the proof that the name (side-by-side: the new cluster) serves the data.
    pub recovery_time: Option<SignedDuration>,
    /// Recovery point: the age of the snapshot when the restore was asked for.
    pub recovery_point: Option<SignedDuration>,
    /// The longest that the name may not have answered.
    pub name_unanswered_max: Option<SignedDuration>,
    /// From the request to the end.
    pub total: Option<SignedDuration>,
    /// Checks that passed.
    pub checks_passed: usize,
    /// Of how many checks.
    pub checks_total: usize,
    /// Settings that are as wished.
    pub settings_same: usize,
    /// Of how many.
    pub settings_total: usize,
}

/// One step of the timeline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepLine {
    /// The step.
    pub step: StepKind,
    /// Where it stands.
    pub status: StepStatus,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// How long it took, or has taken.
    pub took: Option<SignedDuration>,
    /// Its attempts on the way forward and back.
    pub attempts: Vec<Attempt>,
    /// Why it was skipped, or what its undo did.
    pub note: Option<String>,
}

/// One attempt of a step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attempt {
    /// Forward, or back.
    pub direction: Direction,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took; missing while it runs, or where its executor died.
    pub took: Option<SignedDuration>,
    /// How it failed, if it did.
    pub failure: Option<Failure>,
}

/// Something that happened besides the steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Incident {
    /// When.
    pub at: Timestamp,
    /// What, in one line.
    pub text: String,
}

/// A thing that the operation made or took over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResourceLine {
    /// What it is.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// What became of it.
    pub fate: String,
}

/// Derives the report from a journal.
///
/// # Errors
/// [`JournalRefusal`] if the journal cannot be trusted; a report is never made from one.
pub fn of_journal(entries: &[SealedEntry], now: Timestamp) -> Result<Report, JournalRefusal> {
    let (operation, journal_hash) = replay(entries)?;
    let mut story = Story::new(&operation);
    let mut previous = String::new();
    for sealed in entries {
        let entry = sealed.open(sealed.sequence, &previous)?;
        story.take(&entry.event, entry.at);
        previous.clone_from(&sealed.hash);
    }
    Ok(assemble(&operation, story, journal_hash, now))
}

fn assemble(operation: &Operation, story: Story, journal_hash: String, now: Timestamp) -> Report {
    let plan = operation.facts.plan.as_deref();
    let verified = operation.facts.verified.as_ref().map(|verified| &verified.checks);
    let checks = verified.unwrap_or(&operation.facts.refused).clone();
    let settings = operation.facts.settings.as_ref().map(|applied| applied.comparison.clone()).unwrap_or_default();
    Report {
        version: REPORT_VERSION,
        operation_id: operation.id.to_string(),
        made_at: now,
        status: operation.status(),
        strategy: operation.request.strategy,
        target: operation.request.target.cluster.to_string(),
        target_key: plan.map(|plan| plan.target_key.to_string()),
        source: source_text(&operation.request, plan),
        requested_at: operation.requested_at,
        ended_at: operation.ended_at,
        figures: figures(operation, &checks, &settings),
        endpoint: endpoint(operation),
        timeline: timeline(operation, story.attempts, now),
        incidents: story.incidents,
        failure: operation.failure.clone(),
        warnings: warnings_of(operation),
        checks,
        users: operation.facts.users.as_ref().map(|users| users.outcome.clone()),
        settings,
        outline: plan.map(|plan| plan.outline(&operation.request)),
        resources: resources_of(operation),
        journal_hash,
        journal_entries: operation.sequence,
    }
}

fn source_text(request: &Request, plan: Option<&Plan>) -> String {
    use crate::request::SourceSelector as S;
    if let Some(snapshot) = plan.and_then(|plan| plan.snapshot.as_ref()) {
        return format!("snapshot {} of cluster {}", snapshot.arn, snapshot.cluster);
    }
    match &request.source.selector {
        S::Snapshot(address) => format!("snapshot {address}"),
        S::ByDate { prefix, date } => format!("the snapshot {prefix}-{date}"),
        S::LatestOf { cluster, .. } => format!("the newest snapshot of cluster {cluster}"),
        S::PointInTime { cluster, at: Some(at) } => format!("cluster {cluster} at {at}"),
        S::PointInTime { cluster, at: None } => format!("cluster {cluster} at its latest restorable time"),
        S::Clone { cluster } => format!("a clone of cluster {cluster}"),
    }
}

/// From the request to the proof. Under `swap` that is the login through the name; otherwise the verification.
pub fn recovery_time(operation: &Operation) -> Option<SignedDuration> {
    let proven_at = match operation.request.strategy {
        Strategy::Swap => operation.facts.switch_over.as_ref().map(|switch| switch.switched_at),
        Strategy::SideBySide | Strategy::Replace => {
            operation.facts.verified.as_ref().map(|verified| verified.verified_at)
        }
    };
    proven_at.map(|at| at.duration_since(operation.requested_at))
}

fn figures(operation: &Operation, checks: &[CheckResult], settings: &[SettingComparison]) -> Figures {
    use crate::verification::CheckOutcome;

    let plan = operation.facts.plan.as_deref();
    let snapshot_at = plan.and_then(|plan| plan.snapshot.as_ref()).and_then(|snapshot| snapshot.created_at);
    Figures {
        recovery_time: recovery_time(operation),
        recovery_point: snapshot_at.map(|at| operation.requested_at.duration_since(at)),
        name_unanswered_max: operation.facts.switch_over.as_ref().and_then(|switch| switch.name_unanswered_max),
        total: operation.ended_at.map(|at| at.duration_since(operation.requested_at)),
        checks_passed: checks.iter().filter(|check| check.outcome == CheckOutcome::Passed).count(),
        checks_total: checks.iter().filter(|check| check.outcome != CheckOutcome::Noted).count(),
        settings_same: settings.iter().filter(|row| row.same).count(),
        settings_total: settings.len(),
    }
}

fn endpoint(operation: &Operation) -> Option<Endpoint> {
    if operation.status() != Status::Completed {
        return None;
    }
    let switched = operation.facts.switch_over.as_ref().and_then(|switch| switch.endpoint.clone());
    switched.or_else(|| operation.facts.instances.as_ref().map(|ready| ready.endpoint.clone()))
}

fn timeline(operation: &Operation, mut attempts: Vec<(StepKind, Vec<Attempt>)>, now: Timestamp) -> Vec<StepLine> {
    operation
        .steps
        .iter()
        .map(|step| {
            let tried = attempts.iter_mut().find(|(kind, _)| *kind == step.kind);
            let ended = step.ended_at.or_else(|| (step.status == StepStatus::Started).then_some(now));
            StepLine {
                step: step.kind,
                status: step.status,
                started_at: step.started_at,
                took: step.started_at.zip(ended).map(|(from, to)| to.duration_since(from)),
                attempts: tried.map(|(_, tried)| std::mem::take(tried)).unwrap_or_default(),
                note: step.note.clone(),
            }
        })
        .collect()
}

/// The warnings of an operation's report.
pub fn warnings_of(operation: &Operation) -> Vec<String> {
    let of_plan = operation.facts.plan.iter().flat_map(|plan| &plan.warnings).map(|finding| finding.message.clone());
    let given_up = operation.steps.iter().filter(|step| step.status == StepStatus::Abandoned).filter_map(|step| {
        let failure = step.failure.as_ref()?;
        let left = steps::left_by(step.kind, operation);
        let left = if left.is_empty() { String::new() } else { format!("; left: {}", left.join(", ")) };
        Some(format!("{} was given up: {failure}{left}", step.kind))
    });
    of_plan.chain(given_up).collect()
}

/// What an operation made or took over, and what became of it, as its report tells.
pub fn resources_of(operation: &Operation) -> Vec<ResourceLine> {
    let Some(plan) = operation.facts.plan.as_deref() else { return Vec::new() };
    let status_of = |step| operation.step(step).map(|record| record.status);
    let fate = |step: StepKind, done: &str| match status_of(step) {
        Some(StepStatus::Finished) => done.to_owned(),
        Some(StepStatus::Undone) => "deleted by the undo".to_owned(),
        Some(StepStatus::Waived) => operation.step(step).and_then(|record| record.note.clone()).unwrap_or_default(),
        Some(StepStatus::Pending | StepStatus::Skipped) | None => "not made".to_owned(),
        Some(_) => "may exist".to_owned(),
    };
    let deleted = operation.facts.archive.as_ref().map(|archive| archive.deleted.clone()).unwrap_or_default();
    let mut lines: Vec<ResourceLine> = plan
        .hops
        .iter()
        .map(|hop| ResourceLine {
            kind: "snapshot copy",
            name: format!("{} in {}", hop.to, hop.location),
            fate: if deleted.contains(&hop.to) {
                "deleted after the switch".to_owned()
            } else if status_of(StepKind::ArchiveSnapshot) == Some(StepStatus::Abandoned) {
                "may exist".to_owned()
            } else {
                fate(StepKind::CopySnapshot, "kept")
            },
        })
        .collect();
    let switched =
        operation.facts.switch_over.is_some() && status_of(StepKind::SwitchOver) == Some(StepStatus::Finished);
    let serves = if switched && plan.strategy == Strategy::Swap {
        format!("serves as {}", operation.request.target.cluster)
    } else {
        "serves".to_owned()
    };
    lines.push(ResourceLine {
        kind: "cluster",
        name: plan.names.staged.to_string(),
        fate: fate(StepKind::RestoreSnapshot, &serves),
    });
    for (staged, serving) in plan.names.staged_instances.iter().zip(&plan.names.serving_instances) {
        let serves = if switched && staged != serving { format!("serves as {serving}") } else { "serves".to_owned() };
        lines.push(ResourceLine {
            kind: "instance",
            name: staged.to_string(),
            fate: fate(StepKind::CreateInstances, &serves),
        });
    }
    lines.extend(old_cluster(operation, plan, switched));
    lines
}

fn old_cluster(operation: &Operation, plan: &Plan, switched: bool) -> Vec<ResourceLine> {
    let Some(existing) = &plan.existing else { return Vec::new() };
    let switch = operation.step(StepKind::SwitchOver);
    let old = |fate: String| ResourceLine {
        kind: "old cluster",
        name: format!("{} ({})", existing.cluster, existing.resource_id),
        fate,
    };
    let names = &plan.names;
    match (plan.strategy, switch.map(|step| step.status)) {
        (Strategy::SideBySide, _) => Vec::new(),
        (Strategy::Swap, _) if switched => retired_cluster(operation, plan, old),
        (Strategy::Replace, _) if switched => {
            vec![old("deleted, in its final snapshot".to_owned()), final_snapshot(plan, "kept")]
        }
        (_, None | Some(StepStatus::Pending | StepStatus::Skipped | StepStatus::Undone)) => {
            // A retirement that failed before the undo may have taken the snapshot.
            let taken = operation.request.retirement.final_snapshot == FinalSnapshot::Take;
            let begun = operation.retirement_begun_at.is_some() && taken;
            let snapshot = begun.then(|| final_snapshot(plan, "may exist"));
            [old("has its name".to_owned())].into_iter().chain(snapshot).collect()
        }
        // What a person has dealt with is as they say.
        (strategy, Some(StepStatus::Waived)) => {
            let told = switch.and_then(|step| step.note.clone()).unwrap_or_default();
            let snapshot = (strategy == Strategy::Replace).then(|| final_snapshot(plan, "may exist"));
            [old(told)].into_iter().chain(snapshot).collect()
        }
        (Strategy::Swap, Some(_)) => vec![old(format!("has its name, or is called {}", names.retired))],
        (Strategy::Replace, Some(_)) => {
            vec![old("has its name, or is in its final snapshot".to_owned()), final_snapshot(plan, "may exist")]
        }
    }
}

fn final_snapshot(plan: &Plan, fate: &str) -> ResourceLine {
    let name = plan.names.final_snapshot.to_string();
    ResourceLine { kind: "final snapshot", name, fate: fate.to_owned() }
}

/// The old cluster once another one bears its name.
fn retired_cluster(operation: &Operation, plan: &Plan, old: impl Fn(String) -> ResourceLine) -> Vec<ResourceLine> {
    let taken = operation.request.retirement.final_snapshot == FinalSnapshot::Take;
    if let Some(at) = operation.retired_at {
        let snapshot = taken.then(|| final_snapshot(plan, "kept"));
        return [old(format!("deleted at {at}"))].into_iter().chain(snapshot).collect();
    }
    let retired = &plan.names.retired;
    // Its end is under way, or was begun and failed.
    let ending = operation.retirement_begun_at.is_some();
    let fate = if ending {
        format!("kept as {retired}, unless its end goes on at RDS")
    } else {
        let until = operation.retire_after().map_or_else(String::new, |at| format!(" until {at}"));
        format!("kept as {retired}{until}")
    };
    // A retirement that failed may have taken the snapshot already; the next one uses it.
    let begun = (ending && taken).then(|| final_snapshot(plan, "may exist"));
    [old(fate)].into_iter().chain(begun).collect()
}

/// What is picked up entry by entry.
struct Story {
    attempts: Vec<(StepKind, Vec<Attempt>)>,
    incidents: Vec<Incident>,
}

impl Story {
    fn new(operation: &Operation) -> Self {
        Self { attempts: operation.steps.iter().map(|step| (step.kind, Vec::new())).collect(), incidents: Vec::new() }
    }

    fn take(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::StepStarted { step, .. } => self.begin(*step, Direction::Forward, at),
            Event::StepUndoStarted { step, .. } => self.begin(*step, Direction::Back, at),
            Event::StepFinished { step, .. } | Event::StepSkipped { step, .. } | Event::StepUndone { step, .. } => {
                self.end(*step, at, None);
            }
            Event::StepFailed { step, failure, .. }
            | Event::StepUndoFailed { step, failure, .. }
            | Event::StepAbandoned { step, failure, .. } => self.end(*step, at, Some(failure)),
            Event::StepUndoWaived { step, by, note } => {
                self.incident(at, format!("{by} dealt with the undo of {step}: {note}"));
            }
            Event::BecameStuck { step, failure, left, .. } => {
                self.end(*step, at, Some(failure));
                let left = if left.is_empty() { String::new() } else { format!("; left: {}", left.join(", ")) };
                self.incident(at, format!("stuck in {step}: {failure}{left}"));
            }
            Event::Requested { .. } => {}
            Event::TakenOver { executor } => self.incident(at, format!("executor {executor} took over")),
            Event::CancelRequested { request } => self.incident(at, format!("{} asked to cancel", request.by)),
            Event::UndoStarted { reason } => self.incident(at, undo_text(reason)),
            Event::Unstuck { by, .. } => self.incident(at, format!("{by} said to go on")),
            Event::Ended { end } => {
                if *end != End::Completed {
                    self.incident(at, format!("ended: {}", Phase::Ended(*end).status().as_str()));
                }
            }
            Event::RetireStarted { by } => {
                self.incident(at, format!("{by} began to end the retired cluster"));
            }
            Event::RetireFinished { .. } => self.incident(at, "the retired cluster is gone".to_owned()),
            Event::RetireFailed { failure } => {
                self.incident(at, format!("the retired cluster could not be ended: {failure}"));
            }
        }
    }

    fn of(&mut self, step: StepKind) -> Option<&mut Vec<Attempt>> {
        self.attempts.iter_mut().find(|(kind, _)| *kind == step).map(|(_, attempts)| attempts)
    }

    fn begin(&mut self, step: StepKind, direction: Direction, at: Timestamp) {
        if let Some(attempts) = self.of(step) {
            attempts.push(Attempt { direction, started_at: at, took: None, failure: None });
        }
    }

    fn end(&mut self, step: StepKind, at: Timestamp, failure: Option<&Failure>) {
        if let Some(attempt) = self.of(step).and_then(|attempts| attempts.last_mut()) {
            attempt.took = Some(at.duration_since(attempt.started_at));
            attempt.failure = failure.cloned();
        }
    }

    fn incident(&mut self, at: Timestamp, text: String) {
        self.incidents.push(Incident { at, text });
    }
}

fn undo_text(reason: &UndoReason) -> String {
    match reason {
        UndoReason::Failed { step } => format!("{step} failed: undoing"),
        UndoReason::Cancelled(request) => match &request.reason {
            Some(why) => format!("cancelled by {} ({why}): undoing", request.by),
            None => format!("cancelled by {}: undoing", request.by),
        },
        UndoReason::Asked { by } => format!("{by} asked for the undo"),
    }
}
