//! Configuration to wired services: owned adapters that give the ports of the domain.
//!
//! A configuration that points to a sandbox and one that points to AWS differ in values only; the same adapters talk to
//! both.

#[cfg(feature = "local")]
use std::io::Write;

use async_trait::async_trait;
use aurora_restore_aws::{AccountAccess, AssumedRole, AwsCloud, AwsOptions, CredentialSource};
#[cfg(feature = "stack")]
use aurora_restore_core::ports::Location;
#[cfg(feature = "local")]
use aurora_restore_core::ports::SecretVersions;
use aurora_restore_core::{
    ids::{AccountId, Region, SecretId},
    ports::{
        Clock, Cloud, CloudError, Database, Journal, JournalError, Notice, Notifier, NotifierError, Ports, Secrets,
        SecretsError, Side,
    },
};
#[cfg(feature = "local")]
use aurora_restore_local::{ConsoleNotifier, FileSecrets, SqliteJournal};
use aurora_restore_sql::{Options, Postgres, Trust, TrustError};

use crate::config::{AwsAccess, ConfigError, DatabaseAccess, Entrance, Environment};
#[cfg(feature = "local")]
use crate::{
    config::{JournalPlace, NotifyChannel, SecretsPlace},
    hooks,
};

#[cfg(feature = "aws-services")]
pub(crate) mod function;
#[cfg(feature = "local")]
mod remote;

