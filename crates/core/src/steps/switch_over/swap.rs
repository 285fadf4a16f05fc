//! The swap: old cluster away, new cluster to the name, a proven login, then the instances.
//!
//! Idempotent because each look finds every cluster and instance by its immutable id and makes the one rename that
//! comes next ([`super::super::arrange`]); the times that must survive a crash are tags on the two clusters. What is renamed
//! away is marked before, the old instances like the old cluster: whoever ends it later needs to be allowed nothing else.
//!
//! Crash windows, each resumed by looking again:
//! * between the two renames the name answers to nobody: the next look makes the second rename;
//! * between the second rename and the proof the name answers to the new cluster, unproven: the next look proves it.

mod way_back;

use jiff::{SignedDuration, Timestamp};

use crate::{
    catalogue::ErrorCode,
    engine::pace,
    ids::{ClusterId, InstanceId, ResourceId},
    operation::{Failure, FailureClass, InstancesReady, RestoredCluster, RetiredCluster, StepFacts, SwitchedOver},
    plan::{ExistingTarget, Plan},
    ports::{Change, Cluster, ClusterStatus, DatabaseErrorKind, Endpoint, Instance, InstanceStatus, Tags},
    steps::{
        StepContext, StepError, StepOutcome,
        arrange::{Goal, Move, Seen, has_begun, next_move},
        context::missing,
        ownership,
    },
};

use super::STEP;
pub(crate) use way_back::can_serve;
pub(super) use way_back::undo;
use way_back::without_gone;

pub(super) async fn run(context: &StepContext<'_>) -> Result<StepOutcome, StepError> {
    let swap = Swap::of(context)?;
    let after = pace::for_switch(context.limits());
    let clusters = context.rds(&swap.plan.target_location).clusters().await?;
    if let Some(text) = swap.take_name(context, &clusters).await? {
        return Ok(context.wait(STEP, after, text));
    }
    let Some(serving) = find(&clusters, &swap.restored.resource_id) else {
        return Ok(context.wait(STEP, after, "the new cluster is not shown"));
    };
    let Some(switched_at) = tag_time(serving, ownership::SERVING_SINCE_TAG) else {
        let text = swap.prove(context, serving, swap.taken_at(&clusters)).await?;
        return Ok(context.wait(STEP, after, text));
    };
    if let Some(text) = rename_instances(context, &swap, Way::Forward).await? {
        return Ok(context.wait(STEP, pace::for_steps(context.limits()), text));
    }
    // A rename restarts its instance, so the name may have stopped answering once more: the window ends only here.
    let endpoint = serving.endpoint.clone().ok_or_else(|| missing("the serving cluster's endpoint"))?;
    let login = Login { endpoint: &endpoint, content: Content::Any, taken_at: swap.taken_at(&clusters) };
    if let Some(text) = swap.not_answering(context, login).await? {
        return Ok(context.wait(STEP, after, text));
    }
    let settled = Settled { endpoint, switched_at, at: context.now() };
    Ok(StepOutcome::Done(StepFacts::SwitchOver(swap.outcome(&clusters, settled))))
}

/// How long the name may take to answer, counted from the mark before the first rename. A renamed endpoint takes some ten
/// minutes to be known everywhere.
const PATIENCE: SignedDuration = SignedDuration::from_mins(45);

/// A login through the name.
#[derive(Clone, Copy)]
struct Login<'e> {
    endpoint: &'e Endpoint,
    content: Content,
    /// When the name was first taken, where an old cluster bears the mark.
    taken_at: Option<Timestamp>,
}

/// What a login through the name must find.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    /// What was verified: an old address must not pass for the new cluster.
    AsVerified,
    /// Anything: applications are at work by now and may have changed their tables.
    Any,
}

/// A switch that has come to rest.
struct Settled {
    endpoint: Endpoint,
    /// When the name was first proven to serve the new cluster.
    switched_at: Timestamp,
    /// When it was proven again after the instances had got their names.
    at: Timestamp,
}

/// What takes part in the swap.
struct Swap<'a> {
    plan: &'a Plan,
    target: &'a ClusterId,
    existing: Option<&'a ExistingTarget>,
    restored: &'a RestoredCluster,
    instances: &'a InstancesReady,
}

