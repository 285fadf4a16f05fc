//! What people and rivals do to an operation: cancel, undo, retire, resume, overtake.

use crate::undone_by_a_person;
use aurora_restore_core::{
    engine::{Advance, Engine, EngineError, request_cancel},
    operation::{CancelRequest, Status, StepKind, StepStatus},
    ports::{Clock, JournalError, NoticeOutcome},
    request::{FinalSnapshot, Strategy},
};
use aurora_restore_sandbox::model::{
    World,
    call::{Action, Call, CreateDbCluster, DeleteDbInstance},
    faults::{Fault, FaultRule},
};
use aurora_restore_testing::{
    Stop, Trouble, Witness, block_on, drive, run_to_end,
    scenario::{MOVES_MAX, Scenario, Stage, executor, operation},
};
use jiff::SignedDuration;

const NEW: &str = "shop.customers:20000,shop.orders:180000";
const STALE: &str = "shop.customers:10";

fn cancel() -> CancelRequest {
    CancelRequest { by: "a person".to_owned(), reason: None }
}

fn nothing_changed(scenario: &Scenario, before: &aurora_restore_testing::View) {
    scenario.settle();
    assert_eq!(before.differences(&scenario.view(Witness::OfIdentity)), Vec::<String>::new());
    assert_eq!(scenario.answer_of_target().as_deref(), Some(STALE));
}

#[test]
fn data_that_are_refused_are_undone_and_the_old_cluster_keeps_serving() {
    for trouble in [Trouble::FailsVerification, Trouble::FailsProof, Trouble::UntrustedCertificate] {
        let scenario = Scenario::new(Stage::default());
        let before = scenario.view(Witness::OfIdentity);
        scenario.database.make_trouble(trouble.clone(), 1);
        let (status, _) = scenario.run("op-1", scenario.swap()).unwrap();
        assert_eq!(status, Status::Failed, "{trouble:?}");
        nothing_changed(&scenario, &before);
        let told: Vec<NoticeOutcome> = scenario.notifier.notices().iter().map(|notice| notice.outcome).collect();
        assert_eq!(told, [NoticeOutcome::Failed]);
    }
}

#[test]
fn a_database_that_is_slow_to_answer_is_waited_for() {
    let scenario = Scenario::new(Stage::default());
    scenario.database.make_trouble(Trouble::Unreachable, 3);
    let (status, _) = scenario.run("op-1", scenario.swap()).unwrap();
    assert_eq!(status, Status::Completed);
}

/// Cancels an operation after a number of moves; tells whether it was accepted.
fn cancelled_after(stage: &Scenario, moves: usize) -> (Scenario, Status, bool) {
    let scenario = stage.fork();
    let (status, accepted) = block_on(async {
        let engine = Engine::new(scenario.ports());
        let mut request = scenario.swap();
        request.limits.poll = SignedDuration::from_mins(10);
        let mut session = engine.begin(scenario.begin("op-1", request)).await.unwrap();
        let mut seen = 0;
        let stop = drive(&engine, &mut session, &scenario.clock, MOVES_MAX, |_, _| {
            seen += 1;
            seen < moves
        });
        if let Stop::Ended(status) = stop.await.unwrap() {
            return (status, false);
        }
        let accepted =
            request_cancel(&scenario.journal, &operation("op-1"), cancel(), scenario.clock.now()).await.is_ok();
        let status = run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
        (status, accepted)
    });
    (scenario, status, accepted)
}

#[test]
fn a_request_to_cancel_is_obeyed_at_every_move_before_the_point_of_no_return() {
    let stage = Scenario::new(Stage::default());
    let before = stage.view(Witness::OfIdentity);
    let (mut cancelled, mut completed) = (0, 0);
    for moves in 1.. {
        let (scenario, status, accepted) = cancelled_after(&stage, moves);
        match (status, accepted) {
            (Status::Cancelled, true) => {
                nothing_changed(&scenario, &before);
                cancelled += 1;
            }
            (Status::Completed, _) => {
                completed += 1;
                assert_eq!(scenario.answer_of_target().as_deref(), Some(NEW));
                if completed > 6 {
                    break;
                }
            }
            other => panic!("after {moves} moves: {other:?}"),
        }
    }
    assert!(cancelled > 20, "{cancelled}");
}

