//! Trouble at a chosen call: every port is wrapped, every call is counted, and the n-th one fails in a chosen way.
//!
//! The wrappers share one [`Script`], so one number names one moment of a whole operation. A run without faults counts
//! the calls; then each of them can be struck in turn.

use std::{
    collections::BTreeMap,
    future::{Future, pending},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use aurora_restore_core::{
    ids::{AccountId, ClusterId, ExecutorId, InstanceId, OperationId, Region, SecretId},
    journal::{SealedEntry, StateItem},
    operation::Progress,
    ports::{
        AccountQuota, Change, Cloud, CloudError, Cluster, Database, DatabaseError, DatabaseErrorKind, DatabaseLogin,
        EngineVersion, FencingToken, Instance, Journal, JournalError, JournalHead, Location, LoginProof, NewOperation,
        Notice, Notifier, NotifierError, OperationFilter, OperationPage, OrderableClass, ParameterGroup, Ports, Rds,
        RdsError, RdsErrorKind, RdsReads, RdsResult, SecretDocument, Secrets, SecretsError, Side, Snapshot,
        SnapshotAddress, SnapshotQuery, SubnetGroup, TargetKey, UserSetup, UserSetupOutcome,
    },
    verification::{CheckResult, VerificationSpec},
};

/// What befalls a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails before its effect, in a way that may pass.
    Fails,
    /// It is refused for good, before its effect.
    Denied,
    /// It takes effect, and its reply is lost.
    ReplyLost,
    /// The executor dies before the call.
    CrashBefore,
    /// The executor dies after the call took effect.
    CrashAfter,
}

/// Which port a call went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hit {
    /// A read of RDS.
    RdsRead,
    /// A change of RDS.
    RdsChange,
    /// Who we are.
    Account,
    /// A read of the journal.
    JournalRead,
    /// An append to the journal, its creation, or taking it over.
    JournalWrite,
    /// The progress line, which may be lost.
    JournalProgress,
    /// A secret.
    Secret,
    /// The database.
    Database,
    /// A notice.
    Notice,
}

/// Counts the calls and says which of them is struck.
#[derive(Debug, Default)]
pub struct Script {
    state: Mutex<ScriptState>,
    crashed: AtomicBool,
}

#[derive(Debug, Default)]
struct ScriptState {
    faults: BTreeMap<usize, Fault>,
    calls: Vec<(Hit, &'static str)>,
    struck: usize,
}

impl Script {
    /// No faults: only counts.
    pub fn counting() -> Self {
        Self::default()
    }

    /// One fault at the call with this number, counted from 0.
    pub fn with(at: usize, fault: Fault) -> Self {
        let script = Self::default();
        script.lock().faults.insert(at, fault);
        script
    }

    /// The same with a further fault.
    #[must_use]
    pub fn and(self, at: usize, fault: Fault) -> Self {
        self.lock().faults.insert(at, fault);
        self
    }

    /// The calls so far.
    pub fn calls(&self) -> Vec<(Hit, &'static str)> {
        self.lock().calls.clone()
    }

    /// Whether the executor is dead.
    pub fn has_crashed(&self) -> bool {
        self.crashed.load(Ordering::SeqCst)
    }

    /// How many of the faults have struck.
    pub fn struck(&self) -> usize {
        self.lock().struck
    }

    fn lock(&self) -> MutexGuard<'_, ScriptState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, hit: Hit, what: &'static str) -> Option<Fault> {
        let mut state = self.lock();
        let number = state.calls.len();
        state.calls.push((hit, what));
        let fault = state.faults.get(&number).copied();
        state.struck += usize::from(fault.is_some());
        fault
    }

    async fn pass<T, E>(
        &self,
        (hit, what): (Hit, &'static str),
        call: impl Future<Output = Result<T, E>> + Send,
        trouble: impl FnOnce(Fault) -> E + Send,
    ) -> Result<T, E> {
        match self.count(hit, what) {
            None => call.await,
            Some(fault @ (Fault::Fails | Fault::Denied)) => Err(trouble(fault)),
            Some(fault @ Fault::ReplyLost) => {
                let _ = call.await;
                Err(trouble(fault))
            }
            Some(Fault::CrashBefore) => self.die().await,
            Some(Fault::CrashAfter) => {
                let _ = call.await;
                self.die().await
            }
        }
    }

    /// Never answers again; see [`crate::block_on_until`].
    async fn die<T>(&self) -> T {
        self.crashed.store(true, Ordering::SeqCst);
        pending().await
    }
}

/// All ports, wrapped.
pub struct FaultyPorts<'a> {
    cloud: FaultyCloud<'a>,
    journal: Wrapped<'a, dyn Journal + 'a>,
    secrets: Wrapped<'a, dyn Secrets + 'a>,
    database: Wrapped<'a, dyn Database + 'a>,
    notifier: Wrapped<'a, dyn Notifier + 'a>,
    inner: Ports<'a>,
}

