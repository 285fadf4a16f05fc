//! Counts the transitions of an execution of the deployed state machine, for a restore with the durations of RDS, over the
//! simulated cloud.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

#[path = "../tests/machine/interpreter/mod.rs"]
mod interpreter;

use aurora_restore_core::{ports::Clock, request::Limits};
use aurora_restore_testing::scenario::{Scenario, Stage};
use jiff::SignedDuration;
use serde_json::json;

fn main() {
    for (name, stage) in
        [("one account and Region", Stage::default()), ("across accounts and Regions", Stage::across())]
    {
        let scenario = Scenario::new(stage);
        let mut request = scenario.swap();
        request.limits = Limits { poll: SignedDuration::from_secs(60), ..request.limits };
        let began = scenario.clock.now();
        let ended = interpreter::Execution::of(&scenario, "op-1", request).run();
        let took = scenario.clock.now().duration_since(began);
        let per_hour = f64::from(ended.transitions) / (took.as_secs_f64() / 3_600.0);
        println!(
            "transitions, swap {name:<30} {:>5} in {:.0} min   {per_hour:.0} per hour, asked: <= 250",
            ended.transitions,
            took.as_secs_f64() / 60.0
        );
        assert!(ended.outcome.is_ok(), "{:?}", ended.outcome);
        assert!(per_hour <= 250.0, "more transitions than are asked for");
        let ask = json!({ "kind": "retire", "by": "bench" });
        let ended = interpreter::Execution::asking(&scenario, "op-1-retired", "op-1", &ask).run();
        println!("transitions, the end of its retired cluster {:>21}", ended.transitions);
    }
}
