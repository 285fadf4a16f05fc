//! Faults that the matrix of crashes and failures found in the engine, each as it was found.

use aurora_restore_core::{
    catalogue::ErrorCode,
    engine::{Engine, Session},
    operation::{Status, StepKind, StepStatus},
    request::{SourceSelector, Strategy},
};
use aurora_restore_sandbox::model::{
    call::{Call, ModifyDbCluster},
    faults::{Fault, FaultRule},
    resources::InstanceStatus,
};
use aurora_restore_testing::{
    Stop, Trouble, Witness, block_on, run_to_end,
    scenario::{MOVES_MAX, Scenario, Stage, TARGET, TargetIs},
    stories::{driven_until, step_is},
};

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
    for fault in [Fault::FailingRestore, instance] {
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
            engine.unstick(&mut session, "a person").await.unwrap();
            let status = run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
            assert_eq!(status, Status::Failed, "{:?}", session.operation().failure);
        });
        scenario.settle();
        let after = scenario.view(Witness::OfLikeness).without("final-");
        assert_eq!(before.differences(&after), Vec::<String>::new());
    }
}
