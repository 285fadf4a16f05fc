//! Setting up users: the end state as the server sees it.

use aurora_restore_core::ports::{AccessProof, Database as _, DatabaseErrorKind, SchemaChoice, UserSetupOutcome};

use crate::{
    server::{MASTER, MASTER_PASSWORD, Server},
    source::{self, APPLICATION, READER, WEIRD_DATABASE, WEIRD_ROLE, role, setup},
};

pub(crate) fn broken(outcome: &UserSetupOutcome) -> Vec<&AccessProof> {
    outcome.proofs.iter().filter(|proof| !proof.holds).collect()
}

/// Everything about roles, memberships and privileges, but for the salted passwords.
async fn end_state(server: &Server) -> String {
    let roles = "SELECT coalesce(string_agg(concat_ws('|', rolname, rolcanlogin, rolsuper, rolcreaterole, rolcreatedb,
                     rolvaliduntil, rolconnlimit, rolpassword IS NULL), e'\\n' ORDER BY rolname), '') FROM pg_authid";
    let members = "SELECT coalesce(string_agg(concat_ws('|', roleid::regrole, member::regrole, admin_option), e'\\n'
                     ORDER BY roleid, member), '') FROM pg_auth_members";
    let databases = "SELECT coalesce(string_agg(concat_ws('|', datname, sorted(datacl)), e'\\n' ORDER BY datname), '')
        FROM pg_database";
    let inner = "SELECT coalesce(string_agg(line, e'\\n' ORDER BY line), '') FROM (
            SELECT concat_ws('|', oid::regclass, sorted(relacl)) AS line FROM pg_class
            WHERE relkind IN ('r', 'p', 'v', 'm', 'S') AND relacl IS NOT NULL AND oid > 16383
            UNION ALL SELECT concat_ws('|', nspname, sorted(nspacl)) FROM pg_namespace WHERE nspname !~ '^pg_'
            UNION ALL SELECT concat_ws('|', defaclrole::regrole, defaclnamespace, defaclobjtype, sorted(defaclacl))
            FROM pg_default_acl
        ) AS lines";
    let mut state = Vec::new();
    for (database, sql) in [
        ("postgres", roles),
        ("postgres", members),
        ("postgres", databases),
        ("postgres", inner),
        ("shop", inner),
        (WEIRD_DATABASE, inner),
    ] {
        let engine = server.engine(database).await;
        // Entries of a privilege list have no order of their own.
        let sorted = "CREATE FUNCTION pg_temp.sorted(aclitem[]) RETURNS text LANGUAGE sql RETURN (
            SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest($1) AS a)";
        engine.batch_execute(sorted).await.unwrap();
        let sql = sql.replace("sorted(", "pg_temp.sorted(");
        state.push(engine.query_one(&sql, &[]).await.unwrap().get::<_, String>(0));
    }
    state.join("\n")
}

#[tokio::test]
async fn all_proofs_hold_on_a_source_with_several_owners_and_names_that_bite() {
    let server = Server::start().await;
    source::populate(&server).await;
    let outcome = server.database().set_up_users(&server.master(), &setup()).await.unwrap();
    assert!(broken(&outcome).is_empty(), "{:#?}", broken(&outcome));
    assert_eq!(outcome.created, [APPLICATION, READER]);
    assert!(outcome.updated.is_empty());
    assert_eq!(outcome.locked, [WEIRD_ROLE, "legacy_app", "rdsreports"]);
    assert_eq!(outcome.kept, ["keeper"]);
    for claim in [
        &format!("application `{APPLICATION}` can insert, update and delete in \"public\".\"notes\" of `shop`"),
        &format!("reader `{READER}` cannot write to \"public\".\"notes\" of `shop`"),
        &format!("reader `{READER}` cannot advance \"sales\".\"customers_id_seq\" of `shop`"),
        "new tables of `shop_owner` in `sales` of `shop` are covered",
        "new tables of `master` in `public` of `postgres` are covered",
        &format!("new tables of `{WEIRD_ROLE}` in `{}` of `{WEIRD_DATABASE}` are covered", source::WEIRD_SCHEMA),
        "locked login `legacy_app` cannot log in",
        "kept login `keeper` may log in",
        "the source's password of `master` is refused",
    ] {
        assert!(outcome.proofs.iter().any(|proof| proof.claim == claim), "{claim} in {:#?}", outcome.proofs);
    }
}

#[tokio::test]
async fn setting_up_twice_ends_in_the_same_state() {
    let server = Server::start().await;
    source::populate(&server).await;
    let database = server.database();
    let first = database.set_up_users(&server.master(), &setup()).await.unwrap();
    let after_first = end_state(&server).await;
    let second = database.set_up_users(&server.master(), &setup()).await.unwrap();
    assert_eq!(end_state(&server).await, after_first);
    assert!(second.created.is_empty());
    assert_eq!(second.updated, first.created);
    assert_eq!(second.locked, first.locked);
    assert!(broken(&second).is_empty(), "{:#?}", broken(&second));
}

