//! The journal in one SQLite file: the entries, and beside them one row per operation with its state, token and lock.
//!
//! Everything that must be true together is written in one transaction that is begun `IMMEDIATE` and synced before the
//! call returns, so two processes on one machine exclude each other and a power cut loses nothing that was promised.
//! Not for a file on a network file system: SQLite's locks do not hold there.

mod failure;
mod forgotten;
mod open;
mod read;
mod row;
mod schema;
mod states;
mod write;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use aurora_restore_core::{
    ids::{ExecutorId, OperationId},
    journal::{SealedEntry, StateItem},
    operation::Progress,
    ports::{
        FencingToken, Journal, JournalError, JournalHead, NewOperation, OperationFilter, OperationPage, TargetKey,
    },
};
use rusqlite::Connection;

use failure::Failure;

/// The [`Journal`] port on one machine.
#[derive(Debug, Clone)]
pub struct SqliteJournal {
    path: Arc<PathBuf>,
    /// `None` where it was opened for reading and there is no file: a journal without operations.
    connection: Option<Arc<Mutex<Connection>>>,
}

impl SqliteJournal {
    /// Opens the journal for work, and makes it where there is none: the file for its owner alone, and its directory,
    /// too, if that is missing. Takes a few milliseconds of the calling thread.
    ///
    /// # Errors
    /// [`JournalError::Unusable`] where the file is another program's, damaged, laid out by a newer version, or may not
    /// be written; nothing was changed then. [`JournalError::Unavailable`] where trying again may help.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let connection = open::for_work(path).map_err(|failure| failure.of_store(path))?;
        Ok(Self::over(path, Some(connection)))
    }

    /// Opens the journal to look at it. Needs no right to write; where there is no file, there are no operations.
    ///
    /// # Errors
    /// As [`SqliteJournal::open`].
    pub fn open_to_read(path: &Path) -> Result<Self, JournalError> {
        let connection = open::to_read(path).map_err(|failure| failure.of_store(path))?;
        Ok(Self::over(path, connection))
    }

    /// An empty journal in memory alone, gone with its last user: for what is rebuilt only to be looked at.
    ///
    /// # Errors
    /// [`JournalError::Unavailable`] where there is no memory for it.
    pub fn in_memory() -> Result<Self, JournalError> {
        let path = Path::new("a journal in memory");
        let connection = open::in_memory().map_err(|failure| failure.of_store(path))?;
        Ok(Self::over(path, Some(connection)))
    }

    /// Where the journal is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn over(path: &Path, connection: Option<Connection>) -> Self {
        Self {
            path: Arc::new(path.to_owned()),
            connection: connection.map(|connection| Arc::new(Mutex::new(connection))),
        }
    }

    /// Does `work` off the threads that serve tasks: it waits for the disk and for other processes. `absent` is the
    /// answer where there is no file.
    async fn on<T, W>(&self, absent: Result<T, Failure>, work: W) -> Result<T, JournalError>
    where
        T: Send + 'static,
        W: FnOnce(&mut Connection) -> Result<T, Failure> + Send + 'static,
    {
        let Some(connection) = self.connection.clone() else {
            return absent.map_err(|failure| failure.of_store(&self.path));
        };
        let done = tokio::task::spawn_blocking(move || {
            // A panic in the middle of a transaction rolls it back: the connection is as good as before.
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut connection)
        })
        .await;
        let result = done.unwrap_or_else(|error| Err(Failure::Unavailable(format!("the work was given up: {error}"))));
        result.map_err(|failure| failure.of_store(&self.path))
    }
}

fn unknown(operation: &OperationId) -> Failure {
    Failure::Said(JournalError::UnknownOperation { operation: operation.clone() })
}

fn only_read<T>() -> Result<T, Failure> {
    Err(Failure::Unusable("it was opened for reading only".to_owned()))
}

#[async_trait]
impl Journal for SqliteJournal {
    async fn create(&self, operation: &NewOperation) -> Result<FencingToken, JournalError> {
        let operation = operation.clone();
        self.on(only_read(), move |connection| write::create(connection, &operation)).await
    }

    async fn acquire(&self, operation: &OperationId, executor: &ExecutorId) -> Result<FencingToken, JournalError> {
        let (operation, executor) = (operation.clone(), executor.clone());
        self.on(only_read(), move |connection| write::acquire(connection, &operation, &executor)).await
    }

    async fn append(&self, token: FencingToken, entry: &SealedEntry, state: &StateItem) -> Result<(), JournalError> {
        let (entry, state) = (entry.clone(), state.clone());
        self.on(only_read(), move |connection| write::append(connection, Some(token), &entry, &state)).await
    }

    async fn append_as_bystander(&self, entry: &SealedEntry, state: &StateItem) -> Result<(), JournalError> {
        let (entry, state) = (entry.clone(), state.clone());
        self.on(only_read(), move |connection| write::append(connection, None, &entry, &state)).await
    }

    async fn head(&self, operation: &OperationId) -> Result<JournalHead, JournalError> {
        let operation = operation.clone();
        self.on(Err(unknown(&operation)), move |connection| read::head(connection, &operation)).await
    }

    async fn entries(&self, operation: &OperationId, after: u64) -> Result<Vec<SealedEntry>, JournalError> {
        let operation = operation.clone();
        self.on(Err(unknown(&operation)), move |connection| read::entries(connection, &operation, after)).await
    }

    async fn state(&self, operation: &OperationId) -> Result<StateItem, JournalError> {
        let operation = operation.clone();
        self.on(Err(unknown(&operation)), move |connection| read::state(connection, &operation)).await
    }

    async fn note_progress(
        &self,
        operation: &OperationId,
        token: FencingToken,
        progress: &Progress,
    ) -> Result<(), JournalError> {
        let (operation, progress) = (operation.clone(), progress.clone());
        self.on(only_read(), move |connection| write::note_progress(connection, &operation, token, &progress)).await
    }

    async fn list(&self, filter: &OperationFilter) -> Result<OperationPage, JournalError> {
        let filter = filter.clone();
        self.on(Ok(OperationPage::default()), move |connection| read::list(connection, &filter)).await
    }

    async fn ids_beginning_with(&self, prefix: &str, limit: usize) -> Result<Vec<OperationId>, JournalError> {
        let prefix = prefix.to_owned();
        self.on(Ok(Vec::new()), move |connection| read::ids_beginning_with(connection, &prefix, limit)).await
    }

    async fn holder(&self, target: &TargetKey) -> Result<Option<OperationId>, JournalError> {
        let target = target.clone();
        self.on(Ok(None), move |connection| read::holder(connection, &target)).await
    }
}
