//! Verification finds a bad restore and lets a good one pass.

use std::{
    fs::File,
    os::unix::fs::FileExt as _,
    time::{Duration, Instant},
};

use aurora_restore_core::{
    ports::{Database as _, DatabaseErrorKind},
    verification::{CheckOutcome, CheckResult, CustomCheck, Expectation, IntegrityDepth, VerificationSpec},
};
use aurora_restore_sql::Postgres;
use jiff::SignedDuration;

use crate::{server::Server, source};

/// What every test asks for unless it asks for something else.
async fn spec(server: &Server) -> VerificationSpec {
    VerificationSpec {
        engine_version: server.text("postgres", "SHOW server_version_num").await[..2].to_owned() + ".1",
        databases: Vec::new(),
        tables_min: 1,
        integrity: IntegrityDepth::Indexes,
        custom: Vec::new(),
        snapshot_at: Some("2026-03-01T03:00:00Z".parse().unwrap()),
        within: None,
    }
}

/// On Aurora the master may use `amcheck`; plain PostgreSQL leaves it to superusers.
async fn allow_amcheck(server: &Server) {
    for database in ["postgres", "shop", source::WEIRD_DATABASE] {
        server
            .execute(
                database,
                "CREATE SCHEMA checking; CREATE EXTENSION amcheck SCHEMA checking; GRANT USAGE ON SCHEMA checking TO master;
                 GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA checking TO master",
            )
            .await;
    }
    // Verification runs after the set-up, which lets the master in everywhere.
    let admit = "GRANT CONNECT ON DATABASE \"Weird \"\"DB\"\" größe\" TO master";
    server.execute("postgres", admit).await;
}

async fn filled() -> Server {
    let server = Server::start().await;
    source::populate(&server).await;
    allow_amcheck(&server).await;
    server
}

fn find<'a>(results: &'a [CheckResult], name: &str) -> &'a CheckResult {
    results.iter().find(|result| result.name == name).unwrap()
}

fn detail<'a>(result: &'a CheckResult, subject: &str) -> &'a str {
    let found = result.details.iter().find(|detail| detail.subject == subject);
    &found.unwrap_or_else(|| panic!("{subject} in {result:#?}")).value
}

#[tokio::test]
async fn a_good_restore_passes_with_figures() {
    let server = filled().await;
    let mut spec = spec(&server).await;
    spec.integrity = IntegrityDepth::IndexesAndHeap;
    let results = server.database().verify(&server.master(), &spec).await.unwrap();
    let failed: Vec<_> = results.iter().filter(|result| result.outcome == CheckOutcome::Failed).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let names: Vec<&str> = results.iter().map(|result| result.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "connect",
            "server version",
            "tables",
            "row counts",
            "sizes",
            "extensions",
            "invalid indexes",
            "index structure",
            "heap structure"
        ]
    );
    assert_eq!(detail(find(&results, "tables"), "shop.sales"), "4 tables");
    let rows = find(&results, "row counts");
    assert_eq!(detail(rows, "shop.sales.orders"), "3000");
    assert_eq!(detail(rows, "shop.sales.customers"), "500");
    assert_eq!(detail(find(&results, "extensions"), "shop.plpgsql"), "1.0");
    assert_eq!(find(&results, "invalid indexes").outcome, CheckOutcome::Passed);
    assert_eq!(find(&results, "index structure").outcome, CheckOutcome::Passed, "{results:#?}");
    assert_eq!(find(&results, "heap structure").outcome, CheckOutcome::Passed, "{results:#?}");
}

#[tokio::test]
async fn another_major_version_and_too_few_tables_fail() {
    let server = filled().await;
    let mut spec = spec(&server).await;
    spec.engine_version = "11.9".to_owned();
    spec.tables_min = 1000;
    let results = server.database().verify(&server.master(), &spec).await.unwrap();
    assert_eq!(find(&results, "server version").outcome, CheckOutcome::Failed);
    assert_eq!(find(&results, "server version").expected.as_deref(), Some("major version 11"));
    assert_eq!(find(&results, "tables").outcome, CheckOutcome::Failed);
}

#[tokio::test]
async fn an_index_that_was_never_finished_is_found() {
    let server = filled().await;
    let duplicate = "INSERT INTO public.notes VALUES ('a'), ('a')";
    server.execute("shop", duplicate).await;
    let create = "CREATE UNIQUE INDEX CONCURRENTLY unfinished ON public.notes (note)";
    server.engine("shop").await.batch_execute(create).await.unwrap_err();
    let results = server.database().verify(&server.master(), &spec(&server).await).await.unwrap();
    let found = find(&results, "invalid indexes");
    assert_eq!((found.outcome, found.found.as_str()), (CheckOutcome::Failed, "1 invalid index"));
    assert!(detail(found, "shop.public.unfinished").starts_with("not valid"));
}

