//! What holds for every body of a request. The same body of the test is fuzzed (`fuzz/`).

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../../../fuzz/bodies/corpus.rs"]
mod corpus;
#[path = "../../../fuzz/bodies/request.rs"]
mod request;

use aurora_restore_sandbox::{model::call::Action, read_form};
use proptest::prelude::*;

#[test]
fn the_corpus_of_requests_is_read_as_the_property_says() {
    corpus::run_over("request", request::run);
}

#[test]
fn every_request_of_the_corpus_that_is_meant_well_is_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/request");
    for (name, action) in [
        ("create-cluster", Action::CreateDbCluster),
        ("restore-to-time", Action::RestoreDbClusterToPointInTime),
        ("share-snapshot", Action::ModifyDbClusterSnapshotAttribute),
        ("events", Action::DescribeEvents),
    ] {
        let form = std::fs::read(format!("{folder}/{name}")).unwrap();
        assert_eq!(read_form(&form).map(|call| call.action()), Ok(action), "{name}");
    }
}

/// Parameters of the restore of a cluster, with lists and structures in the spelling of botocore.
const PARAMETERS: [&str; 12] = [
    "DBClusterIdentifier",
    "SnapshotIdentifier",
    "Engine",
    "EngineVersion",
    "Port",
    "DeletionProtection",
    "KmsKeyId",
    "VpcSecurityGroupIds.VpcSecurityGroupId.1",
    "VpcSecurityGroupIds.VpcSecurityGroupId.2",
    "Tags.Tag.1.Key",
    "Tags.Tag.1.Value",
    "ServerlessV2ScalingConfiguration.MinCapacity",
];

fn restore(values: &[Option<String>]) -> Vec<(String, String)> {
    let head = [("Action", "RestoreDBClusterFromSnapshot"), ("Version", "2014-10-31")];
    let head = head.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter();
    let given = PARAMETERS.iter().zip(values);
    head.chain(given.filter_map(|(name, value)| Some(((*name).to_owned(), value.clone()?)))).collect()
}

fn form(pairs: &[(String, String)], escape: impl Fn(&str) -> String) -> String {
    pairs.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect::<Vec<_>>().join("&")
}

/// Escapes every byte.
fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn values() -> impl Strategy<Value = Vec<Option<String>>> {
    let value = prop_oneof!["[a-z0-9-]{1,12}", "[0-9.]{1,6}", Just("true".to_owned()), ".{0,12}"];
    prop::collection::vec(prop::option::of(value), PARAMETERS.len())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_refused_or_read(bytes in any::<Vec<u8>>()) {
        request::run(&bytes);
    }

    #[test]
    fn anything_like_a_form_is_refused_or_read(
        action in prop::sample::select(Action::ALL), rest in "([A-Za-z0-9.]{0,24}=[A-Za-z0-9%+.:-]{0,16}&){0,6}"
    ) {
        request::run(format!("Action={}&{rest}", action.as_str()).as_bytes());
    }

    #[test]
    fn neither_the_order_nor_the_escapes_of_a_form_change_what_it_says(
        values in values(), order in Just((0..PARAMETERS.len() + 2).collect::<Vec<_>>()).prop_shuffle()
    ) {
        let pairs = restore(&values);
        let plain = read_form(form(&pairs, escaped).as_bytes());
        let mut shuffled: Vec<_> = order.iter().filter_map(|index| pairs.get(*index)).cloned().collect();
        shuffled.rotate_left(pairs.len() / 2);
        prop_assert_eq!(read_form(form(&shuffled, escaped).as_bytes()).ok(), plain.clone().ok());
        let safe = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
        if pairs.iter().all(|(_, value)| safe(value)) {
            prop_assert_eq!(read_form(form(&pairs, str::to_owned).as_bytes()), plain);
        }
    }

    #[test]
    fn the_three_spellings_of_lists_say_the_same(values in values()) {
        let pairs = restore(&values);
        let read = |from: [&str; 2], to: [&str; 2]| {
            let spelt = pairs.iter().map(|(name, value)| {
                let name = from.iter().zip(to).fold(name.clone(), |name, (from, to)| name.replace(from, to));
                (name, value.clone())
            });
            read_form(form(&spelt.collect::<Vec<_>>(), escaped).as_bytes()).ok()
        };
        let own = [".VpcSecurityGroupId.", ".Tag."];
        let botocore = read(own, own);
        prop_assert_eq!(read(own, [".member.", ".member."]), botocore.clone());
        prop_assert_eq!(read(own, [".", "."]), botocore);
    }

    #[test]
    fn a_refusal_never_repeats_a_value(values in prop::collection::vec(prop::option::of("canary-[!-~]{4,9}"), PARAMETERS.len())) {
        let refused = read_form(form(&restore(&values), escaped).as_bytes());
        if let Err(refusal) = refused {
            prop_assert!(!refusal.contains("canary"), "{}", refusal);
        }
    }
}
