//! The loop around the engine, over the simulated cloud. Time is tokio's paused one: it moves when everybody waits, and the
//! simulated clock is turned along with it.

use std::time::Duration;

use aurora_restore_app::{DriveEnd, Follower, History, Sink, drive};
use aurora_restore_core::{
    engine::{Engine, EngineError, request_cancel},
    journal::Entry,
    operation::{CancelRequest, EventKind, Operation, Progress, Status, StepKind},
    ports::JournalError,
};
use aurora_restore_testing::{
    Fault, FaultyPorts, Script,
    scenario::{Pace, Scenario, Stage, operation, regions},
};
use jiff::SignedDuration;
use tokio::{sync::watch, time::Instant};

/// Writes down what it is told.
struct Recorder {
    stop: watch::Sender<bool>,
    stop_at: Option<EventKind>,
    facts: Vec<(u64, EventKind, Instant)>,
    troubles: usize,
}

impl Recorder {
    fn new() -> (Self, watch::Receiver<bool>) {
        let (stop, stopped) = watch::channel(false);
        (Self { stop, stop_at: None, facts: Vec::new(), troubles: 0 }, stopped)
    }

    fn at(&self, kind: EventKind) -> Option<Instant> {
        self.facts.iter().find(|(_, found, _)| *found == kind).map(|(_, _, at)| *at)
    }
}

impl Sink for Recorder {
    fn fact(&mut self, _: &Operation, entry: &Entry) {
        let kind = entry.event.kind();
        self.facts.push((entry.sequence, kind, Instant::now()));
        if self.stop_at == Some(kind) {
            self.stop.send_replace(true);
        }
    }

    fn progress(&mut self, _: &Operation, _: &Progress) {}

    fn tick(&mut self, _: &Operation) {}

    fn trouble(&mut self, _: &str) {
        self.troubles += 1;
    }
}

fn quick() -> Scenario {
    Scenario::new(Stage { pace: Pace::Quick, ..Stage::default() })
}

fn from_the_beginning() -> Follower {
    Follower::new(operation("op-1"))
}

