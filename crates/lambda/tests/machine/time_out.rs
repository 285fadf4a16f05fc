//! An execution that takes longer than it may: Step Functions ends it in the middle, and no function learns of it.

use aurora_restore_core::{
    operation::{Status, StepKind, StepStatus},
    ports::{Clock, Journal, Location, NoticeOutcome, Side},
};
use aurora_restore_lambda::Outcome;
use aurora_restore_ops::{
    ports::{ExecutionName, ExecutionStatus, Executions},
    sweep::{Bounds, Sweep, Swept},
};
use aurora_restore_sandbox::model::{
    call::Action,
    faults::{Fault, FaultRule},
};
use aurora_restore_testing::{
    MemoryExecutions, block_on,
    scenario::{FRANKFURT, Scenario, Stage, operation, region},
};
use jiff::SignedDuration;
use serde_json::json;

use crate::interpreter::{Execution, walk::TIMED_OUT};

/// The stack's own interval between two looks.
const POLL: SignedDuration = SignedDuration::from_secs(130);
/// What Step Functions keeps of an execution; one with more fails.
const EVENTS_MAX: u32 = 25_000;
/// A look is a wait and a choice, which are entered and left, and a task, which is scheduled, started and done besides: nine
/// events in three states.
const EVENTS_OF_TRANSITION: u32 = 3;

fn sweep(scenario: &Scenario, executions: &MemoryExecutions) -> Swept {
    let location = Location { side: Side::Target, region: region(FRANKFURT) };
    let (ports, bounds) = (scenario.ports(), Bounds::default());
    let sweep = Sweep { stack: "pipeline (prod)", ports, executions, location, ways: Vec::new(), bounds };
    block_on(sweep.run()).unwrap()
}

/// The operation stands where it stood, with its target. Nobody is told by the machine; the alarm of the executions and the
/// sweeper are who notices. Then it is resumed, and goes on with the copy that was on its way all the time.
#[test]
fn an_execution_whose_time_is_up_leaves_an_operation_that_is_found_told_and_resumed() {
    let scenario = Scenario::new(Stage::across());
    let slow = FaultRule::once(Fault::Slow { factor: 75 }).on(Action::CopyDbClusterSnapshot);
    scenario.sim.with_world(|world, _| world.inject(slow));
    // A step that may take longer than its execution: what nobody should configure, and somebody will.
    let mut request = scenario.swap();
    request.limits.copy = SignedDuration::from_hours(200);
    request.limits.poll = POLL;
    let executions = MemoryExecutions::new(&scenario.clock);
    let name = ExecutionName::new("op-1").unwrap();
    block_on(executions.start(&name, &json!({}))).unwrap();

    let began = scenario.clock.now();
    let ended = Execution::of(&scenario, "op-1", request).run();
    assert_eq!(ended.outcome.unwrap_err().error, TIMED_OUT);
    assert_eq!(scenario.clock.now().duration_since(began), SignedDuration::from_hours(96));
    assert_eq!((ended.places, ended.notices), (vec!["snapshot-check", "copy-snapshot"], vec![]));
    assert!(
        ended.transitions * EVENTS_OF_TRANSITION < EVENTS_MAX,
        "its record has room for {} states",
        ended.transitions
    );
    let (stands, _) = aurora_restore_core::journal::replay(&scenario.journal.stored(&operation("op-1"))).unwrap();
    assert_eq!(stands.step(StepKind::CopySnapshot).unwrap().status, StepStatus::Started);
    let state = block_on(scenario.journal.state(&operation("op-1"))).unwrap();
    assert_eq!((state.status, state.holds_target), (Status::InProgress, true));

    assert_eq!(sweep(&scenario, &executions), Swept::default(), "a long wait is no standstill while it is executed");
    executions.end(&name, ExecutionStatus::TimedOut);
    assert_eq!(sweep(&scenario, &executions).stalled().count(), 1);
    let notices = scenario.notifier.notices();
    let [notice] = &notices[..] else { panic!("it is news, however old its last entry is: {notices:?}") };
    assert_eq!(notice.outcome, NoticeOutcome::Attention);
    assert!(notice.body.contains("op-1 does not go on with it"), "{}", notice.body);
    assert!(notice.body.contains("`aurora-restore resume op-1`"), "{}", notice.body);

    let ask = json!({ "kind": "resume", "by": "me@home" });
    let resumed = Execution::asking(&scenario, "op-1-r4", "op-1", &ask).run();
    assert_eq!(resumed.outcome, Ok(Outcome::Completed));
    assert_eq!(resumed.places[..2], ["snapshot-check", "copy-snapshot"]);
    assert_eq!(scenario.answer_of_target().as_deref(), Some("shop.customers:20000,shop.orders:180000"));
    assert_eq!(sweep(&scenario, &executions).findings, vec![]);
}
