//! The structure of indexes and tables, page by page, with PostgreSQL's own `amcheck`.
//!
//! Where `amcheck` is not installed in a database it is installed in a transaction that is rolled back, so nothing of it
//! stays. Each object is checked behind a savepoint, because a broken one aborts what was done since.

use std::time::Duration;

use aurora_restore_core::{
    ports::DatabaseError,
    verification::{CheckOutcome, CheckResult, IntegrityDepth},
};

use super::{Check, Task, counted};
use crate::{
    failure::Refusal,
    identifier::Quoted,
    session::{Purpose, Session},
};

/// One of the two checks of `amcheck`.
struct Kind {
    check: &'static str,
    one: &'static str,
    many: &'static str,
    /// The function, to look it up in the extension.
    function: &'static str,
    /// Lists what is to be checked as object id and name, smallest first as far as the server's statistics know.
    objects: &'static str,
    /// Gives one row per complaint for the object `$1`; `{function}` stands for the qualified function.
    sql: &'static str,
}

const INDEXES: Kind = Kind {
    check: "index structure",
    one: "index checked",
    many: "indexes checked",
    function: "bt_index_check",
    objects: "
        SELECT c.oid, n.nspname::text || '.' || c.relname FROM pg_index AS i
        JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
        JOIN pg_am AS a ON a.oid = c.relam
        WHERE a.amname = 'btree' AND c.relkind = 'i' AND c.relpersistence = 'p' AND i.indisvalid AND i.indisready
        ORDER BY c.relpages, 2",
    // The function gives one empty row, or an error where it finds damage.
    sql: "SELECT 'it was not checked'::text FROM (SELECT count(*) AS answers FROM {function}($1::oid::regclass)) AS c
          WHERE answers <> 1",
};

const HEAPS: Kind = Kind {
    check: "heap structure",
    one: "table checked",
    many: "tables checked",
    function: "verify_heapam",
    objects: "
        SELECT c.oid, n.nspname::text || '.' || c.relname FROM pg_class AS c
        JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_am AS a ON a.oid = c.relam
        WHERE a.amname = 'heap' AND c.relkind IN ('r', 'm', 't') AND c.relpersistence = 'p'
        ORDER BY c.relpages, 2",
    sql: "SELECT 'block ' || blkno || ': ' || msg FROM {function}($1::oid::regclass) LIMIT 3",
};

/// What was found so far.
#[derive(Default)]
struct Tally {
    checked: usize,
    broken: usize,
    left_out: usize,
    /// Databases that were not looked into: no time was left.
    databases_left_out: usize,
    /// Databases without a usable `amcheck`, with the reason.
    without: Vec<String>,
}

/// The same indexes, and besides that every row of the table has its entry: this reads the tables too.
const INDEXES_AND_ENTRIES: Kind = Kind {
    sql: "SELECT 'it was not checked'::text FROM (
              SELECT count(*) AS answers FROM {function}($1::oid::regclass, true)) AS c WHERE answers <> 1",
    ..INDEXES
};

/// Checks every B-tree index, those of the system's catalogues too.
pub(super) async fn indexes(task: &Task<'_>) -> Result<CheckResult, DatabaseError> {
    match task.spec.integrity {
        IntegrityDepth::IndexesAndHeap => run(task, &INDEXES_AND_ENTRIES).await,
        IntegrityDepth::Indexes | IntegrityDepth::None => run(task, &INDEXES).await,
    }
}

/// Checks every page of every table.
pub(super) async fn heaps(task: &Task<'_>) -> Result<CheckResult, DatabaseError> {
    run(task, &HEAPS).await
}

async fn run(task: &Task<'_>, kind: &Kind) -> Result<CheckResult, DatabaseError> {
    let mut check = Check::begin(kind.check);
    let mut tally = Tally::default();
    for database in &task.databases {
        // Looking for what to check takes its time, too: with many databases more than there is.
        if task.left(task.connector.options.integrity_budget, check.elapsed()).is_zero() {
            check.detail(database, "not checked: no time was left");
            tally.databases_left_out += 1;
            continue;
        }
        let session = task.open_in(database, Purpose::Manage).await?;
        session.run("preparing amcheck", "BEGIN").await?;
        match function(&session, kind).await? {
            Err(reason) => {
                check.detail(database, format!("not checked: {reason}"));
                tally.without.push(database.clone());
            }
            Ok(function) => {
                let sql = kind.sql.replace("{function}", &function);
                check_all(task, &session, kind, &sql, &mut check, &mut tally, database).await?;
            }
        }
        session.run("leaving amcheck", "ROLLBACK").await?;
    }
    Ok(finish(check, kind, &tally))
}

