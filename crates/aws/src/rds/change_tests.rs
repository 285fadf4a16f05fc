//! Every change, and exactly what is sent for it.

use std::collections::BTreeMap;

use aurora_restore_core::{
    ids::{AccountId, Arn, ClusterId, InstanceId, KmsKey, SnapshotId},
    ports::{
        Change, ClusterModify, ClusterRestore, InstanceCreate, InstanceModify, PointInTimeMethod, Rds, RdsErrorKind,
        RestoreSource, SnapshotAddress, SnapshotCopy, Tags,
    },
    settings::{ClusterSettings, InstanceSettings, ServerlessScaling},
};

use super::replay::{Replay, refusal, reply};

fn cluster(id: &str) -> ClusterId {
    ClusterId::new(id).unwrap()
}

fn instance(id: &str) -> InstanceId {
    InstanceId::new(id).unwrap()
}

fn snapshot(id: &str) -> SnapshotId {
    SnapshotId::new(id).unwrap()
}

fn tags() -> Tags {
    BTreeMap::from([("aurora-restore:operation-id".to_owned(), "op-1".to_owned())])
}

const TAG: &str = "&Tags.Tag.1.Key=aurora-restore:operation-id&Tags.Tag.1.Value=op-1";

/// Sends a change and gives what was sent, as a set of parameters: their order means nothing.
async fn sent(change: &Change) -> Vec<String> {
    let replay = Replay::answering([reply(change.action(), "")]);
    replay.rds().change(change).await.unwrap();
    parameters(&replay.only_form())
}

fn parameters(form: &str) -> Vec<String> {
    let mut parameters: Vec<_> = form.split('&').map(str::to_owned).collect();
    parameters.sort();
    parameters
}

async fn check(change: Change, expected: &str) {
    assert_eq!(sent(&change).await, parameters(expected), "{change:?}");
}

fn restore(source: RestoreSource) -> Change {
    Change::RestoreCluster(Box::new(ClusterRestore {
        cluster: cluster("staging-new"),
        source,
        engine: "aurora-postgresql".into(),
        engine_version: "16.4".into(),
        kms_key: Some(KmsKey::new("alias/staging").unwrap()),
        settings: ClusterSettings {
            parameter_group: Some("pg16".into()),
            subnet_group: Some("private".into()),
            security_groups: Some(["sg-b".to_owned(), "sg-a".to_owned()].into()),
            port: Some(5433),
            deletion_protection: Some(false),
            iam_authentication: Some(true),
            copy_tags_to_snapshot: Some(true),
            log_exports: Some(["postgresql".to_owned()].into()),
            serverless_scaling: Some(ServerlessScaling { min_half_acus: 1, max_half_acus: 16 }),
            storage_type: Some("aurora-iopt1".into()),
            engine_lifecycle_support: Some("open-source-rds-extended-support-disabled".into()),
            // What a restore does not set: it follows with ModifyDBCluster.
            backup_retention_days: Some(7),
            maintenance_window: Some("sun:04:00-sun:04:30".into()),
            ..ClusterSettings::default()
        },
        tags: tags(),
    }))
}

const RESTORED: &str = "&DBClusterIdentifier=staging-new&KmsKeyId=alias/staging\
    &DBClusterParameterGroupName=pg16&DBSubnetGroupName=private\
    &VpcSecurityGroupIds.VpcSecurityGroupId.1=sg-a&VpcSecurityGroupIds.VpcSecurityGroupId.2=sg-b\
    &Port=5433&DeletionProtection=false&EnableIAMDatabaseAuthentication=true&CopyTagsToSnapshot=true\
    &EnableCloudwatchLogsExports.member.1=postgresql\
    &ServerlessV2ScalingConfiguration.MinCapacity=0.5&ServerlessV2ScalingConfiguration.MaxCapacity=8.0\
    &StorageType=aurora-iopt1&EngineLifecycleSupport=open-source-rds-extended-support-disabled";

