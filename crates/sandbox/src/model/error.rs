//! The errors that RDS gives, with the exact codes of the wire.

use std::fmt;

/// A refused call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct RdsError {
    /// What kind of refusal.
    pub code: RdsErrorCode,
    /// For people, in the words of RDS as far as they are known.
    pub message: String,
}

impl RdsError {
    /// An error of this code with this message.
    pub fn new(code: RdsErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The HTTP status that goes with the code.
    pub const fn http_status(&self) -> u16 {
        self.code.http_status()
    }

    pub(crate) fn invalid_value(message: impl Into<String>) -> Self {
        Self::new(RdsErrorCode::InvalidParameterValue, message)
    }

    pub(crate) fn invalid_combination(message: impl Into<String>) -> Self {
        Self::new(RdsErrorCode::InvalidParameterCombination, message)
    }
}

macro_rules! codes {
    ($($variant:ident = $wire:literal, $status:literal;)*) => {
        /// The code of an error. Some codes end in `Fault` and some do not: that is how RDS has them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RdsErrorCode {
            $(#[doc = concat!("`", $wire, "`, with HTTP status ", stringify!($status), ".")] $variant,)*
        }

        impl RdsErrorCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The code as it is sent.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $wire,)*
                }
            }

            /// The HTTP status that goes with it.
            pub const fn http_status(self) -> u16 {
                match self {
                    $(Self::$variant => $status,)*
                }
            }
        }
    };
}

codes! {
    AccessDenied = "AccessDenied", 403;
    CertificateNotFound = "CertificateNotFound", 404;
    DbClusterAlreadyExists = "DBClusterAlreadyExistsFault", 400;
    DbClusterNotFound = "DBClusterNotFoundFault", 404;
    DbClusterParameterGroupNotFound = "DBClusterParameterGroupNotFound", 404;
    DbClusterQuotaExceeded = "DBClusterQuotaExceededFault", 403;
    DbClusterRoleAlreadyExists = "DBClusterRoleAlreadyExists", 400;
    DbClusterRoleNotFound = "DBClusterRoleNotFound", 404;
    DbClusterRoleQuotaExceeded = "DBClusterRoleQuotaExceeded", 400;
    DbClusterSnapshotAlreadyExists = "DBClusterSnapshotAlreadyExistsFault", 400;
    DbClusterSnapshotNotFound = "DBClusterSnapshotNotFoundFault", 404;
    DbInstanceAlreadyExists = "DBInstanceAlreadyExists", 400;
    DbInstanceNotFound = "DBInstanceNotFound", 404;
    DbParameterGroupAlreadyExists = "DBParameterGroupAlreadyExists", 400;
    DbParameterGroupNotFound = "DBParameterGroupNotFound", 404;
    DbParameterGroupQuotaExceeded = "DBParameterGroupQuotaExceeded", 400;
    DbSnapshotNotFound = "DBSnapshotNotFound", 404;
    DbSubnetGroupAlreadyExists = "DBSubnetGroupAlreadyExists", 400;
    DbSubnetGroupDoesNotCoverEnoughAzs = "DBSubnetGroupDoesNotCoverEnoughAZs", 400;
    DbSubnetGroupNotFound = "DBSubnetGroupNotFoundFault", 404;
    InstanceQuotaExceeded = "InstanceQuotaExceeded", 400;
    InsufficientDbClusterCapacity = "InsufficientDBClusterCapacityFault", 403;
    InsufficientDbInstanceCapacity = "InsufficientDBInstanceCapacity", 400;
    InternalFailure = "InternalFailure", 500;
    InvalidDbClusterSnapshotState = "InvalidDBClusterSnapshotStateFault", 400;
    InvalidDbClusterState = "InvalidDBClusterStateFault", 400;
    InvalidDbInstanceState = "InvalidDBInstanceState", 400;
    InvalidParameterCombination = "InvalidParameterCombination", 400;
    InvalidParameterValue = "InvalidParameterValue", 400;
    InvalidRestore = "InvalidRestoreFault", 400;
    InvalidSubnet = "InvalidSubnet", 400;
    KmsKeyNotAccessible = "KMSKeyNotAccessibleFault", 400;
    MissingParameter = "MissingParameter", 400;
    RequestLimitExceeded = "RequestLimitExceeded", 503;
    ServiceUnavailable = "ServiceUnavailable", 503;
    SharedSnapshotQuotaExceeded = "SharedSnapshotQuotaExceeded", 400;
    SnapshotQuotaExceeded = "SnapshotQuotaExceeded", 400;
    StorageTypeNotSupported = "StorageTypeNotSupported", 400;
    Throttling = "Throttling", 400;
}

impl fmt::Display for RdsErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
