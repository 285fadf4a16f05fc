//! A store that has lost the newest entries of a journal: what is left is a valid chain.

use async_trait::async_trait;
use aurora_restore_core::{
    engine::{Engine, EngineError},
    ids::{ExecutorId, OperationId},
    journal::{JournalRefusal, SealedEntry, StateItem},
    operation::{Progress, StepKind, StepStatus},
    ports::{
        FencingToken, Journal, JournalError, JournalHead, NewOperation, OperationFilter, OperationPage, Ports,
        TargetKey,
    },
};
use aurora_restore_testing::{
    MemoryJournal, block_on,
    scenario::{Scenario, Stage, executor, operation},
    stories::{driven_until, step_is},
};

/// Does not find entries above a number any more.
struct Cut<'a> {
    journal: &'a MemoryJournal,
    last: u64,
}

#[async_trait]
impl Journal for Cut<'_> {
    async fn create(&self, operation: &NewOperation) -> Result<FencingToken, JournalError> {
        self.journal.create(operation).await
    }

    async fn acquire(&self, operation: &OperationId, executor: &ExecutorId) -> Result<FencingToken, JournalError> {
        self.journal.acquire(operation, executor).await
    }

    async fn append(&self, token: FencingToken, entry: &SealedEntry, state: &StateItem) -> Result<(), JournalError> {
        self.journal.append(token, entry, state).await
    }

    async fn append_as_bystander(&self, entry: &SealedEntry, state: &StateItem) -> Result<(), JournalError> {
        self.journal.append_as_bystander(entry, state).await
    }

    async fn head(&self, operation: &OperationId) -> Result<JournalHead, JournalError> {
        self.journal.head(operation).await
    }

    async fn entries(&self, operation: &OperationId, after: u64) -> Result<Vec<SealedEntry>, JournalError> {
        let mut entries = self.journal.entries(operation, after).await?;
        entries.retain(|entry| entry.sequence <= self.last);
        Ok(entries)
    }

    async fn state(&self, operation: &OperationId) -> Result<StateItem, JournalError> {
        self.journal.state(operation).await
    }

    async fn note_progress(
        &self,
        operation: &OperationId,
        token: FencingToken,
        progress: &Progress,
    ) -> Result<(), JournalError> {
        self.journal.note_progress(operation, token, progress).await
    }

    async fn list(&self, filter: &OperationFilter) -> Result<OperationPage, JournalError> {
        self.journal.list(filter).await
    }

    async fn ids_beginning_with(&self, prefix: &str, limit: usize) -> Result<Vec<OperationId>, JournalError> {
        self.journal.ids_beginning_with(prefix, limit).await
    }

    async fn holder(&self, target: &TargetKey) -> Result<Option<OperationId>, JournalError> {
        self.journal.holder(target).await
    }
}

/// Whoever resumed such an operation lost every append to an entry that was gone, and tried again without end.
#[test]
fn an_operation_whose_newest_entries_are_gone_is_refused_whoever_resumes_it() {
    let scenario = Scenario::new(Stage::default());
    block_on(async {
        let engine = Engine::new(scenario.ports());
        let restoring = |session: &_| step_is(session, StepKind::RestoreSnapshot, StepStatus::Started);
        let (session, _) = driven_until(&scenario, &engine, ("op-1", scenario.swap()), restoring).await.unwrap();
        let newest = session.operation().sequence;
        for name in ["first", "second"] {
            let cut = Cut { journal: &scenario.journal, last: newest - 1 };
            let engine = Engine::new(Ports { journal: &cut, ..scenario.ports() });
            let refused = match engine.attach(&operation("op-1"), &executor(name)).await {
                // An executor that comes back under its own name appends nothing at first.
                Ok(mut session) => engine.advance(&mut session).await.map(|_| ()),
                Err(error) => Err(error),
            };
            let source = JournalRefusal::Cut { newest, found: newest - 1 };
            assert_eq!(refused, Err(EngineError::Refused { operation: operation("op-1"), source }), "{name}");
        }
    });
}
