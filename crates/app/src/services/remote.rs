//! What AWS keeps for us instead of this machine: the journal in tables, secrets in Secrets Manager, notices by SNS. Whoever
//! builds without it gets a program that says so.

use aurora_restore_core::{
    ids::{Arn, Region},
    ports::{Journal, Notifier, SecretVersions, Secrets},
};

use aurora_restore_ops::ports::Changes;

use super::ServicesError;
use crate::config::{Environment, JournalTables};

#[cfg(feature = "aws-services")]
mod built_in {
    use aurora_restore_aws::{Connection, DynamoJournal, SecretsManagerSecrets, SnsNotifier};

    use super::{
        super::{OpenState, account_access, function::tables_options, open_secrets},
        Arn, Changes, Environment, Journal, JournalTables, Notifier, Region, SecretVersions, Secrets, ServicesError,
    };

    /// The target account in a Region. Whoever has no keys in a secret is not asked for them.
    async fn connect(
        environment: &Environment,
        region: &Region,
        secrets: &dyn Secrets,
    ) -> Result<Connection, ServicesError> {
        let access = account_access(&environment.aws.target, secrets).await?;
        let aws = &environment.aws;
        Ok(Connection::open(region, &access, aws.sts_endpoint.as_ref(), &aws.network).await?)
    }

    pub(in super::super) async fn journal(
        environment: &Environment,
        tables: &JournalTables,
    ) -> Result<Box<dyn Journal>, ServicesError> {
        Ok(Box::new(in_tables(environment, tables).await?))
    }

    pub(in super::super) async fn state(
        environment: &Environment,
        tables: &JournalTables,
    ) -> Result<OpenState, ServicesError> {
        let journal = in_tables(environment, tables).await?;
        Ok(OpenState { rehearsals: Some(Box::new(journal.clone())), ..OpenState::over(journal) })
    }

    pub(in super::super) async fn changes(
        environment: &Environment,
        tables: &JournalTables,
    ) -> Result<(Box<dyn Journal>, Box<dyn Changes>), ServicesError> {
        let journal = in_tables(environment, tables).await?;
        Ok((Box::new(journal.clone()), Box::new(journal)))
    }

    async fn in_tables(environment: &Environment, tables: &JournalTables) -> Result<DynamoJournal, ServicesError> {
        let secrets = open_secrets(environment).await?;
        let connection = connect(environment, &tables.region, secrets.as_ref()).await?;
        let journal = DynamoJournal::new(&connection, &tables_options(tables))?;
        // One read, so that tables that cannot be used are told as such before anything is planned.
        let _newest = journal.ids_beginning_with("", 1).await?;
        Ok(journal)
    }

    pub(in super::super) async fn secrets(
        environment: &Environment,
        region: &Region,
    ) -> Result<Box<dyn Secrets>, ServicesError> {
        let connection = connect(environment, region, &NoKeys).await?;
        Ok(Box::new(SecretsManagerSecrets::new(&connection, None)?))
    }

    pub(in super::super) async fn versions(
        environment: &Environment,
        region: &Region,
    ) -> Result<Box<dyn SecretVersions>, ServicesError> {
        let connection = connect(environment, region, &NoKeys).await?;
        Ok(Box::new(SecretsManagerSecrets::new(&connection, None)?))
    }

    pub(in super::super) async fn notifier(
        environment: &Environment,
        secrets: &dyn Secrets,
        topic: &Arn,
        region: &Region,
    ) -> Result<Box<dyn Notifier>, ServicesError> {
        let connection = connect(environment, region, secrets).await?;
        Ok(Box::new(SnsNotifier::new(&connection, topic.clone(), None)?))
    }

    /// Before Secrets Manager is entered there are no secrets; the configuration has none read then.
    struct NoKeys;

    #[async_trait::async_trait]
    impl Secrets for NoKeys {
        async fn get(
            &self,
            id: &aurora_restore_core::ids::SecretId,
        ) -> Result<aurora_restore_core::ports::SecretDocument, aurora_restore_core::ports::SecretsError> {
            let store = "this program before it has entered Secrets Manager".to_owned();
            Err(aurora_restore_core::ports::SecretsError::Missing { id: id.clone(), store })
        }
    }
}

#[cfg(not(feature = "aws-services"))]
mod built_in {
    use super::{
        super::OpenState, Arn, Changes, Environment, Journal, JournalTables, Notifier, Region, SecretVersions, Secrets,
        ServicesError,
    };

    pub(in super::super) async fn state(
        _environment: &Environment,
        _tables: &JournalTables,
    ) -> Result<OpenState, ServicesError> {
        Err(ServicesError::NotBuiltIn { key: "journal.store" })
    }

    pub(in super::super) async fn changes(
        _environment: &Environment,
        _tables: &JournalTables,
    ) -> Result<(Box<dyn Journal>, Box<dyn Changes>), ServicesError> {
        Err(ServicesError::NotBuiltIn { key: "journal.store" })
    }

    pub(in super::super) async fn journal(
        _environment: &Environment,
        _tables: &JournalTables,
    ) -> Result<Box<dyn Journal>, ServicesError> {
        Err(ServicesError::NotBuiltIn { key: "journal.store" })
    }

    pub(in super::super) async fn secrets(
        _environment: &Environment,
        _region: &Region,
    ) -> Result<Box<dyn Secrets>, ServicesError> {
        Err(ServicesError::NotBuiltIn { key: "secrets.store" })
    }

    pub(in super::super) async fn versions(
        _environment: &Environment,
        _region: &Region,
    ) -> Result<Box<dyn SecretVersions>, ServicesError> {
        Err(ServicesError::NotBuiltIn { key: "secrets.store" })
    }

    pub(in super::super) async fn notifier(
        _environment: &Environment,
        _secrets: &dyn Secrets,
        _topic: &Arn,
        _region: &Region,
    ) -> Result<Box<dyn Notifier>, ServicesError> {
        Err(ServicesError::NotBuiltIn { key: "notify.channel" })
    }
}

pub(super) use built_in::{changes, journal, notifier, secrets, state, versions};