#[tokio::test]
async fn borrowed_rights_and_probes_leave_nothing_behind() {
    let server = Server::start().await;
    source::populate(&server).await;
    let memberships = "SELECT string_agg(concat_ws('|', roleid::regrole, member::regrole), ',' ORDER BY roleid, member)
                       FROM pg_auth_members";
    let before = server.text("postgres", memberships).await;
    server.database().set_up_users(&server.master(), &setup()).await.unwrap();
    assert_eq!(server.text("postgres", memberships).await, before);
    for database in ["postgres", "shop", WEIRD_DATABASE] {
        let probes = "SELECT count(*)::text FROM pg_class WHERE relname LIKE 'aurora_restore%'";
        assert_eq!(server.text(database, probes).await, "0");
    }
}

#[tokio::test]
async fn the_application_works_with_what_it_was_given() {
    let server = Server::start().await;
    source::populate(&server).await;
    server.database().set_up_users(&server.master(), &setup()).await.unwrap();
    let as_role = |role: &str, sql: &str| format!("SET SESSION AUTHORIZATION {}; {sql}", quoted(role));
    let work = "INSERT INTO sales.customers (name) VALUES ('new'); INSERT INTO sales.orders (placed) VALUES (now());
                UPDATE public.notes SET note = 'x'; DELETE FROM sales.events; SELECT nextval('sales.tickets');
                SELECT * FROM sales.big";
    server.execute("shop", &as_role(APPLICATION, work)).await;
    server.execute("shop", &as_role(READER, "SELECT * FROM sales.big; SELECT * FROM sales.totals")).await;
    let engine = server.engine("shop").await;
    for write in [
        "INSERT INTO sales.customers (name) VALUES ('x')",
        "UPDATE sales.orders SET amount = 0",
        "DELETE FROM public.notes",
        "TRUNCATE sales.orders",
        "SELECT nextval('sales.tickets')",
        "CREATE TABLE public.mine (id int)",
    ] {
        engine.batch_execute("RESET SESSION AUTHORIZATION").await.unwrap();
        let error = engine.batch_execute(&as_role(READER, write)).await.unwrap_err();
        assert_eq!(error.code().unwrap().code(), "42501", "{write}");
    }
}

#[tokio::test]
async fn a_password_of_every_legal_character_works() {
    let server = Server::start().await;
    let ascii: String = (1..=127).map(char::from).collect();
    // SASLprep maps some of these, forbids others, and leaves PostgreSQL to take the bytes as they are.
    let passwords = [
        ascii,
        "größe ß ﬁ Ⅸ \u{a0}x".to_owned(),
        "🦀 \u{202e} 表".to_owned(),
        "x".repeat(1000),
        "'\"\\$1;--".to_owned(),
    ];
    for password in passwords {
        let mut setup = setup();
        setup.keep_logins.clear();
        setup.application = Some(role(APPLICATION, &password));
        let outcome = server.database().set_up_users(&server.master(), &setup).await.unwrap();
        assert!(broken(&outcome).is_empty(), "{password:?}: {:#?}", broken(&outcome));
        let login = server.login(APPLICATION, &password, "postgres");
        server.database().log_in(&login).await.unwrap();
        let wrong = server.login(APPLICATION, &format!("{password}x"), "postgres");
        let error = server.database().log_in(&wrong).await.unwrap_err();
        assert_eq!(error.kind, DatabaseErrorKind::LoginRefused);
    }
}

#[tokio::test]
async fn neither_password_nor_verifier_reaches_the_server_s_log() {
    let everything = [
        "log_statement=all",
        "log_min_duration_statement=0",
        "log_min_error_statement=debug5",
        "log_min_messages=debug1",
        "log_error_verbosity=verbose",
        "log_parameter_max_length_on_error=-1",
    ];
    let server = Server::start_with(&everything, &["127.0.0.1"]).await;
    let setup = setup_without_source();
    server.database().set_up_users(&server.master(), &setup).await.unwrap();
    // A statement that fails is logged whole: let the one that carries the verifier fail.
    let untouchable = format!("ALTER ROLE {} SUPERUSER", quoted(APPLICATION));
    server.execute("postgres", &untouchable).await;
    let error = server.database().set_up_users(&server.master(), &setup).await.unwrap_err();
    let log = server.log();
    assert!(log.contains("aurora_restore_role"), "the log must show the statements: {log}");
    assert_eq!(error.kind, DatabaseErrorKind::PermissionDenied, "{error}");
    let said = error.reason.split(" (SQLSTATE").next().unwrap();
    assert!(log.contains(said), "{error}");
    // The harness itself sets the master's verifier in a statement; no other may appear.
    let verifiers = log.matches("SCRAM-SHA-256$").count();
    let own = log.lines().filter(|line| line.contains("CREATE ROLE master")).count();
    assert_eq!(verifiers, own, "{log}");
    for role in setup.application.iter().chain(&setup.readonly) {
        assert!(!log.contains(role.password.expose()), "{log}");
        assert!(!format!("{error:?}").contains(role.password.expose()));
    }
}

