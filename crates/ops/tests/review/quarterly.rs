//! The quarterly checks, both ways.

use aurora_restore_core::operation::Status;
use aurora_restore_ops::{
    drill::Scenario,
    ports::{KeyFacts, KeyRotation, KeyState},
    review::{Drill, DrillResult, Finding, Level, Period, Reach, Unlooked},
};
use aurora_restore_sandbox::model::{
    call::{Action, Call, ModifyDbInstance},
    faults::{Fault, FaultRule},
};
use aurora_restore_testing::{
    review::MemorySafeguards,
    scenario::{Pace, Stage, operation},
};
use jiff::SignedDuration;

use super::world::{BUCKET, FUNCTION, KEY, LOG, SECRET, TABLE, TOPIC, World, found, shown, told};

const STATUS: &str = "aurora-restore --stack ours stack status";
const DAY: SignedDuration = SignedDuration::from_hours(24);

#[tokio::test(start_paused = true)]
async fn a_clean_quarter_gives_no_finding() {
    assert_eq!(World::clean().findings(Period::Quarterly).await, []);
}

#[tokio::test(start_paused = true)]
async fn a_runtime_whose_support_has_ended_is_found() {
    let mut world = World::clean();
    let _before = world.deployed.stack.parameters.insert("Runtime".to_owned(), "provided.al2".to_owned());
    let (check, finding) = world.only(Period::Quarterly).await;
    let expected =
        (Level::Error, "support of lambda provided.al2 has ended", "aurora-restore --stack ours stack deploy");
    assert_eq!((check, told(&finding)), ("runtimes", expected));
}

/// After a rollback a function serves on what it was published on, and the stack says another one.
#[tokio::test(start_paused = true)]
async fn a_function_that_serves_on_a_runtime_whose_support_has_ended_is_found_whatever_the_stack_says() {
    let mut world = World::clean();
    world.functions.change_published(FUNCTION, |version| version.runtime = "provided.al2".to_owned());
    for of_stack in ["provided.al2023", "provided.al2"] {
        let _before = world.deployed.stack.parameters.insert("Runtime".to_owned(), of_stack.to_owned());
        let (check, finding) = world.only(Period::Quarterly).await;
        assert_eq!(
            (check, finding.level, &*finding.what),
            ("runtimes", Level::Error, "support of lambda provided.al2 has ended")
        );
        assert_eq!(shown(&finding, "used by"), format!("1 ({FUNCTION})"));
    }
}

#[tokio::test(start_paused = true)]
async fn where_functions_cannot_be_asked_the_stacks_runtime_is_judged_and_that_is_told() {
    let mut world = World::clean();
    let _before = world.deployed.stack.parameters.insert("Runtime".to_owned(), "provided.al2".to_owned());
    let ended = "support of lambda provided.al2 has ended";
    let why = Unlooked { reason: "no endpoint".to_owned(), mend: "aurora-restore doctor".to_owned() };
    let mut site = world.site();
    site.functions = Reach::Unreachable(why);
    let findings = found(&site, Period::Quarterly).await;
    let of_runtimes = findings.iter().filter(|(check, _)| *check == "runtimes");
    let texts: Vec<&str> = of_runtimes.map(|(_, finding)| finding.what.as_str()).collect();
    assert_eq!(texts, [ended, "the functions could not be looked at: no endpoint"]);
    let mut site = world.site();
    site.functions = Reach::NotHere("no stack is reviewed");
    let findings = found(&site, Period::Quarterly).await;
    assert_eq!(findings.iter().map(|(_, finding)| finding.what.as_str()).collect::<Vec<_>>(), [ended]);
}