#[test]
fn a_completed_operation_can_be_undone_while_the_old_cluster_is_kept() {
    let scenario = Scenario::new(Stage::default());
    let before = scenario.view(Witness::OfIdentity);
    let (_, mut session) = scenario.run("op-1", scenario.swap()).unwrap();
    let status = undone_by_a_person(&scenario, &mut session);
    assert_eq!(status, Status::Cancelled);
    nothing_changed(&scenario, &before);
}

#[test]
fn the_retired_cluster_is_ended_with_or_without_a_final_snapshot() {
    for final_snapshot in [FinalSnapshot::Take, FinalSnapshot::Skip] {
        let scenario = Scenario::new(Stage::default());
        let mut request = scenario.swap();
        request.retirement.final_snapshot = final_snapshot;
        let (_, mut session) = scenario.run("op-1", request).unwrap();
        let names = session.operation().facts.plan.as_ref().unwrap().names.clone();
        block_on(async {
            let engine = Engine::new(scenario.ports());
            engine.retire(&mut session, "the sweeper").await.unwrap();
            run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
            let again = engine.undo(&mut session, "a person").await;
            assert!(matches!(again, Err(EngineError::NotPossible { .. })), "{again:?}");
        });
        assert!(session.operation().retired_at.is_some());
        scenario.settle();
        let view = scenario.view(Witness::OfIdentity);
        assert_eq!(view.field(&format!("/{}", names.retired), "status"), None);
        let snapshot = view.field(&format!("/{}", names.final_snapshot), "status");
        assert_eq!(snapshot.is_some(), final_snapshot == FinalSnapshot::Take);
        assert_eq!(scenario.answer_of_target().as_deref(), Some(NEW));
    }
}

/// The instances of the old cluster are deleted, and then RDS refuses to delete the cluster itself: an undo would have given
/// the name to a cluster that nobody can log in to, and deleted the one that serves.
#[test]
fn after_a_retirement_that_failed_half_way_there_is_no_undo() {
    let scenario = Scenario::new(Stage::default());
    let (_, mut session) = scenario.run("op-1", scenario.swap()).unwrap();
    scenario.settle();
    let refused = FaultRule::once(Fault::AccessDenied).on(Action::DeleteDbCluster);
    scenario.sim.with_world(|world, _| world.inject(refused));
    block_on(async {
        let engine = Engine::new(scenario.ports());
        engine.retire(&mut session, "the sweeper").await.unwrap();
        run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
        assert_eq!(session.operation().retired_at, None);
        let undone = engine.undo(&mut session, "a person").await.unwrap_err();
        assert!(undone.to_string().contains("nothing to go back to"), "{undone}");
    });
    scenario.settle();
    assert_eq!(scenario.answer_of_target().as_deref(), Some(NEW));
}

/// The old cluster has left the name, and before the new one takes it somebody else does.
#[test]
fn a_foreign_cluster_in_the_middle_of_the_switch_makes_it_stuck_until_a_person_clears_it() {
    let scenario = Scenario::new(Stage::default());
    let status = block_on(async {
        let engine = Engine::new(scenario.ports());
        let mut session = engine.begin(scenario.begin("op-1", scenario.swap())).await.unwrap();
        let mut taken = false;
        let driven = drive(&engine, &mut session, &scenario.clock, MOVES_MAX, |_, advance| {
            if let Advance::Wait { progress: Some(progress), .. } = advance
                && progress.text.starts_with("cluster staging becomes")
            {
                // The rename takes a while; at its end the name is free until the engine looks again.
                taken = (0..600).any(|_| {
                    scenario.clock.turn(SignedDuration::from_secs(1));
                    let create = |world: &mut World, now| world.apply(&scenario.target_place(), foreign(), now);
                    scenario.sim.with_world(create).is_ok()
                });
                assert!(taken);
            }
            true
        });
        assert_eq!(driven.await.unwrap(), Stop::Ended(Status::Stuck));
        let blocked = scenario.run("op-2", scenario.swap());
        assert!(blocked.is_err(), "the target stays locked while its operation is stuck");

        scenario.settle();
        scenario.operator(
            &scenario.target_place(),
            Call::DeleteDbCluster(aurora_restore_sandbox::model::call::DeleteDbCluster {
                db_cluster_identifier: "staging".to_owned(),
                skip_final_snapshot: Some(true),
                ..Default::default()
            }),
        );
        scenario.settle();
        engine.unstick(&mut session, "a person").await.unwrap();
        run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap()
    });
    assert_eq!(status, Status::Completed);
    assert_eq!(scenario.answer_of_target().as_deref(), Some(NEW));
}

