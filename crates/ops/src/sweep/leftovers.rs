//! Things with our tag that nobody accounts for: of an operation that has ended, and not kept by what its journal says.
//!
//! | thing | kept where |
//! |---|---|
//! | the restored cluster, by its immutable id, and its instances | the operation is completed |
//! | a cluster that another operation has retired | that operation is completed and keeps it |
//! | a copy of a snapshot | the operation is completed and did not delete it |
//! | a final snapshot, and what was brought back from one | always |
//!
//! Nothing is said about what a person has dealt with, nor about a thing whose operation the journal has forgotten: its
//! state is kept for a while only, and the cluster that it made may serve for years.

use std::collections::BTreeMap;

use aurora_restore_core::{
    engine::look_at,
    ids::OperationId,
    journal::StateItem,
    operation::{End, Operation, Phase, StepKind, StepStatus},
    ports::{
        ClusterStatus, InstanceStatus, JournalError, Location, RdsError, SnapshotKind, SnapshotQuery, SnapshotStatus,
        Tags,
    },
    steps::{OPERATION_TAG, RETIRED_BY_TAG, ROLE_TAG, Role},
};

use super::{Finding, Sweep, Swept};

/// A thing with our tag.
#[derive(Debug)]
struct Thing {
    made_by: OperationId,
    /// The operation that took its name, for a cluster that was retired.
    retired_by: Option<OperationId>,
    role: Option<String>,
    kind: Kind,
    name: String,
    location: Location,
}

#[derive(Debug)]
enum Kind {
    Cluster { resource_id: String },
    Instance { resource_id: String },
    Snapshot,
}

impl Thing {
    fn of(kind: Kind, name: &str, location: &Location, tags: &Tags) -> Option<Self> {
        let operation = |tag: &str| tags.get(tag).and_then(|text| OperationId::new(text).ok());
        Some(Self {
            made_by: operation(OPERATION_TAG)?,
            retired_by: operation(RETIRED_BY_TAG),
            role: tags.get(ROLE_TAG).cloned(),
            kind,
            name: name.to_owned(),
            location: location.clone(),
        })
    }

    fn is_made_as(&self, role: Role) -> bool {
        self.role.as_deref() == Some(role.as_str())
    }

    fn describe(&self) -> String {
        let kind = match self.kind {
            Kind::Cluster { .. } => "cluster",
            Kind::Instance { .. } => "instance",
            Kind::Snapshot => "cluster snapshot",
        };
        format!("{kind} {} in {}", self.name, self.location)
    }

    /// The command that deletes it, for whoever has read its operation's report. What a cluster holds is kept in a snapshot:
    /// nobody has proven that it is held anywhere else.
    fn deletion(&self) -> String {
        let (name, region) = (&self.name, &self.location.region);
        let call = match self.kind {
            Kind::Cluster { .. } => {
                format!("cluster --db-cluster-identifier {name} --final-db-snapshot-identifier {name}-left-over")
            }
            Kind::Instance { .. } => format!("instance --db-instance-identifier {name}"),
            Kind::Snapshot => format!("cluster-snapshot --db-cluster-snapshot-identifier {name}"),
        };
        format!("aws rds delete-db-{call} --region {region}")
    }
}

/// What is known of an operation.
struct Known {
    operation: Operation,
    state: StateItem,
}

/// Finds them. Where RDS cannot be asked, nothing is found and the reason is told; the other places are looked at all the same.
pub(super) async fn find(sweep: &Sweep<'_>, swept: &mut Swept) {
    let mut things = Vec::new();
    let mut note = |location: &Location, found: Result<Vec<Thing>, RdsError>| match found {
        Ok(found) => things.extend(found),
        Err(error) => {
            swept.troubles.push(format!("what is left behind in {location} cannot be looked for: {error}"));
        }
    };
    note(&sweep.location, things_in(sweep, &sweep.location).await);
    for way in &sweep.ways {
        note(way, snapshots_in(sweep, way).await);
    }
    let mut known: BTreeMap<OperationId, Option<Known>> = BTreeMap::new();
    for thing in &things {
        for id in [Some(&thing.made_by), thing.retired_by.as_ref()].into_iter().flatten() {
            if !known.contains_key(id) {
                let read = read(sweep, id).await;
                let read = read.map_err(|reason| swept.troubles.push(format!("operation {id}: {reason}"))).ok();
                known.insert(id.clone(), read.flatten());
            }
        }
        let retired_by = thing.retired_by.as_ref().map(|id| known.get(id).and_then(Option::as_ref));
        let Some(Some(made_by)) = known.get(&thing.made_by) else { continue };
        if let Some(since) = left_since(sweep, thing, made_by, retired_by) {
            let (what, deletion) = (thing.describe(), thing.deletion());
            swept.findings.push(Finding::Leftover { state: Box::new(made_by.state.clone()), what, deletion, since });
        }
    }
}