#[tokio::test]
async fn a_copy_is_sent_with_its_tags_and_without_those_of_its_source() {
    let arn = "arn:aws:rds:eu-west-1:444455556666:cluster-snapshot:rds:prod-2026-11-21-03-10";
    check(
        Change::CopySnapshot(SnapshotCopy {
            from: SnapshotAddress::Arn(Arn::new(arn).unwrap()),
            to: snapshot("prod-copy"),
            kms_key: Some(KmsKey::new("alias/staging").unwrap()),
            tags: tags(),
        }),
        &format!(
            "Action=CopyDBClusterSnapshot&SourceDBClusterSnapshotIdentifier={arn}\
             &TargetDBClusterSnapshotIdentifier=prod-copy&KmsKeyId=alias/staging{TAG}"
        ),
    )
    .await;
    check(
        Change::CopySnapshot(SnapshotCopy {
            from: SnapshotAddress::Name(snapshot("prod")),
            to: snapshot("prod-copy"),
            kms_key: None,
            tags: Tags::new(),
        }),
        "Action=CopyDBClusterSnapshot&SourceDBClusterSnapshotIdentifier=prod\
         &TargetDBClusterSnapshotIdentifier=prod-copy",
    )
    .await;
}

#[tokio::test]
async fn sharing_adds_one_account_and_unsharing_removes_it() {
    let with = AccountId::new("444455556666").unwrap();
    let common = "Action=ModifyDBClusterSnapshotAttribute&DBClusterSnapshotIdentifier=s&AttributeName=restore";
    check(
        Change::ShareSnapshot { snapshot: snapshot("s"), with: with.clone() },
        &format!("{common}&ValuesToAdd.AttributeValue.1=444455556666"),
    )
    .await;
    check(
        Change::UnshareSnapshot { snapshot: snapshot("s"), with },
        &format!("{common}&ValuesToRemove.AttributeValue.1=444455556666"),
    )
    .await;
}

#[tokio::test]
async fn snapshots_are_taken_with_tags_and_deleted_by_name() {
    check(
        Change::CreateSnapshot { cluster: cluster("staging"), snapshot: snapshot("final-1"), tags: tags() },
        &format!("Action=CreateDBClusterSnapshot&DBClusterIdentifier=staging&DBClusterSnapshotIdentifier=final-1{TAG}"),
    )
    .await;
    check(
        Change::DeleteSnapshot { snapshot: snapshot("final-1") },
        "Action=DeleteDBClusterSnapshot&DBClusterSnapshotIdentifier=final-1",
    )
    .await;
}

#[tokio::test]
async fn a_restore_names_engine_and_version_and_all_it_can_set() {
    check(
        restore(RestoreSource::Snapshot(SnapshotAddress::Name(snapshot("prod-copy")))),
        &format!(
            "Action=RestoreDBClusterFromSnapshot&SnapshotIdentifier=prod-copy\
             &Engine=aurora-postgresql&EngineVersion=16.4{RESTORED}{TAG}"
        ),
    )
    .await;
}

#[tokio::test]
async fn a_clone_and_a_full_copy_take_the_latest_time() {
    for (method, word) in [(PointInTimeMethod::Clone, "copy-on-write"), (PointInTimeMethod::FullCopy, "full-copy")] {
        check(
            restore(RestoreSource::LatestOf { cluster: cluster("prod"), method }),
            &format!(
                "Action=RestoreDBClusterToPointInTime&SourceDBClusterIdentifier=prod\
                 &RestoreType={word}&UseLatestRestorableTime=true{RESTORED}{TAG}"
            ),
        )
        .await;
    }
}

#[tokio::test]
async fn a_point_in_time_is_sent_in_utc_as_a_full_copy() {
    check(
        restore(RestoreSource::PointInTime {
            cluster: cluster("prod"),
            at: "2026-11-22T11:30:00+01:00".parse().unwrap(),
        }),
        &format!(
            "Action=RestoreDBClusterToPointInTime&SourceDBClusterIdentifier=prod\
             &RestoreType=full-copy&RestoreToTime=2026-11-22T10:30:00Z{RESTORED}{TAG}"
        ),
    )
    .await;
}

#[tokio::test]
async fn settings_that_are_not_known_are_not_sent() {
    let change = Change::RestoreCluster(Box::new(ClusterRestore {
        cluster: cluster("a"),
        source: RestoreSource::Snapshot(SnapshotAddress::Name(snapshot("s"))),
        engine: "aurora-postgresql".into(),
        engine_version: "16.4".into(),
        kms_key: None,
        settings: ClusterSettings { log_exports: Some([].into()), ..ClusterSettings::default() },
        tags: Tags::new(),
    }));
    check(
        change,
        "Action=RestoreDBClusterFromSnapshot&DBClusterIdentifier=a&SnapshotIdentifier=s\
         &Engine=aurora-postgresql&EngineVersion=16.4",
    )
    .await;
}

