//! ARNs of RDS resources.

use super::error::RdsError;

/// The kinds of resources that have an ARN here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArnKind {
    Cluster,
    Instance,
    ClusterSnapshot,
    ClusterParameterGroup,
    ParameterGroup,
    SubnetGroup,
}

impl ArnKind {
    const ALL: [Self; 6] = [
        Self::Cluster,
        Self::Instance,
        Self::ClusterSnapshot,
        Self::ClusterParameterGroup,
        Self::ParameterGroup,
        Self::SubnetGroup,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Instance => "db",
            Self::ClusterSnapshot => "cluster-snapshot",
            Self::ClusterParameterGroup => "cluster-pg",
            Self::ParameterGroup => "pg",
            Self::SubnetGroup => "subgrp",
        }
    }
}

/// An ARN taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
    pub(crate) kind: ArnKind,
    /// Names of automated snapshots contain a colon.
    pub(crate) name: &'a str,
}

impl<'a> Arn<'a> {
    /// Whether the text claims to be an ARN.
    pub(crate) fn looks_like(text: &str) -> bool {
        text.starts_with("arn:")
    }

    pub(crate) fn parse(text: &'a str) -> Result<Self, RdsError> {
        Self::split(text).ok_or_else(|| RdsError::invalid_value(format!("Invalid resource name: {text}")))
    }

    fn split(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(7, ':');
        let (arn, _partition, service) = (parts.next()?, parts.next()?, parts.next()?);
        let (region, account, kind, name) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let kind = ArnKind::ALL.into_iter().find(|known| known.as_str() == kind)?;
        (arn == "arn" && service == "rds" && !name.is_empty()).then_some(Self { region, account, kind, name })
    }
}

/// The ARN of a resource.
pub(crate) fn arn(region: &str, account: &str, kind: ArnKind, name: &str) -> String {
    format!("arn:aws:rds:{region}:{account}:{}:{name}", kind.as_str())
}
