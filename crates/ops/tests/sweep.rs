//! The sweep over a simulated cloud: what is started, what is found, what is told.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use aurora_restore_core::{
    engine::Engine,
    operation::{Direction, Operation, Phase, Status, StepKind, StepStatus},
    ports::{Clock as _, Location, NoticeOutcome, Ports, Side, SnapshotKind},
    request::{ArchivePolicy, CopyRoute, Limits, SourceSelector, Strategy},
};
use aurora_restore_ops::{
    ports::{ExecutionName, ExecutionStatus, Executions},
    sweep::{Bounds, Sweep, Swept},
};
use aurora_restore_sandbox::model::call::{Call, CreateDbClusterSnapshot};
use aurora_restore_testing::{
    Fault, FaultyPorts, MemoryExecutions, Script, Trouble, block_on,
    scenario::{Encryption, FRANKFURT, IRELAND, SOURCE_CLUSTER, Scenario, Stage, operation, region, regions},
    stories::{driven_until, step_is},
};
use jiff::SignedDuration;
use serde_json::json;

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn sweep(scenario: &Scenario, executions: &MemoryExecutions) -> Swept {
    block_on(sweep_over(scenario.ports(), executions).run()).unwrap()
}

fn sweep_over<'a>(ports: Ports<'a>, executions: &'a MemoryExecutions) -> Sweep<'a> {
    let location = Location { side: Side::Target, region: region(FRANKFURT) };
    let ways = [Side::Source, Side::Target].map(|side| Location { side, region: region(IRELAND) }).into();
    Sweep { stack: "restores (prod)", ports, executions, location, ways, bounds: Bounds::default() }
}

fn completed(
    scenario: &Scenario,
    id: &str,
    change: impl FnOnce(&mut aurora_restore_core::request::Request),
) -> Operation {
    let mut request = scenario.swap();
    change(&mut request);
    let (_, session) = scenario.run(id, request).unwrap();
    scenario.settle();
    assert_eq!(session.operation().phase, Phase::Ended(aurora_restore_core::operation::End::Completed));
    session.operation().clone()
}

#[test]
fn the_executions_of_tests_pass_the_suite_of_their_port() {
    let scenario = Scenario::new(Stage::default());
    let results = block_on(aurora_restore_testing::suites::executions::run(&MemoryExecutions::new(&scenario.clock)));
    assert_eq!(aurora_restore_testing::suites::broken(&results), Vec::<String>::new());
}

#[test]
fn a_retired_cluster_is_left_alone_until_it_is_due_and_then_ended_by_one_execution() {
    let scenario = Scenario::new(Stage::default());
    let executions = MemoryExecutions::new(&scenario.clock);
    let done = completed(&scenario, "op-1", |_| {});
    assert_eq!(sweep(&scenario, &executions), Swept::default());
    scenario.clock.turn(done.request.retirement.retain_old);
    let swept = sweep(&scenario, &executions);
    assert_eq!(swept.started, [operation("op-1")]);
    let expected = ExecutionName::of_resumption(&operation("op-1"), done.sequence, 1);
    let all = executions.all();
    assert_eq!((all.len(), &all[0].0.name), (1, &expected));
    let input = json!({ "operation_id": "op-1", "ask": { "kind": "retire", "by": "sweeper" } });
    assert_eq!(all[0].1, input);
    // It runs: the next sweep starts it again, which starts nothing.
    sweep(&scenario, &executions);
    assert_eq!(executions.all().len(), 1);
    // It came to nothing: the next sweep starts another one.
    executions.end(&expected, ExecutionStatus::Failed);
    assert_eq!(sweep(&scenario, &executions).started, [operation("op-1")]);
    assert_eq!(executions.all().len(), 2);
}

/// Its item says so, because somebody has set it; what is ended does not come back.
#[test]
fn a_retired_cluster_is_due_when_its_entries_say_so() {
    let scenario = Scenario::new(Stage::default());
    let executions = MemoryExecutions::new(&scenario.clock);
    let done = completed(&scenario, "op-1", |_| {});
    let now = scenario.clock.now();
    scenario.journal.tamper(&done.id, |_, state| state.retire_after = Some(now));
    let swept = sweep(&scenario, &executions);
    assert_eq!((swept.started.len(), executions.all().len()), (0, 0));
    assert!(swept.troubles[0].contains("`aurora-restore state verify op-1`"), "{:?}", swept.troubles);
}

