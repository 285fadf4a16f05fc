//! Every reason for which an operation can be stuck, reached once. The runbooks in `docs/operations/stuck.md` name these
//! tests; each test also goes the way out that its runbook tells.

use aurora_restore_core::{
    catalogue::ErrorCode,
    engine::{Engine, Session},
    operation::{Direction, Operation, Phase, Status, StepKind, StepStatus},
    ports::{Clock as _, Cloud as _, Location, Ports, RdsErrorKind, Side, SnapshotKind, SnapshotQuery},
    report,
    request::{ArchivePolicy, Request, SourceSelector, Strategy},
};
use aurora_restore_sandbox::model::call::{Call, DeleteDbCluster, DeleteDbInstance, ModifyDbCluster};
use aurora_restore_testing::{
    Fault, FaultyPorts, Script, SimCloud, Stop, Trouble, block_on, drive, run_to_end,
    scenario::{MOVES_MAX, SOURCE_CLUSTER, Scenario, Stage, TARGET, operation, regions},
    stories::{driven_until, give_the_name_up, somebody_elses_cluster, step_is, stuck_in_the_middle_of_the_switch},
};
use jiff::SignedDuration;

/// What RDS refuses, and how, for as long as an operation is undone.
struct Refusal {
    strategy: Strategy,
    action: &'static str,
    kind: RdsErrorKind,
}

fn step_status(operation: &Operation, step: StepKind) -> Option<StepStatus> {
    operation.step(step).map(|record| record.status)
}

fn undone(session: &Session) -> bool {
    session.operation().phase == Phase::Back
}

