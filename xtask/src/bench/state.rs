//! The maintenance of state on a stand-in for DynamoDB: a purge against the guide's own pipeline of the shell, and what it costs to
//! find what stands still.

use std::{
    collections::BTreeSet,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use aurora_restore_aws::{
    AccountAccess, Connection, CredentialSource, DynamoJournal, EndpointUrl, Network, TablesOptions,
};
use aurora_restore_core::{
    ids::{ExecutorId, OperationId, Region},
    operation::Status,
    ports::Journal as _,
    secret::Secret,
};
use aurora_restore_local::ExportFile;
use aurora_restore_ops::{
    ports::{States as _, Unchanged},
    state::{Purge, STALLED_AFTER, StalledSearch, verify},
};
use aurora_restore_testing::stand_in::{
    REGION, StandIn,
    tables::{self, Seed},
};
use jiff::{SignedDuration, Timestamp};

use super::{Asked, figure, milliseconds};

const ITEMS: usize = 100_000;
const DUE: usize = 10_000;
const STALLED: usize = 5;
/// So many of those that are due change between their export and their deletion.
const CHANGED: usize = 20;
/// So many does the guide's pipeline delete.
const BY_HAND: usize = 100;

const STATE: &str = TablesOptions::STATE_TABLE;
const AUDIT: &str = TablesOptions::AUDIT_TABLE;

pub(super) fn run() -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(text)?;
    let by_hand = by_hand()?;
    println!("the guide's pipeline on {BY_HAND} of {BY_HAND} items: {:.1} ms per item", milliseconds(by_hand));
    runtime.block_on(measure(by_hand))
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn now() -> Timestamp {
    // A constant keeps the figures of two days comparable; nothing here looks at the clock.
    Timestamp::from_second(1_795_341_600).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn old(number: usize) -> Seed {
    let at = now() - SignedDuration::from_hours(24 * 120);
    Seed { id: format!("old-{number:06}"), is_completed: true, at, with_entries: true }
}

/// The guide's own commands with `status` aliased. Their `xargs` takes all ids of a page for one, which deletes nothing: here each
/// gets a line of its own.
fn by_hand() -> Result<Duration, String> {
    let server = StandIn::ministack();
    tables::create(&server, STATE, AUDIT);
    let seeds: Vec<Seed> = (0..BY_HAND).map(|number| Seed { with_entries: false, ..old(number) }).collect();
    tables::seed(&server, STATE, AUDIT, &seeds);
    let pipeline = format!(
        r##"aws dynamodb scan --table-name {STATE} \
            --filter-expression "#status = :status AND last_updated_at < :date" \
            --expression-attribute-names '{{"#status": "status"}}' \
            --expression-attribute-values '{{":status": {{"S":"COMPLETED"}}, ":date": {{"S":"2040-01-01"}}}}' \
            --query "Items[*].operation_id.S" --output text | tr '\t' '\n' | xargs -I {{}} aws dynamodb delete-item \
            --table-name {STATE} --key '{{"operation_id": {{"S":"{{}}"}}}}'"##
    );
    let programs = std::env::var("AURORA_RESTORE_TEST_VENV").unwrap_or_else(|_| ".venv".to_owned());
    let path = format!("{programs}/bin:{}", std::env::var("PATH").unwrap_or_default());
    let began = Instant::now();
    let status = Command::new("sh")
        .args(["-c", &pipeline])
        .env("PATH", path)
        .env("AWS_ENDPOINT_URL", server.url())
        .env("AWS_DEFAULT_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .stdin(Stdio::null())
        .status()
        .map_err(text)?;
    let took = began.elapsed();
    if !status.success() {
        return Err(format!("the guide's pipeline ended with {status}"));
    }
    let left = server.json("dynamodb", "DynamoDB_20120810.Scan", &serde_json::json!({ "TableName": STATE }));
    if left["Count"] != 0 {
        return Err(format!("the guide's pipeline has left {} items", left["Count"]));
    }
    Ok(took / u32::try_from(BY_HAND).unwrap_or(1))
}

async fn open(url: &str) -> Result<DynamoJournal, String> {
    let keys = CredentialSource::Keys { access_key: "test".to_owned(), secret_key: Secret::new("not-checked") };
    let access = AccountAccess { credentials: keys, role: None };
    let region = Region::new(REGION).map_err(text)?;
    let connection = Connection::open(&region, &access, None, &Network::default()).await.map_err(text)?;
    let endpoint = Some(EndpointUrl::new(url).map_err(text)?);
    DynamoJournal::new(&connection, &TablesOptions { endpoint, ..TablesOptions::default() }).map_err(text)
}

/// Everything that is in the tables.
fn seeds() -> Vec<Seed> {
    let young = now() - SignedDuration::from_hours(1);
    let stalled = now() - STALLED_AFTER - SignedDuration::from_hours(1);
    let other = |id: String, is_completed, at| Seed { id, is_completed, at, with_entries: false };
    let due = (0..DUE).map(old);
    let standing = (0..STALLED).map(|number| other(format!("stalled-{number}"), false, stalled));
    let rest = (DUE + STALLED..ITEMS).map(|number| other(format!("young-{number:06}"), number % 10 != 0, young));
    due.chain(standing).chain(rest).collect()
}

async fn measure(by_hand: Duration) -> Result<(), String> {
    let server = StandIn::ministack();
    tables::create(&server, STATE, AUDIT);
    let seeds = seeds();
    tables::seed(&server, STATE, AUDIT, &seeds);
    println!("seeded {} items, {DUE} of them due", seeds.len());
    let journal = open(&server.url()).await?;
    stalled(&journal).await?;
    let scratch = tempfile::tempdir().map_err(text)?;
    let (took, changed) = purge(&journal, &scratch.path().join("purge.jsonl")).await?;
    let per_item = took / u32::try_from(DUE).unwrap_or(1);
    figure("state purge, 10,000 of 100,000, per item", milliseconds(per_item), (2, " ms"), Asked::Nothing)?;
    let ratio = by_hand.as_secs_f64() / per_item.as_secs_f64();
    let wrong = wrong(&journal, &seeds, &changed).await?;
    let faster = figure("the guide's pipeline takes so many times as long", ratio, (0, " x"), Asked::AtLeast(100.0));
    faster.and(figure("wrong deletions", wrong as f64, (0, ""), Asked::AtMost(0.0)))
}

async fn stalled(journal: &DynamoJournal) -> Result<(), String> {
    let one = Unchanged { status: Status::InProgress, until: now(), limit: 1, cursor: None };
    let of_one = journal.unchanged(&one).await.map_err(text)?.read_units.unwrap_or_default();
    let search = StalledSearch {
        journal: None,
        states: journal,
        executions: None,
        now: now(),
        older_than: STALLED_AFTER,
        page: 100,
    };
    let found = search.find().await.map_err(text)?;
    if found.stalled.len() != STALLED {
        return Err(format!("{} have stalled and not {STALLED}", found.stalled.len()));
    }
    let units = found.read_units.unwrap_or_default();
    figure("state stalled, 5 of 100,000: units read", units, (1, ""), Asked::AtMost(10.0 * of_one))
}

/// Purges, and lets some that are due change between their export and their deletion.
async fn purge(journal: &DynamoJournal, path: &Path) -> Result<(Duration, BTreeSet<OperationId>), String> {
    let purge = Purge { journal, states: journal, drills: false };
    let until = now() - SignedDuration::from_hours(24 * 90);
    let began = Instant::now();
    let plan = purge.plan(Status::Completed, until, ITEMS).await.map_err(text)?;
    let planned = began.elapsed();
    let shelf = Box::new(ExportFile::create(path).map_err(text)?);
    let batch = purge.export(plan, shelf, now()).await.map_err(text)?;
    let exported = began.elapsed();
    let mut changed = BTreeSet::new();
    for number in 0..CHANGED {
        let id = OperationId::new(old(number * (DUE / CHANGED)).id).map_err(text)?;
        let rival = ExecutorId::new("rival").map_err(text)?;
        let _token = journal.acquire(&id, &rival).await.map_err(text)?;
        changed.insert(id);
    }
    let began = Instant::now();
    let purged = purge.delete(&batch, |_| {}).await.map_err(text)?;
    let took = exported + began.elapsed();
    let file = std::fs::File::open(path).map_err(text)?;
    let summary = verify(std::io::BufReader::new(file)).map_err(text)?;
    println!(
        "planned in {planned:.1?}, exported {} in {:.1?}, deleted {} in {:.1?}",
        summary.operations,
        exported.saturating_sub(planned),
        purged.gone,
        began.elapsed()
    );
    if purged.gone + u64::try_from(CHANGED).unwrap_or_default() != summary.operations {
        return Err(format!("{} were exported and {} deleted", summary.operations, purged.gone));
    }
    Ok((took, changed))
}

/// How many items are gone that should be there, or there that should be gone.
async fn wrong(journal: &DynamoJournal, seeds: &[Seed], changed: &BTreeSet<OperationId>) -> Result<usize, String> {
    let is_due = |seed: &Seed| seed.with_entries && !changed.iter().any(|id| id.as_str() == seed.id);
    let expected: BTreeSet<&str> = seeds.iter().filter(|seed| !is_due(seed)).map(|seed| seed.id.as_str()).collect();
    let mut found = BTreeSet::new();
    let mut cursor: Option<String> = None;
    // Bounded by the table, which ends.
    loop {
        let page = journal.page(cursor.as_deref()).await.map_err(text)?.states;
        found.extend(page.items.into_iter().map(|stored| stored.state.operation_id.to_string()));
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
    Ok(expected.symmetric_difference(&found).count())
}