#[tokio::test]
async fn nobody_connects_or_creates_through_public_any_more() {
    let server = Server::start().await;
    source::populate(&server).await;
    server.database().set_up_users(&server.master(), &setup()).await.unwrap();
    server.execute("postgres", "CREATE ROLE newcomer LOGIN").await;
    for database in ["postgres", "shop", WEIRD_DATABASE] {
        for privilege in ["CONNECT", "TEMPORARY"] {
            let sql = format!("SELECT has_database_privilege('newcomer', current_database(), '{privilege}')::text");
            assert_eq!(server.text(database, &sql).await, "false", "{privilege} on {database}");
        }
    }
    let sql = "SELECT has_schema_privilege('newcomer', 'public', 'CREATE')::text";
    assert_eq!(server.text("shop", sql).await, "false");
}

#[tokio::test]
async fn a_kept_login_still_works_where_it_worked() {
    let server = Server::start().await;
    source::populate(&server).await;
    server.database().set_up_users(&server.master(), &setup()).await.unwrap();
    for database in ["postgres", "shop"] {
        let login = server.login("keeper", source::KEEPER_PASSWORD, database);
        server.database().log_in(&login).await.unwrap();
        let sql = "SELECT has_database_privilege('keeper', current_database(), 'TEMPORARY')::text";
        assert_eq!(server.text(database, sql).await, "true");
    }
    let closed_before = server.login("keeper", source::KEEPER_PASSWORD, WEIRD_DATABASE);
    let error = server.database().log_in(&closed_before).await.unwrap_err();
    assert_eq!(error.kind, DatabaseErrorKind::PermissionDenied, "{error}");
}

#[tokio::test]
async fn a_locked_login_loses_its_open_session_and_cannot_come_back() {
    let server = Server::start().await;
    source::populate(&server).await;
    // Allowed in through the private socket without a password, so only the lock keeps it out.
    let mut config = tokio_postgres::Config::new();
    config.host_path(server.data().parent().unwrap()).port(server.port).user("legacy_app").dbname("shop");
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    let ended = tokio::spawn(connection);
    client.batch_execute("SELECT 1").await.unwrap();
    server.database().set_up_users(&server.master(), &setup()).await.unwrap();
    let error = tokio::time::timeout(std::time::Duration::from_secs(10), ended).await.unwrap().unwrap().unwrap_err();
    assert_eq!(error.code().unwrap().code(), "57P01");
    let error = config.connect(tokio_postgres::NoTls).await.err().unwrap();
    assert_eq!(error.code().unwrap().code(), "28000");
    let login = server.login("legacy_app", source::LEGACY_PASSWORD, "shop");
    let error = server.database().log_in(&login).await.unwrap_err();
    assert_eq!(error.kind, DatabaseErrorKind::LoginRefused);
    let engine =
        server.text("postgres", "SELECT rolcanlogin::text FROM pg_roles WHERE rolname = 'rdsproxyadmin'").await;
    assert_eq!(engine, "true");
}

#[tokio::test]
async fn only_the_chosen_schemas_are_opened() {
    let server = Server::start().await;
    source::populate(&server).await;
    server
        .execute(
            "shop",
            "CREATE SCHEMA hidden; CREATE TABLE hidden.t (id int); ALTER SCHEMA hidden OWNER TO shop_owner;
                            ALTER TABLE hidden.t OWNER TO shop_owner",
        )
        .await;
    let mut setup = setup();
    setup.schemas = SchemaChoice::Only(vec!["sales".to_owned()]);
    let outcome = server.database().set_up_users(&server.master(), &setup).await.unwrap();
    assert!(broken(&outcome).is_empty(), "{:#?}", broken(&outcome));
    let may = |role: &str| format!("SELECT has_schema_privilege('{role}', 'hidden', 'USAGE')::text");
    assert_eq!(server.text("shop", &may(APPLICATION)).await, "false");
    assert_eq!(server.text("shop", &may(READER)).await, "false");
}

