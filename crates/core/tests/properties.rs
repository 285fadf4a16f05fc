//! What holds for every text: of the journal's decoding, and of identifiers. The same bodies are fuzzed (`fuzz/`).

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../../../fuzz/bodies/corpus.rs"]
mod corpus;
#[path = "../../../fuzz/bodies/identifiers.rs"]
mod identifiers;
#[path = "../../../fuzz/bodies/journal.rs"]
mod journal;

use std::{fs, path::Path};

use aurora_restore_core::{
    ids::{Arn, ClusterId, OperationId, SnapshotId},
    journal::{SealedEntry, replay},
};
use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};

#[test]
fn the_corpus_of_journals_is_read_as_the_property_says() {
    corpus::run_over("journal", journal::run);
}

#[test]
fn the_corpus_of_identifiers_is_read_as_the_property_says() {
    corpus::run_over("identifiers", identifiers::run);
}

fn golden() -> Vec<Vec<SealedEntry>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    ["journal-v1-swap.jsonl", "journal-v2-swap.jsonl", "journal-v2-waived.jsonl"]
        .map(|name| fs::read_to_string(folder.join(name)).unwrap())
        .iter()
        .map(|text| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
        .collect()
}

fn bodies(entries: &[SealedEntry]) -> String {
    entries.iter().map(|entry| format!("{}\n", entry.body)).collect()
}

/// What a value may be replaced by. Among them the ends of what numbers, times and durations can be.
fn values() -> impl Strategy<Value = Value> {
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(0.5),
        json!(""),
        json!("x"),
        json!([]),
        json!({}),
        json!("-009999-01-02T01:59:59Z"),
        json!("9999-12-30T22:00:00.999999999Z"),
        json!("PT0S"),
        json!("-PT1H"),
        json!("PT2562047788015215H30M7.999999999S"),
        json!("-PT2562047788015215H30M8S"),
        json!("swap"),
        json!("replace"),
        json!("switch-over"),
    ];
    prop_oneof![prop::sample::select(odd.to_vec()), ".{0,12}".prop_map(Value::from), any::<i64>().prop_map(Value::from)]
}

/// Every place in a value, as a path for `Value::pointer_mut`.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| places(value, &format!("{here}/{key}"), found)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| places(value, &format!("{here}/{index}"), found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn with_another_value(body: &str, place: Index, value: Value) -> String {
    let mut tree: Value = serde_json::from_str(body).unwrap();
    let mut found = Vec::new();
    places(&tree, "", &mut found);
    let place = &found[place.index(found.len())];
    *tree.pointer_mut(place).unwrap() = value;
    tree.to_string()
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-zA-Z0-9:/_-]{0,80}",
        "(rds:|awsbackup:)?[a-z]([a-z0-9]|-[a-z0-9]){0,40}",
        "arn:[a-z-]{0,6}:(rds|kms|iam)?:[a-z0-9-]{0,14}:[0-9]{0,13}:[a-z:/-]{0,30}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_lines_are_refused_or_read(text in "(.{0,40}\n){0,4}") {
        journal::run(text.as_bytes());
    }

    #[test]
    fn an_entry_with_other_bytes_in_it_is_refused_or_read(
        which in any::<Index>(), line in any::<Index>(), at in any::<Index>(), bytes in any::<Vec<u8>>(), over in 0..9_usize
    ) {
        let golden = golden();
        let mut entries = which.get(&golden).clone();
        let line = line.index(entries.len());
        let mut body = entries[line].body.clone().into_bytes();
        let at = at.index(body.len());
        let end = (at + over).min(body.len());
        body.splice(at..end, bytes);
        entries[line].body = String::from_utf8_lossy(&body).replace('\n', " ");
        journal::run(bodies(&entries).as_bytes());
    }

    #[test]
    fn an_entry_with_another_value_in_it_is_refused_or_read(
        which in any::<Index>(), line in any::<Index>(), place in any::<Index>(), value in values()
    ) {
        let golden = golden();
        let mut entries = which.get(&golden).clone();
        let line = line.index(entries.len());
        entries[line].body = with_another_value(&entries[line].body, place, value);
        // What follows may be refused because of it: the journal that ends here is tried as well.
        journal::run(bodies(&entries[..=line]).as_bytes());
        journal::run(bodies(&entries).as_bytes());
    }

    #[test]
    fn entries_in_any_order_are_refused_or_read(
        which in any::<Index>(), order in prop::collection::vec(any::<Index>(), 1..12)
    ) {
        let golden = golden();
        let entries = which.get(&golden);
        let mut picked = vec![entries[0].clone()];
        picked.extend(order.iter().map(|index| index.get(entries).clone()));
        journal::run(bodies(&picked).as_bytes());
    }

    #[test]
    fn a_sealed_entry_of_which_anything_is_not_as_it_was_is_refused(
        which in any::<Index>(), line in any::<Index>(), field in 0..4_u8, text in ".{0,70}", number in any::<u64>()
    ) {
        let golden = golden();
        let entries = which.get(&golden);
        let line = line.index(entries.len());
        let mut altered = entries.clone();
        match field {
            0 => altered[line].body = text,
            1 => altered[line].hash = text,
            2 => altered[line].previous_hash = text,
            _ => altered[line].sequence = number,
        }
        prop_assume!(altered != *entries);
        prop_assert!(replay(&altered).is_err());
    }

    #[test]
    fn any_text_is_refused_or_is_the_same_identifier_again(text in texts()) {
        identifiers::run(text.as_bytes());
    }

    #[test]
    fn every_name_that_rds_takes_is_taken(text in "[a-zA-Z]([a-zA-Z0-9]|-[a-zA-Z0-9]){0,31}") {
        prop_assume!(text.len() <= 63);
        let (cluster, snapshot) = (ClusterId::new(&text).unwrap(), SnapshotId::new(&text).unwrap());
        let lower = text.to_ascii_lowercase();
        prop_assert_eq!((cluster.as_str(), snapshot.as_str()), (lower.as_str(), lower.as_str()));
    }

    #[test]
    fn an_arn_gives_back_what_it_was_made_of(
        region in "[a-z]{2}-[a-z]{3,9}-[0-9]", account in "[0-9]{12}", name in "(rds:)?[a-z][a-z0-9]{0,20}"
    ) {
        let arn = Arn::new(format!("arn:aws:rds:{region}:{account}:cluster-snapshot:{name}")).unwrap();
        let (found_region, found_account) = (arn.region().unwrap(), arn.account().unwrap());
        prop_assert_eq!((found_region.as_str(), found_account.as_str()), (region.as_str(), account.as_str()));
        prop_assert_eq!(arn.resource_name(), name);
        prop_assert!(arn.is_cluster_snapshot());
    }

    #[test]
    fn operations_with_different_ids_make_different_names(one in "[a-z0-9-]{1,64}", two in "[a-z0-9-]{1,64}") {
        prop_assume!(one != two);
        prop_assert_ne!(OperationId::new(&one).unwrap().tag(), OperationId::new(&two).unwrap().tag());
    }
}
