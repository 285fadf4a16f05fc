//! Operations to look after, and a shelf in memory.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use aurora_restore_core::{
    engine::{Engine, Session},
    ids::OperationId,
    operation::{End, Phase, StepKind, StepStatus},
    ports::{Clock as _, Journal as _},
};
use aurora_restore_ops::{
    ports::{States as _, StoredState},
    state::Shelf,
};
use aurora_restore_testing::{
    MemoryJournal, block_on,
    scenario::{Scenario, operation},
    stories::{driven_until, step_is},
};
use jiff::SignedDuration;

pub(crate) const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A restore that is completed and whose retired cluster is ended.
pub(crate) fn done(scenario: &Scenario, id: &str) -> OperationId {
    let (_, mut session) = scenario.run(id, scenario.swap()).unwrap();
    scenario.settle();
    assert_eq!(session.operation().phase, Phase::Ended(End::Completed));
    let engine = Engine::new(scenario.ports());
    block_on(async {
        engine.retire(&mut session, "test").await.unwrap();
        aurora_restore_testing::run_to_end(&engine, &mut session, &scenario.clock, 5_000).await.unwrap();
    });
    assert!(session.operation().retired_at.is_some());
    scenario.settle();
    operation(id)
}

/// A restore that stands in the middle.
pub(crate) fn halfway(scenario: &Scenario, id: &str) -> OperationId {
    let making = |session: &Session| step_is(session, StepKind::CreateInstances, StepStatus::Started);
    block_on(driven_until(scenario, &Engine::new(scenario.ports()), (id, scenario.swap()), making)).unwrap();
    operation(id)
}

/// The item of an operation.
pub(crate) async fn seen(journal: &MemoryJournal, id: &OperationId) -> Option<StoredState> {
    let page = journal.page(None).await.unwrap();
    page.states.items.into_iter().find(|stored| stored.state.operation_id == *id)
}

/// When the newest entry of an operation was made.
pub(crate) async fn updated(scenario: &Scenario, id: &OperationId) -> jiff::Timestamp {
    scenario.journal.state(id).await.unwrap().last_updated_at
}

/// Turns the clock until a time; never backwards.
pub(crate) fn turn_to(scenario: &Scenario, time: jiff::Timestamp) {
    scenario.clock.turn(time.duration_since(scenario.clock.now()));
}

/// A shelf in memory: what is kept, and nothing before.
#[derive(Debug, Clone, Default)]
pub(crate) struct Board(Arc<Mutex<Option<Vec<u8>>>>);

impl Board {
    pub(crate) fn shelf(&self) -> Box<dyn Shelf> {
        Box::new(Sheet { board: self.clone(), bytes: Vec::new() })
    }

    pub(crate) fn kept(&self) -> Option<Vec<u8>> {
        self.0.lock().unwrap().clone()
    }
}

struct Sheet {
    board: Board,
    bytes: Vec<u8>,
}

impl Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shelf for Sheet {
    fn keep(self: Box<Self>) -> io::Result<()> {
        *self.board.0.lock().unwrap() = Some(self.bytes);
        Ok(())
    }
}

/// A disk that is full.
pub(crate) struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shelf for Full {
    fn keep(self: Box<Self>) -> io::Result<()> {
        Err(io::ErrorKind::StorageFull.into())
    }
}
