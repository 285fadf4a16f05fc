//! What keeps the engine from doing harm when the world is not as it left it, and what a person can do then.

use aurora_restore_core::{
    catalogue::ErrorCode,
    engine::{Engine, EngineError, Session, undo_can_be_waived},
    operation::{Direction, Phase, Status, StepKind},
    report,
    request::{ArchivePolicy, Request, SourceSelector, Strategy},
    verification::CheckOutcome,
};
use aurora_restore_sandbox::model::call::{Call, CopyDbClusterSnapshot, CreateDbCluster, ModifyDbCluster};
use aurora_restore_testing::{
    Stop, Trouble, Witness, block_on, run_to_end,
    scenario::{MOVES_MAX, Scenario, Stage, TARGET, TargetIs, operation},
    stories::{driven_until, stuck_without_a_way_back},
};
use jiff::SignedDuration;

const NEW: &str = "shop.customers:20000,shop.orders:180000";
const STALE: &str = "shop.customers:10";

fn replace(scenario: &Scenario) -> Request {
    scenario.request(Strategy::Replace, SourceSelector::Snapshot(scenario.snapshot()))
}

/// Begins an operation and drives it until `reached` says so.
async fn brought_to(
    scenario: &Scenario,
    engine: &Engine<'_>,
    request: Request,
    reached: impl FnMut(&Session) -> bool,
) -> Session {
    let (session, stop) = driven_until(scenario, engine, ("op-1", request), reached).await.unwrap();
    assert_eq!(stop, Stop::ByOnlooker);
    session
}

async fn to_the_end(scenario: &Scenario, engine: &Engine<'_>, session: &mut Session) -> Status {
    run_to_end(engine, session, &scenario.clock, MOVES_MAX).await.unwrap()
}

fn somebody_elses_cluster(name: &str) -> Call {
    Call::CreateDbCluster(CreateDbCluster {
        db_cluster_identifier: name.to_owned(),
        engine: "aurora-postgresql".to_owned(),
        master_username: Some("somebody".to_owned()),
        master_user_password: Some(aurora_restore_sandbox::model::Secret::new("somebody-Else-1")),
        ..CreateDbCluster::default()
    })
}

#[test]
fn a_refused_restore_is_reported_with_every_check_and_its_figure() {
    let scenario = Scenario::new(Stage::default());
    scenario.database.make_trouble(Trouble::FailsVerification, 1);
    let (status, session) = scenario.run("op-1", scenario.swap()).unwrap();
    assert_eq!(status, Status::Failed);
    assert_eq!(session.operation().facts.verified, None);
    let now = session.operation().updated_at;
    let report = report::of_journal(&scenario.journal.stored(&operation("op-1")), now).unwrap();
    let outcomes: Vec<(&str, CheckOutcome)> =
        report.checks.iter().map(|check| (check.name.as_str(), check.outcome)).collect();
    assert_eq!(outcomes, [("server version", CheckOutcome::Passed), ("tables", CheckOutcome::Failed)]);
    assert!(report.checks.iter().all(|check| check.found == "2 tables" && check.details.len() == 2));
    assert_eq!((report.figures.checks_passed, report.figures.checks_total), (1, 2));
}

#[test]
fn a_foreign_cluster_under_the_name_before_the_switch_ends_it_with_everything_undone() {
    let scenario = Scenario::new(Stage::default().with_target(TargetIs::Absent));
    let status = block_on(async {
        let engine = Engine::new(scenario.ports());
        let verified = |session: &Session| session.operation().facts.verified.is_some();
        let mut session = brought_to(&scenario, &engine, scenario.swap(), verified).await;
        scenario.operator(&scenario.target_place(), somebody_elses_cluster(TARGET));
        to_the_end(&scenario, &engine, &mut session).await
    });
    assert_eq!(status, Status::Failed);
    scenario.settle();
    let view = scenario.view(Witness::OfIdentity);
    assert_eq!(view.field(&format!("/{TARGET}"), "status"), Some("\"available\""), "it is not touched");
}

async fn stuck(scenario: &Scenario, engine: &Engine<'_>) -> Session {
    let (session, status) = stuck_without_a_way_back(scenario, engine, "op-1").await.unwrap();
    assert_eq!(status, Status::Stuck);
    session
}

#[test]
fn without_its_final_snapshot_a_replacement_is_never_taken_away() {
    let scenario = Scenario::new(Stage::default());
    block_on(async {
        let engine = Engine::new(scenario.ports());
        let mut session = stuck(&scenario, &engine).await;
        assert_eq!(session.operation().phase, Phase::Stuck(Direction::Back));
        assert_eq!(session.operation().failure.as_ref().unwrap().code, ErrorCode::UndoBlocked);
        assert_eq!(scenario.answer_of_target().as_deref(), Some(NEW), "the only cluster that is left keeps serving");
        engine.unstick(&mut session, "a person").await.unwrap();
        assert_eq!(to_the_end(&scenario, &engine, &mut session).await, Status::Stuck);
        assert_eq!(scenario.answer_of_target().as_deref(), Some(NEW));
    });
}

