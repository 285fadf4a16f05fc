//! From a wire code to its meaning. Pure, so that every code can be put into one table of tests.
//!
//! The same error has a `Fault` at its end on one API and none on another (`DBClusterNotFoundFault`,
//! `DBInstanceNotFound`), and services differ in `…Exception`; both endings are cut before codes are compared.

use aurora_restore_core::ports::RdsErrorKind;

/// A refusal as it came over the wire.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer<'a> {
    /// The API action that was called.
    pub(crate) action: &'a str,
    /// The code; empty where there was none.
    pub(crate) code: &'a str,
    /// The text.
    pub(crate) message: &'a str,
    /// The HTTP status.
    pub(crate) status: u16,
}

/// Codes whose meaning does not show in their shape.
const CODES: &[(&str, RdsErrorKind)] = &[
    ("AccessDenied", RdsErrorKind::AccessDenied),
    ("AuthFailure", RdsErrorKind::AccessDenied),
    ("ExpiredToken", RdsErrorKind::AccessDenied),
    ("IncompleteSignature", RdsErrorKind::AccessDenied),
    ("InvalidAccessKeyId", RdsErrorKind::AccessDenied),
    ("InvalidClientTokenId", RdsErrorKind::AccessDenied),
    ("InvalidSecurity", RdsErrorKind::AccessDenied),
    ("InvalidSignature", RdsErrorKind::AccessDenied),
    ("MissingAuthenticationToken", RdsErrorKind::AccessDenied),
    ("NotAuthorized", RdsErrorKind::AccessDenied),
    ("OptInRequired", RdsErrorKind::AccessDenied),
    ("RegionDisabled", RdsErrorKind::AccessDenied),
    ("RequestExpired", RdsErrorKind::AccessDenied),
    ("RequestInTheFuture", RdsErrorKind::AccessDenied),
    ("RequestTimeTooSkewed", RdsErrorKind::AccessDenied),
    ("SignatureDoesNotMatch", RdsErrorKind::AccessDenied),
    ("UnauthorizedOperation", RdsErrorKind::AccessDenied),
    ("UnrecognizedClient", RdsErrorKind::AccessDenied),
    ("KMSKeyNotAccessible", RdsErrorKind::KmsDenied),
    ("BandwidthLimitExceeded", RdsErrorKind::Throttled),
    ("ProvisionedThroughputExceeded", RdsErrorKind::Throttled),
    ("PriorRequestNotComplete", RdsErrorKind::Throttled),
    ("RequestLimitExceeded", RdsErrorKind::Throttled),
    ("RequestThrottled", RdsErrorKind::Throttled),
    ("SlowDown", RdsErrorKind::Throttled),
    ("Throttled", RdsErrorKind::Throttled),
    ("Throttling", RdsErrorKind::Throttled),
    ("TooManyRequests", RdsErrorKind::Throttled),
    ("InternalError", RdsErrorKind::Unavailable),
    ("InternalFailure", RdsErrorKind::Unavailable),
    // S3: something else is just being done with the same bucket.
    ("OperationAborted", RdsErrorKind::Unavailable),
    ("RequestTimeout", RdsErrorKind::Unavailable),
    ("ServiceUnavailable", RdsErrorKind::Unavailable),
    ("DBSubnetGroupDoesNotCoverEnoughAZs", RdsErrorKind::InvalidRequest),
    ("DBUpgradeDependencyFailure", RdsErrorKind::InvalidRequest),
    ("InvalidAction", RdsErrorKind::InvalidRequest),
    ("InvalidParameter", RdsErrorKind::InvalidRequest),
    ("InvalidParameterCombination", RdsErrorKind::InvalidRequest),
    ("InvalidParameterValue", RdsErrorKind::InvalidRequest),
    ("InvalidQueryParameter", RdsErrorKind::InvalidRequest),
    ("InvalidRestore", RdsErrorKind::InvalidRequest),
    ("InvalidSubnet", RdsErrorKind::InvalidRequest),
    // The subnets or zones of a network: no waiting mends it, unlike the states of clusters and instances.
    ("InvalidVPCNetworkState", RdsErrorKind::InvalidRequest),
    ("MalformedQueryString", RdsErrorKind::InvalidRequest),
    ("MissingAction", RdsErrorKind::InvalidRequest),
    ("MissingParameter", RdsErrorKind::InvalidRequest),
    ("NetworkTypeNotSupported", RdsErrorKind::InvalidRequest),
    ("StorageTypeNotAvailable", RdsErrorKind::InvalidRequest),
    ("StorageTypeNotSupported", RdsErrorKind::InvalidRequest),
    ("Validation", RdsErrorKind::InvalidRequest),
    ("ValidationError", RdsErrorKind::InvalidRequest),
    ("VpcEncryptionControlViolation", RdsErrorKind::InvalidRequest),
];

