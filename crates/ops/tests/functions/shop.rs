//! A stack's functions and alarms in memory, and who works on them.

use std::time::Duration;

use aurora_restore_core::ids::{ExecutorId, OperationId};
use aurora_restore_ops::{
    Narrator,
    functions::{
        FunctionNames, FunctionPorts, FunctionsDeployment, FunctionsError, Leg, Moved, NewCode, Smoke, Standing, Stop,
        Watch, gradually, look,
    },
    ports::{CodeAt, Functions as _, StackEvent},
};
use aurora_restore_testing::{ManualClock, MemoryAlarms, MemoryFunctions};
use jiff::Timestamp;
use tokio::sync::watch;

pub(crate) const PREFIX: &str = "ours";
pub(crate) const CHECK: &str = "ours-snapshot-check";
pub(crate) const NOTIFY: &str = "ours-notify";

#[derive(Default)]
pub(crate) struct Told(pub(crate) Vec<String>);

impl Narrator for Told {
    fn event(&mut self, _: &StackEvent) {}

    fn note(&mut self, text: &str) {
        self.0.push(text.to_owned());
    }
}

pub(crate) struct Shop {
    pub(crate) functions: MemoryFunctions,
    pub(crate) alarms: MemoryAlarms,
    pub(crate) clock: ManualClock,
    pub(crate) names: FunctionNames,
    pub(crate) told: Told,
}

impl Shop {
    /// A stack whose functions all serve version 1 of the old code.
    pub(crate) fn new() -> Self {
        let names = FunctionNames::of(PREFIX);
        let (functions, alarms) = (MemoryFunctions::default(), MemoryAlarms::default());
        for name in names.all() {
            functions.add(&name.whole, "old");
            alarms.add(&name.alarm);
        }
        functions.know("new.zip", &new().sha256);
        let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
        Self { functions, alarms, clock, names, told: Told::default() }
    }

    pub(crate) fn ports(&self) -> FunctionPorts<'_> {
        FunctionPorts { functions: &self.functions, alarms: &self.alarms, clock: &self.clock }
    }

    pub(crate) async fn standings(&self, names: &[&str]) -> Vec<Standing> {
        let names: Vec<_> = names.iter().map(|name| self.names.find(name).unwrap().clone()).collect();
        look(&self.functions, &names).await.unwrap()
    }

    pub(crate) async fn deploy(&mut self, names: &[&str], stop: &mut Stop) -> Result<Moved, FunctionsError> {
        let plan = FunctionsDeployment::plan(new(), self.standings(names).await, &[])?;
        let mut told = std::mem::take(&mut self.told);
        let result = async {
            let legs = plan.publish(self.ports(), &at(), &mut told).await?;
            gradually(self.ports(), &legs, WATCH, stop, &mut told).await
        };
        let result = result.await;
        self.told = told;
        result
    }

    /// Gives a function other code, and publishes it; nobody calls it yet.
    pub(crate) async fn publish(&self, function: &str, code: &str) -> u64 {
        let functions = &self.functions;
        functions.know(code, code);
        let at = CodeAt { key: code.to_owned(), ..at() };
        functions.set_code(function, &at, &functions.latest(function).revision).await.unwrap();
        // A change shows after some looks.
        for _ in 0..3 {
            functions.describe(function, None).await.unwrap();
        }
        functions.publish(function, code, "a test").await.unwrap()
    }

    /// Moves an alias to a version, watched.
    pub(crate) async fn move_to(&self, function: &str, from: u64, to: u64, stop: &mut Stop) {
        let leg = Leg { function: self.names.find(function).unwrap().clone(), from, to };
        let moved = gradually(self.ports(), &[leg], WATCH, stop, &mut Told::default()).await;
        assert_eq!(moved, Ok(Moved::Arrived));
    }

    pub(crate) fn points_to(&self, function: &str) -> (u64, Option<u64>) {
        let pointing = self.functions.pointing(function);
        (pointing.version, pointing.shift.map(|shift| shift.version))
    }
}

pub(crate) const WATCH: Watch = Watch { lasting: Duration::from_secs(60), errors_max: 2 };

pub(crate) fn new() -> NewCode {
    NewCode::of(b"new code")
}

pub(crate) fn at() -> CodeAt {
    CodeAt { bucket: "bucket".to_owned(), key: "new.zip".to_owned(), version: "v1".to_owned() }
}

/// Nobody asks to stop.
pub(crate) fn nobody() -> (watch::Sender<bool>, Stop) {
    watch::channel(false)
}

pub(crate) fn ended() -> Smoke {
    Smoke::Ended { operation: OperationId::new("op-1").unwrap(), executor: ExecutorId::new("op-1").unwrap() }
}
