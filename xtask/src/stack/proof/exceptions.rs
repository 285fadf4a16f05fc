//! What is granted and was not seen to be used, with the reason.

use super::super::place::Place;

/// Whose grants may stay unused by what was played.
pub(super) enum Whose {
    /// Everybody's.
    All,
    /// Those of some places.
    Of(&'static [&'static str]),
}

/// One of them: an action, one of one statement, or the end of the pattern of things that it is granted on.
pub(super) struct Exception {
    pub(super) what: &'static str,
    pub(super) whose: Whose,
    pub(super) reason: &'static str,
}

const fn of_all(what: &'static str, reason: &'static str) -> Exception {
    Exception { what, whose: Whose::All, reason }
}

const fn of(places: &'static [&'static str], what: &'static str, reason: &'static str) -> Exception {
    Exception { what, whose: Whose::Of(places), reason }
}

const LAMBDA_LOGS: &str = "Lambda itself writes the log";
const LAMBDA_TRACES: &str = "Lambda itself sends the traces";
const LAMBDA_NETWORK: &str = "Lambda itself makes the network interfaces";
const RDS_ASKS_KMS: &str = "RDS asks KMS on the caller's behalf";
const ROLES: &str = "one parameter lists the roles that any call may hand over";
/// Without them a rename could be refused in the middle of a switch, and with them no group is changed.
const GROUPS_OF_CHANGES: &str = "the reference does not say that a change asks only for groups that it names";
const GROUPS: &str = "RDS asks for groups only where a call names them, and for its own ones besides";

pub(super) const EXCEPTIONS: &[Exception] = &[
    of_all("logs:CreateLogStream", LAMBDA_LOGS),
    of_all("logs:PutLogEvents", LAMBDA_LOGS),
    of_all("xray:PutTraceSegments", LAMBDA_TRACES),
    of_all("xray:PutTelemetryRecords", LAMBDA_TRACES),
    of_all("ec2:CreateNetworkInterface", LAMBDA_NETWORK),
    of_all("ec2:DescribeNetworkInterfaces", LAMBDA_NETWORK),
    of_all("ec2:DescribeSubnets", LAMBDA_NETWORK),
    of_all("ec2:DeleteNetworkInterface", LAMBDA_NETWORK),
    of_all("ec2:AssignPrivateIpAddresses", LAMBDA_NETWORK),
    of_all("ec2:UnassignPrivateIpAddresses", LAMBDA_NETWORK),
    of_all("kms:CreateGrant", RDS_ASKS_KMS),
    of_all("kms:Decrypt", "DynamoDB, SNS, Secrets Manager and RDS ask KMS on the caller's behalf"),
    of_all("kms:DescribeKey", RDS_ASKS_KMS),
    of_all("kms:Encrypt", RDS_ASKS_KMS),
    of_all("kms:GenerateDataKey", "SNS asks KMS on the caller's behalf"),
    of_all("kms:GenerateDataKey*", RDS_ASKS_KMS),
    of_all("kms:ReEncrypt*", RDS_ASKS_KMS),
    of_all("Entries dynamodb:GetItem", "one entry is read where an append was refused, to say why"),
    of_all("Lock dynamodb:GetItem", "who has the lock is read where an append was refused, to say so"),
    of(
        &["switch-over", "retire"],
        "InheritTags rds:AddTagsToResource",
        "only a cluster that copies its tags to snapshots hands them down",
    ),
    of_all(":role/import", ROLES),
    of_all(":role/monitoring", ROLES),
    of_all(":og:*", GROUPS),
    of_all(":subgrp:*", GROUPS),
    of(&["apply-settings", "switch-over", "undo", "retire"], "NamedBeside rds:ModifyDBCluster", GROUPS_OF_CHANGES),
    of(&["switch-over", "undo"], "NamedBeside rds:ModifyDBInstance", GROUPS_OF_CHANGES),
    of(
        &[
            "snapshot-check",
            "copy-snapshot",
            "restore-snapshot",
            "create-instances",
            "apply-settings",
            "setup-db-users",
            "verify-restore",
            "switch-over",
            "archive-snapshot",
            "retire",
            "sweep",
        ],
        "sns:Publish",
        "a step that becomes stuck tells people at once, and so does the sweeper of what it finds",
    ),
    of(
        &["restore-snapshot", "create-instances", "undo"],
        "rds:DescribeEvents",
        "only the text of a failure asks for events",
    ),
    of(
        &["create-instances", "apply-settings", "undo"],
        "rds:RebootDBInstance",
        "only an instance that has not taken up static parameters is rebooted",
    ),
    of(&["apply-settings"], "rds:ModifyDBInstance", "only where RDS made an instance otherwise than it was asked to"),
    of(&["retire"], "rds:DeleteDBClusterSnapshot", "only a final snapshot that failed is deleted"),
    of(&["retire"], "rds:ModifyDBCluster", "only a protected cluster is unprotected"),
    of(&["sweep"], "states:DescribeExecution", "only of an operation that has stood still for a day"),
];

impl Exception {
    /// Whether it is about a place.
    pub(super) fn is_of(&self, place: Place) -> bool {
        match self.whose {
            Whose::All => true,
            Whose::Of(places) => places.contains(&place.name()),
        }
    }

    /// Whether it excuses this action or pattern of things of a statement.
    pub(super) fn excuses(&self, sid: &str, granted: &str) -> bool {
        granted == self.what
            || self.what.split_once(' ') == Some((sid, granted))
            || (self.what.starts_with(':') && granted.ends_with(self.what))
    }
}
