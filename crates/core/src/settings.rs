//! The settings manifest: what a cluster and its instances are set to, and what a restore loses.
//!
//! It is captured from the target while the plan is made, overridden by the request, applied to the staged cluster and
//! compared field by field afterwards.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::Arn;

/// Capacity of Aurora Serverless v2, in half ACUs so that it is exact: 1 means 0.5 ACU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerlessScaling {
    /// The least, in half ACUs.
    pub min_half_acus: u16,
    /// The most, in half ACUs.
    pub max_half_acus: u16,
}

/// Settings of a cluster. `None` means "not known or not set": it is neither applied nor compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ClusterSettings {
    /// The cluster parameter group.
    pub parameter_group: Option<String>,
    /// The subnet group.
    pub subnet_group: Option<String>,
    /// The security groups, sorted.
    pub security_groups: Option<BTreeSet<String>>,
    /// The port.
    pub port: Option<u16>,
    /// Days that automated backups are kept.
    pub backup_retention_days: Option<u16>,
    /// The daily window of automated backups, UTC, `hh:mm-hh:mm`.
    pub backup_window: Option<String>,
    /// The weekly window of maintenance, UTC, `ddd:hh:mm-ddd:hh:mm`.
    pub maintenance_window: Option<String>,
    /// Whether the cluster is protected against deletion.
    pub deletion_protection: Option<bool>,
    /// Whether IAM may be used to log in.
    pub iam_authentication: Option<bool>,
    /// Whether snapshots carry the cluster's tags.
    pub copy_tags_to_snapshot: Option<bool>,
    /// Log types that are exported.
    pub log_exports: Option<BTreeSet<String>>,
    /// Capacity of Serverless v2.
    pub serverless_scaling: Option<ServerlessScaling>,
    /// `aurora` or `aurora-iopt1`.
    pub storage_type: Option<String>,
    /// `open-source-rds-extended-support` or `open-source-rds-extended-support-disabled`; RDS's default costs money.
    pub engine_lifecycle_support: Option<String>,
    /// Roles that the cluster may use, with their features.
    pub roles: Option<BTreeMap<Arn, Option<String>>>,
    /// Tags that are not ours and not AWS's.
    pub tags: Option<BTreeMap<String, String>>,
}

/// Settings of an instance. `None` means "not known or not set".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct InstanceSettings {
    /// For example `db.r6g.large` or `db.serverless`.
    pub class: Option<String>,
    /// The instance parameter group.
    pub parameter_group: Option<String>,
    /// Its place in the order of failover, 0 first.
    pub promotion_tier: Option<u8>,
    /// The Availability Zone.
    pub zone: Option<String>,
    /// Whether it has a public address.
    pub publicly_accessible: Option<bool>,
    /// Seconds between Enhanced Monitoring points; 0 is off.
    pub monitoring_interval_secs: Option<u16>,
    /// The role of Enhanced Monitoring.
    pub monitoring_role: Option<Arn>,
    /// Whether Performance Insights is on.
    pub performance_insights: Option<bool>,
    /// Whether minor versions are taken automatically.
    pub auto_minor_version_upgrade: Option<bool>,
    /// The certificate authority.
    pub ca_certificate: Option<String>,
    /// The weekly window of maintenance, UTC.
    pub maintenance_window: Option<String>,
    /// Tags that are not ours and not AWS's.
    pub tags: Option<BTreeMap<String, String>>,
}

/// The prefix of the tags that are ours.
pub const OUR_TAG_PREFIX: &str = "aurora-restore:";

/// Keeps the tags that belong to the user: neither AWS's nor ours.
pub fn user_tags(tags: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    tags.iter()
        .filter(|(key, _)| !key.starts_with("aws:") && !key.starts_with(OUR_TAG_PREFIX))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// One field of the manifest, wished and found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingComparison {
    /// `cluster`, or `instance N`.
    pub object: String,
    /// The field's name.
    pub field: String,
    /// What it should be.
    pub wished: String,
    /// What it is.
    pub found: String,
    /// Whether they are the same.
    pub same: bool,
}

macro_rules! merge_fields {
    ($base:expr, $over:expr, $($field:ident),+ $(,)?) => {
        $( if $over.$field.is_some() { $base.$field = $over.$field.clone(); } )+
    };
}

