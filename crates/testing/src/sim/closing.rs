//! The last look, once everything is over: what is left, and whether the reports say so.

use std::collections::{BTreeMap, BTreeSet};

use aurora_restore_core::{
    journal::replay,
    operation::Operation,
    report::{self, Report},
};
use aurora_restore_sandbox::model::{
    Caller,
    call::Call,
    holdings::Holdings,
    reply::Reply,
    resources::{ClusterStatus, DbCluster, SnapshotKind, SnapshotStatus},
};
use jiff::{SignedDuration, Timestamp};

use super::{
    Invariant,
    changes::timeless,
    names,
    stage::{self, PLACES, PRODUCTION, WAREHOUSE},
    world::{Hub, Inner},
};

/// What was there before anything began.
pub(super) struct Beginning {
    places: Vec<(Caller, Holdings)>,
}

fn places(hub: &Hub) -> Vec<(Caller, Holdings)> {
    let state = hub.sim.lock();
    let callers = PLACES.into_iter().map(|(account, region)| Caller::new(account, region));
    callers.map(|caller| (caller.clone(), state.world.holdings(&caller.place()))).collect()
}

impl Beginning {
    pub(super) fn of(hub: &Hub) -> Self {
        Self { places: places(hub) }
    }
}

/// Looks at everything.
pub(super) fn look(hub: &Hub, begin: &Beginning) {
    stage::settle(&hub.sim, SignedDuration::from_hours(3));
    let mut inner = hub.lock();
    let inner = &mut *inner;
    names::look(hub, inner);
    let ends = places(hub);
    let reports = reports(hub, inner);
    let mut explained: BTreeSet<u64> = BTreeSet::new();
    for index in 0..inner.operations.len() {
        if inner.operations[index].operation().is_some() {
            explained.extend(operation(hub, inner, index, (&ends, &reports)));
        }
    }
    quotas(hub, inner, begin, &ends, &explained);
    sources(hub, inner, begin, (&ends, &reports));
}

/// The reports of all operations that were begun.
fn reports(hub: &Hub, inner: &mut Inner) -> BTreeMap<usize, Report> {
    let ids: Vec<_> = inner.operations.iter().map(|watched| watched.id.clone()).collect();
    let mut reports = BTreeMap::new();
    for (index, id) in ids.iter().enumerate() {
        let Some((entries, _, _)) = hub.journal.news(id, 0) else { continue };
        if let Ok(report) = report::of_journal(&entries, hub.now()) {
            hub.show(inner, "a report", &format!("{report:?}"));
            reports.insert(index, report);
        }
    }
    reports
}

type Ends<'a> = (&'a [(Caller, Holdings)], &'a BTreeMap<usize, Report>);

/// Compares what an operation made and is there with what the reports say: its own, and for a cluster that a later
/// operation on the target has retired, the later one's. Gives the keys of what they list.
fn operation(hub: &Hub, inner: &mut Inner, index: usize, (ends, reports): Ends<'_>) -> BTreeSet<u64> {
    let now = hub.now();
    let watched = &inner.operations[index];
    let id = watched.id.clone();
    let disturbed = watched.disturbed || inner.sites[watched.site].disturbed;
    let Some((entries, _, _)) = hub.journal.news(&id, 0) else { return BTreeSet::new() };
    let whole = replay(&entries);
    let same = matches!((&whole, &watched.replayed), (Ok((one, _)), Some((other, _))) if one == other);
    inner.require(Invariant::JournalReplays, now, same, || format!("{id}: the whole journal gives another operation"));
    let Some(operation) = inner.operations[index].operation().cloned() else { return BTreeSet::new() };
    let status = operation.status().as_str();
    let strategy = match operation.request.strategy {
        aurora_restore_core::request::Strategy::Swap => "swap",
        aurora_restore_core::request::Strategy::SideBySide => "side-by-side",
        aurora_restore_core::request::Strategy::Replace => "replace",
    };
    *inner.tally.ends.entry((strategy, status)).or_default() += 1;
    let Some(report) = reports.get(&index) else { return BTreeSet::new() };
    let there = made_and_there(inner, index, ends);
    let site = inner.operations[index].site;
    let of_target =
        || reports.iter().filter(|(other, _)| inner.operations[**other].site == site).map(|(_, report)| report);
    let is_listed = |names: &Vec<String>| names.iter().any(|name| of_target().any(|report| lists(report, name)));
    let listed: BTreeSet<u64> = there.iter().filter(|(_, names)| is_listed(names)).map(|(key, _)| *key).collect();
    for (key, names) in &there {
        let holds = listed.contains(key);
        inner.require(Invariant::NothingIsLeft, now, holds || disturbed, || {
            format!("{id} ({strategy}, {status}) made {} and its report does not list it as there", names.join(" or "))
        });
    }
    if !disturbed {
        missing(inner, &operation, report, ends, now);
    }
    listed
}