impl<'a> Swap<'a> {
    fn of(context: &StepContext<'a>) -> Result<Self, StepError> {
        let operation = context.operation();
        let plan = context.plan()?;
        Ok(Self {
            plan,
            target: &operation.request.target.cluster,
            existing: plan.existing.as_ref(),
            restored: operation.facts.restored.as_ref().ok_or_else(|| missing("the new cluster"))?,
            instances: operation.facts.instances.as_ref().ok_or_else(|| missing("the new instances"))?,
        })
    }

    /// Makes the next rename towards the target's name. `None` once both clusters have their names and are at rest.
    async fn take_name(&self, context: &StepContext<'_>, clusters: &[Cluster]) -> Result<Option<String>, StepError> {
        let (seen, goals) = (seen_clusters(clusters), self.forward_clusters());
        let next = next_move(&seen, &goals);
        match &next {
            Move::Rename { .. } => self.mark(context, clusters).await?,
            // Nothing was renamed yet: the old cluster serves, and everything can be undone.
            Move::Blocked { name, by } if !has_begun(&seen, &goals) => {
                let failure = foreign(&format!("cluster name {name}"), by.as_str());
                return Err(failure.with_class(FailureClass::Terminal).into());
            }
            Move::Blocked { .. } | Move::Wait { .. } | Move::Done => {}
        }
        rename_cluster(context, self, next).await
    }

    /// Marks the old cluster before its name is taken: whose work this is, and when it began. If we die after it, the
    /// mark counts from then: the time that the name did not answer is overstated, never understated.
    async fn mark(&self, context: &StepContext<'_>, clusters: &[Cluster]) -> Result<(), StepError> {
        let Some((existing, old)) =
            self.existing.and_then(|existing| Some((existing, find(clusters, &existing.resource_id)?)))
        else {
            return Ok(());
        };
        let operation = context.operation();
        let marked = old.tags.get(ownership::RETIRED_BY_TAG).is_some_and(|id| id == operation.id.as_str());
        if marked && old.tags.contains_key(ownership::SWITCH_STARTED_TAG) {
            return Ok(());
        }
        self.require_old_instances(context, existing).await?;
        let tags = Tags::from([
            (ownership::RETIRED_BY_TAG.to_owned(), operation.id.to_string()),
            (ownership::SWITCH_STARTED_TAG.to_owned(), context.now().to_string()),
        ]);
        let mark = Change::AddTags { resource: old.arn.clone(), tags };
        context.change(&self.plan.target_location, mark).await??;
        Ok(())
    }

    /// When the name was first taken, as the mark on the old cluster says.
    fn taken_at(&self, clusters: &[Cluster]) -> Option<Timestamp> {
        let old = self.existing.and_then(|existing| find(clusters, &existing.resource_id));
        old.and_then(|old| tag_time(old, ownership::SWITCH_STARTED_TAG))
    }

    /// Refuses to begin if an instance of the old cluster has gone since the plan was made, or cannot be renamed: found
    /// out here nothing has been touched, found out later clients would already write to the new cluster.
    async fn require_old_instances(
        &self,
        context: &StepContext<'_>,
        existing: &ExistingTarget,
    ) -> Result<(), StepError> {
        let shown = context.rds(&self.plan.target_location).instances(None).await?;
        let fit = |resource: &ResourceId| {
            shown.iter().any(|one| &one.resource_id == resource && one.status == InstanceStatus::Available)
        };
        match existing.instances.iter().find(|old| !fit(&old.resource_id)) {
            None => Ok(()),
            Some(old) => Err(Failure::retryable(
                ErrorCode::TargetChanged,
                format!("instance {} of the old cluster is gone or not available", old.instance),
            )
            .hint(ErrorCode::TargetChanged.action())
            .into()),
        }
    }

    /// Marks an instance of the old cluster before its name is taken. If we die after it, the next look finds it marked.
    async fn mark_instance(
        &self,
        context: &StepContext<'_>,
        instances: &[Instance],
        name: &InstanceId,
    ) -> Result<(), StepError> {
        let id = &context.operation().id;
        let is_marked = |one: &Instance| one.tags.get(ownership::RETIRED_BY_TAG).is_some_and(|by| by == id.as_str());
        let named = instances.iter().find(|one| &one.id == name && self.is_old(&one.resource_id));
        let Some(old) = named.filter(|old| !is_marked(old)) else { return Ok(()) };
        let tags = Tags::from([(ownership::RETIRED_BY_TAG.to_owned(), id.to_string())]);
        let mark = Change::AddTags { resource: old.arn.clone(), tags };
        context.change(&self.plan.target_location, mark).await??;
        Ok(())
    }