macro_rules! compare_fields {
    ($rows:expr, $object:expr, $wished:expr, $found:expr, $($field:ident),+ $(,)?) => {
        $( if let Some(wished) = &$wished.$field {
            let found = &$found.$field;
            $rows.push(SettingComparison {
                object: $object.to_owned(),
                field: stringify!($field).to_owned(),
                wished: shown(wished),
                found: found.as_ref().map_or_else(|| "not set".to_owned(), shown),
                same: found.as_ref() == Some(wished),
            });
        } )+
    };
}

fn shown<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_) => "not printable".to_owned(),
    }
}

impl ClusterSettings {
    /// Takes every field that `over` sets.
    pub fn overridden_by(mut self, over: &Self) -> Self {
        merge_fields!(
            self,
            over,
            parameter_group,
            subnet_group,
            security_groups,
            port,
            backup_retention_days,
            backup_window,
            maintenance_window,
            deletion_protection,
            iam_authentication,
            copy_tags_to_snapshot,
            log_exports,
            serverless_scaling,
            storage_type,
            engine_lifecycle_support,
            roles,
            tags,
        );
        self
    }

    /// Compares what was wished with what is found, one row per wished field.
    pub fn compare(&self, found: &Self) -> Vec<SettingComparison> {
        let mut rows = Vec::new();
        compare_fields!(
            rows,
            "cluster",
            self,
            found,
            parameter_group,
            subnet_group,
            security_groups,
            port,
            backup_retention_days,
            backup_window,
            maintenance_window,
            deletion_protection,
            iam_authentication,
            copy_tags_to_snapshot,
            log_exports,
            serverless_scaling,
            storage_type,
            engine_lifecycle_support,
            roles,
            tags,
        );
        rows
    }
}

impl InstanceSettings {
    /// Takes every field that `over` sets.
    pub fn overridden_by(mut self, over: &Self) -> Self {
        merge_fields!(
            self,
            over,
            class,
            parameter_group,
            promotion_tier,
            zone,
            publicly_accessible,
            monitoring_interval_secs,
            monitoring_role,
            performance_insights,
            auto_minor_version_upgrade,
            ca_certificate,
            maintenance_window,
            tags,
        );
        self
    }

    /// Compares what was wished with what is found, one row per wished field. `object` names the instance in the rows.
    pub fn compare(&self, found: &Self, object: &str) -> Vec<SettingComparison> {
        let mut rows = Vec::new();
        compare_fields!(
            rows,
            object,
            self,
            found,
            class,
            parameter_group,
            promotion_tier,
            zone,
            publicly_accessible,
            monitoring_interval_secs,
            monitoring_role,
            performance_insights,
            auto_minor_version_upgrade,
            ca_certificate,
            maintenance_window,
            tags,
        );
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_wished_fields_are_compared() {
        let wished = ClusterSettings { port: Some(5433), deletion_protection: Some(true), ..Default::default() };
        let found = ClusterSettings { port: Some(5432), deletion_protection: Some(true), ..Default::default() };
        let rows = wished.compare(&found);
        assert_eq!(rows.len(), 2);
        let port = rows.iter().find(|row| row.field == "port").unwrap();
        assert_eq!((port.wished.as_str(), port.found.as_str(), port.same), ("5433", "5432", false));
        assert!(rows.iter().any(|row| row.field == "deletion_protection" && row.same));
    }

    #[test]
    fn the_request_overrides_what_the_target_has_today() {
        let today = ClusterSettings { port: Some(5432), storage_type: Some("aurora".into()), ..Default::default() };
        let request = ClusterSettings { storage_type: Some("aurora-iopt1".into()), ..Default::default() };
        let merged = today.overridden_by(&request);
        assert_eq!(merged.port, Some(5432));
        assert_eq!(merged.storage_type.as_deref(), Some("aurora-iopt1"));
    }

    #[test]
    fn tags_of_aws_and_of_this_product_are_not_the_users() {
        let tags = BTreeMap::from([
            ("aws:cloudformation:stack-name".to_owned(), "x".to_owned()),
            ("aurora-restore:operation-id".to_owned(), "y".to_owned()),
            ("team".to_owned(), "data".to_owned()),
        ]);
        assert_eq!(user_tags(&tags).keys().collect::<Vec<_>>(), ["team"]);
    }
}
