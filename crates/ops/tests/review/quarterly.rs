//! The quarterly checks, both ways.

use aurora_restore_core::operation::Status;
use aurora_restore_ops::{
    drill::Scenario,
    review::{Drill, DrillResult, Level, Period},
};
use aurora_restore_sandbox::model::faults::{Fault, FaultRule};
use aurora_restore_testing::{
    review::MemorySafeguards,
    scenario::{Pace, Stage, operation},
};
use jiff::SignedDuration;

use super::world::{BUCKET, LOG, SECRET, TABLE, TOPIC, World, told};

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

#[tokio::test(start_paused = true)]
async fn each_missing_safeguard_is_found_by_itself_with_the_command_that_mends_it() {
    type Fault = fn(&mut MemorySafeguards);
    let faults: [(Fault, Level, &str, &str); 8] = [
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
    let slowed = |findings: &[(&'static str, aurora_restore_ops::review::Finding)]| {
        findings.iter().filter(|(check, _)| *check == "trend").count()
    };
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
