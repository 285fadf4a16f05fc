//! Verification: finding out whether the restored database is what it should be.
//!
//! Every check is a function that gives a [`CheckResult`]; what it finds wrong is a failed result. Sessions are
//! read-only but for one: `amcheck` may have to be installed, which happens in a transaction that is rolled back.

mod custom;
mod integrity;
mod inventory;
mod rows;

use std::time::Instant;

use aurora_restore_core::{
    ports::{DatabaseError, DatabaseErrorKind, DatabaseLogin},
    verification::{CheckDetail, CheckOutcome, CheckResult, IntegrityDepth, VerificationSpec},
};

use crate::session::{Connector, Purpose, Session};

/// What all checks need to know.
pub(crate) struct Task<'a> {
    pub(crate) connector: &'a Connector,
    pub(crate) login: &'a DatabaseLogin,
    pub(crate) spec: &'a VerificationSpec,
    pub(crate) databases: Vec<String>,
}

impl Task<'_> {
    async fn open_in(&self, database: &str, purpose: Purpose) -> Result<Session, DatabaseError> {
        let login = DatabaseLogin { database: database.to_owned(), ..self.login.clone() };
        self.connector.open(&login, purpose).await
    }
}

/// A check that is going on.
pub(crate) struct Check {
    name: String,
    began: Instant,
    details: Vec<CheckDetail>,
}

impl Check {
    pub(crate) fn begin(name: impl Into<String>) -> Self {
        Self { name: name.into(), began: Instant::now(), details: Vec::new() }
    }

    /// Notes a single figure.
    pub(crate) fn detail(&mut self, subject: impl Into<String>, value: impl Into<String>) {
        self.details.push(CheckDetail { subject: subject.into(), value: value.into() });
    }

    pub(crate) fn elapsed(&self) -> std::time::Duration {
        self.began.elapsed()
    }

    /// Ends the check.
    pub(crate) fn end(self, outcome: CheckOutcome, found: impl Into<String>, expected: Option<String>) -> CheckResult {
        CheckResult {
            name: self.name,
            outcome,
            found: found.into(),
            expected,
            took_ms: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            details: self.details,
        }
    }
}

/// Runs all checks of `spec`.
pub(crate) async fn verify(
    connector: &Connector,
    login: &DatabaseLogin,
    spec: &VerificationSpec,
) -> Result<Vec<CheckResult>, DatabaseError> {
    let connecting = Check::begin("connect");
    let home = connector.open(login, Purpose::Look).await?;
    let found = format!("logged in as `{}` to {}/{}", login.username, login.endpoint, login.database);
    let mut results = vec![connecting.end(CheckOutcome::Passed, found, None)];
    results.push(inventory::server_version(&home, spec).await?);

    let databases = choose_databases(&home, spec).await?;
    let task = Task { connector, login, spec, databases };
    results.push(inventory::tables(&task).await?);
    results.push(rows::counts(&task).await?);
    results.push(inventory::sizes(&home, &task).await?);
    results.push(inventory::extensions(&task).await?);
    results.push(inventory::invalid_indexes(&task).await?);
    if spec.integrity != IntegrityDepth::None {
        results.push(integrity::indexes(&task).await?);
    }
    if spec.integrity == IntegrityDepth::IndexesAndHeap {
        results.push(integrity::heaps(&task).await?);
    }
    for check in &spec.custom {
        results.push(custom::run(&task, check).await?);
    }
    Ok(results)
}

async fn choose_databases(home: &Session, spec: &VerificationSpec) -> Result<Vec<String>, DatabaseError> {
    let existing = crate::users::databases(home).await?;
    if spec.databases.is_empty() {
        return Ok(existing);
    }
    match spec.databases.iter().find(|wanted| !existing.contains(wanted)) {
        None => Ok(spec.databases.clone()),
        Some(missing) => {
            let reason = format!("there is no database `{missing}`");
            Err(home.trouble(DatabaseErrorKind::InvalidRequest, "choosing the databases", reason))
        }
    }
}

/// A count with its word, such as `1 table` or `2 tables`.
fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}
