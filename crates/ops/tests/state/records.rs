//! Exports and imports: what goes out comes back, and nothing else does.

use aurora_restore_core::{
    journal::replay,
    ports::{Clock as _, Journal as _},
};
use aurora_restore_ops::state::{Kind, ReadError, StateError, export, import, verify};
use aurora_restore_testing::{
    MemoryJournal,
    scenario::{Scenario, Stage},
};

use crate::stage::{Board, Full, done, halfway, seen};

/// A journal with two operations, and its export.
async fn exported() -> (Scenario, Vec<u8>) {
    let scenario = Scenario::new(Stage::default());
    done(&scenario, "op-ended");
    halfway(&scenario, "op-open");
    let board = Board::default();
    let exported = export(&scenario.journal, &scenario.journal, board.shelf(), scenario.clock.now()).await.unwrap();
    assert_eq!((exported.summary.operations, exported.findings), (2, vec![]));
    let bytes = board.kept().unwrap();
    (scenario, bytes)
}

#[tokio::test]
async fn an_export_is_proven_and_put_back_into_an_empty_journal() {
    let (scenario, bytes) = exported().await;
    let summary = verify(&bytes[..]).unwrap();
    let (empty, now) = (MemoryJournal::default(), scenario.clock.now());
    let imported = import(&empty, &bytes[..], &summary, now).await.unwrap();
    assert_eq!((imported.written, imported.same, imported.differs.len()), (2, 0, 0));
    for id in ["op-ended", "op-open"].map(|id| id.parse().unwrap()) {
        assert_eq!(empty.entries(&id, 0).await.unwrap(), scenario.journal.entries(&id, 0).await.unwrap());
        let (before, after) = (seen(&scenario.journal, &id).await.unwrap(), seen(&empty, &id).await.unwrap());
        let ttl = after.state.ttl;
        assert_eq!(after.state, aurora_restore_core::journal::StateItem { ttl, progress: None, ..before.state });
        // Whoever executed it is fenced off.
        assert!(after.token > before.token);
    }
    assert_eq!(empty.holder(&Scenario::target_key()).await.unwrap(), Some("op-open".parse().unwrap()));
    // Again, nothing is written.
    let again = import(&empty, &bytes[..], &summary, now).await.unwrap();
    assert_eq!((again.written, again.same, again.differs.len()), (0, 2, 0));
    // The export of what was put back has the same digest but for when it was made.
    let board = Board::default();
    export(&empty, &empty, board.shelf(), now).await.unwrap();
    assert_eq!(board.kept().unwrap(), bytes);
}

#[tokio::test]
async fn what_has_gone_on_since_is_not_written_over() {
    let (scenario, bytes) = exported().await;
    let summary = verify(&bytes[..]).unwrap();
    let id = "op-open".parse().unwrap();
    let engine = aurora_restore_core::engine::Engine::new(scenario.ports());
    let _session = engine.attach(&id, &"second".parse().unwrap()).await.unwrap();
    let before = seen(&scenario.journal, &id).await;
    let imported = import(&scenario.journal, &bytes[..], &summary, scenario.clock.now()).await.unwrap();
    assert_eq!((imported.written, imported.same), (0, 1));
    assert_eq!(imported.differs.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["op-open"]);
    assert_eq!(seen(&scenario.journal, &id).await, before);
}

