//! A journal as any version wrote it is read back for ever; what was altered is refused with the reason.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{fs, path::PathBuf};

use aurora_restore_core::{
    catalogue::ErrorCode,
    engine::{Decision, Engine, decide, is_past_point_of_no_return},
    journal::{JournalRefusal, SealedEntry, WIRE_VERSION, WireError, replay},
    operation::{CancelRequest, End, Event, Failure, Status, StepKind, StepStatus, UndoReason},
};
use aurora_restore_testing::{
    block_on, run_to_end,
    scenario::{MOVES_MAX, Scenario, Stage, operation},
    stories::stuck_without_a_way_back,
};
use jiff::SignedDuration;

/// The stored journal of this name: one entry to a line. `UPDATE_GOLDEN=1` writes one that does not exist yet; one that
/// exists is never written again.
fn stored(name: &str, write: impl FnOnce() -> Vec<SealedEntry>) -> Vec<SealedEntry> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() && !path.exists() {
        let lines: Vec<String> = write().iter().map(|entry| serde_json::to_string(entry).unwrap()).collect();
        fs::write(&path, lines.join("\n") + "\n").unwrap();
    }
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn written_today() -> Vec<SealedEntry> {
    let scenario = Scenario::new(Stage::across());
    scenario.run("op-golden", scenario.swap()).unwrap();
    scenario.journal.stored(&operation("op-golden"))
}

/// A whole restore as the newest form has it.
fn golden() -> Vec<SealedEntry> {
    stored("journal-v2-swap.jsonl", written_today)
}

/// A whole restore as the first form had it.
fn golden_of_version_1() -> Vec<SealedEntry> {
    stored("journal-v1-swap.jsonl", || panic!("nobody can write it any more"))
}

/// A refused replacement that was stuck while being undone, and what a person said: what came with form 2.
fn golden_of_trouble() -> Vec<SealedEntry> {
    stored("journal-v2-waived.jsonl", || {
        let scenario = Scenario::new(Stage::default());
        block_on(async {
            let engine = Engine::new(scenario.ports());
            let (mut session, _) = stuck_without_a_way_back(&scenario, &engine, "op-golden").await.unwrap();
            while session.operation().status() == Status::Stuck {
                engine.waive_undo(&mut session, "a person", "the new cluster stays").await.unwrap();
                run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
            }
        });
        scenario.journal.stored(&operation("op-golden"))
    })
}

#[test]
fn a_whole_restore_of_every_version_is_read_back() {
    for golden in [golden_of_version_1(), golden()] {
        require_whole(&golden);
    }
}

#[test]
fn the_checks_of_a_refused_restore_and_a_persons_words_are_read_back() {
    let (operation, _) = replay(&golden_of_trouble()).unwrap();
    assert_eq!(operation.status(), Status::Failed);
    assert_eq!(operation.facts.refused.len(), 2);
    let note = operation.step(StepKind::SwitchOver).unwrap().note.clone();
    assert_eq!(note.as_deref(), Some("dealt with by a person: the new cluster stays"));
}

fn require_whole(golden: &[SealedEntry]) {
    let (operation, _) = replay(golden).unwrap();
    assert_eq!(operation.status(), Status::Completed);
    assert!(operation.steps.iter().all(|step| step.status == StepStatus::Finished), "{:?}", operation.steps);
    let facts = &operation.facts;
    assert_eq!(facts.plan.as_ref().unwrap().hops.len(), 1);
    assert_eq!(facts.copy.as_ref().unwrap().copies.len(), 1);
    assert_eq!(facts.verified.as_ref().unwrap().fingerprint.0, "shop.customers:20000,shop.orders:180000");
    assert!(facts.switch_over.as_ref().unwrap().retired.is_some());
    assert!(facts.users.is_some() && facts.settings.is_some() && facts.archive.is_some() && facts.notice.is_some());
}

#[test]
fn today_the_same_restore_is_written_in_the_same_words() {
    let kind = |entry: &SealedEntry| {
        let body: serde_json::Value = serde_json::from_str(&entry.body).unwrap();
        format!("{} {} {}", body["v"], body["event"]["kind"], body["event"]["step"])
    };
    let written: Vec<String> = written_today().iter().map(kind).collect();
    assert_eq!(written, golden().iter().map(kind).collect::<Vec<_>>());
}

#[test]
fn a_flipped_bit_anywhere_is_refused() {
    let golden = golden();
    for index in 0..golden.len() {
        for place in [0, golden[index].body.len() / 2, golden[index].body.len() - 1] {
            let mut altered = golden.clone();
            let mut bytes = altered[index].body.clone().into_bytes();
            bytes[place] ^= 1;
            altered[index].body = String::from_utf8(bytes).unwrap();
            let sequence = index as u64 + 1;
            assert_eq!(replay(&altered).unwrap_err(), JournalRefusal::Altered { sequence });
        }
        let mut altered = golden.clone();
        let other = if altered[index].hash.starts_with('0') { "1" } else { "0" };
        altered[index].hash.replace_range(0..1, other);
        assert!(replay(&altered).is_err());
    }
}

