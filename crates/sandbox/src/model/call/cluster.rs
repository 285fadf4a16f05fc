//! Inputs of the actions on clusters.
//!
//! An empty list means that the parameter was not given, as on the wire.

use jiff::Timestamp;

use super::{Filter, PageRequest};
use crate::model::Secret;
use crate::model::resources::{PendingLogExports, ServerlessV2Scaling, Tag};

/// Settings that creating and both ways of restoring a cluster have in common.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewClusterSettings {
    /// Zones of the storage.
    pub availability_zones: Vec<String>,
    /// 1 to 35 days.
    pub backup_retention_period: Option<u32>,
    /// Seconds; MySQL only.
    pub backtrack_window: Option<u64>,
    /// Default off.
    pub copy_tags_to_snapshot: Option<bool>,
    /// Default: the family's default group.
    pub db_cluster_parameter_group_name: Option<String>,
    /// Default: `default`.
    pub db_subnet_group_name: Option<String>,
    /// Default off.
    pub deletion_protection: Option<bool>,
    /// Default none.
    pub enable_cloudwatch_logs_exports: Vec<String>,
    /// Default off.
    pub enable_iam_database_authentication: Option<bool>,
    /// Default off.
    pub enable_performance_insights: Option<bool>,
    /// Default: the paid extended support.
    pub engine_lifecycle_support: Option<String>,
    /// Only `provisioned` is offered.
    pub engine_mode: Option<String>,
    /// Id, ARN or alias of the key.
    pub kms_key_id: Option<String>,
    /// Seconds; 0 is off.
    pub monitoring_interval: Option<u32>,
    /// Needed with an interval.
    pub monitoring_role_arn: Option<String>,
    /// `IPV4` or `DUAL`.
    pub network_type: Option<String>,
    /// Key of Performance Insights.
    pub performance_insights_kms_key_id: Option<String>,
    /// Its retention in days.
    pub performance_insights_retention_period: Option<u32>,
    /// Default: the engine's, or the source's.
    pub port: Option<u16>,
    /// Default: drawn by RDS.
    pub preferred_backup_window: Option<String>,
    /// Default none.
    pub serverless_v2_scaling_configuration: Option<ServerlessV2Scaling>,
    /// `aurora` or `aurora-iopt1`.
    pub storage_type: Option<String>,
    /// Tags of the new cluster.
    pub tags: Vec<Tag>,
    /// Default: the VPC's default group.
    pub vpc_security_group_ids: Vec<String>,
}

/// Input of CreateDBCluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreateDbCluster {
    /// Name.
    pub db_cluster_identifier: String,
    /// Engine.
    pub engine: String,
    /// Default: the Region's default version.
    pub engine_version: Option<String>,
    /// First database.
    pub database_name: Option<String>,
    /// Required.
    pub master_username: Option<String>,
    /// Required.
    pub master_user_password: Option<Secret>,
    /// Default: drawn by RDS.
    pub preferred_maintenance_window: Option<String>,
    /// Default: off, unless a key is named.
    pub storage_encrypted: Option<bool>,
    /// Default on.
    pub auto_minor_version_upgrade: Option<bool>,
    /// Default: the Region's.
    pub ca_certificate_identifier: Option<String>,
    /// Default `standard`.
    pub database_insights_mode: Option<String>,
    /// Default off.
    pub enable_http_endpoint: Option<bool>,
    /// Class of the instances of a Multi-AZ DB cluster; none for Aurora.
    pub db_cluster_instance_class: Option<String>,
    /// GiB of a Multi-AZ DB cluster; none for Aurora.
    pub allocated_storage: Option<u32>,
    /// What restores have as well.
    pub settings: NewClusterSettings,
}

/// Input of RestoreDBClusterFromSnapshot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RestoreDbClusterFromSnapshot {
    /// Name of the new cluster.
    pub db_cluster_identifier: String,
    /// Name, or ARN when shared.
    pub snapshot_identifier: String,
    /// Required; must be compatible with the snapshot's.
    pub engine: String,
    /// Default: the Region's default version, not the snapshot's.
    pub engine_version: Option<String>,
    /// No effect on PostgreSQL.
    pub database_name: Option<String>,
    /// Nothing of this comes from the snapshot.
    pub settings: NewClusterSettings,
}