/// Fails an operation, refuses a call while it is undone, and requires that it is stuck with this code. Once the cause is
/// gone, `resume` has to bring it to its end.
fn stuck_while_undone(refusal: &Refusal, code: ErrorCode) {
    let scenario = Scenario::new(Stage::default());
    scenario.database.make_trouble(Trouble::FailsVerification, 1);
    let request = scenario.request(refusal.strategy, SourceSelector::Snapshot(scenario.snapshot()));
    block_on(async {
        let engine = Engine::new(scenario.ports());
        let (mut session, _) = driven_until(&scenario, &engine, ("op-1", request), undone).await.unwrap();
        let script = Script::always(refusal.action, Fault::Refused(refusal.kind));
        let ports = FaultyPorts::new(scenario.ports(), &script, &regions());
        let refused = Engine::new(ports.ports());
        let status = run_to_end(&refused, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
        require_stuck(&session, status, code);
        to_the_end(&scenario, &mut session, Status::Failed).await;
    });
}

fn require_stuck(session: &Session, status: Status, code: ErrorCode) {
    assert_eq!(status, Status::Stuck);
    assert!(code.can_be_stuck_on());
    assert_eq!(session.operation().failure.as_ref().map(|failure| failure.code), Some(code));
}

/// The cause is gone, and somebody resumes.
async fn to_the_end(scenario: &Scenario, session: &mut Session, wanted: Status) {
    let engine = Engine::new(scenario.ports());
    engine.unstick(session, "a person").await.unwrap();
    let status = run_to_end(&engine, session, &scenario.clock, MOVES_MAX).await.unwrap();
    assert_eq!(status, wanted, "{:?}", session.operation().failure);
}

fn of_swap(action: &'static str, kind: RdsErrorKind) -> Refusal {
    Refusal { strategy: Strategy::Swap, action, kind }
}

fn of_bringing_back(kind: RdsErrorKind) -> Refusal {
    Refusal { strategy: Strategy::Replace, action: "RestoreDBClusterFromSnapshot", kind }
}

#[test]
fn stuck_on_a_permission_that_was_taken_away() {
    stuck_while_undone(&of_swap("DeleteDBCluster", RdsErrorKind::AccessDenied), ErrorCode::AccessDenied);
}

/// The scenario as it is reached by whoever has lost the way into the source account: the target's answers for both.
fn without_the_source_account(scenario: &Scenario) -> SimCloud {
    let target = block_on(scenario.cloud.account(Side::Target)).unwrap();
    SimCloud::new(&scenario.sim, &target, &target, &regions())
}

/// A restore from an automated snapshot, which is copied in the source account to be shared.
fn of_automated(scenario: &Scenario) -> Request {
    let kinds = vec![SnapshotKind::Automated];
    let selector = SourceSelector::LatestOf { cluster: SOURCE_CLUSTER.parse().unwrap(), kinds };
    scenario.request(Strategy::Swap, selector)
}

fn copies(scenario: &Scenario, side: Side) -> Vec<String> {
    let query = SnapshotQuery { cluster: None, kinds: vec![SnapshotKind::Manual] };
    let request = scenario.swap();
    let region = match side {
        Side::Source => request.source.region,
        Side::Target => request.target.region,
    };
    let place = Location { side, region };
    let snapshots = block_on(scenario.cloud.rds(&place).snapshots(&query)).unwrap();
    let names = snapshots.into_iter().map(|snapshot| snapshot.id.to_string());
    names.filter(|name| name.contains("-copy-")).collect()
}

/// Another account says of everything that is ours that it is not there.
#[test]
fn stuck_on_another_source_account() {
    let copying = |session: &Session| step_is(session, StepKind::CopySnapshot, StepStatus::Started);
    for (reached, left) in [(copying as fn(&Session) -> bool, 0), (undone, 1)] {
        let scenario = Scenario::new(Stage::across());
        scenario.database.make_trouble(Trouble::FailsVerification, 1);
        let other = without_the_source_account(&scenario);
        block_on(async {
            let engine = Engine::new(scenario.ports());
            let story = ("op-1", of_automated(&scenario));
            let (mut session, _) = driven_until(&scenario, &engine, story, reached).await.unwrap();
            let astray = Engine::new(Ports { cloud: &other, ..scenario.ports() });
            let status = run_to_end(&astray, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
            require_stuck(&session, status, ErrorCode::OtherAccount);
            scenario.settle();
            assert_eq!(copies(&scenario, Side::Source).len(), left, "it is there, and nobody says otherwise");
            assert_eq!(copies(&scenario, Side::Target), [""; 0], "what can be deleted is deleted");
            to_the_end(&scenario, &mut session, Status::Failed).await;
        });
        scenario.settle();
        assert_eq!(copies(&scenario, Side::Source), [""; 0], "no copy is left");
    }
}

/// The name serves by then, so nobody waits for it; but it is not said to be gone.
#[test]
fn what_is_left_in_a_source_account_that_is_not_there_any_more_is_told() {
    let scenario = Scenario::new(Stage::across());
    let other = without_the_source_account(&scenario);
    let archiving = |session: &Session| step_is(session, StepKind::ArchiveSnapshot, StepStatus::Started);
    block_on(async {
        let engine = Engine::new(scenario.ports());
        let request = Request { archive: ArchivePolicy::Delete, ..of_automated(&scenario) };
        let (mut session, _) = driven_until(&scenario, &engine, ("op-1", request), archiving).await.unwrap();
        assert_eq!(copies(&scenario, Side::Target).len(), 1);
        let astray = Engine::new(Ports { cloud: &other, ..scenario.ports() });
        let status = run_to_end(&astray, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
        assert_eq!(status, Status::Completed);
        let operation = session.operation();
        assert_eq!(step_status(operation, StepKind::ArchiveSnapshot), Some(StepStatus::Abandoned));
        assert_eq!(operation.facts.archive, None, "nothing is said to be deleted");
        let failure = operation
            .failure
            .as_ref()
            .or(operation.step(StepKind::ArchiveSnapshot).and_then(|step| step.failure.as_ref()));
        let hints = failure.map(|failure| failure.hints.join(" ")).unwrap_or_default();
        assert!(hints.contains("by hand") && !hints.contains("resume"), "{hints}");
    });
    scenario.settle();
    assert_eq!(copies(&scenario, Side::Target), [""; 0], "what can be deleted is deleted");
    let left = copies(&scenario, Side::Source);
    assert_eq!(left.len(), 1, "the copy is there");
    let now = scenario.clock.now();
    let report = report::of_journal(&scenario.journal.stored(&operation("op-1")), now).unwrap();
    let told = report.warnings.join("\n");
    assert!(told.contains(&left[0]), "{} is not told: {told}", left[0]);
}

#[test]
fn stuck_on_throttling_without_end() {
    stuck_while_undone(&of_swap("DeleteDBCluster", RdsErrorKind::Throttled), ErrorCode::Throttled);
}

#[test]
fn stuck_on_a_service_that_does_not_answer() {
    stuck_while_undone(&of_swap("DeleteDBCluster", RdsErrorKind::Unavailable), ErrorCode::Unavailable);
}

#[test]
fn stuck_on_a_refusal_that_nobody_knows() {
    stuck_while_undone(&of_swap("DeleteDBCluster", RdsErrorKind::InvalidRequest), ErrorCode::AwsRefused);
}

#[test]
fn stuck_on_a_condition_that_does_not_pass() {
    stuck_while_undone(&of_bringing_back(RdsErrorKind::InvalidState), ErrorCode::InvalidState);
}

#[test]
fn stuck_on_a_key_that_was_disabled() {
    stuck_while_undone(&of_bringing_back(RdsErrorKind::KmsDenied), ErrorCode::KmsDenied);
}

#[test]
fn stuck_on_a_quota_that_is_used_up() {
    stuck_while_undone(&of_bringing_back(RdsErrorKind::Quota), ErrorCode::Quota);
}

#[test]
fn stuck_on_a_want_of_capacity() {
    stuck_while_undone(&of_bringing_back(RdsErrorKind::CapacityShort), ErrorCode::Capacity);
}

#[test]
fn stuck_on_an_undo_that_takes_too_long() {
    let scenario = Scenario::new(Stage::default());
    scenario.database.make_trouble(Trouble::FailsVerification, 1);
    block_on(async {
        let engine = Engine::new(scenario.ports());
        let mut request = scenario.swap();
        request.limits.restore = SignedDuration::from_hours(2);
        let (mut session, _) = driven_until(&scenario, &engine, ("op-1", request), undone).await.unwrap();
        // RDS says for ever that the cluster is not at rest.
        let script = Script::always("DeleteDBCluster", Fault::Refused(RdsErrorKind::InvalidState));
        let ports = FaultyPorts::new(scenario.ports(), &script, &regions());
        let refused = Engine::new(ports.ports());
        let status = run_to_end(&refused, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
        require_stuck(&session, status, ErrorCode::UndoBlocked);
        to_the_end(&scenario, &mut session, Status::Failed).await;
    });
}

#[test]
fn stuck_on_a_new_cluster_that_somebody_renamed() {
    let scenario = Scenario::new(Stage::default());
    scenario.database.make_trouble(Trouble::FailsVerification, 1);
    let rename = |from: &str, to: &str| {
        let rename = ModifyDbCluster {
            db_cluster_identifier: from.to_owned(),
            new_db_cluster_identifier: Some(to.to_owned()),
            apply_immediately: Some(true),
            ..ModifyDbCluster::default()
        };
        scenario.operator(&scenario.target_place(), Call::ModifyDbCluster(rename));
        scenario.settle();
    };
    block_on(async {
        let engine = Engine::new(scenario.ports());
        let (mut session, _) = driven_until(&scenario, &engine, ("op-1", scenario.swap()), undone).await.unwrap();
        let staged = session.operation().facts.plan.as_ref().unwrap().names.staged.to_string();
        rename(&staged, "somebody-wanted-it");
        let status = run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
        require_stuck(&session, status, ErrorCode::UndoBlocked);
        rename("somebody-wanted-it", &staged);
        to_the_end(&scenario, &mut session, Status::Failed).await;
    });
}

#[test]
fn stuck_on_another_cluster_under_the_new_ones_name() {
    let scenario = Scenario::new(Stage::default());
    scenario.database.make_trouble(Trouble::FailsVerification, 1);
    block_on(async {
        let engine = Engine::new(scenario.ports());
        let (mut session, _) = driven_until(&scenario, &engine, ("op-1", scenario.swap()), undone).await.unwrap();
        let staged = session.operation().facts.plan.as_ref().unwrap().names.staged.to_string();
        let rename = ModifyDbCluster {
            db_cluster_identifier: staged.clone(),
            new_db_cluster_identifier: Some("somebody-wanted-it".to_owned()),
            apply_immediately: Some(true),
            ..ModifyDbCluster::default()
        };
        scenario.operator(&scenario.target_place(), Call::ModifyDbCluster(rename));
        scenario.settle();
        scenario.operator(&scenario.target_place(), somebody_elses_cluster(&staged));
        scenario.settle();
        let status = run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
        require_stuck(&session, status, ErrorCode::RetireRefused);
        delete(&scenario, &staged);
        let back = ModifyDbCluster {
            db_cluster_identifier: "somebody-wanted-it".to_owned(),
            new_db_cluster_identifier: Some(staged.clone()),
            apply_immediately: Some(true),
            ..ModifyDbCluster::default()
        };
        scenario.operator(&scenario.target_place(), Call::ModifyDbCluster(back));
        scenario.settle();
        to_the_end(&scenario, &mut session, Status::Failed).await;
    });
}

#[test]
fn stuck_on_a_foreign_thing_under_a_name_of_the_operation() {
    let scenario = Scenario::new(Stage::default());
    block_on(async {
        let engine = Engine::new(scenario.ports());
        let planned = |session: &Session| step_is(session, StepKind::RestoreSnapshot, StepStatus::Started);
        let (mut session, _) = driven_until(&scenario, &engine, ("op-1", scenario.swap()), planned).await.unwrap();
        assert_eq!(step_status(session.operation(), StepKind::RestoreSnapshot), Some(StepStatus::Started));
        let staged = session.operation().facts.plan.as_ref().unwrap().names.staged.to_string();
        // The restore was not asked for yet, or it has the name already.
        let taken = somebody_elses_cluster(&staged);
        let taken = scenario.sim.with_world(|world, now| world.apply(&scenario.target_place(), taken, now));
        assert!(taken.is_ok(), "{taken:?}");
        let status = run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
        require_stuck(&session, status, ErrorCode::NameTaken);
        scenario.settle();
        delete(&scenario, &staged);
        to_the_end(&scenario, &mut session, Status::Failed).await;
    });
}

#[test]
fn stuck_on_a_foreign_cluster_in_the_middle_of_the_switch() {
    let scenario = Scenario::new(Stage::default());
    block_on(async {
        let engine = Engine::new(scenario.ports());
        let begun = ("op-1", scenario.swap());
        let (mut session, status) = stuck_in_the_middle_of_the_switch(&scenario, &engine, begun).await.unwrap();
        require_stuck(&session, status, ErrorCode::SwitchForeign);
        assert_eq!(session.operation().phase, Phase::Stuck(Direction::Forward));
        assert!(scenario.endpoint_of(TARGET).is_some());
        give_the_name_up(&scenario);
        to_the_end(&scenario, &mut session, Status::Completed).await;
    });
}

/// The name is with the new cluster when the switch fails, and by then somebody has deleted the old one: the new one is the only
/// one left. A person who keeps it says so for each step that would delete it.
#[test]
fn without_an_old_cluster_to_go_back_to_the_name_stays_where_it_is() {
    let scenario = Scenario::new(Stage::default());
    block_on(async {
        let engine = Engine::new(scenario.ports());
        let switching = |session: &Session| step_is(session, StepKind::SwitchOver, StepStatus::Started);
        let (mut session, _) = driven_until(&scenario, &engine, ("op-1", scenario.swap()), switching).await.unwrap();
        // The next login is the proof through the name.
        scenario.database.make_trouble(Trouble::UntrustedCertificate, 1);
        let proving = drive(&engine, &mut session, &scenario.clock, MOVES_MAX, |session, _| !undone(session)).await;
        assert_eq!(proving.unwrap(), Stop::ByOnlooker);
        let plan = session.operation().facts.plan.clone().unwrap();
        let old = &plan.existing.as_ref().unwrap().instances;
        old.iter().for_each(|instance| delete_instance(&scenario, instance.instance.as_str()));
        delete(&scenario, plan.names.retired.as_str());
        let status = run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
        require_stuck(&session, status, ErrorCode::UndoBlocked);
        let told = &session.operation().failure.as_ref().unwrap().message;
        assert!(told.contains("is gone; nothing was moved"), "{told}");
        let endpoint = scenario.endpoint_of(TARGET);

        let mut waived = 0;
        let mut status = status;
        while status == Status::Stuck && waived < 4 {
            engine.waive_undo(&mut session, "a person", "the new cluster is kept").await.unwrap();
            waived += 1;
            status = run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
        }
        assert_eq!((status, waived), (Status::Failed, 3), "{:?}", session.operation().failure);
        scenario.settle();
        assert_eq!(scenario.endpoint_of(TARGET), endpoint);
    });
}

fn delete_instance(scenario: &Scenario, instance: &str) {
    let delete = DeleteDbInstance {
        db_instance_identifier: instance.to_owned(),
        skip_final_snapshot: Some(true),
        ..DeleteDbInstance::default()
    };
    scenario.operator(&scenario.target_place(), Call::DeleteDbInstance(delete));
    scenario.settle();
}

fn delete(scenario: &Scenario, cluster: &str) {
    let delete = DeleteDbCluster {
        db_cluster_identifier: cluster.to_owned(),
        skip_final_snapshot: Some(true),
        ..DeleteDbCluster::default()
    };
    scenario.operator(&scenario.target_place(), Call::DeleteDbCluster(delete));
    scenario.settle();
}
