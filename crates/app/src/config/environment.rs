//! The part of the configuration that says where things are: AWS, the database's certificates, the journal, secrets.

use std::path::PathBuf;

use aurora_restore_aws::{EndpointUrl, HttpHosts, Network, TableName};
use aurora_restore_core::ids::{AccountId, Arn, Region, SecretId};
use jiff::SignedDuration;

use super::{Sources, network, reader::Reader};

/// Where things are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// How AWS is reached.
    pub aws: AwsAccess,
    /// How the restored database is reached.
    pub database: DatabaseAccess,
    /// Where the journal is.
    pub journal: JournalPlace,
    /// Where the secrets are.
    pub secrets: SecretsPlace,
    /// Who is told about the end.
    pub notify: NotifyChannel,
}

/// How AWS is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsAccess {
    /// RDS elsewhere than at AWS.
    pub rds_endpoint: Option<EndpointUrl>,
    /// STS elsewhere than at AWS.
    pub sts_endpoint: Option<EndpointUrl>,
    /// The network between here and AWS.
    pub network: Network,
    /// How the target account is entered.
    pub target: Entrance,
    /// How the source account is entered; `None` if it is the target account.
    pub source: Option<Entrance>,
}

/// How an account is entered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entrance {
    /// A profile of the AWS configuration files.
    pub profile: Option<String>,
    /// The secret that holds a fixed pair of keys.
    pub keys_secret: Option<SecretId>,
    /// A role to assume.
    pub role: Option<Arn>,
    /// The external id that the role asks for.
    pub external_id: Option<String>,
    /// The name of the session.
    pub session_name: Option<String>,
    /// The account that must answer.
    pub account: Option<AccountId>,
}

/// How the restored database is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseAccess {
    /// The certificates to trust; what the operating system trusts without it.
    pub ca_certificate: Option<PathBuf>,
    /// For a connection with its login.
    pub connect_timeout: SignedDuration,
    /// For one statement.
    pub statement_timeout: SignedDuration,
    /// For all exact row counts together.
    pub counting_budget: SignedDuration,
    /// For all integrity checks together.
    pub integrity_budget: SignedDuration,
}

/// Where the journal is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalPlace {
    /// In a file of this machine.
    File(PathBuf),
    /// In two tables of the target account.
    Tables(Box<JournalTables>),
}

/// A journal in tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalTables {
    /// Their Region: the target's.
    pub region: Region,
    /// One item for each operation.
    pub state: TableName,
    /// The entries.
    pub audit: TableName,
    /// How long a state is kept after the end.
    pub state_retention: SignedDuration,
    /// How long an entry is kept.
    pub audit_retention: SignedDuration,
}

/// Where the secrets are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretsPlace {
    /// In a directory of this machine.
    Directory(PathBuf),
    /// In Secrets Manager of the target account, in this Region.
    SecretsManager(Region),
}

/// Who is told about the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotifyChannel {
    /// A line in the log on stderr.
    Console,
    /// Whoever has subscribed to the topic.
    Topic {
        /// The topic.
        topic: Arn,
        /// Its Region.
        region: Region,
    },
    /// Nobody.
    None,
}

/// Reads the environment.
pub(super) fn read(reader: &Reader<'_>, sources: &Sources) -> Option<Environment> {
    let target = entrance(reader, Side::Target);
    let source = entrance(reader, Side::Source);
    let region = aws_keeps_something(reader).then(|| target_region(reader)).flatten();
    let journal = journal(reader, sources, region.as_ref());
    let secrets = secrets(reader, sources, region.as_ref(), &target);
    let notify = notify(reader);
    let network = network::read(reader, sources);
    let database = DatabaseAccess {
        ca_certificate: reader.text("database.ca-certificate").map(PathBuf::from),
        connect_timeout: reader.positive("database.connect-timeout")?,
        statement_timeout: reader.positive("database.statement-timeout")?,
        counting_budget: reader.positive("database.counting-budget")?,
        integrity_budget: reader.positive("database.integrity-budget")?,
    };
    Some(Environment {
        aws: AwsAccess {
            rds_endpoint: endpoint(reader, "aws.rds-endpoint", &network.http_hosts),
            sts_endpoint: endpoint(reader, "aws.sts-endpoint", &network.http_hosts),
            network,
            target,
            source: Some(source).filter(|source| *source != Entrance::default()),
        },
        database,
        journal: journal?,
        secrets: secrets?,
        notify: notify?,
    })
}

fn has_tables(reader: &Reader<'_>) -> bool {
    reader.text("journal.store") == Some("tables")
}

fn has_secrets_manager(reader: &Reader<'_>) -> bool {
    reader.text("secrets.store") == Some("secrets-manager")
}

fn aws_keeps_something(reader: &Reader<'_>) -> bool {
    has_tables(reader) || has_secrets_manager(reader)
}

