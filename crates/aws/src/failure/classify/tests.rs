//! The codes of the RDS API, one row each.

use super::*;
use RdsErrorKind::{AccessDenied, NotFound, Other, Quota, ReferenceNotFound, Throttled, TransientQuota, Unavailable};

fn meaning(action: &str, code: &str, status: u16) -> RdsErrorKind {
    classify(&Answer { action, code, message: "", status })
}

/// Action, code as on the wire, HTTP status, meaning.
const CODES_OF_THE_API: &str = "
    DescribeDBClusters DBClusterNotFoundFault 404 NotFound
    RestoreDBClusterFromSnapshot DBClusterAlreadyExistsFault 400 AlreadyExists
    RestoreDBClusterFromSnapshot DBClusterQuotaExceededFault 403 Quota
    ModifyDBCluster InvalidDBClusterStateFault 400 InvalidState
    DeleteDBCluster InvalidGlobalClusterStateFault 400 InvalidState
    DescribeDBClusterSnapshots DBClusterSnapshotNotFoundFault 404 NotFound
    CopyDBClusterSnapshot DBClusterSnapshotAlreadyExistsFault 400 AlreadyExists
    CopyDBClusterSnapshot InvalidDBClusterSnapshotStateFault 400 InvalidState
    CopyDBClusterSnapshot KMSKeyNotAccessibleFault 400 KmsDenied
    DescribeDBSubnetGroups DBSubnetGroupNotFoundFault 404 NotFound
    RestoreDBClusterFromSnapshot DBSubnetGroupNotFoundFault 404 ReferenceNotFound
    RestoreDBClusterFromSnapshot InvalidVPCNetworkStateFault 400 InvalidRequest
    RestoreDBClusterFromSnapshot InvalidRestoreFault 400 InvalidRequest
    RestoreDBClusterFromSnapshot OptionGroupNotFoundFault 404 ReferenceNotFound
    RestoreDBClusterFromSnapshot DomainNotFoundFault 404 ReferenceNotFound
    RestoreDBClusterFromSnapshot InsufficientDBClusterCapacityFault 403 CapacityShort
    DescribeDBInstances DBInstanceNotFound 404 NotFound
    CreateDBInstance DBInstanceAlreadyExists 400 AlreadyExists
    CreateDBInstance InstanceQuotaExceeded 400 Quota
    ModifyDBInstance InvalidDBInstanceState 400 InvalidState
    CreateDBInstance InsufficientDBInstanceCapacity 400 CapacityShort
    RestoreDBClusterFromSnapshot DBSnapshotNotFound 404 ReferenceNotFound
    DeleteDBInstance DBSnapshotAlreadyExists 400 AlreadyExists
    RestoreDBClusterFromSnapshot InvalidDBSnapshotState 400 InvalidState
    ModifyDBClusterSnapshotAttribute SharedSnapshotQuotaExceeded 400 Quota
    DescribeDBClusterParameterGroups DBParameterGroupNotFound 404 NotFound
    DescribeDBClusterParameterGroups DBClusterParameterGroupNotFound 404 NotFound
    DescribeDBParameterGroups DBParameterGroupNotFound 404 NotFound
    RestoreDBClusterFromSnapshot DBClusterParameterGroupNotFound 404 ReferenceNotFound
    CreateDBInstance DBParameterGroupNotFound 404 ReferenceNotFound
    RestoreDBClusterFromSnapshot InvalidSubnet 400 InvalidRequest
    CreateDBInstance DBSubnetGroupDoesNotCoverEnoughAZs 400 InvalidRequest
    RestoreDBClusterFromSnapshot StorageQuotaExceeded 400 Quota
    ModifyDBCluster StorageTypeNotSupported 400 InvalidRequest
    ModifyDBCluster StorageTypeNotAvailableFault 400 InvalidRequest
    CreateDBInstance NetworkTypeNotSupported 400 InvalidRequest
    CreateDBInstance CertificateNotFound 404 ReferenceNotFound
    RestoreDBClusterFromSnapshot InsufficientStorageClusterCapacity 400 CapacityShort
    AddRoleToDBCluster DBClusterRoleAlreadyExists 400 AlreadyExists
    AddRoleToDBCluster DBClusterRoleQuotaExceeded 400 Quota
    DeleteDBCluster DBClusterAutomatedBackupQuotaExceededFault 400 Quota
    CreateDBInstance VpcEncryptionControlViolationException 400 InvalidRequest
    CreateDBInstance InvalidParameterValue 400 InvalidRequest
    DeleteDBCluster InvalidParameterCombination 400 InvalidRequest
    DescribeDBClusters AccessDenied 403 AccessDenied
    DescribeDBClusters AccessDeniedException 403 AccessDenied
    DescribeDBClusters ExpiredToken 403 AccessDenied
    DescribeDBClusters ExpiredTokenException 403 AccessDenied
    DescribeDBClusters InvalidClientTokenId 403 AccessDenied
    DescribeDBClusters SignatureDoesNotMatch 403 AccessDenied
    DescribeDBClusters Throttling 400 Throttled
    DescribeDBClusters ThrottlingException 400 Throttled
    DescribeDBClusters RequestLimitExceeded 503 Throttled
    DescribeDBClusters InternalFailure 500 Unavailable
    DescribeDBClusters ServiceUnavailable 503 Unavailable
