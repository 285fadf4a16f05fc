//! The replacement: a final snapshot, proven `available`, then the old cluster goes and the name is free.
//!
//! Idempotent because the final snapshot's name is fixed and tagged, and only the very cluster that the plan found is
//! deleted. The undo restores it from the final snapshot, with its settings and instances.

use jiff::SignedDuration;

use crate::{
    catalogue::ErrorCode,
    engine::pace,
    ids::SnapshotId,
    operation::{Failure, RetiredCluster, StepFacts, SwitchedOver},
    plan::{ExistingTarget, Plan},
    ports::{
        Change, Cluster, ClusterStatus, Instance, InstanceStatus, Location, RdsErrorKind, RestoreSource,
        SnapshotAddress, SnapshotStatus, Tags,
    },
    request::Strategy,
    steps::{
        StepContext, StepError, StepOutcome, UndoOutcome, apply_settings,
        build::{self, ClusterSpec, InstancesSpec, Made},
        ownership::{self, Role},
        teardown::{self, Gone, Proof},
    },
};

use super::STEP;

/// The oldest final snapshot that a deletion may rest on. Large volumes take a while to be snapshotted.
const FINAL_SNAPSHOT_AGE_MAX: SignedDuration = SignedDuration::from_hours(2);

pub(super) async fn run(context: &StepContext<'_>) -> Result<StepOutcome, StepError> {
    let plan = context.plan()?;
    let Some(existing) = &plan.existing else {
        return Ok(StepOutcome::Skipped { reason: "nothing bears the name".to_owned() });
    };
    let after = pace::for_steps(context.limits());
    let snapshot = &plan.names.final_snapshot;
    if let Some(text) = final_snapshot(context, plan, &existing.cluster, snapshot).await? {
        return Ok(context.wait(STEP, after, text));
    }
    require_fit(context, plan, existing).await?;
    // Past this line the old cluster's data, as of that snapshot, are proven to be in it.
    let proof = Proof::Is(&existing.resource_id);
    match teardown::cluster(context, &plan.target_location, &existing.cluster, proof).await? {
        Gone::NotYet { text } => Ok(context.wait(STEP, after, text)),
        Gone::Yes => Ok(StepOutcome::Done(StepFacts::SwitchOver(SwitchedOver {
            endpoint: None,
            switched_at: context.now(),
            name_unanswered_max: None,
            retired: Some(RetiredCluster {
                cluster: existing.cluster.clone(),
                resource_id: existing.resource_id.clone(),
                instances: existing.instances.iter().map(|instance| instance.instance.clone()).collect(),
                final_snapshot: Some(snapshot.clone()),
            }),
        }))),
    }
}