/// Turns the simulated clock while the work waits.
async fn while_time_passes<T>(scenario: &Scenario, work: impl Future<Output = T>) -> T {
    let turning = async {
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            scenario.clock.turn(SignedDuration::from_millis(50));
        }
    };
    tokio::select! {
        biased;
        done = work => done,
        () = turning => unreachable!("time passes for ever"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_restore_is_driven_to_its_end_and_every_fact_is_told_once_and_in_order() {
    let scenario = quick();
    let engine = Engine::new(scenario.ports());
    let mut session = engine.begin(scenario.begin("op-1", scenario.swap())).await.unwrap();
    let (mut recorder, mut stop) = Recorder::new();
    let end = while_time_passes(
        &scenario,
        drive(&engine, &scenario.journal, &mut session, &mut from_the_beginning(), &mut recorder, &mut stop),
    )
    .await
    .unwrap();
    assert_eq!(end, DriveEnd::Ended(Status::Completed));
    let told: Vec<u64> = recorder.facts.iter().map(|(sequence, ..)| *sequence).collect();
    assert_eq!(told, (1..=session.operation().sequence).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_driver_that_is_told_to_stop_leaves_the_operation_to_whoever_resumes_it() {
    let scenario = quick();
    let engine = Engine::new(scenario.ports());
    let mut session = engine.begin(scenario.begin("op-1", scenario.swap())).await.unwrap();
    let (mut recorder, mut stop) = Recorder::new();
    recorder.stop_at = Some(EventKind::StepFinished);
    let end = while_time_passes(
        &scenario,
        drive(&engine, &scenario.journal, &mut session, &mut from_the_beginning(), &mut recorder, &mut stop),
    )
    .await
    .unwrap();
    assert_eq!(end, DriveEnd::Detached);
    assert_eq!(session.operation().status(), Status::InProgress);

    let second = aurora_restore_testing::scenario::executor("second");
    let mut taken_over = engine.attach(&operation("op-1"), &second).await.unwrap();
    let (mut recorder, mut stop) = Recorder::new();
    let end = while_time_passes(
        &scenario,
        drive(&engine, &scenario.journal, &mut taken_over, &mut from_the_beginning(), &mut recorder, &mut stop),
    )
    .await
    .unwrap();
    assert_eq!(end, DriveEnd::Ended(Status::Completed));

    let (mut recorder, mut stop) = Recorder::new();
    let late = while_time_passes(
        &scenario,
        drive(&engine, &scenario.journal, &mut session, &mut from_the_beginning(), &mut recorder, &mut stop),
    )
    .await;
    assert!(matches!(late, Err(EngineError::Journal(JournalError::Fenced { .. }))), "{late:?}");
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_does_not_answer_for_a_while_is_asked_again() {
    let scenario = quick();
    let script = (4..=7).fold(Script::counting(), |script, at| script.and(at, Fault::Fails));
    let ports = FaultyPorts::new(scenario.ports(), &script, &regions());
    let mut session = Engine::new(scenario.ports()).begin(scenario.begin("op-1", scenario.swap())).await.unwrap();
    let (mut recorder, mut stop) = Recorder::new();
    let engine = Engine::new(ports.ports());
    let end = while_time_passes(
        &scenario,
        drive(&engine, ports.ports().journal, &mut session, &mut from_the_beginning(), &mut recorder, &mut stop),
    )
    .await
    .unwrap();
    assert_eq!(end, DriveEnd::Ended(Status::Completed));
    assert!(script.struck() >= 4, "{}", script.struck());
    assert!(recorder.troubles > 0);
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_stays_away_ends_the_driver_and_not_the_operation() {
    let scenario = quick();
    let script = (4..=400).fold(Script::counting(), |script, at| script.and(at, Fault::Fails));
    let ports = FaultyPorts::new(scenario.ports(), &script, &regions());
    let mut session = Engine::new(scenario.ports()).begin(scenario.begin("op-1", scenario.swap())).await.unwrap();
    let (mut recorder, mut stop) = Recorder::new();
    let engine = Engine::new(ports.ports());
    let end = while_time_passes(
        &scenario,
        drive(&engine, ports.ports().journal, &mut session, &mut from_the_beginning(), &mut recorder, &mut stop),
    )
    .await;
    assert!(matches!(end, Err(EngineError::Journal(JournalError::Unavailable { .. }))), "{end:?}");
    assert_eq!(recorder.troubles, 10);
    assert_eq!(session.operation().status(), Status::InProgress);
}

#[tokio::test(start_paused = true)]
async fn a_cancel_ends_a_long_wait_within_seconds() {
    let scenario = Scenario::new(Stage::default());
    let mut request = scenario.swap();
    request.limits.poll = SignedDuration::from_hours(1);
    let engine = Engine::new(scenario.ports());
    let mut session = engine.begin(scenario.begin("op-1", request)).await.unwrap();
    let (mut recorder, mut stop) = Recorder::new();
    recorder.stop_at = Some(EventKind::UndoStarted);
    let cancel = async {
        tokio::time::sleep(Duration::from_secs(600)).await;
        let request = CancelRequest { by: "dba".to_owned(), reason: None };
        let now = scenario.ports().clock.now();
        request_cancel(&scenario.journal, &operation("op-1"), request, now).await.unwrap();
        Instant::now()
    };
    let mut follower = from_the_beginning();
    let driving = drive(&engine, &scenario.journal, &mut session, &mut follower, &mut recorder, &mut stop);
    let (end, cancelled_at) = while_time_passes(&scenario, async { tokio::join!(driving, cancel) }).await;
    assert_eq!(end.unwrap(), DriveEnd::Detached);
    let obeyed_after = recorder.at(EventKind::UndoStarted).unwrap().duration_since(cancelled_at);
    assert!(obeyed_after < Duration::from_secs(5), "{obeyed_after:?}");
}

#[tokio::test(start_paused = true)]
async fn a_finished_restore_is_the_history_of_the_next_one() {
    let scenario = quick();
    let request = scenario.swap();
    let history = History::of_target(&scenario.journal, &request.target.cluster).await.unwrap();
    assert_eq!(history.total(&StepKind::ALL), None);

    let engine = Engine::new(scenario.ports());
    let mut session = engine.begin(scenario.begin("op-1", request.clone())).await.unwrap();
    let (mut recorder, mut stop) = Recorder::new();
    while_time_passes(
        &scenario,
        drive(&engine, &scenario.journal, &mut session, &mut from_the_beginning(), &mut recorder, &mut stop),
    )
    .await
    .unwrap();

    let history = History::of_target(&scenario.journal, &request.target.cluster).await.unwrap();
    assert_eq!(history.operations(), 1);
    let restore = session.operation().step(StepKind::RestoreSnapshot).unwrap();
    let took = restore.ended_at.unwrap().duration_since(restore.started_at.unwrap());
    assert_eq!(history.step(StepKind::RestoreSnapshot), Some(took));
    assert_eq!(history.remaining(session.operation(), scenario.ports().clock.now()), None);
}

#[tokio::test(start_paused = true)]
async fn a_follower_tells_the_same_however_often_it_looks() {
    let scenario = quick();
    let engine = Engine::new(scenario.ports());
    let mut session = engine.begin(scenario.begin("op-1", scenario.swap())).await.unwrap();
    let mut often = Follower::new(operation("op-1"));
    let mut told = Vec::new();
    for _ in 0..12 {
        engine.advance(&mut session).await.unwrap();
        told.extend(often.news(&scenario.journal).await.unwrap());
    }
    let mut once = Follower::new(operation("op-1"));
    assert_eq!(told, once.news(&scenario.journal).await.unwrap());
    assert_eq!(often.operation(), once.operation());
    assert!(often.news(&scenario.journal).await.unwrap().is_empty());
}
