//! What the source left behind: databases, schemas and tables of several owners, logins, and names that bite.

use aurora_restore_core::{
    ports::{RoleSecret, SchemaChoice, UserSetup},
    secret::Secret,
};

use crate::server::{MASTER, Server, scram};

pub(crate) const WEIRD_ROLE: &str = "O'Brien; DROP";
pub(crate) const WEIRD_DATABASE: &str = "Weird \"DB\" größe";
pub(crate) const WEIRD_SCHEMA: &str = "S\"chema; --";

pub(crate) const APPLICATION: &str = "App \"user\"; DROP TABLE x; --";
pub(crate) const READER: &str = "les\\er ü";

/// Passwords of the source.
pub(crate) const LEGACY_PASSWORD: &str = "what legacy used";
pub(crate) const KEEPER_PASSWORD: &str = "what keeper uses";

/// Fills the server.
pub(crate) async fn populate(server: &Server) {
    let (legacy, keeper) = (scram(LEGACY_PASSWORD), scram(KEEPER_PASSWORD));
    server
        .execute(
            "postgres",
            &format!(
                r#"CREATE ROLE shop_owner NOLOGIN;
                   CREATE ROLE "O'Brien; DROP" LOGIN PASSWORD '{legacy}';
                   CREATE ROLE legacy_app LOGIN PASSWORD '{legacy}';
                   CREATE ROLE rdsreports LOGIN PASSWORD '{legacy}';
                   CREATE ROLE keeper LOGIN PASSWORD '{keeper}';
                   CREATE ROLE rdsproxyadmin LOGIN;
                   ALTER SCHEMA public OWNER TO pg_database_owner;"#
            ),
        )
        .await;
    server.execute("postgres", "CREATE DATABASE shop OWNER shop_owner").await;
    server
        .execute(
            "postgres",
            r#"CREATE DATABASE "Weird ""DB"" größe" OWNER "O'Brien; DROP";
            "#,
        )
        .await;
    // Nobody but the owner may connect to this one: not even the master.
    server.execute("postgres", r#"REVOKE ALL ON DATABASE "Weird ""DB"" größe" FROM PUBLIC"#).await;
    shop(server).await;
    weird(server).await;
    let major = server.text("postgres", "SELECT (current_setting('server_version_num')::int / 10000)::text").await;
    if major.parse::<u32>().unwrap() >= 16 {
        // On Aurora the master manages the roles that it made; here the engine's superuser made them.
        let grant = format!(
            r#"GRANT shop_owner, "O'Brien; DROP", legacy_app, rdsreports, keeper TO {MASTER}
               WITH ADMIN TRUE, INHERIT FALSE, SET FALSE"#
        );
        server.execute("postgres", &grant).await;
    }
}

async fn shop(server: &Server) {
    server
        .execute(
            "shop",
            r#"CREATE SCHEMA sales AUTHORIZATION shop_owner;
               SET ROLE shop_owner;
               CREATE TABLE sales.customers (
                   id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL,
                   shout text GENERATED ALWAYS AS (upper(name)) STORED);
               CREATE TABLE sales.orders (
                   id serial PRIMARY KEY, customer bigint REFERENCES sales.customers, placed timestamptz NOT NULL,
                   amount numeric(10, 2));
               CREATE TABLE sales.events (at date NOT NULL, what text) PARTITION BY RANGE (at);
               CREATE TABLE sales.events_2026 PARTITION OF sales.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
               CREATE VIEW sales.big AS SELECT * FROM sales.orders WHERE amount > 100;
               CREATE MATERIALIZED VIEW sales.totals AS SELECT sum(amount) FROM sales.orders;
               CREATE SEQUENCE sales.tickets;
               INSERT INTO sales.customers (name) SELECT 'customer ' || n FROM generate_series(1, 500) AS n;
               INSERT INTO sales.orders (customer, placed, amount)
                   SELECT 1 + n % 500, '2026-02-28 12:00+00'::timestamptz - n * interval '1 minute', n
                   FROM generate_series(1, 3000) AS n;
               RESET ROLE;
               -- Before 15 every role could do this.
               GRANT CREATE ON SCHEMA public TO PUBLIC;
               CREATE TABLE public.notes (note text);
               ALTER TABLE public.notes OWNER TO legacy_app;
               -- Belongs to the engine, like tables of some extensions.
               CREATE TABLE public.engine_table (id int);"#,
        )
        .await;
}

async fn weird(server: &Server) {
    server
        .execute(
            WEIRD_DATABASE,
            r#"SET ROLE "O'Brien; DROP";
               CREATE SCHEMA "S""chema; --";
               CREATE TABLE "S""chema; --"."Ta'ble; ""x""" ("Co""l'umn; --" int);
               CREATE SEQUENCE "S""chema; --"."se""q";"#,
        )
        .await;
}

/// A request that sets up both roles and keeps one login.
pub(crate) fn setup() -> UserSetup {
    UserSetup {
        application: Some(role(APPLICATION, "application's pass-phrase")),
        readonly: Some(role(READER, "reader's pass-phrase")),
        schemas: SchemaChoice::AllUserSchemas,
        keep_logins: vec!["keeper".to_owned()],
        must_be_refused: vec![role(MASTER, "what it was in production")],
    }
}

pub(crate) fn role(username: &str, password: &str) -> RoleSecret {
    RoleSecret { username: username.to_owned(), password: Secret::new(password) }
}
