//! Which calls each place really makes: whole operations are played by the real binary, place by place, and every request to
//! AWS is written down on its way, with the things and the tags that a policy is asked about. What is found is
//! `cloudformation/recorded-calls.json`; the template's roles are held against it, and the costs of a restore are computed
//! from it.
//!
//! ```text
//! world     MiniStack for what is kept, the sandbox with PostgreSQL for RDS and STS, two accounts
//! recorder  the ways between the functions and both
//! play      the state machine's part: calls the function of the place where an operation stands
//! stories   the operations
//! rotations the rotation of secrets, which Secrets Manager asks for; and how it goes on where it was cut
//! ```

#![cfg(test)]

mod play;
mod recorder;
mod rotations;
mod stories;
mod world;

use std::{collections::BTreeSet, fmt::Write as _, fs, path::PathBuf};

use serde_json::Value;

/// Set to write what was recorded instead of comparing it.
const REWRITE: &str = "AURORA_RESTORE_RECORD";
/// The account of the functions, and the one that they enter.
const SIDES: [&str; 2] = ["target", "source"];

#[test]
fn every_call_of_every_place_is_in_the_record_and_the_record_holds_no_other() {
    let recorded = stories::play_all();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../cloudformation/recorded-calls.json");
    if std::env::var_os(REWRITE).is_some() {
        fs::write(&path, text(&recorded)).unwrap();
        return;
    }
    let written: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let (played, known) = (lines(&recorded), lines(&written));
    let new: Vec<_> = played.difference(&known).collect();
    let gone: Vec<_> = known.difference(&played).collect();
    assert!(
        new.is_empty() && gone.is_empty() && recorded["restore"] == written["restore"],
        "the calls have changed: look at them, run the test with {REWRITE}=1, then `cargo xtask generate`\n\
         new: {new:#?}\ngone: {gone:#?}\nof one restore: {}, and before {}",
        recorded["restore"],
        written["restore"]
    );
}

/// Every call as side, place and text.
fn lines(record: &Value) -> BTreeSet<(&str, &str, String)> {
    let places =
        SIDES.iter().flat_map(|side| record[side].as_object().unwrap().iter().map(move |found| (*side, found)));
    let calls =
        places.flat_map(|(side, (place, calls))| calls.as_array().unwrap().iter().map(move |call| (side, place, call)));
    calls.map(|(side, place, call)| (side, place.as_str(), call.to_string())).collect()
}

/// The record with one call on a line.
fn text(record: &Value) -> String {
    let mut text = String::from("{\n");
    for side in SIDES {
        let places = record[side].as_object().unwrap().iter().map(|(place, calls)| {
            let calls: Vec<String> = calls.as_array().unwrap().iter().map(|call| format!("      {call}")).collect();
            format!("    \"{place}\": [\n{}\n    ]", calls.join(",\n"))
        });
        writeln!(text, "  \"{side}\": {{\n{}\n  }},", places.collect::<Vec<_>>().join(",\n")).unwrap();
    }
    let restore = serde_json::to_string_pretty(&record["restore"]).unwrap().replace('\n', "\n  ");
    writeln!(text, "  \"restore\": {restore}\n}}").unwrap();
    text
}
