//! Inputs of the actions on instances.

use super::{Filter, PageRequest};
use crate::model::resources::Tag;

/// Input of CreateDBInstance, for members of Aurora clusters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreateDbInstance {
    /// Name.
    pub db_instance_identifier: String,
    /// Class.
    pub db_instance_class: String,
    /// Engine of the cluster.
    pub engine: String,
    /// The cluster; required here.
    pub db_cluster_identifier: Option<String>,
    /// If given, the cluster's.
    pub engine_version: Option<String>,
    /// Default: drawn by RDS.
    pub availability_zone: Option<String>,
    /// Default on.
    pub auto_minor_version_upgrade: Option<bool>,
    /// Default: the Region's.
    pub ca_certificate_identifier: Option<String>,
    /// No effect in a cluster.
    pub copy_tags_to_snapshot: Option<bool>,
    /// Default: the cluster's.
    pub database_insights_mode: Option<String>,
    /// Default: the family's default group.
    pub db_parameter_group_name: Option<String>,
    /// If given, the cluster's.
    pub db_subnet_group_name: Option<String>,
    /// Refused for members of clusters.
    pub deletion_protection: Option<bool>,
    /// Default off.
    pub enable_performance_insights: Option<bool>,
    /// Seconds; 0 is off.
    pub monitoring_interval: Option<u32>,
    /// Needed with an interval.
    pub monitoring_role_arn: Option<String>,
    /// Key of Performance Insights.
    pub performance_insights_kms_key_id: Option<String>,
    /// Its retention in days.
    pub performance_insights_retention_period: Option<u32>,
    /// Default: drawn by RDS.
    pub preferred_maintenance_window: Option<String>,
    /// 0 to 15; default 1.
    pub promotion_tier: Option<u32>,
    /// Default off.
    pub publicly_accessible: Option<bool>,
    /// Tags of the instance.
    pub tags: Vec<Tag>,
}

/// Input of DescribeDBInstances.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeDbInstances {
    /// One instance by name or ARN.
    pub db_instance_identifier: Option<String>,
    /// `db-cluster-id`, `db-instance-id`, `dbi-resource-id`, `engine`, `domain`.
    pub filters: Vec<Filter>,
    /// Which page.
    pub page: PageRequest,
}

/// Input of ModifyDBInstance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModifyDbInstance {
    /// The instance.
    pub db_instance_identifier: String,
    /// New name; the instance reboots.
    pub new_db_instance_identifier: Option<String>,
    /// Default off: wait for the maintenance window.
    pub apply_immediately: Option<bool>,
    /// New setting.
    pub auto_minor_version_upgrade: Option<bool>,
    /// New setting.
    pub ca_certificate_identifier: Option<String>,
    /// New setting.
    pub copy_tags_to_snapshot: Option<bool>,
    /// New setting.
    pub database_insights_mode: Option<String>,
    /// New class.
    pub db_instance_class: Option<String>,
    /// New group; needs a reboot.
    pub db_parameter_group_name: Option<String>,
    /// Refused for members of clusters.
    pub deletion_protection: Option<bool>,
    /// New setting.
    pub enable_performance_insights: Option<bool>,
    /// New setting.
    pub monitoring_interval: Option<u32>,
    /// New setting.
    pub monitoring_role_arn: Option<String>,
    /// New setting.
    pub performance_insights_kms_key_id: Option<String>,
    /// New setting.
    pub performance_insights_retention_period: Option<u32>,
    /// New setting.
    pub preferred_maintenance_window: Option<String>,
    /// New setting.
    pub promotion_tier: Option<u32>,
    /// New setting.
    pub publicly_accessible: Option<bool>,
    /// Refused for members of clusters.
    pub vpc_security_group_ids: Vec<String>,
}

/// Input of DeleteDBInstance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteDbInstance {
    /// The instance.
    pub db_instance_identifier: String,
    /// No effect in a cluster.
    pub skip_final_snapshot: Option<bool>,
    /// Refused for members of clusters.
    pub final_db_snapshot_identifier: Option<String>,
    /// No effect in a cluster.
    pub delete_automated_backups: Option<bool>,
}

/// Input of RebootDBInstance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RebootDbInstance {
    /// The instance.
    pub db_instance_identifier: String,
    /// Refused for members of clusters.
    pub force_failover: Option<bool>,
}
