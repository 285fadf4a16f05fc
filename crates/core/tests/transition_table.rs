//! The whole transition table, written out: every phase, every status of a step, every kind of event. A change of the
//! table shows as a change of the file beside this one.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{fs, path::PathBuf};

use aurora_restore_core::{
    catalogue::ErrorCode,
    ids::{ClusterId, ExecutorId, ResourceId},
    operation::{
        CancelRequest, Direction, End, Event, EventKind, Failure, NoticeSent, Phase, RetiredCluster, StepFacts,
        StepKind, StepStatus, UndoReason, transition::next,
    },
};
use aurora_restore_testing::scenario::{Scenario, Stage};
use jiff::SignedDuration;

const PHASES: [Phase; 8] = [
    Phase::Forward,
    Phase::Back,
    Phase::Stuck(Direction::Forward),
    Phase::Stuck(Direction::Back),
    Phase::Ended(End::Completed),
    Phase::Ended(End::Failed),
    Phase::Ended(End::Cancelled),
    Phase::Retiring,
];

fn failure() -> Failure {
    Failure::terminal(ErrorCode::Internal, "for the table")
}

/// Events about a step, each with what tells it from others of its kind.
fn step_events(step: StepKind) -> Vec<(&'static str, Event)> {
    let facts = |subject: &str| Box::new(StepFacts::Notify(NoticeSent { subject: subject.to_owned() }));
    let pause = Some(SignedDuration::from_secs(1));
    let stuck = |direction| Event::BecameStuck { step, direction, failure: failure(), left: Vec::new() };
    vec![
        ("StepStarted", Event::StepStarted { step, attempt: 1 }),
        ("StepFinished with the facts of notify", Event::StepFinished { step, facts: facts("") }),
        ("StepSkipped", Event::StepSkipped { step, reason: String::new() }),
        ("StepFailed, retry", Event::StepFailed { step, failure: failure(), retry_after: pause, checks: None }),
        ("StepFailed, for good", Event::StepFailed { step, failure: failure(), retry_after: None, checks: None }),
        ("StepAbandoned", Event::StepAbandoned { step, failure: failure(), left: Vec::new() }),
        ("StepUndoStarted", Event::StepUndoStarted { step, attempt: 1 }),
        ("StepUndone", Event::StepUndone { step, note: None }),
        ("StepUndoFailed, retry", Event::StepUndoFailed { step, failure: failure(), retry_after: pause }),
        ("StepUndoFailed, for good", Event::StepUndoFailed { step, failure: failure(), retry_after: None }),
        ("StepUndoWaived", Event::StepUndoWaived { step, by: "somebody".to_owned(), note: String::new() }),
        ("BecameStuck(Forward)", stuck(Direction::Forward)),
        ("BecameStuck(Back)", stuck(Direction::Back)),
    ]
}

/// Events that are about no step.
fn other_events() -> Vec<(&'static str, Event)> {
    let by = || "somebody".to_owned();
    let executor = || ExecutorId::new("somebody").unwrap();
    let scenario = Scenario::new(Stage::default());
    let cancel = CancelRequest { by: by(), reason: None };
    let retired = RetiredCluster {
        cluster: ClusterId::new("old").unwrap(),
        resource_id: ResourceId::new("cluster-1").unwrap(),
        instances: Vec::new(),
        final_snapshot: None,
    };
    let requested = Event::Requested { request: Box::new(scenario.swap()), executor: executor(), approved_plan: None };
    vec![
        ("Requested", requested),
        ("TakenOver", Event::TakenOver { executor: executor() }),
        ("CancelRequested", Event::CancelRequested { request: cancel.clone() }),
        ("UndoStarted(Failed)", Event::UndoStarted { reason: UndoReason::Failed { step: StepKind::VerifyRestore } }),
        ("UndoStarted(Cancelled)", Event::UndoStarted { reason: UndoReason::Cancelled(cancel) }),
        ("UndoStarted(Asked)", Event::UndoStarted { reason: UndoReason::Asked { by: by() } }),
        ("Unstuck(Forward)", Event::Unstuck { by: by(), direction: Direction::Forward }),
        ("Unstuck(Back)", Event::Unstuck { by: by(), direction: Direction::Back }),
        ("Ended(Completed)", Event::Ended { end: End::Completed }),
        ("Ended(Failed)", Event::Ended { end: End::Failed }),
        ("Ended(Cancelled)", Event::Ended { end: End::Cancelled }),
        ("RetireStarted", Event::RetireStarted { by: by() }),
        ("RetireFinished", Event::RetireFinished { retired }),
        ("RetireFailed", Event::RetireFailed { failure: failure() }),
    ]
}

/// The legal transitions, one line each, and how many are not.
fn table() -> (String, Vec<EventKind>) {
    let (mut lines, mut refused) = (Vec::new(), 0);
    let mut kinds = Vec::new();
    // One step before the point of no return, and one after it whose facts are the ones above.
    let about_steps = [StepKind::VerifyRestore, StepKind::Notify]
        .into_iter()
        .flat_map(|kind| step_events(kind).into_iter().map(move |(label, event)| (Some(kind), label, event)));
    let about_none = other_events().into_iter().map(|(label, event)| (None, label, event));
    for (step, label, event) in about_steps.chain(about_none) {
        kinds.push(event.kind());
        let statuses: Vec<Option<StepStatus>> = match step {
            Some(_) => StepStatus::ALL.into_iter().map(Some).collect(),
            None => vec![None],
        };
        for phase in PHASES {
            for status in &statuses {
                match next(phase, *status, &event) {
                    Ok((after, step_after)) => {
                        let who = step.map_or("-", StepKind::as_str);
                        let status = status.map_or("-".to_owned(), |status| format!("{status:?}"));
                        let step_after = step_after.map_or("-".to_owned(), |status| format!("{status:?}"));
                        lines.push(format!("{phase:?} | {label} | {who} {status} -> {step_after} | {after:?}"));
                    }
                    Err(_) => refused += 1,
                }
            }
        }
    }
    lines.push(format!("{refused} others are refused"));
    (lines.join("\n") + "\n", kinds)
}

#[test]
fn the_table_is_the_one_that_is_written_down() {
    let (table, kinds) = table();
    for kind in [EventKind::Requested, EventKind::StepAbandoned, EventKind::BecameStuck, EventKind::RetireFailed] {
        assert!(kinds.contains(&kind), "{kind:?} is not tried");
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/transitions.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &table).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap();
    let news: Vec<&str> = table.lines().filter(|line| !written.lines().any(|old| old == *line)).collect();
    let gone: Vec<&str> = written.lines().filter(|old| !table.lines().any(|line| line == *old)).collect();
    assert!(
        news.is_empty() && gone.is_empty(),
        "new: {news:#?}\ngone: {gone:#?}\nUPDATE_GOLDEN=1 writes the file anew"
    );
}

#[test]
fn nothing_follows_an_operation_that_was_undone() {
    for end in [End::Failed, End::Cancelled] {
        for (label, event) in other_events() {
            assert!(next(Phase::Ended(end), None, &event).is_err(), "{label}");
        }
    }
}
