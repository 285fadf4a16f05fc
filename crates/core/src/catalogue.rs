//! The catalogue of failures: a code, what it means, what to do. The reference is generated from it.

use serde::{Deserialize, Serialize};

macro_rules! catalogue {
    ($( $(#[$doc:meta])* $variant:ident = $code:literal, $meaning:literal, $action:literal; )+) => {
        /// A code of the catalogue. The text of a code never changes its meaning; new ones are added.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum ErrorCode {
            $( $(#[$doc])* #[doc = $meaning] #[serde(rename = $code)] $variant, )+
        }

        impl ErrorCode {
            /// Every code, in the order of the reference.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The code as shown.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $code, )+ }
            }

            /// What it means.
            pub fn meaning(self) -> &'static str {
                match self { $( Self::$variant => $meaning, )+ }
            }

            /// What to do.
            pub fn action(self) -> &'static str {
                match self { $( Self::$variant => $action, )+ }
            }
        }
    };
}

catalogue! {
    SnapshotNotFound = "ARP-SNAPSHOT-001", "No snapshot matches the request.",
        "Look at what there is with `aws rds describe-db-cluster-snapshots`; check the Region, the account and, for a date, that the day is meant in UTC.";
    SnapshotNotUsable = "ARP-SNAPSHOT-002", "The snapshot is there and cannot be restored from as it is.",
        "Wait until it is `available`, or choose another one; only snapshots of Aurora clusters can be restored.";
    SnapshotAccess = "ARP-SNAPSHOT-003", "The snapshot cannot be brought to the target account.",
        "Share it with the target account, or configure a role in the source account and a customer-managed key.";
    SnapshotDate = "ARP-SNAPSHOT-004", "The date does not exist or lies in the future.",
        "Give a day as YYYY-MM-DD, UTC, not later than today.";
    CopyFailed = "ARP-COPY-001", "RDS could not copy the snapshot.",
        "Read the message; a key that was disabled meanwhile is the usual cause. Nothing of the target was touched.";
    CopyTimeout = "ARP-COPY-002", "The copy took longer than `limits.copy`.",
        "Raise the limit if the snapshot is large; a copy that is queued shows 0 % and is not stuck.";
    KmsDenied = "ARP-KMS-001", "A KMS key does not exist, is not enabled, or does not allow its use.",
        "Give the key's full ARN; its policy must allow the target account Decrypt, Encrypt, ReEncrypt*, GenerateDataKey*, DescribeKey and CreateGrant for AWS resources.";
    RestoreFailed = "ARP-RESTORE-001", "RDS could not restore the snapshot.",
        "Read the events in the message; the target was not touched.";
    RestoreTimeout = "ARP-RESTORE-002", "The restore took longer than `limits.restore`.",
        "Raise the limit, or ask AWS support with the cluster's name.";
    InstanceFailed = "ARP-INSTANCE-001", "An instance of the new cluster did not become available.",
        "Read the events in the message; choose another class or Availability Zone if capacity was short.";
    InstanceTimeout = "ARP-INSTANCE-002", "The instances took longer than `limits.instances`.",
        "The message says what was waited for last. Long transactions at the time of the snapshot make recovery long: raise the limit. If capacity is short, ask for another class or try later.";
    SettingsRefused = "ARP-SETTINGS-001", "A setting could not be applied to the new cluster.",
        "Correct the setting in the request; the target was not touched.";
    Quota = "ARP-QUOTA-001", "A quota of the account would be or was exceeded.",
        "Ask for a higher quota in Service Quotas, or remove what is no longer needed.";
    Capacity = "ARP-CAPACITY-001", "AWS has no capacity for the class at the moment.",
        "Try again later, or choose another class or Availability Zone.";
    TargetProtected = "ARP-TARGET-001", "The target is protected against deletion and the strategy would delete it.",
        "Use the swap strategy, or take the protection away yourself.";
    TargetNotOurs = "ARP-TARGET-002", "The target belongs to someone else.",
        "Choose another name, or give it the tags that the request requires.";
    TargetChanged = "ARP-TARGET-003", "The target is no longer what the plan found.",
        "Make a new plan.";
    TargetBusy = "ARP-TARGET-004", "Another operation is working on the target.",
        "Watch or cancel that operation first.";
    TargetUnfit = "ARP-TARGET-005", "The target is in a condition in which it cannot be switched.",
        "Bring it to `available`; a member of a global database must be removed from it first.";
    NameTaken = "ARP-NAME-001", "A name that the operation would make is taken by something that is not its own.",
        "Remove or rename that resource, or start a new operation, which makes other names.";
    PlanStale = "ARP-PLAN-001", "What was found is no longer what the approved plan says.",
        "Make a new plan and look at it.";
    Preflight = "ARP-PLAN-002", "The preflight found something that would be refused.",
        "Correct what the findings name, then plan again.";
    SecretMissing = "ARP-SECRET-001", "A secret does not exist or cannot be read.",
        "Create the secret, or correct its id in the request.";
    SecretMalformed = "ARP-SECRET-002", "A secret lacks a key or has an impossible value.",
        "Correct the secret; the message names the key, never the value.";
    DatabaseUnreachable = "ARP-DATABASE-001", "The new cluster's database cannot be reached.",
        "Check the security group and the route from where the command runs; the certificate must be trusted.";
    DatabaseLogin = "ARP-DATABASE-002", "The database refused a login that must work.",
        "Check the master secret; its user name must be the snapshot's.";
    DatabaseRefused = "ARP-DATABASE-003", "The database refused a statement.",
        "Read the message; the master user may lack a privilege.";
    UsersNotProven = "ARP-USERS-001", "After the users were set up, a proof by logging in did not hold.",
        "Read which claim failed; the target was not touched.";
    VerificationFailed = "ARP-VERIFY-001", "The restored data are not what they should be.",
        "Read which check failed; the old cluster keeps serving.";
    SwitchFailed = "ARP-SWITCH-001", "The name could not be switched.",
        "The switch is undone: the old cluster has its name back.";
    SwitchForeign = "ARP-SWITCH-002", "During the switch the target's name was taken by a third cluster.",
        "Look who bears the name; nothing of a third party is touched. Then resume or undo.";
    StepTimeout = "ARP-STEP-001", "A step took longer than `limits.step`.",
        "Read the step's last progress; raise the limit if it was still moving.";
    AccessDenied = "ARP-ACCESS-001", "AWS refuses the call to this caller.",
        "Give the role the action that the message names.";
    OtherAccount = "ARP-ACCESS-002", "Another account answers for the source than the one that the plan was made with.",
        "Configure `aws.source` (on a stack the parameter SourceRoleArn) as it was, then resume: nothing was looked for in the other account.";
    Throttled = "ARP-AWS-001", "AWS throttled the calls until the budget of retries was spent.",
        "Try again later, or with a longer poll interval.";
    Unavailable = "ARP-AWS-002", "AWS did not answer until the budget of retries was spent.",
        "Check the network and the AWS status page, then try again; an operation that has begun goes on with `aurora-restore resume`.";
    AwsRefused = "ARP-AWS-003", "AWS refused a call for a reason that is not listed here.",
        "Read AWS's code and message.";
    InvalidState = "ARP-AWS-004", "A resource stayed in a condition in which the call is refused.",
        "Look what else is changing the resource, then resume.";
    NotifyFailed = "ARP-NOTIFY-001", "The notice was not accepted by its channel.",
        "Check the channel; the operation itself is not affected.";
    UndoBlocked = "ARP-UNDO-001", "A step could not be undone.",
        "Remove what is in the way, then `aurora-restore resume`.";
    RetireRefused = "ARP-RETIRE-001", "The retired cluster cannot be ended.",
        "Look who changed it; nothing is deleted that is not provably the operation's.";
    StateExport = "ARP-STATE-001", "An export of state is not what was written.",
        "Take another copy of it: nothing of an export that was cut or altered is believed.";
    StateBusy = "ARP-STATE-002", "Somebody goes on with the operation, or may.",
        "Watch it, or make sure that nobody does; then decide again with `aurora-restore state resolve`.";
    StateDamaged = "ARP-STATE-003", "What the journal keeps of an operation is not as it was written.",
        "Keep it as it is, find out who wrote into the store, and bring it back from a backup or an export.";
    Internal = "ARP-INTERNAL-001", "Something that cannot happen happened.",
        "Please report it with the operation's report.";
}