#[tokio::test]
async fn changes_of_a_cluster_are_applied_at_once() {
    let mut modify = ClusterModify::of(cluster("staging-new"));
    modify.parameter_group = Some("pg16".into());
    modify.security_groups = Some(vec!["sg-a".into()]);
    modify.backup_retention_days = Some(7);
    modify.backup_window = Some("03:00-03:30".into());
    modify.maintenance_window = Some("sun:04:00-sun:04:30".into());
    modify.deletion_protection = Some(true);
    modify.iam_authentication = Some(true);
    modify.copy_tags_to_snapshot = Some(true);
    modify.enable_log_exports = vec!["postgresql".into()];
    modify.disable_log_exports = vec!["audit".into()];
    modify.serverless_scaling = Some(ServerlessScaling { min_half_acus: 0, max_half_acus: 3 });
    modify.storage_type = Some("aurora".into());
    modify.port = Some(5432);
    check(
        Change::ModifyCluster(Box::new(modify)),
        "Action=ModifyDBCluster&DBClusterIdentifier=staging-new&ApplyImmediately=true\
         &DBClusterParameterGroupName=pg16&VpcSecurityGroupIds.VpcSecurityGroupId.1=sg-a\
         &BackupRetentionPeriod=7&PreferredBackupWindow=03:00-03:30\
         &PreferredMaintenanceWindow=sun:04:00-sun:04:30&DeletionProtection=true\
         &EnableIAMDatabaseAuthentication=true&CopyTagsToSnapshot=true\
         &CloudwatchLogsExportConfiguration.EnableLogTypes.member.1=postgresql\
         &CloudwatchLogsExportConfiguration.DisableLogTypes.member.1=audit\
         &ServerlessV2ScalingConfiguration.MinCapacity=0.0&ServerlessV2ScalingConfiguration.MaxCapacity=1.5\
         &StorageType=aurora&Port=5432",
    )
    .await;
}

#[tokio::test]
async fn renames_are_applied_at_once() {
    check(
        Change::RenameCluster { from: cluster("staging-new"), to: cluster("staging") },
        "Action=ModifyDBCluster&DBClusterIdentifier=staging-new&NewDBClusterIdentifier=staging&ApplyImmediately=true",
    )
    .await;
    check(
        Change::RenameInstance {
            from: instance("staging-new-1"),
            to: instance("staging-1"),
        },
        "Action=ModifyDBInstance&DBInstanceIdentifier=staging-new-1&NewDBInstanceIdentifier=staging-1&ApplyImmediately=true",
    )
    .await;
}

#[tokio::test]
async fn a_cluster_is_deleted_with_a_final_snapshot_or_expressly_without() {
    check(
        Change::DeleteCluster { cluster: cluster("old"), final_snapshot: Some(snapshot("old-final")) },
        "Action=DeleteDBCluster&DBClusterIdentifier=old&SkipFinalSnapshot=false&FinalDBSnapshotIdentifier=old-final",
    )
    .await;
    check(
        Change::DeleteCluster { cluster: cluster("old"), final_snapshot: None },
        "Action=DeleteDBCluster&DBClusterIdentifier=old&SkipFinalSnapshot=true",
    )
    .await;
}

#[tokio::test]
async fn an_instance_is_made_with_all_its_settings() {
    let settings = InstanceSettings {
        class: Some("db.r6g.large".into()),
        parameter_group: Some("inst-pg16".into()),
        promotion_tier: Some(0),
        zone: Some("eu-central-1a".into()),
        publicly_accessible: Some(false),
        monitoring_interval_secs: Some(60),
        monitoring_role: Some(Arn::new("arn:aws:iam::111122223333:role/m").unwrap()),
        performance_insights: Some(true),
        auto_minor_version_upgrade: Some(false),
        ca_certificate: Some("rds-ca-rsa2048-g1".into()),
        maintenance_window: Some("sun:05:00-sun:05:30".into()),
        tags: None,
    };
    check(
        Change::CreateInstance(Box::new(InstanceCreate {
            instance: instance("staging-new-1"),
            cluster: cluster("staging-new"),
            engine: "aurora-postgresql".into(),
            settings,
            tags: tags(),
        })),
        &format!(
            "Action=CreateDBInstance&DBInstanceIdentifier=staging-new-1&DBClusterIdentifier=staging-new\
             &Engine=aurora-postgresql&DBInstanceClass=db.r6g.large&DBParameterGroupName=inst-pg16\
             &PromotionTier=0&AvailabilityZone=eu-central-1a&PubliclyAccessible=false&MonitoringInterval=60\
             &MonitoringRoleArn=arn:aws:iam::111122223333:role/m&EnablePerformanceInsights=true\
             &AutoMinorVersionUpgrade=false&CACertificateIdentifier=rds-ca-rsa2048-g1\
             &PreferredMaintenanceWindow=sun:05:00-sun:05:30{TAG}"
        ),
    )
    .await;
}

