//! Sharing of snapshots between accounts, and keys.

use super::snapshots::copy;
use super::stage::{FRANKFURT, IRELAND, PROD, STAGING, Stage};
use crate::model::Place;
use crate::model::call::{
    Call, CopyDbClusterSnapshot, DescribeDbClusterSnapshots, ModifyDbClusterSnapshotAttribute, NameDbClusterSnapshot,
};
use crate::model::error::RdsErrorCode;
use crate::model::reply::Reply;
use crate::model::resources::{KmsKey, SnapshotKind, SnapshotStatus, Tag};
use crate::model::{AccountId, RegionName};

const PROD_KEY: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const STAGING_KEY: &str = "bbbbbbbb-0000-4000-8000-000000000002";

fn place(account: &str, region: &str) -> Place {
    Place { account: AccountId::from(account), region: RegionName::from(region) }
}

fn share(snapshot: &str, accounts: &[&str]) -> Call {
    Call::ModifyDbClusterSnapshotAttribute(ModifyDbClusterSnapshotAttribute {
        db_cluster_snapshot_identifier: snapshot.to_owned(),
        attribute_name: "restore".to_owned(),
        values_to_add: accounts.iter().map(|account| (*account).to_owned()).collect(),
        values_to_remove: Vec::new(),
    })
}

fn put_key(stage: &mut Stage, place: &Place, key_id: &str, allowed: &[&str]) -> String {
    let key = KmsKey {
        key_id: key_id.to_owned(),
        alias: Some("restore".to_owned()),
        allowed_accounts: allowed.iter().map(|account| AccountId::from(*account)).collect(),
        disabled: false,
    };
    stage.world.put_kms_key(place, key);
    format!("arn:aws:kms:{}:{}:key/{key_id}", place.region, place.account)
}

/// A snapshot in the production account, under a key if one is named; returns its ARN.
fn snapshot(stage: &mut Stage, key: Option<&str>) -> String {
    stage.go(PROD, IRELAND);
    let mut input = Stage::new_cluster("prod");
    input.settings.kms_key_id = key.map(str::to_owned);
    stage.ok(Call::CreateDbCluster(input));
    stage.settle();
    stage.snapshot("nightly", "prod").db_cluster_snapshot_arn.clone()
}

fn encrypted_copy(source: &str, key: &str) -> CopyDbClusterSnapshot {
    CopyDbClusterSnapshot { kms_key_id: Some(key.to_owned()), ..copy(source, "copy") }
}

#[test]
fn a_shared_snapshot_is_seen_by_those_it_is_shared_with_under_its_arn() {
    let mut stage = Stage::new();
    let arn = snapshot(&mut stage, None);
    stage.go(STAGING, IRELAND);
    let shared = || DescribeDbClusterSnapshots {
        snapshot_type: Some("shared".to_owned()),
        ..DescribeDbClusterSnapshots::default()
    };
    assert_eq!(stage.list_snapshots(shared()), Vec::<String>::new());
    stage.go(PROD, IRELAND);
    stage.ok(share("nightly", &[STAGING]));
    stage.go(STAGING, IRELAND);
    assert_eq!(stage.list_snapshots(shared()), std::slice::from_ref(&arn));
    assert_eq!(stage.list_snapshots(DescribeDbClusterSnapshots::default()), Vec::<String>::new());
    let included = DescribeDbClusterSnapshots { include_shared: Some(true), ..Stage::describe_snapshot(&arn) };
    let Reply::Snapshots(page) = stage.ok(Call::DescribeDbClusterSnapshots(included)) else { panic!("not snapshots") };
    assert_eq!(page.items[0].snapshot_type, SnapshotKind::Shared);
    stage.go(STAGING, FRANKFURT);
    assert_eq!(stage.list_snapshots(shared()), Vec::<String>::new());
    stage.go("333333333333", IRELAND);
    assert_eq!(stage.list_snapshots(shared()), Vec::<String>::new());
}

#[test]
fn a_shared_snapshot_is_copied_and_restored_by_arn_and_by_no_other_account() {
    let mut stage = Stage::new();
    let arn = snapshot(&mut stage, None);
    stage.go(STAGING, IRELAND);
    let by = |name: &str| Call::CopyDbClusterSnapshot(copy(name, "copy"));
    assert_eq!(stage.refused(by(&arn)), RdsErrorCode::DbClusterSnapshotNotFound);
    stage.go(PROD, IRELAND);
    stage.ok(share("nightly", &[STAGING]));
    stage.go(STAGING, IRELAND);
    assert_eq!(stage.refused(by("nightly")), RdsErrorCode::DbClusterSnapshotNotFound);
    stage.ok(by(&arn));
    stage.ok(Call::RestoreDbClusterFromSnapshot(Stage::restore("direct", &arn)));
    stage.settle();
    assert_eq!(stage.see_snapshot("copy").status, SnapshotStatus::Available);
    stage.go(STAGING, FRANKFURT);
    stage.ok(by(&arn));
}

