//! What clusters and instances refer to: parameter groups, subnet groups, keys, tags.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::AccountId;

/// A parameter group, of clusters or of instances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterGroup {
    /// Name, in lower case.
    pub name: String,
    /// Family, such as `aurora-postgresql15`.
    pub family: String,
    /// Description.
    pub description: String,
    /// ARN.
    pub arn: String,
    /// Tags, by key.
    pub tag_list: Vec<Tag>,
}

/// A subnet group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubnetGroup {
    /// Name, in lower case.
    pub name: String,
    /// Description.
    pub description: String,
    /// ARN.
    pub arn: String,
    /// VPC of the subnets.
    pub vpc_id: String,
    /// `Complete`.
    pub status: String,
    /// The subnets, in at least two zones.
    pub subnets: Vec<Subnet>,
    /// Tags, by key.
    pub tag_list: Vec<Tag>,
}

/// A subnet of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// Id (`subnet-…`).
    pub subnet_identifier: String,
    /// Its zone.
    pub availability_zone: String,
    /// `Active`.
    pub status: String,
}

/// A key in AWS KMS, as far as RDS cares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KmsKey {
    /// The id, a UUID.
    pub key_id: String,
    #[serde(default)]
    /// Alias without `alias/`; resolves in its own account alone.
    pub alias: Option<String>,
    #[serde(default)]
    /// Other accounts that the key's policy lets use it through RDS, grants included.
    pub allowed_accounts: BTreeSet<AccountId>,
    #[serde(default)]
    /// A disabled key is as inaccessible as a missing one.
    pub disabled: bool,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tag {
    /// Key.
    pub key: String,
    /// Value; may be empty.
    pub value: String,
}

impl Tag {
    /// A tag with this key and value.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.into() }
    }
}
