//! The tables hold operations, locks and the records of changes to the stack, told apart by their keys. A function writes the
//! first two. Here it tries the third, what belongs to others, and calls that name no key at all.

use std::collections::BTreeSet;

use aurora_restore_core::ids::OperationId;

use super::{
    super::{permissions::LEADING_KEYS, place::Place},
    condition::Keys,
    policy::Call,
    role, seen,
};

const STATE: &str = "arn:aws:dynamodb:eu-central-1:444455556666:table/AuroraRestoreStateTable";
const AUDIT: &str = "arn:aws:dynamodb:eu-central-1:444455556666:table/AuroraRestoreAuditTable";
/// What is done with items.
const ACTIONS: [&str; 5] = ["DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"];
const LOCK: &str = "lock#444455556666/eu-central-1/staging";

fn call(action: &str, table: &str, keys: &[&str]) -> Call {
    let values = keys.iter().map(|key| (*key).to_owned()).collect();
    Call {
        action: format!("dynamodb:{action}"),
        on: table.to_owned(),
        keys: Keys::from([(LEADING_KEYS.to_owned(), values)]),
    }
}

/// The places that may do something to a table's items with such keys.
fn who_may(action: &str, table: &str, keys: &[&str]) -> BTreeSet<&'static str> {
    let may = |place: &Place| role(*place).allows(&call(action, table, keys));
    Place::all().into_iter().filter(may).map(Place::name).collect()
}

#[test]
fn nobody_touches_the_records_of_changes() {
    for action in ACTIONS {
        for table in [AUDIT, STATE] {
            for keys in [&["change#pipeline"][..], &["op-1", "change#pipeline"], &["change#"]] {
                assert_eq!(who_may(action, table, keys), BTreeSet::new(), "{action} {keys:?} of {table}");
            }
        }
    }
}

#[test]
fn operations_begin_in_one_place_and_are_deleted_in_none() {
    assert_eq!(who_may("PutItem", STATE, &["op-1"]), BTreeSet::from(["snapshot-check"]));
    assert_eq!(who_may("DeleteItem", STATE, &["op-1"]), BTreeSet::new());
    assert_eq!(who_may("DeleteItem", AUDIT, &["op-1"]), BTreeSet::new());
    assert_eq!(who_may("UpdateItem", AUDIT, &["op-1"]), BTreeSet::new());
}

#[test]
fn locks_are_those_of_this_account_and_region() {
    let mut takes = who_may("PutItem", STATE, &[LOCK]);
    assert!(takes.insert("retire"), "an operation that has ended takes no lock");
    assert_eq!(takes, who_may("UpdateItem", STATE, &["op-1"]), "who moves an operation proves its lock");
    assert_eq!(who_may("UpdateItem", STATE, &[LOCK]), BTreeSet::new());
    for other in [LOCK.replace("4444", "9999"), LOCK.replace("central", "north"), "lock#".to_owned()] {
        for action in ACTIONS {
            assert_eq!(who_may(action, STATE, &[&other]), BTreeSet::new(), "{action} {other}");
        }
    }
}

#[test]
fn a_recorded_call_that_names_no_key_or_that_of_a_change_is_refused() {
    let mut refused = 0;
    for place in Place::all() {
        let of_items = |call: &Call| call.action.starts_with("dynamodb:") && !call.on.contains("/index/");
        for call in seen("target", place).into_iter().filter(of_items) {
            assert!(call.keys.contains_key(LEADING_KEYS), "{call:#?}");
            let (mut keyless, mut forged) = (call.clone(), call.clone());
            keyless.keys.remove(LEADING_KEYS);
            forged.keys.insert(LEADING_KEYS.to_owned(), vec!["change#pipeline".to_owned()]);
            for attempt in [keyless, forged] {
                assert!(!role(place).allows(&attempt), "{} may {attempt:#?}", place.name());
                refused += 1;
            }
        }
    }
    assert!(refused > 100, "{refused} calls were tried");
}

/// The roles know operations by a sign that is not in their keys.
#[test]
fn every_id_of_an_operation_is_one_that_the_roles_let_through() {
    assert!(OperationId::new("lock#staging").is_err() && OperationId::new("change#pipeline").is_err());
    for id in ["op-1", "change", "lock", "scheduled-7b0d", &"x".repeat(48)] {
        assert!(OperationId::new(id).is_ok(), "{id}");
        assert!(who_may("PutItem", AUDIT, &[id]).contains("undo"), "{id}");
    }
}