impl ErrorCode {
    /// Whether an operation can be stuck on it. Each of these has a runbook in `docs/operations/stuck.md`, and the engine's
    /// tests fail if an operation is stuck on any other.
    pub fn can_be_stuck_on(self) -> bool {
        match self {
            Self::SwitchForeign
            | Self::UndoBlocked
            | Self::RetireRefused
            | Self::NameTaken
            | Self::RestoreFailed
            | Self::InstanceFailed
            | Self::AccessDenied
            | Self::OtherAccount
            | Self::KmsDenied
            | Self::Quota
            | Self::Capacity
            | Self::Throttled
            | Self::Unavailable
            | Self::AwsRefused
            | Self::InvalidState => true,
            Self::SnapshotNotFound
            | Self::SnapshotNotUsable
            | Self::SnapshotAccess
            | Self::SnapshotDate
            | Self::CopyFailed
            | Self::CopyTimeout
            | Self::RestoreTimeout
            | Self::InstanceTimeout
            | Self::SettingsRefused
            | Self::TargetProtected
            | Self::TargetNotOurs
            | Self::TargetChanged
            | Self::TargetBusy
            | Self::TargetUnfit
            | Self::PlanStale
            | Self::Preflight
            | Self::SecretMissing
            | Self::SecretMalformed
            | Self::DatabaseUnreachable
            | Self::DatabaseLogin
            | Self::DatabaseRefused
            | Self::UsersNotProven
            | Self::VerificationFailed
            | Self::SwitchFailed
            | Self::StepTimeout
            | Self::NotifyFailed
            | Self::StateExport
            | Self::StateBusy
            | Self::StateDamaged
            | Self::Internal => false,
        }
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_say_what_to_do() {
        let codes: BTreeSet<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes.len(), ErrorCode::ALL.len());
        for code in ErrorCode::ALL {
            assert!(code.meaning().ends_with('.') && code.action().ends_with('.'), "{code}");
        }
    }
}
