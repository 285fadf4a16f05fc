//! What stands still, to the second.

use aurora_restore_core::{operation::Status, ports::Clock as _};
use aurora_restore_ops::{
    ports::{ExecutionName, ExecutionStatus, Executions},
    state::{STALLED_AFTER, StalledFound, StalledSearch},
};
use aurora_restore_testing::{
    MemoryExecutions,
    scenario::{Scenario, Stage},
};
use jiff::SignedDuration;
use serde_json::json;

use crate::stage::{done, halfway, turn_to, updated};

async fn search(scenario: &Scenario, executions: Option<&dyn Executions>) -> StalledFound {
    let search = StalledSearch {
        journal: Some(&scenario.journal),
        states: &scenario.journal,
        executions,
        now: scenario.clock.now(),
        older_than: STALLED_AFTER,
        page: 1,
    };
    search.find().await.unwrap()
}

#[tokio::test]
async fn an_operation_has_stalled_after_a_day_to_the_second_and_what_has_ended_never() {
    let scenario = Scenario::new(Stage::default());
    done(&scenario, "op-0");
    let id = halfway(&scenario, "op-1");
    let due = updated(&scenario, &id).await + STALLED_AFTER;
    turn_to(&scenario, due - SignedDuration::from_secs(1));
    assert_eq!(search(&scenario, None).await, StalledFound::default());
    turn_to(&scenario, due);
    let found = search(&scenario, None).await;
    assert_eq!(found.stalled.len(), 1);
    assert_eq!(found.stalled[0].state.operation_id, id);
    assert_eq!(found.stalled[0].executor, "first");
    turn_to(&scenario, due + SignedDuration::from_secs(1));
    assert_eq!(search(&scenario, None).await.stalled.len(), 1);
}

/// Whoever is called to it could do nothing: `resume` and `resolve` answer that it has ended.
#[tokio::test]
async fn what_has_ended_has_not_stalled_whatever_its_item_says() {
    let scenario = Scenario::new(Stage::default());
    let id = done(&scenario, "op-1");
    scenario.journal.tamper(&id, |_, state| state.status = Status::InProgress);
    turn_to(&scenario, updated(&scenario, &id).await + STALLED_AFTER);
    assert_eq!(search(&scenario, None).await, StalledFound::default());
}

#[tokio::test]
async fn an_execution_that_runs_is_no_standstill() {
    let scenario = Scenario::new(Stage::default());
    let executions = MemoryExecutions::new(&scenario.clock);
    let id = halfway(&scenario, "op-1");
    let name = ExecutionName::new("first").unwrap();
    executions.start(&name, &json!({})).await.unwrap();
    turn_to(&scenario, updated(&scenario, &id).await + STALLED_AFTER);
    let found = search(&scenario, Some(&executions)).await;
    assert_eq!((found.stalled.len(), found.waiting), (0, 1));
    executions.end(&name, ExecutionStatus::TimedOut);
    let found = search(&scenario, Some(&executions)).await;
    assert_eq!((found.stalled.len(), found.waiting), (1, 0));
    assert!(found.stalled[0].finding().evidence.contains("execution first has ended (TimedOut)"));
}