#[tokio::test]
async fn an_instance_without_a_class_is_refused_before_anything_is_sent() {
    let change = Change::CreateInstance(Box::new(InstanceCreate {
        instance: instance("a-1"),
        cluster: cluster("a"),
        engine: "aurora-postgresql".into(),
        settings: InstanceSettings::default(),
        tags: tags(),
    }));
    let replay = Replay::answering([]);
    let error = replay.rds().change(&change).await.unwrap_err();
    assert_eq!(error.kind, RdsErrorKind::InvalidRequest);
    assert_eq!(replay.forms().len(), 0);
}

#[tokio::test]
async fn an_instance_is_changed_rebooted_and_deleted() {
    check(
        Change::ModifyInstance(Box::new(InstanceModify {
            instance: instance("a-1"),
            parameter_group: Some("inst".into()),
            promotion_tier: Some(1),
            maintenance_window: Some("sun:05:00-sun:05:30".into()),
            auto_minor_version_upgrade: Some(true),
            ca_certificate: Some("rds-ca-rsa2048-g1".into()),
        })),
        "Action=ModifyDBInstance&DBInstanceIdentifier=a-1&ApplyImmediately=true&DBParameterGroupName=inst\
         &PromotionTier=1&PreferredMaintenanceWindow=sun:05:00-sun:05:30&AutoMinorVersionUpgrade=true\
         &CACertificateIdentifier=rds-ca-rsa2048-g1",
    )
    .await;
    check(Change::RebootInstance { instance: instance("a-1") }, "Action=RebootDBInstance&DBInstanceIdentifier=a-1")
        .await;
    check(
        Change::DeleteInstance { instance: instance("a-1") },
        "Action=DeleteDBInstance&DBInstanceIdentifier=a-1&SkipFinalSnapshot=true",
    )
    .await;
}

#[tokio::test]
async fn roles_and_tags_are_added() {
    let role = Arn::new("arn:aws:iam::111122223333:role/import").unwrap();
    check(
        Change::AddRole {
            cluster: cluster("a"),
            role: role.clone(),
            feature: Some("s3Import".into()),
        },
        "Action=AddRoleToDBCluster&DBClusterIdentifier=a&RoleArn=arn:aws:iam::111122223333:role/import&FeatureName=s3Import",
    )
    .await;
    check(
        Change::AddRole { cluster: cluster("a"), role, feature: None },
        "Action=AddRoleToDBCluster&DBClusterIdentifier=a&RoleArn=arn:aws:iam::111122223333:role/import",
    )
    .await;
    check(
        Change::AddTags {
            resource: Arn::new("arn:aws:rds:eu-central-1:111122223333:cluster:a").unwrap(),
            tags: tags(),
        },
        &format!("Action=AddTagsToResource&ResourceName=arn:aws:rds:eu-central-1:111122223333:cluster:a{TAG}"),
    )
    .await;
}

#[tokio::test]
async fn tags_are_removed_by_their_keys() {
    let change = Change::RemoveTags {
        resource: Arn::new("arn:aws:rds:eu-central-1:111122223333:cluster:a").unwrap(),
        keys: vec!["aurora-restore:role".into()],
    };
    check(
        change,
        "Action=RemoveTagsFromResource&ResourceName=arn:aws:rds:eu-central-1:111122223333:cluster:a\
         &TagKeys.member.1=aurora-restore:role",
    )
    .await;
}

#[tokio::test]
async fn a_refused_change_is_not_sent_again() {
    // The second answer would make a repetition succeed.
    let replay = Replay::answering([refusal(400, "Throttling", "Rate exceeded"), reply("DeleteDBClusterSnapshot", "")]);
    let change = Change::DeleteSnapshot { snapshot: snapshot("s") };
    let error = replay.rds().change(&change).await.unwrap_err();
    assert_eq!(error.kind, RdsErrorKind::Throttled);
    assert_eq!(replay.forms().len(), 1);
}
