//! The RDS port: one file for each API call, and here which request of the port is which call.

mod add_role_to_db_cluster;
mod add_tags_to_resource;
mod copy_db_cluster_snapshot;
mod create_db_cluster_snapshot;
mod create_db_instance;
mod delete_db_cluster;
mod delete_db_cluster_snapshot;
mod delete_db_instance;
mod describe_account_attributes;
mod describe_db_cluster_parameter_groups;
mod describe_db_cluster_snapshot_attributes;
mod describe_db_cluster_snapshots;
mod describe_db_clusters;
mod describe_db_engine_versions;
mod describe_db_instances;
mod describe_db_parameter_groups;
mod describe_db_subnet_groups;
mod describe_events;
mod describe_orderable_db_instance_options;
mod modify_db_cluster;
mod modify_db_cluster_snapshot_attribute;
mod modify_db_instance;
mod pages;
mod reading;
mod reboot_db_instance;
mod refused;
mod remove_tags_from_resource;
mod restore_db_cluster_from_snapshot;
mod restore_db_cluster_to_point_in_time;
mod sending;

#[cfg(test)]
mod change_tests;
#[cfg(test)]
mod replay;

use std::sync::Arc;

use async_trait::async_trait;
use aurora_restore_core::{
    ids::{ClusterId, InstanceId},
    ports::{
        AccountQuota, Change, Cluster, EngineVersion, Instance, OrderableClass, ParameterGroup, Rds, RdsReads,
        RdsResult, RestoreSource, Snapshot, SnapshotAddress, SnapshotQuery, SubnetGroup,
    },
};
use aws_sdk_rds::Client;

use crate::identity::Identity;

/// RDS in one account and Region.
#[derive(Debug)]
pub(crate) struct AwsRds {
    client: Client,
    identity: Arc<Identity>,
}

impl AwsRds {
    pub(crate) fn new(client: Client, identity: Arc<Identity>) -> Self {
        Self { client, identity }
    }
}

#[async_trait]
impl RdsReads for AwsRds {
    async fn cluster(&self, id: &ClusterId) -> RdsResult<Cluster> {
        describe_db_clusters::one(self, id).await
    }

    async fn clusters(&self) -> RdsResult<Vec<Cluster>> {
        describe_db_clusters::all(self).await
    }

    async fn instance(&self, id: &InstanceId) -> RdsResult<Instance> {
        describe_db_instances::one(self, id).await
    }

    async fn instances(&self, cluster: Option<&ClusterId>) -> RdsResult<Vec<Instance>> {
        describe_db_instances::all(self, cluster).await
    }

    async fn snapshot(&self, address: &SnapshotAddress) -> RdsResult<Snapshot> {
        describe_db_cluster_snapshots::one(self, address).await
    }

    async fn snapshots(&self, query: &SnapshotQuery) -> RdsResult<Vec<Snapshot>> {
        describe_db_cluster_snapshots::matching(self, query).await
    }

    async fn snapshot_shared_with(&self, address: &SnapshotAddress) -> RdsResult<Vec<String>> {
        describe_db_cluster_snapshot_attributes::shared_with(self, address).await
    }

    async fn cluster_parameter_group(&self, name: &str) -> RdsResult<ParameterGroup> {
        describe_db_cluster_parameter_groups::one(self, name).await
    }

    async fn instance_parameter_group(&self, name: &str) -> RdsResult<ParameterGroup> {
        describe_db_parameter_groups::one(self, name).await
    }

    async fn subnet_group(&self, name: &str) -> RdsResult<SubnetGroup> {
        describe_db_subnet_groups::one(self, name).await
    }

    async fn engine_versions(&self, engine: &str) -> RdsResult<Vec<EngineVersion>> {
        describe_db_engine_versions::all(self, engine).await
    }

    async fn orderable_classes(&self, engine: &str, version: &str) -> RdsResult<Vec<OrderableClass>> {
        describe_orderable_db_instance_options::all(self, engine, version).await
    }

    async fn quotas(&self) -> RdsResult<Vec<AccountQuota>> {
        describe_account_attributes::all(self).await
    }

    async fn recent_events(&self, source: &str) -> RdsResult<Vec<String>> {
        describe_events::recent(self, source).await
    }
}

#[async_trait]
impl Rds for AwsRds {
    async fn change(&self, change: &Change) -> RdsResult<()> {
        tracing::debug!(action = change.action(), object = change.object(), "sending a change to RDS");
        match change {
            Change::CopySnapshot(copy) => copy_db_cluster_snapshot::send(self, copy).await,
            Change::ShareSnapshot { snapshot, with } => {
                modify_db_cluster_snapshot_attribute::share(self, snapshot, with).await
            }
            Change::UnshareSnapshot { snapshot, with } => {
                modify_db_cluster_snapshot_attribute::unshare(self, snapshot, with).await
            }
            Change::CreateSnapshot { cluster, snapshot, tags } => {
                create_db_cluster_snapshot::send(self, cluster, snapshot, tags).await
            }
            Change::DeleteSnapshot { snapshot } => delete_db_cluster_snapshot::send(self, snapshot).await,
            Change::RestoreCluster(restore) => match &restore.source {
                RestoreSource::Snapshot(from) => restore_db_cluster_from_snapshot::send(self, restore, from).await,
                RestoreSource::LatestOf { cluster, method } => {
                    restore_db_cluster_to_point_in_time::latest(self, restore, cluster, *method).await
                }
                RestoreSource::PointInTime { cluster, at } => {
                    restore_db_cluster_to_point_in_time::at(self, restore, cluster, *at).await
                }
            },
            Change::ModifyCluster(modify) => modify_db_cluster::send(self, modify).await,
            Change::RenameCluster { from, to } => modify_db_cluster::rename(self, from, to).await,
            Change::DeleteCluster { cluster, final_snapshot } => {
                delete_db_cluster::send(self, cluster, final_snapshot.as_ref()).await
            }
            Change::CreateInstance(create) => create_db_instance::send(self, create).await,
            Change::ModifyInstance(modify) => modify_db_instance::send(self, modify).await,
            Change::RenameInstance { from, to } => modify_db_instance::rename(self, from, to).await,
            Change::RebootInstance { instance } => reboot_db_instance::send(self, instance).await,
            Change::DeleteInstance { instance } => delete_db_instance::send(self, instance).await,
            Change::AddRole { cluster, role, feature } => {
                add_role_to_db_cluster::send(self, cluster, role, feature.as_deref()).await
            }
            Change::AddTags { resource, tags } => add_tags_to_resource::send(self, resource, tags).await,
            Change::RemoveTags { resource, keys } => remove_tags_from_resource::send(self, resource, keys).await,
        }
    }
}
