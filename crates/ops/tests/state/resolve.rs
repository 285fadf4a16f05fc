//! What people decide about operations that nobody goes on with.

use aurora_restore_core::{
    engine::{Engine, look_at, request_cancel},
    ids::OperationId,
    operation::{CancelRequest, Direction, Phase, Status},
    ports::{Clock as _, Journal as _},
};
use aurora_restore_ops::{
    ports::{ExecutionName, ExecutionStatus, Executions},
    state::{Examination, Resolution, ResolveError, Resolver, STALLED_AFTER, Way},
};
use aurora_restore_testing::{
    MemoryExecutions, run_to_end,
    scenario::{MOVES_MAX, Scenario, Stage, operation},
    stories::stuck_without_a_way_back,
};
use jiff::SignedDuration;
use serde_json::json;

use crate::stage::{done, halfway, turn_to, updated};

fn resolver<'a>(scenario: &'a Scenario, executions: Option<&'a dyn Executions>) -> Resolver<'a> {
    Resolver { ports: scenario.ports(), executions, silent_for: STALLED_AFTER }
}

/// An operation in the middle whose executor has been silent for a day.
async fn silent() -> (Scenario, OperationId) {
    let scenario = Scenario::new(Stage::default());
    let id = halfway(&scenario, "op-1");
    turn_to(&scenario, updated(&scenario, &id).await + STALLED_AFTER);
    (scenario, id)
}

async fn goes_on(scenario: &Scenario, examined: &Examination, way: Way) -> Status {
    let engine = Engine::new(scenario.ports());
    let id = &examined.operation.id;
    resolver(scenario, None).claim(examined, "dba@bastion", "host replaced").await.unwrap();
    let resolution = examined.resolution(way).unwrap();
    if resolution == Resolution::Cancel {
        let request = CancelRequest { by: "dba@bastion".to_owned(), reason: Some("host replaced".to_owned()) };
        request_cancel(&scenario.journal, id, request, scenario.clock.now()).await.unwrap();
    }
    let mut session = engine.attach(id, &"second".parse().unwrap()).await.unwrap();
    match resolution {
        Resolution::GoOn | Resolution::Cancel => {}
        Resolution::Unstick => engine.unstick(&mut session, "dba@bastion").await.unwrap(),
        Resolution::Undo => engine.undo(&mut session, "dba@bastion").await.unwrap(),
    }
    run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap()
}

#[tokio::test]
async fn one_that_is_to_fail_is_undone_by_the_engine_and_the_journal_says_who_and_why() {
    let (scenario, id) = silent().await;
    let examined = resolver(&scenario, None).examine(&id).await.unwrap();
    assert!(examined.things.iter().any(|thing| thing.starts_with("cluster ")), "{:?}", examined.things);
    assert_eq!(goes_on(&scenario, &examined, Way::Fail).await, Status::Cancelled);
    scenario.settle();
    let bodies: Vec<String> =
        scenario.journal.entries(&id, 0).await.unwrap().into_iter().map(|entry| entry.body).collect();
    for words in ["resolve:dba@bastion:host_replaced", "\"reason\":\"host replaced\""] {
        assert!(bodies.iter().any(|body| body.contains(words)), "{words}");
    }
    // Nothing of it is left, and the target is free.
    assert_eq!(scenario.journal.holder(&Scenario::target_key()).await.unwrap(), None);
    assert!(matches!(resolver(&scenario, None).examine(&id).await, Err(ResolveError::MayRun { .. })));
    scenario.clock.turn(STALLED_AFTER);
    let after = resolver(&scenario, None).examine(&id).await.unwrap();
    assert_eq!(after.things, Vec::<String>::new());
    for way in [Way::Fail, Way::Retry] {
        assert!(after.resolution(way).unwrap_err().to_string().contains("it has ended"));
    }
}

#[tokio::test]
async fn one_that_is_to_go_on_comes_to_its_end() {
    let (scenario, id) = silent().await;
    let examined = resolver(&scenario, None).examine(&id).await.unwrap();
    assert_eq!(goes_on(&scenario, &examined, Way::Retry).await, Status::Completed);
}

