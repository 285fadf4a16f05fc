//! The part of the configuration that says where things are: AWS, the database's certificates, the journal, secrets.

use std::path::PathBuf;

use aurora_restore_aws::{EndpointUrl, HttpProxy};
use aurora_restore_core::ids::{AccountId, Arn, SecretId};
use jiff::SignedDuration;

use super::{Sources, reader::Reader};

/// Where things are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// How AWS is reached.
    pub aws: AwsAccess,
    /// How the restored database is reached.
    pub database: DatabaseAccess,
    /// The journal's file.
    pub journal: PathBuf,
    /// The directory of the secrets.
    pub secrets: PathBuf,
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
    /// The proxy through which AWS is reached, as the environment names it.
    pub proxy: Option<HttpProxy>,
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

/// Who is told about the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotifyChannel {
    /// A line in the log on stderr.
    Console,
    /// Nobody.
    None,
}

/// Reads the environment.
pub(super) fn read(reader: &Reader<'_>, sources: &Sources) -> Option<Environment> {
    let target = entrance(reader, Side::Target);
    let source = entrance(reader, Side::Source);
    let journal = place(reader, "journal.path", sources.state_directory().map(|dir| dir.join("journal.sqlite")));
    let secrets = place(reader, "secrets.directory", sources.data_directory().map(|dir| dir.join("secrets")));
    let database = DatabaseAccess {
        ca_certificate: reader.text("database.ca-certificate").map(PathBuf::from),
        connect_timeout: reader.positive("database.connect-timeout")?,
        statement_timeout: reader.positive("database.statement-timeout")?,
        counting_budget: reader.positive("database.counting-budget")?,
        integrity_budget: reader.positive("database.integrity-budget")?,
    };
    Some(Environment {
        aws: AwsAccess {
            rds_endpoint: endpoint(reader, "aws.rds-endpoint"),
            sts_endpoint: endpoint(reader, "aws.sts-endpoint"),
            proxy: proxy(reader, sources),
            target,
            source: Some(source).filter(|source| *source != Entrance::default()),
        },
        database,
        journal: journal?,
        secrets: secrets?,
        notify: match reader.text("notify.channel") {
            Some("none") => NotifyChannel::None,
            _ => NotifyChannel::Console,
        },
    })
}

fn endpoint(reader: &Reader<'_>, path: &str) -> Option<EndpointUrl> {
    match EndpointUrl::new(reader.text(path)?) {
        Ok(url) => Some(url),
        Err(invalid) => {
            reader.refuse(path, invalid, None);
            None
        }
    }
}

/// The proxy of the variables that every tool obeys. They are no keys of ours: a machine has them or has them not.
fn proxy(reader: &Reader<'_>, sources: &Sources) -> Option<HttpProxy> {
    let first = |variables: &[&str]| {
        let set = variables.iter().filter_map(|name| Some((*name, sources.environment.get(*name)?)));
        set.map(|(name, text)| (name.to_owned(), text.clone())).find(|(_, text)| !text.trim().is_empty())
    };
    let (variable, url) = first(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])?;
    let bypass = first(&["NO_PROXY", "no_proxy"]).map(|(_, hosts)| hosts).unwrap_or_default();
    match HttpProxy::new(url.trim(), &bypass) {
        Ok(proxy) => Some(proxy),
        Err(invalid) => {
            let hint = "It looks like http://proxy.example.com:3128; unset it where there is no proxy.";
            reader.refuse_variable(&variable, invalid, hint);
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
