//! Faults that the matrix of crashes and failures, and the worlds drawn from seeds, found in the engine, each as it was found.

use crate::undone_by_a_person;
use aurora_restore_core::{
    catalogue::ErrorCode,
    engine::{Advance, Engine, Session},
    operation::{Phase, Status, StepKind, StepStatus},
    request::{SourceSelector, Strategy},
};
use aurora_restore_sandbox::model::{
    call::{Action, Call, CreateDbInstance, DeleteDbInstance, ModifyDbCluster},
    faults::{Fault, FaultRule},
    resources::InstanceStatus,
};
use aurora_restore_testing::{
    Stop, Trouble, Witness, block_on, run_to_end,
    scenario::{MOVES_MAX, Scenario, Stage, TARGET, TargetIs},
    stories::{driven_until, step_is},
};
use jiff::SignedDuration;

/// The new cluster was made with the protection of the old one. RDS takes it off an available cluster only, so a restore
/// that failed could not be undone.
#[test]
fn a_restore_that_fails_beside_a_protected_target_is_undone() {
    for strategy in [Strategy::Swap, Strategy::SideBySide] {
        let scenario = Scenario::new(Stage::default().with_target(TargetIs::Protected));
        let before = scenario.view(Witness::OfIdentity);
        scenario.sim.with_world(|world, _| world.inject(FaultRule::once(Fault::FailingRestore)));
        let request = scenario.request(strategy, SourceSelector::Snapshot(scenario.snapshot()));
        let (status, session) = scenario.run("op-1", request).unwrap();
        assert_eq!(status, Status::Failed, "{:?}", session.operation().failure);
        scenario.settle();
        assert_eq!(before.differences(&scenario.view(Witness::OfIdentity)), Vec::<String>::new());
    }
}

/// A target that was protected after the plan was made was unprotected and deleted.
#[test]
fn a_target_that_is_protected_meanwhile_is_not_replaced() {
    let scenario = Scenario::new(Stage::default());
    let request = scenario.request(Strategy::Replace, SourceSelector::Snapshot(scenario.snapshot()));
    let mut session = block_on(async {
        let engine = Engine::new(scenario.ports());
        let switching = |session: &_| step_is(session, StepKind::SwitchOver, StepStatus::Started);
        let (session, stop) = driven_until(&scenario, &engine, ("op-1", request), switching).await.unwrap();
        assert_eq!(stop, Stop::ByOnlooker);
        session
    });
    let protect = ModifyDbCluster {
        db_cluster_identifier: TARGET.to_owned(),
        deletion_protection: Some(true),
        apply_immediately: Some(true),
        ..ModifyDbCluster::default()
    };
    scenario.operator(&scenario.target_place(), Call::ModifyDbCluster(protect));
    scenario.settle();
    let before = scenario.view(Witness::OfIdentity);
    let status = block_on(async {
        let engine = Engine::new(scenario.ports());
        run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap()
    });
    assert_eq!(status, Status::Failed);
    assert_eq!(session.operation().failure.as_ref().map(|failure| failure.code), Some(ErrorCode::TargetProtected));
    scenario.settle();
    assert_eq!(before.differences(&scenario.view(Witness::OfIdentity)), Vec::<String>::new());
}

/// A final snapshot that failed stood in the way of every later attempt to end the retired cluster.
#[test]
fn a_final_snapshot_that_fails_does_not_stand_in_the_way_of_the_next_one() {
    let scenario = Scenario::new(Stage::default());
    let (_, mut session) = scenario.run("op-1", scenario.swap()).unwrap();
    scenario.sim.with_world(|world, _| world.inject(FaultRule::once(Fault::FailingSnapshot)));
    let retire = async |session: &mut Session| {
        let engine = Engine::new(scenario.ports());
        engine.retire(session, "the sweeper").await.unwrap();
        run_to_end(&engine, session, &scenario.clock, MOVES_MAX).await.unwrap();
    };
    block_on(retire(&mut session));
    assert!(session.operation().retired_at.is_none(), "without its snapshot the cluster stays");
    block_on(retire(&mut session));
    assert!(session.operation().retired_at.is_some());
    let name = session.operation().facts.plan.as_ref().unwrap().names.final_snapshot.to_string();
    let view = scenario.view(Witness::OfIdentity);
    assert_eq!(view.field(&format!("/{name}"), "status"), Some("\"available\""));
}

