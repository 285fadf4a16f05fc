//! Watching the journal: after every call the entries that are truly stored are replayed, and what they claim is compared
//! with the world.

use aurora_restore_core::{
    journal::{JournalRefusal, StateItem},
    operation::{End, Event, Operation, Phase, StepFacts, StepKind},
    ports::NoticeOutcome,
    request::Strategy,
};
use jiff::Timestamp;

use super::{
    Invariant,
    names::{Tables, is_whole},
    stage::PLACES,
    world::{CLOCK_BEHIND_MAX, Hub, Inner},
};
use aurora_restore_sandbox::model::Caller;

/// Reads what was appended to an operation's journal since the last look.
pub(super) fn follow(hub: &Hub, inner: &mut Inner, index: usize) {
    let now = hub.now();
    let id = inner.operations[index].id.clone();
    let seen = inner.operations[index].operation().map_or(0, |operation| operation.sequence);
    let Some((entries, state, token)) = hub.journal.news(&id, seen) else { return };
    inner.operations[index].token = token.0;
    for sealed in &entries {
        inner.tally.checked(Invariant::JournalReplays);
        inner.tally.entries += 1;
        hub.show(inner, "a journal entry", &sealed.body);
        let (expected, hash) = match &inner.operations[index].replayed {
            Some((operation, hash)) => (operation.sequence + 1, hash.clone()),
            None => (1, String::new()),
        };
        let applied = sealed.open(expected, &hash).and_then(|entry| {
            let illegal = |source| JournalRefusal::Illegal { sequence: expected, source };
            let next = match inner.operations[index].replayed.take() {
                Some((mut operation, _)) => {
                    operation.apply(&entry.event, entry.at).map_err(illegal)?;
                    operation
                }
                None => Operation::begin(id.clone(), &entry.event, entry.at).map_err(illegal)?,
            };
            inner.operations[index].replayed = Some((next, sealed.hash.clone()));
            Ok(entry)
        });
        match applied {
            Ok(entry) => {
                inner.tell(now, id.as_str(), || format!("    entry {}: {}", sealed.sequence, told(&entry.event)));
                take(hub, inner, index, &entry.event, now);
            }
            Err(refusal) => {
                inner.violate(Invariant::JournalReplays, now, format!("{id}: {refusal}"));
                return;
            }
        }
    }
    compare_state(hub, inner, index, &state, now);
}

fn compare_state(hub: &Hub, inner: &mut Inner, index: usize, state: &StateItem, now: Timestamp) {
    let Some(operation) = inner.operations[index].operation() else { return };
    let mut derived = StateItem::of(operation, &state.target_key);
    derived.progress.clone_from(&state.progress);
    let same = derived == *state;
    let id = operation.id.clone();
    let progress = state.progress.as_ref().map(|progress| progress.text.clone()).unwrap_or_default();
    hub.show(inner, "a state item", state.failure.as_deref().unwrap_or_default());
    hub.show(inner, "a progress line", &progress);
    inner.require(Invariant::JournalReplays, now, same, || format!("{id}: the state is {state:?} and not {derived:?}"));
}

/// An entry in a few words.
fn told(event: &Event) -> String {
    match event {
        Event::Requested { request, .. } => {
            format!("requested {:?} from {:?}", request.strategy, request.source.selector)
        }
        Event::TakenOver { executor } => format!("taken over by {executor}"),
        Event::StepFailed { step, failure, retry_after, .. } => {
            let then = if retry_after.is_some() { "is tried again" } else { "has failed" };
            format!("{step} {then}: {failure}")
        }
        Event::StepUndoFailed { step, failure, .. } => format!("the undo of {step} failed: {failure}"),
        Event::StepAbandoned { step, failure, .. } => format!("{step} is given up: {failure}"),
        Event::BecameStuck { step, failure, left, .. } => {
            format!("STUCK in {step}: {failure}; left: {}", left.join(", "))
        }
        Event::UndoStarted { reason } => format!("the undo begins: {reason:?}"),
        Event::StepSkipped { step, reason } => format!("{step} is skipped: {reason}"),
        Event::StepUndoWaived { step, note, .. } => format!("the undo of {step} is waived: {note}"),
        Event::StepUndone { step, note } => format!("{step} is undone: {}", note.as_deref().unwrap_or("-")),
        Event::StepFinished { step, .. } => format!("{step} is finished"),
        Event::StepStarted { step, attempt } => format!("{step} begins, attempt {attempt}"),
        Event::StepUndoStarted { step, attempt } => format!("the undo of {step} begins, attempt {attempt}"),
        Event::RetireFailed { failure } => format!("the retirement failed: {failure}"),
        Event::CancelRequested { .. }
        | Event::Unstuck { .. }
        | Event::Ended { .. }
        | Event::RetireStarted { .. }
        | Event::RetireFinished { .. } => format!("{event:?}"),
    }
}

