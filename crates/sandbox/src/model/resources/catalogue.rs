//! What RDS offers and reports: engine versions, classes, events, quotas.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A version of an engine that can be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineVersion {
    /// Engine.
    pub engine: String,
    /// Full version, such as `15.4`.
    pub engine_version: String,
    /// Major version, such as `15`.
    pub major_engine_version: String,
    /// Family of the parameter groups that fit.
    pub db_parameter_group_family: String,
    /// Whether a call without a version gets this one.
    pub is_default: bool,
    /// Versions that a cluster of this one can be upgraded to.
    pub valid_upgrade_targets: Vec<String>,
}

/// A class that can be ordered for a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderableOption {
    /// Engine.
    pub engine: String,
    /// Version.
    pub engine_version: String,
    /// Class.
    pub db_instance_class: String,
    /// Zones where it can be had.
    pub availability_zones: Vec<String>,
    /// `aurora` or `aurora-iopt1`.
    pub storage_type: String,
}

/// Something that happened to a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Name of the resource at that time.
    pub source_identifier: String,
    /// Kind of the resource.
    pub source_type: EventSource,
    /// ARN of the resource at that time.
    pub source_arn: String,
    /// What happened.
    pub message: String,
    /// Categories, such as `failure`.
    pub event_categories: Vec<String>,
    /// When.
    pub date: Timestamp,
}

/// The kind of a resource that events tell of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventSource {
    /// A cluster.
    DbCluster,
    /// An instance.
    DbInstance,
    /// A cluster snapshot.
    DbClusterSnapshot,
}

impl EventSource {
    /// The text that RDS shows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DbCluster => "db-cluster",
            Self::DbInstance => "db-instance",
            Self::DbClusterSnapshot => "db-cluster-snapshot",
        }
    }
}

/// A quota and how much of it is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountQuota {
    /// Name, such as `DBClusters`.
    pub account_quota_name: String,
    /// Used.
    pub used: u64,
    /// Limit.
    pub max: u64,
}
