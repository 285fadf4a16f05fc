//! The way back of a swap: the name goes to the cluster that bore it before, the instances get their names, and the marks go.
//!
//! Nothing is moved unless there is an old cluster that can serve: otherwise the new one is the only one left, and a person has to
//! decide. Idempotent because each look finds everything by its immutable id and makes the one move that comes next.

use crate::{
    catalogue::ErrorCode,
    engine::pace,
    ids::{ClusterId, InstanceId, ResourceId},
    operation::Failure,
    plan::{ExistingInstance, ExistingTarget},
    ports::{Change, Cluster, ClusterStatus, Instance, InstanceStatus},
    steps::{
        StepContext, StepError, UndoOutcome,
        arrange::{Goal, Seen, next_move},
        ownership, teardown,
    },
};

use super::{STEP, Swap, Way, find, rename_cluster, rename_instances, seen_clusters};

pub(in super::super) async fn undo(context: &StepContext<'_>) -> Result<UndoOutcome, StepError> {
    let swap = Swap::of(context)?;
    let after = pace::for_switch(context.limits());
    let clusters = context.rds(&swap.plan.target_location).clusters().await?;
    let seen = seen_clusters(&clusters);
    if let Some(text) = swap.nobody_to_go_back_to(context, &clusters).await? {
        return Ok(context.wait_undo(STEP, pace::for_steps(context.limits()), text));
    }
    let back = next_move(&seen, &without_gone(context, &seen, swap.backward_clusters()));
    if let Some(text) = rename_cluster(context, &swap, back).await? {
        return Ok(context.wait_undo(STEP, after, text));
    }
    if let Some(text) = rename_instances(context, &swap, Way::Back(&clusters)).await? {
        return Ok(context.wait_undo(STEP, pace::for_steps(context.limits()), text));
    }
    if !teardown::not_found_is_final(context, STEP, false) {
        // A rename of an executor that was overtaken may be on its way. It would take the name that was just given back,
        // so the names are looked at once more when it must have landed. Until then the marks stay: by them the function
        // of the way back may give a name back once more.
        return Ok(context.wait_undo(STEP, pace::for_steps(context.limits()), "the names have to stay where they are"));
    }
    let lost = swap.unmark(context, &clusters).await?;
    let note = match &swap.plan.existing {
        Some(existing) if lost.is_empty() => format!("{} is {} again", existing.cluster, existing.resource_id),
        // Somebody has deleted them, or a retirement that failed half-way.
        Some(existing) => {
            format!("{} is {} again, without {}", existing.cluster, existing.resource_id, lost.join(", "))
        }
        None => "the name is free again".to_owned(),
    };
    Ok(UndoOutcome::Done { note: Some(note) })
}

