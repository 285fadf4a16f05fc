//! A journal file of every form that was ever laid out is read, led up and gone on with for ever.

use std::{
    fs,
    path::{Path, PathBuf},
};

use aurora_restore_core::{
    engine::{Engine, look_at},
    ids::Region,
    journal::{SealedEntry, StateItem, replay},
    operation::Status,
    ports::{Journal, NewOperation, OperationFilter, Ports, TargetKey},
    request::Strategy,
};
use aurora_restore_local::SqliteJournal;
use aurora_restore_testing::{
    block_on, run_to_end,
    scenario::{MOVES_MAX, Scenario, Stage},
    stories::stuck_without_a_way_back,
};
use rusqlite::Connection;

use super::support::*;

/// Every form of the layout.
const FORMS: [u32; 4] = [1, 2, 3, 4];
/// The newest one.
pub(crate) const NEWEST: u32 = 4;

/// What is in each file, with the status of each operation and how many entries it has, the newest first.
const OPERATIONS: [(&str, Status, u64); 3] =
    [("op-done", Status::Completed, 22), ("op-stuck", Status::Stuck, 27), ("op-begun", Status::InProgress, 1)];

/// A copy of the file of this form, to be worked on. `UPDATE_GOLDEN=1` writes the newest one if it does not exist yet; one
/// that exists is never written again.
pub(crate) async fn copy_of(form: u32, directory: &Path) -> PathBuf {
    let golden =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("journal-form-{form}.sqlite"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() && form == NEWEST && !golden.exists() {
        write_today(&golden).await;
    }
    let copy = directory.join(format!("journal-{form}.sqlite"));
    let _bytes = fs::copy(golden, &copy).unwrap();
    copy
}

async fn write_today(path: &Path) {
    let journal = SqliteJournal::open(path).unwrap();
    let stage = Scenario::new(Stage::default());
    stage.run("op-done", stage.swap()).unwrap();
    write(&journal, &stage.journal.stored(&id("op-done")), &Scenario::target_key()).await;
    let stage = Scenario::new(Stage::default());
    let engine = Engine::new(stage.ports());
    let _begun = block_on(engine.begin(stage.begin("op-begun", stage.swap()))).unwrap();
    write(&journal, &stage.journal.stored(&id("op-begun")), &Scenario::target_key()).await;
    let stage = Scenario::new(Stage::default());
    let _stuck = block_on(stuck_without_a_way_back(&stage, &Engine::new(stage.ports()), "op-stuck")).unwrap();
    write(&journal, &stage.journal.stored(&id("op-stuck")), &elsewhere()).await;
}

/// Another place, so that two operations hold a target of the same name.
pub(crate) fn elsewhere() -> TargetKey {
    TargetKey { region: Region::new("eu-west-1").unwrap(), ..Scenario::target_key() }
}

async fn write(journal: &SqliteJournal, entries: &[SealedEntry], target: &TargetKey) {
    let state = |length: usize| StateItem::of(&replay(&entries[..length]).unwrap().0, target);
    let (target, first) = (target.clone(), entries[0].clone());
    let new = NewOperation { target, executor: executor("first"), first, state: state(1) };
    let token = journal.create(&new).await.unwrap();
    for (index, entry) in entries.iter().enumerate().skip(1) {
        journal.append(token, entry, &state(index + 1)).await.unwrap();
    }
}

fn form_of(path: &Path) -> u32 {
    Connection::open(path).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

async fn require_whole(journal: &SqliteJournal) {
    for (operation, status, entries) in OPERATIONS {
        let told = look_at(journal, &id(operation)).await.unwrap();
        assert_eq!((told.status(), told.sequence), (status, entries), "{operation}");
        let state = journal.state(&id(operation)).await.unwrap();
        assert_eq!(state, StateItem { progress: None, ..StateItem::of(&told, &state.target_key) });
        assert_eq!(journal.head(&id(operation)).await.unwrap().sequence, entries);
        let filter = OperationFilter { status: Some(status), ..OperationFilter::default() };
        let page = journal.list(&filter).await.unwrap();
        assert_eq!(page.items, [state]);
    }
    let all = journal.list(&OperationFilter::default()).await.unwrap();
    assert_eq!(all.items.len(), OPERATIONS.len());
    assert_eq!(journal.holder(&Scenario::target_key()).await.unwrap(), Some(id("op-begun")));
    assert_eq!(journal.holder(&elsewhere()).await.unwrap(), Some(id("op-stuck")));
}

#[tokio::test]
async fn a_file_of_every_form_is_read_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    for form in FORMS {
        let path = copy_of(form, directory.path()).await;
        require_whole(&SqliteJournal::open_to_read(&path).unwrap()).await;
        assert_eq!(form_of(&path), form);
    }
}

#[tokio::test]
async fn a_file_of_every_form_is_led_up_and_gone_on_with() {
    let directory = tempfile::tempdir().unwrap();
    for form in FORMS {
        let path = copy_of(form, directory.path()).await;
        let journal = SqliteJournal::open(&path).unwrap();
        assert_eq!(form_of(&path), NEWEST);
        require_whole(&journal).await;

        // The world as it was when the operation was asked for.
        let stage = Scenario::new(Stage::default());
        let engine = Engine::new(Ports { journal: &journal, ..stage.ports() });
        let mut session = engine.attach(&id("op-begun"), &executor("second")).await.unwrap();
        let status = run_to_end(&engine, &mut session, &stage.clock, MOVES_MAX).await.unwrap();
        assert_eq!(status, Status::Completed, "{:?}", session.operation().failure);
        assert_eq!(session.operation().request.strategy, Strategy::Swap);
        assert_eq!(journal.holder(&Scenario::target_key()).await.unwrap(), None);

        let mut session = engine.attach(&id("op-stuck"), &executor("second")).await.unwrap();
        engine.waive_undo(&mut session, "a person", "the new cluster stays").await.unwrap();
        assert_eq!(journal.state(&id("op-stuck")).await.unwrap().status, Status::InProgress);
    }
}

#[tokio::test]
async fn processes_that_lead_one_file_up_at_once_share_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = copy_of(1, directory.path()).await;
    std::thread::scope(|scope| {
        for _ in 0..8 {
            drop(scope.spawn(|| SqliteJournal::open(&path).unwrap()));
        }
    });
    require_whole(&SqliteJournal::open(&path).unwrap()).await;
}

