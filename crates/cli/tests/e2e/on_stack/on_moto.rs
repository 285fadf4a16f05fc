//! The same stack with moto in place of the sandbox, as far as moto goes: it answers what a plan has to ask for (quotas,
//! versions) with status 500. That much has to be told, and nothing may be left.

use aurora_restore_testing::stand_in::StandIn;

use super::OnStack;
use crate::support::{Pace, STAGING, World};

#[test]
fn a_restore_over_moto_ends_where_moto_does_and_leaves_nothing() {
    let moto = StandIn::moto();
    set_stage(&moto);
    let stage = OnStack::over_another_rds(World::new(Pace::None, 5), moto.url(), "yesterday");
    stage.start("op-1", &[]);
    assert_eq!(stage.ended("op-1"), ("FAILED".to_owned(), "AuroraRestore.Failed".to_owned()));
    let report = stage.read(&["report", "op-1"]);
    let failure = report["failure"].to_string();
    assert!(report["status"] == "FAILED" && failure.contains("HTTP status 500"), "{failure}");
    let form = [("Action", "DescribeDBClusters"), ("Version", "2014-10-31")];
    assert_eq!(moto.query("rds", &form).matches("<DBClusterIdentifier>").count(), 1);
}

fn set_stage(moto: &StandIn) {
    let call = |action: &str, more: &[(&str, &str)]| {
        let form = [("Action", action), ("Version", "2014-10-31"), ("DBClusterIdentifier", "production")];
        moto.query("rds", &[&form, more].concat());
    };
    let login = [("MasterUsername", "dba"), ("MasterUserPassword", "first-Password-1")];
    call("CreateDBCluster", &[&[("Engine", "aurora-postgresql")], login.as_slice()].concat());
    call("CreateDBClusterSnapshot", &[("DBClusterSnapshotIdentifier", "yesterday")]);
    assert_eq!(STAGING.1, aurora_restore_testing::stand_in::REGION, "moto is asked in the Region of the stack");
}
