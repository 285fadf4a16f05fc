//! An instance of a cluster as a describe shows it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Endpoint, InstanceStatus, ParameterStatus, SubnetGroup, Tag, VpcSecurityGroup};

/// An instance, always a member of a cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DbInstance {
    /// Name, in lower case; a rename changes it.
    pub db_instance_identifier: String,
    /// Immutable id (`db-…`).
    pub dbi_resource_id: String,
    /// ARN; follows the name.
    pub db_instance_arn: String,
    /// Status.
    pub db_instance_status: InstanceStatus,
    /// Class, such as `db.r6g.large`.
    pub db_instance_class: String,
    /// Name of its cluster.
    pub db_cluster_identifier: String,
    /// Engine of the cluster.
    pub engine: String,
    /// Version of the engine.
    pub engine_version: String,
    /// Extended support.
    pub engine_lifecycle_support: String,
    /// Absent until the instance has been created.
    pub endpoint: Option<Endpoint>,
    /// Name of the master user.
    pub master_username: String,
    /// First database of the cluster.
    pub db_name: Option<String>,
    /// Always 1 for Aurora.
    pub allocated_storage: u32,
    /// When it became available for the first time.
    pub instance_create_time: Option<Timestamp>,
    /// Name of its parameter group.
    pub db_parameter_group: String,
    /// Whether it runs with that group's values.
    pub parameter_apply_status: ParameterStatus,
    /// Those of the cluster.
    pub vpc_security_groups: Vec<VpcSecurityGroup>,
    /// Subnet group of the cluster.
    pub db_subnet_group: SubnetGroup,
    /// Its zone.
    pub availability_zone: Option<String>,
    /// Of the cluster.
    pub preferred_backup_window: String,
    /// Its own weekly window.
    pub preferred_maintenance_window: String,
    /// Of the cluster.
    pub backup_retention_period: u32,
    /// Whether maintenance may upgrade it.
    pub auto_minor_version_upgrade: bool,
    /// Whether its name resolves to a public address.
    pub publicly_accessible: bool,
    /// Order of promotion on failover, 0 first.
    pub promotion_tier: u32,
    /// As the cluster.
    pub storage_encrypted: bool,
    /// Key of the cluster.
    pub kms_key_id: Option<String>,
    /// `aurora` or `aurora-iopt1`.
    pub storage_type: String,
    /// Certificate authority of the server certificate.
    pub ca_certificate_identifier: String,
    /// No effect in a cluster.
    pub copy_tags_to_snapshot: bool,
    /// As the cluster.
    pub iam_database_authentication_enabled: bool,
    /// Seconds; 0 is off.
    pub monitoring_interval: u32,
    /// Role of enhanced monitoring.
    pub monitoring_role_arn: Option<String>,
    /// `standard` or `advanced`.
    pub database_insights_mode: Option<String>,
    /// Performance Insights.
    pub performance_insights_enabled: bool,
    /// Its key.
    pub performance_insights_kms_key_id: Option<String>,
    /// Its retention in days.
    pub performance_insights_retention_period: Option<u32>,
    /// Always off: the cluster's setting protects the cluster alone.
    pub deletion_protection: bool,
    /// `IPV4` or `DUAL`.
    pub network_type: String,
    /// Changes that wait.
    pub pending_modified_values: InstancePendingValues,
    /// Tags, by key.
    pub tag_list: Vec<Tag>,
}

/// Changes of an instance that are asked for and not yet made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstancePendingValues {
    /// New class.
    pub db_instance_class: Option<String>,
    /// New name.
    pub db_instance_identifier: Option<String>,
    /// New certificate authority.
    pub ca_certificate_identifier: Option<String>,
}