fn foreign() -> Call {
    Call::CreateDbCluster(CreateDbCluster {
        db_cluster_identifier: "staging".to_owned(),
        engine: "aurora-postgresql".to_owned(),
        master_username: Some("somebody".to_owned()),
        master_user_password: Some(aurora_restore_sandbox::model::Secret::new("somebody-Else-1")),
        ..CreateDbCluster::default()
    })
}

#[test]
fn a_second_operation_on_one_target_is_refused_with_the_id_of_the_first() {
    let scenario = Scenario::new(Stage::default());
    block_on(async {
        let engine = Engine::new(scenario.ports());
        engine.begin(scenario.begin("op-1", scenario.swap())).await.unwrap();
        let second = engine.begin(scenario.begin("op-2", scenario.swap())).await;
        let Err(EngineError::Journal(JournalError::TargetBusy { holder, .. })) = second else {
            panic!("{second:?}");
        };
        assert_eq!(holder, operation("op-1"));
    });
}

#[test]
fn an_executor_that_was_overtaken_changes_nothing_any_more() {
    let stage = Scenario::new(Stage::default());
    for moves in (1..60).step_by(7) {
        let scenario = stage.fork();
        block_on(async {
            let engine = Engine::new(scenario.ports());
            let mut slow = engine.begin(scenario.begin("op-1", scenario.swap())).await.unwrap();
            let mut seen = 0;
            let paused = drive(&engine, &mut slow, &scenario.clock, MOVES_MAX, |_, _| {
                seen += 1;
                seen < moves
            });
            assert_eq!(paused.await.unwrap(), Stop::ByOnlooker);
            let mut rival = engine.attach(&operation("op-1"), &executor("rival")).await.unwrap();
            let entries = scenario.journal.stored(&operation("op-1"));
            let world = scenario.view(Witness::OfIdentity);
            let late = engine.advance(&mut slow).await;
            assert!(matches!(late, Err(EngineError::Journal(JournalError::Fenced { .. }))), "{late:?}");
            assert_eq!(scenario.journal.stored(&operation("op-1")), entries);
            assert_eq!(world.differences(&scenario.view(Witness::OfIdentity)), Vec::<String>::new());
            let status = run_to_end(&engine, &mut rival, &scenario.clock, MOVES_MAX).await.unwrap();
            assert_eq!(status, Status::Completed);
        });
    }
}

#[test]
fn under_swap_the_name_answers_old_or_new_but_for_the_switch() {
    let scenario = Scenario::new(Stage::default());
    let mut unanswered = SignedDuration::ZERO;
    let mut switched = false;
    block_on(async {
        let engine = Engine::new(scenario.ports());
        let mut session = engine.begin(scenario.begin("op-1", scenario.swap())).await.unwrap();
        let watched = drive(&engine, &mut session, &scenario.clock, MOVES_MAX, |_, advance| {
            match scenario.answer_of_target().as_deref() {
                Some(STALE) => assert!(!switched, "the old content is back"),
                Some(NEW) => switched = true,
                Some(other) => panic!("the name answers with {other}"),
                // Between the renames of the clusters, and once more while the renamed writer restarts.
                None => {
                    if let Advance::Wait { after, .. } = advance {
                        unanswered += *after;
                    }
                }
            }
            true
        });
        watched.await.unwrap();
        let reported = session.operation().facts.switch_over.as_ref().unwrap().name_unanswered_max.unwrap();
        assert!(unanswered <= reported, "{unanswered} is more than the reported {reported}");
    });
    assert!(
        switched && unanswered > SignedDuration::ZERO && unanswered < SignedDuration::from_mins(15),
        "{unanswered}"
    );
}