/// What an operation made and is there: its present name first, then the name under which it was made.
fn made_and_there(inner: &Inner, index: usize, ends: &[(Caller, Holdings)]) -> BTreeMap<u64, Vec<String>> {
    let mut there = BTreeMap::new();
    let ours = |key: &u64| inner.makers.get(key) == Some(&index);
    for (_, holdings) in ends {
        for (key, (shown, _)) in holdings.clusters.iter().filter(|(key, _)| ours(key)) {
            there.insert(*key, vec![shown.db_cluster_identifier.clone(), shown.db_cluster_resource_id.clone()]);
        }
        for (key, (shown, of)) in holdings.instances.iter().filter(|(key, _)| ours(key)) {
            // An instance is there with its cluster.
            let mut names = vec![shown.db_instance_identifier.clone(), shown.db_cluster_identifier.clone()];
            names.extend(holdings.clusters.get(of).map(|(cluster, _)| cluster.db_cluster_resource_id.clone()));
            there.insert(*key, names);
        }
        for (key, held) in holdings.snapshots.iter().filter(|(key, _)| ours(key)) {
            there.insert(*key, vec![held.shown.db_cluster_snapshot_identifier.clone()]);
        }
    }
    there
}

/// Whether a report says that a thing is there: as a resource that was not deleted, or in the note of a step.
fn lists(report: &Report, name: &str) -> bool {
    let is_named = |text: &str| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(|word| word == name);
    let resource = report.resources.iter().any(|line| {
        (is_named(&line.name) || is_named(&line.fate))
            && !line.fate.starts_with("deleted by")
            && line.fate != "not made"
    });
    // A note that something is gone does not list it.
    let stays = |note: &&str| note.contains("stays") || note.starts_with("dealt with");
    let noted = report.timeline.iter().filter_map(|line| line.note.as_deref()).filter(stays).any(is_named);
    let left = report.warnings.iter().any(|warning| warning.contains("left:") && is_named(warning));
    resource
        || noted
        || left
        || report.incidents.iter().any(|incident| incident.text.contains("left:") && is_named(&incident.text))
}

/// What the report says is kept and is not there. A later operation on the target may have ended it.
fn missing(inner: &mut Inner, operation: &Operation, report: &Report, ends: &[(Caller, Holdings)], now: Timestamp) {
    let superseded = |line: &report::ResourceLine| line.kind != "old cluster" && line.kind != "final snapshot";
    for line in &report.resources {
        let kept = line.fate.starts_with("kept as") && !line.fate.contains("unless");
        if !kept || superseded(line) {
            continue;
        }
        let Some(plan) = &operation.facts.plan else { continue };
        let retired = plan.names.retired.as_str();
        let is_there = ends
            .iter()
            .any(|(_, holdings)| holdings.clusters.values().any(|(shown, _)| shown.db_cluster_identifier == retired));
        inner.require(Invariant::NothingIsLeft, now, is_there, || {
            format!("{}: the report says that {} is {}, and it is not there", operation.id, line.name, line.fate)
        });
    }
}