struct Wrapped<'a, T: ?Sized> {
    inner: &'a T,
    script: &'a Script,
}

impl<'a> FaultyPorts<'a> {
    /// Wraps the ports; the cloud has these Regions.
    pub fn new(inner: Ports<'a>, script: &'a Script, regions: &[Region]) -> Self {
        let places = [Side::Source, Side::Target]
            .into_iter()
            .flat_map(|side| regions.iter().map(move |region| Location { side, region: region.clone() }))
            .map(|location| {
                let rds = Wrapped { inner: inner.cloud.rds(&location), script };
                (location, rds)
            })
            .collect();
        Self {
            cloud: FaultyCloud { inner: inner.cloud, script, places },
            journal: Wrapped { inner: inner.journal, script },
            secrets: Wrapped { inner: inner.secrets, script },
            database: Wrapped { inner: inner.database, script },
            notifier: Wrapped { inner: inner.notifier, script },
            inner,
        }
    }

    /// The wrapped ports.
    pub fn ports(&self) -> Ports<'_> {
        Ports {
            cloud: &self.cloud,
            journal: &self.journal,
            secrets: &self.secrets,
            database: &self.database,
            notifier: &self.notifier,
            clock: self.inner.clock,
        }
    }
}

struct FaultyCloud<'a> {
    inner: &'a dyn Cloud,
    script: &'a Script,
    places: BTreeMap<Location, Wrapped<'a, dyn Rds + 'a>>,
}

#[async_trait]
impl Cloud for FaultyCloud<'_> {
    fn rds(&self, location: &Location) -> &dyn Rds {
        self.places.get(location).expect("the wrapper was made with every Region that its tests name")
    }

    async fn account(&self, side: Side) -> Result<AccountId, CloudError> {
        let trouble =
            |fault| CloudError { side: "either", reason: "injected".to_owned(), retryable: fault != Fault::Denied };
        self.script.pass((Hit::Account, "account"), self.inner.account(side), trouble).await
    }
}

fn rds_trouble(action: &str, object: &str) -> impl FnOnce(Fault) -> RdsError {
    let (action, object) = (action.to_owned(), object.to_owned());
    move |fault| RdsError {
        kind: if fault == Fault::Denied { RdsErrorKind::AccessDenied } else { RdsErrorKind::Unavailable },
        action,
        object,
        code: "Injected".to_owned(),
        message: "injected".to_owned(),
        request_id: None,
    }
}

macro_rules! reads {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl RdsReads for Wrapped<'_, dyn Rds + '_> {
            $(async fn $name(&self, $($argument: $type),*) -> RdsResult<$answer> {
                let what = stringify!($name);
                self.script.pass((Hit::RdsRead, what), self.inner.$name($($argument),*), rds_trouble(what, "")).await
            })*
        }
    };
}

reads! {
    cluster(id: &ClusterId) -> Cluster;
    clusters() -> Vec<Cluster>;
    instance(id: &InstanceId) -> Instance;
    instances(cluster: Option<&ClusterId>) -> Vec<Instance>;
    snapshot(address: &SnapshotAddress) -> Snapshot;
    snapshots(query: &SnapshotQuery) -> Vec<Snapshot>;
    snapshot_shared_with(address: &SnapshotAddress) -> Vec<String>;
    cluster_parameter_group(name: &str) -> ParameterGroup;
    instance_parameter_group(name: &str) -> ParameterGroup;
    subnet_group(name: &str) -> SubnetGroup;
    engine_versions(engine: &str) -> Vec<EngineVersion>;
    orderable_classes(engine: &str, version: &str) -> Vec<OrderableClass>;
    quotas() -> Vec<AccountQuota>;
    recent_events(source: &str) -> Vec<String>;
}

#[async_trait]
impl Rds for Wrapped<'_, dyn Rds + '_> {
    async fn change(&self, change: &Change) -> RdsResult<()> {
        let trouble = rds_trouble(change.action(), change.object());
        self.script.pass((Hit::RdsChange, change.action()), self.inner.change(change), trouble).await
    }
}

fn journal_trouble(_: Fault) -> JournalError {
    JournalError::Unavailable { store: "memory".to_owned(), reason: "injected".to_owned() }
}

#[async_trait]
impl Journal for Wrapped<'_, dyn Journal + '_> {
    async fn create(&self, operation: &NewOperation) -> Result<FencingToken, JournalError> {
        self.script.pass((Hit::JournalWrite, "create"), self.inner.create(operation), journal_trouble).await
    }

