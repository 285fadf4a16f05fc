//! What is offered and what happened, as elements.

use serde::Serialize;

use super::texts;
use crate::api::xml::{List, Moment, Nested, elements};
use crate::model::resources::{AccountQuota, EngineVersion, Event, OrderableOption};

elements! {
    Orderable(OrderableOption) as option {
        "Engine" = option.engine,
        "EngineVersion" = option.engine_version,
        "DBInstanceClass" = option.db_instance_class,
        "LicenseModel" = license(&option.engine),
        "AvailabilityZones" =
            List("AvailabilityZone", option.availability_zones.iter().map(|zone| Nested("Name", zone))),
        "MultiAZCapable" = false,
        "ReadReplicaCapable" = false,
        "Vpc" = true,
        "SupportsStorageEncryption" = true,
        "StorageType" = option.storage_type,
        "SupportsClusters" = true,
    }

    Version(EngineVersion) as version {
        "Engine" = version.engine,
        "MajorEngineVersion" = version.major_engine_version,
        "EngineVersion" = version.engine_version,
        "DBParameterGroupFamily" = version.db_parameter_group_family,
        "DBEngineDescription" = "Aurora",
        "ValidUpgradeTarget" = List(
            "UpgradeTarget",
            version.valid_upgrade_targets.iter().map(|target| UpgradeTarget::new(version, target))
        ),
        "SupportedEngineModes" = Nested("member", "provisioned"),
        "Status" = "available",
    }

    EventElement(Event) as event {
        "SourceIdentifier" = event.source_identifier,
        "SourceType" = event.source_type.as_str(),
        "Message" = event.message,
        "EventCategories" = texts("EventCategory", &event.event_categories),
        "Date" = Moment(&event.date),
        "SourceArn" = event.source_arn,
    }

    Quota(AccountQuota) as quota {
        "AccountQuotaName" = quota.account_quota_name,
        "Used" = quota.used,
        "Max" = quota.max,
    }
}

/// A version that a cluster can be upgraded to.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct UpgradeTarget<'a> {
    engine: &'a str,
    engine_version: &'a str,
    auto_upgrade: bool,
    is_major_version_upgrade: bool,
}

impl<'a> UpgradeTarget<'a> {
    fn new(from: &'a EngineVersion, target: &'a str) -> Self {
        let major = target.split('.').next().unwrap_or(target);
        Self {
            engine: &from.engine,
            engine_version: target,
            auto_upgrade: false,
            is_major_version_upgrade: major != from.major_engine_version,
        }
    }
}

fn license(engine: &str) -> &'static str {
    match engine {
        "aurora-postgresql" => "postgresql-license",
        _ => "general-public-license",
    }
}