/// A program of the first form that had the file open when it was led up.
#[tokio::test]
async fn an_older_program_cannot_write_to_a_file_that_was_led_up() {
    let directory = tempfile::tempdir().unwrap();
    let path = copy_of(1, directory.path()).await;
    let older = Connection::open(&path).unwrap();
    let journal = SqliteJournal::open(&path).unwrap();
    for change in ["token = token + 1", "sequence = 2, status = 'STUCK'", "state = replace(state, 'staging', 'other')"]
    {
        let error = older.execute(&format!("UPDATE operations SET {change}"), []).unwrap_err();
        assert!(error.to_string().contains("a newer aurora-restore has taken this journal over"), "{error}");
    }
    let begin = "INSERT INTO operations
                     (operation_id, token, executor, sequence, status, target, last_updated_at, state)
                 SELECT 'op-new', token, executor, sequence, status, target, last_updated_at, state FROM operations
                 WHERE operation_id = 'op-begun'";
    let error = older.execute(begin, []).unwrap_err();
    assert!(error.to_string().contains("a newer aurora-restore has taken this journal over"), "{error}");
    require_whole(&journal).await;
}

/// What is in the file besides rows, as it was made.
fn layout_of(path: &Path) -> Vec<(String, Option<String>)> {
    let connection = Connection::open(path).unwrap();
    let mut all = connection.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").unwrap();
    let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn a_new_file_is_laid_out_as_the_newest_golden_one_and_so_is_one_that_was_led_up() {
    let directory = tempfile::tempdir().unwrap();
    let golden = layout_of(&copy_of(NEWEST, directory.path()).await);
    let new = directory.path().join("new.db");
    drop(SqliteJournal::open(&new).unwrap());
    assert_eq!((form_of(&new), layout_of(&new)), (NEWEST, golden.clone()));
    for form in FORMS {
        let path = copy_of(form, directory.path()).await;
        drop(SqliteJournal::open(&path).unwrap());
        assert_eq!(layout_of(&path), golden, "form {form}");
    }
}
