//! Judging an end: done like the untroubled run, or undone to the world before. The world is compared as a whole (clusters,
//! instances, snapshots, sharing, tags, content, logins, quotas), the journal by what it means, and the report by whether
//! it names everything that is left.

use aurora_restore_core::{
    operation::{Facts, Operation, Status, StepKind, StepRecord, StepStatus},
    ports::NoticeOutcome,
    report::{of_journal, resources_of, warnings_of},
    steps::{OPERATION_TAG, ROLE_TAG, Role},
};

use crate::{
    scenario::Scenario,
    view::{Glance, Witness},
};

use super::{
    coverage::{Ending, Verdict, is_refused},
    executor::NOTE,
    explained::{self, Explained},
    trial::{End, Trial},
};

/// What a trial may end with.
pub(super) struct Good<'a> {
    end: &'a End,
    before: Option<(Glance, &'a Scenario)>,
    pub(super) witness: Witness,
}

impl<'a> Good<'a> {
    pub(super) fn of(trial: &'a Trial, end: &'a End) -> Self {
        let before = trial.before.as_ref().map(|world| (world.glance(trial.witness), world));
        Self { end, before, witness: trial.witness }
    }

    /// Whether the untroubled run completes the operation.
    pub(super) fn is_completed(&self) -> bool {
        self.end.operation.status() == Status::Completed
    }
}

/// Judges an end.
pub(super) fn verdict(end: &End, good: &Good<'_>) -> Verdict {
    let ending = ending(end, good).map_err(|reason| {
        let (status, failure) = (end.operation.status().as_str(), &end.operation.failure);
        format!("{status}, {reason}\n    failure: {failure:?}\n    stuck on: {:?}", end.stuck)
    });
    Verdict { ending, was_stuck: !end.stuck.is_empty() }
}

fn ending(end: &End, good: &Good<'_>) -> Result<Ending, String> {
    let status = end.operation.status();
    let wanted = good.end.operation.status();
    let (ending, glance, expected) = match (&good.before, status) {
        _ if status == wanted && wanted == Status::Completed => (Ending::Done, &good.end.glance, &good.end.world),
        (Some((before, world)), Status::Failed) if is_refused(end) => (Ending::Refused, before, *world),
        (Some((before, world)), Status::Failed) => (Ending::Undone, before, *world),
        _ if status == wanted => (Ending::Done, &good.end.glance, &good.end.world),
        _ => return Err(format!("where {} was wanted", wanted.as_str())),
    };
    if end.glance != *glance {
        world_is(end, good.witness, expected)?;
    }
    journal_means(end, good, ending)?;
    report_names_what_is_left(end)?;
    people_were_told(end)?;
    Ok(ending)
}

/// Judges the end of an operation of which a person wanted that it is undone.
pub(super) fn is_undone_to(end: &End, before: &Scenario, witness: Witness) -> Result<(), String> {
    if !matches!(end.operation.status(), Status::Failed | Status::Cancelled) {
        return Err(format!("{} and not undone", end.operation.status().as_str()));
    }
    world_is(end, witness, before)
}

/// Says in words how the worlds differ, unless it is explained.
fn world_is(end: &End, witness: Witness, expected: &Scenario) -> Result<(), String> {
    let differences = expected.view_with_quotas(witness).differences(&end.world.view_with_quotas(witness));
    let unexplained = Explained::by(&end.operation).not_explained(&differences);
    if unexplained.is_empty() { Ok(()) } else { Err(format!("and the world differs:\n  {}", unexplained.join("\n  "))) }
}

/// The statuses of the steps and what they say, without times.
fn journal_means(end: &End, good: &Good<'_>, ending: Ending) -> Result<(), String> {
    match ending {
        Ending::Refused | Ending::Undone => {
            let settled = |step: &&StepRecord| {
                !matches!(step.status, StepStatus::Pending | StepStatus::Skipped | StepStatus::Undone)
            };
            if let Some(step) = end.operation.steps.iter().find(settled) {
                return Err(format!("and step {} is {:?}", step.kind, step.status));
            }
            if end.operation.failure.is_none() || end.operation.undo_reason.is_none() {
                return Err("and the journal does not say why".to_owned());
            }
            Ok(())
        }
        Ending::Done => steps_are(end, good).and_then(|()| facts_are(&end.operation, &good.end.operation)),
    }
}

