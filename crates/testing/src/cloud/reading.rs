//! From what the model shows to the port's values, as the AWS adapter reads them from the wire.

use std::collections::{BTreeMap, BTreeSet};

use aurora_restore_core::{
    ids::{AccountId, Arn, ClusterId, InstanceId, InvalidId, KmsKey, ResourceId, SnapshotId},
    ports::{
        Cluster, ClusterMember, ClusterStatus, Endpoint, Instance, InstanceStatus, ParameterGroupStatus, Snapshot,
        SnapshotKind, SnapshotStatus, Tags,
    },
    settings::{ClusterSettings, InstanceSettings, ServerlessScaling, user_tags},
};
use aurora_restore_sandbox::model::resources::{
    DbCluster, DbClusterSnapshot, DbInstance, Endpoint as Shown, ParameterStatus, ServerlessV2Scaling, Tag,
};

fn endpoint(shown: Option<&Shown>) -> Option<Endpoint> {
    shown.map(|shown| Endpoint { host: shown.address.clone(), port: shown.port })
}

fn tags(list: &[Tag]) -> Tags {
    list.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}

fn key(shown: Option<&String>) -> Result<Option<KmsKey>, InvalidId> {
    shown.map(KmsKey::new).transpose()
}

pub(super) fn cluster(db: &DbCluster) -> Result<Cluster, InvalidId> {
    let tags = tags(&db.tag_list);
    Ok(Cluster {
        id: ClusterId::new(&db.db_cluster_identifier)?,
        arn: Arn::new(&db.db_cluster_arn)?,
        resource_id: ResourceId::new(&db.db_cluster_resource_id)?,
        status: ClusterStatus::from_word(db.status.as_str()),
        engine: db.engine.clone(),
        engine_version: db.engine_version.clone(),
        endpoint: endpoint(db.endpoint.as_ref()),
        reader_endpoint: endpoint(db.reader_endpoint.as_ref()),
        members: db
            .db_cluster_members
            .iter()
            .map(|member| {
                Ok(ClusterMember {
                    instance: InstanceId::new(&member.db_instance_identifier)?,
                    writer: member.is_cluster_writer,
                    parameter_group_status: match member.db_cluster_parameter_group_status {
                        ParameterStatus::InSync => ParameterGroupStatus::InSync,
                        ParameterStatus::PendingReboot => ParameterGroupStatus::PendingReboot,
                        ParameterStatus::Applying => ParameterGroupStatus::Other("applying".to_owned()),
                    },
                })
            })
            .collect::<Result<_, InvalidId>>()?,
        master_username: Some(db.master_username.clone()),
        database_name: db.database_name.clone(),
        encrypted: db.storage_encrypted,
        kms_key: key(db.kms_key_id.as_ref())?,
        earliest_restorable: db.earliest_restorable_time,
        latest_restorable: db.latest_restorable_time,
        in_global_database: false,
        settings: cluster_settings(db, user_tags(&tags))?,
        tags,
    })
}

fn cluster_settings(db: &DbCluster, tags: BTreeMap<String, String>) -> Result<ClusterSettings, InvalidId> {
    let roles = db.associated_roles.iter().map(|role| Ok((Arn::new(&role.role_arn)?, role.feature_name.clone())));
    Ok(ClusterSettings {
        parameter_group: Some(db.db_cluster_parameter_group.clone()),
        subnet_group: Some(db.db_subnet_group.clone()),
        security_groups: Some(db.vpc_security_groups.iter().map(|one| one.vpc_security_group_id.clone()).collect()),
        port: Some(db.port),
        backup_retention_days: u16::try_from(db.backup_retention_period).ok(),
        backup_window: Some(db.preferred_backup_window.clone()),
        maintenance_window: Some(db.preferred_maintenance_window.clone()),
        deletion_protection: Some(db.deletion_protection),
        iam_authentication: Some(db.iam_database_authentication_enabled),
        copy_tags_to_snapshot: Some(db.copy_tags_to_snapshot),
        log_exports: Some(db.enabled_cloudwatch_logs_exports.iter().cloned().collect::<BTreeSet<_>>()),
        serverless_scaling: db.serverless_v2_scaling_configuration.and_then(scaling),
        // Standard storage is not shown.
        storage_type: Some(db.storage_type.clone().unwrap_or_else(|| "aurora".to_owned())),
        engine_lifecycle_support: Some(db.engine_lifecycle_support.clone()),
        roles: Some(roles.collect::<Result<_, InvalidId>>()?),
        tags: Some(tags),
    })
}

fn scaling(capacity: ServerlessV2Scaling) -> Option<ServerlessScaling> {
    Some(ServerlessScaling {
        min_half_acus: half_acus(capacity.min_capacity)?,
        max_half_acus: half_acus(capacity.max_capacity)?,
    })
}

/// The model takes multiples of 0.5 up to 256 only.
fn half_acus(acus: f64) -> Option<u16> {
    (0..=512_u16).find(|halves| (f64::from(*halves) / 2.0 - acus).abs() < 0.01)
}

pub(super) fn instance(db: &DbInstance) -> Result<Instance, InvalidId> {
    let tags = tags(&db.tag_list);
    Ok(Instance {
        id: InstanceId::new(&db.db_instance_identifier)?,
        arn: Arn::new(&db.db_instance_arn)?,
        cluster: Some(ClusterId::new(&db.db_cluster_identifier)?),
        resource_id: ResourceId::new(&db.dbi_resource_id)?,
        status: InstanceStatus::from_word(db.db_instance_status.as_str()),
        endpoint: endpoint(db.endpoint.as_ref()),
        settings: InstanceSettings {
            class: Some(db.db_instance_class.clone()),
            parameter_group: Some(db.db_parameter_group.clone()),
            promotion_tier: u8::try_from(db.promotion_tier).ok(),
            zone: db.availability_zone.clone(),
            publicly_accessible: Some(db.publicly_accessible),
            monitoring_interval_secs: u16::try_from(db.monitoring_interval).ok(),
            monitoring_role: db.monitoring_role_arn.as_ref().map(Arn::new).transpose()?,
            performance_insights: Some(db.performance_insights_enabled),
            auto_minor_version_upgrade: Some(db.auto_minor_version_upgrade),
            ca_certificate: Some(db.ca_certificate_identifier.clone()),
            maintenance_window: Some(db.preferred_maintenance_window.clone()),
            tags: Some(user_tags(&tags)),
        },
        tags,
    })
}

pub(super) fn snapshot(db: &DbClusterSnapshot, account: &AccountId) -> Result<Snapshot, InvalidId> {
    let arn = Arn::new(&db.db_cluster_snapshot_arn)?;
    let foreign = arn.account().is_some_and(|owner| owner != *account);
    Ok(Snapshot {
        id: SnapshotId::new(arn.resource_name())?,
        cluster: ClusterId::new(&db.db_cluster_identifier)?,
        kind: match db.snapshot_type.as_str() {
            _ if foreign => SnapshotKind::Shared,
            "automated" => SnapshotKind::Automated,
            _ => SnapshotKind::Manual,
        },
        status: SnapshotStatus::from_word(db.status.as_str()),
        percent: db.percent_progress.min(100),
        created_at: db.snapshot_create_time,
        engine: db.engine.clone(),
        engine_version: db.engine_version.clone(),
        size_gib: db.allocated_storage,
        encrypted: db.storage_encrypted,
        kms_key: key(db.kms_key_id.as_ref())?,
        master_username: Some(db.master_username.clone()),
        tags: tags(&db.tag_list),
        arn,
    })
}