    /// Whether an instance is one of the old cluster's.
    fn is_old(&self, resource: &ResourceId) -> bool {
        self.existing.is_some_and(|existing| existing.instances.iter().any(|old| &old.resource_id == resource))
    }

    /// Proves that the name answers with the new cluster: a login through its endpoint finds the content that was
    /// verified. What it says is kept as a tag; until then nothing is proven.
    async fn prove(
        &self,
        context: &StepContext<'_>,
        serving: &Cluster,
        taken_at: Option<Timestamp>,
    ) -> Result<String, StepError> {
        let Some(endpoint) = &serving.endpoint else {
            return Ok("the name has no endpoint yet".to_owned());
        };
        let login = Login { endpoint, content: Content::AsVerified, taken_at };
        if let Some(text) = self.not_answering(context, login).await? {
            return Ok(text);
        }
        let since = Tags::from([(ownership::SERVING_SINCE_TAG.to_owned(), context.now().to_string())]);
        let tag = Change::AddTags { resource: serving.arn.clone(), tags: since };
        context.change(&self.plan.target_location, tag).await??;
        Ok("the name answers with the new cluster".to_owned())
    }

    /// Logs in through the name. `None` if it answers as it should.
    ///
    /// # Errors
    /// Once the patience is over: a name that answers to nobody is given back soon, and not after hours.
    async fn not_answering(&self, context: &StepContext<'_>, through: Login<'_>) -> Result<Option<String>, StepError> {
        let verified = context.operation().facts.verified.as_ref().ok_or_else(|| missing("the verification"))?;
        let login = context.master_login(through.endpoint).await?;
        let text = match context.database().log_in(&login).await {
            Ok(proof) if !proof.writable => format!("the name {} cannot be written to yet", self.target),
            Ok(proof) if through.content == Content::AsVerified && proof.fingerprint != verified.fingerprint => {
                format!("the name {} answers with other content than was verified", self.target)
            }
            Ok(_) => return Ok(None),
            // The name still leads to the old address, or the server is not listening yet.
            Err(error) if matches!(error.kind, DatabaseErrorKind::Unreachable | DatabaseErrorKind::LoginRefused) => {
                format!("the name does not answer with the new cluster yet: {}", error.reason)
            }
            Err(error) => return Err(error.into()),
        };
        if is_patient(context, through.taken_at) {
            return Ok(Some(text));
        }
        Err(Failure::terminal(ErrorCode::SwitchFailed, text).hint(ErrorCode::SwitchFailed.action()).into())
    }

    fn outcome(&self, clusters: &[Cluster], settled: Settled) -> SwitchedOver {
        let began = self.taken_at(clusters);
        SwitchedOver {
            endpoint: Some(settled.endpoint),
            switched_at: settled.switched_at,
            name_unanswered_max: began.map(|began| settled.at.duration_since(began)),
            retired: self.existing.map(|existing| RetiredCluster {
                cluster: self.plan.names.retired.clone(),
                resource_id: existing.resource_id.clone(),
                instances: self.plan.names.retired_instances.clone(),
                final_snapshot: None,
            }),
        }
    }

    fn forward_clusters(&self) -> Vec<Goal<ClusterId>> {
        let old = self
            .existing
            .map(|existing| Goal { resource: existing.resource_id.clone(), name: self.plan.names.retired.clone() });
        let new = Goal { resource: self.restored.resource_id.clone(), name: self.target.clone() };
        old.into_iter().chain([new]).collect()
    }

    fn forward_instances(&self) -> Vec<Goal<InstanceId>> {
        let old = self.old_instances(&self.plan.names.retired_instances);
        old.into_iter().chain(self.new_instances(&self.plan.names.serving_instances)).collect()
    }

    fn old_instances(&self, names: &[InstanceId]) -> Vec<Goal<InstanceId>> {
        let old = self.existing.iter().flat_map(|existing| &existing.instances);
        old.zip(names).map(|(old, name)| Goal { resource: old.resource_id.clone(), name: name.clone() }).collect()
    }

