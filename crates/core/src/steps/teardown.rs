//! Deleting a cluster with its instances, once it is proven to be the one that may go.

use crate::{
    catalogue::ErrorCode,
    ids::{ClusterId, ResourceId},
    operation::{Failure, StepKind},
    ports::{Change, Cluster, ClusterModify, ClusterStatus, InstanceStatus, Location, RdsErrorKind},
    steps::{StepContext, StepError, ownership},
};

/// What proves that a cluster may go.
#[derive(Debug, Clone, Copy)]
pub(super) enum Proof<'a> {
    /// Our tag with this operation's id.
    OurTags,
    /// It is this very cluster, whatever its name.
    Is(&'a ResourceId),
}

/// Whether it is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Gone {
    /// RDS answers with the typed not-found.
    Yes,
    /// Not yet.
    NotYet {
        /// Where it stands.
        text: String,
    },
}

/// Deletes a cluster with its instances; no final snapshot is taken here.
///
/// Idempotent because each look decides anew: what is being deleted is waited for, and only the typed not-found counts
/// as gone. Instances go first, readers before the writer; the cluster once all of them are on their way.
pub(super) async fn cluster(
    context: &StepContext<'_>,
    location: &Location,
    id: &ClusterId,
    proof: Proof<'_>,
) -> Result<Gone, StepError> {
    let found = match context.rds(location).cluster(id).await {
        Ok(found) => found,
        Err(error) if error.is_not_found() => return gone_or_renamed(context, location, id, proof).await,
        Err(error) => return Err(error.into()),
    };
    prove(context, &found, proof)?;
    if found.status == ClusterStatus::Deleting {
        return Ok(Gone::NotYet { text: format!("cluster {id} is being deleted") });
    }
    if found.settings.deletion_protection == Some(true) {
        let unprotect = ClusterModify { deletion_protection: Some(false), ..ClusterModify::of(id.clone()) };
        return match context.change(location, Change::ModifyCluster(Box::new(unprotect))).await? {
            Ok(()) => Ok(Gone::NotYet { text: format!("the protection of cluster {id} is being lifted") }),
            // The cluster is not at rest.
            Err(error) if error.kind == RdsErrorKind::InvalidState => {
                Ok(Gone::NotYet { text: format!("cluster {id} cannot be unprotected yet: {}", error.message) })
            }
            Err(error) => Err(error.into()),
        };
    }
    if let Gone::NotYet { text } = instances_on_their_way(context, location, &found).await? {
        return Ok(Gone::NotYet { text });
    }
    let delete = Change::DeleteCluster { cluster: id.clone(), final_snapshot: None };
    match context.change(location, delete).await? {
        Ok(()) => Ok(Gone::NotYet { text: format!("RDS has accepted the deletion of cluster {id}") }),
        Err(error) if error.is_not_found() => Ok(Gone::Yes),
        // An instance is not on its way yet, or the cluster is not at rest.
        Err(error) if error.kind == RdsErrorKind::InvalidState => {
            Ok(Gone::NotYet { text: format!("cluster {id} cannot be deleted yet: {}", error.message) })
        }
        Err(error) => Err(error.into()),
    }
}

/// Deletes the instances of a cluster that is proven to be ours, and waits until none is left.
pub(super) async fn instances(
    context: &StepContext<'_>,
    location: &Location,
    id: &ClusterId,
    proof: Proof<'_>,
) -> Result<Gone, StepError> {
    let found = match context.rds(location).cluster(id).await {
        Ok(found) => found,
        Err(error) if error.is_not_found() => return gone_or_renamed(context, location, id, proof).await,
        Err(error) => return Err(error.into()),
    };
    prove(context, &found, proof)?;
    match instances_on_their_way(context, location, &found).await? {
        Gone::NotYet { text } => Ok(Gone::NotYet { text }),
        Gone::Yes => {
            let left = context.rds(location).instances(Some(id)).await?;
            match left.first() {
                None => Ok(Gone::Yes),
                Some(instance) => Ok(Gone::NotYet { text: format!("instance {} is being deleted", instance.id) }),
            }
        }
    }
}