fn steps_are(end: &End, good: &Good<'_>) -> Result<(), String> {
    for (step, wanted) in end.operation.steps.iter().zip(&good.end.operation.steps) {
        let given_up = step.status == StepStatus::Abandoned && step.kind.is_after_point_of_no_return();
        if step.status != wanted.status && !(given_up && wanted.status != StepStatus::Undone) {
            return Err(format!("and step {} is {:?} and not {:?}", step.kind, step.status, wanted.status));
        }
        if given_up && !warnings_of(&end.operation).iter().any(|warning| warning.contains(step.kind.as_str())) {
            return Err(format!("and the report does not warn that {} was given up", step.kind));
        }
    }
    Ok(())
}

fn facts_are(found: &Operation, wanted: &Operation) -> Result<(), String> {
    if found.retired_at.is_some() != wanted.retired_at.is_some() {
        return Err("and whether the retired cluster is gone differs".to_owned());
    }
    let differences: Vec<&str> =
        meanings(&found.facts, &wanted.facts).into_iter().filter_map(|(what, same)| (!same).then_some(what)).collect();
    if differences.is_empty() {
        Ok(())
    } else {
        Err(format!("and the facts differ in {differences:?}: {:?}", found.facts))
    }
}

/// Whether the facts are the same but for times and durations.
fn meanings(found: &Facts, wanted: &Facts) -> [(&'static str, bool); 8] {
    let plan = |facts: &Facts| {
        let plan = facts.plan.as_deref();
        plan.map(|plan| (plan.digest.clone(), plan.names.clone(), plan.hops.clone(), plan.existing.clone()))
    };
    let verified = |facts: &Facts| facts.verified.as_ref().map(|all| (all.checks.clone(), all.fingerprint.clone()));
    let switch = |facts: &Facts| facts.switch_over.as_ref().map(|all| (all.endpoint.clone(), all.retired.clone()));
    // Roles that were made by an attempt before are updated by the next: what counts is who can do what.
    let users = |facts: &Facts| facts.users.as_ref().map(|users| users.outcome.proofs.clone());
    [
        ("the plan", plan(found) == plan(wanted)),
        ("the copies", found.copy == wanted.copy),
        ("the new cluster", found.restored == wanted.restored),
        ("the new instances", found.instances == wanted.instances),
        ("the settings", found.settings == wanted.settings),
        ("the users", users(found) == users(wanted)),
        ("the checks", verified(found) == verified(wanted)),
        ("the switch", switch(found) == switch(wanted)),
    ]
}

/// Whatever bears the operation's tag at the end must be in its report, and not as gone.
fn report_names_what_is_left(end: &End) -> Result<(), String> {
    let gone = ["deleted by the undo", "not made", "deleted after the switch"];
    let standing: Vec<String> = resources_of(&end.operation)
        .iter()
        .filter(|line| !gone.contains(&line.fate.as_str()))
        .map(|line| format!("{} {}", line.name, line.fate))
        // A note that something is gone does not name it as left.
        .chain(end.operation.steps.iter().filter_map(|step| step.note.clone()).filter(|note| explained::keeps(note)))
        .collect();
    let unnamed: Vec<&str> = end
        .glance
        .tagged(OPERATION_TAG, end.operation.id.as_str())
        // What was brought back is the old cluster, and not a thing of the operation any more.
        .filter(|thing| thing.tag(ROLE_TAG) != Some(Role::BroughtBack.as_str()))
        .map(|thing| thing.name.as_str())
        .filter(|name| !standing.iter().any(|text| text.split([' ', ',', '(', ')']).any(|word| word == *name)))
        .collect();
    if unnamed.is_empty() { Ok(()) } else { Err(format!("and the report does not name {unnamed:?} as left")) }
}

/// Whoever waits for the operation has heard how it ended, unless nobody could be told.
fn people_were_told(end: &End) -> Result<(), String> {
    let Some(wanted) = NoticeOutcome::of(end.operation.status()) else { return Ok(()) };
    let heard = end.world.notifier.notices();
    let told = |outcome| {
        heard.iter().filter(|notice| notice.outcome == outcome && notice.operation_id == end.operation.id).count()
    };
    if end.unheard || told(wanted) > 0 && told(NoticeOutcome::Stuck) >= end.stuck.len() {
        return Ok(());
    }
    let (stuck, times) = (told(NoticeOutcome::Stuck), end.stuck.len());
    Err(format!("and was told {} times, and {stuck} times that it was stuck, which it was {times} times", told(wanted)))
}

/// Judges the end of an operation of which a person has waived an undo: it is over, its target is free, all but what was
/// waived is as before, and the journal and the report tell what the person said.
pub(super) fn only_waived_is_left(end: &End, before: &Scenario, witness: Witness) -> Result<(), String> {
    let operation = &end.operation;
    if !matches!(operation.status(), Status::Failed | Status::Cancelled) || operation.phase.holds_target() {
        return Err(format!("{} and not undone", operation.status().as_str()));
    }
    let waived: Vec<StepKind> = operation.steps.iter().filter(|step| is_waived(step)).map(|step| step.kind).collect();
    let untold =
        operation.steps.iter().filter(|step| is_waived(step) != step.note.iter().any(|note| note.ends_with(NOTE)));
    let untold: Vec<&str> = untold.map(|step| step.kind.as_str()).collect();
    if waived.is_empty() || !untold.is_empty() {
        return Err(format!("waived is {waived:?}, and a person's words are missing or too many at {untold:?}"));
    }
    let mut told = told_to_be_left(end, &waived)?;
    told.extend(things_around_the_name(operation, &waived));
    let differences = before.view_with_quotas(witness).differences(&end.world.view_with_quotas(witness));
    let others = Explained::by(operation).and_waived(told).not_explained(&differences);
    if !others.is_empty() {
        return Err(format!("{waived:?} was waived, and more differs than was told:\n  {}", others.join("\n  ")));
    }
    report_names_what_is_left(end)?;
    people_were_told(end)
}

fn is_waived(step: &StepRecord) -> bool {
    step.status == StepStatus::Waived
}

/// What the report tells to be left of these steps, on which the operation was stuck.
fn told_to_be_left(end: &End, waived: &[StepKind]) -> Result<Vec<String>, String> {
    let stored = end.world.journal.stored(&end.operation.id);
    let report = of_journal(&stored, end.operation.updated_at).map_err(|refusal| refusal.to_string())?;
    let of_waived = |text: &String| waived.iter().any(|step| text.starts_with(&format!("stuck in {step}: ")));
    Ok(report.incidents.into_iter().map(|incident| incident.text).filter(of_waived).collect())
}

/// Whoever waives the undo of the switch has dealt with what bears the name. And a cluster that is left is told by its own
/// name; its instances stay with it.
fn things_around_the_name(operation: &Operation, waived: &[StepKind]) -> Vec<String> {
    let Some(plan) = operation.facts.plan.as_deref() else { return Vec::new() };
    let names = &plan.names;
    let new = [&names.staged_instances, &names.serving_instances].into_iter().flatten();
    let old = plan.existing.iter().flat_map(|existing| existing.instances.iter().map(|found| &found.instance));
    let has = |step| waived.contains(&step);
    let new = new.filter(|_| has(StepKind::RestoreSnapshot)).map(ToString::to_string);
    let old = old.chain(&names.retired_instances).filter(|_| has(StepKind::SwitchOver)).map(ToString::to_string);
    let target = Some(operation.request.target.cluster.to_string()).filter(|_| has(StepKind::SwitchOver));
    new.chain(old).chain(target).collect()
}