#[test]
fn a_public_snapshot_is_there_for_everybody() {
    let mut stage = Stage::new();
    let arn = snapshot(&mut stage, None);
    stage.ok(share("nightly", &["all"]));
    stage.go(STAGING, IRELAND);
    let public = DescribeDbClusterSnapshots {
        snapshot_type: Some("public".to_owned()),
        ..DescribeDbClusterSnapshots::default()
    };
    assert_eq!(stage.list_snapshots(public), std::slice::from_ref(&arn));
    stage.ok(Call::CopyDbClusterSnapshot(copy(&arn, "copy")));
}

#[test]
fn tags_of_a_shared_snapshot_stay_with_their_owner() {
    let mut stage = Stage::new();
    let arn = snapshot(&mut stage, None);
    stage.ok(Call::AddTagsToResource(crate::model::call::AddTagsToResource {
        resource_name: arn.clone(),
        tags: vec![Tag::new("team", "data")],
    }));
    stage.ok(share("nightly", &[STAGING]));
    stage.go(STAGING, IRELAND);
    let list = Call::ListTagsForResource(crate::model::call::ListTagsForResource {
        resource_name: arn.clone(),
        filters: Vec::new(),
    });
    assert_eq!(stage.refused(list), RdsErrorCode::InvalidParameterValue);
    stage.ok(Call::CopyDbClusterSnapshot(CopyDbClusterSnapshot { copy_tags: Some(true), ..copy(&arn, "copy") }));
    assert_eq!(stage.see_snapshot("copy").tag_list, []);
}

#[test]
fn a_snapshot_is_shared_with_twenty_accounts_at_most() {
    let mut stage = Stage::new();
    snapshot(&mut stage, None);
    let accounts: Vec<String> = (0..21).map(|number| format!("{number:012}")).collect();
    let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
    assert_eq!(stage.refused(share("nightly", &accounts)), RdsErrorCode::SharedSnapshotQuotaExceeded);
    stage.ok(share("nightly", &accounts[..20]));
    assert_eq!(stage.refused(share("nightly", &["not-an-account"])), RdsErrorCode::InvalidParameterValue);
    let Reply::SnapshotAttributes(shown) = stage.ok(Call::DescribeDbClusterSnapshotAttributes(NameDbClusterSnapshot {
        db_cluster_snapshot_identifier: "nightly".to_owned(),
    })) else {
        panic!("not attributes")
    };
    assert_eq!(shown.attributes[0].attribute_values.len(), 20);
}

#[test]
fn an_automated_snapshot_is_not_shared() {
    let mut stage = Stage::new();
    stage.cluster("prod");
    let seed = crate::model::SeedSnapshot {
        place: stage.place(),
        db_cluster_identifier: "prod".to_owned(),
        created_at: stage.now,
        name: None,
        tags: Vec::new(),
    };
    let name = stage.world.seed_snapshot(seed, stage.now).unwrap().db_cluster_snapshot_identifier.clone();
    assert_eq!(stage.refused(share(&name, &[STAGING])), RdsErrorCode::InvalidDbClusterSnapshotState);
}

#[test]
fn a_snapshot_under_the_default_key_is_copied_to_a_customer_key_before_it_is_shared() {
    let mut stage = Stage::new();
    let key = put_key(&mut stage, &place(PROD, IRELAND), PROD_KEY, &[STAGING]);
    snapshot(&mut stage, Some("alias/aws/rds"));
    assert_eq!(stage.refused(share("nightly", &[STAGING])), RdsErrorCode::InvalidDbClusterSnapshotState);
    stage.ok(Call::CopyDbClusterSnapshot(encrypted_copy("nightly", &key)));
    stage.settle();
    stage.ok(share("copy", &[STAGING]));
    assert_eq!(stage.refused(share("copy", &["all"])), RdsErrorCode::InvalidDbClusterSnapshotState);
}

