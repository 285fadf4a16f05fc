//! A cluster as a describe shows it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ClusterStatus, Tag};

/// A cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DbCluster {
    /// Name, in lower case; a rename changes it.
    pub db_cluster_identifier: String,
    /// Immutable id (`cluster-…`).
    pub db_cluster_resource_id: String,
    /// ARN; follows the name.
    pub db_cluster_arn: String,
    /// Status.
    pub status: ClusterStatus,
    /// Progress as text, unlike a snapshot's.
    pub percent_progress: Option<String>,
    /// Engine, such as `aurora-postgresql`.
    pub engine: String,
    /// Version of the engine.
    pub engine_version: String,
    /// `provisioned`, also for Serverless v2.
    pub engine_mode: String,
    /// Extended support: the default is the paid one.
    pub engine_lifecycle_support: String,
    /// The writer's endpoint; usable only once a writer instance is available.
    pub endpoint: Option<Endpoint>,
    /// The readers' endpoint.
    pub reader_endpoint: Option<Endpoint>,
    /// Port of the endpoints.
    pub port: u16,
    /// Name of the first database.
    pub database_name: Option<String>,
    /// Name of the master user.
    pub master_username: String,
    /// Name of the cluster parameter group.
    pub db_cluster_parameter_group: String,
    /// Name of the subnet group.
    pub db_subnet_group: String,
    /// Security groups.
    pub vpc_security_groups: Vec<VpcSecurityGroup>,
    /// Availability Zones of the storage.
    pub availability_zones: Vec<String>,
    /// Whether instances run in more than one zone.
    pub multi_az: bool,
    /// `IPV4` or `DUAL`.
    pub network_type: String,
    /// Route 53 zone of the endpoints.
    pub hosted_zone_id: String,
    /// Instances, the writer first.
    pub db_cluster_members: Vec<ClusterMember>,
    /// IAM roles, five at most.
    pub associated_roles: Vec<AssociatedRole>,
    /// Whether the data is encrypted.
    pub storage_encrypted: bool,
    /// ARN of the key, when encrypted.
    pub kms_key_id: Option<String>,
    /// `aurora-iopt1`, or absent for standard storage.
    pub storage_type: Option<String>,
    /// Always 1 for Aurora.
    pub allocated_storage: u32,
    /// Whether IAM tokens can be used to log in.
    pub iam_database_authentication_enabled: bool,
    /// Logs that are exported.
    pub enabled_cloudwatch_logs_exports: Vec<String>,
    /// Capacity of `db.serverless` instances.
    pub serverless_v2_scaling_configuration: Option<ServerlessV2Scaling>,
    /// Days for which automated backups are kept.
    pub backup_retention_period: u32,
    /// Daily window (`hh:mm-hh:mm`, UTC).
    pub preferred_backup_window: String,
    /// Weekly window (`ddd:hh:mm-ddd:hh:mm`, UTC).
    pub preferred_maintenance_window: String,
    /// Absent until the first backup, so until a restore is complete.
    pub earliest_restorable_time: Option<Timestamp>,
    /// Absent until the first backup; then some minutes behind.
    pub latest_restorable_time: Option<Timestamp>,
    /// When it was created or restored.
    pub cluster_create_time: Timestamp,
    /// Shared by a cluster and its copy-on-write clones.
    pub clone_group_id: Option<String>,
    /// Seconds; 0 is off.
    pub backtrack_window: u64,
    /// Whether maintenance may upgrade minor versions.
    pub auto_minor_version_upgrade: bool,
    /// Refuses DeleteDBCluster; does not protect instances.
    pub deletion_protection: bool,
    /// Whether snapshots inherit the tags.
    pub copy_tags_to_snapshot: bool,
    /// Data API.
    pub http_endpoint_enabled: bool,
    /// Seconds; 0 is off.
    pub monitoring_interval: u32,
    /// Role of enhanced monitoring.
    pub monitoring_role_arn: Option<String>,
    /// `standard` or `advanced`.
    pub database_insights_mode: Option<String>,
    /// Performance Insights for all members.
    pub performance_insights_enabled: bool,
    /// Its key.
    pub performance_insights_kms_key_id: Option<String>,
    /// Its retention in days.
    pub performance_insights_retention_period: Option<u32>,
    /// Certificate authority of the server certificates.
    pub ca_certificate_identifier: Option<String>,
    /// Changes that wait.
    pub pending_modified_values: Option<ClusterPendingValues>,
    /// Tags, by key.
    pub tag_list: Vec<Tag>,
}

/// Where a server answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Host name or address.
    pub address: String,
    /// TCP port.
    pub port: u16,
}

/// A member of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterMember {
    /// Name of the instance.
    pub db_instance_identifier: String,
    /// Whether it is the writer.
    pub is_cluster_writer: bool,
    /// Whether it runs with the cluster parameter group's values.
    pub db_cluster_parameter_group_status: ParameterStatus,
    /// Order of promotion on failover, 0 first.
    pub promotion_tier: u32,
}

/// Whether an instance runs with the values of its parameter group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParameterStatus {
    #[serde(rename = "applying")]
    /// Values are being applied.
    Applying,
    #[serde(rename = "in-sync")]
    /// The instance runs with them.
    InSync,
    #[serde(rename = "pending-reboot")]
    /// They need a reboot.
    PendingReboot,
}

impl ParameterStatus {
    /// The text that RDS shows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applying => "applying",
            Self::InSync => "in-sync",
            Self::PendingReboot => "pending-reboot",
        }
    }
}

/// A security group of a cluster or instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VpcSecurityGroup {
    /// Id (`sg-…`).
    pub vpc_security_group_id: String,
    /// `active`.
    pub status: String,
}

/// An IAM role that a cluster may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssociatedRole {
    /// ARN of the role.
    pub role_arn: String,
    /// `ACTIVE`.
    pub status: String,
    /// Feature that uses it, such as `s3Import`.
    pub feature_name: Option<String>,
}

/// Capacity limits of Serverless v2 instances, in capacity units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerlessV2Scaling {
    /// Lower limit.
    pub min_capacity: f64,
    /// Upper limit.
    pub max_capacity: f64,
    /// Idle seconds before a pause.
    pub seconds_until_auto_pause: Option<u32>,
}

/// Changes of a cluster that are asked for and not yet made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterPendingValues {
    /// New name.
    pub db_cluster_identifier: Option<String>,
    /// Stars in place of the new password.
    pub master_user_password: Option<String>,
    /// New setting.
    pub iam_database_authentication_enabled: Option<bool>,
    /// New version.
    pub engine_version: Option<String>,
    /// New retention.
    pub backup_retention_period: Option<u32>,
    /// New storage type.
    pub storage_type: Option<String>,
    /// Logs to start and to stop exporting.
    pub pending_cloudwatch_logs_exports: Option<PendingLogExports>,
}

/// Log exports that are about to change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingLogExports {
    /// To be exported.
    pub log_types_to_enable: Vec<String>,
    /// No longer.
    pub log_types_to_disable: Vec<String>,
}
