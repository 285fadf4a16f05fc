//! The journal, the secrets, the database and the notifier as an executor reaches them.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use aurora_restore_core::{
    ids::{ExecutorId, OperationId, SecretId},
    journal::{SealedEntry, StateItem},
    operation::Progress,
    ports::{
        Database, DatabaseError, DatabaseErrorKind, DatabaseLogin, FencingToken, Journal, JournalError, JournalHead,
        LoginProof, NewOperation, Notice, NoticeOutcome, Notifier, NotifierError, OperationFilter, OperationPage,
        SecretDocument, Secrets, SecretsError, TargetKey, UserSetup, UserSetupOutcome,
    },
    request::Strategy,
    verification::{CheckOutcome, CheckResult, VerificationSpec},
};

use super::{
    Invariant,
    mutants::Mutant,
    ways::{After, Called, Leg, Way},
    weather::{Strike, Target},
};
use crate::Trouble;

/// The journal as an executor reaches it.
pub(super) struct JournalWay {
    pub(super) way: Way,
    /// An entry that a mutant has acknowledged and not written yet.
    held: Mutex<Option<(FencingToken, SealedEntry, StateItem)>>,
}

impl JournalWay {
    pub(super) fn new(way: &Way) -> Self {
        Self { way: way.clone(), held: Mutex::new(None) }
    }

    async fn write<T>(
        &self,
        called: Called<'_>,
        call: impl Future<Output = Result<T, JournalError>>,
    ) -> Result<T, JournalError> {
        self.way.travel(Leg::Out).await;
        let result = match self.way.strike(&Target::JournalWrite) {
            None => call.await,
            Some(Strike::JournalReplyLost) => call.await.and_then(|_| Err(unavailable("the reply was lost"))),
            Some(_) => Err(unavailable("injected")),
        };
        self.noted(called, &result, After::Entry);
        self.way.travel(Leg::Back).await;
        result
    }

    async fn read<T>(
        &self,
        called: Called<'_>,
        call: impl Future<Output = Result<T, JournalError>>,
    ) -> Result<T, JournalError> {
        self.way.travel(Leg::Out).await;
        let result = match self.way.strike(&Target::JournalRead) {
            None => call.await,
            Some(_) => Err(unavailable("injected")),
        };
        self.noted(called, &result, After::Read);
        self.way.travel(Leg::Back).await;
        result
    }

    fn noted<T>(&self, called: Called<'_>, result: &Result<T, JournalError>, after: After) {
        self.way.note(called, result, after);
        let kind = match result {
            Err(JournalError::Fenced { .. }) => "fenced",
            Err(JournalError::Conflict { .. }) => "journal conflict",
            Err(JournalError::TargetBusy { .. }) => "target busy",
            Ok(_) | Err(_) => return,
        };
        self.way.hub.lock().tally.happened(kind);
    }

    /// Remembers the token that the journal gave.
    fn holds(&self, token: FencingToken) {
        let mut inner = self.way.hub.lock();
        inner.executors[self.way.me].token = Some(token.0);
    }

    /// Appends as the mutants do.
    async fn append_tampered(
        &self,
        mutant: Mutant,
        token: FencingToken,
        entry: &SealedEntry,
        state: &StateItem,
    ) -> Result<(), JournalError> {
        let journal = &self.way.hub.journal;
        match mutant {
            Mutant::ActsBeforeTheAppend => {
                let before = self.held.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some((token, entry, state)) = before {
                    journal.append(token, &entry, &state).await?;
                }
                let held = (token, entry.clone(), state.clone());
                *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(held);
                Ok(())
            }
            Mutant::AppendsTwice => {
                journal.append(token, entry, state).await?;
                let again = SealedEntry::over(&entry.operation, entry.sequence + 1, &entry.hash, entry.body.clone());
                journal.append(token, &again, state).await
            }
            Mutant::RewritesHistory => {
                let rewritten = SealedEntry { body: format!("{} ", entry.body), ..entry.clone() };
                journal.append(token, &rewritten, state).await
            }
            _ => journal.append(token, entry, state).await,
        }
    }
}

fn unavailable(reason: &str) -> JournalError {
    JournalError::Unavailable { store: "memory".to_owned(), reason: reason.to_owned() }
}

#[async_trait]
impl Journal for JournalWay {
    async fn create(&self, operation: &NewOperation) -> Result<FencingToken, JournalError> {
        let mut operation = operation.clone();
        if self.way.hub.is(Mutant::LocksNothing) {
            operation.target.account = format!("{}-{}", operation.target.account, operation.first.operation);
            operation.state.target_key = operation.target.clone();
        }
        let object = operation.first.operation.to_string();
        let called = Called { action: "journal create", object: &object };
        let token = self.write(called, self.way.hub.journal.create(&operation)).await?;
        self.holds(token);
        Ok(token)
    }

