//! Verification: finding out whether the restored database is what it should be.
//!
//! Every check is a function that gives a [`CheckResult`]; what it finds wrong is a failed result. Sessions are
//! read-only but for one: `amcheck` may have to be installed, which happens in a transaction that is rolled back.

mod custom;
mod integrity;
mod inventory;
mod rows;

use std::time::{Duration, Instant};

use aurora_restore_core::{
    ports::{DatabaseError, DatabaseErrorKind, DatabaseLogin},
    verification::{CheckDetail, CheckOutcome, CheckResult, IntegrityDepth, VerificationSpec},
};

use crate::{
    options::Options,
    session::{Connector, Purpose, Session},
};

/// What all checks need to know.
pub(crate) struct Task<'a> {
    pub(crate) connector: &'a Connector,
    pub(crate) login: &'a DatabaseLogin,
    pub(crate) spec: &'a VerificationSpec,
    pub(crate) databases: Vec<String>,
    /// When there is no time left, if anybody set an end.
    until: Option<Instant>,
}

/// Counting ends after this part of the time that there is for everything: the checks that can refuse a restore come after it.
const COUNTING_PART: u32 = 3;

/// The options of whoever has no more time than this: no statement lasts longer, and counting ends early enough for the rest.
fn bounded(options: &Options, within: Duration) -> Options {
    Options {
        // No time at all would be no bound at all.
        statement_timeout: options.statement_timeout.min(within).max(Duration::from_millis(1)),
        counting_budget: options.counting_budget.min(within / COUNTING_PART),
        ..options.clone()
    }
}

impl Task<'_> {
    /// What is left of a budget of which so much was used, within the time that there is for everything.
    fn left(&self, budget: Duration, used: Duration) -> Duration {
        let left = budget.saturating_sub(used);
        self.until.map_or(left, |until| left.min(until.saturating_duration_since(Instant::now())))
    }

    async fn open_in(&self, database: &str, purpose: Purpose) -> Result<Session, DatabaseError> {
        let login = DatabaseLogin { database: database.to_owned(), ..self.login.clone() };
        self.connector.open(&login, purpose).await
    }
}

/// How many single figures, and how many complaints, a check tells of. Results are kept in the journal, whose entries
/// must stay small however many tables there are.
const FIGURES_MAX: usize = 1_000;
const COMPLAINTS_MAX: usize = 200;
/// How much of one figure is told; a value of the users' own may be of any length.
const FIGURE_CHARS_MAX: usize = 300;

/// A check that is going on.
pub(crate) struct Check {
    name: String,
    began: Instant,
    figures: Figures,
    complaints: Figures,
}

/// A list that tells how much it does not tell.
struct Figures {
    told: Vec<CheckDetail>,
    max: usize,
    untold: usize,
}

impl Figures {
    fn new(max: usize) -> Self {
        Self { told: Vec::new(), max, untold: 0 }
    }

    fn add(&mut self, subject: String, value: &str) {
        if self.told.len() < self.max {
            self.told.push(CheckDetail { subject, value: shortened(value) });
        } else {
            self.untold += 1;
        }
    }

    fn into_details(mut self, of: &str) -> Vec<CheckDetail> {
        if self.untold > 0 {
            let value = format!("{} not listed", self.untold);
            self.told.push(CheckDetail { subject: format!("more {of}"), value });
        }
        self.told
    }
}

/// Cuts a text that is too long to be told whole, and says so.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(FIGURE_CHARS_MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… ({} bytes in all)", &text[..end], text.len()),
    }
}

impl Check {
    pub(crate) fn begin(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            began: Instant::now(),
            figures: Figures::new(FIGURES_MAX),
            complaints: Figures::new(COMPLAINTS_MAX),
        }
    }

    /// Notes a single figure.
    pub(crate) fn detail(&mut self, subject: impl Into<String>, value: impl AsRef<str>) {
        self.figures.add(subject.into(), value.as_ref());
    }

    /// Notes what is wrong with one thing. Complaints come first, so that no number of figures hides them.
    pub(crate) fn complaint(&mut self, subject: impl Into<String>, value: impl AsRef<str>) {
        self.complaints.add(subject.into(), value.as_ref());
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Ends the check.
    pub(crate) fn end(self, outcome: CheckOutcome, found: impl AsRef<str>, expected: Option<String>) -> CheckResult {
        let mut details = self.complaints.into_details("complaints");
        details.extend(self.figures.into_details("figures"));
        CheckResult {
            name: self.name,
            outcome,
            found: shortened(found.as_ref()),
            expected,
            took_ms: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            details,
        }
    }
}

/// Runs all checks of `spec`.
pub(crate) async fn verify(
    connector: &Connector,
    login: &DatabaseLogin,
    spec: &VerificationSpec,
) -> Result<Vec<CheckResult>, DatabaseError> {
    let within = spec.within.map(|within| Duration::try_from(within).unwrap_or_default());
    let until = within.and_then(|within| Instant::now().checked_add(within));
    let options = within.map_or_else(|| connector.options.clone(), |within| bounded(&connector.options, within));
    let connector = &Connector { options, ..connector.clone() };
    let connecting = Check::begin("connect");
    let home = connector.open(login, Purpose::Look).await?;
    let found = format!("logged in as `{}` to {}/{}", login.username, login.endpoint, login.database);
    let mut results = vec![connecting.end(CheckOutcome::Passed, found, None)];
    results.push(inventory::server_version(&home, spec).await?);

    let databases = choose_databases(&home, spec).await?;
    let task = Task { connector, login, spec, databases, until };
    results.push(inventory::tables(&task).await?);
    results.push(rows::counts(&task).await?);
    results.push(inventory::sizes(&home, &task).await?);
    results.push(inventory::extensions(&task).await?);
    results.push(inventory::invalid_indexes(&task).await?);
    // What was asked for comes before what may be left out, and is told after it.
    let mut asked = Vec::new();
    for check in &spec.custom {
        asked.push(custom::run(&task, check).await?);
    }
    if spec.integrity != IntegrityDepth::None {
        results.push(integrity::indexes(&task).await?);
    }
    if spec.integrity == IntegrityDepth::IndexesAndHeap {
        results.push(integrity::heaps(&task).await?);
    }
    results.append(&mut asked);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_much_there_is_to_tell_a_result_stays_small_and_its_complaints_are_in_it() {
        let mut check = Check::begin("rows");
        for table in 0..50_000 {
            check.detail(format!("table {table}"), "1");
        }
        check.complaint("the last table", "ü".repeat(1 << 20));
        let result = check.end(CheckOutcome::Failed, "x".repeat(1 << 20), None);
        assert_eq!(result.details[0].subject, "the last table");
        assert!(result.details[0].value.ends_with("… (2097152 bytes in all)"), "{}", result.details[0].value);
        assert_eq!(result.details.last().unwrap().value, "49000 not listed");
        let bytes: usize = result.details.iter().map(|detail| detail.subject.len() + detail.value.len()).sum();
        assert!(bytes + result.found.len() < 100_000, "{bytes}");
    }

    #[test]
    fn a_short_text_is_told_whole() {
        assert_eq!(shortened("größe"), "größe");
    }
}
