//! Which calls each place really makes: whole operations are played by the real binary, place by place, and every request to
//! AWS is written down on its way. What is found is `cloudformation/recorded-calls.json`; the template's roles are held
//! against it, and the costs of a restore are computed from it.
//!
//! ```text
//! world     MiniStack for what is kept, the sandbox with PostgreSQL for RDS and STS, two accounts
//! recorder  the way between the functions and both
//! play      the state machine's part: calls the function of the place where an operation stands
//! stories   the operations
//! ```

#![cfg(test)]

mod play;
mod recorder;
mod stories;
mod world;

use std::{fs, path::PathBuf};

use serde_json::Value;

/// Set to write what was recorded instead of comparing it.
const REWRITE: &str = "AURORA_RESTORE_RECORD";

#[test]
fn every_call_of_every_place_is_in_the_record_and_the_record_holds_no_other() {
    let recorded = stories::play_all();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../cloudformation/recorded-calls.json");
    if std::env::var_os(REWRITE).is_some() {
        let text = serde_json::to_string_pretty(&recorded).expect("a record is plain JSON");
        fs::write(&path, text + "\n").unwrap();
        return;
    }
    let written: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    for side in ["target", "source"] {
        assert_eq!(
            recorded[side], written[side],
            "the calls on the {side}'s side have changed: look at them, run the test with {REWRITE}=1, then \
             `cargo xtask generate`"
        );
    }
}
