//! Clusters as RDS shows them.

use aurora_restore_core::ports::{Endpoint, RdsErrorKind, RdsReads};

use super::*;
use crate::rds::replay::{Replay, refusal, reply};

/// A cluster as DescribeDBClusters shows it, with `more` at its end.
fn shown(id: &str, more: &str) -> String {
    format!(
        "<DBCluster>
           <DBClusterIdentifier>{id}</DBClusterIdentifier>
           <DBClusterArn>arn:aws:rds:eu-central-1:111122223333:cluster:{id}</DBClusterArn>
           <DbClusterResourceId>cluster-ABC123</DbClusterResourceId>
           <Status>available</Status><Engine>aurora-postgresql</Engine><EngineVersion>16.4</EngineVersion>
           {more}
         </DBCluster>"
    )
}

const ALL_OF_IT: &str = "
    <Endpoint>staging.cluster-c1.eu-central-1.rds.amazonaws.com</Endpoint>
    <ReaderEndpoint>staging.cluster-ro-c1.eu-central-1.rds.amazonaws.com</ReaderEndpoint>
    <Port>5433</Port>
    <MasterUsername>postgres</MasterUsername><DatabaseName>shop</DatabaseName>
    <StorageEncrypted>true</StorageEncrypted>
    <KmsKeyId>arn:aws:kms:eu-central-1:111122223333:key/1234</KmsKeyId>
    <EarliestRestorableTime>2026-11-20T03:10:00.5Z</EarliestRestorableTime>
    <LatestRestorableTime>2026-11-22T10:00:00Z</LatestRestorableTime>
    <DBClusterMembers>
      <DBClusterMember><DBInstanceIdentifier>staging-1</DBInstanceIdentifier><IsClusterWriter>true</IsClusterWriter>
        <DBClusterParameterGroupStatus>in-sync</DBClusterParameterGroupStatus><PromotionTier>0</PromotionTier>
      </DBClusterMember>
      <DBClusterMember><DBInstanceIdentifier>Staging-2</DBInstanceIdentifier><IsClusterWriter>false</IsClusterWriter>
        <DBClusterParameterGroupStatus>pending-reboot</DBClusterParameterGroupStatus></DBClusterMember>
      <DBClusterMember><DBInstanceIdentifier>staging-3</DBInstanceIdentifier><IsClusterWriter>false</IsClusterWriter>
        <DBClusterParameterGroupStatus>applying</DBClusterParameterGroupStatus></DBClusterMember>
    </DBClusterMembers>
    <DBClusterParameterGroup>staging-pg16</DBClusterParameterGroup>
    <DBSubnetGroup>private</DBSubnetGroup>
    <VpcSecurityGroups>
      <VpcSecurityGroupMembership><VpcSecurityGroupId>sg-b</VpcSecurityGroupId><Status>active</Status>
      </VpcSecurityGroupMembership>
      <VpcSecurityGroupMembership><VpcSecurityGroupId>sg-a</VpcSecurityGroupId><Status>active</Status>
      </VpcSecurityGroupMembership>
    </VpcSecurityGroups>
    <BackupRetentionPeriod>7</BackupRetentionPeriod>
    <PreferredBackupWindow>03:00-03:30</PreferredBackupWindow>
    <PreferredMaintenanceWindow>sun:04:00-sun:04:30</PreferredMaintenanceWindow>
    <DeletionProtection>true</DeletionProtection>
    <IAMDatabaseAuthenticationEnabled>false</IAMDatabaseAuthenticationEnabled>
    <CopyTagsToSnapshot>true</CopyTagsToSnapshot>
    <EnabledCloudwatchLogsExports><member>postgresql</member></EnabledCloudwatchLogsExports>
    <ServerlessV2ScalingConfiguration><MinCapacity>0.5</MinCapacity><MaxCapacity>16.0</MaxCapacity>
    </ServerlessV2ScalingConfiguration>
    <StorageType>aurora-iopt1</StorageType>
    <EngineLifecycleSupport>open-source-rds-extended-support-disabled</EngineLifecycleSupport>
    <AssociatedRoles>
      <DBClusterRole><RoleArn>arn:aws:iam::111122223333:role/import</RoleArn><Status>ACTIVE</Status>
        <FeatureName>s3Import</FeatureName></DBClusterRole>
      <DBClusterRole><RoleArn>arn:aws:iam::111122223333:role/any</RoleArn><Status>ACTIVE</Status></DBClusterRole>
    </AssociatedRoles>
    <TagList>
      <Tag><Key>team</Key><Value>data</Value></Tag>
      <Tag><Key>aurora-restore:operation-id</Key><Value>op-1</Value></Tag>
      <Tag><Key>aws:cloudformation:stack-name</Key><Value>db</Value></Tag>
    </TagList>";

fn clusters(list: &str, marker: &str) -> (u16, String) {
    reply(ACTION, &format!("<DBClusters>{list}</DBClusters>{marker}"))
}

async fn read(more: &str) -> RdsResult<Cluster> {
    let replay = Replay::answering([clusters(&shown("staging", more), "")]);
    replay.rds().cluster(&ClusterId::new("staging").unwrap()).await
}

