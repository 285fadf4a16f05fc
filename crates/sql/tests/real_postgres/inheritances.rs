//! What else a source may bring along: settings, policies, memberships and functions that must neither stop the work nor
//! falsify what it finds.

use aurora_restore_core::{
    ports::{Database as _, DatabaseErrorKind},
    verification::{CheckOutcome, CheckResult, CustomCheck, Expectation, IntegrityDepth, VerificationSpec},
};

use crate::{
    server::{MASTER, Server},
    source::{self, APPLICATION, setup},
    users::broken,
};

fn spec() -> VerificationSpec {
    VerificationSpec {
        engine_version: "15".to_owned(),
        databases: vec!["shop".to_owned()],
        tables_min: 1,
        integrity: IntegrityDepth::None,
        custom: Vec::new(),
        snapshot_at: None,
        within: None,
    }
}

async fn filled() -> Server {
    let server = Server::start().await;
    source::populate(&server).await;
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
async fn rows_that_a_policy_hides_from_the_master_are_not_counted_as_none() {
    let server = filled().await;
    let policy = format!(
        "ALTER TABLE sales.orders ENABLE ROW LEVEL SECURITY; GRANT USAGE ON SCHEMA sales TO {MASTER};
         GRANT SELECT ON sales.orders TO {MASTER}; ANALYZE"
    );
    server.execute("shop", &policy).await;
    let results = server.database().verify(&server.master(), &spec()).await.unwrap();
    let told = detail(find(&results, "row counts"), "shop.sales.orders");
    assert_eq!(told, "about 3000 (estimated: the login may not read all of it)");
}

#[tokio::test]
async fn a_table_that_somebody_has_locked_is_estimated_and_not_called_unreadable() {
    let server = filled().await;
    let admit = format!("GRANT USAGE ON SCHEMA sales TO {MASTER}; GRANT SELECT ON sales.orders TO {MASTER}; ANALYZE");
    server.execute("shop", &admit).await;
    let holder = server.engine("shop").await;
    holder.batch_execute("BEGIN; LOCK TABLE sales.orders").await.unwrap();
    let mut options = server.options();
    options.lock_timeout = std::time::Duration::from_millis(100);
    let database = aurora_restore_sql::Postgres::new(options).unwrap();
    let results = database.verify(&server.master(), &spec()).await.unwrap();
    let rows = find(&results, "row counts");
    assert_eq!(rows.outcome, CheckOutcome::Noted, "{rows:#?}");
    assert_eq!(detail(rows, "shop.sales.orders"), "about 3000 (estimated: somebody has locked it)");
}

#[tokio::test]
async fn an_index_whose_function_needs_the_users_search_path_is_not_called_broken() {
    let server = filled().await;
    server
        .execute(
            "shop",
            "CREATE SCHEMA checking; CREATE EXTENSION amcheck SCHEMA checking; GRANT USAGE ON SCHEMA checking TO master;
             GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA checking TO master;
             CREATE FUNCTION public.inner_fold(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
                 $$ BEGIN RETURN lower($1); END $$;
             CREATE FUNCTION public.fold(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
                 $$ BEGIN RETURN inner_fold($1); END $$;
             CREATE INDEX folded ON sales.customers (public.fold(name))",
        )
        .await;
    let spec = VerificationSpec { integrity: IntegrityDepth::IndexesAndHeap, ..spec() };
    let results = server.database().verify(&server.master(), &spec).await.unwrap();
    let found = find(&results, "index structure");
    assert_eq!(found.outcome, CheckOutcome::Noted, "{found:#?}");
    assert!(found.found.ends_with(", 1 left out"), "{found:#?}");
    assert!(detail(found, "shop.sales.folded").contains("not checked: function inner_fold(text)"), "{found:#?}");
}

#[tokio::test]
async fn a_value_of_any_length_makes_a_short_result() {
    let server = filled().await;
    let check = CustomCheck {
        name: "long".to_owned(),
        sql: "SELECT repeat('x', 5000000)".to_owned(),
        database: None,
        expect: Expectation::Equals("x".repeat(5_000_000)),
    };
    let spec = VerificationSpec { custom: vec![check], ..spec() };
    let results = server.database().verify(&server.master(), &spec).await.unwrap();
    let found = find(&results, "long");
    assert_eq!(found.outcome, CheckOutcome::Passed, "the whole value is what counts");
    assert!(found.found.len() < 1000, "{}", found.found.len());
    assert!(found.expected.as_ref().unwrap().len() < 1000, "{:?}", found.expected.as_ref().map(String::len));
}

#[tokio::test]
async fn owners_that_may_act_as_the_master_do_not_stop_the_set_up_and_keep_what_they_have() {
    let server = filled().await;
    let major = server.text("postgres", "SELECT (current_setting('server_version_num')::int / 10000)::text").await;
    if major.parse::<u32>().unwrap() >= 16 {
        // From 16 on no master can grant its own role, so no source has such members.
        return;
    }
    // One directly, one through a group, and each of them owns something.
    let members = format!(
        "CREATE ROLE team; GRANT {MASTER} TO team; GRANT team TO shop_owner;
         GRANT {MASTER} TO keeper WITH ADMIN OPTION; ALTER ROLE keeper INHERIT"
    );
    server.execute("postgres", &members).await;
    server.execute("shop", "CREATE TABLE public.kept (id int); ALTER TABLE public.kept OWNER TO keeper").await;
    let memberships = "SELECT string_agg(concat_ws('|', roleid::regrole, member::regrole, admin_option), ','
                       ORDER BY roleid, member) FROM pg_auth_members";
    let before = server.text("postgres", memberships).await;
    let outcome = server.database().set_up_users(&server.master(), &setup()).await.unwrap();
    assert!(broken(&outcome).is_empty(), "{:#?}", broken(&outcome));
    assert_eq!(server.text("postgres", memberships).await, before);
}

#[tokio::test]
async fn a_database_that_is_read_only_by_default_is_set_up_and_the_proofs_say_that_it_takes_no_writes() {
    let server = filled().await;
    server.execute("postgres", "ALTER DATABASE shop SET default_transaction_read_only = on").await;
    let outcome = server.database().set_up_users(&server.master(), &setup()).await.unwrap();
    let broken = broken(&outcome);
    assert_eq!(broken.len(), 1, "{broken:#?}");
    assert!(broken[0].claim.starts_with(&format!("application `{APPLICATION}` can insert")), "{broken:#?}");
    assert!(broken[0].detail.as_ref().unwrap().contains("25006"), "{broken:#?}");
    let login = aurora_restore_core::ports::DatabaseLogin { database: "shop".to_owned(), ..server.master() };
    assert!(!server.database().log_in(&login).await.unwrap().writable);
}

#[tokio::test]
async fn timeouts_of_the_source_do_not_end_sessions_that_wait_for_others() {
    let server = filled().await;
    for timeout in ["idle_session_timeout", "idle_in_transaction_session_timeout"] {
        let set = format!("ALTER ROLE {MASTER} SET {timeout} = '2s'");
        server.execute("postgres", &set).await;
    }
    // What is done in one database takes longer than the session in the other one may be idle.
    server
        .execute(
            "shop",
            "CREATE SEQUENCE public.once;
             CREATE FUNCTION public.dawdle() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS
                 $$ BEGIN IF nextval('public.once') = 1 THEN PERFORM pg_sleep(3); END IF; END $$;
             CREATE EVENT TRIGGER dawdle ON ddl_command_end EXECUTE FUNCTION public.dawdle()",
        )
        .await;
    let outcome = server.database().set_up_users(&server.master(), &setup()).await.unwrap();
    assert!(broken(&outcome).is_empty(), "{:#?}", broken(&outcome));
    assert_ne!(server.text("shop", "SELECT last_value::text FROM public.once").await, "1", "it did dawdle");
}

#[tokio::test]
async fn functions_on_the_masters_search_path_do_not_stand_in_for_the_systems() {
    let server = filled().await;
    server
        .execute(
            "shop",
            "CREATE SCHEMA evil; GRANT USAGE ON SCHEMA evil TO PUBLIC;
             CREATE TABLE evil.caught (what text);
             CREATE FUNCTION evil.set_config(text, text, boolean) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS
                 $$ BEGIN INSERT INTO evil.caught VALUES (session_user); RETURN ''; END $$;
             CREATE FUNCTION evil.has_schema_privilege(oid, text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS
                 $$ BEGIN INSERT INTO evil.caught VALUES (session_user); RETURN true; END $$;
             CREATE FUNCTION evil.same(text, text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS
                 $$ BEGIN INSERT INTO evil.caught VALUES (session_user); RETURN true; END $$;
             CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.same)",
        )
        .await;
    server.execute("postgres", "ALTER DATABASE shop SET search_path = evil, pg_catalog").await;
    let outcome = server.database().set_up_users(&server.master(), &setup()).await.unwrap();
    assert!(broken(&outcome).is_empty(), "{:#?}", broken(&outcome));
    server.database().verify(&server.master(), &spec()).await.unwrap();
    assert_eq!(server.text("shop", "SELECT count(*)::text FROM evil.caught").await, "0");
}

#[tokio::test]
async fn a_database_whose_removal_was_cut_off_is_passed_over() {
    let server = filled().await;
    server.execute("postgres", "CREATE DATABASE halfgone").await;
    server.execute("postgres", "UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'halfgone'").await;
    let outcome = server.database().set_up_users(&server.master(), &setup()).await.unwrap();
    assert!(broken(&outcome).is_empty(), "{:#?}", broken(&outcome));
    let spec = VerificationSpec { databases: vec!["halfgone".to_owned()], ..spec() };
    let error = server.database().verify(&server.master(), &spec).await.unwrap_err();
    assert_eq!(error.kind, DatabaseErrorKind::InvalidRequest, "{error}");
}

#[tokio::test]
async fn event_triggers_of_the_source_do_not_run_along_where_the_master_may_silence_them() {
    let server = filled().await;
    server
        .execute(
            "shop",
            "CREATE TABLE public.caught (what text);
             CREATE FUNCTION public.catch() RETURNS event_trigger LANGUAGE plpgsql AS
                 $$ BEGIN RAISE EXCEPTION 'caught % of %', tg_tag, current_user; END $$;
             CREATE EVENT TRIGGER catch ON ddl_command_end EXECUTE FUNCTION public.catch()",
        )
        .await;
    let error = server.database().set_up_users(&server.master(), &setup()).await.unwrap_err();
    assert!(error.to_string().contains("caught GRANT of master"), "what a person reads names it: {error}");
    let major = server.text("postgres", "SELECT (current_setting('server_version_num')::int / 10000)::text").await;
    // As on Aurora; before 15 the right cannot be given to anybody but a superuser.
    if major.parse::<u32>().unwrap() >= 15 {
        server.execute("postgres", &format!("GRANT SET ON PARAMETER session_replication_role TO {MASTER}")).await;
        let outcome = server.database().set_up_users(&server.master(), &setup()).await.unwrap();
        assert!(broken(&outcome).is_empty(), "{:#?}", broken(&outcome));
    }
}
