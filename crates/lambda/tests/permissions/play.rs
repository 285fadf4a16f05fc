//! The state machine's part: calls the function of the place where the operation stands, as the reply says.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};

use crate::world::{Accounts, World};

/// More calls than any operation here needs.
const CALLS_MAX: u32 = 400;

/// An execution that came to its end.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The last reply's outcome.
    pub(crate) outcome: String,
    /// The places that were served.
    pub(crate) places: BTreeSet<String>,
}

/// Plays an execution to its end.
pub(crate) fn execution(world: &mut World, accounts: Accounts, name: &str, input: &Value) -> Ended {
    let event = json!({ "executor": name, "input": input });
    let mut place = "snapshot-check".to_owned();
    let mut places = BTreeSet::new();
    for _ in 0..CALLS_MAX {
        world.recorder.serve(&place);
        places.insert(place.clone());
        let answer = world.function(accounts, &place).invoke(&event);
        assert!(answer.ok, "{name} at {place}: {}", answer.body);
        let word = |key: &str| answer.body[key].as_str().unwrap_or_default().to_owned();
        match word("outcome").as_str() {
            "wait" => {
                let seconds = answer.body["wait_seconds"].as_u64().unwrap_or(1);
                std::thread::sleep(Duration::from_secs(seconds));
            }
            "next" => place = word("step"),
            "undo" | "retire" => place = word("outcome"),
            _ => return Ended { outcome: word("outcome"), places },
        }
    }
    panic!("{name} has no end after {CALLS_MAX} calls; it stands at {place}");
}

/// The sweeper, once.
pub(crate) fn sweep(world: &mut World) -> Value {
    world.recorder.serve("sweep");
    let answer = world.function(Accounts::Two, "sweep").invoke(&json!({}));
    assert!(answer.ok, "{}", answer.body);
    answer.body
}
