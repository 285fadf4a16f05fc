//! `DescribeDBClusters`.

use aurora_restore_core::{
    ids::{Arn, ClusterId, InstanceId, ResourceId},
    ports::{Cluster, ClusterMember, ClusterStatus, ParameterGroupStatus, RdsResult},
    settings::{ClusterSettings, ServerlessScaling, user_tags},
};
use aws_sdk_rds::types::{DbCluster, DbClusterMember, ServerlessV2ScalingConfigurationInfo};

use super::{
    AwsRds,
    pages::{self, PAGE_ITEMS, Page},
    reading::{Unreadable, endpoint, kms_key, number, readable, required, tags, text, timestamp},
};
use crate::failure::Call;

const ACTION: &str = "DescribeDBClusters";

/// One cluster by name.
pub(super) async fn one(rds: &AwsRds, id: &ClusterId) -> RdsResult<Cluster> {
    let call = Call::about(ACTION, id.as_str());
    let answer = rds
        .client
        .describe_db_clusters()
        .db_cluster_identifier(id.as_str())
        .send()
        .await
        .map_err(|error| call.failed(&error))?;
    let found = answer
        .db_clusters()
        .iter()
        .find(|cluster| named(cluster.db_cluster_identifier(), id.as_str()))
        .ok_or_else(|| call.not_found("DBClusterNotFoundFault"))?;
    cluster(found).map_err(|reason| call.malformed(reason))
}

/// All clusters of the account in the Region.
pub(super) async fn all(rds: &AwsRds) -> RdsResult<Vec<Cluster>> {
    let call = Call::new(ACTION);
    let clusters = pages::all(call, async |marker| {
        let answer = rds
            .client
            .describe_db_clusters()
            .max_records(PAGE_ITEMS)
            .set_marker(marker)
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        Ok(Page { items: answer.db_clusters, marker: answer.marker })
    })
    .await?;
    Ok(readable(&clusters, ACTION, cluster))
}

/// Whether RDS's identifier is the one meant: it compares them without regard to case.
pub(super) fn named(found: Option<&str>, wanted: &str) -> bool {
    found.is_some_and(|found| found.eq_ignore_ascii_case(wanted))
}

fn cluster(db: &DbCluster) -> Result<Cluster, Unreadable> {
    let tags = tags(db.tag_list());
    Ok(Cluster {
        id: ClusterId::new(required(db.db_cluster_identifier(), "DBClusterIdentifier")?)?,
        arn: Arn::new(required(db.db_cluster_arn(), "DBClusterArn")?)?,
        resource_id: ResourceId::new(required(db.db_cluster_resource_id(), "DbClusterResourceId")?)?,
        status: ClusterStatus::from_word(required(db.status(), "Status")?),
        engine: required(db.engine(), "Engine")?.to_owned(),
        engine_version: required(db.engine_version(), "EngineVersion")?.to_owned(),
        endpoint: endpoint(db.endpoint(), db.port()),
        reader_endpoint: endpoint(db.reader_endpoint(), db.port()),
        members: db.db_cluster_members().iter().map(member).collect::<Result<_, _>>()?,
        master_username: text(db.master_username()),
        database_name: text(db.database_name()),
        encrypted: db.storage_encrypted().unwrap_or(false),
        kms_key: kms_key(db.kms_key_id())?,
        earliest_restorable: timestamp(db.earliest_restorable_time()),
        latest_restorable: timestamp(db.latest_restorable_time()),
        in_global_database: text(db.global_cluster_identifier()).is_some(),
        settings: settings(db, user_tags(&tags))?,
        tags,
    })
}

fn member(member: &DbClusterMember) -> Result<ClusterMember, Unreadable> {
    let status = member.db_cluster_parameter_group_status().unwrap_or_default();
    Ok(ClusterMember {
        instance: InstanceId::new(required(member.db_instance_identifier(), "DBInstanceIdentifier of a member")?)?,
        writer: member.is_cluster_writer().unwrap_or(false),
        parameter_group_status: match status {
            "in-sync" => ParameterGroupStatus::InSync,
            "pending-reboot" => ParameterGroupStatus::PendingReboot,
            other => ParameterGroupStatus::Other(other.to_owned()),
        },
    })
}

fn settings(
    db: &DbCluster,
    user_tags: std::collections::BTreeMap<String, String>,
) -> Result<ClusterSettings, Unreadable> {
    let roles = db
        .associated_roles()
        .iter()
        .map(|role| {
            let arn = Arn::new(required(role.role_arn(), "RoleArn of a role")?)?;
            Ok((arn, text(role.feature_name())))
        })
        .collect::<Result<_, Unreadable>>()?;
    Ok(ClusterSettings {
        parameter_group: text(db.db_cluster_parameter_group()),
        subnet_group: text(db.db_subnet_group()),
        security_groups: Some(
            db.vpc_security_groups().iter().filter_map(|group| text(group.vpc_security_group_id())).collect(),
        ),
        port: number(db.port()),
        backup_retention_days: number(db.backup_retention_period()),
        backup_window: text(db.preferred_backup_window()),
        maintenance_window: text(db.preferred_maintenance_window()),
        deletion_protection: db.deletion_protection(),
        iam_authentication: db.iam_database_authentication_enabled(),
        copy_tags_to_snapshot: db.copy_tags_to_snapshot(),
        log_exports: Some(db.enabled_cloudwatch_logs_exports().iter().cloned().collect()),
        serverless_scaling: db.serverless_v2_scaling_configuration().and_then(scaling),
        storage_type: storage_type(db),
        engine_lifecycle_support: text(db.engine_lifecycle_support()),
        roles: Some(roles),
        tags: Some(user_tags),
    })
}

/// RDS shows the storage type of an Aurora cluster only where it is not the standard one.
fn storage_type(db: &DbCluster) -> Option<String> {
    let aurora = db.engine().is_some_and(|engine| engine.starts_with("aurora"));
    text(db.storage_type()).or_else(|| aurora.then(|| "aurora".to_owned()))
}

fn scaling(capacity: &ServerlessV2ScalingConfigurationInfo) -> Option<ServerlessScaling> {
    Some(ServerlessScaling {
        min_half_acus: half_acus(capacity.min_capacity()?)?,
        max_half_acus: half_acus(capacity.max_capacity()?)?,
    })
}

/// RDS takes multiples of 0.5 only, so a double shows them exactly.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked first")]
fn half_acus(acus: f64) -> Option<u16> {
    let halves = (acus * 2.0).round();
    (0.0..=f64::from(u16::MAX)).contains(&halves).then_some(halves as u16)
}

#[cfg(test)]
mod tests;
