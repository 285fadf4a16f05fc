//! Reads the calls on cluster snapshots.

use super::{filters, page, tags};
use crate::api::query::{ParamError, Params};
use crate::model::call::{
    CopyDbClusterSnapshot, CreateDbClusterSnapshot, DescribeDbClusterSnapshots, ModifyDbClusterSnapshotAttribute,
    NameDbClusterSnapshot,
};

pub(super) fn create(p: &mut Params) -> Result<CreateDbClusterSnapshot, ParamError> {
    Ok(CreateDbClusterSnapshot {
        db_cluster_snapshot_identifier: p.required("DBClusterSnapshotIdentifier")?,
        db_cluster_identifier: p.required("DBClusterIdentifier")?,
        tags: tags(p)?,
    })
}

pub(super) fn copy(p: &mut Params) -> Result<CopyDbClusterSnapshot, ParamError> {
    // Clients add these when told the source's Region; the ARN says it as well.
    p.ignore("PreSignedUrl");
    p.ignore("SourceRegion");
    Ok(CopyDbClusterSnapshot {
        source_db_cluster_snapshot_identifier: p.required("SourceDBClusterSnapshotIdentifier")?,
        target_db_cluster_snapshot_identifier: p.required("TargetDBClusterSnapshotIdentifier")?,
        kms_key_id: p.optional("KmsKeyId")?,
        copy_tags: p.optional("CopyTags")?,
        tags: tags(p)?,
    })
}

pub(super) fn describe(p: &mut Params) -> Result<DescribeDbClusterSnapshots, ParamError> {
    Ok(DescribeDbClusterSnapshots {
        db_cluster_identifier: p.optional("DBClusterIdentifier")?,
        db_cluster_snapshot_identifier: p.optional("DBClusterSnapshotIdentifier")?,
        db_cluster_resource_id: p.optional("DbClusterResourceId")?,
        snapshot_type: p.optional("SnapshotType")?,
        include_shared: p.optional("IncludeShared")?,
        include_public: p.optional("IncludePublic")?,
        filters: filters(p)?,
        page: page(p)?,
    })
}

pub(super) fn name(p: &mut Params) -> Result<NameDbClusterSnapshot, ParamError> {
    Ok(NameDbClusterSnapshot { db_cluster_snapshot_identifier: p.required("DBClusterSnapshotIdentifier")? })
}

pub(super) fn modify_attribute(p: &mut Params) -> Result<ModifyDbClusterSnapshotAttribute, ParamError> {
    Ok(ModifyDbClusterSnapshotAttribute {
        db_cluster_snapshot_identifier: p.required("DBClusterSnapshotIdentifier")?,
        attribute_name: p.required("AttributeName")?,
        values_to_add: p.list("ValuesToAdd")?,
        values_to_remove: p.list("ValuesToRemove")?,
    })
}