#[test]
fn an_undone_replacement_brings_the_old_cluster_back_serving() {
    let scenario = Scenario::new(Stage::default());
    let request = scenario
        .request(Strategy::Replace, aurora_restore_core::request::SourceSelector::Snapshot(scenario.snapshot()));
    scenario.database.make_trouble(Trouble::FailsVerification, 1);
    let (status, _) = scenario.run("op-1", request).unwrap();
    assert_eq!(status, Status::Failed);
    assert_eq!(scenario.answer_of_target().as_deref(), Some(STALE));
}

#[test]
fn an_operation_is_not_undone_once_a_later_one_has_the_name() {
    let scenario = Scenario::new(Stage::default());
    let (_, mut first) = scenario.run("op-1", scenario.swap()).unwrap();
    let (status, _) = scenario.run("op-2", scenario.swap()).unwrap();
    assert_eq!(status, Status::Completed);
    let before = scenario.view(Witness::OfIdentity);
    block_on(async {
        let engine = Engine::new(scenario.ports());
        let refused = engine.undo(&mut first, "a person").await;
        assert!(matches!(refused, Err(EngineError::NotPossible { .. })), "{refused:?}");
    });
    assert_eq!(before.differences(&scenario.view(Witness::OfIdentity)), Vec::<String>::new());
}

#[test]
fn a_long_pause_of_the_executor_is_not_an_overdue_step() {
    for pause_in in [StepKind::CopySnapshot, StepKind::ApplySettings, StepKind::SwitchOver] {
        let scenario = Scenario::new(Stage::across());
        block_on(async {
            let engine = Engine::new(scenario.ports());
            let mut session = engine.begin(scenario.begin("op-1", scenario.swap())).await.unwrap();
            let stop = drive(&engine, &mut session, &scenario.clock, MOVES_MAX, |session, _| {
                let step = session.operation().step(pause_in).unwrap();
                step.status != StepStatus::Started
            });
            assert_eq!(stop.await.unwrap(), Stop::ByOnlooker);
        });
        scenario.clock.turn(SignedDuration::from_hours(60));
        let (status, _) = scenario.resume("op-1", "next-morning").unwrap();
        assert_eq!(status, Status::Completed, "{pause_in}");
    }
}

#[test]
fn an_old_instance_that_is_gone_before_the_switch_ends_it_with_the_name_untouched() {
    let scenario = Scenario::new(Stage::default());
    let mut deleted = false;
    let status = block_on(async {
        let engine = Engine::new(scenario.ports());
        let mut session = engine.begin(scenario.begin("op-1", scenario.swap())).await.unwrap();
        let driven = drive(&engine, &mut session, &scenario.clock, MOVES_MAX, |session, _| {
            let operation = session.operation();
            if !deleted && operation.step(StepKind::VerifyRestore).unwrap().status == StepStatus::Started {
                deleted = true;
                let old = operation.facts.plan.as_ref().unwrap().existing.as_ref().unwrap();
                let reader = old.instances.last().unwrap().instance.to_string();
                let delete = DeleteDbInstance { db_instance_identifier: reader, ..DeleteDbInstance::default() };
                scenario.operator(&scenario.target_place(), Call::DeleteDbInstance(delete));
            }
            assert_eq!(operation.facts.switch_over, None);
            true
        });
        driven.await.unwrap()
    });
    assert!(deleted);
    assert_eq!(status, Stop::Ended(Status::Failed));
}
