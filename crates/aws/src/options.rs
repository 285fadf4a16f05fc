//! How an account is entered: whose credentials, which role, over which network.

use aurora_restore_core::{ids::Arn, secret::Secret};

use crate::{endpoint::HttpHosts, proxy::HttpProxy};

/// What is special about the network between here and the services.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Network {
    /// The proxy through which AWS is reached, if there is one.
    pub proxy: Option<HttpProxy>,
    /// The hosts to which `http` is spoken, whoever names an endpoint there.
    pub http_hosts: HttpHosts,
}

/// How an account is entered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountAccess {
    /// The credentials to begin with.
    pub credentials: CredentialSource,
    /// A role to assume with them.
    pub role: Option<AssumedRole>,
}

/// Where credentials come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CredentialSource {
    /// The usual places in the usual order: environment, profile files (IAM Identity Center and `credential_process`
    /// included), web identity, container, instance.
    #[default]
    Environment,
    /// A named profile.
    Profile(String),
    /// A fixed pair of keys, for local setups.
    Keys {
        /// The access key id.
        access_key: String,
        /// The secret access key.
        secret_key: Secret,
    },
}

/// A role to assume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssumedRole {
    /// The role.
    pub arn: Arn,
    /// The external id that the role's trust policy asks for.
    pub external_id: Option<String>,
    /// What the session is called in CloudTrail; `aurora-restore` without it.
    pub session_name: Option<String>,
}
