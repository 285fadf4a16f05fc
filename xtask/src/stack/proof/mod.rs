//! The roles held against the calls that each place was seen to make, as IAM would hold them: action, thing, and the keys of
//! the conditions. A role that lacks one, or grants what nobody uses, is a fault, unless the reason stands here.
//!
//! ```text
//! resolve     the template, filled in with parameters
//! policy      statements, and whether they allow a call
//! condition   their conditions
//! pattern     texts with * and ?
//! exceptions  what is granted and was not seen, with the reason
//! reference   what RDS lets a policy say about each action
//! strangers   the same calls on what is not ours, which have to be refused
//! attacks     what a function in wrong hands could try besides
//! keys        whose items of the tables a function may touch
//! names       the forms of names that the roles know, and the names that the engine gives
//! ```

mod attacks;
mod condition;
mod exceptions;
mod keys;
mod names;
mod pattern;
mod policy;
mod reference;
mod resolve;
mod strangers;

use std::collections::BTreeSet;

use serde_json::Value;

use self::{
    condition::Keys,
    exceptions::{EXCEPTIONS, Whose},
    policy::{Call, Policy, Statement},
    resolve::Values,
};
use super::{
    functions,
    node::{Bounds, Node},
    place::Place,
    recorded, source_account,
};

const SOURCE_ROLE: &str = "arn:aws:iam::111122223333:role/aurora-restore-source";
const TARGET_KEY: &str = "arn:aws:kms:eu-central-1:444455556666:key/7a1e9b52-3c44-4f0d-8b7a-9d2e5c6f2b22";
const PASSED_ROLES: &str = "arn:aws:iam::444455556666:role/import,arn:aws:iam::444455556666:role/monitoring";

/// The stack that the record was made with: everything that a parameter can allow is allowed.
const PARAMETERS: &[(&str, &str)] = &[
    ("Environment", "test"),
    ("TargetClusters", "staging"),
    ("TargetInstances", "staging-*"),
    ("AllowReplace", "yes"),
    ("KmsKeyArns", TARGET_KEY),
    ("PassRoleArns", PASSED_ROLES),
    ("SourceRoleArn", SOURCE_ROLE),
    ("SourceExternalId", "an-external-id"),
    ("SubnetIds", "subnet-11111111,subnet-22222222"),
    ("UsersSecretArn", "arn:aws:secretsmanager:eu-central-1:444455556666:secret:aurora-restore/staging/users-AbCdEf"),
    ("MasterSecretArn", "arn:aws:secretsmanager:eu-central-1:444455556666:secret:aurora-restore/staging/master-AbCdEf"),
];

/// The same stack where `replace` is not allowed.
fn without_replace() -> Vec<(&'static str, &'static str)> {
    PARAMETERS.iter().filter(|(name, _)| *name != "AllowReplace").copied().collect()
}

/// The companion in the source account.
const SOURCE_PARAMETERS: &[(&str, &str)] = &[
    ("TargetAccountId", "444455556666"),
    ("NamePrefix", "aurora-restore"),
    ("ExternalId", "an-external-id"),
    ("SnapshotNames", "*"),
    ("SnapshotKeyArns", ""),
    ("CreateKey", "yes"),
];

/// What the role of a place may do.
fn role(place: Place) -> Policy {
    role_with(place, PARAMETERS)
}

fn role_with(place: Place, parameters: &[(&str, &str)]) -> Policy {
    Policy::read(&functions::policy(place), &Values::of_pipeline(parameters))
        .unwrap_or_else(|fault| panic!("the role of {}: {fault}", place.name()))
}

fn source_values() -> Values {
    Values::of_source(SOURCE_PARAMETERS, source_account::conditions())
}

fn source_role() -> Policy {
    Policy::read(&source_account::policy(), &source_values()).unwrap()
}

/// The kind of the thing of an ARN, such as `cluster`; none of everything.
fn kind(thing: &str) -> Option<&str> {
    thing.split(':').nth(5)
}

/// The calls of a place on one side.
fn seen(side: &str, place: Place) -> Vec<Call> {
    let record = recorded();
    let calls = record[side][place.name()].as_array().cloned().unwrap_or_default();
    calls.iter().map(read).collect()
}

fn read(call: &Value) -> Call {
    let text = |field: &str| call[field].as_str().unwrap_or_else(|| panic!("{call} without {field}")).to_owned();
    let keys: Keys = serde_json::from_value(call["keys"].clone()).unwrap();
    Call { action: text("action"), on: text("on"), keys }
}

/// The actions of a statement and the patterns of things that none of these calls uses. Of a statement of which no action is
/// used the patterns say nothing more.
fn unused(statement: &Statement, seen: &[Call]) -> Vec<String> {
    let covered: Vec<&Call> = seen.iter().filter(|call| statement.covers(call)).collect();
    let action = |action: &&String| !covered.iter().any(|call| pattern::fits(action, &call.action));
    let thing = |thing: &&String| !covered.is_empty() && !covered.iter().any(|call| pattern::fits_arn(thing, &call.on));
    let actions = statement.actions.iter().filter(action);
    actions.chain(statement.resources.iter().filter(thing)).cloned().collect()
}

/// What the role of a place grants to nobody, as statement and action or thing.
fn unused_of(place: Place) -> Vec<(String, String)> {
    let seen = seen("target", place);
    let unused = |statement: &Statement| {
        let of = |granted| (statement.sid.clone(), granted);
        unused(statement, &seen).into_iter().map(of).collect::<Vec<_>>()
    };
    role(place).grants().flat_map(unused).collect()
}

