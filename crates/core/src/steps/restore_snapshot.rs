//! `restore-snapshot`: makes the staged cluster beside the one that clients use.
//!
//! Idempotent because the staged cluster's name is fixed and our tag travels in the call; see [`super::build`].

use crate::{
    engine::pace,
    operation::{RestoredCluster, StepFacts, StepKind},
    ports::RestoreSource,
    steps::{
        StepContext, StepError, StepOutcome, Undo, UndoOutcome,
        build::{self, ClusterSpec, Made},
        ownership::{self, Role},
        switch_over,
        teardown::{self, Gone, Proof},
    },
};

pub(super) const UNDO: Undo = Undo::By("deleting the new cluster");
const STEP: StepKind = StepKind::RestoreSnapshot;

pub(super) async fn run(context: &StepContext<'_>) -> Result<StepOutcome, StepError> {
    let plan = context.plan()?;
    let source = match &context.operation().facts.copy {
        Some(copied) => RestoreSource::Snapshot(copied.restore_from.clone()),
        None => plan.restore_source.clone(),
    };
    let spec = ClusterSpec {
        location: &plan.target_location,
        cluster: &plan.names.staged,
        source,
        engine: &plan.engine,
        engine_version: &plan.engine_version,
        kms_key: plan.restore_kms_key.clone(),
        settings: &plan.settings,
        tags: ownership::tags(context.operation(), Role::Staged, plan.settings.tags.as_ref()),
    };
    match build::cluster(context, spec).await? {
        Made::Ready(cluster) => Ok(StepOutcome::Done(StepFacts::RestoreSnapshot(RestoredCluster {
            cluster: cluster.id,
            resource_id: cluster.resource_id,
        }))),
        Made::NotYet { text } => Ok(context.wait(STEP, pace::for_long_phases(context.limits()), text)),
    }
}

pub(super) async fn undo(context: &StepContext<'_>) -> Result<UndoOutcome, StepError> {
    let plan = context.plan()?;
    switch_over::require_way_back(context).await?;
    let proof = match &context.operation().facts.restored {
        Some(restored) => Proof::Is(&restored.resource_id),
        None => Proof::OurTags,
    };
    let was_seen = context.operation().facts.restored.is_some();
    match teardown::cluster(context, &plan.target_location, &plan.names.staged, proof).await? {
        Gone::Yes if teardown::not_found_is_final(context, STEP, was_seen) => {
            Ok(UndoOutcome::Done { note: Some(format!("cluster {} is gone", plan.names.staged)) })
        }
        Gone::Yes => Ok(context.wait_undo(
            STEP,
            pace::for_steps(context.limits()),
            "a cluster that was asked for may still appear",
        )),
        Gone::NotYet { text } => Ok(context.wait_undo(STEP, pace::for_steps(context.limits()), text)),
    }
}
