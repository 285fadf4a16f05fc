//! What a function of the stack works with: everything in its own account and Region, over one connection, and nothing
//! opened before it is needed. A function starts many times a day, and somebody pays for every millisecond of it.

use std::{collections::BTreeMap, path::PathBuf, sync::OnceLock};

use async_trait::async_trait;
use aurora_restore_aws::{
    AccountAccess, AwsCloud, AwsOptions, Connection, DynamoJournal, ParameterName, SecretsManagerSecrets, SnsNotifier,
    SsmConfig, TablesOptions,
};
use aurora_restore_core::{
    ids::Region,
    ports::{
        Database, DatabaseError, DatabaseErrorKind, DatabaseLogin, Journal, LoginProof, Logins, Notifier, RoleSecret,
        Turn, UserSetup, UserSetupOutcome,
    },
    secret::Secret,
    verification::{CheckResult, VerificationSpec},
};
use aurora_restore_sql::Postgres;

use super::{Nobody, Services, ServicesError, account_access, open_database};
use crate::{
    config::{
        AwsAccess, DatabaseAccess, Entrance, Environment, JournalPlace, JournalTables, NotifyChannel, ParameterText,
        SecretsPlace,
    },
    hooks,
    rotation::RotationServices,
};

pub use aurora_restore_aws::ParameterError as FunctionParameterError;

/// The file with trusted certificates that a package may hold.
const CERTIFICATES: &str = "rds-ca.pem";

/// The tables as their adapter takes them.
pub(super) fn tables_options(tables: &JournalTables) -> TablesOptions {
    TablesOptions {
        state_table: tables.state.clone(),
        audit_table: tables.audit.clone(),
        state_retention: tables.state_retention,
        audit_retention: tables.audit_retention,
        endpoint: None,
    }
}

/// Whether a function works in the source account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceIs {
    /// It does, with the role there.
    Entered,
    /// It does not.
    LeftAlone,
}

/// A function's own account in its own Region, entered with its role.
#[derive(Debug)]
pub struct FunctionAccount {
    connection: Connection,
    parameters: SsmConfig,
}

impl FunctionAccount {
    /// Enters it, by the environment that Lambda gives. Sends nothing.
    ///
    /// # Errors
    /// [`ServicesError::Endpoint`] if the environment sets one that breaks the rules; [`ServicesError::Configuration`] for a proxy
    /// or hosts to speak `http` to that are none.
    pub async fn enter(region: &Region, environment: &BTreeMap<String, String>) -> Result<Self, ServicesError> {
        let network = crate::config::network(environment)?;
        let connection = Connection::open(region, &AccountAccess::default(), None, &network).await?;
        let parameters = SsmConfig::new(&connection, None)?;
        Ok(Self { connection, parameters })
    }

    /// The text of the configuration.
    ///
    /// # Errors
    /// [`FunctionParameterError`].
    pub async fn configuration(&self, parameter: &str) -> Result<ParameterText, FunctionParameterError> {
        let text = self.parameters.read(&ParameterName::new(parameter)?).await?;
        Ok(ParameterText { name: parameter.to_owned(), text })
    }

    /// The services of an operation. Sends nothing but what a configured account is asked: the source's only where
    /// `source` says that it is entered, because the roles of the others may not.
    ///
    /// # Errors
    /// [`ServicesError`].
    pub async fn services(
        &self,
        environment: &Environment,
        package: Option<&str>,
        source: SourceIs,
    ) -> Result<Services, ServicesError> {
        let journal = self.journal(environment)?;
        let SecretsPlace::SecretsManager(_) = &environment.secrets else {
            return Err(not_of_a_function("secrets.store", "it has no files of its own; set `secrets-manager`"));
        };
        let secrets = SecretsManagerSecrets::new(&self.connection, None)?;
        let services = Services {
            cloud: self.cloud(&environment.aws, &secrets).await?,
            journal,
            secrets: Box::new(secrets),
            database: Box::new(LaterDatabase::new(&environment.database, package)),
            notifier: self.notifier(&environment.notify)?,
            clock: hooks::clock(),
        };
        match source {
            SourceIs::Entered => services.check_accounts(environment).await?,
            SourceIs::LeftAlone => services.check_target(environment).await?,
        }
        Ok(services)
    }

    /// The services of a rotation. Sends nothing.
    ///
    /// # Errors
    /// [`ServicesError`].
    pub async fn rotation(
        &self,
        environment: &Environment,
        package: Option<&str>,
    ) -> Result<RotationServices, ServicesError> {
        let secrets = SecretsManagerSecrets::new(&self.connection, None)?;
        Ok(RotationServices {
            cloud: self.cloud(&environment.aws, &secrets).await?,
            versions: Box::new(secrets),
            database: Box::new(LaterDatabase::new(&environment.database, package)),
            notifier: self.notifier(&environment.notify)?,
        })
    }

    /// The journal alone: it is there where the rest of a configuration cannot be used. Sends nothing.
    ///
    /// # Errors
    /// [`ServicesError::NotOfAFunction`] if it is in a file.
    pub fn journal(&self, environment: &Environment) -> Result<Box<dyn Journal>, ServicesError> {
        let JournalPlace::Tables(tables) = &environment.journal else {
            return Err(not_of_a_function("journal.store", "what it writes into a file is gone with it; set `tables`"));
        };
        Ok(Box::new(DynamoJournal::new(&self.connection, &tables_options(tables))?))
    }