#[tokio::test(start_paused = true)]
async fn each_missing_safeguard_is_found_by_itself_with_the_command_that_mends_it() {
    type Fault = fn(&mut MemorySafeguards);
    let faults: [(Fault, Level, &str, &str); 13] = [
        (
            |held| held.tables.get_mut(TABLE).unwrap().key = None,
            Level::Warning,
            "is not encrypted",
            "aws dynamodb update-table",
        ),
        (
            |held| held.tables.get_mut(TABLE).unwrap().point_in_time = false,
            Level::Error,
            "cannot be brought back",
            "aws dynamodb update-continuous-backups",
        ),
        (|held| held.topics.get_mut(TOPIC).unwrap().key = None, Level::Warning, "is not encrypted", "aws sns"),
        (
            |held| held.logs.get_mut(LOG).unwrap().retention_days = None,
            Level::Warning,
            "keeps its lines for ever",
            "aws logs put-retention-policy",
        ),
        (
            |held| held.logs.get_mut(LOG).unwrap().key = None,
            Level::Warning,
            "is not encrypted with a key of this account",
            "aurora-restore --stack ours stack deploy",
        ),
        (|held| held.tables.clear(), Level::Error, "table AuroraRestoreStateTable does not exist", STATUS),
        (|held| held.topics.clear(), Level::Error, "topic notices does not exist", STATUS),
        (|held| held.logs.clear(), Level::Error, "copy-snapshot does not exist", STATUS),
        (|held| held.buckets.clear(), Level::Error, "eu-central-1 does not exist", STATUS),
        (
            |held| held.buckets.get_mut(BUCKET).unwrap().public_is_refused = false,
            Level::Error,
            "can be made public",
            "aws s3api put-public-access-block",
        ),
        (
            |held| {
                let secret = held.secrets.get_mut(SECRET).unwrap();
                secret.changed_at = secret.changed_at.map(|at| at - DAY * 160);
            },
            Level::Warning,
            "was not changed for half a year",
            "aurora-restore --stack ours secrets rotate staging/master",
        ),
        (
            |held| held.secrets.clear(),
            Level::Error,
            "secret staging/master does not exist",
            "aws secretsmanager create-secret",
        ),
        (|held| held.denies_secrets = true, Level::Error, "could not be looked at", "allow whoever runs the review"),
    ];
    for (fault, level, what, mend) in faults {
        let mut world = World::clean();
        fault(&mut world.safeguards);
        let (check, finding) = world.only(Period::Quarterly).await;
        assert_eq!((check, finding.level), ("security", level), "{finding:?}");
        assert!(finding.what.contains(what) && finding.mend.starts_with(mend), "{finding:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_fault_of_a_key_is_found_by_itself_and_a_key_of_the_parameter_is_looked_at_too() {
    type Fault = fn(&mut KeyFacts);
    let faults: [(Fault, Level, &str, &str); 5] = [
        (|key| key.state = KeyState::Disabled, Level::Error, "the key is disabled", "aws kms enable-key"),
        (
            |key| key.state = KeyState::PendingDeletion { at: None },
            Level::Error,
            "the key will be deleted, and what is under it with it",
            "aws kms cancel-key-deletion",
        ),
        (
            |key| key.rotation = KeyRotation::Off,
            Level::Warning,
            "the key is not rotated",
            "aws kms enable-key-rotation",
        ),
        (
            |key| {
                let open = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*"}}"#;
                key.policy = Some(open.to_owned());
            },
            Level::Error,
            "everybody may use the key",
            "aws kms get-key-policy",
        ),
        (|key| key.policy = None, Level::Note, "the key's policy cannot be read", "aws kms get-key-policy"),
    ];
    const GIVEN: &str = "arn:aws:kms:eu-west-1:111122223333:key/2";
    for (fault, level, what, mend) in faults {
        for faulty in [KEY, GIVEN] {
            let mut world = World::clean();
            let _none = world.deployed.stack.parameters.insert("KmsKeyArns".to_owned(), format!("{KEY},{GIVEN}"));
            let given = KeyFacts { arn: GIVEN.to_owned(), ..world.keys.0[KEY].clone() };
            world.keys.0.insert(GIVEN.to_owned(), given);
            assert_eq!(world.findings(Period::Quarterly).await, []);
            fault(world.keys.0.get_mut(faulty).unwrap());
            let (check, finding) = world.only(Period::Quarterly).await;
            assert_eq!((check, finding.level, finding.what.as_str()), ("security", level, what));
            assert_eq!(shown(&finding, "key"), faulty);
            assert!(finding.mend.starts_with(mend), "{finding:?}");
        }
    }
    let mut world = World::clean();
    world.keys.0.clear();
    let (_, finding) = world.only(Period::Quarterly).await;
    assert_eq!(told(&finding), (Level::Error, "the key does not exist", "aws kms list-aliases"));
}

#[tokio::test(start_paused = true)]
async fn what_was_restored_in_the_clear_is_found_and_what_is_nobodys_business_is_not() {
    // Both what was restored and its neighbour are in the clear here.
    let mut world = World::on(Stage::default());
    let (check, finding) = world.only(Period::Quarterly).await;
    let plan = "aurora-restore --stack ours plan --on-aws --set copy.kms-key=KEY  # and restore so";
    let expected = (Level::Warning, "the storage of cluster staging is not encrypted", plan);
    assert_eq!((check, told(&finding)), ("security", expected));
    // It is found by its tag, where the stack has another target, and that target without one.
    let _before = world.deployed.stack.parameters.insert("TargetClusters".to_owned(), "neigh*".to_owned());
    let findings = world.findings(Period::Quarterly).await;
    let mut texts: Vec<&str> = findings.iter().map(|(_, finding)| finding.what.as_str()).collect();
    texts.sort_unstable();
    let of = |name: &str| format!("the storage of cluster {name} is not encrypted");
    assert_eq!(texts, [of("neighbour"), of("staging")]);
}

/// Gives an instance an address on the internet.
fn publish(world: &World, instance: &str) {
    let call = ModifyDbInstance {
        db_instance_identifier: instance.to_owned(),
        publicly_accessible: Some(true),
        apply_immediately: Some(true),
        ..ModifyDbInstance::default()
    };
    world.scenario.operator(&world.scenario.target_place(), Call::ModifyDbInstance(call));
    world.scenario.settle();
}

#[tokio::test(start_paused = true)]
async fn an_instance_on_the_internet_is_found_where_its_cluster_is_ours() {
    let world = World::clean();
    publish(&world, "neighbour-1");
    assert_eq!(world.findings(Period::Quarterly).await, []);
    publish(&world, "staging-1");
    let (check, finding) = world.only(Period::Quarterly).await;
    let mend =
        "aws rds modify-db-instance --db-instance-identifier staging-1 --no-publicly-accessible --apply-immediately";
    assert_eq!(
        (check, told(&finding)),
        ("security", (Level::Error, "instance staging-1 has an address on the internet", mend))
    );
    assert_eq!(shown(&finding, "cluster"), "staging");
}

#[tokio::test(start_paused = true)]
async fn a_part_that_cannot_be_reached_keeps_nobody_from_the_others() {
    let mut world = World::clean();
    world.safeguards.tables.get_mut(TABLE).unwrap().point_in_time = false;
    let why = Unlooked { reason: "no endpoint".to_owned(), mend: "aurora-restore doctor".to_owned() };
    let mut site = world.site();
    site.keys = Reach::Unreachable(why.clone());
    let findings = found(&site, Period::Quarterly).await;
    let texts: Vec<&str> = findings.iter().map(|(_, finding)| finding.what.as_str()).collect();
    let of_table = "table AuroraRestoreStateTable cannot be brought back to an earlier moment";
    assert_eq!(texts, ["the keys could not be looked at: no endpoint", of_table]);
    // On a machine there is no stack, and clusters all the same.
    let world = World::on(Stage::default());
    let mut site = world.site();
    site.stack = None;
    site.deployed = Reach::NotHere("no stack is reviewed");
    let findings = found(&site, Period::Quarterly).await;
    let told: Vec<_> = findings.iter().map(|(check, finding)| (*check, finding.mend.as_str())).collect();
    assert_eq!(told, [("security", "aurora-restore plan --set copy.kms-key=KEY  # and restore so")]);
    // Where instances cannot be asked about, what is wrong with their clusters is told all the same.
    let world = World::on(Stage::default());
    let refused = FaultRule::once(Fault::ServiceUnavailable).on(Action::DescribeDbInstances).times(1_000);
    world.scenario.sim.with_world(|world, _| world.inject(refused));
    let findings = found(&world.site(), Period::Quarterly).await;
    let texts: Vec<&str> = findings.iter().map(|(_, finding)| finding.what.as_str()).collect();
    assert_eq!(texts[1], "the storage of cluster staging is not encrypted");
    assert!(texts[0].starts_with("the instances could not be looked at: "), "{texts:?}");
    // And where RDS says nothing, that is told of it.
    let world = World::clean();
    let refused = FaultRule::once(Fault::ServiceUnavailable).on(Action::DescribeDbClusters).times(1_000);
    world.scenario.sim.with_world(|world, _| world.inject(refused));
    let findings = found(&world.site(), Period::Quarterly).await;
    let is_told = |wanted: &str| {
        findings.iter().any(|(check, one)| *check == wanted && one.what.contains("could not be looked at"))
    };
    assert!(is_told("security") && is_told("runtimes"), "{findings:?}");
}

#[tokio::test(start_paused = true)]
async fn the_engine_of_a_restored_cluster_whose_support_has_ended_is_found_and_that_of_others_is_not() {
    let world = World::clean();
    let of_engines = |findings: Vec<(&'static str, Finding)>| -> Vec<(Level, String, String)> {
        let engines = findings.into_iter().filter(|(_, finding)| finding.what.contains("aurora-postgresql"));
        engines
            .map(|(_, finding)| (finding.level, finding.what.clone(), shown(&finding, "used by").to_owned()))
            .collect()
    };
    assert_eq!(of_engines(world.findings(Period::Quarterly).await), []);
    world.scenario.clock.turn(DAY * 900);
    let expected = (Level::Error, "support of aurora-postgresql 16.4 has ended".to_owned(), "1 (staging)".to_owned());
    assert_eq!(of_engines(world.findings(Period::Quarterly).await), [expected]);
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_everybody_may_use_is_found() {
    let mut world = World::clean();
    let policy = r#"{"Statement":{"Sid":"All","Effect":"Allow","Principal":"*","Action":"sns:Publish"}}"#;
    world.safeguards.topics.get_mut(TOPIC).unwrap().policy = Some(policy.to_owned());
    let findings = world.findings(Period::Quarterly).await;
    let texts: Vec<&str> = findings.iter().map(|(_, finding)| finding.what.as_str()).collect();
    assert_eq!(texts, ["topic notices is open to everybody", "topic notices takes what is sent in the clear"]);
}

#[tokio::test(start_paused = true)]
async fn the_old_master_of_the_source_is_not_to_be_rotated_where_it_cannot_be() {
    let mut world = World::clean();
    let secret = world.safeguards.secrets.get_mut(SECRET).unwrap();
    secret.changed_at = secret.changed_at.map(|at| at - DAY * 160);
    world.verdict.0.as_mut().unwrap().as_mut().unwrap().secrets[0].is_of_target = false;
    let (_, finding) = world.only(Period::Quarterly).await;
    assert_eq!(
        finding.mend,
        "aws secretsmanager describe-secret --secret-id staging/master  # rotated where its cluster is the target"
    );
}

#[tokio::test(start_paused = true)]
async fn a_quarter_without_a_drill_and_one_that_failed_are_found() {
    let mut world = World::clean();
    world.drills.0.clear();
    let (check, finding) = world.only(Period::Quarterly).await;
    assert_eq!((check, finding.level), ("drill", Level::Warning));

    let ended_at = world.now() - DAY * 91;
    let failed = DrillResult::Failed { reason: "ARP-VERIFY-001".to_owned() };
    let drill = |id: &str, scenario, ended_at, result: &DrillResult| {
        let result = result.clone();
        Drill { operation: operation(id), scenario, ended_at, result }
    };
    world.drills.0 = vec![drill("drill-2", Scenario::Restore, ended_at, &failed)];
    let findings = world.findings(Period::Quarterly).await;
    let told: Vec<_> = findings.iter().map(|(_, finding)| told(finding)).collect();
    let report = "aurora-restore --stack ours report drill-2";
    assert_eq!(told[0], (Level::Error, "the last drill `restore`, drill-2, failed: ARP-VERIFY-001", report));
    assert_eq!((told.len(), told[1].1), (2, "the last drill of a whole restore is older than a quarter"));

    // A journal that cannot be rebuilt is found beside a restore that went well, and no restore at all beside a drill of the journal.
    let passed = DrillResult::Passed { recovery_time: None };
    let recent = world.now() - DAY;
    world.drills.0 = vec![
        drill("drill-4", Scenario::LostJournal, recent, &failed),
        drill("drill-3", Scenario::HandedOver, recent, &passed),
    ];
    let (_, finding) = world.only(Period::Quarterly).await;
    assert_eq!(finding.what, "the last drill `lost-journal`, drill-4, failed: ARP-VERIFY-001");
    world.drills.0 = vec![drill("drill-5", Scenario::LostJournal, recent, &passed)];
    let (_, finding) = world.only(Period::Quarterly).await;
    assert_eq!(finding.what, "no drill of a whole restore is on record: nobody has shown that a recovery works");
}

#[tokio::test(start_paused = true)]
async fn restores_that_take_longer_than_they_did_are_found_by_step() {
    let world = World::on(Stage { pace: Pace::Realistic, ..Stage::default() });
    let restore = |id: String| {
        let (status, _) = world.scenario.run(&id, world.scenario.swap()).unwrap();
        assert_eq!(status, Status::Completed);
        world.scenario.settle();
        world.scenario.clock.turn(DAY * 4);
    };
    (2..10).for_each(|number| restore(format!("op-{number}")));
    let slowed = |findings: &[(&'static str, Finding)]| findings.iter().filter(|(check, _)| *check == "trend").count();
    world.scenario.clock.turn(DAY * 26);
    assert_eq!(slowed(&world.findings(Period::Quarterly).await), 0);
    // From here on the service takes its time.
    let slow = FaultRule::once(Fault::Slow { factor: 3 }).times(10_000);
    world.scenario.sim.with_world(|world, _| world.inject(slow));
    (10..16).for_each(|number| restore(format!("op-{number}")));
    let findings = world.findings(Period::Quarterly).await;
    assert!(slowed(&findings) > 0, "{findings:?}");
    let restored = findings.iter().find(|(_, finding)| finding.what.starts_with("restore-snapshot takes"));
    assert!(restored.is_some(), "{findings:?}");
}