/// A not-found of a name is not yet the end of the thing: somebody may have renamed it.
async fn gone_or_renamed(
    context: &StepContext<'_>,
    location: &Location,
    id: &ClusterId,
    proof: Proof<'_>,
) -> Result<Gone, StepError> {
    let Proof::Is(resource_id) = proof else { return Ok(Gone::Yes) };
    let clusters = context.rds(location).clusters().await?;
    match clusters.into_iter().find(|cluster| &cluster.resource_id == resource_id) {
        None => Ok(Gone::Yes),
        Some(found) if found.status == ClusterStatus::Deleting || found.id == *id => {
            Ok(Gone::NotYet { text: format!("cluster {} is still shown", found.id) })
        }
        Some(found) => Err(Failure::needs_operator(
            ErrorCode::UndoBlocked,
            format!("cluster {id} was renamed by someone: {resource_id} is called {} now", found.id),
        )
        .hint("Give it its name back, then `aurora-restore resume`.")
        .into()),
    }
}

fn prove(context: &StepContext<'_>, found: &Cluster, proof: Proof<'_>) -> Result<(), Failure> {
    let what = format!("cluster {}", found.id);
    match proof {
        Proof::OurTags => {
            ownership::require_ours(context.operation(), &found.tags, &what)?;
            // Belt and braces: whatever its tags say, the cluster that the plan found under the name is not ours.
            let existing = context.plan()?.existing.as_ref();
            if existing.is_some_and(|existing| existing.resource_id == found.resource_id) {
                return Err(Failure::needs_operator(
                    ErrorCode::UndoBlocked,
                    format!("{what} is the one that bore the target's name before"),
                ));
            }
            Ok(())
        }
        Proof::Is(resource_id) if &found.resource_id == resource_id => Ok(()),
        Proof::Is(resource_id) => Err(Failure::needs_operator(
            ErrorCode::RetireRefused,
            format!("{what} is {} and not {resource_id}, which may be deleted", found.resource_id),
        )
        .hint(ErrorCode::RetireRefused.action())),
    }
}

/// Sends every instance on its way, readers before the writer. `Gone::Yes` once all of them are.
async fn instances_on_their_way(
    context: &StepContext<'_>,
    location: &Location,
    cluster: &Cluster,
) -> Result<Gone, StepError> {
    let mut instances = context.rds(location).instances(Some(&cluster.id)).await?;
    let is_writer =
        |id: &crate::ids::InstanceId| cluster.members.iter().any(|member| &member.instance == id && member.writer);
    instances.sort_by_key(|instance| is_writer(&instance.id));
    for instance in instances.iter().filter(|instance| instance.status != InstanceStatus::Deleting) {
        let delete = Change::DeleteInstance { instance: instance.id.clone() };
        match context.change(location, delete).await? {
            Ok(()) => {}
            Err(error) if error.is_not_found() => {}
            Err(error) if error.kind == RdsErrorKind::InvalidState => {
                return Ok(Gone::NotYet {
                    text: format!("instance {} cannot be deleted yet: {}", instance.id, error.message),
                });
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Gone::Yes)
}

/// Whether a not-found can be believed while a step is undone.
///
/// A thing that was made a moment ago may not be shown yet. If the step finished, it was shown once; otherwise a
/// not-found counts only if it was looked for some time after the undo began, when a call that was on its way must have
/// taken effect. That this executor has been held up since it looked makes the look no younger.
pub(super) fn not_found_is_final(context: &StepContext<'_>, step: StepKind, was_seen: bool) -> bool {
    if was_seen {
        return true;
    }
    let Some(began) = context.operation().step(step).and_then(|record| record.undo_started_at) else {
        return false;
    };
    context.begun().duration_since(began) >= context.limits().poll * 2
}
