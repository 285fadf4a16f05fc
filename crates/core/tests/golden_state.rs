//! The state of an operation as any version stored it is read back for ever, and follows from the journal of that time.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{collections::BTreeSet, fs, path::PathBuf};

use aurora_restore_core::{
    journal::{SealedEntry, StateItem, replay},
    operation::{Progress, Status, StepKind},
};
use aurora_restore_testing::scenario::Scenario;
use serde_json::Value;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// The states of the first form, one to a line. `UPDATE_GOLDEN=1` writes them if they do not exist yet; they are never
/// written again.
fn golden() -> Vec<String> {
    let path = file("state-v1.jsonl");
    if std::env::var_os("UPDATE_GOLDEN").is_some() && !path.exists() {
        let lines: Vec<String> = derived().iter().map(|state| serde_json::to_string(state).unwrap()).collect();
        fs::write(&path, lines.join("\n") + "\n").unwrap();
    }
    fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

/// What the golden journals make of the state: in the middle of a copy that says where it stands, completed with an old
/// cluster that is kept, stuck, and failed.
fn derived() -> Vec<StateItem> {
    let swap = journal("journal-v2-swap.jsonl");
    let waived = journal("journal-v2-waived.jsonl");
    let at = |entries: &[SealedEntry]| StateItem::of(&replay(entries).unwrap().0, &Scenario::target_key());
    let stuck = (1..waived.len()).find(|length| at(&waived[..*length]).status == Status::Stuck).unwrap();
    let progress = Progress { step: StepKind::CopySnapshot, text: "copying, 40 % done".to_owned(), percent: Some(40) };
    vec![StateItem { progress: Some(progress), ..at(&swap[..4]) }, at(&swap), at(&waived[..stuck]), at(&waived)]
}

fn journal(name: &str) -> Vec<SealedEntry> {
    let text = fs::read_to_string(file(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn states_of_every_version_are_read_back_and_follow_from_their_journals() {
    let read: Vec<StateItem> = golden().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read, derived());
    let statuses: Vec<Status> = read.iter().map(|state| state.status).collect();
    assert_eq!(statuses, [Status::InProgress, Status::Completed, Status::Stuck, Status::Failed]);
}

#[test]
fn today_the_same_states_are_written_in_the_same_words() {
    let written: Vec<String> = derived().iter().map(|state| serde_json::to_string(state).unwrap()).collect();
    assert_eq!(written, golden());
    assert_eq!(StateItem::VERSION, 1, "a new form needs a golden file of its own");
}

/// Otherwise nothing would notice when the form of a field changes.
#[test]
fn every_field_of_the_form_has_a_value_somewhere() {
    let states: Vec<Value> = golden().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let fields = |is_told: fn(&Value) -> bool| -> BTreeSet<&String> {
        let all = states.iter().flat_map(|state| state.as_object().unwrap());
        all.filter(|(_, value)| is_told(value)).map(|(name, _)| name).collect()
    };
    assert_eq!(fields(|value| !value.is_null()), fields(|_| true));
}

#[test]
fn a_state_that_was_cut_or_lacks_what_it_must_have_is_refused() {
    for line in golden() {
        for end in (0..line.len()).filter(|end| line.is_char_boundary(*end)) {
            assert!(serde_json::from_str::<StateItem>(&line[..end]).is_err(), "{}", &line[..end]);
        }
        let state: Value = serde_json::from_str(&line).unwrap();
        for required in ["operation_id", "version", "status", "target", "target_key", "holds_target", "sequence"] {
            let mut lacking = state.clone();
            let _taken_out = lacking.as_object_mut().unwrap().remove(required).unwrap();
            assert!(serde_json::from_value::<StateItem>(lacking).is_err(), "without {required}");
        }
    }
}