/// However often is swept, it would be the first one again.
#[test]
fn what_is_left_alone_takes_nobodys_place() {
    let scenario = Scenario::new(Stage::default());
    let executions = MemoryExecutions::new(&scenario.clock);
    let kept = completed(&scenario, "op-1", |request| request.retirement.retain_old = DAY * 9);
    let due = completed(&scenario, "op-2", |_| {});
    scenario.clock.turn(due.request.retirement.retain_old);
    let long_ago = scenario.clock.now() - DAY * 9;
    scenario.journal.tamper(&kept.id, |_, state| state.retire_after = Some(long_ago));
    let one = Bounds { retirements_max: 1, ..Bounds::default() };
    let swept = block_on(Sweep { bounds: one, ..sweep_over(scenario.ports(), &executions) }.run()).unwrap();
    assert_eq!(swept.started, [due.id], "{:?}", swept.troubles);
}

#[test]
fn what_has_ended_does_not_stand_still_whatever_its_item_says() {
    let scenario = Scenario::new(Stage::default());
    let executions = MemoryExecutions::new(&scenario.clock);
    let done = completed(&scenario, "op-1", |_| {});
    scenario.journal.tamper(&done.id, |_, state| state.status = Status::InProgress);
    scenario.clock.turn(DAY + SignedDuration::from_secs(1));
    assert_eq!(sweep(&scenario, &executions).stalled().count(), 0);
}

#[test]
fn what_a_person_has_started_for_the_same_entry_is_waited_for() {
    let scenario = Scenario::new(Stage::default());
    let executions = MemoryExecutions::new(&scenario.clock);
    let done = completed(&scenario, "op-1", |_| {});
    scenario.clock.turn(done.request.retirement.retain_old);
    let theirs = ExecutionName::of_resumption(&operation("op-1"), done.sequence, 1);
    block_on(executions.start(&theirs, &json!({ "operation_id": "op-1", "ask": { "kind": "undo", "by": "me" } })))
        .unwrap();
    assert_eq!(sweep(&scenario, &executions).started, []);
    assert_eq!(executions.all().len(), 1);
}

#[test]
fn a_restore_that_nobody_goes_on_with_is_told_once() {
    let scenario = Scenario::new(Stage::default());
    let executions = MemoryExecutions::new(&scenario.clock);
    block_on(async {
        let engine = Engine::new(scenario.ports());
        let restoring = |session: &aurora_restore_core::engine::Session| {
            step_is(session, StepKind::RestoreSnapshot, StepStatus::Started)
        };
        driven_until(&scenario, &engine, ("op-1", scenario.swap()), restoring).await.unwrap();
        // The engine's executor in these tests is called so; here it is an execution that runs.
        executions.start(&ExecutionName::new("first").unwrap(), &json!({})).await.unwrap();
    });
    // However long it takes: that it stands still is news once its execution has ended.
    scenario.clock.turn(DAY * 3);
    assert_eq!(sweep(&scenario, &executions).stalled().count(), 0, "a long wait is no standstill");
    executions.end(&ExecutionName::new("first").unwrap(), ExecutionStatus::TimedOut);
    let swept = sweep(&scenario, &executions);
    assert_eq!(swept.stalled().count(), 1);
    let notices = scenario.notifier.notices();
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].outcome, NoticeOutcome::Attention);
    assert_eq!(notices[0].subject, "1 operation stands still in stack restores (prod)");
    assert!(notices[0].body.starts_with("The sweeper of stack restores (prod) has found:"), "{}", notices[0].body);
    assert!(notices[0].body.contains("aurora-restore resume op-1"), "{}", notices[0].body);
    // It is found again, and not told again: it has been known for longer than a day and the hour by which sweeps are late.
    scenario.clock.turn(DAY + SignedDuration::from_hours(1) + SignedDuration::from_secs(1));
    assert_eq!(sweep(&scenario, &executions).stalled().count(), 1);
    assert_eq!(scenario.notifier.notices().len(), 1);
}

#[test]
fn what_operations_keep_is_no_leftover() {
    for strategy in [Strategy::Swap, Strategy::SideBySide, Strategy::Replace] {
        let scenario = Scenario::new(Stage::across());
        let executions = MemoryExecutions::new(&scenario.clock);
        for id in ["op-1", "op-2"] {
            let request = scenario.request(strategy, SourceSelector::Snapshot(scenario.snapshot()));
            let mut request = aurora_restore_core::request::Request { archive: ArchivePolicy::Keep, ..request };
            request.limits = Limits::default();
            let (status, _) = scenario.run(id, request).unwrap();
            assert_eq!(status, Status::Completed, "{strategy:?}");
            scenario.settle();
        }
        // A snapshot that somebody took of the new cluster, with the tags that the cluster copies to it.
        let copied = CreateDbClusterSnapshot {
            db_cluster_snapshot_identifier: "by-hand".to_owned(),
            db_cluster_identifier: "staging".to_owned(),
            tags: Vec::new(),
        };
        scenario.operator(&scenario.target_place(), Call::CreateDbClusterSnapshot(copied));
        scenario.settle();
        scenario.clock.turn(SignedDuration::from_hours(2));
        assert_eq!(sweep(&scenario, &executions).findings, [], "{strategy:?}");
    }
}