fn journal(reader: &Reader<'_>, sources: &Sources, region: Option<&Region>) -> Option<JournalPlace> {
    if !has_tables(reader) {
        let usual = sources.state_directory().map(|dir| dir.join("journal.sqlite"));
        return place(reader, "journal.path", usual).map(JournalPlace::File);
    }
    let (state, audit) = (table(reader, "journal.state-table"), table(reader, "journal.audit-table"));
    if state.is_some() && state == audit {
        reader.refuse("journal.audit-table", "it is the state table, too; entries need a table of their own", None);
    }
    let (state_retention, audit_retention) =
        (reader.positive("journal.state-retention"), reader.positive("journal.audit-retention"));
    if state_retention.zip(audit_retention).is_some_and(|(state, audit)| audit < state) {
        let told = "it is shorter than `journal.state-retention`: an operation would be kept whose journal is gone";
        reader.refuse("journal.audit-retention", told, Some("Keep entries as long as states, or longer.".to_owned()));
    }
    Some(JournalPlace::Tables(Box::new(JournalTables {
        region: region?.clone(),
        state: state?,
        audit: audit?,
        state_retention: state_retention?,
        audit_retention: audit_retention?,
    })))
}

fn table(reader: &Reader<'_>, path: &str) -> Option<TableName> {
    match TableName::new(reader.text(path)?) {
        Ok(name) => Some(name),
        Err(invalid) => {
            reader.refuse(path, invalid, None);
            None
        }
    }
}

fn secrets(reader: &Reader<'_>, sources: &Sources, region: Option<&Region>, target: &Entrance) -> Option<SecretsPlace> {
    if !has_secrets_manager(reader) {
        let usual = sources.data_directory().map(|dir| dir.join("secrets"));
        return place(reader, "secrets.directory", usual).map(SecretsPlace::Directory);
    }
    if target.keys_secret.is_some() {
        let reason = "Secrets Manager is entered with these keys, so they cannot be kept there";
        reader.refuse("aws.target.keys-secret", reason, Some("Use a profile, a role or the environment.".to_owned()));
    }
    region.cloned().map(SecretsPlace::SecretsManager)
}

/// The Region of what AWS keeps for us.
fn target_region(reader: &Reader<'_>) -> Option<Region> {
    if !reader.has("target.region") {
        reader.missing("target.region");
    }
    reader.parsed("target.region")
}

fn notify(reader: &Reader<'_>) -> Option<NotifyChannel> {
    match reader.text("notify.channel") {
        Some("none") => Some(NotifyChannel::None),
        Some("sns") => {
            if !reader.has("notify.topic") {
                reader.missing("notify.topic");
            }
            let topic: Arn = reader.parsed("notify.topic")?;
            match topic.region() {
                Some(region) => Some(NotifyChannel::Topic { topic, region }),
                None => {
                    reader.refuse("notify.topic", "it is the ARN of a topic, with its Region", None);
                    None
                }
            }
        }
        _ => Some(NotifyChannel::Console),
    }
}

fn endpoint(reader: &Reader<'_>, path: &str, http_hosts: &HttpHosts) -> Option<EndpointUrl> {
    match EndpointUrl::with_hosts(reader.text(path)?, http_hosts) {
        Ok(url) => Some(url),
        Err(invalid) => {
            let hint = network::hint(&invalid);
            reader.refuse(path, invalid, hint);
            None
        }
    }
}

fn place(reader: &Reader<'_>, path: &str, usual: Option<PathBuf>) -> Option<PathBuf> {
    let place = reader.text(path).map(PathBuf::from).or(usual);
    if place.is_none() {
        // Neither the key nor a home directory: a service or a container.
        reader.missing(path);
    }
    place
}

#[derive(Clone, Copy)]
enum Side {
    Source,
    Target,
}

fn entrance(reader: &Reader<'_>, side: Side) -> Entrance {
    let [profile, keys, role, external_id, session_name, account] = match side {
        Side::Target => [
            "aws.target.profile",
            "aws.target.keys-secret",
            "aws.target.role",
            "aws.target.external-id",
            "aws.target.session-name",
            "aws.target.account",
        ],
        Side::Source => [
            "aws.source.profile",
            "aws.source.keys-secret",
            "aws.source.role",
            "aws.source.external-id",
            "aws.source.session-name",
            "aws.source.account",
        ],
    };
    if reader.has(profile) && reader.has(keys) {
        reader.refuse(keys, format_args!("`{profile}` is set, too"), Some("Remove one of them.".to_owned()));
    }
    for of_role in [external_id, session_name] {
        if reader.has(of_role) && !reader.has(role) {
            let hint = format!("Remove it, or set `{role}`, too.");
            reader.refuse(of_role, format_args!("it goes with `{role}` only"), Some(hint));
        }
    }
    Entrance {
        profile: reader.owned(profile),
        keys_secret: reader.parsed(keys),
        role: reader.parsed(role),
        external_id: reader.owned(external_id),
        session_name: reader.owned(session_name),
        account: reader.parsed(account),
    }
}