/// Whether people were told of an end, or that one of them must act, since the end before it.
fn was_told(inner: &mut Inner, index: usize, event: &Event, now: Timestamp) {
    let wanted = [
        (NoticeOutcome::Completed, matches!(event, Event::Ended { end: End::Completed })),
        (NoticeOutcome::Failed, matches!(event, Event::Ended { end: End::Failed })),
        (NoticeOutcome::Cancelled, matches!(event, Event::Ended { end: End::Cancelled })),
        (NoticeOutcome::Stuck, matches!(event, Event::BecameStuck { .. })),
    ];
    let Some((outcome, _)) = wanted.into_iter().find(|(_, is_this)| *is_this) else { return };
    let watched = &mut inner.operations[index];
    let (id, since) = (watched.id.clone(), watched.told);
    watched.told = inner.told.len();
    let told = inner.told.iter().skip(since).any(|(of, told)| *of == id && *told == outcome);
    inner.require(Invariant::PeopleAreTold, now, told, || format!("{id} became {outcome:?} without a word"));
}

/// What follows from an entry for the simulation.
fn take(hub: &Hub, inner: &mut Inner, index: usize, event: &Event, now: Timestamp) {
    if let Some(happening) = happening(event) {
        inner.tally.happened(happening);
    }
    was_told(inner, index, event, now);
    one_operation_per_target(inner, index, now);
    match event {
        Event::StepFinished { facts, .. } => match &**facts {
            StepFacts::SnapshotCheck(_) => note_expectations(hub, inner, index),
            StepFacts::SwitchOver(_) => switch_is_done(hub, inner, index, now),
            StepFacts::CopySnapshot(_)
            | StepFacts::RestoreSnapshot(_)
            | StepFacts::CreateInstances(_)
            | StepFacts::ApplySettings(_)
            | StepFacts::SetupDbUsers(_)
            | StepFacts::VerifyRestore(_)
            | StepFacts::ArchiveSnapshot(_)
            | StepFacts::Notify(_) => {}
        },
        Event::StepUndone { step: StepKind::SwitchOver, .. } => inner.operations[index].unanswered = Default::default(),
        Event::Ended { end: End::Completed } => completed(hub, inner, index, now),
        Event::Ended { end: End::Failed | End::Cancelled } => undone(hub, inner, index, now),
        Event::Requested { .. } => inner.operations[index].begun_at = Some(now),
        Event::StepUndoWaived { .. } => {
            // What is left is what a person said; their word is in the report.
            inner.operations[index].disturbed = true;
            let site = inner.operations[index].site;
            inner.sites[site].disturbed = true;
        }
        Event::TakenOver { .. }
        | Event::StepStarted { .. }
        | Event::StepSkipped { .. }
        | Event::StepFailed { .. }
        | Event::StepAbandoned { .. }
        | Event::CancelRequested { .. }
        | Event::UndoStarted { .. }
        | Event::StepUndoStarted { .. }
        | Event::StepUndone { .. }
        | Event::StepUndoFailed { .. }
        | Event::BecameStuck { .. }
        | Event::Unstuck { .. }
        | Event::RetireStarted { .. }
        | Event::RetireFinished { .. }
        | Event::RetireFailed { .. } => {}
    }
}

