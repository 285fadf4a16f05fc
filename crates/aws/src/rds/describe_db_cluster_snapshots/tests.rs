//! The rules by which snapshots are found.

use aurora_restore_core::ports::RdsReads;

use super::*;
use crate::rds::replay::{ACCOUNT, Replay, refusal, reply};

const OTHER: &str = "444455556666";

fn shown(owner: &str, name: &str, cluster: &str, kind: &str) -> String {
    let arn = format!("arn:aws:rds:eu-central-1:{owner}:cluster-snapshot:{name}");
    let id = if owner == ACCOUNT { name } else { &arn };
    format!(
        "<DBClusterSnapshot>
           <DBClusterSnapshotIdentifier>{id}</DBClusterSnapshotIdentifier>
           <DBClusterSnapshotArn>{arn}</DBClusterSnapshotArn>
           <DBClusterIdentifier>{cluster}</DBClusterIdentifier><SnapshotType>{kind}</SnapshotType>
           <Status>available</Status><PercentProgress>100</PercentProgress>
           <SnapshotCreateTime>2026-11-21T03:10:00.123Z</SnapshotCreateTime>
           <Engine>aurora-postgresql</Engine><EngineVersion>16.4</EngineVersion>
           <AllocatedStorage>12</AllocatedStorage><StorageEncrypted>true</StorageEncrypted>
           <KmsKeyId>arn:aws:kms:eu-central-1:{owner}:key/1</KmsKeyId><MasterUsername>postgres</MasterUsername>
           <TagList><Tag><Key>team</Key><Value>data</Value></Tag></TagList>
         </DBClusterSnapshot>"
    )
}

fn snapshots(list: &str) -> (u16, String) {
    reply(ACTION, &format!("<DBClusterSnapshots>{list}</DBClusterSnapshots>"))
}

fn by_name(name: &str) -> SnapshotAddress {
    SnapshotAddress::Name(SnapshotId::new(name).unwrap())
}

fn by_arn(owner: &str, region: &str, name: &str) -> SnapshotAddress {
    let arn = format!("arn:aws:rds:{region}:{owner}:cluster-snapshot:{name}");
    SnapshotAddress::Arn(Arn::new(arn).unwrap())
}

#[tokio::test]
async fn a_manual_snapshot_is_found_by_its_name() {
    let replay = Replay::answering([snapshots(&shown(ACCOUNT, "prod-2026-11-21", "prod", "manual"))]);
    let snapshot = replay.rds().snapshot(&by_name("prod-2026-11-21")).await.unwrap();
    assert_eq!(snapshot.kind, SnapshotKind::Manual);
    assert_eq!(snapshot.status, SnapshotStatus::Available);
    assert_eq!((snapshot.percent, snapshot.size_gib), (100, 12));
    assert_eq!(snapshot.created_at.unwrap().to_string(), "2026-11-21T03:10:00.123Z");
    assert!(snapshot.encrypted);
    assert_eq!(snapshot.tags["team"], "data");
    assert_eq!(replay.only_form(), "Action=DescribeDBClusterSnapshots&DBClusterSnapshotIdentifier=prod-2026-11-21");
}

#[tokio::test]
async fn an_automated_snapshot_is_asked_for_as_one() {
    let name = "rds:prod-2026-11-21-03-10";
    let replay = Replay::answering([snapshots(&shown(ACCOUNT, name, "prod", "automated"))]);
    let snapshot = replay.rds().snapshot(&by_name(name)).await.unwrap();
    assert_eq!(snapshot.kind, SnapshotKind::Automated);
    assert_eq!(snapshot.id.as_str(), name);
    assert!(replay.only_form().ends_with("&SnapshotType=automated"));
}

#[tokio::test]
async fn a_snapshot_of_ours_addressed_by_arn_is_asked_for_by_name() {
    let replay = Replay::answering([snapshots(&shown(ACCOUNT, "s", "prod", "manual"))]);
    let found = replay.rds().snapshot(&by_arn(ACCOUNT, "eu-central-1", "s")).await;
    assert_eq!(found.unwrap().id.as_str(), "s");
    assert!(replay.only_form().ends_with("&DBClusterSnapshotIdentifier=s"));
}

