//! What maintenance stores is read back for ever: an export of states, the backup of a stack, the records of changes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
    sync::{Arc, Mutex},
};

use aurora_restore_core::{
    engine::{Engine, look_at},
    operation::{Status, StepKind, StepStatus},
    ports::{Clock as _, Journal as _},
};
use aurora_restore_ops::{
    backup::{self, Backup, Code},
    change::{
        APPROVAL_GOOD_FOR, AliasMove, ChangeControl, ChangeKind, Demand, Figures, Ledger, Outcome, Proposal, Stage,
    },
    ports::{Changes as _, SealedRecord, StackResource},
    state::{Shelf, export, import, verify},
};
use aurora_restore_testing::{
    ManualClock, MemoryChanges, MemoryJournal, block_on, run_to_end,
    scenario::{MOVES_MAX, Scenario, Stage as World, operation},
    stories::{driven_until, step_is},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// What is stored under this name. `UPDATE_GOLDEN=1` writes what does not exist yet; what exists is never written again.
fn stored(name: &str, write: impl FnOnce() -> Vec<u8>) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() && !path.exists() {
        fs::write(&path, write()).unwrap();
    }
    fs::read(path).unwrap()
}

/// A shelf in memory.
#[derive(Clone, Default)]
struct Board(Arc<Mutex<Vec<u8>>>);

impl Board {
    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl Write for Board {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shelf for Board {
    fn keep(self: Box<Self>) -> io::Result<()> {
        Ok(())
    }
}

/// One operation that is completed and whose retired cluster is ended, and one in the middle.
fn states_of_today() -> Vec<u8> {
    let scenario = Scenario::new(World::default());
    let (_, mut session) = scenario.run("op-ended", scenario.swap()).unwrap();
    scenario.settle();
    let (engine, board) = (Engine::new(scenario.ports()), Board::default());
    block_on(async {
        engine.retire(&mut session, "dba@bastion").await.unwrap();
        run_to_end(&engine, &mut session, &scenario.clock, MOVES_MAX).await.unwrap();
        scenario.settle();
        let making = |session: &_| step_is(session, StepKind::CreateInstances, StepStatus::Started);
        driven_until(&scenario, &engine, ("op-open", scenario.swap()), making).await.unwrap();
        let now = scenario.clock.now();
        export(&scenario.journal, &scenario.journal, Box::new(board.clone()), now).await.unwrap();
    });
    board.bytes()
}

#[test]
fn an_export_of_states_is_read_back_and_put_into_a_journal() {
    let bytes = stored("states-v1.jsonl", states_of_today);
    let summary = verify(&bytes[..]).unwrap();
    assert_eq!((summary.operations, summary.left_out), (2, 0));
    let lines: Vec<Value> =
        bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let now: Timestamp = lines[0]["made_at"].as_str().unwrap().parse().unwrap();
    let journal = MemoryJournal::default();
    let put_back = block_on(import(&journal, &bytes[..], &summary, now)).unwrap();
    assert_eq!((put_back.written, put_back.same, put_back.differs.len()), (2, 0, 0));
    let mut entries = 0;
    for (line, id, status) in [(1, "op-ended", Status::Completed), (2, "op-open", Status::InProgress)] {
        let id = operation(id);
        let found = block_on(journal.entries(&id, 0)).unwrap();
        let bodies: Vec<&str> =
            lines[line]["entries"].as_array().unwrap().iter().map(|entry| entry["body"].as_str().unwrap()).collect();
        assert_eq!(found.iter().map(|entry| entry.body.as_str()).collect::<Vec<_>>(), bodies);
        assert_eq!(block_on(look_at(&journal, &id)).unwrap().status(), status);
        let state = block_on(journal.state(&id)).unwrap();
        assert_eq!((state.status, state.sequence), (status, found.len() as u64));
        entries += found.len() as u64;
    }
    assert_eq!(summary.entries, entries);
    // The target is held by the one that has not ended.
    assert_eq!(block_on(journal.holder(&Scenario::target_key())).unwrap(), Some(operation("op-open")));
}

/// A stack with something in every field.
fn a_stack() -> Backup {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Backup {
        made_at: "2026-11-27T10:00:00Z".parse().unwrap(),
        stack: "aurora-restore".to_owned(),
        account: "111122223333".to_owned(),
        region: "eu-central-1".to_owned(),
        status: "UPDATE_COMPLETE".to_owned(),
        template: "Parameters:\n  Environment:\n    Type: String\nResources: {}\n".to_owned(),
        parameters: [pair("Environment", "prod")].into(),
        left_out: vec!["Token".to_owned()],
        tags: [pair("team", "dba")].into(),
        outputs: [pair("StateTableName", "aurora-restore-States")].into(),
        resources: vec![StackResource {
            logical: "StateTable".to_owned(),
            kind: "AWS::DynamoDB::Table".to_owned(),
            physical: "aurora-restore-States".to_owned(),
        }],
        code: Code {
            bucket: "aurora-restore-111122223333-eu-central-1".to_owned(),
            key: "packages/one.zip".to_owned(),
            version: Some("v1".to_owned()),
            sha256: "c0cd5ccfdb563a59366e33e73001b78fdb8cca5a6c48e2f90fffcde44b81f1f6".to_owned(),
            bytes: 9,
            content: Some(b"a package".to_vec()),
        },
        monitoring: "version = 1\n".to_owned(),
    }
}

#[test]
fn the_backup_of_a_stack_is_read_back_whole() {
    let bytes = stored("stack-backup-v1.jsonl", || {
        let board = Board::default();
        backup::write(&a_stack(), Box::new(board.clone())).unwrap();
        board.bytes()
    });
    let (read, digest) = backup::read(&bytes).unwrap();
    assert_eq!(read, a_stack());
    let end: Value = serde_json::from_slice(bytes.split(|byte| *byte == b'\n').nth(1).unwrap()).unwrap();
    assert_eq!(end["sha256"], digest.as_str());
}

const ANN: &str = "arn:aws:iam::111122223333:user/ann";
const BOB: &str = "arn:aws:sts::111122223333:assumed-role/Admin/bob";
const STACK: &str = "ours";

fn figures(count: f64) -> Figures {
    [("operations in progress".to_owned(), count)].into()
}

fn deploy() -> Proposal {
    Proposal::new(ChangeKind::StackDeploy, vec!["parameter Environment: prod".to_owned()], "a", Some("we need it"))
}

fn shift() -> Proposal {
    let moves = vec![AliasMove { function: "ours-undo".to_owned(), from: 3, to: Some(4) }];
    Proposal::new(ChangeKind::FunctionsDeploy, vec!["ours-undo: 3 → 4".to_owned()], "b", None).moving(moves)
}

fn watch() -> Proposal {
    Proposal::new(ChangeKind::MonitoringApply, vec!["alarm sweep-errors is made".to_owned()], "c", None)
}

/// One change that was approved and applied, one that was taken back, and one of which nobody said how it ended.
fn records_of_today() -> Vec<u8> {
    let (changes, clock) = (MemoryChanges::default(), ManualClock::at("2026-11-22T10:00:00Z".parse().unwrap()));
    let of = |by: &'static str| ChangeControl { changes: &changes, clock: &clock, stack: STACK, by };
    let records = block_on(async {
        let id = of(ANN).open(&deploy()).await.unwrap().id;
        clock.turn(SignedDuration::from_mins(1));
        of(BOB).approve(id, None, APPROVAL_GOOD_FOR).await.unwrap();
        of(ANN).begin(&deploy(), Demand::ApprovalOf(id), &figures(2.0)).await.unwrap();
        clock.turn(SignedDuration::from_mins(1));
        of(ANN).end(id, Outcome::Applied, None, &figures(1.5)).await.unwrap();
        let id = of(ANN).begin(&shift(), Demand::Nothing, &figures(0.0)).await.unwrap().id;
        of(ANN).end(id, Outcome::RolledBack, Some("the alarm went off"), &figures(0.0)).await.unwrap();
        of(BOB).begin(&watch(), Demand::Nothing, &Figures::new()).await.unwrap();
        changes.records(STACK).await.unwrap()
    });
    let lines = records.iter().map(|record| {
        let SealedRecord { stack, sequence, previous_hash, hash, body } = record;
        json!({ "stack": stack, "sequence": sequence, "previous_hash": previous_hash, "hash": hash, "body": body })
    });
    (lines.map(|line| line.to_string()).collect::<Vec<_>>().join("\n") + "\n").into_bytes()
}

fn golden_records() -> Vec<SealedRecord> {
    let text = String::from_utf8(stored("changes-v1.jsonl", records_of_today)).unwrap();
    let records = text.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        let word = |name: &str| line[name].as_str().unwrap().to_owned();
        let sequence = line["sequence"].as_u64().unwrap();
        let (stack, previous_hash, hash, body) = (word("stack"), word("previous_hash"), word("hash"), word("body"));
        SealedRecord { stack, sequence, previous_hash, hash, body }
    });
    records.collect()
}

