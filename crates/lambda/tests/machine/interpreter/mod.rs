//! The state machine of the template, played over a simulated cloud: each task calls the real function of its place.

pub(crate) mod walk;

use std::{cell::RefCell, time::Duration};

use async_trait::async_trait;
use aurora_restore_core::{
    ports::{Clock, Ports},
    request::Request,
};
use aurora_restore_lambda::{Event, Function, FunctionError, Hourglass, Measure, Reply, Served};
use aurora_restore_testing::{
    ManualClock, block_on,
    scenario::{FRANKFURT, Scenario, region},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use walk::Ended;

/// The time that an invocation has.
pub(crate) const FUNCTION_TIME: SignedDuration = SignedDuration::from_secs(300);

/// The time that an invocation of a test has. Waiting turns the clock; a test may have something happen meanwhile.
pub(crate) struct Sand<'s> {
    clock: &'s ManualClock,
    deadline: Timestamp,
    meanwhile: &'s (dyn Fn() + Send + Sync),
}

#[async_trait]
impl Hourglass for Sand<'_> {
    fn left(&self) -> Duration {
        Duration::try_from(self.deadline.duration_since(self.clock.now())).unwrap_or_default()
    }

    async fn wait(&self, length: Duration) {
        self.clock.turn(SignedDuration::try_from(length).expect("a wait of seconds"));
        (self.meanwhile)();
    }
}

/// One execution of the state machine.
pub(crate) struct Execution<'s> {
    pub(crate) scenario: &'s Scenario,
    pub(crate) ports: Ports<'s>,
    pub(crate) name: &'s str,
    pub(crate) input: Value,
    /// What the event's request is read as.
    pub(crate) request: Request,
    pub(crate) function_time: SignedDuration,
    /// Whether the stack allows `replace`.
    pub(crate) allows_replace: bool,
    /// The place whose function cannot be run, with what is said of it.
    pub(crate) broken: Option<(&'static str, FunctionError)>,
    /// What happens before each invocation, with the place.
    pub(crate) before: RefCell<Box<dyn FnMut(&'static str) + 's>>,
    /// What happens while a function waits.
    pub(crate) meanwhile: Box<dyn Fn() + Send + Sync + 's>,
}

impl<'s> Execution<'s> {
    /// An execution that begins an operation of its name.
    pub(crate) fn of(scenario: &'s Scenario, name: &'s str, request: Request) -> Self {
        Self::with_input(scenario, name, request, json!({ "operation_id": name, "request": {} }))
    }

    /// An execution that asks something of an operation.
    pub(crate) fn asking(scenario: &'s Scenario, name: &'s str, operation: &str, ask: &Value) -> Self {
        let input = json!({ "operation_id": operation, "ask": ask });
        Self::with_input(scenario, name, scenario.swap(), input)
    }

    pub(crate) fn with_input(scenario: &'s Scenario, name: &'s str, request: Request, input: Value) -> Self {
        Self {
            scenario,
            ports: scenario.ports(),
            name,
            input,
            request,
            function_time: FUNCTION_TIME,
            allows_replace: true,
            broken: None,
            before: RefCell::new(Box::new(|_| {})),
            meanwhile: Box::new(|| {}),
        }
    }

    /// Runs the machine to its end.
    pub(crate) fn run(&self) -> Ended {
        walk::run(self)
    }

    /// Calls the function of a place with the payload of a task.
    fn call(&self, place: &'static str, payload: Value, measures: &mut Vec<Measure>) -> Result<Reply, FunctionError> {
        (self.before.borrow_mut())(place);
        match &self.broken {
            Some((broken, error)) if *broken == place => Err(error.clone()),
            Some(_) | None => block_on(self.delivered(place, payload, measures)),
        }
    }

    /// Delivers the payload of an invocation to the function of a place.
    pub(crate) async fn delivered(
        &self,
        place: &str,
        payload: Value,
        measures: &mut Vec<Measure>,
    ) -> Result<Reply, FunctionError> {
        let served = Served::from_word(place).expect("replies name places that exist");
        let request = self.request.clone();
        let deadline = self.scenario.clock.now() + self.function_time;
        let sand = Sand { clock: &self.scenario.clock, deadline, meanwhile: self.meanwhile.as_ref() };
        let frankfurt = region(FRANKFURT);
        let function = Function {
            served,
            region: &frankfurt,
            allows_replace: self.allows_replace,
            ports: self.ports,
            request: &move |_: &Map<String, Value>| Ok(request.clone()),
            hourglass: &sand,
        };
        function.serve(&Event::read(served, payload)?, measures).await
    }
}