fn finish(check: Check, kind: &Kind, tally: &Tally) -> CheckResult {
    let mut found = counted(tally.checked, kind.one, kind.many);
    if tally.broken > 0 {
        found = format!("{found}, {} broken", tally.broken);
    }
    if tally.left_out > 0 {
        found = format!("{found}, {} left out", tally.left_out);
    }
    if tally.databases_left_out > 0 {
        found = format!("{found}, {} left out", counted(tally.databases_left_out, "database", "databases"));
    }
    if !tally.without.is_empty() {
        found = format!("{found}, no amcheck in {}", tally.without.join(", "));
    }
    let outcome = if tally.broken > 0 {
        CheckOutcome::Failed
    } else if tally.left_out > 0 || tally.databases_left_out > 0 || !tally.without.is_empty() {
        // Not everything was looked at, so nothing is claimed.
        CheckOutcome::Noted
    } else {
        CheckOutcome::Passed
    };
    check.end(outcome, found, Some("no damage".to_owned()))
}

/// Finds the function of `amcheck` for SQL, installing the extension for this transaction if need be; or says why the
/// check is not possible.
async fn function(session: &Session, kind: &Kind) -> Result<Result<String, String>, DatabaseError> {
    const LOOKING: &str = "looking for amcheck";
    let sql = "
        SELECT n.nspname::text, has_function_privilege(p.oid, 'EXECUTE')
        FROM pg_extension AS e JOIN pg_depend AS d ON d.refobjid = e.oid AND d.deptype = 'e'
             AND d.refclassid = 'pg_extension'::regclass AND d.classid = 'pg_proc'::regclass
        JOIN pg_proc AS p ON p.oid = d.objid JOIN pg_namespace AS n ON n.oid = p.pronamespace
        WHERE e.extname = 'amcheck' AND p.proname = $1 ORDER BY p.pronargs LIMIT 1";
    let installed = session.rows(LOOKING, "SELECT FROM pg_extension WHERE extname = 'amcheck'", &[]);
    if installed.await?.is_empty() {
        // A schema that cannot clash with anything. It goes with the transaction, as the extension does.
        let install = "SAVEPOINT install; CREATE SCHEMA aurora_restore_amcheck; \
                       CREATE EXTENSION amcheck SCHEMA aurora_restore_amcheck";
        if let Err(refusal) = session.attempt(LOOKING, install).await? {
            session.run(LOOKING, "ROLLBACK TO SAVEPOINT install").await?;
            return Ok(Err(format!("amcheck is not installed and cannot be: {refusal}")));
        }
    }
    let rows = session.rows(LOOKING, sql, &[&kind.function]).await?;
    let Some(row) = rows.first() else {
        return Ok(Err(format!("this amcheck has no {}", kind.function)));
    };
    let (schema, may_execute): (&str, bool) = (row.get(0), row.get(1));
    if !may_execute {
        return Ok(Err("the login may not execute amcheck's functions".to_owned()));
    }
    Ok(Ok(Quoted::member(schema, kind.function).to_string()))
}

async fn check_all(
    task: &Task<'_>,
    session: &Session,
    kind: &Kind,
    sql: &str,
    check: &mut Check,
    tally: &mut Tally,
    database: &str,
) -> Result<(), DatabaseError> {
    for row in session.rows("listing what to check", kind.objects, &[]).await? {
        let (object, name): (u32, &str) = (row.get(0), row.get(1));
        let left = task.left(task.connector.options.integrity_budget, check.elapsed());
        if left.as_millis() == 0 {
            tally.left_out += 1;
            continue;
        }
        match check_one(session, sql, object, left).await? {
            Finding::Sound => tally.checked += 1,
            Finding::Broken(complaint) => {
                tally.checked += 1;
                tally.broken += 1;
                check.complaint(format!("{database}.{name}"), complaint);
            }
            Finding::LeftOut(reason) => {
                tally.left_out += 1;
                check.detail(format!("{database}.{name}"), format!("not checked: {reason}"));
            }
        }
    }
    Ok(())
}

enum Finding {
    Sound,
    Broken(String),
    LeftOut(String),
}

async fn check_one(session: &Session, sql: &str, object: u32, left: Duration) -> Result<Finding, DatabaseError> {
    let open = format!("SAVEPOINT checked; SET LOCAL statement_timeout = {}", left.as_millis());
    session.run("checking the structure", &open).await?;
    let answered = session.attempt_rows("checking the structure", sql, &[&object]).await?;
    session.run("checking the structure", "ROLLBACK TO SAVEPOINT checked; RELEASE SAVEPOINT checked").await?;
    Ok(match answered {
        Ok(complaints) if complaints.is_empty() => Finding::Sound,
        Ok(complaints) => {
            let complaints: Vec<&str> = complaints.iter().map(|row| row.get(0)).collect();
            Finding::Broken(complaints.join("; "))
        }
        Err(refusal) if says_nothing_about_damage(&refusal) => Finding::LeftOut(refusal.to_string()),
        Err(refusal) => Finding::Broken(refusal.to_string()),
    })
}

/// Out of time, not allowed, a lock that someone holds, or an object that is gone or of a kind that `amcheck` skips. And
/// whatever the functions of an index may say: they are the users' code, and some find their own tables and functions
/// only along the search path of the users.
fn says_nothing_about_damage(refusal: &Refusal) -> bool {
    /// Not supported; access rules; prerequisite state, locks; cancelled; raised by a function.
    const CLASSES: [&str; 5] = ["0A", "42", "55", "57", "P0"];
    CLASSES.iter().any(|class| refusal.state.code().starts_with(class))
}