    async fn cloud(&self, access: &AwsAccess, secrets: &SecretsManagerSecrets) -> Result<AwsCloud, ServicesError> {
        if (Entrance { account: None, ..access.target.clone() }) != Entrance::default() {
            return Err(not_of_a_function("aws.target", "it restores into its own account, with its own role"));
        }
        let source = match &access.source {
            Some(entrance) => Some(account_access(entrance, secrets).await?),
            None => None,
        };
        let options = AwsOptions {
            region: self.connection.region().clone(),
            target: AccountAccess::default(),
            source,
            rds_endpoint: access.rds_endpoint.clone(),
            sts_endpoint: access.sts_endpoint.clone(),
            network: access.network.clone(),
        };
        Ok(AwsCloud::in_account_of(&self.connection, &options).await?)
    }

    fn notifier(&self, channel: &NotifyChannel) -> Result<Box<dyn Notifier>, ServicesError> {
        match channel {
            NotifyChannel::Topic { topic, .. } => {
                Ok(Box::new(SnsNotifier::new(&self.connection, topic.clone(), None)?))
            }
            NotifyChannel::None => Ok(Box::new(Nobody)),
            NotifyChannel::Console => Err(not_of_a_function("notify.channel", "nobody sits in front of it; set `sns`")),
        }
    }
}

fn not_of_a_function(key: &'static str, reason: &'static str) -> ServicesError {
    ServicesError::NotOfAFunction { key, reason }
}

#[cfg(feature = "executions")]
mod executions {
    use aurora_restore_aws::{InvalidEndpoint, InvalidMachine, MachineArn, StepFunctions};
    use aurora_restore_core::ids::{Arn, InvalidId};
    use aurora_restore_ops::ports::Executions;

    use super::FunctionAccount;

    /// Why executions cannot be reached.
    #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
    pub enum MachineError {
        /// It is no ARN at all.
        #[error(transparent)]
        Arn(#[from] InvalidId),
        /// It is not the ARN of a state machine.
        #[error(transparent)]
        Machine(#[from] InvalidMachine),
        /// An endpoint cannot be used.
        #[error(transparent)]
        Endpoint(#[from] InvalidEndpoint),
    }

    impl FunctionAccount {
        /// The executions of a state machine. Sends nothing.
        ///
        /// # Errors
        /// [`MachineError`].
        pub fn executions(&self, machine: &str) -> Result<Box<dyn Executions>, MachineError> {
            let machine = MachineArn::new(Arn::new(machine)?)?;
            Ok(Box::new(StepFunctions::new(&self.connection, machine, None)?))
        }
    }
}

#[cfg(feature = "executions")]
pub use executions::MachineError;

/// A database side whose certificates are read when the first step needs them: most functions never do.
struct LaterDatabase {
    access: DatabaseAccess,
    opened: OnceLock<Result<Postgres, String>>,
}

impl LaterDatabase {
    /// The certificates of the package are trusted where the configuration names none.
    fn new(access: &DatabaseAccess, package: Option<&str>) -> Self {
        let packaged = || package.map(|root| PathBuf::from(root).join(CERTIFICATES)).filter(|path| path.is_file());
        let ca_certificate = access.ca_certificate.clone().or_else(packaged);
        Self { access: DatabaseAccess { ca_certificate, ..access.clone() }, opened: OnceLock::new() }
    }

    fn open(&self, login: &DatabaseLogin) -> Result<&Postgres, DatabaseError> {
        let opened = self.opened.get_or_init(|| open_database(&self.access).map_err(|error| error.to_string()));
        opened.as_ref().map_err(|reason| DatabaseError {
            kind: DatabaseErrorKind::CertificateRefused,
            endpoint: format!("{}:{}/{}", login.endpoint.host, login.endpoint.port, login.database),
            doing: "reading the certificates to trust".to_owned(),
            reason: reason.clone(),
        })
    }
}

#[async_trait]
impl Database for LaterDatabase {
    async fn log_in(&self, login: &DatabaseLogin) -> Result<LoginProof, DatabaseError> {
        self.open(login)?.log_in(login).await
    }

    async fn set_up_users(&self, master: &DatabaseLogin, setup: &UserSetup) -> Result<UserSetupOutcome, DatabaseError> {
        self.open(master)?.set_up_users(master, setup).await
    }

    async fn verify(&self, login: &DatabaseLogin, spec: &VerificationSpec) -> Result<Vec<CheckResult>, DatabaseError> {
        self.open(login)?.verify(login, spec).await
    }
}

#[async_trait]
impl Logins for LaterDatabase {
    async fn turn(&self, master: &DatabaseLogin) -> Result<Box<dyn Turn>, DatabaseError> {
        self.open(master)?.turn(master).await
    }

    async fn partner_of(&self, master: &DatabaseLogin, login: &str) -> Result<String, DatabaseError> {
        self.open(master)?.partner_of(master, login).await
    }

    async fn arm_partner(
        &self,
        master: &DatabaseLogin,
        login: &str,
        partner: &RoleSecret,
    ) -> Result<(), DatabaseError> {
        self.open(master)?.arm_partner(master, login, partner).await
    }

    async fn set_own_password(&self, login: &DatabaseLogin, password: &Secret) -> Result<(), DatabaseError> {
        self.open(login)?.set_own_password(login, password).await
    }
}
