//! `create-instances`: gives the new cluster its instances; only then can anyone connect.
//!
//! Idempotent because the instances' names are fixed and our tag travels in the call; see [`super::build`].

use jiff::SignedDuration;

use crate::{
    catalogue::ErrorCode,
    engine::pace,
    operation::{Failure, InstanceMade, InstancesReady, StepFacts, StepKind},
    ports::{Cluster, Instance},
    steps::{
        StepContext, StepError, StepOutcome, Undo, UndoOutcome,
        build::{self, InstancesSpec, Made},
        context::missing,
        ownership::Role,
        switch_over,
        teardown::{self, Gone, Proof},
    },
};

pub(super) const UNDO: Undo = Undo::By("deleting the new cluster's instances");
const STEP: StepKind = StepKind::CreateInstances;

/// RDS shows restorable times once a restore is complete; no backup may be asked for before. They are waited for no
/// longer than this once everything else is ready, because not every setup shows them.
const RESTORABLE_TIMES_WAIT_MAX: SignedDuration = SignedDuration::from_mins(10);

pub(super) async fn run(context: &StepContext<'_>) -> Result<StepOutcome, StepError> {
    let plan = context.plan()?;
    let spec = InstancesSpec {
        location: &plan.target_location,
        cluster: &plan.names.staged,
        engine: &plan.engine,
        instances: plan.names.staged_instances.iter().zip(&plan.instances).collect(),
        role: Role::Staged,
    };
    let after = pace::for_long_phases(context.limits());
    match build::instances(context, &spec).await? {
        Made::Ready((cluster, _)) if waits_for_restorable_times(context, &cluster) => {
            Ok(context.wait(STEP, after, format!("the restore of {} is being completed", cluster.id)))
        }
        Made::Ready((cluster, instances)) => ready(&cluster, &instances),
        Made::NotYet { text } => Ok(context.wait(STEP, after, text)),
    }
}

fn waits_for_restorable_times(context: &StepContext<'_>, cluster: &Cluster) -> bool {
    let shown = cluster.earliest_restorable.is_some() && cluster.latest_restorable.is_some();
    let began = context.operation().step(STEP).and_then(|step| step.started_at);
    let patience = began
        .is_some_and(|at| context.now().duration_since(at) < RESTORABLE_TIMES_WAIT_MAX.min(context.limits().poll * 20));
    !shown && patience
}

fn ready(cluster: &Cluster, instances: &[Instance]) -> Result<StepOutcome, StepError> {
    let endpoint = cluster.endpoint.clone().ok_or_else(|| {
        Failure::retryable(ErrorCode::InstanceFailed, format!("cluster {} shows no endpoint yet", cluster.id))
    })?;
    let instances = instances
        .iter()
        .map(|instance| InstanceMade { instance: instance.id.clone(), resource_id: instance.resource_id.clone() })
        .collect();
    Ok(StepOutcome::Done(StepFacts::CreateInstances(InstancesReady { instances, endpoint })))
}

pub(super) async fn undo(context: &StepContext<'_>) -> Result<UndoOutcome, StepError> {
    let plan = context.plan()?;
    switch_over::require_way_back(context).await?;
    let restored = context.operation().facts.restored.as_ref().ok_or_else(|| missing("the new cluster"))?;
    let was_seen = context.operation().facts.instances.is_some();
    let proof = Proof::Is(&restored.resource_id);
    match teardown::instances(context, &plan.target_location, &plan.names.staged, proof).await? {
        Gone::Yes if teardown::not_found_is_final(context, STEP, was_seen) => {
            Ok(UndoOutcome::Done { note: Some(format!("the instances of {} are gone", plan.names.staged)) })
        }
        Gone::Yes => Ok(context.wait_undo(
            STEP,
            pace::for_steps(context.limits()),
            "an instance that was asked for may still appear",
        )),
        Gone::NotYet { text } => Ok(context.wait_undo(STEP, pace::for_steps(context.limits()), text)),
    }
}