    async fn acquire(&self, operation: &OperationId, executor: &ExecutorId) -> Result<FencingToken, JournalError> {
        let called = Called { action: "journal acquire", object: operation.as_str() };
        let token = self.write(called, self.way.hub.journal.acquire(operation, executor)).await?;
        self.holds(token);
        Ok(token)
    }

    async fn append(&self, token: FencingToken, entry: &SealedEntry, state: &StateItem) -> Result<(), JournalError> {
        let hub = &self.way.hub;
        let object = format!("{}", entry.sequence);
        let called = Called { action: "journal append", object: &object };
        let call = async {
            // The token that truly is the newest at the moment of the effect.
            let newest = hub.journal.head(&entry.operation).await?.token;
            let result = match hub.mutant {
                Some(mutant) => self.append_tampered(mutant, token, entry, state).await,
                None => hub.journal.append(token, entry, state).await,
            };
            let accepted_late = result.is_ok() && newest != token && !hub.is(Mutant::ActsBeforeTheAppend);
            let now = hub.now();
            let mut inner = hub.lock();
            inner.require(Invariant::OvertakenChangeNothing, now, !accepted_late, || {
                format!("an entry with token {} is accepted while {} is the newest", token.0, newest.0)
            });
            result
        };
        self.write(called, call).await
    }

    async fn append_as_bystander(&self, entry: &SealedEntry, state: &StateItem) -> Result<(), JournalError> {
        let object = format!("{}", entry.sequence);
        let called = Called { action: "journal append as bystander", object: &object };
        if self.way.hub.is(Mutant::ForgetsTheCancel) {
            return self.write(called, async { Ok(()) }).await;
        }
        self.write(called, self.way.hub.journal.append_as_bystander(entry, state)).await
    }

    async fn head(&self, operation: &OperationId) -> Result<JournalHead, JournalError> {
        let hub = &self.way.hub;
        let mut proven = None;
        let called = Called { action: "journal head", object: operation.as_str() };
        let call = async {
            let head = hub.journal.head(operation).await?;
            let newest = hub.lock().executors[self.way.me].token == Some(head.token.0);
            proven = newest.then(|| hub.now());
            Ok(head)
        };
        let mut head = self.read(called, call).await?;
        // The proof is of the moment at which the journal answered.
        let mut inner = hub.lock();
        let own = inner.executors[self.way.me].token;
        inner.executors[self.way.me].proven = proven;
        if hub.is(Mutant::IgnoresTheFence)
            && let Some(own) = own
        {
            head.token = FencingToken(own);
        }
        Ok(head)
    }

    async fn entries(&self, operation: &OperationId, after: u64) -> Result<Vec<SealedEntry>, JournalError> {
        let called = Called { action: "journal entries", object: operation.as_str() };
        let mut entries = self.read(called, self.way.hub.journal.entries(operation, after)).await?;
        if self.way.hub.is(Mutant::LosesTheNewestEntry) {
            let newest = self.way.hub.journal.head(operation).await?.sequence;
            entries.retain(|entry| entry.sequence < newest);
        }
        Ok(entries)
    }

    async fn state(&self, operation: &OperationId) -> Result<StateItem, JournalError> {
        let called = Called { action: "journal state", object: operation.as_str() };
        self.read(called, self.way.hub.journal.state(operation)).await
    }

    async fn note_progress(
        &self,
        operation: &OperationId,
        token: FencingToken,
        progress: &Progress,
    ) -> Result<(), JournalError> {
        let called = Called { action: "journal progress", object: &progress.text };
        self.write(called, self.way.hub.journal.note_progress(operation, token, progress)).await
    }

    async fn list(&self, filter: &OperationFilter) -> Result<OperationPage, JournalError> {
        self.read(Called { action: "journal list", object: "" }, self.way.hub.journal.list(filter)).await
    }

    async fn ids_beginning_with(&self, prefix: &str, limit: usize) -> Result<Vec<OperationId>, JournalError> {
        let called = Called { action: "journal ids", object: prefix };
        self.read(called, self.way.hub.journal.ids_beginning_with(prefix, limit)).await
    }

    async fn holder(&self, target: &TargetKey) -> Result<Option<OperationId>, JournalError> {
        let object = target.to_string();
        self.read(Called { action: "journal holder", object: &object }, self.way.hub.journal.holder(target)).await
    }
}

/// The secrets as an executor reaches them.
pub(super) struct SecretsWay(pub(super) Way);

#[async_trait]
impl Secrets for SecretsWay {
    async fn get(&self, id: &SecretId) -> Result<SecretDocument, SecretsError> {
        let way = &self.0;
        way.travel(Leg::Out).await;
        let (id_of_trouble, reason) = (id.clone(), "injected".to_owned());
        let result = match way.strike(&Target::Secret) {
            None => way.hub.secrets.get(id).await,
            Some(Strike::SecretMissing) => Err(SecretsError::Missing { id: id_of_trouble, store: "memory".to_owned() }),
            Some(Strike::SecretDenied) => Err(SecretsError::Denied { id: id_of_trouble, reason }),
            Some(_) => Err(SecretsError::Unavailable { id: id_of_trouble, reason }),
        };
        way.note(Called { action: "secret", object: id.as_str() }, &result, After::Read);
        way.travel(Leg::Back).await;
        result
    }
}

