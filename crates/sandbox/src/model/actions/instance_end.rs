//! DeleteDBInstance.

use std::sync::Arc;

use super::lookup::{invalid_cluster_state, invalid_instance_state};
use crate::model::call::DeleteDbInstance;
use crate::model::effect::{EndpointKind, Work};
use crate::model::error::RdsError;
use crate::model::jobs::JobKind;
use crate::model::reply::Reply;
use crate::model::resources::{ClusterStatus, InstanceStatus};
use crate::model::world::{Ctx, World};

impl World {
    pub(crate) fn delete_instance(&mut self, ctx: Ctx, input: &DeleteDbInstance) -> Result<Reply, RdsError> {
        let (key, record) = self.named_instance(ctx.here, &input.db_instance_identifier, ctx.now)?;
        let (cluster, shown) = (record.cluster, Arc::clone(&record.shown));
        if shown.db_instance_status == InstanceStatus::Deleting {
            return Err(invalid_instance_state(format!(
                "Instance {} is already being deleted.",
                shown.db_instance_identifier
            )));
        }
        if input.final_db_snapshot_identifier.is_some() {
            return Err(RdsError::invalid_combination(
                "FinalDBSnapshotIdentifier can not be specified when deleting a cluster instance",
            ));
        }
        let broken = matches!(
            shown.db_instance_status,
            InstanceStatus::Failed | InstanceStatus::IncompatibleRestore | InstanceStatus::IncompatibleNetwork
        );
        if broken && input.skip_final_snapshot != Some(true) {
            return Err(invalid_instance_state(format!(
                "Instance {} is in the {} state and can be deleted only with SkipFinalSnapshot.",
                shown.db_instance_identifier, shown.db_instance_status
            )));
        }
        let status = self.cluster(ctx.here, cluster).map(|record| record.shown.status);
        if matches!(
            status,
            Some(ClusterStatus::Stopped | ClusterStatus::Stopping | ClusterStatus::Starting | ClusterStatus::Renaming)
        ) {
            return Err(invalid_cluster_state(
                "DB instances cannot be deleted while their DB cluster is stopped or renamed.",
            ));
        }
        self.begin_instance_deletion(ctx, key, cluster, &shown.db_instance_identifier);
        self.instance_reply(ctx.here, key, &input.db_instance_identifier)
    }

    fn begin_instance_deletion(&mut self, ctx: Ctx, key: u64, cluster: u64, name: &str) {
        // Whatever the instance was about to become no longer matters.
        self.forget_jobs(ctx.here, key);
        let mut names = vec![name.to_owned()];
        if let Some(record) = self.instance_mut(ctx.here, key) {
            record.phases.clear();
            record.deferred.clear();
            names.extend(record.naming.reserved.take());
            Arc::make_mut(&mut record.shown).db_instance_status = InstanceStatus::Deleting;
        }
        let mut waits = Vec::new();
        if let Some(record) = self.cluster(ctx.here, cluster).filter(|record| record.serving) {
            let (volume, cluster_name) = (record.volume, record.shown.db_cluster_identifier.clone());
            for name in &names {
                let endpoint = self.endpoint_key(ctx.here, EndpointKind::Instance, name);
                self.emit(Work::WithdrawEndpoint { endpoint, volume }, &mut waits);
            }
            let goes = |status| status == InstanceStatus::Deleting;
            let place = self.place(ctx.here);
            if place.members(cluster).all(|(_, member)| goes(member.shown.db_instance_status)) {
                self.withdraw_cluster(ctx.here, cluster, &cluster_name, &mut waits);
                self.emit(Work::StopServer { volume }, &mut waits);
                if let Some(record) = self.cluster_mut(ctx.here, cluster) {
                    record.serving = false;
                }
            }
        }
        let ends = ctx.now + ctx.course.stretch(self.config.durations.delete_instance);
        self.add_job(ends, ctx.here, key, JobKind::InstanceDeleted, waits);
        self.elect_writer(ctx.here, cluster, ctx.now);
    }
}
