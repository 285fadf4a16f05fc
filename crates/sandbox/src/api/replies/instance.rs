//! An instance as an element.

use super::cluster::security_groups;
use super::group::SubnetGroupElement;
use super::tag_list;
use crate::api::xml::{Moment, Nested, elements};
use crate::model::resources::{DbInstance, Endpoint, InstancePendingValues};

elements! {
    Instance(DbInstance) as i {
        "DBInstanceIdentifier" = i.db_instance_identifier,
        "DBInstanceClass" = i.db_instance_class,
        "Engine" = i.engine,
        "DBInstanceStatus" = i.db_instance_status.as_str(),
        "MasterUsername" = i.master_username,
        "DBName" ? i.db_name,
        "Endpoint" ? i.endpoint.as_ref().map(EndpointElement),
        "AllocatedStorage" = i.allocated_storage,
        "InstanceCreateTime" ? i.instance_create_time.as_ref().map(Moment),
        "PreferredBackupWindow" = i.preferred_backup_window,
        "BackupRetentionPeriod" = i.backup_retention_period,
        "VpcSecurityGroups" = security_groups(&i.vpc_security_groups),
        "DBParameterGroups" = Nested("DBParameterGroup", ParameterGroupStatus(i)),
        "AvailabilityZone" ? i.availability_zone,
        "DBSubnetGroup" = SubnetGroupElement(&i.db_subnet_group),
        "PreferredMaintenanceWindow" = i.preferred_maintenance_window,
        "PendingModifiedValues" = Pending(&i.pending_modified_values),
        "MultiAZ" = false,
        "EngineVersion" = i.engine_version,
        "AutoMinorVersionUpgrade" = i.auto_minor_version_upgrade,
        "PubliclyAccessible" = i.publicly_accessible,
        "StorageType" = i.storage_type,
        "DbInstancePort" = 0,
        "DBClusterIdentifier" = i.db_cluster_identifier,
        "StorageEncrypted" = i.storage_encrypted,
        "KmsKeyId" ? i.kms_key_id,
        "DbiResourceId" = i.dbi_resource_id,
        "CACertificateIdentifier" = i.ca_certificate_identifier,
        "CopyTagsToSnapshot" = i.copy_tags_to_snapshot,
        "MonitoringInterval" = i.monitoring_interval,
        "MonitoringRoleArn" ? i.monitoring_role_arn,
        "PromotionTier" = i.promotion_tier,
        "DBInstanceArn" = i.db_instance_arn,
        "IAMDatabaseAuthenticationEnabled" = i.iam_database_authentication_enabled,
        "DatabaseInsightsMode" ? i.database_insights_mode,
        "PerformanceInsightsEnabled" = i.performance_insights_enabled,
        "PerformanceInsightsKMSKeyId" ? i.performance_insights_kms_key_id,
        "PerformanceInsightsRetentionPeriod" ? i.performance_insights_retention_period,
        "DeletionProtection" = i.deletion_protection,
        "TagList" = tag_list(&i.tag_list),
        "NetworkType" = i.network_type,
        "EngineLifecycleSupport" = i.engine_lifecycle_support,
    }

    EndpointElement(Endpoint) as endpoint {
        "Address" = endpoint.address,
        "Port" = endpoint.port,
    }

    ParameterGroupStatus(DbInstance) as i {
        "DBParameterGroupName" = i.db_parameter_group,
        "ParameterApplyStatus" = i.parameter_apply_status.as_str(),
    }

    Pending(InstancePendingValues) as pending {
        "DBInstanceClass" ? pending.db_instance_class,
        "DBInstanceIdentifier" ? pending.db_instance_identifier,
        "CACertificateIdentifier" ? pending.ca_certificate_identifier,
    }
}