fn happening(event: &Event) -> Option<&'static str> {
    Some(match event {
        Event::TakenOver { .. } => "taken over",
        Event::CancelRequested { .. } => "cancel requested",
        Event::BecameStuck { .. } => "stuck",
        Event::Unstuck { .. } => "resumed",
        Event::UndoStarted { reason: aurora_restore_core::operation::UndoReason::Asked { .. } } => "undo asked for",
        Event::RetireStarted { .. } => "retire begun",
        Event::RetireFinished { .. } => "retired",
        Event::RetireFailed { .. } => "retire failed",
        Event::StepAbandoned { .. } => "step abandoned",
        Event::StepSkipped { .. } => "step skipped",
        Event::StepUndoFailed { .. } => "undo failed",
        Event::StepUndoWaived { .. } => "undo waived",
        Event::StepFailed { .. } => "step failed",
        Event::Requested { .. }
        | Event::StepStarted { .. }
        | Event::StepFinished { .. }
        | Event::UndoStarted { .. }
        | Event::StepUndoStarted { .. }
        | Event::StepUndone { .. }
        | Event::Ended { .. } => return None,
    })
}

fn one_operation_per_target(inner: &mut Inner, index: usize, now: Timestamp) {
    let site = inner.operations[index].site;
    let holders: Vec<String> = inner
        .operations
        .iter()
        .filter(|watched| watched.site == site && watched.phase().is_some_and(Phase::holds_target))
        .map(|watched| watched.id.to_string())
        .collect();
    inner.require(Invariant::OneOperationPerTarget, now, holders.len() <= 1, || holders.join(" and "));
}

/// Keeps what the data must hold: what is in the snapshot that the plan names, and what the old cluster holds.
fn note_expectations(hub: &Hub, inner: &mut Inner, index: usize) {
    let Some(plan) = inner.operations[index].operation().and_then(|operation| operation.facts.plan.clone()) else {
        return;
    };
    let state = hub.sim.lock();
    let wanted = plan.snapshot.as_ref().map(|snapshot| snapshot.arn.as_str());
    for (account, region) in PLACES {
        let holdings = state.world.holdings(&Caller::new(account, region).place());
        let snapshot =
            holdings.snapshots.values().find(|held| Some(held.shown.db_cluster_snapshot_arn.as_str()) == wanted);
        if let Some(content) = snapshot.and_then(|held| state.data.image(held.image)) {
            inner.operations[index].expected = Some(content.tables.clone());
        }
        let old = holdings.clusters.values().find(|(cluster, _)| {
            plan.existing.as_ref().is_some_and(|old| old.resource_id.as_str() == cluster.db_cluster_resource_id)
        });
        if let Some(content) = old.and_then(|(_, volume)| state.data.content(*volume)) {
            inner.operations[index].old_content = Some(content.tables.clone());
        }
    }
}

fn switch_is_done(hub: &Hub, inner: &mut Inner, index: usize, now: Timestamp) {
    let Some(operation) = inner.operations[index].operation() else { return };
    let (Some(switch), Some(restored)) = (operation.facts.switch_over.clone(), operation.facts.restored.clone()) else {
        return;
    };
    if operation.request.strategy != Strategy::Swap {
        return;
    }
    let site = &inner.sites[inner.operations[index].site];
    if !site.disturbed && !inner.operations[index].disturbed {
        let answering = {
            let state = hub.sim.lock();
            let found = state.world.who_answers(&site.site.endpoint.host, site.site.endpoint.port);
            found.map(|answering| answering.db_cluster_resource_id.to_owned())
        };
        let holds = answering.as_deref() == Some(restored.resource_id.as_str());
        inner.require(Invariant::RecordTellsTheTruth, now, holds, || {
            format!("the switch to {} is recorded as done, and {answering:?} answers", restored.resource_id)
        });
    }
    let unanswered = std::mem::take(&mut inner.operations[index].unanswered);
    if let Some(bound) = switch.name_unanswered_max {
        let holds = unanswered <= bound + CLOCK_BEHIND_MAX;
        inner.require(Invariant::ReportedWindowIsABound, now, holds, || {
            format!("the name did not answer for {unanswered:#}, and the journal says {bound:#} at most")
        });
    }
}