/// Why the services could not be made. Nothing was sent to anybody yet, except to the store of secrets.
#[derive(Debug, thiserror::Error)]
pub enum ServicesError {
    /// The journal cannot be opened.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The keys of an account cannot be read.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// A secret with keys lacks one of them.
    #[error("secret `{secret}` has no key `{key}`")]
    KeyMissing {
        /// The secret.
        secret: SecretId,
        /// The key.
        key: &'static str,
    },
    /// An endpoint cannot be used.
    #[error(transparent)]
    Endpoint(#[from] aurora_restore_aws::InvalidEndpoint),
    /// The trusted certificates cannot be used.
    #[error("the certificates to trust cannot be used")]
    Trust(#[from] TrustError),
    /// An account that answers is not the one that the configuration names.
    #[error("the {side} account is {found}, and the configuration says {expected}")]
    OtherAccount {
        /// `source` or `target`.
        side: &'static str,
        /// Who answered.
        found: AccountId,
        /// Who should have.
        expected: AccountId,
    },
    /// An account does not answer.
    #[error(transparent)]
    Cloud(#[from] CloudError),
    /// The configuration asks for what this program was built without.
    #[error("`{key}` asks for what this program was built without")]
    NotBuiltIn {
        /// The key.
        key: &'static str,
    },
    /// What the environment says cannot be used.
    #[error(transparent)]
    Configuration(#[from] ConfigError),
    /// The configuration says of a function what only the command can do.
    #[error("`{key}` cannot be used by a function: {reason}")]
    NotOfAFunction {
        /// The key.
        key: &'static str,
        /// Why.
        reason: &'static str,
    },
}

#[cfg(feature = "local")]
/// What the journal is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalUse {
    /// To look at it; nothing is made.
    Read,
    /// To begin or to go on with an operation; the file is made if there is none.
    Work,
}

/// Everything an operation needs.
pub struct Services {
    cloud: AwsCloud,
    journal: Box<dyn Journal>,
    secrets: Box<dyn Secrets>,
    database: Box<dyn Database>,
    notifier: Box<dyn Notifier>,
    clock: Box<dyn Clock>,
}

impl Services {
    /// Makes the services. `region` is where identities are asked for: the target's. `console` is where notices for the
    /// person at the terminal are written.
    ///
    /// # Errors
    /// [`ServicesError`].
    #[cfg(feature = "local")]
    pub async fn build(
        environment: &Environment,
        region: &Region,
        journal: JournalUse,
        console: impl Write + Send + 'static,
    ) -> Result<Self, ServicesError> {
        let secrets = open_secrets(environment).await?;
        Ok(Self {
            cloud: open_cloud(&environment.aws, region, secrets.as_ref()).await?,
            journal: open_journal(environment, journal).await?,
            database: Box::new(open_database(&environment.database)?),
            notifier: open_notifier(environment, secrets.as_ref(), console).await?,
            clock: hooks::clock(),
            secrets,
        })
    }

    /// The ports of the domain.
    pub fn ports(&self) -> Ports<'_> {
        Ports {
            cloud: &self.cloud,
            journal: self.journal.as_ref(),
            secrets: self.secrets.as_ref(),
            database: self.database.as_ref(),
            notifier: self.notifier.as_ref(),
            clock: self.clock.as_ref(),
        }
    }

    /// Asks the accounts that the configuration names who they are. Changes nothing.
    ///
    /// # Errors
    /// [`ServicesError::OtherAccount`] where another account answers, [`ServicesError::Cloud`] where none does.
    pub async fn check_accounts(&self, environment: &Environment) -> Result<(), ServicesError> {
        self.check_target(environment).await?;
        check_account(&self.cloud, Side::Source, environment.aws.source.as_ref()).await
    }

    /// The same for the target account alone.
    async fn check_target(&self, environment: &Environment) -> Result<(), ServicesError> {
        check_account(&self.cloud, Side::Target, Some(&environment.aws.target)).await
    }
}

async fn check_account(cloud: &dyn Cloud, side: Side, entrance: Option<&Entrance>) -> Result<(), ServicesError> {
    let Some(expected) = entrance.and_then(|entrance| entrance.account.clone()) else { return Ok(()) };
    let found = cloud.account(side).await?;
    if found == expected {
        return Ok(());
    }
    let side = match side {
        Side::Source => "source",
        Side::Target => "target",
    };
    Err(ServicesError::OtherAccount { side, found, expected })
}

/// Opens the journal. To work with it, its file is made, and the directories that are missing, for their owner only; tables
/// are never made.
///
/// # Errors
/// [`ServicesError::Journal`] where the file cannot be opened or a newer version laid it out; others where the account with
/// the tables cannot be entered.
#[cfg(feature = "local")]
pub async fn open_journal(environment: &Environment, purpose: JournalUse) -> Result<Box<dyn Journal>, ServicesError> {
    match (&environment.journal, purpose) {
        (JournalPlace::File(path), JournalUse::Read) => Ok(Box::new(SqliteJournal::open_to_read(path)?)),
        (JournalPlace::File(path), JournalUse::Work) => Ok(Box::new(SqliteJournal::open(path)?)),
        (JournalPlace::Tables(tables), _) => remote::journal(environment, tables).await,
    }
}

/// A journal with what maintenance needs beside it.
#[cfg(feature = "local")]
pub struct OpenState {
    /// The journal.
    pub journal: Box<dyn Journal>,
    /// What it keeps beside its entries.
    pub states: Box<dyn aurora_restore_ops::ports::States>,
    /// Its recovery to a point in time; a file has none.
    pub rehearsals: Option<Box<dyn aurora_restore_ops::ports::Rehearsals>>,
}

#[cfg(feature = "local")]
impl OpenState {
    fn over<S: Journal + aurora_restore_ops::ports::States + Clone + 'static>(store: S) -> Self {
        Self { journal: Box::new(store.clone()), states: Box::new(store), rehearsals: None }
    }
}

/// Opens the journal for maintenance, as [`open_journal`] opens it for operations.
///
/// # Errors
/// As [`open_journal`].
#[cfg(feature = "local")]
pub async fn open_state(environment: &Environment, purpose: JournalUse) -> Result<OpenState, ServicesError> {
    match (&environment.journal, purpose) {
        (JournalPlace::File(path), JournalUse::Read) => Ok(OpenState::over(SqliteJournal::open_to_read(path)?)),
        (JournalPlace::File(path), JournalUse::Work) => Ok(OpenState::over(SqliteJournal::open(path)?)),
        (JournalPlace::Tables(tables), _) => remote::state(environment, tables).await,
    }
}

/// An empty journal beside the real one, in memory alone.
///
/// # Errors
/// [`ServicesError::Journal`] where there is no memory for it.
#[cfg(feature = "local")]
pub fn empty_journal() -> Result<aurora_restore_ops::ports::RehearsedJournal, ServicesError> {
    let OpenState { journal, states, .. } = OpenState::over(SqliteJournal::in_memory()?);
    Ok(aurora_restore_ops::ports::RehearsedJournal { journal, states })
}

/// Where changes to a stack are recorded, with the journal beside which they are; none where the journal is a file: one machine
/// has no stack.
///
/// # Errors
/// As [`open_journal`].
#[cfg(feature = "local")]
pub async fn open_changes(
    environment: &Environment,
) -> Result<Option<(Box<dyn Journal>, Box<dyn aurora_restore_ops::ports::Changes>)>, ServicesError> {
    match &environment.journal {
        JournalPlace::File(_) => Ok(None),
        JournalPlace::Tables(tables) => remote::changes(environment, tables).await.map(Some),
    }
}

/// The store of secrets. Reads none yet.
///
/// # Errors
/// [`ServicesError`] where the account with the secrets cannot be entered.
#[cfg(feature = "local")]
pub async fn open_secrets(environment: &Environment) -> Result<Box<dyn Secrets>, ServicesError> {
    match &environment.secrets {
        SecretsPlace::Directory(directory) => Ok(Box::new(FileSecrets::new(directory))),
        SecretsPlace::SecretsManager(region) => remote::secrets(environment, region).await,
    }
}

/// The versions of secrets, in the same store.
///
/// # Errors
/// [`ServicesError`] where the account with the secrets cannot be entered.
#[cfg(feature = "local")]
pub(crate) async fn open_versions(environment: &Environment) -> Result<Box<dyn SecretVersions>, ServicesError> {
    match &environment.secrets {
        SecretsPlace::Directory(directory) => Ok(Box::new(FileSecrets::new(directory))),
        SecretsPlace::SecretsManager(region) => remote::versions(environment, region).await,
    }
}

/// The database side. Reads the certificates, connects to nothing.
///
/// # Errors
/// [`TrustError`] if there is nothing to trust.
pub fn open_database(access: &DatabaseAccess) -> Result<Postgres, TrustError> {
    let trust = match &access.ca_certificate {
        Some(path) => Trust::PemFile(path.clone()),
        None => Trust::OperatingSystem,
    };
    let unsigned = |length| std::time::Duration::try_from(length).unwrap_or_default();
    Postgres::new(Options {
        connect_timeout: unsigned(access.connect_timeout),
        statement_timeout: unsigned(access.statement_timeout),
        counting_budget: unsigned(access.counting_budget),
        integrity_budget: unsigned(access.integrity_budget),
        ..Options::new(vec![trust])
    })
}

/// RDS and identities. Reads credentials that the configuration names; sends nothing to AWS yet.
///
/// # Errors
/// [`ServicesError`] where keys or endpoints cannot be used.
pub async fn open_cloud(access: &AwsAccess, region: &Region, secrets: &dyn Secrets) -> Result<AwsCloud, ServicesError> {
    let source = match &access.source {
        Some(entrance) => Some(account_access(entrance, secrets).await?),
        None => None,
    };
    let options = AwsOptions {
        region: region.clone(),
        target: account_access(&access.target, secrets).await?,
        source,
        rds_endpoint: access.rds_endpoint.clone(),
        sts_endpoint: access.sts_endpoint.clone(),
        network: access.network.clone(),
    };
    Ok(AwsCloud::new(&options).await?)
}

/// An account in a Region, for services that are no ports of the domain.
#[cfg(feature = "stack")]
pub(crate) async fn connect(
    environment: &Environment,
    location: &Location,
) -> Result<aurora_restore_aws::Connection, ServicesError> {
    let aws = &environment.aws;
    let entrance = match location.side {
        Side::Source => aws.source.as_ref().unwrap_or(&aws.target),
        Side::Target => &aws.target,
    };
    let secrets = open_secrets(environment).await?;
    let access = account_access(entrance, secrets.as_ref()).await?;
    let sts = aws.sts_endpoint.as_ref();
    Ok(aurora_restore_aws::Connection::open(&location.region, &access, sts, &aws.network).await?)
}

async fn account_access(entrance: &Entrance, secrets: &dyn Secrets) -> Result<AccountAccess, ServicesError> {
    let credentials = match (&entrance.keys_secret, &entrance.profile) {
        (Some(id), _) => keys(id, secrets).await?,
        (None, Some(profile)) => CredentialSource::Profile(profile.clone()),
        (None, None) => CredentialSource::Environment,
    };
    let role = entrance.role.as_ref().map(|arn| AssumedRole {
        arn: arn.clone(),
        external_id: entrance.external_id.clone(),
        session_name: entrance.session_name.clone(),
    });
    Ok(AccountAccess { credentials, role })
}

async fn keys(id: &SecretId, secrets: &dyn Secrets) -> Result<CredentialSource, ServicesError> {
    let document = secrets.get(id).await?;
    let field = |key: &'static str| {
        document.fields.get(key).ok_or_else(|| ServicesError::KeyMissing { secret: id.clone(), key })
    };
    Ok(CredentialSource::Keys {
        access_key: field("access_key_id")?.expose().to_owned(),
        secret_key: field("secret_access_key")?.clone(),
    })
}

#[cfg(feature = "local")]
pub(crate) async fn open_notifier(
    environment: &Environment,
    secrets: &dyn Secrets,
    console: impl Write + Send + 'static,
) -> Result<Box<dyn Notifier>, ServicesError> {
    match &environment.notify {
        NotifyChannel::Console => Ok(Box::new(ConsoleNotifier::to("standard error", console))),
        NotifyChannel::Topic { topic, region } => remote::notifier(environment, secrets, topic, region).await,
        NotifyChannel::None => Ok(Box::new(Nobody)),
    }
}

/// Tells nobody.
#[cfg(any(feature = "local", feature = "aws-services"))]
struct Nobody;

#[cfg(any(feature = "local", feature = "aws-services"))]
#[async_trait]
impl Notifier for Nobody {
    async fn notify(&self, _notice: &Notice) -> Result<(), NotifierError> {
        Ok(())
    }
}
