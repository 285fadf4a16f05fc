//! A short digest of the tables and columns of a database. It reads no rows, needs no privileges, and is the same for
//! every role that asks.

use std::fmt::Write as _;

use aurora_restore_core::ports::{DatabaseError, DatabaseFingerprint};
use sha2::{Digest as _, Sha256};

use crate::session::Session;

const COLUMNS: &str = r#"
    SELECT n.nspname::text, c.relname::text, c.relkind::text, a.attname::text, format_type(a.atttypid, a.atttypmod)
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", a.attnum"#;

/// Computes the digest of the database that `session` is connected to.
pub(crate) async fn of(session: &Session) -> Result<DatabaseFingerprint, DatabaseError> {
    let mut digest = Sha256::new();
    for row in session.rows("reading the tables and columns", COLUMNS, &[]).await? {
        for column in 0..row.len() {
            // The length first, so that no two different lists of columns give the same bytes.
            let text: Option<&str> = row.get(column);
            let text = text.unwrap_or_default();
            digest.update(text.len().to_be_bytes());
            digest.update(text.as_bytes());
        }
    }
    let mut hex = String::new();
    for byte in digest.finalize() {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(DatabaseFingerprint(hex))
}
