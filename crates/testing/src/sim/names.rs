//! Watching who answers under the targets' names.

use std::collections::BTreeMap;

use aurora_restore_core::{
    operation::{End, Phase, StepKind, StepStatus},
    request::Strategy,
};
use aurora_restore_sandbox::model::World;
use jiff::Timestamp;

use super::{
    Invariant,
    world::{Hub, Inner, Watched},
};
use crate::cloud::State;

/// Rows by table.
pub(super) type Tables = BTreeMap<String, u64>;

/// Whether data hold everything that is expected, and not less of it.
pub(super) fn is_whole(found: &Tables, expected: &Tables) -> bool {
    expected.iter().all(|(table, rows)| found.get(table).is_some_and(|found| found >= rows))
}

/// Looks at every name. To be called after everything that may have changed something.
pub(super) fn look(hub: &Hub, inner: &mut Inner) {
    let now = hub.now();
    let state = hub.sim.lock();
    for index in 0..inner.sites.len() {
        inner.tally.checked(Invariant::NameAnswersOldOrVerifiedNew);
        if inner.sites[index].disturbed {
            continue;
        }
        let endpoint = &inner.sites[index].site.endpoint;
        match state.world.who_answers(&endpoint.host, endpoint.port) {
            Some(answering) => {
                let tables = || state.data.content(answering.volume).map(|content| content.tables.clone());
                answered(inner, index, answering.db_cluster_resource_id, tables, now);
            }
            None => unanswered(inner, index, &state, now),
        }
    }
}

fn answered(inner: &mut Inner, index: usize, cluster: &str, tables: impl FnOnce() -> Option<Tables>, now: Timestamp) {
    if let Some(since) = inner.sites[index].unanswered_since.take() {
        close_window(inner, index, since, now);
    }
    if inner.sites[index].serves.as_deref() == Some(cluster) {
        return;
    }
    match may_answer(inner, index, cluster, &tables().unwrap_or_default()) {
        Ok(()) => inner.sites[index].serves = Some(cluster.to_owned()),
        Err(reason) => {
            let name = inner.sites[index].site.name;
            inner.violate(
                Invariant::NameAnswersOldOrVerifiedNew,
                now,
                format!("{name} is answered by {cluster}: {reason}"),
            );
        }
    }
}

/// Whether another cluster than before may answer under a name.
fn may_answer(inner: &Inner, index: usize, cluster: &str, tables: &Tables) -> Result<(), String> {
    if inner.operations.iter().all(|watched| watched.operation().is_none()) {
        return Ok(());
    }
    let here = inner.operations.iter().filter(|watched| watched.site == index);
    for (watched, operation) in here.filter_map(|watched| Some((watched, watched.operation()?))) {
        let Some(plan) = &operation.facts.plan else { continue };
        let is_old = plan.existing.as_ref().is_some_and(|old| old.resource_id.as_str() == cluster);
        let is_new = operation.facts.restored.as_ref().is_some_and(|new| new.resource_id.as_str() == cluster);
        match operation.request.strategy {
            // A replacement answers before it is verified: that is what it is warned of.
            Strategy::Replace => return Ok(()),
            Strategy::Swap if is_new => {
                return if operation.facts.verified.is_none() {
                    Err(format!("{} has not verified it", watched.id))
                } else if !watched.expected.as_ref().is_some_and(|expected| is_whole(tables, expected)) {
                    Err(format!("{} has verified it, and its data are not whole: {tables:?}", watched.id))
                } else {
                    Ok(())
                };
            }
            Strategy::Swap if is_old && !is_switched(watched) => return Ok(()),
            Strategy::Swap | Strategy::SideBySide => {}
        }
    }
    Err("no operation explains it".to_owned())
}

fn is_switched(watched: &Watched) -> bool {
    watched.step(StepKind::SwitchOver).is_some_and(|step| step.status == StepStatus::Finished)
}

fn unanswered(inner: &mut Inner, index: usize, state: &State, now: Timestamp) {
    if inner.sites[index].serves.is_none() {
        // Nobody has borne the name so far.
        return;
    }
    inner.sites[index].unanswered_since.get_or_insert(now);
    if inner.operations.iter().filter(|watched| watched.site == index).any(may_be_unanswered) {
        return;
    }
    if !inner.sites[index].site.was_there && nobody_is_rightful(inner, index) {
        return;
    }
    let (name, serves) = (inner.sites[index].site.name, inner.sites[index].serves.clone());
    let place = describe(&state.world, inner, index);
    inner.violate(
        Invariant::NameAnswersOldOrVerifiedNew,
        now,
        format!("{name} answers to nobody, and no switch is under way; {serves:?} answered before; {place}"),
    );
}

/// Whether an operation is in its switch, or in the undo of it; a replacement is until it ends.
fn may_be_unanswered(watched: &Watched) -> bool {
    let Some(operation) = watched.operation() else { return false };
    let Some(step) = operation.step(StepKind::SwitchOver) else { return false };
    if step.started_at.is_none() {
        return false;
    }
    match operation.request.strategy {
        Strategy::SideBySide => false,
        Strategy::Replace => !matches!(operation.phase, Phase::Ended(_)),
        Strategy::Swap => match step.status {
            StepStatus::Started
            | StepStatus::Retrying
            | StepStatus::Failed
            | StepStatus::UndoStarted
            | StepStatus::UndoRetrying
            | StepStatus::UndoFailed => true,
            StepStatus::Pending
            | StepStatus::Finished
            | StepStatus::Skipped
            | StepStatus::Abandoned
            | StepStatus::Undone
            | StepStatus::Waived => false,
        },
    }
}

/// Whether the name was free at first and every operation that took it has given it back.
fn nobody_is_rightful(inner: &Inner, index: usize) -> bool {
    let mut here = inner.operations.iter().filter(|watched| watched.site == index).filter_map(Watched::operation);
    here.all(|operation| {
        operation.phase != Phase::Ended(End::Completed) && operation.phase != Phase::Retiring
            || operation.request.strategy == Strategy::SideBySide
    })
}

fn describe(world: &World, inner: &Inner, index: usize) -> String {
    let holdings = world.holdings(&inner.sites[index].site.caller().place());
    let clusters = holdings.clusters.values().map(|(cluster, _)| {
        format!("{} is {} `{}`", cluster.db_cluster_identifier, cluster.db_cluster_resource_id, cluster.status.as_str())
    });
    clusters.collect::<Vec<_>>().join(", ")
}

fn close_window(inner: &mut Inner, index: usize, since: Timestamp, now: Timestamp) {
    let length = now.duration_since(since);
    let mut of_swap = false;
    for watched in inner.operations.iter_mut().filter(|watched| watched.site == index) {
        if watched.request.strategy == Strategy::Swap && !watched.is_settled() && watched.operation().is_some() {
            watched.unanswered = watched.unanswered.saturating_add(length);
            of_swap = true;
        }
    }
    if of_swap && length > inner.tally.longest_window {
        inner.tally.longest_window = length;
        inner.tally.longest_window_seed = inner.seed;
    }
}