fn quotas(hub: &Hub, inner: &mut Inner, begin: &Beginning, ends: &[(Caller, Holdings)], explained: &BTreeSet<u64>) {
    let now = hub.now();
    for ((caller, before), (_, after)) in begin.places.iter().zip(ends) {
        let counted = hub.sim.with_world(|world, now| world.apply(caller, Call::DescribeAccountAttributes, now));
        let Ok(Reply::AccountQuotas(quotas)) = counted else { continue };
        let manual = |holdings: &Holdings| -> BTreeSet<u64> {
            let held = holdings.snapshots.iter().filter(|(_, held)| held.shown.snapshot_type == SnapshotKind::Manual);
            held.map(|(key, _)| *key).collect()
        };
        let kinds = [
            ("DBClusters", before.clusters.keys().copied().collect(), after.clusters.keys().copied().collect()),
            ("DBInstances", before.instances.keys().copied().collect(), after.instances.keys().copied().collect()),
            ("ManualClusterSnapshots", manual(before), manual(after)),
        ];
        for (name, before, after) in kinds {
            let (before, after): (BTreeSet<u64>, BTreeSet<u64>) = (before, after);
            let unexplained: Vec<u64> = after
                .difference(&before)
                .copied()
                .filter(|key| !explained.contains(key) && inner.makers.contains_key(key))
                .filter(|key| !inner.makers.get(key).is_some_and(|maker| inner.operations[*maker].disturbed))
                .collect();
            let used = quotas.iter().find(|quota| quota.account_quota_name == name).map(|quota| quota.used);
            let holds = unexplained.is_empty() && used == Some(after.len() as u64);
            inner.require(Invariant::QuotasAreBack, now, holds, || {
                format!("{name} in {caller:?}: {used:?} used, {} there, {} unexplained", after.len(), unexplained.len())
            });
        }
    }
}

fn sources(hub: &Hub, inner: &mut Inner, begin: &Beginning, (ends, reports): Ends<'_>) {
    let now = hub.now();
    let sources = [PRODUCTION, WAREHOUSE];
    for ((_, before), (_, after)) in begin.places.iter().zip(ends) {
        for (key, (shown, _)) in &before.clusters {
            if !sources.contains(&shown.db_cluster_identifier.as_str()) {
                continue;
            }
            let same = after.clusters.get(key).is_some_and(|(found, _)| at_rest(found) == at_rest(shown));
            inner.require(Invariant::SourceIsAsItWas, now, same, || {
                format!("cluster {} is not as it was", shown.db_cluster_identifier)
            });
        }
        for (key, held) in &before.snapshots {
            if !sources.contains(&held.shown.db_cluster_identifier.as_str()) {
                continue;
            }
            let found = after.snapshots.get(key);
            // What an abandoned step leaves shared stands in its report.
            let told = format!("snapshot {}", held.shown.db_cluster_snapshot_identifier);
            let is_told = reports
                .values()
                .flat_map(|report| &report.warnings)
                .any(|warning| warning.contains("left:") && warning.contains(&told) && warning.contains("shared with"));
            let same = found.is_some_and(|found| {
                found.shown.status == SnapshotStatus::Available
                    && found.shown.tag_list == held.shown.tag_list
                    && (found.shared_with == held.shared_with || is_told)
            });
            inner.require(Invariant::SourceIsAsItWas, now, same, || {
                format!(
                    "snapshot {} was shared with {:?} and is {:?}",
                    held.shown.db_cluster_snapshot_identifier,
                    held.shared_with,
                    found.map(|found| found.shared_with.clone())
                )
            });
        }
    }
}

/// A cluster without what changes by itself: a backup that is being taken is nobody's doing.
fn at_rest(shown: &DbCluster) -> DbCluster {
    DbCluster { status: ClusterStatus::Available, ..timeless(shown) }
}
