//! A map: the states of an item are played for each of many, a few at a time. Each item has a clock of its own, which begins
//! when a place is free, so what happens at the same time in Step Functions has the same time here.

use aurora_restore_core::ports::Clock;
use serde_json::{Value, json};

use super::{
    data::Sight,
    document::{Items, ProcessorConfig, QueryLanguage},
    jsonata,
    walk::{End, Step, Stopped, Walk},
};
use crate::ManualClock;

impl Walk<'_> {
    /// Plays every item in order, each in the place that is free first.
    pub(super) fn all(&mut self, map: &Items, data: &Value) -> Step {
        let (items, at_once) = map.asked(&Sight { data, context: self.facts });
        let mut places = vec![self.clock.now(); at_once];
        let (mut results, mut failed) = (Vec::new(), Vec::new());
        for item in &items {
            let place = places.iter_mut().min().expect("there is a place at least");
            let clock = ManualClock::at(*place);
            match self.one(map, item, &clock) {
                End::Succeeded(output) => results.push(output),
                End::Failed(stopped) => failed.push(stopped),
                End::TimedOut => {
                    self.turn(self.deadline.duration_since(self.clock.now()));
                    return Step::End(End::TimedOut);
                }
            }
            *place = clock.now();
        }
        let last = places.iter().max().expect("there is a place at least");
        self.turn(last.duration_since(self.clock.now()));
        match map.exceeded(failed, items.len()) {
            Some(stopped) => Step::End(End::Failed(stopped)),
            None => Step::To(map.next.clone(), results.into()),
        }
    }

    fn one(&mut self, map: &Items, item: &Value, clock: &ManualClock) -> End {
        let processor = &map.item_processor;
        let mut walk = Walk {
            facts: self.facts,
            clock,
            deadline: self.deadline,
            resources: &mut *self.resources,
            transitions: self.transitions,
        };
        let end = walk.through(&processor.states, &processor.start_at, item.clone());
        self.transitions = walk.transitions;
        end
    }
}

impl Items {
    /// The items, and how many are played at once.
    fn asked(&self, sight: &Sight<'_>) -> (Vec<Value>, usize) {
        let paths = (&self.items_path, &self.max_concurrency_path);
        let (items, at_once) = match (self.query_language, (&self.items, &self.max_concurrency), paths) {
            (Some(QueryLanguage::Jsonata), (Some(items), Some(at_once)), (None, None)) => {
                let states = json!({ "input": sight.data });
                (jsonata::value(items, &states), jsonata::value(at_once, &states))
            }
            (None, (None, None), (Some(items), Some(at_once))) => (sight.value(items), sight.value(at_once)),
            other => panic!("which items are meant is not understood: {other:?}"),
        };
        let items = items.as_array().expect("items are a list").clone();
        let at_once = at_once.as_u64().and_then(|number| usize::try_from(number).ok()).expect("a number of places");
        // Nought means that nothing bounds it.
        let at_once = if at_once == 0 { items.len().max(1) } else { at_once };
        (items, at_once)
    }

    /// The error of the map where more items have failed than may. Inside of an execution none may.
    fn exceeded(&self, mut failed: Vec<Stopped>, items: usize) -> Option<Stopped> {
        match self.item_processor.processor_config {
            ProcessorConfig::Inline {} => failed.pop(),
            ProcessorConfig::Distributed { .. } => {
                let tolerated = self.tolerated_failure_count.unwrap_or(0);
                (failed.len() > tolerated).then(|| Stopped {
                    error: "States.ExceedToleratedFailureThreshold".to_owned(),
                    cause: format!("{} of {items} items failed", failed.len()),
                })
            }
        }
    }
}