#[tokio::test]
async fn a_schema_that_is_nowhere_is_refused_before_anything_changes() {
    let server = Server::start().await;
    source::populate(&server).await;
    let before = end_state(&server).await;
    let mut setup = setup();
    setup.schemas = SchemaChoice::Only(vec!["sales".to_owned(), "sails".to_owned()]);
    let error = server.database().set_up_users(&server.master(), &setup).await.unwrap_err();
    assert_eq!(error.kind, DatabaseErrorKind::InvalidRequest);
    assert!(error.reason.contains("no database has a schema `sails`"), "{error}");
    assert_eq!(end_state(&server).await, before);
}

#[tokio::test]
async fn a_master_without_the_right_to_manage_roles_is_refused_clearly() {
    let server = Server::start().await;
    source::populate(&server).await;
    server.execute("postgres", "ALTER ROLE master NOCREATEROLE").await;
    let before = end_state(&server).await;
    let error = server.database().set_up_users(&server.master(), &setup()).await.unwrap_err();
    assert_eq!(error.kind, DatabaseErrorKind::PermissionDenied, "{error}");
    assert!(error.reason.contains("CREATEROLE"), "{error}");
    assert_eq!(end_state(&server).await, before);
}

#[tokio::test]
async fn a_login_that_the_master_cannot_lock_is_an_error_and_the_others_are_locked() {
    let server = Server::start().await;
    source::populate(&server).await;
    server.execute("postgres", "CREATE ROLE intruder LOGIN SUPERUSER").await;
    let error = server.database().set_up_users(&server.master(), &setup()).await.unwrap_err();
    assert_eq!(error.kind, DatabaseErrorKind::PermissionDenied, "{error}");
    assert!(error.reason.contains("`intruder`"), "{error}");
    let sql = "SELECT rolcanlogin::text FROM pg_roles WHERE rolname = 'legacy_app'";
    assert_eq!(server.text("postgres", sql).await, "false");
}

#[tokio::test]
async fn roles_of_the_source_with_the_wanted_names_end_like_new_ones() {
    let server = Server::start().await;
    source::populate(&server).await;
    server
        .execute(
            "postgres",
            &format!(
                "CREATE ROLE {reader} LOGIN CREATEDB PASSWORD 'old' VALID UNTIL '2020-01-01' CONNECTION LIMIT 0;
                 CREATE ROLE writers; GRANT writers, pg_write_all_data, pg_monitor TO {reader};
                 GRANT CREATE ON DATABASE shop TO {reader}",
                reader = quoted(READER)
            ),
        )
        .await;
    server
        .execute(
            "shop",
            &format!(
                "GRANT ALL ON ALL TABLES IN SCHEMA sales TO {reader}; GRANT UPDATE (note) ON public.notes TO {reader};
                 GRANT ALL ON ALL SEQUENCES IN SCHEMA sales TO {reader}; GRANT ALL ON SCHEMA sales TO {reader};
                 ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner GRANT ALL ON TABLES TO {reader}",
                reader = quoted(READER)
            ),
        )
        .await;
    let outcome = server.database().set_up_users(&server.master(), &setup()).await.unwrap();
    assert_eq!(outcome.updated, [READER]);
    assert_eq!(outcome.created, [APPLICATION]);
    assert!(broken(&outcome).is_empty(), "{:#?}", broken(&outcome));
}

#[tokio::test]
async fn one_role_alone_or_none_can_be_set_up() {
    let server = Server::start().await;
    source::populate(&server).await;
    let mut setup = setup();
    setup.application = None;
    let outcome = server.database().set_up_users(&server.master(), &setup).await.unwrap();
    assert_eq!(outcome.created, [READER]);
    assert!(broken(&outcome).is_empty(), "{:#?}", broken(&outcome));
    setup.readonly = None;
    let outcome = server.database().set_up_users(&server.master(), &setup).await.unwrap();
    assert!(outcome.created.is_empty() && outcome.updated.is_empty());
    // The reader of the first round is a login of the source for the second.
    assert!(outcome.locked.contains(&READER.to_owned()), "{:?}", outcome.locked);
    assert!(broken(&outcome).is_empty(), "{:#?}", broken(&outcome));
}

#[tokio::test]
async fn a_master_password_of_the_source_that_still_works_is_a_broken_proof() {
    let server = Server::start().await;
    let mut setup = setup_without_source();
    setup.must_be_refused = vec![role(MASTER, MASTER_PASSWORD)];
    let outcome = server.database().set_up_users(&server.master(), &setup).await.unwrap();
    let broken = broken(&outcome);
    assert_eq!(broken.len(), 1, "{broken:#?}");
    assert_eq!(broken[0].claim, "the source's password of `master` is refused");
    assert_eq!(broken[0].detail.as_deref(), Some("the server let it in"));
}

fn setup_without_source() -> aurora_restore_core::ports::UserSetup {
    let mut setup = setup();
    setup.keep_logins.clear();
    setup
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
