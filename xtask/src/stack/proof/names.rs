//! The roles know what the engine makes by the forms of its names. Here the engine gives names, also for the longest target.

use aurora_restore_core::{
    ids::{ClusterId, InstanceId, OperationId, SnapshotId},
    plan::{NameInputs, Names},
    request::Strategy,
};

use super::{
    super::place::Place,
    condition::Keys,
    policy::{Call, Policy},
    role,
};

/// The names of an operation on a target with two instances; the new cluster has three.
fn names(strategy: Strategy, target: &str) -> Names {
    let shortened = &target[..target.len().min(61)];
    let existing = ["-1", "-2"].map(|end| InstanceId::new(format!("{shortened}{end}")).unwrap());
    let (operation, target) = (OperationId::new("op-1").unwrap(), ClusterId::new(target).unwrap());
    let snapshot = SnapshotId::new("rds:production-2026-11-22-03-10").unwrap();
    let inputs = NameInputs {
        operation: &operation,
        strategy,
        target: &target,
        instance_count: 3,
        existing_instances: &existing,
        snapshot: Some(&snapshot),
        copy_count: 2,
    };
    Names::derive(&inputs).unwrap()
}

fn role_of(name: &str) -> Policy {
    role(Place::all().into_iter().find(|place| place.name() == name).unwrap())
}

fn call(action: &str, thing: &str, keys: &[(&str, &str)]) -> Call {
    let key = |(key, value): &(&str, &str)| ((*key).to_owned(), vec![(*value).to_owned()]);
    Call {
        action: format!("rds:{action}"),
        on: format!("arn:aws:rds:eu-central-1:444455556666:{thing}"),
        keys: keys.iter().map(key).collect::<Keys>(),
    }
}

/// The tags in a request that makes something as this.
fn claims(role: &str) -> [(&str, &str); 2] {
    [("aws:RequestTag/aurora-restore:operation-id", "op-1"), ("aws:RequestTag/aurora-restore:role", role)]
}

#[test]
fn what_is_made_beside_the_target_may_be_made_under_every_name() {
    for target in ["staging", &"t".repeat(63)] {
        for strategy in [Strategy::Swap, Strategy::SideBySide] {
            let names = names(strategy, target);
            let cluster = call("AddTagsToResource", &format!("cluster:{}", names.staged), &claims("staged"));
            assert!(role_of("restore-snapshot").allows(&cluster), "{cluster:#?}");
            for instance in &names.staged_instances {
                let instance = call("CreateDBInstance", &format!("db:{instance}"), &claims("staged"));
                assert!(role_of("create-instances").allows(&instance), "{instance:#?}");
            }
            for copy in &names.copies {
                let copy = call("AddTagsToResource", &format!("cluster-snapshot:{copy}"), &claims("copy"));
                assert!(role_of("copy-snapshot").allows(&copy), "{copy:#?}");
            }
        }
    }
}

#[test]
fn what_is_retired_may_be_ended_under_every_name() {
    let marked = [("aws:ResourceTag/aurora-restore:retired-by", "op-1")];
    for target in ["staging", &"t".repeat(63)] {
        let (names, retire) = (names(Strategy::Swap, target), role_of("retire"));
        let cluster = call("DeleteDBCluster", &format!("cluster:{}", names.retired), &marked);
        assert!(retire.allows(&cluster), "{cluster:#?}");
        for instance in &names.retired_instances {
            let instance = call("DeleteDBInstance", &format!("db:{instance}"), &marked);
            assert!(retire.allows(&instance), "{instance:#?}");
        }
        let snapshot = format!("cluster-snapshot:{}", names.final_snapshot);
        let snapshot = call("AddTagsToResource", &snapshot, &claims("final-snapshot"));
        assert!(retire.allows(&snapshot), "{snapshot:#?}");
    }
}

#[test]
fn replace_may_make_its_instances_under_the_targets_names_and_beyond_them() {
    // `TargetClusters` is `staging`, and `TargetInstances` is `staging-*`.
    let names = names(Strategy::Replace, "staging");
    let cluster = call("AddTagsToResource", &format!("cluster:{}", names.staged), &claims("staged"));
    assert!(role_of("restore-snapshot").allows(&cluster), "{cluster:#?}");
    for instance in &names.staged_instances {
        let instance = call("CreateDBInstance", &format!("db:{instance}"), &claims("staged"));
        assert!(role_of("create-instances").allows(&instance), "{instance:#?}");
    }
}