#[test]
fn no_role_lacks_a_call_that_its_place_makes() {
    for place in Place::all() {
        let (role, seen) = (role(place), seen("target", place));
        let lacking: Vec<&Call> = seen.iter().filter(|call| !role.allows(call)).collect();
        assert!(!seen.is_empty(), "{} was never played", place.name());
        assert!(lacking.is_empty(), "the role of {} lacks {lacking:#?}", place.name());
    }
}

#[test]
fn no_role_grants_what_nobody_uses() {
    let mut unused = Vec::new();
    for place in Place::all() {
        let excepted = |sid: &str, granted: &str| {
            EXCEPTIONS.iter().any(|exception| exception.is_of(place) && exception.excuses(sid, granted))
        };
        let found = unused_of(place).into_iter().filter(|(sid, granted)| !excepted(sid, granted));
        unused.extend(found.map(|(sid, granted)| (place.name(), sid, granted)));
    }
    assert!(unused.is_empty(), "roles grant what nobody was seen to use: {unused:#?}");
}

#[test]
fn everything_is_granted_only_where_a_service_knows_nothing_narrower() {
    for place in Place::all() {
        let (role, seen) = (role(place), seen("target", place));
        for statement in role.grants().filter(|statement| statement.resources == ["*"]) {
            let narrower = seen.iter().find(|call| statement.covers(call) && call.on != "*");
            assert_eq!(narrower, None, "{} of {} could be narrower", statement.sid, place.name());
        }
    }
}

#[test]
fn no_exception_is_stale() {
    for exception in EXCEPTIONS {
        let needed: Vec<&str> = Place::all()
            .into_iter()
            .filter(|place| unused_of(*place).iter().any(|(sid, granted)| exception.excuses(sid, granted)))
            .map(Place::name)
            .collect();
        let expected: &[&str] = match exception.whose {
            Whose::All => &needed,
            Whose::Of(places) => places,
        };
        let (what, reason) = (exception.what, exception.reason);
        assert!(!needed.is_empty(), "{what} needs no exception any more ({reason})");
        let stale: Vec<_> = expected.iter().filter(|place| !needed.contains(place)).collect();
        assert!(stale.is_empty(), "{what} needs no exception any more at {stale:?} ({reason})");
    }
}

/// What IAM takes in the inline policies of one role, white space not counted.
const POLICY_CHARS_MAX: usize = 10_240;

#[test]
fn the_policy_of_every_role_is_as_short_as_iam_demands_for_five_keys_and_five_roles() {
    let long = "t".repeat(63);
    let five = |one: &str| (0..5).map(|number| format!("{one}{number}")).collect::<Vec<_>>().join(",");
    let (keys, roles) = (five(TARGET_KEY), five("arn:aws:iam::444455556666:role/path/of-some-length"));
    let wide = [("TargetClusters", &long), ("TargetInstances", &long), ("KmsKeyArns", &keys), ("PassRoleArns", &roles)];
    let others = PARAMETERS.iter().filter(|(name, _)| wide.iter().all(|(known, _)| known != name)).copied();
    let parameters: Vec<(&str, &str)> = others.chain(wide.map(|(name, value)| (name, value.as_str()))).collect();
    let values = Values::of_pipeline(&parameters);
    for place in Place::all() {
        let document: Node = values.resolve(&functions::policy(place)).unwrap().unwrap();
        let length = document.to_json(Bounds::Numbers).chars().filter(|sign| !sign.is_whitespace()).count();
        assert!(length <= POLICY_CHARS_MAX, "the policy of {} has {length} characters", place.name());
    }
}

#[test]
fn the_role_in_the_source_account_grants_what_is_done_there_and_nothing_else() {
    let (role, seen): (_, Vec<Call>) =
        (source_role(), Place::all().into_iter().flat_map(|place| seen("source", place)).collect());
    let lacking: Vec<&Call> = seen.iter().filter(|call| !role.allows(call)).collect();
    assert!(lacking.is_empty(), "the role lacks {lacking:#?}");
    let unused: BTreeSet<String> = role.grants().flat_map(|statement| unused(statement, &seen)).collect();
    let unused: Vec<_> = unused.into_iter().filter(|granted| !granted.starts_with("kms:")).collect();
    assert!(unused.is_empty(), "the role grants {unused:#?}, and nobody was seen to use it");
}

#[test]
fn the_role_in_the_source_account_lets_in_who_enters_and_nobody_else() {
    for place in Place::all() {
        let principal = format!("arn:aws:iam::444455556666:role/aurora-restore-{}-eu-central-1", place.name());
        let lets_in = |principal: &str, external_id: &str| {
            let key = |key: &str, value: &str| (key.to_owned(), vec![value.to_owned()]);
            let keys = Keys::from([key("aws:PrincipalArn", principal), key("sts:ExternalId", external_id)]);
            policy::trusts(&source_account::trust(), &source_values(), &keys).unwrap()
        };
        assert_eq!(lets_in(&principal, "an-external-id"), place.enters_source_account(), "{principal}");
        assert!(!lets_in(&principal, "another-id"), "{principal}");
        assert!(!lets_in(&principal.replace("4444", "5555"), "an-external-id"), "{principal}");
        let enters = !seen("source", place).is_empty();
        assert!(!enters || place.enters_source_account(), "{} enters the source account", place.name());
    }
}