/// An old cluster that was restored from its final snapshot and failed, or an instance of it, was found again by every
/// resume.
#[test]
fn an_old_cluster_that_fails_while_it_is_brought_back_is_brought_back_by_the_next_attempt() {
    let instance = Fault::FailingInstance { status: InstanceStatus::IncompatibleRestore };
    for (fault, code) in [(Fault::FailingRestore, ErrorCode::RestoreFailed), (instance, ErrorCode::InstanceFailed)] {
        let scenario = Scenario::new(Stage::default());
        let before = scenario.view(Witness::OfLikeness);
        let request = scenario.request(Strategy::Replace, SourceSelector::Snapshot(scenario.snapshot()));
        scenario.database.make_trouble(Trouble::FailsVerification, 1);
        block_on(async {
            let engine = Engine::new(scenario.ports());
            let undoing = |session: &Session| step_is(session, StepKind::SwitchOver, StepStatus::UndoStarted);
            let (mut session, _) = driven_until(&scenario, &engine, ("op-1", request), undoing).await.unwrap();
            scenario.sim.with_world(|world, _| world.inject(FaultRule::once(fault)));
            let status = run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
            assert_eq!(status, Status::Stuck, "a person is told");
            assert_eq!(session.operation().failure.as_ref().unwrap().code, code);
            engine.unstick(&mut session, "a person").await.unwrap();
            let status = run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
            assert_eq!(status, Status::Failed, "{:?}", session.operation().failure);
        });
        scenario.settle();
        let after = scenario.view(Witness::OfLikeness).without("final-");
        assert_eq!(before.differences(&after), Vec::<String>::new());
    }
}

/// A later operation had made an instance of the serving cluster anew, under its name. The undo of the switch took it for
/// foreign, and was stuck on it whatever a person did.
#[test]
fn an_undo_takes_the_names_back_from_instances_that_were_made_anew() {
    let scenario = Scenario::new(Stage::default());
    let before = scenario.view(Witness::OfIdentity);
    let (_, mut session) = scenario.run("op-1", scenario.swap()).unwrap();
    scenario.settle();
    let name = session.operation().facts.plan.as_ref().unwrap().names.serving_instances.last().unwrap().to_string();
    let place = scenario.target_place();
    scenario.operator(
        &place,
        Call::DeleteDbInstance(DeleteDbInstance { db_instance_identifier: name.clone(), ..Default::default() }),
    );
    scenario.settle();
    let anew = CreateDbInstance {
        db_instance_identifier: name,
        db_cluster_identifier: Some(TARGET.to_owned()),
        db_instance_class: "db.r6g.large".to_owned(),
        engine: "aurora-postgresql".to_owned(),
        ..CreateDbInstance::default()
    };
    scenario.operator(&place, Call::CreateDbInstance(anew));
    scenario.settle();
    let status = undone_by_a_person(&scenario, &mut session);
    assert_eq!(status, Status::Cancelled, "{:?}", session.operation().failure);
    scenario.settle();
    assert_eq!(before.differences(&scenario.view(Witness::OfIdentity)), Vec::<String>::new());
}

/// A retirement was given up as soon as its time was over, while the deletion that an executor had sent before was still on
/// its way: it struck after the report had said that the cluster is kept.
#[test]
fn a_retirement_whose_time_is_over_begins_no_change_and_fails_when_none_can_be_on_its_way() {
    let scenario = Scenario::new(Stage::default());
    let (_, mut session) = scenario.run("op-1", scenario.swap()).unwrap();
    scenario.settle();
    block_on(async {
        let engine = Engine::new(scenario.ports());
        engine.retire(&mut session, "the sweeper").await.unwrap();
        let before = scenario.view(Witness::OfIdentity);
        scenario.clock.turn(session.operation().request.limits.step + SignedDuration::from_secs(1));
        let advance = engine.advance(&mut session).await.unwrap();
        assert!(matches!(advance, Advance::Wait { .. }), "{advance:?}");
        assert_eq!(session.operation().phase, Phase::Retiring);

        scenario.clock.turn(SignedDuration::from_mins(5));
        assert_eq!(engine.advance(&mut session).await.unwrap(), Advance::Moved);
        assert_eq!(before.differences(&scenario.view(Witness::OfIdentity)), Vec::<String>::new());
    });
    let failure = session.operation().failure.clone().unwrap();
    assert_eq!(failure.code, ErrorCode::RetireRefused, "{failure}");
    assert!(failure.message.contains("is not gone after"), "{failure}");
    assert_eq!((session.operation().status(), session.operation().retired_at), (Status::Completed, None));
}

/// Where RDS refused the final snapshot, the retirement said only that there is none.
#[test]
fn a_final_snapshot_that_is_refused_is_told_with_its_reason() {
    let scenario = Scenario::new(Stage::default());
    let (_, mut session) = scenario.run("op-1", scenario.swap()).unwrap();
    scenario.settle();
    let refused = FaultRule::once(Fault::AccessDenied).on(Action::CreateDbClusterSnapshot);
    scenario.sim.with_world(|world, _| world.inject(refused));
    block_on(async {
        let engine = Engine::new(scenario.ports());
        engine.retire(&mut session, "the sweeper").await.unwrap();
        run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
    });
    let failure = session.operation().failure.clone().unwrap();
    assert!(failure.message.contains("CreateDBClusterSnapshot"), "{failure}");
    assert_eq!(failure.code, ErrorCode::AccessDenied, "{failure}");
}
