//! From the model's refusals to the port's: the same meaning that the AWS adapter reads out of the wire codes.

use aurora_restore_core::ports::{RdsError, RdsErrorKind};
use aurora_restore_sandbox::model::{
    call::Action,
    error::{RdsError as Refusal, RdsErrorCode as Code},
};

/// A refusal of a call about `object`.
pub(super) fn refused(action: Action, object: &str, refusal: &Refusal) -> RdsError {
    RdsError {
        kind: kind(action, refusal),
        action: action.as_str().to_owned(),
        object: object.to_owned(),
        code: refusal.code.as_str().to_owned(),
        message: refusal.message.clone(),
        request_id: None,
    }
}

/// The reply did not arrive; whether the call took effect is not known.
pub(super) fn no_reply(action: Action, object: &str) -> RdsError {
    RdsError {
        kind: RdsErrorKind::Unavailable,
        action: action.as_str().to_owned(),
        object: object.to_owned(),
        code: "NoReply".to_owned(),
        message: "the connection was closed before the reply arrived".to_owned(),
        request_id: None,
    }
}

/// The thing that was named does not exist.
pub(super) fn not_found(action: Action, object: &str, code: Code) -> RdsError {
    refused(action, object, &Refusal { code, message: format!("{object} not found") })
}

/// An answer that makes no sense to the port.
pub(super) fn malformed(action: Action, object: &str, reason: &impl ToString) -> RdsError {
    RdsError {
        kind: RdsErrorKind::Other,
        action: action.as_str().to_owned(),
        object: object.to_owned(),
        code: "MalformedAnswer".to_owned(),
        message: reason.to_string(),
        request_id: None,
    }
}

fn kind(action: Action, refusal: &Refusal) -> RdsErrorKind {
    match refusal.code {
        Code::AccessDenied => RdsErrorKind::AccessDenied,
        Code::DbClusterAlreadyExists
        | Code::DbClusterRoleAlreadyExists
        | Code::DbClusterSnapshotAlreadyExists
        | Code::DbInstanceAlreadyExists
        | Code::DbParameterGroupAlreadyExists
        | Code::DbSubnetGroupAlreadyExists => RdsErrorKind::AlreadyExists,
        Code::DbClusterNotFound
        | Code::DbClusterParameterGroupNotFound
        | Code::DbClusterRoleNotFound
        | Code::DbClusterSnapshotNotFound
        | Code::DbInstanceNotFound
        | Code::DbParameterGroupNotFound
        | Code::DbSnapshotNotFound
        | Code::DbSubnetGroupNotFound
        | Code::CertificateNotFound => missing(action, refusal.code),
        Code::DbClusterQuotaExceeded
        | Code::DbClusterRoleQuotaExceeded
        | Code::DbParameterGroupQuotaExceeded
        | Code::InstanceQuotaExceeded
        | Code::SharedSnapshotQuotaExceeded => RdsErrorKind::Quota,
        // One code for two limits; only the text tells them apart.
        Code::SnapshotQuotaExceeded
            if ["across region", "in progress"].iter().any(|part| refusal.message.contains(part)) =>
        {
            RdsErrorKind::TransientQuota
        }
        Code::SnapshotQuotaExceeded => RdsErrorKind::Quota,
        Code::InsufficientDbClusterCapacity | Code::InsufficientDbInstanceCapacity => RdsErrorKind::CapacityShort,
        Code::InternalFailure | Code::ServiceUnavailable => RdsErrorKind::Unavailable,
        Code::InvalidDbClusterSnapshotState | Code::InvalidDbClusterState | Code::InvalidDbInstanceState => {
            RdsErrorKind::InvalidState
        }
        Code::DbSubnetGroupDoesNotCoverEnoughAzs
        | Code::InvalidParameterCombination
        | Code::InvalidParameterValue
        | Code::InvalidRestore
        | Code::InvalidSubnet
        | Code::MissingParameter
        | Code::StorageTypeNotSupported => RdsErrorKind::InvalidRequest,
        Code::KmsKeyNotAccessible => RdsErrorKind::KmsDenied,
        Code::RequestLimitExceeded | Code::Throttling => RdsErrorKind::Throttled,
    }
}

/// Whether the missing thing is the one that the call was about, or one that it refers to.
fn missing(action: Action, code: Code) -> RdsErrorKind {
    let is_named = match action {
        Action::DescribeDbClusters | Action::ModifyDbCluster | Action::DeleteDbCluster | Action::AddRoleToDbCluster => {
            code == Code::DbClusterNotFound
        }
        Action::DescribeDbInstances
        | Action::ModifyDbInstance
        | Action::DeleteDbInstance
        | Action::RebootDbInstance => code == Code::DbInstanceNotFound,
        Action::DescribeDbClusterSnapshots
        | Action::DescribeDbClusterSnapshotAttributes
        | Action::ModifyDbClusterSnapshotAttribute
        | Action::DeleteDbClusterSnapshot => code == Code::DbClusterSnapshotNotFound,
        Action::DescribeDbClusterParameterGroups => {
            matches!(code, Code::DbClusterParameterGroupNotFound | Code::DbParameterGroupNotFound)
        }
        Action::DescribeDbParameterGroups => code == Code::DbParameterGroupNotFound,
        Action::DescribeDbSubnetGroups => code == Code::DbSubnetGroupNotFound,
        Action::AddTagsToResource | Action::RemoveTagsFromResource => true,
        _ => false,
    };
    if is_named { RdsErrorKind::NotFound } else { RdsErrorKind::ReferenceNotFound }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_copies_in_progress_passes_and_a_limit_of_snapshots_does_not() {
        let refusal = |message: &str| Refusal { code: Code::SnapshotQuotaExceeded, message: message.to_owned() };
        let meaning = |message| kind(Action::CopyDbClusterSnapshot, &refusal(message));
        assert_eq!(meaning("Cannot copy more than 5 snapshots across regions"), RdsErrorKind::TransientQuota);
        assert_eq!(meaning("Cannot create more than 100 manual snapshots"), RdsErrorKind::Quota);
    }
}
