//! Rotations on a real server: who can log in at every moment, whatever is cut off where.

mod deaths;
mod rivals;
mod scene;

use aurora_restore_core::{
    ports::{Database, DatabaseErrorKind, SecretDocument, SecretVersions, VersionStage},
    secret::Secret,
};
use aurora_restore_ops::rotation::{RotationError, RotationPorts, Stage, Strategy};

use self::scene::{APP, MASTER_SECRET, OWNER, READER, Scene, USERS, alternating, id, login_of, token};
use crate::server::{MASTER, Server};

#[tokio::test]
async fn the_former_login_works_until_the_next_rotation_and_then_no_more() {
    let stage = Scene::new().await;
    let first = stage.versions.at(&id(USERS), VersionStage::Current).unwrap();
    stage.rotate_users(1).await.unwrap();
    for keys in [APP, READER] {
        stage.log_in(USERS, VersionStage::Current, keys).await.unwrap();
        stage.log_in(USERS, VersionStage::Previous, keys).await.unwrap();
    }
    assert_eq!(stage.versions.at(&id(USERS), VersionStage::Pending), None);
    let second = stage.versions.at(&id(USERS), VersionStage::Current).unwrap();
    assert_eq!(second.fields["app_username"].expose(), "app_clone");
    assert_eq!(second.fields["readonly_username"].expose(), "reader_clone");
    stage.rotate_users(2).await.unwrap();
    let third = stage.versions.at(&id(USERS), VersionStage::Current).unwrap();
    assert_eq!(third.fields["app_username"].expose(), "app");
    for keys in [APP, READER] {
        let error = stage.server.database().log_in(&login_of(&stage.server, &first, keys)).await.unwrap_err();
        assert_eq!(error.kind, DatabaseErrorKind::LoginRefused);
        stage.log_in(USERS, VersionStage::Current, keys).await.unwrap();
        stage.log_in(USERS, VersionStage::Previous, keys).await.unwrap();
    }
    let told: Vec<String> = stage.notifier.notices().iter().map(|notice| notice.body.clone()).collect();
    assert_eq!(told.len(), 2);
    assert!(told[0].contains("as `app_clone` and `reader_clone` from now on"), "{}", told[0]);
    assert!(told[0].ends_with("What uses it, and what to do there:\n* billing: restart it"), "{}", told[0]);
    assert!(!format!("{:?}", stage.notifier.notices()).contains(second.fields["app_password"].expose()));
}

#[tokio::test]
async fn the_partner_is_all_that_the_login_is() {
    let stage = Scene::new().await;
    let server = &stage.server;
    let settings = "ALTER ROLE app SET search_path TO sales, \"$user\"; ALTER ROLE app SET work_mem TO '5MB';
                    ALTER ROLE app IN DATABASE shop SET lock_timeout TO '7s'; ALTER ROLE app CONNECTION LIMIT 7";
    server.execute("shop", settings).await;
    stage.rotate_users(1).await.unwrap();
    let client = |document: SecretDocument| {
        let mut config = tokio_postgres::Config::new();
        config.host_path(server.data().parent().unwrap()).port(server.port).dbname("shop");
        config.user(document.fields["app_username"].expose());
        async move {
            let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
            tokio::spawn(connection);
            client
        }
    };
    let asked = "SELECT concat_ws('|', current_user, current_setting('search_path'), current_setting('work_mem'),
                                  current_setting('lock_timeout'))";
    let partner = client(stage.versions.at(&id(USERS), VersionStage::Current).unwrap()).await;
    let found: String = partner.query_one(asked, &[]).await.unwrap().get(0);
    assert_eq!(found, "app|sales, \"$user\"|5MB|7s");
    let session: String = partner.query_one("SELECT session_user::text", &[]).await.unwrap().get(0);
    assert_eq!(session, "app_clone");
    partner.batch_execute("INSERT INTO sales.customers (name) VALUES ('x'); DELETE FROM public.notes").await.unwrap();
    let limits = "SELECT string_agg(rolconnlimit::text, ',') FROM pg_roles WHERE rolname IN ('app', 'app_clone')";
    assert_eq!(server.text("postgres", limits).await, "7,7");
    // What the application is given later, its partner has too; what is changed is changed for both.
    server.execute("shop", "CREATE TABLE sales.later (id int); GRANT SELECT ON sales.later TO app").await;
    partner.batch_execute("SELECT * FROM sales.later").await.unwrap();
    let member = "SELECT pg_has_role('master', 'app_clone', 'MEMBER') OR pg_has_role('master', 'app', 'USAGE')";
    let borrowed: bool = server.engine("shop").await.query_one(member, &[]).await.unwrap().get(0);
    assert!(!borrowed, "the master has kept rights that it borrowed");
}

