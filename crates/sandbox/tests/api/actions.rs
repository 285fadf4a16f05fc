//! A cluster's life over the wire, by the bare parameters and elements that clients use.

use aurora_restore_sandbox::server::Status;

use crate::support::{ACCOUNT, Client, REGION, start};

const CREATE: &str = "DBClusterIdentifier=Orders&Engine=aurora-postgresql&EngineVersion=15.6&MasterUsername=admin1\
    &MasterUserPassword=correct-horse&DatabaseName=shop&Tags.Tag.1.Key=team&Tags.Tag.1.Value=data\
    &VpcSecurityGroupIds.VpcSecurityGroupId.1=sg-0123456789abcdef0&EnableCloudwatchLogsExports.member.1=postgresql\
    &ServerlessV2ScalingConfiguration.MinCapacity=0.5&ServerlessV2ScalingConfiguration.MaxCapacity=4";

fn done(client: &Client, action: &str, parameters: &str) -> String {
    let answer = client.call(action, parameters);
    assert_eq!(answer.status, 200, "{action} {parameters}: {}", answer.body);
    answer.body
}

fn gone(client: &Client, action: &str, parameters: &str, code: &str) {
    client.wait(action, parameters, |answer| answer.refusal() == (404, code));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_shows_what_it_was_created_with_and_never_its_password() {
    let running = start().await;
    let client = Client::of(running.sandbox.status());
    let created = done(&client, "CreateDBCluster", CREATE);
    let shown = client.wait_for_cluster("orders", "available").body;
    for part in [
        "<DBClusterIdentifier>orders</DBClusterIdentifier>",
        "<DatabaseName>shop</DatabaseName>",
        "<EngineVersion>15.6</EngineVersion>",
        "<TagList><Tag><Key>team</Key><Value>data</Value></Tag></TagList>",
        "<VpcSecurityGroups><VpcSecurityGroupMembership><VpcSecurityGroupId>sg-0123456789abcdef0</VpcSecurityGroupId>",
        "<EnabledCloudwatchLogsExports><member>postgresql</member></EnabledCloudwatchLogsExports>",
        "<ServerlessV2ScalingConfiguration><MinCapacity>0.5</MinCapacity><MaxCapacity>4</MaxCapacity>",
        "<DBClusterMembers/>",
        "<DeletionProtection>false</DeletionProtection>",
    ] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    assert!(!created.contains("correct-horse") && !shown.contains("correct-horse"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_shared_copied_to_another_account_and_restored_there() {
    let running = start().await;
    let source = Client::of(running.sandbox.status());
    let target = Client { account: "444455556666".into(), region: "us-east-1".into(), ..source.clone() };
    done(&source, "CreateDBCluster", CREATE);
    source.wait_until_restorable("orders");
    share_snapshot(&source, &target.account);
    copy_snapshot(&target);
    restore_copy(&target);
    remove_everything(&target);
}

fn share_snapshot(source: &Client, account: &str) {
    let create = "DBClusterIdentifier=orders&DBClusterSnapshotIdentifier=monday";
    done(source, "CreateDBClusterSnapshot", create);
    source.wait_for_snapshot("monday", "available");
    let monday = "DBClusterSnapshotIdentifier=monday";
    let share = format!("{monday}&AttributeName=restore&ValuesToAdd.AttributeValue.1={account}");
    let element = format!("<AttributeValues><AttributeValue>{account}</AttributeValue></AttributeValues>");
    let shared = done(source, "ModifyDBClusterSnapshotAttribute", &share);
    assert!(shared.contains(&element), "{shared}");
    let shown = done(source, "DescribeDBClusterSnapshotAttributes", monday);
    assert!(shown.contains(&element), "{shown}");
}

fn copy_snapshot(target: &Client) {
    let arn = format!("arn:aws:rds:{REGION}:{ACCOUNT}:cluster-snapshot:monday");
    let copy =
        format!("SourceDBClusterSnapshotIdentifier={arn}&TargetDBClusterSnapshotIdentifier=copy&PreSignedUrl=ignored");
    done(target, "CopyDBClusterSnapshot", &copy);
    let copied = target.wait_for_snapshot("copy", "available");
    assert_eq!(copied.text("SourceDBClusterSnapshotArn"), Some(arn.as_str()));
}

fn restore_copy(target: &Client) {
    let restore = "DBClusterIdentifier=staging&SnapshotIdentifier=copy&Engine=aurora-postgresql&EngineVersion=15.6";
    done(target, "RestoreDBClusterFromSnapshot", restore);
    target.wait_for_cluster("staging", "available");
    let create = "DBInstanceIdentifier=staging-1&DBInstanceClass=db.r6g.large&Engine=aurora-postgresql\
        &DBClusterIdentifier=staging";
    done(target, "CreateDBInstance", create);
    let shown = target.wait("DescribeDBInstances", "DBInstanceIdentifier=staging-1", |answer| {
        answer.text("DBInstanceStatus") == Some("available")
    });
    assert!(shown.body.contains("<Endpoint><Address>"), "{}", shown.body);
}

fn remove_everything(target: &Client) {
    let instance = "DBInstanceIdentifier=staging-1";
    done(target, "DeleteDBInstance", &format!("{instance}&SkipFinalSnapshot=true"));
    gone(target, "DescribeDBInstances", instance, "DBInstanceNotFound");
    let cluster = "DBClusterIdentifier=staging";
    done(target, "DeleteDBCluster", &format!("{cluster}&SkipFinalSnapshot=true"));
    gone(target, "DescribeDBClusters", cluster, "DBClusterNotFoundFault");
    let copy = "DBClusterSnapshotIdentifier=copy";
    done(target, "DeleteDBClusterSnapshot", copy);
    gone(target, "DescribeDBClusterSnapshots", copy, "DBClusterSnapshotNotFoundFault");
}

#[tokio::test(flavor = "multi_thread")]
async fn actions_without_a_result_answer_without_a_result_element() {
    let running = start().await;
    let client = Client::of(running.sandbox.status());
    done(&client, "CreateDBCluster", CREATE);
    client.wait_until_restorable("orders");
    let arn = format!("ResourceName=arn:aws:rds:{REGION}:{ACCOUNT}:cluster:orders");
    for (action, parameters) in [
        ("AddTagsToResource", format!("{arn}&Tags.Tag.1.Key=a&Tags.Tag.1.Value=b")),
        ("RemoveTagsFromResource", format!("{arn}&TagKeys.member.1=team")),
        (
            "AddRoleToDBCluster",
            format!("DBClusterIdentifier=orders&RoleArn=arn:aws:iam::{ACCOUNT}:role/s3&FeatureName=s3Import"),
        ),
    ] {
        let body = done(&client, action, &parameters);
        let start = format!("<{action}Response xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\"><ResponseMetadata>");
        assert!(body.contains(&start), "{body}");
    }
    let tags = done(&client, "ListTagsForResource", &arn);
    assert!(tags.contains("<TagList><Tag><Key>a</Key><Value>b</Value></Tag></TagList>"), "{tags}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_comes_in_pages() {
    let running = start().await;
    let client = Client::of(running.sandbox.status());
    for n in 0..25 {
        done(
            &client,
            "CreateDBParameterGroup",
            &format!("DBParameterGroupName=group-{n:02}&DBParameterGroupFamily=aurora-postgresql15&Description=d"),
        );
    }
    let first = client.call("DescribeDBParameterGroups", "MaxRecords=20&Marker=");
    let marker = first.text("Marker").unwrap();
    let second = client.call("DescribeDBParameterGroups", &format!("MaxRecords=20&Marker={marker}"));
    assert_eq!(second.text("Marker"), None);
    let count = |body: &str| body.matches("<DBParameterGroupName>group-").count();
    assert_eq!(count(&first.body) + count(&second.body), 25);
    assert_eq!(client.call("DescribeDBParameterGroups", "MaxRecords=5").refusal(), (400, "InvalidParameterValue"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_has_the_elements_that_clients_read() {
    let running = start().await;
    let client = Client::of(running.sandbox.status());
    for (action, parameters, parts) in [
        (
            "DescribeDBEngineVersions",
            "Engine=aurora-postgresql&DefaultOnly=true&ListSupportedTimezones=false",
            &["<DBParameterGroupFamily>aurora-postgresql15<", "<ValidUpgradeTarget><UpgradeTarget><Engine>"][..],
        ),
        (
            "DescribeOrderableDBInstanceOptions",
            "Engine=aurora-postgresql&EngineVersion=15.6&DBInstanceClass=db.r6g.large&Vpc=true",
            &["<AvailabilityZones><AvailabilityZone><Name>eu-west-1a</Name>", "<DBInstanceClass>db.r6g.large<"],
        ),
        ("DescribeDBSubnetGroups", "DBSubnetGroupName=default", &["<SubnetAvailabilityZone><Name>eu-west-1a</Name>"]),
        ("DescribeAccountAttributes", "", &["<AccountQuotas><AccountQuota><AccountQuotaName>", "<Max>40</Max>"]),
        ("DescribeDBClusterParameterGroups", "", &["<DBClusterParameterGroups"]),
        ("DescribeEvents", "Duration=60", &["<Events"]),
    ] {
        let body = done(&client, action, parameters);
        for part in parts {
            assert!(body.contains(part), "{part} is not in {body}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scene_can_be_set_with_snapshots_of_the_past_and_keys() {
    let running = start().await;
    let client = Client::of(running.sandbox.status());
    let token = Status::control_token(running.directory.path()).unwrap();
    done(&client, "CreateDBCluster", CREATE);
    client.wait_until_restorable("orders");
    let place = format!("\"account\":\"{ACCOUNT}\",\"region\":\"{REGION}\"");
    let automated = format!("{{{place},\"cluster\":\"orders\",\"created_at\":\"2026-01-02T03:04:05Z\"}}");
    let answer = client.control(&token, "POST", "snapshots", &automated);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let named = format!("{{{place},\"cluster\":\"orders\",\"name\":\"nightly-2026-01-01\",\"tags\":{{\"a\":\"b\"}}}}");
    assert_eq!(client.control(&token, "POST", "snapshots", &named).status, 200);
    let listed = client.call("DescribeDBClusterSnapshots", "DBClusterIdentifier=orders&SnapshotType=automated").body;
    assert!(listed.contains("<SnapshotCreateTime>2026-01-02T03:04:05.000Z<"), "{listed}");
    assert!(listed.contains("<DBClusterSnapshotIdentifier>rds:orders-2026-01-02-03-04<"), "{listed}");
    let nobody = format!("{{{place},\"cluster\":\"nobody\"}}");
    assert_eq!(client.control(&token, "POST", "snapshots", &nobody).status, 404);

    let key =
        format!("{{{place},\"key\":{{\"key_id\":\"11111111-2222-4333-8444-555555555555\",\"alias\":\"restore\"}}}}");
    let answer = client.control(&token, "POST", "kms-keys", &key);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let encrypted = CREATE.replace("Orders", "secret") + "&StorageEncrypted=true&KmsKeyId=alias/restore";
    let body = done(&client, "CreateDBCluster", &encrypted);
    assert!(body.contains(":key/11111111-2222-4333-8444-555555555555</KmsKeyId>"), "{body}");
}
