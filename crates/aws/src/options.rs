//! What the adapter has to be told: whose credentials, which role, which endpoints.

use aurora_restore_core::{
    ids::{Arn, Region},
    secret::Secret,
};

use crate::{endpoint::EndpointUrl, proxy::HttpProxy};

/// How AWS is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsOptions {
    /// The Region in which identities are asked for and roles are assumed, usually the target's.
    pub region: Region,
    /// How the target account is entered.
    pub target: AccountAccess,
    /// How the source account is entered. `None`: it is the target account, with the same credentials.
    pub source: Option<AccountAccess>,
    /// RDS elsewhere than at AWS, for all Regions and both sides: the sandbox, or an interface endpoint.
    pub rds_endpoint: Option<EndpointUrl>,
    /// STS elsewhere than at AWS.
    pub sts_endpoint: Option<EndpointUrl>,
    /// The proxy through which AWS is reached, if there is one.
    pub proxy: Option<HttpProxy>,
}

impl AwsOptions {
    /// One account, the credentials of the environment, AWS's own endpoints.
    pub fn in_region(region: Region) -> Self {
        let target = AccountAccess::default();
        Self { region, target, source: None, rds_endpoint: None, sts_endpoint: None, proxy: None }
    }
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