#[tokio::test]
async fn nothing_is_decided_while_somebody_goes_on_with_it_or_may() {
    let scenario = Scenario::new(Stage::default());
    let id = halfway(&scenario, "op-1");
    let due = updated(&scenario, &id).await + STALLED_AFTER;
    turn_to(&scenario, due - SignedDuration::from_secs(1));
    let error = resolver(&scenario, None).examine(&id).await.unwrap_err();
    assert!(matches!(error, ResolveError::MayRun { .. }), "{error}");

    let executions = MemoryExecutions::new(&scenario.clock);
    let name = ExecutionName::new("first").unwrap();
    executions.start(&name, &json!({})).await.unwrap();
    turn_to(&scenario, due);
    let error = resolver(&scenario, Some(&executions)).examine(&id).await.unwrap_err();
    assert!(matches!(error, ResolveError::Runs { ref execution, .. } if *execution == name), "{error}");
    // An execution can be asked: one that has ended need not have been silent for a day.
    executions.end(&name, ExecutionStatus::Failed);
    assert!(resolver(&scenario, Some(&executions)).examine(&id).await.is_ok());
}

#[tokio::test]
async fn of_two_who_decide_at_once_exactly_one_does() {
    let (scenario, id) = silent().await;
    let one = resolver(&scenario, None);
    let other = resolver(&scenario, None);
    let (first, second) = (one.examine(&id).await.unwrap(), other.examine(&id).await.unwrap());
    let token = scenario.journal.head(&id).await.unwrap().token;
    let claims = [one.claim(&first, "one", "it hangs").await, other.claim(&second, "other", "it hangs").await];
    assert_eq!(claims, [Ok(()), Err(ResolveError::TooLate { operation: id.clone() })]);
    // Neither has stopped anybody yet, and whoever looks now finds it taken up.
    assert_eq!(scenario.journal.head(&id).await.unwrap().token, token);
    let executor = look_at(&scenario.journal, &id).await.unwrap().executor;
    assert_eq!(executor.as_str(), "resolve:one:it_hangs");
    assert!(matches!(other.examine(&id).await, Err(ResolveError::MayRun { .. })));
}

#[tokio::test]
async fn one_that_is_stuck_needs_no_day_of_silence_but_one_that_was_taken_up_since_does() {
    let scenario = Scenario::new(Stage::default());
    let engine = Engine::new(scenario.ports());
    let (session, status) = stuck_without_a_way_back(&scenario, &engine, "op-1").await.unwrap();
    assert_eq!((status, session.operation().phase), (Status::Stuck, Phase::Stuck(Direction::Back)));
    let id = operation("op-1");
    let examined = resolver(&scenario, None).examine(&id).await.unwrap();
    assert_eq!(examined.resolution(Way::Fail).unwrap(), Resolution::Unstick);
    assert_eq!(examined.resolution(Way::Retry).unwrap(), Resolution::Unstick);
    scenario.clock.turn(SignedDuration::from_secs(1));
    resolver(&scenario, None).claim(&examined, "one", "its snapshot is back").await.unwrap();
    assert!(matches!(resolver(&scenario, None).examine(&id).await, Err(ResolveError::MayRun { .. })));
}

#[tokio::test]
async fn past_the_point_of_no_return_it_can_only_go_on() {
    use aurora_restore_core::operation::{StepKind, StepStatus};
    use aurora_restore_testing::stories::{driven_until, step_is};

    let scenario = Scenario::new(Stage::default());
    let engine = Engine::new(scenario.ports());
    let switched = |session: &_| step_is(session, StepKind::SwitchOver, StepStatus::Finished);
    driven_until(&scenario, &engine, ("op-1", scenario.swap()), switched).await.unwrap();
    scenario.clock.turn(STALLED_AFTER);
    let examined = resolver(&scenario, None).examine(&operation("op-1")).await.unwrap();
    let refused = examined.resolution(Way::Fail).unwrap_err().to_string();
    assert!(refused.contains("past the point of no return"), "{refused}");
    assert_eq!(examined.resolution(Way::Retry).unwrap(), Resolution::GoOn);
}

#[tokio::test]
async fn what_has_ended_is_nobodys_to_decide() {
    let scenario = Scenario::new(Stage::default());
    let id = done(&scenario, "op-1");
    scenario.clock.turn(STALLED_AFTER);
    let examined = resolver(&scenario, None).examine(&id).await.unwrap();
    assert!(examined.resolution(Way::Retry).is_err());
}