fn completed(hub: &Hub, inner: &mut Inner, index: usize, now: Timestamp) {
    let watched = &inner.operations[index];
    let Some(operation) = watched.operation() else { return };
    let (id, disturbed) = (watched.id.clone(), watched.disturbed);
    let verified = operation.facts.verified.is_some();
    let cancelled = operation.cancel.is_some();
    let restored = operation.facts.restored.as_ref().map(|restored| restored.resource_id.to_string());
    let expected = watched.expected.clone();
    let strategy = operation.request.strategy;
    inner.require(Invariant::VerifiedBeforeSwitch, now, verified, || format!("{id} is completed and was not verified"));
    inner
        .require(Invariant::AcceptedCancelIsObeyed, now, !cancelled, || format!("{id} is completed and was cancelled"));
    if !disturbed {
        let found = restored.as_deref().and_then(|restored| content_of(hub, restored));
        let holds = match (&found, &expected) {
            (Some(found), Some(expected)) => is_whole(found, expected),
            (_, None) | (None, _) => false,
        };
        inner.require(Invariant::ServedDataAreWhole, now, holds, || {
            format!("{id} ({strategy:?}) serves {found:?} and should serve {expected:?}")
        });
    }
}

/// The tables of the cluster with this immutable id, wherever it is.
pub(super) fn content_of(hub: &Hub, resource: &str) -> Option<Tables> {
    let state = hub.sim.lock();
    PLACES.into_iter().find_map(|(account, region)| {
        let holdings = state.world.holdings(&Caller::new(account, region).place());
        let (_, volume) =
            holdings.clusters.into_values().find(|(shown, _)| shown.db_cluster_resource_id == resource)?;
        state.data.content(volume).map(|content| content.tables.clone())
    })
}

fn undone(hub: &Hub, inner: &mut Inner, index: usize, now: Timestamp) {
    let site_index = inner.operations[index].site;
    if inner.operations[index].disturbed || inner.sites[site_index].disturbed {
        return;
    }
    let Some(operation) = inner.operations[index].operation() else { return };
    let retirement_was_begun = operation.retirement_begun_at.is_some();
    let Some(plan) = operation.facts.plan.clone() else { return };
    let Some(existing) = &plan.existing else { return };
    let place = inner.sites[site_index].site.caller().place();
    let holdings = hub.sim.lock().world.holdings(&place);
    let name = inner.sites[site_index].site.name;
    let id = inner.operations[index].id.clone();
    if plan.strategy == Strategy::SideBySide {
        // It never took the name: what others have done with it since is not for it to turn back, and that it touched
        // nobody else's cluster is held at every call.
        return;
    }
    let bearer = holdings.clusters.iter().find(|(_, (shown, _))| shown.db_cluster_identifier == name);
    let Some((key, (shown, volume))) = bearer else {
        inner.violate(Invariant::UndoneIsAsBefore, now, format!("{id} is undone and nothing bears {name}"));
        return;
    };
    let is_old = shown.db_cluster_resource_id == existing.resource_id.as_str();
    let brought_back = plan.strategy == Strategy::Replace && inner.makers.get(key) == Some(&index);
    inner.require(Invariant::UndoneIsAsBefore, now, is_old || brought_back, || {
        format!("{id} is undone and {} bears {name}", shown.db_cluster_resource_id)
    });
    let marked =
        shown.tag_list.iter().any(|tag| tag.key == "aurora-restore:retired-by" && tag.value == id.as_str() && is_old);
    inner.require(Invariant::UndoneIsAsBefore, now, !marked, || format!("{id} is undone and its mark stays on {name}"));
    for old in &existing.instances {
        let found = holdings
            .instances
            .values()
            .find(|(shown, of)| of == key && shown.db_instance_identifier == old.instance.as_str());
        // A retirement that failed half-way may have deleted it; at least one is there, or there would be no undo.
        let holds = found.is_some() || retirement_was_begun && holdings.instances.values().any(|(_, of)| of == key);
        let instance = &old.instance;
        inner.require(Invariant::UndoneIsAsBefore, now, holds, || {
            format!("{id} is undone and instance {instance} is not there")
        });
        let marked = found.is_some_and(|(shown, _)| {
            shown.tag_list.iter().any(|tag| tag.key == "aurora-restore:retired-by" && tag.value == id.as_str())
        });
        inner.require(Invariant::UndoneIsAsBefore, now, !marked, || {
            format!("{id} is undone and its mark stays on instance {instance}")
        });
    }
    if brought_back {
        let found = hub.sim.lock().data.content(*volume).map(|content| content.tables.clone()).unwrap_or_default();
        let holds = inner.operations[index].old_content.as_ref().is_some_and(|old| is_whole(&found, old));
        inner.require(Invariant::ServedDataAreWhole, now, holds, || format!("{id} brought {name} back with {found:?}"));
    }
}