#[test]
fn the_records_of_changes_are_read_back_with_who_what_why_and_how_it_ended() {
    let begun: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    let minute = |minute: i64| begun + SignedDuration::from_mins(minute);
    let ledger = Ledger::read(&golden_records(), minute(60));
    assert_eq!(ledger.broken, None);
    let [applied, taken_back, open] = &ledger.changes[..] else { panic!("{:?}", ledger.changes) };

    assert_eq!((applied.stage, &applied.proposal), (Stage::Applied, &deploy()));
    assert_eq!((applied.opened.by.as_str(), applied.opened.at), (ANN, begun));
    let approval = applied.approval.as_ref().unwrap();
    assert_eq!((approval.signature.by.as_str(), approval.signature.at), (BOB, minute(1)));
    assert_eq!((&approval.digest, approval.until), (&deploy().digest, minute(1) + APPROVAL_GOOD_FOR));
    assert_eq!((&applied.before, &applied.after), (&figures(2.0), &figures(1.5)));
    assert_eq!(applied.ended.as_ref().unwrap().signature.at, minute(2));

    assert_eq!((taken_back.stage, &taken_back.proposal), (Stage::RolledBack, &shift()));
    let ended = taken_back.ended.as_ref().unwrap();
    assert_eq!((ended.outcome, ended.note.as_deref()), (Outcome::RolledBack, Some("the alarm went off")));

    assert_eq!((open.stage, &open.proposal, &open.ended), (Stage::Applying, &watch(), &None));
    assert_eq!(open.began.as_ref().unwrap().by, BOB);
}

#[test]
fn a_record_of_a_change_that_was_altered_or_taken_away_is_found() {
    let golden = golden_records();
    let now = "2026-11-22T11:00:00Z".parse().unwrap();
    for index in 0..golden.len() {
        let mut altered = golden.clone();
        altered[index].body = altered[index].body.replacen("2026", "2025", 1);
        assert!(Ledger::read(&altered, now).broken.is_some(), "altered: {index}");
        if index + 1 < golden.len() {
            let mut missing = golden.clone();
            missing.remove(index);
            assert!(Ledger::read(&missing, now).broken.is_some(), "missing: {index}");
        }
    }
}