/// Overwrites part of a relation's file while the server is stopped.
async fn damage(server: &mut Server, relation: &str, offset: u64, bytes: &[u8]) {
    server.execute("shop", "CHECKPOINT").await;
    let path = format!("SELECT pg_relation_filepath('{relation}')");
    let path = server.data().join(server.text("shop", &path).await);
    server.stop();
    let file = File::options().write(true).open(path).unwrap();
    file.write_all_at(bytes, offset).unwrap();
    file.sync_all().unwrap();
    server.launch().await;
}

#[tokio::test]
async fn a_damaged_index_is_found_page_by_page() {
    let mut server = filled().await;
    // The second page of the index is its first leaf. Its entries are the items in the last part of the page: zeroes
    // there leave the page readable, but its keys out of order.
    damage(&mut server, "sales.orders_pkey", 8192 + 4096, &[0; 2048]).await;
    let results = server.database().verify(&server.master(), &spec(&server).await).await.unwrap();
    let found = find(&results, "index structure");
    assert_eq!(found.outcome, CheckOutcome::Failed, "{found:#?}");
    assert!(found.found.ends_with(", 1 broken"), "{found:#?}");
    assert!(detail(found, "shop.sales.orders_pkey").contains("SQLSTATE XX00"), "{found:#?}");
    // The table itself is sound, and the check went on after the damage.
    assert_eq!(find(&results, "row counts").outcome, CheckOutcome::Noted);
}

#[tokio::test]
async fn a_row_that_an_index_does_not_know_is_found_by_the_deeper_check() {
    let server = filled().await;
    let ready = |ready: bool| {
        format!("UPDATE pg_index SET indisready = {ready} WHERE indexrelid = 'sales.orders_pkey'::regclass")
    };
    server.execute("shop", &ready(false)).await;
    let insert = "INSERT INTO sales.orders (placed) VALUES (now())";
    server.execute("shop", insert).await;
    server.execute("shop", &ready(true)).await;
    let mut spec = spec(&server).await;
    let database = server.database();
    let shallow = database.verify(&server.master(), &spec).await.unwrap();
    assert_eq!(find(&shallow, "index structure").outcome, CheckOutcome::Passed);
    spec.integrity = IntegrityDepth::IndexesAndHeap;
    let deep = database.verify(&server.master(), &spec).await.unwrap();
    let found = find(&deep, "index structure");
    assert_eq!(found.outcome, CheckOutcome::Failed, "{found:#?}");
    assert!(detail(found, "shop.sales.orders_pkey").contains("lacks matching index tuple"));
}

#[tokio::test]
async fn a_damaged_table_is_found() {
    let mut server = filled().await;
    // The page header of the second page: reading it fails outright.
    damage(&mut server, "sales.orders", 8192, &[0xff; 64]).await;
    let mut spec = spec(&server).await;
    spec.integrity = IntegrityDepth::IndexesAndHeap;
    let results = server.database().verify(&server.master(), &spec).await.unwrap();
    let rows = find(&results, "row counts");
    assert_eq!(rows.outcome, CheckOutcome::Failed, "{rows:#?}");
    assert!(detail(rows, "shop.sales.orders").contains("SQLSTATE XX001"), "{rows:#?}");
    let heap = find(&results, "heap structure");
    assert_eq!(heap.outcome, CheckOutcome::Failed, "{heap:#?}");
}

#[tokio::test]
async fn without_amcheck_nothing_is_claimed_and_nothing_is_left_behind() {
    let server = Server::start().await;
    let mut spec = spec(&server).await;
    spec.tables_min = 0;
    let results = server.database().verify(&server.master(), &spec).await.unwrap();
    let found = find(&results, "index structure");
    assert_eq!(found.outcome, CheckOutcome::Noted, "{found:#?}");
    assert!(detail(found, "postgres").contains("amcheck is not installed"), "{found:#?}");
    let left = "SELECT count(*)::text FROM pg_namespace WHERE nspname LIKE 'aurora_restore%'";
    assert_eq!(server.text("postgres", left).await, "0");
}