/// Input of RestoreDBClusterToPointInTime.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RestoreDbClusterToPointInTime {
    /// Name of the new cluster.
    pub db_cluster_identifier: String,
    /// Name or ARN of the source.
    pub source_db_cluster_identifier: Option<String>,
    /// Or its immutable id.
    pub source_db_cluster_resource_id: Option<String>,
    /// `full-copy` (default) or `copy-on-write`.
    pub restore_type: Option<String>,
    /// A moment; excludes the latest, and clones.
    pub restore_to_time: Option<Timestamp>,
    /// The latest moment.
    pub use_latest_restorable_time: Option<bool>,
    /// Nothing of this comes from the source.
    pub settings: NewClusterSettings,
}

/// Input of DescribeDBClusters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeDbClusters {
    /// One cluster by name or ARN.
    pub db_cluster_identifier: Option<String>,
    /// `db-cluster-id`, `db-cluster-resource-id`, `clone-group-id`, `engine`, `domain`.
    pub filters: Vec<Filter>,
    /// Accepted; clusters are not shared here.
    pub include_shared: Option<bool>,
    /// Which page.
    pub page: PageRequest,
}

/// Input of ModifyDBCluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModifyDbCluster {
    /// The cluster.
    pub db_cluster_identifier: String,
    /// New name.
    pub new_db_cluster_identifier: Option<String>,
    /// Default off: wait for the maintenance window.
    pub apply_immediately: Option<bool>,
    /// Needed for a new major version.
    pub allow_major_version_upgrade: Option<bool>,
    /// New setting.
    pub auto_minor_version_upgrade: Option<bool>,
    /// New setting.
    pub backtrack_window: Option<u64>,
    /// New setting.
    pub backup_retention_period: Option<u32>,
    /// New setting.
    pub ca_certificate_identifier: Option<String>,
    /// Logs to start and to stop exporting.
    pub cloudwatch_logs_export_configuration: Option<PendingLogExports>,
    /// New setting.
    pub copy_tags_to_snapshot: Option<bool>,
    /// New setting.
    pub database_insights_mode: Option<String>,
    /// New group; members need a reboot.
    pub db_cluster_parameter_group_name: Option<String>,
    /// For all instances, with a major upgrade only.
    pub db_instance_parameter_group_name: Option<String>,
    /// New setting, always applied at once.
    pub deletion_protection: Option<bool>,
    /// New setting.
    pub enable_http_endpoint: Option<bool>,
    /// New setting.
    pub enable_iam_database_authentication: Option<bool>,
    /// New setting.
    pub enable_performance_insights: Option<bool>,
    /// New version.
    pub engine_version: Option<String>,
    /// New password, always applied at once.
    pub master_user_password: Option<Secret>,
    /// New setting.
    pub monitoring_interval: Option<u32>,
    /// New setting.
    pub monitoring_role_arn: Option<String>,
    /// New setting.
    pub network_type: Option<String>,
    /// New setting.
    pub performance_insights_kms_key_id: Option<String>,
    /// New setting.
    pub performance_insights_retention_period: Option<u32>,
    /// New port.
    pub port: Option<u16>,
    /// New setting.
    pub preferred_backup_window: Option<String>,
    /// New setting.
    pub preferred_maintenance_window: Option<String>,
    /// New setting.
    pub serverless_v2_scaling_configuration: Option<ServerlessV2Scaling>,
    /// New setting.
    pub storage_type: Option<String>,
    /// New groups, in place of all old ones.
    pub vpc_security_group_ids: Vec<String>,
}

/// Input of DeleteDBCluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteDbCluster {
    /// The cluster.
    pub db_cluster_identifier: String,
    /// Default off: a final snapshot must be named.
    pub skip_final_snapshot: Option<bool>,
    /// Name of the final snapshot.
    pub final_db_snapshot_identifier: Option<String>,
    /// Default on.
    pub delete_automated_backups: Option<bool>,
}

/// Input of StopDBCluster and StartDBCluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NameDbCluster {
    /// The cluster.
    pub db_cluster_identifier: String,
}

/// Input of AddRoleToDBCluster and RemoveRoleFromDBCluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DbClusterRole {
    /// The cluster.
    pub db_cluster_identifier: String,
    /// ARN of the role.
    pub role_arn: String,
    /// Feature, such as `s3Import`.
    pub feature_name: Option<String>,
}