/// The databases as an executor reaches them.
pub(super) struct DatabaseWay(pub(super) Way);

impl DatabaseWay {
    async fn pass<T>(
        &self,
        (target, action): (Target<'_>, &'static str),
        login: &DatabaseLogin,
        call: impl Future<Output = Result<T, DatabaseError>>,
    ) -> Result<T, DatabaseError> {
        let way = &self.0;
        way.travel(Leg::Out).await;
        let trouble = |kind, reason: &str| DatabaseError {
            kind,
            endpoint: format!("{}/{}", login.endpoint, login.database),
            doing: action.to_owned(),
            reason: reason.to_owned(),
        };
        let strike = way.strike(&target);
        let mut result = match strike {
            None => call.await,
            Some(Strike::DatabaseReplyLost) => {
                let _ = call.await;
                Err(trouble(DatabaseErrorKind::Unreachable, "the connection was lost"))
            }
            Some(Strike::DatabaseLoginRefused) => Err(trouble(DatabaseErrorKind::LoginRefused, "refused (28P01)")),
            Some(Strike::DatabaseCertificate) => Err(trouble(DatabaseErrorKind::CertificateRefused, "not trusted")),
            Some(Strike::ProofFails) => {
                way.hub.database.make_trouble(Trouble::FailsProof, 1);
                call.await
            }
            Some(_) => Err(trouble(DatabaseErrorKind::Unreachable, "timed out")),
        };
        if let (Err(error), true) = (&mut result, way.hub.is(Mutant::LeaksAPassword)) {
            error.reason = format!("{} with {}", error.reason, login.password.expose());
        }
        let object = login.endpoint.to_string();
        way.note(Called { action, object: &object }, &result, After::Read);
        way.travel(Leg::Back).await;
        result
    }
}

#[async_trait]
impl Database for DatabaseWay {
    async fn log_in(&self, login: &DatabaseLogin) -> Result<LoginProof, DatabaseError> {
        let hub = &self.0.hub;
        let call = hub.database.log_in(login);
        let result = self.pass((Target::Database, "log in"), login, call).await;
        if hub.is(Mutant::ProvesNoLogin) {
            let verified = {
                let inner = hub.lock();
                let operation = inner.operation_of(self.0.me).operation();
                operation.and_then(|operation| operation.facts.verified.clone())
            };
            if let Some(verified) = verified {
                let server_version = "16.4".to_owned();
                return Ok(LoginProof { server_version, writable: true, fingerprint: verified.fingerprint });
            }
        }
        result
    }

    async fn set_up_users(&self, master: &DatabaseLogin, setup: &UserSetup) -> Result<UserSetupOutcome, DatabaseError> {
        let call = self.0.hub.database.set_up_users(master, setup);
        self.pass((Target::UserSetup, "set up users"), master, call).await
    }

    async fn verify(&self, login: &DatabaseLogin, spec: &VerificationSpec) -> Result<Vec<CheckResult>, DatabaseError> {
        let call = self.0.hub.database.verify(login, spec);
        let mut checks = self.pass((Target::Database, "verify"), login, call).await?;
        let beside = || {
            let inner = self.0.hub.lock();
            inner
                .operation_of(self.0.me)
                .operation()
                .is_some_and(|found| found.request.strategy == Strategy::SideBySide)
        };
        if self.0.hub.is(Mutant::VerifiesNothing) || self.0.hub.is(Mutant::VerifiesNothingBeside) && beside() {
            checks.iter_mut().for_each(|check| check.outcome = CheckOutcome::Passed);
        }
        Ok(checks)
    }
}

/// The notifier as an executor reaches it.
pub(super) struct NotifierWay(pub(super) Way);

#[async_trait]
impl Notifier for NotifierWay {
    async fn notify(&self, notice: &Notice) -> Result<(), NotifierError> {
        let way = &self.0;
        let is_success = notice.outcome == NoticeOutcome::Completed;
        let is_stuck = notice.outcome == NoticeOutcome::Stuck;
        if way.hub.is(Mutant::TellsSuccessOnly) && !is_success || way.hub.is(Mutant::TellsNoStuck) && is_stuck {
            return Ok(());
        }
        way.travel(Leg::Out).await;
        let told = format!("{notice:?}");
        {
            let mut inner = way.hub.lock();
            way.hub.show(&mut inner, "a notice", &told);
            inner.told.push((notice.operation_id.clone(), notice.outcome));
        }
        let result = match way.strike(&Target::Notice) {
            None => way.hub.notifier.notify(notice).await,
            Some(_) => Err(NotifierError { channel: "memory".to_owned(), reason: "injected".to_owned() }),
        };
        way.note(Called { action: "notify", object: &notice.subject }, &result, After::Read);
        way.travel(Leg::Back).await;
        result
    }
}