#[tokio::test]
async fn a_cluster_is_read_with_all_that_rds_shows() {
    let cluster = read(ALL_OF_IT).await.unwrap();
    assert_eq!(cluster.status, ClusterStatus::Available);
    assert_eq!(
        cluster.endpoint,
        Some(Endpoint { host: "staging.cluster-c1.eu-central-1.rds.amazonaws.com".into(), port: 5433 })
    );
    assert_eq!(cluster.reader_endpoint.unwrap().port, 5433);
    assert_eq!(cluster.resource_id.as_str(), "cluster-ABC123");
    assert_eq!(cluster.database_name.as_deref(), Some("shop"));
    assert!(cluster.encrypted);
    assert_eq!(cluster.earliest_restorable.unwrap().to_string(), "2026-11-20T03:10:00.5Z");
    assert_eq!(cluster.tags.len(), 3);
    assert!(!cluster.in_global_database);
    let members: Vec<_> = cluster.members.iter().map(|member| (member.instance.as_str(), member.writer)).collect();
    assert_eq!(members, [("staging-1", true), ("staging-2", false), ("staging-3", false)]);
    assert_eq!(cluster.members[1].parameter_group_status, ParameterGroupStatus::PendingReboot);
    assert_eq!(cluster.members[2].parameter_group_status, ParameterGroupStatus::Other("applying".into()));
}

#[tokio::test]
async fn the_settings_of_a_cluster_are_normalised() {
    let role = |name: &str| Arn::new(format!("arn:aws:iam::111122223333:role/{name}")).unwrap();
    let expected = ClusterSettings {
        parameter_group: Some("staging-pg16".into()),
        subnet_group: Some("private".into()),
        security_groups: Some(["sg-a".to_owned(), "sg-b".to_owned()].into()),
        port: Some(5433),
        backup_retention_days: Some(7),
        backup_window: Some("03:00-03:30".into()),
        maintenance_window: Some("sun:04:00-sun:04:30".into()),
        deletion_protection: Some(true),
        iam_authentication: Some(false),
        copy_tags_to_snapshot: Some(true),
        log_exports: Some(["postgresql".to_owned()].into()),
        serverless_scaling: Some(ServerlessScaling { min_half_acus: 1, max_half_acus: 32 }),
        storage_type: Some("aurora-iopt1".into()),
        engine_lifecycle_support: Some("open-source-rds-extended-support-disabled".into()),
        roles: Some([(role("import"), Some("s3Import".to_owned())), (role("any"), None)].into()),
        tags: Some([("team".to_owned(), "data".to_owned())].into()),
    };
    assert_eq!(read(ALL_OF_IT).await.unwrap().settings, expected);
}

#[tokio::test]
async fn a_cluster_that_is_being_made_lacks_what_it_has_not_yet() {
    let cluster = read("<StorageEncrypted>false</StorageEncrypted>").await.unwrap();
    assert_eq!(cluster.endpoint, None);
    assert_eq!(cluster.earliest_restorable, None);
    assert_eq!(cluster.settings.storage_type.as_deref(), Some("aurora"));
    assert_eq!(cluster.settings.log_exports, Some([].into()));
    assert_eq!(cluster.settings.serverless_scaling, None);
}

#[tokio::test]
async fn a_member_of_a_global_database_is_known_as_one() {
    let cluster = read("<GlobalClusterIdentifier>world</GlobalClusterIdentifier>").await;
    assert!(cluster.unwrap().in_global_database);
}

#[tokio::test]
async fn an_answer_without_what_must_be_there_is_malformed() {
    let replay =
        Replay::answering([clusters("<DBCluster><DBClusterIdentifier>staging</DBClusterIdentifier></DBCluster>", "")]);
    let error = replay.rds().cluster(&ClusterId::new("staging").unwrap()).await.unwrap_err();
    assert_eq!(error.kind, RdsErrorKind::Other);
    assert!(error.message.contains("DBClusterArn is missing"), "{error}");
}

#[tokio::test]
async fn a_cluster_that_is_gone_is_not_found_with_the_id_of_the_request() {
    let replay = Replay::answering([refusal(404, "DBClusterNotFoundFault", "DBCluster staging not found.")]);
    let error = replay.rds().cluster(&ClusterId::new("staging").unwrap()).await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.request_id.as_deref(), Some("5f2a"));
    assert_eq!(
        error.to_string(),
        "DescribeDBClusters of `staging` was refused with DBClusterNotFoundFault: DBCluster staging not found."
    );
}

#[tokio::test]
async fn an_empty_answer_and_a_namesake_are_not_the_cluster() {
    for list in [String::new(), shown("staging-2", "")] {
        let replay = Replay::answering([clusters(&list, "")]);
        let error = replay.rds().cluster(&ClusterId::new("staging").unwrap()).await.unwrap_err();
        assert!(error.is_not_found());
    }
}

#[tokio::test]
async fn all_pages_are_listed_and_strange_neighbours_left_out() {
    let strange = "<DBCluster><DBClusterIdentifier>x</DBClusterIdentifier></DBCluster>";
    let replay = Replay::answering([
        clusters(&format!("{}{strange}", shown("a", "")), "<Marker>next</Marker>"),
        clusters(&shown("b", ""), ""),
    ]);
    let listed = replay.rds().clusters().await.unwrap();
    let ids: Vec<_> = listed.iter().map(|cluster| cluster.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    assert_eq!(
        replay.forms(),
        ["Action=DescribeDBClusters&MaxRecords=100", "Action=DescribeDBClusters&MaxRecords=100&Marker=next"]
    );
}
