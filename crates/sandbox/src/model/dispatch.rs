//! Which action carries out a call, and which transition ends a job: one line each.

use jiff::Timestamp;

use super::call::Call;
use super::error::RdsError;
use super::jobs::{Job, JobKind};
use super::reply::Reply;
use super::world::{Ctx, World};

impl World {
    pub(crate) fn dispatch(&mut self, ctx: Ctx, call: Call) -> Result<Reply, RdsError> {
        match call {
            Call::CreateDbCluster(input) => self.create_cluster(ctx, input),
            Call::DescribeDbClusters(input) => self.describe_clusters(ctx, &input),
            Call::ModifyDbCluster(input) => self.modify_cluster(ctx, &input),
            Call::DeleteDbCluster(input) => self.delete_cluster(ctx, &input),
            Call::StopDbCluster(input) => self.stop_cluster(ctx, &input),
            Call::StartDbCluster(input) => self.start_cluster(ctx, &input),
            Call::RestoreDbClusterFromSnapshot(input) => self.restore_from_snapshot(ctx, &input),
            Call::RestoreDbClusterToPointInTime(input) => self.restore_to_point_in_time(ctx, &input),
            Call::AddRoleToDbCluster(input) => self.add_role(ctx, input),
            Call::RemoveRoleFromDbCluster(input) => self.remove_role(ctx, &input),
            Call::CreateDbClusterSnapshot(input) => self.create_snapshot(ctx, &input),
            Call::CopyDbClusterSnapshot(input) => self.copy_snapshot(ctx, &input),
            Call::DescribeDbClusterSnapshots(input) => self.describe_snapshots(ctx, &input),
            Call::DeleteDbClusterSnapshot(input) => self.delete_snapshot(ctx, &input),
            Call::DescribeDbClusterSnapshotAttributes(input) => self.describe_snapshot_attributes(ctx, &input),
            Call::ModifyDbClusterSnapshotAttribute(input) => self.modify_snapshot_attribute(ctx, &input),
            Call::CreateDbInstance(input) => self.create_instance(ctx, &input),
            Call::DescribeDbInstances(input) => self.describe_instances(ctx, &input),
            Call::ModifyDbInstance(input) => self.modify_instance(ctx, &input),
            Call::DeleteDbInstance(input) => self.delete_instance(ctx, &input),
            Call::RebootDbInstance(input) => self.reboot_instance(ctx, &input),
            Call::AddTagsToResource(input) => self.add_tags(ctx, &input),
            Call::RemoveTagsFromResource(input) => self.remove_tags(ctx, &input),
            Call::ListTagsForResource(input) => self.list_tags(ctx, &input),
            Call::CreateDbClusterParameterGroup(input) => self.create_cluster_parameter_group(ctx, input),
            Call::DescribeDbClusterParameterGroups(input) => self.describe_cluster_parameter_groups(ctx, &input),
            Call::CreateDbParameterGroup(input) => self.create_parameter_group(ctx, input),
            Call::DescribeDbParameterGroups(input) => self.describe_parameter_groups(ctx, &input),
            Call::CreateDbSubnetGroup(input) => self.create_subnet_group(ctx, &input),
            Call::DescribeDbSubnetGroups(input) => self.describe_subnet_groups(ctx, &input),
            Call::DescribeOrderableDbInstanceOptions(input) => self.describe_orderable(ctx, &input),
            Call::DescribeDbEngineVersions(input) => self.describe_engine_versions(&input),
            Call::DescribeEvents(input) => self.describe_events(ctx, &input),
            Call::DescribeAccountAttributes => Ok(self.describe_account_attributes(ctx)),
        }
    }

    pub(crate) fn finish_job(&mut self, ends: Timestamp, job: &Job) {
        let Job { place, key, kind, failure, .. } = job;
        let (place, key, failure) = (*place, *key, failure.as_deref());
        match kind {
            JobKind::NamesSettle => {}
            JobKind::ClusterReady => self.cluster_ready(place, key, ends, failure),
            JobKind::FirstBackup => self.first_backup(place, key, ends),
            JobKind::ClusterPhaseEnds => self.cluster_phase_ends(place, key, ends, failure),
            JobKind::ClusterParametersApplied => self.cluster_parameters_applied(place, key),
            JobKind::ClusterMaintenance => self.cluster_maintenance(place, key, ends),
            JobKind::ClusterStopped => self.cluster_stopped(place, key, ends, failure),
            JobKind::ClusterStarted => self.cluster_started(place, key, ends, failure),
            JobKind::AutomaticStart => self.automatic_start(place, key, ends),
            JobKind::ClusterDeleted => self.cluster_deleted(place, key, ends, failure),
            JobKind::InstanceReady => self.instance_ready(place, key, ends, failure),
            JobKind::InstancePhaseEnds => self.instance_phase_ends(place, key, ends, failure),
            JobKind::InstanceMaintenance => self.instance_maintenance(place, key, ends),
            JobKind::InstanceDeleted => self.instance_deleted(place, key, ends, failure),
            JobKind::SnapshotTaken => self.snapshot_taken(place, key, ends, failure),
            JobKind::SnapshotCopied => self.snapshot_copied(place, key, ends, failure),
        }
    }
}
