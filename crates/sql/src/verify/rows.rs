//! How many rows each table has: counted as long as the budget lasts, small tables first, then estimated.

use std::time::Duration;

use aurora_restore_core::{
    ports::DatabaseError,
    verification::{CheckOutcome, CheckResult},
};
use tokio_postgres::error::SqlState;

use super::{Check, Task, counted};
use crate::{
    identifier::Quoted,
    session::{Purpose, Session},
};

/// Tables that store rows themselves, smallest first; size and estimate are what the server's statistics say, and less than
/// zero rows where it never looked. Measuring the size would wait for whoever has locked a table.
const TABLES: &str = "
    SELECT n.nspname::text, c.relname::text, c.reltuples::int8 FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ORDER BY c.relpages, 1, 2";

/// What is known about one table.
enum Rows {
    Counted(i64),
    Estimated {
        rows: i64,
        why: String,
    },
    /// The server found the table damaged, or could not read it.
    Broken(String),
}

#[derive(Default)]
struct Sum {
    rows: i64,
    tables_counted: usize,
    tables_estimated: usize,
    tables_broken: usize,
}

/// Counts the rows of all tables. Fails where a table cannot be read through.
pub(super) async fn counts(task: &Task<'_>) -> Result<CheckResult, DatabaseError> {
    let mut check = Check::begin("row counts");
    let mut sum = Sum::default();
    for database in &task.databases {
        let session = task.open_in(database, Purpose::Look).await?;
        for row in session.rows("listing the tables", TABLES, &[]).await? {
            let (schema, table, estimate): (&str, &str, i64) = (row.get(0), row.get(1), row.get(2));
            let left = task.left(task.connector.options.counting_budget, check.elapsed());
            let table_quoted = Quoted::member(schema, table);
            let subject = format!("{database}.{schema}.{table}");
            let value = match count(&session, &table_quoted, estimate, left).await? {
                Rows::Counted(rows) => {
                    sum.rows += rows;
                    sum.tables_counted += 1;
                    rows.to_string()
                }
                Rows::Estimated { rows, why } => {
                    sum.rows += rows.max(0);
                    sum.tables_estimated += 1;
                    match rows {
                        0.. => format!("about {rows} ({why})"),
                        _ => format!("unknown ({why})"),
                    }
                }
                Rows::Broken(reason) => {
                    sum.tables_broken += 1;
                    check.complaint(subject, format!("cannot be read: {reason}"));
                    continue;
                }
            };
            check.detail(subject, value);
        }
    }
    Ok(finish(check, &sum))
}

fn finish(check: Check, sum: &Sum) -> CheckResult {
    let rows = counted(usize::try_from(sum.rows).unwrap_or_default(), "row", "rows");
    let tables = counted(sum.tables_counted, "table counted", "tables counted");
    let mut found = format!("{rows}, {tables}");
    if sum.tables_estimated > 0 {
        found = format!("about {found}, {} estimated", sum.tables_estimated);
    }
    if sum.tables_broken == 0 {
        return check.end(CheckOutcome::Noted, found, None);
    }
    found = format!("{found}, {} unreadable", sum.tables_broken);
    check.end(CheckOutcome::Failed, found, Some("every table can be read through".to_owned()))
}

async fn count(session: &Session, table: &Quoted, estimate: i64, left: Duration) -> Result<Rows, DatabaseError> {
    let estimated = |why: &str| Ok(Rows::Estimated { rows: estimate, why: why.to_owned() });
    if left.as_millis() == 0 {
        return estimated("estimated: the time for counting was used up");
    }
    let limit = format!("SET statement_timeout = {}", left.as_millis());
    session.run("bounding the time for counting", &limit).await?;
    let sql = format!("SELECT count(*) FROM ONLY {table}");
    match session.attempt_rows("counting rows", &sql, &[]).await? {
        Ok(rows) => Ok(Rows::Counted(rows.first().map_or(0, |row| row.get(0)))),
        Err(refusal) if refusal.state == SqlState::QUERY_CANCELED => {
            estimated("estimated: the time for counting was used up")
        }
        Err(refusal) if refusal.state == SqlState::INSUFFICIENT_PRIVILEGE => {
            estimated("estimated: the login may not read all of it")
        }
        Err(refusal) if refusal.state == SqlState::LOCK_NOT_AVAILABLE => estimated("estimated: somebody has locked it"),
        // It was there when the tables were listed.
        Err(refusal) if refusal.state == SqlState::UNDEFINED_TABLE => estimated("estimated: it is gone by now"),
        // A materialised view that was never filled has no rows to count.
        Err(refusal) if refusal.state == SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE => {
            estimated("estimated: it was never filled")
        }
        Err(refusal) => Ok(Rows::Broken(refusal.to_string())),
    }
}