#[test]
fn a_key_is_refused_for_the_copy_of_a_snapshot_that_is_not_encrypted() {
    let mut stage = Stage::new();
    let key = put_key(&mut stage, &place(PROD, IRELAND), PROD_KEY, &[]);
    snapshot(&mut stage, None);
    let code = stage.refused(Call::CopyDbClusterSnapshot(encrypted_copy("nightly", &key)));
    assert_eq!(code, RdsErrorCode::InvalidParameterCombination);
}

#[test]
fn an_encrypted_copy_in_another_region_needs_a_key_of_that_region() {
    let mut stage = Stage::new();
    let here = put_key(&mut stage, &place(PROD, IRELAND), PROD_KEY, &[]);
    let there = put_key(&mut stage, &place(PROD, FRANKFURT), STAGING_KEY, &[]);
    let arn = snapshot(&mut stage, Some(&here));
    stage.go(PROD, FRANKFURT);
    assert_eq!(
        stage.refused(Call::CopyDbClusterSnapshot(copy(&arn, "copy"))),
        RdsErrorCode::InvalidParameterCombination
    );
    assert_eq!(
        stage.refused(Call::CopyDbClusterSnapshot(encrypted_copy(&arn, &here))),
        RdsErrorCode::KmsKeyNotAccessible
    );
    stage.ok(Call::CopyDbClusterSnapshot(encrypted_copy(&arn, "alias/restore")));
    assert_eq!(stage.see_snapshot("copy").kms_key_id.as_deref(), Some(there.as_str()));
}

#[test]
fn a_shared_encrypted_snapshot_needs_a_key_of_ones_own_and_access_to_the_owners_key() {
    let mut stage = Stage::new();
    let own = put_key(&mut stage, &place(STAGING, IRELAND), STAGING_KEY, &[]);
    let theirs = put_key(&mut stage, &place(PROD, IRELAND), PROD_KEY, &[]);
    let arn = snapshot(&mut stage, Some(&theirs));
    stage.ok(share("nightly", &[STAGING]));
    stage.go(STAGING, IRELAND);
    assert_eq!(
        stage.refused(Call::CopyDbClusterSnapshot(encrypted_copy(&arn, &own))),
        RdsErrorCode::KmsKeyNotAccessible
    );
    put_key(&mut stage, &place(PROD, IRELAND), PROD_KEY, &[STAGING]);
    assert_eq!(
        stage.refused(Call::CopyDbClusterSnapshot(copy(&arn, "copy"))),
        RdsErrorCode::InvalidParameterCombination
    );
    assert_eq!(
        stage.refused(Call::RestoreDbClusterFromSnapshot(Stage::restore("direct", &arn))),
        RdsErrorCode::InvalidRestore
    );
    stage.ok(Call::CopyDbClusterSnapshot(encrypted_copy(&arn, &own)));
    stage.settle();
    stage.ok(Call::RestoreDbClusterFromSnapshot(Stage::restore("restored", "copy")));
    assert_eq!(stage.see("restored").kms_key_id.as_deref(), Some(own.as_str()));
}

#[test]
fn an_alias_or_bare_id_of_another_account_does_not_resolve() {
    let mut stage = Stage::new();
    let theirs = put_key(&mut stage, &place(PROD, IRELAND), PROD_KEY, &[STAGING]);
    let arn = snapshot(&mut stage, Some(&theirs));
    stage.ok(share("nightly", &[STAGING]));
    stage.go(STAGING, IRELAND);
    for name in [PROD_KEY, "alias/restore", "None", ""] {
        let code = stage.refused(Call::CopyDbClusterSnapshot(encrypted_copy(&arn, name)));
        assert_eq!(code, RdsErrorCode::KmsKeyNotAccessible, "{name}");
    }
    stage.ok(Call::CopyDbClusterSnapshot(encrypted_copy(&arn, &theirs)));
}

#[test]
fn a_disabled_key_is_not_accessible() {
    let mut stage = Stage::new();
    put_key(&mut stage, &place(PROD, IRELAND), PROD_KEY, &[]);
    snapshot(&mut stage, Some(PROD_KEY));
    let disabled = KmsKey {
        key_id: PROD_KEY.to_owned(),
        alias: None,
        allowed_accounts: std::collections::BTreeSet::new(),
        disabled: true,
    };
    stage.world.put_kms_key(&place(PROD, IRELAND), disabled);
    assert_eq!(stage.refused(Call::CopyDbClusterSnapshot(copy("nightly", "copy"))), RdsErrorCode::KmsKeyNotAccessible);
    assert_eq!(
        stage.refused(Call::RestoreDbClusterFromSnapshot(Stage::restore("restored", "nightly"))),
        RdsErrorCode::KmsKeyNotAccessible
    );
}