#[test]
fn missing_doubled_and_reordered_entries_are_refused() {
    let golden = golden();
    assert_eq!(replay(&[]).unwrap_err(), JournalRefusal::Empty);
    for index in 0..golden.len() - 1 {
        let sequence = index as u64 + 1;
        let mut missing = golden.clone();
        missing.remove(index);
        assert_eq!(replay(&missing).unwrap_err(), JournalRefusal::Gap { expected: sequence, found: sequence + 1 });
        let mut doubled = golden.clone();
        doubled.insert(index, golden[index].clone());
        assert_eq!(replay(&doubled).unwrap_err(), JournalRefusal::Gap { expected: sequence + 1, found: sequence });
        let mut reordered = golden.clone();
        reordered.swap(index, index + 1);
        assert!(matches!(replay(&reordered).unwrap_err(), JournalRefusal::Gap { .. }));
    }
    let mut renumbered = golden.clone();
    renumbered.remove(3);
    renumbered[3].sequence = 4;
    assert_eq!(replay(&renumbered).unwrap_err(), JournalRefusal::BrokenChain { sequence: 4 });
}

#[test]
fn a_journal_that_ends_early_is_an_operation_in_progress() {
    let golden = golden();
    for length in 1..golden.len() {
        let (operation, _) = replay(&golden[..length]).unwrap();
        assert_eq!(operation.status(), Status::InProgress, "after {length} entries");
        assert_eq!(operation.sequence, length as u64);
    }
}

/// Deciding is a pure function of the journal: at every entry it says what was done next.
#[test]
fn the_decision_at_every_entry_is_what_the_journal_did_next() {
    let golden = golden();
    for length in 1..golden.len() {
        let (operation, _) = replay(&golden[..length]).unwrap();
        let (next, _) = replay(&golden[..=length]).unwrap();
        let body: serde_json::Value = serde_json::from_str(&golden[length].body).unwrap();
        let step = || next.steps.iter().find(|step| body["event"]["step"] == step.kind.as_str()).unwrap();
        let expected = match body["event"]["kind"].as_str().unwrap() {
            "step_started" => Decision::StartStep { step: step().kind, attempt: step().attempts },
            "step_finished" | "step_skipped" => Decision::RunStep { step: step().kind },
            "ended" => Decision::End { end: End::Completed },
            other => panic!("a restore without trouble has no {other}"),
        };
        assert_eq!(decide(&operation, operation.updated_at), expected, "after {length} entries");
    }
    let (ended, _) = replay(&golden).unwrap();
    assert_eq!(decide(&ended, ended.updated_at), Decision::Nothing { status: Status::Completed });
}

/// A cancelled journal: the golden one up to an entry, and a request to cancel.
#[test]
fn a_request_to_cancel_turns_back_before_the_point_of_no_return_and_not_after_it() {
    let golden = golden();
    let request = CancelRequest { by: "a person".to_owned(), reason: None };
    for length in 1..golden.len() {
        let (mut operation, _) = replay(&golden[..length]).unwrap();
        let at = operation.updated_at;
        operation.apply(&Event::CancelRequested { request: request.clone() }, at).unwrap();
        let turned = matches!(decide(&operation, at), Decision::TurnBack { reason: UndoReason::Cancelled(_) });
        assert_eq!(turned, !is_past_point_of_no_return(&operation), "after {length} entries");
    }
}

#[test]
fn a_step_that_failed_is_tried_again_after_its_pause_and_not_before() {
    let golden = golden();
    let (mut operation, _) = replay(&golden[..2]).unwrap();
    let at = operation.updated_at;
    let failure = Failure::retryable(ErrorCode::Throttled, "rate exceeded");
    let pause = SignedDuration::from_secs(4);
    let failed = Event::StepFailed {
        step: StepKind::SnapshotCheck,
        failure: failure.clone(),
        retry_after: Some(pause),
        checks: None,
    };
    operation.apply(&failed, at).unwrap();
    assert_eq!(decide(&operation, at), Decision::Sleep { until: at + pause });
    let again = Decision::StartStep { step: StepKind::SnapshotCheck, attempt: 2 };
    assert_eq!(decide(&operation, at + pause), again);

    let (mut operation, _) = replay(&golden[..2]).unwrap();
    let failed = Event::StepFailed { step: StepKind::SnapshotCheck, failure, retry_after: None, checks: None };
    operation.apply(&failed, at).unwrap();
    let reason = UndoReason::Failed { step: StepKind::SnapshotCheck };
    assert_eq!(decide(&operation, at), Decision::TurnBack { reason });
}

#[test]
fn an_entry_of_another_operation_is_refused() {
    let mut golden = golden();
    golden[1].operation = operation("op-other");
    assert!(matches!(replay(&golden).unwrap_err(), JournalRefusal::Foreign { sequence: 2, .. }));
}

#[test]
fn an_entry_of_a_newer_version_is_refused_by_its_number() {
    let first = &golden()[0];
    let next = WIRE_VERSION + 1;
    let newer = first.body.replacen(&format!("\"v\":{WIRE_VERSION}"), &format!("\"v\":{next}"), 1);
    let sealed = reseal(first, newer);
    let refusal = replay(&[sealed]).unwrap_err();
    let source = WireError::TooNew { found: next };
    assert_eq!(refusal, JournalRefusal::Unreadable { sequence: 1, source });
    assert!(refusal.to_string().contains("newer version"), "{refusal}");
}

#[test]
fn an_unknown_field_is_refused_and_not_dropped() {
    let first = &golden()[0];
    let strange = first.body.replacen("{\"v\":", "{\"extra\":true,\"v\":", 1);
    assert_ne!(strange, first.body);
    let refusal = replay(&[reseal(first, strange)]).unwrap_err();
    assert!(matches!(refusal, JournalRefusal::Unreadable { sequence: 1, source: WireError::Malformed { .. } }));
}

/// What a program that knows the chain's rules would write.
fn reseal(entry: &SealedEntry, body: String) -> SealedEntry {
    SealedEntry::over(&entry.operation, entry.sequence, &entry.previous_hash, body)
}
