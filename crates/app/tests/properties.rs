//! What holds for every text as a configuration. The same body is fuzzed (`fuzz/`).

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../../../fuzz/bodies/configuration.rs"]
mod configuration;
#[path = "../../../fuzz/bodies/corpus.rs"]
mod corpus;

use std::collections::BTreeMap;

use aurora_restore_app::config::{DEFAULTS, FlagValue, ParameterText, Sources};
use proptest::{prelude::*, sample::Index};

#[test]
fn the_corpus_of_configurations_is_read_as_the_property_says() {
    corpus::run_over("configuration", configuration::run);
}

/// Every key of the reference with an example of its value, in its section: the lines of a file in which all are in force.
fn every_key() -> Vec<String> {
    let is_key = |line: &&str| {
        let name = line.split(" = ").next().unwrap_or_default();
        line.contains(" = ") && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    };
    let line = |line: &str| {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        if bare.starts_with('[') || is_key(&bare) { Some(bare.to_owned()) } else { None }
    };
    DEFAULTS.lines().filter_map(line).collect()
}

/// Values as a person may write them: of every type, right and wrong.
fn values() -> impl Strategy<Value = String> {
    let odd = [
        "true",
        "-1",
        "0",
        "18446744073709551616",
        "0.5",
        "nan",
        "\"\"",
        "\"x\"",
        "[]",
        "[1, \"a\"]",
        "{}",
        "{ a = \"b\" }",
        "1979-05-27",
        "2026-11-21T03:10:00Z",
        "\"30s\"",
        "\"0s\"",
        "\"9223372036854775807d\"",
        "\"1h 30m\"",
        "\"-1h\"",
        "\"swap\"",
        "\"replace\"",
        "\"eu-central-1\"",
        "\"rds:x\"",
        "\"arn:aws:rds:a:b:c:d\"",
        "\"\"\"\nlong\"\"\"",
        "\"\\u0000\"",
    ];
    prop_oneof![prop::sample::select(odd.map(str::to_owned).to_vec()), "\"[^\"\\\\\n]{0,20}\"", ".{0,20}"]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn any_text_is_refused_with_its_places_or_read(text in any::<String>()) {
        configuration::run(text.as_bytes());
    }

    #[test]
    fn any_value_of_any_key_is_refused_with_its_place_or_read(
        changes in prop::collection::vec((any::<Index>(), values()), 1..4), taken_out in prop::collection::vec(any::<Index>(), 0..60)
    ) {
        let mut lines = every_key();
        for index in taken_out {
            let at = index.index(lines.len());
            if !lines[at].starts_with('[') {
                lines.remove(at);
            }
        }
        for (index, value) in changes {
            let at = index.index(lines.len());
            let key = lines[at].split(" = ").next().unwrap_or_default();
            lines[at] = format!("{key} = {value}");
        }
        configuration::run(lines.join("\n").as_bytes());
    }

    #[test]
    fn any_variable_and_any_flag_is_refused_with_its_name_or_obeyed(
        variable in "AURORA_RESTORE_(TARGET_CLUSTER|LIMITS_POLL|RESTORE_STRATEGY|SOURCE_KINDS|[A-Z_]{1,20})",
        flag in "(target\\.cluster|limits\\.poll|restore\\.tags|[a-z.-]{0,20})", value in values()
    ) {
        let text = value.trim_matches('"').to_owned();
        let parameter = ParameterText { name: "/aurora-restore/prod".to_owned(), text: String::new() };
        let mut sources = Sources::of_function(BTreeMap::from([(variable, text.clone())]), parameter);
        sources.flags.extend(FlagValue::of_set(&format!("{flag}={text}")));
        configuration::read(&sources, 1);
    }
}
