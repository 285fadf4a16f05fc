//! A cluster as an element.

use super::{tag_list, texts};
use crate::api::xml::{List, Moment, elements};
use crate::model::resources::{
    AssociatedRole, ClusterMember, ClusterPendingValues, DbCluster, PendingLogExports, ServerlessV2Scaling,
    VpcSecurityGroup,
};

elements! {
    Cluster(DbCluster) as c {
        "AllocatedStorage" = c.allocated_storage,
        "AvailabilityZones" = texts("AvailabilityZone", &c.availability_zones),
        "BackupRetentionPeriod" = c.backup_retention_period,
        "DatabaseName" ? c.database_name,
        "DBClusterIdentifier" = c.db_cluster_identifier,
        "DBClusterParameterGroup" = c.db_cluster_parameter_group,
        "DBSubnetGroup" = c.db_subnet_group,
        "Status" = c.status.as_str(),
        "PercentProgress" ? c.percent_progress,
        "EarliestRestorableTime" ? c.earliest_restorable_time.as_ref().map(Moment),
        "Endpoint" ? c.endpoint.as_ref().map(|endpoint| &endpoint.address),
        "ReaderEndpoint" ? c.reader_endpoint.as_ref().map(|endpoint| &endpoint.address),
        "MultiAZ" = c.multi_az,
        "Engine" = c.engine,
        "EngineVersion" = c.engine_version,
        "LatestRestorableTime" ? c.latest_restorable_time.as_ref().map(Moment),
        "Port" = c.port,
        "MasterUsername" = c.master_username,
        "PreferredBackupWindow" = c.preferred_backup_window,
        "PreferredMaintenanceWindow" = c.preferred_maintenance_window,
        "DBClusterMembers" = List("DBClusterMember", c.db_cluster_members.iter().map(Member)),
        "VpcSecurityGroups" = security_groups(&c.vpc_security_groups),
        "HostedZoneId" = c.hosted_zone_id,
        "StorageEncrypted" = c.storage_encrypted,
        "KmsKeyId" ? c.kms_key_id,
        "DbClusterResourceId" = c.db_cluster_resource_id,
        "DBClusterArn" = c.db_cluster_arn,
        "AssociatedRoles" = List("DBClusterRole", c.associated_roles.iter().map(Role)),
        "IAMDatabaseAuthenticationEnabled" = c.iam_database_authentication_enabled,
        "CloneGroupId" ? c.clone_group_id,
        "ClusterCreateTime" = Moment(&c.cluster_create_time),
        "BacktrackWindow" = c.backtrack_window,
        "EnabledCloudwatchLogsExports" = texts("member", &c.enabled_cloudwatch_logs_exports),
        "PendingModifiedValues" ? c.pending_modified_values.as_ref().map(Pending),
        "EngineMode" = c.engine_mode,
        "StorageType" ? c.storage_type,
        "AutoMinorVersionUpgrade" = c.auto_minor_version_upgrade,
        "DeletionProtection" = c.deletion_protection,
        "HttpEndpointEnabled" = c.http_endpoint_enabled,
        "CopyTagsToSnapshot" = c.copy_tags_to_snapshot,
        "CrossAccountClone" = false,
        "TagList" = tag_list(&c.tag_list),
        "NetworkType" = c.network_type,
        "ServerlessV2ScalingConfiguration" ? c.serverless_v2_scaling_configuration.as_ref().map(Scaling),
        "MonitoringInterval" = c.monitoring_interval,
        "MonitoringRoleArn" ? c.monitoring_role_arn,
        "DatabaseInsightsMode" ? c.database_insights_mode,
        "PerformanceInsightsEnabled" = c.performance_insights_enabled,
        "PerformanceInsightsKMSKeyId" ? c.performance_insights_kms_key_id,
        "PerformanceInsightsRetentionPeriod" ? c.performance_insights_retention_period,
        "CertificateDetails" ? c.ca_certificate_identifier.as_ref().map(Certificate),
        "EngineLifecycleSupport" = c.engine_lifecycle_support,
    }

    Member(ClusterMember) as member {
        "DBInstanceIdentifier" = member.db_instance_identifier,
        "IsClusterWriter" = member.is_cluster_writer,
        "DBClusterParameterGroupStatus" = member.db_cluster_parameter_group_status.as_str(),
        "PromotionTier" = member.promotion_tier,
    }

    SecurityGroup(VpcSecurityGroup) as group {
        "VpcSecurityGroupId" = group.vpc_security_group_id,
        "Status" = group.status,
    }

    Role(AssociatedRole) as role {
        "RoleArn" = role.role_arn,
        "Status" = role.status,
        "FeatureName" ? role.feature_name,
    }

    Scaling(ServerlessV2Scaling) as scaling {
        "MinCapacity" = scaling.min_capacity,
        "MaxCapacity" = scaling.max_capacity,
        "SecondsUntilAutoPause" ? scaling.seconds_until_auto_pause,
    }

    Certificate(String) as authority {
        "CAIdentifier" = authority,
    }

    Pending(ClusterPendingValues) as pending {
        "PendingCloudwatchLogsExports" ? pending.pending_cloudwatch_logs_exports.as_ref().map(LogExports),
        "DBClusterIdentifier" ? pending.db_cluster_identifier,
        "MasterUserPassword" ? pending.master_user_password,
        "IAMDatabaseAuthenticationEnabled" ? pending.iam_database_authentication_enabled,
        "EngineVersion" ? pending.engine_version,
        "BackupRetentionPeriod" ? pending.backup_retention_period,
        "StorageType" ? pending.storage_type,
    }

    LogExports(PendingLogExports) as exports {
        "LogTypesToEnable" = texts("member", &exports.log_types_to_enable),
        "LogTypesToDisable" = texts("member", &exports.log_types_to_disable),
    }
}

pub(super) fn security_groups(groups: &[VpcSecurityGroup]) -> List<impl Iterator<Item = SecurityGroup<'_>> + Clone> {
    List("VpcSecurityGroupMembership", groups.iter().map(SecurityGroup))
}
