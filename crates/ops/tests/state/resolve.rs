//! What people decide about operations that nobody goes on with.

use aurora_restore_core::{
    engine::{Engine, look_at, request_cancel},
    ids::OperationId,
    operation::{CancelRequest, Direction, Phase, Status},
    ports::{Clock as _, Journal as _, Location, Side, Tags},
    steps::OPERATION_TAG,
};
use aurora_restore_ops::{
    Level, Reach, Unlooked,
    ports::{ExecutionName, ExecutionStatus, Executions, Logs},
    state::{Examination, Logged, Resolution, ResolveError, Resolver, STALLED_AFTER, Way},
};
use aurora_restore_testing::{
    MemoryExecutions,
    review::MemoryLogs,
    run_to_end,
    scenario::{MOVES_MAX, Scenario, Stage, operation},
    stories::stuck_without_a_way_back,
};
use jiff::SignedDuration;
use serde_json::json;

use crate::stage::{done, halfway, turn_to, updated};

fn resolver<'a>(scenario: &'a Scenario, executions: Option<&'a dyn Executions>) -> Resolver<'a> {
    let logs = Reach::NotHere("no stack is meant");
    Resolver { ports: scenario.ports(), executions, logs, silent_for: STALLED_AFTER }
}

/// The groups of a stack, of which one serves the place where an operation stands that is halfway.
const GROUPS: [&str; 3] =
    ["/aws/lambda/ours-sweep", "/aws/lambda/ours-create-instances", "/aws/vendedlogs/states/ours"];
const SERVES: &str = GROUPS[1];

/// What is read of logs when an operation is examined.
async fn logged(scenario: &Scenario, id: &OperationId, logs: &MemoryLogs, groups: &[&str]) -> Option<Logged> {
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    let logs = Reach::There((logs as &dyn Logs, groups));
    let examined = Resolver { logs, ..resolver(scenario, None) }.examine(id).await.unwrap();
    assert!(examined.resolution(Way::Retry).is_ok(), "logs refuse nothing");
    examined.logged
}

