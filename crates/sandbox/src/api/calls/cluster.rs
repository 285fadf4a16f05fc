//! Reads the calls on clusters.

use super::{filters, page, tags};
use crate::api::query::{ParamError, Params};
use crate::model::call::{
    CreateDbCluster, DbClusterRole, DeleteDbCluster, DescribeDbClusters, ModifyDbCluster, NameDbCluster,
    NewClusterSettings, RestoreDbClusterFromSnapshot, RestoreDbClusterToPointInTime,
};
use crate::model::resources::{PendingLogExports, ServerlessV2Scaling};

pub(super) fn create(p: &mut Params) -> Result<CreateDbCluster, ParamError> {
    Ok(CreateDbCluster {
        db_cluster_identifier: p.required("DBClusterIdentifier")?,
        engine: p.required("Engine")?,
        engine_version: p.optional("EngineVersion")?,
        database_name: p.optional("DatabaseName")?,
        master_username: p.optional("MasterUsername")?,
        master_user_password: p.optional("MasterUserPassword")?,
        preferred_maintenance_window: p.optional("PreferredMaintenanceWindow")?,
        storage_encrypted: p.optional("StorageEncrypted")?,
        auto_minor_version_upgrade: p.optional("AutoMinorVersionUpgrade")?,
        ca_certificate_identifier: p.optional("CACertificateIdentifier")?,
        database_insights_mode: p.optional("DatabaseInsightsMode")?,
        enable_http_endpoint: p.optional("EnableHttpEndpoint")?,
        db_cluster_instance_class: p.optional("DBClusterInstanceClass")?,
        allocated_storage: p.optional("AllocatedStorage")?,
        settings: settings(p)?,
    })
}

pub(super) fn restore(p: &mut Params) -> Result<RestoreDbClusterFromSnapshot, ParamError> {
    Ok(RestoreDbClusterFromSnapshot {
        db_cluster_identifier: p.required("DBClusterIdentifier")?,
        snapshot_identifier: p.required("SnapshotIdentifier")?,
        engine: p.required("Engine")?,
        engine_version: p.optional("EngineVersion")?,
        database_name: p.optional("DatabaseName")?,
        settings: settings(p)?,
    })
}

pub(super) fn restore_to_time(p: &mut Params) -> Result<RestoreDbClusterToPointInTime, ParamError> {
    Ok(RestoreDbClusterToPointInTime {
        db_cluster_identifier: p.required("DBClusterIdentifier")?,
        source_db_cluster_identifier: p.optional("SourceDBClusterIdentifier")?,
        source_db_cluster_resource_id: p.optional("SourceDbClusterResourceId")?,
        restore_type: p.optional("RestoreType")?,
        restore_to_time: p.optional("RestoreToTime")?,
        use_latest_restorable_time: p.optional("UseLatestRestorableTime")?,
        settings: settings(p)?,
    })
}

pub(super) fn describe(p: &mut Params) -> Result<DescribeDbClusters, ParamError> {
    Ok(DescribeDbClusters {
        db_cluster_identifier: p.optional("DBClusterIdentifier")?,
        filters: filters(p)?,
        include_shared: p.optional("IncludeShared")?,
        page: page(p)?,
    })
}

pub(super) fn modify(p: &mut Params) -> Result<ModifyDbCluster, ParamError> {
    Ok(ModifyDbCluster {
        db_cluster_identifier: p.required("DBClusterIdentifier")?,
        new_db_cluster_identifier: p.optional("NewDBClusterIdentifier")?,
        apply_immediately: p.optional("ApplyImmediately")?,
        allow_major_version_upgrade: p.optional("AllowMajorVersionUpgrade")?,
        auto_minor_version_upgrade: p.optional("AutoMinorVersionUpgrade")?,
        backtrack_window: p.optional("BacktrackWindow")?,
        backup_retention_period: p.optional("BackupRetentionPeriod")?,
        ca_certificate_identifier: p.optional("CACertificateIdentifier")?,
        cloudwatch_logs_export_configuration: p.structure("CloudwatchLogsExportConfiguration", log_exports)?,
        copy_tags_to_snapshot: p.optional("CopyTagsToSnapshot")?,
        database_insights_mode: p.optional("DatabaseInsightsMode")?,
        db_cluster_parameter_group_name: p.optional("DBClusterParameterGroupName")?,
        db_instance_parameter_group_name: p.optional("DBInstanceParameterGroupName")?,
        deletion_protection: p.optional("DeletionProtection")?,
        enable_http_endpoint: p.optional("EnableHttpEndpoint")?,
        enable_iam_database_authentication: p.optional("EnableIAMDatabaseAuthentication")?,
        enable_performance_insights: p.optional("EnablePerformanceInsights")?,
        engine_version: p.optional("EngineVersion")?,
        master_user_password: p.optional("MasterUserPassword")?,
        monitoring_interval: p.optional("MonitoringInterval")?,
        monitoring_role_arn: p.optional("MonitoringRoleArn")?,
        network_type: p.optional("NetworkType")?,
        performance_insights_kms_key_id: p.optional("PerformanceInsightsKMSKeyId")?,
        performance_insights_retention_period: p.optional("PerformanceInsightsRetentionPeriod")?,
        port: p.optional("Port")?,
        preferred_backup_window: p.optional("PreferredBackupWindow")?,
        preferred_maintenance_window: p.optional("PreferredMaintenanceWindow")?,
        serverless_v2_scaling_configuration: scaling(p)?,
        storage_type: p.optional("StorageType")?,
        vpc_security_group_ids: p.list("VpcSecurityGroupIds")?,
    })
}