#[tokio::test]
async fn a_namesake_in_this_region_is_not_the_one_of_another_region() {
    let replay = Replay::answering([snapshots(&shown(ACCOUNT, "s", "prod", "manual"))]);
    let found = replay.rds().snapshot(&by_arn(ACCOUNT, "eu-west-1", "s")).await;
    assert!(found.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_shared_snapshot_is_addressed_by_arn_and_known_as_shared() {
    let replay = Replay::answering([snapshots(&shown(OTHER, "s", "prod", "manual"))]);
    let snapshot = replay.rds().snapshot(&by_arn(OTHER, "eu-central-1", "s")).await.unwrap();
    assert_eq!(snapshot.kind, SnapshotKind::Shared);
    assert_eq!(snapshot.id.as_str(), "s");
    assert_eq!(snapshot.owner().unwrap().as_str(), OTHER);
    let form = replay.only_form();
    assert!(form.contains("IncludeShared=true"), "{form}");
    assert!(form.contains("DBClusterSnapshotIdentifier=arn:aws:rds:eu-central-1:444455556666:"), "{form}");
}

#[tokio::test]
async fn a_shared_snapshot_that_is_not_found_by_arn_is_looked_for_in_the_list() {
    let gone = || refusal(404, "DBClusterSnapshotNotFoundFault", "not found");
    let address = by_arn(OTHER, "eu-central-1", "s");
    let replay = Replay::answering([gone(), snapshots(&shown(OTHER, "s", "prod", "shared"))]);
    assert!(replay.rds().snapshot(&address).await.is_ok());
    assert!(replay.forms()[1].contains("SnapshotType=shared"));

    let replay = Replay::answering([gone(), snapshots(&shown(OTHER, "t", "prod", "shared"))]);
    assert!(replay.rds().snapshot(&address).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_look_by_arn_that_is_denied_matters_only_if_the_list_does_not_show_the_snapshot() {
    let denied = || refusal(403, "AccessDenied", "not authorized to perform: rds:DescribeDBClusterSnapshots");
    let address = by_arn(OTHER, "eu-central-1", "s");
    let replay = Replay::answering([denied(), snapshots(&shown(OTHER, "s", "prod", "shared"))]);
    assert_eq!(replay.rds().snapshot(&address).await.unwrap().id.as_str(), "s");

    // Denied is not gone, and what was denied is named.
    let replay = Replay::answering([denied(), snapshots(&shown(OTHER, "t", "prod", "shared"))]);
    let error = replay.rds().snapshot(&address).await.unwrap_err();
    assert_eq!(error.kind, RdsErrorKind::AccessDenied);
    assert!(error.to_string().contains("rds:DescribeDBClusterSnapshots"), "{error}");

    // Nor is a list that is denied an empty one.
    let gone = refusal(404, "DBClusterSnapshotNotFoundFault", "not found");
    let replay = Replay::answering([gone, denied()]);
    assert_eq!(replay.rds().snapshot(&address).await.unwrap_err().kind, RdsErrorKind::AccessDenied);
}

#[tokio::test]
async fn snapshots_of_a_cluster_are_picked_from_the_list_so_that_it_need_not_exist() {
    let list = [
        shown(ACCOUNT, "a", "prod", "manual"),
        shown(ACCOUNT, "b", "prod-2", "manual"),
        shown(ACCOUNT, "rds:prod-2026-11-21-03-10", "PROD", "automated"),
        shown(ACCOUNT, "awsbackup:job-1", "prod", "awsbackup"),
    ]
    .concat();
    let replay = Replay::answering([snapshots(&list)]);
    let query = SnapshotQuery { cluster: Some(ClusterId::new("prod").unwrap()), kinds: Vec::new() };
    let found = replay.rds().snapshots(&query).await.unwrap();
    let found: Vec<_> = found.iter().map(|s| (s.id.as_str(), s.kind)).collect();
    assert_eq!(
        found,
        [
            ("a", SnapshotKind::Manual),
            ("rds:prod-2026-11-21-03-10", SnapshotKind::Automated),
            ("awsbackup:job-1", SnapshotKind::Manual),
        ]
    );
    assert_eq!(replay.only_form(), "Action=DescribeDBClusterSnapshots&MaxRecords=100");
}

#[tokio::test]
async fn each_kind_is_asked_for_in_its_own_way() {
    let query = SnapshotQuery { cluster: None, kinds: vec![SnapshotKind::Manual, SnapshotKind::Shared] };
    let replay = Replay::answering([
        snapshots(&shown(ACCOUNT, "a", "prod", "manual")),
        snapshots(&shown(OTHER, "s", "prod", "shared")),
    ]);
    let found = replay.rds().snapshots(&query).await.unwrap();
    assert_eq!(found.len(), 2);
    let forms = replay.forms();
    assert!(forms[0].contains("SnapshotType=manual"), "{}", forms[0]);
    assert!(forms[1].contains("SnapshotType=shared"), "{}", forms[1]);
}

#[tokio::test]
async fn a_snapshot_that_is_being_made_may_lack_its_time() {
    let shown = shown(ACCOUNT, "a", "prod", "manual")
        .replace("<Status>available</Status>", "<Status>creating</Status>")
        .replace("<PercentProgress>100</PercentProgress>", "")
        .replace("<SnapshotCreateTime>2026-11-21T03:10:00.123Z</SnapshotCreateTime>", "");
    let replay = Replay::answering([snapshots(&shown)]);
    let snapshot = replay.rds().snapshot(&by_name("a")).await.unwrap();
    assert_eq!(snapshot.status, SnapshotStatus::Creating);
    assert_eq!((snapshot.created_at, snapshot.percent), (None, 0));
}
