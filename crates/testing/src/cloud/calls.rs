//! From the port's changes to the model's calls, as the AWS adapter sends them.

use aurora_restore_core::{
    ids::SnapshotId,
    ports::{
        Change, ClusterModify, ClusterRestore, InstanceCreate, InstanceModify, PointInTimeMethod, RestoreSource,
        SnapshotCopy, Tags,
    },
    settings::{ClusterSettings, ServerlessScaling},
};
use aurora_restore_sandbox::model::{
    Secret,
    call::{
        AddTagsToResource, Call, CopyDbClusterSnapshot, CreateDbClusterSnapshot, CreateDbInstance, DbClusterRole,
        DeleteDbCluster, DeleteDbInstance, ModifyDbCluster, ModifyDbClusterSnapshotAttribute, ModifyDbInstance,
        NameDbClusterSnapshot, NewClusterSettings, RebootDbInstance, RemoveTagsFromResource,
        RestoreDbClusterFromSnapshot, RestoreDbClusterToPointInTime,
    },
    resources::{PendingLogExports, ServerlessV2Scaling, Tag},
};

/// The call that makes a change.
pub(super) fn call_of(change: &Change) -> Call {
    match change {
        Change::CopySnapshot(copy) => Call::CopyDbClusterSnapshot(copy_snapshot(copy)),
        Change::ShareSnapshot { snapshot, with } => share(snapshot, vec![with.to_string()], Vec::new()),
        Change::UnshareSnapshot { snapshot, with } => share(snapshot, Vec::new(), vec![with.to_string()]),
        Change::CreateSnapshot { cluster, snapshot, tags: wished } => {
            Call::CreateDbClusterSnapshot(CreateDbClusterSnapshot {
                db_cluster_snapshot_identifier: snapshot.to_string(),
                db_cluster_identifier: cluster.to_string(),
                tags: tags(wished),
            })
        }
        Change::DeleteSnapshot { snapshot } => Call::DeleteDbClusterSnapshot(NameDbClusterSnapshot {
            db_cluster_snapshot_identifier: snapshot.to_string(),
        }),
        Change::RestoreCluster(restore) => restore_cluster(restore),
        Change::ModifyCluster(modify) => Call::ModifyDbCluster(modify_cluster(modify)),
        Change::RenameCluster { from, to } => Call::ModifyDbCluster(ModifyDbCluster {
            db_cluster_identifier: from.to_string(),
            new_db_cluster_identifier: Some(to.to_string()),
            apply_immediately: Some(true),
            ..ModifyDbCluster::default()
        }),
        Change::DeleteCluster { cluster, final_snapshot } => Call::DeleteDbCluster(DeleteDbCluster {
            db_cluster_identifier: cluster.to_string(),
            skip_final_snapshot: Some(final_snapshot.is_none()),
            final_db_snapshot_identifier: final_snapshot.as_ref().map(ToString::to_string),
            delete_automated_backups: None,
        }),
        Change::CreateInstance(create) => Call::CreateDbInstance(create_instance(create)),
        Change::ModifyInstance(modify) => Call::ModifyDbInstance(modify_instance(modify)),
        Change::RenameInstance { from, to } => Call::ModifyDbInstance(ModifyDbInstance {
            db_instance_identifier: from.to_string(),
            new_db_instance_identifier: Some(to.to_string()),
            apply_immediately: Some(true),
            ..ModifyDbInstance::default()
        }),
        Change::RebootInstance { instance } => Call::RebootDbInstance(RebootDbInstance {
            db_instance_identifier: instance.to_string(),
            force_failover: None,
        }),
        Change::DeleteInstance { instance } => Call::DeleteDbInstance(DeleteDbInstance {
            db_instance_identifier: instance.to_string(),
            skip_final_snapshot: Some(true),
            ..DeleteDbInstance::default()
        }),
        Change::AddRole { cluster, role, feature } => Call::AddRoleToDbCluster(DbClusterRole {
            db_cluster_identifier: cluster.to_string(),
            role_arn: role.to_string(),
            feature_name: feature.clone(),
        }),
        Change::AddTags { resource, tags: wished } => {
            Call::AddTagsToResource(AddTagsToResource { resource_name: resource.to_string(), tags: tags(wished) })
        }
        Change::RemoveTags { resource, keys } => Call::RemoveTagsFromResource(RemoveTagsFromResource {
            resource_name: resource.to_string(),
            tag_keys: keys.clone(),
        }),
    }
}

fn share(snapshot: &SnapshotId, values_to_add: Vec<String>, values_to_remove: Vec<String>) -> Call {
    Call::ModifyDbClusterSnapshotAttribute(ModifyDbClusterSnapshotAttribute {
        db_cluster_snapshot_identifier: snapshot.to_string(),
        attribute_name: "restore".to_owned(),
        values_to_add,
        values_to_remove,
    })
}

fn tags(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::new(key, value)).collect()
}

fn scaling(wished: ServerlessScaling) -> ServerlessV2Scaling {
    ServerlessV2Scaling {
        min_capacity: f64::from(wished.min_half_acus) / 2.0,
        max_capacity: f64::from(wished.max_half_acus) / 2.0,
        seconds_until_auto_pause: None,
    }
}

fn copy_snapshot(copy: &SnapshotCopy) -> CopyDbClusterSnapshot {
    CopyDbClusterSnapshot {
        source_db_cluster_snapshot_identifier: copy.from.to_string(),
        target_db_cluster_snapshot_identifier: copy.to.to_string(),
        kms_key_id: copy.kms_key.as_ref().map(ToString::to_string),
        copy_tags: None,
        tags: tags(&copy.tags),
    }
}

