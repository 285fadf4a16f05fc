//! The weekly checks, both ways.

use aurora_restore_core::{
    engine::Engine,
    ids::ClusterId,
    operation::{Status, StepKind, StepStatus},
    ports::{Journal as _, TargetKey},
};
use aurora_restore_ops::{
    ports::{ExecutionName, Executions as _, Metric},
    review::{Level, Period, Reach},
};
use aurora_restore_testing::{
    Fault, FaultyPorts, Script, run_to_end,
    scenario::{Scenario, Stage, operation, regions},
    stories::{driven_until, step_is, stuck_without_a_way_back},
};
use jiff::SignedDuration;
use serde_json::json;

use super::world::{FUNCTION, LOG, MACHINE, World, found, own, shown, step, told};

const DAY: SignedDuration = SignedDuration::from_hours(24);

#[tokio::test(start_paused = true)]
async fn a_clean_week_gives_no_finding() {
    assert_eq!(World::clean().findings(Period::Weekly).await, []);
}

#[tokio::test(start_paused = true)]
async fn errors_and_warnings_are_counted_by_function_and_code_with_their_operations() {
    let world = World::clean();
    // More lines than a page has, so that a group is made of several pages.
    world.write(35, |number| {
        format!(
            r#"{{"level":"ERROR","error_name":"AuroraRestore.Panic","message":"at {number}","operation_id":"op-{}"}}"#,
            number % 12
        )
    });
    world.write(3, |_| r#"{"level":"WARN","message":"ARP-KMS-001: the key is off","operation_id":null}"#.to_owned());
    let findings = world.findings(Period::Weekly).await;
    let found: Vec<_> = findings.iter().map(|(check, finding)| (*check, told(finding))).collect();
    let panics = format!("{FUNCTION} failed 35 times with AuroraRestore.Panic");
    let keys = format!("{FUNCTION} warned 3 times of ARP-KMS-001");
    let expected = [
        ("logs", (Level::Error, panics.as_str(), "aurora-restore --stack ours report op-0")),
        ("logs", (Level::Warning, keys.as_str(), "aurora-restore --stack ours explain ARP-KMS-001")),
    ];
    assert_eq!(found, expected);
    let (_, panics) = &findings[0];
    assert_eq!((panics.operations.len(), shown(panics, "more operations")), (10, "2"));
    assert_eq!(shown(panics, "newest line"), "at 34");
}

#[tokio::test(start_paused = true)]
async fn a_log_of_which_nothing_is_understood_is_found() {
    let world = World::clean();
    world.write(900, |number| format!("2026-11-22 ERROR it failed {number}"));
    let (check, finding) = world.only(Period::Weekly).await;
    assert_eq!((check, finding.level, shown(&finding, "not understood")), ("logs", Level::Warning, "900"));
    assert!(finding.what.starts_with(&format!("most lines of log {LOG} are none")), "{}", finding.what);
}

#[tokio::test(start_paused = true)]
async fn what_was_written_before_the_week_is_not_counted() {
    let world = World::clean();
    world.scenario.clock.turn(DAY * 6);
    world.write(1, |_| r#"{"level":"WARN","message":"now"}"#.to_owned());
    let line = r#"{"level":"ERROR","error_name":"AuroraRestore.Panic"}"#.to_owned();
    world.logs.put(LOG, [(world.now() - DAY * 8, line)]);
    let findings = world.findings(Period::Weekly).await;
    let of_logs: Vec<_> = findings.iter().filter(|(check, _)| *check == "logs").collect();
    assert!(of_logs.len() == 1 && of_logs[0].1.what.ends_with("warned once of “now”"), "{of_logs:?}");
}

#[tokio::test(start_paused = true)]
async fn a_log_that_cannot_be_read_is_a_finding_that_names_the_permission_and_the_others_are_read() {
    let world = World::clean();
    let other = "/aws/lambda/aurora-restore-undo";
    world.logs.deny(other);
    world.write(1, |_| "6f Task timed out after 900.00 seconds".to_owned());
    let mut site = world.site();
    site.logs = Reach::There((&world.logs, vec![other.to_owned(), "/gone".to_owned(), LOG.to_owned()]));
    let findings = found(&site, Period::Weekly).await;
    let found: Vec<_> = findings.iter().map(|(_, finding)| told(finding)).collect();
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!((found[0].0, found[0].2), (Level::Error, "allow whoever runs the review logs:FilterLogEvents"));
    assert_eq!(found[1].1, format!("{FUNCTION} failed once with a timeout"));
    assert!(
        found[1].2.starts_with("aws logs filter-log-events --log-group-name /aws/lambda/aurora-restore-copy-snapshot")
    );
    assert!(found[2].0 == Level::Warning && found[2].1.starts_with("log group /gone does not exist"), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_nobody_goes_on_with_is_found_once_a_day_has_passed() {
    let world = World::clean();
    let engine = Engine::new(world.scenario.ports());
    let restoring = |session: &aurora_restore_core::engine::Session| {
        step_is(session, StepKind::RestoreSnapshot, StepStatus::Started)
    };
    let request = world.scenario.swap();
    driven_until(&world.scenario, &engine, ("op-2", request), restoring).await.unwrap();
    let name = ExecutionName::new("first").unwrap();
    assert_eq!(world.findings(Period::Weekly).await, [], "it has news of today");
    // News of a day ago to the second is old enough, and not before.
    let last = world.scenario.journal.state(&operation("op-2")).await.unwrap().last_updated_at;
    let to_the_bound = DAY - world.now().duration_since(last);
    world.scenario.clock.turn(to_the_bound - SignedDuration::from_secs(1));
    let of_state = async || {
        let findings = world.findings(Period::Weekly).await;
        findings.into_iter().filter(|(check, _)| *check == "state").map(|(_, finding)| finding).collect::<Vec<_>>()
    };
    assert_eq!(of_state().await, []);
    world.scenario.clock.turn(SignedDuration::from_secs(1));
    let findings = of_state().await;
    let expected = format!(
        "stalled op-2: it has stood in restore-snapshot since {last}, and execution first is not there any more"
    );
    let mend = "aurora-restore --stack ours state resolve op-2 --retry --note WHY";
    assert_eq!(told(&findings[0]), (Level::Error, expected.as_str(), mend));
    assert_eq!(shown(&findings[0], "since"), last.to_string());
    assert_eq!(findings[0].operations.as_slice(), &[operation("op-2")][..]);
    // A long wait is no standstill.
    world.executions.start(&name, &json!({})).await.unwrap();
    assert_eq!(of_state().await, []);
}

#[tokio::test(start_paused = true)]
async fn a_stuck_operation_is_found() {
    let world = World::clean();
    let engine = Engine::new(world.scenario.ports());
    stuck_without_a_way_back(&world.scenario, &engine, "op-2").await.unwrap();
    let findings = world.findings(Period::Weekly).await;
    let (_, stuck) = findings.iter().find(|(check, _)| *check == "state").unwrap();
    let expected = "operation op-2 is stuck: neither finished nor undone";
    assert_eq!(told(stuck), (Level::Error, expected, "aurora-restore --stack ours report op-2"));
    assert!(!shown(stuck, "failure").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_was_altered_is_found() {
    let world = World::clean();
    world.scenario.journal.alter(&operation("op-1"), 3, |entry| entry.body = entry.body.replace("op-1", "op-9"));
    // Whoever looks for what was left cannot read it either, and says so.
    let findings = world.findings(Period::Weekly).await;
    let checks: Vec<&str> = findings.iter().map(|(check, _)| *check).collect();
    assert_eq!(checks, ["state", "leftovers"]);
    let (_, finding) = &findings[0];
    assert_eq!((finding.level, finding.operations.as_slice()), (Level::Error, &[operation("op-1")][..]));
    assert!(finding.what.starts_with("broken-chain op-1: "), "{}", finding.what);
}

#[tokio::test(start_paused = true)]
async fn items_and_locks_that_are_not_as_they_were_written_are_found() {
    let mut world = World::clean();
    let another = TargetKey { cluster: ClusterId::new("another").unwrap(), ..Scenario::target_key() };
    world.scenario.journal.tamper_with_lock(&another, Some(&operation("op-1")));
    let (check, finding) = world.only(Period::Weekly).await;
    assert_eq!(check, "state");
    let (level, what, mend) = told(&finding);
    assert!(what.starts_with("lock-left op-1: the lock of ") && what.contains("another"), "{what}");
    let unlock = "aurora-restore --stack ours state unlock 222222222222/eu-central-1/another";
    assert_eq!((level, mend), (Level::Error, unlock));

    world = World::clean();
    world.scenario.journal.tamper(&operation("op-1"), |_, state| state.status = Status::Failed);
    let (_, finding) = world.only(Period::Weekly).await;
    let (level, what, _) = told(&finding);
    assert!(what.contains("`status` is FAILED, and the entries say COMPLETED"), "{what}");
    assert_eq!(level, Level::Warning);

    world = World::clean();
    world.scenario.journal.tamper(&operation("op-1"), |entries, _| entries.clear());
    let findings = world.findings(Period::Weekly).await;
    let of_state: Vec<_> = findings.iter().filter(|(check, _)| *check == "state").collect();
    assert!(of_state.len() == 1 && of_state[0].1.what.starts_with("orphaned op-1: "), "{findings:?}");
}

#[tokio::test(start_paused = true)]
async fn metrics_that_leave_their_past_are_found_each_in_its_bad_direction() {
    let world = World::clean();
    world.measure(&step("StepDuration"), 2, 9_000.0);
    world.measure(&own("OperationsFailed"), 1, 8.0);
    let throttles = Metric::new("AWS/Lambda", "Throttles", &[("FunctionName", FUNCTION)]);
    world.measure(&throttles, 3, 50.0);
    let failed = Metric::new("AWS/States", "ExecutionsFailed", &[("StateMachineArn", MACHINE)]);
    world.measure(&failed, 3, 2.0);
    let findings = world.findings(Period::Weekly).await;
    let texts: Vec<&str> = findings.iter().map(|(_, finding)| finding.what.as_str()).collect();
    let expected = [
        "Throttles of aurora-restore-copy-snapshot was 50 3 days ago, where 0 is usual",
        "OperationsFailed was 8 yesterday, where 0 is usual",
        "StepDuration of copy-snapshot was 4805 2 days ago, where 615 is usual",
    ];
    assert_eq!(texts, expected);
    assert!(findings.iter().all(|(check, finding)| *check == "metrics" && finding.level == Level::Warning));
    assert!(findings[0].1.mend.starts_with("aws cloudwatch get-metric-statistics --namespace AWS/Lambda"));
}

#[tokio::test(start_paused = true)]
async fn a_week_in_which_nothing_was_completed_is_found() {
    let world = World::clean();
    world.scenario.clock.turn(DAY * 7);
    let findings = world.findings(Period::Weekly).await;
    let (_, finding) = findings.iter().find(|(check, _)| *check == "metrics").unwrap();
    assert_eq!(finding.what, "OperationsCompleted was 0 in the whole week, where 7 is usual");
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_could_not_be_deleted_is_found_and_nothing_is_deleted_or_told() {
    let world = World::on(Stage::across());
    let script = Script::always("DeleteDBClusterSnapshot", Fault::Denied);
    let ports = FaultyPorts::new(world.scenario.ports(), &script, &regions());
    let engine = Engine::new(ports.ports());
    let mut session = engine.begin(world.scenario.begin("op-2", world.scenario.swap())).await.unwrap();
    run_to_end(&engine, &mut session, &world.scenario.clock, 5_000).await.unwrap();
    world.scenario.clock.turn(SignedDuration::from_hours(2));
    let before = world.scenario.notifier.notices().len();
    let findings = world.findings(Period::Weekly).await;
    let left: Vec<_> = findings.iter().filter(|(check, _)| *check == "leftovers").collect();
    assert_eq!(left.len(), 1, "{findings:?}");
    let (_, finding) = left[0];
    assert!(finding.what.contains("was left behind by operation op-2"), "{}", finding.what);
    let (name, _) = finding.what.strip_prefix("cluster snapshot ").unwrap().split_once(' ').unwrap();
    let evidence: Vec<&str> = finding.evidence.iter().map(|shown| shown.value.as_str()).collect();
    assert!(evidence.contains(&"aurora-restore --stack ours report op-2"), "{evidence:?}");
    let deletion = "aws rds delete-db-cluster-snapshot --db-cluster-snapshot-identifier";
    assert_eq!(finding.mend, format!("{deletion} {name} --region eu-central-1"));
    assert_eq!(world.scenario.notifier.notices().len(), before, "a review tells only whoever runs it");
}