#[tokio::test]
async fn an_export_that_was_cut_altered_or_mixed_is_refused_wherever_that_was() {
    let (_, bytes) = exported().await;
    let text = String::from_utf8(bytes.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4);
    // Cut at any line, or in the middle of one.
    for cut in [1, bytes.len() / 2, bytes.len() - 1, text.len() - lines[3].len() - 1] {
        let error = verify(&bytes[..cut]).unwrap_err();
        assert!(matches!(error, ReadError::Cut { .. }), "{cut}: {error}");
    }
    // Altered where only the digest shows it.
    let altered = text.replacen("\"version\":1,\"status\":\"COMPLETED\"", "\"version\":1,\"status\":\"FAILED\"", 1);
    assert_ne!(altered, text);
    assert!(matches!(verify(altered.as_bytes()).unwrap_err(), ReadError::Altered { .. }));
    // Altered in an entry: the chain shows it, whatever the digest says.
    let altered = text.replacen("snapshot-check", "snapshot-chuck", 1);
    assert!(matches!(verify(altered.as_bytes()).unwrap_err(), ReadError::Unsound { line: 2, .. }));
    // Of a newer form.
    let newer = text.replacen("\"version\":1", "\"version\":2", 1);
    assert!(matches!(verify(newer.as_bytes()).unwrap_err(), ReadError::TooNew { found: 2 }));
    // With something behind its end, or no export at all.
    for other in [format!("{text}{}\n", lines[1]), "hello\n".to_owned(), String::new(), "{}\n".to_owned()] {
        assert!(matches!(verify(other.as_bytes()).unwrap_err(), ReadError::NotAnExport { .. }), "{other}");
    }
    // One operation left away.
    let shorter = [lines[0], lines[1], lines[3], ""].join("\n");
    assert!(matches!(verify(shorter.as_bytes()).unwrap_err(), ReadError::Altered { .. }));
}

#[tokio::test]
async fn what_cannot_be_trusted_is_left_out_and_told() {
    let (scenario, _) = exported().await;
    scenario.journal.tamper(&"op-ended".parse().unwrap(), |entries, _| drop(entries.pop()));
    let board = Board::default();
    let exported = export(&scenario.journal, &scenario.journal, board.shelf(), scenario.clock.now()).await.unwrap();
    // A chain that was cut at its end replays, and what was exported of it would be believed.
    assert_eq!(exported.findings.iter().map(|it| it.kind).collect::<Vec<_>>(), [Kind::BrokenChain]);
    assert_eq!((exported.summary.operations, exported.summary.left_out), (1, 1));
    assert_eq!(verify(&board.kept().unwrap()[..]).unwrap(), exported.summary);
}

#[tokio::test]
async fn an_item_that_was_set_by_hand_comes_back_as_its_entries_say() {
    let (scenario, _) = exported().await;
    let id = "op-open".parse().unwrap();
    scenario.journal.tamper(&id, |_, state| state.status = aurora_restore_core::operation::Status::Failed);
    let board = Board::default();
    let exported = export(&scenario.journal, &scenario.journal, board.shelf(), scenario.clock.now()).await.unwrap();
    assert_eq!(exported.findings.iter().map(|it| it.kind).collect::<Vec<_>>(), [Kind::AlteredState]);
    let (empty, bytes) = (MemoryJournal::default(), board.kept().unwrap());
    import(&empty, &bytes[..], &verify(&bytes[..]).unwrap(), scenario.clock.now()).await.unwrap();
    let (operation, _) = replay(&empty.entries(&id, 0).await.unwrap()).unwrap();
    assert_eq!(empty.state(&id).await.unwrap().status, operation.status());
}

#[tokio::test]
async fn an_operation_comes_back_where_its_entries_say_whatever_stands_in_its_item() {
    let (scenario, _) = exported().await;
    let id = "op-open".parse().unwrap();
    let said = scenario.journal.state(&id).await.unwrap().target_key;
    scenario.journal.tamper(&id, |_, state| {
        state.target_key.account = "999988887777".to_owned();
        state.target_key.region = aurora_restore_core::ids::Region::new("us-east-1").unwrap();
    });
    let board = Board::default();
    let exported = export(&scenario.journal, &scenario.journal, board.shelf(), scenario.clock.now()).await.unwrap();
    assert!(exported.findings[0].evidence.contains("`target_key` is 999988887777/us-east-1/"), "{exported:?}");
    let (empty, bytes) = (MemoryJournal::default(), board.kept().unwrap());
    import(&empty, &bytes[..], &verify(&bytes[..]).unwrap(), scenario.clock.now()).await.unwrap();
    assert_eq!(empty.state(&id).await.unwrap().target_key, said);
}

#[tokio::test]
async fn a_disk_that_is_full_is_told() {
    let (scenario, _) = exported().await;
    let error = export(&scenario.journal, &scenario.journal, Box::new(Full), scenario.clock.now()).await.unwrap_err();
    assert!(matches!(error, StateError::Write(_)), "{error}");
}
