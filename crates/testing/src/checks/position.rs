//! Where the world and an operation stand. Trouble that leads to the same position leads to the same end, so a check
//! judges each position once and counts every point that leads to it.

use aurora_restore_core::ports::{Clock, FencingToken};
use aurora_restore_sandbox::model::call::{Call, DescribeDbClusterSnapshots, DescribeDbClusters};
use serde_json::Value;

use crate::{
    cloud::State,
    scenario::{operation, places},
};

use super::executor::{Executor, OPERATION, Todo};

/// Everything that the future depends on.
#[derive(PartialEq)]
pub(super) struct Position {
    world: State,
    now: jiff::Timestamp,
    token: Option<FencingToken>,
    /// What was appended since the move began.
    fresh: Vec<Value>,
    /// The number of the newest entry that the executor knows, if it lives.
    session: Option<u64>,
    todo: Todo,
    notices: usize,
    unheard: bool,
}

impl Position {
    /// The position of an executor, whose journal had so many entries when the move began.
    pub(super) fn of(executor: &Executor, entries_before: usize) -> Self {
        let world = &executor.world;
        let now = world.clock.now();
        let (token, fresh) = world.journal.since(&operation(OPERATION), entries_before);
        Self {
            world: looked_at(&world.sim, now),
            now,
            token,
            fresh: fresh.iter().map(|entry| without_texts(&entry.body)).collect(),
            session: executor.operation().map(|operation| operation.sequence),
            todo: executor.todo,
            notices: world.notifier.notices().len(),
            unheard: executor.unheard,
        }
    }
}

/// The world after everything in it was looked at: what it shows moves on only when somebody looks.
fn looked_at(sim: &crate::Sim, now: jiff::Timestamp) -> State {
    let mut state = sim.lock();
    state.world.tick(now);
    for place in places() {
        // Neither can be refused, and nobody needs the answers.
        let _ = state.world.apply(&place, Call::DescribeDbClusters(DescribeDbClusters::default()), now);
        let snapshots = DescribeDbClusterSnapshots::default();
        let _ = state.world.apply(&place, Call::DescribeDbClusterSnapshots(snapshots), now);
    }
    state.clone()
}

/// An entry without the texts of failures, which name the call that failed; nothing depends on them.
fn without_texts(body: &str) -> Value {
    let mut value = serde_json::from_str(body).unwrap_or(Value::Null);
    drop_texts(&mut value);
    value
}

fn drop_texts(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if fields.contains_key("code") && fields.contains_key("class") {
                fields.retain(|name, _| name != "message" && name != "hints");
            }
            fields.values_mut().for_each(drop_texts);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_texts),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