/// Since when a thing has been a leftover, if it is one.
fn left_since(
    sweep: &Sweep<'_>,
    thing: &Thing,
    made_by: &Known,
    retired_by: Option<Option<&Known>>,
) -> Option<jiff::Timestamp> {
    let Phase::Ended(end) = made_by.operation.phase else { return None };
    if thing.is_made_as(Role::FinalSnapshot) || thing.is_made_as(Role::BroughtBack) {
        return None;
    }
    let ended_at = match retired_by {
        // A later operation took its name: it is that one's to keep, and to end.
        Some(Some(later)) if keeps_retired(&later.operation) => return None,
        Some(Some(later)) => later.operation.retired_at.or(later.operation.ended_at)?,
        Some(None) => return None,
        None if is_kept(thing, &made_by.operation, end) => return None,
        None => made_by.operation.ended_at?,
    };
    let since = ended_at.checked_add(sweep.bounds.leftover_after).ok()?;
    (since <= sweep.ports.clock.now()).then_some(since)
}

/// Whether the retired cluster is still the operation's: it is not ended yet, or not at its end.
fn keeps_retired(operation: &Operation) -> bool {
    match operation.phase {
        Phase::Forward | Phase::Back | Phase::Stuck(_) | Phase::Retiring => true,
        Phase::Ended(End::Completed) => operation.keeps_retired_cluster(),
        // It was undone: the cluster has its name back, and its mark goes with the next switch.
        Phase::Ended(End::Failed | End::Cancelled) => true,
    }
}

fn is_kept(thing: &Thing, operation: &Operation, end: End) -> bool {
    let waived = |step: StepKind| operation.step(step).is_some_and(|record| record.status == StepStatus::Waived);
    let completed = end == End::Completed;
    match &thing.kind {
        Kind::Cluster { resource_id } => {
            let restored = operation.facts.restored.as_ref();
            let is_it = restored.is_some_and(|restored| restored.resource_id.as_str() == resource_id);
            waived(StepKind::RestoreSnapshot) || waived(StepKind::SwitchOver) || (completed && is_it)
        }
        Kind::Instance { resource_id } => {
            let made = operation.facts.instances.iter().flat_map(|ready| &ready.instances);
            let is_one = made.into_iter().any(|made| made.resource_id.as_str() == resource_id);
            waived(StepKind::CreateInstances) || waived(StepKind::SwitchOver) || (completed && is_one)
        }
        Kind::Snapshot => {
            let given_up =
                operation.step(StepKind::ArchiveSnapshot).is_some_and(|record| record.status == StepStatus::Abandoned);
            waived(StepKind::CopySnapshot) || (completed && !given_up && !is_deleted(&thing.name, operation))
        }
    }
}

fn is_deleted(name: &str, operation: &Operation) -> bool {
    operation.facts.archive.as_ref().is_some_and(|archive| archive.deleted.iter().any(|id| id.as_str() == name))
}

async fn read(sweep: &Sweep<'_>, id: &OperationId) -> Result<Option<Known>, String> {
    let state = match sweep.ports.journal.state(id).await {
        Ok(state) => state,
        Err(JournalError::UnknownOperation { .. }) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let operation = look_at(sweep.ports.journal, id).await.map_err(|error| error.to_string())?;
    Ok(Some(Known { operation, state }))
}

/// Everything in an account and Region that bears our tag and is not on its way out already.
async fn things_in(sweep: &Sweep<'_>, location: &Location) -> Result<Vec<Thing>, RdsError> {
    let rds = sweep.ports.cloud.rds(location);
    let clusters = rds.clusters().await?;
    let instances = rds.instances(None).await?;
    let snapshots = snapshots_in(sweep, location).await?;
    let clusters = clusters.iter().filter(|cluster| cluster.status != ClusterStatus::Deleting).filter_map(|cluster| {
        let kind = Kind::Cluster { resource_id: cluster.resource_id.to_string() };
        Thing::of(kind, cluster.id.as_str(), location, &cluster.tags)
    });
    let instances =
        instances.iter().filter(|instance| instance.status != InstanceStatus::Deleting).filter_map(|instance| {
            let kind = Kind::Instance { resource_id: instance.resource_id.to_string() };
            Thing::of(kind, instance.id.as_str(), location, &instance.tags)
        });
    Ok(clusters.chain(instances).chain(snapshots).collect())
}

/// The snapshots among them.
async fn snapshots_in(sweep: &Sweep<'_>, location: &Location) -> Result<Vec<Thing>, RdsError> {
    let manual = SnapshotQuery { cluster: None, kinds: vec![SnapshotKind::Manual] };
    let snapshots = sweep.ports.cloud.rds(location).snapshots(&manual).await?;
    let ours = snapshots
        .iter()
        .filter(|snapshot| snapshot.status != SnapshotStatus::Deleting)
        .filter_map(|snapshot| Thing::of(Kind::Snapshot, snapshot.id.as_str(), location, &snapshot.tags))
        // A cluster may copy its tags to every snapshot that is taken of it: only what was made as one is ours.
        .filter(|thing| thing.is_made_as(Role::Copy) || thing.is_made_as(Role::FinalSnapshot));
    Ok(ours.collect())
}