impl Swap<'_> {
    /// Looks, before anything is moved back, whether there is an old cluster that the name can go to. If there is none the new
    /// one stays where it is: it is the only one left. A text while that cannot be known yet.
    ///
    /// # Errors
    /// A failure for a person once it is known.
    async fn nobody_to_go_back_to(
        &self,
        context: &StepContext<'_>,
        clusters: &[Cluster],
    ) -> Result<Option<String>, StepError> {
        let Some(existing) = self.existing else { return Ok(None) };
        if find(clusters, &existing.resource_id).is_some_and(|old| old.id == existing.cluster) {
            return Ok(None);
        }
        let instances = context.rds(&self.plan.target_location).instances(None).await?;
        let Err(why) = can_serve(existing, clusters, &instances) else { return Ok(None) };
        if !teardown::not_found_is_final(context, STEP, false) {
            return Ok(Some(why));
        }
        let told = format!("{} cannot be given its name back: {why}; nothing was moved", existing.cluster);
        Err(Failure::needs_operator(ErrorCode::UndoBlocked, told).hint(ErrorCode::UndoBlocked.action()).into())
    }

    fn backward_clusters(&self) -> Vec<Goal<ClusterId>> {
        let new = Goal { resource: self.restored.resource_id.clone(), name: self.plan.names.staged.clone() };
        let old =
            self.existing.map(|existing| Goal { resource: existing.resource_id.clone(), name: self.target.clone() });
        [new].into_iter().chain(old).collect()
    }

    pub(super) fn backward_instances(&self) -> Vec<Goal<InstanceId>> {
        let names: Vec<InstanceId> =
            self.existing.iter().flat_map(|existing| existing.instances.iter().map(|i| i.instance.clone())).collect();
        let new = self.new_instances(&self.plan.names.staged_instances);
        new.into_iter().chain(self.old_instances(&names)).collect()
    }

    /// The goals of the way back where instances of the new cluster were made anew since, for instance by the undo of a later
    /// replacement: one that bears a name of the old cluster's gives it up for the name of one that is gone. It goes with its
    /// cluster, which is ours.
    pub(super) fn with_made_anew(
        &self,
        clusters: &[Cluster],
        instances: &[Instance],
        mut goals: Vec<Goal<InstanceId>>,
    ) -> Vec<Goal<InstanceId>> {
        let Some(ours) = find(clusters, &self.restored.resource_id) else { return goals };
        let is_shown = |resource: &ResourceId| instances.iter().any(|one| &one.resource_id == resource);
        for (new, serving) in self.instances.instances.iter().zip(&self.plan.names.serving_instances) {
            let Some(goal) =
                goals.iter_mut().find(|goal| goal.resource == new.resource_id && !is_shown(&goal.resource))
            else {
                continue;
            };
            // Under the name that it was made with, or under the one that it was given here a moment ago.
            let bears = |one: &&Instance| one.id == *serving || one.id == goal.name;
            let bearer = instances.iter().filter(bears).find(|one| one.cluster.as_ref() == Some(&ours.id));
            if let Some(bearer) = bearer {
                goal.resource = bearer.resource_id.clone();
            }
        }
        goals
    }

    /// Takes the marks off the cluster and the instances that have their names back, so that nothing of ours stays on them.
    /// Gives the names of the instances that are gone.
    async fn unmark(&self, context: &StepContext<'_>, clusters: &[Cluster]) -> Result<Vec<String>, StepError> {
        let place = &self.plan.target_location;
        let old = self.existing.and_then(|existing| find(clusters, &existing.resource_id));
        if let Some(old) = old.filter(|old| old.tags.contains_key(ownership::RETIRED_BY_TAG)) {
            let keys = vec![ownership::RETIRED_BY_TAG.to_owned(), ownership::SWITCH_STARTED_TAG.to_owned()];
            context.change(place, Change::RemoveTags { resource: old.arn.clone(), keys }).await??;
        }
        let instances = context.rds(place).instances(None).await?;
        let marked = |one: &&Instance| one.tags.contains_key(ownership::RETIRED_BY_TAG);
        for old in instances.iter().filter(|one| self.is_old(&one.resource_id)).filter(marked) {
            let keys = vec![ownership::RETIRED_BY_TAG.to_owned()];
            context.change(place, Change::RemoveTags { resource: old.arn.clone(), keys }).await??;
        }
        let is_gone = |old: &&ExistingInstance| !instances.iter().any(|one| one.resource_id == old.resource_id);
        let old = self.existing.iter().flat_map(|existing| &existing.instances);
        Ok(old.filter(is_gone).map(|old| format!("instance {}", old.instance)).collect())
    }
}

/// Whether the old cluster of a switch, wherever it is by now, can serve once it has its name back.
///
/// # Errors
/// Why not, as a fragment.
pub(crate) fn can_serve(existing: &ExistingTarget, clusters: &[Cluster], instances: &[Instance]) -> Result<(), String> {
    let Some(old) = find(clusters, &existing.resource_id) else {
        return Err(format!("the old cluster {} is gone", existing.resource_id));
    };
    if old.status == ClusterStatus::Deleting {
        return Err(format!("the old cluster {} is being deleted", old.id));
    }
    let is_left = |one: &&Instance| {
        one.status != InstanceStatus::Deleting
            && existing.instances.iter().any(|old| old.resource_id == one.resource_id)
    };
    if existing.instances.is_empty() || instances.iter().any(|one| is_left(&one)) {
        return Ok(());
    }
    Err(format!("the old cluster {} has lost its instances", old.id))
}

/// The goals of those that are still there. On the way back something that is gone needs no name any more: somebody has
/// deleted it. A not-found is believed some time after the undo began, because after a rename neither name may answer for
/// a while.
pub(super) fn without_gone<N: Clone>(context: &StepContext<'_>, seen: &[Seen<N>], goals: Vec<Goal<N>>) -> Vec<Goal<N>> {
    if !teardown::not_found_is_final(context, STEP, false) {
        return goals;
    }
    goals.into_iter().filter(|goal| seen.iter().any(|thing| thing.resource == goal.resource)).collect()
}
