//! The statuses that RDS reports, as closed enums.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! status {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[doc = concat!("Shown as `", $text, "`.")] #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// Every status.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The text that RDS shows.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

status!(
    /// Status of a cluster.
    ClusterStatus {
        Available = "available",
        BackingUp = "backing-up",
        CloningFailed = "cloning-failed",
        Creating = "creating",
        Deleting = "deleting",
        Failed = "failed",
        InaccessibleEncryptionCredentials = "inaccessible-encryption-credentials",
        /// A snapshot is being restored.
        Migrating = "migrating",
        /// The restore of a snapshot failed.
        MigrationFailed = "migration-failed",
        Modifying = "modifying",
        Renaming = "renaming",
        ResettingMasterCredentials = "resetting-master-credentials",
        Starting = "starting",
        Stopped = "stopped",
        Stopping = "stopping",
        UpdateIamDbAuth = "update-iam-db-auth",
        Upgrading = "upgrading",
    }
);

status!(
    /// Status of an instance.
    InstanceStatus {
        Available = "available",
        BackingUp = "backing-up",
        ConfiguringEnhancedMonitoring = "configuring-enhanced-monitoring",
        Creating = "creating",
        Deleting = "deleting",
        Failed = "failed",
        IncompatibleNetwork = "incompatible-network",
        IncompatibleOptionGroup = "incompatible-option-group",
        IncompatibleParameters = "incompatible-parameters",
        IncompatibleRestore = "incompatible-restore",
        InsufficientCapacity = "insufficient-capacity",
        Modifying = "modifying",
        Rebooting = "rebooting",
        Renaming = "renaming",
        RestoreError = "restore-error",
        Starting = "starting",
        Stopped = "stopped",
        Stopping = "stopping",
        StorageFull = "storage-full",
        Upgrading = "upgrading",
    }
);

status!(
    /// Status of a cluster snapshot.
    SnapshotStatus {
        Available = "available",
        Copying = "copying",
        Creating = "creating",
        Deleting = "deleting",
        Failed = "failed",
    }
);