#[test]
fn a_person_who_has_dealt_with_an_undo_lets_the_rest_be_undone() {
    let scenario = Scenario::new(Stage::default());
    block_on(async {
        let engine = Engine::new(scenario.ports());
        let mut session = stuck(&scenario, &engine).await;
        let mut waived = Vec::new();
        // The new cluster's two steps stay; then the switch finds the name borne by it and not by the old one.
        while session.operation().phase == Phase::Stuck(Direction::Back) {
            assert_eq!(session.operation().failure.as_ref().unwrap().code, ErrorCode::UndoBlocked);
            waived.push(undo_can_be_waived(session.operation()).unwrap());
            engine.waive_undo(&mut session, "a person", "the new cluster stays").await.unwrap();
            to_the_end(&scenario, &engine, &mut session).await;
        }
        assert_eq!(waived, [StepKind::CreateInstances, StepKind::RestoreSnapshot, StepKind::SwitchOver]);
        assert_eq!(session.operation().status(), Status::Failed);
        let not_stuck = engine.waive_undo(&mut session, "a person", "once more").await;
        assert!(matches!(not_stuck, Err(EngineError::NotPossible { .. })), "{not_stuck:?}");
        assert_eq!(scenario.answer_of_target().as_deref(), Some(NEW));
        let now = session.operation().updated_at;
        let report = report::of_journal(&scenario.journal.stored(&operation("op-1")), now).unwrap();
        let told = report.incidents.iter().filter(|incident| incident.text.contains("the new cluster stays")).count();
        assert_eq!(told, 3, "{:?}", report.incidents);
        let fate = &report.resources.iter().find(|line| line.kind == "cluster").unwrap().fate;
        assert_eq!(fate, "dealt with by a person: the new cluster stays", "what stays is not called deleted");
    });
}

#[test]
fn nothing_is_deleted_on_a_final_snapshot_that_was_taken_long_ago() {
    let scenario = Scenario::new(Stage::default());
    block_on(async {
        let engine = Engine::new(scenario.ports());
        let mut snapshot_is_made = false;
        let mut session = brought_to(&scenario, &engine, replace(&scenario), |session| {
            let named = session.operation().facts.plan.as_ref().map(|plan| plan.names.final_snapshot.clone());
            let view = scenario.view(Witness::OfIdentity);
            snapshot_is_made |= named.is_some_and(|name| view.field(&format!("/{name}"), "status").is_some());
            snapshot_is_made
        })
        .await;
        scenario.clock.turn(SignedDuration::from_hours(5));
        assert_eq!(to_the_end(&scenario, &engine, &mut session).await, Status::Failed);
        let failure = session.operation().failure.clone().unwrap();
        assert!(failure.message.contains("minutes old"), "{failure}");
    });
    assert_eq!(scenario.answer_of_target().as_deref(), Some(STALE));
}

#[test]
fn a_retired_cluster_that_somebody_renamed_is_not_taken_for_gone() {
    let scenario = Scenario::new(Stage::default());
    let (_, mut session) = scenario.run("op-1", scenario.swap()).unwrap();
    let retired = session.operation().facts.switch_over.clone().unwrap().retired.unwrap();
    scenario.settle();
    let rename = ModifyDbCluster {
        db_cluster_identifier: retired.cluster.to_string(),
        new_db_cluster_identifier: Some("kept-by-somebody".to_owned()),
        apply_immediately: Some(true),
        ..ModifyDbCluster::default()
    };
    scenario.operator(&scenario.target_place(), Call::ModifyDbCluster(rename));
    scenario.settle();
    block_on(async {
        let engine = Engine::new(scenario.ports());
        engine.retire(&mut session, "the sweeper").await.unwrap();
        to_the_end(&scenario, &engine, &mut session).await;
    });
    let failure = session.operation().failure.clone().unwrap();
    assert!(failure.message.contains("is called kept-by-somebody now"), "{failure}");
    assert_eq!(session.operation().retired_at, None);
    let view = scenario.view(Witness::OfIdentity);
    assert_eq!(view.field("/kept-by-somebody", "status"), Some("\"available\""));
}

/// A person copies our copy with all its tags, to keep it.
fn copy_for_keeps(scenario: &Scenario, copy: &str) {
    let place = scenario.target_place();
    let shown = Call::CopyDbClusterSnapshot(CopyDbClusterSnapshot {
        source_db_cluster_snapshot_identifier: copy.to_owned(),
        target_db_cluster_snapshot_identifier: "for-the-auditors".to_owned(),
        copy_tags: Some(true),
        ..CopyDbClusterSnapshot::default()
    });
    scenario.operator(&place, shown);
    scenario.settle();
}

#[test]
fn thinning_out_deletes_our_older_copies_and_not_somebodys_copy_of_them() {
    let scenario = Scenario::new(Stage::across());
    let mut request = scenario.swap();
    request.archive = ArchivePolicy::KeepLast(1);
    let (_, first) = scenario.run("op-1", request.clone()).unwrap();
    let copy_of =
        |session: &Session| session.operation().facts.copy.as_ref().unwrap().copies.last().unwrap().snapshot.clone();
    let older = copy_of(&first);
    copy_for_keeps(&scenario, older.as_str());
    let (status, second) = scenario.run("op-2", request).unwrap();
    assert_eq!(status, Status::Completed);
    scenario.settle();
    let view = scenario.view(Witness::OfIdentity);
    let is_there = |name: &str| view.field(&format!("/{name}"), "status").is_some();
    assert!(!is_there(older.as_str()), "the older copy is thinned out");
    assert!(is_there(copy_of(&second).as_str()) && is_there("for-the-auditors"));
}