pub(super) fn delete(p: &mut Params) -> Result<DeleteDbCluster, ParamError> {
    Ok(DeleteDbCluster {
        db_cluster_identifier: p.required("DBClusterIdentifier")?,
        skip_final_snapshot: p.optional("SkipFinalSnapshot")?,
        final_db_snapshot_identifier: p.optional("FinalDBSnapshotIdentifier")?,
        delete_automated_backups: p.optional("DeleteAutomatedBackups")?,
    })
}

pub(super) fn name(p: &mut Params) -> Result<NameDbCluster, ParamError> {
    Ok(NameDbCluster { db_cluster_identifier: p.required("DBClusterIdentifier")? })
}

pub(super) fn role(p: &mut Params) -> Result<DbClusterRole, ParamError> {
    Ok(DbClusterRole {
        db_cluster_identifier: p.required("DBClusterIdentifier")?,
        role_arn: p.required("RoleArn")?,
        feature_name: p.optional("FeatureName")?,
    })
}

fn settings(p: &mut Params) -> Result<NewClusterSettings, ParamError> {
    // Only GovCloud still needs it, and it is signed by a key that the sandbox does not know.
    p.ignore("PreSignedUrl");
    Ok(NewClusterSettings {
        availability_zones: p.list("AvailabilityZones")?,
        backup_retention_period: p.optional("BackupRetentionPeriod")?,
        backtrack_window: p.optional("BacktrackWindow")?,
        copy_tags_to_snapshot: p.optional("CopyTagsToSnapshot")?,
        db_cluster_parameter_group_name: p.optional("DBClusterParameterGroupName")?,
        db_subnet_group_name: p.optional("DBSubnetGroupName")?,
        deletion_protection: p.optional("DeletionProtection")?,
        enable_cloudwatch_logs_exports: p.list("EnableCloudwatchLogsExports")?,
        enable_iam_database_authentication: p.optional("EnableIAMDatabaseAuthentication")?,
        enable_performance_insights: p.optional("EnablePerformanceInsights")?,
        engine_lifecycle_support: p.optional("EngineLifecycleSupport")?,
        engine_mode: p.optional("EngineMode")?,
        kms_key_id: p.optional("KmsKeyId")?,
        monitoring_interval: p.optional("MonitoringInterval")?,
        monitoring_role_arn: p.optional("MonitoringRoleArn")?,
        network_type: p.optional("NetworkType")?,
        performance_insights_kms_key_id: p.optional("PerformanceInsightsKMSKeyId")?,
        performance_insights_retention_period: p.optional("PerformanceInsightsRetentionPeriod")?,
        port: p.optional("Port")?,
        preferred_backup_window: p.optional("PreferredBackupWindow")?,
        serverless_v2_scaling_configuration: scaling(p)?,
        storage_type: p.optional("StorageType")?,
        tags: tags(p)?,
        vpc_security_group_ids: p.list("VpcSecurityGroupIds")?,
    })
}

fn scaling(p: &mut Params) -> Result<Option<ServerlessV2Scaling>, ParamError> {
    p.structure("ServerlessV2ScalingConfiguration", |scaling| {
        Ok(ServerlessV2Scaling {
            min_capacity: scaling.required("MinCapacity")?,
            max_capacity: scaling.required("MaxCapacity")?,
            seconds_until_auto_pause: scaling.optional("SecondsUntilAutoPause")?,
        })
    })
}

fn log_exports(p: &mut Params) -> Result<PendingLogExports, ParamError> {
    Ok(PendingLogExports {
        log_types_to_enable: p.list("EnableLogTypes")?,
        log_types_to_disable: p.list("DisableLogTypes")?,
    })
}