#[tokio::test]
async fn neither_passwords_nor_verifiers_reach_the_server_s_log() {
    let everything = ["log_statement=all", "log_min_messages=debug1", "log_parameter_max_length_on_error=-1"];
    let stage = Scene::on(Server::start_with(&everything, &["127.0.0.1", "localhost"]).await).await;
    let before = stage.server.log().len();
    stage.rotate_users(1).await.unwrap();
    stage.rotate(MASTER_SECRET, Strategy::Single, &token(1)).await.unwrap();
    let log = stage.server.log().split_off(before);
    assert!(log.contains("aurora_restore_role"), "the log must show the statements: {log}");
    assert!(!log.contains("SCRAM-SHA-256$"), "{log}");
    for (secret, key) in [(USERS, "app_password"), (USERS, "readonly_password"), (MASTER_SECRET, "password")] {
        let document = stage.versions.at(&id(secret), VersionStage::Current).unwrap();
        assert!(!log.contains(document.fields[key].expose()));
    }
}

#[tokio::test]
async fn the_master_alone_changes_its_own_password() {
    let stage = Scene::new().await;
    stage.rotate(MASTER_SECRET, Strategy::Single, &token(1)).await.unwrap();
    stage.log_in(MASTER_SECRET, VersionStage::Current, OWNER).await.unwrap();
    let error = stage.log_in(MASTER_SECRET, VersionStage::Previous, OWNER).await.unwrap_err();
    assert_eq!(error.kind, DatabaseErrorKind::LoginRefused);
    let rights =
        "SELECT concat_ws('|', rolcreatedb, rolcreaterole, rolcanlogin) FROM pg_roles WHERE rolname = 'master'";
    assert_eq!(stage.server.text("postgres", rights).await, "t|t|t");
    // The others are still rotated with it.
    stage.rotate_users(1).await.unwrap();
    stage.log_in(USERS, VersionStage::Current, APP).await.unwrap();
}

/// Where a rotation is set up and not begun, Secrets Manager asks for a test of a version with the logins of the current one.
#[tokio::test]
async fn the_test_of_a_set_up_tries_the_logins_that_are_in_use() {
    let stage = Scene::new().await;
    let (secret, database) = (id(USERS), stage.server.database());
    let ports =
        RotationPorts { versions: &stage.versions, database: &database, logins: &database, notifier: &stage.notifier };
    let rotation = stage.rotation(&secret, alternating(), ports);
    let current = stage.versions.at(&secret, VersionStage::Current).unwrap();
    stage.versions.put_pending(&secret, &token(1), &current).await.unwrap();
    rotation.step(Stage::Test, &token(1)).await.unwrap();
    let mut wrong = current.clone();
    wrong.fields.insert("app_password".to_owned(), Secret::new("mistyped"));
    stage.versions.put_pending(&secret, &token(2), &wrong).await.unwrap();
    let error = rotation.step(Stage::Test, &token(2)).await.unwrap_err();
    assert!(matches!(error, RotationError::Database(_)), "{error}");
    stage.versions.put_pending(&secret, &token(1), &current).await.unwrap();
    let error = rotation.step(Stage::Set, &token(1)).await.unwrap_err();
    assert!(error.to_string().contains("which is in use"), "only a test is harmless: {error}");
}

#[tokio::test]
async fn users_are_rotated_while_the_master_s_own_rotation_is_cut_off() {
    let stage = Scene::new().await;
    let (secret, database) = (id(MASTER_SECRET), stage.server.database());
    let ports =
        RotationPorts { versions: &stage.versions, database: &database, logins: &database, notifier: &stage.notifier };
    let rotation = stage.rotation(&secret, Strategy::Single, ports);
    for step in [Stage::Create, Stage::Set] {
        rotation.step(step, &token(1)).await.unwrap();
    }
    stage.log_in(MASTER_SECRET, VersionStage::Current, OWNER).await.unwrap_err();
    stage.rotate_users(1).await.unwrap();
    rotation.run(&token(1)).await.unwrap();
    stage.log_in(MASTER_SECRET, VersionStage::Current, OWNER).await.unwrap();
}

#[tokio::test]
async fn after_a_restore_the_other_names_are_left_to_the_source() {
    let stage = Scene::new().await;
    stage.rotate_users(1).await.unwrap();
    let current = stage.versions.at(&id(USERS), VersionStage::Current).unwrap();
    let field = |key: &str| current.fields[key].expose().to_owned();
    // The restore finds the pair of the source and sets the secret's logins up.
    stage.set_up("app_clone", &field("app_password"), "reader_clone", &field("readonly_password")).await;
    let as_whom =
        "SELECT coalesce((SELECT setconfig::text FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
                                    WHERE rolname = 'app_clone'), 'nobody')";
    assert_eq!(stage.server.text("postgres", as_whom).await, "nobody");
    stage.rotate_users(2).await.unwrap();
    let next = stage.versions.at(&id(USERS), VersionStage::Current).unwrap();
    assert_eq!(next.fields["app_username"].expose(), "app_clone2");
    for keys in [APP, READER] {
        stage.log_in(USERS, VersionStage::Current, keys).await.unwrap();
    }
    let locked = "SELECT string_agg(rolcanlogin::text, ',') FROM pg_roles WHERE rolname IN ('app', 'reader')";
    assert_eq!(stage.server.text("postgres", locked).await, "false,false");
    stage.rotate_users(3).await.unwrap();
    let back = stage.versions.at(&id(USERS), VersionStage::Current).unwrap();
    assert_eq!(back.fields["app_username"].expose(), "app_clone");
}

