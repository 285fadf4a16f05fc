//! The file itself: who may use it, and what is refused.

use std::{
    env, fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::Command,
};

use aurora_restore_core::ports::{Journal, JournalError, OperationFilter};
use aurora_restore_local::SqliteJournal;
use aurora_restore_ops::ports::{Forgotten, Lock, States as _};
use rusqlite::Connection;

use super::support::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

fn unusable(result: Result<SqliteJournal, JournalError>) -> String {
    match result {
        Err(JournalError::Unusable { store, reason }) => format!("{store}: {reason}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_new_journal_is_for_its_owner_alone_and_nothing_else_is_left() {
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path().join("state/aurora-restore");
    let _journal = SqliteJournal::open(&home.join("journal.db")).unwrap();
    assert_eq!((mode(&home), mode(&home.join("journal.db"))), (0o700, 0o600));
    assert_eq!(mode(&directory.path().join("state")), 0o700);
    for name in names(&home) {
        assert!(name.starts_with("journal.db") && !name.contains("draft"), "{name}");
        assert_eq!(mode(&home.join(&name)), 0o600, "{name}");
    }
}

#[test]
fn processes_that_begin_at_once_share_one_journal() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.db");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            drop(scope.spawn(|| SqliteJournal::open(&path).unwrap()));
        }
    });
    let left: Vec<_> = names(directory.path()).into_iter().filter(|name| name.contains("draft")).collect();
    assert_eq!(left, Vec::<String>::new());
}

#[tokio::test]
async fn a_journal_of_a_newer_version_is_refused_and_not_changed() {
    let home = Home::new();
    let _token = home.begin("op-1", "staging").await;
    let path = home.path();
    drop(home.journal);
    let newer = Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 7).unwrap();
    newer.close().unwrap();
    let before = fs::read(&path).unwrap();
    for opened in [SqliteJournal::open(&path), SqliteJournal::open_to_read(&path)] {
        let text = unusable(opened);
        assert!(text.contains("a newer aurora-restore laid it out (form 7"), "{text}");
        assert!(text.contains(&path.display().to_string()), "{text}");
    }
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn what_is_not_a_journal_is_refused_and_not_changed() {
    let directory = tempfile::tempdir().unwrap();
    let text = directory.path().join("notes.txt");
    fs::write(&text, "these are my notes and not a database at all, ".repeat(20)).unwrap();
    let foreign = directory.path().join("foreign.db");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE mine (x)").unwrap();
    let empty = directory.path().join("empty");
    fs::write(&empty, "").unwrap();
    for (path, reason) in
        [(&text, "not a SQLite database"), (&foreign, "not a journal of aurora-restore"), (&empty, "not a journal")]
    {
        let before = fs::read(path).unwrap();
        for opened in [SqliteJournal::open(path), SqliteJournal::open_to_read(path)] {
            let text = unusable(opened);
            assert!(text.contains(reason), "{text}");
        }
        assert_eq!(fs::read(path).unwrap(), before, "{path:?}");
    }
    assert_eq!(names(directory.path()), ["empty", "foreign.db", "notes.txt"]);
}

#[tokio::test]
async fn where_there_is_no_journal_a_reader_sees_none_and_makes_none() {
    let directory = tempfile::tempdir().unwrap();
    let journal = SqliteJournal::open_to_read(&directory.path().join("none/journal.db")).unwrap();
    assert!(journal.list(&OperationFilter::default()).await.unwrap().items.is_empty());
    assert!(matches!(journal.state(&id("op-1")).await.unwrap_err(), JournalError::UnknownOperation { .. }));
    assert!(matches!(journal.create(&new("op-1", "staging")).await.unwrap_err(), JournalError::Unusable { .. }));
    assert_eq!(names(directory.path()), Vec::<String>::new());
}

#[tokio::test]
async fn a_reader_sees_what_a_writer_has_just_written() {
    let home = Home::new();
    let reader = SqliteJournal::open_to_read(&home.path()).unwrap();
    let _token = home.begin("op-1", "staging").await;
    assert_eq!(reader.state(&id("op-1")).await.unwrap().sequence, 1);
    let error = reader.acquire(&id("op-1"), &executor("x")).await.unwrap_err();
    assert!(matches!(error, JournalError::Unusable { .. }), "{error}");
}

#[tokio::test]
async fn a_writer_that_does_not_let_go_makes_the_journal_unavailable() {
    let home = Home::new();
    let _token = home.begin("op-1", "staging").await;
    let hog = Connection::open(home.path()).unwrap();
    hog.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = home.journal.acquire(&id("op-1"), &executor("x")).await.unwrap_err();
    assert!(
        matches!(&error, JournalError::Unavailable { reason, .. } if reason.contains("another process")),
        "{error}"
    );
    // Reading goes on meanwhile.
    assert!(home.journal.head(&id("op-1")).await.is_ok());
}

/// As whoever wrote into the file by hand left it.
#[tokio::test]
async fn a_lock_that_was_left_in_the_file_is_given_up_and_one_that_is_held_is_not() {
    let home = Home::new();
    let _token = home.begin("op-1", "staging").await;
    let other = Connection::open(home.path()).unwrap();
    let left = |cluster: &str, holder: &str| {
        let values = ["111122223333", "eu-central-1", cluster, holder];
        let sql = "INSERT INTO target_locks (account, region, cluster, operation_id) VALUES (?1, ?2, ?3, ?4)";
        assert_eq!(other.execute(sql, values).unwrap(), 1);
        let target = format!("111122223333/eu-central-1/{cluster}");
        Lock { target, holder: aurora_restore_core::ids::OperationId::new(holder).ok() }
    };
    for seen in [left("one", "op-nobody"), left("two", "no id at all")] {
        let stranger = Lock { holder: Some(id("op-1")), ..seen.clone() };
        assert_eq!(home.journal.unlock(&stranger).await.unwrap(), Forgotten::Kept);
        assert_eq!(home.journal.unlock(&seen).await.unwrap(), Forgotten::Gone);
        assert_eq!(home.journal.unlock(&seen).await.unwrap(), Forgotten::Missing);
    }
    let held = Lock { target: target("staging").to_string(), holder: Some(id("op-1")) };
    assert_eq!(home.journal.unlock(&held).await.unwrap(), Forgotten::Kept);
    assert_eq!(home.journal.holder(&target("staging")).await.unwrap(), Some(id("op-1")));
}