#[tokio::test]
async fn amcheck_that_can_be_installed_is_used_and_goes_away_again() {
    let server = Server::start().await;
    // A superuser stands for Aurora's master here, which may install extensions.
    server.execute("postgres", "ALTER ROLE master SUPERUSER; CREATE TABLE t (id int PRIMARY KEY)").await;
    let results = server.database().verify(&server.master(), &spec(&server).await).await.unwrap();
    let found = find(&results, "index structure");
    assert_eq!(found.outcome, CheckOutcome::Passed, "{found:#?}");
    let left = "SELECT count(*)::text FROM pg_extension WHERE extname = 'amcheck'";
    assert_eq!(server.text("postgres", left).await, "0");
}

#[tokio::test]
async fn tables_beyond_the_budget_are_estimated_and_said_so() {
    let server = filled().await;
    server.execute("shop", "ANALYZE").await;
    let mut options = server.options();
    options.counting_budget = Duration::ZERO;
    let database = Postgres::new(options).unwrap();
    let results = database.verify(&server.master(), &spec(&server).await).await.unwrap();
    let rows = find(&results, "row counts");
    assert_eq!(rows.outcome, CheckOutcome::Noted);
    assert_eq!(detail(rows, "shop.sales.orders"), "about 3000 (estimated: the time for counting was used up)");
    assert!(rows.found.starts_with("about "), "{rows:#?}");
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_refused() {
    let server = filled().await;
    let mut spec = spec(&server).await;
    spec.databases = vec!["shop".to_owned(), "shoe".to_owned()];
    let error = server.database().verify(&server.master(), &spec).await.unwrap_err();
    assert_eq!(error.kind, DatabaseErrorKind::InvalidRequest);
    assert!(error.reason.contains("`shoe`"), "{error}");
}

#[tokio::test]
async fn custom_checks_pass_and_fail_by_their_value() {
    let server = filled().await;
    let day = Expectation::NewerThanSnapshotMinus(SignedDuration::from_hours(24));
    let hour = Expectation::NewerThanSnapshotMinus(SignedDuration::from_hours(1));
    let newest = "SELECT max(placed) FROM sales.orders;";
    let orders = "SELECT count(*) FROM sales.orders -- all of them";
    use CheckOutcome::{Failed, Passed};
    let cases = [
        (orders, Expectation::AtLeast(3000), Passed, "3000"),
        (orders, Expectation::AtLeast(3001), Failed, "3000"),
        (orders, Expectation::AtMost(2999), Failed, "3000"),
        (newest, day.clone(), Passed, "2026-02-28 11:59:00+00"),
        (newest, hour, Failed, "2026-02-28 11:59:00+00"),
        ("SELECT '2026-03-01'::date", day, Passed, "2026-03-01"),
        ("SELECT ARRAY[1, 2]", Expectation::Equals("{1,2}".into()), Passed, "{1,2}"),
        ("SELECT true", Expectation::Equals("t".into()), Passed, "t"),
        ("VALUES (1.50)", Expectation::AtLeast(1), Passed, "1.50"),
        ("SELECT NULL", Expectation::Equals(String::new()), Failed, "the check gave NULL"),
        ("SELECT 1 WHERE false", Expectation::AtLeast(0), Failed, "the check gave no row"),
        ("SELECT generate_series(1, 1000000000)", Expectation::AtLeast(0), Failed, "the check gave more than one row"),
        ("SELECT 1, 2", Expectation::AtLeast(0), Failed, "the check gave more than one column"),
    ];
    let mut spec = spec(&server).await;
    spec.integrity = IntegrityDepth::None;
    for (sql, expect, _, _) in &cases {
        spec.custom.push(CustomCheck {
            name: format!("{sql} {expect:?}"),
            sql: (*sql).to_owned(),
            database: Some("shop".to_owned()),
            expect: expect.clone(),
        });
    }
    let results = server.database().verify(&server.master(), &spec).await.unwrap();
    for ((_, _, outcome, found), custom) in cases.iter().zip(&spec.custom) {
        let result = find(&results, &custom.name);
        assert_eq!((result.outcome, result.found.as_str()), (*outcome, *found), "{result:#?}");
    }
}

#[tokio::test]
async fn a_custom_check_cannot_write_however_it_tries() {
    let server = filled().await;
    server
        .execute(
            "shop",
            "GRANT USAGE ON SCHEMA sales TO master; GRANT ALL ON ALL TABLES IN SCHEMA sales TO master;
             GRANT ALL ON ALL SEQUENCES IN SCHEMA sales TO master;
             CREATE FUNCTION public.sneaky() RETURNS int LANGUAGE plpgsql AS
                 $$ BEGIN SET LOCAL transaction_read_only = off; DELETE FROM sales.orders; RETURN 1; END $$",
        )
        .await;
    let attempts = [
        "DELETE FROM sales.orders RETURNING 1",
        "WITH gone AS (DELETE FROM sales.orders RETURNING 1) SELECT count(*) FROM gone",
        "SELECT 1; COMMIT; DELETE FROM sales.orders; SELECT 1",
        "SELECT nextval('sales.tickets')",
        "SELECT public.sneaky()",
        "SELECT set_config('transaction_read_only', 'off', true)",
        "SELECT 1 FOR UPDATE OF nothing",
        "SELECT id FROM sales.orders LIMIT 1 FOR UPDATE",
        "nonsense",
    ];
    let mut spec = spec(&server).await;
    spec.integrity = IntegrityDepth::None;
    spec.custom = attempts
        .iter()
        .map(|sql| CustomCheck {
            name: (*sql).to_owned(),
            sql: (*sql).to_owned(),
            database: Some("shop".to_owned()),
            expect: Expectation::AtLeast(0),
        })
        .collect();
    let results = server.database().verify(&server.master(), &spec).await.unwrap();
    for attempt in attempts {
        let result = find(&results, attempt);
        assert_eq!(result.outcome, CheckOutcome::Failed, "{result:#?}");
        assert!(result.found.contains("SQLSTATE"), "{result:#?}");
    }
    assert_eq!(server.text("shop", "SELECT count(*)::text FROM sales.orders").await, "3000");
    assert_eq!(server.text("shop", "SELECT is_called::text FROM sales.tickets").await, "false");
}

/// A check that every answer passes.
fn check(name: &str, sql: &str) -> CustomCheck {
    CustomCheck { name: name.to_owned(), sql: sql.to_owned(), database: None, expect: Expectation::AtLeast(0) }
}

#[tokio::test]
async fn a_custom_check_that_takes_too_long_fails_and_the_others_run() {
    let server = filled().await;
    let mut options = server.options();
    options.statement_timeout = Duration::from_secs(2);
    let mut spec = spec(&server).await;
    spec.integrity = IntegrityDepth::None;
    spec.custom = vec![
        check("slow", "SELECT count(*) FROM generate_series(1, 100000000000)"),
        check("quick", "SELECT 1"),
        CustomCheck { database: Some("nowhere".to_owned()), ..check("lost", "SELECT 1") },
    ];
    let database = Postgres::new(options).unwrap();
    let results = database.verify(&server.master(), &spec).await.unwrap();
    assert_eq!(find(&results, "slow").outcome, CheckOutcome::Failed);
    assert!(find(&results, "slow").found.contains("57014"), "{results:#?}");
    assert_eq!(find(&results, "quick").outcome, CheckOutcome::Passed);
    assert_eq!(find(&results, "lost").outcome, CheckOutcome::Failed);
    assert!(find(&results, "lost").found.contains("3D000"), "{results:#?}");
}

/// As in a function that is ended: what the request asks for is answered, what can be left out is left out, and both say so.
#[tokio::test]
async fn whoever_has_no_more_time_gets_an_answer_within_it() {
    let server = filled().await;
    server.execute("shop", "ANALYZE").await;
    let mut spec = spec(&server).await;
    spec.within = Some(SignedDuration::from_secs(5));
    spec.custom = vec![
        check("quick", "SELECT 1"),
        check("slow", "SELECT count(*) FROM generate_series(1, 100000000000)"),
        check("late", "SELECT 1"),
    ];
    let began = Instant::now();
    let results = server.database().verify(&server.master(), &spec).await.unwrap();
    let took = began.elapsed();
    assert!(took < Duration::from_secs(8), "{took:?}");
    assert_eq!(find(&results, "quick").outcome, CheckOutcome::Passed);
    let (slow, late) = (find(&results, "slow"), find(&results, "late"));
    assert!(slow.outcome == CheckOutcome::Failed && slow.found.starts_with("no answer within"), "{slow:#?}");
    assert!(late.outcome == CheckOutcome::Failed && late.found.contains("no time left"), "{late:#?}");
    let indexes = find(&results, "index structure");
    assert!(indexes.outcome == CheckOutcome::Noted && indexes.found.contains("databases left out"), "{indexes:#?}");
    spec.within = Some(SignedDuration::from_mins(5));
    spec.custom.truncate(1);
    let results = server.database().verify(&server.master(), &spec).await.unwrap();
    assert_eq!(find(&results, "index structure").outcome, CheckOutcome::Passed, "{results:#?}");
    let names: Vec<&str> = results.iter().map(|result| result.name.as_str()).collect();
    assert_eq!(names[names.len() - 2..], ["index structure", "quick"], "what was asked for is told last");
}
