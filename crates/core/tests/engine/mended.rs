//! Faults that the matrix of crashes and failures found in the engine, each as it was found.

use aurora_restore_core::{
    catalogue::ErrorCode,
    engine::Engine,
    operation::{Status, StepKind, StepStatus},
    request::{SourceSelector, Strategy},
};
use aurora_restore_sandbox::model::{
    call::{Call, ModifyDbCluster},
    faults::{Fault, FaultRule},
};
use aurora_restore_testing::{
    Stop, Witness, block_on, run_to_end,
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
