//! The journal in two DynamoDB tables: the entries in one, and in the other one item per operation with its state and its
//! token, and one item per target that is held.
//!
//! Everything that must be true together is one transaction with conditions, so executors anywhere exclude each other.
//! Nothing is sent twice: a reply that was lost is the engine's business, which looks at the head before it goes on.

mod changes;
mod indexes;
mod item;
mod layout;
mod list;
mod read;
mod refusal;
mod rehearse;
mod restore;
mod states;
mod unlock;
mod write;

#[cfg(test)]
mod replay;
#[cfg(test)]
mod tests;

pub use indexes::needed_indexes;
pub use layout::{ID_INDEX, STATUS_INDEX, TablesOptions};

use async_trait::async_trait;
use aurora_restore_core::{
    ids::{ExecutorId, OperationId},
    journal::{SealedEntry, StateItem},
    operation::Progress,
    ports::{
        FencingToken, Journal, JournalError, JournalHead, NewOperation, OperationFilter, OperationPage, TargetKey,
    },
};
use aws_sdk_dynamodb::Client;

use crate::{connection::Connection, endpoint::InvalidEndpoint};

/// The [`Journal`] port on AWS.
#[derive(Debug, Clone)]
pub struct DynamoJournal {
    client: Client,
    options: TablesOptions,
    /// What errors call it.
    store: String,
}

impl DynamoJournal {
    /// A journal in tables of that account and Region. Sends nothing: whether the tables are there shows when they are
    /// used.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] if the environment or a profile sets one that breaks the rules.
    pub fn new(connection: &Connection, options: &TablesOptions) -> Result<Self, InvalidEndpoint> {
        let config = connection.to_service("DynamoDB", options.endpoint.as_ref())?;
        let store = options.described(connection.region());
        Ok(Self::over(Client::new(&config), options.clone(), store))
    }

    fn over(client: Client, options: TablesOptions, store: String) -> Self {
        Self { client, options, store }
    }
}

#[async_trait]
impl Journal for DynamoJournal {
    async fn create(&self, operation: &NewOperation) -> Result<FencingToken, JournalError> {
        self.begin(operation).await
    }

    async fn acquire(&self, operation: &OperationId, executor: &ExecutorId) -> Result<FencingToken, JournalError> {
        self.take_over(operation, executor).await
    }

    async fn append(&self, token: FencingToken, entry: &SealedEntry, state: &StateItem) -> Result<(), JournalError> {
        self.add(Some(token), entry, state).await
    }

    async fn append_as_bystander(&self, entry: &SealedEntry, state: &StateItem) -> Result<(), JournalError> {
        self.add(None, entry, state).await
    }

    async fn head(&self, operation: &OperationId) -> Result<JournalHead, JournalError> {
        self.read_head(operation).await
    }

    async fn entries(&self, operation: &OperationId, after: u64) -> Result<Vec<SealedEntry>, JournalError> {
        self.read_entries(operation, after).await
    }

    async fn state(&self, operation: &OperationId) -> Result<StateItem, JournalError> {
        self.read_state(operation).await
    }

    async fn note_progress(
        &self,
        operation: &OperationId,
        token: FencingToken,
        progress: &Progress,
    ) -> Result<(), JournalError> {
        self.set_progress(operation, token, progress).await
    }

    async fn list(&self, filter: &OperationFilter) -> Result<OperationPage, JournalError> {
        self.page(filter).await
    }

    async fn ids_beginning_with(&self, prefix: &str, limit: usize) -> Result<Vec<OperationId>, JournalError> {
        self.ids(prefix, limit).await
    }

    async fn holder(&self, target: &TargetKey) -> Result<Option<OperationId>, JournalError> {
        self.lock_holder(target).await
    }
}