/// Takes the last snapshot of a cluster, or finds the one that it took. `None` once it is available.
pub(in crate::steps) async fn final_snapshot(
    context: &StepContext<'_>,
    plan: &Plan,
    cluster: &crate::ids::ClusterId,
    snapshot: &SnapshotId,
) -> Result<Option<String>, StepError> {
    let place = &plan.target_location;
    match context.rds(place).snapshot(&SnapshotAddress::Name(snapshot.clone())).await {
        Ok(found) => {
            require_final(context, &found.tags, snapshot)?;
            match &found.status {
                SnapshotStatus::Available => Ok(None),
                SnapshotStatus::Failed(word) => {
                    Err(Failure::terminal(ErrorCode::SwitchFailed, format!("final snapshot {snapshot} is `{word}`"))
                        .into())
                }
                SnapshotStatus::Creating
                | SnapshotStatus::Copying
                | SnapshotStatus::Deleting
                | SnapshotStatus::Other(_) => {
                    Ok(Some(format!("final snapshot {snapshot} is `{}`", found.status.word())))
                }
            }
        }
        Err(error) if error.is_not_found() => {
            let create = Change::CreateSnapshot {
                cluster: cluster.clone(),
                snapshot: snapshot.clone(),
                tags: ownership::tags(context.operation(), Role::FinalSnapshot, None),
            };
            match context.change(place, create).await? {
                Ok(()) => Ok(Some(format!("RDS has accepted final snapshot {snapshot}"))),
                Err(error) if error.kind == RdsErrorKind::AlreadyExists => {
                    Ok(Some(format!("final snapshot {snapshot} is there and not shown yet")))
                }
                Err(error) => Err(error.into()),
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// Deletes the operation's final snapshot if it failed: nobody can use it, and it would stand in the way of the one that a
/// later attempt takes. Only for whoever has the whole cluster still before them.
pub(in crate::steps) async fn clear_failed_final_snapshot(
    context: &StepContext<'_>,
    plan: &Plan,
) -> Result<(), StepError> {
    let snapshot = &plan.names.final_snapshot;
    let address = SnapshotAddress::Name(snapshot.clone());
    let found = match context.rds(&plan.target_location).snapshot(&address).await {
        Ok(found) => found,
        Err(error) if error.is_not_found() => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    if matches!(found.status, SnapshotStatus::Failed(_)) {
        require_final(context, &found.tags, snapshot)?;
        context.change(&plan.target_location, Change::DeleteSnapshot { snapshot: snapshot.clone() }).await??;
    }
    Ok(())
}

fn require_final(context: &StepContext<'_>, tags: &Tags, snapshot: &SnapshotId) -> Result<(), Failure> {
    ownership::require_ours_as(context.operation(), tags, Role::FinalSnapshot, &format!("snapshot {snapshot}"))
}

/// Whether the operation's final snapshot is there and can be restored from.
pub(in crate::steps) async fn final_snapshot_exists(context: &StepContext<'_>, plan: &Plan) -> Result<bool, StepError> {
    let address = SnapshotAddress::Name(plan.names.final_snapshot.clone());
    match context.rds(&plan.target_location).snapshot(&address).await {
        Ok(found) => {
            let ours = ownership::is_ours_as(&context.operation().id, &found.tags, Role::FinalSnapshot);
            Ok(ours && found.status == SnapshotStatus::Available)
        }
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Refuses to delete the cluster that took the place of a deleted one while the way back is not there.
pub(in crate::steps) async fn require_way_back(context: &StepContext<'_>) -> Result<(), StepError> {
    let plan = context.plan()?;
    let deleted = plan.strategy == Strategy::Replace
        && plan.existing.is_some()
        && context.operation().facts.switch_over.is_some();
    if !deleted || final_snapshot_exists(context, plan).await? {
        return Ok(());
    }
    Err(Failure::needs_operator(
        ErrorCode::UndoBlocked,
        format!("final snapshot {} cannot be restored from: it is gone or not available", plan.names.final_snapshot),
    )
    .hint("The cluster under the name is the only one left and stays.")
    .into())
}

/// Refuses to delete a cluster that was protected since the plan was made: somebody wants it to stay. And refuses a final
/// snapshot that was taken long ago, for instance before a pause of the executor: what was written since is in no snapshot.
async fn require_fit(context: &StepContext<'_>, plan: &Plan, existing: &ExistingTarget) -> Result<(), StepError> {
    let rds = context.rds(&plan.target_location);
    let begun = match rds.cluster(&existing.cluster).await {
        Ok(found) if found.settings.deletion_protection == Some(true) => {
            return Err(Failure::terminal(
                ErrorCode::TargetProtected,
                format!("cluster {} is protected against deletion since the plan was made", found.id),
            )
            .hint(ErrorCode::TargetProtected.action())
            .into());
        }
        Ok(found) => found.status == ClusterStatus::Deleting || found.members.is_empty(),
        Err(error) if error.is_not_found() => true,
        Err(error) => return Err(error.into()),
    };
    if begun {
        return Ok(());
    }
    let found = rds.snapshot(&SnapshotAddress::Name(plan.names.final_snapshot.clone())).await?;
    let age = found.created_at.map(|at| context.now().duration_since(at));
    match age {
        Some(age) if age > FINAL_SNAPSHOT_AGE_MAX => Err(Failure::terminal(
            ErrorCode::SwitchFailed,
            format!("final snapshot {} is {} minutes old", plan.names.final_snapshot, age.as_mins()),
        )
        .hint("Run the restore again: it takes a new one.")
        .into()),
        Some(_) | None => Ok(()),
    }
}

pub(super) async fn undo(context: &StepContext<'_>) -> Result<UndoOutcome, StepError> {
    let plan = context.plan()?;
    let Some(existing) = &plan.existing else {
        return Ok(UndoOutcome::Done { note: Some("nothing bore the name".to_owned()) });
    };
    let after = pace::for_steps(context.limits());
    match bring_back(context, plan, existing).await? {
        Back::NotYet { text } => Ok(context.wait_undo(STEP, after, text)),
        Back::Untouched => Ok(UndoOutcome::Done { note: Some(format!("{} was not touched", existing.cluster)) }),
        Back::Restored => Ok(UndoOutcome::Done {
            note: Some(format!("{} is restored from {}, which stays", existing.cluster, plan.names.final_snapshot)),
        }),
    }
}

enum Back {
    Untouched,
    Restored,
    NotYet { text: String },
}

async fn bring_back(context: &StepContext<'_>, plan: &Plan, existing: &ExistingTarget) -> Result<Back, StepError> {
    let place = &plan.target_location;
    let found = match context.rds(place).cluster(&existing.cluster).await {
        Ok(found) => Some(found),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error.into()),
    };
    if let Some(found) = &found
        && found.resource_id == existing.resource_id
    {
        if found.status == ClusterStatus::Deleting {
            return Ok(Back::NotYet { text: format!("cluster {} is still being deleted", found.id) });
        }
        // It lives. Its instances may be gone already: a crash between them and the cluster.
        return match restore_instances(context, plan, existing, Ownership::Theirs).await? {
            Made::Ready(()) => drop_final_snapshot(context, plan).await,
            Made::NotYet { text } => Ok(Back::NotYet { text }),
        };
    }
    if let Some(found) = &found {
        require_brought_back(context, found)?;
        if found.status == ClusterStatus::Deleting {
            return Ok(Back::NotYet { text: format!("cluster {} failed and is being deleted", found.id) });
        }
        clear_failed_cluster(context, place, found).await?;
    }
    let spec = ClusterSpec {
        location: place,
        cluster: &existing.cluster,
        source: RestoreSource::Snapshot(SnapshotAddress::Name(plan.names.final_snapshot.clone())),
        engine: &existing.engine,
        engine_version: &existing.engine_version,
        kms_key: None,
        settings: &existing.settings,
        tags: ownership::tags(context.operation(), Role::BroughtBack, existing.settings.tags.as_ref()),
    };
    let cluster = match build::cluster(context, spec).await? {
        Made::Ready(cluster) => cluster,
        Made::NotYet { text } => return Ok(Back::NotYet { text }),
    };
    if let Some(text) = settings_not_back(context, plan, existing, &cluster).await? {
        return Ok(Back::NotYet { text });
    }
    match restore_instances(context, plan, existing, Ownership::Ours).await? {
        Made::Ready(()) => Ok(Back::Restored),
        Made::NotYet { text } => Ok(Back::NotYet { text }),
    }
}

/// Refuses a cluster under the name that this undo did not make: the new one, where a person has waived its deletion, or
/// somebody else's.
fn require_brought_back(context: &StepContext<'_>, found: &Cluster) -> Result<(), Failure> {
    if ownership::is_ours_as(&context.operation().id, &found.tags, Role::BroughtBack) {
        return Ok(());
    }
    let what = format!("cluster name {} is borne by {}, which is not the old one", found.id, found.resource_id);
    Err(Failure::needs_operator(ErrorCode::UndoBlocked, what)
        .hint("Free the name, then `aurora-restore resume`: the old cluster is restored from its final snapshot."))
}

/// A restore of the old cluster that failed never had an instance and never served: it goes, so that the next attempt can
/// bring the old cluster back under the same name. The failure is told all the same: RDS may have a reason that a person
/// must remove.
async fn clear_failed_cluster(context: &StepContext<'_>, place: &Location, found: &Cluster) -> Result<(), StepError> {
    let ClusterStatus::Failed(word) = &found.status else { return Ok(()) };
    if !found.members.is_empty() {
        return Ok(());
    }
    teardown::cluster(context, place, &found.id, Proof::OurTags).await?;
    let what = format!("cluster {}, restored from its final snapshot, was `{word}` and is deleted", found.id);
    Err(Failure::terminal(ErrorCode::RestoreFailed, what)
        .hint("Read RDS's events about it, then `aurora-restore resume`: it is restored once more.")
        .into())
}

/// The same for an instance that was brought back and failed. If it was to be the writer, the others go with it: one of
/// them has become the writer instead.
async fn clear_failed_instance(
    context: &StepContext<'_>,
    plan: &Plan,
    existing: &ExistingTarget,
    found: &[Instance],
) -> Result<(), StepError> {
    let ours = |one: &&Instance| ownership::is_ours_as(&context.operation().id, &one.tags, Role::BroughtBack);
    let (place, rds) = (&plan.target_location, context.rds(&plan.target_location));
    for shown in found.iter().filter(|one| matches!(one.status, InstanceStatus::Failed(_))).filter(ours) {
        // A look of its own, before anything is deleted.
        let instance = rds.instance(&shown.id).await?;
        let InstanceStatus::Failed(word) = &instance.status else { continue };
        let was_writer = existing.instances.first().is_some_and(|writer| writer.instance == instance.id);
        for doomed in found.iter().filter(ours).filter(|one| was_writer || one.id == instance.id) {
            context.change(place, Change::DeleteInstance { instance: doomed.id.clone() }).await??;
        }
        let what = format!("instance {} of the old cluster, made again, was `{word}` and is deleted", instance.id);
        return Err(Failure::terminal(ErrorCode::InstanceFailed, what)
            .hint("Read RDS's events about it, then `aurora-restore resume`: it is made once more.")
            .into());
    }
    Ok(())
}

/// The old cluster lives, so nobody needs its last snapshot: it goes, as nothing of ours stays behind.
async fn drop_final_snapshot(context: &StepContext<'_>, plan: &Plan) -> Result<Back, StepError> {
    let (place, snapshot) = (&plan.target_location, &plan.names.final_snapshot);
    let found = match context.rds(place).snapshot(&SnapshotAddress::Name(snapshot.clone())).await {
        Ok(found) => found,
        // One that was asked for a moment ago may not be shown yet.
        Err(error) if error.is_not_found() && teardown::not_found_is_final(context, STEP, false) => {
            return Ok(Back::Untouched);
        }
        Err(error) if error.is_not_found() => {
            return Ok(Back::NotYet { text: "a final snapshot that was asked for may still appear".to_owned() });
        }
        Err(error) => return Err(error.into()),
    };
    require_final(context, &found.tags, snapshot)?;
    if found.status == SnapshotStatus::Deleting {
        return Ok(Back::NotYet { text: format!("final snapshot {snapshot} is being deleted") });
    }
    match context.change(place, Change::DeleteSnapshot { snapshot: snapshot.clone() }).await? {
        Ok(()) => Ok(Back::NotYet { text: format!("final snapshot {snapshot} is being deleted") }),
        Err(error) if error.is_not_found() => Ok(Back::Untouched),
        // It is still being made.
        Err(error) if error.kind == RdsErrorKind::InvalidState => {
            Ok(Back::NotYet { text: format!("final snapshot {snapshot} cannot be deleted yet: {}", error.message) })
        }
        Err(error) => Err(error.into()),
    }
}

/// Gives the cluster that was brought back the settings that a restore does not: sent once, which a tag on it says. If we
/// die between the two, the same is sent again.
async fn settings_not_back(
    context: &StepContext<'_>,
    plan: &Plan,
    existing: &ExistingTarget,
    cluster: &Cluster,
) -> Result<Option<String>, StepError> {
    if cluster.tags.contains_key(ownership::SETTINGS_SENT_TAG) {
        return Ok(None);
    }
    let place = &plan.target_location;
    let modify = apply_settings::differences(&existing.settings, cluster);
    if !modify.is_empty() {
        context.change(place, Change::ModifyCluster(Box::new(modify))).await??;
    }
    for (role, feature) in apply_settings::missing_roles(&existing.settings, &cluster.settings) {
        let add = Change::AddRole { cluster: cluster.id.clone(), role, feature };
        match context.change(place, add).await? {
            Ok(()) => {}
            Err(error) if error.kind == RdsErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
    }
    let tags = Tags::from([(ownership::SETTINGS_SENT_TAG.to_owned(), plan.digest.clone())]);
    context.change(place, Change::AddTags { resource: cluster.arn.clone(), tags }).await??;
    Ok(Some(format!("the settings of {} were sent", cluster.id)))
}

/// Whose instances are found under the names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ownership {
    /// The old cluster's own; those that are missing are made again.
    Theirs,
    /// All were made by this undo.
    Ours,
}

async fn restore_instances(
    context: &StepContext<'_>,
    plan: &Plan,
    existing: &ExistingTarget,
    ownership: Ownership,
) -> Result<Made<()>, StepError> {
    let place = &plan.target_location;
    let found = context.rds(place).instances(Some(&existing.cluster)).await?;
    if let Some(going) = found.iter().find(|one| one.status == InstanceStatus::Deleting) {
        return Ok(Made::NotYet { text: format!("instance {} is still being deleted", going.id) });
    }
    clear_failed_instance(context, plan, existing, &found).await?;
    let instances = existing
        .instances
        .iter()
        .filter(|old| {
            let is_the_old_one = |one: &&Instance| one.resource_id == old.resource_id;
            ownership == Ownership::Ours || !found.iter().any(|one| is_the_old_one(&one))
        })
        .map(|old| (&old.instance, &old.settings))
        .collect::<Vec<_>>();
    if instances.is_empty() {
        return Ok(Made::Ready(()));
    }
    let spec = InstancesSpec {
        location: place,
        cluster: &existing.cluster,
        engine: &existing.engine,
        instances,
        role: Role::BroughtBack,
    };
    match build::instances(context, &spec).await? {
        Made::Ready(_) => Ok(Made::Ready(())),
        Made::NotYet { text } => Ok(Made::NotYet { text }),
    }
}