fn restore_cluster(restore: &ClusterRestore) -> Call {
    let settings = new_cluster(&restore.settings, restore);
    let point_in_time = |source: &dyn ToString| RestoreDbClusterToPointInTime {
        db_cluster_identifier: restore.cluster.to_string(),
        source_db_cluster_identifier: Some(source.to_string()),
        settings: settings.clone(),
        ..RestoreDbClusterToPointInTime::default()
    };
    match &restore.source {
        RestoreSource::Snapshot(address) => Call::RestoreDbClusterFromSnapshot(RestoreDbClusterFromSnapshot {
            db_cluster_identifier: restore.cluster.to_string(),
            snapshot_identifier: address.to_string(),
            engine: restore.engine.clone(),
            engine_version: Some(restore.engine_version.clone()),
            database_name: None,
            settings,
        }),
        RestoreSource::LatestOf { cluster, method } => {
            let word = match method {
                PointInTimeMethod::Clone => "copy-on-write",
                PointInTimeMethod::FullCopy => "full-copy",
            };
            Call::RestoreDbClusterToPointInTime(RestoreDbClusterToPointInTime {
                restore_type: Some(word.to_owned()),
                use_latest_restorable_time: Some(true),
                ..point_in_time(cluster)
            })
        }
        RestoreSource::PointInTime { cluster, at } => {
            Call::RestoreDbClusterToPointInTime(RestoreDbClusterToPointInTime {
                restore_type: Some("full-copy".to_owned()),
                restore_to_time: Some(*at),
                ..point_in_time(cluster)
            })
        }
    }
}

fn new_cluster(settings: &ClusterSettings, restore: &ClusterRestore) -> NewClusterSettings {
    NewClusterSettings {
        copy_tags_to_snapshot: settings.copy_tags_to_snapshot,
        db_cluster_parameter_group_name: settings.parameter_group.clone(),
        db_subnet_group_name: settings.subnet_group.clone(),
        deletion_protection: settings.deletion_protection,
        enable_cloudwatch_logs_exports: settings.log_exports.iter().flatten().cloned().collect(),
        enable_iam_database_authentication: settings.iam_authentication,
        engine_lifecycle_support: settings.engine_lifecycle_support.clone(),
        kms_key_id: restore.kms_key.as_ref().map(ToString::to_string),
        port: settings.port,
        serverless_v2_scaling_configuration: settings.serverless_scaling.map(scaling),
        storage_type: settings.storage_type.clone(),
        tags: tags(&restore.tags),
        vpc_security_group_ids: settings.security_groups.iter().flatten().cloned().collect(),
        ..NewClusterSettings::default()
    }
}

fn modify_cluster(modify: &ClusterModify) -> ModifyDbCluster {
    let exports =
        (!modify.enable_log_exports.is_empty() || !modify.disable_log_exports.is_empty()).then(|| PendingLogExports {
            log_types_to_enable: modify.enable_log_exports.clone(),
            log_types_to_disable: modify.disable_log_exports.clone(),
        });
    ModifyDbCluster {
        db_cluster_identifier: modify.cluster.to_string(),
        apply_immediately: Some(true),
        backup_retention_period: modify.backup_retention_days.map(u32::from),
        cloudwatch_logs_export_configuration: exports,
        copy_tags_to_snapshot: modify.copy_tags_to_snapshot,
        db_cluster_parameter_group_name: modify.parameter_group.clone(),
        deletion_protection: modify.deletion_protection,
        enable_iam_database_authentication: modify.iam_authentication,
        master_user_password: modify.master_password.as_ref().map(|password| Secret::new(password.expose())),
        port: modify.port,
        preferred_backup_window: modify.backup_window.clone(),
        preferred_maintenance_window: modify.maintenance_window.clone(),
        serverless_v2_scaling_configuration: modify.serverless_scaling.map(scaling),
        storage_type: modify.storage_type.clone(),
        vpc_security_group_ids: modify.security_groups.clone().unwrap_or_default(),
        ..ModifyDbCluster::default()
    }
}

fn create_instance(create: &InstanceCreate) -> CreateDbInstance {
    let settings = &create.settings;
    CreateDbInstance {
        db_instance_identifier: create.instance.to_string(),
        db_instance_class: settings.class.clone().unwrap_or_default(),
        engine: create.engine.clone(),
        db_cluster_identifier: Some(create.cluster.to_string()),
        availability_zone: settings.zone.clone(),
        auto_minor_version_upgrade: settings.auto_minor_version_upgrade,
        ca_certificate_identifier: settings.ca_certificate.clone(),
        db_parameter_group_name: settings.parameter_group.clone(),
        enable_performance_insights: settings.performance_insights,
        monitoring_interval: settings.monitoring_interval_secs.map(u32::from),
        monitoring_role_arn: settings.monitoring_role.as_ref().map(ToString::to_string),
        preferred_maintenance_window: settings.maintenance_window.clone(),
        promotion_tier: settings.promotion_tier.map(u32::from),
        publicly_accessible: settings.publicly_accessible,
        tags: tags(&create.tags),
        ..CreateDbInstance::default()
    }
}

fn modify_instance(modify: &InstanceModify) -> ModifyDbInstance {
    ModifyDbInstance {
        db_instance_identifier: modify.instance.to_string(),
        apply_immediately: Some(true),
        auto_minor_version_upgrade: modify.auto_minor_version_upgrade,
        ca_certificate_identifier: modify.ca_certificate.clone(),
        db_parameter_group_name: modify.parameter_group.clone(),
        preferred_maintenance_window: modify.maintenance_window.clone(),
        promotion_tier: modify.promotion_tier.map(u32::from),
        ..ModifyDbInstance::default()
    }
}