";

#[test]
fn every_documented_code_has_its_meaning() {
    let rows: Vec<_> = CODES_OF_THE_API.trim().lines().collect();
    assert!(rows.len() > 50);
    for row in rows {
        let columns: Vec<_> = row.split_whitespace().collect();
        let [action, code, status, expected] = columns[..] else {
            panic!("not a row: {row}");
        };
        let found = meaning(action, code, status.parse().unwrap());
        assert_eq!(format!("{found:?}"), expected, "{action}: {code}");
    }
}

#[test]
fn a_missing_thing_is_not_found_only_where_the_call_was_about_it() {
    for (action, code) in [
        ("CopyDBClusterSnapshot", "DBClusterSnapshotNotFoundFault"),
        ("RestoreDBClusterFromSnapshot", "DBClusterSnapshotNotFoundFault"),
        ("RestoreDBClusterToPointInTime", "DBClusterNotFoundFault"),
        ("CreateDBClusterSnapshot", "DBClusterNotFoundFault"),
        ("CreateDBInstance", "DBClusterNotFoundFault"),
        ("DeleteDBInstance", "DBClusterNotFoundFault"),
        ("DeleteDBCluster", "DBInstanceNotFound"),
        ("DeleteDBClusterSnapshot", "DBClusterNotFoundFault"),
        ("ModifyDBCluster", "DBSubnetGroupNotFoundFault"),
    ] {
        assert_eq!(meaning(action, code, 404), ReferenceNotFound, "{action}: {code}");
    }
    for (action, code) in [
        ("ModifyDBCluster", "DBClusterNotFoundFault"),
        ("DeleteDBCluster", "DBClusterNotFoundFault"),
        ("DeleteDBInstance", "DBInstanceNotFound"),
        ("DeleteDBInstance", "DBInstanceNotFoundFault"),
        ("DeleteDBClusterSnapshot", "DBClusterSnapshotNotFoundFault"),
        ("AddTagsToResource", "DBClusterNotFoundFault"),
        ("AddTagsToResource", "DBInstanceNotFound"),
    ] {
        assert_eq!(meaning(action, code, 404), NotFound, "{action}: {code}");
    }
}

#[test]
fn the_snapshot_quota_passes_only_where_the_text_speaks_of_copies() {
    let meaning = |message| {
        classify(&Answer { action: "CopyDBClusterSnapshot", code: "SnapshotQuotaExceeded", message, status: 400 })
    };
    assert_eq!(meaning("Cannot copy more than 5 snapshots across regions"), TransientQuota);
    assert_eq!(meaning("Too many snapshot copies in progress"), TransientQuota);
    assert_eq!(meaning("Cannot create more than 100 manual snapshots"), Quota);
    assert_eq!(meaning(""), Quota);
}

#[test]
fn without_a_known_code_the_status_decides() {
    for (code, status, expected) in [
        ("", 500, Unavailable),
        ("", 502, Unavailable),
        ("", 408, Unavailable),
        ("Whatever", 503, Unavailable),
        ("", 429, Throttled),
        ("", 403, AccessDenied),
        ("SomethingNew", 403, Other),
        ("SomethingNew", 400, Other),
        ("", 404, Other),
    ] {
        assert_eq!(meaning("DescribeDBClusters", code, status), expected, "{code} {status}");
    }
}