    async fn acquire(&self, operation: &OperationId, executor: &ExecutorId) -> Result<FencingToken, JournalError> {
        let call = self.inner.acquire(operation, executor);
        self.script.pass((Hit::JournalWrite, "acquire"), call, journal_trouble).await
    }

    async fn append(&self, token: FencingToken, entry: &SealedEntry, state: &StateItem) -> Result<(), JournalError> {
        let call = self.inner.append(token, entry, state);
        self.script.pass((Hit::JournalWrite, "append"), call, journal_trouble).await
    }

    async fn append_as_bystander(&self, entry: &SealedEntry, state: &StateItem) -> Result<(), JournalError> {
        let call = self.inner.append_as_bystander(entry, state);
        self.script.pass((Hit::JournalWrite, "append_as_bystander"), call, journal_trouble).await
    }

    async fn head(&self, operation: &OperationId) -> Result<JournalHead, JournalError> {
        self.script.pass((Hit::JournalRead, "head"), self.inner.head(operation), journal_trouble).await
    }

    async fn entries(&self, operation: &OperationId, after: u64) -> Result<Vec<SealedEntry>, JournalError> {
        let call = self.inner.entries(operation, after);
        self.script.pass((Hit::JournalRead, "entries"), call, journal_trouble).await
    }

    async fn state(&self, operation: &OperationId) -> Result<StateItem, JournalError> {
        self.script.pass((Hit::JournalRead, "state"), self.inner.state(operation), journal_trouble).await
    }

    async fn note_progress(
        &self,
        operation: &OperationId,
        token: FencingToken,
        progress: &Progress,
    ) -> Result<(), JournalError> {
        let call = self.inner.note_progress(operation, token, progress);
        self.script.pass((Hit::JournalProgress, "note_progress"), call, journal_trouble).await
    }

    async fn list(&self, filter: &OperationFilter) -> Result<OperationPage, JournalError> {
        self.script.pass((Hit::JournalRead, "list"), self.inner.list(filter), journal_trouble).await
    }

    async fn ids_beginning_with(&self, prefix: &str, limit: usize) -> Result<Vec<OperationId>, JournalError> {
        let call = self.inner.ids_beginning_with(prefix, limit);
        self.script.pass((Hit::JournalRead, "ids_beginning_with"), call, journal_trouble).await
    }

    async fn holder(&self, target: &TargetKey) -> Result<Option<OperationId>, JournalError> {
        self.script.pass((Hit::JournalRead, "holder"), self.inner.holder(target), journal_trouble).await
    }
}

#[async_trait]
impl Secrets for Wrapped<'_, dyn Secrets + '_> {
    async fn get(&self, id: &SecretId) -> Result<SecretDocument, SecretsError> {
        let (id_of_trouble, reason) = (id.clone(), "injected".to_owned());
        let trouble = |fault| match fault {
            Fault::Denied => SecretsError::Denied { id: id_of_trouble, reason },
            _ => SecretsError::Unavailable { id: id_of_trouble, reason },
        };
        self.script.pass((Hit::Secret, "get"), self.inner.get(id), trouble).await
    }
}

fn database_trouble(doing: &str) -> impl FnOnce(Fault) -> DatabaseError {
    let doing = doing.to_owned();
    move |fault| DatabaseError {
        kind: match fault {
            Fault::Denied => DatabaseErrorKind::CertificateRefused,
            _ => DatabaseErrorKind::Unreachable,
        },
        endpoint: "injected".to_owned(),
        doing,
        reason: "injected".to_owned(),
    }
}

#[async_trait]
impl Database for Wrapped<'_, dyn Database + '_> {
    async fn log_in(&self, login: &DatabaseLogin) -> Result<LoginProof, DatabaseError> {
        let call = self.inner.log_in(login);
        self.script.pass((Hit::Database, "log_in"), call, database_trouble("logging in")).await
    }

    async fn set_up_users(&self, master: &DatabaseLogin, setup: &UserSetup) -> Result<UserSetupOutcome, DatabaseError> {
        let call = self.inner.set_up_users(master, setup);
        self.script.pass((Hit::Database, "set_up_users"), call, database_trouble("setting up users")).await
    }

    async fn verify(&self, login: &DatabaseLogin, spec: &VerificationSpec) -> Result<Vec<CheckResult>, DatabaseError> {
        let call = self.inner.verify(login, spec);
        self.script.pass((Hit::Database, "verify"), call, database_trouble("verifying")).await
    }
}

#[async_trait]
impl Notifier for Wrapped<'_, dyn Notifier + '_> {
    async fn notify(&self, notice: &Notice) -> Result<(), NotifierError> {
        let trouble = |_| NotifierError { channel: "memory".to_owned(), reason: "injected".to_owned() };
        self.script.pass((Hit::Notice, "notify"), self.inner.notify(notice), trouble).await
    }
}
