//! A small reading of the state machine: place after place, as the replies say, until the end. Time passes by the
//! scenario's clock.

use std::{cell::RefCell, time::Duration};

use async_trait::async_trait;
use aurora_restore_core::{
    ports::{Clock, Ports},
    request::Request,
};
use aurora_restore_lambda::{Event, Function, FunctionError, Hourglass, Measure, Outcome, Reply, Served};
use aurora_restore_testing::{
    ManualClock, block_on,
    scenario::{FRANKFURT, Scenario, region},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

/// More states than any restore enters.
const STATES_MAX: u32 = 20_000;
/// How often a state is tried again, as the machine's `Retry` does.
const RETRIES_MAX: u32 = 5;
/// The time that an invocation has.
pub(crate) const FUNCTION_TIME: SignedDuration = SignedDuration::from_secs(300);

/// How an execution ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// What the last reply said, or the error that nobody caught.
    pub(crate) outcome: Result<Outcome, FunctionError>,
    /// The places that were entered, each once in a row.
    pub(crate) places: Vec<&'static str>,
    /// How many states were entered: for each reply a task and a choice, a wait where it says so, and the end.
    pub(crate) states: u32,
    /// What was measured.
    pub(crate) measures: Vec<Measure>,
}

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
            before: RefCell::new(Box::new(|_| {})),
            meanwhile: Box::new(|| {}),
        }
    }

    /// Invokes one function once.
    pub(crate) fn invoke(
        &self,
        place: &str,
        cause: Option<&FunctionError>,
        measures: &mut Vec<Measure>,
    ) -> Result<Reply, FunctionError> {
        block_on(self.invoked(place, cause, measures))
    }

    /// The same as a future, for a test that lets it die.
    pub(crate) async fn invoked(
        &self,
        place: &str,
        cause: Option<&FunctionError>,
        measures: &mut Vec<Measure>,
    ) -> Result<Reply, FunctionError> {
        let served = Served::from_word(place).expect("replies name places that exist");
        let mut payload = json!({ "executor": self.name, "input": self.input });
        if let Some(error) = cause {
            let said = json!({ "errorType": error.name(), "errorMessage": error.to_string() });
            payload["cause"] = json!({ "Error": error.name(), "Cause": said.to_string() });
        }
        let request = self.request.clone();
        let deadline = self.scenario.clock.now() + self.function_time;
        let sand = Sand { clock: &self.scenario.clock, deadline, meanwhile: self.meanwhile.as_ref() };
        let frankfurt = region(FRANKFURT);
        let function = Function {
            served,
            region: &frankfurt,
            ports: self.ports,
            request: &move |_: &Map<String, Value>| Ok(request.clone()),
            hourglass: &sand,
        };
        function.serve(&Event::read(served, payload)?, measures).await
    }

    /// Runs the machine to its end.
    pub(crate) fn run(&self) -> Ended {
        let mut ended = Ended { outcome: Ok(Outcome::Wait), places: Vec::new(), states: 1, measures: Vec::new() };
        let mut place = Served::FIRST.as_str();
        let mut cause = None;
        while ended.states < STATES_MAX {
            if ended.places.last() != Some(&place) {
                ended.places.push(place);
            }
            ended.states += 2;
            match self.tried(place, cause.as_ref(), &mut ended.measures) {
                Ok(reply) => match reply.outcome {
                    Outcome::Wait => {
                        ended.states += 1;
                        self.scenario.clock.turn(SignedDuration::from_secs(i64::try_from(reply.wait_seconds).unwrap()));
                    }
                    Outcome::Next | Outcome::Undo | Outcome::Retire => place = reply.step,
                    outcome @ (Outcome::Completed | Outcome::Failed | Outcome::Cancelled | Outcome::Stuck) => {
                        ended.outcome = Ok(outcome);
                        return ended;
                    }
                },
                Err(error @ FunctionError::Blocked(_)) if place == Served::FIRST.as_str() => {
                    ended.outcome = Err(error);
                    return ended;
                }
                Err(error) if place == Served::Undo.as_str() || place == Served::Retire.as_str() => {
                    ended.outcome = Err(error);
                    return ended;
                }
                Err(error) => {
                    cause = Some(error);
                    place = Served::Undo.as_str();
                }
            }
        }
        panic!("the execution did not end within {STATES_MAX} states: {:?}", ended.places);
    }

    /// One state with its `Retry`.
    fn tried(
        &self,
        place: &'static str,
        cause: Option<&FunctionError>,
        measures: &mut Vec<Measure>,
    ) -> Result<Reply, FunctionError> {
        let cause = cause.filter(|_| place == Served::Undo.as_str());
        let mut pause = SignedDuration::from_secs(2);
        for _ in 0..RETRIES_MAX {
            (self.before.borrow_mut())(place);
            match self.invoke(place, cause, measures) {
                Err(FunctionError::TryAgain(_)) => {
                    self.scenario.clock.turn(pause);
                    pause *= 2;
                }
                other => return other,
            }
        }
        self.invoke(place, cause, measures)
    }
}