fn line(level: &str, operation: &str, message: &str) -> String {
    json!({ "level": level, "operation_id": operation, "error_name": "AuroraRestore.TryAgain", "message": message })
        .to_string()
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
    let region = examined.operation.request.target.region.clone();
    let rds = scenario.ports().cloud.rds(&Location { side: Side::Target, region });
    let is_its = |tags: &Tags| tags.get(OPERATION_TAG).is_some_and(|tag| tag == id.as_str());
    assert!(!rds.clusters().await.unwrap().iter().any(|cluster| is_its(&cluster.tags)));
    assert!(!rds.instances(None).await.unwrap().iter().any(|instance| is_its(&instance.tags)));
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

/// `state stalled` reads items alone, and sends its readers here.
#[tokio::test]
async fn what_has_ended_and_was_set_otherwise_by_hand_is_told_as_that() {
    let scenario = Scenario::new(Stage::default());
    let id = done(&scenario, "op-1");
    scenario.journal.tamper(&id, |_, state| state.status = Status::InProgress);
    let refused = resolver(&scenario, None).examine(&id).await.unwrap_err().to_string();
    assert!(refused.contains("somebody has set its item otherwise"), "{refused}");
}

#[tokio::test]
async fn what_has_ended_is_nobodys_to_decide_and_is_told_so_at_once() {
    let scenario = Scenario::new(Stage::default());
    let id = done(&scenario, "op-1");
    let executions = MemoryExecutions::new(&scenario.clock);
    let has_ended = async |executions: Option<&dyn Executions>| {
        let refused = resolver(&scenario, executions).examine(&id).await.unwrap_err();
        assert!(
            matches!(refused, ResolveError::Engine(_)) && refused.to_string().contains("it has ended"),
            "{refused}"
        );
    };
    has_ended(None).await;
    // Its execution may have a word left to say.
    executions.start(&ExecutionName::new("first").unwrap(), &json!({})).await.unwrap();
    has_ended(Some(&executions)).await;
    scenario.clock.turn(STALLED_AFTER);
    has_ended(None).await;
}

#[tokio::test]
async fn the_newest_errors_and_warnings_of_the_operation_are_told_and_no_others() {
    let (scenario, id) = silent().await;
    let moved = updated(&scenario, &id).await;
    let minute = |minute: i64| moved + SignedDuration::from_mins(minute);
    let logs = MemoryLogs::with_pages_of(2);
    let lines = (0..7).map(|number| (minute(number), line("ERROR", "op-1", &format!("error {number}"))));
    logs.put(SERVES, lines);
    logs.put(
        SERVES,
        [
            (minute(10), line("INFO", "op-1", "op-1 is looked at")),
            (minute(11), line("ERROR", "op-11", "of another")),
            (minute(12), line("ERROR", "op-2", "it is not op-1 that fails")),
            (minute(13), r#"{"level":"WARN","operation_id":"op-1","message":"the key is off"}"#.to_owned()),
            (minute(14), "op-1 has \"ERROR\" in no line of ours".to_owned()),
            (minute(-16), line("ERROR", "op-1", "of a call that had ended before")),
        ],
    );
    logs.put(GROUPS[0], [(minute(20), line("ERROR", "op-1", "of another function"))]);
    let Some(Logged::Read { group, since, lines, is_cut }) = logged(&scenario, &id, &logs, &GROUPS).await else {
        panic!("the logs are there");
    };
    assert_eq!((group.as_str(), since, is_cut), (SERVES, minute(-15), false));
    let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["error 3", "error 4", "error 5", "error 6", "the key is off"]);
    assert_eq!(lines.iter().map(|line| line.at).collect::<Vec<_>>(), [3, 4, 5, 6, 13].map(minute));
    assert_eq!(lines[0].name.as_deref(), Some("AuroraRestore.TryAgain"));
    assert_eq!((lines[4].level, &lines[4].name), (Level::Warning, &None));
}

#[tokio::test]
async fn a_log_without_errors_has_none_and_of_one_that_has_no_end_a_part_is_read() {
    let (scenario, id) = silent().await;
    let moved = updated(&scenario, &id).await;
    let logs = MemoryLogs::with_pages_of(1);
    logs.put(SERVES, [(moved, line("INFO", "op-1", "it goes well"))]);
    let read = logged(&scenario, &id, &logs, &GROUPS).await;
    assert!(matches!(read, Some(Logged::Read { ref lines, is_cut: false, .. }) if lines.is_empty()), "{read:?}");
    logs.put(SERVES, (0..200).map(|second| (moved + SignedDuration::from_secs(second), line("WARN", "op-1", "again"))));
    let read = logged(&scenario, &id, &logs, &GROUPS).await;
    assert!(matches!(read, Some(Logged::Read { ref lines, is_cut: true, .. }) if lines.len() == 5), "{read:?}");
}

#[tokio::test]
async fn logs_that_cannot_be_read_are_told_and_refuse_nothing() {
    let (scenario, id) = silent().await;
    let logs = MemoryLogs::with_pages_of(1);
    let why = async |groups: &[&str]| match logged(&scenario, &id, &logs, groups).await {
        Some(Logged::Unreadable { reason }) => reason,
        other => panic!("{other:?}"),
    };
    assert!(why(&GROUPS).await.contains("there is no such group"));
    logs.deny(SERVES);
    assert!(why(&GROUPS).await.contains("AccessDeniedException"));
    assert_eq!(why(&GROUPS[..1]).await, "the stack has no log group of the function create-instances");
    let unlooked = Unlooked { reason: "the stack says nothing".to_owned(), mend: "aurora-restore doctor".to_owned() };
    let unreachable = Resolver { logs: Reach::Unreachable(unlooked), ..resolver(&scenario, None) };
    let examined = unreachable.examine(&id).await.unwrap();
    assert_eq!(examined.logged, Some(Logged::Unreadable { reason: "the stack says nothing".to_owned() }));
    // Without a stack there is nothing to be said.
    assert_eq!(resolver(&scenario, None).examine(&id).await.unwrap().logged, None);
}

#[tokio::test]
async fn what_is_stuck_on_its_way_back_is_looked_for_where_it_was_undone() {
    let scenario = Scenario::new(Stage::default());
    let engine = Engine::new(scenario.ports());
    let (_, status) = stuck_without_a_way_back(&scenario, &engine, "op-1").await.unwrap();
    assert_eq!(status, Status::Stuck);
    let id = operation("op-1");
    scenario.clock.turn(SignedDuration::from_secs(1));
    let logs = MemoryLogs::with_pages_of(9);
    logs.put("/aws/lambda/ours-undo", [(updated(&scenario, &id).await, line("ERROR", "op-1", "it cannot be undone"))]);
    let read = logged(&scenario, &id, &logs, &["/aws/lambda/ours-undo"]).await;
    let Some(Logged::Read { lines, .. }) = read else { panic!("{read:?}") };
    assert_eq!(lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["it cannot be undone"]);
}
