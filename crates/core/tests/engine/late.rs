//! An executor that hangs between the proof of its token, or the looks of its step, and the change that it wants to make.

use std::sync::Mutex;

use async_trait::async_trait;
use aurora_restore_core::{
    engine::{Advance, Engine, EngineError, Session},
    ids::{ExecutorId, OperationId},
    journal::{SealedEntry, StateItem},
    operation::{Progress, Status, StepKind, StepStatus},
    ports::{
        FencingToken, Journal, JournalError, JournalHead, NewOperation, OperationFilter, OperationPage, Ports,
        TargetKey,
    },
};
use aurora_restore_testing::{
    Stop, Witness, block_on, drive, run_to_end,
    scenario::{MOVES_MAX, Scenario, Stage, executor, operation},
};
use jiff::SignedDuration;

/// The journal of a scenario, whose head answers an hour late once.
struct LateHead<'a> {
    scenario: &'a Scenario,
    /// How many heads are answered in time before that.
    in_time: Mutex<u32>,
    /// What happens in that hour.
    meanwhile: Meanwhile,
}

#[derive(Clone, Copy)]
enum Meanwhile {
    /// Another executor takes over.
    AnotherTakesOver,
    /// Nobody touches the operation.
    Nothing,
}

#[async_trait]
impl Journal for LateHead<'_> {
    async fn create(&self, new: &NewOperation) -> Result<FencingToken, JournalError> {
        self.scenario.journal.create(new).await
    }

    async fn acquire(&self, id: &OperationId, by: &ExecutorId) -> Result<FencingToken, JournalError> {
        self.scenario.journal.acquire(id, by).await
    }

    async fn append(&self, token: FencingToken, entry: &SealedEntry, state: &StateItem) -> Result<(), JournalError> {
        self.scenario.journal.append(token, entry, state).await
    }

    async fn append_as_bystander(&self, entry: &SealedEntry, state: &StateItem) -> Result<(), JournalError> {
        self.scenario.journal.append_as_bystander(entry, state).await
    }

    async fn head(&self, id: &OperationId) -> Result<JournalHead, JournalError> {
        let head = self.scenario.journal.head(id).await?;
        let is_late = {
            let mut in_time = self.in_time.lock().unwrap();
            let late = *in_time == 0;
            *in_time = in_time.wrapping_sub(1);
            late
        };
        if is_late {
            match self.meanwhile {
                Meanwhile::AnotherTakesOver => {
                    let _token = self.scenario.journal.acquire(id, &executor("rival")).await?;
                }
                Meanwhile::Nothing => {}
            }
            self.scenario.clock.turn(SignedDuration::from_hours(1));
        }
        Ok(head)
    }

    async fn entries(&self, id: &OperationId, after: u64) -> Result<Vec<SealedEntry>, JournalError> {
        self.scenario.journal.entries(id, after).await
    }

    async fn state(&self, id: &OperationId) -> Result<StateItem, JournalError> {
        self.scenario.journal.state(id).await
    }

    async fn note_progress(&self, id: &OperationId, token: FencingToken, line: &Progress) -> Result<(), JournalError> {
        self.scenario.journal.note_progress(id, token, line).await
    }

    async fn list(&self, filter: &OperationFilter) -> Result<OperationPage, JournalError> {
        self.scenario.journal.list(filter).await
    }

    async fn ids_beginning_with(&self, prefix: &str, limit: usize) -> Result<Vec<OperationId>, JournalError> {
        self.scenario.journal.ids_beginning_with(prefix, limit).await
    }

    async fn holder(&self, target: &TargetKey) -> Result<Option<OperationId>, JournalError> {
        self.scenario.journal.holder(target).await
    }
}

/// The first head of a move is the catching up, the second one the proof. It was true when the journal answered, and is an
/// hour old when the executor goes on.
#[test]
fn a_proof_that_is_old_when_it_arrives_is_asked_for_again() {
    let scenario = Scenario::new(Stage::default());
    block_on(async {
        let mut session = about_to_restore(&scenario).await;
        let before = scenario.view(Witness::OfIdentity);
        let late = LateHead { scenario: &scenario, in_time: Mutex::new(1), meanwhile: Meanwhile::AnotherTakesOver };
        let engine = Engine::new(Ports { journal: &late, ..scenario.ports() });
        let stopped = engine.advance(&mut session).await;
        assert!(matches!(stopped, Err(EngineError::Journal(JournalError::Fenced { .. }))), "{stopped:?}");
        assert_eq!(scenario.journal.head(&operation("op-1")).await.unwrap().token, FencingToken(2));
        assert_eq!(before.differences(&scenario.view(Witness::OfIdentity)), Vec::<String>::new());
    });
}

/// What the step saw is an hour old when it may act: it changes nothing, looks again, and then goes on.
#[test]
fn what_a_step_saw_long_ago_is_not_acted_upon() {
    let scenario = Scenario::new(Stage::default());
    block_on(async {
        let mut session = about_to_restore(&scenario).await;
        let before = scenario.view(Witness::OfIdentity);
        let late = LateHead { scenario: &scenario, in_time: Mutex::new(1), meanwhile: Meanwhile::Nothing };
        let engine = Engine::new(Ports { journal: &late, ..scenario.ports() });
        let advance = engine.advance(&mut session).await.unwrap();
        assert!(matches!(advance, Advance::Wait { .. }), "{advance:?}");
        assert_eq!(before.differences(&scenario.view(Witness::OfIdentity)), Vec::<String>::new());
        let end = run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
        assert_eq!(end, Status::Completed);
    });
}

/// An operation whose next move restores the snapshot.
async fn about_to_restore(scenario: &Scenario) -> Session {
    let engine = Engine::new(scenario.ports());
    let mut session = engine.begin(scenario.begin("op-1", scenario.swap())).await.unwrap();
    let driven = drive(&engine, &mut session, &scenario.clock, MOVES_MAX, |session, _| {
        session.operation().step(StepKind::RestoreSnapshot).unwrap().status != StepStatus::Started
    });
    assert_eq!(driven.await.unwrap(), Stop::ByOnlooker);
    session
}