/// What a refusal means.
pub(crate) fn classify(answer: &Answer<'_>) -> RdsErrorKind {
    let code =
        answer.code.strip_suffix("Fault").or_else(|| answer.code.strip_suffix("Exception")).unwrap_or(answer.code);
    if code == "SnapshotQuotaExceeded" {
        return snapshot_quota(answer.message);
    }
    if let Some((_, kind)) = CODES.iter().find(|(known, _)| *known == code) {
        return *kind;
    }
    if let Some(missing) = code.strip_suffix("NotFound") {
        return if names(answer.action, missing) { RdsErrorKind::NotFound } else { RdsErrorKind::ReferenceNotFound };
    }
    by_shape(code).unwrap_or_else(|| by_status(answer))
}

/// RDS has one code for two limits: so many copies in progress, which passes, and so many manual snapshots, which a
/// person has to lift. Only the text tells them apart.
fn snapshot_quota(message: &str) -> RdsErrorKind {
    let message = message.to_ascii_lowercase();
    if message.contains("across region") || message.contains("in progress") {
        RdsErrorKind::TransientQuota
    } else {
        RdsErrorKind::Quota
    }
}

/// Families of codes, so that a new member is understood too.
fn by_shape(code: &str) -> Option<RdsErrorKind> {
    if code.ends_with("AlreadyExists") {
        Some(RdsErrorKind::AlreadyExists)
    } else if code.ends_with("QuotaExceeded") {
        Some(RdsErrorKind::Quota)
    } else if code.starts_with("Insufficient") && code.ends_with("Capacity") {
        Some(RdsErrorKind::CapacityShort)
    } else if code.starts_with("Invalid") && code.ends_with("State") {
        Some(RdsErrorKind::InvalidState)
    } else {
        None
    }
}

fn by_status(answer: &Answer<'_>) -> RdsErrorKind {
    match answer.status {
        408 | 500..=599 => RdsErrorKind::Unavailable,
        429 => RdsErrorKind::Throttled,
        // With a code it could mean anything: RDS answers 403 for some quotas.
        401 | 403 if answer.code.is_empty() => RdsErrorKind::AccessDenied,
        _ => RdsErrorKind::Other,
    }
}

/// Whether the thing that is missing is the one that the call was about, as opposed to one that it refers to.
fn names(action: &str, missing: &str) -> bool {
    match action {
        "DescribeDBClusters" | "ModifyDBCluster" | "DeleteDBCluster" | "AddRoleToDBCluster" => missing == "DBCluster",
        "DescribeDBInstances" | "ModifyDBInstance" | "DeleteDBInstance" | "RebootDBInstance" => missing == "DBInstance",
        "DescribeDBClusterSnapshots"
        | "DescribeDBClusterSnapshotAttributes"
        | "ModifyDBClusterSnapshotAttribute"
        | "DeleteDBClusterSnapshot" => missing == "DBClusterSnapshot",
        "DescribeDBClusterParameterGroups" => missing == "DBParameterGroup" || missing == "DBClusterParameterGroup",
        "DescribeDBParameterGroups" => missing == "DBParameterGroup",
        "DescribeDBSubnetGroups" => missing == "DBSubnetGroup",
        // Its object is given by ARN and of any kind.
        "AddTagsToResource" | "RemoveTagsFromResource" => true,
        // What these are about does not exist yet; whatever is missing was referred to.
        _ => false,
    }
}

#[cfg(test)]
mod tests;
