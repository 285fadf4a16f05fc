//! From our values to the SDK's: the small pieces that several calls share.

use std::collections::BTreeSet;

use aurora_restore_core::{
    ports::Tags,
    settings::{ClusterSettings, ServerlessScaling},
};
use aws_sdk_rds::types::{ServerlessV2ScalingConfiguration, Tag};

/// Tags as RDS takes them; `None` where there are none.
pub(super) fn tags(tags: &Tags) -> Option<Vec<Tag>> {
    let list: Vec<Tag> = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    (!list.is_empty()).then_some(list)
}

/// A set as a list; `None` where it is not known or empty, so that RDS's default applies.
pub(super) fn list(set: Option<&BTreeSet<String>>) -> Option<Vec<String>> {
    set.filter(|set| !set.is_empty()).map(|set| set.iter().cloned().collect())
}

pub(super) fn scaling(capacity: ServerlessScaling) -> ServerlessV2ScalingConfiguration {
    ServerlessV2ScalingConfiguration::builder()
        .min_capacity(f64::from(capacity.min_half_acus) / 2.0)
        .max_capacity(f64::from(capacity.max_half_acus) / 2.0)
        .build()
}

/// Sets on a restore what every kind of restore can set. The builders of both calls have the same methods and no trait.
macro_rules! restore_settings {
    ($request:expr, $settings:expr) => {{
        let settings: &$crate::rds::sending::Settings = $settings;
        $request
            .set_db_cluster_parameter_group_name(settings.parameter_group.clone())
            .set_db_subnet_group_name(settings.subnet_group.clone())
            .set_vpc_security_group_ids($crate::rds::sending::list(settings.security_groups.as_ref()))
            .set_port(settings.port.map(i32::from))
            .set_deletion_protection(settings.deletion_protection)
            .set_enable_iam_database_authentication(settings.iam_authentication)
            .set_copy_tags_to_snapshot(settings.copy_tags_to_snapshot)
            .set_enable_cloudwatch_logs_exports($crate::rds::sending::list(settings.log_exports.as_ref()))
            .set_serverless_v2_scaling_configuration(settings.serverless_scaling.map($crate::rds::sending::scaling))
            .set_storage_type(settings.storage_type.clone())
            .set_engine_lifecycle_support(settings.engine_lifecycle_support.clone())
    }};
}

pub(super) use restore_settings;

/// The settings that [`restore_settings`] reads.
pub(super) type Settings = ClusterSettings;
