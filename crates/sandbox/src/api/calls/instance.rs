//! Reads the calls on instances.

use super::{filters, page, tags};
use crate::api::query::{ParamError, Params};
use crate::model::call::{CreateDbInstance, DeleteDbInstance, DescribeDbInstances, ModifyDbInstance, RebootDbInstance};

pub(super) fn create(p: &mut Params) -> Result<CreateDbInstance, ParamError> {
    Ok(CreateDbInstance {
        db_instance_identifier: p.required("DBInstanceIdentifier")?,
        db_instance_class: p.required("DBInstanceClass")?,
        engine: p.required("Engine")?,
        db_cluster_identifier: p.optional("DBClusterIdentifier")?,
        engine_version: p.optional("EngineVersion")?,
        availability_zone: p.optional("AvailabilityZone")?,
        auto_minor_version_upgrade: p.optional("AutoMinorVersionUpgrade")?,
        ca_certificate_identifier: p.optional("CACertificateIdentifier")?,
        copy_tags_to_snapshot: p.optional("CopyTagsToSnapshot")?,
        database_insights_mode: p.optional("DatabaseInsightsMode")?,
        db_parameter_group_name: p.optional("DBParameterGroupName")?,
        db_subnet_group_name: p.optional("DBSubnetGroupName")?,
        deletion_protection: p.optional("DeletionProtection")?,
        enable_performance_insights: p.optional("EnablePerformanceInsights")?,
        monitoring_interval: p.optional("MonitoringInterval")?,
        monitoring_role_arn: p.optional("MonitoringRoleArn")?,
        performance_insights_kms_key_id: p.optional("PerformanceInsightsKMSKeyId")?,
        performance_insights_retention_period: p.optional("PerformanceInsightsRetentionPeriod")?,
        preferred_maintenance_window: p.optional("PreferredMaintenanceWindow")?,
        promotion_tier: p.optional("PromotionTier")?,
        publicly_accessible: p.optional("PubliclyAccessible")?,
        tags: tags(p)?,
    })
}

pub(super) fn describe(p: &mut Params) -> Result<DescribeDbInstances, ParamError> {
    Ok(DescribeDbInstances {
        db_instance_identifier: p.optional("DBInstanceIdentifier")?,
        filters: filters(p)?,
        page: page(p)?,
    })
}

pub(super) fn modify(p: &mut Params) -> Result<ModifyDbInstance, ParamError> {
    Ok(ModifyDbInstance {
        db_instance_identifier: p.required("DBInstanceIdentifier")?,
        new_db_instance_identifier: p.optional("NewDBInstanceIdentifier")?,
        apply_immediately: p.optional("ApplyImmediately")?,
        auto_minor_version_upgrade: p.optional("AutoMinorVersionUpgrade")?,
        ca_certificate_identifier: p.optional("CACertificateIdentifier")?,
        copy_tags_to_snapshot: p.optional("CopyTagsToSnapshot")?,
        database_insights_mode: p.optional("DatabaseInsightsMode")?,
        db_instance_class: p.optional("DBInstanceClass")?,
        db_parameter_group_name: p.optional("DBParameterGroupName")?,
        deletion_protection: p.optional("DeletionProtection")?,
        enable_performance_insights: p.optional("EnablePerformanceInsights")?,
        monitoring_interval: p.optional("MonitoringInterval")?,
        monitoring_role_arn: p.optional("MonitoringRoleArn")?,
        performance_insights_kms_key_id: p.optional("PerformanceInsightsKMSKeyId")?,
        performance_insights_retention_period: p.optional("PerformanceInsightsRetentionPeriod")?,
        preferred_maintenance_window: p.optional("PreferredMaintenanceWindow")?,
        promotion_tier: p.optional("PromotionTier")?,
        publicly_accessible: p.optional("PubliclyAccessible")?,
        vpc_security_group_ids: p.list("VpcSecurityGroupIds")?,
    })
}

pub(super) fn delete(p: &mut Params) -> Result<DeleteDbInstance, ParamError> {
    Ok(DeleteDbInstance {
        db_instance_identifier: p.required("DBInstanceIdentifier")?,
        skip_final_snapshot: p.optional("SkipFinalSnapshot")?,
        final_db_snapshot_identifier: p.optional("FinalDBSnapshotIdentifier")?,
        delete_automated_backups: p.optional("DeleteAutomatedBackups")?,
    })
}

pub(super) fn reboot(p: &mut Params) -> Result<RebootDbInstance, ParamError> {
    Ok(RebootDbInstance {
        db_instance_identifier: p.required("DBInstanceIdentifier")?,
        force_failover: p.optional("ForceFailover")?,
    })
}
