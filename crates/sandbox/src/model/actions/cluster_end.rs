//! DeleteDBCluster, StopDBCluster and StartDBCluster.

use std::sync::Arc;

use super::lookup::{cluster_not_found, invalid_cluster_state, invalid_instance_state};
use crate::model::call::{DeleteDbCluster, NameDbCluster};
use crate::model::effect::Work;
use crate::model::error::RdsError;
use crate::model::jobs::JobKind;
use crate::model::reply::Reply;
use crate::model::resources::{ClusterStatus, InstanceStatus};
use crate::model::state::{ClusterRecord, Key, PlaceIx};
use crate::model::world::{Ctx, World};

impl World {
    pub(crate) fn delete_cluster(&mut self, ctx: Ctx, input: &DeleteDbCluster) -> Result<Reply, RdsError> {
        let (key, record) = self.named_cluster(ctx.here, &input.db_cluster_identifier, ctx.now)?;
        check_deletable(record)?;
        let place = self.place(ctx.here);
        let stays = |status| status != InstanceStatus::Deleting;
        if place.members(key).any(|(_, member)| stays(member.shown.db_instance_status)) {
            return Err(invalid_cluster_state(
                "Cluster cannot be deleted, it still contains DB instances in non-deleting state.",
            ));
        }
        let final_snapshot = final_snapshot_name(input)?;
        let taken = match final_snapshot {
            Some(name) => Some(self.take_snapshot(ctx, key, name, &[])?.0),
            None => None,
        };
        let keeps_automated = input.delete_automated_backups == Some(false);
        let record = self.cluster_mut(ctx.here, key).ok_or_else(|| cluster_not_found(&input.db_cluster_identifier))?;
        record.final_snapshot = taken;
        record.keeps_automated = keeps_automated;
        let shown = Arc::make_mut(&mut record.shown);
        shown.status = ClusterStatus::Deleting;
        let reply = Reply::Cluster(Arc::clone(&record.shown));
        if taken.is_none() {
            self.begin_cluster_deletion(ctx, key);
        }
        Ok(reply)
    }

    /// The data goes only once the final snapshot, if any, is there.
    pub(crate) fn begin_cluster_deletion(&mut self, ctx: Ctx, key: Key) {
        let Some(record) = self.cluster(ctx.here, key) else {
            return;
        };
        let mut waits = Vec::new();
        self.emit(Work::DeleteVolume { volume: record.volume }, &mut waits);
        let ends = ctx.now + ctx.course.stretch(self.config.durations.delete_cluster);
        self.add_job(ends, ctx.here, key, JobKind::ClusterDeleted, waits);
    }

    pub(crate) fn stop_cluster(&mut self, ctx: Ctx, input: &NameDbCluster) -> Result<Reply, RdsError> {
        let (key, record) = self.named_cluster(ctx.here, &input.db_cluster_identifier, ctx.now)?;
        record.require_available()?;
        let (volume, serving) = (record.volume, record.serving);
        let place = self.place(ctx.here);
        let busy = |status| status != InstanceStatus::Available;
        if let Some((_, member)) = place.members(key).find(|(_, member)| busy(member.shown.db_instance_status)) {
            return Err(invalid_instance_state(format!(
                "DB instance {} isn't in the available state. It is in the {} state.",
                member.shown.db_instance_identifier, member.shown.db_instance_status
            )));
        }
        let mut waits = Vec::new();
        if serving {
            self.emit(Work::StopServer { volume }, &mut waits);
        }
        let ends = ctx.now + ctx.course.stretch(self.config.durations.stop_cluster);
        self.add_job(ends, ctx.here, key, JobKind::ClusterStopped, waits);
        Ok(self.set_cluster_and_members(ctx.here, key, ClusterStatus::Stopping, InstanceStatus::Stopping))
    }

    pub(crate) fn start_cluster(&mut self, ctx: Ctx, input: &NameDbCluster) -> Result<Reply, RdsError> {
        let (key, record) = self.named_cluster(ctx.here, &input.db_cluster_identifier, ctx.now)?;
        if record.shown.status != ClusterStatus::Stopped {
            return Err(invalid_cluster_state(format!(
                "DB cluster {} isn't in the stopped state. It is in the {} state.",
                record.shown.db_cluster_identifier, record.shown.status
            )));
        }
        if let Some(kms_key) = &record.shown.kms_key_id {
            self.check_source_key(&self.place(ctx.here).account, kms_key)?;
        }
        Ok(self.begin_start(ctx, key))
    }

    pub(crate) fn begin_start(&mut self, ctx: Ctx, key: Key) -> Reply {
        let mut waits = Vec::new();
        if let Some(record) = self.cluster(ctx.here, key).filter(|record| record.serving) {
            self.emit(Work::StartServer { volume: record.volume }, &mut waits);
        }
        let ends = ctx.now + ctx.course.stretch(self.config.durations.start_cluster);
        self.add_job(ends, ctx.here, key, JobKind::ClusterStarted, waits);
        self.set_cluster_and_members(ctx.here, key, ClusterStatus::Starting, InstanceStatus::Starting)
    }

    /// Sets the status of a cluster and of all its members.
    pub(crate) fn set_cluster_and_members(
        &mut self,
        place: PlaceIx,
        key: Key,
        status: ClusterStatus,
        members: InstanceStatus,
    ) -> Reply {
        let place = self.place_mut(place);
        for member in place.instances.values_mut().filter(|member| member.cluster == key) {
            Arc::make_mut(&mut member.shown).db_instance_status = members;
        }
        match place.clusters.get_mut(&key) {
            Some(record) => {
                Arc::make_mut(&mut record.shown).status = status;
                Reply::Cluster(Arc::clone(&record.shown))
            }
            None => Reply::Done,
        }
    }
}

fn check_deletable(record: &ClusterRecord) -> Result<(), RdsError> {
    let shown = &record.shown;
    if shown.deletion_protection {
        return Err(RdsError::invalid_combination(
            "Cannot delete protected Cluster, please disable deletion protection and try again.",
        ));
    }
    match shown.status {
        ClusterStatus::Available
        | ClusterStatus::CloningFailed
        | ClusterStatus::Failed
        | ClusterStatus::InaccessibleEncryptionCredentials
        | ClusterStatus::MigrationFailed => Ok(()),
        ClusterStatus::Deleting => {
            Err(invalid_cluster_state(format!("Cluster {} is already being deleted.", shown.db_cluster_identifier)))
        }
        ClusterStatus::BackingUp
        | ClusterStatus::Creating
        | ClusterStatus::Migrating
        | ClusterStatus::Modifying
        | ClusterStatus::Renaming
        | ClusterStatus::ResettingMasterCredentials
        | ClusterStatus::Starting
        | ClusterStatus::Stopped
        | ClusterStatus::Stopping
        | ClusterStatus::UpdateIamDbAuth
        | ClusterStatus::Upgrading => Err(invalid_cluster_state(format!(
            "DB cluster {} cannot be deleted while it is in the {} state.",
            shown.db_cluster_identifier, shown.status
        ))),
    }
}

fn final_snapshot_name(input: &DeleteDbCluster) -> Result<Option<&str>, RdsError> {
    match (input.skip_final_snapshot.unwrap_or(false), input.final_db_snapshot_identifier.as_deref()) {
        (true, Some(_)) => Err(RdsError::invalid_combination(
            "FinalDBSnapshotIdentifier can not be specified when SkipFinalSnapshot is true.",
        )),
        (false, None) => Err(RdsError::invalid_combination(
            "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
        )),
        (_, name) => Ok(name),
    }
}
