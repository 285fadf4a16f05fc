//! The names by which the model knows things: accounts, Regions, volumes, images, effects.
//!
//! Identifiers chosen by users (cluster names and the like) are plain strings; the rules for them are
//! in `identifier.rs`.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps the text as it is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
    };
}

text_id!(
    /// An AWS account: twelve digits.
    AccountId
);
text_id!(
    /// A Region, such as `eu-west-1`.
    RegionName
);
number_id!(
    /// The data of one cluster. It keeps its id through every rename of the cluster.
    VolumeId,
    "vol-"
);
number_id!(
    /// The data of one snapshot.
    ImageId,
    "img-"
);
number_id!(
    /// One piece of work handed to the data plane. Ids grow in the order in which work must be done.
    EffectId,
    "effect-"
);

/// One account in one Region: the scope in which identifiers are unique.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The account.
    pub account: AccountId,
    /// The Region.
    pub region: RegionName,
}

/// Who calls, and to which Region the call goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account whose credentials signed the call.
    pub account: AccountId,
    /// The Region whose endpoint received it.
    pub region: RegionName,
}

impl Caller {
    /// A caller of this account in this Region.
    pub fn new(account: impl Into<String>, region: impl Into<String>) -> Self {
        Self { account: AccountId::new(account), region: RegionName::new(region) }
    }

    /// The same as a place.
    pub fn place(&self) -> Place {
        Place { account: self.account.clone(), region: self.region.clone() }
    }
}