#[tokio::test]
async fn what_was_recorded_can_be_neither_changed_nor_deleted_nor_replaced_in_the_file() {
    let home = Home::new();
    let _token = home.begin("op-1", "staging").await;
    let other = Connection::open(home.path()).unwrap();
    for (sql, refusal) in [
        ("UPDATE entries SET body = 'x'", "never changed"),
        ("DELETE FROM entries", "never deleted"),
        ("INSERT OR REPLACE INTO entries VALUES ('op-1', 1, '', 'x', 'x')", "never replaced"),
        ("DELETE FROM operations", "never deleted"),
        ("INSERT OR REPLACE INTO operations SELECT * FROM operations", "never replaced"),
        ("UPDATE operations SET status = 'FAILED'", "has taken this journal over"),
        ("UPDATE target_locks SET operation_id = 'op-2'", "never changed"),
        ("DELETE FROM target_locks", "never given up"),
    ] {
        let error = other.execute(sql, []).unwrap_err();
        assert!(error.to_string().contains(refusal), "{error}");
    }
    let replace = "INSERT OR REPLACE INTO target_locks SELECT account, region, cluster, 'op-2' FROM target_locks";
    assert_eq!(other.execute(replace, []).unwrap(), 0);
    assert_eq!(home.journal.holder(&target("staging")).await.unwrap(), Some(id("op-1")));
    assert_eq!(home.journal.entries(&id("op-1"), 0).await.unwrap(), [entry("op-1", 1, "")]);
}

#[tokio::test]
async fn a_state_of_a_newer_form_is_refused_for_that_operation_alone() {
    let home = Home::new();
    let mut newer = new("op-1", "staging");
    newer.state.version = 99;
    let _token = home.journal.create(&newer).await.unwrap();
    let _token = home.begin("op-2", "other").await;
    let error = home.journal.state(&id("op-1")).await.unwrap_err();
    assert!(matches!(&error, JournalError::Refused { reason, .. } if reason.contains("form 99")), "{error}");
    assert!(home.journal.state(&id("op-2")).await.is_ok());
    let page = home.journal.list(&OperationFilter::default()).await.unwrap();
    assert_eq!((page.items.len(), &page.items[0].operation_id), (1, &id("op-2")));
    assert_eq!((page.refused.len(), &page.refused[0].operation), (1, &id("op-1")));
}

#[tokio::test]
async fn a_draft_of_somebody_else_is_neither_used_nor_removed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.db");
    let draft = |number: u32| directory.path().join(format!("journal.db.draft-{}-{number}", std::process::id()));
    // Other tests of this process take numbers, too.
    let taken: Vec<PathBuf> = (0..60).map(draft).collect();
    for draft in &taken {
        fs::write(draft, "another process is at work").unwrap();
    }
    drop(SqliteJournal::open(&path).unwrap());
    for draft in &taken {
        assert_eq!(fs::read_to_string(draft).unwrap(), "another process is at work", "{draft:?}");
    }
    assert_eq!(names(directory.path()).len(), taken.len() + 1);
}

const READ_ONLY: &str = "AURORA_RESTORE_TEST_READ_ONLY";

/// The body of a child that may read the journal and write nothing.
#[tokio::test]
async fn the_child_reads_what_it_may_not_write() {
    let Some(path) = env::var_os(READ_ONLY) else {
        return;
    };
    let path = Path::new(&path);
    let journal = SqliteJournal::open_to_read(path).unwrap();
    assert_eq!(journal.list(&OperationFilter::default()).await.unwrap().items.len(), 1);
    let text = match SqliteJournal::open(path) {
        Err(error) => error.to_string(),
        Ok(journal) => journal.acquire(&id("op-1"), &executor("x")).await.unwrap_err().to_string(),
    };
    assert!(text.contains("cannot be"), "{text}");
    let text = unusable(SqliteJournal::open(&path.with_file_name("new.db")));
    assert!(text.contains("new.db"), "{text}");
}

#[tokio::test]
async fn a_journal_is_read_without_the_right_to_write() {
    let home = Home::new();
    let _token = home.begin("op-1", "staging").await;
    let path = home.path();
    drop(home.journal);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    fs::set_permissions(home.directory.path(), fs::Permissions::from_mode(0o555)).unwrap();
    // The child runs a copy of this program, from where any user may run it.
    let program = tempfile::tempdir().unwrap();
    fs::set_permissions(program.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let copy = program.path().join("child");
    let _bytes = fs::copy(env::current_exe().unwrap(), &copy).unwrap();
    let mut child = Command::new(&copy);
    let _child = child
        .args(["files::the_child_reads_what_it_may_not_write", "--exact"])
        .env(READ_ONLY, &path)
        .current_dir(program.path());
    if fs::metadata(program.path()).unwrap().uid() == 0 {
        // Permissions do not bind root: the child becomes nobody.
        let _child = child.gid(65534).uid(65534);
    }
    let output = child.output().unwrap();
    fs::set_permissions(home.directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}