#[tokio::test]
async fn a_role_of_somebody_else_is_never_given_a_password() {
    let stage = Scene::new().await;
    let linked = "CREATE ROLE alice LOGIN; GRANT app TO alice; ALTER ROLE alice SET role TO app;
                  CREATE ROLE app_clone NOLOGIN";
    stage.server.execute("postgres", linked).await;
    stage.rotate_users(1).await.unwrap();
    let current = stage.versions.at(&id(USERS), VersionStage::Current).unwrap();
    assert_eq!(current.fields["app_username"].expose(), "app_clone2");
    // A pending version that somebody wrote by hand.
    let untouched = "SELECT string_agg(coalesce(rolpassword, 'none'), ',' ORDER BY rolname) FROM pg_authid
                     WHERE rolname IN ('alice', 'app_clone', 'legacy_app')";
    let before = stage.server.text("postgres", untouched).await;
    for (number, name, reason) in [
        (11, "alice", "was not made for `app_clone2`"),
        (12, "legacy_app", "was not made for `app_clone2`"),
        (13, MASTER, "is the master user"),
        (14, "app_clone2", "which is in use"),
    ] {
        let mut document = current.clone();
        document.fields.insert("app_username".to_owned(), Secret::new(name));
        document.fields.insert("readonly_username".to_owned(), Secret::new("reader"));
        let version = token(number);
        stage.versions.put_pending(&id(USERS), &version, &document).await.unwrap();
        let error = stage.rotate(USERS, alternating(), &version).await.unwrap_err();
        assert!(error.to_string().contains(reason), "{name}: {error}");
        assert!(!error.may_pass(), "{error}");
    }
    assert_eq!(stage.server.text("postgres", untouched).await, before);
    stage.log_in(USERS, VersionStage::Current, APP).await.unwrap();
}

#[tokio::test]
async fn a_secret_that_cannot_be_rotated_is_refused_before_anything_changes() {
    let stage = Scene::new().await;
    let cases: [(&[(&str, &str)], &str); 4] = [
        (&[("app_username", "nobody"), ("app_password", "x")], "the role `nobody` does not exist"),
        (&[("app_username", "app")], "`app_password` is missing"),
        (&[("host", "db")], "it has none of"),
        (
            &[("app_username", "app"), ("app_password", "x"), ("readonly_username", "app"), ("readonly_password", "y")],
            "the same role",
        ),
    ];
    for (fields, reason) in cases {
        stage.versions.put(&id("other"), fields);
        let error = stage.rotate("other", alternating(), &token(1)).await.unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
        assert_eq!(stage.versions.at(&id("other"), VersionStage::Pending), None);
    }
    let elsewhere = stage.versions.at(&id(USERS), VersionStage::Current).unwrap();
    let mut elsewhere = elsewhere;
    elsewhere.fields.insert("database".to_owned(), Secret::new("elsewhere"));
    elsewhere.fields.insert("app_username".to_owned(), Secret::new("app_clone"));
    stage.versions.put_pending(&id(USERS), &token(7), &elsewhere).await.unwrap();
    let error = stage.rotate_users(7).await.unwrap_err();
    assert!(error.to_string().contains("its versions differ in `database`"), "{error}");
    // Whoever asks for the end first gets none.
    stage.versions.put(&id(USERS), &[("app_username", "app"), ("app_password", "first of the application")]);
    let mut early = stage.versions.at(&id(USERS), VersionStage::Current).unwrap();
    early.fields.insert("app_username".to_owned(), Secret::new("app_clone"));
    stage.versions.put_pending(&id(USERS), &token(8), &early).await.unwrap();
    let (secret, database) = (id(USERS), stage.server.database());
    let ports =
        RotationPorts { versions: &stage.versions, database: &database, logins: &database, notifier: &stage.notifier };
    let error = stage.rotation(&secret, alternating(), ports).step(Stage::Finish, &token(8)).await.unwrap_err();
    assert!(matches!(error, RotationError::Database(_)), "{error}");
    stage.log_in(USERS, VersionStage::Current, APP).await.unwrap();
}
