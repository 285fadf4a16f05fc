//! Any lines as the bodies of a journal's entries: each is refused, or is written again as it was read; a journal that can
//! be replayed can be decided on, shown and reported.

use aurora_restore_core::{
    engine::{decide, is_past_point_of_no_return, place, undo_can_be_waived, undo_is_possible},
    ids::{ClusterId, OperationId, Region},
    journal::{Entry, SealedEntry, StateItem, replay},
    operation::Operation,
    ports::TargetKey,
    report,
};

/// No restore comes near it.
const LINES_MAX: usize = 200;

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let entries = sealed(text.lines().take(LINES_MAX));
    for entry in &entries {
        if let Ok(read) = entry.open(entry.sequence, &entry.previous_hash) {
            require_written_again(&read);
        }
    }
    if let Ok((operation, _)) = replay(&entries) {
        look_at(&operation, &entries);
    }
}

/// A chain of these bodies.
pub(crate) fn sealed<'a>(bodies: impl Iterator<Item = &'a str>) -> Vec<SealedEntry> {
    let operation = OperationId::new("op-fuzz").expect("a constant that is an id");
    let mut entries: Vec<SealedEntry> = Vec::new();
    for (sequence, body) in (1..).zip(bodies) {
        let previous = entries.last().map_or("", |entry| entry.hash.as_str());
        let entry = SealedEntry::over(&operation, sequence, previous, body.to_owned());
        entries.push(entry);
    }
    entries
}

fn require_written_again(read: &Entry) {
    let written = SealedEntry::seal(read, "").expect("what was read can be written");
    let again = written.open(read.sequence, "").expect("what was written can be read");
    assert_eq!(again, *read);
    assert_eq!(SealedEntry::seal(&again, "").as_ref(), Ok(&written));
}

fn look_at(operation: &Operation, entries: &[SealedEntry]) {
    let target = TargetKey {
        account: "111122223333".to_owned(),
        region: Region::new("eu-central-1").expect("a constant that is a Region"),
        cluster: ClusterId::new("staging").expect("a constant that is a name"),
    };
    let state = StateItem::of(operation, &target);
    let stored = serde_json::to_string(&state).expect("a state can be written");
    assert_eq!(serde_json::from_str::<StateItem>(&stored).ok(), Some(state));
    let _decision = decide(operation, operation.updated_at);
    let _place = place(operation);
    let _possible = (undo_is_possible(operation), undo_can_be_waived(operation), is_past_point_of_no_return(operation));
    let report = report::of_journal(entries, operation.updated_at).expect("what can be replayed can be reported");
    let _json = serde_json::to_string(&report).expect("a report can be written");
}
