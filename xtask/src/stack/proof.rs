//! The roles held against the calls that each place was seen to make. A role that lacks one, or grants one that nobody makes,
//! is a fault, unless the reason stands here.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    grants,
    permissions::{Grant, On},
    place::Place,
    recorded, source_account,
};

/// Whose grants may stay unused by what was played.
enum Whose {
    /// Everybody's.
    All,
    /// Those of some places.
    Of(&'static [&'static str]),
}

/// What is granted and was not seen, with the reason.
const EXCEPTIONS: &[(&str, Whose, &str)] = &[
    ("xray:PutTraceSegments", Whose::All, "Lambda itself sends the traces"),
    ("xray:PutTelemetryRecords", Whose::All, "Lambda itself sends the traces"),
    ("kms:CreateGrant", Whose::All, "RDS asks KMS on the caller's behalf"),
    ("kms:Decrypt", Whose::All, "DynamoDB, SNS, Secrets Manager and RDS ask KMS on the caller's behalf"),
    ("kms:DescribeKey", Whose::All, "RDS asks KMS on the caller's behalf"),
    ("kms:Encrypt", Whose::All, "RDS asks KMS on the caller's behalf"),
    ("kms:GenerateDataKey", Whose::All, "SNS asks KMS on the caller's behalf"),
    ("kms:GenerateDataKey*", Whose::All, "RDS asks KMS on the caller's behalf"),
    ("kms:ReEncrypt*", Whose::All, "RDS asks KMS on the caller's behalf"),
    ("dynamodb:GetItem audit", Whose::All, "one entry is read where an append was refused, to say why"),
    (
        "sns:Publish",
        Whose::All,
        "a step that becomes stuck tells people at once, and so does the sweeper of what it finds",
    ),
    (
        "rds:DescribeEvents",
        Whose::Of(&["restore-snapshot", "create-instances", "undo"]),
        "only the text of a failure asks for events",
    ),
    (
        "rds:RebootDBInstance",
        Whose::Of(&["create-instances", "apply-settings", "undo"]),
        "only an instance that has not taken up static parameters is rebooted",
    ),
    (
        "rds:ModifyDBInstance",
        Whose::Of(&["apply-settings"]),
        "only where RDS made an instance otherwise than it was asked to",
    ),
    ("rds:DeleteDBClusterSnapshot", Whose::Of(&["retire"]), "only a final snapshot that failed is deleted"),
    ("rds:ModifyDBCluster", Whose::Of(&["retire"]), "only a protected cluster is unprotected"),
    ("states:DescribeExecution", Whose::Of(&["sweep"]), "only of an operation that has stood still for a day"),
];

fn excepted(place: Place, call: &str) -> bool {
    EXCEPTIONS.iter().any(|(of, whose, _)| {
        let here = match whose {
            Whose::All => true,
            Whose::Of(places) => places.contains(&place.name()),
        };
        *of == call && here
    })
}

/// The calls that a grant allows, as the record names them.
fn calls(grant: &Grant) -> Vec<String> {
    let mut calls = Vec::new();
    for action in grant.actions {
        for on in grant.on {
            let of = match on {
                On::StateTable => " state",
                On::StatusIndex => " index",
                On::AuditTable => " audit",
                _ => "",
            };
            calls.push(format!("{action}{of}"));
        }
    }
    calls
}

fn granted(place: Place) -> BTreeSet<String> {
    grants::of(place).iter().flat_map(calls).collect()
}

fn seen(side: &str, place: Place) -> BTreeSet<String> {
    let record = recorded();
    let calls = record[side][place.name()].as_array().cloned().unwrap_or_default();
    calls.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[test]
fn no_role_lacks_a_call_that_its_place_makes() {
    for place in Place::all() {
        let lacking: Vec<String> = seen("target", place).difference(&granted(place)).cloned().collect();
        assert!(!seen("target", place).is_empty(), "{} was never played", place.name());
        assert!(lacking.is_empty(), "the role of {} lacks {lacking:?}", place.name());
    }
}

#[test]
fn no_role_grants_what_nobody_uses() {
    for place in Place::all() {
        let seen = seen("target", place);
        let unused: Vec<String> =
            granted(place).into_iter().filter(|call| !seen.contains(call) && !excepted(place, call)).collect();
        assert!(unused.is_empty(), "the role of {} grants {unused:?}, and nobody was seen to use it", place.name());
    }
}

#[test]
fn no_exception_is_stale() {
    for (call, whose, reason) in EXCEPTIONS {
        let of = |place: &Place| match whose {
            Whose::All => true,
            Whose::Of(places) => places.contains(&place.name()),
        };
        let mut places = Place::all().into_iter().filter(of);
        let needed = places.any(|place| granted(place).contains(*call) && !seen("target", place).contains(*call));
        assert!(needed, "{call} needs no exception any more ({reason})");
    }
}

#[test]
fn the_role_in_the_source_account_grants_what_is_done_there_and_nothing_else() {
    let granted: BTreeSet<String> =
        source_account::actions().into_iter().filter(|call| !call.starts_with("kms:")).collect();
    let seen: BTreeSet<String> = Place::all().into_iter().flat_map(|place| seen("source", place)).collect();
    assert_eq!(granted, seen);
    for place in Place::all() {
        let enters = !self::seen("source", place).is_empty();
        assert!(!enters || place.enters_source_account(), "{} enters the source account", place.name());
    }
}