#[test]
fn what_an_undone_operation_did_not_delete_is_found_with_its_operation() {
    let scenario = Scenario::new(Stage::default());
    let executions = MemoryExecutions::new(&scenario.clock);
    // A person waives the undo of everything: what stays is their word, not a leftover. A rival of ours whose call came
    // late is one, so its cluster is made under the operation's own tag after the end.
    scenario.database.make_trouble(Trouble::FailsVerification, 1);
    let (_, session) = scenario.run("op-1", scenario.swap()).unwrap();
    let tags = session.operation().facts.plan.as_ref().unwrap().names.staged.to_string();
    scenario.settle();
    scenario.operator(&scenario.target_place(), tagged(&tags, "op-1"));
    scenario.settle();
    assert_eq!(sweep(&scenario, &executions).findings.len(), 0, "it may still be on its way");
    scenario.clock.turn(SignedDuration::from_hours(2));
    let swept = sweep(&scenario, &executions);
    let told: Vec<String> = swept.leftovers().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    let expected =
        format!("cluster {tags} in the target account in eu-central-1 was made by operation op-1, which is FAILED");
    assert!(told[0].starts_with(&expected), "{told:?}");
    let deletion = format!(
        "`aws rds delete-db-cluster --db-cluster-identifier {tags} --final-db-snapshot-identifier {tags}-left-over --region \
         eu-central-1`"
    );
    assert!(told[0].contains(&deletion), "{told:?}");
    assert_eq!(scenario.notifier.notices().last().unwrap().subject, "1 thing was left behind in stack restores (prod)");
}

fn tagged(name: &str, operation: &str) -> Call {
    let tag = |key: &str, value: &str| aurora_restore_sandbox::model::resources::Tag::new(key, value);
    Call::CreateDbCluster(aurora_restore_sandbox::model::call::CreateDbCluster {
        db_cluster_identifier: name.to_owned(),
        engine: "aurora-postgresql".to_owned(),
        master_username: Some("postgres".to_owned()),
        master_user_password: Some(aurora_restore_sandbox::model::Secret::new("first-Password-1")),
        settings: aurora_restore_sandbox::model::call::NewClusterSettings {
            tags: vec![tag("aurora-restore:operation-id", operation), tag("aurora-restore:role", "staged")],
            ..Default::default()
        },
        ..Default::default()
    })
}

#[test]
fn a_copy_that_could_not_be_deleted_is_found() {
    let scenario = Scenario::new(Stage::across());
    let executions = MemoryExecutions::new(&scenario.clock);
    let script = Script::always("DeleteDBClusterSnapshot", Fault::Denied);
    let ports = FaultyPorts::new(scenario.ports(), &script, &regions());
    block_on(async {
        let engine = Engine::new(ports.ports());
        let mut session = engine.begin(scenario.begin("op-1", scenario.swap())).await.unwrap();
        aurora_restore_testing::run_to_end(&engine, &mut session, &scenario.clock, 5_000).await.unwrap();
        assert_eq!(session.operation().step(StepKind::ArchiveSnapshot).unwrap().status, StepStatus::Abandoned);
    });
    scenario.clock.turn(SignedDuration::from_hours(2));
    let swept = sweep(&scenario, &executions);
    let told: Vec<String> = swept.leftovers().map(ToString::to_string).collect();
    assert!(told.len() == 1 && told[0].starts_with("cluster snapshot "), "{told:?}");
}

