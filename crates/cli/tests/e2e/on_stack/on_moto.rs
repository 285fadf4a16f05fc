//! Moto, as far as it goes: in place of the sandbox under a stack, and in place of everything under a deployment. Where it ends has
//! to be told, and nothing may be left.

use std::fs;

use aurora_restore_testing::stand_in::StandIn;

use super::{OnStack, stage};
use crate::support::{Ended, Pace, STAGING, World, directory, program};

/// It answers what a plan has to ask for (quotas, versions) with status 500.
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

/// The bucket, the package, the template, and a change set with every resource: all of it as with AWS. Moto's CloudFormation then fails
/// with status 500 over the tags of the first key, which it wants in the form of another call.
#[test]
fn a_deployment_to_moto_is_prepared_and_shown_and_says_where_moto_ends() {
    let moto = StandIn::moto();
    let home = directory();
    fs::write(home.path().join("person.toml"), format!("[target]\nregion = \"{}\"\n", STAGING.1)).unwrap();
    let package = stage::package().display().to_string();
    let stack = |action: &str, more: &[&str]| -> Ended {
        let mut command = program();
        command
            // Moto reads a template by its address only where the host is called so.
            .env("AWS_ENDPOINT_URL", moto.url().replace("127.0.0.1", "localhost"))
            .env("AWS_ACCESS_KEY_ID", STAGING.0)
            .env("AWS_SECRET_ACCESS_KEY", "not-checked")
            .arg("--config")
            .arg(home.path().join("person.toml"))
            .args(["--stack", stage::STACK, "stack", action])
            .args(more);
        command.output().unwrap().into()
    };
    let architecture = format!("Architecture={}", stage::architecture());
    let of = ["--package", &package, "--parameter", &architecture, "--parameter", "TargetClusters=staging*"];
    let of = [of.as_slice(), &["--parameter", "TargetInstances=staging*", "--parameter", "SavedQueries=no"]].concat();
    let deployed = stack("deploy", &[of.as_slice(), &["--yes"]].concat()).with_code(1);
    for told in ["making bucket aurora-restore-", "sending the package", "sending the template", "StateMachine"] {
        assert!(deployed.err.contains(told), "`{told}` is not said:\n{}", deployed.err);
    }
    assert!(deployed.err.contains("cloudformation:ExecuteChangeSet"), "{}", deployed.err);
    // What was sent is found again by its digest.
    let again = stack("deploy", &[of.as_slice(), &["--yes"]].concat()).with_code(1);
    assert!(!again.err.contains("sending") && again.err.contains("cloudformation:ExecuteChangeSet"), "{}", again.err);
}
