//! What others do to an operation's things while it runs, and calls that land late. Each was first found by the random
//! worlds of `cargo xtask sim`.

use crate::undone_by_a_person;
use aurora_restore_core::{
    catalogue::ErrorCode,
    engine::{Advance, Engine, request_cancel},
    operation::{CancelRequest, Operation, Status, StepKind, StepStatus},
    plan::Names,
    ports::Clock,
    report,
};
use aurora_restore_sandbox::model::{
    call::{Action, Call, CreateDbClusterSnapshot, DeleteDbInstance, ModifyDbCluster},
    faults::{Fault, FaultRule},
};
use aurora_restore_testing::{
    Stop, Witness, block_on, drive, run_to_end,
    scenario::{MOVES_MAX, Scenario, Stage, executor, operation},
};

const STALE: &str = "shop.customers:10";

fn names(operation: &Operation) -> Names {
    operation.facts.plan.as_ref().unwrap().names.clone()
}

fn rename(scenario: &Scenario, from: &str, to: &str) {
    let modify = ModifyDbCluster {
        db_cluster_identifier: from.to_owned(),
        new_db_cluster_identifier: Some(to.to_owned()),
        apply_immediately: Some(true),
        ..ModifyDbCluster::default()
    };
    scenario.operator(&scenario.target_place(), Call::ModifyDbCluster(modify));
}

fn inject(scenario: &Scenario, rule: FaultRule) {
    scenario.sim.with_world(|world, _| world.inject(rule));
}

/// Somebody deletes an instance of the new cluster after the switch. It is in nobody's way: nothing waits for its name.
#[test]
fn an_instance_of_the_new_cluster_that_is_gone_does_not_hold_up_the_undo() {
    let scenario = Scenario::new(Stage::default());
    let before = scenario.view(Witness::OfIdentity);
    let mut request = scenario.swap();
    request.instances.count = Some(2);
    let (_, mut session) = scenario.run("op-1", request).unwrap();
    let reader = names(session.operation()).serving_instances.last().unwrap().to_string();
    let delete = DeleteDbInstance { db_instance_identifier: reader, ..DeleteDbInstance::default() };
    scenario.operator(&scenario.target_place(), Call::DeleteDbInstance(delete));
    scenario.settle();
    let status = undone_by_a_person(&scenario, &mut session);
    assert_eq!(status, Status::Cancelled, "{:?}", session.operation().failure);
    scenario.settle();
    assert_eq!(before.differences(&scenario.view(Witness::OfIdentity)), Vec::<String>::new());
}

/// An executor asks the journal, is overtaken, and its rename lands only then: the operation is being undone by another
/// executor, which has seen the old cluster under its name already.
#[test]
fn a_rename_that_lands_late_during_the_undo_is_undone_too() {
    let scenario = Scenario::new(Stage::default());
    let status = block_on(async {
        let engine = Engine::new(scenario.ports());
        let mut slow = engine.begin(scenario.begin("op-1", scenario.swap())).await.unwrap();
        let driven = drive(&engine, &mut slow, &scenario.clock, MOVES_MAX, |session, _| {
            session.operation().step(StepKind::SwitchOver).unwrap().status != StepStatus::Started
        });
        assert_eq!(driven.await.unwrap(), Stop::ByOnlooker);
        let retired = names(slow.operation()).retired.to_string();
        let mut rival = engine.attach(&operation("op-1"), &executor("rival")).await.unwrap();
        let cancel = CancelRequest { by: "a person".to_owned(), reason: None };
        request_cancel(&scenario.journal, &operation("op-1"), cancel, scenario.clock.now()).await.unwrap();
        let mut looked = false;
        let driven = drive(&engine, &mut rival, &scenario.clock, MOVES_MAX, |session, advance| {
            let undoing = session.operation().step(StepKind::SwitchOver).unwrap().status == StepStatus::UndoStarted;
            looked = undoing && matches!(advance, Advance::Wait { .. });
            !looked
        });
        assert_eq!(driven.await.unwrap(), Stop::ByOnlooker);
        rename(&scenario, "staging", &retired);
        run_to_end(&engine, &mut rival, &scenario.clock, MOVES_MAX).await.unwrap()
    });
    assert_eq!(status, Status::Cancelled);
    assert_eq!(scenario.answer_of_target().as_deref(), Some(STALE));
}

/// The new cluster copies its tags, ours among them, to every snapshot that is taken of it. One that somebody takes under
/// the name of the final snapshot is of the wrong cluster.
#[test]
fn a_snapshot_that_inherited_our_tags_is_not_taken_for_the_final_one() {
    let scenario = Scenario::new(Stage::default());
    let (_, mut session) = scenario.run("op-1", scenario.swap()).unwrap();
    let names = names(session.operation());
    let by_hand = CreateDbClusterSnapshot {
        db_cluster_snapshot_identifier: names.final_snapshot.to_string(),
        db_cluster_identifier: "staging".to_owned(),
        tags: Vec::new(),
    };
    scenario.operator(&scenario.target_place(), Call::CreateDbClusterSnapshot(by_hand));
    scenario.settle();
    block_on(async {
        let engine = Engine::new(scenario.ports());
        engine.retire(&mut session, "a person").await.unwrap();
        run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
    });
    assert_eq!(session.operation().retired_at, None);
    assert_eq!(session.operation().failure.as_ref().unwrap().code, ErrorCode::NameTaken);
    scenario.settle();
    let view = scenario.view(Witness::OfIdentity);
    assert_eq!(view.field(&format!("/{}", names.retired), "status"), Some("\"available\""));
}

/// A retirement that fails after its snapshot was taken leaves the snapshot: the report says so.
#[test]
fn the_report_lists_the_final_snapshot_of_a_retirement_that_failed() {
    let scenario = Scenario::new(Stage::default());
    let (_, mut session) = scenario.run("op-1", scenario.swap()).unwrap();
    inject(&scenario, FaultRule::once(Fault::AccessDenied).on(Action::DeleteDbInstance));
    block_on(async {
        let engine = Engine::new(scenario.ports());
        engine.retire(&mut session, "a person").await.unwrap();
        run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
    });
    assert_eq!(session.operation().retired_at, None);
    let name = names(session.operation()).final_snapshot.to_string();
    assert!(scenario.view(Witness::OfIdentity).field(&format!("/{name}"), "status").is_some());
    let entries = scenario.journal.stored(&operation("op-1"));
    let report = report::of_journal(&entries, scenario.clock.now()).unwrap();
    assert!(
        report.resources.iter().any(|line| line.name == name && line.fate == "may exist"),
        "{:?}",
        report.resources
    );
}

/// What a step leaves that is given up after the point of no return stands in the report: here a copy that could not be
/// deleted and a snapshot that is still shared.
#[test]
fn the_report_lists_what_an_abandoned_step_leaves() {
    let scenario = Scenario::new(Stage::across());
    inject(&scenario, FaultRule::once(Fault::AccessDenied).on(Action::DeleteDbClusterSnapshot));
    let (status, session) = scenario.run("op-1", scenario.swap()).unwrap();
    assert_eq!(status, Status::Completed);
    let copy = names(session.operation()).copies.last().unwrap().to_string();
    let entries = scenario.journal.stored(&operation("op-1"));
    let report = report::of_journal(&entries, scenario.clock.now()).unwrap();
    let told = report.warnings.join("\n");
    assert!(told.contains(&copy) && told.contains("shared with account"), "{told}");
}
