//! Trouble at a chosen call: every port is wrapped, every call is counted, and the n-th one fails in a chosen way.
//!
//! The wrappers share one [`Script`], so one number names one moment of a whole operation. A run without faults counts
//! the calls; then each of them can be struck in turn.

mod ailing;
mod script;

pub use script::{Fault, Hit, Script};

use std::collections::BTreeMap;

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

use crate::cloud::Sim;

use ailing::Ailing;

/// All ports, wrapped.
pub struct FaultyPorts<'a> {
    cloud: FaultyCloud<'a>,
    journal: Wrapped<'a, dyn Journal + 'a>,
    secrets: Wrapped<'a, dyn Secrets + 'a>,
    database: Wrapped<'a, dyn Database + 'a>,
    notifier: Wrapped<'a, dyn Notifier + 'a>,
    inner: Ports<'a>,
}

impl<'a> FaultyPorts<'a> {
    /// The same over a simulated world, in which what a change begins can be made to end badly.
    #[must_use]
    pub fn over(mut self, sim: &'a Sim) -> Self {
        for place in self.cloud.places.values_mut() {
            place.sim = Some(sim);
        }
        self
    }
}

struct Wrapped<'a, T: ?Sized> {
    inner: &'a T,
    script: &'a Script,
    sim: Option<&'a Sim>,
}

impl<'a, T: ?Sized> Wrapped<'a, T> {
    fn new(inner: &'a T, script: &'a Script) -> Self {
        Self { inner, script, sim: None }
    }
}

impl<'a> FaultyPorts<'a> {
    /// Wraps the ports; the cloud has these Regions.
    pub fn new(inner: Ports<'a>, script: &'a Script, regions: &[Region]) -> Self {
        let places = [Side::Source, Side::Target]
            .into_iter()
            .flat_map(|side| regions.iter().map(move |region| Location { side, region: region.clone() }))
            .map(|location| {
                let rds = Wrapped::new(inner.cloud.rds(&location), script);
                (location, rds)
            })
            .collect();
        Self {
            cloud: FaultyCloud { inner: inner.cloud, script, places },
            journal: Wrapped::new(inner.journal, script),
            secrets: Wrapped::new(inner.secrets, script),
            database: Wrapped::new(inner.database, script),
            notifier: Wrapped::new(inner.notifier, script),
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
        kind: match fault {
            Fault::Denied => RdsErrorKind::AccessDenied,
            Fault::Throttled => RdsErrorKind::Throttled,
            Fault::Refused(kind) => kind,
            _ => RdsErrorKind::Unavailable,
        },
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
                let ails = self.script.next_fault() == Some(Fault::ShowsTerminal);
                let call = self.inner.$name($($argument),*);
                let mut answer = self.script.pass((Hit::RdsRead, what), call, rds_trouble(what, "")).await;
                if let (true, Ok(answer)) = (ails, &mut answer) {
                    answer.ail();
                }
                answer
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
        if let (Some(sim), Some(Fault::EndsBadly)) = (self.sim, self.script.next_fault()) {
            Script::spoil(sim, change.action());
        }
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