/// On its way a snapshot may be copied in the source account first, and in its Region. What cannot be deleted there is paid for
/// there, and nobody who looks at the target's Region sees it.
#[test]
fn copies_that_were_left_on_their_way_are_found_where_they_are() {
    let scenario = Scenario::new(Stage { encryption: Encryption::CustomerKey, ..Stage::across() });
    let executions = MemoryExecutions::new(&scenario.clock);
    let kinds = vec![SnapshotKind::Automated];
    let selector = SourceSelector::LatestOf { cluster: SOURCE_CLUSTER.parse().unwrap(), kinds };
    let mut request = scenario.request(Strategy::Swap, selector);
    request.copy.route = CopyRoute::TwoHops;
    let script = Script::always("DeleteDBClusterSnapshot", Fault::Denied);
    let ports = FaultyPorts::new(scenario.ports(), &script, &regions());
    block_on(async {
        let engine = Engine::new(ports.ports());
        let mut session = engine.begin(scenario.begin("op-1", request)).await.unwrap();
        aurora_restore_testing::run_to_end(&engine, &mut session, &scenario.clock, 5_000).await.unwrap();
    });
    scenario.clock.turn(SignedDuration::from_hours(2));
    let swept = sweep(&scenario, &executions);
    let told: Vec<String> = swept.leftovers().map(ToString::to_string).collect();
    let places = ["target account in eu-central-1", "source account in eu-west-1", "target account in eu-west-1"];
    assert_eq!(told.len(), places.len(), "{told:?}");
    for (text, place) in told.iter().zip(places) {
        assert!(text.contains(&format!("in the {place} was made by operation op-1")), "{text}");
    }
    assert_eq!(swept.troubles, Vec::<String>::new());
}

/// The role of the source account may be gone; the own account is looked at all the same.
#[test]
fn a_source_account_that_refuses_the_look_does_not_keep_the_rest_from_being_found() {
    let scenario = Scenario::new(Stage::default());
    let executions = MemoryExecutions::new(&scenario.clock);
    scenario.database.make_trouble(Trouble::FailsVerification, 1);
    let (_, session) = scenario.run("op-1", scenario.swap()).unwrap();
    let staged = session.operation().facts.plan.as_ref().unwrap().names.staged.to_string();
    scenario.settle();
    scenario.operator(&scenario.target_place(), tagged(&staged, "op-1"));
    scenario.settle();
    scenario.clock.turn(SignedDuration::from_hours(2));
    // The snapshots of the first place are read before those of the others.
    let counting = Script::counting();
    let ports = FaultyPorts::new(scenario.ports(), &counting, &regions());
    block_on(sweep_over(ports.ports(), &executions).run()).unwrap();
    let reads = counting.calls().into_iter().enumerate().filter(|(_, (_, name))| *name == "snapshots");
    let second = reads.map(|(at, _)| at).nth(1).unwrap();
    let script = Script::with(second, Fault::Denied);
    let ports = FaultyPorts::new(scenario.ports(), &script, &regions());
    let swept = block_on(sweep_over(ports.ports(), &executions).run()).unwrap();
    assert_eq!(swept.leftovers().count(), 1);
    assert!(
        swept.troubles[0].contains("in the source account in eu-west-1 cannot be looked for"),
        "{:?}",
        swept.troubles
    );
}

#[test]
fn what_is_stuck_is_a_persons_and_no_leftover() {
    let scenario = Scenario::new(Stage::default());
    let executions = MemoryExecutions::new(&scenario.clock);
    scenario.database.make_trouble(Trouble::FailsVerification, 1);
    let script = Script::always("DeleteDBCluster", Fault::Denied);
    let ports = FaultyPorts::new(scenario.ports(), &script, &regions());
    block_on(async {
        let engine = Engine::new(ports.ports());
        let mut session = engine.begin(scenario.begin("op-1", scenario.swap())).await.unwrap();
        aurora_restore_testing::run_to_end(&engine, &mut session, &scenario.clock, 5_000).await.unwrap();
        assert_eq!(session.operation().phase, Phase::Stuck(Direction::Back));
    });
    scenario.clock.turn(DAY * 3);
    assert_eq!(sweep(&scenario, &executions).findings, []);
}

#[test]
fn rds_that_refuses_the_look_does_not_keep_retired_clusters_from_being_ended() {
    let scenario = Scenario::new(Stage::default());
    let executions = MemoryExecutions::new(&scenario.clock);
    let done = completed(&scenario, "op-1", |_| {});
    scenario.clock.turn(done.request.retirement.retain_old);
    let script = Script::always("clusters", Fault::Denied);
    let ports = FaultyPorts::new(scenario.ports(), &script, &regions());
    let swept = block_on(sweep_over(ports.ports(), &executions).run()).unwrap();
    assert_eq!(swept.started, [operation("op-1")]);
    assert!(
        swept.troubles[0].contains("what is left behind in the target account in eu-central-1 cannot be looked for"),
        "{:?}",
        swept.troubles
    );
}
