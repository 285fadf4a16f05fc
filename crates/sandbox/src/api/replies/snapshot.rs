//! A cluster snapshot and its attributes as elements.

use super::{tag_list, texts};
use crate::api::xml::{List, Moment, elements};
use crate::model::resources::{DbClusterSnapshot, SnapshotAttribute, SnapshotAttributes};

elements! {
    Snapshot(DbClusterSnapshot) as s {
        "AvailabilityZones" = texts("AvailabilityZone", &s.availability_zones),
        "DBClusterSnapshotIdentifier" = s.db_cluster_snapshot_identifier,
        "DBClusterIdentifier" = s.db_cluster_identifier,
        "SnapshotCreateTime" ? s.snapshot_create_time.as_ref().map(Moment),
        "Engine" = s.engine,
        "EngineMode" = s.engine_mode,
        "AllocatedStorage" = s.allocated_storage,
        "Status" = s.status.as_str(),
        "Port" = s.port,
        "VpcId" = s.vpc_id,
        "ClusterCreateTime" = Moment(&s.cluster_create_time),
        "MasterUsername" = s.master_username,
        "EngineVersion" = s.engine_version,
        "LicenseModel" = s.license_model,
        "SnapshotType" = s.snapshot_type.as_str(),
        "PercentProgress" = s.percent_progress,
        "StorageEncrypted" = s.storage_encrypted,
        "BackupRetentionPeriod" = s.backup_retention_period,
        "PreferredBackupWindow" = s.preferred_backup_window,
        "KmsKeyId" ? s.kms_key_id,
        "DBClusterSnapshotArn" = s.db_cluster_snapshot_arn,
        "SourceDBClusterSnapshotArn" ? s.source_db_cluster_snapshot_arn,
        "IAMDatabaseAuthenticationEnabled" = s.iam_database_authentication_enabled,
        "TagList" = tag_list(&s.tag_list),
        "StorageType" ? s.storage_type,
        "DbClusterResourceId" = s.db_cluster_resource_id,
    }

    Attributes(SnapshotAttributes) as attributes {
        "DBClusterSnapshotIdentifier" = attributes.db_cluster_snapshot_identifier,
        "DBClusterSnapshotAttributes" =
            List("DBClusterSnapshotAttribute", attributes.attributes.iter().map(Attribute)),
    }

    Attribute(SnapshotAttribute) as attribute {
        "AttributeName" = attribute.attribute_name,
        "AttributeValues" = texts("AttributeValue", &attribute.attribute_values),
    }
}
