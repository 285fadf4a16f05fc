//! What is there: version, tables, sizes, extensions, and indexes that the server itself calls invalid.

use aurora_restore_core::{
    ports::DatabaseError,
    verification::{CheckOutcome, CheckResult, VerificationSpec},
};

use super::{Check, Task, counted};
use crate::session::{Purpose, Session};

const USER_SCHEMAS: &str = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

/// Compares the major version of the server with the one that was asked for.
pub(super) async fn server_version(home: &Session, spec: &VerificationSpec) -> Result<CheckResult, DatabaseError> {
    let check = Check::begin("server version");
    let sql = "SELECT current_setting('server_version')";
    let found: String = home.row("asking for the server's version", sql, &[]).await?.get(0);
    let outcome =
        if major(&found) == major(&spec.engine_version) { CheckOutcome::Passed } else { CheckOutcome::Failed };
    let expected = format!("major version {}", major(&spec.engine_version));
    Ok(check.end(outcome, found, Some(expected)))
}

/// The digits in front of the first dot: since 10 that is the major version.
fn major(version: &str) -> &str {
    version.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default()
}

/// Counts schemas and tables.
pub(super) async fn tables(task: &Task<'_>) -> Result<CheckResult, DatabaseError> {
    let mut check = Check::begin("tables");
    let sql = format!(
        "SELECT n.nspname::text, count(c.oid) FROM pg_namespace AS n \
         LEFT JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p') \
         WHERE {USER_SCHEMAS} GROUP BY 1 ORDER BY 1"
    );
    let (mut tables, mut schemas) = (0, 0);
    for database in &task.databases {
        let session = task.open_in(database, Purpose::Look).await?;
        for row in session.rows("counting the tables", &sql, &[]).await? {
            let (schema, count): (&str, i64) = (row.get(0), row.get(1));
            let count = usize::try_from(count).unwrap_or_default();
            check.detail(format!("{database}.{schema}"), counted(count, "table", "tables"));
            tables += count;
            schemas += 1;
        }
    }
    let wanted = task.spec.tables_min;
    let enough = u64::try_from(tables).is_ok_and(|tables| tables >= wanted);
    let found = format!(
        "{} in {} of {}",
        counted(tables, "table", "tables"),
        counted(schemas, "schema", "schemas"),
        counted(task.databases.len(), "database", "databases")
    );
    let outcome = if enough { CheckOutcome::Passed } else { CheckOutcome::Failed };
    Ok(check.end(outcome, found, Some(format!("at least {wanted}"))))
}

/// Notes how large the databases are.
pub(super) async fn sizes(home: &Session, task: &Task<'_>) -> Result<CheckResult, DatabaseError> {
    let mut check = Check::begin("sizes");
    let sql = "SELECT datname::text, pg_database_size(oid) FROM pg_database \
               WHERE datname = ANY($1) ORDER BY datname";
    match home.attempt_rows("measuring the databases", sql, &[&task.databases]).await? {
        Err(refusal) => Ok(check.end(CheckOutcome::Noted, format!("not measured: {refusal}"), None)),
        Ok(rows) => {
            let mut bytes_all = 0;
            for row in rows {
                let (database, bytes): (String, i64) = (row.get(0), row.get(1));
                check.detail(database, format!("{bytes} bytes"));
                bytes_all += bytes;
            }
            Ok(check.end(CheckOutcome::Noted, format!("{bytes_all} bytes"), None))
        }
    }
}

/// Notes which extensions are installed.
pub(super) async fn extensions(task: &Task<'_>) -> Result<CheckResult, DatabaseError> {
    let mut check = Check::begin("extensions");
    let sql = "SELECT extname::text, extversion FROM pg_extension ORDER BY extname";
    let mut count = 0;
    for database in &task.databases {
        let session = task.open_in(database, Purpose::Look).await?;
        for row in session.rows("listing the extensions", sql, &[]).await? {
            let name: &str = row.get(0);
            check.detail(format!("{database}.{name}"), row.get::<_, &str>(1));
            count += 1;
        }
    }
    Ok(check.end(CheckOutcome::Noted, counted(count, "extension", "extensions"), None))
}

/// Finds indexes that the server does not use, because building them was never finished.
pub(super) async fn invalid_indexes(task: &Task<'_>) -> Result<CheckResult, DatabaseError> {
    let mut check = Check::begin("invalid indexes");
    let sql = format!(
        "SELECT n.nspname::text || '.' || c.relname, i.indisready FROM pg_index AS i \
         JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace \
         WHERE {USER_SCHEMAS} AND NOT (i.indisvalid AND i.indisready AND i.indislive) ORDER BY 1"
    );
    let mut count = 0;
    for database in &task.databases {
        let session = task.open_in(database, Purpose::Look).await?;
        for row in session.rows("looking for invalid indexes", &sql, &[]).await? {
            let (index, ready): (&str, bool) = (row.get(0), row.get(1));
            let value = if ready { "not valid" } else { "not valid and not kept up to date" };
            check.complaint(format!("{database}.{index}"), value);
            count += 1;
        }
    }
    let outcome = if count == 0 { CheckOutcome::Passed } else { CheckOutcome::Failed };
    let found = counted(count, "invalid index", "invalid indexes");
    Ok(check.end(outcome, found, Some("none".to_owned())))
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_major_version_is_read_from_what_servers_and_rds_say() {
        for (version, expected) in [("15.14", "15"), ("15.14 (Debian 15.14-0)", "15"), ("17beta1", "17"), ("16", "16")]
        {
            assert_eq!(major(version), expected);
        }
    }
}