    fn new_instances(&self, names: &[InstanceId]) -> Vec<Goal<InstanceId>> {
        let new = &self.instances.instances;
        new.iter()
            .zip(names)
            .map(|(new, name)| Goal { resource: new.resource_id.clone(), name: name.clone() })
            .collect()
    }
}

fn find<'c>(clusters: &'c [Cluster], resource: &ResourceId) -> Option<&'c Cluster> {
    clusters.iter().find(|cluster| &cluster.resource_id == resource)
}

fn tag_time(cluster: &Cluster, tag: &str) -> Option<Timestamp> {
    cluster.tags.get(tag).and_then(|text| text.parse().ok())
}

/// Whether the switch may still come to rest by itself. Begins anew for whoever takes the operation over.
fn is_patient(context: &StepContext<'_>, taken_at: Option<Timestamp>) -> bool {
    let began = context.operation().step(STEP).and_then(|step| step.budget_since);
    began.max(taken_at).is_none_or(|since| context.now().duration_since(since) < PATIENCE)
}

fn seen_clusters(clusters: &[Cluster]) -> Vec<Seen<ClusterId>> {
    let seen = clusters.iter().map(|cluster| Seen {
        resource: cluster.resource_id.clone(),
        name: cluster.id.clone(),
        settled: cluster.status == ClusterStatus::Available,
    });
    seen.collect()
}

/// Makes a rename of a cluster. `None` once all have their names and are at rest.
async fn rename_cluster(
    context: &StepContext<'_>,
    swap: &Swap<'_>,
    next: Move<ClusterId>,
) -> Result<Option<String>, StepError> {
    match next {
        Move::Done => Ok(None),
        Move::Wait { text } => Ok(Some(text)),
        Move::Rename { from, to } => {
            let text = format!("cluster {from} becomes {to}");
            context.change(&swap.plan.target_location, Change::RenameCluster { from, to }).await??;
            Ok(Some(text))
        }
        Move::Blocked { name, by } => Err(foreign(&format!("cluster name {name}"), by.as_str()).into()),
    }
}

/// In which direction names are moved.
#[derive(Clone, Copy)]
enum Way<'c> {
    Forward,
    /// With the clusters as they are seen, at rest under their names.
    Back(&'c [Cluster]),
}

/// Makes the next rename of an instance. `None` once all have their names and are at rest.
async fn rename_instances(
    context: &StepContext<'_>,
    swap: &Swap<'_>,
    way: Way<'_>,
) -> Result<Option<String>, StepError> {
    let instances = context.rds(&swap.plan.target_location).instances(None).await?;
    // An instance of the old cluster that somebody has deleted meanwhile has no name any more.
    let shown = |resource: &ResourceId| instances.iter().any(|one| &one.resource_id == resource);
    let goals = match way {
        Way::Forward => swap.forward_instances(),
        Way::Back(clusters) => swap.with_made_anew(clusters, &instances, swap.backward_instances()),
    };
    let goals: Vec<Goal<InstanceId>> =
        goals.into_iter().filter(|goal| !swap.is_old(&goal.resource) || shown(&goal.resource)).collect();
    let seen: Vec<Seen<InstanceId>> = instances
        .iter()
        .map(|instance| Seen {
            resource: instance.resource_id.clone(),
            name: instance.id.clone(),
            settled: instance.status == InstanceStatus::Available,
        })
        .collect();
    let goals = match way {
        Way::Forward => goals,
        Way::Back(_) => without_gone(context, &seen, goals),
    };
    match next_move(&seen, &goals) {
        Move::Done => Ok(None),
        Move::Wait { text } => Ok(Some(text)),
        Move::Rename { from, to } => {
            let text = format!("instance {from} becomes {to}");
            if matches!(way, Way::Forward) {
                swap.mark_instance(context, &instances, &from).await?;
            }
            context.change(&swap.plan.target_location, Change::RenameInstance { from, to }).await??;
            Ok(Some(text))
        }
        Move::Blocked { name, by } => Err(foreign(&format!("instance name {name}"), by.as_str()).into()),
    }
}

fn foreign(name: &str, by: &str) -> Failure {
    Failure::needs_operator(
        ErrorCode::SwitchForeign,
        format!("{name} is borne by {by}, which is not part of the switch"),
    )
    .hint(ErrorCode::SwitchForeign.action())
}
